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

/// Inserts a slice of rows, many in one statement.
///
/// Statements of exactly 32 rows keep one text, so that the connection prepares them once; a statement
/// of any other size is prepared anew each time, which costs more than the rows themselves.
#[macro_export]
macro_rules! insert_all {
    ($conn:expr => $table:expr, $rows:expr) => {{
        let (chunks, rest) = $rows.as_chunks::<32>();
        $crate::on_each!($conn => c, {
            let mut done = Ok(0);
            for chunk in chunks {
                done = done.and_then(|_| diesel::insert_into($table).values(chunk).execute(c));
            }
            if !rest.is_empty() {
                done = done.and_then(|_| diesel::insert_into($table).values(rest).execute(c));
            }
            done
        })
    }};
}
