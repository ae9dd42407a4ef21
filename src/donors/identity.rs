//! Opening one donor's identity: for a purpose, on the record, before anything is shown.

use chrono::NaiveDate;
use serde::Serialize;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::text::PersonName;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::person::Person;
use super::{Budget, Locality, Scope, glass, key, seal, store, unerased};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::Tx;
use crate::vault::Vault;

shiryan_kernel::word! {
    /// Why an identity is opened.
    pub enum Purpose {
        /// The person stands here and says who they are.
        CheckIn = "check_in",
        /// To reach the donor about an appointment or an appeal.
        Contact = "contact",
        /// To correct the record with the donor.
        Correction = "correction",
        /// The physician tells a result in person.
        Counselling = "counselling",
        /// To settle whether two records are one person.
        Review = "review",
    }
}

/// What is otherwise sealed. Never stored, never logged.
#[derive(Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Identity {
    pub first_name: Option<String>,
    pub father_name: Option<String>,
    pub grandfather_name: Option<String>,
    pub family_name: Option<String>,
    pub latin_first_name: Option<String>,
    pub latin_father_name: Option<String>,
    pub latin_grandfather_name: Option<String>,
    pub latin_family_name: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub national_id: Option<String>,
    pub service_number: Option<String>,
    /// E.164.
    pub phone: Option<String>,
    pub email: Option<String>,
    pub place: Option<String>,
}

impl Identity {
    /// The parts of the Arabic name in order.
    #[must_use]
    pub fn full_name(&self) -> String {
        let parts = [&self.first_name, &self.father_name, &self.grandfather_name, &self.family_name];
        let parts: Vec<&str> = parts.into_iter().filter_map(|part| part.as_deref()).collect();
        parts.join(" ")
    }
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl From<Person> for Identity {
    fn from(person: Person) -> Self {
        let part = |part: Option<PersonName>| part.map(|part| part.as_str().to_owned());
        Self {
            first_name: part(person.name.first),
            father_name: part(person.name.father),
            grandfather_name: part(person.name.grandfather),
            family_name: part(person.name.family),
            latin_first_name: part(person.latin_name.first),
            latin_father_name: part(person.latin_name.father),
            latin_grandfather_name: part(person.latin_name.grandfather),
            latin_family_name: part(person.latin_name.family),
            birth_date: person.birth_date,
            national_id: person.national_id.map(|number| number.as_str().to_owned()),
            service_number: person.service_number.map(|number| number.as_str().to_owned()),
            phone: person.phone.map(|phone| phone.as_str().to_owned()),
            email: person.email.map(|email| email.as_str().to_owned()),
            place: person.place.map(Locality::into_string),
        }
    }
}

/// For what an identity is opened, and how many the caller may open.
#[derive(Debug, Clone, Copy)]
pub struct Opening {
    pub purpose: Purpose,
    pub budget: Budget,
}

/// Opens a donor's identity; the line in the record commits before the caller gets it. The last of the day's budget is an
/// alert. Where the caller has broken the glass for this donor and purpose, neither scope nor budget bounds it.
///
/// # Errors
/// `not_found`, outside the scope too; `state_conflict` of an erased donor; `too_many_requests` past the budget;
/// `identity_damaged` when a cell was changed or moved.
pub fn open_identity(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    Opening { purpose, budget }: Opening,
) -> Result<Identity> {
    let glass = glass::holds(tx.conn, by.user, id, purpose, tx.now.naive_utc())?;
    let scope = if glass.is_some() { Scope::All } else { Scope::of(tx.conn, by)? };
    unerased(tx.conn, &scope, id)?;
    if glass.is_none() {
        spend(tx, vault, by, budget)?;
    }
    let key = key(tx.conn, vault, id)?;
    let identity = Identity::from(seal::open(&key, &store::identity(tx.conn, id)?)?);
    let line = Line::new(Some(by.user), "donors.identity_opened").on(id).with("purpose", purpose);
    let line = match glass {
        Some(glass) => line.with("glass", glass),
        None => line,
    };
    audit::record(tx, vault, &line)?;
    Ok(identity)
}

/// Takes one of the day's openings.
fn spend(tx: &mut Tx, vault: &Vault, by: &Principal, budget: Budget) -> Result<()> {
    let Budget { a_day, today } = budget;
    let count = store::count_of_day(tx.conn, "identity", by.user, today, a_day)?;
    let Some(count) = count.filter(|count| *count <= a_day) else {
        return Err(Problem::new(Code::TooManyRequests).with("retry_after", 3_600));
    };
    if count == a_day {
        let line = Line::new(Some(by.user), "donors.openings_spent").with("budget", a_day);
        audit::record(tx, vault, &line.alert())?;
    }
    Ok(())
}
