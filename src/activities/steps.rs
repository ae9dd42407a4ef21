//! The steps of an activity's life, each one conditional statement that names the state before it.

use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::ActivityId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::rules::life::Step;
use super::{ACTIVITY, look, rules, run_by, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::vault::Vault;

/// Where an activity stands after a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stepped {
    pub id: ActivityId,
    pub status: ActivityStatus,
}

/// Takes a step of an activity that `by` runs; with `expected`, only of one that stands there. Whether the role may
/// approve is the caller's right to ask.
///
/// # Errors
/// `not_found` of an activity that others run; `invalid_value` of `branch` for a drive; `state_conflict` with the
/// fact `state` of one from which the step leads nowhere, and with `on` of one that would start before its first
/// civil day; `missing_field` of a fact that what is approved must have.
pub fn step(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    id: ActivityId,
    step: Step,
    expected: Option<ActivityStatus>,
) -> Result<Stepped> {
    let row = run_by(tx.conn, by, id)?;
    rules::without_drives(row.branch)?;
    let conflict = || Problem::new(Code::StateConflict).with("state", row.status);
    if expected.is_some_and(|expected| expected != row.status) {
        return Err(conflict());
    }
    let to = step.from(row.status)?;
    match step {
        Step::Approve => {
            let mut faults = Faults::none();
            look::details(vault, &row)?.check_needed(&mut faults, row.branch);
            faults.settle()?;
        }
        Step::Start => {
            let first = zone.date(row.starts());
            if tx.now < zone.start_of(first) {
                return Err(conflict().with("on", first));
            }
        }
        Step::Finish | Step::Cancel => {}
    }
    advance(tx, vault, by, &row, to)?;
    Ok(Stepped { id, status: to })
}

/// Cancels an activity that is neither done nor cancelled; the caller has looked at the scope.
///
/// # Errors
/// `state_conflict` of one that is.
pub fn cancel(tx: &mut Tx, vault: &Vault, by: &Principal, id: ActivityId) -> Result<()> {
    let row = store::get(tx.conn, id)?;
    let to = Step::Cancel.from(row.status)?;
    advance(tx, vault, by, &row, to)
}

/// Approves a drive's activity with the drive; the caller has looked at the scope.
///
/// # Errors
/// `state_conflict` of one that is not proposed.
pub fn approve_drive(tx: &mut Tx, vault: &Vault, by: &Principal, id: ActivityId) -> Result<()> {
    let row = store::get(tx.conn, id)?;
    let to = Step::Approve.from(row.status)?;
    advance(tx, vault, by, &row, to)
}

/// Ends a drive's activity with the drive; the caller has looked at the scope.
///
/// # Errors
/// `state_conflict` of one that is done or cancelled.
pub fn finish_drive(tx: &mut Tx, vault: &Vault, by: &Principal, id: ActivityId) -> Result<()> {
    let row = store::get(tx.conn, id)?;
    if matches!(row.status, ActivityStatus::Done | ActivityStatus::Cancelled) {
        return Err(Problem::new(Code::StateConflict).with("state", row.status));
    }
    advance(tx, vault, by, &row, ActivityStatus::Done)
}

fn advance(tx: &mut Tx, vault: &Vault, by: &Principal, row: &store::Row, to: ActivityStatus) -> Result<()> {
    let seen = audit::seen(tx.conn, vault, &ACTIVITY, row.id.0)?;
    if !store::step(tx, row.id, row.status, to)? {
        return Err(Problem::new(Code::StateConflict));
    }
    let line = Line::new(Some(by.user), action(to)).on(row.id).with("was", row.status);
    seen.record(tx, vault, line)?;
    feed::append(tx, "activity", row.id.0, to.code())
}

const fn action(to: ActivityStatus) -> &'static str {
    match to {
        ActivityStatus::Proposed => "activities.proposed",
        ActivityStatus::Approved => "activities.approved",
        ActivityStatus::UnderWay => "activities.started",
        ActivityStatus::Done => "activities.done",
        ActivityStatus::Cancelled => "activities.cancelled",
    }
}
