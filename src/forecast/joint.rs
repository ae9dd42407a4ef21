//! Stock ahead of several groups that may stand in for each other, by the rule by which units are issued.
//!
//! Order of a day: receive, expire, issue, record. Each group first meets its own demand, first to expire first; what is
//! left is met from others, in the order that the caller's rule gives for that recipient while some groups are spared:
//! those with less on hand than their floor. Recipients with the fewest others to turn to come first. What nobody can
//! meet is lost and counted. Where an area has several sides, each holds its own shelves, and those between which the
//! roads are open on a day help each other: the same group first, then others by the rule, the own side before the rest.
//! The rule is a table made by the caller from the very function that chooses units, so what is
//! simulated is what is done. The figures of a day do not depend on how many days are asked for, nor on the number of
//! threads.

mod order;
mod queue;
mod tally;
mod walk;

pub use order::{Order, Sides, Step};
use queue::{Lanes, Queues};
use rayon::prelude::*;
use tally::{Sums, Tally};
use walk::{Shelf, Walk, by_day, shelves};

use crate::cover::{Cover, ExpectedShelf};
use crate::fefo::Lot;
use crate::number::{later, len, real, whole};
use crate::paths::Paths;
use crate::project::{Pending, ProjectFault, ProjectedDay, Projection};

/// One group. Days are numbers on the caller's axis; paths begin on the plan's `today`.
#[derive(Debug, Clone, Copy)]
pub struct Group<'a> {
    /// Usable on the morning of today.
    pub lots: &'a [Lot],
    pub pending: &'a [Pending],
    /// Units that come in each day from today on, usable at once.
    pub supply: &'a Paths,
    /// Units asked for each day from today on.
    pub demand: &'a Paths,
    /// Expected demand from today on: as long as the paths plus the days that cover looks ahead.
    pub expected_demand: &'a [f64],
    /// With less than this on hand it is spared.
    pub floor: f64,
}

/// What a joint projection starts from.
#[derive(Debug, Clone, Copy)]
pub struct JointPlan<'a> {
    pub today: i32,
    /// The groups of the first side, then those of the next, the same ones in the same order.
    pub groups: &'a [Group<'a>],
    pub sides: &'a Sides,
    pub order: &'a Order,
    /// Comes in on day d, good through day d + `shelf_life`.
    pub shelf_life: usize,
}

/// In so many parts for each thread the paths are shared out, each with counts of its own.
const PARTS_A_THREAD: usize = 2;
/// The expected course is walked in thousandths of a unit.
const PARTS: u64 = 1_000;

/// The days of one group, and what it gives to others and takes from them.
#[derive(Debug, Clone, PartialEq)]
pub struct JointProjection {
    pub projection: Projection,
    /// Expected units of each day.
    pub mean_lent: Vec<f64>,
    pub mean_borrowed: Vec<f64>,
}

/// Takes all groups forward together over all days of their paths.
///
/// # Errors
/// A [`ProjectFault`] when the plan does not fit together.
pub fn project_jointly(plan: &JointPlan<'_>) -> Result<Vec<JointProjection>, ProjectFault> {
    let Some(first) = plan.groups.first() else { return Err(ProjectFault::Empty) };
    let (days, paths) = (first.demand.days(), first.demand.len());
    for group in plan.groups {
        let is_same = |own: &Paths| own.days() == days && own.len() == paths;
        if !is_same(group.demand) || !is_same(group.supply) {
            return Err(ProjectFault::PathsDiffer);
        }
        if group.expected_demand.len() < days {
            return Err(ProjectFault::ExpectedDemandShort);
        }
    }
    if first.demand.is_empty() {
        return Err(ProjectFault::Empty);
    }
    if !plan.groups.len().is_multiple_of(plan.sides.count()) {
        return Err(ProjectFault::SidesDiffer);
    }
    if plan.order.turns.is_empty() && plan.sides.count() == 1 && plan.groups.len() > 1 {
        // Nobody stands in for anybody: each by itself, its paths read in the order in which they lie in memory.
        let alone = |group| project_jointly(&JointPlan { groups: std::slice::from_ref(group), ..*plan });
        let told: Result<Vec<Vec<JointProjection>>, ProjectFault> =
            plan.groups.par_iter().map(alone).collect();
        return Ok(told?.into_iter().flatten().collect());
    }
    let pending: Vec<Vec<Pending>> = plan.groups.iter().map(|group| by_day(group.pending)).collect();
    let start = shelves(plan, days, 1);
    let from = queue::from_day(plan, days);
    let mut leaving = Vec::new();
    if from == Some(0) {
        queue::leaving(plan, &start, days, &mut leaving);
    }
    let runner = Runner { plan, pending: &pending, start: &start, leaving: &leaving, from, days };
    let cells = days * plan.groups.len();
    let tally = (0..paths)
        .into_par_iter()
        .with_min_len(paths.div_ceil(PARTS_A_THREAD * rayon::current_num_threads()))
        .fold(
            || (Tally::new(cells), Own::default()),
            |(mut tally, mut own), path| {
                runner.run(path, &mut own, &mut tally);
                (tally, own)
            },
        )
        .map(|(tally, _)| tally)
        .reduce_with(Tally::join)
        .unwrap_or_else(|| Tally::new(cells))
        .settled();
    let courses = expected(plan, &pending, days);
    let groups: Vec<(usize, Vec<(f64, Cover)>)> = courses.into_iter().enumerate().collect();
    let told = groups.into_par_iter().map(|(group, course)| {
        let place = |day: usize| day * plan.groups.len() + group;
        let mean = |units: u64| real(units) / len(paths);
        let mut short_so_far = 0;
        let projected = course.into_iter().enumerate().map(|(day, (expected_on_hand, cover))| {
            let sums = tally.sums(place(day));
            let (on_hand, units) = tally.on_hand(place(day));
            short_so_far += sums.first_short;
            ProjectedDay {
                day: later(plan.today, day),
                mean_on_hand: mean(units),
                on_hand,
                unmet_probability: mean(sums.short),
                unmet_so_far: mean(short_so_far),
                mean_unmet: mean(sums.unmet),
                mean_outdated: mean(sums.outdated),
                expected_on_hand,
                cover,
            }
        });
        let projection = Projection { days: projected.collect() };
        let all = |of: fn(&Sums) -> u64| (0..days).map(|day| mean(of(&tally.sums(place(day))))).collect();
        JointProjection {
            projection,
            mean_lent: all(|sums| sums.lent),
            mean_borrowed: all(|sums| sums.borrowed),
        }
    });
    Ok(told.collect())
}

/// Room that the paths of one part use one after the other.
#[derive(Default)]
struct Own {
    leaving: Vec<Lanes>,
    /// By group.
    was_short: Vec<bool>,
}

/// What every path starts from.
struct Runner<'a> {
    plan: &'a JointPlan<'a>,
    pending: &'a [Vec<Pending>],
    start: &'a [Shelf],
    /// Of the start, where it is a queue from the first day on.
    leaving: &'a [Lanes],
    /// The day from which shelves are queues, if they may be.
    from: Option<usize>,
    days: usize,
}

impl Runner<'_> {
    /// Takes one path forward: lot by lot, and as queues from the day on from which the shelves are such.
    fn run(&self, path: usize, own: &mut Own, tally: &mut Tally) {
        let (plan, days) = (self.plan, self.days);
        let groups = plan.groups.len();
        own.was_short.clear();
        own.was_short.resize(groups, false);
        let Own { leaving, was_short } = own;
        let from = self.from.unwrap_or(days);
        let (mut shelves, mut leaves, mut walk) = (self.start, self.leaving, None);
        if from > 0 {
            let of =
                |counts: &Paths, day: usize| counts.path(path).get(day).map_or(0, |count| u64::from(*count));
            let supply = |group, day| plan.groups.get(group).map_or(0, |own: &Group<'_>| of(own.supply, day));
            let demand = |group, day| plan.groups.get(group).map_or(0, |own: &Group<'_>| of(own.demand, day));
            let walk = walk.insert(Walk::new(plan, self.pending, self.start, 1));
            for day in 0..from {
                walk.step(day, supply, demand);
                tally.add_day(day * groups, &walk.records, was_short);
            }
            if from == days {
                return;
            }
            queue::leaving(plan, &walk.shelves, days, leaving);
            (shelves, leaves) = (&walk.shelves, leaving);
        }
        if let ([shelf], [was_short]) = (shelves, &mut was_short[..]) {
            return queue::alone(plan, shelf, leaves, (path, from), (tally, was_short));
        }
        let mut queues = Queues::new(plan, shelves, leaves, (path, from));
        for day in from..days {
            tally.add_day(day * groups, queues.step(day), was_short);
        }
    }
}

/// Stock of each group at each close, and how long it lasts for the own group's demand, when all is as expected.
fn expected(plan: &JointPlan<'_>, pending: &[Vec<Pending>], days: usize) -> Vec<Vec<(f64, Cover)>> {
    let parts = |units: f64| u64::from(whole(units * real(PARTS) + 0.5));
    let supply: Vec<Vec<f64>> = plan.groups.iter().map(|group| group.supply.means()).collect();
    let mut courses = vec![Vec::with_capacity(days); plan.groups.len()];
    let come = |group: usize, day: usize| {
        supply.get(group).and_then(|own| own.get(day)).map_or(0, |mean| parts(*mean))
    };
    let ask = |group: usize, day: usize| {
        let own = plan.groups.get(group).and_then(|own| own.expected_demand.get(day));
        own.map_or(0, |mean| parts(*mean))
    };
    let start = shelves(plan, days, PARTS);
    let mut walk = Walk::new(plan, pending, &start, PARTS);
    for day in 0..days {
        walk.step(day, come, ask);
        for ((own, shelf), course) in plan.groups.iter().zip(&walk.shelves).zip(&mut courses) {
            let after = own.expected_demand.get(day + 1..).unwrap_or_default();
            let look_ahead = own.expected_demand.len() - days;
            let seen = after.get(..look_ahead).unwrap_or(after);
            let mut left = ExpectedShelf::new(&[]);
            let lots = shelf.units.iter().enumerate().skip(shelf.head);
            for (place, units) in lots.filter(|(_, units)| **units > 0) {
                left.receive(later(plan.today, place), real(*units) / real(PARTS));
            }
            let cover = left.cover(later(later(plan.today, day), 1), seen);
            course.push((real(shelf.on_hand) / real(PARTS), cover));
        }
    }
    courses
}

#[cfg(test)]
mod tests;
