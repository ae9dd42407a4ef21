//! Five quantiles of one uncertain count.

/// P5, P10, P50, P90 and P95, in units; never decreasing.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Band {
    pub p5: f64,
    pub p10: f64,
    pub p50: f64,
    pub p90: f64,
    pub p95: f64,
}

impl Band {
    /// The probabilities, in the order of the fields.
    pub const LEVELS: [f64; 5] = [0.05, 0.10, 0.50, 0.90, 0.95];

    /// The quantiles of a sample, sorted in place; `None` when it is empty.
    pub fn of(sample: &mut [f64]) -> Option<Self> {
        sample.sort_unstable_by(f64::total_cmp);
        let [p5, p10, p50, p90, p95] = Self::LEVELS.map(|p| quantile(sample, p));
        Some(Self { p5: p5?, p10: p10?, p50: p50?, p90: p90?, p95: p95? })
    }

    /// The same of whole units that were counted: how many there are of each number from 0 on, and the larger ones in
    /// order.
    pub fn of_counted(counts: &[u32], larger: &[u32]) -> Option<Self> {
        let mut sum = 0_usize;
        let upto: Vec<usize> = counts
            .iter()
            .map(|count| {
                sum += usize::try_from(*count).unwrap_or(0);
                sum
            })
            .collect();
        Self::at(sum + larger.len(), |place| match place.checked_sub(sum) {
            Some(beyond) => larger.get(beyond).copied().map(f64::from),
            None => Some(crate::number::len(upto.partition_point(|sum| *sum <= place))),
        })
    }

    fn at(count: usize, value: impl Fn(usize) -> Option<f64>) -> Option<Self> {
        let [p5, p10, p50, p90, p95] = Self::LEVELS.map(|p| quantile_at(count, p, &value));
        Some(Self { p5: p5?, p10: p10?, p50: p50?, p90: p90?, p95: p95? })
    }

    /// Each quantile sent through a non-decreasing function.
    #[must_use]
    pub fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Self { p5: f(self.p5), p10: f(self.p10), p50: f(self.p50), p90: f(self.p90), p95: f(self.p95) }
    }

    /// Whether the value lies in the 80 % band, P10 to P90, ends included.
    #[must_use]
    pub fn holds(&self, value: f64) -> bool {
        self.p10 <= value && value <= self.p90
    }
}

/// The quantile of a sorted sample at (n + 1)·p, held at its ends.
///
/// A future value of the same kind falls below the k-th of n past ones with probability k / (n + 1),
/// so this rule keeps its promise for small samples, where the usual one is too narrow.
#[must_use]
pub fn quantile(sorted: &[f64], p: f64) -> Option<f64> {
    quantile_at(sorted.len(), p, &|place| sorted.get(place).copied())
}

/// `value` gives the number that stands at a place of the sorted sample.
fn quantile_at(count: usize, p: f64, value: &impl Fn(usize) -> Option<f64>) -> Option<f64> {
    let place = (crate::number::len(count) + 1.0) * p - 1.0;
    let below = usize::try_from(crate::number::whole(place)).ok()?.min(count.checked_sub(1)?);
    let low = value(below)?;
    let high = value(below + 1).unwrap_or(low);
    Some(low + (high - low) * (place - crate::number::len(below)).clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_stand_at_their_order_statistics() {
        let mut sample: Vec<f64> = (1..=19).rev().map(f64::from).collect();
        let band = Band::of(&mut sample).unwrap();
        assert_eq!(band, Band { p5: 1.0, p10: 2.0, p50: 10.0, p90: 18.0, p95: 19.0 });
        assert_eq!(quantile(&[4.0, 8.0], 0.5), Some(6.0));
        assert_eq!(quantile(&[4.0], 0.95), Some(4.0));
        assert_eq!(quantile(&[4.0, 8.0], 0.01), Some(4.0));
        assert_eq!(quantile(&[], 0.5), None);
        assert!(band.holds(2.0) && band.holds(18.0) && !band.holds(18.5));
    }

    proptest::proptest! {
        #[test]
        fn quantiles_never_decrease(mut sample in proptest::collection::vec(-1e6_f64..1e6, 1..60)) {
            let b = Band::of(&mut sample).unwrap();
            proptest::prop_assert!(b.p5 <= b.p10 && b.p10 <= b.p50 && b.p50 <= b.p90 && b.p90 <= b.p95);
        }
    }
}
