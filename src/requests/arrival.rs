//! What was issued arrives, is used or comes back. A unit that is missing, or that nobody asked for, is told.

use serde::{Deserialize, Serialize};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, RequestId};
use shiryan_kernel::status::{RequestState, UnitStatus};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::store::{self, Advance};
use super::{REQUEST, Share, advance, hold, in_reach, shares};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::stock::{self, BloodUnit, Fate, Stopped};
use crate::vault::Vault;

/// A unit that arrived. One that was stopped on its way is not to be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReceivedUnit {
    pub id: BloodUnitId,
    pub din: Din,
    pub status: UnitStatus,
}

/// What an arrival came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Receipt {
    pub id: RequestId,
    /// `received` once every unit that was issued has arrived.
    pub state: RequestState,
    /// On the hospital's shelf now.
    pub received: Vec<ReceivedUnit>,
    /// Issued, and not arrived yet.
    pub missing: Vec<ReceivedUnit>,
    /// Scanned, and no unit of this request.
    pub unexpected: Vec<Din>,
}

/// Where a unit stands after a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reported {
    pub id: BloodUnitId,
    pub status: UnitStatus,
}

/// Takes units onto the shelf of the hospital that asked for them, as their labels were scanned. One that was longer on
/// its way than it may be arrives stopped.
///
/// # Errors
/// `not_found` of another hospital's request; `state_conflict` (with `state`) when nothing is on its way.
pub fn receive(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: RequestId,
    scanned: &[Din],
) -> Result<Receipt> {
    let request = in_reach(tx.conn, by, id)?;
    let seen = audit::seen(tx.conn, vault, &REQUEST, id.0)?;
    advance(tx, by, &request, &[RequestState::Issued], RequestState::Issued, None)?;
    let mut issued = shares(tx.conn, &[id])?;
    issued.retain(Share::is_issued);
    let bags = issued.iter().map(|share| share.unit.id.0);
    let seen = seen.and(audit::seen_all(tx.conn, vault, &stock::UNIT, bags)?);
    let (mut received, mut unexpected, mut late) = (Vec::new(), Vec::new(), 0);
    for din in scanned {
        let found = issued.iter().find(|share| share.unit.din == *din && !is_in(&received, share.unit.id));
        match found {
            Some(share) if share.hold.arrived_at().is_some() => received.push(shown(&share.unit)),
            Some(share) => {
                let here = stock::carry(tx, vault, by.user, &share.unit, request.facility)?;
                if !store::set_arrived(tx, share.hold.id)? {
                    return Err(Problem::new(Code::StateConflict));
                }
                let left = share.hold.ended_at().unwrap_or(tx.now);
                let is_late = stock::stop_if_late(tx, vault, by.user, &here, left)?;
                late += usize::from(is_late);
                let status = if is_late { UnitStatus::Blocked } else { here.status };
                received.push(ReceivedUnit { status, ..shown(&here) });
            }
            None => unexpected.push(*din),
        }
    }
    let waited = issued.iter().filter(|share| share.hold.arrived_at().is_none());
    let missing: Vec<ReceivedUnit> =
        waited.filter(|share| !is_in(&received, share.unit.id)).map(|share| shown(&share.unit)).collect();
    let state = if missing.is_empty() { RequestState::Received } else { RequestState::Issued };
    if missing.is_empty() {
        advance(tx, by, &request, &[RequestState::Issued], RequestState::Received, None)?;
    }
    let arrived: Vec<BloodUnitId> = received.iter().map(|unit| unit.id).collect();
    let absent: Vec<BloodUnitId> = missing.iter().map(|unit| unit.id).collect();
    let line = Line::new(Some(by.user), "requests.received").on(id).with("units", arrived);
    let line = line.with("missing", &absent).with("unexpected", unexpected.len()).with("late", late);
    let differs = !absent.is_empty() || !unexpected.is_empty() || late > 0;
    seen.record(tx, vault, if differs { line.alert() } else { line })?;
    feed::append(tx, "blood_request", id.0, state.code())?;
    Ok(Receipt { id, state, received, missing, unexpected })
}

fn is_in(units: &[ReceivedUnit], id: BloodUnitId) -> bool {
    units.iter().any(|unit| unit.id == id)
}

fn shown(unit: &BloodUnit) -> ReceivedUnit {
    ReceivedUnit { id: unit.id, din: unit.din, status: unit.status }
}

/// Says of a unit on the own hospital's shelf what became of it: transfused, given back or thrown away. What was used
/// before it was stopped or passed its date is told late, with the moment.
///
/// # Errors
/// `not_found` of a unit that is not there; `out_of_range` of `used_at` before the unit arrived; otherwise as
/// [`stock::report`].
pub fn report(tx: &mut Tx, vault: &Vault, by: &Principal, id: BloodUnitId, fate: &Fate) -> Result<Reported> {
    let own = by.own_facility()?;
    let absent = || Problem::new(Code::NotFound);
    let unit = stock::unit(tx.conn, id)?;
    if unit.facility != own {
        return Err(absent());
    }
    let hold = store::issued_for(tx.conn, id)?.ok_or_else(absent)?;
    let request = hold.request;
    let asked = in_reach(tx.conn, by, request)?;
    // The row is locked first, so that of two last reports one sees the other.
    let same = Advance { to: asked.state, bank: None, refusal: None };
    if !store::advance(tx, request, &[asked.state], same)? {
        return Err(super::conflict(store::request(tx.conn, request)?.state));
    }
    let seen = audit::seen(tx.conn, vault, &stock::UNIT, id.0)?;
    let seen = seen.and(audit::seen(tx.conn, vault, &REQUEST, request.0)?);
    let status = stock::report(tx, vault, by.user, &unit, fate)?;
    if let Fate::Transfused { at } = fate {
        let at = at.unwrap_or(tx.now);
        if hold.arrived_at().is_none_or(|arrived| at < arrived) {
            return Err(Problem::field("used_at", Code::OutOfRange));
        }
        store::set_used(tx, hold.id, Some(at))?;
    }
    let line = Line::new(Some(by.user), "requests.reported").on(id).with("fate", status);
    let was_stopped = unit.status == UnitStatus::Blocked && status == UnitStatus::Transfused;
    seen.record(tx, vault, if was_stopped { line.with("was", unit.status).alert() } else { line })?;
    let is_open = shares(tx.conn, &[request])?
        .iter()
        .any(|share| share.is_issued() && share.unit.status == UnitStatus::Issued);
    if !is_open {
        hold::by_itself(tx, request, RequestState::Received, RequestState::Closed)?;
    }
    Ok(Reported { id, status })
}

/// Takes back what was said of a unit's end: a hospital named the wrong bag, or a blood bank threw another away. The unit
/// stands stopped where it lies, and goes on from there like any that was stopped.
///
/// # Errors
/// As [`stock::correct`]; `state_conflict` (with `state`) of a unit that was given before its tests: what was said at the bed
/// stays.
pub fn correct(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: BloodUnitId,
    note: Note<500>,
) -> Result<Stopped> {
    let unit = stock::unit(tx.conn, id)?;
    let hold = store::issued_for(tx.conn, id)?;
    if unit.status == UnitStatus::Transfused {
        let hold = hold.ok_or_else(|| Problem::new(Code::StateConflict).with("state", unit.status))?;
        store::set_used(tx, hold.id, None)?;
        feed::append(tx, "blood_request", hold.request.0, "corrected")?;
    }
    stock::correct(tx, vault, by, id, note)
}

/// Takes a unit that the caller's blood bank issued back onto its shelf: a returned one into quarantine, one that was
/// stopped or passed its date as it is.
///
/// # Errors
/// `not_found` of a unit that the blood bank did not issue; `state_conflict` (with `state`) of one that is there
/// already, or that the hospital keeps or has used.
pub fn take_back(tx: &mut Tx, vault: &Vault, by: &Principal, id: BloodUnitId) -> Result<Reported> {
    let own = by.own_facility()?;
    let absent = || Problem::new(Code::NotFound);
    let hold = store::issued_for(tx.conn, id)?.ok_or_else(absent)?;
    let asked = store::request(tx.conn, hold.request)?;
    if asked.bank != Some(own) {
        return Err(absent());
    }
    let unit = stock::unit(tx.conn, id)?;
    let comes = matches!(
        unit.status,
        UnitStatus::Returned | UnitStatus::Blocked | UnitStatus::Expired | UnitStatus::Quarantine
    );
    // It may have gone on to another blood bank since.
    if !comes || unit.facility != asked.facility {
        return Err(Problem::new(Code::StateConflict).with("state", unit.status));
    }
    let seen = audit::seen(tx.conn, vault, &stock::UNIT, id.0)?;
    let here = stock::carry(tx, vault, by.user, &unit, own)?;
    let mut status = unit.status;
    if status == UnitStatus::Returned {
        stock::quarantine_returned(tx, vault, by.user, &here)?;
        status = UnitStatus::Quarantine;
    }
    let line = Line::new(Some(by.user), "requests.taken_back").on(id).with("was", unit.status);
    seen.record(tx, vault, line)?;
    Ok(Reported { id, status })
}
