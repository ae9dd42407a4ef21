//! Erasing a donor: the windows close, and whoever ever gave leaves a trace for as long as blood is traced.

use chrono::{Months, NaiveDate};
use shiryan_kernel::Result;
use shiryan_kernel::ids::DonorId;

use super::{Rulebook, store};
use crate::accounts::Principal;
use crate::db::{Tx, feed};
use crate::donors::{self, Erased, ErasureReason};
use crate::vault::Vault;

/// For so long each donation is traced both ways (Directive 2002/98/EC, article 14: at least 30 years).
const TRACED: Months = Months::new(30 * 12);

/// Erases a person. Givings and deferrals stay; a cause is sealed under the key that is destroyed here, and nobody
/// reads it again.
///
/// # Errors
/// As [`donors::erase`].
pub fn erase(
    tx: &mut Tx,
    vault: &Vault,
    book: &Rulebook,
    by: &Principal,
    donor: DonorId,
    reason: ErasureReason,
) -> Result<Erased> {
    // Lines that were put right too: a bag may exist of each.
    let lines = store::giving_lines(tx.conn, store::one(donor))?.take(donor);
    let last = lines.iter().map(|line| line.says.on).max();
    let today = book.today(tx.now);
    let until = last.map(|on| on.checked_add_months(TRACED).unwrap_or(NaiveDate::MAX));
    let erased = donors::erase(tx, vault, by, donor, reason, until.filter(|until| *until >= today))?;
    if store::replace_windows(tx.conn, donor, &[])? {
        feed::append(tx, "donor", donor.0, "windows")?;
    }
    Ok(erased)
}
