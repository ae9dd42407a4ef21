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
use crate::donors::store::count_of_day;
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
    budget: Budget,
    (after, limit): (DonorId, usize),
) -> Result<LookUp> {
    let scope = Scope::of(tx.conn, by)?;
    if !budget.spend(tx, vault, by)? {
        return Ok(LookUp::OverBudget);
    }
    let mut donors = store::with_key(tx.conn, &scope, key, after, limit + 1)?;
    let more = donors.len() > limit;
    donors.truncate(limit);
    let last = donors.last().map(|donor| donor.id).filter(|_| more);
    let line = Line::new(Some(by.user), "donors.looked_up").with("field", key.field);
    audit::record(tx, vault, &line.with("found", donors.len()))?;
    Ok(LookUp::Found(Found { donors, last }))
}

/// A form was refused because a donor in sight has its number: its writer knows as much as by a look-up, and it is
/// counted and on record as one.
///
/// # Errors
/// As any write.
pub fn met_known(tx: &mut Tx, vault: &Vault, by: &Principal, budget: Budget) -> Result<()> {
    budget.spend(tx, vault, by)?;
    audit::record(tx, vault, &Line::new(Some(by.user), "donors.met_known")).map(drop)
}

/// How many exact look-ups a caller has on a civil day.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    pub a_day: i32,
    pub today: NaiveDate,
}

impl Budget {
    /// Takes one; whether there was one left. The first beyond is an alert.
    ///
    /// # Errors
    /// As any write.
    pub fn spend(self, tx: &mut Tx, vault: &Vault, by: &Principal) -> Result<bool> {
        let counted = count_of_day(tx.conn, "exact_look_up", by.user, self.today, self.a_day)?;
        if counted.is_some_and(|count| count > self.a_day) {
            let line = Line::new(Some(by.user), "donors.look_ups_over_budget").with("budget", self.a_day);
            audit::record(tx, vault, &line.alert())?;
        }
        Ok(counted.is_some_and(|count| count <= self.a_day))
    }
}
