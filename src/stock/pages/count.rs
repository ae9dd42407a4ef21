//! The shelf is counted: every label is scanned, and whoever sends the form says that it is all of it. What differs is
//! settled on the page of the count.

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::{BloodUnitId, CountId, StrayId};
use shiryan_kernel::status::{CountState, MissEnd};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::bag::Tag;
use crate::accounts::{Actor, CountStock};
use crate::db::Tx;
use crate::http::{Answer, House, NoQuery, PathId};
use crate::stock::{self, Counted, Missed, Stray, rules};
use crate::texts::ProblemText;
use crate::web::{
    Fields, Frame, Posted, Print, Say, ScanField, Time, Visitor, field, go, is_for_the_form, labels, told,
};

#[derive(Template)]
#[template(path = "count_new.html")]
struct NewPage {
    frame: Frame,
    said: Option<ProblemText>,
    /// When the shelf was last counted with nothing left open.
    last: Option<(String, Time)>,
    fields: Vec<ScanField>,
}

/// A unit that was not scanned.
struct Miss {
    id: String,
    tag: Tag,
    status: String,
    outcome: Option<String>,
}

/// A label that should not be there.
struct Odd {
    id: String,
    tag: Tag,
    note: Option<String>,
}

#[derive(Template)]
#[template(path = "count.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    id: String,
    state: String,
    is_right: bool,
    scanned: i64,
    day: String,
    time: Time,
    missing: Vec<Miss>,
    odd: Vec<Odd>,
}

pub async fn ask(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    form(&house, &visitor, &Fields::default(), None).await
}

async fn form(house: &House, visitor: &Visitor, form: &Fields, problem: Option<&Problem>) -> Answer {
    let by: Actor<CountStock> = visitor.seat()?;
    let own = by.own_facility()?;
    let last = house.db.read(move |conn| stock::counted_at(conn, &[own])).await?.remove(&own);
    let frame = Frame { at: "/bank/count".to_owned(), ..Frame::of(house, visitor, "count-title") };
    let say = frame.say;
    let page = NewPage {
        said: problem.map(|problem| told(say.0, problem)),
        last: last.map(|at| (say.day(house.zone.date(at)), Time(at, house.zone))),
        fields: ScanField::all(say, form),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

pub async fn submit(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form: fields, print } = posted;
    match counted(&house, &visitor, &fields, &print).await {
        Ok(id) => Ok(go(&format!("/bank/counts/{id}"))),
        Err(problem) if is_for_the_form(&problem) => form(&house, &visitor, &fields, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn counted(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<CountId> {
    let by: Actor<CountStock> = visitor.seat()?;
    if field(form, "is_all") != "on" {
        return Err(Problem::field("is_all", Code::MissingField));
    }
    let labels = labels(form, &house.settings, rules::MOST_COUNTED)?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let count = move |tx: &mut Tx| stock::count(tx, &vault, &who, &labels);
    Ok(house.once(&by, print.by(by.user), count).await?.count.id)
}

pub async fn look(house: web::Data<House>, visitor: Visitor, id: PathId<CountId>, _query: NoQuery) -> Answer {
    show(&house, &visitor, id.0, None).await
}

async fn show(house: &House, visitor: &Visitor, id: CountId, problem: Option<&Problem>) -> Answer {
    let by: Actor<CountStock> = visitor.seat()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let found = house.db.read(move |conn| stock::look_at_count(conn, &vault, &who, id)).await?;
    let frame = Frame { at: format!("/bank/counts/{id}"), ..Frame::of(house, visitor, "counted-title") };
    let say = frame.say;
    let Counted { count, missing, unexpected } = found;
    let page = Page {
        said: problem.map(|problem| told(say.0, problem)),
        id: id.to_string(),
        state: say.word("count-state", count.state.code()),
        is_right: count.state == CountState::Closed,
        scanned: count.scanned.into(),
        day: say.day(house.zone.date(count.at)),
        time: Time(count.at, house.zone),
        missing: missing.iter().map(|own| miss(say, own)).collect(),
        odd: unexpected.into_iter().map(|own| odd(say, own)).collect(),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn miss(say: Say, missed: &Missed) -> Miss {
    Miss {
        id: missed.id.to_string(),
        tag: Tag::of(say, &missed.label),
        status: say.word("unit-status", missed.status.code()),
        outcome: missed.outcome.map(|own| say.word("miss-end", own.code())),
    }
}

fn odd(say: Say, stray: Stray) -> Odd {
    Odd { id: stray.id.to_string(), tag: Tag::of(say, &stray.label), note: stray.note }
}

/// Says of a unit that was missed that it was found, or is lost.
pub async fn step(
    house: web::Data<House>,
    path: web::Path<(String, String)>,
    posted: Posted<Fields>,
) -> Answer {
    let Posted { visitor, form, print } = posted;
    let (id, step) = path.into_inner();
    let id: CountId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    match settle(&house, &visitor, id, &step, (&form, &print)).await {
        Ok(()) => Ok(go(&format!("/bank/counts/{id}"))),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, id, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn settle(
    house: &House,
    visitor: &Visitor,
    id: CountId,
    step: &str,
    (form, print): (&Fields, &Print),
) -> Result<()> {
    let by: Actor<CountStock> = visitor.seat()?;
    let unit: BloodUnitId =
        field(form, "unit").parse().map_err(|_| Problem::field("unit", Code::InvalidValue))?;
    let (outcome, note) = match step {
        "found" => (MissEnd::Found, None),
        "lost" => {
            let note: Note<500> = Note::parse(field(form, "note")).map_err(|problem| problem.on("note"))?;
            (MissEnd::Lost, Some(note))
        }
        _ => return Err(Problem::new(Code::NotFound)),
    };
    let (who, vault) = (by.clone(), house.vault.clone());
    let settle =
        move |tx: &mut Tx| stock::settle_missing(tx, &vault, &who, id, &[unit], outcome, note.clone());
    house.once(&by, print.by(by.user), settle).await.map(|_| ())
}

/// Says what a label was that should not have been there; back to its count, or to the lists.
pub async fn explain(house: web::Data<House>, id: PathId<StrayId>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let by: Actor<CountStock> = visitor.seat()?;
    let note: Note<500> = Note::parse(field(&form, "note")).map_err(|problem| problem.on("note"))?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let explain = move |tx: &mut Tx| stock::explain(tx, &vault, &who, id.0, &note);
    house.once(&by, print.by(by.user), explain).await?;
    let count = field(&form, "count").parse::<CountId>();
    Ok(go(&count.map_or_else(|_| "/bank".to_owned(), |count| format!("/bank/counts/{count}"))))
}
