//! The outbox over HTTP: what became of messages, and one more try of one that stayed.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::MessageId;
use shiryan_kernel::message::{MessageState, Template, Unsent};
use shiryan_kernel::page::Page;
use utoipa::{IntoParams, ToSchema};

use super::Posted;
use crate::accounts::{Actor, SeeMessages};
use crate::db::Tx;
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, Nothing, PathId, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(try_again);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    state: Option<MessageState>,
    template: Option<Template>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// A message: neither whom it is for nor what it is about.
#[derive(Debug, Serialize, ToSchema)]
struct PostedView {
    id: MessageId,
    template: Template,
    state: MessageState,
    /// Why it will not be sent.
    reason: Option<Unsent>,
    queued_at: DateTime<Utc>,
    /// Not sent before this.
    due_at: DateTime<Utc>,
    /// Nor after.
    useful_until: DateTime<Utc>,
    attempts: i32,
    /// What the mail server said last, as a code.
    last_error: Option<String>,
    ended_at: Option<DateTime<Utc>>,
}

/// A message that will be tried once more.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct TriedAgain {
    id: MessageId,
    state: MessageState,
}

impl From<Posted> for PostedView {
    fn from(row: Posted) -> Self {
        Self {
            id: row.id,
            template: row.template,
            state: row.state,
            reason: row.reason,
            queued_at: row.queued_at.and_utc(),
            due_at: row.due_at.and_utc(),
            useful_until: row.useful_until.and_utc(),
            attempts: row.attempts,
            last_error: row.last_error,
            ended_at: row.ended_at.map(|at| at.and_utc()),
        }
    }
}

/// What became of messages, the newest first.
#[utoipa::path(tag = "messages", params(Asked),
    responses((status = 200, description = "A page", body = Page<PostedView>)))]
#[get("/messages")]
async fn list(house: web::Data<House>, _by: Actor<SeeMessages>, query: Query<Asked>) -> Answer {
    let before = house.after::<i64>(query.cursor.as_deref(), query.list())?.map(MessageId);
    let (limit, state, template) = (query.limit.get(), query.state, query.template);
    let rows = house.db.read(move |conn| super::posted(conn, state, template, before, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, PostedView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Lets a message that did not leave be tried once more, now: where no transport, no address, the server or its silence
/// was the reason, and it is of use still.
#[utoipa::path(tag = "messages", params(("id" = MessageId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Queued", body = TriedAgain)))]
#[post("/messages/{id}/retry")]
async fn try_again(
    house: web::Data<House>,
    by: Actor<SeeMessages>,
    id: PathId<MessageId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who, id) = (house.vault.clone(), by.user, id.0);
    let queued = move |tx: &mut Tx| {
        super::try_again(tx, &vault, who, id)?;
        Ok(TriedAgain { id, state: MessageState::Queued })
    };
    Ok(HttpResponse::Ok().json(house.once(&by, request, queued).await?))
}
