//! The one SQLite writer: a thread that commits in groups.
//!
//! Each job runs in its own savepoint, so an error or a panic undoes that job alone; replies go out
//! after COMMIT, so an acknowledged write is durable. A pool of writers instead starves callers for
//! seconds on SQLite's single write lock.

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
type Job = Box<dyn FnOnce(&mut Tx) -> (bool, Reply) + Send>;

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
    turns: Turns<Job>,
    closed: bool,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Writer {
    pub fn start(conn: Conn, mint: Arc<Mint>, clock: Arc<dyn Clock>) -> Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = shared.clone();
        let thread = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || work(conn, &theirs, &mint, &*clock))
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
        let job: Job = Box::new(move |tx| {
            let outcome = unpanicked(|| f(tx));
            let keep = outcome.is_ok();
            (keep, Box::new(move |failed| reply(failed.map_or(outcome, Err))))
        });
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

/// Works until closed and nothing waits: what was accepted is done.
fn work(mut conn: Conn, shared: &Shared, mint: &Mint, clock: &dyn Clock) {
    while let Some(first) = wait(shared) {
        group(&mut conn, first, shared, mint, clock);
    }
}

fn wait(shared: &Shared) -> Option<Job> {
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

fn group(conn: &mut Conn, first: Job, shared: &Shared, mint: &Mint, clock: &dyn Clock) {
    let started = Instant::now();
    let mut replies = Vec::new();
    let mut next = Some(first);
    let begun = pool::begin(conn, Isolation::Whole);
    while let Some(job) = next.take() {
        let mut tx = Tx { conn: &mut *conn, now: clock.now(), mint };
        replies.push(match &begun {
            Ok(()) => step(&mut tx, job),
            // Without a transaction nothing is run: the job only learns why.
            Err(problem) => {
                let problem = problem.clone();
                refuse(job, problem)
            }
        });
        if replies.len() < GROUP && started.elapsed() < GROUP_TIME {
            next = shared.lock().turns.take();
        }
    }
    let failed = match begun {
        Ok(()) => pool::commit(conn).err().inspect(|_| drop(pool::rollback(conn))),
        Err(problem) => Some(problem),
    };
    for reply in replies.into_iter().flatten() {
        reply(failed.clone());
    }
}

/// One job in its own savepoint.
fn step(tx: &mut Tx, job: Job) -> Option<Reply> {
    if let Err(problem) = pool::savepoint(tx.conn) {
        return refuse(job, problem);
    }
    let (keep, reply) = job(tx);
    let ended = if keep { pool::commit(tx.conn) } else { pool::rollback(tx.conn) };
    match ended {
        Ok(()) => Some(reply),
        Err(problem) => {
            reply(Some(problem));
            None
        }
    }
}

/// Drops the job unrun: its caller's channel closes and says that the writer could not take it.
fn refuse(job: Job, problem: Problem) -> Option<Reply> {
    tracing::error!(cause = problem.cause.as_deref().unwrap_or_default(), "a write could not begin");
    drop(job);
    None
}
