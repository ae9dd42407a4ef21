//! The ledger of levels: at which each cell stands, by what was seen of it, and every change as an event.
//!
//! What is seen may flicker; what stands is the worst of the last days. Each instance looks every minute; whoever comes
//! first writes a change, for the others find the row already moved. A cell enters the ledger when something is first
//! known of it. Islands that closed roads leave are cells of their own for as long as they are cut off.

pub mod api;
mod book;
pub(super) mod rules;
pub(super) mod store;

use std::collections::HashMap;

use chrono::Duration;
use shiryan_forecast::Cover;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::LevelChangeId;
use shiryan_kernel::level::Level;
use shiryan_kernel::message::Template;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::Moment;

use super::Cell;
use super::sources::{Facts, Sources};
use crate::accounts::{self, Readers};
use crate::audit::{self, Line};
use crate::db::{Conn, Lane, Tx, feed};
use crate::messages;
use crate::places::closures::Roads;
use crate::projections::{Area, COMPONENTS, islands};
use crate::stock::rules::Cover as Sparing;
use crate::vault::Vault;
pub use book::{Action, Levels, Plan};
use rules::Seen;
use store::Row;

/// Changes in one write, so that nobody waits long behind it.
const SLICE: usize = 32;

/// What names a cell.
pub type Key = (Area, Component, BloodGroup);

/// A change of the level that stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    pub id: LevelChangeId,
    pub at: Moment,
    pub cell: Key,
    pub level: Level,
    /// `None`: the first that was known of the cell.
    pub was: Option<Level>,
    pub usable_units: u32,
    /// Units a day, and for how many days the shelf met them; `None` where nobody could say.
    pub average_daily_demand: Option<f64>,
    pub days_of_cover: Option<f64>,
}

/// One row to be written: what it follows, what it becomes, and the change where there is one.
#[derive(Debug, Clone)]
struct Step {
    row: Row,
    is_new: bool,
    cell: Cell,
    was: Option<Level>,
}

/// Looks at every cell and writes what changed; answers how many levels changed.
///
/// # Errors
/// As any write.
pub fn watch(sources: &Sources, vault: &Vault) -> Result<usize> {
    let (facts, leave_after) = (sources.facts()?, sources.levels.leave_after());
    let now = facts.as_of;
    let steps: Vec<Step> = all_cells(&facts)
        .into_iter()
        .filter_map(|cell| step(cell, facts.standing().get(&key(&cell)).copied(), now, leave_after))
        .collect();
    let mut changes = 0;
    for slice in steps.chunks(SLICE) {
        let (slice, vault) = (slice.to_vec(), vault.clone());
        changes += sources.db.write_now(Lane::Bulk, move |tx| {
            let mut written = 0;
            for step in &slice {
                written += usize::from(write(tx, &vault, step)?);
            }
            Ok(written)
        })?;
    }
    Ok(changes)
}

const fn key(cell: &Cell) -> Key {
    (cell.area, cell.component, cell.group)
}

/// Every governorate, and every region or what is left of it.
fn all_cells(facts: &Facts) -> Vec<Cell> {
    let mut areas: Vec<Area> = Governorate::ALL.iter().copied().map(Area::Governorate).collect();
    areas.extend(Region::ALL.iter().flat_map(|region| islands(*region, &facts.roads)));
    areas.sort_unstable();
    areas.dedup();
    let scope = super::Scope { areas, components: COMPONENTS.to_vec(), groups: BloodGroup::ALL.to_vec() };
    super::rules::cells(&facts.facts, &scope)
}

/// What there is to write of a cell, if anything.
fn step(cell: Cell, row: Option<Row>, now: Moment, leave_after: Duration) -> Option<Step> {
    let Some(row) = row else {
        let first = Row { seen: Seen::first(cell.level, now), level: cell.level, since: now, version: 1 };
        return (cell.level != Level::Unknown).then_some(Step { row: first, is_new: true, cell, was: None });
    };
    let seen = row.seen.then(cell.level, now, leave_after);
    let level = seen.standing(now, leave_after);
    let has_changed = level != row.level;
    if seen == row.seen && !has_changed {
        return None;
    }
    let since = if has_changed { now } else { row.since };
    let was = has_changed.then_some(row.level);
    Some(Step { row: Row { seen, level, since, version: row.version + 1 }, is_new: false, cell, was })
}

/// A change of a level in the record of changes.
const LEVEL: audit::Thing = audit::Thing { name: "level_change", tables: &[("level_changes", "id")] };

/// Whether the level changed and nobody had written it before.
fn write(tx: &mut Tx, vault: &Vault, step: &Step) -> Result<bool> {
    let Step { row, cell, .. } = step;
    let cell_key = key(cell);
    let is_ours =
        if step.is_new { store::insert(tx, cell_key, row)? } else { store::follow(tx, cell_key, row)? };
    if !is_ours {
        return Ok(false);
    }
    if !step.is_new && step.was.is_none() {
        // What is seen moved, what stands did not: nothing to tell, but whoever keeps a picture looks again.
        feed::append(tx, "level", 0, "seen")?;
        return Ok(false);
    }
    let change = Change {
        id: LevelChangeId(tx.id()),
        at: row.since,
        cell: cell_key,
        level: row.level,
        was: step.was,
        usable_units: cell.usable_units,
        average_daily_demand: cell.demand.map(|demand| demand.average),
        days_of_cover: cell.demand.map(|demand| demand.cover).map(Cover::days),
    };
    store::record(tx, &change)?;
    let (area, component, group) = cell_key;
    let mut line = Line::new(None, "reserve.level_changed")
        .on(change.id)
        .with("area", area.key())
        .with("component", component)
        .with("blood_group", group)
        .with("level", change.level);
    if let Some(was) = change.was {
        line = line.with("was", was);
    }
    let is_first_and_well = change.was.is_none() && change.level <= Level::Watch;
    audit::made(&LEVEL, change.id.0).record(
        tx,
        vault,
        if is_first_and_well { line } else { line.alert() },
    )?;
    if !is_first_and_well {
        let command = accounts::readers(tx.conn, Readers::Role(Role::Command))?;
        messages::tell_users(tx, Template::LevelChanged, &command)?;
    }
    feed::append(tx, "level", change.id.0, "changed")?;
    Ok(true)
}

/// Gives cells the level that stands for them.
pub(super) fn stand(rows: &HashMap<Key, Row>, cells: &mut [Cell], levels: &Levels, now: Moment) {
    for cell in cells {
        let Some(row) = rows.get(&key(cell)) else { continue };
        cell.level =
            row.seen.then(cell.level_now, now, levels.leave_after()).standing(now, levels.leave_after());
        cell.level_since = (cell.level == row.level).then_some(row.since);
    }
}

/// How the groups of a component stand wherever blood still gets to from a governorate, as the ledger last saw it.
///
/// # Errors
/// As any read.
pub fn around(
    conn: &mut Conn,
    component: Component,
    governorate: Governorate,
    roads: &Roads,
) -> Result<Vec<(BloodGroup, Level)>> {
    let islands = islands(governorate.region(), roads);
    let Some(own) = islands.into_iter().find(|area| area.has(governorate)) else {
        return Ok(Vec::new());
    };
    store::of(conn, own, component)
}

/// The groups that are spared while another fits: those whose level is red or black, under two days for a group in
/// daily use.
#[must_use]
pub fn spared(levels: &[(BloodGroup, Level)]) -> Sparing {
    Sparing::of(|group| {
        let found = levels.iter().find(|(own, _)| *own == group);
        found.map(|(_, level)| if matches!(level, Level::Red | Level::Black) { 0.0 } else { 1.0 })
    })
}

/// Which changes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub component: Option<Component>,
    pub group: Option<BloodGroup>,
    pub level: Option<Level>,
    /// Of the governorate's own cells alone.
    pub governorate: Option<Governorate>,
    /// Of a region and all of its parts.
    pub region: Option<Region>,
}

/// Changes, the newest first, those before `before`.
///
/// # Errors
/// As any read.
pub fn changes(conn: &mut Conn, wanted: &Wanted, before: Option<i64>, limit: i64) -> Result<Vec<Change>> {
    store::changes(conn, wanted, before, limit)
}
