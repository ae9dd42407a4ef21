//! The columns as a database reports them, held to those that `src/schema/tables.rs` declares.

use std::fs;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Integer, Text};
use shiryan::db::{Conn, Db, Size, Target};
use shiryan_kernel::time::SystemClock;

use crate::support::databases::Migrated;

both!(tables_are_declared_as_they_are);

/// One column of one table.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Column {
    pub table: String,
    pub name: String,
    /// In the words of `table!`.
    pub kind: String,
    pub nullable: bool,
    /// Its place in the primary key, from 1; 0 outside of it.
    pub key: i32,
}

#[derive(Debug, QueryableByName)]
struct Reported {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    not_null: bool,
    #[diesel(sql_type = Integer)]
    key_place: i32,
}

const SQLITE: &str = "SELECT m.name AS table_name, c.name AS column_name, c.type AS kind, \
    c.\"notnull\" AS not_null, c.pk AS key_place \
    FROM sqlite_master m JOIN pragma_table_info(m.name) c \
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

const POSTGRES: &str = "SELECT c.table_name::text, c.column_name::text, c.udt_name::text AS kind, \
    c.is_nullable = 'NO' AS not_null, coalesce(k.ordinal_position::int, 0) AS key_place \
    FROM information_schema.columns c \
    LEFT JOIN (information_schema.table_constraints t \
        JOIN information_schema.key_column_usage k USING (constraint_schema, constraint_name, table_name)) \
      ON t.constraint_type = 'PRIMARY KEY' AND t.constraint_schema = c.table_schema \
      AND t.table_name = c.table_name AND k.column_name = c.column_name \
    WHERE c.table_schema = current_schema()";

/// Every column of the program's tables, in order of name.
pub fn found(target: &Target) -> Vec<Column> {
    let db = Db::open(target, Size(1), std::sync::Arc::new(SystemClock)).unwrap();
    let reported: Vec<Reported> = db
        .read_now(|conn| {
            Ok(match conn {
                Conn::Sqlite(c) => diesel::sql_query(SQLITE).load(c)?,
                Conn::Pg(c) => diesel::sql_query(POSTGRES).load(c)?,
            })
        })
        .unwrap();
    let composite: Vec<String> = reported
        .iter()
        .filter(|column| column.key_place == 2)
        .map(|column| column.table_name.clone())
        .collect();
    let mut columns: Vec<Column> = reported
        .into_iter()
        .filter(|column| column.table_name != "__diesel_schema_migrations")
        // The feed's order on PostgreSQL; never read through the typed layer.
        .filter(|column| (&*column.table_name, &*column.column_name) != ("feed", "xid"))
        .map(|column| Column {
            kind: declared_kind(&column, !composite.contains(&column.table_name)),
            table: column.table_name,
            name: column.column_name,
            nullable: !column.not_null,
            key: column.key_place,
        })
        .collect();
    columns.sort();
    columns
}

/// The `table!` type of a database's type. SQLite's `INTEGER` that is a key alone is its 64-bit row id.
fn declared_kind(column: &Reported, alone: bool) -> String {
    match &*column.kind {
        "INTEGER" if alone && column.key_place == 1 => "BigInt",
        "INTEGER" | "int4" => "Integer",
        "BIGINT" | "int8" => "BigInt",
        "TEXT" | "text" => "Text",
        "BOOLEAN" | "bool" => "Bool",
        "DATE" | "date" => "Date",
        "TIME" | "time" => "Time",
        "TIMESTAMP" | "timestamp" => "Timestamp",
        "BLOB" | "bytea" => "Binary",
        "DOUBLE" | "float8" => "Double",
        other => panic!("{}.{} is a {other}", column.table_name, column.column_name),
    }
    .to_owned()
}

/// Reads the `table!` declarations.
pub fn declared() -> Vec<Column> {
    let source = fs::read_to_string(super::root().join("src/schema/tables.rs")).unwrap();
    let mut columns = read(&source);
    columns.sort();
    columns
}

fn read(source: &str) -> Vec<Column> {
    let mut columns = Vec::new();
    for table in source.split("table! {").skip(1) {
        let mut lines = table.lines().map(str::trim).filter(|line| !line.is_empty());
        let (name, keys) = lines.next().unwrap().split_once(" (").expect("name (keys) {");
        let keys: Vec<&str> = keys.trim_end_matches(") {").split(", ").collect();
        for line in lines.take_while(|line| *line != "}").filter(|line| !line.starts_with("//")) {
            let (column, kind) = line.trim_end_matches(',').split_once(" -> ").expect("column -> Type,");
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let key = keys.iter().position(|key| *key == column).map_or(0, |place| place + 1);
            columns.push(Column {
                table: name.to_owned(),
                name: column.to_owned(),
                kind: inner.unwrap_or(kind).to_owned(),
                nullable: inner.is_some(),
                key: i32::try_from(key).unwrap(),
            });
        }
    }
    columns
}

fn tables_are_declared_as_they_are(at: Migrated) {
    let (declared, found) = (declared(), found(at.db.target()));
    let line = |column: &Column| format!("{column:?}");
    let missing: Vec<_> = found.iter().filter(|column| !declared.contains(column)).map(line).collect();
    let extra: Vec<_> = declared.iter().filter(|column| !found.contains(column)).map(line).collect();
    assert!(
        missing.is_empty() && extra.is_empty(),
        "only in the database: {missing:#?}\nonly declared: {extra:#?}"
    );
}

#[test]
fn a_declaration_is_read() {
    let columns = read(
        "diesel::table! {\n    pairs (left, right) {\n        right -> BigInt,\n        note -> Nullable<Text>,\n    }\n}\n",
    );
    let column = |name: &str, kind: &str, nullable, key| Column {
        table: "pairs".into(),
        name: name.into(),
        kind: kind.into(),
        nullable,
        key,
    };
    assert_eq!(columns, [column("right", "BigInt", false, 2), column("note", "Text", true, 0)]);
}
