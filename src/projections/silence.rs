//! Days on which nothing is known of a governorate. Pure.
//!
//! A day on which nothing moved is a zero where such days are usual. Where they are not, so many of them in a row are no
//! chance: nobody reported, and what was not heard of is unknown, not zero.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::NaiveDate;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::plus_days;

/// What is usual is told from so many known days before.
const USUAL_DAYS: usize = 56;
/// Days without a movement whose chance is less than this were not heard of.
const CHANCE: f64 = 1e-3;

/// The days without a word of each governorate, from its first movement through yesterday.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Silences(BTreeMap<Governorate, Known>);

#[derive(Debug, Clone, Default, PartialEq)]
struct Known {
    first: NaiveDate,
    unheard: BTreeSet<NaiveDate>,
}

impl Silences {
    /// From the days, before `today`, on which anything at all moved.
    #[must_use]
    pub fn of(moved: impl IntoIterator<Item = (Governorate, NaiveDate)>, today: NaiveDate) -> Self {
        let mut days: BTreeMap<Governorate, BTreeSet<NaiveDate>> = BTreeMap::new();
        for (governorate, day) in moved.into_iter().filter(|(_, day)| *day < today) {
            days.entry(governorate).or_default().insert(day);
        }
        let known = |(governorate, moved): (Governorate, BTreeSet<NaiveDate>)| {
            let first = *moved.first()?;
            Some((governorate, Known { first, unheard: unheard(&moved, today) }))
        };
        Self(days.into_iter().filter_map(known).collect())
    }

    /// Whether nothing was heard of it on a day after its first.
    #[must_use]
    pub fn has(&self, governorate: Governorate, day: NaiveDate) -> bool {
        self.0.get(&governorate).is_some_and(|known| known.unheard.contains(&day))
    }

    /// How many of the days from `from` on, `until` excluded, nothing was heard of it.
    #[must_use]
    pub fn unheard(&self, governorate: Governorate, from: NaiveDate, until: NaiveDate) -> u32 {
        let days = self.0.get(&governorate).map(|known| known.unheard.range(from..until).count());
        u32::try_from(days.unwrap_or(0)).unwrap_or(u32::MAX)
    }

    /// How many of those days are known: heard of, and not before its first.
    #[must_use]
    pub fn heard(&self, governorate: Governorate, from: NaiveDate, until: NaiveDate) -> u32 {
        let Some(known) = self.0.get(&governorate) else { return 0 };
        let days = u32::try_from((until - from.max(known.first)).num_days()).unwrap_or(0);
        days.saturating_sub(self.unheard(governorate, from, until))
    }
}

fn unheard(moved: &BTreeSet<NaiveDate>, today: NaiveDate) -> BTreeSet<NaiveDate> {
    let mut usual: VecDeque<bool> = VecDeque::with_capacity(USUAL_DAYS);
    let note = |moved: bool, usual: &mut VecDeque<bool>| {
        if usual.len() == USUAL_DAYS {
            usual.pop_front();
        }
        usual.push_back(moved);
    };
    let mut found = BTreeSet::new();
    let nexts = moved.iter().skip(1).copied().chain([today]);
    for (day, next) in moved.iter().zip(nexts) {
        note(true, &mut usual);
        let still: Vec<NaiveDate> = plus_days(*day, 1).iter_days().take_while(|day| *day < next).collect();
        if is_silence(still.len(), &usual) {
            found.extend(still);
        } else {
            still.iter().for_each(|_| note(false, &mut usual));
        }
    }
    found
}

/// Whether so many days without a movement are too many for what is usual.
fn is_silence(days: usize, usual: &VecDeque<bool>) -> bool {
    let count = |number: usize| f64::from(u32::try_from(number).unwrap_or(u32::MAX));
    let moved = usual.iter().filter(|moved| **moved).count();
    let still = 1.0 - (count(moved) + 1.0) / (count(usual.len()) + 2.0);
    count(days) * still.ln() < CHANCE.ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEBRON: Governorate = Governorate::Hebron;

    fn today() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }

    /// Days before today on which something moved.
    fn silences(ago: impl IntoIterator<Item = i64>) -> Silences {
        Silences::of(ago.into_iter().map(|ago| (HEBRON, plus_days(today(), -ago))), today())
    }

    fn unheard(silences: &Silences) -> Vec<i64> {
        (1..200).filter(|ago| silences.has(HEBRON, plus_days(today(), -ago))).collect()
    }

    /// Of 56 days on which something moved, one more taken for not: a still day is one in 58, two are one in 3 364.
    #[test]
    fn where_something_moves_daily_two_days_of_nothing_are_silence() {
        let busy = silences((1..120).filter(|ago| ![10, 20, 21].contains(ago)));
        assert_eq!(unheard(&busy), [20, 21]);
        let gone = silences(5..120);
        assert_eq!(unheard(&gone), [1, 2, 3, 4]);
        let week = plus_days(today(), -7);
        assert_eq!((gone.heard(HEBRON, week, today()), gone.unheard(HEBRON, week, today())), (3, 4));
    }

    #[test]
    fn free_weekends_and_feasts_are_zeros() {
        // Open on five days of seven, and shut for five in a row.
        let open = (1..150).filter(|ago| ago % 7 > 1 && !(60..64).contains(ago));
        assert_eq!(unheard(&silences(open)), Vec::<i64>::new());
    }

    #[test]
    fn where_little_moves_long_silence_is_a_zero_until_it_is_longer_still() {
        // Every fourth day.
        let seldom = |last: i64| silences((last..150).filter(|ago| ago % 4 == 0));
        assert_eq!(unheard(&seldom(20)), Vec::<i64>::new());
        assert_eq!(unheard(&seldom(40)).len(), 39);
    }

    #[test]
    fn before_the_first_word_nothing_is_known_and_elsewhere_never() {
        let one = silences([3]);
        let month = plus_days(today(), -28);
        assert_eq!((one.heard(HEBRON, month, today()), one.unheard(HEBRON, month, today())), (3, 0));
        assert_eq!(one.heard(HEBRON, month, plus_days(today(), -10)), 0);
        assert_eq!(one.heard(Governorate::Gaza, month, today()), 0);
        assert_eq!(silences([0, -1]), Silences::default());
    }

    proptest! {
        /// A day on which something moved is always known, and days are known or not, never both.
        #[test]
        fn what_moved_is_known(ago in proptest::collection::btree_set(1_i64..400, 1..300)) {
            let found = silences(ago.iter().copied());
            for day in &ago {
                prop_assert!(!found.has(HEBRON, plus_days(today(), -day)));
            }
            let first = plus_days(today(), -ago.last().unwrap());
            let days = u32::try_from((today() - first).num_days()).unwrap();
            prop_assert_eq!(found.heard(HEBRON, first, today()) + found.unheard(HEBRON, first, today()), days);
        }
    }
}
