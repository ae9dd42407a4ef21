//! Intervals: every cell, every past donation, civil days.

use shiryan_kernel::blood::{DonationType, Sex};

use super::*;
use DonationType::{DoubleRedCells, PlasmaApheresis, PlateletApheresis, WholeBlood};

/// A donor whose only giving is the one under test, with nothing else in the way of `asked`.
fn once(sex: Sex, past: DonationType) -> DonorFacts {
    let mut donor = regular(sex);
    donor.givings = vec![Giving::completed(day0(), past)];
    donor
}

#[test]
fn every_cell_of_every_rule_set_at_the_day_before_and_the_day() {
    let (catalogue, policies) = (catalogue(), policies());
    let mut tried = 0;
    for set in policies.all() {
        // the caps have their own tests: a woman's second pair of units would meet one here
        let set = &RuleSet { caps: Vec::new(), ..set.clone() };
        for sex in Sex::ALL {
            for past in DonationType::ALL {
                for asked in set.offered.iter().copied() {
                    let donor = once(*sex, *past);
                    let days = match *set.intervals.of(*sex).of(*past).of(asked) {
                        Interval::Days(days) => days,
                        Interval::Never => *set.lookback_days.of(*past),
                    };
                    let cell = format!("{} {sex} {past} {asked} {days}", set.code);
                    let at = |n| decide(set, catalogue, &donor, asked, day(n)).outcome;
                    let days = i64::from(days);
                    assert_eq!(at(days - 1), Outcome::NotYet, "{cell}: the day before");
                    assert_eq!(at(days), Outcome::Eligible, "{cell}: the day");
                    assert_eq!(at(days + 1), Outcome::Eligible, "{cell}: the day after");
                    let said = decide(set, catalogue, &donor, asked, day0());
                    assert_eq!(said.earliest, Some(day(days)), "{cell}");
                    tried += 1;
                }
            }
        }
    }
    assert_eq!(tried, (4 + 3 + 4 + 4 + 3 + 4) * 2 * 4);
}

#[test]
fn a3_earliest_is_the_maximum_over_every_donation() {
    let donor = gave(once(Sex::Male, WholeBlood), day(28), PlateletApheresis);
    for n in [28, 42, 83] {
        let decision = ask(&donor, WholeBlood, day(n));
        assert_eq!((decision.outcome, decision.earliest), (Outcome::NotYet, Some(day(84))), "day {n}");
    }
    assert_eq!(ask(&donor, WholeBlood, day(84)).outcome, Outcome::Eligible);
    let reason = ask(&donor, WholeBlood, day(42)).reasons.remove(0);
    assert_eq!((reason.code.as_str(), reason.until), ("INTERVAL", Some(day(84))));
    assert_eq!(reason.facts["given_on"], day0().to_string());
    assert_eq!(reason.facts["counts_as"], "whole_blood");
    assert!(reason.source.contains("WHO 2012"));
}

#[test]
fn a3_for_women_the_older_donation_may_still_bind() {
    let donor = gave(once(Sex::Female, DoubleRedCells), day(100), PlasmaApheresis);
    assert_eq!(ask(&donor, WholeBlood, day(114)).earliest, Some(day(182)));
}

#[test]
fn the_day_of_giving_counts_and_not_the_order_of_entry() {
    let late = gave(once(Sex::Male, PlateletApheresis), day(-10), WholeBlood);
    assert_eq!(ask(&late, WholeBlood, day(20)).earliest, Some(day(74)));
}

#[test]
fn an_unknown_sex_gets_the_longer_interval_and_a_warning() {
    let mut donor = once(Sex::Male, WholeBlood);
    donor.sex = None;
    let decision = ask(&donor, WholeBlood, day(84));
    assert_eq!((decision.outcome, decision.earliest), (Outcome::NotYet, Some(day(112))));
    assert!(codes(&decision).contains(&"SEX-UNKNOWN"));
}

#[test]
fn leap_days_are_days() {
    let mut donor = once(Sex::Male, WholeBlood);
    donor.givings[0].on = date("2027-12-07");
    assert_eq!(ask(&donor, WholeBlood, date("2027-12-08")).earliest, Some(date("2028-02-29")));
    donor.givings[0].on = date("2028-02-29");
    assert_eq!(ask(&donor, WholeBlood, date("2028-03-01")).earliest, Some(date("2028-05-23")));
}

#[test]
fn a_type_that_is_not_offered_is_refused() {
    let (policies, catalogue) = (policies(), catalogue());
    let lebanon = policies.in_force("lebanon_2015", day0()).unwrap();
    let decision = decide(lebanon, catalogue, &regular(Sex::Male), PlasmaApheresis, day0());
    assert_eq!((decision.outcome, decision.earliest), (Outcome::NotYet, None));
    assert_eq!(codes(&decision), ["NOT-OFFERED"]);
}

#[test]
fn an_advised_interval_warns_and_lets_through() {
    let (policies, catalogue) = (policies(), catalogue());
    let jpac = policies.in_force("jpac_3_6", day0()).unwrap();
    let donor = once(Sex::Female, WholeBlood);
    let at = |n| decide(jpac, catalogue, &donor, WholeBlood, day(n));
    assert_eq!((at(84).outcome, codes(&at(84))), (Outcome::Eligible, vec!["INTERVAL-ADVISED"]));
    assert_eq!(codes(&at(112)), Vec::<&str>::new());
}

fn failed(donation_type: DonationType, volume_ml: Option<u16>, lost: Option<u16>) -> DonorFacts {
    let mut donor = regular(Sex::Male);
    let completed = false;
    donor.givings.push(Giving { on: day0(), donation_type, completed, volume_ml, red_cells_lost_ml: lost });
    donor
}

#[test]
fn a_failed_giving_counts_as_whole_blood_from_200_ml_of_red_cells() {
    for (donor, earliest) in [
        (failed(WholeBlood, Some(200), None), 84),
        (failed(WholeBlood, None, None), 84),
        (failed(WholeBlood, Some(199), None), 1),
        (failed(PlateletApheresis, None, Some(200)), 84),
        (failed(PlateletApheresis, None, None), 84),
        (failed(PlateletApheresis, None, Some(199)), 14),
        (failed(DoubleRedCells, None, Some(200)), 84),
        (failed(DoubleRedCells, None, None), 182),
    ] {
        let found = ask(&donor, WholeBlood, day(1)).earliest;
        assert_eq!(found, Some(day(earliest)), "{:?}", donor.givings[1]);
    }
    let mut spilt = once(Sex::Male, PlateletApheresis);
    spilt.givings[0].red_cells_lost_ml = Some(250);
    assert_eq!(ask(&spilt, PlateletApheresis, day(1)).earliest, Some(day(28)));
}
