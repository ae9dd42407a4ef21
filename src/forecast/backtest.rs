//! Rolling-origin evaluation: the model is fitted again at each origin, on what was known then.

use rayon::prelude::*;

use crate::number::{len, real};
use crate::series::Series;
use crate::weekday::WeekdayModel;

/// What to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backtest {
    /// Days ahead at each origin.
    pub horizon: usize,
    /// The first origin, in days after the series' first.
    pub first: usize,
    /// Days from one origin to the next.
    pub step: usize,
    /// Paths drawn per origin for CRPS.
    pub paths: usize,
    pub seed: u64,
}

impl Default for Backtest {
    /// Four weeks ahead, from a year on, every week.
    fn default() -> Self {
        Self { horizon: 28, first: 365, step: 7, paths: 100, seed: 1 }
    }
}

/// Averages over all origins whose days are observed to the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Report {
    pub origins: usize,
    /// Mean absolute scaled error of the expected counts; 1 is the in-sample error of "as a week ago".
    pub mase: f64,
    /// The same of the seasonal naive forecast (the last week again and again).
    pub mase_naive: f64,
    /// The share of days inside their 80 % band.
    pub days_covered: f64,
    /// The share of horizon totals inside their 80 % band.
    pub totals_covered: f64,
    /// The same when the simulated paths give the band of the total.
    pub path_totals_covered: f64,
    /// Continuous ranked probability score of the paths by day, over the MASE scale.
    pub crps: f64,
    /// Width of the 80 % band of totals over the expected total.
    pub total_width: f64,
}

/// Sums at one origin.
struct Score {
    error: f64,
    naive_error: f64,
    days_held: f64,
    total_held: f64,
    path_total_held: f64,
    crps: f64,
    width: f64,
}

/// Judges the weekday model on a series; `None` when no origin has its whole horizon observed, or when
/// the series never changes (there is no scale).
#[must_use]
pub fn backtest(series: &Series, trial: &Backtest) -> Option<Report> {
    let last = series.len().checked_sub(trial.horizon)?;
    let origins: Vec<usize> = (trial.first..=last).step_by(trial.step.max(1)).collect();
    let scores: Vec<Score> = origins.par_iter().filter_map(|origin| score(series, trial, *origin)).collect();
    let n = len(scores.len());
    let mean = |of: fn(&Score) -> f64| scores.iter().map(of).sum::<f64>() / n;
    (!scores.is_empty()).then(|| Report {
        origins: scores.len(),
        mase: mean(|s| s.error),
        mase_naive: mean(|s| s.naive_error),
        days_covered: mean(|s| s.days_held),
        totals_covered: mean(|s| s.total_held),
        path_totals_covered: mean(|s| s.path_total_held),
        crps: mean(|s| s.crps),
        total_width: mean(|s| s.width),
    })
}

fn score(series: &Series, trial: &Backtest, origin: usize) -> Option<Score> {
    let days = trial.horizon;
    let truth: Vec<f64> = series.counts().iter().skip(origin).take(days).copied().collect::<Option<_>>()?;
    let known = series.until(origin);
    let scale = naive_scale(&known)?;
    let last_week: Vec<f64> =
        known.counts().iter().skip(origin.checked_sub(7)?).copied().collect::<Option<_>>()?;
    let model = WeekdayModel::fit(&known, 0.0);
    let forecast = model.forecast(days);
    let paths = model.paths(trial.paths, days, trial.seed, 0);
    let total: f64 = truth.iter().sum();
    let total_day = forecast.days.last()?;
    let mut totals: Vec<f64> = paths.iter().map(|path| path.iter().map(|n| f64::from(*n)).sum()).collect();
    let held = |inside: bool| f64::from(u8::from(inside));
    let day_scores = truth.iter().zip(&forecast.days).zip(last_week.iter().cycle()).enumerate();
    let (mut error, mut naive_error, mut days_held, mut ranked) = (0.0, 0.0, 0.0, 0.0);
    for (ahead, ((count, day), week_ago)) in day_scores {
        error += (count - day.mean).abs();
        naive_error += (count - week_ago).abs();
        days_held += held(day.band.holds(*count));
        let mut sample: Vec<f64> =
            paths.iter().filter_map(|path| path.get(ahead)).map(|n| f64::from(*n)).collect();
        ranked += crps(&mut sample, *count);
    }
    let per_day = 1.0 / len(days);
    Some(Score {
        error: error * per_day / scale,
        naive_error: naive_error * per_day / scale,
        days_held: days_held * per_day,
        total_held: held(total_day.total.holds(total)),
        path_total_held: held(crate::band::Band::of(&mut totals).is_some_and(|band| band.holds(total))),
        crps: ranked * per_day / scale,
        width: (total_day.total.p90 - total_day.total.p10) / total_day.total_mean.max(f64::MIN_POSITIVE),
    })
}

/// The mean absolute difference to a week before, over the days known.
fn naive_scale(known: &Series) -> Option<f64> {
    let pairs = known.counts().iter().zip(known.counts().iter().skip(7));
    let (sum, n) = pairs
        .filter_map(|(before, after)| Some(((*after)? - (*before)?).abs()))
        .fold((0.0, 0_u64), |(sum, n), gap| (sum + gap, n + 1));
    (sum > 0.0).then(|| sum / real(n))
}

/// Continuous ranked probability score of a sample against what came: E|X − y| − ½ E|X − X′|, in the
/// unit of the counts; sorts the sample.
#[must_use]
pub fn crps(sample: &mut [f64], came: f64) -> f64 {
    sample.sort_unstable_by(f64::total_cmp);
    let n = len(sample.len());
    let distance: f64 = sample.iter().map(|x| (x - came).abs()).sum();
    // Over the sorted sample, Σ|x_i − x_j| = 2 Σ (2i − n + 1)·x_i, with i from 0.
    let spread: f64 = sample.iter().enumerate().map(|(i, x)| (2.0 * len(i) - n + 1.0) * x).sum();
    if sample.is_empty() { 0.0 } else { distance / n - spread / (n * n) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::series::Axis;

    #[test]
    fn crps_is_the_double_sum() {
        let sample = [3.0_f64, 1.0, 7.0, 7.0, 2.5];
        for came in [0.0, 2.7, 7.0, 30.0] {
            let pairs: f64 = sample.iter().flat_map(|x| sample.map(|y| (x - y).abs())).sum();
            let direct = sample.iter().map(|x| (x - came).abs()).sum::<f64>() / 5.0 - pairs / 50.0;
            assert!((crps(&mut sample.clone(), came) - direct).abs() < 1e-12);
        }
        assert_eq!(crps(&mut [4.0], 1.5), 2.5);
    }

    #[test]
    fn a_steady_week_with_noise_is_covered_as_promised() {
        let count =
            |day| Some(f64::from(Chance::new(4, 4).at(0, day).poisson(if day % 7 < 5 { 30.0 } else { 9.0 })));
        let series = Series::new(Axis::Numbered { first: 1, weekday: None }, (0..1_600).map(count));
        let report = backtest(&series, &Backtest { first: 700, ..Backtest::default() }).unwrap();
        println!("{report:?}");
        assert_eq!(report.origins, 125);
        assert!(report.mase < 0.85 && report.mase < report.mase_naive, "{report:?}");
        assert!((0.74..0.88).contains(&report.days_covered), "{report:?}");
        assert!((0.66..0.92).contains(&report.totals_covered), "{report:?}");
        assert!((0.66..0.92).contains(&report.path_totals_covered), "{report:?}");
    }

    #[test]
    fn nothing_to_judge() {
        let flat = Series::new(Axis::Numbered { first: 1, weekday: None }, vec![Some(3.0); 900]);
        assert_eq!(backtest(&flat, &Backtest::default()), None);
        assert_eq!(backtest(&flat.until(20), &Backtest::default()), None);
    }
}
