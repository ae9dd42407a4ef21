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
use super::tally::{Fate, Mark, Tally};
use crate::db::{Bulk, Conn, Db, Tx};
use crate::donors::{self, Key, Known};
use crate::sheets::{Column, ImportError, Manner, Progress, Report, Row, Sheet, SheetError};
use crate::vault::Vault;

/// What a row costs, against a donor of a register: its donor's windows are read and written anew.
const WEIGHT: usize = 8;
/// Rows looked through at once while nothing is written.
const SLICE: usize = 4_096;

/// What a row says of its donor.
pub trait Said: Clone + Send + Sync + 'static {
    const COLUMNS: &'static [Column];
    /// How many of them a file must have, at their beginning.
    const NEEDED: usize = Self::COLUMNS.len();
    /// Actions in the record: a file is begun, and taken.
    const ACTIONS: [&'static str; 2];

    /// What the donor's ledger says already, replaced and withdrawn lines too.
    fn there(conn: &mut Conn, known: &Known) -> Result<Vec<Self>>;

    /// What becomes of a row, beside what the ledger says.
    fn fate(&self, known: &Known, there: &[Self]) -> Fate;

    /// Writes what is new; the windows are written after.
    fn write(tx: &mut Tx, new: &[(Known, Vec<Self>)]) -> Result<()>;
}

/// A row that could be read: whom it is about, and what it says.
pub type Entry<S> = (Vec<Key>, S);

/// Takes a file of rows, each read by `read`, or only says what it would do.
///
/// # Errors
/// A file that cannot be read as a whole; the database's own.
pub fn take<S: Said>(
    (db, vault, book): (&Db, &Vault, &Rulebook),
    path: &Path,
    manner: &Manner,
    mut progress: impl FnMut(Progress),
    read: impl Fn(&Row) -> Result<Entry<S>>,
) -> Result<Report, ImportError> {
    let mut sheet = Sheet::open_needing(S::NEEDED, path, S::COLUMNS, &manner.names)?;
    let [began, ended] = S::ACTIONS;
    let mut tally = Tally::begin(db, vault, began, path, manner, &mut sheet)?;
    let mut sink: Sink<S> = Sink {
        db,
        vault,
        book: Arc::new(book.clone()),
        bulk: if manner.dry_run { None } else { Some(Bulk::begin(db, WEIGHT)?) },
        tried: HashMap::new(),
    };
    loop {
        let rows = sheet.by_ref().take(sink.rows()).collect::<Result<Vec<Row>, SheetError>>()?;
        if rows.is_empty() {
            return tally.end(db, vault, ended);
        }
        let entries = rows.iter().map(|row| (row.line, read(row).map_err(|problem| problem.errors)));
        let fates = sink.take(entries.collect(), tally.mark())?;
        tally.settle(rows.iter(), &fates)?;
        progress(tally.progress(sheet.progress()));
    }
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

/// A line of the file, and what was read there.
type Read<S> = (u64, Result<Entry<S>, Vec<FieldError>>);

impl<S: Said> Sink<'_, S> {
    fn rows(&self) -> usize {
        self.bulk.as_ref().map_or(SLICE, Bulk::rows)
    }

    fn take(&mut self, read: Vec<Read<S>>, mark: Option<Mark>) -> Result<Vec<Fate>> {
        let (Some(bulk), Some(mark)) = (&mut self.bulk, mark) else {
            let settled = self.db.read_now(|conn| settle(conn, self.vault, &read, &self.tried))?;
            for (known, said) in settled.new {
                self.tried.entry(known.id).or_default().extend(said);
            }
            return Ok(settled.fates);
        };
        let (vault, book) = (self.vault.clone(), self.book.clone());
        let lines: Vec<u64> = read.iter().map(|(line, _)| *line).collect();
        bulk.write(move |tx| {
            let settled = settle(tx.conn, &vault, &read, &HashMap::new())?;
            S::write(tx, &settled.new)?;
            for (known, _) in &settled.new {
                rewrite_windows(tx, &vault, &book, known.id)?;
            }
            mark.put(tx, &lines, &settled.fates)?;
            Ok(settled.fates)
        })
    }
}

struct Settled<S> {
    /// One for each row.
    fates: Vec<Fate>,
    /// What is new, by donor.
    new: Vec<(Known, Vec<S>)>,
}

/// What becomes of each row, beside the ledger, `tried` and the rows before it.
fn settle<S: Said>(
    conn: &mut Conn,
    vault: &Vault,
    read: &[Read<S>],
    tried: &HashMap<DonorId, Vec<S>>,
) -> Result<Settled<S>> {
    let entries = || read.iter().filter_map(|(_, entry)| entry.as_ref().ok());
    let owners = donors::owners(conn, entries().flat_map(|(keys, _)| keys))?;
    let mut fates = Vec::with_capacity(read.len());
    let mut by_donor: BTreeMap<DonorId, Vec<usize>> = BTreeMap::new();
    for (at, (_, entry)) in read.iter().enumerate() {
        let whom = entry.as_ref().map_err(Clone::clone);
        match whom.and_then(|(keys, _)| owner(&owners, keys).map_err(|fault| vec![fault])) {
            Ok(donor) => {
                by_donor.entry(donor).or_default().push(at);
                fates.push(Fate::Skipped);
            }
            Err(faults) => fates.push(Fate::Refused(faults)),
        }
    }
    let mut new = Vec::new();
    for (donor, places) in by_donor {
        let known = donors::known(conn, vault, donor)?;
        let mut there = S::there(conn, &known)?;
        there.extend(tried.get(&donor).into_iter().flatten().cloned());
        let before = there.len();
        for at in places {
            let (Some((_, Ok((_, said)))), Some(fate)) = (read.get(at), fates.get_mut(at)) else { continue };
            *fate = said.fate(&known, &there);
            if matches!(fate, Fate::Taken { .. }) {
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
