//! Mass casualty: one sheet to be printed. What lies on the shelves, and beside it how many of those who could be called
//! come within hours; the two are never added up, and no region counts another's. Then the shelves site by site, and the
//! screened donors of low titre: twenty and more as a count, fewer as no more than that.

use std::collections::{BTreeMap, HashSet};

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::attribute::{Attribute, Attributes};
use shiryan_kernel::blood::{Abo, Component};
use shiryan_kernel::ids::FacilityId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::time::Moment;

use crate::accounts::{Actor, SeePanel, SeeReserve};
use crate::db::{Conn, off_loop};
use crate::donations::panel;
use crate::http::{Answer, House, Query};
use crate::places::{self, Facility};
use crate::reserve::living::{self, HORIZONS};
use crate::reserve::rules::LEAST_DONORS;
use crate::roster::Index;
use crate::sheets::Format;
use crate::texts::Lang;
use crate::web::{Frame, Group, Say, Table, Time, Visitor};

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

/// The shelf of one site.
struct Site {
    name: String,
    governorate: String,
    /// By component.
    units: Vec<i64>,
    /// Whole blood of group O and of low titre.
    low_titre: i64,
    /// Nothing was heard of it for too long: what it holds is not known.
    is_silent: bool,
}

/// One region, or what closed roads leave of it.
struct Area {
    name: String,
    sites: u32,
    rows: Vec<Row>,
    /// The most that can be bled within each of the hours.
    at_most: Vec<u32>,
    shelves: Vec<Site>,
    /// Screened donors of group O and low titre; nothing where they are fewer than twenty.
    screened: Option<i64>,
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
    /// Whether the screened donors are shown one by one to whoever looks.
    may_see_panel: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// Groups by area as a file.
    format: Option<Format>,
}

pub async fn sheet(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let _by: Actor<SeeReserve> = visitor.seat()?;
    let (zone, sources) = (house.zone, house.reserve.clone());
    let (facts, found) = off_loop(move || living::living(&sources, Component::RedCells, None)).await?;
    let now = facts.as_of;
    let shelves = house.roster(move |index| shelves(index, now)).await?;
    let (vault, limits, today) = (house.vault.clone(), house.titre_limits(), zone.date(now));
    let markers = house.settings.laboratory.panel.clone();
    let sources = house.reserve.clone();
    let (facilities, screened) = off_loop(move || {
        let count = |conn: &mut Conn| panel::ready_of_low_titre(conn, &vault, (limits, &markers), today);
        let screened = sources.screened(now, count)?;
        Ok((sources.db.read_now(|conn| places::facilities(conn, 0, i64::MAX))?, screened))
    })
    .await?;
    let silent: HashSet<FacilityId> = facts.silent.iter().map(|site| site.id).collect();
    let frame = Frame::of(&house, &visitor, "sheet-title");
    let say = frame.say;
    let sites = |governorate: Governorate| {
        let here = facilities.iter().filter(move |own| own.governorate == governorate);
        here.filter_map(|own| site(say, own, shelves.get(&own.id), silent.contains(&own.id)))
    };
    let areas = found.iter().map(|own| {
        let ready: u32 = own.area.members().filter_map(|place| screened.get(&place)).sum();
        Area {
            name: say.area(own.area),
            sites: own.sites,
            rows: own.groups.iter().map(|group| row(say, group)).collect(),
            at_most: own.within.iter().map(|within| within.at_most).collect(),
            shelves: own.area.members().flat_map(sites).collect(),
            screened: (ready >= LEAST_DONORS).then_some(ready.into()),
        }
    });
    let page = Page {
        at: Time(now, zone),
        today: say.day(today),
        hours: HORIZONS.iter().map(|hours| say.count("sheet-hours", *hours)).collect(),
        components: Component::ALL.iter().map(|own| say.word("component", own.code())).collect(),
        areas: areas.collect(),
        may_see_panel: visitor.seat::<SeePanel>().is_ok(),
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(&house, format, table(say, &page)).await,
        None => Ok(visitor.page(&page)?),
    }
}

/// Every group of every area; of few donors no count is told, in a file as on the page.
fn table(say: Say, page: &Page) -> Table {
    let mut header: Vec<String> =
        ["column-region", "column-group", "sheet-on-shelf", "sheet-callable"].map(|id| say.text(id)).into();
    header.extend(page.hours.iter().cloned());
    let cells = |area: &Area, row: &Row| {
        let mut cells = vec![area.name.clone(), row.name.clone(), row.units.to_string()];
        cells.push(row.callable.map(|count| count.to_string()).unwrap_or_default());
        let least = |within: &Option<(u32, String)>| within.as_ref().map(|(least, _)| least.to_string());
        cells.extend(row.within.iter().map(|within| least(within).unwrap_or_default()));
        cells
    };
    let rows = page.areas.iter().flat_map(|area| area.rows.iter().map(move |row| cells(area, row)));
    Table { name: "emergency", header, rows: rows.collect() }
}

/// What may be issued at a site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Held {
    by_component: BTreeMap<Component, i64>,
    low_titre: i64,
}

/// The shelves by site.
fn shelves(index: &Index, now: Moment) -> BTreeMap<FacilityId, Held> {
    let mut held: BTreeMap<FacilityId, Held> = BTreeMap::new();
    for lot in index.units.usable(None, Attributes::default(), now) {
        *held.entry(lot.facility).or_default().by_component.entry(lot.component).or_default() +=
            i64::from(lot.units);
    }
    let low_titre = Attributes::of(&[Attribute::LowTitre]);
    let such = index.units.usable(Some(Component::WholeBlood), low_titre, now);
    for lot in such.filter(|lot| lot.group.abo() == Abo::O) {
        held.entry(lot.facility).or_default().low_titre += i64::from(lot.units);
    }
    held
}

/// Blood banks all, hospitals where something lies or nothing is known.
fn site(say: Say, facility: &Facility, held: Option<&Held>, is_silent: bool) -> Option<Site> {
    let held = held.cloned().unwrap_or_default();
    let is_bank = facility.kind == FacilityKind::BloodBank;
    (is_bank || !held.by_component.is_empty()).then(|| Site {
        name: if say.0 == Lang::Ar { &facility.name_ar } else { &facility.name_en }.clone(),
        governorate: say.word("governorate", facility.governorate.code()),
        units: Component::ALL
            .iter()
            .map(|own| held.by_component.get(own).copied().unwrap_or_default())
            .collect(),
        low_titre: held.low_titre,
        is_silent,
    })
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
