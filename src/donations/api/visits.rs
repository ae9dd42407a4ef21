//! Visits to a drive over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{Component, DonationType};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{AppointmentId, DonationId, DonorId, DriveId, ReactionId, VisitId};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::status::{DonorKind, Drawn, ReactionGrade, ReactionKind, VisitState};
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::{Code, Result};
use utoipa::ToSchema;

use crate::accounts::{Actor, ReadScreenings, RecordDonations, TakeInformation};
use crate::db::Lane;
use crate::donations::after::{self, Informed, Noted, Reaction};
use crate::donations::collect::{Collected, NewDrawing, collect as draw};
use crate::donations::screen::{self as screening, Screening};
use crate::donations::visit::{self, CheckedIn, Departed, NewCheckIn, Stood, Visit};
use crate::eligibility::{SeenOutcome, SeenReason, View};
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, Nothing, Paging, PathId, Query, Speak};
use crate::texts::{self, Lang};

/// That the donor said name and birth date, and that a document was seen: what was said is not asked for.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IdentityForm {
    name_said: bool,
    birth_date_said: bool,
    document_seen: bool,
}

impl IdentityForm {
    /// # Errors
    /// `invalid_value` of each that was not done.
    fn check(self, faults: &mut Faults) {
        for (done, field) in [
            (self.name_said, "identity.name_said"),
            (self.birth_date_said, "identity.birth_date_said"),
            (self.document_seen, "identity.document_seen"),
        ] {
            if !done {
                faults.add(field, Code::InvalidValue);
            }
        }
    }
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CheckInForm {
    donor: DonorId,
    identity: IdentityForm,
    /// As booked, else the first that the drive collects, unless told.
    donation_type: Option<DonationType>,
    /// When it was, for what is entered late: on the drive's civil day.
    at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct VisitView {
    id: VisitId,
    donor: DonorId,
    /// `null` of whoever came unannounced by the lane.
    appointment: Option<AppointmentId>,
    donation_type: DonationType,
    state: VisitState,
    checked_in_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    departed_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Serialize, ToSchema)]
struct FoundView {
    code: String,
    text: String,
}

/// What screening came to, as far as you may read it.
#[derive(Debug, Serialize, ToSchema)]
struct ScreenedView {
    id: VisitId,
    state: VisitState,
    outcome: SeenOutcome,
    reasons: Vec<FoundView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ConsentForm {
    /// What the donor said in private of the use of the blood: with `false` nothing changes that anybody sees.
    use_blood: bool,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct CollectionForm {
    /// At the bed, once more.
    identity: IdentityForm,
    /// The number on the form: 13 characters, 14 with the check, or as scanned.
    din_form: String,
    din_bag: String,
    din_tubes: String,
    /// 1 to 32 of `A-Z 0-9 . _ -`.
    bag_lot: String,
    bag_expires_on: NaiveDate,
    began_at: DateTime<Utc>,
    ended_at: DateTime<Utc>,
    /// 1 to 1000; 0 where nothing was drawn.
    volume_ml: i32,
    outcome: Drawn,
    /// What it is made into; as its type usually is, unless said here.
    components: Option<Vec<Component>>,
    /// How the donor came to give this time; as the register says, unless said here. It changes nothing for anybody.
    given_as: Option<DonorKind>,
    /// What the set of bags holds; as the house's do (`stock.bags`), unless said here. Red cells and whole blood keep
    /// accordingly.
    additive: Option<Additive>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DepartForm {
    /// Now unless told.
    at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReactionForm {
    kind: ReactionKind,
    grade: ReactionGrade,
    began_at: DateTime<Utc>,
}

/// Lets somebody in at a drive: by appointment, by the lane for those who come unannounced, or into a free place.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CheckInForm, responses((status = 201, description = "There", body = CheckedIn)))]
#[post("/drives/{id}/check-ins")]
pub(super) async fn check_in(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    key: IdempotencyKey,
    body: Body<CheckInForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let form = body.into_inner();
    let mut faults = Faults::none();
    form.identity.check(&mut faults);
    faults.settle()?;
    let new = NewCheckIn { drive: id.0, donor: form.donor, given: form.donation_type, at: form.at };
    let (who, of) = (by.clone(), house.clone());
    let there = house.once(&by, request, move |tx| visit::check_in(tx, of.desk(), &who, new)).await?;
    Ok(HttpResponse::Created().json(there))
}

/// Those who came to a drive, in the order in which they came.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), Paging),
    responses((status = 200, description = "A page", body = Page<VisitView>)))]
#[get("/drives/{id}/check-ins")]
pub(super) async fn list_visits(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who) = (query.limit.get(), by.clone());
    let rows = house.db.read(move |conn| visit::visits_of(conn, &who, id.0, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, VisitView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Screens somebody who came: `fit`, or `deferred` with the causes that you may read. What was answered and measured is
/// sealed.
#[utoipa::path(tag = "drive day", params(("id" = VisitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Screening, responses((status = 200, description = "Screened", body = ScreenedView)))]
#[post("/visits/{id}/screening")]
pub(super) async fn screen(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    Speak(lang): Speak,
    id: PathId<VisitId>,
    key: IdempotencyKey,
    body: Body<Screening>,
) -> Answer {
    let request = key.of(by.user, &body);
    let new = body.into_inner();
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let stood = house.once(&by, request, move |tx| screening::screen(tx, of.desk(), &who, id, &new)).await?;
    // Causes are not kept with the answer: they are read anew, by the reader's own eyes.
    let (who, of) = (by.clone(), house.clone());
    let seen = house.db.read(move |conn| screening::found(conn, of.desk(), &who, id)).await?;
    Ok(HttpResponse::Ok().json(shown(stood, seen, lang)))
}

fn shown(stood: Stood, seen: View, lang: Lang) -> ScreenedView {
    let told = |reason: SeenReason| FoundView {
        code: reason.code().to_owned(),
        text: texts::reason(lang, reason.code()),
    };
    ScreenedView {
        id: stood.id,
        state: stood.state,
        outcome: seen.outcome,
        reasons: seen.reasons.into_iter().map(told).collect(),
    }
}

/// What was asked, answered and measured at a visit; reading it is recorded.
#[utoipa::path(tag = "drive day", params(("id" = VisitId, Path)),
    responses((status = 200, description = "The screening", body = Screening)))]
#[get("/visits/{id}/screening")]
pub(super) async fn read_screening(
    house: web::Data<House>,
    by: Actor<ReadScreenings>,
    id: PathId<VisitId>,
    _query: NoQuery,
) -> Answer {
    let (who, of) = (by.clone(), house.clone());
    let found = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| screening::screening(tx, of.desk(), &who, id.0))
        .await?;
    Ok(HttpResponse::Ok().json(found))
}

/// Notes that the donor agreed to give, in private and before the needle. A refusal is `leave`.
#[utoipa::path(tag = "drive day", params(("id" = VisitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ConsentForm, responses((status = 200, description = "Ready", body = Stood)))]
#[post("/visits/{id}/consent")]
pub(super) async fn consent(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<VisitId>,
    key: IdempotencyKey,
    body: Body<ConsentForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let use_it = body.into_inner().use_blood;
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let stood = house.once(&by, request, move |tx| visit::consent(tx, of.desk(), &who, id, use_it)).await?;
    Ok(HttpResponse::Ok().json(stood))
}

/// Notes that somebody went without giving; why is asked of nobody.
#[utoipa::path(tag = "drive day", params(("id" = VisitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Left", body = Stood)))]
#[post("/visits/{id}/leave")]
pub(super) async fn leave(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<VisitId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let stood = house.once(&by, request, move |tx| visit::leave(tx, of.desk(), &who, id)).await?;
    Ok(HttpResponse::Ok().json(stood))
}

/// Records what was drawn: the number on form, bag and tubes is one, and what was drawn becomes units in quarantine.
#[utoipa::path(tag = "drive day", params(("id" = VisitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = CollectionForm, responses((status = 201, description = "Recorded", body = Collected)))]
#[post("/visits/{id}/collection")]
pub(super) async fn collect(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<VisitId>,
    key: IdempotencyKey,
    body: Body<CollectionForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let new = drawing(body.into_inner())?;
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let collected = house.once(&by, request, move |tx| draw(tx, of.desk(), &who, id, &new)).await?;
    Ok(HttpResponse::Created().json(collected))
}

fn drawing(form: CollectionForm) -> Result<NewDrawing> {
    let mut faults = Faults::none();
    form.identity.check(&mut faults);
    let on_form = faults.keep("din_form", Din::parse(&form.din_form));
    let bag = faults.keep("din_bag", Din::parse(&form.din_bag));
    let tubes = faults.keep("din_tubes", Din::parse(&form.din_tubes));
    let lot = faults.keep("bag_lot", ShortCode::parse(&form.bag_lot));
    let all = on_form.zip(bag).zip(tubes.zip(lot));
    faults.give(all.map(|((on_form, bag), (tubes, bag_lot))| NewDrawing {
        form: on_form,
        bag,
        tubes,
        bag_lot,
        bag_expires_on: form.bag_expires_on,
        began_at: form.began_at,
        ended_at: form.ended_at,
        volume_ml: form.volume_ml,
        outcome: form.outcome,
        components: form.components,
        given_as: form.given_as,
        additive: form.additive,
    }))
}

/// Notes that somebody who gave went home, fifteen minutes after the needle at the earliest.
#[utoipa::path(tag = "drive day", params(("id" = VisitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = DepartForm, responses((status = 200, description = "Gone", body = Departed)))]
#[post("/visits/{id}/depart")]
pub(super) async fn depart(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<VisitId>,
    key: IdempotencyKey,
    body: Body<DepartForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let at = body.into_inner().at;
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let gone = house.once(&by, request, move |tx| visit::depart(tx, of.desk(), &who, id, at)).await?;
    Ok(HttpResponse::Ok().json(gone))
}

/// Records how a donor took it; the donor is to be called on the next day.
#[utoipa::path(tag = "drive day", params(("id" = VisitId, Path), ("Idempotency-Key" = String, Header)),
    request_body = ReactionForm, responses((status = 201, description = "Recorded", body = Noted)))]
#[post("/visits/{id}/reactions")]
pub(super) async fn react(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<VisitId>,
    key: IdempotencyKey,
    body: Body<ReactionForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let ReactionForm { kind, grade, began_at } = body.into_inner();
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let noted = house
        .once(&by, request, move |tx| after::react(tx, of.desk(), &who, id, (kind, grade, began_at)))
        .await?;
    Ok(HttpResponse::Created().json(noted))
}

/// The reactions at a drive, oldest first, with whom to call and when.
#[utoipa::path(tag = "drive day", params(("id" = DriveId, Path), Paging),
    responses((status = 200, description = "A page", body = Page<Reaction>)))]
#[get("/drives/{id}/reactions")]
pub(super) async fn list_reactions(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<DriveId>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who) = (query.limit.get(), by.clone());
    let rows = house.db.read(move |conn| after::reactions(conn, &who, id.0, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, |row| row)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Notes that the donor was called after a reaction.
#[utoipa::path(tag = "drive day", params(("id" = ReactionId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Called", body = Noted)))]
#[post("/reactions/{id}/called")]
pub(super) async fn call(
    house: web::Data<House>,
    by: Actor<RecordDonations>,
    id: PathId<ReactionId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let noted = house.once(&by, request, move |tx| after::call(tx, of.desk(), &who, id)).await?;
    Ok(HttpResponse::Ok().json(noted))
}

/// Takes in what a donor tells after giving, such as a fever, something forgotten, or that the blood shall not be used:
/// every unit of the donation is stopped at once. The answer is the same whatever was told.
#[utoipa::path(tag = "drive day", params(("id" = DonationId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Taken in", body = Informed)))]
#[post("/donations/{id}/information")]
pub(super) async fn inform(
    house: web::Data<House>,
    by: Actor<TakeInformation>,
    id: PathId<DonationId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (who, of, id) = (by.clone(), house.clone(), id.0);
    let informed = house.once(&by, request, move |tx| after::inform(tx, of.desk(), &who, id)).await?;
    Ok(HttpResponse::Ok().json(informed))
}

impl From<Visit> for VisitView {
    fn from(row: Visit) -> Self {
        Self {
            id: row.id,
            donor: row.donor,
            appointment: row.appointment,
            donation_type: row.given,
            state: row.state,
            checked_in_at: row.checked_in_at.and_utc(),
            ended_at: row.ended_at.map(|at| at.and_utc()),
            departed_at: row.departed_at.map(|at| at.and_utc()),
        }
    }
}
