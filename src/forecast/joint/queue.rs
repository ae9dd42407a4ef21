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

#[cfg(test)]
use super::GroupRecord;
use super::{BINS, JointPlan, MOST_GROUPS, Order, Shelf, Tally};

/// One figure of each group.
pub(super) type Lanes = [u64; MOST_GROUPS];

/// The day from which all shelves are queues; `None` where they may never be.
pub(super) fn from_day(plan: &JointPlan<'_>, days: usize) -> Option<usize> {
    if plan.groups.len() > MOST_GROUPS
        || plan.sides.count > 1
        || short(plan.order) > plan.shelf_life
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
    #[cfg(test)]
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

/// Of what lies on shelves in the morning of a day: how many units of each group are good only before a day.
pub(super) fn leaving(plan: &JointPlan<'_>, shelves: &[Shelf], days: usize, all: &mut Vec<Lanes>) {
    all.clear();
    all.resize(days + short(plan.order) + 2, Lanes::default());
    for (lane, shelf) in shelves.iter().enumerate().take(MOST_GROUPS) {
        let mut sum = 0;
        for (day, lanes) in all.iter_mut().enumerate() {
            lanes[lane] = sum;
            sum += shelf.units.get(day).copied().unwrap_or(0);
        }
    }
}

fn short(order: &Order) -> usize {
    order.short_days.map_or(0, |short| usize::try_from(short).unwrap_or(0))
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
            short: short(plan.order),
            come: Lanes::default(),
            gone: Lanes::default(),
            floors: Lanes::default(),
            late: Lanes::default(),
            soon: Lanes::default(),
        };
        for (lane, (group, shelf)) in plan.groups.iter().zip(shelves).enumerate() {
            (all.supply[lane], all.demand[lane]) = (group.supply.path(path), group.demand.path(path));
            (all.come[lane], all.floors[lane]) = (shelf.on_hand, shelf.floor);
        }
        all
    }

    /// One day; records are those of the plain walk.
    pub(super) fn step(&mut self, day: usize, record: &mut Day) {
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
            let received = of(self.supply[lane], day);
            let come = self.come[lane] + received;
            let kept = self.gone[lane].max(leaving[lane] + self.late[lane]);
            let asked = of(self.demand[lane], day);
            let issued = asked.min(come - kept);
            record.received[lane] = received;
            record.outdated[lane] = kept - self.gone[lane];
            record.issued[lane] = issued;
            record.unmet[lane] = asked - issued;
            is_short |= issued < asked;
            self.come[lane] = come;
            self.gone[lane] = kept + issued;
        }
        (record.lent, record.borrowed) = (Lanes::default(), Lanes::default());
        if is_short {
            self.lend(day, record);
        }
        for lane in 0..MOST_GROUPS {
            record.on_hand[lane] = self.come[lane] - self.gone[lane];
        }
    }

    fn lend(&mut self, day: usize, record: &mut Day) {
        let order = self.plan.order;
        let mut spared = 0;
        for lane in 0..order.groups {
            spared |= usize::from(self.come[lane] - self.gone[lane] < self.floors[lane]) << lane;
        }
        let soon = match order.short_days {
            Some(_) => self.leaving.get(day + self.short + 1).copied().unwrap_or_default(),
            None => Lanes::default(),
        };
        for recipient in order.turns.iter().copied() {
            for step in order.others(recipient, spared) {
                if record.unmet[recipient] == 0 {
                    break;
                }
                let giver = step.group;
                let until =
                    if step.is_short_dated { soon[giver] + self.soon[giver] } else { self.come[giver] };
                let taken = record.unmet[recipient].min(until.saturating_sub(self.gone[giver]));
                self.gone[giver] += taken;
                record.unmet[recipient] -= taken;
                record.lent[giver] += taken;
                record.borrowed[recipient] += taken;
            }
        }
    }
}

/// A day of a group that nobody stands in for.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Row {
    on_hand: u64,
    outdated: u64,
    unmet: u64,
}

/// All days from `from` on of one path of a group that nobody stands in for, from its shelf of that morning. `leaving` is of
/// the group alone, by days after today.
pub(super) fn alone(
    plan: &JointPlan<'_>,
    shelf: &Shelf,
    leaving: &[u64],
    (path, from): (usize, usize),
    rows: &mut [Row],
) {
    let Some(group) = plan.groups.first() else { return };
    let supply = group.supply.path(path).get(from..).unwrap_or_default();
    let demand = group.demand.path(path).get(from..).unwrap_or_default();
    let leaving = leaving.get(from..).unwrap_or_default();
    let (mut come, mut gone, mut late) = (shelf.on_hand, 0, 0);
    let mut day = |row: &mut Row, received: u32, asked: u32, leaving: u64| {
        come += u64::from(received);
        let kept = leaving.max(gone);
        let issued = u64::from(asked).min(come - kept);
        *row = Row { on_hand: come - kept - issued, outdated: kept - gone, unmet: u64::from(asked) - issued };
        gone = kept + issued;
    };
    let all = rows.iter_mut().zip(supply.iter().zip(demand)).zip(leaving);
    let fresh = plan.shelf_life + 1;
    let mut all = all.map(|((row, (received, asked)), leaving)| (row, *received, *asked, *leaving));
    for (row, received, asked, leaving) in all.by_ref().take(fresh) {
        day(row, received, asked, leaving);
    }
    // From here on something of what came since was good through yesterday.
    for ((row, received, asked, leaving), old) in all.zip(supply) {
        late += u64::from(*old);
        day(row, received, asked, leaving + late);
    }
}

impl Tally {
    /// Adds the days of a path from `from` on.
    pub(super) fn add_rows(&mut self, from: usize, rows: &[Row], was_short: bool) {
        let bins = self.counts.get_mut(from * BINS..).unwrap_or_default().chunks_exact_mut(BINS);
        for ((row, bins), cell) in rows.iter().zip(bins).zip(from..) {
            match usize::try_from(row.on_hand).ok().and_then(|units| bins.get_mut(units)) {
                Some(count) => *count += 1,
                None => self.large.push((cell, u32::try_from(row.on_hand).unwrap_or(u32::MAX))),
            }
        }
        let sums = self.sums.get_mut(from..).unwrap_or_default();
        for (sums, row) in sums.iter_mut().zip(rows) {
            sums.outdated += row.outdated;
            sums.unmet += row.unmet;
            sums.short += u64::from(row.unmet > 0);
        }
        let first = rows.iter().position(|row| row.unmet > 0).filter(|_| !was_short);
        if let Some(sums) = first.and_then(|first| sums.get_mut(first)) {
            sums.first_short += 1;
        }
    }

    /// Adds a day of a path.
    pub(super) fn add_day(&mut self, day: usize, groups: usize, record: &Day, was_short: &mut [bool]) {
        let first = day * groups;
        for lane in 0..groups {
            self.hold(first + lane, record.on_hand[lane]);
        }
        let mut any = 0;
        for lane in 0..groups {
            any |= record.outdated[lane] | record.unmet[lane] | record.lent[lane] | record.borrowed[lane];
        }
        if any == 0 {
            return;
        }
        let sums = self.sums.get_mut(first..first + groups).unwrap_or_default();
        for (lane, sums) in sums.iter_mut().enumerate() {
            sums.outdated += record.outdated[lane];
            sums.lent += record.lent[lane];
            sums.borrowed += record.borrowed[lane];
            if record.unmet[lane] > 0 {
                sums.unmet += record.unmet[lane];
                sums.short += 1;
                sums.first_short += u64::from(!was_short[lane]);
                was_short[lane] = true;
            }
        }
    }
}
