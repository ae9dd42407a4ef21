//! Telling those whose appointment a later fact has made impossible: queued once for each, within a minute of
//! the fact, and never why.

use shiryan_kernel::Result;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::AppointmentId;
use shiryan_kernel::message::Template;
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::time::{Moment, Zone};

use super::store;
use crate::db::{Conn, Db, Lane};
use crate::messages::{self, Notice};
use crate::vault::Vault;

/// Rows in one write, so that nobody waits long behind it.
const SLICE: i64 = 64;

/// Queues a notice to each holder of an appointment to come that became impossible and of which nothing was
/// queued; how many. May run twice, and in several processes at once. Blocks.
///
/// # Errors
/// As any write.
pub fn tell_impossible(db: &Db, vault: &Vault, zone: Zone) -> Result<usize> {
    let mut queued = 0;
    let now = db.now();
    for (drive, starts_at) in db.read_now(|conn| store::coming(conn, now))? {
        let day = (DonationType::WholeBlood, zone.date(starts_at.and_utc()));
        loop {
            let untold = db.read_now(|conn| store::untold(conn, drive, day, now, SLICE))?;
            if untold.is_empty() {
                break;
            }
            let vault = vault.clone();
            queued += db.write_now(Lane::Bulk, move |tx| {
                let mut queued = 0;
                for &(appointment, donor, starts_at) in &untold {
                    let notice = Notice {
                        template: Template::AppointmentOff,
                        donor,
                        subject: appointment.0,
                        due_at: tx.now,
                        useful_until: starts_at.and_utc(),
                    };
                    queued += usize::from(messages::queue(tx, &vault, &notice)?);
                }
                Ok(queued)
            })?;
        }
    }
    Ok(queued)
}

/// When an appointment was to begin that is live, to come and impossible; none of any other.
///
/// # Errors
/// As any read.
pub fn impossible_at(conn: &mut Conn, zone: Zone, id: AppointmentId, now: Moment) -> Result<Option<Moment>> {
    let Some((donor, starts_at)) = store::live_slot(conn, id)? else { return Ok(None) };
    let starts_at = starts_at.and_utc();
    if starts_at <= now || store::may_give(conn, donor, DonationType::WholeBlood, zone.date(starts_at))? {
        return Ok(None);
    }
    Ok(Some(starts_at))
}

/// When an appointment was to begin that is cancelled and would be to come; none of any other.
///
/// # Errors
/// As any read.
pub fn cancelled_at(conn: &mut Conn, id: AppointmentId, now: Moment) -> Result<Option<Moment>> {
    let found = store::appointment(conn, id)?;
    let starts_at = found.starts_at.and_utc();
    Ok((found.status == AppointmentStatus::Cancelled && starts_at > now).then_some(starts_at))
}
