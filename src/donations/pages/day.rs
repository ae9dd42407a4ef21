//! The day of a drive as a whole: how it stands, whom to let in next, who is there, what must be ready, and its end.

use actix_web::web;
use askama::Template;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{DonorId, DriveId, UserId, VisitId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::text::{ServiceNumber, ShortCode};
use shiryan_kernel::{Code, Problem, Result};

use super::{LIST, chip, needed, step};
use crate::accounts::{self, Actor, RecordDonations};
use crate::db::Lane;
use crate::donations::day::{self, Board, LaboratoryClock, MOST_DINS};
use crate::donations::visit::{self, Visit};
use crate::donors::{self, Budget, Exact, LookUp};
use crate::drives::{self, Booking};
use crate::http::{Answer, House, NoQuery, PathId};
use crate::web::{Choice, Fields, Frame, Part, Posted, Said, Say, Sheet, Time, Visitor, go, is_for_the_form};

/// The most people of one day that the page lists.
const MOST: i64 = 400;

struct Line {
    donor: DonorId,
    time: Time,
    what: String,
    status: String,
    is_impossible: bool,
}

struct There {
    id: VisitId,
    donor: DonorId,
    time: Time,
    what: String,
    state: String,
    chip: &'static str,
    is_open: bool,
}

struct Lab {
    leave_by: Time,
    last_needle_by: Time,
    cut_off: Time,
}

#[derive(Template)]
#[template(path = "day.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    said: Option<Said>,
    id: DriveId,
    title: String,
    place: String,
    day: String,
    from: Time,
    to: Time,
    /// Nothing more is recorded of it.
    is_over: bool,
    is_prepared: bool,
    has_begun: bool,
    board: Board,
    lab: Option<Lab>,
    expected: Vec<Line>,
    there: Vec<There>,
    find: Vec<Part>,
    prepare: Vec<Part>,
    numbers: Vec<Part>,
    spoil: Vec<Part>,
    clock: Vec<Part>,
}

impl Page {
    fn has_numbers(&self) -> bool {
        self.board.dins_handed_out > 0
    }
}

pub(super) async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    show(&house, &visitor, id.0, &Fields::default(), None).await
}

struct Read {
    seen: drives::Seen,
    board: Board,
    is_prepared: bool,
    clock: Option<LaboratoryClock>,
    bookings: Vec<Booking>,
    visits: Vec<Visit>,
    physicians: Vec<(UserId, String)>,
}

async fn read(house: &House, by: &Actor<RecordDonations>, id: DriveId) -> Result<Read> {
    let (vault, zone, by) = (house.vault.clone(), house.zone, by.clone());
    house
        .db
        .read(move |conn| {
            let clock = match day::clock(conn, &by, id) {
                Ok(clock) => Some(clock),
                Err(problem) if problem.code == Code::NotFound => None,
                Err(problem) => return Err(problem),
            };
            Ok(Read {
                seen: drives::get(conn, &vault, zone, &by, id)?,
                board: day::board(conn, &by, id)?,
                is_prepared: day::is_prepared(conn, zone, &by, id)?,
                clock,
                bookings: drives::bookings(conn, zone, &by, id, false, None, MOST)?,
                visits: visit::visits_of(conn, &by, id, 0, MOST)?,
                physicians: accounts::physicians(conn)?,
            })
        })
        .await
}

async fn show(
    house: &House,
    visitor: &Visitor,
    id: DriveId,
    fields: &Fields,
    problem: Option<&Problem>,
) -> Answer {
    let by: Actor<RecordDonations> = visitor.seat()?;
    let read = read(house, &by, id).await?;
    let details = read.seen.details.ok_or_else(|| Problem::new(Code::NotFound))?;
    let frame = Frame { at: format!("/drives/{id}/day"), ..Frame::of(house, visitor, "day-title") };
    let (say, zone) = (frame.say, house.zone);
    let sheet = Sheet { say, list: LIST, fields, problem };
    let alone = |inputs| vec![Part { legend: String::new(), inputs }];
    let named = |(id, name): &(UserId, String)| Choice {
        code: id.to_string(),
        text: name.clone(),
        chosen: fields.written("physician") == id.to_string(),
    };
    let status = read.seen.status;
    let page = Page {
        at: Time(house.db.now(), zone),
        today: say.day(house.today()),
        said: problem.map(|problem| Said::of(say, LIST, problem)),
        id,
        title: details.title.unwrap_or_else(|| say.text("drives-untitled")),
        place: details.place.unwrap_or_default(),
        day: say.day(read.seen.on),
        from: Time(details.starts_at, zone),
        to: Time(details.ends_at, zone),
        is_over: status.is_over() || status == DriveStatus::Draft,
        is_prepared: read.is_prepared,
        has_begun: house.db.now() >= details.starts_at,
        board: read.board,
        lab: read.clock.as_ref().map(|clock| Lab {
            leave_by: Time(clock.leave_by, zone),
            last_needle_by: Time(clock.last_needle_by, zone),
            cut_off: Time(clock.cut_off_at, zone),
        }),
        expected: read
            .bookings
            .iter()
            .filter(|booking| booking.status.is_live())
            .map(|booking| line(house, say, booking))
            .collect(),
        there: read.visits.iter().map(|visit| there(house, say, visit)).collect(),
        find: alone(vec![sheet.code("number", 40).needed().hint(say.text("day-find-hint"))]),
        prepare: alone(vec![
            sheet.choice("physician", read.physicians.iter().map(named).collect()).needed(),
            sheet.code("meter", 32).needed(),
            sheet.yes_no("passed"),
        ]),
        numbers: alone(vec![
            sheet.code("first", 20).needed().hint(say.text("day-number-hint")),
            sheet.number("count", (1, i32::try_from(MOST_DINS).unwrap_or(i32::MAX))).needed(),
        ]),
        spoil: alone(vec![sheet.code("din", 20).needed()]),
        clock: alone(vec![
            sheet.time("cut_off_at").needed(),
            sheet.number("travel_minutes", (0, 720)).needed(),
            sheet.number("checkpoint_minutes", (0, 720)),
            sheet.number("packing_minutes", (0, 240)),
        ]),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn line(house: &House, say: Say, booking: &Booking) -> Line {
    Line {
        donor: booking.donor,
        time: Time(booking.starts_at, house.zone),
        what: say.word("donation-type", booking.donation_type.code()),
        status: say.word("appointment-status", booking.status.code()),
        is_impossible: booking.impossible,
    }
}

fn there(house: &House, say: Say, visit: &Visit) -> There {
    There {
        id: visit.id,
        donor: visit.donor,
        time: Time(visit.checked_in_at.and_utc(), house.zone),
        what: say.word("donation-type", visit.given.code()),
        state: say.word("visit-state", visit.state.code()),
        chip: chip(visit.state),
        is_open: !visit.state.is_ended(),
    }
}

async fn refused(house: &House, id: DriveId, posted: &Posted<Fields>, problem: Problem) -> Answer {
    if !is_for_the_form(&problem) {
        return Err(problem.into());
    }
    show(house, &posted.visitor, id, &posted.form, Some(&problem)).await
}

fn back(id: DriveId) -> String {
    format!("/drives/{id}/day")
}

pub(super) async fn prepare(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let mut faults = Faults::none();
    let physician: Option<UserId> = posted.form.need(&mut faults, "physician");
    let meter = faults.keep("meter", ShortCode::parse(posted.form.written("meter")));
    let passed = yes_or_no(&mut faults, &posted.form, "passed");
    let done = match faults.give(physician.zip(meter).zip(passed)) {
        Ok(((physician, meter), passed)) => {
            let (of, drive) = (house.clone(), id.0);
            let act = move |tx: &mut crate::db::Tx, who: &Actor<RecordDonations>| {
                day::prepare(tx, of.desk(), who, drive, (physician, &meter, passed))
            };
            step(&house, &by, &posted, back(id.0), act).await
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(response) => Ok(response),
        Err(problem) => refused(&house, id.0, &posted, problem).await,
    }
}

/// What a question of yes and no says.
pub(super) fn yes_or_no(faults: &mut Faults, fields: &Fields, name: &str) -> Option<bool> {
    match fields.written(name) {
        "yes" => Some(true),
        "no" => Some(false),
        "" => {
            faults.add(name, Code::MissingField);
            None
        }
        _ => {
            faults.add(name, Code::InvalidValue);
            None
        }
    }
}

pub(super) async fn hand_out(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let mut faults = Faults::none();
    let first = faults.keep("first", Din::parse(posted.form.written("first")));
    let count: Option<u32> = posted.form.need(&mut faults, "count");
    let done = match faults.give(first.zip(count)) {
        Ok(block) => {
            let (of, drive) = (house.clone(), id.0);
            let act = move |tx: &mut crate::db::Tx, who: &Actor<RecordDonations>| {
                day::hand_out(tx, of.desk(), who, drive, block)
            };
            step(&house, &by, &posted, back(id.0), act).await
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(response) => Ok(response),
        Err(problem) => refused(&house, id.0, &posted, problem).await,
    }
}

pub(super) async fn spoil(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let done = match Din::parse(posted.form.written("din")) {
        Ok(din) => {
            let (of, drive) = (house.clone(), id.0);
            let act = move |tx: &mut crate::db::Tx, who: &Actor<RecordDonations>| {
                day::spoil(tx, of.desk(), who, drive, &din)
            };
            step(&house, &by, &posted, back(id.0), act).await
        }
        Err(problem) => Err(Problem::field("din", problem.code)),
    };
    match done {
        Ok(response) => Ok(response),
        Err(problem) => refused(&house, id.0, &posted, problem).await,
    }
}

pub(super) async fn set_clock(
    house: web::Data<House>,
    id: PathId<DriveId>,
    posted: Posted<Fields>,
) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let (who, drive) = (by.clone(), id.0);
    let starts_at = house.db.read(move |conn| Ok(drives::day_of(conn, &who, drive)?.starts_at)).await?;
    let fields = &posted.form;
    let mut faults = Faults::none();
    let cut_off = needed(&mut faults, &house, house.zone.date(starts_at), fields, "cut_off_at");
    let travel: Option<i32> = fields.need(&mut faults, "travel_minutes");
    let checkpoint: i32 = fields.read(&mut faults, "checkpoint_minutes").unwrap_or(0);
    let packing: i32 = fields.read(&mut faults, "packing_minutes").unwrap_or(0);
    let done = match faults.give(cut_off.zip(travel)) {
        Ok((cut_off, travel)) => {
            let of = house.clone();
            let act = move |tx: &mut crate::db::Tx, who: &Actor<RecordDonations>| {
                day::set_clock(tx, of.desk(), who, drive, (cut_off, [travel, checkpoint, packing]))
            };
            step(&house, &by, &posted, back(drive), act).await
        }
        Err(problem) => Err(problem),
    };
    match done {
        Ok(response) => Ok(response),
        Err(problem) => refused(&house, drive, &posted, problem).await,
    }
}

pub(super) async fn close_out(
    house: web::Data<House>,
    id: PathId<DriveId>,
    posted: Posted<Fields>,
) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let (of, drive) = (house.clone(), id.0);
    let act =
        move |tx: &mut crate::db::Tx, who: &Actor<RecordDonations>| day::close_out(tx, of.desk(), who, drive);
    match step(&house, &by, &posted, back(drive), act).await {
        Ok(response) => Ok(response),
        Err(problem) => refused(&house, drive, &posted, problem).await,
    }
}

/// Somebody by what stands on the card: the record's code, or the service number. A look-up of a number is counted.
pub(super) async fn find(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    match found(&house, &by, posted.form.written("number")).await {
        Ok(donor) => Ok(go(&format!("/drives/{}/door/{donor}", id.0))),
        Err(problem) => refused(&house, id.0, &posted, problem).await,
    }
}

async fn found(house: &House, by: &Actor<RecordDonations>, text: &str) -> Result<DonorId> {
    let text = crate::web::western(text);
    if let Ok(id) = text.parse::<DonorId>() {
        return Ok(id);
    }
    let number = ServiceNumber::parse(&text).map_err(|problem| Problem::field("number", problem.code))?;
    let key = Exact::ServiceNumber(number).key(&house.vault)?;
    let budget = Budget { a_day: house.settings.donors.exact_look_ups_a_day, today: house.today() };
    let (vault, who) = (house.vault.clone(), by.clone());
    let looked_up = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| {
            donors::look_up(tx, &vault, &who, &key, budget, (DonorId(0), 1))
        })
        .await?;
    match looked_up {
        LookUp::Found(found) => {
            let first = found.donors.first().map(|donor| donor.id);
            first.ok_or_else(|| Problem::field("number", Code::UnknownReference))
        }
        LookUp::OverBudget => Err(Problem::new(Code::TooManyRequests)),
    }
}
