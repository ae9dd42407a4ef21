//! A donor's consents over HTTP.

use actix_web::{HttpResponse, get, post, web};
use serde::Serialize;
use shiryan_kernel::ids::DonorId;
use utoipa::ToSchema;

use crate::accounts::{Actor, RecordConsents, SeeDonors};
use crate::donors::{self, ConsentLine, ConsentRecorded, NewConsent, Scope};
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, PathId};

#[derive(Serialize, ToSchema)]
pub(super) struct ConsentsView {
    /// By the day on which it was said.
    items: Vec<ConsentLine>,
}

/// Records what a donor agrees to, or takes back, and on which day and how that was said.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = NewConsent, responses((status = 201, description = "Recorded", body = ConsentRecorded)))]
#[post("/donors/{id}/consents")]
pub(super) async fn record_consent(
    house: web::Data<House>,
    by: Actor<RecordConsents>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<NewConsent>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (new, today) = (body.into_inner(), house.today());
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let recorded =
        house.once(&by, request, move |tx| donors::consent(tx, &vault, &who, id, &new, today)).await?;
    Ok(HttpResponse::Created().json(recorded))
}

/// A donor's consents, those that later ones replaced too.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)),
    responses((status = 200, description = "The ledger", body = ConsentsView)))]
#[get("/donors/{id}/consents")]
pub(super) async fn list_consents(
    house: web::Data<House>,
    by: Actor<SeeDonors>,
    id: PathId<DonorId>,
    _query: NoQuery,
) -> Answer {
    let (who, id) = (by.clone(), id.0);
    let items = house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            donors::consents(conn, &scope, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(ConsentsView { items }))
}
