//! A donor's typing and the units that already left quarantine under another group.
//!
//! What is still in quarantine needs no block: nothing leaves it while typings disagree.

use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, GroupEvidence};
use shiryan_kernel::ids::DonorId;

use super::{block, store};
use crate::accounts::Principal;
use crate::db::Tx;
use crate::donors::{NewTyping, Typed};
use crate::eligibility::{self, Rulebook};
use crate::vault::Vault;

/// Records a donor's typing. Every unit of the donor that left quarantine and may still reach somebody is
/// blocked in the same write: all of them where typings disagree, else those of a group other than the
/// one found.
///
/// # Errors
/// As [`eligibility::type_group`].
pub fn type_donor(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    new: &NewTyping,
) -> Result<Typed> {
    let typed = eligibility::type_group(tx, vault, book, by, donor, new)?;
    for (unit, group) in store::out_of_quarantine(tx.conn, donor)? {
        if is_in_doubt(&typed, new.group, group) {
            block(tx, vault, Some(by.user), unit)?;
        }
    }
    Ok(typed)
}

fn is_in_doubt(typed: &Typed, found: BloodGroup, of_unit: Option<BloodGroup>) -> bool {
    typed.group_evidence == GroupEvidence::Discrepant || of_unit != Some(found)
}
