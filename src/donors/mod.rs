//! The registry of donors: sealed identity, group evidence, exact keys.
//!
//! A donor's identity is sealed under a key of the donor's own and opened one donor at a time, for a
//! stated purpose, with a line in the record. Lists and look-ups carry no sealed field. Whether a person
//! is known elsewhere is not told: a known number from outside the caller's scope is taken like a new
//! one, and waits for review where nobody can book it. Refuses a second record of a person whom the
//! caller may see, and a change over what the caller has not seen.

mod aliases;
mod amend;
mod antigens;
pub mod api;
mod consent;
mod duplicates;
mod erase;
mod export;
pub mod form;
mod glass;
mod identity;
mod known;
pub mod pages;
mod person;
mod reach;
mod register;
mod rekey;
mod rules;
mod scope;
mod seal;
mod search;
mod standing;
mod store;
mod titres;
mod trace;
mod typing;
mod wishes;

use chrono::NaiveDate;
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{DonorKind, DonorStatus};
use shiryan_kernel::text::{Email, NationalId, PersonName, Phone, PlainText, ServiceNumber};
use shiryan_kernel::{Code, Problem, Result};

use crate::audit::Thing;
use crate::db::Conn;
use crate::vault::{SealingKey, Vault};

/// A donor in the record of changes.
pub(crate) const DONOR: Thing =
    Thing { name: "donor", tables: &[("donors", "id"), ("donor_identities", "donor"), ("typings", "donor")] };

pub use aliases::{
    Merge, Records, check_merge, merge, merge_line, merged_between, merges, records_of, standing_merge,
    typed_groups, typists, undo,
};
pub use amend::{Amended, Amendment, PersonPatch, WishesPatch, amend};
pub use antigens::{
    AntigenFound, AntigenLine, Antigens, AntigensRecorded, NewAntigen, NewAntigens, antigens, type_antigens,
};
pub use consent::{ConsentLine, ConsentRecorded, NewConsent, consent, consents, once_agreed};
pub use duplicates::{Review, SideBySide, alike_by_phone, differ, hold, identities, reviews, shared_phones};
pub use erase::{Erased, ErasureReason, erase};
pub use export::{Whole, whole_between};
pub use glass::{Broken, break_glass, broken, review as review_glass};
pub use identity::{Identity, Opening, Purpose, open_identity};
pub use known::{Known, known, known_all, known_between, mark_screened, spans, unless_erased};
pub use reach::{Address, Reach, Reader, reach};
pub use register::{Registered, Warning, birth_date, height_cm, register, weight_kg};
pub use rekey::rekey;
pub use rules::{LowTitre, TitreLimits, Typing, after_resolving, after_typing};
pub use scope::Scope;
pub use seal::{Batch, Key, Prepared, prepare};
pub use search::{Budget, Exact, Found, LookUp, Names, Term, Words, by_name, look_up, met_known};
pub use standing::{Change, Standing, pause_self, stand, stop_calls, stop_messages};
pub use store::{insert, owned_keys, owners};
pub use titres::{NewTitre, TitreLine, TitreRecorded, Titres, titre, titres};
pub use trace::{TracePurpose, Traced, forget_traces, open_trace, reseal_traces};
pub use typing::{Group, Line as TypingLine, NewTyping, Resolution, Typed, resolve, type_group, typings};
pub use wishes::Wishes;

/// Where somebody lives, as people say it.
pub type Locality = PlainText<120>;

/// A person's name in its four parts, any of which may be unknown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FullName {
    pub first: Option<PersonName>,
    pub father: Option<PersonName>,
    pub grandfather: Option<PersonName>,
    pub family: Option<PersonName>,
}

/// A donor to be registered. What a register did not know is absent.
#[derive(Clone, Default)]
pub struct NewDonor {
    pub name: FullName,
    /// The same in Latin letters, as passports have it.
    pub latin_name: FullName,
    pub sex: Option<Sex>,
    pub birth_date: Option<NaiveDate>,
    pub national_id: Option<NationalId>,
    pub service_number: Option<ServiceNumber>,
    pub phone: Option<Phone>,
    pub email: Option<Email>,
    pub place: Option<Locality>,
    /// As somebody says: nothing that comes from outside is more than declared.
    pub blood_group: Option<BloodGroup>,
    pub unit: Option<UnitId>,
    pub governorate: Option<Governorate>,
    pub weight_kg: Option<f64>,
    pub height_cm: Option<f64>,
    /// How often the donor says to have given in the last twelve months.
    pub declared_12_months: Option<u16>,
    pub kind: Option<DonorKind>,
    pub wishes: Wishes,
}

impl std::fmt::Debug for NewDonor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// A donor without any sealed field.
#[derive(Debug, Clone, PartialEq)]
pub struct Donor {
    pub id: DonorId,
    pub status: DonorStatus,
    pub sex: Option<Sex>,
    /// First of the five years that hold the birth date.
    pub birth_band: Option<i32>,
    pub blood_group: Option<BloodGroup>,
    pub group_evidence: GroupEvidence,
    pub unit: Option<UnitId>,
    pub governorate: Option<Governorate>,
    pub weight_kg: Option<f64>,
    pub height_cm: Option<f64>,
    /// Whether the donor was screened here at least once.
    pub screened: bool,
    pub kind: Option<DonorKind>,
    pub wishes: Wishes,
    /// Whose record this one is read as.
    pub merged_into: Option<DonorId>,
    pub version: i64,
}

impl Donor {
    /// Where the record stands for whoever may not know of the other records of the person: one that is read
    /// as another waits, as it did before.
    #[must_use]
    pub const fn standing(&self) -> DonorStatus {
        match (self.merged_into, self.status) {
            (Some(_), DonorStatus::Active | DonorStatus::Paused) => DonorStatus::Review,
            (_, status) => status,
        }
    }
}

/// What a list is cut to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub blood_group: Option<BloodGroup>,
    /// This unit and all below it.
    pub unit: Option<UnitId>,
    pub governorate: Option<Governorate>,
    pub status: Option<DonorStatus>,
}

/// A donor whom the scope holds.
///
/// # Errors
/// `not_found`, outside the scope too.
pub fn donor(conn: &mut Conn, scope: &Scope, id: DonorId) -> Result<Donor> {
    let donor = store::donor(conn, id)?;
    if scope.holds(conn, donor.unit)? { Ok(donor) } else { Err(Problem::new(Code::NotFound)) }
}

/// The same, of a donor whose record still takes facts.
///
/// # Errors
/// As [`donor`]; `state_conflict` of an erased donor.
fn unerased(conn: &mut Conn, scope: &Scope, id: DonorId) -> Result<Donor> {
    let found = donor(conn, scope, id)?;
    if found.status == DonorStatus::Erased {
        return Err(Problem::new(Code::StateConflict).with("state", found.status));
    }
    Ok(found)
}

/// The key under which a donor's cells are sealed.
///
/// # Errors
/// `not_found`; `identity_damaged` when it was changed or moved.
fn key(conn: &mut Conn, vault: &Vault, id: DonorId) -> Result<SealingKey> {
    vault.donor_key(id.0, &store::donor_key(conn, id)?)
}

/// Donors of the scope after `after`, oldest first.
///
/// # Errors
/// As any read.
pub fn list(conn: &mut Conn, scope: &Scope, filter: Filter, after: i64, limit: i64) -> Result<Vec<Donor>> {
    store::list(conn, scope, filter, after, limit)
}
