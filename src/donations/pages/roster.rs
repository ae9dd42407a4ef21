//! The list of a drive to be printed before its day: by number alone, or with names, each of which is on record as
//! opened.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::{AppointmentId, DriveId};
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{Actor, Book, OpenIdentity};
use crate::db::Lane;
use crate::donations::day::{self, Expected};
use crate::donors::{Identity, Purpose};
use crate::drives::{self, Booking};
use crate::http::{Answer, House, NoQuery, PathId};
use crate::web::{Fields, Frame, Posted, Time, Visitor};

/// Lines that are read, or opened, in one go.
const SLICE: i64 = 200;

/// One who is expected.
struct Line {
    time: Time,
    /// Empty on the list without names.
    name: String,
    /// The service number, or the record's own code on the list without names.
    number: String,
    what: String,
    status: String,
    is_impossible: bool,
}

#[derive(Template)]
#[template(path = "roster.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    day: String,
    from: Time,
    to: Time,
    place: String,
    has_names: bool,
    /// Whether whoever looks may have the names.
    may_open: bool,
    lines: Vec<Line>,
}

pub(super) async fn by_number(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<DriveId>,
    _query: NoQuery,
) -> Answer {
    show(&house, &visitor, id.0, false).await
}

pub(super) async fn by_name(house: web::Data<House>, id: PathId<DriveId>, posted: Posted<Fields>) -> Answer {
    show(&house, &posted.visitor, id.0, true).await
}

async fn show(house: &web::Data<House>, visitor: &Visitor, id: DriveId, has_names: bool) -> Answer {
    let by: Actor<Book> = visitor.seat()?;
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let (seen, booked) = house
        .db
        .read(move |conn| {
            let seen = drives::get(conn, &vault, zone, &who, id)?;
            let mut booked: Vec<Booking> = Vec::new();
            loop {
                let after = booked.last().map(Booking::key);
                let slice = drives::bookings(conn, zone, &who, id, false, after, SLICE)?;
                let is_last = slice.is_empty();
                booked.extend(slice);
                if is_last {
                    return Ok((seen, booked));
                }
            }
        })
        .await?;
    let details = seen.details.ok_or_else(|| Problem::new(Code::NotFound))?;
    let may_open = visitor.seat::<OpenIdentity>().is_ok();
    let named = if has_names { names(house, visitor, id).await? } else { Vec::new() };
    let frame = Frame { at: format!("/drives/{id}/roster"), ..Frame::of(house, visitor, "roster-title") };
    let say = frame.say;
    let mut named: HashMap<AppointmentId, Identity> =
        named.into_iter().map(|line| (line.appointment, line.identity)).collect();
    let line = |booking: Booking| {
        // Whoever was booked between the two readings stands here by number.
        let identity = named.remove(&booking.id);
        Line {
            time: Time(booking.starts_at, zone),
            name: identity.as_ref().map(Identity::full_name).unwrap_or_default(),
            number: match identity {
                Some(identity) => identity.service_number.unwrap_or_default(),
                None => booking.donor.to_string(),
            },
            what: say.word("donation-type", booking.donation_type.code()),
            status: say.word("appointment-status", booking.status.code()),
            is_impossible: booking.impossible,
        }
    };
    let page = Page {
        at: Time(house.db.now(), zone),
        today: say.day(house.today()),
        day: say.day(seen.on),
        from: Time(details.starts_at, zone),
        to: Time(details.ends_at, zone),
        place: details.place.unwrap_or_default(),
        has_names,
        may_open,
        lines: booked.into_iter().map(line).collect(),
        frame,
    };
    Ok(visitor.page(&page)?)
}

/// Opens everybody who is expected, slice by slice.
async fn names(house: &web::Data<House>, visitor: &Visitor, id: DriveId) -> Result<Vec<Expected>> {
    let by: Actor<OpenIdentity> = visitor.seat()?;
    let opening = house.opening(Purpose::CheckIn);
    let mut named: Vec<Expected> = Vec::new();
    loop {
        let (who, of, after) = (by.clone(), house.clone(), named.last().map(Expected::key));
        let slice = house
            .db
            .write(Lane::Actor(by.user.0), move |tx| {
                day::roster(tx, of.desk(), &who, id, opening, after, SLICE)
            })
            .await?;
        let is_last = slice.is_empty();
        named.extend(slice);
        if is_last {
            return Ok(named);
        }
    }
}
