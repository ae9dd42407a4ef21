//! Registering a donor: one write, one new key, and no word about who is known elsewhere.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::status::{DonorStatus, ReviewGround};
use shiryan_kernel::text::NationalId;
use shiryan_kernel::time::past_day;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::duplicates::{self, Twin};
use super::person::Person;
use super::{DONOR, Key, NewDonor, Scope, seal, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::places;
use crate::vault::Vault;

shiryan_kernel::word! {
    /// What was taken but should be looked at again.
    pub enum Warning {
        /// The check digit disagrees: a slip of the pen, or an older or temporary number.
        NationalIdCheckDigit = "national_id_check_digit",
    }
}

/// The answer to a registration: the same whether or not the person is known outside the scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Registered {
    pub id: DonorId,
    pub warnings: Vec<Warning>,
}

impl NewDonor {
    /// What should be looked at again.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        warnings(self.national_id.as_ref())
    }
}

pub(super) fn warnings(number: Option<&NationalId>) -> Vec<Warning> {
    let disagrees = number.is_some_and(|number| !number.check_agrees());
    if disagrees { vec![Warning::NationalIdCheckDigit] } else { Vec::new() }
}

/// Registers a donor.
///
/// A number that a donor outside the caller's scope already has gives the same answer, and a record
/// that waits for review and does not own the number. So does a person who is like one that is known,
/// inside the scope too.
///
/// # Errors
/// `donor_already_registered` for a number known inside the scope; `invalid_request` for a unit that is
/// not there or, for a medic, absent or outside the scope.
pub fn register(tx: &mut Tx, vault: &Vault, by: &Principal, new: &NewDonor) -> Result<Registered> {
    let scope = Scope::of(tx.conn, by)?;
    check_unit(tx.conn, &scope, new.unit)?;
    let id = DonorId(tx.id());
    let mut prepared = seal::prepare(vault, id, Some(by.user), tx.now.naive_utc(), new);
    let mut twins = known_elsewhere(tx.conn, &scope, id, &prepared.keys)?;
    twins.extend(duplicates::alike(tx.conn, vault, id, &Person::from(new))?);
    if !twins.is_empty() {
        prepared.donor.status = DonorStatus::Review;
    }
    let made = audit::made(&DONOR, id.0);
    store::insert(tx.conn, &seal::Batch::of(vec![prepared]))?;
    duplicates::note(tx, vault, Some(by.user), id, &twins)?;
    feed::append(tx, "donor", id.0, "made")?;
    made.record(tx, vault, Line::new(Some(by.user), "donors.registered").on(id))?;
    Ok(Registered { id, warnings: new.warnings() })
}

/// Donors outside the scope who have one of these numbers.
///
/// # Errors
/// `donor_already_registered` when one inside has.
pub(super) fn known_elsewhere(
    conn: &mut Conn,
    scope: &Scope,
    own: DonorId,
    keys: &[Key],
) -> Result<Vec<Twin>> {
    let own = super::records_of(conn, own, None)?.all;
    let mut twins: Vec<Twin> = Vec::new();
    for key in keys {
        let ground = match key.field {
            "nid" => ReviewGround::NationalId,
            "svc" => ReviewGround::ServiceNumber,
            _ => continue,
        };
        for (other, unit) in store::with_key(conn, key)?.into_iter().filter(|(other, _)| !own.contains(other))
        {
            if scope.holds(conn, unit)? {
                return Err(Problem::new(Code::DonorAlreadyRegistered));
            }
            if twins.iter().all(|twin| twin.other != other) {
                twins.push(Twin { other, ground });
            }
        }
    }
    Ok(twins)
}

/// Whether a donor may be put there.
///
/// # Errors
/// `unknown_reference` of a `unit` that is not there or outside the scope, `missing_field` where the scope is
/// bound to units and none is said.
pub(super) fn check_unit(conn: &mut Conn, scope: &Scope, unit: Option<UnitId>) -> Result<()> {
    let Some(unit) = unit else {
        return match scope {
            Scope::All => Ok(()),
            Scope::Units(_) => Err(Problem::field("unit", Code::MissingField)),
        };
    };
    let there = places::unit(conn, unit).is_ok() && scope.holds(conn, Some(unit))?;
    if there { Ok(()) } else { Err(Problem::field("unit", Code::UnknownReference)) }
}

/// A birth date from 1900 to today.
///
/// # Errors
/// `out_of_range`.
pub fn birth_date(date: NaiveDate, today: NaiveDate) -> Result<NaiveDate> {
    past_day(date, today)
}

/// A person's weight, 20 to 400 kg.
///
/// # Errors
/// `out_of_range`.
pub fn weight_kg(kg: f64) -> Result<f64> {
    within(kg, 20.0, 400.0)
}

/// A person's height, 80 to 260 cm.
///
/// # Errors
/// `out_of_range`.
pub fn height_cm(cm: f64) -> Result<f64> {
    within(cm, 80.0, 260.0)
}

fn within<T: PartialOrd>(value: T, least: T, most: T) -> Result<T> {
    if least <= value && value <= most { Ok(value) } else { Err(Problem::new(Code::OutOfRange)) }
}
