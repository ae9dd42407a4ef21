//! The pages of donors: finding one, registering one, and one record with what may be done. A search is a form that is
//! sent, so that no address and no log holds a name; a name is shown only to whoever asks for it, on record.

mod new;
mod one;

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::ids::{DonorId, DriveId};
use shiryan_kernel::{Code, Problem, Result};

use super::{Budget, Donor, Found, LookUp, Scope, Term, by_name, look_up};
use crate::accounts::{Actor, Book};
use crate::db::Lane;
use crate::http::{Answer, House, Query};
use crate::web::{
    Choice, Fields, Frame, Group, Kind, Part, Posted, Said, Say, Sheet, Visitor, is_for_the_form,
};

const LIST: &str = "donor-field";
/// The most that a search shows: whoever finds more says more.
const MOST: usize = 25;

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/donors", web::get().to(ask))
        .route("/donors", web::post().to(search))
        .route("/donors/new", web::get().to(new::ask))
        .route("/donors/new", web::post().to(new::submit))
        .route("/donors/{id}", web::get().to(one::look))
        .route("/donors/{id}/who", web::post().to(one::who))
        .route("/donors/{id}/book", web::post().to(one::book))
        .route("/donors/{id}/pause", web::post().to(one::pause))
        .route("/donors/{id}/resume", web::post().to(one::resume));
}

/// The drive that somebody is looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct For {
    drive: Option<DriveId>,
}

struct Row {
    id: DonorId,
    group: Option<Group>,
    evidence: String,
    born: String,
    sex: String,
    status: String,
}

impl Row {
    fn of(say: Say, donor: &Donor) -> Self {
        Self {
            id: donor.id,
            group: donor.blood_group.map(Group),
            evidence: say.word("group-evidence", donor.group_evidence.code()),
            born: donor.birth_band.map(|first| format!("{first}–{}", first + 4)).unwrap_or_default(),
            sex: donor.sex.map(|sex| say.word("sex", sex.code())).unwrap_or_default(),
            status: say.word("donor-status", donor.standing().code()),
        }
    }
}

#[derive(Template)]
#[template(path = "donors.html")]
struct Page {
    frame: Frame,
    said: Option<Said>,
    drive: Option<DriveId>,
    /// None before anything was searched.
    found: Option<Vec<Row>>,
    has_more: bool,
    parts: Vec<Part>,
}

async fn ask(house: web::Data<House>, visitor: Visitor, query: Query<For>) -> Answer {
    let _by: Actor<Book> = visitor.seat()?;
    let page = page(&house, &visitor, query.drive, &Fields::default(), None, None);
    Ok(visitor.page(&page)?)
}

fn page(
    house: &House,
    visitor: &Visitor,
    drive: Option<DriveId>,
    fields: &Fields,
    found: Option<&Found>,
    problem: Option<&Problem>,
) -> Page {
    let at = drive.map_or_else(|| "/donors".to_owned(), |drive| format!("/donors?drive={drive}"));
    let frame = Frame { at, ..Frame::of(house, visitor, "donors-title") };
    let say = frame.say;
    let sheet = Sheet { say, list: LIST, fields, problem };
    let by = ["name", "service_number", "national_id", "phone", "email"];
    let choice = |code: &str| Choice {
        code: code.to_owned(),
        text: say.word(LIST, code),
        chosen: fields.written("by") == code,
    };
    let mut text = sheet.line("text", 200).needed();
    text.is_wrong = problem.is_some();
    text.kind = Kind::Text { most: 200, is_code: false };
    let inputs = vec![sheet.choice("by", by.into_iter().map(choice).collect()), text];
    Page {
        said: problem.map(|problem| Said::of(say, LIST, problem)),
        drive,
        found: found.map(|found| found.donors.iter().map(|donor| Row::of(say, donor)).collect()),
        has_more: found.is_some_and(|found| found.last.is_some()),
        parts: vec![Part { legend: String::new(), inputs }],
        frame,
    }
}

async fn search(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let by: Actor<Book> = posted.visitor.seat()?;
    let fields = &posted.form;
    let drive = match fields.said("drive") {
        Some(drive) => Some(drive.parse().map_err(|_| Problem::new(Code::NotFound))?),
        None => None,
    };
    match find(&house, &by, fields).await {
        Ok(found) => {
            Ok(posted.visitor.page(&page(&house, &posted.visitor, drive, fields, Some(&found), None))?)
        }
        Err(problem) if !is_for_the_form(&problem) => Err(problem.into()),
        Err(problem) => {
            let page = page(&house, &posted.visitor, drive, fields, None, Some(&problem));
            Ok(posted.visitor.page_of(problem.code, &page)?)
        }
    }
}

async fn find(house: &House, by: &Actor<Book>, fields: &Fields) -> Result<Found> {
    let (asked, text) = (fields.written("by"), crate::web::western(fields.written("text")));
    let given =
        |field: &'static str| (field, Some(text.as_str()).filter(|text| asked == field && !text.is_empty()));
    let by_field =
        [given("name"), given("national_id"), given("service_number"), given("phone"), given("email")];
    let who = by.clone();
    match Term::parse(by_field)? {
        Term::Name(words) => {
            let names = house.names.clone();
            house
                .db
                .read(move |conn| {
                    let scope = Scope::of(conn, &who)?;
                    by_name(conn, &names, &scope, &words, DonorId(0), MOST)
                })
                .await
        }
        Term::Exact(exact) => {
            let (key, vault) = (exact.key(&house.vault)?, house.vault.clone());
            let budget = Budget { a_day: house.settings.donors.exact_look_ups_a_day, today: house.today() };
            let looked_up = house
                .db
                .write(Lane::Actor(by.user.0), move |tx| {
                    look_up(tx, &vault, &who, &key, budget, (DonorId(0), MOST))
                })
                .await?;
            match looked_up {
                LookUp::Found(found) => Ok(found),
                LookUp::OverBudget => Err(Problem::new(Code::TooManyRequests)),
            }
        }
    }
}
