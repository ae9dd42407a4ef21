//! Days on which units are not there, over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{AbsenceId, UnitId};
use shiryan_kernel::page::Page;
use shiryan_kernel::status::AbsenceKind;
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, ManageAbsences};
use crate::activities::absences::{self, Absence, Entered, NewAbsence};
use crate::activities::rules::Days;
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, Nothing, PathId, Query};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AbsenceForm {
    kind: AbsenceKind,
    /// The first civil day.
    from: NaiveDate,
    /// The last civil day; 400 days at most.
    until: NaiveDate,
}

#[derive(Debug, Serialize, ToSchema)]
struct AbsenceView {
    id: AbsenceId,
    /// The unit asked for, or one above it.
    unit: UnitId,
    kind: AbsenceKind,
    from: NaiveDate,
    until: NaiveDate,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct Withdrawn {
    id: AbsenceId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Absences that touch this civil day or a later one.
    from: Option<NaiveDate>,
    /// Absences that touch this civil day or an earlier one.
    to: Option<NaiveDate>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// Says that a unit, with all below it, is not there on these days: no drive is planned for it then.
#[utoipa::path(tag = "activities", params(("id" = UnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = AbsenceForm,
    responses((status = 201, description = "Entered, with what is planned in these days", body = Entered)))]
#[post("/units/{id}/absences")]
pub(super) async fn enter(
    house: web::Data<House>,
    by: Actor<ManageAbsences>,
    id: PathId<UnitId>,
    key: IdempotencyKey,
    body: Body<AbsenceForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let AbsenceForm { kind, from, until } = body.into_inner();
    let new = NewAbsence { unit: id.0, kind, from, until };
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let entered = house.once(&by, request, move |tx| absences::enter(tx, &vault, zone, &who, new)).await?;
    Ok(HttpResponse::Created().json(entered))
}

/// Absences that hold for a unit, its own and those of units above it, oldest entry first.
#[utoipa::path(tag = "activities", params(("id" = UnitId, Path), Asked),
    responses((status = 200, description = "A page", body = Page<AbsenceView>)))]
#[get("/units/{id}/absences")]
pub(super) async fn list_absences(
    house: web::Data<House>,
    by: Actor<ManageAbsences>,
    id: PathId<UnitId>,
    query: Query<Asked>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who, days) = (query.limit.get(), by.clone(), Days::parse(query.from, query.to)?);
    let rows = house.db.read(move |conn| absences::list(conn, &who, id.0, days, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, AbsenceView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Takes an absence back that was entered wrong or is over early.
#[utoipa::path(tag = "activities", params(("id" = AbsenceId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Withdrawn", body = Withdrawn)))]
#[post("/absences/{id}/withdraw")]
pub(super) async fn withdraw(
    house: web::Data<House>,
    by: Actor<ManageAbsences>,
    id: PathId<AbsenceId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let withdrawn = house
        .once(&by, request, move |tx| {
            absences::withdraw(tx, &vault, &who, id)?;
            Ok(Withdrawn { id })
        })
        .await?;
    Ok(HttpResponse::Ok().json(withdrawn))
}

impl From<Absence> for AbsenceView {
    fn from(row: Absence) -> Self {
        let Absence { id, unit, kind, from_on, until_on } = row;
        Self { id, unit, kind, from: from_on, until: until_on }
    }
}
