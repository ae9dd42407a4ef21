//! What things were before and after a change, as keyed digests of their rows: equal digests, equal rows, and nothing that
//! tells what stands there (B8).
//!
//! The digests stand in the line and are chained with it. Where each change of a thing is seen so, the digest after one is the
//! digest before the next, and a row that was written past the program shows.

use serde_json::json;
use shiryan_kernel::Result;
use shiryan_kernel::ids::AuditId;

use super::{Line, write};
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

/// Things as they were before a change, kind by kind.
#[derive(Debug)]
pub struct Seen(Vec<Those>);

/// Things of a kind, in the order of their ids.
#[derive(Debug)]
struct Those {
    thing: &'static Thing,
    ids: Vec<i64>,
    before: Option<String>,
}

/// Looks at a thing that is about to change.
///
/// # Errors
/// As any read.
pub fn seen(conn: &mut Conn, vault: &Vault, thing: &'static Thing, id: i64) -> Result<Seen> {
    seen_all(conn, vault, thing, [id])
}

/// Looks at things of a kind that are about to change: one digest over all of them.
///
/// # Errors
/// As any read.
pub fn seen_all(
    conn: &mut Conn,
    vault: &Vault,
    thing: &'static Thing,
    ids: impl IntoIterator<Item = i64>,
) -> Result<Seen> {
    let mut those = Those::of(thing, ids);
    those.before = those.digest(conn, vault)?;
    Ok(Seen(vec![those]))
}

/// A thing that is about to be made.
#[must_use]
pub fn made(thing: &'static Thing, id: i64) -> Seen {
    made_all(thing, [id])
}

/// Things of a kind that are about to be made.
#[must_use]
pub fn made_all(thing: &'static Thing, ids: impl IntoIterator<Item = i64>) -> Seen {
    Seen(vec![Those::of(thing, ids)])
}

impl Seen {
    /// With things of another kind that the same line is about.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Writes a line in the transaction of the change, with what the things were and what they are now.
    ///
    /// # Errors
    /// As any write.
    pub fn record(self, tx: &mut Tx, vault: &Vault, line: Line) -> Result<AuditId> {
        let mut kinds = Vec::with_capacity(self.0.len());
        for those in self.0 {
            let after = those.digest(tx.conn, vault)?;
            kinds.push((those.thing.name, those.before, after));
        }
        let mut kinds = kinds.into_iter();
        let (thing, before, after) = kinds.next().unwrap_or_default();
        let line = line.with("thing", thing).with("before", before).with("after", after);
        let beside: Vec<_> = kinds
            .map(|(thing, before, after)| json!({"thing": thing, "before": before, "after": after}))
            .collect();
        let line = if beside.is_empty() { line } else { line.with("beside", beside) };
        write(tx, vault, &line)
    }
}

impl Those {
    fn of(thing: &'static Thing, ids: impl IntoIterator<Item = i64>) -> Self {
        let mut ids: Vec<i64> = ids.into_iter().collect();
        ids.sort_unstable();
        ids.dedup();
        Self { thing, ids, before: None }
    }

    /// None of what is not there.
    fn digest(&self, conn: &mut Conn, vault: &Vault) -> Result<Option<String>> {
        let mut parts = vec![b"row".to_vec(), self.thing.name.as_bytes().to_vec()];
        parts.extend(self.ids.iter().map(|id| id.to_be_bytes().to_vec()));
        let mut is_there = false;
        for (table, column) in self.thing.tables {
            let rows = row::said(conn, table, column, &self.ids)?;
            is_there |= !rows.is_empty();
            parts.extend(rows.into_iter().map(String::into_bytes));
            // Where one table's rows end and the next one's begin.
            parts.push(table.as_bytes().to_vec());
        }
        if !is_there {
            return Ok(None);
        }
        let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
        let mut digest = vault.digest(&parts);
        digest.truncate(SIZE);
        Ok(Some(hex(&digest)))
    }
}
