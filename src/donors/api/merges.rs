//! Records of one person, over HTTP: asked for here, decided on as an approval.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::ids::{DonorId, MergeId, UserId};
use shiryan_kernel::page::Page;
use shiryan_kernel::text::Note;
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, Asked, ReviewDuplicates};
use crate::donors::{self, Merge};
use crate::eligibility;
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, PathId, Query};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MergeForm {
    /// To be read as the survivor, and never booked again.
    donor: DonorId,
    /// Under which the person is called and booked.
    survivor: DonorId,
    /// 1 to 500 characters; sealed.
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct UndoForm {
    /// 1 to 500 characters; sealed.
    reason: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Listed {
    /// Those that name this record on either side.
    donor: Option<DonorId>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct MergeView {
    id: MergeId,
    donor: DonorId,
    survivor: DonorId,
    made_at: DateTime<Utc>,
    /// Who approved it.
    made_by: UserId,
    /// From then on each record is read for itself.
    ended_at: Option<DateTime<Utc>>,
    ended_by: Option<UserId>,
}

/// Asks that two records be read as one person; somebody else decides. Nothing that was recorded moves: the most
/// restrictive of both stands.
#[utoipa::path(tag = "donors", params(("Idempotency-Key" = String, Header)), request_body = MergeForm,
    responses((status = 202, description = "Asked", body = Asked)))]
#[post("/merges")]
pub(super) async fn ask_merge(
    house: web::Data<House>,
    by: Actor<ReviewDuplicates>,
    key: IdempotencyKey,
    body: Body<MergeForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let (reason, pair) = (reason(&form.reason)?, (form.donor, form.survivor));
    let (vault, who) = (house.vault.clone(), by.clone());
    let asked =
        house.once(&by, request, move |tx| eligibility::ask_merge(tx, &vault, &who, pair, &reason)).await?;
    Ok(HttpResponse::Accepted().json(asked))
}

/// Asks that a merge be ended; somebody else decides. What was recorded since stays where it was recorded.
#[utoipa::path(tag = "donors", params(("id" = MergeId, Path), ("Idempotency-Key" = String, Header)),
    request_body = UndoForm, responses((status = 202, description = "Asked", body = Asked)))]
#[post("/merges/{id}/undo")]
pub(super) async fn ask_undo(
    house: web::Data<House>,
    by: Actor<ReviewDuplicates>,
    id: PathId<MergeId>,
    key: IdempotencyKey,
    body: Body<UndoForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let reason = reason(&body.into_inner().reason)?;
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let asked =
        house.once(&by, request, move |tx| eligibility::ask_undo(tx, &vault, &who, id, &reason)).await?;
    Ok(HttpResponse::Accepted().json(asked))
}

/// Merges, oldest first, those that were ended too.
#[utoipa::path(tag = "donors", params(Listed),
    responses((status = 200, description = "A page", body = Page<MergeView>)))]
#[get("/merges")]
pub(super) async fn list_merges(
    house: web::Data<House>,
    _by: Actor<ReviewDuplicates>,
    query: Query<Listed>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, of) = (query.limit.get(), query.donor);
    let rows = house.db.read(move |conn| donors::merges(conn, of, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, MergeView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

fn reason(text: &str) -> Result<Note<500>> {
    Note::parse(text).map_err(|problem| problem.on("reason"))
}

impl From<Merge> for MergeView {
    fn from(row: Merge) -> Self {
        Self {
            id: row.id,
            donor: row.donor,
            survivor: row.survivor,
            made_at: row.made_at.and_utc(),
            made_by: row.made_by,
            ended_at: row.ended_at.map(|at| at.and_utc()),
            ended_by: row.ended_by,
        }
    }
}
