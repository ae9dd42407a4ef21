//! Tables of text out of CSV files, and series out of those.

use std::fmt::Display;
use std::path::Path;

use shiryan_forecast::Table;

/// At most this many faults are told.
const TOLD: usize = 5;

/// The header and the rows of a file, as text.
pub(super) fn cells(path: &Path) -> Result<(Vec<String>, Vec<Vec<String>>), String> {
    let file = path.display();
    let told = |error: csv::Error| format!("{file}: {error}");
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(path).map_err(told)?;
    let text = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
    let mut header = text(reader.headers().map_err(told)?);
    if let Some(first) = header.first_mut() {
        *first = first.trim_start_matches('\u{FEFF}').to_owned();
    }
    let rows: Result<Vec<_>, _> = reader.records().map(|record| record.map(|record| text(&record))).collect();
    Ok((header, rows.map_err(told)?))
}

/// The series of a file.
pub(super) fn series(path: &Path) -> Result<Table, String> {
    let (header, rows) = cells(path)?;
    Table::parse(&header, rows).map_err(|faults| {
        faults_of(path, &faults.iter().map(|fault| (fault.fault.code(), fault)).collect::<Vec<_>>())
    })
}

/// Faults, one to a line, each with its file, place and code.
pub(super) fn faults_of<F: Display>(path: &Path, faults: &[(&str, F)]) -> String {
    let line = |(code, fault): &(&str, F)| format!("{}: {fault} ({code})", path.display());
    let mut lines: Vec<String> = faults.iter().take(TOLD).map(line).collect();
    if let Some(more) = faults.len().checked_sub(TOLD).filter(|more| *more > 0) {
        lines.push(format!("{}: and {more} more", path.display()));
    }
    lines.join("\n")
}
