//! The reserve over HTTP.

use actix_web::http::header::{self, AcceptEncoding, ContentEncoding, ContentType, Encoding, Header};
use actix_web::{HttpRequest, HttpResponse, get, web};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::level::Level;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use super::sources::Bytes;
use super::{Ask, By, Cell, DonorCount, Sources};
use crate::accounts::{Actor, SeeReserve};
use crate::db::off_loop;
use crate::http::{Answer, Freshness, House, Query};
use crate::projections::{Area, COMPONENTS};

/// Adds the operations.
pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(see_reserve);
    super::levels::api::operations(config);
    super::living::api::operations(config);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asked {
    /// `region` unless told; a named governorate is always shown as itself.
    by: Option<By>,
    governorate: Option<Governorate>,
    region: Option<Region>,
    /// Any but `cryoprecipitate`.
    component: Option<Component>,
    group: Option<BloodGroup>,
}

impl Asked {
    fn ask(&self) -> Result<Ask> {
        let wrong = |field: &str| Problem::new(Code::InvalidValue).about(field, Code::InvalidValue);
        if self.component.is_some_and(|component| !COMPONENTS.contains(&component)) {
            return Err(wrong("component"));
        }
        if self.governorate.zip(self.region).is_some_and(|(place, region)| place.region() != region) {
            return Err(wrong("governorate"));
        }
        if self.governorate.is_some() && self.by == Some(By::Region) {
            return Err(wrong("by"));
        }
        let within = self.governorate.map(Area::Governorate).or(self.region.map(Area::Region));
        Ok(Ask { by: self.by.unwrap_or(By::Region), within, component: self.component, group: self.group })
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct ReserveView {
    as_of: DateTime<Utc>,
    /// By area, then component, then group. Areas of different regions are never summed.
    cells: Vec<CellView>,
    #[serde(flatten)]
    fresh: Freshness,
}

#[derive(Debug, Serialize, ToSchema)]
struct CellView {
    /// The code of a region, or of a governorate.
    area: &'static str,
    region: Region,
    /// The governorates that still reach each other, where closed roads leave no more of the region together.
    #[serde(skip_serializing_if = "Option::is_none")]
    island: Option<Vec<Governorate>>,
    component: Component,
    blood_group: BloodGroup,
    /// Released, not expiring before tomorrow.
    usable_units: u32,
    /// Of those, the ones that expire within three days.
    expiring_3_days: u32,
    /// What was usable as the day began that lies seven days back.
    usable_units_7_days_ago: u32,
    /// Units a day: the higher of the 28-day and the 7-day mean, at least 0.1. Absent (with the two after
    /// it) where nothing of the component moved for 28 days.
    average_daily_demand: Option<f64>,
    /// Days that the shelf meets that demand, first to expire first.
    days_of_cover: Option<f64>,
    /// The shelf lasts at least so long; no further was looked.
    cover_capped: Option<bool>,
    /// What stands: a worse level at once, a better one when it lasted (`GET /reserve/levels`).
    level: Level,
    /// Since when it stands; absent where the ledger does not have it yet.
    level_since: Option<DateTime<Utc>>,
    /// By the figures of this moment; `unknown` where nobody reported for 28 days, or nothing was heard of any site
    /// for longer than may be.
    level_now: Level,
    donors: DonorsView,
}

/// Donors who may give; they stand beside the units and are never added to them.
#[derive(Debug, Serialize, ToSchema)]
struct DonorsView {
    donation_type: DonationType,
    /// `region`: too few of the group are registered in the cell's own area to show its figure.
    shown_for: By,
    eligible_day_0: CountView,
    eligible_day_3: CountView,
    eligible_day_7: CountView,
}

/// A count, or `under_20`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum CountView {
    Exact(u32),
    Marked(Marked),
}

shiryan_kernel::word! {
    /// Why there is no figure.
    enum Marked {
        /// Fewer than twenty donors of the group are registered there.
        Under20 = "under_20",
    }
}

/// How deep the reserve is, cell by cell.
#[utoipa::path(tag = "reserve", params(Asked),
    responses((status = 200, description = "Cells", body = ReserveView)))]
#[get("/reserve")]
async fn see_reserve(
    house: web::Data<House>,
    _by: Actor<SeeReserve>,
    query: Query<Asked>,
    request: HttpRequest,
) -> Answer {
    let ask = query.ask()?;
    let said = match house.reserve.said(&ask) {
        Some(said) => {
            if let Some(renewal) = said.is_due.then(|| house.reserve.renew()).flatten() {
                let sources = house.reserve.clone();
                actix_web::rt::spawn(off_loop(move || {
                    let told = say(&sources, ask);
                    drop(renewal);
                    told
                }));
            }
            said.bytes
        }
        None => {
            let sources = house.reserve.clone();
            off_loop(move || say(&sources, ask)).await?
        }
    };
    let mut answer = HttpResponse::Ok();
    answer.content_type(ContentType::json()).insert_header((header::VARY, "accept-encoding"));
    // What many ask for is made smaller once, not for each of them.
    Ok(match takes_gzip(&request).then(|| said.gzip()).flatten() {
        Some(gzip) => answer.insert_header(ContentEncoding::Gzip).body(web::Bytes::from_owner(gzip)),
        None => answer.body(web::Bytes::from_owner(said.plain)),
    })
}

fn takes_gzip(request: &HttpRequest) -> bool {
    let offered = [Encoding::identity(), Encoding::gzip()];
    AcceptEncoding::parse(request)
        .is_ok_and(|asked| asked.negotiate(offered.iter()) == Some(Encoding::gzip()))
}

/// The answer's bytes, kept for whoever asks the same before anything changes.
fn say(sources: &Sources, ask: Ask) -> Result<Bytes> {
    let facts = sources.facts()?;
    let picture = facts.picture(&ask, &sources.levels);
    let view = ReserveView {
        as_of: picture.as_of,
        cells: picture.cells.iter().map(CellView::from).collect(),
        fresh: Freshness::from(&*facts),
    };
    let bytes = Bytes::new(serde_json::to_vec(&view).map_err(Problem::internal)?);
    sources.keep(ask, &facts, &bytes);
    Ok(bytes)
}

impl From<&Cell> for CellView {
    fn from(cell: &Cell) -> Self {
        let count = |day: fn(&[u32; 3]) -> u32| match &cell.donors.count {
            DonorCount::Exact(on) => CountView::Exact(day(on)),
            DonorCount::Under20 => CountView::Marked(Marked::Under20),
        };
        Self {
            area: cell.area.code(),
            region: cell.area.region(),
            island: cell.area.island(),
            component: cell.component,
            blood_group: cell.group,
            usable_units: cell.usable_units,
            expiring_3_days: cell.expiring_3_days,
            usable_units_7_days_ago: cell.usable_units_7_days_ago,
            average_daily_demand: cell.demand.map(|demand| to_hundredths(demand.average)),
            days_of_cover: cell.demand.map(|demand| to_hundredths(demand.cover.days())),
            cover_capped: cell.demand.map(|demand| demand.cover.is_beyond()),
            level: cell.level,
            level_since: cell.level_since,
            level_now: cell.level_now,
            donors: DonorsView {
                donation_type: cell.donors.donation,
                shown_for: cell.donors.shown_for,
                eligible_day_0: count(|[day, _, _]| *day),
                eligible_day_3: count(|[_, day, _]| *day),
                eligible_day_7: count(|[_, _, day]| *day),
            },
        }
    }
}

fn to_hundredths(figure: f64) -> f64 {
    (figure * 100.0).round() / 100.0
}
