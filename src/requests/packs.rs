//! Massive-transfusion packs: red cells, plasma and platelets of one composition, round after round on call, until
//! somebody stops it.
//!
//! A round makes an emergency request for each component, and each goes its own way: which unit fits, what a patient of
//! unknown group gets and who may issue are decided there, by the rules of every request. Stopping ends all of it in one
//! write: no further round, what is held and not issued is free, what is issued and not used is named, to be returned.

use serde::{Deserialize, Serialize};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{AgeBand, BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, PackId, RequestId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{PackState, RequestState, UnitStatus, Urgency};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::rules::pack::Composition;
use super::store::{self, Advance, packs as rows};
use super::{
    BloodRequest, Counts, NewRequest, Origin, Pseudonym, REQUEST, Share, hold, notes_at, patient, patient_at,
    put, rules, shares, whose, within,
};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

pub use rows::Row as Pack;

/// For whom a pack is.
#[derive(Debug, Clone)]
pub struct NewPack {
    pub patient: Pseudonym,
    pub group: Typed,
    pub sex: Option<Sex>,
    pub age_band: Option<AgeBand>,
    pub notes: Option<Note<500>>,
}

/// What is said of the patient's group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Typed {
    pub blood_group: Option<BloodGroup>,
    pub evidence: Option<GroupEvidence>,
}

/// Where a pack stands after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PackStep {
    pub id: PackId,
    pub state: PackState,
    /// The latest round.
    pub round: i32,
    /// Requests that this step made, or cancelled.
    pub requests: Vec<RequestId>,
    /// Units that were held and are free again.
    pub freed: Vec<BloodUnitId>,
    /// Units that are issued, not used, and to be returned.
    pub to_return: Vec<BloodUnitId>,
}

/// A unit that a stopped pack left at the hospital.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ToReturn {
    pub id: BloodUnitId,
    pub din: Din,
    pub request: RequestId,
}

/// A pack with its requests.
#[derive(Debug)]
pub struct OpenedPack {
    pub pack: Pack,
    pub patient: String,
    pub notes: Option<String>,
    /// Oldest first.
    pub requests: Vec<(BloodRequest, Counts)>,
    /// None while it runs.
    pub to_return: Vec<ToReturn>,
}

/// A pack in the record of changes.
const PACK: audit::Thing = audit::Thing { name: "pack", tables: &[("packs", "id")] };

/// Starts a pack for a patient of the own hospital, with its first round.
///
/// # Errors
/// `invalid_value` of `group_evidence`; `state_conflict` (with `pack`) where one runs for the patient.
pub fn start(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    new: &NewPack,
    composition: Composition,
) -> Result<PackStep> {
    let own = by.own_facility()?;
    let mut faults = Faults::none();
    let evidence =
        faults.keep("group_evidence", GroupEvidence::of(new.group.blood_group, new.group.evidence));
    let evidence = faults.give(evidence)?;
    if let Some(running) = rows::running_for(tx.conn, &patient::tag(vault, own, new.patient.as_str()))? {
        let state = PackState::Running;
        return Err(Problem::new(Code::StateConflict).with("state", state).with("pack", running));
    }
    let id = PackId(tx.id());
    rows::insert(tx, id, own, by.user)?;
    audit::made(&PACK, id.0).record(tx, vault, Line::new(Some(by.user), "requests.pack_started").on(id))?;
    let requests = make(tx, vault, by, own, (id, 1), (new, evidence), composition)?;
    told(
        tx,
        PackStep {
            id,
            state: PackState::Running,
            round: 1,
            requests,
            freed: Vec::new(),
            to_return: Vec::new(),
        },
    )
}

/// Calls the next round of a pack of the own hospital. What is said of the group then counts from this round on; where
/// nothing is said, what was known before.
///
/// # Errors
/// `not_found` of another hospital's; `state_conflict` (with `state`, and `round`, the latest) when it was stopped or
/// `round` is not the next one; `invalid_value` of `group_evidence`; `identity_damaged`.
pub fn next(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    (id, round): (PackId, i32),
    group: Typed,
    composition: Composition,
) -> Result<PackStep> {
    let pack = in_reach(tx.conn, by, id)?;
    let seen = audit::seen(tx.conn, vault, &PACK, id.0)?;
    if !rows::next_round(tx, id, round)? {
        return Err(conflict(&rows::row(tx.conn, id)?));
    }
    let made = rows::requests_of(tx.conn, id)?;
    let last = made.last().ok_or_else(|| Problem::internal("a pack without a request"))?;
    let (patient, notes) = open(tx.conn, vault, last.id)?;
    let known = Typed { blood_group: last.blood_group, evidence: Some(last.group_evidence) };
    let is_said = group.blood_group.is_some() || group.evidence.is_some();
    let group = if is_said { group } else { known };
    let mut faults = Faults::none();
    let evidence = faults.keep("group_evidence", GroupEvidence::of(group.blood_group, group.evidence));
    let evidence = faults.give(evidence)?;
    let new = NewPack {
        patient: Pseudonym::parse(&patient)?,
        group,
        sex: last.sex,
        age_band: last.age_band,
        notes: notes.as_deref().map(Note::parse).transpose()?,
    };
    let line = Line::new(Some(by.user), "requests.pack_round").on(id).with("round", round);
    seen.record(tx, vault, line)?;
    let requests = make(tx, vault, by, pack.facility, (id, round), (&new, evidence), composition)?;
    told(
        tx,
        PackStep { id, state: PackState::Running, round, requests, freed: Vec::new(), to_return: Vec::new() },
    )
}

/// Stops a pack: by its hospital, or by a blood bank that took a line of it. No round follows; requests of which nothing
/// was issued are cancelled, what is held for them is free, and units that are issued and not used are named, to be
/// returned.
///
/// # Errors
/// `not_found` of another hospital's, and of another region's; `forbidden` to a blood bank that took nothing of it;
/// `state_conflict` (with `state`) when it was stopped before.
pub fn stop(tx: &mut Tx, vault: &Vault, by: &Principal, id: PackId) -> Result<PackStep> {
    let pack = in_reach(tx.conn, by, id)?;
    if by.role == Role::Bank && !took_part(tx.conn, by, id)? {
        return Err(Problem::new(Code::Forbidden));
    }
    let mut seen = audit::seen(tx.conn, vault, &PACK, id.0)?;
    if !rows::stop(tx, id, by.user)? {
        return Err(conflict(&rows::row(tx.conn, id)?));
    }
    let (mut cancelled, mut freed) = (Vec::new(), Vec::new());
    for request in rows::requests_of(tx.conn, id)? {
        let end = Advance { to: RequestState::Cancelled, bank: None, refusal: None };
        let asked = audit::seen(tx.conn, vault, &REQUEST, request.id.0)?;
        if store::advance(tx, request.id, &rules::before_issue(), end)? {
            let (units, held) = hold::free_all(tx, vault, by, request.id)?;
            freed.extend(units);
            seen = seen.and(asked).and(held);
            feed::append(tx, "blood_request", request.id.0, RequestState::Cancelled.code())?;
            cancelled.push(request.id);
        }
    }
    let to_return: Vec<BloodUnitId> = left_there(tx.conn, id)?.into_iter().map(|unit| unit.id).collect();
    let round = rows::row(tx.conn, pack.id)?.rounds;
    let line = Line::new(Some(by.user), "requests.pack_stopped").on(id).with("cancelled", &cancelled);
    seen.record(tx, vault, line.with("freed", &freed).with("to_return", &to_return))?;
    told(tx, PackStep { id, state: PackState::Stopped, round, requests: cancelled, freed, to_return })
}

/// Packs before `before`, the latest first: a hospital's own, a blood bank's region's, a physician's all.
///
/// # Errors
/// As any read.
pub fn list(
    conn: &mut Conn,
    by: &Principal,
    state: Option<PackState>,
    page: (i64, i64),
) -> Result<Vec<Pack>> {
    let whose = whose(conn, by)?;
    rows::list(conn, &whose, state, page)
}

/// A pack with its requests.
///
/// # Errors
/// `not_found` as [`super::look`]; `identity_damaged`.
pub fn look(conn: &mut Conn, vault: &Vault, by: &Principal, id: PackId, now: Moment) -> Result<OpenedPack> {
    let pack = in_reach(conn, by, id)?;
    let requests = rows::requests_of(conn, id)?;
    let last = requests.last().ok_or_else(|| Problem::internal("a pack without a request"))?;
    let (patient, notes) = open(conn, vault, last.id)?;
    let ids: Vec<RequestId> = requests.iter().map(|request| request.id).collect();
    let shares = shares(conn, &ids)?;
    let counted = requests.into_iter().map(|request| {
        let own: Vec<Share> = shares.iter().filter(|line| line.hold.request == request.id).cloned().collect();
        let counts = Counts::of(request.units, &own, now);
        (request, counts)
    });
    let to_return = if pack.state == PackState::Stopped { left_there(conn, id)? } else { Vec::new() };
    Ok(OpenedPack { patient, notes, requests: counted.collect(), to_return, pack })
}

/// The emergency requests of a round.
fn make(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    own: FacilityId,
    (pack, round): (PackId, i32),
    (new, evidence): (&NewPack, GroupEvidence),
    composition: Composition,
) -> Result<Vec<RequestId>> {
    let mut made = Vec::new();
    for (component, units) in composition.lines() {
        let line = NewRequest {
            patient: new.patient.clone(),
            blood_group: new.group.blood_group,
            group_evidence: Some(evidence),
            sex: new.sex,
            age_band: new.age_band,
            component,
            units,
            needs: Attributes::default(),
            urgency: Urgency::Emergency,
            needed_at: None,
            notes: new.notes.clone(),
        };
        let needed = (tx.now, evidence);
        made.push(put(tx, vault, by.user, own, &line, needed, Origin::Pack { pack, round })?.id);
    }
    Ok(made)
}

/// Units of a pack that are issued and of which nobody said what became of them.
fn left_there(conn: &mut Conn, id: PackId) -> Result<Vec<ToReturn>> {
    let ids: Vec<RequestId> = rows::requests_of(conn, id)?.iter().map(|request| request.id).collect();
    let left = shares(conn, &ids)?.into_iter();
    let left = left.filter(|share| share.is_issued() && share.unit.status == UnitStatus::Issued);
    Ok(left
        .map(|Share { hold, unit }| ToReturn { id: unit.id, din: unit.din, request: hold.request })
        .collect())
}

fn took_part(conn: &mut Conn, by: &Principal, id: PackId) -> Result<bool> {
    let own = by.own_facility()?;
    Ok(rows::requests_of(conn, id)?.iter().any(|request| request.bank == Some(own)))
}

/// Patient and notes of a request.
fn open(conn: &mut Conn, vault: &Vault, id: RequestId) -> Result<(String, Option<String>)> {
    let cells = store::sealed(conn, id)?;
    let notes = cells.notes.as_deref().map(|notes| vault.house().open_text(notes_at(id), notes));
    Ok((vault.house().open_text(patient_at(id), &cells.patient)?, notes.transpose()?))
}

/// A pack that the caller may know of; any other is not there.
fn in_reach(conn: &mut Conn, by: &Principal, id: PackId) -> Result<Pack> {
    let pack = rows::row(conn, id)?;
    within(conn, by, pack.facility)?;
    Ok(pack)
}

fn told(tx: &mut Tx, step: PackStep) -> Result<PackStep> {
    feed::append(tx, "pack", step.id.0, step.state.code())?;
    Ok(step)
}

fn conflict(pack: &Pack) -> Problem {
    Problem::new(Code::StateConflict).with("state", pack.state).with("round", pack.rounds)
}
