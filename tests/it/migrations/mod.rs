//! Migrations on both databases: they run, undo themselves and run again; the two sets, the tables in
//! `src/schema/tables.rs` and the kernel's words all say the same.

mod further;
mod schema;
mod words;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Barrier;
use std::thread;

use shiryan::db::migrate::{self, State};
use shiryan::db::{Lane, meta};
use shiryan_kernel::Code;

use super::support::databases::{Empty, Migrated};
use super::support::wait;

both!(
    run_undone_and_run_again,
    two_that_start_at_once_agree,
    another_schema_is_refused,
    its_own_schema_is_current
);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn run_undone_and_run_again(at: Empty) {
    assert_eq!(migrate::state(&at.target).unwrap(), State::Empty);
    migrate::run(&at.target).unwrap();
    assert_eq!(migrate::state(&at.target).unwrap(), State::Current);
    let first = schema::found(&at.target);
    assert!(first.len() > 100, "the columns are found");
    migrate::run(&at.target).unwrap();

    migrate::revert(&at.target).unwrap();
    assert_eq!(schema::found(&at.target), [], "down.sql leaves nothing");
    assert_eq!(migrate::state(&at.target).unwrap(), State::Empty);

    migrate::run(&at.target).unwrap();
    assert_eq!(schema::found(&at.target), first);
}

fn two_that_start_at_once_agree(at: Empty) {
    const PROGRAMS: usize = 4;
    let start = Barrier::new(PROGRAMS);
    thread::scope(|scope| {
        for _ in 0..PROGRAMS {
            scope.spawn(|| {
                start.wait();
                migrate::run(&at.target).unwrap();
            });
        }
    });
    assert_eq!(migrate::state(&at.target).unwrap(), State::Current);
}

fn another_schema_is_refused(at: Migrated) {
    wait(at.db.write(Lane::System, |tx| meta::put(tx.conn, "schema_fingerprint", "of another edit")))
        .unwrap();
    let target = at.db.target();
    assert_eq!(migrate::state(target).unwrap(), State::Foreign);
    let refused = migrate::run(target).unwrap_err();
    assert_eq!(refused.code, Code::StateConflict);
    let cause = refused.cause.unwrap();
    assert!(cause.contains(&target.label()) && cause.contains("another version of the schema"), "{cause}");
}

fn its_own_schema_is_current(at: Migrated) {
    assert_eq!(migrate::state(at.db.target()).unwrap(), State::Current);
    let kept = at.db.read_now(|conn| meta::get(conn, "schema_fingerprint")).unwrap();
    assert_eq!(kept.as_deref(), Some(&*migrate::fingerprint(at.db.target())));
}

/// The folders of one set, in order.
fn folders(kind: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(root().join("migrations").join(kind))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

fn up(kind: &str) -> String {
    folders(kind).iter().map(|folder| fs::read_to_string(folder.join("up.sql")).unwrap()).collect()
}

#[test]
fn both_sets_have_the_same_stamps_and_the_fingerprint_reads_them_all() {
    let names = |kind| -> Vec<String> {
        folders(kind).iter().map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert!(!names("sqlite").is_empty());
    assert_eq!(names("sqlite"), names("postgres"));
    for folder in folders("sqlite").into_iter().chain(folders("postgres")) {
        assert!(folder.join("up.sql").is_file() && folder.join("down.sql").is_file(), "{}", folder.display());
    }
    let source = fs::read_to_string(root().join("src/db/migrate.rs")).unwrap();
    let read: Vec<&str> = source
        .split("include_str!(\"../../migrations/")
        .skip(1)
        .map(|rest| rest.split_once("/up.sql\")").expect("only up.sql is read").0)
        .collect();
    let expected: Vec<String> = names("sqlite")
        .iter()
        .flat_map(|name| [format!("sqlite/{name}"), format!("postgres/{name}")])
        .collect();
    assert_eq!(read, expected, "OWN in src/db/migrate.rs names every folder, in order");
}

/// Where the two sets truly differ, by the statement's first words.
const DIFFERENT: [&str; 2] = ["CREATE TABLE feed", "CREATE INDEX feed_in_order"];

/// Keys, checks, references and indexes too: the statements are the same but for the names of types.
#[test]
fn both_sets_make_the_same() {
    let statements = |kind| -> BTreeSet<String> {
        let text: String = up(kind)
            .lines()
            .map(|line| line.split_once("--").map_or(line, |(statement, _)| statement))
            .collect::<Vec<_>>()
            .join(" ");
        text.split(';')
            .map(|statement| statement.split_whitespace().collect::<Vec<_>>().join(" "))
            .map(|statement| {
                [
                    (" INTEGER PRIMARY KEY", " BIGINT PRIMARY KEY"),
                    (" BLOB", " BYTEA"),
                    (" DOUBLE PRECISION", " DOUBLE"),
                    (" WITHOUT ROWID", ""),
                ]
                .iter()
                .fold(statement, |statement, (from, to)| statement.replace(from, to))
            })
            .filter(|statement| !DIFFERENT.iter().any(|start| statement.starts_with(start)))
            .collect()
    };
    let (sqlite, postgres) = (statements("sqlite"), statements("postgres"));
    assert!(sqlite.len() > 40, "the statements are found");
    let only: Vec<_> = sqlite.symmetric_difference(&postgres).collect();
    assert!(only.is_empty(), "in one set alone: {only:#?}");
}
