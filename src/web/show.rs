//! Display types: how a blood group, a day and a text stand on a page.
//!
//! A group or a code changes sides in Arabic text unless it is isolated: these types always are.

use std::fmt;

use askama::filters::HtmlSafe;
use chrono::NaiveDate;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::time::{Moment, Zone};

use crate::projections::Area;
use crate::texts::{self, Lang, Value};

/// The texts of one language, for templates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Say(pub Lang);

impl Say {
    #[must_use]
    pub fn text(self, id: &str) -> String {
        texts::say(self.0, id, &[])
    }

    /// A text about one number, which it calls `n`.
    #[must_use]
    pub fn count(self, id: &str, n: impl std::borrow::Borrow<i64>) -> String {
        texts::say(self.0, id, &[("n", Value::from(*n.borrow()))])
    }

    /// A text with named words in it.
    #[must_use]
    pub fn with(self, id: &str, args: &[(&'static str, &str)]) -> String {
        let args: Vec<_> = args.iter().map(|(name, value)| (*name, Value::from(*value))).collect();
        texts::say(self.0, id, &args)
    }

    /// A value of a closed list in words.
    #[must_use]
    pub fn word(self, list: &str, code: &str) -> String {
        texts::word(self.0, list, code)
    }

    /// Weekday and civil date, such as «الاثنين 23 تشرين الثاني 2026».
    #[must_use]
    pub fn day(self, date: NaiveDate) -> String {
        texts::day(self.0, date)
    }

    /// An area: the region, or the governorates of what is cut out of one.
    #[must_use]
    pub fn area(self, area: Area) -> String {
        if let Area::Region(region) = area {
            return self.word("region", region.code());
        }
        let names: Vec<String> =
            area.members().map(|member| self.word("governorate", member.code())).collect();
        names.join(&format!("{} ", self.text("list-comma")))
    }

    /// Day and month, such as «23 تشرين الثاني».
    #[must_use]
    pub fn short_day(self, date: NaiveDate) -> String {
        texts::short_day(self.0, date)
    }

    /// Weekday and day of the month, such as «الاثنين 23».
    #[must_use]
    pub fn week_day(self, date: NaiveDate) -> String {
        texts::week_day(self.0, date)
    }
}

/// A blood group as people write it, isolated; its name in words stands beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group(pub BloodGroup);

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<bdi class=\"code\" dir=\"ltr\">{}</bdi>", self.0.label())
    }
}

impl HtmlSafe for Group {}

/// A time of day in the zone, such as 14:05, isolated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Time(pub Moment, pub Zone);

impl Time {
    /// Civil day and time for a file, such as `2026-11-23 14:05`.
    #[must_use]
    pub fn stamp(self) -> String {
        self.0.with_timezone(&self.1.0).format("%Y-%m-%d %H:%M").to_string()
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let local = self.0.with_timezone(&self.1.0).format("%H:%M");
        write!(f, "<bdi class=\"code\" dir=\"ltr\">{local}</bdi>")
    }
}

impl HtmlSafe for Time {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_names_weekday_and_month_in_both_languages() {
        let date = "2026-11-23".parse().unwrap();
        assert_eq!(Say(Lang::Ar).day(date), "الاثنين 23 تشرين الثاني 2026");
        assert_eq!(Say(Lang::En).day(date), "Monday 23 November 2026");
        for n in 0..366 {
            let date: NaiveDate = "2028-01-01".parse().unwrap();
            let date = date + chrono::Days::new(n);
            for lang in Lang::ALL.iter().copied() {
                let said = Say(lang).day(date);
                assert!(!said.contains("month-") && !said.contains("weekday-"), "{said}");
            }
        }
    }

    #[test]
    fn groups_and_times_are_isolated() {
        assert_eq!(Group(BloodGroup::ONeg).to_string(), "<bdi class=\"code\" dir=\"ltr\">O−</bdi>");
        let at = "2026-11-23T12:05:00Z".parse().unwrap();
        assert_eq!(Time(at, Zone::default()).to_string(), "<bdi class=\"code\" dir=\"ltr\">14:05</bdi>");
    }
}
