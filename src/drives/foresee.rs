//! What a drive would be and bring, before it is planned.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shiryan_kernel::Result;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::calendar::KeptFree;
use shiryan_kernel::time::{Moment, plus_days};

use super::busy::{UnitClash, clashes_near};
use super::plan::{Ground, NewDrive, lay_out};
use super::rules::capacity::{Expected, expected, show_rate};
use super::series::{NewSeries, days, left_out};
use super::store;
use crate::accounts::Principal;
use crate::db::Conn;
use crate::places::calendar::{self, CalendarDay};
use crate::places::closures::{self, Closure};

/// What a drive would be.
#[derive(Debug, Clone, PartialEq)]
pub struct Foreseen {
    pub slots: usize,
    /// Places that can be booked in each slot.
    pub capacity: i32,
    pub overbooked_by: Option<i32>,
    pub left_out: Vec<(Moment, KeptFree)>,
    /// Donors of the unit, and of those below it, who may give that day.
    pub eligible: i64,
    /// The share of those booked who come, in per cent.
    pub show: i32,
    pub expected: Expected,
    pub day: CalendarDay,
    /// Those around its governorate on that day.
    pub closures: Vec<Closure>,
    /// What the unit, or one above or below it, does on that day or inside the rest after it.
    pub clashes: Vec<UnitClash>,
}

/// Looks at a drive as if it were planned; `stated` is the share of those booked who come, in per cent, where the
/// planner says it.
///
/// # Errors
/// As [`super::plan`].
pub fn foresee(
    conn: &mut Conn,
    ground: &Ground,
    by: &Principal,
    new: &NewDrive,
    stated: Option<i32>,
) -> Result<Foreseen> {
    let laid = lay_out(conn, ground, by, new)?;
    let show = match stated {
        Some(show) => show,
        None => {
            let (came, stayed_away) = store::planning::record(conn, new.unit)?;
            show_rate(came, stayed_away)
        }
    };
    let mut eligible: BTreeMap<Option<BloodGroup>, i64> = BTreeMap::new();
    for (group, donors) in store::planning::eligible(conn, new.unit, &new.terms.types, new.date)? {
        *eligible.entry(group).or_default() += donors;
    }
    let places = i64::from(laid.capacity) * i64::try_from(laid.layout.slots.len()).unwrap_or(i64::MAX);
    let span = (ground.zone.start_of(new.date), ground.zone.start_of(plus_days(new.date, 1)));
    let mut closures = closures::list(conn, (Some(span.0), Some(span.1)), 0, i64::MAX)?;
    closures.retain(|closure| [Some(closure.governorate), closure.other].contains(&Some(new.governorate)));
    let calendar = calendar::current(conn, &ground.calendar)?;
    let day = calendar.days(new.date, new.date).into_iter().next();
    let ends_at = new.hours.span(ground.zone, new.date).1;
    let clashes = clashes_near(conn, ground.zone, new.unit, (span.0, ends_at), new.terms.types.clone())?;
    Ok(Foreseen {
        slots: laid.layout.slots.len(),
        capacity: laid.capacity,
        overbooked_by: laid.overbooked_by,
        left_out: laid.layout.left_out,
        eligible: eligible.values().sum(),
        show,
        expected: expected(places, show, &eligible),
        day: day.ok_or_else(|| shiryan_kernel::Problem::internal("a day is one day"))?,
        closures,
        clashes,
    })
}

/// The same of each drive of a series, by day; a problem of a day that concerns it alone stands with the day.
///
/// # Errors
/// As [`super::plan_series`].
pub fn foresee_series(
    conn: &mut Conn,
    ground: &Ground,
    by: &Principal,
    new: &NewSeries,
    stated: Option<i32>,
) -> Result<Vec<(NaiveDate, Result<Foreseen>)>> {
    let mut found = Vec::new();
    for date in days(new)? {
        let drive = NewDrive { date, ..new.each.clone() };
        match foresee(conn, ground, by, &drive, stated) {
            Err(problem) if left_out(&problem).is_none() => return Err(problem),
            seen => found.push((date, seen)),
        }
    }
    Ok(found)
}
