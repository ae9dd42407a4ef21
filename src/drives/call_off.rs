//! Calling a drive off: it takes no more bookings, every place to come is given back, and whoever held one is
//! told, all in one write.
//!
//! The drive's row is changed first. A booking holds that row shared until it is done, so one that was quicker is
//! seen here and cancelled, and one that comes later finds the drive cancelled.

use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::DriveId;
use shiryan_kernel::message::Template;
use shiryan_kernel::status::{AppointmentStatus, DriveStatus};
use shiryan_kernel::{Code, Problem, Result};

use super::{APPOINTMENT, DRIVE, in_scope, store};
use crate::accounts::Principal;
use crate::activities;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::messages::{self, Notice};
use crate::vault::Vault;

/// A drive that was called off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalledOff {
    pub id: DriveId,
    pub status: DriveStatus,
    /// Appointments that were cancelled with it; each of their holders is told.
    pub appointments: usize,
}

/// Calls a drive off that has not ended; with `expected`, only one that stands there. Holds under read
/// committed, and only there: what it counts it must see after it has the drive's row.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `drive_closed` of one that has ended;
/// `state_conflict` with the fact `state` of one that is done, cancelled or not where it was expected.
pub fn call_off(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DriveId,
    expected: Option<DriveStatus>,
) -> Result<CalledOff> {
    let found = in_scope(tx.conn, by, id)?;
    let conflict = |state: DriveStatus| Problem::new(Code::StateConflict).with("state", state);
    if expected.is_some_and(|expected| expected != found.status) {
        return Err(conflict(found.status));
    }
    match found.status {
        DriveStatus::Draft | DriveStatus::Open | DriveStatus::Closed => {}
        DriveStatus::Cancelled | DriveStatus::Done => return Err(conflict(found.status)),
    }
    if found.ends_at.and_utc() <= tx.now {
        return Err(Problem::new(Code::DriveClosed));
    }
    let seen = audit::seen(tx.conn, vault, &DRIVE, id.0)?;
    if !store::set_status(tx, id, found.status, DriveStatus::Cancelled)? {
        return Err(conflict(store::drive(tx.conn, id)?.status));
    }
    activities::cancel(tx, vault, by, id.into())?;
    // Only now: whoever booked meanwhile held the drive's row until then.
    let held = store::held_to_come(tx.conn, id, tx.now)?;
    let places = audit::seen_all(tx.conn, vault, &APPOINTMENT, held.iter().map(|place| place.id.0))?;
    for place in &held {
        let freed = store::give_back(tx, place)?
            && store::end(tx, place.id, place.status, AppointmentStatus::Cancelled)?;
        if !freed {
            return Err(Problem::new(Code::Busy));
        }
        feed::append(tx, "appointment", place.id.0, AppointmentStatus::Cancelled.code())?;
        messages::queue(tx, vault, &notice(tx, place))?;
    }
    let line = Line::new(Some(by.user), "drives.cancelled").on(id).with("was", found.status);
    seen.and(places).record(tx, vault, line.with("appointments", held.len()))?;
    feed::append(tx, "drive", id.0, DriveStatus::Cancelled.code())?;
    Ok(CalledOff { id, status: DriveStatus::Cancelled, appointments: held.len() })
}

/// That an appointment was cancelled: of use until it would have begun.
pub fn notice(tx: &Tx, place: &store::Place) -> Notice {
    Notice {
        template: Template::AppointmentCancelled,
        donor: place.donor,
        subject: place.id.0,
        due_at: tx.now,
        useful_until: place.starts_at.and_utc(),
    }
}
