//! Donors over HTTP.

mod amend;
mod search;

use actix_web::{HttpResponse, get, http::header, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::ids::{DonorId, TypingId, UnitId};
use shiryan_kernel::page::Page;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::text::{Email, NationalId, Note, PersonName, Phone, ServiceNumber, ShortCode};
use utoipa::{IntoParams, ToSchema};

use super::{
    Change, Donor, Filter, FullName, Group, Identity, NewDonor, NewTyping, Purpose, Registered, Resolution,
    Scope, Standing, Typed, TypingLine,
};
use crate::accounts::{Actor, OpenIdentity, Principal, RegisterDonors, ResolveGroups, SeeDonors, TypeGroups};
use crate::db::{Lane, once};
use crate::eligibility;
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, PathId, Query, etag};
use crate::stock;

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(register).service(list_donors).service(search::search);
    config.service(read_donor).service(open_identity).service(amend::amend);
    config.service(type_group).service(list_typings).service(resolve_group);
    config.service(pause).service(resume).service(record_death);
}

/// Names in one script each; a date from 1900 to today.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DonorForm {
    first_name: String,
    father_name: Option<String>,
    grandfather_name: Option<String>,
    family_name: String,
    sex: Sex,
    birth_date: NaiveDate,
    /// Nine digits.
    national_id: Option<String>,
    service_number: Option<String>,
    phone: Option<String>,
    email: Option<String>,
    /// As the donor says: it stays *declared* until it is typed here.
    blood_group: Option<BloodGroup>,
    /// Required of a medic, inside the own scope.
    unit: Option<UnitId>,
    governorate: Option<Governorate>,
    weight_kg: Option<f64>,
    height_cm: Option<f64>,
}

impl DonorForm {
    fn parse(self, today: NaiveDate) -> Result<NewDonor> {
        let mut faults = Faults::none();
        let first = faults.keep("first_name", PersonName::parse(&self.first_name));
        let family = faults.keep("family_name", PersonName::parse(&self.family_name));
        let mut name =
            |field, text: Option<String>| text.and_then(|text| faults.keep(field, PersonName::parse(&text)));
        let father = name("father_name", self.father_name);
        let grandfather = name("grandfather_name", self.grandfather_name);
        let birth_date = faults.keep("birth_date", super::birth_date(self.birth_date, today));
        let number = self.national_id.as_deref().map(NationalId::parse);
        let national_id = number.and_then(|number| faults.keep("national_id", number));
        let number = self.service_number.as_deref().map(ServiceNumber::parse);
        let service_number = number.and_then(|number| faults.keep("service_number", number));
        let phone = self.phone.as_deref().map(Phone::parse).and_then(|phone| faults.keep("phone", phone));
        let email = self.email.as_deref().map(Email::parse).and_then(|email| faults.keep("email", email));
        let weight_kg = self.weight_kg.and_then(|kg| faults.keep("weight_kg", super::weight_kg(kg)));
        let height_cm = self.height_cm.and_then(|cm| faults.keep("height_cm", super::height_cm(cm)));
        faults.settle()?;
        Ok(NewDonor {
            name: FullName { first, father, grandfather, family },
            sex: Some(self.sex),
            birth_date,
            national_id,
            service_number,
            phone,
            email,
            blood_group: self.blood_group,
            unit: self.unit,
            governorate: self.governorate,
            weight_kg,
            height_cm,
            declared_12_months: None,
        })
    }
}

/// No sealed field.
#[derive(Serialize, ToSchema)]
struct DonorView {
    id: DonorId,
    status: DonorStatus,
    sex: Option<Sex>,
    /// First of the five years that hold the birth date.
    birth_band: Option<i32>,
    blood_group: Option<BloodGroup>,
    group_evidence: GroupEvidence,
    unit: Option<UnitId>,
    governorate: Option<Governorate>,
    weight_kg: Option<f64>,
    height_cm: Option<f64>,
    /// Whether the donor was screened here at least once.
    screened: bool,
    version: i64,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Search {
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
    blood_group: Option<BloodGroup>,
    /// This unit and all below it.
    unit: Option<UnitId>,
    governorate: Option<Governorate>,
    status: Option<DonorStatus>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Opening {
    purpose: Purpose,
}

/// Registers a donor. Whether the person is known outside the caller's scope is not told.
#[utoipa::path(tag = "donors", params(("Idempotency-Key" = String, Header)), request_body = DonorForm,
    responses((status = 201, description = "Registered", body = Registered)))]
#[post("/donors")]
async fn register(
    house: web::Data<House>,
    by: Actor<RegisterDonors>,
    key: IdempotencyKey,
    body: Body<DonorForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let new = body.into_inner().parse(house.today())?;
    let (vault, book, who) = (house.vault.clone(), house.rules.clone(), by.clone());
    let made = house.once(&by, request, move |tx| eligibility::enrol(tx, &vault, &book, &who, &new)).await?;
    Ok(HttpResponse::Created().json(made))
}

/// Donors, oldest first; a medic sees those of the own scope.
#[utoipa::path(tag = "donors", params(Search), responses((status = 200, description = "A page", body = Page<DonorView>)))]
#[get("/donors")]
async fn list_donors(house: web::Data<House>, by: Actor<SeeDonors>, query: Query<Search>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who) = (query.limit.get(), by.clone());
    let filter = Filter {
        blood_group: query.blood_group,
        unit: query.unit,
        governorate: query.governorate,
        status: query.status,
    };
    let rows = house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            super::list(conn, &scope, filter, after, limit + 1)
        })
        .await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, DonorView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// A donor without any sealed field. The `ETag` is the version that `PATCH` asks for.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)), responses((status = 200, description = "The donor", body = DonorView)))]
#[get("/donors/{id}")]
async fn read_donor(
    house: web::Data<House>,
    by: Actor<SeeDonors>,
    id: PathId<DonorId>,
    _query: NoQuery,
) -> Answer {
    let who = by.clone();
    let donor = house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            super::donor(conn, &scope, id.0)
        })
        .await?;
    Ok(HttpResponse::Ok().insert_header(etag(donor.version)).json(DonorView::from(donor)))
}

/// Opens a donor's identity. Each opening is recorded with its purpose before it is shown.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)), request_body = Opening,
    responses((status = 200, description = "The identity", body = Identity)))]
#[post("/donors/{id}/identity")]
async fn open_identity(
    house: web::Data<House>,
    by: Actor<OpenIdentity>,
    id: PathId<DonorId>,
    body: Body<Opening>,
) -> Answer {
    let purpose = body.into_inner().purpose;
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let identity = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| super::open_identity(tx, &vault, &who, id, purpose))
        .await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(identity))
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TypingForm {
    blood_group: BloodGroup,
    /// The sample's code. Without it a typing confirms nothing.
    sample: Option<String>,
    typed_on: NaiveDate,
}

#[derive(Serialize, ToSchema)]
struct TypingsView {
    /// Oldest first.
    items: Vec<TypingLine>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResolutionForm {
    /// The typings that count no more.
    wrong: Vec<TypingId>,
    /// 1 to 500 characters; sealed.
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PauseForm {
    /// First day after the pause; open without it.
    until: Option<NaiveDate>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// Records a laboratory typing. Two of different samples by different persons confirm the group; two that
/// disagree take it away. Units of this donor that left quarantine under another group are blocked.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = TypingForm, responses((status = 201, description = "Recorded", body = Typed)))]
#[post("/donors/{id}/typings")]
async fn type_group(
    house: web::Data<House>,
    by: Actor<TypeGroups>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<TypingForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let sample = form.sample.as_deref().map(ShortCode::parse);
    let sample = sample.and_then(|sample| faults.keep("sample", sample));
    faults.settle()?;
    let new = NewTyping { group: form.blood_group, sample, typed_on: form.typed_on };
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let typed =
        house.once(&by, request, move |tx| stock::type_donor(tx, &vault, &book, &who, id, &new)).await?;
    Ok(HttpResponse::Created().json(typed))
}

/// A donor's typings, those found wrong too.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)),
    responses((status = 200, description = "The ledger", body = TypingsView)))]
#[get("/donors/{id}/typings")]
async fn list_typings(
    house: web::Data<House>,
    by: Actor<TypeGroups>,
    id: PathId<DonorId>,
    _query: NoQuery,
) -> Answer {
    let (who, id) = (by.clone(), id.0);
    let items = house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            super::typings(conn, &scope, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(TypingsView { items }))
}

/// Ends a discrepancy by naming the typings that are wrong.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ResolutionForm, responses((status = 200, description = "The group now", body = Group)))]
#[post("/donors/{id}/typings/resolve")]
async fn resolve_group(
    house: web::Data<House>,
    by: Actor<ResolveGroups>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<ResolutionForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let reason = Note::parse(&form.reason).map_err(|problem| problem.on("reason"))?;
    let how = Resolution { wrong: form.wrong, reason };
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let group = house
        .once(&by, request, move |tx| eligibility::resolve_group(tx, &vault, &book, &who, id, &how))
        .await?;
    Ok(HttpResponse::Ok().json(group))
}

/// Pauses a donor at the donor's own wish.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = PauseForm, responses((status = 200, description = "Paused", body = Standing)))]
#[post("/donors/{id}/pause")]
async fn pause(
    house: web::Data<House>,
    by: Actor<RegisterDonors>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<PauseForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    stand(&house, &by, id.0, request, Change::Pause(body.into_inner().until)).await
}

/// Ends a donor's pause.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Active again", body = Standing)))]
#[post("/donors/{id}/resume")]
async fn resume(
    house: web::Data<House>,
    by: Actor<RegisterDonors>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    stand(&house, &by, id.0, request, Change::Resume).await
}

/// Records that a donor has died. Nothing takes it back.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Recorded", body = Standing)))]
#[post("/donors/{id}/deceased")]
async fn record_death(
    house: web::Data<House>,
    by: Actor<RegisterDonors>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    stand(&house, &by, id.0, request, Change::Death).await
}

async fn stand(house: &House, by: &Principal, id: DonorId, request: once::Request, change: Change) -> Answer {
    let (vault, book, who) = (house.vault.clone(), house.rules.clone(), by.clone());
    let standing =
        house.once(by, request, move |tx| eligibility::stand(tx, &vault, &book, &who, id, change)).await?;
    Ok(HttpResponse::Ok().json(standing))
}

impl From<Donor> for DonorView {
    fn from(row: Donor) -> Self {
        Self {
            id: row.id,
            status: row.status,
            sex: row.sex,
            birth_band: row.birth_band,
            blood_group: row.blood_group,
            group_evidence: row.group_evidence,
            unit: row.unit,
            governorate: row.governorate,
            weight_kg: row.weight_kg,
            height_cm: row.height_cm,
            screened: row.screened,
            version: row.version,
        }
    }
}
