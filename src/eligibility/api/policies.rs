//! Rule sets over HTTP: which there are, and whom another would let give earlier or later.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::text::Note;
use utoipa::ToSchema;

use super::super::{Evidence, RuleSet, RuleSetStamp, ask_adoption, ask_preview};
use crate::accounts::{Actor, AskPolicies, Asked, PreviewPolicies, SeePolicies};
use crate::db::Tx;
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, PathId};
use crate::jobs::Queued;

/// Adds the operations.
pub(super) fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list).service(preview).service(adopt);
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
    /// Whether two people put it in force, from its own day on; or it stood in the settings when the database was made.
    adopted: bool,
    source: String,
    #[schema(value_type = String)]
    evidence: Evidence,
    /// The physician who signed the numbers; empty while nobody has.
    signed_by: String,
}

#[derive(Serialize, ToSchema)]
struct PoliciesView {
    items: Vec<PolicyView>,
    /// What the settings name and nobody has approved, and files that are not read since something else was approved under
    /// their number. Empty where this installation decides by what its files say.
    waiting: Vec<RuleSetStamp>,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdoptionForm {
    /// The newest unless given.
    version: Option<u32>,
    #[schema(max_length = 500)]
    reason: String,
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
        adopted: house.rules.is_adopted(set),
        source: set.source.clone(),
        evidence: set.evidence,
        signed_by: set.signed_by.clone(),
    };
    let items = house.rules.rule_sets().iter().map(show).collect();
    Ok(HttpResponse::Ok().json(PoliciesView { items, waiting: house.rules.waiting() }))
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

/// Asks that a rule set be put in force. A physician who is another person approves the very text that the file had when it
/// was asked; it is decided by from its own day, once the program has been started again.
#[utoipa::path(tag = "donors", params(("id" = String, Path), ("Idempotency-Key" = String, Header)),
    request_body = AdoptionForm,
    responses((status = 202, description = "It waits for a second person", body = Asked)))]
#[post("/policies/{id}/adopt")]
async fn adopt(
    house: web::Data<House>,
    by: Actor<AskPolicies>,
    id: PathId<String>,
    key: IdempotencyKey,
    body: Body<AdoptionForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let AdoptionForm { version, reason } = body.into_inner();
    let reason = Note::parse(&reason).map_err(|problem| problem.on("reason"))?;
    let (vault, book, who, code) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let write = move |tx: &mut Tx| ask_adoption(tx, &vault, &book, &who, (&code, version), &reason);
    let asked = house.once(&by, request, write).await?;
    Ok(HttpResponse::Accepted().json(asked))
}
