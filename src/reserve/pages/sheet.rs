//! Mass casualty: one sheet to be printed. What lies on the shelves, and beside it how many of those who could be called
//! come within hours; the two are never added up, and no region counts another's.

use actix_web::web;
use askama::Template;
use shiryan_kernel::blood::Component;
use shiryan_kernel::place::Governorate;

use crate::accounts::{Actor, SeeReserve};
use crate::db::off_loop;
use crate::http::{Answer, House, NoQuery};
use crate::reserve::living::{self, HORIZONS};
use crate::roster::{self, SummaryCell};
use crate::web::{Frame, Group, Say, Time, Visitor};

/// One group of a region.
struct Row {
    group: Group,
    name: String,
    units: u32,
    /// Who could be called; nothing where too few are registered.
    callable: Option<u32>,
    /// Units that come within each of the hours: in nine of ten calls, and on average.
    within: Vec<Option<(u32, String)>>,
}

/// The shelves of one governorate, by component.
struct Site {
    name: String,
    units: Vec<i64>,
}

/// One region, or what closed roads leave of it.
struct Area {
    name: String,
    sites: u32,
    rows: Vec<Row>,
    /// The most that can be bled within each of the hours.
    at_most: Vec<u32>,
    shelves: Vec<Site>,
}

#[derive(Template)]
#[template(path = "sheet.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    hours: Vec<String>,
    components: Vec<String>,
    areas: Vec<Area>,
}

pub async fn sheet(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    let by: Actor<SeeReserve> = visitor.seat()?;
    let (who, zone, sources) = (by.clone(), house.zone, house.reserve.clone());
    let (facts, found) = off_loop(move || living::living(&sources, Component::RedCells, None)).await?;
    let now = facts.as_of;
    let shelves = house.roster(move |index| roster::summary(&index.units, zone, &who, now)).await?.areas;
    let frame = Frame::of(&house, &visitor, "sheet-title");
    let say = frame.say;
    let site = |governorate: Governorate| {
        let own = shelves.iter().find(|area| area.governorate == Some(governorate));
        own.map(|own| Site { name: say.word("governorate", governorate.code()), units: usable(&own.cells) })
    };
    let areas = found.iter().map(|own| Area {
        name: say.area(own.area),
        sites: own.sites,
        rows: own.groups.iter().map(|group| row(say, group)).collect(),
        at_most: own.within.iter().map(|within| within.at_most).collect(),
        shelves: own.area.members().filter_map(site).collect(),
    });
    let page = Page {
        at: Time(now, zone),
        today: say.day(zone.date(now)),
        hours: HORIZONS.iter().map(|hours| say.count("sheet-hours", *hours)).collect(),
        components: Component::ALL.iter().map(|own| say.word("component", own.code())).collect(),
        areas: areas.collect(),
        frame,
    };
    Ok(visitor.page(&page)?)
}

fn row(say: Say, own: &living::OfGroup) -> Row {
    Row {
        group: Group(own.group),
        name: say.word("blood-group", own.group.code()),
        units: own.usable_units,
        callable: own.callable,
        within: own
            .within
            .iter()
            .map(|within| within.came.map(|came| (came.p10, format!("{:.0}", came.expected))))
            .collect(),
    }
}

/// Units that may be issued, component by component.
fn usable(cells: &[SummaryCell]) -> Vec<i64> {
    let of = |component: &Component| {
        let own = cells.iter().filter(|cell| cell.component == *component && cell.status.is_usable());
        own.map(|cell| cell.units).sum()
    };
    Component::ALL.iter().map(of).collect()
}
