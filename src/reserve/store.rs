//! Counts of issues and of sites: grouped in the database, a handful of queries for any number of cells.

use std::collections::{BTreeSet, HashMap};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{max, sum};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date, Text, Timestamp};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::day::ReadWord;
use shiryan_kernel::ids::{FacilityId, least_at};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{FacilityKind, MoveReason};
use shiryan_kernel::time::{Moment, Zone, plus_days};
use shiryan_kernel::{Problem, Result};
use shiryan_schema::on_each;

use super::rules::{DEMAND_DAYS, IssueCount, RECENT_DAYS};
use crate::db::Conn;
use crate::db::tables::{daily_flows, facilities, unit_movements};
use crate::places::Facility;

/// A facility that holds blood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    pub id: FacilityId,
    pub kind: FacilityKind,
    pub code: String,
    pub name_ar: String,
    pub name_en: String,
    pub governorate: Governorate,
}

fn count(rows: i64) -> Result<u32> {
    u32::try_from(rows).map_err(Problem::internal)
}

pub type Cells = HashMap<(Governorate, Component, BloodGroup), u32>;

/// Units issued in each of the two windows that demand is told from; a cell is there when anything
/// moved in the longer one.
pub fn issues(conn: &mut Conn, today: NaiveDate) -> Result<Vec<IssueCount>> {
    let month = issued_from(conn, plus_days(today, -DEMAND_DAYS), today)?;
    let week = issued_from(conn, plus_days(today, -RECENT_DAYS), today)?;
    let with_week =
        |(cell, month): (_, u32)| IssueCount { cell, month, week: week.get(&cell).copied().unwrap_or(0) };
    Ok(month.into_iter().map(with_week).collect())
}

/// Units issued in each cell in which anything moved, `from` included, `until` excluded.
pub fn issued_from(conn: &mut Conn, from: NaiveDate, until: NaiveDate) -> Result<Cells> {
    let query = daily_flows::table
        .group_by((daily_flows::governorate, daily_flows::component, daily_flows::blood_group))
        .select((
            daily_flows::governorate,
            daily_flows::component,
            daily_flows::blood_group,
            sum(daily_flows::issued),
        ))
        .filter(daily_flows::flow_on.ge(from))
        .filter(daily_flows::flow_on.lt(until));
    let rows: Vec<(Governorate, Component, BloodGroup, Option<i64>)> = query.load(conn)?;
    rows.into_iter()
        .map(|(governorate, component, group, issued)| {
            Ok(((governorate, component, group), count(issued.unwrap_or(0))?))
        })
        .collect()
}

/// What lies there now, and back from it every step by which units came to be usable or ceased to be so: one statement, so
/// that nothing moves between the two. Ids are minted in order of time, so the steps are the end of the primary key.
const AS_BEGAN: &str = "SELECT facilities.governorate, steps.component, steps.blood_group, \
    CAST(SUM(steps.units) AS BIGINT) AS units FROM (\
    SELECT facility, component, blood_group, COUNT(*) AS units FROM blood_units \
    WHERE status = 'released' GROUP BY facility, component, blood_group \
    UNION ALL \
    SELECT unit_movements.facility, blood_units.component, blood_units.blood_group, \
    SUM(CASE WHEN unit_movements.to_status = 'released' THEN -1 ELSE 1 END) AS units \
    FROM unit_movements JOIN blood_units ON blood_units.id = unit_movements.blood_unit \
    WHERE unit_movements.id >= ?1 AND unit_movements.moved_at >= ?2 AND blood_units.expires_on > ?3 \
    AND (unit_movements.to_status = 'released') <> (coalesce(unit_movements.from_status, '') = 'released') \
    GROUP BY unit_movements.facility, blood_units.component, blood_units.blood_group) steps \
    JOIN facilities ON facilities.id = steps.facility WHERE steps.blood_group IS NOT NULL \
    GROUP BY facilities.governorate, steps.component, steps.blood_group";

#[derive(QueryableByName)]
struct AsBegan {
    #[diesel(sql_type = Text)]
    governorate: ReadWord<Governorate>,
    #[diesel(sql_type = Text)]
    component: ReadWord<Component>,
    #[diesel(sql_type = Text)]
    blood_group: ReadWord<BloodGroup>,
    #[diesel(sql_type = BigInt)]
    units: i64,
}

/// Usable units as `day` began: released, and good past it.
pub fn usable_as_began(conn: &mut Conn, day: NaiveDate, zone: Zone) -> Result<Cells> {
    let began = zone.start_of(day);
    let text = if matches!(conn, Conn::Pg(_)) { AS_BEGAN.replace('?', "$") } else { AS_BEGAN.to_owned() };
    let rows: Vec<AsBegan> = on_each!(conn => c, diesel::sql_query(text)
        .bind::<BigInt, _>(least_at(began))
        .bind::<Timestamp, _>(began.naive_utc())
        .bind::<Date, _>(day)
        .load(c))?;
    rows.into_iter()
        .filter(|row| row.units > 0)
        .map(|row| Ok(((row.governorate.0, row.component.0, row.blood_group.0), count(row.units)?)))
        .collect()
}

/// When something was last moved at each facility; a unit whose date passes is not heard of.
pub type Heard = HashMap<FacilityId, Moment>;

/// What was heard from a moment on.
pub fn heard(conn: &mut Conn, from: Moment) -> Result<Heard> {
    // Ids are minted in order of time, so this is the end of the primary key, not the whole ledger.
    let rows: Vec<(i64, Option<NaiveDateTime>)> = unit_movements::table
        .filter(unit_movements::id.ge(least_at(from)))
        .filter(unit_movements::moved_at.ge(from.naive_utc()))
        .filter(unit_movements::reason.ne(MoveReason::DatePassed))
        .group_by(unit_movements::facility)
        .select((unit_movements::facility, max(unit_movements::moved_at)))
        .load(conn)?;
    Ok(rows.into_iter().filter_map(|(id, at)| Some((FacilityId(id), at?.and_utc()))).collect())
}

impl From<&Facility> for Site {
    fn from(facility: &Facility) -> Self {
        Self {
            id: facility.id,
            kind: facility.kind,
            code: facility.code.clone(),
            name_ar: facility.name_ar.clone(),
            name_en: facility.name_en.clone(),
            governorate: facility.governorate,
        }
    }
}

/// Facilities that hold blood, by code.
pub fn sites(conn: &mut Conn) -> Result<Vec<Site>> {
    let rows: Vec<(i64, FacilityKind, String, String, String, Governorate)> = facilities::table
        .order(facilities::code)
        .select((
            facilities::id,
            facilities::kind,
            facilities::code,
            facilities::name_ar,
            facilities::name_en,
            facilities::governorate,
        ))
        .load(conn)?;
    let site = |(id, kind, code, name_ar, name_en, governorate)| Site {
        id: FacilityId(id),
        kind,
        code,
        name_ar,
        name_en,
        governorate,
    };
    Ok(rows.into_iter().map(site).collect())
}

/// Governorates to which something came, or from which something was issued, on that day or later.
pub fn moved_places(conn: &mut Conn, day: NaiveDate) -> Result<BTreeSet<Governorate>> {
    let rows: Vec<Governorate> = daily_flows::table
        .filter(daily_flows::flow_on.ge(day))
        .filter(daily_flows::received.gt(0).or(daily_flows::issued.gt(0)))
        .select(daily_flows::governorate)
        .distinct()
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
