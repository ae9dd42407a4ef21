//! The pages of drives: those that are coming, one of them, and planning one.

mod call;
mod one;
mod plan;

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::ids::DriveId;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::plus_days;

use super::{Filter, Seen};
use crate::accounts::{Actor, PlanDrives};
use crate::activities::rules::Days;
use crate::http::{Answer, House, Query};
use crate::sheets::Format;
use crate::web::{Frame, Say, Table, Time, Visitor};

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/drives", web::get().to(coming))
        .route("/call", web::get().to(call::look))
        .route("/donors/{id}/called", web::post().to(call::note))
        .route("/drives/new", web::get().to(plan::ask))
        .route("/drives/new", web::post().to(plan::submit))
        .route("/drives/{id}", web::get().to(one::look))
        .route("/drives/{id}/publish", web::post().to(one::publish))
        .route("/drives/{id}/close", web::post().to(one::close))
        .route("/drives/{id}/reopen", web::post().to(one::reopen))
        .route("/drives/{id}/cancel", web::post().to(one::cancel))
        .route("/drives/{id}/invite", web::post().to(one::invite))
        .route("/drives/{id}/copy", web::post().to(one::copy));
}

/// How far the page looks ahead, in days.
const AHEAD: i64 = 60;
/// The most drives that it lists.
const MOST: i64 = 100;

struct Row {
    id: DriveId,
    /// Whether the visitor may see who is expected.
    is_own: bool,
    day: String,
    from: Option<Time>,
    to: Option<Time>,
    what: String,
    place: String,
    governorate: String,
    status: String,
    booked: i64,
    capacity: i64,
    /// Booked share in percent, for the bar.
    percent: i64,
    is_full: bool,
}

#[derive(Template)]
#[template(path = "drives.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    rows: Vec<Row>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// The table as a file.
    format: Option<Format>,
}

/// Drives from today on that the visitor runs.
async fn coming(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let by: Actor<PlanDrives> = visitor.seat()?;
    let (today, zone, vault) = (house.today(), house.zone, house.vault.clone());
    let filter =
        Filter { days: Days::parse(Some(today), Some(plus_days(today, AHEAD)))?, ..Filter::default() };
    let who = by.clone();
    let found = house.db.read(move |conn| super::list(conn, &vault, zone, &who, &filter, None, MOST)).await?;
    let frame = Frame::of(&house, &visitor, "drives-title");
    let say = frame.say;
    let coming = found.into_iter().map(|(_, seen)| seen).filter(|seen| seen.status != DriveStatus::Cancelled);
    let page = Page {
        at: Time(house.db.now(), zone),
        today: frame.say.day(today),
        rows: coming.map(|seen| row(&frame, &house, seen)).collect(),
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(&house, format, table(say, &page.rows)).await,
        None => Ok(visitor.page(&page)?),
    }
}

fn table(say: Say, rows: &[Row]) -> Table {
    let what = ["column-day", "column-drive", "drive-field-place", "column-governorate"];
    let stands = ["column-status", "column-booked", "drive-places"];
    let cells = |row: &Row| {
        let begins = row.from.map_or_else(|| row.day.clone(), Time::stamp);
        let mut cells = vec![begins, row.what.clone(), row.place.clone(), row.governorate.clone()];
        cells.extend([row.status.clone(), row.booked.to_string(), row.capacity.to_string()]);
        cells
    };
    Table {
        name: "drives",
        header: what.iter().chain(&stands).map(|id| say.text(id)).collect(),
        rows: rows.iter().map(cells).collect(),
    }
}

fn row(frame: &Frame, house: &House, seen: Seen) -> Row {
    let say = frame.say;
    let details = seen.details;
    let time = |at| Time(at, house.zone);
    Row {
        id: seen.id,
        is_own: details.is_some(),
        day: say.day(seen.on),
        from: details.as_ref().map(|details| time(details.starts_at)),
        to: details.as_ref().map(|details| time(details.ends_at)),
        what: details
            .as_ref()
            .and_then(|details| details.title.clone())
            .unwrap_or_else(|| say.text("drives-untitled")),
        place: details.and_then(|details| details.place).unwrap_or_default(),
        governorate: say.word("governorate", seen.governorate.code()),
        status: say.word("drive-status", seen.status.code()),
        booked: seen.booked,
        capacity: seen.capacity,
        percent: percent(seen.booked, seen.capacity),
        is_full: seen.booked >= seen.capacity,
    }
}

fn percent(booked: i64, capacity: i64) -> i64 {
    (booked * 100).checked_div(capacity).unwrap_or(0).clamp(0, 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_never_leaves_its_frame() {
        for (booked, capacity, expected) in [(0, 8, 0), (5, 8, 62), (8, 8, 100), (9, 8, 100), (0, 0, 0)] {
            assert_eq!(percent(booked, capacity), expected);
        }
    }
}
