//! A dated rule set: who may give what, how often and within which limits, as one signed file.
//!
//! Every number of the rules stands in `config/policies/*.toml` with its source; code holds none.
//! A rule set with a hole in its matrix, an unknown key or a limit that cannot be is refused whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::blood::{DonationType, Sex};

use super::content::{self, ContentError, Review};

/// One cell of the interval matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interval {
    /// Civil days; the day itself is allowed.
    Days(u16),
    /// Refused for as long as the past donation is in the look-back.
    Never,
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Cell;
        impl serde::de::Visitor<'_> for Cell {
            type Value = Interval;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("days from 0 to 3650, or \"never\"")
            }
            fn visit_i64<E: serde::de::Error>(self, days: i64) -> Result<Interval, E> {
                u16::try_from(days)
                    .ok()
                    .filter(|days| *days <= 3650)
                    .map(Interval::Days)
                    .ok_or_else(|| E::invalid_value(serde::de::Unexpected::Signed(days), &self))
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Interval, E> {
                if text == "never" {
                    Ok(Interval::Never)
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Str(text), &self))
                }
            }
        }
        deserializer.deserialize_any(Cell)
    }
}

/// One value for each donation type; none may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByType<T> {
    pub whole_blood: T,
    pub double_red_cells: T,
    pub platelet_apheresis: T,
    pub plasma_apheresis: T,
}

impl<T> ByType<T> {
    pub const fn of(&self, donation_type: DonationType) -> &T {
        match donation_type {
            DonationType::WholeBlood => &self.whole_blood,
            DonationType::DoubleRedCells => &self.double_red_cells,
            DonationType::PlateletApheresis => &self.platelet_apheresis,
            DonationType::PlasmaApheresis => &self.plasma_apheresis,
        }
    }
}

/// One value for each sex.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BySex<T> {
    pub male: T,
    pub female: T,
}

impl<T> BySex<T> {
    pub const fn of(&self, sex: Sex) -> &T {
        match sex {
            Sex::Male => &self.male,
            Sex::Female => &self.female,
        }
    }
}

/// What a rolling cap adds up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Whole blood counts 1, double red cells 2.
    RedCellUnits,
    Donations,
    PlasmaMl,
}

/// A most in a rolling window, the donation asked for included.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cap {
    pub code: String,
    pub measure: Measure,
    /// The types that count, and for which it is asked.
    pub of: Vec<DonationType>,
    /// Days; a donation exactly this many days earlier no longer counts.
    pub window_days: u16,
    pub male: u32,
    pub female: u32,
}

impl Cap {
    /// The most for this sex; an unknown sex gets the lower.
    #[must_use]
    pub fn most(&self, sex: Option<Sex>) -> u32 {
        match sex {
            Some(Sex::Male) => self.male,
            Some(Sex::Female) => self.female,
            None => self.male.min(self.female),
        }
    }
}

/// Completed years.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Age {
    pub min: u16,
    pub first_time_physician_over: u16,
    pub regular_physician_over: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regular {
    /// A donor is regular within this many days of a donation, else first-time.
    pub within_days: u16,
    pub double_red_cells_for_first_time: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RedCells {
    /// From this loss on, a donation that failed counts as whole blood.
    pub loss_counts_as_whole_blood_ml: u16,
}

/// Least weight in kg; whole blood depends on the bag.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeightMin {
    pub double_red_cells: f64,
    pub platelet_apheresis: f64,
    pub plasma_apheresis: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bag {
    pub volume_ml: u16,
    pub weight_kg_min: f64,
}

/// Shares of the estimated blood volume that may be collected, samples included.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Volume {
    pub samples_ml: u16,
    pub warn_pct: f64,
    pub stop_pct: f64,
    pub plasma_stop_pct: f64,
    /// Whole blood and double red cells are checked for everyone lighter than this.
    pub checked_under_kg: f64,
    /// Below this an unknown height is measured first.
    pub measure_height_under_kg: f64,
    pub double_red_cells_min_ml: f64,
    /// Counted for a plasma donation whose volume is not known.
    pub plasma_planned_ml: u16,
}

/// g/dL.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Haemoglobin {
    pub min: BySex<ByType<f64>>,
    pub upper_alert: f64,
    /// Below this: physician and a written referral.
    pub danger_low: BySex<f64>,
    /// A fall since the last visit that a physician looks at.
    pub fall_physician: f64,
}

/// Lowest and highest accepted value, both accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Range(pub u16, pub u16);

impl Range {
    #[must_use]
    pub const fn holds(self, value: u16) -> bool {
        self.0 <= value && value <= self.1
    }
}

/// mmHg, beats a minute, °C.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vitals {
    pub systolic: Range,
    pub diastolic: Range,
    pub pulse: Range,
    /// For donors who train for endurance.
    pub pulse_athlete_min: u16,
    pub temperature_max_c: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Laboratory {
    /// 10⁹/L, before platelet apheresis.
    pub platelets_min: u16,
    /// g/L, before plasma apheresis.
    pub protein_min: u16,
}

/// How far the text behind the numbers was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    Proposed,
    Read,
    SecondHand,
    WellKnown,
}

/// One version of one rule set.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSet {
    pub code: String,
    pub version: u32,
    pub title_ar: String,
    pub title_en: String,
    /// First civil day in force; the next version of the same code ends it.
    #[serde(deserialize_with = "content::civil_date")]
    pub effective_from: NaiveDate,
    pub evidence: Evidence,
    pub source: String,
    /// The physician who signed the numbers; empty while nobody has.
    pub signed_by: String,
    pub offered: Vec<DonationType>,
    /// Sex, past donation, donation asked for.
    pub intervals: BySex<ByType<ByType<Interval>>>,
    pub lookback_days: ByType<u16>,
    /// Same type to same type: advised, not required.
    #[serde(default)]
    pub advised_days: BTreeMap<DonationType, u16>,
    #[serde(default)]
    pub caps: Vec<Cap>,
    pub age: Age,
    pub regular: Regular,
    pub red_cells: RedCells,
    pub weight_kg_min: WeightMin,
    /// Whole-blood bags, largest first.
    pub bags: Vec<Bag>,
    pub volume: Volume,
    pub haemoglobin: Haemoglobin,
    pub vitals: Vitals,
    pub laboratory: Laboratory,
    /// The file itself.
    #[serde(skip)]
    pub text: Arc<str>,
}

impl RuleSet {
    /// Reads one rule set.
    ///
    /// # Errors
    /// Everything found wrong: the first error of form, or all errors of content.
    pub fn read(file: &str, text: &str) -> Result<Self, Vec<ContentError>> {
        let set: Self = content::read(file, text).map_err(|error| vec![error])?;
        set.review(file)?;
        Ok(Self { text: text.into(), ..set })
    }

    /// The cell for a sex; an unknown sex gets the longer of the two.
    #[must_use]
    pub fn interval(&self, sex: Option<Sex>, past: DonationType, asked: DonationType) -> Interval {
        let cell = |sex| *self.intervals.of(sex).of(past).of(asked);
        match sex {
            Some(sex) => cell(sex),
            None => match (cell(Sex::Male), cell(Sex::Female)) {
                (Interval::Days(one), Interval::Days(other)) => Interval::Days(one.max(other)),
                _ => Interval::Never,
            },
        }
    }

    fn review(&self, file: &str) -> Result<(), Vec<ContentError>> {
        let mut review = Review::of(file);
        review.expect(is_code(&self.code), "code", "small letters, digits and underscores, from 1 to 40");
        review.expect(self.version > 0, "version", "counts from 1");
        for (key, text) in
            [("title_ar", &self.title_ar), ("title_en", &self.title_en), ("source", &self.source)]
        {
            review.expect(!text.trim().is_empty(), key, "must not be empty");
        }
        review.expect(!self.offered.is_empty(), "offered", "names at least one donation type");
        for sex in Sex::ALL {
            for past in DonationType::ALL {
                for asked in DonationType::ALL {
                    let key = format!("intervals.{sex}.{past}.{asked}");
                    if let Interval::Days(days) = *self.intervals.of(*sex).of(*past).of(*asked) {
                        let seen = days <= *self.lookback_days.of(*past);
                        review.expect(seen, key, "longer than the look-back of the past donation");
                    }
                }
            }
        }
        for cap in &self.caps {
            let key = format!("caps.{}", cap.code);
            review.expect(cap.window_days > 0, key.clone(), "window_days counts from 1");
            review.expect(cap.male > 0 && cap.female > 0, key.clone(), "a cap of 0 forbids: use `offered`");
            review.expect(!cap.of.is_empty(), key, "`of` names at least one donation type");
        }
        let ages = self.age.min <= self.age.first_time_physician_over
            && self.age.first_time_physician_over <= self.age.regular_physician_over;
        review.expect(ages, "age", "min, first_time_physician_over, regular_physician_over must not fall");
        let bags = self.bags.iter().zip(self.bags.iter().skip(1));
        let falling = bags.clone().all(|(one, next)| one.volume_ml > next.volume_ml);
        review.expect(!self.bags.is_empty() && falling, "bags", "at least one, largest first");
        for (key, value) in self.positive_numbers() {
            review.expect(value.is_finite() && value > 0.0, key, "a number above 0");
        }
        let volume = self.volume.warn_pct <= self.volume.stop_pct && self.volume.stop_pct < 100.0;
        review.expect(volume, "volume.warn_pct", "at most stop_pct, which is under 100");
        for (key, range) in [
            ("vitals.systolic", self.vitals.systolic),
            ("vitals.diastolic", self.vitals.diastolic),
            ("vitals.pulse", self.vitals.pulse),
        ] {
            review.expect(range.0 < range.1, key, "lowest, then highest");
        }
        review.settle()
    }

    fn positive_numbers(&self) -> Vec<(&'static str, f64)> {
        let mut numbers = vec![
            ("weight_kg_min.double_red_cells", self.weight_kg_min.double_red_cells),
            ("weight_kg_min.platelet_apheresis", self.weight_kg_min.platelet_apheresis),
            ("weight_kg_min.plasma_apheresis", self.weight_kg_min.plasma_apheresis),
            ("volume.warn_pct", self.volume.warn_pct),
            ("volume.plasma_stop_pct", self.volume.plasma_stop_pct),
            ("volume.checked_under_kg", self.volume.checked_under_kg),
            ("volume.measure_height_under_kg", self.volume.measure_height_under_kg),
            ("volume.double_red_cells_min_ml", self.volume.double_red_cells_min_ml),
            ("haemoglobin.upper_alert", self.haemoglobin.upper_alert),
            ("haemoglobin.fall_physician", self.haemoglobin.fall_physician),
            ("vitals.temperature_max_c", self.vitals.temperature_max_c),
        ];
        numbers.extend(self.bags.iter().map(|bag| ("bags.weight_kg_min", bag.weight_kg_min)));
        for sex in Sex::ALL {
            numbers.push(("haemoglobin.danger_low", *self.haemoglobin.danger_low.of(*sex)));
            numbers.extend(
                DonationType::ALL
                    .iter()
                    .map(|given| ("haemoglobin.min", *self.haemoglobin.min.of(*sex).of(*given))),
            );
        }
        numbers
    }
}

fn is_code(text: &str) -> bool {
    (1..=40).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
