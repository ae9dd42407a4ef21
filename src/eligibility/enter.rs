//! Deferrals as people enter and read them: inside the caller's scope, cut to what the reader may learn.
//!
//! Anyone who screens may enter any cause; afterwards only the physician reads a sealed one. For others
//! it is not in the list at all: a line without a cause would say that there is one.

use shiryan_kernel::Result;
use shiryan_kernel::ids::{DeferralId, DonorId};

use super::{DeferralFact, NewDeferral, Rulebook, Viewer, Visibility, defer, store};
use crate::accounts::Principal;
use crate::db::{Conn, Tx};
use crate::donors::{self, Scope};
use crate::vault::Vault;

/// A deferral whose cause its reader may learn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenDeferral {
    pub id: DeferralId,
    pub fact: DeferralFact,
}

/// Records a deferral of a donor whom the caller may know of, and rewrites the donor's windows.
///
/// # Errors
/// `not_found`, outside the scope too; as [`defer`].
pub fn enter_deferral(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    new: &NewDeferral,
) -> Result<DeferralId> {
    let scope = Scope::of(tx.conn, by)?;
    donors::donor(tx.conn, &scope, new.donor)?;
    defer(tx, vault, book, Some(by.user), new)
}

/// The donor's deferrals after `after` that `viewer` may learn, oldest first. A code that the catalogue
/// lacks is as a sealed one.
///
/// # Errors
/// `not_found`, outside the scope too; `identity_damaged` when a cause was changed or moved.
pub fn list_deferrals(
    conn: &mut Conn,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    viewer: Viewer,
    donor: DonorId,
    after: i64,
) -> Result<Vec<SeenDeferral>> {
    let scope = Scope::of(conn, by)?;
    donors::donor(conn, &scope, donor)?;
    let known = donors::known(conn, vault, donor)?;
    let class = |code: &str| book.catalogue().get(code).map_or(Visibility::Sealed, |entry| entry.visibility);
    let all = store::deferrals(conn, donor, &known.key)?;
    let seen = all.into_iter().filter(|(id, fact)| id.0 > after && viewer.sees(class(&fact.code)));
    Ok(seen.map(|(id, fact)| SeenDeferral { id, fact }).collect())
}
