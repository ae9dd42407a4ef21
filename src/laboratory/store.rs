//! Rows of results.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{FacilityId, TestResultId, UserId};
use shiryan_kernel::laboratory::Marker;
use shiryan_kernel::{Problem, Result};

use super::{Entry, place};
use crate::db::tables::test_results;
use crate::db::{Conn, Tx, on_each};
use crate::vault::Vault;

#[derive(Queryable, Selectable)]
#[diesel(table_name = test_results)]
struct Row {
    id: TestResultId,
    din: Din,
    marker: Marker,
    run: i32,
    corrects: Option<TestResultId>,
    says: Vec<u8>,
    tested_on: NaiveDate,
    entered_at: NaiveDateTime,
    entered_by: UserId,
}

/// Every line of these numbers, oldest first.
pub fn of(conn: &mut Conn, vault: &Vault, numbers: &[Din]) -> Result<Vec<Entry>> {
    let rows: Vec<Row> = on_each!(conn => c, test_results::table
        .filter(test_results::din.eq_any(numbers))
        .order(test_results::id)
        .select(Row::as_select())
        .load(c))?;
    let corrected: Vec<TestResultId> = rows.iter().filter_map(|row| row.corrects).collect();
    rows.into_iter()
        .map(|row| {
            let text = vault.house().open_text(place(row.id), &row.says)?;
            Ok(Entry {
                id: row.id,
                din: row.din,
                marker: row.marker,
                run: row.run,
                corrects: row.corrects,
                says: serde_json::from_str(&text).map_err(Problem::internal)?,
                tested_on: row.tested_on,
                entered_at: row.entered_at.and_utc(),
                entered_by: row.entered_by,
                is_corrected: corrected.contains(&row.id),
            })
        })
        .collect()
}

pub fn insert(tx: &mut Tx, vault: &Vault, facility: FacilityId, entry: &Entry) -> Result<()> {
    let says = serde_json::to_string(&entry.says).map_err(Problem::internal)?;
    diesel::insert_into(test_results::table)
        .values((
            test_results::id.eq(entry.id),
            test_results::din.eq(entry.din),
            test_results::marker.eq(entry.marker),
            test_results::run.eq(entry.run),
            test_results::corrects.eq(entry.corrects),
            test_results::says.eq(vault.house().seal_text(place(entry.id), &says)),
            test_results::tested_on.eq(entry.tested_on),
            test_results::facility.eq(facility),
            test_results::entered_at.eq(entry.entered_at.naive_utc()),
            test_results::entered_by.eq(entry.entered_by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Sealed cells after a line.
pub fn cells_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(TestResultId, Vec<u8>)>> {
    Ok(test_results::table
        .filter(test_results::id.gt(after))
        .order(test_results::id)
        .limit(limit)
        .select((test_results::id, test_results::says))
        .load(conn)?)
}

pub fn set_cell(tx: &mut Tx, id: TestResultId, says: &[u8]) -> Result<()> {
    diesel::update(test_results::table.find(id.0)).set(test_results::says.eq(says)).execute(tx.conn)?;
    Ok(())
}
