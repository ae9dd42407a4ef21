//! `POST /drives/series`.

use actix_web::{HttpResponse, post, web};
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::ids::{FacilityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::Weekday;
use utoipa::ToSchema;

use super::{BreakForm, DriveForm, parse};
use crate::accounts::{Actor, PlanDrives};
use crate::drives::{self, NewDrive, NewSeries, Series};
use crate::http::{Answer, Body, House, IdempotencyKey};

/// As for one drive, but for its day.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeriesForm {
    /// The first civil day.
    first: NaiveDate,
    /// The last civil day, within half a year.
    last: NaiveDate,
    /// A drive on each of these in the span, 31 drives at most.
    weekdays: Vec<Weekday>,
    title: Option<String>,
    governorate: Governorate,
    place: String,
    /// Civil time, `09:00`.
    from: String,
    /// Civil time, `14:00`.
    to: String,
    slot_minutes: i32,
    beds: i32,
    #[serde(default)]
    breaks: Vec<BreakForm>,
    unit: UnitId,
    facility: Option<FacilityId>,
}

/// Plans drives of one shape on many days and opens them for booking. Days on which the unit is not there are left out
/// and told; when anything else is wrong, none is planned.
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
    let each = DriveForm {
        title: form.title,
        governorate: form.governorate,
        place: form.place,
        date: form.first,
        from: form.from,
        to: form.to,
        slot_minutes: form.slot_minutes,
        beds: form.beds,
        breaks: form.breaks,
        unit: form.unit,
        facility: form.facility,
    };
    let each = NewDrive { facility: each.facility.or(by.facility), ..parse(&each)? };
    let new = NewSeries { first: form.first, last: form.last, weekdays: form.weekdays, each };
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let made = house.once(&by, request, move |tx| drives::plan_series(tx, &vault, zone, &who, &new)).await?;
    Ok(HttpResponse::Created().json(made))
}
