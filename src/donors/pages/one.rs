//! One record: whether the donor may give today as far as whoever looks may know, booking, a pause.

use actix_web::web;
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::branch::DespiteRest;
use shiryan_kernel::ids::{DonorId, DriveId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::{DonorStatus, DriveStatus};
use shiryan_kernel::time::plus_days;
use shiryan_kernel::{Code, Problem, Result};

use super::{LIST, Row};
use crate::accounts::{Actor, Book, OpenIdentity, RegisterDonors};
use crate::activities::rules::Days;
use crate::db::Lane;
use crate::donors::{self, Change, Donor, Identity, Purpose, Scope};
use crate::drives::{self, Filter, NewBooking, Seen};
use crate::eligibility::{self, View, Viewer};
use crate::http::{Answer, House, PathId, Query};
use crate::texts;
use crate::web::{Choice, Fields, Frame, Part, Posted, Said, Sheet, Visitor, go, is_for_the_form};

/// How far ahead drives are offered, in days.
const AHEAD: i64 = 60;
/// The most drives that are offered.
const MOST: i64 = 100;

/// The drive that the donor was looked for.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct For {
    drive: Option<DriveId>,
}

struct Named {
    name: String,
    born: String,
    number: String,
    phone: String,
}

#[derive(Template)]
#[template(path = "donor.html")]
struct Page {
    frame: Frame,
    today: String,
    said: Option<Said>,
    drive: Option<DriveId>,
    row: Row,
    named: Option<Named>,
    outcome: String,
    not_before: Option<String>,
    reasons: Vec<String>,
    may_book: bool,
    is_paused: bool,
    may_pause: bool,
    booking: Vec<Part>,
    pausing: Vec<Part>,
}

pub(super) async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<DonorId>,
    query: Query<For>,
) -> Answer {
    show(&house, &visitor, id.0, query.drive, &Fields::default(), None, None).await
}

struct Read {
    donor: Donor,
    view: View,
    drives: Vec<Seen>,
}

async fn read(house: &House, by: &Actor<Book>, id: DonorId) -> Result<Read> {
    let (vault, book, zone, by) = (house.vault.clone(), house.rules.clone(), house.zone, by.clone());
    let today = house.today();
    house
        .db
        .read(move |conn| {
            let scope = Scope::of(conn, &by)?;
            let donor = donors::donor(conn, &scope, id)?;
            let asked = DonationType::WholeBlood;
            let decision = eligibility::decide_for(conn, &vault, &book, id, asked, today, today)?;
            let days = Days::parse(Some(today), Some(plus_days(today, AHEAD)))?;
            let filter = Filter { days, ..Filter::default() };
            let found = drives::list(conn, &vault, zone, &by, &filter, None, MOST)?;
            let drives = found.into_iter().map(|(_, seen)| seen);
            Ok(Read {
                donor,
                view: eligibility::view(&decision, Viewer::of(by.role)?),
                drives: drives.filter(|seen| seen.status == DriveStatus::Open).collect(),
            })
        })
        .await
}

async fn show(
    house: &House,
    visitor: &Visitor,
    id: DonorId,
    drive: Option<DriveId>,
    fields: &Fields,
    named: Option<Identity>,
    problem: Option<&Problem>,
) -> Answer {
    let by: Actor<Book> = visitor.seat()?;
    let Read { donor, view, drives } = read(house, &by, id).await?;
    let at = match drive {
        Some(drive) => format!("/donors/{id}?drive={drive}"),
        None => format!("/donors/{id}"),
    };
    let frame = Frame { at, ..Frame::of(house, visitor, "donor-title") };
    let say = frame.say;
    let sheet = Sheet { say, list: LIST, fields, problem };
    let offered = |seen: &Seen| {
        let title = seen.details.as_ref().and_then(|details| details.title.clone());
        Choice {
            code: seen.id.to_string(),
            text: format!(
                "{} · {} · {}/{}",
                say.week_day(seen.on),
                title.unwrap_or_else(|| say.text("drives-untitled")),
                seen.booked,
                seen.capacity
            ),
            chosen: drive == Some(seen.id),
        }
    };
    let mut despite = Choice::words(
        say,
        "despite",
        DespiteRest::ALL.iter().map(|why| why.code()),
        fields.written("despite"),
    );
    despite.insert(0, Choice { code: String::new(), text: say.text("word-none"), chosen: false });
    let status = donor.standing();
    let page = Page {
        today: say.day(house.today()),
        said: problem.map(|problem| Said::of(say, LIST, problem)),
        drive,
        row: Row::of(say, &donor),
        named: named.map(|identity| Named {
            name: identity.full_name(),
            born: identity.birth_date.map(|date| date.to_string()).unwrap_or_default(),
            number: identity.service_number.unwrap_or_default(),
            phone: identity.phone.unwrap_or_default(),
        }),
        outcome: say.word("seen-outcome", view.outcome.code()),
        not_before: view.not_before.filter(|day| *day > house.today()).map(|day| say.day(day)),
        reasons: view.reasons.iter().map(|reason| texts::reason(say.0, reason.code())).collect(),
        may_book: status == DonorStatus::Active && !drives.is_empty(),
        is_paused: status == DonorStatus::Paused,
        may_pause: status == DonorStatus::Active,
        booking: vec![Part {
            legend: String::new(),
            inputs: vec![
                sheet.choice("drive", drives.iter().map(offered).collect()).needed(),
                sheet.choice("despite", despite).hint(say.text("donor-despite-hint")),
            ],
        }],
        pausing: vec![Part {
            legend: String::new(),
            inputs: vec![sheet.date("until").hint(say.text("donor-until-hint"))],
        }],
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

/// Shows who it is, to reach the donor; it is on record.
pub(super) async fn who(house: web::Data<House>, id: PathId<DonorId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<OpenIdentity> = posted.visitor.seat()?;
    let (vault, who, donor) = (house.vault.clone(), by.clone(), id.0);
    let opening = house.opening(Purpose::Contact);
    let opened = house
        .db
        .write(Lane::Actor(by.user.0), move |tx| donors::open_identity(tx, &vault, &who, donor, opening))
        .await?;
    show(&house, &posted.visitor, id.0, None, &Fields::default(), Some(opened), None).await
}

async fn refused(house: &House, id: DonorId, posted: &Posted<Fields>, problem: Problem) -> Answer {
    if !is_for_the_form(&problem) {
        return Err(problem.into());
    }
    let drive = posted.form.written("drive").parse().ok();
    show(house, &posted.visitor, id, drive, &posted.form, None, Some(&problem)).await
}

/// Proposes the earliest place of a drive: it binds nobody until the donor accepts.
pub(super) async fn book(house: web::Data<House>, id: PathId<DonorId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<Book> = posted.visitor.seat()?;
    let mut faults = Faults::none();
    let drive: Option<DriveId> = posted.form.need(&mut faults, "drive");
    let despite = posted.form.read(&mut faults, "despite");
    let new = drive.map(|drive| NewBooking { drive, donor: id.0, slot: None, given: None, despite });
    let new = match faults.give(new) {
        Ok(new) => new,
        Err(problem) => return refused(&house, id.0, &posted, problem).await,
    };
    let (vault, who, zone) = (house.vault.clone(), by.clone(), house.zone);
    let request = posted.print.by(by.user);
    let booked = house.once_guarded(&by, request, move |tx| drives::book(tx, &vault, zone, &who, new)).await;
    match booked {
        Ok(_) => Ok(go(&format!("/drives/{}/day", new.drive))),
        Err(problem) => refused(&house, id.0, &posted, problem).await,
    }
}

pub(super) async fn pause(house: web::Data<House>, id: PathId<DonorId>, posted: Posted<Fields>) -> Answer {
    let mut faults = Faults::none();
    let until: Option<NaiveDate> = posted.form.read(&mut faults, "until");
    match faults.settle() {
        Ok(()) => stand(&house, id.0, &posted, Change::Pause(until)).await,
        Err(problem) => refused(&house, id.0, &posted, problem).await,
    }
}

pub(super) async fn resume(house: web::Data<House>, id: PathId<DonorId>, posted: Posted<Fields>) -> Answer {
    stand(&house, id.0, &posted, Change::Resume).await
}

async fn stand(house: &House, id: DonorId, posted: &Posted<Fields>, change: Change) -> Answer {
    let by: Actor<RegisterDonors> = posted.visitor.seat()?;
    let (vault, book, who) = (house.vault.clone(), house.rules.clone(), by.clone());
    let stood = house
        .once(&by, posted.print.by(by.user), move |tx| drives::stand(tx, &vault, &book, &who, id, change))
        .await;
    match stood {
        Ok(_) => Ok(go(&format!("/donors/{id}"))),
        Err(problem) if problem.code == Code::Forbidden => Err(problem.into()),
        Err(problem) => refused(house, id, posted, problem).await,
    }
}
