//! The medical officer's leave (A7): one giving despite a reason that needs a physician, with the reason
//! for it. No hard stop hears it, and the next giving uses it up.

use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AllowanceId, DonorId, UserId};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::{Allowance, Rulebook, Severity, decide, facts_of, rewrite_windows, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx};
use crate::donors::{self, Scope};
use crate::vault::Vault;

/// A leave as the medical officer reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GivenAllowance {
    pub id: AllowanceId,
    pub allowance: Allowance,
    pub reason: String,
    pub by: UserId,
}

/// A leave in the record of changes.
const ALLOWANCE: audit::Thing = audit::Thing { name: "allowance", tables: &[("allowances", "id")] };

/// Allows one giving from today on despite `code`, and rewrites the donor's windows.
///
/// # Errors
/// `not_found`; `invalid_value` of `code` when no decision of today waits for a physician because of it.
pub fn allow(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    code: &str,
    reason: &Note<500>,
) -> Result<AllowanceId> {
    let scope = Scope::of(tx.conn, by)?;
    donors::donor(tx.conn, &scope, donor)?;
    let today = book.today(tx.now);
    let facts = facts_of(tx.conn, vault, book, donor, None)?;
    let rule_set = book.in_force(today)?;
    let waits = DonationType::ALL.iter().any(|asked| {
        let decision = decide(rule_set, book.catalogue(), &facts, *asked, today);
        let mut reasons = decision.reasons.iter();
        reasons.any(|why| why.severity == Severity::NeedsPhysician && why.code == code)
    });
    if !waits {
        return Err(Problem::field("code", Code::InvalidValue));
    }
    let known = donors::known(tx.conn, vault, donor)?;
    let id = AllowanceId(tx.id());
    let allowance = Allowance { code: code.to_owned(), on: today, at: None };
    store::insert_allowance(tx, id, donor, by.user, &known.key, &allowance, reason.as_str())?;
    audit::made(&ALLOWANCE, id.0).record(
        tx,
        vault,
        Line::new(Some(by.user), "eligibility.allowed").on(donor),
    )?;
    rewrite_windows(tx, vault, book, donor)?;
    Ok(id)
}

/// A donor's leaves, oldest first.
///
/// # Errors
/// `not_found`; `identity_damaged` when one was changed or moved.
pub fn list_allowances(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    donor: DonorId,
    after: i64,
) -> Result<Vec<GivenAllowance>> {
    let scope = Scope::of(conn, by)?;
    donors::donor(conn, &scope, donor)?;
    let known = donors::known(conn, vault, donor)?;
    let all = store::sealed_allowances(conn, store::one(donor))?.take(donor);
    let open = |leave: store::SealedAllowance| {
        let (allowance, reason) = (leave.open(&known.key)?, leave.reason(&known.key)?);
        Ok(GivenAllowance { id: leave.id, allowance, reason, by: leave.recorded_by })
    };
    all.into_iter().filter(|leave| leave.id.0 > after).map(open).collect()
}
