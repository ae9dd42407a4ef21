//! First days of Hijri months as they were sighted: entered, never changed; the last one entered holds.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan_kernel::ids::UserId;
use shiryan_kernel::{Code, Problem, Result};

use super::Calendar;
use crate::audit::{self, Line};
use crate::db::tables::hijri_months;
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// The first day of a Hijri month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthStart {
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    pub first: NaiveDate,
}

/// The calendar with all that was sighted until now.
///
/// # Errors
/// As any read.
pub fn current(conn: &mut Conn, table: &Calendar) -> Result<Calendar> {
    let rows: Vec<(i32, i32, NaiveDate)> = hijri_months::table
        .order(hijri_months::id)
        .select((hijri_months::year, hijri_months::month, hijri_months::first_on))
        .load(conn)?;
    let mut calendar = table.clone();
    for (year, month, first) in rows {
        // What a newer table no longer allows is passed over: it is more than a day off.
        calendar.hijri.sight(year, u8::try_from(month).unwrap_or(0), first);
    }
    Ok(calendar)
}

/// A month in the record of changes.
const MONTH: audit::Thing = audit::Thing { name: "month", tables: &[("hijri_months", "id")] };

/// Enters the first day of a month as it was sighted.
///
/// # Errors
/// `out_of_range` of `year` and `month` outside the table, of `first` more than a day from what was computed.
pub fn enter_sighting(
    tx: &mut Tx,
    vault: &Vault,
    table: &Calendar,
    by: UserId,
    new: MonthStart,
) -> Result<()> {
    let Some(computed) = table.hijri.computed(new.year, new.month) else {
        return Err(Problem::field("month", Code::OutOfRange));
    };
    if (new.first - computed).num_days().abs() > 1 {
        return Err(Problem::field("first", Code::OutOfRange));
    }
    let id = tx.id();
    diesel::insert_into(hijri_months::table)
        .values((
            hijri_months::id.eq(id),
            hijri_months::year.eq(new.year),
            hijri_months::month.eq(i32::from(new.month)),
            hijri_months::first_on.eq(new.first),
            hijri_months::entered_at.eq(tx.now.naive_utc()),
            hijri_months::entered_by.eq(by),
        ))
        .execute(tx.conn)?;
    let line = Line::new(Some(by), "places.month_sighted").with("year", new.year);
    audit::made(&MONTH, id).record(tx, vault, line.with("month", new.month).with("first", new.first))?;
    feed::append(tx, "calendar", id, "sighted")
}
