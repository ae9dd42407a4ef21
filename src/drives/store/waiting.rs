//! Rows of the waiting list.

use chrono::NaiveDateTime;
use diesel::dsl::exists;
use diesel::prelude::*;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, UserId, WaitingId};
use shiryan_kernel::status::{DriveStatus, WaitingState};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{drives, slots, waiting_list};
use crate::db::{Conn, Tx, on_each};

/// Somebody on a waiting list.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = waiting_list)]
pub struct Waiting {
    pub id: WaitingId,
    pub drive: DriveId,
    pub donor: DonorId,
    #[diesel(column_name = donation_type)]
    pub given: DonationType,
    pub state: WaitingState,
    pub joined_at: NaiveDateTime,
}

/// `state_conflict` when the donor waits there.
pub fn insert(
    tx: &mut Tx,
    drive: DriveId,
    (donor, given): (DonorId, DonationType),
    by: UserId,
) -> Result<WaitingId> {
    let id = WaitingId(tx.id());
    diesel::insert_into(waiting_list::table)
        .values((
            waiting_list::id.eq(id),
            waiting_list::drive.eq(drive),
            waiting_list::donor.eq(donor),
            waiting_list::donation_type.eq(given),
            waiting_list::state.eq(WaitingState::Waiting),
            waiting_list::joined_at.eq(tx.now.naive_utc()),
            waiting_list::joined_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(id)
}

pub fn get(conn: &mut Conn, id: WaitingId) -> Result<Waiting> {
    Ok(waiting_list::table.find(id.0).select(Waiting::as_select()).first(conn)?)
}

/// Whether the entry was waiting until now.
pub fn leave(tx: &mut Tx, id: WaitingId) -> Result<bool> {
    let left = diesel::update(waiting_list::table.find(id.0))
        .filter(waiting_list::state.eq(WaitingState::Waiting))
        .set(waiting_list::state.eq(WaitingState::Left))
        .execute(tx.conn)?;
    Ok(left == 1)
}

/// A donor who waits for nothing any more.
pub fn leave_all(tx: &mut Tx, donor: DonorId) -> Result<()> {
    diesel::update(waiting_list::table)
        .filter(waiting_list::donor.eq(donor))
        .filter(waiting_list::state.eq(WaitingState::Waiting))
        .set(waiting_list::state.eq(WaitingState::Left))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether the entry was waiting until now.
pub fn offered(tx: &mut Tx, id: WaitingId, appointment: AppointmentId) -> Result<bool> {
    let offered = diesel::update(waiting_list::table.find(id.0))
        .filter(waiting_list::state.eq(WaitingState::Waiting))
        .set((waiting_list::state.eq(WaitingState::Offered), waiting_list::appointment.eq(appointment)))
        .execute(tx.conn)?;
    Ok(offered == 1)
}

/// Those who wait, first come first.
pub fn of(conn: &mut Conn, drive: DriveId, after: i64, limit: i64) -> Result<Vec<Waiting>> {
    Ok(waiting_list::table
        .filter(waiting_list::drive.eq(drive))
        .filter(waiting_list::state.eq(WaitingState::Waiting))
        .filter(waiting_list::id.gt(after))
        .order(waiting_list::id)
        .limit(limit)
        .select(Waiting::as_select())
        .load(conn)?)
}

/// Open drives with a place to come for which somebody waits.
pub fn wanted(conn: &mut Conn, now: Moment) -> Result<Vec<DriveId>> {
    on_each!(conn => c, {
        let waits = waiting_list::table
            .filter(waiting_list::drive.eq(drives::id))
            .filter(waiting_list::state.eq(WaitingState::Waiting));
        let is_free = slots::table
            .filter(slots::drive.eq(drives::id))
            .filter(slots::starts_at.gt(now.naive_utc()))
            .filter(slots::booked.lt(slots::capacity));
        drives::table
            .filter(drives::status.eq(DriveStatus::Open))
            .filter(exists(waits))
            .filter(exists(is_free))
            .order(drives::id)
            .select(drives::id)
            .load(c)
    })
    .map_err(Problem::from)
}
