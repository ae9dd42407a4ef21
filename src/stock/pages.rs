//! The page of the shelves: what may be issued, by group and component. Beside it the blood bank's bench, its boxes and
//! its counts, and the life of each unit.

mod arrive;
mod bag;
mod bench;
mod count;
mod label;
mod laboratory;
mod life;
mod own;
mod parcel;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, web};
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::status::UnitStatus;

use crate::accounts::{Actor, SeeStockSummary};
use crate::http::{Answer, House, Query, query};
use crate::roster::{self, SummaryCell};
use crate::sheets::Format;
use crate::web::{Fields, Frame, Group, Say, Table, Time, Visitor};

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/shelves", web::get().to(ask))
        .route("/shelves/{step}", web::post().to(own::step))
        .route("/laboratory", web::get().to(laboratory::list))
        .route("/laboratory", web::post().to(laboratory::open))
        .route("/laboratory/{din}", web::get().to(laboratory::look))
        .route("/laboratory/{din}", web::post().to(laboratory::submit))
        .route("/labels/{id}", web::get().to(label::label))
        .route("/units", web::get().to(life::list))
        .route("/units/{id}", web::get().to(life::look))
        .route("/bank", web::get().to(bench::bench))
        .route("/bank/units/{id}/{step}", web::post().to(bench::step))
        .route("/bank/receive", web::get().to(arrive::ask))
        .route("/bank/receive", web::post().to(arrive::submit))
        .route("/bank/discard", web::get().to(arrive::ask_discard))
        .route("/bank/discard", web::post().to(arrive::discard))
        .route("/bank/send", web::get().to(parcel::ask))
        .route("/bank/send", web::post().to(parcel::send))
        .route("/bank/transfers/{id}", web::get().to(parcel::look))
        .route("/bank/transfers/{id}/{step}", web::post().to(parcel::step))
        .route("/bank/count", web::get().to(count::ask))
        .route("/bank/count", web::post().to(count::submit))
        .route("/bank/counts/{id}", web::get().to(count::look))
        .route("/bank/counts/{id}/{step}", web::post().to(count::step))
        .route("/bank/strays/{id}/explain", web::post().to(count::explain));
}

/// What a request for the shelves asks, which are also a hospital's first page.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// The table as a file.
    format: Option<Format>,
}

async fn ask(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    shelves(&house, &visitor, asked.into_inner()).await
}

/// The same of a first page.
///
/// # Errors
/// As any query.
pub fn asked(request: &HttpRequest) -> Result<Asked> {
    query::parse(request.query_string())
}

/// Units that may be issued, and how many of them end soon.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Held {
    usable: i64,
    expiring: i64,
}

struct Row {
    group: Group,
    name: String,
    cells: Vec<Held>,
}

/// The shelves of one sharing region.
struct Shelf {
    name: String,
    rows: Vec<Row>,
    quarantine: Vec<i64>,
}

#[derive(Template)]
#[template(path = "shelf.html")]
struct Page {
    frame: Frame,
    at: Time,
    day: NaiveDate,
    components: Vec<String>,
    shelves: Vec<Shelf>,
}

/// The shelf of the visitor's own facility; for a role without one, those of each sharing region, which
/// are never added up.
///
/// # Errors
/// `forbidden`; as any read.
pub async fn shelves(house: &House, visitor: &Visitor, asked: Asked) -> Answer {
    let by: Actor<SeeStockSummary> = visitor.seat()?;
    if by.facility.is_some() {
        return own::show(house, visitor, asked, (Fields::default(), None)).await;
    }
    let (who, zone, now) = (by.clone(), house.zone, house.db.now());
    let areas = house.roster(move |index| roster::summary(&index.units, zone, &who, now)).await?.areas;
    let frame = Frame::of(house, visitor, "shelves-title");
    let say = frame.say;
    let shelves = areas
        .iter()
        .filter(|area| area.governorate.is_none())
        .map(|area| shelf(say, say.word("region", area.region.code()), area.cells.iter()))
        .collect();
    let page = Page {
        at: Time(now, zone),
        day: zone.date(now),
        components: Component::ALL.iter().map(|component| say.word("component", component.code())).collect(),
        shelves,
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(house, format, table(say, &page)).await,
        None => Ok(visitor.page(&page)?),
    }
}

/// A row for each group and component of each shelf.
fn table(say: Say, page: &Page) -> Table {
    let headings = ["column-place", "column-group", "column-component", "column-units", "column-expiring"];
    let mut rows = Vec::new();
    for shelf in &page.shelves {
        for row in &shelf.rows {
            rows.extend(row.cells.iter().zip(&page.components).map(|(held, component)| {
                let (usable, expiring) = (held.usable.to_string(), held.expiring.to_string());
                vec![shelf.name.clone(), row.name.clone(), component.clone(), usable, expiring]
            }));
        }
    }
    Table { name: "shelves", header: headings.map(|id| say.text(id)).into(), rows }
}

fn shelf<'a>(say: Say, name: String, cells: impl Iterator<Item = &'a SummaryCell> + Clone) -> Shelf {
    let held = held(cells.clone());
    let rows = BloodGroup::ALL.iter().map(|group| Row {
        group: Group(*group),
        name: say.word("blood-group", group.code()),
        cells: Component::ALL
            .iter()
            .map(|component| held.get(&(*group, *component)).copied().unwrap_or_default())
            .collect(),
    });
    Shelf { name, rows: rows.collect(), quarantine: quarantine(cells) }
}

fn held<'a>(cells: impl Iterator<Item = &'a SummaryCell>) -> BTreeMap<(BloodGroup, Component), Held> {
    let mut held: BTreeMap<_, Held> = BTreeMap::new();
    for cell in cells.filter(|cell| cell.status.is_usable()) {
        let Some(group) = cell.blood_group else { continue };
        let sum = held.entry((group, cell.component)).or_default();
        sum.usable += cell.units;
        sum.expiring += cell.expiring;
    }
    held
}

/// Units in quarantine of each component, whatever their group.
fn quarantine<'a>(cells: impl Iterator<Item = &'a SummaryCell> + Clone) -> Vec<i64> {
    let of = |component: &Component| {
        cells
            .clone()
            .filter(|cell| cell.component == *component && cell.status == UnitStatus::Quarantine)
            .map(|cell| cell.units)
            .sum()
    };
    Component::ALL.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_units_that_may_be_issued_are_held() {
        let cell = |status, units, expiring| SummaryCell {
            blood_group: Some(BloodGroup::ONeg),
            component: Component::Plasma,
            status,
            units,
            expiring,
        };
        let cells = [
            cell(UnitStatus::Released, 5, 2),
            cell(UnitStatus::Quarantine, 7, 1),
            cell(UnitStatus::Expired, 9, 0),
            cell(UnitStatus::Blocked, 11, 3),
        ];
        let held = held(cells.iter());
        assert_eq!(held.len(), 1);
        assert_eq!(held[&(BloodGroup::ONeg, Component::Plasma)], Held { usable: 5, expiring: 2 });
        assert_eq!(quarantine(cells.iter()), [0, 0, 0, 7, 0]);
    }
}
