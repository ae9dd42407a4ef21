//! Moving and swapping appointments, and the waiting list, over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, SlotId, WaitingId};
use shiryan_kernel::page::Page;
use utoipa::ToSchema;

use crate::accounts::{Actor, Book};
use crate::db::Tx;
use crate::drives::{self, Joined, Left, Moved, Waiting};
use crate::http::{Answer, Body, House, IdempotencyKey, Nothing, Paging, PathId, Query};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MoveForm {
    /// Of the same drive.
    slot: SlotId,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SwapForm {
    /// Another live appointment of the same drive.
    with: AppointmentId,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Swapped {
    items: [Moved; 2],
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JoinForm {
    donor: DonorId,
    /// One of those that the drive collects; its first unless named.
    donation_type: Option<DonationType>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitingDonorView)]
struct WaitingView {
    id: WaitingId,
    donor: DonorId,
    joined_at: DateTime<Utc>,
}

/// Moves a live appointment to another slot of its drive. It is cancelled and a new one takes its status; whoever moves
/// a booked one says that the donor agreed, and the donor is told.
#[utoipa::path(tag = "drives", params(("id" = AppointmentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = MoveForm, responses((status = 200, description = "Moved", body = Moved)))]
#[post("/appointments/{id}/move")]
pub(super) async fn change_slot(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<AppointmentId>,
    key: IdempotencyKey,
    body: Body<MoveForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let slot = body.into_inner().slot;
    let (vault, who, reminders) = (house.vault.clone(), by.clone(), house.reminders());
    let moved = house
        .once_guarded(&by, request, move |tx| drives::change_slot(tx, &vault, &who, id.0, slot, reminders))
        .await?;
    Ok(HttpResponse::Ok().json(moved))
}

/// Lets two live appointments of one drive take each other's slot, as if both were moved at once.
#[utoipa::path(tag = "drives", params(("id" = AppointmentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = SwapForm, responses((status = 200, description = "Swapped", body = Swapped)))]
#[post("/appointments/{id}/swap")]
pub(super) async fn swap(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<AppointmentId>,
    key: IdempotencyKey,
    body: Body<SwapForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let with = body.into_inner().with;
    let (vault, who, reminders) = (house.vault.clone(), by.clone(), house.reminders());
    let swapped = house
        .once_guarded(&by, request, move |tx| {
            Ok(Swapped { items: drives::swap(tx, &vault, &who, id.0, with, reminders)? })
        })
        .await?;
    Ok(HttpResponse::Ok().json(swapped))
}

/// Puts a donor on a drive's waiting list. A place that comes free is offered within a minute to the first who may be
/// booked, as a proposed appointment.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = JoinForm, responses((status = 201, description = "Waiting", body = Joined)))]
#[post("/drives/{id}/waiting")]
pub(super) async fn join(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<JoinForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let JoinForm { donor, donation_type } = body.into_inner();
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let join = move |tx: &mut Tx<'_>| drives::join(tx, &vault, zone, &who, id.0, donor, donation_type);
    let joined = house.once_guarded(&by, request, join).await?;
    Ok(HttpResponse::Created().json(joined))
}

/// Those who wait for a place in a drive, first come first.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), Paging),
    responses((status = 200, description = "A page", body = Page<WaitingView>)))]
#[get("/drives/{id}/waiting")]
pub(super) async fn list_waiting(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DriveId>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who) = (query.limit.get(), by.clone());
    let rows = house.db.read(move |conn| drives::waiting(conn, &who, id.0, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, WaitingView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Takes somebody off a waiting list.
#[utoipa::path(tag = "drives", params(("id" = WaitingId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Waits no longer", body = Left)))]
#[post("/waiting/{id}/leave")]
pub(super) async fn leave(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<WaitingId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who) = (house.vault.clone(), by.clone());
    let left = house.once_guarded(&by, request, move |tx| drives::leave_list(tx, &vault, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(left))
}

impl From<Waiting> for WaitingView {
    fn from(row: Waiting) -> Self {
        Self { id: row.id, donor: row.donor, joined_at: row.joined_at.and_utc() }
    }
}
