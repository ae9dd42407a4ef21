//! Donors with everything that is sealed of them, many at once, for a file. The caller records how many were
//! opened before anybody sees them.

use chrono::{NaiveDate, NaiveDateTime};
use rayon::prelude::*;
use shiryan_kernel::Result;

use super::{Donor, Identity, Scope, seal, store};
use crate::db::Conn;
use crate::vault::{SealingKey, Vault};

/// A donor as a file has it.
pub struct Whole {
    pub donor: Donor,
    pub identity: Identity,
    pub paused_until: Option<NaiveDate>,
    pub declared_12_months: Option<u16>,
    /// UTC.
    pub recorded_at: NaiveDateTime,
    /// Opens what other rooms seal for this donor.
    pub key: SealingKey,
}

impl std::fmt::Debug for Whole {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// The donors of a span of ids whom the scope holds and who were not erased, oldest first.
///
/// # Errors
/// `identity_damaged` with the fact `donor` when a cell was changed or moved.
pub fn whole_between(conn: &mut Conn, vault: &Vault, scope: &Scope, span: (i64, i64)) -> Result<Vec<Whole>> {
    let rows = store::whole_between(conn, scope, span)?;
    rows.into_par_iter()
        .map(|row| {
            let donor = Donor::from(row.donor);
            let id = donor.id;
            let open = || {
                let key = vault.donor_key(id.0, &row.donor_key)?;
                let identity = Identity::from(seal::open(&key, &row.identity)?);
                Ok(Whole {
                    donor,
                    identity,
                    paused_until: row.paused_until,
                    declared_12_months: row.declared_12_months.and_then(|count| u16::try_from(count).ok()),
                    recorded_at: row.created_at,
                    key,
                })
            };
            open().map_err(|problem: shiryan_kernel::Problem| problem.with("donor", id))
        })
        .collect()
}
