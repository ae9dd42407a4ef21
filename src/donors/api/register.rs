//! `POST /donors`.

use actix_web::{HttpResponse, post, web};

use super::search::counting;
use crate::accounts::{Actor, RegisterDonors};
use crate::donors::Registered;
use crate::donors::form::DonorForm;
use crate::eligibility;
use crate::http::{Answer, Body, House, IdempotencyKey};

/// Registers a donor. Whether the person is known outside the caller's scope is not told.
#[utoipa::path(tag = "donors", params(("Idempotency-Key" = String, Header)), request_body = DonorForm,
    responses((status = 201, description = "Registered", body = Registered)))]
#[post("/donors")]
pub(super) async fn register(
    house: web::Data<House>,
    by: Actor<RegisterDonors>,
    key: IdempotencyKey,
    body: Body<DonorForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let new = body.into_inner().parse(house.today())?;
    let (vault, book, who) = (house.vault.clone(), house.rules.clone(), by.clone());
    let made = house.once(&by, request, move |tx| eligibility::enrol(tx, &vault, &book, &who, &new)).await;
    Ok(HttpResponse::Created().json(counting(&house, &by, made).await?))
}
