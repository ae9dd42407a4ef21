//! Bars that follow from past donations: intervals after each of them, and rolling caps.
//!
//! The earliest day is the latest over **every** donation in the look-back, never the last one only
//! (whole blood on day 0 and platelets on day 28 refuse whole blood until day 84), then the caps.
//! Civil days: the stated day is allowed. Sources: `config/policies/`, each file's own.

use chrono::NaiveDate;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::time::plus_days;

use super::bar::{Bar, Why};
use super::facts::{DonorFacts, Giving};
use super::policy::{Cap, Interval, Measure, RuleSet};
use super::reason::{RuleCode, Severity};

/// The window of the donor's own count.
const DECLARED_DAYS: i64 = 365;

/// A past donation as the rules count it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Counted {
    on: NaiveDate,
    counts_as: DonationType,
    /// More than one for donations of which only the number is known.
    times: u32,
    plasma_ml: u32,
    /// Of unknown type: counts in every cap.
    guessed: bool,
}

/// What past donations say whatever is asked for: worked out once for a donor.
#[derive(Debug)]
pub(super) struct Past {
    /// The donations that the rules count, newest first.
    counted: Vec<Counted>,
    /// Days on which the donor is first-time: half-open spans.
    pub first_time: Vec<(NaiveDate, Option<NaiveDate>)>,
}

impl Past {
    pub fn of(rule_set: &RuleSet, donor: &DonorFacts) -> Self {
        let first_time = donor.each_record().iter().flat_map(|record| first_time(rule_set, record));
        Self { counted: counted(rule_set, donor), first_time: first_time.collect() }
    }
}

/// Intervals and caps for `asked`.
pub(super) fn bars<'a>(
    rule_set: &'a RuleSet,
    donor: &'a DonorFacts,
    past: &Past,
    asked: DonationType,
    bars: &mut Vec<Bar<'a>>,
) {
    let counted = &past.counted;
    for past in counted {
        bars.push(interval(rule_set, donor, past, asked));
        if let Some(days) = rule_set.advised_days.get(&asked).filter(|_| past.counts_as == asked) {
            let (on, counts_as, days) = (past.on, past.counts_as, *days);
            let why = Why::Past { code: RuleCode::IntervalAdvised, on, counts_as, days };
            bars.push(Bar::before(plus_days(on, i64::from(days)), Severity::Warning, why));
        }
    }
    for cap in rule_set.caps.iter().filter(|cap| cap.of.contains(&asked)) {
        bars.extend(cap_bar(rule_set, donor, cap, counted, asked));
    }
}

fn interval<'a>(rule_set: &RuleSet, donor: &DonorFacts, past: &Counted, asked: DonationType) -> Bar<'a> {
    let (code, days) = match rule_set.interval(donor.sex, past.counts_as, asked) {
        Interval::Days(days) => (RuleCode::Interval, days),
        Interval::Never => (RuleCode::IntervalNever, *rule_set.lookback_days.of(past.counts_as)),
    };
    let why = Why::Past { code, on: past.on, counts_as: past.counts_as, days };
    Bar::before(plus_days(past.on, i64::from(days)), Severity::HardStop, why)
}

/// The donations that the rules count, newest first.
fn counted(rule_set: &RuleSet, donor: &DonorFacts) -> Vec<Counted> {
    let mut counted: Vec<Counted> =
        donor.givings.iter().flat_map(|giving| counts_as(rule_set, giving)).flatten().collect();
    counted.extend(donor.each_record().iter().filter_map(undated));
    counted.sort_unstable();
    counted.reverse();
    counted
}

/// What one giving counts as: its own type, whole blood for a loss of red cells, both, or nothing.
/// A loss that nobody measured is taken as large.
fn counts_as(rule_set: &RuleSet, giving: &Giving) -> [Option<Counted>; 2] {
    let one = |counts_as| {
        let plasma_ml = match counts_as {
            DonationType::PlasmaApheresis => {
                u32::from(giving.volume_ml.unwrap_or(rule_set.volume.plasma_planned_ml))
            }
            _ => 0,
        };
        Counted { on: giving.on, counts_as, times: 1, plasma_ml, guessed: false }
    };
    let limit = rule_set.red_cells.loss_counts_as_whole_blood_ml;
    let large = |loss: Option<u16>| loss.is_none_or(|loss| loss >= limit);
    let whole_blood = one(DonationType::WholeBlood);
    match (giving.donation_type, giving.completed) {
        (DonationType::WholeBlood, true) => [Some(whole_blood), None],
        (DonationType::WholeBlood, false) => {
            [large(giving.red_cells_lost_ml.or(giving.volume_ml)).then_some(whole_blood), None]
        }
        (DonationType::DoubleRedCells, true) => [Some(one(DonationType::DoubleRedCells)), None],
        (DonationType::DoubleRedCells, false) => match giving.red_cells_lost_ml {
            None => [Some(one(DonationType::DoubleRedCells)), None],
            loss => [large(loss).then_some(whole_blood), None],
        },
        (apheresis, true) => {
            let loss = giving.red_cells_lost_ml.is_some_and(|loss| loss >= limit);
            [Some(one(apheresis)), loss.then_some(whole_blood)]
        }
        (apheresis, false) => [Some(one(apheresis)), large(giving.red_cells_lost_ml).then_some(whole_blood)],
    }
}

/// Donations that the donor counted but nobody dated: as late as they can be, as whole blood.
fn undated(donor: &DonorFacts) -> Option<Counted> {
    let declared = donor.declared?;
    let first = plus_days(declared.on, 1 - DECLARED_DAYS);
    let known =
        || donor.givings.iter().map(|giving| giving.on).filter(|on| (first..=declared.on).contains(on));
    let dated = u32::try_from(known().count()).unwrap_or(u32::MAX);
    let times = u32::from(declared.count).saturating_sub(dated);
    let on = known().max().unwrap_or(declared.on);
    let counts_as = DonationType::WholeBlood;
    (times > 0).then_some(Counted { on, counts_as, times, plasma_ml: 0, guessed: true })
}

/// How often the donor gave in the year up to a day, as an import of that day takes it: dated givings, and those that
/// were declared and may lie in that year. None while nobody has asked.
pub(super) fn in_12_months(donor: &DonorFacts, day: NaiveDate) -> Option<u32> {
    donor.declared?;
    let year = plus_days(day, 1 - DECLARED_DAYS)..=day;
    let dated = donor.givings.iter().filter(|giving| year.contains(&giving.on)).count();
    let undated = undated(donor).filter(|past| year.contains(&past.on)).map_or(0, |past| past.times);
    Some(u32::try_from(dated).unwrap_or(u32::MAX).saturating_add(undated))
}

fn weight(rule_set: &RuleSet, cap: &Cap, past: &Counted) -> u32 {
    if !past.guessed && !cap.of.contains(&past.counts_as) {
        return 0;
    }
    match cap.measure {
        Measure::RedCellUnits => past.times.saturating_mul(red_cell_units(past.counts_as)),
        Measure::Donations => past.times,
        Measure::PlasmaMl if past.guessed => {
            past.times.saturating_mul(u32::from(rule_set.volume.plasma_planned_ml))
        }
        Measure::PlasmaMl => past.plasma_ml,
    }
}

const fn red_cell_units(donation_type: DonationType) -> u32 {
    match donation_type {
        DonationType::WholeBlood => 1,
        DonationType::DoubleRedCells => 2,
        DonationType::PlateletApheresis | DonationType::PlasmaApheresis => 0,
    }
}

/// Refused until enough of what was given has left the window for the one asked to fit.
fn cap_bar<'a>(
    rule_set: &RuleSet,
    donor: &DonorFacts,
    cap: &'a Cap,
    newest_first: &[Counted],
    asked: DonationType,
) -> Option<Bar<'a>> {
    let asks = match cap.measure {
        Measure::RedCellUnits => red_cell_units(asked),
        Measure::Donations => 1,
        Measure::PlasmaMl => u32::from(rule_set.volume.plasma_planned_ml),
    };
    let Some(room) = cap.most(donor.sex).checked_sub(asks) else {
        return Some(Bar::always(Severity::HardStop, Why::Cap(cap)));
    };
    let mut sum = 0_u32;
    for past in newest_first {
        sum = sum.saturating_add(weight(rule_set, cap, past));
        if sum > room {
            let day = plus_days(past.on, i64::from(cap.window_days));
            return Some(Bar::before(day, Severity::HardStop, Why::Cap(cap)));
        }
    }
    None
}

/// Days on which the donor is first-time: never screened here, or no completed donation within the
/// rule set's days. Half-open spans.
fn first_time(rule_set: &RuleSet, donor: &DonorFacts) -> Vec<(NaiveDate, Option<NaiveDate>)> {
    let mut spans = Vec::new();
    let mut from = NaiveDate::MIN;
    if !donor.never_screened_here {
        let mut given: Vec<NaiveDate> =
            donor.givings.iter().filter(|giving| giving.completed).map(|giving| giving.on).collect();
        given.sort_unstable();
        for on in given {
            if from < on {
                spans.push((from, Some(on)));
            }
            from = from.max(plus_days(on, i64::from(rule_set.regular.within_days) + 1));
        }
    }
    spans.push((from, None));
    spans
}

#[cfg(test)]
mod tests {
    use super::super::facts::Declared;
    use super::*;

    #[test]
    fn a_year_counts_what_is_dated_and_what_was_told_of_it() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let count = |declared: Option<(u16, &str)>, given: &[&str]| {
            let giving = |on: &&str| Giving::completed(day(on), DonationType::WholeBlood);
            let donor = DonorFacts {
                declared: declared.map(|(count, on)| Declared { count, on: day(on) }),
                givings: given.iter().map(giving).collect(),
                ..DonorFacts::unknown()
            };
            in_12_months(&donor, day("2026-03-01"))
        };
        assert_eq!(count(None, &["2026-01-01"]), None, "nobody has asked");
        assert_eq!(count(Some((2, "2026-03-01")), &[]), Some(2));
        assert_eq!(count(Some((2, "2026-03-01")), &["2026-01-01"]), Some(2), "one of the two is dated");
        assert_eq!(count(Some((2, "2025-12-01")), &["2026-01-01"]), Some(3), "it came later");
        assert_eq!(count(Some((2, "2025-03-02")), &[]), Some(2));
        assert_eq!(count(Some((2, "2025-03-01")), &["2025-03-01", "2025-03-02"]), Some(1), "a year is over");
    }
}
