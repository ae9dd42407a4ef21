//! What a blood bank does with a request.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::compat::Caution;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, RequestId};
use shiryan_kernel::level::Level;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::RefusalReason;
use shiryan_kernel::text::Note;
use utoipa::{IntoParams, ToSchema};

use super::{RequestView, Said, StepView, reminders, said};
use crate::accounts::{Actor, AuthoriseRhd, ServeRequests};
use crate::http::{Answer, Body, House, IdempotencyKey, Nothing, PathId, Query, Speak};
use crate::requests::{self, Candidates, NewHold, NewRhdPolicy, Offer};
use crate::stock::Label;
use crate::stock::rules::Site;
use crate::texts::Lang;

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(candidates).service(accept).service(refuse).service(rhd_policy);
    config.service(reserve).service(free).service(issue);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RefuseForm {
    reason: RefusalReason,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RhdPolicyForm {
    /// Whether the patient has, or had, anti-D: `true` forbids it.
    has_anti_d: bool,
    /// `true` forbids it.
    is_transfused_chronically: bool,
    /// Why RhD-negative units cannot be waited for; at most 300 characters, sealed.
    reason: String,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct UnitsForm {
    /// Each once, at least one.
    units: Vec<BloodUnitId>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReserveForm {
    /// Each once, at least one.
    units: Vec<BloodUnitId>,
    /// Why, where one of them is warned of for this patient or no road leads to the hospital; at most 300 characters,
    /// sealed.
    reason: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IssueRequestForm {
    /// The labels of the bags that leave, as they were scanned: what is held, each once, and nothing else. Nobody compares
    /// when absent.
    scanned: Option<Vec<Label>>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct CandidatesQuery {
    /// Also where no road leads to the hospital now; holding such a unit needs a reason.
    #[serde(default)]
    across_closures: bool,
}

/// A unit that may be held, and why it stands where it does.
#[derive(Debug, Serialize, ToSchema)]
struct CandidateView {
    id: BloodUnitId,
    din: Din,
    blood_group: BloodGroup,
    /// Whether the group is the patient's own.
    identical: bool,
    /// The group's place in the component's table; 0 is best.
    preference: u8,
    site: Site,
    cautions: &'static [Caution],
    /// Those of them that hold for this patient: holding the unit needs a reason.
    warnings: Vec<Caution>,
    expires_at: DateTime<Utc>,
    /// Whether so little time is left that it is spent before it is lost.
    short_dated: bool,
    /// Whether it stands behind others because its group has little left: its level is red or black.
    spared: bool,
}

/// How a group stands where blood still gets to from the own shelf.
#[derive(Debug, Serialize, ToSchema)]
struct GroupLevelView {
    blood_group: BloodGroup,
    level: Level,
}

#[derive(Debug, Serialize, ToSchema)]
struct CandidatesView {
    as_of: DateTime<Utc>,
    request: RequestView,
    /// Units that may still be held for it.
    left: usize,
    /// At most 50 of the own shelf, in the order of issue.
    candidates: Vec<CandidateView>,
    /// What it costs the reserve: how the groups above stand, where that is known.
    levels: Vec<GroupLevelView>,
    reminders: Vec<Said>,
    notes: Vec<Said>,
    /// The words of the cautions that occur above.
    cautions: Vec<Said>,
}

/// Units of the own shelf that fit a request, in the order of issue. Where no road leads to the hospital there are none, with
/// the note `hospital_cut_off`.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), CandidatesQuery),
    responses((status = 200, description = "As things stand", body = CandidatesView)))]
#[get("/requests/{id}/candidates")]
async fn candidates(
    house: web::Data<House>,
    by: Actor<ServeRequests>,
    id: PathId<RequestId>,
    query: Query<CandidatesQuery>,
    Speak(lang): Speak,
) -> Answer {
    let (who, now, across) = (by.clone(), house.db.now(), query.across_closures);
    let found = house.db.read(move |conn| requests::candidates(conn, &who, id.0, now, across)).await?;
    let Candidates { request, counts, offers, levels, is_cut_off } = found;
    let recipient = request.recipient().group();
    let mut cautions: Vec<Caution> = offers.iter().flat_map(|offer| offer.cautions.iter().copied()).collect();
    cautions.sort_unstable();
    cautions.dedup();
    Ok(HttpResponse::Ok().json(CandidatesView {
        as_of: now,
        left: counts.left(),
        notes: notes(recipient.is_none(), is_cut_off, lang),
        request: RequestView::of(&request, counts),
        candidates: offers.into_iter().map(|offer| CandidateView::of(offer, recipient)).collect(),
        levels: levels
            .into_iter()
            .map(|(blood_group, level)| GroupLevelView { blood_group, level })
            .collect(),
        reminders: reminders(lang),
        cautions: cautions.into_iter().map(|caution| said(lang, "stock-caution", caution.code())).collect(),
    }))
}

fn notes(is_unknown: bool, is_cut_off: bool, lang: Lang) -> Vec<Said> {
    let unknown = ["declared_is_unknown", "unknown_group"].into_iter().filter(|_| is_unknown);
    let notes = unknown.chain(is_cut_off.then_some("hospital_cut_off"));
    notes.map(|code| said(lang, "stock-note", code)).collect()
}

/// Takes a request for the own blood bank.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Accepted", body = StepView)))]
#[post("/requests/{id}/accept")]
async fn accept(
    house: web::Data<House>,
    by: Actor<ServeRequests>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault) = (by.clone(), house.vault.clone());
    let done = house.once_guarded(&by, request, move |tx| requests::accept(tx, &vault, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(StepView::of(done, lang)))
}

/// Refuses a request before anything was issued; what is held for it is free again.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = RefuseForm, responses((status = 200, description = "Refused", body = StepView)))]
#[post("/requests/{id}/refuse")]
async fn refuse(
    house: web::Data<House>,
    by: Actor<ServeRequests>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<RefuseForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, reason) = (by.clone(), house.vault.clone(), body.into_inner().reason);
    let done = house.once_guarded(&by, request, move |tx| requests::refuse(tx, &vault, &who, id.0, reason));
    Ok(HttpResponse::Ok().json(StepView::of(done.await?, lang)))
}

/// Opens RhD-positive red cells or whole blood to an RhD-negative patient whom the policy covers.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = RhdPolicyForm, responses((status = 200, description = "Opened", body = StepView)))]
#[post("/requests/{id}/rhd-policy")]
async fn rhd_policy(
    house: web::Data<House>,
    by: Actor<AuthoriseRhd>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<RhdPolicyForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let RhdPolicyForm { has_anti_d, is_transfused_chronically, reason } = body.into_inner();
    let mut faults = Faults::none();
    let reason = faults.keep("reason", Note::parse(&reason));
    let new = NewRhdPolicy { has_anti_d, is_transfused_chronically, reason: faults.give(reason)? };
    let (who, vault) = (by.clone(), house.vault.clone());
    let done = house.once_guarded(&by, request, move |tx| requests::authorise(tx, &vault, &who, id.0, &new));
    Ok(HttpResponse::Ok().json(StepView::of(done.await?, lang)))
}

/// Holds units of the own shelf for a request: all of them or none.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ReserveForm, responses((status = 200, description = "Held", body = StepView)))]
#[post("/requests/{id}/reserve")]
async fn reserve(
    house: web::Data<House>,
    by: Actor<ServeRequests>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<ReserveForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let ReserveForm { units, reason } = body.into_inner();
    let reason =
        reason.map(|reason| Note::parse(&reason)).transpose().map_err(|problem| problem.on("reason"))?;
    let new = NewHold { units, hours: house.settings.stock.hold_hours, reason };
    let (who, vault) = (by.clone(), house.vault.clone());
    let done =
        house.once_guarded(&by, request, move |tx| requests::reserve(tx, &vault, &who, id.0, &new)).await?;
    Ok(HttpResponse::Ok().json(StepView::of(done, lang)))
}

/// Lets units go that are held for a request.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = UnitsForm, responses((status = 200, description = "Free again", body = StepView)))]
#[post("/requests/{id}/free")]
async fn free(
    house: web::Data<House>,
    by: Actor<ServeRequests>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<UnitsForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault, units) = (by.clone(), house.vault.clone(), body.into_inner().units);
    let done = house.once_guarded(&by, request, move |tx| requests::free(tx, &vault, &who, id.0, &units));
    Ok(HttpResponse::Ok().json(StepView::of(done.await?, lang)))
}

/// Issues every unit that is held for a request, to the hospital's blood bank. With `scanned`, only when the bags that leave
/// are the ones that are held.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = IssueRequestForm, responses((status = 200, description = "Issued", body = StepView)))]
#[post("/requests/{id}/issue")]
async fn issue(
    house: web::Data<House>,
    by: Actor<ServeRequests>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<IssueRequestForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, of, scanned) = (by.clone(), house.clone(), body.into_inner().scanned);
    let done = house.once_guarded(&by, request, move |tx| {
        let second_for = &of.settings.stock.second_person_for;
        requests::issue(tx, (&of.vault, of.zone), &who, id.0, second_for, scanned.as_deref())
    });
    Ok(HttpResponse::Ok().json(StepView::of(done.await?, lang)))
}

impl CandidateView {
    fn of(offer: Offer, recipient: Option<BloodGroup>) -> Self {
        let Offer { unit, blood_group, preference, site, cautions, warnings, is_short_dated, is_spared } =
            offer;
        Self {
            id: unit.id,
            din: unit.din,
            blood_group,
            identical: recipient == Some(blood_group),
            preference,
            site,
            cautions,
            warnings,
            expires_at: unit.expires_at(),
            short_dated: is_short_dated,
            spared: is_spared,
        }
    }
}
