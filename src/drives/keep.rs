//! The appointment of a donor who came and gave.

use shiryan_kernel::Result;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId};
use shiryan_kernel::status::AppointmentStatus;

use super::{APPOINTMENT, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::vault::Vault;

/// Marks the donor's live appointment in the drive as kept, one that was only proposed too: whoever came
/// and gave had accepted. None for a walk-in, and where the appointment was kept before. The caller has
/// looked at the scope.
///
/// # Errors
/// As any write.
pub fn keep_appointment(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    drive: DriveId,
    donor: DonorId,
) -> Result<Option<AppointmentId>> {
    let Some((id, was)) = store::live_appointment(tx.conn, drive, donor)? else { return Ok(None) };
    let seen = audit::seen(tx.conn, vault, &APPOINTMENT, id.0)?;
    if !store::end(tx, id, was, AppointmentStatus::Kept)? {
        return Ok(None);
    }
    let line = Line::new(Some(by.user), "drives.appointment_kept").on(id).with("was", was);
    seen.record(tx, vault, line)?;
    feed::append(tx, "appointment", id.0, AppointmentStatus::Kept.code())?;
    Ok(Some(id))
}
