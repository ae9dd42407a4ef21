//! A unit in quarantine becomes others: parts of itself, or the components of whole blood. Mass is conserved: the parts and
//! what is left over are what the unit was. The parts carry its number on and are born in quarantine like any other.

use serde::{Deserialize, Serialize};
use shiryan_kernel::attribute::Attribute;
use shiryan_kernel::blood::Component;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::shelf::Keeping;
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{BloodUnit, Label, NewUnit, Origin, UNIT, Why, conflict, ledger, rules, step, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::Tx;
use crate::vault::Vault;

/// A part to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    pub component: Component,
    /// 0 for an undivided component, else 1, 2, …
    pub division: i32,
    pub volume_ml: i32,
}

/// A part that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Made {
    pub id: BloodUnitId,
    #[serde(flatten)]
    pub label: Label,
    pub volume_ml: i32,
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

/// A unit that became others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Division {
    pub id: BloodUnitId,
    pub status: UnitStatus,
    pub parts: Vec<Made>,
}

/// Makes parts of a unit in quarantine on the caller's own shelf. `rest_ml` is what is left over and thrown away.
///
/// # Errors
/// `not_found` of another's shelf; `state_conflict` (with `state`) when it is not in quarantine; `unit_expired`; of
/// `parts`: `out_of_range` of their number, of a volume or a division, and of plasma and platelets later than
/// [`rules::HOURS_TO_DERIVE`] hours after the collection; `invalid_value` of a component that it cannot become or of a
/// label twice; `din_used` of a label that is there; `out_of_range` of `rest_ml` where the volumes are not the unit's.
pub fn divide(
    tx: &mut Tx,
    vault: &Vault,
    (zone, keeping): (Zone, &Keeping),
    by: &Principal,
    id: BloodUnitId,
    parts: &[Part],
    rest_ml: i32,
) -> Result<Division> {
    let own = by.own_facility()?;
    let unit = store::unit(tx.conn, id)?;
    if unit.facility != own {
        return Err(Problem::new(Code::NotFound));
    }
    if unit.status != UnitStatus::Quarantine {
        return Err(conflict(unit.status));
    }
    if !unit.is_good_at(tx.now) {
        return Err(Problem::new(Code::UnitExpired));
    }
    let collected_at = match store::collected_at(tx.conn, unit.donation)? {
        Some(at) => at,
        None => zone.start_of(unit.collected_on),
    };
    check(&unit, parts, rest_ml, tx.now - collected_at)?;
    let why = Why::of(MoveReason::Divided);
    let seen = audit::seen(tx.conn, vault, &UNIT, unit.id.0)?;
    step(tx, vault, &unit, UnitStatus::Divided, &why, Some(by.user))?;
    let origin = Origin {
        donation: unit.donation,
        din: unit.din,
        facility: own,
        collected_at,
        blood_group: unit.blood_group,
        attributes: unit.attributes,
        additive: unit.additive,
    };
    let mut made = Vec::with_capacity(parts.len());
    for part in parts {
        let expires_at = expiry(zone, keeping, &unit, part.component);
        let new = NewUnit {
            component: part.component,
            division: part.division,
            volume_ml: part.volume_ml,
            expires_at,
        };
        let child = BloodUnitId(tx.id());
        let origin = Origin { attributes: unit.attributes.of_component(part.component), ..origin.clone() };
        store::insert(tx, zone, child, &origin, &new).map_err(|problem| match problem.code {
            Code::StateConflict => Problem::new(Code::DinUsed).about("parts", Code::DinUsed),
            _ => problem,
        })?;
        ledger::moved(tx, vault, child, (None, UnitStatus::Quarantine), &why, own, Some(by.user))?;
        let label = Label { din: unit.din, component: part.component, division: part.division };
        made.push(Made { id: child, label, volume_ml: part.volume_ml, expires_at });
    }
    let ids: Vec<BloodUnitId> = made.iter().map(|part| part.id).collect();
    let seen = seen.and(audit::made_all(&UNIT, ids.iter().map(|part| part.0)));
    let line = Line::new(Some(by.user), "stock.divided").on(id).with("parts", ids);
    seen.record(tx, vault, line.with("rest_ml", rest_ml))?;
    Ok(Division { id, status: UnitStatus::Divided, parts: made })
}

/// A part of the same component keeps the unit's date; a component that is made of it has its own, from the collection, by
/// what the bag was filled with.
fn expiry(zone: Zone, keeping: &Keeping, unit: &BloodUnit, to: Component) -> Moment {
    if to == unit.component {
        return unit.expires_at();
    }
    let own = zone.end_of(keeping.expires(to, unit.additive, unit.collected_on));
    // What was irradiated with it lasts no longer for being parted.
    let is_irradiated = unit.attributes.of_component(to).has(Attribute::Irradiated);
    if is_irradiated { own.min(unit.expires_at()) } else { own }
}

fn check(unit: &BloodUnit, parts: &[Part], rest_ml: i32, age: chrono::Duration) -> Result<()> {
    let mut faults = Faults::none();
    let fewest = if parts.iter().all(|part| part.component == unit.component) { 2 } else { 1 };
    if parts.len() < fewest || parts.len() > rules::MOST_PARTS {
        faults.add("parts", Code::OutOfRange);
    }
    for (n, part) in parts.iter().enumerate() {
        let field = |name: &str| format!("parts[{n}].{name}");
        if !rules::may_become(unit.component, part.component) {
            faults.add(field("component"), Code::InvalidValue);
        }
        let is_late = age > chrono::Duration::hours(rules::HOURS_TO_DERIVE);
        let is_derived = matches!(part.component, Component::Plasma | Component::Platelets);
        if is_late && is_derived && unit.component == Component::WholeBlood {
            faults.add(field("component"), Code::OutOfRange);
        }
        if !(0..=rules::MOST_DIVISIONS).contains(&part.division) {
            faults.add(field("division"), Code::OutOfRange);
        }
        if part.volume_ml < 1 {
            faults.add(field("volume_ml"), Code::OutOfRange);
        }
        let same = |other: &&Part| (other.component, other.division) == (part.component, part.division);
        if parts.iter().filter(same).count() > 1 {
            faults.add(field("division"), Code::InvalidValue);
        }
    }
    let sum: i64 = parts.iter().map(|part| i64::from(part.volume_ml)).sum();
    if rest_ml < 0 || sum + i64::from(rest_ml) != i64::from(unit.volume_ml) {
        faults.add("rest_ml", Code::OutOfRange);
    }
    faults.settle()
}
