//! Standing orders over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::ids::{FacilityId, StandingOrderId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::StandingState;
use shiryan_kernel::text::Note;
use shiryan_kernel::time::{Weekday, clock_time};
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, RequestUnits, SeeRequests};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, Nothing, PathId, Query, etag};
use crate::requests::Pseudonym;
use crate::requests::rules::standing::{Cadence, DAYS_AHEAD};
use crate::requests::standing::{
    self, MadeRequest, NewStanding, OpenedStanding, StandingOrder, StandingStep, Turn,
};

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(ask_again).service(list).service(look).service(pause).service(resume).service(end);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct StandingForm {
    /// What the hospital calls the patient, 1 to 40 characters: never a name or an identity number. Sealed.
    patient: String,
    blood_group: Option<BloodGroup>,
    /// As of a request: only `confirmed` counts as a group.
    group_evidence: Option<GroupEvidence>,
    sex: Option<Sex>,
    age_band: Option<AgeBand>,
    component: Component,
    /// Of each due day, 1 to 40.
    #[schema(minimum = 1, maximum = 40)]
    units: i32,
    /// What each unit must have.
    #[serde(default)]
    needs: Attributes,
    /// Each so many days from `first_on`, 1 to 90; or `weekdays`.
    #[schema(minimum = 1, maximum = 90)]
    every_days: Option<i32>,
    #[serde(default)]
    weekdays: Vec<Weekday>,
    /// `HH:MM`, civil time: the units are needed then.
    due_at: String,
    /// Today at the earliest, a year off at the latest.
    first_on: NaiveDate,
    /// At most 366 days after `first_on`.
    last_on: NaiveDate,
    /// Days before a due day on which its request is made: 3 unless said, 1 to 14.
    #[schema(minimum = 1, maximum = 14)]
    days_ahead: Option<i32>,
    /// Special needs, and what else the blood bank should know; at most 500 characters, sealed.
    notes: Option<String>,
}

impl StandingForm {
    fn parse(self) -> Result<NewStanding> {
        let mut faults = Faults::none();
        let patient = faults.keep("patient", Pseudonym::parse(&self.patient));
        let notes = self.notes.as_deref().and_then(|notes| faults.keep("notes", Note::parse(notes)));
        let due_at = faults.keep("due_at", clock_time(&self.due_at));
        let (patient, due_at) = faults.give(patient.zip(due_at))?;
        Ok(NewStanding {
            patient,
            blood_group: self.blood_group,
            group_evidence: self.group_evidence,
            sex: self.sex,
            age_band: self.age_band,
            component: self.component,
            units: self.units,
            needs: self.needs,
            cadence: Cadence::of(self.every_days, &self.weekdays)?,
            due_at,
            first_on: self.first_on,
            last_on: self.last_on,
            days_ahead: self.days_ahead.unwrap_or(DAYS_AHEAD.1),
            notes,
        })
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StandingQuery {
    state: Option<StandingState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// A standing order without what is sealed of it.
#[derive(Debug, Serialize, ToSchema)]
struct StandingView {
    id: StandingOrderId,
    /// The hospital that asks.
    facility: FacilityId,
    blood_group: Option<BloodGroup>,
    group_evidence: GroupEvidence,
    sex: Option<Sex>,
    age_band: Option<AgeBand>,
    component: Component,
    units: i32,
    needs: Attributes,
    every_days: Option<i32>,
    weekdays: Vec<Weekday>,
    /// `HH:MM`, civil time.
    due_at: String,
    first_on: NaiveDate,
    last_on: NaiveDate,
    days_ahead: i32,
    state: StandingState,
    /// The next day for which a request will be made; requests for the days before are among the requests.
    next_due_on: Option<NaiveDate>,
    made_at: DateTime<Utc>,
}

impl StandingView {
    fn of(order: &StandingOrder) -> Self {
        let (every_days, weekdays) = match order.cadence() {
            Cadence::Every(days) => (Some(days), Vec::new()),
            Cadence::On(days) => (None, days),
        };
        Self {
            id: order.id,
            facility: order.facility,
            blood_group: order.blood_group,
            group_evidence: order.group_evidence,
            sex: order.sex,
            age_band: order.age_band,
            component: order.component,
            units: order.units,
            needs: order.needs,
            every_days,
            weekdays,
            due_at: order.due_at().format("%H:%M").to_string(),
            first_on: order.first_on,
            last_on: order.last_on,
            days_ahead: order.days_ahead,
            state: order.state,
            next_due_on: order.next_due_on,
            made_at: order.made_at.and_utc(),
        }
    }
}

/// A standing order with its latest requests.
#[derive(Debug, Serialize, ToSchema)]
struct OpenedStandingView {
    #[serde(flatten)]
    order: StandingView,
    /// As the hospital calls the patient.
    patient: String,
    notes: Option<String>,
    /// The latest due day first, at most 31.
    requests: Vec<MadeRequest>,
}

/// Asks for units again and again: each due day makes one request, some days before.
#[utoipa::path(tag = "requests", params(("Idempotency-Key" = String, Header)), request_body = StandingForm,
    responses((status = 201, description = "Stands", body = StandingStep)))]
#[post("/standing-orders")]
async fn ask_again(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    key: IdempotencyKey,
    body: Body<StandingForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let new = body.into_inner().parse()?;
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let made = house.once_guarded(&by, request, move |tx| standing::order(tx, &vault, zone, &who, &new));
    Ok(HttpResponse::Created().json(made.await?))
}

/// Standing orders, oldest first: a hospital's own, a blood bank's region's, a physician's all.
#[utoipa::path(tag = "requests", params(StandingQuery),
    responses((status = 200, description = "A page", body = Page<StandingView>)))]
#[get("/standing-orders")]
async fn list(house: web::Data<House>, by: Actor<SeeRequests>, query: Query<StandingQuery>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, state, who) = (query.limit.get(), query.state, by.clone());
    let rows = house.db.read(move |conn| standing::list(conn, &who, state, (after, limit + 1))).await?;
    let show = |order: StandingOrder| StandingView::of(&order);
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, show)?))
}

/// A standing order with its latest requests.
#[utoipa::path(tag = "requests", params(("id" = StandingOrderId, Path)),
    responses((status = 200, description = "As it stands", body = OpenedStandingView)))]
#[get("/standing-orders/{id}")]
async fn look(
    house: web::Data<House>,
    by: Actor<SeeRequests>,
    id: PathId<StandingOrderId>,
    _query: NoQuery,
) -> Answer {
    let (who, vault) = (by.clone(), house.vault.clone());
    let opened = house.db.read(move |conn| standing::look(conn, &vault, &who, id.0)).await?;
    let OpenedStanding { order, patient, notes, requests } = opened;
    let view = OpenedStandingView { order: StandingView::of(&order), patient, notes, requests };
    Ok(HttpResponse::Ok().insert_header(etag(order.version)).json(view))
}

/// Pauses a standing order: nothing is asked for until it is resumed. Requests that it made stand, and are named.
#[utoipa::path(tag = "requests", params(("id" = StandingOrderId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Paused", body = StandingStep)))]
#[post("/standing-orders/{id}/pause")]
async fn pause(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<StandingOrderId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    turn(&house, &by, id.0, (key, body), Turn::Pause).await
}

/// Resumes a standing order from its next due day on.
#[utoipa::path(tag = "requests", params(("id" = StandingOrderId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Goes on, or ended where no due day is left", body = StandingStep)))]
#[post("/standing-orders/{id}/resume")]
async fn resume(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<StandingOrderId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    turn(&house, &by, id.0, (key, body), Turn::Resume).await
}

/// Ends a standing order for good. Requests that it made stand, and are named.
#[utoipa::path(tag = "requests", params(("id" = StandingOrderId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Ended", body = StandingStep)))]
#[post("/standing-orders/{id}/end")]
async fn end(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<StandingOrderId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    turn(&house, &by, id.0, (key, body), Turn::End).await
}

async fn turn(
    house: &House,
    by: &Actor<RequestUnits>,
    id: StandingOrderId,
    (key, body): (IdempotencyKey, Body<Nothing>),
    turn: Turn,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let done = house.once_guarded(by, request, move |tx| standing::turn(tx, &vault, zone, &who, id, turn));
    Ok(HttpResponse::Ok().json(done.await?))
}
