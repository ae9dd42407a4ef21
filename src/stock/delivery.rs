//! Bags that come from another blood service.

use chrono::NaiveDate;
use shiryan_kernel::attribute::{Attribute, Attributes};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::time::{Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};

use super::{NewUnit, Origin, UNIT, create_units, rules, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::Tx;
use crate::vault::Vault;

/// A bag as its label says.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub din: Din,
    pub component: Component,
    /// 0 for an undivided component, else 1, 2, …
    pub division: i32,
    pub blood_group: BloodGroup,
    pub volume_ml: i32,
    pub collected_on: NaiveDate,
    /// Good until 23:59 of this civil day.
    pub expires_on: NaiveDate,
    pub attributes: Attributes,
    /// What whole blood and red cells are kept in, where the label says it.
    pub additive: Option<Additive>,
}

/// Takes a bag onto the caller's shelf, in quarantine like one that was collected here: it counts once the blood
/// bank has released it.
///
/// # Errors
/// `out_of_range` of days and figures that cannot be, `invalid_value` of an additive in which the component is not kept,
/// all at once; `unit_expired`; `din_used` of a number that was
/// given here or is there with this component and division.
pub fn deliver(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    new: &Delivery,
) -> Result<BloodUnitId> {
    let own = by.own_facility()?;
    let today = zone.date(tx.now);
    let mut faults = Faults::none();
    if !(0..=rules::MOST_DIVISIONS).contains(&new.division) {
        faults.add("division", Code::OutOfRange);
    }
    if !(1..=rules::MOST_ML).contains(&new.volume_ml) {
        faults.add("volume_ml", Code::OutOfRange);
    }
    let longest = i64::from(new.component.longest_life_days(new.additive));
    if new.collected_on > today || new.collected_on < plus_days(today, -longest) {
        faults.add("collected_on", Code::OutOfRange);
    }
    if new.expires_on < new.collected_on || new.expires_on > plus_days(new.collected_on, longest) {
        faults.add("expires_on", Code::OutOfRange);
    }
    let can_be = |attribute: Attribute| attribute.is_of(new.component) && attribute.is_entered();
    if !new.attributes.list().into_iter().all(can_be) {
        faults.add("attributes", Code::InvalidValue);
    }
    if new.additive.is_some() && !new.component.is_kept_in_additive() {
        faults.add("additive", Code::InvalidValue);
    }
    faults.settle()?;
    if new.expires_on < today {
        return Err(Problem::new(Code::UnitExpired).about("expires_on", Code::UnitExpired));
    }
    let used = || Problem::new(Code::DinUsed).about("din", Code::DinUsed);
    if store::is_own_number(tx.conn, &new.din)? {
        return Err(used());
    }
    let origin = Origin {
        donation: None,
        din: new.din,
        facility: own,
        collected_at: zone.start_of(new.collected_on),
        blood_group: Some(new.blood_group),
        attributes: new.attributes,
        additive: new.additive,
    };
    let unit = NewUnit {
        component: new.component,
        division: new.division,
        volume_ml: new.volume_ml,
        expires_at: zone.end_of(new.expires_on),
    };
    let made = create_units(tx, vault, zone, Some(by.user), &origin, &[unit]);
    let made = made.map_err(|problem| if problem.code == Code::StateConflict { used() } else { problem })?;
    let id = made.into_iter().next().ok_or_else(|| Problem::internal("no unit was made"))?;
    audit::made(&UNIT, id.0).record(tx, vault, Line::new(Some(by.user), "stock.delivered").on(id))?;
    Ok(id)
}
