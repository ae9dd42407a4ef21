//! The roster: who may give and what lies on the shelves, in memory, so that counting costs nothing.
//!
//! It is built from the tables and then follows the feed. The database stays the truth: booking, issuing and calling
//! look there again. Whoever asks in the process that wrote sees the write; what another instance or a command wrote is
//! seen a tenth of a second later. On PostgreSQL, where a change may be seen before an older transaction has ended, it
//! is taken in at once and once more when the order is settled: taking in is reading the row as it is, so twice is once.

mod calling;
mod check;
mod donors;
mod ladder;
mod store;
mod summary;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock, Weak};
use std::time::{Duration, Instant};

use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use crate::db::{Conn, Db, feed};
use crate::stock;
pub use calling::to_call;
pub use check::{Difference, check};
pub use donors::{Register, Registered, Standing, Window};
pub use ladder::{Counts, Ladder, Lot, Usable};
pub use summary::{Area, Summary, SummaryCell, summary};

/// Changes read at once.
const CHANGES: i64 = 5_000;
/// How soon a change that another process made is seen.
const POLL: Duration = Duration::from_millis(100);
/// After a fault of the database.
const PAUSE: Duration = Duration::from_secs(1);
/// The feed is kept for seven days; whoever was away for longer than this begins anew.
const FORGETS: Duration = Duration::from_secs(6 * 86_400);

/// What the reserve is told from: a change of anything else leaves its figures as they are.
const TELLING: [&str; 6] = ["blood_unit", "donor", "facility", "closure", "level", stock::PAST_FLOW];

/// Both halves.
#[derive(Debug, Default)]
pub struct Index {
    pub units: Ladder,
    pub donors: Register,
    /// Grows with each change of what the reserve is told from.
    pub edition: u64,
    /// Grows with each change of what went in and out on days that were over.
    pub past_edition: u64,
}

impl Index {
    fn settle(&mut self, now: Moment, zone: Zone) {
        let today = zone.date(now);
        self.donors.settle(donors::day_number(today));
        self.units.settle(now, stock::soon(today));
    }
}

/// The index of one process; cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Roster(Arc<Kept>);

#[derive(Debug, Default)]
struct Kept {
    index: RwLock<Option<Index>>,
    /// How far the feed was followed; whoever builds or follows holds it.
    read: Mutex<Option<Read>>,
    /// The commits of this process that it has seen, and when it looked last, in milliseconds of this process.
    seen: AtomicU64,
    looked: AtomicU64,
}

#[derive(Debug, Clone, Copy)]
struct Read {
    position: feed::Position,
    at: Instant,
}

impl Roster {
    /// Answers from the index as it is after every write that this process has acknowledged. May read the database, and
    /// builds the index if nobody has: on a thread that may block.
    ///
    /// # Errors
    /// As any read.
    pub fn look<T>(&self, db: &Db, zone: Zone, f: impl FnOnce(&Index) -> T) -> Result<T> {
        self.0.catch_up(db, zone)?;
        let index = self.0.index.read().unwrap_or_else(PoisonError::into_inner);
        index.as_ref().map(f).ok_or_else(|| Problem::internal("the roster is not built"))
    }

    /// The same without reading the database: `None` while there may be something to take in first.
    pub fn glance<T>(&self, db: &Db, f: impl FnOnce(&Index) -> T) -> Option<T> {
        let index =
            self.0.is_fresh(db).then(|| self.0.index.read().unwrap_or_else(PoisonError::into_inner))?;
        index.as_ref().map(f)
    }

    /// Since the feed was last followed.
    #[must_use]
    pub fn age(&self) -> Duration {
        Duration::from_millis(since_start().saturating_sub(self.0.looked.load(Ordering::Acquire)))
    }

    /// Builds the index anew from the tables.
    ///
    /// # Errors
    /// As any read.
    pub fn build(&self, db: &Db, zone: Zone) -> Result<()> {
        let mut read = self.0.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.0.build(db, zone, &mut read)
    }

    /// Builds and follows on a thread of its own for as long as somebody holds this.
    pub fn keep(&self, db: &Db, zone: Zone) {
        let (kept, db) = (Arc::downgrade(&self.0), db.clone());
        let started = std::thread::Builder::new().name("roster".into()).spawn(move || run(&kept, &db, zone));
        if let Err(error) = started {
            tracing::error!(cause = %error, "no thread for the roster");
        }
    }
}

fn run(kept: &Weak<Kept>, db: &Db, zone: Zone) {
    while let Some(held) = kept.upgrade() {
        let done = held.follow(db, zone);
        drop(held);
        match done {
            Ok(()) => std::thread::sleep(POLL),
            Err(problem) => {
                if problem.code != Code::Busy {
                    let cause = problem.cause.as_deref().unwrap_or_default();
                    tracing::error!(cause, "the roster does not follow");
                }
                std::thread::sleep(PAUSE);
            }
        }
    }
}

impl Kept {
    /// Whether it has seen what this process wrote, and looked at the feed just now.
    fn is_fresh(&self, db: &Db) -> bool {
        let ago = since_start().saturating_sub(self.looked.load(Ordering::Acquire));
        self.seen.load(Ordering::Acquire) == db.commits() && Duration::from_millis(ago) < POLL * 3
    }

    fn catch_up(&self, db: &Db, zone: Zone) -> Result<()> {
        if self.is_fresh(db) {
            return Ok(());
        }
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        // Whoever held it may have looked meanwhile, for all who waited.
        if self.is_fresh(db) { Ok(()) } else { self.follow_from(db, zone, &mut read) }
    }

    fn follow(&self, db: &Db, zone: Zone) -> Result<()> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        self.follow_from(db, zone, &mut read)
    }

    fn follow_from(&self, db: &Db, zone: Zone, read: &mut Option<Read>) -> Result<()> {
        let Some(last) = read.filter(|read| read.at.elapsed() < FORGETS) else {
            return self.build(db, zone, read);
        };
        let (mut position, mut most) = (last.position, CHANGES);
        loop {
            let (commits, at) = (db.commits(), Instant::now());
            let changes = db.read_now(|conn| feed::seen(conn, position, most))?;
            let is_all = i64::try_from(changes.entries.len()).map_err(Problem::internal)? < most;
            self.take(db, zone, &changes.entries)?;
            if changes.settled == position {
                // All of them wait for an older transaction: look past them.
                most = most.saturating_mul(2);
            }
            position = changes.settled;
            *read = Some(Read { position, at });
            if is_all {
                self.saw(commits);
                return Ok(());
            }
        }
    }

    fn build(&self, db: &Db, zone: Zone, read: &mut Option<Read>) -> Result<()> {
        let (commits, at) = (db.commits(), Instant::now());
        let position = db.read_now(feed::end)?;
        let mut index = Index::default();
        store::all(db, &mut index)?;
        index.settle(db.now(), zone);
        let mut kept = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.edition = kept.as_ref().map_or(1, |before| before.edition + 1);
        index.past_edition = kept.as_ref().map_or(1, |before| before.past_edition + 1);
        tracing::info!(millis = at.elapsed().as_millis(), "the roster stands");
        *kept = Some(index);
        *read = Some(Read { position, at });
        self.saw(commits);
        Ok(())
    }

    fn saw(&self, commits: u64) {
        self.looked.store(since_start(), Ordering::Release);
        self.seen.store(commits, Ordering::Release);
    }

    /// Reads what changed as it is now and puts it in the place of what was known.
    fn take(&self, db: &Db, zone: Zone, entries: &[feed::Entry]) -> Result<()> {
        let of = |entity: &str| -> BTreeSet<(i64, i64)> {
            entries.iter().filter(|entry| entry.entity == entity).map(feed::Entry::span).collect()
        };
        let (units, donors) = (of("blood_unit"), of("donor"));
        let places = entries.iter().any(|entry| entry.entity == "facility");
        let read = || db.read_now(|conn: &mut Conn| store::fresh(conn, &units, &donors, places));
        let fresh = if entries.is_empty() { None } else { Some(read()?) };
        let now = db.now();
        let mut kept = self.index.write().unwrap_or_else(PoisonError::into_inner);
        let Some(index) = kept.as_mut() else { return Ok(()) };
        if entries.iter().any(|entry| TELLING.contains(&entry.entity.as_str())) {
            index.edition += 1;
        }
        if entries.iter().any(|entry| entry.entity == stock::PAST_FLOW) {
            index.past_edition += 1;
        }
        if let Some(fresh) = fresh {
            fresh.put(index);
        }
        index.settle(now, zone);
        Ok(())
    }
}

/// Milliseconds since this process first asked, a second ahead: 0 is long ago.
fn since_start() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    let ago = BEGAN.get_or_init(Instant::now).elapsed().as_millis();
    u64::try_from(ago).unwrap_or(u64::MAX).saturating_add(1_000)
}
