//! Branches and activities over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::branch::{Branch, PhysicalLoad};
use shiryan_kernel::ids::{ActivityId, UnitId};
use shiryan_kernel::page::Page;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::ActivityStatus;
use utoipa::{IntoParams, ToSchema};

use super::rules::{self, Days};
use super::{Details, Filter, Key, NewActivity, PlaceText, Seen, Title};
use crate::accounts::{Actor, PlanActivities, SeeActivities, SignedIn};
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, NoQuery, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(list_branches).service(create_activity).service(list_activities);
}

#[derive(Debug, Serialize, ToSchema)]
struct BranchView {
    code: Branch,
    name_ar: &'static str,
    name_en: &'static str,
    /// What its work asks of a body unless the activity says otherwise.
    usual_loads: Vec<LoadView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LoadView {
    code: PhysicalLoad,
    name_ar: &'static str,
    name_en: &'static str,
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
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
struct ActivityMade {
    id: ActivityId,
    status: ActivityStatus,
}

/// An activity. Who may know no more of a drive than its day and governorate gets `null` for the rest.
#[derive(Debug, Serialize, ToSchema)]
struct ActivityView {
    id: ActivityId,
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

/// The ten branches of the programme.
#[utoipa::path(tag = "activities", responses((status = 200, description = "All ten", body = Vec<BranchView>)))]
#[get("/branches")]
async fn list_branches(_by: Actor<SignedIn>, _query: NoQuery) -> Answer {
    let branches: Vec<BranchView> = Branch::ALL.iter().copied().map(BranchView::from).collect();
    Ok(HttpResponse::Ok().json(branches))
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
    let form = body.into_inner();
    rules::without_drives(form.branch)?;
    let mut faults = Faults::none();
    let title = faults.keep("title", Title::parse(&form.title));
    let place = form.place.as_deref().and_then(|place| faults.keep("place", PlaceText::parse(place)));
    rules::check_span(&mut faults, form.starts_at, form.ends_at);
    let title = faults.give(title)?;
    let new = NewActivity {
        branch: form.branch,
        title: Some(title),
        governorate: form.governorate,
        place,
        starts_at: form.starts_at,
        ends_at: form.ends_at,
        unit: form.unit,
    };
    let (vault, who) = (house.vault.clone(), by.clone());
    let made = house
        .once(&by, request, move |tx| {
            let (id, status) = super::plan(tx, &vault, &who, &new)?;
            Ok(ActivityMade { id, status })
        })
        .await?;
    Ok(HttpResponse::Created().json(made))
}

/// Activities by start. The place is shown to the organising unit and to command; of a drive, to those
/// who run it alone.
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

impl From<Branch> for BranchView {
    fn from(branch: Branch) -> Self {
        let load =
            |load: &PhysicalLoad| LoadView { code: *load, name_ar: load.name_ar(), name_en: load.name_en() };
        Self {
            code: branch,
            name_ar: branch.name_ar(),
            name_en: branch.name_en(),
            usual_loads: branch.usual_loads().iter().map(load).collect(),
        }
    }
}

impl From<Seen> for ActivityView {
    fn from(seen: Seen) -> Self {
        let Seen { id, branch, status, governorate, on: (from, to), details } = seen;
        let bare = Self {
            id,
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
        };
        match details {
            None => bare,
            Some(Details { title, place, starts_at, ends_at, unit }) => Self {
                title,
                place,
                starts_at: Some(starts_at),
                ends_at: Some(ends_at),
                unit: Some(unit),
                ..bare
            },
        }
    }
}
