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

mod queue;

use queue::{Day, Lanes, Queues, Row};
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
    /// Recipients who have others to turn to, those with the fewest first.
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
                steps.push(
                    all.into_iter().filter(|step| step.group < groups && step.group != recipient).collect(),
                );
            }
        }
        let has_others = |recipient: usize| {
            steps
                .iter()
                .skip(recipient << groups)
                .take(1 << groups)
                .any(|steps: &Vec<Step>| !steps.is_empty())
        };
        let mut turns: Vec<usize> = (0..groups).filter(|recipient| has_others(*recipient)).collect();
        turns.sort_by_key(|recipient| steps.get(recipient << groups).map_or(0, Vec::len));
        Self { groups, steps, turns, short_days }
    }

    /// Nobody stands in for anybody.
    #[must_use]
    pub fn alone(groups: usize) -> Self {
        Self::new(groups, None, |_, _| Vec::new())
    }

    /// Whether each group lends what expires soon before the rest, to everybody and whatever is spared.
    #[must_use]
    pub fn is_in_turn(&self) -> bool {
        let is_after_soon = |steps: &[Step], place: usize, group: usize| {
            steps.iter().take(place).any(|step| step.is_short_dated && step.group == group)
        };
        self.short_days.is_none()
            || self.steps.iter().all(|steps| {
                let mut places = steps.iter().enumerate();
                places.all(|(place, step)| step.is_short_dated || is_after_soon(steps, place, step.group))
            })
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

/// Sides of an area between which roads may be closed on some days.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Sides {
    count: usize,
    /// By day from today on: of each side, which pool it belongs to; sides of one pool reach each other. The last holds on.
    pools: Vec<Vec<usize>>,
}

impl Sides {
    /// All of an area in one.
    #[must_use]
    pub const fn one() -> Self {
        Self { count: 1, pools: Vec::new() }
    }

    /// `pool(day, side)` over some days.
    pub fn new(count: usize, days: usize, pool: impl Fn(usize, usize) -> usize) -> Self {
        let of_day = |day| (0..count).map(|side| pool(day, side)).collect();
        Self { count: count.max(1), pools: (0..days).map(of_day).collect() }
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.count
    }

    /// The sides that reach each other on a day, side by side.
    fn pools(&self, day: usize) -> Vec<Vec<usize>> {
        let pools = self.pools.get(day).or(self.pools.last());
        let mut found: Vec<(usize, Vec<usize>)> = Vec::new();
        for side in 0..self.count {
            let pool = pools.and_then(|pools| pools.get(side)).copied().unwrap_or(0);
            match found.iter_mut().find(|(own, _)| *own == pool) {
                Some((_, sides)) => sides.push(side),
                None => found.push((pool, vec![side])),
            }
        }
        found.into_iter().map(|(_, sides)| sides).collect()
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
    /// The groups of the first side, then those of the next, the same ones in the same order.
    pub groups: &'a [Group<'a>],
    pub sides: &'a Sides,
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

/// One course, taken from day to day; counts are multiplied by `scale`.
struct Walk<'a> {
    plan: &'a JointPlan<'a>,
    pending: &'a [Vec<Pending>],
    scale: u64,
    shelves: Vec<Shelf>,
    /// The pending of each group that are in.
    waiting: Vec<usize>,
    left: Vec<u64>,
    records: Vec<GroupRecord>,
}

impl<'a> Walk<'a> {
    fn new(plan: &'a JointPlan<'a>, pending: &'a [Vec<Pending>], start: &[Shelf], scale: u64) -> Self {
        let groups = plan.groups.len();
        Self {
            plan,
            pending,
            scale,
            shelves: start.to_vec(),
            waiting: vec![0; groups],
            left: vec![0; groups],
            records: vec![GroupRecord::default(); groups],
        }
    }

    /// One day; supply and demand are told by group and day.
    fn step(
        &mut self,
        day: usize,
        supply: impl Fn(usize, usize) -> u64,
        demand: impl Fn(usize, usize) -> u64,
    ) {
        let plan = self.plan;
        for (group, shelf) in self.shelves.iter_mut().enumerate() {
            let before = shelf.on_hand;
            let due = self.pending.get(group).map_or(&[][..], Vec::as_slice);
            while let Some(late) = self.waiting.get(group).and_then(|next: &usize| due.get(*next)) {
                if late.usable_from > later(plan.today, day) {
                    break;
                }
                shelf.receive(place_of(plan.today, late.lot.expiry), u64::from(late.lot.units) * self.scale);
                if let Some(next) = self.waiting.get_mut(group) {
                    *next += 1;
                }
            }
            shelf.receive(day + plan.shelf_life, supply(group, day));
            let received = shelf.on_hand - before;
            let outdated = shelf.expire(day);
            let asked = demand(group, day);
            let issued = shelf.take(asked, 0, usize::MAX);
            if let (Some(record), Some(left)) = (self.records.get_mut(group), self.left.get_mut(group)) {
                *record = GroupRecord { received, outdated, issued, ..GroupRecord::default() };
                *left = asked - issued;
            }
        }
        if self.left.iter().any(|left| *left > 0) {
            for pool in plan.sides.pools(day) {
                self.share(day, &pool);
            }
        }
        for ((shelf, left), record) in self.shelves.iter().zip(&self.left).zip(&mut self.records) {
            record.unmet = *left;
            record.on_hand = shelf.on_hand;
        }
    }

    /// What sides that reach each other do for each other on a day.
    fn share(&mut self, day: usize, sides: &[usize]) {
        let order = self.plan.order;
        let groups = self.plan.groups.len() / self.plan.sides.count;
        let at = |side: usize, group: usize| side * groups + group;
        let everything = (0, usize::MAX);
        for (own, other) in sides.iter().flat_map(|own| sides.iter().map(move |other| (*own, *other))) {
            for group in (0..groups).filter(|_| own != other) {
                self.lend(at(other, group), at(own, group), everything);
            }
        }
        // The first place of what does not expire soon; nothing does where that is not known.
        let long = order.short_days.map_or(0, |short| day + usize::try_from(short).unwrap_or(0) + 1);
        let spared = (0..order.groups).fold(0, |spared, group| {
            let here = || sides.iter().filter_map(|side| self.shelves.get(at(*side, group)));
            let (held, floor): (u64, u64) =
                (here().map(|shelf| shelf.on_hand).sum(), here().map(|shelf| shelf.floor).sum());
            spared | usize::from(held < floor) << group
        });
        for recipient in order.turns.iter().copied() {
            for own in sides {
                for step in order.others(recipient, spared) {
                    let span = if step.is_short_dated { (0, long) } else { (long, usize::MAX) };
                    for giver in [own].into_iter().chain(sides.iter().filter(|side| *side != own)) {
                        self.lend(at(*giver, step.group), at(*own, recipient), span);
                    }
                }
            }
        }
    }

    /// Meets what is left of one from another, of what is good through a day of this span.
    fn lend(&mut self, giver: usize, taker: usize, (from, until): (usize, usize)) {
        let Some(wanted) = self.left.get_mut(taker).filter(|wanted| **wanted > 0) else { return };
        let Some(shelf) = self.shelves.get_mut(giver) else { return };
        let taken = shelf.take(*wanted, from, until);
        *wanted -= taken;
        if let Some(record) = self.records.get_mut(giver) {
            record.lent += taken;
        }
        if let Some(record) = self.records.get_mut(taker) {
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

/// In so many parts at most the paths are shared out, each with counts of its own.
const PARTS_OF_WORK: usize = 8;
/// The expected course is walked in thousandths of a unit.
const PARTS: u64 = 1_000;

/// One group on one day over some paths: sums of integers, so their order does not matter.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    short: u64,
    /// Paths that run short for the first time.
    first_short: u64,
    unmet: u64,
    outdated: u64,
    lent: u64,
    borrowed: u64,
}

/// How many of each number of units are counted; larger ones are kept one by one.
const BINS: usize = 256;

/// All groups over some paths, by day and group.
#[derive(Debug, Clone)]
struct Tally {
    sums: Vec<Sums>,
    /// Paths with so many units on hand, [`BINS`] to a cell.
    counts: Vec<u32>,
    /// Cell and units of what is beyond the bins.
    large: Vec<(usize, u32)>,
}

impl Tally {
    fn new(cells: usize) -> Self {
        Self { sums: vec![Sums::default(); cells], counts: vec![0; cells * BINS], large: Vec::new() }
    }

    fn hold(&mut self, cell: usize, units: u64) {
        let bin = usize::try_from(units).ok().filter(|units| *units < BINS);
        match bin.and_then(|bin| self.counts.get_mut(cell * BINS + bin)) {
            Some(count) => *count += 1,
            None => self.large.push((cell, u32::try_from(units).unwrap_or(u32::MAX))),
        }
    }

    fn add(&mut self, cell: usize, record: &GroupRecord, was_short: &mut bool) {
        let Some(sums) = self.sums.get_mut(cell) else { return };
        sums.outdated += record.outdated;
        sums.lent += record.lent;
        sums.borrowed += record.borrowed;
        if record.unmet > 0 {
            sums.unmet += record.unmet;
            sums.short += 1;
            sums.first_short += u64::from(!*was_short);
            *was_short = true;
        }
    }

    fn join(mut self, other: Self) -> Self {
        for (own, more) in self.sums.iter_mut().zip(other.sums) {
            own.short += more.short;
            own.first_short += more.first_short;
            own.unmet += more.unmet;
            own.outdated += more.outdated;
            own.lent += more.lent;
            own.borrowed += more.borrowed;
        }
        self.counts.iter_mut().zip(other.counts).for_each(|(own, more)| *own += more);
        self.large.extend(other.large);
        self
    }

    fn sums(&self, cell: usize) -> Sums {
        self.sums.get(cell).copied().unwrap_or_default()
    }

    /// The band of units on hand, and their sum.
    fn on_hand(&self, cell: usize) -> (Band, u64) {
        let counts = self.counts.get(cell * BINS..(cell + 1) * BINS).unwrap_or_default();
        // In order of cells and units.
        let first = self.large.partition_point(|(own, _)| *own < cell);
        let large =
            self.large.iter().skip(first).take_while(|(own, _)| *own == cell).map(|(_, units)| *units);
        let large: Vec<u32> = large.collect();
        let sum = counts.iter().zip(0_u64..).map(|(count, units)| u64::from(*count) * units).sum::<u64>()
            + large.iter().map(|units| u64::from(*units)).sum::<u64>();
        (Band::of_counted(counts, &large).unwrap_or_default(), sum)
    }
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
    if !plan.groups.len().is_multiple_of(plan.sides.count) {
        return Err(ProjectFault::SidesDiffer);
    }
    if plan.order.turns.is_empty() && plan.sides.count == 1 && plan.groups.len() > 1 {
        // Nobody stands in for anybody: each by itself, its paths read in the order in which they lie in memory.
        let alone = |group| project_jointly(&JointPlan { groups: std::slice::from_ref(group), ..*plan });
        let told: Result<Vec<Vec<JointProjection>>, ProjectFault> =
            plan.groups.par_iter().map(alone).collect();
        return Ok(told?.into_iter().flatten().collect());
    }
    let pending: Vec<Vec<Pending>> = plan.groups.iter().map(|group| in_turn(group.pending)).collect();
    let start = shelves(plan, days, 1);
    let from = queue::from_day(plan, days);
    let mut leaving = Vec::new();
    if from == Some(0) {
        queue::leaving(plan, &start, days, &mut leaving);
    }
    let alone: Vec<u64> = leaving.iter().map(|lanes| lanes[0]).collect();
    let runner =
        Runner { plan, pending: &pending, start: &start, leaving: &leaving, alone: &alone, from, days };
    let cells = days * plan.groups.len();
    let mut tally = (0..paths)
        .into_par_iter()
        .with_min_len(paths.div_ceil(PARTS_OF_WORK).max(1))
        .fold(
            || (Tally::new(cells), Own::default()),
            |(mut tally, mut own), path| {
                runner.run(path, &mut own, &mut tally);
                (tally, own)
            },
        )
        .map(|(tally, _)| tally)
        .reduce_with(Tally::join)
        .unwrap_or_else(|| Tally::new(cells));
    tally.large.sort_unstable();
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

fn in_turn(pending: &[Pending]) -> Vec<Pending> {
    let mut pending = pending.to_vec();
    pending.sort_by_key(|late| late.usable_from);
    pending
}

/// Room that the paths of one part use one after the other.
#[derive(Default)]
struct Own {
    leaving: Vec<Lanes>,
    rows: Vec<Row>,
    was_short: Vec<bool>,
}

/// What every path starts from.
struct Runner<'a> {
    plan: &'a JointPlan<'a>,
    pending: &'a [Vec<Pending>],
    start: &'a [Shelf],
    /// Of the start, where it is a queue from the first day on.
    leaving: &'a [Lanes],
    /// The same of the first group.
    alone: &'a [u64],
    /// The day from which shelves are queues, if they may be.
    from: Option<usize>,
    days: usize,
}

impl Runner<'_> {
    /// Takes one path forward: lot by lot, and as queues from the day on from which the shelves are such.
    fn run(&self, path: usize, own: &mut Own, told: &mut Tally) {
        let (plan, days) = (self.plan, self.days);
        let groups = plan.groups.len();
        own.was_short.clear();
        own.was_short.resize(groups, false);
        let Own { leaving: of_path, rows, was_short } = own;
        let from = self.from.unwrap_or(days);
        let mut walk = None;
        if from > 0 {
            let of =
                |counts: &Paths, day: usize| counts.path(path).get(day).map_or(0, |count| u64::from(*count));
            let supply = |group, day| plan.groups.get(group).map_or(0, |own: &Group<'_>| of(own.supply, day));
            let demand = |group, day| plan.groups.get(group).map_or(0, |own: &Group<'_>| of(own.demand, day));
            let walk = walk.insert(Walk::new(plan, self.pending, self.start, 1));
            for day in 0..from {
                walk.step(day, supply, demand);
                for (group, (record, was)) in walk.records.iter().zip(was_short.iter_mut()).enumerate() {
                    told.hold(day * groups + group, record.on_hand);
                    told.add(day * groups + group, record, was);
                }
            }
        }
        if from >= days {
            return;
        }
        let (shelves, leaving) = match &walk {
            None => (self.start, self.leaving),
            Some(walk) => {
                queue::leaving(plan, &walk.shelves, days, of_path);
                (&walk.shelves[..], &of_path[..])
            }
        };
        if let ([shelf], [was_short]) = (shelves, &was_short[..]) {
            let late: Vec<u64>;
            let leaving = if from == 0 {
                self.alone
            } else {
                late = leaving.iter().map(|lanes| lanes[0]).collect();
                &late
            };
            rows.resize(days - from, Row::default());
            queue::alone(plan, shelf, leaving, (path, from), rows);
            told.add_rows(from, rows, *was_short);
            return;
        }
        let mut queues = Queues::new(plan, shelves, leaving, (path, from));
        let mut record = Day::default();
        for day in from..days {
            queues.step(day, &mut record);
            told.add_day(day, groups, &record, was_short);
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
