//! Accepting an appointment, calling a drive off, and whom to tell in person, over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, MessageId};
use shiryan_kernel::message::{Template, Told};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::{AppointmentStatus, DriveStatus};
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, Book, PlanDrives};
use crate::drives::{self, Accepted, Asked, CalledOff, Notified, Sent, form};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, Nothing, PathId, Query};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CallOffForm {
    /// Cancels only a drive that stands here.
    expected_status: Option<DriveStatus>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CalledOffView {
    id: DriveId,
    status: DriveStatus,
    /// Appointments that were cancelled with it; a notice to each of their holders is queued.
    appointments: usize,
}

/// Cancels a drive that has not ended, with every appointment to come; whoever held one is told once.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CallOffForm, responses((status = 200, description = "Cancelled", body = CalledOffView)))]
#[post("/drives/{id}/cancel")]
pub(super) async fn cancel_drive(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<CallOffForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let expected = body.into_inner().expected_status;
    let (vault, who) = (house.vault.clone(), by.clone());
    let done = house
        .once_guarded(&by, request, move |tx| drives::call_off(tx, &vault, &who, id.0, expected))
        .await?;
    let CalledOff { id, status, appointments } = done;
    Ok(HttpResponse::Ok().json(CalledOffView { id, status, appointments }))
}

#[derive(Debug, Serialize, ToSchema)]
struct AcceptedView {
    id: AppointmentId,
    status: AppointmentStatus,
}

/// Notes that the donor accepted a proposed appointment in private: it is booked, and confirmed to the donor.
#[utoipa::path(tag = "drives", params(("id" = AppointmentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Booked", body = AcceptedView)))]
#[post("/appointments/{id}/accept")]
pub(super) async fn accept(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<AppointmentId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let reminders = house.reminders();
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let accepted = house
        .once_guarded(&by, request, move |tx| drives::accept(tx, &vault, zone, &who, id.0, reminders))
        .await?;
    let Accepted { id, status } = accepted;
    Ok(HttpResponse::Ok().json(AcceptedView { id, status }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct MessageQuery {
    /// Only those; `in_person` is the list of whom no message reaches.
    told: Option<Told>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// A notice. What became of it says whether to tell the donor in person, not why.
#[derive(Debug, Serialize, ToSchema)]
struct MessageView {
    id: MessageId,
    template: Template,
    donor: DonorId,
    appointment: AppointmentId,
    told: Told,
    /// When it was sent, or it was plain that it will not be.
    ended_at: Option<DateTime<Utc>>,
}

/// What holders of appointments in a drive are told, oldest first, for those who run it.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), MessageQuery),
    responses((status = 200, description = "A page", body = Page<MessageView>)))]
#[get("/drives/{id}/messages")]
pub(super) async fn list_messages(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DriveId>,
    query: Query<MessageQuery>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, told, who) = (query.limit.get(), query.told, by.clone());
    let rows = house.db.read(move |conn| drives::notified(conn, &who, id.0, told, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, MessageView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

impl From<Notified> for MessageView {
    fn from(row: Notified) -> Self {
        let Notified { id, template, donor, appointment, told, ended_at } = row;
        Self { id, template, donor, appointment, told, ended_at }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct InvitationForm {
    /// Any group when empty.
    blood_groups: Vec<BloodGroup>,
    /// Civil time, `09:00`: the first of the hours that these donors choose from, with `to`; all hours unless told.
    from: Option<String>,
    /// Civil time: where those hours end.
    to: Option<String>,
    /// 1 to 200.
    most: i64,
}

/// Asks donors of the drive's unit by message to choose a time: those of these groups who may give that day, want to be
/// written to, have no place yet and were not asked before; whoever was asked longest ago first. Who they are is not told.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = InvitationForm, responses((status = 201, description = "Asked", body = Sent)))]
#[post("/drives/{id}/invitations")]
pub(super) async fn invite(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<InvitationForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let InvitationForm { blood_groups: groups, from, to, most } = body.into_inner();
    let mut faults = Faults::none();
    let hours = form::hours(&mut faults, from.as_deref(), to.as_deref());
    let asked = faults.give(Some(Asked { groups, hours, most }))?;
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let sent =
        house.once(&by, request, move |tx| drives::invite(tx, &vault, zone, &who, id.0, &asked)).await?;
    Ok(HttpResponse::Created().json(sent))
}
