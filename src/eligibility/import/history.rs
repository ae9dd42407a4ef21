//! Rows about donors who are registered: each donor is found by keyed tags, many at once, what the ledger has
//! already is passed over, and what is new is written with the windows that follow.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

use shiryan_kernel::ids::DonorId;
use shiryan_kernel::problem::FieldError;
use shiryan_kernel::{Code, Result};

use super::super::{Rulebook, rewrite_windows};
use super::cells::{NATIONAL_ID, SERVICE_NUMBER};
use crate::audit::{self, Line};
use crate::db::{Bulk, Conn, Db, Lane, Tx};
use crate::donors::{self, Key, Known};
use crate::sheets::{Column, ImportError, Progress, Rejects, Report, Row, Sheet, SheetError};
use crate::vault::Vault;

/// What a row costs, against a donor of a register: its donor's windows are read and written anew.
const WEIGHT: usize = 8;
/// Rows looked through at once while nothing is written.
const SLICE: usize = 4_096;

/// What a row says of its donor.
pub trait Said: Clone + Send + Sync + 'static {
    const COLUMNS: &'static [Column];
    /// Actions in the record: a file is begun, and taken.
    const ACTIONS: [&'static str; 2];

    /// What the donor's ledger says already, replaced and withdrawn lines too.
    fn there(conn: &mut Conn, known: &Known) -> Result<Vec<Self>>;

    /// What becomes of a row, beside what the ledger says.
    fn fate(&self, known: &Known, there: &[Self]) -> Fate;

    /// Writes what is new; the windows are written after.
    fn write(tx: &mut Tx, new: &[(Known, Vec<Self>)]) -> Result<()>;
}

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Taken,
    /// There already.
    Skipped,
    Refused(Vec<FieldError>),
}

impl Fate {
    pub fn refused(field: &str, code: Code) -> Self {
        Self::Refused(vec![FieldError { field: field.to_owned(), code }])
    }
}

/// A row that could be read: whom it is about, and what it says.
pub type Entry<S> = (Vec<Key>, S);

/// Takes a file of rows, each read by `read`; with `dry_run` it only says what it would do.
///
/// # Errors
/// A file that cannot be read as a whole; the database's own.
pub fn take<S: Said>(
    (db, vault, book): (&Db, &Vault, &Rulebook),
    path: &Path,
    dry_run: bool,
    mut progress: impl FnMut(Progress),
    read: impl Fn(&Row) -> Result<Entry<S>>,
) -> Result<Report, ImportError> {
    let mut sheet = Sheet::open(path, S::COLUMNS)?;
    let mut rejects = Rejects::beside(path, sheet.header());
    let mut sink: Sink<S> = Sink {
        db,
        vault,
        book: Arc::new(book.clone()),
        bulk: if dry_run { None } else { Some(Bulk::begin(db, WEIGHT)?) },
        tried: HashMap::new(),
    };
    let [began, ended] = S::ACTIONS;
    sink.note(Line::new(None, began))?;
    let mut report = Report::default();
    loop {
        let rows = sheet.by_ref().take(sink.rows()).collect::<Result<Vec<Row>, SheetError>>()?;
        if rows.is_empty() {
            break;
        }
        report.rows += u64::try_from(rows.len()).unwrap_or(0);
        let mut entries = Vec::with_capacity(rows.len());
        let faults: Vec<Option<Vec<FieldError>>> = rows
            .iter()
            .map(|row| match read(row) {
                Ok(entry) => {
                    entries.push(entry);
                    None
                }
                Err(problem) => Some(problem.errors),
            })
            .collect();
        let mut fates = sink.take(entries)?.into_iter();
        for (row, faults) in rows.iter().zip(faults) {
            let fate = faults.map(Fate::Refused).or_else(|| fates.next());
            match fate {
                Some(Fate::Taken) => report.taken += 1,
                Some(Fate::Skipped) => report.skipped += 1,
                Some(Fate::Refused(faults)) => {
                    report.rejected += 1;
                    rejects.add(row, &faults)?;
                }
                None => {}
            }
        }
        let (bytes, of_bytes) = sheet.progress();
        progress(Progress { rows: report.rows, rejected: report.rejected, bytes, of_bytes });
    }
    let ended = Line::new(None, ended).with("taken", report.taken);
    sink.note(ended.with("skipped", report.skipped).with("rejected", report.rejected))?;
    report.rejects = rejects.finish()?.0;
    Ok(report)
}

struct Sink<'a, S> {
    db: &'a Db,
    vault: &'a Vault,
    book: Arc<Rulebook>,
    /// None while nothing is written.
    bulk: Option<Bulk>,
    /// What would have been written.
    tried: HashMap<DonorId, Vec<S>>,
}

impl<S: Said> Sink<'_, S> {
    fn rows(&self) -> usize {
        self.bulk.as_ref().map_or(SLICE, Bulk::rows)
    }

    fn note(&self, line: Line) -> Result<()> {
        if self.bulk.is_none() {
            return Ok(());
        }
        let vault = self.vault.clone();
        self.db.write_now(Lane::System, move |tx| audit::record(tx, &vault, &line)).map(drop)
    }

    fn take(&mut self, entries: Vec<Entry<S>>) -> Result<Vec<Fate>> {
        let Some(bulk) = &mut self.bulk else {
            let settled = self.db.read_now(|conn| settle(conn, self.vault, &entries, &self.tried))?;
            for (known, said) in settled.new {
                self.tried.entry(known.id).or_default().extend(said);
            }
            return Ok(settled.fates);
        };
        let (vault, book) = (self.vault.clone(), self.book.clone());
        bulk.write(move |tx| {
            let settled = settle(tx.conn, &vault, &entries, &HashMap::new())?;
            S::write(tx, &settled.new)?;
            for (known, _) in &settled.new {
                rewrite_windows(tx, &vault, &book, known.id)?;
            }
            Ok(settled.fates)
        })
    }
}

struct Settled<S> {
    /// One for each entry.
    fates: Vec<Fate>,
    /// What is new, by donor.
    new: Vec<(Known, Vec<S>)>,
}

/// What becomes of each entry, beside the ledger, `tried` and the entries before it.
fn settle<S: Said>(
    conn: &mut Conn,
    vault: &Vault,
    entries: &[Entry<S>],
    tried: &HashMap<DonorId, Vec<S>>,
) -> Result<Settled<S>> {
    let owners = donors::owners(conn, entries.iter().flat_map(|(keys, _)| keys))?;
    let mut fates = Vec::with_capacity(entries.len());
    let mut by_donor: BTreeMap<DonorId, Vec<usize>> = BTreeMap::new();
    for (at, (keys, _)) in entries.iter().enumerate() {
        match owner(&owners, keys) {
            Ok(donor) => {
                by_donor.entry(donor).or_default().push(at);
                fates.push(Fate::Skipped);
            }
            Err(fault) => fates.push(Fate::Refused(vec![fault])),
        }
    }
    let mut new = Vec::new();
    for (donor, places) in by_donor {
        let known = donors::known(conn, vault, donor)?;
        let mut there = S::there(conn, &known)?;
        there.extend(tried.get(&donor).into_iter().flatten().cloned());
        let before = there.len();
        for at in places {
            let (Some((_, said)), Some(fate)) = (entries.get(at), fates.get_mut(at)) else { continue };
            *fate = said.fate(&known, &there);
            if *fate == Fate::Taken {
                there.push(said.clone());
            }
        }
        let said = there.split_off(before);
        if !said.is_empty() {
            new.push((known, said));
        }
    }
    Ok(Settled { fates, new })
}

/// The one donor who has all of these keys.
fn owner(owners: &HashMap<(String, Vec<u8>), DonorId>, keys: &[Key]) -> Result<DonorId, FieldError> {
    let fault = |key: &Key, code| {
        let field = if key.field == "nid" { NATIONAL_ID.name } else { SERVICE_NUMBER.name };
        FieldError { field: field.to_owned(), code }
    };
    let mut donor = None;
    for key in keys {
        let owner = owners.get(&(key.field.to_owned(), key.tag.clone()));
        let owner = *owner.ok_or_else(|| fault(key, Code::UnknownReference))?;
        if *donor.get_or_insert(owner) != owner {
            return Err(fault(key, Code::InvalidValue));
        }
    }
    donor.ok_or_else(|| FieldError { field: NATIONAL_ID.name.to_owned(), code: Code::MissingField })
}
