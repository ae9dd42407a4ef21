//! Rows of the drive day. Each step of a visit is one conditional statement that names the state before it.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{count_star, exists, select};
use diesel::prelude::*;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{
    AppointmentId, DecisionId, DonationId, DonorId, DriveId, ReactionId, UserId, VisitId,
};
use shiryan_kernel::status::{DinState, Drawn, ReactionGrade, ReactionKind, VisitState};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{
    collections, donations, drive_dins, laboratory_clocks, preparations, reactions, visits,
};
use crate::db::{Conn, Tx, on_each};

/// A visit.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = visits)]
pub struct Visit {
    pub id: VisitId,
    pub drive: DriveId,
    pub donor: DonorId,
    pub appointment: Option<AppointmentId>,
    #[diesel(column_name = donation_type)]
    pub given: DonationType,
    pub state: VisitState,
    pub checked_in_at: NaiveDateTime,
    pub bag_ml: Option<i32>,
    pub screening: Option<Vec<u8>>,
    pub answer: Option<Vec<u8>>,
    pub ended_at: Option<NaiveDateTime>,
    pub departed_at: Option<NaiveDateTime>,
}

#[derive(Debug, Clone, Copy)]
pub struct NewVisit {
    pub id: VisitId,
    pub drive: DriveId,
    pub donor: DonorId,
    pub appointment: Option<AppointmentId>,
    pub given: DonationType,
    pub at: Moment,
    pub by: UserId,
    pub decision: DecisionId,
}

pub fn insert(conn: &mut Conn, new: &NewVisit) -> Result<()> {
    diesel::insert_into(visits::table)
        .values((
            visits::id.eq(new.id),
            visits::drive.eq(new.drive),
            visits::donor.eq(new.donor),
            visits::appointment.eq(new.appointment),
            visits::donation_type.eq(new.given),
            visits::state.eq(VisitState::CheckedIn),
            visits::checked_in_at.eq(new.at.naive_utc()),
            visits::checked_in_by.eq(new.by),
            visits::decision.eq(new.decision),
            visits::version.eq(1_i64),
        ))
        .execute(conn)?;
    Ok(())
}

pub fn get(conn: &mut Conn, id: VisitId) -> Result<Visit> {
    Ok(visits::table.find(id.0).select(Visit::as_select()).first(conn)?)
}

/// The visit of one of these records to a drive that has not been left.
pub fn standing(conn: &mut Conn, drive: DriveId, records: &[DonorId]) -> Result<Option<VisitState>> {
    on_each!(conn => c, visits::table
        .filter(visits::drive.eq(drive))
        .filter(visits::donor.eq_any(records))
        .filter(visits::state.ne(VisitState::Left))
        .select(visits::state)
        .first(c)
        .optional())
    .map_err(Problem::from)
}

/// Whether a donor, by any of their records, came to a drive, and be it to leave again.
pub fn were_there(conn: &mut Conn, drive: DriveId, records: &[DonorId]) -> Result<bool> {
    on_each!(conn => c, select(exists(visits::table
        .filter(visits::drive.eq(drive))
        .filter(visits::donor.eq_any(records))))
        .get_result(c))
    .map_err(Problem::from)
}

/// When somebody came, by the visit; none of a visit that is not there.
pub fn came_at(conn: &mut Conn, id: VisitId) -> Result<Option<(DonorId, NaiveDateTime)>> {
    Ok(visits::table.find(id).select((visits::donor, visits::checked_in_at)).first(conn).optional()?)
}

/// What was given at a visit; none where nothing was drawn.
pub fn given_at(conn: &mut Conn, id: VisitId) -> Result<Option<DonationId>> {
    let found: Option<Option<DonationId>> = collections::table
        .filter(collections::visit.eq(id))
        .select(collections::donation)
        .first(conn)
        .optional()?;
    Ok(found.flatten())
}

/// The visits of a drive after `after`, in the order in which people came.
pub fn of(conn: &mut Conn, drive: DriveId, after: i64, limit: i64) -> Result<Vec<Visit>> {
    Ok(visits::table
        .filter(visits::drive.eq(drive))
        .filter(visits::id.gt(after))
        .order(visits::id)
        .limit(limit)
        .select(Visit::as_select())
        .load(conn)?)
}

/// The last visits of these records before another at which they were screened, the latest first.
pub fn screened_before(conn: &mut Conn, records: &[DonorId], before: &Visit) -> Result<Vec<Visit>> {
    on_each!(conn => c, visits::table
        .filter(visits::donor.eq_any(records))
        .filter(visits::id.ne(before.id))
        .filter(visits::checked_in_at.lt(before.checked_in_at))
        .filter(visits::screening.is_not_null())
        .order(visits::checked_in_at.desc())
        .limit(5)
        .select(Visit::as_select())
        .load(c))
    .map_err(Problem::from)
}

/// What screening found; whether the visit stood at check-in.
pub fn screened(
    tx: &mut Tx,
    visit: &Visit,
    to: VisitState,
    (screening, bag_ml): (Vec<u8>, Option<i32>),
    (at, by): (Moment, UserId),
) -> Result<bool> {
    let ended = to.is_ended().then(|| at.naive_utc());
    let moved = diesel::update(visits::table.find(visit.id.0).filter(visits::state.eq(visit.state)))
        .set((
            visits::state.eq(to),
            visits::screening.eq(screening),
            visits::bag_ml.eq(bag_ml),
            visits::screened_at.eq(at.naive_utc()),
            visits::screened_by.eq(by),
            visits::ended_at.eq(ended),
            visits::version.eq(visits::version + 1),
        ))
        .execute(tx.conn)?;
    Ok(moved == 1)
}

/// The donor's yes, with what is to become of the blood.
pub fn consented(tx: &mut Tx, visit: &Visit, answer: Vec<u8>, at: Moment) -> Result<bool> {
    let moved = diesel::update(visits::table.find(visit.id.0).filter(visits::state.eq(VisitState::Fit)))
        .set((
            visits::state.eq(VisitState::Ready),
            visits::answer.eq(answer),
            visits::consented_at.eq(at.naive_utc()),
            visits::version.eq(visits::version + 1),
        ))
        .execute(tx.conn)?;
    Ok(moved == 1)
}

/// Moves a visit on to its end from where it stands.
pub fn end(tx: &mut Tx, visit: &Visit, to: VisitState, at: Moment) -> Result<bool> {
    let moved = diesel::update(visits::table.find(visit.id.0).filter(visits::state.eq(visit.state)))
        .set((
            visits::state.eq(to),
            visits::ended_at.eq(at.naive_utc()),
            visits::version.eq(visits::version + 1),
        ))
        .execute(tx.conn)?;
    Ok(moved == 1)
}

pub fn departed(tx: &mut Tx, visit: &Visit, at: Moment) -> Result<bool> {
    let moved = diesel::update(visits::table.find(visit.id.0).filter(visits::departed_at.is_null()))
        .set(visits::departed_at.eq(at.naive_utc()))
        .execute(tx.conn)?;
    Ok(moved == 1)
}

/// How many visits of a drive stand where.
pub fn counts(conn: &mut Conn, drive: DriveId) -> Result<Vec<(VisitState, i64)>> {
    on_each!(conn => c, visits::table
        .filter(visits::drive.eq(drive))
        .group_by(visits::state)
        .select((visits::state, count_star()))
        .load(c))
    .map_err(Problem::from)
}

/// How many collections of a drive came to what.
pub fn drawn(conn: &mut Conn, drive: DriveId) -> Result<Vec<(Drawn, i64)>> {
    on_each!(conn => c, collections::table
        .inner_join(visits::table)
        .filter(visits::drive.eq(drive))
        .group_by(collections::outcome)
        .select((collections::outcome, count_star()))
        .load(c))
    .map_err(Problem::from)
}

#[derive(Debug, Clone)]
pub struct NewCollection {
    pub visit: VisitId,
    pub donation: Option<DonationId>,
    pub din: Din,
    pub outcome: Drawn,
    pub bag_lot: String,
    pub bag_expires_on: NaiveDate,
    pub began_at: Moment,
    pub ended_at: Moment,
    pub volume_ml: i32,
}

pub fn insert_collection(tx: &mut Tx, new: &NewCollection, by: UserId) -> Result<()> {
    diesel::insert_into(collections::table)
        .values((
            collections::visit.eq(new.visit),
            collections::donation.eq(new.donation),
            collections::din.eq(new.din),
            collections::outcome.eq(new.outcome),
            collections::bag_lot.eq(&new.bag_lot),
            collections::bag_expires_on.eq(new.bag_expires_on),
            collections::began_at.eq(new.began_at.naive_utc()),
            collections::ended_at.eq(new.ended_at.naive_utc()),
            collections::volume_ml.eq(new.volume_ml),
            collections::entered_at.eq(tx.now.naive_utc()),
            collections::entered_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// When the needle of a visit was drawn out.
pub fn drawn_at(conn: &mut Conn, visit: VisitId) -> Result<Option<NaiveDateTime>> {
    Ok(collections::table
        .filter(collections::visit.eq(visit))
        .select(collections::ended_at)
        .first(conn)
        .optional()?)
}

/// Whether a collection took this number, whatever came of it.
pub fn is_drawn(conn: &mut Conn, din: &Din) -> Result<bool> {
    let found: i64 = collections::table.filter(collections::din.eq(din)).count().get_result(conn)?;
    Ok(found > 0)
}

pub fn insert_dins(tx: &mut Tx, drive: DriveId, dins: &[Din], by: UserId) -> Result<()> {
    let now = tx.now.naive_utc();
    for slice in dins.chunks(100) {
        let rows: Vec<_> = slice
            .iter()
            .map(|din| {
                (
                    drive_dins::din.eq(*din),
                    drive_dins::drive.eq(drive),
                    drive_dins::state.eq(DinState::HandedOut),
                    drive_dins::handed_at.eq(now),
                    drive_dins::handed_by.eq(by),
                )
            })
            .collect();
        on_each!(tx.conn => c, diesel::insert_into(drive_dins::table).values(rows).execute(c))?;
    }
    Ok(())
}

/// The first of these numbers that was handed out or used before.
pub fn first_known(conn: &mut Conn, dins: &[Din]) -> Result<Option<Din>> {
    for slice in dins.chunks(200) {
        let handed: Option<Din> = on_each!(conn => c, drive_dins::table
            .filter(drive_dins::din.eq_any(slice))
            .select(drive_dins::din)
            .first(c)
            .optional())
        .map_err(Problem::from)?;
        let used: Option<Din> = on_each!(conn => c, donations::table
            .filter(donations::din.eq_any(slice))
            .select(donations::din)
            .first(c)
            .optional())
        .map_err(Problem::from)?;
        if let Some(found) = handed.or(used) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// The numbers of a drive after `after`, in their order.
pub fn dins(conn: &mut Conn, drive: DriveId, after: &str, limit: i64) -> Result<Vec<(Din, DinState)>> {
    Ok(drive_dins::table
        .filter(drive_dins::drive.eq(drive))
        .filter(drive_dins::din.gt(after))
        .order(drive_dins::din)
        .limit(limit)
        .select((drive_dins::din, drive_dins::state))
        .load(conn)?)
}

/// How many numbers of a drive stand where.
pub fn din_counts(conn: &mut Conn, drive: DriveId) -> Result<Vec<(DinState, i64)>> {
    on_each!(conn => c, drive_dins::table
        .filter(drive_dins::drive.eq(drive))
        .group_by(drive_dins::state)
        .select((drive_dins::state, count_star()))
        .load(c))
    .map_err(Problem::from)
}

/// Where a number of a drive stands.
pub fn din_state(conn: &mut Conn, drive: DriveId, din: &Din) -> Result<Option<DinState>> {
    Ok(drive_dins::table
        .filter(drive_dins::din.eq(din))
        .filter(drive_dins::drive.eq(drive))
        .select(drive_dins::state)
        .first(conn)
        .optional()?)
}

/// Ends a number that was handed out to the drive and is neither used nor spoilt; whether it was so.
pub fn end_din(tx: &mut Tx, drive: DriveId, din: &Din, to: DinState) -> Result<bool> {
    let ended = diesel::update(drive_dins::table)
        .filter(drive_dins::din.eq(din))
        .filter(drive_dins::drive.eq(drive))
        .filter(drive_dins::state.eq(DinState::HandedOut))
        .set(drive_dins::state.eq(to))
        .execute(tx.conn)?;
    Ok(ended == 1)
}

pub fn insert_preparation(
    tx: &mut Tx,
    drive: DriveId,
    (physician, meter, passed): (UserId, &str, bool),
    by: UserId,
) -> Result<()> {
    diesel::insert_into(preparations::table)
        .values((
            preparations::id.eq(tx.id()),
            preparations::drive.eq(drive),
            preparations::physician.eq(physician),
            preparations::meter.eq(meter),
            preparations::passed.eq(passed),
            preparations::prepared_at.eq(tx.now.naive_utc()),
            preparations::prepared_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether the last control of a meter at the drive since `since` was passed.
pub fn is_prepared(conn: &mut Conn, drive: DriveId, since: Moment) -> Result<bool> {
    let last: Option<bool> = preparations::table
        .filter(preparations::drive.eq(drive))
        .filter(preparations::prepared_at.ge(since.naive_utc()))
        .order(preparations::id.desc())
        .select(preparations::passed)
        .first(conn)
        .optional()?;
    Ok(last == Some(true))
}

/// When the laboratory takes no more, and the way there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = laboratory_clocks)]
pub struct Clock {
    pub cut_off_at: NaiveDateTime,
    pub travel_minutes: i32,
    pub checkpoint_minutes: i32,
    pub packing_minutes: i32,
    pub arrived_at: Option<NaiveDateTime>,
}

pub fn clock(conn: &mut Conn, drive: DriveId) -> Result<Option<Clock>> {
    Ok(laboratory_clocks::table.find(drive.0).select(Clock::as_select()).first(conn).optional()?)
}

/// Sets the clock of a drive whose box has not arrived; `false` when it has.
pub fn set_clock(tx: &mut Tx, drive: DriveId, new: &Clock) -> Result<bool> {
    let values = (
        laboratory_clocks::cut_off_at.eq(new.cut_off_at),
        laboratory_clocks::travel_minutes.eq(new.travel_minutes),
        laboratory_clocks::checkpoint_minutes.eq(new.checkpoint_minutes),
        laboratory_clocks::packing_minutes.eq(new.packing_minutes),
    );
    if clock(tx.conn, drive)?.is_none() {
        diesel::insert_into(laboratory_clocks::table)
            .values((laboratory_clocks::drive.eq(drive), values))
            .execute(tx.conn)?;
        return Ok(true);
    }
    let row = laboratory_clocks::table.find(drive.0).filter(laboratory_clocks::arrived_at.is_null());
    Ok(diesel::update(row).set(values).execute(tx.conn)? == 1)
}

pub fn arrived(tx: &mut Tx, drive: DriveId, at: Moment) -> Result<bool> {
    let row = laboratory_clocks::table.find(drive.0).filter(laboratory_clocks::arrived_at.is_null());
    Ok(diesel::update(row).set(laboratory_clocks::arrived_at.eq(at.naive_utc())).execute(tx.conn)? == 1)
}

/// The donations of a drive and when their needles were drawn out.
pub fn donations_of(conn: &mut Conn, drive: DriveId) -> Result<Vec<(DonationId, NaiveDateTime)>> {
    Ok(donations::table
        .filter(donations::drive.eq(drive))
        .order(donations::id)
        .select((donations::id, donations::collected_at))
        .load(conn)?)
}

/// Donor and moment of a donation.
pub fn donation(conn: &mut Conn, id: DonationId) -> Result<(DonorId, NaiveDateTime)> {
    Ok(donations::table.find(id.0).select((donations::donor, donations::collected_at)).first(conn)?)
}

/// A reaction, with whoever had it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Reaction {
    pub id: ReactionId,
    pub visit: VisitId,
    pub donor: DonorId,
    pub kind: ReactionKind,
    pub grade: ReactionGrade,
    pub began_at: NaiveDateTime,
    pub call_on: NaiveDate,
    pub called_at: Option<NaiveDateTime>,
}

pub fn insert_reaction(
    tx: &mut Tx,
    visit: VisitId,
    (kind, grade, began_at): (ReactionKind, ReactionGrade, Moment),
    call_on: NaiveDate,
    by: UserId,
) -> Result<ReactionId> {
    let id = ReactionId(tx.id());
    diesel::insert_into(reactions::table)
        .values((
            reactions::id.eq(id),
            reactions::visit.eq(visit),
            reactions::kind.eq(kind),
            reactions::grade.eq(grade),
            reactions::began_at.eq(began_at.naive_utc()),
            reactions::recorded_at.eq(tx.now.naive_utc()),
            reactions::recorded_by.eq(by),
            reactions::call_on.eq(call_on),
        ))
        .execute(tx.conn)?;
    Ok(id)
}

macro_rules! reaction {
    () => {
        (
            reactions::id,
            reactions::visit,
            visits::donor,
            reactions::kind,
            reactions::grade,
            reactions::began_at,
            reactions::call_on,
            reactions::called_at,
        )
    };
}

/// The reactions at a drive after `after`, oldest first.
pub fn reactions_of(conn: &mut Conn, drive: DriveId, after: i64, limit: i64) -> Result<Vec<Reaction>> {
    Ok(reactions::table
        .inner_join(visits::table)
        .filter(visits::drive.eq(drive))
        .filter(reactions::id.gt(after))
        .order(reactions::id)
        .limit(limit)
        .select(reaction!())
        .load(conn)?)
}

pub fn reaction(conn: &mut Conn, id: ReactionId) -> Result<(Reaction, DriveId)> {
    Ok(reactions::table
        .inner_join(visits::table)
        .filter(reactions::id.eq(id))
        .select((reaction!(), visits::drive))
        .first(conn)?)
}

/// Notes that somebody was called; whether nobody had been.
pub fn called(tx: &mut Tx, id: ReactionId, by: UserId) -> Result<bool> {
    let called = diesel::update(reactions::table.find(id.0).filter(reactions::called_at.is_null()))
        .set((reactions::called_at.eq(tx.now.naive_utc()), reactions::called_by.eq(by)))
        .execute(tx.conn)?;
    Ok(called == 1)
}

/// How a donation went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Course {
    pub din: Din,
    pub given_on: NaiveDate,
    /// Absent of a donation that was recorded without a visit: nobody could say.
    pub had_reaction: Option<bool>,
}

/// The donations of a donor's records, oldest first.
pub fn courses(conn: &mut Conn, records: &[DonorId]) -> Result<Vec<Course>> {
    let rows: Vec<(Din, NaiveDate, Option<i64>, Option<i64>)> = on_each!(conn => c, donations::table
        .left_join(collections::table.on(collections::donation.eq(donations::id.nullable())))
        .left_join(reactions::table.on(reactions::visit.eq(collections::visit)))
        .filter(donations::donor.eq_any(records))
        .order(donations::id)
        .select((
            donations::din,
            donations::given_on,
            collections::visit.nullable(),
            reactions::id.nullable(),
        ))
        .load(c))?;
    let mut courses: Vec<Course> = Vec::with_capacity(rows.len());
    for (din, given_on, visit, reaction) in rows {
        let had_reaction = visit.map(|_| reaction.is_some());
        // Several reactions of one visit are several rows.
        if courses.last().is_none_or(|last| last.din != din) {
            courses.push(Course { din, given_on, had_reaction });
        }
    }
    Ok(courses)
}
