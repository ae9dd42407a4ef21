//! Closed forms that judge the simulators.

use crate::number::real;

/// Long-run rates of a perishable stock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Perishable {
    /// Units outdated per unit of time.
    pub outdating: f64,
    /// The share of demands that find the shelf empty.
    pub stock_out: f64,
}

/// Poisson supply at rate `supply`, Poisson demand at rate `demand`, life fixed at `life`, oldest issued
/// first, unmet demand lost (Graves 1982; Kaspi and Perry 1983).
///
/// `None` unless all three are positive and finite.
#[must_use]
pub fn perishable(supply: f64, demand: f64, life: f64) -> Option<Perishable> {
    if ![supply, demand, life].iter().all(|x| x.is_finite() && *x > 0.0) {
        return None;
    }
    let drift = (supply - demand) * life;
    // (e^x - 1) / x for x = (supply - demand)·life: 1 where the rates meet.
    let growth = if drift.abs() < 1e-12 { 1.0 } else { drift.exp_m1() / drift };
    let constant = 1.0 / (1.0 / supply + growth * life);
    if drift > 700.0 {
        // e^x leaves the range of a double: all that demand does not take is outdated.
        return Some(Perishable { outdating: supply - demand, stock_out: 0.0 });
    }
    Some(Perishable { outdating: constant * drift.exp(), stock_out: constant / supply })
}

/// Erlang's loss formula: the share lost with `servers` places and offered load `load`.
///
/// It is the stock-out probability of an (S−1, S) stock with lost sales: S = `servers`, load = demand
/// rate × lead time.
#[must_use]
pub fn erlang_b(servers: u32, load: f64) -> f64 {
    (1..=servers).fold(1.0, |lost, n| load * lost / (f64::from(n) + load * lost))
}

/// The least n with P(Poisson(`mean`) ≤ n) ≥ `p`: the base stock where nothing expires, and with
/// p = (price − cost) / price the newsvendor's order where everything expires at night.
///
/// `None` unless 0 ≤ `mean` ≤ 700 (e^−mean must be a double) and 0 ≤ `p` < 1.
#[must_use]
pub fn poisson_quantile(mean: f64, p: f64) -> Option<u32> {
    if !(0.0..=700.0).contains(&mean) || !(0.0..1.0).contains(&p) {
        return None;
    }
    let (mut n, mut term, mut reached) = (0_u32, (-mean).exp(), (-mean).exp());
    while reached < p {
        n += 1;
        term *= mean / real(n.into());
        reached += term;
        if term < f64::MIN_POSITIVE && f64::from(n) > mean {
            break;
        }
    }
    Some(n)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use crate::fefo::{Lot, Shelf};
    use crate::number::{len, whole};

    /// Ticks per unit of time: fine enough that a tick's rounding is far below the Monte-Carlo error.
    const TICKS: f64 = 10_000.0;

    fn tick(time: f64) -> i32 {
        i32::try_from(whole(time * TICKS)).unwrap()
    }

    struct Estimate {
        mean: f64,
        error: f64,
    }

    impl Estimate {
        fn of(batches: &[f64]) -> Self {
            let n = len(batches.len());
            let mean = batches.iter().sum::<f64>() / n;
            let variance = batches.iter().map(|b| (b - mean).powi(2)).sum::<f64>() / (n - 1.0);
            Self { mean, error: (variance / n).sqrt() }
        }

        fn agrees(&self, exact: f64, what: &str) {
            println!("{what}: exact {exact:.5}, simulated {:.5} ± {:.5}", self.mean, self.error);
            assert!((self.mean - exact).abs() <= 4.0 * self.error, "{what}: {exact} against {}", self.mean);
        }
    }

    /// One independent run of the shelf, event by event: (outdated per unit of time, share unmet).
    fn shelf_run(supply: f64, demand: f64, life: f64, set: u64, run: u64) -> (f64, f64) {
        let (warm, length) = (20.0 * life, 400.0 * life.max(1.0));
        let mut draws = Chance::new(2024, set).at(run, 0);
        let (mut shelf, shelf_life) = (Shelf::default(), tick(life));
        let (mut now, mut outdated, mut asked, mut unmet) = (0.0, 0_u64, 0_u64, 0_u64);
        while now < warm + length {
            now += draws.exponential() / (supply + demand);
            let tick = tick(now);
            let gone = shelf.expire(tick);
            let counted = now >= warm;
            outdated += if counted { gone } else { 0 };
            if draws.uniform() < supply / (supply + demand) {
                shelf.receive(Lot { expiry: tick + shelf_life, units: 1 });
            } else {
                let issued = shelf.issue(1, |_| ());
                asked += u64::from(counted);
                unmet += if counted { 1 - issued } else { 0 };
            }
        }
        (real(outdated) / length, real(unmet) / real(asked))
    }

    #[test]
    fn the_shelf_agrees_with_the_perishable_closed_form() {
        let sets = [
            (5.0, 4.0, 3.0),
            (4.0, 5.0, 3.0),
            (3.0, 3.0, 5.0),
            (10.0, 9.5, 2.0),
            (1.0, 1.4, 6.0),
            (8.0, 6.0, 0.7),
        ];
        for (set, (supply, demand, life)) in (1..).zip(sets) {
            let exact = perishable(supply, demand, life).unwrap();
            let runs: Vec<(f64, f64)> =
                (0..60).map(|run| shelf_run(supply, demand, life, set, run)).collect();
            let name = format!("supply {supply} demand {demand} life {life}");
            let (outdated, unmet): (Vec<f64>, Vec<f64>) = runs.into_iter().unzip();
            Estimate::of(&outdated).agrees(exact.outdating, &format!("{name} outdating"));
            Estimate::of(&unmet).agrees(exact.stock_out, &format!("{name} stock-out"));
        }
    }

    #[test]
    fn equal_rates_are_the_limit_and_mass_balances() {
        let met = perishable(3.0, 3.0, 5.0).unwrap();
        assert!((met.outdating - 3.0 / 16.0).abs() < 1e-12 && (met.stock_out - 1.0 / 16.0).abs() < 1e-12);
        let near = perishable(3.0 + 1e-7, 3.0, 5.0).unwrap();
        assert!((near.outdating - met.outdating).abs() < 1e-6);
        for (supply, demand, life) in [(5.0, 4.0, 3.0), (0.2, 9.0, 1.0), (90.0, 2.0, 3.0), (900.0, 2.0, 3.0)]
        {
            let rates = perishable(supply, demand, life).unwrap();
            let issued = demand * (1.0 - rates.stock_out);
            assert!((supply - issued - rates.outdating).abs() < 1e-9 * supply, "{supply} {demand} {life}");
        }
        assert_eq!(perishable(0.0, 1.0, 1.0), None);
        assert_eq!(perishable(1.0, f64::NAN, 1.0), None);
    }

    #[test]
    fn a_base_stock_with_lost_sales_agrees_with_erlang() {
        assert!((erlang_b(2, 1.0) - 0.2).abs() < 1e-12);
        assert!((erlang_b(10, 5.0) - 0.018_384_57).abs() < 1e-7);
        assert_eq!(erlang_b(0, 3.0), 1.0);
        for (stock, demand, lead) in [(3, 2.0, 1.0), (6, 1.5, 3.0), (1, 0.5, 2.0)] {
            let lost: Vec<f64> = (0..40)
                .map(|run| {
                    let mut draws = Chance::new(7, 2).at(run, 0);
                    let (mut now, mut asked, mut unmet) = (0.0, 0.0, 0.0);
                    let mut orders: std::collections::VecDeque<f64> = std::collections::VecDeque::new();
                    let lot = |units| Lot { expiry: i32::MAX, units };
                    let mut shelf = Shelf::new(&[lot(stock)]);
                    while now < 3_000.0 {
                        now += draws.exponential() / demand;
                        while orders.front().is_some_and(|due| *due <= now) {
                            orders.pop_front();
                            shelf.receive(lot(1));
                        }
                        let out = shelf.issue(1, |_| ()) == 0;
                        if !out {
                            orders.push_back(now + lead);
                        }
                        if now > 50.0 {
                            asked += 1.0;
                            unmet += f64::from(u8::from(out));
                        }
                    }
                    unmet / asked
                })
                .collect();
            Estimate::of(&lost).agrees(erlang_b(stock, demand * lead), &format!("base stock {stock}"));
        }
    }

    #[test]
    fn poisson_quantiles() {
        assert_eq!(poisson_quantile(5.0, 0.5), Some(5));
        assert_eq!(poisson_quantile(5.0, 0.95), Some(9));
        assert_eq!(poisson_quantile(0.0, 0.99), Some(0));
        assert_eq!(poisson_quantile(1.0, 0.3679), Some(1));
        assert_eq!(poisson_quantile(5.0, 1.0), None);
        assert!(poisson_quantile(700.0, 1.0 - 1e-16).is_some());
    }
}
