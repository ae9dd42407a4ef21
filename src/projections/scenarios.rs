//! What if: events kept under a name, run again whenever somebody asks, beside what is expected without them.
//!
//! A scenario is data: it says what happens and when, nothing of what follows. Each run reads the shelf, the drives and
//! the past of that moment, under the same luck as the outlook beside it. Name and events are sealed: they may tell of
//! units and plans.

pub mod api;
pub(super) mod event;

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::ScenarioId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::text::PlainText;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{AreaOutlook, Ask, Gathered, Given, gather, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::tables::scenarios;
use crate::db::{Conn, Tx, feed};
use crate::vault::{Place, Vault};
pub use event::{Event, MOST_EVENTS};

/// What a scenario is called.
pub type Name = PlainText<120>;

/// The most scenarios side by side.
pub const MOST_COMPARED: usize = 5;

/// A scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    pub id: ScenarioId,
    pub name: String,
    pub events: Vec<Event>,
    pub made_at: Moment,
}

/// A scenario that was saved, or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    pub id: ScenarioId,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = scenarios)]
struct Row {
    id: ScenarioId,
    name: Vec<u8>,
    events: Vec<u8>,
    made_at: chrono::NaiveDateTime,
}

impl Row {
    fn open(self, vault: &Vault) -> Result<Scenario> {
        let text = |column, sealed: &[u8]| {
            vault.house().open_text(Place::of("scenarios", column, self.id.0), sealed)
        };
        Ok(Scenario {
            id: self.id,
            name: text("name", &self.name)?,
            events: serde_json::from_str(&text("events", &self.events)?).map_err(Problem::internal)?,
            made_at: self.made_at.and_utc(),
        })
    }
}

/// A scenario in the record of changes.
const SCENARIO: audit::Thing = audit::Thing { name: "scenario", tables: &[("scenarios", "id")] };

/// Keeps events under a name.
///
/// # Errors
/// `unknown_reference` of a drive, unit or blood bank that is not there.
pub fn save(tx: &mut Tx, vault: &Vault, by: &Principal, name: &Name, events: &[Event]) -> Result<Kept> {
    let mut faults = Faults::none();
    for (place, event) in events.iter().enumerate() {
        if let Some(field) = store::missing(tx.conn, event)? {
            faults.add(format!("events[{place}].{field}"), Code::UnknownReference);
        }
    }
    faults.settle()?;
    let id = ScenarioId(tx.id());
    let seal = |column, text: &str| vault.house().seal_text(Place::of("scenarios", column, id.0), text);
    let text = serde_json::to_string(events).map_err(Problem::internal)?;
    diesel::insert_into(scenarios::table)
        .values((
            scenarios::id.eq(id),
            scenarios::name.eq(seal("name", name.as_str())),
            scenarios::events.eq(seal("events", &text)),
            scenarios::made_at.eq(tx.now.naive_utc()),
            scenarios::made_by.eq(by.user),
        ))
        .execute(tx.conn)?;
    audit::made(&SCENARIO, id.0).record(
        tx,
        vault,
        Line::new(Some(by.user), "projections.scenario_saved").on(id),
    )?;
    feed::append(tx, "scenario", id.0, "made")?;
    Ok(Kept { id })
}

/// Scenarios that were not ended, after `after`, oldest first.
///
/// # Errors
/// `identity_damaged`.
pub fn list(conn: &mut Conn, vault: &Vault, after: i64, limit: i64) -> Result<Vec<Scenario>> {
    let rows: Vec<Row> = scenarios::table
        .filter(scenarios::id.gt(after))
        .filter(scenarios::ended_at.is_null())
        .order(scenarios::id)
        .limit(limit)
        .select(Row::as_select())
        .load(conn)?;
    rows.into_iter().map(|row| row.open(vault)).collect()
}

/// Ends one; what it said stays in the table.
///
/// # Errors
/// `not_found` of one that is not there or was ended.
pub fn end(tx: &mut Tx, vault: &Vault, by: &Principal, id: ScenarioId) -> Result<Kept> {
    let seen = audit::seen(tx.conn, vault, &SCENARIO, id.0)?;
    let ended = diesel::update(scenarios::table.find(id.0))
        .filter(scenarios::ended_at.is_null())
        .set(scenarios::ended_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    if ended == 0 {
        return Err(Problem::new(Code::NotFound));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "projections.scenario_ended").on(id))?;
    feed::append(tx, "scenario", id.0, "ended")?;
    Ok(Kept { id })
}

/// One column of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// `None`: what is expected without any of them.
    pub scenario: Option<Scenario>,
    pub areas: Vec<AreaOutlook>,
}

/// What is expected, and beside it each of these scenarios: read at one moment, worked out by [`columns`].
///
/// # Errors
/// `not_found` of one that is not there or was ended.
pub fn compare(
    conn: &mut Conn,
    vault: &Vault,
    ids: &[ScenarioId],
    ask: &Ask,
    given: &Given,
) -> Result<Vec<(Option<Scenario>, Gathered)>> {
    let mut read = vec![(None, gather(conn, ask.into(), given, &[])?)];
    for id in ids {
        let row: Row = scenarios::table
            .find(id.0)
            .filter(scenarios::ended_at.is_null())
            .select(Row::as_select())
            .first(conn)?;
        let scenario = row.open(vault)?;
        let gathered = gather(conn, ask.into(), given, &scenario.events)?;
        read.push((Some(scenario), gathered));
    }
    Ok(read)
}

/// Each of them ahead, under one luck.
#[must_use]
pub fn columns(read: Vec<(Option<Scenario>, Gathered)>, group: BloodGroup) -> Vec<Column> {
    read.into_iter().map(|(scenario, gathered)| Column { scenario, areas: gathered.group(group) }).collect()
}

/// Seals at most `limit` scenarios after `after` under another root key; the last of them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let rows: Vec<Row> = scenarios::table
        .filter(scenarios::id.gt(after))
        .order(scenarios::id)
        .limit(limit)
        .select(Row::as_select())
        .load(tx.conn)?;
    let mut last = None;
    for row in rows {
        let move_on =
            |column, sealed: &[u8]| new.reseal(old, Place::of("scenarios", column, row.id.0), sealed);
        let (name, events) = (move_on("name", &row.name), move_on("events", &row.events));
        diesel::update(scenarios::table.find(row.id.0))
            .set((scenarios::name.eq(name), scenarios::events.eq(events)))
            .execute(tx.conn)?;
        last = Some(row.id.0);
    }
    Ok(last)
}
