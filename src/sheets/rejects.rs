//! What was refused, written so that it can be corrected and read again.

use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use shiryan_kernel::problem::FieldError;

use super::text::header_line;
use super::{ADDED, Row, SheetError, guarded};

/// The file of refused rows: the columns of the original, then `line` and `errors`. It holds what the
/// original held, so only its owner may read it. Made at the first refusal; an older one is replaced.
#[derive(Debug)]
pub struct Rejects {
    path: PathBuf,
    header: Vec<String>,
    file: Option<csv::Writer<File>>,
    count: u64,
}

impl Rejects {
    /// Beside `original`, with `.rejects.csv` for its ending.
    #[must_use]
    pub fn beside(original: &Path, header: &[String]) -> Self {
        Self { path: original.with_extension("rejects.csv"), header: header.to_vec(), file: None, count: 0 }
    }

    /// Goes on with the file of an import that stopped when it held `bytes`. One that is not there any more was
    /// taken away by somebody: a new one is begun.
    ///
    /// # Errors
    /// As [`Rejects::add`].
    pub fn again(original: &Path, header: &[String], bytes: u64, count: u64) -> Result<Self, SheetError> {
        let mut rejects = Self::beside(original, header);
        let open = || -> std::io::Result<Option<File>> {
            let mut file = OpenOptions::new().write(true).open(&rejects.path)?;
            if bytes == 0 || file.metadata()?.len() < bytes {
                return Ok(None);
            }
            file.set_len(bytes)?;
            file.seek(SeekFrom::End(0))?;
            Ok(Some(file))
        };
        let file = match open() {
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => None,
            outcome => outcome.map_err(|cause| rejects.unwritable(cause.into()))?,
        };
        if let Some(file) = file {
            rejects.file = Some(csv::WriterBuilder::new().flexible(true).from_writer(file));
            rejects.count = count;
        }
        Ok(rejects)
    }

    /// Brings to the disk what was written; how long the file is.
    ///
    /// # Errors
    /// As [`Rejects::add`].
    pub fn keep(&mut self) -> Result<u64, SheetError> {
        let Some(file) = &mut self.file else { return Ok(0) };
        let kept = file.flush().and_then(|()| {
            file.get_ref().sync_data()?;
            Ok(file.get_ref().metadata()?.len())
        });
        kept.map_err(|cause| self.unwritable(cause.into()))
    }

    /// Writes a row with `field:code` for each of its faults.
    ///
    /// # Errors
    /// [`SheetError::Unreadable`] when the file cannot be written.
    pub fn add(&mut self, row: &Row, faults: &[FieldError]) -> Result<(), SheetError> {
        self.add_saying(row, &said(faults))
    }

    /// Writes a row with what is said of it.
    ///
    /// # Errors
    /// As [`Rejects::add`].
    pub fn add_saying(&mut self, row: &Row, errors: &str) -> Result<(), SheetError> {
        self.write(row, errors).map_err(|cause| self.unwritable(cause))?;
        self.count += 1;
        Ok(())
    }

    fn write(&mut self, row: &Row, errors: &str) -> csv::Result<()> {
        let own = |name: &&String| !ADDED.contains(&name.as_str());
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut open = OpenOptions::new();
                let mut file = open.write(true).create(true).truncate(true).mode(0o600).open(&self.path)?;
                let header = self.header.iter().filter(own).map(|name| guarded(name));
                let names: Vec<String> = header.chain(ADDED.map(str::to_owned)).collect();
                file.write_all(&header_line(&names)?)?;
                none.insert(csv::WriterBuilder::new().flexible(true).from_writer(file))
            }
        };
        // What stands past the header is kept, after the columns that this file adds.
        let width = self.header.len();
        let mut cells: Vec<String> = Vec::with_capacity(width + 2);
        let mut written: Vec<&str> = row.written().collect();
        let beyond = written.split_off(written.len().min(width));
        written.resize(width, "");
        for (name, cell) in self.header.iter().zip(written) {
            if own(&name) {
                cells.push(guarded_once(cell));
            }
        }
        cells.push(row.line.to_string());
        cells.push(errors.to_owned());
        cells.extend(beyond.into_iter().map(guarded_once));
        file.write_record(&cells)
    }

    /// Ends the file; where it is, when there is one, and how many rows it holds.
    ///
    /// # Errors
    /// As [`Rejects::add`].
    pub fn finish(mut self) -> Result<(Option<PathBuf>, u64), SheetError> {
        let Some(mut file) = self.file.take() else { return Ok((None, 0)) };
        file.flush().map_err(|cause| self.unwritable(cause.into()))?;
        Ok((Some(self.path), self.count))
    }

    fn unwritable(&self, cause: csv::Error) -> SheetError {
        SheetError::Unreadable { path: self.path.clone(), cause: std::io::Error::other(cause) }
    }
}

/// Faults as a file of rejects says them.
#[must_use]
pub fn said(faults: &[FieldError]) -> String {
    let errors: Vec<String> = faults.iter().map(|fault| format!("{}:{}", fault.field, fault.code)).collect();
    errors.join(" ")
}

/// A cell that came guarded stays so.
fn guarded_once(cell: &str) -> String {
    let meant = super::plain(cell);
    if meant.len() < cell.trim().len() { cell.to_owned() } else { guarded(cell) }
}
