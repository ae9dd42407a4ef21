//! Moments and civil dates. Nobody asks the wall for the time but a [`Clock`].

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

word! {
    /// A day of the week.
    pub enum Weekday {
        Sunday = "sunday",
        Monday = "monday",
        Tuesday = "tuesday",
        Wednesday = "wednesday",
        Thursday = "thursday",
        Friday = "friday",
        Saturday = "saturday",
    }
}

impl Weekday {
    /// That of a civil date.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        match date.weekday() {
            chrono::Weekday::Sun => Self::Sunday,
            chrono::Weekday::Mon => Self::Monday,
            chrono::Weekday::Tue => Self::Tuesday,
            chrono::Weekday::Wed => Self::Wednesday,
            chrono::Weekday::Thu => Self::Thursday,
            chrono::Weekday::Fri => Self::Friday,
            chrono::Weekday::Sat => Self::Saturday,
        }
    }
}

/// A moment in UTC, kept to the microsecond (what both databases keep).
pub type Moment = DateTime<Utc>;

/// Who knows what time it is.
pub trait Clock: Send + Sync {
    fn now(&self) -> Moment;
}

/// The machine's clock, cut to the microsecond.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // the one place that may
    fn now(&self) -> Moment {
        to_micros(Utc::now())
    }
}

/// A clock that tests set; it stands still between settings.
#[derive(Debug)]
pub struct SettableClock(AtomicI64);

impl SettableClock {
    #[must_use]
    pub fn at(moment: Moment) -> Self {
        Self(AtomicI64::new(moment.timestamp_micros()))
    }

    pub fn set(&self, moment: Moment) {
        self.0.store(moment.timestamp_micros(), Ordering::SeqCst);
    }

    pub fn advance(&self, by: chrono::Duration) {
        self.0.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }
}

impl Clock for SettableClock {
    fn now(&self) -> Moment {
        DateTime::from_timestamp_micros(self.0.load(Ordering::SeqCst)).unwrap_or_default()
    }
}

fn to_micros(moment: Moment) -> Moment {
    moment.with_nanosecond(moment.nanosecond() / 1_000 * 1_000).unwrap_or(moment)
}

/// The installation's civil zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub Tz);

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::Asia__Hebron)
    }
}

impl Zone {
    /// The civil date at `now`.
    #[must_use]
    pub fn date(self, now: Moment) -> NaiveDate {
        now.with_timezone(&self.0).date_naive()
    }

    /// The moment of a civil date and time. A time that a clock change skips becomes the first
    /// moment after the gap; one that comes twice is the earlier.
    #[must_use]
    pub fn moment(self, date: NaiveDate, time: NaiveTime) -> Moment {
        let wanted = date.and_time(time);
        let mut minutes = 0;
        loop {
            let tried = wanted + chrono::Duration::minutes(minutes);
            match self.0.from_local_datetime(&tried).earliest() {
                Some(found) => return found.with_timezone(&Utc),
                None if minutes < 240 => minutes += 1,
                None => return wanted.and_utc(),
            }
        }
    }

    /// The last moment at which a thing that expires on `date` (no time given) is good: 23:59 local.
    #[must_use]
    pub fn end_of(self, date: NaiveDate) -> Moment {
        self.moment(date, NaiveTime::from_hms_opt(23, 59, 0).unwrap_or_default())
    }

    /// The first moment of a civil date.
    #[must_use]
    pub fn start_of(self, date: NaiveDate) -> Moment {
        self.moment(date, NaiveTime::MIN)
    }
}

/// `date` plus `days` civil days (minus for negative), clamped at the calendar's ends.
#[must_use]
pub fn plus_days(date: NaiveDate, days: i64) -> NaiveDate {
    let step = Days::new(days.unsigned_abs());
    if days >= 0 {
        date.checked_add_days(step).unwrap_or(NaiveDate::MAX)
    } else {
        date.checked_sub_days(step).unwrap_or(NaiveDate::MIN)
    }
}

/// A civil day that has come, from 1900 on: when somebody was born, an event happened, a sample was typed.
///
/// # Errors
/// `out_of_range`.
pub fn past_day(day: NaiveDate, today: NaiveDate) -> crate::Result<NaiveDate> {
    let first = NaiveDate::from_ymd_opt(1900, 1, 1).unwrap_or(NaiveDate::MIN);
    if first <= day && day <= today { Ok(day) } else { Err(crate::Problem::new(crate::Code::OutOfRange)) }
}

/// A clock time of a notice board, `HH:MM`.
///
/// # Errors
/// `invalid_value` for anything else.
pub fn clock_time(text: &str) -> crate::Result<NaiveTime> {
    let bad = || crate::Problem::new(crate::Code::InvalidValue);
    let shaped = text.len() == 5
        && text
            .bytes()
            .enumerate()
            .all(|(n, byte)| if n == 2 { byte == b':' } else { byte.is_ascii_digit() });
    if !shaped {
        return Err(bad());
    }
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| bad())
}

/// Completed years between `birth` and `on`; a birthday on 29 February is kept on 1 March.
#[must_use]
pub fn age_on(birth: NaiveDate, on: NaiveDate) -> i32 {
    let had_birthday = (on.month(), on.day()) >= (birth.month(), birth.day());
    on.year() - birth.year() - i32::from(!had_birthday)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_skipped_hour_moves_to_the_first_moment_after_it() {
        // Summer time begins in Hebron on 2023-04-29 at 02:00: 02:30 does not exist.
        let moment = Zone::default().moment(date("2023-04-29"), NaiveTime::from_hms_opt(2, 30, 0).unwrap());
        assert_eq!(moment.to_rfc3339(), "2023-04-29T00:00:00+00:00");
    }

    #[test]
    fn an_hour_that_comes_twice_is_the_earlier() {
        // Summer time ends in Hebron on 2022-10-29 at 02:00.
        let moment = Zone::default().moment(date("2022-10-29"), NaiveTime::from_hms_opt(1, 30, 0).unwrap());
        assert_eq!(moment.to_rfc3339(), "2022-10-28T22:30:00+00:00");
    }

    #[test]
    fn clock_times_are_two_digits_and_two() {
        assert_eq!(clock_time("09:05").unwrap().minute(), 5);
        for text in ["9:00", "24:00", "12:60", "09:00:00", "+9:00", "09-00", "", "٠٩:٠٠", " 9:00"] {
            assert_eq!(clock_time(text).unwrap_err().code, crate::Code::InvalidValue, "{text}");
        }
    }

    #[test]
    fn ages_turn_on_the_birthday() {
        assert_eq!(age_on(date("2000-02-29"), date("2018-02-28")), 17);
        assert_eq!(age_on(date("2000-02-29"), date("2018-03-01")), 18);
        assert_eq!(age_on(date("2000-05-10"), date("2018-05-09")), 17);
        assert_eq!(age_on(date("2000-05-10"), date("2018-05-10")), 18);
    }

    #[test]
    fn the_settable_clock_stands_and_steps() {
        let clock = SettableClock::at(Zone::default().start_of(date("2026-11-23")));
        let before = clock.now();
        clock.advance(chrono::Duration::days(1));
        assert_eq!(clock.now() - before, chrono::Duration::days(1));
    }
}
