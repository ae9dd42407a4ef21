//! Looking a person up by one exact number: counted, since whoever holds a list of numbers could ask for
//! each of them who serves.

use chrono::NaiveDate;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::text::{Email, NationalId, Phone, ServiceNumber};
use shiryan_kernel::{Problem, Result};

use super::{Found, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::Tx;
use crate::donors::person::Person;
use crate::donors::{Key, Scope};
use crate::vault::Vault;

/// A number or address that one person has, or a few share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exact {
    NationalId(NationalId),
    ServiceNumber(ServiceNumber),
    Phone(Phone),
    Email(Email),
}

impl Exact {
    /// The keyed tag under which registered donors have it.
    ///
    /// # Errors
    /// `internal` alone.
    pub fn key(self, vault: &Vault) -> Result<Key> {
        let mut person = Person::default();
        match self {
            Self::NationalId(value) => person.national_id = Some(value),
            Self::ServiceNumber(value) => person.service_number = Some(value),
            Self::Phone(value) => person.phone = Some(value),
            Self::Email(value) => person.email = Some(value),
        }
        let key = person.keys(vault).into_iter().next();
        key.ok_or_else(|| Problem::internal("an exact value without a key"))
    }
}

/// What an exact look-up came to. Both are committed: a refusal is on record too.
#[derive(Debug, PartialEq)]
pub enum LookUp {
    Found(Found),
    /// The caller has asked so often today that nothing was looked up.
    OverBudget,
}

/// Donors of the scope after `after` who have the key, oldest first, if the caller has asked fewer than
/// `budget` times today. Each is in the record by its field; the first over the budget is an alert.
///
/// # Errors
/// As any write.
pub fn look_up(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    key: &Key,
    budget: i32,
    today: NaiveDate,
    (after, limit): (DonorId, usize),
) -> Result<LookUp> {
    let scope = Scope::of(tx.conn, by)?;
    let line = |action| Line::new(Some(by.user), action).with("field", key.field);
    let counted = store::count_look_up(tx.conn, by.user, today, budget)?;
    if counted.is_none_or(|count| count > budget) {
        if counted.is_some() {
            let alert = line("donors.look_ups_over_budget").with("budget", budget).alert();
            audit::record(tx, vault, &alert)?;
        }
        return Ok(LookUp::OverBudget);
    }
    let mut donors = store::with_key(tx.conn, &scope, key, after, limit + 1)?;
    let more = donors.len() > limit;
    donors.truncate(limit);
    let last = donors.last().map(|donor| donor.id).filter(|_| more);
    audit::record(tx, vault, &line("donors.looked_up").with("found", donors.len()))?;
    Ok(LookUp::Found(Found { donors, last }))
}
