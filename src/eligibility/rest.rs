//! Rest after a drive, and all that command learns of a person: assignable or not.
//!
//! Everyone who was checked in has the same rest, per load the longest of the types collected there,
//! counted from one moment that is the same for all; whether and what somebody gave, and every
//! deferral, is out of this file's sight.

use chrono::Duration;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::branch::{PhysicalLoad, RestMode};
use shiryan_kernel::time::Moment;

/// One drive at which the person was checked in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rest {
    /// The end of the drive, never the end of a person's own visit: who leaves early tells too much.
    pub since: Moment,
    /// Every type that the drive collects.
    pub collected: Vec<DonationType>,
}

impl Rest {
    /// When this rest is over for a load.
    #[must_use]
    pub fn over(&self, load: PhysicalLoad) -> Moment {
        self.since + Duration::hours(i64::from(load.longest_rest_hours(&self.collected)))
    }
}

shiryan_kernel::word! {
    /// All that command learns.
    pub enum Assignability {
        Assignable = "assignable",
        NotAssignable = "not_assignable",
    }
}

/// Whether a duty with these loads may begin at `at`. Advice that stands on the donor's own card
/// alone (marches, fitness tests) is not told here.
#[must_use]
pub fn assignability(rests: &[Rest], loads: &[PhysicalLoad], at: Moment) -> Assignability {
    let resting = loads
        .iter()
        .filter(|load| load.mode() != RestMode::DonorCardOnly)
        .any(|load| rests.iter().any(|rest| at < rest.over(*load)));
    if resting { Assignability::NotAssignable } else { Assignability::Assignable }
}
