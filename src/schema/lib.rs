//! The database's tables and the connection that speaks to either database. Nothing else.

pub mod tables;

use diesel::{PgConnection, SqliteConnection};

/// A connection to either database. The variant is chosen by the URL's scheme, never by trying.
#[derive(diesel::MultiConnection)]
pub enum Conn {
    Pg(PgConnection),
    Sqlite(SqliteConnection),
}

/// Runs one query body against whichever database is behind a [`Conn`], type-checking it twice.
///
/// Needed where the shared form lacks a construct: batch inserts, `on_conflict`, partial `returning`.
#[macro_export]
macro_rules! on_each {
    ($conn:expr => $c:ident, $query:expr) => {
        match $conn {
            $crate::Conn::Pg($c) => $query,
            $crate::Conn::Sqlite($c) => $query,
        }
    };
}
