//! Finding a donor by name or by one exact number, inside one's own scope.
//!
//! Names have no index at rest: equal beginnings would give themselves away by how often they come. They
//! are searched in memory ([`Names`]). Exact numbers go by their tags, so many a day for each caller ([`look_up`]).

mod exact;
mod index;
mod names;
mod store;

use shiryan_kernel::Result;
use shiryan_kernel::ids::DonorId;

pub use exact::{Budget, Exact, LookUp, look_up, met_known};
pub use index::Words;
pub use names::Names;

use super::{Donor, Scope};
use crate::db::Conn;

/// A page of donors, and where the next begins.
#[derive(Debug, PartialEq)]
pub struct Found {
    pub donors: Vec<Donor>,
    /// The last id that was looked at, when more follow it.
    pub last: Option<DonorId>,
}

/// Donors of the scope after `after` whose names have all the words, oldest first.
///
/// # Errors
/// `search_warming` until names are in memory.
pub fn by_name(
    conn: &mut Conn,
    names: &Names,
    scope: &Scope,
    words: &Words,
    after: DonorId,
    limit: usize,
) -> Result<Found> {
    let units = match scope {
        Scope::All => None,
        Scope::Units(roots) => Some(store::units_within(conn, roots)?),
    };
    let mut ids = names.find(words, units.as_deref(), after, limit + 1)?;
    let more = ids.len() > limit;
    ids.truncate(limit);
    let last = ids.last().copied().filter(|_| more);
    // The index follows a moment behind: who left the scope since is cut here.
    Ok(Found { donors: store::donors_of(conn, scope, &ids)?, last })
}
