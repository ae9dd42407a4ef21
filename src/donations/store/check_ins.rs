//! Rows of people who came to a drive.

use chrono::NaiveDateTime;
use diesel::dsl::count_star;
use diesel::prelude::*;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AppointmentId, CheckInId, DecisionId, DonorId, DriveId, UnitId, UserId};
use shiryan_kernel::status::{AppointmentStatus, CheckInState};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{appointments, check_ins, donors};
use crate::db::{Conn, Tx, on_each};
use crate::donations::NewCheckIn;
use crate::drives::Arrival;

/// What a check-in is recorded with, beside what was said.
#[derive(Debug)]
pub struct NewRow {
    pub arrival: Arrival,
    pub decision: DecisionId,
    pub at: Moment,
}

pub fn insert(tx: &mut Tx, by: UserId, new: &NewCheckIn, row: &NewRow) -> Result<CheckInId> {
    let id = CheckInId(tx.id());
    diesel::insert_into(check_ins::table)
        .values((
            check_ins::id.eq(id),
            check_ins::drive.eq(new.drive),
            check_ins::donor.eq(new.donor),
            check_ins::appointment.eq(row.arrival.appointment),
            check_ins::walk_in.eq(row.arrival.walk_in),
            check_ins::in_lane.eq(row.arrival.in_lane),
            check_ins::donation_type.eq(row.arrival.given),
            check_ins::state.eq(CheckInState::Waiting),
            check_ins::name_stated.eq(new.identity.name_and_birth_date_stated),
            check_ins::document_seen.eq(new.identity.document_seen),
            check_ins::decision.eq(row.decision),
            check_ins::came_at.eq(row.at.naive_utc()),
            check_ins::recorded_at.eq(tx.now.naive_utc()),
            check_ins::recorded_by.eq(by),
            check_ins::changed_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(id)
}

/// Where a person with these records stands in the drive, who is checked in there.
pub fn of_person(conn: &mut Conn, drive: DriveId, records: &[DonorId]) -> Result<Option<CheckInState>> {
    on_each!(conn => c, check_ins::table
        .filter(check_ins::drive.eq(drive))
        .filter(check_ins::donor.eq_any(records))
        .filter(check_ins::state.ne(CheckInState::Voided))
        .select(check_ins::state)
        .first(c)
        .optional())
    .map_err(Problem::from)
}

/// Somebody who came.
#[derive(Debug, Clone, Queryable)]
pub struct Row {
    pub id: CheckInId,
    pub drive: DriveId,
    pub donor: DonorId,
    pub appointment: AppointmentId,
    pub walk_in: bool,
    pub in_lane: bool,
    pub given: DonationType,
    pub state: CheckInState,
    pub came_at: NaiveDateTime,
}

impl Row {
    /// The place by which they came.
    pub fn arrival(&self) -> Arrival {
        let Self { appointment, walk_in, in_lane, given, .. } = *self;
        Arrival { appointment, walk_in, in_lane, given }
    }
}

macro_rules! row {
    () => {
        (
            check_ins::id,
            check_ins::drive,
            check_ins::donor,
            check_ins::appointment,
            check_ins::walk_in,
            check_ins::in_lane,
            check_ins::donation_type,
            check_ins::state,
            check_ins::came_at,
        )
    };
}

pub fn one(conn: &mut Conn, id: CheckInId) -> Result<Row> {
    Ok(check_ins::table.find(id.0).select(row!()).first(conn)?)
}

/// Those who came, by entry, after `after`; those in one state alone, if it is said.
pub fn list(
    conn: &mut Conn,
    drive: DriveId,
    state: Option<CheckInState>,
    after: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    on_each!(conn => c, {
        let mut rows = check_ins::table
            .filter(check_ins::drive.eq(drive))
            .filter(check_ins::id.gt(after))
            .select(row!())
            .order(check_ins::id)
            .limit(limit)
            .into_boxed();
        if let Some(state) = state {
            rows = rows.filter(check_ins::state.eq(state));
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// Moves one on; `false` when they do not stand at `from`.
pub fn step(tx: &mut Tx, id: CheckInId, from: CheckInState, to: CheckInState) -> Result<bool> {
    let moved = diesel::update(check_ins::table.find(id.0).filter(check_ins::state.eq(from)))
        .set((check_ins::state.eq(to), check_ins::changed_at.eq(tx.now.naive_utc())))
        .execute(tx.conn)?;
    Ok(moved == 1)
}

/// How many of each unit stand where.
pub fn counts(conn: &mut Conn, drive: DriveId) -> Result<Vec<(Option<UnitId>, CheckInState, i64)>> {
    on_each!(conn => c, check_ins::table
        .inner_join(donors::table)
        .filter(check_ins::drive.eq(drive))
        .group_by((donors::unit_id, check_ins::state))
        .select((donors::unit_id, check_ins::state, count_star()))
        .load(c))
    .map_err(Problem::from)
}

/// How many still have an appointment and have not come.
pub fn expected(conn: &mut Conn, drive: DriveId) -> Result<i64> {
    const LIVE: [AppointmentStatus; 2] = [AppointmentStatus::Proposed, AppointmentStatus::Booked];
    on_each!(conn => c, appointments::table
        .filter(appointments::drive.eq(drive))
        .filter(appointments::status.eq_any(LIVE))
        .count()
        .get_result(c))
    .map_err(Problem::from)
}
