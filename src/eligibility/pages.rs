//! The rule sets of this installation, and, for a physician, what one would change for donors before it takes effect.

mod approvals;

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::JobId;
use shiryan_kernel::status::JobState;
use shiryan_kernel::{Code, Problem};

use super::{Evidence, RuleSet, ask_adoption, ask_preview};
use crate::accounts::{Actor, AskPolicies, PreviewPolicies, SeePolicies};
use crate::db::Tx;
use crate::http::{Answer, House, NoQuery, PathId};
use crate::jobs;
use crate::texts::Lang;
use crate::web::{Fields, Frame, Posted, Time, Visitor, field, go};

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/rules", web::get().to(rules))
        .route("/rules/{code}/preview", web::post().to(preview))
        .route("/rules/{code}/adopt", web::post().to(adopt))
        .route("/rules/previews/{id}", web::get().to(previewed));
    approvals::pages(config);
}

struct Row {
    code: String,
    version: u32,
    title: String,
    from: String,
    in_force: bool,
    is_adopted: bool,
    source: String,
    evidence: String,
    signed_by: String,
}

#[derive(Template)]
#[template(path = "rules.html")]
struct Page {
    frame: Frame,
    rows: Vec<Row>,
    may_preview: bool,
    may_ask: bool,
}

async fn rules(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    let _by: Actor<SeePolicies> = visitor.seat()?;
    let current = house.rules.in_force(house.today())?;
    let frame = Frame::of(&house, &visitor, "rules-title");
    let say = frame.say;
    let row = |set: &RuleSet| Row {
        code: set.code.clone(),
        version: set.version,
        title: if say.0 == Lang::Ar { set.title_ar.clone() } else { set.title_en.clone() },
        from: say.day(set.effective_from),
        in_force: (&set.code, set.version) == (&current.code, current.version),
        is_adopted: house.rules.is_adopted(set),
        source: set.source.clone(),
        evidence: say.text(match set.evidence {
            Evidence::Proposed => "evidence-proposed",
            Evidence::Read => "evidence-read",
            Evidence::SecondHand => "evidence-second-hand",
            Evidence::WellKnown => "evidence-well-known",
        }),
        signed_by: set.signed_by.clone(),
    };
    let page = Page {
        rows: house.rules.rule_sets().iter().map(row).collect(),
        may_preview: visitor.seat::<PreviewPolicies>().is_ok(),
        may_ask: visitor.seat::<AskPolicies>().is_ok(),
        frame,
    };
    Ok(visitor.page(&page)?)
}

/// Asks for a preview, and goes where it is shown.
async fn preview(house: web::Data<House>, code: web::Path<String>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let by: Actor<PreviewPolicies> = visitor.seat()?;
    let version =
        field(&form, "version").parse().map_err(|_| Problem::field("version", Code::InvalidValue))?;
    let (vault, book, who, code) = (house.vault.clone(), house.rules.clone(), by.clone(), code.into_inner());
    let ask = move |tx: &mut Tx| ask_preview(tx, &vault, &book, &who, &code, Some(version));
    let queued = house.once(&by, print.by(by.user), ask).await?;
    Ok(go(&format!("/rules/previews/{}", queued.job)))
}

/// Asks that a rule set be put in force, and goes where it waits for a second person.
async fn adopt(house: web::Data<House>, code: web::Path<String>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let by: Actor<AskPolicies> = visitor.seat()?;
    let version =
        field(&form, "version").parse().map_err(|_| Problem::field("version", Code::InvalidValue))?;
    let reason = approvals::why(&form)?;
    let (vault, book, who, code) = (house.vault.clone(), house.rules.clone(), by.clone(), code.into_inner());
    let ask = move |tx: &mut Tx| ask_adoption(tx, &vault, &book, &who, (&code, Some(version)), &reason);
    house.once(&by, print.by(by.user), ask).await?;
    Ok(go("/approvals"))
}

/// What is read of a preview's result.
#[derive(Debug, Deserialize)]
struct Told {
    from: NaiveDate,
    donors: u64,
    changed: u64,
    unreadable: u64,
    by_type: BTreeMap<DonationType, Counts>,
}

#[derive(Debug, Deserialize)]
struct Counts {
    same: u64,
    earlier: u64,
    later: u64,
    shut: u64,
    opened: u64,
}

/// How the first days move for one kind of donation.
struct Moved {
    donation: String,
    same: u64,
    earlier: u64,
    later: u64,
    shut: u64,
    opened: u64,
}

struct Found {
    from: String,
    donors: u64,
    changed: u64,
    unreadable: u64,
    moves: Vec<Moved>,
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage {
    frame: Frame,
    at: Time,
    look_again: String,
    has_failed: bool,
    done: i64,
    of: Option<i64>,
    found: Option<Found>,
}

async fn previewed(house: web::Data<House>, visitor: Visitor, id: PathId<JobId>, _query: NoQuery) -> Answer {
    let by: Actor<PreviewPolicies> = visitor.seat()?;
    let (vault, who, id) = (house.vault.clone(), by.clone(), id.0);
    let job = house.db.read(move |conn| jobs::job(conn, &vault, &who, id)).await?;
    let result: Option<Told> =
        job.result.map(serde_json::from_value).transpose().map_err(Problem::internal)?;
    let frame = Frame::of(&house, &visitor, "preview-title");
    let say = frame.say;
    let found = result.map(|result| Found {
        from: say.day(result.from),
        donors: result.donors,
        changed: result.changed,
        unreadable: result.unreadable,
        moves: result
            .by_type
            .iter()
            .map(|(donation, moves)| Moved {
                donation: say.word("donation-type", donation.code()),
                same: moves.same,
                earlier: moves.earlier,
                later: moves.later,
                shut: moves.shut,
                opened: moves.opened,
            })
            .collect(),
    });
    let page = PreviewPage {
        at: Time(house.db.now(), house.zone),
        look_again: format!("/rules/previews/{id}"),
        has_failed: job.state == JobState::Failed,
        done: job.steps_done,
        of: job.steps,
        found,
        frame,
    };
    Ok(visitor.page(&page)?)
}
