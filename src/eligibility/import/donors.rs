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
use super::{ImportOptions, row};
use crate::audit::{self, Line};
use crate::db::{Bulk, Conn, Db, Lane, Tx, feed};
use crate::donors::{self, Key, Prepared};
use crate::places;
use crate::sheets::{ImportError, Progress, Rejects, Report, Row, Sheet, SheetError};
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

/// Imports donors; with `dry_run` it only says what it would do.
///
/// # Errors
/// A file that cannot be read as a whole; [`ImportError::KeyOnSameDisk`]; the database's own.
pub fn import_donors(
    db: &Db,
    vault: &Vault,
    book: &Rulebook,
    path: &Path,
    options: ImportOptions,
    mut progress: impl FnMut(Progress),
) -> Result<Report, ImportError> {
    let sheet = Sheet::open(path, &row::COLUMNS)?;
    super::check_key(db, options)?;
    let mut rejects = Rejects::beside(path, sheet.header());
    let (_, of_bytes) = sheet.progress();
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
    let bulk = if options.dry_run { None } else { Some(Bulk::begin(db, 1)?) };
    let mut sink = Sink { db, bulk, known_before: false, seen: HashSet::new() };
    sink.note(vault, Line::new(None, "donors.import_began"))?;
    let mut report = Report::default();
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
                sink.take(std::mem::replace(&mut held, later), &mut report, &mut rejects)?;
                progress(Progress { rows: report.rows, rejected: report.rejected, bytes, of_bytes });
            }
        }
        Ok::<(), ImportError>(())
    })?;
    if !options.dry_run {
        crate::eligibility::hold_alike(db, vault)?;
    }
    let ended = Line::new(None, "donors.imported");
    sink.note(vault, ended.with("taken", report.taken).with("rejected", report.rejected))?;
    report.rejects = rejects.finish()?.0;
    Ok(report)
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
    fn note(&self, vault: &Vault, line: Line) -> Result<()> {
        if self.bulk.is_none() {
            return Ok(());
        }
        let vault = vault.clone();
        self.db.write_now(Lane::System, move |tx| audit::record(tx, &vault, &line)).map(drop)
    }

    fn rows(&self) -> usize {
        self.bulk.as_ref().map_or(SLICE, Bulk::rows)
    }

    fn take(
        &mut self,
        items: Vec<Item>,
        report: &mut Report,
        rejects: &mut Rejects,
    ) -> Result<(), ImportError> {
        report.rows += u64::try_from(items.len()).unwrap_or(0);
        let mut rows = Vec::with_capacity(items.len());
        let mut ready = Vec::with_capacity(items.len());
        for Item { row, ready: outcome } in items {
            match outcome {
                Ok(one) => {
                    rows.push((row, None));
                    ready.push(one);
                }
                Err(faults) => rows.push((row, Some(faults))),
            }
        }
        let warned: Vec<bool> = ready.iter().map(|one| one.warned).collect();
        let known = self.write(ready)?;
        let mut known = known.into_iter().zip(warned);
        for (row, faults) in rows {
            let faults = faults.or_else(|| match known.next() {
                Some((Some(field), _)) => Some(vec![already(field)]),
                Some((None, warned)) => {
                    report.taken += 1;
                    report.warned += u64::from(warned);
                    None
                }
                None => None,
            });
            if let Some(faults) = faults {
                report.rejected += 1;
                rejects.add(&row, &faults)?;
            }
        }
        Ok(())
    }

    /// Writes the donors who are new; says of each by which key it is known already.
    fn write(&mut self, ready: Vec<Ready>) -> Result<Vec<Option<&'static str>>> {
        let Some(bulk) = &mut self.bulk else { return self.known(&ready) };
        if ready.is_empty() {
            return Ok(Vec::new());
        }
        let ready = Arc::new(ready);
        if !self.known_before {
            // In most registers nobody is known. The database's own constraint says so at no cost; when it
            // speaks, the slice is undone and looked through.
            let new = ready.clone();
            match bulk.write(move |tx| write_new(tx, &new.iter().collect::<Vec<_>>())) {
                Ok(()) => return Ok(vec![None; ready.len()]),
                Err(problem) if problem.code == Code::StateConflict => {}
                Err(problem) => return Err(problem),
            }
        }
        let known = bulk.write(move |tx| write_slice(tx, &ready))?;
        self.known_before = known.iter().any(Option::is_some);
        Ok(known)
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

fn already(field: &str) -> FieldError {
    let field = if field == "nid" { "national_id" } else { "service_number" };
    FieldError { field: field.to_owned(), code: Code::DonorAlreadyRegistered }
}
