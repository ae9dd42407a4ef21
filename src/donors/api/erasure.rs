//! Erasing a person, and the trace that remains, over HTTP.

use actix_web::{HttpResponse, http::header, post, web};
use serde::Deserialize;
use shiryan_kernel::ids::DonorId;
use utoipa::ToSchema;

use crate::accounts::{Actor, EraseDonors, OpenTraces};
use crate::db::{Lane, off_loop};
use crate::donors::{self, Erased, ErasureReason, TracePurpose, Traced};
use crate::drives;
use crate::http::{Answer, Body, House, IdempotencyKey, PathId};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Erasure {
    reason: ErasureReason,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = ErasureLookBack)]
#[serde(deny_unknown_fields)]
pub(super) struct LookBack {
    purpose: TracePurpose,
}

/// Erases a person for good: key, identity and exact keys go, appointments to come are cancelled. Givings,
/// deferrals and units stay without a name; of whoever ever gave a trace record is kept for 30 years.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Erasure, responses((status = 200, description = "Erased", body = Erased)))]
#[post("/donors/{id}/erase")]
pub(super) async fn erase(
    house: web::Data<House>,
    by: Actor<EraseDonors>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<Erasure>,
) -> Answer {
    let request = key.of(by.user, &body);
    let reason = body.into_inner().reason;
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let erased =
        house.once(&by, request, move |tx| drives::erase(tx, &vault, &book, &who, id, reason)).await?;
    // The erasure holds without it; the day's work tries again.
    let db = house.db.clone();
    if let Err(problem) = off_loop(move || db.empty_log()).await {
        tracing::warn!(cause = problem.cause.as_deref().unwrap_or_default(), "the log was not emptied");
    }
    Ok(HttpResponse::Ok().json(erased))
}

/// Opens the trace record of an erased donor. Each opening is recorded with its purpose before it is shown.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)), request_body = LookBack,
    responses((status = 200, description = "Who the donor was", body = Traced)))]
#[post("/donors/{id}/trace")]
pub(super) async fn open_trace(
    house: web::Data<House>,
    by: Actor<OpenTraces>,
    id: PathId<DonorId>,
    body: Body<LookBack>,
) -> Answer {
    let purpose = body.into_inner().purpose;
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let traced = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| donors::open_trace(tx, &vault, &who, id, purpose))
        .await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(traced))
}
