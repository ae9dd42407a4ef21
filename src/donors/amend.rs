//! Amending a donor's record: what the patch names and nothing else, over the version that the caller saw.
//!
//! The record tells which fields changed, never what they held. A number that somebody outside the scope
//! has is taken like any other, and the record waits for review without owning it.

use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{DonorKind, DonorStatus};
use shiryan_kernel::text::{Email, NationalId, PersonName, Phone, ServiceNumber};
use shiryan_kernel::{Code, Patch, Problem, Result};
use utoipa::ToSchema;

use super::duplicates;
use super::person::Person;
use super::register::{check_unit, known_elsewhere, warnings};
use super::seal::{self, Claim};
use super::{DONOR, Donor, FullName, Locality, Scope, Warning, Wishes, key, store, unerased};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::texts::Lang;
use crate::vault::Vault;

/// What is to change. What a donor must have can be replaced, not taken away.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Amendment {
    pub person: PersonPatch,
    pub sex: Option<Sex>,
    /// As somebody says: only while nobody has typed it.
    pub blood_group: Patch<BloodGroup>,
    pub unit: Patch<UnitId>,
    pub governorate: Patch<Governorate>,
    pub weight_kg: Patch<f64>,
    pub height_cm: Patch<f64>,
    pub kind: Patch<DonorKind>,
    pub wishes: WishesPatch,
}

/// What is to change of the donor's wishes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WishesPatch {
    pub language: Patch<Lang>,
    pub may_call: Patch<bool>,
    pub may_text: Patch<bool>,
    pub may_email: Patch<bool>,
    pub quiet_from: Patch<NaiveTime>,
    pub quiet_until: Patch<NaiveTime>,
}

impl WishesPatch {
    fn over(self, before: Wishes) -> Wishes {
        Wishes {
            language: self.language.over(before.language),
            may_call: self.may_call.over(before.may_call),
            may_text: self.may_text.over(before.may_text),
            may_email: self.may_email.over(before.may_email),
            quiet_from: self.quiet_from.over(before.quiet_from),
            quiet_until: self.quiet_until.over(before.quiet_until),
        }
    }
}

/// What is to change of the sealed identity.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PersonPatch {
    pub first_name: Option<PersonName>,
    pub father_name: Patch<PersonName>,
    pub grandfather_name: Patch<PersonName>,
    pub family_name: Option<PersonName>,
    pub latin_first_name: Patch<PersonName>,
    pub latin_father_name: Patch<PersonName>,
    pub latin_grandfather_name: Patch<PersonName>,
    pub latin_family_name: Patch<PersonName>,
    pub birth_date: Option<NaiveDate>,
    pub national_id: Patch<NationalId>,
    pub service_number: Patch<ServiceNumber>,
    pub phone: Patch<Phone>,
    pub email: Patch<Email>,
    pub place: Patch<Locality>,
}

impl std::fmt::Debug for PersonPatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl PersonPatch {
    fn over(self, before: Person) -> Person {
        let (name, latin) = (before.name, before.latin_name);
        Person {
            name: FullName {
                first: self.first_name.or(name.first),
                father: self.father_name.over(name.father),
                grandfather: self.grandfather_name.over(name.grandfather),
                family: self.family_name.or(name.family),
            },
            latin_name: FullName {
                first: self.latin_first_name.over(latin.first),
                father: self.latin_father_name.over(latin.father),
                grandfather: self.latin_grandfather_name.over(latin.grandfather),
                family: self.latin_family_name.over(latin.family),
            },
            birth_date: self.birth_date.or(before.birth_date),
            national_id: self.national_id.over(before.national_id),
            service_number: self.service_number.over(before.service_number),
            phone: self.phone.over(before.phone),
            email: self.email.over(before.email),
            place: self.place.over(before.place),
        }
    }
}

/// The answer to an amendment: the same whether or not a new number is known outside the scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Amended {
    pub id: DonorId,
    /// As it is now: the next `If-Match`.
    pub version: i64,
    pub warnings: Vec<Warning>,
}

/// Amends the record of a donor whom the caller may know of, if it is still at `version`.
///
/// # Errors
/// `not_found`, outside the scope too; `version_stale`; `state_conflict` of an erased donor, and of a declared
/// group once the laboratory has typed one; `donor_already_registered` for a number known inside the scope;
/// `invalid_request` for a unit that is not there or, for a medic, outside the scope, and for quiet hours that
/// lack an end.
pub fn amend(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    version: i64,
    new: &Amendment,
) -> Result<Amended> {
    let scope = Scope::of(tx.conn, by)?;
    let before = unerased(tx.conn, &scope, id)?;
    if before.version != version {
        return Err(Problem::new(Code::VersionStale));
    }
    let seen = audit::seen(tx.conn, vault, &DONOR, id.0)?;
    let mut after = register_fields(&before, new)?;
    if after.unit != before.unit {
        check_unit(tx.conn, &scope, after.unit)?;
    }
    let mut changed = differs(&before, &after);
    let mut warnings = Vec::new();
    if new.person != PersonPatch::default() {
        let person = amend_person(tx, vault, by, &scope, &mut after, new.person.clone())?;
        changed.extend(person.changed);
        warnings = person.warnings;
    }
    if changed.is_empty() {
        return Ok(Amended { id, version, warnings });
    }
    if !store::amend(tx.conn, version, &after)? {
        return Err(Problem::new(Code::VersionStale));
    }
    feed::append(tx, "donor", id.0, "amended")?;
    seen.record(tx, vault, Line::new(Some(by.user), "donors.amended").on(id).with("fields", &changed))?;
    Ok(Amended { id, version: version + 1, warnings })
}

/// The donor with what the patch says of the fields that are not sealed.
fn register_fields(before: &Donor, new: &Amendment) -> Result<Donor> {
    let group = new.blood_group.over(before.blood_group);
    let group_evidence = match (before.group_evidence, group) {
        (evidence, group) if group == before.blood_group => evidence,
        (GroupEvidence::Unknown | GroupEvidence::Declared, Some(_)) => GroupEvidence::Declared,
        (GroupEvidence::Unknown | GroupEvidence::Declared, None) => GroupEvidence::Unknown,
        (evidence, _) => {
            let problem = Problem::new(Code::StateConflict).with("state", evidence);
            return Err(problem.about("blood_group", Code::StateConflict));
        }
    };
    let wishes = new.wishes.over(before.wishes);
    wishes.check()?;
    Ok(Donor {
        sex: new.sex.or(before.sex),
        blood_group: group,
        group_evidence,
        unit: new.unit.over(before.unit),
        governorate: new.governorate.over(before.governorate),
        weight_kg: new.weight_kg.over(before.weight_kg),
        height_cm: new.height_cm.over(before.height_cm),
        kind: new.kind.over(before.kind),
        wishes,
        ..before.clone()
    })
}

fn differs(before: &Donor, after: &Donor) -> Vec<&'static str> {
    let (was, is) = (before.wishes, after.wishes);
    let fields = [
        ("sex", before.sex != after.sex),
        ("blood_group", before.blood_group != after.blood_group),
        ("unit", before.unit != after.unit),
        ("governorate", before.governorate != after.governorate),
        ("weight_kg", before.weight_kg != after.weight_kg),
        ("height_cm", before.height_cm != after.height_cm),
        ("kind", before.kind != after.kind),
        ("language", was.language != is.language),
        ("may_call", was.may_call != is.may_call),
        ("may_text", was.may_text != is.may_text),
        ("may_email", was.may_email != is.may_email),
        ("quiet_from", was.quiet_from != is.quiet_from),
        ("quiet_until", was.quiet_until != is.quiet_until),
    ];
    fields.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
}

struct PersonAmended {
    changed: Vec<&'static str>,
    warnings: Vec<Warning>,
}

/// Seals the person anew and moves the exact keys. The old ones are opened first: nothing but their own
/// values leads to their tags.
fn amend_person(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    scope: &Scope,
    donor: &mut Donor,
    new: PersonPatch,
) -> Result<PersonAmended> {
    let key = key(tx.conn, vault, donor.id)?;
    let before = seal::open(&key, &store::identity(tx.conn, donor.id)?)?;
    let after = new.over(before.clone());
    let changed = before.differs(&after);
    if changed.is_empty() {
        return Ok(PersonAmended { changed, warnings: Vec::new() });
    }
    let (gone, come) = (before.keys(vault), after.keys(vault));
    let (gone, come) = (without(&gone, &come), without(&come, &gone));
    let mut claim = Claim::of(donor.status);
    let mut twins = known_elsewhere(tx.conn, scope, donor.id, &come)?;
    twins.extend(duplicates::alike(tx.conn, vault, donor.id, &after)?);
    if !twins.is_empty() {
        claim = Claim::Waiting;
        if donor.status != DonorStatus::Deceased {
            donor.status = DonorStatus::Review;
        }
        duplicates::note(tx, vault, Some(by.user), donor.id, &twins)?;
    }
    for key in &gone {
        store::drop_key(tx.conn, donor.id, key)?;
    }
    for key in &come {
        store::add_key(tx.conn, donor.id, key, claim)?;
    }
    store::set_identity(tx.conn, &seal::seal(&key, donor.id, &after))?;
    donor.birth_band = after.birth_band();
    let number = after.national_id.as_ref().filter(|number| before.national_id.as_ref() != Some(number));
    let warnings = warnings(number);
    Ok(PersonAmended { changed, warnings })
}

fn without(keys: &[super::Key], others: &[super::Key]) -> Vec<super::Key> {
    keys.iter().filter(|key| !others.contains(key)).cloned().collect()
}
