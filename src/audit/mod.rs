//! The record of who did what: lines are written with the fact, and chained after by one sealer.
//!
//! A line carries ids and codes, never an identity. Its keyed digest is made at once; the link to the
//! line before it is made within a second by [`seal`], because a shared chain head in every write would
//! make all writes conflict.

pub mod api;
mod bare;
mod change;
mod earlier;
mod heads;
mod look;
pub mod pages;

use diesel::prelude::*;
use shiryan_kernel::ids::{AuditId, UserId};
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{audit_chain, audit_lines};
use crate::db::{Conn, Tx, insert_all, on_each};
use crate::vault::{Digests, Vault};
pub use bare::BARE;
pub use change::{Seen, Thing, made, made_all, seen, seen_all};
pub use earlier::change_root;
pub use heads::{Head, first_missing, head};
pub use look::{Action, Checked, Found, Reach, Sought, Words, lines, looked, reach};

/// A write that is tried again counts again: the figure says that there is something to look at, the record what.
const ALERTS: &str = "shiryan_alerts_total";
/// At most so many lines are chained in one write, so that nobody waits long behind it.
const SLICE: i64 = 256;

/// What happened.
#[derive(Debug, Clone)]
pub struct Line {
    pub actor: Option<UserId>,
    /// Room and verb, such as `donors.identity_opened`.
    pub action: &'static str,
    /// The id of what it happened to.
    pub subject: Option<String>,
    /// Codes and ids; an object.
    pub detail: serde_json::Value,
}

impl Line {
    #[must_use]
    pub fn new(actor: Option<UserId>, action: &'static str) -> Self {
        Self { actor, action, subject: None, detail: serde_json::json!({}) }
    }

    #[must_use]
    pub fn on(mut self, subject: impl ToString) -> Self {
        self.subject = Some(subject.to_string());
        self
    }

    /// Marks a line that somebody should look at.
    #[must_use]
    pub fn alert(self) -> Self {
        self.with("alert", true)
    }

    #[must_use]
    pub fn with(mut self, name: &str, fact: impl serde::Serialize) -> Self {
        if let (Some(detail), Ok(fact)) = (self.detail.as_object_mut(), serde_json::to_value(fact)) {
            detail.insert(name.to_owned(), fact);
        }
        self
    }
}

/// Writes a line that says nothing of rows, one of [`BARE`], in the transaction of the fact. Whatever changes a row is told by
/// [`Seen::record`].
///
/// # Errors
/// As any write.
pub fn record(tx: &mut Tx, vault: &Vault, line: &Line) -> Result<AuditId> {
    debug_assert!(bare::is_bare(line.action), "{} says nothing of what was changed", line.action);
    write(tx, vault, line)
}

fn write(tx: &mut Tx, vault: &Vault, line: &Line) -> Result<AuditId> {
    let id = tx.id();
    let at = tx.now.naive_utc();
    let actor = line.actor.map(|actor| actor.0);
    let detail = line.detail.to_string();
    let digest = digest(&vault.digests(), id, at, actor, line.action, line.subject.as_deref(), &detail);
    if line.detail.get("alert").is_some() {
        metrics::describe_counter!(ALERTS, "Lines of the record that somebody should look at.");
        metrics::counter!(ALERTS).increment(1);
    }
    let row = (
        audit_lines::id.eq(id),
        audit_lines::at.eq(at),
        audit_lines::actor.eq(actor),
        audit_lines::action.eq(line.action),
        audit_lines::subject.eq(line.subject.as_deref()),
        audit_lines::detail.eq(&detail),
        audit_lines::digest.eq(digest),
        audit_lines::chained.eq(false),
    );
    on_each!(tx.conn => c, diesel::insert_into(audit_lines::table).values(row).execute(c))?;
    Ok(AuditId(id))
}

fn digest(
    keyed: &Digests,
    id: i64,
    at: chrono::NaiveDateTime,
    actor: Option<i64>,
    action: &str,
    subject: Option<&str>,
    detail: &str,
) -> Vec<u8> {
    keyed.of(&[
        &id.to_be_bytes(),
        &at.and_utc().timestamp_micros().to_be_bytes(),
        &actor.unwrap_or(0).to_be_bytes(),
        action.as_bytes(),
        subject.unwrap_or_default().as_bytes(),
        detail.as_bytes(),
    ])
}

/// Chains the lines that no link holds yet; returns how many.
///
/// # Errors
/// As any write.
pub fn seal(tx: &mut Tx, vault: &Vault) -> Result<usize> {
    let lines: Vec<(i64, Vec<u8>)> = audit_lines::table
        .filter(diesel::dsl::not(audit_lines::chained))
        .order(audit_lines::id)
        .limit(SLICE)
        .select((audit_lines::id, audit_lines::digest))
        .load(tx.conn)?;
    let Some(head) = (if lines.is_empty() { None } else { Some(last(tx.conn)?) }) else { return Ok(0) };
    let (mut seq, mut hash) = head;
    let mut links = Vec::with_capacity(lines.len());
    let mut end = 0;
    for (line, digest) in lines {
        seq += 1;
        hash = vault.digest(&[&seq.to_be_bytes(), &hash, &digest]);
        links.push((
            audit_chain::seq.eq(seq),
            audit_chain::line.eq(line),
            audit_chain::hash.eq(hash.clone()),
        ));
        end = line;
    }
    insert_all!(tx.conn => audit_chain::table, links)?;
    // The slice is all that was not chained up to its end, in this transaction.
    let loose =
        audit_lines::table.filter(diesel::dsl::not(audit_lines::chained)).filter(audit_lines::id.le(end));
    let count = diesel::update(loose).set(audit_lines::chained.eq(true)).execute(tx.conn)?;
    if count != links.len() {
        return Err(Problem::internal("a line came between while the chain was made"));
    }
    Ok(count)
}

fn last(conn: &mut Conn) -> Result<(i64, Vec<u8>)> {
    Ok(audit_chain::table
        .order(audit_chain::seq.desc())
        .select((audit_chain::seq, audit_chain::hash))
        .first(conn)
        .optional()?
        .unwrap_or_default())
}

/// How many lines are marked as chained although no link holds them: their links were deleted.
///
/// # Errors
/// As any read.
pub fn loose(conn: &mut Conn) -> Result<i64> {
    let linked = audit_chain::table.filter(audit_chain::line.eq(audit_lines::id));
    on_each!(conn => c, audit_lines::table
        .filter(audit_lines::chained)
        .filter(diesel::dsl::not(diesel::dsl::exists(linked)))
        .count()
        .get_result(c))
    .map_err(Problem::from)
}

/// What reading the whole chain again found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Every link holds; so many lines.
    Whole(i64),
    /// The first link that does not hold.
    Broken(i64),
}

type Link = (i64, Vec<u8>, i64, chrono::NaiveDateTime, Option<i64>, String, Option<String>, String);

/// Reads the chain again, link by link.
///
/// # Errors
/// As any read.
pub fn verify(conn: &mut Conn, vault: &Vault) -> Result<Verdict> {
    verify_telling(conn, vault, |_| Ok(()))
}

/// The same, told how many links have been read.
///
/// # Errors
/// As any read; what `tell` says.
pub fn verify_telling(
    conn: &mut Conn,
    vault: &Vault,
    mut tell: impl FnMut(i64) -> Result<()>,
) -> Result<Verdict> {
    let earlier = earlier::all(conn, vault)?;
    let (mut seq, mut hash) = (0_i64, Vec::new());
    loop {
        let links: Vec<Link> = on_each!(conn => c, audit_chain::table
            .inner_join(audit_lines::table.on(audit_lines::id.eq(audit_chain::line)))
            .filter(audit_chain::seq.gt(seq))
            .order(audit_chain::seq)
            .limit(1_000)
            .select((
                audit_chain::seq,
                audit_chain::hash,
                audit_lines::id,
                audit_lines::at,
                audit_lines::actor,
                audit_lines::action,
                audit_lines::subject,
                audit_lines::detail,
            ))
            .load(c))
        .map_err(Problem::from)?;
        if links.is_empty() {
            return Ok(Verdict::Whole(seq));
        }
        for (at_seq, found, id, at, actor, action, subject, detail) in links {
            seq += 1;
            let keyed = earlier
                .iter()
                .find(|kept| seq <= kept.until)
                .map_or_else(|| vault.digests(), |kept| kept.digests.clone());
            let line = digest(&keyed, id, at, actor, &action, subject.as_deref(), &detail);
            hash = keyed.of(&[&seq.to_be_bytes(), &hash, &line]);
            if at_seq != seq || found != hash {
                return Ok(Verdict::Broken(seq));
            }
        }
        tell(seq)?;
    }
}
