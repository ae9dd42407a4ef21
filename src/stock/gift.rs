//! What became of a gift (A16): its donor is told that it helped somebody, once, and never of what was not used.
//!
//! Who, where and when is not said, and it is told a week later: neither the hour nor the place points to a patient.

use chrono::Duration;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{BloodUnitId, DonationId, DonorId};
use shiryan_kernel::message::Template;
use shiryan_kernel::status::{LinkVerb, UnitStatus};
use shiryan_kernel::time::Moment;

use crate::db::tables::{blood_units, donations};
use crate::db::{Conn, Tx};
use crate::messages::{self, About, Door, Notice};
use crate::vault::Vault;

/// How long after it was given to a patient.
const AFTER: Duration = Duration::days(7);
/// How long a letter leads to the donor's own card.
const SHOWN_FOR: Duration = Duration::days(60);
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
pub fn about(conn: &mut Conn, id: DonationId, now: Moment) -> Result<Option<About>> {
    let stopped: i64 = blood_units::table
        .filter(blood_units::donation.eq(id))
        .filter(blood_units::status.eq(UnitStatus::Blocked))
        .count()
        .get_result(conn)?;
    if stopped > 0 {
        return Ok(None);
    }
    let given: Option<(DonorId, chrono::NaiveDateTime)> = donations::table
        .find(id.0)
        .select((donations::donor, donations::collected_at))
        .first(conn)
        .optional()?;
    let Some((donor, at)) = given else { return Ok(None) };
    let card = Door { verb: LinkVerb::Card, subject: donor.0, until: now + SHOWN_FOR };
    Ok(Some(About { at: at.and_utc(), entry: None, doors: vec![card] }))
}

/// Whether somebody was helped by what was given: a unit of it was transfused a week ago or longer, and nothing of it
/// was stopped. Of all else nobody is told.
///
/// # Errors
/// As any read.
pub fn helped(conn: &mut Conn, donation: DonationId, now: Moment) -> Result<bool> {
    let units: Vec<(UnitStatus, chrono::NaiveDateTime)> = blood_units::table
        .filter(blood_units::donation.eq(donation))
        .select((blood_units::status, blood_units::changed_at))
        .load(conn)?;
    let told_from = (now - AFTER).naive_utc();
    let is_stopped = units.iter().any(|(status, _)| *status == UnitStatus::Blocked);
    let helped = |(status, at): &(UnitStatus, chrono::NaiveDateTime)| {
        *status == UnitStatus::Transfused && *at <= told_from
    };
    Ok(!is_stopped && units.iter().any(helped))
}
