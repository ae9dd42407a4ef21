//! What waits for a second person: what it asks and why, and the two answers to it. Here too a register's file and a change
//! of the root key are asked for.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use shiryan_kernel::ids::{ApprovalId, UserId};
use shiryan_kernel::status::ApprovalState;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::super::{DeferralFact, ExportPurpose, Proposal, Register, ask_export, proposal as proposal_of};
use crate::accounts::{self, Actor, Approval, DecideApprovals, ExportDonors, ManageKeys, SeeApprovals};
use crate::db::{Conn, Tx};
use crate::http::{Answer, House, NoQuery, PathId};
use crate::stock;
use crate::texts;
use crate::web::{Choice, Fields, Frame, Posted, Say, Time, Visitor, chosen, field, go};

/// Requests of the page; whoever has more decides on the oldest first.
const MOST: i64 = 100;
/// Users whose names stand beside what they asked.
const MOST_USERS: i64 = 10_000;

/// Adds the pages.
pub(super) fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/approvals", web::get().to(approvals))
        .route("/approvals/exports", web::post().to(ask_for_export))
        .route("/approvals/keys", web::post().to(ask_for_keys))
        .route("/approvals/{id}/approve", web::post().to(approve))
        .route("/approvals/{id}/refuse", web::post().to(refuse));
}

struct Row {
    id: ApprovalId,
    what: String,
    facts: Vec<String>,
    /// The whole text of a rule set.
    text: Option<String>,
    reason: String,
    by: String,
    asked: String,
    at: Time,
    until: String,
    may_decide: bool,
}

#[derive(Template)]
#[template(path = "approvals.html")]
struct Page {
    frame: Frame,
    at: Time,
    rows: Vec<Row>,
    registers: Vec<Choice>,
    purposes: Vec<Choice>,
    may_export: bool,
    may_change_keys: bool,
}

async fn approvals(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    let by: Actor<SeeApprovals> = visitor.seat()?;
    let (vault, book, who, now) = (house.vault.clone(), house.rules.clone(), by.clone(), house.db.now());
    let read = move |conn: &mut Conn| {
        let users = accounts::list(conn, 0, MOST_USERS)?;
        let names: HashMap<UserId, String> = users.into_iter().map(|user| (user.id, user.username)).collect();
        let mut told = Vec::new();
        for one in accounts::approvals(conn, &who, Some(ApprovalState::Open), now, 0, MOST)? {
            match proposal_of(conn, &vault, &book, &who, &one) {
                Ok((what, reason)) => {
                    let name = names.get(&one.asked_by).cloned().unwrap_or_else(|| one.asked_by.to_string());
                    told.push((one, what, reason, name));
                }
                // Of whom it is about has left the scope or was erased since.
                Err(problem) if matches!(problem.code, Code::NotFound | Code::StateConflict) => {}
                Err(problem) => return Err(problem),
            }
        }
        Ok(told)
    };
    let told = house.db.read(read).await?;
    let frame = Frame::of(&house, &visitor, "approvals-title");
    let say = frame.say;
    let row = |(one, what, reason, by_name): (Approval, Proposal, String, String)| Row {
        id: one.id,
        what: say.word("approval-kind", one.kind.code()),
        facts: facts(say, &one, &what),
        text: if let Proposal::ChangePolicy(order) = what { Some(order.text) } else { None },
        reason,
        by: by_name,
        asked: say.day(house.zone.date(one.asked_at.and_utc())),
        at: Time(one.asked_at.and_utc(), house.zone),
        until: say.day(house.zone.date(one.expires_at.and_utc())),
        may_decide: one.asked_by != by.user && accounts::deciders(one.kind).contains(&by.role),
    };
    let page = Page {
        at: Time(house.db.now(), house.zone),
        rows: told.into_iter().map(row).collect(),
        registers: Choice::words(say, "register", Register::ALL.iter().map(|own| own.code()), ""),
        purposes: Choice::words(say, "export-purpose", ExportPurpose::ALL.iter().map(|own| own.code()), ""),
        may_export: visitor.seat::<ExportDonors>().is_ok(),
        may_change_keys: visitor.seat::<ManageKeys>().is_ok(),
        frame,
    };
    Ok(visitor.page(&page)?)
}

/// What is asked, a line for each fact.
fn facts(say: Say, one: &Approval, what: &Proposal) -> Vec<String> {
    let about = one.subject.map(|donor| say.with("approvals-donor", &[("id", &donor.to_string())]));
    let deferral = |fact: &DeferralFact| {
        let text = texts::reason(say.0, &fact.code);
        fact.base.map_or_else(|| text.clone(), |base| format!("{text} · {}", say.day(base)))
    };
    let mut lines: Vec<String> = about.into_iter().collect();
    match what {
        Proposal::CorrectDeferral { now, then } => {
            lines.push(say.with("approvals-now", &[("what", &deferral(&now.fact))]));
            lines.push(say.with("approvals-then", &[("what", &deferral(then))]));
        }
        Proposal::WithdrawDeferral { now } => {
            lines.push(say.with("approvals-now", &[("what", &deferral(&now.fact))]));
        }
        Proposal::CorrectGiving { then, .. } if then.voided => lines.push(say.text("approvals-no-giving")),
        Proposal::CorrectGiving { then, .. } => {
            let what =
                format!("{} · {}", say.word("donation-type", then.donation_type.code()), say.day(then.on));
            lines.push(say.with("approvals-then", &[("what", &what)]));
        }
        Proposal::MergeDonors { survivor, .. } | Proposal::UndoMerge { survivor, .. } => {
            lines.push(say.with("approvals-other", &[("id", &survivor.to_string())]));
        }
        Proposal::ExportRegister(order) => {
            lines.push(say.word("register", order.register.code()));
            lines.push(say.word("export-purpose", order.purpose.code()));
            let units = order.units.as_ref().map(|units| i64::try_from(units.len()).unwrap_or(i64::MAX));
            lines.push(
                units
                    .map_or_else(|| say.text("approvals-whole"), |count| say.count("approvals-units", count)),
            );
        }
        Proposal::ChangePolicy(order) => {
            let name = format!("{} {}", order.code, order.version);
            lines.push(
                say.with("approvals-policy", &[("name", &name), ("from", &say.day(order.effective_from))]),
            );
            lines.push(format!("SHA-256 {}", order.digest()));
        }
        Proposal::ChangeKeys => {}
    }
    lines
}

async fn approve(house: web::Data<House>, id: PathId<ApprovalId>, posted: Posted<Fields>) -> Answer {
    decide(&house, id.0, posted, ApprovalState::Approved).await
}

async fn refuse(house: web::Data<House>, id: PathId<ApprovalId>, posted: Posted<Fields>) -> Answer {
    decide(&house, id.0, posted, ApprovalState::Refused).await
}

async fn decide(
    house: &web::Data<House>,
    id: ApprovalId,
    posted: Posted<Fields>,
    verdict: ApprovalState,
) -> Answer {
    let Posted { visitor, print, .. } = posted;
    let by: Actor<DecideApprovals> = visitor.seat()?;
    let (vault, book, who) = (house.vault.clone(), house.rules.clone(), by.clone());
    let decide = move |tx: &mut Tx| {
        stock::settle_approval(tx, &vault, &book, &who, id, verdict).map(|approval| approval.id)
    };
    house.once(&by, print.by(by.user), decide).await?;
    Ok(go("/approvals"))
}

async fn ask_for_export(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let by: Actor<ExportDonors> = visitor.seat()?;
    let what = (needed("register", &form)?, needed("purpose", &form)?);
    let reason = why(&form)?;
    let (vault, who) = (house.vault.clone(), by.clone());
    let ask = move |tx: &mut Tx| ask_export(tx, &vault, &who, what, &reason);
    house.once(&by, print.by(by.user), ask).await?;
    Ok(go("/approvals"))
}

async fn ask_for_keys(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let by: Actor<ManageKeys> = visitor.seat()?;
    let reason = why(&form)?;
    let (vault, who) = (house.vault.clone(), by.clone());
    let ask = move |tx: &mut Tx| accounts::ask_key_change(tx, &vault, &who, &reason);
    house.once(&by, print.by(by.user), ask).await?;
    Ok(go("/approvals"))
}

fn needed<T: std::str::FromStr>(name: &'static str, form: &Fields) -> Result<T> {
    chosen(name, Some(field(form, name)))?.ok_or_else(|| Problem::field(name, Code::MissingField))
}

/// Why it is asked.
pub(super) fn why(form: &Fields) -> Result<Note<500>> {
    Note::parse(field(form, "reason")).map_err(|problem| problem.on("reason"))
}
