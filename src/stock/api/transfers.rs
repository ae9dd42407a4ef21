//! Transfers between blood banks over HTTP.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{FacilityId, TransferId};
use shiryan_kernel::page::Page;
use shiryan_kernel::status::{MoveReason, TransferState};
use shiryan_kernel::text::Note;
use utoipa::{IntoParams, ToSchema};

use super::labels::{LabelForm, labels};
use crate::accounts::{Actor, MoveUnits};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, PathId, Query};
use crate::stock::{self, Receipt, Sent, Transfer, TransferUnit, Why, rules};

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(send).service(list).service(look).service(receive).service(lost);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransferForm {
    /// Another blood bank of the own sharing region.
    to: FacilityId,
    /// 1 to 100, released or in quarantine, on the own shelf and in date.
    #[schema(min_items = 1, max_items = 100)]
    units: Vec<LabelForm>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScanForm {
    /// 1 to 100, as they were scanned.
    #[schema(min_items = 1, max_items = 100)]
    units: Vec<LabelForm>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LostForm {
    /// What was found out; at most 500 characters, sealed.
    note: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TransferQuery {
    /// `discrepancy`: what is to be looked into.
    state: Option<TransferState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// A transfer with its units.
#[derive(Debug, Serialize, ToSchema)]
struct TransferView {
    #[serde(flatten)]
    transfer: Transfer,
    units: Vec<TransferUnit>,
}

/// Sends units of the own shelf to another blood bank of the region: all of them or none.
#[utoipa::path(tag = "stock", params(("Idempotency-Key" = String, Header)), request_body = TransferForm,
    responses((status = 201, description = "Under way", body = Sent)))]
#[post("/transfers")]
async fn send(
    house: web::Data<House>,
    by: Actor<MoveUnits>,
    key: IdempotencyKey,
    body: Body<TransferForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let (to, units) = (form.to, labels(&form.units, rules::MOST_SENT)?);
    let (who, vault) = (by.clone(), house.vault.clone());
    let sent = house.once(&by, request, move |tx| stock::send(tx, &vault, &who, to, &units)).await?;
    Ok(HttpResponse::Created().json(sent))
}

/// Transfers from and to the own blood bank, oldest first.
#[utoipa::path(tag = "stock", params(TransferQuery),
    responses((status = 200, description = "A page", body = Page<Transfer>)))]
#[get("/transfers")]
async fn list(house: web::Data<House>, by: Actor<MoveUnits>, query: Query<TransferQuery>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who, state) = (query.limit.get(), by.clone(), query.state);
    let rows = house.db.read(move |conn| stock::transfers(conn, &who, state, after, limit + 1)).await?;
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, |row| row)?))
}

/// A transfer from or to the own blood bank, with its units.
#[utoipa::path(tag = "stock", params(("id" = TransferId, Path)),
    responses((status = 200, description = "The transfer", body = TransferView)))]
#[get("/transfers/{id}")]
async fn look(
    house: web::Data<House>,
    by: Actor<MoveUnits>,
    id: PathId<TransferId>,
    _query: NoQuery,
) -> Answer {
    let who = by.clone();
    let (transfer, units) = house.db.read(move |conn| stock::transfer(conn, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(TransferView { transfer, units }))
}

/// Takes units that were sent here onto the own shelf; what is missing or unexpected is told.
#[utoipa::path(tag = "stock", params(("id" = TransferId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ScanForm, responses((status = 200, description = "What arrived", body = Receipt)))]
#[post("/transfers/{id}/receive")]
async fn receive(
    house: web::Data<House>,
    by: Actor<MoveUnits>,
    id: PathId<TransferId>,
    key: IdempotencyKey,
    body: Body<ScanForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let scanned = labels(&body.into_inner().units, rules::MOST_SENT)?;
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let done =
        house.once(&by, request, move |tx| stock::receive(tx, &vault, zone, &who, id.0, &scanned)).await?;
    Ok(HttpResponse::Ok().json(done))
}

/// Says that what is still missing of a transfer is lost: by a person of either blood bank who neither sent nor scanned it.
#[utoipa::path(tag = "stock", params(("id" = TransferId, Path), ("Idempotency-Key" = String, Header)),
    request_body = LostForm, responses((status = 200, description = "Closed", body = Sent)))]
#[post("/transfers/{id}/lost")]
async fn lost(
    house: web::Data<House>,
    by: Actor<MoveUnits>,
    id: PathId<TransferId>,
    key: IdempotencyKey,
    body: Body<LostForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let note = Note::parse(&body.into_inner().note).map_err(|problem| problem.on("note"))?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let why = Why { reason: MoveReason::Lost, note: Some(note) };
    let closed = house.once(&by, request, move |tx| stock::lose(tx, &vault, &who, id.0, &why)).await?;
    Ok(HttpResponse::Ok().json(closed))
}
