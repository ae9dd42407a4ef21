//! Keys of digests from before a change of the root key: the chain up to there is verified with them.

use serde::{Deserialize, Serialize};
use shiryan_kernel::{Problem, Result};

use super::last;
use crate::db::{Conn, Tx, meta};
use crate::vault::{Digests, Place, Vault, hex, unhex};

const KEPT: &str = "audit_digests";

/// The digests of an earlier root, and the last link that they made.
#[derive(Debug)]
pub struct Kept {
    pub until: i64,
    pub digests: Digests,
}

#[derive(Debug, Serialize, Deserialize)]
struct Row {
    until: i64,
    key: String,
}

fn place(until: i64) -> Place {
    Place::of("meta", KEPT, until)
}

fn rows(conn: &mut Conn) -> Result<Vec<Row>> {
    match meta::get(conn, KEPT)? {
        None => Ok(Vec::new()),
        Some(text) => serde_json::from_str(&text).map_err(Problem::internal),
    }
}

fn sealed(row: &Row) -> Result<Vec<u8>> {
    unhex(&row.key).ok_or_else(|| Problem::internal("audit_digests is damaged"))
}

/// All of them, oldest first.
pub fn all(conn: &mut Conn, vault: &Vault) -> Result<Vec<Kept>> {
    let open = |row: Row| {
        let digests = vault.digests_kept(place(row.until), &sealed(&row)?)?;
        Ok(Kept { until: row.until, digests })
    };
    rows(conn)?.into_iter().map(open).collect()
}

/// Keeps the old root's digests for the chain as it stands, and seals those of still earlier roots anew. Every
/// line must be chained.
///
/// # Errors
/// As any write.
pub fn change_root(tx: &mut Tx, old: &Vault, new: &Vault) -> Result<()> {
    let mut rows = rows(tx.conn)?;
    for row in &mut rows {
        row.key = hex(&new.reseal(old, place(row.until), &sealed(row)?));
    }
    let (until, _) = last(tx.conn)?;
    if rows.last().is_none_or(|last| last.until < until) {
        rows.push(Row { until, key: hex(&new.keep_digests_of(old, place(until))) });
    }
    let text = serde_json::to_string(&rows).map_err(Problem::internal)?;
    meta::put(tx.conn, KEPT, &text)
}
