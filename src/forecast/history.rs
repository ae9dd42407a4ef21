//! What the weekday model would have said on each past day, and how wrong it was.
//!
//! An *origin* o is a morning before day o: it knows days 0..o and nothing else. An error counts only
//! when its whole horizon lies in the history, so nothing that was not yet known leaks into a band.

use crate::number::len;
use crate::series::Series;

/// The mean looks back this far, in days.
pub(crate) const WINDOW: usize = 56;
/// Below this many observed days there is no weekday profile, and no errors are collected.
pub(crate) const PROFILE_FROM: usize = 28;
/// Errors of origins older than this are forgotten (three years: three Ramadans are remembered).
pub(crate) const MEMORY: usize = 1_095;
/// Errors are scaled by the level; a level below one unit in two windows is taken as that.
pub(crate) const LEAST_LEVEL: f64 = 0.5 / 56.0;

/// Expected counts by place in the week.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Profile {
    week: [f64; 7],
    /// Mean per day, never below [`LEAST_LEVEL`].
    pub(crate) level: f64,
}

impl Profile {
    pub(crate) fn flat(rate: f64) -> Self {
        Self { week: [rate; 7], level: rate.max(LEAST_LEVEL) }
    }

    pub(crate) fn at(&self, phase: usize) -> f64 {
        self.week.get(phase % 7).copied().unwrap_or(0.0)
    }

    /// The sum over `days` days, of which the first stands at `phase`.
    pub(crate) fn total(&self, phase: usize, days: usize) -> f64 {
        let week: f64 = self.week.iter().sum();
        len(days / 7) * week + (0..days % 7).map(|day| self.at(phase + day)).sum::<f64>()
    }

    /// The share of a week's sum that falls on `phase`; even shares when nothing is expected.
    pub(crate) fn share(&self, phase: usize) -> f64 {
        let week: f64 = self.week.iter().sum();
        if week > 0.0 { self.at(phase) / week } else { 1.0 / 7.0 }
    }
}

/// A series with the profile of each origin.
#[derive(Debug, Clone)]
pub(crate) struct History {
    counts: Vec<Option<f64>>,
    first_phase: usize,
    /// Sums of the counts, and numbers of gaps, over the first n days.
    sums: Vec<(f64, usize)>,
    /// The profile of origin n; `None` below [`PROFILE_FROM`] observed days or with an empty window.
    profiles: Vec<Option<Profile>>,
}

impl History {
    pub(crate) fn of(series: &Series) -> Self {
        let counts = series.counts().to_vec();
        let first_phase = series.phase(0);
        let (mut sums, mut profiles) = (vec![(0.0, 0)], vec![None]);
        let mut window = [(0.0_f64, 0_usize); 7];
        let add = |window: &mut [(f64, usize); 7], at: usize, enters: bool| {
            if let (Some(Some(count)), Some(cell)) = (counts.get(at), window.get_mut((first_phase + at) % 7))
            {
                *cell = if enters { (cell.0 + count, cell.1 + 1) } else { (cell.0 - count, cell.1 - 1) };
            }
        };
        let (mut sum, mut gaps) = (0.0, 0);
        for (at, count) in counts.iter().enumerate() {
            match count {
                Some(count) => sum += count,
                None => gaps += 1,
            }
            sums.push((sum, gaps));
            add(&mut window, at, true);
            if let Some(old) = at.checked_sub(WINDOW) {
                add(&mut window, old, false);
            }
            profiles.push((at + 1 - gaps >= PROFILE_FROM).then(|| profile(&window)).flatten());
        }
        Self { counts, first_phase, sums, profiles }
    }

    /// Days known.
    pub(crate) fn days(&self) -> usize {
        self.counts.len()
    }

    /// The mean of all observed days; `None` when there are none.
    pub(crate) fn mean(&self) -> Option<f64> {
        self.mean_before(self.days())
    }

    /// The mean of the observed days before `day`.
    pub(crate) fn mean_before(&self, day: usize) -> Option<f64> {
        let (sum, gaps) = self.sums.get(day).copied()?;
        let observed = day - gaps;
        (observed > 0).then(|| sum / len(observed))
    }

    pub(crate) fn phase(&self, day: usize) -> usize {
        (self.first_phase + day) % 7
    }

    pub(crate) fn profile(&self, origin: usize) -> Option<Profile> {
        self.profiles.get(origin).copied().flatten()
    }

    /// The count of a day in the past.
    pub(crate) fn count(&self, day: usize) -> Option<f64> {
        self.counts.get(day).copied().flatten()
    }

    /// The sum of days `from..from + days`; `None` when it is not all past and observed.
    pub(crate) fn total(&self, from: usize, days: usize) -> Option<f64> {
        let (before, gaps_before) = self.sums.get(from)?;
        let (after, gaps_after) = self.sums.get(from + days)?;
        (gaps_before == gaps_after).then_some(after - before)
    }

    /// The remembered origins whose horizon of `days` days had ended, oldest first.
    pub(crate) fn ended(&self, days: usize) -> std::ops::Range<usize> {
        let end = (self.days() + 1).saturating_sub(days);
        end.saturating_sub(MEMORY).max(PROFILE_FROM).min(end)..end
    }

    /// The error of the day `ahead` days after the morning of `origin` (0: that day), per unit of level.
    pub(crate) fn day_error(&self, origin: usize, ahead: usize) -> Option<f64> {
        let profile = self.profile(origin)?;
        let day = origin + ahead;
        Some((self.count(day)? - profile.at(self.phase(day))) / profile.level)
    }

    /// The error of the total of `days` days from `origin`, per unit of level and day.
    pub(crate) fn total_error(&self, origin: usize, days: usize) -> Option<f64> {
        let profile = self.profile(origin)?;
        let error = self.total(origin, days)? - profile.total(self.phase(origin), days);
        Some(error / (profile.level * len(days)))
    }
}

fn profile(window: &[(f64, usize); 7]) -> Option<Profile> {
    let (sum, days) = window.iter().fold((0.0, 0), |(sum, days), cell| (sum + cell.0, days + cell.1));
    if days == 0 {
        return None;
    }
    let overall = sum / len(days);
    let week = window.map(|(sum, days)| if days > 0 { (sum / len(days)).max(0.0) } else { overall });
    Some(Profile { week, level: (week.iter().sum::<f64>() / 7.0).max(LEAST_LEVEL) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Axis;

    fn history(counts: impl IntoIterator<Item = Option<f64>>) -> History {
        History::of(&Series::new(Axis::Numbered { first: 1, weekday: None }, counts))
    }

    #[test]
    fn a_profile_is_the_mean_of_the_last_eight_weeks() {
        let counts: Vec<Option<f64>> = (0..200_u32).map(|d| Some(f64::from(d * d % 101))).collect();
        let past = history(counts.clone());
        for origin in [56, 57, 120, 200] {
            let profile = past.profile(origin).unwrap();
            for phase in 0..7 {
                let days: Vec<f64> =
                    (origin - 56..origin).filter(|d| d % 7 == phase).map(|d| counts[d].unwrap()).collect();
                assert!((profile.at(phase) - days.iter().sum::<f64>() / 8.0).abs() < 1e-9);
            }
            assert!((profile.total(3, 17) - (3..20).map(|d| profile.at(d)).sum::<f64>()).abs() < 1e-9);
            assert!(((0..7).map(|d| profile.share(d)).sum::<f64>() - 1.0).abs() < 1e-12);
        }
        assert!(past.profile(27).is_none() && past.profile(28).is_some() && past.profile(201).is_none());
    }

    #[test]
    fn errors_are_of_ended_horizons_only() {
        let past = history((0..100_u32).map(|d| Some(f64::from(d))));
        assert_eq!(past.ended(28), 28..73);
        assert!(past.total_error(72, 28).is_some() && past.total_error(73, 28).is_none());
        assert!(past.day_error(72, 27).is_some() && past.day_error(73, 27).is_none());
        assert_eq!(past.ended(90), 11..11);
        // At origin 56 the mean of 0..56 is 27.5; the week ahead sums to 56 + … + 62 = 413.
        assert!((past.total_error(56, 7).unwrap() - (413.0 - 192.5) / (27.5 * 7.0)).abs() < 1e-9);
        // Day 59 was expected at the mean of 3, 10, …, 52, which is also 27.5.
        assert!((past.day_error(56, 3).unwrap() - (59.0 - 27.5) / 27.5).abs() < 1e-9);
    }

    #[test]
    fn a_gap_is_not_a_zero() {
        let past = history((0..84_usize).map(|d| (d % 7 != 2 && d != 60).then_some(5.0)));
        let profile = past.profile(84).unwrap();
        assert_eq!((profile.at(2), profile.at(4), profile.level), (5.0, 5.0, 5.0));
        assert_eq!((past.total(59, 3), past.total(61, 3)), (None, Some(15.0)));
        assert_eq!(past.mean(), Some(5.0));
        assert_eq!(history((0..84).map(|d| (d < 28).then_some(5.0))).profile(84), None);
    }
}
