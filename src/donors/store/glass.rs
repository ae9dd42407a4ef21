//! Rows of glass that was broken.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{DonorId, GlassId, UserId};

use crate::db::tables::broken_glass;
use crate::db::{Conn, Tx};

#[derive(Debug, Clone, Queryable)]
pub struct Row {
    pub id: GlassId,
    pub by: UserId,
    pub donor: DonorId,
    pub purpose: String,
    pub reason: Vec<u8>,
    pub at: NaiveDateTime,
    pub until: NaiveDateTime,
    pub finding: Option<Vec<u8>>,
    pub reviewed_by: Option<UserId>,
    pub reviewed_at: Option<NaiveDateTime>,
}

pub fn insert(
    tx: &mut Tx,
    id: GlassId,
    (by, donor, purpose): (UserId, DonorId, &str),
    reason: Vec<u8>,
    until: NaiveDateTime,
) -> Result<()> {
    diesel::insert_into(broken_glass::table)
        .values((
            broken_glass::id.eq(id),
            broken_glass::broken_by.eq(by),
            broken_glass::donor.eq(donor),
            broken_glass::purpose.eq(purpose),
            broken_glass::reason.eq(reason),
            broken_glass::broken_at.eq(tx.now.naive_utc()),
            broken_glass::holds_until.eq(until),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn one(conn: &mut Conn, id: GlassId) -> Result<Row> {
    Ok(broken_glass::table.find(id.0).first(conn)?)
}

pub fn holding(
    conn: &mut Conn,
    by: UserId,
    donor: DonorId,
    purpose: &str,
    now: NaiveDateTime,
) -> Result<Option<GlassId>> {
    Ok(broken_glass::table
        .filter(broken_glass::donor.eq(donor))
        .filter(broken_glass::broken_by.eq(by))
        .filter(broken_glass::purpose.eq(purpose))
        .filter(broken_glass::holds_until.gt(now))
        .order(broken_glass::id)
        .select(broken_glass::id)
        .first(conn)
        .optional()?)
}

/// Whether it waited for its review.
pub fn review(tx: &mut Tx, id: GlassId, by: UserId, finding: Option<Vec<u8>>) -> Result<bool> {
    let rows = diesel::update(broken_glass::table.find(id.0))
        .filter(broken_glass::reviewed_at.is_null())
        .set((
            broken_glass::finding.eq(finding),
            broken_glass::reviewed_by.eq(by),
            broken_glass::reviewed_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(rows == 1)
}

pub fn list(conn: &mut Conn, open: bool, after: i64, limit: i64) -> Result<Vec<Row>> {
    let page = broken_glass::table
        .filter(broken_glass::id.gt(after))
        .filter(broken_glass::reviewed_at.is_null().eq(open))
        .order(broken_glass::id)
        .limit(limit);
    Ok(page.load(conn)?)
}
