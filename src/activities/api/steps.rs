//! The steps of an activity over HTTP.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use shiryan_kernel::ids::ActivityId;
use shiryan_kernel::status::ActivityStatus;
use utoipa::ToSchema;

use crate::accounts::{Actor, ApproveActivities, PlanActivities, Principal};
use crate::activities::rules::life::Step;
use crate::activities::{self, Stepped};
use crate::http::{Answer, Body, House, IdempotencyKey, PathId};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepForm {
    /// Takes the step only of an activity that stands here.
    expected_status: Option<ActivityStatus>,
}

async fn take(
    house: &House,
    by: &Principal,
    id: ActivityId,
    step: Step,
    key: &IdempotencyKey,
    body: Body<StepForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let expected = body.into_inner().expected_status;
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let stepped = house
        .once(by, request, move |tx| activities::step(tx, &vault, zone, &who, id, step, expected))
        .await?;
    Ok(HttpResponse::Ok().json(stepped))
}

/// Approves a proposed activity.
#[utoipa::path(tag = "activities", params(("id" = ActivityId, Path), ("Idempotency-Key" = String, Header)),
    request_body = StepForm, responses((status = 200, description = "Approved", body = Stepped)))]
#[post("/activities/{id}/approve")]
pub(super) async fn approve(
    house: web::Data<House>,
    by: Actor<ApproveActivities>,
    id: PathId<ActivityId>,
    key: IdempotencyKey,
    body: Body<StepForm>,
) -> Answer {
    take(&house, &by, id.0, Step::Approve, &key, body).await
}

/// Says that an approved activity is under way, from its first civil day on.
#[utoipa::path(tag = "activities", params(("id" = ActivityId, Path), ("Idempotency-Key" = String, Header)),
    request_body = StepForm, responses((status = 200, description = "Under way", body = Stepped)))]
#[post("/activities/{id}/start")]
pub(super) async fn start(
    house: web::Data<House>,
    by: Actor<PlanActivities>,
    id: PathId<ActivityId>,
    key: IdempotencyKey,
    body: Body<StepForm>,
) -> Answer {
    take(&house, &by, id.0, Step::Start, &key, body).await
}

/// Says that an activity that was under way took place.
#[utoipa::path(tag = "activities", params(("id" = ActivityId, Path), ("Idempotency-Key" = String, Header)),
    request_body = StepForm, responses((status = 200, description = "Done", body = Stepped)))]
#[post("/activities/{id}/done")]
pub(super) async fn finish(
    house: web::Data<House>,
    by: Actor<PlanActivities>,
    id: PathId<ActivityId>,
    key: IdempotencyKey,
    body: Body<StepForm>,
) -> Answer {
    take(&house, &by, id.0, Step::Finish, &key, body).await
}

/// Cancels an activity that is neither done nor cancelled.
#[utoipa::path(tag = "activities", params(("id" = ActivityId, Path), ("Idempotency-Key" = String, Header)),
    request_body = StepForm, responses((status = 200, description = "Cancelled", body = Stepped)))]
#[post("/activities/{id}/cancel")]
pub(super) async fn cancel(
    house: web::Data<House>,
    by: Actor<PlanActivities>,
    id: PathId<ActivityId>,
    key: IdempotencyKey,
    body: Body<StepForm>,
) -> Answer {
    take(&house, &by, id.0, Step::Cancel, &key, body).await
}
