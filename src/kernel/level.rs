//! How well a reserve stands: the level of a group of a component in one sharing region.
//!
//! A level is entered at once and left only after two days above it; the ledger of levels keeps that
//! count, here is the level of one moment. Bands are proposed defaults, to be signed; a house may have others.

use crate::blood::Component;

word! {
    /// From well to worst; `unknown` when nobody reported.
    pub enum Level {
        Green = "green",
        Watch = "watch",
        Amber = "amber",
        Red = "red",
        Black = "black",
        Unknown = "unknown",
    }
}

/// Under this average daily demand (units a day) a group is judged by units, not by days.
pub const SMALL_GROUP_UNDER: f64 = 1.0;
/// No average daily demand is taken for lower than this (units a day).
pub const DEMAND_FLOOR: f64 = 0.1;
/// Days until a small group's stock can be made good.
pub const RESUPPLY_DAYS: f64 = 7.0;
/// One-sided 95 % of the normal distribution.
const Z: f64 = 1.65;

/// The least days of cover of green, watch, amber and red; black below.
#[derive(Debug, Clone, Copy, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bands {
    /// Of every component but platelets.
    pub default: [f64; 4],
    pub platelets: [f64; 4],
}

impl Default for Bands {
    fn default() -> Self {
        Self { default: [6.0, 3.0, 2.0, 1.0], platelets: [1.5, 1.0, 0.5, 0.25] }
    }
}

impl Bands {
    #[must_use]
    pub const fn of(&self, component: Component) -> [f64; 4] {
        match component {
            Component::Platelets => self.platelets,
            Component::WholeBlood | Component::RedCells | Component::Plasma | Component::Cryoprecipitate => {
                self.default
            }
        }
    }

    /// Whether each is above nothing and lower than the one before.
    #[must_use]
    pub fn fall(&self) -> bool {
        [self.default, self.platelets].iter().all(|[green, watch, amber, red]| {
            green.is_finite() && green > watch && watch > amber && amber > red && *red > 0.0
        })
    }

    /// The level of so many days of cover; `unknown` for what is no number.
    #[must_use]
    pub fn level_of(&self, component: Component, days_of_cover: f64) -> Level {
        if days_of_cover.is_nan() {
            return Level::Unknown;
        }
        self.of(component)
            .into_iter()
            .zip([Level::Green, Level::Watch, Level::Amber, Level::Red])
            .find_map(|(least, level)| (days_of_cover >= least).then_some(level))
            .unwrap_or(Level::Black)
    }
}

/// The average daily demand to judge by: the higher of the 28-day and the 7-day mean, never under the
/// floor.
#[must_use]
pub fn average_daily_demand(mean_28: f64, mean_7: f64) -> f64 {
    mean_28.max(mean_7).max(DEMAND_FLOOR)
}

/// Whether a group is judged by units instead of days.
#[must_use]
pub fn is_small(average_daily_demand: f64) -> bool {
    average_daily_demand < SMALL_GROUP_UNDER
}

/// Units that a small group should hold: mean demand over the resupply time and 1.65 times its root,
/// rounded up; at least 1.
#[must_use]
pub fn floor_units(average_daily_demand: f64, resupply_days: f64) -> u32 {
    let mean = average_daily_demand.max(DEMAND_FLOOR) * resupply_days.max(0.0);
    let units = Z.mul_add(mean.sqrt(), mean).ceil().max(1.0);
    #[allow(clippy::as_conversions)] // saturates at u32::MAX, which is what an absurd demand deserves
    let units = units as u32;
    units
}

/// Units that meet so many days of this demand, rounded up.
#[must_use]
pub fn units_for(average_daily_demand: f64, days: f64) -> u32 {
    let units = (average_daily_demand * days - 1e-9).ceil().max(0.0);
    #[allow(clippy::as_conversions)] // saturates at u32::MAX, which is what an absurd demand deserves
    let units = units as u32;
    units
}

/// The level of a small group: green from the floor, watch from three quarters of it, amber from a
/// half, red from a quarter, black below.
#[must_use]
pub fn level_of_small(units: u32, floor: u32) -> Level {
    let held = u64::from(units) * 4;
    let floor = u64::from(floor.max(1));
    match held {
        _ if held >= floor * 4 => Level::Green,
        _ if held >= floor * 3 => Level::Watch,
        _ if held >= floor * 2 => Level::Amber,
        _ if held >= floor => Level::Red,
        _ => Level::Black,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn every_edge_belongs_to_the_better_level() {
        let levels = [Level::Green, Level::Watch, Level::Amber, Level::Red, Level::Black];
        let bands = Bands::default();
        for component in Component::ALL {
            let level_of = |days| bands.level_of(*component, days);
            for (place, edge) in bands.of(*component).into_iter().enumerate() {
                assert_eq!(level_of(edge), levels[place], "{component} {edge}");
                assert_eq!(level_of(edge.next_down()), levels[place + 1], "{component} {edge}");
            }
            assert_eq!(level_of(0.0), Level::Black);
            assert_eq!(level_of(-1.0), Level::Black);
            assert_eq!(level_of(f64::INFINITY), Level::Green);
            assert_eq!(level_of(f64::NAN), Level::Unknown);
        }
    }

    #[test]
    fn bands_are_the_authors() {
        let Some(rules) = sources::domain("rules.json") else { return };
        let table = &rules["reserve_bands"];
        for component in Component::ALL {
            let row = if *component == Component::Platelets { "PLT" } else { "DEFAULT" };
            for (least, level) in
                Bands::default().of(*component).into_iter().zip(["GREEN", "WATCH", "AMBER", "RED"])
            {
                assert!((least - table[row][level].as_f64().unwrap()).abs() < f64::EPSILON);
            }
        }
        let floor = table["small_group_floor"]["average_daily_demand_floor"].as_f64().unwrap();
        assert!((floor - DEMAND_FLOOR).abs() < f64::EPSILON);
    }

    #[test]
    fn small_groups_are_judged_by_quarters_of_their_floor() {
        let of_eight: Vec<Level> = [8, 7, 6, 5, 4, 3, 2, 1, 0].map(|units| level_of_small(units, 8)).into();
        assert_eq!(
            of_eight,
            [
                Level::Green,
                Level::Watch,
                Level::Watch,
                Level::Amber,
                Level::Amber,
                Level::Red,
                Level::Red,
                Level::Black,
                Level::Black
            ]
        );
        assert_eq!(level_of_small(0, 0), Level::Black);
        assert_eq!(level_of_small(u32::MAX, u32::MAX), Level::Green);
    }

    #[test]
    fn the_floor_rises_with_demand_and_time() {
        // 0.5 a day over 7 days: 3.5 + 1.65 * 1.8708 = 6.587.
        assert_eq!(floor_units(0.5, 7.0), 7);
        // The floor of demand: 0.7 + 1.65 * 0.8367 = 2.081.
        assert_eq!(floor_units(0.0, 7.0), 3);
        assert_eq!(floor_units(f64::NAN, 7.0), 3);
        assert_eq!(floor_units(0.5, 0.0), 1);
        assert_eq!(floor_units(f64::INFINITY, 7.0), u32::MAX);
    }

    #[test]
    fn days_of_demand_in_whole_units() {
        assert_eq!([units_for(2.1, 6.0), units_for(2.0, 6.0), units_for(0.0, 6.0)], [13, 12, 0]);
    }

    #[test]
    fn demand_has_a_floor_and_follows_the_recent_week() {
        assert!((average_daily_demand(0.0, 0.0) - 0.1).abs() < f64::EPSILON);
        assert!((average_daily_demand(2.0, 3.0) - 3.0).abs() < f64::EPSILON);
        assert!(is_small(1.0_f64.next_down()) && !is_small(1.0));
    }
}
