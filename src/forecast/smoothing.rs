//! Exponential smoothing with a week: ETS(A,N,A) of period 7, a baseline to be beaten.
//!
//! Level and weekday states are corrected by each error; the two rates are those with the least squared
//! error on the known days, by a grid that is narrowed three times. Gaps correct nothing.

use crate::series::Series;

const WEEK: usize = 7;
/// Rates tried along each side of the grid.
const SIDE: u32 = 7;
/// Times the grid is laid anew around its best point, each a third as wide.
const ROUNDS: u32 = 4;
/// Weeks that give the first states.
const FIRST_WEEKS: usize = 4;

struct States {
    level: f64,
    week: [f64; WEEK],
}

impl States {
    fn first(counts: &[Option<f64>]) -> Self {
        let mut cells = [(0.0, 0.0); WEEK];
        for (at, count) in counts.iter().take(FIRST_WEEKS * WEEK).enumerate() {
            if let (Some(cell), Some(count)) = (cells.get_mut(at % WEEK), count) {
                *cell = (cell.0 + count, cell.1 + 1.0);
            }
        }
        let (sum, days) = cells.iter().fold((0.0, 0.0), |a, b| (a.0 + b.0, a.1 + b.1));
        let level = if days > 0.0 { sum / days } else { 0.0 };
        Self { level, week: cells.map(|(sum, days)| if days > 0.0 { sum / days - level } else { 0.0 }) }
    }

    /// The sum of squared errors of a run through the days, after which the states are the last ones.
    fn run(&mut self, counts: &[Option<f64>], alpha: f64, gamma: f64) -> f64 {
        let mut squares = 0.0;
        for (at, count) in counts.iter().enumerate() {
            let (Some(season), Some(count)) = (self.week.get_mut(at % WEEK), count) else { continue };
            let error = count - self.level - *season;
            squares += error * error;
            self.level += alpha * error;
            *season += gamma * error;
        }
        squares
    }
}

/// Expected counts of the next `days` days, never below zero.
#[must_use]
pub fn ets7(known: &Series, days: usize) -> Vec<f64> {
    let counts = known.counts();
    let (mut best, mut width) = ((0.1, 0.1), 0.5);
    let (mut middle, mut least) = ((0.5, 0.5), f64::INFINITY);
    for _ in 0..ROUNDS {
        for (a, g) in (0..SIDE * SIDE).map(|n| (n / SIDE, n % SIDE)) {
            let rate = |middle: f64, step: u32| {
                let offset = 2.0 * f64::from(step) / f64::from(SIDE - 1) - 1.0;
                (middle + width * offset).clamp(0.0, 1.0)
            };
            let (alpha, gamma) = (rate(middle.0, a), rate(middle.1, g));
            let squares = States::first(counts).run(counts, alpha, gamma);
            // Beyond α + γ = 1 the recursion need not settle.
            if alpha + gamma <= 1.0 && squares < least {
                (least, best) = (squares, (alpha, gamma));
            }
        }
        (middle, width) = (best, width / 3.0);
    }
    let mut states = States::first(counts);
    states.run(counts, best.0, best.1);
    let from = counts.len() % WEEK;
    let season = |ahead: usize| states.week.get((from + ahead) % WEEK).copied().unwrap_or(0.0);
    (0..days).map(|ahead| (states.level + season(ahead)).max(0.0)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::series::Axis;

    fn series(counts: impl IntoIterator<Item = f64>) -> Series {
        Series::new(Axis::Numbered { first: 1, weekday: None }, counts.into_iter().map(Some))
    }

    #[test]
    fn a_steady_week_goes_on() {
        let week = [5.0, 6.0, 7.0, 8.0, 9.0, 0.0, 0.0];
        let ahead = ets7(&series((0..72).map(|d| week[d % 7])), 9);
        for (d, x) in ahead.iter().enumerate() {
            assert!((x - week[(72 + d) % 7]).abs() < 1e-9, "{ahead:?}");
        }
    }

    #[test]
    fn a_step_is_followed() {
        let ahead = ets7(&series((0..140).map(|d| if d < 70 { 10.0 } else { 30.0 })), 7);
        assert!(ahead.iter().all(|x| (x - 30.0).abs() < 1.0), "{ahead:?}");
        assert_eq!(ets7(&series([]), 2), [0.0, 0.0]);
    }
}
