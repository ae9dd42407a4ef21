//! Rows as the database itself writes them, whatever is in them: to say later that they were other ones.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Text};
use diesel::sqlite::Sqlite;
use shiryan_kernel::{Problem, Result};

use super::Conn;

/// Every column of the rows of `table` whose `column` is one of `ids`, one text for each row, in one order. Both names are
/// the program's own.
///
/// # Errors
/// As any read.
pub fn said(conn: &mut Conn, table: &'static str, column: &str, ids: &[i64]) -> Result<Vec<String>> {
    Ok(match conn {
        Conn::Pg(c) => {
            let head = format!("SELECT row_to_json(t)::text FROM {table} t WHERE {column} = ANY(");
            Ask { head, ids, tail: format!(") ORDER BY {column}, 1") }.load(c)?
        }
        Conn::Sqlite(c) => {
            let whole = quoted(c, table)?;
            let head = format!("SELECT {whole} FROM {table} WHERE {column} IN (SELECT value FROM json_each(");
            let ids = serde_json::to_string(ids).map_err(Problem::internal)?;
            Ask { head, ids, tail: format!(")) ORDER BY {column}, 1") }.load(c)?
        }
    })
}

/// The columns of a table as one text, asked once in the life of the process.
fn quoted(c: &mut SqliteConnection, table: &'static str) -> Result<Arc<str>> {
    static KNOWN: RwLock<BTreeMap<&'static str, Arc<str>>> = RwLock::new(BTreeMap::new());
    if let Some(known) = KNOWN.read().unwrap_or_else(PoisonError::into_inner).get(table) {
        return Ok(known.clone());
    }
    let columns = format!("SELECT name FROM pragma_table_info('{table}') ORDER BY cid");
    let columns: Vec<Column> = diesel::sql_query(columns).load(c)?;
    let columns: Vec<String> =
        columns.into_iter().map(|column| format!("quote(\"{}\")", column.name)).collect();
    let whole: Arc<str> = columns.join("||','||").into();
    KNOWN.write().unwrap_or_else(PoisonError::into_inner).insert(table, whole.clone());
    Ok(whole)
}

#[derive(diesel::QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
}

/// A question whose text is the same each time, so that a connection prepares it once.
struct Ask<I> {
    head: String,
    ids: I,
    tail: String,
}

impl QueryFragment<Sqlite> for Ask<String> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Sqlite>) -> QueryResult<()> {
        pass.push_sql(&self.head);
        pass.push_bind_param::<Text, _>(&self.ids)?;
        pass.push_sql(&self.tail);
        Ok(())
    }
}

impl QueryFragment<Pg> for Ask<&[i64]> {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(&self.head);
        pass.push_bind_param::<Array<BigInt>, _>(&self.ids)?;
        pass.push_sql(&self.tail);
        Ok(())
    }
}

impl<I> QueryId for Ask<I> {
    /// The text tells.
    type QueryId = ();

    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<I> Query for Ask<I> {
    type SqlType = Text;
}

impl<I, C> RunQueryDsl<C> for Ask<I> {}
