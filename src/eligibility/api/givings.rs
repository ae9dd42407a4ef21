//! Givings, the medical officer's leaves, and the decisions on which somebody acted, over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Code;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AllowanceId, DecisionId, DonorId, GivingId, UserId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::text::Note;
use shiryan_kernel::time::past_day;
use utoipa::ToSchema;

use super::super::{
    GivenAllowance, GivingCorrection, GivingLine, GivingSource, KeptDecision, MOST_ML, Outcome, allow,
    ask_giving_correction, list_allowances, list_decisions, list_givings,
};
use crate::accounts::{Actor, AskCorrections, Asked, MedicalOfficer, SeeEligibility};
use crate::http::{Answer, Body, House, IdempotencyKey, Paging, PathId, Query, Speak};
use crate::texts;

/// Adds the operations.
pub(super) fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(givings).service(correct).service(allow_once).service(allowances).service(decisions);
}

/// A line of the ledger.
#[derive(Serialize, ToSchema)]
struct GivingView {
    id: GivingId,
    given_on: NaiveDate,
    donation_type: DonationType,
    /// mL; absent where nobody knows.
    volume_ml: Option<u16>,
    /// Red cells were lost and not returned, so much that it counts as whole blood too.
    red_cells_lost: bool,
    #[schema(value_type = String)]
    source: GivingSource,
    recorded_on: NaiveDate,
    /// The line that this one replaces.
    corrects: Option<GivingId>,
    /// Says that there was no giving.
    voided: bool,
    /// Whether the rules count it.
    counts: bool,
}

/// The whole of what the line shall say, not the difference.
#[derive(Deserialize, ToSchema)]
#[schema(as = GivingCorrectionForm)]
#[serde(deny_unknown_fields)]
struct CorrectionForm {
    given_on: NaiveDate,
    donation_type: DonationType,
    /// 1 to 2000 mL.
    volume_ml: Option<u16>,
    #[serde(default)]
    red_cells_lost: bool,
    /// There was no giving.
    #[serde(default)]
    voided: bool,
    /// Why, at most 500 characters; sealed.
    reason: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AllowanceForm {
    /// Of the reason that needs a physician.
    code: String,
    /// Why, at most 500 characters; sealed.
    reason: String,
}

#[derive(Serialize, Deserialize, ToSchema)]
struct AllowanceMade {
    id: AllowanceId,
}

#[derive(Serialize, ToSchema)]
struct AllowanceView {
    id: AllowanceId,
    code: String,
    /// In the language of the request.
    text: String,
    /// From this day on, until the next giving.
    allowed_on: NaiveDate,
    reason: String,
    allowed_by: UserId,
}

/// A decision on which somebody acted.
#[derive(Serialize, ToSchema)]
struct KeptView {
    id: DecisionId,
    donation_type: DonationType,
    on: NaiveDate,
    /// Code and version, such as `default:1`.
    rule_set: String,
    outcome: Outcome,
    /// Codes, strongest first.
    reasons: Vec<String>,
    /// SHA-256 of every fact that was decided on, in hexadecimal: equal facts, equal digests.
    facts: String,
    decided_at: DateTime<Utc>,
    decided_by: UserId,
}

/// A donor's givings: every line of the ledger, in the order of entry.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), Paging),
    responses((status = 200, description = "A page", body = Page<GivingView>)))]
#[get("/donors/{id}/givings")]
async fn givings(
    house: web::Data<House>,
    by: Actor<SeeEligibility>,
    id: PathId<DonorId>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (who, id) = (by.clone(), id.0);
    let rows = house.db.read(move |conn| list_givings(conn, &who, id, after)).await?;
    let show = |(line, counts): (GivingLine, bool)| GivingView {
        id: line.id,
        given_on: line.says.on,
        donation_type: line.says.donation_type,
        volume_ml: line.says.volume_ml,
        red_cells_lost: line.says.red_cells_lost_ml.is_none_or(|lost| lost > 0),
        source: line.source,
        recorded_on: house.zone.date(line.recorded_at.and_utc()),
        corrects: line.corrects,
        voided: line.voided,
        counts,
    };
    let page = house.page(rows, query.limit.get(), query.list(), |(line, _)| line.id.0, show)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Asks that a line of the ledger of givings be replaced. It counts as it is until a physician who is
/// another person approves. Blood units are not touched.
#[utoipa::path(tag = "donors", params(("id" = GivingId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CorrectionForm, responses((status = 202, description = "Waits for approval", body = Asked)))]
#[post("/givings/{id}/correct")]
async fn correct(
    house: web::Data<House>,
    by: Actor<AskCorrections>,
    id: PathId<GivingId>,
    key: IdempotencyKey,
    body: Body<CorrectionForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let reason = faults.keep("reason", Note::parse(&form.reason));
    faults.keep("given_on", past_day(form.given_on, house.today()));
    if form.volume_ml.is_some_and(|volume| volume == 0 || volume > MOST_ML) {
        faults.add("volume_ml", Code::OutOfRange);
    }
    let reason = faults.give(reason)?;
    let then = GivingCorrection {
        on: form.given_on,
        donation_type: form.donation_type,
        volume_ml: form.volume_ml,
        red_cells_lost: form.red_cells_lost,
        voided: form.voided,
    };
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let asked = house
        .once(&by, request, move |tx| ask_giving_correction(tx, &vault, &book, &who, id, &then, &reason))
        .await?;
    Ok(HttpResponse::Accepted().json(asked))
}

/// Allows one giving despite a reason that needs a physician. No hard stop is lifted, and the next giving
/// uses it up.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), ("Idempotency-Key" = String, Header)),
    request_body = AllowanceForm, responses((status = 201, description = "Allowed", body = AllowanceMade)))]
#[post("/donors/{id}/allowances")]
async fn allow_once(
    house: web::Data<House>,
    by: Actor<MedicalOfficer>,
    id: PathId<DonorId>,
    key: IdempotencyKey,
    body: Body<AllowanceForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let AllowanceForm { code, reason } = body.into_inner();
    let reason = Note::parse(&reason).map_err(|problem| problem.on("reason"))?;
    let (vault, book, who, id) = (house.vault.clone(), house.rules.clone(), by.clone(), id.0);
    let made = house
        .once(&by, request, move |tx| {
            Ok(AllowanceMade { id: allow(tx, &vault, &book, &who, id, &code, &reason)? })
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// The medical officer's leaves for a donor, oldest first.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), Paging),
    responses((status = 200, description = "A page", body = Page<AllowanceView>)))]
#[get("/donors/{id}/allowances")]
async fn allowances(
    house: web::Data<House>,
    by: Actor<MedicalOfficer>,
    Speak(lang): Speak,
    id: PathId<DonorId>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let rows = house.db.read(move |conn| list_allowances(conn, &vault, &who, id, after)).await?;
    let show = |GivenAllowance { id, allowance, reason, by }: GivenAllowance| AllowanceView {
        id,
        text: texts::reason(lang, &allowance.code),
        code: allowance.code,
        allowed_on: allowance.on,
        reason,
        allowed_by: by,
    };
    let page = house.page(rows, query.limit.get(), query.list(), |row| row.id.0, show)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Decisions on a donor on which somebody acted, such as a donation's, oldest first.
#[utoipa::path(tag = "donors", params(("id" = DonorId, Path), Paging),
    responses((status = 200, description = "A page", body = Page<KeptView>)))]
#[get("/donors/{id}/decisions")]
async fn decisions(
    house: web::Data<House>,
    by: Actor<MedicalOfficer>,
    id: PathId<DonorId>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (vault, who, id, limit) = (house.vault.clone(), by.clone(), id.0, query.limit.get());
    let rows = house.db.read(move |conn| list_decisions(conn, &vault, &who, id, after, limit + 1)).await?;
    let show = |KeptDecision { id, line, answer }: KeptDecision| KeptView {
        id,
        donation_type: line.donation_type,
        on: line.on,
        rule_set: line.rule_set,
        outcome: answer.outcome,
        reasons: answer.reasons,
        facts: answer.facts,
        decided_at: line.decided_at.and_utc(),
        decided_by: line.decided_by,
    };
    let page = house.page(rows, limit, query.list(), |row| row.id.0, show)?;
    Ok(HttpResponse::Ok().json(page))
}
