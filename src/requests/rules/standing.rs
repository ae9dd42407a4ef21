//! On which days a standing order is due.

use chrono::{Duration, NaiveDate};
use shiryan_kernel::time::{Weekday, plus_days};
use shiryan_kernel::{Code, Problem, Result};

/// The most days between two due days.
pub const MOST_EVERY_DAYS: i32 = 90;
/// Days before a due day on which its request is made: the fewest, as usual, the most.
pub const DAYS_AHEAD: (i32, i32, i32) = (1, 3, 14);
/// The longest span of an order, in days: after a year somebody looks at the patient and asks anew.
pub const LONGEST_DAYS: i64 = 366;

/// How often an order is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cadence {
    /// Each so many days from the first.
    Every(i32),
    /// Each week on these days, at least one.
    On(Vec<Weekday>),
}

impl Cadence {
    /// That which a form says.
    ///
    /// # Errors
    /// `missing_field` of `every_days` where neither is said, `invalid_value` where both are; `out_of_range`.
    pub fn of(every_days: Option<i32>, weekdays: &[Weekday]) -> Result<Self> {
        match (every_days, weekdays) {
            (None, []) => Err(Problem::field("every_days", Code::MissingField)),
            (Some(days), []) if (1..=MOST_EVERY_DAYS).contains(&days) => Ok(Self::Every(days)),
            (Some(_), []) => Err(Problem::field("every_days", Code::OutOfRange)),
            (Some(_), [..]) => Err(Problem::field("every_days", Code::InvalidValue)),
            (None, named) => {
                let mut days = named.to_vec();
                days.sort_unstable();
                days.dedup();
                Ok(Self::On(days))
            }
        }
    }

    /// Days of the week as bits, Sunday the first.
    #[must_use]
    pub fn bits(&self) -> Option<i32> {
        match self {
            Self::Every(_) => None,
            Self::On(days) => Some(days.iter().fold(0, |bits, day| bits | bit(*day))),
        }
    }

    /// What stands in a row.
    #[must_use]
    pub fn from_row(every_days: Option<i32>, bits: Option<i32>) -> Self {
        let named = |bits: i32| Weekday::ALL.iter().copied().filter(|day| bits & bit(*day) != 0).collect();
        every_days.map_or_else(|| Self::On(named(bits.unwrap_or(0))), Self::Every)
    }

    /// The first due day from `from` on, in the span of civil days from `first` to `last`.
    #[must_use]
    pub fn due_from(&self, from: NaiveDate, (first, last): (NaiveDate, NaiveDate)) -> Option<NaiveDate> {
        let from = from.max(first);
        let due = match self {
            Self::Every(days) => {
                let every = i64::from((*days).max(1));
                let over = (from - first).num_days() % every;
                if over == 0 { from } else { plus_days(from, every - over) }
            }
            Self::On(days) => from.iter_days().take(7).find(|day| days.contains(&Weekday::of(*day)))?,
        };
        (due <= last).then_some(due)
    }
}

fn bit(day: Weekday) -> i32 {
    let place = Weekday::ALL.iter().take_while(|known| **known != day).count();
    1_i32.checked_shl(u32::try_from(place).unwrap_or(0)).unwrap_or(0)
}

/// Checks the span of an order that is made on `today`.
///
/// # Errors
/// `out_of_range` of `first_on`, of a day that has passed or is more than a year off; of `last_on`, before `first_on` or
/// a year after it.
pub fn check_span(first: NaiveDate, last: NaiveDate, today: NaiveDate) -> Result<()> {
    let year = Duration::days(LONGEST_DAYS);
    if first < today || first - today > year {
        return Err(Problem::field("first_on", Code::OutOfRange));
    }
    if last < first || last - first > year {
        return Err(Problem::field("last_on", Code::OutOfRange));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn all(cadence: &Cadence, span: (NaiveDate, NaiveDate)) -> Vec<String> {
        let mut days = Vec::new();
        let mut from = span.0;
        while let Some(due) = cadence.due_from(from, span) {
            days.push(due.to_string());
            from = plus_days(due, 1);
        }
        days
    }

    #[test]
    fn every_three_weeks_and_sundays_with_wednesdays() {
        let span = (day("2026-11-24"), day("2027-01-05"));
        let every = Cadence::of(Some(21), &[]).unwrap();
        assert_eq!(all(&every, span), ["2026-11-24", "2026-12-15", "2027-01-05"]);
        let week = Cadence::of(None, &[Weekday::Wednesday, Weekday::Sunday, Weekday::Sunday]).unwrap();
        let days = all(&week, (day("2026-11-24"), day("2026-12-02")));
        assert_eq!(days, ["2026-11-25", "2026-11-29", "2026-12-02"]);
        assert_eq!(week.bits(), Some(0b000_1001));
    }

    #[test]
    fn one_way_of_two_and_within_its_range() {
        for wrong in [
            Cadence::of(None, &[]),
            Cadence::of(Some(7), &[Weekday::Friday]),
            Cadence::of(Some(0), &[]),
            Cadence::of(Some(91), &[]),
        ] {
            assert!(wrong.is_err());
        }
    }

    #[test]
    fn a_span_begins_today_at_the_earliest_and_is_a_year_at_most() {
        let today = day("2026-11-24");
        assert!(check_span(today, day("2027-11-25"), today).is_ok());
        assert!(check_span(today, day("2027-11-26"), today).is_err());
        assert!(check_span(day("2026-11-23"), day("2026-12-24"), today).is_err());
        assert!(check_span(day("2026-12-02"), day("2026-12-01"), today).is_err());
    }

    proptest! {
        #[test]
        fn a_due_day_is_never_before_what_is_asked_nor_outside_the_span(
            every in 1..=MOST_EVERY_DAYS, bits in 1..128_i32, from in -30..400_i64, long in 0..366_i64
        ) {
            let first = day("2026-11-24");
            let (from, last) = (plus_days(first, from), plus_days(first, long));
            for cadence in [Cadence::Every(every), Cadence::from_row(None, Some(bits))] {
                prop_assert_eq!(cadence.bits(), Cadence::from_row(None, cadence.bits()).bits().filter(|bits| *bits > 0));
                if let Some(due) = cadence.due_from(from, (first, last)) {
                    prop_assert!(from <= due && first <= due && due <= last);
                    prop_assert_eq!(cadence.due_from(due, (first, last)), Some(due));
                }
            }
        }
    }
}
