//! How a total is parted among the groups of a component. Pure.

use rayon::prelude::*;
use shiryan_forecast::{Chance, Draws, Paths, Series};

/// A group's part of a total.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Share {
    pub part: f64,
    /// As firmly as so many units tell it.
    pub units: f64,
}

impl Share {
    /// All of it, for certain.
    pub const WHOLE: Self = Self { part: 1.0, units: 0.0 };
    /// Of a group that never moved.
    pub const NONE: Self = Self { part: 0.0, units: 0.0 };
}

/// A unit of a day ago tells a group's part so much less than one of today.
pub const FADES: f64 = 0.998;
/// The parts that groups have in the whole country count as so many units; and shares are never known better than by so
/// many, since they move (MODELS: α₀ and the cap of α).
const COUNTRY_UNITS: f64 = 200.0;
const MOST_UNITS: f64 = 500.0;

/// Units of a series, old ones fading.
#[must_use]
pub fn weight(series: &Series) -> f64 {
    series.counts().iter().fold(0.0, |sum, count| sum * FADES + count.unwrap_or(0.0))
}

/// The part of each group, from what it weighs here and in the whole country: as it was here, leaning on the country where
/// that is little.
#[must_use]
pub fn shares(weights: &[(f64, f64)]) -> Vec<Share> {
    let (here, country) = weights.iter().fold((0.0, 0.0), |sum, own| (sum.0 + own.0, sum.1 + own.1));
    let even = 1.0 / f64::from(u32::try_from(weights.len().max(1)).unwrap_or(u32::MAX));
    let share = |(own, of_country): &(f64, f64)| {
        let usual = if country > 0.0 { of_country / country } else { even };
        Share {
            part: (COUNTRY_UNITS * usual + own) / (COUNTRY_UNITS + here),
            units: (COUNTRY_UNITS + here).min(MOST_UNITS),
        }
    };
    weights.iter().map(share).collect()
}

/// A total parted among groups, each unit falling to one of them: on each path by shares drawn anew, as far as they are
/// known.
pub fn parted(total: &Paths, shares: &[Share], (seed, stream): (u64, u64)) -> Vec<Paths> {
    if let [_] = shares {
        return vec![total.clone()];
    }
    let of = |path: u64| -> Vec<f64> {
        let mut draws = Chance::new(seed, stream).at(path, u64::MAX);
        let drawn: Vec<f64> = shares
            .iter()
            .map(|share| if share.units > 0.0 { draws.gamma(share.part * share.units) } else { share.part })
            .collect();
        let sum: f64 = drawn.iter().sum();
        if sum > 0.0 {
            drawn.iter().map(|own| own / sum).collect()
        } else {
            shares.iter().map(|own| own.part).collect()
        }
    };
    let by_path: Vec<Vec<f64>> =
        (0..total.len()).into_par_iter().map(|path| of(u64::try_from(path).unwrap_or(0))).collect();
    (0..shares.len())
        .into_par_iter()
        .map(|group| {
            Paths::filled(total.len(), total.days(), |path, row| {
                let at = usize::try_from(path).unwrap_or(usize::MAX);
                let Some(shares) = by_path.get(at) else { return };
                for (day, (own, all)) in (0_u64..).zip(row.iter_mut().zip(total.path(at))) {
                    *own = part_of(*all, shares, group, &mut Chance::new(seed, stream).at(path, day));
                }
            })
        })
        .collect()
}

/// What of a day's units falls to one group, when they fall one group after the other: every group draws the same chain.
fn part_of(all: u32, shares: &[f64], group: usize, draws: &mut Draws) -> u32 {
    let (mut left, mut rest) = (all, 1.0);
    for (at, share) in shares.iter().enumerate() {
        let is_last = at + 1 == shares.len() || rest <= *share;
        let own = if is_last { left } else { draws.binomial(left, share / rest) };
        if at == group {
            return own;
        }
        left -= own;
        rest -= share;
        if left == 0 {
            return 0;
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 300 units here and twice as many in the country, of two groups: (200 × 1/4 + 200) / 500 and the rest; nothing here
    /// is the country's; nothing anywhere is alike.
    #[test]
    fn shares_by_hand() {
        let parts = |weights: &[(f64, f64)]| shares(weights).iter().map(|own| own.part).collect::<Vec<_>>();
        assert_eq!(parts(&[(200.0, 150.0), (100.0, 450.0)]), [0.5, 0.5]);
        assert_eq!(shares(&[(200.0, 150.0), (100.0, 450.0)])[0].units, 500.0);
        assert_eq!(parts(&[(0.0, 150.0), (0.0, 450.0)]), [0.25, 0.75]);
        assert_eq!(parts(&[(0.0, 0.0), (0.0, 0.0)]), [0.5, 0.5]);
        assert_eq!((parts(&[(7.0, 9.0)]), shares(&[])), (vec![1.0], Vec::new()));
    }

    #[test]
    fn parts_add_up_on_every_day_and_have_their_means() {
        let total = Paths::filled(4_000, 6, |path, row| row.fill(u32::try_from(path % 40).unwrap()));
        let of = shares(&[(60.0, 60.0), (30.0, 30.0), (10.0, 10.0)]);
        let own = parted(&total, &of, (7, 12));
        for path in 0..4_000 {
            for day in 0..6 {
                let sum: u32 = own.iter().map(|paths| paths.path(path)[day]).sum();
                assert_eq!(sum, total.path(path)[day]);
            }
        }
        for (paths, share) in own.iter().zip(&of) {
            let mean = paths.means()[3] / total.means()[3];
            assert!((mean - share.part).abs() < 0.01, "{mean} for {}", share.part);
        }
        assert_eq!(own, parted(&total, &of, (7, 12)));
        // A group that never moved gets nothing, and one that stands alone all.
        let with_none = parted(&total, &[of[0], Share::NONE], (7, 12));
        assert_eq!((&with_none[0], with_none[1].means()[2]), (&total, 0.0));
        assert_eq!(parted(&total, &[Share::WHOLE], (7, 12)), [total]);
    }
}
