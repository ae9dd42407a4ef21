//! Rows of comma-separated text, one at a time.
//!
//! UTF-8 alone, with or without its mark; commas, semicolons or tabs. The whole file is checked for its encoding
//! before a row is given out, so that a file of another encoding changes nothing. Refused: a row longer than
//! 64 KiB (a quote that nobody closed would swallow the file).

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{LONGEST_ROW, Raw, SheetError};

/// A file of text being read.
#[derive(Debug)]
pub struct Text {
    path: PathBuf,
    rows: csv::Reader<Bounded>,
    spent: Arc<AtomicU64>,
    size: u64,
    /// What the parser's count of lines is short of: it takes the second half of a CR LF with the row
    /// that follows.
    lag: u64,
    begun: bool,
}

impl Text {
    /// # Errors
    /// [`SheetError`], before any row is given out.
    pub fn open(path: &Path, mut file: File) -> Result<Self, SheetError> {
        let unreadable = |cause| SheetError::Unreadable { path: path.to_owned(), cause };
        let first = check_encoding(path, &mut file)?;
        let size = file.metadata().map_err(unreadable)?.len();
        file.seek(SeekFrom::Start(first.skip)).map_err(unreadable)?;
        let spent = Arc::new(AtomicU64::new(0));
        let rows = csv::ReaderBuilder::new()
            .delimiter(first.separator)
            .flexible(true)
            .has_headers(false)
            .from_reader(Bounded { inner: BufReader::new(file), spent: spent.clone() });
        Ok(Self { path: path.to_owned(), rows, spent, size, lag: first.lag, begun: false })
    }

    /// Bytes read so far and in all.
    pub fn progress(&self) -> (u64, u64) {
        (self.rows.position().byte().min(self.size), self.size)
    }

    /// The next row; none at the end.
    pub fn next(&mut self) -> Option<Result<Raw, SheetError>> {
        let mut written = csv::StringRecord::new();
        // Reading ahead fills one buffer; a row is over its limit when it needs more than that again.
        self.spent.store(0, Ordering::Relaxed);
        let line = self.rows.position().line();
        match self.rows.read_record(&mut written) {
            Ok(false) => None,
            Ok(true) => {
                let line = written.position().map_or(line, csv::Position::line);
                let lag = if std::mem::replace(&mut self.begun, true) { self.lag } else { 0 };
                Some(Ok(Raw { line: line + lag, written, unreadable: Vec::new() }))
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

/// Signs that part cells, the usual one first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

/// The sign that comes most often in the first line outside of quotes; a comma when none does.
fn separator(head: &[u8]) -> u8 {
    let parts = || head.split(|byte| *byte == b'"').step_by(2);
    let count = |sign: u8| parts().flatten().filter(|byte| **byte == sign).count();
    SEPARATORS.into_iter().rev().max_by_key(|sign| count(*sign)).unwrap_or(b',')
}

/// The first line of a file of commas, so that it is read again as it is: all names stand in quotes where one of them holds
/// another sign that parts cells, or the mark of a file's start.
pub(super) fn header_line(names: &[String]) -> csv::Result<Vec<u8>> {
    let is_mistaken = names.iter().any(|name| name.contains([';', '\t', '\u{feff}']));
    let style = if is_mistaken { csv::QuoteStyle::Always } else { csv::QuoteStyle::Necessary };
    let mut line = csv::WriterBuilder::new().quote_style(style).from_writer(Vec::new());
    line.write_record(names)?;
    line.into_inner().map_err(|error| error.into_error().into())
}
