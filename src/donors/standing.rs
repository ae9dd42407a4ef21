//! Whether a donor may be invited at all: a pause at the donor's own wish, its end, and a death.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{DonorId, UserId};
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::time::plus_days;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{DONOR, Scope, donor, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::vault::Vault;

/// Where the donor stands now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Standing {
    pub id: DonorId,
    pub status: DonorStatus,
    /// First day after the pause; open without it.
    pub paused_until: Option<NaiveDate>,
}

/// What changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Pauses an active donor until a day, or changes the end of a pause; open without a day.
    Pause(Option<NaiveDate>),
    /// Ends a pause.
    Resume,
    /// The donor has died. Nothing takes it back.
    Death,
}

/// The longest pause that has an end, in days.
const LONGEST_PAUSE: i64 = 3_660;

/// Changes where a donor stands.
///
/// # Errors
/// `not_found`, outside the scope too; `out_of_range` of a pause's end that is not to come or is more than
/// ten years away; `state_conflict` with the fact `state` where the donor stands elsewhere.
pub fn stand(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    change: Change,
    today: NaiveDate,
) -> Result<Standing> {
    use DonorStatus::{Active, Deceased, Paused, Review};
    let (from, status, paused_until) = match change {
        Change::Pause(Some(until)) if until <= today || until > plus_days(today, LONGEST_PAUSE) => {
            return Err(Problem::field("until", Code::OutOfRange));
        }
        Change::Pause(until) => (&[Active, Paused][..], Paused, until),
        Change::Resume => (&[Paused][..], Active, None),
        Change::Death => (&[Active, Paused, Review][..], Deceased, None),
    };
    let to = Standing { id, status, paused_until };
    let scope = Scope::of(tx.conn, by)?;
    donor(tx.conn, &scope, id)?;
    let seen = audit::seen(tx.conn, vault, &DONOR, id.0)?;
    if !store::set_standing(tx.conn, from, &to)? {
        let state = donor(tx.conn, &scope, id)?.status;
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    feed::append(tx, "donor", id.0, "standing")?;
    let line = Line::new(Some(by.user), "donors.standing").on(id).with("status", to.status);
    seen.record(tx, vault, line)?;
    Ok(to)
}

/// Pauses a donor at their own wish, by a link of theirs: nobody's scope is asked.
///
/// # Errors
/// `out_of_range` of `until` that is not to come or is more than ten years away; `state_conflict` with the fact `state`
/// of somebody who is neither active nor paused.
pub fn pause_self(
    tx: &mut Tx,
    vault: &Vault,
    id: DonorId,
    until: NaiveDate,
    today: NaiveDate,
) -> Result<Standing> {
    if until <= today || until > plus_days(today, LONGEST_PAUSE) {
        return Err(Problem::field("until", Code::OutOfRange));
    }
    let to = Standing { id, status: DonorStatus::Paused, paused_until: Some(until) };
    let seen = audit::seen(tx.conn, vault, &DONOR, id.0)?;
    if !store::set_standing(tx.conn, &[DonorStatus::Active, DonorStatus::Paused], &to)? {
        let state = store::donor(tx.conn, id)?.status;
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    feed::append(tx, "donor", id.0, "standing")?;
    let line = Line::new(None, "donors.standing").on(id).with("status", to.status);
    seen.record(tx, vault, line)?;
    Ok(to)
}

/// Notes that a donor, asked on the phone, wants no more calls.
///
/// # Errors
/// As any write.
pub fn stop_calls(tx: &mut Tx, vault: &Vault, by: UserId, id: DonorId) -> Result<()> {
    let seen = audit::seen(tx.conn, vault, &DONOR, id.0)?;
    store::stop_calls(tx.conn, id)?;
    feed::append(tx, "donor", id.0, "amended")?;
    seen.record(tx, vault, Line::new(Some(by), "donors.calls_stopped").on(id)).map(drop)
}

/// Notes that a donor wants no messages any more, neither mail nor short ones, by a link of theirs.
///
/// # Errors
/// As any write.
pub fn stop_messages(tx: &mut Tx, vault: &Vault, id: DonorId) -> Result<()> {
    let seen = audit::seen(tx.conn, vault, &DONOR, id.0)?;
    store::stop_messages(tx.conn, id)?;
    feed::append(tx, "donor", id.0, "amended")?;
    seen.record(tx, vault, Line::new(None, "donors.messages_stopped").on(id)).map(drop)
}
