//! Blood units over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId};
use shiryan_kernel::page::Page;
use shiryan_kernel::status::UnitStatus;
use utoipa::{IntoParams, ToSchema};

use super::{BloodUnit, Filter, Released, Summary};
use crate::accounts::{Actor, ReleaseUnits, SeeStock, SeeStockSummary};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, PathId, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_units).service(release_unit).service(stock_summary);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UnitQuery {
    component: Option<Component>,
    blood_group: Option<BloodGroup>,
    status: Option<UnitStatus>,
    /// For a role without a facility of its own.
    facility: Option<FacilityId>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct BloodUnitView {
    id: BloodUnitId,
    din: Din,
    component: Component,
    /// 0 for an undivided component.
    division: i32,
    /// Absent until the release names it.
    blood_group: Option<BloodGroup>,
    volume_ml: i32,
    status: UnitStatus,
    /// Whether it counts as stock now: released and in date.
    usable: bool,
    facility: FacilityId,
    collected_on: NaiveDate,
    /// The last moment at which it is good.
    expires_at: DateTime<Utc>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseForm {
    /// The group that the laboratory found; may be left out where it is known already.
    blood_group: Option<BloodGroup>,
}

/// Blood units, oldest first: the own shelf, or for a physician any.
#[utoipa::path(tag = "stock", params(UnitQuery),
    responses((status = 200, description = "A page", body = Page<BloodUnitView>)))]
#[get("/stock/units")]
async fn list_units(house: web::Data<House>, by: Actor<SeeStock>, query: Query<UnitQuery>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who) = (query.limit.get(), by.clone());
    let filter = Filter {
        facility: query.facility,
        component: query.component,
        blood_group: query.blood_group,
        status: query.status,
    };
    let rows = house.db.read(move |conn| super::units(conn, &who, filter, after, limit + 1)).await?;
    let now = house.db.now();
    let show = |row| BloodUnitView::of(row, now);
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, show)?))
}

/// Takes a unit out of quarantine.
#[utoipa::path(tag = "stock", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ReleaseForm, responses((status = 200, description = "Released", body = Released)))]
#[post("/stock/units/{id}/release")]
async fn release_unit(
    house: web::Data<House>,
    by: Actor<ReleaseUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<ReleaseForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let (unit, named) = (id.0, body.into_inner().blood_group);
    let released =
        house.once(&by, request, move |tx| super::release(tx, &vault, zone, &who, unit, named)).await?;
    Ok(HttpResponse::Ok().json(released))
}

/// Units by group, component and state: the own shelf, or every governorate's beside its region's.
#[utoipa::path(tag = "stock", responses((status = 200, description = "Counted now", body = Summary)))]
#[get("/stock/summary")]
async fn stock_summary(house: web::Data<House>, by: Actor<SeeStockSummary>, _query: NoQuery) -> Answer {
    let (who, zone, now) = (by.clone(), house.zone, house.db.now());
    let summary = house.db.read(move |conn| super::summary(conn, zone, &who, now)).await?;
    Ok(HttpResponse::Ok().json(summary))
}

impl BloodUnitView {
    fn of(row: BloodUnit, now: DateTime<Utc>) -> Self {
        let (usable, expires_at) = (row.status.is_usable() && row.is_good_at(now), row.expires_at());
        let BloodUnit { id, din, component, division, blood_group, volume_ml, status, facility, .. } = row;
        let collected_on = row.collected_on;
        Self {
            id,
            din,
            component,
            division,
            blood_group,
            volume_ml,
            status,
            usable,
            facility,
            collected_on,
            expires_at,
        }
    }
}
