//! A bag's way to a hospital and back: held, issued, carried, used or returned. Whoever calls says for what.
//!
//! Each step holds under read committed: one conditional statement names what the bag must still be.

use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::compat::Titre;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, UserId};
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use super::store::Still;
use super::{BloodUnit, Why, conflict, ledger, rules, step, store};
use crate::accounts::Principal;
use crate::db::Tx;
use crate::places;
use crate::vault::Vault;

/// Holds a released bag of the caller's own shelf that is good at `good_at`; `fits` says whether its group does.
///
/// # Errors
/// `not_found` of another's shelf; `unit_incompatible` of another component, without what is needed, or where `fits` says no;
/// `state_conflict` (with `state`) when it is not released; `unit_expired` when it is not good then.
pub fn hold(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: BloodUnitId,
    (component, good_at, needs): (Component, Moment, Attributes),
    fits: impl Fn(BloodGroup, Titre) -> bool,
) -> Result<BloodUnit> {
    let own = by.own_facility()?;
    let unit = store::unit(tx.conn, id)?;
    if unit.facility != own {
        return Err(Problem::new(Code::NotFound));
    }
    let is_such = unit.component == component && unit.attributes.meet(needs);
    let fitting = unit.blood_group.filter(|group| is_such && fits(*group, unit.attributes.titre()));
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

/// Notes that a bag lies elsewhere now, in whatever state it is; the bag as it lies there.
///
/// # Errors
/// `state_conflict` when it was carried already.
pub fn carry(tx: &mut Tx, vault: &Vault, by: UserId, unit: &BloodUnit, to: FacilityId) -> Result<BloodUnit> {
    if !store::carry(tx, unit.id, unit.facility, to)? {
        return Err(conflict(unit.status));
    }
    let stays = (Some(unit.status), unit.status);
    ledger::moved(tx, vault, unit.id, stays, &Why::of(MoveReason::Arrived), to, Some(by))?;
    let mut here = unit.clone();
    here.facility = to;
    Ok(here)
}

/// Stops an issued bag that has just arrived and was longer on its way than it may be; whether it did.
///
/// # Errors
/// As any write.
pub fn stop_if_late(tx: &mut Tx, vault: &Vault, by: UserId, unit: &BloodUnit, left: Moment) -> Result<bool> {
    let stops = unit.status == UnitStatus::Issued && rules::is_late(left, tx.now);
    if stops {
        step(tx, vault, unit, UnitStatus::Blocked, &Why::of(MoveReason::OutOfTemperature), Some(by))?;
    }
    Ok(stops)
}

/// What a hospital says of a bag that it has.
#[derive(Debug, Clone)]
pub enum Fate {
    /// Given to the patient; `at` may be left out while it is in date.
    Transfused {
        at: Option<Moment>,
    },
    /// To go back, after so many minutes out of controlled storage; absent: nobody knows how many.
    Returned {
        minutes_out: Option<i64>,
    },
    Discarded(Why),
}

/// Notes what became of a bag at a hospital; the state in which it is now. What was out of controlled storage for too
/// long goes back stopped.
///
/// # Errors
/// `state_conflict` (with `state`) when the bag is not the hospital's to report on any more; `missing_field` of
/// `used_at` for a bag that was stopped or passed its date; `out_of_range` of `used_at` to come, after the date or more
/// than [`rules::LATE_REPORT_DAYS`] days ago, and of `minutes_out_of_control` below zero; `invalid_value` and
/// `missing_field` as [`super::discard`].
pub fn report(tx: &mut Tx, vault: &Vault, by: UserId, unit: &BloodUnit, fate: &Fate) -> Result<UnitStatus> {
    let (from, to, why) = match fate {
        Fate::Transfused { at } => {
            check_used(unit, *at, tx.now)?;
            (REPORTED_LATE, UnitStatus::Transfused, Why::of(MoveReason::Used))
        }
        Fate::Returned { minutes_out } => {
            if minutes_out.is_some_and(|minutes| minutes < 0) {
                return Err(Problem::field("minutes_out_of_control", Code::OutOfRange));
            }
            let keeps = minutes_out.is_some_and(|minutes| minutes <= rules::most_minutes_out(unit.component));
            let stopped = (UnitStatus::Blocked, Why::of(MoveReason::OutOfTemperature));
            let (to, why) =
                if keeps { (UnitStatus::Returned, Why::of(MoveReason::NotUsed)) } else { stopped };
            (IN_ORDER, to, why)
        }
        Fate::Discarded(why) => {
            rules::check_why(&rules::HOSPITAL_DISCARDS, why.reason, why.note.is_some())?;
            (REPORTED_LATE, UnitStatus::Discarded, why.clone())
        }
    };
    if !from.contains(&unit.status) {
        return Err(conflict(unit.status));
    }
    step(tx, vault, unit, to, &why, Some(by))?;
    Ok(to)
}

/// The state of a bag that a hospital may give back.
const IN_ORDER: &[UnitStatus] = &[UnitStatus::Issued];
/// The states of a bag of which a hospital may still say that it was used or thrown away.
const REPORTED_LATE: &[UnitStatus] = &[UnitStatus::Issued, UnitStatus::Expired, UnitStatus::Blocked];

fn check_used(unit: &BloodUnit, at: Option<Moment>, now: Moment) -> Result<()> {
    let field = |code| Err(Problem::field("used_at", code));
    match at {
        None if unit.status == UnitStatus::Issued && unit.is_good_at(now) => Ok(()),
        None if REPORTED_LATE.contains(&unit.status) => field(Code::MissingField),
        None => Ok(()),
        Some(at) if at > now || !unit.is_good_at(at) => field(Code::OutOfRange),
        Some(at) if now - at > chrono::Duration::days(rules::LATE_REPORT_DAYS) => field(Code::OutOfRange),
        Some(_) => Ok(()),
    }
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
