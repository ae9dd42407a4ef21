//! Deferrals over HTTP: entered, ended by their event, and put right by two people.

use actix_web::{HttpResponse, get, post, web};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{DeferralId, DonorId};
use shiryan_kernel::page::Page;
use shiryan_kernel::text::Note;
use utoipa::ToSchema;

use super::super::{
    DeferralFact, NewDeferral, StandingDeferral, ask_correction, ask_withdrawal, end_deferral, enter_deferral,
};
use crate::accounts::{Actor, AskCorrections, Asked, RecordDeferrals, SeeEligibility};
use crate::http::{Answer, Body, House, IdempotencyKey, Paging, PathId, Query, Speak};
use crate::texts::{self, Lang};

/// Adds the operations.
pub(super) fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(record_deferral).service(list_deferrals);
    config.service(end).service(correct).service(withdraw);
}

/// Days that have come; an unknown base is left out, and is open-ended until a physician looks.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct DeferralForm {
    /// Of the catalogue, such as `TAT`.
    pub code: String,
    /// Day of the event from which it counts: recovery, procedure, return.
    pub base: Option<NaiveDate>,
    /// For a cause that counts from two events: the second.
    pub second_base: Option<NaiveDate>,
    /// The event that ends an open cause, when it has come already.
    pub ended_on: Option<NaiveDate>,
}

impl DeferralForm {
    /// As a fact recorded on `today`.
    pub fn fact(self, today: NaiveDate) -> DeferralFact {
        DeferralFact {
            second_base: self.second_base,
            ended_on: self.ended_on,
            ..DeferralFact::new(self.code, self.base, today)
        }
    }
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EndForm {
    /// Day of the event: the pregnancy ended, the child was weaned, the donor was released.
    ended_on: NaiveDate,
}

/// The whole of what the deferral shall say, not the difference.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectionForm {
    code: String,
    base: Option<NaiveDate>,
    second_base: Option<NaiveDate>,
    ended_on: Option<NaiveDate>,
    /// Why, at most 500 characters; sealed.
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct WithdrawalForm {
    /// Why, at most 500 characters; sealed.
    reason: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct DeferralMade {
    id: DeferralId,
}

/// As it stands.
#[derive(Serialize, ToSchema)]
pub(super) struct DeferralView {
    id: DeferralId,
    code: String,
    /// In the language of the request.
    text: String,
    base: Option<NaiveDate>,
    second_base: Option<NaiveDate>,
    ended_on: Option<NaiveDate>,
    /// Day of entry, or of the last correction.
    recorded_on: NaiveDate,
    /// Day on which another register noted it, for one that was imported.
    noted_on: Option<NaiveDate>,
    corrected_on: Option<NaiveDate>,
    /// Withdrawn as wrong: it bars nothing from this day on.
    withdrawn_on: Option<NaiveDate>,
}

impl DeferralView {
    pub fn new(one: StandingDeferral, lang: Lang) -> Self {
        let StandingDeferral { id, fact, corrected_on, .. } = one;
        Self {
            id,
            text: texts::reason(lang, &fact.code),
            code: fact.code,
            base: fact.base,
            second_base: fact.second_base,
            ended_on: fact.ended_on,
            recorded_on: fact.recorded_on,
            noted_on: fact.noted_on,
            corrected_on,
            withdrawn_on: fact.withdrawn_on,
        }
    }
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
        .once(&by, request, move |tx| Ok(DeferralMade { id: enter_deferral(tx, &vault, &book, &who, &new)? }))
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
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let rows =
        house.db.read(move |conn| super::super::list_deferrals(conn, &vault, &book, &who, id, after)).await?;
    let show = |one: StandingDeferral| DeferralView::new(one, lang);
    let page = house.page(rows, query.limit.get(), query.list(), |row| row.id.0, show)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Records the event that closes an open cause. Only such a cause can be ended so.
#[utoipa::path(tag = "donors", params(("id" = DeferralId, Path), ("Idempotency-Key" = String, Header)),
    request_body = EndForm, responses((status = 200, description = "Ended", body = DeferralMade)))]
#[post("/deferrals/{id}/end")]
async fn end(
    house: web::Data<House>,
    by: Actor<RecordDeferrals>,
    id: PathId<DeferralId>,
    key: IdempotencyKey,
    body: Body<EndForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let ended_on = body.into_inner().ended_on;
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let made = house
        .once(&by, request, move |tx| {
            end_deferral(tx, &vault, &book, &who, id, ended_on)?;
            Ok(DeferralMade { id })
        })
        .await?;
    Ok(HttpResponse::Ok().json(made))
}

/// Asks that a deferral say something else. It stands as it is until a physician who is another person
/// approves.
#[utoipa::path(tag = "donors", params(("id" = DeferralId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CorrectionForm, responses((status = 202, description = "Waits for approval", body = Asked)))]
#[post("/deferrals/{id}/correct")]
async fn correct(
    house: web::Data<House>,
    by: Actor<AskCorrections>,
    id: PathId<DeferralId>,
    key: IdempotencyKey,
    body: Body<CorrectionForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let CorrectionForm { code, base, second_base, ended_on, reason } = body.into_inner();
    let reason = Note::parse(&reason).map_err(|problem| problem.on("reason"))?;
    let then = DeferralForm { code, base, second_base, ended_on }.fact(house.today());
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let asked = house
        .once(&by, request, move |tx| ask_correction(tx, &vault, &book, &who, id, &then, &reason))
        .await?;
    Ok(HttpResponse::Accepted().json(asked))
}

/// Asks that a deferral be withdrawn as wrong. It bars until a physician who is another person approves.
#[utoipa::path(tag = "donors", params(("id" = DeferralId, Path), ("Idempotency-Key" = String, Header)),
    request_body = WithdrawalForm, responses((status = 202, description = "Waits for approval", body = Asked)))]
#[post("/deferrals/{id}/withdraw")]
async fn withdraw(
    house: web::Data<House>,
    by: Actor<AskCorrections>,
    id: PathId<DeferralId>,
    key: IdempotencyKey,
    body: Body<WithdrawalForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let reason = Note::parse(&body.into_inner().reason).map_err(|problem| problem.on("reason"))?;
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let asked =
        house.once(&by, request, move |tx| ask_withdrawal(tx, &vault, &book, &who, id, &reason)).await?;
    Ok(HttpResponse::Accepted().json(asked))
}
