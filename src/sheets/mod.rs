//! Sheets: rows of a file of comma-separated text or of a workbook, read strictly one at a time, written back
//! when refused, and written so that they are read again as they were.
//!
//! The first row names the columns, in any order, in English or Arabic. Refused: an unknown, repeated or absent
//! column, a row longer than 64 KiB.

mod book;
mod cells;
mod manner;
mod measure;
mod out;
mod rejects;
mod report;
#[cfg(test)]
mod tests;
mod text;

use std::fs::File;
use std::io::{Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use shiryan_kernel::{Code, Problem};

use book::Book;
pub use cells::{civil_date, decimal, folded, guarded, plain, whole, yes_no};
pub use manner::{Manner, Mapping};
pub use out::{Format, Mark, Out};
pub use rejects::{Rejects, said};
pub use report::{ImportError, Progress, Report};
use text::Text;

/// The longest row, in bytes.
pub const LONGEST_ROW: u64 = 64 * 1024;

/// Columns that a rejects file adds and a reader passes over.
const ADDED: [&str; 2] = ["line", "errors"];

/// The column of a file that was taken out in which each row says by whom and when; a reader passes over it.
pub const EXPORTED: &str = "exported";

/// The place of a column that a file lacks: no row has a cell there.
const ABSENT: usize = usize::MAX;

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
    #[error("--map {text:?}: {why}")]
    Mapping { text: String, why: &'static str },
    #[error("{path}: no column is called {name:?}, which --map names")]
    NoSuchHeader { path: PathBuf, name: String },
    #[error("{path}: --map names {name:?}, which is no column here; expected: {expected}")]
    NoSuchColumn { path: PathBuf, name: String, expected: String },
    #[error("{path}: the row at line {line} is longer than 64 KiB; is a quote not closed?")]
    RowTooLong { path: PathBuf, line: u64 },
    #[error("{path}: cannot be read as an XLSX workbook: {why}")]
    Workbook { path: PathBuf, why: String },
    #[error("{path}: a workbook of an older kind; save it as XLSX or as \"CSV UTF-8\"")]
    OldWorkbook { path: PathBuf },
    #[error("{path}: line {line} cannot be read: {cause}")]
    Broken { path: PathBuf, line: u64, cause: csv::Error },
}

impl SheetError {
    /// A code, and what it is about: a column, a line.
    #[must_use]
    pub fn told(&self) -> (&'static str, String) {
        match self {
            Self::Unreadable { .. } => ("unreadable", String::new()),
            Self::NotUtf8 { line, .. } => ("not_utf8", line.to_string()),
            Self::Empty { .. } => ("empty", String::new()),
            Self::UnknownColumn { name, .. } => ("unknown_column", name.clone()),
            Self::RepeatedColumn { name, .. } => ("repeated_column", name.clone()),
            Self::MissingColumns { names, .. } => ("missing_columns", names.clone()),
            Self::Mapping { text, .. } => ("mapping", text.clone()),
            Self::NoSuchHeader { name, .. } | Self::NoSuchColumn { name, .. } => ("mapping", name.clone()),
            Self::RowTooLong { line, .. } => ("row_too_long", line.to_string()),
            Self::Workbook { why, .. } => ("workbook", why.clone()),
            Self::OldWorkbook { .. } => ("old_workbook", String::new()),
            Self::Broken { line, .. } => ("broken", line.to_string()),
        }
    }
}

/// A row as its file has it.
#[derive(Debug)]
struct Raw {
    /// Line of the file, from 1.
    line: u64,
    written: csv::StringRecord,
    /// Places of cells that do not say what was meant.
    unreadable: Vec<usize>,
}

/// One row, with where it stands and the cells as they were written.
#[derive(Debug, Clone)]
pub struct Row {
    /// Line of the file, from 1.
    pub line: u64,
    written: csv::StringRecord,
    unreadable: Vec<usize>,
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

    /// Whether the cell of the expected column `at` says what was meant.
    ///
    /// # Errors
    /// `invalid_value` for a workbook's truth value, error, duration or rounded number.
    pub fn readable(&self, at: usize) -> Result<(), Problem> {
        let is_bad = self.places.get(at).is_some_and(|place| self.unreadable.contains(place));
        if is_bad { Err(Problem::new(Code::InvalidValue)) } else { Ok(()) }
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

/// Where rows come from.
#[derive(Debug)]
enum Source {
    Text(Text),
    Book(Book),
}

impl Source {
    fn open(path: &Path) -> Result<Self, SheetError> {
        let unreadable = |cause| SheetError::Unreadable { path: path.to_owned(), cause };
        let mut file = File::open(path).map_err(unreadable)?;
        let mut first = Vec::new();
        file.by_ref().take(8).read_to_end(&mut first).map_err(unreadable)?;
        file.rewind().map_err(unreadable)?;
        if first.starts_with(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") {
            return Err(SheetError::OldWorkbook { path: path.to_owned() });
        }
        let is_book = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("xlsx"));
        if is_book || first.starts_with(b"PK\x03\x04") {
            return Ok(Self::Book(Book::open(path, file)?));
        }
        Ok(Self::Text(Text::open(path, file)?))
    }

    fn next(&mut self) -> Option<Result<Raw, SheetError>> {
        match self {
            Self::Text(text) => text.next(),
            Self::Book(book) => book.next(),
        }
    }
}

/// A file being read: what it holds tells whether it is text or a workbook.
#[derive(Debug)]
pub struct Sheet {
    path: PathBuf,
    source: Source,
    header: Vec<String>,
    places: Arc<[usize]>,
}

impl Sheet {
    /// Opens a file whose header holds exactly `columns`, in any order, some under the names of `mapping`.
    ///
    /// # Errors
    /// [`SheetError`], before any row is given out.
    pub fn open(path: &Path, columns: &[Column], mapping: &Mapping) -> Result<Self, SheetError> {
        Self::open_needing(columns.len(), path, columns, mapping)
    }

    /// The same where only the first `needed` of `columns` must be there: of the others each may be absent, and its
    /// cells are then empty.
    ///
    /// # Errors
    /// As [`Sheet::open`].
    pub fn open_needing(
        needed: usize,
        path: &Path,
        columns: &[Column],
        mapping: &Mapping,
    ) -> Result<Self, SheetError> {
        let mut sheet = Self::open_any(path)?;
        sheet.places = sheet.arrange(needed, columns, mapping)?.into();
        Ok(sheet)
    }

    /// Opens a file with whatever header it has; its columns stand in its own order.
    ///
    /// # Errors
    /// As [`Sheet::open`].
    pub fn open_any(path: &Path) -> Result<Self, SheetError> {
        let mut source = Source::open(path)?;
        let empty = || SheetError::Empty { path: path.to_owned() };
        let first = source.next().ok_or_else(empty)??;
        let mut header: Vec<String> = first.written.iter().map(|name| plain(name).to_owned()).collect();
        if matches!(source, Source::Book(_)) {
            let named = header.iter().rposition(|name| !name.is_empty()).map_or(0, |last| last + 1);
            header.truncate(named);
        }
        if header.iter().all(String::is_empty) {
            return Err(empty());
        }
        let own = |name: &String| !ADDED.contains(&name.as_str()) && name != EXPORTED;
        let places = header.iter().enumerate().filter(|(_, name)| own(name)).map(|(at, _)| at).collect();
        Ok(Self { path: path.to_owned(), source, header, places })
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
        match &self.source {
            Source::Text(text) => text.progress(),
            Source::Book(book) => book.progress(),
        }
    }

    fn arrange(
        &self,
        needed: usize,
        columns: &[Column],
        mapping: &Mapping,
    ) -> Result<Vec<usize>, SheetError> {
        let path = || self.path.clone();
        let expected = || columns.iter().map(|column| column.name).collect::<Vec<_>>().join(",");
        for named in mapping.all() {
            if !self
                .header
                .iter()
                .any(|written| mapping.of(written).is_some_and(|of| std::ptr::eq(of, named)))
            {
                return Err(SheetError::NoSuchHeader { path: path(), name: named.written.clone() });
            }
            if let Some(own) =
                named.own.as_ref().filter(|own| columns.iter().all(|column| column.name != **own))
            {
                return Err(SheetError::NoSuchColumn {
                    path: path(),
                    name: own.clone(),
                    expected: expected(),
                });
            }
        }
        let mut places: Vec<Option<usize>> = vec![None; columns.len()];
        for (place, written) in self.header.iter().enumerate() {
            let name = match mapping.of(written) {
                Some(named) => match &named.own {
                    Some(own) => own.clone(),
                    None => continue,
                },
                None => folded(written),
            };
            if ADDED.contains(&name.as_str()) || name == EXPORTED {
                continue;
            }
            let known = columns.iter().position(|column| {
                column.name == name || column.also.iter().any(|also| folded(also) == name)
            });
            let Some(slot) = known.and_then(|at| places.get_mut(at)) else {
                let name = written.clone();
                return Err(SheetError::UnknownColumn { path: path(), name, expected: expected() });
            };
            if slot.replace(place).is_some() {
                return Err(SheetError::RepeatedColumn { path: path(), name: written.clone() });
            }
        }
        let absent: Vec<&str> = columns
            .iter()
            .zip(&places)
            .take(needed)
            .filter(|(_, place)| place.is_none())
            .map(|(column, _)| column.name)
            .collect();
        if !absent.is_empty() {
            return Err(SheetError::MissingColumns { path: path(), names: absent.join(",") });
        }
        Ok(places.into_iter().map(|place| place.unwrap_or(ABSENT)).collect())
    }
}

impl Iterator for Sheet {
    type Item = Result<Row, SheetError>;

    fn next(&mut self) -> Option<Self::Item> {
        let raw = match self.source.next()? {
            Ok(raw) => raw,
            Err(error) => return Some(Err(error)),
        };
        let Raw { line, mut written, unreadable } = raw;
        // A workbook does not write the empty cells at a row's end.
        if matches!(self.source, Source::Book(_)) {
            for _ in written.len()..self.header.len() {
                written.push_field("");
            }
        }
        Some(Ok(Row { line, written, unreadable, places: self.places.clone(), width: self.header.len() }))
    }
}
