//! Decisions on which somebody acted, kept so that they can be explained and replayed: the rule set's version,
//! the outcome with its reasons, and a digest of every fact that was decided on.
//!
//! All but the rule set is sealed under the donor's own key, in cells of one length for up to some thirty
//! reasons: neither the outcome nor a cause shows, and a digest of few possible facts cannot be guessed.

use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{DecisionId, DonorId, UserId};
use shiryan_kernel::{Code, Problem, Result};

use super::store::{self, DecisionLine};
use super::{Decision, DonorFacts, Outcome};
use crate::accounts::Principal;
use crate::db::{Conn, Tx};
use crate::donors::{self, Scope};
use crate::vault::{Place, Vault, hex, sha256};

/// What is sealed is filled up to a multiple of this.
const WIDTH: usize = 512;

/// A decision as the physician reads it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptDecision {
    pub id: DecisionId,
    pub line: DecisionLine,
    pub answer: Answer,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    pub outcome: Outcome,
    /// Codes, strongest first.
    pub reasons: Vec<String>,
    /// SHA-256 of the facts, in hexadecimal: equal facts, equal digests.
    pub facts: String,
}

/// The digest of everything that the rules know of a donor.
#[must_use]
pub fn facts_digest(facts: &DonorFacts) -> String {
    // In one order, whatever the order of entry.
    let mut facts = facts.clone();
    facts.givings.sort_by_cached_key(|giving| format!("{giving:?}"));
    facts.deferrals.sort_by_cached_key(|deferral| format!("{deferral:?}"));
    facts.allowances.sort_by_cached_key(|allowance| format!("{allowance:?}"));
    // Facts hold no map with keys that are no text: they can be written.
    hex(&sha256(&serde_json::to_vec(&facts).unwrap_or_default()))
}

/// Keeps a decision on which `by` acts.
///
/// # Errors
/// `identity_damaged` when the donor's key does not open.
pub fn keep_decision(
    tx: &mut Tx,
    vault: &Vault,
    by: UserId,
    donor: DonorId,
    decision: &Decision,
    facts: &DonorFacts,
) -> Result<DecisionId> {
    let known = donors::known(tx.conn, vault, donor)?;
    let answer = Answer {
        outcome: decision.outcome,
        reasons: decision.reasons.iter().map(|reason| reason.code.clone()).collect(),
        facts: facts_digest(facts),
    };
    let mut text = serde_json::to_string(&answer).map_err(Problem::internal)?;
    let fill = WIDTH - 1 - text.len() % WIDTH;
    text.extend(std::iter::repeat_n(' ', fill));
    let id = DecisionId(tx.id());
    store::insert_decision(tx, id, donor, by, decision, known.key.seal_text(place(id), &text))?;
    Ok(id)
}

/// The decisions on a donor on which somebody acted, after `after`, oldest first.
///
/// # Errors
/// `not_found`, outside the scope too; `identity_damaged` when one was changed or moved.
pub fn list_decisions(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    donor: DonorId,
    after: i64,
    limit: i64,
) -> Result<Vec<KeptDecision>> {
    let scope = Scope::of(conn, by)?;
    donors::donor(conn, &scope, donor)?;
    let known = donors::known(conn, vault, donor)?;
    let open = |(id, line, sealed): (DecisionId, DecisionLine, Vec<u8>)| {
        let text = known.key.open_text(place(id), &sealed)?;
        let answer = serde_json::from_str(&text).map_err(|_| Problem::new(Code::IdentityDamaged))?;
        Ok(KeptDecision { id, line, answer })
    };
    store::decisions(conn, donor, after, limit)?.into_iter().map(open).collect()
}

const fn place(id: DecisionId) -> Place {
    Place::of("decisions", "answer", id.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eligibility::{DeferralFact, Giving};
    use shiryan_kernel::blood::DonationType;

    #[test]
    fn equal_facts_have_equal_digests_in_any_order_and_no_other_facts() {
        let day = |n| chrono::NaiveDate::from_ymd_opt(2026, 3, n).unwrap();
        let mut facts = DonorFacts::unknown();
        facts.givings = [2, 9].map(|n| Giving::completed(day(n), DonationType::WholeBlood)).to_vec();
        facts.deferrals = ["TAT", "ABX"].map(|code| DeferralFact::new(code, None, day(9))).to_vec();
        let first = facts_digest(&facts);
        facts.givings.reverse();
        facts.deferrals.reverse();
        assert_eq!(facts_digest(&facts), first);
        facts.deferrals[0].base = Some(day(1));
        assert_ne!(facts_digest(&facts), first);
    }
}
