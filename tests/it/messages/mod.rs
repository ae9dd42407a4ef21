//! What donors are told by message: the outbox, its rules, and what leaves the house.

mod cancelled;
mod confirmed;
mod links;
mod moved;
mod outbox;
mod rules;
mod smtp;
mod users;
mod webhook;

use std::sync::{Arc, Mutex};

use diesel::prelude::*;
use mail_parser::{Message, MessageParser};
use serde_json::{Value, json};
use shiryan::app::{self, Delivered};
use shiryan::db::Lane;
use shiryan::db::tables::messages;
use shiryan::drives;
use shiryan::mail::Post;
use shiryan_kernel::ids::AppointmentId;
use shiryan_kernel::message::Template;
use shiryan_kernel::role::Role;

use crate::support::app::TestApp;
use crate::support::{rows, wait};

const DRIVES: &str = "/api/v1/drives";
/// The test's clock stands at midnight of 24 November in Hebron; drives are a week later.
const DAY: &str = "2026-12-01";
const PLACE: &str = "ساحة الكناري";

fn with(mut form: Value, fields: Value) -> Value {
    form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    form
}

/// Where letters come.
pub(super) struct Mail {
    post: Post,
    kept: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl Mail {
    pub(super) fn new() -> Self {
        let (post, kept) = Post::memory("appointments@force.example".parse().unwrap());
        Self { post, kept }
    }

    pub(super) fn deliver(&self, app: &TestApp) -> Delivered {
        wait(app::deliver(&app.house, &self.post)).unwrap()
    }

    pub(super) fn letters(&self) -> Vec<Vec<u8>> {
        self.kept.lock().unwrap().clone()
    }
}

pub(super) fn parsed(letter: &[u8]) -> Message<'_> {
    MessageParser::default().parse(letter).unwrap()
}

fn address(letter: &[u8]) -> String {
    parsed(letter).to().unwrap().first().unwrap().address().unwrap().to_owned()
}

/// A drive of the medic's own with five slots of two places; its id.
fn drive(app: &TestApp) -> String {
    let form = json!({
        "title": "حملة الكناري", "place": PLACE, "governorate": "PS-RBH", "date": DAY, "from": "09:00",
        "to": "11:30", "slot_minutes": 30, "beds": 2, "unit": app.places.company,
    });
    app.client(Role::Medic).post(DRIVES, &form).expect(201)["id"].as_str().unwrap().to_owned()
}

/// A donor who may give, said yes to mail and reads it; `fields` win. Its id.
fn donor(app: &TestApp, n: usize, fields: Value) -> String {
    let form = json!({
        "first_name": "ياسر", "family_name": "الكناري", "sex": "male", "birth_date": "1994-05-20",
        "service_number": format!("MS-{n}"), "unit": app.places.company, "weight_kg": 82.0, "height_cm": 177,
        "email": format!("canary{n}@reader.example"), "may_email": true,
    });
    let made = app.client(Role::Medic).post("/api/v1/donors", &with(form, fields)).expect(201);
    let id = made["id"].as_str().unwrap();
    rows::gave_before(app, id);
    id.to_owned()
}

/// Books a donor, whose question whether that suits is taken out of the outbox: most tests are about later letters. The
/// appointment's id.
fn book(app: &TestApp, drive: &str, donor: &str) -> String {
    let appointment = proposed(app, drive, donor);
    let id: AppointmentId = appointment.parse().unwrap();
    let asked = messages::template.eq(Template::AppointmentProposed).and(messages::subject.eq(id.0));
    let dropped = app.house.db.write_now(Lane::System, move |tx| {
        Ok(diesel::delete(messages::table.filter(asked)).execute(tx.conn)?)
    });
    assert_eq!(dropped.unwrap(), 1);
    appointment
}

/// The same with the question.
fn proposed(app: &TestApp, drive: &str, donor: &str) -> String {
    let path = format!("{DRIVES}/{drive}/appointments");
    let booked = app.client(Role::Medic).post(&path, &json!({"donor": donor})).expect(201);
    booked["id"].as_str().unwrap().to_owned()
}

/// A fact after which the donor may not give on the day of the drive.
fn defer(app: &TestApp, donor: &str) {
    let path = format!("/api/v1/donors/{donor}/deferrals");
    app.client(Role::Medic).post(&path, &json!({"code": "P-HIV", "base": "2026-11-23"})).expect(201);
}

/// Looks for appointments that became impossible, as the house does each minute.
fn keep(app: &TestApp) -> usize {
    drives::tell_impossible(&app.house.db, &app.house.vault, app.house.zone).unwrap()
}

/// Whether each appointment's holder was told, by the appointment's id.
fn told(app: &TestApp, drive: &str) -> Vec<(String, Value)> {
    let page = app.client(Role::Medic).get(&format!("{DRIVES}/{drive}/appointments")).expect(200);
    let rows = page["items"].as_array().unwrap().clone();
    rows.iter().map(|row| (row["id"].as_str().unwrap().to_owned(), row["told"].clone())).collect()
}

/// State and reason of each message, oldest first.
fn outbox(app: &TestApp) -> Vec<(String, Option<String>)> {
    let read = |conn: &mut shiryan::db::Conn| {
        Ok(messages::table.order(messages::id).select((messages::state, messages::reason)).load(conn)?)
    };
    app.house.db.read_now(read).unwrap()
}

/// Moves the clock to nine in the morning of Hebron, when nobody is quiet.
fn morning(app: &TestApp) {
    app.clock.advance(chrono::Duration::hours(9));
}
