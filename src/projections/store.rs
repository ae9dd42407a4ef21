//! Rows of shelves and of daily flows.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use diesel::dsl::count_star;
use diesel::prelude::*;
use shiryan_forecast::{Lot, Pending};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::day::{ReadDay, ReadWord};
use shiryan_kernel::ids::{FacilityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{FacilityKind, UnitStatus};
use shiryan_kernel::time::{Moment, plus_days};
use shiryan_kernel::{Problem, Result};

use super::day_number;
use super::past::HISTORY_DAYS;
use super::scenarios::Event;
use super::silence::Silences;
use crate::db::tables::{blood_units, daily_flows, donations, donors, drives, facilities, unit_tree, units};
use crate::db::{Conn, on_each};

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

/// What waits in quarantine of a component and was given at drives, by group and day; where the unit's group is not known
/// yet, its donor's counts.
///
/// # Errors
/// As any read.
pub fn testing(
    conn: &mut Conn,
    component: Component,
    today: NaiveDate,
) -> Result<BTreeMap<BloodGroup, Vec<Testing>>> {
    type Row = (Governorate, NaiveDate, Option<BloodGroup>, Option<BloodGroup>, i64);
    let rows: Vec<Row> = on_each!(conn => c, blood_units::table
        .inner_join(donations::table.on(blood_units::donation.eq(donations::id.nullable())))
        .inner_join(donors::table.on(donors::id.eq(donations::donor)))
        .inner_join(facilities::table.on(facilities::id.eq(blood_units::facility)))
        .filter(blood_units::status.eq(UnitStatus::Quarantine))
        .filter(blood_units::component.eq(component))
        .filter(blood_units::expires_on.gt(today))
        .filter(donations::drive.is_not_null())
        .group_by((
            facilities::governorate,
            blood_units::collected_on,
            blood_units::blood_group,
            donors::blood_group,
        ))
        .select((
            facilities::governorate,
            blood_units::collected_on,
            blood_units::blood_group,
            donors::blood_group,
            count_star(),
        ))
        .load(c))
    .map_err(Problem::from)?;
    let mut found: BTreeMap<(BloodGroup, Governorate, NaiveDate), u32> = BTreeMap::new();
    for (governorate, collected_on, own, donors, units) in rows {
        if let Some(group) = own.or(donors) {
            let units = u32::try_from(units).map_err(Problem::internal)?;
            *found.entry((group, governorate, collected_on)).or_default() += units;
        }
    }
    let mut groups: BTreeMap<BloodGroup, Vec<Testing>> = BTreeMap::new();
    for ((group, governorate, collected_on), units) in found {
        groups.entry(group).or_default().push(Testing { governorate, collected_on, units });
    }
    Ok(groups)
}

/// The flows of each group of one component, `from` included, `until` excluded.
pub fn flows(
    conn: &mut Conn,
    component: Component,
    from: NaiveDate,
    until: NaiveDate,
) -> Result<HashMap<BloodGroup, Vec<Flow>>> {
    // All four columns of the primary key, so each governorate and group is one range of it.
    let mut flows = HashMap::new();
    for group in BloodGroup::ALL.iter().copied() {
        let rows: Vec<(ReadWord<Governorate>, ReadDay, i32, i32, i32)> =
            on_each!(conn => c, daily_flows::table
            .filter(daily_flows::governorate.eq_any(Governorate::ALL))
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
        let flow =
            |(governorate, on, received, from_drives, issued): (
                ReadWord<Governorate>,
                ReadDay,
                i32,
                i32,
                i32,
            )| { Flow { governorate: governorate.0, on: on.0, received, from_drives, issued } };
        flows.insert(group, rows.into_iter().map(flow).collect());
    }
    Ok(flows)
}

/// Of each governorate the days before `today` on which nothing was heard of it; what expires on its day is no word.
///
/// # Errors
/// As any read.
pub fn silences(conn: &mut Conn, today: NaiveDate) -> Result<Silences> {
    let from = plus_days(today, -HISTORY_DAYS);
    let moved: Vec<(Governorate, NaiveDate)> = daily_flows::table
        .filter(daily_flows::flow_on.ge(from))
        .filter(daily_flows::flow_on.lt(today))
        .filter(daily_flows::received.gt(0).or(daily_flows::issued.gt(0)))
        .select((daily_flows::governorate, daily_flows::flow_on))
        .distinct()
        .load(conn)?;
    Ok(Silences::of(moved, today))
}

/// The units at and below those that these events send away.
pub fn below(conn: &mut Conn, events: &[Event]) -> Result<BTreeMap<UnitId, Vec<UnitId>>> {
    let mut found = BTreeMap::new();
    for event in events {
        if let Event::UnitDeployed { unit, .. } = event {
            let own = unit_tree::table.filter(unit_tree::ancestor.eq(unit.0));
            found.insert(*unit, own.select(unit_tree::descendant).load(conn)?);
        }
    }
    Ok(found)
}

/// Every blood bank, and where it is.
pub fn banks(conn: &mut Conn) -> Result<BTreeMap<FacilityId, Governorate>> {
    let rows: Vec<(FacilityId, Governorate)> = facilities::table
        .filter(facilities::kind.eq(FacilityKind::BloodBank))
        .select((facilities::id, facilities::governorate))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}

/// Usable units, as the shelf counts them, that lie at facilities which are down, to be had again on the day told.
pub fn down(
    conn: &mut Conn,
    (component, group): (Component, BloodGroup),
    back: &BTreeMap<FacilityId, NaiveDate>,
    now: Moment,
    today: NaiveDate,
) -> Result<Vec<(FacilityId, Pending)>> {
    let mut found = Vec::new();
    for (facility, day) in back {
        let rows: Vec<(NaiveDate, Attributes, i64)> = blood_units::table
            .group_by((blood_units::expires_on, blood_units::attributes))
            .select((blood_units::expires_on, blood_units::attributes, count_star()))
            .filter(blood_units::facility.eq(facility.0))
            .filter(blood_units::component.eq(component))
            .filter(blood_units::blood_group.eq(group))
            .filter(blood_units::status.eq(UnitStatus::Released))
            .filter(blood_units::expires_at.gt(now.naive_utc()))
            .filter(blood_units::expires_on.gt(today))
            .order(blood_units::expires_on)
            .load(conn)?;
        let counted = rows.into_iter().filter(|(_, attributes, _)| attributes.meet(Attributes::default()));
        for (expires_on, _, units) in counted {
            let lot = Lot {
                expiry: day_number(expires_on),
                units: u32::try_from(units).map_err(Problem::internal)?,
            };
            found.push((*facility, Pending { usable_from: day_number(*day), lot }));
        }
    }
    Ok(found)
}

/// The field of an event that names something which is not there.
pub fn missing(conn: &mut Conn, event: &Event) -> Result<Option<&'static str>> {
    let (found, field): (i64, _) = match event {
        Event::DriveCancelled { drive } => (drives::table.find(drive.0).count().get_result(conn)?, "drive"),
        Event::UnitDeployed { unit, .. } => (units::table.find(unit.0).count().get_result(conn)?, "unit"),
        Event::BankDown { facility, .. } => {
            let bank =
                facilities::table.find(facility.0).filter(facilities::kind.eq(FacilityKind::BloodBank));
            (bank.count().get_result(conn)?, "facility")
        }
        _ => (1, ""),
    };
    Ok((found == 0).then_some(field))
}
