//! The outbox: what donors and users are to be told by message, queued with the fact and sent beside requests.
//!
//! A row holds the reader's id, the template and what it is about, never an address or a name: the address is
//! opened when the message goes out. One notice of a kind about a thing is queued once, however often it is
//! asked for. A message is claimed for a while by whoever sends it; when that one dies, another takes it up, so
//! that none is lost and the one in flight may leave twice under one `Message-ID`. What cannot be sent says so,
//! with a code, to those who look after the donor.

pub mod api;
mod claim;
mod letter;
pub mod pages;
pub mod rules;
mod store;

use std::collections::HashMap;

use chrono::Duration;
use shiryan_kernel::ids::{DonorId, MessageId, UserId};
use shiryan_kernel::message::{MessageState, Template, Told, Unsent};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

pub use store::Posted;

pub use claim::{About, Door, Entry, Held, Terms, claim};

/// How long what became of a message is known.
const KEPT: Duration = Duration::days(90);

/// How long a letter to a user is of use.
const OF_USE: Duration = Duration::days(2);

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    pub template: Template,
    pub donor: DonorId,
    /// The id of what it is about; the template says of which kind.
    pub subject: i64,
    /// Not before this.
    pub due_at: Moment,
    /// Nor after: then it is of no use any more.
    pub useful_until: Moment,
}

/// A message in the record of changes.
const MESSAGE: audit::Thing = audit::Thing { name: "message", tables: &[("messages", "id")] };

/// Queues a notice; `false` when one of its kind about the same was queued before.
///
/// # Errors
/// As any write.
pub fn queue(tx: &mut Tx, vault: &Vault, notice: &Notice) -> Result<bool> {
    let id = MessageId(tx.id());
    if !store::insert(tx, id, notice)? {
        return Ok(false);
    }
    let line = Line::new(None, "messages.queued").on(id).with("template", notice.template);
    audit::made(&MESSAGE, id.0).record(
        tx,
        vault,
        line.with("subject", shiryan_kernel::ids::write(notice.subject)),
    )?;
    feed::append(tx, "message", id.0, "queued")?;
    Ok(true)
}

/// Tells users that there is something to look at, by a letter that says not what. While one of its kind waits for them
/// they get no second.
///
/// # Errors
/// As any write.
pub fn tell_users(tx: &mut Tx, template: Template, readers: &[UserId]) -> Result<()> {
    for reader in readers.iter().copied() {
        if store::waits(tx.conn, template, reader)? {
            continue;
        }
        let id = MessageId(tx.id());
        store::insert_for_user(tx, id, template, reader, tx.now + OF_USE)?;
        feed::append(tx, "message", id.0, "queued")?;
    }
    Ok(())
}

/// Whether a message is due, or nobody holds it any more.
///
/// # Errors
/// As any read.
pub fn any_due(conn: &mut Conn, now: Moment) -> Result<bool> {
    Ok(!store::due(conn, now.naive_utc(), 1)?.is_empty())
}

/// How many messages have not ended: due now or later.
///
/// # Errors
/// As any read.
pub fn waiting(conn: &mut Conn) -> Result<i64> {
    store::waiting(conn)
}

/// Removes messages that ended ninety days ago and are of no use any more.
///
/// # Errors
/// As any write.
pub fn forget_old(tx: &mut Tx) -> Result<usize> {
    store::forget_old(tx.conn, (tx.now - KEPT).naive_utc())
}

/// The mail server took it.
///
/// # Errors
/// As any write.
pub fn sent(tx: &mut Tx, vault: &Vault, held: &Held) -> Result<()> {
    let seen = audit::seen(tx.conn, vault, &MESSAGE, held.id.0)?;
    if store::sent(tx, held.id, held.attempts)? {
        seen.record(tx, vault, Line::new(None, "messages.sent").on(held.id))?;
        feed::append(tx, "message", held.id.0, "sent")?;
    }
    Ok(())
}

/// It did not leave: it is tried again, unless that happened too often or `refused` for good.
///
/// # Errors
/// As any write.
pub fn failed(tx: &mut Tx, vault: &Vault, held: &Held, most: i32, refused: bool, code: &str) -> Result<()> {
    let reason = match (refused, held.attempts >= most) {
        (true, _) => Unsent::Refused,
        (false, true) => Unsent::Unreachable,
        (false, false) => {
            let due = tx.now + rules::pause(held.attempts);
            return store::again(tx, held.id, held.attempts, due.naive_utc(), code).map(drop);
        }
    };
    end_unsent(tx, vault, held.id, held.attempts, reason, Some(code))
}

fn end_unsent(
    tx: &mut Tx,
    vault: &Vault,
    id: MessageId,
    attempts: i32,
    reason: Unsent,
    code: Option<&str>,
) -> Result<()> {
    let seen = audit::seen(tx.conn, vault, &MESSAGE, id.0)?;
    if store::unsent(tx, id, attempts, reason, code)? {
        seen.record(tx, vault, Line::new(None, "messages.unsent").on(id).with("reason", reason))?;
        feed::append(tx, "message", id.0, "unsent")?;
    }
    Ok(())
}

/// Why a message may have stayed that somebody could mend: a server that was down, an address that was missing.
pub const MENDABLE: [Unsent; 4] =
    [Unsent::NoTransport, Unsent::NoAddress, Unsent::Refused, Unsent::Unreachable];

/// What became of messages, the newest first.
///
/// # Errors
/// As any read.
pub fn posted(
    conn: &mut Conn,
    state: Option<MessageState>,
    template: Option<Template>,
    before: Option<MessageId>,
    limit: i64,
) -> Result<Vec<Posted>> {
    store::posted(conn, state, template, before, limit)
}

/// Lets a message that did not leave be tried once more, now.
///
/// # Errors
/// `not_found`; `state_conflict` of one that waits or was sent, that nobody could mend, or that comes too late.
pub fn try_again(tx: &mut Tx, vault: &Vault, by: UserId, id: MessageId) -> Result<()> {
    let seen = audit::seen(tx.conn, vault, &MESSAGE, id.0)?;
    if !store::try_again(tx, id, &MENDABLE)? {
        let code = if store::is_there(tx.conn, id)? { Code::StateConflict } else { Code::NotFound };
        return Err(Problem::new(code));
    }
    seen.record(tx, vault, Line::new(Some(by), "messages.tried_again").on(id))?;
    feed::append(tx, "message", id.0, "queued")
}

/// Whether those whom these notices are for were told, by what the notices are about.
///
/// # Errors
/// As any read.
pub fn told(conn: &mut Conn, template: Template, subjects: &[i64]) -> Result<HashMap<i64, Told>> {
    let rows = store::states(conn, template, subjects)?;
    Ok(rows.into_iter().map(|(subject, state)| (subject, state.told(template))).collect())
}

/// Removes what waits for a donor who is erased.
///
/// # Errors
/// As any write.
pub fn forget(conn: &mut Conn, donor: DonorId) -> Result<()> {
    store::forget(conn, donor)
}
