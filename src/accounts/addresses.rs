//! Where users are written to: sealed, set by an administrator or by themselves, opened when a letter goes out.

use diesel::prelude::*;
use shiryan_kernel::ids::{FacilityId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::text::Email;
use shiryan_kernel::{Problem, Result};

use super::store;
use crate::audit::{self, Line};
use crate::db::tables::{user_addresses, users};
use crate::db::{Conn, Tx, on_each};
use crate::texts::Lang;
use crate::vault::{Place, Vault};

/// Whom a letter is for.
pub struct Mailbox {
    pub email: Email,
    /// Arabic unless they switched.
    pub language: Lang,
}

fn place(user: UserId) -> Place {
    Place::of("user_addresses", "address", user.0)
}

/// An address in the record of changes.
const ADDRESS: audit::Thing = audit::Thing { name: "user_address", tables: &[("user_addresses", "user_id")] };

/// Sets where a user is written to; `None` forgets it.
///
/// # Errors
/// `not_found`.
pub fn set_address(
    tx: &mut Tx,
    vault: &Vault,
    by: UserId,
    user: UserId,
    address: Option<&Email>,
) -> Result<()> {
    store::is_disabled(tx.conn, user)?;
    let seen = audit::seen(tx.conn, vault, &ADDRESS, user.0)?;
    diesel::delete(user_addresses::table.find(user.0)).execute(tx.conn)?;
    if let Some(email) = address {
        diesel::insert_into(user_addresses::table)
            .values((
                user_addresses::user_id.eq(user),
                user_addresses::address.eq(vault.house().seal_text(place(user), email.as_str())),
                user_addresses::set_at.eq(tx.now.naive_utc()),
            ))
            .execute(tx.conn)?;
    }
    let line = Line::new(Some(by), "accounts.address").on(user).with("is_set", address.is_some());
    seen.record(tx, vault, line).map(drop)
}

/// Where a user is written to; `None` of one whose account is shut, or who has no address.
///
/// # Errors
/// `identity_damaged` of an address that does not open.
pub fn mailbox(conn: &mut Conn, vault: &Vault, user: UserId) -> Result<Option<Mailbox>> {
    let found: Option<(Vec<u8>, Option<String>)> = users::table
        .inner_join(user_addresses::table)
        .filter(users::id.eq(user))
        .filter(users::disabled.eq(false))
        .select((user_addresses::address, users::language))
        .first(conn)
        .optional()?;
    let Some((sealed, language)) = found else { return Ok(None) };
    let email = Email::parse(&vault.house().open_text(place(user), &sealed)?)?;
    let language = language.and_then(|own| own.parse().ok()).unwrap_or(Lang::Ar);
    Ok(Some(Mailbox { email, language }))
}

/// Users of this role, or of this facility, who can be written to.
///
/// # Errors
/// As any read.
pub fn readers(conn: &mut Conn, of: Readers) -> Result<Vec<UserId>> {
    on_each!(conn => c, {
        let all = users::table
            .inner_join(user_addresses::table)
            .filter(users::disabled.eq(false))
            .order(users::id)
            .select(users::id);
        match of {
            Readers::Role(role) => all.filter(users::role.eq(role)).load(c),
            Readers::Facility(facility) => all.filter(users::facility.eq(facility)).load(c),
        }
    })
    .map_err(Problem::from)
}

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub enum Readers {
    Role(Role),
    Facility(FacilityId),
}

/// Seals addresses under another root.
///
/// # Errors
/// As any write.
pub fn reseal_addresses(
    tx: &mut Tx,
    old: &Vault,
    new: &Vault,
    after: i64,
    limit: i64,
) -> Result<Option<i64>> {
    let rows: Vec<(UserId, Vec<u8>)> = user_addresses::table
        .filter(user_addresses::user_id.gt(after))
        .order(user_addresses::user_id)
        .limit(limit)
        .select((user_addresses::user_id, user_addresses::address))
        .load(tx.conn)?;
    let mut last = None;
    for (user, sealed) in rows {
        diesel::update(user_addresses::table.find(user.0))
            .set(user_addresses::address.eq(new.reseal(old, place(user), &sealed)))
            .execute(tx.conn)?;
        last = Some(user.0);
    }
    Ok(last)
}
