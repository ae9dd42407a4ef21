//! Two records read as one person, and the undoing of it: one person asks, another approves, and the windows of
//! every record follow in the same transaction.

use shiryan_kernel::ids::{ApprovalId, DonorId, MergeId};
use shiryan_kernel::status::ApprovalKind;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::{Proposal, Rulebook, rewrite_windows};
use crate::accounts::{self, Approval, Ask, Asked, Principal};
use crate::db::{Conn, Tx};
use crate::donors;
use crate::vault::{SealingKey, Vault};

/// Asks that a record be read as another's person.
///
/// # Errors
/// As [`donors::check_merge`].
pub fn ask_merge(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    (donor, survivor): (DonorId, DonorId),
    reason: &Note<500>,
) -> Result<Asked> {
    donors::check_merge(tx.conn, donor, survivor)?;
    let known = donors::known(tx.conn, vault, donor)?;
    let request = survivor.to_string();
    let ask = Ask { kind: ApprovalKind::MergeDonors, subject: Some(donor), request: &request, reason };
    accounts::ask(tx, vault, by, &known.key, &ask)
}

/// Asks that each of two records be read for itself again.
///
/// # Errors
/// As [`donors::standing_merge`].
pub fn ask_undo(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: MergeId,
    reason: &Note<500>,
) -> Result<Asked> {
    let line = donors::standing_merge(tx.conn, id)?;
    let known = donors::known(tx.conn, vault, line.donor)?;
    let request = id.to_string();
    let ask = Ask { kind: ApprovalKind::UndoMerge, subject: Some(line.donor), request: &request, reason };
    accounts::ask(tx, vault, by, &known.key, &ask)
}

/// What a request of these kinds asks.
pub(super) fn read(
    conn: &mut Conn,
    donor: DonorId,
    key: &SealingKey,
    approval: &Approval,
) -> Result<Proposal> {
    let text = approval.request(key)?;
    let damaged = |_| Problem::new(Code::IdentityDamaged);
    if approval.kind == ApprovalKind::MergeDonors {
        let survivor = text.parse().map_err(damaged)?;
        return Ok(Proposal::MergeDonors { donor, survivor });
    }
    let line = donors::merge_line(conn, text.parse().map_err(damaged)?)?;
    Ok(Proposal::UndoMerge { merge: line.id, donor: line.donor, survivor: line.survivor })
}

/// # Errors
/// As [`donors::merge`].
pub(super) fn merge(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    approval: ApprovalId,
    pair: (DonorId, DonorId),
) -> Result<()> {
    donors::merge(tx, vault, by, approval, pair)?;
    rewrite_windows(tx, vault, book, pair.1)
}

/// # Errors
/// As [`donors::undo`].
pub(super) fn undo(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    approval: ApprovalId,
    id: MergeId,
) -> Result<()> {
    let line = donors::undo(tx, vault, by, approval, id)?;
    rewrite_windows(tx, vault, book, line.donor)?;
    rewrite_windows(tx, vault, book, line.survivor)
}
