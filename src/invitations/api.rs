//! Making donors' own links over HTTP.

use actix_web::http::header;
use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{AppointmentId, DonationId, DonorId, DriveId};
use shiryan_kernel::status::LinkVerb;
use utoipa::ToSchema;

use super::Made;
use crate::accounts::{Actor, Book, RecordDonations, link_secret};
use crate::http::{Answer, Body, House, IdempotencyKey, Nothing, PathId};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(link_appointment).service(link_drive).service(link_donation);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AppointmentLinkForm {
    /// `accept` or `cancel`.
    verb: LinkVerb,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DriveLinkForm {
    donor: DonorId,
}

/// A link for one donor, shown this once: whoever holds it may do what it is for, once.
#[derive(Debug, Serialize, ToSchema)]
struct LinkMade {
    url: String,
    expires_at: DateTime<Utc>,
}

fn shown(house: &House, made: Made) -> Answer {
    let url = format!("{}/l/{}", house.settings.origin(), link_secret(&house.vault, made.id));
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(LinkMade { url, expires_at: made.expires_at }))
}

/// Makes a link by which the holder of an appointment accepts it, or gives it back: to be handed over in private.
#[utoipa::path(tag = "drives", params(("id" = AppointmentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = AppointmentLinkForm, responses((status = 201, description = "Made", body = LinkMade)))]
#[post("/appointments/{id}/links")]
async fn link_appointment(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<AppointmentId>,
    key: IdempotencyKey,
    body: Body<AppointmentLinkForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let verb = body.into_inner().verb;
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let made = house.once(&by, request, move |tx| super::for_appointment(tx, &vault, &who, id, verb)).await?;
    shown(&house, made)
}

/// Makes a link by which a donor takes a place in a drive.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = DriveLinkForm, responses((status = 201, description = "Made", body = LinkMade)))]
#[post("/drives/{id}/links")]
async fn link_drive(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<DriveLinkForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let donor = body.into_inner().donor;
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let made = house.once(&by, request, move |tx| super::for_drive(tx, &vault, &who, id, donor)).await?;
    shown(&house, made)
}

/// Makes a link by which a donor tells something in the fourteen days after giving: every unit is stopped at once.
#[utoipa::path(tag = "drive day", params(("id" = DonationId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 201, description = "Made", body = LinkMade)))]
#[post("/donations/{id}/links")]
async fn link_donation(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DonationId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let made = house.once(&by, request, move |tx| super::for_donation(tx, &vault, &who, id)).await?;
    shown(&house, made)
}
