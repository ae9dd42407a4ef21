//! How donors came to give: of their own accord, for a patient, or by an appeal.
//!
//! It is recorded and counted, and nothing else reads it: nobody is served sooner, or at all, because somebody gave.

use chrono::NaiveDate;
use serde::Serialize;
use shiryan_kernel::status::DonorKind;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::store;
use crate::accounts::Principal;
use crate::db::Conn;

/// The longest span that is counted, in days.
const MOST_DAYS: i64 = 366;

/// Donations of a span of civil days, each counted once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Kinds {
    pub donations: i64,
    pub voluntary: i64,
    pub replacement: i64,
    pub call_up: i64,
    /// Of which nobody said.
    pub unsaid: i64,
}

/// Counts the donations of the caller's own blood bank, or all for a physician.
///
/// # Errors
/// `out_of_range` of `last`, before `first` or more than 366 days after it.
pub fn count(conn: &mut Conn, by: &Principal, (first, last): (NaiveDate, NaiveDate)) -> Result<Kinds> {
    if !(0..=MOST_DAYS).contains(&(last - first).num_days()) {
        return Err(Problem::field("last", Code::OutOfRange));
    }
    let mut kinds = Kinds::default();
    for (kind, count) in store::kinds(conn, by.facility, (first, last))? {
        let of = match kind {
            Some(DonorKind::Voluntary) => &mut kinds.voluntary,
            Some(DonorKind::Replacement) => &mut kinds.replacement,
            Some(DonorKind::CallUp) => &mut kinds.call_up,
            None => &mut kinds.unsaid,
        };
        *of += count;
        kinds.donations += count;
    }
    Ok(kinds)
}
