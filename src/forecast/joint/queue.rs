//! The same walk where every shelf is a queue: what comes later expires later.
//!
//! Then a shelf is three numbers. All that ever came is counted in the order in which it expires; `come` of it are here or
//! were, `gone` of it left, and of those `leaving(day)` may not be used any more. A day is a few comparisons and no lot is
//! looked at. While units are known that do not come in that order (in quarantine, on the road, fresher than what
//! comes), the plain walk goes on. Path by path the same records as the plain walk, which the tests compare.

#![expect(
    clippy::indexing_slicing,
    reason = "lanes and the groups of an order are all below the length of a lane"
)]

use super::{GroupRecord, JointPlan, MOST_GROUPS, Order, Shelf};

/// One figure of each group.
pub(super) type Lanes = [u64; MOST_GROUPS];

/// The day from which all shelves are queues; `None` where they may never be.
pub(super) fn from_day(plan: &JointPlan<'_>, days: usize) -> Option<usize> {
    let short = plan.order.short_days.map_or(0, |short| usize::try_from(short).unwrap_or(0));
    if plan.groups.len() > MOST_GROUPS
        || plan.sides.count > 1
        || short > plan.shelf_life
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

/// What one day did, by group.
#[derive(Debug, Default)]
pub(super) struct Day {
    received: Lanes,
    outdated: Lanes,
    issued: Lanes,
    lent: Lanes,
    borrowed: Lanes,
    unmet: Lanes,
    on_hand: Lanes,
}

impl Day {
    /// What it did for a group.
    pub(super) fn of(&self, group: usize) -> GroupRecord {
        GroupRecord {
            received: self.received[group],
            outdated: self.outdated[group],
            issued: self.issued[group],
            lent: self.lent[group],
            borrowed: self.borrowed[group],
            unmet: self.unmet[group],
            on_hand: self.on_hand[group],
        }
    }
}

/// The shelves of one path; made once for many.
#[derive(Debug, Default)]
pub(super) struct Queues {
    come: Lanes,
    gone: Lanes,
    floors: Lanes,
    supply: Vec<Lanes>,
    demand: Vec<Lanes>,
    /// By days after today: how many of all that came are good only before it.
    leaving: Vec<Lanes>,
}

impl Queues {
    /// Takes over from shelves on the morning of the day `from`.
    pub(super) fn begin(
        &mut self,
        plan: &JointPlan<'_>,
        shelves: &[Shelf],
        path: usize,
        (from, days): (usize, usize),
    ) {
        let short = plan.order.short_days.map_or(0, |short| usize::try_from(short).unwrap_or(0));
        let until = days + short + 2;
        (self.come, self.gone, self.floors) = (Lanes::default(), Lanes::default(), Lanes::default());
        self.supply.resize(days, Lanes::default());
        self.demand.resize(days, Lanes::default());
        self.leaving.resize(until, Lanes::default());
        for (lane, (group, shelf)) in plan.groups.iter().zip(shelves).enumerate() {
            let (supply, demand) = (group.supply.path(path), group.demand.path(path));
            self.supply.iter_mut().zip(supply).for_each(|(lanes, units)| lanes[lane] = u64::from(*units));
            self.demand.iter_mut().zip(demand).for_each(|(lanes, units)| lanes[lane] = u64::from(*units));
            (self.come[lane], self.floors[lane]) = (shelf.on_hand, shelf.floor);
            let (mut sum, mut supply) = (0, supply.iter().skip(from));
            for (day, lanes) in self.leaving.iter_mut().enumerate() {
                lanes[lane] = sum;
                sum += shelf.units.get(day).copied().unwrap_or(0);
                if day >= from + plan.shelf_life {
                    sum += supply.next().map_or(0, |units| u64::from(*units));
                }
            }
        }
    }

    /// One day; records are those of the plain walk.
    pub(super) fn step(&mut self, order: &Order, day: usize, record: &mut Day) {
        let zero = Lanes::default();
        let of = |all: &[Lanes]| all.get(day).copied().unwrap_or(zero);
        let (supply, demand, leaving) = (of(&self.supply), of(&self.demand), of(&self.leaving));
        let mut left = zero;
        for lane in 0..MOST_GROUPS {
            let come = self.come[lane] + supply[lane];
            let kept = self.gone[lane].max(leaving[lane]);
            record.outdated[lane] = kept - self.gone[lane];
            let issued = demand[lane].min(come - kept);
            record.issued[lane] = issued;
            left[lane] = demand[lane] - issued;
            self.come[lane] = come;
            self.gone[lane] = kept + issued;
        }
        record.received = supply;
        (record.lent, record.borrowed) = (zero, zero);
        if left != zero {
            self.lend(order, day, &mut left, record);
        }
        record.unmet = left;
        for lane in 0..MOST_GROUPS {
            record.on_hand[lane] = self.come[lane] - self.gone[lane];
        }
    }

    #[cold]
    fn lend(&mut self, order: &Order, day: usize, left: &mut Lanes, record: &mut Day) {
        let mut spared = 0;
        for lane in 0..order.groups {
            spared |= usize::from(self.come[lane] - self.gone[lane] < self.floors[lane]) << lane;
        }
        let soon = order.short_days.map_or(Lanes::default(), |short| {
            let long = day + usize::try_from(short).unwrap_or(0) + 1;
            self.leaving.get(long).copied().unwrap_or_default()
        });
        for recipient in order.turns.iter().copied() {
            for step in order.others(recipient, spared) {
                if left[recipient] == 0 {
                    break;
                }
                let until = if step.is_short_dated { soon[step.group] } else { self.come[step.group] };
                let taken = left[recipient].min(until.saturating_sub(self.gone[step.group]));
                self.gone[step.group] += taken;
                left[recipient] -= taken;
                record.lent[step.group] += taken;
                record.borrowed[recipient] += taken;
            }
        }
    }
}
