//! Whether a drive takes bookings: a draft is published, an open one closed, a closed one opened again.
//!
//! The drive's row is changed under its own condition; a booking holds that row shared until it is done, so whoever
//! was quicker stays booked and whoever comes later finds it closed. Nobody loses a place.

use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::DriveId;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{DRIVE, in_scope, store};
use crate::accounts::Principal;
use crate::activities::{self, absences};
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::vault::Vault;

/// Where a drive stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = DriveStood)]
pub struct Stood {
    pub id: DriveId,
    pub status: DriveStatus,
}

/// Opens a draft for booking.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `state_conflict` with the fact `state` of one that
/// is no draft; `drive_closed` of one that has ended; `unit_absent` on a day on which the unit is not there.
pub fn publish(tx: &mut Tx, vault: &Vault, zone: Zone, by: &Principal, id: DriveId) -> Result<Stood> {
    let found = in_scope(tx.conn, by, id)?;
    let on = zone.date(found.starts_at.and_utc());
    if found.status == DriveStatus::Draft && !absences::on(tx.conn, found.unit, on)?.is_empty() {
        return Err(Problem::new(Code::UnitAbsent));
    }
    let stood = stand(tx, vault, by, &found, (DriveStatus::Draft, DriveStatus::Open), "drives.published")?;
    activities::approve_drive(tx, vault, by, id.into())?;
    Ok(stood)
}

/// Takes no more bookings; who is booked stays so.
///
/// # Errors
/// As [`publish`], of one that is not open.
pub fn close(tx: &mut Tx, vault: &Vault, by: &Principal, id: DriveId) -> Result<Stood> {
    let found = in_scope(tx.conn, by, id)?;
    stand(tx, vault, by, &found, (DriveStatus::Open, DriveStatus::Closed), "drives.closed")
}

/// Takes bookings again.
///
/// # Errors
/// As [`publish`], of one that is not closed.
pub fn reopen(tx: &mut Tx, vault: &Vault, by: &Principal, id: DriveId) -> Result<Stood> {
    let found = in_scope(tx.conn, by, id)?;
    stand(tx, vault, by, &found, (DriveStatus::Closed, DriveStatus::Open), "drives.reopened")
}

fn stand(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    found: &store::Row,
    (from, to): (DriveStatus, DriveStatus),
    action: &'static str,
) -> Result<Stood> {
    let conflict = |state: DriveStatus| Problem::new(Code::StateConflict).with("state", state);
    if found.status != from {
        return Err(conflict(found.status));
    }
    if found.ends_at.and_utc() <= tx.now {
        return Err(Problem::new(Code::DriveClosed));
    }
    let seen = audit::seen(tx.conn, vault, &DRIVE, found.id.0)?;
    if !store::set_status(tx, found.id, from, to)? {
        return Err(conflict(store::drive(tx.conn, found.id)?.status));
    }
    seen.record(tx, vault, Line::new(Some(by.user), action).on(found.id))?;
    feed::append(tx, "drive", found.id.0, to.code())?;
    Ok(Stood { id: found.id, status: to })
}
