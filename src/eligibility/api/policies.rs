//! Rule sets over HTTP: which there are, and whom another would let give earlier or later.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::{Evidence, RuleSet, ask_preview};
use crate::accounts::{Actor, PreviewPolicies, SeePolicies};
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, PathId};
use crate::jobs::Queued;

/// Adds the operations.
pub(super) fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(preview);
}

#[derive(Serialize, ToSchema)]
struct PolicyView {
    code: String,
    version: u32,
    title_ar: String,
    title_en: String,
    effective_from: NaiveDate,
    /// Whether this installation decides by it today.
    in_force: bool,
    source: String,
    #[schema(value_type = String)]
    evidence: Evidence,
    /// The physician who signed the numbers; empty while nobody has.
    signed_by: String,
}

#[derive(Serialize, ToSchema)]
struct PoliciesView {
    items: Vec<PolicyView>,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = PolicyPreviewForm)]
#[serde(deny_unknown_fields)]
struct PreviewForm {
    /// The newest unless given.
    version: Option<u32>,
}

/// Every version of every rule set of this installation, by code and first day.
#[utoipa::path(tag = "donors", responses((status = 200, description = "All of them", body = PoliciesView)))]
#[get("/policies")]
async fn list(house: web::Data<House>, _by: Actor<SeePolicies>, _query: NoQuery) -> Answer {
    let current = house.rules.in_force(house.today())?;
    let show = |set: &RuleSet| PolicyView {
        code: set.code.clone(),
        version: set.version,
        title_ar: set.title_ar.clone(),
        title_en: set.title_en.clone(),
        effective_from: set.effective_from,
        in_force: (&set.code, set.version) == (&current.code, current.version),
        source: set.source.clone(),
        evidence: set.evidence,
        signed_by: set.signed_by.clone(),
    };
    let items = house.rules.rule_sets().iter().map(show).collect();
    Ok(HttpResponse::Ok().json(PoliciesView { items }))
}

/// Tries a rule set on every donor in the place of the one in force, from the day on which it takes effect, or
/// today if that is past. Long work: `GET /jobs/{id}` tells how far it is, and its `result` is a
/// `PreviewResult`. Changes nothing.
#[utoipa::path(tag = "donors", params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = PreviewForm, responses((status = 202, description = "Queued", body = Queued)))]
#[post("/policies/{id}/preview")]
async fn preview(
    house: web::Data<House>,
    by: Actor<PreviewPolicies>,
    id: PathId<String>,
    key: IdempotencyKey,
    body: Body<PreviewForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let version = body.into_inner().version;
    let (vault, book, who, code) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let queued =
        house.once(&by, request, move |tx| ask_preview(tx, &vault, &book, &who, &code, version)).await?;
    Ok(HttpResponse::Accepted().json(queued))
}
