//! How long an activity may be, which days a list may ask for, and who sees how much of one.
//!
//! Where and when many people stand in one place is the second-worst thing to lose, so an onlooker of a
//! drive learns its day and governorate alone.

pub mod details;
pub mod life;

use chrono::{Datelike, Duration, NaiveDate};
use shiryan_kernel::branch::Branch;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::{Moment, Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};

/// The longest that one activity may last, in days of 24 hours.
pub const LONGEST_DAYS: i64 = 60;

/// The years in which activities are planned and recorded.
const YEARS: std::ops::RangeInclusive<i32> = 2000..=2100;

/// Whether a date lies in the years that activities are kept for.
#[must_use]
pub fn is_in_range(date: NaiveDate) -> bool {
    YEARS.contains(&date.year())
}

/// Notes what is wrong with the moments of an activity, under the fields `starts_at` and `ends_at`.
pub fn check_span(faults: &mut Faults, starts_at: Moment, ends_at: Moment) {
    let starts_well = is_in_range(starts_at.date_naive());
    if !starts_well {
        faults.add("starts_at", Code::OutOfRange);
    }
    let lasts = ends_at.signed_duration_since(starts_at);
    let ends_well = is_in_range(ends_at.date_naive())
        && (!starts_well || (lasts > Duration::zero() && lasts <= Duration::days(LONGEST_DAYS)));
    if !ends_well {
        faults.add("ends_at", Code::OutOfRange);
    }
}

/// A span of civil days that a list is asked for; either end may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Days {
    from: Option<NaiveDate>,
    to: Option<NaiveDate>,
}

impl Days {
    /// # Errors
    /// `out_of_range` of `from` or `to` outside 2000 to 2100, and of a `to` before `from`.
    pub fn parse(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Self> {
        let mut faults = Faults::none();
        for (field, date) in [("from", from), ("to", to)] {
            if date.is_some_and(|date| !is_in_range(date)) {
                faults.add(field, Code::OutOfRange);
            }
        }
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            faults.add("to", Code::OutOfRange);
        }
        faults.settle()?;
        Ok(Self { from, to })
    }

    #[must_use]
    pub const fn from(self) -> Option<NaiveDate> {
        self.from
    }

    #[must_use]
    pub const fn to(self) -> Option<NaiveDate> {
        self.to
    }

    /// The first moment of the first day and the first moment after the last, in the zone.
    #[must_use]
    pub fn moments(self, zone: Zone) -> (Option<Moment>, Option<Moment>) {
        let after = self.to.map(|to| zone.start_of(plus_days(to, 1)));
        (self.from.map(|from| zone.start_of(from)), after)
    }
}

/// How much of an activity somebody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    Whole,
    /// All but the place.
    NoPlace,
    /// Branch, status, days and governorate.
    DayOnly,
}

/// How much of an activity a role sees; `is_own` says that the organising unit, or one that takes part, is in its
/// scope. Of a visit to people at home the others learn no more than of a drive.
#[must_use]
pub fn sight(role: Role, is_own: bool, branch: Branch) -> Sight {
    match (branch, role) {
        (_, Role::Medic) if is_own => Sight::Whole,
        (Branch::BloodDonation, Role::Bank) => Sight::Whole,
        (Branch::BloodDonation, _) | (_, Role::Hospital) => Sight::DayOnly,
        (_, Role::Command) => Sight::Whole,
        _ if branch.is_confidential() => Sight::DayOnly,
        (_, Role::Admin) => Sight::Whole,
        (_, Role::Medic | Role::Bank | Role::Physician) => Sight::NoPlace,
    }
}

/// The branch of an activity that is no drive.
///
/// # Errors
/// `invalid_value` of `branch` for blood donation, with the fact `use`: a drive has slots and beds, and
/// is made where those are asked for.
pub fn without_drives(branch: Branch) -> Result<Branch> {
    match branch {
        Branch::BloodDonation => {
            Err(Problem::field("branch", Code::InvalidValue).with("use", "POST /api/v1/drives"))
        }
        other => Ok(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Moment {
        text.parse().unwrap()
    }

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn faulty(starts_at: &str, ends_at: &str) -> Vec<String> {
        let mut faults = Faults::none();
        check_span(&mut faults, at(starts_at), at(ends_at));
        let found = faults.settle().err().map(|problem| problem.errors).unwrap_or_default();
        found.into_iter().map(|error| error.field).collect()
    }

    #[test]
    fn an_activity_ends_after_it_starts_and_lasts_sixty_days_at_most() {
        assert!(faulty("2026-11-01T08:00:00Z", "2026-11-01T08:00:01Z").is_empty());
        assert!(faulty("2026-11-01T08:00:00Z", "2026-12-31T08:00:00Z").is_empty());
        assert_eq!(faulty("2026-11-01T08:00:00Z", "2026-12-31T08:00:01Z"), ["ends_at"]);
        assert_eq!(faulty("2026-11-01T08:00:00Z", "2026-11-01T08:00:00Z"), ["ends_at"]);
        assert_eq!(faulty("2026-11-01T08:00:00Z", "2026-11-01T07:00:00Z"), ["ends_at"]);
        assert_eq!(faulty("1999-12-31T23:00:00Z", "2000-01-01T01:00:00Z"), ["starts_at"]);
        assert_eq!(faulty("2100-12-31T23:00:00Z", "2101-01-01T01:00:00Z"), ["ends_at"]);
        assert_eq!(faulty("1999-01-01T00:00:00Z", "2101-01-01T00:00:00Z"), ["starts_at", "ends_at"]);
    }

    #[test]
    fn days_become_the_moments_of_the_zone() {
        let days = Days::parse(Some(date("2026-11-24")), Some(date("2026-11-24"))).unwrap();
        let (from, before) = days.moments(Zone::default());
        assert_eq!(from, Some(at("2026-11-23T22:00:00Z")));
        assert_eq!(before, Some(at("2026-11-24T22:00:00Z")));
        assert_eq!(Days::default().moments(Zone::default()), (None, None));
    }

    #[test]
    fn days_outside_the_years_or_in_the_wrong_order_are_refused() {
        for (from, to, field) in [
            ("1999-12-31", "2026-01-01", "from"),
            ("2026-01-01", "2101-01-01", "to"),
            ("2026-01-02", "2026-01-01", "to"),
        ] {
            let problem = Days::parse(Some(date(from)), Some(date(to))).unwrap_err();
            assert_eq!(problem.errors[0].field, field);
        }
    }

    #[test]
    fn only_those_who_run_a_drive_see_more_than_its_day() {
        for role in Role::ALL {
            for is_own in [false, true] {
                let runs = *role == Role::Bank || (*role == Role::Medic && is_own);
                let seen = sight(*role, is_own, Branch::BloodDonation);
                assert_eq!(seen, if runs { Sight::Whole } else { Sight::DayOnly }, "{role} {is_own}");
            }
        }
    }

    #[test]
    fn the_place_of_any_activity_is_for_its_own_unit_and_for_command() {
        for branch in Branch::ALL.iter().filter(|branch| **branch != Branch::BloodDonation) {
            let others = if branch.is_confidential() { Sight::DayOnly } else { Sight::NoPlace };
            let admin = if branch.is_confidential() { Sight::DayOnly } else { Sight::Whole };
            assert_eq!(sight(Role::Medic, true, *branch), Sight::Whole);
            assert_eq!(sight(Role::Medic, false, *branch), others);
            assert_eq!(sight(Role::Command, false, *branch), Sight::Whole);
            assert_eq!(sight(Role::Admin, false, *branch), admin);
            assert_eq!(sight(Role::Bank, false, *branch), others);
            assert_eq!(sight(Role::Physician, false, *branch), others);
            assert_eq!(sight(Role::Hospital, false, *branch), Sight::DayOnly);
        }
    }

    #[test]
    fn a_drive_is_not_made_as_an_activity() {
        let refused = without_drives(Branch::BloodDonation).unwrap_err();
        assert_eq!(
            (refused.errors[0].field.as_str(), refused.errors[0].code),
            ("branch", Code::InvalidValue)
        );
        assert_eq!(refused.facts, [("use", "POST /api/v1/drives".to_owned())]);
        assert!(without_drives(Branch::Farmers).is_ok());
    }
}
