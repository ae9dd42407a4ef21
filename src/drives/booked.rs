//! The appointments of a drive, and which of them a fact that came later has made impossible.
//!
//! Nothing is marked: whether a donor may still give that day is read off the giving windows each time, which
//! are written with the fact that moves them. Why is never told here.

use chrono::NaiveDateTime;
use shiryan_kernel::Result;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, SlotId};
use shiryan_kernel::message::{Template, Told};
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::time::{Moment, Zone};

use super::{in_scope, rules, store};
use crate::accounts::Principal;
use crate::db::Conn;
use crate::messages;

/// A live appointment of a drive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booking {
    pub id: AppointmentId,
    pub donor: DonorId,
    pub slot: SlotId,
    pub starts_at: Moment,
    pub status: AppointmentStatus,
    pub donation_type: DonationType,
    /// When a proposal gives its place back unless it is accepted.
    pub lapses_at: Option<Moment>,
    /// Whether the donor could no longer be booked on that day, by what is known now.
    pub impossible: bool,
    /// Whether the donor was told that it is; none while nobody has looked.
    pub told: Option<Told>,
}

impl Booking {
    /// Where a page ends.
    #[must_use]
    pub fn key(&self) -> (NaiveDateTime, i64) {
        (self.starts_at.naive_utc(), self.id.0)
    }
}

/// The live appointments of a drive after `after`, by start; with `impossible`, those alone.
///
/// # Errors
/// `not_found` of a drive outside the scope.
pub fn bookings(
    conn: &mut Conn,
    zone: Zone,
    by: &Principal,
    drive: DriveId,
    impossible: bool,
    after: Option<(NaiveDateTime, i64)>,
    limit: i64,
) -> Result<Vec<Booking>> {
    let found = in_scope(conn, by, drive)?;
    let on = zone.date(found.starts_at.and_utc());
    let rows = store::appointments(conn, drive, on, impossible, after, limit)?;
    let donors: Vec<DonorId> = rows.iter().map(|row| row.donor).collect();
    let able = store::able(conn, &donors, on)?;
    let ids: Vec<i64> = rows.iter().map(|row| row.id.0).collect();
    let told = messages::told(conn, Template::AppointmentOff, &ids)?;
    let show = |row: store::Booking| Booking {
        id: row.id,
        donor: row.donor,
        slot: row.slot,
        starts_at: row.starts_at.and_utc(),
        status: row.status,
        impossible: !able.contains(&(row.donor, row.given)),
        donation_type: row.given,
        lapses_at: (row.status == AppointmentStatus::Proposed)
            .then(|| rules::lapses_at(row.created_at.and_utc(), row.starts_at.and_utc())),
        told: told.get(&row.id.0).copied(),
    };
    Ok(rows.into_iter().map(show).collect())
}
