//! A donor as rows: identity sealed under the donor's own key, exact keys as tags. No database here, so
//! that many can be prepared at once, beside the writer.

use std::collections::HashSet;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::ids::{DonorId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{DonorKind, DonorStatus};
use shiryan_kernel::text::{Email, NationalId, PersonName, Phone, ServiceNumber};
use shiryan_kernel::{Code, Problem, Result};

use super::person::Person;
use super::{FullName, Locality, NewDonor};
use crate::db::tables::{donor_identities, donor_tags, donors};
use crate::texts::Lang;
use crate::vault::{KEY_VERSION, Place, SealingKey, Vault};

/// An exact key: which field, and the keyed tag of its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub field: &'static str,
    pub tag: Vec<u8>,
}

impl Key {
    #[must_use]
    pub fn of_national_id(vault: &Vault, number: &NationalId) -> Self {
        Self { field: "nid", tag: vault.tag("nid", number.as_str()) }
    }

    #[must_use]
    pub fn of_service_number(vault: &Vault, number: &ServiceNumber) -> Self {
        Self { field: "svc", tag: vault.tag("svc", number.as_str()) }
    }

    /// Whether one person alone can have it: a national id or a service number.
    #[must_use]
    pub fn is_exclusive(&self) -> bool {
        matches!(self.field, "nid" | "svc")
    }
}

/// A donor's rows, sealed and ready to be written.
#[derive(Debug)]
pub struct Prepared {
    pub id: DonorId,
    pub keys: Vec<Key>,
    pub(super) donor: DonorRow,
    pub(super) identity: IdentityRow,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = donors, treat_none_as_default_value = false)]
pub(super) struct DonorRow {
    pub id: DonorId,
    pub status: DonorStatus,
    pub sex: Option<Sex>,
    pub birth_band: Option<i32>,
    pub blood_group: Option<BloodGroup>,
    pub group_evidence: GroupEvidence,
    pub unit_id: Option<UnitId>,
    pub governorate: Option<Governorate>,
    pub weight_kg: Option<f64>,
    pub height_cm: Option<f64>,
    pub screened: bool,
    pub declared_12_months: Option<i32>,
    pub paused_until: Option<NaiveDate>,
    pub kind: Option<DonorKind>,
    pub language: Option<Lang>,
    pub may_call: Option<bool>,
    pub may_text: Option<bool>,
    pub may_email: Option<bool>,
    pub quiet_from: Option<NaiveTime>,
    pub quiet_until: Option<NaiveTime>,
    pub donor_key: Vec<u8>,
    pub key_version: i32,
    pub created_at: NaiveDateTime,
    pub created_by: Option<UserId>,
    pub version: i64,
}

#[derive(Debug, Clone, Insertable, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = donor_identities, primary_key(donor))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(super) struct IdentityRow {
    pub donor: DonorId,
    pub name: Option<Vec<u8>>,
    pub latin_name: Option<Vec<u8>>,
    pub national_id: Option<Vec<u8>>,
    pub service_number: Option<Vec<u8>>,
    pub phone: Option<Vec<u8>>,
    pub email: Option<Vec<u8>>,
    pub birth_date: Option<Vec<u8>>,
    pub place: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = donor_tags, treat_none_as_default_value = false)]
pub(super) struct TagRow {
    pub field: &'static str,
    pub tag: Vec<u8>,
    pub claim: i64,
    pub donor: DonorId,
}

/// Whether a donor owns the numbers that one person alone can have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Claim {
    Owned,
    /// Somebody else has them, or the record waits for review.
    Waiting,
}

impl Claim {
    pub fn of(status: DonorStatus) -> Self {
        if status == DonorStatus::Review { Self::Waiting } else { Self::Owned }
    }
}

impl TagRow {
    pub fn new(donor: DonorId, key: &Key, claim: Claim) -> Self {
        let claim = if key.is_exclusive() && claim == Claim::Owned { 0 } else { donor.0 };
        Self { field: key.field, tag: key.tag.clone(), claim, donor }
    }
}

impl Prepared {
    /// Where the donor stands already, for registers that know; a pause with its end, if it has one.
    #[must_use]
    pub fn standing(mut self, status: DonorStatus, paused_until: Option<NaiveDate>) -> Self {
        self.donor.status = status;
        self.donor.paused_until = paused_until;
        self
    }

    /// With how well the group is known, and whether a visit ever screened the donor here: for registers
    /// that can prove both.
    #[must_use]
    pub fn known_as(mut self, evidence: GroupEvidence, screened: bool) -> Self {
        if self.donor.blood_group.is_some() {
            self.donor.group_evidence = evidence;
        }
        self.donor.screened = screened;
        self
    }
}

/// Rows of many donors, in the order in which they are written.
#[derive(Debug, Default)]
pub struct Batch {
    pub(super) donors: Vec<DonorRow>,
    pub(super) identities: Vec<IdentityRow>,
    /// By key: neighbours share pages, which are then written once.
    pub(super) tags: Vec<TagRow>,
}

impl Batch {
    /// Donors in review own none of their keys.
    #[must_use]
    pub fn of(prepared: Vec<Prepared>) -> Self {
        let mut batch = Self::default();
        for Prepared { id, keys, donor, identity } in prepared {
            let claim = Claim::of(donor.status);
            batch.tags.extend(keys.iter().map(|key| TagRow::new(id, key, claim)));
            batch.donors.push(donor);
            batch.identities.push(identity);
        }
        batch.tags.sort_unstable_by(|one, other| (one.field, &one.tag).cmp(&(other.field, &other.tag)));
        batch
    }

    /// The first and the last of them.
    #[must_use]
    pub fn span(&self) -> Option<(DonorId, DonorId)> {
        Some((self.donors.first()?.id, self.donors.last()?.id))
    }

    /// The same without these donors.
    #[must_use]
    pub fn without(&self, donors: &HashSet<DonorId>) -> Self {
        Self {
            donors: self.donors.iter().filter(|row| !donors.contains(&row.id)).cloned().collect(),
            identities: self.identities.iter().filter(|row| !donors.contains(&row.donor)).cloned().collect(),
            tags: self.tags.iter().filter(|row| !donors.contains(&row.donor)).cloned().collect(),
        }
    }
}

/// Seals a donor under a key of its own, made here.
#[must_use]
pub fn prepare(
    vault: &Vault,
    id: DonorId,
    by: Option<UserId>,
    at: NaiveDateTime,
    new: &NewDonor,
) -> Prepared {
    let (key, donor_key) = vault.new_donor_key(id.0);
    let person = Person::from(new);
    let evidence = if new.blood_group.is_some() { GroupEvidence::Declared } else { GroupEvidence::Unknown };
    let donor = DonorRow {
        id,
        status: DonorStatus::Active,
        sex: new.sex,
        birth_band: person.birth_band(),
        blood_group: new.blood_group,
        group_evidence: evidence,
        unit_id: new.unit,
        governorate: new.governorate,
        weight_kg: new.weight_kg,
        height_cm: new.height_cm,
        screened: false,
        declared_12_months: new.declared_12_months.map(i32::from),
        paused_until: None,
        kind: new.kind,
        language: new.wishes.language,
        may_call: new.wishes.may_call,
        may_text: new.wishes.may_text,
        may_email: new.wishes.may_email,
        quiet_from: new.wishes.quiet_from,
        quiet_until: new.wishes.quiet_until,
        donor_key,
        key_version: KEY_VERSION,
        created_at: at,
        created_by: by,
        version: 1,
    };
    Prepared { id, keys: person.keys(vault), donor, identity: seal(&key, id, &person) }
}

/// Seals a person, every cell anew.
pub(super) fn seal(key: &SealingKey, donor: DonorId, person: &Person) -> IdentityRow {
    let cell = |column, clear: Option<&str>| clear.map(|clear| key.seal_text(place(column, donor), clear));
    let birth_date = person.birth_date.map(|date| date.to_string());
    IdentityRow {
        donor,
        name: cell("name", write_name(&person.name).as_deref()),
        latin_name: cell("latin_name", write_name(&person.latin_name).as_deref()),
        national_id: cell("national_id", person.national_id.as_ref().map(NationalId::as_str)),
        service_number: cell("service_number", person.service_number.as_ref().map(ServiceNumber::as_str)),
        phone: cell("phone", person.phone.as_ref().map(Phone::as_str)),
        email: cell("email", person.email.as_ref().map(Email::as_str)),
        birth_date: cell("birth_date", birth_date.as_deref()),
        place: cell("place", person.place.as_ref().map(Locality::as_str)),
    }
}

/// Opens what [`seal`] sealed.
///
/// # Errors
/// `identity_damaged` when a cell was changed or moved, or holds what no parser lets through.
pub(super) fn open(key: &SealingKey, row: &IdentityRow) -> Result<Person> {
    let open = |column, cell: &Option<Vec<u8>>| {
        cell.as_ref().map(|sealed| key.open_text(place(column, row.donor), sealed)).transpose()
    };
    let name = |column, cell| read_name(open(column, cell)?.as_deref().unwrap_or_default());
    Ok(Person {
        name: name("name", &row.name)?,
        latin_name: name("latin_name", &row.latin_name)?,
        birth_date: open_birth_date(key, row.donor, row.birth_date.as_deref())?,
        national_id: read(open("national_id", &row.national_id)?, NationalId::parse)?,
        service_number: read(open("service_number", &row.service_number)?, ServiceNumber::parse)?,
        phone: read(open("phone", &row.phone)?, Phone::parse)?,
        email: read(open("email", &row.email)?, Email::parse)?,
        place: read(open("place", &row.place)?, Locality::parse)?,
    })
}

/// The address of mail alone.
///
/// # Errors
/// As [`open`].
pub(super) fn open_email(key: &SealingKey, row: &IdentityRow) -> Result<Option<Email>> {
    let text =
        row.email.as_ref().map(|sealed| key.open_text(place("email", row.donor), sealed)).transpose()?;
    read(text, Email::parse)
}

/// The phone alone.
///
/// # Errors
/// As [`open`].
pub(super) fn open_phone(key: &SealingKey, row: &IdentityRow) -> Result<Option<Phone>> {
    let text =
        row.phone.as_ref().map(|sealed| key.open_text(place("phone", row.donor), sealed)).transpose()?;
    read(text, Phone::parse)
}

fn read<T>(text: Option<String>, parse: fn(&str) -> Result<T>) -> Result<Option<T>> {
    text.map(|text| parse(&text).map_err(|_| Problem::new(Code::IdentityDamaged))).transpose()
}

/// The birth date alone.
///
/// # Errors
/// As [`open`].
pub(super) fn open_birth_date(
    key: &SealingKey,
    donor: DonorId,
    cell: Option<&[u8]>,
) -> Result<Option<NaiveDate>> {
    let Some(sealed) = cell else { return Ok(None) };
    let text = key.open_text(place("birth_date", donor), sealed)?;
    text.parse().map(Some).map_err(|_| Problem::new(Code::IdentityDamaged))
}

/// No name holds a control character, so the parts come apart where they were joined.
const PART: char = '\u{1f}';

fn write_name(name: &FullName) -> Option<String> {
    let parts = [&name.first, &name.father, &name.grandfather, &name.family];
    let texts = parts.map(|part| part.as_ref().map_or("", |part| part.as_str()));
    texts.iter().any(|text| !text.is_empty()).then(|| texts.join("\u{1f}"))
}

fn read_name(text: &str) -> Result<FullName> {
    let mut parts = text.split(PART).map(|part| Some(part).filter(|part| !part.is_empty()));
    let mut part = || read(parts.next().flatten().map(ToOwned::to_owned), PersonName::parse);
    Ok(FullName { first: part()?, father: part()?, grandfather: part()?, family: part()? })
}

const fn place(column: &'static str, donor: DonorId) -> Place {
    Place::of("donor_identities", column, donor.0)
}

/// The parts of the name in one of its two columns, in their order; not parsed again, for a million are
/// opened at each start.
///
/// # Errors
/// As [`open`].
pub(super) fn open_name(
    key: &SealingKey,
    donor: DonorId,
    column: &'static str,
    cell: Option<&[u8]>,
) -> Result<[Option<String>; 4]> {
    let Some(sealed) = cell else { return Ok([const { None }; 4]) };
    let text = key.open_text(place(column, donor), sealed)?;
    let mut parts = text.split(PART).map(|part| (!part.is_empty()).then(|| part.to_owned()));
    Ok(std::array::from_fn(|_| parts.next().flatten()))
}
