//! Lines of the ledger of aliases, and what donors repeat of it.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, GroupEvidence};
use shiryan_kernel::ids::{ApprovalId, DonorId, MergeId, UserId};
use shiryan_kernel::{Problem, Result};

use super::Merge;
use crate::db::tables::{donor_aliases, donors, typings};
use crate::db::{Conn, Tx, on_each};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = donor_aliases)]
struct Row {
    id: MergeId,
    donor: DonorId,
    survivor: DonorId,
    made_at: NaiveDateTime,
    made_by: UserId,
    ended_at: Option<NaiveDateTime>,
    ended_by: Option<UserId>,
}

impl From<Row> for Merge {
    fn from(row: Row) -> Self {
        let Row { id, donor, survivor, made_at, made_by, ended_at, ended_by } = row;
        Self { id, donor, survivor, made_at, made_by, ended_at, ended_by }
    }
}

pub fn line(conn: &mut Conn, id: MergeId) -> Result<Merge> {
    let row: Row = donor_aliases::table.find(id.0).select(Row::as_select()).first(conn)?;
    Ok(row.into())
}

pub fn lines(conn: &mut Conn, of: Option<DonorId>, after: i64, limit: i64) -> Result<Vec<Merge>> {
    let rows: Vec<Row> = on_each!(conn => c, {
        let mut lines = donor_aliases::table
            .filter(donor_aliases::id.gt(after))
            .order(donor_aliases::id)
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(of) = of {
            lines = lines.filter(donor_aliases::donor.eq(of).or(donor_aliases::survivor.eq(of)));
        }
        lines.load(c)
    })
    .map_err(Problem::from)?;
    Ok(rows.into_iter().map(Merge::from).collect())
}

/// The lines that name a donor on either side: those that stand, or that stood until a moment.
pub fn touching(conn: &mut Conn, donor: DonorId, before: Option<NaiveDateTime>) -> Result<Vec<Merge>> {
    let rows: Vec<Row> = on_each!(conn => c, {
        let mut lines = donor_aliases::table
            .filter(donor_aliases::donor.eq(donor).or(donor_aliases::survivor.eq(donor)))
            .order(donor_aliases::id)
            .select(Row::as_select())
            .into_boxed();
        lines = match before {
            None => lines.filter(donor_aliases::ended_at.is_null()),
            Some(before) => lines
                .filter(donor_aliases::made_at.lt(before))
                .filter(donor_aliases::ended_at.is_null().or(donor_aliases::ended_at.ge(before))),
        };
        lines.load(c)
    })
    .map_err(Problem::from)?;
    Ok(rows.into_iter().map(Merge::from).collect())
}

pub fn merged_between(conn: &mut Conn, (first, last): (i64, i64)) -> Result<Vec<DonorId>> {
    let standing = || donor_aliases::table.filter(donor_aliases::ended_at.is_null());
    let mut merged: Vec<DonorId> = standing()
        .filter(donor_aliases::donor.between(first, last))
        .select(donor_aliases::donor)
        .load(conn)?;
    let survivors: Vec<DonorId> = standing()
        .filter(donor_aliases::survivor.between(first, last))
        .select(donor_aliases::survivor)
        .load(conn)?;
    merged.extend(survivors);
    Ok(merged)
}

/// The groups that the laboratory found in these records, in order.
pub fn typed_groups(conn: &mut Conn, records: &[DonorId]) -> Result<Vec<BloodGroup>> {
    on_each!(conn => c, donors::table
        .filter(donors::id.eq_any(records.iter().map(|id| id.0)))
        .filter(donors::group_evidence.eq_any([GroupEvidence::TypedOnce, GroupEvidence::Confirmed]))
        .filter(donors::blood_group.is_not_null())
        .order(donors::blood_group)
        .select(donors::blood_group.assume_not_null())
        .load(c))
    .map_err(Problem::from)
}

pub fn typists(conn: &mut Conn, records: &[DonorId]) -> Result<Vec<UserId>> {
    on_each!(conn => c, typings::table
        .filter(typings::donor.eq_any(records.iter().map(|id| id.0)))
        .filter(typings::wrong_at.is_null())
        .select(typings::recorded_by)
        .load(c))
    .map_err(Problem::from)
}

/// # Errors
/// `state_conflict` when the donor is read as another already.
pub fn begin(
    tx: &mut Tx,
    id: MergeId,
    by: UserId,
    approval: ApprovalId,
    (donor, survivor): (DonorId, DonorId),
) -> Result<()> {
    diesel::insert_into(donor_aliases::table)
        .values((
            donor_aliases::id.eq(id),
            donor_aliases::donor.eq(donor),
            donor_aliases::survivor.eq(survivor),
            donor_aliases::approval.eq(approval),
            donor_aliases::made_at.eq(tx.now.naive_utc()),
            donor_aliases::made_by.eq(by),
        ))
        .execute(tx.conn)?;
    set_merged_into(tx.conn, donor, Some(survivor))
}

/// Ends a line that stands.
pub fn end(tx: &mut Tx, line: &Merge, by: UserId, approval: ApprovalId) -> Result<()> {
    diesel::update(donor_aliases::table.find(line.id.0))
        .filter(donor_aliases::ended_at.is_null())
        .set((
            donor_aliases::ended_at.eq(tx.now.naive_utc()),
            donor_aliases::ended_by.eq(by),
            donor_aliases::ended_approval.eq(approval),
        ))
        .execute(tx.conn)?;
    set_merged_into(tx.conn, line.donor, None)
}

fn set_merged_into(conn: &mut Conn, donor: DonorId, survivor: Option<DonorId>) -> Result<()> {
    diesel::update(donors::table.find(donor.0))
        .set((donors::merged_into.eq(survivor), donors::version.eq(donors::version + 1)))
        .execute(conn)?;
    Ok(())
}
