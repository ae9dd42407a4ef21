//! The page of the record: who did what when, looked for by person, action, thing and day; and the check of its chain.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::ids::{AuditId, JobId, UserId};
use shiryan_kernel::status::{JobKind, JobState};
use shiryan_kernel::{Code, Problem, Result};

use super::{Checked, Found, Reach, Words};
use crate::accounts::{self, Actor, ReadRecord};
use crate::db::{Lane, Tx};
use crate::http::{Answer, House, NoQuery, PathId, Query};
use crate::jobs;
use crate::sheets::Format;
use crate::web::{Fields, Frame, Posted, Say, Table, Time, Visitor, go};

/// Lines of one page.
const MOST: usize = 100;
/// Users whose names stand beside what they did.
const MOST_USERS: i64 = 10_000;

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/record", web::get().to(record))
        .route("/record/checks", web::post().to(check))
        .route("/record/checks/{id}", web::get().to(checked));
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// A user's name.
    who: Option<String>,
    action: Option<String>,
    subject: Option<String>,
    from: Option<String>,
    until: Option<String>,
    alerts: Option<String>,
    /// The last line of the page before.
    before: Option<AuditId>,
    /// The table as a file.
    format: Option<Format>,
}

struct Row {
    day: String,
    time: Time,
    /// Nobody: the program itself.
    who: Option<String>,
    action: String,
    subject: Option<String>,
    detail: String,
    is_alert: bool,
}

#[derive(Template)]
#[template(path = "record_lines.html")]
struct Page {
    frame: Frame,
    at: Time,
    reach: Reach,
    rows: Vec<Row>,
    asked: Asked,
    next: Option<String>,
}

impl Asked {
    fn said(value: Option<&String>) -> &str {
        value.map_or("", String::as_str)
    }

    fn day(name: &'static str, value: Option<&String>) -> Result<Option<NaiveDate>> {
        let text = Self::said(value);
        if text.is_empty() {
            return Ok(None);
        }
        text.parse().map(Some).map_err(|_| Problem::field(name, Code::InvalidValue))
    }

    fn who(&self) -> &str {
        Self::said(self.who.as_ref())
    }
    fn action(&self) -> &str {
        Self::said(self.action.as_ref())
    }
    fn subject(&self) -> &str {
        Self::said(self.subject.as_ref())
    }
    fn from(&self) -> &str {
        Self::said(self.from.as_ref())
    }
    fn until(&self) -> &str {
        Self::said(self.until.as_ref())
    }
    fn alerts(&self) -> bool {
        !Self::said(self.alerts.as_ref()).is_empty()
    }

    /// The address of the lines before this one.
    fn before(&self, last: AuditId) -> String {
        let page = "/record?";
        let mut address = form_urlencoded::Serializer::for_suffix(page.to_owned(), page.len());
        let fields = [
            ("who", self.who()),
            ("action", self.action()),
            ("subject", self.subject()),
            ("from", self.from()),
            ("until", self.until()),
            ("alerts", if self.alerts() { "on" } else { "" }),
        ];
        for (name, value) in fields.into_iter().filter(|(_, value)| !value.is_empty()) {
            address.append_pair(name, value);
        }
        address.append_pair("before", &last.to_string());
        address.finish()
    }
}

async fn record(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let by: Actor<ReadRecord> = visitor.seat()?;
    let asked = asked.into_inner();
    let users = house.db.read(move |conn| accounts::list(conn, 0, MOST_USERS)).await?;
    let actor = match asked.who() {
        "" => None,
        name => {
            let found = users.iter().find(|user| user.username == name);
            Some(found.ok_or_else(|| Problem::field("who", Code::UnknownReference))?.id.to_string())
        }
    };
    let words = Words {
        actor: actor.as_deref(),
        action: asked.action.as_deref(),
        subject: asked.subject.as_deref(),
        from: Asked::day("from", asked.from.as_ref())?,
        until: Asked::day("until", asked.until.as_ref())?,
        alerts: asked.alerts(),
    };
    let (sought, vault, user, before) =
        (words.sought(house.zone)?, house.vault.clone(), by.user, asked.before);
    let noted = sought.clone();
    house.db.write(Lane::Actor(user.0), move |tx| super::looked(tx, &vault, user, &noted)).await?;
    let most = i64::try_from(MOST).map_err(Problem::internal)?;
    let mut found = house.db.read(move |conn| super::lines(conn, &sought, before, most + 1)).await?;
    let reach = house.db.read(super::reach).await?;
    let next = if found.len() > MOST { found.get(MOST - 1).map(|last| asked.before(last.id)) } else { None };
    found.truncate(MOST);
    let names: HashMap<UserId, String> = users.into_iter().map(|user| (user.id, user.username)).collect();
    let frame = Frame::of(&house, &visitor, "record-title");
    let rows = found.into_iter().map(|line| row(&house, frame.say, &names, line)).collect();
    let page = Page { at: Time(house.db.now(), house.zone), reach, rows, next, asked, frame };
    match page.asked.format {
        Some(format) => visitor.file(&house, format, table(page.frame.say, &page.rows)).await,
        None => Ok(visitor.page(&page)?),
    }
}

fn row(house: &House, say: Say, names: &HashMap<UserId, String>, line: Found) -> Row {
    let told = |(name, value): (&String, &serde_json::Value)| {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        format!("{name}={value}")
    };
    let detail: Vec<String> = line.detail.iter().map(told).collect();
    Row {
        day: say.day(house.zone.date(line.at)),
        time: Time(line.at, house.zone),
        who: line.actor.map(|own| names.get(&own).cloned().unwrap_or_else(|| own.to_string())),
        action: line.action,
        subject: line.subject,
        detail: detail.join(" "),
        is_alert: line.is_alert,
    }
}

fn table(say: Say, rows: &[Row]) -> Table {
    let headings = ["column-time", "record-who", "record-action", "record-subject", "record-detail"];
    let cells = |row: &Row| {
        let who = row.who.clone().unwrap_or_default();
        let subject = row.subject.clone().unwrap_or_default();
        vec![row.time.stamp(), who, row.action.clone(), subject, row.detail.clone()]
    };
    Table {
        name: "record",
        header: headings.map(|id| say.text(id)).into(),
        rows: rows.iter().map(cells).collect(),
    }
}

/// Asks for a check of the whole chain, and goes where it is shown.
async fn check(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, print, .. } = posted;
    let by: Actor<ReadRecord> = visitor.seat()?;
    let (vault, who) = (house.vault.clone(), by.user);
    let ask = move |tx: &mut Tx| jobs::queue(tx, &vault, who, JobKind::VerifyRecord, "{}");
    let queued = house.once(&by, print.by(by.user), ask).await?;
    Ok(go(&format!("/record/checks/{}", queued.job)))
}

#[derive(Template)]
#[template(path = "record_check.html")]
struct CheckPage {
    frame: Frame,
    at: Time,
    look_again: String,
    has_failed: bool,
    done: i64,
    of: Option<i64>,
    found: Option<Checked>,
}

async fn checked(house: web::Data<House>, visitor: Visitor, id: PathId<JobId>, _query: NoQuery) -> Answer {
    let by: Actor<ReadRecord> = visitor.seat()?;
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let job = house.db.read(move |conn| jobs::job(conn, &vault, &who, id)).await?;
    if job.kind != JobKind::VerifyRecord {
        return Err(Code::NotFound.into());
    }
    let page = CheckPage {
        at: Time(house.db.now(), house.zone),
        look_again: format!("/record/checks/{id}"),
        has_failed: job.state == JobState::Failed,
        done: job.steps_done,
        of: job.steps,
        found: job.result.map(serde_json::from_value).transpose().map_err(Problem::internal)?,
        frame: Frame::of(&house, &visitor, "record-check-title"),
    };
    Ok(visitor.page(&page)?)
}
