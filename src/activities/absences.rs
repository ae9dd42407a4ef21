//! Days on which a unit, with all below it, is not there: a drive is not planned on them.
//!
//! An absence that was wrong is withdrawn, never changed. Where a unit is instead, nobody writes here.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{AbsenceId, ActivityId, UnitId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::AbsenceKind;
use shiryan_kernel::time::{Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::rules::{Days, is_in_range};
use super::{in_scope, store};
use crate::accounts::{Principal, unit_roots};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::places;
use crate::vault::Vault;

pub use store::absences::Absence;

/// The most days that one absence lasts.
pub const LONGEST_DAYS: i64 = 400;

/// An absence to be entered; both days count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewAbsence {
    pub unit: UnitId,
    pub kind: AbsenceKind,
    pub from: NaiveDate,
    pub until: NaiveDate,
}

/// An absence that was entered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entered {
    pub id: AbsenceId,
    /// Drives and other activities of these units in these days that are neither done nor cancelled; by start, 100
    /// at most. Each is to be moved, or called off, by those who run it.
    pub clashes: Vec<ActivityId>,
}

/// An absence in the record of changes.
const ABSENCE: audit::Thing = audit::Thing { name: "absence", tables: &[("unit_absences", "id")] };

/// Enters an absence.
///
/// # Errors
/// `not_found` of a unit that is not there or outside the scope; `out_of_range` of `from` and `until`.
pub fn enter(tx: &mut Tx, vault: &Vault, zone: Zone, by: &Principal, new: NewAbsence) -> Result<Entered> {
    known(tx.conn, by, new.unit)?;
    let mut faults = Faults::none();
    if !is_in_range(new.from) {
        faults.add("from", Code::OutOfRange);
    }
    let lasts = (new.until - new.from).num_days();
    if !is_in_range(new.until) || !(0..LONGEST_DAYS).contains(&lasts) {
        faults.add("until", Code::OutOfRange);
    }
    faults.settle()?;
    let id = AbsenceId(tx.id());
    store::absences::insert(tx, id, new, by.user)?;
    let line = Line::new(Some(by.user), "activities.absence_entered").on(id).with("unit", new.unit);
    audit::made(&ABSENCE, id.0).record(tx, vault, line.with("kind", new.kind))?;
    feed::append(tx, "absence", id.0, "made")?;
    let span = (zone.start_of(new.from), zone.start_of(plus_days(new.until, 1)));
    Ok(Entered { id, clashes: store::absences::clashing(tx.conn, new.unit, span)? })
}

/// Takes an absence back.
///
/// # Errors
/// `not_found` of one that is not there or of a unit outside the scope; `state_conflict` of one that was withdrawn.
pub fn withdraw(tx: &mut Tx, vault: &Vault, by: &Principal, id: AbsenceId) -> Result<()> {
    let absence = store::absences::get(tx.conn, id)?;
    known(tx.conn, by, absence.unit)?;
    let seen = audit::seen(tx.conn, vault, &ABSENCE, id.0)?;
    if !store::absences::withdraw(tx, id)? {
        return Err(Problem::new(Code::StateConflict).with("state", "withdrawn"));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "activities.absence_withdrawn").on(id))?;
    feed::append(tx, "absence", id.0, "withdrawn")
}

/// Absences that hold for a unit, its own and those of units above it, after `after` by id.
///
/// # Errors
/// `not_found` of a unit that is not there or outside the scope.
pub fn list(
    conn: &mut Conn,
    by: &Principal,
    unit: UnitId,
    days: Days,
    after: i64,
    limit: i64,
) -> Result<Vec<Absence>> {
    known(conn, by, unit)?;
    store::absences::list(conn, unit, days, after, limit)
}

/// Absences that touch these days: of one unit, its own and those of units above it, or of all units in the scope.
///
/// # Errors
/// `not_found` of a unit that is not there or outside the scope.
pub fn touching(conn: &mut Conn, by: &Principal, unit: Option<UnitId>, days: Days) -> Result<Vec<Absence>> {
    match unit {
        Some(unit) => list(conn, by, unit, days, 0, i64::MAX),
        None if by.is_unit_bound() => {
            let roots = unit_roots(conn, by.user)?;
            store::absences::around(conn, Some(&roots), days)
        }
        None => store::absences::around(conn, None, days),
    }
}

/// Why a unit is not there on a civil day; nothing when it is. Asks nobody's scope.
///
/// # Errors
/// As any read.
pub fn on(conn: &mut Conn, unit: UnitId, day: NaiveDate) -> Result<Vec<AbsenceKind>> {
    store::absences::on(conn, unit, day)
}

fn known(conn: &mut Conn, by: &Principal, unit: UnitId) -> Result<()> {
    places::unit(conn, unit)?;
    in_scope(conn, by, unit, "unit").map_err(|_| Problem::new(Code::NotFound))
}
