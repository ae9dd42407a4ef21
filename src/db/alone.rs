//! The database to oneself: for the rare work during which nobody else may write, such as a change of the
//! root key. Refuses while any other program has the database open, and keeps others out until it is dropped.

use std::sync::Arc;
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use shiryan_kernel::ids::Mint;
use shiryan_kernel::time::Clock;
use shiryan_kernel::{Code, Problem, Result};

use super::{Conn, Isolation, PATIENCE, Target, Tx, in_transaction, pool};

/// The one connection that has the database to itself.
pub struct Alone {
    conn: Conn,
    mint: Mint,
    clock: Arc<dyn Clock>,
}

impl std::fmt::Debug for Alone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Alone")
    }
}

#[derive(QueryableByName)]
struct Got {
    #[diesel(sql_type = Bool)]
    got: bool,
}

/// Waits a moment: a program that has just ended may still be on the server's list.
fn take_whole(c: &mut PgConnection) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    let ask = format!("SELECT pg_try_advisory_lock({}) AS got", pool::PRESENCE);
    loop {
        let answer: Got = diesel::sql_query(&ask).get_result(c)?;
        if answer.got {
            return Ok(());
        }
        if Instant::now() >= deadline {
            return Err(Problem::new(Code::Busy));
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One connection that has the database to itself for as long as it is open.
///
/// # Errors
/// `busy`, with what to do, while another program has the database open; `internal` when it cannot be reached.
pub(super) fn connect(target: &Target) -> Result<Conn> {
    let taken = pool::connect(target, pool::Use::Alone).and_then(|mut conn| {
        match &mut conn {
            // Whoever has the file open holds a shared lock on it, for as long as he has.
            Conn::Sqlite(c) => c.batch_execute("BEGIN EXCLUSIVE; COMMIT;")?,
            Conn::Pg(c) => take_whole(c)?,
        }
        Ok(conn)
    });
    taken.map_err(|problem| match problem.code {
        Code::Busy => Problem {
            cause: Some(format!("{}: another program has it open; stop it first", target.label())),
            ..problem
        },
        _ => problem,
    })
}

impl Alone {
    /// # Errors
    /// `busy` while another program has the database open; `internal` when it cannot be reached.
    pub fn open(target: &Target, clock: Arc<dyn Clock>) -> Result<Self> {
        Ok(Self { conn: connect(target)?, mint: Mint::new(), clock })
    }

    /// Reads.
    ///
    /// # Errors
    /// What `f` returns.
    pub fn read<T>(&mut self, f: impl FnOnce(&mut Conn) -> Result<T>) -> Result<T> {
        f(&mut self.conn)
    }

    /// Writes in one transaction.
    ///
    /// # Errors
    /// What `f` returns, and then nothing is written.
    pub fn write<T>(&mut self, f: impl Fn(&mut Tx) -> Result<T>) -> Result<T> {
        let now = self.clock.now();
        let mut tx = Tx { conn: &mut self.conn, now, mint: &self.mint };
        in_transaction(&mut tx, Isolation::Whole, &f)
    }
}
