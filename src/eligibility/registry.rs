//! Changes of the registry that move a donor's windows: each writes them anew in its own transaction.

use chrono::NaiveDate;
use shiryan_kernel::Result;
use shiryan_kernel::ids::DonorId;

use super::{Rulebook, rewrite_windows};
use crate::accounts::Principal;
use crate::db::Tx;
use crate::donors::{self, Change, Group, NewTyping, Resolution, Standing, Typed};
use crate::vault::Vault;

/// Records a typing. One that disagrees closes every window.
///
/// # Errors
/// As [`donors::type_group`].
pub fn type_group(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    new: &NewTyping,
) -> Result<Typed> {
    let typed = donors::type_group(tx, vault, by, donor, new, book.today(tx.now))?;
    rewrite_windows(tx, vault, book, donor)?;
    Ok(typed)
}

/// Ends a discrepancy.
///
/// # Errors
/// As [`donors::resolve`].
pub fn resolve_group(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    how: &Resolution,
) -> Result<Group> {
    let group = donors::resolve(tx, vault, by, donor, how)?;
    rewrite_windows(tx, vault, book, donor)?;
    Ok(group)
}

/// Pauses a donor, ends the pause, or records a death.
///
/// # Errors
/// As [`donors::stand`].
pub fn stand(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    change: Change,
) -> Result<Standing> {
    let standing = donors::stand(tx, vault, by, donor, change, book.today(tx.now))?;
    rewrite_windows(tx, vault, book, donor)?;
    Ok(standing)
}

/// Pauses a donor at their own wish.
///
/// # Errors
/// As [`donors::pause_self`].
pub fn pause_self(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    donor: DonorId,
    until: NaiveDate,
) -> Result<Standing> {
    let standing = donors::pause_self(tx, vault, donor, until, book.today(tx.now))?;
    rewrite_windows(tx, vault, book, donor)?;
    Ok(standing)
}
