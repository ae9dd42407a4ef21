//! Where is it going? The next ninety days of every group of one component in one area, on one scale; the first day of
//! shortage in words; what the drives that are not published yet would change.

mod chart;

use actix_web::web;
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_forecast::Change;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::time::{Moment, plus_days};
use shiryan_kernel::{Code, Problem, Result};

use super::{
    Area, AreaOutlook, COMPONENTS, MOST_DAYS, Outlook, OutlookDay, Whole, assumptions, gather, islands,
};
use crate::accounts::{Actor, SeeProjections};
use crate::db::{Conn, off_loop};
use crate::drives::{Brings, Coming};
use crate::http::{Answer, House, Query};
use crate::places::closures;
use crate::sheets::Format;
use crate::web::{Choice, Frame, Group, Say, Table, Time, Visitor};
use chart::{Chart, Point, Scale};

/// The most silent sites that are named.
const NAMED: usize = 3;

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config.route("/ahead", web::get().to(page));
}

/// What the page is asked by its filters.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    component: Option<Component>,
    /// A region, or a part that closed roads left of one.
    area: Option<String>,
    /// Every day of every group as a file.
    format: Option<Format>,
}

/// A day of the table.
struct Day {
    on: String,
    /// One path in ten lies below the first, one above the last.
    low: String,
    middle: String,
    high: String,
    cover: String,
    level: &'static str,
    level_word: String,
}

/// One group.
struct Ahead {
    group: Group,
    name: String,
    units: u32,
    demand: String,
    /// The level of the first day of shortage; green where there is none.
    level: &'static str,
    first: String,
    /// The same with the drives that are not published yet.
    first_with: Option<String>,
    from_drives: String,
    /// What outdates, what lacks, and how likely that is.
    losses: Option<String>,
    chart: Option<Chart>,
    days: Vec<Day>,
}

#[derive(Template)]
#[template(path = "ahead.html")]
struct Page {
    frame: Frame,
    at: Time,
    day: String,
    area_name: String,
    areas: Vec<Choice>,
    component_name: String,
    components: Vec<Choice>,
    target: String,
    stop: String,
    top: String,
    /// The first, middle and last day drawn.
    axis: [String; 3],
    groups: Vec<Ahead>,
    published: i64,
    proposed: i64,
    assumptions: Vec<String>,
    silent: Vec<String>,
    silent_more: i64,
    /// What has been off for weeks, of all groups together.
    changed: Vec<String>,
}

/// What is read for the page.
struct Read {
    area: Area,
    areas: Vec<Area>,
    groups: Vec<(BloodGroup, AreaOutlook)>,
    drives: Vec<(NaiveDate, bool)>,
}

async fn page(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let _by: Actor<SeeProjections> = visitor.seat()?;
    let Asked { component, area, format } = asked.into_inner();
    let component = component.unwrap_or(Component::RedCells);
    if !COMPONENTS.contains(&component) {
        return Err(Problem::field("component", Code::InvalidValue).into());
    }
    let (given, fresh) = (house.given(component).await?, house.freshness().await?);
    let (zone, now) = (given.zone, given.now);
    let read = house
        .db
        .read(move |conn| {
            let (area, areas) = areas(conn, area.as_deref(), now)?;
            let ask = Whole { component, area: Some(area), days: MOST_DAYS };
            let gathered = gather(conn, ask, &given, &[])?;
            let is_published = |drive: &Coming| matches!(drive.brings, Brings::Booked(_));
            let drives = gathered.drives().iter().map(|drive| (drive.on, is_published(drive))).collect();
            Ok((gathered, Read { area, areas, groups: Vec::new(), drives }))
        })
        .await?;
    let (gathered, read) = read;
    let groups = off_loop(move || Ok(gathered.every_group().into_iter().flatten().collect())).await?;
    let read = Read { groups, ..read };
    if let Some(format) = format {
        let say = Frame::of(&house, &visitor, "ahead-title").say;
        return visitor.file(&house, format, file(say, component, &read)).await;
    }
    let today = zone.date(now);
    let [target, _, _, stop] = house.levels.bands.of(component);
    let outlooks = read.groups.iter().map(|(_, own)| own);
    let highest = outlooks.clone().filter_map(|own| own.outlook.as_ref()).map(highest).fold(0.0, f64::max);
    let scale = Scale::over(MOST_DAYS, target, stop, highest);
    let members: Vec<Governorate> = read.area.members().collect();
    let (silent, silent_more) = fresh.named(visitor.lang, &members, NAMED);
    let frame = Frame::of(&house, &visitor, "ahead-title");
    let say = frame.say;
    let mut groups: Vec<(Option<usize>, Ahead)> = read
        .groups
        .iter()
        .map(|(group, own)| {
            (dire_at(own.outlook.as_ref()), one(say, scale, today, (*group, own), &read.drives))
        })
        .collect();
    groups.sort_by_key(|(dire, own)| (own.chart.is_none(), dire.is_none(), *dire));
    let first_outlook = read.groups.iter().find_map(|(_, own)| own.outlook.as_ref());
    let on = |ahead: i64| say.short_day(plus_days(today, ahead));
    let last = i64::try_from(MOST_DAYS).unwrap_or(0) - 1;
    let number_of = |is: bool| read.drives.iter().filter(|(_, own)| *own == is).count();
    let page = Page {
        at: Time(now, zone),
        day: say.day(today),
        area_name: say.area(read.area),
        areas: read
            .areas
            .iter()
            .map(|own| Choice { code: own.key(), text: say.area(*own), chosen: *own == read.area })
            .collect(),
        component_name: say.word("component", component.code()),
        components: Choice::words(
            say,
            "component",
            COMPONENTS.iter().map(|own| own.code()),
            component.code(),
        ),
        target: target.to_string(),
        stop: stop.to_string(),
        top: format!("{:.0}", scale.top),
        axis: [on(0), on(last / 2), on(last)],
        published: i64::try_from(number_of(true)).unwrap_or(i64::MAX),
        proposed: i64::try_from(number_of(false)).unwrap_or(i64::MAX),
        assumptions: assumptions(read.groups.iter().map(|(_, own)| own))
            .into_iter()
            .map(|code| say.word("assumption", code))
            .collect(),
        groups: groups.into_iter().map(|(_, own)| own).collect(),
        silent,
        silent_more,
        changed: first_outlook.map_or_else(Vec::new, |own| changed(say, own)),
        frame,
    };
    Ok(visitor.page(&page)?)
}

/// The area that is asked for, and all there are: regions, or what closed roads leave of them. A region that is in parts
/// now is its first part.
fn areas(conn: &mut Conn, asked: Option<&str>, now: Moment) -> Result<(Area, Vec<Area>)> {
    let roads = closures::roads(conn, now)?;
    let all: Vec<Area> = Region::ALL.iter().flat_map(|region| islands(*region, &roads)).collect();
    let wrong = || Problem::field("area", Code::InvalidValue);
    let area = match asked {
        None => all.first().copied(),
        Some(key) => {
            let known = Area::read(key).ok_or_else(wrong)?;
            let parted = || all.iter().find(|own| own.region() == known.region()).copied();
            all.iter().find(|own| **own == known).copied().or_else(parted)
        }
    };
    Ok((area.ok_or_else(wrong)?, all))
}

fn dire_at(outlook: Option<&Outlook>) -> Option<usize> {
    outlook?.days.iter().position(|day| super::is_dire(day.level))
}

/// The most days of demand that one path in ten lies above.
fn highest(outlook: &Outlook) -> f64 {
    outlook.days.iter().map(|day| day.on_hand.p90 / outlook.average_daily_demand).fold(0.0, f64::max)
}

fn one(
    say: Say,
    scale: Scale,
    today: NaiveDate,
    (group, own): (BloodGroup, &AreaOutlook),
    drives: &[(NaiveDate, bool)],
) -> Ahead {
    let outlook = own.outlook.as_ref();
    let dire = outlook.and_then(Outlook::first_dire);
    let with = own.with_proposed.as_ref();
    Ahead {
        group: Group(group),
        name: say.word("blood-group", group.code()),
        units: own.units,
        demand: outlook.map_or_else(String::new, |own| format!("{:.1}", own.average_daily_demand)),
        level: dire.map_or("green", |day| day.level.code()),
        first: outlook.map_or_else(|| say.text("ahead-unknown"), |own| first(say, own)),
        first_with: with.map(|own| first(say, own)),
        from_drives: format!("{:.0}", own.from_drives.0),
        losses: outlook.and_then(|own| losses(say, own)),
        chart: outlook.map(|outlook| drawn(scale, today, (outlook, with), drives)),
        days: outlook.map_or_else(Vec::new, |outlook| table(say, outlook)),
    }
}

/// What is expected to outdate and to lack over the days drawn, and the chance that anything lacks.
fn losses(say: Say, outlook: &Outlook) -> Option<String> {
    let sum = |of: fn(&OutlookDay) -> f64| format!("{:.0}", outlook.days.iter().map(of).sum::<f64>());
    let chance = format!("{:.0}", 100.0 * outlook.days.last()?.unmet_so_far);
    let (outdated, unmet) = (sum(|day| day.outdated), sum(|day| day.unmet));
    Some(say.with("ahead-losses", &[("outdated", &outdated), ("unmet", &unmet), ("chance", &chance)]))
}

/// What came is off to one side of the forecasts: demand, supply.
fn changed(say: Say, outlook: &Outlook) -> Vec<String> {
    let told = |change: Option<Change>, up: &str, down: &str| {
        change.map(|change| say.text(if change.rising { up } else { down }))
    };
    let demand = told(outlook.demand_change, "ahead-demand-above", "ahead-demand-below");
    let supply = told(outlook.supply_change, "ahead-supply-above", "ahead-supply-below");
    demand.into_iter().chain(supply).collect()
}

/// The first day of shortage in words.
fn first(say: Say, outlook: &Outlook) -> String {
    match outlook.first_dire() {
        Some(day) => {
            let (on, level) = (say.day(day.on), say.word("level", day.level.code()));
            say.with("ahead-first", &[("day", &on), ("level", &level)])
        }
        None => say.text("ahead-no-shortage"),
    }
}

fn drawn(
    scale: Scale,
    today: NaiveDate,
    (outlook, with): (&Outlook, Option<&Outlook>),
    drives: &[(NaiveDate, bool)],
) -> Chart {
    let demand = outlook.average_daily_demand;
    let days = |is_published: bool| {
        let own = drives.iter().filter(|(_, published)| *published == is_published);
        let ahead = own.filter_map(|(on, _)| usize::try_from((*on - today).num_days()).ok());
        let mut days: Vec<usize> = ahead.filter(|day| *day < scale.days).collect();
        days.sort_unstable();
        days.dedup();
        days
    };
    let point = |day: &OutlookDay| Point {
        p10: day.on_hand.p10 / demand,
        p50: day.on_hand.p50 / demand,
        p90: day.on_hand.p90 / demand,
    };
    Chart {
        scale,
        points: outlook.days.iter().map(point).collect(),
        proposed: with
            .map_or_else(Vec::new, |own| own.days.iter().map(|day| day.on_hand.p50 / demand).collect()),
        drives: (days(true), days(false)),
        dire: dire_at(Some(outlook)),
    }
}

/// Every day of every group, with the drives that are published and with all.
fn file(say: Say, component: Component, read: &Read) -> Table {
    let headings = ["region", "component", "group", "day", "low", "middle", "high", "cover", "level"];
    let mut header: Vec<String> = headings.iter().map(|id| say.text(&format!("column-{id}"))).collect();
    header.push(say.text("column-middle-with"));
    let mut rows = Vec::new();
    for (group, own) in &read.groups {
        let Some(outlook) = &own.outlook else { continue };
        for (at, day) in outlook.days.iter().enumerate() {
            let with = own.with_proposed.as_ref().and_then(|with| with.days.get(at));
            let units = |units: f64| format!("{units:.0}");
            rows.push(vec![
                say.area(read.area),
                say.word("component", component.code()),
                say.word("blood-group", group.code()),
                day.on.to_string(),
                units(day.on_hand.p10),
                units(day.on_hand.p50),
                units(day.on_hand.p90),
                format!("{:.1}", (day.cover.days() * 10.0).floor() / 10.0),
                say.word("level", day.level.code()),
                with.map(|with| units(with.on_hand.p50)).unwrap_or_default(),
            ]);
        }
    }
    Table { name: "ahead", header, rows }
}

/// Every seventh day, and the first of shortage.
fn table(say: Say, outlook: &Outlook) -> Vec<Day> {
    let dire = dire_at(Some(outlook));
    let is_told = |at: usize| at % 7 == 6 || Some(at) == dire || at + 1 == outlook.days.len();
    let told = outlook.days.iter().enumerate().filter(|(at, _)| is_told(*at));
    told.map(|(_, day)| Day {
        on: say.short_day(day.on),
        low: format!("{:.0}", day.on_hand.p10),
        middle: format!("{:.0}", day.on_hand.p50),
        high: format!("{:.0}", day.on_hand.p90),
        cover: if day.cover.is_beyond() {
            format!("{:.0}+", day.cover.days())
        } else {
            format!("{:.1}", (day.cover.days() * 10.0).floor() / 10.0)
        },
        level: day.level.code(),
        level_word: say.word("level", day.level.code()),
    })
    .collect()
}
