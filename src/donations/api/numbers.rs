//! Numbers that are handed out to a drive, over HTTP.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::DriveId;
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DinState;
use utoipa::ToSchema;

use crate::accounts::{Actor, RecordDonations};
use crate::donations::day::{self, Done};
use crate::http::{Answer, Body, House, IdempotencyKey, Paging, PathId, Query};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BlockForm {
    /// The first number: 13 characters, 14 with the check, or as scanned.
    first: String,
    /// How many in a row, 1 to 500.
    count: u32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SpoiltForm {
    din: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct NumberView {
    din: String,
    /// As printed: facility, year, sequence, check character.
    printed: String,
    state: DinState,
}

/// Hands out a block of numbers to a drive; each is used or spoilt before its day is closed.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = BlockForm, responses((status = 201, description = "Handed out", body = Done)))]
#[post("/drives/{id}/dins")]
pub(super) async fn hand_out(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<BlockForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let first = faults.keep("first", Din::parse(&form.first));
    let first = faults.give(first)?;
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let done = house
        .once(&by, request, move |tx| day::hand_out(tx, of.desk(), &who, id, (first, form.count)))
        .await?;
    Ok(HttpResponse::Created().json(done))
}

/// The numbers of a drive, in their order.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), Paging),
    responses((status = 200, description = "A page", body = Page<NumberView>)))]
#[get("/drives/{id}/dins")]
pub(super) async fn list_dins(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<String>(query.cursor.as_deref(), query.list())?.unwrap_or_default();
    let (limit, who) = (query.limit.get(), by.clone());
    let rows = house.db.read(move |conn| day::numbers(conn, &who, id.0, &after, limit + 1)).await?;
    let show = |(din, state): (Din, DinState)| NumberView {
        din: din.as_str().to_owned(),
        printed: din.printed(),
        state,
    };
    let page = house.page(rows, limit, query.list(), |(din, _)| din.as_str().to_owned(), show)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Notes that a number is spoilt: a label torn, a bag broken.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = SpoiltForm, responses((status = 200, description = "Spoilt", body = Done)))]
#[post("/drives/{id}/dins/spoil")]
pub(super) async fn spoil(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<SpoiltForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let mut faults = Faults::none();
    let din = faults.keep("din", Din::parse(&body.into_inner().din));
    let din = faults.give(din)?;
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let done = house.once(&by, request, move |tx| day::spoil(tx, of.desk(), &who, id, &din)).await?;
    Ok(HttpResponse::Ok().json(done))
}
