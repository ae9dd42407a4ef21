//! Daily series out of a file: the past that planning learns from.
//!
//! The first column is `date`, or `day` = 1, 2, …; `dow` gives the weekday of numbered days; each other
//! column is a series, kept as the file's name, a colon and the column. A file with a fault is refused
//! whole, its faulty rows written back; a series that is there already is replaced in one write. An
//! empty cell and a day that is absent stay unknown: neither is a zero.

mod store;

use std::path::Path;

use chrono::Days;
use shiryan_forecast::series::MAX_DAYS;
use shiryan_forecast::{Axis, RowFault, Series, Table};
use shiryan_kernel::text::PlainText;
use shiryan_kernel::{Problem, Result};

use crate::db::{Db, Lane, feed};
use crate::sheets::{ImportError, Progress, Rejects, Report, Row, Sheet};
use store::DayRow;

/// Imports series; with `dry_run` it only says what it would do. `taken` counts the figures, `warned` the
/// days without one.
///
/// # Errors
/// A file that cannot be read as a whole, its header's faults among them; the database's own.
pub fn import_history(
    db: &Db,
    path: &Path,
    dry_run: bool,
    mut progress: impl FnMut(Progress),
) -> Result<Report, ImportError> {
    let mut sheet = Sheet::open_any(path)?;
    let mut rejects = Rejects::beside(path, sheet.header());
    let header: Vec<String> = sheet.names().map(str::to_owned).collect();
    let mut rows: Vec<Row> = Vec::new();
    for row in sheet.by_ref() {
        rows.push(row?);
        if rows.len() > MAX_DAYS {
            return Err(ImportError::TooManyRows { path: path.to_owned(), most: MAX_DAYS });
        }
    }
    let cells = rows.iter().map(|row| row.cells().map(str::to_owned).collect::<Vec<_>>());
    let mut report = Report { rows: count(rows.len()), ..Report::default() };
    let table = match Table::parse(&header, cells) {
        Ok(table) => table,
        Err(faults) => {
            for RowFault { row, column, fault } in faults {
                let Some(written) = row.checked_sub(1).and_then(|at| rows.get(at)) else {
                    let said = format!("{}: the header: {column} {fault}", path.display());
                    return Err(Problem::internal(said).into());
                };
                rejects.add_saying(written, &format!("{column}:{}", fault.code()))?;
                report.rejected += 1;
            }
            report.rejects = rejects.finish()?.0;
            return Ok(report);
        }
    };
    let (bytes, of_bytes) = sheet.progress();
    let source = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let mut named = Vec::with_capacity(table.series.len());
    for (column, series) in table.series {
        let name = PlainText::<120>::parse(&format!("{stem}:{column}")).map_err(|problem| Problem {
            cause: Some(format!("a name of a series: {column:?}")),
            ..problem
        })?;
        let days = days(&series);
        report.taken += count(days.len());
        report.warned += count(series.len() - days.len());
        named.push((name.into_string(), days));
    }
    if !dry_run {
        db.write_now(Lane::Bulk, move |tx| {
            for (name, days) in &named {
                let id = store::replace_series(tx, name, &source, days)?;
                feed::append(tx, "series", id.0, "imported")?;
            }
            Ok(())
        })?;
    }
    progress(Progress { rows: report.rows, of_rows: None, rejected: 0, bytes, of_bytes });
    Ok(report)
}

/// The days that have a figure.
fn days(series: &Series) -> Vec<DayRow> {
    let day = |(at, amount): (usize, &Option<f64>)| {
        let step = i64::try_from(at).ok()?;
        let (day_no, on_date) = match series.axis() {
            Axis::Dated(first) => (step + 1, Some(first + Days::new(step.unsigned_abs()))),
            Axis::Numbered { first, .. } => (first.checked_add(step)?, None),
        };
        let weekday = series.weekday(at).and_then(|day| i32::try_from(day.num_days_from_monday()).ok());
        Some(DayRow { day_no: i32::try_from(day_no).ok()?, on_date, weekday, amount: (*amount)? })
    };
    series.counts().iter().enumerate().filter_map(day).collect()
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
