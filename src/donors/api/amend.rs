//! `PATCH /donors/{id}`.

use actix_web::{HttpResponse, patch, web};
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::blood::{BloodGroup, Sex};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DonorKind;
use shiryan_kernel::text::{Email, NationalId, PersonName, Phone, ServiceNumber};
use shiryan_kernel::time::clock_time;
use shiryan_kernel::{Patch, Result};
use utoipa::ToSchema;

use super::search::counting;
use crate::accounts::{Actor, RegisterDonors};
use crate::db::Lane;
use crate::donors::{self, Amended, Amendment, Locality, PersonPatch, WishesPatch};
use crate::eligibility;
use crate::http::{Answer, Body, House, IfMatch, PathId, etag};
use crate::texts::Lang;

/// A merge-patch: an absent field stays, `null` takes it away. First name, family name, sex and birth date
/// cannot be taken away.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DonorPatch {
    #[serde(default)]
    #[schema(value_type = String)]
    first_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    father_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    grandfather_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = String)]
    family_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    latin_first_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    latin_father_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    latin_grandfather_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    latin_family_name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Sex)]
    sex: Patch<Sex>,
    #[serde(default)]
    #[schema(value_type = NaiveDate)]
    birth_date: Patch<NaiveDate>,
    /// Nine digits.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    national_id: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    service_number: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    phone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    email: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    place: Patch<String>,
    /// As the donor says: only while nobody has typed it.
    #[serde(default)]
    #[schema(value_type = Option<BloodGroup>)]
    blood_group: Patch<BloodGroup>,
    /// A medic moves donors inside the own scope alone.
    #[serde(default)]
    #[schema(value_type = Option<UnitId>)]
    unit: Patch<UnitId>,
    #[serde(default)]
    #[schema(value_type = Option<Governorate>)]
    governorate: Patch<Governorate>,
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    weight_kg: Patch<f64>,
    #[serde(default)]
    #[schema(value_type = Option<f64>)]
    height_cm: Patch<f64>,
    #[serde(default)]
    #[schema(value_type = Option<DonorKind>)]
    kind: Patch<DonorKind>,
    #[serde(default)]
    #[schema(value_type = Option<Lang>)]
    language: Patch<Lang>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    may_call: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    may_text: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    may_email: Patch<bool>,
    /// `HH:MM`, civil. Quiet hours have both ends and may pass midnight.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    quiet_from: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    quiet_until: Patch<String>,
}

impl DonorPatch {
    fn parse(self, today: NaiveDate) -> Result<Amendment> {
        let mut faults = Faults::none();
        let latin = PersonName::parse_latin;
        let person = PersonPatch {
            first_name: must(&mut faults, "first_name", self.first_name, |text| PersonName::parse(&text)),
            father_name: text(&mut faults, "father_name", self.father_name, PersonName::parse),
            grandfather_name: text(&mut faults, "grandfather_name", self.grandfather_name, PersonName::parse),
            family_name: must(&mut faults, "family_name", self.family_name, |text| PersonName::parse(&text)),
            latin_first_name: text(&mut faults, "latin_first_name", self.latin_first_name, latin),
            latin_father_name: text(&mut faults, "latin_father_name", self.latin_father_name, latin),
            latin_grandfather_name: text(
                &mut faults,
                "latin_grandfather_name",
                self.latin_grandfather_name,
                latin,
            ),
            latin_family_name: text(&mut faults, "latin_family_name", self.latin_family_name, latin),
            birth_date: must(&mut faults, "birth_date", self.birth_date, |date| {
                donors::birth_date(date, today)
            }),
            national_id: text(&mut faults, "national_id", self.national_id, NationalId::parse),
            service_number: text(&mut faults, "service_number", self.service_number, ServiceNumber::parse),
            phone: text(&mut faults, "phone", self.phone, Phone::parse),
            email: text(&mut faults, "email", self.email, Email::parse),
            place: text(&mut faults, "place", self.place, Locality::parse),
        };
        let sex = must(&mut faults, "sex", self.sex, Ok);
        let weight_kg = may(&mut faults, "weight_kg", self.weight_kg, donors::weight_kg);
        let height_cm = may(&mut faults, "height_cm", self.height_cm, donors::height_cm);
        let wishes = WishesPatch {
            language: self.language,
            may_call: self.may_call,
            may_text: self.may_text,
            may_email: self.may_email,
            quiet_from: text(&mut faults, "quiet_from", self.quiet_from, clock_time),
            quiet_until: text(&mut faults, "quiet_until", self.quiet_until, clock_time),
        };
        faults.settle()?;
        Ok(Amendment {
            person,
            sex,
            blood_group: self.blood_group,
            unit: self.unit,
            governorate: self.governorate,
            weight_kg,
            height_cm,
            kind: self.kind,
            wishes,
        })
    }
}

/// A field that can be taken away.
fn may<T, U>(
    faults: &mut Faults,
    field: &str,
    patch: Patch<T>,
    parse: impl FnOnce(T) -> Result<U>,
) -> Patch<U> {
    faults.keep(field, patch.parse(parse)).unwrap_or_default()
}

fn text<T>(faults: &mut Faults, field: &str, patch: Patch<String>, parse: fn(&str) -> Result<T>) -> Patch<T> {
    may(faults, field, patch, |text| parse(&text))
}

/// A field that can only be replaced.
fn must<T, U>(
    faults: &mut Faults,
    field: &str,
    patch: Patch<T>,
    parse: impl FnOnce(T) -> Result<U>,
) -> Option<U> {
    faults.keep(field, patch.parse(parse).and_then(Patch::required)).flatten()
}

/// Amends a donor's record as a merge-patch. Whether a new number is known outside the caller's scope is
/// not told.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path),
        ("If-Match" = String, Header, description = "The `ETag` of the record as it was read")),
    request_body = DonorPatch,
    responses((status = 200, description = "Amended; the same version where nothing differs", body = Amended)))]
#[patch("/donors/{id}")]
pub(super) async fn amend(
    house: web::Data<House>,
    by: Actor<RegisterDonors>,
    version: IfMatch,
    id: PathId<DonorId>,
    body: Body<DonorPatch>,
) -> Answer {
    let new = body.into_inner().parse(house.today())?;
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let amended = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| {
            eligibility::amend(tx, &vault, &book, &who, id, version.0, &new)
        })
        .await;
    let amended = counting(&house, &by, amended).await?;
    Ok(HttpResponse::Ok().insert_header(etag(amended.version)).json(amended))
}
