//! RhD-positive red cells for an RhD-negative patient: opened by a physician, by name and with a reason, and only to
//! whom the policy covers.

use shiryan_kernel::ids::RequestId;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::{REQUEST, Step, in_reach, rhd_reason_at, rules, store, told};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::Tx;
use crate::vault::Vault;

/// What a physician says of the patient.
#[derive(Debug, Clone)]
pub struct NewRhdPolicy {
    pub has_anti_d: bool,
    pub is_transfused_chronically: bool,
    pub reason: Note<300>,
}

/// Opens RhD-positive units to a request of which nothing was issued. From then on they are candidates, after all
/// that fit without it.
///
/// # Errors
/// `not_found`; `rhd_policy_forbids`; `state_conflict` (with `state`) when something was issued, when the request has
/// ended, or when somebody answered already.
pub fn authorise(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: RequestId,
    new: &NewRhdPolicy,
) -> Result<Step> {
    let request = in_reach(tx.conn, by, id)?;
    let covers = rules::rhd_policy_may(request.component, request.recipient(), request.sex, request.age_band);
    if !covers || new.has_anti_d || new.is_transfused_chronically {
        return Err(Problem::new(Code::RhdPolicyForbids));
    }
    let reason = vault.house().seal_text(rhd_reason_at(id), new.reason.as_str());
    let seen = audit::seen(tx.conn, vault, &REQUEST, id.0)?;
    if !store::set_rhd(tx, id, &rules::before_issue(), by.user, reason)? {
        return Err(super::conflict(store::request(tx.conn, id)?.state));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "requests.rhd_policy").on(id))?;
    told(tx, id, request.state, Vec::new())
}
