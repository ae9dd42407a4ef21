//! Expected stock in fractions of a unit, and how many days it covers.
//!
//! Days of cover look forward: expected demand is taken from the lots day by day, first to expire
//! first, and a lot that would expire before its use covers nothing. Stock divided by average demand
//! does not know that, and promises days that outdates will eat.

use crate::fefo::Lot;
use crate::number::len;

/// How long expected demand can be met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cover {
    /// It fails after this many days, fractions counted within the day that fails.
    Days(f64),
    /// It does not fail within the days that were looked at (their number).
    Beyond(f64),
}

impl Cover {
    /// The days, held at the end of what was looked at.
    #[must_use]
    pub const fn days(self) -> f64 {
        match self {
            Self::Days(days) | Self::Beyond(days) => days,
        }
    }

    /// Whether demand was met to the end.
    #[must_use]
    pub const fn is_beyond(self) -> bool {
        matches!(self, Self::Beyond(_))
    }
}

/// Lots held in fractions of a unit, soonest expiry first.
#[derive(Debug, Clone, Default)]
pub struct ExpectedShelf {
    lots: Vec<(i32, f64)>,
}

/// Less than this is nothing: sums of fractions do not come out even.
const NOTHING: f64 = 1e-9;

impl ExpectedShelf {
    /// A shelf with these lots, in any order.
    #[must_use]
    pub fn new(lots: &[Lot]) -> Self {
        let mut shelf = Self::default();
        for lot in lots {
            shelf.receive(lot.expiry, f64::from(lot.units));
        }
        shelf
    }

    /// Puts units in their place; what is not a positive amount is nothing.
    pub fn receive(&mut self, expiry: i32, units: f64) {
        if !units.is_finite() || units <= 0.0 {
            return;
        }
        let place = self.lots.partition_point(|(other, _)| *other < expiry);
        match self.lots.get_mut(place) {
            Some((same, held)) if *same == expiry => *held += units,
            _ => self.lots.insert(place, (expiry, units)),
        }
    }

    /// Takes out what expired before `day`; the amount.
    pub fn expire(&mut self, day: i32) -> f64 {
        let gone = self.lots.partition_point(|(expiry, _)| *expiry < day);
        self.lots.drain(..gone).map(|(_, units)| units).sum()
    }

    /// Issues up to `wanted`, soonest expiry first; the amount issued.
    pub fn issue(&mut self, wanted: f64) -> f64 {
        let mut left = wanted.max(0.0);
        let mut emptied = 0;
        for (_, held) in &mut self.lots {
            let taken = held.min(left);
            *held -= taken;
            left -= taken;
            if *held > NOTHING {
                break;
            }
            emptied += 1;
        }
        self.lots.drain(..emptied);
        wanted.max(0.0) - left
    }

    /// Amount on the shelf.
    #[must_use]
    pub fn on_hand(&self) -> f64 {
        self.lots.iter().map(|(_, units)| units).sum()
    }

    /// How long this shelf, with nothing more coming, meets `demand`, whose first day is `day`.
    #[must_use]
    pub fn cover(&self, day: i32, demand: &[f64]) -> Cover {
        let mut shelf = self.clone();
        for (ahead, wanted) in demand.iter().enumerate() {
            shelf.expire(crate::number::later(day, ahead));
            let issued = shelf.issue(*wanted);
            if issued + NOTHING < *wanted {
                return Cover::Days(len(ahead) + issued / wanted);
            }
        }
        Cover::Beyond(len(demand.len()))
    }
}

/// Days of cover of `lots` on the morning of `today` against the expected demand of today (the first
/// of `daily_demand`) and the days after; nothing more is received. Units a day, fractions allowed.
#[must_use]
pub fn days_of_cover(lots: &[Lot], today: i32, daily_demand: &[f64]) -> Cover {
    ExpectedShelf::new(lots).cover(today, daily_demand)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn lot(expiry: i32, units: u32) -> Lot {
        Lot { expiry, units }
    }

    #[test]
    fn fractions_and_the_end_of_sight() {
        assert_eq!(days_of_cover(&[lot(99, 10)], 0, &[4.0; 30]), Cover::Days(2.5));
        assert_eq!(days_of_cover(&[lot(99, 10)], 0, &[0.1; 30]), Cover::Beyond(30.0));
        assert_eq!(days_of_cover(&[], 0, &[0.1; 30]), Cover::Days(0.0));
        assert_eq!(days_of_cover(&[], 0, &[0.0, 0.0, 2.0]), Cover::Days(2.0));
        assert_eq!(days_of_cover(&[lot(99, 10)], 0, &[]), Cover::Beyond(0.0));
        assert!(Cover::Beyond(3.0).is_beyond() && !Cover::Days(3.0).is_beyond());
    }

    #[test]
    fn what_expires_before_its_use_covers_nothing() {
        // Twelve units at two a day look like six days; ten of them are good for two days only.
        assert_eq!(days_of_cover(&[lot(1, 10), lot(9, 2)], 0, &[2.0; 30]), Cover::Days(3.0));
        assert_eq!(days_of_cover(&[lot(4, 50)], 5, &[2.0; 30]), Cover::Days(0.0));
        assert_eq!(days_of_cover(&[lot(5, 50)], 5, &[2.0; 30]), Cover::Days(1.0));
    }

    #[test]
    fn a_single_day_issues_across_lots() {
        let mut shelf = ExpectedShelf::new(&[lot(3, 1), lot(5, 2)]);
        shelf.receive(4, 0.5);
        shelf.receive(4, -1.0);
        shelf.receive(4, f64::NAN);
        assert_eq!(shelf.issue(1.25), 1.25);
        assert_eq!(shelf.on_hand(), 2.25);
        assert_eq!(shelf.expire(5), 0.25);
        assert_eq!(shelf.issue(9.0), 2.0);
    }

    proptest! {
        #[test]
        fn more_stock_never_covers_less_and_more_demand_never_more(
            lots in prop::collection::vec((0_i32..25, 0_u32..20), 0..8),
            extra in (0_i32..25, 1_u32..20),
            demand in prop::collection::vec(0.1_f64..9.0, 1..30),
            at in 0_usize..30, by in 0.01_f64..5.0,
        ) {
            let lots: Vec<Lot> = lots.into_iter().map(|(expiry, units)| lot(expiry, units)).collect();
            let base = days_of_cover(&lots, 0, &demand);
            let mut richer = lots.clone();
            richer.push(lot(extra.0, extra.1));
            prop_assert!(days_of_cover(&richer, 0, &demand).days() >= base.days() - 1e-9);
            let mut harder = demand.clone();
            if let Some(day) = harder.get_mut(at) { *day += by; }
            prop_assert!(days_of_cover(&lots, 0, &harder).days() <= base.days() + 1e-9);
        }
    }
}
