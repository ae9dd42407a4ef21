//! Whoever comes to a drive: with an appointment, by the lane for those who come unannounced, or into a place that is
//! free.

use chrono::Duration;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AppointmentId, DriveId, FacilityId, UnitId};
use shiryan_kernel::status::{AppointmentStatus, DriveStatus};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::book::{Held, collected, is_for};
use super::{APPOINTMENT, DRIVE, SLOT, in_scope, keep, rules, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// A drive as those who run its day see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriveDay {
    pub id: DriveId,
    pub status: DriveStatus,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub unit: UnitId,
    pub facility: Option<FacilityId>,
}

/// The drive, for those who run it.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn day_of(conn: &mut Conn, by: &Principal, id: DriveId) -> Result<DriveDay> {
    let row = in_scope(conn, by, id)?;
    Ok(DriveDay {
        id: row.id,
        status: row.status,
        starts_at: row.starts_at.and_utc(),
        ends_at: row.ends_at.and_utc(),
        unit: row.unit,
        facility: row.facility,
    })
}

/// How somebody was let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Admitted {
    /// None for whoever came by the lane, or came again.
    pub appointment: Option<AppointmentId>,
    pub given: DonationType,
}

/// Lets somebody in who is held by the caller and came at `at`: keeps the live appointment; else takes a place of the
/// lane in the slot of that time or a later one; else a free place.
///
/// # Errors
/// `drive_closed` of a drive that does not take place; `type_not_collected`; `drive_full`.
pub fn admit(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    drive: DriveId,
    held: &Held,
    given: Option<DonationType>,
    at: Moment,
) -> Result<Admitted> {
    if !rules::may_take_place(store::share_drive(tx.conn, drive)?) {
        return Err(Problem::new(Code::DriveClosed));
    }
    let booked = store::live_appointment(tx.conn, drive, held.donor)?;
    let booked = match booked {
        Some((id, _)) => Some(store::appointment(tx.conn, id)?),
        None => None,
    };
    let types = store::planning::types_of(tx.conn, drive)?;
    let given = collected(&types, given.or(booked.as_ref().map(|booked| booked.given)))?;
    if let Some(booked) = booked {
        let kept = keep::keep_appointment(tx, vault, by, drive, held.donor)?;
        return Ok(Admitted { appointment: kept.or(Some(booked.id)), given });
    }
    if store::was_kept(tx.conn, drive, held.donor)? {
        // Went and came again: the place is theirs.
        return Ok(Admitted { appointment: None, given });
    }
    let row = store::drive(tx.conn, drive)?;
    let length = Duration::minutes(i64::from(row.slot_minutes));
    let slots = store::slots(tx.conn, drive)?;
    let open = || slots.iter().filter(|slot| slot.starts_at + length > at && is_for(slot, held.sex));
    for slot in open() {
        let seen = audit::seen(tx.conn, vault, &SLOT, slot.id.0)?;
        if store::take_lane(tx, slot.id)? {
            let line = Line::new(Some(by.user), "drives.walked_in").on(slot.id).with("donor", held.donor);
            seen.record(tx, vault, line)?;
            return Ok(Admitted { appointment: None, given });
        }
    }
    for slot in open() {
        if slot.booked < slot.capacity && store::take(tx, slot.id)? {
            let new = store::NewAppointment {
                drive,
                slot: slot.id,
                donor: held.donor,
                status: AppointmentStatus::Kept,
                given,
                first_timer: false,
                follows: None,
            };
            let id = store::insert_appointment(tx, &new, Some(by.user))?;
            let line = Line::new(Some(by.user), "drives.walked_in").on(id).with("donor", held.donor);
            audit::made(&APPOINTMENT, id.0).record(tx, vault, line)?;
            feed::append(tx, "appointment", id.0, AppointmentStatus::Kept.code())?;
            return Ok(Admitted { appointment: Some(id), given });
        }
    }
    Err(Problem::new(Code::DriveFull))
}

/// How many hold a live appointment and have not come.
///
/// # Errors
/// As any read.
pub fn expected(conn: &mut Conn, id: DriveId) -> Result<i64> {
    Ok(i64::try_from(store::live(conn, id)?.len()).unwrap_or(i64::MAX))
}

/// Ends the day of a drive: whoever did not come is noted, and the drive is done; how many did not come. The caller
/// has looked at everything else. Holds where the drive's row is changed first.
///
/// # Errors
/// `state_conflict` with the fact `state` of a drive that is neither open nor closed.
pub fn finish(tx: &mut Tx, vault: &Vault, by: &Principal, id: DriveId) -> Result<usize> {
    let found = in_scope(tx.conn, by, id)?;
    let conflict = |state: DriveStatus| Problem::new(Code::StateConflict).with("state", state);
    if !rules::may_take_place(found.status) {
        return Err(conflict(found.status));
    }
    let seen = audit::seen(tx.conn, vault, &DRIVE, id.0)?;
    if !store::set_status(tx, id, found.status, DriveStatus::Done)? {
        return Err(conflict(store::drive(tx.conn, id)?.status));
    }
    crate::activities::finish_drive(tx, vault, by, id.into())?;
    let live = store::live(tx.conn, id)?;
    let held = audit::seen_all(tx.conn, vault, &APPOINTMENT, live.iter().map(|place| place.id.0))?;
    let mut stayed_away = 0;
    for place in live {
        // Whoever never said yes did not stay away.
        let to = match place.status {
            AppointmentStatus::Booked => AppointmentStatus::NoShow,
            _ => AppointmentStatus::Cancelled,
        };
        let freed = to == AppointmentStatus::NoShow || store::give_back(tx, &place)?;
        if !freed || !store::end(tx, place.id, place.status, to)? {
            return Err(Problem::new(Code::Busy));
        }
        feed::append(tx, "appointment", place.id.0, to.code())?;
        stayed_away += usize::from(to == AppointmentStatus::NoShow);
    }
    let line = Line::new(Some(by.user), "drives.done").on(id).with("no_shows", stayed_away);
    seen.and(held).record(tx, vault, line)?;
    feed::append(tx, "drive", id.0, DriveStatus::Done.code())?;
    Ok(stayed_away)
}
