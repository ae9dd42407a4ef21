//! Donors out of a register: the most dangerous day of an installation.
//!
//! One thread reads, parses and seals, a second puts rows together, and what is ready is written, as much at a
//! time as [`Bulk`] says. What a register says is little: groups are *declared*, nobody was screened here, and
//! the last donation becomes a giving whose windows are written with it. A row that repeats a known national id
//! or service number is refused: who imports sees the whole force. Real names are not taken while the root key
//! lies on the disk of the data, unless that was accepted once.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use chrono::{NaiveDate, NaiveDateTime};
use rayon::prelude::*;
use shiryan_kernel::ids::{DonorId, GivingId, UnitId};
use shiryan_kernel::{Code, Result};

use super::super::store::{self, GivingRow};
use super::super::{Declared, DonorFacts, GivingSource, NewGiving, RuleSet, Rulebook, windows};
use super::slice::{Item, Owned, Ready, Slice, known};
use super::tally::{Fate, Mark, Tally};
use super::{ImportOptions, row};
use crate::db::{Bulk, Db};
use crate::donors;
use crate::places;
use crate::sheets::{ImportError, Progress, Report, Row, Sheet, SheetError};
use crate::vault::Vault;

/// Rows prepared at once.
const SLICE: usize = 4_096;
/// Prepared slices that wait to be put together.
const AHEAD: usize = 4;

/// Rows that were read and sealed together.
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
    let mut sheet = Sheet::open_needing(row::NEEDED, path, &row::COLUMNS, &manner.names)?;
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
    // The first transaction is small: the sooner writing begins, the less of it is waited for.
    let rows = AtomicUsize::new(sink.rows().min(SLICE));
    std::thread::scope(|scope| {
        let (send, items) = sync_channel(AHEAD);
        let (put, slices) = sync_channel(0);
        let (work, rows) = (&work, &rows);
        scope.spawn(move || work.run(sheet, &send));
        scope.spawn(move || gather(&items, rows, &put));
        for slice in slices {
            let (slice, bytes) = slice?;
            sink.take(slice, &mut tally)?;
            rows.store(sink.rows(), Ordering::Relaxed);
            progress(tally.progress((bytes, of_bytes)));
        }
        Ok::<(), ImportError>(())
    })?;
    if !manner.dry_run {
        crate::eligibility::hold_alike(db, vault)?;
    }
    tally.end(db, vault, "donors.imported")
}

/// Puts what was prepared together into slices of as many `rows` as one transaction takes by now, while the
/// slice before is written. Ends with the file, with its first fault, or when nobody takes slices any more.
fn gather(
    batches: &Receiver<Result<Batch, SheetError>>,
    rows: &AtomicUsize,
    put: &SyncSender<Result<(Slice, u64), SheetError>>,
) {
    let mut held: Vec<Item> = Vec::new();
    for batch in batches {
        let Batch { items, bytes, is_last } = match batch {
            Ok(batch) => batch,
            Err(fault) => {
                let _ = put.send(Err(fault));
                return;
            }
        };
        held.extend(items);
        loop {
            let size = rows.load(Ordering::Relaxed);
            if held.len() < size && (!is_last || held.is_empty()) {
                break;
            }
            let later = held.split_off(size.min(held.len()));
            let slice = Slice::of(std::mem::replace(&mut held, later));
            if put.send(Ok((slice, bytes))).is_err() {
                return;
            }
        }
    }
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

    fn prepare(&self, row: &Row, id: i64, giving: i64) -> Result<Box<Ready>> {
        let row::Entry { new, status, paused_until, given } = row::read(row, &self.units, self.today)?;
        let donor = donors::prepare(self.vault, DonorId(id), None, self.at, &new);
        let donor = donor.standing(status, paused_until);
        let giving = given.map(|row::Given { on, donation_type, volume_ml, red_cells_lost }| {
            let new = NewGiving {
                donor: donor.id,
                on,
                donation_type,
                volume_ml,
                red_cells_lost,
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
            givings: given.into_iter().map(row::Given::told).collect(),
            status,
            paused_until,
            ..DonorFacts::unknown()
        };
        let open = windows(self.rule_set, self.book.catalogue(), &facts, self.today);
        let windows = store::window_rows(donor.id, self.rule_set, &open);
        Ok(Box::new(Ready { donor, giving, windows, warned: !new.warnings().is_empty() }))
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

    fn take(&mut self, slice: Slice, tally: &mut Tally) -> Result<(), ImportError> {
        let slice = Arc::new(slice);
        let fates = self.write(&slice, tally.mark())?;
        tally.settle(slice.rows.iter(), &fates)?;
        // So many rows take their time to be freed, and the writer waits for the next.
        rayon::spawn(move || drop(slice));
        Ok(())
    }

    /// Writes the donors who are new; the fate of each row.
    fn write(&mut self, slice: &Arc<Slice>, mark: Option<Mark>) -> Result<Vec<Fate>> {
        let (Some(bulk), Some(mark)) = (&mut self.bulk, mark) else {
            let known = self.known(&slice.keys)?;
            return Ok(slice.fates(&known));
        };
        let (slice, mark) = (slice.clone(), Arc::new(mark));
        if !self.known_before {
            // In most registers nobody is known. The database's own constraint says so at no cost; when it
            // speaks, the slice is undone and looked through.
            let (slice, mark) = (slice.clone(), mark.clone());
            match bulk.write(move |tx| slice.write_all(tx, &mark)) {
                Err(problem) if problem.code == Code::StateConflict => {}
                outcome => return outcome,
            }
        }
        let (fates, any) = bulk.write(move |tx| slice.write_unknown(tx, &mark))?;
        self.known_before = any;
        Ok(fates)
    }

    fn known(&mut self, donors: &[Owned]) -> Result<Vec<Option<&'static str>>> {
        let in_database = self.db.read_now(|conn| known(conn, donors))?;
        Ok(donors
            .iter()
            .zip(in_database)
            .map(|((_, keys), known)| {
                let keys = keys.iter().filter_map(|key| Some((key.field, *key.tag.first_chunk::<8>()?)));
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
