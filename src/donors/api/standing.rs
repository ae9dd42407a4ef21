//! A donor's pause, its end, and a death over HTTP.

use actix_web::{HttpResponse, post, web};
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::ids::DonorId;
use utoipa::ToSchema;

use crate::accounts::{Actor, Principal, RegisterDonors};
use crate::db::once;
use crate::donors::{Change, Standing};
use crate::drives;
use crate::http::{Answer, Body, House, IdempotencyKey, Nothing, PathId};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PauseForm {
    /// First day after the pause; open without it.
    until: Option<NaiveDate>,
}

/// Pauses a donor at the donor's own wish.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = PauseForm, responses((status = 200, description = "Paused", body = Standing)))]
#[post("/donors/{id}/pause")]
pub(super) async fn pause(
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
pub(super) async fn resume(
    house: web::Data<House>,
    by: Actor<RegisterDonors>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    stand(&house, &by, id.0, request, Change::Resume).await
}

/// Records that a donor has died. Nothing takes it back. Appointments to come are cancelled.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Recorded", body = Standing)))]
#[post("/donors/{id}/deceased")]
pub(super) async fn record_death(
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
        house.once(by, request, move |tx| drives::stand(tx, &vault, &book, &who, id, change)).await?;
    Ok(HttpResponse::Ok().json(standing))
}
