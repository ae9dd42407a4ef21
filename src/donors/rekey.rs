//! Donors under another root key: each donor's own key is sealed anew and the exact keys get new tags. What is
//! sealed under a donor's key stays as it is.

use shiryan_kernel::{Problem, Result};

use super::{seal, store};
use crate::db::Tx;
use crate::vault::Vault;

/// Moves at most `limit` donors after `after`; the last of them, none at the end. What does not open stays as it
/// is, and says so in the log: a damaged cell must not keep the others under two keys.
///
/// # Errors
/// As any write.
pub fn rekey(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, wrapped, row) in store::identities_after(tx.conn, after, limit)? {
        last = Some(id.0);
        let person = old.donor_key(id.0, &wrapped).and_then(|key| seal::open(&key, &row));
        match &person {
            Ok(person) => {
                for (before, now) in person.keys(old).iter().zip(person.keys(new)) {
                    store::move_key(tx.conn, id, before, &now.tag)?;
                }
            }
            Err(problem) => damaged(problem),
        }
        match new.rewrap(old, id.0, &wrapped) {
            Ok(wrapped) => store::set_wrapped(tx.conn, id, &wrapped)?,
            Err(problem) => damaged(&problem),
        }
    }
    Ok(last)
}

fn damaged(problem: &Problem) {
    tracing::error!(cause = problem.cause.as_deref().unwrap_or_default(), "left under the old root key");
}
