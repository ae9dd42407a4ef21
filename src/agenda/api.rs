//! The calendar over HTTP.

use actix_web::http::header;
use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::branch::Branch;
use shiryan_kernel::calendar::{DayKind, HijriDate};
use shiryan_kernel::ids::{AbsenceId, ActivityId, CalendarFeedId, ClosureId, UnitId};
use shiryan_kernel::page::Page;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{AbsenceKind, ActivityStatus};
use shiryan_kernel::time::Weekday;
use utoipa::{IntoParams, ToSchema};

use super::feeds::secret;
use super::{Asked, Feed};
use crate::accounts::{Actor, SeeCalendar};
use crate::activities::Seen;
use crate::http::{Answer, Body, House, IdempotencyKey, NoQuery, Nothing, Paging, PathId, Query};
use crate::places::calendar::{CalendarDay, Mark};
use crate::places::closures::Closure;

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(get_calendar)
        .service(make_calendar_feed)
        .service(list_calendar_feeds)
        .service(end_calendar_feed)
        .service(read_calendar);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Span {
    /// The first civil day.
    from: NaiveDate,
    /// The last civil day; 42 days at most.
    to: NaiveDate,
    /// What this unit, and those below it, organise or take part in: as far as you may know.
    unit: Option<UnitId>,
    governorate: Option<Governorate>,
}

/// What a day is, beside a day of the week.
#[derive(Debug, Serialize, ToSchema)]
struct MarkView {
    kind: DayKind,
    name_ar: String,
    name_en: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct DayView {
    on: NaiveDate,
    weekday: Weekday,
    /// `null` outside the table of Hijri months.
    hijri: Option<HijriDate>,
    is_weekend: bool,
    marks: Vec<MarkView>,
    /// What is on that day, by start: ids of `activities`.
    activities: Vec<ActivityId>,
}

/// An activity or a drive; what you may not know is left out.
#[derive(Debug, Serialize, ToSchema)]
struct EntryView {
    id: ActivityId,
    branch: Branch,
    status: ActivityStatus,
    governorate: Governorate,
    from: NaiveDate,
    to: NaiveDate,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    starts_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ends_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<UnitId>,
}

#[derive(Debug, Serialize, ToSchema)]
struct AwayView {
    id: AbsenceId,
    unit: UnitId,
    kind: AbsenceKind,
    from: NaiveDate,
    until: NaiveDate,
}

/// Roads that are closed.
#[derive(Debug, Serialize, ToSchema)]
struct RoadView {
    id: ClosureId,
    governorate: Governorate,
    /// `null`: every road out of the governorate.
    other: Option<Governorate>,
    from: DateTime<Utc>,
    /// When it ends, or was ended; `null` while nobody knows.
    until: Option<DateTime<Utc>>,
}

/// Days with all that is planned on them.
#[derive(Debug, Serialize, ToSchema)]
struct CalendarView {
    days: Vec<DayView>,
    /// By start.
    activities: Vec<EntryView>,
    /// Of the units that you may enter absences for.
    absences: Vec<AwayView>,
    closures: Vec<RoadView>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct FeedForm {
    /// What this unit, and those below it, organise or take part in; absent: all that you may see.
    unit: Option<UnitId>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FeedMade {
    id: CalendarFeedId,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct FeedEnded {
    id: CalendarFeedId,
}

/// A feed with its address, which is shown this once.
#[derive(Debug, Serialize, ToSchema)]
struct FeedAddress {
    id: CalendarFeedId,
    /// To be given to a calendar program; whoever holds it reads when, never where.
    url: String,
}

#[derive(Debug, Serialize, ToSchema)]
struct FeedView {
    id: CalendarFeedId,
    unit: Option<UnitId>,
    made_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

/// The calendar of some days: what each of them is, what is planned on it, who is away, which roads are closed.
#[utoipa::path(tag = "calendar", params(Span),
    responses((status = 200, description = "The days in order", body = CalendarView)))]
#[get("/calendar")]
async fn get_calendar(house: web::Data<House>, by: Actor<SeeCalendar>, query: Query<Span>) -> Answer {
    let Span { from, to, unit, governorate } = *query;
    let asked = Asked { from, to, unit, governorate };
    let (vault, zone, table, who) = (house.vault.clone(), house.zone, house.calendar.clone(), by.clone());
    let agenda = house.db.read(move |conn| super::agenda(conn, &vault, zone, &table, &who, &asked)).await?;
    let days = agenda.days.into_iter().map(|day| day_view(day, &agenda.activities)).collect();
    Ok(HttpResponse::Ok().json(CalendarView {
        days,
        activities: agenda.activities.into_iter().map(EntryView::from).collect(),
        absences: agenda
            .absences
            .into_iter()
            .map(|away| AwayView {
                id: away.id,
                unit: away.unit,
                kind: away.kind,
                from: away.from_on,
                until: away.until_on,
            })
            .collect(),
        closures: agenda.closures.into_iter().map(RoadView::from).collect(),
    }))
}

fn day_view(day: CalendarDay, planned: &[Seen]) -> DayView {
    let CalendarDay { on, hijri, is_weekend, marks } = day;
    let is_on = |seen: &&Seen| (seen.on.0..=seen.on.1).contains(&on);
    DayView {
        on,
        weekday: Weekday::of(on),
        hijri,
        is_weekend,
        marks: marks.into_iter().map(MarkView::from).collect(),
        activities: planned.iter().filter(is_on).map(|seen| seen.id).collect(),
    }
}

/// Makes a calendar that a program of your own reads by a secret address, until you end it.
#[utoipa::path(tag = "calendar", params(("Idempotency-Key" = String, Header)), request_body = FeedForm,
    responses((status = 201, description = "Made: the address is shown this once", body = FeedAddress)))]
#[post("/calendar-feeds")]
async fn make_calendar_feed(
    house: web::Data<House>,
    by: Actor<SeeCalendar>,
    key: IdempotencyKey,
    body: Body<FeedForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let unit = body.into_inner().unit;
    let (vault, who) = (house.vault.clone(), by.clone());
    let FeedMade { id } = house
        .once(&by, request, move |tx| Ok(FeedMade { id: super::make_feed(tx, &vault, &who, unit)? }))
        .await?;
    let url = format!("{}/api/v1/calendars/{}", house.settings.origin(), secret(&house.vault, id));
    Ok(HttpResponse::Created()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(FeedAddress { id, url }))
}

/// Your own feeds, oldest first, without their addresses.
#[utoipa::path(tag = "calendar", params(Paging),
    responses((status = 200, description = "A page", body = Page<FeedView>)))]
#[get("/calendar-feeds")]
async fn list_calendar_feeds(
    house: web::Data<House>,
    by: Actor<SeeCalendar>,
    query: Query<Paging>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (limit, who) = (query.limit.get(), by.clone());
    let rows = house.db.read(move |conn| super::feeds(conn, &who, after, limit + 1)).await?;
    let page = house.page(rows, limit, query.list(), |row| row.id.0, FeedView::from)?;
    Ok(HttpResponse::Ok().json(page))
}

/// Ends a feed of your own: its address is unknown from then on.
#[utoipa::path(tag = "calendar", params(("id" = CalendarFeedId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Nothing, responses((status = 200, description = "Ended", body = FeedEnded)))]
#[post("/calendar-feeds/{id}/end")]
async fn end_calendar_feed(
    house: web::Data<House>,
    by: Actor<SeeCalendar>,
    id: PathId<CalendarFeedId>,
    key: IdempotencyKey,
    body: Body<Nothing>,
) -> Answer {
    let request = key.of(by.user, &body);
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let ended = house
        .once(&by, request, move |tx| {
            super::end_feed(tx, &vault, &who, id)?;
            Ok(FeedEnded { id })
        })
        .await?;
    Ok(HttpResponse::Ok().json(ended))
}

/// The file behind a secret address, for a calendar program: it needs no token, and says when, never where or what.
#[utoipa::path(tag = "calendar", params(("secret" = String, Path)), security(()),
    responses((status = 200, description = "An iCalendar file", body = String, content_type = "text/calendar")))]
#[get("/calendars/{secret}")]
async fn read_calendar(house: web::Data<House>, secret: web::Path<String>, _none: NoQuery) -> Answer {
    let (vault, zone, now) = (house.vault.clone(), house.zone, house.db.now());
    let file = house.db.read(move |conn| super::read_feed(conn, &vault, zone, now, &secret)).await?;
    Ok(HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header((header::CACHE_CONTROL, "private, no-store"))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .body(file))
}

impl From<Mark> for MarkView {
    fn from(mark: Mark) -> Self {
        Self { kind: mark.kind, name_ar: mark.ar.to_string(), name_en: mark.en.to_string() }
    }
}

impl From<Closure> for RoadView {
    fn from(row: Closure) -> Self {
        let Closure { id, governorate, other, from, until, is_ended: _ } = row;
        Self { id, governorate, other, from, until }
    }
}

impl From<Seen> for EntryView {
    fn from(seen: Seen) -> Self {
        let open = seen.open;
        Self {
            id: seen.id,
            branch: seen.branch,
            status: seen.status,
            governorate: seen.governorate,
            from: seen.on.0,
            to: seen.on.1,
            starts_at: open.as_ref().map(|open| open.starts_at),
            ends_at: open.as_ref().map(|open| open.ends_at),
            unit: open.as_ref().map(|open| open.unit),
            title: open.and_then(|open| open.title),
        }
    }
}

impl From<Feed> for FeedView {
    fn from(row: Feed) -> Self {
        Self {
            id: row.id,
            unit: row.unit,
            made_at: row.made_at.and_utc(),
            ended_at: row.ended_at.map(|at| at.and_utc()),
        }
    }
}
