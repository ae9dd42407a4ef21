//! Long work that somebody asked for, done beside requests.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use actix_web::web;
use shiryan_kernel::status::JobKind;
use shiryan_kernel::{Code, Problem, Result};

use crate::audit::{self, Verdict};
use crate::db::{Lane, off_loop};
use crate::eligibility::{self, PolicyPreview};
use crate::http::House;
use crate::jobs::{self, Held};
use crate::places::SentFile;

/// Progress is written so often at most.
const TELL: Duration = Duration::from_millis(500);

/// Takes up work as it comes. Runs until it is dropped.
pub async fn work(house: web::Data<House>) {
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let at_it = house.clone();
        if let Err(problem) = off_loop(move || work_off(&at_it)).await
            && problem.code != Code::Busy
        {
            tracing::error!(cause = problem.cause.as_deref().unwrap_or_default(), "long work failed");
        }
    }
}

/// Does the work that waits, one after the other; how many pieces.
///
/// # Errors
/// As any write.
pub fn work_off(house: &House) -> Result<usize> {
    let mut done = 0;
    loop {
        let vault = house.vault.clone();
        // Most of the time nothing waits, and no write is needed to see that.
        if !house.db.read_now(|conn| jobs::any_waits(conn, house.db.now()))? {
            return Ok(done);
        }
        let Some(held) = house.db.write_now(Lane::System, move |tx| jobs::take(tx, &vault))? else {
            continue;
        };
        let outcome = run(house, &held);
        done += 1;
        let vault = house.vault.clone();
        match outcome {
            Ok(result) => {
                house.db.write_now(Lane::System, move |tx| jobs::finish(tx, &vault, &held, &result))?;
            }
            // It is taken up again when the lease has run out.
            Err(problem) if problem.code == Code::Busy => return Err(problem),
            Err(problem) => {
                house.db.write_now(Lane::System, move |tx| jobs::give_up(tx, &held))?;
                return Err(problem);
            }
        }
    }
}

fn run(house: &House, held: &Held) -> Result<serde_json::Value> {
    let told = Mutex::new(Instant::now());
    let tell = |done: u64, of: u64| {
        let Ok(mut last) = told.try_lock() else { return Ok(()) };
        if last.elapsed() < TELL {
            return Ok(());
        }
        *last = Instant::now();
        let (held, done, of) = (held.clone(), steps(done), steps(of));
        house.db.write_now(Lane::System, move |tx| jobs::progress(tx, &held, done, of))
    };
    match held.kind {
        JobKind::PreviewPolicy => {
            let preview: PolicyPreview = serde_json::from_str(&held.request).map_err(Problem::internal)?;
            let result = eligibility::run_preview(&house.db, &house.vault, &house.rules, &preview, tell)?;
            let count = steps(result.impact.donors);
            let held = held.clone();
            house.db.write_now(Lane::System, move |tx| jobs::progress(tx, &held, count, count))?;
            serde_json::to_value(&result).map_err(Problem::internal)
        }
        JobKind::ImportPlaces => {
            let sent: SentFile = serde_json::from_str(&held.request).map_err(Problem::internal)?;
            let result = sent.run(&house.db, &house.vault, tell)?;
            serde_json::to_value(&result).map_err(Problem::internal)
        }
        JobKind::VerifyRecord => {
            let links = house.db.read_now(audit::reach)?.links;
            let read = |done: i64| tell(done.unsigned_abs(), links.max(done).unsigned_abs());
            let verdict = house.db.read_now(|conn| audit::verify_telling(conn, &house.vault, read))?;
            let loose = house.db.read_now(audit::loose)?;
            let (links, broken_at) = match verdict {
                Verdict::Whole(links) => (links, None),
                Verdict::Broken(at) => (at, Some(at)),
            };
            let result = audit::Checked { links, broken_at, loose };
            if broken_at.is_some() || loose > 0 {
                tracing::error!(links, broken_at, loose, "the record is not whole");
            }
            serde_json::to_value(result).map_err(Problem::internal)
        }
    }
}

fn steps(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
