//! A bag as pages show it.

use shiryan_kernel::blood::Component;
use shiryan_kernel::ids::BloodUnitId;

use crate::http::House;
use crate::stock::{BloodUnit, Label};
use crate::web::{Group, Say, Time};

pub struct Bag {
    pub id: BloodUnitId,
    pub din: String,
    /// 0 of what is not divided.
    pub division: i32,
    pub component: String,
    pub group: Option<Group>,
    pub group_name: String,
    pub status: String,
    pub day: String,
    pub until: Time,
    pub attributes: Vec<String>,
    pub additive: Option<String>,
}

impl Bag {
    pub fn of(house: &House, say: Say, unit: &BloodUnit) -> Self {
        Self {
            id: unit.id,
            din: unit.din.printed(),
            division: unit.division,
            component: say.word("component", unit.component.code()),
            group: unit.blood_group.map(Group),
            group_name: unit.blood_group.map_or_else(
                || say.text("unit-group-unknown"),
                |group| say.word("blood-group", group.code()),
            ),
            status: say.word("unit-status", unit.status.code()),
            day: say.short_day(house.zone.date(unit.expires_at())),
            until: Time(unit.expires_at(), house.zone),
            additive: unit.additive.map(|own| say.word("additive", own.code())),
            attributes: unit.attributes.list().iter().map(|own| say.word("attribute", own.code())).collect(),
        }
    }
}

/// A label as pages show it.
pub struct Tag {
    pub din: String,
    pub division: i32,
    pub component: String,
}

impl Tag {
    pub fn of(say: Say, label: &Label) -> Self {
        Self {
            din: label.din.printed(),
            division: label.division,
            component: component(say, label.component),
        }
    }
}

fn component(say: Say, component: Component) -> String {
    say.word("component", component.code())
}
