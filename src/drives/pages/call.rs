//! Whom to call: donors who may give today, of the group that is wanted, whoever was reached longest ago first; and what
//! came of it.

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::Problem;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::CallOutcome;

use crate::accounts::{Actor, Book};
use crate::db::off_loop;
use crate::drives::{self, Due};
use crate::http::{Answer, House, PathId, Query};
use crate::roster;
use crate::texts::ProblemText;
use crate::web::{Choice, Fields, Frame, Group, Posted, Say, Time, Visitor, go, is_for_the_form, told};

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    /// Empty is any.
    #[serde(default)]
    group: String,
}

struct Row {
    id: DonorId,
    group: Option<Group>,
    asked: Option<String>,
    /// The day of the last call, and what came of it.
    called: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "call.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    group: String,
    groups: Vec<Choice>,
    outcomes: Vec<Choice>,
    rows: Vec<Row>,
    said: Option<ProblemText>,
}

pub(super) async fn look(house: web::Data<House>, visitor: Visitor, query: Query<Which>) -> Answer {
    let page = page(&house, &visitor, query.into_inner().group, None).await?;
    Ok(visitor.page(&page)?)
}

async fn page(
    house: &web::Data<House>,
    visitor: &Visitor,
    group: String,
    problem: Option<&Problem>,
) -> shiryan_kernel::Result<Page> {
    let by: Actor<Book> = visitor.seat()?;
    let wanted: Option<BloodGroup> = if group.is_empty() { None } else { Some(group.parse()?) };
    let (all, who) = (house.clone(), by.clone());
    let found =
        off_loop(move || roster::to_call(&all.roster, &all.db, all.zone, &who, (wanted, None))).await?;
    let at = if group.is_empty() { "/call".to_owned() } else { format!("/call?group={group}") };
    let frame = Frame { at, ..Frame::of(house, visitor, "call-title") };
    let say = frame.say;
    let codes = BloodGroup::ALL.iter().map(|group| group.code());
    let mut outcomes = Choice::words(say, "call", CallOutcome::ALL.iter().map(|own| own.code()), "");
    outcomes.insert(0, Choice { code: String::new(), text: say.text("call-outcome"), chosen: true });
    Ok(Page {
        at: Time(house.db.now(), house.zone),
        today: say.day(house.today()),
        groups: Choice::words(say, "blood-group", codes, &group),
        outcomes,
        rows: found.iter().map(|due| row(house, say, due)).collect(),
        said: problem.map(|problem| told(visitor.lang, problem)),
        group,
        frame,
    })
}

fn row(house: &House, say: Say, due: &Due) -> Row {
    let day = |at| say.day(house.zone.date(at));
    Row {
        id: due.donor,
        group: due.group.map(Group),
        asked: due.asked_at.map(day),
        called: due.called.map(|(at, outcome)| (day(at), say.word("call", outcome.code()))),
    }
}

/// Notes what came of a call.
pub(super) async fn note(house: web::Data<House>, id: PathId<DonorId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<Book> = posted.visitor.seat()?;
    let mut faults = Faults::none();
    let outcome: Option<CallOutcome> = posted.form.need(&mut faults, "outcome");
    let group = posted.form.written("group").to_owned();
    let noted = match faults.give(outcome) {
        Ok(outcome) => {
            let (vault, who, donor) = (house.vault.clone(), by.clone(), id.0);
            let request = posted.print.by(by.user);
            house
                .once(&by, request, move |tx| drives::note_call(tx, &vault, &who, donor, outcome))
                .await
                .map(drop)
        }
        Err(problem) => Err(problem),
    };
    match noted {
        Ok(()) => Ok(go(&match group.parse::<BloodGroup>() {
            Ok(group) => format!("/call?group={}", group.code()),
            Err(_) => "/call".to_owned(),
        })),
        Err(problem) if !is_for_the_form(&problem) => Err(problem.into()),
        Err(problem) => {
            let page = page(&house, &posted.visitor, group, Some(&problem)).await?;
            Ok(posted.visitor.page_of(problem.code, &page)?)
        }
    }
}
