//! Donors by what they may give and when. Pure.

use std::collections::BTreeMap;
use std::ops::Range;

use chrono::{Datelike, NaiveDate};
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::DonorStatus;

/// Days ahead for which counts lie ready.
const AHEAD: usize = 92;

/// A civil day as a number.
pub fn day_number(day: NaiveDate) -> i32 {
    day.num_days_from_ce()
}

/// From the first day to the last, both included; open where nobody knows the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window {
    pub donation: DonationType,
    pub from: i32,
    pub until: Option<i32>,
}

impl Window {
    /// Whether it is open that day.
    #[must_use]
    pub fn is_open(&self, day: i32) -> bool {
        self.from <= day && self.until.is_none_or(|until| day <= until)
    }
}

/// What is known of a donor here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub status: DonorStatus,
    pub group: Option<BloodGroup>,
    pub governorate: Option<Governorate>,
    pub unit: Option<UnitId>,
    /// Whether the record was joined to another.
    pub is_merged: bool,
    pub windows: Box<[Window]>,
}

impl Standing {
    /// Where it counts: an active donor of known group and governorate.
    fn cell(&self) -> Option<(BloodGroup, Governorate)> {
        Some((self.group?, self.governorate?)).filter(|_| self.status == DonorStatus::Active)
    }

    fn registered(&self) -> Option<(BloodGroup, Governorate)> {
        let counts = matches!(self.status, DonorStatus::Active | DonorStatus::Paused) && !self.is_merged;
        Some((self.group?, self.governorate?)).filter(|_| counts)
    }
}

/// Donors on the register of one group and governorate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Registered {
    pub group: BloodGroup,
    pub governorate: Governorate,
    pub donors: u32,
}

type Key = (DonationType, BloodGroup, Governorate);

/// Days for which steps have a place of their own, and of those how many lie before the first that was seen.
const NEAR: usize = 2_048;
const NEAR_BEFORE: i32 = 1_024;

/// How many windows open and close on which day: nearly all within a few years, in an array, and the rest in a tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Steps {
    base: i32,
    near: Vec<i32>,
    far: BTreeMap<i32, i32>,
    /// Windows counted.
    windows: i64,
}

impl Steps {
    fn add(&mut self, day: i32, by: i32) {
        if self.near.is_empty() {
            self.base = day.saturating_sub(NEAR_BEFORE);
            self.near = vec![0; NEAR];
        }
        let place = usize::try_from(i64::from(day) - i64::from(self.base)).ok();
        if let Some(step) = place.and_then(|place| self.near.get_mut(place)) {
            *step += by;
            return;
        }
        let step = self.far.entry(day).or_default();
        *step += by;
        if *step == 0 {
            self.far.remove(&day);
        }
    }

    /// The sum of the steps from a day on to another, without that.
    fn sum(&self, days: Range<i32>) -> i64 {
        let far: i64 = self.far.range(days.clone()).map(|(_, step)| i64::from(*step)).sum();
        let place = |day: i32| {
            usize::try_from(i64::from(day) - i64::from(self.base)).unwrap_or(0).min(self.near.len())
        };
        let near = self.near.get(place(days.start)..place(days.end)).unwrap_or_default();
        far + near.iter().map(|step| i64::from(*step)).sum::<i64>()
    }
}

/// Windows of one donation, group and governorate.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Cell {
    steps: Steps,
    /// Of each day from the register's first on.
    ready: Vec<u32>,
    /// Whether `ready` is of an earlier state.
    is_touched: bool,
}

impl Cell {
    fn count(&mut self, window: &Window, by: i32) {
        self.is_touched = true;
        self.steps.windows += i64::from(by);
        self.steps.add(window.from, by);
        if let Some(until) = window.until {
            self.steps.add(until + 1, -by);
        }
    }

    fn settle(&mut self, first: i32) {
        self.is_touched = false;
        let mut open = self.steps.sum(i32::MIN..first);
        self.ready.clear();
        let mut day = first;
        while self.ready.len() < AHEAD {
            open += self.steps.sum(day..day + 1);
            self.ready.push(u32::try_from(open).unwrap_or(0));
            day += 1;
        }
    }

    fn on(&self, first: i32, day: i32) -> u32 {
        let at = usize::try_from(i64::from(day) - i64::from(first)).ok();
        at.and_then(|at| self.ready.get(at))
            .copied()
            .unwrap_or_else(|| u32::try_from(self.steps.sum(i32::MIN..day + 1)).unwrap_or(0))
    }
}

/// The place of a cell among all of them, in the order of keys.
const fn place((donation, group, governorate): Key) -> usize {
    (donation.place() * BloodGroup::ALL.len() + group.place()) * Governorate::ALL.len() + governorate.place()
}

/// Every donor, and counts of them.
#[derive(Debug)]
pub struct Register {
    donors: BTreeMap<DonorId, Standing>,
    /// One for each donation, group and governorate: millions of windows are counted into them.
    cells: Vec<Cell>,
    registered: BTreeMap<(BloodGroup, Governorate), u32>,
    first: i32,
}

impl Default for Register {
    fn default() -> Self {
        let cells = DonationType::ALL.len() * BloodGroup::ALL.len() * Governorate::ALL.len();
        Self {
            donors: BTreeMap::new(),
            cells: vec![Cell::default(); cells],
            registered: BTreeMap::new(),
            first: 0,
        }
    }
}

impl Register {
    /// Puts a donor in the place of what was known; `None` forgets. The counts follow at [`Register::settle`].
    pub fn put(&mut self, id: DonorId, standing: Option<Standing>) {
        let before = match standing {
            Some(standing) => {
                self.count(&standing, 1);
                self.donors.insert(id, standing)
            }
            None => self.donors.remove(&id),
        };
        if let Some(before) = before {
            self.count(&before, -1);
        }
    }

    fn count(&mut self, standing: &Standing, by: i32) {
        if let Some((group, governorate)) = standing.cell() {
            for window in &standing.windows {
                let Some(cell) = self.cells.get_mut(place((window.donation, group, governorate))) else {
                    continue;
                };
                cell.count(window, by);
            }
        }
        if let Some(key) = standing.registered() {
            let donors = self.registered.entry(key).or_default();
            *donors = donors.saturating_add_signed(by);
            if *donors == 0 {
                self.registered.remove(&key);
            }
        }
    }

    /// The donors known from the first to the last id.
    pub fn ids(&self, (first, last): (i64, i64)) -> Vec<DonorId> {
        self.donors.range(DonorId(first)..=DonorId(last)).map(|(id, _)| *id).collect()
    }

    /// Makes counts ready for the days from `today` on.
    pub fn settle(&mut self, today: i32) {
        let is_another_day = std::mem::replace(&mut self.first, today) != today;
        for cell in self.cells.iter_mut().filter(|cell| is_another_day || cell.is_touched) {
            cell.settle(today);
        }
    }

    /// Donors of each group and governorate whose window for this donation is open on each of the days.
    pub fn open<const N: usize>(
        &self,
        donation: DonationType,
        days: [NaiveDate; N],
    ) -> impl Iterator<Item = (BloodGroup, Governorate, [u32; N])> {
        let days = days.map(day_number);
        let keys = BloodGroup::ALL
            .iter()
            .flat_map(|group| Governorate::ALL.iter().map(|governorate| (*group, *governorate)));
        keys.filter_map(move |(group, governorate)| {
            let cell = self.cells.get(place((donation, group, governorate)))?;
            let on = days.map(|day| cell.on(self.first, day));
            (cell.steps.windows > 0).then_some((group, governorate, on))
        })
    }

    /// Donors on the register, paused ones too, by group and governorate; a person with several records once.
    pub fn registered(&self) -> impl Iterator<Item = Registered> {
        self.registered.iter().map(|((group, governorate), donors)| Registered {
            group: *group,
            governorate: *governorate,
            donors: *donors,
        })
    }

    /// Active donors for whom a window of this donation is open that day and `is_wanted` holds, by id.
    pub fn who(
        &self,
        donation: DonationType,
        day: NaiveDate,
        is_wanted: impl Fn(&Standing) -> bool,
    ) -> Vec<DonorId> {
        let day = day_number(day);
        let is_open = |own: &Standing| {
            own.windows.iter().any(|window| window.donation == donation && window.is_open(day))
        };
        let found = self.donors.iter().filter(|(_, own)| {
            own.status == DonorStatus::Active && !own.is_merged && is_wanted(own) && is_open(own)
        });
        found.map(|(id, _)| *id).collect()
    }

    /// A donor as known here.
    #[must_use]
    pub fn donor(&self, id: DonorId) -> Option<&Standing> {
        self.donors.get(&id)
    }

    /// All that are known.
    pub fn all(&self) -> impl Iterator<Item = (DonorId, &Standing)> {
        self.donors.iter().map(|(id, standing)| (*id, standing))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standing() -> impl Strategy<Value = Standing> {
        let pick =
            |words: &'static [Governorate]| proptest::option::weighted(0.9, proptest::sample::select(words));
        // Most are near each other, some are years away.
        let from = prop_oneof![4 => 90_i32..220, 1 => 1_i32..6_000];
        let window =
            (proptest::sample::select(DonationType::ALL), from, proptest::option::of(0_i32..60)).prop_map(
                |(donation, from, long)| Window { donation, from, until: long.map(|long| from + long) },
            );
        (
            proptest::sample::select(DonorStatus::ALL),
            proptest::option::weighted(0.9, proptest::sample::select(BloodGroup::ALL)),
            pick(&[Governorate::Hebron, Governorate::Gaza]),
            any::<bool>(),
            proptest::collection::vec(window, 0..5),
        )
            .prop_map(|(status, group, governorate, is_merged, windows)| Standing {
                status,
                group,
                governorate,
                unit: None,
                is_merged,
                windows: windows.into(),
            })
    }

    proptest! {
        /// Whatever came and went, the counts are those of who is there, on ready days and on others.
        #[test]
        fn counts_are_of_who_is_there(
            changes in proptest::collection::vec((0_i64..20, proptest::option::weighted(0.8, standing())), 0..60),
            moves in proptest::collection::vec(95_i32..130, 1..4),
        ) {
            let mut register = Register::default();
            let mut plain: BTreeMap<DonorId, Standing> = BTreeMap::new();
            for (n, (id, standing)) in changes.into_iter().enumerate() {
                match standing.clone() {
                    Some(standing) => drop(plain.insert(DonorId(id), standing)),
                    None => drop(plain.remove(&DonorId(id))),
                }
                register.put(DonorId(id), standing);
                if n.is_multiple_of(7) {
                    register.settle(moves[n / 7 % moves.len()]);
                }
            }
            register.settle(moves[0]);
            let days = [100, 119, 150, 190, 300, 5_000].map(|day| NaiveDate::from_num_days_from_ce_opt(day).unwrap());
            for donation in DonationType::ALL {
                let told: BTreeMap<_, _> =
                    register.open(*donation, days).map(|(group, place, on)| ((group, place), on)).collect();
                for group in BloodGroup::ALL {
                    for governorate in [Governorate::Hebron, Governorate::Gaza] {
                        let expected = days.map(|day| {
                            let open = |one: &&Standing| {
                                one.status == DonorStatus::Active
                                    && one.group == Some(*group)
                                    && one.governorate == Some(governorate)
                            };
                            let windows = plain.values().filter(open).flat_map(|one| one.windows.iter());
                            let open = windows
                                .filter(|own| own.donation == *donation && own.is_open(day_number(day)));
                            u32::try_from(open.count()).unwrap()
                        });
                        prop_assert_eq!(told.get(&(*group, governorate)).copied().unwrap_or_default(), expected);
                    }
                }
            }
            let registered: u32 = register.registered().map(|row| row.donors).sum();
            let expected = plain.values().filter(|one| one.registered().is_some()).count();
            prop_assert_eq!(usize::try_from(registered).unwrap(), expected);
        }
    }
}
