//! Drives, slots and appointments over HTTP.

mod blueprints;
mod calling;
mod changing;
mod planning;
mod series;
mod telling;

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::branch::DespiteRest;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, FacilityId, SlotId, UnitId};
use shiryan_kernel::message::Told;
use shiryan_kernel::page::Page;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{AppointmentStatus, DriveStatus};
use utoipa::{IntoParams, ToSchema};

use super::form::Target;
use super::{Booked, Booking, Cancelled, Filter, NewBooking, Seen, Slot, UnitClash};
use crate::accounts::{Actor, Book, SeeDrives};
use crate::activities::Key;
use crate::activities::rules::Days;
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, PathId, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(planning::create_drive)
        // Before a drive's own paths, which would take the word for an id.
        .service(planning::preview_drive)
        .service(series::create_series)
        .service(planning::copy_drive)
        .service(planning::publish_drive)
        .service(planning::close_drive)
        .service(planning::reopen_drive)
        .service(blueprints::save_blueprint)
        .service(blueprints::list_blueprints)
        .service(blueprints::plan_blueprint)
        .service(blueprints::end_blueprint)
        .service(list_drives)
        .service(get_drive)
        .service(list_clashes)
        .service(list_slots)
        .service(list_appointments)
        .service(book)
        .service(cancel)
        .service(changing::change_slot)
        .service(changing::swap)
        .service(changing::join)
        .service(changing::list_waiting)
        .service(changing::leave)
        .service(telling::accept)
        .service(telling::cancel_drive)
        .service(telling::list_messages)
        .service(telling::invite)
        .service(calling::list_due)
        .service(calling::note);
}

#[derive(Debug, Serialize, ToSchema)]
struct ClashList {
    items: Vec<UnitClash>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct AppointmentQuery {
    /// Only those that a fact which came later has made impossible.
    #[serde(default)]
    #[param(required = false)]
    impossible: bool,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AppointmentView {
    id: AppointmentId,
    donor: DonorId,
    slot: SlotId,
    starts_at: DateTime<Utc>,
    status: AppointmentStatus,
    donation_type: DonationType,
    /// When a proposal gives its place back unless it is accepted.
    lapses_at: Option<DateTime<Utc>>,
    /// The donor could no longer be booked on that day; why is not told.
    impossible: bool,
    /// Whether the donor was told that it is: a notice is queued within a minute. `in_person`: none goes out.
    told: Option<Told>,
}

impl From<Booking> for AppointmentView {
    fn from(row: Booking) -> Self {
        let Booking { id, donor, slot, starts_at, status, donation_type, lapses_at, impossible, told } = row;
        Self { id, donor, slot, starts_at, status, donation_type, lapses_at, impossible, told }
    }
}

/// A drive. Who does not run it gets `null` from `title` on.
#[derive(Debug, Serialize, ToSchema)]
struct DriveView {
    id: DriveId,
    status: DriveStatus,
    date: NaiveDate,
    governorate: Governorate,
    slots: i64,
    /// Places in all slots together.
    capacity: i64,
    booked: i64,
    free: i64,
    title: Option<String>,
    place: Option<String>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    slot_minutes: Option<i32>,
    beds: Option<i32>,
    unit: Option<UnitId>,
    facility: Option<FacilityId>,
    donation_types: Option<Vec<DonationType>>,
    staff: Option<i32>,
    /// Places of each slot that are kept for whoever comes unannounced.
    walk_ins: Option<i32>,
    /// The share of those booked who come, in per cent, by which more were let in; `null` where no more were.
    overbooked_by: Option<i32>,
    outdoor: Option<bool>,
    book_until: Option<DateTime<Utc>>,
    targets: Option<Vec<Target>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct SlotView {
    id: SlotId,
    starts_at: DateTime<Utc>,
    capacity: i32,
    booked: i32,
    free: i32,
    for_women: bool,
}

#[derive(Debug, Serialize, ToSchema)]
struct SlotList {
    items: Vec<SlotView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BookingForm {
    donor: DonorId,
    /// The earliest with a place unless named.
    slot: Option<SlotId>,
    /// One of those that the drive collects; its first unless named.
    donation_type: Option<DonationType>,
    /// Why the donor may come although a duty is near that only warns.
    despite: Option<DespiteRest>,
}

/// A booking. `proposed` binds nobody until the donor accepts it.
#[derive(Debug, Serialize, ToSchema)]
struct BookedView {
    id: AppointmentId,
    slot: SlotId,
    starts_at: DateTime<Utc>,
    status: AppointmentStatus,
    donation_type: DonationType,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CancelForm {
    /// Cancels only an appointment that stands here.
    expected_status: Option<AppointmentStatus>,
}

#[derive(Debug, Serialize, ToSchema)]
struct CancelledView {
    id: AppointmentId,
    status: AppointmentStatus,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    governorate: Option<Governorate>,
    /// Drives on this civil day or later.
    from: Option<NaiveDate>,
    /// Drives on this civil day or earlier.
    to: Option<NaiveDate>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// Drives by start: a medic's are those of the own units. Place and hours are shown to those who run a
/// drive; others see its day, its governorate and how full it is.
#[utoipa::path(tag = "drives", params(Asked), responses((status = 200, description = "A page", body = Page<DriveView>)))]
#[get("/drives")]
async fn list_drives(house: web::Data<House>, by: Actor<SeeDrives>, query: Query<Asked>) -> Answer {
    let after = house.after::<Key>(query.cursor.as_deref(), query.list())?;
    let filter = Filter { governorate: query.governorate, days: Days::parse(query.from, query.to)? };
    let (limit, who, vault, zone) = (query.limit.get(), by.clone(), house.vault.clone(), house.zone);
    let rows =
        house.db.read(move |conn| super::list(conn, &vault, zone, &who, &filter, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |(key, _)| *key, |(_, seen)| DriveView::from(seen))?;
    Ok(HttpResponse::Ok().json(page))
}

/// One drive, as in the list.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path)),
    responses((status = 200, description = "The drive", body = DriveView)))]
#[get("/drives/{id}")]
async fn get_drive(
    house: web::Data<House>,
    by: Actor<SeeDrives>,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let seen = house.db.read(move |conn| super::get(conn, &vault, zone, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(DriveView::from(seen)))
}

/// Activities of the drive's unit, of those above and below it and of those that take part, with a physical load on
/// the drive's day or inside the rest after it, by start; 100 at most. They stop nothing: each person is looked at
/// when booked or assigned.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path)),
    responses((status = 200, description = "The clashes", body = ClashList)))]
#[get("/drives/{id}/clashes")]
async fn list_clashes(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    let (who, zone) = (by.clone(), house.zone);
    let items = house.db.read(move |conn| super::clashes(conn, zone, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(ClashList { items }))
}

/// The slots of a drive, for those who run it.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path)),
    responses((status = 200, description = "All slots, by start", body = SlotList)))]
#[get("/drives/{id}/slots")]
async fn list_slots(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    let who = by.clone();
    let slots = house.db.read(move |conn| super::slots(conn, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(SlotList { items: slots.into_iter().map(SlotView::from).collect() }))
}

/// The appointments of a drive that still take a place, by start, for those who run it.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), AppointmentQuery),
    responses((status = 200, description = "A page", body = Page<AppointmentView>)))]
#[get("/drives/{id}/appointments")]
async fn list_appointments(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DriveId>,
    query: Query<AppointmentQuery>,
) -> Answer {
    let after = house.after::<(NaiveDateTime, i64)>(query.cursor.as_deref(), query.list())?;
    let (limit, impossible, who, zone) = (query.limit.get(), query.impossible, by.clone(), house.zone);
    let rows = house
        .db
        .read(move |conn| super::bookings(conn, zone, &who, id.0, impossible, after, limit + 1))
        .await?;
    let page = house.page(rows, limit, query.list(), Booking::key, AppointmentView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Books a donor into the named slot, or into the earliest that has a place. The booking is proposed
/// until the donor accepts it.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = BookingForm, responses((status = 201, description = "Proposed", body = BookedView)))]
#[post("/drives/{id}/appointments")]
async fn book(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<BookingForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let BookingForm { donor, slot, donation_type, despite } = body.into_inner();
    let new = NewBooking { drive: id.0, donor, slot, given: donation_type, despite };
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let booked = house.once_guarded(&by, request, move |tx| super::book(tx, &vault, zone, &who, new)).await?;
    let Booked { id, slot, starts_at, status, donation_type } = booked;
    Ok(HttpResponse::Created().json(BookedView { id, slot, starts_at, status, donation_type }))
}

/// Cancels a live appointment and frees its place.
#[utoipa::path(tag = "drives", params(("id" = AppointmentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CancelForm, responses((status = 200, description = "Cancelled", body = CancelledView)))]
#[post("/appointments/{id}/cancel")]
async fn cancel(
    house: web::Data<House>,
    by: Actor<Book>,
    id: PathId<AppointmentId>,
    key: IdempotencyKey,
    body: Body<CancelForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let expected = body.into_inner().expected_status;
    let (vault, who) = (house.vault.clone(), by.clone());
    let cancelled =
        house.once_guarded(&by, request, move |tx| super::cancel(tx, &vault, &who, id.0, expected)).await?;
    let Cancelled { id, status } = cancelled;
    Ok(HttpResponse::Ok().json(CancelledView { id, status }))
}

impl From<Slot> for SlotView {
    fn from(slot: Slot) -> Self {
        let Slot { id, starts_at, capacity, booked, for_women } = slot;
        Self { id, starts_at, capacity, booked, free: capacity - booked, for_women }
    }
}

impl From<Seen> for DriveView {
    fn from(seen: Seen) -> Self {
        let Seen { id, status, on, governorate, slots, capacity, booked, details } = seen;
        let mut view = Self {
            id,
            status,
            date: on,
            governorate,
            slots,
            capacity,
            booked,
            free: capacity - booked,
            title: None,
            place: None,
            starts_at: None,
            ends_at: None,
            slot_minutes: None,
            beds: None,
            unit: None,
            facility: None,
            donation_types: None,
            staff: None,
            walk_ins: None,
            overbooked_by: None,
            outdoor: None,
            book_until: None,
            targets: None,
        };
        if let Some(details) = details {
            view.title = details.title;
            view.place = details.place;
            view.starts_at = Some(details.starts_at);
            view.ends_at = Some(details.ends_at);
            view.slot_minutes = Some(details.slot_minutes);
            view.beds = Some(details.beds);
            view.unit = Some(details.unit);
            view.facility = details.facility;
            view.donation_types = Some(details.types);
            view.staff = details.staff;
            view.walk_ins = Some(details.walk_ins);
            view.overbooked_by = details.overbooked_by;
            view.outdoor = Some(details.is_outdoor);
            view.book_until = details.book_until;
            view.targets = Some(details.targets.into_iter().map(Target::from).collect());
        }
        view
    }
}
