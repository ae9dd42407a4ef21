//! Taking shelves ahead: the groups of four components over ninety days, alone and by the rule of issue.
//!
//! `cargo bench --bench projecting` prints, for four components of eight groups (32 cells) whose supply and demand are
//! drawn beforehand, each with its quantiles, on all cores:
//! - 1 000 paths with the rule of issue, against 200 ms (target ≤ 1)
//! - 10 000 paths with the rule of issue, against 1.5 s (target ≤ 1)
//! - 10 000 paths, each group alone, against 120 ms (target ≤ 1), and beside the plain simulation of dated lots
//! - drawing the counts of 10 000 paths, which comes on top

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

use std::time::Instant;

use shiryan::projections::order;
use shiryan_forecast::{Chance, Group, JointPlan, Lot, Order, Paths, Plan, Sides, project, project_jointly};
use shiryan_kernel::blood::{BloodGroup, Component};

const DAYS: usize = 90;
const ROUNDS: usize = 5;
const COMPONENTS: [(Component, usize); 4] = [
    (Component::WholeBlood, 33),
    (Component::RedCells, 33),
    (Component::Platelets, 4),
    (Component::Plasma, 80),
];

struct Cell {
    lots: Vec<Lot>,
    supply: Paths,
    demand: Paths,
    expected: Vec<f64>,
}

fn main() {
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let groups = BloodGroup::ALL;
    let orders: Vec<Order> = COMPONENTS.iter().map(|(component, _)| order(*component, groups)).collect();
    let alone = Order::alone(groups.len());
    for (paths, limit) in [(1_000, 0.2), (10_000, 1.5)] {
        let cells = drawn(paths);
        let took = median(|| joint(&cells, &orders));
        println!(
            "{paths} paths × {DAYS} days × 32 cells by the rule of issue: {:.0} ms, {:.2} × of {:.0} ms (target ≤ 1)",
            took * 1e3,
            took / limit,
            limit * 1e3
        );
    }
    let began = Instant::now();
    let cells = drawn(10_000);
    let draws = began.elapsed().as_secs_f64();
    let each: Vec<Order> = COMPONENTS.iter().map(|_| alone.clone()).collect();
    let took = median(|| joint(&cells, &each));
    let plain = median(|| lots(&cells));
    println!(
        "10000 paths, each group alone: {:.0} ms, {:.2} × of 120 ms (target ≤ 1); {:.2} × the simulation of dated lots",
        took * 1e3,
        took / 0.12,
        took / plain
    );
    println!("drawing its counts: {:.0} ms on top", draws * 1e3);
}

fn drawn(paths: usize) -> Vec<Vec<Cell>> {
    let one = |component: usize, group: usize| {
        // From five in a hundred to forty, as groups are.
        let demand = [1.0, 6.0, 0.8, 5.5, 0.6, 3.0, 0.3, 1.5][group];
        let count = |stream: u64, mean: f64| {
            let chance = Chance::new(3, stream + 2 * (component * 8 + group) as u64);
            Paths::filled(paths, DAYS, |path, row| {
                (0..).zip(row).for_each(|(day, cell)| *cell = chance.at(path, day).poisson(mean));
            })
        };
        Cell {
            // What lies there lasts no longer than what comes in.
            lots: (0..10)
                .map(|n| Lot {
                    expiry: 100 + n * COMPONENTS[component].1 as i32 / 10,
                    units: demand as u32 + 1,
                })
                .collect(),
            supply: count(0, demand * 0.97),
            demand: count(1, demand),
            expected: vec![demand; DAYS + 90],
        }
    };
    (0..COMPONENTS.len()).map(|component| (0..8).map(|group| one(component, group)).collect()).collect()
}

fn joint(cells: &[Vec<Cell>], orders: &[Order]) {
    for ((own, (_, shelf_life)), order) in cells.iter().zip(COMPONENTS).zip(orders) {
        let groups: Vec<Group<'_>> = own
            .iter()
            .map(|cell| Group {
                lots: &cell.lots,
                pending: &[],
                supply: &cell.supply,
                demand: &cell.demand,
                expected_demand: &cell.expected,
                floor: 2.0 * cell.expected[0],
            })
            .collect();
        let found = project_jointly(&JointPlan {
            today: 100,
            groups: &groups,
            sides: &Sides::one(),
            order,
            shelf_life,
        });
        assert_eq!(found.unwrap().len(), 8);
    }
}

fn lots(cells: &[Vec<Cell>]) {
    for (own, (_, shelf_life)) in cells.iter().zip(COMPONENTS) {
        for cell in own {
            let found = project(&Plan {
                today: 100,
                lots: &cell.lots,
                pending: &[],
                supply: &cell.supply,
                demand: &cell.demand,
                shelf_life,
                lag: 0,
                expected_demand: &cell.expected,
            });
            assert_eq!(found.unwrap().days.len(), DAYS);
        }
    }
}

fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
