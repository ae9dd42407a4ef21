//! When a message may go out: pure decisions about moments.

use chrono::{Duration, NaiveTime};
use shiryan_kernel::time::{Moment, Zone, plus_days};

/// Hours in which nobody is written to, in civil time; they may pass midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quiet {
    pub from: NaiveTime,
    pub until: NaiveTime,
}

/// How long to wait after so many tries: 1, 3, 9, 27 and 81 minutes, then four hours each time. A server that
/// puts strangers off for some minutes lets the second or third try in.
#[must_use]
pub fn pause(tries: i32) -> Duration {
    let steps = u32::try_from(tries.saturating_sub(1)).unwrap_or(0).min(5);
    Duration::minutes(3_i64.pow(steps).min(240))
}

/// The first moment from `now` on that lies in no quiet hour.
#[must_use]
pub fn after_quiet(zone: Zone, now: Moment, quiet: Quiet) -> Moment {
    let today = zone.date(now);
    // A night that began yesterday, or the one of today.
    for day in [plus_days(today, -1), today] {
        let ends_on = if quiet.from < quiet.until { day } else { plus_days(day, 1) };
        let (begins, ends) = (zone.moment(day, quiet.from), zone.moment(ends_on, quiet.until));
        if begins <= now && now < ends {
            return ends;
        }
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use shiryan_kernel::time::clock_time;

    fn quiet(from: &str, until: &str) -> Quiet {
        Quiet { from: clock_time(from).unwrap(), until: clock_time(until).unwrap() }
    }

    #[test]
    fn tries_come_ever_more_rarely() {
        let minutes: Vec<i64> = (1..=8).map(|tries| pause(tries).num_minutes()).collect();
        assert_eq!(minutes, [1, 3, 9, 27, 81, 240, 240, 240]);
        assert_eq!(pause(0), pause(1));
        assert_eq!(pause(i32::MAX).num_minutes(), 240);
    }

    #[test]
    fn quiet_hours_end_on_the_clock_of_the_place() {
        // Hebron is two hours ahead of UTC in winter.
        for (now, from, until, expected) in [
            ("2026-11-24T19:59:59Z", "22:00", "07:00", "2026-11-24T19:59:59Z"),
            ("2026-11-24T20:00:00Z", "22:00", "07:00", "2026-11-25T05:00:00Z"),
            ("2026-11-25T04:59:59Z", "22:00", "07:00", "2026-11-25T05:00:00Z"),
            ("2026-11-25T05:00:00Z", "22:00", "07:00", "2026-11-25T05:00:00Z"),
            ("2026-11-25T11:30:00Z", "13:00", "15:00", "2026-11-25T13:00:00Z"),
            ("2026-11-25T13:00:00Z", "13:00", "15:00", "2026-11-25T13:00:00Z"),
            ("2026-11-25T21:30:00Z", "00:00", "06:00", "2026-11-25T21:30:00Z"),
            ("2026-11-25T22:00:00Z", "00:00", "06:00", "2026-11-26T04:00:00Z"),
        ] {
            let said = after_quiet(Zone::default(), now.parse().unwrap(), quiet(from, until));
            assert_eq!(said, expected.parse::<Moment>().unwrap(), "{now} {from}-{until}");
        }
    }

    #[test]
    fn a_night_in_which_the_clock_changes_is_one_night() {
        // Summer time ended in Hebron on 2022-10-29 at 02:00.
        let night = quiet("22:00", "07:00");
        let said = after_quiet(Zone::default(), "2022-10-28T22:30:00Z".parse().unwrap(), night);
        assert_eq!(said, "2022-10-29T05:00:00Z".parse::<Moment>().unwrap());
    }

    proptest! {
        #[test]
        fn it_never_goes_back_nor_waits_a_day(minute in 0_i64..60 * 24 * 800, from in 0_u32..1440, until in 0_u32..1440) {
            // An hour is left: in a shorter time the clock's change in spring may leave none.
            prop_assume!((until + 1440 - from) % 1440 <= 1380 && from != until);
            let time = |m: u32| NaiveTime::from_hms_opt(m / 60, m % 60, 0).unwrap();
            let now = "2026-01-01T00:00:00Z".parse::<Moment>().unwrap() + Duration::minutes(minute);
            let hours = Quiet { from: time(from), until: time(until) };
            let then = after_quiet(Zone::default(), now, hours);
            prop_assert!(then >= now && then - now <= Duration::hours(25));
            prop_assert_eq!(after_quiet(Zone::default(), then, hours), then);
        }
    }
}
