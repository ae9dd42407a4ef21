//! Methods side by side on one series: rolling origins, each knowing only the days before it.
//!
//! The model brings its own bands. Every other method gets the bands that its own past errors on the same
//! grid of origins allow, so that scores compare forecasts and not care. An origin counts at a horizon when
//! every day of it was observed. MASE is scaled by the mean difference to a week before, over the days known.

use rayon::prelude::*;

use crate::alarm::Change;
use crate::baselines::Method;
use crate::calendar::Calendar;
use crate::columns::DayType;
use crate::history::History;
use crate::model::{CountModel, Expected};
use crate::number::{len, real};
use crate::sample::{Quantiles, Sample, faded};
use crate::series::Series;

/// Seconds since any fixed moment: the caller's clock, since nothing here asks for the time.
pub type Stopwatch<'a> = &'a (dyn Fn() -> f64 + Sync);

/// What to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The first origin, in days after the series' first.
    pub first: usize,
    /// Days from one origin to the next.
    pub every: usize,
    /// Days ahead, ascending.
    pub horizons: Vec<usize>,
}

impl Trial {
    /// The origins whose longest horizon lies in a series of `days` days; the first one alone, to be
    /// forecast but not judged, where none does.
    #[must_use]
    pub fn origins(&self, days: usize) -> Vec<usize> {
        let last = days.checked_sub(self.horizons.iter().copied().max().unwrap_or(0));
        let whole: Vec<usize> =
            last.into_iter().flat_map(|last| (self.first..=last).step_by(self.every.max(1))).collect();
        if whole.is_empty() && self.first <= days { vec![self.first] } else { whole }
    }
}

/// Origins before the first one that teach the other methods their bands: two years.
const TAUGHT: usize = 728;
/// Fewer errors than this give no band.
const LEAST_ERRORS: usize = 10;
const HALF_LIFE: f64 = 365.0;
/// Bins of the PIT histogram.
pub const BINS: usize = 10;

/// One origin and horizon of the model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forecasted {
    /// Days known.
    pub origin: usize,
    pub horizon: usize,
    /// Of the total over the horizon.
    pub mean: f64,
    pub quantiles: Quantiles,
    /// What the total came to; `None` when some day of it was not observed.
    pub came: Option<f64>,
}

/// A method at one horizon, over all origins that count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    pub horizon: usize,
    pub origins: usize,
    /// Mean absolute scaled error of days.
    pub mase: f64,
    /// Absolute errors of totals over what the totals came to.
    pub wape: f64,
    /// Errors of totals with their sign (what came less what was expected), over the same.
    pub bias: f64,
    /// CRPS of totals over the same; `None` without bands.
    pub crps: Option<f64>,
    /// Shares of totals inside their 80 % and 95 % bands.
    pub held_80: Option<f64>,
    pub held_95: Option<f64>,
}

/// The model's days of one type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DayScore {
    pub kind: DayType,
    pub days: usize,
    pub held_80: f64,
    pub held_95: f64,
}

/// A method on a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Judged {
    pub method: Method,
    /// By horizon, ascending; a horizon at which no origin counts is not there.
    pub scores: Vec<Score>,
    /// Seconds per fit, sorted.
    pub seconds: Vec<f64>,
}

/// All methods on a series.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    pub origins: Vec<usize>,
    pub methods: Vec<Judged>,
    /// Of the model, by type of day, over the longest horizon.
    pub days: Vec<DayScore>,
    /// Whether the model says at the last origin that the level has moved.
    pub change: Option<Change>,
    /// Mean CRPS of the model's days over the MASE scale; `None` when no day counts.
    pub day_crps: Option<f64>,
    /// Totals of the model by where they fell in its law, in [`BINS`] equal parts.
    pub pit: [usize; BINS],
    pub forecasts: Vec<Forecasted>,
}

/// What a method said at an origin.
struct Said {
    origin: usize,
    means: Vec<f64>,
    model: Option<CountModel>,
    seconds: f64,
}

/// Judges the methods at the trial's origins.
#[must_use]
pub fn judge(
    series: &Series,
    calendar: &Calendar,
    trial: &Trial,
    methods: &[Method],
    watch: Stopwatch,
) -> Verdict {
    let origins = trial.origins(series.len());
    let history = History::of(series);
    let court = Court { series, calendar, history: &history, trial, origins: &origins };
    let mut verdict = Verdict {
        origins: origins.clone(),
        methods: Vec::new(),
        days: Vec::new(),
        change: None,
        day_crps: None,
        pit: [0; BINS],
        forecasts: Vec::new(),
    };
    for method in methods {
        let said = court.hear(*method, watch);
        let mut seconds: Vec<f64> =
            said.iter().filter(|said| said.origin >= trial.first).map(|said| said.seconds).collect();
        seconds.sort_unstable_by(f64::total_cmp);
        let scores = trial.horizons.iter().filter_map(|days| court.score(&said, *days)).collect();
        verdict.methods.push(Judged { method: *method, scores, seconds });
        if *method == Method::Model {
            court.record(&said, &mut verdict);
        }
    }
    verdict
}

struct Court<'a> {
    series: &'a Series,
    calendar: &'a Calendar,
    history: &'a History,
    trial: &'a Trial,
    origins: &'a [usize],
}

impl Court<'_> {
    fn longest(&self) -> usize {
        self.trial.horizons.iter().copied().max().unwrap_or(0)
    }

    fn hear(&self, method: Method, watch: Stopwatch) -> Vec<Said> {
        let every = self.trial.every.max(1);
        let taught = if method == Method::Model { 0 } else { TAUGHT / every };
        let earlier = (1..=taught).rev().filter_map(|back| self.trial.first.checked_sub(back * every));
        let asked: Vec<usize> = earlier.chain(self.origins.iter().copied()).collect();
        let say = |origin: &usize| {
            let known = self.series.until(*origin);
            let began = watch();
            let (means, model) = if method == Method::Model {
                let model = CountModel::fit(&known, self.calendar, self.longest());
                (model.means().get(..self.longest())?.to_vec(), Some(model))
            } else {
                (method.means(&known, self.calendar, self.longest())?, None)
            };
            Some(Said { origin: *origin, means, model, seconds: watch() - began })
        };
        asked.par_iter().filter_map(say).collect()
    }

    /// What a method expected of a total, and its law.
    fn total(&self, said: &[Said], at: &Said, days: usize) -> Option<Expected> {
        if let Some(model) = &at.model {
            return model.total(days);
        }
        let mean: f64 = at.means.get(..days)?.iter().sum();
        let error = |past: &Said| {
            let since = at.origin.checked_sub(past.origin + days)?;
            let expected: f64 = past.means.get(..days)?.iter().sum();
            let came = self.history.total(past.origin, days)?;
            Some((((came + 0.5) / (expected + 0.5)).ln(), faded(since, HALF_LIFE)))
        };
        let errors: Vec<(f64, f64)> = said.iter().filter_map(error).collect();
        let enough = errors.len() >= LEAST_ERRORS;
        let law = Sample::of(errors).filter(|_| enough);
        let measured = law.is_some();
        let law = law.unwrap_or_else(|| Sample::assumed(0.25));
        Some(Expected { mean, sample: law.counts(|error| (mean + 0.5) * error.exp() - 0.5), measured })
    }

    fn score(&self, said: &[Said], days: usize) -> Option<Score> {
        let (mut n, mut scaled, mut scaled_n) = (0_usize, 0.0, 0_usize);
        let (mut missed, mut signed, mut came_sum) = (0.0, 0.0, 0.0);
        let (mut ranked, mut held_80, mut held_95, mut banded) = (0.0, 0_usize, 0_usize, 0_usize);
        for at in said.iter().filter(|said| said.origin >= self.trial.first) {
            let Some(came) = self.history.total(at.origin, days) else { continue };
            let Some(total) = self.total(said, at, days) else { continue };
            n += 1;
            missed += (came - total.mean).abs();
            signed += came - total.mean;
            came_sum += came;
            if let Some(scale) = naive_scale(self.history, at.origin) {
                let error = |(ahead, mean): (usize, &f64)| {
                    self.history.count(at.origin + ahead).map_or(0.0, |count| (count - mean).abs())
                };
                let errors: f64 = at.means.iter().take(days).enumerate().map(error).sum();
                scaled += errors / len(days) / scale;
                scaled_n += 1;
            }
            if total.measured || at.model.is_some() {
                let q = total.quantiles();
                banded += 1;
                ranked += total.sample.crps(came);
                held_80 += usize::from(q.holds_80(came));
                held_95 += usize::from(q.holds_95(came));
            }
        }
        let share = |part: f64| if came_sum > 0.0 { part / came_sum } else { f64::NAN };
        let of_banded = |count: usize| (banded > 0).then(|| len(count) / len(banded));
        (n > 0).then(|| Score {
            horizon: days,
            origins: n,
            mase: scaled / len(scaled_n),
            wape: share(missed),
            bias: share(signed),
            crps: (banded == n).then(|| share(ranked)),
            held_80: of_banded(held_80),
            held_95: of_banded(held_95),
        })
    }

    /// What only the model tells: its days by type, PIT and each forecast.
    fn record(&self, said: &[Said], verdict: &mut Verdict) {
        let mut kinds = DayType::ALL.map(|kind| DayScore { kind, days: 0, held_80: 0.0, held_95: 0.0 });
        let (mut ranked, mut ranked_days) = (0.0, 0_u64);
        for at in said {
            let Some(model) = &at.model else { continue };
            for horizon in &self.trial.horizons {
                let Some(total) = model.total(*horizon) else { continue };
                let came = self.history.total(at.origin, *horizon);
                verdict.forecasts.push(Forecasted {
                    origin: at.origin,
                    horizon: *horizon,
                    mean: total.mean,
                    quantiles: total.quantiles(),
                    came,
                });
                if let Some(came) = came {
                    let bin = usize::try_from(crate::number::whole(total.sample.below(came) * len(BINS)));
                    if let Some(count) = bin.ok().and_then(|bin| verdict.pit.get_mut(bin.min(BINS - 1))) {
                        *count += 1;
                    }
                }
            }
            let scale = naive_scale(self.history, at.origin);
            for ahead in 0..self.longest() {
                let (Some(count), Some(day), Some(kind)) =
                    (self.history.count(at.origin + ahead), model.day(ahead), model.kind(ahead))
                else {
                    continue;
                };
                let q = day.quantiles();
                if let Some(score) = kinds.iter_mut().find(|score| score.kind == kind) {
                    score.days += 1;
                    score.held_80 += f64::from(u8::from(q.holds_80(count)));
                    score.held_95 += f64::from(u8::from(q.holds_95(count)));
                }
                if let Some(scale) = scale {
                    ranked += day.sample.crps(count) / scale;
                    ranked_days += 1;
                }
            }
        }
        verdict.change = said.last().and_then(|at| at.model.as_ref()?.change());
        verdict.day_crps = (ranked_days > 0).then(|| ranked / real(ranked_days));
        verdict.days = kinds
            .into_iter()
            .filter(|score| score.days > 0)
            .map(|score| DayScore {
                held_80: score.held_80 / len(score.days),
                held_95: score.held_95 / len(score.days),
                ..score
            })
            .collect();
    }
}

/// The mean absolute difference to a week before, over the days known; `None` when nothing ever changed.
fn naive_scale(history: &History, known: usize) -> Option<f64> {
    let pairs = (7..known).filter_map(|day| Some((history.count(day)? - history.count(day - 7)?).abs()));
    let (sum, n) = pairs.fold((0.0, 0_u64), |(sum, n), gap| (sum + gap, n + 1));
    (sum > 0.0).then(|| sum / real(n))
}
