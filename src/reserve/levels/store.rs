//! Rows of the ledger of levels.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::LevelChangeId;
use shiryan_kernel::level::Level;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use super::rules::Seen;
use super::{Change, Key, Wanted};
use crate::db::tables::{level_changes, reserve_levels};
use crate::db::{Conn, Tx, on_each};
use crate::projections::Area;

/// Where a cell stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub seen: Seen,
    pub level: Level,
    pub since: Moment,
    pub version: i64,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = reserve_levels)]
struct Stored {
    area: String,
    component: Component,
    blood_group: BloodGroup,
    seen: Level,
    seen_since: NaiveDateTime,
    watch_until: Option<NaiveDateTime>,
    amber_until: Option<NaiveDateTime>,
    red_until: Option<NaiveDateTime>,
    black_until: Option<NaiveDateTime>,
    level: Level,
    level_since: NaiveDateTime,
    version: i64,
}

/// How each group of a component stands in an area, where it was ever known.
pub fn of(conn: &mut Conn, area: Area, component: Component) -> Result<Vec<(BloodGroup, Level)>> {
    let rows = reserve_levels::table
        .filter(reserve_levels::area.eq(area.key()))
        .filter(reserve_levels::component.eq(component))
        .select((reserve_levels::blood_group, reserve_levels::level));
    Ok(on_each!(conn => c, rows.load(c))?)
}

/// Every cell that was ever known.
pub fn all(conn: &mut Conn) -> Result<HashMap<Key, Row>> {
    let rows: Vec<Stored> = reserve_levels::table.select(Stored::as_select()).load(conn)?;
    let read = |row: Stored| {
        let area = Area::read(&row.area).ok_or_else(|| Problem::internal("no such area"))?;
        let until = [row.watch_until, row.amber_until, row.red_until, row.black_until];
        let seen = Seen {
            now: row.seen,
            since: row.seen_since.and_utc(),
            until: until.map(|end| end.map(|end| end.and_utc())),
        };
        let stands = Row { seen, level: row.level, since: row.level_since.and_utc(), version: row.version };
        Ok(((area, row.component, row.blood_group), stands))
    };
    rows.into_iter().map(read).collect()
}

macro_rules! columns {
    ($row:expr) => {{
        let [watch, amber, red, black] = $row.seen.until.map(|end| end.map(|end| end.naive_utc()));
        (
            reserve_levels::seen.eq($row.seen.now),
            reserve_levels::seen_since.eq($row.seen.since.naive_utc()),
            reserve_levels::watch_until.eq(watch),
            reserve_levels::amber_until.eq(amber),
            reserve_levels::red_until.eq(red),
            reserve_levels::black_until.eq(black),
            reserve_levels::level.eq($row.level),
            reserve_levels::level_since.eq($row.since.naive_utc()),
            reserve_levels::version.eq($row.version),
        )
    }};
}

/// Whether it is the cell's first row.
pub fn insert(tx: &mut Tx, (area, component, group): Key, row: &Row) -> Result<bool> {
    let values = (
        reserve_levels::area.eq(area.key()),
        reserve_levels::component.eq(component),
        reserve_levels::blood_group.eq(group),
        columns!(row),
    );
    let written = on_each!(tx.conn => c, diesel::insert_into(reserve_levels::table)
        .values(&values)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(written > 0)
}

/// Whether the row that this one follows still stood.
pub fn follow(tx: &mut Tx, (area, component, group): Key, row: &Row) -> Result<bool> {
    let before = reserve_levels::table
        .find((area.key(), component, group))
        .filter(reserve_levels::version.eq(row.version - 1));
    Ok(diesel::update(before).set(columns!(row)).execute(tx.conn)? > 0)
}

pub fn record(tx: &mut Tx, change: &Change) -> Result<()> {
    let (area, component, group) = change.cell;
    diesel::insert_into(level_changes::table)
        .values((
            level_changes::id.eq(change.id),
            level_changes::area.eq(area.key()),
            level_changes::region.eq(area.region()),
            level_changes::component.eq(component),
            level_changes::blood_group.eq(group),
            level_changes::level.eq(change.level),
            level_changes::was.eq(change.was),
            level_changes::usable_units.eq(i32::try_from(change.usable_units).unwrap_or(i32::MAX)),
            level_changes::average_daily_demand.eq(change.average_daily_demand),
            level_changes::days_of_cover.eq(change.days_of_cover),
            level_changes::changed_at.eq(change.at.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = level_changes)]
struct Recorded {
    id: LevelChangeId,
    area: String,
    component: Component,
    blood_group: BloodGroup,
    level: Level,
    was: Option<Level>,
    usable_units: i32,
    average_daily_demand: Option<f64>,
    days_of_cover: Option<f64>,
    changed_at: NaiveDateTime,
}

pub fn changes(conn: &mut Conn, wanted: &Wanted, before: Option<i64>, limit: i64) -> Result<Vec<Change>> {
    let mut rows = level_changes::table.into_boxed();
    if let Some(before) = before {
        rows = rows.filter(level_changes::id.lt(before));
    }
    if let Some(component) = wanted.component {
        rows = rows.filter(level_changes::component.eq(component));
    }
    if let Some(group) = wanted.group {
        rows = rows.filter(level_changes::blood_group.eq(group));
    }
    if let Some(level) = wanted.level {
        rows = rows.filter(level_changes::level.eq(level));
    }
    if let Some(governorate) = wanted.governorate {
        rows = rows.filter(level_changes::area.eq(governorate.code()));
    }
    if let Some(region) = wanted.region {
        rows = rows.filter(level_changes::region.eq(region));
    }
    let rows: Vec<Recorded> =
        rows.order(level_changes::id.desc()).limit(limit).select(Recorded::as_select()).load(conn)?;
    rows.into_iter().map(read).collect()
}

fn read(row: Recorded) -> Result<Change> {
    Ok(Change {
        id: row.id,
        at: row.changed_at.and_utc(),
        cell: (
            Area::read(&row.area).ok_or_else(|| Problem::internal("no such area"))?,
            row.component,
            row.blood_group,
        ),
        level: row.level,
        was: row.was,
        usable_units: u32::try_from(row.usable_units).map_err(Problem::internal)?,
        average_daily_demand: row.average_daily_demand,
        days_of_cover: row.days_of_cover,
    })
}
