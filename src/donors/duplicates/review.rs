//! The worklist of pairs: laid side by side on the record, and settled.

use chrono::NaiveDateTime;
use serde::Serialize;
use shiryan_kernel::ids::{DonorId, ReviewId, UserId};
use shiryan_kernel::status::{ReviewGround, ReviewState};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::super::DONOR;
use super::{REVIEW, opened, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::donors::{Budget, Identity, Opening, Purpose, open_identity};
use crate::vault::Vault;

/// Two records that may be one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    pub id: ReviewId,
    /// Waits until the review is settled.
    pub donor: DonorId,
    pub other: DonorId,
    pub ground: ReviewGround,
    pub state: ReviewState,
    pub found_at: NaiveDateTime,
    pub settled_at: Option<NaiveDateTime>,
    pub settled_by: Option<UserId>,
}

/// Both identities. Never stored, never logged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct SideBySide {
    pub donor: Identity,
    pub other: Identity,
}

/// Pairs in a state after `after`, oldest first.
///
/// # Errors
/// As any read.
pub fn reviews(conn: &mut Conn, state: ReviewState, after: i64, limit: i64) -> Result<Vec<Review>> {
    store::reviews(conn, state, after, limit)
}

/// Opens both identities of a pair, each on the record.
///
/// # Errors
/// `not_found`; `too_many_requests`; `identity_damaged` when a cell was changed or moved.
pub fn identities(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: ReviewId,
    budget: Budget,
) -> Result<SideBySide> {
    let pair = store::review(tx.conn, id)?;
    let opening = Opening { purpose: Purpose::Review, budget };
    Ok(SideBySide {
        donor: open_identity(tx, vault, by, pair.donor, opening)?,
        other: open_identity(tx, vault, by, pair.other, opening)?,
    })
}

/// Says that a pair is two people. The one that waited stands like any other, once no other pair holds it,
/// and then owns those of its numbers that nobody else does.
///
/// # Errors
/// `not_found`; `state_conflict` of a pair that is settled.
pub fn differ(tx: &mut Tx, vault: &Vault, by: &Principal, id: ReviewId) -> Result<Review> {
    let found = store::review(tx.conn, id)?;
    let seen = audit::seen(tx.conn, vault, &REVIEW, id.0)?;
    let seen = seen.and(audit::seen(tx.conn, vault, &DONOR, found.donor.0)?);
    if !store::settle(tx, id, by.user, ReviewState::Different)? {
        return Err(Problem::new(Code::StateConflict).with("state", found.state));
    }
    if !store::is_held(tx.conn, found.donor)? {
        store::release(tx.conn, found.donor)?;
        if let Some(person) = opened(tx.conn, vault, found.donor)? {
            for key in person.keys(vault).iter().filter(|key| key.is_exclusive()) {
                store::claim(tx.conn, found.donor, key)?;
            }
        }
        feed::append(tx, "donor", found.donor.0, "standing")?;
    }
    feed::append(tx, "review", id.0, ReviewState::Different.code())?;
    let line = Line::new(Some(by.user), "donors.review_settled").on(found.donor).with("other", found.other);
    seen.record(tx, vault, line.with("state", ReviewState::Different))?;
    Ok(Review { state: ReviewState::Different, ..found })
}
