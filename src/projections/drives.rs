//! What drives bring to the shelf, as numbers and by chance. Pure.
//!
//! Who is booked gives units of their own recorded group: they come with the share of their unit, are not deferred,
//! and what they give is released. Whether a unit's people come is drawn once for all of them, since what keeps one
//! away keeps others. A drive is called off as a whole, by the record of the house: half of that chance is its own, half is
//! shared by all drives of a region on that day, since closed roads and alerts shut them together. Every group and component
//! meets the same luck of a drive. What waits in quarantine from earlier drives is released or lost alike.

use chrono::NaiveDate;
use shiryan_forecast::{Chance, Paths};
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::place::Region;

use super::day_number;
use crate::drives::{Brings, Coming};

/// Days from the arm to release.
pub const TESTING_DAYS: i64 = 2;
/// Of those who come, the share who are not deferred (`planning` of the rules: deferral 0.12).
const ABLE: f64 = 0.88;
/// Of what is given, the share in which no marker of an infection is found (`tti` 0.01).
const CLEAR: f64 = 0.99;
/// How much a unit's share is trusted, as if so many people had shown it; MODELS' κ.
const TRUST: f64 = 25.0;
/// Streams of chance beside those of supply (0) and demand (1).
const GIFTS: u64 = 2;
const SHOW: u64 = 3;
const CALLED_OFF: u64 = 7;
const ALL_CALLED_OFF: u64 = 8;

/// Units that arrive together, or do not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Batch {
    /// Days after today on which they are released.
    pub ahead: usize,
    /// The drive they are of, or the day on which they were collected: what is drawn once for all of them.
    pub of: i64,
    pub size: Size,
    /// The chance that it is called off, and what it shares with others that are: its region and day.
    pub off: (f64, i64),
}

/// How many.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Size {
    /// So many people are booked; each gives so many units.
    Booked { people: u32, each: u32, show: f64 },
    /// So many units are being tested.
    Testing { units: u32 },
    /// So many are expected of a drive that is not published.
    Proposed { mean: f64 },
}

/// Of units that passed the tests, the share that is not discarded (`discard_rbc`, `discard_plt`; plasma as red
/// cells).
const fn kept(component: Component) -> f64 {
    match component {
        Component::Platelets => 0.7,
        Component::WholeBlood | Component::RedCells | Component::Plasma | Component::Cryoprecipitate => 0.95,
    }
}

/// Units of a component that one donation becomes: whole blood is parted into red cells and plasma.
#[must_use]
pub const fn units_of(given: DonationType, component: Component) -> u32 {
    match (given, component) {
        (DonationType::WholeBlood, Component::RedCells | Component::Plasma)
        | (DonationType::PlateletApheresis, Component::Platelets)
        | (DonationType::PlasmaApheresis, Component::Plasma) => 1,
        (DonationType::DoubleRedCells, Component::RedCells) => 2,
        _ => 0,
    }
}

impl Batch {
    /// What a drive brings of a group of a component.
    pub fn of_drive(drive: &Coming, component: Component, group: BloodGroup, today: NaiveDate) -> Vec<Self> {
        let Ok(ahead) = usize::try_from((drive.on - today).num_days() + TESTING_DAYS) else {
            return Vec::new();
        };
        let region = Region::ALL.iter().position(|own| *own == drive.governorate.region()).unwrap_or(0);
        let shared = i64::from(day_number(drive.on)) * 16 + i64::try_from(region).unwrap_or(0);
        let batch = |size| Self { ahead, of: drive.id.0, size, off: (drive.called_off, shared) };
        match &drive.brings {
            Brings::Booked(those) => those
                .iter()
                .filter(|(own, given, _)| *own == group && units_of(*given, component) > 0)
                .map(|(_, given, people)| {
                    let show = f64::from(drive.show) / 100.0;
                    batch(Size::Booked { people: *people, each: units_of(*given, component), show })
                })
                .collect(),
            Brings::Proposed(given, units) => units
                .iter()
                .filter(|(own, units)| *own == group && *units > 0.0 && units_of(*given, component) > 0)
                .map(|(_, units)| {
                    let mean = units * f64::from(units_of(*given, component)) * kept(component) / 0.95;
                    batch(Size::Proposed { mean })
                })
                .collect(),
        }
    }

    /// Units that are expected of it.
    #[must_use]
    pub fn expected(&self, component: Component) -> f64 {
        let released = CLEAR * kept(component);
        let units = match self.size {
            Size::Booked { people, each, show } => f64::from(people * each) * show * ABLE * released,
            Size::Testing { units } => f64::from(units) * released,
            Size::Proposed { mean } => mean,
        };
        units * (1.0 - self.off.0)
    }

    /// Whether its drive is called off on this path.
    fn is_off(&self, day: u64, path: u64) -> bool {
        let (chance, shared) = self.off;
        if chance <= 0.0 {
            return false;
        }
        let each = 1.0 - (1.0 - chance).sqrt();
        let is = |stream, of: i64| {
            let of = u64::from_ne_bytes(of.to_ne_bytes());
            Chance::new(day, stream).at(path, of).uniform() < each
        };
        is(CALLED_OFF, self.of) || is(ALL_CALLED_OFF, shared)
    }

    /// `seed` is the group's, `day` that of every group of every component.
    fn draw(&self, component: Component, (seed, day): (u64, u64), path: u64, place: u64) -> u32 {
        if self.is_off(day, path) {
            return 0;
        }
        let of = u64::from_ne_bytes(self.of.to_ne_bytes());
        let mut draws = Chance::new(seed, GIFTS).at(path, of.rotate_left(8) ^ place);
        let mut shared = Chance::new(day, SHOW).at(path, of);
        let mut among =
            |count: u32, chance: f64| (0..count).map(|_| u32::from(draws.uniform() < chance)).sum::<u32>();
        let released = CLEAR * kept(component);
        match self.size {
            Size::Booked { people, each, show } => {
                // A share of mean `show` and of the variance of Beta(κ show, κ (1 − show)).
                let spread = (show * (1.0 - show) / (TRUST + 1.0)).sqrt();
                let share = (show + spread * shared.normal()).clamp(0.0, 1.0);
                let able = among(people, share * ABLE);
                among(able * each, released)
            }
            Size::Testing { units } => among(units, released),
            Size::Proposed { mean } => {
                let spread: f64 = 0.3;
                draws.poisson(mean * (spread * shared.normal() - spread * spread / 2.0).exp())
            }
        }
    }
}

/// The supply with what these batches bring, path by path.
#[must_use]
pub fn with_batches(
    supply: &Paths,
    batches: &[Batch],
    component: Component,
    seed: u64,
    today: NaiveDate,
) -> Paths {
    let day = u64::try_from(day_number(today)).unwrap_or(0);
    Paths::filled(supply.len(), supply.days(), |path, row| {
        row.copy_from_slice(supply.path(usize::try_from(path).unwrap_or(usize::MAX)));
        for (place, batch) in (0_u64..).zip(batches) {
            if let Some(units) = row.get_mut(batch.ahead) {
                *units = units.saturating_add(batch.draw(component, (seed, day), path, place));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use shiryan_kernel::ids::{DriveId, UnitId};
    use shiryan_kernel::place::Governorate;

    use super::*;

    fn today() -> NaiveDate {
        "2026-11-24".parse().unwrap()
    }

    fn drive(brings: Brings) -> Coming {
        let on = "2026-11-29".parse().unwrap();
        Coming {
            id: DriveId(77),
            unit: UnitId(5),
            governorate: Governorate::Hebron,
            on,
            show: 80,
            called_off: 0.0,
            brings,
        }
    }

    fn booked() -> Vec<Batch> {
        use DonationType::{DoubleRedCells, PlateletApheresis, WholeBlood};
        let those = vec![
            (BloodGroup::ONeg, WholeBlood, 20),
            (BloodGroup::ONeg, DoubleRedCells, 3),
            (BloodGroup::ONeg, PlateletApheresis, 4),
            (BloodGroup::APos, WholeBlood, 50),
        ];
        Batch::of_drive(&drive(Brings::Booked(those)), Component::RedCells, BloodGroup::ONeg, today())
    }

    #[test]
    fn those_booked_by_hand() {
        let batches = booked();
        assert_eq!(batches.len(), 2, "platelets are no red cells, and another group is another's");
        assert!(batches.iter().all(|batch| batch.ahead == 7 && batch.of == 77));
        let units: f64 = batches.iter().map(|batch| batch.expected(Component::RedCells)).sum();
        assert!((units - 26.0 * 0.8 * 0.88 * 0.99 * 0.95).abs() < 1e-9, "{units}");
        let proposed = Brings::Proposed(DonationType::WholeBlood, vec![(BloodGroup::ONeg, 9.0)]);
        let of = |component| Batch::of_drive(&drive(proposed.clone()), component, BloodGroup::ONeg, today());
        assert_eq!(
            of(Component::RedCells),
            [Batch { ahead: 7, of: 77, size: Size::Proposed { mean: 9.0 }, off: batches[0].off }]
        );
        assert!(of(Component::Platelets).is_empty() && of(Component::WholeBlood).is_empty());
        let over = Coming { on: "2026-11-20".parse().unwrap(), ..drive(proposed) };
        assert!(Batch::of_drive(&over, Component::RedCells, BloodGroup::ONeg, today()).is_empty());
    }

    #[test]
    fn what_is_drawn_has_the_mean_that_is_told_and_a_shared_spread() {
        let batches = booked();
        let none = Paths::certain(8_000, &[0; 10]);
        let paths = with_batches(&none, &batches, Component::RedCells, 3, today());
        let means = paths.means();
        let told: f64 = batches.iter().map(|batch| batch.expected(Component::RedCells)).sum();
        assert!((means[7] - told).abs() < 0.15, "{} for {told}", means[7]);
        assert!(means.iter().enumerate().all(|(day, mean)| day == 7 || *mean == 0.0));
        let spread = |paths: &Paths, mean: f64| {
            paths.iter().map(|path| (f64::from(path[7]) - mean).powi(2)).sum::<f64>() / 8_000.0
        };
        // Each for themselves: 20 once and three twice, a chance of 0.662 each, and the loss of single units.
        let alone = 20.0 * 0.662 * 0.338 + 6.0 * (0.704 * 0.94 * 0.06 + 2.0 * 0.94 * 0.94 * 0.704 * 0.296);
        assert!(spread(&paths, told) > 1.15 * alone, "{} over {alone}", spread(&paths, told));
        assert_eq!(paths, with_batches(&none, &batches, Component::RedCells, 3, today()));
        let testing = [Batch { ahead: 7, of: 1, size: Size::Testing { units: 40 }, off: (0.0, 0) }];
        let tested = with_batches(&none, &testing, Component::Platelets, 3, today()).means()[7];
        assert!((tested - 40.0 * 0.99 * 0.7).abs() < 0.2, "{tested}");
    }

    /// One drive in four is called off: what is expected and the mean of the paths are three quarters; a path has all of it
    /// or nothing; two of a region and day fall together more often than by chance, two of other days do not.
    #[test]
    fn a_drive_is_called_off_as_a_whole_and_with_its_neighbours() {
        let off = |id: i64, on: &str| Coming {
            id: DriveId(id),
            called_off: 0.25,
            on: on.parse().unwrap(),
            ..drive(Brings::Booked(vec![(BloodGroup::ONeg, DonationType::WholeBlood, 40)]))
        };
        let batches =
            |id, on: &str, group| Batch::of_drive(&off(id, on), Component::RedCells, group, today());
        let none = Paths::certain(8_000, &[0; 12]);
        let drawn = |id, on: &str, seed| {
            with_batches(&none, &batches(id, on, BloodGroup::ONeg), Component::RedCells, seed, today())
        };
        let (one, other, later) =
            (drawn(1, "2026-11-29", 3), drawn(2, "2026-11-29", 4), drawn(3, "2026-11-30", 3));
        let told: f64 = batches(1, "2026-11-29", BloodGroup::ONeg)
            .iter()
            .map(|own| own.expected(Component::RedCells))
            .sum();
        assert!((told - 0.75 * 40.0 * 0.8 * 0.88 * 0.99 * 0.95).abs() < 1e-9);
        assert!((one.means()[7] - told).abs() < 0.4, "{} for {told}", one.means()[7]);
        let is_off = |paths: &Paths, day: usize| paths.iter().map(|path| path[day] == 0).collect::<Vec<_>>();
        let (one, other, later) = (is_off(&one, 7), is_off(&other, 7), is_off(&later, 8));
        let share =
            |of: &[bool]| f64::from(u32::try_from(of.iter().filter(|is| **is).count()).unwrap()) / 8_000.0;
        let both =
            |a: &[bool], b: &[bool]| share(&a.iter().zip(b).map(|(a, b)| *a && *b).collect::<Vec<_>>());
        assert!((share(&one) - 0.25).abs() < 0.02 && (share(&other) - 0.25).abs() < 0.02);
        // Each half is 1 − √0.75 = 0.134; together 0.134 + 0.866 × 0.134² = 0.1495.
        assert!((both(&one, &other) - 0.1495).abs() < 0.015, "{}", both(&one, &other));
        assert!((both(&one, &later) - 0.0625).abs() < 0.015, "{}", both(&one, &later));
        // Another group of the same drive meets the same fate, whatever its own seed.
        let of = |seed| {
            let batch = batches(1, "2026-11-29", BloodGroup::ONeg);
            is_off(&with_batches(&none, &batch, Component::RedCells, seed, today()), 7)
        };
        assert_eq!(of(3), of(99));
    }
}
