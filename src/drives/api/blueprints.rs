//! Blueprints over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{BlueprintId, UnitId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::{Problem, Result};
use utoipa::ToSchema;

use crate::accounts::{Actor, PlanDrives};
use crate::drives::blueprints::{self, Blueprint, Name, Saved};
use crate::drives::form::{DriveForm, SpanOfDays, series};
use crate::drives::{self, Series};
use crate::http::{Answer, Body, House, IdempotencyKey, Nothing, Paging, PathId, Query};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BlueprintForm {
    /// 1 to 120 characters.
    name: String,
    /// What each of its drives is like; it has no `date`.
    drive: DriveForm,
}

#[derive(Debug, Serialize, ToSchema)]
struct BlueprintView {
    id: BlueprintId,
    unit: UnitId,
    name: String,
    drive: DriveForm,
    made_at: DateTime<Utc>,
}

fn shape(blueprint: &Blueprint) -> Result<DriveForm> {
    serde_json::from_str(&blueprint.shape).map_err(Problem::internal)
}

fn view(blueprint: Blueprint) -> Result<BlueprintView> {
    let drive = shape(&blueprint)?;
    let Blueprint { id, unit, name, shape: _, made_at } = blueprint;
    Ok(BlueprintView { id, unit, name, drive, made_at })
}

/// Keeps the shape of a drive under a name.
#[utoipa::path(tag = "drives", params(("Idempotency-Key" = String, Header)), request_body = BlueprintForm,
    responses((status = 201, description = "Saved", body = Saved)))]
#[post("/blueprints")]
pub(super) async fn save_blueprint(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    key: IdempotencyKey,
    body: Body<BlueprintForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let name = faults.keep("name", Name::parse(&form.name));
    let today = house.today();
    let any = SpanOfDays { first: today, last: today, weekdays: Vec::new() };
    // Looked at as if it were planned today: what is wrong in it is told now.
    if let Err(problem) = series(&any, &form.drive, by.facility) {
        problem.errors.into_iter().for_each(|error| faults.add(error.field, error.code));
    }
    let name = faults.give(name)?;
    let text = serde_json::to_string(&form.drive).map_err(Problem::internal)?;
    let (vault, who, unit) = (house.vault.clone(), by.clone(), form.drive.unit);
    let saved = house
        .once(&by, request, move |tx| {
            blueprints::save(tx, &vault, &who, unit, &name, &text).map_err(|mut problem| {
                problem.errors.iter_mut().for_each(|error| error.field = format!("drive.{}", error.field));
                problem
            })
        })
        .await?;
    Ok(HttpResponse::Created().json(saved))
}

/// Blueprints of the units that you plan for, oldest first.
#[utoipa::path(tag = "drives", params(Paging),
    responses((status = 200, description = "A page", body = Page<BlueprintView>)))]
#[get("/blueprints")]
pub(super) async fn list_blueprints(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, vault, who) = (query.limit.get(), house.vault.clone(), by.clone());
    let rows = house.db.read(move |conn| blueprints::list(conn, &vault, &who, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, view)?;
    let items: Result<Vec<BlueprintView>> = page.items.into_iter().collect();
    Ok(HttpResponse::Ok().json(Page { items: items?, next: page.next }))
}

/// Plans drives of a blueprint's shape on many days and opens them for booking, as a series.
#[utoipa::path(tag = "drives", params(("id" = BlueprintId, Path), ("Idempotency-Key" = String, Header)),
    request_body = SpanOfDays,
    responses((status = 201, description = "Made, with the days that were left out", body = Series)))]
#[post("/blueprints/{id}/drives")]
pub(super) async fn plan_blueprint(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    id: PathId<BlueprintId>,
    key: IdempotencyKey,
    body: Body<SpanOfDays>,
) -> Answer {
    let request = key.of(by.user, &body);
    let days = body.into_inner();
    let (vault, who, ground, id) = (house.vault.clone(), by.clone(), house.ground(), id.0);
    let made = house
        .once(&by, request, move |tx| {
            let drive = shape(&blueprints::get(tx.conn, &vault, &who, id)?)?;
            let status = if drive.draft { DriveStatus::Draft } else { DriveStatus::Open };
            let new = series(&days, &drive, who.facility)?;
            drives::plan_series(tx, &vault, &ground, &who, &new, status)
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Ends a blueprint: drives that were planned by it stay.
#[utoipa::path(tag = "drives", params(("id" = BlueprintId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Ended", body = Saved)))]
#[post("/blueprints/{id}/end")]
pub(super) async fn end_blueprint(
    house: web::Data<House>,
    by: Actor<PlanDrives>,
    id: PathId<BlueprintId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let ended = house.once(&by, request, move |tx| blueprints::end(tx, &vault, &who, id)).await?;
    Ok(HttpResponse::Ok().json(ended))
}
