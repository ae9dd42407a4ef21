//! Migrations: two sets with the same stamps. A fingerprint of their text stops a database that an
//! earlier edit of them made, until the first release fixes them.

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use shiryan_kernel::{Code, Problem, Result};
use shiryan_schema::Conn;

use super::{Isolation, Target, alone, meta, pool};

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRES: EmbeddedMigrations = embed_migrations!("migrations/postgres");

/// The text of every migration, for the fingerprint; a test compares with the folder.
const TEXTS: [(&str, &str); 1] = [(
    include_str!("../../migrations/sqlite/2026-11-24-000000_foundation/up.sql"),
    include_str!("../../migrations/postgres/2026-11-24-000000_foundation/up.sql"),
)];

const FINGERPRINT: &str = "schema_fingerprint";

/// How a database stands to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Empty,
    Current,
    /// Made by other migrations than this program's.
    Foreign,
}

/// What the program's migrations look like, as text.
#[must_use]
pub fn fingerprint(target: &Target) -> String {
    use sha2::{Digest, Sha256};
    let mut digest = Sha256::new();
    for (sqlite, postgres) in TEXTS {
        digest.update(match target {
            Target::Sqlite(_) => sqlite,
            Target::Postgres(_) => postgres,
        });
    }
    crate::vault::hex(&digest.finalize())
}

/// # Errors
/// When the database cannot be opened or read.
pub fn state(target: &Target) -> Result<State> {
    state_of(&mut pool::connect(target, pool::Use::Write)?, target)
}

fn state_of(conn: &mut Conn, target: &Target) -> Result<State> {
    if !has_meta(conn)? {
        return Ok(State::Empty);
    }
    Ok(match meta::get(conn, FINGERPRINT)? {
        Some(found) if found == fingerprint(target) => State::Current,
        _ => State::Foreign,
    })
}

/// Brings an empty database to the present schema; does nothing to a current one.
///
/// # Errors
/// `state_conflict` when other migrations made it.
pub fn run(target: &Target) -> Result<()> {
    let mut conn = pool::connect(target, pool::Use::Write)?;
    // One transaction from the look to the fingerprint: of two that start at once one migrates and the
    // other waits and finds nothing to do, and one that is killed leaves nothing half made.
    pool::begin(&mut conn, Isolation::Guarded)?;
    match run_alone(&mut conn, target) {
        Ok(()) => pool::commit(&mut conn),
        Err(problem) => {
            pool::rollback(&mut conn)?;
            Err(problem)
        }
    }
}

fn run_alone(conn: &mut Conn, target: &Target) -> Result<()> {
    // SQLite's lock is taken by the transaction itself.
    if let Conn::Pg(c) = conn {
        c.batch_execute(
            "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; \
             SELECT pg_advisory_xact_lock(7310582)",
        )?;
    }
    match state_of(conn, target)? {
        State::Current => return Ok(()),
        State::Foreign => {
            return Err(Problem { cause: Some(foreign(target)), ..Problem::new(Code::StateConflict) });
        }
        State::Empty => {}
    }
    match conn {
        Conn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(drop),
        Conn::Pg(c) => c.run_pending_migrations(POSTGRES).map(drop),
    }
    .map_err(|error| Problem::internal(format!("migrating {}: {error}", target.label())))?;
    meta::put(conn, FINGERPRINT, &fingerprint(target))
}

/// Undoes every migration and so empties the database; nobody else may have it open meanwhile.
///
/// An embedded file is emptied, never unlinked: whoever still had the old file open would, when closing it, also
/// remove the write-ahead log that by then is another file's.
///
/// # Errors
/// `busy`, with what to do, while another program has the database open.
pub fn revert(target: &Target) -> Result<()> {
    let mut conn = alone::connect(target)?;
    match &mut conn {
        Conn::Sqlite(c) => {
            // Tables go in an order that holds, and what is dropped is not looked through for its references.
            c.batch_execute("PRAGMA foreign_keys = OFF; PRAGMA cache_size = -32768;")?;
            c.revert_all_migrations(SQLITE).map(drop)
        }
        Conn::Pg(c) => c.revert_all_migrations(POSTGRES).map(drop),
    }
    .map_err(Problem::internal)
}

/// What to tell the person.
#[must_use]
pub fn foreign(target: &Target) -> String {
    format!(
        "{} was made by another version of the schema; export it there and import it here",
        target.label()
    )
}

fn has_meta(conn: &mut Conn) -> Result<bool> {
    use diesel::dsl::sql;
    use diesel::prelude::*;
    use diesel::sql_types::BigInt;
    let found: i64 = match conn {
        Conn::Sqlite(c) => diesel::select(sql::<BigInt>(
            "(SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = 'meta')",
        ))
        .get_result(c)?,
        Conn::Pg(c) => diesel::select(sql::<BigInt>(
            "(SELECT count(*) FROM information_schema.tables \
             WHERE table_schema = current_schema() AND table_name = 'meta')",
        ))
        .get_result(c)?,
    };
    Ok(found > 0)
}
