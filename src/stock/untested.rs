//! Bags that two physicians give out before their tests are known (A15). Whoever calls says for whom, and asks both.
//!
//! Such a bag is never stock: no list of what may be issued, no summary, no flow of a day and no projection knows it. It
//! goes from quarantine to the patient or back, and no other path can take it up.

use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::{DonorId, UserId};
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::{Code, Problem, Result};

use super::{BloodUnit, Why, conflict, ledger, settled_group, step, store, tested};
use crate::db::{Conn, Tx};
use crate::vault::Vault;

/// Whether a bag may be given out before its tests: it waits in quarantine, was collected here, is in date, its group is
/// known and nothing that was found speaks against it. Its group, and who gave it.
///
/// # Errors
/// `state_conflict` (with `state`) of a bag that is not in quarantine or comes from elsewhere; `unit_expired`;
/// `group_unknown`; `group_discrepancy`; `tests_reactive` where a result of this or another donation of the donor is not
/// clear.
pub fn check_untested(
    conn: &mut Conn,
    vault: &Vault,
    unit: &BloodUnit,
    now: super::Moment,
) -> Result<(BloodGroup, DonorId)> {
    let giver = store::giver(conn, unit.donation)?;
    let (UnitStatus::Quarantine, Some(donor)) = (unit.status, giver) else {
        return Err(conflict(unit.status));
    };
    if !unit.is_good_at(now) {
        return Err(Problem::new(Code::UnitExpired));
    }
    tested::check_nothing_found(conn, vault, donor)?;
    Ok((settled_group(conn, unit, None)?.group, donor))
}

/// Takes a bag out of quarantine before its tests.
///
/// # Errors
/// `state_conflict` (with `state`) when it is not as [`check_untested`] found it.
pub fn authorise_untested(
    tx: &mut Tx,
    vault: &Vault,
    by: UserId,
    unit: &BloodUnit,
    group: BloodGroup,
) -> Result<()> {
    if !store::authorise_untested(tx, unit.id, unit.facility, group)? {
        return Err(conflict(store::unit(tx.conn, unit.id)?.status));
    }
    let step = (Some(UnitStatus::Quarantine), UnitStatus::EmergencyUntested);
    ledger::moved(tx, vault, unit.id, step, &Why::of(MoveReason::Emergency), unit.facility, Some(by))
}

/// Notes that an untested bag was given.
///
/// # Errors
/// `state_conflict` (with `state`); `unit_expired`.
pub fn give_untested(tx: &mut Tx, vault: &Vault, by: UserId, unit: &BloodUnit) -> Result<()> {
    if unit.status != UnitStatus::EmergencyUntested {
        return Err(conflict(unit.status));
    }
    if !unit.is_good_at(tx.now) {
        return Err(Problem::new(Code::UnitExpired));
    }
    step(tx, vault, unit, UnitStatus::Transfused, &Why::of(MoveReason::Used), Some(by))
}

/// Puts an untested bag that was not given back into quarantine; one that had left the shelf stopped, since nobody knows
/// how it was kept. A bag that something stopped stays as it is.
///
/// # Errors
/// As any write.
pub fn withdraw_untested(
    tx: &mut Tx,
    vault: &Vault,
    by: UserId,
    unit: &BloodUnit,
    had_left: bool,
) -> Result<()> {
    if unit.status != UnitStatus::EmergencyUntested {
        return Ok(());
    }
    let (to, reason) = if had_left {
        (UnitStatus::Blocked, MoveReason::OutOfTemperature)
    } else {
        (UnitStatus::Quarantine, MoveReason::NotUsed)
    };
    step(tx, vault, unit, to, &Why::of(reason), Some(by))
}
