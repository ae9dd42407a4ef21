//! Donors who will not come: whoever has died or was erased keeps no place.

use chrono::NaiveDate;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::status::{AppointmentStatus, DonorStatus};
use shiryan_kernel::{Code, Problem, Result};

use super::{APPOINTMENT, store};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::donors::{self, Change, Erased, ErasureReason, Standing};
use crate::eligibility::{self, Rulebook};
use crate::messages;
use crate::vault::Vault;

/// Pauses a donor, ends the pause, or records a death, which cancels the appointments to come.
///
/// # Errors
/// As [`eligibility::stand`].
pub fn stand(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    change: Change,
) -> Result<Standing> {
    let standing = eligibility::stand(tx, vault, book, by, donor, change)?;
    if standing.status == DonorStatus::Deceased {
        cancel_to_come(tx, vault, by, donor, standing.status)?;
    }
    Ok(standing)
}

/// Pauses a donor at their own wish, by a link of theirs.
///
/// # Errors
/// `out_of_range` of `until`; `state_conflict` of somebody who is neither active nor paused.
pub fn pause_by_link(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    donor: DonorId,
    until: NaiveDate,
) -> Result<Standing> {
    eligibility::pause_self(tx, vault, book, donor, until)
}

/// No more messages to a donor, by a link of theirs; what is queued goes to nobody.
///
/// # Errors
/// As any write.
pub fn stop_by_link(tx: &mut Tx, vault: &Vault, donor: DonorId) -> Result<()> {
    donors::stop_messages(tx, vault, donor)
}

/// Erases a person, cancels the appointments to come and drops what waits to be told.
///
/// # Errors
/// As [`eligibility::erase`].
pub fn erase(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    reason: ErasureReason,
) -> Result<Erased> {
    let erased = eligibility::erase(tx, vault, book, by, donor, reason)?;
    cancel_to_come(tx, vault, by, donor, erased.status)?;
    messages::forget(tx.conn, donor)?;
    accounts::forget_links(tx.conn, donor)?;
    super::invite::forget(tx.conn, donor)?;
    super::calls::forget(tx.conn, donor)?;
    Ok(erased)
}

/// The donor's row is locked before, slots by their start, each before its appointment: as booking does.
fn cancel_to_come(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    donor: DonorId,
    because: DonorStatus,
) -> Result<()> {
    store::waiting::leave_all(tx, donor)?;
    for found in store::to_come(tx.conn, donor, tx.now)? {
        let seen = audit::seen(tx.conn, vault, &APPOINTMENT, found.id.0)?;
        let freed = store::give_back(tx, &found)?
            && store::end(tx, found.id, found.status, AppointmentStatus::Cancelled)?;
        if !freed {
            return Err(Problem::new(Code::Busy));
        }
        let line = Line::new(Some(by.user), "drives.appointment_cancelled").on(found.id);
        seen.record(tx, vault, line.with("was", found.status).with("because", because))?;
        feed::append(tx, "appointment", found.id.0, AppointmentStatus::Cancelled.code())?;
    }
    Ok(())
}
