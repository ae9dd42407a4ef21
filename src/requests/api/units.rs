//! Units after issue: they arrive, are used, go back.

use actix_web::{HttpResponse, post, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, RequestId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::MoveReason;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{Said, reminders, to_micros};
use crate::accounts::{Actor, ClearUnits, RequestUnits, ServeRequests};
use crate::db::Tx;
use crate::db::once::Request;
use crate::http::{Answer, Body, House, IdempotencyKey, Nothing, PathId, Speak};
use crate::requests::{self, Receipt, Reported};
use crate::stock::{Fate, Stopped, Why};

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(receive).service(transfused).service(returned).service(discarded).service(take_back);
    config.service(correct);
}

/// Labels of one arrival at most.
const MOST_SCANNED: usize = 100;

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReceiveForm {
    /// One for each bag, typed or scanned; 100 at most.
    #[schema(max_items = 100)]
    dins: Vec<String>,
}

impl ReceiveForm {
    fn parse(&self) -> Result<Vec<Din>> {
        if self.dins.len() > MOST_SCANNED {
            return Err(Problem::field("dins", Code::OutOfRange));
        }
        let mut faults = Faults::none();
        let read = self.dins.iter().enumerate();
        let scanned =
            read.filter_map(|(n, din)| faults.keep(&format!("dins[{n}]"), Din::parse(din))).collect();
        faults.settle()?;
        Ok(scanned)
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct ReceiptView {
    #[serde(flatten)]
    receipt: Receipt,
    reminders: Vec<Said>,
}

/// Takes units of an own request onto the own shelf; what is missing or unexpected is told.
#[utoipa::path(tag = "requests", params(("id" = RequestId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ReceiveForm, responses((status = 200, description = "What arrived", body = ReceiptView)))]
#[post("/requests/{id}/receive")]
async fn receive(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<RequestId>,
    key: IdempotencyKey,
    body: Body<ReceiveForm>,
    Speak(lang): Speak,
) -> Answer {
    let request = key.of(by.user, &body);
    let scanned = body.into_inner().parse()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let done =
        house.once_guarded(&by, request, move |tx| requests::receive(tx, &vault, &who, id.0, &scanned));
    Ok(HttpResponse::Ok().json(ReceiptView { receipt: done.await?, reminders: reminders(lang) }))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TransfusedForm {
    /// Now, when absent; needed of a unit that was stopped or passed its date since. At most 14 days ago.
    used_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReturnedForm {
    /// Minutes out of controlled storage since it arrived; absent: nobody knows. Past 30 for red cells and whole blood,
    /// 1 440 for platelets and 0 for what is frozen the unit goes back stopped, as it does when nobody knows.
    #[schema(minimum = 0)]
    minutes_out_of_control: Option<i64>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DiscardedForm {
    reason: MoveReason,
    /// At most 500 characters, sealed; needed with the reason `other`.
    note: Option<String>,
}

/// Says of a unit on the own shelf that it was transfused.
#[utoipa::path(tag = "requests", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = TransfusedForm, responses((status = 200, description = "On record", body = Reported)))]
#[post("/stock/units/{id}/transfused")]
async fn transfused(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<TransfusedForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let at = body.into_inner().used_at.and_then(to_micros);
    report(&house, &by, id.0, request, Fate::Transfused { at }).await
}

/// Says of a unit on the own shelf that it was not used and goes back to the blood bank.
#[utoipa::path(tag = "requests", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ReturnedForm, responses((status = 200, description = "On record", body = Reported)))]
#[post("/stock/units/{id}/returned")]
async fn returned(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<ReturnedForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let minutes_out = body.into_inner().minutes_out_of_control;
    report(&house, &by, id.0, request, Fate::Returned { minutes_out }).await
}

/// Says of a unit on the own shelf that the hospital threw it away.
#[utoipa::path(tag = "requests", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = DiscardedForm, responses((status = 200, description = "On record", body = Reported)))]
#[post("/stock/units/{id}/discarded")]
async fn discarded(
    house: web::Data<House>,
    by: Actor<RequestUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<DiscardedForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let DiscardedForm { reason, note } = body.into_inner();
    let note = note.map(|note| Note::parse(&note)).transpose().map_err(|problem| problem.on("note"))?;
    report(&house, &by, id.0, request, Fate::Discarded(Why { reason, note })).await
}

async fn report(
    house: &House,
    by: &Actor<RequestUnits>,
    id: BloodUnitId,
    request: Request,
    fate: Fate,
) -> Answer {
    let (who, vault) = ((**by).clone(), house.vault.clone());
    let done = house.once_guarded(by, request, move |tx| requests::report(tx, &vault, &who, id, &fate));
    Ok(HttpResponse::Ok().json(done.await?))
}

/// Takes a unit that the own blood bank issued back: a returned one into quarantine, a stopped or expired one as it is.
#[utoipa::path(tag = "requests", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "On the own shelf", body = Reported)))]
#[post("/stock/units/{id}/take-back")]
async fn take_back(
    house: web::Data<House>,
    by: Actor<ServeRequests>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, vault) = (by.clone(), house.vault.clone());
    let done = house.once_guarded(&by, request, move |tx| requests::take_back(tx, &vault, &who, id.0));
    Ok(HttpResponse::Ok().json(done.await?))
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CorrectForm {
    /// What was wrong; at most 500 characters, sealed.
    note: String,
}

/// Takes back what was said of a unit's end: it was not used, or not thrown away. It stands stopped where it lies. Whoever said
/// it is not the one who corrects it.
#[utoipa::path(tag = "stock", params(("id" = BloodUnitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CorrectForm, responses((status = 200, description = "Stopped", body = Stopped)))]
#[post("/stock/units/{id}/correct")]
async fn correct(
    house: web::Data<House>,
    by: Actor<ClearUnits>,
    id: PathId<BloodUnitId>,
    key: IdempotencyKey,
    body: Body<CorrectForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let note = Note::parse(&body.into_inner().note).map_err(|problem| problem.on("note"))?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let correct = move |tx: &mut Tx| requests::correct(tx, &vault, &who, id.0, note.clone());
    Ok(HttpResponse::Ok().json(house.once(&by, request, correct).await?))
}
