//! The record looked through, the newest lines first, by an administrator: who did what when. Looking is recorded before
//! anything is told.
//!
//! What happened to a person in medicine is not an administrator's to learn: of lines of those rooms the subject stays
//! hidden, and a search for a subject does not find them. Of a line's detail only what says nothing of anybody is told.

use chrono::{NaiveDate, NaiveTime};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shiryan_kernel::ids::{self, AuditId, UserId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::time::{Moment, Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{Line, record};
use crate::db::tables::{audit_chain, audit_lines};
use crate::db::{Conn, Tx};
use crate::vault::Vault;

/// The longest name of an action.
const LONGEST: usize = 64;
/// Rooms whose subjects are people's medicine.
const MEDICAL: [&str; 5] = ["donations", "eligibility", "laboratory", "requests", "stock"];
/// What is told of a line's detail.
const TOLD: [&str; 8] = ["budget", "code", "count", "format", "purpose", "role", "rows", "used"];

/// What is looked for; what is not said does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    pub actor: Option<UserId>,
    pub action: Option<Action>,
    /// The id of what it happened to.
    pub subject: Option<i64>,
    pub from: Option<Moment>,
    pub until: Option<Moment>,
    /// Only what somebody should look at.
    pub alerts: bool,
}

/// What is looked for, in the words of whoever looks; an empty word asks for nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Words<'a> {
    /// A user's id.
    pub actor: Option<&'a str>,
    pub action: Option<&'a str>,
    pub subject: Option<&'a str>,
    /// Civil days, both included.
    pub from: Option<NaiveDate>,
    pub until: Option<NaiveDate>,
    pub alerts: bool,
}

impl Words<'_> {
    /// What they mean.
    ///
    /// # Errors
    /// Every wrong field at once: `invalid_value` of `actor`, `action` and `subject`, `out_of_range` of `until` before `from`.
    pub fn sought(&self, zone: Zone) -> Result<Sought> {
        let mut faults = Faults::none();
        let said = |text: Option<&'_ str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
        let actor = said(self.actor).and_then(|text| faults.keep("actor", ids::read(&text).map(UserId)));
        let action = said(self.action).and_then(|text| faults.keep("action", Action::parse(&text)));
        let subject = said(self.subject).and_then(|text| faults.keep("subject", ids::read(&text)));
        if self.from.zip(self.until).is_some_and(|(from, until)| until < from) {
            faults.add("until", Code::OutOfRange);
        }
        faults.give(Some(()))?;
        let begin = |day: NaiveDate| zone.moment(day, NaiveTime::MIN);
        Ok(Sought {
            actor,
            action,
            subject,
            from: self.from.map(begin),
            until: self.until.map(|day| begin(plus_days(day, 1))),
            alerts: self.alerts,
        })
    }
}

/// An action, such as `donors.identity_opened`, or a room with all of its actions, such as `donors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action(String);

impl Action {
    /// # Errors
    /// `invalid_value` of what is no name of that kind.
    pub fn parse(text: &str) -> Result<Self> {
        let is_word = |word: &str| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
        };
        let parts: Vec<&str> = text.split('.').collect();
        if text.len() <= LONGEST && parts.len() <= 2 && parts.into_iter().all(is_word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(Problem::new(Code::InvalidValue))
        }
    }
}

/// A line as it is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub id: AuditId,
    pub at: Moment,
    /// Nobody: the program itself.
    pub actor: Option<UserId>,
    pub action: String,
    /// Absent too where it is hidden.
    pub subject: Option<String>,
    pub detail: Map<String, Value>,
    pub is_alert: bool,
    /// Whether the chain holds it already.
    pub is_chained: bool,
}

/// Puts on record that somebody looks, and for what.
///
/// # Errors
/// As any write.
pub fn looked(tx: &mut Tx, vault: &Vault, by: UserId, sought: &Sought) -> Result<()> {
    let line = Line::new(Some(by), "audit.read")
        .with("actor", sought.actor)
        .with("action", sought.action.as_ref().map(|action| &action.0))
        .with("subject", sought.subject.map(ids::write))
        .with("from", sought.from)
        .with("until", sought.until);
    record(tx, vault, &line).map(drop)
}

type Row = (AuditId, chrono::NaiveDateTime, Option<UserId>, String, Option<String>, String, bool);

/// The lines before `before`, the newest first. Not before [`looked`].
///
/// # Errors
/// As any read.
pub fn lines(conn: &mut Conn, sought: &Sought, before: Option<AuditId>, limit: i64) -> Result<Vec<Found>> {
    let mut rows = audit_lines::table
        .order(audit_lines::id.desc())
        .limit(limit)
        .select((
            audit_lines::id,
            audit_lines::at,
            audit_lines::actor,
            audit_lines::action,
            audit_lines::subject,
            audit_lines::detail,
            audit_lines::chained,
        ))
        .into_boxed();
    if let Some(before) = before {
        rows = rows.filter(audit_lines::id.lt(before.0));
    }
    // Ids are minted in the order of time: a span of days is a range of the key.
    if let Some(from) = sought.from {
        rows = rows.filter(audit_lines::id.ge(ids::least_at(from)));
    }
    if let Some(until) = sought.until {
        rows = rows.filter(audit_lines::id.lt(ids::least_at(until)));
    }
    if let Some(actor) = sought.actor {
        rows = rows.filter(audit_lines::actor.eq(actor.0));
    }
    if let Some(Action(action)) = &sought.action {
        rows = match action.contains('.') {
            true => rows.filter(audit_lines::action.eq(action.clone())),
            false => rows.filter(audit_lines::action.like(format!("{action}.%"))),
        };
    }
    if let Some(subject) = sought.subject {
        rows = rows.filter(audit_lines::subject.eq(ids::write(subject)));
        for room in MEDICAL {
            rows = rows.filter(audit_lines::action.not_like(format!("{room}.%")));
        }
    }
    if sought.alerts {
        rows = rows.filter(audit_lines::detail.like("%\"alert\":true%"));
    }
    let rows: Vec<Row> = rows.load(conn)?;
    Ok(rows.into_iter().map(told).collect())
}

fn told((id, at, actor, action, subject, detail, is_chained): Row) -> Found {
    let mut detail: Map<String, Value> = serde_json::from_str(&detail).unwrap_or_default();
    let is_alert = detail.contains_key("alert");
    detail.retain(|name, _| TOLD.contains(&name.as_str()));
    let room = action.split('.').next().unwrap_or_default();
    let subject = subject.filter(|_| !MEDICAL.contains(&room));
    Found { id, at: at.and_utc(), actor, action, subject, detail, is_alert, is_chained }
}

/// What reading the whole chain again found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// Links that were read.
    pub links: i64,
    /// The first link that does not hold; absent of a chain that is whole.
    pub broken_at: Option<i64>,
    /// Lines that are said to be chained and that no link holds.
    pub loose: i64,
}

/// How far the chain is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reach {
    pub links: i64,
    /// Lines that no link holds yet: the chain follows within a second.
    pub waiting: i64,
}

/// # Errors
/// As any read.
pub fn reach(conn: &mut Conn) -> Result<Reach> {
    let links: Option<i64> = audit_chain::table.select(diesel::dsl::max(audit_chain::seq)).first(conn)?;
    let waiting =
        audit_lines::table.filter(diesel::dsl::not(audit_lines::chained)).count().get_result(conn)?;
    Ok(Reach { links: links.unwrap_or(0), waiting })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_is_a_room_or_a_room_and_a_verb() {
        for good in ["donors", "donors.identity_opened", "audit.read"] {
            assert_eq!(Action::parse(good), Ok(Action(good.to_owned())), "{good}");
        }
        let long = "a".repeat(LONGEST + 1);
        for bad in ["", ".", "donors.", ".opened", "a.b.c", "Donors", "donors %", "donors.%", &long] {
            assert!(Action::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn of_medicine_the_subject_is_hidden_and_of_the_detail_what_names_a_cause() {
        let row = |action: &str| {
            let detail = r#"{"alert":true,"purpose":"care","reason":"reactive","kind":"hbv"}"#;
            told((
                AuditId(7),
                Moment::default().naive_utc(),
                Some(UserId(3)),
                action.to_owned(),
                Some("X".to_owned()),
                detail.to_owned(),
                true,
            ))
        };
        let opened = row("donors.identity_opened");
        assert_eq!(opened.subject.as_deref(), Some("X"));
        assert!(opened.is_alert);
        assert_eq!(opened.detail.keys().collect::<Vec<_>>(), ["purpose"]);
        for room in MEDICAL {
            assert_eq!(row(&format!("{room}.entered")).subject, None, "{room}");
        }
    }
}
