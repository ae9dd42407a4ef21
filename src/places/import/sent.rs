//! A file of places that somebody sent: kept with the request for the work, read beside requests, and told of in words
//! that need no terminal.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::UserId;
use shiryan_kernel::place::PlaceKind;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{facilities::import_facilities, import_units};
use crate::db::Db;
use crate::sheets::{ImportError, Manner, Progress, Report};
use crate::vault::Vault;

/// The most that a file may weigh that is sent, in bytes. Larger ones are brought in on the command line.
pub const MOST_BYTES: usize = 2 * 1024 * 1024;
/// Refused rows that are told of one by one; the file of rejects holds all.
const MOST_TOLD: usize = 200;

/// A file as it waits for its turn.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SentFile {
    kind: PlaceKind,
    dry_run: bool,
    by: UserId,
    /// Base 64.
    file: String,
}

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportResult {
    pub kind: PlaceKind,
    /// Nothing was written.
    pub dry_run: bool,
    /// Why the file as a whole was not read; nothing was written then.
    pub refused: Option<FileFault>,
    pub rows: u64,
    pub taken: u64,
    /// There already, and the same.
    pub skipped: u64,
    pub rejected: u64,
    /// The first 200 of the refused rows.
    pub faults: Vec<RowFaults>,
    /// All refused rows as CSV, to be put right and sent again.
    pub rejects: Option<String>,
}

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FileFault {
    /// Such as `unknown_column` or `not_utf8`.
    pub code: String,
    /// What it is about: a column, a line.
    pub about: String,
}

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowFaults {
    /// Line of the file, from 1.
    pub line: u64,
    /// `field:code`, one after the other.
    pub errors: String,
}

impl SentFile {
    /// A file of units or facilities, as bytes: CSV or XLSX.
    ///
    /// # Errors
    /// `missing_field` and `body_too_large` of `file`.
    pub fn of(kind: PlaceKind, dry_run: bool, by: UserId, file: &[u8]) -> Result<Self> {
        if file.is_empty() {
            return Err(Problem::field("file", Code::MissingField));
        }
        if file.len() > MOST_BYTES {
            return Err(Problem::new(Code::BodyTooLarge).with("limit_bytes", MOST_BYTES));
        }
        Ok(Self { kind, dry_run, by, file: STANDARD.encode(file) })
    }

    /// Reads it, and writes what it holds unless it is only tried. May be begun again: what is there already is passed over.
    ///
    /// # Errors
    /// The database's own.
    pub fn run(&self, db: &Db, vault: &Vault, tell: impl Fn(u64, u64) -> Result<()>) -> Result<ImportResult> {
        let room = tempfile::tempdir().map_err(Problem::internal)?;
        let path = room.path().join("sent");
        let bytes = STANDARD.decode(&self.file).map_err(Problem::internal)?;
        std::fs::write(&path, bytes).map_err(Problem::internal)?;
        let manner = Manner { dry_run: self.dry_run, ..Manner::default() };
        let by = Some(self.by);
        let told = |now: Progress| tell(now.rows, now.of_rows.unwrap_or(now.rows));
        let read = match self.kind {
            PlaceKind::Units => import_units(db, vault, by, &path, &manner, &told),
            PlaceKind::Facilities => import_facilities(db, vault, by, &path, &manner, told),
        };
        match read {
            Ok(report) => self.told(&report),
            Err(ImportError::Problem(problem)) => Err(problem),
            Err(error) => {
                let (code, about) = error.told();
                let fault = FileFault { code: code.to_owned(), about };
                Ok(ImportResult { refused: Some(fault), ..self.nothing() })
            }
        }
    }

    const fn nothing(&self) -> ImportResult {
        ImportResult {
            kind: self.kind,
            dry_run: self.dry_run,
            refused: None,
            rows: 0,
            taken: 0,
            skipped: 0,
            rejected: 0,
            faults: Vec::new(),
            rejects: None,
        }
    }

    fn told(&self, report: &Report) -> Result<ImportResult> {
        let rejects = report.rejects.as_ref().map(std::fs::read_to_string).transpose();
        let rejects = rejects.map_err(Problem::internal)?;
        let faults = rejects.as_deref().map(faults).transpose()?.unwrap_or_default();
        Ok(ImportResult {
            rows: report.rows,
            taken: report.taken,
            skipped: report.skipped,
            rejected: report.rejected,
            faults,
            rejects,
            ..self.nothing()
        })
    }
}

/// Lines and errors of a file of rejects.
fn faults(rejects: &str) -> Result<Vec<RowFaults>> {
    let mut file = csv::ReaderBuilder::new().flexible(true).from_reader(rejects.as_bytes());
    let header = file.headers().map_err(Problem::internal)?.clone();
    let place = |name: &str| header.iter().position(|own| own == name);
    let (line, errors) = place("line").zip(place("errors")).ok_or_else(|| Problem::internal("no line"))?;
    let row = |record: csv::Result<csv::StringRecord>| -> Result<RowFaults> {
        let record = record.map_err(Problem::internal)?;
        let line = record.get(line).unwrap_or_default().parse().map_err(Problem::internal)?;
        Ok(RowFaults { line, errors: record.get(errors).unwrap_or_default().to_owned() })
    };
    file.records().take(MOST_TOLD).map(row).collect()
}
