//! The laboratory's results over HTTP.

use actix_web::{HttpResponse, get, post, web};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{TestResultId, UserId};
use shiryan_kernel::laboratory::{Marker, TestFinding, TestStage};
use shiryan_kernel::page::Page;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::{IntoParams, ToSchema};

use crate::accounts::{Actor, EnterResults, Principal, SeeResults};
use crate::db::Tx;
use crate::http::{Answer, Body, House, IdempotencyKey, Limit, Query};
use crate::laboratory::{Entry, NewResult};
use crate::stock::{self, Entered, LookBack, Tested, Waiting};

/// The most results of one entry.
const MOST: usize = 40;

pub fn operations(config: &mut utoipa_actix_web::service_config::ServiceConfig) {
    config.service(enter_results).service(list_results).service(list_waiting).service(tell_look_back);
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResultForm {
    marker: Marker,
    /// `screening` first; `repeat`, twice, after one that is not non-reactive; then `confirmation`.
    stage: TestStage,
    finding: TestFinding,
    /// From the day of the donation to today.
    tested_on: NaiveDate,
    /// The line that this one takes the place of: never one's own.
    corrects: Option<TestResultId>,
    /// Why, for a correction; at most 500 characters, sealed.
    reason: Option<String>,
}

#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ResultsForm {
    /// The number of a donation, typed or scanned.
    din: String,
    /// At least one, or the group.
    #[serde(default)]
    #[schema(max_items = 40)]
    results: Vec<ResultForm>,
    /// The group found in this sample: a typing of its donor.
    blood_group: Option<BloodGroup>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct NumberQuery {
    /// The number of a donation.
    din: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct WaitingQuery {
    #[serde(default)]
    #[param(inline, required = false)]
    limit: Limit,
    cursor: Option<String>,
}

/// A line of the ledger of results.
#[derive(Debug, Serialize, ToSchema)]
struct ResultView {
    id: TestResultId,
    marker: Marker,
    stage: TestStage,
    finding: TestFinding,
    tested_on: NaiveDate,
    entered_at: DateTime<Utc>,
    entered_by: UserId,
    corrects: Option<TestResultId>,
    /// Why it takes the place of another.
    reason: Option<String>,
    /// Another line takes its place.
    corrected: bool,
}

impl From<Entry> for ResultView {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            marker: entry.marker,
            stage: entry.says.stage,
            finding: entry.says.finding,
            tested_on: entry.tested_on,
            entered_at: entry.entered_at,
            entered_by: entry.entered_by,
            corrects: entry.corrects,
            reason: entry.says.reason,
            corrected: entry.is_corrected,
        }
    }
}

/// The results of a number, oldest first, and what they amount to.
#[derive(Debug, Serialize, ToSchema)]
struct ResultList {
    din: Din,
    markers: Vec<Tested>,
    items: Vec<ResultView>,
}

/// A number whose results were entered.
#[derive(Debug, Serialize, ToSchema)]
struct EnteredView {
    din: Din,
    markers: Vec<Tested>,
}

/// A number of which units wait in quarantine.
#[derive(Debug, Serialize, ToSchema)]
struct WaitingView {
    din: Din,
    collected_on: NaiveDate,
    markers: Vec<Tested>,
}

impl From<Waiting> for WaitingView {
    fn from(Waiting { din, collected_on, markers, .. }: Waiting) -> Self {
        Self { din, collected_on, markers }
    }
}

#[derive(Debug, Serialize, ToSchema)]
struct LookBackList {
    items: Vec<LookBack>,
}

impl ResultForm {
    fn read(self, n: usize, faults: &mut Faults) -> Option<NewResult> {
        let at = |field: &str| format!("results[{n}].{field}");
        let corrects = match (self.corrects, self.reason) {
            (None, None) => None,
            (Some(id), Some(reason)) => Some((id, faults.keep(&at("reason"), Note::parse(&reason))?)),
            (Some(_), None) => {
                faults.add(at("reason"), Code::MissingField);
                return None;
            }
            (None, Some(_)) => {
                faults.add(at("corrects"), Code::MissingField);
                return None;
            }
        };
        let Self { marker, stage, finding, tested_on, .. } = self;
        Some(NewResult { marker, stage, finding, tested_on, corrects })
    }
}

fn read(forms: Vec<ResultForm>) -> Result<Vec<NewResult>> {
    if forms.len() > MOST {
        return Err(Problem::field("results", Code::OutOfRange));
    }
    let mut faults = Faults::none();
    let read: Vec<NewResult> =
        forms.into_iter().enumerate().filter_map(|(n, form)| form.read(n, &mut faults)).collect();
    faults.settle()?;
    Ok(read)
}

fn number(text: &str) -> Result<Din> {
    Din::parse(text).map_err(|problem| problem.on("din"))
}

/// Enters results of a donation of which a unit lies or lay on the own shelf; all or none. One that is not non-reactive
/// stops, at once, every unit of its donor, and the donor waits. A correction is a line of its own, by somebody else.
#[utoipa::path(tag = "laboratory", params(("Idempotency-Key" = String, Header)), request_body = ResultsForm,
    responses((status = 201, description = "Entered, and what the tests of the number amount to now", body = EnteredView)))]
#[post("/laboratory/results")]
async fn enter_results(
    house: web::Data<House>,
    by: Actor<EnterResults>,
    key: IdempotencyKey,
    body: Body<ResultsForm>,
) -> Answer {
    let request = key.of(by.user, &body);
    let ResultsForm { din, results, blood_group } = body.into_inner();
    if results.is_empty() && blood_group.is_none() {
        return Err(Problem::field("results", Code::MissingField).into());
    }
    let (din, new) = (number(&din)?, read(results)?);
    let (who, vault, book) = (by.clone(), house.vault.clone(), house.rules.clone());
    let panel = house.settings.laboratory.panel.clone();
    let enter =
        move |tx: &mut Tx| stock::enter_results(tx, (&vault, &book), &who, &panel, din, (&new, blood_group));
    let Entered { din } = house.once(&by, request, enter).await?;
    let (_, markers) = read_results(&house, &by, din).await?;
    Ok(HttpResponse::Created().json(EnteredView { din, markers }))
}

async fn read_results(house: &House, by: &Principal, din: Din) -> Result<(Vec<Entry>, Vec<Tested>)> {
    let (who, vault, panel) = (by.clone(), house.vault.clone(), house.settings.laboratory.panel.clone());
    house.db.read(move |conn| stock::results_of(conn, &vault, &who, &panel, din)).await
}

/// Every result of a donation in the caller's reach, oldest first.
#[utoipa::path(tag = "laboratory", params(NumberQuery),
    responses((status = 200, description = "The results", body = ResultList)))]
#[get("/laboratory/results")]
async fn list_results(house: web::Data<House>, by: Actor<SeeResults>, query: Query<NumberQuery>) -> Answer {
    let din = number(&query.din)?;
    let (entries, markers) = read_results(&house, &by, din).await?;
    let items = entries.into_iter().map(ResultView::from).collect();
    Ok(HttpResponse::Ok().json(ResultList { din, markers, items }))
}

/// Donations of which units wait in quarantine on the own shelf, the first first, and what is missing of each.
#[utoipa::path(tag = "laboratory", params(WaitingQuery),
    responses((status = 200, description = "A page", body = Page<WaitingView>)))]
#[get("/laboratory/waiting")]
async fn list_waiting(
    house: web::Data<House>,
    by: Actor<EnterResults>,
    query: Query<WaitingQuery>,
) -> Answer {
    let after = house.after::<i64>(query.cursor.as_deref(), query.list())?.unwrap_or(0);
    let (who, vault, panel) = (by.clone(), house.vault.clone(), house.settings.laboratory.panel.clone());
    let limit = query.limit.get();
    let rows =
        house.db.read(move |conn| stock::waiting(conn, &vault, &who, &panel, after, limit + 1)).await?;
    Ok(HttpResponse::Ok().json(house.page(rows, limit, query.list(), |row| row.first, WaitingView::from)?))
}

/// Which earlier donations of the same donor may have carried what was found in this one, infection by infection: since so
/// many days before the last that was clear of it. Where their units went tells `GET /stock/trace`.
#[utoipa::path(tag = "laboratory", params(NumberQuery),
    responses((status = 200, description = "The look-back; empty where nothing was found", body = LookBackList)))]
#[get("/laboratory/look-back")]
async fn tell_look_back(house: web::Data<House>, by: Actor<SeeResults>, query: Query<NumberQuery>) -> Answer {
    let din = number(&query.din)?;
    let (who, vault, panel) = (by.clone(), house.vault.clone(), house.settings.laboratory.panel.clone());
    let items = house.db.read(move |conn| stock::look_back(conn, &vault, &who, &panel, din)).await?;
    Ok(HttpResponse::Ok().json(LookBackList { items }))
}
