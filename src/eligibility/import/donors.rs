//! Donors out of a register: the most dangerous day of an installation.
//!
//! One thread reads, parses and seals; another writes what is ready, as much at a time as [`Bulk`] says.
//! What a register says is little: groups are *declared*, nobody was screened
//! here, and the last donation becomes a giving whose windows are written with it. A row that repeats a
//! known national id or service number is refused: who imports sees the whole force. Real names are not
//! taken while the root key lies on the disk of the data, unless that was accepted once.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};

use chrono::{NaiveDate, NaiveDateTime};
use rayon::prelude::*;
use shiryan_kernel::ids::{GivingId, UnitId};
use shiryan_kernel::problem::FieldError;
use shiryan_kernel::{Code, Result};

use super::super::store::{self, GivingRow, WindowRow};
use super::super::{Declared, DonorFacts, Giving, GivingSource, NewGiving, RuleSet, Rulebook, windows};
use super::tally::{Fate, Mark, Tally};
use super::{ImportOptions, row};
use crate::db::{Bulk, Conn, Db, Tx, feed};
use crate::donors::{self, Key, Prepared};
use crate::places;
use crate::sheets::{ImportError, Progress, Report, Row, Sheet, SheetError};
use crate::vault::Vault;

/// Rows prepared at once.
const SLICE: usize = 4_096;
/// Prepared slices that wait while the writer is at work on as many more.
const AHEAD: usize = 6;

/// A row, and what was made of it.
struct Item {
    row: Row,
    ready: Result<Ready, Vec<FieldError>>,
}

/// A donor ready to be written.
struct Ready {
    donor: Prepared,
    giving: Option<GivingRow>,
    windows: Vec<WindowRow>,
    warned: bool,
}

struct Batch {
    items: Vec<Item>,
    /// How far the file is read.
    bytes: u64,
    is_last: bool,
}

/// Imports donors, or only says what it would do.
///
/// # Errors
/// A file that cannot be read as a whole; [`ImportError::KeyOnSameDisk`]; the database's own.
pub fn import_donors(
    db: &Db,
    vault: &Vault,
    book: &Rulebook,
    path: &Path,
    options: &ImportOptions,
    mut progress: impl FnMut(Progress),
) -> Result<Report, ImportError> {
    let manner = &options.manner;
    let mut sheet = Sheet::open(path, &row::COLUMNS, &manner.names)?;
    super::check_key(db, options)?;
    let (_, of_bytes) = sheet.progress();
    let mut tally = Tally::begin(db, vault, "donors.import_began", path, manner, &mut sheet)?;
    let now = db.now();
    let today = book.today(now);
    let units = db.read_now(|conn| places::units(conn, None, 0, i64::MAX))?;
    let work = Preparing {
        db,
        vault,
        book,
        rule_set: book.in_force(today)?,
        units: units.into_iter().map(|unit| (unit.code, unit.id)).collect(),
        today,
        at: now.naive_utc(),
    };
    let bulk = if manner.dry_run { None } else { Some(Bulk::begin(db, 1)?) };
    let mut sink = Sink { db, bulk, known_before: false, seen: HashSet::new() };
    std::thread::scope(|scope| {
        let (send, receive) = sync_channel(AHEAD);
        let work = &work;
        scope.spawn(move || work.run(sheet, &send));
        let mut held: Vec<Item> = Vec::new();
        for batch in receive {
            let Batch { items, bytes, is_last } = batch?;
            held.extend(items);
            while held.len() >= sink.rows() || (is_last && !held.is_empty()) {
                let later = held.split_off(sink.rows().min(held.len()));
                sink.take(std::mem::replace(&mut held, later), &mut tally)?;
                progress(tally.progress((bytes, of_bytes)));
            }
        }
        Ok::<(), ImportError>(())
    })?;
    if !manner.dry_run {
        crate::eligibility::hold_alike(db, vault)?;
    }
    tally.end(db, vault, "donors.imported")
}

/// What parsing and sealing needs.
struct Preparing<'a> {
    db: &'a Db,
    vault: &'a Vault,
    book: &'a Rulebook,
    rule_set: &'a RuleSet,
    units: HashMap<String, UnitId>,
    today: NaiveDate,
    at: NaiveDateTime,
}

impl Preparing<'_> {
    /// Sends prepared slices until the file ends or nobody takes them any more.
    fn run(&self, mut sheet: Sheet, send: &SyncSender<Result<Batch, SheetError>>) {
        loop {
            let batch = self.batch(&mut sheet);
            let is_last = batch.as_ref().map_or(true, |batch| batch.is_last);
            if send.send(batch).is_err() || is_last {
                return;
            }
        }
    }

    fn batch(&self, sheet: &mut Sheet) -> Result<Batch, SheetError> {
        // Ids in the order of the file: rows are then appended to each table's end.
        let rows = sheet.by_ref().take(SLICE).map(|row| Ok((row?, self.db.id(), self.db.id())));
        let rows: Vec<(Row, i64, i64)> = rows.collect::<Result<_, SheetError>>()?;
        let is_last = rows.len() < SLICE;
        let items = rows
            .into_par_iter()
            .map(|(row, id, giving)| {
                let ready = self.prepare(&row, id, giving).map_err(|problem| problem.errors);
                Item { row, ready }
            })
            .collect();
        Ok(Batch { items, bytes: sheet.progress().0, is_last })
    }

    fn prepare(&self, row: &Row, id: i64, giving: i64) -> Result<Ready> {
        let row::Entry { new, given } = row::read(row, &self.units, self.today)?;
        let donor = donors::prepare(self.vault, shiryan_kernel::ids::DonorId(id), None, self.at, &new);
        let giving = given.map(|(on, donation_type)| {
            let new = NewGiving {
                donor: donor.id,
                on,
                donation_type,
                volume_ml: None,
                red_cells_lost: false,
                source: GivingSource::Import,
            };
            GivingRow::new(GivingId(giving), &new, self.at)
        });
        let facts = DonorFacts {
            sex: new.sex,
            birth_date: new.birth_date,
            weight_kg: new.weight_kg,
            height_cm: new.height_cm,
            declared: new.declared_12_months.map(|count| Declared { count, on: self.today }),
            givings: given.into_iter().map(|(on, kind)| Giving::completed(on, kind)).collect(),
            ..DonorFacts::unknown()
        };
        let open = windows(self.rule_set, self.book.catalogue(), &facts, self.today);
        let windows = store::window_rows(donor.id, self.rule_set, &open);
        Ok(Ready { donor, giving, windows, warned: !new.warnings().is_empty() })
    }
}

/// Where prepared slices go.
struct Sink<'a> {
    db: &'a Db,
    /// None while nothing is written.
    bulk: Option<Bulk>,
    /// Whether the last slice held somebody who is known, so that the next is likely to.
    known_before: bool,
    /// Keys of earlier rows while nothing is written: the first bytes of each tag.
    seen: HashSet<[u8; 8]>,
}

impl Sink<'_> {
    fn rows(&self) -> usize {
        self.bulk.as_ref().map_or(SLICE, Bulk::rows)
    }

    fn take(&mut self, items: Vec<Item>, tally: &mut Tally) -> Result<(), ImportError> {
        let mut rows = Vec::with_capacity(items.len());
        let mut slice = Slice::default();
        for Item { row, ready } in items {
            slice.lines.push(row.line);
            rows.push(row);
            match ready {
                Ok(one) => {
                    slice.fates.push(Fate::Taken { warned: one.warned });
                    slice.ready.push(one);
                }
                Err(faults) => slice.fates.push(Fate::Refused(faults)),
            }
        }
        let fates = self.write(slice, tally.mark())?;
        Ok(tally.settle(rows.iter(), &fates)?)
    }

    /// Writes the donors who are new; the fate of each row.
    fn write(&mut self, slice: Slice, mark: Option<Mark>) -> Result<Vec<Fate>> {
        let (Some(bulk), Some(mark)) = (&mut self.bulk, mark) else {
            let known = self.known(&slice.ready)?;
            return Ok(slice.fates(&known));
        };
        let (slice, mark) = (Arc::new(slice), Arc::new(mark));
        if !self.known_before {
            // In most registers nobody is known. The database's own constraint says so at no cost; when it
            // speaks, the slice is undone and looked through.
            let (slice, mark) = (slice.clone(), mark.clone());
            let written = bulk.write(move |tx| {
                write_new(tx, &slice.ready.iter().collect::<Vec<_>>())?;
                mark.put(tx, &slice.lines, &slice.fates)?;
                Ok(slice.fates.clone())
            });
            match written {
                Err(problem) if problem.code == Code::StateConflict => {}
                outcome => return outcome,
            }
        }
        let (any, fates) = bulk.write(move |tx| {
            let known = write_slice(tx, &slice.ready)?;
            let fates = slice.fates(&known);
            mark.put(tx, &slice.lines, &fates)?;
            Ok((known.iter().any(Option::is_some), fates))
        })?;
        self.known_before = any;
        Ok(fates)
    }

    fn known(&mut self, ready: &[Ready]) -> Result<Vec<Option<&'static str>>> {
        let in_database = self.db.read_now(|conn| known_in(conn, ready))?;
        Ok(ready
            .iter()
            .zip(in_database)
            .map(|(one, known)| {
                let keys = exclusive(one).filter_map(|key| Some((key.field, *key.tag.first_chunk::<8>()?)));
                let mut repeated = None;
                if known.is_none() {
                    let keys: Vec<_> = keys.collect();
                    repeated = keys.iter().find(|(_, tag)| self.seen.contains(tag)).map(|(field, _)| *field);
                    if repeated.is_none() {
                        self.seen.extend(keys.into_iter().map(|(_, tag)| tag));
                    }
                }
                known.or(repeated)
            })
            .collect())
    }
}

/// Rows of one transaction.
#[derive(Default)]
struct Slice {
    lines: Vec<u64>,
    /// One for each row, as long as nobody is known.
    fates: Vec<Fate>,
    /// One for each row that could be read.
    ready: Vec<Ready>,
}

impl Slice {
    /// The fate of each row, once it is known by which key each donor is known already.
    fn fates(&self, known: &[Option<&'static str>]) -> Vec<Fate> {
        let mut known = known.iter();
        let fate = |fate: &Fate| match fate {
            Fate::Taken { .. } => match known.next() {
                Some(Some(field)) => already(field),
                _ => fate.clone(),
            },
            _ => fate.clone(),
        };
        self.fates.iter().map(fate).collect()
    }
}

fn exclusive(one: &Ready) -> impl Iterator<Item = &Key> {
    one.donor.keys.iter().filter(|key| key.is_exclusive())
}

/// By which key each is known to the database or stands in an earlier row of the slice.
fn known_in(conn: &mut Conn, ready: &[Ready]) -> Result<Vec<Option<&'static str>>> {
    let owned = donors::owned_keys(conn, ready.iter().flat_map(exclusive))?;
    let mut seen: HashSet<&Key> = HashSet::new();
    Ok(ready
        .iter()
        .map(|one| {
            let is_known =
                |key: &&Key| seen.contains(key) || owned.contains(&(key.field.to_owned(), key.tag.clone()));
            let known = exclusive(one).find(is_known).map(|key| key.field);
            if known.is_none() {
                seen.extend(exclusive(one));
            }
            known
        })
        .collect())
}

fn write_slice(tx: &mut Tx, ready: &[Ready]) -> Result<Vec<Option<&'static str>>> {
    let known = known_in(tx.conn, ready)?;
    let new = ready.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(one, _)| one);
    write_new(tx, &new.collect::<Vec<_>>())?;
    Ok(known)
}

/// `state_conflict` when one of them is known.
fn write_new(tx: &mut Tx, new: &[&Ready]) -> Result<()> {
    let prepared: Vec<&Prepared> = new.iter().map(|one| &one.donor).collect();
    donors::insert_prepared(tx.conn, &prepared)?;
    let givings: Vec<GivingRow> = new.iter().filter_map(|one| one.giving.clone()).collect();
    store::insert_givings(tx.conn, &givings)?;
    let windows: Vec<WindowRow> = new.iter().flat_map(|one| one.windows.iter().cloned()).collect();
    store::insert_windows(tx.conn, &windows)?;
    if let (Some(first), Some(last)) = (new.first(), new.last()) {
        feed::append_span(tx, "donor", first.donor.id.0, last.donor.id.0, "imported")?;
    }
    Ok(())
}

fn already(field: &str) -> Fate {
    let field = if field == "nid" { "national_id" } else { "service_number" };
    Fate::refused(field, Code::DonorAlreadyRegistered)
}
