//! Standing orders: what a hospital asks for again and again for one patient (thalassaemia, dialysis).
//!
//! Each due day makes one ordinary request some days before, which then goes the way of every other: nothing is held
//! by the order itself, and what the order will ask for counts nowhere until the request is there. A day that nobody
//! made in time is left out and told, never asked for late. An order is not amended: it is ended, and another is made.

use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::ids::{RequestId, StandingOrderId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::{RequestState, StandingState, Urgency};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::{Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::rules::standing::{Cadence, DAYS_AHEAD, check_span};
use super::store::standing as rows;
use super::{NewRequest, Origin, Pseudonym, patient, put, rules, whose, within};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::{Place, Vault};

pub use rows::Row as StandingOrder;

/// Requests that are shown with an order.
const MOST_SHOWN: i64 = 31;

/// What a hospital asks for again and again.
#[derive(Debug, Clone)]
pub struct NewStanding {
    pub patient: Pseudonym,
    pub blood_group: Option<BloodGroup>,
    pub group_evidence: Option<GroupEvidence>,
    pub sex: Option<Sex>,
    pub age_band: Option<AgeBand>,
    pub component: Component,
    pub units: i32,
    /// What each unit must have.
    pub needs: Attributes,
    pub cadence: Cadence,
    /// The civil time of a due day at which the units are needed.
    pub due_at: NaiveTime,
    pub first_on: NaiveDate,
    pub last_on: NaiveDate,
    /// Days before a due day on which its request is made.
    pub days_ahead: i32,
    pub notes: Option<Note<500>>,
}

/// Where an order stands after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StandingStep {
    pub id: StandingOrderId,
    pub state: StandingState,
    /// The next day for which a request will be made.
    pub next_due_on: Option<NaiveDate>,
    /// Requests that the order made before and of which nothing was issued yet: they stand until they are cancelled.
    pub open: Vec<RequestId>,
}

/// A request that an order made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MadeRequest {
    pub id: RequestId,
    pub due_on: NaiveDate,
    pub state: RequestState,
}

/// An order with what is sealed of it.
#[derive(Debug)]
pub struct OpenedStanding {
    pub order: StandingOrder,
    pub patient: String,
    pub notes: Option<String>,
    /// The latest due day first, at most 31.
    pub requests: Vec<MadeRequest>,
}

impl StandingOrder {
    #[must_use]
    pub fn cadence(&self) -> Cadence {
        Cadence::from_row(self.every_days, self.weekdays)
    }

    /// The civil time of a due day.
    #[must_use]
    pub fn due_at(&self) -> NaiveTime {
        let seconds = u32::try_from(self.due_minute).unwrap_or(0).saturating_mul(60);
        NaiveTime::from_num_seconds_from_midnight_opt(seconds, 0).unwrap_or(NaiveTime::MIN)
    }

    /// The first due day from `from` on whose moment is still to come, with the day on which it is asked for.
    fn due_from(&self, from: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let due = self.cadence().due_from(from, (self.first_on, self.last_on))?;
        Some((due, plus_days(due, -i64::from(self.days_ahead))))
    }

    fn going_on(&self, from: NaiveDate) -> rows::Next {
        let due = self.due_from(from);
        rows::Next { state: due.map_or(StandingState::Ended, |_| StandingState::Active), due }
    }
}

/// Makes an order of the caller's own hospital.
///
/// # Errors
/// Every wrong field at once: `out_of_range` of `units`, `days_ahead`, `first_on`, `last_on` (also where no day of the span is
/// due any more), `invalid_value` of `group_evidence`; `state_conflict` where the patient has an order of the component that
/// goes on.
pub fn order(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    new: &NewStanding,
) -> Result<StandingStep> {
    let own = by.own_facility()?;
    let mut faults = Faults::none();
    if !(1..=rules::MOST_UNITS).contains(&new.units) {
        faults.add("units", Code::OutOfRange);
    }
    let (least, _, most) = DAYS_AHEAD;
    if !(least..=most).contains(&new.days_ahead) {
        faults.add("days_ahead", Code::OutOfRange);
    }
    faults.keep("needs", rules::needs(new.component, new.needs));
    let evidence = faults.keep("group_evidence", GroupEvidence::of(new.blood_group, new.group_evidence));
    let group_evidence = faults.give(evidence)?;
    check_span(new.first_on, new.last_on, zone.date(tx.now))?;
    let id = StandingOrderId(tx.id());
    let every_days = if let Cadence::Every(days) = new.cadence { Some(days) } else { None };
    let mut row = rows::Row {
        id,
        facility: own,
        blood_group: new.blood_group,
        group_evidence,
        sex: new.sex,
        age_band: new.age_band,
        component: new.component,
        units: new.units,
        needs: new.needs,
        every_days,
        weekdays: new.cadence.bits(),
        due_minute: minute_of(new.due_at),
        first_on: new.first_on,
        last_on: new.last_on,
        days_ahead: new.days_ahead,
        state: StandingState::Active,
        next_due_on: None,
        ask_on: None,
        made_at: tx.now.naive_utc(),
        made_by: by.user,
        changed_at: tx.now.naive_utc(),
        version: 1,
    };
    let (due, ask) = row
        .due_from(still_to_come(tx, zone, &row))
        .ok_or_else(|| Problem::field("last_on", Code::OutOfRange))?;
    (row.next_due_on, row.ask_on) = (Some(due), Some(ask));
    let sealed = rows::Sealed {
        patient: vault.house().seal_text(place("patient", id), new.patient.as_str()),
        patient_tag: patient::tag(vault, own, new.patient.as_str()),
        notes: new.notes.as_ref().map(|notes| vault.house().seal_text(place("notes", id), notes.as_str())),
    };
    rows::insert(tx, row, sealed)?;
    audit::made(&STANDING, id.0).record(
        tx,
        vault,
        Line::new(Some(by.user), "requests.standing_ordered").on(id),
    )?;
    told(tx, id, StandingState::Active, Some(due))
}

/// What a hospital does with an order of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Pause,
    /// From the next due day on; days that passed are not made up for.
    Resume,
    End,
}

/// A standing order in the record of changes.
const STANDING: audit::Thing = audit::Thing { name: "standing_order", tables: &[("standing_orders", "id")] };

/// Pauses, resumes or ends an order of the own hospital. Requests that it made stand, and are named.
///
/// # Errors
/// `not_found` of another hospital's; `state_conflict` (with `state`) where it does not stand so.
pub fn turn(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    id: StandingOrderId,
    turn: Turn,
) -> Result<StandingStep> {
    let order = in_reach(tx.conn, by, id)?;
    let still = |state| rows::Next { state, due: None };
    let (next, action) = match (turn, order.state) {
        (Turn::Pause, StandingState::Active) => (still(StandingState::Paused), "requests.standing_paused"),
        (Turn::Resume, StandingState::Paused) => {
            // A day for which a request was made before the pause is not due again.
            let made = rows::made(tx.conn, id, 1)?.into_iter().find_map(|(_, due_on, _)| due_on);
            let from = still_to_come(tx, zone, &order);
            let from = made.map_or(from, |made| from.max(plus_days(made, 1)));
            (order.going_on(from), "requests.standing_resumed")
        }
        (Turn::End, StandingState::Active | StandingState::Paused) => {
            (still(StandingState::Ended), "requests.standing_ended")
        }
        _ => return Err(conflict(order.state)),
    };
    let seen = audit::seen(tx.conn, vault, &STANDING, id.0)?;
    if !rows::go(tx, &order, next)? {
        return Err(conflict(rows::row(tx.conn, id)?.state));
    }
    seen.record(tx, vault, Line::new(Some(by.user), action).on(id))?;
    told(tx, id, next.state, next.due.map(|(due, _)| due))
}

/// Orders after `after`, oldest first: a hospital's own, a blood bank's region's, a physician's all.
///
/// # Errors
/// As any read.
pub fn list(
    conn: &mut Conn,
    by: &Principal,
    state: Option<StandingState>,
    page: (i64, i64),
) -> Result<Vec<StandingOrder>> {
    let whose = whose(conn, by)?;
    rows::list(conn, &whose, state, page)
}

/// An order with its latest requests.
///
/// # Errors
/// `not_found` as [`super::look`]; `identity_damaged`.
pub fn look(conn: &mut Conn, vault: &Vault, by: &Principal, id: StandingOrderId) -> Result<OpenedStanding> {
    let order = in_reach(conn, by, id)?;
    let (patient, notes) = open(conn, vault, id)?;
    let made = rows::made(conn, id, MOST_SHOWN)?.into_iter();
    let requests = made.filter_map(|(id, due_on, state)| Some(MadeRequest { id, due_on: due_on?, state }));
    Ok(OpenedStanding { order, patient, notes, requests: requests.collect() })
}

/// Makes the requests that are to be made by now, at most one of an order and `at_most` in all, and moves each order on;
/// answers how many orders moved. Of two that do it at once, one makes the request.
///
/// # Errors
/// As any write.
pub fn make_due(tx: &mut Tx, vault: &Vault, zone: Zone, at_most: i64) -> Result<usize> {
    let due = rows::due(tx.conn, zone.date(tx.now), at_most)?;
    for order in &due {
        make(tx, vault, zone, order)?;
    }
    Ok(due.len())
}

fn make(tx: &mut Tx, vault: &Vault, zone: Zone, order: &StandingOrder) -> Result<()> {
    let Some(due_on) = order.next_due_on else { return Ok(()) };
    let cells = match open(tx.conn, vault, order.id) {
        // It would keep all that wait behind it waiting.
        Err(problem) if problem.code == Code::IdentityDamaged => return set_aside(tx, vault, order),
        other => other?,
    };
    let next = order.going_on(plus_days(due_on, 1));
    let seen = audit::seen(tx.conn, vault, &STANDING, order.id.0)?;
    if !rows::go(tx, order, next)? {
        return Ok(());
    }
    feed::append(tx, "standing_order", order.id.0, next.state.code())?;
    let needed_at = zone.moment(due_on, order.due_at());
    if needed_at <= tx.now {
        let line = Line::new(None, "requests.standing_missed").on(order.id).with("due_on", due_on);
        return seen.record(tx, vault, line.alert()).map(drop);
    }
    let (patient, notes) = cells;
    let new = NewRequest {
        patient: Pseudonym::parse(&patient)?,
        blood_group: order.blood_group,
        group_evidence: Some(order.group_evidence),
        sex: order.sex,
        age_band: order.age_band,
        component: order.component,
        units: order.units,
        needs: order.needs,
        urgency: Urgency::Planned,
        needed_at: Some(needed_at),
        notes: notes.as_deref().map(Note::parse).transpose()?,
    };
    let origin = Origin::Standing { order: order.id, due_on };
    let needed = (needed_at, order.group_evidence);
    put(tx, vault, order.made_by, order.facility, &new, needed, origin).map(drop)
}

/// Pauses an order that does not open any more.
fn set_aside(tx: &mut Tx, vault: &Vault, order: &StandingOrder) -> Result<()> {
    let seen = audit::seen(tx.conn, vault, &STANDING, order.id.0)?;
    if rows::go(tx, order, rows::Next { state: StandingState::Paused, due: None })? {
        feed::append(tx, "standing_order", order.id.0, StandingState::Paused.code())?;
        seen.record(tx, vault, Line::new(None, "requests.standing_damaged").on(order.id).alert())?;
    }
    Ok(())
}

/// Seals patients (and tags them) and notes of at most `limit` orders after `after` under another root key; the last
/// of them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, hospital, cells) in rows::sealed_after(tx.conn, after, limit)? {
        last = Some(id.0);
        let patient = old.house().open_text(place("patient", id), &cells.patient);
        let again = rows::Sealed {
            patient_tag: patient::tag_again(new, id.0, hospital, patient),
            patient: new.reseal(old, place("patient", id), &cells.patient),
            notes: cells.notes.map(|notes| new.reseal(old, place("notes", id), &notes)),
        };
        rows::set_sealed(tx, id, &again)?;
    }
    Ok(last)
}

/// Patient and notes.
fn open(conn: &mut Conn, vault: &Vault, id: StandingOrderId) -> Result<(String, Option<String>)> {
    let cells = rows::sealed(conn, id)?;
    let text = |column, cell: &[u8]| vault.house().open_text(place(column, id), cell);
    let notes = cells.notes.as_deref().map(|notes| text("notes", notes)).transpose()?;
    Ok((text("patient", &cells.patient)?, notes))
}

/// Today, or tomorrow where today's moment has passed.
fn still_to_come(tx: &Tx, zone: Zone, order: &StandingOrder) -> NaiveDate {
    let today = zone.date(tx.now);
    let is_over = zone.moment(today, order.due_at()) <= tx.now;
    if is_over { plus_days(today, 1) } else { today }
}

fn minute_of(time: NaiveTime) -> i32 {
    let seconds = (time - NaiveTime::MIN).num_seconds();
    i32::try_from(seconds / 60).unwrap_or(0)
}

/// An order that the caller may know of; any other is not there.
fn in_reach(conn: &mut Conn, by: &Principal, id: StandingOrderId) -> Result<StandingOrder> {
    let order = rows::row(conn, id)?;
    within(conn, by, order.facility)?;
    Ok(order)
}

fn told(
    tx: &mut Tx,
    id: StandingOrderId,
    state: StandingState,
    next_due_on: Option<NaiveDate>,
) -> Result<StandingStep> {
    feed::append(tx, "standing_order", id.0, state.code())?;
    let made = rows::made(tx.conn, id, MOST_SHOWN)?.into_iter();
    let open = made.filter(|(_, _, state)| rules::before_issue().contains(state)).map(|(id, ..)| id);
    Ok(StandingStep { id, state, next_due_on, open: open.collect() })
}

fn conflict(state: StandingState) -> Problem {
    Problem::new(Code::StateConflict).with("state", state)
}

const fn place(column: &'static str, id: StandingOrderId) -> Place {
    Place::of("standing_orders", column, id.0)
}
