//! The ledger of bags: a line for each step.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, MovementId, UserId};
use shiryan_kernel::status::{MoveReason, UnitStatus};

use crate::db::tables::unit_movements;
use crate::db::{Conn, Tx, on_each};

pub fn insert_movement(
    tx: &mut Tx,
    id: MovementId,
    unit: BloodUnitId,
    (from, to): (Option<UnitStatus>, UnitStatus),
    (reason, note): (MoveReason, Option<Vec<u8>>),
    facility: FacilityId,
    by: Option<UserId>,
) -> Result<()> {
    diesel::insert_into(unit_movements::table)
        .values((
            unit_movements::id.eq(id),
            unit_movements::blood_unit.eq(unit),
            unit_movements::from_status.eq(from),
            unit_movements::to_status.eq(to),
            unit_movements::reason.eq(reason),
            unit_movements::note.eq(note),
            unit_movements::facility.eq(facility),
            unit_movements::moved_at.eq(tx.now.naive_utc()),
            unit_movements::moved_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Whether the unit made a step there.
pub fn was_at(conn: &mut Conn, id: BloodUnitId, facility: FacilityId) -> Result<bool> {
    let steps = unit_movements::table
        .filter(unit_movements::blood_unit.eq(id))
        .filter(unit_movements::facility.eq(facility));
    Ok(on_each!(conn => c, diesel::select(diesel::dsl::exists(steps)).get_result(c))?)
}

/// A line of the ledger of a bag.
#[derive(Debug, Queryable)]
pub struct MovementRow {
    pub id: MovementId,
    pub from: Option<UnitStatus>,
    pub to: UnitStatus,
    pub reason: MoveReason,
    pub note: Option<Vec<u8>>,
    pub facility: FacilityId,
    pub at: NaiveDateTime,
    pub by: Option<UserId>,
}

/// A bag's movements, oldest first.
pub fn movements(conn: &mut Conn, unit: BloodUnitId) -> Result<Vec<MovementRow>> {
    Ok(unit_movements::table
        .filter(unit_movements::blood_unit.eq(unit))
        .order(unit_movements::id)
        .select((
            unit_movements::id,
            unit_movements::from_status,
            unit_movements::to_status,
            unit_movements::reason,
            unit_movements::note,
            unit_movements::facility,
            unit_movements::moved_at,
            unit_movements::moved_by,
        ))
        .load(conn)?)
}

/// Sealed notes of at most `limit` movements after `after` that have one, in order.
pub fn notes_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(MovementId, Vec<u8>)>> {
    Ok(unit_movements::table
        .filter(unit_movements::id.gt(after))
        .filter(unit_movements::note.is_not_null())
        .order(unit_movements::id)
        .limit(limit)
        .select((unit_movements::id, unit_movements::note.assume_not_null()))
        .load(conn)?)
}

pub fn set_note(conn: &mut Conn, id: MovementId, note: &[u8]) -> Result<()> {
    diesel::update(unit_movements::table.find(id.0)).set(unit_movements::note.eq(note)).execute(conn)?;
    Ok(())
}
