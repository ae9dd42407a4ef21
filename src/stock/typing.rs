//! A donor's typing and the units that already left quarantine under another group.
//!
//! What is still in quarantine needs no block: nothing leaves it while typings disagree.

use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, GroupEvidence};
use shiryan_kernel::ids::{ApprovalId, DonorId};
use shiryan_kernel::status::{ApprovalKind, ApprovalState, MoveReason};

use super::{block, store};
use crate::accounts::{Approval, Principal};
use crate::db::Tx;
use crate::donors::{self, NewTyping, Typed};
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
    block_if_records_differ(tx, vault, book, by, donor)?;
    for (unit, group) in store::out_of_quarantine(tx.conn, donor)? {
        if is_in_doubt(&typed, new.group, group) {
            block(tx, vault, Some(by.user), unit, MoveReason::GroupDiscrepancy)?;
        }
    }
    Ok(typed)
}

/// Decides on a request that needs two people. Where two records become one person and the laboratory found
/// different groups in them, every unit of either that left quarantine is blocked in the same write.
///
/// # Errors
/// As [`eligibility::settle_approval`].
pub fn settle_approval(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    id: ApprovalId,
    verdict: ApprovalState,
) -> Result<Approval> {
    let approval = eligibility::settle_approval(tx, vault, book, by, id, verdict)?;
    if let (ApprovalKind::MergeDonors, ApprovalState::Approved, Some(donor)) =
        (approval.kind, verdict, approval.subject)
    {
        block_if_records_differ(tx, vault, book, by, donor)?;
    }
    Ok(approval)
}

/// Blocks what left quarantine of a person whose records disagree on the group.
fn block_if_records_differ(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
) -> Result<()> {
    let records = donors::records_of(tx.conn, donor, None)?.all;
    if records.len() == 1 || !eligibility::facts_of(tx.conn, vault, book, donor, None)?.group_discrepancy {
        return Ok(());
    }
    for record in records {
        for (unit, _) in store::out_of_quarantine(tx.conn, record)? {
            block(tx, vault, Some(by.user), unit, MoveReason::GroupDiscrepancy)?;
        }
    }
    Ok(())
}

fn is_in_doubt(typed: &Typed, found: BloodGroup, of_unit: Option<BloodGroup>) -> bool {
    typed.group_evidence == GroupEvidence::Discrepant || of_unit != Some(found)
}
