//! A drive laid out before it is written: its slots, what each takes, and what was left out and why.

use std::collections::BTreeMap;

use chrono::{DurationRound, NaiveTime, TimeDelta};
use shiryan_kernel::calendar::KeptFree;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::{Moment, Zone};

use super::Hours;
use super::capacity::most_first_timers;
use crate::places::calendar::Calendar;

/// Which of the hours that a drive leaves free it uses after all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Uses {
    /// At the time of Friday prayer.
    pub prayer: bool,
    /// In fasting hours: for those who do not fast.
    pub fasting: bool,
}

impl Uses {
    const fn has(self, kept: KeptFree) -> bool {
        match kept {
            KeptFree::FridayPrayer => self.prayer,
            KeptFree::Fasting => self.fasting,
        }
    }
}

/// A slot to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaidOut {
    pub starts_at: Moment,
    pub for_women: bool,
}

/// The slots of a drive, and those that were left out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    pub slots: Vec<LaidOut>,
    pub left_out: Vec<(Moment, KeptFree)>,
}

impl Layout {
    /// Lays hours out on a civil day. Without a calendar nothing is kept free: so what has taken place is entered.
    #[must_use]
    pub fn of(
        zone: Zone,
        calendar: Option<&Calendar>,
        governorate: Governorate,
        (date, hours): (chrono::NaiveDate, &Hours),
        women: &[(NaiveTime, NaiveTime)],
        uses: Uses,
    ) -> Self {
        let mut layout = Self::default();
        for starts_at in hours.slots(zone, date) {
            let kept = calendar.and_then(|calendar| calendar.keeps_free(zone, governorate, starts_at));
            match kept.filter(|kept| !uses.has(*kept)) {
                Some(kept) => layout.left_out.push((starts_at, kept)),
                None => {
                    let time = starts_at.with_timezone(&zone.0).time();
                    let for_women = women.iter().any(|(from, to)| (*from..*to).contains(&time));
                    layout.slots.push(LaidOut { starts_at, for_women });
                }
            }
        }
        layout
    }

    /// The most who give for the first time in each hour that has slots, each of which takes `capacity`.
    #[must_use]
    pub fn first_timers(&self, capacity: i32, share: i32) -> BTreeMap<Moment, i32> {
        let mut places: BTreeMap<Moment, i32> = BTreeMap::new();
        for slot in &self.slots {
            *places.entry(hour_of(slot.starts_at)).or_default() += capacity;
        }
        places.into_iter().map(|(hour, places)| (hour, most_first_timers(places, share))).collect()
    }
}

/// The hour in which a slot begins, in which those who give for the first time are counted.
#[must_use]
pub fn hour_of(starts_at: Moment) -> Moment {
    starts_at.duration_trunc(TimeDelta::hours(1)).unwrap_or(starts_at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shiryan_kernel::time::clock_time;

    fn lay_out(date: &str, from: &str, to: &str, uses: Uses) -> (Vec<String>, Vec<(String, KeptFree)>) {
        let (zone, calendar) = (Zone::default(), Calendar::load(None).unwrap());
        let hours = Hours::new(clock_time(from).unwrap(), clock_time(to).unwrap(), 60).unwrap();
        let women = [(clock_time("10:00").unwrap(), clock_time("12:00").unwrap())];
        let day = (date.parse().unwrap(), &hours);
        let layout = Layout::of(zone, Some(&calendar), Governorate::Nablus, day, &women, uses);
        let time = |at: Moment| at.with_timezone(&zone.0).format("%H:%M").to_string();
        let slots = layout
            .slots
            .iter()
            .map(|slot| format!("{}{}", time(slot.starts_at), if slot.for_women { " women" } else { "" }));
        (slots.collect(), layout.left_out.iter().map(|(at, kept)| (time(*at), *kept)).collect())
    }

    #[test]
    fn hours_of_prayer_and_fasting_are_left_out_unless_used() {
        let kept = |kept: KeptFree, times: &[&str]| -> Vec<(String, KeptFree)> {
            times.iter().map(|time| ((*time).to_owned(), kept)).collect()
        };
        let (slots, left_out) = lay_out("2026-12-04", "09:00", "15:00", Uses::default());
        assert_eq!(slots, ["09:00", "10:00 women", "14:00"]);
        assert_eq!(left_out, kept(KeptFree::FridayPrayer, &["11:00", "12:00", "13:00"]));
        let (slots, left_out) =
            lay_out("2026-12-04", "09:00", "12:00", Uses { prayer: true, fasting: false });
        assert_eq!((slots.len(), left_out.len()), (3, 0));
        let (slots, left_out) = lay_out("2027-02-09", "17:00", "23:00", Uses::default());
        assert_eq!(slots, ["20:00", "21:00", "22:00"]);
        assert_eq!(left_out, kept(KeptFree::Fasting, &["17:00", "18:00", "19:00"]));
        assert!(lay_out("2027-02-09", "09:00", "12:00", Uses::default()).0.is_empty());
        assert_eq!(lay_out("2027-02-09", "09:00", "12:00", Uses { prayer: false, fasting: true }).0.len(), 3);
    }

    #[test]
    fn those_who_give_for_the_first_time_are_counted_by_the_hour() {
        let hours = Hours::new(clock_time("09:00").unwrap(), clock_time("10:30").unwrap(), 30).unwrap();
        let day = ("2026-12-01".parse().unwrap(), &hours);
        let layout = Layout::of(Zone::default(), None, Governorate::Nablus, day, &[], Uses::default());
        let most: Vec<i32> = layout.first_timers(5, 40).into_values().collect();
        assert_eq!(most, [4, 2]);
        let hours: Vec<Moment> = layout.first_timers(5, 40).into_keys().collect();
        assert_eq!(hours[0], layout.slots[0].starts_at);
        assert_eq!(hour_of(layout.slots[1].starts_at), hours[0]);
    }
}
