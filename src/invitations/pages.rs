//! The page behind a donor's own link. Looking does nothing; the act is a form that is sent, without a script.

use std::net::IpAddr;

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::ids::SlotId;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::{Acted, Chosen, Offer};
use crate::accounts::Budget;
use crate::db::Lane;
use crate::drives;
use crate::http::{Answer, House, Peer};
use crate::texts::{self, ProblemText, Value};
use crate::web::{Bars, Frame, Group, Posted, Say, Square, Visitor, go};

/// Adds the page.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/l/{secret}", web::get().to(ask))
        .route("/l/{secret}", web::post().to(act))
        .route("/u/{secret}", web::get().to(to_page))
        .route("/u/{secret}", web::post().to(one_click));
}

/// What does good after a visit: said alike to whoever came, so it tells of nobody what came of it (A11).
const ADVICE: [&str; 7] = [
    "link-aftercare-drink",
    "link-aftercare-faint",
    "link-aftercare-arm",
    "link-aftercare-strain",
    "link-aftercare-stand",
    "link-aftercare-tell",
    "link-aftercare-call",
];

/// A place that can be taken.
struct Place {
    id: String,
    time: String,
}

#[derive(Template)]
#[template(path = "link.html")]
struct Page {
    frame: Frame,
    /// What it is about, in a sentence.
    lead: String,
    place: Option<String>,
    places: Vec<Place>,
    /// Whether a day is asked for.
    asks_day: bool,
    card: Option<Card>,
    /// What does good, line by line.
    advice: Vec<String>,
    /// What the button says; none once there is nothing to do.
    act: Option<String>,
    said: Option<ProblemText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    slot: Option<String>,
    until: Option<String>,
}

/// What stands on the own card.
struct Card {
    record: String,
    bars: Bars,
    square: Square,
    group: Option<Group>,
    next: Option<String>,
    gifts: Vec<(String, bool)>,
}

fn when(visitor: &Visitor, house: &House, at: Moment) -> [(&'static str, Value<'static>); 2] {
    let local = at.with_timezone(&house.zone.0);
    [
        ("day", Value::from(texts::isolated(&texts::day(visitor.lang, local.date_naive())))),
        ("time", Value::from(texts::isolated(&local.format("%H:%M").to_string()))),
    ]
}

fn page(house: &House, visitor: &Visitor, offer: &Offer, said: Option<ProblemText>) -> Result<Page> {
    let say = |id: &str| texts::say(visitor.lang, id, &[]);
    let title = match offer {
        Offer::Tell | Offer::Pause | Offer::Stop => "link-title-plain",
        Offer::Card(_) => "link-title-card",
        Offer::Aftercare => "link-title-aftercare",
        Offer::Accept { .. } | Offer::Cancel { .. } | Offer::Book(_) | Offer::Move { .. } => "link-title",
    };
    let frame = Frame { title: say(title), ..Frame::of(house, visitor, "link-title") };
    let (lead, place, places, act) = match offer {
        Offer::Accept { at, place } => {
            let lead = texts::say(visitor.lang, "link-accept-lead", &when(visitor, house, *at));
            (lead, place.clone(), Vec::new(), Some(say("link-accept")))
        }
        Offer::Cancel { at, place } => {
            let lead = texts::say(visitor.lang, "link-cancel-lead", &when(visitor, house, *at));
            (lead, place.clone(), Vec::new(), Some(say("link-cancel")))
        }
        Offer::Book(invited) => {
            let mut about = when(visitor, house, invited.starts_at).to_vec();
            let area = texts::word(visitor.lang, "governorate", invited.governorate.code());
            about.push(("area", Value::from(area)));
            let lead = texts::say(visitor.lang, "link-book-lead", &about);
            let places = times(house, invited);
            let act = if places.is_empty() { None } else { Some(say("link-book")) };
            let lead = if places.is_empty() { say("link-book-full") } else { lead };
            (lead, invited.place.clone(), places, act)
        }
        Offer::Move { at, invited } => {
            let lead = texts::say(visitor.lang, "link-move-lead", &when(visitor, house, *at));
            let places = times(house, invited);
            let act = if places.is_empty() { None } else { Some(say("link-move")) };
            let lead = if places.is_empty() { say("link-book-full") } else { lead };
            (lead, invited.place.clone(), places, act)
        }
        Offer::Tell => (say("link-tell-lead"), None, Vec::new(), Some(say("link-tell"))),
        Offer::Pause => (say("link-pause-lead"), None, Vec::new(), Some(say("link-pause"))),
        Offer::Stop => (say("link-stop-lead"), None, Vec::new(), Some(say("link-stop"))),
        Offer::Card(_) => (say("link-card-lead"), None, Vec::new(), None),
        Offer::Aftercare => (say("link-aftercare-lead"), None, Vec::new(), None),
    };
    let card = match offer {
        Offer::Card(found) => Some(card(house, visitor, found)?),
        _ => None,
    };
    let advice = match offer {
        Offer::Aftercare => ADVICE.map(say).into(),
        _ => Vec::new(),
    };
    let asks_day = *offer == Offer::Pause;
    Ok(Page { frame, lead, place, places, asks_day, card, advice, act, said })
}

fn times(house: &House, invited: &drives::Invited) -> Vec<Place> {
    let time = |at: Moment| at.with_timezone(&house.zone.0).format("%H:%M").to_string();
    invited.slots.iter().map(|(id, at)| Place { id: id.to_string(), time: time(*at) }).collect()
}

fn card(house: &House, visitor: &Visitor, found: &super::Card) -> Result<Card> {
    let say = Say(visitor.lang);
    let record = found.record.to_string();
    let today = house.today();
    Ok(Card {
        bars: Bars::of(&record)?,
        square: Square::of(&record),
        group: found.group.map(Group),
        next: found.next.map(|day| if day <= today { say.text("link-card-now") } else { say.day(day) }),
        gifts: found.gifts.iter().map(|(on, helped)| (say.day(*on), *helped)).collect(),
        record,
    })
}

/// One page for every link that is good no more: unknown, used and over alike.
fn gone(house: &House, visitor: &Visitor) -> Answer {
    let page = done(house, visitor, texts::say(visitor.lang, "link-gone", &[]));
    guarded(visitor.page_of(Code::NotFound, &page)?)
}

/// What there is nothing more to do about.
fn done(house: &House, visitor: &Visitor, lead: String) -> Page {
    Page {
        frame: Frame::of(house, visitor, "link-title-plain"),
        lead,
        place: None,
        places: Vec::new(),
        asks_day: false,
        card: None,
        advice: Vec::new(),
        act: None,
        said: None,
    }
}

/// A person who opens the address of a letter's head is asked first.
async fn to_page(secret: web::Path<String>) -> HttpResponse {
    let mut response = go(&format!("/l/{secret}"));
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    response
}

/// A mail program's one click (RFC 8058): no cookie, no token, one fixed body. Every secret gets the same answer, and a budget
/// of its own: whoever wants no more letters is not turned away for what others behind the same address do.
async fn one_click(
    house: web::Data<House>,
    Peer(from): Peer,
    secret: web::Path<String>,
    body: web::Bytes,
) -> Answer {
    count(&house.stops, &house, from)?;
    if body.trim_ascii() != b"List-Unsubscribe=One-Click" {
        return Err(Code::InvalidRequest.into());
    }
    let (vault, secret) = (house.vault.clone(), secret.into_inner());
    house.db.write_guarded(Lane::System, move |tx| super::stop_at_once(tx, &vault, &secret)).await?;
    guarded(HttpResponse::Ok().finish())
}

/// One more of an address, before anything is looked up for it.
fn count(budget: &Budget, house: &House, from: Option<IpAddr>) -> Result<()> {
    budget.count(&from.map(|from| from.to_string()).unwrap_or_default(), house.db.now())
}

/// Nobody keeps it, and no page that it leads to learns of it.
fn guarded(mut response: HttpResponse) -> Answer {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn ask(
    house: web::Data<House>,
    visitor: Visitor,
    Peer(from): Peer,
    secret: web::Path<String>,
) -> Answer {
    count(&house.links, &house, from)?;
    let (of, now, secret) = (house.clone(), house.db.now(), secret.into_inner());
    match house.db.read(move |conn| super::look(conn, of.desk(), now, &secret)).await {
        Ok(offer) => guarded(visitor.page(&page(&house, &visitor, &offer, None)?)?),
        Err(problem) if problem.code == Code::NotFound => gone(&house, &visitor),
        Err(problem) => Err(problem.into()),
    }
}

async fn act(
    house: web::Data<House>,
    posted: Posted<Choice>,
    Peer(from): Peer,
    secret: web::Path<String>,
) -> Answer {
    count(&house.links, &house, from)?;
    let Posted { visitor, form, .. } = posted;
    let slot = form
        .slot
        .as_deref()
        .map(str::parse::<SlotId>)
        .transpose()
        .map_err(|_| Problem::new(Code::InvalidRequest))?;
    let until =
        form.until.as_deref().filter(|text| !text.is_empty()).map(str::parse::<NaiveDate>).transpose();
    let until = until.map_err(|_| Problem::new(Code::InvalidRequest))?;
    let chosen = Chosen { slot, until };
    let reminders = house.reminders();
    let (of, key) = (house.clone(), secret.clone());
    let outcome = house
        .db
        .write_guarded(Lane::System, move |tx| super::act(tx, of.desk(), reminders, &key, chosen))
        .await;
    match outcome {
        Ok(acted) => {
            let lead = match acted {
                Acted::Accepted => texts::say(visitor.lang, "link-accepted", &[]),
                Acted::Cancelled => texts::say(visitor.lang, "link-cancelled", &[]),
                Acted::Told => texts::say(visitor.lang, "link-told", &[]),
                Acted::Booked(at) => texts::say(visitor.lang, "link-booked", &when(&visitor, &house, at)),
                Acted::Moved(at) => texts::say(visitor.lang, "link-moved", &when(&visitor, &house, at)),
                Acted::Stopped => texts::say(visitor.lang, "link-stopped", &[]),
                Acted::Paused(until) => {
                    let day = Value::from(texts::isolated(&texts::day(visitor.lang, until)));
                    texts::say(visitor.lang, "link-paused", &[("day", day)])
                }
            };
            guarded(visitor.page(&done(&house, &visitor, lead))?)
        }
        Err(problem) if problem.code == Code::NotFound => gone(&house, &visitor),
        Err(problem) if problem.cause.is_some() => Err(problem.into()),
        Err(problem) => {
            // Nothing was done, and the link is as good as before.
            let (of, now, key) = (house.clone(), house.db.now(), secret.into_inner());
            let said = Some(texts::problem(visitor.lang, problem.code));
            match house.db.read(move |conn| super::look(conn, of.desk(), now, &key)).await {
                Ok(offer) => guarded(visitor.page_of(problem.code, &page(&house, &visitor, &offer, said)?)?),
                Err(_) => gone(&house, &visitor),
            }
        }
    }
}
