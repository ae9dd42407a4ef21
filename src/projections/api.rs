//! Projections over HTTP.

use actix_web::{HttpResponse, get, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_forecast::Change;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::level::Level;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use super::{Area, AreaOutlook, Ask, COMPONENTS, MOST_DAYS, Outlook, OutlookDay, Whole, assumptions};
use crate::accounts::{Actor, SeeProjections};
use crate::db::{Conn, off_loop};
use crate::http::{Answer, Freshness, House, Query, Speak};
use crate::texts;

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(look_ahead);
    super::scenarios::api::operations(config);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// Any but `cryoprecipitate`.
    component: Component,
    group: BloodGroup,
    #[serde(default)]
    #[param(inline, required = false)]
    days: Horizon,
    governorate: Option<Governorate>,
    region: Option<Region>,
}

/// Days ahead: 1 to 90, 28 unless told.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "i64")]
pub(super) struct Horizon(usize);

impl Default for Horizon {
    fn default() -> Self {
        Self(28)
    }
}

impl TryFrom<i64> for Horizon {
    type Error = Problem;
    fn try_from(days: i64) -> Result<Self> {
        let days = usize::try_from(days).ok().filter(|days| (1..=MOST_DAYS).contains(days));
        days.map(Self).ok_or_else(|| Problem::new(Code::OutOfRange))
    }
}

impl utoipa::PartialSchema for Horizon {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        utoipa::openapi::ObjectBuilder::new()
            .schema_type(utoipa::openapi::schema::Type::Integer)
            .minimum(Some(1))
            .maximum(Some(90))
            .default(Some(28.into()))
            .into()
    }
}
impl ToSchema for Horizon {}

/// What is asked, when it can be answered.
///
/// # Errors
/// `invalid_value` of a component that has no level, and of a governorate that is not in the region.
pub(super) fn asked(
    component: Component,
    group: BloodGroup,
    days: Horizon,
    governorate: Option<Governorate>,
    region: Option<Region>,
) -> Result<Ask> {
    let wrong = |field: &str| Problem::new(Code::InvalidValue).about(field, Code::InvalidValue);
    if !COMPONENTS.contains(&component) {
        return Err(wrong("component"));
    }
    if governorate.zip(region).is_some_and(|(place, region)| place.region() != region) {
        return Err(wrong("governorate"));
    }
    let area = governorate.map(Area::Governorate).or(region.map(Area::Region));
    Ok(Ask { component, group, area, days: days.0 })
}

#[derive(Debug, Serialize, ToSchema)]
struct ProjectionsView {
    as_of: DateTime<Utc>,
    component: Component,
    group: BloodGroup,
    /// Areas that cannot share blood stand beside each other; they are never summed.
    areas: Vec<AreaView>,
    #[serde(flatten)]
    fresh: Freshness,
    assumptions: Vec<AssumptionView>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AreaView {
    /// The code of a region, or of a governorate.
    area: &'static str,
    region: Region,
    /// The governorates that still reach each other, where closed roads leave no more of the region together.
    #[serde(skip_serializing_if = "Option::is_none")]
    island: Option<Vec<Governorate>>,
    /// On the shelf now: released, not expiring before tomorrow.
    units: u32,
    /// Units a day; absent where nothing ever moved, and then `days` is empty.
    average_daily_demand: Option<f64>,
    /// Of the days of the last four weeks of each governorate of the area, those on which nothing was heard of it though it
    /// usually is: they count with its usual day, or are left out, and never as zeros.
    silent_days: u32,
    /// What came was off to one side of the forecasts for weeks; absent where it was not.
    demand_changed: Option<OffForecastView>,
    supply_changed: Option<OffForecastView>,
    /// The first day whose expected level is red or black.
    first_red_or_black: Option<DireView>,
    /// Demand that is not met in the days asked for.
    shortage: Option<ShortageView>,
    /// Units that are expected to outdate in the days asked for.
    expected_outdated: f64,
    /// Units that published drives, and those of earlier ones that are being tested, are expected to bring in the
    /// days asked for.
    expected_of_drives: f64,
    /// Units that are expected to go to other groups in the days asked for, by the rule of issue, and to come from them.
    expected_lent: f64,
    expected_borrowed: f64,
    days: Vec<DayView>,
    /// Units that drives which are not published yet are expected to bring on top.
    expected_of_proposed: f64,
    /// The days with those; empty where there are none.
    days_with_proposed: Vec<DayView>,
}

/// An alarm: somebody should look why.
#[derive(Debug, Serialize, ToSchema)]
struct OffForecastView {
    /// More came than was expected, or less.
    rising: bool,
    /// Weeks since it rang, less than four.
    weeks_ago: u32,
}

impl From<Change> for OffForecastView {
    fn from(change: Change) -> Self {
        Self { rising: change.rising, weeks_ago: u32::try_from(change.weeks).unwrap_or(u32::MAX) }
    }
}

/// Demand that is not met.
#[derive(Debug, Serialize, ToSchema)]
struct ShortageView {
    /// The chance, 0 to 1, that there is any by the last day asked for.
    probability: f64,
    /// Units that are expected to be lacking.
    expected_units: f64,
    /// The day by whose close one path in ten has met it, and every second one; absent where they do not come to it.
    first_p10: Option<NaiveDate>,
    first_p50: Option<NaiveDate>,
}

#[derive(Debug, Serialize, ToSchema)]
struct DireView {
    on: NaiveDate,
    level: Level,
}

/// One day at its close.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProjectedDayView)]
struct DayView {
    on: NaiveDate,
    /// Units on hand: one path in twenty lies below.
    p5: f64,
    /// One path in ten lies below.
    p10: f64,
    p50: f64,
    /// One path in ten lies above.
    p90: f64,
    /// One path in twenty lies above.
    p95: f64,
    /// Days that the expected stock lasts from the next morning.
    days_of_cover: f64,
    /// It lasts at least so long; no further was looked.
    cover_capped: bool,
    level: Level,
    /// The chance, 0 to 1, that some demand up to this day is not met.
    unmet_probability: f64,
    /// Units of this day's demand that are expected to be lacking.
    expected_unmet: f64,
    /// Units that are expected to outdate this day.
    expected_outdated: f64,
}

#[derive(Debug, Serialize, ToSchema)]
struct AssumptionView {
    code: &'static str,
    text: String,
}

/// Units on hand ahead, area by area.
#[utoipa::path(tag = "reserve", params(Asked),
    responses((status = 200, description = "Bands by day and area", body = ProjectionsView)))]
#[get("/projections")]
async fn look_ahead(
    house: web::Data<House>,
    _by: Actor<SeeProjections>,
    speak: Speak,
    query: Query<Asked>,
) -> Answer {
    let ask = asked(query.component, query.group, query.days, query.governorate, query.region)?;
    let (given, fresh) = (house.given(ask.component).await?, house.freshness().await?);
    let now = given.now;
    let gathered =
        house.db.read(move |conn: &mut Conn| super::gather(conn, Whole::from(&ask), &given, &[])).await?;
    let areas = off_loop(move || Ok(gathered.group(ask.group))).await?;
    let codes = assumptions(areas.iter());
    Ok(HttpResponse::Ok().json(ProjectionsView {
        as_of: now,
        component: ask.component,
        group: ask.group,
        areas: areas.into_iter().map(AreaView::from).collect(),
        fresh,
        assumptions: codes
            .into_iter()
            .map(|code| AssumptionView { code, text: texts::word(speak.0, "assumption", code) })
            .collect(),
    }))
}

impl From<AreaOutlook> for AreaView {
    fn from(area: AreaOutlook) -> Self {
        let days = |outlook: Option<&Outlook>| -> Vec<DayView> {
            outlook.map(|outlook| outlook.days.iter().map(DayView::from).collect()).unwrap_or_default()
        };
        let outlook = area.outlook.as_ref();
        let sum = |outlook: Option<&Outlook>, of: fn(&OutlookDay) -> f64| {
            to_hundredths(outlook.map_or(0.0, |own| own.days.iter().map(of).sum()))
        };
        Self {
            area: area.area.code(),
            region: area.area.region(),
            island: area.area.island(),
            units: area.units,
            average_daily_demand: outlook.map(|outlook| to_hundredths(outlook.average_daily_demand)),
            silent_days: area.silent_days,
            demand_changed: outlook.and_then(|own| own.demand_change).map(OffForecastView::from),
            supply_changed: outlook.and_then(|own| own.supply_change).map(OffForecastView::from),
            first_red_or_black: outlook
                .and_then(|outlook| outlook.first_dire())
                .map(|day| DireView { on: day.on, level: day.level }),
            shortage: outlook.and_then(|own| {
                Some(ShortageView {
                    probability: to_hundredths(own.days.last()?.unmet_so_far),
                    expected_units: sum(outlook, |day| day.unmet),
                    first_p10: own.first_unmet(0.1),
                    first_p50: own.first_unmet(0.5),
                })
            }),
            expected_outdated: sum(outlook, |day| day.outdated),
            expected_of_drives: to_hundredths(area.from_drives.0),
            expected_lent: sum(outlook, |day| day.lent),
            expected_borrowed: sum(outlook, |day| day.borrowed),
            days: days(outlook),
            expected_of_proposed: to_hundredths(area.from_drives.1),
            days_with_proposed: days(area.with_proposed.as_ref()),
        }
    }
}

impl From<&OutlookDay> for DayView {
    fn from(day: &OutlookDay) -> Self {
        Self {
            on: day.on,
            p5: to_hundredths(day.on_hand.p5),
            p10: to_hundredths(day.on_hand.p10),
            p50: to_hundredths(day.on_hand.p50),
            p90: to_hundredths(day.on_hand.p90),
            p95: to_hundredths(day.on_hand.p95),
            days_of_cover: to_hundredths(day.cover.days()),
            cover_capped: day.cover.is_beyond(),
            level: day.level,
            unmet_probability: to_hundredths(day.unmet_so_far),
            expected_unmet: to_hundredths(day.unmet),
            expected_outdated: to_hundredths(day.outdated),
        }
    }
}

fn to_hundredths(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn horizons_end_at_ninety_days() {
        assert_eq!(Horizon::default().0, 28);
        assert!(Horizon::try_from(1).is_ok() && Horizon::try_from(90).is_ok());
        for days in [0, -1, 91, i64::MAX] {
            assert_eq!(Horizon::try_from(days).unwrap_err().code, Code::OutOfRange);
        }
    }
}
