//! The door: who it is was said and a document was seen, then the donor is let in.

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::{DonorId, DriveId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::{Code, Problem, Result};

use super::{LIST, Named, Record, check_shown, moment, opened, to_visit};
use crate::accounts::{Actor, RecordDonations};
use crate::donations::visit::{self, NewCheckIn};
use crate::donors::{self, Scope};
use crate::drives;
use crate::http::{Answer, House, NoQuery};
use crate::web::{Fields, Frame, Part, Posted, Said, Sheet, Time, Visitor, go, is_for_the_form};

#[derive(Template)]
#[template(path = "door.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    said: Option<Said>,
    drive: DriveId,
    record: Record,
    named: Option<Named>,
    appointment: Option<Time>,
    parts: Vec<Part>,
}

/// The drive and the donor of a path; what cannot be an id is not there.
fn ids(path: &(String, String)) -> Result<(DriveId, DonorId)> {
    let gone = |_| Problem::new(Code::NotFound);
    Ok((path.0.parse().map_err(gone)?, path.1.parse().map_err(gone)?))
}

pub(super) async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    path: web::Path<(String, String)>,
    _query: NoQuery,
) -> Answer {
    show(&house, &visitor, ids(&path)?, &Fields::default(), None, None).await
}

async fn show(
    house: &House,
    visitor: &Visitor,
    (drive, donor): (DriveId, DonorId),
    fields: &Fields,
    named: Option<Named>,
    problem: Option<&Problem>,
) -> Answer {
    let by: Actor<RecordDonations> = visitor.seat()?;
    let (vault, zone) = (house.vault.clone(), house.zone);
    let (seen, found, booked) = house
        .db
        .read(move |conn| {
            let seen = drives::get(conn, &vault, zone, &by, drive)?;
            let scope = Scope::of(conn, &by)?;
            let found = donors::donor(conn, &scope, donor)?;
            Ok((seen, found, drives::appointment_of(conn, &by, drive, donor)?))
        })
        .await?;
    let details = seen.details.ok_or_else(|| Problem::new(Code::NotFound))?;
    let frame =
        Frame { at: format!("/drives/{drive}/door/{donor}"), ..Frame::of(house, visitor, "door-title") };
    let say = frame.say;
    let sheet = Sheet { say, list: LIST, fields, problem };
    let mut inputs: Vec<_> = super::SHOWN.iter().map(|name| sheet.tick(name).needed()).collect();
    if details.types.len() > 1 {
        let given =
            sheet.words("donation_type", "donation-type", details.types.iter().map(|given| given.code()));
        inputs.push(given);
    }
    inputs.push(sheet.time("at").hint(say.text("day-late-hint")));
    let page = Page {
        at: Time(house.db.now(), zone),
        today: say.day(house.today()),
        said: problem.map(|problem| Said::of(say, LIST, problem)),
        drive,
        record: Record::of(say, &found),
        named,
        appointment: booked.map(|at| Time(at, zone)),
        parts: vec![Part { legend: say.text("door-identity"), inputs }],
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

/// Shows who the record says it is.
pub(super) async fn who(
    house: web::Data<House>,
    path: web::Path<(String, String)>,
    posted: Posted<Fields>,
) -> Answer {
    let ids = ids(&path)?;
    let named = opened(&house, &posted, ids.1).await?;
    show(&house, &posted.visitor, ids, &Fields::default(), Some(named), None).await
}

pub(super) async fn check_in(
    house: web::Data<House>,
    path: web::Path<(String, String)>,
    posted: Posted<Fields>,
) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let (drive, donor) = ids(&path)?;
    match let_in(&house, &by, &posted, (drive, donor)).await {
        Ok(id) => Ok(go(&to_visit(id))),
        Err(problem) if !is_for_the_form(&problem) => Err(problem.into()),
        Err(problem) => {
            show(&house, &posted.visitor, (drive, donor), &posted.form, None, Some(&problem)).await
        }
    }
}

async fn let_in(
    house: &web::Data<House>,
    by: &Actor<RecordDonations>,
    posted: &Posted<Fields>,
    (drive, donor): (DriveId, DonorId),
) -> Result<shiryan_kernel::ids::VisitId> {
    let who = by.clone();
    let starts_at = house.db.read(move |conn| Ok(drives::day_of(conn, &who, drive)?.starts_at)).await?;
    let mut faults = Faults::none();
    check_shown(&mut faults, &posted.form);
    let given = posted.form.read(&mut faults, "donation_type");
    let at = moment(&mut faults, house, house.zone.date(starts_at), &posted.form, "at");
    faults.settle()?;
    let new = NewCheckIn { drive, donor, given, at };
    let (of, who) = (house.clone(), by.clone());
    let there =
        house.once(by, posted.print.by(by.user), move |tx| visit::check_in(tx, of.desk(), &who, new)).await?;
    Ok(there.id)
}
