//! Two years of giving and need, day by day: who gave, what was made of it, where each bag went.
//!
//! Bags balance: what was received is issued, expired or on the shelf. Drives answer to the shelf (less
//! is collected when it is deep), so the world stays near its target and dips where the calendar dips.

use std::collections::{BTreeMap, VecDeque};

use chrono::{Datelike, Days, NaiveDate};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};
use shiryan_kernel::blood::{BloodGroup, Component, Sex};
use shiryan_kernel::compat;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::shelf::Keeping;

use super::calendar;
use super::people::{Person, pick};
use super::places;

/// Donations per donor and year.
const RATE: f64 = 0.9;
/// Days from the arm to release.
pub const TESTING: u64 = 2;
/// What the drives aim at, in days of red cells.
const TARGET_DAYS: f64 = 6.5;

/// A donation.
#[derive(Debug, Clone)]
pub struct Gift {
    pub person: usize,
    pub day: NaiveDate,
    pub governorate: Governorate,
}

/// Where a bag ended, or stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    Quarantine,
    Shelf,
    Issued(NaiveDate),
    Expired(NaiveDate),
    Discarded(NaiveDate),
}

/// A bag. Without a gift it came from outside.
#[derive(Debug, Clone)]
pub struct Bag {
    pub gift: Option<usize>,
    pub component: Component,
    pub group: BloodGroup,
    pub governorate: Governorate,
    pub collected: NaiveDate,
    pub expires: NaiveDate,
    pub fate: Fate,
}

/// The demo's bags are the usual ones.
fn expires(component: Component, collected: NaiveDate) -> NaiveDate {
    let house = Keeping::default();
    house.expires(component, Some(house.bags), collected)
}

/// What went in and out of a governorate's shelf on a day.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Flow {
    pub received: i32,
    pub issued: i32,
    pub expired: i32,
}

pub type FlowKey = (NaiveDate, Governorate, Component, BloodGroup);

#[derive(Debug, Default)]
pub struct History {
    pub gifts: Vec<Gift>,
    pub bags: Vec<Bag>,
    pub flows: BTreeMap<FlowKey, Flow>,
    shelves: BTreeMap<(Governorate, Component, BloodGroup), VecDeque<usize>>,
    testing: VecDeque<(NaiveDate, usize)>,
}

/// What a gift becomes, and what is needed of it, per whole-blood donation of the mean.
const MADE: [(Component, f64, f64); 4] = [
    (Component::WholeBlood, 0.04, 0.035),
    (Component::RedCells, 0.96, 0.87),
    (Component::Plasma, 0.65, 0.52),
    (Component::Platelets, 0.30, 0.24),
];

/// Lives `days` days up to (not including) `today`.
pub fn live(people: &mut [Person], today: NaiveDate, days: u32, rng: &mut impl Rng) -> History {
    let mut history = History::default();
    let here = by_governorate(people);
    let per_day = RATE / 365.0 * f64::from(u32::try_from(people.len()).unwrap_or(u32::MAX));
    let force: f64 = donor_places().map(places::weight).sum();
    for ago in (1..=u64::from(days)).rev() {
        let Some(day) = today.checked_sub_days(Days::new(ago)) else { continue };
        history.release(day, rng);
        history.expire(day);
        for region in Region::ALL {
            let weight: f64 = region.members().map(places::weight).sum();
            history.need(*region, day, per_day * weight / force, rng);
            let deep = history.depth(*region, per_day * weight / force);
            let answer = (1.0 + 0.8 * (TARGET_DAYS - deep) / TARGET_DAYS).clamp(0.35, 1.9);
            for place in region.members() {
                let mean = per_day * places::weight(place) / force * answer;
                if place.has_donors() {
                    let count = poisson(mean * calendar::giving(day) / 0.843, rng);
                    history.collect(
                        people,
                        here.get(&place).map_or(&[][..], Vec::as_slice),
                        place,
                        day,
                        count,
                        rng,
                    );
                } else {
                    history.receive_from_outside(place, day, poisson(mean, rng), rng);
                }
            }
        }
    }
    history.release(today, rng);
    history.expire(today);
    history
}

fn donor_places() -> impl Iterator<Item = Governorate> {
    Governorate::ALL.iter().copied().filter(|place| place.has_donors())
}

fn by_governorate(people: &[Person]) -> BTreeMap<Governorate, Vec<usize>> {
    let mut here: BTreeMap<Governorate, Vec<usize>> = BTreeMap::new();
    for (n, person) in people.iter().enumerate() {
        here.entry(person.governorate).or_default().push(n);
    }
    here
}

impl History {
    fn flow(&mut self, day: NaiveDate, bag: usize) -> Option<&mut Flow> {
        let bag = self.bags.get(bag)?;
        Some(self.flows.entry((day, bag.governorate, bag.component, bag.group)).or_default())
    }

    fn end(&mut self, bag: usize, fate: Fate) {
        if let Some(bag) = self.bags.get_mut(bag) {
            bag.fate = fate;
        }
    }

    fn release(&mut self, day: NaiveDate, rng: &mut impl Rng) {
        while self.testing.front().is_some_and(|(ready, _)| *ready <= day) {
            let Some((_, n)) = self.testing.pop_front() else { return };
            if rng.random_bool(0.012) {
                self.end(n, Fate::Discarded(day));
            } else {
                self.shelve(n, day);
            }
        }
    }

    fn shelve(&mut self, n: usize, day: NaiveDate) {
        self.end(n, Fate::Shelf);
        if let Some(flow) = self.flow(day, n) {
            flow.received += 1;
        }
        if let Some(bag) = self.bags.get(n) {
            self.shelves.entry((bag.governorate, bag.component, bag.group)).or_default().push_back(n);
        }
    }

    fn expire(&mut self, day: NaiveDate) {
        let bags = &self.bags;
        let old = |n: &usize| bags.get(*n).is_some_and(|bag| bag.expires < day);
        let mut gone = Vec::new();
        for shelf in self.shelves.values_mut() {
            while shelf.front().is_some_and(old) {
                gone.extend(shelf.pop_front());
            }
        }
        for n in gone {
            self.end(n, Fate::Expired(day));
            if let Some(flow) = self.flow(day, n) {
                flow.expired += 1;
            }
        }
    }

    fn need(&mut self, region: Region, day: NaiveDate, per_day: f64, rng: &mut impl Rng) {
        let total: f64 = region.members().map(places::weight).sum();
        for (component, _, needed) in MADE {
            for place in region.members() {
                let mean = per_day * needed * places::weight(place) / total * calendar::need(day) / 0.96;
                for _ in 0..poisson(mean, rng) {
                    let Some(patient) = pick(&super::people::SHARES, rng) else { continue };
                    self.issue(region, place, component, patient, day);
                }
            }
        }
    }

    /// The patient's own group first, here and then elsewhere in the region; then what else fits.
    fn issue(
        &mut self,
        region: Region,
        place: Governorate,
        component: Component,
        patient: BloodGroup,
        day: NaiveDate,
    ) {
        for (group, _) in compat::acceptable(component, patient) {
            for from in std::iter::once(place).chain(region.members().filter(|other| *other != place)) {
                let shelf = self.shelves.get_mut(&(from, component, group));
                if let Some(n) = shelf.and_then(VecDeque::pop_front) {
                    self.end(n, Fate::Issued(day));
                    if let Some(flow) = self.flow(day, n) {
                        flow.issued += 1;
                    }
                    return;
                }
            }
        }
    }

    /// Days of red cells on a region's shelves.
    fn depth(&self, region: Region, per_day: f64) -> f64 {
        let on_shelf: usize = self
            .shelves
            .iter()
            .filter(|((place, component, _), _)| {
                place.region() == region && *component == Component::RedCells
            })
            .map(|(_, shelf)| shelf.len())
            .sum();
        f64::from(u32::try_from(on_shelf).unwrap_or(u32::MAX)) / (per_day * 0.87).max(0.01)
    }

    fn collect(
        &mut self,
        people: &mut [Person],
        here: &[usize],
        place: Governorate,
        day: NaiveDate,
        count: u32,
        rng: &mut impl Rng,
    ) {
        for _ in 0..count {
            let mut tries = (0..40).filter_map(|_| here.choose(rng).copied()).collect::<Vec<_>>().into_iter();
            let willing = |n: &usize| people.get(*n).is_some_and(|person| may_give(person, day));
            let Some(n) = tries.find(willing) else { continue };
            let Some(person) = people.get_mut(n) else { continue };
            person.given.push(day);
            let group = person.group;
            self.gifts.push(Gift { person: n, day, governorate: place });
            let gift = Some(self.gifts.len() - 1);
            if rng.random_bool(0.04) {
                self.bag(gift, Component::WholeBlood, group, place, day);
                continue;
            }
            self.bag(gift, Component::RedCells, group, place, day);
            for (component, share) in [(Component::Plasma, 0.68), (Component::Platelets, 0.31)] {
                if rng.random_bool(share) {
                    self.bag(gift, component, group, place, day);
                }
            }
        }
    }

    fn bag(
        &mut self,
        gift: Option<usize>,
        component: Component,
        group: BloodGroup,
        place: Governorate,
        day: NaiveDate,
    ) {
        self.bags.push(Bag {
            gift,
            component,
            group,
            governorate: place,
            collected: day,
            expires: expires(component, day),
            fate: Fate::Quarantine,
        });
        let ready = day.checked_add_days(Days::new(TESTING)).unwrap_or(day);
        self.testing.push_back((ready, self.bags.len() - 1));
    }

    /// A place without donors of ours gets tested bags from elsewhere.
    fn receive_from_outside(&mut self, place: Governorate, day: NaiveDate, count: u32, rng: &mut impl Rng) {
        for _ in 0..count {
            let Some(group) = pick(&super::people::SHARES, rng) else { continue };
            for (component, made, _) in MADE {
                if rng.random_bool(made) {
                    self.bags.push(Bag {
                        gift: None,
                        component,
                        group,
                        governorate: place,
                        collected: day,
                        expires: expires(component, day),
                        fate: Fate::Shelf,
                    });
                    self.shelve(self.bags.len() - 1, day);
                }
            }
        }
    }
}

/// As the default rule set has it: 84 days for men, 112 for women, four and three a year.
pub fn may_give(person: &Person, day: NaiveDate) -> bool {
    let (interval, most) = if person.sex == Sex::Male { (84, 4) } else { (112, 3) };
    let adult = person.birth.with_year(person.birth.year() + 18).unwrap_or(person.birth) < day;
    let rested = person.given.last().is_none_or(|last| (day - *last).num_days() >= interval);
    let in_year = person.given.iter().filter(|past| (day - **past).num_days() < 365).count();
    adult && rested && in_year < most
}

/// A Poisson count (Knuth's product; means here are small).
pub fn poisson(mean: f64, rng: &mut impl Rng) -> u32 {
    let mut count = 0;
    let mut left = mean;
    // In steps, so that e^-mean stays far from zero.
    while left > 0.0 {
        let step = left.min(20.0);
        left -= step;
        let limit = (-step).exp();
        let mut product: f64 = rng.random();
        while product > limit {
            count += 1;
            product *= rng.random::<f64>();
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn bags_balance_and_the_shelf_is_believable() {
        let today: NaiveDate = "2026-11-24".parse().unwrap();
        let mut rng = rand::rngs::StdRng::seed_from_u64(7);
        let units = places::units();
        let mut people = super::super::people::people(20_000, &units, today, &mut rng);
        let history = live(&mut people, today, 400, &mut rng);
        let mut balance: BTreeMap<_, i32> = BTreeMap::new();
        for ((_, place, component, group), flow) in &history.flows {
            *balance.entry((*place, *component, *group)).or_default() +=
                flow.received - flow.issued - flow.expired;
        }
        for bag in history.bags.iter().filter(|bag| bag.fate == Fate::Shelf) {
            assert!(bag.expires >= today);
            *balance.entry((bag.governorate, bag.component, bag.group)).or_default() -= 1;
        }
        assert!(balance.values().all(|left| *left == 0));
        for region in Region::ALL {
            let red = history.bags.iter().filter(|bag| {
                bag.fate == Fate::Shelf
                    && bag.component == Component::RedCells
                    && bag.governorate.region() == *region
            });
            assert!(red.count() > 3, "{region}");
        }
        assert!(history.bags.iter().any(|bag| bag.fate == Fate::Quarantine));
        let given: usize = people.iter().map(|person| person.given.len()).sum();
        assert_eq!(given, history.gifts.len());
        for person in &people {
            for pair in person.given.windows(2) {
                assert!((pair[1] - pair[0]).num_days() >= if person.sex == Sex::Male { 84 } else { 112 });
            }
        }
    }
}
