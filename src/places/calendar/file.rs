//! Reading the calendar's two files.

use std::path::Path;
use std::sync::Arc;

use chrono::{Duration, NaiveDate, NaiveTime};
use serde::Deserialize;
use shiryan_kernel::calendar::{DayKind, Hijri};
use shiryan_kernel::time::Weekday;

use super::{Calendar, Comes, Lasts, Mark, Rule};

const HIJRI: (&str, &str) = ("hijri.toml", include_str!("../../../config/calendar/hijri.toml"));
const DAYS: (&str, &str) = ("days.toml", include_str!("../../../config/calendar/days.toml"));

/// The longest that a mark lasts, in days.
const LONGEST: i64 = 366;
/// The longest time after sunset that is kept free, in minutes.
const LONGEST_AFTER: i64 = 600;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Months {
    year: Vec<Year>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    year: i32,
    begins: NaiveDate,
    months: Vec<u8>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Days {
    weekend: Vec<Weekday>,
    friday_prayer: Hours,
    fasting: Fasting,
    #[serde(default)]
    day: Vec<Day>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    from: String,
    until: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Fasting {
    after_sunset_minutes: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Day {
    kind: DayKind,
    ar: String,
    en: String,
    hijri: Option<MonthDay>,
    date: Option<MonthDay>,
    on: Option<NaiveDate>,
    days: Option<i64>,
    #[serde(default)]
    whole_month: bool,
    /// For people alone.
    #[serde(rename = "source")]
    _source: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct MonthDay {
    month: u8,
    day: u8,
}

impl Calendar {
    /// The calendar that comes with the program, or the files of the operator's directory: one that is not there is
    /// taken from the program.
    ///
    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn load(directory: Option<&Path>) -> Result<Self, String> {
        let text = |(name, own): (&str, &str)| {
            let Some(path) = directory.map(|directory| directory.join(name)).filter(|path| path.exists())
            else {
                return Ok(own.to_owned());
            };
            std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
        };
        if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
            return Err(format!("place.calendar: {} is not a directory", directory.display()));
        }
        Self::read(&text(HIJRI)?, &text(DAYS)?)
    }

    /// # Errors
    /// Names the file and what is wrong in it.
    pub fn read(hijri: &str, days: &str) -> Result<Self, String> {
        let months: Months = toml::from_str(hijri).map_err(|error| format!("{}: {error}", HIJRI.0))?;
        let days: Days = toml::from_str(days).map_err(|error| format!("{}: {error}", DAYS.0))?;
        let years = months.year.iter().map(|year| (year.year, year.begins, year.months.as_slice()));
        let hijri =
            Hijri::new(years).map_err(|(year, fault)| format!("{}: year {year}: {fault}", HIJRI.0))?;
        let said = |what: String| format!("{}: {what}", DAYS.0);
        let rules: Result<Vec<Rule>, String> = days.day.iter().map(rule).collect();
        let prayer = (time(&days.friday_prayer.from), time(&days.friday_prayer.until));
        let (Some(from), Some(until)) = prayer else {
            return Err(said("friday_prayer: expected from and until as HH:MM".into()));
        };
        let after = days.fasting.after_sunset_minutes;
        if !(0..=LONGEST_AFTER).contains(&after) {
            return Err(said(format!("fasting.after_sunset_minutes: expected 0 to {LONGEST_AFTER}")));
        }
        Ok(Self {
            hijri,
            rules: rules.map_err(said)?,
            weekend: days.weekend,
            prayer: (from, until),
            after_sunset: Duration::minutes(after),
        })
    }
}

fn time(text: &str) -> Option<NaiveTime> {
    NaiveTime::parse_from_str(text, "%H:%M").ok()
}

fn rule(day: &Day) -> Result<Rule, String> {
    let wrong = |what: &str| Err(format!("{}: {what}", day.en));
    if day.ar.trim().is_empty() || day.en.trim().is_empty() {
        return wrong("expected a name in both languages");
    }
    let comes = match (day.hijri, day.date, day.on) {
        (Some(MonthDay { month, day }), None, None)
            if (1..=12).contains(&month) && (1..=30).contains(&day) =>
        {
            Comes::Hijri { month, day }
        }
        // A leap year has every day that comes each year.
        (None, Some(MonthDay { month, day }), None)
            if NaiveDate::from_ymd_opt(2024, u32::from(month), u32::from(day)).is_some() =>
        {
            Comes::Civil { month: u32::from(month), day: u32::from(day) }
        }
        (None, None, Some(on)) => Comes::On(on),
        _ => return wrong("expected one of hijri, date and on, a day that exists"),
    };
    let lasts = match (day.whole_month, day.days) {
        (true, None) if matches!(comes, Comes::Hijri { day: 1, .. }) => Lasts::HijriMonth,
        (true, _) => return wrong("whole_month stands with the first day of a Hijri month and without days"),
        (false, days) if (1..=LONGEST).contains(&days.unwrap_or(1)) => Lasts::Days(days.unwrap_or(1)),
        (false, _) => return wrong("days: expected 1 to 366"),
    };
    let mark = Mark { kind: day.kind, ar: Arc::from(day.ar.as_str()), en: Arc::from(day.en.as_str()) };
    Ok(Rule { mark, comes, lasts })
}
