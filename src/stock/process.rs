//! What is done to a bag, or found of it, while it is in quarantine.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::attribute::{Attribute, Attributes};
use shiryan_kernel::blood::Component;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::shelf::irradiated_expires;
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::time::{Moment, Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{BloodUnit, UNIT, Why, conflict, ledger, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::Tx;
use crate::vault::Vault;

/// Days after the collection for which red cells and whole blood may be irradiated: later they are thrown away. The table
/// of shelf lives counts its 28 days from an irradiation within these.
const DAYS_TO_IRRADIATE: i64 = 14;

/// A bag with what it has now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Processed {
    pub id: BloodUnitId,
    pub attributes: Attributes,
    /// Irradiation shortens the life of red cells.
    pub expires_at: DateTime<Utc>,
}

/// Adds attributes to a bag of the caller's own shelf that is in quarantine. None is ever taken away: a bag to which
/// something was entered wrongly is stopped and thrown away.
///
/// # Errors
/// `not_found` of another's shelf; `state_conflict` (with `state`) of one that is not in quarantine; `unit_expired`;
/// `invalid_value` of `attributes` that are none, or that the component cannot have; `out_of_range` of red cells or whole
/// blood irradiated later than 14 days after the collection.
pub fn process(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    id: BloodUnitId,
    added: Attributes,
) -> Result<Processed> {
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
    check(unit.component, added)?;
    let is_now = added.has(Attribute::Irradiated) && !unit.attributes.has(Attribute::Irradiated);
    let is_late = zone.date(tx.now) > plus_days(unit.collected_on, DAYS_TO_IRRADIATE);
    if is_now && is_late && unit.component.is_kept_in_additive() {
        return Err(Problem::field("attributes", Code::OutOfRange));
    }
    let attributes = unit.attributes.with(added);
    let expires_at = good_until(zone, &unit, added, tx.now);
    let seen = audit::seen(tx.conn, vault, &UNIT, id.0)?;
    if !store::process(tx, zone, &unit, attributes, expires_at)? {
        return Err(conflict(store::unit(tx.conn, id)?.status));
    }
    let stays = (Some(UnitStatus::Quarantine), UnitStatus::Quarantine);
    ledger::moved(tx, vault, id, stays, &Why::of(MoveReason::Processed), own, Some(by.user))?;
    let codes: Vec<&str> = added.list().into_iter().map(Attribute::code).collect();
    let line = Line::new(Some(by.user), "stock.processed").on(id).with("added", codes.join(" "));
    seen.record(tx, vault, line)?;
    Ok(Processed { id, attributes, expires_at })
}

/// Whether a component can have these.
///
/// # Errors
/// `invalid_value` of `attributes`.
pub(super) fn check(component: Component, attributes: Attributes) -> Result<()> {
    let can_be = |attribute: Attribute| attribute.is_of(component) && attribute.is_entered();
    let fits = attributes.list().into_iter().all(can_be);
    if fits && !attributes.is_empty() {
        Ok(())
    } else {
        Err(Problem::field("attributes", Code::InvalidValue))
    }
}

/// Irradiated now, red cells and whole blood last 28 days at most; platelets as before.
fn good_until(zone: Zone, unit: &BloodUnit, added: Attributes, now: Moment) -> Moment {
    let is_now = added.has(Attribute::Irradiated) && !unit.attributes.has(Attribute::Irradiated);
    if is_now && matches!(unit.component, Component::RedCells | Component::WholeBlood) {
        irradiated_expires(now, unit.expires_at(), zone)
    } else {
        unit.expires_at()
    }
}
