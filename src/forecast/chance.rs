//! Random numbers as a pure function of (seed, stream, path, day).
//!
//! A generator that is walked along gives each path numbers that depend on how the work was shared
//! among threads and on how long the run is. Here each (path, day) has its own short sequence, so two
//! scenarios with one seed meet the same luck and a longer run begins with the shorter one.
//! Not for secrets: the mixer is fast, not unpredictable.

use crate::number::real;

/// Chance for one seed and one stream (supply and demand take different streams).
#[derive(Debug, Clone, Copy)]
pub struct Chance {
    key: u64,
}

/// The sequence of draws that belongs to one path and one day.
#[derive(Debug, Clone)]
pub struct Draws {
    state: u64,
}

const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): a bijection in which each input bit moves
/// about half of the output bits.
const fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

const fn absorb(key: u64, word: u64) -> u64 {
    mix(key.rotate_left(23) ^ mix(word.wrapping_add(STEP)))
}

impl Chance {
    /// Chance of a run: `seed` names the run, `stream` what is drawn.
    #[must_use]
    pub const fn new(seed: u64, stream: u64) -> Self {
        Self { key: absorb(absorb(STEP, seed), stream) }
    }

    /// The draws of one path on one day (or of one block that starts on that day).
    #[must_use]
    pub const fn at(self, path: u64, day: u64) -> Draws {
        Draws { state: absorb(absorb(self.key, path), day) }
    }
}

impl Draws {
    /// 64 random bits.
    pub const fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// Uniform on [0, 1), 53 bits.
    pub fn uniform(&mut self) -> f64 {
        real(self.bits() >> 11) / 9_007_199_254_740_992.0
    }

    /// Uniform among 0..`n`; zero when `n` is zero.
    pub fn below(&mut self, n: usize) -> usize {
        let wide = u128::from(self.bits()) * u128::try_from(n).unwrap_or(0);
        usize::try_from(wide >> 64).unwrap_or(0)
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// Standard normal (Box and Muller).
    pub fn normal(&mut self) -> f64 {
        let radius = (2.0 * self.exponential()).sqrt();
        radius * (std::f64::consts::TAU * self.uniform()).cos()
    }

    /// Gamma with this shape and scale 1 (Marsaglia and Tsang 2000); zero for a shape that is none.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape.is_nan() || shape <= 0.0 {
            return 0.0;
        }
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * (1.0 - self.uniform()).powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Beta with these parameters.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let (x, y) = (self.gamma(a), self.gamma(b));
        if x + y > 0.0 { x / (x + y) } else { 0.0 }
    }

    /// How many of `count` succeed with this chance each: term by term under a mean of 30, above by the normal law.
    pub fn binomial(&mut self, count: u32, chance: f64) -> u32 {
        let chance = chance.clamp(0.0, 1.0);
        if chance > 0.5 {
            return count - self.binomial(count, 1.0 - chance);
        }
        let all = f64::from(count);
        let mean = all * chance;
        if mean >= 30.0 {
            let spread = (mean * (1.0 - chance)).sqrt();
            return crate::number::whole(mean + spread * self.normal() + 0.5).min(count);
        }
        let odds = chance / (1.0 - chance);
        let (mut term, mut left) = ((1.0 - chance).powf(all), self.uniform());
        let mut came = 0;
        while left >= term && came < count {
            left -= term;
            term *= odds * f64::from(count - came) / f64::from(came + 1);
            came += 1;
        }
        came
    }

    /// A Poisson count with this mean: by arrivals below 30, above by the normal law with continuity
    /// correction (its error there is far below what any history of counts can tell).
    pub fn poisson(&mut self, mean: f64) -> u32 {
        if mean < 30.0 {
            let mut arrivals = 0_u32;
            let mut clock = self.exponential();
            while clock < mean {
                arrivals = arrivals.saturating_add(1);
                clock += self.exponential();
            }
            return arrivals;
        }
        crate::number::whole(mean + mean.sqrt() * self.normal() + 0.5)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(mut draw: impl FnMut(&mut Draws) -> f64) -> (f64, f64) {
        let chance = Chance::new(11, 4);
        let values: Vec<f64> = (0..40_000).map(|path| draw(&mut chance.at(path, 9))).collect();
        let mean = values.iter().sum::<f64>() / 40_000.0;
        (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 40_000.0)
    }

    #[test]
    fn shares_and_those_who_come_have_the_right_moments() {
        let (mean, variance) = moments(|draws| draws.beta(4.0, 12.0));
        assert!(
            (mean - 0.25).abs() < 0.003 && (variance - 0.1875 / 17.0).abs() < 0.000_5,
            "{mean} {variance}"
        );
        let (mean, variance) = moments(|draws| draws.gamma(0.5));
        assert!((mean - 0.5).abs() < 0.02 && (variance - 0.5).abs() < 0.05, "{mean} {variance}");
        for (count, chance) in [(7, 0.3), (400, 0.05), (400, 0.25), (90, 0.8), (1, 0.5), (12, 0.0), (12, 1.0)]
        {
            let (mean, variance) = moments(|draws| f64::from(draws.binomial(count, chance)));
            let told = (f64::from(count) * chance, f64::from(count) * chance * (1.0 - chance));
            assert!((mean - told.0).abs() < 0.02 + told.1.sqrt() / 40.0, "{count} {chance}: {mean}");
            assert!((variance - told.1).abs() < 0.02 + 0.06 * told.1, "{count} {chance}: {variance}");
        }
    }

    #[test]
    fn first_draws_of_neighbouring_paths_have_the_right_moments() {
        let (mean, variance) = moments(Draws::uniform);
        assert!((mean - 0.5).abs() < 0.006 && (variance - 1.0 / 12.0).abs() < 0.002, "{mean} {variance}");
        let (mean, variance) = moments(Draws::normal);
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.04, "{mean} {variance}");
        for rate in [0.3, 7.0, 29.0, 60.0] {
            let (mean, variance) = moments(|draws| f64::from(draws.poisson(rate)));
            assert!((mean - rate).abs() < 0.02 * rate.max(1.0), "{rate}: {mean}");
            assert!((variance / rate - 1.0).abs() < 0.05, "{rate}: {variance}");
        }
    }

    #[test]
    fn each_coordinate_matters_and_equal_ones_agree() {
        let first = |seed, stream, path, day| Chance::new(seed, stream).at(path, day).bits();
        let here = first(1, 2, 3, 4);
        assert_eq!(here, first(1, 2, 3, 4));
        for other in [
            first(2, 2, 3, 4),
            first(1, 3, 3, 4),
            first(1, 2, 4, 4),
            first(1, 2, 3, 5),
            first(2, 1, 3, 4),
            first(1, 2, 4, 3),
        ] {
            assert_ne!(here, other);
        }
    }

    #[test]
    fn below_stays_below_and_reaches_all() {
        let mut seen = [0_u32; 7];
        for path in 0..7_000 {
            seen[Chance::new(5, 5).at(path, 0).below(7)] += 1;
        }
        assert!(seen.iter().all(|n| (850..1150).contains(n)), "{seen:?}");
        assert_eq!(Chance::new(5, 5).at(0, 0).below(0), 0);
    }
}
