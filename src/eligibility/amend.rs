//! An amended record: sex, birth date, weight and height move the donor's windows.

use shiryan_kernel::Result;
use shiryan_kernel::ids::DonorId;

use super::{Rulebook, rewrite_windows};
use crate::accounts::Principal;
use crate::db::Tx;
use crate::donors::{self, Amended, Amendment};
use crate::vault::Vault;

/// Amends a donor's record and writes the windows anew.
///
/// # Errors
/// As [`donors::amend`].
pub fn amend(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    version: i64,
    new: &Amendment,
) -> Result<Amended> {
    let amended = donors::amend(tx, vault, by, donor, version, new)?;
    rewrite_windows(tx, vault, book, donor)?;
    Ok(amended)
}
