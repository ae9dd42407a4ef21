//! Rows of labels that were scanned where no unit of them should be.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::blood::Component;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{CountId, FacilityId, StrayId, TransferId, UserId};
use shiryan_kernel::{Problem, Result};

use crate::db::tables::stray_scans;
use crate::db::{Conn, Tx, on_each};
use crate::stock::stray::Source;
use crate::stock::transfer::Label;

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = stray_scans)]
pub struct Row {
    pub id: StrayId,
    pub facility: FacilityId,
    pub count: Option<CountId>,
    pub transfer: Option<TransferId>,
    pub din: Din,
    pub component: Component,
    pub division: i32,
    pub scanned_at: NaiveDateTime,
    pub scanned_by: UserId,
    pub note: Option<Vec<u8>>,
}

/// Notes a label once for each count and each transfer.
pub fn insert(
    tx: &mut Tx,
    id: StrayId,
    facility: FacilityId,
    source: Source,
    label: &Label,
    by: UserId,
) -> Result<()> {
    let (count, transfer) = match source {
        Source::Count(count) => (Some(count), None),
        Source::Transfer(transfer) => (None, Some(transfer)),
    };
    let row = (
        stray_scans::id.eq(id),
        stray_scans::facility.eq(facility),
        stray_scans::count.eq(count),
        stray_scans::transfer.eq(transfer),
        stray_scans::din.eq(label.din),
        stray_scans::component.eq(label.component),
        stray_scans::division.eq(label.division),
        stray_scans::scanned_at.eq(tx.now.naive_utc()),
        stray_scans::scanned_by.eq(by),
    );
    on_each!(tx.conn => c, diesel::insert_into(stray_scans::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

pub fn row(conn: &mut Conn, id: StrayId) -> Result<Row> {
    Ok(stray_scans::table.find(id.0).select(Row::as_select()).first(conn)?)
}

/// Those of a count, or of a blood bank after `after`; oldest first.
pub fn rows(
    conn: &mut Conn,
    (own, count): (FacilityId, Option<CountId>),
    is_open: bool,
    after: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    on_each!(conn => c, {
        let mut rows = stray_scans::table
            .filter(stray_scans::facility.eq(own))
            .filter(stray_scans::id.gt(after))
            .order(stray_scans::id)
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        if let Some(count) = count {
            rows = rows.filter(stray_scans::count.eq(count));
        }
        if is_open {
            rows = rows.filter(stray_scans::note.is_null());
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// Whether nobody had explained it yet.
pub fn explain(tx: &mut Tx, id: StrayId, by: UserId, note: Vec<u8>) -> Result<bool> {
    let open = stray_scans::table.filter(stray_scans::id.eq(id)).filter(stray_scans::note.is_null());
    let set = (
        stray_scans::note.eq(note),
        stray_scans::ended_at.eq(tx.now.naive_utc()),
        stray_scans::ended_by.eq(by),
    );
    Ok(diesel::update(open).set(set).execute(tx.conn)? == 1)
}

/// Sealed notes of at most `limit` after `after`, in order.
pub fn notes_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(StrayId, Vec<u8>)>> {
    Ok(stray_scans::table
        .filter(stray_scans::id.gt(after))
        .filter(stray_scans::note.is_not_null())
        .order(stray_scans::id)
        .limit(limit)
        .select((stray_scans::id, stray_scans::note.assume_not_null()))
        .load(conn)?)
}

pub fn set_note(tx: &mut Tx, id: StrayId, note: &[u8]) -> Result<()> {
    diesel::update(stray_scans::table.find(id.0)).set(stray_scans::note.eq(note)).execute(tx.conn)?;
    Ok(())
}
