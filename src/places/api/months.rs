//! Hijri months as they were sighted, over HTTP.

use actix_web::{HttpResponse, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::{Actor, SightMonths};
use crate::http::{Answer, Body, House, IdempotencyKey};
use crate::places::calendar::{MonthStart, enter_sighting};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MonthForm {
    /// The Hijri year.
    year: i32,
    /// 1 to 12.
    month: u8,
    /// Its first civil day: within a day of the table's.
    first: NaiveDate,
}

/// A month as it was entered.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct MonthEntered {
    year: i32,
    month: u8,
    first: NaiveDate,
}

/// Says on which day a Hijri month began by what was sighted; the last word on a month holds.
#[utoipa::path(tag = "calendar", params(("Idempotency-Key" = String, Header)), request_body = MonthForm,
    responses((status = 201, description = "Entered", body = MonthEntered)))]
#[post("/calendar/months")]
pub(super) async fn sight_month(
    house: web::Data<House>,
    by: Actor<SightMonths>,
    key: IdempotencyKey,
    body: Body<MonthForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let MonthForm { year, month, first } = body.into_inner();
    let (vault, table, who) = (house.vault.clone(), house.calendar.clone(), by.user);
    let entered = house
        .once(&by, request, move |tx| {
            enter_sighting(tx, &vault, &table, who, MonthStart { year, month, first })?;
            Ok(MonthEntered { year, month, first })
        })
        .await?;
    Ok(HttpResponse::Created().json(entered))
}
