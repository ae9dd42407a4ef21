//! Pure decisions of a drive's day: blocks of numbers, and the way to the laboratory.

use chrono::Duration;
use shiryan_kernel::blood::Component;
use shiryan_kernel::din::Din;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use crate::donations::day::MOST_DINS;

/// How long the bed and the needle take after it goes in.
const AT_THE_BED: Duration = Duration::minutes(30);
/// Whole blood is parted into platelets, and plasma is frozen, within this of the needle (`cold_chain`).
const PARTED_WITHIN: Duration = Duration::hours(24);
/// The longest after the drive's begin that a laboratory still takes its box.
const LATEST_CUT_OFF: Duration = Duration::hours(48);

/// The way of a box to the laboratory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    pub travel: Duration,
    /// What a checkpoint takes on nine days of ten.
    pub checkpoint: Duration,
    pub packing: Duration,
}

impl Way {
    /// When the box leaves at the latest to be there by the cut-off.
    #[must_use]
    pub fn leave_by(self, cut_off: Moment) -> Moment {
        cut_off - self.travel - self.checkpoint
    }

    /// When the last needle goes in at the latest.
    #[must_use]
    pub fn last_needle_by(self, cut_off: Moment) -> Moment {
        self.leave_by(cut_off) - self.packing - AT_THE_BED
    }
}

/// Whether a unit came too late for what it is, when its box was there at `arrived`: past the cut-off nothing but red
/// cells and whole blood is taken, and platelets and plasma within a day of the needle alone.
#[must_use]
pub fn is_too_late(component: Component, collected_at: Moment, (cut_off, arrived): (Moment, Moment)) -> bool {
    match component {
        Component::WholeBlood | Component::RedCells => false,
        Component::Platelets | Component::Plasma | Component::Cryoprecipitate => {
            arrived > cut_off || arrived > collected_at + PARTED_WITHIN
        }
    }
}

/// Refuses a clock that cannot be.
///
/// # Errors
/// `out_of_range` of `cut_off_at` and of the minutes, all at once.
pub fn check_clock((starts_at, cut_off): (Moment, Moment), minutes: [i32; 3]) -> Result<()> {
    let mut faults = Faults::none();
    if cut_off <= starts_at || cut_off > starts_at + LATEST_CUT_OFF {
        faults.add("cut_off_at", Code::OutOfRange);
    }
    let limits = [("travel_minutes", 720), ("checkpoint_minutes", 720), ("packing_minutes", 240)];
    for ((field, most), minutes) in limits.into_iter().zip(minutes) {
        if !(0..=most).contains(&minutes) {
            faults.add(field, Code::OutOfRange);
        }
    }
    faults.settle()
}

/// `count` numbers of one facility and year from `first` on.
///
/// # Errors
/// `out_of_range` of `count` outside 1 to 500, or past the year's last number.
pub fn block(first: &Din, count: u32) -> Result<Vec<Din>> {
    let wrong = || Problem::field("count", Code::OutOfRange);
    if !(1..=MOST_DINS).contains(&count) {
        return Err(wrong());
    }
    let (year, sequence) = first.year_and_sequence();
    (0..count)
        .map(|n| Din::compose(first.fin(), year, sequence.saturating_add(n)).map_err(|_| wrong()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    #[test]
    fn the_last_needle_leaves_time_for_the_bed_the_box_and_the_road() {
        let way = Way {
            travel: Duration::minutes(60),
            checkpoint: Duration::minutes(45),
            packing: Duration::minutes(15),
        };
        let cut_off = at("2026-12-01T16:00:00Z");
        assert_eq!(way.leave_by(cut_off), at("2026-12-01T14:15:00Z"));
        assert_eq!(way.last_needle_by(cut_off), at("2026-12-01T13:30:00Z"));
    }

    #[test]
    fn a_late_box_gives_red_cells_alone() {
        let (collected, cut_off) = (at("2026-12-01T08:00:00Z"), at("2026-12-01T16:00:00Z"));
        for component in Component::ALL {
            let is_red = matches!(component, Component::WholeBlood | Component::RedCells);
            let late = |arrived: &str, cut_off| is_too_late(*component, collected, (cut_off, at(arrived)));
            assert!(!late("2026-12-01T16:00:00Z", cut_off), "{component}");
            assert_eq!(late("2026-12-01T16:00:01Z", cut_off), !is_red, "{component}");
            let next_day = at("2026-12-02T16:00:00Z");
            assert!(!late("2026-12-02T08:00:00Z", next_day), "{component}");
            assert_eq!(late("2026-12-02T08:00:01Z", next_day), !is_red, "{component}");
        }
    }

    #[test]
    fn a_clock_that_cannot_be_is_refused() {
        let starts = at("2026-12-01T08:00:00Z");
        let wrong = |cut_off: &str, minutes| -> Vec<String> {
            let checked = check_clock((starts, at(cut_off)), minutes);
            checked
                .err()
                .map(|problem| problem.errors.into_iter().map(|e| e.field).collect())
                .unwrap_or_default()
        };
        assert!(wrong("2026-12-01T16:00:00Z", [60, 45, 15]).is_empty());
        assert!(wrong("2026-12-03T08:00:00Z", [720, 720, 240]).is_empty());
        assert_eq!(wrong("2026-12-01T08:00:00Z", [60, 45, 15]), ["cut_off_at"]);
        assert_eq!(wrong("2026-12-03T08:00:01Z", [60, 45, 15]), ["cut_off_at"]);
        let all = wrong("2026-12-01T16:00:00Z", [-1, 721, 241]);
        assert_eq!(all, ["travel_minutes", "checkpoint_minutes", "packing_minutes"]);
    }

    #[test]
    fn a_block_is_numbers_in_a_row() {
        let first = Din::compose("A9999", 26, 999_998).unwrap();
        let block = |count| {
            block(&first, count)
                .map(|dins| dins.iter().map(|din| din.as_str().to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(block(2).unwrap().len(), 2);
        assert!(block(2).unwrap()[1].contains("999999"));
        for count in [0, 3, 501] {
            assert_eq!(block(count).unwrap_err().errors[0].field, "count", "{count}");
        }
    }
}
