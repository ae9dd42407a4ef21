//! `POST /drives/series`.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use shiryan_kernel::status::DriveStatus;
use utoipa::ToSchema;

use crate::accounts::{Actor, PlanDrives};
use crate::drives::form::{DriveForm, SpanOfDays, series};
use crate::drives::{self, Series};
use crate::http::{Answer, Body, House, IdempotencyKey};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeriesForm {
    days: SpanOfDays,
    /// What each is like; it has no `date`.
    drive: DriveForm,
}

/// Plans drives of one shape on many days and opens them for booking. Days on which the unit is not there, or the
/// calendar leaves no slot, are left out and told; when anything else is wrong, none is planned.
#[utoipa::path(tag = "drives", params(("Idempotency-Key" = String, Header)), request_body = SeriesForm,
    responses((status = 201, description = "Made, with the days that were left out", body = Series)))]
#[post("/drives/series")]
pub(super) async fn create_series(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    key: IdempotencyKey,
    body: Body<SeriesForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let status = if form.drive.draft { DriveStatus::Draft } else { DriveStatus::Open };
    let new = series(&form.days, &form.drive, by.facility)?;
    let (vault, who, ground) = (house.vault.clone(), by.clone(), house.ground());
    let made = house
        .once(&by, request, move |tx| drives::plan_series(tx, &vault, &ground, &who, &new, status))
        .await?;
    Ok(HttpResponse::Created().json(made))
}
