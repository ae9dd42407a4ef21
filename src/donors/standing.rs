//! Whether a donor may be invited at all: a pause at the donor's own wish, its end, and a death.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{Scope, donor, store};
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

/// Pauses an active donor, or changes the end of a pause.
///
/// # Errors
/// `not_found`, outside the scope too; `out_of_range` of an end that is not to come; `state_conflict`.
pub fn pause(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    until: Option<NaiveDate>,
    today: NaiveDate,
) -> Result<Standing> {
    if until.is_some_and(|until| until <= today) {
        return Err(Problem::field("until", Code::OutOfRange));
    }
    let from = [DonorStatus::Active, DonorStatus::Paused];
    stand(tx, vault, by, &from, &Standing { id, status: DonorStatus::Paused, paused_until: until })
}

/// Ends a pause.
///
/// # Errors
/// As [`pause`].
pub fn resume(tx: &mut Tx, vault: &Vault, by: &Principal, id: DonorId) -> Result<Standing> {
    let to = Standing { id, status: DonorStatus::Active, paused_until: None };
    stand(tx, vault, by, &[DonorStatus::Paused], &to)
}

/// Records that the donor has died.
///
/// # Errors
/// As [`pause`].
pub fn deceased(tx: &mut Tx, vault: &Vault, by: &Principal, id: DonorId) -> Result<Standing> {
    let from = [DonorStatus::Active, DonorStatus::Paused, DonorStatus::Review];
    stand(tx, vault, by, &from, &Standing { id, status: DonorStatus::Deceased, paused_until: None })
}

fn stand(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    from: &[DonorStatus],
    to: &Standing,
) -> Result<Standing> {
    let scope = Scope::of(tx.conn, by)?;
    donor(tx.conn, &scope, to.id)?;
    if !store::set_standing(tx.conn, from, to)? {
        let state = donor(tx.conn, &scope, to.id)?.status;
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    feed::append(tx, "donor", to.id.0, "standing")?;
    let line = Line::new(Some(by.user), "donors.standing").on(to.id).with("status", to.status);
    audit::record(tx, vault, &line)?;
    Ok(to.clone())
}
