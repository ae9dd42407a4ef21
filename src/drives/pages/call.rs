//! Whom to call: donors who may give today, of the group that is wanted, whoever was asked least lately first.

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::DonorId;

use crate::accounts::{Actor, Book};
use crate::drives::{self, Due};
use crate::http::{Answer, House, Query};
use crate::web::{Choice, Frame, Group, Say, Time, Visitor};

/// The most who are shown.
const MOST: i64 = 50;

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
}

#[derive(Template)]
#[template(path = "call.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    groups: Vec<Choice>,
    rows: Vec<Row>,
}

pub(super) async fn look(house: web::Data<House>, visitor: Visitor, query: Query<Which>) -> Answer {
    let by: Actor<Book> = visitor.seat()?;
    let group: Option<BloodGroup> = if query.group.is_empty() { None } else { Some(query.group.parse()?) };
    let (today, now) = (house.today(), house.db.now());
    let found = house.db.read(move |conn| drives::due(conn, &by, (today, now), group, MOST)).await?;
    let frame = Frame::of(&house, &visitor, "call-title");
    let say = frame.say;
    let codes = BloodGroup::ALL.iter().map(|group| group.code());
    let page = Page {
        at: Time(now, house.zone),
        today: say.day(today),
        groups: Choice::words(say, "blood-group", codes, &query.group),
        rows: found.iter().map(|due| row(&house, say, due)).collect(),
        frame,
    };
    Ok(visitor.page(&page)?)
}

fn row(house: &House, say: Say, due: &Due) -> Row {
    Row {
        id: due.donor,
        group: due.group.map(Group),
        asked: due.asked_at.map(|at| say.day(house.zone.date(at))),
    }
}
