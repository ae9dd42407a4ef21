//! What lies on the shelves, counted: one facility's, or every governorate's beside its sharing region's.
//!
//! There is no total of the country: regions that cannot reach each other are never added up.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::FacilityId;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Problem, Result};

use super::store;
use crate::accounts::Principal;
use crate::db::tables::blood_units;
use crate::db::{Conn, on_each};

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

type Key = (Option<BloodGroup>, Component, UnitStatus);
/// Units, and those of them that expire soon.
type Counts = BTreeMap<Key, (i64, i64)>;

/// Counts the shelf of the caller's own facility; for a role without one, those of each governorate and
/// of each sharing region.
///
/// # Errors
/// As any read.
pub fn summary(conn: &mut Conn, zone: Zone, by: &Principal, now: Moment) -> Result<Summary> {
    let soon = super::soon(zone.date(now));
    let mut areas: BTreeMap<(Region, Option<Governorate>), Counts> = BTreeMap::new();
    let places = store::governorates(conn)?;
    for row in rows(conn, by.facility)? {
        let Some(governorate) = places.get(&row.facility).copied() else { continue };
        let is_past = row.expires_at.and_utc() < now;
        let held = row.status != UnitStatus::Blocked;
        let status = if is_past && held { UnitStatus::Expired } else { row.status };
        let key = (row.blood_group, row.component, status);
        let region = governorate.region();
        let national = by.facility.is_none().then_some((region, None));
        for area in national.into_iter().chain([(region, Some(governorate))]) {
            let (units, expiring) = areas.entry(area).or_default().entry(key).or_default();
            *units += row.units;
            if !is_past && status != UnitStatus::Expired && row.expires_on <= soon {
                *expiring += row.units;
            }
        }
    }
    let areas = areas
        .into_iter()
        .map(|((region, governorate), cells)| Area {
            region,
            governorate,
            cells: cells
                .into_iter()
                .map(|((blood_group, component, status), (units, expiring))| SummaryCell {
                    blood_group,
                    component,
                    status,
                    units,
                    expiring,
                })
                .collect(),
        })
        .collect();
    let counted_at = match by.facility {
        Some(own) => super::counted_at(conn, &[own])?.remove(&own),
        None => None,
    };
    Ok(Summary { as_of: now, facility: by.facility, counted_at, areas })
}

#[derive(Queryable)]
struct Row {
    facility: FacilityId,
    blood_group: Option<BloodGroup>,
    component: Component,
    status: UnitStatus,
    expires_at: NaiveDateTime,
    expires_on: NaiveDate,
    units: i64,
}

/// Grouped by the moment of expiry too: most units of a day share it, and the rest is counted here.
fn rows(conn: &mut Conn, facility: Option<FacilityId>) -> Result<Vec<Row>> {
    let cell = (
        blood_units::facility,
        blood_units::blood_group,
        blood_units::component,
        blood_units::status,
        blood_units::expires_at,
        blood_units::expires_on,
    );
    let (first, last) = facility.map_or((i64::MIN, i64::MAX), |own| (own.0, own.0));
    on_each!(conn => c, blood_units::table
        .filter(blood_units::status.eq_any(ON_SHELF))
        .filter(blood_units::facility.between(first, last))
        .group_by(cell)
        .select((
            blood_units::facility,
            blood_units::blood_group,
            blood_units::component,
            blood_units::status,
            blood_units::expires_at,
            blood_units::expires_on,
            diesel::dsl::count(blood_units::id),
        ))
        .load(c))
    .map_err(Problem::from)
}
