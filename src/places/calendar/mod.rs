//! The calendar of the house: Hijri months, feasts, holidays, weekends, and the hours that a drive leaves free.
//!
//! The table comes with the program, or from the operator's directory; what was sighted is entered while the
//! program runs and moves the first day of a month by a day at most. Nothing else is guessed.

mod file;
mod sighted;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Datelike, Duration, NaiveDate, NaiveTime};
use shiryan_kernel::calendar::{DayKind, Hijri, HijriDate, KeptFree};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::{Moment, Weekday, Zone, plus_days};

pub use sighted::{MonthStart, current, enter_sighting};

/// What a day is, beside a day of the week.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark {
    pub kind: DayKind,
    pub ar: Arc<str>,
    pub en: Arc<str>,
}

/// When a mark comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Comes {
    /// Each Hijri year, from this day of this month.
    Hijri {
        month: u8,
        day: u8,
    },
    /// Each civil year.
    Civil {
        month: u32,
        day: u32,
    },
    On(NaiveDate),
}

/// How long it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lasts {
    Days(i64),
    HijriMonth,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Rule {
    mark: Mark,
    comes: Comes,
    lasts: Lasts,
}

/// One civil day of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarDay {
    pub on: NaiveDate,
    /// `None` outside the table of Hijri months.
    pub hijri: Option<HijriDate>,
    pub is_weekend: bool,
    pub marks: Vec<Mark>,
}

/// The calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    hijri: Hijri,
    rules: Vec<Rule>,
    weekend: Vec<Weekday>,
    prayer: (NaiveTime, NaiveTime),
    after_sunset: Duration,
}

impl Calendar {
    #[must_use]
    pub const fn hijri(&self) -> &Hijri {
        &self.hijri
    }

    /// The same, should the moon be seen so many days later (or earlier) from that day on.
    #[must_use]
    pub fn moved(&self, days: i64, after: NaiveDate) -> Self {
        Self { hijri: self.hijri.moved(days, after), ..self.clone() }
    }

    #[must_use]
    pub fn is_weekend(&self, day: NaiveDate) -> bool {
        self.weekend.contains(&Weekday::of(day))
    }

    /// The days of a civil span, both ends counted, each with what it is.
    #[must_use]
    pub fn days(&self, from: NaiveDate, to: NaiveDate) -> Vec<CalendarDay> {
        let mut marks = self.marks(from, to);
        from.iter_days()
            .take_while(|day| *day <= to)
            .map(|on| CalendarDay {
                on,
                hijri: self.hijri.date(on),
                is_weekend: self.is_weekend(on),
                marks: marks.remove(&on).unwrap_or_default(),
            })
            .collect()
    }

    /// What the marked days of a civil span are, in the order of the table.
    #[must_use]
    pub fn marks(&self, from: NaiveDate, to: NaiveDate) -> BTreeMap<NaiveDate, Vec<Mark>> {
        let mut found: BTreeMap<NaiveDate, Vec<Mark>> = BTreeMap::new();
        for rule in &self.rules {
            for (first, days) in self.spans(rule, from, to) {
                for day in (0..days).map(|day| plus_days(first, day)).filter(|day| (from..=to).contains(day))
                {
                    found.entry(day).or_default().push(rule.mark.clone());
                }
            }
        }
        found
    }

    /// Whether a day is marked so.
    #[must_use]
    pub fn is(&self, kind: DayKind, day: NaiveDate) -> bool {
        self.rules
            .iter()
            .filter(|rule| rule.mark.kind == kind)
            .flat_map(|rule| self.spans(rule, day, day))
            .any(|(first, days)| (first..plus_days(first, days)).contains(&day))
    }

    /// First day and length of each time that a mark comes and that may touch the span.
    fn spans(&self, rule: &Rule, from: NaiveDate, to: NaiveDate) -> Vec<(NaiveDate, i64)> {
        let days = |year: Option<(i32, u8)>| match rule.lasts {
            Lasts::Days(days) => Some(days),
            Lasts::HijriMonth => year.and_then(|(year, month)| self.hijri.length(year, month)).map(i64::from),
        };
        // A mark of the year before may reach into the span.
        let before = plus_days(from, -370);
        match rule.comes {
            Comes::Hijri { month, day } => self
                .hijri
                .years(before, to)
                .filter_map(|year| {
                    let first = self.hijri.civil(HijriDate { year, month, day })?;
                    Some((first, days(Some((year, month)))?))
                })
                .collect(),
            Comes::Civil { month, day } => (before.year()..=to.year())
                .filter_map(|year| Some((NaiveDate::from_ymd_opt(year, month, day)?, days(None)?)))
                .collect(),
            Comes::On(first) => days(None).map(|days| (first, days)).into_iter().collect(),
        }
    }

    /// Why no place of a drive in this governorate begins at this moment; `None` when nothing is in its way.
    ///
    /// In Ramadan that is from three hours before sunrise to some time after sunset, both taken where the
    /// governorate's centre lies.
    #[must_use]
    pub fn keeps_free(&self, zone: Zone, governorate: Governorate, at: Moment) -> Option<KeptFree> {
        let local = at.with_timezone(&zone.0).naive_local();
        let (day, time) = (local.date(), local.time());
        if self.is(DayKind::Ramadan, day) && self.is_fasting(governorate, day, at) {
            return Some(KeptFree::Fasting);
        }
        let (from, until) = self.prayer;
        let prays = Weekday::of(day) == Weekday::Friday && (from..until).contains(&time);
        prays.then_some(KeptFree::FridayPrayer)
    }

    fn is_fasting(&self, governorate: Governorate, day: NaiveDate, at: Moment) -> bool {
        let Some((rise, set)) = sun(governorate, day) else { return false };
        (rise - BEFORE_SUNRISE..set + self.after_sunset).contains(&at)
    }
}

/// Dawn is never earlier than this before sunrise in these latitudes (about an hour and a half), and a night's
/// drive ends before the last meal.
const BEFORE_SUNRISE: Duration = Duration::hours(3);

/// Sunrise and sunset where the governorate's centre lies.
fn sun(governorate: Governorate, day: NaiveDate) -> Option<(Moment, Moment)> {
    use sunrise::{Coordinates, SolarDay, SolarEvent};
    let (latitude, longitude) = governorate.centre();
    let solar = SolarDay::new(Coordinates::new(latitude, longitude)?, day);
    Some((solar.event_time(SolarEvent::Sunrise)?, solar.event_time(SolarEvent::Sunset)?))
}

#[cfg(test)]
mod tests;
