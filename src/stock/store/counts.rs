//! Rows of counts: what was missed on a shelf.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::ids::{BloodUnitId, CountId, FacilityId, UserId};
use shiryan_kernel::status::{CountState, MissEnd, UnitStatus};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use super::BloodUnit;
use crate::db::tables::{blood_units, count_misses, stock_counts, unit_movements};
use crate::db::{Conn, Tx, on_each};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = stock_counts)]
pub struct Row {
    pub id: CountId,
    pub facility: FacilityId,
    pub state: CountState,
    pub scanned: i32,
    pub made_at: NaiveDateTime,
    pub made_by: UserId,
}

pub fn insert(
    tx: &mut Tx,
    id: CountId,
    facility: FacilityId,
    state: CountState,
    scanned: i32,
    by: UserId,
) -> Result<()> {
    diesel::insert_into(stock_counts::table)
        .values((
            stock_counts::id.eq(id),
            stock_counts::facility.eq(facility),
            stock_counts::state.eq(state),
            stock_counts::scanned.eq(scanned),
            stock_counts::made_at.eq(tx.now.naive_utc()),
            stock_counts::made_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn insert_miss(tx: &mut Tx, id: CountId, unit: BloodUnitId) -> Result<()> {
    diesel::insert_into(count_misses::table)
        .values((count_misses::count.eq(id), count_misses::blood_unit.eq(unit)))
        .execute(tx.conn)?;
    Ok(())
}

pub fn row(conn: &mut Conn, id: CountId) -> Result<Row> {
    Ok(stock_counts::table.find(id.0).select(Row::as_select()).first(conn)?)
}

/// The counts of a shelf after `after`, oldest first.
pub fn rows(
    conn: &mut Conn,
    own: FacilityId,
    state: Option<CountState>,
    after: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    let mut rows = stock_counts::table
        .filter(stock_counts::facility.eq(own))
        .filter(stock_counts::id.gt(after))
        .order(stock_counts::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(state) = state {
        rows = rows.filter(stock_counts::state.eq(state));
    }
    Ok(rows.load(conn)?)
}

/// The units that a count missed, and what became of each.
pub fn misses(conn: &mut Conn, id: CountId) -> Result<Vec<(Option<MissEnd>, BloodUnit)>> {
    on_each!(conn => c, count_misses::table
        .inner_join(blood_units::table)
        .filter(count_misses::count.eq(id))
        .order(count_misses::blood_unit)
        .select((count_misses::outcome, BloodUnit::as_select()))
        .load(c))
    .map_err(Problem::from)
}

/// Whether the unit was missed by this count, and nobody has said yet what became of it.
pub fn end_miss(tx: &mut Tx, id: CountId, unit: BloodUnitId, outcome: MissEnd, by: UserId) -> Result<bool> {
    let open = count_misses::table
        .filter(count_misses::count.eq(id))
        .filter(count_misses::blood_unit.eq(unit))
        .filter(count_misses::outcome.is_null());
    let set = (
        count_misses::outcome.eq(outcome),
        count_misses::ended_at.eq(tx.now.naive_utc()),
        count_misses::ended_by.eq(by),
    );
    Ok(diesel::update(open).set(set).execute(tx.conn)? == 1)
}

pub fn close(tx: &mut Tx, id: CountId) -> Result<()> {
    diesel::update(stock_counts::table.find(id.0))
        .set(stock_counts::state.eq(CountState::Closed))
        .execute(tx.conn)?;
    Ok(())
}

/// What lies on a shelf, or should: also what was stopped or passed its date, which may have left it before.
pub fn on_shelf(conn: &mut Conn, own: FacilityId) -> Result<Vec<BloodUnit>> {
    const THERE: [UnitStatus; 6] = [
        UnitStatus::EmergencyUntested,
        UnitStatus::Quarantine,
        UnitStatus::Released,
        UnitStatus::Reserved,
        UnitStatus::Expired,
        UnitStatus::Blocked,
    ];
    on_each!(conn => c, blood_units::table
        .filter(blood_units::facility.eq(own))
        .filter(blood_units::status.eq_any(THERE))
        .order(blood_units::id)
        .select(BloodUnit::as_select())
        .load(c))
    .map_err(Problem::from)
}

/// The last state of a unit in which nothing was wrong with it: neither stopped nor past its date.
pub fn last_in_order(conn: &mut Conn, unit: BloodUnitId) -> Result<Option<UnitStatus>> {
    let steps = unit_movements::table
        .filter(unit_movements::blood_unit.eq(unit))
        .filter(unit_movements::to_status.ne(UnitStatus::Blocked))
        .filter(unit_movements::to_status.ne(UnitStatus::Expired))
        .order(unit_movements::id.desc())
        .select(unit_movements::to_status);
    Ok(steps.first(conn).optional()?)
}

/// When each of these shelves was last counted with nothing left open.
pub fn counted_at(conn: &mut Conn, facilities: &[FacilityId]) -> Result<HashMap<FacilityId, Moment>> {
    let rows: Vec<(FacilityId, Option<NaiveDateTime>)> = on_each!(conn => c, stock_counts::table
        .filter(stock_counts::facility.eq_any(facilities))
        .filter(stock_counts::state.eq(CountState::Closed))
        .group_by(stock_counts::facility)
        .select((stock_counts::facility, diesel::dsl::max(stock_counts::made_at)))
        .load(c))
    .map_err(Problem::from)?;
    Ok(rows.into_iter().filter_map(|(facility, at)| Some((facility, at?.and_utc()))).collect())
}
