//! What became of a gift (A16): its donor is told that it helped somebody, once, and never of what was not used.
//!
//! Who, where and when is not said, and it is told a week later: neither the hour nor the place points to a patient.

use chrono::Duration;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{BloodUnitId, DonationId, DonorId};
use shiryan_kernel::message::Template;
use shiryan_kernel::status::UnitStatus;

use crate::db::tables::{blood_units, donations};
use crate::db::{Conn, Tx};
use crate::messages::{self, About, Notice};
use crate::vault::Vault;

/// How long after it was given to a patient.
const AFTER: Duration = Duration::days(7);
/// How long the word is of use.
const USEFUL: Duration = Duration::days(30);

/// Queues the word for the donor of a unit that a patient was given; of a unit from another blood service nobody here
/// is told.
pub(super) fn queue(tx: &mut Tx, vault: &Vault, unit: BloodUnitId) -> Result<()> {
    let of: Option<DonationId> =
        blood_units::table.find(unit.0).select(blood_units::donation).first(tx.conn)?;
    let Some(donation) = of else { return Ok(()) };
    let donor: DonorId = donations::table.find(donation.0).select(donations::donor).first(tx.conn)?;
    let due_at = tx.now + AFTER;
    let useful_until = due_at + USEFUL;
    let notice = Notice { template: Template::GiftUsed, donor, subject: donation.0, due_at, useful_until };
    messages::queue(tx, vault, &notice).map(drop)
}

/// When the gift was given that a message is about; none once anything of it was stopped.
///
/// # Errors
/// As any read.
pub fn about(conn: &mut Conn, id: DonationId) -> Result<Option<About>> {
    let stopped: i64 = blood_units::table
        .filter(blood_units::donation.eq(id))
        .filter(blood_units::status.eq(UnitStatus::Blocked))
        .count()
        .get_result(conn)?;
    if stopped > 0 {
        return Ok(None);
    }
    let given: Option<chrono::NaiveDateTime> =
        donations::table.find(id.0).select(donations::collected_at).first(conn).optional()?;
    Ok(given.map(|at| About { at: at.and_utc(), entry: None }))
}
