//! Rows of jobs.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{JobId, UserId};
use shiryan_kernel::status::{JobKind, JobState};

use crate::db::tables::jobs;
use crate::db::{Conn, Tx};

#[derive(Debug, Queryable)]
pub struct Row {
    pub kind: JobKind,
    pub state: JobState,
    pub asked_at: NaiveDateTime,
    pub steps_done: i64,
    pub steps: Option<i64>,
    pub result: Option<Vec<u8>>,
    pub finished_at: Option<NaiveDateTime>,
}

pub fn insert(tx: &mut Tx, id: JobId, kind: JobKind, request: Vec<u8>, by: UserId) -> Result<()> {
    diesel::insert_into(jobs::table)
        .values((
            jobs::id.eq(id),
            jobs::kind.eq(kind),
            jobs::state.eq(JobState::Queued),
            jobs::request.eq(request),
            jobs::asked_by.eq(by),
            jobs::asked_at.eq(tx.now.naive_utc()),
            jobs::attempts.eq(0),
            jobs::steps_done.eq(0_i64),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// Id, kind, sealed request, and how often it was begun.
type Waiting = (JobId, JobKind, Vec<u8>, i32);

/// The oldest that waits, or whose lease has run out.
pub fn waiting(conn: &mut Conn, now: NaiveDateTime) -> Result<Option<Waiting>> {
    let waits = jobs::state
        .eq(JobState::Queued)
        .or(jobs::state.eq(JobState::Running).and(jobs::leased_until.lt(now).assume_not_null()));
    Ok(jobs::table
        .filter(waits)
        .order(jobs::id)
        .select((jobs::id, jobs::kind, jobs::request, jobs::attempts))
        .first(conn)
        .optional()?)
}

/// Holds a job that was begun `attempts` times; whether nobody was quicker.
pub fn hold(tx: &mut Tx, id: JobId, attempts: i32, until: NaiveDateTime) -> Result<bool> {
    let changed = diesel::update(jobs::table.find(id.0))
        .filter(jobs::attempts.eq(attempts))
        .set((
            jobs::state.eq(JobState::Running),
            jobs::attempts.eq(attempts + 1),
            jobs::leased_until.eq(until),
        ))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

pub fn progress(
    tx: &mut Tx,
    id: JobId,
    attempt: i32,
    done: i64,
    of: i64,
    until: NaiveDateTime,
) -> Result<bool> {
    let changed = diesel::update(jobs::table.find(id.0))
        .filter(jobs::state.eq(JobState::Running))
        .filter(jobs::attempts.eq(attempt))
        .set((jobs::steps_done.eq(done), jobs::steps.eq(of), jobs::leased_until.eq(until)))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

pub fn finish(tx: &mut Tx, id: JobId, attempt: i32, request: Vec<u8>, result: Vec<u8>) -> Result<bool> {
    let changed = diesel::update(jobs::table.find(id.0))
        .filter(jobs::state.eq(JobState::Running))
        .filter(jobs::attempts.eq(attempt))
        .set((
            jobs::state.eq(JobState::Done),
            jobs::leased_until.eq(None::<NaiveDateTime>),
            jobs::request.eq(request),
            jobs::result.eq(result),
            jobs::finished_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

pub fn fail(tx: &mut Tx, id: JobId, attempt: i32) -> Result<bool> {
    let changed = diesel::update(jobs::table.find(id.0))
        .filter(jobs::state.eq(JobState::Running))
        .filter(jobs::attempts.eq(attempt))
        .set((
            jobs::state.eq(JobState::Failed),
            jobs::leased_until.eq(None::<NaiveDateTime>),
            jobs::finished_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

pub fn job(conn: &mut Conn, id: JobId, by: UserId) -> Result<Row> {
    Ok(jobs::table
        .find(id.0)
        .filter(jobs::asked_by.eq(by))
        .select((
            jobs::kind,
            jobs::state,
            jobs::asked_at,
            jobs::steps_done,
            jobs::steps,
            jobs::result,
            jobs::finished_at,
        ))
        .first(conn)?)
}

/// Id, request and result.
type Sealed = (JobId, Vec<u8>, Option<Vec<u8>>);

/// What is sealed of every job.
pub fn sealed(conn: &mut Conn) -> Result<Vec<Sealed>> {
    Ok(jobs::table.order(jobs::id).select((jobs::id, jobs::request, jobs::result)).load(conn)?)
}

pub fn set_sealed(conn: &mut Conn, id: JobId, request: Vec<u8>, result: Option<Vec<u8>>) -> Result<()> {
    diesel::update(jobs::table.find(id.0))
        .set((jobs::request.eq(request), jobs::result.eq(result)))
        .execute(conn)?;
    Ok(())
}
