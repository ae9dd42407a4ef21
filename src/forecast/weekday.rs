//! The weekday mean and its honest bands: a first simple model that is hard to beat.
//!
//! Expected counts are the means of the last eight weeks by weekday. Bands are past errors at the same
//! horizon, scaled to today's level: those of single days for a day, those of *totals* for a total.
//! Adding up daily variances would be wrong, because the errors of one month lean the same way.
//! With too little past for that, a band is assumed, and says so. No band falls below zero.

use crate::band::Band;
use crate::history::{History, Profile};
use crate::number::{len, wide};
use crate::series::Series;

/// What the expected counts rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// No observed day: the caller's prior rate.
    Prior,
    /// Fewer than 28 observed days: their mean, the same for every weekday.
    OverallMean,
    /// The last eight weeks, by weekday.
    WeekdayMean,
}

/// A day ahead.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ForecastDay {
    /// Expected count.
    pub mean: f64,
    /// The count of this day.
    pub band: Band,
    /// Expected total from the first day ahead through this one.
    pub total_mean: f64,
    /// That total.
    pub total: Band,
}

/// Days ahead, the first one the day after the history's last.
#[derive(Debug, Clone, PartialEq)]
pub struct Forecast {
    pub basis: Basis,
    /// Up to this many days ahead totals rest on past errors at their own horizon; beyond it the relative
    /// error of the longest one is kept. Zero: the bands are assumed, not measured.
    pub measured_days: usize,
    pub days: Vec<ForecastDay>,
}

/// The fitted model.
#[derive(Debug, Clone)]
pub struct WeekdayModel {
    pub(crate) history: History,
    pub(crate) profile: Profile,
    basis: Basis,
}

/// Fewer past errors than this say nothing about a 5 % tail.
const LEAST_ERRORS: usize = 19;
/// A horizon counts as measured when the origins' span holds it this many times over: overlapping
/// totals are nearly copies of one another.
const LEAST_SPANS: usize = 3;
/// At most about this many overlapping totals are sorted per band.
const MOST_TOTALS: usize = 300;
/// Standard deviation of the log level without any history (MODELS, cold start).
const PRIOR_SPREAD: f64 = 0.5;
/// The same with some history, but too little to measure errors: half of it, an assumption.
const SHORT_SPREAD: f64 = 0.25;
/// Dispersion of daily counts where none could be measured: var = μ + μ²/10, an assumption.
pub(crate) const ASSUMED_DISPERSION: f64 = 10.0;
/// Standard normal quantiles at [`Band::LEVELS`].
const NORMAL: [f64; 5] = [-1.644_853_6, -1.281_551_6, 0.0, 1.281_551_6, 1.644_853_6];

impl WeekdayModel {
    /// Fits the series; `prior_rate` (units a day) is used only where no day was observed.
    #[must_use]
    pub fn fit(series: &Series, prior_rate: f64) -> Self {
        let history = History::of(series);
        let (basis, profile) = match (history.profile(history.days()), history.mean()) {
            (Some(profile), _) => (Basis::WeekdayMean, profile),
            (None, Some(mean)) => (Basis::OverallMean, Profile::flat(mean)),
            (None, None) => (Basis::Prior, Profile::flat(if prior_rate > 0.0 { prior_rate } else { 0.0 })),
        };
        Self { history, profile, basis }
    }

    /// What the expected counts rest on.
    #[must_use]
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// Expected count `ahead` days after the first day ahead (0: the day after the history's last).
    #[must_use]
    pub fn mean(&self, ahead: usize) -> f64 {
        self.profile.at(self.phase(ahead))
    }

    /// Expected counts of the first `days` days ahead.
    #[must_use]
    pub fn means(&self, days: usize) -> Vec<f64> {
        (0..days).map(|ahead| self.mean(ahead)).collect()
    }

    pub(crate) fn phase(&self, ahead: usize) -> usize {
        self.history.phase(self.history.days() + ahead)
    }

    /// The longest horizon, in days, whose totals have enough ended and separate origins.
    pub(crate) fn measured_days(&self) -> usize {
        let usable = |days: &usize| {
            let origins = self.history.ended(*days).len();
            origins >= LEAST_ERRORS && origins >= LEAST_SPANS * days
        };
        let most = self.history.days().min(crate::history::MEMORY) / LEAST_SPANS;
        if self.basis == Basis::WeekdayMean { (1..=most).rev().find(usable).unwrap_or(0) } else { 0 }
    }

    pub(crate) fn assumed_spread(&self) -> f64 {
        if self.basis == Basis::Prior { PRIOR_SPREAD } else { SHORT_SPREAD }
    }

    /// Means and bands of the first `days` days ahead, and of the running total.
    #[must_use]
    pub fn forecast(&self, days: usize) -> Forecast {
        let measured_days = self.measured_days();
        let day = |ahead: usize| {
            let mean = self.mean(ahead);
            let total_mean = self.profile.total(self.phase(0), ahead + 1);
            ForecastDay {
                mean,
                band: self.day_band(ahead, measured_days).unwrap_or_else(|| self.assumed_band(mean, 1)),
                total_mean,
                total: self
                    .total_band(ahead + 1, measured_days)
                    .unwrap_or_else(|| self.assumed_band(total_mean, ahead + 1)),
            }
        };
        Forecast { basis: self.basis, measured_days, days: (0..days).map(day).collect() }
    }

    /// The total of the first `days` days ahead alone: its mean and band.
    #[must_use]
    pub fn total(&self, days: usize) -> (f64, Band) {
        let mean = self.profile.total(self.phase(0), days);
        let band = self.total_band(days, self.measured_days());
        (mean, band.unwrap_or_else(|| self.assumed_band(mean, days)))
    }

    /// Errors of the same weekday at the same horizon; of all weekdays where those are too few.
    fn day_band(&self, ahead: usize, measured: usize) -> Option<Band> {
        // Past what was measured: the last measured horizon that falls on the same weekday.
        let last = measured.checked_sub(1)?;
        let back = (7 - ahead.saturating_sub(last) % 7) % 7;
        let shown = if ahead <= last { ahead } else { last.saturating_sub(back) };
        let origins = self.history.ended(shown + 1);
        let same = origins.clone().filter(|origin| self.phase(0) == self.history.phase(*origin));
        let mut errors: Vec<f64> = same.filter_map(|origin| self.history.day_error(origin, shown)).collect();
        if errors.len() < LEAST_ERRORS {
            errors = origins.filter_map(|origin| self.history.day_error(origin, shown)).collect();
        }
        self.spread(errors, self.mean(ahead), self.profile.level)
    }

    fn total_band(&self, days: usize, measured: usize) -> Option<Band> {
        let shown = days.min(measured);
        let origins = self.history.ended(shown);
        let stride = origins.len().div_ceil(MOST_TOTALS).max(1);
        // A stride of whole weeks would look at one weekday only.
        let stride = if stride.is_multiple_of(7) { stride + 1 } else { stride };
        let errors =
            origins.step_by(stride).filter_map(|origin| self.history.total_error(origin, shown)).collect();
        self.spread(errors, self.profile.total(self.phase(0), days), self.profile.level * len(days))
    }

    fn spread(&self, mut errors: Vec<f64>, mean: f64, scale: f64) -> Option<Band> {
        if errors.len() < LEAST_ERRORS {
            return None;
        }
        Band::of(&mut errors).map(|band| band.map(|error| (mean + error * scale).max(0.0)))
    }

    /// A lognormal band with this mean: an uncertain level common to all days, and over-dispersed counts.
    fn assumed_band(&self, mean: f64, days: usize) -> Band {
        let level = self.assumed_spread().powi(2);
        let counts =
            1.0 / mean.max(0.1) + 1.0 / (ASSUMED_DISPERSION * crate::number::real(wide(days).max(1)));
        let variance = level + counts.ln_1p();
        let [p5, p10, p50, p90, p95] = NORMAL.map(|z| mean * (z * variance.sqrt() - variance / 2.0).exp());
        Band { p5, p10, p50, p90, p95 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::number::real;
    use crate::series::Axis;
    use chrono::Weekday;

    const AXIS: Axis = Axis::Numbered { first: 1, weekday: Some(Weekday::Mon) };

    fn noisy(days: u64, level: impl Fn(u64) -> f64) -> Series {
        let count = |day| Some(f64::from(Chance::new(3, 3).at(0, day).poisson(level(day))));
        Series::new(AXIS, (0..days).map(count))
    }

    #[test]
    fn the_ladder_by_length_of_history() {
        let none = WeekdayModel::fit(&Series::new(AXIS, []), 3.5);
        assert_eq!((none.basis(), none.mean(0), none.mean(6)), (Basis::Prior, 3.5, 3.5));
        assert_eq!(WeekdayModel::fit(&Series::new(AXIS, [None, None]), f64::NAN).mean(0), 0.0);
        let counts = |days: u32| Series::new(AXIS, (0..days).map(|d| Some(f64::from(d % 7))));
        let short = WeekdayModel::fit(&counts(21), 9.0);
        assert_eq!((short.basis(), short.mean(0), short.mean(4)), (Basis::OverallMean, 3.0, 3.0));
        let long = WeekdayModel::fit(&counts(30), 9.0);
        assert_eq!((long.basis(), long.means(3)), (Basis::WeekdayMean, vec![2.0, 3.0, 4.0]));
        assert_eq!(long.forecast(9).measured_days, 0);
        assert!(WeekdayModel::fit(&counts(400), 9.0).forecast(1).measured_days >= 84);
    }

    #[test]
    fn bands_are_ordered_wide_enough_and_never_negative() {
        for series in
            [noisy(0, |_| 1.0), noisy(12, |_| 0.2), noisy(60, |_| 3.0), noisy(900, |d| 0.3 + real(d % 7))]
        {
            for day in WeekdayModel::fit(&series, 2.0).forecast(200).days {
                for b in [day.band, day.total] {
                    assert!(
                        0.0 <= b.p5 && b.p5 <= b.p10 && b.p10 <= b.p50 && b.p50 <= b.p90 && b.p90 <= b.p95,
                        "{b:?}"
                    );
                }
                assert!(day.mean >= 0.0 && day.total_mean > 0.0 && day.total.p95 > day.total.p5);
            }
        }
    }

    #[test]
    fn a_total_with_common_errors_is_wider_than_added_daily_ones() {
        // The level wanders by months: errors of one month lean the same way.
        let series = noisy(1_500, |day| 100.0 * (0.4 * (real(day) / 60.0).sin()).exp());
        let forecast = WeekdayModel::fit(&series, 0.0).forecast(28);
        let added: f64 = forecast.days.iter().map(|d| (d.band.p90 - d.band.p10).powi(2)).sum::<f64>().sqrt();
        let total = forecast.days[27].total;
        assert!(total.p90 - total.p10 > 2.0 * added, "{} against {added}", total.p90 - total.p10);
        let alone = WeekdayModel::fit(&series, 0.0).total(28);
        assert_eq!(alone, (forecast.days[27].total_mean, total));
    }

    #[test]
    fn independent_poisson_counts_get_poisson_bands() {
        let model = WeekdayModel::fit(&noisy(1_100, |day| if day % 7 == 4 { 4.0 } else { 40.0 }), 0.0);
        let days = model.forecast(14).days;
        // Poisson(40): P10 = 32, P90 = 48; the eight-week mean adds an eighth of the variance.
        assert!((days[0].band.p90 - days[0].band.p10 - 17.0).abs() < 4.0, "{:?}", days[0]);
        // Poisson(4) on Fridays: P10 = 2, P90 = 7.
        let friday = (0..7).find(|d| days[*d].mean < 10.0).unwrap();
        assert!((days[friday].band.p90 - days[friday].band.p10 - 5.3).abs() < 1.5, "{:?}", days[friday]);
    }
}
