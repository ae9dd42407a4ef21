//! What became of a file of places: how far it is, what was taken, what was refused and why, and the refused rows as a file.

use actix_web::web;
use actix_web::{HttpResponse, http::header};
use askama::Template;
use shiryan_kernel::ids::JobId;
use shiryan_kernel::place::PlaceKind;
use shiryan_kernel::status::{JobKind, JobState};
use shiryan_kernel::{Code, Problem, Result};

use super::show;
use crate::accounts::{Actor, ManagePlaces};
use crate::db::Tx;
use crate::http::{Answer, House, NoQuery, PathId};
use crate::jobs::{self, Job};
use crate::places::{ImportResult, RowFaults, SentFile};
use crate::texts;
use crate::web::{Frame, Say, Time, Upload, Visitor, field, go, is_for_the_form};

/// Takes a file, and goes where it is shown.
pub async fn send(house: web::Data<House>, upload: Upload) -> Answer {
    let Upload { visitor, form, file, print } = upload;
    let by: Actor<ManagePlaces> = visitor.seat()?;
    let sent = || -> Result<String> {
        let list = field(&form, "list").parse::<PlaceKind>();
        let list = list.map_err(|_| Problem::field("list", Code::InvalidValue))?;
        let sent = SentFile::of(list, form.is("try"), by.user, &file)?;
        serde_json::to_string(&sent).map_err(Problem::internal)
    };
    match sent() {
        Ok(work) => {
            let (vault, who) = (house.vault.clone(), by.user);
            let ask = move |tx: &mut Tx| jobs::queue(tx, &vault, who, JobKind::ImportPlaces, &work);
            let queued = house.once(&by, print.by(by.user), ask).await?;
            Ok(go(&format!("/places/imports/{}", queued.job)))
        }
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, form, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

/// A refused row.
struct Row {
    line: u64,
    /// Column and what is wrong with it.
    faults: Vec<(String, String)>,
}

struct Found {
    dry_run: bool,
    /// Why the file as a whole was not read, and what that is about.
    refused: Option<(String, String)>,
    taken: i64,
    skipped: i64,
    rejected: i64,
    rows: Vec<Row>,
    is_cut: bool,
    has_rejects: bool,
}

#[derive(Template)]
#[template(path = "import.html")]
struct Page {
    frame: Frame,
    at: Time,
    look_again: String,
    has_failed: bool,
    done: i64,
    of: Option<i64>,
    found: Option<Found>,
}

pub async fn look(house: web::Data<House>, visitor: Visitor, id: PathId<JobId>, _query: NoQuery) -> Answer {
    let job = job(&house, &visitor, id.0).await?;
    let frame = Frame::of(&house, &visitor, "import-title");
    let page = Page {
        at: Time(house.db.now(), house.zone),
        look_again: format!("/places/imports/{}", id.0),
        has_failed: job.state == JobState::Failed,
        done: job.steps_done,
        of: job.steps,
        found: result(job)?.map(|result| found(frame.say, &result)),
        frame,
    };
    Ok(visitor.page(&page)?)
}

/// The refused rows, as they were written, with what is wrong with each.
pub async fn rejects(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<JobId>,
    _query: NoQuery,
) -> Answer {
    let job = job(&house, &visitor, id.0).await?;
    let rejects = result(job)?.and_then(|result| result.rejects);
    let rejects = rejects.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"rejects.csv\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(format!("\u{feff}{rejects}")))
}

async fn job(house: &House, visitor: &Visitor, id: JobId) -> Result<Job> {
    let by: Actor<ManagePlaces> = visitor.seat()?;
    let (vault, who) = (house.vault.clone(), by.clone());
    let job = house.db.read(move |conn| jobs::job(conn, &vault, &who, id)).await?;
    if job.kind == JobKind::ImportPlaces { Ok(job) } else { Err(Problem::new(Code::NotFound)) }
}

fn result(job: Job) -> Result<Option<ImportResult>> {
    job.result.map(serde_json::from_value).transpose().map_err(Problem::internal)
}

fn found(say: Say, result: &ImportResult) -> Found {
    let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
    Found {
        dry_run: result.dry_run,
        refused: result
            .refused
            .as_ref()
            .map(|fault| (say.word("import-refused", &fault.code), fault.about.clone())),
        taken: count(result.taken),
        skipped: count(result.skipped),
        rejected: count(result.rejected),
        rows: result.faults.iter().map(|row| told(say, row)).collect(),
        is_cut: result.rejected > u64::try_from(result.faults.len()).unwrap_or(u64::MAX),
        has_rejects: result.rejects.is_some(),
    }
}

fn told(say: Say, row: &RowFaults) -> Row {
    let fault = |text: &str| {
        let (column, code) = text.split_once(':').unwrap_or((text, ""));
        let why =
            code.parse::<Code>().map_or_else(|_| code.to_owned(), |code| texts::problem(say.0, code).title);
        (column.to_owned(), why)
    };
    Row { line: row.line, faults: row.errors.split(' ').map(fault).collect() }
}
