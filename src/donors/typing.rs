//! The laboratory's typings of a donor: a ledger, and the group that follows from it. Two that disagree
//! take the group away until the physician has said which are wrong.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, GroupEvidence};
use shiryan_kernel::ids::{DonorId, TypingId, UserId};
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::text::{Note, ShortCode};
use shiryan_kernel::time::past_day;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::aliases::typed_groups;
use super::{DONOR, Scope, Typing, donor, key, rules, store, unerased};
use crate::accounts::Principal;
use crate::audit::{self, Line as AuditLine};
use crate::db::{Conn, Tx, feed};
use crate::vault::{Place, SealingKey, Vault};

/// A typing to be recorded.
#[derive(Debug, Clone)]
pub struct NewTyping {
    pub group: BloodGroup,
    pub sample: Option<ShortCode>,
    pub typed_on: NaiveDate,
}

/// The group as it stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Group {
    pub blood_group: Option<BloodGroup>,
    pub group_evidence: GroupEvidence,
}

/// A recorded typing, and the group after it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Typed {
    pub id: TypingId,
    pub blood_group: Option<BloodGroup>,
    pub group_evidence: GroupEvidence,
}

/// One line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Line {
    pub id: TypingId,
    pub blood_group: BloodGroup,
    pub sample: Option<String>,
    pub typed_on: NaiveDate,
    pub recorded_by: UserId,
    /// Found wrong by the physician; counts no more.
    pub wrong: bool,
}

/// Which typings are wrong, and why.
#[derive(Debug, Clone)]
pub struct Resolution {
    pub wrong: Vec<TypingId>,
    pub reason: Note<500>,
}

/// Every typing of a donor, oldest first; samples of an erased donor stay closed.
///
/// # Errors
/// `not_found`, outside the scope too; `identity_damaged` when a sample was changed or moved.
pub fn typings(conn: &mut Conn, vault: &Vault, scope: &Scope, id: DonorId) -> Result<Vec<Line>> {
    let is_erased = donor(conn, scope, id)?.status == DonorStatus::Erased;
    let key = if is_erased { None } else { Some(key(conn, vault, id)?) };
    store::typings(conn, id, key.as_ref())
}

/// Records a typing and what follows for the group.
///
/// # Errors
/// `not_found`, outside the scope too; `out_of_range` of a day to come or before 1900; `state_conflict` of an erased
/// donor.
pub fn type_group(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    new: &NewTyping,
    today: NaiveDate,
) -> Result<Typed> {
    let scope = Scope::of(tx.conn, by)?;
    let before = unerased(tx.conn, &scope, id)?;
    past_day(new.typed_on, today).map_err(|problem| problem.on("typed_on"))?;
    let seen = audit::seen(tx.conn, vault, &DONOR, id.0)?;
    let typing = TypingId(tx.id());
    let key = key(tx.conn, vault, id)?;
    store::insert_typing(tx, typing, id, by.user, &key, new)?;
    let standing = standing(tx.conn, id, &key)?;
    let after = rules::after_typing((before.blood_group, before.group_evidence), &standing);
    settle(tx, id, after)?;
    let line = AuditLine::new(Some(by.user), "donors.typed").on(id).with("evidence", after.1);
    seen.record(tx, vault, line)?;
    Ok(Typed { id: typing, blood_group: after.0, group_evidence: after.1 })
}

/// Ends a discrepancy: the named typings count no more, and the group follows from the others. It may be one
/// with another record of the same person.
///
/// # Errors
/// `not_found`, outside the scope too; `state_conflict` when nothing disagrees, and of an erased donor; `unknown_reference` of
/// `wrong` for none, or for one that is not the donor's or was found wrong before.
pub fn resolve(tx: &mut Tx, vault: &Vault, by: &Principal, id: DonorId, how: &Resolution) -> Result<Group> {
    let scope = Scope::of(tx.conn, by)?;
    let before = unerased(tx.conn, &scope, id)?;
    if before.group_evidence != GroupEvidence::Discrepant && typed_groups(tx.conn, id)?.len() < 2 {
        return Err(Problem::new(Code::StateConflict).with("state", before.group_evidence));
    }
    let unknown = || Problem::field("wrong", Code::UnknownReference);
    if how.wrong.is_empty() {
        return Err(unknown());
    }
    let key = key(tx.conn, vault, id)?;
    let seen = audit::seen(tx.conn, vault, &DONOR, id.0)?;
    for typing in &how.wrong {
        let reason = key.seal_text(Place::of("typings", "wrong_reason", typing.0), how.reason.as_str());
        if !store::mark_wrong(tx, *typing, id, by.user, reason)? {
            return Err(unknown());
        }
    }
    let standing = standing(tx.conn, id, &key)?;
    let (blood_group, group_evidence) = rules::after_resolving(&standing);
    settle(tx, id, (blood_group, group_evidence))?;
    let line = AuditLine::new(Some(by.user), "donors.group_resolved").on(id).with("wrong", &how.wrong);
    seen.record(tx, vault, line)?;
    Ok(Group { blood_group, group_evidence })
}

fn standing(conn: &mut Conn, id: DonorId, key: &SealingKey) -> Result<Vec<Typing>> {
    let lines = store::typings(conn, id, Some(key))?.into_iter().filter(|line| !line.wrong);
    Ok(lines
        .map(|line| Typing { group: line.blood_group, sample: line.sample, by: line.recorded_by })
        .collect())
}

fn settle(tx: &mut Tx, id: DonorId, group: (Option<BloodGroup>, GroupEvidence)) -> Result<()> {
    store::set_group(tx.conn, id, group)?;
    feed::append(tx, "donor", id.0, "group")
}
