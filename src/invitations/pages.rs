//! The page behind a donor's own link. Looking does nothing; the act is a form that is sent, without a script.

use actix_web::http::header;
use actix_web::{HttpResponse, web};
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::ids::SlotId;
use shiryan_kernel::{Code, Problem};

use super::{Acted, Offer};
use crate::db::Lane;
use crate::http::{Answer, House};
use crate::texts::{self, ProblemText, Value};
use crate::web::{Frame, Posted, Visitor};

/// Adds the page.
pub fn pages(config: &mut web::ServiceConfig) {
    config.route("/l/{secret}", web::get().to(ask)).route("/l/{secret}", web::post().to(act));
}

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
    /// What the button says; none once there is nothing to do.
    act: Option<String>,
    said: Option<ProblemText>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Choice {
    slot: Option<String>,
}

fn when(
    visitor: &Visitor,
    house: &House,
    at: shiryan_kernel::time::Moment,
) -> [(&'static str, Value<'static>); 2] {
    let local = at.with_timezone(&house.zone.0);
    [
        ("day", Value::from(texts::isolated(&texts::day(visitor.lang, local.date_naive())))),
        ("time", Value::from(texts::isolated(&local.format("%H:%M").to_string()))),
    ]
}

fn page(house: &House, visitor: &Visitor, offer: &Offer, said: Option<ProblemText>) -> Page {
    let say = |id: &str| texts::say(visitor.lang, id, &[]);
    let frame = Frame::of(house, visitor, "link-title");
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
            let time = |at: shiryan_kernel::time::Moment| {
                at.with_timezone(&house.zone.0).format("%H:%M").to_string()
            };
            let places: Vec<Place> =
                invited.slots.iter().map(|(id, at)| Place { id: id.to_string(), time: time(*at) }).collect();
            let act = if places.is_empty() { None } else { Some(say("link-book")) };
            let lead = if places.is_empty() { say("link-book-full") } else { lead };
            (lead, invited.place.clone(), places, act)
        }
        Offer::Tell => (say("link-tell-lead"), None, Vec::new(), Some(say("link-tell"))),
    };
    Page { frame, lead, place, places, act, said }
}

/// One page for every link that is good no more: unknown, used and over alike.
fn gone(house: &House, visitor: &Visitor) -> Answer {
    let page = Page {
        frame: Frame::of(house, visitor, "link-title"),
        lead: texts::say(visitor.lang, "link-gone", &[]),
        place: None,
        places: Vec::new(),
        act: None,
        said: None,
    };
    guarded(visitor.page_of(Code::NotFound, &page)?)
}

/// Nobody keeps it, and no page that it leads to learns of it.
fn guarded(mut response: HttpResponse) -> Answer {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

async fn ask(house: web::Data<House>, visitor: Visitor, secret: web::Path<String>) -> Answer {
    let (vault, now, secret) = (house.vault.clone(), house.db.now(), secret.into_inner());
    match house.db.read(move |conn| super::look(conn, &vault, now, &secret)).await {
        Ok(offer) => guarded(visitor.page(&page(&house, &visitor, &offer, None))?),
        Err(problem) if problem.code == Code::NotFound => gone(&house, &visitor),
        Err(problem) => Err(problem.into()),
    }
}

async fn act(house: web::Data<House>, posted: Posted<Choice>, secret: web::Path<String>) -> Answer {
    let Posted { visitor, form, .. } = posted;
    let slot = form
        .slot
        .as_deref()
        .map(str::parse::<SlotId>)
        .transpose()
        .map_err(|_| Problem::new(Code::InvalidRequest))?;
    let reminders = house.reminders();
    let (of, key) = (house.clone(), secret.clone());
    let done = house
        .db
        .write_guarded(Lane::System, move |tx| super::act(tx, of.desk(), reminders, &key, slot))
        .await;
    match done {
        Ok(acted) => {
            let lead = match acted {
                Acted::Accepted => texts::say(visitor.lang, "link-accepted", &[]),
                Acted::Cancelled => texts::say(visitor.lang, "link-cancelled", &[]),
                Acted::Told => texts::say(visitor.lang, "link-told", &[]),
                Acted::Booked(at) => texts::say(visitor.lang, "link-booked", &when(&visitor, &house, at)),
            };
            let frame = Frame::of(&house, &visitor, "link-title");
            let page = Page { frame, lead, place: None, places: Vec::new(), act: None, said: None };
            guarded(visitor.page(&page)?)
        }
        Err(problem) if problem.code == Code::NotFound => gone(&house, &visitor),
        Err(problem) if problem.cause.is_some() => Err(problem.into()),
        Err(problem) => {
            // Nothing was done, and the link is as good as before.
            let (vault, now, key) = (house.vault.clone(), house.db.now(), secret.into_inner());
            let said = Some(texts::problem(visitor.lang, problem.code));
            match house.db.read(move |conn| super::look(conn, &vault, now, &key)).await {
                Ok(offer) => guarded(visitor.page_of(problem.code, &page(&house, &visitor, &offer, said))?),
                Err(_) => gone(&house, &visitor),
            }
        }
    }
}
