//! `POST /donors`.

use actix_web::{HttpResponse, post, web};
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

use super::search::counting;
use crate::accounts::{Actor, RegisterDonors};
use crate::donors::{self, FullName, Locality, NewDonor, Registered, Wishes};
use crate::eligibility;
use crate::http::{Answer, Body, House, IdempotencyKey};
use crate::texts::Lang;

/// Names in one script each; a date from 1900 to today.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DonorForm {
    first_name: String,
    father_name: Option<String>,
    grandfather_name: Option<String>,
    family_name: String,
    /// The name in Latin letters, as passports have it.
    latin_first_name: Option<String>,
    latin_father_name: Option<String>,
    latin_grandfather_name: Option<String>,
    latin_family_name: Option<String>,
    sex: Sex,
    birth_date: NaiveDate,
    /// Nine digits.
    national_id: Option<String>,
    service_number: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    /// Where the donor lives, in words; at most 120 characters. Sealed.
    place: Option<String>,
    /// As the donor says: it stays *declared* until it is typed here.
    blood_group: Option<BloodGroup>,
    /// Required of a medic, inside the own scope.
    unit: Option<UnitId>,
    governorate: Option<Governorate>,
    weight_kg: Option<f64>,
    height_cm: Option<f64>,
    kind: Option<DonorKind>,
    /// In which the donor is written to.
    language: Option<Lang>,
    /// Absent while nobody has asked.
    may_call: Option<bool>,
    may_text: Option<bool>,
    may_email: Option<bool>,
    /// `HH:MM`, civil. Quiet hours have both ends and may pass midnight.
    quiet_from: Option<String>,
    quiet_until: Option<String>,
}

impl DonorForm {
    fn parse(self, today: NaiveDate) -> Result<NewDonor> {
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
        let birth_date = faults.keep("birth_date", donors::birth_date(self.birth_date, today));
        let national_id = may(&mut faults, "national_id", self.national_id, NationalId::parse);
        let service_number = may(&mut faults, "service_number", self.service_number, ServiceNumber::parse);
        let phone = may(&mut faults, "phone", self.phone, Phone::parse);
        let email = may(&mut faults, "email", self.email, Email::parse);
        let place = may(&mut faults, "place", self.place, Locality::parse);
        let weight_kg = self.weight_kg.and_then(|kg| faults.keep("weight_kg", donors::weight_kg(kg)));
        let height_cm = self.height_cm.and_then(|cm| faults.keep("height_cm", donors::height_cm(cm)));
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

/// Registers a donor. Whether the person is known outside the caller's scope is not told.
#[utoipa::path(tag = "donors", params(("Idempotency-Key" = String, Header)), request_body = DonorForm,
    responses((status = 201, description = "Registered", body = Registered)))]
#[post("/donors")]
pub(super) async fn register(
    house: web::Data<House>,
    by: Actor<RegisterDonors>,
    key: IdempotencyKey,
    body: Body<DonorForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let new = body.into_inner().parse(house.today())?;
    let (vault, book, who) = (house.vault.clone(), house.rules.clone(), by.clone());
    let made = house.once(&by, request, move |tx| eligibility::enrol(tx, &vault, &book, &who, &new)).await;
    Ok(HttpResponse::Created().json(counting(&house, &by, made).await?))
}
