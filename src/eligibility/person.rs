//! Bars that follow from who the donor is: standing in the register, age, body.
//!
//! Nobody under the least age is let through, and an unknown birth date counts as under it. What is
//! merely unmeasured warns, except for double red cells, which need a known blood volume.

use chrono::{Datelike, NaiveDate};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::status::DonorStatus;

use super::bar::{Bar, Why, allowed_for, less_allowed};
use super::facts::DonorFacts;
use super::history::Past;
use super::policy::RuleSet;
use super::reason::{RuleCode, Severity};
use super::volume::{Body, Fit, fit};

/// Every bar of this kind for `asked`.
pub(super) fn bars<'a>(
    rule_set: &'a RuleSet,
    donor: &'a DonorFacts,
    past: &Past,
    asked: DonationType,
    bars: &mut Vec<Bar<'a>>,
) {
    if !rule_set.offered.contains(&asked) {
        bars.push(stop(RuleCode::NotOffered));
    }
    standing(donor, bars);
    age(rule_set, donor, past, bars);
    if asked == DonationType::DoubleRedCells && !rule_set.regular.double_red_cells_for_first_time {
        for (from, until) in past.first_time.iter().copied() {
            bars.push(Bar { from, until, ..stop(RuleCode::FirstTimeDoubleRedCells) });
        }
    }
    for record in donor.each_record() {
        body(rule_set, record, asked, bars);
    }
    for (unknown, code) in [
        (donor.sex.is_none(), RuleCode::SexUnknown),
        (donor.declared.is_none(), RuleCode::CountUnknown),
        (donor.never_screened_here, RuleCode::NeverScreened),
    ] {
        if unknown {
            bars.push(warning(code));
        }
    }
}

const fn stop<'a>(code: RuleCode) -> Bar<'a> {
    Bar::always(Severity::HardStop, Why::Rule(code))
}

const fn warning<'a>(code: RuleCode) -> Bar<'a> {
    Bar::always(Severity::Warning, Why::Rule(code))
}

fn standing(donor: &DonorFacts, bars: &mut Vec<Bar<'_>>) {
    for record in donor.each_record() {
        match record.status {
            DonorStatus::Active => {}
            DonorStatus::Paused => bars.push(Bar { until: record.paused_until, ..stop(RuleCode::Paused) }),
            DonorStatus::Review => bars.push(stop(RuleCode::UnderReview)),
            DonorStatus::Deceased => bars.push(stop(RuleCode::Deceased)),
            DonorStatus::Erased => bars.push(stop(RuleCode::Erased)),
        }
    }
    // Whoever may not know of the other records learns no more than while it was looked into.
    if donor.is_alias {
        bars.push(stop(RuleCode::UnderReview));
    }
    if donor.group_discrepancy {
        bars.push(stop(RuleCode::GroupDiscrepancy));
    }
}

/// EU 2004/33 Annex III: first-time over 60 at the physician's discretion, over 65 with the
/// physician's leave; the least age is a hard stop.
fn age(rule_set: &RuleSet, donor: &DonorFacts, past: &Past, bars: &mut Vec<Bar<'_>>) {
    let Some(birth) = donor.birth_date else {
        bars.push(stop(RuleCode::BirthDateUnknown));
        return;
    };
    let limits = rule_set.age;
    let of_age = birthday(birth, limits.min);
    bars.push(Bar::before(of_age, Severity::HardStop, Why::Rule(RuleCode::UnderAge)));
    let regular_over = birthday(birth, limits.regular_physician_over.saturating_add(1));
    physician(donor, RuleCode::AgeRegular, (regular_over, None), bars);
    let first_over = birthday(birth, limits.first_time_physician_over.saturating_add(1));
    for (from, until) in past.first_time.iter().copied() {
        let from = from.max(first_over);
        if until.is_none_or(|until| from < until) {
            physician(donor, RuleCode::AgeFirstTime, (from, until), bars);
        }
    }
}

fn physician(
    donor: &DonorFacts,
    code: RuleCode,
    span: (NaiveDate, Option<NaiveDate>),
    bars: &mut Vec<Bar<'_>>,
) {
    let allowed = allowed_for(&donor.allowances, code.code(), None);
    for (from, until) in less_allowed(span, allowed, &donor.givings) {
        bars.push(Bar { why: Why::Rule(code), severity: Severity::NeedsPhysician, from, until });
    }
}

/// The day on which `years` are completed; born on 29 February, that is 1 March in a common year.
pub(super) fn birthday(birth: NaiveDate, years: u16) -> NaiveDate {
    let year = birth.year().saturating_add(i32::from(years));
    NaiveDate::from_ymd_opt(year, birth.month(), birth.day())
        .or_else(|| NaiveDate::from_ymd_opt(year, 3, 1))
        .unwrap_or(NaiveDate::MAX)
}

fn body(rule_set: &RuleSet, donor: &DonorFacts, asked: DonationType, bars: &mut Vec<Bar<'_>>) {
    let body = Body { sex: donor.sex, weight_kg: donor.weight_kg, height_cm: donor.height_cm };
    let least = match asked {
        DonationType::WholeBlood => return whole_blood(rule_set, body, bars),
        DonationType::DoubleRedCells => {
            double_red_cells(rule_set, body, bars);
            rule_set.weight_kg_min.double_red_cells
        }
        DonationType::PlateletApheresis => rule_set.weight_kg_min.platelet_apheresis,
        DonationType::PlasmaApheresis => rule_set.weight_kg_min.plasma_apheresis,
    };
    match body.weight() {
        None => bars.push(warning(RuleCode::WeightUnknown)),
        Some(kg) if kg < least => bars.push(stop(RuleCode::WeightLow)),
        Some(_) => {}
    }
}

/// The largest bag that weight and blood volume allow.
fn whole_blood(rule_set: &RuleSet, body: Body, bars: &mut Vec<Bar<'_>>) {
    let Some(kg) = body.weight() else {
        bars.push(warning(RuleCode::WeightUnknown));
        return;
    };
    let heavy_enough: Vec<_> = rule_set.bags.iter().filter(|bag| kg >= bag.weight_kg_min).collect();
    if heavy_enough.is_empty() {
        bars.push(stop(RuleCode::WeightLow));
        return;
    }
    let fits = |volume_ml| fit(rule_set, body, DonationType::WholeBlood, volume_ml);
    let Some(bag) = heavy_enough.iter().find(|bag| fits(bag.volume_ml) != Fit::TooMuch) else {
        bars.push(stop(RuleCode::BloodVolume));
        return;
    };
    if rule_set.bags.first().is_some_and(|largest| bag.volume_ml < largest.volume_ml) {
        let why = Why::Figure(RuleCode::BagSmaller, "bag_ml", i64::from(bag.volume_ml));
        bars.push(Bar::always(Severity::Warning, why));
    }
    match fits(bag.volume_ml) {
        Fit::Near => bars.push(warning(RuleCode::BloodVolumeNear)),
        Fit::MeasureFirst => bars.push(warning(RuleCode::HeightUnknown)),
        Fit::Fits | Fit::TooMuch => {}
    }
}

fn double_red_cells(rule_set: &RuleSet, body: Body, bars: &mut Vec<Bar<'_>>) {
    match body.blood_volume_ml() {
        Some(volume) if volume < rule_set.volume.double_red_cells_min_ml => {
            bars.push(stop(RuleCode::BloodVolume));
        }
        Some(_) => {}
        None if body.weight().is_none() => bars.push(stop(RuleCode::WeightUnknown)),
        None => bars.push(stop(RuleCode::HeightUnknown)),
    }
}
