//! What lies on the shelves now and can be used, from the index of the house.

use chrono::NaiveDate;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::{Moment, Zone};

use crate::roster::Index;

/// Usable units of one facility that expire on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShelfLot {
    pub governorate: Governorate,
    pub component: Component,
    pub group: BloodGroup,
    pub expires_on: NaiveDate,
    pub units: u32,
}

/// The usable shelf, of one component or all: released, not small and not expiring before tomorrow, for nobody can say that
/// what ends today is used in time. Quarantined, reserved and blocked units are not there.
#[must_use]
pub fn shelf(index: &Index, component: Option<Component>, now: Moment, zone: Zone) -> Vec<ShelfLot> {
    let today = zone.date(now);
    let usable = index.units.usable(component, Attributes::default(), now);
    let lots = usable.filter(|lot| lot.expires.1 > today).filter_map(|lot| {
        Some(ShelfLot {
            governorate: index.units.place(lot.facility)?,
            component: lot.component,
            group: lot.group,
            expires_on: lot.expires.1,
            units: lot.units,
        })
    });
    lots.collect()
}
