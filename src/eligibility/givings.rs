//! A donor's givings as people read them: every line of the ledger, with what became of it.

use shiryan_kernel::Result;
use shiryan_kernel::ids::DonorId;

use super::ledger::{GivingLine, standing_givings};
use super::record::GivingSource;
use super::store;
use crate::accounts::Principal;
use crate::db::Conn;
use crate::donors::{self, Scope};

/// Every line after `after`, in the order of entry, and whether it counts: no later line replaces it, and it
/// does not say that there was no giving.
///
/// # Errors
/// `not_found`, outside the scope too.
pub fn list_givings(
    conn: &mut Conn,
    by: &Principal,
    donor: DonorId,
    after: i64,
) -> Result<Vec<(GivingLine, bool)>> {
    let scope = Scope::of(conn, by)?;
    donors::donor(conn, &scope, donor)?;
    let mut lines = store::giving_lines(conn, store::one(donor))?.take(donor);
    lines.sort_by_key(|line| line.id);
    let replaced: Vec<_> = lines.iter().filter_map(|line| line.corrects).collect();
    let shown = lines.into_iter().filter(|line| line.id.0 > after);
    Ok(shown
        .map(|line| (line.voided || replaced.contains(&line.id), line))
        .map(|(gone, line)| (line, !gone))
        .collect())
}

/// Whether a donor has given here, by the record's own lines.
///
/// # Errors
/// As any read.
pub fn gave_here(conn: &mut Conn, donor: DonorId) -> Result<bool> {
    let lines = store::giving_lines(conn, store::one(donor))?.take(donor);
    Ok(standing_givings(lines, None).iter().any(|line| line.source == GivingSource::Donation))
}
