//! Migrations: two sets with the same stamps. A fingerprint of their text tells a database that the first of them made,
//! which the rest brings here, from one that another edit of them made, which is left alone.

use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use shiryan_kernel::{Code, Problem, Result};
use shiryan_schema::Conn;

use super::{Isolation, Target, alone, meta, pool};

/// The migrations that a program knows, oldest first.
pub struct Steps {
    pub sqlite: fn() -> EmbeddedMigrations,
    pub postgres: fn() -> EmbeddedMigrations,
    /// The text of each in both sets, for the fingerprint; a test compares with the folders.
    pub texts: &'static [(&'static str, &'static str)],
}

/// Those of this program.
pub static OWN: Steps = Steps {
    sqlite: || {
        const SET: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
        SET
    },
    postgres: || {
        const SET: EmbeddedMigrations = embed_migrations!("migrations/postgres");
        SET
    },
    texts: &[(
        include_str!("../../migrations/sqlite/2026-11-24-000000_foundation/up.sql"),
        include_str!("../../migrations/postgres/2026-11-24-000000_foundation/up.sql"),
    )],
};

const FINGERPRINT: &str = "schema_fingerprint";

/// How a database stands to this program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Empty,
    Current,
    /// Made by the first of this program's migrations: the rest will bring it here.
    Behind,
    /// Made by other migrations than this program's, or by more.
    Foreign,
}

/// What the program's migrations look like, as text.
#[must_use]
pub fn fingerprint(target: &Target) -> String {
    OWN.fingerprint(target, OWN.texts.len())
}

/// Whether a database with this fingerprint is of this program's schema or becomes so by its migrations.
#[must_use]
pub fn is_known(target: &Target, fingerprint: &str) -> bool {
    matches!(OWN.stands(target, fingerprint), State::Current | State::Behind)
}

/// # Errors
/// When the database cannot be opened or read.
pub fn state(target: &Target) -> Result<State> {
    OWN.state(target)
}

/// Brings a database to the present schema; does nothing to a current one.
///
/// # Errors
/// `state_conflict` when other migrations made it; `busy` when one of an older schema is open elsewhere.
pub fn run(target: &Target) -> Result<()> {
    OWN.run(target)
}

impl Steps {
    fn fingerprint(&self, target: &Target, count: usize) -> String {
        use sha2::{Digest, Sha256};
        let mut digest = Sha256::new();
        for (sqlite, postgres) in self.texts.iter().take(count) {
            digest.update(match target {
                Target::Sqlite(_) => sqlite,
                Target::Postgres(_) => postgres,
            });
        }
        crate::vault::hex(&digest.finalize())
    }

    fn stands(&self, target: &Target, found: &str) -> State {
        let count = (1..=self.texts.len()).find(|count| self.fingerprint(target, *count) == found);
        match count {
            Some(count) if count == self.texts.len() => State::Current,
            Some(_) => State::Behind,
            None => State::Foreign,
        }
    }

    /// # Errors
    /// As [`state`].
    pub fn state(&self, target: &Target) -> Result<State> {
        self.state_of(&mut pool::connect(target, pool::Use::Write)?, target)
    }

    fn state_of(&self, conn: &mut Conn, target: &Target) -> Result<State> {
        if !has_meta(conn)? {
            return Ok(State::Empty);
        }
        let found = meta::get(conn, FINGERPRINT)?;
        Ok(found.map_or(State::Foreign, |found| self.stands(target, &found)))
    }

    /// # Errors
    /// As [`run`].
    pub fn run(&self, target: &Target) -> Result<()> {
        // A program of the older schema must not go on beside the change.
        let mut conn = match self.state(target)? {
            State::Behind => alone::connect(target)?,
            _ => pool::connect(target, pool::Use::Write)?,
        };
        // One transaction from the look to the fingerprint: of two that start at once one migrates and the
        // other waits and finds nothing to do, and one that is killed leaves nothing half made.
        pool::begin(&mut conn, Isolation::Guarded)?;
        match self.run_alone(&mut conn, target) {
            Ok(()) => pool::commit(&mut conn),
            Err(problem) => {
                pool::rollback(&mut conn)?;
                Err(problem)
            }
        }
    }

    fn run_alone(&self, conn: &mut Conn, target: &Target) -> Result<()> {
        // SQLite's lock is taken by the transaction itself.
        if let Conn::Pg(c) = conn {
            c.batch_execute(
                "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0; \
                 SELECT pg_advisory_xact_lock(7310582)",
            )?;
        }
        match self.state_of(conn, target)? {
            State::Current => return Ok(()),
            State::Foreign => {
                return Err(Problem { cause: Some(foreign(target)), ..Problem::new(Code::StateConflict) });
            }
            State::Empty | State::Behind => {}
        }
        match conn {
            Conn::Sqlite(c) => c.run_pending_migrations((self.sqlite)()).map(drop),
            Conn::Pg(c) => c.run_pending_migrations((self.postgres)()).map(drop),
        }
        .map_err(|error| Problem::internal(format!("migrating {}: {error}", target.label())))?;
        meta::put(conn, FINGERPRINT, &self.fingerprint(target, self.texts.len()))
    }
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
            c.revert_all_migrations((OWN.sqlite)()).map(drop)
        }
        Conn::Pg(c) => c.revert_all_migrations((OWN.postgres)()).map(drop),
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
