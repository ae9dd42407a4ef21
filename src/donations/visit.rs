//! Somebody who came to a drive, from the door to the way home.
//!
//! The donor says name and birth date and a document is seen, at the door and again at the bed: that it was so is
//! recorded, not what was said. The rules are asked anew at the door and in screening. A refusal is `left` and stands
//! nowhere else; what the donor says of the use of the blood is sealed, and changes no answer.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AppointmentId, DecisionId, DonorId, DriveId, VisitId};
use shiryan_kernel::status::{DonorStatus, VisitState};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

pub use super::store::visits::Visit;
use super::store::visits::{self, NewVisit};
use super::{Desk, rules, thanks};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::donors;
use crate::drives::{self, DriveDay};
use crate::eligibility::{self, Decision, DonorFacts, Outcome};
use crate::vault::Place;

/// How long a donor is watched after the needle.
pub const WATCHED: Duration = Duration::minutes(15);

/// Somebody who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewCheckIn {
    pub drive: DriveId,
    pub donor: DonorId,
    /// As booked, else the drive's first, when absent.
    pub given: Option<DonationType>,
    /// When it was, for what is entered late; now when absent.
    pub at: Option<Moment>,
}

/// Somebody who came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedIn {
    pub id: VisitId,
    /// The appointment that was kept; absent of whoever came unannounced by the lane.
    pub appointment: Option<AppointmentId>,
    pub donation_type: DonationType,
    /// Whether the rules let the donor give today, by what is known at the door. Why not is told where it may be.
    pub may_go_on: bool,
}

/// Where a visit stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stood {
    pub id: VisitId,
    pub state: VisitState,
}

/// A visit in the record of changes.
pub(super) const VISIT: audit::Thing =
    audit::Thing { name: "visit", tables: &[("visits", "id"), ("collections", "visit")] };

/// Lets somebody in at a drive.
///
/// # Errors
/// `not_found` of a drive or a donor outside the scope; `drive_closed` of one that does not take place or is done;
/// `out_of_range` of `at` on another civil day or to come; `donor_unbookable`; `state_conflict` with the fact `state` of
/// somebody who is there; `type_not_collected`; `drive_full`.
pub fn check_in(tx: &mut Tx, desk: Desk<'_>, by: &Principal, new: NewCheckIn) -> Result<CheckedIn> {
    let drive = drives::day_of(tx.conn, by, new.drive)?;
    let at = on_the_day(desk, &drive, new.at, tx.now, "at")?;
    let held = drives::hold(tx.conn, by, new.donor)?;
    let is_there = matches!(held.status, DonorStatus::Active | DonorStatus::Paused);
    if !is_there || held.merged_into.is_some() {
        return Err(Problem::new(Code::DonorUnbookable));
    }
    let records = donors::records_of(tx.conn, new.donor, None)?.all;
    if let Some(state) = visits::standing(tx.conn, new.drive, &records)? {
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    let admitted = drives::admit(tx, desk.vault, by, new.drive, &held, new.given, at)?;
    let (decision, _, kept) = decide(tx, desk, by, new.donor, admitted.given, desk.zone.date(at))?;
    let id = VisitId(tx.id());
    let visit = NewVisit {
        id,
        drive: new.drive,
        donor: new.donor,
        appointment: admitted.appointment,
        given: admitted.given,
        at,
        by: by.user,
        decision: kept,
    };
    let came_before = visits::were_there(tx.conn, new.drive, &records)?;
    visits::insert(tx.conn, &visit)?;
    if !came_before {
        thanks::queue(tx, desk.vault, &visit, drive.ends_at)?;
    }
    let line = Line::new(Some(by.user), "donations.checked_in").on(id).with("drive", new.drive);
    audit::made(&VISIT, id.0).record(tx, desk.vault, line.with("donor", new.donor))?;
    feed::append(tx, "visit", id.0, VisitState::CheckedIn.code())?;
    Ok(CheckedIn {
        id,
        appointment: admitted.appointment,
        donation_type: admitted.given,
        may_go_on: decision.outcome == Outcome::Eligible,
    })
}

/// The moment that is told, else now: on the drive's civil day, and not to come.
pub(super) fn on_the_day(
    desk: Desk<'_>,
    drive: &DriveDay,
    told: Option<Moment>,
    now: Moment,
    field: &str,
) -> Result<Moment> {
    let at = told.unwrap_or(now);
    if at > now || desk.zone.date(at) != desk.zone.date(drive.starts_at) {
        return Err(Problem::field(field, Code::OutOfRange));
    }
    Ok(at)
}

/// Whether the donor may give on a day, by all that is known now; the decision is kept.
pub(super) fn decide(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    donor: DonorId,
    given: DonationType,
    on: NaiveDate,
) -> Result<(Decision, DonorFacts, DecisionId)> {
    let facts = eligibility::facts_of(tx.conn, desk.vault, desk.book, donor, None)?;
    let decision = eligibility::decide(desk.book.in_force(on)?, desk.book.catalogue(), &facts, given, on);
    let kept = eligibility::keep_decision(tx, desk.vault, by.user, donor, &decision, &facts)?;
    Ok((decision, facts, kept))
}

/// A visit to a drive that the caller runs, and the drive.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn get(conn: &mut Conn, by: &Principal, id: VisitId) -> Result<(Visit, DriveDay)> {
    let visit = visits::get(conn, id)?;
    let drive = drives::day_of(conn, by, visit.drive)?;
    Ok((visit, drive))
}

/// A visit to a drive that the caller runs and whose day is not over, and the drive.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `drive_closed` of one that is done or called off.
pub(super) fn open(conn: &mut Conn, by: &Principal, id: VisitId) -> Result<(Visit, DriveDay)> {
    let (visit, drive) = get(conn, by, id)?;
    if drive.status.is_over() { Err(Problem::new(Code::DriveClosed)) } else { Ok((visit, drive)) }
}

pub(super) fn conflict(state: VisitState) -> Problem {
    Problem::new(Code::StateConflict).with("state", state)
}

/// Where what the donor says of the use of the blood is kept.
pub(super) const fn answer_of(id: VisitId) -> Place {
    Place::of("visits", "answer", id.0)
}

/// Notes that the donor agreed to give, in private and before the needle, and what is to become of the blood.
///
/// # Errors
/// As [`leave`], of a visit that is not fit.
pub fn consent(tx: &mut Tx, desk: Desk<'_>, by: &Principal, id: VisitId, use_it: bool) -> Result<Stood> {
    let (visit, _) = open(tx.conn, by, id)?;
    if visit.state != VisitState::Fit {
        return Err(conflict(visit.state));
    }
    let known = donors::known(tx.conn, desk.vault, visit.donor)?;
    let answer = known.key.seal_text(answer_of(id), if use_it { rules::USE } else { rules::DO_NOT_USE });
    let now = tx.now;
    let seen = audit::seen(tx.conn, desk.vault, &VISIT, id.0)?;
    if !visits::consented(tx, &visit, answer, now)? {
        return Err(conflict(visits::get(tx.conn, id)?.state));
    }
    seen.record(tx, desk.vault, Line::new(Some(by.user), "donations.consented").on(id))?;
    feed::append(tx, "visit", id.0, VisitState::Ready.code())?;
    Ok(Stood { id, state: VisitState::Ready })
}

/// Notes that somebody went without giving; why is asked of nobody.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `drive_closed` of a day that is over;
/// `state_conflict` with the fact `state` of a visit that has ended.
pub fn leave(tx: &mut Tx, desk: Desk<'_>, by: &Principal, id: VisitId) -> Result<Stood> {
    let (visit, _) = open(tx.conn, by, id)?;
    let now = tx.now;
    let seen = audit::seen(tx.conn, desk.vault, &VISIT, id.0)?;
    if visit.state.is_ended() || !visits::end(tx, &visit, VisitState::Left, now)? {
        return Err(conflict(visits::get(tx.conn, id)?.state));
    }
    seen.record(tx, desk.vault, Line::new(Some(by.user), "donations.left").on(id))?;
    feed::append(tx, "visit", id.0, VisitState::Left.code())?;
    Ok(Stood { id, state: VisitState::Left })
}

/// When somebody went home.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Departed {
    pub id: VisitId,
    pub departed_at: DateTime<Utc>,
}

/// When the rest of somebody who gave is over; none of somebody who did not.
///
/// # Errors
/// As any read.
pub fn rests_until(conn: &mut Conn, visit: &Visit) -> Result<Option<Moment>> {
    Ok(visits::drawn_at(conn, visit.id)?.map(|at| at.and_utc() + WATCHED))
}

/// Notes that somebody who gave went home, fifteen minutes after the needle at the earliest.
///
/// # Errors
/// As [`leave`], of a visit that ended otherwise; `state_conflict` with the fact `until` before the rest is over and of
/// somebody who has gone; `out_of_range` of `at`.
pub fn depart(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    id: VisitId,
    at: Option<Moment>,
) -> Result<Departed> {
    let (visit, _) = open(tx.conn, by, id)?;
    let drawn_at = visits::drawn_at(tx.conn, id)?.ok_or_else(|| conflict(visit.state))?;
    let at = at.unwrap_or(tx.now);
    if at > tx.now {
        return Err(Problem::field("at", Code::OutOfRange));
    }
    let until = drawn_at.and_utc() + WATCHED;
    if at < until {
        return Err(Problem::new(Code::StateConflict).with("until", until.to_rfc3339()));
    }
    let seen = audit::seen(tx.conn, desk.vault, &VISIT, id.0)?;
    if !visits::departed(tx, &visit, at)? {
        return Err(Problem::new(Code::StateConflict).with("state", "departed"));
    }
    seen.record(tx, desk.vault, Line::new(Some(by.user), "donations.departed").on(id))?;
    feed::append(tx, "visit", id.0, "departed")?;
    Ok(Departed { id, departed_at: at })
}

/// Those who came to a drive after `after`, in the order in which they came.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn visits_of(
    conn: &mut Conn,
    by: &Principal,
    drive: DriveId,
    after: i64,
    limit: i64,
) -> Result<Vec<Visit>> {
    drives::day_of(conn, by, drive)?;
    visits::of(conn, drive, after, limit)
}
