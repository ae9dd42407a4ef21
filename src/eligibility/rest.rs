//! Rest after a drive, and all that command learns of a person: assignable or not.
//!
//! Everyone who was checked in has the same rest, per load the longest of the types collected there,
//! counted from one moment that is the same for all; whether and what somebody gave, and every
//! deferral, is out of this file's sight.

use chrono::Duration;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::branch::{DespiteRest, PhysicalLoad, RestMode};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

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

/// A drive at which a person is, was or is to be seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visit {
    /// The first moment of the drive's civil day: what is done before giving on that day counts too.
    pub from: Moment,
    pub rest: Rest,
}

/// How a duty and a visit clash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clash {
    /// `block` or `warn`.
    pub mode: RestMode,
    pub load: PhysicalLoad,
}

impl Clash {
    /// The heavier of two.
    #[must_use]
    pub fn heavier(self, other: Self) -> Self {
        if other.mode == RestMode::Block && self.mode != RestMode::Block { other } else { self }
    }
}

impl Visit {
    /// How a duty with these loads from `starts` to `ends` clashes with it: when they touch between the start of
    /// the drive's day and the end of the rest. Advice that stands on the donor's own card alone clashes with
    /// nothing.
    #[must_use]
    pub fn clash(&self, loads: &[PhysicalLoad], (starts, ends): (Moment, Moment)) -> Option<Clash> {
        loads
            .iter()
            .filter(|load| load.mode() != RestMode::DonorCardOnly)
            .filter(|load| starts < self.rest.over(**load) && ends > self.from)
            .map(|load| Clash { mode: load.mode(), load: *load })
            .reduce(Clash::heavier)
    }
}

/// Lets a clash pass when there is none, or when it only warns and somebody says why.
///
/// # Errors
/// `duty_conflict` with the facts `mode` and `load`.
pub fn heed(clash: Option<Clash>, despite: Option<DespiteRest>) -> Result<()> {
    match (clash, despite) {
        (None, _) | (Some(Clash { mode: RestMode::Warn, .. }), Some(_)) => Ok(()),
        (Some(Clash { mode, load }), _) => {
            Err(Problem::new(Code::DutyConflict).with("mode", mode).with("load", load))
        }
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
