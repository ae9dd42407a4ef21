//! The emergency panel: who agreed to be called for an untested collection, ready ones first, and what each lacks.
//!
//! It tells of no deferral, so that it says of nobody why: deferrals are asked when the donor is called.

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::Problem;
use shiryan_kernel::ids::DonorId;

use crate::accounts::{Actor, SeePanel};
use crate::donations::panel::{self, Met, Panel, Required};
use crate::donors::Donor;
use crate::http::{Answer, House, Query};
use crate::web::{Frame, Group, Say, Time, Visitor};

/// Members of one page.
const MOST: usize = 200;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The last record of the page before.
    after: Option<DonorId>,
}

struct Mark {
    text: String,
    met: String,
    class: &'static str,
}

struct Row {
    id: DonorId,
    group: Option<Group>,
    ready: bool,
    marks: Vec<Mark>,
}

#[derive(Template)]
#[template(path = "panel.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    ready: i64,
    rows: Vec<Row>,
    next: Option<String>,
}

pub(super) async fn look(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let by: Actor<SeePanel> = visitor.seat()?;
    let (vault, today) = (house.vault.clone(), house.today());
    let required = house.settings.laboratory.panel.clone();
    let limits = house.titre_limits();
    let (after, most) = (asked.after.unwrap_or(DonorId(0)), i64::try_from(MOST).map_err(Problem::internal)?);
    let mut found = house
        .db
        .read(move |conn| panel::members(conn, &vault, &by, (limits, &required), today, (after, most + 1)))
        .await?;
    let is_cut = found.len() > MOST;
    found.truncate(MOST);
    let next = found.last().filter(|_| is_cut).map(|(last, _)| format!("/panel?after={}", last.id));
    let frame = Frame::of(&house, &visitor, "panel-title");
    let say = frame.say;
    let mut rows: Vec<Row> = found.iter().map(|(donor, panel)| row(say, donor, panel)).collect();
    rows.sort_by_key(|row| !row.ready);
    let page = Page {
        at: Time(house.db.now(), house.zone),
        today: say.day(today),
        ready: i64::try_from(rows.iter().filter(|row| row.ready).count()).unwrap_or(i64::MAX),
        rows,
        next,
        frame,
    };
    Ok(visitor.page(&page)?)
}

fn row(say: Say, donor: &Donor, panel: &Panel) -> Row {
    let met = |required: &Required| {
        let met = say.word("met", required.met.code());
        match required.until {
            Some(until) => say.with("panel-until", &[("met", &met), ("day", &say.day(until))]),
            None => met,
        }
    };
    let mark = |required: &Required| Mark {
        text: say.word("requirement", required.requirement.code()),
        met: met(required),
        class: match required.met {
            Met::Yes => "green",
            Met::No => "red",
            Met::Unknown => "unknown",
        },
    };
    Row {
        id: donor.id,
        group: donor.blood_group.map(Group),
        ready: panel.ready,
        marks: panel.requirements.iter().map(mark).collect(),
    }
}
