//! What the rules of giving need of a donor: the facts, and the key that opens what is sealed beside them.

use chrono::{NaiveDate, NaiveDateTime};
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::{Code, Problem, Result};

use super::{seal, store};
use crate::db::{Conn, Tx};
use crate::vault::{SealingKey, Vault};

/// A donor's facts for the rules, with the birth date opened.
#[derive(Debug, Clone)]
pub struct Known {
    pub id: DonorId,
    pub sex: Option<Sex>,
    pub birth_date: Option<NaiveDate>,
    pub weight_kg: Option<f64>,
    pub height_cm: Option<f64>,
    pub status: DonorStatus,
    /// Typings disagree and nobody has resolved it.
    pub group_discrepancy: bool,
    /// By the laboratory, once or twice; not what somebody declared.
    pub typed_group: Option<BloodGroup>,
    pub paused_until: Option<NaiveDate>,
    pub screened: bool,
    pub declared_12_months: Option<u16>,
    /// UTC.
    pub recorded_at: NaiveDateTime,
    /// Opens what other rooms seal for this donor.
    pub key: SealingKey,
}

/// The facts of one donor, whoever asks: the caller has looked at the scope.
///
/// # Errors
/// `not_found`; `state_conflict` of an erased donor; `identity_damaged` when the key or the birth date was changed or moved.
pub fn known(conn: &mut Conn, vault: &Vault, id: DonorId) -> Result<Known> {
    let erased = || Problem::new(Code::StateConflict).with("state", DonorStatus::Erased);
    unless_erased(conn, vault, id)?.ok_or_else(erased)
}

/// The facts of one donor; none of an erased one, whose key is gone.
///
/// # Errors
/// As [`known`].
pub fn unless_erased(conn: &mut Conn, vault: &Vault, id: DonorId) -> Result<Option<Known>> {
    let row = store::facts(conn, id)?;
    if row.status == DonorStatus::Erased { Ok(None) } else { open(vault, row).map(Some) }
}

/// The facts of the donors after `after` who were not erased, oldest first.
///
/// # Errors
/// As [`known`].
pub fn known_all(
    conn: &mut Conn,
    vault: &Vault,
    after: i64,
    limit: i64,
) -> Result<Vec<(DonorId, Result<Known>)>> {
    let rows = store::facts_after(conn, after, limit)?;
    Ok(rows.into_iter().map(|row| (row.id, open(vault, row))).collect())
}

/// The facts of the donors of a span of ids who were not erased, oldest first; each opens or does not.
///
/// # Errors
/// As any read.
pub fn known_between(
    conn: &mut Conn,
    vault: &Vault,
    span: (i64, i64),
) -> Result<Vec<(DonorId, Result<Known>)>> {
    let rows = store::facts_between(conn, span)?;
    Ok(rows.into_iter().map(|row| (row.id, open(vault, row))).collect())
}

/// Spans of ids that hold at most `size` donors each and all of them together, and how many those are. Donors
/// who come later are in none of them.
///
/// # Errors
/// As any read.
pub fn spans(conn: &mut Conn, size: i64) -> Result<(Vec<(i64, i64)>, u64)> {
    let mut spans = Vec::new();
    let mut count = 0;
    let mut after = 0;
    loop {
        let ids = store::ids_after(conn, after, size)?;
        let (Some(first), Some(last)) = (ids.first(), ids.last()) else { return Ok((spans, count)) };
        spans.push((*first, *last));
        count += u64::try_from(ids.len()).unwrap_or(u64::MAX);
        after = *last;
    }
}

/// Notes that the donor was screened here, in every record of the person.
///
/// # Errors
/// As any write.
pub fn mark_screened(tx: &mut Tx, id: DonorId) -> Result<()> {
    for record in super::records_of(tx.conn, id, None)?.all {
        store::mark_screened(tx.conn, record)?;
    }
    Ok(())
}

fn open(vault: &Vault, row: store::FactRow) -> Result<Known> {
    let key = vault.donor_key(row.id.0, &row.donor_key)?;
    Ok(Known {
        id: row.id,
        sex: row.sex,
        birth_date: seal::open_birth_date(&key, row.id, row.birth_date.as_deref())?,
        weight_kg: row.weight_kg,
        height_cm: row.height_cm,
        status: row.status,
        group_discrepancy: row.group_evidence == GroupEvidence::Discrepant,
        typed_group: row
            .blood_group
            .filter(|_| matches!(row.group_evidence, GroupEvidence::TypedOnce | GroupEvidence::Confirmed)),
        paused_until: row.paused_until,
        screened: row.screened,
        declared_12_months: row.declared_12_months.map(|count| u16::try_from(count).unwrap_or(u16::MAX)),
        recorded_at: row.created_at,
        key,
    })
}
