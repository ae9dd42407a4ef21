//! A donor's antigens beside ABO and RhD: a ledger of results, and the phenotype that they agree on.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::antigen::{Antigen, AntigenState};
use shiryan_kernel::ids::{AntigenResultId, DonorId, UserId};
use shiryan_kernel::time::past_day;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{Scope, donor, rules, store, unerased};
use crate::accounts::Principal;
use crate::audit::{self, Line as AuditLine};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// Results of one day.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAntigens {
    pub typed_on: NaiveDate,
    /// Each antigen once.
    #[schema(min_items = 1, max_items = 14)]
    pub results: Vec<NewAntigen>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAntigen {
    pub antigen: Antigen,
    pub present: bool,
    /// An earlier line of this antigen that was wrong: it counts no more.
    pub corrects: Option<AntigenResultId>,
}

/// One line of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct AntigenLine {
    pub id: AntigenResultId,
    pub antigen: Antigen,
    pub present: bool,
    pub typed_on: NaiveDate,
    pub recorded_by: UserId,
    /// A later line corrects it.
    pub corrected: bool,
}

/// What the standing results for one antigen amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AntigenFound {
    pub antigen: Antigen,
    pub state: AntigenState,
}

/// The ledger and the phenotype.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Antigens {
    /// Oldest entry first.
    pub items: Vec<AntigenLine>,
    pub phenotype: Vec<AntigenFound>,
}

/// The phenotype after an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AntigensRecorded {
    pub phenotype: Vec<AntigenFound>,
}

/// A donor's antigens in the record of changes.
const ANTIGENS: audit::Thing = audit::Thing { name: "antigens", tables: &[("antigen_results", "donor")] };

/// Records results.
///
/// # Errors
/// `not_found`, outside the scope too; `state_conflict` of an erased donor and of a line that was corrected
/// before; `out_of_range` of a day to come or before 1900; `invalid_request` for no result, for an antigen that
/// comes twice, and for a line to be corrected that is not this antigen's of this donor.
pub fn type_antigens(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    new: &NewAntigens,
    today: NaiveDate,
) -> Result<AntigensRecorded> {
    let scope = Scope::of(tx.conn, by)?;
    unerased(tx.conn, &scope, id)?;
    past_day(new.typed_on, today).map_err(|problem| problem.on("typed_on"))?;
    if new.results.is_empty() {
        return Err(Problem::field("results", Code::MissingField));
    }
    let seen = audit::seen(tx.conn, vault, &ANTIGENS, id.0)?;
    let before = store::antigens(tx.conn, id)?;
    for (n, result) in new.results.iter().enumerate() {
        let earlier = new.results.iter().take(n);
        if earlier.into_iter().any(|other| other.antigen == result.antigen) {
            return Err(Problem::field(format!("results[{n}].antigen"), Code::InvalidValue));
        }
        if let Some(wrong) = result.corrects {
            let is_ours = |line: &&AntigenLine| line.id == wrong && line.antigen == result.antigen;
            let line = before.iter().find(is_ours);
            let line =
                line.ok_or_else(|| Problem::field(format!("results[{n}].corrects"), Code::UnknownReference))?;
            if line.corrected {
                return Err(Problem::new(Code::StateConflict)
                    .about(format!("results[{n}].corrects"), Code::StateConflict));
            }
        }
        store::insert_antigen(tx, id, by.user, new.typed_on, result)?;
    }
    feed::append(tx, "donor", id.0, "antigens")?;
    let line = AuditLine::new(Some(by.user), "donors.antigens_typed").on(id);
    seen.record(tx, vault, line.with("count", new.results.len()))?;
    Ok(AntigensRecorded { phenotype: rules::phenotype(&store::antigens(tx.conn, id)?) })
}

/// Every result of a donor.
///
/// # Errors
/// `not_found`, outside the scope too.
pub fn antigens(conn: &mut Conn, scope: &Scope, id: DonorId) -> Result<Antigens> {
    donor(conn, scope, id)?;
    let items = store::antigens(conn, id)?;
    Ok(Antigens { phenotype: rules::phenotype(&items), items })
}
