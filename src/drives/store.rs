//! Rows of drives, slots and appointments, and the two statements that keep a slot within its capacity.

pub mod coming;
pub mod planning;
mod telling;
pub mod waiting;

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, exists, not, select, sum};
use diesel::prelude::*;
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, FacilityId, SlotId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{AppointmentStatus, DriveStatus};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::rules::layout::hour_of;
use super::{Filter, Held, Slot};
use crate::activities::Key;
use crate::db::tables::{
    activities, appointments, donors, drive_hours, drives, giving_windows, givings, slots, unit_tree,
};
use crate::db::{Conn, Tx, fixed, on_each};
pub use telling::{
    Notice, Place, appointment, coming, held_to_come, live, notices, proposed, told_of_line, untold,
};

/// A drive with its activity.
#[derive(Debug, Queryable)]
pub struct Row {
    pub id: DriveId,
    pub status: DriveStatus,
    pub facility: Option<FacilityId>,
    pub slot_minutes: i32,
    pub beds: i32,
    pub title: Vec<u8>,
    pub place: Option<Vec<u8>>,
    pub governorate: Governorate,
    pub starts_at: NaiveDateTime,
    pub ends_at: NaiveDateTime,
    pub unit: UnitId,
    pub staff: Option<i32>,
    pub walk_ins: i32,
    pub overbooked_by: Option<i32>,
    pub outdoor: bool,
    pub book_until: Option<NaiveDateTime>,
}

impl Row {
    /// Until when places are taken: its end, and its own last moment.
    pub fn taken_until(&self) -> (Moment, Option<Moment>) {
        (self.ends_at.and_utc(), self.book_until.map(|until| until.and_utc()))
    }
}

macro_rules! row {
    () => {
        (
            drives::id,
            drives::status,
            drives::facility,
            drives::slot_minutes,
            drives::beds,
            activities::title,
            activities::place,
            activities::governorate,
            activities::starts_at,
            activities::ends_at,
            activities::unit_id,
            drives::staff,
            drives::walk_ins,
            drives::overbooked_by,
            drives::outdoor,
            drives::book_until,
        )
    };
}

/// How full a drive is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fill {
    pub slots: i64,
    pub capacity: i64,
    pub booked: i64,
}

/// Those that keep a donor from another one in the same drive; the partial unique index names the same.
const STANDING: [AppointmentStatus; 3] =
    [AppointmentStatus::Proposed, AppointmentStatus::Booked, AppointmentStatus::Kept];

pub fn drive(conn: &mut Conn, id: DriveId) -> Result<Row> {
    let found = drives::table.inner_join(activities::table).filter(drives::id.eq(id)).select(row!());
    Ok(on_each!(conn => c, found.first(c))?)
}

/// Drives that start between two moments, by start; all of them, or those of units at and below `roots`.
pub fn list(
    conn: &mut Conn,
    roots: Option<&[UnitId]>,
    filter: &Filter,
    (from, before): (Option<Moment>, Option<Moment>),
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<Row>> {
    on_each!(conn => c, {
        let mut rows = drives::table.inner_join(activities::table).select(row!()).into_boxed();
        if let Some(roots) = roots {
            let below = unit_tree::table.filter(unit_tree::ancestor.eq_any(roots)).select(unit_tree::descendant);
            rows = rows.filter(activities::unit_id.eq_any(below));
        }
        if let Some(governorate) = filter.governorate {
            rows = rows.filter(activities::governorate.eq(governorate));
        }
        if let Some(from) = from {
            rows = rows.filter(activities::starts_at.ge(from.naive_utc()));
        }
        if let Some(before) = before {
            rows = rows.filter(activities::starts_at.lt(before.naive_utc()));
        }
        if let Some((starts_at, id)) = after {
            let at = starts_at.naive_utc();
            rows = rows.filter(activities::starts_at.ge(at)).filter(
                activities::starts_at.gt(at).or(activities::id.gt(id)),
            );
        }
        rows.order((activities::starts_at, activities::id)).limit(limit).load(c)
    })
    .map_err(Problem::from)
}

/// How full each of these drives is.
pub fn fill(conn: &mut Conn, ids: &[DriveId]) -> Result<HashMap<DriveId, Fill>> {
    let rows: Vec<(DriveId, i64, Option<i64>, Option<i64>)> = on_each!(conn => c, slots::table
        .filter(slots::drive.eq_any(ids))
        .group_by(slots::drive)
        .select((slots::drive, count_star(), sum(slots::capacity), sum(slots::booked)))
        .load(c))
    .map_err(Problem::from)?;
    let fill = |slots, capacity: Option<i64>, booked: Option<i64>| Fill {
        slots,
        capacity: capacity.unwrap_or(0),
        booked: booked.unwrap_or(0),
    };
    Ok(rows.into_iter().map(|(id, slots, capacity, booked)| (id, fill(slots, capacity, booked))).collect())
}

type SlotRow = (SlotId, NaiveDateTime, i32, i32, bool);

fn slot_of((id, starts_at, capacity, booked, for_women): SlotRow) -> Slot {
    Slot { id, starts_at: starts_at.and_utc(), capacity, booked, for_women }
}

pub fn slots(conn: &mut Conn, drive: DriveId) -> Result<Vec<Slot>> {
    let rows: Vec<SlotRow> = slots::table
        .filter(slots::drive.eq(drive))
        .order(slots::starts_at)
        .select((slots::id, slots::starts_at, slots::capacity, slots::booked, slots::for_women))
        .load(conn)?;
    Ok(rows.into_iter().map(slot_of).collect())
}

/// The first slot after a moment that has a place.
pub fn next_free(conn: &mut Conn, drive: DriveId, after: Moment) -> Result<Option<Slot>> {
    let free = slots::table
        .filter(slots::drive.eq(drive))
        .filter(slots::starts_at.gt(after.naive_utc()))
        .filter(slots::booked.lt(slots::capacity))
        .order(slots::starts_at)
        .select((slots::id, slots::starts_at, slots::capacity, slots::booked, slots::for_women));
    let row: Option<SlotRow> = on_each!(conn => c, free.first(c).optional())?;
    Ok(row.map(slot_of))
}

pub fn slot(conn: &mut Conn, drive: DriveId, id: SlotId) -> Result<Option<Slot>> {
    let row: Option<SlotRow> = slots::table
        .filter(slots::drive.eq(drive))
        .filter(slots::id.eq(id))
        .select((slots::id, slots::starts_at, slots::capacity, slots::booked, slots::for_women))
        .first(conn)
        .optional()?;
    Ok(row.map(slot_of))
}

pub fn drive_of_slot(conn: &mut Conn, id: SlotId) -> Result<Option<DriveId>> {
    Ok(slots::table.find(id.0).select(slots::drive).first(conn).optional()?)
}

fixed! {
    /// Takes a place of a slot that has one.
    struct TakePlace:
    "UPDATE slots SET booked = booked + 1 WHERE booked < capacity AND id = " (slot: BigInt = i64)
}

fixed! {
    /// Counts one more in an hour that has not its share yet.
    struct CountFirstTimer:
    "UPDATE drive_hours SET first_timers = first_timers + 1 \
     WHERE first_timers < most_first_timers AND drive = " (drive: BigInt = i64)
    " AND starts_at = " (hour: Timestamp = NaiveDateTime)
}

/// Takes a place; `false` when there is none. On PostgreSQL the statement waits for whoever holds the
/// row and then looks again, so the condition is true of what is written.
pub fn take(tx: &mut Tx, slot: SlotId) -> Result<bool> {
    Ok(on_each!(tx.conn => c, TakePlace { slot: slot.0 }.execute(c))? == 1)
}

/// Takes a place of the lane for those who come unannounced; `false` when there is none.
pub fn take_lane(tx: &mut Tx, slot: SlotId) -> Result<bool> {
    let taken = diesel::update(slots::table.find(slot.0).filter(slots::walked_in.lt(slots::walk_ins)))
        .set(slots::walked_in.eq(slots::walked_in + 1))
        .execute(tx.conn)?;
    Ok(taken == 1)
}

/// Gives a place back; `false` when none is taken.
pub fn free(tx: &mut Tx, slot: SlotId) -> Result<bool> {
    let freed = diesel::update(slots::table.find(slot.0).filter(slots::booked.gt(0)))
        .set(slots::booked.eq(slots::booked - 1))
        .execute(tx.conn)?;
    Ok(freed == 1)
}

/// Gives the place of an appointment back, and its share among those who give for the first time; `false` when it
/// holds none.
pub fn give_back(tx: &mut Tx, held: &Place) -> Result<bool> {
    let uncounted = !held.first_timer || uncount_first_timer(tx, held.drive, held.starts_at.and_utc())?;
    Ok(uncounted && free(tx, held.slot)?)
}

/// Counts somebody who gives for the first time in the hour of a slot; `false` when the hour has its share. The hour
/// is locked before the slot.
pub fn count_first_timer(tx: &mut Tx, drive: DriveId, starts_at: Moment) -> Result<bool> {
    let counting = CountFirstTimer { drive: drive.0, hour: hour_of(starts_at).naive_utc() };
    Ok(on_each!(tx.conn => c, counting.execute(c))? == 1)
}

/// Counts one less; `false` when none is counted.
pub fn uncount_first_timer(tx: &mut Tx, drive: DriveId, starts_at: Moment) -> Result<bool> {
    let hour = drive_hours::table.find((drive.0, hour_of(starts_at).naive_utc()));
    let counted = diesel::update(hour.filter(drive_hours::first_timers.gt(0)))
        .set(drive_hours::first_timers.eq(drive_hours::first_timers - 1))
        .execute(tx.conn)?;
    Ok(counted == 1)
}

/// Whether nothing is known that a person with these records gave.
pub fn is_first_timer(conn: &mut Conn, records: &[DonorId]) -> Result<bool> {
    // Record by record: a statement with a list is prepared anew each time, and a person seldom has two.
    for record in records {
        let gave = givings::table.filter(givings::donor.eq(record));
        if on_each!(conn => c, select(exists(gave)).get_result::<bool>(c))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Status and unit of a donor, and whose record this one is read as; whom no other booking may touch until this transaction ends. SQLite has
/// one writer, so there the read is enough.
pub fn lock_donor(conn: &mut Conn, donor: DonorId) -> Result<Held> {
    let row = donors::table.find(donor.0).select((
        donors::status,
        donors::unit_id,
        donors::merged_into,
        donors::sex,
    ));
    let (status, unit, merged_into, sex) = match conn {
        Conn::Pg(c) => row.for_no_key_update().first(c)?,
        Conn::Sqlite(c) => row.first(c)?,
    };
    Ok(Held { donor, status, unit, merged_into, sex })
}

/// A donor's sex, where it is known.
pub fn sex(conn: &mut Conn, donor: DonorId) -> Result<Option<Sex>> {
    Ok(donors::table.find(donor.0).select(donors::sex).first(conn)?)
}

/// Where a drive stands, which nobody may change until this transaction ends. SQLite has one writer, so there the
/// read is enough.
pub fn share_drive(conn: &mut Conn, id: DriveId) -> Result<DriveStatus> {
    let row = drives::table.find(id.0).select(drives::status);
    Ok(match conn {
        Conn::Pg(c) => row.for_share().first(c)?,
        Conn::Sqlite(c) => row.first(c)?,
    })
}

/// Moves a drive on from where it stands; `false` when it no longer stands there.
pub fn set_status(tx: &mut Tx, id: DriveId, from: DriveStatus, to: DriveStatus) -> Result<bool> {
    let moved = diesel::update(drives::table.find(id.0).filter(drives::status.eq(from)))
        .set(drives::status.eq(to))
        .execute(tx.conn)?;
    Ok(moved == 1)
}

/// Whether a window of giving is open on this civil day.
pub fn may_give(conn: &mut Conn, donor: DonorId, given: DonationType, on: NaiveDate) -> Result<bool> {
    let open = giving_windows::table
        .filter(giving_windows::donor.eq(donor))
        .filter(giving_windows::donation_type.eq(given))
        .filter(giving_windows::from_on.le(on))
        .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(on)));
    Ok(on_each!(conn => c, select(exists(open)).get_result(c))?)
}

/// Whether a donor with these records has an appointment in the drive, or in any other between two moments.
pub fn is_booked(
    conn: &mut Conn,
    records: &[DonorId],
    drive: DriveId,
    (from, before): (Moment, Moment),
) -> Result<bool> {
    let [proposed, booked, kept] = STANDING;
    // Record by record: as above.
    for record in records {
        let status = appointments::status;
        let that_day = slots::starts_at.ge(from.naive_utc()).and(slots::starts_at.lt(before.naive_utc()));
        let standing = appointments::table
            .inner_join(slots::table)
            .filter(appointments::donor.eq(record))
            .filter(status.eq(proposed).or(status.eq(booked)).or(status.eq(kept)))
            .filter(appointments::drive.eq(drive).or(that_day));
        if on_each!(conn => c, select(exists(standing)).get_result::<bool>(c))? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// An appointment to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewAppointment {
    pub drive: DriveId,
    pub slot: SlotId,
    pub donor: DonorId,
    pub status: AppointmentStatus,
    pub given: DonationType,
    pub first_timer: bool,
    /// Of one that moved: the first of its line, and the version that the line has reached.
    pub follows: Option<(AppointmentId, i64)>,
}

pub fn insert_appointment(tx: &mut Tx, new: &NewAppointment, by: Option<UserId>) -> Result<AppointmentId> {
    let id = AppointmentId(tx.id());
    let row = (
        appointments::id.eq(id),
        appointments::drive.eq(new.drive),
        appointments::slot.eq(new.slot),
        appointments::donor.eq(new.donor),
        appointments::status.eq(new.status),
        appointments::donation_type.eq(new.given),
        appointments::first_timer.eq(new.first_timer),
        appointments::created_at.eq(tx.now.naive_utc()),
        appointments::created_by.eq(by),
        appointments::changed_at.eq(tx.now.naive_utc()),
        appointments::version.eq(new.follows.map_or(0, |(_, version)| version) + 1),
        appointments::first_of_line.eq(new.follows.map(|(first, _)| first)),
    );
    let inserted = on_each!(tx.conn => c, diesel::insert_into(appointments::table).values(row).execute(c))
        .map_err(Problem::from);
    match inserted {
        Ok(_) => Ok(id),
        // The one constraint that a new row can break is one live appointment per donor and drive.
        Err(problem) if problem.code == Code::StateConflict => {
            Err(Problem { cause: problem.cause, ..Problem::new(Code::AlreadyBooked) })
        }
        Err(problem) => Err(problem),
    }
}

const LIVE: [AppointmentStatus; 2] = [AppointmentStatus::Proposed, AppointmentStatus::Booked];

/// The donor's appointment in the drive that still takes a place.
pub fn live_appointment(
    conn: &mut Conn,
    drive: DriveId,
    donor: DonorId,
) -> Result<Option<(AppointmentId, AppointmentStatus)>> {
    on_each!(conn => c, appointments::table
        .filter(appointments::drive.eq(drive))
        .filter(appointments::donor.eq(donor))
        .filter(appointments::status.eq_any(LIVE))
        .select((appointments::id, appointments::status))
        .first(c)
        .optional())
    .map_err(Problem::from)
}

/// Whether the donor's appointment in the drive was kept before.
pub fn was_kept(conn: &mut Conn, drive: DriveId, donor: DonorId) -> Result<bool> {
    let kept = appointments::table
        .filter(appointments::drive.eq(drive))
        .filter(appointments::donor.eq(donor))
        .filter(appointments::status.eq(AppointmentStatus::Kept));
    Ok(on_each!(conn => c, select(exists(kept)).get_result(c))?)
}

/// The donor's appointments that take a place in a slot to come, in the order in which slots are locked.
pub fn to_come(conn: &mut Conn, donor: DonorId, now: Moment) -> Result<Vec<Place>> {
    on_each!(conn => c, appointments::table
        .inner_join(slots::table)
        .filter(appointments::donor.eq(donor))
        .filter(appointments::status.eq_any(LIVE))
        .filter(slots::starts_at.gt(now.naive_utc()))
        .order((slots::starts_at, slots::id))
        .select(telling::place!())
        .load(c))
    .map_err(Problem::from)
}

/// Moves an appointment on from where it stands; `false` when it no longer stands there.
pub fn end(tx: &mut Tx, id: AppointmentId, from: AppointmentStatus, to: AppointmentStatus) -> Result<bool> {
    let moved = diesel::update(appointments::table.find(id.0).filter(appointments::status.eq(from)))
        .set((
            appointments::status.eq(to),
            appointments::changed_at.eq(tx.now.naive_utc()),
            appointments::version.eq(appointments::version + 1),
        ))
        .execute(tx.conn)?;
    Ok(moved == 1)
}

/// A live appointment of a drive.
#[derive(Debug, Queryable)]
pub struct Booking {
    pub id: AppointmentId,
    pub donor: DonorId,
    pub slot: SlotId,
    pub starts_at: NaiveDateTime,
    pub status: AppointmentStatus,
    pub given: DonationType,
    pub created_at: NaiveDateTime,
}

/// The drive's appointments that take a place, by start, after `after`; with `impossible`, those alone whose
/// donor has no window for what is to be given open on the civil day `on`.
pub fn appointments(
    conn: &mut Conn,
    drive: DriveId,
    on: NaiveDate,
    impossible: bool,
    after: Option<(NaiveDateTime, i64)>,
    limit: i64,
) -> Result<Vec<Booking>> {
    on_each!(conn => c, {
        let open = giving_windows::table
            .filter(giving_windows::donor.eq(appointments::donor))
            .filter(giving_windows::donation_type.eq(appointments::donation_type))
            .filter(giving_windows::from_on.le(on))
            .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(on)));
        let mut rows = appointments::table
            .inner_join(slots::table)
            .filter(appointments::drive.eq(drive))
            .filter(appointments::status.eq_any(LIVE))
            .order((slots::starts_at, appointments::id))
            .limit(limit)
            .select((
                appointments::id,
                appointments::donor,
                appointments::slot,
                slots::starts_at,
                appointments::status,
                appointments::donation_type,
                appointments::created_at,
            ))
            .into_boxed();
        if impossible {
            rows = rows.filter(not(exists(open)));
        }
        if let Some((at, id)) = after {
            rows = rows.filter(
                slots::starts_at.gt(at).or(slots::starts_at.eq(at).and(appointments::id.gt(id))),
            );
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// What each of these donors may give on this civil day.
pub fn able(conn: &mut Conn, donors: &[DonorId], on: NaiveDate) -> Result<HashSet<(DonorId, DonationType)>> {
    let rows: Vec<(DonorId, DonationType)> = on_each!(conn => c, giving_windows::table
        .filter(giving_windows::donor.eq_any(donors))
        .filter(giving_windows::from_on.le(on))
        .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(on)))
        .select((giving_windows::donor, giving_windows::donation_type))
        .load(c))
    .map_err(Problem::from)?;
    Ok(rows.into_iter().collect())
}
