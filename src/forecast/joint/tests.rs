use proptest::prelude::*;

use super::walk::GroupRecord;
use super::*;
use crate::band::Band;
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
    project_jointly(&JointPlan { today: 100, groups: &groups, sides: &Sides::one(), order, shelf_life: 35 })
        .unwrap()
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
fn shelves_are_queues_where_what_comes_later_expires_later() {
    let own = |expiry, usable_from| Own {
        lots: vec![Lot { expiry, units: 3 }],
        pending: vec![Pending { usable_from, lot: Lot { expiry: 105, units: 4 } }],
        ..Own::new(0, (1.0, 1.0), (1, 30))
    };
    let from = |own: &Own, order: &Order| {
        queue::from_day(
            &JointPlan { today: 100, groups: &[own.group()], sides: &Sides::one(), order, shelf_life: 35 },
            30,
        )
    };
    let alone = Order::alone(1);
    assert_eq!(from(&own(104, 102), &alone), Some(3), "the morning after the last is in");
    assert_eq!(from(&own(138, 102), &alone), Some(3));
    assert_eq!(from(&own(140, 102), &alone), Some(5), "a lot outlasts what comes before");
    assert_eq!(from(&own(104, 190), &alone), Some(30), "never within the days");
    let short = |days| Order::new(1, Some(days), |_, _| Vec::new());
    assert_eq!((from(&own(104, 99), &short(35)), from(&own(104, 99), &short(36))), (Some(1), None));
    // Whoever gives what lasts long and keeps what expires soon is none.
    let step = |is_short_dated| Step { group: 0, is_short_dated };
    let of = |steps: Vec<Step>| {
        Order::new(2, Some(5), |recipient, _| if recipient == 1 { steps.clone() } else { Vec::new() })
            .is_in_turn()
    };
    assert!(of(vec![step(true), step(false)]) && of(vec![step(true)]) && of(Vec::new()));
    assert!(!of(vec![step(false)]) && !of(vec![step(false), step(true)]));
}

/// Two sides of one group, with these demands, from one day on which the roads are closed.
fn two_sides(all: &[Own], closed_from: usize) -> Vec<JointProjection> {
    let groups: Vec<Group<'_>> = all.iter().map(Own::group).collect();
    let sides = Sides::new(2, 60, |day, side| if day < closed_from { 0 } else { side });
    let order = Order::alone(groups.len() / 2);
    project_jointly(&JointPlan { today: 100, groups: &groups, sides: &sides, order: &order, shelf_life: 35 })
        .unwrap()
}

#[test]
fn sides_help_each_other_while_the_roads_are_open() {
    let (paths, days) = (200, 60);
    let all = [Own::new(1, (9.0, 5.0), (paths, days)), Own::new(2, (2.0, 6.0), (paths, days))];
    let (open, apart, later) = (two_sides(&all, 60), two_sides(&all, 0), two_sides(&all, 30));
    let alone = jointly(&all, &Order::alone(2));
    for side in 0..2 {
        assert_eq!(
            apart[side].projection, alone[side].projection,
            "closed from the first day: each for itself"
        );
        assert_eq!(later[side].projection.days[..30], open[side].projection.days[..30]);
    }
    let unmet = |told: &[JointProjection], from: usize| -> f64 {
        told[1].projection.days[from..].iter().map(|day| day.mean_unmet).sum()
    };
    assert!(unmet(&open, 0) < 0.5 * unmet(&apart, 0), "the needy side is helped");
    assert!(unmet(&later, 30) > 2.0 * unmet(&open, 30), "and not any more once the roads are closed");
    let (lent, borrowed): (f64, f64) = (open[0].mean_lent.iter().sum(), open[1].mean_borrowed.iter().sum());
    assert!(lent > 1.0 && (lent - borrowed).abs() < 1e-6, "{lent} {borrowed}");
    assert!(later[0].mean_lent[30..].iter().all(|units| *units == 0.0));
    let groups: Vec<Group<'_>> = all.iter().chain(&all[..1]).map(Own::group).collect();
    let (sides, order) = (Sides::new(2, 1, |_, side| side), Order::alone(1));
    let plan = JointPlan { today: 100, groups: &groups, sides: &sides, order: &order, shelf_life: 35 };
    assert_eq!(project_jointly(&plan).unwrap_err(), ProjectFault::SidesDiffer);
}

#[test]
fn plans_that_do_not_fit_are_refused() {
    let own = Own::new(0, (1.0, 1.0), (10, 30));
    let other = Own::new(1, (1.0, 1.0), (10, 29));
    let order = Order::alone(2);
    let plan = |groups: &[Group<'_>]| {
        project_jointly(&JointPlan {
            today: 100,
            groups,
            sides: &Sides::one(),
            order: &order,
            shelf_life: 35,
        })
        .unwrap_err()
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
        let plan = JointPlan { today: 100, groups: &of, sides: &Sides::one(), order: &order, shelf_life: 10 };
        let start = shelves(&plan, 20, 1);
        let pending = vec![Vec::new(); groups];
        let mut held: Vec<u64> = start.iter().map(|shelf| shelf.on_hand).collect();
        let (mut lent, mut borrowed) = (vec![0_u64; 20], vec![0_u64; 20]);
        let mut fine = true;
        let count = |all: &[u32], group: usize, day: usize| u64::from(all[group * 20 + day]);
        let mut walk = Walk::new(&plan, &pending, &start, 1);
        for day in 0..20 {
            walk.step(day, |group, day| count(&supply, group, day), |group, day| count(&demand, group, day));
            for (group, (record, shelf)) in walk.records.iter().zip(&walk.shelves).enumerate() {
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
            }
        }
        prop_assert!(fine);
        prop_assert_eq!(lent, borrowed);
    }

    /// Lot by lot and as queues, path by path, whoever stands in for whom.
    #[test]
    fn queues_are_the_plain_walk(
        counts in proptest::collection::vec((0_u32..4, 0_u32..5), 4 * 25),
        lots in proptest::collection::vec((0_i32..9, 0_u32..6), 0..12),
        pending in proptest::collection::vec((0_i32..4, 0_i32..9, 0_u32..6), 0..6),
        givers in proptest::collection::vec(proptest::sample::subsequence(vec![0_usize, 1, 2, 3], 0..=4), 4),
        short_days in proptest::option::of(0_i32..6),
        floors in proptest::collection::vec(0_u32..9, 4),
    ) {
        let order = Order::new(4, short_days, |recipient, is_spared| {
            let own = || givers[recipient].iter().copied();
            // What expires soon of everybody, then the rest of those who are not spared.
            let soon = own().filter(|_| short_days.is_some()).map(|group| Step { group, is_short_dated: true });
            let rest = own().filter(|group| !is_spared(*group)).map(|group| Step { group, is_short_dated: false });
            soon.chain(rest).collect()
        });
        let all: Vec<Own> = (0..4).map(|group| Own {
            lots: lots.iter().skip(group).step_by(4)
                .map(|(days, units)| Lot { expiry: 100 + days, units: *units }).collect(),
            pending: pending.iter().skip(group).step_by(4)
                .map(|(from, days, units)| Pending {
                    usable_from: 100 + from,
                    lot: Lot { expiry: 100 + days, units: *units },
                }).collect(),
            supply: Paths::certain(1, &counts[group * 25..][..25].iter().map(|own| own.0).collect::<Vec<_>>()),
            demand: Paths::certain(1, &counts[group * 25..][..25].iter().map(|own| own.1).collect::<Vec<_>>()),
            expected: vec![1.0; 50],
            floor: f64::from(floors[group]),
        }).collect();
        let groups: Vec<Group<'_>> = all.iter().map(Own::group).collect();
        let plan = JointPlan { today: 100, groups: &groups, sides: &Sides::one(), order: &order, shelf_life: 8 };
        let from = queue::from_day(&plan, 25).unwrap();
        let due: Vec<Vec<Pending>> = groups.iter().map(|group| by_day(group.pending)).collect();
        let mut walk = Walk::new(&plan, &due, &shelves(&plan, 25, 1), 1);
        let (mut queues, mut leaving) = (None, Vec::new());
        for day in 0..25 {
            if day == from {
                queue::leaving(&plan, &walk.shelves, 25, &mut leaving);
                queues = Some(Queues::new(&plan, &walk.shelves, &leaving, (0, from)));
            }
            let at = |paths: &Paths, day: usize| u64::from(paths.path(0)[day]);
            walk.step(day, |group, day| at(&all[group].supply, day), |group, day| at(&all[group].demand, day));
            if let Some(queues) = &mut queues {
                prop_assert_eq!(queues.step(day), &walk.records, "day {}", day);
            }
        }
    }

    /// A band of counted units is the band of the same numbers.
    #[test]
    fn counted_quantiles_are_the_sorted_ones(units in proptest::collection::vec(0_u32..300, 1..400)) {
        let mut real: Vec<f64> = units.iter().map(|count| f64::from(*count)).collect();
        let mut tally = Tally::new(1);
        for units in &units {
            let record = GroupRecord { on_hand: u64::from(*units), ..GroupRecord::default() };
            tally.add_days(0, [record].into_iter(), &mut false);
        }
        let (band, sum) = tally.settled().on_hand(0);
        prop_assert_eq!(Some(band), Band::of(&mut real));
        prop_assert_eq!(sum, units.iter().map(|units| u64::from(*units)).sum::<u64>());
    }
}
