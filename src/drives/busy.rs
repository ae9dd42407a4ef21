//! Who is busy around a drive: a person that is to be booked, a unit that is to come.
//!
//! The rest after a drive is the longest of what it collects, whatever a person gives there.

use chrono::{Duration, NaiveDate};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::branch::{Branch, PhysicalLoad, RestMode};
use shiryan_kernel::ids::{ActivityId, DonorId, DriveId, UnitId};
use shiryan_kernel::time::{Moment, Zone};
use utoipa::ToSchema;

use super::{in_scope, store};
use crate::accounts::Principal;
use crate::activities::people::{self, Duty};
use crate::db::Conn;
use crate::eligibility::{Clash, Rest, Visit};

/// An activity that clashes with a drive of the same units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnitClash {
    pub activity: ActivityId,
    pub branch: Branch,
    /// First civil day.
    pub from: NaiveDate,
    /// Last civil day.
    pub to: NaiveDate,
    /// `block`: whoever takes part cannot be booked; `warn`: only with a reason.
    pub mode: RestMode,
    /// The heaviest load.
    pub load: PhysicalLoad,
}

fn visit((from, ends_at): (Moment, Moment), collected: Vec<DonationType>) -> Visit {
    Visit { from, rest: Rest { since: ends_at, collected } }
}

/// When the longest rest that is not the donor's own card's is over.
fn longest(visit: &Visit) -> Moment {
    let loads = PhysicalLoad::ALL.iter().filter(|load| load.mode() != RestMode::DonorCardOnly);
    loads.map(|load| visit.rest.over(*load)).max().unwrap_or(visit.rest.since)
}

/// How the duties of a person clash with a drive from the start of its civil day.
pub(super) fn clash(
    conn: &mut Conn,
    records: &[DonorId],
    (from, ends_at): (Moment, Moment),
    collected: Vec<DonationType>,
) -> Result<Option<Clash>> {
    let visit = visit((from, ends_at), collected);
    let duties = people::duties_of(conn, records, (from, longest(&visit)))?;
    let clashes = duties.iter().filter_map(|duty| visit.clash(&duty.loads, (duty.starts_at, duty.ends_at)));
    Ok(clashes.reduce(Clash::heavier))
}

/// How activities of the drive's units, those above and those below, clash with it, by start.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn clashes(conn: &mut Conn, zone: Zone, by: &Principal, id: DriveId) -> Result<Vec<UnitClash>> {
    let drive = in_scope(conn, by, id)?;
    let from = zone.start_of(zone.date(drive.starts_at.and_utc()));
    let types = store::planning::types_of(conn, id)?;
    let visit = visit((from, drive.ends_at.and_utc()), types);
    let duties = people::duties_around(conn, id.into(), (from, longest(&visit)))?;
    Ok(told(zone, &visit, duties))
}

/// The same of a drive that is not planned yet.
///
/// # Errors
/// As any read.
pub(super) fn clashes_near(
    conn: &mut Conn,
    zone: Zone,
    unit: UnitId,
    (from, ends_at): (Moment, Moment),
    types: Vec<DonationType>,
) -> Result<Vec<UnitClash>> {
    let visit = visit((from, ends_at), types);
    let duties = people::duties_near(conn, &[unit], (from, longest(&visit)))?;
    Ok(told(zone, &visit, duties))
}

fn told(zone: Zone, visit: &Visit, duties: Vec<Duty>) -> Vec<UnitClash> {
    let told = |duty: Duty| {
        let Clash { mode, load } = visit.clash(&duty.loads, (duty.starts_at, duty.ends_at))?;
        Some(UnitClash {
            activity: duty.activity,
            branch: duty.branch,
            from: zone.date(duty.starts_at),
            to: zone.date(duty.ends_at - Duration::microseconds(1)),
            mode,
            load,
        })
    };
    duties.into_iter().filter_map(told).collect()
}
