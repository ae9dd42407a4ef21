//! Activities as somebody may see them.

use std::collections::HashSet;

use serde_json::{Map, Value};
use shiryan_kernel::Result;
use shiryan_kernel::branch::fields::{Part, Reach};
use shiryan_kernel::branch::{Branch, PhysicalLoad};
use shiryan_kernel::ids::{ActivityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::time::{Moment, Zone};

use super::rules::details::Details;
use super::rules::{self, Days, Sight};
use super::store;
use crate::accounts::{Principal, unit_roots};
use crate::db::Conn;
use crate::vault::{Place, Vault};

/// Which activities a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub branch: Option<Branch>,
    pub governorate: Option<Governorate>,
    /// Those that touch these days.
    pub days: Days,
}

/// Where a list goes on: start and id of the last activity shown.
pub type Key = (Moment, i64);

/// An activity as one asker sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    pub id: ActivityId,
    pub version: i64,
    pub branch: Branch,
    pub status: ActivityStatus,
    pub governorate: Governorate,
    /// First and last civil day in the zone of the house.
    pub on: (chrono::NaiveDate, chrono::NaiveDate),
    /// `None` for those who may know no more than the day and the governorate.
    pub open: Option<Open>,
}

/// What an onlooker of a drive, or of a visit to people at home, does not see.
#[derive(Debug, Clone, PartialEq)]
pub struct Open {
    pub title: Option<String>,
    pub place: Option<String>,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub unit: UnitId,
    pub units: Vec<UnitId>,
    pub loads: Vec<PhysicalLoad>,
    pub facts: Map<String, Value>,
    pub outcomes: Map<String, Value>,
}

/// Activities by start, each as `by` may see it, with its key.
///
/// # Errors
/// `identity_damaged` when something sealed does not open.
pub fn list(
    conn: &mut Conn,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    filter: &Filter,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<(Key, Seen)>> {
    let rows = store::list(conn, filter, filter.days.moments(zone), after, limit)?;
    let keys: Vec<Key> = rows.iter().map(|row| (row.starts(), row.id.0)).collect();
    Ok(keys.into_iter().zip(look(conn, vault, zone, by, rows)?).collect())
}

/// One activity as `by` may see it.
///
/// # Errors
/// `not_found`; `identity_damaged`.
pub fn get(conn: &mut Conn, vault: &Vault, zone: Zone, by: &Principal, id: ActivityId) -> Result<Seen> {
    let row = store::get(conn, id)?;
    let seen = look(conn, vault, zone, by, vec![row])?;
    seen.into_iter().next().ok_or_else(|| shiryan_kernel::Problem::internal("one row is one activity"))
}

pub(super) fn look(
    conn: &mut Conn,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    rows: Vec<store::Row>,
) -> Result<Vec<Seen>> {
    let roots = unit_roots(conn, by.user)?;
    let own: HashSet<UnitId> = store::units_below(conn, &roots)?.into_iter().collect();
    let ids: Vec<ActivityId> = rows.iter().map(|row| row.id).collect();
    let (mut units, mut loads) = (store::units_of(conn, &ids)?, store::loads_of(conn, &ids)?);
    rows.into_iter()
        .map(|row| {
            let units = units.remove(&row.id).unwrap_or_default();
            let loads = loads.remove(&row.id).unwrap_or_default();
            let is_own = own.contains(&row.unit) || units.iter().any(|unit| own.contains(unit));
            let sight = rules::sight(by.role, is_own, row.branch);
            let (starts_at, ends_at) = (row.starts(), row.ends());
            let last = ends_at - chrono::Duration::microseconds(1);
            let open = match sight {
                Sight::DayOnly => None,
                Sight::NoPlace | Sight::Whole => Some(open(vault, &row, sight, units, loads)?),
            };
            Ok(Seen {
                id: row.id,
                version: row.version,
                branch: row.branch,
                status: row.status,
                governorate: row.governorate,
                on: (zone.date(starts_at), zone.date(last)),
                open,
            })
        })
        .collect()
}

fn open(
    vault: &Vault,
    row: &store::Row,
    sight: Sight,
    units: Vec<UnitId>,
    loads: Vec<PhysicalLoad>,
) -> Result<Open> {
    let details = details(vault, row)?;
    let (reach, place) = match sight {
        Sight::Whole => (Reach::Confidential, open_place(vault, row.id, row.place.as_deref())?),
        Sight::NoPlace | Sight::DayOnly => (Reach::Seen, None),
    };
    Ok(Open {
        title: open_title(vault, row.id, &row.title)?,
        place,
        starts_at: row.starts(),
        ends_at: row.ends(),
        unit: row.unit,
        units,
        loads,
        facts: details.part(row.branch, Part::Facts, reach),
        outcomes: details.part(row.branch, Part::Outcomes, reach),
    })
}

/// What the branch records of an activity.
pub(super) fn details(vault: &Vault, row: &store::Row) -> Result<Details> {
    let at = Place::of("activities", "details", row.id.0);
    Details::restore(&vault.house().open_text(at, &row.details)?)
}

/// The title in the clear; `None` when the activity has none.
///
/// # Errors
/// `identity_damaged`.
pub fn open_title(vault: &Vault, id: ActivityId, sealed: &[u8]) -> Result<Option<String>> {
    let title = vault.house().open_text(Place::of("activities", "title", id.0), sealed)?;
    Ok(Some(title).filter(|title| !title.is_empty()))
}

/// The place in the clear.
///
/// # Errors
/// `identity_damaged`.
pub fn open_place(vault: &Vault, id: ActivityId, sealed: Option<&[u8]>) -> Result<Option<String>> {
    sealed.map(|sealed| vault.house().open_text(Place::of("activities", "place", id.0), sealed)).transpose()
}
