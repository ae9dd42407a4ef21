//! The drives to come, with what is known of what they bring: who is booked, or who might come.

use std::collections::{BTreeMap, HashMap};

use chrono::{Duration, NaiveDate};
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{DriveId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::{Moment, Zone};

use super::rules::capacity::{called_off, expected, show_rate};
use super::store::{coming as rows, planning};
use crate::db::Conn;

/// How far back the record of a unit is read, in days.
const RECORD_DAYS: i64 = 730;

/// A drive to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Coming {
    pub id: DriveId,
    pub unit: UnitId,
    pub governorate: Governorate,
    pub on: NaiveDate,
    /// The share of those booked who come, in per cent, by the record of its unit.
    pub show: i32,
    /// The chance that it is called off, by the record of the house and the days that are left.
    pub called_off: f64,
    pub brings: Brings,
}

/// What it may bring.
#[derive(Debug, Clone, PartialEq)]
pub enum Brings {
    /// Published: those booked, by their own group and what they are to give. Who has no known group is left out.
    Booked(Vec<(BloodGroup, DonationType, u32)>),
    /// Not published yet: units that are released of this donation when its places fill by those of its unit who may
    /// give that day.
    Proposed(DonationType, Vec<(BloodGroup, f64)>),
}

/// The drives in these governorates that are not over and begin before `until`, in order; neither cancelled nor done.
///
/// # Errors
/// As any read.
pub fn coming(
    conn: &mut Conn,
    places: &[Governorate],
    now: Moment,
    until: NaiveDate,
    zone: Zone,
) -> Result<Vec<Coming>> {
    let drives = rows::drives(conn, places, now, zone.start_of(until))?;
    let ids: Vec<DriveId> = drives.iter().map(|drive| drive.id).collect();
    let mut booked: HashMap<DriveId, BTreeMap<(BloodGroup, DonationType), u32>> = HashMap::new();
    for (drive, group, given) in rows::booked(conn, &ids)? {
        if let Some(group) = group {
            *booked.entry(drive).or_default().entry((group, given)).or_default() += 1;
        }
    }
    let mut units: Vec<UnitId> = drives.iter().map(|drive| drive.unit).collect();
    units.sort_unstable();
    units.dedup();
    let since = now - Duration::days(RECORD_DAYS);
    let records = rows::records(conn, &units, since)?;
    let (held, off) = rows::held(conn, since, now)?;
    let today = zone.date(now);
    let mut found = Vec::with_capacity(drives.len());
    for drive in drives {
        let on = zone.date(drive.starts_at.and_utc());
        let (came, stayed_away) = records.get(&drive.unit).copied().unwrap_or_default();
        let show = show_rate(came, stayed_away);
        let brings = if drive.status == DriveStatus::Draft {
            let (given, units) = proposed(conn, drive.id, drive.unit, on, show)?;
            Brings::Proposed(given, units)
        } else {
            let those = booked.remove(&drive.id).unwrap_or_default();
            Brings::Booked(those.into_iter().map(|((group, given), people)| (group, given, people)).collect())
        };
        found.push(Coming {
            id: drive.id,
            unit: drive.unit,
            governorate: drive.governorate,
            on,
            show,
            called_off: called_off(held, off, (on - today).num_days()),
            brings,
        });
    }
    Ok(found)
}

/// The share of those booked who come, in per cent, of these units that have a record.
///
/// # Errors
/// As any read.
pub fn shows(conn: &mut Conn, units: &[UnitId], now: Moment) -> Result<Vec<(UnitId, i32)>> {
    let since = now - Duration::days(RECORD_DAYS);
    let records = rows::records(conn, units, since)?;
    Ok(records.into_iter().map(|(unit, (came, stayed_away))| (unit, show_rate(came, stayed_away))).collect())
}

/// What drives were to bring, and who did not come: sums that name nobody.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Aims {
    /// Units, all groups together.
    pub goal: i64,
    /// Holders of appointments.
    pub no_shows: i64,
}

/// What each of these drives was to bring, and how many did not come to it; none of a drive that set no goal and of which
/// nobody is missed.
///
/// # Errors
/// As any read.
pub fn aims(conn: &mut Conn, ids: &[DriveId]) -> Result<HashMap<DriveId, Aims>> {
    let found = planning::aims(conn, ids)?;
    Ok(found.into_iter().map(|(id, (goal, no_shows))| (id, Aims { goal, no_shows })).collect())
}

fn proposed(
    conn: &mut Conn,
    drive: DriveId,
    unit: UnitId,
    on: NaiveDate,
    show: i32,
) -> Result<(DonationType, Vec<(BloodGroup, f64)>)> {
    let types = planning::types_of(conn, drive)?;
    let whole = types.is_empty() || types.contains(&DonationType::WholeBlood);
    let given = if whole {
        DonationType::WholeBlood
    } else {
        types.first().copied().unwrap_or(DonationType::WholeBlood)
    };
    let mut eligible: BTreeMap<Option<BloodGroup>, i64> = BTreeMap::new();
    for (group, donors) in planning::eligible(conn, unit, &[given], on)? {
        *eligible.entry(group).or_default() += donors;
    }
    let units = expected(rows::places(conn, drive)?, show, &eligible).units;
    Ok((given, units.into_iter().filter_map(|(group, units)| Some((group?, units))).collect()))
}
