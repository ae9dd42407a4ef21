//! Registers taken out as files, in the columns that an import takes: donors, deferrals, donations.
//!
//! The exporter's own scope and no more, and for a day after another person approved it. Identities are opened, so a file is recorded with its rows before it is given
//! to anybody, and each of its rows says who took it out and when. A cause that its reader may not learn leaves no row and no gap; whoever moves a register takes the
//! deferrals out as the physician. What several records of one person say is told of each of them, so that nothing is
//! lost on the way where their union is not known.
//!
//! Donors are read span by span; what changes meanwhile is in the file or not, as a whole donor.

mod rows;

use std::collections::HashMap;
use std::fs::File;

use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{ApprovalId, UnitId};
use shiryan_kernel::status::ApprovalKind;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::{Rulebook, Viewer};
use crate::accounts::{self, Ask, Asked, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Db, Lane, Tx};
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

shiryan_kernel::word! {
    /// What a file is for.
    pub enum ExportPurpose {
        /// Another installation takes the register over.
        Handover = "handover",
        /// An authority looks into it.
        Inspection = "inspection",
        /// It is compared with a register elsewhere.
        Comparison = "comparison",
        /// Work goes on where the service cannot be reached.
        Outage = "outage",
    }
}

/// What a second person approves: the register, whose donors are in it, and what it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportOrder {
    pub register: Register,
    pub purpose: ExportPurpose,
    /// The units, with all below them, that the asker's scope is; the whole force where there is none.
    pub units: Option<Vec<UnitId>>,
}

/// Asks that a register may be taken out; another person says so.
///
/// # Errors
/// `forbidden` for roles that know of no donor.
pub fn ask_export(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    (register, purpose): (Register, ExportPurpose),
    reason: &Note<500>,
) -> Result<Asked> {
    let order = ExportOrder { register, purpose, units: units_of(&Scope::of(tx.conn, by)?) };
    let request = serde_json::to_string(&order).map_err(Problem::internal)?;
    let ask = Ask { kind: ApprovalKind::ExportRegister, subject: None, request: &request, reason };
    accounts::ask(tx, vault, by, vault.house(), &ask)
}

/// The leave to take a register out now, of a scope that is what it was when it was approved.
fn leave(
    conn: &mut Conn,
    (db, vault): (&Db, &Vault),
    by: &Principal,
    register: Register,
    scope: &Scope,
) -> Result<(ApprovalId, ExportPurpose)> {
    let read = |text: &str| serde_json::from_str::<ExportOrder>(text).ok();
    let is_this = |text: &str| {
        read(text).is_some_and(|order| order.register == register && order.units == units_of(scope))
    };
    let found = accounts::leave(conn, by, vault.house(), ApprovalKind::ExportRegister, db.now(), is_this)?;
    let order = read(&found.request(vault.house())?).ok_or_else(|| Problem::new(Code::IdentityDamaged))?;
    Ok((found.id, order.purpose))
}

fn units_of(scope: &Scope) -> Option<Vec<UnitId>> {
    match scope {
        Scope::All => None,
        Scope::Units(roots) => {
            let mut roots = roots.clone();
            roots.sort_unstable();
            Some(roots)
        }
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
/// `forbidden` for roles that know of no donor; `second_person_required` where nobody else has approved it within a day,
/// or the scope is another since; `out_of_range` of `format` for more rows than a workbook holds;
/// `identity_damaged` with the fact `donor` when a cell was changed or moved.
pub fn export(
    (db, vault, book): (&Db, &Vault, &Rulebook),
    by: &Principal,
    register: Register,
    format: Format,
    file: File,
) -> Result<(File, u32)> {
    let today = book.today(db.now());
    let (task, spans, (approval, purpose)) = db.read_now(|conn| {
        let units = places::units(conn, None, 0, i64::MAX)?;
        let units: HashMap<UnitId, String> = units.into_iter().map(|unit| (unit.id, unit.code)).collect();
        let (scope, viewer) = (Scope::of(conn, by)?, Viewer::of(by.role)?);
        let leave = leave(conn, (db, vault), by, register, &scope)?;
        let task = rows::Task { vault, book, scope, viewer, units, today };
        Ok((task, donors::spans(conn, SPAN)?.0, leave))
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
    let line = line.with("approval", approval).with("purpose", purpose);
    let (line, vault) = (line.alert(), vault.clone());
    db.write_now(Lane::Actor(by.user.0), move |tx| audit::record(tx, &vault, &line))?;
    Ok((file, count))
}
