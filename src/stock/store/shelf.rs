//! What lies on shelves now.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::{BloodUnitId, FacilityId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{blood_units, facilities};
use crate::db::{Conn, on_each};

/// Released units that are good at a moment, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShelfCount {
    pub governorate: Governorate,
    pub blood_group: BloodGroup,
    pub units: i64,
}

/// Counts the released units of a component that are good at `good_at`, by facility and group; the
/// governorate is the facility's, so one may come several times.
///
/// # Errors
/// As any read.
pub fn count_on_shelf(conn: &mut Conn, component: Component, good_at: Moment) -> Result<Vec<ShelfCount>> {
    let places = governorates(conn)?;
    let counts: Vec<(FacilityId, BloodGroup, i64)> = blood_units::table
        .filter(blood_units::status.eq(UnitStatus::Released))
        .filter(blood_units::component.eq(component))
        .filter(blood_units::blood_group.is_not_null())
        .filter(blood_units::expires_at.ge(good_at.naive_utc()))
        .group_by((blood_units::facility, blood_units::blood_group))
        .select((
            blood_units::facility,
            blood_units::blood_group.assume_not_null(),
            diesel::dsl::count(blood_units::id),
        ))
        .load(conn)?;
    let placed = counts.into_iter().filter_map(|(facility, blood_group, units)| {
        Some(ShelfCount { governorate: *places.get(&facility)?, blood_group, units })
    });
    Ok(placed.collect())
}

/// Where each facility stands.
pub fn governorates(conn: &mut Conn) -> Result<HashMap<FacilityId, Governorate>> {
    let rows: Vec<(FacilityId, Governorate)> =
        facilities::table.select((facilities::id, facilities::governorate)).load(conn)?;
    Ok(rows.into_iter().collect())
}

/// A released unit and where it lies.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct OnShelf {
    pub id: BloodUnitId,
    pub blood_group: BloodGroup,
    expires_at: NaiveDateTime,
    pub facility: FacilityId,
    pub facility_code: String,
    pub facility_name_ar: String,
    pub facility_name_en: String,
    pub governorate: Governorate,
}

impl OnShelf {
    /// The last moment at which it is good.
    #[must_use]
    pub const fn expires_at(&self) -> Moment {
        self.expires_at.and_utc()
    }
}

/// The released units of one component and group in these governorates that are good at `good_at`, the
/// first to expire first.
///
/// # Errors
/// As any read.
pub fn first_to_expire(
    conn: &mut Conn,
    component: Component,
    group: BloodGroup,
    governorates: &[Governorate],
    good_at: Moment,
    at_most: i64,
) -> Result<Vec<OnShelf>> {
    on_each!(conn => c, blood_units::table
        .inner_join(facilities::table)
        .filter(blood_units::status.eq(UnitStatus::Released))
        .filter(blood_units::component.eq(component))
        .filter(blood_units::blood_group.eq(group))
        .filter(blood_units::expires_at.ge(good_at.naive_utc()))
        .filter(facilities::governorate.eq_any(governorates))
        .order((blood_units::expires_at, blood_units::id))
        .limit(at_most)
        .select((
            blood_units::id,
            blood_units::blood_group.assume_not_null(),
            blood_units::expires_at,
            blood_units::facility,
            facilities::code,
            facilities::name_ar,
            facilities::name_en,
            facilities::governorate,
        ))
        .load(c))
    .map_err(Problem::from)
}

diesel::infix_operator!(Both, " & ", diesel::sql_types::Integer);

/// The released units of one component and group on one facility's own shelf that have what is needed and are good at
/// `good_at`, with the last moment of each, the first to expire first.
///
/// # Errors
/// As any read.
pub fn first_of_shelf(
    conn: &mut Conn,
    (component, group, needs): (Component, BloodGroup, Attributes),
    facility: FacilityId,
    good_at: Moment,
    at_most: i64,
) -> Result<Vec<(BloodUnitId, BloodGroup, Moment)>> {
    let needs = needs.bits();
    let met = Both::new(blood_units::attributes, needs.into_sql::<diesel::sql_types::Integer>());
    let first = blood_units::table
        .filter(blood_units::facility.eq(facility))
        .filter(blood_units::status.eq(UnitStatus::Released))
        .filter(blood_units::component.eq(component))
        .filter(blood_units::blood_group.eq(group))
        .filter(blood_units::expires_at.ge(good_at.naive_utc()))
        .filter(met.eq(needs))
        .order((blood_units::expires_at, blood_units::id))
        .limit(at_most)
        .select((blood_units::id, blood_units::expires_at));
    let rows: Vec<(BloodUnitId, NaiveDateTime)> = on_each!(conn => c, first.load(c))?;
    Ok(rows.into_iter().map(|(id, expires_at)| (id, group, expires_at.and_utc())).collect())
}
