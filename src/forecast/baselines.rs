//! What a model has to beat: simple forecasts, and two well-known ones.
//!
//! Each gives expected counts out of the known days alone. `ets` and `mstl` come from the crate `augurs` and
//! are there with the feature `baselines`; its ETS knows no season (it forecasts flat), so that the weekly
//! one is our own. Both read the last three years at most, as a person would who waits for them.

use crate::calendar::Calendar;
use crate::history::History;
use crate::model::CountModel;
use crate::number::len;
use crate::series::Series;
use crate::smoothing::ets7;

/// A way to forecast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// The count model of this package.
    Model,
    /// The last week again and again.
    SeasonalNaive,
    /// The days 52 weeks before.
    LastYear,
    /// The mean of the last eight weeks by weekday.
    WeekdayMean,
    /// The mean of the last 28 days.
    Mean28,
    /// Exponential smoothing with a season of seven days.
    Ets7,
    /// Exponential smoothing chosen by information criterion, without season.
    #[cfg(feature = "baselines")]
    Ets,
    /// Weekly season by loess, exponential smoothing of the trend.
    #[cfg(feature = "baselines")]
    Mstl,
}

/// Days that the smoothing methods read.
const SMOOTHED: usize = 1_096;

impl Method {
    pub const ALL: &[Self] = &[
        Self::Model,
        Self::SeasonalNaive,
        Self::LastYear,
        Self::WeekdayMean,
        Self::Mean28,
        Self::Ets7,
        #[cfg(feature = "baselines")]
        Self::Ets,
        #[cfg(feature = "baselines")]
        Self::Mstl,
    ];

    /// The name in tables and files.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::SeasonalNaive => "seasonal_naive",
            Self::LastYear => "last_year",
            Self::WeekdayMean => "weekday_mean",
            Self::Mean28 => "mean_28",
            Self::Ets7 => "ets_7",
            #[cfg(feature = "baselines")]
            Self::Ets => "ets",
            #[cfg(feature = "baselines")]
            Self::Mstl => "mstl",
        }
    }

    /// Expected counts of the `days` days after the known ones; `None` where too little is known.
    #[must_use]
    pub fn means(self, known: &Series, calendar: &Calendar, days: usize) -> Option<Vec<f64>> {
        match self {
            Self::Model => CountModel::fit(known, calendar, days).means().get(..days).map(<[f64]>::to_vec),
            Self::SeasonalNaive => before(known, 7, days),
            Self::LastYear => before(known, 364, days),
            Self::WeekdayMean => {
                let history = History::of(known);
                let (profile, phase) = (history.profile(known.len())?, history.phase(known.len()));
                Some((0..days).map(|ahead| profile.at(phase + ahead)).collect())
            }
            Self::Mean28 => {
                let seen: Vec<f64> = known.counts().iter().rev().take(28).copied().flatten().collect();
                (!seen.is_empty()).then(|| vec![seen.iter().sum::<f64>() / len(seen.len()); days])
            }
            Self::Ets7 => (known.len() >= 28).then(|| ets7(&known.last(SMOOTHED), days)),
            #[cfg(feature = "baselines")]
            Self::Ets => augurs::ets(&known.last(SMOOTHED), days),
            #[cfg(feature = "baselines")]
            Self::Mstl => augurs::mstl(&known.last(SMOOTHED), days),
        }
    }
}

/// The counts of `back` days before, again and again; a gap is filled by the same day a week earlier.
fn before(known: &Series, back: usize, days: usize) -> Option<Vec<f64>> {
    let from = known.len().checked_sub(back)?;
    let seen = |ahead: usize| {
        let at = from + ahead % back;
        (0..=8).find_map(|weeks| *known.counts().get(at.checked_sub(7 * weeks)?)?)
    };
    (0..days).map(seen).collect()
}

#[cfg(feature = "baselines")]
mod augurs {
    use augurs_core::{Fit, Predict};
    use augurs_ets::AutoETS;
    use augurs_mstl::MSTLModel;

    use crate::series::Series;

    /// Neither method knows gaps: each is filled by the nearest earlier day of its weekday.
    fn filled(known: &Series) -> Option<Vec<f64>> {
        let counts = known.counts();
        let fill = |at: usize| (0..=at / 7).find_map(|weeks| *counts.get(at - 7 * weeks)?);
        let first = counts.iter().flatten().next()?;
        Some((0..counts.len()).map(|at| fill(at).unwrap_or(*first)).collect())
    }

    fn counts(point: &[f64]) -> Option<Vec<f64>> {
        point.iter().map(|x| x.is_finite().then_some(x.max(0.0))).collect()
    }

    pub(super) fn ets(known: &Series, days: usize) -> Option<Vec<f64>> {
        let model = AutoETS::new(1, "ZZN").ok()?.fit(&filled(known)?).ok()?;
        counts(&model.predict(days, None).ok()?.point)
    }

    pub(super) fn mstl(known: &Series, days: usize) -> Option<Vec<f64>> {
        let trend = AutoETS::new(1, "ZZN").ok()?.into_trend_model();
        let model = MSTLModel::new(vec![7], trend).fit(&filled(known)?).ok()?;
        counts(&model.predict(days, None).ok()?.point)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Axis;

    fn series(counts: impl IntoIterator<Item = Option<f64>>) -> Series {
        Series::new(Axis::Numbered { first: 1, weekday: None }, counts)
    }

    #[test]
    fn every_method_finds_a_steady_week() {
        let week = [5.0, 6.0, 7.0, 8.0, 9.0, 4.0, 3.0];
        let known = series((0..420).map(|d| Some(week[d % 7])));
        for method in Method::ALL {
            let means = method.means(&known, &Calendar::default(), 14).unwrap();
            let total: f64 = means.iter().sum();
            assert!((total - 84.0).abs() < 0.02 * 84.0, "{method:?}: {means:?}");
            let weekly = !matches!(method.code(), "mean_28" | "ets");
            assert!(
                !weekly || means.iter().zip(week).all(|(x, y)| (x - y).abs() < 0.3),
                "{method:?}: {means:?}"
            );
        }
    }

    #[test]
    fn too_little_is_nothing_and_a_gap_is_the_week_before() {
        let short = series((0..6).map(|d| Some(f64::from(d))));
        assert_eq!(Method::SeasonalNaive.means(&short, &Calendar::default(), 3), None);
        assert_eq!(Method::LastYear.means(&short, &Calendar::default(), 3), None);
        let gap = series((0..21_u32).map(|d| (d != 15).then_some(f64::from(d))));
        let ahead = Method::SeasonalNaive.means(&gap, &Calendar::default(), 8).unwrap();
        assert_eq!(ahead, [14.0, 8.0, 16.0, 17.0, 18.0, 19.0, 20.0, 14.0]);
    }
}
