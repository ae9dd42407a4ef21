//! The day of a drive as a whole: what must be ready, numbers, the way to the laboratory, the counts, and its end.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::Component;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{AppointmentId, BloodUnitId, DonorId, DriveId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{AppointmentStatus, DinState, Drawn, MoveReason, UnitStatus, VisitState};
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::Desk;
use super::rules::day::{self, Way};
use super::store::visits::{self, Clock};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::donors::{self, Identity, Opening};
use crate::{drives, stock};

/// The most numbers that are handed out at once.
pub const MOST_DINS: u32 = 500;
/// Below this, what came of a drive is told to nobody but those who ran it.
pub const LEAST_TOLD: i64 = 20;

/// A drive that something was recorded of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Done {
    pub drive: DriveId,
}

fn open(conn: &mut Conn, by: &Principal, id: DriveId) -> Result<drives::DriveDay> {
    let day = drives::day_of(conn, by, id)?;
    if day.status.is_over() { Err(Problem::new(Code::DriveClosed)) } else { Ok(day) }
}

/// A drive's preparations in the record of changes.
const PREPARED: audit::Thing = audit::Thing { name: "preparations", tables: &[("preparations", "drive")] };

/// Records who the physician on call is and that the haemoglobin meter was controlled today.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `drive_closed`; `unknown_reference` of a `physician`
/// who is none.
pub fn prepare(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    id: DriveId,
    (physician, meter, passed): (UserId, &ShortCode, bool),
) -> Result<Done> {
    open(tx.conn, by, id)?;
    let acts = accounts::stand_in(tx.conn, physician)?;
    if acts.is_none_or(|(principal, _)| principal.role != Role::Physician) {
        return Err(Problem::field("physician", Code::UnknownReference));
    }
    let seen = audit::seen(tx.conn, desk.vault, &PREPARED, id.0)?;
    visits::insert_preparation(tx, id, (physician, meter.as_str(), passed), by.user)?;
    let line = Line::new(Some(by.user), "donations.prepared").on(id).with("physician", physician);
    seen.record(tx, desk.vault, line.with("passed", passed))?;
    feed::append(tx, "drive", id.0, "prepared")?;
    Ok(Done { drive: id })
}

/// Whether the day is prepared: a physician on call, and a meter that passed that day.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn is_prepared(conn: &mut Conn, zone: Zone, by: &Principal, id: DriveId) -> Result<bool> {
    let drive = drives::day_of(conn, by, id)?;
    visits::is_prepared(conn, id, zone.start_of(zone.date(drive.starts_at)))
}

/// A drive's numbers in the record of changes.
const DINS: audit::Thing = audit::Thing { name: "drive_dins", tables: &[("drive_dins", "drive")] };

/// Hands out numbers to a drive: `count` of them from `first` on.
///
/// # Errors
/// As [`prepare`]; `out_of_range` of `count`; `din_used` of a block that touches a number which is handed out or used.
pub fn hand_out(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    id: DriveId,
    (first, count): (Din, u32),
) -> Result<Done> {
    open(tx.conn, by, id)?;
    let dins = day::block(&first, count)?;
    if visits::first_known(tx.conn, &dins)?.is_some() {
        return Err(Problem::new(Code::DinUsed).about("first", Code::DinUsed));
    }
    let seen = audit::seen(tx.conn, desk.vault, &DINS, id.0)?;
    visits::insert_dins(tx, id, &dins, by.user)?;
    let line = Line::new(Some(by.user), "donations.dins_handed_out").on(id).with("count", count);
    seen.record(tx, desk.vault, line)?;
    feed::append(tx, "drive", id.0, "dins")?;
    Ok(Done { drive: id })
}

/// Notes that a number is spoilt: a label torn, a bag broken.
///
/// # Errors
/// As [`prepare`]; `unknown_reference` of a number that the drive was not handed; `state_conflict` with the fact `state`
/// of one that is used or spoilt.
pub fn spoil(tx: &mut Tx, desk: Desk<'_>, by: &Principal, id: DriveId, din: &Din) -> Result<Done> {
    open(tx.conn, by, id)?;
    let seen = audit::seen(tx.conn, desk.vault, &DINS, id.0)?;
    if !visits::end_din(tx, id, din, DinState::Spoilt)? {
        return Err(match visits::din_state(tx.conn, id, din)? {
            Some(state) => Problem::new(Code::StateConflict).with("state", state),
            None => Problem::field("din", Code::UnknownReference),
        });
    }
    let line = Line::new(Some(by.user), "donations.din_spoilt").on(id).with("din", din.as_str());
    seen.record(tx, desk.vault, line)?;
    feed::append(tx, "drive", id.0, "dins")?;
    Ok(Done { drive: id })
}

/// The numbers of a drive after `after`, in their order.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn numbers(
    conn: &mut Conn,
    by: &Principal,
    id: DriveId,
    after: &str,
    limit: i64,
) -> Result<Vec<(Din, DinState)>> {
    drives::day_of(conn, by, id)?;
    visits::dins(conn, id, after, limit)
}

/// When the laboratory takes no more, and what follows for the drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LaboratoryClock {
    pub cut_off_at: DateTime<Utc>,
    pub travel_minutes: i32,
    /// What a checkpoint takes on nine days of ten.
    pub checkpoint_minutes: i32,
    pub packing_minutes: i32,
    /// When the box leaves at the latest.
    pub leave_by: DateTime<Utc>,
    /// When the last needle goes in at the latest, half an hour at the bed included.
    pub last_needle_by: DateTime<Utc>,
    pub arrived_at: Option<DateTime<Utc>>,
}

fn shown(clock: &Clock) -> LaboratoryClock {
    let way = Way {
        travel: Duration::minutes(clock.travel_minutes.into()),
        checkpoint: Duration::minutes(clock.checkpoint_minutes.into()),
        packing: Duration::minutes(clock.packing_minutes.into()),
    };
    let cut_off_at = clock.cut_off_at.and_utc();
    LaboratoryClock {
        cut_off_at,
        travel_minutes: clock.travel_minutes,
        checkpoint_minutes: clock.checkpoint_minutes,
        packing_minutes: clock.packing_minutes,
        leave_by: way.leave_by(cut_off_at),
        last_needle_by: way.last_needle_by(cut_off_at),
        arrived_at: clock.arrived_at.map(|at| at.and_utc()),
    }
}

/// A drive's clock in the record of changes.
const CLOCK: audit::Thing =
    audit::Thing { name: "laboratory_clock", tables: &[("laboratory_clocks", "drive")] };

/// Says when the laboratory takes no more.
///
/// # Errors
/// As [`prepare`]; `out_of_range` of a cut-off before the drive begins or more than two days after it, and of minutes;
/// `state_conflict` once the box has arrived.
pub fn set_clock(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    id: DriveId,
    (cut_off_at, [travel_minutes, checkpoint_minutes, packing_minutes]): (Moment, [i32; 3]),
) -> Result<LaboratoryClock> {
    let drive = open(tx.conn, by, id)?;
    day::check_clock((drive.starts_at, cut_off_at), [travel_minutes, checkpoint_minutes, packing_minutes])?;
    let clock = Clock {
        cut_off_at: cut_off_at.naive_utc(),
        travel_minutes,
        checkpoint_minutes,
        packing_minutes,
        arrived_at: None,
    };
    let seen = audit::seen(tx.conn, desk.vault, &CLOCK, id.0)?;
    if !visits::set_clock(tx, id, &clock)? {
        return Err(Problem::new(Code::StateConflict).with("state", "arrived"));
    }
    seen.record(tx, desk.vault, Line::new(Some(by.user), "donations.clock_set").on(id))?;
    feed::append(tx, "drive", id.0, "clock")?;
    Ok(shown(&clock))
}

/// When the laboratory takes no more.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit, and while nobody has said.
pub fn clock(conn: &mut Conn, by: &Principal, id: DriveId) -> Result<LaboratoryClock> {
    drives::day_of(conn, by, id)?;
    visits::clock(conn, id)?.as_ref().map(shown).ok_or_else(|| Problem::new(Code::NotFound))
}

/// A box that reached the laboratory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Arrival {
    pub drive: DriveId,
    pub arrived_at: DateTime<Utc>,
    /// Whether it came after the cut-off: of its whole blood red cells alone are made.
    pub is_late: bool,
    /// Units that can no longer be used: they are stopped.
    pub stopped: Vec<TooLate>,
}

/// A unit that came too late for what it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TooLate {
    pub unit: BloodUnitId,
    pub component: Component,
}

/// Takes a drive's box in at the laboratory; what came too late for platelets or plasma is stopped and named.
///
/// # Errors
/// `not_found`, also while nobody has set the clock; `state_conflict` of one that has arrived; `out_of_range` of a moment
/// before the drive or to come.
pub fn arrive(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    id: DriveId,
    at: Option<Moment>,
) -> Result<Arrival> {
    let drive = drives::day_of(tx.conn, by, id)?;
    let clock = visits::clock(tx.conn, id)?.ok_or_else(|| Problem::new(Code::NotFound))?;
    let at = at.unwrap_or(tx.now);
    if at > tx.now || at < drive.starts_at {
        return Err(Problem::field("arrived_at", Code::OutOfRange));
    }
    let seen = audit::seen(tx.conn, desk.vault, &CLOCK, id.0)?;
    if !visits::arrived(tx, id, at)? {
        return Err(Problem::new(Code::StateConflict).with("state", "arrived"));
    }
    let cut_off = clock.cut_off_at.and_utc();
    let mut stopped = Vec::new();
    for (donation, collected_at) in visits::donations_of(tx.conn, id)? {
        for unit in stock::units_of_donation(tx.conn, donation)? {
            let is_too_late = day::is_too_late(unit.component, collected_at.and_utc(), (cut_off, at));
            if is_too_late && unit.status == UnitStatus::Quarantine {
                stock::block_standing(tx, desk.vault, Some(by.user), unit.id, MoveReason::OutOfTemperature)?;
                stopped.push(TooLate { unit: unit.id, component: unit.component });
            }
        }
    }
    let line = Line::new(Some(by.user), "donations.box_arrived").on(id).with("stopped", stopped.len());
    seen.record(tx, desk.vault, line)?;
    feed::append(tx, "drive", id.0, "arrived")?;
    Ok(Arrival { drive: id, arrived_at: at, is_late: at > cut_off, stopped })
}

/// How a drive's day stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Board {
    /// Appointments whose holders have not come.
    pub expected: i64,
    /// Everybody who came.
    pub came: i64,
    pub at_the_door: i64,
    /// Fit, and ready for the needle.
    pub fit: i64,
    pub donated: i64,
    /// Of those, too little or nothing of use.
    pub short: i64,
    pub deferred: i64,
    pub left: i64,
    pub dins_handed_out: i64,
    pub dins_used: i64,
    pub dins_spoilt: i64,
}

impl Board {
    /// Visits that have not ended.
    const fn open_visits(self) -> i64 {
        self.at_the_door + self.fit
    }

    /// Numbers that are neither used nor spoilt.
    const fn open_dins(self) -> i64 {
        self.dins_handed_out - self.dins_used - self.dins_spoilt
    }
}

/// How the day stands, for those who run it.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn board(conn: &mut Conn, by: &Principal, id: DriveId) -> Result<Board> {
    drives::day_of(conn, by, id)?;
    count(conn, id)
}

fn count(conn: &mut Conn, id: DriveId) -> Result<Board> {
    let visits_by = visits::counts(conn, id)?;
    let of = |wanted: VisitState| visits_by.iter().find(|(state, _)| *state == wanted).map_or(0, |(_, n)| *n);
    let drawn = visits::drawn(conn, id)?;
    let dins = visits::din_counts(conn, id)?;
    let dins_of = |wanted: DinState| dins.iter().find(|(state, _)| *state == wanted).map_or(0, |(_, n)| *n);
    Ok(Board {
        expected: drives::expected(conn, id)?,
        came: visits_by.iter().map(|(_, n)| *n).sum(),
        at_the_door: of(VisitState::CheckedIn),
        fit: of(VisitState::Fit) + of(VisitState::Ready),
        donated: of(VisitState::Donated),
        short: drawn.iter().filter(|(outcome, _)| *outcome != Drawn::Complete).map(|(_, n)| *n).sum(),
        deferred: of(VisitState::Deferred),
        left: of(VisitState::Left),
        dins_handed_out: dins.iter().map(|(_, n)| *n).sum(),
        dins_used: dins_of(DinState::Used),
        dins_spoilt: dins_of(DinState::Spoilt),
    })
}

/// What came of a drive that is done, for those who did not run it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CameOf {
    /// `under_20`: too few came to tell more.
    pub told: ToldOf,
    pub came: Option<i64>,
    /// Of use.
    pub collected: Option<i64>,
    /// Deferred, left, or too little: one figure.
    pub not_collected: Option<i64>,
}

shiryan_kernel::word! {
    /// Whether figures are told.
    pub enum ToldOf {
        Told = "told",
        Under20 = "under_20",
    }
}

/// What came of a drive that is done.
///
/// # Errors
/// `not_found` of a drive outside the scope, or that is not done.
pub fn came_of(conn: &mut Conn, by: &Principal, id: DriveId) -> Result<CameOf> {
    let drive = drives::day_of(conn, by, id)?;
    if drive.status != shiryan_kernel::status::DriveStatus::Done {
        return Err(Problem::new(Code::NotFound));
    }
    let board = count(conn, id)?;
    if board.came < LEAST_TOLD {
        return Ok(CameOf { told: ToldOf::Under20, came: None, collected: None, not_collected: None });
    }
    let collected = board.donated - board.short;
    Ok(CameOf {
        told: ToldOf::Told,
        came: Some(board.came),
        collected: Some(collected),
        not_collected: Some(board.came - collected),
    })
}

/// A day that was closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ClosedOut {
    pub drive: DriveId,
    pub came: i64,
    pub donated: i64,
    pub deferred: i64,
    pub left: i64,
    /// Holders of appointments who did not come.
    pub no_shows: usize,
}

/// Closes the day of a drive: everybody who came donated, was deferred or left, and each number that was handed out is
/// used or spoilt. Whoever did not come is noted.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `drive_closed` of one that is over, or has not begun;
/// `not_balanced` with how many visits and numbers are open. Nothing is made up to balance it.
pub fn close_out(tx: &mut Tx, desk: Desk<'_>, by: &Principal, id: DriveId) -> Result<ClosedOut> {
    let drive = open(tx.conn, by, id)?;
    if tx.now < drive.starts_at {
        return Err(Problem::new(Code::DriveClosed));
    }
    let no_shows = drives::finish(tx, desk.vault, by, id)?;
    let board = count(tx.conn, id)?;
    if board.open_visits() != 0 || board.open_dins() != 0 {
        return Err(Problem::new(Code::NotBalanced)
            .with("open_visits", board.open_visits())
            .with("open_dins", board.open_dins()));
    }
    let Board { came, donated, deferred, left, .. } = board;
    let line = Line::new(Some(by.user), "donations.closed_out").on(id).with("came", came);
    audit::record(tx, desk.vault, &line)?;
    feed::append(tx, "drive", id.0, "closed_out")?;
    Ok(ClosedOut { drive: id, came, donated, deferred, left, no_shows })
}

/// A line of the list of those who are expected.
#[derive(Debug, Clone)]
pub struct Expected {
    pub appointment: AppointmentId,
    pub donor: DonorId,
    pub starts_at: Moment,
    pub status: AppointmentStatus,
    pub identity: Identity,
}

impl Expected {
    /// Where a page ends.
    #[must_use]
    pub fn key(&self) -> (NaiveDateTime, i64) {
        (self.starts_at.naive_utc(), self.appointment.0)
    }
}

/// Those who are expected after `after`, by start, with who they are: each opening is recorded.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `too_many_requests` past the day's openings;
/// `identity_damaged`.
pub fn roster(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    id: DriveId,
    opening: Opening,
    after: Option<(NaiveDateTime, i64)>,
    limit: i64,
) -> Result<Vec<Expected>> {
    let rows = drives::bookings(tx.conn, desk.zone, by, id, false, after, limit)?;
    let mut found = Vec::new();
    for row in rows {
        found.push(Expected {
            appointment: row.id,
            donor: row.donor,
            starts_at: row.starts_at,
            status: row.status,
            identity: donors::open_identity(tx, desk.vault, by, row.donor, opening)?,
        });
    }
    Ok(found)
}
