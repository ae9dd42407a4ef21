//! Rows of imported series.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::ids::SeriesId;

use crate::db::tables::{history_days, history_series};
use crate::db::{Tx, insert_all};

/// One day of a series: its number from 1 (or the file's own), date and weekday where known (Monday is 0).
#[derive(Debug, Clone, PartialEq)]
pub struct DayRow {
    pub day_no: i32,
    pub on_date: Option<NaiveDate>,
    pub weekday: Option<i32>,
    pub amount: f64,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = history_days, treat_none_as_default_value = false)]
struct Row {
    series: SeriesId,
    day_no: i32,
    on_date: Option<NaiveDate>,
    weekday: Option<i32>,
    amount: f64,
}

/// Puts these days in the place of whatever the series of this name held.
pub fn replace_series(tx: &mut Tx, name: &str, source: &str, days: &[DayRow]) -> Result<SeriesId> {
    let there: Option<i64> = history_series::table
        .filter(history_series::name.eq(name))
        .select(history_series::id)
        .first(tx.conn)
        .optional()?;
    if let Some(id) = there {
        diesel::delete(history_days::table.filter(history_days::series.eq(id))).execute(tx.conn)?;
        diesel::delete(history_series::table.find(id)).execute(tx.conn)?;
    }
    let id = SeriesId(tx.id());
    diesel::insert_into(history_series::table)
        .values((
            history_series::id.eq(id),
            history_series::name.eq(name),
            history_series::source.eq(source),
            history_series::imported_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    let rows: Vec<Row> = days
        .iter()
        .map(|day| Row {
            series: id,
            day_no: day.day_no,
            on_date: day.on_date,
            weekday: day.weekday,
            amount: day.amount,
        })
        .collect();
    insert_all!(tx.conn => history_days::table, rows)?;
    Ok(id)
}
