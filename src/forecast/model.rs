//! The count model: a calendar regression blended with the weekday mean, bands from its own past errors.
//!
//! Three forecasts (the regression at a slow and at a quick level, the eight-week weekday mean) are weighed by
//! how far each was from the totals of the last year or so. The band of a *total* comes from the errors of
//! totals at the same horizon, from origins whose horizon had already ended, stretched or shrunk by how hard
//! the last three months were; the band of a *day* from the errors of days, scaled by how much days of its
//! type scatter. The weekday mean speaks alone below 180 observed days, without a calendar below two years, and
//! always where days have no dates; below 28 days the plain mean does. With too few past errors a band is
//! assumed, and says so.

mod futures; // simulated daily counts that err as the forecasts did

use crate::alarm::{self, Change};
use crate::calendar::Calendar;
use crate::columns::DayType;
use crate::history::History;
use crate::number::len;
use crate::sample::{Quantiles, Sample, faded, weighted_mean};
use crate::series::Series;
use crate::walk::{MEMBERS, Origin, STEP, Walk};

/// Horizons whose totals weigh the members and tell how hard the times are, in days.
const WEIGHED: [usize; 3] = [7, 14, 28];
/// Members weigh by the inverse of their errors to a power that grows by this much with each week of errors:
/// about 20 after years, so that the best one decides, and little while errors are few.
const SHARPER: f64 = 0.3;
/// Errors of members and of days halve in weight over a year.
const HALF_LIFE: f64 = 365.0;
/// Errors of totals do over half a year, so that bands follow when times grow calm or wild.
const TOTALS_HALF_LIFE: f64 = 180.0;
/// What "lately" is for the stretch.
const RECENT: f64 = 90.0;
/// Errors of origins older than this count no more: three years.
const MEMORY: usize = 1_095;
/// Fewer past errors than this say nothing about a tail.
const LEAST_ERRORS: usize = 20;
/// The span of past origins holds a measured horizon this many times over.
const LEAST_SPANS: usize = 3;
/// Scatter of a day type is shrunk to that of all days as if so many days had shown that.
const SHRUNK: f64 = 20.0;
/// An alarm older than this is no news.
const ALARM_WEEKS: usize = 4;
/// Leads whose errors of single days are pooled.
const LEADS: usize = 28;
/// Points of the law of a day's error.
const POINTS: u32 = 200;
/// Standard deviation of the log of a total: without any history, and with some but too little.
const ASSUMED: (f64, f64) = (0.5, 0.25);

/// What the expected counts rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rests {
    /// Nothing observed: zero.
    Nothing,
    /// The mean of fewer than 28 observed days.
    OverallMean,
    /// The last eight weeks, by weekday.
    WeekdayMean,
    /// The calendar regression, blended.
    Regression,
}

/// A count to come.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    pub mean: f64,
    pub sample: Sample,
    /// Whether the band rests on past errors; else it is assumed.
    pub measured: bool,
}

impl Expected {
    /// The five quantiles.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        self.sample.quantiles()
    }
}

/// A past origin with what was blended there.
#[derive(Debug, Clone)]
struct Past {
    day: usize,
    means: Vec<f64>,
    kinds: Vec<DayType>,
}

/// The fitted model.
#[derive(Debug, Clone)]
pub struct CountModel {
    history: History,
    rests: Rests,
    past: Vec<Past>,
    now: Past,
    weights: [f64; MEMBERS],
    stretch: f64,
    /// Squared relative scatter of days by type, in the order of [`DayType::ALL`].
    scatter: [f64; 4],
    /// Standardised errors of days.
    days: Option<Sample>,
}

impl CountModel {
    /// Fits the series and looks `horizon` days ahead.
    #[must_use]
    pub fn fit(series: &Series, calendar: &Calendar, horizon: usize) -> Self {
        let history = History::of(series);
        let longest = WEIGHED.into_iter().max().unwrap_or(0).max(horizon);
        let (origins, kinds) = Walk::through(series, &history, calendar, longest);
        let mut blend = Blend { scores: [(0.0, 0.0); MEMBERS] };
        let mut past = Vec::with_capacity(origins.len());
        let mut weights = [0.0; MEMBERS];
        let present = origins.len().saturating_sub(1);
        for (at, kinds) in kinds.into_iter().enumerate() {
            let before = origins.get(..=at).unwrap_or_default();
            let Some(origin) = before.last() else { continue };
            blend.score(&history, before);
            weights = blend.weights(origin);
            // A morning on which no member could speak teaches nothing of their errors.
            if at == present || origin.members.iter().any(Option::is_some) {
                past.push(Past {
                    day: origin.day,
                    means: blended(&history, origin, &weights, longest),
                    kinds,
                });
            }
        }
        let now = past.pop().unwrap_or(Past { day: 0, means: vec![0.0; longest], kinds: Vec::new() });
        let rests = match origins.last().map(|origin| origin.members.each_ref().map(Option::is_some)) {
            Some([true, ..]) => Rests::Regression,
            Some([_, _, true]) => Rests::WeekdayMean,
            _ if history.mean().is_some() => Rests::OverallMean,
            _ => Rests::Nothing,
        };
        let mut model =
            Self { history, rests, past, now, weights, stretch: 1.0, scatter: [0.0; 4], days: None };
        model.stretch = model.stretch();
        model.scatter = model.scatter();
        model.days = model.day_errors();
        model
    }

    /// What the expected counts rest on.
    #[must_use]
    pub const fn rests(&self) -> Rests {
        self.rests
    }

    /// Shares of the regression at its slow level, at its quick level, and of the weekday mean.
    #[must_use]
    pub const fn weights(&self) -> [f64; MEMBERS] {
        self.weights
    }

    /// The latest alarm of the last four weeks, if one rang: what came was off to one side of the forecasts.
    #[must_use]
    pub fn change(&self) -> Option<Change> {
        let error = |past: &Past| {
            let expected: f64 = past.means.iter().take(STEP).sum();
            Some(log_ratio(self.history.total(past.day, STEP)?, expected))
        };
        let errors: Vec<Option<f64>> = self.past.iter().map(error).collect();
        alarm::latest(&errors).filter(|change| change.weeks < ALARM_WEEKS)
    }

    /// The type of the day `ahead` days after the first day ahead.
    #[must_use]
    pub fn kind(&self, ahead: usize) -> Option<DayType> {
        self.now.kinds.get(ahead).copied()
    }

    /// Expected counts of the days ahead.
    #[must_use]
    pub fn means(&self) -> &[f64] {
        &self.now.means
    }

    /// The count of the day `ahead` days after the first day ahead; `None` past the horizon.
    #[must_use]
    pub fn day(&self, ahead: usize) -> Option<Expected> {
        let (mean, kind) = (*self.now.means.get(ahead)?, self.kind(ahead)?);
        let sample = self.days.as_ref().map(|errors| {
            let deviation = self.deviation(mean, kind);
            errors.counts(|error| mean + error * deviation)
        });
        let measured = sample.is_some();
        Some(Expected { mean, sample: sample.unwrap_or_else(|| self.assumed(mean, 1)), measured })
    }

    /// The total of the first `days` days ahead; `None` past the horizon.
    #[must_use]
    pub fn total(&self, days: usize) -> Option<Expected> {
        let mean: f64 = self.now.means.get(..days)?.iter().sum();
        let shown = (1..=days).rev().find(|shown| self.is_measured(*shown));
        let errors =
            shown.map(|shown| self.total_errors(shown)).filter(|errors| errors.len() >= LEAST_ERRORS);
        let sample = errors
            .and_then(Sample::of)
            .map(|errors| errors.counts(|error| (mean + HALF) * (error * self.stretch).exp() - HALF));
        let measured = sample.is_some();
        Some(Expected { mean, sample: sample.unwrap_or_else(|| self.assumed(mean, days)), measured })
    }

    fn is_measured(&self, days: usize) -> bool {
        let ended = self.ended(days).count();
        ended >= LEAST_ERRORS && ended * STEP >= LEAST_SPANS * days && self.rests != Rests::OverallMean
    }

    /// Past origins whose horizon of `days` days had ended, each with the days since then.
    fn ended(&self, days: usize) -> impl Iterator<Item = (&Past, usize)> {
        let now = self.now.day;
        self.past.iter().filter_map(move |past| {
            let since = now.checked_sub(past.day + days)?;
            (since <= MEMORY).then_some((past, since))
        })
    }

    /// Log ratios of what totals came to and what was expected, with their weights.
    fn total_errors(&self, days: usize) -> Vec<(f64, f64)> {
        let error = |(past, since): (&Past, usize)| {
            let expected: f64 = past.means.get(..days)?.iter().sum();
            Some((log_ratio(self.history.total(past.day, days)?, expected), faded(since, TOTALS_HALF_LIFE)))
        };
        self.ended(days).filter_map(error).collect()
    }

    /// How large the errors of totals were in the last months beside those of the last years.
    fn stretch(&self) -> f64 {
        let ratio = |days: usize| {
            let size = |half_life: f64| {
                let error = |(past, since): (&Past, usize)| {
                    let expected: f64 = past.means.get(..days)?.iter().sum();
                    let error = log_ratio(self.history.total(past.day, days)?, expected);
                    Some((error.abs(), faded(since, half_life)))
                };
                weighted_mean(self.ended(days).filter_map(error)).filter(|size| *size > 0.0)
            };
            Some(size(RECENT)? / size(TOTALS_HALF_LIFE)?)
        };
        let ratios: Vec<f64> = WEIGHED.into_iter().filter_map(ratio).collect();
        if ratios.is_empty() { 1.0 } else { (ratios.iter().sum::<f64>() / len(ratios.len())).clamp(0.5, 2.0) }
    }

    /// Errors of days at all pooled leads: type, expected count, what came, weight.
    fn past_days(&self) -> impl Iterator<Item = (DayType, f64, f64, f64)> {
        let now = self.now.day;
        self.ended(0).flat_map(move |(past, since)| {
            let days = past.means.iter().zip(&past.kinds).take(LEADS).enumerate();
            days.filter_map(move |(ahead, (mean, kind))| {
                let day = past.day + ahead;
                let count = if day < now { self.history.count(day)? } else { return None };
                Some((*kind, *mean, count, faded(since, HALF_LIFE)))
            })
        })
    }

    fn scatter(&self) -> [f64; 4] {
        let mut sums = [(0.0, 0.0, 0.0); 4];
        for (kind, mean, count, weight) in self.past_days() {
            if let Some(sum) = sums.get_mut(place(kind)) {
                sum.0 += weight * ((count - mean).powi(2) - mean);
                sum.1 += weight * mean * mean;
                sum.2 += weight;
            }
        }
        let all = sums.iter().fold((0.0, 0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1, a.2 + b.2));
        let common = if all.1 > 0.0 { (all.0 / all.1).max(0.0) } else { 0.0 };
        sums.map(|(excess, squares, weight)| {
            let own = if squares > 0.0 { (excess / squares).max(0.0) } else { common };
            // A lead of 28 days meets each day four times over.
            let days = weight * len(STEP) / len(LEADS);
            (days * own + SHRUNK * common) / (days + SHRUNK)
        })
    }

    /// Standard deviation of a day of this type that expects so many.
    fn deviation(&self, mean: f64, kind: DayType) -> f64 {
        let scatter = self.scatter.get(place(kind)).copied().unwrap_or(0.0);
        (mean + scatter * mean * mean).sqrt()
    }

    fn day_errors(&self) -> Option<Sample> {
        if self.rests == Rests::OverallMean || !self.is_measured(STEP) {
            return None;
        }
        let error = |(kind, mean, count, weight): (DayType, f64, f64, f64)| {
            let deviation = self.deviation(mean, kind);
            (deviation > 0.0).then(|| ((count - mean) / deviation, weight))
        };
        Sample::of(self.past_days().filter_map(error).collect()).map(|errors| errors.thinned(POINTS))
    }

    /// A lognormal band with this mean: an uncertain level common to all days, and counts around it.
    fn assumed(&self, mean: f64, days: usize) -> Sample {
        let level = if self.rests == Rests::Nothing { ASSUMED.0 } else { ASSUMED.1 };
        let counts = 1.0 / mean.max(0.1) + 0.1 / len(days.max(1));
        let variance = level * level + counts.ln_1p();
        Sample::assumed(variance.sqrt()).counts(|error| mean * (error - variance / 2.0).exp())
    }
}

/// Half a unit keeps the ratio of two counts finite where one is zero.
const HALF: f64 = 0.5;

fn log_ratio(came: f64, expected: f64) -> f64 {
    ((came + HALF) / (expected + HALF)).ln()
}

fn place(kind: DayType) -> usize {
    DayType::ALL.iter().position(|known| *known == kind).unwrap_or(0)
}

/// Errors of each member, faded: sum and weight.
struct Blend {
    scores: [(f64, f64); MEMBERS],
}

impl Blend {
    /// Takes in the totals that ended on the morning of the last of these origins.
    fn score(&mut self, history: &History, origins: &[Origin]) {
        let kept = faded(STEP, HALF_LIFE);
        self.scores.iter_mut().for_each(|score| *score = (score.0 * kept, score.1 * kept));
        for days in WEIGHED {
            let Some(origin) = origins.len().checked_sub(1 + days / STEP).and_then(|at| origins.get(at))
            else {
                continue;
            };
            let Some(came) = history.total(origin.day, days) else { continue };
            for (score, member) in self.scores.iter_mut().zip(&origin.members) {
                let Some(expected) = member.as_ref().and_then(|means| means.get(..days)) else { continue };
                *score = (score.0 + log_ratio(came, expected.iter().sum()).abs(), score.1 + 1.0);
            }
        }
    }

    /// Shares of the members that speak. One without a past yet counts as half as good as the best.
    fn weights(&self, origin: &Origin) -> [f64; MEMBERS] {
        let speaks = origin.members.each_ref().map(Option::is_some);
        let errors = self.scores.map(|(sum, weight)| (weight > 0.0).then(|| sum / weight + 1e-4));
        let best = errors.iter().flatten().copied().fold(f64::INFINITY, f64::min);
        let best = if best.is_finite() { best } else { 1.0 };
        let weeks = self.scores.iter().map(|(_, weight)| *weight).fold(0.0, f64::max) / len(WEIGHED.len());
        let mut weights = [0.0; MEMBERS];
        for ((weight, error), speaks) in weights.iter_mut().zip(errors).zip(speaks) {
            *weight = if speaks { (best / error.unwrap_or(2.0 * best)).powf(SHARPER * weeks) } else { 0.0 };
        }
        let sum: f64 = weights.iter().sum();
        if sum > 0.0 { weights.map(|weight| weight / sum) } else { weights }
    }
}

fn blended(history: &History, origin: &Origin, weights: &[f64; MEMBERS], days: usize) -> Vec<f64> {
    if weights.iter().all(|weight| *weight == 0.0) {
        return vec![history.mean_before(origin.day).unwrap_or(0.0); days];
    }
    let mut means = vec![0.0; days];
    for (member, weight) in origin.members.iter().zip(weights) {
        let Some(member) = member else { continue };
        means.iter_mut().zip(member).for_each(|(mean, own)| *mean += weight * own);
    }
    means
}

#[cfg(test)]
mod tests;
