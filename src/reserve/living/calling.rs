//! What is taken for granted of donors who are called, until calls are recorded: from `levels.toml`.

use serde::Deserialize;

/// The show rate at which a unit answers calls as the prior says, in per cent.
const USUAL_SHOW: f64 = 85.0;

/// How donors come when they are called.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Calling {
    own_unit: [f64; 2],
    others: [f64; 2],
    median_minutes: f64,
    spread: f64,
    travel_minutes: Travel,
    beds: u32,
    minutes_a_bed: u32,
    begin_after_minutes: u32,
    hours_a_day: u32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Travel {
    near: f64,
    far: f64,
}

impl Calling {
    /// What is wrong, if anything.
    pub(in crate::reserve) fn fault(&self) -> Option<&'static str> {
        let above = |number: &f64| number.is_finite() && *number > 0.0;
        let wait = |number: &f64| number.is_finite() && (0.0..=720.0).contains(number);
        if !self.own_unit.iter().chain(&self.others).all(above) {
            return Some("calling.own_unit, calling.others: expected two numbers above nothing");
        }
        if !above(&self.median_minutes) || !above(&self.spread) {
            return Some("calling.median_minutes, calling.spread: expected a number above nothing");
        }
        if !wait(&self.travel_minutes.near) || !wait(&self.travel_minutes.far) {
            return Some("calling.travel_minutes: expected 0 to 720");
        }
        if !(1..=200).contains(&self.beds) || !(5..=240).contains(&self.minutes_a_bed) {
            return Some("calling.beds: expected 1 to 200; calling.minutes_a_bed: 5 to 240");
        }
        if self.begin_after_minutes > 720 || !(1..=24).contains(&self.hours_a_day) {
            return Some("calling.begin_after_minutes: expected 0 to 720; calling.hours_a_day: 1 to 24");
        }
        None
    }

    /// The share of those called who give a usable unit in time, as Beta: of a unit by its own record of coming, in
    /// per cent, beside what is usual; of who has no unit as the prior says.
    #[must_use]
    pub fn share(&self, has_unit: bool, show: Option<i32>) -> (f64, f64) {
        let [gave, stayed] = if has_unit { self.own_unit } else { self.others };
        let weight = gave + stayed;
        let beside = show.filter(|_| has_unit).map_or(1.0, |show| f64::from(show) / USUAL_SHOW);
        let mean = (gave / weight * beside).clamp(0.01, 0.95);
        (mean * weight, (1.0 - mean) * weight)
    }

    /// Of those who come at all, the share who are there within so many hours; `near`: a site is in their governorate.
    #[must_use]
    pub fn arrived(&self, hours: i64, near: bool) -> f64 {
        let travel = if near { self.travel_minutes.near } else { self.travel_minutes.far };
        let minutes = 60.0 * f64::from(i32::try_from(hours).unwrap_or(i32::MAX)) - travel;
        if minutes <= 0.0 { 0.0 } else { normal((minutes / self.median_minutes).ln() / self.spread) }
    }

    /// What so many sites can bleed within so many hours of a call.
    #[must_use]
    pub fn at_most(&self, sites: usize, hours: i64) -> u32 {
        let hours = u32::try_from(hours).unwrap_or(0);
        let open = hours / 24 * self.hours_a_day + (hours % 24).min(self.hours_a_day);
        let minutes = (open * 60).saturating_sub(self.begin_after_minutes);
        let each = minutes / self.minutes_a_bed * self.beds;
        u32::try_from(sites).unwrap_or(u32::MAX).saturating_mul(each)
    }
}

/// The share of the normal distribution below `x`, to 7.5e-8 (Abramowitz and Stegun 26.2.17).
fn normal(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * x.abs());
    let tail = t
        * (0.319_381_530
            + t * (-0.356_563_782 + t * (1.781_477_937 + t * (-1.821_255_978 + t * 1.330_274_429))));
    let upper = tail * (-x * x / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if x < 0.0 { upper } else { 1.0 - upper }
}

#[cfg(test)]
mod tests {
    use crate::reserve::Levels;

    use super::*;

    fn calling() -> Calling {
        Levels::load(None).unwrap().calling
    }

    #[test]
    fn the_normal_is_the_tables() {
        for (x, below) in [(0.0, 0.5), (1.0, 0.841_344_7), (-1.281_551_6, 0.1), (3.0, 0.998_650_1)] {
            assert!((normal(x) - below).abs() < 1e-6, "{x}: {}", normal(x));
        }
    }

    #[test]
    fn a_unit_answers_as_it_came_before() {
        let calling = calling();
        assert_eq!(calling.share(false, None), (2.0, 18.0));
        let (gave, stayed) = calling.share(true, None);
        assert!((gave - 4.0).abs() < 1e-12 && (stayed - 12.0).abs() < 1e-12);
        assert_eq!(calling.share(true, Some(85)), calling.share(true, None));
        let (half, rest) = calling.share(true, Some(43));
        assert!((half - 4.0 * 43.0 / 85.0).abs() < 1e-9 && (half + rest - 16.0).abs() < 1e-9);
    }

    #[test]
    fn who_is_far_comes_later_and_beds_turn_over() {
        let calling = calling();
        assert!((calling.arrived(2, true) - 0.5).abs() < 1e-6);
        assert!(calling.arrived(2, false) < 0.1 && calling.arrived(1, false) == 0.0);
        assert!(calling.arrived(72, false) > 0.999);
        // Four beds of half an hour each, begun an hour after the call, sixteen hours a day.
        assert_eq!([2, 6, 24, 72].map(|hours| calling.at_most(1, hours)), [8, 40, 120, 376]);
        assert_eq!((calling.at_most(3, 6), calling.at_most(0, 72), calling.at_most(1, 1)), (120, 0, 0));
    }
}
