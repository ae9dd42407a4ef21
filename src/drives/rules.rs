//! How a drive's hours are cut into slots, and when a drive takes bookings.
//!
//! Hours are civil: what a unit's notice board says. On a day when clocks change, a time that is skipped
//! makes no slot and one that comes twice makes one, so two slots never begin at the same moment.

pub mod capacity;
pub mod layout;

use chrono::{Duration, NaiveDate, NaiveTime};
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

/// The most slots that one drive has.
pub const MOST_SLOTS: usize = 96;

/// The most beds, and so the most places in one slot.
pub const MOST_BEDS: i32 = 200;

/// The most breaks in the hours of one drive.
pub const MOST_BREAKS: usize = 5;

/// The hours of a drive on one civil day, cut into slots of equal length, breaks left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours {
    from: NaiveTime,
    to: NaiveTime,
    slot_minutes: i32,
    breaks: Vec<(NaiveTime, NaiveTime)>,
    /// When slots begin, where that is not the grid's to say.
    starts: Option<Vec<NaiveTime>>,
}

impl Hours {
    /// # Errors
    /// `out_of_range` of `slot_minutes` outside 5 to 240 or when the hours hold more than
    /// [`MOST_SLOTS`], and of `to` when not even one slot ends by then.
    pub fn new(from: NaiveTime, to: NaiveTime, slot_minutes: i32) -> Result<Self> {
        if !(5..=240).contains(&slot_minutes) {
            return Err(Problem::field("slot_minutes", Code::OutOfRange));
        }
        let whole = to.signed_duration_since(from).num_minutes() / i64::from(slot_minutes);
        if whole < 1 {
            return Err(Problem::field("to", Code::OutOfRange));
        }
        if usize::try_from(whole).map_or(true, |whole| whole > MOST_SLOTS) {
            return Err(Problem::field("slot_minutes", Code::OutOfRange));
        }
        Ok(Self { from, to, slot_minutes, breaks: Vec::new(), starts: None })
    }

    /// With pauses, such as for a prayer: no slot touches one. Slots go on by the same grid after it.
    ///
    /// # Errors
    /// `out_of_range` of `breaks` when there are more than [`MOST_BREAKS`], and of the first that does not lie inside
    /// the hours or has no length.
    pub fn with_breaks(mut self, breaks: Vec<(NaiveTime, NaiveTime)>) -> Result<Self> {
        if breaks.len() > MOST_BREAKS {
            return Err(Problem::field("breaks", Code::OutOfRange));
        }
        let is_inside =
            |(from, to): &(NaiveTime, NaiveTime)| self.from <= *from && from < to && *to <= self.to;
        if let Some(place) = breaks.iter().position(|pause| !is_inside(pause)) {
            return Err(Problem::field(format!("breaks[{place}]"), Code::OutOfRange));
        }
        self.breaks = breaks;
        Ok(self)
    }

    /// With slots that begin at these civil times alone, of those of the grid.
    #[must_use]
    pub fn at(mut self, starts: Vec<NaiveTime>) -> Self {
        self.starts = Some(starts);
        self
    }

    #[must_use]
    pub const fn slot_minutes(&self) -> i32 {
        self.slot_minutes
    }

    /// The first and the last moment of the drive.
    #[must_use]
    pub fn span(&self, zone: Zone, date: NaiveDate) -> (Moment, Moment) {
        (zone.moment(date, self.from), zone.moment(date, self.to))
    }

    /// When each slot begins, in order. A rest at the end that is shorter than a slot is left free.
    #[must_use]
    pub fn slots(&self, zone: Zone, date: NaiveDate) -> Vec<Moment> {
        let length = Duration::minutes(i64::from(self.slot_minutes));
        let end = zone.moment(date, self.to);
        let mut slots: Vec<Moment> = Vec::new();
        let mut civil = date.and_time(self.from);
        while civil + length <= date.and_time(self.to) {
            let start = zone.moment(date, civil.time());
            let exists = start.with_timezone(&zone.0).naive_local() == civil;
            let is_clear = slots.last().is_none_or(|last| *last + length <= start);
            let (begins, ends) = (civil.time(), (civil + length).time());
            let pauses = self.breaks.iter().any(|(from, to)| begins < *to && *from < ends);
            let is_wanted = self.starts.as_ref().is_none_or(|starts| starts.contains(&begins));
            if exists && is_clear && !pauses && is_wanted && start + length <= end {
                slots.push(start);
            }
            civil += length;
        }
        slots
    }
}

/// Whether a drive still takes bookings at `now`: before its end, and before its own last moment where it has one.
///
/// # Errors
/// `drive_closed`.
pub fn takes_bookings(
    status: DriveStatus,
    (ends_at, book_until): (Moment, Option<Moment>),
    now: Moment,
) -> Result<()> {
    let until = book_until.map_or(ends_at, |until| until.min(ends_at));
    if status == DriveStatus::Open && now < until { Ok(()) } else { Err(Problem::new(Code::DriveClosed)) }
}

/// How long before its appointment a proposal gives its place back, unless it is accepted.
const LAPSES_BEFORE: Duration = Duration::hours(48);
/// The least time that there is to accept.
const TO_ACCEPT: Duration = Duration::hours(6);

/// When a proposal that nobody accepted gives its place back: two days before, but not within six hours of being made,
/// and at its begin at the latest.
#[must_use]
pub fn lapses_at(proposed_at: Moment, starts_at: Moment) -> Moment {
    (starts_at - LAPSES_BEFORE).max(proposed_at + TO_ACCEPT).min(starts_at)
}

/// Whether a drive that stands here may yet take place.
#[must_use]
pub const fn may_take_place(status: DriveStatus) -> bool {
    matches!(status, DriveStatus::Open | DriveStatus::Closed)
}

#[cfg(test)]
mod tests {
    use chrono::Datelike;
    use proptest::prelude::*;

    use super::*;
    use shiryan_kernel::time::clock_time;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(text: &str) -> NaiveTime {
        clock_time(text).unwrap()
    }

    fn slots(on: &str, from: &str, to: &str, minutes: i32) -> Vec<String> {
        let hours = Hours::new(time(from), time(to), minutes).unwrap();
        let zone = Zone::default();
        hours
            .slots(zone, date(on))
            .iter()
            .map(|start| start.with_timezone(&zone.0).format("%H:%M%:z").to_string())
            .collect()
    }

    #[test]
    fn no_slot_touches_a_break() {
        let pause = |from: &str, to: &str| (time(from), time(to));
        let hours = Hours::new(time("09:00"), time("12:00"), 30).unwrap();
        let starts = |breaks: Vec<(NaiveTime, NaiveTime)>| -> Vec<String> {
            let zone = Zone::default();
            let slots = hours.clone().with_breaks(breaks).unwrap().slots(zone, date("2026-11-24"));
            slots.iter().map(|start| start.with_timezone(&zone.0).format("%H:%M").to_string()).collect()
        };
        assert_eq!(starts(vec![pause("10:00", "10:30")]), ["09:00", "09:30", "10:30", "11:00", "11:30"]);
        assert_eq!(starts(vec![pause("10:10", "10:20")]), ["09:00", "09:30", "10:30", "11:00", "11:30"]);
        let two = vec![pause("09:20", "09:40"), pause("11:45", "12:00")];
        assert_eq!(starts(two), ["10:00", "10:30", "11:00"]);
        assert!(starts(vec![pause("09:00", "12:00")]).is_empty());
        for (from, to) in [("08:59", "09:30"), ("11:00", "12:01"), ("10:00", "10:00"), ("11:00", "10:00")] {
            let refused =
                hours.clone().with_breaks(vec![pause("10:00", "10:30"), pause(from, to)]).unwrap_err();
            assert_eq!(refused.errors[0].field, "breaks[1]", "{from} {to}");
        }
        assert!(hours.clone().with_breaks(vec![pause("10:00", "10:30"); 6]).is_err());
    }

    /// Days of the zone that do not last 24 hours.
    fn changes(years: std::ops::RangeInclusive<i32>) -> Vec<(NaiveDate, Duration)> {
        let zone = Zone::default();
        let start = NaiveDate::from_ymd_opt(*years.start(), 1, 1).unwrap();
        start
            .iter_days()
            .take_while(|day| day.year() <= *years.end())
            .map(|day| (day, zone.start_of(day.succ_opt().unwrap()) - zone.start_of(day)))
            .filter(|(_, lasts)| *lasts != Duration::hours(24))
            .collect()
    }

    #[test]
    fn a_morning_is_cut_into_slots() {
        assert_eq!(
            slots("2026-11-24", "09:00", "11:00", 30),
            ["09:00+02:00", "09:30+02:00", "10:00+02:00", "10:30+02:00"]
        );
        assert_eq!(slots("2026-11-24", "09:00", "10:00", 45), ["09:00+02:00"], "the rest stays free");
        assert_eq!(slots("2026-07-01", "09:00", "09:20", 20), ["09:00+03:00"]);
    }

    #[test]
    fn a_skipped_hour_makes_no_slot() {
        // Summer time begins in Hebron on 2027-03-27 at 02:00.
        assert_eq!(
            slots("2027-03-27", "01:00", "04:00", 30),
            ["01:00+02:00", "01:30+02:00", "03:00+03:00", "03:30+03:00"]
        );
        // 45 minutes do not divide the hour: the slot that would begin inside its forerunner is left out.
        assert_eq!(slots("2027-03-27", "01:50", "05:00", 45), ["01:50+02:00", "04:05+03:00"]);
        assert!(slots("2027-03-27", "02:00", "03:00", 30).is_empty());
        assert!(slots("2027-03-27", "01:30", "02:45", 75).is_empty(), "it would end after the drive");
    }

    #[test]
    fn an_hour_that_comes_twice_makes_slots_once() {
        // Summer time ends in Hebron on 2026-10-24 at 02:00.
        assert_eq!(
            slots("2026-10-24", "00:30", "03:00", 30),
            ["00:30+03:00", "01:00+03:00", "01:30+03:00", "02:00+02:00", "02:30+02:00"]
        );
        assert_eq!(slots("2026-10-31", "00:30", "02:30", 60), ["00:30+02:00", "01:30+02:00"]);
    }

    #[test]
    fn days_on_which_clocks_change_are_tried_at_every_hour() {
        let changes = changes(2026..=2030);
        assert_eq!(changes.len(), 10, "two a year: {changes:?}");
        for (day, lasts) in changes {
            let hours = Hours::new(time("00:00"), time("23:45"), 15).unwrap();
            let slots = hours.slots(Zone::default(), day);
            // Clock times are 95 on every day; a short day lacks the four that it skips.
            let expected = if lasts < Duration::hours(24) { 91 } else { 95 };
            assert_eq!(slots.len(), expected, "{day} lasts {lasts}");
        }
    }

    #[test]
    fn hours_that_make_no_sense_are_refused() {
        for (from, to, minutes, field) in [
            ("09:00", "09:00", 30, "to"),
            ("09:00", "08:00", 30, "to"),
            ("09:00", "09:29", 30, "to"),
            ("09:00", "14:00", 4, "slot_minutes"),
            ("09:00", "14:00", 241, "slot_minutes"),
            ("09:00", "14:00", -30, "slot_minutes"),
            ("09:00", "17:05", 5, "slot_minutes"),
        ] {
            let problem = Hours::new(time(from), time(to), minutes).unwrap_err();
            assert_eq!(problem.errors[0].field, field, "{from} {to} {minutes}");
        }
        assert_eq!(slots("2026-11-24", "09:00", "17:00", 5).len(), MOST_SLOTS);
    }

    #[test]
    fn a_proposal_lapses_two_days_before_but_not_within_six_hours() {
        let starts: Moment = "2026-12-05T08:00:00Z".parse().unwrap();
        let hours = |hours| starts - Duration::hours(hours);
        for (proposed, lapses) in [(500, 48), (55, 48), (54, 48), (53, 47), (24, 18), (6, 0), (3, 0)] {
            assert_eq!(lapses_at(hours(proposed), starts), hours(lapses), "proposed {proposed} hours before");
        }
    }

    #[test]
    fn only_an_open_drive_that_is_not_over_takes_bookings() {
        let end: Moment = "2026-11-24T12:00:00Z".parse().unwrap();
        let before = end - Duration::microseconds(1);
        for status in DriveStatus::ALL {
            let is_open = |until: Option<Moment>, at| takes_bookings(*status, (end, until), at).is_ok();
            assert_eq!(is_open(None, before), *status == DriveStatus::Open, "{status}");
            assert!(!is_open(None, end));
            let hour = end - Duration::hours(1);
            assert!(!is_open(Some(hour), hour));
            assert_eq!(is_open(Some(hour), hour - Duration::microseconds(1)), *status == DriveStatus::Open);
            assert!(!is_open(Some(end + Duration::hours(1)), end), "not past the end");
        }
    }

    proptest! {
        #[test]
        fn slots_cover_the_hours_without_overlap(
            day in 0_i64..3_700,
            from in 0_u32..1_439,
            lasts in 5_u32..1_435,
            minutes in 5_i32..=240,
        ) {
            let zone = Zone::default();
            let day = date("2024-01-01") + Duration::days(day);
            let clock = |minute: u32| NaiveTime::from_num_seconds_from_midnight_opt(minute * 60, 0).unwrap();
            let to = (from + lasts).min(1_439);
            let Ok(hours) = Hours::new(clock(from), clock(to), minutes) else { return Ok(()) };
            let slots = hours.slots(zone, day);
            let length = Duration::minutes(i64::from(minutes));
            let (start, end) = hours.span(zone, day);
            prop_assert!(slots.len() <= MOST_SLOTS);
            for pair in slots.windows(2) {
                prop_assert!(pair[0] + length <= pair[1], "they overlap");
            }
            prop_assert!(slots.iter().all(|slot| *slot >= start && *slot + length <= end));
            prop_assert!(slots.iter().all(|slot| zone.date(*slot) == day));
            let usual = zone.start_of(day.succ_opt().unwrap()) - zone.start_of(day) == Duration::hours(24);
            if usual {
                prop_assert_eq!(slots.first(), Some(&start));
                prop_assert!(slots.windows(2).all(|pair| pair[0] + length == pair[1]), "no gap");
                prop_assert!(end - (*slots.last().unwrap() + length) < length, "one more would fit");
            }
        }
    }
}
