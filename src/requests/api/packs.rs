//! Massive-transfusion packs over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::blood::{AgeBand, BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::ids::{FacilityId, PackId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::PackState;
use shiryan_kernel::text::Note;
use utoipa::{IntoParams, ToSchema};

use super::{RequestView, Said, reminders};
use crate::accounts::{Actor, RequestUnits, SeeRequests, StopPacks};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, Nothing, PathId, Query, Speak};
use crate::requests::Pseudonym;
use crate::requests::packs::{self, NewPack, OpenedPack, Pack, PackStep, ToReturn, Typed};
use crate::requests::rules::pack::Composition;
use crate::texts::Lang;

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(start).service(list).service(look).service(next).service(stop);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PackForm {
    /// What the hospital calls the patient, 1 to 40 characters: never a name or an identity number. Sealed.
    patient: String,
    blood_group: Option<BloodGroup>,
    /// As of a request: only `confirmed` counts as a group.
    group_evidence: Option<GroupEvidence>,
    sex: Option<Sex>,
    age_band: Option<AgeBand>,
    /// At most 500 characters, sealed.
    notes: Option<String>,
}

impl PackForm {
    fn parse(self) -> Result<NewPack> {
        let mut faults = Faults::none();
        let patient = faults.keep("patient", Pseudonym::parse(&self.patient));
        let notes = self.notes.as_deref().and_then(|notes| faults.keep("notes", Note::parse(notes)));
        let patient = faults.give(patient)?;
        let group = Typed { blood_group: self.blood_group, evidence: self.group_evidence };
        Ok(NewPack { patient, group, sex: self.sex, age_band: self.age_band, notes })
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RoundForm {
    /// Which round is called: one more than the latest.
    #[schema(minimum = 2)]
    round: i32,
    /// The patient's group, where it was found since; as before unless said.
    blood_group: Option<BloodGroup>,
    group_evidence: Option<GroupEvidence>,
}

/// Where a pack stands after a step, with what must be seen to before a transfusion.
#[derive(Debug, Serialize, ToSchema)]
struct PackStepView {
    #[serde(flatten)]
    step: PackStep,
    reminders: Vec<Said>,
}

impl PackStepView {
    fn of(step: PackStep, lang: Lang) -> Self {
        Self { step, reminders: reminders(lang) }
    }
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PackQuery {
    state: Option<PackState>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// A pack without what is sealed of it.
#[derive(Debug, Serialize, ToSchema)]
struct PackView {
    id: PackId,
    /// The hospital that asks.
    facility: FacilityId,
    state: PackState,
    /// The latest round.
    round: i32,
    started_at: DateTime<Utc>,
    stopped_at: Option<DateTime<Utc>>,
}

impl PackView {
    fn of(pack: &Pack) -> Self {
        Self {
            id: pack.id,
            facility: pack.facility,
            state: pack.state,
            round: pack.rounds,
            started_at: pack.started_at.and_utc(),
            stopped_at: pack.stopped_at.map(|at| at.and_utc()),
        }
    }
}

/// A pack with its requests.
#[derive(Debug, Serialize, ToSchema)]
struct OpenedPackView {
    #[serde(flatten)]
    pack: PackView,
    /// As the hospital calls the patient.
    patient: String,
    notes: Option<String>,
    /// Oldest first, each with its round.
    requests: Vec<RequestView>,
    /// Once it is stopped: units that are issued and of which nobody said what became of them.
    to_return: Vec<ToReturn>,
    reminders: Vec<Said>,
}

fn composition(house: &House) -> Composition {
    let pack = &house.settings.pack;
    Composition { red_cells: pack.red_cells, plasma: pack.plasma, platelets: pack.platelets }
}

/// Starts a massive-transfusion pack: an emergency request for each component of its composition.
#[utoipa::path(tag = "requests", params(("Idempotency-Key" = String, Header)), request_body = PackForm,
    responses((status = 201, description = "Runs, with the requests of its first round", body = PackStepView)))]
#[post("/packs")]
async fn start(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    key: IdempotencyKey,
    body: Body<PackForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let new = body.into_inner().parse()?;
    let (who, vault, of) = (by.clone(), house.vault.clone(), composition(&house));
    let made = house.once(&by, request, move |tx| packs::start(tx, &vault, &who, &new, of)).await?;
    Ok(HttpResponse::Created().json(PackStepView::of(made, lang)))
}

/// Packs, the latest first: a hospital's own, a blood bank's region's, a physician's all.
#[utoipa::path(tag = "requests", params(PackQuery),
    responses((status = 200, description = "A page", body = Page<PackView>)))]
#[get("/packs")]
async fn list(house: web::Data<House>, by: Actor<SeeRequests>, query: Query<PackQuery>) -> Answer {
    let before = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(i64::MAX);
    let (limit, state, who) = (query.limit.get(), query.state, by.clone());
    let rows = house.db.read(move |conn| packs::list(conn, &who, state, (before, limit + 1))).await?;
    let show = |pack: Pack| PackView::of(&pack);
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.id.0, show)?))
}

/// A pack with its requests, and what is to be returned once it is stopped.
#[utoipa::path(tag = "requests", params(("id" = PackId, Path)),
    responses((status = 200, description = "As it stands", body = OpenedPackView)))]
#[get("/packs/{id}")]
async fn look(
    house: web::Data<House>,
    by: Actor<SeeRequests>,
    id: PathId<PackId>,
    _query: NoQuery,
    Speak(lang): Speak,
) -> Answer {
    let (who, vault, now) = (by.clone(), house.vault.clone(), house.db.now());
    let opened = house.db.read(move |conn| packs::look(conn, &vault, &who, id.0, now)).await?;
    let OpenedPack { pack, patient, notes, requests, to_return } = opened;
    let requests = requests.into_iter().map(|(request, counts)| RequestView::of(&request, counts)).collect();
    let pack = PackView::of(&pack);
    let reminders = reminders(lang);
    Ok(HttpResponse::Ok().json(OpenedPackView { pack, patient, notes, requests, to_return, reminders }))
}

/// Calls the next round of a pack. Of two who call the same round, one makes it.
#[utoipa::path(tag = "requests", params(("id" = PackId, Path), ("Idempotency-Key" = String, Header)),
    request_body = RoundForm,
    responses((status = 201, description = "The requests of the round", body = PackStepView)))]
#[post("/packs/{id}/next")]
async fn next(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<PackId>,
    key: IdempotencyKey,
    body: Body<RoundForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let RoundForm { round, blood_group, group_evidence } = body.into_inner();
    let group = Typed { blood_group, evidence: group_evidence };
    let (who, vault, of) = (by.clone(), house.vault.clone(), composition(&house));
    let done =
        house.once_guarded(&by, request, move |tx| packs::next(tx, &vault, &who, (id.0, round), group, of));
    Ok(HttpResponse::Created().json(PackStepView::of(done.await?, lang)))
}

/// Stops a pack: no further round; what is held is free, and what is issued and not used is to be returned.
#[utoipa::path(tag = "requests", params(("id" = PackId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing,
    responses((status = 200, description = "Stopped, with what is to be returned", body = PackStepView)))]
#[post("/packs/{id}/stop")]
async fn stop(
    house: web::Data<House>,
    by: Actor<StopPacks>,
    id: PathId<PackId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault) = (by.clone(), house.vault.clone());
    let done = house.once_guarded(&by, request, move |tx| packs::stop(tx, &vault, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(PackStepView::of(done, lang)))
}
