//! Where things are: the force's units (a tree) and the facilities that hold blood.
//!
//! Codes are what people and files use; ids are ours. A unit's scope is itself and all below it, kept as
//! a closure, so that "is this donor mine" is one join. Nothing here knows who asks.

pub mod api;
pub mod calendar;
pub mod closures;
mod import;
pub mod pages;
mod store;

use shiryan_kernel::ids::{FacilityId, UnitId, UserId};
use shiryan_kernel::place::{Governorate, Point};
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::text::{PlainText, ShortCode};
use shiryan_kernel::{Code, Problem, Result};

use crate::audit::{self, Line};
use crate::db::{Conn, Tx};
use crate::sheets::folded;
use crate::vault::Vault;

pub use import::{FileFault, ImportResult, MOST_BYTES, RowFaults, SentFile, import_facilities, import_units};
pub use store::{Facility, Unit};

/// A unit to be made.
#[derive(Debug, Clone)]
pub struct NewUnit {
    pub code: ShortCode,
    pub name_ar: PlaceName,
    pub name_en: PlaceName,
    pub parent: Option<UnitId>,
    pub governorate: Governorate,
}

/// A facility to be made.
#[derive(Debug, Clone)]
pub struct NewFacility {
    pub code: ShortCode,
    pub kind: FacilityKind,
    pub name_ar: PlaceName,
    pub name_en: PlaceName,
    pub governorate: Governorate,
}

/// A place's name as it is shown.
pub type PlaceName = PlainText<120>;

/// A unit in the record of changes.
const UNIT: audit::Thing = audit::Thing { name: "unit", tables: &[("units", "id")] };

/// Makes a unit below its parent.
///
/// # Errors
/// `code_taken`; `unknown_reference` for a parent that is not there.
pub fn create_unit(tx: &mut Tx, vault: &Vault, by: Option<UserId>, new: &NewUnit) -> Result<UnitId> {
    if store::unit_by_code(tx.conn, new.code.as_str())?.is_some() {
        return Err(Problem::new(Code::CodeTaken).about("code", Code::CodeTaken));
    }
    if let Some(parent) = new.parent {
        unit(tx.conn, parent).map_err(|_| unknown("parent"))?;
    }
    let id = UnitId(tx.id());
    store::insert_unit(tx, id, new)?;
    audit::made(&UNIT, id.0).record(
        tx,
        vault,
        Line::new(by, "places.unit_made").on(id).with("code", new.code.as_str()),
    )?;
    crate::db::feed::append(tx, "unit", id.0, "made")?;
    Ok(id)
}

/// A facility in the record of changes.
const FACILITY: audit::Thing = audit::Thing { name: "facility", tables: &[("facilities", "id")] };

/// Makes a facility.
///
/// # Errors
/// `code_taken`.
pub fn create_facility(
    tx: &mut Tx,
    vault: &Vault,
    by: Option<UserId>,
    new: &NewFacility,
) -> Result<FacilityId> {
    if store::facility_by_code(tx.conn, new.code.as_str())?.is_some() {
        return Err(Problem::new(Code::CodeTaken).about("code", Code::CodeTaken));
    }
    let id = FacilityId(tx.id());
    store::insert_facility(tx, id, new)?;
    audit::made(&FACILITY, id.0).record(
        tx,
        vault,
        Line::new(by, "places.facility_made").on(id).with("code", new.code.as_str()),
    )?;
    crate::db::feed::append(tx, "facility", id.0, "made")?;
    Ok(id)
}

/// Says where a facility lies, or that nobody knows.
///
/// # Errors
/// `not_found`.
pub fn locate(tx: &mut Tx, vault: &Vault, by: UserId, id: FacilityId, point: Option<Point>) -> Result<()> {
    let seen = audit::seen(tx.conn, vault, &FACILITY, id.0)?;
    if !store::set_point(tx, id, point)? {
        return Err(Problem::new(Code::NotFound));
    }
    seen.record(tx, vault, Line::new(Some(by), "places.facility_located").on(id))?;
    crate::db::feed::append(tx, "facility", id.0, "located")
}

/// # Errors
/// `not_found`.
pub fn unit(conn: &mut Conn, id: UnitId) -> Result<Unit> {
    store::unit(conn, id)
}

/// # Errors
/// As any read.
pub fn unit_by_code(conn: &mut Conn, code: &str) -> Result<Option<UnitId>> {
    store::unit_by_code(conn, code)
}

/// # Errors
/// `not_found`.
pub fn facility(conn: &mut Conn, id: FacilityId) -> Result<Facility> {
    store::facility(conn, id)
}

/// Units after `after`, oldest first; all of them, or those at and below `roots`.
///
/// # Errors
/// As any read.
pub fn units(conn: &mut Conn, roots: Option<&[UnitId]>, after: i64, limit: i64) -> Result<Vec<Unit>> {
    store::units(conn, roots, after, limit)
}

/// Facilities after `after`, oldest first.
///
/// # Errors
/// As any read.
pub fn facilities(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Facility>> {
    store::facilities(conn, after, limit)
}

/// Whether `unit` is one of `roots` or below one.
///
/// # Errors
/// As any read.
pub fn is_within(conn: &mut Conn, unit: UnitId, roots: &[UnitId]) -> Result<bool> {
    store::is_within(conn, unit, roots)
}

/// A governorate by its code or by its name in either language, as registers write it.
///
/// # Errors
/// `invalid_value`.
pub fn governorate_named(text: &str) -> Result<Governorate> {
    let wanted = folded(text);
    let named = |governorate: &&Governorate| {
        [governorate.code(), governorate.name_ar(), governorate.name_en()]
            .iter()
            .any(|name| folded(name) == wanted)
    };
    Governorate::ALL.iter().find(named).copied().ok_or_else(|| Problem::new(Code::InvalidValue))
}

fn unknown(field: &str) -> Problem {
    Problem::new(Code::UnknownReference).about(field, Code::UnknownReference)
}
