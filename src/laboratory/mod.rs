//! The tests of each donation for infections: a ledger of results that nobody changes.
//!
//! A result is corrected by a new line that names the old one, and never by whoever entered it. What was found is sealed
//! under the house key, so that it stays readable for thirty years, erased donors included. Whoever calls says what
//! follows from it: this room stops no unit and defers nobody.

pub mod rules;
mod store;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{FacilityId, TestResultId, UserId};
use shiryan_kernel::laboratory::{Marker, TestFinding, TestStage};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::text::Note;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Result};

use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::{Place, Vault};

pub use rules::Panel;

/// A result to be entered.
#[derive(Debug, Clone)]
pub struct NewResult {
    pub marker: Marker,
    pub stage: TestStage,
    pub finding: TestFinding,
    pub tested_on: NaiveDate,
    /// The line that it takes the place of, and why.
    pub corrects: Option<(TestResultId, Note<500>)>,
}

/// What a line says; sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Says {
    pub stage: TestStage,
    pub finding: TestFinding,
    /// Why it was corrected.
    pub reason: Option<String>,
}

impl std::fmt::Debug for Says {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// A line of the ledger.
#[derive(Debug, Clone)]
pub struct Entry {
    pub id: TestResultId,
    pub din: Din,
    pub marker: Marker,
    /// Which test of this marker of this number it is, from 1.
    pub run: i32,
    pub corrects: Option<TestResultId>,
    pub says: Says,
    pub tested_on: NaiveDate,
    pub entered_at: Moment,
    pub entered_by: UserId,
    /// A later line takes its place.
    pub is_corrected: bool,
}

/// A result in the record of changes.
const RESULT: audit::Thing = audit::Thing { name: "test_result", tables: &[("test_results", "id")] };

/// Enters results of a number, tested from `collected_on` to `today`; all or none.
///
/// # Errors
/// By field: `out_of_range` of `tested_on`; `unknown_reference` of `corrects` for a line that is not of this number, marker
/// and stage or was corrected before; `state_conflict` of `stage` for a test that the ones before do not ask for.
/// `second_person_required` for a correction by whoever entered the line.
pub fn enter(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    at: FacilityId,
    (din, collected_on, today): (Din, NaiveDate, NaiveDate),
    results: &[NewResult],
) -> Result<()> {
    let mut known = store::of(tx.conn, vault, &[din])?;
    let mut faults = Faults::none();
    for (n, new) in results.iter().enumerate() {
        let mut fault = |field: &str, code| faults.add(format!("results[{n}].{field}"), code);
        if new.tested_on < collected_on || new.tested_on > today {
            fault("tested_on", Code::OutOfRange);
            continue;
        }
        let run = match &new.corrects {
            Some((id, _)) => {
                let old = known.iter_mut().find(|old| {
                    old.id == *id
                        && old.marker == new.marker
                        && old.says.stage == new.stage
                        && !old.is_corrected
                });
                let Some(old) = old else {
                    fault("corrects", Code::UnknownReference);
                    continue;
                };
                accounts::check_two_people(tx, by.user, old.entered_by)?;
                old.is_corrected = true;
                old.run
            }
            None => {
                let of = rules::of(&known, new.marker);
                if !rules::is_next(&of, new.stage) {
                    fault("stage", Code::StateConflict);
                    continue;
                }
                known.iter().filter(|old| old.marker == new.marker).map(|old| old.run).max().unwrap_or(0) + 1
            }
        };
        let entry = Entry {
            id: TestResultId(tx.id()),
            din,
            marker: new.marker,
            run,
            corrects: new.corrects.as_ref().map(|(id, _)| *id),
            says: Says {
                stage: new.stage,
                finding: new.finding,
                reason: new.corrects.as_ref().map(|(_, reason)| reason.as_str().to_owned()),
            },
            tested_on: new.tested_on,
            entered_at: tx.now,
            entered_by: by.user,
            is_corrected: false,
        };
        store::insert(tx, vault, at, &entry)?;
        let line = Line::new(Some(by.user), "laboratory.entered").on(entry.id).with("din", din.as_str());
        let line = line.with("marker", new.marker).with("corrects", entry.corrects.map(|id| id.to_string()));
        audit::made(&RESULT, entry.id.0).record(tx, vault, line)?;
        feed::append(tx, "test_result", entry.id.0, "entered")?;
        known.push(entry);
    }
    faults.settle()
}

/// Keeps a line as it is, asking nobody: for worlds that are invented whole.
///
/// # Errors
/// As any write.
pub fn keep(tx: &mut Tx, vault: &Vault, at: FacilityId, entry: &Entry) -> Result<()> {
    store::insert(tx, vault, at, entry)
}

/// Every line of a number, oldest first, and what they amount to.
///
/// # Errors
/// `identity_damaged` when a line was changed or moved.
pub fn results(conn: &mut Conn, vault: &Vault, required: &[Marker], din: Din) -> Result<(Vec<Entry>, Panel)> {
    let entries = store::of(conn, vault, &[din])?;
    let panel = Panel::of(required, &entries);
    Ok((entries, panel))
}

/// What the tests of each number amount to, in the order of the numbers.
///
/// # Errors
/// As [`results`].
pub fn panels(conn: &mut Conn, vault: &Vault, required: &[Marker], numbers: &[Din]) -> Result<Vec<Panel>> {
    let mut entries = store::of(conn, vault, numbers)?;
    Ok(numbers
        .iter()
        .map(|din| {
            let own: Vec<Entry> = entries.extract_if(.., |entry| entry.din == *din).collect();
            Panel::of(required, &own)
        })
        .collect())
}

/// The day of the oldest test of a whole panel that was found clear, of the youngest such among these numbers; none where
/// none was, or while anything of any of them may be an infection.
///
/// # Errors
/// As [`results`].
pub fn clear_since(
    conn: &mut Conn,
    vault: &Vault,
    required: &[Marker],
    numbers: &[Din],
) -> Result<Option<NaiveDate>> {
    let mut entries = store::of(conn, vault, numbers)?;
    let mut since = None;
    for din in numbers {
        let own: Vec<Entry> = entries.extract_if(.., |entry| entry.din == *din).collect();
        let panel = Panel::of(required, &own);
        if panel.is_suspect() {
            return Ok(None);
        }
        if panel.is_free() && panel.missing().next().is_none() {
            let standing = own.iter().filter(|entry| !entry.is_corrected && required.contains(&entry.marker));
            since = since.max(standing.map(|entry| entry.tested_on).min());
        }
    }
    Ok(since)
}

/// Seals lines of at most `limit` after `after` under another root key; the last of them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, says) in store::cells_after(tx.conn, after, limit)? {
        last = Some(id.0);
        store::set_cell(tx, id, &new.reseal(old, place(id), &says))?;
    }
    Ok(last)
}

const fn place(id: TestResultId) -> Place {
    Place::of("test_results", "says", id.0)
}
