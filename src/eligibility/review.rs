//! Reviews that move windows: a record that is held may give nothing, one that is let go what it may.

use shiryan_kernel::Result;
use shiryan_kernel::ids::{DonorId, ReviewId};

use super::{Rulebook, rewrite_windows, store};
use crate::accounts::Principal;
use crate::db::{Db, Lane, Tx, feed};
use crate::donors::{self, Review};
use crate::vault::Vault;

/// Says that the two records of a review are two people.
///
/// # Errors
/// As [`donors::differ`].
pub fn differ(tx: &mut Tx, vault: &Vault, book: &Rulebook, by: &Principal, id: ReviewId) -> Result<Review> {
    let settled = donors::differ(tx, vault, by, id)?;
    rewrite_windows(tx, vault, book, settled.donor)?;
    Ok(settled)
}

/// Phone numbers looked at in one read.
const SLICE: i64 = 256;

/// Looks through every phone number that several donors have, and holds each record that is like an older
/// one; how many. It may run twice: what somebody has settled stays so.
///
/// # Errors
/// As any read and write; what was held before stays held.
pub fn hold_alike(db: &Db, vault: &Vault) -> Result<u64> {
    let (mut after, mut held) = (Vec::new(), 0);
    loop {
        let phones = db.read_now(|conn| donors::shared_phones(conn, &after, SLICE))?;
        let Some(last) = phones.last() else { return Ok(held) };
        after.clone_from(last);
        for phone in phones {
            for (newer, older) in db.read_now(|conn| donors::alike_by_phone(conn, vault, phone))? {
                let vault = vault.clone();
                let hold = move |tx: &mut Tx<'_>| hold(tx, &vault, newer, older);
                held += u64::from(db.write_now(Lane::Bulk, hold)?);
            }
        }
    }
}

fn hold(tx: &mut Tx, vault: &Vault, newer: DonorId, older: DonorId) -> Result<bool> {
    let is_held = donors::hold(tx, vault, newer, older)?;
    if is_held && store::replace_windows(tx.conn, newer, &[])? {
        feed::append(tx, "donor", newer.0, "windows")?;
    }
    Ok(is_held)
}
