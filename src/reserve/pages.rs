//! The page of the reserve: can we cover tonight? Days of cover of every group on one scale, worst
//! first, region by region; donors beside the units and never added to them.

mod country;
mod find;
mod sheet;
mod view;

use actix_web::{HttpRequest, web};
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::level::Level;
use shiryan_kernel::place::Region;
use shiryan_kernel::{Code, Problem, Result};

use super::levels::Plan;
use super::{Ask, Cell, Site};
use crate::accounts::{Actor, SeeReserve};
use crate::db::off_loop;
use crate::http::{Answer, House, query};
use crate::projections::COMPONENTS;
use crate::sheets::Format;
use crate::texts::Lang;
use crate::web::{Choice, Frame, Group, Say, Time, Visitor};
use view::{Callable, Card, Row, Scale, Square};

/// The worst cells that stand as cards.
const CARDS: usize = 3;
/// The most silent sites that are named.
const NAMED: usize = 6;

/// What the page is asked by its filters.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    component: Option<Component>,
    /// The region that is drawn large; the worst one unless told.
    region: Option<Region>,
    /// The region's table as a file.
    format: Option<Format>,
}

/// What a level asks for.
struct ToDo {
    level: &'static str,
    level_word: String,
    owner: String,
    actions: Vec<String>,
}

/// One group across all regions.
struct Across {
    group: Group,
    name: String,
    squares: Vec<Square>,
}

#[derive(Template)]
#[template(path = "reserve.html")]
struct Page {
    frame: Frame,
    at: Time,
    day: String,
    component: Component,
    component_name: String,
    components: Vec<Choice>,
    regions: Vec<Choice>,
    region_name: String,
    has_donors: bool,
    scale: Scale,
    cards: Vec<Card>,
    /// What is to be done by whom at the levels of the cards.
    todo: Vec<ToDo>,
    /// Whether any cell is known at all.
    is_known: bool,
    rows: Vec<Row>,
    across: Vec<Across>,
    silent: Vec<String>,
    silent_more: i64,
}

/// Adds the pages; the reserve itself is a first page.
pub fn pages(config: &mut web::ServiceConfig) {
    config.route("/find", web::get().to(find::find));
    config.route("/where", web::get().to(country::country)).route("/emergency", web::get().to(sheet::sheet));
}

/// The reserve.
///
/// # Errors
/// `forbidden`; `invalid_value` for a component that has no level; as any read.
pub async fn tonight(house: &House, visitor: &Visitor, asked: Asked) -> Answer {
    let _by: Actor<SeeReserve> = visitor.seat()?;
    let component = asked.component.unwrap_or(Component::RedCells);
    if !COMPONENTS.contains(&component) {
        return Err(Problem::field("component", Code::InvalidValue).into());
    }
    let (zone, sources) = (house.zone, house.reserve.clone());
    let picture = off_loop(move || super::picture(&sources, &Ask::regions(component, None))).await?;
    let frame = Frame::of(house, visitor, "reserve-title");
    let say = frame.say;
    let scale = Scale::of(&house.levels.bands, component);
    let mut cells = picture.cells;
    view::worst_first(&mut cells);
    let region =
        asked.region.or(cells.first().map(|cell| cell.area.region())).unwrap_or(Region::WestBankNorth);
    let (silent, silent_more) = silent(visitor.lang, &picture.silent, NAMED);
    let page = Page {
        at: Time(picture.as_of, zone),
        day: say.day(zone.date(picture.as_of)),
        component,
        component_name: say.word("component", component.code()),
        components: Choice::words(
            say,
            "component",
            COMPONENTS.iter().map(|own| own.code()),
            component.code(),
        ),
        regions: Choice::words(say, "region", Region::ALL.iter().map(|own| own.code()), region.code()),
        region_name: say.word("region", region.code()),
        has_donors: region.has_donors(),
        todo: todo(house, say, visitor.lang, &cells),
        cards: view::lacking(&cells).take(CARDS).map(|cell| Card::of(say, scale, cell)).collect(),
        is_known: cells.iter().any(|cell| cell.demand.is_some()),
        rows: cells
            .iter()
            .filter(|cell| cell.area.region() == region)
            .map(|cell| Row::of(say, scale, cell))
            .collect(),
        across: across(&frame, &cells),
        silent,
        silent_more,
        scale,
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(house, format, view::table(say, &page.region_name, &page.rows)).await,
        None => Ok(visitor.page(&page)?),
    }
}

/// The plans of the levels that the cards show, the worst first.
fn todo(house: &House, say: Say, lang: Lang, cells: &[Cell]) -> Vec<ToDo> {
    let mut shown: Vec<Level> = view::lacking(cells).take(CARDS).map(|cell| cell.level).collect();
    shown.dedup();
    let plans = &house.levels.plans;
    let plan_of = |level: Level| plans.iter().find(|plan| plan.level == level);
    let told = |plan: &Plan| ToDo {
        level: plan.level.code(),
        level_word: say.word("level", plan.level.code()),
        owner: say.word("role", plan.owner.code()),
        actions: plan.actions.iter().map(|action| action.in_language(lang).to_owned()).collect(),
    };
    shown.into_iter().filter_map(plan_of).map(told).collect()
}

/// The filters of a request.
///
/// # Errors
/// As any query.
pub fn asked(request: &HttpRequest) -> Result<Asked> {
    query::parse(request.query_string())
}

fn across(frame: &Frame, cells: &[Cell]) -> Vec<Across> {
    let square = |group: BloodGroup, region: Region| {
        let cell = cells.iter().find(|cell| cell.group == group && cell.area.region() == region);
        Square::of(frame.say, cell)
    };
    BloodGroup::ALL
        .iter()
        .map(|group| Across {
            group: Group(*group),
            name: frame.say.word("blood-group", group.code()),
            squares: Region::ALL.iter().map(|region| square(*group, *region)).collect(),
        })
        .collect()
}

/// The first silent sites by name, and how many more there are.
fn silent(lang: Lang, sites: &[Site], most: usize) -> (Vec<String>, i64) {
    let name = |site: &Site| match lang {
        Lang::Ar => site.name_ar.clone(),
        Lang::En => site.name_en.clone(),
    };
    let more = sites.len().saturating_sub(most);
    (sites.iter().take(most).map(name).collect(), i64::try_from(more).unwrap_or(i64::MAX))
}
