//! Breaking the glass over HTTP.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::ids::{DonorId, GlassId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::text::Note;
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, OpenIdentity, ReviewBrokenGlass};
use crate::donors::{self, Broken, Purpose};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, PathId, Query};

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BreakForm {
    donor: DonorId,
    /// The one for which the identity may be opened then.
    purpose: Purpose,
    /// What does not wait; at most 500 characters, sealed.
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FindingForm {
    /// What the review found; at most 500 characters, sealed.
    finding: String,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct GlassView {
    id: GlassId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Those that were reviewed instead of those that wait.
    #[serde(default)]
    reviewed: bool,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

fn note(field: &str, text: &str) -> Result<Note<500>> {
    let mut faults = Faults::none();
    let note = faults.keep(field, Note::parse(text));
    faults.give(note)
}

/// Breaks the glass: for half an hour the identity of this one donor may be opened for this one purpose, wherever the
/// record is and whatever was opened today. An alert at once, and another person reviews it.
#[utoipa::path(tag = "donors", params(("Idempotency-Key" = String, Header)), request_body = BreakForm,
    responses((status = 201, description = "Broken", body = GlassView)))]
#[post("/broken-glass")]
pub(super) async fn break_glass(
    house: web::Data<House>,
    by: Actor<OpenIdentity>,
    key: IdempotencyKey,
    body: Body<BreakForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let BreakForm { donor, purpose, reason } = body.into_inner();
    let reason = note("reason", &reason)?;
    let (who, vault, today) = (by.clone(), house.vault.clone(), house.today());
    let made = house
        .once(&by, request, move |tx| {
            let asked = (donor, purpose, &reason);
            Ok(GlassView { id: donors::break_glass(tx, &vault, &who, asked, today)? })
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Glass that was broken, oldest first.
#[utoipa::path(tag = "donors", params(Asked), responses((status = 200, description = "A page", body = Page<Broken>)))]
#[get("/broken-glass")]
pub(super) async fn list_broken(
    house: web::Data<House>,
    _by: Actor<ReviewBrokenGlass>,
    query: Query<Asked>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, open, vault) = (query.limit.get(), !query.reviewed, house.vault.clone());
    let rows = house.db.read(move |conn| donors::broken(conn, &vault, open, (after, limit + 1))).await?;
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, |row| row)?))
}

/// Reviews it as another person.
#[utoipa::path(tag = "donors", params(("id" = GlassId, Path), ("Idempotency-Key" = String, Header)),
    request_body = FindingForm, responses((status = 200, description = "Reviewed", body = GlassView)))]
#[post("/broken-glass/{id}/review")]
pub(super) async fn review_glass(
    house: web::Data<House>,
    by: Actor<ReviewBrokenGlass>,
    id: PathId<GlassId>,
    key: IdempotencyKey,
    body: Body<FindingForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let finding = note("finding", &body.into_inner().finding)?;
    let (who, vault, id) = (by.clone(), house.vault.clone(), id.0);
    let done = house
        .once(&by, request, move |tx| {
            donors::review_glass(tx, &vault, &who, id, &finding)?;
            Ok(GlassView { id })
        })
        .await?;
    Ok(HttpResponse::Ok().json(done))
}
