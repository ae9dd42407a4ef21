//! Rows of a workbook's first sheet, cell by cell.
//!
//! A sheet is never asked for as a whole: its size is what two cells far apart make it. A thread reads ahead a
//! few rows, since the reader borrows the workbook. A formula counts as the value that was saved with it. A date
//! becomes its ISO day. What cannot be read as it was meant (truth values, errors, durations, times of day,
//! numbers of more than 15 digits, which the file itself has rounded) is a fault of its row.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use calamine::{DataRef, ExcelDateTime, Reader, SheetType, SheetVisible, Xlsx};

use super::measure::measure;
use super::{LONGEST_ROW, Raw, SheetError};

/// Rows that wait to be taken, in bundles.
const BUNDLE: usize = 256;
const BUNDLES: usize = 4;
/// From here on not every whole number has a value of its own.
const ROUNDED: f64 = 1e15;

type Bundle = Result<Vec<Raw>, SheetError>;

/// A workbook being read.
#[derive(Debug)]
pub struct Book {
    receive: Receiver<Bundle>,
    bundle: std::vec::IntoIter<Raw>,
    read: Arc<AtomicU64>,
    size: u64,
}

impl Book {
    /// # Errors
    /// [`SheetError::Workbook`] for a file that is no workbook, or larger than anybody needs.
    pub fn open(path: &Path, file: File) -> Result<Self, SheetError> {
        let unreadable = |cause| SheetError::Unreadable { path: path.to_owned(), cause };
        let size = file.metadata().map_err(unreadable)?.len();
        measure(file.try_clone().map_err(unreadable)?)
            .map_err(|why| SheetError::Workbook { path: path.to_owned(), why })?;
        let read = Arc::new(AtomicU64::new(0));
        let (send, receive) = sync_channel(BUNDLES);
        let reader = Counted { file, read: read.clone() };
        let owned = path.to_owned();
        std::thread::Builder::new()
            .name("workbook".into())
            .spawn(move || {
                let broken = |why: String| SheetError::Workbook { path: owned.clone(), why };
                let outcome = catch_unwind(AssertUnwindSafe(|| run(&owned, reader, &send)));
                let error = match outcome {
                    Ok(Ok(())) => return,
                    Ok(Err(error)) => error,
                    Err(_) => broken("it is damaged".to_owned()),
                };
                // Nobody may be left to tell.
                drop(send.send(Err(error)));
            })
            .map_err(unreadable)?;
        Ok(Self { receive, bundle: Vec::new().into_iter(), read, size })
    }

    /// Bytes read so far and in all.
    pub fn progress(&self) -> (u64, u64) {
        (self.read.load(Ordering::Relaxed).min(self.size), self.size)
    }

    /// The next row that has anything in it; none at the end.
    pub fn next(&mut self) -> Option<Result<Raw, SheetError>> {
        loop {
            if let Some(row) = self.bundle.next() {
                return Some(Ok(row));
            }
            match self.receive.recv().ok()? {
                Ok(bundle) => self.bundle = bundle.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// Where the file is read, for the progress.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.file.read(buffer)?;
        self.read.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        Ok(count)
    }
}

impl Seek for Counted {
    fn seek(&mut self, to: SeekFrom) -> std::io::Result<u64> {
        let at = self.file.seek(to)?;
        self.read.store(at, Ordering::Relaxed);
        Ok(at)
    }
}

/// Sends the rows of the first sheet that a person sees, until nobody takes them.
fn run(path: &Path, reader: Counted, send: &SyncSender<Bundle>) -> Result<(), SheetError> {
    let said =
        |error: calamine::XlsxError| SheetError::Workbook { path: path.to_owned(), why: error.to_string() };
    let broken = |why: &str| SheetError::Workbook { path: path.to_owned(), why: why.to_owned() };
    let mut book = Xlsx::new(BufReader::new(reader)).map_err(said)?;
    let sheets = book.sheets_metadata();
    let first = sheets
        .iter()
        .find(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .map(|sheet| sheet.name.clone())
        .ok_or_else(|| broken("it has no sheet"))?;
    let mut cells = book.worksheet_cells_reader(&first).map_err(said)?;
    let mut row = Growing::default();
    let mut bundle = Vec::with_capacity(BUNDLE);
    while let Some(cell) = cells.next_cell().map_err(said)? {
        let (line, column) = cell.get_position();
        let (line, column) = (u64::from(line) + 1, usize::try_from(column).unwrap_or(usize::MAX));
        if line != row.line {
            bundle.extend(row.end());
            if line < row.line {
                return Err(broken("its rows are out of order"));
            }
            row.line = line;
            if bundle.len() >= BUNDLE && send.send(Ok(std::mem::take(&mut bundle))).is_err() {
                return Ok(());
            }
        }
        row.put(column, &read(cell.get_value())).map_err(|fault| match fault {
            Misplaced::OutOfOrder => broken("its cells are out of order"),
            Misplaced::TooMany => SheetError::RowTooLong { path: path.to_owned(), line },
        })?;
    }
    bundle.extend(row.end());
    // Nobody may be left to take them.
    drop(send.send(Ok(bundle)));
    Ok(())
}

#[derive(Debug)]
enum Misplaced {
    OutOfOrder,
    TooMany,
}

/// A row while its cells come.
#[derive(Debug, Default)]
struct Growing {
    line: u64,
    cells: csv::StringRecord,
    unreadable: Vec<usize>,
    /// Whether any cell has something in it.
    has_any: bool,
    spent: u64,
}

impl Growing {
    fn put(&mut self, column: usize, read: &Meant) -> Result<(), Misplaced> {
        let text = match read {
            Meant::Text(text) | Meant::Unreadable(text) => text,
        };
        if text.is_empty() {
            return Ok(());
        }
        let gap = column.checked_sub(self.cells.len()).ok_or(Misplaced::OutOfOrder)?;
        self.spent += u64::try_from(gap + text.len()).unwrap_or(u64::MAX);
        if self.spent > LONGEST_ROW {
            return Err(Misplaced::TooMany);
        }
        for _ in 0..gap {
            self.cells.push_field("");
        }
        self.cells.push_field(text);
        if let Meant::Unreadable(_) = read {
            self.unreadable.push(column);
        }
        self.has_any = true;
        Ok(())
    }

    /// The row as it came, if it has anything; and room for the next.
    fn end(&mut self) -> Option<Raw> {
        let row = std::mem::take(self);
        self.line = row.line;
        row.has_any.then_some(Raw { line: row.line, written: row.cells, unreadable: row.unreadable })
    }
}

/// What a cell says, in words.
enum Meant {
    Text(String),
    /// As it stands there; nobody shall guess what it means.
    Unreadable(String),
}

fn read(cell: &DataRef<'_>) -> Meant {
    match cell {
        DataRef::Empty => Meant::Text(String::new()),
        DataRef::String(text) => Meant::Text(text.clone()),
        DataRef::SharedString(text) => Meant::Text((*text).to_owned()),
        DataRef::Int(number) if number.unsigned_abs() < 1_000_000_000_000_000 => {
            Meant::Text(number.to_string())
        }
        DataRef::Int(number) => Meant::Unreadable(number.to_string()),
        DataRef::Float(number) => float(*number),
        DataRef::DateTime(date) => day(date),
        DataRef::DateTimeIso(text) => match text.strip_suffix("T00:00:00").unwrap_or(text) {
            day if day.len() == 10 => Meant::Text(day.to_owned()),
            _ => Meant::Unreadable(text.clone()),
        },
        DataRef::DurationIso(text) => Meant::Unreadable(text.clone()),
        DataRef::Bool(truth) => Meant::Unreadable(if *truth { "TRUE" } else { "FALSE" }.to_owned()),
        DataRef::Error(error) => Meant::Unreadable(error.to_string()),
    }
}

/// A number as a person sees it: 15 digits count, the rest is what binary fractions leave behind.
fn float(number: f64) -> Meant {
    if !number.is_finite() || number.abs() >= ROUNDED {
        return Meant::Unreadable(number.to_string());
    }
    let rounded: f64 = format!("{number:.14e}").parse().unwrap_or(number);
    Meant::Text(rounded.to_string())
}

/// The day of a date; a time of day is more than a day, a count of hours none.
fn day(date: &ExcelDateTime) -> Meant {
    let (year, month, day, hour, minute, second, _) = date.to_ymd_hms_milli();
    let text = format!("{year:04}-{month:02}-{day:02}");
    let is_day = date.is_datetime() && date.as_f64() >= 1.0 && (hour, minute, second) == (0, 0, 0);
    if is_day {
        Meant::Text(text)
    } else {
        Meant::Unreadable(format!("{text} {hour:02}:{minute:02}:{second:02}"))
    }
}
