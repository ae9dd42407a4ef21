//! How many of those who are called come in time, and whom they serve. Pure.

use shiryan_forecast::Chance;
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::compat::acceptable;

use super::HORIZONS;
use super::calling::Calling;

const GROUPS: usize = 8;
const TIMES: usize = 4;
/// Simulated calls.
const PATHS: u64 = 1_000;
/// The stream of chance.
const CALL: u64 = 11;
/// What is left of collected platelets beside what is left of everything else (discards 0.3 and 0.05).
const PLATELETS: f64 = 0.7 / 0.95;

/// People who are called together: what keeps one away keeps others.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// The share that gives a usable unit in time: Beta with these parameters.
    pub share: (f64, f64),
    /// Group, whether a site is in their own governorate, and how many.
    pub donors: Vec<(BloodGroup, bool, u32)>,
}

/// Units that come: on average, and at least in nine of ten calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Came {
    pub expected: f64,
    pub p10: u32,
}

/// What comes within one time, by group and in all.
#[derive(Debug, Clone, PartialEq)]
pub struct Come {
    groups: [Came; GROUPS],
    all: Came,
}

impl Come {
    pub fn of(&self, group: BloodGroup) -> Came {
        self.groups.get(place(group)).copied().unwrap_or(Came { expected: 0.0, p10: 0 })
    }

    pub const fn all(&self) -> Came {
        self.all
    }

    /// The tenth percentile of each group.
    pub fn surely(&self) -> [u32; GROUPS] {
        self.groups.map(|came| came.p10)
    }
}

fn place(group: BloodGroup) -> usize {
    BloodGroup::ALL.iter().position(|own| *own == group).unwrap_or(0)
}

/// What comes within each of [`HORIZONS`] when all are called, at most so many as can be bled.
#[must_use]
pub fn come(
    called: &[Called],
    calling: &Calling,
    donation: DonationType,
    most: [u32; TIMES],
    seed: u64,
) -> [Come; TIMES] {
    let kept = if donation == DonationType::PlateletApheresis { PLATELETS } else { 1.0 };
    let arrive = [false, true].map(|near| HORIZONS.map(|hours| calling.arrived(hours, near) * kept));
    let mut drawn: Vec<[[f64; GROUPS]; TIMES]> = Vec::new();
    for path in 0..PATHS {
        drawn.push(one_call(called, &arrive, most, Chance::new(seed, CALL), path));
    }
    std::array::from_fn(|time| {
        let of = |value: &dyn Fn(&[f64; GROUPS]) -> f64| -> Came {
            summary(drawn.iter().filter_map(|path| path.get(time)).map(value).collect())
        };
        Come {
            groups: std::array::from_fn(|group| of(&|path| path.get(group).copied().unwrap_or(0.0))),
            all: of(&|path| path.iter().sum()),
        }
    })
}

/// One call: who comes by each time, no more than can be bled; whoever is too many is so by chance of the queue, each
/// group by its share.
fn one_call(
    called: &[Called],
    arrive: &[[f64; TIMES]; 2],
    most: [u32; TIMES],
    chance: Chance,
    path: u64,
) -> [[f64; GROUPS]; TIMES] {
    let mut come = [[0.0; GROUPS]; TIMES];
    for (segment, people) in (0_u64..).zip(called) {
        let mut draws = chance.at(path, segment);
        let share = draws.beta(people.share.0, people.share.1);
        for (group, near, donors) in &people.donors {
            let arrive = if *near { arrive[1] } else { arrive[0] };
            // From the last time back, so that who came by an earlier one is among those of the later.
            let (mut left, mut later) = (*donors, None);
            for (by_time, arrived) in come.iter_mut().zip(arrive).rev() {
                let chance =
                    later.map_or(share * arrived, |later| if later > 0.0 { arrived / later } else { 0.0 });
                left = draws.binomial(left, chance);
                later = Some(arrived);
                if let Some(units) = by_time.get_mut(place(*group)) {
                    *units += f64::from(left);
                }
            }
        }
    }
    for (by_group, most) in come.iter_mut().zip(most) {
        let all: f64 = by_group.iter().sum();
        if all > f64::from(most) {
            let part = f64::from(most) / all;
            by_group.iter_mut().for_each(|units| *units *= part);
        }
    }
    come
}

fn summary(mut values: Vec<f64>) -> Came {
    values.sort_unstable_by(f64::total_cmp);
    let count = u32::try_from(values.len()).unwrap_or(u32::MAX).max(1);
    let expected = values.iter().sum::<f64>() / f64::from(count);
    // The greatest number that nine of ten calls reach.
    let tenth = values.get(values.len() / 10).copied().unwrap_or(0.0);
    let p10 = (0_u32..).take_while(|units| f64::from(units + 1) <= tenth + 1e-9).count();
    Came { expected, p10: u32::try_from(p10).unwrap_or(u32::MAX) }
}

/// All that fits a recipient group, if it went to nobody else.
#[must_use]
pub fn alone(component: Component, supply: &[u32; GROUPS], recipient: BloodGroup) -> u32 {
    let fitting = acceptable(component, recipient);
    fitting.into_iter().filter_map(|(group, _)| supply.get(place(group))).sum()
}

/// Units that reach each group when all needs are served at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joint {
    served: [u32; GROUPS],
}

impl Joint {
    pub fn of(&self, group: BloodGroup) -> u32 {
        self.served.get(place(group)).copied().unwrap_or(0)
    }

    pub fn all(&self) -> u32 {
        self.served.iter().sum()
    }
}

/// The greatest flow from donors' groups to what recipients' groups need: as much as can be served without counting a
/// donor twice. Needs are served in the order given, each by its own group first, and a later need may move an earlier
/// one to other donors, never take from it.
#[must_use]
pub fn joint(component: Component, supply: &[u32; GROUPS], needs: &[(BloodGroup, u32)]) -> Joint {
    let mut flow = Flow {
        left: *supply,
        given: [[0; GROUPS]; GROUPS],
        fits: [[false; GROUPS]; GROUPS],
        order: Vec::new(),
    };
    for recipient in BloodGroup::ALL {
        for (group, _) in acceptable(component, *recipient) {
            if let Some(fits) = flow.fits.get_mut(place(*recipient)).and_then(|row| row.get_mut(place(group)))
            {
                *fits = true;
            }
        }
    }
    let mut served = [0; GROUPS];
    for (recipient, need) in needs {
        let to = place(*recipient);
        flow.order = std::iter::once(to)
            .chain(acceptable(component, *recipient).into_iter().map(|(group, _)| place(group)))
            .collect();
        for _ in 0..*need {
            if !flow.one_more(to, &mut [false; GROUPS]) {
                break;
            }
            if let Some(served) = served.get_mut(to) {
                *served += 1;
            }
        }
    }
    Joint { served }
}

struct Flow {
    left: [u32; GROUPS],
    /// Recipient's group, donors' group.
    given: [[u32; GROUPS]; GROUPS],
    fits: [[bool; GROUPS]; GROUPS],
    /// Donors' groups of the recipient that is served now, best first.
    order: Vec<usize>,
}

impl Flow {
    /// One unit more for a recipient, along an augmenting path over recipients that are not on it yet.
    fn one_more(&mut self, to: usize, seen: &mut [bool; GROUPS]) -> bool {
        if let Some(seen) = seen.get_mut(to) {
            *seen = true;
        }
        let donors: Vec<usize> = self
            .order
            .iter()
            .copied()
            .chain(0..GROUPS)
            .filter(|from| self.fits.get(to).and_then(|row| row.get(*from)) == Some(&true))
            .collect();
        for from in &donors {
            if let Some(left) = self.left.get_mut(*from).filter(|left| **left > 0) {
                *left -= 1;
                self.change(to, *from, 1);
                return true;
            }
        }
        for from in donors {
            for other in 0..GROUPS {
                let holds =
                    self.given.get(other).and_then(|row| row.get(from)).is_some_and(|units| *units > 0);
                if holds && seen.get(other) == Some(&false) && self.one_more(other, seen) {
                    self.change(other, from, -1);
                    self.change(to, from, 1);
                    return true;
                }
            }
        }
        false
    }

    fn change(&mut self, to: usize, from: usize, by: i32) {
        if let Some(units) = self.given.get_mut(to).and_then(|row| row.get_mut(from)) {
            *units = units.saturating_add_signed(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reserve::Levels;

    fn calling() -> Calling {
        Levels::load(None).unwrap().calling
    }

    fn unit(share: (f64, f64), donors: &[(BloodGroup, u32)]) -> Called {
        Called { share, donors: donors.iter().map(|(group, count)| (*group, true, *count)).collect() }
    }

    const PLENTY: [u32; TIMES] = [u32::MAX; TIMES];

    #[test]
    fn the_mean_is_the_priors_and_units_hang_together() {
        let one = [unit((4.0, 12.0), &[(BloodGroup::OPos, 400)])];
        let whole = DonationType::WholeBlood;
        let found = come(&one, &calling(), whole, PLENTY, 5);
        let [two, .., three_days] = &found;
        assert!((three_days.all().expected - 100.0).abs() < 4.0, "{:?}", three_days.all());
        // Those who come within two hours: half an hour on the way, a median of an hour and a half, e^0.7 about it.
        assert!((two.all().expected - 100.0 * 0.5).abs() < 4.0, "{:?}", two.all());
        // Forty units of ten people each vary less than one of four hundred.
        let many: Vec<Called> = (0..40).map(|_| unit((4.0, 12.0), &[(BloodGroup::OPos, 10)])).collect();
        let many = come(&many, &calling(), whole, PLENTY, 5);
        assert!(many[3].all().p10 > three_days.all().p10 + 15, "{:?} {:?}", many[3].all(), three_days.all());
        assert_eq!(found, come(&one, &calling(), whole, PLENTY, 5));
        let platelets = come(&one, &calling(), DonationType::PlateletApheresis, PLENTY, 5);
        assert!((platelets[3].all().expected - 100.0 * PLATELETS).abs() < 4.0);
    }

    #[test]
    fn what_cannot_be_bled_does_not_count() {
        let two = [unit((4.0, 12.0), &[(BloodGroup::OPos, 300), (BloodGroup::ONeg, 100)])];
        let found = come(&two, &calling(), DonationType::WholeBlood, [0, 8, 40, 1_000], 5);
        assert_eq!(found[0].all(), Came { expected: 0.0, p10: 0 });
        assert!(found[1].all().expected <= 8.0 + 1e-9 && found[1].all().p10 == 8, "{:?}", found[1].all());
        let (o_pos, o_neg) = (found[2].of(BloodGroup::OPos).expected, found[2].of(BloodGroup::ONeg).expected);
        assert!((o_pos / o_neg - 3.0).abs() < 0.3 && o_pos + o_neg <= 40.0 + 1e-9, "{o_pos} {o_neg}");
        assert!(come(&[], &calling(), DonationType::WholeBlood, PLENTY, 5)[3].all().expected == 0.0);
    }

    #[test]
    fn one_o_negative_donor_serves_one() {
        use BloodGroup::{ANeg, APos, ONeg, OPos};
        let mut supply = [0; GROUPS];
        supply[place(ONeg)] = 3;
        supply[place(APos)] = 2;
        let red = Component::RedCells;
        assert_eq!((alone(red, &supply, APos), alone(red, &supply, ONeg)), (5, 3));
        let served = joint(red, &supply, &[(APos, 4), (ONeg, 2), (ANeg, 2)]);
        assert_eq!((served.of(APos), served.of(ONeg), served.of(ANeg), served.all()), (4, 1, 0, 5));
        // A need that only O− can meet moves A+ to its own donors, in whichever order.
        let served = joint(red, &supply, &[(ONeg, 3), (APos, 2), (OPos, 9)]);
        assert_eq!((served.of(ONeg), served.of(APos), served.of(OPos)), (3, 2, 0));
    }

    proptest! {
        /// Against the theorem of Hall: what is served in all is the least cut over sets of recipients.
        #[test]
        fn the_flow_is_the_greatest(
            supply in prop::array::uniform8(0_u32..6),
            needs in prop::collection::vec(0_u32..6, 8),
            component in prop::sample::select(vec![Component::RedCells, Component::Plasma, Component::Platelets]),
        ) {
            let needs: Vec<_> = BloodGroup::ALL.iter().copied().zip(needs).collect();
            let served = joint(component, &supply, &needs);
            let cut = (0_u32..256).map(|set| {
                let inside = |at: usize| set & (1 << at) != 0;
                let left_out: u32 = needs.iter().filter(|(group, _)| !inside(place(*group))).map(|need| need.1).sum();
                let reach: u32 = (0..GROUPS).filter(|from| {
                    BloodGroup::ALL.iter().any(|to| inside(place(*to))
                        && acceptable(component, *to).iter().any(|(group, _)| place(*group) == *from))
                }).map(|from| supply[from]).sum();
                left_out + reach
            }).min().unwrap();
            prop_assert_eq!(served.all(), cut);
            for (group, need) in &needs {
                prop_assert!(served.of(*group) <= *need);
                prop_assert!(served.of(*group) <= alone(component, &supply, *group));
            }
        }

        #[test]
        fn more_time_and_more_donors_bring_no_less(
            donors in 0_u32..300, more in 0_u32..300, shows in prop::option::of(20_i32..100),
        ) {
            let calling = calling();
            let share = calling.share(true, shows);
            let of = |count| come(
                &[unit(share, &[(BloodGroup::APos, count)])], &calling, DonationType::WholeBlood, PLENTY, 9,
            );
            let (few, many) = (of(donors), of(donors + more));
            prop_assert!(few.windows(2).all(|pair| pair[0].all().expected <= pair[1].all().expected));
            prop_assert!(few[3].all().expected <= many[3].all().expected + 1.5);
        }
    }
}
