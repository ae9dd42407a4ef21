//! The day of a drive as a whole, over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Problem;
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, UserId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::text::ShortCode;
use utoipa::ToSchema;

use crate::accounts::{Actor, OpenIdentity, ReceiveUnits, RecordDonations, SeeOutcomes, SeeQuestions};
use crate::db::Lane;
use crate::donations::day::{self, Arrival, Board, CameOf, ClosedOut, Done, LaboratoryClock};
use crate::donations::questions::Question;
use crate::donors::{Opening, Purpose};
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, Nothing, PathId};

/// The most who are listed with who they are.
/// Lines of a page, each an opening of its own.
const ROSTER_PAGE: i64 = 200;

#[derive(Debug, Serialize, ToSchema)]
struct QuestionView {
    code: String,
    ar: String,
    en: String,
    /// Asked of these alone.
    sex: Option<Sex>,
    /// Asked before these alone.
    donation_types: Option<Vec<DonationType>>,
}

/// What donors are asked.
#[derive(Debug, Serialize, ToSchema)]
struct QuestionsView {
    version: u32,
    effective_from: NaiveDate,
    source: String,
    questions: Vec<QuestionView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PreparationForm {
    /// The user who is the physician on call.
    physician: UserId,
    /// The haemoglobin meter that was controlled: 1 to 32 of `A-Z 0-9 . _ -`.
    meter: String,
    /// Whether it passed.
    passed: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClockForm {
    /// When the laboratory takes no more.
    cut_off_at: DateTime<Utc>,
    /// 0 to 720.
    travel_minutes: i32,
    /// What a checkpoint takes on nine days of ten, 0 to 720.
    #[serde(default)]
    checkpoint_minutes: i32,
    /// 0 to 240.
    #[serde(default)]
    packing_minutes: i32,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ArrivalForm {
    /// Now unless told.
    arrived_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct RosterForm {
    purpose: Purpose,
    /// `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// Somebody who is expected.
#[derive(Debug, Serialize, ToSchema)]
struct ExpectedView {
    appointment: AppointmentId,
    donor: DonorId,
    starts_at: DateTime<Utc>,
    status: AppointmentStatus,
    /// In Arabic, its parts in order.
    name: String,
    service_number: Option<String>,
}

/// What donors are asked before they give, in both languages. Which cause a yes begins is not told here.
#[utoipa::path(tag = "drive day", responses((status = 200, description = "The questions", body = QuestionsView)))]
#[get("/questionnaire")]
pub(super) async fn get_questions(
    house: web::Data<House>,
    _by: Actor<SeeQuestions>,
    _query: NoQuery,
) -> Answer {
    let list = &house.questions;
    Ok(HttpResponse::Ok().json(QuestionsView {
        version: list.version,
        effective_from: list.effective_from,
        source: list.source.clone(),
        questions: list.questions.iter().map(QuestionView::from).collect(),
    }))
}

/// Records who the physician on call is, and today's control of the haemoglobin meter: nobody is screened before.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = PreparationForm, responses((status = 201, description = "Recorded", body = Done)))]
#[post("/drives/{id}/preparation")]
pub(super) async fn prepare(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<PreparationForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    let meter = faults.keep("meter", ShortCode::parse(&form.meter));
    let meter = faults.give(meter)?;
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let done = house
        .once(&by, request, move |tx| {
            day::prepare(tx, of.desk(), &who, id, (form.physician, &meter, form.passed))
        })
        .await?;
    Ok(HttpResponse::Created().json(done))
}

/// Says when the laboratory takes no more; the answer says when the last needle goes in and the box leaves.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ClockForm, responses((status = 200, description = "The clock", body = LaboratoryClock)))]
#[post("/drives/{id}/laboratory-clock")]
pub(super) async fn set_clock(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<ClockForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let minutes = [form.travel_minutes, form.checkpoint_minutes, form.packing_minutes];
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let clock = house
        .once(&by, request, move |tx| day::set_clock(tx, of.desk(), &who, id, (form.cut_off_at, minutes)))
        .await?;
    Ok(HttpResponse::Ok().json(clock))
}

/// When the laboratory takes no more, and what follows for the drive.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path)),
    responses((status = 200, description = "The clock", body = LaboratoryClock)))]
#[get("/drives/{id}/laboratory-clock")]
pub(super) async fn get_clock(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    let who = by.clone();
    let clock = house.db.read(move |conn| day::clock(conn, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(clock))
}

/// Takes a drive's box in at the laboratory: what came too late for what it is, is stopped and named.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ArrivalForm, responses((status = 200, description = "Taken in", body = Arrival)))]
#[post("/drives/{id}/arrival")]
pub(super) async fn arrive(
    house: web::Data<House>,
    by: Actor<ReceiveUnits>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<ArrivalForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let at = body.into_inner().arrived_at;
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let arrival = house.once(&by, request, move |tx| day::arrive(tx, of.desk(), &who, id, at)).await?;
    Ok(HttpResponse::Ok().json(arrival))
}

/// How the day of a drive stands, for those who run it.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path)),
    responses((status = 200, description = "The figures now", body = Board)))]
#[get("/drives/{id}/board")]
pub(super) async fn get_board(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    let who = by.clone();
    let board = house.db.read(move |conn| day::board(conn, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(board))
}

/// What came of a drive that is done: who gave of use, and all others as one figure, from twenty people on.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path)),
    responses((status = 200, description = "What came of it", body = CameOf)))]
#[get("/drives/{id}/outcome")]
pub(super) async fn came_of(
    house: web::Data<House>,
    by: Actor<SeeOutcomes>,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    let who = by.clone();
    let outcome = house.db.read(move |conn| day::came_of(conn, &who, id.0)).await?;
    Ok(HttpResponse::Ok().json(outcome))
}

/// Closes the day of a drive. Everybody who came donated, was deferred or left, and each number that was handed out is
/// used or spoilt: else it says how many are open, and nothing changes.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Closed", body = ClosedOut)))]
#[post("/drives/{id}/close-out")]
pub(super) async fn close_out(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let closed = house.once(&by, request, move |tx| day::close_out(tx, of.desk(), &who, id)).await?;
    Ok(HttpResponse::Ok().json(closed))
}

/// Those who are expected at a drive with who they are, to be printed; each opening is recorded. Without names it is
/// `GET /drives/{id}/appointments`.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path)), request_body = RosterForm,
    responses((status = 200, description = "A page of those who are expected, 200 at most", body = Page<ExpectedView>)))]
#[post("/drives/{id}/roster")]
pub(super) async fn roster(
    house: web::Data<House>,
    by: Actor<OpenIdentity>,
    id: PathId<DriveId>,
    body: Body<RosterForm>,
) -> Answer {
    let RosterForm { purpose, cursor } = body.into_inner();
    let opening = Opening { purpose, budget: house.openings() };
    let list = format!("drives/{}/roster", id.0);
    let after = house.after::<(NaiveDateTime, i64)>(cursor.as_deref(), &list)?;
    let (who, of) = (by.clone(), house.clone());
    let found = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| {
            day::roster(tx, of.desk(), &who, id.0, opening, after, ROSTER_PAGE)
        })
        .await?;
    // Each line was opened and recorded, so none is read one past the page: a full one may have an empty one after it.
    let is_full = found.len() >= usize::try_from(ROSTER_PAGE).map_err(Problem::internal)?;
    let next =
        found.last().filter(|_| is_full).map(|last| house.cursors.seal(&last.key(), &list, house.db.now()));
    let items = found
        .into_iter()
        .map(|row| ExpectedView {
            appointment: row.appointment,
            donor: row.donor,
            starts_at: row.starts_at,
            status: row.status,
            name: row.identity.full_name(),
            service_number: row.identity.service_number,
        })
        .collect();
    Ok(HttpResponse::Ok().json(Page { items, next: next.transpose()? }))
}

impl From<&Question> for QuestionView {
    fn from(question: &Question) -> Self {
        Self {
            code: question.code.clone(),
            ar: question.ar.clone(),
            en: question.en.clone(),
            sex: question.sex,
            donation_types: question.types.clone(),
        }
    }
}
