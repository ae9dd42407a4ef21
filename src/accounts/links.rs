//! What one donor may do once by a secret address: one donor, one thing, one act.
//!
//! The address is worked out from the link's number under a key of the house and kept as its digest, so that a request
//! which is sent twice gets the same one. Reading it does nothing. One that is unknown, used or over answers alike.

use diesel::prelude::*;
use shiryan_kernel::ids::{DonorId, LinkId, MessageId, UserId};
use shiryan_kernel::status::LinkVerb;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use crate::audit::{self, Line};
use crate::db::tables::links;
use crate::db::{Conn, Tx};
use crate::vault::{Vault, hex, sha256};

/// A link that is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = links)]
pub struct Link {
    pub id: LinkId,
    pub donor: DonorId,
    pub verb: LinkVerb,
    /// An appointment, a drive, a donation, a visit, or the donor.
    pub subject: i64,
}

/// A link to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewLink {
    pub donor: DonorId,
    pub verb: LinkVerb,
    pub subject: i64,
    pub expires_at: Moment,
}

/// The secret part of a link's address.
#[must_use]
pub fn link_secret(vault: &Vault, id: LinkId) -> String {
    hex(&vault.tag("link", &id.to_string()))
}

/// A link in the record of changes.
const LINK: audit::Thing = audit::Thing { name: "link", tables: &[("links", "id")] };

/// Makes a link.
///
/// # Errors
/// `out_of_range` of one that would be over already.
pub fn make_link(tx: &mut Tx, vault: &Vault, by: Option<UserId>, new: &NewLink) -> Result<LinkId> {
    if new.expires_at <= tx.now {
        return Err(Problem::new(Code::OutOfRange));
    }
    let id = LinkId(tx.id());
    diesel::insert_into(links::table)
        .values((
            links::id.eq(id),
            links::donor.eq(new.donor),
            links::verb.eq(new.verb),
            links::subject.eq(new.subject),
            links::secret_hash.eq(sha256(link_secret(vault, id).as_bytes())),
            links::made_at.eq(tx.now.naive_utc()),
            links::made_by.eq(by),
            links::expires_at.eq(new.expires_at.naive_utc()),
        ))
        .execute(tx.conn)?;
    audit::made(&LINK, id.0).record(
        tx,
        vault,
        Line::new(by, "accounts.link_made").on(id).with("verb", new.verb),
    )?;
    Ok(id)
}

/// The link that a message carries for an act: made once for each, and the same one when the message is tried again.
///
/// # Errors
/// As any write.
pub fn carry_link(tx: &mut Tx, vault: &Vault, message: MessageId, new: &NewLink) -> Result<LinkId> {
    let known: Option<LinkId> = links::table
        .filter(links::message.eq(message))
        .filter(links::verb.eq(new.verb))
        .select(links::id)
        .first(tx.conn)
        .optional()?;
    let id = known.unwrap_or(LinkId(tx.id()));
    // The root key may have changed since the first try.
    let secret_hash = sha256(link_secret(vault, id).as_bytes());
    if known.is_some() {
        diesel::update(links::table.find(id.0)).set(links::secret_hash.eq(secret_hash)).execute(tx.conn)?;
        return Ok(id);
    }
    diesel::insert_into(links::table)
        .values((
            links::id.eq(id),
            links::donor.eq(new.donor),
            links::verb.eq(new.verb),
            links::subject.eq(new.subject),
            links::secret_hash.eq(secret_hash),
            links::made_at.eq(tx.now.naive_utc()),
            links::expires_at.eq(new.expires_at.naive_utc()),
            links::message.eq(message),
        ))
        .execute(tx.conn)?;
    Ok(id)
}

/// Forgets links that are over.
///
/// # Errors
/// As any write.
pub fn forget_over(tx: &mut Tx) -> Result<usize> {
    Ok(diesel::delete(links::table.filter(links::expires_at.lt(tx.now.naive_utc()))).execute(tx.conn)?)
}

/// The link behind an address.
///
/// # Errors
/// `not_found` of one that is unknown, used or over.
pub fn link(conn: &mut Conn, now: Moment, secret: &str) -> Result<Link> {
    Ok(links::table
        .filter(links::secret_hash.eq(sha256(secret.as_bytes())))
        .filter(links::used_at.is_null())
        .filter(links::expires_at.gt(now.naive_utc()))
        .select(Link::as_select())
        .first(conn)?)
}

/// Uses a link up, in the transaction of its act.
///
/// # Errors
/// `not_found` of one that somebody used meanwhile, or that is over.
pub fn use_link(tx: &mut Tx, vault: &Vault, found: &Link) -> Result<()> {
    let seen = audit::seen(tx.conn, vault, &LINK, found.id.0)?;
    let used = diesel::update(links::table.find(found.id.0))
        .filter(links::used_at.is_null())
        .filter(links::expires_at.gt(tx.now.naive_utc()))
        .set(links::used_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    if used == 0 {
        return Err(Problem::new(Code::NotFound));
    }
    seen.record(tx, vault, Line::new(None, "accounts.link_used").on(found.id).with("verb", found.verb))?;
    Ok(())
}

/// Forgets the links of a donor who was erased.
///
/// # Errors
/// As any write.
pub fn forget_links(conn: &mut Conn, donor: DonorId) -> Result<()> {
    diesel::delete(links::table.filter(links::donor.eq(donor))).execute(conn)?;
    Ok(())
}
