//! Rows of links: one for a pair, whichever end it was made from.

use diesel::prelude::*;
use shiryan_kernel::ids::{ActivityId, UserId};
use shiryan_kernel::status::LinkKind;
use shiryan_kernel::{Problem, Result};

use super::Row;
use crate::db::tables::{activities, activity_links};
use crate::db::{Conn, Tx, on_each};

/// A link from the end of one activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    pub other: ActivityId,
    pub kind: LinkKind,
    /// Whether it was made from this end.
    pub is_out: bool,
}

fn pair(one: ActivityId, other: ActivityId) -> (ActivityId, ActivityId) {
    (one.min(other), one.max(other))
}

/// `state_conflict` when there is one for the pair.
pub fn insert(tx: &mut Tx, from: ActivityId, to: ActivityId, kind: LinkKind, by: UserId) -> Result<()> {
    let (low, high) = pair(from, to);
    diesel::insert_into(activity_links::table)
        .values((
            activity_links::low.eq(low),
            activity_links::high.eq(high),
            activity_links::kind.eq(kind),
            activity_links::from_low.eq(from == low),
            activity_links::made_at.eq(tx.now.naive_utc()),
            activity_links::made_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether there was one.
pub fn remove(tx: &mut Tx, one: ActivityId, other: ActivityId) -> Result<bool> {
    let (low, high) = pair(one, other);
    let removed = diesel::delete(activity_links::table)
        .filter(activity_links::low.eq(low))
        .filter(activity_links::high.eq(high))
        .execute(tx.conn)?;
    Ok(removed == 1)
}

pub fn of(conn: &mut Conn, id: ActivityId) -> Result<Vec<Link>> {
    let rows: Vec<(ActivityId, ActivityId, LinkKind, bool)> = activity_links::table
        .filter(activity_links::low.eq(id).or(activity_links::high.eq(id)))
        .select((activity_links::low, activity_links::high, activity_links::kind, activity_links::from_low))
        .load(conn)?;
    let link = |(low, high, kind, from_low)| Link {
        other: if low == id { high } else { low },
        kind,
        is_out: (low == id) == from_low,
    };
    Ok(rows.into_iter().map(link).collect())
}

/// These activities, by start.
pub fn ends(conn: &mut Conn, ids: &[ActivityId]) -> Result<Vec<Row>> {
    on_each!(conn => c, activities::table
        .filter(activities::id.eq_any(ids))
        .order((activities::starts_at, activities::id))
        .select(Row::as_select())
        .load(c))
    .map_err(Problem::from)
}
