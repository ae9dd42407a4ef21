//! What other registers know, taken out of files: donors, what they gave and why they were deferred.
//!
//! A row about somebody who is not registered is refused, never kept for later. A row that is there already
//! is passed over, so that a file may be taken twice. Every fact taken rewrites the donor's windows in its own
//! transaction. Nothing here proves that a donor was screened here.

mod cells;
mod deferrals;
mod donations;
mod donors;
mod history;
mod row;
mod slice;
mod tally;

pub use deferrals::{COLUMNS as DEFERRAL_COLUMNS, import_deferrals};
pub use donations::{COLUMNS as DONATION_COLUMNS, import_donations};
pub use donors::import_donors;
pub use row::COLUMNS as DONOR_COLUMNS;

use crate::db::{Db, Lane, meta};
use crate::sheets::{ImportError, Manner};

/// Where the database remembers that a key beside the data was accepted.
const ACCEPTED: &str = "key_on_disk_accepted";

/// How a register is taken.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    pub manner: Manner,
    pub key_on_same_disk: bool,
    /// Takes real names although the key lies beside the data; remembered.
    pub accept_key_on_disk: bool,
}

/// # Errors
/// [`ImportError::KeyOnSameDisk`] where that was never accepted.
fn check_key(db: &Db, options: &ImportOptions) -> Result<(), ImportError> {
    if !options.key_on_same_disk || options.manner.dry_run {
        return Ok(());
    }
    if db.read_now(|conn| meta::get(conn, ACCEPTED))?.is_some() {
        return Ok(());
    }
    if !options.accept_key_on_disk {
        return Err(ImportError::KeyOnSameDisk);
    }
    let at = db.now().to_rfc3339();
    Ok(db.write_now(Lane::System, move |tx| meta::put(tx.conn, ACCEPTED, &at))?)
}
