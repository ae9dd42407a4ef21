//! Connections: how each is opened and kept, and the transaction statements of both databases.

use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ManageConnection, R2D2Connection};
use diesel::{Connection, PgConnection, RunQueryDsl, SqliteConnection};
use shiryan_kernel::{Code, Problem, Result};
use shiryan_schema::{Conn, fixed, on_each};

use super::{Isolation, Target};

pub type Pool = diesel::r2d2::Pool<Manager>;

/// How many connections: readers on SQLite, all on PostgreSQL.
#[derive(Debug, Clone, Copy)]
pub struct Size(pub u32);

/// What an SQLite connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    Read,
    Write,
    /// With nobody beside it.
    Alone,
}

/// The advisory lock that every connection to PostgreSQL shares, and that whoever wants to be alone takes whole.
pub const PRESENCE: i64 = 0x7368_6972_7961_6e01;

#[derive(Debug)]
pub struct Manager(Target);

impl ManageConnection for Manager {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        connect(&self.0, Use::Read).map_err(|problem| {
            diesel::r2d2::Error::ConnectionError(diesel::ConnectionError::BadConnection(
                problem.cause.unwrap_or_default(),
            ))
        })
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        std::thread::panicking() || conn.is_broken()
    }
}

pub fn open(target: &Target, size: Size) -> Result<Pool> {
    diesel::r2d2::Pool::builder()
        .max_size(size.0)
        .min_idle(Some(1))
        .test_on_check_out(matches!(target, Target::Postgres(_)))
        .connection_timeout(Duration::from_secs(2))
        .build(Manager(target.clone()))
        .map_err(|error| unreachable(target, error))
}

/// One connection, with what every connection of its kind needs set.
pub fn connect(target: &Target, purpose: Use) -> Result<Conn> {
    match target {
        Target::Sqlite(path) => {
            let path = path.to_str().ok_or_else(|| unreachable(target, "the path is not UTF-8"))?;
            let mut conn = SqliteConnection::establish(path).map_err(|error| unreachable(target, error))?;
            if purpose == Use::Alone {
                // Before the first access: then the file is locked for as long as it is open.
                conn.batch_execute("PRAGMA locking_mode = EXCLUSIVE;")?;
            }
            // FULL: an acknowledged write survives a power cut, not only a crash of the process.
            conn.batch_execute(
                "PRAGMA busy_timeout = 5000; PRAGMA synchronous = FULL; \
                 PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; \
                 PRAGMA cache_size = -4096; PRAGMA trusted_schema = OFF;",
            )?;
            write_ahead(&mut conn)?;
            if purpose == Use::Read {
                conn.batch_execute("PRAGMA query_only = ON;")?;
            }
            Ok(Conn::Sqlite(conn))
        }
        Target::Postgres(url) => {
            let mut conn = PgConnection::establish(url).map_err(|error| unreachable(target, error))?;
            conn.batch_execute(
                "SET TIME ZONE 'UTC'; SET lock_timeout = '2s'; SET statement_timeout = '30s'; \
                 SET idle_in_transaction_session_timeout = '30s'; SET client_min_messages = warning;",
            )?;
            if purpose != Use::Alone {
                let held = format!("SELECT pg_advisory_lock_shared({PRESENCE});");
                conn.batch_execute(&held).map_err(|_| alone(target))?;
            }
            Ok(Conn::Pg(conn))
        }
    }
}

/// A new file turns to WAL once, and SQLite does not wait for that lock by itself: two programs that open
/// the file at the same moment would otherwise see it locked.
fn write_ahead(conn: &mut SqliteConnection) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match conn.batch_execute("PRAGMA journal_mode = WAL;").map_err(Problem::from) {
            Err(problem) if problem.code == Code::Busy && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(5));
            }
            outcome => return outcome,
        }
    }
}

fn unreachable(target: &Target, error: impl std::fmt::Display) -> Problem {
    Problem::internal(format!("cannot open {}: {error}", target.label()))
}

fn alone(target: &Target) -> Problem {
    Problem {
        cause: Some(format!("{}: another program has the database to itself", target.label())),
        ..Problem::new(Code::Busy)
    }
}

/// No connection came free.
pub fn busy(error: impl std::fmt::Display) -> Problem {
    Problem { cause: Some(error.to_string()), ..Problem::new(Code::Busy) }
}

pub fn begin(conn: &mut Conn, isolation: Isolation) -> Result<()> {
    match conn {
        Conn::Sqlite(c) => begin_in_turn(c)?,
        Conn::Pg(c) => AnsiTransactionManager::begin_transaction_sql(
            c,
            match isolation {
                Isolation::Whole => "BEGIN ISOLATION LEVEL SERIALIZABLE",
                Isolation::Guarded => "BEGIN ISOLATION LEVEL READ COMMITTED",
            },
        )?,
    }
    Ok(())
}

/// SQLite's own waiting sleeps ever longer, up to 100 ms, and finds a gap between two of another program's
/// writes by luck alone. The writer instead waits a millisecond at a time.
fn begin_in_turn(c: &mut SqliteConnection) -> Result<()> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let begun = AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE");
        match begun.map_err(Problem::from) {
            Err(problem) if problem.code == Code::Busy && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(1));
            }
            outcome => return outcome,
        }
    }
}

/// For a connection whose every write begins with [`begin`], which has the patience instead.
pub fn impatient(conn: &mut Conn) -> Result<()> {
    if let Conn::Sqlite(c) = conn {
        c.batch_execute("PRAGMA busy_timeout = 0;")?;
    }
    Ok(())
}

/// Room for bulk work on this connection, for as long as it lives: a cache for what one large transaction
/// changes, and fewer checkpoints, each of which would write the same pages anew. SQLite only.
pub fn roomy(conn: &mut Conn) -> Result<()> {
    if let Conn::Sqlite(c) = conn {
        c.batch_execute("PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 32768;")?;
    }
    Ok(())
}

/// Ends the rarity of [`roomy`]'s checkpoints: whoever commits while the log is long carries all of it over, and that shall be
/// this connection, not another program whose caller waits. SQLite only.
pub fn tidy(conn: &mut Conn) -> Result<()> {
    if let Conn::Sqlite(c) = conn {
        c.batch_execute("PRAGMA wal_autocheckpoint = 256;")?;
    }
    Ok(())
}

/// Empties the write-ahead log, on a connection of its own that waits for nobody; whether it was emptied.
pub fn empty_log(target: &Target) -> Result<bool> {
    if matches!(target, Target::Postgres(_)) {
        return Ok(false);
    }
    let mut conn = connect(target, Use::Read)?;
    impatient(&mut conn)?;
    let done: Checkpoint = diesel::sql_query("PRAGMA wal_checkpoint(TRUNCATE)").get_result(&mut conn)?;
    Ok(done.busy == 0)
}

#[derive(diesel::QueryableByName)]
struct Checkpoint {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    busy: i32,
}

/// A number that is another once a different connection has written; always 0 on PostgreSQL.
pub fn version(conn: &mut Conn) -> Result<i32> {
    match conn {
        Conn::Sqlite(c) => {
            Ok(diesel::sql_query("PRAGMA data_version").get_result::<Version>(c)?.data_version)
        }
        Conn::Pg(_) => Ok(0),
    }
}

#[derive(diesel::QueryableByName)]
struct Version {
    #[diesel(sql_type = diesel::sql_types::Integer)]
    data_version: i32,
}

fixed! { struct Savepoint: "SAVEPOINT job" }
fixed! { struct Release: "RELEASE job" }
fixed! { struct Undo: "ROLLBACK TO job" }

/// A job within a transaction, which is undone alone.
pub fn savepoint(conn: &mut Conn) -> Result<()> {
    on_each!(conn => c, Savepoint {}.execute(c))?;
    Ok(())
}

/// Ends a job and keeps what it did, within its transaction.
pub fn release(conn: &mut Conn) -> Result<()> {
    on_each!(conn => c, Release {}.execute(c))?;
    Ok(())
}

/// Ends a job and undoes what it did.
pub fn undo(conn: &mut Conn) -> Result<()> {
    on_each!(conn => c, Undo {}.execute(c))?;
    release(conn)
}

/// Ends the transaction and keeps it.
pub fn commit(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::commit_transaction(c)?,
        Conn::Pg(c) => AnsiTransactionManager::commit_transaction(c)?,
    }
    Ok(())
}

/// Ends the transaction and undoes it.
pub fn rollback(conn: &mut Conn) -> Result<()> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::rollback_transaction(c).inspect_err(|_| {
            // SQLite ends a transaction by itself when its disk is full or fails: nothing is left to undo then, and
            // the next may begin.
            *AnsiTransactionManager::transaction_manager_status_mut(c) = Default::default();
        })?,
        Conn::Pg(c) => AnsiTransactionManager::rollback_transaction(c)?,
    }
    Ok(())
}
