//! Bags that are stopped, thrown away, or come back after a physician has looked into what stopped them.

use serde::{Deserialize, Serialize};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, DonorId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{BloodUnit, UNIT, Why, conflict, ledger, rules, step, store};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx};
use crate::donors;
use crate::vault::Vault;

/// Where a bag stands now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stopped {
    pub id: BloodUnitId,
    pub status: UnitStatus,
}

/// Stops a bag for safety, whoever holds it: for rules that act by themselves.
///
/// # Errors
/// `not_found`; `state_conflict` from a state that nothing can stop any more.
pub fn block(
    tx: &mut Tx,
    vault: &Vault,
    by: Option<UserId>,
    id: BloodUnitId,
    reason: MoveReason,
) -> Result<()> {
    let unit = store::unit(tx.conn, id)?;
    go(tx, vault, &unit, UnitStatus::Blocked, &Why::of(reason), by, "stock.blocked").map(drop)
}

/// Whose units a recall reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// Those of one donation.
    Number(Din),
    /// All that a donor ever gave, under each of his or her records.
    Donor(DonorId),
}

/// The units of a donation or a donor, wherever they are: for a physician any, for a blood bank where one of them lies or
/// lay on its own shelf or is on its way there.
///
/// # Errors
/// `not_found` where there is none, or none in reach.
pub fn units_of(conn: &mut Conn, by: &Principal, subject: Subject) -> Result<Vec<BloodUnit>> {
    let found = all_units_of(conn, subject)?;
    for unit in &found {
        if is_in_reach(conn, by, unit)? {
            return Ok(found);
        }
    }
    Err(Problem::new(Code::NotFound))
}

pub(super) fn all_units_of(conn: &mut Conn, subject: Subject) -> Result<Vec<BloodUnit>> {
    let numbers = match subject {
        Subject::Number(din) => vec![din],
        Subject::Donor(donor) => {
            let records = donors::records_of(conn, donor, None)?.all;
            store::numbers_of(conn, &records)?
        }
    };
    store::units_of_numbers(conn, &numbers)
}

/// Stops every unit of a list that something can still stop; which of them.
///
/// # Errors
/// As any write.
pub fn stop_all(
    tx: &mut Tx,
    vault: &Vault,
    by: UserId,
    units: &[BloodUnit],
    why: &Why,
) -> Result<Vec<BloodUnitId>> {
    let mut stopped = Vec::new();
    for unit in units.iter().filter(|unit| rules::may_follow(unit.status, UnitStatus::Blocked)) {
        go(tx, vault, unit, UnitStatus::Blocked, why, Some(by), "stock.blocked")?;
        stopped.push(unit.id);
    }
    Ok(stopped)
}

/// Stops what may do the same harm as a unit of which a hospital reports something: the unit and its sisters, and all
/// that the donor gave where it may be an infection; which of them.
///
/// # Errors
/// As any write.
pub fn stop_family(
    tx: &mut Tx,
    vault: &Vault,
    by: UserId,
    unit: &BloodUnit,
    of_donor: bool,
) -> Result<Vec<BloodUnitId>> {
    let donor = if of_donor { store::giver(tx.conn, unit.donation)? } else { None };
    let subject = donor.map_or(Subject::Number(unit.din), Subject::Donor);
    let family = all_units_of(tx.conn, subject)?;
    stop_all(tx, vault, by, &family, &Why::of(MoveReason::HospitalReport))
}

/// The same where there is something left to stop: one that is stopped already, used or gone stays as it is.
///
/// # Errors
/// `not_found`.
pub fn block_standing(
    tx: &mut Tx,
    vault: &Vault,
    by: Option<UserId>,
    id: BloodUnitId,
    reason: MoveReason,
) -> Result<()> {
    let unit = store::unit(tx.conn, id)?;
    if !rules::may_follow(unit.status, UnitStatus::Blocked) {
        return Ok(());
    }
    block(tx, vault, by, id, reason)
}

/// Stops a bag: a blood bank one that lies or lay on its own shelf or is on its way there, a physician any.
///
/// # Errors
/// `not_found` of one that never did; `state_conflict` (with `state`) from a state that nothing can stop any more;
/// `invalid_value` of a `reason` that stops nothing; `missing_field` of `note` where the reason is told in words.
pub fn stop(tx: &mut Tx, vault: &Vault, by: &Principal, id: BloodUnitId, why: &Why) -> Result<Stopped> {
    rules::check_why(&rules::STOPS, why.reason, why.note.is_some())?;
    let unit = in_reach(tx.conn, by, id)?;
    go(tx, vault, &unit, UnitStatus::Blocked, why, Some(by.user), "stock.blocked")
}

/// Throws a bag of the caller's own shelf away, for good.
///
/// # Errors
/// `not_found` of another's shelf; `state_conflict` (with `state`) of a bag that a hospital has or had, that is on its
/// way to another blood bank, or that is gone; `invalid_value` and `missing_field` as [`stop`].
pub fn discard(tx: &mut Tx, vault: &Vault, by: &Principal, id: BloodUnitId, why: &Why) -> Result<Stopped> {
    rules::check_why(&rules::DISCARDS, why.reason, why.note.is_some())?;
    let unit = store::unit(tx.conn, id)?;
    if by.facility != Some(unit.facility) {
        return Err(Problem::new(Code::NotFound));
    }
    if unit.status == UnitStatus::Issued || store::transfers::left_as(tx.conn, id)?.is_some() {
        return Err(conflict(unit.status));
    }
    go(tx, vault, &unit, UnitStatus::Discarded, why, Some(by.user), "stock.discarded")
}

/// Lifts a block: the bag goes back to quarantine, and the blood bank tests and releases it anew. Whoever stopped
/// it is not the one who clears it.
///
/// # Errors
/// `not_found`; `state_conflict` (with `state`) of a bag that is not blocked; `unit_expired`;
/// `second_person_required`.
pub fn clear(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: BloodUnitId,
    note: Note<500>,
) -> Result<Stopped> {
    let unit = store::unit(tx.conn, id)?;
    // What is under way is looked into where it arrives.
    if unit.status != UnitStatus::Blocked || store::transfers::left_as(tx.conn, id)?.is_some() {
        return Err(conflict(unit.status));
    }
    if !unit.is_good_at(tx.now) {
        return Err(Problem::new(Code::UnitExpired));
    }
    check_another(tx, by, &unit)?;
    let why = Why { reason: MoveReason::Cleared, note: Some(note) };
    go(tx, vault, &unit, UnitStatus::Quarantine, &why, Some(by.user), "stock.cleared")
}

/// Takes back what was said of a bag's end: it stands stopped where it lies. Whoever said it is not the one who corrects it.
///
/// # Errors
/// `not_found`; `state_conflict` (with `state`) of a bag that was neither used nor thrown away; `second_person_required`.
pub fn correct(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: BloodUnitId,
    note: Note<500>,
) -> Result<Stopped> {
    let unit = store::unit(tx.conn, id)?;
    if !rules::may_be_corrected(unit.status) {
        return Err(conflict(unit.status));
    }
    check_another(tx, by, &unit)?;
    let seen = audit::seen(tx.conn, vault, &UNIT, id.0)?;
    if !store::step(tx, id, unit.status, UnitStatus::Blocked)? {
        return Err(conflict(store::unit(tx.conn, id)?.status));
    }
    let why = Why { reason: MoveReason::Corrected, note: Some(note) };
    let step = (Some(unit.status), UnitStatus::Blocked);
    ledger::moved(tx, vault, id, step, &why, unit.facility, Some(by.user))?;
    let line = Line::new(Some(by.user), "stock.corrected").on(id).with("from", unit.status).alert();
    seen.record(tx, vault, line)?;
    Ok(Stopped { id, status: UnitStatus::Blocked })
}

/// Whoever brought a bag to where it stands does not undo it. One that was carried elsewhere stood so before.
fn check_another(tx: &mut Tx, by: &Principal, unit: &BloodUnit) -> Result<()> {
    let mut steps = store::movements(tx.conn, unit.id)?.into_iter();
    let brought = steps.rfind(|step| step.to == unit.status && step.from != Some(unit.status));
    match brought.and_then(|step| step.by) {
        Some(other) => accounts::check_two_people(tx, by.user, other),
        None => Ok(()),
    }
}

/// A bag that lies or lay on the caller's own shelf or is on its way there; any for a physician.
fn in_reach(conn: &mut Conn, by: &Principal, id: BloodUnitId) -> Result<BloodUnit> {
    let unit = store::unit(conn, id)?;
    if is_in_reach(conn, by, &unit)? { Ok(unit) } else { Err(Problem::new(Code::NotFound)) }
}

fn is_in_reach(conn: &mut Conn, by: &Principal, unit: &BloodUnit) -> Result<bool> {
    Ok(match by.facility {
        _ if by.role == Role::Physician => true,
        Some(own) => {
            own == unit.facility
                || store::was_at(conn, unit.id, own)?
                || store::transfers::is_bound_for(conn, unit.id, own)?
        }
        None => false,
    })
}

fn go(
    tx: &mut Tx,
    vault: &Vault,
    unit: &BloodUnit,
    to: UnitStatus,
    why: &Why,
    by: Option<UserId>,
    action: &'static str,
) -> Result<Stopped> {
    let seen = audit::seen(tx.conn, vault, &UNIT, unit.id.0)?;
    step(tx, vault, unit, to, why, by)?;
    let line = Line::new(by, action).on(unit.id).with("from", unit.status).with("reason", why.reason);
    seen.record(tx, vault, line)?;
    Ok(Stopped { id: unit.id, status: to })
}
