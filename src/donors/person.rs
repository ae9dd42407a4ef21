//! Who a donor is: everything that an identity row seals, parsed.

use chrono::{Datelike, NaiveDate};
use shiryan_kernel::text::{Email, NationalId, Phone, ServiceNumber};

use super::{FullName, Key, Locality, NewDonor};
use crate::vault::Vault;

/// A person, open. Prints nothing: each part is a sealed type, and the birth date is kept from `Debug` here.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Person {
    pub name: FullName,
    pub latin_name: FullName,
    pub birth_date: Option<NaiveDate>,
    pub national_id: Option<NationalId>,
    pub service_number: Option<ServiceNumber>,
    pub phone: Option<Phone>,
    pub email: Option<Email>,
    pub place: Option<Locality>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl From<&NewDonor> for Person {
    fn from(new: &NewDonor) -> Self {
        Self {
            name: new.name.clone(),
            latin_name: new.latin_name.clone(),
            birth_date: new.birth_date,
            national_id: new.national_id.clone(),
            service_number: new.service_number.clone(),
            phone: new.phone.clone(),
            email: new.email.clone(),
            place: new.place.clone(),
        }
    }
}

impl Person {
    /// The exact keys by which the person is found.
    pub fn keys(&self, vault: &Vault) -> Vec<Key> {
        let key = |field, value: &str| Key { field, tag: vault.tag(field, value) };
        let mut keys = Vec::with_capacity(4);
        keys.extend(self.national_id.as_ref().map(|number| Key::of_national_id(vault, number)));
        keys.extend(self.service_number.as_ref().map(|number| Key::of_service_number(vault, number)));
        keys.extend(self.phone.as_ref().map(|value| key("tel", value.key())));
        keys.extend(self.email.as_ref().map(|value| key("eml", &value.key())));
        keys
    }

    /// First of the five years that hold the birth date.
    pub fn birth_band(&self) -> Option<i32> {
        self.birth_date.map(|date| date.year() - date.year().rem_euclid(5))
    }

    /// The fields in which two differ, by their names.
    pub fn differs(&self, other: &Self) -> Vec<&'static str> {
        let fields = [
            ("first_name", self.name.first != other.name.first),
            ("father_name", self.name.father != other.name.father),
            ("grandfather_name", self.name.grandfather != other.name.grandfather),
            ("family_name", self.name.family != other.name.family),
            ("latin_first_name", self.latin_name.first != other.latin_name.first),
            ("latin_father_name", self.latin_name.father != other.latin_name.father),
            ("latin_grandfather_name", self.latin_name.grandfather != other.latin_name.grandfather),
            ("latin_family_name", self.latin_name.family != other.latin_name.family),
            ("birth_date", self.birth_date != other.birth_date),
            ("national_id", self.national_id != other.national_id),
            ("service_number", self.service_number != other.service_number),
            ("phone", self.phone != other.phone),
            ("email", self.email != other.email),
            ("place", self.place != other.place),
        ];
        fields.into_iter().filter_map(|(field, differs)| differs.then_some(field)).collect()
    }
}
