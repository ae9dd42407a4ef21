//! Estimated blood volume, and how much of it may be collected.
//!
//! Nadler, Hidalgo and Bloch (1962) from height, weight and sex; an unknown sex gets the smaller
//! estimate. Refuses to guess an unknown height for a light donor: measure first.

use shiryan_kernel::blood::{DonationType, Sex};

use super::policy::RuleSet;

/// Whether a collection fits the donor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    Fits,
    /// Past the share at which a person looks, under the limit.
    Near,
    TooMuch,
    /// Height or weight is needed to say.
    MeasureFirst,
}

/// The donor's body as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Body {
    pub sex: Option<Sex>,
    pub weight_kg: Option<f64>,
    pub height_cm: Option<f64>,
}

impl Body {
    /// Weight that can be a weight.
    pub(super) fn weight(self) -> Option<f64> {
        self.weight_kg.filter(|kg| kg.is_finite() && *kg > 0.0)
    }

    fn height(self) -> Option<f64> {
        self.height_cm.filter(|cm| cm.is_finite() && *cm > 0.0)
    }

    /// Estimated blood volume in mL.
    #[must_use]
    pub fn blood_volume_ml(self) -> Option<f64> {
        let (cm, kg) = (self.height()?, self.weight()?);
        let of = |sex| nadler_ml(sex, cm, kg);
        Some(self.sex.map_or_else(|| of(Sex::Female).min(of(Sex::Male)), of))
    }
}

fn nadler_ml(sex: Sex, height_cm: f64, weight_kg: f64) -> f64 {
    let cube = (height_cm / 100.0).powi(3);
    let litres = match sex {
        Sex::Male => 0.3669 * cube + 0.032_19 * weight_kg + 0.6041,
        Sex::Female => 0.3561 * cube + 0.033_08 * weight_kg + 0.1833,
    };
    litres * 1000.0
}

/// Whether `collected_ml` (the samples come on top) may be taken from this body.
#[must_use]
pub fn fit(rule_set: &RuleSet, body: Body, asked: DonationType, collected_ml: u16) -> Fit {
    let limits = &rule_set.volume;
    let (warn, stop, under, measure_under) = match asked {
        DonationType::WholeBlood | DonationType::DoubleRedCells => {
            (limits.warn_pct, limits.stop_pct, limits.checked_under_kg, limits.measure_height_under_kg)
        }
        DonationType::PlasmaApheresis => {
            (limits.plasma_stop_pct, limits.plasma_stop_pct, f64::INFINITY, f64::INFINITY)
        }
        DonationType::PlateletApheresis => return Fit::Fits,
    };
    let Some(kg) = body.weight() else { return Fit::MeasureFirst };
    let Some(total) = body.blood_volume_ml() else {
        return if kg < measure_under { Fit::MeasureFirst } else { Fit::Fits };
    };
    if kg >= under {
        return Fit::Fits;
    }
    let share = 100.0 * (f64::from(collected_ml) + f64::from(limits.samples_ml)) / total;
    if share > stop {
        Fit::TooMuch
    } else if share > warn {
        Fit::Near
    } else {
        Fit::Fits
    }
}
