//! Changing an activity: a merge-patch, laid over the version that its author has seen.

use serde::Serialize;
use serde_json::{Map, Value};
use shiryan_kernel::branch::fields::Part;
use shiryan_kernel::branch::{Branch, PhysicalLoad};
use shiryan_kernel::ids::{ActivityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Patch, Problem, Result};
use utoipa::ToSchema;

use super::rules::life::{Touched, may_touch};
use super::{ACTIVITY, PlaceText, Title, check_units, look, rules, run_by, seal, seal_title, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::vault::Vault;

/// What is to change of an activity.
#[derive(Debug, Clone, Default)]
pub struct Amendment {
    pub title: Option<Title>,
    pub place: Patch<PlaceText>,
    pub governorate: Option<Governorate>,
    pub starts_at: Option<Moment>,
    pub ends_at: Option<Moment>,
    /// All that take part beside the organising one.
    pub units: Option<Vec<UnitId>>,
    pub loads: Option<Vec<PhysicalLoad>>,
    pub facts: Map<String, Value>,
    pub outcomes: Map<String, Value>,
}

/// The answer to an amendment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = AmendedActivity)]
pub struct Amended {
    pub id: ActivityId,
    /// As it is now: the next `If-Match`.
    pub version: i64,
    pub status: ActivityStatus,
}

/// Amends an activity that `by` runs, if it is still at `version`. Of a drive its facts, outcomes and the units
/// that take part alone: the rest is changed where its slots are.
///
/// # Errors
/// `not_found` of an activity that others run; `version_stale`; `state_conflict` with the fact `state` of what can
/// no longer be changed, or not by this role; every wrong field at once; `missing_field` of a fact that is taken
/// away and that what was approved must have; `unknown_reference` of units.
pub fn amend(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: ActivityId,
    version: i64,
    new: &Amendment,
) -> Result<Amended> {
    let before = run_by(tx.conn, by, id)?;
    if before.version != version {
        return Err(Problem::new(Code::VersionStale));
    }
    let mut after = before.clone();
    let mut changed = laid_over(vault, &mut after, new)?;
    if let Some(units) = &new.units
        && store::units_of(tx.conn, &[id])?.remove(&id).unwrap_or_default() != sorted(units)
    {
        check_units(tx.conn, by, before.unit, units)?;
        store::set_units(tx, id, units)?;
        changed.push(("units", Touched::Plan));
    }
    if let Some(loads) = &new.loads
        && store::loads_of(tx.conn, &[id])?.remove(&id).unwrap_or_default() != sorted(loads)
    {
        store::set_loads(tx, id, loads)?;
        changed.push(("loads", Touched::Plan));
    }
    if changed.is_empty() {
        return Ok(Amended { id, version, status: before.status });
    }
    for (field, touched) in &changed {
        if before.branch == Branch::BloodDonation && !["units", "facts", "outcomes"].contains(field) {
            return Err(Problem::field(*field, Code::InvalidValue).with("use", "/api/v1/drives"));
        }
        may_touch(by.role, before.status, *touched)
            .map_err(|problem| problem.about(*field, Code::StateConflict))?;
    }
    after.version = version + 1;
    let seen = audit::seen(tx.conn, vault, &ACTIVITY, id.0)?;
    if !store::replace(tx, version, &after)? {
        return Err(Problem::new(Code::VersionStale));
    }
    let fields: Vec<&str> = changed.into_iter().map(|(field, _)| field).collect();
    seen.record(tx, vault, Line::new(Some(by.user), "activities.amended").on(id).with("fields", fields))?;
    feed::append(tx, "activity", id.0, "amended")?;
    Ok(Amended { id, version: version + 1, status: before.status })
}

fn sorted<T: Ord + Copy>(items: &[T]) -> Vec<T> {
    let mut items = items.to_vec();
    items.sort_unstable();
    items
}

/// Lays the patch over a row; which fields differ now, and what they touch.
fn laid_over(vault: &Vault, row: &mut store::Row, new: &Amendment) -> Result<Vec<(&'static str, Touched)>> {
    let (id, mut changed, mut faults) = (row.id, Vec::new(), Faults::none());
    if let Some(title) = &new.title
        && look::open_title(vault, id, &row.title)?.as_deref() != Some(title.as_str())
    {
        row.title = seal_title(vault, id, Some(title.as_str()));
        changed.push(("title", Touched::Facts));
    }
    let place = look::open_place(vault, id, row.place.as_deref())?;
    let placed = new.place.clone().parse(|place| Ok(place.into_string()))?.over(place.clone());
    if placed != place {
        row.place = placed.map(|place| seal(vault, id, "place", &place));
        changed.push(("place", Touched::Facts));
    }
    let was = (row.governorate, row.starts_at, row.ends_at);
    row.governorate = new.governorate.unwrap_or(row.governorate);
    row.starts_at = new.starts_at.map_or(row.starts_at, |at| at.naive_utc());
    row.ends_at = new.ends_at.map_or(row.ends_at, |at| at.naive_utc());
    for (field, differs) in [
        ("governorate", was.0 != row.governorate),
        ("starts_at", was.1 != row.starts_at),
        ("ends_at", was.2 != row.ends_at),
    ] {
        if differs {
            changed.push((field, Touched::Plan));
        }
    }
    rules::check_span(&mut faults, row.starts(), row.ends());
    let mut details = look::details(vault, row)?;
    if details.amend(&mut faults, row.branch, Part::Facts, &new.facts) {
        changed.push(("facts", Touched::Facts));
        if row.status != ActivityStatus::Proposed {
            details.check_needed(&mut faults, row.branch);
        }
    }
    if details.amend(&mut faults, row.branch, Part::Outcomes, &new.outcomes) {
        changed.push(("outcomes", Touched::Outcomes));
    }
    faults.settle()?;
    row.details = seal(vault, id, "details", &details.stored());
    Ok(changed)
}
