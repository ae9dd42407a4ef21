//! What a hospital's blood bank asks for, and the units it gets.
//!
//! A request goes to the blood banks of the hospital's own sharing region; one of them takes it, holds units of its
//! own shelf and issues them to the hospital's blood bank, never to a patient. A unit is held for one request at a
//! time, for a while; a unit that does not fit, is past its date or stands anywhere but on the shelf is never held
//! and never issued, and nobody overrides that. A hospital sees its own requests alone.

pub mod api;
mod arrival;
mod candidates;
pub mod emergency;
mod hold;
pub mod incidents;
pub mod packs;
pub mod pages;
mod patient;
pub mod recall;
mod rhd;
pub mod rules;
pub mod standing;
mod store;
pub mod untested;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::compat::{Caution, Recipient};
use shiryan_kernel::ids::{
    BloodUnitId, FacilityId, PackId, RequestId, ReservationId, StandingOrderId, UserId,
};
use shiryan_kernel::message::Template;
use shiryan_kernel::place::Region;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{HoldEnd, RefusalReason, RequestState, UnitStatus, Urgency};
use shiryan_kernel::text::{Note, PlainText};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use crate::accounts::{self, Principal, Readers};
use crate::audit;
use crate::db::{Conn, Tx, feed};
use crate::messages;
use crate::places;
use crate::stock::BloodUnit;
use crate::vault::{Place, Vault};

pub use arrival::{Receipt, ReceivedUnit, Reported, correct, receive, report, take_back};
pub use candidates::{Candidates, MOST_CANDIDATES, Offer, candidates};
pub use hold::{NewHold, end_stale, free, issue, reseal as reseal_holds, reserve};
pub use rhd::{NewRhdPolicy, authorise};
use store::{Advance, Sealed, Whose};
pub use store::{BloodRequest, Reservation};

/// Said with every answer: the service issues to a hospital's blood bank, never to a patient.
pub const REMINDERS: [&str; 3] = ["two_samples", "antibody_screen", "crossmatch"];

/// A patient as the hospital calls him, known to it alone.
pub type Pseudonym = PlainText<40>;

/// What a hospital asks for.
#[derive(Debug, Clone)]
pub struct NewRequest {
    pub patient: Pseudonym,
    pub blood_group: Option<BloodGroup>,
    pub group_evidence: Option<GroupEvidence>,
    pub sex: Option<Sex>,
    pub age_band: Option<AgeBand>,
    pub component: Component,
    pub units: i32,
    /// What each unit must have.
    pub needs: Attributes,
    pub urgency: Urgency,
    /// Now, when absent.
    pub needed_at: Option<Moment>,
    pub notes: Option<Note<500>>,
}

/// Where a request stands after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Step {
    pub id: RequestId,
    pub state: RequestState,
    /// The units that this step touched.
    pub units: Vec<BloodUnitId>,
}

/// A unit of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    pub hold: Reservation,
    pub unit: BloodUnit,
}

impl Share {
    /// Whether the unit is held for the request at this moment.
    #[must_use]
    pub fn is_held(&self, now: Moment) -> bool {
        self.hold.outcome.is_none()
            && now < self.hold.held_until()
            && self.unit.status == UnitStatus::Reserved
    }

    #[must_use]
    pub fn is_issued(&self) -> bool {
        self.hold.outcome == Some(HoldEnd::Issued)
    }
}

/// How much of a request is met.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    pub asked: i32,
    /// Held now.
    pub held: usize,
    /// Issued, arrived or not.
    pub issued: usize,
    pub arrived: usize,
}

impl Counts {
    fn of(asked: i32, shares: &[Share], now: Moment) -> Self {
        let count = |such: fn(&Share) -> bool| shares.iter().filter(|line| such(line)).count();
        Self {
            asked,
            held: shares.iter().filter(|line| line.is_held(now)).count(),
            issued: count(Share::is_issued),
            arrived: count(|line| line.hold.arrived_at().is_some()),
        }
    }

    /// Whether some of it is held or issued, and not all.
    #[must_use]
    pub fn is_partial(self) -> bool {
        self.held + self.issued > 0 && self.left() > 0
    }

    /// Units that may still be held.
    #[must_use]
    pub fn left(self) -> usize {
        usize::try_from(self.asked).unwrap_or(0).saturating_sub(self.held + self.issued)
    }
}

/// A request with its units, and what is sealed of it.
#[derive(Debug)]
pub struct Opened {
    pub request: BloodRequest,
    pub patient: String,
    pub notes: Option<String>,
    /// The name of whoever answers for RhD-positive units, and why.
    pub rhd_name: Option<String>,
    pub rhd_reason: Option<String>,
    /// Why units were held although something was warned of: not for the hospital.
    pub hold_reasons: BTreeMap<ReservationId, String>,
    pub shares: Vec<Share>,
    pub counts: Counts,
}

impl BloodRequest {
    /// For whom units are chosen while no incident is declared.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient::of(self.blood_group, self.group_evidence, self.sex, self.age_band)
    }

    /// What warnings look at.
    fn case(&self, recipient: Recipient) -> rules::Case {
        let Self { component, sex, age_band: age, urgency, .. } = *self;
        rules::Case { component, recipient, sex, age, urgency }
    }

    /// What has to be answered for where this unit is held.
    fn warnings(&self, case: &rules::Case, unit: &BloodUnit, good_at: Moment) -> Vec<Caution> {
        let Some(group) = unit.blood_group else { return Vec::new() };
        let left = crate::stock::rules::short_dated(self.component);
        let is_short_dated = left.is_some_and(|left| unit.expires_at() <= good_at + left);
        rules::warnings(case, (group, unit.attributes.titre()), is_short_dated)
    }

    /// The moment at which a unit must still be good.
    #[must_use]
    pub fn good_at(&self, now: Moment) -> Moment {
        self.needed_at().max(now)
    }
}

/// Makes one request of the caller's own hospital.
///
/// # Errors
/// As [`submit_lines`].
pub fn submit(tx: &mut Tx, vault: &Vault, by: &Principal, new: &NewRequest) -> Result<Step> {
    let made = submit_lines(tx, vault, by, new, &[])?.into_iter().next();
    made.ok_or_else(|| Problem::internal("no request was made"))
}

/// A further line of what is asked for: another component for the same patient and hour.
#[derive(Debug, Clone, Copy)]
pub struct Line {
    pub component: Component,
    pub units: i32,
    pub needs: Attributes,
}

/// Makes a request of the caller's own hospital, and one more for each further line: all of them or none. Each then goes its
/// own way, as component by component it may come from another blood bank.
///
/// # Errors
/// Every wrong field at once: `out_of_range` of `units` and `needed_at`, `missing_field` of a planned request's
/// `needed_at`, `invalid_value` of `group_evidence` and of `needs` that the component cannot have; of `lines[n]` the same,
/// and of a component that was asked for with the same needs before it; `out_of_range` of more than [`rules::MOST_LINES`].
pub fn submit_lines(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    new: &NewRequest,
    lines: &[Line],
) -> Result<Vec<Step>> {
    let own = by.own_facility()?;
    let mut faults = Faults::none();
    if new.urgency == Urgency::Planned && new.needed_at.is_none() {
        faults.add("needed_at", Code::MissingField);
    }
    let needed_at = new.needed_at.unwrap_or(tx.now);
    if needed_at < tx.now || needed_at > tx.now + chrono::Duration::days(rules::MOST_DAYS_AHEAD) {
        faults.add("needed_at", Code::OutOfRange);
    }
    if lines.len() >= rules::MOST_LINES {
        faults.add("lines", Code::OutOfRange);
    }
    let first = Line { component: new.component, units: new.units, needs: new.needs };
    let all: Vec<Line> = std::iter::once(first).chain(lines.iter().copied()).collect();
    for (n, line) in all.iter().enumerate() {
        let field = |name: &str| match n.checked_sub(1) {
            None => name.to_owned(),
            Some(further) => format!("lines[{further}].{name}"),
        };
        if !(1..=rules::MOST_UNITS).contains(&line.units) {
            faults.add(field("units"), Code::OutOfRange);
        }
        faults.keep(&field("needs"), rules::needs(line.component, line.needs));
        if all.iter().take(n).any(|other| (other.component, other.needs) == (line.component, line.needs)) {
            faults.add(field("component"), Code::InvalidValue);
        }
    }
    let evidence = faults.keep("group_evidence", GroupEvidence::of(new.blood_group, new.group_evidence));
    let group_evidence = faults.give(evidence)?;
    let mut steps: Vec<Step> = Vec::with_capacity(all.len());
    for Line { component, units, needs } in all {
        let origin = steps.first().map_or(Origin::Asked, |first| Origin::LineOf(first.id));
        let line = NewRequest { component, units, needs, ..new.clone() };
        steps.push(put(tx, vault, by.user, own, &line, (needed_at, group_evidence), origin)?);
    }
    Ok(steps)
}

/// How a request came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    /// Somebody asked.
    Asked,
    /// Somebody asked for it together with another request, for the same patient.
    LineOf(RequestId),
    /// Somebody asked for what another request did not get.
    RestOf(RequestId),
    /// A standing order was due.
    Standing { order: StandingOrderId, due_on: NaiveDate },
    /// A round of a pack was called.
    Pack { pack: PackId, round: i32 },
}

fn put(
    tx: &mut Tx,
    vault: &Vault,
    by: UserId,
    own: FacilityId,
    new: &NewRequest,
    (needed_at, group_evidence): (Moment, GroupEvidence),
    origin: Origin,
) -> Result<Step> {
    let id = RequestId(tx.id());
    let notes = new.notes.as_ref().map(|notes| vault.house().seal_text(notes_at(id), notes.as_str()));
    let row = store::NewRow {
        facility: own,
        patient: vault.house().seal_text(patient_at(id), new.patient.as_str()),
        patient_tag: patient::tag(vault, own, new.patient.as_str()),
        blood_group: new.blood_group,
        group_evidence,
        sex: new.sex,
        age_band: new.age_band,
        component: new.component,
        units: new.units,
        needs: new.needs,
        urgency: new.urgency,
        needed_at,
        notes,
        rest_of: if let Origin::RestOf(other) = origin { Some(other) } else { None },
        line_of: if let Origin::LineOf(first) = origin { Some(first) } else { None },
        standing: if let Origin::Standing { order, due_on } = origin { Some((order, due_on)) } else { None },
        pack: if let Origin::Pack { pack, round } = origin { Some((pack, round)) } else { None },
    };
    store::insert(tx, id, by, row)?;
    let line = match origin {
        Origin::Standing { order, .. } => {
            audit::Line::new(None, "requests.submitted").on(id).with("order", order)
        }
        Origin::Pack { pack, .. } => {
            audit::Line::new(Some(by), "requests.submitted").on(id).with("pack", pack)
        }
        Origin::Asked | Origin::LineOf(_) | Origin::RestOf(_) => {
            audit::Line::new(Some(by), "requests.submitted").on(id)
        }
    };
    audit::made(&REQUEST, id.0).record(tx, vault, line.with("urgency", new.urgency))?;
    told(tx, id, RequestState::Submitted, Vec::new())
}

/// Asks anew for what a request of the own hospital did not get, of every blood bank of the region, once.
///
/// # Errors
/// `not_found` of another hospital's; `state_conflict` (with `state`) before something was issued, when nothing is left,
/// when it was asked for before, and of a pack's line; `identity_damaged`.
pub fn ask_rest(tx: &mut Tx, vault: &Vault, by: &Principal, id: RequestId) -> Result<Step> {
    let request = in_reach(tx.conn, by, id)?;
    let is_issued =
        matches!(request.state, RequestState::Issued | RequestState::Received | RequestState::Closed);
    let issued = shares(tx.conn, &[id])?.iter().filter(|share| share.is_issued()).count();
    let left = usize::try_from(request.units).unwrap_or(0).saturating_sub(issued);
    // A pack calls its next round, and stopping it leaves nothing behind.
    if !is_issued || left == 0 || request.pack.is_some() {
        return Err(conflict(request.state));
    }
    let Sealed { patient, notes, .. } = store::sealed(tx.conn, id)?;
    let patient = vault.house().open_text(patient_at(id), &patient)?;
    let notes = notes.map(|notes| vault.house().open_text(notes_at(id), &notes)).transpose()?;
    let new = NewRequest {
        patient: Pseudonym::parse(&patient)?,
        blood_group: request.blood_group,
        group_evidence: Some(request.group_evidence),
        sex: request.sex,
        age_band: request.age_band,
        component: request.component,
        units: i32::try_from(left).map_err(Problem::internal)?,
        needs: request.needs,
        urgency: request.urgency,
        needed_at: None,
        notes: notes.as_deref().map(Note::parse).transpose()?,
    };
    let needed = (request.good_at(tx.now), request.group_evidence);
    put(tx, vault, by.user, request.facility, &new, needed, Origin::RestOf(id))
}

/// A request in the record of changes.
const REQUEST: audit::Thing =
    audit::Thing { name: "request", tables: &[("blood_requests", "id"), ("reservations", "request")] };

/// Takes a request for the caller's own blood bank.
///
/// # Errors
/// `not_found` of another region's; `state_conflict` (with `state`) when it is not new any more.
pub fn accept(tx: &mut Tx, vault: &Vault, by: &Principal, id: RequestId) -> Result<Step> {
    let request = in_reach(tx.conn, by, id)?;
    let seen = audit::seen(tx.conn, vault, &REQUEST, id.0)?;
    go(tx, by, &request, RequestState::Accepted, None)?;
    seen.record(tx, vault, audit::Line::new(Some(by.user), "requests.accepted").on(id))?;
    told(tx, id, RequestState::Accepted, Vec::new())
}

/// Refuses a request that is new, or that the caller's own blood bank took; what is held for it is free again.
///
/// # Errors
/// `not_found` of another region's; `state_conflict` (with `state`) when something was issued, when it has ended, or
/// when another blood bank took it.
pub fn refuse(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: RequestId,
    reason: RefusalReason,
) -> Result<Step> {
    let request = in_reach(tx.conn, by, id)?;
    let seen = audit::seen(tx.conn, vault, &REQUEST, id.0)?;
    go(tx, by, &request, RequestState::Refused, Some(reason))?;
    let (freed, units) = hold::free_all(tx, vault, by, id)?;
    let line = audit::Line::new(Some(by.user), "requests.refused").on(id).with("reason", reason);
    seen.and(units).record(tx, vault, line)?;
    told(tx, id, RequestState::Refused, freed)
}

/// Takes a request of the own hospital back, before anything was issued; what is held for it is free again.
///
/// # Errors
/// `not_found` of another hospital's; `state_conflict` (with `state`).
pub fn cancel(tx: &mut Tx, vault: &Vault, by: &Principal, id: RequestId) -> Result<Step> {
    let request = in_reach(tx.conn, by, id)?;
    let seen = audit::seen(tx.conn, vault, &REQUEST, id.0)?;
    go(tx, by, &request, RequestState::Cancelled, None)?;
    let (freed, units) = hold::free_all(tx, vault, by, id)?;
    seen.and(units).record(tx, vault, audit::Line::new(Some(by.user), "requests.cancelled").on(id))?;
    told(tx, id, RequestState::Cancelled, freed)
}

/// Requests beyond `after`, the most urgent first and oldest first inside each urgency, with what is met of each: a hospital's own, a blood bank's region's, a
/// physician's all.
///
/// # Errors
/// As any read.
pub fn list(
    conn: &mut Conn,
    by: &Principal,
    state: Option<RequestState>,
    after: Option<(Urgency, RequestId)>,
    limit: i64,
    now: Moment,
) -> Result<Vec<(BloodRequest, Counts)>> {
    let whose = whose(conn, by)?;
    let requests = store::list(conn, &whose, state, after, limit)?;
    let ids: Vec<RequestId> = requests.iter().map(|request| request.id).collect();
    let shares = shares(conn, &ids)?;
    let with_counts = requests.into_iter().map(|request| {
        let own: Vec<Share> = shares.iter().filter(|line| line.hold.request == request.id).cloned().collect();
        let counts = Counts::of(request.units, &own, now);
        (request, counts)
    });
    Ok(with_counts.collect())
}

/// A request with its units.
///
/// # Errors
/// `not_found` of another hospital's, and of another region's for a blood bank; `identity_damaged`.
pub fn look(conn: &mut Conn, vault: &Vault, by: &Principal, id: RequestId, now: Moment) -> Result<Opened> {
    let request = in_reach(conn, by, id)?;
    let Sealed { patient, patient_tag: _, notes, rhd_reason } = store::sealed(conn, id)?;
    let open = |at, cell: Option<Vec<u8>>| cell.map(|cell| vault.house().open_text(at, &cell)).transpose();
    let shares = shares(conn, &[id])?;
    let mut hold_reasons = BTreeMap::new();
    for hold in shares.iter().map(|share| &share.hold).filter(|_| by.role != Role::Hospital) {
        if let Some(reason) = &hold.reason {
            hold_reasons.insert(hold.id, vault.house().open_text(hold::reason_at(hold.id), reason)?);
        }
    }
    Ok(Opened {
        hold_reasons,
        patient: vault.house().open_text(patient_at(id), &patient)?,
        notes: open(notes_at(id), notes)?,
        rhd_name: request.rhd_by.map(|by| accounts::name(conn, by)).transpose()?,
        rhd_reason: open(rhd_reason_at(id), rhd_reason)?,
        counts: Counts::of(request.units, &shares, now),
        shares,
        request,
    })
}

/// Seals patients (and tags them), notes and reasons of at most `limit` requests after `after` under another root key; the last of them, none
/// at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, hospital, cells) in store::sealed_after(tx.conn, after, limit)? {
        last = Some(id.0);
        let patient = old.house().open_text(patient_at(id), &cells.patient);
        let again = Sealed {
            patient_tag: patient::tag_again(new, id.0, hospital, patient),
            patient: new.reseal(old, patient_at(id), &cells.patient),
            notes: cells.notes.map(|notes| new.reseal(old, notes_at(id), &notes)),
            rhd_reason: cells.rhd_reason.map(|reason| new.reseal(old, rhd_reason_at(id), &reason)),
        };
        store::set_sealed(tx, id, &again)?;
    }
    Ok(last)
}

const fn patient_at(id: RequestId) -> Place {
    Place::of("blood_requests", "patient", id.0)
}

const fn notes_at(id: RequestId) -> Place {
    Place::of("blood_requests", "notes", id.0)
}

const fn rhd_reason_at(id: RequestId) -> Place {
    Place::of("blood_requests", "rhd_reason", id.0)
}

fn region_of(conn: &mut Conn, facility: FacilityId) -> Result<Region> {
    Ok(places::facility(conn, facility)?.governorate.region())
}

/// A request that the caller may know of; any other is not there.
fn in_reach(conn: &mut Conn, by: &Principal, id: RequestId) -> Result<BloodRequest> {
    let request = store::request(conn, id)?;
    within(conn, by, request.facility)?;
    Ok(request)
}

/// Whether the caller may know what this hospital asks for.
fn within(conn: &mut Conn, by: &Principal, hospital: FacilityId) -> Result<()> {
    let reached = match (by.role, by.facility) {
        (Role::Hospital, own) => own == Some(hospital),
        (Role::Bank, Some(own)) => region_of(conn, own)? == region_of(conn, hospital)?,
        (Role::Physician, _) => true,
        _ => false,
    };
    if reached { Ok(()) } else { Err(Problem::new(Code::NotFound)) }
}

/// The same of a list.
fn whose(conn: &mut Conn, by: &Principal) -> Result<Whose> {
    match (by.role, by.facility) {
        (Role::Hospital, Some(own)) => Ok(Whose::Of(own)),
        (Role::Bank, Some(own)) => Ok(Whose::In(region_of(conn, own)?.members().collect())),
        (Role::Physician, _) => Ok(Whose::All),
        _ => Err(Problem::new(Code::Forbidden)),
    }
}

fn shares(conn: &mut Conn, requests: &[RequestId]) -> Result<Vec<Share>> {
    let rows = store::holds(conn, requests)?;
    Ok(rows.into_iter().map(|(hold, unit)| Share { hold, unit }).collect())
}

/// Goes on to `to` from every state before it, for the caller's own blood bank or for the hospital, and locks the
/// request.
fn go(
    tx: &mut Tx,
    by: &Principal,
    request: &BloodRequest,
    to: RequestState,
    refusal: Option<RefusalReason>,
) -> Result<()> {
    advance(tx, by, request, &rules::before(to), to, refusal)
}

fn advance(
    tx: &mut Tx,
    by: &Principal,
    request: &BloodRequest,
    from: &[RequestState],
    to: RequestState,
    refusal: Option<RefusalReason>,
) -> Result<()> {
    let bank = by.facility.filter(|_| by.role == Role::Bank);
    if !store::advance(tx, request.id, from, Advance { to, bank, refusal })? {
        return Err(conflict(store::request(tx.conn, request.id)?.state));
    }
    if bank.is_some() {
        let hospital = accounts::readers(tx.conn, Readers::Facility(request.facility))?;
        messages::tell_users(tx, Template::RequestMoved, &hospital)?;
    }
    Ok(())
}

fn told(tx: &mut Tx, id: RequestId, state: RequestState, units: Vec<BloodUnitId>) -> Result<Step> {
    feed::append(tx, "blood_request", id.0, state.code())?;
    Ok(Step { id, state, units })
}

fn conflict(state: RequestState) -> Problem {
    Problem::new(Code::StateConflict).with("state", state)
}
