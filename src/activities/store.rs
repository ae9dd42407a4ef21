//! Rows of activities.

pub mod absences;
pub mod links;
pub mod people;

use std::collections::HashMap;

use chrono::{Duration, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::branch::{Branch, PhysicalLoad};
use shiryan_kernel::ids::{ActivityId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use super::rules::LONGEST_DAYS;
use super::{Filter, Key};
use crate::db::tables::{activities, activity_loads, activity_units, unit_tree};
use crate::db::{Conn, Tx, on_each};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = activities, treat_none_as_null = true)]
pub struct Row {
    pub id: ActivityId,
    pub branch: Branch,
    pub status: ActivityStatus,
    pub title: Vec<u8>,
    pub place: Option<Vec<u8>>,
    pub details: Vec<u8>,
    pub governorate: Governorate,
    pub starts_at: NaiveDateTime,
    pub ends_at: NaiveDateTime,
    #[diesel(column_name = unit_id)]
    pub unit: UnitId,
    pub version: i64,
}

impl Row {
    pub const fn starts(&self) -> Moment {
        self.starts_at.and_utc()
    }

    pub const fn ends(&self) -> Moment {
        self.ends_at.and_utc()
    }
}

pub fn insert(tx: &mut Tx, row: &Row, by: Option<UserId>) -> Result<()> {
    diesel::insert_into(activities::table)
        .values((row, activities::created_at.eq(tx.now.naive_utc()), activities::created_by.eq(by)))
        .execute(tx.conn)?;
    Ok(())
}

/// Writes a row over the one that is still at `version`; whether it was.
pub fn replace(tx: &mut Tx, version: i64, row: &Row) -> Result<bool> {
    let changed = diesel::update(activities::table.find(row.id.0))
        .filter(activities::version.eq(version))
        .set(row)
        .execute(tx.conn)?;
    Ok(changed == 1)
}

/// Moves one on from where it stands; whether it stood there.
pub fn step(tx: &mut Tx, id: ActivityId, from: ActivityStatus, to: ActivityStatus) -> Result<bool> {
    let changed = diesel::update(activities::table.find(id.0))
        .filter(activities::status.eq(from))
        .set((activities::status.eq(to), activities::version.eq(activities::version + 1)))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

pub fn get(conn: &mut Conn, id: ActivityId) -> Result<Row> {
    Ok(activities::table.find(id.0).select(Row::as_select()).first(conn)?)
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

/// Says anew which units take part.
pub fn set_units(tx: &mut Tx, id: ActivityId, units: &[UnitId]) -> Result<()> {
    diesel::delete(activity_units::table.filter(activity_units::activity.eq(id))).execute(tx.conn)?;
    for unit in units {
        diesel::insert_into(activity_units::table)
            .values((activity_units::activity.eq(id), activity_units::unit_id.eq(unit)))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// Says anew what the work asks of a body.
pub fn set_loads(tx: &mut Tx, id: ActivityId, loads: &[PhysicalLoad]) -> Result<()> {
    diesel::delete(activity_loads::table.filter(activity_loads::activity.eq(id))).execute(tx.conn)?;
    for load in loads {
        diesel::insert_into(activity_loads::table)
            .values((activity_loads::activity.eq(id), activity_loads::physical_load.eq(load)))
            .execute(tx.conn)?;
    }
    Ok(())
}

/// The units that take part in each of these, beside the organising one.
pub fn units_of(conn: &mut Conn, ids: &[ActivityId]) -> Result<HashMap<ActivityId, Vec<UnitId>>> {
    let rows: Vec<(ActivityId, UnitId)> = on_each!(conn => c, activity_units::table
        .filter(activity_units::activity.eq_any(ids))
        .order((activity_units::activity, activity_units::unit_id))
        .load(c))
    .map_err(Problem::from)?;
    Ok(gathered(rows))
}

/// What each of these asks of a body.
pub fn loads_of(conn: &mut Conn, ids: &[ActivityId]) -> Result<HashMap<ActivityId, Vec<PhysicalLoad>>> {
    let mut rows: Vec<(ActivityId, PhysicalLoad)> = on_each!(conn => c, activity_loads::table
        .filter(activity_loads::activity.eq_any(ids))
        .load(c))
    .map_err(Problem::from)?;
    rows.sort_unstable();
    Ok(gathered(rows))
}

fn gathered<T>(rows: Vec<(ActivityId, T)>) -> HashMap<ActivityId, Vec<T>> {
    let mut found: HashMap<ActivityId, Vec<T>> = HashMap::new();
    for (id, item) in rows {
        found.entry(id).or_default().push(item);
    }
    found
}

/// The units at and below `roots`.
pub fn units_below(conn: &mut Conn, roots: &[UnitId]) -> Result<Vec<UnitId>> {
    on_each!(conn => c, unit_tree::table
        .filter(unit_tree::ancestor.eq_any(roots))
        .select(unit_tree::descendant)
        .load(c))
    .map_err(Problem::from)
}

/// At most `limit` activities after `after`, by id.
pub fn after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Row>> {
    Ok(activities::table
        .filter(activities::id.gt(after))
        .order(activities::id)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?)
}
