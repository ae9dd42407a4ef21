//! Rows of units and donors as the roster counts them.

use std::collections::{BTreeSet, HashMap};
use std::ops::RangeInclusive;
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use diesel::prelude::*;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::day::{ReadDay, ReadMoment, ReadWord};
use shiryan_kernel::ids::{BloodUnitId, DonorId, FacilityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{DonorStatus, UnitStatus};
use shiryan_kernel::{Problem, Result};

use super::donors::{Standing, Window, day_number};
use super::{Index, Lot};
use crate::db::tables::{blood_units, donors, facilities, giving_windows};
use crate::db::{Conn, Db, on_each};

/// Rows read at once.
const SLICE: i64 = 20_000;
/// Who read donors at once while all of them are read: as many as the machine has cores, between these.
const READERS: RangeInclusive<usize> = 2..=4;
/// Ids asked for at once.
const CHUNK: usize = 500;

/// The states in which a unit lies on a shelf, or is on its way from it to another.
const ON_SHELF: [UnitStatus; 7] = [
    UnitStatus::Quarantine,
    UnitStatus::Released,
    UnitStatus::Reserved,
    UnitStatus::Returned,
    UnitStatus::Expired,
    UnitStatus::Blocked,
    UnitStatus::InTransit,
];

type Span = (i64, i64);
type Units = Vec<(BloodUnitId, Lot)>;
type Donors = Vec<(DonorId, Standing)>;

/// What was read anew.
pub struct Fresh {
    unit_spans: Vec<Span>,
    units: Units,
    donor_spans: Vec<Span>,
    donors: Donors,
    places: Option<HashMap<FacilityId, Governorate>>,
}

impl Fresh {
    /// Puts it in the place of what was known; what was not found again is forgotten.
    pub fn put(self, index: &mut Index) {
        let found: BTreeSet<BloodUnitId> = self.units.iter().map(|(id, _)| *id).collect();
        let known: Vec<BloodUnitId> =
            self.unit_spans.into_iter().flat_map(|span| index.units.ids(span)).collect();
        for id in known.into_iter().filter(|id| !found.contains(id)) {
            index.units.put(id, None);
        }
        for (id, lot) in self.units {
            index.units.put(id, Some(lot));
        }
        let found: BTreeSet<DonorId> = self.donors.iter().map(|(id, _)| *id).collect();
        let known: Vec<DonorId> =
            self.donor_spans.into_iter().flat_map(|span| index.donors.ids(span)).collect();
        for id in known.into_iter().filter(|id| !found.contains(id)) {
            index.donors.put(id, None);
        }
        for (id, standing) in self.donors {
            index.donors.put(id, Some(standing));
        }
        if let Some(places) = self.places {
            index.units.put_places(places);
        }
    }
}

/// Units and donors of these spans of ids as they are now, and where facilities stand if that is asked.
///
/// # Errors
/// As any read.
pub fn fresh(
    conn: &mut Conn,
    units: &BTreeSet<Span>,
    donors: &BTreeSet<Span>,
    with_places: bool,
) -> Result<Fresh> {
    let mut fresh = Fresh {
        unit_spans: units.iter().copied().collect(),
        units: Vec::new(),
        donor_spans: donors.iter().copied().collect(),
        donors: Vec::new(),
        places: with_places.then(|| places(conn)).transpose()?,
    };
    let is_one = |(first, last): &&Span| first == last;
    let ones: Vec<i64> = units.iter().filter(is_one).map(|(id, _)| *id).collect();
    for chunk in ones.chunks(CHUNK) {
        fresh.units.extend(units_of(conn, chunk)?);
    }
    for span in units.iter().filter(|span| !is_one(span)) {
        let mut from = span.0;
        while let Some(last) = slice_of_units(conn, (from, span.1), &mut fresh.units)? {
            from = last + 1;
        }
    }
    let ones: Vec<i64> = donors.iter().filter(is_one).map(|(id, _)| *id).collect();
    for chunk in ones.chunks(CHUNK) {
        fresh.donors.extend(donors_of(conn, chunk)?);
    }
    for span in donors.iter().filter(|span| !is_one(span)) {
        let mut from = span.0;
        while let Some(last) = slice_of_donors(conn, (from, span.1), &mut fresh.donors)? {
            from = last + 1;
        }
    }
    Ok(fresh)
}

/// Everything, slice by slice.
///
/// # Errors
/// As any read.
pub fn all(db: &Db, index: &mut Index) -> Result<()> {
    index.units.put_places(db.read_now(places)?);
    let mut from = i64::MIN;
    loop {
        let mut units = Units::new();
        let last = db.read_now(|conn| slice_of_units(conn, (from, i64::MAX), &mut units))?;
        for (id, lot) in units {
            index.units.put(id, Some(lot));
        }
        let Some(last) = last else { break };
        from = last + 1;
    }
    all_donors(db, index)
}

/// Donors are read by several readers at once, each a slice: reading their windows takes the longest.
fn all_donors(db: &Db, index: &mut Index) -> Result<()> {
    let next = Mutex::new(Some(i64::MIN));
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let readers = cores.clamp(*READERS.start(), *READERS.end());
    std::thread::scope(|scope| {
        let (told, found) = sync_channel::<Result<Donors>>(readers);
        for _ in 0..readers {
            let (told, next) = (told.clone(), &next);
            scope.spawn(move || {
                while let Some(slice) = next_donors(db, next).transpose() {
                    // Nobody takes more once one of them failed.
                    if told.send(slice).is_err() {
                        return;
                    }
                }
            });
        }
        drop(told);
        for slice in found {
            for (id, standing) in slice? {
                index.donors.put(id, Some(standing));
            }
        }
        Ok(())
    })
}

/// The slice that nobody has read yet; none after the last.
fn next_donors(db: &Db, next: &Mutex<Option<i64>>) -> Result<Option<Donors>> {
    let (from, rows) = {
        let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(from) = next.take() else { return Ok(None) };
        let rows = db.read_now(|conn| donor_rows(conn, (from, i64::MAX)))?;
        let is_full = i64::try_from(rows.len()).map_err(Problem::internal)? == SLICE;
        *next = rows.last().filter(|_| is_full).map(|row| row.0.0 + 1);
        (from, rows)
    };
    let Some(end) = rows.last().map(|row| row.0.0) else { return Ok(None) };
    let windows = db.read_now(|conn| window_rows(conn, (from, end)))?;
    Ok(Some(joined(rows, windows)))
}

fn places(conn: &mut Conn) -> Result<HashMap<FacilityId, Governorate>> {
    let rows: Vec<(FacilityId, Governorate)> =
        facilities::table.select((facilities::id, facilities::governorate)).load(conn)?;
    Ok(rows.into_iter().collect())
}

type UnitRow = (
    BloodUnitId,
    FacilityId,
    ReadWord<Component>,
    Option<ReadWord<BloodGroup>>,
    ReadWord<UnitStatus>,
    ReadMoment,
    ReadDay,
    Attributes,
);

fn lot(row: UnitRow) -> (BloodUnitId, Lot) {
    let (id, facility, component, group, status, expires_at, expires_on, attributes) = row;
    (
        id,
        Lot {
            facility,
            component: component.0,
            group: group.map(|group| group.0),
            status: status.0,
            expires: (expires_at.0.and_utc(), expires_on.0),
            attributes,
        },
    )
}

macro_rules! unit_columns {
    () => {
        (
            blood_units::id,
            blood_units::facility,
            blood_units::component,
            blood_units::blood_group,
            blood_units::status,
            blood_units::expires_at,
            blood_units::expires_on,
            blood_units::attributes,
        )
    };
}

fn units_of(conn: &mut Conn, ids: &[i64]) -> Result<Units> {
    let rows: Vec<UnitRow> = on_each!(conn => c, blood_units::table
        .filter(blood_units::id.eq_any(ids))
        .filter(blood_units::status.eq_any(ON_SHELF))
        .select(unit_columns!())
        .load(c))?;
    Ok(rows.into_iter().map(lot).collect())
}

/// The next of a span; the last id that was looked at, none at the end.
fn slice_of_units(conn: &mut Conn, (first, last): Span, found: &mut Units) -> Result<Option<i64>> {
    let rows: Vec<UnitRow> = on_each!(conn => c, blood_units::table
        .filter(blood_units::id.between(first, last))
        .order(blood_units::id)
        .limit(SLICE)
        .select(unit_columns!())
        .load(c))?;
    let end = rows.last().map(|row| row.0.0).filter(|end| *end < last);
    found.extend(rows.into_iter().filter(|row| ON_SHELF.contains(&row.4.0)).map(lot));
    Ok(end)
}

type DonorRow = (
    DonorId,
    ReadWord<DonorStatus>,
    Option<ReadWord<BloodGroup>>,
    Option<ReadWord<Governorate>>,
    Option<UnitId>,
    Option<i64>,
);
type WindowRow = (DonorId, ReadWord<DonationType>, ReadDay, Option<ReadDay>);

macro_rules! donor_columns {
    () => {
        (
            donors::id,
            donors::status,
            donors::blood_group,
            donors::governorate,
            donors::unit_id,
            donors::merged_into,
        )
    };
}

macro_rules! window_columns {
    () => {
        (
            giving_windows::donor,
            giving_windows::donation_type,
            giving_windows::from_on,
            giving_windows::until_on,
        )
    };
}

fn donors_of(conn: &mut Conn, ids: &[i64]) -> Result<Donors> {
    let rows: Vec<DonorRow> = on_each!(conn => c, donors::table
        .filter(donors::id.eq_any(ids))
        .order(donors::id)
        .select(donor_columns!())
        .load(c))?;
    let windows: Vec<WindowRow> = on_each!(conn => c, giving_windows::table
        .filter(giving_windows::donor.eq_any(ids))
        .order(giving_windows::donor)
        .select(window_columns!())
        .load(c))?;
    Ok(joined(rows, windows))
}

/// The next of a span; the last id that was looked at, none at the end.
fn slice_of_donors(conn: &mut Conn, (first, last): Span, found: &mut Donors) -> Result<Option<i64>> {
    let rows = donor_rows(conn, (first, last))?;
    let Some(end) = rows.last().map(|row| row.0.0) else { return Ok(None) };
    found.extend(joined(rows, window_rows(conn, (first, end))?));
    Ok(Some(end).filter(|end| *end < last))
}

/// The first slice of a span.
fn donor_rows(conn: &mut Conn, (first, last): Span) -> Result<Vec<DonorRow>> {
    on_each!(conn => c, donors::table
        .filter(donors::id.between(first, last))
        .order(donors::id)
        .limit(SLICE)
        .select(donor_columns!())
        .load(c))
    .map_err(Problem::from)
}

fn window_rows(conn: &mut Conn, (first, last): Span) -> Result<Vec<WindowRow>> {
    on_each!(conn => c, giving_windows::table
        .filter(giving_windows::donor.between(first, last))
        .order(giving_windows::donor)
        .select(window_columns!())
        .load(c))
    .map_err(Problem::from)
}

/// Both in the order of donors.
fn joined(rows: Vec<DonorRow>, windows: Vec<WindowRow>) -> Donors {
    let mut windows = windows.into_iter().peekable();
    let mut own = Vec::new();
    let donor = |(id, status, group, governorate, unit, merged): DonorRow| {
        while windows.next_if(|row| row.0 < id).is_some() {}
        while let Some((_, donation, from, until)) = windows.next_if(|row| row.0 == id) {
            own.push(Window {
                donation: donation.0,
                from: day_number(from.0),
                until: until.map(|until| day_number(until.0)),
            });
        }
        let windows = own.drain(..).collect();
        let standing = Standing {
            status: status.0,
            group: group.map(|group| group.0),
            governorate: governorate.map(|governorate| governorate.0),
            unit,
            is_merged: merged.is_some(),
            windows,
        };
        (id, standing)
    };
    rows.into_iter().map(donor).collect()
}
