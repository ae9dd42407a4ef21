//! Migrations: two sets with the same stamps. A fingerprint of their text stops a database that an
//! earlier edit of them made, until the first release fixes them.

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use shiryan_kernel::{Code, Problem, Result};
use shiryan_schema::Conn;

use super::{Target, meta, pool};

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
    let mut conn = pool::connect(target, pool::Use::Write)?;
    if !has_meta(&mut conn)? {
        return Ok(State::Empty);
    }
    Ok(match meta::get(&mut conn, FINGERPRINT)? {
        Some(found) if found == fingerprint(target) => State::Current,
        _ => State::Foreign,
    })
}

/// Brings an empty database to the present schema; does nothing to a current one.
///
/// # Errors
/// `state_conflict` when other migrations made it.
pub fn run(target: &Target) -> Result<()> {
    match state(target)? {
        State::Current => return Ok(()),
        State::Foreign => {
            return Err(Problem { cause: Some(foreign(target)), ..Problem::new(Code::StateConflict) });
        }
        State::Empty => {}
    }
    let mut conn = pool::connect(target, pool::Use::Write)?;
    match &mut conn {
        Conn::Sqlite(c) => c.run_pending_migrations(SQLITE).map(drop),
        Conn::Pg(c) => {
            // Two instances may start at once: one migrates, the other waits and finds nothing to do.
            c.batch_execute(
                "SET lock_timeout = 0; SET statement_timeout = 0; SELECT pg_advisory_lock(7310582)",
            )?;
            let done = c.run_pending_migrations(POSTGRES).map(drop);
            c.batch_execute("SELECT pg_advisory_unlock(7310582)")?;
            done
        }
    }
    .map_err(|error| Problem::internal(format!("migrating {}: {error}", target.label())))?;
    meta::put(&mut conn, FINGERPRINT, &fingerprint(target))
}

/// Undoes every migration: for tests of `down.sql`.
///
/// # Errors
/// As the statements themselves.
pub fn revert(target: &Target) -> Result<()> {
    let mut conn = pool::connect(target, pool::Use::Write)?;
    match &mut conn {
        Conn::Sqlite(c) => c.revert_all_migrations(SQLITE).map(drop),
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
