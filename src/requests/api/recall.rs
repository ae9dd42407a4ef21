//! Traces, recalls and hospitals' reports over HTTP.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, DonorId};
use shiryan_kernel::page::Page;
use shiryan_kernel::status::{MoveReason, ReportKind};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, RecallUnits, RequestUnits, TraceUnits};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, PathId, Query};
use crate::requests::recall::{self, HospitalReport, HospitalReported, Traced};
use crate::stock::{Subject, Why};

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(trace).service(recall_units).service(report_harm).service(list_reports);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct TraceQuery {
    /// One of `din` and `donor`.
    din: Option<String>,
    donor: Option<DonorId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RecallForm {
    /// One of `din` and `donor`: the number of a donation, typed or scanned.
    din: Option<String>,
    donor: Option<DonorId>,
    /// Why: what stops a unit.
    reason: MoveReason,
    /// At most 500 characters, sealed; needed with the reason `other`.
    note: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct HarmForm {
    kind: ReportKind,
    /// What was seen, without the patient's name; at most 500 characters, sealed.
    note: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportQuery {
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// Every unit that is meant, and where it went.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct TraceList {
    units: Vec<Traced>,
}

fn subject(din: Option<&str>, donor: Option<DonorId>) -> Result<Subject> {
    match (din, donor) {
        (Some(din), None) => Din::parse(din).map(Subject::Number).map_err(|problem| problem.on("din")),
        (None, Some(donor)) => Ok(Subject::Donor(donor)),
        (None, None) => Err(Problem::field("din", Code::MissingField)),
        (Some(_), Some(_)) => Err(Problem::field("donor", Code::InvalidValue)),
    }
}

/// Every unit of a donation or of a donor, and where it went.
#[utoipa::path(tag = "requests", params(TraceQuery),
    responses((status = 200, description = "The units", body = TraceList)))]
#[get("/stock/trace")]
async fn trace(house: web::Data<House>, by: Actor<TraceUnits>, query: Query<TraceQuery>) -> Answer {
    let subject = subject(query.din.as_deref(), query.donor)?;
    let who = by.clone();
    let units = house.db.read(move |conn| recall::trace(conn, &who, subject)).await?;
    Ok(HttpResponse::Ok().json(TraceList { units }))
}

/// Recalls every unit of a donation or of a donor, wherever it is: what can be stopped is, and each is told of.
#[utoipa::path(tag = "requests", params(("Idempotency-Key" = String, Header)), request_body = RecallForm,
    responses((status = 201, description = "Recalled", body = TraceList)))]
#[post("/stock/recalls")]
async fn recall_units(
    house: web::Data<House>,
    by: Actor<RecallUnits>,
    key: IdempotencyKey,
    body: Body<RecallForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let RecallForm { din, donor, reason, note } = body.into_inner();
    let subject = subject(din.as_deref(), donor)?;
    let note = note.map(|note| Note::parse(&note)).transpose().map_err(|problem| problem.on("note"))?;
    let (who, vault, why) = (by.clone(), house.vault.clone(), Why { reason, note });
    let done = house.once(&by, request, move |tx| {
        Ok(TraceList { units: recall::recall(tx, &vault, &who, subject, &why)? })
    });
    Ok(HttpResponse::Created().json(done.await?))
}

/// Reports a reaction, or an infection that may come from it, of a unit that the own hospital has or had.
#[utoipa::path(tag = "requests", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = HarmForm, responses((status = 201, description = "On record", body = HospitalReported)))]
#[post("/stock/units/{id}/harm")]
async fn report_harm(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<HarmForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let HarmForm { kind, note } = body.into_inner();
    let note: Note<500> = Note::parse(&note).map_err(|problem| problem.on("note"))?;
    let (who, vault, book) = (by.clone(), house.vault.clone(), house.rules.clone());
    let done =
        house.once(&by, request, move |tx| recall::report_harm(tx, (&vault, &book), &who, id.0, kind, &note));
    Ok(HttpResponse::Created().json(done.await?))
}

/// What hospitals reported, oldest first: of units that the own blood bank issued, all for a physician.
#[utoipa::path(tag = "requests", params(ReportQuery),
    responses((status = 200, description = "A page", body = Page<HospitalReport>)))]
#[get("/stock/harms")]
async fn list_reports(house: web::Data<House>, by: Actor<TraceUnits>, query: Query<ReportQuery>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who, vault) = (query.limit.get(), by.clone(), house.vault.clone());
    let rows = house.db.read(move |conn| recall::reports(conn, &vault, &who, after, limit + 1)).await?;
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, |row| row)?))
}
