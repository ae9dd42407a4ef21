//! Units that become others, or get something done to them, over HTTP.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::Component;
use shiryan_kernel::ids::BloodUnitId;
use utoipa::ToSchema;

use crate::accounts::{Actor, DivideUnits};
use crate::http::{Answer, Body, House, IdempotencyKey, PathId};
use crate::stock::{self, Division, Part, Processed};

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(divide).service(process);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PartForm {
    /// The unit's own, or what whole blood is made of; plasma becomes cryoprecipitate.
    component: Component,
    /// 0, which it is unless said, for an undivided component; else 1 to 9.
    #[serde(default)]
    division: i32,
    #[schema(minimum = 1)]
    volume_ml: i32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DivideForm {
    /// 1 to 9; two at least of the same component.
    #[schema(min_items = 1, max_items = 9)]
    parts: Vec<PartForm>,
    /// What is left over and thrown away: with the parts it is the unit's volume.
    #[serde(default)]
    #[schema(minimum = 0)]
    rest_ml: i32,
}

/// Divides a unit in quarantine on the own shelf, or makes components of whole blood: mass is conserved.
#[utoipa::path(tag = "stock", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = DivideForm, responses((status = 201, description = "Divided", body = Division)))]
#[post("/stock/units/{id}/divide")]
async fn divide(
    house: web::Data<House>,
    by: Actor<DivideUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<DivideForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let DivideForm { parts, rest_ml } = body.into_inner();
    let parts: Vec<Part> = parts
        .into_iter()
        .map(|PartForm { component, division, volume_ml }| Part { component, division, volume_ml })
        .collect();
    let (who, of) = (by.clone(), house.clone());
    let done = house.once(&by, request, move |tx| {
        stock::divide(tx, &of.vault, (of.zone, &of.keeping), &who, id.0, &parts, rest_ml)
    });
    Ok(HttpResponse::Created().json(done.await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProcessForm {
    /// What was done to the unit, or found of it; at least one. None is ever taken away.
    attributes: Attributes,
}

/// Adds attributes to a unit in quarantine on the own shelf. Irradiated red cells and whole blood last 28 days at most.
#[utoipa::path(tag = "stock", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ProcessForm, responses((status = 200, description = "As it is now", body = Processed)))]
#[post("/stock/units/{id}/attributes")]
async fn process(
    house: web::Data<House>,
    by: Actor<DivideUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<ProcessForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let added = body.into_inner().attributes;
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let done = house.once(&by, request, move |tx| stock::process(tx, &vault, zone, &who, id.0, added));
    Ok(HttpResponse::Ok().json(done.await?))
}
