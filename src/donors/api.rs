//! Donors over HTTP.

mod amend;
mod consents;
mod erasure;
mod glass;
mod group;
mod laboratory;
mod merges;
mod register;
mod reviews;
mod search;
mod standing;

use actix_web::{HttpResponse, get, http::header, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::page::Page;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{DonorKind, DonorStatus};
use utoipa::{IntoParams, ToSchema};

use super::{Donor, Filter, Identity, Opening, Purpose, Scope};
use crate::accounts::{Actor, OpenIdentity, SeeDonors};
use crate::db::Lane;
use crate::http::{Answer, Body, House, Limit, NoQuery, PathId, Query, etag};
use crate::texts::Lang;

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(register::register).service(list_donors).service(search::search);
    config.service(glass::break_glass).service(glass::list_broken).service(glass::review_glass);
    config.service(read_donor).service(open_identity).service(amend::amend);
    config.service(group::type_group).service(group::list_typings).service(group::resolve_group);
    config.service(laboratory::type_antigens).service(laboratory::list_antigens);
    config.service(laboratory::record_titre).service(laboratory::list_titres);
    config.service(laboratory::read_panel);
    config.service(consents::record_consent).service(consents::list_consents);
    config.service(erasure::erase).service(erasure::open_trace);
    config.service(reviews::list_reviews).service(reviews::lay_side_by_side).service(reviews::differ);
    config.service(merges::ask_merge).service(merges::ask_undo).service(merges::list_merges);
    config.service(standing::pause).service(standing::resume).service(standing::record_death);
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
    kind: Option<DonorKind>,
    language: Option<Lang>,
    /// Absent while nobody has asked.
    may_call: Option<bool>,
    may_text: Option<bool>,
    may_email: Option<bool>,
    /// `HH:MM`, civil.
    quiet_from: Option<String>,
    quiet_until: Option<String>,
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
struct OpeningForm {
    purpose: Purpose,
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
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)), request_body = OpeningForm,
    responses((status = 200, description = "The identity", body = Identity)))]
#[post("/donors/{id}/identity")]
async fn open_identity(
    house: web::Data<House>,
    by: Actor<OpenIdentity>,
    id: PathId<DonorId>,
    body: Body<OpeningForm>,
) -> Answer {
    let opening = Opening { purpose: body.into_inner().purpose, budget: house.openings() };
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let identity = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| super::open_identity(tx, &vault, &who, id, opening))
        .await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(identity))
}

impl From<Donor> for DonorView {
    fn from(row: Donor) -> Self {
        let clock = |time: chrono::NaiveTime| time.format("%H:%M").to_string();
        Self {
            id: row.id,
            status: row.standing(),
            sex: row.sex,
            birth_band: row.birth_band,
            blood_group: row.blood_group,
            group_evidence: row.group_evidence,
            unit: row.unit,
            governorate: row.governorate,
            weight_kg: row.weight_kg,
            height_cm: row.height_cm,
            screened: row.screened,
            kind: row.kind,
            language: row.wishes.language,
            may_call: row.wishes.may_call,
            may_text: row.wishes.may_text,
            may_email: row.wishes.may_email,
            quiet_from: row.wishes.quiet_from.map(clock),
            quiet_until: row.wishes.quiet_until.map(clock),
            version: row.version,
        }
    }
}
