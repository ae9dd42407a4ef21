//! Rows as the database itself writes them, whatever is in them: to say later that they were other ones.

use diesel::prelude::*;
use diesel::sql_types::Text;
use shiryan_kernel::Result;

use super::{Conn, on_each};

#[derive(diesel::QueryableByName)]
struct Said {
    #[diesel(sql_type = Text)]
    said: String,
}

/// Every column of the rows of `table` whose `column` is `id`, one text for each row, in one order. Both names are the
/// program's own.
///
/// # Errors
/// As any read.
pub fn said(conn: &mut Conn, table: &str, column: &str, id: i64) -> Result<Vec<String>> {
    let whole = match conn {
        Conn::Pg(_) => "row_to_json(t)::text".to_owned(),
        Conn::Sqlite(_) => {
            let columns = format!("SELECT name AS said FROM pragma_table_info('{table}') ORDER BY cid");
            let columns = ask(conn, columns)?;
            columns.iter().map(|name| format!("quote(\"{name}\")")).collect::<Vec<_>>().join("||','||")
        }
    };
    ask(conn, format!("SELECT {whole} AS said FROM {table} t WHERE {column} = {id} ORDER BY 1"))
}

fn ask(conn: &mut Conn, statement: String) -> Result<Vec<String>> {
    let rows: Vec<Said> = on_each!(conn => c, diesel::sql_query(statement).load(c))?;
    Ok(rows.into_iter().map(|row| row.said).collect())
}
