//! The pages of requests: which ones are open, a form for a new one, one of them with its units and what to do next.
//!
//! A hospital and a blood bank look at the same pages; each is offered the steps that are its own.

mod downtime;
mod new;
mod one;
mod packs;
mod patient;
mod slip;
mod standing;
mod untested;

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use chrono::Duration;
use serde::Deserialize;
use shiryan_kernel::ids::{FacilityId, RequestId};
use shiryan_kernel::status::{RequestState, Urgency};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use super::{BloodRequest, Counts, list, rules};
use crate::accounts::{Actor, SeeRequests};
use crate::db::Conn;
use crate::http::{Answer, House, Query};
use crate::places;
use crate::sheets::Format;
use crate::texts::Lang;
use crate::web::{Choice, Frame, Group, Say, Table, Time, Visitor};

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/requests", web::get().to(all))
        .route("/requests/new", web::get().to(new::ask))
        .route("/requests/new", web::post().to(new::submit))
        .route("/downtime", web::get().to(downtime::downtime))
        .route("/standing", web::get().to(standing::list))
        .route("/standing/new", web::get().to(standing::ask))
        .route("/standing/new", web::post().to(standing::submit))
        .route("/standing/{id}", web::get().to(standing::look))
        .route("/standing/{id}/{step}", web::post().to(standing::step))
        .route("/packs", web::get().to(packs::list))
        .route("/packs", web::post().to(packs::start))
        .route("/packs/{id}", web::get().to(packs::look))
        .route("/packs/{id}/{step}", web::post().to(packs::step))
        .route("/untested", web::get().to(untested::list))
        .route("/untested/{id}/{step}", web::post().to(untested::step))
        .route("/requests/{id}", web::get().to(one::look))
        .route("/requests/{id}/slip", web::get().to(slip::slip))
        .route("/requests/{id}/{step}", web::post().to(one::step));
}

/// Requests of one state on one page.
const MOST: i64 = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A state, or `open`, which is meant when nothing is said.
    #[serde(default)]
    state: Shown,
    /// The last request of the page before, and its urgency.
    after: Option<RequestId>,
    from: Option<Urgency>,
    /// The table as a file.
    format: Option<Format>,
}

/// Which requests are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
enum Shown {
    #[default]
    Open,
    Of(RequestState),
}

impl TryFrom<String> for Shown {
    type Error = Problem;

    fn try_from(text: String) -> Result<Self> {
        if text == OPEN { Ok(Self::Open) } else { text.parse().map(Self::Of) }
    }
}

const OPEN: &str = "open";

/// What is wanted, for whom and by when.
struct Head {
    id: String,
    hospital: String,
    group: Option<Group>,
    group_name: String,
    component: String,
    /// What each unit must have.
    needs: Vec<String>,
    urgency: String,
    is_emergency: bool,
    state: String,
    is_late: bool,
    day: String,
    time: Time,
    asked: i64,
    held: i64,
    issued: i64,
    arrived: i64,
}

impl Head {
    fn of(house: &House, say: Say, names: &Names, request: &BloodRequest, counts: Counts) -> Self {
        let known = request.recipient().group();
        let at = request.needed_at();
        Self {
            id: request.id.to_string(),
            hospital: names.of(request.facility, say.0),
            group: known.map(Group),
            group_name: known.map_or_else(
                || say.text("request-group-unknown"),
                |group| say.word("blood-group", group.code()),
            ),
            component: say.word("component", request.component.code()),
            needs: request.needs.list().iter().map(|need| say.word("attribute", need.code())).collect(),
            urgency: say.word("urgency", request.urgency.code()),
            is_emergency: request.urgency == Urgency::Emergency,
            state: say.word(
                "request-state",
                if counts.is_partial() && is_open(request.state) { "partial" } else { request.state.code() },
            ),
            is_late: is_late(request, counts, house.db.now()),
            day: say.day(house.zone.date(at)),
            time: Time(at, house.zone),
            asked: counts.asked.into(),
            held: number(counts.held),
            issued: number(counts.issued),
            arrived: number(counts.arrived),
        }
    }
}

fn number(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How long after its hour a request counts as late.
const GRACE: Duration = Duration::minutes(30);

/// Whether the hour has passed and units that were asked for have not come.
fn is_late(request: &BloodRequest, counts: Counts, now: Moment) -> bool {
    let arrived = i32::try_from(counts.arrived).unwrap_or(i32::MAX);
    is_open(request.state) && request.needed_at() + GRACE < now && arrived < counts.asked
}

/// Whether anything can still follow.
fn is_open(state: RequestState) -> bool {
    !rules::next(state).is_empty()
}

/// Facilities by name.
struct Names(HashMap<FacilityId, (String, String)>);

impl Names {
    fn read(conn: &mut Conn, ids: impl Iterator<Item = FacilityId>) -> Result<Self> {
        let mut names = HashMap::new();
        for id in ids {
            if let std::collections::hash_map::Entry::Vacant(free) = names.entry(id) {
                let facility = places::facility(conn, id)?;
                free.insert((facility.name_ar, facility.name_en));
            }
        }
        Ok(Self(names))
    }

    fn of(&self, id: FacilityId, lang: Lang) -> String {
        let Some((ar, en)) = self.0.get(&id) else { return String::new() };
        match lang {
            Lang::Ar => ar.clone(),
            Lang::En => en.clone(),
        }
    }
}

#[derive(Template)]
#[template(path = "requests.html")]
struct Page {
    frame: Frame,
    at: Time,
    day: String,
    states: Vec<Choice>,
    may_ask: bool,
    rows: Vec<Head>,
    /// Where the list goes on.
    next: Option<String>,
}

async fn all(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let by: Actor<SeeRequests> = visitor.seat()?;
    let Asked { state, after, from, format } = asked.into_inner();
    let (who, now) = (by.clone(), house.db.now());
    let (found, names, is_cut) = house
        .db
        .read(move |conn| {
            let (mut found, mut is_cut) = (Vec::new(), false);
            let is_shown = |of: RequestState| match state {
                Shown::Open => is_open(of),
                Shown::Of(state) => of == state,
            };
            for state in RequestState::ALL.iter().copied().filter(|of| is_shown(*of)) {
                let after = from.zip(after);
                let mut page = list(conn, &who, Some(state), after, MOST + 1, now)?;
                is_cut |= page.len() > usize::try_from(MOST).unwrap_or_default();
                page.truncate(usize::try_from(MOST).unwrap_or_default());
                found.append(&mut page);
            }
            let names = Names::read(conn, found.iter().map(|(request, _)| request.facility))?;
            Ok((found, names, is_cut))
        })
        .await?;
    let last = found.last().map(|(request, _)| (request.urgency, request.id));
    let next = match (state, last) {
        (Shown::Of(state), Some((urgency, id))) if is_cut => {
            Some(format!("/requests?state={state}&from={urgency}&after={id}"))
        }
        _ => None,
    };
    let mut found = found;
    if state == Shown::Open {
        found.sort_by_key(|(request, counts)| {
            (!is_late(request, *counts, now), rank(request.urgency), request.needed_at())
        });
    }
    let frame = Frame::of(&house, &visitor, "requests-title");
    let say = frame.say;
    let mut states =
        vec![Choice { code: OPEN.to_owned(), text: say.text("requests-open"), chosen: state == Shown::Open }];
    let chosen = match state {
        Shown::Open => OPEN,
        Shown::Of(state) => state.code(),
    };
    let codes = RequestState::ALL.iter().map(|state| state.code());
    states.append(&mut Choice::words(say, "request-state", codes, chosen));
    let page = Page {
        at: Time(now, house.zone),
        day: say.day(house.zone.date(now)),
        states,
        may_ask: by.role == shiryan_kernel::role::Role::Hospital,
        rows: found.iter().map(|(request, counts)| Head::of(&house, say, &names, request, *counts)).collect(),
        next,
        frame,
    };
    match format {
        Some(format) => visitor.file(&house, format, table(say, &page.rows)).await,
        None => Ok(visitor.page(&page)?),
    }
}

fn table(say: Say, rows: &[Head]) -> Table {
    let wanted = ["column-component", "column-group", "request-field-units", "request-needs"];
    let stands = ["column-urgency", "column-needed", "column-status", "column-met", "column-hospital"];
    let cells = |head: &Head| {
        let mut cells = vec![head.component.clone(), head.group_name.clone(), head.asked.to_string()];
        cells.extend([head.needs.join(", "), head.urgency.clone(), head.time.stamp(), head.state.clone()]);
        cells.extend([(head.held + head.issued).to_string(), head.hospital.clone()]);
        cells
    };
    Table {
        name: "requests",
        header: wanted.iter().chain(&stands).map(|id| say.text(id)).collect(),
        rows: rows.iter().map(cells).collect(),
    }
}

/// Emergencies first.
const fn rank(urgency: Urgency) -> u8 {
    match urgency {
        Urgency::Emergency => 0,
        Urgency::Urgent => 1,
        Urgency::Routine => 2,
        Urgency::Planned => 3,
    }
}
