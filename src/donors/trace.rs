//! Who an erased donor was, for as long as blood must be traced: sealed under the blood bank's own key, found by
//! the donor's id alone, and opened by the physician for a look-back, on the record.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::identity::Identity;
use super::person::Person;
use super::{Scope, donor, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::Tx;
use crate::vault::{Place, Vault};

shiryan_kernel::word! {
    /// Why a trace record is opened: there is one purpose.
    pub enum TracePurpose {
        /// An infection or a reaction leads to what this person gave.
        LookBack = "look_back",
    }
}

/// What of an identity a look-back needs. Never stored in clear, never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TracedDonor)]
pub struct Traced {
    pub first_name: Option<String>,
    pub father_name: Option<String>,
    pub grandfather_name: Option<String>,
    pub family_name: Option<String>,
    pub birth_date: Option<NaiveDate>,
    pub national_id: Option<String>,
    pub service_number: Option<String>,
    /// E.164.
    pub phone: Option<String>,
}

impl std::fmt::Debug for Traced {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl From<&Person> for Traced {
    fn from(person: &Person) -> Self {
        let open = Identity::from(person.clone());
        Self {
            first_name: open.first_name,
            father_name: open.father_name,
            grandfather_name: open.grandfather_name,
            family_name: open.family_name,
            birth_date: open.birth_date,
            national_id: open.national_id,
            service_number: open.service_number,
            phone: open.phone,
        }
    }
}

/// Seals a person for a trace record.
pub(super) fn seal(vault: &Vault, id: DonorId, person: &Person) -> Vec<u8> {
    // A struct of texts always has a JSON form.
    let text = serde_json::to_vec(&Traced::from(person)).unwrap_or_default();
    vault.trace().seal(place(id), &text)
}

/// Opens a trace record; the line in the record commits before the caller gets it.
///
/// # Errors
/// `not_found` where there is none: the donor was not erased, never gave, or the time of tracing is over;
/// `identity_damaged` when it was changed or moved.
pub fn open_trace(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    purpose: TracePurpose,
) -> Result<Traced> {
    let scope = Scope::of(tx.conn, by)?;
    donor(tx.conn, &scope, id)?;
    let opened = vault.trace().open(place(id), &store::trace(tx.conn, id)?)?;
    let traced = serde_json::from_slice(&opened).map_err(|_| Problem::new(Code::IdentityDamaged))?;
    let line = Line::new(Some(by.user), "donors.trace_opened").on(id).with("purpose", purpose);
    audit::record(tx, vault, &line)?;
    Ok(traced)
}

/// Moves at most `limit` trace records after `after` under another root key; the last of them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal_traces(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, sealed) in store::traces_after(tx.conn, after, limit)? {
        last = Some(id.0);
        store::set_trace(tx.conn, id, new.reseal_trace(old, place(id), &sealed))?;
    }
    Ok(last)
}

/// Trace records in the record of changes.
const TRACES: audit::Thing = audit::Thing { name: "traces", tables: &[("trace_records", "donor")] };

/// Removes the trace records whose time is over; how many.
///
/// # Errors
/// As any write.
pub fn forget_traces(tx: &mut Tx, vault: &Vault, today: NaiveDate) -> Result<usize> {
    let due = store::traces_due(tx.conn, today)?;
    if due.is_empty() {
        return Ok(0);
    }
    let seen = audit::seen_all(tx.conn, vault, &TRACES, due.iter().map(|donor| donor.0))?;
    let gone = store::drop_traces(tx.conn, today)?;
    seen.record(tx, vault, Line::new(None, "donors.traces_forgotten").with("count", gone))?;
    Ok(gone)
}

const fn place(id: DonorId) -> Place {
    Place::of("trace_records", "person", id.0)
}
