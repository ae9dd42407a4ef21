//! The same walk where every shelf is a queue: what comes later expires later.
//!
//! Then a shelf is three numbers. All that ever came is counted in the order in which it expires; `come` of it are here or
//! were, `gone` of it left, and of those `leaving(day)` may not be used any more. A day is a few comparisons and no lot is
//! looked at. While units are known that do not come in that order (in quarantine, on the road, fresher than what
//! comes), the plain walk goes on. Path by path the same records as the plain walk, which the tests compare.

#![expect(
    clippy::indexing_slicing,
    clippy::needless_range_loop,
    reason = "lanes and the groups of an order are all below the length of a lane"
)]

use super::JointPlan;
use super::order::MOST_GROUPS;
use super::tally::Tally;
use super::walk::{GroupRecord, Shelf};

/// One figure of each group.
pub(super) type Lanes = [u64; MOST_GROUPS];

/// The day from which all shelves are queues; `None` where they may never be.
pub(super) fn from_day(plan: &JointPlan<'_>, days: usize) -> Option<usize> {
    if plan.groups.len() > MOST_GROUPS
        || plan.sides.count() > 1
        || plan.order.short() > Some(plan.shelf_life)
        || !plan.order.is_in_turn()
    {
        return None;
    }
    let day = |on: i32| usize::try_from(on.saturating_sub(plan.today)).unwrap_or(0);
    let pending = || plan.groups.iter().flat_map(|group| group.pending);
    let in_by = pending().map(|late| day(late.usable_from) + 1).max().unwrap_or(0);
    let lots = plan.groups.iter().flat_map(|group| group.lots);
    let last = lots.chain(pending().map(|late| &late.lot)).map(|lot| day(lot.expiry)).max().unwrap_or(0);
    Some(in_by.max(last.saturating_sub(plan.shelf_life)).min(days))
}

/// Of what lies on shelves in the morning of a day: how many units of each group are good only before a day.
pub(super) fn leaving(plan: &JointPlan<'_>, shelves: &[Shelf], days: usize, all: &mut Vec<Lanes>) {
    all.clear();
    all.resize(days + plan.order.short().unwrap_or(0) + 2, Lanes::default());
    for (lane, shelf) in shelves.iter().enumerate().take(MOST_GROUPS) {
        let mut sum = 0;
        for (day, lanes) in all.iter_mut().enumerate() {
            lanes[lane] = sum;
            sum += shelf.units.get(day).copied().unwrap_or(0);
        }
    }
}

/// The shelves of one path.
#[derive(Debug)]
pub(super) struct Queues<'a> {
    plan: &'a JointPlan<'a>,
    /// See [`leaving`]; what came since adds to it.
    leaving: &'a [Lanes],
    supply: [&'a [u32]; MOST_GROUPS],
    demand: [&'a [u32]; MOST_GROUPS],
    from: usize,
    short: usize,
    come: Lanes,
    gone: Lanes,
    floors: Lanes,
    /// Of what came since: what is good only before today, and what expires soon or before.
    late: Lanes,
    soon: Lanes,
    records: [GroupRecord; MOST_GROUPS],
}

impl<'a> Queues<'a> {
    /// Takes over from shelves on the morning of the day `from`.
    pub(super) fn new(
        plan: &'a JointPlan<'a>,
        shelves: &[Shelf],
        leaving: &'a [Lanes],
        (path, from): (usize, usize),
    ) -> Self {
        let mut all = Self {
            plan,
            leaving,
            supply: [&[]; MOST_GROUPS],
            demand: [&[]; MOST_GROUPS],
            from,
            short: plan.order.short().unwrap_or(0),
            come: Lanes::default(),
            gone: Lanes::default(),
            floors: Lanes::default(),
            late: Lanes::default(),
            soon: Lanes::default(),
            records: Default::default(),
        };
        for (lane, (group, shelf)) in plan.groups.iter().zip(shelves).enumerate() {
            (all.supply[lane], all.demand[lane]) = (group.supply.path(path), group.demand.path(path));
            (all.come[lane], all.floors[lane]) = (shelf.on_hand, shelf.floor);
        }
        all
    }

    /// One day; records are those of the plain walk.
    pub(super) fn step(&mut self, day: usize) -> &[GroupRecord] {
        let of = |row: &[u32], day: usize| row.get(day).map_or(0, |units| u64::from(*units));
        let since = |day: Option<usize>| day.filter(|day| *day >= self.from);
        // What came that many days ago was good through yesterday, or is through the last day that is soon.
        let late = since(day.checked_sub(self.plan.shelf_life + 1));
        let soon = since((day + self.short).checked_sub(self.plan.shelf_life));
        let leaving = self.leaving.get(day).copied().unwrap_or_default();
        let mut is_short = false;
        for lane in 0..MOST_GROUPS {
            if let Some(late) = late {
                self.late[lane] += of(self.supply[lane], late);
            }
            if let Some(soon) = soon {
                self.soon[lane] += of(self.supply[lane], soon);
            }
            let (received, asked) = (of(self.supply[lane], day), of(self.demand[lane], day));
            let good = leaving[lane] + self.late[lane];
            let record = meet(&mut self.come[lane], &mut self.gone[lane], good, received, asked);
            is_short |= record.unmet > 0;
            self.records[lane] = record;
        }
        if is_short {
            self.lend(day);
        }
        &self.records[..self.plan.groups.len()]
    }

    fn lend(&mut self, day: usize) {
        let order = self.plan.order;
        let mut spared = 0;
        for lane in 0..order.groups {
            spared |= usize::from(self.records[lane].on_hand < self.floors[lane]) << lane;
        }
        let soon = match order.short() {
            Some(short) => self.leaving.get(day + short + 1).copied().unwrap_or_default(),
            None => Lanes::default(),
        };
        for recipient in order.turns.iter().copied() {
            for step in order.others(recipient, spared) {
                let wanted = self.records[recipient].unmet;
                if wanted == 0 {
                    break;
                }
                let giver = step.group;
                let until =
                    if step.is_short_dated { soon[giver] + self.soon[giver] } else { self.come[giver] };
                let taken = wanted.min(until.saturating_sub(self.gone[giver]));
                self.gone[giver] += taken;
                self.records[giver].on_hand -= taken;
                self.records[giver].lent += taken;
                self.records[recipient].unmet -= taken;
                self.records[recipient].borrowed += taken;
            }
        }
    }
}

/// A group's own day: what is not good any more goes, then the own demand is met.
fn meet(come: &mut u64, gone: &mut u64, leaving: u64, received: u64, asked: u64) -> GroupRecord {
    *come += received;
    let kept = leaving.max(*gone);
    let issued = asked.min(*come - kept);
    let outdated = kept - *gone;
    *gone = kept + issued;
    let (unmet, on_hand) = (asked - issued, *come - *gone);
    GroupRecord { received, outdated, issued, unmet, on_hand, ..GroupRecord::default() }
}

/// All days from `from` on of one path of a plan of one group, which needs no lanes.
pub(super) fn alone(
    plan: &JointPlan<'_>,
    shelf: &Shelf,
    leaving: &[Lanes],
    (path, from): (usize, usize),
    (tally, was_short): (&mut Tally, &mut bool),
) {
    let Some(group) = plan.groups.first() else { return };
    let (mut come, mut gone, mut late) = (shelf.on_hand, 0, 0);
    let supply = group.supply.path(path).get(from..).unwrap_or_default();
    let demand = group.demand.path(path).get(from..).unwrap_or_default();
    let leaving = leaving.get(from..).unwrap_or_default();
    // Up to here all that came since is good; then what came first was good through yesterday.
    let fresh = (plan.shelf_life + 1).min(demand.len());
    let mut day = |received: &u32, asked: &u32, leaving: u64| {
        meet(&mut come, &mut gone, leaving, u64::from(*received), u64::from(*asked))
    };
    let first = supply.iter().zip(demand).zip(leaving).take(fresh);
    tally.add_days(
        from,
        first.map(|((received, asked), leaving)| day(received, asked, leaving[0])),
        was_short,
    );
    let rest = supply.iter().zip(demand).zip(leaving).skip(fresh).zip(supply);
    let rest = rest.map(|(((received, asked), leaving), old)| {
        late += u64::from(*old);
        day(received, asked, leaving[0] + late)
    });
    tally.add_days(from + fresh, rest, was_short);
}
