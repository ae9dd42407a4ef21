//! Eligibility over HTTP: a decision, cut to what its reader may learn.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::plus_days;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use super::{SeenOutcome, SeenReason, Severity, View, Viewer, decide_for, view};
use crate::accounts::{Actor, SeeEligibility};
use crate::donors::{self, Scope};
use crate::http::{Answer, House, PathId, Query, Speak};
use crate::texts::{self, Lang};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(read_eligibility);
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
