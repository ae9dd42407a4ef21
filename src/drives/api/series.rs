//! `POST /drives/series`.

use actix_web::{HttpResponse, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::FacilityId;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::Weekday;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::form::{DriveForm, ground, parse};
use crate::accounts::{Actor, PlanDrives};
use crate::drives::{self, NewSeries, Series};
use crate::http::{Answer, Body, House, IdempotencyKey};

/// On which days drives of one shape are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SpanOfDays {
    /// The first civil day.
    pub first: NaiveDate,
    /// The last civil day, within half a year.
    pub last: NaiveDate,
    /// A drive on each of these in the span, 31 drives at most.
    pub weekdays: Vec<Weekday>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SeriesForm {
    days: SpanOfDays,
    /// What each is like; it has no `date`.
    drive: DriveForm,
}

/// The series that a form describes.
///
/// # Errors
/// `unknown_field` of a `date`; every field of the drive that is wrong.
pub(super) fn series(days: &SpanOfDays, drive: &DriveForm, own: Option<FacilityId>) -> Result<NewSeries> {
    let under = |mut problem: Problem| {
        problem.errors.iter_mut().for_each(|error| error.field = format!("drive.{}", error.field));
        problem
    };
    if drive.date.is_some() {
        return Err(Problem::field("drive.date", Code::InvalidValue));
    }
    let each = parse(drive, days.first, own).map_err(under)?;
    Ok(NewSeries { first: days.first, last: days.last, weekdays: days.weekdays.clone(), each })
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
    let (vault, who, ground) = (house.vault.clone(), by.clone(), ground(&house));
    let made = house
        .once(&by, request, move |tx| drives::plan_series(tx, &vault, &ground, &who, &new, status))
        .await?;
    Ok(HttpResponse::Created().json(made))
}
