//! What a thing was before and after a change, as keyed digests of its rows: equal digests, equal rows, and nothing that
//! tells what stands there (B8).
//!
//! The digests stand in the line and are chained with it. Where each change of a thing is seen so, the digest after one is the
//! digest before the next, and a row that was written past the program shows.

use shiryan_kernel::Result;
use shiryan_kernel::ids::AuditId;

use super::{Line, record};
use crate::db::{Conn, Tx, row};
use crate::vault::{Vault, hex};

/// Bytes of a digest in a line.
const SIZE: usize = 16;

/// A kind of thing: its name in the record, and the tables of which it is, each with the column that holds its id.
#[derive(Debug)]
pub struct Thing {
    pub name: &'static str,
    pub tables: &'static [(&'static str, &'static str)],
}

/// A thing as it was before a change.
#[derive(Debug)]
pub struct Seen {
    thing: &'static Thing,
    id: i64,
    before: Option<String>,
}

/// Looks at a thing that is about to change.
///
/// # Errors
/// As any read.
pub fn seen(conn: &mut Conn, vault: &Vault, thing: &'static Thing, id: i64) -> Result<Seen> {
    Ok(Seen { thing, id, before: digest(conn, vault, thing, id)? })
}

/// A thing that is about to be made.
#[must_use]
pub const fn made(thing: &'static Thing, id: i64) -> Seen {
    Seen { thing, id, before: None }
}

impl Seen {
    /// Writes a line in the transaction of the change, with what the thing was and what it is now.
    ///
    /// # Errors
    /// As any write.
    pub fn record(self, tx: &mut Tx, vault: &Vault, line: Line) -> Result<AuditId> {
        let after = digest(tx.conn, vault, self.thing, self.id)?;
        let line = line.with("thing", self.thing.name).with("before", self.before).with("after", after);
        record(tx, vault, &line)
    }
}

/// None of what is not there.
fn digest(conn: &mut Conn, vault: &Vault, thing: &Thing, id: i64) -> Result<Option<String>> {
    let mut parts = vec![b"row".to_vec(), thing.name.as_bytes().to_vec(), id.to_be_bytes().to_vec()];
    let named = parts.len();
    for (table, column) in thing.tables {
        parts.extend(row::said(conn, table, column, id)?.into_iter().map(String::into_bytes));
        // Where one table's rows end and the next one's begin.
        parts.push(table.as_bytes().to_vec());
    }
    if parts.len() == named + thing.tables.len() {
        return Ok(None);
    }
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let mut digest = vault.digest(&parts);
    digest.truncate(SIZE);
    Ok(Some(hex(&digest)))
}
