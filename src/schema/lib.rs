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

/// A statement of one fixed text, prepared once on a connection.
///
/// Diesel prepares every UPDATE and every savepoint anew each time. Where a statement runs thousands of times a second
/// it is written out here: texts and values in turn.
///
/// ```
/// shiryan_schema::fixed! {
///     /// Gives a place back.
///     pub struct FreePlace:
///     "UPDATE slots SET booked = booked - 1 WHERE booked > 0 AND id = " (slot: BigInt = i64)
/// }
/// ```
#[macro_export]
macro_rules! fixed {
    ($(#[$note:meta])* $vis:vis struct $name:ident:
     $($text:literal $(($field:ident: $sql:ident = $of:ty))?)+) => {
        $(#[$note])*
        #[derive(Debug)]
        $vis struct $name {
            $($(pub $field: $of,)?)+
        }

        impl<DB> diesel::query_builder::QueryFragment<DB> for $name
        where
            DB: diesel::backend::Backend,
            $($(DB: diesel::sql_types::HasSqlType<diesel::sql_types::$sql>,
            $of: diesel::serialize::ToSql<diesel::sql_types::$sql, DB>,)?)+
        {
            fn walk_ast<'b>(
                &'b self,
                mut pass: diesel::query_builder::AstPass<'_, 'b, DB>,
            ) -> diesel::QueryResult<()> {
                $(
                    pass.push_sql($text);
                    $(pass.push_bind_param::<diesel::sql_types::$sql, _>(&self.$field)?;)?
                )+
                Ok(())
            }
        }

        impl diesel::query_builder::QueryId for $name {
            type QueryId = Self;

            const HAS_STATIC_QUERY_ID: bool = true;
        }

        impl<C> diesel::RunQueryDsl<C> for $name {}
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
