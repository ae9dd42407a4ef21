//! Who takes part in which activity, and who is to rest around a drive.
//!
//! Everybody who was booked at a drive, came or gave there has one rest, counted from the drive's end, by the
//! longest of what was collected; no deferral is read here. A medic puts people of the own units on activities and
//! is told how a duty and a drive clash; command asks about one person today and is told yes or no.

pub mod api;
mod store;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use shiryan_kernel::branch::{DespiteRest, PhysicalLoad};
use shiryan_kernel::ids::{ActivityId, AssignmentId, DonorId};
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::text::ServiceNumber;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use crate::accounts::{Principal, unit_roots};
use crate::activities::people::{self, Person};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::donors::{self, Budget, Exact};
use crate::drives;
use crate::eligibility::{self, Assignability, Clash, Rest, Visit, heed};
use crate::vault::Vault;

/// Longer than any rest that is not the donor's own card's.
const LOOKED_BACK: Duration = Duration::hours(96);

/// Somebody who was put on an activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Assigned {
    pub id: AssignmentId,
    pub activity: ActivityId,
    pub donor: DonorId,
}

/// Who is on an activity, in the record of changes.
const ASSIGNED: audit::Thing = audit::Thing { name: "assigned", tables: &[("assignments", "activity")] };

/// Puts somebody of the own units on an activity that they organise or take part in. Holds under read committed,
/// and only there: what it reads it must see after it has the donor's row.
///
/// # Errors
/// `not_found` of an activity that is not theirs and of a donor outside the scope; `invalid_value` of `branch` for a
/// drive; `donor_unbookable` of one who has died, was erased or is read as another record; `duty_conflict` with a
/// drive of that person; `state_conflict` of an activity that is done or cancelled, and of somebody who is on it.
pub fn assign(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    activity: ActivityId,
    donor: DonorId,
    despite: Option<DespiteRest>,
) -> Result<Assigned> {
    let duty = people::duty_for(tx.conn, by, activity)?;
    let held = drives::hold(tx.conn, by, donor)?;
    let is_gone = matches!(held.status, DonorStatus::Deceased | DonorStatus::Erased);
    if is_gone || held.merged_into.is_some() {
        return Err(Problem::new(Code::DonorUnbookable));
    }
    let clash = clash(tx.conn, zone, donor, &duty.loads, (duty.starts_at, duty.ends_at))?;
    heed(clash, despite)?;
    let seen = audit::seen(tx.conn, vault, &ASSIGNED, activity.0)?;
    let id = people::put(tx, by, activity, donor)?;
    let line = Line::new(Some(by.user), "duties.assigned").on(id).with("activity", activity);
    let line = match (clash, despite) {
        (Some(clash), Some(despite)) => line.with("load", clash.load).with("despite", despite),
        _ => line,
    };
    seen.record(tx, vault, line.with("donor", donor))?;
    feed::append(tx, "assignment", id.0, "made")?;
    Ok(Assigned { id, activity, donor })
}

/// Takes somebody off an activity.
///
/// # Errors
/// `not_found` as [`assign`]; `state_conflict` of somebody who is not on it.
pub fn release(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    activity: ActivityId,
    donor: DonorId,
) -> Result<()> {
    people::duty_for(tx.conn, by, activity)?;
    drives::hold(tx.conn, by, donor)?;
    let seen = audit::seen(tx.conn, vault, &ASSIGNED, activity.0)?;
    if !people::take_off(tx, activity, donor)? {
        return Err(Problem::new(Code::StateConflict).with("state", "not_assigned"));
    }
    let line = Line::new(Some(by.user), "duties.released").on(activity).with("donor", donor);
    seen.record(tx, vault, line)?;
    feed::append(tx, "activity", activity.0, "released")
}

/// Somebody on an activity, and how a drive of theirs clashes with it by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnDuty {
    pub person: Person,
    pub clash: Option<Clash>,
}

/// Those of the own units who are on an activity, after `after` by entry.
///
/// # Errors
/// `not_found` as [`assign`].
pub fn on_duty(
    conn: &mut Conn,
    zone: Zone,
    by: &Principal,
    activity: ActivityId,
    after: i64,
    limit: i64,
) -> Result<Vec<OnDuty>> {
    let duty = people::duty_for(conn, by, activity)?;
    let roots = unit_roots(conn, by.user)?;
    let people = people::list(conn, activity, &roots, after, limit)?;
    people
        .into_iter()
        .map(|person| {
            let span = (duty.starts_at, duty.ends_at);
            Ok(OnDuty { clash: clash(conn, zone, person.donor, &duty.loads, span)?, person })
        })
        .collect()
}

fn clash(
    conn: &mut Conn,
    zone: Zone,
    donor: DonorId,
    loads: &[PhysicalLoad],
    (starts, ends): (Moment, Moment),
) -> Result<Option<Clash>> {
    let records = donors::records_of(conn, donor, None)?.all;
    // A drive of the last civil day that the duty touches may begin after the duty ends.
    let until = zone.end_of(zone.date(ends));
    let visits = store::visits(conn, zone, &records, (starts - LOOKED_BACK, until))?;
    let clashes = visits.iter().filter_map(|visit| visit.clash(loads, (starts, ends)));
    Ok(clashes.reduce(Clash::heavier))
}

/// What command learns of a person, and whether the day's look-ups are used up. Both are committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    Told(Assignability),
    OverBudget,
}

/// Whether the person with a service number may be given a duty with these loads now. Whoever is not on the register
/// has given nothing, and is told of alike. Counts as an exact look-up.
///
/// # Errors
/// As any write.
pub fn assignability(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    number: ServiceNumber,
    loads: &[PhysicalLoad],
    budget: Budget,
) -> Result<Asked> {
    if !budget.spend(tx, vault, by)? {
        return Ok(Asked::OverBudget);
    }
    audit::record(tx, vault, &Line::new(Some(by.user), "duties.assignability_asked"))?;
    let now = tx.now;
    let key = Exact::ServiceNumber(number).key(vault)?;
    let owner = donors::owners(tx.conn, std::iter::once(&key))?.into_values().next();
    let records = match owner {
        Some(owner) => donors::records_of(tx.conn, owner, None)?.all,
        None => Vec::new(),
    };
    // A booking to come is the donor's own affair: only drives that have begun count.
    let visits = store::visits(tx.conn, zone, &records, (now - LOOKED_BACK, now))?;
    let rests: Vec<Rest> = visits.into_iter().map(|visit| visit.rest).collect();
    Ok(Asked::Told(eligibility::assignability(&rests, loads, now)))
}

/// The rest of a drive, as somebody who is seen there has it.
fn visit(zone: Zone, starts_at: Moment, rest: Rest) -> Visit {
    Visit { from: zone.start_of(zone.date(starts_at)), rest }
}
