//! What a scenario says will happen, and what that changes for one area, component and group. Pure.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use shiryan_kernel::Code;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::{ClosureId, DriveId, FacilityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::time::Moment;
use utoipa::ToSchema;

use crate::drives::Coming;
use crate::places::closures::Closure;
use crate::projections::rules::Shock;

/// The longest span of an event, in days, and how far from today it may lie.
const FARTHEST_DAYS: i64 = 400;
/// The most events of a scenario.
pub const MOST_EVENTS: usize = 20;
/// The most units of one group that a mass casualty may ask for.
const MOST_UNITS: u32 = 10_000;
/// The most hours over which they are asked for.
const MOST_HOURS: u32 = 168;
/// The largest factor of demand.
const MOST_TIMES: f64 = 20.0;

/// One thing that happens; both days of a span count. What lies in the past changes nothing any more.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Event {
    /// Every road out of a governorate is closed: each side lives on its own.
    GovernorateClosed { governorate: Governorate, from: NaiveDate, until: NaiveDate },
    /// So many units of a component are asked for by group on top of the demand, from the begin of a day over so many
    /// hours, 1 to 168.
    MassCasualty {
        governorate: Governorate,
        component: Component,
        on: NaiveDate,
        hours: u32,
        units: BTreeMap<BloodGroup, u32>,
    },
    /// A drive brings nothing.
    DriveCancelled { drive: DriveId },
    /// Demand is so many times what is expected, above 0 to 20; of one governorate, or everywhere.
    DemandTimes { governorate: Option<Governorate>, factor: f64, from: NaiveDate, until: NaiveDate },
    /// Drives of a unit, and of all below it, on these days bring nothing.
    UnitDeployed { unit: UnitId, from: NaiveDate, until: NaiveDate },
    /// A blood bank receives nothing; what lies there on the first day asked for is out of reach until it is up again.
    BankDown { facility: FacilityId, from: NaiveDate, until: NaiveDate },
}

impl Event {
    /// What is wrong in it, under the name of the field that holds it.
    pub fn check(&self, field: &str, today: NaiveDate, faults: &mut Faults) {
        let is_near = |day: NaiveDate| (day - today).num_days().abs() <= FARTHEST_DAYS;
        if let Some((from, until)) = self.span() {
            if !is_near(from) {
                let name = if matches!(self, Self::MassCasualty { .. }) { "on" } else { "from" };
                faults.add(format!("{field}.{name}"), Code::OutOfRange);
            }
            if until < from || (until - from).num_days() > FARTHEST_DAYS {
                faults.add(format!("{field}.until"), Code::OutOfRange);
            }
        }
        match self {
            Self::MassCasualty { hours, units, component, .. } => {
                if !(1..=MOST_HOURS).contains(hours) {
                    faults.add(format!("{field}.hours"), Code::OutOfRange);
                }
                if units.is_empty() || !units.values().all(|units| (1..=MOST_UNITS).contains(units)) {
                    faults.add(format!("{field}.units"), Code::OutOfRange);
                }
                if !crate::projections::COMPONENTS.contains(component) {
                    faults.add(format!("{field}.component"), Code::InvalidValue);
                }
            }
            Self::DemandTimes { factor, .. } if !(*factor > 0.0 && *factor <= MOST_TIMES) => {
                faults.add(format!("{field}.factor"), Code::OutOfRange);
            }
            _ => {}
        }
    }

    /// Its first and last day; `None` of what has no day of its own.
    fn span(&self) -> Option<(NaiveDate, NaiveDate)> {
        match self {
            Self::GovernorateClosed { from, until, .. }
            | Self::DemandTimes { from, until, .. }
            | Self::UnitDeployed { from, until, .. }
            | Self::BankDown { from, until, .. } => Some((*from, *until)),
            Self::MassCasualty { on, hours, .. } => {
                Some((*on, *on + Days::new(u64::from(hours.saturating_sub(1) / 24))))
            }
            Self::DriveCancelled { .. } => None,
        }
    }

    /// Whether one of its days is among these.
    fn touches(&self, first: NaiveDate, last: NaiveDate) -> bool {
        self.span().is_some_and(|(from, until)| from <= last && until >= first)
    }
}

/// The roads that these events close on any of these days.
pub fn closed(events: &[Event], first: NaiveDate, last: NaiveDate) -> Vec<Closure> {
    let closure = |event: &Event| match event {
        Event::GovernorateClosed { governorate, .. } if event.touches(first, last) => Some(Closure {
            id: ClosureId(0),
            governorate: *governorate,
            other: None,
            from: Moment::default(),
            until: None,
            is_ended: false,
        }),
        _ => None,
    };
    events.iter().filter_map(closure).collect()
}

/// Whether a drive brings nothing; `below` are the units below a deployed one.
pub fn calls_off(events: &[Event], drive: &Coming, below: &BTreeMap<UnitId, Vec<UnitId>>) -> bool {
    events.iter().any(|event| match event {
        Event::DriveCancelled { drive: id } => *id == drive.id,
        Event::UnitDeployed { unit, .. } => {
            let is_away =
                *unit == drive.unit || below.get(unit).is_some_and(|units| units.contains(&drive.unit));
            is_away && event.touches(drive.on, drive.on)
        }
        _ => false,
    })
}

/// The days ahead, today 0, on which an event lasts; `None` where it is over.
fn ahead((from, until): (NaiveDate, NaiveDate), today: NaiveDate) -> Option<(usize, usize)> {
    let last = usize::try_from((until - today).num_days()).ok()?;
    Some((usize::try_from((from - today).num_days()).unwrap_or(0), last))
}

/// What is asked of shares: the part of an area's demand or supply that is one governorate's.
pub type Share<'a> = &'a dyn Fn(Governorate) -> f64;

/// What changes the demand of an area.
pub fn of_demand(
    events: &[Event],
    (component, group): (Component, BloodGroup),
    today: NaiveDate,
    share: Share<'_>,
    is_here: &dyn Fn(Governorate) -> bool,
) -> Vec<Shock> {
    let mut shocks = Vec::new();
    for event in events {
        let Some((first, last)) = event.span().and_then(|span| ahead(span, today)) else { continue };
        match event {
            Event::DemandTimes { governorate, factor, .. } => {
                let part = governorate.map_or(1.0, share);
                let times = (1.0 - part) + part * factor;
                shocks.push(Shock { first, last, times, more: 0.0 });
            }
            Event::MassCasualty { governorate, component: own, on, hours, units }
                if *own == component && is_here(*governorate) =>
            {
                let units = f64::from(units.get(&group).copied().unwrap_or(0));
                for day in 0..=(hours.saturating_sub(1) / 24) {
                    let of_day = f64::from((hours - day * 24).min(24)) / f64::from(*hours);
                    let at = (*on + Days::new(u64::from(day)) - today).num_days();
                    if let Ok(at) = usize::try_from(at) {
                        shocks.push(Shock { first: at, last: at, times: 1.0, more: units * of_day });
                    }
                }
            }
            _ => {}
        }
    }
    shocks
}

/// What changes the supply of an area: of a bank that is down, its part.
pub fn of_supply(events: &[Event], today: NaiveDate, part: &dyn Fn(FacilityId) -> f64) -> Vec<Shock> {
    let shock = |event: &Event| match event {
        Event::BankDown { facility, from, until } => {
            let (first, last) = ahead((*from, *until), today)?;
            Some(Shock { first, last, times: 1.0 - part(*facility), more: 0.0 })
        }
        _ => None,
    };
    events.iter().filter_map(shock).collect()
}

/// The banks that are down today, each with the first day on which what lies there can be had again.
pub fn down_now(events: &[Event], today: NaiveDate) -> BTreeMap<FacilityId, NaiveDate> {
    let mut down: BTreeMap<FacilityId, NaiveDate> = BTreeMap::new();
    for event in events {
        if let Event::BankDown { facility, until, .. } = event
            && event.touches(today, today)
        {
            let back = *until + Days::new(1);
            down.entry(*facility).and_modify(|own| *own = back.max(*own)).or_insert(back);
        }
    }
    down
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn today() -> NaiveDate {
        day("2026-11-24")
    }

    const O_NEG: (Component, BloodGroup) = (Component::RedCells, BloodGroup::ONeg);

    #[test]
    fn a_mass_casualty_is_spread_over_its_hours() {
        let event = Event::MassCasualty {
            governorate: Governorate::Hebron,
            component: Component::RedCells,
            on: day("2026-11-26"),
            hours: 30,
            units: [(BloodGroup::ONeg, 60)].into(),
        };
        let all = of_demand(std::slice::from_ref(&event), O_NEG, today(), &|_| 1.0, &|_| true);
        assert_eq!(
            all,
            [
                Shock { first: 2, last: 2, times: 1.0, more: 48.0 },
                Shock { first: 3, last: 3, times: 1.0, more: 12.0 }
            ]
        );
        let plasma = (Component::Plasma, BloodGroup::ONeg);
        assert!(of_demand(&[event], plasma, today(), &|_| 1.0, &|_| true).is_empty());
    }

    #[test]
    fn a_factor_of_a_part_weighs_as_that_part() {
        let times = |governorate, until: &str| Event::DemandTimes {
            governorate,
            factor: 3.0,
            from: day("2026-11-20"),
            until: day(until),
        };
        let events = [times(None, "2026-11-25"), times(Some(Governorate::Hebron), "2026-11-24")];
        let found = of_demand(&events, O_NEG, today(), &|_| 0.25, &|_| true);
        assert_eq!(
            found,
            [
                Shock { first: 0, last: 1, times: 3.0, more: 0.0 },
                Shock { first: 0, last: 0, times: 1.5, more: 0.0 }
            ]
        );
        assert!(
            of_demand(&[times(None, "2026-11-23")], O_NEG, today(), &|_| 1.0, &|_| true).is_empty(),
            "over"
        );
    }

    #[test]
    fn roads_are_closed_in_their_days_alone() {
        let event = Event::GovernorateClosed {
            governorate: Governorate::Jenin,
            from: day("2026-12-01"),
            until: day("2026-12-05"),
        };
        let on = |first, last| closed(std::slice::from_ref(&event), day(first), day(last)).len();
        assert_eq!(
            (on("2026-11-24", "2026-11-30"), on("2026-11-24", "2026-12-01"), on("2026-12-06", "2026-12-09")),
            (0, 1, 0)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        let fault = |event: &str| {
            let event: Event = serde_json::from_str(event).unwrap();
            let mut faults = Faults::none();
            event.check("events[0]", today(), &mut faults);
            let problem = faults.settle().err()?;
            Some((problem.errors[0].field.clone(), problem.errors.len()))
        };
        let times = |from: &str, until: &str, factor: &str| {
            fault(&format!(
                r#"{{"kind":"demand_times","governorate":null,"factor":{factor},"from":"{from}","until":"{until}"}}"#
            ))
        };
        assert_eq!(times("2026-11-24", "2026-11-24", "1.5"), None);
        assert_eq!(times("2026-11-24", "2026-11-23", "1.5"), Some(("events[0].until".to_owned(), 1)));
        assert_eq!(times("2029-11-24", "2029-11-25", "0"), Some(("events[0].from".to_owned(), 2)));
        let casualty = |hours: u32, units: &str| {
            fault(&format!(
                r#"{{"kind":"mass_casualty","governorate":"PS-HBN","component":"red_cells","on":"2026-11-25","hours":{hours},"units":{units}}}"#
            ))
        };
        assert_eq!(casualty(6, r#"{"o_neg":4}"#), None);
        assert_eq!(casualty(0, r#"{"o_neg":4}"#), Some(("events[0].hours".to_owned(), 1)));
        assert_eq!(casualty(6, "{}"), Some(("events[0].units".to_owned(), 1)));
        assert!(
            serde_json::from_str::<Event>(r#"{"kind":"drive_cancelled","drive":"0000000000001","x":1}"#)
                .is_err()
        );
    }
}
