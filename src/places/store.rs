//! Rows of units and facilities.

use diesel::prelude::*;
use shiryan_kernel::ids::{FacilityId, UnitId};
use shiryan_kernel::place::{Governorate, Point};
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::{Problem, Result};

use super::{NewFacility, NewUnit};
use crate::db::tables::{facilities, unit_tree, units};
use crate::db::{Conn, Tx, on_each};

#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = units)]
pub struct Unit {
    pub id: UnitId,
    pub code: String,
    pub name_ar: String,
    pub name_en: String,
    pub parent: Option<UnitId>,
    pub governorate: Governorate,
}

#[derive(Debug, Clone, PartialEq, Queryable, Selectable)]
#[diesel(table_name = facilities)]
pub struct Facility {
    pub id: FacilityId,
    pub code: String,
    pub kind: FacilityKind,
    pub name_ar: String,
    pub name_en: String,
    pub governorate: Governorate,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl Facility {
    /// Where it lies, if somebody entered it.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        Point::of(self.latitude?, self.longitude?).ok()
    }
}

pub fn set_point(tx: &mut Tx, id: FacilityId, point: Option<Point>) -> Result<bool> {
    let set = (
        facilities::latitude.eq(point.map(Point::latitude)),
        facilities::longitude.eq(point.map(Point::longitude)),
    );
    Ok(diesel::update(facilities::table.find(id.0)).set(set).execute(tx.conn)? > 0)
}

pub fn insert_unit(tx: &mut Tx, id: UnitId, new: &NewUnit) -> Result<()> {
    diesel::insert_into(units::table)
        .values((
            units::id.eq(id),
            units::code.eq(new.code.as_str()),
            units::name_ar.eq(new.name_ar.as_str()),
            units::name_en.eq(new.name_en.as_str()),
            units::parent.eq(new.parent),
            units::governorate.eq(new.governorate),
            units::created_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    let mut above: Vec<(i64, i32)> = match new.parent {
        Some(parent) => unit_tree::table
            .filter(unit_tree::descendant.eq(parent))
            .select((unit_tree::ancestor, unit_tree::depth))
            .load(tx.conn)?,
        None => Vec::new(),
    };
    above.iter_mut().for_each(|(_, depth)| *depth += 1);
    above.push((id.0, 0));
    for (ancestor, depth) in above {
        diesel::insert_into(unit_tree::table)
            .values((
                unit_tree::ancestor.eq(ancestor),
                unit_tree::descendant.eq(id),
                unit_tree::depth.eq(depth),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub fn insert_facility(tx: &mut Tx, id: FacilityId, new: &NewFacility) -> Result<()> {
    diesel::insert_into(facilities::table)
        .values((
            facilities::id.eq(id),
            facilities::code.eq(new.code.as_str()),
            facilities::kind.eq(new.kind),
            facilities::name_ar.eq(new.name_ar.as_str()),
            facilities::name_en.eq(new.name_en.as_str()),
            facilities::governorate.eq(new.governorate),
            facilities::created_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn unit(conn: &mut Conn, id: UnitId) -> Result<Unit> {
    Ok(units::table.find(id.0).select(Unit::as_select()).first(conn)?)
}

pub fn unit_by_code(conn: &mut Conn, code: &str) -> Result<Option<UnitId>> {
    Ok(units::table.filter(units::code.eq(code)).select(units::id).first(conn).optional()?)
}

pub fn facility(conn: &mut Conn, id: FacilityId) -> Result<Facility> {
    Ok(facilities::table.find(id.0).select(Facility::as_select()).first(conn)?)
}

pub fn facility_by_code(conn: &mut Conn, code: &str) -> Result<Option<FacilityId>> {
    Ok(facilities::table.filter(facilities::code.eq(code)).select(facilities::id).first(conn).optional()?)
}

pub fn units(conn: &mut Conn, roots: Option<&[UnitId]>, after: i64, limit: i64) -> Result<Vec<Unit>> {
    let page = units::table.filter(units::id.gt(after)).order(units::id).limit(limit);
    match roots {
        None => Ok(page.select(Unit::as_select()).load(conn)?),
        Some(roots) => {
            let below =
                unit_tree::table.filter(unit_tree::ancestor.eq_any(roots)).select(unit_tree::descendant);
            let page = page.filter(units::id.eq_any(below));
            on_each!(conn => c, page.select(Unit::as_select()).load(c)).map_err(Problem::from)
        }
    }
}

pub fn facilities(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<Facility>> {
    Ok(facilities::table
        .filter(facilities::id.gt(after))
        .order(facilities::id)
        .limit(limit)
        .select(Facility::as_select())
        .load(conn)?)
}

pub fn is_within(conn: &mut Conn, unit: UnitId, roots: &[UnitId]) -> Result<bool> {
    let found: i64 = on_each!(conn => c, unit_tree::table
        .filter(unit_tree::descendant.eq(unit))
        .filter(unit_tree::ancestor.eq_any(roots))
        .count()
        .get_result(c))
    .map_err(Problem::from)?;
    Ok(found > 0)
}
