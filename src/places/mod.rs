//! Where things are: the force's units (a tree) and the facilities that hold blood.
//!
//! Codes are what people and files use; ids are ours. A unit's scope is itself and all below it, kept as
//! a closure, so that "is this donor mine" is one join. Nothing here knows who asks.

mod store;

use shiryan_kernel::ids::{FacilityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::{Code, Problem, Result};

use crate::db::{Conn, Tx};

pub use store::{Facility, Unit};

/// The longest name of a unit or a facility, in characters.
const LONGEST_NAME: usize = 120;

/// A unit to be made.
#[derive(Debug, Clone)]
pub struct NewUnit {
    pub code: PlaceCode,
    pub name_ar: String,
    pub name_en: String,
    pub parent: Option<UnitId>,
    pub governorate: Governorate,
}

/// A facility to be made.
#[derive(Debug, Clone)]
pub struct NewFacility {
    pub code: PlaceCode,
    pub kind: FacilityKind,
    pub name_ar: String,
    pub name_en: String,
    pub governorate: Governorate,
}

/// A unit's or facility's code: 1 to 32 of `A-Z 0-9 . _ -`, upper case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlaceCode(String);

impl PlaceCode {
    /// # Errors
    /// `invalid_value` for other characters or lengths.
    pub fn parse(text: &str) -> Result<Self> {
        let code = text.trim().to_ascii_uppercase();
        let good = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if (1..=32).contains(&code.len())
            && code.bytes().all(good)
            && code.bytes().next().is_some_and(|first| first.is_ascii_alphanumeric())
        {
            Ok(Self(code))
        } else {
            Err(Problem::new(Code::InvalidValue))
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A place's name as it is shown: 1 to 120 characters without control or direction characters.
///
/// # Errors
/// `out_of_range` for a length, `bad_text` for a character.
pub fn parse_name(text: &str) -> Result<String> {
    let name = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
    };
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Problem::new(Code::OutOfRange));
    }
    if name.chars().any(hidden) {
        return Err(Problem::new(Code::BadText));
    }
    Ok(name)
}

/// Makes a unit below its parent.
///
/// # Errors
/// `code_taken`; `unknown_reference` for a parent that is not there.
pub fn create_unit(tx: &mut Tx, new: &NewUnit) -> Result<UnitId> {
    if store::unit_by_code(tx.conn, new.code.as_str())?.is_some() {
        return Err(Problem::new(Code::CodeTaken).about("code", Code::CodeTaken));
    }
    if let Some(parent) = new.parent {
        unit(tx.conn, parent).map_err(|_| unknown("parent"))?;
    }
    let id = UnitId(tx.id());
    store::insert_unit(tx, id, new)?;
    crate::db::feed::append(tx, "unit", id.0, "made")?;
    Ok(id)
}

/// Makes a facility.
///
/// # Errors
/// `code_taken`.
pub fn create_facility(tx: &mut Tx, new: &NewFacility) -> Result<FacilityId> {
    if store::facility_by_code(tx.conn, new.code.as_str())?.is_some() {
        return Err(Problem::new(Code::CodeTaken).about("code", Code::CodeTaken));
    }
    let id = FacilityId(tx.id());
    store::insert_facility(tx, id, new)?;
    crate::db::feed::append(tx, "facility", id.0, "made")?;
    Ok(id)
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

fn unknown(field: &str) -> Problem {
    Problem::new(Code::UnknownReference).about(field, Code::UnknownReference)
}
