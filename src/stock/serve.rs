//! A bag's way to a hospital and back: held, issued, carried, used or returned. Whoever calls says for what.
//!
//! Each step holds under read committed: one conditional statement names what the bag must still be.

use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::{BloodUnitId, FacilityId, UserId};
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use super::store::Still;
use super::{BloodUnit, Why, conflict, ledger, step, store};
use crate::accounts::Principal;
use crate::db::{Tx, feed};
use crate::places;
use crate::vault::Vault;

/// Holds a released bag of the caller's own shelf that is good at `good_at`; `fits` says whether its group does.
///
/// # Errors
/// `not_found` of another's shelf; `unit_incompatible` of another component, or where `fits` says no;
/// `state_conflict` (with `state`) when it is not released; `unit_expired` when it is not good then.
pub fn hold(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: BloodUnitId,
    (component, good_at): (Component, Moment),
    fits: impl Fn(BloodGroup) -> bool,
) -> Result<BloodUnit> {
    let own = by.own_facility()?;
    let unit = store::unit(tx.conn, id)?;
    if unit.facility != own {
        return Err(Problem::new(Code::NotFound));
    }
    let fitting = unit.blood_group.filter(|group| unit.component == component && fits(*group));
    if unit.status != UnitStatus::Released {
        return Err(conflict(unit.status));
    }
    let Some(blood_group) = fitting else { return Err(Problem::new(Code::UnitIncompatible)) };
    if !unit.is_good_at(good_at) {
        return Err(Problem::new(Code::UnitExpired));
    }
    let still = Still { facility: own, component, blood_group, good_at };
    go(tx, vault, &unit, UnitStatus::Reserved, &still, by.user)?;
    Ok(unit)
}

/// Lets a bag that was held go back to the shelf; `by` is absent where its time was up.
///
/// # Errors
/// `state_conflict` when it is not held.
pub fn free(tx: &mut Tx, vault: &Vault, by: Option<UserId>, unit: &BloodUnit) -> Result<()> {
    if unit.status != UnitStatus::Reserved {
        return Err(conflict(unit.status));
    }
    step(tx, vault, unit, UnitStatus::Released, &Why::of(MoveReason::Freed), by)
}

/// Hands a held bag of this shelf out, and counts it in the day's flow.
///
/// # Errors
/// `not_found` of another's shelf; `state_conflict` (with `state`) when it is not held; `unit_expired`.
pub fn issue(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    (own, by): (FacilityId, UserId),
    id: BloodUnitId,
) -> Result<()> {
    let unit = store::unit(tx.conn, id)?;
    if unit.facility != own {
        return Err(Problem::new(Code::NotFound));
    }
    let (true, Some(blood_group)) = (unit.status == UnitStatus::Reserved, unit.blood_group) else {
        return Err(conflict(unit.status));
    };
    if !unit.is_good_at(tx.now) {
        return Err(Problem::new(Code::UnitExpired));
    }
    let still = Still { facility: own, component: unit.component, blood_group, good_at: tx.now };
    go(tx, vault, &unit, UnitStatus::Issued, &still, by)?;
    let governorate = places::facility(tx.conn, own)?.governorate;
    let day = zone.date(tx.now);
    store::add_flow(tx, store::Flow::Issued, governorate, unit.component, blood_group, day)
}

/// Notes that a bag lies elsewhere now, in whatever state it is.
///
/// # Errors
/// `state_conflict` when it was carried already.
pub fn carry(tx: &mut Tx, unit: &BloodUnit, to: FacilityId) -> Result<()> {
    if !store::carry(tx, unit.id, unit.facility, to)? {
        return Err(conflict(unit.status));
    }
    feed::append(tx, "blood_unit", unit.id.0, "carried")
}

/// What a hospital says of a bag that it has: transfused, or to go back.
///
/// # Errors
/// `state_conflict` (with `state`) when it is not issued.
pub fn report(tx: &mut Tx, vault: &Vault, by: UserId, unit: &BloodUnit, to: UnitStatus) -> Result<()> {
    let reason = match to {
        UnitStatus::Transfused => MoveReason::Used,
        UnitStatus::Returned => MoveReason::NotUsed,
        _ => return Err(Problem::internal("a hospital reports no such state")),
    };
    if unit.status != UnitStatus::Issued {
        return Err(conflict(unit.status));
    }
    step(tx, vault, unit, to, &Why::of(reason), Some(by))
}

/// Puts a returned bag into quarantine.
///
/// # Errors
/// `state_conflict` (with `state`) when it was not returned.
pub fn quarantine_returned(tx: &mut Tx, vault: &Vault, by: UserId, unit: &BloodUnit) -> Result<()> {
    if unit.status != UnitStatus::Returned {
        return Err(conflict(unit.status));
    }
    step(tx, vault, unit, UnitStatus::Quarantine, &Why::of(MoveReason::NotUsed), Some(by))
}

fn go(tx: &mut Tx, vault: &Vault, unit: &BloodUnit, to: UnitStatus, still: &Still, by: UserId) -> Result<()> {
    if !store::step_if(tx, unit.id, (unit.status, to), still)? {
        // Somebody else was here between our look and our lock.
        return Err(conflict(store::unit(tx.conn, unit.id)?.status));
    }
    let step = (Some(unit.status), to);
    ledger::moved(tx, vault, unit.id, step, &Why::of(MoveReason::Used), unit.facility, Some(by))
}
