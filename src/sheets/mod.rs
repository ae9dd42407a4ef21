//! Sheets: files of comma-separated rows, read strictly one row at a time and written back when refused.
//!
//! UTF-8 alone, with or without its mark; commas, semicolons or tabs; a header whose names may stand in
//! any order, in English or Arabic. The whole file is checked for its encoding before a row is given out,
//! so that a file of another encoding changes nothing. Refused: an unknown, repeated or absent column, a
//! row longer than 64 KiB (a quote that nobody closed would swallow the file).

mod cells;
mod rejects;
mod report;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub use cells::{civil_date, decimal, folded, guarded, plain, whole};
pub use rejects::Rejects;
pub use report::{ImportError, Progress, Report};

/// The longest row, in bytes.
pub const LONGEST_ROW: u64 = 64 * 1024;

/// Columns that a rejects file adds and a reader passes over.
const ADDED: [&str; 2] = ["line", "errors"];

/// A column by its name and what else it may be called.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    /// Names in Arabic registers.
    pub also: &'static [&'static str],
}

/// Why a file as a whole is not read.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    #[error("{path}: {cause}")]
    Unreadable { path: PathBuf, cause: std::io::Error },
    #[error("{path}: line {line} is not UTF-8; save the file as \"CSV UTF-8\"")]
    NotUtf8 { path: PathBuf, line: u64 },
    #[error("{path}: the file is empty; a header is expected in the first line")]
    Empty { path: PathBuf },
    #[error("{path}: unknown column {name:?}; expected: {expected}")]
    UnknownColumn { path: PathBuf, name: String, expected: String },
    #[error("{path}: the column {name} comes twice")]
    RepeatedColumn { path: PathBuf, name: String },
    #[error("{path}: columns are missing: {names}")]
    MissingColumns { path: PathBuf, names: String },
    #[error("{path}: the row at line {line} is longer than 64 KiB; is a quote not closed?")]
    RowTooLong { path: PathBuf, line: u64 },
    #[error("{path}: line {line} cannot be read: {cause}")]
    Broken { path: PathBuf, line: u64, cause: csv::Error },
}

/// One row, with where it stands and the cells as they were written.
#[derive(Debug, Clone)]
pub struct Row {
    /// Line of the file, from 1.
    pub line: u64,
    written: csv::StringRecord,
    /// Place in the file of each expected column.
    places: Arc<[usize]>,
    width: usize,
}

impl Row {
    /// The cell of the expected column `at`, without blanks at its ends and without a guard.
    #[must_use]
    pub fn cell(&self, at: usize) -> &str {
        self.places.get(at).and_then(|place| self.written.get(*place)).map_or("", plain)
    }

    /// The cells of the expected columns, as [`Row::cell`] gives them.
    pub fn cells(&self) -> impl Iterator<Item = &str> {
        (0..self.places.len()).map(|at| self.cell(at))
    }

    /// Whether the row has as many cells as the header.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.written.len() == self.width
    }

    /// The cells as they were written, in the order of the file.
    pub fn written(&self) -> impl Iterator<Item = &str> {
        self.written.iter()
    }
}

/// A file being read.
#[derive(Debug)]
pub struct Sheet {
    path: PathBuf,
    rows: csv::Reader<Bounded>,
    header: Vec<String>,
    places: Arc<[usize]>,
    spent: Arc<AtomicU64>,
    size: u64,
    /// What the parser's count of lines is short of: it takes the second half of a CR LF with the row
    /// that follows.
    lag: u64,
}

impl Sheet {
    /// Opens a file whose header holds exactly `columns`, in any order.
    ///
    /// # Errors
    /// [`SheetError`], before any row is given out.
    pub fn open(path: &Path, columns: &[Column]) -> Result<Self, SheetError> {
        let mut sheet = Self::open_any(path)?;
        sheet.places = sheet.arrange(columns)?.into();
        Ok(sheet)
    }

    /// Opens a file with whatever header it has; its columns stand in its own order.
    ///
    /// # Errors
    /// As [`Sheet::open`].
    pub fn open_any(path: &Path) -> Result<Self, SheetError> {
        let unreadable = |cause| SheetError::Unreadable { path: path.to_owned(), cause };
        let mut file = File::open(path).map_err(unreadable)?;
        let first = check_encoding(path, &mut file)?;
        let size = file.metadata().map_err(unreadable)?.len();
        file.seek(SeekFrom::Start(first.skip)).map_err(unreadable)?;
        let spent = Arc::new(AtomicU64::new(0));
        let mut rows = csv::ReaderBuilder::new()
            .delimiter(first.separator)
            .flexible(true)
            .from_reader(Bounded { inner: BufReader::new(file), spent: spent.clone() });
        let header: Vec<String> = match rows.headers() {
            Ok(header) => header.iter().map(|name| plain(name).to_owned()).collect(),
            Err(error) => return Err(broken(path, 1, error)),
        };
        spent.store(0, Ordering::Relaxed);
        if header.iter().all(String::is_empty) {
            return Err(SheetError::Empty { path: path.to_owned() });
        }
        let own = |name: &String| !ADDED.contains(&name.as_str());
        let places = header.iter().enumerate().filter(|(_, name)| own(name)).map(|(at, _)| at).collect();
        Ok(Self { path: path.to_owned(), rows, header, places, spent, size, lag: first.lag })
    }

    /// The names of the columns as the file writes them.
    #[must_use]
    pub fn header(&self) -> &[String] {
        &self.header
    }

    /// The names of the expected columns, as the file writes them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.places.iter().filter_map(|place| self.header.get(*place)).map(String::as_str)
    }

    /// Bytes read so far and in all.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.rows.position().byte().min(self.size), self.size)
    }

    fn arrange(&self, columns: &[Column]) -> Result<Vec<usize>, SheetError> {
        let path = || self.path.clone();
        let mut places: Vec<Option<usize>> = vec![None; columns.len()];
        for (place, written) in self.header.iter().enumerate() {
            let name = folded(written);
            if ADDED.contains(&name.as_str()) {
                continue;
            }
            let known = columns.iter().position(|column| {
                column.name == name || column.also.iter().any(|also| folded(also) == name)
            });
            let Some(slot) = known.and_then(|at| places.get_mut(at)) else {
                let expected = columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",");
                return Err(SheetError::UnknownColumn { path: path(), name: written.clone(), expected });
            };
            if slot.replace(place).is_some() {
                return Err(SheetError::RepeatedColumn { path: path(), name: written.clone() });
            }
        }
        let absent: Vec<&str> = columns
            .iter()
            .zip(&places)
            .filter(|(_, place)| place.is_none())
            .map(|(column, _)| column.name)
            .collect();
        if !absent.is_empty() {
            return Err(SheetError::MissingColumns { path: path(), names: absent.join(",") });
        }
        Ok(places.into_iter().flatten().collect())
    }
}

impl Iterator for Sheet {
    type Item = Result<Row, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut written = csv::StringRecord::new();
        // Reading ahead fills one buffer; a row is over its limit when it needs more than that again.
        self.spent.store(0, Ordering::Relaxed);
        let line = self.rows.position().line();
        match self.rows.read_record(&mut written) {
            Ok(false) => None,
            Ok(true) => {
                let line = written.position().map_or(line, csv::Position::line) + self.lag;
                Some(Ok(Row { line, written, places: self.places.clone(), width: self.header.len() }))
            }
            Err(error) => Some(Err(broken(&self.path, line, error))),
        }
    }
}

fn broken(path: &Path, line: u64, cause: csv::Error) -> SheetError {
    let path = path.to_owned();
    match cause.kind() {
        csv::ErrorKind::Io(error) if error.kind() == std::io::ErrorKind::FileTooLarge => {
            SheetError::RowTooLong { path, line }
        }
        _ => SheetError::Broken { path, line, cause },
    }
}

/// Refuses to read on when one row has taken too much.
#[derive(Debug)]
struct Bounded {
    inner: BufReader<File>,
    spent: Arc<AtomicU64>,
}

impl Read for Bounded {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let spent = self.spent.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        if spent > LONGEST_ROW {
            return Err(std::io::Error::from(std::io::ErrorKind::FileTooLarge));
        }
        Ok(count)
    }
}

/// What the first pass finds.
struct First {
    /// Length of the mark at the file's start.
    skip: u64,
    separator: u8,
    /// 1 where lines end with CR LF.
    lag: u64,
}

/// Reads the file once: UTF-8 throughout, and which sign parts the cells of its first line.
fn check_encoding(path: &Path, file: &mut File) -> Result<First, SheetError> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let unreadable = |cause| SheetError::Unreadable { path: path.to_owned(), cause };
    let mut buffer = vec![0; 64 * 1024];
    let (mut kept, mut line) = (0, 1_u64);
    let mut first: Option<First> = None;
    loop {
        let free = buffer.get_mut(kept..).unwrap_or_default();
        let count = file.read(free).map_err(unreadable)?;
        let held = buffer.get(..kept + count).unwrap_or_default();
        if first.is_none() {
            let skip = if held.starts_with(MARK) { MARK.len() } else { 0 };
            let head = held.get(skip..).unwrap_or_default().split(|byte| *byte == b'\n').next();
            first = Some(First {
                skip: u64::try_from(skip).unwrap_or(0),
                separator: separator(head.unwrap_or_default()),
                lag: u64::from(head.is_some_and(|head| head.ends_with(b"\r"))),
            });
        }
        let sound = match std::str::from_utf8(held) {
            Ok(_) => held.len(),
            Err(error) if error.error_len().is_none() && count > 0 => error.valid_up_to(),
            Err(error) => {
                let before = held.get(..error.valid_up_to()).unwrap_or_default();
                return Err(SheetError::NotUtf8 { path: path.to_owned(), line: line + lines(before) });
            }
        };
        let read = held.get(..sound).unwrap_or_default();
        if let Some(at) = read.iter().position(|byte| *byte == 0) {
            let before = read.get(..at).unwrap_or_default();
            return Err(SheetError::NotUtf8 { path: path.to_owned(), line: line + lines(before) });
        }
        line += lines(read);
        if count == 0 {
            break;
        }
        let end = held.len();
        buffer.copy_within(sound..end, 0);
        kept = end - sound;
    }
    match first {
        Some(first) if line > 1 || kept > 0 || file.metadata().map_err(unreadable)?.len() > first.skip => {
            Ok(first)
        }
        _ => Err(SheetError::Empty { path: path.to_owned() }),
    }
}

fn lines(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.iter().filter(|byte| **byte == b'\n').count()).unwrap_or(0)
}

/// The sign that comes most often in the first line; a comma when none does.
fn separator(head: &[u8]) -> u8 {
    let count = |sign: u8| head.iter().filter(|byte| **byte == sign).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|sign| count(*sign)).unwrap_or(b',')
}
