//! The plain walk: every lot by its last day of use, one day after the other.

use super::{Group, JointPlan};
use crate::number::{later, real, whole};
use crate::project::Pending;

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
pub(super) struct Shelf {
    /// By days after today.
    pub units: Vec<u64>,
    /// Nothing before it is left.
    pub head: usize,
    pub on_hand: u64,
    pub floor: u64,
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
pub(super) struct Walk<'a> {
    plan: &'a JointPlan<'a>,
    pending: &'a [Vec<Pending>],
    scale: u64,
    pub shelves: Vec<Shelf>,
    /// The pending of each group that are in.
    waiting: Vec<usize>,
    left: Vec<u64>,
    pub records: Vec<GroupRecord>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(
        plan: &'a JointPlan<'a>,
        pending: &'a [Vec<Pending>],
        start: &[Shelf],
        scale: u64,
    ) -> Self {
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
    pub(super) fn step(
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
        let groups = self.plan.groups.len() / self.plan.sides.count();
        let at = |side: usize, group: usize| side * groups + group;
        let everything = (0, usize::MAX);
        for (own, other) in sides.iter().flat_map(|own| sides.iter().map(move |other| (*own, *other))) {
            for group in (0..groups).filter(|_| own != other) {
                self.lend(at(other, group), at(own, group), everything);
            }
        }
        // The first place of what does not expire soon; nothing does where that is not known.
        let long = order.short().map_or(0, |short| day + short + 1);
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

pub(super) fn place_of(today: i32, expiry: i32) -> usize {
    usize::try_from(expiry.saturating_sub(today)).unwrap_or(0)
}

/// Shelves of the morning; what is past its day is not there.
pub(super) fn shelves(plan: &JointPlan<'_>, days: usize, scale: u64) -> Vec<Shelf> {
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

/// What is pending, by the day on which it is in.
pub(super) fn by_day(pending: &[Pending]) -> Vec<Pending> {
    let mut pending = pending.to_vec();
    pending.sort_by_key(|late| late.usable_from);
    pending
}
