//! The living reserve over HTTP.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::{Code, Problem};
use utoipa::{IntoParams, ToSchema};

use super::{Came, GroupWithin, HORIZONS, Living, OfGroup, Within};
use crate::accounts::{Actor, SeeReserve};
use crate::db::off_loop;
use crate::http::{Answer, Freshness, House, Query};
use crate::projections::COMPONENTS;
use crate::reserve::rules::donation_for;

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(see_living);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Any but `cryoprecipitate`.
    component: Component,
    region: Option<Region>,
}

/// Donors who could be called now, beside the shelf; nothing here is a tested unit.
#[derive(Debug, Serialize, ToSchema)]
struct LivingView {
    as_of: DateTime<Utc>,
    component: Component,
    /// The donation that feeds it.
    donation_type: DonationType,
    /// One for each region, or what closed roads leave of it; never summed.
    areas: Vec<AreaView>,
    #[serde(flatten)]
    fresh: Freshness,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LivingAreaView)]
struct AreaView {
    /// The code of a region, or of a governorate.
    area: &'static str,
    region: Region,
    /// The governorates that still reach each other, where closed roads leave no more of the region together.
    #[serde(skip_serializing_if = "Option::is_none")]
    island: Option<Vec<Governorate>>,
    /// Blood banks where donors are bled; without one nobody is.
    sites: u32,
    groups: Vec<GroupView>,
    /// All groups, within 2, 6, 24 and 72 hours of a call.
    within: Vec<WithinView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct GroupView {
    blood_group: BloodGroup,
    /// On the shelf, beside the donors and never added to them.
    usable_units: u32,
    /// Units that the shelf lacks of its target; absent where nobody knows the demand.
    missing_units: Option<u32>,
    /// Donors who may give today, do not refuse to be called, are not booked or on duty in the next 72 hours and whose
    /// unit is there. Absent where fewer than 20 of the group are registered: they count in no figure here.
    callable: Option<u32>,
    within: Vec<GroupWithinView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct GroupWithinView {
    /// Hours after a call.
    hours: i64,
    /// Units on average; absent as `callable`.
    expected: Option<f64>,
    /// Units that come in nine of ten calls.
    p10: Option<u32>,
    /// Units of donors whose blood fits a recipient of this group, if it went to nobody else: the sum of their `p10`.
    /// One donor stands in several of these.
    alone: u32,
    /// Of the missing units, those that are met when each donor serves one group and all that lacks is served at once.
    jointly: u32,
}

#[derive(Debug, Serialize, ToSchema)]
struct WithinView {
    hours: i64,
    /// What is given by then has no results before this moment.
    untested_until: DateTime<Utc>,
    /// What the sites can bleed in that time.
    at_most: u32,
    expected: f64,
    p10: u32,
    jointly: u32,
}

/// Donors who could give now, by group and time, beside the shelf.
#[utoipa::path(tag = "reserve", params(Asked),
    responses((status = 200, description = "The living reserve", body = LivingView)))]
#[get("/reserve/living")]
async fn see_living(house: web::Data<House>, _by: Actor<SeeReserve>, query: Query<Asked>) -> Answer {
    let (component, region) = (query.component, query.region);
    if !COMPONENTS.contains(&component) {
        return Err(Problem::new(Code::InvalidValue).about("component", Code::InvalidValue).into());
    }
    let sources = house.reserve.clone();
    let (facts, areas) = off_loop(move || super::living(&sources, component, region)).await?;
    Ok(HttpResponse::Ok().json(LivingView {
        as_of: facts.as_of,
        fresh: Freshness::from(&*facts),
        component,
        donation_type: donation_for(component),
        areas: areas.into_iter().map(AreaView::from).collect(),
    }))
}

fn to_tenths(figure: f64) -> f64 {
    (figure * 10.0).round() / 10.0
}

impl From<Living> for AreaView {
    fn from(living: Living) -> Self {
        Self {
            area: living.area.code(),
            region: living.area.region(),
            island: living.area.island(),
            sites: living.sites,
            groups: living.groups.into_iter().map(GroupView::from).collect(),
            within: living.within.into_iter().map(WithinView::from).collect(),
        }
    }
}

impl From<OfGroup> for GroupView {
    fn from(own: OfGroup) -> Self {
        let within = |(hours, within): (i64, GroupWithin)| GroupWithinView {
            hours,
            expected: within.came.map(|came| to_tenths(came.expected)),
            p10: within.came.map(|came| came.p10),
            alone: within.alone,
            jointly: within.jointly,
        };
        Self {
            blood_group: own.group,
            usable_units: own.usable_units,
            missing_units: own.missing_units,
            callable: own.callable,
            within: HORIZONS.into_iter().zip(own.within).map(within).collect(),
        }
    }
}

impl From<Within> for WithinView {
    fn from(within: Within) -> Self {
        let Within { hours, untested_until, at_most, came: Came { expected, p10 }, jointly } = within;
        Self { hours, untested_until, at_most, expected: to_tenths(expected), p10, jointly }
    }
}
