//! `shiryan import …`: units, donors and daily series out of files.

use std::path::Path;

use crate::db::Db;
use crate::eligibility::{self, ImportOptions, Rulebook};
use crate::sheets::{Progress, Report};
use crate::vault::Vault;
use crate::{places, projections};

/// Imports the tree of units.
///
/// # Errors
/// One sentence on what is wrong with the file, or why the database could not take it.
pub fn units(db: &Db, path: &Path, dry_run: bool, progress: impl FnMut(Progress)) -> Result<Report, String> {
    places::import_units(db, path, dry_run, progress).map_err(|error| error.to_string())
}

/// Imports donors.
///
/// # Errors
/// As [`units`], and while the root key lies on the disk of the data and nobody has accepted that.
pub fn donors(
    db: &Db,
    vault: &Vault,
    rules: &Rulebook,
    path: &Path,
    options: ImportOptions,
    progress: impl FnMut(Progress),
) -> Result<Report, String> {
    eligibility::import_donors(db, vault, rules, path, options, progress).map_err(|error| error.to_string())
}

/// Imports daily series for planning.
///
/// # Errors
/// As [`units`].
pub fn history(
    db: &Db,
    path: &Path,
    dry_run: bool,
    progress: impl FnMut(Progress),
) -> Result<Report, String> {
    projections::import_history(db, path, dry_run, progress).map_err(|error| error.to_string())
}
