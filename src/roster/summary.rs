//! What lies on the shelves, counted: one facility's, or every governorate's beside its sharing region's.
//!
//! There is no total of the country: regions that cannot reach each other are never added up.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::FacilityId;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::{Moment, Zone};

use super::ladder::{Counts, Ladder};
use crate::accounts::Principal;
use crate::stock;

/// Units of one group (absent while nobody has named it), component and state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct SummaryCell {
    pub blood_group: Option<BloodGroup>,
    pub component: Component,
    /// A unit past its date counts as `expired`, marked so or not yet.
    pub status: UnitStatus,
    pub units: i64,
    /// Of these, good until the third day from today at the latest.
    pub expiring: i64,
}

/// The shelves of one area.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Area {
    pub region: Region,
    /// Absent for the figures of the whole sharing region.
    pub governorate: Option<Governorate>,
    pub cells: Vec<SummaryCell>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct Summary {
    pub as_of: DateTime<Utc>,
    /// The facility whose shelf alone is counted; absent when every governorate's are.
    pub facility: Option<FacilityId>,
    /// When that shelf was last counted by its labels, with nothing left open.
    pub counted_at: Option<DateTime<Utc>>,
    pub areas: Vec<Area>,
}

/// Counts the shelf of the caller's own facility; for a role without one, those of each governorate and
/// of each sharing region.
#[must_use]
pub fn summary(ladder: &Ladder, zone: Zone, by: &Principal, now: Moment) -> Summary {
    let soon = stock::soon(zone.date(now));
    let mut places: BTreeMap<Governorate, Cells> = BTreeMap::new();
    let mut last = None;
    for counts in ladder.counts(by.facility, now, soon) {
        let place = match last {
            Some((facility, place)) if facility == counts.facility => place,
            _ => ladder.place(counts.facility),
        };
        last = Some((counts.facility, place));
        if let Some(governorate) = place {
            places.entry(governorate).or_default().add(&counts);
        }
    }
    let mut areas: BTreeMap<(Region, Option<Governorate>), Cells> = BTreeMap::new();
    for (governorate, cells) in places {
        let region = governorate.region();
        if by.facility.is_none() {
            areas.entry((region, None)).or_default().add_all(&cells);
        }
        areas.insert((region, Some(governorate)), cells);
    }
    let areas = areas.into_iter().map(|((region, governorate), cells)| Area {
        region,
        governorate,
        cells: cells.shown(),
    });
    Summary { as_of: now, facility: by.facility, counted_at: None, areas: areas.collect() }
}

const STATES: usize = UnitStatus::ALL.len();
/// A group that nobody has named, and the named ones.
const GROUPS: usize = BloodGroup::ALL.len() + 1;

/// Units, and those of them that expire soon, by group, component and state: a place for each, since a million units are
/// counted from thousands of cells.
#[derive(Debug, Clone)]
struct Cells(Vec<(i64, i64)>);

impl Default for Cells {
    fn default() -> Self {
        Self(vec![(0, 0); GROUPS * Component::ALL.len() * STATES])
    }
}

impl Cells {
    fn add(&mut self, counts: &Counts) {
        // What is blocked stays so past its moment; all else that is past has expired, marked so or not yet.
        let is_held = counts.status == UnitStatus::Blocked;
        let past = if is_held { 0 } else { counts.past };
        let expiring = if counts.status == UnitStatus::Expired { 0 } else { counts.expiring };
        self.put(counts, counts.status, (counts.units - past, expiring));
        self.put(counts, UnitStatus::Expired, (past, 0));
    }

    fn add_all(&mut self, others: &Self) {
        for (cell, (units, expiring)) in self.0.iter_mut().zip(&others.0) {
            cell.0 += units;
            cell.1 += expiring;
        }
    }

    fn put(&mut self, of: &Counts, status: UnitStatus, (units, expiring): (u32, u32)) {
        let group = of.group.map_or(0, |group| group.place() + 1);
        let place = (group * Component::ALL.len() + of.component.place()) * STATES + status.place();
        if let Some(cell) = self.0.get_mut(place) {
            cell.0 += i64::from(units);
            cell.1 += i64::from(expiring);
        }
    }

    /// Those that hold something.
    fn shown(self) -> Vec<SummaryCell> {
        let groups = std::iter::once(None).chain(BloodGroup::ALL.iter().copied().map(Some));
        let places = groups.flat_map(|group| {
            let of = move |component: &'static Component| {
                UnitStatus::ALL.iter().map(move |status| (group, *component, *status))
            };
            Component::ALL.iter().flat_map(of)
        });
        let held = places.zip(self.0).filter(|(_, (units, _))| *units > 0);
        held.map(|((blood_group, component, status), (units, expiring))| SummaryCell {
            blood_group,
            component,
            status,
            units,
            expiring,
        })
        .collect()
    }
}
