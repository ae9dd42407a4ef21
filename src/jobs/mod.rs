//! Long work that somebody asked for: queued in a request, done beside requests, followed by whoever asked.
//!
//! One process runs a piece of work at a time and holds a lease on it, renewed with each step of progress;
//! when it dies, another takes the work up after the lease. Work may therefore begin more than once and must
//! not mind. Knows nothing of what the work is: the top floor runs it by its kind. Refuses to show a job to
//! anybody but whoever asked.

pub mod api;
mod store;

use chrono::{Duration, NaiveDateTime};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{JobId, UserId};
use shiryan_kernel::status::{JobKind, JobState};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx};
use crate::vault::{Place, Vault};

/// How long work is held without a sign of life.
const LEASE: Duration = Duration::seconds(60);
/// Work that was begun so often and never ended is given up.
const ATTEMPTS: i32 = 3;

/// The answer to a request for long work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Queued {
    pub job: JobId,
}

/// Work to be done now, by whoever holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    pub id: JobId,
    pub kind: JobKind,
    pub request: String,
    /// The attempt, by which the holder is known.
    attempt: i32,
}

/// A job as whoever asked sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    pub id: JobId,
    pub kind: JobKind,
    pub state: JobState,
    pub asked_at: NaiveDateTime,
    /// Steps done, of how many where that is known.
    pub steps_done: i64,
    pub steps: Option<i64>,
    /// What came of it, once it is done.
    pub result: Option<serde_json::Value>,
    pub finished_at: Option<NaiveDateTime>,
}

/// Work in the record of changes.
const JOB: audit::Thing = audit::Thing { name: "job", tables: &[("jobs", "id")] };

/// Queues work.
///
/// # Errors
/// As any write.
pub fn queue(tx: &mut Tx, vault: &Vault, by: UserId, kind: JobKind, request: &str) -> Result<Queued> {
    let id = JobId(tx.id());
    let sealed = vault.house().seal_text(place("request", id), request);
    store::insert(tx, id, kind, sealed, by)?;
    audit::made(&JOB, id.0).record(
        tx,
        vault,
        Line::new(Some(by), "jobs.queued").on(id).with("kind", kind),
    )?;
    Ok(Queued { job: id })
}

/// Whether work waits, or nobody holds it any more.
///
/// # Errors
/// As any read.
pub fn any_waits(conn: &mut Conn, now: Moment) -> Result<bool> {
    Ok(store::waiting(conn, now.naive_utc())?.is_some())
}

/// Takes up the oldest work that waits or that nobody holds any more. What does not open fails.
///
/// # Errors
/// As any write.
pub fn take(tx: &mut Tx, vault: &Vault) -> Result<Option<Held>> {
    let Some((id, kind, request, attempts)) = store::waiting(tx.conn, tx.now.naive_utc())? else {
        return Ok(None);
    };
    if attempts >= ATTEMPTS {
        store::fail(tx, id, attempts)?;
        return Ok(None);
    }
    if !store::hold(tx, id, attempts, (tx.now + LEASE).naive_utc())? {
        return Ok(None);
    }
    let attempt = attempts + 1;
    match vault.house().open_text(place("request", id), &request) {
        Ok(request) => Ok(Some(Held { id, kind, request, attempt })),
        // It would keep all that wait behind it waiting.
        Err(problem) => {
            tracing::error!(cause = problem.cause.as_deref().unwrap_or_default(), "a job does not open");
            store::fail(tx, id, attempt)?;
            Ok(None)
        }
    }
}

/// Notes progress and renews the lease.
///
/// # Errors
/// `state_conflict` when somebody else holds the work now: the caller stops.
pub fn progress(tx: &mut Tx, held: &Held, done: i64, of: i64) -> Result<()> {
    let until = (tx.now + LEASE).naive_utc();
    mine(store::progress(tx, held.id, held.attempt, done, of, until)?)
}

/// Ends the work with what came of it; what it was asked with, such as a whole file, is forgotten.
///
/// # Errors
/// As [`progress`].
pub fn finish(tx: &mut Tx, vault: &Vault, held: &Held, result: &serde_json::Value) -> Result<()> {
    let sealed = vault.house().seal_text(place("result", held.id), &result.to_string());
    let nothing = vault.house().seal_text(place("request", held.id), "");
    mine(store::finish(tx, held.id, held.attempt, nothing, sealed)?)
}

/// Ends the work without a result.
///
/// # Errors
/// As [`progress`].
pub fn give_up(tx: &mut Tx, held: &Held) -> Result<()> {
    mine(store::fail(tx, held.id, held.attempt)?)
}

fn mine(is_mine: bool) -> Result<()> {
    if is_mine { Ok(()) } else { Err(Problem::new(Code::StateConflict)) }
}

/// A job that the caller asked for.
///
/// # Errors
/// `not_found`, for somebody else's too.
pub fn job(conn: &mut Conn, vault: &Vault, by: &Principal, id: JobId) -> Result<Job> {
    let row = store::job(conn, id, by.user)?;
    let open = |sealed: Vec<u8>| {
        let text = vault.house().open_text(place("result", id), &sealed)?;
        serde_json::from_str(&text).map_err(Problem::internal)
    };
    Ok(Job {
        id,
        kind: row.kind,
        state: row.state,
        asked_at: row.asked_at,
        steps_done: row.steps_done,
        steps: row.steps,
        result: row.result.map(open).transpose()?,
        finished_at: row.finished_at,
    })
}

/// Seals requests and results under another root key.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault) -> Result<()> {
    for (id, request, result) in store::sealed(tx.conn)? {
        let request = new.reseal(old, place("request", id), &request);
        let result = result.map(|result| new.reseal(old, place("result", id), &result));
        store::set_sealed(tx.conn, id, request, result)?;
    }
    Ok(())
}

const fn place(column: &'static str, id: JobId) -> Place {
    Place::of("jobs", column, id.0)
}
