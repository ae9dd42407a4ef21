//! Long work over HTTP: how far it is, and what came of it.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::Serialize;
use shiryan_kernel::ids::JobId;
use shiryan_kernel::status::{JobKind, JobState};
use utoipa::ToSchema;

use crate::accounts::{Actor, SignedIn};
use crate::audit::Checked;
use crate::eligibility::PreviewResult;
use crate::http::{Answer, House, NoQuery, PathId};
use crate::places::ImportResult;

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(read);
}

#[derive(Serialize, ToSchema)]
struct JobView {
    id: JobId,
    kind: JobKind,
    state: JobState,
    asked_at: DateTime<Utc>,
    /// Steps done: donors, rows or links.
    done: i64,
    /// Of how many, once that is known.
    of: Option<i64>,
    /// What came of it, once it is done.
    #[schema(value_type = Option<JobResult>)]
    result: Option<serde_json::Value>,
    finished_at: Option<DateTime<Utc>>,
}

/// What work of each kind comes to.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "it describes what stands in a job as JSON")]
enum JobResult {
    PreviewPolicy(PreviewResult),
    ImportPlaces(ImportResult),
    VerifyRecord(Checked),
}

/// Work that the caller asked for.
#[utoipa::path(tag = "accounts", params(("id" = JobId, Path)),
    responses((status = 200, description = "How far it is", body = JobView)))]
#[get("/jobs/{id}")]
async fn read(house: web::Data<House>, by: Actor<SignedIn>, id: PathId<JobId>, _query: NoQuery) -> Answer {
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let job = house.db.read(move |conn| super::job(conn, &vault, &who, id)).await?;
    Ok(HttpResponse::Ok().json(JobView {
        id: job.id,
        kind: job.kind,
        state: job.state,
        asked_at: job.asked_at.and_utc(),
        done: job.steps_done,
        of: job.steps,
        result: job.result,
        finished_at: job.finished_at.map(|at| at.and_utc()),
    }))
}
