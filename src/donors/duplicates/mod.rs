//! Records that may be one person: found when one is entered, amended or imported, held where nobody can
//! book them, and put on a worklist for somebody who sees both.
//!
//! Whoever enters such a record gets the answer of a new one: that the person is known is not told. A bank
//! officer or the physician lays the two side by side and says that they differ; nothing here joins two
//! records.

mod likeness;
mod review;
mod store;

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shiryan_kernel::ids::{DonorId, ReviewId, UserId};
use shiryan_kernel::status::{ReviewGround, ReviewState};
use shiryan_kernel::{Code, Result};

pub use review::{Review, SideBySide, differ, identities, reviews};

use super::person::Person;
use super::{Key, seal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// Another record that may be of the same person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twin {
    pub other: DonorId,
    pub ground: ReviewGround,
}

/// Records that are like a person's in phone, birth date and name; not those of which somebody has said
/// that they differ.
///
/// # Errors
/// As any read.
pub(super) fn alike(conn: &mut Conn, vault: &Vault, own: DonorId, person: &Person) -> Result<Vec<Twin>> {
    let (Some(band), Some(phone)) = (person.birth_band(), phone_of(vault, person)) else {
        return Ok(Vec::new());
    };
    let mut settled = store::settled_with(conn, own)?;
    settled.extend(super::records_of(conn, own, None)?.all);
    let mut twins = Vec::new();
    for other in store::sharing(conn, &phone, Some(band))? {
        if settled.contains(&other) {
            continue;
        }
        if opened(conn, vault, other)?.is_some_and(|known| likeness::is_alike(person, &known)) {
            twins.push(Twin { other, ground: ReviewGround::Person });
        }
    }
    Ok(twins)
}

fn phone_of(vault: &Vault, person: &Person) -> Option<Key> {
    person.keys(vault).into_iter().find(|key| key.field == "tel")
}

/// A person, or none whose cells do not open: a damaged record must not stop another's entry.
fn opened(conn: &mut Conn, vault: &Vault, id: DonorId) -> Result<Option<Person>> {
    let open = |conn: &mut Conn| {
        let key = super::key(conn, vault, id)?;
        seal::open(&key, &super::store::identity(conn, id)?)
    };
    match open(conn) {
        Ok(person) => Ok(Some(person)),
        Err(problem) if problem.code == Code::IdentityDamaged => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// A pair in the record of changes.
const REVIEW: audit::Thing = audit::Thing { name: "review", tables: &[("reviews", "id")] };

/// Puts a record and those that it may repeat on the worklist; how many pairs were not on it.
///
/// # Errors
/// As any write.
pub(super) fn note(
    tx: &mut Tx,
    vault: &Vault,
    by: Option<UserId>,
    donor: DonorId,
    twins: &[Twin],
) -> Result<usize> {
    let mut opened = 0;
    for twin in twins {
        let id = ReviewId(tx.id());
        if store::open_pair(tx, id, donor, *twin)? {
            opened += 1;
            feed::append(tx, "review", id.0, "open")?;
            let line = Line::new(by, "donors.review_opened").on(donor).with("other", twin.other);
            audit::made(&REVIEW, id.0).record(tx, vault, line.with("ground", twin.ground))?;
        }
    }
    Ok(opened)
}

/// Phone numbers that several donors have, by their tags, after `after`.
///
/// # Errors
/// As any read.
pub fn shared_phones(conn: &mut Conn, after: &[u8], limit: i64) -> Result<Vec<Vec<u8>>> {
    store::shared_phones(conn, after, limit)
}

/// Records that are like an older one of the same phone number: the newer of each pair first.
///
/// # Errors
/// As any read.
pub fn alike_by_phone(conn: &mut Conn, vault: &Vault, phone: Vec<u8>) -> Result<Vec<(DonorId, DonorId)>> {
    let sharing = store::sharing(conn, &Key { field: "tel", tag: phone }, None)?;
    let mut born: BTreeMap<NaiveDate, Vec<(DonorId, Person)>> = BTreeMap::new();
    for id in sharing {
        let Some(person) = opened(conn, vault, id)? else { continue };
        let Some(birth_date) = person.birth_date else { continue };
        born.entry(birth_date).or_default().push((id, person));
    }
    let mut pairs = Vec::new();
    for people in born.values() {
        for (at, (newer, person)) in people.iter().enumerate() {
            let older = people.iter().take(at);
            let alike = older.filter(|(_, other)| likeness::is_alike(person, other));
            pairs.extend(alike.map(|(other, _)| (*newer, *other)));
        }
    }
    Ok(pairs)
}

/// Holds a record for review because it is like an older one; whether that is new.
///
/// # Errors
/// As any write.
pub fn hold(tx: &mut Tx, vault: &Vault, newer: DonorId, older: DonorId) -> Result<bool> {
    if store::settled_with(tx.conn, newer)?.contains(&older) {
        return Ok(false);
    }
    if store::hold(tx.conn, newer)? {
        feed::append(tx, "donor", newer.0, "standing")?;
    } else if !store::is_held(tx.conn, newer)? {
        return Ok(false);
    }
    Ok(note(tx, vault, None, newer, &[Twin { other: older, ground: ReviewGround::Person }])? > 0)
}

/// Settles the open pairs between two sides that have become one person, and lets go whom nothing else holds.
///
/// # Errors
/// As any write.
pub(super) fn settle_between(tx: &mut Tx, by: UserId, sides: (&[DonorId], &[DonorId])) -> Result<()> {
    for (id, donor) in store::between(tx.conn, ReviewState::Open, sides)? {
        store::settle(tx, id, by, ReviewState::Merged)?;
        feed::append(tx, "review", id.0, ReviewState::Merged.code())?;
        if !store::is_held(tx.conn, donor)? {
            store::release(tx.conn, donor)?;
        }
    }
    Ok(())
}

/// Opens those pairs again, and holds whom they held.
///
/// # Errors
/// As any write.
pub(super) fn reopen_between(tx: &mut Tx, sides: (&[DonorId], &[DonorId])) -> Result<()> {
    for (id, donor) in store::between(tx.conn, ReviewState::Merged, sides)? {
        store::reopen(tx.conn, id)?;
        feed::append(tx, "review", id.0, ReviewState::Open.code())?;
        store::hold(tx.conn, donor)?;
    }
    Ok(())
}
