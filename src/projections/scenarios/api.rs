//! Scenarios over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::ScenarioId;
use shiryan_kernel::page::Page;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use super::super::api::{AreaView, Horizon, asked};
use super::{Column, Event, Kept, MOST_COMPARED, MOST_EVENTS, Name, Scenario};
use crate::accounts::{Actor, KeepScenarios, SeeProjections};
use crate::db::off_loop;
use crate::http::{Answer, Body, Freshness, House, IdempotencyKey, Nothing, Paging, PathId, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(save_scenario).service(list_scenarios).service(end_scenario).service(compare_scenarios);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ScenarioForm {
    /// 1 to 120 characters.
    name: String,
    /// 1 to 20 things that happen together.
    events: Vec<Event>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ScenarioView {
    id: ScenarioId,
    name: String,
    events: Vec<Event>,
    made_at: DateTime<Utc>,
}

impl From<Scenario> for ScenarioView {
    fn from(scenario: Scenario) -> Self {
        let Scenario { id, name, events, made_at } = scenario;
        Self { id, name, events, made_at }
    }
}

/// Keeps a scenario under a name.
#[utoipa::path(tag = "reserve", params(("Idempotency-Key" = String, Header)), request_body = ScenarioForm,
    responses((status = 201, description = "Saved", body = Kept)))]
#[post("/scenarios")]
async fn save_scenario(
    house: web::Data<House>,
    by: Actor<KeepScenarios>,
    key: IdempotencyKey,
    body: Body<ScenarioForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let name = faults.keep("name", Name::parse(&form.name));
    if !(1..=MOST_EVENTS).contains(&form.events.len()) {
        faults.add("events", Code::OutOfRange);
    }
    let today = house.today();
    for (place, event) in form.events.iter().enumerate() {
        event.check(&format!("events[{place}]"), today, &mut faults);
    }
    let name = faults.give(name)?;
    let (vault, who) = (house.vault.clone(), by.clone());
    let saved =
        house.once(&by, request, move |tx| super::save(tx, &vault, &who, &name, &form.events)).await?;
    Ok(HttpResponse::Created().json(saved))
}

/// Scenarios that are kept, oldest first.
#[utoipa::path(tag = "reserve", params(Paging),
    responses((status = 200, description = "A page", body = Page<ScenarioView>)))]
#[get("/scenarios")]
async fn list_scenarios(house: web::Data<House>, _by: Actor<SeeProjections>, query: Query<Paging>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, vault) = (query.limit.get(), house.vault.clone());
    let rows = house.db.read(move |conn| super::list(conn, &vault, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, ScenarioView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Ends a scenario.
#[utoipa::path(tag = "reserve", params(("id" = ScenarioId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Ended", body = Kept)))]
#[post("/scenarios/{id}/end")]
async fn end_scenario(
    house: web::Data<House>,
    by: Actor<KeepScenarios>,
    id: PathId<ScenarioId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let ended = house.once(&by, request, move |tx| super::end(tx, &vault, &who, id)).await?;
    Ok(HttpResponse::Ok().json(ended))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Compared {
    /// 1 to 5 ids, parted by commas.
    scenarios: String,
    /// Any but `cryoprecipitate`.
    component: Component,
    group: BloodGroup,
    #[serde(default)]
    #[param(inline, required = false)]
    days: Horizon,
    governorate: Option<Governorate>,
    region: Option<Region>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ComparisonView {
    as_of: DateTime<Utc>,
    component: Component,
    group: BloodGroup,
    /// First what is expected without any scenario, then each in the order asked for.
    columns: Vec<ColumnView>,
    #[serde(flatten)]
    fresh: Freshness,
}

#[derive(Debug, Serialize, ToSchema)]
struct ColumnView {
    /// Absent in the first column.
    scenario: Option<ScenarioView>,
    /// Areas may differ between columns: closed roads leave islands.
    areas: Vec<AreaView>,
}

impl From<Column> for ColumnView {
    fn from(column: Column) -> Self {
        Self {
            scenario: column.scenario.map(ScenarioView::from),
            areas: column.areas.into_iter().map(AreaView::from).collect(),
        }
    }
}

/// Units on hand ahead, as expected and in each scenario, side by side under the same luck.
#[utoipa::path(tag = "reserve", params(Compared),
    responses((status = 200, description = "Columns", body = ComparisonView)))]
#[get("/scenarios/compare")]
async fn compare_scenarios(
    house: web::Data<House>,
    _by: Actor<SeeProjections>,
    query: Query<Compared>,
) -> Answer {
    let ask = asked(query.component, query.group, query.days, query.governorate, query.region)?;
    let wrong = || Problem::new(Code::InvalidValue).about("scenarios", Code::InvalidValue);
    let ids: Result<Vec<ScenarioId>> =
        query.scenarios.split(',').map(|id| id.parse().map_err(|_| wrong())).collect();
    let ids = ids?;
    if ids.len() > MOST_COMPARED {
        return Err(wrong().into());
    }
    let (given, fresh, vault) =
        (house.given(ask.component).await?, house.freshness().await?, house.vault.clone());
    let now = given.now;
    let read = house.db.read(move |conn| super::compare(conn, &vault, &ids, &ask, &given));
    let read = read.await?;
    let columns = off_loop(move || Ok(super::columns(read, ask.group))).await?;
    Ok(HttpResponse::Ok().json(ComparisonView {
        as_of: now,
        component: ask.component,
        group: ask.group,
        columns: columns.into_iter().map(ColumnView::from).collect(),
        fresh,
    }))
}
