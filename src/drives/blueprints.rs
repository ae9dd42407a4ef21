//! Shapes of drives that are kept under a name, to be planned again and again.
//!
//! Name and shape are sealed: a shape holds a place. What a shape says is read anew each time that it is planned, by
//! the rules of that day.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{BlueprintId, UnitId};
use shiryan_kernel::text::PlainText;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::scope;
use crate::accounts::Principal;
use crate::activities;
use crate::audit::{self, Line};
use crate::db::tables::{blueprints, unit_tree};
use crate::db::{Conn, Tx, feed, on_each};
use crate::places;
use crate::vault::{Place, Vault};

/// What a blueprint is called.
pub type Name = PlainText<120>;

/// A blueprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blueprint {
    pub id: BlueprintId,
    /// The unit that its drives are of.
    pub unit: UnitId,
    pub name: String,
    /// As it was given, JSON.
    pub shape: String,
    pub made_at: Moment,
}

/// A blueprint that was saved, or ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Saved {
    pub id: BlueprintId,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = blueprints)]
struct Row {
    id: BlueprintId,
    unit_id: UnitId,
    name: Vec<u8>,
    shape: Vec<u8>,
    made_at: chrono::NaiveDateTime,
}

impl Row {
    fn open(self, vault: &Vault) -> Result<Blueprint> {
        let text = |column, sealed: &[u8]| {
            vault.house().open_text(Place::of("blueprints", column, self.id.0), sealed)
        };
        Ok(Blueprint {
            id: self.id,
            unit: self.unit_id,
            name: text("name", &self.name)?,
            shape: text("shape", &self.shape)?,
            made_at: self.made_at.and_utc(),
        })
    }
}

/// A blueprint in the record of changes.
const BLUEPRINT: audit::Thing = audit::Thing { name: "blueprint", tables: &[("blueprints", "id")] };

/// Keeps a shape, which the caller has looked at, under a name.
///
/// # Errors
/// `unknown_reference` of a unit that is not there or not in the scope.
pub fn save(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    unit: UnitId,
    name: &Name,
    shape: &str,
) -> Result<Saved> {
    activities::check_scope(tx.conn, by, unit)?;
    places::unit(tx.conn, unit).map_err(|_| Problem::field("unit", Code::UnknownReference))?;
    let id = BlueprintId(tx.id());
    let seal = |column, text: &str| vault.house().seal_text(Place::of("blueprints", column, id.0), text);
    diesel::insert_into(blueprints::table)
        .values((
            blueprints::id.eq(id),
            blueprints::unit_id.eq(unit),
            blueprints::name.eq(seal("name", name.as_str())),
            blueprints::shape.eq(seal("shape", shape)),
            blueprints::made_at.eq(tx.now.naive_utc()),
            blueprints::made_by.eq(by.user),
        ))
        .execute(tx.conn)?;
    audit::made(&BLUEPRINT, id.0).record(
        tx,
        vault,
        Line::new(Some(by.user), "drives.blueprint_saved").on(id).with("unit", unit),
    )?;
    feed::append(tx, "blueprint", id.0, "made")?;
    Ok(Saved { id })
}

/// Blueprints of the units that one plans for, after `after`, oldest first.
///
/// # Errors
/// `identity_damaged`.
pub fn list(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    after: i64,
    limit: i64,
) -> Result<Vec<Blueprint>> {
    let roots = scope(conn, by)?;
    let rows: Vec<Row> = on_each!(conn => c, {
        let mut rows = blueprints::table
            .filter(blueprints::id.gt(after))
            .filter(blueprints::ended_at.is_null())
            .order(blueprints::id)
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(roots) = &roots {
            let below = unit_tree::table.filter(unit_tree::ancestor.eq_any(roots)).select(unit_tree::descendant);
            rows = rows.filter(blueprints::unit_id.eq_any(below));
        }
        rows.load(c)
    })
    .map_err(Problem::from)?;
    rows.into_iter().map(|row| row.open(vault)).collect()
}

/// One of them.
///
/// # Errors
/// `not_found` of one that is not there, was ended, or is of a unit outside the scope; `identity_damaged`.
pub fn get(conn: &mut Conn, vault: &Vault, by: &Principal, id: BlueprintId) -> Result<Blueprint> {
    let row: Row = blueprints::table
        .find(id.0)
        .filter(blueprints::ended_at.is_null())
        .select(Row::as_select())
        .first(conn)?;
    activities::check_scope(conn, by, row.unit_id).map_err(|_| Problem::new(Code::NotFound))?;
    row.open(vault)
}

/// Ends one: drives that were planned by it stay.
///
/// # Errors
/// As [`get`].
pub fn end(tx: &mut Tx, vault: &Vault, by: &Principal, id: BlueprintId) -> Result<Saved> {
    get(tx.conn, vault, by, id)?;
    let seen = audit::seen(tx.conn, vault, &BLUEPRINT, id.0)?;
    let ended = diesel::update(blueprints::table.find(id.0))
        .filter(blueprints::ended_at.is_null())
        .set(blueprints::ended_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    if ended == 0 {
        return Err(Problem::new(Code::NotFound));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "drives.blueprint_ended").on(id))?;
    feed::append(tx, "blueprint", id.0, "ended")?;
    Ok(Saved { id })
}

/// Seals at most `limit` blueprints after `after` under another root key; the last of them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let rows: Vec<Row> = blueprints::table
        .filter(blueprints::id.gt(after))
        .order(blueprints::id)
        .limit(limit)
        .select(Row::as_select())
        .load(tx.conn)?;
    let mut last = None;
    for row in rows {
        let move_on =
            |column, sealed: &[u8]| new.reseal(old, Place::of("blueprints", column, row.id.0), sealed);
        let (name, shape) = (move_on("name", &row.name), move_on("shape", &row.shape));
        diesel::update(blueprints::table.find(row.id.0))
            .set((blueprints::name.eq(name), blueprints::shape.eq(shape)))
            .execute(tx.conn)?;
        last = Some(row.id.0);
    }
    Ok(last)
}
