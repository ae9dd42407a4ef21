//! Who waits for a place in a drive. A place that comes free is offered to the first who may be booked then, within a
//! minute: as a proposed appointment, which the donor accepts or not like any other.

use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DonorId, DriveId, WaitingId};
use shiryan_kernel::status::{DonorStatus, DriveStatus, WaitingState};
use shiryan_kernel::time::{Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::book::{NewBooking, collected, place, propose};
use super::{hold, in_scope, rules, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Db, Lane, Tx, feed};
use crate::donors;
use crate::vault::Vault;

pub use store::waiting::Waiting;

/// Somebody who waits from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Joined {
    pub id: WaitingId,
}

/// Somebody who waits no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Left {
    pub id: WaitingId,
    pub state: WaitingState,
}

/// Somebody who waits, in the record of changes.
const WAITS: audit::Thing = audit::Thing { name: "waiting", tables: &[("waiting_list", "id")] };

/// Puts a donor at the end of a drive's waiting list. Holds under read committed.
///
/// # Errors
/// `not_found` of a drive or a donor outside the scope; `drive_closed`; `type_not_collected` there;
/// `donor_unbookable`; `not_eligible` for that type on that civil day; `already_booked` there or elsewhere on that day; `state_conflict` of one who waits.
pub fn join(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    drive: DriveId,
    donor: DonorId,
    given: Option<DonationType>,
) -> Result<Joined> {
    let found = in_scope(tx.conn, by, drive)?;
    rules::takes_bookings(found.status, found.taken_until(), tx.now)?;
    let held = hold(tx.conn, by, donor)?;
    if (held.status, held.merged_into) != (DonorStatus::Active, None) {
        return Err(Problem::new(Code::DonorUnbookable));
    }
    let on = zone.date(found.starts_at.and_utc());
    let given = collected(&store::planning::types_of(tx.conn, drive)?, given)?;
    if !store::may_give(tx.conn, donor, given, on)? {
        return Err(Problem::new(Code::NotEligible));
    }
    let day = (zone.start_of(on), zone.start_of(plus_days(on, 1)));
    let records = donors::records_of(tx.conn, donor, None)?.all;
    if store::is_booked(tx.conn, &records, drive, day)? {
        return Err(Problem::new(Code::AlreadyBooked));
    }
    let id = store::waiting::insert(tx, drive, (donor, given), by.user)?;
    let line = Line::new(Some(by.user), "drives.waiting").on(id).with("drive", drive).with("donor", donor);
    audit::made(&WAITS, id.0).record(tx, vault, line)?;
    feed::append(tx, "waiting", id.0, WaitingState::Waiting.code())?;
    Ok(Joined { id })
}

/// Takes somebody off a waiting list.
///
/// # Errors
/// `not_found` of one of a drive outside the scope; `state_conflict` with the fact `state` of one who waits no longer.
pub fn leave_list(tx: &mut Tx, vault: &Vault, by: &Principal, id: WaitingId) -> Result<Left> {
    let found = store::waiting::get(tx.conn, id)?;
    in_scope(tx.conn, by, found.drive)?;
    let seen = audit::seen(tx.conn, vault, &WAITS, id.0)?;
    if !store::waiting::leave(tx, id)? {
        let state = store::waiting::get(tx.conn, id)?.state;
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "drives.waiting_left").on(id))?;
    feed::append(tx, "waiting", id.0, WaitingState::Left.code())?;
    Ok(Left { id, state: WaitingState::Left })
}

/// Those who wait for a place, first come first, after `after`.
///
/// # Errors
/// `not_found` of a drive outside the scope.
pub fn waiting(
    conn: &mut Conn,
    by: &Principal,
    drive: DriveId,
    after: i64,
    limit: i64,
) -> Result<Vec<Waiting>> {
    in_scope(conn, by, drive)?;
    store::waiting::of(conn, drive, after, limit)
}

/// Offers places that came free to those who wait, first come first; how many. Whoever cannot be booked now is passed
/// over and goes on waiting. May run twice, and in several processes at once. Blocks.
///
/// # Errors
/// As any write.
pub fn offer_places(db: &Db, vault: &Vault, zone: Zone) -> Result<usize> {
    let now = db.now();
    let mut offered = 0;
    for drive in db.read_now(|conn| store::waiting::wanted(conn, now))? {
        let mut after = 0;
        while let Some(next) = db.read_now(|conn| store::waiting::of(conn, drive, after, 1))?.pop() {
            after = next.id.0;
            let vault = vault.clone();
            match db.write_now(Lane::Bulk, move |tx| offer(tx, &vault, zone, &next)) {
                Ok(()) => offered += 1,
                Err(problem) => match problem.code {
                    Code::DriveClosed => break,
                    // Its free places may be for others: for women, or not for the first time.
                    Code::DriveFull
                    | Code::NotEligible
                    | Code::AlreadyBooked
                    | Code::DonorUnbookable
                    | Code::UnitAbsent
                    | Code::DutyConflict
                    | Code::FirstTimersFull
                    | Code::TypeNotCollected
                    | Code::StateConflict => {}
                    _ => return Err(problem),
                },
            }
        }
    }
    Ok(offered)
}

fn offer(tx: &mut Tx, vault: &Vault, zone: Zone, next: &Waiting) -> Result<()> {
    let found = store::drive(tx.conn, next.drive)?;
    if found.status != DriveStatus::Open {
        return Err(Problem::new(Code::DriveClosed));
    }
    let held = store::lock_donor(tx.conn, next.donor)?;
    let new = NewBooking {
        drive: next.drive,
        donor: next.donor,
        slot: None,
        given: Some(next.given),
        despite: None,
    };
    let booked = place(tx, vault, zone, None, &found, held, new)?;
    propose(tx, vault, new.donor, &booked)?;
    let seen = audit::seen(tx.conn, vault, &WAITS, next.id.0)?;
    if !store::waiting::offered(tx, next.id, booked.id)? {
        return Err(Problem::new(Code::StateConflict));
    }
    let line = Line::new(None, "drives.place_offered").on(next.id).with("appointment", booked.id);
    seen.record(tx, vault, line)?;
    feed::append(tx, "waiting", next.id.0, WaitingState::Offered.code())
}
