//! Searching donors over HTTP. The terms travel in the body: a query would stand in logs of proxies.

use actix_web::{HttpResponse, post, web};
use serde::Deserialize;
use shiryan_kernel::Problem;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::page::Page;
use utoipa::ToSchema;

use super::DonorView;
use crate::accounts::{Actor, SeeDonors};
use crate::donors::{self, Scope, Words};
use crate::http::{Answer, Body, House, Limit};
use crate::vault::hex;

/// What is searched for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Terms {
    /// Words in any spelling and order, 200 characters and eight words at most, one of two letters at least: each must begin some part of the name.
    name: String,
    #[serde(default)]
    #[schema(inline)]
    limit: Limit,
    cursor: Option<String>,
}

/// Donors whose names have all the words, oldest first; a medic finds those of the own scope. No sealed
/// field is in the answer.
#[utoipa::path(tag = "donors", request_body = Terms,
    responses((status = 200, description = "A page", body = Page<DonorView>)))]
#[post("/donors/search")]
pub(super) async fn search(house: web::Data<House>, by: Actor<SeeDonors>, body: Body<Terms>) -> Answer {
    let terms = body.into_inner();
    let words = Words::parse(&terms.name).map_err(|problem| problem.on("name"))?;
    let list = list(&house, "name", &words.canonical());
    let after = house.after(terms.cursor.as_deref(), &list)?.unwrap_or(0);
    let limit = usize::try_from(terms.limit.get()).map_err(Problem::internal)?;
    let (names, who) = (house.names.clone(), by.clone());
    let found = house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            donors::by_name(conn, &names, &scope, &words, DonorId(after), limit)
        })
        .await?;
    let next = found.last.map(|last| house.cursors.seal(&last.0, &list, house.db.now())).transpose()?;
    let items = found.donors.into_iter().map(DonorView::from).collect();
    Ok(HttpResponse::Ok().json(Page { items, next }))
}

/// What a cursor is sealed for: these terms and no others, by their digest.
fn list(house: &House, field: &str, term: &str) -> String {
    format!("/donors/search?{}", hex(&house.vault.digest(&[field.as_bytes(), term.as_bytes()])))
}
