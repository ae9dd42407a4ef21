//! Eligibility over HTTP: a decision, cut to what its reader may learn.

mod approvals;
mod deferrals;
mod exports;
mod givings;
mod policies;

use std::collections::BTreeMap;

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::time::{past_day, plus_days};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use self::deferrals::DeferralForm;
use super::{
    DeferralFact, DonorFacts, Giving, Rulebook, SeenOutcome, SeenReason, Severity, View, Viewer,
    check_deferral, decide, decide_for, view,
};
use crate::accounts::{Actor, SeeEligibility};
use crate::donors::{self, Scope};
use crate::http::{Answer, Body, House, PathId, Query, Speak};
use crate::texts::{self, Lang};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(read_eligibility).service(preview);
    deferrals::operations(config);
    givings::operations(config);
    approvals::operations(config);
    policies::operations(config);
}

pub use exports::operations as exports;

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
    /// Absent of facts without a donor.
    #[serde(skip_serializing_if = "Option::is_none")]
    donor: Option<DonorId>,
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

/// What is known of somebody. Absent is unknown, and never counts in the donor's favour.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreviewForm {
    /// Today unless given.
    on: Option<NaiveDate>,
    /// Whole blood unless given.
    donation_type: Option<DonationType>,
    /// Code of a rule set of this installation; the one in force unless given.
    rule_set: Option<String>,
    sex: Option<Sex>,
    birth_date: Option<NaiveDate>,
    weight_kg: Option<f64>,
    height_cm: Option<f64>,
    /// Whether the donor was screened here before.
    #[serde(default)]
    screened: bool,
    /// At most 500.
    #[serde(default)]
    givings: Vec<PastGiving>,
    /// At most 100.
    #[serde(default)]
    deferrals: Vec<DeferralForm>,
}

/// A giving that was brought to its end without loss.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PastGiving {
    on: NaiveDate,
    donation_type: DonationType,
}

impl PreviewForm {
    fn parse(self, book: &Rulebook, today: NaiveDate) -> Result<DonorFacts> {
        let mut faults = Faults::none();
        let weight_kg = self.weight_kg.and_then(|kg| faults.keep("weight_kg", donors::weight_kg(kg)));
        let height_cm = self.height_cm.and_then(|cm| faults.keep("height_cm", donors::height_cm(cm)));
        let born = self.birth_date.map(|day| donors::birth_date(day, today));
        let birth_date = born.and_then(|born| faults.keep("birth_date", born));
        if self.givings.len() > 500 {
            faults.add("givings", Code::OutOfRange);
        }
        if self.deferrals.len() > 100 {
            faults.add("deferrals", Code::OutOfRange);
        }
        let deferrals: Vec<DeferralFact> = self.deferrals.into_iter().map(|form| form.fact(today)).collect();
        for (n, fact) in deferrals.iter().enumerate() {
            check_deferral(book, fact, today, &format!("deferrals[{n}]."), &mut faults);
        }
        for (n, giving) in self.givings.iter().enumerate() {
            faults.keep(&format!("givings[{n}].on"), past_day(giving.on, today));
        }
        faults.settle()?;
        Ok(DonorFacts {
            sex: self.sex,
            birth_date,
            weight_kg,
            height_cm,
            never_screened_here: !self.screened,
            givings: self
                .givings
                .iter()
                .map(|giving| Giving::completed(giving.on, giving.donation_type))
                .collect(),
            deferrals,
            ..DonorFacts::unknown()
        })
    }
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
    let viewer = Viewer::of(by.role)?;
    let today = house.today();
    let on = asked_day(query.on, &house.rules, today)?;
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
    Ok(HttpResponse::Ok().json(present(Some(id), view(&decision, viewer), lang)))
}

/// Decides over facts without a donor, by any rule set of this installation. Stores nothing.
#[utoipa::path(tag = "donors", request_body = PreviewForm,
    responses((status = 200, description = "The decision", body = DecisionView)))]
#[post("/eligibility/preview")]
async fn preview(
    house: web::Data<House>,
    by: Actor<SeeEligibility>,
    Speak(lang): Speak,
    body: Body<PreviewForm>,
) -> Answer {
    let viewer = Viewer::of(by.role)?;
    let (form, book, today) = (body.into_inner(), &house.rules, house.today());
    let on = asked_day(form.on, book, today)?;
    let asked = form.donation_type.unwrap_or(DonationType::WholeBlood);
    let rule_set = match &form.rule_set {
        Some(code) => book.named(code, on)?,
        None => book.in_force(on)?,
    };
    let facts = form.parse(book, today)?;
    let decision = decide(rule_set, book.catalogue(), &facts, asked, on);
    Ok(HttpResponse::Ok().json(present(None, view(&decision, viewer), lang)))
}

/// The day asked about, today unless given. No day before the first rules of this installation.
fn asked_day(on: Option<NaiveDate>, book: &Rulebook, today: NaiveDate) -> Result<NaiveDate> {
    let on = on.unwrap_or(today);
    let near = on >= plus_days(today, -FARTHEST) && on <= plus_days(today, FARTHEST);
    if near && book.in_force(on).is_ok() { Ok(on) } else { Err(Problem::field("on", Code::OutOfRange)) }
}

fn present(donor: Option<DonorId>, view: View, lang: Lang) -> DecisionView {
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
