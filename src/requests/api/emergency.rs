//! Emergency issues over HTTP.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::ids::{BloodUnitId, EmergencyIssueId, RequestId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::EmergencyState;
use shiryan_kernel::text::Note;
use utoipa::{IntoParams, ToSchema};

use super::{Said, reminders};
use crate::accounts::{Actor, AskEmergencyIssues, ConfirmEmergencyIssues};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, Nothing, PathId, Query, Speak};
use crate::requests::emergency::{self, EmergencyIssue, EmergencyStep};
use crate::texts::Lang;

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(start).service(list).service(confirm).service(review);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EmergencyForm {
    /// Each once, at least one.
    units: Vec<BloodUnitId>,
    /// Why nothing can be waited for; at most 500 characters, sealed.
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReviewForm {
    /// What the review found; at most 500 characters, sealed.
    finding: String,
}

fn note(field: &str, text: &str) -> Result<Note<500>> {
    let mut faults = Faults::none();
    let note = faults.keep(field, Note::parse(text));
    faults.give(note)
}

/// Where an emergency issue stands, with what must be seen to before a transfusion.
#[derive(Debug, Serialize, ToSchema)]
struct EmergencyStepView {
    #[serde(flatten)]
    step: EmergencyStep,
    reminders: Vec<Said>,
}

impl EmergencyStepView {
    fn of(step: EmergencyStep, lang: Lang) -> Self {
        Self { step, reminders: reminders(lang) }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// `issued`: those that wait for a review.
    state: Option<EmergencyState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// Holds units of the own shelf for an emergency request: they go out when a second person confirms.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = EmergencyForm,
    responses((status = 201, description = "Waits for the second person", body = EmergencyStepView)))]
#[post("/requests/{id}/emergency-issue")]
async fn start(
    house: web::Data<House>,
    by: Actor<AskEmergencyIssues>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<EmergencyForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let EmergencyForm { units, reason } = body.into_inner();
    let reason = note("reason", &reason)?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let done =
        house.once_guarded(&by, request, move |tx| emergency::start(tx, &vault, &who, id.0, &units, &reason));
    Ok(HttpResponse::Created().json(EmergencyStepView::of(done.await?, lang)))
}

/// Emergency issues, oldest first: of the own blood bank, all for a physician.
#[utoipa::path(tag = "requests", params(Asked),
    responses((status = 200, description = "A page", body = Page<EmergencyIssue>)))]
#[get("/emergency-issues")]
async fn list(house: web::Data<House>, by: Actor<ConfirmEmergencyIssues>, query: Query<Asked>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, state, who) = (query.limit.get(), query.state, by.clone());
    let (vault, now) = (house.vault.clone(), house.db.now());
    let rows = house
        .db
        .read(move |conn| emergency::list(conn, &vault, &who, state, (after, limit + 1), now))
        .await?;
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, |row| row)?))
}

/// Confirms an emergency issue as the second person: its units are out.
#[utoipa::path(tag = "requests", params(("id" = EmergencyIssueId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Issued", body = EmergencyStepView)))]
#[post("/emergency-issues/{id}/confirm")]
async fn confirm(
    house: web::Data<House>,
    by: Actor<ConfirmEmergencyIssues>,
    id: PathId<EmergencyIssueId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let done = house.once_guarded(&by, request, move |tx| emergency::confirm(tx, &vault, zone, &who, id.0));
    Ok(HttpResponse::Ok().json(EmergencyStepView::of(done.await?, lang)))
}

/// Reviews an emergency issue as the third person.
#[utoipa::path(tag = "requests", params(("id" = EmergencyIssueId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ReviewForm, responses((status = 200, description = "Reviewed", body = EmergencyStep)))]
#[post("/emergency-issues/{id}/review")]
async fn review(
    house: web::Data<House>,
    by: Actor<ConfirmEmergencyIssues>,
    id: PathId<EmergencyIssueId>,
    key: IdempotencyKey,
    body: Body<ReviewForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let finding = note("finding", &body.into_inner().finding)?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let done =
        house.once_guarded(&by, request, move |tx| emergency::review(tx, &vault, &who, id.0, &finding));
    Ok(HttpResponse::Ok().json(done.await?))
}
