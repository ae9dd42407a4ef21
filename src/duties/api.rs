//! Who takes part in an activity, and whether somebody may be given a duty, over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::branch::{DespiteRest, PhysicalLoad, RestMode};
use shiryan_kernel::ids::{ActivityId, AssignmentId, DonorId};
use shiryan_kernel::page::Page;
use shiryan_kernel::text::ServiceNumber;
use shiryan_kernel::time::plus_days;
use shiryan_kernel::{Code, Problem};
use utoipa::ToSchema;

use super::{Asked, Assigned, OnDuty};
use crate::accounts::{Actor, AskAssignability, AssignPeople};
use crate::db::Lane;
use crate::donors::Budget;
use crate::eligibility::Assignability;
use crate::http::{Answer, Body, House, IdempotencyKey, Paging, PathId, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(assign).service(list_people).service(release).service(ask);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AssignForm {
    donor: DonorId,
    /// Why, where a drive of that person is near and the duty's load only warns.
    despite: Option<DespiteRest>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = DutyReleaseForm)]
#[serde(deny_unknown_fields)]
struct ReleaseForm {
    donor: DonorId,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = DutyReleased)]
struct Released {
    activity: ActivityId,
    donor: DonorId,
}

#[derive(Debug, Serialize, ToSchema)]
struct OnDutyView {
    id: AssignmentId,
    donor: DonorId,
    assigned_at: DateTime<Utc>,
    /// How a drive of that person clashes by what is known now: `block`, `warn` or not at all.
    clash: Option<RestMode>,
}

/// Sealed like every number.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskForm {
    service_number: String,
    /// What the duty asks of a body; anything when absent.
    loads: Option<Vec<PhysicalLoad>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AssignabilityView {
    status: Assignability,
}

/// Puts somebody of the own units on an activity. Refused, or to be said why, when a drive of that person is too
/// near for the activity's loads.
#[utoipa::path(tag = "duties", params(("id" = ActivityId, Path), ("Idempotency-Key" = String, Header)),
    request_body = AssignForm, responses((status = 201, description = "Assigned", body = Assigned)))]
#[post("/activities/{id}/people")]
async fn assign(
    house: web::Data<House>,
    by: Actor<AssignPeople>,
    id: PathId<ActivityId>,
    key: IdempotencyKey,
    body: Body<AssignForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let AssignForm { donor, despite } = body.into_inner();
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let assigned = house
        .once_guarded(&by, request, move |tx| super::assign(tx, &vault, zone, &who, id.0, donor, despite))
        .await?;
    Ok(HttpResponse::Created().json(assigned))
}

/// Those of the own units who are on an activity, by entry.
#[utoipa::path(tag = "duties", params(("id" = ActivityId, Path), Paging),
    responses((status = 200, description = "A page", body = Page<OnDutyView>)))]
#[get("/activities/{id}/people")]
async fn list_people(
    house: web::Data<House>,
    by: Actor<AssignPeople>,
    id: PathId<ActivityId>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who, zone) = (query.limit.get(), by.clone(), house.zone);
    let rows = house.db.read(move |conn| super::on_duty(conn, zone, &who, id.0, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.person.id.0, OnDutyView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Takes somebody of the own units off an activity.
#[utoipa::path(tag = "duties", params(("id" = ActivityId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ReleaseForm, responses((status = 200, description = "No longer assigned", body = Released)))]
#[post("/activities/{id}/people/remove")]
async fn release(
    house: web::Data<House>,
    by: Actor<AssignPeople>,
    id: PathId<ActivityId>,
    key: IdempotencyKey,
    body: Body<ReleaseForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let donor = body.into_inner().donor;
    let (vault, who, activity) = (house.vault.clone(), by.clone(), id.0);
    let released = house
        .once_guarded(&by, request, move |tx| {
            super::release(tx, &vault, &who, activity, donor)?;
            Ok(Released { activity, donor })
        })
        .await?;
    Ok(HttpResponse::Ok().json(released))
}

/// Whether a person may be given a duty now: yes or no, never until when or why. A number that nobody has is answered
/// like that of somebody who may. Counts as an exact look-up.
#[utoipa::path(tag = "duties", request_body = AskForm,
    responses((status = 200, description = "Yes or no", body = AssignabilityView)))]
#[post("/assignability")]
async fn ask(house: web::Data<House>, by: Actor<AskAssignability>, body: Body<AskForm>) -> Answer {
    let AskForm { service_number, loads } = body.into_inner();
    let number = ServiceNumber::parse(&service_number).map_err(|problem| problem.on("service_number"))?;
    let loads = loads.unwrap_or_else(|| PhysicalLoad::ALL.to_vec());
    let budget = Budget { a_day: house.settings.donors.exact_look_ups_a_day, today: house.today() };
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let asked = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| {
            super::assignability(tx, &vault, zone, &who, number.clone(), &loads, budget)
        })
        .await?;
    match asked {
        Asked::Told(status) => Ok(HttpResponse::Ok()
            .insert_header(("cache-control", "no-store"))
            .json(AssignabilityView { status })),
        Asked::OverBudget => {
            let tomorrow = house.zone.start_of(plus_days(budget.today, 1));
            let wait = (tomorrow - house.db.now()).num_seconds().max(1);
            Err(Problem::new(Code::TooManyRequests).with("retry_after", wait).into())
        }
    }
}

impl From<OnDuty> for OnDutyView {
    fn from(row: OnDuty) -> Self {
        let OnDuty { person, clash } = row;
        Self {
            id: person.id,
            donor: person.donor,
            assigned_at: person.assigned_at.and_utc(),
            clash: clash.map(|clash| clash.mode),
        }
    }
}
