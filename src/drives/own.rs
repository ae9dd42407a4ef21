//! What the holder of an appointment, or whoever is invited to a drive, sees by a link of their own: when, and from two
//! days before where.

use chrono::Duration;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, SlotId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{AppointmentStatus, DriveStatus};
use shiryan_kernel::time::Moment;

use super::book::is_for;
use super::{in_scope, rules, store};
use crate::accounts::Principal;
use crate::activities;
use crate::db::Conn;
use crate::vault::Vault;

/// From how long before a drive those who are invited learn its place.
const PLACE_FROM: Duration = Duration::hours(48);

/// An appointment and its drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    pub id: AppointmentId,
    pub donor: DonorId,
    pub drive: DriveId,
    pub status: AppointmentStatus,
    pub starts_at: Moment,
    /// When it gives its place back, while it is proposed.
    pub lapses_at: Moment,
}

/// An appointment, for those who run its drive.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn own_of(conn: &mut Conn, by: &Principal, id: AppointmentId) -> Result<Own> {
    let own = own(conn, id)?;
    in_scope(conn, by, own.drive)?;
    Ok(own)
}

/// When a donor's live appointment in a drive is, for those who run it.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn appointment_of(
    conn: &mut Conn,
    by: &Principal,
    drive: DriveId,
    donor: DonorId,
) -> Result<Option<Moment>> {
    in_scope(conn, by, drive)?;
    match store::live_appointment(conn, drive, donor)? {
        Some((id, _)) => Ok(Some(store::appointment(conn, id)?.starts_at.and_utc())),
        None => Ok(None),
    }
}

/// An appointment, for its holder's link.
///
/// # Errors
/// `not_found`.
pub fn own(conn: &mut Conn, id: AppointmentId) -> Result<Own> {
    let found = store::appointment(conn, id)?;
    let starts_at = found.starts_at.and_utc();
    Ok(Own {
        id,
        donor: found.donor,
        drive: found.drive,
        status: found.status,
        starts_at,
        lapses_at: rules::lapses_at(found.created_at.and_utc(), starts_at),
    })
}

/// A drive as somebody who is invited sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invited {
    pub governorate: Governorate,
    pub starts_at: Moment,
    /// From two days before.
    pub place: Option<String>,
    /// Slots with a place that the donor may take, by start; none once no place is taken any more.
    pub slots: Vec<(SlotId, Moment)>,
    /// When places are taken no more.
    pub until: Moment,
}

/// A drive as the donor of a link sees it at `now`.
///
/// # Errors
/// `not_found`; `identity_damaged`.
pub fn invited(conn: &mut Conn, vault: &Vault, id: DriveId, donor: DonorId, now: Moment) -> Result<Invited> {
    let row = store::drive(conn, id)?;
    let starts_at = row.starts_at.and_utc();
    let (ends_at, book_until) = row.taken_until();
    let until = book_until.map_or(ends_at, |until| until.min(ends_at));
    let sex = store::sex(conn, donor)?;
    let mut slots = Vec::new();
    if row.status == DriveStatus::Open && now < until {
        slots = store::slots(conn, id)?;
        slots.retain(|slot| slot.starts_at > now && slot.booked < slot.capacity && is_for(slot, sex));
    }
    let is_told = now >= starts_at - PLACE_FROM && !row.status.is_over();
    let place = if is_told { activities::open_place(vault, id.into(), row.place.as_deref())? } else { None };
    Ok(Invited {
        governorate: row.governorate,
        starts_at,
        place,
        slots: slots.into_iter().map(|slot| (slot.id, slot.starts_at)).collect(),
        until,
    })
}
