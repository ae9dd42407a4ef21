//! Rows of activities.

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::branch::Branch;
use shiryan_kernel::ids::{ActivityId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use super::rules::LONGEST_DAYS;
use super::{Filter, Key, NewActivity};
use crate::db::tables::{activities, unit_tree};
use crate::db::{Conn, Tx, on_each};

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = activities)]
pub struct Row {
    pub id: ActivityId,
    pub branch: Branch,
    pub status: ActivityStatus,
    pub title: Vec<u8>,
    pub place: Option<Vec<u8>>,
    pub governorate: Governorate,
    pub starts_at: NaiveDateTime,
    pub ends_at: NaiveDateTime,
    #[diesel(column_name = unit_id)]
    pub unit: UnitId,
}

pub fn insert(
    tx: &mut Tx,
    id: ActivityId,
    new: &NewActivity,
    status: ActivityStatus,
    by: Option<UserId>,
    title: Vec<u8>,
    place: Option<Vec<u8>>,
) -> Result<()> {
    diesel::insert_into(activities::table)
        .values((
            activities::id.eq(id),
            activities::branch.eq(new.branch),
            activities::status.eq(status),
            activities::title.eq(title),
            activities::place.eq(place),
            activities::governorate.eq(new.governorate),
            activities::starts_at.eq(new.starts_at.naive_utc()),
            activities::ends_at.eq(new.ends_at.naive_utc()),
            activities::unit_id.eq(new.unit),
            activities::created_at.eq(tx.now.naive_utc()),
            activities::created_by.eq(by),
            activities::version.eq(1_i64),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Cancels one that is neither done nor cancelled; whether it was such a one.
pub fn cancel(tx: &mut Tx, id: ActivityId) -> Result<bool> {
    let changed = diesel::update(activities::table.find(id.0))
        .filter(activities::status.ne(ActivityStatus::Done))
        .filter(activities::status.ne(ActivityStatus::Cancelled))
        .set((
            activities::status.eq(ActivityStatus::Cancelled),
            activities::version.eq(activities::version + 1),
        ))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

/// Activities that touch the time between two moments, by start.
pub fn list(
    conn: &mut Conn,
    filter: &Filter,
    (from, before): (Option<Moment>, Option<Moment>),
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<Row>> {
    on_each!(conn => c, {
        let mut rows = activities::table.into_boxed();
        if let Some(branch) = filter.branch {
            rows = rows.filter(activities::branch.eq(branch));
        }
        if let Some(governorate) = filter.governorate {
            rows = rows.filter(activities::governorate.eq(governorate));
        }
        if let Some(from) = from.map(|from| from.naive_utc()) {
            // None is longer than that, so the index by start need not be read from its beginning.
            let earliest = from - Duration::days(LONGEST_DAYS);
            rows = rows.filter(activities::ends_at.gt(from)).filter(activities::starts_at.ge(earliest));
        }
        if let Some(before) = before {
            rows = rows.filter(activities::starts_at.lt(before.naive_utc()));
        }
        if let Some((starts_at, id)) = after {
            let at = starts_at.naive_utc();
            rows = rows.filter(activities::starts_at.ge(at)).filter(
                activities::starts_at.gt(at).or(activities::id.gt(id)),
            );
        }
        rows.order((activities::starts_at, activities::id)).limit(limit).select(Row::as_select()).load(c)
    })
    .map_err(Problem::from)
}

/// The units at and below `roots`.
pub fn units_below(conn: &mut Conn, roots: &[UnitId]) -> Result<Vec<UnitId>> {
    on_each!(conn => c, unit_tree::table
        .filter(unit_tree::ancestor.eq_any(roots))
        .select(unit_tree::descendant)
        .load(c))
    .map_err(Problem::from)
}

/// Id, title and place.
type Sealed = (ActivityId, Vec<u8>, Option<Vec<u8>>);

/// What is sealed of at most `limit` activities after `after`, in order.
pub fn sealed_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Sealed>> {
    Ok(activities::table
        .filter(activities::id.gt(after))
        .order(activities::id)
        .limit(limit)
        .select((activities::id, activities::title, activities::place))
        .load(conn)?)
}

pub fn set_sealed(conn: &mut Conn, id: ActivityId, title: Vec<u8>, place: Option<Vec<u8>>) -> Result<()> {
    diesel::update(activities::table.find(id.0))
        .set((activities::title.eq(title), activities::place.eq(place)))
        .execute(conn)?;
    Ok(())
}
