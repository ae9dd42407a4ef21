//! Branches and activities over HTTP.

mod absences;
mod amend;
mod branches;
mod links;
mod report;
mod steps;

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shiryan_kernel::branch::fields::Part;
use shiryan_kernel::branch::{Branch, PhysicalLoad};
use shiryan_kernel::ids::{ActivityId, UnitId};
use shiryan_kernel::page::Page;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::{Code, Result};
use utoipa::{IntoParams, ToSchema};

use super::rules::details::Details;
use super::rules::{self, Days};
use super::{Filter, Key, MOST_UNITS, NewActivity, Open, PlaceText, Seen, Title};
use crate::accounts::{Actor, PlanActivities, SeeActivities};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, PathId, Query, etag};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config
        .service(branches::list_branches)
        .service(create_activity)
        .service(list_activities)
        // Before an activity's own path, which would take the word for an id.
        .service(report::get_report)
        .service(get_activity)
        .service(amend::amend)
        .service(steps::approve)
        .service(steps::start)
        .service(steps::finish)
        .service(steps::cancel)
        .service(links::list_links)
        .service(links::link)
        .service(links::unlink)
        .service(absences::enter)
        .service(absences::list_absences)
        .service(absences::withdraw);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ActivityForm {
    /// Any but `blood_donation`, which is planned by `POST /drives`.
    branch: Branch,
    /// 1 to 120 characters.
    title: String,
    governorate: Governorate,
    /// 1 to 200 characters.
    place: Option<String>,
    /// With its offset from UTC.
    starts_at: DateTime<Utc>,
    /// After `starts_at`, 60 days later at most.
    ends_at: DateTime<Utc>,
    /// The unit that organises it; a medic's own.
    unit: UnitId,
    /// Others that take part, 50 at most; a medic's own.
    #[serde(default)]
    units: Vec<UnitId>,
    /// What the work asks of a body: the branch's usual loads unless told.
    loads: Option<Vec<PhysicalLoad>>,
    /// The branch's facts by their codes, as `GET /branches` lists them.
    #[serde(default)]
    #[schema(value_type = Object)]
    facts: Map<String, Value>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct ActivityMade {
    id: ActivityId,
    status: ActivityStatus,
}

/// An activity. Who may know no more of a drive, or of a visit to people at home, than its day and governorate gets
/// `null` from `title` on.
#[derive(Debug, Serialize, ToSchema)]
struct ActivityView {
    id: ActivityId,
    /// For `If-Match`.
    version: i64,
    branch: Branch,
    status: ActivityStatus,
    governorate: Governorate,
    /// First civil day.
    from: NaiveDate,
    /// Last civil day.
    to: NaiveDate,
    title: Option<String>,
    place: Option<String>,
    starts_at: Option<DateTime<Utc>>,
    ends_at: Option<DateTime<Utc>>,
    unit: Option<UnitId>,
    /// Others that take part.
    units: Option<Vec<UnitId>>,
    loads: Option<Vec<PhysicalLoad>>,
    /// Confidential fields only for those who run it, those who take part and command.
    #[schema(value_type = Option<Object>)]
    facts: Option<Map<String, Value>>,
    #[schema(value_type = Option<Object>)]
    outcomes: Option<Map<String, Value>>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    branch: Option<Branch>,
    governorate: Option<Governorate>,
    /// Activities that touch this civil day or a later one.
    from: Option<NaiveDate>,
    /// Activities that touch this civil day or an earlier one.
    to: Option<NaiveDate>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// Plans an activity. A medic's is `proposed`, command's `approved`.
#[utoipa::path(tag = "activities", params(("Idempotency-Key" = String, Header)), request_body = ActivityForm,
    responses((status = 201, description = "Made", body = ActivityMade)))]
#[post("/activities")]
async fn create_activity(
    house: web::Data<House>,
    by: Actor<PlanActivities>,
    key: IdempotencyKey,
    body: Body<ActivityForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let new = parse(body.into_inner())?;
    let (vault, who) = (house.vault.clone(), by.clone());
    let made = house
        .once(&by, request, move |tx| {
            let (id, status) = super::plan(tx, &vault, &who, &new)?;
            Ok(ActivityMade { id, status })
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

fn parse(form: ActivityForm) -> Result<NewActivity> {
    rules::without_drives(form.branch)?;
    let mut faults = Faults::none();
    let title = faults.keep("title", Title::parse(&form.title));
    let place = form.place.as_deref().and_then(|place| faults.keep("place", PlaceText::parse(place)));
    rules::check_span(&mut faults, form.starts_at, form.ends_at);
    check_lists(&mut faults, Some(&form.units), form.loads.as_deref());
    let mut details = Details::default();
    details.amend(&mut faults, form.branch, Part::Facts, &form.facts);
    let title = faults.give(title)?;
    Ok(NewActivity {
        branch: form.branch,
        title: Some(title),
        governorate: form.governorate,
        place,
        starts_at: form.starts_at,
        ends_at: form.ends_at,
        unit: form.unit,
        units: form.units,
        loads: form.loads.unwrap_or_else(|| form.branch.usual_loads().to_vec()),
        details,
    })
}

/// Notes too many units and loads that come twice.
fn check_lists(faults: &mut Faults, units: Option<&[UnitId]>, loads: Option<&[PhysicalLoad]>) {
    if units.is_some_and(|units| units.len() > MOST_UNITS) {
        faults.add("units", Code::OutOfRange);
    }
    let twice =
        |(place, load)| loads.iter().flat_map(|all| all.iter()).take(place).any(|other| other == load);
    if loads.is_some_and(|loads| loads.iter().enumerate().any(twice)) {
        faults.add("loads", Code::InvalidValue);
    }
}

/// Activities by start. The place is shown to the units that organise or take part and to command; of a drive, to
/// those who run it alone.
#[utoipa::path(tag = "activities", params(Asked), responses((status = 200, description = "A page", body = Page<ActivityView>)))]
#[get("/activities")]
async fn list_activities(house: web::Data<House>, by: Actor<SeeActivities>, query: Query<Asked>) -> Answer {
    let after = house.after::<Key>(query.cursor.as_deref(), query.list())?;
    let filter = Filter {
        branch: query.branch,
        governorate: query.governorate,
        days: Days::parse(query.from, query.to)?,
    };
    let (limit, who, vault, zone) = (query.limit.get(), by.clone(), house.vault.clone(), house.zone);
    let rows =
        house.db.read(move |conn| super::list(conn, &vault, zone, &who, &filter, after, limit + 1)).await?;
    let page =
        house.page(rows, limit, query.list(), |(key, _)| *key, |(_, seen)| ActivityView::from(seen))?;
    Ok(HttpResponse::Ok().json(page))
}

/// One activity, as in the list.
#[utoipa::path(tag = "activities", params(("id" = ActivityId, Path)),
    responses((status = 200, description = "The activity; its version as `ETag`", body = ActivityView)))]
#[get("/activities/{id}")]
async fn get_activity(
    house: web::Data<House>,
    by: Actor<SeeActivities>,
    id: PathId<ActivityId>,
    _query: NoQuery,
) -> Answer {
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let seen = house.db.read(move |conn| super::get(conn, &vault, zone, &who, id.0)).await?;
    Ok(HttpResponse::Ok().insert_header(etag(seen.version)).json(ActivityView::from(seen)))
}

impl From<Seen> for ActivityView {
    fn from(seen: Seen) -> Self {
        let Seen { id, version, branch, status, governorate, on: (from, to), open } = seen;
        let bare = Self {
            id,
            version,
            branch,
            status,
            governorate,
            from,
            to,
            title: None,
            place: None,
            starts_at: None,
            ends_at: None,
            unit: None,
            units: None,
            loads: None,
            facts: None,
            outcomes: None,
        };
        match open {
            None => bare,
            Some(Open { title, place, starts_at, ends_at, unit, units, loads, facts, outcomes }) => Self {
                title,
                place,
                starts_at: Some(starts_at),
                ends_at: Some(ends_at),
                unit: Some(unit),
                units: Some(units),
                loads: Some(loads),
                facts: Some(facts),
                outcomes: Some(outcomes),
                ..bare
            },
        }
    }
}
