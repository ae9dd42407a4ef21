//! Where a person is seen: drives at which one is booked, was checked in or gave, and donations outside of any.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DonorId, DriveId};
use shiryan_kernel::status::{AppointmentStatus, DriveStatus};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{activities, appointments, donations, drive_types, drives, visits};
use crate::db::{Conn, on_each};
use crate::eligibility::{Rest, Visit};

/// The visits of a person that end after one moment and begin before another. Of a past booking nobody says that
/// it was not kept until the no-show is recorded.
pub fn visits(
    conn: &mut Conn,
    zone: Zone,
    records: &[DonorId],
    (after, before): (Moment, Moment),
) -> Result<Vec<Visit>> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    const EXPECTED: [AppointmentStatus; 3] =
        [AppointmentStatus::Proposed, AppointmentStatus::Booked, AppointmentStatus::Kept];
    let (after, before) = (after.naive_utc(), before.naive_utc());
    let seen: Vec<(DriveId, NaiveDateTime, NaiveDateTime)> = on_each!(conn => c, {
        let booked = appointments::table
            .filter(appointments::donor.eq_any(records))
            .filter(appointments::status.eq_any(EXPECTED))
            .select(appointments::drive);
        let gave = donations::table
            .filter(donations::donor.eq_any(records))
            .filter(donations::drive.is_not_null())
            .select(donations::drive.assume_not_null());
        let came = visits::table.filter(visits::donor.eq_any(records)).select(visits::drive);
        drives::table
            .inner_join(activities::table)
            .filter(drives::id.eq_any(booked).or(drives::id.eq_any(gave)).or(drives::id.eq_any(came)))
            .filter(drives::status.ne(DriveStatus::Cancelled))
            .filter(activities::ends_at.gt(after))
            .filter(activities::starts_at.lt(before))
            .select((drives::id, activities::starts_at, activities::ends_at))
            .load(c)
    })
    .map_err(Problem::from)?;
    let mut collected = collected(conn, seen.iter().map(|(drive, ..)| *drive).collect())?;
    let mut visits: Vec<Visit> = seen
        .into_iter()
        .map(|(drive, starts_at, ends_at)| {
            let collected = collected.remove(&drive).unwrap_or_default();
            super::visit(zone, starts_at.and_utc(), Rest { since: ends_at.and_utc(), collected })
        })
        .collect();
    let elsewhere: Vec<(NaiveDateTime, DonationType)> = on_each!(conn => c, donations::table
        .filter(donations::donor.eq_any(records))
        .filter(donations::drive.is_null())
        .filter(donations::collected_at.gt(after))
        .filter(donations::collected_at.lt(before))
        .select((donations::collected_at, donations::donation_type))
        .load(c))
    .map_err(Problem::from)?;
    visits.extend(elsewhere.into_iter().map(|(at, given)| {
        super::visit(zone, at.and_utc(), Rest { since: at.and_utc(), collected: vec![given] })
    }));
    Ok(visits)
}

/// What each of these drives collects, and what was given there besides.
fn collected(conn: &mut Conn, ids: Vec<DriveId>) -> Result<BTreeMap<DriveId, Vec<DonationType>>> {
    let given: Vec<(DriveId, DonationType)> = on_each!(conn => c, donations::table
        .filter(donations::drive.eq_any(&ids))
        .select((donations::drive.assume_not_null(), donations::donation_type))
        .distinct()
        .load(c))
    .map_err(Problem::from)?;
    let planned: Vec<(DriveId, DonationType)> =
        on_each!(conn => c, drive_types::table.filter(drive_types::drive.eq_any(&ids)).load(c))
            .map_err(Problem::from)?;
    let mut found: BTreeMap<DriveId, Vec<DonationType>> = BTreeMap::new();
    for (drive, given) in planned.into_iter().chain(given) {
        found.entry(drive).or_default().push(given);
    }
    Ok(found)
}
