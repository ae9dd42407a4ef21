//! Units held for a request, let go, and issued. Every step holds under read committed: the request's row is locked
//! first (with the patient's others, where they count together), then units in the order of their ids, each by one conditional statement.

use std::collections::BTreeSet;

use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::compat::{Caution, Titre};
use shiryan_kernel::ids::{BloodUnitId, EmergencyIssueId, FacilityId, RequestId, ReservationId, UserId};
use shiryan_kernel::status::{HoldEnd, RequestState, UnitStatus};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use super::candidates::is_cut_off;
use super::store::{self, Advance};
use super::{
    BloodRequest, Counts, REQUEST, Reservation, Share, Step, advance, conflict, go, in_reach, patient, rules,
    shares, told,
};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line, Seen};
use crate::db::{Conn, Tx, feed};
use crate::stock::{self, BloodUnit, Label};
use crate::vault::{Place, Vault};

/// Warned of beside the cautions of the tables: no road leads to the hospital.
const CUT_OFF: &str = "hospital_cut_off";

/// What is to be held for a request.
#[derive(Debug, Clone)]
pub struct NewHold {
    pub units: Vec<BloodUnitId>,
    /// How long, from the moment for which they are needed.
    pub hours: i64,
    /// Why, where something is warned of.
    pub reason: Option<Note<300>>,
}

/// Holds units of the caller's own shelf for a request that its blood bank took: all of them or none.
///
/// # Errors
/// `not_found`; `state_conflict` (with `state`) when the request is not accepted by the caller's blood bank;
/// `out_of_range` of `units` beyond what is `left` of what was asked for; `missing_field` of `reason` (with `warnings`) where
/// a unit is warned of for this patient or no road leads to the hospital; `group_unknown` past two O− red cells for
/// a patient whose group nobody knows, in all that the hospital asked for the patient. Of a unit, which is named:
/// `unknown_reference` when it is not on the shelf; `state_conflict` when it is not released; `unit_incompatible`;
/// `unit_expired` when it is not good at the moment for which it is needed.
pub fn reserve(tx: &mut Tx, vault: &Vault, by: &Principal, id: RequestId, new: &NewHold) -> Result<Step> {
    let request = in_reach(tx.conn, by, id)?;
    let asked = patient::lock(tx.conn, &request)?;
    let seen = of_units(tx.conn, vault, id, &new.units)?;
    advance(
        tx,
        by,
        &request,
        &[RequestState::Accepted, RequestState::Reserved],
        RequestState::Reserved,
        None,
    )?;
    let good_at = request.good_at(tx.now);
    let until = good_at + chrono::Duration::hours(new.hours);
    let held = Held { units: &new.units, until, emergency: None, reason: new.reason.as_ref() };
    let recipient = patient::recipient(tx.conn, &request, tx.now)?;
    let (component, by_policy) = (request.component, request.rhd_by.is_some());
    let taken = hold_units(tx, vault, by, &request, &held, |group, titre| {
        rules::fits(component, recipient, (group, titre), by_policy)
    })?;
    if rules::must_reassess(patient::o_negative(tx.conn, &asked, tx.now)?) {
        return Err(Problem::new(Code::GroupUnknown).about("units", Code::GroupUnknown));
    }
    let case = request.case(recipient);
    let mut warned: Vec<&str> = taken
        .iter()
        .flat_map(|unit| request.warnings(&case, unit, good_at))
        .map(Caution::code)
        .chain(is_cut_off(tx.conn, by.own_facility()?, &request, tx.now)?.then_some(CUT_OFF))
        .collect();
    warned.sort_unstable();
    warned.dedup();
    let warned = warned.join(" ");
    if !warned.is_empty() && new.reason.is_none() {
        return Err(Problem::field("reason", Code::MissingField).with("warnings", warned));
    }
    let wanted: Vec<BloodUnitId> = taken.iter().map(|unit| unit.id).collect();
    let line = Line::new(Some(by.user), "requests.reserved").on(id).with("units", &wanted);
    seen.record(tx, vault, if warned.is_empty() { line } else { line.with("warned", &warned) })?;
    told(tx, id, RequestState::Reserved, wanted)
}

/// A request and units in the record of changes.
pub(super) fn of_units(conn: &mut Conn, vault: &Vault, id: RequestId, units: &[BloodUnitId]) -> Result<Seen> {
    let seen = audit::seen(conn, vault, &REQUEST, id.0)?;
    Ok(seen.and(audit::seen_all(conn, vault, &stock::UNIT, units.iter().map(|unit| unit.0))?))
}

/// Units to be held.
#[derive(Debug)]
pub(super) struct Held<'a> {
    pub units: &'a [BloodUnitId],
    pub until: Moment,
    pub emergency: Option<EmergencyIssueId>,
    pub reason: Option<&'a Note<300>>,
}

/// Holds units for a request whose row is locked: all of them or none.
pub(super) fn hold_units(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    request: &BloodRequest,
    new: &Held<'_>,
    fits: impl Fn(BloodGroup, Titre) -> bool,
) -> Result<Vec<BloodUnit>> {
    let wanted = distinct(new.units)?;
    let held = shares(tx.conn, &[request.id])?;
    let now = tx.now;
    for stale in held.iter().filter(|share| share.hold.outcome.is_none() && !share.is_held(now)) {
        settle(tx, vault, &stale.hold, &stale.unit)?;
    }
    let left = Counts::of(request.units, &held, now).left();
    if wanted.len() > left {
        return Err(Problem::field("units", Code::OutOfRange).with("left", left));
    }
    let mut taken = Vec::with_capacity(wanted.len());
    for unit in wanted {
        let about = |problem| named(problem, new.units, unit);
        taken.push(hold_one(tx, vault, by, request, unit, &fits).map_err(about)?);
        let reservation = ReservationId(tx.id());
        let reason = new.reason.map(|why| vault.house().seal_text(reason_at(reservation), why.as_str()));
        let row = store::NewHoldRow {
            id: reservation,
            request: request.id,
            unit,
            by: by.user,
            until: new.until,
            emergency: new.emergency,
            reason,
        };
        store::insert_hold(tx, row).map_err(about)?;
    }
    Ok(taken)
}

/// Lets units go that are held for a request of the caller's blood bank.
///
/// # Errors
/// `not_found`; `state_conflict` (with `state`) when nothing is held; `unknown_reference` of a unit that is not.
pub fn free(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: RequestId,
    units: &[BloodUnitId],
) -> Result<Step> {
    let request = in_reach(tx.conn, by, id)?;
    let wanted = distinct(units)?;
    let seen = of_units(tx.conn, vault, id, units)?;
    advance(tx, by, &request, &[RequestState::Reserved], RequestState::Reserved, None)?;
    let held = shares(tx.conn, &[id])?;
    for unit in &wanted {
        let live = held.iter().find(|share| share.unit.id == *unit && share.hold.outcome.is_none());
        let live = live.ok_or_else(|| named(Problem::new(Code::NotFound), units, *unit))?;
        let_go(tx, vault, by, live)?;
    }
    let is_left = held.iter().any(|share| share.hold.outcome.is_none() && !wanted.contains(&share.unit.id));
    let state = if is_left { RequestState::Reserved } else { RequestState::Accepted };
    advance(tx, by, &request, &[RequestState::Reserved], state, None)?;
    let line = Line::new(Some(by.user), "requests.freed").on(id).with("units", &wanted);
    seen.record(tx, vault, line)?;
    told(tx, id, state, wanted.into_iter().collect())
}

/// Issues every unit that is held for a request of the caller's blood bank, to the hospital's blood bank. Where the labels of
/// the bags that leave were `scanned`, they are those of what is held, each once, and of nothing else.
///
/// # Errors
/// `not_found`; `state_conflict` (with `state`) when nothing is held. Of `scanned`: `unknown_reference` of a label that is not
/// held for this request, `invalid_value` of one that comes twice, `missing_field` (with `unit`) while one is not there. Of a
/// unit, which is named, with nothing issued: `state_conflict` when its time is up or something stopped it; `unit_expired`;
/// `second_person_required` while it is held for an emergency issue that nobody confirmed, and of what is warned of by one
/// of `second_for` from whoever held it.
pub fn issue(
    tx: &mut Tx,
    (vault, zone): (&Vault, Zone),
    by: &Principal,
    id: RequestId,
    second_for: &[Caution],
    scanned: Option<&[Label]>,
) -> Result<Step> {
    let request = in_reach(tx.conn, by, id)?;
    let seen = audit::seen(tx.conn, vault, &REQUEST, id.0)?;
    go(tx, by, &request, RequestState::Issued, None)?;
    if let Some(scanned) = scanned {
        compare(&shares(tx.conn, &[id])?, scanned)?;
    }
    agree(tx, by, &request, second_for)?;
    let (units, held) = issue_held(tx, vault, zone, (by.own_facility()?, by.user), id, None)?;
    let line = Line::new(Some(by.user), "requests.issued").on(id).with("units", &units);
    let line = if scanned.is_some() { line.with("way", "scanned") } else { line };
    seen.and(held).record(tx, vault, line)?;
    told(tx, id, RequestState::Issued, units)
}

/// Whether what was scanned is what is held.
fn compare(shares: &[Share], scanned: &[Label]) -> Result<()> {
    let held = || shares.iter().filter(|share| share.hold.outcome.is_none()).map(|share| &share.unit);
    let mut seen = BTreeSet::new();
    for (n, label) in scanned.iter().enumerate() {
        let code = match held().any(|unit| Label::of(unit) == *label) {
            false => Code::UnknownReference,
            true if !seen.insert(*label) => Code::InvalidValue,
            true => continue,
        };
        return Err(Problem::field(format!("scanned[{n}]"), code));
    }
    match held().find(|unit| !seen.contains(&Label::of(unit))) {
        Some(unit) => Err(Problem::field("scanned", Code::MissingField).with("unit", unit.id)),
        None => Ok(()),
    }
}

/// What is warned of and named in `second_for` is issued by another than who held it.
fn agree(tx: &mut Tx, by: &Principal, request: &BloodRequest, second_for: &[Caution]) -> Result<()> {
    let case = request.case(patient::recipient(tx.conn, request, tx.now)?);
    let good_at = request.good_at(tx.now);
    for share in shares(tx.conn, &[request.id])? {
        let Share { hold, unit, .. } = &share;
        if hold.outcome.is_some() {
            continue;
        }
        if request.warnings(&case, unit, good_at).iter().any(|caution| second_for.contains(caution)) {
            accounts::check_two_people(tx, hold.made_by, by.user)
                .map_err(|problem| problem.with("unit", unit.id))?;
        }
    }
    Ok(())
}

/// Hands out what is held for a request whose row is locked: all of the usual holds, or all of one emergency issue; which
/// units, and what they were.
pub(super) fn issue_held(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    (bank, by): (FacilityId, UserId),
    id: RequestId,
    emergency: Option<EmergencyIssueId>,
) -> Result<(Vec<BloodUnitId>, Seen)> {
    let mut live: Vec<Share> = shares(tx.conn, &[id])?;
    live.retain(|share| share.hold.outcome.is_none());
    live.sort_by_key(|share| share.unit.id);
    if live.is_empty() {
        return Err(conflict(RequestState::Accepted));
    }
    let seen = audit::seen_all(tx.conn, vault, &stock::UNIT, live.iter().map(|share| share.unit.id.0))?;
    for share in &live {
        let unit = share.unit.id;
        if tx.now >= share.hold.held_until() {
            let lapsed = Problem::new(Code::StateConflict).with("state", HoldEnd::Lapsed);
            return Err(lapsed.with("unit", unit));
        }
        if share.hold.emergency.is_some_and(|waits| emergency != Some(waits)) {
            return Err(Problem::new(Code::SecondPersonRequired).with("unit", unit));
        }
        stock::issue(tx, vault, zone, (bank, by), unit).map_err(|problem| problem.with("unit", unit))?;
        end(tx, &share.hold, HoldEnd::Issued)?;
    }
    Ok((live.iter().map(|share| share.unit.id).collect(), seen))
}

/// Ends holds whose time is up and holds on units that were stopped, at most `at_most` in one write, and brings
/// requests to where they stand then; answers how many holds.
///
/// # Errors
/// As any write.
pub fn end_stale(tx: &mut Tx, vault: &Vault, at_most: i64) -> Result<usize> {
    let stale = store::stale(tx.conn, tx.now, at_most)?;
    for (hold, unit) in &stale {
        settle(tx, vault, hold, unit)?;
    }
    for request in store::without_hold(tx.conn, at_most)? {
        by_itself(tx, request, RequestState::Reserved, RequestState::Accepted)?;
    }
    for request in store::settled(tx.conn, at_most)? {
        by_itself(tx, request, RequestState::Received, RequestState::Closed)?;
    }
    Ok(stale.len())
}

pub(super) fn by_itself(tx: &mut Tx, id: RequestId, from: RequestState, to: RequestState) -> Result<()> {
    if store::advance(tx, id, &[from], Advance { to, bank: None, refusal: None })? {
        feed::append(tx, "blood_request", id.0, to.code())?;
    }
    Ok(())
}

/// Lets go whatever is held for a request that ends; which units, and what they were.
pub(super) fn free_all(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: RequestId,
) -> Result<(Vec<BloodUnitId>, Seen)> {
    let mut live = shares(tx.conn, &[id])?;
    live.retain(|share| share.hold.outcome.is_none());
    live.sort_by_key(|share| share.unit.id);
    let seen = audit::seen_all(tx.conn, vault, &stock::UNIT, live.iter().map(|share| share.unit.id.0))?;
    for share in &live {
        let_go(tx, vault, by, share)?;
    }
    Ok((live.into_iter().map(|share| share.unit.id).collect(), seen))
}

fn let_go(tx: &mut Tx, vault: &Vault, by: &Principal, share: &Share) -> Result<()> {
    if share.unit.status != UnitStatus::Reserved {
        return end(tx, &share.hold, HoldEnd::UnitGone);
    }
    stock::free(tx, vault, Some(by.user), &share.unit)?;
    end(tx, &share.hold, HoldEnd::Freed)
}

/// Ends a hold that holds no more.
fn settle(tx: &mut Tx, vault: &Vault, hold: &Reservation, unit: &BloodUnit) -> Result<()> {
    if unit.status != UnitStatus::Reserved {
        return end(tx, hold, HoldEnd::UnitGone);
    }
    stock::free(tx, vault, None, unit)?;
    end(tx, hold, HoldEnd::Lapsed)
}

fn end(tx: &mut Tx, hold: &Reservation, outcome: HoldEnd) -> Result<()> {
    if store::end_hold(tx, hold.id, outcome)? { Ok(()) } else { Err(Problem::new(Code::StateConflict)) }
}

fn hold_one(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    request: &BloodRequest,
    unit: BloodUnitId,
    fits: impl Fn(BloodGroup, Titre) -> bool,
) -> Result<BloodUnit> {
    if let Some(hold) = store::live_hold(tx.conn, unit)? {
        let held = stock::unit(tx.conn, unit)?;
        let is_over = tx.now >= hold.held_until() || held.status != UnitStatus::Reserved;
        if is_over && by.facility == Some(held.facility) {
            settle(tx, vault, &hold, &held)?;
        }
    }
    let wanted = (request.component, request.good_at(tx.now), request.needs);
    stock::hold(tx, vault, by, unit, wanted, fits)
}

/// Seals the reasons of at most `limit` holds after `after` under another root key; the last of them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, reason) in store::reasons_after(tx.conn, after, limit)? {
        last = Some(id.0);
        store::set_reason(tx.conn, id, &new.reseal(old, reason_at(id), &reason))?;
    }
    Ok(last)
}

pub(super) const fn reason_at(id: ReservationId) -> Place {
    Place::of("reservations", "reason", id.0)
}

fn distinct(units: &[BloodUnitId]) -> Result<BTreeSet<BloodUnitId>> {
    let wanted: BTreeSet<BloodUnitId> = units.iter().copied().collect();
    if wanted.is_empty() {
        return Err(Problem::field("units", Code::OutOfRange));
    }
    if wanted.len() < units.len() {
        return Err(Problem::field("units", Code::InvalidValue));
    }
    Ok(wanted)
}

/// The problem of one unit of the list, told of it.
fn named(problem: Problem, units: &[BloodUnitId], unit: BloodUnitId) -> Problem {
    let place = units.iter().position(|named| *named == unit).unwrap_or_default();
    let field = format!("units[{place}]");
    match problem.code {
        Code::Busy | Code::Internal => problem,
        Code::NotFound => Problem::field(field, Code::UnknownReference).with("unit", unit),
        code => problem.about(field, code).with("unit", unit),
    }
}
