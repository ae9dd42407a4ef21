//! The two doors to the database, and what every writer gets with them.
//!
//! `read` sees a committed state. `write` changes it: serialisable, in turn with other writers.
//! `write_guarded` is for changes where ONE conditional statement and a constraint hold the invariant.
//! `write_once` adds an idempotency key. A closure may run more than once, so it must not mail, hash,
//! sleep or touch anything outside the database. Nothing here knows what the tables mean.

mod alone;
mod bulk;
pub mod feed;
pub mod meta;
pub mod migrate;
pub mod once;
mod pool;
pub mod row;
pub mod snapshot;
mod target;
mod turns;
mod writer;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use shiryan_kernel::ids::Mint;
use shiryan_kernel::time::{Clock, Moment};
use shiryan_kernel::{Code, Problem, Result};
pub use shiryan_schema::{Conn, fixed, insert_all, on_each, tables};

pub use alone::Alone;
pub use bulk::Bulk;
pub use pool::Size;
pub use target::Target;
pub use turns::Lane;

/// How long a write may be retried or wait its turn before the caller is told `busy`.
const PATIENCE: Duration = Duration::from_secs(2);

/// What keeps two writers from harming each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// Serialisable: any invariant holds.
    Whole,
    /// Read committed: one conditional statement and a constraint hold the invariant.
    Guarded,
}

/// One transaction: a connection, the moment it was asked for and new ids.
pub struct Tx<'a> {
    pub conn: &'a mut Conn,
    pub now: Moment,
    mint: &'a Mint,
}

impl Tx<'_> {
    /// A new id.
    pub fn id(&self) -> i64 {
        self.mint.next(self.now)
    }
}

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Inner>);

struct Inner {
    target: Target,
    clock: Arc<dyn Clock>,
    mint: Arc<Mint>,
    pool: pool::Pool,
    /// Commits of this process.
    commits: Arc<AtomicU64>,
    /// SQLite only: the one thread that writes.
    writer: Option<writer::Writer>,
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Db({})", self.0.target.label())
    }
}

impl Db {
    /// Opens the database; an SQLite file is made when absent. Applies no migration.
    ///
    /// # Errors
    /// `internal` with the cause when it cannot be reached.
    pub fn open(target: &Target, size: Size, clock: Arc<dyn Clock>) -> Result<Self> {
        let mint = Arc::new(Mint::new());
        let commits = Arc::new(AtomicU64::new(0));
        let writer = match target {
            Target::Sqlite(_) => Some(writer::Writer::start(
                pool::connect(target, pool::Use::Write)?,
                mint.clone(),
                clock.clone(),
                commits.clone(),
            )?),
            Target::Postgres(_) => None,
        };
        let pool = pool::open(target, size)?;
        Ok(Self(Arc::new(Inner { target: target.clone(), clock, mint, pool, commits, writer })))
    }

    #[must_use]
    pub fn target(&self) -> &Target {
        &self.0.target
    }

    #[must_use]
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    #[must_use]
    pub fn now(&self) -> Moment {
        self.0.clock.now()
    }

    /// A new id, for work that prepares rows before it has its turn to write.
    #[must_use]
    pub fn id(&self) -> i64 {
        self.0.mint.next(self.now())
    }

    /// How many commits this process has made. It has grown by the time a write is answered: whoever saw this number and
    /// read afterwards has seen every write that was answered before.
    #[must_use]
    pub fn commits(&self) -> u64 {
        self.0.commits.load(Ordering::Acquire)
    }

    /// Connections for reading that are open, and those of them that nobody uses.
    #[must_use]
    pub fn connections(&self) -> (u32, u32) {
        let state = self.0.pool.state();
        (state.connections, state.idle_connections)
    }

    /// Reads off the event loop.
    ///
    /// # Errors
    /// What `f` returns; `busy` when no connection came free in time.
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Conn) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let db = self.clone();
        off_loop(move || db.read_now(f)).await
    }

    /// Reads on this thread, which may block.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub fn read_now<T>(&self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        let mut conn = self.0.pool.get().map_err(pool::busy)?;
        f(&mut conn)
    }

    /// Moves what the write-ahead log holds into the file and empties the log, so that no earlier image of a page
    /// keeps what was deleted. Whether it was emptied: not while somebody reads or writes; it waits for nobody.
    /// On PostgreSQL its own vacuum does this. On this thread, which may block.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn empty_log(&self) -> Result<bool> {
        pool::empty_log(self.target())
    }

    /// Writes, serialisable: after `Ok` the change is durable.
    ///
    /// # Errors
    /// What `f` returns, the change undone; `busy` past the deadline.
    pub async fn write<T: Send + 'static>(
        &self,
        lane: Lane,
        f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_as(Isolation::Whole, lane, f).await
    }

    /// Writes where one conditional statement and a constraint hold the invariant.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub async fn write_guarded<T: Send + 'static>(
        &self,
        lane: Lane,
        f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.write_as(Isolation::Guarded, lane, f).await
    }

    /// Writes once for an idempotency key: the second asking gets the first's answer.
    ///
    /// # Errors
    /// As [`Db::write`]; `idempotency_key_reused` when the same key comes with another body,
    /// `idempotency_in_progress` when the first asking is still at work past the deadline.
    pub async fn write_once<T>(
        &self,
        isolation: Isolation,
        lane: Lane,
        request: once::Request,
        f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T>
    where
        T: serde::Serialize + serde::de::DeserializeOwned + Send + 'static,
    {
        self.write_as(isolation, lane, move |tx| once::run(tx, &request, &f)).await
    }

    async fn write_as<T: Send + 'static>(
        &self,
        isolation: Isolation,
        lane: Lane,
        f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        if let Some(writer) = &self.0.writer {
            let (reply, answer) = tokio::sync::oneshot::channel();
            writer.put(lane, f, move |outcome| drop(reply.send(outcome)))?;
            return answer.await.unwrap_or_else(|_| Err(Problem::internal("the writer stopped")));
        }
        let db = self.clone();
        off_loop(move || db.write_postgres(isolation, &f)).await
    }

    /// Writes on this thread, which may block.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write_now<T: Send + 'static>(
        &self,
        lane: Lane,
        f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let Some(writer) = &self.0.writer else {
            return self.write_postgres(Isolation::Whole, &f);
        };
        let (reply, answer) = std::sync::mpsc::sync_channel(1);
        writer.put(lane, f, move |outcome| drop(reply.send(outcome)))?;
        answer.recv().unwrap_or_else(|_| Err(Problem::internal("the writer stopped")))
    }

    fn write_postgres<T>(&self, isolation: Isolation, f: &impl Fn(&mut Tx) -> Result<T>) -> Result<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut wait = Duration::from_millis(1);
        loop {
            let mut conn = self.0.pool.get().map_err(pool::busy)?;
            let mut tx = Tx { conn: &mut conn, now: self.0.clock.now(), mint: &self.0.mint };
            let done = in_transaction(&mut tx, isolation, f);
            if done.is_ok() {
                self.0.commits.fetch_add(1, Ordering::Release);
            }
            match done {
                Err(problem) if problem.code == Code::Busy && Instant::now() + wait < deadline => {
                    drop(conn);
                    std::thread::sleep(wait.mul_f64(0.5 + rand::random::<f64>()));
                    wait = (wait * 2).min(Duration::from_millis(64));
                }
                outcome => return outcome,
            }
        }
    }
}

fn in_transaction<T>(tx: &mut Tx, isolation: Isolation, f: &impl Fn(&mut Tx) -> Result<T>) -> Result<T> {
    pool::begin(tx.conn, isolation)?;
    match unpanicked(|| f(tx)) {
        Ok(value) => {
            pool::commit(tx.conn)?;
            Ok(value)
        }
        Err(problem) => {
            pool::rollback(tx.conn)?;
            Err(problem)
        }
    }
}

/// A panic inside a use case undoes it and is our own fault, not the thread's end.
fn unpanicked<T>(f: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(f)).unwrap_or_else(|payload| {
        let said = payload
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| payload.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(Problem::internal(format!("panicked: {said}")))
    })
}

/// Runs blocking work off the event loop.
///
/// # Errors
/// What `f` returns.
pub async fn off_loop<T: Send + 'static>(f: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(move || unpanicked(f))
        .await
        .unwrap_or_else(|stopped| Err(Problem::internal(stopped)))
}
