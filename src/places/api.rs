//! Units and facilities over HTTP.

mod import;
mod months;
mod roads;

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{FacilityId, UnitId};
use shiryan_kernel::page::Page;
use shiryan_kernel::place::{Governorate, Point};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::text::ShortCode;
use utoipa::ToSchema;

use super::{Facility, NewFacility, NewUnit, PlaceName, Unit};
use crate::accounts::{Actor, ManagePlaces, SeeFacilities, SeeUnits, unit_roots};
use crate::http::{Answer, Body, House, IdempotencyKey, Paging, PathId, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(create_unit).service(list_units).service(create_facility).service(list_facilities);
    config.service(locate_facility);
    config.service(roads::close_roads).service(roads::list_closures).service(roads::open_roads);
    config.service(months::sight_month).service(import::import);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnitForm {
    /// 1 to 32 of `A-Z 0-9 . _ -`.
    code: String,
    name_ar: String,
    name_en: String,
    parent: Option<UnitId>,
    governorate: Governorate,
}

#[derive(Debug, Serialize, ToSchema)]
struct UnitView {
    id: UnitId,
    code: String,
    name_ar: String,
    name_en: String,
    parent: Option<UnitId>,
    governorate: Governorate,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FacilityForm {
    code: String,
    kind: FacilityKind,
    name_ar: String,
    name_en: String,
    governorate: Governorate,
}

#[derive(Debug, Serialize, ToSchema)]
struct FacilityView {
    id: FacilityId,
    code: String,
    kind: FacilityKind,
    name_ar: String,
    name_en: String,
    governorate: Governorate,
    /// Where it lies, if somebody entered it.
    location: Option<Location>,
}

/// Degrees of WGS 84, north and east.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Location {
    /// -90 to 90.
    latitude: f64,
    /// -180 to 180.
    longitude: f64,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LocationForm {
    /// Null: nobody knows.
    location: Option<Location>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Located {
    id: FacilityId,
    location: Option<Location>,
}

/// What a request that made a thing answers.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct UnitMade {
    id: UnitId,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct FacilityMade {
    id: FacilityId,
}

/// Makes a unit of the force.
#[utoipa::path(tag = "places", params(("Idempotency-Key" = String, Header)), request_body = UnitForm,
    responses((status = 201, description = "Made", body = UnitMade)))]
#[post("/units")]
async fn create_unit(
    house: web::Data<House>,
    by: Actor<ManagePlaces>,
    key: IdempotencyKey,
    body: Body<UnitForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let code = faults.keep("code", ShortCode::parse(&form.code));
    let name_ar = faults.keep("name_ar", PlaceName::parse(&form.name_ar));
    let name_en = faults.keep("name_en", PlaceName::parse(&form.name_en));
    let new = faults.give(code.zip(name_ar.zip(name_en)).map(|(code, (name_ar, name_en))| NewUnit {
        code,
        name_ar,
        name_en,
        parent: form.parent,
        governorate: form.governorate,
    }))?;
    let (vault, who) = (house.vault.clone(), Some(by.user));
    let made = house
        .once(&by, request, move |tx| Ok(UnitMade { id: super::create_unit(tx, &vault, who, &new)? }))
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Units, oldest first; a medic sees those of the own scope.
#[utoipa::path(tag = "places", params(Paging), responses((status = 200, description = "A page", body = Page<UnitView>)))]
#[get("/units")]
async fn list_units(house: web::Data<House>, by: Actor<SeeUnits>, query: Query<Paging>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who) = (query.limit.get(), by.clone());
    let rows = house
        .db
        .read(move |conn| {
            let roots = if who.is_unit_bound() { Some(unit_roots(conn, who.user)?) } else { None };
            super::units(conn, roots.as_deref(), after, limit + 1)
        })
        .await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, UnitView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Makes a hospital or a blood bank.
#[utoipa::path(tag = "places", params(("Idempotency-Key" = String, Header)), request_body = FacilityForm,
    responses((status = 201, description = "Made", body = FacilityMade)))]
#[post("/facilities")]
async fn create_facility(
    house: web::Data<House>,
    by: Actor<ManagePlaces>,
    key: IdempotencyKey,
    body: Body<FacilityForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let code = faults.keep("code", ShortCode::parse(&form.code));
    let name_ar = faults.keep("name_ar", PlaceName::parse(&form.name_ar));
    let name_en = faults.keep("name_en", PlaceName::parse(&form.name_en));
    let new = faults.give(code.zip(name_ar.zip(name_en)).map(|(code, (name_ar, name_en))| NewFacility {
        code,
        kind: form.kind,
        name_ar,
        name_en,
        governorate: form.governorate,
    }))?;
    let (vault, who) = (house.vault.clone(), Some(by.user));
    let made = house
        .once(&by, request, move |tx| Ok(FacilityMade { id: super::create_facility(tx, &vault, who, &new)? }))
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Says where a facility lies: hospitals are then told how far units are.
#[utoipa::path(tag = "places", params(("id" = FacilityId, Path), ("Idempotency-Key" = String, Header)),
    request_body = LocationForm, responses((status = 200, description = "Kept", body = Located)))]
#[post("/facilities/{id}/location")]
async fn locate_facility(
    house: web::Data<House>,
    by: Actor<ManagePlaces>,
    id: PathId<FacilityId>,
    key: IdempotencyKey,
    body: Body<LocationForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (location, id) = (body.into_inner().location, id.0);
    let point = location.map(|at| Point::of(at.latitude, at.longitude)).transpose()?;
    let (vault, who) = (house.vault.clone(), by.user);
    let located = house
        .once(&by, request, move |tx| {
            super::locate(tx, &vault, who, id, point)?;
            Ok(Located { id, location })
        })
        .await?;
    Ok(HttpResponse::Ok().json(located))
}

/// Hospitals and blood banks, oldest first.
#[utoipa::path(tag = "places", params(Paging), responses((status = 200, description = "A page", body = Page<FacilityView>)))]
#[get("/facilities")]
async fn list_facilities(house: web::Data<House>, _by: Actor<SeeFacilities>, query: Query<Paging>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let limit = query.limit.get();
    let rows = house.db.read(move |conn| super::facilities(conn, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, FacilityView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

impl From<Unit> for UnitView {
    fn from(row: Unit) -> Self {
        let Unit { id, code, name_ar, name_en, parent, governorate } = row;
        Self { id, code, name_ar, name_en, parent, governorate }
    }
}

impl From<Facility> for FacilityView {
    fn from(row: Facility) -> Self {
        let location = row.point().map(|at| Location { latitude: at.latitude(), longitude: at.longitude() });
        let Facility { id, code, kind, name_ar, name_en, governorate, .. } = row;
        Self { id, code, kind, name_ar, name_en, governorate, location }
    }
}
