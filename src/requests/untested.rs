//! Blood that is given before its tests are known, to save a life (A15): a path of its own, each step by two people.
//!
//! Two physicians by name answer for it, with what rapid tests said where kits were at hand. Two people of the hospital
//! compare bag and patient at the bed, and with the second one the unit is given. The tests follow, and a physician closes
//! the case once they are complete and the patient was seen to. No hard stop is opened: a group that does not fit, a date
//! that has passed and a finding that is not clear stay what they are.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::compat::Titre;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, RequestId, UntestedId, UserId};
use shiryan_kernel::laboratory::{Marker, TestFinding};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{RequestState, UnitStatus, UntestedState, Urgency};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::store::untested::{self as rows, Seen};
use super::{BloodRequest, Pseudonym, in_reach, patient, region_of, rules, store};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::donors::{self, Scope, TitreLimits};
use crate::laboratory::{self, Panel};
use crate::stock::{self, BloodUnit, Tested};
use crate::vault::{Place, Vault};

/// Stands wherever such a unit is shown.
pub const WARNING: &str = "emergency_untested";

/// What a rapid test said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RapidTest {
    pub marker: Marker,
    pub finding: TestFinding,
}

/// What a physician asks.
#[derive(Debug, Clone)]
pub struct NewUntested {
    pub request: RequestId,
    /// None where no kit was at hand.
    pub rapid_tests: Vec<RapidTest>,
    pub reason: Note<500>,
}

/// What is known of the day and of titres.
#[derive(Debug, Clone, Copy)]
pub struct Ground {
    pub zone: Zone,
    pub limits: TitreLimits,
}

/// Where an untested unit stands after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UntestedStep {
    pub id: UntestedId,
    pub unit: BloodUnitId,
    pub request: RequestId,
    pub state: UntestedState,
}

/// What is compared at the bed: the bag's label, and the patient as the wristband says.
#[derive(Debug, Clone)]
pub struct AtTheBed {
    pub din: Din,
    pub patient: Pseudonym,
}

/// An untested unit on its way, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Untested {
    pub id: UntestedId,
    pub request: RequestId,
    pub unit: BloodUnitId,
    pub din: Din,
    pub unit_status: UnitStatus,
    pub state: UntestedState,
    pub reason: String,
    /// The names of the two physicians.
    pub asked_by: String,
    pub asked_at: DateTime<Utc>,
    pub authorised_by: Option<String>,
    pub authorised_at: Option<DateTime<Utc>>,
    /// The names of the two at the bed.
    pub checked_by: Option<String>,
    pub checked_at: Option<DateTime<Utc>>,
    pub given_by: Option<String>,
    pub given_at: Option<DateTime<Utc>>,
    /// Empty where no kit was at hand; absent for a hospital.
    pub rapid_tests: Option<Vec<RapidTest>>,
    /// What the tests amount to so far; absent for a hospital.
    pub markers: Option<Vec<Tested>>,
    /// What the physician did for the patient; absent for a blood bank.
    pub follow_up: Option<String>,
    pub followed_at: Option<DateTime<Utc>>,
}

/// Asks, as the first physician, that a unit in quarantine be given for an emergency request before its tests.
///
/// # Errors
/// `not_found` of a unit or a request; `state_conflict` (with `state`) of a request that is no emergency or has ended, of a
/// unit that somebody asked for already, and as [`stock::check_untested`]; `unknown_reference` of a `request` of another
/// region; `tests_reactive` where a rapid test is not non-reactive: the laboratory enters it, and everything is stopped;
/// `unit_incompatible`.
pub fn ask(
    tx: &mut Tx,
    vault: &Vault,
    ground: Ground,
    by: &Principal,
    unit: BloodUnitId,
    new: &NewUntested,
) -> Result<UntestedStep> {
    let unit = stock::unit(tx.conn, unit)?;
    let request = store::request(tx.conn, new.request)
        .map_err(|_| Problem::field("request", Code::UnknownReference))?;
    if new.rapid_tests.iter().any(|test| test.finding != TestFinding::NonReactive) {
        return Err(Problem::new(Code::TestsReactive).about("rapid_tests", Code::TestsReactive));
    }
    check(tx, vault, ground, by, &request, &unit)?;
    let id = UntestedId(tx.id());
    let tests = serde_json::to_string(&new.rapid_tests).map_err(Problem::internal)?;
    let row = rows::Row {
        id,
        request: request.id,
        blood_unit: unit.id,
        bank: unit.facility,
        state: UntestedState::Asked,
        reason: vault.house().seal_text(place("reason", id), new.reason.as_str()),
        rapid_tests: vault.house().seal_text(place("rapid_tests", id), &tests),
        asked_at: tx.now.naive_utc(),
        asked_by: by.user,
        authorised_at: None,
        authorised_by: None,
        checked_at: None,
        checked_by: None,
        given_at: None,
        given_by: None,
        follow_up: None,
        followed_at: None,
        followed_by: None,
    };
    rows::insert(tx, row.clone())?;
    let made = audit::made(&UNTESTED, id.0);
    note(tx, vault, by.user, (&row, UntestedState::Asked), (made, "requests.untested_asked"))
}

/// Authorises it as the second physician. From then on the unit is `emergency_untested`.
///
/// # Errors
/// `not_found`; `second_person_required`; `state_conflict` (with `state`) when it was authorised or withdrawn; otherwise as
/// [`ask`].
pub fn authorise(
    tx: &mut Tx,
    vault: &Vault,
    ground: Ground,
    by: &Principal,
    id: UntestedId,
) -> Result<UntestedStep> {
    let found = rows::row(tx.conn, id)?;
    accounts::check_two_people(tx, found.asked_by, by.user)?;
    let seen = looked(tx.conn, vault, &found)?;
    if !rows::authorise(tx, id, by.user)? {
        return Err(conflict(&rows::row(tx.conn, id)?));
    }
    let unit = stock::unit(tx.conn, found.blood_unit)?;
    let request = store::request(tx.conn, found.request)?;
    let group = check(tx, vault, ground, by, &request, &unit)?;
    stock::authorise_untested(tx, vault, by.user, &unit, group)?;
    note(tx, vault, by.user, (&found, UntestedState::Authorised), (seen, "requests.untested_authorised"))
}

/// Compares bag and patient at the bed, as the first of two people of the hospital. The unit is theirs from then on.
///
/// # Errors
/// `not_found` of another hospital's; `state_conflict` (with `state`) when it is not authorised, or the unit was stopped;
/// `din_mismatch`; `invalid_value` of a `patient` for whom it was not asked; `unit_expired`.
pub fn check_first(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: UntestedId,
    seen: &AtTheBed,
) -> Result<UntestedStep> {
    let (found, request, unit) = at_the_bed(tx, vault, by, id, seen)?;
    let was = looked(tx.conn, vault, &found)?;
    if !rows::check(tx, id, by.user)? {
        return Err(conflict(&rows::row(tx.conn, id)?));
    }
    stock::carry(tx, vault, by.user, &unit, request.facility)?;
    note(tx, vault, by.user, (&found, UntestedState::Checked), (was, "requests.untested_checked"))
}

/// Compares them once more, as the second person: with it the unit is given.
///
/// # Errors
/// As [`check_first`]; `second_person_required`.
pub fn give(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: UntestedId,
    seen: &AtTheBed,
) -> Result<UntestedStep> {
    let (found, _, unit) = at_the_bed(tx, vault, by, id, seen)?;
    if let Some(first) = found.checked_by {
        accounts::check_two_people(tx, first, by.user)?;
    }
    let was = looked(tx.conn, vault, &found)?;
    if !rows::give(tx, id, by.user)? {
        return Err(conflict(&rows::row(tx.conn, id)?));
    }
    stock::give_untested(tx, vault, by.user, &unit)?;
    note(tx, vault, by.user, (&found, UntestedState::Given), (was, "requests.untested_given"))
}

/// Withdraws what was not given, by a physician or the blood bank whose unit it is: the unit is in quarantine again, or
/// stopped where it had left the shelf.
///
/// # Errors
/// `not_found` of another blood bank's; `state_conflict` (with `state`) when it was given or withdrawn.
pub fn withdraw(tx: &mut Tx, vault: &Vault, by: &Principal, id: UntestedId) -> Result<UntestedStep> {
    let found = in_sight(tx.conn, by, id)?;
    let seen = looked(tx.conn, vault, &found)?;
    let is_open =
        matches!(found.state, UntestedState::Asked | UntestedState::Authorised | UntestedState::Checked);
    if !is_open || !rows::withdraw(tx, id, found.state)? {
        return Err(conflict(&rows::row(tx.conn, id)?));
    }
    if found.state != UntestedState::Asked {
        let mut unit = stock::unit(tx.conn, found.blood_unit)?;
        let had_left = unit.facility != found.bank;
        if had_left {
            unit = stock::carry(tx, vault, by.user, &unit, found.bank)?;
        }
        stock::withdraw_untested(tx, vault, by.user, &unit, had_left)?;
    }
    note(tx, vault, by.user, (&found, UntestedState::Withdrawn), (seen, "requests.untested_withdrawn"))
}

/// Closes the case of a patient who was given an untested unit: a physician says what was done, once every test is known.
///
/// # Errors
/// `not_found`; `state_conflict` (with `state`) when it was not given or is closed; `tests_missing` with which.
pub fn follow_up(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    required: &[Marker],
    id: UntestedId,
    told: &Note<500>,
) -> Result<UntestedStep> {
    let found = in_sight(tx.conn, by, id)?;
    let unit = stock::unit(tx.conn, found.blood_unit)?;
    let (_, panel) = laboratory::results(tx.conn, vault, required, unit.din)?;
    let missing: Vec<&str> = panel.missing().map(Marker::code).collect();
    if found.state == UntestedState::Given && !missing.is_empty() {
        return Err(Problem::new(Code::TestsMissing).with("missing", missing.join(" ")));
    }
    let sealed = vault.house().seal_text(place("follow_up", id), told.as_str());
    let seen = looked(tx.conn, vault, &found)?;
    if !rows::follow_up(tx, id, by.user, sealed)? {
        return Err(conflict(&rows::row(tx.conn, id)?));
    }
    note(tx, vault, by.user, (&found, UntestedState::FollowedUp), (seen, "requests.untested_followed_up"))
}

/// Untested units after `after`, oldest first: of the own hospital's requests, of the own blood bank's shelf, or all for a
/// physician. `given` are those whose patients wait for a follow-up.
///
/// # Errors
/// `identity_damaged`.
pub fn list(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    required: &[Marker],
    state: Option<UntestedState>,
    page: (i64, i64),
) -> Result<Vec<Untested>> {
    let seen = match (by.role, by.facility) {
        (Role::Hospital, Some(own)) => Seen::ByHospital(own),
        (Role::Bank, Some(own)) => Seen::ByBank(own),
        (Role::Physician, _) => Seen::All,
        _ => return Err(Problem::new(Code::Forbidden)),
    };
    let rows = rows::list(conn, seen, state, page)?;
    rows.into_iter().map(|row| open(conn, vault, by, required, row)).collect()
}

/// Where an untested unit was brought.
pub(super) struct Brought {
    pub request: BloodRequest,
    pub bank: FacilityId,
    pub at: Moment,
    pub given_at: Option<Moment>,
}

/// The request to whose patient an untested unit was brought last, and when.
pub(super) fn brought(conn: &mut Conn, unit: BloodUnitId) -> Result<Option<Brought>> {
    let Some(row) = rows::brought(conn, unit)? else { return Ok(None) };
    let Some(at) = row.checked_at else { return Ok(None) };
    let request = store::request(conn, row.request)?;
    let given_at = row.given_at.map(|at| at.and_utc());
    Ok(Some(Brought { request, bank: row.bank, at: at.and_utc(), given_at }))
}

/// Seals what is sealed of at most `limit` after `after` under another root key; the last of them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, cells) in rows::sealed_after(tx.conn, after, limit)? {
        last = Some(id.0);
        let again = rows::Sealed {
            reason: new.reseal(old, place("reason", id), &cells.reason),
            rapid_tests: new.reseal(old, place("rapid_tests", id), &cells.rapid_tests),
            follow_up: cells.follow_up.map(|told| new.reseal(old, place("follow_up", id), &told)),
        };
        rows::set_sealed(tx, id, &again)?;
    }
    Ok(last)
}

/// Whether the unit may be given for the request before its tests; its group.
fn check(
    tx: &mut Tx,
    vault: &Vault,
    ground: Ground,
    by: &Principal,
    request: &BloodRequest,
    unit: &BloodUnit,
) -> Result<shiryan_kernel::blood::BloodGroup> {
    if region_of(tx.conn, unit.facility)? != region_of(tx.conn, request.facility)? {
        return Err(Problem::field("request", Code::UnknownReference));
    }
    if request.urgency != Urgency::Emergency {
        return Err(Problem::new(Code::StateConflict).with("state", request.urgency));
    }
    if matches!(request.state, RequestState::Closed | RequestState::Refused | RequestState::Cancelled) {
        return Err(super::conflict(request.state));
    }
    let (group, donor) = stock::check_untested(tx.conn, vault, unit, tx.now)?;
    let scope = Scope::of(tx.conn, by)?;
    let today = ground.zone.date(tx.now);
    let low = donors::titres(tx.conn, &scope, donor, ground.limits)?.low_titre;
    let holds =
        low.is_some_and(|titre| titre.low && titre.operational_until.is_some_and(|until| today < until));
    let titre = if holds { Titre::Low } else { Titre::Unknown };
    let recipient = patient::recipient(tx.conn, request, tx.now)?;
    let by_policy = request.rhd_by.is_some();
    let fits = unit.component == request.component
        && (rules::fits(unit.component, recipient, (group, titre), by_policy)
            || rules::fits_beyond(unit.component, recipient, group));
    if fits { Ok(group) } else { Err(Problem::new(Code::UnitIncompatible)) }
}

fn at_the_bed(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: UntestedId,
    seen: &AtTheBed,
) -> Result<(rows::Row, BloodRequest, BloodUnit)> {
    let found = rows::row(tx.conn, id)?;
    let request = in_reach(tx.conn, by, found.request)?;
    let unit = stock::unit(tx.conn, found.blood_unit)?;
    if seen.din != unit.din {
        return Err(Problem::new(Code::DinMismatch));
    }
    let tag = patient::tag(vault, request.facility, seen.patient.as_str());
    if tag != store::sealed(tx.conn, request.id)?.patient_tag {
        return Err(Problem::field("patient", Code::InvalidValue));
    }
    if unit.status != UnitStatus::EmergencyUntested {
        return Err(Problem::new(Code::StateConflict).with("state", unit.status));
    }
    if !unit.is_good_at(tx.now) {
        return Err(Problem::new(Code::UnitExpired));
    }
    Ok((found, request, unit))
}

/// One that the caller may act on: any for a physician, the own shelf's for a blood bank.
fn in_sight(conn: &mut Conn, by: &Principal, id: UntestedId) -> Result<rows::Row> {
    let found = rows::row(conn, id)?;
    let seen = by.role == Role::Physician || (by.role == Role::Bank && by.facility == Some(found.bank));
    if seen { Ok(found) } else { Err(Problem::new(Code::NotFound)) }
}

fn open(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    required: &[Marker],
    row: rows::Row,
) -> Result<Untested> {
    let unit = stock::unit(conn, row.blood_unit)?;
    let text = |column, cell: &[u8]| vault.house().open_text(place(column, row.id), cell);
    let sees_tests = by.role != Role::Hospital;
    let (rapid_tests, markers) = if sees_tests {
        let tests =
            serde_json::from_str(&text("rapid_tests", &row.rapid_tests)?).map_err(Problem::internal)?;
        let (_, panel) = laboratory::results(conn, vault, required, unit.din)?;
        (Some(tests), Some(markers(&panel)))
    } else {
        (None, None)
    };
    let told = row.follow_up.as_deref().filter(|_| by.role != Role::Bank);
    let mut name = |user: Option<UserId>| user.map(|user| accounts::name(conn, user)).transpose();
    Ok(Untested {
        id: row.id,
        request: row.request,
        unit: unit.id,
        din: unit.din,
        unit_status: unit.status,
        state: row.state,
        reason: text("reason", &row.reason)?,
        asked_by: name(Some(row.asked_by))?.unwrap_or_default(),
        asked_at: row.asked_at.and_utc(),
        authorised_by: name(row.authorised_by)?,
        authorised_at: row.authorised_at.map(|at| at.and_utc()),
        checked_by: name(row.checked_by)?,
        checked_at: row.checked_at.map(|at| at.and_utc()),
        given_by: name(row.given_by)?,
        given_at: row.given_at.map(|at| at.and_utc()),
        rapid_tests,
        markers,
        follow_up: told.map(|told| text("follow_up", told)).transpose()?,
        followed_at: row.followed_at.map(|at| at.and_utc()),
    })
}

fn markers(panel: &Panel) -> Vec<Tested> {
    panel.markers().map(|(marker, state)| Tested { marker, state }).collect()
}

/// An issue before its tests, in the record of changes.
const UNTESTED: audit::Thing = audit::Thing { name: "untested_issue", tables: &[("untested_issues", "id")] };

/// An issue and its unit.
fn looked(conn: &mut Conn, vault: &Vault, row: &rows::Row) -> Result<audit::Seen> {
    let seen = audit::seen(conn, vault, &UNTESTED, row.id.0)?;
    Ok(seen.and(audit::seen(conn, vault, &stock::UNIT, row.blood_unit.0)?))
}

/// Each step is an alert: somebody looks at it the same day.
fn note(
    tx: &mut Tx,
    vault: &Vault,
    by: UserId,
    (row, state): (&rows::Row, UntestedState),
    (seen, action): (audit::Seen, &'static str),
) -> Result<UntestedStep> {
    let line =
        Line::new(Some(by), action).on(row.id).with("unit", row.blood_unit).with("request", row.request);
    seen.record(tx, vault, line.alert())?;
    feed::append(tx, "untested_issue", row.id.0, state.code())?;
    Ok(UntestedStep { id: row.id, unit: row.blood_unit, request: row.request, state })
}

fn conflict(row: &rows::Row) -> Problem {
    Problem::new(Code::StateConflict).with("state", row.state)
}

const fn place(column: &'static str, id: UntestedId) -> Place {
    Place::of("untested_issues", column, id.0)
}
