//! When a level is entered and when it is left. Pure.
//!
//! A worse level is entered at once; a level is left when nothing as bad was seen for a while. So the level that
//! stands is the worst that was seen in that while.

use chrono::Duration;
use shiryan_kernel::level::Level;
use shiryan_kernel::time::Moment;

/// The levels that are waited out, mildest first; green is what is left.
const WAITED_OUT: [Level; 4] = [Level::Watch, Level::Amber, Level::Red, Level::Black];

/// What was seen of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// What it is now, and since when.
    pub now: Level,
    pub since: Moment,
    /// Until when it was last watch, amber, red, black.
    pub until: [Option<Moment>; 4],
}

impl Seen {
    #[must_use]
    pub const fn first(level: Level, at: Moment) -> Self {
        Self { now: level, since: at, until: [None; 4] }
    }

    /// After this level was seen, later than all before. What stood when nobody knew any more, stood as long as nobody
    /// knew.
    #[must_use]
    pub fn then(self, level: Level, at: Moment, leave_after: Duration) -> Self {
        if level == self.now {
            return self;
        }
        let mut until = self.until;
        for (own, until) in WAITED_OUT.into_iter().zip(&mut until) {
            let was = own == self.now;
            let waited =
                self.now == Level::Unknown && until.is_some_and(|end| end > self.since - leave_after);
            if was || waited {
                *until = Some(at);
            }
        }
        Self { now: level, since: at, until }
    }

    /// The level that stands.
    #[must_use]
    pub fn standing(&self, at: Moment, leave_after: Duration) -> Level {
        if self.now == Level::Unknown {
            return Level::Unknown;
        }
        let lasts = |until: &Option<Moment>| until.is_some_and(|end| end > at - leave_after);
        let earlier = WAITED_OUT.into_iter().zip(&self.until).filter(|(_, until)| lasts(until));
        earlier.map(|(level, _)| level).fold(self.now, Level::max)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shiryan_kernel::blood::Component;
    use shiryan_kernel::level::Bands;

    use super::*;
    use Level::{Amber, Black, Green, Red, Unknown, Watch};

    fn hour(hours: i64) -> Moment {
        Moment::default() + Duration::hours(hours)
    }

    fn days() -> Duration {
        Duration::days(2)
    }

    /// What stands at each hour, of what was seen at hours.
    fn standing(seen: &[(i64, Level)], at: i64) -> Level {
        let (first, rest) = seen.split_first().unwrap();
        let seen = rest
            .iter()
            .filter(|(hours, _)| *hours <= at)
            .fold(Seen::first(first.1, hour(first.0)), |seen, (hours, level)| {
                seen.then(*level, hour(*hours), days())
            });
        seen.standing(hour(at), days())
    }

    #[test]
    fn worse_at_once_better_after_two_days() {
        let seen = [(0, Green), (10, Red), (20, Green)];
        assert_eq!([9, 10, 19, 20, 67, 68].map(|at| standing(&seen, at)), [Green, Red, Red, Red, Red, Green]);
    }

    #[test]
    fn it_is_left_for_the_worst_that_was_seen_since() {
        let seen = [(0, Black), (10, Red), (20, Amber), (30, Watch)];
        assert_eq!(
            [9, 57, 58, 67, 68, 77, 78, 500].map(|at| standing(&seen, at)),
            [Black, Black, Red, Red, Amber, Amber, Watch, Watch]
        );
    }

    #[test]
    fn a_fall_back_begins_the_wait_anew() {
        let seen = [(0, Red), (10, Green), (40, Red), (41, Green)];
        assert_eq!([58, 88, 89].map(|at| standing(&seen, at)), [Red, Red, Green]);
    }

    #[test]
    fn silence_is_unknown_and_no_day_above() {
        let seen = [(0, Red), (10, Green), (20, Unknown), (200, Green)];
        assert_eq!(
            [19, 20, 199, 200, 247, 248].map(|at| standing(&seen, at)),
            [Red, Unknown, Unknown, Red, Red, Green]
        );
        let long_past = [(0, Red), (10, Green), (100, Unknown), (200, Green)];
        assert_eq!(standing(&long_past, 200), Green);
    }

    proptest! {
        /// Five per cent of noise about any cover: hour by hour for thirty days, the level rises at most every second
        /// day, and between two rises it falls no further than what was seen.
        #[test]
        fn noise_does_not_flicker(
            cover in 0.3..8.0_f64,
            noise in prop::collection::vec(0.95..1.05_f64, 24 * 30),
        ) {
            let seen_at = |at: usize| Bands::default().level_of(Component::RedCells, cover * noise[at]);
            let mut seen = Seen::first(seen_at(0), hour(0));
            let (mut stood, mut better) = (seen.now, Vec::new());
            let mut changes = 0;
            for at in 0..noise.len() {
                let hours = i64::try_from(at).unwrap();
                seen = seen.then(seen_at(at), hour(hours), days());
                let stands = seen.standing(hour(hours), days());
                prop_assert!(stands >= seen.now, "never better than what is seen");
                changes += usize::from(stands != stood);
                if stands < stood {
                    better.push(hours);
                }
                stood = stands;
            }
            prop_assert!(better.windows(2).all(|pair| pair[1] - pair[0] >= 48), "{better:?}");
            prop_assert!(changes <= 2 * 15 + 1, "{changes}");
        }

        #[test]
        fn what_stands_is_the_worst_of_two_days(
            steps in prop::collection::vec((1_i64..30, 0_usize..5), 1..40),
        ) {
            let mut at = 0;
            let seen: Vec<(i64, Level)> = steps.iter().map(|(wait, level)| {
                at += wait;
                (at, Level::ALL[*level])
            }).collect();
            let end = at + 60;
            for now in (seen[0].0..end).step_by(7) {
                // Each level lasts from when it was seen until the next was.
                let spans = seen.iter().enumerate().filter(|(_, (from, _))| *from <= now);
                let worst = spans.filter_map(|(place, (_, level))| {
                    let until = seen.get(place + 1).map_or(i64::MAX, |next| next.0);
                    let until = if until > now { i64::MAX } else { until };
                    (until > now - 48).then_some(*level)
                }).max().unwrap();
                prop_assert_eq!(standing(&seen, now), worst);
            }
        }
    }
}
