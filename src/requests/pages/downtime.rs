//! The form for the hours in which the service does not answer: blank, printed beforehand, and entered afterwards with the
//! moments that stand on it.

use actix_web::web;
use askama::Template;

use crate::accounts::{Actor, SeeRequests};
use crate::http::{Answer, House, NoQuery};
use crate::requests;
use crate::web::{Frame, Visitor};

/// Lines for units on one sheet.
const LINES: usize = 8;

#[derive(Template)]
#[template(path = "downtime.html")]
struct Page {
    frame: Frame,
    lines: Vec<usize>,
    components: Vec<String>,
    urgencies: Vec<String>,
    reminders: Vec<String>,
}

/// The blank form.
pub async fn downtime(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    let _by: Actor<SeeRequests> = visitor.seat()?;
    let frame = Frame::of(&house, &visitor, "downtime-title");
    let say = frame.say;
    let words = |list: &str, codes: Vec<&'static str>| -> Vec<String> {
        codes.into_iter().map(|code| say.word(list, code)).collect()
    };
    let components = shiryan_kernel::blood::Component::ALL.iter().map(|component| component.code());
    let urgencies = shiryan_kernel::status::Urgency::ALL.iter().map(|urgency| urgency.code());
    let page = Page {
        lines: (1..=LINES).collect(),
        components: words("component", components.collect()),
        urgencies: words("urgency", urgencies.collect()),
        reminders: words("stock-reminder", requests::REMINDERS.to_vec()),
        frame,
    };
    Ok(visitor.page(&page)?)
}
