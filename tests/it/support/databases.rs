//! A fresh, migrated database of its own for every test, of both kinds.
//!
//! Both are copies of a template that is migrated once per process: for SQLite the file's bytes, for
//! PostgreSQL `CREATE DATABASE … TEMPLATE`. What a test made is removed when the test ends.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, LazyLock};

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use shiryan::db::{Db, Size, Target, migrate};
use shiryan_kernel::time::{SettableClock, Zone};

use super::cluster;

/// Names tests: each is a function of one argument that is [`Fresh`], run as `name::sqlite` and
/// `name::postgres`.
macro_rules! both {
    ($($name:ident),+ $(,)?) => {$(
        mod $name {
            #[test]
            fn sqlite() {
                $crate::support::databases::on($crate::support::databases::Kind::Sqlite, super::$name);
            }

            #[test]
            fn postgres() {
                $crate::support::databases::on($crate::support::databases::Kind::Postgres, super::$name);
            }
        }
    )+};
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Sqlite,
    Postgres,
}

/// What a test may ask for as its argument.
pub trait Fresh: Sized {
    fn fresh(kind: Kind) -> Self;
}

/// Runs a test on one kind of database; passes over PostgreSQL where there is none.
pub fn on<T: Fresh>(kind: Kind, test: impl FnOnce(T)) {
    if kind == Kind::Postgres && cluster::url().is_none() {
        return;
    }
    test(T::fresh(kind));
}

/// A database without a table.
#[derive(Debug)]
pub struct Empty {
    pub target: Target,
    _home: Home,
}

/// A migrated database, opened by one program whose clock stands still until the test moves it.
#[derive(Debug)]
pub struct Migrated {
    pub db: Db,
    pub clock: Arc<SettableClock>,
    pub kind: Kind,
    /// Last: what is in it is closed before it is removed.
    _home: Home,
}

impl Fresh for Empty {
    fn fresh(kind: Kind) -> Self {
        match kind {
            Kind::Sqlite => Self::sqlite(None),
            Kind::Postgres => Self::postgres("template0"),
        }
    }
}

impl Fresh for Migrated {
    fn fresh(kind: Kind) -> Self {
        let Empty { target, _home } = match kind {
            Kind::Sqlite => Empty::sqlite(Some(&SQLITE)),
            Kind::Postgres => Empty::postgres(&POSTGRES),
        };
        let clock = Arc::new(SettableClock::at(Zone::default().start_of("2026-11-24".parse().unwrap())));
        let db = Db::open(&target, Size(8), clock.clone()).unwrap();
        Self { db, clock, kind, _home }
    }
}

impl Migrated {
    /// Opens the same database once more, as another program beside the first would.
    pub fn beside(&self) -> Db {
        Db::open(self.db.target(), Size(2), self.clock.clone()).unwrap()
    }
}

#[derive(Debug)]
enum Home {
    Directory(#[allow(dead_code)] tempfile::TempDir),
    Database(String),
}

impl Drop for Home {
    fn drop(&mut self) {
        if let Self::Database(name) = self {
            let dropped = try_maintain(&format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
            assert!(dropped.is_ok() || std::thread::panicking(), "{dropped:?}");
        }
    }
}

impl Empty {
    fn sqlite(content: Option<&[u8]>) -> Self {
        let dir = tempfile::Builder::new().prefix("shiryan-test-").tempdir().unwrap();
        let path = dir.path().join("shiryan.db");
        if let Some(content) = content {
            fs::write(&path, content).unwrap();
        }
        Self { target: Target::sqlite(&path), _home: Home::Directory(dir) }
    }

    fn postgres(template: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("shiryan_test_{}_{count}_{:08x}", std::process::id(), rand::random::<u32>());
        maintain(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self { target: Target::parse(&at(&name)).unwrap(), _home: Home::Database(name) }
    }
}

/// A migrated file.
static SQLITE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let empty = Empty::sqlite(None);
    migrate::run(&empty.target).unwrap();
    let Target::Sqlite(path) = &empty.target else { unreachable!() };
    let mut conn = diesel::SqliteConnection::establish(path.to_str().unwrap()).unwrap();
    conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(conn);
    fs::read(path).unwrap()
});

/// The name of a migrated database. It carries the schema's fingerprint and stays on a given server, so
/// that the next run finds it; a private cluster takes it along.
static POSTGRES: LazyLock<String> = LazyLock::new(|| {
    let empty = Empty::postgres("template0");
    let name = format!("shiryan_template_{}", &migrate::fingerprint(&empty.target)[..16]);
    let found = format!("SELECT 1 / count(*) FROM pg_database WHERE datname = '{name}'");
    if try_maintain(&found).is_ok() {
        return name;
    }
    migrate::run(&empty.target).unwrap();
    let Home::Database(made) = &empty._home else { unreachable!() };
    // Another process may have been first: then its template serves as well.
    let renamed = try_maintain(&format!("ALTER DATABASE {made} RENAME TO {name}"));
    assert!(renamed.is_ok() || try_maintain(&found).is_ok(), "{renamed:?}");
    name
});

/// The server's URL with another database's name.
fn at(name: &str) -> String {
    let url = cluster::url().unwrap();
    let (place, options) = url.split_once('?').map_or((url, None), |(place, options)| (place, Some(options)));
    let start = place.find("://").unwrap() + 3;
    let end = place[start..].find('/').map_or(place.len(), |slash| start + slash);
    let options = options.map(|options| format!("?{options}")).unwrap_or_default();
    format!("{}/{name}{options}", &place[..end])
}

fn try_maintain(statement: &str) -> Result<(), String> {
    let mut conn = PgConnection::establish(cluster::url().unwrap()).map_err(|error| error.to_string())?;
    conn.batch_execute(statement).map_err(|error| error.to_string())
}

fn maintain(statement: &str) {
    try_maintain(statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
}
