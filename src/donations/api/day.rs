//! The day of a drive over HTTP: who came, and the counts.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::branch::DespiteRest;
use shiryan_kernel::ids::{CheckInId, DonorId, DriveId, SlotId};
use shiryan_kernel::page::Page;
use shiryan_kernel::status::CheckInState;
use utoipa::{IntoParams, ToSchema};

use super::desk;
use crate::accounts::{Actor, RunDriveDay, SeeDriveDay};
use crate::donations::{self, CheckedIn, Day, Identity, NewCheckIn, Present, Voided};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, Nothing, PathId, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(check_in).service(list_check_ins).service(void).service(read_day);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckInForm {
    donor: DonorId,
    identity: Identity,
    /// What is to be given; by the appointment, or the first of what the drive collects, unless said.
    donation_type: Option<DonationType>,
    /// When they came, for a late entry: on the drive's day, not in the future, at most 30 days ago.
    at: Option<DateTime<Utc>>,
    /// Where a walk-in takes a place; the first that is not over, unless said.
    slot: Option<SlotId>,
    /// Why a walk-in may give although a duty is near that only warns.
    despite: Option<DespiteRest>,
}

/// Checks a donor in, by appointment or by a place taken at the door.
///
/// The rules are asked anew and the decision is kept; whoever came is checked in whatever it says, and screening
/// tells them in private.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CheckInForm, responses((status = 201, description = "Checked in", body = CheckedIn)))]
#[post("/drives/{id}/check-ins")]
async fn check_in(
    house: web::Data<House>,
    by: Actor<RunDriveDay>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<CheckInForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let new = NewCheckIn {
        drive: id.0,
        donor: form.donor,
        identity: form.identity,
        donation_type: form.donation_type,
        at: form.at,
        slot: form.slot,
        despite: form.despite,
    };
    let (who, of) = (by.clone(), house.clone());
    let made: CheckedIn =
        house.once_guarded(&by, request, move |tx| donations::check_in(tx, desk(&of), &who, &new)).await?;
    Ok(HttpResponse::Created().json(made))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CheckInQuery {
    state: Option<CheckInState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// Those who came to a drive, by entry, for those who run it; entries that were taken back too.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), CheckInQuery),
    responses((status = 200, description = "A page", body = Page<Present>)))]
#[get("/drives/{id}/check-ins")]
async fn list_check_ins(
    house: web::Data<House>,
    by: Actor<RunDriveDay>,
    id: PathId<DriveId>,
    query: Query<CheckInQuery>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, state, who) = (query.limit.get(), query.state, by.clone());
    let rows =
        house.db.read(move |conn| donations::present(conn, &who, id.0, state, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, |row| row)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Takes back a check-in that was entered by mistake, before screening. A place taken at the door is given back.
#[utoipa::path(tag = "drive day", params(("id" = CheckInId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Taken back", body = Voided)))]
#[post("/check-ins/{id}/void")]
async fn void(
    house: web::Data<House>,
    by: Actor<RunDriveDay>,
    id: PathId<CheckInId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, of) = (by.clone(), house.clone());
    let done: Voided =
        house.once_guarded(&by, request, move |tx| donations::void(tx, desk(&of), &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(done))
}

/// The counts of a drive's day. Command sees how many came; what came of it once the drive is done, of twenty or
/// more, with deferred and left in one figure.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path)),
    responses((status = 200, description = "Counts, or for command an outline", body = Day)))]
#[get("/drives/{id}/day")]
async fn read_day(
    house: web::Data<House>,
    by: Actor<SeeDriveDay>,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    let (who, of) = (by.clone(), house.clone());
    let day = house.db.read(move |conn| donations::day(conn, desk(&of), &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(day))
}
