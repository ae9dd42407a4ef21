//! The house's own work beside requests, for as long as it serves.

use std::time::{Duration, Instant};

use actix_web::web;
use shiryan_kernel::{Code, Result};

use super::heads::Left;
use super::post;
use super::pulse::{self, Even};
use crate::db::{Lane, feed, meta, off_loop, once};
use crate::http::House;
use crate::reserve::{levels, published};
use crate::{accounts, audit, donors, drives, eligibility, messages, requests, roster, stock};

/// The day and the rule set for which every donor's windows were last looked at.
const WINDOWS_OF: &str = "windows_of";
const FAILED: &str = "shiryan_work_failed_total";
/// Rows in one slice of bulk work.
const SLICE: usize = 64;

/// Builds the index of names and the roster and follows the feed with them; every five seconds looks whether it can write; every two seconds hears of sign-ins that were ended elsewhere; chains the audit twice a second, and lets its head leave;
/// each minute marks expired units, asks for what standing orders are due, queues notices of appointments that became impossible, offers places that came free
/// to those who wait, writes the levels of the reserve that changed, counts what waits in the outbox and does what a new
/// day asks for; each hour forgets old idempotency answers, messages and lines of the feed; every six hours compares the roster with the tables. Runs until it is dropped.
pub async fn keep(house: web::Data<House>) {
    house.names.keep(&house.db, &house.vault);
    house.roster.keep(&house.db, house.zone);
    let (mut turn, mut left) = (0_u32, Left::default());
    let mut even = Even::begin(house.db.now(), Instant::now());
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if let Some(jump) = even.look(house.db.now(), Instant::now()) {
            let seconds = jump.num_seconds();
            tracing::warn!(code = "clock_was_set", seconds, "the clock was set while the program ran");
            house.pulse.note_clock();
        }
        if turn.is_multiple_of(10) {
            let beaten = pulse::beat(&house.db).await;
            house.pulse.note_write(beaten.is_ok());
            match beaten {
                Ok(true) => {
                    tracing::warn!(code = "clock_was_set", "the clock stood later when a server last ran");
                    house.pulse.note_clock();
                }
                Ok(false) => {}
                Err(problem) => note("writing anything at all", Err(problem)),
            }
            note("counting for whoever watches", pulse::figures(&house).await);
        }
        let vault = house.vault.clone();
        let sealed = house.db.write(Lane::System, move |tx| audit::seal(tx, &vault)).await;
        note("sealing the audit", sealed.map(drop));
        if turn.is_multiple_of(4) {
            note("hearing of sign-ins that were ended", house.sessions.follow().await);
        }
        if turn.is_multiple_of(20) {
            note("letting the audit's head leave", left.leave(&house).await);
        }
        if turn.is_multiple_of(120) {
            note("marking expired units", mark_expired(&house).await);
            note("ending holds whose time is up", end_holds(&house).await);
            note("asking what standing orders are due", make_due(&house).await);
            let today = house.clone();
            let looked = house.clone();
            let tell = move || drives::tell_impossible(&looked.db, &looked.vault, looked.zone);
            note("telling what became impossible", off_loop(tell).await.map(drop));
            let due = house.clone();
            let lapse = move || drives::lapse(&due.db, &due.vault);
            note("giving back what nobody accepted", off_loop(lapse).await.map(drop));
            let full = house.clone();
            let offer = move || drives::offer_places(&full.db, &full.vault, full.zone);
            note("offering places that came free", off_loop(offer).await.map(drop));
            let stands = house.clone();
            let watch = move || levels::watch(&stands.reserve, &stands.vault);
            note("watching the levels of the reserve", off_loop(watch).await.map(drop));
            let waiting = house.db.read(messages::waiting).await;
            note("counting what waits to be sent", waiting.map(post::count_waiting));
            note("the work of the day", off_loop(move || daily(&today, |_| {})).await);
        }
        if turn.is_multiple_of(7_200) {
            let forgotten = house.db.write(Lane::Bulk, once::forget_old).await;
            note("forgetting old idempotency answers", forgotten.map(drop));
            let forgotten = house.db.write(Lane::Bulk, messages::forget_old).await;
            note("forgetting old messages", forgotten.map(drop));
            let over = house.db.write(Lane::Bulk, accounts::forget_over).await;
            note("forgetting links that are over", over.map(drop));
            note("forgetting old lines of the feed", forget_feed(&house).await);
        }
        if turn % 43_200 == 43_199 {
            let looked = house.clone();
            note("comparing the roster with the tables", off_loop(move || compare(&looked)).await);
        }
        turn = turn.wrapping_add(1);
    }
}

/// Chains what the audit still holds loose and lets its head leave: the last work of a program that stops.
pub async fn close_record(house: &House) {
    loop {
        let vault = house.vault.clone();
        let sealed = house.db.write(Lane::System, move |tx| audit::seal(tx, &vault)).await;
        if !matches!(sealed, Ok(1..)) {
            note("sealing the audit", sealed.map(drop));
            break;
        }
    }
    note("letting the audit's head leave", Left::default().leave(house).await);
}

/// The work of a new civil day or another rule set, done once: windows of giving that have passed make room for the
/// next, traces whose time is over go, SQLite's log is emptied, then the hospitals' table is made. `progress` gets the number of donors done.
///
/// # Errors
/// As any write.
pub fn daily(house: &House, progress: impl FnMut(u64)) -> Result<()> {
    let today = house.today();
    let rule_set = house.rules.in_force(today)?;
    let day = format!("{today} {} {}", rule_set.code, rule_set.version);
    let published = published::make_due(&house.db, &house.vault, today).map(drop);
    if house.db.read_now(|conn| meta::get(conn, WINDOWS_OF))?.as_deref() != Some(day.as_str()) {
        let vault = house.vault.clone();
        house.db.write_now(Lane::System, move |tx| donors::forget_traces(tx, &vault, today).map(drop))?;
        eligibility::rewrite_all_windows(&house.db, &house.vault, &house.rules, progress)?;
        house.db.empty_log()?;
        eligibility::tell_ready(&house.db, &house.vault, house.zone)?;
        house.db.write_now(Lane::System, move |tx| meta::put(tx.conn, WINDOWS_OF, &day))?;
    }
    published
}

/// In slices that let others write between them.
async fn mark_expired(house: &House) -> Result<()> {
    let (zone, most) = (house.zone, i64::try_from(SLICE).unwrap_or(i64::MAX));
    loop {
        let vault = house.vault.clone();
        let marked = house.db.write(Lane::Bulk, move |tx| stock::expire_due(tx, &vault, zone, most)).await?;
        if marked < SLICE {
            return Ok(());
        }
    }
}

/// The same of holds.
async fn end_holds(house: &House) -> Result<()> {
    let most = i64::try_from(SLICE).unwrap_or(i64::MAX);
    loop {
        let vault = house.vault.clone();
        let ended = house.db.write(Lane::Bulk, move |tx| requests::end_stale(tx, &vault, most)).await?;
        if ended < SLICE {
            return Ok(());
        }
    }
}

async fn forget_feed(house: &House) -> Result<()> {
    let most = i64::try_from(SLICE * 8).unwrap_or(i64::MAX);
    loop {
        let gone = house.db.write(Lane::Bulk, move |tx| feed::forget_old(tx, most)).await?;
        if gone < SLICE * 8 {
            return Ok(());
        }
    }
}

/// Every six hours: a roster that differs from the tables is told of and built anew.
fn compare(house: &House) -> Result<()> {
    let differences = roster::check(&house.roster, &house.db, house.zone)?;
    if !differences.is_empty() {
        tracing::error!(count = differences.len(), "the roster differed from the tables and is built anew");
        house.roster.build(&house.db, house.zone)?;
    }
    Ok(())
}

/// The requests that standing orders ask for by now.
async fn make_due(house: &House) -> Result<()> {
    let (zone, most) = (house.zone, i64::try_from(SLICE).unwrap_or(i64::MAX));
    loop {
        let vault = house.vault.clone();
        let due = house
            .db
            .write(Lane::Bulk, move |tx| requests::standing::make_due(tx, &vault, zone, most))
            .await?;
        if due == 0 {
            return Ok(());
        }
    }
}

fn note(work: &'static str, outcome: Result<()>) {
    if let Err(problem) = outcome
        && problem.code != Code::Busy
    {
        let cause = problem.cause.as_deref().unwrap_or_default();
        metrics::describe_counter!(FAILED, "Pieces of the house's own work that failed.");
        metrics::counter!(FAILED, "work" => work).increment(1);
        tracing::error!(work, cause, "the house's own work failed");
    }
}
