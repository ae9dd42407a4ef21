//! Sealed names as they are read in bulk, and the donors of a page of ids.

use diesel::prelude::*;
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{donor_identities, donor_tags, donors, unit_tree};
use crate::db::{Conn, on_each};
use crate::donors::scope::within;
use crate::donors::store::Row;
use crate::donors::{Donor, Key, Scope};

/// A donor's sealed name, with what opens it.
#[derive(Debug, Queryable)]
pub struct NameRow {
    pub id: DonorId,
    pub unit: Option<UnitId>,
    pub donor_key: Vec<u8>,
    pub name: Option<Vec<u8>>,
    pub latin_name: Option<Vec<u8>>,
}

/// From one id through another, oldest first.
pub fn names(conn: &mut Conn, from: i64, through: i64, limit: i64) -> Result<Vec<NameRow>> {
    Ok(donor_identities::table
        .inner_join(donors::table)
        .filter(donors::id.ge(from))
        .filter(donors::id.le(through))
        .order(donors::id)
        .limit(limit)
        .select((
            donors::id,
            donors::unit_id,
            donors::donor_key,
            donor_identities::name,
            donor_identities::latin_name,
        ))
        .load(conn)?)
}

/// These units and all below them.
pub fn units_within(conn: &mut Conn, roots: &[UnitId]) -> Result<Vec<UnitId>> {
    on_each!(conn => c, unit_tree::table
        .filter(unit_tree::ancestor.eq_any(roots))
        .select(unit_tree::descendant)
        .distinct()
        .load(c))
    .map_err(Problem::from)
}

/// Donors after `after` who have the key and whom the scope holds, oldest first.
pub fn with_key(
    conn: &mut Conn,
    scope: &Scope,
    key: &Key,
    after: DonorId,
    limit: usize,
) -> Result<Vec<Donor>> {
    let limit = i64::try_from(limit).map_err(Problem::internal)?;
    let rows: Vec<Row> = on_each!(conn => c, {
        let page = donors::table
            .inner_join(donor_tags::table)
            .filter(donor_tags::field.eq(key.field))
            .filter(donor_tags::tag.eq(&key.tag))
            .filter(donors::id.gt(after.0))
            .order(donors::id)
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        within!(page, scope).load(c)
    })
    .map_err(Problem::from)?;
    Ok(rows.into_iter().map(Donor::from).collect())
}

/// Those of a page of donors whom the scope holds, oldest first.
pub fn donors_of(conn: &mut Conn, scope: &Scope, ids: &[DonorId]) -> Result<Vec<Donor>> {
    let rows: Vec<Row> = on_each!(conn => c, {
        let page = donors::table
            .filter(donors::id.eq_any(ids.iter().map(|id| id.0)))
            .order(donors::id)
            .select(Row::as_select())
            .into_boxed();
        within!(page, scope).load(c)
    })
    .map_err(Problem::from)?;
    Ok(rows.into_iter().map(Donor::from).collect())
}
