//! The own shelf over HTTP.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use shiryan_kernel::blood::{BloodGroup, Component};
use utoipa::ToSchema;

use crate::accounts::{Actor, ConfirmShelf, KeepShelf};
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery};
use crate::stock::{self, Count, OwnShelf, Par};

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(look).service(set_par).service(confirm);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ParForm {
    component: Component,
    blood_group: BloodGroup,
    /// 1 to 10 000; `null`, and not absent: nobody says how many.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required, minimum = 1, maximum = 10_000)]
    units: Option<i32>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConfirmForm {
    /// Bags that were counted: all that may be used, of every component.
    #[schema(minimum = 0)]
    units: i32,
}

/// The own shelf: what may be used there, how much should lie there, what to ask for. A hospital's is what was issued to
/// it and has come in, and what it collected itself and was released.
#[utoipa::path(tag = "stock", responses((status = 200, description = "The shelf now", body = OwnShelf)))]
#[get("/stock/shelf")]
async fn look(house: web::Data<House>, by: Actor<KeepShelf>, _query: NoQuery) -> Answer {
    let (who, zone, now) = (by.clone(), house.zone, house.db.now());
    let shelf = house.db.read(move |conn| stock::own_shelf(conn, &who, zone, now)).await?;
    Ok(HttpResponse::Ok().json(shelf))
}

/// Says how many units of a component and group should lie on the own shelf.
#[utoipa::path(tag = "stock", params(("Idempotency-Key" = String, Header)), request_body = ParForm,
    responses((status = 200, description = "On record", body = Par)))]
#[post("/stock/pars")]
async fn set_par(
    house: web::Data<House>,
    by: Actor<KeepShelf>,
    key: IdempotencyKey,
    body: Body<ParForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let ParForm { component, blood_group, units } = body.into_inner();
    let (who, vault, par) = (by.clone(), house.vault.clone(), Par { component, blood_group, units });
    let set = house.once(&by, request, move |tx| stock::set_par(tx, &vault, &who, par)).await?;
    Ok(HttpResponse::Ok().json(set))
}

/// Confirms the own shelf: as many bags were counted as the register knows.
#[utoipa::path(tag = "stock", params(("Idempotency-Key" = String, Header)), request_body = ConfirmForm,
    responses((status = 201, description = "Confirmed", body = Count)))]
#[post("/stock/confirmations")]
async fn confirm(
    house: web::Data<House>,
    by: Actor<ConfirmShelf>,
    key: IdempotencyKey,
    body: Body<ConfirmForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, units) = (by.clone(), house.vault.clone(), body.into_inner().units);
    let count = house.once(&by, request, move |tx| stock::confirm(tx, &vault, &who, units)).await?;
    Ok(HttpResponse::Created().json(count))
}
