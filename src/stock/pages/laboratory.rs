//! The laboratory: which donations wait for tests, and of one number what was found and which tests it asks for next.

use actix_web::web;
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{TestResultId, UserId};
use shiryan_kernel::laboratory::{Marker, MarkerState, TestFinding, TestStage};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{Actor, EnterResults, SeeResults};
use crate::db::Tx;
use crate::http::{Answer, House, NoQuery, Query};
use crate::laboratory::{Entry, NewResult, rules};
use crate::sheets::Format;
use crate::stock::{self, LookBack, Tested};
use crate::texts::ProblemText;
use crate::web::{
    Choice, Fields, Frame, Posted, Print, Say, Table, Time, Visitor, field, go, is_for_the_form, told,
};

/// The most numbers that are listed.
const MOST: usize = 40;

/// A marker and what its tests amount to.
struct Marked {
    name: String,
    state: String,
    level: &'static str,
    /// The tests that may be entered now: the name of the field, and which test it is.
    fields: Vec<(String, String)>,
}

/// A donation of which units wait in quarantine.
struct Waits {
    din: Din,
    day: String,
    missing: Vec<String>,
    is_suspect: bool,
}

#[derive(Template)]
#[template(path = "laboratory.html")]
struct ListPage {
    frame: Frame,
    said: Option<ProblemText>,
    din: String,
    /// Absent for whoever enters no results.
    waits: Option<Vec<Waits>>,
    is_cut: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    /// What waits as a file.
    format: Option<Format>,
}

pub async fn list(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    match asked.format {
        Some(format) => {
            let page = list_page(&house, &visitor, "", None).await?;
            visitor.file(&house, format, table(page.frame.say, page.waits.unwrap_or_default())).await
        }
        None => show_list(&house, &visitor, "", None).await,
    }
}

/// Which marker it is that is not clear is told where results are entered, not on a list.
fn table(say: Say, waits: Vec<Waits>) -> Table {
    let headings = ["results-number", "column-collected", "results-missing", "column-status"];
    let comma = format!("{} ", say.text("list-comma"));
    let cells = |own: Waits| {
        let stands = if own.is_suspect { "bench-not-clear" } else { "bench-to-release" };
        vec![own.din.printed(), own.day, own.missing.join(&comma), say.text(stands)]
    };
    Table {
        name: "laboratory",
        header: headings.map(|id| say.text(id)).into(),
        rows: waits.into_iter().map(cells).collect(),
    }
}

/// Opens the number that was typed or scanned.
pub async fn open(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, .. } = posted;
    let _by: Actor<SeeResults> = visitor.seat()?;
    match Din::parse(field(&form, "din")) {
        Ok(din) => Ok(go(&format!("/laboratory/{}", din.as_str()))),
        Err(problem) => show_list(&house, &visitor, field(&form, "din"), Some(&problem)).await,
    }
}

async fn show_list(house: &House, visitor: &Visitor, din: &str, problem: Option<&Problem>) -> Answer {
    let page = list_page(house, visitor, din, problem).await?;
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

async fn list_page(
    house: &House,
    visitor: &Visitor,
    din: &str,
    problem: Option<&Problem>,
) -> Result<ListPage> {
    let _by: Actor<SeeResults> = visitor.seat()?;
    let frame = Frame { at: "/laboratory".to_owned(), ..Frame::of(house, visitor, "laboratory-title") };
    let say = frame.say;
    let (mut waits, mut is_cut) = (None, false);
    if let Ok(by) = visitor.seat::<EnterResults>() {
        let (who, vault) = (by.clone(), house.vault.clone());
        let panel = house.settings.laboratory.panel.clone();
        let most = i64::try_from(MOST + 1).map_err(Problem::internal)?;
        let found = house.db.read(move |conn| stock::waiting(conn, &vault, &who, &panel, 0, most)).await?;
        is_cut = found.len() > MOST;
        let waiting = |own: &stock::Waiting| Waits {
            din: own.din,
            day: say.day(own.collected_on),
            missing: own
                .markers
                .iter()
                .filter(|own| own.state == MarkerState::Missing)
                .map(marker(say))
                .collect(),
            is_suspect: own.markers.iter().any(|own| own.state.is_suspect()),
        };
        waits = Some(found.iter().take(MOST).map(waiting).collect());
    }
    let said = problem.map(|problem| told(say.0, problem));
    Ok(ListPage { said, din: din.to_owned(), waits, is_cut, frame })
}

fn marker(say: Say) -> impl Fn(&Tested) -> String {
    move |own| say.word("marker", own.marker.code())
}

/// A line of the ledger.
struct Entered {
    id: TestResultId,
    marker: String,
    stage: String,
    finding: String,
    day: String,
    at: (String, Time),
    is_corrected: bool,
    reason: String,
    /// It stands, and somebody else entered it.
    may_correct: bool,
}

/// Earlier donations that a finding reaches.
struct Reaches {
    infection: String,
    since: Option<String>,
    numbers: Vec<Din>,
}

#[derive(Template)]
#[template(path = "results.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    din: Din,
    at: Time,
    markers: Vec<Marked>,
    entries: Vec<Entered>,
    findings: Vec<Choice>,
    groups: Vec<Choice>,
    reaches: Vec<Reaches>,
    tested_on: String,
    today: NaiveDate,
    may_enter: bool,
}

pub async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    path: web::Path<String>,
    _query: NoQuery,
) -> Answer {
    show(&house, &visitor, number(&path)?, (&Fields::default(), None)).await
}

/// A number of an address.
fn number(text: &str) -> Result<Din> {
    Din::parse(text).map_err(|_| Problem::new(Code::NotFound))
}

async fn show(
    house: &House,
    visitor: &Visitor,
    din: Din,
    (form, problem): (&Fields, Option<&Problem>),
) -> Answer {
    let by: Actor<SeeResults> = visitor.seat()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let panel = house.settings.laboratory.panel.clone();
    let read = house.db.read(move |conn| {
        let (entries, markers) = stock::results_of(conn, &vault, &who, &panel, din)?;
        let reaches = stock::look_back(conn, &vault, &who, &panel, din)?;
        Ok((entries, markers, reaches))
    });
    let (entries, tested, reaches) = read.await?;
    let may_enter = visitor.seat::<EnterResults>().is_ok();
    let frame = Frame::of(house, visitor, "results-title");
    let say = frame.say;
    let others = Marker::ALL.iter().copied().filter(|own| tested.iter().all(|known| known.marker != *own));
    let others = others.map(|marker| Tested { marker, state: MarkerState::Missing });
    let is_required = |own: &Tested| house.settings.laboratory.panel.contains(&own.marker);
    let shown: Vec<Tested> = tested.iter().copied().chain(others).collect();
    let today = house.today();
    let chosen = field(form, "blood_group");
    let page = Page {
        said: problem.map(|problem| told(say.0, problem)),
        din,
        at: Time(house.db.now(), house.zone),
        markers: shown.iter().map(|own| marked(say, &entries, own, is_required(own))).collect(),
        entries: entries.iter().map(|own| entered(house, say, by.user, may_enter, own)).collect(),
        findings: Choice::words(say, "test-finding", TestFinding::ALL.iter().map(|own| own.code()), ""),
        groups: Choice::words(say, "blood-group", BloodGroup::ALL.iter().map(|own| own.code()), chosen),
        reaches: reaches.iter().map(|own| reached(say, own)).collect(),
        tested_on: Some(field(form, "tested_on").to_owned())
            .filter(|day| !day.is_empty())
            .unwrap_or_else(|| today.to_string()),
        today,
        may_enter,
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn marked(say: Say, entries: &[Entry], own: &Tested, is_required: bool) -> Marked {
    let asked = rules::asked_for(&rules::of(entries, own.marker));
    let fields = asked.iter().enumerate().map(|(n, stage)| {
        (format!("{}.{}.{n}", own.marker.code(), stage.code()), say.word("test-stage", stage.code()))
    });
    let state = match own.state {
        MarkerState::Missing if !is_required => "not-asked",
        state => state.code(),
    };
    Marked {
        name: say.word("marker", own.marker.code()),
        state: say.word("marker-state", state),
        level: match own.state {
            MarkerState::Clear => "green",
            MarkerState::Missing => "unknown",
            MarkerState::Reactive
            | MarkerState::RepeatReactive
            | MarkerState::FalseReactive
            | MarkerState::Confirmed => "red",
        },
        fields: fields.collect(),
    }
}

fn entered(house: &House, say: Say, reader: UserId, may_enter: bool, own: &Entry) -> Entered {
    let zone = house.zone;
    Entered {
        id: own.id,
        marker: say.word("marker", own.marker.code()),
        stage: say.word("test-stage", own.says.stage.code()),
        finding: say.word("test-finding", own.says.finding.code()),
        day: say.day(own.tested_on),
        at: (say.short_day(zone.date(own.entered_at)), Time(own.entered_at, zone)),
        is_corrected: own.is_corrected,
        reason: own.says.reason.clone().unwrap_or_default(),
        may_correct: may_enter && !own.is_corrected && own.entered_by != reader,
    }
}

fn reached(say: Say, own: &LookBack) -> Reaches {
    Reaches {
        infection: say.word("infection", own.infection.code()),
        since: own.since.map(|day| say.day(day)),
        numbers: own.numbers.clone(),
    }
}

/// Enters what the form says, or corrects one line.
pub async fn submit(house: web::Data<House>, path: web::Path<String>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let din = number(&path)?;
    match enter(&house, &visitor, din, &form, &print).await {
        Ok(()) => Ok(go(&format!("/laboratory/{}", din.as_str()))),
        Err(problem) if is_for_the_form(&problem) => {
            show(&house, &visitor, din, (&form, Some(&problem))).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn enter(house: &House, visitor: &Visitor, din: Din, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<EnterResults> = visitor.seat()?;
    let group = match field(form, "blood_group") {
        "" => None,
        code => Some(code.parse().map_err(|_| Problem::field("blood_group", Code::InvalidValue))?),
    };
    let corrects = field(form, "corrects");
    let new =
        if corrects.is_empty() { findings(form)? } else { vec![correction(house, &by, din, form).await?] };
    if new.is_empty() && group.is_none() {
        return Err(Problem::field("results", Code::MissingField));
    }
    let (who, vault, book) = (by.clone(), house.vault.clone(), house.rules.clone());
    let panel = house.settings.laboratory.panel.clone();
    let enter =
        move |tx: &mut Tx| stock::enter_results(tx, (&vault, &book), &who, &panel, din, (&new, group));
    house.once(&by, print.by(by.user), enter).await.map(|_| ())
}

/// What was chosen, marker by marker, each test in its turn.
fn findings(form: &Fields) -> Result<Vec<NewResult>> {
    let mut found = Vec::new();
    for marker in Marker::ALL.iter().copied() {
        for stage in TestStage::ALL.iter().copied() {
            for n in 0..rules::MOST_AT_ONCE {
                let name = format!("{}.{}.{n}", marker.code(), stage.code());
                let Some(finding) = finding(form, &name)? else { continue };
                found.push(NewResult { marker, stage, finding, tested_on: tested_on(form)?, corrects: None });
            }
        }
    }
    Ok(found)
}

fn finding(form: &Fields, name: &str) -> Result<Option<TestFinding>> {
    match field(form, name) {
        "" => Ok(None),
        code => code.parse().map(Some).map_err(|_| Problem::field(name, Code::InvalidValue)),
    }
}

fn tested_on(form: &Fields) -> Result<NaiveDate> {
    match field(form, "tested_on") {
        "" => Err(Problem::field("tested_on", Code::MissingField)),
        day => day.parse().map_err(|_| Problem::field("tested_on", Code::InvalidValue)),
    }
}

/// A line in the place of one that stands: of the same test and day.
async fn correction(house: &House, by: &Actor<EnterResults>, din: Din, form: &Fields) -> Result<NewResult> {
    let id: TestResultId =
        field(form, "corrects").parse().map_err(|_| Problem::field("corrects", Code::UnknownReference))?;
    let reason = Note::parse(field(form, "reason")).map_err(|problem| problem.on("reason"))?;
    let finding = finding(form, "finding")?.ok_or_else(|| Problem::field("finding", Code::MissingField))?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let (entries, _) = house.db.read(move |conn| stock::results_of(conn, &vault, &who, &[], din)).await?;
    let old = entries.iter().find(|own| own.id == id);
    let old = old.ok_or_else(|| Problem::field("corrects", Code::UnknownReference))?;
    Ok(NewResult {
        marker: old.marker,
        stage: old.says.stage,
        finding,
        tested_on: old.tested_on,
        corrects: Some((id, reason)),
    })
}
