//! How a donor is told who is to be registered.

use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Sex};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DonorKind;
use shiryan_kernel::text::{Email, NationalId, PersonName, Phone, ServiceNumber};
use shiryan_kernel::time::clock_time;
use utoipa::ToSchema;

use super::{FullName, Locality, NewDonor, Wishes};
use crate::texts::Lang;

/// Names in one script each; a date from 1900 to today.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DonorForm {
    pub first_name: String,
    pub father_name: Option<String>,
    pub grandfather_name: Option<String>,
    pub family_name: String,
    /// The name in Latin letters, as passports have it.
    pub latin_first_name: Option<String>,
    pub latin_father_name: Option<String>,
    pub latin_grandfather_name: Option<String>,
    pub latin_family_name: Option<String>,
    pub sex: Sex,
    pub birth_date: NaiveDate,
    /// Nine digits.
    pub national_id: Option<String>,
    pub service_number: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
    /// Where the donor lives, in words; at most 120 characters. Sealed.
    pub place: Option<String>,
    /// As the donor says: it stays *declared* until it is typed here.
    pub blood_group: Option<BloodGroup>,
    /// Required of a medic, inside the own scope.
    pub unit: Option<UnitId>,
    pub governorate: Option<Governorate>,
    pub weight_kg: Option<f64>,
    pub height_cm: Option<f64>,
    pub kind: Option<DonorKind>,
    /// In which the donor is written to.
    pub language: Option<Lang>,
    /// Absent while nobody has asked.
    pub may_call: Option<bool>,
    pub may_text: Option<bool>,
    pub may_email: Option<bool>,
    /// `HH:MM`, civil. Quiet hours have both ends and may pass midnight.
    pub quiet_from: Option<String>,
    pub quiet_until: Option<String>,
}

impl DonorForm {
    /// The donor that it describes.
    ///
    /// # Errors
    /// Every field that is wrong.
    pub fn parse(self, today: NaiveDate) -> Result<NewDonor> {
        let mut faults = Faults::none();
        let name = FullName {
            first: must(&mut faults, "first_name", &self.first_name, PersonName::parse),
            father: may(&mut faults, "father_name", self.father_name, PersonName::parse),
            grandfather: may(&mut faults, "grandfather_name", self.grandfather_name, PersonName::parse),
            family: must(&mut faults, "family_name", &self.family_name, PersonName::parse),
        };
        let latin = PersonName::parse_latin;
        let latin_name = FullName {
            first: may(&mut faults, "latin_first_name", self.latin_first_name, latin),
            father: may(&mut faults, "latin_father_name", self.latin_father_name, latin),
            grandfather: may(&mut faults, "latin_grandfather_name", self.latin_grandfather_name, latin),
            family: may(&mut faults, "latin_family_name", self.latin_family_name, latin),
        };
        let birth_date = faults.keep("birth_date", super::birth_date(self.birth_date, today));
        let national_id = may(&mut faults, "national_id", self.national_id, NationalId::parse);
        let service_number = may(&mut faults, "service_number", self.service_number, ServiceNumber::parse);
        let phone = may(&mut faults, "phone", self.phone, Phone::parse);
        let email = may(&mut faults, "email", self.email, Email::parse);
        let place = may(&mut faults, "place", self.place, Locality::parse);
        let weight_kg = self.weight_kg.and_then(|kg| faults.keep("weight_kg", super::weight_kg(kg)));
        let height_cm = self.height_cm.and_then(|cm| faults.keep("height_cm", super::height_cm(cm)));
        let wishes = Wishes {
            language: self.language,
            may_call: self.may_call,
            may_text: self.may_text,
            may_email: self.may_email,
            quiet_from: may(&mut faults, "quiet_from", self.quiet_from, clock_time),
            quiet_until: may(&mut faults, "quiet_until", self.quiet_until, clock_time),
        };
        faults.settle()?;
        wishes.check()?;
        Ok(NewDonor {
            name,
            latin_name,
            sex: Some(self.sex),
            birth_date,
            national_id,
            service_number,
            phone,
            email,
            place,
            blood_group: self.blood_group,
            unit: self.unit,
            governorate: self.governorate,
            weight_kg,
            height_cm,
            declared_12_months: None,
            kind: self.kind,
            wishes,
        })
    }
}

fn must<T>(faults: &mut Faults, field: &str, text: &str, parse: fn(&str) -> Result<T>) -> Option<T> {
    faults.keep(field, parse(text))
}

fn may<T>(faults: &mut Faults, field: &str, text: Option<String>, parse: fn(&str) -> Result<T>) -> Option<T> {
    text.and_then(|text| faults.keep(field, parse(&text)))
}
