//! A shelf of dated lots: first to expire, first out.
//!
//! Order of a day: receive, expire, issue, record. A lot is good through its expiry day and out the
//! day after. Demand that cannot be met is lost and counted, never put off to the next day.

use std::collections::VecDeque;

/// Units that expire on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lot {
    /// The last day of use, as a day number on the caller's axis.
    pub expiry: i32,
    /// How many.
    pub units: u32,
}

/// What one day did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DayRecord {
    pub received: u64,
    pub outdated: u64,
    pub issued: u64,
    /// Asked for and not there.
    pub unmet: u64,
    /// Left at the close of the day.
    pub on_hand: u64,
}

/// Lots of one product at one place, soonest expiry first, none empty, one lot per expiry day.
#[derive(Debug, Clone, Default)]
pub struct Shelf {
    lots: VecDeque<Lot>,
    on_hand: u64,
}

impl Shelf {
    /// A shelf with these lots, in any order.
    #[must_use]
    pub fn new(lots: &[Lot]) -> Self {
        let mut shelf = Self::default();
        for lot in lots {
            shelf.receive(*lot);
        }
        shelf
    }

    /// Puts a lot in its place; quickest when it expires last.
    pub fn receive(&mut self, lot: Lot) {
        if lot.units == 0 {
            return;
        }
        self.on_hand = self.on_hand.saturating_add(u64::from(lot.units));
        let place = match self.lots.back() {
            Some(last) if lot.expiry <= last.expiry => self.lots.partition_point(|l| l.expiry < lot.expiry),
            _ => self.lots.len(),
        };
        match self.lots.get_mut(place) {
            Some(same) if same.expiry == lot.expiry && same.units.checked_add(lot.units).is_some() => {
                same.units = same.units.saturating_add(lot.units);
            }
            _ => self.lots.insert(place, lot),
        }
    }

    /// Takes out what expired before `day`; the number of units.
    pub fn expire(&mut self, day: i32) -> u64 {
        let mut outdated = 0_u64;
        while let Some(lot) = self.lots.front().filter(|lot| lot.expiry < day) {
            outdated = outdated.saturating_add(u64::from(lot.units));
            self.lots.pop_front();
        }
        self.on_hand = self.on_hand.saturating_sub(outdated);
        outdated
    }

    /// Issues up to `wanted` units, soonest expiry first, telling `each` lot's part; the number issued.
    ///
    /// Call [`Shelf::expire`] first: this looks at the order of the dates, not at today's.
    pub fn issue(&mut self, wanted: u64, mut each: impl FnMut(Lot)) -> u64 {
        let mut left = wanted;
        while left > 0 {
            let Some(lot) = self.lots.front_mut() else { break };
            let taken = u32::try_from(left).unwrap_or(u32::MAX).min(lot.units);
            lot.units = lot.units.saturating_sub(taken);
            left = left.saturating_sub(u64::from(taken));
            each(Lot { expiry: lot.expiry, units: taken });
            if lot.units == 0 {
                self.lots.pop_front();
            }
        }
        let issued = wanted.saturating_sub(left);
        self.on_hand = self.on_hand.saturating_sub(issued);
        issued
    }

    /// One whole day in its order.
    pub fn day(&mut self, day: i32, received: &[Lot], demand: u64) -> DayRecord {
        let before = self.on_hand;
        for lot in received {
            self.receive(*lot);
        }
        let received = self.on_hand.saturating_sub(before);
        let outdated = self.expire(day);
        let issued = self.issue(demand, |_| ());
        DayRecord { received, outdated, issued, unmet: demand.saturating_sub(issued), on_hand: self.on_hand }
    }

    /// Units on the shelf.
    #[must_use]
    pub const fn on_hand(&self) -> u64 {
        self.on_hand
    }

    /// The lots, soonest expiry first.
    pub fn lots(&self) -> impl Iterator<Item = Lot> {
        self.lots.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_lot_is_good_through_its_expiry_day() {
        let mut shelf = Shelf::new(&[Lot { expiry: 10, units: 4 }]);
        assert_eq!(shelf.day(10, &[], 1), DayRecord { issued: 1, on_hand: 3, ..DayRecord::default() });
        assert_eq!(shelf.day(11, &[], 1), DayRecord { outdated: 3, unmet: 1, ..DayRecord::default() });
    }

    #[test]
    fn lots_of_one_day_join_and_full_ones_stand_beside() {
        let shelf = Shelf::new(&[
            Lot { expiry: 3, units: 2 },
            Lot { expiry: 1, units: 9 },
            Lot { expiry: 3, units: 5 },
        ]);
        assert_eq!(
            shelf.lots().collect::<Vec<_>>(),
            [Lot { expiry: 1, units: 9 }, Lot { expiry: 3, units: 7 }]
        );
        let full = Shelf::new(&[Lot { expiry: 3, units: u32::MAX }, Lot { expiry: 3, units: 5 }]);
        assert_eq!(full.on_hand(), u64::from(u32::MAX) + 5);
        assert_eq!(full.lots().map(|l| u64::from(l.units)).sum::<u64>(), full.on_hand());
    }

    #[test]
    fn a_lot_received_after_its_day_is_never_issued() {
        let late = Shelf::default().day(5, &[Lot { expiry: 4, units: 6 }], 6);
        assert_eq!(late, DayRecord { received: 6, outdated: 6, unmet: 6, ..DayRecord::default() });
    }

    proptest! {
        #[test]
        fn units_are_neither_made_nor_lost_and_leave_in_order(
            initial in prop::collection::vec((-3_i32..30, 0_u32..9), 0..8),
            days in prop::collection::vec((prop::collection::vec((-2_i32..15, 0_u32..9), 0..3), 0_u64..12), 1..40),
        ) {
            let lots: Vec<Lot> = initial.iter().map(|&(expiry, units)| Lot { expiry, units }).collect();
            let mut shelf = Shelf::new(&lots);
            let mut balance = shelf.on_hand();
            for (day, (receipts, demand)) in days.iter().enumerate() {
                let day = i32::try_from(day).unwrap();
                for &(life, units) in receipts {
                    shelf.receive(Lot { expiry: day + life, units });
                    balance += u64::from(units);
                }
                balance -= shelf.expire(day);
                let before: Vec<Lot> = shelf.lots().collect();
                let mut out = Vec::new();
                let issued = shelf.issue(*demand, |lot| out.push(lot));
                balance -= issued;
                prop_assert_eq!(out.iter().map(|l| u64::from(l.units)).sum::<u64>(), issued);
                prop_assert_eq!(issued, (*demand).min(before.iter().map(|l| u64::from(l.units)).sum()));
                prop_assert!(out.iter().all(|l| l.expiry >= day), "issued after expiry");
                prop_assert!(out.windows(2).all(|w| w[0].expiry < w[1].expiry), "not in order");
                if let (Some(last), Some(first)) = (out.last(), shelf.lots().next()) {
                    prop_assert!(last.expiry <= first.expiry, "an earlier lot was left behind");
                }
                prop_assert_eq!(shelf.on_hand(), balance);
                prop_assert_eq!(shelf.lots().map(|l| u64::from(l.units)).sum::<u64>(), balance);
                prop_assert!(shelf.lots().all(|l| l.units > 0));
            }
        }
    }
}
