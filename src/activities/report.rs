//! What came of activities in a span of days, by branch and organising unit.
//!
//! Counted is what its reader may see more of than the day: command the nine branches, a medic what own units run or
//! take part in and what is open to all, and drives only those who run them. An activity counts on its first day, so
//! that reports of neighbouring spans add up.

use std::collections::{BTreeMap, HashSet};
use std::fs::File;

use chrono::NaiveDate;
use serde::Serialize;
use serde_json::{Map, Value};
use shiryan_kernel::branch::Branch;
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::rules::Days;
use super::{Filter, Seen, list, store};
use crate::accounts::Principal;
use crate::db::Conn;
use crate::places;
use crate::sheets::{Format, Mark, Out};
use crate::vault::Vault;

/// The longest span of a report, in days.
const LONGEST_DAYS: i64 = 400;
/// Activities read at once.
const SLICE: i64 = 500;
const HEADER: [&str; 12] = [
    "branch",
    "branch_ar",
    "unit",
    "unit_ar",
    "planned",
    "held",
    "cancelled",
    "people_reached",
    "hours",
    "cost_notes",
    "from",
    "to",
];

/// What a report is asked for; both days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question {
    pub from: NaiveDate,
    pub to: NaiveDate,
    pub branch: Option<Branch>,
    /// With all below it.
    pub unit: Option<UnitId>,
}

/// One line: a branch and the unit that organised.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ReportLine {
    pub branch: Branch,
    pub unit: UnitId,
    pub unit_code: String,
    pub unit_name_ar: String,
    pub unit_name_en: String,
    /// Proposed, approved or under way.
    pub planned: u64,
    /// Done.
    pub held: u64,
    pub cancelled: u64,
    /// Told of those that are under way or done.
    pub people_reached: u64,
    /// Worked by all who took part.
    pub hours: u64,
    /// As they were told, by the activities' start.
    pub cost_notes: Vec<String>,
}

#[derive(Default)]
struct Sums {
    planned: u64,
    held: u64,
    cancelled: u64,
    people_reached: u64,
    hours: u64,
    cost_notes: Vec<String>,
}

impl Sums {
    fn add(&mut self, status: ActivityStatus, outcomes: &Map<String, Value>) {
        let count = match status {
            ActivityStatus::Done => &mut self.held,
            ActivityStatus::Cancelled => &mut self.cancelled,
            ActivityStatus::Proposed | ActivityStatus::Approved | ActivityStatus::UnderWay => {
                &mut self.planned
            }
        };
        *count += 1;
        let told = |code: &str| outcomes.get(code).and_then(Value::as_u64).unwrap_or(0);
        self.people_reached += told("people_reached");
        self.hours += told("hours");
        self.cost_notes.extend(outcomes.get("cost_note").and_then(Value::as_str).map(str::to_owned));
    }
}

/// The report's lines, by branch and unit.
///
/// # Errors
/// `out_of_range` of `from` and `to`, also of more than 400 days; `identity_damaged`.
pub fn report(
    conn: &mut Conn,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    asked: Question,
) -> Result<Vec<ReportLine>> {
    let days = Days::parse(Some(asked.from), Some(asked.to))?;
    if (asked.to - asked.from).num_days() >= LONGEST_DAYS {
        return Err(Problem::field("to", Code::OutOfRange));
    }
    let wanted: Option<HashSet<UnitId>> = match asked.unit {
        Some(unit) => Some(store::units_below(conn, &[unit])?.into_iter().collect()),
        None => None,
    };
    let filter = Filter { branch: asked.branch, governorate: None, days };
    let (mut sums, mut after) = (BTreeMap::<(Branch, UnitId), Sums>::new(), None);
    loop {
        let rows = list(conn, vault, zone, by, &filter, after, SLICE)?;
        let Some((last, _)) = rows.last() else { break };
        after = Some(*last);
        for (_, Seen { branch, status, on, open, .. }) in rows {
            let Some(open) = open.filter(|_| on.0 >= asked.from) else { continue };
            if wanted.as_ref().is_none_or(|wanted| wanted.contains(&open.unit)) {
                sums.entry((branch, open.unit)).or_default().add(status, &open.outcomes);
            }
        }
    }
    sums.into_iter()
        .map(|((branch, id), sums)| {
            let unit = places::unit(conn, id)?;
            let Sums { planned, held, cancelled, people_reached, hours, cost_notes } = sums;
            Ok(ReportLine {
                branch,
                unit: id,
                unit_code: unit.code,
                unit_name_ar: unit.name_ar,
                unit_name_en: unit.name_en,
                planned,
                held,
                cancelled,
                people_reached,
                hours,
                cost_notes,
            })
        })
        .collect()
}

/// Writes a report into an empty file.
///
/// # Errors
/// `internal` when it cannot be written.
pub fn write(
    lines: &[ReportLine],
    asked: Question,
    (by, at): (&Principal, Moment),
    format: Format,
    file: File,
) -> Result<File> {
    let mut out = Out::begin(format, file, HEADER)?;
    for line in lines {
        out.row(&[
            line.branch.code().to_owned(),
            line.branch.name_ar().to_owned(),
            line.unit_code.clone(),
            line.unit_name_ar.clone(),
            line.planned.to_string(),
            line.held.to_string(),
            line.cancelled.to_string(),
            line.people_reached.to_string(),
            line.hours.to_string(),
            line.cost_notes.join(" · "),
            asked.from.to_string(),
            asked.to.to_string(),
        ])?;
    }
    Ok(out.end(&Mark { by: by.user.to_string(), at })?.0)
}
