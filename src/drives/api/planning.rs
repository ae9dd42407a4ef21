//! Planning a drive, looking at it before, copying it, and opening it for booking, over HTTP.

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::calendar::{DayKind, HijriDate, KeptFree};
use shiryan_kernel::ids::{ClosureId, DriveId};
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem};
use utoipa::ToSchema;

use crate::accounts::{Actor, PlanDrives};
use crate::drives::form::{DriveForm, parse};
use crate::drives::rules::layout::Uses;
use crate::drives::{self, Copied, Entered, Foreseen, Stood, UnitClash};
use crate::http::{Answer, Body, House, IdempotencyKey, Nothing, PathId};

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct DriveMade {
    id: DriveId,
    status: DriveStatus,
    /// How many slots the hours were cut into.
    slots: usize,
    /// Slots that the calendar keeps free.
    left_out: Vec<LeftOut>,
    /// What the unit, or one above or below it, does on that day or inside the rest after it.
    clashes: Vec<UnitClash>,
}

/// A slot that was not made.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct LeftOut {
    starts_at: DateTime<Utc>,
    because: KeptFree,
}

/// Units that a drive may bring of one group.
#[derive(Debug, Serialize, ToSchema)]
struct GroupUnits {
    /// `null`: of donors whose group nobody knows yet.
    blood_group: Option<BloodGroup>,
    /// To a tenth.
    units: f64,
}

/// What a drive would be.
#[derive(Debug, Serialize, ToSchema)]
struct PreviewView {
    slots: usize,
    /// Places that can be booked in each slot.
    capacity: i32,
    /// All of them together.
    places: i64,
    /// The share of those booked who come, in per cent, by which more are let in.
    overbooked_by: Option<i32>,
    left_out: Vec<LeftOut>,
    /// Donors of the unit, and of those below it, who may give that day.
    eligible: i64,
    /// The share of those booked who come that is reckoned with, in per cent: stated, or the unit's own record.
    show_per_cent: i32,
    /// Those who come, when every place is booked that donors of the unit can fill.
    come: f64,
    /// Units that may be released of what they give, by group.
    expected: Vec<GroupUnits>,
    hijri: Option<HijriDate>,
    /// What the day is in the calendar.
    marks: Vec<DayKind>,
    /// Closed roads around the governorate on that day.
    closures: Vec<ClosureId>,
    /// What the unit, or one above or below it, does on that day or inside the rest after it.
    clashes: Vec<UnitClash>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CopyForm {
    /// The civil day.
    date: NaiveDate,
    #[serde(default)]
    at_prayer: bool,
    #[serde(default)]
    for_unfasting: bool,
    /// Wanted of a drive outdoors.
    high_c: Option<i32>,
    book_until: Option<DateTime<Utc>>,
    /// Is kept as a draft until it is published.
    #[serde(default)]
    draft: bool,
}

/// Plans a drive, and opens it for booking unless it is to be a draft.
#[utoipa::path(tag = "drives", params(("Idempotency-Key" = String, Header)), request_body = DriveForm,
    responses((status = 201, description = "Made", body = DriveMade)))]
#[post("/drives")]
pub(super) async fn create_drive(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    key: IdempotencyKey,
    body: Body<DriveForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let date = body.value.date.ok_or_else(|| Problem::field("date", Code::MissingField))?;
    let new = parse(&body.value, date, by.facility)?;
    let status = first(body.value.draft);
    let (vault, who, ground) = (house.vault.clone(), by.clone(), house.ground());
    let made = house
        .once(&by, request, move |tx| {
            let made = drives::plan(tx, &vault, &ground, &who, &new, status)?;
            let clashes = drives::clashes(tx.conn, ground.zone, &who, made.id)?;
            Ok(shown(made, status, clashes))
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

const fn first(draft: bool) -> DriveStatus {
    if draft { DriveStatus::Draft } else { DriveStatus::Open }
}

fn shown(made: Entered, status: DriveStatus, clashes: Vec<UnitClash>) -> DriveMade {
    DriveMade { id: made.id, status, slots: made.slots.len(), left_out: left_out(made.left_out), clashes }
}

fn left_out(slots: Vec<(Moment, KeptFree)>) -> Vec<LeftOut> {
    slots.into_iter().map(|(starts_at, because)| LeftOut { starts_at, because }).collect()
}

/// What a drive would be, before it is planned: its places, what the calendar keeps free, and the units that it may
/// bring. Writes nothing.
#[utoipa::path(tag = "drives", request_body = DriveForm,
    responses((status = 200, description = "What it would be", body = PreviewView)))]
#[post("/drives/preview")]
pub(super) async fn preview_drive(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    body: Body<DriveForm>,
) -> Answer {
    let date = body.value.date.ok_or_else(|| Problem::field("date", Code::MissingField))?;
    let new = parse(&body.value, date, by.facility)?;
    let (who, ground, stated) = (by.clone(), house.ground(), body.value.show_per_cent);
    let foreseen = house.db.read(move |conn| drives::foresee(conn, &ground, &who, &new, stated)).await?;
    let Foreseen {
        slots,
        capacity,
        overbooked_by,
        left_out: kept,
        eligible,
        show,
        expected,
        day,
        closures,
        clashes,
    } = foreseen;
    Ok(HttpResponse::Ok().json(PreviewView {
        slots,
        capacity,
        places: i64::from(capacity) * i64::try_from(slots).map_err(Problem::internal)?,
        overbooked_by,
        left_out: left_out(kept),
        eligible,
        show_per_cent: show,
        come: expected.come,
        expected: expected
            .units
            .into_iter()
            .map(|(blood_group, units)| GroupUnits { blood_group, units })
            .collect(),
        hijri: day.hijri,
        marks: day.marks.iter().map(|mark| mark.kind).collect(),
        closures: closures.into_iter().map(|closure| closure.id).collect(),
        clashes,
    }))
}

/// Plans a drive of another's shape on another day: the same slots by the clock, as far as its calendar lets them.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CopyForm, responses((status = 201, description = "Made", body = DriveMade)))]
#[post("/drives/{id}/copy")]
pub(super) async fn copy_drive(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<CopyForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let copied = Copied {
        date: form.date,
        uses: Uses { prayer: form.at_prayer, fasting: form.for_unfasting },
        high_c: form.high_c,
        book_until: form.book_until,
    };
    let status = first(form.draft);
    let (vault, who, ground, id) = (house.vault.clone(), by.clone(), house.ground(), id.0);
    let made = house
        .once(&by, request, move |tx| {
            let made = drives::copy(tx, &vault, &ground, &who, id, copied, status)?;
            let clashes = drives::clashes(tx.conn, ground.zone, &who, made.id)?;
            Ok(shown(made, status, clashes))
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Opens a draft for booking.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Open", body = Stood)))]
#[post("/drives/{id}/publish")]
pub(super) async fn publish_drive(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, zone, who, id) = (house.vault.clone(), house.zone, by.clone(), id.0);
    let stood = house.once(&by, request, move |tx| drives::publish(tx, &vault, zone, &who, id)).await?;
    Ok(HttpResponse::Ok().json(stood))
}

/// Takes no more bookings; whoever is booked stays so.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Closed", body = Stood)))]
#[post("/drives/{id}/close")]
pub(super) async fn close_drive(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let stood = house.once_guarded(&by, request, move |tx| drives::close(tx, &vault, &who, id)).await?;
    Ok(HttpResponse::Ok().json(stood))
}

/// Takes bookings again.
#[utoipa::path(tag = "drives", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Open", body = Stood)))]
#[post("/drives/{id}/reopen")]
pub(super) async fn reopen_drive(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let stood = house.once_guarded(&by, request, move |tx| drives::reopen(tx, &vault, &who, id)).await?;
    Ok(HttpResponse::Ok().json(stood))
}
