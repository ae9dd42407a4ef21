//! Closed roads over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::ClosureId;
use shiryan_kernel::page::Page;
use shiryan_kernel::place::Governorate;
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, CloseRoads, SignedIn};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, Nothing, PathId, Query};
use crate::places::closures::{self, Closure, NewClosure};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClosureForm {
    governorate: Governorate,
    /// The road to this governorate of the same region alone; absent: every road out.
    other: Option<Governorate>,
    /// With its offset from UTC; now unless told.
    from: Option<DateTime<Utc>>,
    /// Absent: until it is ended.
    until: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct ClosureMade {
    id: ClosureId,
}

/// Roads that are closed.
#[derive(Debug, Serialize, ToSchema)]
struct ClosureView {
    id: ClosureId,
    governorate: Governorate,
    /// `null`: every road out of the governorate.
    other: Option<Governorate>,
    from: DateTime<Utc>,
    /// When it ends, or was ended; `null` while nobody knows.
    until: Option<DateTime<Utc>>,
    /// Whether somebody said that the roads are open again.
    is_ended: bool,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Those that are not over at this moment.
    from: Option<DateTime<Utc>>,
    /// Those that begin before this moment.
    before: Option<DateTime<Utc>>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// Says that roads are closed: all that lead out of a governorate, or those between two.
#[utoipa::path(tag = "places", params(("Idempotency-Key" = String, Header)), request_body = ClosureForm,
    responses((status = 201, description = "Entered", body = ClosureMade)))]
#[post("/closures")]
pub(super) async fn close_roads(
    house: web::Data<House>,
    by: Actor<CloseRoads>,
    key: IdempotencyKey,
    body: Body<ClosureForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let ClosureForm { governorate, other, from, until } = body.into_inner();
    let (vault, who) = (house.vault.clone(), by.user);
    let made = house
        .once(&by, request, move |tx| {
            let new = NewClosure { governorate, other, from: from.unwrap_or(tx.now), until };
            Ok(ClosureMade { id: closures::enter(tx, &vault, who, new)? })
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Closed roads in the order in which they were entered.
#[utoipa::path(tag = "places", params(Asked),
    responses((status = 200, description = "A page", body = Page<ClosureView>)))]
#[get("/closures")]
pub(super) async fn list_closures(
    house: web::Data<House>,
    _by: Actor<SignedIn>,
    query: Query<Asked>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, span) = (query.limit.get(), (query.from, query.before));
    let rows = house.db.read(move |conn| closures::list(conn, span, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, ClosureView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Says that the roads are open again.
#[utoipa::path(tag = "places", params(("id" = ClosureId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Ended", body = ClosureMade)))]
#[post("/closures/{id}/end")]
pub(super) async fn open_roads(
    house: web::Data<House>,
    by: Actor<CloseRoads>,
    id: PathId<ClosureId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who, id) = (house.vault.clone(), by.user, id.0);
    let ended = house
        .once(&by, request, move |tx| {
            closures::end(tx, &vault, who, id)?;
            Ok(ClosureMade { id })
        })
        .await?;
    Ok(HttpResponse::Ok().json(ended))
}

impl From<Closure> for ClosureView {
    fn from(row: Closure) -> Self {
        let Closure { id, governorate, other, from, until, is_ended } = row;
        Self { id, governorate, other, from, until, is_ended }
    }
}
