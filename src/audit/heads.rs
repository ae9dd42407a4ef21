//! The chain's head, to be kept elsewhere: a chain alone proves that it agrees with itself, a head that left the machine
//! proves that nobody made it anew.

use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::time::Moment;

use crate::db::Conn;
use crate::db::tables::audit_chain;
use crate::vault::hex;

/// How far the chain reached at a moment; one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// Links so far.
    pub seq: i64,
    /// The last link's keyed digest, in hexadecimal.
    pub hash: String,
    pub at: Moment,
}

/// The head now; none of an empty chain.
///
/// # Errors
/// As any read.
pub fn head(conn: &mut Conn, now: Moment) -> Result<Option<Head>> {
    let last: Option<(i64, Vec<u8>)> = audit_chain::table
        .order(audit_chain::seq.desc())
        .select((audit_chain::seq, audit_chain::hash))
        .first(conn)
        .optional()?;
    Ok(last.map(|(seq, hash)| Head { seq, hash: hex(&hash), at: now }))
}

/// The first of these heads, in their order, that the chain does not hold any more.
///
/// # Errors
/// As any read.
pub fn first_missing<'a>(conn: &mut Conn, heads: &'a [Head]) -> Result<Option<&'a Head>> {
    for head in heads {
        let found: Option<Vec<u8>> =
            audit_chain::table.find(head.seq).select(audit_chain::hash).first(conn).optional()?;
        if found.is_none_or(|hash| hex(&hash) != head.hash) {
            return Ok(Some(head));
        }
    }
    Ok(None)
}
