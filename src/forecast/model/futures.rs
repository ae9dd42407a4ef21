//! Simulated daily counts of the count model: many futures, as wrong as the forecasts were.
//!
//! A future takes the errors of its weekly totals from one past origin, kept together in blocks of up to 13
//! weeks, late origins more often: so totals at every horizon err as totals at that horizon did. How a week
//! falls on its days is taken from the errors of the days of some past week, each in standard deviations of a
//! day of its type. Origins lie whole weeks apart, so a Friday errs as Fridays did. The value of (path, day)
//! does not depend on how many days, paths or threads there are.

use super::{CountModel, HALF, LEAST_ERRORS, Past, Rests, STEP, TOTALS_HALF_LIFE, log_ratio};
use crate::chance::Chance;
use crate::number::{whole, wide};
use crate::paths::Paths;
use crate::sample::faded;

/// The longest block of weeks taken from one origin.
const BLOCK_WEEKS: usize = 13;
/// Shapes are taken from the first weeks ahead of an origin.
const SHAPE_WEEKS: usize = 4;
/// A week that expects so many units is stretched half: the fewer there are, the more of the error is chance,
/// which hard times do not change.
const STRETCHED_FROM: f64 = 10.0;

/// Past errors, ready for resampling.
struct Pool {
    /// Log errors of the weekly totals that followed one origin, `block` to an origin.
    weeks: Vec<f64>,
    block: usize,
    /// The weights of the origins, summed up.
    reached: Vec<f64>,
    /// Errors of the days of one week, in standard deviations.
    shapes: Vec<[f64; STEP]>,
}

impl CountModel {
    /// Simulated counts of the first `days` days ahead on `paths` paths. Two quantities of one run take one
    /// `seed` and different `stream`s; two scenarios to be compared take the same of both. `None` where the
    /// regression does not speak, where too little is past to know how it errs, and beyond the horizon.
    #[must_use]
    pub fn paths(&self, paths: usize, days: usize, seed: u64, stream: u64) -> Option<Paths> {
        if self.rests != Rests::Regression || days > self.now.means.len() {
            return None;
        }
        let pool = self.pool()?;
        let chance = Chance::new(seed, stream);
        Some(Paths::filled(paths, days, |path, row| self.fill(&pool, chance, path, row)))
    }

    fn pool(&self) -> Option<Pool> {
        let block = (1..=BLOCK_WEEKS).rev().find(|weeks| {
            // A block of the longest horizon may need days ahead that the model does not know.
            weeks * STEP <= self.now.means.len() && self.is_measured(weeks * STEP)
        })?;
        let (mut weeks, mut reached, mut sum) = (Vec::new(), Vec::new(), 0.0);
        for (past, since) in self.ended(block * STEP) {
            let before = weeks.len();
            weeks.extend((0..block).map_while(|week| self.week_error(past, week)));
            if weeks.len() < before + block {
                weeks.truncate(before);
                continue;
            }
            sum += faded(since, TOTALS_HALF_LIFE);
            reached.push(sum);
        }
        let shapes: Vec<_> = self
            .past
            .iter()
            .flat_map(|past| (0..SHAPE_WEEKS).filter_map(|week| self.shape(past, week)))
            .collect();
        let enough = reached.len() >= LEAST_ERRORS && shapes.len() >= LEAST_ERRORS;
        enough.then_some(Pool { weeks, block, reached, shapes })
    }

    fn week_error(&self, past: &Past, week: usize) -> Option<f64> {
        let from = week * STEP;
        let expected: f64 = past.means.get(from..from + STEP)?.iter().sum();
        Some(log_ratio(self.history.total(past.day + from, STEP)?, expected))
    }

    fn shape(&self, past: &Past, week: usize) -> Option<[f64; STEP]> {
        let mut shape = [0.0; STEP];
        for (day, cell) in (week * STEP..).zip(&mut shape) {
            let (mean, kind) = (*past.means.get(day)?, *past.kinds.get(day)?);
            let deviation = self.deviation(mean, kind);
            let error = self.history.count(past.day + day)? - mean;
            *cell = if deviation > 0.0 { error / deviation } else { 0.0 };
        }
        Some(shape)
    }

    fn fill(&self, pool: &Pool, chance: Chance, path: u64, row: &mut [u32]) {
        let mut start = 0;
        for (week, days) in row.chunks_mut(STEP).enumerate() {
            let mut draws = chance.at(path, wide(week));
            if week % pool.block == 0 {
                let all = pool.reached.last().copied().unwrap_or(0.0);
                let wanted = draws.uniform() * all;
                start = pool.reached.partition_point(|reached| *reached <= wanted) * pool.block;
            }
            let error = pool.weeks.get(start + week % pool.block).copied().unwrap_or(0.0);
            let from = week * STEP;
            // The last week ahead may be cut short by the horizon; its days then stand for themselves.
            let means = self.now.means.get(from..(from + STEP).min(self.now.means.len())).unwrap_or_default();
            let expected: f64 = means.iter().sum();
            let stretch = 1.0 + (self.stretch - 1.0) * expected / (expected + STRETCHED_FROM);
            let total = ((expected + HALF) * (error * stretch).exp() - HALF).max(0.0);
            let shape = pool.shapes.get(draws.below(pool.shapes.len())).copied().unwrap_or_default();
            let mut shares = [0.0; STEP];
            for (((share, mean), error), day) in shares.iter_mut().zip(means).zip(shape).zip(from..) {
                let deviation = self.kind(day).map_or(0.0, |kind| self.deviation(*mean, kind));
                *share = (mean + error * deviation).max(0.0);
            }
            let sum: f64 = shares.iter().sum();
            // One rounding for the week: each day's expectation is kept, and the total within one unit.
            let mut reached = draws.uniform();
            for ((count, share), mean) in days.iter_mut().zip(shares).zip(means) {
                let before = reached.floor();
                reached +=
                    total * if sum > 0.0 { share / sum } else { mean / expected.max(f64::MIN_POSITIVE) };
                *count = whole(reached.floor() - before + 0.5);
            }
        }
    }
}
