//! Counts of the own shelf over HTTP, and labels that nobody expected.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use shiryan_kernel::ids::{BloodUnitId, CountId, StrayId};
use shiryan_kernel::page::Page;
use shiryan_kernel::status::{CountState, MissEnd};
use shiryan_kernel::text::Note;
use utoipa::{IntoParams, ToSchema};

use super::labels::{LabelForm, some_labels};
use crate::accounts::{Actor, CountStock};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, PathId, Query};
use crate::stock::{self, Count, Counted, Explained, Stray, rules};

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(count).service(list).service(look).service(found).service(lost);
    config.service(list_strays).service(explain);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CountForm {
    /// Every label on the shelf, each once: quarantine, released, held, stopped and expired; 2 000 at most.
    #[schema(max_items = 2_000)]
    units: Vec<LabelForm>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FoundForm {
    /// Units that the count missed.
    units: Vec<BloodUnitId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LostUnitsForm {
    /// Units that the count missed.
    units: Vec<BloodUnitId>,
    /// What was found out; at most 500 characters, sealed.
    note: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ExplainForm {
    /// What it was, and where it went; at most 500 characters, sealed.
    note: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CountQuery {
    /// `discrepancy`: what is to be looked into.
    state: Option<CountState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StrayQuery {
    /// Only those of which nobody has said what they were.
    #[serde(default)]
    #[param(required = false)]
    open: bool,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// Counts the own shelf by its labels: what is missing and what should not be there.
#[utoipa::path(tag = "stock", params(("Idempotency-Key" = String, Header)), request_body = CountForm,
    responses((status = 201, description = "Counted", body = Counted)))]
#[post("/stock/counts")]
async fn count(
    house: web::Data<House>,
    by: Actor<CountStock>,
    key: IdempotencyKey,
    body: Body<CountForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let scanned = some_labels(&body.into_inner().units, rules::MOST_COUNTED)?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let counted = house.once(&by, request, move |tx| stock::count(tx, &vault, &who, &scanned)).await?;
    Ok(HttpResponse::Created().json(counted))
}

/// Counts of the own shelf, oldest first.
#[utoipa::path(tag = "stock", params(CountQuery),
    responses((status = 200, description = "A page", body = Page<Count>)))]
#[get("/stock/counts")]
async fn list(house: web::Data<House>, by: Actor<CountStock>, query: Query<CountQuery>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who, state) = (query.limit.get(), by.clone(), query.state);
    let rows = house.db.read(move |conn| stock::counts(conn, &who, state, after, limit + 1)).await?;
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, |row| row)?))
}

/// A count of the own shelf with its differences.
#[utoipa::path(tag = "stock", params(("id" = CountId, Path)),
    responses((status = 200, description = "The count", body = Counted)))]
#[get("/stock/counts/{id}")]
async fn look(
    house: web::Data<House>,
    by: Actor<CountStock>,
    id: PathId<CountId>,
    _query: NoQuery,
) -> Answer {
    let (who, vault) = (by.clone(), house.vault.clone());
    let counted = house.db.read(move |conn| stock::look_at_count(conn, &vault, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(counted))
}

/// Says that units which a count missed were found after all.
#[utoipa::path(tag = "stock", params(("id" = CountId, Path), ("Idempotency-Key" = String, Header)),
    request_body = FoundForm, responses((status = 200, description = "On record", body = Counted)))]
#[post("/stock/counts/{id}/found")]
async fn found(
    house: web::Data<House>,
    by: Actor<CountStock>,
    id: PathId<CountId>,
    key: IdempotencyKey,
    body: Body<FoundForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, units) = (by.clone(), house.vault.clone(), body.into_inner().units);
    let counted = house.once(&by, request, move |tx| {
        stock::settle_missing(tx, &vault, &who, id.0, &units, MissEnd::Found, None)
    });
    Ok(HttpResponse::Ok().json(counted.await?))
}

/// Says that units which a count missed are lost, as somebody who did not count: they are discarded.
#[utoipa::path(tag = "stock", params(("id" = CountId, Path), ("Idempotency-Key" = String, Header)),
    request_body = LostUnitsForm, responses((status = 200, description = "On record", body = Counted)))]
#[post("/stock/counts/{id}/lost")]
async fn lost(
    house: web::Data<House>,
    by: Actor<CountStock>,
    id: PathId<CountId>,
    key: IdempotencyKey,
    body: Body<LostUnitsForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let LostUnitsForm { units, note } = body.into_inner();
    let note: Note<500> = Note::parse(&note).map_err(|problem| problem.on("note"))?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let counted = house.once(&by, request, move |tx| {
        stock::settle_missing(tx, &vault, &who, id.0, &units, MissEnd::Lost, Some(note.clone()))
    });
    Ok(HttpResponse::Ok().json(counted.await?))
}

/// Labels that were scanned here, in a count or in a transfer's box, where no unit of them should be; oldest first.
#[utoipa::path(tag = "stock", params(StrayQuery),
    responses((status = 200, description = "A page", body = Page<Stray>)))]
#[get("/stock/strays")]
async fn list_strays(house: web::Data<House>, by: Actor<CountStock>, query: Query<StrayQuery>) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who, vault, open) = (query.limit.get(), by.clone(), house.vault.clone(), query.open);
    let rows = house.db.read(move |conn| stock::strays(conn, &vault, &who, open, after, limit + 1)).await?;
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, |row| row)?))
}

/// Says what such a label was.
#[utoipa::path(tag = "stock", params(("id" = StrayId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ExplainForm, responses((status = 200, description = "On record", body = Explained)))]
#[post("/stock/strays/{id}/explain")]
async fn explain(
    house: web::Data<House>,
    by: Actor<CountStock>,
    id: PathId<StrayId>,
    key: IdempotencyKey,
    body: Body<ExplainForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let note: Note<500> = Note::parse(&body.into_inner().note).map_err(|problem| problem.on("note"))?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let done = house.once(&by, request, move |tx| stock::explain(tx, &vault, &who, id.0, &note)).await?;
    Ok(HttpResponse::Ok().json(done))
}
