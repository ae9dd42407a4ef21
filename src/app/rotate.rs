//! Another root key. Nobody else may have the database open; the work goes in slices, each of which notes in its
//! own transaction how far it is, so that it may be interrupted at any moment and goes on where it was. Until
//! it has ended the program serves under neither key.
//!
//! What is sealed under a donor's own key stays as it is: that key is sealed anew. Exact keys get new tags. The
//! audit's chain up to here stays verifiable by the old digests' key, which is kept sealed under the new root.
//! What was signed under the old root (access tokens, page cursors, sign-in forms) is refused from then on;
//! sign-ins go on by their refresh tokens and cookies.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::UserId;
use shiryan_kernel::time::Clock;
use shiryan_kernel::{Code, Problem};

use super::{KEY_CHECK, OpenError, said};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Alone, Target, Tx, meta};
use crate::vault::Vault;
use crate::{
    accounts, activities, donors, drives, eligibility, jobs, laboratory, projections, requests, stock,
};

/// The change that is under way; absent when none is.
pub(super) const UNDER_WAY: &str = "key_rotation";
/// Rows of one transaction.
const SLICE: i64 = 256;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Progress {
    /// The check of the root to come.
    to: String,
    stage: Stage,
    /// The last row that the stage has done.
    after: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Donors,
    SecondFactors,
    Addresses,
    Traces,
    Activities,
    Blueprints,
    Scenarios,
    Movements,
    Requests,
    Holds,
    Standing,
    Incidents,
    Emergencies,
    Untested,
    Strays,
    Results,
    Harms,
    Approvals,
    Policies,
    Jobs,
    Audit,
}

/// What a change of the root key came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotated {
    Done,
    /// The database is under the new key already.
    Already,
}

/// Changes the root key from `old` to `new`, or goes on where it was interrupted; `by` is on the record. To begin uses up the
/// leave that another person gave; to go on needs none.
/// `progress` gets the number of rows done by this call, and stops the work by saying no.
///
/// # Errors
/// Says what is in the way: no second person, another program, another key, another change under way.
pub fn rotate(
    target: &Target,
    clock: Arc<dyn Clock>,
    (old, new): (&Vault, &Vault),
    by: &Principal,
    mut progress: impl FnMut(u64) -> bool,
) -> Result<Rotated, OpenError> {
    let mut alone = Alone::open(target, clock).map_err(said)?;
    if !begin(&mut alone, old, new, by)? {
        return Ok(Rotated::Already);
    }
    let mut rows = 0;
    loop {
        match alone.write(|tx| slice(tx, old, new, by.user)).map_err(said)? {
            None => return Ok(Rotated::Done),
            Some(done) => rows += done,
        }
        if !progress(rows) {
            return Err(OpenError("interrupted; the same command goes on from here".into()));
        }
    }
}

/// Whether there is anything to do.
fn begin(alone: &mut Alone, old: &Vault, new: &Vault, by: &Principal) -> Result<bool, OpenError> {
    let (check, under_way) =
        alone.read(|conn| Ok((meta::get(conn, KEY_CHECK)?, meta::get(conn, UNDER_WAY)?))).map_err(said)?;
    if let Some(under_way) = under_way {
        let under_way: Progress =
            serde_json::from_str(&under_way).map_err(|error| OpenError(error.to_string()))?;
        return if under_way.to == new.key_check() && check == Some(old.key_check()) {
            Ok(true)
        } else {
            Err(OpenError(
                "a change to another key is under way: go on with the files it was begun with".into(),
            ))
        };
    }
    if check == Some(new.key_check()) {
        return Ok(false);
    }
    if check != Some(old.key_check()) {
        return Err(OpenError("the database is sealed under a third key".into()));
    }
    let first = Progress { to: new.key_check(), stage: Stage::Donors, after: 0 };
    let begun = alone.write(|tx| {
        let approval = accounts::spend_key_change(tx, old, by)?;
        let line = Line::new(Some(by.user), "keys.change_begun").with("approval", approval);
        audit::record(tx, old, &line)?;
        note(tx, &first)
    });
    match begun {
        Ok(()) => Ok(true),
        Err(problem) if problem.code == Code::SecondPersonRequired => Err(OpenError(
            "nobody else has approved it within seven days: ask with `shiryan keys ask`, and let another administrator or a \
            physician approve it with `shiryan keys approve`, or on the running service"
                .into(),
        )),
        Err(problem) => Err(said(problem)),
    }
}

/// One slice; how many rows it did, none at the end.
fn slice(tx: &mut Tx, old: &Vault, new: &Vault, by: UserId) -> shiryan_kernel::Result<Option<u64>> {
    let text = meta::get(tx.conn, UNDER_WAY)?.ok_or_else(|| Problem::internal("no change is under way"))?;
    let at: Progress = serde_json::from_str(&text).map_err(Problem::internal)?;
    let (last, next) = match at.stage {
        Stage::Donors => (donors::rekey(tx, old, new, at.after, SLICE)?, Stage::SecondFactors),
        Stage::SecondFactors => {
            (accounts::reseal_second_factors(tx, old, new, at.after, SLICE)?, Stage::Addresses)
        }
        Stage::Addresses => (accounts::reseal_addresses(tx, old, new, at.after, SLICE)?, Stage::Traces),
        Stage::Traces => (donors::reseal_traces(tx, old, new, at.after, SLICE)?, Stage::Activities),
        Stage::Activities => (activities::reseal(tx, old, new, at.after, SLICE)?, Stage::Blueprints),
        Stage::Blueprints => (drives::blueprints::reseal(tx, old, new, at.after, SLICE)?, Stage::Scenarios),
        Stage::Scenarios => {
            (projections::scenarios::reseal(tx, old, new, at.after, SLICE)?, Stage::Movements)
        }
        Stage::Movements => (stock::reseal(tx, old, new, at.after, SLICE)?, Stage::Requests),
        Stage::Requests => (requests::reseal(tx, old, new, at.after, SLICE)?, Stage::Holds),
        Stage::Holds => (requests::reseal_holds(tx, old, new, at.after, SLICE)?, Stage::Standing),
        Stage::Standing => (requests::standing::reseal(tx, old, new, at.after, SLICE)?, Stage::Incidents),
        Stage::Incidents => (requests::incidents::reseal(tx, old, new, at.after, SLICE)?, Stage::Emergencies),
        Stage::Emergencies => (requests::emergency::reseal(tx, old, new, at.after, SLICE)?, Stage::Untested),
        Stage::Untested => (requests::untested::reseal(tx, old, new, at.after, SLICE)?, Stage::Strays),
        Stage::Strays => (stock::reseal_strays(tx, old, new, at.after, SLICE)?, Stage::Results),
        Stage::Results => (laboratory::reseal(tx, old, new, at.after, SLICE)?, Stage::Harms),
        Stage::Harms => (requests::recall::reseal(tx, old, new, at.after, SLICE)?, Stage::Approvals),
        Stage::Approvals => (accounts::reseal_approvals(tx, old, new, at.after, SLICE)?, Stage::Policies),
        Stage::Policies => (eligibility::reseal_policies(tx, old, new, at.after, SLICE)?, Stage::Jobs),
        Stage::Jobs => {
            jobs::reseal(tx, old, new)?;
            (None, Stage::Audit)
        }
        Stage::Audit => {
            if audit::seal(tx, old)? > 0 {
                return Ok(Some(0));
            }
            audit::change_root(tx, old, new)?;
            audit::record(tx, new, &Line::new(Some(by), "keys.changed"))?;
            meta::put(tx.conn, KEY_CHECK, &new.key_check())?;
            meta::remove(tx.conn, UNDER_WAY)?;
            return Ok(None);
        }
    };
    let (stage, after) = last.map_or((next, 0), |last| (at.stage, last));
    note(tx, &Progress { stage, after, ..at })?;
    Ok(Some(if last.is_some() { SLICE.unsigned_abs() } else { 0 }))
}

fn note(tx: &mut Tx, progress: &Progress) -> shiryan_kernel::Result<()> {
    let text = serde_json::to_string(progress).map_err(Problem::internal)?;
    meta::put(tx.conn, UNDER_WAY, &text)
}
