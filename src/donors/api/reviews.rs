//! Records that may be one person, over HTTP.

use actix_web::{HttpResponse, get, http::header, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{DonorId, ReviewId, UserId};
use shiryan_kernel::page::Page;
use shiryan_kernel::status::{ReviewGround, ReviewState};
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, ReviewDuplicates};
use crate::db::Lane;
use crate::donors::{self, Review, SideBySide};
use crate::eligibility;
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, Nothing, PathId, Query};

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Listed {
    /// The open ones unless told.
    state: Option<ReviewState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct ReviewView {
    id: ReviewId,
    /// Cannot be booked while a review is open.
    donor: DonorId,
    other: DonorId,
    ground: ReviewGround,
    state: ReviewState,
    found_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    settled_by: Option<UserId>,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct Settled {
    id: ReviewId,
    state: ReviewState,
}

/// Pairs of records that may be one person, oldest first.
#[utoipa::path(tag = "donors", params(Listed),
    responses((status = 200, description = "A page", body = Page<ReviewView>)))]
#[get("/reviews")]
pub(super) async fn list_reviews(
    house: web::Data<House>,
    _by: Actor<ReviewDuplicates>,
    query: Query<Listed>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, state) = (query.limit.get(), query.state.unwrap_or(ReviewState::Open));
    let rows = house.db.read(move |conn| donors::reviews(conn, state, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, ReviewView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Opens both identities of a pair, side by side. Each opening is recorded before it is shown.
#[utoipa::path(tag = "donors", params(("id" = ReviewId, Path)), request_body = Nothing,
    responses((status = 200, description = "Both identities", body = SideBySide)))]
#[post("/reviews/{id}/identities")]
pub(super) async fn lay_side_by_side(
    house: web::Data<House>,
    by: Actor<ReviewDuplicates>,
    id: PathId<ReviewId>,
    _body: Body<Nothing>,
) -> Answer {
    let (vault, who, id, budget) = (house.vault.clone(), by.clone(), id.0, house.openings());
    let both = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| donors::identities(tx, &vault, &who, id, budget))
        .await?;
    Ok(HttpResponse::Ok().insert_header((header::CACHE_CONTROL, "no-store")).json(both))
}

/// Says that a pair is two people: both records stand.
#[utoipa::path(tag = "donors", params(("id" = ReviewId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Settled", body = Settled)))]
#[post("/reviews/{id}/different")]
pub(super) async fn differ(
    house: web::Data<House>,
    by: Actor<ReviewDuplicates>,
    id: PathId<ReviewId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let settled = house
        .once(&by, request, move |tx| {
            let review = eligibility::differ(tx, &vault, &book, &who, id)?;
            Ok(Settled { id: review.id, state: review.state })
        })
        .await?;
    Ok(HttpResponse::Ok().json(settled))
}

impl From<Review> for ReviewView {
    fn from(row: Review) -> Self {
        Self {
            id: row.id,
            donor: row.donor,
            other: row.other,
            ground: row.ground,
            state: row.state,
            found_at: row.found_at.and_utc(),
            settled_at: row.settled_at.map(|at| at.and_utc()),
            settled_by: row.settled_by,
        }
    }
}
