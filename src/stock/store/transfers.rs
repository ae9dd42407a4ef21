//! Rows of transfers: which units are on their way between two blood banks.

use chrono::NaiveDateTime;
use diesel::dsl::exists;
use diesel::prelude::*;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, TransferId, UserId};
use shiryan_kernel::status::{TransferEnd, TransferState, UnitStatus};
use shiryan_kernel::{Problem, Result};

use super::BloodUnit;
use crate::db::tables::{blood_units, transfer_units, transfers};
use crate::db::{Conn, Tx, on_each};
use crate::stock::transfer::Label;

/// A transfer without its units.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = transfers)]
pub struct Row {
    pub id: TransferId,
    pub from_facility: FacilityId,
    pub to_facility: FacilityId,
    pub state: TransferState,
    pub made_at: NaiveDateTime,
    pub made_by: UserId,
    pub received_by: Option<UserId>,
}

/// A unit of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = transfer_units)]
pub struct Line {
    pub left_as: UnitStatus,
    pub outcome: Option<TransferEnd>,
}

pub fn insert(tx: &mut Tx, id: TransferId, from: FacilityId, to: FacilityId, by: UserId) -> Result<()> {
    let now = tx.now.naive_utc();
    diesel::insert_into(transfers::table)
        .values((
            transfers::id.eq(id),
            transfers::from_facility.eq(from),
            transfers::to_facility.eq(to),
            transfers::state.eq(TransferState::UnderWay),
            transfers::made_at.eq(now),
            transfers::made_by.eq(by),
            transfers::changed_at.eq(now),
            transfers::version.eq(1_i64),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn insert_line(tx: &mut Tx, id: TransferId, unit: BloodUnitId, left_as: UnitStatus) -> Result<()> {
    diesel::insert_into(transfer_units::table)
        .values((
            transfer_units::transfer.eq(id),
            transfer_units::blood_unit.eq(unit),
            transfer_units::left_as.eq(left_as),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn row(conn: &mut Conn, id: TransferId) -> Result<Row> {
    Ok(transfers::table.find(id.0).select(Row::as_select()).first(conn)?)
}

/// The transfers that a blood bank sent or is to receive, after `after`, oldest first.
pub fn rows(
    conn: &mut Conn,
    own: FacilityId,
    state: Option<TransferState>,
    after: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    on_each!(conn => c, {
        let mut rows = transfers::table
            .filter(transfers::id.gt(after))
            .filter(transfers::from_facility.eq(own).or(transfers::to_facility.eq(own)))
            .order(transfers::id)
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(state) = state {
            rows = rows.filter(transfers::state.eq(state));
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// The units of a transfer.
pub fn lines(conn: &mut Conn, id: TransferId) -> Result<Vec<(Line, BloodUnit)>> {
    on_each!(conn => c, transfer_units::table
        .inner_join(blood_units::table)
        .filter(transfer_units::transfer.eq(id))
        .order(transfer_units::blood_unit)
        .select((Line::as_select(), BloodUnit::as_select()))
        .load(c))
    .map_err(Problem::from)
}

/// The state in which a unit left, while it is under way.
pub fn left_as(conn: &mut Conn, unit: BloodUnitId) -> Result<Option<UnitStatus>> {
    let open = transfer_units::table
        .filter(transfer_units::blood_unit.eq(unit))
        .filter(transfer_units::outcome.is_null())
        .select(transfer_units::left_as);
    Ok(open.first(conn).optional()?)
}

/// Whether the unit is on its way there.
pub fn is_bound_for(conn: &mut Conn, unit: BloodUnitId, facility: FacilityId) -> Result<bool> {
    let bound = transfer_units::table
        .inner_join(transfers::table)
        .filter(transfer_units::blood_unit.eq(unit))
        .filter(transfer_units::outcome.is_null())
        .filter(transfers::to_facility.eq(facility));
    Ok(on_each!(conn => c, diesel::select(exists(bound)).get_result(c))?)
}

/// The unit of a label on a shelf.
pub fn labelled(conn: &mut Conn, own: FacilityId, label: &Label) -> Result<Option<BloodUnit>> {
    Ok(blood_units::table
        .filter(blood_units::din.eq(label.din))
        .filter(blood_units::component.eq(label.component))
        .filter(blood_units::division.eq(label.division))
        .filter(blood_units::facility.eq(own))
        .select(BloodUnit::as_select())
        .first(conn)
        .optional()?)
}

/// Whether the unit's way was open.
pub fn end(tx: &mut Tx, id: TransferId, unit: BloodUnitId, outcome: TransferEnd, by: UserId) -> Result<bool> {
    let open = transfer_units::table
        .filter(transfer_units::transfer.eq(id))
        .filter(transfer_units::blood_unit.eq(unit))
        .filter(transfer_units::outcome.is_null());
    let ended = diesel::update(open)
        .set((
            transfer_units::outcome.eq(outcome),
            transfer_units::ended_at.eq(tx.now.naive_utc()),
            transfer_units::ended_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(ended == 1)
}

/// Whether the transfer was still in the state `from`; locks its row until the transaction ends.
pub fn advance(tx: &mut Tx, id: TransferId, from: TransferState, to: TransferState) -> Result<bool> {
    let rows = transfers::table.filter(transfers::id.eq(id)).filter(transfers::state.eq(from));
    let changed = diesel::update(rows)
        .set((
            transfers::state.eq(to),
            transfers::changed_at.eq(tx.now.naive_utc()),
            transfers::version.eq(transfers::version + 1),
        ))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

pub fn set_receiver(tx: &mut Tx, id: TransferId, by: UserId) -> Result<()> {
    diesel::update(transfers::table.find(id.0)).set(transfers::received_by.eq(by)).execute(tx.conn)?;
    Ok(())
}
