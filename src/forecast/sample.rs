//! What may come, as weighted past errors put it: quantiles, the place of a value, and its score.

use crate::number::len;

/// Quantiles of one uncertain count, in its unit; never decreasing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Quantiles {
    pub p025: f64,
    pub p10: f64,
    pub p50: f64,
    pub p90: f64,
    pub p975: f64,
}

impl Quantiles {
    /// Whether the value lies in the 80 % band, ends included.
    #[must_use]
    pub fn holds_80(&self, value: f64) -> bool {
        self.p10 <= value && value <= self.p90
    }

    /// Whether the value lies in the 95 % band, ends included.
    #[must_use]
    pub fn holds_95(&self, value: f64) -> bool {
        self.p025 <= value && value <= self.p975
    }
}

/// A distribution out of weighted values: each with the probability that what comes is not above it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    points: Vec<(f64, f64)>,
    /// No quantile is below this.
    least: f64,
}

/// Points of the grid on which a score is summed.
const GRID: u32 = 40;

impl Sample {
    /// Of values and their weights; `None` when there is no weight at all.
    ///
    /// A future value of the same kind falls below the k-th of n past ones with probability k / (n + 1);
    /// with unequal weights n is their effective number, Kish's `(Σw)² / Σw²`.
    #[must_use]
    pub fn of(mut pairs: Vec<(f64, f64)>) -> Option<Self> {
        pairs.retain(|(value, weight)| value.is_finite() && *weight > 0.0);
        pairs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let (sum, squares) = pairs.iter().fold((0.0, 0.0), |(s, q), (_, w)| (s + w, q + w * w));
        let effective = sum * sum / squares;
        let mut reached = 0.0;
        let mut points = Vec::with_capacity(pairs.len());
        for (value, weight) in pairs {
            reached += weight;
            points.push((value, reached / sum * effective / (effective + 1.0)));
        }
        (!points.is_empty()).then_some(Self { points, least: f64::NEG_INFINITY })
    }

    /// A normal law with this standard deviation around 0, where nothing was measured.
    #[must_use]
    pub fn assumed(deviation: f64) -> Self {
        let point = |at: u32| {
            let below = (f64::from(at) + 0.5) / f64::from(GRID);
            (deviation * normal_quantile(below), below)
        };
        Self { points: (0..GRID).map(point).collect(), least: f64::NEG_INFINITY }
    }

    /// The same law on few points, evenly apart in probability.
    #[must_use]
    pub fn thinned(&self, points: u32) -> Self {
        let point = |at: u32| {
            let below = (f64::from(at) + 0.5) / f64::from(points);
            (self.quantile(below), below)
        };
        Self { points: (0..points).map(point).collect(), least: self.least }
    }

    /// Errors made counts by a non-decreasing function; no count is below zero.
    #[must_use]
    pub fn counts(&self, f: impl Fn(f64) -> f64) -> Self {
        Self {
            points: self.points.iter().map(|(error, below)| (f(*error).max(0.0), *below)).collect(),
            least: 0.0,
        }
    }

    /// The value that what comes exceeds with probability 1 − `p`. Beyond the outermost value the tail is
    /// that of a normal law through it and the median.
    #[must_use]
    pub fn quantile(&self, p: f64) -> f64 {
        self.reach(p).max(self.least)
    }

    fn reach(&self, p: f64) -> f64 {
        let next = self.points.partition_point(|(_, below)| *below < p);
        let (before, after) = (next.checked_sub(1).and_then(|at| self.points.get(at)), self.points.get(next));
        match (before, after) {
            (Some((low, from)), Some((high, to))) => {
                low + (high - low) * (p - from) / (to - from).max(f64::MIN_POSITIVE)
            }
            (None, Some(end)) | (Some(end), None) => self.tail(*end, p),
            (None, None) => 0.0,
        }
    }

    fn tail(&self, (end, below): (f64, f64), p: f64) -> f64 {
        let (own, wanted) = (normal_quantile(below), normal_quantile(p));
        // One value alone has no tail, nor has a sample whose end is its middle.
        if self.points.len() < 2 || own.abs() < 0.1 || own.signum() != wanted.signum() {
            return end;
        }
        let median = self.quantile(0.5);
        median + (end - median) * wanted / own
    }

    /// The five quantiles.
    #[must_use]
    pub fn quantiles(&self) -> Quantiles {
        Quantiles {
            p025: self.quantile(0.025),
            p10: self.quantile(0.10),
            p50: self.quantile(0.50),
            p90: self.quantile(0.90),
            p975: self.quantile(0.975),
        }
    }

    /// The probability of what does not exceed `value`: uniform over many forecasts that are true (PIT).
    /// Of equal values the middle counts.
    #[must_use]
    pub fn below(&self, value: f64) -> f64 {
        let under = self.points.partition_point(|(known, _)| *known < value);
        let upto = self.points.partition_point(|(known, _)| *known <= value);
        let at = |place: usize| place.checked_sub(1).and_then(|at| self.points.get(at)).copied();
        match (at(under), self.points.get(under)) {
            (None, Some((_, below))) if upto == 0 => below / 2.0,
            (Some((_, below)), None) => f64::midpoint(below, 1.0),
            (Some((low, from)), Some((high, to))) if upto == under => {
                from + (to - from) * (value - low) / (high - low).max(f64::MIN_POSITIVE)
            }
            (before, _) => f64::midpoint(before.map_or(0.0, |b| b.1), at(upto).map_or(1.0, |b| b.1)),
        }
    }

    /// Continuous ranked probability score against what came, in the unit of the values: twice the mean
    /// pinball loss over a grid of probabilities.
    #[must_use]
    pub fn crps(&self, came: f64) -> f64 {
        let loss = |at: u32| {
            let p = (f64::from(at) + 0.5) / f64::from(GRID);
            let miss = came - self.quantile(p);
            if miss >= 0.0 { p * miss } else { (p - 1.0) * miss }
        };
        2.0 * (0..GRID).map(loss).sum::<f64>() / f64::from(GRID)
    }

    /// How many values it was made of.
    #[must_use]
    pub fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether it was made of none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
}

/// The standard normal quantile (Abramowitz and Stegun 26.2.23, error below 4.5e-4).
pub(crate) fn normal_quantile(p: f64) -> f64 {
    let tail = p.min(1.0 - p).max(1e-12);
    let t = (-2.0 * tail.ln()).sqrt();
    let above = t
        - (2.515_517 + t * (0.802_853 + t * 0.010_328))
            / (1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308)));
    if p < 0.5 { -above } else { above }
}

/// The weighted mean of values; `None` without weight.
pub(crate) fn weighted_mean(pairs: impl IntoIterator<Item = (f64, f64)>) -> Option<f64> {
    let (sum, weights) =
        pairs.into_iter().fold((0.0, 0.0), |(s, w), (value, weight)| (s + value * weight, w + weight));
    (weights > 0.0).then(|| sum / weights)
}

/// A weight that halves every `half_life` days.
pub(crate) fn faded(days: usize, half_life: f64) -> f64 {
    (-len(days) / half_life).exp2()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn equal(values: &[f64]) -> Sample {
        Sample::of(values.iter().map(|value| (*value, 1.0)).collect()).unwrap()
    }

    #[test]
    fn equal_weights_give_order_statistics() {
        let sample = equal(&(1..=39).rev().map(f64::from).collect::<Vec<_>>());
        let q = sample.quantiles();
        for (found, wanted) in [(q.p025, 1.0), (q.p10, 4.0), (q.p50, 20.0), (q.p90, 36.0), (q.p975, 39.0)] {
            assert!((found - wanted).abs() < 1e-9, "{q:?}");
        }
        assert!((sample.below(10.0) - 0.25).abs() < 0.02 && (sample.below(20.5) - 0.5125).abs() < 1e-9);
        assert!(sample.below(0.0) < 0.025 && sample.below(40.0) > 0.975);
    }

    #[test]
    fn few_values_have_normal_tails() {
        let q = equal(&(-9..=9).map(f64::from).collect::<Vec<_>>()).quantiles();
        // Outermost at 5 %: 1.96 / 1.645 times as far out.
        assert!((q.p025 + 9.0 * 1.96 / 1.645).abs() < 0.02 && (q.p025 + q.p975).abs() < 1e-6, "{q:?}");
        assert_eq!(equal(&[3.0]).quantiles().p025, 3.0);
        assert_eq!(Sample::of(vec![(1.0, 0.0)]), None);
    }

    #[test]
    fn the_normal_law() {
        for (p, z) in
            [(0.025, -1.959_964), (0.1, -1.281_552), (0.5, 0.0), (0.9, 1.281_552), (0.999, 3.090_232)]
        {
            assert!((normal_quantile(p) - z).abs() < 1e-3, "{p}");
        }
        // CRPS of N(0, 1) at its centre: (√2 − 1)/√π.
        assert!((Sample::assumed(1.0).crps(0.0) - 0.233_695).abs() < 0.005);
        assert!((Sample::assumed(2.0).quantiles().p90 - 2.563).abs() < 0.01);
    }

    proptest::proptest! {
        #[test]
        fn quantiles_never_decrease(pairs in proptest::collection::vec((-1e3_f64..1e3, 0.01_f64..1.0), 1..60)) {
            let sample = Sample::of(pairs).unwrap();
            let q: Vec<f64> = (1..200).map(|p| sample.quantile(f64::from(p) / 200.0)).collect();
            proptest::prop_assert!(q.windows(2).all(|w| w[0] <= w[1] + 1e-9), "{q:?}");
            let b: Vec<f64> = (-11..11).map(|v| sample.below(f64::from(v) * 100.0)).collect();
            proptest::prop_assert!(b.windows(2).all(|w| w[0] <= w[1] + 1e-12), "{b:?}");
        }
    }
}
