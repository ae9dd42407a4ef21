//! Massive-transfusion packs: which run, one of them with its requests and what is to be returned, and how one is started.

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::PackId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::PackState;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::patient::{PatientFields, group, needed, optional};
use super::{Head, Names};
use crate::accounts::{Actor, RequestUnits, SeeRequests, StopPacks};
use crate::db::Tx;
use crate::http::{Answer, House, NoQuery, PathId};
use crate::requests::packs::{self, NewPack, OpenedPack, Pack, Typed};
use crate::requests::rules::pack::Composition;
use crate::requests::{self, Pseudonym};
use crate::texts::ProblemText;
use crate::web::{Fields, Frame, Posted, Print, Say, Time, Visitor, field, go, is_for_the_form, told};

/// Packs on the page.
const MOST: i64 = 100;

/// A pack in a list.
struct Line {
    id: String,
    hospital: String,
    round: i32,
    state: String,
    is_running: bool,
    day: String,
    time: Time,
}

impl Line {
    fn of(house: &House, say: Say, names: &Names, pack: &Pack) -> Self {
        let at = pack.started_at.and_utc();
        Self {
            id: pack.id.to_string(),
            hospital: names.of(pack.facility, say.0),
            round: pack.rounds,
            state: say.word("pack-state", pack.state.code()),
            is_running: pack.state == PackState::Running,
            day: say.day(house.zone.date(at)),
            time: Time(at, house.zone),
        }
    }
}

#[derive(Template)]
#[template(path = "packs.html")]
struct ListPage {
    frame: Frame,
    said: Option<ProblemText>,
    packs: Vec<Line>,
    /// The form of whoever may start one.
    patient: Option<PatientFields>,
    holds: String,
}

pub async fn list(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    show_all(&house, &visitor, &Fields::default(), None).await
}

async fn show_all(house: &House, visitor: &Visitor, form: &Fields, problem: Option<&Problem>) -> Answer {
    let by: Actor<SeeRequests> = visitor.seat()?;
    let who = by.clone();
    let (mut found, names) = house
        .db
        .read(move |conn| {
            let found = packs::list(conn, &who, None, (i64::MAX, MOST))?;
            let names = Names::read(conn, found.iter().map(|pack| pack.facility))?;
            Ok((found, names))
        })
        .await?;
    found.sort_by_key(|pack| pack.state != PackState::Running);
    let frame = Frame { at: "/packs".to_owned(), ..Frame::of(house, visitor, "packs-title") };
    let (say, pack) = (frame.say, &house.settings.pack);
    let page = ListPage {
        said: problem.map(|problem| told(say.0, problem)),
        packs: found.iter().map(|pack| Line::of(house, say, &names, pack)).collect(),
        patient: (by.role == Role::Hospital).then(|| PatientFields::of(say, form)),
        holds: say.with(
            "packs-hold",
            &[
                ("red", &pack.red_cells.to_string()),
                ("plasma", &pack.plasma.to_string()),
                ("platelets", &pack.platelets.to_string()),
            ],
        ),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn composition(house: &House) -> Composition {
    let pack = &house.settings.pack;
    Composition { red_cells: pack.red_cells, plasma: pack.plasma, platelets: pack.platelets }
}

pub async fn start(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    match started(&house, &visitor, &form, &print).await {
        Ok(id) => Ok(go(&format!("/packs/{id}"))),
        Err(problem) if is_for_the_form(&problem) => show_all(&house, &visitor, &form, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn started(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<PackId> {
    let by: Actor<RequestUnits> = visitor.seat()?;
    let mut faults = Faults::none();
    let patient = faults.keep("patient", Pseudonym::parse(field(form, "patient")));
    let (blood_group, evidence) = group(&mut faults, form);
    let sex = optional(&mut faults, form, "sex");
    let age_band = optional(&mut faults, form, "age_band");
    let notes = Some(field(form, "notes").replace("\r\n", "\n")).filter(|notes| !notes.is_empty());
    let notes = notes.and_then(|notes| faults.keep("notes", Note::parse(&notes)));
    let patient = faults.give(patient)?;
    let new = NewPack { patient, group: Typed { blood_group, evidence }, sex, age_band, notes };
    let (who, vault, of) = (by.clone(), house.vault.clone(), composition(house));
    let start = move |tx: &mut Tx| packs::start(tx, &vault, &who, &new, of);
    Ok(house.once(&by, print.by(by.user), start).await?.id)
}

/// A unit that is to come back.
struct Back {
    din: String,
    request: String,
}

#[derive(Template)]
#[template(path = "pack.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    line: Line,
    patient: String,
    notes: Option<String>,
    requests: Vec<Head>,
    back: Vec<Back>,
    /// The next round, for whoever may call it.
    next: Option<i32>,
    may_stop: bool,
    fields: PatientFields,
    reminders: Vec<String>,
}

pub async fn look(house: web::Data<House>, visitor: Visitor, id: PathId<PackId>, _query: NoQuery) -> Answer {
    show(&house, &visitor, id.0, None).await
}

async fn show(house: &House, visitor: &Visitor, id: PackId, problem: Option<&Problem>) -> Answer {
    let by: Actor<SeeRequests> = visitor.seat()?;
    let (who, vault, now) = (by.clone(), house.vault.clone(), house.db.now());
    let (opened, names) = house
        .db
        .read(move |conn| {
            let opened = packs::look(conn, &vault, &who, id, now)?;
            let names = Names::read(conn, [opened.pack.facility].into_iter())?;
            Ok((opened, names))
        })
        .await?;
    let frame = Frame { at: format!("/packs/{id}"), ..Frame::of(house, visitor, "pack-title") };
    let say = frame.say;
    let OpenedPack { pack, patient, notes, requests: asked, to_return } = opened;
    let line = Line::of(house, say, &names, &pack);
    let page = Page {
        said: problem.map(|problem| told(say.0, problem)),
        patient,
        notes,
        requests: asked
            .iter()
            .map(|(request, counts)| Head::of(house, say, &names, request, *counts))
            .collect(),
        back: to_return
            .iter()
            .map(|unit| Back { din: unit.din.printed(), request: unit.request.to_string() })
            .collect(),
        next: (line.is_running && by.role == Role::Hospital).then_some(pack.rounds + 1),
        may_stop: line.is_running && matches!(by.role, Role::Hospital | Role::Bank),
        fields: PatientFields::of(say, &Fields::default()),
        reminders: requests::REMINDERS.iter().map(|code| say.word("stock-reminder", code)).collect(),
        line,
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

/// Calls the next round, or stops the pack.
pub async fn step(
    house: web::Data<House>,
    path: web::Path<(String, String)>,
    posted: Posted<Fields>,
) -> Answer {
    let Posted { visitor, form, print } = posted;
    let (id, step) = path.into_inner();
    let id: PackId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    let taken = match step.as_str() {
        "next" => next(&house, &visitor, id, &form, &print).await,
        "stop" => stop(&house, &visitor, id, &print).await,
        _ => Err(Problem::new(Code::NotFound)),
    };
    match taken {
        Ok(()) => Ok(go(&format!("/packs/{id}"))),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, id, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn next(house: &House, visitor: &Visitor, id: PackId, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<RequestUnits> = visitor.seat()?;
    let mut faults = Faults::none();
    let round: Option<i32> = needed(&mut faults, form, "round");
    let (blood_group, evidence) = group(&mut faults, form);
    let round = faults.give(round)?;
    let said = Typed { blood_group, evidence };
    let (who, vault, of) = (by.clone(), house.vault.clone(), composition(house));
    let next = move |tx: &mut Tx| packs::next(tx, &vault, &who, (id, round), said, of);
    house.once_guarded(&by, print.by(by.user), next).await.map(|_| ())
}

async fn stop(house: &House, visitor: &Visitor, id: PackId, print: &Print) -> Result<()> {
    let by: Actor<StopPacks> = visitor.seat()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let stop = move |tx: &mut Tx| packs::stop(tx, &vault, &who, id);
    house.once_guarded(&by, print.by(by.user), stop).await.map(|_| ())
}
