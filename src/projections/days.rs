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

/// A month that begins so many days ahead, or less, is looked at under three moons.
const MOON_DAYS: i64 = 105;

/// The days that move counts as computed; and where a fast or a feast is near that nobody has sighted yet, as they are if
/// the moon is seen a day early, and a day late.
#[must_use]
pub fn under_each_moon(
    calendar: &calendar::Calendar,
    from: NaiveDate,
    to: NaiveDate,
    today: NaiveDate,
) -> Vec<Calendar> {
    let near = calendar.marks(today, plus_days(today, MOON_DAYS));
    let by_moon = [DayKind::Ramadan, DayKind::EidAlFitr, DayKind::EidAlAdha];
    let is_near = near.values().flatten().any(|mark| by_moon.contains(&mark.kind));
    let as_told = that_move_counts(calendar, from, to);
    let moved = |days: i64| that_move_counts(&calendar.moved(days, today), from, to);
    if is_near { vec![as_told, moved(-1), moved(1)] } else { vec![as_told] }
}

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

    /// Ramadan of 2026 is computed for 18 February: seen from January it may begin a day off; once it has begun, its feast
    /// may; and far from both there is one calendar.
    #[test]
    fn what_the_moon_has_not_told_yet_may_be_a_day_off() {
        let house = calendar::Calendar::load(None).unwrap();
        let (from, to) = (date("2025-12-01"), date("2026-06-30"));
        let under = |today: &str| under_each_moon(&house, from, to, date(today));
        let [told, early, late] = &under("2026-01-20")[..] else { panic!("one calendar") };
        let begins = |days: i64| that_move_counts(&house.moved(days, date("2026-01-20")), from, to);
        assert_eq!((told, early, late), (&begins(0), &begins(-1), &begins(1)));
        assert_eq!(house.moved(1, date("2026-01-20")).hijri().first_day(1447, 9), Some(date("2026-02-19")));
        // Begun: its feast alone is open.
        let within = house.moved(-1, date("2026-02-20"));
        assert_eq!(within.hijri().first_day(1447, 9), Some(date("2026-02-18")));
        assert_eq!(within.hijri().first_day(1447, 10), Some(date("2026-03-19")));
        assert_eq!(under("2026-02-20").len(), 3);
        assert_eq!(under("2026-07-01").len(), 1);
    }
}
