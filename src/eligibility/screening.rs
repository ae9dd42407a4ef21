//! The limits of the drive day: haemoglobin, vital signs, laboratory values, weight and bag.
//!
//! A needed value that nobody measured is a hard stop, never a pass. Limits stand in the rule set,
//! haemoglobin by sex and by what is given (double red cells 14.0 g/dL); a cause that stays with the
//! donor for days (low haemoglobin, vital signs, low weight) carries its code of the catalogue, for
//! the caller to record with the day of measuring as its base.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::time::plus_days;

use super::catalogue::{Catalogue, Visibility};
use super::policy::RuleSet;
use super::reason::{Outcome, Reason, RuleCode, Severity};
use super::volume::{Body, Fit, fit};

/// What screening measured. Absent is not measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    pub body: Body,
    pub haemoglobin_g_dl: Option<f64>,
    /// At the visit before, where there was one.
    pub haemoglobin_before_g_dl: Option<f64>,
    /// mmHg.
    pub systolic: Option<u16>,
    pub diastolic: Option<u16>,
    /// Beats a minute.
    pub pulse: Option<u16>,
    /// Says to train for endurance: a slow pulse is then accepted.
    pub endurance: bool,
    pub temperature_c: Option<f64>,
    /// 10⁹/L; needed for platelet apheresis.
    pub platelets: Option<u16>,
    /// g/L; needed for plasma apheresis.
    pub protein: Option<u16>,
    /// The bag that is to be filled, in mL; needed for whole blood.
    pub bag_ml: Option<u16>,
}

/// Everything in the measurements that stops, needs a physician or warns, strongest first; empty when
/// all is well.
#[must_use]
pub fn screen(
    rule_set: &RuleSet,
    catalogue: &Catalogue,
    asked: DonationType,
    measured: &Measured,
    on: NaiveDate,
) -> Vec<Reason> {
    let mut findings = Findings { rule_set, catalogue, on, found: Vec::new() };
    haemoglobin(&mut findings, asked, measured);
    vitals(&mut findings, measured);
    laboratory(&mut findings, asked, measured);
    weight_and_bag(&mut findings, asked, measured);
    findings.found.sort_unstable();
    findings.found
}

/// What the findings amount to: only `eligible` goes on to the bed.
#[must_use]
pub fn screened(findings: &[Reason]) -> Outcome {
    Outcome::of(findings.iter())
}

struct Findings<'a> {
    rule_set: &'a RuleSet,
    catalogue: &'a Catalogue,
    on: NaiveDate,
    found: Vec<Reason>,
}

impl Findings<'_> {
    fn rule(&mut self, severity: Severity, code: RuleCode, name: &'static str, fact: impl ToString) {
        self.found.push(Reason {
            severity,
            code: code.code().to_owned(),
            until: None,
            for_good: false,
            visibility: code.visibility(),
            source: self.rule_set.source.clone(),
            facts: BTreeMap::from([(name, fact.to_string())]),
        });
    }

    fn missing(&mut self, what: &'static str) {
        self.rule(Severity::HardStop, RuleCode::NotMeasured, "measure", what);
    }

    /// A cause of the catalogue with today as its base.
    fn cause(&mut self, code: &'static str, name: &'static str, fact: impl ToString) {
        let entry = self.catalogue.get(code);
        let days = entry.and_then(|entry| entry.days);
        self.found.push(Reason {
            severity: Severity::HardStop,
            code: code.to_owned(),
            until: days.map(|days| plus_days(self.on, i64::from(days))),
            for_good: false,
            visibility: entry.map_or(Visibility::Screening, |entry| entry.visibility),
            source: entry.map_or_else(|| self.rule_set.source.clone(), |entry| entry.source.clone()),
            facts: BTreeMap::from([(name, fact.to_string())]),
        });
    }
}

/// A number that can be a measurement.
fn sane(value: Option<f64>) -> Option<f64> {
    value.filter(|value| value.is_finite() && *value > 0.0)
}

/// The limit for a sex; an unknown one gets the higher.
fn higher(sex: Option<Sex>, limit: impl Fn(Sex) -> f64) -> f64 {
    sex.map_or_else(|| limit(Sex::Male).max(limit(Sex::Female)), &limit)
}

fn haemoglobin(findings: &mut Findings<'_>, asked: DonationType, measured: &Measured) {
    let limits = findings.rule_set.haemoglobin;
    let Some(found) = sane(measured.haemoglobin_g_dl) else {
        findings.missing("haemoglobin");
        return;
    };
    let sex = measured.body.sex;
    if found < higher(sex, |sex| *limits.min.of(sex).of(asked)) {
        // below this donation's own limit but not below that of whole blood: no deferral, another type
        if found < higher(sex, |sex| limits.min.of(sex).whole_blood) {
            findings.cause("HB-LOW", "haemoglobin_g_dl", found);
        } else {
            findings.rule(Severity::HardStop, RuleCode::HaemoglobinForType, "haemoglobin_g_dl", found);
        }
    }
    let physician = Severity::NeedsPhysician;
    if found < higher(sex, |sex| *limits.danger_low.of(sex)) {
        findings.rule(physician, RuleCode::HaemoglobinDanger, "haemoglobin_g_dl", found);
    }
    if found > limits.upper_alert {
        findings.rule(physician, RuleCode::HaemoglobinHigh, "haemoglobin_g_dl", found);
    }
    // to the tenth that the device shows: 15.2 to 13.2 is a fall of 2.0
    let fall =
        sane(measured.haemoglobin_before_g_dl).map_or(0.0, |before| ((before - found) * 10.0).round() / 10.0);
    if fall >= limits.fall_physician {
        findings.rule(physician, RuleCode::HaemoglobinFall, "fall_g_dl", format!("{fall:.1}"));
    }
}

fn vitals(findings: &mut Findings<'_>, measured: &Measured) {
    let limits = findings.rule_set.vitals;
    for (name, value, range) in [
        ("systolic", measured.systolic, limits.systolic),
        ("diastolic", measured.diastolic, limits.diastolic),
    ] {
        match value {
            None => findings.missing(name),
            Some(value) if !range.holds(value) => findings.cause("VITALS", name, value),
            Some(_) => {}
        }
    }
    match measured.pulse {
        None => findings.missing("pulse"),
        Some(pulse) => {
            let trained = measured.endurance && pulse >= limits.pulse_athlete_min && pulse <= limits.pulse.1;
            if !limits.pulse.holds(pulse) && !trained {
                findings.cause("VITALS", "pulse", pulse);
            }
        }
    }
    match sane(measured.temperature_c) {
        None => findings.missing("temperature"),
        Some(found) if found > limits.temperature_max_c => findings.cause("VITALS", "temperature_c", found),
        Some(_) => {}
    }
}

fn laboratory(findings: &mut Findings<'_>, asked: DonationType, measured: &Measured) {
    let limits = findings.rule_set.laboratory;
    let (name, value, least, code) = match asked {
        DonationType::PlateletApheresis => {
            ("platelets", measured.platelets, limits.platelets_min, RuleCode::PlateletsLow)
        }
        DonationType::PlasmaApheresis => {
            ("protein", measured.protein, limits.protein_min, RuleCode::ProteinLow)
        }
        DonationType::WholeBlood | DonationType::DoubleRedCells => return,
    };
    match value {
        None => findings.missing(name),
        Some(value) if value < least => findings.rule(Severity::HardStop, code, name, value),
        Some(_) => {}
    }
}

fn weight_and_bag(findings: &mut Findings<'_>, asked: DonationType, measured: &Measured) {
    let set = findings.rule_set;
    let Some(kg) = measured.body.weight() else {
        findings.missing("weight");
        return;
    };
    let least = match asked {
        DonationType::DoubleRedCells => set.weight_kg_min.double_red_cells,
        DonationType::PlateletApheresis => set.weight_kg_min.platelet_apheresis,
        DonationType::PlasmaApheresis => set.weight_kg_min.plasma_apheresis,
        DonationType::WholeBlood => {
            let Some(bag_ml) = measured.bag_ml else {
                findings.missing("bag");
                return;
            };
            let Some(bag) = set.bags.iter().find(|bag| bag.volume_ml == bag_ml) else {
                findings.rule(Severity::HardStop, RuleCode::BagUnknown, "bag_ml", bag_ml);
                return;
            };
            match fit(set, measured.body, asked, bag_ml) {
                Fit::TooMuch => findings.rule(Severity::HardStop, RuleCode::BloodVolume, "bag_ml", bag_ml),
                Fit::Near => findings.rule(Severity::Warning, RuleCode::BloodVolumeNear, "bag_ml", bag_ml),
                Fit::MeasureFirst => findings.missing("height"),
                Fit::Fits => {}
            }
            bag.weight_kg_min
        }
    };
    let any_bag = set.bags.iter().any(|bag| kg >= bag.weight_kg_min);
    if kg < least && (asked != DonationType::WholeBlood || any_bag) {
        findings.rule(Severity::HardStop, RuleCode::WeightLow, "weight_kg", kg);
    } else if kg < least {
        findings.cause("WT-LOW", "weight_kg", kg);
    }
    if asked == DonationType::DoubleRedCells {
        match measured.body.blood_volume_ml() {
            None => findings.missing("height"),
            Some(volume) if volume < set.volume.double_red_cells_min_ml => {
                findings.rule(Severity::HardStop, RuleCode::BloodVolume, "blood_volume_ml", volume.round());
            }
            Some(_) => {}
        }
    }
}
