//! Units handed out in an emergency, in three steps by three people.
//!
//! One person of the blood bank holds the units and says why; a second one, of the same blood bank or a physician,
//! confirms, and the units are out in that moment; a third one looks at it afterwards. What no table opens stays shut:
//! the one thing that goes beyond the rule is group O red cells for a patient of unknown group, of either RhD type and
//! past two O−, and that a physician alone confirms.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{BloodUnitId, EmergencyIssueId, RequestId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{EmergencyState, RequestState, Urgency};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::hold::{Held, hold_units, issue_held, of_units};
use super::store::emergency as rows;
use super::{REQUEST, advance, conflict, go, in_reach, patient, rules, shares, store};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::stock::BloodUnit;
use crate::vault::{Place, Vault};

/// How long units wait for the second person, in minutes.
pub const CONFIRM_MINUTES: i64 = 60;

/// Where an emergency issue stands after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EmergencyStep {
    pub id: EmergencyIssueId,
    pub request: RequestId,
    pub state: EmergencyState,
    /// Whether a physician alone may confirm it.
    pub is_beyond_rule: bool,
    pub units: Vec<BloodUnitId>,
}

/// An emergency issue, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EmergencyIssue {
    pub id: EmergencyIssueId,
    pub request: RequestId,
    pub state: EmergencyState,
    /// Whether a physician alone may confirm it.
    pub is_beyond_rule: bool,
    pub reason: String,
    pub made_at: DateTime<Utc>,
    pub made_by: UserId,
    /// Until when the second person may confirm.
    pub held_until: DateTime<Utc>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub confirmed_by: Option<UserId>,
    /// What the third person found.
    pub finding: Option<String>,
    pub reviewed_at: Option<DateTime<Utc>>,
    pub reviewed_by: Option<UserId>,
}

/// An emergency issue in the record of changes.
const EMERGENCY: audit::Thing =
    audit::Thing { name: "emergency_issue", tables: &[("emergency_issues", "id")] };

/// Holds units of the caller's own shelf for an emergency request, to be handed out once a second person confirms. A
/// request that nobody took yet is taken with it.
///
/// # Errors
/// As [`super::reserve`], but for `group_unknown`; `state_conflict` (with `state`) when the request's urgency is not
/// `emergency`.
pub fn start(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: RequestId,
    units: &[BloodUnitId],
    reason: &Note<500>,
) -> Result<EmergencyStep> {
    let request = in_reach(tx.conn, by, id)?;
    if request.urgency != Urgency::Emergency {
        return Err(Problem::new(Code::StateConflict).with("state", request.urgency));
    }
    let asked = patient::lock(tx.conn, &request)?;
    let seen = of_units(tx.conn, vault, id, units)?;
    if request.state == RequestState::Submitted {
        go(tx, by, &request, RequestState::Accepted, None)?;
        feed::append(tx, "blood_request", id.0, RequestState::Accepted.code())?;
    }
    let (from, to) = ([RequestState::Accepted, RequestState::Reserved], RequestState::Reserved);
    advance(tx, by, &request, &from, to, None)?;
    let emergency = EmergencyIssueId(tx.id());
    let until = tx.now + Duration::minutes(CONFIRM_MINUTES);
    let sealed = vault.house().seal_text(place("reason", emergency), reason.as_str());
    rows::insert(tx, emergency, id, by.user, until, sealed)?;
    let recipient = patient::recipient(tx.conn, &request, tx.now)?;
    let (component, by_policy) = (request.component, request.rhd_by.is_some());
    let held = Held { units, until, emergency: Some(emergency), reason: None };
    let taken = hold_units(tx, vault, by, &request, &held, |group, titre| {
        rules::fits(component, recipient, (group, titre), by_policy)
            || rules::fits_beyond(component, recipient, group)
    })?;
    let by_rule = |unit: &BloodUnit| {
        let titre = unit.attributes.titre();
        unit.blood_group.is_some_and(|group| rules::fits(component, recipient, (group, titre), by_policy))
    };
    let is_beyond_rule =
        !taken.iter().all(by_rule) || rules::must_reassess(patient::o_negative(tx.conn, &asked, tx.now)?);
    if is_beyond_rule {
        rows::set_beyond_rule(tx, emergency)?;
    }
    let units: Vec<BloodUnitId> = taken.iter().map(|unit| unit.id).collect();
    let line = Line::new(Some(by.user), "requests.emergency_asked").on(emergency).with("units", &units);
    audit::made(&EMERGENCY, emergency.0).and(seen).record(
        tx,
        vault,
        line.with("beyond_rule", is_beyond_rule),
    )?;
    feed::append(tx, "blood_request", id.0, to.code())?;
    told(tx, emergency, id, EmergencyState::Open, is_beyond_rule, units)
}

/// Confirms an emergency issue as the second person, and hands its units out in the same write.
///
/// # Errors
/// `not_found` of another blood bank's; `second_person_required`; `forbidden` where a physician alone may confirm;
/// `state_conflict` (with `state`) when it was confirmed, when its time is up, or when a unit of it is held no more;
/// of a unit as [`super::issue`].
pub fn confirm(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    id: EmergencyIssueId,
) -> Result<EmergencyStep> {
    let found = in_sight(tx.conn, by, id)?;
    accounts::check_two_people(tx, found.made_by, by.user)?;
    if found.is_beyond_rule && by.role != Role::Physician {
        return Err(Problem::new(Code::Forbidden));
    }
    let request = store::request(tx.conn, found.request)?;
    let bank = request.bank.ok_or_else(|| conflict(request.state))?;
    let seen = audit::seen(tx.conn, vault, &EMERGENCY, id.0)?;
    let seen = seen.and(audit::seen(tx.conn, vault, &REQUEST, request.id.0)?);
    let issued = store::Advance { to: RequestState::Issued, bank: None, refusal: None };
    if !store::advance(tx, request.id, &[RequestState::Reserved], issued)? {
        return Err(conflict(store::request(tx.conn, request.id)?.state));
    }
    let mut held = shares(tx.conn, &[request.id])?;
    held.retain(|share| share.hold.emergency == Some(id));
    let is_whole = held.iter().all(|share| share.is_held(tx.now));
    if !is_whole || !rows::confirm(tx, id, by.user)? {
        let state = state_at(&rows::row(tx.conn, id)?, tx.now);
        let state = if is_whole { state } else { EmergencyState::Lapsed };
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    let (units, held) = issue_held(tx, vault, zone, (bank, by.user), request.id, Some(id))?;
    let line = Line::new(Some(by.user), "requests.emergency_issued").on(id).with("units", &units);
    seen.and(held).record(tx, vault, line.alert())?;
    feed::append(tx, "blood_request", request.id.0, RequestState::Issued.code())?;
    told(tx, id, request.id, EmergencyState::Issued, found.is_beyond_rule, units)
}

/// Says what came of looking at an emergency issue afterwards: a third person, of the same blood bank or a physician.
///
/// # Errors
/// `not_found` of another blood bank's; `second_person_required` of either of the two; `state_conflict` (with `state`)
/// when it was not issued, or was reviewed before.
pub fn review(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: EmergencyIssueId,
    finding: &Note<500>,
) -> Result<EmergencyStep> {
    let found = in_sight(tx.conn, by, id)?;
    for other in [Some(found.made_by), found.confirmed_by].into_iter().flatten() {
        accounts::check_two_people(tx, other, by.user)?;
    }
    let sealed = vault.house().seal_text(place("finding", id), finding.as_str());
    let seen = audit::seen(tx.conn, vault, &EMERGENCY, id.0)?;
    if !rows::review(tx, id, by.user, sealed)? {
        let state = state_at(&rows::row(tx.conn, id)?, tx.now);
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "requests.emergency_reviewed").on(id))?;
    told(tx, id, found.request, EmergencyState::Reviewed, found.is_beyond_rule, Vec::new())
}

/// Emergency issues after `after`, oldest first: of the caller's own blood bank, all for a physician. `issued` are those
/// that wait for a review.
///
/// # Errors
/// `identity_damaged`.
pub fn list(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    state: Option<EmergencyState>,
    (after, limit): (i64, i64),
    now: Moment,
) -> Result<Vec<EmergencyIssue>> {
    let rows = rows::list(conn, by.facility, state, after, limit)?;
    rows.into_iter().map(|row| open(vault, row, now)).collect()
}

/// Seals reasons and findings of at most `limit` emergency issues after `after` under another root key; the last of
/// them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, cells) in rows::sealed_after(tx.conn, after, limit)? {
        last = Some(id.0);
        let again = rows::Sealed {
            reason: new.reseal(old, place("reason", id), &cells.reason),
            finding: cells.finding.map(|finding| new.reseal(old, place("finding", id), &finding)),
        };
        rows::set_sealed(tx, id, &again)?;
    }
    Ok(last)
}

fn open(vault: &Vault, row: rows::Row, now: Moment) -> Result<EmergencyIssue> {
    let text = |column, cell: &[u8]| vault.house().open_text(place(column, row.id), cell);
    Ok(EmergencyIssue {
        id: row.id,
        request: row.request,
        state: state_at(&row, now),
        is_beyond_rule: row.is_beyond_rule,
        reason: text("reason", &row.reason)?,
        made_at: row.made_at.and_utc(),
        made_by: row.made_by,
        held_until: row.held_until.and_utc(),
        confirmed_at: row.confirmed_at.map(|at| at.and_utc()),
        confirmed_by: row.confirmed_by,
        finding: row.finding.as_deref().map(|finding| text("finding", finding)).transpose()?,
        reviewed_at: row.reviewed_at.map(|at| at.and_utc()),
        reviewed_by: row.reviewed_by,
    })
}

fn state_at(row: &rows::Row, now: Moment) -> EmergencyState {
    let is_late = row.state == EmergencyState::Open && now >= row.held_until.and_utc();
    if is_late { EmergencyState::Lapsed } else { row.state }
}

/// One of the caller's own blood bank; any for a physician.
fn in_sight(conn: &mut Conn, by: &Principal, id: EmergencyIssueId) -> Result<rows::Row> {
    let found = rows::row(conn, id)?;
    let seen = by.role == Role::Physician
        || (by.role == Role::Bank && store::request(conn, found.request)?.bank == by.facility);
    if seen { Ok(found) } else { Err(Problem::new(Code::NotFound)) }
}

fn told(
    tx: &mut Tx,
    id: EmergencyIssueId,
    request: RequestId,
    state: EmergencyState,
    is_beyond_rule: bool,
    units: Vec<BloodUnitId>,
) -> Result<EmergencyStep> {
    feed::append(tx, "emergency_issue", id.0, state.code())?;
    Ok(EmergencyStep { id, request, state, is_beyond_rule, units })
}

const fn place(column: &'static str, id: EmergencyIssueId) -> Place {
    Place::of("emergency_issues", column, id.0)
}
