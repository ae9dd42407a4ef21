//! Simulated daily counts: many futures that look like the past.
//!
//! A future takes its weekly totals from the errors that one past origin made over the weeks that
//! followed it, kept together in blocks of up to 13 weeks, so that a bad month stays a bad month; and it
//! takes the spread of each week over its days from some past week. Both are relative to the level, and
//! so scale with it. The value of (path, day) does not depend on how many days or paths are asked for.

use rayon::prelude::*;

use crate::chance::{Chance, Draws};
use crate::history::LEAST_LEVEL;
use crate::number::{len, real, whole, wide};
use crate::weekday::{ASSUMED_DISPERSION, WeekdayModel};

/// Whole counts by path and day, all paths equally long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    days: usize,
    counts: Vec<u32>,
}

impl Paths {
    /// `paths` futures of `days` days, each filled by `fill(path, days of it)`; on many threads.
    pub fn filled(paths: usize, days: usize, fill: impl Fn(u64, &mut [u32]) + Sync) -> Self {
        let mut counts = vec![0; paths.saturating_mul(days)];
        counts.par_chunks_mut(days.max(1)).enumerate().for_each(|(path, row)| fill(wide(path), row));
        Self { days, counts }
    }

    /// The same counts on every path: a plan taken as certain, or nothing at all.
    #[must_use]
    pub fn certain(paths: usize, counts: &[u32]) -> Self {
        Self::filled(paths, counts.len(), |_, row| row.copy_from_slice(counts))
    }

    /// Days of each path.
    #[must_use]
    pub const fn days(&self) -> usize {
        self.days
    }

    /// How many paths there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len().checked_div(self.days).unwrap_or(0)
    }

    /// Whether there is no path (or no day).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The days of one path; empty past the last one.
    #[must_use]
    pub fn path(&self, path: usize) -> &[u32] {
        let from = path.saturating_mul(self.days);
        self.counts.get(from..from.saturating_add(self.days)).unwrap_or_default()
    }

    /// All paths in order.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.counts.chunks_exact(self.days.max(1))
    }

    /// These counts, each day's so many times, and so many more on average; parts of a unit by chance. Days that are
    /// told once and nothing stay as they are.
    #[must_use]
    pub fn shaken(&self, seed: u64, stream: u64, of_day: impl Fn(usize) -> (f64, f64) + Sync) -> Self {
        let chance = Chance::new(seed, stream);
        Self::filled(self.len(), self.days, |path, row| {
            row.copy_from_slice(self.path(usize::try_from(path).unwrap_or(usize::MAX)));
            for (day, count) in row.iter_mut().enumerate() {
                let (times, more) = of_day(day);
                if (times - 1.0).abs() > 0.0 || more > 0.0 {
                    let mut draws = chance.at(path, wide(day));
                    let own = whole(f64::from(*count) * times.max(0.0) + draws.uniform());
                    *count = own.saturating_add(draws.poisson(more));
                }
            }
        })
    }

    /// The mean count of each day.
    #[must_use]
    pub fn means(&self) -> Vec<f64> {
        let mut sums = vec![0_u64; self.days];
        for path in self.iter() {
            sums.iter_mut().zip(path).for_each(|(sum, count)| *sum += u64::from(*count));
        }
        sums.into_iter().map(|sum| real(sum) / len(self.len())).collect()
    }
}

/// The longest block of weeks taken from one origin.
const BLOCK_WEEKS: usize = 13;
/// Fewer past weeks than this cannot show how weeks differ.
const LEAST_WEEKS: usize = 8;

/// Past weeks, ready for resampling.
struct Pool {
    /// Relative errors of the weekly totals that followed one origin, `block` to an origin.
    weeks: Vec<f64>,
    block: usize,
    /// For a past week that began on the same weekday: how each day's share differed from the expected.
    shapes: Vec<[f64; 7]>,
}

impl Pool {
    /// `None` where too little is known to resample.
    fn of(model: &WeekdayModel) -> Option<Self> {
        let history = &model.history;
        let block = (model.measured_days() / 7).min(BLOCK_WEEKS);
        if block == 0 {
            return None;
        }
        let mut weeks = Vec::new();
        for origin in history.ended(7 * block) {
            let Some(profile) = history.profile(origin) else { continue };
            let scale = profile.level * 7.0;
            let expected = profile.total(0, 7);
            let errors =
                (0..block).map_while(|week| Some((history.total(origin + 7 * week, 7)? - expected) / scale));
            let before = weeks.len();
            weeks.extend(errors);
            if weeks.len() < before + block {
                weeks.truncate(before);
            }
        }
        let same = |origin: &usize| history.phase(*origin) == model.phase(0);
        let shape = |origin: usize| {
            let (profile, sum) = (history.profile(origin)?, history.total(origin, 7)?);
            let share = |day: usize| history.count(origin + day).map(|count| count / sum);
            let mut shape = [0.0; 7];
            for (day, cell) in shape.iter_mut().enumerate() {
                *cell = share(day)? - profile.share(history.phase(origin + day));
            }
            (sum > 0.0).then_some(shape)
        };
        let shapes: Vec<[f64; 7]> = history.ended(7).filter(same).filter_map(shape).collect();
        (!weeks.is_empty() && shapes.len() >= LEAST_WEEKS).then_some(Self { weeks, block, shapes })
    }

    fn fill(&self, model: &WeekdayModel, chance: Chance, path: u64, row: &mut [u32]) {
        let level = model.profile.level;
        let expected = model.profile.total(0, 7);
        let mut start = 0;
        for (week, days) in row.chunks_mut(7).enumerate() {
            let mut draws = chance.at(path, wide(week));
            if week % self.block == 0 {
                start = draws.below(self.weeks.len() / self.block) * self.block;
            }
            let error = self.weeks.get(start + week % self.block).copied().unwrap_or(0.0);
            let total = (expected + error * level * 7.0).max(0.0);
            let shape = self.shapes.get(draws.below(self.shapes.len())).copied().unwrap_or_default();
            let mut shares = shape;
            for (day, share) in shares.iter_mut().enumerate() {
                *share = (*share + model.profile.share(model.phase(day))).max(0.0);
            }
            let sum: f64 = shares.iter().sum();
            // One rounding for the week: each day's expectation is kept, and the total within one unit.
            let mut reached = draws.uniform();
            for (count, share) in days.iter_mut().zip(shares) {
                let before = reached.floor();
                reached += if sum > 0.0 { total * share / sum } else { total / 7.0 };
                *count = whole(reached.floor() - before + 0.5);
            }
        }
    }
}

/// A level common to all days of a path, and over-dispersed counts around it.
fn fill_assumed(model: &WeekdayModel, chance: Chance, path: u64, row: &mut [u32]) {
    let lognormal =
        |draws: &mut Draws, variance: f64| (variance.sqrt() * draws.normal() - variance / 2.0).exp();
    let level = lognormal(&mut chance.at(path, u64::MAX), model.assumed_spread().powi(2));
    for (ahead, count) in row.iter_mut().enumerate() {
        let mut draws = chance.at(path, wide(ahead));
        let shock = lognormal(&mut draws, (1.0 / ASSUMED_DISPERSION).ln_1p());
        *count = draws.poisson(model.mean(ahead) * level * shock);
    }
}

impl WeekdayModel {
    /// Simulated counts of the first `days` days ahead on `paths` paths. Two quantities of one run take
    /// one `seed` and different `stream`s; two scenarios to be compared take the same of both.
    #[must_use]
    pub fn paths(&self, paths: usize, days: usize, seed: u64, stream: u64) -> Paths {
        let chance = Chance::new(seed, stream);
        let pool = Pool::of(self);
        Paths::filled(paths, days, |path, row| match &pool {
            Some(pool) => pool.fill(self, chance, path, row),
            None => fill_assumed(self, chance, path, row),
        })
    }
}

// A level is never zero, so that errors can be scaled by it.
const _: () = assert!(LEAST_LEVEL > 0.0);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::band::Band;
    use crate::series::{Axis, Series};

    fn model(days: u64, level: impl Fn(u64) -> f64) -> WeekdayModel {
        let count = |day| Some(f64::from(Chance::new(8, 1).at(0, day).poisson(level(day))));
        WeekdayModel::fit(&Series::new(Axis::Numbered { first: 1, weekday: None }, (0..days).map(count)), 6.0)
    }

    fn rise_and_fall(day: u64) -> f64 {
        let week = if day % 7 == 5 { 10.0 } else { 50.0 };
        week * (0.3 * (real(day) / 50.0).sin()).exp()
    }

    #[test]
    fn shaken_days_have_their_mean_and_others_stay() {
        let paths = Paths::certain(4_000, &[10, 10, 10, 10]);
        let shaken = paths.shaken(3, 5, |day| [(1.0, 0.0), (1.25, 0.0), (0.0, 0.0), (1.0, 7.5)][day]);
        let means = shaken.means();
        assert!(means[0] == 10.0 && means[2] == 0.0, "{means:?}");
        assert!((means[1] - 12.5).abs() < 0.05 && (means[3] - 17.5).abs() < 0.2, "{means:?}");
        assert_eq!(shaken, paths.shaken(3, 5, |day| [(1.0, 0.0), (1.25, 0.0), (0.0, 0.0), (1.0, 7.5)][day]));
        assert_eq!(paths.shaken(3, 5, |_| (1.0, 0.0)), paths);
    }

    #[test]
    fn totals_of_paths_have_the_band_of_totals() {
        let model = model(1_300, rise_and_fall);
        for days in [7, 28, 84] {
            let paths = model.paths(4_000, days, 1, 1);
            let mut totals: Vec<f64> =
                paths.iter().map(|path| path.iter().map(|n| f64::from(*n)).sum()).collect();
            let (simulated, (_, measured)) = (Band::of(&mut totals).unwrap(), model.total(days));
            let width = measured.p90 - measured.p10;
            assert!(
                (simulated.p10 - measured.p10).abs() < 0.15 * width,
                "{days}: {simulated:?} {measured:?}"
            );
            assert!(
                (simulated.p90 - measured.p90).abs() < 0.15 * width,
                "{days}: {simulated:?} {measured:?}"
            );
        }
    }

    #[test]
    fn weekdays_keep_their_shape() {
        let model = model(1_300, rise_and_fall);
        let means = model.paths(4_000, 14, 1, 1).means();
        for (ahead, mean) in means.iter().enumerate() {
            assert!((mean / model.mean(ahead) - 1.0).abs() < 0.15, "{ahead}: {mean} {}", model.mean(ahead));
        }
    }

    #[test]
    fn a_longer_run_begins_with_the_shorter_and_seeds_matter() {
        for model in [model(1_300, rise_and_fall), model(10, rise_and_fall), model(0, rise_and_fall)] {
            let (long, short) = (model.paths(40, 90, 5, 2), model.paths(20, 30, 5, 2));
            for path in 0..20 {
                assert_eq!(&long.path(path)[..30], short.path(path));
            }
            assert_eq!(long, model.paths(40, 90, 5, 2));
            assert_ne!(long, model.paths(40, 90, 6, 2));
            assert_ne!(long, model.paths(40, 90, 5, 3));
        }
    }

    #[test]
    fn rare_counts_keep_their_mean() {
        let model = model(1_300, |_| 0.2);
        let expected: f64 = model.means(28).iter().sum();
        let simulated: f64 = model.paths(4_000, 28, 1, 1).means().iter().sum();
        assert!((simulated / expected - 1.0).abs() < 0.35, "{simulated} against {expected}");
    }

    #[test]
    fn a_cold_start_is_wide_and_centred() {
        let model = model(0, |_| 0.0);
        let paths = model.paths(4_000, 28, 1, 1);
        let mut totals: Vec<f64> =
            paths.iter().map(|path| path.iter().map(|n| f64::from(*n)).sum()).collect();
        let band = Band::of(&mut totals).unwrap();
        let mean = totals.iter().sum::<f64>() / 4_000.0;
        assert!((mean / 168.0 - 1.0).abs() < 0.05, "{mean}");
        assert!((band.p90 - model.total(28).1.p90).abs() < 15.0, "{band:?}");
    }

    #[test]
    fn empty_and_certain_paths() {
        assert!(model(0, |_| 0.0).paths(5, 0, 1, 1).is_empty());
        let plan = Paths::certain(3, &[4, 0, 9]);
        assert_eq!((plan.len(), plan.days(), plan.path(2), plan.path(3)), (3, 3, &[4, 0, 9][..], &[][..]));
        assert_eq!(plan.means(), [4.0, 0.0, 9.0]);
    }
}
