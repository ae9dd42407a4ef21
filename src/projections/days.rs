//! The calendar of the house as the forecast reads it. Pure.
//!
//! Of a month of fasting and of each feast the first day is told; a feast's further days are free days. Weekends
//! are weekdays, which the forecast learns by itself, and weeks of other work, such as the harvest, come with the
//! season.

use chrono::NaiveDate;
use shiryan_forecast::{Calendar, Occasion};
use shiryan_kernel::calendar::DayKind;
use shiryan_kernel::time::plus_days;

use crate::places::calendar;

/// A month of fasting may have begun so many days before the first day that is read.
const BEFORE: i64 = 60;

/// The days that move counts, from `from` (and somewhat before) to `to`.
#[must_use]
pub fn that_move_counts(calendar: &calendar::Calendar, from: NaiveDate, to: NaiveDate) -> Calendar {
    let marks = calendar.marks(plus_days(from, -BEFORE), to);
    let has = |day: NaiveDate, kind: DayKind| {
        marks.get(&day).is_some_and(|marks| marks.iter().any(|mark| mark.kind == kind))
    };
    let occasions = marks.iter().flat_map(|(day, marks)| {
        let has = &has;
        marks.iter().filter_map(move |mark| {
            let first = !has(plus_days(*day, -1), mark.kind);
            let occasion = match (mark.kind, first) {
                (DayKind::Ramadan, true) => Occasion::RamadanFirst,
                (DayKind::EidAlFitr, true) => Occasion::EidAlFitr,
                (DayKind::EidAlAdha, true) => Occasion::EidAlAdha,
                (DayKind::PublicHoliday, _) | (DayKind::EidAlFitr | DayKind::EidAlAdha, false) => {
                    Occasion::Free
                }
                (DayKind::Ramadan, false) | (DayKind::Season, _) => return None,
            };
            Some((*day, occasion))
        })
    });
    Calendar::of(occasions)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_of_the_house_by_hand() {
        let house = calendar::Calendar::load(None).unwrap();
        let found = that_move_counts(&house, date("2026-02-01"), date("2026-06-10"));
        use Occasion::{EidAlAdha, EidAlFitr, Free, RamadanFirst};
        // Sixty days before February are read too.
        let wanted = [
            ("2025-12-25", Free),
            ("2026-01-01", Free),
            ("2026-01-07", Free),
            ("2026-01-16", Free),
            ("2026-02-18", RamadanFirst),
            ("2026-03-08", Free),
            ("2026-03-20", EidAlFitr),
            ("2026-03-21", Free),
            ("2026-03-22", Free),
            ("2026-05-01", Free),
            ("2026-05-15", Free),
            ("2026-05-26", Free),
            ("2026-05-27", EidAlAdha),
            ("2026-05-28", Free),
            ("2026-05-29", Free),
            ("2026-05-30", Free),
        ];
        assert_eq!(found, Calendar::of(wanted.map(|(day, occasion)| (date(day), occasion))));
    }
}
