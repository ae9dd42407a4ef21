//! Proposals that nobody accepted give their places back in time for others.

use shiryan_kernel::ids::AppointmentId;
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::{Code, Problem, Result};

use super::{APPOINTMENT, rules, store};
use crate::audit::{self, Line};
use crate::db::{Db, Lane, Tx, feed};
use crate::vault::Vault;

/// Rows in one write, so that nobody waits long behind it.
const SLICE: usize = 64;

/// Ends the proposals whose time is over and gives their places back; how many. May run twice, and in several
/// processes at once. Blocks.
///
/// # Errors
/// As any write.
pub fn lapse(db: &Db, vault: &Vault) -> Result<usize> {
    let now = db.now();
    let due = db.read_now(|conn| store::proposed(conn, now))?;
    let due = due
        .into_iter()
        .filter(|place| rules::lapses_at(place.created_at.and_utc(), place.starts_at.and_utc()) <= now);
    let ids: Vec<AppointmentId> = due.map(|place| place.id).collect();
    let mut lapsed = 0;
    for slice in ids.chunks(SLICE) {
        let (vault, slice) = (vault.clone(), slice.to_vec());
        lapsed += db.write_now(Lane::Bulk, move |tx| {
            let mut lapsed = 0;
            for id in &slice {
                lapsed += usize::from(lapse_one(tx, &vault, *id)?);
            }
            Ok(lapsed)
        })?;
    }
    Ok(lapsed)
}

/// Whether it was proposed until now.
fn lapse_one(tx: &mut Tx, vault: &Vault, id: AppointmentId) -> Result<bool> {
    let found = store::appointment(tx.conn, id)?;
    if found.status != AppointmentStatus::Proposed {
        return Ok(false);
    }
    let seen = audit::seen(tx.conn, vault, &APPOINTMENT, id.0)?;
    // The place before the appointment, as booking locks them.
    if !store::give_back(tx, &found)? {
        return Err(Problem::new(Code::Busy));
    }
    if !store::end(tx, id, AppointmentStatus::Proposed, AppointmentStatus::Cancelled)? {
        return Err(Problem::new(Code::Busy));
    }
    seen.record(tx, vault, Line::new(None, "drives.proposal_lapsed").on(id))?;
    feed::append(tx, "appointment", id.0, AppointmentStatus::Cancelled.code())?;
    Ok(true)
}
