//! A database that is full of work goes forward when a later release brings a further migration.

use std::collections::BTreeMap;
use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use shiryan::audit::{self, Verdict};
use shiryan::db::migrate::{OWN, State, Steps};
use shiryan::db::tables::units;
use shiryan::db::{Conn, Db, Size, Target};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::Code;
use shiryan_kernel::time::SystemClock;

use super::schema;
use crate::cli::{refused, shiryan, url};
use crate::support::databases::Empty;

both!(a_filled_database_goes_forward_and_keeps_what_it_holds);

const FOUNDATION: (&str, &str) = (
    include_str!("../../../migrations/sqlite/2026-11-24-000000_foundation/up.sql"),
    include_str!("../../../migrations/postgres/2026-11-24-000000_foundation/up.sql"),
);

/// A release with one migration more.
static LATER: Steps = Steps {
    sqlite: || {
        const SET: EmbeddedMigrations = embed_migrations!("tests/it/migrations/further/sqlite");
        SET
    },
    postgres: || {
        const SET: EmbeddedMigrations = embed_migrations!("tests/it/migrations/further/postgres");
        SET
    },
    texts: &[
        FOUNDATION,
        (
            include_str!("further/sqlite/2099-01-01-000000_further/up.sql"),
            include_str!("further/postgres/2099-01-01-000000_further/up.sql"),
        ),
    ],
};

/// One whose migration fails when half of it is done.
static BROKEN: Steps = Steps {
    sqlite: || {
        const SET: EmbeddedMigrations = embed_migrations!("tests/it/migrations/broken/sqlite");
        SET
    },
    postgres: || {
        const SET: EmbeddedMigrations = embed_migrations!("tests/it/migrations/broken/postgres");
        SET
    },
    texts: &[
        FOUNDATION,
        (
            include_str!("broken/sqlite/2099-01-01-000000_broken/up.sql"),
            include_str!("broken/postgres/2099-01-01-000000_broken/up.sql"),
        ),
    ],
};

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

fn open(target: &Target) -> Db {
    Db::open(target, Size(1), Arc::new(SystemClock)).unwrap()
}

fn count(db: &Db, statement: &str) -> i64 {
    let statement = format!("SELECT count(*) AS count FROM {statement}");
    let counted: Count = db
        .read_now(|conn| {
            Ok(match conn {
                Conn::Sqlite(c) => diesel::sql_query(&*statement).get_result(c)?,
                Conn::Pg(c) => diesel::sql_query(&*statement).get_result(c)?,
            })
        })
        .unwrap();
    counted.count
}

/// How many rows each table has, but those of the migrations themselves.
fn rows(target: &Target) -> BTreeMap<String, i64> {
    let tables: Vec<String> = schema::found(target).into_iter().map(|column| column.table).collect();
    let db = open(target);
    tables.into_iter().map(|table| (table.clone(), count(&db, &table))).collect()
}

fn a_filled_database_goes_forward_and_keeps_what_it_holds(at: Empty) {
    let home = tempfile::tempdir().unwrap();
    let url = url(&at);
    let made = ["demo", "--only-make", "--donors", "300", "--days", "60", "--database", &url];
    assert!(shiryan(home.path(), &made).output().unwrap().status.success());
    let before = rows(&at.target);
    assert!(
        before["donors"] >= 300 && before.values().filter(|count| **count > 0).count() > 15,
        "{before:?}"
    );
    assert_eq!(OWN.state(&at.target).unwrap(), State::Current);
    assert_eq!(LATER.state(&at.target).unwrap(), State::Behind);

    // Nobody of the older schema goes on beside the change.
    let beside = open(&at.target);
    let codes = |db: &Db| -> Vec<String> {
        db.read_now(|conn| Ok(units::table.order(units::id).select(units::name_en).load(conn)?)).unwrap()
    };
    let known = codes(&beside);
    let busy = LATER.run(&at.target).unwrap_err();
    assert_eq!(busy.code, Code::Busy);
    assert!(busy.cause.unwrap().contains("another program has it open"));
    drop(beside);

    // One that fails half-way leaves all as it was.
    assert_eq!(BROKEN.state(&at.target).unwrap(), State::Behind);
    let failed = BROKEN.run(&at.target).unwrap_err();
    assert!(failed.cause.unwrap().contains("nowhere"));
    assert_eq!(OWN.state(&at.target).unwrap(), State::Current);
    assert_eq!(rows(&at.target), before);

    LATER.run(&at.target).unwrap();
    assert_eq!(LATER.state(&at.target).unwrap(), State::Current);
    LATER.run(&at.target).unwrap();
    let mut after = rows(&at.target);
    assert!(after.remove("donors_of_units").unwrap() > 0);
    let moved = |name: &str| name.contains("migrations");
    assert!(after.iter().filter(|(name, _)| !moved(name)).eq(before.iter().filter(|(name, _)| !moved(name))));
    let db = open(&at.target);
    assert_eq!(codes(&db), known);
    assert_eq!(count(&db, "units WHERE remark = 'none'"), before["units"]);
    let told = count(&db, "donors WHERE unit_id IN (SELECT unit FROM donors_of_units)");
    assert_eq!(told, count(&db, "donors WHERE unit_id IS NOT NULL"));
    let vault = Vault::new(RootKey::read(&home.path().join("shiryan-demo.keys/root.key")).unwrap());
    let verdict = db.read_now(|conn| audit::verify(conn, &vault)).unwrap();
    assert!(matches!(verdict, Verdict::Whole(_)), "{verdict:?}");
    drop(db);

    // A program that knows less does not touch it.
    assert_eq!(OWN.state(&at.target).unwrap(), State::Foreign);
    let keys = home.path().join("shiryan-demo.keys/root.key");
    assert!(keys.exists());
    let said = refused(home.path(), &["demo", "--database", &url]);
    assert!(said.contains("another version of the schema"), "{said}");
    assert_eq!(rows(&at.target)["donors"], before["donors"]);
}
