use proptest::prelude::*;

use super::*;
use crate::chance::Chance;
use crate::project::{Plan, project};

fn poisson(mean: f64, stream: u64, paths: usize, days: usize) -> Paths {
    let chance = Chance::new(11, stream);
    Paths::filled(paths, days, |path, row| {
        (0..).zip(row).for_each(|(day, count)| *count = chance.at(path, day).poisson(mean));
    })
}

/// One group's side of a plan.
struct Own {
    lots: Vec<Lot>,
    pending: Vec<Pending>,
    supply: Paths,
    demand: Paths,
    expected: Vec<f64>,
    floor: f64,
}

impl Own {
    fn new(stream: u64, (supply, demand): (f64, f64), (paths, days): (usize, usize)) -> Self {
        Self {
            lots: vec![Lot { expiry: 104, units: 12 }, Lot { expiry: 120, units: 9 }],
            pending: vec![Pending { usable_from: 101, lot: Lot { expiry: 130, units: 4 } }],
            supply: poisson(supply, 2 * stream, paths, days),
            demand: poisson(demand, 2 * stream + 1, paths, days),
            expected: vec![demand; days + 60],
            floor: 0.0,
        }
    }

    fn group(&self) -> Group<'_> {
        Group {
            lots: &self.lots,
            pending: &self.pending,
            supply: &self.supply,
            demand: &self.demand,
            expected_demand: &self.expected,
            floor: self.floor,
        }
    }
}

fn jointly(all: &[Own], order: &Order) -> Vec<JointProjection> {
    let groups: Vec<Group<'_>> = all.iter().map(Own::group).collect();
    project_jointly(&JointPlan { today: 100, groups: &groups, order, shelf_life: 35 }).unwrap()
}

/// Both halves of one group.
fn whole_of(group: usize) -> [Step; 2] {
    [Step { group, is_short_dated: true }, Step { group, is_short_dated: false }]
}

/// 0 is given to everybody, the others to nobody; while it is spared, only what expires soon.
fn universal(groups: usize, short_days: Option<i32>) -> Order {
    Order::new(groups, short_days, |recipient, is_spared| match recipient {
        0 => Vec::new(),
        _ if is_spared(0) => vec![Step { group: 0, is_short_dated: true }],
        _ => whole_of(0).to_vec(),
    })
}

#[test]
fn a_day_by_hand() {
    let certain = |supply: &[u32], demand: &[u32], lots: &[(i32, u32)], floor: f64| Own {
        lots: lots.iter().map(|(expiry, units)| Lot { expiry: *expiry, units: *units }).collect(),
        pending: Vec::new(),
        supply: Paths::certain(2, supply),
        demand: Paths::certain(2, demand),
        expected: demand.iter().map(|count| f64::from(*count)).chain([1.0; 30]).collect(),
        floor,
    };
    // O has five that expire on the second day and six later, and is spared below nine; A has one and is asked for four.
    let all =
        [certain(&[0, 0], &[1, 1], &[(101, 5), (130, 6)], 9.0), certain(&[0, 0], &[4, 4], &[(110, 1)], 0.0)];
    let told = jointly(&all, &universal(2, Some(1)));
    let seen = |group: usize| -> Vec<(f64, f64)> {
        told[group].projection.days.iter().map(|day| (day.on_hand.p50, day.mean_unmet)).collect()
    };
    // First day: O gives one to its own and has ten, above its floor: three more go to A, the first to expire first.
    // Second day: one of its own leaves six, all of them long; it is spared, so A is not met.
    assert_eq!(seen(0), [(7.0, 0.0), (6.0, 0.0)]);
    assert_eq!(seen(1), [(0.0, 0.0), (0.0, 4.0)]);
    assert_eq!((&told[0].mean_lent[..], &told[1].mean_borrowed[..]), (&[3.0, 0.0][..], &[3.0, 0.0][..]));
    // The expected course is the same walk, in parts of a unit.
    let expected: Vec<f64> = told[0].projection.days.iter().map(|day| day.expected_on_hand).collect();
    assert_eq!(expected, [7.0, 6.0]);
}

#[test]
fn alone_each_is_the_plain_projection_path_by_path() {
    let all: Vec<Own> = (0..3).map(|n| Own::new(n, (4.0 + real(n), 5.0), (300, 60))).collect();
    let told = jointly(&all, &Order::alone(3));
    for (own, told) in all.iter().zip(&told) {
        let plain = project(&Plan {
            today: 100,
            lots: &own.lots,
            pending: &own.pending,
            supply: &own.supply,
            demand: &own.demand,
            shelf_life: 35,
            lag: 0,
            expected_demand: &own.expected,
        })
        .unwrap();
        for (plain, joint) in plain.days.iter().zip(&told.projection.days) {
            let figures = |day: &ProjectedDay| {
                (day.day, day.on_hand, day.mean_on_hand, day.unmet_so_far, day.mean_unmet, day.mean_outdated)
            };
            assert_eq!(figures(plain), figures(joint));
            assert!((plain.expected_on_hand - joint.expected_on_hand).abs() < 0.1);
            assert!((plain.cover.days() - joint.cover.days()).abs() < 0.05);
        }
        assert!(told.mean_lent.iter().chain(&told.mean_borrowed).all(|units| *units == 0.0));
    }
}

/// A group without blood of its own that one other serves without a floor is that other with both demands: the pooled
/// shelf of one product, path by path.
#[test]
fn who_has_nothing_and_borrows_from_one_is_a_pooled_shelf() {
    let (paths, days) = (400, 60);
    let giver = Own::new(1, (9.0, 5.0), (paths, days));
    let taker = Own {
        lots: Vec::new(),
        pending: Vec::new(),
        supply: Paths::certain(paths, &vec![0; days]),
        ..Own::new(2, (0.0, 4.0), (paths, days))
    };
    let both = Paths::filled(paths, days, |path, row| {
        let path = usize::try_from(path).unwrap();
        let rows = giver.demand.path(path).iter().zip(taker.demand.path(path));
        row.iter_mut().zip(rows).for_each(|(cell, (one, other))| *cell = one + other);
    });
    let expected = vec![9.0; days + 60];
    let pooled = project(&Plan {
        today: 100,
        lots: &giver.lots,
        pending: &giver.pending,
        supply: &giver.supply,
        demand: &both,
        shelf_life: 35,
        lag: 0,
        expected_demand: &expected,
    })
    .unwrap();
    let told = jointly(&[giver, taker], &universal(2, Some(5)));
    for ((pooled, own), other) in
        pooled.days.iter().zip(&told[0].projection.days).zip(&told[1].projection.days)
    {
        assert_eq!(pooled.on_hand, own.on_hand);
        assert!((pooled.mean_outdated - own.mean_outdated).abs() < 1e-9);
        assert!((pooled.mean_unmet - own.mean_unmet - other.mean_unmet).abs() < 1e-9);
    }
}

#[test]
fn thirty_days_of_ninety_are_the_thirty_and_threads_do_not_matter() {
    let all = |days| -> Vec<Own> { (0..8).map(|n| Own::new(n, (2.0, 2.4), (150, days))).collect() };
    let order = universal(8, Some(5));
    let long = jointly(&all(90), &order);
    let short = jointly(&all(30), &order);
    for (long, short) in long.iter().zip(&short) {
        assert_eq!(long.projection.days[..30], short.projection.days[..]);
    }
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| jointly(&all(60), &order))
    };
    assert!(run(1) == run(2) && run(2) == run(5));
}

#[test]
fn plans_that_do_not_fit_are_refused() {
    let own = Own::new(0, (1.0, 1.0), (10, 30));
    let other = Own::new(1, (1.0, 1.0), (10, 29));
    let order = Order::alone(2);
    let plan = |groups: &[Group<'_>]| {
        project_jointly(&JointPlan { today: 100, groups, order: &order, shelf_life: 35 }).unwrap_err()
    };
    assert_eq!(plan(&[]), ProjectFault::Empty);
    assert_eq!(plan(&[own.group(), other.group()]), ProjectFault::PathsDiffer);
    let short = [1.0; 29];
    assert_eq!(plan(&[Group { expected_demand: &short, ..own.group() }]), ProjectFault::ExpectedDemandShort);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Nothing appears, nothing vanishes, nothing goes where the rule does not let it, and while a group is spared only
    /// what expires soon is lent.
    #[test]
    fn mass_is_kept_and_the_rule_too(
        supply in proptest::collection::vec(0_u32..4, 4 * 20),
        demand in proptest::collection::vec(0_u32..5, 4 * 20),
        lots in proptest::collection::vec((0_i32..20, 0_u32..6), 0..12),
        floor in 0_u32..12,
    ) {
        let groups = 4;
        let own = |group: usize| Own {
            lots: lots.iter().skip(group).step_by(groups)
                .map(|(days, units)| Lot { expiry: 100 + days, units: *units }).collect(),
            pending: Vec::new(),
            supply: Paths::certain(1, &supply[group * 20..][..20]),
            demand: Paths::certain(1, &demand[group * 20..][..20]),
            expected: vec![1.0; 50],
            floor: f64::from(floor),
        };
        let all: Vec<Own> = (0..groups).map(own).collect();
        let order = universal(groups, Some(2));
        let of: Vec<Group<'_>> = all.iter().map(Own::group).collect();
        let plan = JointPlan { today: 100, groups: &of, order: &order, shelf_life: 10 };
        let start = shelves(&plan, 20, 1);
        let pending = vec![Vec::new(); groups];
        let mut held: Vec<u64> = start.iter().map(|shelf| shelf.on_hand).collect();
        let (mut lent, mut borrowed) = (vec![0_u64; 20], vec![0_u64; 20]);
        let mut fine = true;
        let count = |all: &[u32], group: usize, day: usize| u64::from(all[group * 20 + day]);
        walk(&plan, &pending, &start, 20,
            (&|group, day| count(&supply, group, day), &|group, day| count(&demand, group, day)), 1,
            |day, group, record, shelf| {
                let after = held[group] + record.received - record.outdated - record.issued - record.lent;
                fine &= after == record.on_hand && shelf.units.iter().sum::<u64>() == record.on_hand;
                fine &= record.issued + record.borrowed + record.unmet == count(&demand, group, day);
                fine &= group == 0 || record.lent == 0;
                fine &= group != 0 || record.borrowed == 0;
                // Whoever lends had met its own first.
                fine &= record.lent == 0 || record.unmet == 0;
                lent[day] += record.lent;
                borrowed[day] += record.borrowed;
                held[group] = record.on_hand;
            });
        prop_assert!(fine);
        prop_assert_eq!(lent, borrowed);
    }

    /// A band of counts is the band of the same numbers.
    #[test]
    fn counted_quantiles_are_the_sorted_ones(mut counts in proptest::collection::vec(0_u32..300, 1..400)) {
        let mut real: Vec<f64> = counts.iter().map(|count| f64::from(*count)).collect();
        prop_assert_eq!(Band::of_counts(&mut counts), Band::of(&mut real));
    }
}
