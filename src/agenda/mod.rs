//! All that is planned, day by day: activities of every branch, drives among them, units that are away, closed
//! roads, and what each day is in the calendar of the house. And the same as a file that a calendar program reads.
//!
//! Each sees what the list of activities shows, no more: a drive that others run is a day and a governorate.

pub mod api;
mod feeds;
mod ics;
pub mod pages;
pub mod week;

use std::collections::HashSet;

use chrono::NaiveDate;
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{ManageAbsences, Principal, Right};
use crate::activities::absences::{self, Absence};
use crate::activities::rules::Days;
use crate::activities::{self, Filter, Key, Seen};
use crate::db::Conn;
use crate::places::calendar::{self, Calendar, CalendarDay};
use crate::places::closures::{self, Closure};
use crate::vault::Vault;

pub use feeds::{Feed, end_feed, feeds, make_feed, read_feed};

/// The most days that are asked for at once: the six weeks of a month's sheet.
pub const MOST_DAYS: i64 = 42;

/// Which part of the calendar is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Asked {
    pub from: NaiveDate,
    pub to: NaiveDate,
    /// What this unit, and those below it, organise or take part in: as far as the asker may know.
    pub unit: Option<UnitId>,
    pub governorate: Option<Governorate>,
}

/// Days with what is planned on them.
#[derive(Debug, Clone, PartialEq)]
pub struct Agenda {
    pub days: Vec<CalendarDay>,
    /// By start.
    pub activities: Vec<Seen>,
    /// Of the units that the asker may enter absences for; nothing for those who enter none.
    pub absences: Vec<Absence>,
    pub closures: Vec<Closure>,
}

/// The calendar of these days as `by` may see it.
///
/// # Errors
/// `out_of_range` of `from` and `to`, of more than [`MOST_DAYS`]; `not_found` of a unit that is not there or outside
/// the scope; `identity_damaged`.
pub fn agenda(
    conn: &mut Conn,
    vault: &Vault,
    zone: Zone,
    table: &Calendar,
    by: &Principal,
    asked: &Asked,
) -> Result<Agenda> {
    let days = Days::parse(Some(asked.from), Some(asked.to))?;
    if (asked.to - asked.from).num_days() >= MOST_DAYS {
        return Err(Problem::field("to", Code::OutOfRange));
    }
    let units = asked.unit.map(|unit| below(conn, by, unit)).transpose()?;
    let filter = Filter { governorate: asked.governorate, days, branch: None };
    let mut found = planned(conn, vault, zone, by, &filter)?;
    if let Some(units) = &units {
        found.retain(|seen| is_of(seen, units));
    }
    let enters_absences = ManageAbsences::ROLES.contains(&by.role);
    let absences = if enters_absences { absences::touching(conn, by, asked.unit, days)? } else { Vec::new() };
    let mut closures = closures::list(conn, days.moments(zone), 0, i64::MAX)?;
    if let Some(governorate) = asked.governorate {
        closures.retain(|closure| closure.governorate == governorate || closure.other == Some(governorate));
    }
    let calendar = calendar::current(conn, table)?;
    Ok(Agenda { days: calendar.days(asked.from, asked.to), activities: found, absences, closures })
}

/// The units at and below one that the asker may ask for.
fn below(conn: &mut Conn, by: &Principal, unit: UnitId) -> Result<HashSet<UnitId>> {
    crate::places::unit(conn, unit)?;
    activities::check_scope(conn, by, unit).map_err(|_| Problem::new(Code::NotFound))?;
    Ok(activities::units_below(conn, &[unit])?.into_iter().collect())
}

/// Every activity that the filter lets through.
fn planned(conn: &mut Conn, vault: &Vault, zone: Zone, by: &Principal, filter: &Filter) -> Result<Vec<Seen>> {
    const AT_ONCE: i64 = 500;
    let mut found: Vec<Seen> = Vec::new();
    let mut after: Option<Key> = None;
    loop {
        let page = activities::list(conn, vault, zone, by, filter, after, AT_ONCE)?;
        let is_last = page.len() < usize::try_from(AT_ONCE).unwrap_or(usize::MAX);
        after = page.last().map(|(key, _)| *key);
        found.extend(page.into_iter().map(|(_, seen)| seen));
        if is_last {
            return Ok(found);
        }
    }
}

/// Whether a unit among these organises it or takes part, as far as the asker sees.
fn is_of(seen: &Seen, units: &HashSet<UnitId>) -> bool {
    seen.open
        .as_ref()
        .is_some_and(|open| units.contains(&open.unit) || open.units.iter().any(|unit| units.contains(unit)))
}
