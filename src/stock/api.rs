//! Blood units over HTTP.

mod counts;
mod divide;
mod labels;
mod own;
mod results;
mod transfers;

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use super::{BloodUnit, Delivery, Filter, Movement, Released, Stopped, Why};
use crate::accounts::{
    Actor, ClearUnits, DiscardUnits, ReceiveUnits, ReleaseUnits, SeeStock, SeeStockSummary, StopUnits,
    TraceUnits,
};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, PathId, Query};
use crate::roster::{self, Summary};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_units).service(deliver_unit).service(trace_unit).service(release_unit);
    config.service(stop_unit).service(clear_unit).service(discard_unit).service(stock_summary);
    transfers::operations(config);
    counts::operations(config);
    own::operations(config);
    divide::operations(config);
    results::operations(config);
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
    /// Absent until two groupings agree.
    blood_group: Option<BloodGroup>,
    volume_ml: i32,
    status: UnitStatus,
    /// Whether it counts as stock now: released and in date.
    usable: bool,
    facility: FacilityId,
    collected_on: NaiveDate,
    /// The last moment at which it is good.
    expires_at: DateTime<Utc>,
    /// What whole blood and red cells are kept in, where it is known.
    additive: Option<Additive>,
    attributes: Attributes,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseForm {
    /// The group found in the bag by whoever releases it: the second grouping, where another person made the first. May be
    /// left out where two groupings stand already.
    blood_group: Option<BloodGroup>,
}

/// A bag as its label says.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeliveryForm {
    /// Typed or scanned: 13 characters, with or without flags and check character.
    din: String,
    /// This, or the label's code for it.
    component: Option<Component>,
    /// A product code of `stock.component_codes`, typed or scanned with its `=<`.
    component_code: Option<String>,
    /// 0, which it is unless said, for an undivided component; else 1 to 9.
    #[serde(default)]
    division: i32,
    blood_group: BloodGroup,
    /// 1 to 1000.
    volume_ml: i32,
    collected_on: NaiveDate,
    /// Good until the end of this day.
    expires_on: NaiveDate,
    /// As the label says.
    #[serde(default)]
    attributes: Attributes,
    /// What whole blood and red cells are kept in, where the label says it; their last day is held against it.
    additive: Option<Additive>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Delivered {
    id: BloodUnitId,
    status: UnitStatus,
}

/// Why a unit is stopped or thrown away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WhyForm {
    reason: MoveReason,
    /// At most 500 characters; sealed. Required where the reason is `other`.
    note: Option<String>,
}

impl WhyForm {
    fn parse(self) -> Result<Why> {
        let note = self.note.as_deref().map(Note::parse).transpose();
        Ok(Why { reason: self.reason, note: note.map_err(|problem| problem.on("note"))? })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClearForm {
    /// What the physician found; at most 500 characters, sealed.
    note: String,
}

/// A unit and every step that it made.
#[derive(Debug, Serialize, ToSchema)]
struct TraceView {
    #[serde(flatten)]
    unit: BloodUnitView,
    movements: Vec<Movement>,
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
        good_at: None,
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
    let panel = house.settings.laboratory.panel.clone();
    let released = house
        .once(&by, request, move |tx| super::release(tx, (&vault, zone), &who, unit, named, &panel))
        .await?;
    Ok(HttpResponse::Ok().json(released))
}

/// Takes a unit that another blood service sent, in quarantine on the own shelf.
#[utoipa::path(tag = "stock", params(("Idempotency-Key" = String, Header)), request_body = DeliveryForm,
    responses((status = 201, description = "In quarantine", body = Delivered)))]
#[post("/stock/units")]
async fn deliver_unit(
    house: web::Data<House>,
    by: Actor<ReceiveUnits>,
    key: IdempotencyKey,
    body: Body<DeliveryForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let din = faults.keep("din", Din::parse(&form.din));
    let component = component_of(&house, &form, &mut faults);
    let (din, component) = faults.give(din.zip(component))?;
    let new = Delivery {
        din,
        component,
        division: form.division,
        blood_group: form.blood_group,
        volume_ml: form.volume_ml,
        collected_on: form.collected_on,
        expires_on: form.expires_on,
        attributes: form.attributes,
        additive: form.additive,
    };
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let made = house.once(&by, request, move |tx| {
        let id = super::deliver(tx, &vault, zone, &who, &new)?;
        Ok(Delivered { id, status: UnitStatus::Quarantine })
    });
    Ok(HttpResponse::Created().json(made.await?))
}

/// The component, named or by the code of its label.
fn component_of(house: &House, form: &DeliveryForm, faults: &mut Faults) -> Option<Component> {
    match (form.component, form.component_code.as_deref()) {
        (Some(component), None) => Some(component),
        (None, Some(code)) => {
            let known = house.settings.component_of(code);
            faults.keep("component_code", known.ok_or_else(|| Problem::new(Code::InvalidValue)))
        }
        (Some(_), Some(_)) => faults.keep("component_code", Err(Problem::new(Code::InvalidValue))),
        (None, None) => faults.keep("component", Err(Problem::new(Code::MissingField))),
    }
}

/// A unit with each of its steps: one that lies or lay on the own shelf or is on its way there, or for a physician any.
#[utoipa::path(tag = "stock", params(("id" = BloodUnitId, Path)),
    responses((status = 200, description = "The unit, its steps oldest first", body = TraceView)))]
#[get("/stock/units/{id}")]
async fn trace_unit(
    house: web::Data<House>,
    by: Actor<TraceUnits>,
    id: PathId<BloodUnitId>,
    _query: NoQuery,
) -> Answer {
    let (who, vault) = (by.clone(), house.vault.clone());
    let (unit, movements) = house.db.read(move |conn| super::trace(conn, &vault, &who, id.0)).await?;
    let unit = BloodUnitView::of(unit, house.db.now());
    Ok(HttpResponse::Ok().json(TraceView { unit, movements }))
}

/// Stops a unit for safety: one that lies or lay on the own shelf or is on its way there, or for a physician any. It counts nowhere until a physician clears it.
#[utoipa::path(tag = "stock", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = WhyForm, responses((status = 200, description = "Stopped", body = Stopped)))]
#[post("/stock/units/{id}/block")]
async fn stop_unit(
    house: web::Data<House>,
    by: Actor<StopUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<WhyForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, why) = (by.clone(), house.vault.clone(), body.into_inner().parse()?);
    let stopped = house.once(&by, request, move |tx| super::stop(tx, &vault, &who, id.0, &why)).await?;
    Ok(HttpResponse::Ok().json(stopped))
}

/// Lifts a stop: the unit goes back to quarantine. Whoever stopped it is not the one who clears it.
#[utoipa::path(tag = "stock", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ClearForm, responses((status = 200, description = "In quarantine", body = Stopped)))]
#[post("/stock/units/{id}/clear")]
async fn clear_unit(
    house: web::Data<House>,
    by: Actor<ClearUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<ClearForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let note = Note::parse(&body.into_inner().note).map_err(|problem| problem.on("note"))?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let cleared = house.once(&by, request, move |tx| super::clear(tx, &vault, &who, id.0, note.clone()));
    Ok(HttpResponse::Ok().json(cleared.await?))
}

/// Throws a unit of the own shelf away, for good.
#[utoipa::path(tag = "stock", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = WhyForm, responses((status = 200, description = "Gone", body = Stopped)))]
#[post("/stock/units/{id}/discard")]
async fn discard_unit(
    house: web::Data<House>,
    by: Actor<DiscardUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<WhyForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, why) = (by.clone(), house.vault.clone(), body.into_inner().parse()?);
    let gone = house.once(&by, request, move |tx| super::discard(tx, &vault, &who, id.0, &why)).await?;
    Ok(HttpResponse::Ok().json(gone))
}

/// Units by group, component and state: the own shelf, or every governorate's beside its region's.
#[utoipa::path(tag = "stock", responses((status = 200, description = "Counted now", body = Summary)))]
#[get("/stock/summary")]
async fn stock_summary(house: web::Data<House>, by: Actor<SeeStockSummary>, _query: NoQuery) -> Answer {
    let now = house.db.now();
    let summary = house.roster({
        let (zone, by) = (house.zone, by.clone());
        move |index| roster::summary(&index.units, zone, &by, now)
    });
    let mut summary = summary.await?;
    if let Some(own) = by.facility {
        summary.counted_at = house.db.read(move |conn| super::counted_at(conn, &[own])).await?.remove(&own);
    }
    Ok(HttpResponse::Ok().json(summary))
}

impl BloodUnitView {
    fn of(row: BloodUnit, now: DateTime<Utc>) -> Self {
        let (usable, expires_at) = (row.status.is_usable() && row.is_good_at(now), row.expires_at());
        let BloodUnit { id, din, component, division, blood_group, volume_ml, status, facility, .. } = row;
        let (collected_on, additive, attributes) = (row.collected_on, row.additive, row.attributes);
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
            additive,
            attributes,
        }
    }
}
