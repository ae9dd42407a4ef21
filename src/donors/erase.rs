//! Erasing a person: the key, the identity and every exact key go; what was given, deferred and made into units
//! stays under an id that leads to nobody. Nothing takes it back.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::status::DonorStatus;
use utoipa::ToSchema;

use super::person::Person;
use super::{DONOR, Scope, key, seal, store, trace, unerased};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::vault::Vault;

shiryan_kernel::word! {
    /// Why a person is erased.
    pub enum ErasureReason {
        DonorAsked = "donor_asked",
        EnteredInError = "entered_in_error",
        RetentionOver = "retention_over",
        LegalOrder = "legal_order",
    }
}

/// A donor who was erased.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Erased {
    pub id: DonorId,
    pub status: DonorStatus,
}

/// Erases a person. With `trace_until` the identity is first sealed into a trace record, to be kept until that day.
///
/// # Errors
/// `not_found`, outside the scope too; `state_conflict` of a donor erased before; `identity_damaged` when a cell
/// was changed or moved: its tags could not be found.
pub fn erase(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    reason: ErasureReason,
    trace_until: Option<NaiveDate>,
) -> Result<Erased> {
    let scope = Scope::of(tx.conn, by)?;
    unerased(tx.conn, &scope, id)?;
    let seen = audit::seen(tx.conn, vault, &DONOR, id.0)?;
    let own = key(tx.conn, vault, id)?;
    let person = seal::open(&own, &store::identity(tx.conn, id)?)?;
    if let Some(until) = trace_until {
        store::insert_trace(tx, id, trace::seal(vault, id, &person), until)?;
    }
    for key in person.keys(vault) {
        store::drop_key(tx.conn, id, &key)?;
    }
    store::set_identity(tx.conn, &seal::seal(&own, id, &Person::default()))?;
    store::erase(tx.conn, id)?;
    feed::append(tx, "donor", id.0, "erased")?;
    let line = Line::new(Some(by.user), "donors.erased").on(id).with("reason", reason);
    seen.record(tx, vault, line.with("traced", trace_until.is_some()))?;
    Ok(Erased { id, status: DonorStatus::Erased })
}
