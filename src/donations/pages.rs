//! The pages of a drive's day: how it stands and what must be ready, the door, one visit from screening to the way home,
//! and the printed list. All of it plain forms, so that it works on an old telephone and on a poor line.

mod day;
mod door;
mod panel;
mod roster;
mod visit;
mod working;

use actix_web::web;
use chrono::{NaiveDate, NaiveTime};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shiryan_kernel::ids::{DonorId, VisitId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::VisitState;
use shiryan_kernel::time::{Moment, clock_time};
use shiryan_kernel::{Code, Result};

use crate::accounts::{Actor, OpenIdentity, RecordDonations};
use crate::db::{Lane, Tx};
use crate::donors::{self, Donor, Identity, Purpose};
use crate::http::House;
use crate::web::{Fields, Group, Posted, Say, go, western};

/// Labels of the fields of a drive's day.
const LIST: &str = "day-field";

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/working", web::get().to(working::working))
        .route("/drives/{id}/roster", web::get().to(roster::by_number))
        .route("/drives/{id}/roster", web::post().to(roster::by_name))
        .route("/drives/{id}/day", web::get().to(day::look))
        .route("/drives/{id}/day/prepare", web::post().to(day::prepare))
        .route("/drives/{id}/day/numbers", web::post().to(day::hand_out))
        .route("/drives/{id}/day/spoil", web::post().to(day::spoil))
        .route("/drives/{id}/day/clock", web::post().to(day::set_clock))
        .route("/drives/{id}/day/find", web::post().to(day::find))
        .route("/drives/{id}/day/close-out", web::post().to(day::close_out))
        .route("/drives/{drive}/door/{id}", web::get().to(door::look))
        .route("/drives/{drive}/door/{id}", web::post().to(door::check_in))
        .route("/drives/{drive}/door/{id}/who", web::post().to(door::who))
        .route("/panel", web::get().to(panel::look))
        .route("/visits/{id}", web::get().to(visit::look))
        .route("/visits/{id}/who", web::post().to(visit::who))
        .route("/visits/{id}/screening", web::post().to(visit::screen))
        .route("/visits/{id}/consent", web::post().to(visit::consent))
        .route("/visits/{id}/collection", web::post().to(visit::collect))
        .route("/visits/{id}/depart", web::post().to(visit::depart))
        .route("/visits/{id}/reaction", web::post().to(visit::react))
        .route("/visits/{id}/leave", web::post().to(visit::leave));
}

/// Whoever stands there, as far as the record tells without being opened.
struct Record {
    id: String,
    group: Option<Group>,
    evidence: String,
    /// Five years that hold the year of birth.
    born: String,
    sex: String,
}

impl Record {
    fn of(say: Say, donor: &Donor) -> Self {
        Self {
            id: donor.id.to_string(),
            group: donor.blood_group.map(Group),
            evidence: say.word("group-evidence", donor.group_evidence.code()),
            born: donor.birth_band.map(|first| format!("{first}–{}", first + 4)).unwrap_or_default(),
            sex: donor.sex.map(|sex| say.word("sex", sex.code())).unwrap_or_default(),
        }
    }
}

/// Who it is, once that was opened.
struct Named {
    name: String,
    born: String,
    number: String,
}

impl From<Identity> for Named {
    fn from(identity: Identity) -> Self {
        Self {
            name: identity.full_name(),
            born: identity.birth_date.map(|date| date.to_string()).unwrap_or_default(),
            number: identity.service_number.unwrap_or_default(),
        }
    }
}

/// Opens who somebody is, to compare it with what they say and with their document; it is on record.
async fn opened(house: &House, posted: &Posted<Fields>, donor: DonorId) -> Result<Named> {
    let by: Actor<OpenIdentity> = posted.visitor.seat()?;
    let (vault, who, opening) = (house.vault.clone(), by.clone(), house.opening(Purpose::CheckIn));
    let open = move |tx: &mut Tx| donors::open_identity(tx, &vault, &who, donor, opening);
    Ok(house.db.write(Lane::Actor(by.user.0), open).await?.into())
}

/// The three things that are done at the door and again at the bed.
const SHOWN: [&str; 3] = ["name_said", "birth_date_said", "document_seen"];

fn check_shown(faults: &mut Faults, fields: &Fields) {
    for name in SHOWN.iter().filter(|name| !fields.is(name)) {
        faults.add(*name, Code::MissingField);
    }
}

/// A clock time of a day; none of an empty field.
fn moment(faults: &mut Faults, house: &House, day: NaiveDate, fields: &Fields, name: &str) -> Option<Moment> {
    let time: Option<NaiveTime> = fields.may(faults, name, |text| clock_time(&western(text)));
    time.map(|time| house.zone.moment(day, time))
}

/// The same of a field that must say something.
fn needed(faults: &mut Faults, house: &House, day: NaiveDate, fields: &Fields, name: &str) -> Option<Moment> {
    if fields.said(name).is_none() {
        faults.add(name, Code::MissingField);
        return None;
    }
    moment(faults, house, day, fields, name)
}

/// A step of the day under the form's own print, then on to `to`.
async fn step<T: Serialize + DeserializeOwned + Send + 'static>(
    house: &House,
    by: &Actor<RecordDonations>,
    posted: &Posted<Fields>,
    to: String,
    act: impl Fn(&mut Tx, &Actor<RecordDonations>) -> Result<T> + Send + 'static,
) -> Result<actix_web::HttpResponse> {
    let who = by.clone();
    house.once(by, posted.print.by(by.user), move |tx| act(tx, &who)).await?;
    Ok(go(&to))
}

/// The word of a state with the class of its chip.
fn chip(state: VisitState) -> &'static str {
    match state {
        VisitState::CheckedIn => "watch",
        VisitState::Fit | VisitState::Ready => "amber",
        VisitState::Donated => "green",
        VisitState::Deferred | VisitState::Left => "unknown",
    }
}

fn to_visit(id: VisitId) -> String {
    format!("/visits/{id}")
}
