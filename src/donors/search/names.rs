//! The index of names as a running service keeps it: built after the start from the sealed rows, then
//! following the feed. Until it is whole a search says `search_warming`; nothing else waits for it.

use std::sync::{Arc, Mutex, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use rayon::prelude::*;
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::{Code, Problem, Result};

use super::index::{Entry, Gathering, Index, Words};
use super::store::{self, NameRow};
use crate::db::{Db, feed};
use crate::donors::seal;
use crate::vault::Vault;

/// Sealed names opened at once.
const SLICE: i64 = 4_096;
/// Changes read at once.
const CHANGES: i64 = 1_000;
/// How soon a change is found by its name.
const POLL: Duration = Duration::from_millis(100);
/// After a fault of the database.
const PAUSE: Duration = Duration::from_secs(1);
/// Changes of a donor that move neither name nor unit.
const NAMELESS: [&str; 6] = ["windows", "group", "standing", "consent", "antigens", "titre"];

/// Names in memory; cheap to clone, one for each process.
#[derive(Clone, Default)]
pub struct Names(Arc<Kept>);

#[derive(Default)]
struct Kept {
    index: RwLock<Option<Index>>,
    /// How far the feed was followed; whoever builds or follows holds it.
    read: Mutex<Option<feed::Position>>,
}

impl std::fmt::Debug for Names {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl Names {
    /// Whether names can be searched.
    #[must_use]
    pub fn is_warm(&self) -> bool {
        self.0.index.read().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    /// As [`Index::find`].
    ///
    /// # Errors
    /// `search_warming` until the index was built.
    pub fn find(
        &self,
        words: &Words,
        units: Option<&[UnitId]>,
        after: DonorId,
        most: usize,
    ) -> Result<Vec<DonorId>> {
        let index = self.0.index.read().unwrap_or_else(PoisonError::into_inner);
        let index = index.as_ref().ok_or_else(|| Problem::new(Code::SearchWarming))?;
        Ok(index.find(words, units, after, most))
    }

    /// Builds the index anew from the sealed rows, on this thread and the idle cores.
    ///
    /// # Errors
    /// As any read. A name that does not open is passed over and counted in the log.
    pub fn warm(&self, db: &Db, vault: &Vault) -> Result<()> {
        self.0.build(db, vault)
    }

    /// Takes in what changed since; how many changes were read.
    ///
    /// # Errors
    /// As any read; what was read before is kept.
    pub fn follow(&self, db: &Db, vault: &Vault) -> Result<usize> {
        self.0.follow(db, vault)
    }

    /// Builds and follows on a thread of its own for as long as somebody holds these names.
    pub fn keep(&self, db: &Db, vault: &Vault) {
        let (kept, db, vault) = (Arc::downgrade(&self.0), db.clone(), vault.clone());
        let started = std::thread::Builder::new().name("names".into()).spawn(move || run(&kept, &db, &vault));
        if let Err(error) = started {
            tracing::error!(cause = %error, "no thread for the index of names");
        }
    }
}

fn run(kept: &Weak<Kept>, db: &Db, vault: &Vault) {
    while let Some(held) = kept.upgrade() {
        let is_built = held.read.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let done = if is_built { held.follow(db, vault).map(drop) } else { held.build(db, vault) };
        drop(held);
        match done {
            Ok(()) => std::thread::sleep(POLL),
            Err(problem) => {
                if problem.code != Code::Busy {
                    let cause = problem.cause.as_deref().unwrap_or_default();
                    tracing::error!(cause, "the index of names does not follow");
                }
                std::thread::sleep(PAUSE);
            }
        }
    }
}

impl Kept {
    fn build(&self, db: &Db, vault: &Vault) -> Result<()> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let started = Instant::now();
        let position = db.read_now(feed::end)?;
        let mut gathering = Gathering::default();
        let mut damaged = 0_usize;
        each_slice(db, (i64::MIN, i64::MAX), |rows| {
            for entry in opened(vault, rows) {
                match entry {
                    Ok(entry) => gathering.add(&entry),
                    Err(_) => damaged += 1,
                }
            }
        })?;
        let index = gathering.finish();
        *self.index.write().unwrap_or_else(PoisonError::into_inner) = Some(index);
        *read = Some(position);
        tell_damaged(damaged);
        tracing::info!(millis = started.elapsed().as_millis(), "names can be searched");
        Ok(())
    }

    fn follow(&self, db: &Db, vault: &Vault) -> Result<usize> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut position) = *read else { return Ok(0) };
        let mut count = 0;
        loop {
            let changes = db.read_now(|conn| feed::after(conn, position, CHANGES))?;
            let Some(last) = changes.last() else { return Ok(count) };
            position = last.position();
            count += changes.len();
            let named =
                |change: &&feed::Entry| change.entity == "donor" && !NAMELESS.contains(&change.kind.as_str());
            for change in changes.iter().filter(named) {
                self.take(db, vault, change.span())?;
            }
            *read = Some(position);
        }
    }

    fn take(&self, db: &Db, vault: &Vault, span: (i64, i64)) -> Result<()> {
        let mut damaged = 0;
        each_slice(db, span, |rows| {
            let entries = opened(vault, rows);
            let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
            for entry in entries {
                match (entry, index.as_mut()) {
                    (Ok(entry), Some(index)) => index.put(&entry),
                    (Err(_), _) => damaged += 1,
                    (Ok(_), None) => {}
                }
            }
        })?;
        tell_damaged(damaged);
        Ok(())
    }
}

/// The sealed names of the donors from the first to the last id, slice by slice; the next slice is read
/// while one is worked on.
fn each_slice(db: &Db, (first, last): (i64, i64), mut work: impl FnMut(Vec<NameRow>)) -> Result<()> {
    std::thread::scope(|scope| {
        let (send, receive) = std::sync::mpsc::sync_channel::<Result<Vec<NameRow>>>(1);
        scope.spawn(move || {
            let mut from = first;
            loop {
                let rows = db.read_now(|conn| store::names(conn, from, last, SLICE));
                let next = rows.as_ref().ok().and_then(|rows| rows.last()).map(|row| row.id.0);
                if send.send(rows).is_err() {
                    return;
                }
                let Some(next) = next.filter(|id| *id < last) else { return };
                from = next + 1;
            }
        });
        receive.into_iter().try_for_each(|rows| rows.map(&mut work))
    })
}

fn opened(vault: &Vault, rows: Vec<NameRow>) -> Vec<Result<Entry>> {
    rows.into_par_iter().map(|row| open(vault, &row)).collect()
}

/// A donor whose names are gone has no parts.
fn open(vault: &Vault, row: &NameRow) -> Result<Entry> {
    let (id, unit) = (row.id, row.unit);
    if row.name.is_none() && row.latin_name.is_none() {
        return Ok(Entry { id, unit, names: Default::default() });
    }
    let key = vault.donor_key(id.0, &row.donor_key)?;
    let name = seal::open_name(&key, id, "name", row.name.as_deref())?;
    let latin = seal::open_name(&key, id, "latin_name", row.latin_name.as_deref())?;
    Ok(Entry { id, unit, names: [name, latin] })
}

fn tell_damaged(count: usize) {
    if count > 0 {
        tracing::error!(count, "names that do not open are not found");
    }
}
