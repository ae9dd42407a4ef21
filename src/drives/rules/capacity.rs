//! How many people a slot takes and how much a drive may bring: by beds and staff, by who is likely to come, and how many of them for the first time.

use std::collections::BTreeMap;

use shiryan_kernel::blood::BloodGroup;

/// How long one giving keeps a bed, in minutes.
pub const BED_CYCLE_MINUTES: i32 = 30;
/// Givings that one of the staff serves in an hour, times ten.
const PER_STAFF_HOUR: i32 = 11;
/// The chance, in per cent, that more come than there are places which overbooking may bring.
const CROWDED_AT_MOST: f64 = 10.0;
/// What the show rate of one's own unit is taken for before anybody came or stayed away, in per cent, and how many
/// appointments that guess is worth.
const PRIOR: (i64, i64) = (85, 25);

/// Places in a slot by what there is: beds that turn over each half hour, and staff where their number is told.
#[must_use]
pub fn places(beds: i32, staff: Option<i32>, slot_minutes: i32) -> i32 {
    let by_beds = beds.saturating_mul(slot_minutes) / BED_CYCLE_MINUTES;
    let by_staff = staff.map(|staff| staff.saturating_mul(PER_STAFF_HOUR).saturating_mul(slot_minutes) / 600);
    by_staff.map_or(by_beds, |by_staff| by_beds.min(by_staff))
}

/// How many may be booked into so many places when each comes with a chance of `show` per cent: as many as make it
/// unlikely that more come than there are places, and at most `ceiling` per cent more than the places.
#[must_use]
pub fn overbooked(places: i32, show: i32, ceiling: i32) -> i32 {
    let most = places.saturating_add(places.saturating_mul(ceiling) / 100);
    let fits = |booked: &i32| more_than(places, *booked, f64::from(show) / 100.0) * 100.0 <= CROWDED_AT_MOST;
    (places..=most).rev().find(fits).unwrap_or(places)
}

/// The chance that more than `places` of `booked` come, each with the chance `show`. It is summed from all who are booked
/// downwards: where it matters most of them come, and the chance that nobody does is too small for a number.
fn more_than(places: i32, booked: i32, show: f64) -> f64 {
    let mut chance = show.powi(booked);
    let mut more = 0.0;
    for come in (places.max(-1) + 1..=booked).rev() {
        more += chance;
        chance *= f64::from(come) / f64::from(booked - come + 1) * (1.0 - show) / show;
    }
    more.min(1.0)
}

/// The most of an hour's bookings who may give for the first time, `share` per cent: one at least, so that a small
/// drive takes new donors at all.
#[must_use]
pub fn most_first_timers(places: i32, share: i32) -> i32 {
    (places.saturating_mul(share) / 100).max(1)
}

/// The share of those booked who come, in per cent, by a unit's own record.
#[must_use]
pub fn show_rate(came: i64, stayed_away: i64) -> i32 {
    let (guess, weight) = PRIOR;
    let all = came.saturating_add(stayed_away).saturating_add(weight).max(1);
    let rate = (came.saturating_mul(100).saturating_add(guess * weight) + all / 2) / all;
    i32::try_from(rate.clamp(1, 100)).unwrap_or(100)
}

/// What is assumed of drives that are called off, and as how many drives it counts.
const CALLED_OFF: (f64, f64) = (0.05, 20.0);
/// Drives are published about so many days before.
const PUBLISHED_DAYS: f64 = 28.0;

/// The chance that a published drive in so many days is called off, by the record of the house: the nearer, the less.
#[must_use]
pub fn called_off(held: i64, off: i64, days: i64) -> f64 {
    let count = |drives: i64| f64::from(i32::try_from(drives.max(0)).unwrap_or(i32::MAX));
    let (guess, weight) = CALLED_OFF;
    let share = (count(off) + guess * weight) / (count(held) + count(off) + weight);
    share * (count(days) / PUBLISHED_DAYS).min(1.0)
}

/// Of those who come, the share who are not deferred; of what they give, the share that is released.
const ABLE: f64 = 0.88;
const RELEASED: f64 = 0.99 * 0.95;

/// What a drive may bring.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// Those who come, to a tenth.
    pub come: f64,
    /// Units that may be released, by group, to a tenth; none for a group that nobody has.
    pub units: Vec<(Option<BloodGroup>, f64)>,
}

/// What a drive may bring whose places are booked as far as those who may give can fill them, each group by its share
/// of them.
#[must_use]
pub fn expected(places: i64, show: i32, eligible: &BTreeMap<Option<BloodGroup>, i64>) -> Expected {
    let tenth = |value: f64| (value * 10.0).round() / 10.0;
    let float = |count: i64| f64::from(i32::try_from(count).unwrap_or(i32::MAX));
    let all: i64 = eligible.values().sum();
    let come = float(places.min(all)) * f64::from(show) / 100.0;
    let units = eligible
        .iter()
        .filter(|(_, donors)| **donors > 0)
        .map(|(group, donors)| (*group, tenth(come * ABLE * RELEASED * float(*donors) / float(all))))
        .collect();
    Expected { come: tenth(come), units }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// One of twenty until the house knows better; half of that two weeks before, none on the day.
    #[test]
    fn the_chance_of_being_called_off_follows_the_record_and_the_days_left() {
        let near = |got: f64, expected: f64| assert!((got - expected).abs() < 1e-12, "{got} for {expected}");
        near(called_off(0, 0, 28), 0.05);
        near(called_off(0, 0, 90), 0.05);
        near(called_off(0, 0, 14), 0.025);
        near(called_off(0, 0, 0), 0.0);
        near(called_off(0, 0, -3), 0.0);
        near(called_off(70, 10, 28), 0.11);
        near(called_off(180, 0, 28), 0.005);
    }

    #[test]
    fn beds_turn_over_each_half_hour_and_staff_serve_what_they_can() {
        for (beds, staff, minutes, expected) in [
            (2, None, 30, 2),
            (2, None, 60, 4),
            (3, None, 20, 2),
            (1, None, 15, 0),
            (10, Some(4), 30, 2),
            (10, Some(10), 60, 11),
            (10, Some(20), 60, 20),
            (200, Some(200), 240, 880),
        ] {
            assert_eq!(places(beds, staff, minutes), expected, "{beds} {staff:?} {minutes}");
        }
    }

    /// By the binomial law: of 6 with 60 per cent, all come with 4.7 per cent; of 12 with 85, more than 10 with 44.
    #[test]
    fn more_are_let_in_only_where_few_come() {
        for (places, show, expected) in [
            (1, 60, 1),
            (4, 60, 4),
            (5, 60, 6),
            (10, 60, 12),
            (10, 75, 11),
            (10, 85, 10),
            (10, 100, 10),
            (20, 85, 21),
            (50, 85, 55),
            (50, 60, 60),
        ] {
            assert_eq!(overbooked(places, show, 20), expected, "{places} at {show}");
        }
        assert_eq!(overbooked(10, 50, 0), 10, "a ceiling of nothing");
        // Worked out in fractions; that nobody comes has a chance of 10 to the power of -650 and of -305.
        for (places, booked, show, chance) in [(480, 500, 0.95, 0.12723), (271, 292, 0.91, 0.11591)] {
            let found = more_than(places, booked, show);
            assert!((found - chance).abs() < 1e-5, "{places} of {booked} at {show}: {found}");
        }
    }

    #[test]
    fn two_of_five_give_for_the_first_time() {
        for (places, expected) in [(1, 1), (2, 1), (4, 1), (5, 2), (10, 4), (12, 4), (100, 40)] {
            assert_eq!(most_first_timers(places, 40), expected, "{places}");
        }
    }

    #[test]
    fn a_record_outweighs_the_guess_in_time() {
        for (came, away, expected) in [(0, 0, 85), (25, 0, 93), (0, 25, 43), (600, 400, 61), (1_000, 0, 100)]
        {
            assert_eq!(show_rate(came, away), expected, "{came} {away}");
        }
    }

    #[test]
    fn a_drive_brings_what_its_donors_are() {
        use BloodGroup::{ONeg, OPos};
        let donors = BTreeMap::from([(None, 10), (Some(OPos), 80), (Some(ONeg), 10)]);
        // 50 places, 85 per cent come: 42.5, of whom 88 in a hundred give and 94.05 in a hundred units are released.
        let found = expected(50, 85, &donors);
        assert_eq!(found.come, 42.5);
        assert_eq!(found.units, [(None, 3.5), (Some(ONeg), 3.5), (Some(OPos), 28.1)]);
        assert_eq!(expected(500, 85, &donors).come, 85.0, "no more than there are donors");
        assert_eq!(expected(50, 85, &BTreeMap::new()), Expected { come: 0.0, units: Vec::new() });
    }

    proptest! {
        #[test]
        fn overbooking_stays_between_the_places_and_the_ceiling(places in 1_i32..=500, show in 1_i32..=100) {
            let most = overbooked(places, show, 20);
            prop_assert!((places..=places * 6 / 5).contains(&most));
            prop_assert!(most == places || more_than(places, most, f64::from(show) / 100.0) <= 0.1 + 1e-9);
            prop_assert!(show == 100 || most >= overbooked(places, show + 1, 20), "fewer come, more are let in");
        }
    }
}
