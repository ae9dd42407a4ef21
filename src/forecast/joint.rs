//! Stock ahead of several groups that may stand in for each other, by the rule by which units are issued.
//!
//! Order of a day: receive, expire, issue, record. Each group first meets its own demand, first to expire first; what is
//! left is met from others, in the order that the caller's rule gives for that recipient while some groups are spared:
//! those with less on hand than their floor. Recipients with the fewest others to turn to come first. What nobody can
//! meet is lost and counted. The rule is a table made by the caller from the very function that chooses units, so what is
//! simulated is what is done. The figures of a day do not depend on how many days are asked for, nor on the number of
//! threads.

use rayon::prelude::*;

use crate::band::Band;
use crate::cover::{Cover, ExpectedShelf};
use crate::fefo::Lot;
use crate::number::{later, len, real, whole};
use crate::paths::Paths;
use crate::project::{Pending, ProjectFault, ProjectedDay, Projection};

/// The most groups that stand in for each other.
pub const MOST_GROUPS: usize = 8;

/// Where a unit may come from for somebody of another group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The group, by its place among the groups of the plan.
    pub group: usize,
    /// Whether only those are meant that expire soon, or only the others.
    pub is_short_dated: bool,
}

/// For each recipient and each set of spared groups, where to look, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    groups: usize,
    steps: Vec<Vec<Step>>,
    /// Recipients, those with the fewest others to turn to first.
    turns: Vec<usize>,
    /// Up to so many days before its last day of use a unit expires soon; `None`: none does.
    short_days: Option<i32>,
}

impl Order {
    /// `of(recipient, is_spared)` gives the others in order; asked once for every recipient and set.
    ///
    /// Of more than [`MOST_GROUPS`] groups the rest stands alone.
    pub fn new(
        groups: usize,
        short_days: Option<i32>,
        of: impl Fn(usize, &dyn Fn(usize) -> bool) -> Vec<Step>,
    ) -> Self {
        let groups = groups.min(MOST_GROUPS);
        let mut steps = Vec::with_capacity(groups << groups);
        for recipient in 0..groups {
            for spared in 0..1_usize << groups {
                let all = of(recipient, &|group| spared >> group & 1 == 1);
                steps.push(all.into_iter().filter(|step| step.group != recipient).collect());
            }
        }
        let mut turns: Vec<usize> = (0..groups).collect();
        turns.sort_by_key(|recipient| steps.get(recipient << groups).map_or(0, Vec::len));
        Self { groups, steps, turns, short_days }
    }

    /// Nobody stands in for anybody.
    #[must_use]
    pub fn alone(groups: usize) -> Self {
        Self::new(groups, None, |_, _| Vec::new())
    }

    /// Where to look for a recipient while these groups, a bit for each, are spared.
    #[must_use]
    pub fn others(&self, recipient: usize, spared: usize) -> &[Step] {
        if recipient >= self.groups {
            return &[];
        }
        self.steps.get((recipient << self.groups) + spared).map_or(&[], Vec::as_slice)
    }
}

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
    pub groups: &'a [Group<'a>],
    pub order: &'a Order,
    /// Comes in on day d, good through day d + `shelf_life`.
    pub shelf_life: usize,
}

/// What one group did on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupRecord {
    pub received: u64,
    pub outdated: u64,
    /// Issued to the own group.
    pub issued: u64,
    /// Issued to others.
    pub lent: u64,
    /// Asked for by the own group and met by others.
    pub borrowed: u64,
    /// Asked for by the own group and met by nobody.
    pub unmet: u64,
    /// Left at the close of the day.
    pub on_hand: u64,
}

/// Units by last day of use, of one group.
#[derive(Debug, Clone)]
struct Shelf {
    /// By days after today.
    units: Vec<u64>,
    /// Nothing before it is left.
    head: usize,
    on_hand: u64,
    floor: u64,
}

impl Shelf {
    fn receive(&mut self, place: usize, units: u64) {
        let place = place.min(self.units.len().saturating_sub(1));
        if let Some(own) = self.units.get_mut(place) {
            *own += units;
            self.on_hand += units;
            self.head = self.head.min(place);
        }
    }

    fn expire(&mut self, day: usize) -> u64 {
        let mut outdated = 0;
        while self.head < day.min(self.units.len()) {
            if let Some(own) = self.units.get_mut(self.head) {
                outdated += std::mem::take(own);
            }
            self.head += 1;
        }
        self.on_hand -= outdated;
        outdated
    }

    /// Takes up to `wanted` of what is good through a day of this span, the first to expire first.
    fn take(&mut self, wanted: u64, from: usize, until: usize) -> u64 {
        let mut left = wanted.min(self.on_hand);
        let before = left;
        let end = until.min(self.units.len());
        let mut place = self.head.max(from);
        while left > 0 && place < end {
            if let Some(own) = self.units.get_mut(place) {
                let taken = left.min(*own);
                *own -= taken;
                left -= taken;
            }
            place += 1;
        }
        if from <= self.head {
            while self.head < end && self.units.get(self.head) == Some(&0) {
                self.head += 1;
            }
        }
        let taken = before - left;
        self.on_hand -= taken;
        taken
    }
}

/// Units by group and day.
type Counts<'a> = &'a dyn Fn(usize, usize) -> u64;

/// Walks one course day by day; counts are multiplied by `scale`.
fn walk(
    plan: &JointPlan<'_>,
    pending: &[Vec<Pending>],
    start: &[Shelf],
    days: usize,
    (supply, demand): (Counts<'_>, Counts<'_>),
    scale: u64,
    mut see: impl FnMut(usize, usize, &GroupRecord, &Shelf),
) {
    let groups = plan.groups.len();
    let mut shelves = start.to_vec();
    let mut waiting = vec![0; groups];
    let mut records = vec![GroupRecord::default(); groups];
    let mut left = vec![0_u64; groups];
    for day in 0..days {
        for (group, shelf) in shelves.iter_mut().enumerate() {
            let before = shelf.on_hand;
            let due = pending.get(group).map_or(&[][..], Vec::as_slice);
            while let Some(late) = waiting.get(group).and_then(|next: &usize| due.get(*next)) {
                if late.usable_from > later(plan.today, day) {
                    break;
                }
                shelf.receive(place_of(plan.today, late.lot.expiry), u64::from(late.lot.units) * scale);
                if let Some(next) = waiting.get_mut(group) {
                    *next += 1;
                }
            }
            shelf.receive(day + plan.shelf_life, supply(group, day));
            let received = shelf.on_hand - before;
            let outdated = shelf.expire(day);
            let asked = demand(group, day);
            let issued = shelf.take(asked, 0, usize::MAX);
            if let (Some(record), Some(left)) = (records.get_mut(group), left.get_mut(group)) {
                *record = GroupRecord { received, outdated, issued, ..GroupRecord::default() };
                *left = asked - issued;
            }
        }
        if left.iter().any(|left| *left > 0) {
            let spared =
                shelves.iter().take(MOST_GROUPS).enumerate().fold(0, |spared, (group, shelf)| {
                    spared | usize::from(shelf.on_hand < shelf.floor) << group
                });
            for recipient in plan.order.turns.iter().copied() {
                lend(plan.order, (recipient, spared), day, &mut left, &mut shelves, &mut records);
            }
        }
        for (group, (shelf, record)) in shelves.iter().zip(&mut records).enumerate() {
            record.unmet = left.get(group).copied().unwrap_or(0);
            record.on_hand = shelf.on_hand;
            see(day, group, record, shelf);
        }
    }
}

/// Meets what is left of one recipient from others.
fn lend(
    order: &Order,
    (recipient, spared): (usize, usize),
    day: usize,
    left: &mut [u64],
    shelves: &mut [Shelf],
    records: &mut [GroupRecord],
) {
    let Some(wanted) = left.get_mut(recipient) else { return };
    // The first place of what does not expire soon; nothing does where that is not known.
    let long = order.short_days.map_or(0, |short| day + usize::try_from(short).unwrap_or(0) + 1);
    for step in order.others(recipient, spared) {
        if *wanted == 0 {
            return;
        }
        let (from, until) = if step.is_short_dated { (0, long) } else { (long, usize::MAX) };
        let Some(shelf) = shelves.get_mut(step.group) else { continue };
        let taken = shelf.take(*wanted, from, until);
        *wanted -= taken;
        if let Some(record) = records.get_mut(step.group) {
            record.lent += taken;
        }
        if let Some(record) = records.get_mut(recipient) {
            record.borrowed += taken;
        }
    }
}

fn place_of(today: i32, expiry: i32) -> usize {
    usize::try_from(expiry.saturating_sub(today)).unwrap_or(0)
}

/// Shelves of the morning; what is past its day is not there.
fn shelves(plan: &JointPlan<'_>, days: usize, scale: u64) -> Vec<Shelf> {
    let known = |group: &Group<'_>| {
        let lots = group.lots.iter().chain(group.pending.iter().map(|late| &late.lot));
        lots.map(|lot| place_of(plan.today, lot.expiry)).max().unwrap_or(0)
    };
    let last = plan.groups.iter().map(known).max().unwrap_or(0).max(days + plan.shelf_life);
    let shelf = |group: &Group<'_>| {
        let floor = u64::from(whole(group.floor * real(scale)));
        let mut shelf = Shelf { units: vec![0; last + 1], head: last, on_hand: 0, floor };
        for lot in group.lots.iter().filter(|lot| lot.expiry >= plan.today) {
            shelf.receive(place_of(plan.today, lot.expiry), u64::from(lot.units) * scale);
        }
        shelf
    };
    plan.groups.iter().map(shelf).collect()
}

/// Paths handed to a thread at once.
const CHUNK: usize = 64;
/// The expected course is walked in thousandths of a unit.
const PARTS: u64 = 1_000;

/// One group on one day over the paths of a chunk: sums of integers, so their order does not matter.
#[derive(Debug, Clone, Default)]
struct Cell {
    on_hand: Vec<u32>,
    short: u64,
    short_so_far: u64,
    unmet: u64,
    outdated: u64,
    lent: u64,
    borrowed: u64,
}

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
    let pending: Vec<Vec<Pending>> = plan.groups.iter().map(|group| in_turn(group.pending)).collect();
    let start = shelves(plan, days, 1);
    let chunks: Vec<Vec<Cell>> = (0..paths.div_ceil(CHUNK))
        .into_par_iter()
        .map(|chunk| {
            let mut cells = vec![Cell::default(); days * plan.groups.len()];
            for path in chunk * CHUNK..((chunk + 1) * CHUNK).min(paths) {
                run(plan, &pending, &start, (path, days), &mut cells);
            }
            cells
        })
        .collect();
    let courses = expected(plan, &pending, days);
    let groups: Vec<(usize, Vec<(f64, Cover)>)> = courses.into_iter().enumerate().collect();
    let told = groups.into_par_iter().map(|(group, course)| {
        let cells =
            |day: usize| chunks.iter().filter_map(move |cells| cells.get(day * plan.groups.len() + group));
        let mean = |day: usize, of: fn(&Cell) -> u64| real(cells(day).map(of).sum()) / len(paths);
        let projected = course.into_iter().enumerate().map(|(day, (expected_on_hand, cover))| {
            let mut on_hand: Vec<u32> = cells(day).flat_map(|cell| cell.on_hand.iter().copied()).collect();
            ProjectedDay {
                day: later(plan.today, day),
                mean_on_hand: real(on_hand.iter().map(|units| u64::from(*units)).sum()) / len(paths),
                on_hand: Band::of_counts(&mut on_hand).unwrap_or_default(),
                unmet_probability: mean(day, |cell| cell.short),
                unmet_so_far: mean(day, |cell| cell.short_so_far),
                mean_unmet: mean(day, |cell| cell.unmet),
                mean_outdated: mean(day, |cell| cell.outdated),
                expected_on_hand,
                cover,
            }
        });
        let all = |of: fn(&Cell) -> u64| (0..days).map(|day| mean(day, of)).collect();
        JointProjection {
            projection: Projection { days: projected.collect() },
            mean_lent: all(|cell| cell.lent),
            mean_borrowed: all(|cell| cell.borrowed),
        }
    });
    Ok(told.collect())
}

fn in_turn(pending: &[Pending]) -> Vec<Pending> {
    let mut pending = pending.to_vec();
    pending.sort_by_key(|late| late.usable_from);
    pending
}

fn run(
    plan: &JointPlan<'_>,
    pending: &[Vec<Pending>],
    start: &[Shelf],
    (path, days): (usize, usize),
    cells: &mut [Cell],
) {
    let of = |all: &[&[u32]], group: usize, day: usize| {
        all.get(group).and_then(|row| row.get(day)).map_or(0, |count| u64::from(*count))
    };
    let supply: Vec<&[u32]> = plan.groups.iter().map(|group| group.supply.path(path)).collect();
    let demand: Vec<&[u32]> = plan.groups.iter().map(|group| group.demand.path(path)).collect();
    let mut short_so_far = vec![0_u64; plan.groups.len()];
    let counts: (Counts<'_>, Counts<'_>) =
        (&|group, day| of(&supply, group, day), &|group, day| of(&demand, group, day));
    walk(plan, pending, start, days, counts, 1, |day, group, record, _| {
        let Some(cell) = cells.get_mut(day * plan.groups.len() + group) else { return };
        let short = u64::from(record.unmet > 0);
        if let Some(so_far) = short_so_far.get_mut(group) {
            *so_far |= short;
            cell.short_so_far += *so_far;
        }
        cell.on_hand.push(u32::try_from(record.on_hand).unwrap_or(u32::MAX));
        cell.short += short;
        cell.unmet += record.unmet;
        cell.outdated += record.outdated;
        cell.lent += record.lent;
        cell.borrowed += record.borrowed;
    });
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
    walk(plan, pending, &start, days, (&come, &ask), PARTS, |day, group, record, shelf| {
        let (Some(own), Some(course)) = (plan.groups.get(group), courses.get_mut(group)) else { return };
        let after = own.expected_demand.get(day + 1..).unwrap_or_default();
        let look_ahead = own.expected_demand.len() - days;
        let seen = after.get(..look_ahead).unwrap_or(after);
        let mut left = ExpectedShelf::new(&[]);
        for (place, units) in shelf.units.iter().enumerate().skip(shelf.head).filter(|(_, units)| **units > 0)
        {
            left.receive(later(plan.today, place), real(*units) / real(PARTS));
        }
        let cover = left.cover(later(later(plan.today, day), 1), seen);
        course.push((real(record.on_hand) / real(PARTS), cover));
    });
    courses
}

#[cfg(test)]
mod tests;
