//! The Hijri calendar as a table, and the kinds of days that change how people give and work.
//!
//! Months begin when a sighting says so; a table can be a day off. So the table is data, and the first day of a
//! month can be put right by a day each way.

use chrono::NaiveDate;

use crate::time::plus_days;

word! {
    /// What a day is, beside a day of the week.
    pub enum DayKind {
        Ramadan = "ramadan",
        EidAlFitr = "eid_al_fitr",
        EidAlAdha = "eid_al_adha",
        PublicHoliday = "public_holiday",
        /// Weeks of other work, such as the harvest.
        Season = "season",
    }
}

word! {
    /// Why no place of a drive begins at a time, unless its planner says so.
    pub enum KeptFree {
        FridayPrayer = "friday_prayer",
        /// Between dawn and some time after the meal that ends the fast.
        Fasting = "fasting",
    }
}

/// A day of the Hijri calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, utoipa::ToSchema)]
pub struct HijriDate {
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// From 1.
    pub day: u8,
}

/// What is wrong with a table of months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HijriFault {
    #[error("a month has 29 or 30 days")]
    Length,
    #[error("a year has twelve months")]
    Months,
    #[error("a year begins on the day after the last of the year before")]
    Gap,
    #[error("years follow one another")]
    Order,
    #[error("a table has at least one year")]
    Empty,
}

/// The first days of the Hijri months of successive years.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hijri {
    first_year: i32,
    /// As computed; the last is the first day after the table.
    computed: Vec<NaiveDate>,
    /// As they are by what was sighted.
    sighted: Vec<NaiveDate>,
}

impl Hijri {
    /// A table from (year, its first day, the lengths of its months), year by year.
    ///
    /// # Errors
    /// The first fault and the year in which it stands.
    pub fn new<'a>(
        years: impl IntoIterator<Item = (i32, NaiveDate, &'a [u8])>,
    ) -> Result<Self, (i32, HijriFault)> {
        let (mut first_year, mut starts, mut next) = (None, Vec::new(), None);
        for (year, begins, months) in years {
            let first = *first_year.get_or_insert(year);
            let wrong = |fault| Err((year, fault));
            if months.len() != 12 {
                return wrong(HijriFault::Months);
            }
            if i64::from(year) != i64::from(first) + i64::try_from(starts.len() / 12).unwrap_or(i64::MAX) {
                return wrong(HijriFault::Order);
            }
            if next.is_some_and(|next| next != begins) {
                return wrong(HijriFault::Gap);
            }
            let mut day = begins;
            for length in months {
                if !(29..=30).contains(length) {
                    return wrong(HijriFault::Length);
                }
                starts.push(day);
                day = plus_days(day, i64::from(*length));
            }
            next = Some(day);
        }
        let (Some(first_year), Some(end)) = (first_year, next) else {
            return Err((0, HijriFault::Empty));
        };
        starts.push(end);
        Ok(Self { first_year, sighted: starts.clone(), computed: starts })
    }

    fn place(&self, year: i32, month: u8) -> Option<usize> {
        let years = usize::try_from(year.checked_sub(self.first_year)?).ok()?;
        let months = usize::from(month).checked_sub(1).filter(|month| *month < 12)?;
        let at = years.checked_mul(12)?.checked_add(months)?;
        (at + 1 < self.sighted.len()).then_some(at)
    }

    /// The first day of a month; `None` outside the table.
    #[must_use]
    pub fn first_day(&self, year: i32, month: u8) -> Option<NaiveDate> {
        self.sighted.get(self.place(year, month)?).copied()
    }

    /// The same as computed, whatever was sighted.
    #[must_use]
    pub fn computed(&self, year: i32, month: u8) -> Option<NaiveDate> {
        self.computed.get(self.place(year, month)?).copied()
    }

    /// How many days a month has; `None` outside the table.
    #[must_use]
    pub fn length(&self, year: i32, month: u8) -> Option<u8> {
        let at = self.place(year, month)?;
        let (first, next) = (self.sighted.get(at)?, self.sighted.get(at + 1)?);
        u8::try_from((*next - *first).num_days()).ok()
    }

    /// The Hijri date of a civil one; `None` outside the table.
    #[must_use]
    pub fn date(&self, civil: NaiveDate) -> Option<HijriDate> {
        let at = self.sighted.partition_point(|first| *first <= civil).checked_sub(1)?;
        if at + 1 >= self.sighted.len() {
            return None;
        }
        let day = u8::try_from((civil - *self.sighted.get(at)?).num_days() + 1).ok()?;
        let year = self.first_year.checked_add(i32::try_from(at / 12).ok()?)?;
        Some(HijriDate { year, month: u8::try_from(at % 12 + 1).ok()?, day })
    }

    /// The civil day of a Hijri one; `None` outside the table and for a day that the month does not have.
    #[must_use]
    pub fn civil(&self, date: HijriDate) -> Option<NaiveDate> {
        let first = self.first_day(date.year, date.month)?;
        let length = self.length(date.year, date.month)?;
        (1..=length).contains(&date.day).then(|| plus_days(first, i64::from(date.day) - 1))
    }

    /// Puts the first day of a month as it was sighted; whether that is within a day of what was computed.
    pub fn sight(&mut self, year: i32, month: u8, first: NaiveDate) -> bool {
        let Some(at) = self.place(year, month) else { return false };
        let Some(computed) = self.computed.get(at) else { return false };
        if (first - *computed).num_days().abs() > 1 {
            return false;
        }
        if let Some(place) = self.sighted.get_mut(at) {
            *place = first;
        }
        true
    }

    /// The same, had every month that begins after that day begun so many days later (or earlier).
    #[must_use]
    pub fn moved(&self, days: i64, after: NaiveDate) -> Self {
        let moved = |first: &NaiveDate| if *first > after { plus_days(*first, days) } else { *first };
        Self { sighted: self.sighted.iter().map(moved).collect(), ..self.clone() }
    }

    /// The Hijri years that a civil span touches.
    #[must_use]
    pub fn years(&self, from: NaiveDate, to: NaiveDate) -> std::ops::RangeInclusive<i32> {
        let last = self.first_year + i32::try_from(self.sighted.len() / 12).unwrap_or(0) - 1;
        let first = self.date(from).map_or(self.first_year, |date| date.year);
        first..=self.date(to).map_or(last, |date| date.year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    const LENGTHS: [u8; 12] = [29, 30, 29, 30, 30, 29, 30, 30, 29, 30, 29, 30];

    fn table() -> Hijri {
        Hijri::new([
            (1448, date("2026-06-16"), LENGTHS.as_slice()),
            (1449, date("2027-06-06"), &[29, 29, 30, 29, 30, 29, 30, 30, 29, 30, 30, 29]),
        ])
        .unwrap()
    }

    #[test]
    fn a_civil_day_has_its_hijri_one() {
        let table = table();
        for (civil, year, month, day) in [
            ("2026-06-16", 1448, 1, 1),
            ("2027-02-07", 1448, 8, 30),
            ("2027-02-08", 1448, 9, 1),
            ("2027-03-08", 1448, 9, 29),
            ("2027-03-09", 1448, 10, 1),
            ("2027-05-16", 1448, 12, 10),
            ("2027-06-05", 1448, 12, 30),
            ("2027-06-06", 1449, 1, 1),
            ("2028-01-28", 1449, 9, 1),
        ] {
            let hijri = HijriDate { year, month, day };
            assert_eq!(table.date(date(civil)), Some(hijri), "{civil}");
            assert_eq!(table.civil(hijri), Some(date(civil)), "{civil}");
        }
        for outside in ["2026-06-15", "2028-05-25"] {
            assert_eq!(table.date(date(outside)), None, "{outside}");
        }
        assert_eq!(table.date(date("2028-05-24")), Some(HijriDate { year: 1449, month: 12, day: 29 }));
        for (year, month, day) in
            [(1447, 12, 1), (1450, 1, 1), (1448, 0, 1), (1448, 13, 1), (1448, 9, 30), (1448, 9, 0)]
        {
            assert_eq!(table.civil(HijriDate { year, month, day }), None);
        }
    }

    #[test]
    fn a_sighting_moves_a_month_by_a_day_at_most() {
        let mut table = table();
        assert!(table.sight(1448, 10, date("2027-03-10")));
        assert_eq!(table.date(date("2027-03-09")), Some(HijriDate { year: 1448, month: 9, day: 30 }));
        assert_eq!(table.date(date("2027-03-10")), Some(HijriDate { year: 1448, month: 10, day: 1 }));
        assert_eq!(table.length(1448, 9), Some(30));
        assert!(!table.sight(1448, 10, date("2027-03-11")));
        assert!(!table.sight(1448, 10, date("2027-03-07")));
        assert!(!table.sight(1500, 1, date("2027-03-10")));
        assert!(table.sight(1448, 10, date("2027-03-08")), "by what was computed, not by the last sighting");
        assert_eq!(table.computed(1448, 10), Some(date("2027-03-09")));
    }

    #[test]
    fn a_table_with_a_hole_is_refused() {
        let one = date("2026-06-16");
        type Years<'a> = &'a [(i32, NaiveDate, &'a [u8])];
        let cases: [(Years<'_>, (i32, HijriFault)); 5] = [
            (&[], (0, HijriFault::Empty)),
            (&[(1448, one, &[29; 11])], (1448, HijriFault::Months)),
            (&[(1448, one, &[31; 12])], (1448, HijriFault::Length)),
            (&[(1448, one, &LENGTHS), (1449, date("2027-06-07"), &LENGTHS)], (1449, HijriFault::Gap)),
            (&[(1448, one, &LENGTHS), (1450, date("2027-06-06"), &LENGTHS)], (1450, HijriFault::Order)),
        ];
        for (years, fault) in cases {
            assert_eq!(Hijri::new(years.iter().copied()).unwrap_err(), fault);
        }
    }

    proptest! {
        /// Whatever was sighted, a day has one Hijri date, and that date leads back to it.
        #[test]
        fn there_and_back(day in 0_i64..708, moves in proptest::collection::vec((0_u8..24, -1_i64..=1), 0..12)) {
            let mut table = table();
            for (month, by) in moves {
                let (year, month) = (1448 + i32::from(month / 12), month % 12 + 1);
                let computed = table.computed(year, month).unwrap();
                prop_assert!(table.sight(year, month, plus_days(computed, by)));
            }
            let civil = plus_days(date("2026-06-17"), day);
            if let Some(hijri) = table.date(civil) {
                prop_assert_eq!(table.civil(hijri), Some(civil));
                let next = table.date(plus_days(civil, 1));
                prop_assert!(next.is_none_or(|next| next > hijri));
            }
        }
    }
}
