//! Bulk work: how much of it goes into one transaction, and how it leaves room for others.
//!
//! Keys of an import are random, so each transaction writes about as many pages of their tree as it has
//! keys: what a row costs falls with the size of the transaction, and small ones slow an import down to a
//! half at a million rows. On SQLite nobody else writes meanwhile, so large transactions are for an import
//! that works alone. Once another program has written they are middling, and small for a while after each write of it; and
//! the import carries over what it wrote into the log, so that no commit of the other program has to.
//! PostgreSQL's writers do not wait for each other, but a large transaction that has to be retried is lost work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use shiryan_kernel::{Code, Result};

use super::{Db, Lane, Target, Tx, pool};

/// Rows to a transaction while nobody else writes: about a second.
const ALONE: usize = 32_768;
/// Rows to a transaction on PostgreSQL.
const BESIDE: usize = 4_096;
/// Rows to a transaction on SQLite where another program may write at any moment: about 70 ms.
const NEAR: usize = 2_048;
/// Rows to a transaction beside others on SQLite: about 20 ms.
const AMONG: usize = 512;
/// For how long after another's write transactions stay small. A running service chains the line that says that an import
/// began, so that its first write comes in that time.
const MINDFUL: Duration = Duration::from_secs(2);
/// Between two transactions, so that a writer of another program, which tries each millisecond, gets in.
const GAP: Duration = Duration::from_millis(4);
/// How long a transaction that finds the database busy is tried again: an import that stops half-way asks
/// somebody to come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A bulk worker's turn.
#[derive(Debug)]
pub struct Bulk {
    db: Db,
    weight: usize,
    is_sqlite: bool,
    version: i32,
    began: Instant,
    others_wrote: Option<Instant>,
}

impl Bulk {
    /// Makes room for bulk work on the connection that writes. `weight` tells how much a row costs: 1 for a
    /// donor of a register, about 30 µs.
    ///
    /// # Errors
    /// As any write.
    pub fn begin(db: &Db, weight: usize) -> Result<Self> {
        let version = db.write_now(Lane::Bulk, |tx| {
            pool::roomy(tx.conn)?;
            pool::version(tx.conn)
        })?;
        let is_sqlite = matches!(db.target(), Target::Sqlite(_));
        Ok(Self { db: db.clone(), weight, is_sqlite, version, began: Instant::now(), others_wrote: None })
    }

    /// How many rows the next transaction should hold.
    #[must_use]
    pub fn rows(&self) -> usize {
        let rows = match self.others_wrote {
            _ if !self.is_sqlite => BESIDE,
            Some(at) if at.elapsed() < MINDFUL => AMONG,
            None if self.began.elapsed() >= MINDFUL => ALONE,
            _ => NEAR,
        };
        rows.div_ceil(self.weight)
    }

    /// Writes one transaction, with the patience of work that nobody waits for.
    ///
    /// # Errors
    /// As [`Db::write`].
    pub fn write<T: Send + 'static>(
        &mut self,
        f: impl Fn(&mut Tx) -> Result<T> + Send + Sync + 'static,
    ) -> Result<T> {
        let (f, deadline, beside) = (Arc::new(f), Instant::now() + PATIENCE, self.others_wrote.is_some());
        let (value, version) = loop {
            let f = f.clone();
            let written = self.db.write_now(Lane::Bulk, move |tx| {
                if beside {
                    pool::tidy(tx.conn)?;
                }
                Ok((f(tx)?, pool::version(tx.conn)?))
            });
            match written {
                Err(problem) if problem.code == Code::Busy && Instant::now() < deadline => {}
                outcome => break outcome?,
            }
        };
        if std::mem::replace(&mut self.version, version) != version {
            self.others_wrote = Some(Instant::now());
        }
        if self.is_sqlite {
            std::thread::sleep(GAP);
        }
        Ok(value)
    }
}
