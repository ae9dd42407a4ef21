//! Blood that is given before its tests, over HTTP. Each answer carries the warning.

use actix_web::{HttpResponse, get, post, web};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, RequestId, UntestedId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::UntestedState;
use shiryan_kernel::text::Note;
use utoipa::{IntoParams, ToSchema};

use super::{Said, said};
use crate::accounts::{Actor, AuthoriseUntested, CheckUntested, SeeUntested, WithdrawUntested};
use crate::donors::TitreLimits;
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, Nothing, PathId, Query, Speak};
use crate::requests::Pseudonym;
use crate::requests::untested::{
    self, AtTheBed, Ground, NewUntested, RapidTest, Untested, UntestedStep, WARNING,
};
use crate::texts::Lang;

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(ask).service(list).service(authorise).service(check).service(give);
    config.service(withdraw).service(follow_up);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UntestedForm {
    /// The emergency request for which it is.
    request: RequestId,
    /// What rapid tests said; empty where no kit was at hand. One that is not non-reactive is entered with the laboratory's
    /// results instead, and everything is stopped.
    rapid_tests: Vec<RapidTest>,
    /// Why tested blood cannot be waited for; at most 500 characters, sealed.
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BedForm {
    /// As the bag's label was scanned or typed.
    din: Din,
    /// As the patient's wristband says.
    patient: String,
}

impl BedForm {
    fn parse(self) -> Result<AtTheBed> {
        let mut faults = Faults::none();
        let patient = faults.keep("patient", Pseudonym::parse(&self.patient));
        Ok(AtTheBed { din: self.din, patient: faults.give(patient)? })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FollowUpForm {
    /// What was done for the patient; at most 500 characters, sealed.
    note: String,
}

fn note(field: &str, text: &str) -> Result<Note<500>> {
    let mut faults = Faults::none();
    let note = faults.keep(field, Note::parse(text));
    faults.give(note)
}

fn warning(lang: Lang) -> Said {
    said(lang, "unit-warning", WARNING)
}

/// Where an untested unit stands, with the warning that belongs to it.
#[derive(Debug, Serialize, ToSchema)]
struct UntestedStepView {
    #[serde(flatten)]
    step: UntestedStep,
    warning: Said,
}

/// An untested unit with its warning.
#[derive(Debug, Serialize, ToSchema)]
struct UntestedView {
    #[serde(flatten)]
    untested: Untested,
    warning: Said,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UntestedQuery {
    /// `given`: those whose patients wait for a follow-up.
    state: Option<UntestedState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

fn ground(house: &House) -> Ground {
    let titres = &house.settings.titres;
    let limits = TitreLimits {
        low_below: titres.low_below,
        operational_days: titres.operational_days,
        routine_days: titres.routine_days,
    };
    Ground { zone: house.zone, limits }
}

/// Asks, as the first of two physicians, that a unit in quarantine be given before its tests.
#[utoipa::path(tag = "requests", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = UntestedForm,
    responses((status = 201, description = "Waits for the second physician", body = UntestedStepView)))]
#[post("/stock/units/{id}/untested-issue")]
async fn ask(
    house: web::Data<House>,
    by: Actor<AuthoriseUntested>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<UntestedForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let UntestedForm { request: asked, rapid_tests, reason } = body.into_inner();
    let new = NewUntested { request: asked, rapid_tests, reason: note("reason", &reason)? };
    let (who, vault, ground) = (by.clone(), house.vault.clone(), ground(&house));
    let step =
        house.once(&by, request, move |tx| untested::ask(tx, &vault, ground, &who, id.0, &new)).await?;
    Ok(HttpResponse::Created().json(UntestedStepView { step, warning: warning(lang) }))
}

/// Untested units, oldest first: of the own hospital's requests, of the own blood bank's shelf, all for a physician.
#[utoipa::path(tag = "requests", params(UntestedQuery),
    responses((status = 200, description = "A page", body = Page<UntestedView>)))]
#[get("/untested-issues")]
async fn list(
    house: web::Data<House>,
    by: Actor<SeeUntested>,
    query: Query<UntestedQuery>,
    Speak(lang): Speak,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, state, who) = (query.limit.get(), query.state, by.clone());
    let (vault, required) = (house.vault.clone(), house.settings.laboratory.panel.clone());
    let rows = house
        .db
        .read(move |conn| untested::list(conn, &vault, &who, &required, state, (after, limit + 1)))
        .await?;
    let show = |untested| UntestedView { untested, warning: warning(lang) };
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, show)?))
}

/// Authorises it as the second physician: the unit is `emergency_untested`.
#[utoipa::path(tag = "requests", params(("id" = UntestedId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Authorised", body = UntestedStepView)))]
#[post("/untested-issues/{id}/authorise")]
async fn authorise(
    house: web::Data<House>,
    by: Actor<AuthoriseUntested>,
    id: PathId<UntestedId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, ground) = (by.clone(), house.vault.clone(), ground(&house));
    let step =
        house.once(&by, request, move |tx| untested::authorise(tx, &vault, ground, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(UntestedStepView { step, warning: warning(lang) }))
}

/// Compares bag and patient at the bed, as the first of two people of the hospital.
#[utoipa::path(tag = "requests", params(("id" = UntestedId, Path), ("Idempotency-Key" = String, Header)),
    request_body = BedForm,
    responses((status = 200, description = "Waits for the second person", body = UntestedStepView)))]
#[post("/untested-issues/{id}/check")]
async fn check(
    house: web::Data<House>,
    by: Actor<CheckUntested>,
    id: PathId<UntestedId>,
    key: IdempotencyKey,
    body: Body<BedForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let seen = body.into_inner().parse()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let step =
        house.once_guarded(&by, request, move |tx| untested::check_first(tx, &vault, &who, id.0, &seen));
    Ok(HttpResponse::Ok().json(UntestedStepView { step: step.await?, warning: warning(lang) }))
}

/// Compares them as the second person: the unit is given.
#[utoipa::path(tag = "requests", params(("id" = UntestedId, Path), ("Idempotency-Key" = String, Header)),
    request_body = BedForm, responses((status = 200, description = "Given", body = UntestedStepView)))]
#[post("/untested-issues/{id}/give")]
async fn give(
    house: web::Data<House>,
    by: Actor<CheckUntested>,
    id: PathId<UntestedId>,
    key: IdempotencyKey,
    body: Body<BedForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let seen = body.into_inner().parse()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let step = house.once_guarded(&by, request, move |tx| untested::give(tx, &vault, &who, id.0, &seen));
    Ok(HttpResponse::Ok().json(UntestedStepView { step: step.await?, warning: warning(lang) }))
}

/// Withdraws what was not given: the unit is in quarantine again, or stopped where it had left the shelf.
#[utoipa::path(tag = "requests", params(("id" = UntestedId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Withdrawn", body = UntestedStepView)))]
#[post("/untested-issues/{id}/withdraw")]
async fn withdraw(
    house: web::Data<House>,
    by: Actor<WithdrawUntested>,
    id: PathId<UntestedId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault) = (by.clone(), house.vault.clone());
    let step = house.once(&by, request, move |tx| untested::withdraw(tx, &vault, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(UntestedStepView { step, warning: warning(lang) }))
}

/// Closes the case of a patient who was given an untested unit, once every test is known.
#[utoipa::path(tag = "requests", params(("id" = UntestedId, Path), ("Idempotency-Key" = String, Header)),
    request_body = FollowUpForm,
    responses((status = 200, description = "The patient was seen to", body = UntestedStepView)))]
#[post("/untested-issues/{id}/follow-up")]
async fn follow_up(
    house: web::Data<House>,
    by: Actor<AuthoriseUntested>,
    id: PathId<UntestedId>,
    key: IdempotencyKey,
    body: Body<FollowUpForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let told = note("note", &body.into_inner().note)?;
    let (who, vault, required) = (by.clone(), house.vault.clone(), house.settings.laboratory.panel.clone());
    let step = house
        .once(&by, request, move |tx| untested::follow_up(tx, &vault, &who, &required, id.0, &told))
        .await?;
    Ok(HttpResponse::Ok().json(UntestedStepView { step, warning: warning(lang) }))
}
