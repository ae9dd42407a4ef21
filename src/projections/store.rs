//! Rows of shelves and of daily flows.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{blood_units, daily_flows, donations, donors, facilities};
use crate::db::{Conn, on_each};

/// Usable units of one facility that expire on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShelfLot {
    pub governorate: Governorate,
    pub component: Component,
    pub group: BloodGroup,
    pub expires_on: NaiveDate,
    pub units: u32,
}

/// What went in and out of one governorate's shelves on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Flow {
    pub governorate: Governorate,
    pub on: NaiveDate,
    pub received: i32,
    /// Of those, what drives brought.
    pub from_drives: i32,
    pub issued: i32,
}

/// Units of drives that wait for their tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Testing {
    pub governorate: Governorate,
    pub collected_on: NaiveDate,
    pub units: u32,
}

/// What waits in quarantine of a group of a component and was given at drives, by day; where the unit's group is not
/// known yet, its donor's counts.
///
/// # Errors
/// As any read.
pub fn testing(
    conn: &mut Conn,
    component: Component,
    group: BloodGroup,
    today: NaiveDate,
) -> Result<Vec<Testing>> {
    type Row = (Governorate, NaiveDate, Option<BloodGroup>, Option<BloodGroup>);
    let rows: Vec<Row> = on_each!(conn => c, blood_units::table
        .inner_join(donations::table.on(blood_units::donation.eq(donations::id.nullable())))
        .inner_join(donors::table.on(donors::id.eq(donations::donor)))
        .inner_join(facilities::table.on(facilities::id.eq(blood_units::facility)))
        .filter(blood_units::status.eq(UnitStatus::Quarantine))
        .filter(blood_units::component.eq(component))
        .filter(blood_units::expires_on.gt(today))
        .filter(donations::drive.is_not_null())
        .select((
            facilities::governorate,
            blood_units::collected_on,
            blood_units::blood_group,
            donors::blood_group,
        ))
        .load(c))
    .map_err(Problem::from)?;
    let mut found: BTreeMap<(Governorate, NaiveDate), u32> = BTreeMap::new();
    for (governorate, collected_on, own, donors) in rows {
        if own.or(donors) == Some(group) {
            *found.entry((governorate, collected_on)).or_default() += 1;
        }
    }
    let testing = |((governorate, collected_on), units)| Testing { governorate, collected_on, units };
    Ok(found.into_iter().map(testing).collect())
}

/// The usable shelf: released and not expiring before tomorrow. Quarantined, reserved and blocked units
/// are not there.
///
/// # Errors
/// As any read.
pub fn shelf(
    conn: &mut Conn,
    component: Option<Component>,
    group: Option<BloodGroup>,
    now: Moment,
    today: NaiveDate,
) -> Result<Vec<ShelfLot>> {
    let places: HashMap<i64, Governorate> = facilities::table
        .select((facilities::id, facilities::governorate))
        .load::<(i64, Governorate)>(conn)?
        .into_iter()
        .collect();
    let mut query = blood_units::table
        .group_by((
            blood_units::facility,
            blood_units::component,
            blood_units::blood_group,
            blood_units::expires_on,
        ))
        .select((
            blood_units::facility,
            blood_units::component,
            blood_units::blood_group.assume_not_null(),
            blood_units::expires_on,
            count_star(),
        ))
        .filter(blood_units::status.eq(UnitStatus::Released))
        .filter(blood_units::blood_group.is_not_null())
        .filter(blood_units::expires_at.gt(now.naive_utc()))
        .filter(blood_units::expires_on.gt(today))
        .into_boxed();
    if let Some(component) = component {
        query = query.filter(blood_units::component.eq(component));
    }
    if let Some(group) = group {
        query = query.filter(blood_units::blood_group.eq(group));
    }
    let rows: Vec<(i64, Component, BloodGroup, NaiveDate, i64)> = query.load(conn)?;
    rows.into_iter()
        .map(|(facility, component, group, expires_on, units)| {
            let governorate =
                places.get(&facility).copied().ok_or_else(|| Problem::internal("no such facility"))?;
            let units = u32::try_from(units).map_err(Problem::internal)?;
            Ok(ShelfLot { governorate, component, group, expires_on, units })
        })
        .collect()
}

/// The flows of one group of one component in these governorates, `from` included, `until` excluded.
pub fn flows(
    conn: &mut Conn,
    component: Component,
    group: BloodGroup,
    governorates: &[Governorate],
    from: NaiveDate,
    until: NaiveDate,
) -> Result<Vec<Flow>> {
    // All four columns of the primary key, so each governorate is one range of it.
    let rows: Vec<(Governorate, NaiveDate, i32, i32, i32)> = on_each!(conn => c, daily_flows::table
        .filter(daily_flows::governorate.eq_any(governorates))
        .filter(daily_flows::component.eq(component))
        .filter(daily_flows::blood_group.eq(group))
        .filter(daily_flows::flow_on.ge(from))
        .filter(daily_flows::flow_on.lt(until))
        .select((
            daily_flows::governorate,
            daily_flows::flow_on,
            daily_flows::received,
            daily_flows::from_drives,
            daily_flows::issued,
        ))
        .load(c))
    .map_err(Problem::from)?;
    Ok(rows
        .into_iter()
        .map(|(governorate, on, received, from_drives, issued)| Flow {
            governorate,
            on,
            received,
            from_drives,
            issued,
        })
        .collect())
}
