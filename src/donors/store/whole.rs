//! Donors with their sealed identities.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::{Problem, Result};

use super::super::Scope;
use super::super::seal::IdentityRow;
use super::Row;
use crate::db::tables::{donor_identities, donors, unit_tree};
use crate::db::{Conn, on_each};

#[derive(Queryable)]
pub(in crate::donors) struct WholeRow {
    pub donor: Row,
    pub paused_until: Option<NaiveDate>,
    pub declared_12_months: Option<i32>,
    pub created_at: NaiveDateTime,
    /// Sealed.
    pub donor_key: Vec<u8>,
    pub identity: IdentityRow,
}

/// The donors of a span whom the scope holds and who were not erased, in order.
pub(in crate::donors) fn whole_between(
    conn: &mut Conn,
    scope: &Scope,
    span: (i64, i64),
) -> Result<Vec<WholeRow>> {
    on_each!(conn => c, {
        let mut page = donor_identities::table
            .inner_join(donors::table)
            .filter(donors::id.between(span.0, span.1))
            .filter(donors::status.ne(DonorStatus::Erased))
            .order(donors::id)
            .select((
                Row::as_select(),
                donors::paused_until,
                donors::declared_12_months,
                donors::created_at,
                donors::donor_key,
                IdentityRow::as_select(),
            ))
            .into_boxed();
        if let Scope::Units(roots) = scope {
            let below = unit_tree::table
                .filter(unit_tree::ancestor.eq_any(roots))
                .select(unit_tree::descendant.nullable());
            page = page.filter(donors::unit_id.eq_any(below));
        }
        page.load(c)
    })
    .map_err(Problem::from)
}
