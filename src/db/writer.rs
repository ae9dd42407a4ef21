//! The one SQLite writer: a thread that commits in groups.
//!
//! Each job runs in its own savepoint, so an error or a panic undoes that job alone; replies go out
//! after COMMIT, so an acknowledged write is durable. Bulk jobs are not grouped. A pool of writers instead starves callers for
//! seconds on SQLite's single write lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use shiryan_kernel::ids::Mint;
use shiryan_kernel::time::Clock;
use shiryan_kernel::{Problem, Result};
use shiryan_schema::Conn;

use super::turns::{Lane, Turns};
use super::{Isolation, Tx, pool, unpanicked};

/// At most so many jobs, or so much work, share one COMMIT.
const GROUP: usize = 256;
const GROUP_TIME: Duration = Duration::from_millis(5);

/// Told once the group's COMMIT is known: `None` when it held, else why not.
type Reply = Box<dyn FnOnce(Option<Problem>) + Send>;

/// A write that waits.
trait Job: Send {
    /// Runs it; says whether to keep what it did, and who is told.
    fn run(self: Box<Self>, tx: &mut Tx) -> (bool, Reply);
    /// Tells its caller why it was not run.
    fn refuse(self: Box<Self>, why: Problem);
    /// Whether it has a transaction of its own. In a savepoint SQLite keeps the former image of every
    /// page that a bulk job touches, and walks that list after each of its statements.
    fn is_alone(&self) -> bool;
}

struct Task<F, R> {
    lane: Lane,
    work: F,
    reply: R,
}

impl<T, F, R> Job for Task<F, R>
where
    T: Send + 'static,
    F: Fn(&mut Tx) -> Result<T> + Send + 'static,
    R: FnOnce(Result<T>) + Send + 'static,
{
    fn run(self: Box<Self>, tx: &mut Tx) -> (bool, Reply) {
        let Self { work, reply, .. } = *self;
        let outcome = unpanicked(|| work(tx));
        (outcome.is_ok(), Box::new(move |failed| reply(failed.map_or(outcome, Err))))
    }

    fn refuse(self: Box<Self>, why: Problem) {
        (self.reply)(Err(why));
    }

    fn is_alone(&self) -> bool {
        self.lane == Lane::Bulk
    }
}

pub struct Writer {
    shared: Arc<Shared>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Default)]
struct Queue {
    turns: Turns<Box<dyn Job>>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    pub fn start(
        mut conn: Conn,
        mint: Arc<Mint>,
        clock: Arc<dyn Clock>,
        commits: Arc<AtomicU64>,
    ) -> Result<Self> {
        pool::impatient(&mut conn)?;
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || work(conn, &theirs, &House { mint: &mint, clock: &*clock, commits: &commits }))
            .map_err(Problem::internal)?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Queues a write; `reply` gets its outcome after COMMIT.
    pub fn put<T: Send + 'static>(
        &self,
        lane: Lane,
        f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
        reply: impl FnOnce(Result<T>) + Send + 'static,
    ) -> Result<()> {
        let job = Box::new(Task { lane, work: f, reply });
        self.shared.lock().turns.put(lane, job)?;
        self.shared.wake.notify_one();
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.wake.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            drop(thread.join());
        }
    }
}

/// What every write gets, and where its commit is counted.
struct House<'a> {
    mint: &'a Mint,
    clock: &'a dyn Clock,
    commits: &'a AtomicU64,
}

/// Works until closed and nothing waits: what was accepted is done.
fn work(mut conn: Conn, shared: &Shared, house: &House<'_>) {
    let mut held: Option<Box<dyn Job>> = None;
    while let Some(first) = held.take().or_else(|| wait(shared)) {
        if first.is_alone() {
            alone(&mut conn, first, house);
        } else {
            held = group(&mut conn, first, shared, house);
        }
    }
}

/// One job in a transaction of its own.
fn alone(conn: &mut Conn, job: Box<dyn Job>, house: &House<'_>) {
    if let Err(problem) = pool::begin(conn, Isolation::Whole) {
        job.refuse(problem);
        return;
    }
    let (keep, reply) = job.run(&mut Tx { conn: &mut *conn, now: house.clock.now(), mint: house.mint });
    let failed = if keep {
        pool::commit(conn).err().inspect(|_| drop(pool::rollback(conn)))
    } else {
        pool::rollback(conn).err()
    };
    house.commits.fetch_add(1, Ordering::Release);
    reply(failed);
}

fn wait(shared: &Shared) -> Option<Box<dyn Job>> {
    let mut queue = shared.lock();
    loop {
        if let Some(job) = queue.turns.take() {
            return Some(job);
        }
        if queue.closed {
            return None;
        }
        queue = shared.wake.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Jobs that share one COMMIT. Answers the job that was taken in its turn and wants to be alone.
fn group(conn: &mut Conn, first: Box<dyn Job>, shared: &Shared, house: &House<'_>) -> Option<Box<dyn Job>> {
    let started = Instant::now();
    let mut replies = Vec::new();
    let mut next = Some(first);
    let mut held = None;
    // Whether the transaction stands; once a job of it could not be ended, nothing of it is kept and nobody joins it.
    let mut stands = pool::begin(conn, Isolation::Whole);
    while let Some(job) = next.take() {
        let mut tx = Tx { conn: &mut *conn, now: house.clock.now(), mint: house.mint };
        if let Err(problem) = &stands {
            job.refuse(problem.clone());
        } else {
            let (reply, ended) = step(&mut tx, job);
            replies.push(reply);
            stands = ended;
        }
        if stands.is_ok() && replies.len() < GROUP && started.elapsed() < GROUP_TIME {
            next = shared.lock().turns.take();
            held = next.take_if(|job| job.is_alone());
        }
    }
    let failed = stands.and_then(|()| pool::commit(conn)).err().inspect(|_| drop(pool::rollback(conn)));
    house.commits.fetch_add(1, Ordering::Release);
    for reply in replies.into_iter().flatten() {
        reply(failed.clone());
    }
    held
}

/// One job in its own savepoint: who is told, and whether the transaction still stands.
fn step(tx: &mut Tx, job: Box<dyn Job>) -> (Option<Reply>, Result<()>) {
    if let Err(problem) = pool::savepoint(tx.conn) {
        job.refuse(problem.clone());
        return (None, Err(problem));
    }
    let (keep, reply) = job.run(tx);
    let ended = if keep { pool::release(tx.conn) } else { pool::undo(tx.conn) };
    (Some(reply), ended)
}
