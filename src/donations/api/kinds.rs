//! `GET /donations/kinds`.

use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::accounts::{Actor, SeeDonationKinds};
use crate::donations::kinds::{self, Kinds};
use crate::http::{Answer, House, Query};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Span {
    /// The first civil day.
    first: NaiveDate,
    /// The last civil day, at most 366 after the first.
    last: NaiveDate,
}

/// How donors came to give, counted over civil days: a blood bank its own, a physician all.
#[utoipa::path(tag = "donations", params(Span),
    responses((status = 200, description = "Donations by kind", body = Kinds)))]
#[get("/donations/kinds")]
pub(super) async fn count_kinds(
    house: web::Data<House>,
    by: Actor<SeeDonationKinds>,
    query: Query<Span>,
) -> Answer {
    let (who, days) = (by.clone(), (query.first, query.last));
    let counted = house.db.read(move |conn| kinds::count(conn, &who, days)).await?;
    Ok(HttpResponse::Ok().json(counted))
}
