//! What another rule set would change: for whom the first day of giving moves, and by how many days.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::DonorId;
use utoipa::ToSchema;

use super::catalogue::Catalogue;
use super::facts::DonorFacts;
use super::policy::RuleSet;
use super::rules::{Window, windows};

/// How many donors are named: those whose first day moves most.
const NAMED: usize = 200;

/// What becomes of a donor's first day for one type of donation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    Earlier {
        days: i64,
    },
    Later {
        days: i64,
    },
    /// There was a day; there is none as things stand.
    Shut,
    /// There was none; there is a day.
    Opened,
}

/// How the first days for one type of donation move.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Moves {
    /// Donors whose first day stays, or who have none before and after.
    pub same: u64,
    pub earlier: u64,
    pub later: u64,
    pub shut: u64,
    pub opened: u64,
    /// Donors by the days by which their first day moves; negative is earlier.
    pub by_days: BTreeMap<i64, u64>,
}

/// A donor whose first day moves.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
pub struct Moved {
    pub donor: DonorId,
    pub donation_type: DonationType,
    #[serde(flatten)]
    pub change: Change,
}

/// What one rule set in the place of another changes for everybody looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, ToSchema)]
pub struct Impact {
    /// Donors looked at.
    pub donors: u64,
    /// Donors of whom a sealed fact does not open.
    pub unreadable: u64,
    /// Donors for whom something changes.
    pub changed: u64,
    pub by_type: BTreeMap<DonationType, Moves>,
    /// At most 200 donors for whom it changes most: whom it shuts out first, then those who wait longest, then
    /// whom it lets in.
    pub most: Vec<Moved>,
}

/// What becomes of the first day; `None` where nothing does.
#[must_use]
pub fn change(before: Option<NaiveDate>, after: Option<NaiveDate>) -> Option<Change> {
    match (before, after) {
        (None, None) => None,
        (Some(_), None) => Some(Change::Shut),
        (None, Some(_)) => Some(Change::Opened),
        (Some(before), Some(after)) => match (after - before).num_days() {
            0 => None,
            days if days > 0 => Some(Change::Later { days }),
            days => Some(Change::Earlier { days: -days }),
        },
    }
}

impl Impact {
    /// Adds a donor.
    pub fn add(
        &mut self,
        catalogue: &Catalogue,
        (old, new): (&RuleSet, &RuleSet),
        donor: DonorId,
        facts: &DonorFacts,
        from: NaiveDate,
    ) {
        self.donors += 1;
        let before = windows(old, catalogue, facts, from);
        let after = windows(new, catalogue, facts, from);
        let mut changed = false;
        for asked in DonationType::ALL {
            let change = change(first(&before, *asked), first(&after, *asked));
            self.by_type.entry(*asked).or_default().add(change);
            if let Some(change) = change {
                changed = true;
                self.most.push(Moved { donor, donation_type: *asked, change });
            }
        }
        self.changed += u64::from(changed);
        if self.most.len() > NAMED * 4 {
            self.keep_most();
        }
    }

    /// With what another found of other donors.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.donors += other.donors;
        self.unreadable += other.unreadable;
        self.changed += other.changed;
        for (asked, moves) in other.by_type {
            let all = self.by_type.entry(asked).or_default();
            all.same += moves.same;
            all.earlier += moves.earlier;
            all.later += moves.later;
            all.shut += moves.shut;
            all.opened += moves.opened;
            for (days, count) in moves.by_days {
                *all.by_days.entry(days).or_default() += count;
            }
        }
        self.most.extend(other.most);
        self.keep_most();
        self
    }

    fn keep_most(&mut self) {
        self.most.sort_by_key(|moved| (std::cmp::Reverse(weight(moved.change)), moved.donor));
        self.most.truncate(NAMED);
    }
}

impl Moves {
    fn add(&mut self, change: Option<Change>) {
        match change {
            None => self.same += 1,
            Some(Change::Shut) => self.shut += 1,
            Some(Change::Opened) => self.opened += 1,
            Some(Change::Later { days }) => {
                self.later += 1;
                *self.by_days.entry(days).or_default() += 1;
            }
            Some(Change::Earlier { days }) => {
                self.earlier += 1;
                *self.by_days.entry(-days).or_default() += 1;
            }
        }
    }
}

const fn weight(change: Change) -> (u8, i64) {
    match change {
        Change::Shut => (3, 0),
        Change::Later { days } => (2, days),
        Change::Opened => (1, 0),
        Change::Earlier { days } => (0, days),
    }
}

fn first(windows: &[(DonationType, Window)], asked: DonationType) -> Option<NaiveDate> {
    windows.iter().find(|(donation_type, _)| *donation_type == asked).map(|(_, window)| window.from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::eligibility::{Giving, Policies};
    use proptest::prelude::*;
    use shiryan_kernel::blood::Sex;
    use shiryan_kernel::time::plus_days;

    fn day(n: i64) -> NaiveDate {
        plus_days("2026-06-01".parse().unwrap(), n)
    }

    #[test]
    fn each_change_is_told_apart() {
        for (before, after, expected) in [
            (None, None, None),
            (Some(0), Some(0), None),
            (Some(0), None, Some(Change::Shut)),
            (None, Some(0), Some(Change::Opened)),
            (Some(0), Some(28), Some(Change::Later { days: 28 })),
            (Some(28), Some(0), Some(Change::Earlier { days: 28 })),
        ] {
            assert_eq!(change(before.map(day), after.map(day)), expected);
        }
    }

    fn man(given: i64) -> DonorFacts {
        DonorFacts {
            sex: Some(Sex::Male),
            birth_date: Some(day(-12_000)),
            weight_kg: Some(80.0),
            height_cm: Some(178.0),
            never_screened_here: false,
            givings: vec![Giving::completed(day(given), DonationType::WholeBlood)],
            ..DonorFacts::unknown()
        }
    }

    /// Whole blood after whole blood in a man: 84 days by the default, 56 by the American Red Cross.
    #[test]
    fn a_shorter_interval_moves_the_first_day_by_its_difference() {
        let policies = Policies::built_in().unwrap();
        let catalogue = Catalogue::built_in().unwrap();
        let set = |code| policies.in_force(code, day(0)).unwrap();
        let look = |sets: (&'static str, &'static str), given| {
            let mut impact = Impact::default();
            impact.add(&catalogue, (set(sets.0), set(sets.1)), DonorId(1), &man(given), day(0));
            impact.by_type[&DonationType::WholeBlood].clone()
        };
        let moves = look(("default", "arc_us"), -10);
        assert_eq!((moves.earlier, moves.by_days), (1, BTreeMap::from([(-28, 1)])));
        let moves = look(("arc_us", "default"), -70);
        assert_eq!((moves.later, moves.by_days), (1, BTreeMap::from([(14, 1)])), "56 days are over, 84 not");
        assert_eq!(look(("arc_us", "default"), -90).same, 1);
    }

    proptest! {
        #[test]
        fn parts_add_up(givings in proptest::collection::vec(-200_i64..0, 1..40), cut in 0_usize..40) {
            let policies = Policies::built_in().unwrap();
            let catalogue = Catalogue::built_in().unwrap();
            let set = |code| policies.in_force(code, day(0)).unwrap();
            let of = |part: &[i64]| {
                let mut impact = Impact::default();
                for given in part {
                    let sets = (set("default"), set("arc_us"));
                    impact.add(&catalogue, sets, DonorId(201 + given), &man(*given), day(0));
                }
                impact.and(Impact::default())
            };
            let (one, other) = givings.split_at(cut.min(givings.len()));
            prop_assert_eq!(of(&givings), of(one).and(of(other)));
        }
    }
}
