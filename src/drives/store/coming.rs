//! Rows of the drives to come.

use std::collections::HashMap;

use chrono::NaiveDateTime;
use diesel::dsl::{count_star, exists, sum};
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{DriveId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{ActivityStatus, AppointmentStatus, DriveStatus};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{activities, appointments, donors, drives, slots};
use crate::db::{Conn, on_each};

/// A drive that is not over.
#[derive(Debug, Queryable)]
pub struct Row {
    pub id: DriveId,
    pub status: DriveStatus,
    pub unit: UnitId,
    pub governorate: Governorate,
    pub starts_at: NaiveDateTime,
}

/// Those that end after `now` and begin before `before`, by their begin.
pub fn drives(conn: &mut Conn, places: &[Governorate], now: Moment, before: Moment) -> Result<Vec<Row>> {
    const TO_COME: [DriveStatus; 3] = [DriveStatus::Draft, DriveStatus::Open, DriveStatus::Closed];
    on_each!(conn => c, activities::table
        .inner_join(drives::table.on(drives::id.eq(activities::id)))
        .filter(activities::governorate.eq_any(places))
        .filter(activities::status.ne(ActivityStatus::Cancelled))
        .filter(activities::ends_at.gt(now.naive_utc()))
        .filter(activities::starts_at.lt(before.naive_utc()))
        .filter(drives::status.eq_any(TO_COME))
        .order((activities::starts_at, activities::id))
        .select((
            drives::id,
            drives::status,
            activities::unit_id,
            activities::governorate,
            activities::starts_at,
        ))
        .load(c))
    .map_err(Problem::from)
}

/// Each of those booked: their group and what they are to give.
pub fn booked(conn: &mut Conn, of: &[DriveId]) -> Result<Vec<(DriveId, Option<BloodGroup>, DonationType)>> {
    on_each!(conn => c, appointments::table
        .inner_join(donors::table.on(donors::id.eq(appointments::donor)))
        .filter(appointments::drive.eq_any(of))
        .filter(appointments::status.eq(AppointmentStatus::Booked))
        .select((appointments::drive, donors::blood_group, appointments::donation_type))
        .load(c))
    .map_err(Problem::from)
}

/// Of the drives since then that were published, how many were held and how many called off: those that anybody was ever
/// booked for.
pub fn held(conn: &mut Conn, since: Moment, now: Moment) -> Result<(i64, i64)> {
    const ENDED: [DriveStatus; 2] = [DriveStatus::Done, DriveStatus::Cancelled];
    let rows: Vec<(DriveStatus, i64)> = on_each!(conn => c, activities::table
        .inner_join(drives::table.on(drives::id.eq(activities::id)))
        .filter(activities::starts_at.ge(since.naive_utc()))
        .filter(activities::starts_at.lt(now.naive_utc()))
        .filter(drives::status.eq_any(ENDED))
        .filter(exists(appointments::table.filter(appointments::drive.eq(drives::id))))
        .group_by(drives::status)
        .select((drives::status, count_star()))
        .load(c))
    .map_err(Problem::from)?;
    let of = |status| rows.iter().filter(|row| row.0 == status).map(|row| row.1).sum();
    Ok((of(DriveStatus::Done), of(DriveStatus::Cancelled)))
}

/// Of those with a place in the drives of each of these units since then, how many came and how many stayed away.
pub fn records(conn: &mut Conn, units: &[UnitId], since: Moment) -> Result<HashMap<UnitId, (i64, i64)>> {
    const ENDED: [AppointmentStatus; 2] = [AppointmentStatus::Kept, AppointmentStatus::NoShow];
    let rows: Vec<(UnitId, AppointmentStatus, i64)> = on_each!(conn => c, activities::table
        .inner_join(appointments::table.on(appointments::drive.eq(activities::id)))
        .filter(activities::unit_id.eq_any(units))
        .filter(activities::starts_at.ge(since.naive_utc()))
        .filter(appointments::status.eq_any(ENDED))
        .group_by((activities::unit_id, appointments::status))
        .select((activities::unit_id, appointments::status, count_star()))
        .load(c))
    .map_err(Problem::from)?;
    let mut found: HashMap<UnitId, (i64, i64)> = HashMap::new();
    for (unit, status, people) in rows {
        let (came, stayed_away) = found.entry(unit).or_default();
        *(if status == AppointmentStatus::Kept { came } else { stayed_away }) = people;
    }
    Ok(found)
}

/// The places of a drive.
pub fn places(conn: &mut Conn, drive: DriveId) -> Result<i64> {
    let places: Option<i64> =
        slots::table.filter(slots::drive.eq(drive)).select(sum(slots::capacity)).first(conn)?;
    Ok(places.unwrap_or(0))
}
