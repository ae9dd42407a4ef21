//! Records of one person: a ledger of aliases.
//!
//! A merge says that from now on a record and a survivor are one person. Nothing moves: what was recorded
//! stays where it is and is read over all records of the person ([`records_of`]). An undoing ends the alias
//! and leaves what came between. Both are carried out for two people, never for one: the caller holds the
//! approval.

mod store;

use chrono::NaiveDateTime;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::{ApprovalId, DonorId, MergeId, UserId};
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::{Code, Problem, Result};

use super::{duplicates, store as donor_rows};
use crate::accounts::Principal;
use crate::audit::{self, Line, Seen};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merge {
    pub id: MergeId,
    /// Read as the survivor, and never booked.
    pub donor: DonorId,
    pub survivor: DonorId,
    pub made_at: NaiveDateTime,
    pub made_by: UserId,
    pub ended_at: Option<NaiveDateTime>,
    pub ended_by: Option<UserId>,
}

/// The records that are one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Records {
    /// Whom the others are read as.
    pub survivor: DonorId,
    /// All of them, the survivor too.
    pub all: Vec<DonorId>,
    /// When the last of them came to the others; none for a record that stands alone.
    pub since: Option<NaiveDateTime>,
}

/// The records that are one person with this one, itself too: as it stands now, or as it stood until a
/// moment.
///
/// # Errors
/// As any read.
pub fn records_of(conn: &mut Conn, donor: DonorId, before: Option<NaiveDateTime>) -> Result<Records> {
    let mut records = Records { survivor: donor, all: vec![donor], since: None };
    let mut read = 0;
    let mut aliases = Vec::new();
    while let Some(next) = records.all.get(read).copied() {
        read += 1;
        for line in store::touching(conn, next, before)? {
            records.since = records.since.max(Some(line.made_at));
            for id in [line.donor, line.survivor] {
                if !records.all.contains(&id) {
                    records.all.push(id);
                }
            }
            aliases.push(line.donor);
        }
    }
    let survivor = records.all.iter().find(|id| !aliases.contains(id));
    records.survivor = survivor.copied().unwrap_or(donor);
    Ok(records)
}

/// The groups that the laboratory found in the records of the person, once or twice, each named once.
///
/// # Errors
/// As any read.
pub fn typed_groups(conn: &mut Conn, donor: DonorId) -> Result<Vec<BloodGroup>> {
    let records = records_of(conn, donor, None)?.all;
    let mut typed = store::typed_groups(conn, &records)?;
    typed.dedup();
    Ok(typed)
}

/// Who typed a donor, under whichever record; typings that were found wrong count no more.
///
/// # Errors
/// `not_found`.
pub fn typists(conn: &mut Conn, donor: DonorId) -> Result<Vec<UserId>> {
    let records = records_of(conn, donor, None)?.all;
    store::typists(conn, &records)
}

/// Donors of a span of ids who have more than one record.
///
/// # Errors
/// As any read.
pub fn merged_between(conn: &mut Conn, span: (i64, i64)) -> Result<Vec<DonorId>> {
    store::merged_between(conn, span)
}

/// Whether two records may become one person.
///
/// # Errors
/// `not_found`; `invalid_value` of `survivor` for the record itself; `state_conflict` of one that is erased, or
/// is read as another already.
pub fn check_merge(conn: &mut Conn, donor: DonorId, survivor: DonorId) -> Result<()> {
    if donor == survivor {
        return Err(Problem::field("survivor", Code::InvalidValue));
    }
    for id in [donor, survivor] {
        let found = donor_rows::donor(conn, id)?;
        if found.status == DonorStatus::Erased {
            return Err(Problem::new(Code::StateConflict).with("state", found.status));
        }
        if found.merged_into.is_some() {
            return Err(Problem::new(Code::StateConflict).with("state", "merged"));
        }
    }
    Ok(())
}

/// Records that are read as one person, in the record of changes.
const PERSON: audit::Thing = audit::Thing {
    name: "person",
    tables: &[("donors", "id"), ("donor_aliases", "donor"), ("reviews", "donor")],
};

/// Reads a record as the survivor from now on. Reviews that asked whether they are one person are settled.
///
/// # Errors
/// As [`check_merge`].
pub fn merge(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    approval: ApprovalId,
    (donor, survivor): (DonorId, DonorId),
) -> Result<MergeId> {
    check_merge(tx.conn, donor, survivor)?;
    let sides = (records_of(tx.conn, donor, None)?.all, records_of(tx.conn, survivor, None)?.all);
    let id = MergeId(tx.id());
    let seen = person(tx.conn, vault, (&sides.0, &sides.1))?;
    store::begin(tx, id, by.user, approval, (donor, survivor))?;
    duplicates::settle_between(tx, by.user, (&sides.0, &sides.1))?;
    note(tx, vault, by, id, (donor, survivor), (seen, "donors.merged"))?;
    Ok(id)
}

/// A line of the ledger.
///
/// # Errors
/// `not_found`.
pub fn merge_line(conn: &mut Conn, id: MergeId) -> Result<Merge> {
    store::line(conn, id)
}

/// A line that stands.
///
/// # Errors
/// `not_found`; `state_conflict` for one that was ended.
pub fn standing_merge(conn: &mut Conn, id: MergeId) -> Result<Merge> {
    let line = merge_line(conn, id)?;
    match line.ended_at {
        None => Ok(line),
        Some(_) => Err(Problem::new(Code::StateConflict).with("state", "ended")),
    }
}

/// Ends an alias: each record is again read for itself. A review that it settled is open again.
///
/// # Errors
/// As [`standing_merge`].
pub fn undo(tx: &mut Tx, vault: &Vault, by: &Principal, approval: ApprovalId, id: MergeId) -> Result<Merge> {
    let line = standing_merge(tx.conn, id)?;
    let all = records_of(tx.conn, line.donor, None)?.all;
    let seen = person(tx.conn, vault, (&all, &[]))?;
    store::end(tx, &line, by.user, approval)?;
    let one = records_of(tx.conn, line.donor, None)?.all;
    let other = records_of(tx.conn, line.survivor, None)?.all;
    duplicates::reopen_between(tx, (&one, &other))?;
    note(tx, vault, by, id, (line.donor, line.survivor), (seen, "donors.merge_undone"))?;
    Ok(line)
}

fn person(conn: &mut Conn, vault: &Vault, (one, other): (&[DonorId], &[DonorId])) -> Result<Seen> {
    audit::seen_all(conn, vault, &PERSON, one.iter().chain(other).map(|donor| donor.0))
}

fn note(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: MergeId,
    (donor, survivor): (DonorId, DonorId),
    (seen, action): (Seen, &'static str),
) -> Result<()> {
    feed::append(tx, "donor", donor.0, "standing")?;
    feed::append(tx, "donor", survivor.0, "standing")?;
    let line = Line::new(Some(by.user), action).on(donor).with("survivor", survivor).with("merge", id);
    seen.record(tx, vault, line).map(drop)
}

/// Lines after `after`, oldest first; of one record on either side, where it is given.
///
/// # Errors
/// As any read.
pub fn merges(conn: &mut Conn, of: Option<DonorId>, after: i64, limit: i64) -> Result<Vec<Merge>> {
    store::lines(conn, of, after, limit)
}
