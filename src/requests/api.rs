//! Requests over HTTP. Each answer says what stands before a transfusion: two samples, antibody screen, crossmatch.

mod emergency;
mod incidents;
mod packs;
mod recall;
mod serve;
mod standing;
mod units;
mod untested;

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::compat::Recipient;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, PackId, RequestId, StandingOrderId, UserId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::{HoldEnd, RefusalReason, RequestState, UnitStatus, Urgency};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Problem, Result};
use utoipa::{IntoParams, ToSchema};

use super::{BloodRequest, Counts, Line, NewRequest, Opened, Pseudonym, REMINDERS, Share, Step};
use crate::accounts::{Actor, RequestUnits, SeeRequests};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, Nothing, PathId, Query, Speak, etag};
use crate::texts::{self, Lang};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(submit).service(list).service(look).service(cancel).service(ask_rest);
    serve::operations(config);
    units::operations(config);
    incidents::operations(config);
    emergency::operations(config);
    recall::operations(config);
    standing::operations(config);
    packs::operations(config);
    untested::operations(config);
}

/// A code and what it says in the caller's language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RequestSaid)]
struct Said {
    code: &'static str,
    text: String,
}

fn said(lang: Lang, words: &str, code: &'static str) -> Said {
    Said { code, text: texts::word(lang, words, code) }
}

/// Moments are kept to the microsecond.
fn to_micros(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(at.timestamp_micros())
}

fn reminders(lang: Lang) -> Vec<Said> {
    REMINDERS.into_iter().map(|code| said(lang, "stock-reminder", code)).collect()
}

/// Another component, or the same with other needs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct LineForm {
    component: Component,
    /// 1 to 40.
    #[schema(minimum = 1, maximum = 40)]
    units: i32,
    #[serde(default)]
    needs: Attributes,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RequestForm {
    /// What the hospital calls the patient, 1 to 40 characters: never a name or an identity number. Sealed.
    patient: String,
    /// The patient's group, where one is said.
    blood_group: Option<BloodGroup>,
    /// `confirmed`: two samples agree. Anything less, and `declared` unless said, counts as an unknown group.
    group_evidence: Option<GroupEvidence>,
    /// Sex and age decide the RhD type while the group is unknown.
    sex: Option<Sex>,
    age_band: Option<AgeBand>,
    component: Component,
    /// 1 to 40.
    #[schema(minimum = 1, maximum = 40)]
    units: i32,
    /// What each unit must have; one without it is not held.
    #[serde(default)]
    needs: Attributes,
    /// What else is asked for the same patient and hour, at most seven: each becomes a request of its own, all of them or
    /// none.
    #[serde(default)]
    #[schema(max_items = 7)]
    lines: Vec<LineForm>,
    urgency: Urgency,
    /// Units are still good then: now unless said, 60 days ahead at most. A planned request names it.
    needed_at: Option<DateTime<Utc>>,
    /// Special needs and what else the blood bank should know; at most 500 characters, sealed.
    notes: Option<String>,
}

impl RequestForm {
    fn parse(self) -> Result<(NewRequest, Vec<Line>)> {
        let mut faults = Faults::none();
        let patient = faults.keep("patient", Pseudonym::parse(&self.patient));
        let notes = self.notes.as_deref().and_then(|notes| faults.keep("notes", Note::parse(notes)));
        let patient = faults.give(patient)?;
        let lines = self.lines.into_iter().map(|LineForm { component, units, needs }| Line {
            component,
            units,
            needs,
        });
        let lines = lines.collect();
        let new = NewRequest {
            patient,
            blood_group: self.blood_group,
            group_evidence: self.group_evidence,
            sex: self.sex,
            age_band: self.age_band,
            component: self.component,
            units: self.units,
            needs: self.needs,
            urgency: self.urgency,
            needed_at: self.needed_at.and_then(to_micros),
            notes,
        };
        Ok((new, lines))
    }
}

/// What was asked for, with what must be seen to before a transfusion.
#[derive(Debug, Serialize, ToSchema)]
struct SubmittedView {
    #[serde(flatten)]
    step: Step,
    /// The requests of the further lines, in their order.
    lines: Vec<Step>,
    reminders: Vec<Said>,
}

/// Where a request stands after a step, with what must be seen to before a transfusion.
#[derive(Debug, Serialize, ToSchema)]
struct StepView {
    #[serde(flatten)]
    step: Step,
    reminders: Vec<Said>,
}

impl StepView {
    fn of(step: Step, lang: Lang) -> Self {
        Self { step, reminders: reminders(lang) }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RequestQuery {
    state: Option<RequestState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// A request without what is sealed of it.
#[derive(Debug, Serialize, ToSchema)]
struct RequestView {
    id: RequestId,
    /// The hospital that asks.
    facility: FacilityId,
    blood_group: Option<BloodGroup>,
    group_evidence: GroupEvidence,
    /// Whether units are chosen for a patient of unknown group.
    counts_as_unknown: bool,
    sex: Option<Sex>,
    age_band: Option<AgeBand>,
    component: Component,
    /// What each unit must have.
    needs: Attributes,
    urgency: Urgency,
    needed_at: DateTime<Utc>,
    state: RequestState,
    refusal: Option<RefusalReason>,
    /// The blood bank that took or refused it.
    bank: Option<FacilityId>,
    /// The request of which this one asks what was not issued.
    rest_of: Option<RequestId>,
    /// The first line of what was asked for at once for the patient.
    line_of: Option<RequestId>,
    /// The standing order that made it, and the civil day for which.
    standing_order: Option<StandingOrderId>,
    due_on: Option<NaiveDate>,
    /// The massive-transfusion pack and its round for which it was made.
    pack: Option<PackId>,
    pack_round: Option<i32>,
    /// The physician who answers for RhD-positive units for this RhD-negative patient.
    rhd_by: Option<UserId>,
    rhd_at: Option<DateTime<Utc>>,
    made_at: DateTime<Utc>,
    units: Counts,
    /// Whether some of it is held or issued, and not all.
    partial: bool,
}

/// A unit that is or was held for the request.
#[derive(Debug, Serialize, ToSchema)]
struct ShareView {
    id: BloodUnitId,
    din: Din,
    blood_group: Option<BloodGroup>,
    expires_at: DateTime<Utc>,
    attributes: Attributes,
    status: UnitStatus,
    /// Whether it is held for the request now.
    held: bool,
    held_until: DateTime<Utc>,
    /// How the hold ended.
    outcome: Option<HoldEnd>,
    /// Absent while it is on its way.
    arrived_at: Option<DateTime<Utc>>,
    /// When the hospital used it.
    used_at: Option<DateTime<Utc>>,
    /// Why it was held although something was warned of; absent for the hospital.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// A request with its units.
#[derive(Debug, Serialize, ToSchema)]
struct OpenedView {
    #[serde(flatten)]
    request: RequestView,
    /// As the hospital calls the patient.
    patient: String,
    notes: Option<String>,
    /// The name of the physician who answers for RhD-positive units.
    rhd_name: Option<String>,
    rhd_reason: Option<String>,
    shares: Vec<ShareView>,
    reminders: Vec<Said>,
}

/// Asks the blood banks of the own region for units.
#[utoipa::path(tag = "requests", params(("Idempotency-Key" = String, Header)), request_body = RequestForm,
    responses((status = 201, description = "Submitted", body = SubmittedView)))]
#[post("/requests")]
async fn submit(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    key: IdempotencyKey,
    body: Body<RequestForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (new, lines) = body.into_inner().parse()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let made = house
        .once_guarded(&by, request, move |tx| super::submit_lines(tx, &vault, &who, &new, &lines))
        .await?;
    let mut steps = made.into_iter();
    let step = steps.next().ok_or_else(|| Problem::internal("no request was made"))?;
    let view = SubmittedView { step, lines: steps.collect(), reminders: reminders(lang) };
    Ok(HttpResponse::Created().json(view))
}

/// Requests, the most urgent first, oldest first inside each urgency: a hospital's own, a blood bank's region's, a physician's all.
#[utoipa::path(tag = "requests", params(RequestQuery),
    responses((status = 200, description = "A page", body = Page<RequestView>)))]
#[get("/requests")]
async fn list(house: web::Data<House>, by: Actor<SeeRequests>, query: Query<RequestQuery>) -> Answer {
    let after = house.after::<(Urgency, RequestId)>(query.cursor.as_deref(), query.list())?;
    let (limit, state, who, now) = (query.limit.get(), query.state, by.clone(), house.db.now());
    let rows = house.db.read(move |conn| super::list(conn, &who, state, after, limit + 1, now)).await?;
    let show = |(request, counts): (BloodRequest, Counts)| RequestView::of(&request, counts);
    Ok(HttpResponse::Ok().json(house.page(
        rows,
        limit,
        query.list(),
        |(row, _)| (row.urgency, row.id),
        show,
    )?))
}

/// A request with its units.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path)),
    responses((status = 200, description = "As it stands", body = OpenedView)))]
#[get("/requests/{id}")]
async fn look(
    house: web::Data<House>,
    by: Actor<SeeRequests>,
    id: PathId<RequestId>,
    _query: NoQuery,
    Speak(lang): Speak,
) -> Answer {
    let (who, vault, now) = (by.clone(), house.vault.clone(), house.db.now());
    let opened = house.db.read(move |conn| super::look(conn, &vault, &who, id.0, now)).await?;
    let version = opened.request.version;
    Ok(HttpResponse::Ok().insert_header(etag(version)).json(OpenedView::of(opened, now, lang)))
}

/// Takes a request back before anything was issued; what is held for it is free again.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Cancelled", body = StepView)))]
#[post("/requests/{id}/cancel")]
async fn cancel(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault) = (by.clone(), house.vault.clone());
    let done = house.once_guarded(&by, request, move |tx| super::cancel(tx, &vault, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(StepView::of(done, lang)))
}

/// Asks anew, of every blood bank of the region, for what a request did not get.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 201, description = "Submitted", body = StepView)))]
#[post("/requests/{id}/rest")]
async fn ask_rest(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault) = (by.clone(), house.vault.clone());
    let made = house.once(&by, request, move |tx| super::ask_rest(tx, &vault, &who, id.0)).await?;
    Ok(HttpResponse::Created().json(StepView::of(made, lang)))
}

impl RequestView {
    fn of(request: &BloodRequest, units: Counts) -> Self {
        Self {
            id: request.id,
            facility: request.facility,
            blood_group: request.blood_group,
            group_evidence: request.group_evidence,
            counts_as_unknown: matches!(request.recipient(), Recipient::Unknown(_)),
            sex: request.sex,
            age_band: request.age_band,
            component: request.component,
            needs: request.needs,
            urgency: request.urgency,
            needed_at: request.needed_at(),
            state: request.state,
            refusal: request.refusal,
            bank: request.bank,
            rest_of: request.rest_of,
            line_of: request.line_of,
            standing_order: request.standing_order,
            due_on: request.due_on,
            pack: request.pack,
            pack_round: request.pack_round,
            rhd_by: request.rhd_by,
            rhd_at: request.rhd_at(),
            made_at: request.made_at(),
            partial: units.is_partial(),
            units,
        }
    }
}

impl OpenedView {
    fn of(opened: Opened, now: DateTime<Utc>, lang: Lang) -> Self {
        let Opened { request, patient, notes, rhd_name, rhd_reason, mut hold_reasons, shares, counts } =
            opened;
        Self {
            request: RequestView::of(&request, counts),
            patient,
            notes,
            rhd_name,
            rhd_reason,
            shares: shares
                .into_iter()
                .map(|share| {
                    let reason = hold_reasons.remove(&share.hold.id);
                    ShareView { reason, ..ShareView::of(share, now) }
                })
                .collect(),
            reminders: reminders(lang),
        }
    }
}

impl ShareView {
    fn of(share: Share, now: DateTime<Utc>) -> Self {
        let held = share.is_held(now);
        let Share { hold, unit } = share;
        Self {
            id: unit.id,
            din: unit.din,
            blood_group: unit.blood_group,
            expires_at: unit.expires_at(),
            attributes: unit.attributes,
            status: unit.status,
            held,
            held_until: hold.held_until(),
            outcome: hold.outcome,
            arrived_at: hold.arrived_at(),
            used_at: hold.used_at(),
            reason: None,
        }
    }
}
