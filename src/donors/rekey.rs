//! Donors under another root key: each donor's own key is sealed anew and the exact keys get new tags. What is
//! sealed under a donor's key stays as it is.

use shiryan_kernel::Result;

use super::{seal, store};
use crate::db::Tx;
use crate::vault::Vault;

/// Moves at most `limit` donors after `after`; the last of them, none at the end.
///
/// # Errors
/// `identity_damaged` when a donor's key or an exact key was changed or moved.
pub fn rekey(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, wrapped, row) in store::identities_after(tx.conn, after, limit)? {
        last = Some(id.0);
        let key = old.donor_key(id.0, &wrapped)?;
        let person = seal::open(&key, &row)?;
        for (before, now) in person.keys(old).iter().zip(person.keys(new)) {
            store::move_key(tx.conn, id, before, &now.tag)?;
        }
        store::set_wrapped(tx.conn, id, &new.rewrap(old, id.0, &wrapped)?)?;
    }
    Ok(last)
}
