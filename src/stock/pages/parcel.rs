//! Boxes between blood banks of one region: what is sent, what arrives by scan, and what never arrives.

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::{FacilityId, TransferId};
use shiryan_kernel::status::{FacilityKind, MoveReason, TransferEnd, TransferState};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::bag::Tag;
use crate::accounts::{Actor, MoveUnits};
use crate::db::{Conn, Tx};
use crate::http::{Answer, House, NoQuery, PathId};
use crate::places::{self, Facility};
use crate::stock::{self, TransferUnit, Why, rules};
use crate::texts::{Lang, ProblemText};
use crate::web::{
    Choice, Fields, Frame, Posted, Print, ScanField, Time, Visitor, field, go, is_for_the_form, some_labels,
    told,
};

/// The facilities that are looked through for blood banks of the region.
const READ: i64 = 2_000;

/// A unit of a box.
struct Line {
    id: String,
    tag: Tag,
    status: String,
    /// Arrived, lost, or neither yet.
    outcome: Option<String>,
}

#[derive(Template)]
#[template(path = "send.html")]
struct SendPage {
    frame: Frame,
    said: Option<ProblemText>,
    banks: Vec<Choice>,
    fields: Vec<ScanField>,
}

#[derive(Template)]
#[template(path = "transfer.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    id: String,
    from: String,
    to: String,
    state: String,
    day: String,
    time: Time,
    lines: Vec<Line>,
    /// It comes here and is not closed.
    may_receive: bool,
    /// Something is missing, and somebody else may say that it is lost.
    may_lose: bool,
    fields: Vec<ScanField>,
}

pub async fn ask(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    form(&house, &visitor, &Fields::default(), None).await
}

async fn form(house: &House, visitor: &Visitor, form: &Fields, problem: Option<&Problem>) -> Answer {
    let by: Actor<MoveUnits> = visitor.seat()?;
    let own = by.own_facility()?;
    let banks = house.db.read(move |conn| banks(conn, own)).await?;
    let frame = Frame { at: "/bank/send".to_owned(), ..Frame::of(house, visitor, "send-title") };
    let say = frame.say;
    let chosen = field(form, "to");
    let bank = |own: &Facility| Choice {
        code: own.id.to_string(),
        text: name(say.0, own),
        chosen: own.id.to_string() == chosen,
    };
    let page = SendPage {
        said: problem.map(|problem| told(say.0, problem)),
        banks: banks.iter().map(bank).collect(),
        fields: ScanField::all(say, form),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

/// The other blood banks of the region.
fn banks(conn: &mut Conn, own: FacilityId) -> Result<Vec<Facility>> {
    let region = places::facility(conn, own)?.governorate.region();
    let mut found = places::facilities(conn, 0, READ)?;
    found.retain(|other| {
        other.id != own && other.kind == FacilityKind::BloodBank && other.governorate.region() == region
    });
    Ok(found)
}

fn name(lang: Lang, facility: &Facility) -> String {
    match lang {
        Lang::Ar => facility.name_ar.clone(),
        Lang::En => facility.name_en.clone(),
    }
}

pub async fn send(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form: fields, print } = posted;
    match sent(&house, &visitor, &fields, &print).await {
        Ok(id) => Ok(go(&format!("/bank/transfers/{id}"))),
        Err(problem) if is_for_the_form(&problem) => form(&house, &visitor, &fields, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn sent(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<TransferId> {
    let by: Actor<MoveUnits> = visitor.seat()?;
    let to = field(form, "to").parse().map_err(|_| Problem::field("to", Code::MissingField))?;
    let labels = some_labels(form, &house.settings, rules::MOST_SENT)?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let send = move |tx: &mut Tx| stock::send(tx, &vault, &who, to, &labels);
    Ok(house.once(&by, print.by(by.user), send).await?.id)
}

pub async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<TransferId>,
    _query: NoQuery,
) -> Answer {
    show(&house, &visitor, id.0, &Fields::default(), None).await
}

async fn show(
    house: &House,
    visitor: &Visitor,
    id: TransferId,
    form: &Fields,
    problem: Option<&Problem>,
) -> Answer {
    let by: Actor<MoveUnits> = visitor.seat()?;
    let who = by.clone();
    let (found, units, from, to) = house
        .db
        .read(move |conn| {
            let (found, units) = stock::transfer(conn, &who, id)?;
            let (from, to) = (places::facility(conn, found.from)?, places::facility(conn, found.to)?);
            Ok((found, units, from, to))
        })
        .await?;
    let at = format!("/bank/transfers/{id}");
    let frame = Frame { at, ..Frame::of(house, visitor, "transfer-title") };
    let say = frame.say;
    let is_open = found.state != TransferState::Closed;
    let line = |unit: &TransferUnit| Line {
        id: unit.id.to_string(),
        tag: Tag::of(say, &unit.label),
        status: say.word("unit-status", unit.status.code()),
        outcome: unit.outcome.map(|own: TransferEnd| say.word("transfer-end", own.code())),
    };
    let page = Page {
        said: problem.map(|problem| told(say.0, problem)),
        id: id.to_string(),
        from: name(say.0, &from),
        to: name(say.0, &to),
        state: say.word("transfer-state", found.state.code()),
        day: say.day(house.zone.date(found.made_at)),
        time: Time(found.made_at, house.zone),
        may_receive: is_open && by.facility == Some(found.to),
        may_lose: is_open && units.iter().any(|unit| unit.outcome.is_none()),
        lines: units.iter().map(line).collect(),
        fields: ScanField::all(say, form),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

/// Takes in what was scanned, or says that what is missing is lost.
pub async fn step(
    house: web::Data<House>,
    path: web::Path<(String, String)>,
    posted: Posted<Fields>,
) -> Answer {
    let Posted { visitor, form, print } = posted;
    let (id, step) = path.into_inner();
    let id: TransferId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    match take(&house, &visitor, id, &step, (&form, &print)).await {
        Ok(()) => Ok(go(&format!("/bank/transfers/{id}"))),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, id, &form, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn take(
    house: &House,
    visitor: &Visitor,
    id: TransferId,
    step: &str,
    (form, print): (&Fields, &Print),
) -> Result<()> {
    let by: Actor<MoveUnits> = visitor.seat()?;
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    match step {
        "receive" => {
            let scanned = some_labels(form, &house.settings, rules::MOST_SENT)?;
            let receive = move |tx: &mut Tx| stock::receive(tx, &vault, zone, &who, id, &scanned);
            house.once(&by, print.by(by.user), receive).await.map(|_| ())
        }
        "lost" => {
            let note = Note::parse(field(form, "note")).map_err(|problem| problem.on("note"))?;
            let why = Why { reason: MoveReason::Lost, note: Some(note) };
            let lose = move |tx: &mut Tx| stock::lose(tx, &vault, &who, id, &why);
            house.once(&by, print.by(by.user), lose).await.map(|_| ())
        }
        _ => Err(Problem::new(Code::NotFound)),
    }
}
