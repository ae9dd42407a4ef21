//! Stock ahead: what the shelf will hold, run short of and lose, day by day.
//!
//! One product at one place. Each path takes the same lots through its own supply and demand; beside
//! the paths one expected course, in fractions, gives days of cover. Two things are never mixed: a band
//! says what may happen, the level of a day is that of the expected course. The figures of a day do not
//! depend on how many days are asked for, nor on the number of threads.

use rayon::prelude::*;

use crate::band::Band;
use crate::cover::{Cover, ExpectedShelf};
use crate::fefo::{Lot, Shelf};
use crate::number::{later, len, real};
use crate::paths::Paths;

/// Units already collected that become usable on a known day (in quarantine, on the road).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// The first day they can be issued.
    pub usable_from: i32,
    pub lot: Lot,
}

/// What a projection starts from. Days are numbers on the caller's axis; paths begin on `today`.
#[derive(Debug, Clone, Copy)]
pub struct Plan<'a> {
    pub today: i32,
    /// Usable on the morning of today.
    pub lots: &'a [Lot],
    pub pending: &'a [Pending],
    /// Units collected each day from today on.
    pub supply: &'a Paths,
    /// Units asked for each day from today on.
    pub demand: &'a Paths,
    /// Collected on day d, good through day d + `shelf_life`.
    pub shelf_life: usize,
    /// Collected on day d, usable from day d + `lag` (tests, transport).
    pub lag: usize,
    /// Expected demand from today on: as long as the paths plus the days that cover looks ahead.
    pub expected_demand: &'a [f64],
}

/// A plan that cannot be projected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProjectFault {
    #[error("supply and demand differ in days or in paths")]
    PathsDiffer,
    #[error("the sides do not have the same groups")]
    SidesDiffer,
    #[error("no path or no day")]
    Empty,
    #[error("expected demand is shorter than the paths")]
    ExpectedDemandShort,
    #[error("units would expire before they are usable")]
    LagPastLife,
}

/// One day, at its close (after receipts, expiry and issues).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProjectedDay {
    pub day: i32,
    /// Units on hand.
    pub on_hand: Band,
    pub mean_on_hand: f64,
    /// The share of paths in which some demand of this day is not met.
    pub unmet_probability: f64,
    /// The share of paths in which some demand of this day or an earlier one is not met.
    pub unmet_so_far: f64,
    pub mean_unmet: f64,
    /// Expected units outdated on this day.
    pub mean_outdated: f64,
    /// On hand in the expected course.
    pub expected_on_hand: f64,
    /// How long the expected course's stock lasts from the next morning, nothing more coming.
    pub cover: Cover,
}

/// The days ahead, today first.
#[derive(Debug, Clone, PartialEq)]
pub struct Projection {
    pub days: Vec<ProjectedDay>,
}

impl Projection {
    /// The first day whose level is `limit` or worse. `level` ranks a day by its cover (and, for groups
    /// asked for seldom, its expected units); a larger rank is worse.
    pub fn first_day_at<R: PartialOrd>(
        &self,
        level: impl Fn(&ProjectedDay) -> R,
        limit: R,
    ) -> Option<&ProjectedDay> {
        self.days.iter().find(|day| level(day) >= limit)
    }

    /// Expected units outdated over all days.
    #[must_use]
    pub fn mean_outdated(&self) -> f64 {
        self.days.iter().map(|day| day.mean_outdated).sum()
    }
}

/// Takes the plan forward over all days of its paths.
///
/// # Errors
/// A [`ProjectFault`] when the plan does not fit together.
pub fn project(plan: &Plan<'_>) -> Result<Projection, ProjectFault> {
    let (days, paths) = (plan.demand.days(), plan.demand.len());
    if plan.supply.days() != days || plan.supply.len() != paths {
        return Err(ProjectFault::PathsDiffer);
    }
    if plan.demand.is_empty() {
        return Err(ProjectFault::Empty);
    }
    if plan.expected_demand.len() < days {
        return Err(ProjectFault::ExpectedDemandShort);
    }
    if plan.lag > plan.shelf_life {
        return Err(ProjectFault::LagPastLife);
    }
    let mut pending = plan.pending.to_vec();
    pending.sort_by_key(|p| p.usable_from);
    let start = Shelf::new(plan.lots);
    let tallies: Vec<Tally> = (0..paths.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let mut tally = Tally::new(days);
            for path in chunk * CHUNK..((chunk + 1) * CHUNK).min(paths) {
                tally.run(plan, &pending, start.clone(), path);
            }
            tally
        })
        .collect();
    let course = expected_course(plan, &pending);
    let columns = course.into_iter().enumerate().map(|(ahead, (expected_on_hand, cover))| {
        let cells = || tallies.iter().filter_map(|tally| tally.days.get(ahead));
        let mut on_hand: Vec<f64> = cells().flat_map(|cell| cell.on_hand.iter().copied().map(real)).collect();
        let mean = |of: fn(&Cell) -> u64| real(cells().map(of).sum()) / len(paths);
        ProjectedDay {
            day: later(plan.today, ahead),
            on_hand: Band::of(&mut on_hand).unwrap_or_default(),
            mean_on_hand: mean(|cell| cell.on_hand.iter().sum()),
            unmet_probability: mean(|cell| cell.short),
            unmet_so_far: mean(|cell| cell.short_so_far),
            mean_unmet: mean(|cell| cell.unmet),
            mean_outdated: mean(|cell| cell.outdated),
            expected_on_hand,
            cover,
        }
    });
    Ok(Projection { days: columns.collect() })
}

/// Paths handed to a thread at once.
const CHUNK: usize = 64;

/// One day over the paths of a chunk: sums of integers, so their order does not matter.
#[derive(Default)]
struct Cell {
    on_hand: Vec<u64>,
    short: u64,
    short_so_far: u64,
    unmet: u64,
    outdated: u64,
}

struct Tally {
    days: Vec<Cell>,
}

impl Tally {
    fn new(days: usize) -> Self {
        Self { days: (0..days).map(|_| Cell::default()).collect() }
    }

    fn run(&mut self, plan: &Plan<'_>, pending: &[Pending], mut shelf: Shelf, path: usize) {
        let (supply, demand) = (plan.supply.path(path), plan.demand.path(path));
        let (mut pending, mut short_so_far) = (pending.iter().peekable(), 0);
        for ((ahead, asked), cell) in demand.iter().enumerate().zip(&mut self.days) {
            let day = later(plan.today, ahead);
            while let Some(due) = pending.next_if(|p| p.usable_from <= day) {
                shelf.receive(due.lot);
            }
            released(plan, ahead, |collected, expiry| {
                shelf.receive(Lot { expiry, units: supply.get(collected).copied().unwrap_or(0) });
            });
            let record = shelf.day(day, &[], u64::from(*asked));
            let short = u64::from(record.unmet > 0);
            short_so_far |= short;
            cell.on_hand.push(record.on_hand);
            cell.short += short;
            cell.short_so_far += short_so_far;
            cell.unmet = cell.unmet.saturating_add(record.unmet);
            cell.outdated = cell.outdated.saturating_add(record.outdated);
        }
    }
}

/// Tells the collection day (days after today) and the expiry of what is released `ahead` days after
/// today, if a day of the plan was collected for it.
fn released(plan: &Plan<'_>, ahead: usize, mut receive: impl FnMut(usize, i32)) {
    if let Some(collected) = ahead.checked_sub(plan.lag) {
        receive(collected, later(later(plan.today, collected), plan.shelf_life));
    }
}

/// Stock at each close, and its cover, when supply and demand are as expected.
fn expected_course(plan: &Plan<'_>, pending: &[Pending]) -> Vec<(f64, Cover)> {
    let supply = plan.supply.means();
    let mut shelf = ExpectedShelf::new(plan.lots);
    let mut pending = pending.iter().peekable();
    let look_ahead = plan.expected_demand.len() - plan.demand.days();
    let mut course = Vec::with_capacity(plan.demand.days());
    for (ahead, asked) in plan.expected_demand.iter().take(plan.demand.days()).enumerate() {
        let day = later(plan.today, ahead);
        while let Some(due) = pending.next_if(|p| p.usable_from <= day) {
            shelf.receive(due.lot.expiry, f64::from(due.lot.units));
        }
        released(plan, ahead, |collected, expiry| {
            shelf.receive(expiry, supply.get(collected).copied().unwrap_or(0.0));
        });
        shelf.expire(day);
        shelf.issue(*asked);
        let after = plan.expected_demand.get(ahead + 1..).unwrap_or_default();
        let seen = after.get(..look_ahead).unwrap_or(after);
        course.push((shelf.on_hand(), shelf.cover(later(day, 1), seen)));
    }
    course
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;
    use proptest::prelude::*;

    fn poisson(mean: f64, stream: u64, paths: usize, days: usize) -> Paths {
        let chance = Chance::new(9, stream);
        Paths::filled(paths, days, |path, row| {
            (0..).zip(row).for_each(|(day, count)| *count = chance.at(path, day).poisson(mean));
        })
    }

    struct Case {
        lots: Vec<Lot>,
        pending: Vec<Pending>,
        supply: Paths,
        demand: Paths,
        expected: Vec<f64>,
    }

    impl Case {
        fn new(days: usize, paths: usize) -> Self {
            Self {
                lots: vec![Lot { expiry: 104, units: 30 }, Lot { expiry: 120, units: 20 }],
                pending: vec![Pending { usable_from: 101, lot: Lot { expiry: 130, units: 8 } }],
                supply: poisson(9.0, 1, paths, days),
                demand: poisson(10.0, 2, paths, days),
                expected: vec![10.0; days + 60],
            }
        }

        fn plan(&self) -> Plan<'_> {
            Plan {
                today: 100,
                lots: &self.lots,
                pending: &self.pending,
                supply: &self.supply,
                demand: &self.demand,
                shelf_life: 35,
                lag: 2,
                expected_demand: &self.expected,
            }
        }
    }

    #[test]
    fn a_certain_plan_by_hand() {
        let case = Case {
            lots: vec![Lot { expiry: 100, units: 5 }, Lot { expiry: 103, units: 4 }],
            pending: vec![Pending { usable_from: 102, lot: Lot { expiry: 110, units: 1 } }],
            supply: Paths::certain(3, &[2, 0, 0, 0]),
            demand: Paths::certain(3, &[3, 3, 3, 3]),
            expected: vec![3.0; 14],
        };
        let days = project(&case.plan()).unwrap().days;
        let figures: Vec<_> = days.iter().map(|d| (d.on_hand.p50, d.mean_unmet, d.mean_outdated)).collect();
        // Two of the first lot outdate overnight; on the third day 1 + 1 pending + 2 released meet three.
        assert_eq!(figures, [(6.0, 0.0, 0.0), (1.0, 0.0, 2.0), (1.0, 0.0, 0.0), (0.0, 2.0, 0.0)]);
        assert_eq!(days[0].cover, Cover::Days(4.0 / 3.0));
        assert_eq!((days[2].unmet_so_far, days[3].unmet_so_far, days[3].unmet_probability), (0.0, 1.0, 1.0));
        let projection = project(&case.plan()).unwrap();
        let rank = |day: &ProjectedDay| if day.cover.days() < 1.0 { 2 } else { 0 };
        assert_eq!(projection.first_day_at(rank, 1).unwrap().day, 101);
        assert!(projection.first_day_at(rank, 3).is_none());
        assert_eq!(projection.mean_outdated(), 2.0);
    }

    #[test]
    fn thirty_days_of_ninety_are_the_thirty() {
        let (long, short) = (Case::new(90, 200), Case::new(30, 200));
        let (long, short) = (project(&long.plan()).unwrap(), project(&short.plan()).unwrap());
        assert_eq!(long.days[..30], short.days[..]);
    }

    #[test]
    fn the_number_of_threads_does_not_matter() {
        let case = Case::new(60, 300);
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| (Case::new(60, 300).supply, project(&case.plan()).unwrap()))
        };
        assert!(run(1) == run(2) && run(2) == run(7));
    }

    #[test]
    fn plans_that_do_not_fit_are_refused() {
        let mut case = Case::new(30, 10);
        assert_eq!(project(&Plan { lag: 36, ..case.plan() }), Err(ProjectFault::LagPastLife));
        assert_eq!(
            project(&Plan { expected_demand: &[1.0; 29], ..case.plan() }),
            Err(ProjectFault::ExpectedDemandShort)
        );
        let none = Paths::certain(0, &[]);
        assert_eq!(project(&Plan { supply: &none, demand: &none, ..case.plan() }), Err(ProjectFault::Empty));
        case.supply = poisson(9.0, 1, 10, 29);
        assert_eq!(project(&case.plan()), Err(ProjectFault::PathsDiffer));
    }

    #[test]
    fn a_thousand_paths_of_32_cells_are_quick() {
        let cases: Vec<Case> = (0..32).map(|_| Case::new(90, 1_000)).collect();
        let start = std::time::Instant::now();
        let days: usize = cases.iter().map(|case| project(&case.plan()).unwrap().days.len()).sum();
        println!("32 cells, 1 000 paths, 90 days: {:?}", start.elapsed());
        assert_eq!(days, 32 * 90);
        assert!(start.elapsed().as_secs() < 10, "an idle machine takes a fiftieth of this");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn more_stock_never_runs_short_more_and_more_demand_never_less(
            extra in 0_u32..40, life in 0_i32..40, scale in 1_u32..4,
        ) {
            let case = Case::new(40, 60);
            let base = project(&case.plan()).unwrap();
            let mut richer = case.lots.clone();
            richer.push(Lot { expiry: 100 + life, units: extra });
            let rich = project(&Plan { lots: &richer, ..case.plan() }).unwrap();
            let harder = Paths::filled(60, 40, |path, row| {
                let own = case.demand.path(usize::try_from(path).unwrap());
                row.iter_mut().zip(own).for_each(|(cell, own)| *cell = own * scale);
            });
            let hard = project(&Plan { demand: &harder, ..case.plan() }).unwrap();
            for ((base, rich), hard) in base.days.iter().zip(&rich.days).zip(&hard.days) {
                prop_assert!(rich.unmet_so_far <= base.unmet_so_far && hard.unmet_so_far >= base.unmet_so_far);
                prop_assert!(rich.mean_on_hand >= base.mean_on_hand && hard.mean_on_hand <= base.mean_on_hand);
            }
        }

        #[test]
        fn what_comes_in_goes_out_or_stays(days in 1_usize..60, lag in 0_usize..4, life in 4_usize..40) {
            let case = Case::new(days, 7);
            let projection = project(&Plan { lag, shelf_life: life, ..case.plan() }).unwrap();
            let mean_sum = |paths: &Paths, days: usize| paths.means().iter().take(days).sum::<f64>();
            let start = 50.0 + if days > 1 { 8.0 } else { 0.0 };
            let received = start + mean_sum(&case.supply, days.saturating_sub(lag));
            let unmet: f64 = projection.days.iter().map(|d| d.mean_unmet).sum();
            let issued = mean_sum(&case.demand, days) - unmet;
            let left = projection.days.last().unwrap().mean_on_hand;
            prop_assert!((received - issued - projection.mean_outdated() - left).abs() < 1e-9);
        }
    }
}
