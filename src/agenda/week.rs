//! A week of those who plan drives: the slots of their drives and how full they are, and on the same days what else
//! their units do.

use chrono::NaiveDate;
use shiryan_kernel::branch::Branch;
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::status::{ActivityStatus, DriveStatus};
use shiryan_kernel::time::{Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};

use super::{Agenda, Asked, agenda, below, is_of};
use crate::accounts::{Principal, unit_roots};
use crate::activities;
use crate::activities::rules::Days;
use crate::db::Conn;
use crate::drives::{self, Slot};
use crate::places::{self, Unit, calendar::Calendar};
use crate::vault::Vault;

/// Days of a week.
pub const DAYS: i64 = 7;
/// The most drives whose slots are laid out in one week.
pub const MOST_DRIVES: i64 = 60;
/// The most units that are offered to choose from.
const MOST_UNITS: i64 = 200;

/// A week.
#[derive(Debug, Clone, PartialEq)]
pub struct Week {
    /// Without drives, which stand in `drives` where the asker runs them.
    pub agenda: Agenda,
    /// Drives of the asker's own, by start, each with its slots; those that were called off are left out.
    pub drives: Vec<(drives::Seen, Vec<Slot>)>,
    /// Whether there were more drives than are laid out.
    pub has_more: bool,
    /// Units that can be chosen.
    pub units: Vec<Unit>,
}

/// The week from `from` on: of `unit` and those below it, else of all units of somebody who is bound to units; for
/// others, without a unit, drives alone.
///
/// # Errors
/// `out_of_range` of `from`; `not_found` of a unit that is not there or outside the scope; `identity_damaged`.
pub fn week(
    conn: &mut Conn,
    vault: &Vault,
    zone: Zone,
    table: &Calendar,
    by: &Principal,
    (from, unit): (NaiveDate, Option<UnitId>),
) -> Result<Week> {
    let to = plus_days(from, DAYS - 1);
    let mut found = agenda(conn, vault, zone, table, by, &Asked { from, to, unit: None, governorate: None })?;
    let roots = if by.is_unit_bound() { Some(unit_roots(conn, by.user)?) } else { None };
    let among = match (unit, &roots) {
        (Some(unit), _) => Some(below(conn, by, unit)?),
        (None, Some(roots)) => Some(activities::units_below(conn, roots)?.into_iter().collect()),
        (None, None) => None,
    };
    found.activities.retain(|seen| {
        seen.branch != Branch::BloodDonation
            && seen.status != ActivityStatus::Cancelled
            && among.as_ref().is_some_and(|units| is_of(seen, units))
    });
    if let Some(units) = &among {
        found.absences.retain(|absence| units.contains(&absence.unit));
    }
    let filter = drives::Filter { days: Days::parse(Some(from), Some(to))?, ..drives::Filter::default() };
    let mut own = Vec::new();
    for (_, seen) in drives::list(conn, vault, zone, by, &filter, None, MOST_DRIVES + 1)? {
        let is_asked = seen
            .details
            .as_ref()
            .is_some_and(|details| among.as_ref().is_none_or(|units| units.contains(&details.unit)));
        if is_asked && seen.status != DriveStatus::Cancelled {
            own.push(seen);
        }
    }
    let most = usize::try_from(MOST_DRIVES).map_err(Problem::internal)?;
    let has_more = own.len() > most;
    own.truncate(most);
    let mut drives = Vec::new();
    for seen in own {
        let slots = drives::slots(conn, by, seen.id)?;
        drives.push((seen, slots));
    }
    let units = places::units(conn, roots.as_deref(), 0, MOST_UNITS)?;
    Ok(Week { agenda: found, drives, has_more, units })
}

/// The first day of the week that holds `day`; weeks begin on Sunday.
#[must_use]
pub fn begins(day: NaiveDate) -> NaiveDate {
    use chrono::Datelike;
    plus_days(day, -i64::from(day.weekday().num_days_from_sunday()))
}

/// A first day as it is asked for: any day whose week lies in the calendar.
///
/// # Errors
/// `out_of_range` of `from`.
pub fn first_day(asked: Option<NaiveDate>, today: NaiveDate) -> Result<NaiveDate> {
    let from = asked.unwrap_or_else(|| begins(today));
    let is_in_range = activities::rules::is_in_range;
    if is_in_range(from) && is_in_range(plus_days(from, DAYS)) {
        Ok(from)
    } else {
        Err(Problem::field("from", Code::OutOfRange))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_begins_on_its_sunday() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (within, sunday) in [
            ("2026-11-22", "2026-11-22"),
            ("2026-11-26", "2026-11-22"),
            ("2026-11-28", "2026-11-22"),
            ("2027-01-01", "2026-12-27"),
        ] {
            assert_eq!(begins(day(within)), day(sunday), "{within}");
        }
        assert!(first_day(Some(day("1999-12-31")), day("2026-01-01")).is_err());
        assert!(first_day(Some(day("2100-12-28")), day("2026-01-01")).is_err());
        assert_eq!(first_day(None, day("2026-11-26")).unwrap(), day("2026-11-22"));
    }
}
