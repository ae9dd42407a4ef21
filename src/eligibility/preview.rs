//! A rule set tried on every donor before it takes effect: long work, asked for by a physician.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::NaiveDate;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan_kernel::status::JobKind;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::impact::Impact;
use super::record::{History, facts_of};
use super::{RuleSet, RuleSetStamp, Rulebook};
use crate::accounts::Principal;
use crate::db::{Db, Tx};
use crate::donors;
use crate::jobs::{self, Queued};
use crate::vault::Vault;

/// Donors that one thread reads at a time.
const SPAN: i64 = 2_000;

/// Which rule set is tried, and from when on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyPreview {
    pub code: String,
    pub version: u32,
    pub from: NaiveDate,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct PreviewResult {
    /// In force today.
    pub before: RuleSetStamp,
    pub after: RuleSetStamp,
    /// First days from this day on are compared.
    pub from: NaiveDate,
    #[serde(flatten)]
    pub impact: Impact,
}

/// Queues a preview of a rule set of this installation: of `version`, or of the newest one.
///
/// # Errors
/// `not_found` for a code that no file has; `unknown_reference` of `version`.
pub fn ask_preview(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    code: &str,
    version: Option<u32>,
) -> Result<Queued> {
    let set = book.newest_or(code, version)?;
    let from = set.effective_from.max(book.today(tx.now));
    let preview = PolicyPreview { code: set.code.clone(), version: set.version, from };
    let request = serde_json::to_string(&preview).map_err(Problem::internal)?;
    jobs::queue(tx, vault, by.user, JobKind::PreviewPolicy, &request)
}

/// Tries the rule set on every donor; `progress` gets the donors done and how many there are, and stops the
/// work by an error. Changes nothing.
///
/// # Errors
/// As any read; as `progress`.
pub fn run_preview(
    db: &Db,
    vault: &Vault,
    book: &Rulebook,
    preview: &PolicyPreview,
    progress: impl Fn(u64, u64) -> Result<()> + Sync,
) -> Result<PreviewResult> {
    let old = book.in_force(book.today(db.now()))?;
    let new = book.version(&preview.code, preview.version)?;
    let (spans, of) = db.read_now(|conn| donors::spans(conn, SPAN))?;
    let done = AtomicU64::new(0);
    let look = |span: &(i64, i64)| -> Result<Impact> {
        let mut impact = Impact::default();
        let (known, mut history, mut merged) = db.read_now(|conn| {
            let known = donors::known_between(conn, vault, *span)?;
            let mut merged = HashMap::new();
            for id in donors::merged_between(conn, *span)? {
                merged.insert(id, facts_of(conn, vault, book, id, None));
            }
            Ok((known, History::read(conn, *span)?, merged))
        })?;
        for (donor, known) in &known {
            // Of whom a sealed fact does not open, nobody can say what would change.
            let facts = match (merged.remove(donor), known) {
                (Some(facts), _) => facts,
                (None, Ok(known)) => history.facts(book, known, None),
                (None, Err(problem)) => Err(problem.clone()),
            };
            match facts {
                Ok(facts) => impact.add(book.catalogue(), (old, new), *donor, &facts, preview.from),
                Err(problem) if problem.code == Code::IdentityDamaged => impact.unreadable += 1,
                Err(problem) => return Err(problem),
            }
        }
        let looked_at = u64::try_from(known.len()).unwrap_or(u64::MAX);
        progress(done.fetch_add(looked_at, Ordering::Relaxed) + looked_at, of)?;
        Ok(impact)
    };
    // Two at a time: the other connections are for those who ask meanwhile.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().map_err(Problem::internal)?;
    let all = || spans.par_iter().map(look).try_reduce(Impact::default, |one, other| Ok(one.and(other)));
    let impact = pool.install(all)?;
    let stamp = |set: &RuleSet| RuleSetStamp { code: set.code.clone(), version: set.version };
    Ok(PreviewResult { before: stamp(old), after: stamp(new), from: preview.from, impact })
}
