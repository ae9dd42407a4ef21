//! A donor's group over HTTP: typings, and the end of a discrepancy.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::{DonorId, TypingId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::text::{Note, ShortCode};
use utoipa::ToSchema;

use crate::accounts::{Actor, ResolveGroups, TypeGroups};
use crate::donors::{self, Group, NewTyping, Resolution, Scope, Typed, TypingLine};
use crate::eligibility;
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, PathId};
use crate::stock;

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TypingForm {
    blood_group: BloodGroup,
    /// The sample's code. Without it a typing confirms nothing.
    sample: Option<String>,
    typed_on: NaiveDate,
}

#[derive(Serialize, ToSchema)]
pub(super) struct TypingsView {
    /// Oldest first.
    items: Vec<TypingLine>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolutionForm {
    /// The typings that count no more.
    wrong: Vec<TypingId>,
    /// 1 to 500 characters; sealed.
    reason: String,
}

/// Records a laboratory typing. Two of different samples by different persons confirm the group; two that
/// disagree take it away. Units of this donor that left quarantine under another group are blocked.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = TypingForm, responses((status = 201, description = "Recorded", body = Typed)))]
#[post("/donors/{id}/typings")]
pub(super) async fn type_group(
    house: web::Data<House>,
    by: Actor<TypeGroups>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<TypingForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let sample = form.sample.as_deref().map(ShortCode::parse);
    let sample = sample.and_then(|sample| faults.keep("sample", sample));
    faults.settle()?;
    let new = NewTyping { group: form.blood_group, sample, typed_on: form.typed_on };
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let typed =
        house.once(&by, request, move |tx| stock::type_donor(tx, &vault, &book, &who, id, &new)).await?;
    Ok(HttpResponse::Created().json(typed))
}

/// A donor's typings, those found wrong too.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path)),
    responses((status = 200, description = "The ledger", body = TypingsView)))]
#[get("/donors/{id}/typings")]
pub(super) async fn list_typings(
    house: web::Data<House>,
    by: Actor<TypeGroups>,
    id: PathId<DonorId>,
    _query: NoQuery,
) -> Answer {
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let items = house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            donors::typings(conn, &vault, &scope, id)
        })
        .await?;
    Ok(HttpResponse::Ok().json(TypingsView { items }))
}

/// Ends a discrepancy by naming the typings that are wrong.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ResolutionForm, responses((status = 200, description = "The group now", body = Group)))]
#[post("/donors/{id}/typings/resolve")]
pub(super) async fn resolve_group(
    house: web::Data<House>,
    by: Actor<ResolveGroups>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<ResolutionForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let reason = Note::parse(&form.reason).map_err(|problem| problem.on("reason"))?;
    let how = Resolution { wrong: form.wrong, reason };
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let group = house
        .once(&by, request, move |tx| eligibility::resolve_group(tx, &vault, &book, &who, id, &how))
        .await?;
    Ok(HttpResponse::Ok().json(group))
}
