//! Levels over HTTP: what is done at each, and every change.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::LevelChangeId;
use shiryan_kernel::level::Level;
use shiryan_kernel::page::Page;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::role::Role;
use utoipa::{IntoParams, ToSchema};

use super::{Action, Change, Plan, Wanted};
use crate::accounts::{Actor, SeeReserve};
use crate::http::{Answer, House, Limit, NoQuery, Query};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(see_levels).service(list_changes);
}

/// What levels mean in this house.
#[derive(Debug, Serialize, ToSchema)]
struct LevelsView {
    /// A level is left when the reserve stood above it for so long, in hours; a worse one is entered at once.
    leave_after_hours: i64,
    /// Where nothing was heard for so many hours the level is `unknown`.
    silent_after_hours: i64,
    /// From green to unknown.
    levels: Vec<LevelView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct LevelView {
    level: Level,
    /// Days of cover from which it holds; absent for `black` and `unknown`.
    least_days: Option<f64>,
    /// The same of platelets.
    least_days_platelets: Option<f64>,
    /// The role that sees to it.
    owner: Role,
    actions: Vec<ActionView>,
}

#[derive(Debug, Serialize, ToSchema)]
struct ActionView {
    ar: String,
    en: String,
}

/// What each level means, who sees to it and what is done.
#[utoipa::path(tag = "reserve", responses((status = 200, description = "Levels", body = LevelsView)))]
#[get("/reserve/levels")]
async fn see_levels(house: web::Data<House>, _by: Actor<SeeReserve>, _none: NoQuery) -> Answer {
    let levels = &house.levels;
    let least = |component: Component, at: usize| levels.bands.of(component).get(at).copied();
    let view = |(at, plan): (usize, &Plan)| LevelView {
        level: plan.level,
        least_days: least(Component::RedCells, at),
        least_days_platelets: least(Component::Platelets, at),
        owner: plan.owner,
        actions: plan.actions.iter().map(ActionView::from).collect(),
    };
    Ok(HttpResponse::Ok().json(LevelsView {
        leave_after_hours: levels.leave_after().num_hours(),
        silent_after_hours: levels.silent_after().num_hours(),
        levels: levels.plans.iter().enumerate().map(view).collect(),
    }))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    component: Option<Component>,
    group: Option<BloodGroup>,
    /// Only changes to this level.
    level: Option<Level>,
    /// The governorate's own cells alone.
    governorate: Option<Governorate>,
    /// The region and all of its parts.
    region: Option<Region>,
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// A change of a level.
#[derive(Debug, Serialize, ToSchema)]
struct ChangeView {
    id: LevelChangeId,
    at: DateTime<Utc>,
    /// The code of a region, or of a governorate.
    area: &'static str,
    region: Region,
    /// The governorates that still reached each other, where closed roads left no more of the region together.
    #[serde(skip_serializing_if = "Option::is_none")]
    island: Option<Vec<Governorate>>,
    component: Component,
    blood_group: BloodGroup,
    level: Level,
    /// Absent: the first that was known.
    was: Option<Level>,
    /// The role that sees to the level.
    owner: Option<Role>,
    /// What was seen when it changed: units on the shelf, units a day, days of cover.
    usable_units: u32,
    average_daily_demand: Option<f64>,
    days_of_cover: Option<f64>,
}

/// Changes of levels, the newest first.
#[utoipa::path(tag = "reserve", params(Asked),
    responses((status = 200, description = "A page", body = Page<ChangeView>)))]
#[get("/reserve/changes")]
async fn list_changes(house: web::Data<House>, _by: Actor<SeeReserve>, query: Query<Asked>) -> Answer {
    let before = house.after::<i64>(query.cursor.as_deref(), query.list())?;
    let limit = query.limit.get();
    let Asked { component, group, level, governorate, region, .. } = *query;
    let wanted = Wanted { component, group, level, governorate, region };
    let rows = house.db.read(move |conn| super::changes(conn, &wanted, before, limit + 1)).await?;
    let plans = &house.levels.plans;
    let owner = |level: Level| plans.iter().find(|plan| plan.level == level).map(|plan| plan.owner);
    let page = house.page(
        rows,
        limit,
        query.list(),
        |row| row.id.0,
        |row| {
            let owner = owner(row.level);
            ChangeView::of(row, owner)
        },
    )?;
    Ok(HttpResponse::Ok().json(page))
}

impl ChangeView {
    fn of(row: Change, owner: Option<Role>) -> Self {
        let (area, component, blood_group) = row.cell;
        let to_hundredths = |figure: f64| (figure * 100.0).round() / 100.0;
        Self {
            id: row.id,
            at: row.at,
            area: area.code(),
            region: area.region(),
            island: area.island(),
            component,
            blood_group,
            level: row.level,
            was: row.was,
            owner,
            usable_units: row.usable_units,
            average_daily_demand: row.average_daily_demand.map(to_hundredths),
            days_of_cover: row.days_of_cover.map(to_hundredths),
        }
    }
}

impl From<&Action> for ActionView {
    fn from(action: &Action) -> Self {
        Self { ar: action.ar.clone(), en: action.en.clone() }
    }
}
