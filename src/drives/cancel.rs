//! Giving a place back.
//!
//! One conditional statement frees the place and one ends the appointment; where either finds nothing to
//! do, both are undone. So a place is freed once, however often and from wherever it is asked.

use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{AppointmentId, UserId};
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::{Code, Problem, Result};

use super::call_off::notice;
use super::{APPOINTMENT, in_scope, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::messages;
use crate::vault::Vault;

/// An appointment that was cancelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancelled {
    pub id: AppointmentId,
    pub status: AppointmentStatus,
}

/// Cancels a live appointment, and tells its holder unless it has begun; with `expected`, only one that stands there. Holds under read committed;
/// the slot is locked before the appointment, as booking does.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `state_conflict` with the fact
/// `state` when it is not live or not where it was expected.
pub fn cancel(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: AppointmentId,
    expected: Option<AppointmentStatus>,
) -> Result<Cancelled> {
    let found = store::appointment(tx.conn, id)?;
    in_scope(tx.conn, by, found.drive)?;
    give_up(tx, vault, Some(by.user), &found, expected)
}

/// The same by the donor's own link.
///
/// # Errors
/// As [`cancel`].
pub fn cancel_by_link(tx: &mut Tx, vault: &Vault, id: AppointmentId) -> Result<Cancelled> {
    let found = store::appointment(tx.conn, id)?;
    give_up(tx, vault, None, &found, None)
}

fn give_up(
    tx: &mut Tx,
    vault: &Vault,
    by: Option<UserId>,
    found: &store::Place,
    expected: Option<AppointmentStatus>,
) -> Result<Cancelled> {
    let id = found.id;
    let as_expected = expected.is_none_or(|expected| expected == found.status);
    if !found.status.is_live() || !as_expected {
        return Err(conflict(found.status));
    }
    let seen = audit::seen(tx.conn, vault, &APPOINTMENT, id.0)?;
    let freed =
        store::give_back(tx, found)? && store::end(tx, id, found.status, AppointmentStatus::Cancelled)?;
    if !freed {
        // Somebody else was here between our look and our lock.
        return Err(conflict(store::appointment(tx.conn, id)?.status));
    }
    let line = Line::new(by, "drives.appointment_cancelled").on(id).with("was", found.status);
    seen.record(tx, vault, line)?;
    feed::append(tx, "appointment", id.0, AppointmentStatus::Cancelled.code())?;
    if found.starts_at.and_utc() > tx.now {
        messages::queue(tx, vault, &notice(tx, found))?;
    }
    Ok(Cancelled { id, status: AppointmentStatus::Cancelled })
}

fn conflict(state: AppointmentStatus) -> Problem {
    Problem::new(Code::StateConflict).with("state", state)
}
