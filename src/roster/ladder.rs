//! Blood units by facility, component, group and state, each cell a ladder of the moments at which they expire. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::NaiveDate;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::{BloodUnitId, FacilityId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::Moment;

/// Where a unit counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Lot {
    pub facility: FacilityId,
    pub component: Component,
    /// Absent while nobody has named it.
    pub group: Option<BloodGroup>,
    pub status: UnitStatus,
    /// The last moment at which it is good, and the civil day of it.
    pub expires: (Moment, NaiveDate),
    pub attributes: Attributes,
}

/// A step of the ladder: what expires together and has the same attributes.
type Rung = (Moment, NaiveDate, Attributes);
type Key = (FacilityId, Component, Option<BloodGroup>, UnitStatus);

/// The units of a cell.
#[derive(Debug, Clone, Default)]
struct Steps {
    by_expiry: BTreeMap<Rung, u32>,
    units: u32,
    ready: Option<Ready>,
}

/// Counts of a cell that lie ready: good between two of its moments of expiry, until the day is over. A caller's moment may
/// well lie before the one at which they were made.
#[derive(Debug, Clone, Copy)]
struct Ready {
    after: Moment,
    until: Moment,
    soon: NaiveDate,
    past: u32,
    expiring: u32,
}

impl Ready {
    fn is_of(&self, now: Moment, soon: NaiveDate) -> bool {
        self.after < now && now <= self.until && self.soon == soon
    }
}

impl Steps {
    /// Units past their moment, and units good no longer than until the day `soon`.
    fn past_and_expiring(&self, now: Moment, soon: NaiveDate) -> (u32, u32) {
        if let Some(ready) = self.ready.filter(|ready| ready.is_of(now, soon)) {
            return (ready.past, ready.expiring);
        }
        let past = self.by_expiry.range(..least(now)).map(|(_, units)| units).sum();
        let good = self.by_expiry.range(least(now)..);
        (past, good.take_while(|((_, on, _), _)| *on <= soon).map(|(_, units)| units).sum())
    }

    /// Makes the counts ready; the last moment for which they are.
    fn settle(&mut self, now: Moment, soon: NaiveDate) -> Moment {
        if let Some(ready) = self.ready.filter(|ready| ready.is_of(now, soon)) {
            return ready.until;
        }
        let (past, expiring) = self.past_and_expiring(now, soon);
        let last = self.by_expiry.range(..least(now)).next_back();
        let after = last.map_or(Moment::MIN_UTC, |((after, ..), _)| *after);
        let next = self.by_expiry.range(least(now)..).next();
        let until = next.map_or(Moment::MAX_UTC, |((until, ..), _)| *until);
        self.ready = Some(Ready { after, until, soon, past, expiring });
        until
    }
}

/// Units of one cell at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    pub facility: FacilityId,
    pub component: Component,
    pub group: Option<BloodGroup>,
    pub status: UnitStatus,
    /// All, those past their moment too.
    pub units: u32,
    pub past: u32,
    /// Good now, and no longer than until the day that was asked for.
    pub expiring: u32,
}

/// Usable units that expire on one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usable {
    pub facility: FacilityId,
    pub component: Component,
    pub group: BloodGroup,
    pub expires: (Moment, NaiveDate),
    pub units: u32,
}

/// Every unit that lies on a shelf or is on its way to one.
#[derive(Debug, Default)]
pub struct Ladder {
    units: BTreeMap<BloodUnitId, Lot>,
    cells: BTreeMap<Key, Steps>,
    places: HashMap<FacilityId, Governorate>,
    touched: BTreeSet<Key>,
    /// Until when all cells but the touched ones are ready, and for which day.
    ready: Option<(Moment, NaiveDate)>,
}

impl Ladder {
    /// Puts a unit in the place of what was known of it; `None` forgets. Counts are quick after [`Ladder::settle`].
    pub fn put(&mut self, id: BloodUnitId, lot: Option<Lot>) {
        let before = match lot {
            Some(lot) => {
                let steps = self.cells.entry(key(&lot)).or_default();
                *steps.by_expiry.entry(rung(&lot)).or_default() += 1;
                steps.units += 1;
                steps.ready = None;
                self.touched.insert(key(&lot));
                self.units.insert(id, lot)
            }
            None => self.units.remove(&id),
        };
        let Some(before) = before else { return };
        let Some(steps) = self.cells.get_mut(&key(&before)) else { return };
        steps.units -= 1;
        steps.ready = None;
        self.touched.insert(key(&before));
        if let Some(units) = steps.by_expiry.get_mut(&rung(&before)) {
            *units -= 1;
            if *units == 0 {
                steps.by_expiry.remove(&rung(&before));
            }
        }
        if steps.units == 0 {
            self.cells.remove(&key(&before));
        }
    }

    /// Makes the counts ready that are asked for at this moment and until this day.
    pub fn settle(&mut self, now: Moment, soon: NaiveDate) {
        let touched = std::mem::take(&mut self.touched);
        let until = match self.ready.filter(|(until, day)| now <= *until && *day == soon) {
            Some((until, _)) => {
                let cells = touched.iter().filter_map(|key| Some(self.cells.get_mut(key)?.settle(now, soon)));
                cells.fold(until, Moment::min)
            }
            None => {
                let cells = self.cells.values_mut().map(|steps| steps.settle(now, soon));
                cells.fold(Moment::MAX_UTC, Moment::min)
            }
        };
        self.ready = Some((until, soon));
    }

    /// Where each facility stands.
    pub fn put_places(&mut self, places: HashMap<FacilityId, Governorate>) {
        self.places = places;
    }

    /// Where a facility stands.
    #[must_use]
    pub fn place(&self, facility: FacilityId) -> Option<Governorate> {
        self.places.get(&facility).copied()
    }

    /// The units known from the first to the last id.
    pub fn ids(&self, (first, last): (i64, i64)) -> Vec<BloodUnitId> {
        self.units.range(BloodUnitId(first)..=BloodUnitId(last)).map(|(id, _)| *id).collect()
    }

    /// The cells of one facility, or of all: those in this state now, and of them what expires no later than `soon`.
    pub fn counts(
        &self,
        facility: Option<FacilityId>,
        now: Moment,
        soon: NaiveDate,
    ) -> impl Iterator<Item = Counts> {
        let (first, last) = facility.map_or((i64::MIN, i64::MAX), |own| (own.0, own.0));
        let begin = (FacilityId(first), Component::WholeBlood, None, UnitStatus::Quarantine);
        let cells = self.cells.range(begin..).take_while(move |((own, ..), _)| own.0 <= last);
        cells.map(move |((facility, component, group, status), steps)| {
            let (past, expiring) = steps.past_and_expiring(now, soon);
            Counts {
                facility: *facility,
                component: *component,
                group: *group,
                status: *status,
                units: steps.units,
                past,
                expiring,
            }
        })
    }

    /// Released units of known group that have what is needed and are good at `good_at`, by moment of expiry.
    pub fn usable(
        &self,
        component: Option<Component>,
        needs: Attributes,
        good_at: Moment,
    ) -> impl Iterator<Item = Usable> {
        let wanted = move |own: Component| component.is_none_or(|asked| asked == own);
        let cells = self.cells.iter().filter(move |((_, component, group, status), _)| {
            *status == UnitStatus::Released && group.is_some() && wanted(*component)
        });
        cells.flat_map(move |((facility, component, group, _), steps)| {
            let good = steps.by_expiry.range(least(good_at)..);
            let such = good.filter(move |((.., attributes), _)| attributes.meet(needs));
            such.filter_map(move |((until, on, _), units)| {
                Some(Usable {
                    facility: *facility,
                    component: *component,
                    group: (*group)?,
                    expires: (*until, *on),
                    units: *units,
                })
            })
        })
    }

    /// All that are known.
    pub fn all(&self) -> impl Iterator<Item = (BloodUnitId, &Lot)> {
        self.units.iter().map(|(id, lot)| (*id, lot))
    }
}

const fn key(lot: &Lot) -> Key {
    (lot.facility, lot.component, lot.group, lot.status)
}

const fn rung(lot: &Lot) -> Rung {
    (lot.expires.0, lot.expires.1, lot.attributes)
}

/// Before everything that is good at this moment.
fn least(at: Moment) -> Rung {
    (at, NaiveDate::MIN, Attributes::default())
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use shiryan_kernel::attribute::Attribute;

    use super::*;

    fn at(hour: i64) -> (Moment, NaiveDate) {
        let moment: DateTime<Utc> = DateTime::from_timestamp(hour * 3_600, 0).unwrap();
        (moment, moment.date_naive())
    }

    fn lot() -> impl Strategy<Value = Lot> {
        let group = proptest::option::weighted(0.9, proptest::sample::select(&BloodGroup::ALL[..2]));
        let what = (proptest::sample::select(&Component::ALL[..2]), group);
        let small =
            proptest::sample::select(vec![Attributes::default(), Attributes::of(&[Attribute::Small])]);
        (1_i64..4, what, proptest::sample::select(&UnitStatus::ALL[..2]), 0_i64..200, small).prop_map(
            |(facility, (component, group), status, hour, attributes)| Lot {
                facility: FacilityId(facility),
                component,
                group,
                status,
                expires: at(hour),
                attributes,
            },
        )
    }

    proptest! {
        /// Whatever came and went, cells count what is there.
        #[test]
        fn cells_count_what_is_there(
            changes in proptest::collection::vec((0_i64..30, proptest::option::weighted(0.8, lot())), 0..80),
            hour in 0_i64..200,
            settled in proptest::collection::vec((0_usize..80, 0_i64..200), 0..6),
        ) {
            let mut ladder = Ladder::default();
            let mut plain: BTreeMap<BloodUnitId, Lot> = BTreeMap::new();
            for (n, (id, lot)) in changes.into_iter().enumerate() {
                for (_, hour) in settled.iter().filter(|(after, _)| *after == n) {
                    let (now, today) = at(*hour);
                    ladder.settle(now, today + chrono::Duration::days(3));
                }
                match lot {
                    Some(lot) => drop(plain.insert(BloodUnitId(id), lot)),
                    None => drop(plain.remove(&BloodUnitId(id))),
                }
                ladder.put(BloodUnitId(id), lot);
            }
            let (now, today) = at(hour);
            let soon = today + chrono::Duration::days(3);
            for own in [None, Some(FacilityId(2))] {
                let told: BTreeMap<Key, (u32, u32, u32)> = ladder
                    .counts(own, now, soon)
                    .map(|c| ((c.facility, c.component, c.group, c.status), (c.units, c.past, c.expiring)))
                    .collect();
                let mut expected: BTreeMap<Key, (u32, u32, u32)> = BTreeMap::new();
                for lot in plain.values().filter(|lot| own.is_none_or(|own| own == lot.facility)) {
                    let cell = expected.entry(key(lot)).or_default();
                    cell.0 += 1;
                    cell.1 += u32::from(lot.expires.0 < now);
                    cell.2 += u32::from(lot.expires.0 >= now && lot.expires.1 <= soon);
                }
                prop_assert_eq!(told, expected);
            }
            for needs in [Attributes::default(), Attributes::of(&[Attribute::Small])] {
                let usable: u32 = ladder.usable(None, needs, now).map(|row| row.units).sum();
                let good = |lot: &&Lot| {
                    let is_such = lot.group.is_some() && lot.attributes == needs;
                    lot.status == UnitStatus::Released && is_such && lot.expires.0 >= now
                };
                prop_assert_eq!(usize::try_from(usable).unwrap(), plain.values().filter(good).count());
            }
        }
    }
}
