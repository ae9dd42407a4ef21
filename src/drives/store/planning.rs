//! Rows that planning a drive writes, and the record that it reads.

use std::collections::{BTreeMap, HashMap};

use chrono::{Duration, NaiveDate};
use diesel::dsl::{count_star, exists};
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{DriveId, SlotId, UnitId};
use shiryan_kernel::status::{AppointmentStatus, DonorStatus, DriveStatus};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{
    activities, appointments, donors, drive_hours, drive_targets, drive_types, drives, giving_windows, slots,
    unit_tree,
};
use crate::db::{Conn, Tx, on_each};
use crate::drives::NewDrive;
use crate::drives::rules::layout::LaidOut;

/// How far back a unit's record is read, in days before its latest drive.
const RECORD_DAYS: i64 = 730;

pub fn insert_drive(
    tx: &mut Tx,
    id: DriveId,
    new: &NewDrive,
    overbooked_by: Option<i32>,
    status: DriveStatus,
) -> Result<()> {
    let terms = &new.terms;
    diesel::insert_into(drives::table)
        .values((
            drives::id.eq(id),
            drives::status.eq(status),
            drives::facility.eq(new.facility),
            drives::slot_minutes.eq(new.hours.slot_minutes()),
            drives::beds.eq(new.beds),
            drives::staff.eq(terms.staff),
            drives::walk_ins.eq(terms.walk_ins),
            drives::overbooked_by.eq(overbooked_by),
            drives::outdoor.eq(terms.outdoor.is_some()),
            drives::book_until.eq(terms.book_until.map(|until| until.naive_utc())),
        ))
        .execute(tx.conn)?;
    for given in &terms.types {
        diesel::insert_into(drive_types::table)
            .values((drive_types::drive.eq(id), drive_types::donation_type.eq(*given)))
            .execute(tx.conn)?;
    }
    for (group, units) in &terms.targets {
        diesel::insert_into(drive_targets::table)
            .values((
                drive_targets::drive.eq(id),
                drive_targets::blood_group.eq(*group),
                drive_targets::units.eq(*units),
            ))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub fn insert_slots(
    tx: &mut Tx,
    drive: DriveId,
    made: &[(SlotId, LaidOut)],
    (capacity, walk_ins): (i32, i32),
) -> Result<()> {
    let rows: Vec<_> = made
        .iter()
        .map(|(id, slot)| {
            (
                slots::id.eq(*id),
                slots::drive.eq(drive),
                slots::starts_at.eq(slot.starts_at.naive_utc()),
                slots::capacity.eq(capacity),
                slots::booked.eq(0),
                slots::for_women.eq(slot.for_women),
                slots::walk_ins.eq(walk_ins),
                slots::walked_in.eq(0),
            )
        })
        .collect();
    on_each!(tx.conn => c, diesel::insert_into(slots::table).values(rows).execute(c))?;
    Ok(())
}

pub fn insert_hours(tx: &mut Tx, drive: DriveId, most: &BTreeMap<Moment, i32>) -> Result<()> {
    let rows: Vec<_> = most
        .iter()
        .map(|(hour, most)| {
            (
                drive_hours::drive.eq(drive),
                drive_hours::starts_at.eq(hour.naive_utc()),
                drive_hours::first_timers.eq(0),
                drive_hours::most_first_timers.eq(*most),
            )
        })
        .collect();
    on_each!(tx.conn => c, diesel::insert_into(drive_hours::table).values(rows).execute(c))?;
    Ok(())
}

/// How many appointments were kept, and how many not, at drives of the unit and those below it.
pub fn record(conn: &mut Conn, unit: UnitId) -> Result<(i64, i64)> {
    const ENDED: [AppointmentStatus; 2] = [AppointmentStatus::Kept, AppointmentStatus::NoShow];
    let below = unit_tree::table.filter(unit_tree::ancestor.eq(unit)).select(unit_tree::descendant);
    let rows: Vec<(AppointmentStatus, i64)> = on_each!(conn => c, {
        let latest: Option<chrono::NaiveDateTime> = activities::table
            .inner_join(drives::table.on(drives::id.eq(activities::id)))
            .filter(drives::status.eq(DriveStatus::Done))
            .filter(activities::unit_id.eq_any(below))
            .select(diesel::dsl::max(activities::starts_at))
            .first(c)?;
        let since = latest.map(|latest| latest - Duration::days(RECORD_DAYS)).unwrap_or_default();
        let own = activities::table
            .filter(activities::unit_id.eq_any(below))
            .filter(activities::starts_at.ge(since))
            .select(activities::id);
        appointments::table
            .filter(appointments::drive.eq_any(own))
            .filter(appointments::status.eq_any(ENDED))
            .group_by(appointments::status)
            .select((appointments::status, count_star()))
            .load(c)
    })
    .map_err(Problem::from)?;
    let of = |status| rows.iter().find(|(found, _)| *found == status).map_or(0, |(_, count)| *count);
    Ok((of(AppointmentStatus::Kept), of(AppointmentStatus::NoShow)))
}

/// What a drive collects, and how many units of which group it is to bring.
#[derive(Debug, Clone, Default)]
pub struct Wants {
    pub types: Vec<DonationType>,
    pub targets: Vec<(BloodGroup, i32)>,
}

/// What each of these drives wants, in one order.
pub fn wants(conn: &mut Conn, ids: &[DriveId]) -> Result<HashMap<DriveId, Wants>> {
    let types: Vec<(DriveId, DonationType)> =
        on_each!(conn => c, drive_types::table.filter(drive_types::drive.eq_any(ids)).load(c))
            .map_err(Problem::from)?;
    let targets: Vec<(DriveId, BloodGroup, i32)> =
        on_each!(conn => c, drive_targets::table.filter(drive_targets::drive.eq_any(ids)).load(c))
            .map_err(Problem::from)?;
    let mut found: HashMap<DriveId, Wants> = HashMap::new();
    for (drive, given) in types {
        found.entry(drive).or_default().types.push(given);
    }
    for (drive, group, units) in targets {
        found.entry(drive).or_default().targets.push((group, units));
    }
    for wants in found.values_mut() {
        wants.types.sort_unstable();
        wants.targets.sort_unstable();
    }
    Ok(found)
}

/// Units that these drives were to bring, all groups together, and holders of appointments who did not come.
pub fn aims(conn: &mut Conn, ids: &[DriveId]) -> Result<HashMap<DriveId, (i64, i64)>> {
    let goals: Vec<(DriveId, Option<i64>)> = drive_targets::table
        .filter(drive_targets::drive.eq_any(ids))
        .group_by(drive_targets::drive)
        .select((drive_targets::drive, diesel::dsl::sum(drive_targets::units)))
        .load(conn)?;
    let absent: Vec<(DriveId, i64)> = appointments::table
        .inner_join(slots::table)
        .filter(slots::drive.eq_any(ids))
        .filter(appointments::status.eq(AppointmentStatus::NoShow))
        .group_by(slots::drive)
        .select((slots::drive, diesel::dsl::count_star()))
        .load(conn)?;
    let mut found: HashMap<DriveId, (i64, i64)> = HashMap::new();
    for (drive, units) in goals {
        found.entry(drive).or_default().0 = units.unwrap_or(0);
    }
    for (drive, people) in absent {
        found.entry(drive).or_default().1 = people;
    }
    Ok(found)
}

/// What a drive collects, in one order.
pub fn types_of(conn: &mut Conn, id: DriveId) -> Result<Vec<DonationType>> {
    let of = drive_types::table.filter(drive_types::drive.eq(id)).select(drive_types::donation_type);
    let mut types: Vec<DonationType> = on_each!(conn => c, of.load(c))?;
    types.sort_unstable();
    Ok(types)
}

/// Donors of the unit, and of those below it, who may give one of these types on a civil day, by group.
pub fn eligible(
    conn: &mut Conn,
    unit: UnitId,
    types: &[DonationType],
    on: NaiveDate,
) -> Result<Vec<(Option<BloodGroup>, i64)>> {
    let below =
        unit_tree::table.filter(unit_tree::ancestor.eq(unit)).select(unit_tree::descendant.nullable());
    on_each!(conn => c, {
        let open = giving_windows::table
            .filter(giving_windows::donor.eq(donors::id))
            .filter(giving_windows::donation_type.eq_any(types))
            .filter(giving_windows::from_on.le(on))
            .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(on)));
        donors::table
            .filter(donors::unit_id.eq_any(below))
            .filter(donors::status.eq(DonorStatus::Active))
            .filter(donors::merged_into.is_null())
            .filter(exists(open))
            .group_by(donors::blood_group)
            .select((donors::blood_group, count_star()))
            .load(c)
    })
    .map_err(Problem::from)
}
