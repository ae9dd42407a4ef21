//! What became of a file's rows, and how far it was taken.
//!
//! Each transaction notes the rows that it settled, under a keyed digest of the file, so that an import that was
//! interrupted goes on behind the last row that is durable. What a row was refused for is noted with it until the
//! next transaction, since the file of rejects is written after: no refused row is lost, none comes twice.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use shiryan_kernel::problem::FieldError;
use shiryan_kernel::{Code, Problem, Result};

use crate::audit::{self, Line};
use crate::db::{Db, Lane, Tx, meta};
use crate::sheets::{ImportError, Manner, Progress, Rejects, Report, Row, Sheet, SheetError, said};
use crate::vault::{Vault, hex};

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Taken {
        /// To be looked at again.
        warned: bool,
    },
    /// There already.
    Skipped,
    Refused(Vec<FieldError>),
}

impl Fate {
    pub fn refused(field: &str, code: Code) -> Self {
        Self::Refused(vec![FieldError { field: field.to_owned(), code }])
    }
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct Counts {
    rows: u64,
    taken: u64,
    skipped: u64,
    rejected: u64,
    warned: u64,
}

impl Counts {
    fn count(&mut self, fates: &[Fate]) {
        for fate in fates {
            self.rows += 1;
            match fate {
                Fate::Taken { warned } => {
                    self.taken += 1;
                    self.warned += u64::from(*warned);
                }
                Fate::Skipped => self.skipped += 1,
                Fate::Refused(_) => self.rejected += 1,
            }
        }
    }
}

/// How far a file was taken, as the database keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// Before the last transaction, when the file of rejects was as long as `bytes`.
    before: Counts,
    bytes: u64,
    after: Counts,
    /// Lines that the last transaction refused, and why.
    refused: Vec<(u64, String)>,
}

/// What a transaction notes of the rows that it settles.
#[derive(Debug, Clone)]
pub struct Mark {
    key: String,
    before: Counts,
    bytes: u64,
}

impl Mark {
    /// # Errors
    /// As any write.
    pub fn put(&self, tx: &mut Tx, lines: &[u64], fates: &[Fate]) -> Result<()> {
        let mut after = self.before;
        after.count(fates);
        let refused = lines.iter().zip(fates).filter_map(|(line, fate)| match fate {
            Fate::Refused(faults) => Some((*line, said(faults))),
            _ => None,
        });
        let state = State { before: self.before, bytes: self.bytes, after, refused: refused.collect() };
        let text = serde_json::to_string(&state).map_err(Problem::internal)?;
        meta::put(tx.conn, &self.key, &text)
    }
}

/// A file while its rows are settled.
#[derive(Debug)]
pub struct Tally {
    counts: Counts,
    rejects: Rejects,
    /// Length of the file of rejects.
    bytes: u64,
    /// Where the database keeps how far the file was taken; none while nothing is written.
    key: Option<String>,
}

impl Tally {
    /// Begins a file, or goes on with it: rows that were settled are then read and passed over.
    ///
    /// # Errors
    /// [`ImportError::Begun`] and [`ImportError::NotBegun`] where `manner` says otherwise than it is.
    pub fn begin(
        db: &Db,
        vault: &Vault,
        action: &'static str,
        path: &Path,
        manner: &Manner,
        sheet: &mut Sheet,
    ) -> Result<Self, ImportError> {
        let rejects = Rejects::beside(path, sheet.header());
        let mut tally = Self { counts: Counts::default(), rejects, bytes: 0, key: None };
        if manner.dry_run {
            return Ok(tally);
        }
        let digest = vault.digest(&[action.as_bytes(), &digest(path)?]);
        let key = format!("import:{}", hex(&digest));
        let kept = db.read_now(|conn| meta::get(conn, &key))?;
        let state: Option<State> =
            kept.map(|text| serde_json::from_str(&text)).transpose().map_err(Problem::internal)?;
        tally.key = Some(key);
        match (state, manner.resume) {
            (None, false) => {}
            (None, true) => return Err(ImportError::NotBegun { path: path.to_owned() }),
            (Some(state), false) => {
                return Err(ImportError::Begun { path: path.to_owned(), rows: state.after.rows });
            }
            (Some(state), true) => tally.catch_up(path, state, sheet)?,
        }
        let line = Line::new(None, action).with("after", tally.counts.rows);
        tally.note(db, vault, line, Ending::Goes)?;
        Ok(tally)
    }

    fn catch_up(&mut self, path: &Path, state: State, sheet: &mut Sheet) -> Result<(), ImportError> {
        let State { before, bytes, after, refused } = state;
        self.rejects = Rejects::again(path, sheet.header(), bytes, before.rejected)?;
        let mut refused = refused.into_iter().peekable();
        for row in sheet.by_ref().take(usize::try_from(after.rows).unwrap_or(usize::MAX)) {
            let row = row?;
            if let Some((_, said)) = refused.next_if(|(line, _)| *line == row.line) {
                self.rejects.add_saying(&row, &said)?;
            }
        }
        self.counts = after;
        self.bytes = self.rejects.keep()?;
        Ok(())
    }

    /// What the next transaction notes of its rows; none while nothing is written.
    pub fn mark(&self) -> Option<Mark> {
        self.key.clone().map(|key| Mark { key, before: self.counts, bytes: self.bytes })
    }

    /// Counts rows whose fate is durable, and writes back those that were refused.
    ///
    /// # Errors
    /// When the file of rejects cannot be written.
    pub fn settle<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a Row>,
        fates: &[Fate],
    ) -> Result<(), SheetError> {
        self.counts.count(fates);
        for (row, fate) in rows.zip(fates) {
            if let Fate::Refused(faults) = fate {
                self.rejects.add(row, faults)?;
            }
        }
        self.bytes = self.rejects.keep()?;
        Ok(())
    }

    pub const fn progress(&self, (bytes, of_bytes): (u64, u64)) -> Progress {
        Progress { rows: self.counts.rows, of_rows: None, rejected: self.counts.rejected, bytes, of_bytes }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// As any write.
    pub fn end(self, db: &Db, vault: &Vault, action: &'static str) -> Result<Report, ImportError> {
        let Counts { rows, taken, skipped, rejected, warned } = self.counts;
        let line = Line::new(None, action).with("taken", taken);
        self.note(db, vault, line.with("skipped", skipped).with("rejected", rejected), Ending::Ends)?;
        let rejects = self.rejects.finish()?.0;
        Ok(Report { rows, taken, skipped, rejected, warned, rejects })
    }

    fn note(&self, db: &Db, vault: &Vault, line: Line, ending: Ending) -> Result<()> {
        let Some(key) = self.key.clone() else { return Ok(()) };
        let vault = vault.clone();
        db.write_now(Lane::System, move |tx| {
            if ending == Ending::Ends {
                meta::remove(tx.conn, &key)?;
            }
            audit::record(tx, &vault, &line)
        })
        .map(drop)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Goes,
    Ends,
}

fn digest(path: &Path) -> Result<Vec<u8>, SheetError> {
    let unreadable = |cause| SheetError::Unreadable { path: PathBuf::from(path), cause };
    let mut file = File::open(path).map_err(unreadable)?;
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = file.read(&mut buffer).map_err(unreadable)?;
        if count == 0 {
            return Ok(digest.finalize().to_vec());
        }
        digest.update(buffer.get(..count).unwrap_or_default());
    }
}
