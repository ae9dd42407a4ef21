//! What lies on shelves now.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::day::ReadMoment;
use shiryan_kernel::ids::{BloodUnitId, FacilityId};
use shiryan_kernel::place::{Governorate, Point};
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{blood_units, facilities};
use crate::db::{Conn, on_each};

diesel::infix_operator!(Both, " & ", diesel::sql_types::Integer);

/// Whether a unit has what is needed, for the database.
macro_rules! met {
    ($needs:expr) => {{
        use diesel::sql_types::Integer;
        let needs: Attributes = $needs;
        Both::new(blood_units::attributes, needs.looked_at().into_sql::<Integer>()).eq(needs.bits())
    }};
}

/// A released unit and where it lies.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct OnShelf {
    pub id: BloodUnitId,
    pub blood_group: BloodGroup,
    expires_at: ReadMoment,
    pub facility: FacilityId,
    pub facility_code: String,
    pub facility_name_ar: String,
    pub facility_name_en: String,
    pub governorate: Governorate,
    pub attributes: Attributes,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

impl OnShelf {
    /// Where it lies, if somebody entered it.
    #[must_use]
    pub fn point(&self) -> Option<Point> {
        Point::of(self.latitude?, self.longitude?).ok()
    }

    /// The last moment at which it is good.
    #[must_use]
    pub const fn expires_at(&self) -> Moment {
        self.expires_at.0.and_utc()
    }
}

/// The released units of one component and group in these governorates that have what is needed and are good at
/// `good_at`, the first to expire first.
///
/// # Errors
/// As any read.
pub fn first_to_expire(
    conn: &mut Conn,
    (component, group, needs): (Component, BloodGroup, Attributes),
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
        .filter(met!(needs))
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
            blood_units::attributes,
            facilities::latitude,
            facilities::longitude,
        ))
        .load(c))
    .map_err(Problem::from)
}

/// A released unit of one's own shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shelved {
    pub id: BloodUnitId,
    pub blood_group: BloodGroup,
    pub attributes: Attributes,
    expires_at: NaiveDateTime,
}

impl Shelved {
    /// The last moment at which it is good.
    #[must_use]
    pub const fn expires_at(&self) -> Moment {
        self.expires_at.and_utc()
    }
}

/// The released units of one component and group on one facility's own shelf that have what is needed and are good at
/// `good_at`, the first to expire first; of those that expire together the plain ones first, which is also the order of
/// the index, so that no more are read than are wanted.
///
/// # Errors
/// As any read.
pub fn first_of_shelf(
    conn: &mut Conn,
    (component, group, needs): (Component, BloodGroup, Attributes),
    facility: FacilityId,
    good_at: Moment,
    at_most: i64,
) -> Result<Vec<Shelved>> {
    let first = blood_units::table
        .filter(blood_units::facility.eq(facility))
        .filter(blood_units::status.eq(UnitStatus::Released))
        .filter(blood_units::component.eq(component))
        .filter(blood_units::blood_group.eq(group))
        .filter(blood_units::expires_at.ge(good_at.naive_utc()))
        .filter(met!(needs))
        .order((blood_units::expires_at, blood_units::attributes, blood_units::id))
        .limit(at_most)
        .select((blood_units::id, blood_units::expires_at, blood_units::attributes));
    let rows: Vec<(BloodUnitId, ReadMoment, Attributes)> = on_each!(conn => c, first.load(c))?;
    let shelved =
        |(id, ReadMoment(expires_at), attributes)| Shelved { id, blood_group: group, attributes, expires_at };
    Ok(rows.into_iter().map(shelved).collect())
}
