//! One drive, for those who run it: its slots, what clashes with it, and what may be done with it now.

use actix_web::web;
use askama::Template;
use chrono::NaiveDate;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::branch::RestMode;
use shiryan_kernel::ids::DriveId;
use shiryan_kernel::message::Told;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::{Code, Problem, Result};

use super::percent;
use crate::accounts::{Actor, Book, PlanDrives};
use crate::db::Tx;
use crate::drives::rules::layout::Uses;
use crate::drives::{self, Asked, Copied, Slot, UnitClash, form};
use crate::http::{Answer, House, NoQuery, PathId};
use crate::texts::Lang;
use crate::web::{Fields, Frame, Group, Part, Posted, Said, Say, Sheet, Time, Visitor, go, is_for_the_form};

const LIST: &str = "drive-field";
/// Waiting people and untold ones are counted up to here.
const MOST: i64 = 200;

struct Row {
    time: Time,
    booked: i64,
    capacity: i64,
    percent: i64,
    is_full: bool,
    for_women: bool,
}

struct Clash {
    branch: String,
    from: String,
    to: String,
    blocks: bool,
}

/// What may be done with it now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Steps {
    publish: bool,
    close: bool,
    reopen: bool,
    cancel: bool,
}

impl Steps {
    const fn of(status: DriveStatus) -> Self {
        Self {
            publish: matches!(status, DriveStatus::Draft),
            close: matches!(status, DriveStatus::Open),
            reopen: matches!(status, DriveStatus::Closed),
            cancel: !status.is_over(),
        }
    }
}

#[derive(Template)]
#[template(path = "drive.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    said: Option<Said>,
    id: DriveId,
    title: String,
    day: String,
    from: Time,
    to: Time,
    governorate: String,
    place: String,
    status: String,
    what: Vec<String>,
    lane: i64,
    booked: i64,
    capacity: i64,
    targets: Vec<(Group, i32)>,
    rows: Vec<Row>,
    clashes: Vec<Clash>,
    waiting: i64,
    in_person: i64,
    /// Whether its day has come and is not over.
    is_today: bool,
    takes_bookings: bool,
    steps: Steps,
    parts: Vec<Part>,
    /// Whom to ask by message.
    asking: Vec<Part>,
}

pub(super) async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    show(&house, &visitor, id.0, &Fields::default(), None).await
}

async fn show(
    house: &House,
    visitor: &Visitor,
    id: DriveId,
    fields: &Fields,
    problem: Option<&Problem>,
) -> Answer {
    let by: Actor<Book> = visitor.seat()?;
    let (vault, zone) = (house.vault.clone(), house.zone);
    let (seen, slots, clashes, waiting, untold) = house
        .db
        .read(move |conn| {
            let seen = drives::get(conn, &vault, zone, &by, id)?;
            Ok((
                seen,
                drives::slots(conn, &by, id)?,
                drives::clashes(conn, zone, &by, id)?,
                drives::waiting(conn, &by, id, 0, MOST)?.len(),
                drives::notified(conn, &by, id, Some(Told::InPerson), 0, MOST)?.len(),
            ))
        })
        .await?;
    let details = seen.details.ok_or_else(|| Problem::new(Code::NotFound))?;
    let frame = Frame { at: format!("/drives/{id}"), ..Frame::of(house, visitor, "drive-title") };
    let (say, today) = (frame.say, house.today());
    let sheet = Sheet { say, list: LIST, fields, problem };
    let mut copy = vec![sheet.date("date").needed()];
    if details.is_outdoor {
        copy.push(sheet.number("high_c", (-20, 60)).needed());
    }
    copy.extend([sheet.tick("at_prayer"), sheet.tick("for_unfasting"), sheet.tick("draft")]);
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let page = Page {
        at: Time(house.db.now(), zone),
        today: say.day(today),
        said: problem.map(|problem| Said::of(say, LIST, problem)),
        id,
        title: details.title.unwrap_or_else(|| say.text("drives-untitled")),
        day: say.day(seen.on),
        from: Time(details.starts_at, zone),
        to: Time(details.ends_at, zone),
        governorate: say.word("governorate", seen.governorate.code()),
        place: details.place.unwrap_or_default(),
        status: say.word("drive-status", seen.status.code()),
        what: details.types.iter().map(|given| say.word("donation-type", given.code())).collect(),
        lane: details.walk_ins.into(),
        booked: seen.booked,
        capacity: seen.capacity,
        targets: details.targets.into_iter().map(|(group, units)| (Group(group), units)).collect(),
        rows: slots.iter().map(|slot| row(house, slot)).collect(),
        clashes: clashes.iter().map(|clash| told(say, clash)).collect(),
        waiting: count(waiting),
        in_person: count(untold),
        is_today: seen.on == today && !seen.status.is_over(),
        takes_bookings: seen.status == DriveStatus::Open && seen.on >= today,
        steps: Steps::of(seen.status),
        parts: vec![Part { legend: String::new(), inputs: copy }],
        asking: vec![Part {
            legend: String::new(),
            inputs: vec![
                sheet.boxes("groups", "blood-group", BloodGroup::ALL.iter().map(|group| group.code())),
                sheet.time("from").hint(say.text("drive-invite-hours")),
                sheet.time("to"),
                sheet.number("most", (1, 200)).needed(),
            ],
        }],
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn row(house: &House, slot: &Slot) -> Row {
    let (booked, capacity) = (i64::from(slot.booked), i64::from(slot.capacity));
    Row {
        time: Time(slot.starts_at, house.zone),
        booked,
        capacity,
        percent: percent(booked, capacity),
        is_full: booked >= capacity,
        for_women: slot.for_women,
    }
}

fn told(say: Say, clash: &UnitClash) -> Clash {
    let branch = match say.0 {
        Lang::Ar => clash.branch.name_ar(),
        Lang::En => clash.branch.name_en(),
    };
    Clash {
        branch: branch.to_owned(),
        from: say.week_day(clash.from),
        to: say.week_day(clash.to),
        blocks: clash.mode == RestMode::Block,
    }
}

/// Takes a step of a drive, and shows the drive as it is then.
async fn step<T: Serialize + DeserializeOwned + Send + 'static>(
    house: &House,
    id: DriveId,
    posted: &Posted<Fields>,
    act: impl Fn(&mut Tx, &Actor<PlanDrives>) -> Result<T> + Send + 'static,
) -> Answer {
    let by: Actor<PlanDrives> = posted.visitor.seat()?;
    let who = by.clone();
    match house.once(&by, posted.print.by(by.user), move |tx| act(tx, &who)).await {
        Ok(_) => Ok(go(&format!("/drives/{id}"))),
        Err(problem) => refused(house, id, posted, problem).await,
    }
}

async fn refused(house: &House, id: DriveId, posted: &Posted<Fields>, problem: Problem) -> Answer {
    if !is_for_the_form(&problem) {
        return Err(problem.into());
    }
    show(house, &posted.visitor, id, &posted.form, Some(&problem)).await
}

pub(super) async fn publish(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    let (vault, zone, drive) = (house.vault.clone(), house.zone, id.0);
    step(&house, id.0, &posted, move |tx, who| drives::publish(tx, &vault, zone, who, drive)).await
}

pub(super) async fn close(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    let (vault, drive) = (house.vault.clone(), id.0);
    step(&house, id.0, &posted, move |tx, who| drives::close(tx, &vault, who, drive)).await
}

pub(super) async fn reopen(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    let (vault, drive) = (house.vault.clone(), id.0);
    step(&house, id.0, &posted, move |tx, who| drives::reopen(tx, &vault, who, drive)).await
}

/// Calls it off: whoever has an appointment is told. The box must be ticked.
pub(super) async fn cancel(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    if !posted.form.is("sure") {
        let problem = Problem::field("sure", Code::MissingField);
        return refused(&house, id.0, &posted, problem).await;
    }
    let (vault, drive) = (house.vault.clone(), id.0);
    step(&house, id.0, &posted, move |tx, who| {
        drives::call_off(tx, &vault, who, drive, None).map(|done| done.id)
    })
    .await
}

/// Plans the same on another day, and shows that drive.
pub(super) async fn copy(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<PlanDrives> = posted.visitor.seat()?;
    let copied = match copied(&posted.form) {
        Ok(copied) => copied,
        Err(problem) => return refused(&house, id.0, &posted, problem).await,
    };
    let status = if posted.form.is("draft") { DriveStatus::Draft } else { DriveStatus::Open };
    let (vault, who, ground, drive) = (house.vault.clone(), by.clone(), house.ground(), id.0);
    let made: Result<DriveId> = house
        .once(&by, posted.print.by(by.user), move |tx| {
            Ok(drives::copy(tx, &vault, &ground, &who, drive, copied, status)?.id)
        })
        .await;
    match made {
        Ok(made) => Ok(go(&format!("/drives/{made}"))),
        Err(problem) => refused(&house, id.0, &posted, problem).await,
    }
}

/// Asks donors by message to choose a time.
pub(super) async fn invite(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    let mut faults = Faults::none();
    let groups = posted.form.codes(&mut faults, "groups");
    let hours = form::hours(&mut faults, posted.form.said("from"), posted.form.said("to"));
    let most: Option<i64> = posted.form.need(&mut faults, "most");
    let asked = match faults.give(most.map(|most| Asked { groups, hours, most })) {
        Ok(asked) => asked,
        Err(problem) => return refused(&house, id.0, &posted, problem).await,
    };
    let (vault, zone, drive) = (house.vault.clone(), house.zone, id.0);
    step(&house, id.0, &posted, move |tx, who| drives::invite(tx, &vault, zone, who, drive, &asked)).await
}

fn copied(fields: &Fields) -> Result<Copied> {
    let mut faults = Faults::none();
    let date: Option<NaiveDate> = fields.need(&mut faults, "date");
    let high_c = fields.read(&mut faults, "high_c");
    let uses = Uses { prayer: fields.is("at_prayer"), fasting: fields.is("for_unfasting") };
    faults.give(date.map(|date| Copied { date, uses, high_c, book_until: None }))
}
