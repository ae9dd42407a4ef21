//! A donor's consents: a ledger. Of each kind the line of the latest day holds; nothing is struck out.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::Result;
use shiryan_kernel::consent::{ConsentKind, ConsentWay};
use shiryan_kernel::ids::{ConsentId, DonorId, UserId};
use shiryan_kernel::time::past_day;
use utoipa::ToSchema;

use super::{Scope, donor, store, unerased};
use crate::accounts::Principal;
use crate::audit::{self, Line as AuditLine};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// What the donor said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConsent {
    pub kind: ConsentKind,
    /// False for a withdrawal, or where the donor was asked and said no.
    pub given: bool,
    /// The civil day on which the donor said so.
    pub on: NaiveDate,
    pub way: ConsentWay,
}

/// One line of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConsentLine {
    pub id: ConsentId,
    pub kind: ConsentKind,
    pub given: bool,
    pub on: NaiveDate,
    pub way: ConsentWay,
    pub recorded_by: UserId,
    /// The latest of its kind: this is what the donor says now.
    pub holds: bool,
}

/// A line that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ConsentRecorded {
    pub id: ConsentId,
}

/// A donor's consents in the record of changes.
const CONSENTS: audit::Thing = audit::Thing { name: "consents", tables: &[("consents", "donor")] };

/// Records what a donor said.
///
/// # Errors
/// `not_found`, outside the scope too; `out_of_range` of a day to come or before 1900; `state_conflict` of an
/// erased donor.
pub fn consent(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: DonorId,
    new: &NewConsent,
    today: NaiveDate,
) -> Result<ConsentRecorded> {
    let scope = Scope::of(tx.conn, by)?;
    unerased(tx.conn, &scope, id)?;
    past_day(new.on, today).map_err(|problem| problem.on("on"))?;
    let line = ConsentId(tx.id());
    let seen = audit::seen(tx.conn, vault, &CONSENTS, id.0)?;
    store::insert_consent(tx, line, id, by.user, new)?;
    feed::append(tx, "donor", id.0, "consent")?;
    let told = AuditLine::new(Some(by.user), "donors.consent").on(id);
    seen.record(tx, vault, told.with("kind", new.kind).with("given", new.given))?;
    Ok(ConsentRecorded { id: line })
}

/// Every line of a donor's consents, by the day on which it was said.
///
/// # Errors
/// `not_found`, outside the scope too.
pub fn consents(conn: &mut Conn, scope: &Scope, id: DonorId) -> Result<Vec<ConsentLine>> {
    donor(conn, scope, id)?;
    store::consents(conn, id)
}

/// Donors who once agreed to be called for an emergency collection, after `after`, by their record: whether they still
/// do is each one's own consents to say.
///
/// # Errors
/// As any read.
pub fn once_agreed(conn: &mut Conn, after: DonorId, limit: i64) -> Result<Vec<DonorId>> {
    store::consenting(conn, ConsentKind::EmergencyPanel, after, limit)
}
