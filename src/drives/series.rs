//! Drives of one shape on many days, planned at once: each is a drive of its own from then on.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::DriveId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::Weekday;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::plan::{Ground, NewDrive, plan};
use crate::accounts::Principal;
use crate::activities::rules::is_in_range;
use crate::db::Tx;
use crate::vault::Vault;

/// The most drives of one series.
pub const MOST_DRIVES: usize = 31;
/// The longest span of a series, in days.
const LONGEST_DAYS: i64 = 184;

/// A series to be planned.
#[derive(Debug, Clone)]
pub struct NewSeries {
    /// The first civil day.
    pub first: NaiveDate,
    /// The last civil day.
    pub last: NaiveDate,
    pub weekdays: Vec<Weekday>,
    /// What each drive is like, but for its day.
    pub each: NewDrive,
}

/// What became of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Series {
    pub drives: Vec<Planned>,
    /// Days on which none was planned.
    pub skipped: Vec<Skipped>,
}

/// A drive of a series.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Planned {
    pub id: DriveId,
    pub date: NaiveDate,
    pub slots: usize,
}

/// A day of a series that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Skipped {
    pub date: NaiveDate,
    /// `unit_absent`, or `out_of_range` where clock changes or the calendar leave no slot.
    pub code: Code,
}

/// Plans a drive on each of the weekdays of the span, and leaves out days on which the unit is not there, or
/// clock changes or the calendar leave no slot. All of them or, when something else is wrong, none.
///
/// # Errors
/// `out_of_range` of `first` and `last`, also when the days are more than [`MOST_DRIVES`]; `out_of_range` of `weekdays`
/// when no day of the span is one; as [`plan`].
pub fn plan_series(
    tx: &mut Tx,
    vault: &Vault,
    ground: &Ground,
    by: &Principal,
    new: &NewSeries,
    status: DriveStatus,
) -> Result<Series> {
    let mut series = Series { drives: Vec::new(), skipped: Vec::new() };
    for date in days(new)? {
        let drive = NewDrive { date, ..new.each.clone() };
        match plan(tx, vault, ground, by, &drive, status) {
            Ok(made) => series.drives.push(Planned { id: made.id, date, slots: made.slots.len() }),
            Err(problem) => match left_out(&problem) {
                Some(code) => series.skipped.push(Skipped { date, code }),
                None => return Err(problem),
            },
        }
    }
    Ok(series)
}

/// The code of what concerns one day alone. Both are refused before anything is written.
pub(super) fn left_out(problem: &Problem) -> Option<Code> {
    let no_slot = problem.errors.iter().any(|error| error.field == "from" && error.code == Code::OutOfRange);
    match problem.code {
        Code::UnitAbsent => Some(Code::UnitAbsent),
        Code::InvalidRequest if no_slot => Some(Code::OutOfRange),
        _ => None,
    }
}

/// The days of a series.
pub(super) fn days(new: &NewSeries) -> Result<Vec<NaiveDate>> {
    let mut faults = Faults::none();
    if !is_in_range(new.first) {
        faults.add("first", Code::OutOfRange);
    }
    let lasts = (new.last - new.first).num_days();
    if !is_in_range(new.last) || !(0..LONGEST_DAYS).contains(&lasts) {
        faults.add("last", Code::OutOfRange);
    }
    faults.settle()?;
    let days: Vec<NaiveDate> = new
        .first
        .iter_days()
        .take_while(|day| *day <= new.last)
        .filter(|day| new.weekdays.contains(&Weekday::of(*day)))
        .collect();
    match days.len() {
        0 => Err(Problem::field("weekdays", Code::OutOfRange)),
        1..=MOST_DRIVES => Ok(days),
        _ => Err(Problem::field("last", Code::OutOfRange)),
    }
}
