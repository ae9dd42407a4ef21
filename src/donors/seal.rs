//! A donor as rows: identity sealed under the donor's own key, exact keys as tags. No database here, so
//! that many can be prepared at once, beside the writer.

use chrono::{Datelike, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::ids::{DonorId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::DonorStatus;

use super::{FullName, Identity, NewDonor};
use crate::db::tables::{donor_identities, donor_tags, donors};
use crate::vault::{KEY_VERSION, Place, SealingKey, Vault};

/// An exact key: which field, and the keyed tag of its value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    pub field: &'static str,
    pub tag: Vec<u8>,
}

impl Key {
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
    pub donor_key: Vec<u8>,
    pub key_version: i32,
    pub created_at: NaiveDateTime,
    pub created_by: Option<UserId>,
    pub version: i64,
}

#[derive(Debug, Clone, Insertable, Queryable, Selectable)]
#[diesel(table_name = donor_identities, treat_none_as_default_value = false)]
pub(super) struct IdentityRow {
    pub donor: DonorId,
    pub name: Option<Vec<u8>>,
    pub national_id: Option<Vec<u8>>,
    pub service_number: Option<Vec<u8>>,
    pub phone: Option<Vec<u8>>,
    pub email: Option<Vec<u8>>,
    pub birth_date: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = donor_tags, treat_none_as_default_value = false)]
pub(super) struct TagRow {
    pub field: &'static str,
    pub tag: Vec<u8>,
    pub claim: i64,
    pub donor: DonorId,
}

impl Prepared {
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
    let evidence = if new.blood_group.is_some() { GroupEvidence::Declared } else { GroupEvidence::Unknown };
    let donor = DonorRow {
        id,
        status: DonorStatus::Active,
        sex: new.sex,
        birth_band: new.birth_date.map(|date| date.year() - date.year().rem_euclid(5)),
        blood_group: new.blood_group,
        group_evidence: evidence,
        unit_id: new.unit,
        governorate: new.governorate,
        weight_kg: new.weight_kg,
        height_cm: new.height_cm,
        screened: false,
        declared_12_months: new.declared_12_months.map(i32::from),
        donor_key,
        key_version: KEY_VERSION,
        created_at: at,
        created_by: by,
        version: 1,
    };
    let seal = |column, clear: Option<&str>| clear.map(|clear| key.seal_text(place(column, id), clear));
    let birth_date = new.birth_date.map(|date| date.to_string());
    let identity = IdentityRow {
        donor: id,
        name: seal("name", write_name(&new.name).as_deref()),
        national_id: seal("national_id", new.national_id.as_ref().map(|value| value.as_str())),
        service_number: seal("service_number", new.service_number.as_ref().map(|value| value.as_str())),
        phone: seal("phone", new.phone.as_ref().map(|value| value.as_str())),
        email: seal("email", new.email.as_ref().map(|value| value.as_str())),
        birth_date: seal("birth_date", birth_date.as_deref()),
    };
    Prepared { id, keys: keys(vault, new), donor, identity }
}

fn keys(vault: &Vault, new: &NewDonor) -> Vec<Key> {
    let key = |field, value: &str| Key { field, tag: vault.tag(field, value) };
    let mut keys = Vec::with_capacity(4);
    keys.extend(new.national_id.as_ref().map(|value| key("nid", value.as_str())));
    keys.extend(new.service_number.as_ref().map(|value| key("svc", value.as_str())));
    keys.extend(new.phone.as_ref().map(|value| key("tel", value.key())));
    keys.extend(new.email.as_ref().map(|value| key("eml", &value.key())));
    keys
}

/// Opens what [`prepare`] sealed.
///
/// # Errors
/// `identity_damaged` when a cell was changed or moved, or holds what no parser lets through.
pub(super) fn open(key: &SealingKey, row: &IdentityRow) -> Result<Identity> {
    let open = |column, cell: &Option<Vec<u8>>| {
        cell.as_ref().map(|sealed| key.open_text(place(column, row.donor), sealed)).transpose()
    };
    let name = open("name", &row.name)?;
    let mut parts = name.as_deref().unwrap_or_default().split(PART).map(|part| match part {
        "" => None,
        part => Some(part.to_owned()),
    });
    let birth_date = open_birth_date(key, row.donor, row.birth_date.as_deref())?;
    Ok(Identity {
        first_name: parts.next().flatten(),
        father_name: parts.next().flatten(),
        grandfather_name: parts.next().flatten(),
        family_name: parts.next().flatten(),
        birth_date,
        national_id: open("national_id", &row.national_id)?,
        service_number: open("service_number", &row.service_number)?,
        phone: open("phone", &row.phone)?,
        email: open("email", &row.email)?,
    })
}

/// The birth date alone.
///
/// # Errors
/// As [`open`].
pub(super) fn open_birth_date(
    key: &SealingKey,
    donor: DonorId,
    cell: Option<&[u8]>,
) -> Result<Option<chrono::NaiveDate>> {
    let Some(sealed) = cell else { return Ok(None) };
    let text = key.open_text(place("birth_date", donor), sealed)?;
    let damaged = |_| shiryan_kernel::Problem::new(shiryan_kernel::Code::IdentityDamaged);
    text.parse().map(Some).map_err(damaged)
}

/// No name holds a control character, so the parts come apart where they were joined.
const PART: char = '\u{1f}';

fn write_name(name: &FullName) -> Option<String> {
    let parts = [&name.first, &name.father, &name.grandfather, &name.family];
    let texts = parts.map(|part| part.as_ref().map_or("", |part| part.as_str()));
    texts.iter().any(|text| !text.is_empty()).then(|| texts.join("\u{1f}"))
}

const fn place(column: &'static str, donor: DonorId) -> Place {
    Place::of("donor_identities", column, donor.0)
}
