//! The page of the outbox: which messages wait, which were sent, which stayed and why, and one more try of those.

use actix_web::web;
use serde::Deserialize;
use shiryan_kernel::Problem;
use shiryan_kernel::ids::MessageId;
use shiryan_kernel::message::{MessageState, Template};

use super::{MENDABLE, Posted};
use crate::accounts::{Actor, SeeMessages};
use crate::db::Tx;
use crate::http::{Answer, House, PathId, Query};
use crate::sheets::Format;
use crate::web::{Choice, Fields, Frame, Posted as Sent, Say, Table, Time, Visitor, chosen, field, go};

/// Messages of one page.
const MOST: usize = 100;

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config.route("/outbox", web::get().to(outbox)).route("/outbox/{id}/retry", web::post().to(try_again));
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    state: Option<String>,
    template: Option<String>,
    /// The last message of the page before.
    before: Option<MessageId>,
    /// The table as a file.
    format: Option<Format>,
}

struct Row {
    id: MessageId,
    what: String,
    state: String,
    why: Option<String>,
    day: String,
    time: Time,
    attempts: i32,
    error: Option<String>,
    may_retry: bool,
}

#[derive(askama::Template)]
#[template(path = "outbox.html")]
struct Page {
    frame: Frame,
    at: Time,
    states: Vec<Choice>,
    templates: Vec<Choice>,
    state: &'static str,
    rows: Vec<Row>,
    next: Option<String>,
}

async fn outbox(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let _by: Actor<SeeMessages> = visitor.seat()?;
    // What stayed is what somebody has to see to.
    let state = chosen::<MessageState>("state", asked.state.as_deref())?.unwrap_or(MessageState::Unsent);
    let template: Option<Template> = chosen("template", asked.template.as_deref())?;
    let most = i64::try_from(MOST).map_err(Problem::internal)?;
    let before = asked.before;
    let read = move |conn: &mut crate::db::Conn| super::posted(conn, Some(state), template, before, most + 1);
    let mut found = house.db.read(read).await?;
    let last = if found.len() > MOST { found.get(MOST - 1).map(|row| row.id) } else { None };
    found.truncate(MOST);
    let frame = Frame::of(&house, &visitor, "outbox-title");
    let say = frame.say;
    let mut templates =
        vec![Choice { code: String::new(), text: say.text("filter-any"), chosen: template.is_none() }];
    let words = Template::ALL.iter().map(|own| own.code());
    templates.append(&mut Choice::words(say, "template", words, template.map_or("", |own| own.code())));
    let page = Page {
        at: Time(house.db.now(), house.zone),
        states: Choice::words(
            say,
            "message-state",
            MessageState::ALL.iter().map(|own| own.code()),
            state.code(),
        ),
        templates,
        state: state.code(),
        rows: found.iter().map(|own| row(&house, say, own)).collect(),
        next: last.map(|last| {
            let template = template.map_or("", |own| own.code());
            format!("/outbox?state={}&template={template}&before={last}", state.code())
        }),
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(&house, format, table(say, &page.rows)).await,
        None => Ok(visitor.page(&page)?),
    }
}

fn row(house: &House, say: Say, own: &Posted) -> Row {
    let at = own.ended_at.unwrap_or(own.due_at).and_utc();
    let is_of_use = own.useful_until.and_utc() > house.db.now();
    Row {
        id: own.id,
        what: say.word("template", own.template.code()),
        state: say.word("message-state", own.state.code()),
        why: own.reason.map(|why| say.word("unsent", why.code())),
        day: say.day(house.zone.date(at)),
        time: Time(at, house.zone),
        attempts: own.attempts,
        error: own.last_error.clone(),
        may_retry: is_of_use && own.reason.is_some_and(|why| MENDABLE.contains(&why)),
    }
}

fn table(say: Say, rows: &[Row]) -> Table {
    let headings =
        ["column-time", "outbox-what", "column-status", "outbox-why", "outbox-attempts", "outbox-error"];
    let cells = |row: &Row| {
        let why = row.why.clone().unwrap_or_default();
        let error = row.error.clone().unwrap_or_default();
        vec![row.time.stamp(), row.what.clone(), row.state.clone(), why, row.attempts.to_string(), error]
    };
    Table {
        name: "outbox",
        header: headings.map(|id| say.text(id)).into(),
        rows: rows.iter().map(cells).collect(),
    }
}

async fn try_again(house: web::Data<House>, id: PathId<MessageId>, posted: Sent<Fields>) -> Answer {
    let Sent { visitor, form, print } = posted;
    let by: Actor<SeeMessages> = visitor.seat()?;
    let (vault, who, id) = (house.vault.clone(), by.user, id.0);
    house.once(&by, print.by(by.user), move |tx: &mut Tx| super::try_again(tx, &vault, who, id)).await?;
    let state: Option<MessageState> = chosen("state", Some(field(&form, "state")))?;
    Ok(go(&format!("/outbox?state={}", state.unwrap_or(MessageState::Unsent).code())))
}
