//! Where one is signed in, and the way to end a sign-in that should not be.

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::SessionId;

use crate::accounts::{Actor, Open, SignedIn};
use crate::http::{Answer, House, NoQuery, Nothing, PathId};
use crate::web::{Frame, Posted, Time, Visitor, go};

struct Row {
    id: SessionId,
    /// In words: a browser, or a program.
    kind: String,
    since: (String, Time),
    until: String,
    is_this: bool,
}

#[derive(Template)]
#[template(path = "sign_ins.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
}

pub async fn sign_ins(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    let by: Actor<SignedIn> = visitor.seat()?;
    let open = house.sessions.open(&by).await?;
    let frame = Frame::of(&house, &visitor, "sign-ins-title");
    let (say, zone) = (frame.say, house.zone);
    let row = |own: &Open| {
        let since = own.since.and_utc();
        Row {
            id: own.id,
            kind: say.word("sign-in-kind", &own.kind),
            since: (say.day(zone.date(since)), Time(since, zone)),
            until: say.day(zone.date(own.until.and_utc())),
            is_this: own.id == by.session,
        }
    };
    let rows = open.iter().map(row).collect();
    Ok(visitor.page(&Page { frame, rows })?)
}

/// Ends one of one's own; this one is ended by signing out.
pub async fn end(house: web::Data<House>, id: PathId<SessionId>, posted: Posted<Nothing>) -> Answer {
    let Posted { visitor, form: Nothing {}, .. } = posted;
    let by: Actor<SignedIn> = visitor.seat()?;
    house.sessions.revoke(&by, id.0).await?;
    Ok(go("/sign-ins"))
}
