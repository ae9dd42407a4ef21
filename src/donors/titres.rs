//! Titres of anti-A and anti-B: a ledger, and whether a group O donor is a low-titre one.
//!
//! A titre is what the laboratory measured; what has happened to the donor since (pregnancy, transfusion,
//! vaccination, fever) stands among the deferrals and is asked at each giving.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::antigen::TitreMethod;
use shiryan_kernel::blood::{Abo, GroupEvidence};
use shiryan_kernel::ids::{DonorId, TitreId, UserId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::time::past_day;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::rules::{LowTitre, TitreLimits, low_titre};
use super::{Donor, Scope, donor, store, unerased};
use crate::accounts::Principal;
use crate::audit::{self, Line as AuditLine};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// A measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTitre {
    /// The highest dilution that still reacts, as 64 for 1:64; 0 where none does. At most 65 536.
    pub anti_a: i32,
    pub anti_b: i32,
    pub method: TitreMethod,
    pub measured_on: NaiveDate,
    /// An earlier line that was wrong: it counts no more.
    pub corrects: Option<TitreId>,
}

/// One line of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct TitreLine {
    pub id: TitreId,
    pub anti_a: i32,
    pub anti_b: i32,
    pub method: TitreMethod,
    pub measured_on: NaiveDate,
    pub recorded_by: UserId,
    /// A later line corrects it.
    pub corrected: bool,
}

/// The ledger, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Titres {
    /// By the day of measuring.
    pub items: Vec<TitreLine>,
    /// Of a donor typed as group O, by the latest line that counts.
    pub low_titre: Option<LowTitre>,
}

/// A recorded measurement, and what follows from all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TitreRecorded {
    pub id: TitreId,
    pub low_titre: Option<LowTitre>,
}

/// The largest titre that is believed.
const HIGHEST: i32 = 65_536;

/// A donor's titres in the record of changes.
const TITRES: audit::Thing = audit::Thing { name: "titres", tables: &[("titres", "donor")] };

/// Records a measurement.
///
/// # Errors
/// `not_found`, outside the scope too; `group_unknown` of a donor whom no laboratory has typed; `state_conflict` of
/// an erased donor, of a group other than O (its plasma lacks one of the two), and of a line that was corrected
/// before; `out_of_range` of a titre and of a day to come or before 1900; `unknown_reference` of a line to be
/// corrected that is not this donor's.
pub fn titre(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    new: &NewTitre,
    limits: TitreLimits,
    today: NaiveDate,
) -> Result<TitreRecorded> {
    let scope = Scope::of(tx.conn, by)?;
    let found = unerased(tx.conn, &scope, id)?;
    check_group(&found)?;
    check(new, today)?;
    if let Some(wrong) = new.corrects {
        let lines = store::titres(tx.conn, id)?;
        let unknown = || Problem::field("corrects", Code::UnknownReference);
        if lines.iter().find(|line| line.id == wrong).ok_or_else(unknown)?.corrected {
            return Err(Problem::new(Code::StateConflict).about("corrects", Code::StateConflict));
        }
    }
    let line = TitreId(tx.id());
    let seen = audit::seen(tx.conn, vault, &TITRES, id.0)?;
    store::insert_titre(tx, line, id, by.user, new)?;
    feed::append(tx, "donor", id.0, "titre")?;
    seen.record(tx, vault, AuditLine::new(Some(by.user), "donors.titred").on(id))?;
    let low_titre = low_titre(limits, group(&found), &store::titres(tx.conn, id)?);
    Ok(TitreRecorded { id: line, low_titre })
}

/// Every measurement of a donor.
///
/// # Errors
/// `not_found`, outside the scope too.
pub fn titres(conn: &mut Conn, scope: &Scope, id: DonorId, limits: TitreLimits) -> Result<Titres> {
    let found = donor(conn, scope, id)?;
    let items = store::titres(conn, id)?;
    Ok(Titres { low_titre: low_titre(limits, group(&found), &items), items })
}

/// The ABO group, where a laboratory has typed it.
fn group(donor: &Donor) -> Option<Abo> {
    let typed = matches!(donor.group_evidence, GroupEvidence::TypedOnce | GroupEvidence::Confirmed);
    donor.blood_group.filter(|_| typed).map(shiryan_kernel::blood::BloodGroup::abo)
}

fn check_group(donor: &Donor) -> Result<()> {
    match group(donor) {
        Some(Abo::O) => Ok(()),
        Some(other) => Err(Problem::new(Code::StateConflict).with("state", other)),
        None => Err(Problem::new(Code::GroupUnknown)),
    }
}

fn check(new: &NewTitre, today: NaiveDate) -> Result<()> {
    let mut faults = Faults::none();
    for (field, titre) in [("anti_a", new.anti_a), ("anti_b", new.anti_b)] {
        if !(0..=HIGHEST).contains(&titre) {
            faults.add(field, Code::OutOfRange);
        }
    }
    faults.keep("measured_on", past_day(new.measured_on, today));
    faults.settle()
}
