//! Eligibility over HTTP: a decision, cut to what its reader may learn.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DeferralId, DonorId};
use shiryan_kernel::page::Page;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::plus_days;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use super::{NewDeferral, SeenDeferral, SeenOutcome, SeenReason, Severity, View, Viewer, decide_for, view};
use crate::accounts::{Actor, RecordDeferrals, SeeEligibility};
use crate::donors::{self, Scope};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, PathId, Query, Speak};
use crate::texts::{self, Lang};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(read_eligibility).service(record_deferral).service(list_deferrals);
}

/// How far from today a day may be asked about, in days.
const FARTHEST: i64 = 3660;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Today unless given; a past day is answered with what was known then.
    on: Option<NaiveDate>,
    /// Whole blood unless given.
    donation_type: Option<DonationType>,
}

#[derive(Serialize, ToSchema)]
struct DecisionView {
    donor: DonorId,
    donation_type: DonationType,
    on: NaiveDate,
    outcome: SeenOutcome,
    /// No yes before this day, by the reasons told.
    not_before: Option<NaiveDate>,
    /// Strongest first. Warnings stand beside a yes too.
    reasons: Vec<ReasonView>,
    rule_set: RuleSetView,
}

/// A reason that the reader may not see has its code and text alone.
#[derive(Serialize, ToSchema)]
struct ReasonView {
    code: String,
    /// In the language of the request.
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    severity: Option<Severity>,
    /// First day on which it no longer stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<NaiveDate>,
    /// The guideline or list behind it.
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// Figures and dates that explain it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    facts: BTreeMap<&'static str, String>,
}

#[derive(Serialize, ToSchema)]
struct RuleSetView {
    code: String,
    version: u32,
}

/// Days that have come; an unknown base is left out, and is open-ended until a physician looks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DeferralForm {
    /// Of the catalogue, such as `TAT`.
    code: String,
    /// Day of the event from which it counts: recovery, procedure, return.
    base: Option<NaiveDate>,
    /// For a cause that counts from two events: the second.
    second_base: Option<NaiveDate>,
    /// The event that ends an open cause, when it has come already.
    ended_on: Option<NaiveDate>,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct DeferralMade {
    id: DeferralId,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Paging {
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

#[derive(Serialize, ToSchema)]
struct DeferralView {
    id: DeferralId,
    code: String,
    /// In the language of the request.
    text: String,
    base: Option<NaiveDate>,
    second_base: Option<NaiveDate>,
    ended_on: Option<NaiveDate>,
    recorded_on: NaiveDate,
}

/// Whether a donor may give, and if not, why and from when: as much as the reader may know.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), Asked),
    responses((status = 200, description = "The decision", body = DecisionView)))]
#[get("/donors/{id}/eligibility")]
async fn read_eligibility(
    house: web::Data<House>,
    by: Actor<SeeEligibility>,
    Speak(lang): Speak,
    id: PathId<DonorId>,
    query: Query<Asked>,
) -> Answer {
    let viewer = viewer(by.role)?;
    let today = house.today();
    let on = query.on.unwrap_or(today);
    if on < plus_days(today, -FARTHEST) || on > plus_days(today, FARTHEST) {
        return Err(Problem::field("on", Code::OutOfRange).into());
    }
    let asked = query.donation_type.unwrap_or(DonationType::WholeBlood);
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let decision = house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &who)?;
            donors::donor(conn, &scope, id)?;
            decide_for(conn, &vault, &book, id, asked, on, today)
        })
        .await?;
    Ok(HttpResponse::Ok().json(present(id, view(&decision, viewer), lang)))
}

/// Records a deferral. Any cause of the catalogue may be entered; the answer is the same for all.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = DeferralForm, responses((status = 201, description = "Recorded", body = DeferralMade)))]
#[post("/donors/{id}/deferrals")]
async fn record_deferral(
    house: web::Data<House>,
    by: Actor<RecordDeferrals>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<DeferralForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let DeferralForm { code, base, second_base, ended_on } = body.into_inner();
    let new = NewDeferral { donor: id.0, code, base, second_base, ended_on };
    let (vault, book, who) = (house.vault.clone(), house.rules.clone(), by.clone());
    let made = house
        .once(&by, request, move |tx| {
            Ok(DeferralMade { id: super::enter_deferral(tx, &vault, &book, &who, &new)? })
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// A donor's deferrals whose causes the reader may learn, oldest first. No other leaves a trace here.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), Paging),
    responses((status = 200, description = "A page", body = Page<DeferralView>)))]
#[get("/donors/{id}/deferrals")]
async fn list_deferrals(
    house: web::Data<House>,
    by: Actor<SeeEligibility>,
    Speak(lang): Speak,
    id: PathId<DonorId>,
    query: Query<Paging>,
) -> Answer {
    let viewer = viewer(by.role)?;
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let rows = house
        .db
        .read(move |conn| super::list_deferrals(conn, &vault, &book, &who, viewer, id, after))
        .await?;
    let show = |SeenDeferral { id, fact }| DeferralView {
        id,
        text: texts::reason(lang, &fact.code),
        code: fact.code,
        base: fact.base,
        second_base: fact.second_base,
        ended_on: fact.ended_on,
        recorded_on: fact.recorded_on,
    };
    let page = house.page(rows, query.limit.get(), query.list(), |row| row.id.0, show)?;
    Ok(HttpResponse::Ok().json(page))
}

fn viewer(role: Role) -> Result<Viewer> {
    match role {
        Role::Medic => Ok(Viewer::Medic),
        Role::Bank => Ok(Viewer::BloodBank),
        Role::Physician => Ok(Viewer::Physician),
        Role::Admin => Ok(Viewer::Admin),
        Role::Command | Role::Hospital => Err(Problem::new(Code::Forbidden)),
    }
}

fn present(donor: DonorId, view: View, lang: Lang) -> DecisionView {
    let told = |reason: SeenReason| {
        let text = texts::reason(lang, reason.code());
        match reason {
            SeenReason::Hidden { code } => ReasonView {
                code: code.to_owned(),
                text,
                severity: None,
                until: None,
                source: None,
                facts: BTreeMap::new(),
            },
            SeenReason::Told(reason) => ReasonView {
                code: reason.code,
                text,
                severity: Some(reason.severity),
                until: reason.until,
                source: Some(reason.source),
                facts: reason.facts,
            },
        }
    };
    DecisionView {
        donor,
        donation_type: view.donation_type,
        on: view.on,
        outcome: view.outcome,
        not_before: view.not_before,
        reasons: view.reasons.into_iter().map(told).collect(),
        rule_set: RuleSetView { code: view.rule_set.code, version: view.rule_set.version },
    }
}
