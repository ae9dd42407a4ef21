//! Published optima of perishable replenishment, and the newsvendor, as judges of the shelf: the policy is worked out
//! by value iteration, which knows nothing of [`Shelf`], and then lived through on one, day by day.

use crate::chance::Chance;
use crate::closed::poisson_quantile;
use crate::fefo::{Lot, Shelf};
use crate::number::{len, whole};

/// Demands of so many and more are taken together.
const MOST: usize = 25;

fn poisson(mean: f64) -> Vec<f64> {
    let mut chances = vec![(-mean).exp()];
    for n in 1..MOST {
        chances.push(chances[n - 1] * mean / len(n));
    }
    chances.push(1.0 - chances.iter().sum::<f64>());
    chances
}

/// The mean of runs that know nothing of each other, and its standard error.
fn estimate(runs: impl Iterator<Item = f64>) -> (f64, f64) {
    let runs: Vec<f64> = runs.collect();
    let n = len(runs.len());
    let mean = runs.iter().sum::<f64>() / n;
    let variance = runs.iter().map(|run| (run - mean).powi(2)).sum::<f64>() / (n - 1.0);
    (mean, (variance / n).sqrt())
}

/// One product: what lies there in the morning, by age, tells what is ordered for the next one.
struct OneProduct {
    life: usize,
    most: usize,
    /// The best order by state, and the gain a day.
    orders: Vec<usize>,
    gain: f64,
}

impl OneProduct {
    fn place(most: usize, lots: &[usize]) -> usize {
        lots.iter().fold(0, |place, units| place * (most + 1) + units)
    }

    /// Price 1, order cost 0.5, oldest first, no discount: relative values until every state gains alike.
    fn solve(life: usize, most: usize, demand: f64) -> Self {
        let chances = poisson(demand);
        let (one, states) = (most + 1, (most + 1).pow(u32::try_from(life).unwrap()));
        let (mut sold, mut nexts) = (Vec::with_capacity(states), Vec::with_capacity(states * chances.len()));
        for state in 0..states {
            let mut units = vec![0; life];
            let mut rest = state;
            for age in (0..life).rev() {
                units[age] = rest % one;
                rest /= one;
            }
            let mut gain = 0.0;
            for (asked, chance) in chances.iter().enumerate() {
                let (mut lots, mut unmet) = (units.clone(), asked);
                for lot in &mut lots {
                    let taken = unmet.min(*lot);
                    *lot -= taken;
                    unmet -= taken;
                }
                gain += chance * len(asked - unmet);
                // With the order that comes in the morning as its last figure.
                nexts.push(Self::place(most, &lots[1..]) * one);
            }
            sold.push(gain);
        }
        let mut values = vec![0.0; states];
        loop {
            let best: Vec<(usize, f64)> = (0..states)
                .map(|state| {
                    let own = &nexts[state * chances.len()..(state + 1) * chances.len()];
                    let worth = |order: usize| -> f64 {
                        let later = own.iter().zip(&chances).map(|(next, p)| p * values[next + order]);
                        sold[state] - 0.5 * len(order) + later.sum::<f64>()
                    };
                    let choices = (0..=most).map(|order| (order, worth(order)));
                    choices.max_by(|one, other| one.1.total_cmp(&other.1)).unwrap()
                })
                .collect();
            if let Some(gain) = settled(&best, &values) {
                let orders = best.into_iter().map(|(order, _)| order).collect();
                return Self { life, most, orders, gain };
            }
            let first = best[0].1;
            values = best.into_iter().map(|(_, value)| value - first).collect();
        }
    }

    /// The gain a day of the same policy on a shelf.
    fn live(&self, demand: f64, run: u64) -> f64 {
        let (mut shelf, mut draws) = (Shelf::default(), Chance::new(41, 9).at(run, 0));
        let (warm, days) = (100, 4_000);
        let (mut gain, mut order) = (0.0, 0);
        for day in 0..warm + days {
            let expiry = day + i32::try_from(self.life).unwrap() - 1;
            shelf.receive(Lot { expiry, units: u32::try_from(order).unwrap() });
            let mut lots = vec![0; self.life];
            for lot in shelf.lots() {
                lots[usize::try_from(lot.expiry - day).unwrap()] = usize::try_from(lot.units).unwrap();
            }
            order = self.orders[Self::place(self.most, &lots)];
            let of_day = shelf.day(day, &[], u64::from(draws.poisson(demand)));
            // What expires tonight is no stock of tomorrow.
            shelf.expire(day + 1);
            if day >= warm {
                gain += f64::from(u32::try_from(of_day.issued).unwrap()) - 0.5 * len(order);
            }
        }
        gain / f64::from(days)
    }
}

/// The gain a day, once a round adds the same to the value of every state.
fn settled<T>(best: &[(T, f64)], values: &[f64]) -> Option<f64> {
    let steps = || best.iter().zip(values).map(|((_, new), old)| new - old);
    let (least, greatest) =
        (steps().fold(f64::INFINITY, f64::min), steps().fold(f64::NEG_INFINITY, f64::max));
    (greatest - least < 2e-4).then_some((least + greatest) / 2.0)
}

/// Hendrix and others 2019: Poisson demand of 5, gains of 2.22, 2.40 and 2.47 a day where units keep for 2, 3 and 4 days.
#[test]
fn one_perishable_product_gains_what_was_published() {
    for (life, most, published) in [(2, 10, 2.22), (3, 15, 2.40), (4, 12, 2.47)] {
        let solved = OneProduct::solve(life, most, 5.0);
        assert!((solved.gain - published).abs() < 0.005, "life {life}: {} for {published}", solved.gain);
        let (mean, error) = estimate((0..40).map(|run| solved.live(5.0, run)));
        println!("life {life}: optimum {:.4}, lived {mean:.4} ± {error:.4}", solved.gain);
        assert!(
            (mean - solved.gain).abs() <= 4.0 * error,
            "life {life}: {mean} ± {error} for {}",
            solved.gain
        );
    }
}

/// Where everything expires at night, the best order is the fractile (price − cost) / price of demand, and the shelf says so.
#[test]
fn what_keeps_for_a_day_is_the_newsvendors() {
    for (demand, cost) in [(5.0, 0.5), (12.0, 0.2), (3.0, 0.7)] {
        let fractile = poisson_quantile(demand, 1.0 - cost).unwrap();
        let chances = poisson(demand);
        let gain = |order: u32| -> f64 {
            let sold =
                |(asked, chance): (usize, &f64)| chance * len(asked.min(usize::try_from(order).unwrap()));
            chances.iter().enumerate().map(sold).sum::<f64>() - cost * f64::from(order)
        };
        let best = (0..30).max_by(|one, other| gain(*one).total_cmp(&gain(*other))).unwrap();
        assert_eq!(fractile, best);
        for order in [best - 1, best, best + 1] {
            let live = |run: u64| {
                let (mut shelf, mut draws) = (Shelf::default(), Chance::new(43, 9).at(run, u64::from(order)));
                let day = |day: i32| {
                    let record = shelf.day(
                        day,
                        &[Lot { expiry: day, units: order }],
                        u64::from(draws.poisson(demand)),
                    );
                    f64::from(u32::try_from(record.issued).unwrap()) - cost * f64::from(order)
                };
                (0..2_000).map(day).sum::<f64>() / 2_000.0
            };
            let (mean, error) = estimate((0..40).map(live));
            assert!(
                (mean - gain(order)).abs() <= 4.0 * error,
                "{order}: {mean} ± {error} for {}",
                gain(order)
            );
        }
    }
}

/// Two products that keep for two days; who finds none of the first takes one of the second every other time.
struct TwoProducts {
    most: [usize; 2],
    demands: [f64; 2],
    orders: Vec<[usize; 2]>,
    gain: f64,
}

impl TwoProducts {
    /// As [`OneProduct::solve`].
    fn solve(demands: [f64; 2], most: [usize; 2]) -> Self {
        let chances = demands.map(poisson);
        let [one, other] = most.map(|most| most + 1);
        // Of the first by (left, ordered): chances of what is left when nobody went without, and when it was sold out, of so
        // many who take the second.
        let firsts: Vec<(Vec<f64>, Vec<f64>, f64)> = (0..one * one)
            .map(|post| {
                let (old, order) = (post / one, post % one);
                let (mut next, mut takers, mut sold) = (vec![0.0; one], vec![0.0; MOST + 1], 0.0);
                for (asked, chance) in chances[0].iter().enumerate() {
                    let used = asked.min(old + order);
                    sold += chance * len(used);
                    let unmet = asked - used;
                    if unmet == 0 {
                        next[order.min(old + order - used)] += chance;
                        continue;
                    }
                    let mut of = chance * 0.5_f64.powi(i32::try_from(unmet).unwrap());
                    for (takes, taker) in takers.iter_mut().enumerate().take(unmet + 1) {
                        *taker += of;
                        of *= len(unmet - takes) / len(takes + 1);
                    }
                }
                (next, takers, sold)
            })
            .collect();
        // Of the second by (left, ordered) and takers: chances of what is left, and what is sold.
        let seconds: Vec<Vec<(Vec<f64>, f64)>> = (0..other * other)
            .map(|post| {
                let (old, order) = (post / other, post % other);
                let by_takers = (0..=MOST).map(|takers| {
                    let (mut next, mut sold) = (vec![0.0; other], 0.0);
                    for (asked, chance) in chances[1].iter().enumerate() {
                        let used = (asked + takers).min(old + order);
                        sold += chance * len(used);
                        next[order.min(old + order - used)] += chance;
                    }
                    (next, sold)
                });
                by_takers.collect()
            })
            .collect();
        // Values by what lies there in the morning: left and come of the first, left and come of the second.
        let actions = one * other;
        let at = |left: [usize; 2], order: usize| {
            ((left[0] * one + order / other) * other + left[1]) * other + order % other
        };
        let mut values = vec![0.0; actions * actions];
        loop {
            // The worth of each order once the first is known, with what the second sells.
            let by_second = |next: &[f64], left: usize, worth: &mut [f64]| {
                for (order, worth) in worth.iter_mut().enumerate() {
                    let later =
                        next.iter().enumerate().map(|(own, chance)| chance * values[at([left, own], order)]);
                    *worth += later.sum::<f64>();
                }
            };
            let mut best = Vec::with_capacity(values.len());
            let mut worths: Vec<Vec<f64>> = Vec::with_capacity(seconds.len());
            for second in &seconds {
                // First by what is left of the first with nobody to stand in for, then by takers with none of it left.
                let mut own = vec![0.0; (one + second.len()) * actions];
                let (plain, taken) = own.split_at_mut(one * actions);
                for (left, worth) in plain.chunks_mut(actions).enumerate() {
                    worth.fill(second[0].1);
                    by_second(&second[0].0, left, worth);
                }
                for ((next, sold), worth) in second.iter().zip(taken.chunks_mut(actions)) {
                    worth.fill(*sold);
                    by_second(next, 0, worth);
                }
                worths.push(own);
            }
            for (next, takers, sold) in &firsts {
                for own in &worths {
                    let mut sums: Vec<f64> =
                        (0..actions).map(|order| sold - 0.5 * len(order / other + order % other)).collect();
                    let chances = next.iter().chain(takers);
                    for (chance, worth) in
                        chances.zip(own.chunks(actions)).filter(|(chance, _)| **chance > 1e-12)
                    {
                        sums.iter_mut().zip(worth).for_each(|(sum, worth)| *sum += chance * worth);
                    }
                    let choices = sums.into_iter().enumerate();
                    best.push(choices.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap());
                }
            }
            if let Some(gain) = settled(&best, &values) {
                let orders = best.into_iter().map(|(order, _)| [order / other, order % other]).collect();
                return Self { most, demands, orders, gain };
            }
            let first = best[0].1;
            values = best.into_iter().map(|(_, value)| value - first).collect();
        }
    }

    fn live(&self, run: u64) -> f64 {
        let (mut shelves, mut draws) = ([Shelf::default(), Shelf::default()], Chance::new(47, 9).at(run, 0));
        let (warm, days) = (100, 6_000);
        let (mut gain, mut orders) = (0.0, [0; 2]);
        for day in 0..warm + days {
            let mut state = 0;
            for ((shelf, order), most) in shelves.iter_mut().zip(orders).zip(self.most) {
                let left = usize::try_from(shelf.on_hand()).unwrap();
                state = (state * (most + 1) + left) * (most + 1) + order;
                shelf.receive(Lot { expiry: day + 1, units: u32::try_from(order).unwrap() });
            }
            orders = self.orders[state];
            let [first, second] = &mut shelves;
            let own = first.day(day, &[], u64::from(draws.poisson(self.demands[0])));
            let other = second.day(day, &[], u64::from(draws.poisson(self.demands[1])));
            let takers = draws.binomial(u32::try_from(own.unmet).unwrap(), 0.5);
            let stood_in = second.issue(u64::from(takers), |_| ());
            if day >= warm {
                let issued = u32::try_from(own.issued + other.issued + stood_in).unwrap();
                gain += f64::from(issued) - 0.5 * len(orders[0] + orders[1]);
            }
            shelves.iter_mut().for_each(|shelf| _ = shelf.expire(day + 1));
        }
        gain / f64::from(days)
    }
}

/// Hendrix and others 2019, two products: 4.503 and 4.523 a day.
#[test]
fn two_products_of_which_one_stands_in_gain_what_was_published() {
    for (demands, most, published) in [([5.0, 5.0], [10, 10], 4.503), ([3.0, 7.0], [6, 14], 4.523)] {
        let solved = TwoProducts::solve(demands, most);
        println!("{demands:?}: {:.4}, published {published}", solved.gain);
        assert!((solved.gain - published).abs() < 0.000_6, "{demands:?}: {} for {published}", solved.gain);
        let (mean, error) = estimate((0..40).map(|run| solved.live(run)));
        println!("{demands:?}: optimum {:.4}, lived {mean:.4} ± {error:.4}", solved.gain);
        assert!(
            (mean - solved.gain).abs() <= 4.0 * error,
            "{demands:?}: {mean} ± {error} for {}",
            solved.gain
        );
    }
}

/// De Moor and others 2022: what is ordered in the morning comes on the next, filled up to so many units; costs of 3 a unit
/// ordered, 5 a unit short, 7 wasted, 1 held, life of two days. The shelf issues the oldest first: the best is seven.
#[test]
fn the_best_base_stock_is_the_published_one() {
    // A gamma of mean 4 and a coefficient of variation of one half.
    let demands: Vec<u64> = (0..200_000)
        .map(|day| Chance::new(53, 9).at(0, day).gamma(4.0))
        .map(|units| u64::from(whole(units + 0.5)))
        .collect();
    let cost = |most: u64| {
        let (mut shelf, mut order, mut cost) = (Shelf::default(), 0, 0.0);
        for (day, demand) in (0..).zip(&demands) {
            let arrived = Lot { expiry: day + 1, units: u32::try_from(order).unwrap() };
            let held = shelf.on_hand() + order;
            order = most.saturating_sub(held).min(10);
            let record = shelf.day(day, &[arrived], *demand);
            let wasted = shelf.expire(day + 1);
            let units = |count: u64| f64::from(u32::try_from(count).unwrap());
            cost +=
                3.0 * units(order) + 5.0 * units(record.unmet) + 7.0 * units(wasted) + units(shelf.on_hand());
        }
        cost / len(demands.len())
    };
    let costs: Vec<(u64, f64)> = (2..=12).map(|most| (most, cost(most))).collect();
    println!("{costs:?}");
    let best = costs.iter().min_by(|one, other| one.1.total_cmp(&other.1)).unwrap();
    assert_eq!(best.0, 7);
}
