//! Registers taken out as files, in the columns that an import takes: donors, deferrals, donations.
//!
//! The exporter's own scope and no more. Identities are opened, so a file is recorded with its rows before it is given
//! to anybody, and each of its rows says who took it out and when. A cause that its reader may not learn leaves no row and no gap; whoever moves a register takes the
//! deferrals out as the physician. What several records of one person say is told of each of them, so that nothing is
//! lost on the way where their union is not known.
//!
//! Donors are read span by span; what changes meanwhile is in the file or not, as a whole donor.

mod rows;

use std::collections::HashMap;
use std::fs::File;

use shiryan_kernel::Result;
use shiryan_kernel::ids::UnitId;

use super::{Rulebook, Viewer};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Db, Lane};
use crate::donors::{self, Scope};
use crate::places;
use crate::sheets::{Format, Mark, Out};
use crate::vault::Vault;

/// Donors read at once.
const SPAN: i64 = 1_024;

shiryan_kernel::word! {
    /// What a file holds.
    pub enum Register {
        Donors = "donors",
        Deferrals = "deferrals",
        Donations = "donations",
    }
}

impl Register {
    const fn action(self) -> &'static str {
        match self {
            Self::Donors => "donors.exported",
            Self::Deferrals => "deferrals.exported",
            Self::Donations => "donations.exported",
        }
    }
}

/// Writes what the caller may know of a register into an empty file; the file, and its rows. The line in the record
/// commits before this returns. On this thread, which may block.
///
/// # Errors
/// `forbidden` for roles that know of no donor; `out_of_range` of `format` for more rows than a workbook holds;
/// `identity_damaged` with the fact `donor` when a cell was changed or moved.
pub fn export(
    (db, vault, book): (&Db, &Vault, &Rulebook),
    by: &Principal,
    register: Register,
    format: Format,
    file: File,
) -> Result<(File, u32)> {
    let today = book.today(db.now());
    let (task, spans) = db.read_now(|conn| {
        let units = places::units(conn, None, 0, i64::MAX)?;
        let units: HashMap<UnitId, String> = units.into_iter().map(|unit| (unit.id, unit.code)).collect();
        let (scope, viewer) = (Scope::of(conn, by)?, Viewer::of(by.role)?);
        let task = rows::Task { vault, book, scope, viewer, units, today };
        Ok((task, donors::spans(conn, SPAN)?.0))
    })?;
    let mark = Mark { by: by.user.to_string(), at: db.now() };
    let mut out = Out::marked(format, file, rows::header(register), &mark)?;
    for span in spans {
        for row in db.read_now(|conn| task.rows(conn, register, span))? {
            out.row(&row)?;
        }
    }
    let (file, count) = out.end(&mark)?;
    let line = Line::new(Some(by.user), register.action()).with("rows", count).with("format", format);
    let (line, vault) = (line.alert(), vault.clone());
    db.write_now(Lane::Actor(by.user.0), move |tx| audit::record(tx, &vault, &line))?;
    Ok((file, count))
}
