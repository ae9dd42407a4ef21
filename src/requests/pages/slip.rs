//! The slip that goes with the units of a request, from the blood bank's door to the hospital's: what is in the box, and
//! who packed, carried and received it.

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::RequestId;

use super::{Head, Names};
use crate::accounts::{Actor, SeeRequests};
use crate::http::{Answer, House, NoQuery, PathId};
use crate::requests::{self, Opened};
use crate::web::{Bars, Frame, Group, Time, Visitor};

struct Line {
    din: String,
    bars: Bars,
    group: Option<Group>,
    status: String,
    day: String,
    until: Time,
}

#[derive(Template)]
#[template(path = "slip.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    head: Head,
    patient: String,
    bank: String,
    lines: Vec<Line>,
    reminders: Vec<String>,
}

/// The slip of a request that the visitor may see: its units that are issued, or held until they are.
pub async fn slip(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<RequestId>,
    _query: NoQuery,
) -> Answer {
    let by: Actor<SeeRequests> = visitor.seat()?;
    let (who, vault, now) = (by.clone(), house.vault.clone(), house.db.now());
    let (opened, names) = house
        .db
        .read(move |conn| {
            let opened = requests::look(conn, &vault, &who, id.0, now)?;
            let named = [Some(opened.request.facility), opened.request.bank];
            let names = Names::read(conn, named.into_iter().flatten())?;
            Ok((opened, names))
        })
        .await?;
    let frame = Frame::of(&house, &visitor, "slip-title");
    let (say, zone) = (frame.say, house.zone);
    let Opened { request, patient, shares, counts, .. } = opened;
    let going = shares.iter().filter(|share| share.is_issued() || share.is_held(now));
    let line = |share: &requests::Share| -> shiryan_kernel::Result<Line> {
        let unit = &share.unit;
        Ok(Line {
            din: unit.din.printed(),
            bars: Bars::of(&unit.din.barcode())?,
            group: unit.blood_group.map(Group),
            status: say.word("unit-status", unit.status.code()),
            day: say.day(zone.date(unit.expires_at())),
            until: Time(unit.expires_at(), zone),
        })
    };
    let page = Page {
        at: Time(now, zone),
        today: say.day(zone.date(now)),
        head: Head::of(&house, say, &names, &request, counts),
        patient,
        bank: request.bank.map(|bank| names.of(bank, say.0)).unwrap_or_default(),
        lines: going.map(line).collect::<shiryan_kernel::Result<_>>()?,
        reminders: requests::REMINDERS.iter().map(|code| say.word("stock-reminder", code)).collect(),
        frame,
    };
    Ok(visitor.page(&page)?)
}
