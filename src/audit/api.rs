//! The record of who did what, over HTTP: looked through, and checked from its first link to its last.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shiryan_kernel::ids::{AuditId, UserId};
use shiryan_kernel::page::Page;
use shiryan_kernel::status::JobKind;
use utoipa::{IntoParams, ToSchema};

use super::{Found, Words};
use crate::accounts::{Actor, ReadRecord};
use crate::db::Lane;
use crate::http::{Answer, House, IdempotencyKey, Limit, NoQuery, Nothing, Query};
use crate::jobs::{self, Queued};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_lines).service(see_reach).service(verify);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Who did it: a user's id.
    actor: Option<String>,
    /// An action, such as `donors.identity_opened`, or all of a room, such as `donors`.
    action: Option<String>,
    /// The id of what it happened to. Lines of medicine are not found by it.
    subject: Option<String>,
    /// From the begin of this civil day.
    from: Option<NaiveDate>,
    /// Until the end of this civil day.
    until: Option<NaiveDate>,
    /// Only what somebody should look at.
    #[serde(default)]
    #[param(required = false)]
    alerts: bool,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// A line of the record.
#[derive(Debug, Serialize, ToSchema)]
struct RecordLineView {
    id: AuditId,
    at: DateTime<Utc>,
    /// Absent: the program itself.
    actor: Option<UserId>,
    action: String,
    /// The id of what it happened to; hidden where it would tell of somebody's medicine.
    subject: Option<String>,
    /// Codes and counts that say nothing of anybody.
    #[schema(value_type = Object)]
    detail: Map<String, Value>,
    /// Somebody should look at it.
    alert: bool,
    /// Whether the chain holds it; it follows within a second.
    chained: bool,
}

/// How far the chain is.
#[derive(Debug, Serialize, ToSchema)]
struct ReachView {
    as_of: DateTime<Utc>,
    links: i64,
    /// Lines that no link holds yet.
    waiting: i64,
}

impl From<Found> for RecordLineView {
    fn from(line: Found) -> Self {
        let Found { id, at, actor, action, subject, detail, is_alert, is_chained } = line;
        Self { id, at, actor, action, subject, detail, alert: is_alert, chained: is_chained }
    }
}

/// The record of who did what, the newest lines first. Each reading is a line of it, written before anything is told.
#[utoipa::path(tag = "record", params(Asked),
    responses((status = 200, description = "A page", body = Page<RecordLineView>)))]
#[get("/audit/lines")]
async fn list_lines(house: web::Data<House>, by: Actor<ReadRecord>, query: Query<Asked>) -> Answer {
    let before = house.after::<i64>(query.cursor.as_deref(), query.list())?.map(AuditId);
    let limit = query.limit.get();
    let words = Words {
        actor: query.actor.as_deref(),
        action: query.action.as_deref(),
        subject: query.subject.as_deref(),
        from: query.from,
        until: query.until,
        alerts: query.alerts,
    };
    let (sought, vault, who) = (words.sought(house.zone)?, house.vault.clone(), by.user);
    let noted = sought.clone();
    house.db.write(Lane::Actor(who.0), move |tx| super::looked(tx, &vault, who, &noted)).await?;
    let rows = house.db.read(move |conn| super::lines(conn, &sought, before, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, RecordLineView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// How far the chain of the record is.
#[utoipa::path(tag = "record", responses((status = 200, description = "Now", body = ReachView)))]
#[get("/audit/chain")]
async fn see_reach(house: web::Data<House>, _by: Actor<ReadRecord>, _query: NoQuery) -> Answer {
    let as_of = house.db.now();
    let reach = house.db.read(super::reach).await?;
    Ok(HttpResponse::Ok().json(ReachView { as_of, links: reach.links, waiting: reach.waiting }))
}

/// Reads the whole chain again, beside requests. Whether it was made anew from its first link only a head that was kept
/// elsewhere tells: `shiryan audit verify --against`.
#[utoipa::path(tag = "record", params(("Idempotency-Key" = String, Header)), request_body = Nothing,
    responses((status = 202, description = "Asked; `GET /jobs/{id}` tells what it found", body = Queued)))]
#[post("/audit/verifications")]
async fn verify(
    house: web::Data<House>,
    by: Actor<ReadRecord>,
    key: IdempotencyKey,
    body: crate::http::Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who) = (house.vault.clone(), by.user);
    let ask = move |tx: &mut crate::db::Tx| jobs::queue(tx, &vault, who, JobKind::VerifyRecord, "{}");
    let queued = house.once(&by, request, ask).await?;
    Ok(HttpResponse::Accepted().json(queued))
}
