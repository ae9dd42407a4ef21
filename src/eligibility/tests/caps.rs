//! Rolling caps: what still counts, and the day on which it no longer does.

use shiryan_kernel::blood::{DonationType, Sex};

use super::*;
use DonationType::{DoubleRedCells, PlasmaApheresis, PlateletApheresis, WholeBlood};

fn with(sex: Sex, givings: impl IntoIterator<Item = (i64, DonationType)>) -> DonorFacts {
    let mut donor = regular(sex);
    donor.givings = givings.into_iter().map(|(n, given)| Giving::completed(day(n), given)).collect();
    donor
}

#[test]
fn a_donation_exactly_365_days_earlier_no_longer_counts() {
    let men = with(Sex::Male, [(0, WholeBlood), (84, WholeBlood), (168, WholeBlood), (252, WholeBlood)]);
    let decision = ask(&men, WholeBlood, day(364));
    assert_eq!((decision.outcome, codes(&decision)), (Outcome::NotYet, vec!["CAP-RED-CELLS"]));
    assert_eq!(decision.earliest, Some(day(365)));
    assert_eq!(ask(&men, WholeBlood, day(365)).outcome, Outcome::Eligible);

    let women = with(Sex::Female, [(0, WholeBlood), (112, WholeBlood), (224, WholeBlood)]);
    assert_eq!(ask(&women, WholeBlood, day(364)).earliest, Some(day(365)));
    let two = with(Sex::Female, [(0, WholeBlood), (112, WholeBlood)]);
    assert_eq!(ask(&two, WholeBlood, day(224)).outcome, Outcome::Eligible);
}

#[test]
fn a_double_red_cell_donation_counts_two_units() {
    let men = with(Sex::Male, [(0, DoubleRedCells), (182, DoubleRedCells)]);
    assert_eq!(ask(&men, WholeBlood, day(364)).earliest, Some(day(365)));
    let men = with(Sex::Male, [(0, WholeBlood), (100, WholeBlood), (190, WholeBlood)]);
    assert_eq!(ask(&men, DoubleRedCells, day(280)).earliest, Some(day(365)), "3 + 2 is over 4");
    assert_eq!(ask(&men, WholeBlood, day(280)).outcome, Outcome::Eligible, "3 + 1 is not");
    // a woman may never hold two pairs within the window
    let women = with(Sex::Female, [(0, DoubleRedCells)]);
    assert_eq!(ask(&women, DoubleRedCells, day(200)).earliest, Some(day(365)));
}

#[test]
fn a_failed_giving_takes_a_unit_of_the_cap() {
    let mut men =
        with(Sex::Male, [(0, WholeBlood), (84, WholeBlood), (168, WholeBlood), (252, PlateletApheresis)]);
    assert_eq!(ask(&men, WholeBlood, day(340)).outcome, Outcome::Eligible);
    men.givings[3].red_cells_lost_ml = Some(220);
    assert_eq!(ask(&men, WholeBlood, day(340)).earliest, Some(day(365)));
}

#[test]
fn platelets_and_plasma_share_24() {
    let every_14 = |n: i64| (n * 14, if n % 2 == 0 { PlateletApheresis } else { PlasmaApheresis });
    let donor = with(Sex::Male, (0..24).map(every_14));
    let decision = ask(&donor, PlateletApheresis, day(24 * 14));
    assert_eq!((codes(&decision), decision.earliest), (vec!["CAP-DONATIONS"], Some(day(365))));
    let one_less = with(Sex::Male, (1..24).map(every_14));
    assert_eq!(ask(&one_less, PlateletApheresis, day(24 * 14)).outcome, Outcome::Eligible);
}

#[test]
fn plasma_is_capped_in_30_days_and_in_365() {
    let mut donor = with(Sex::Male, [(0, PlasmaApheresis), (14, PlasmaApheresis)]);
    donor.givings[0].volume_ml = Some(840);
    donor.givings[1].volume_ml = Some(840);
    // 840 + 840 + the planned 750 is over 2 400 until the first leaves the 30 days
    let decision = ask(&donor, PlasmaApheresis, day(28));
    assert_eq!((codes(&decision), decision.earliest), (vec!["CAP-PLASMA"], Some(day(30))));
    assert_eq!(ask(&donor, PlasmaApheresis, day(30)).outcome, Outcome::Eligible);
    donor.givings[1].volume_ml = Some(810);
    assert_eq!(ask(&donor, PlasmaApheresis, day(28)).outcome, Outcome::Eligible, "2 400 itself is allowed");

    let year = with(Sex::Male, (0..20).map(|n| (n * 15, PlasmaApheresis)));
    assert_eq!(ask(&year, PlasmaApheresis, day(310)).earliest, Some(day(365)));
}

#[test]
fn platelets_twice_in_seven_days_where_the_rule_set_says_so() {
    let (policies, catalogue) = (policies(), catalogue());
    let lebanon = policies.in_force("lebanon_2015", day0()).unwrap();
    let donor = with(Sex::Male, [(0, PlateletApheresis), (3, PlateletApheresis)]);
    let at = |n| decide(lebanon, catalogue, &donor, PlateletApheresis, day(n));
    assert_eq!((at(6).outcome, at(6).earliest), (Outcome::NotYet, Some(day(7))));
    assert_eq!(at(7).outcome, Outcome::Eligible);
}

#[test]
fn a4_an_unknown_count_is_a_warning() {
    let mut donor = regular(Sex::Male);
    donor.declared = None;
    let decision = ask(&donor, WholeBlood, day0());
    assert_eq!((decision.outcome, codes(&decision)), (Outcome::Eligible, vec!["COUNT-UNKNOWN"]));
    assert_eq!(decision.reasons[0].severity, Severity::Warning);
}

#[test]
fn a4_a_declared_count_without_dates_is_taken_at_its_worst() {
    let mut donor = with(Sex::Male, [(-100, WholeBlood)]);
    donor.declared = Some(Declared { count: 4, on: day0() });
    assert_eq!(ask(&donor, WholeBlood, day(1)).earliest, Some(day(265)), "three more, on the last known day");
    donor.declared = Some(Declared { count: 1, on: day0() });
    assert_eq!(ask(&donor, WholeBlood, day(1)).outcome, Outcome::Eligible, "the one is the known one");
    donor.givings.clear();
    donor.declared = Some(Declared { count: 1, on: day0() });
    assert_eq!(ask(&donor, WholeBlood, day(1)).earliest, Some(day(84)), "no date at all: the day of asking");
    donor.declared = Some(Declared { count: u16::MAX, on: day0() });
    assert_eq!(ask(&donor, PlateletApheresis, day(1)).earliest, Some(day(365)));
}

#[test]
fn a4_a_donor_never_screened_here_is_first_time_whatever_was_imported() {
    let mut donor = with(Sex::Male, [(-200, WholeBlood)]);
    donor.never_screened_here = true;
    let decision = ask(&donor, WholeBlood, day0());
    assert_eq!((decision.outcome, codes(&decision)), (Outcome::Eligible, vec!["NEVER-SCREENED"]));
    assert!(codes(&ask(&donor, DoubleRedCells, day0())).contains(&"FIRST-TIME-DOUBLE-RED-CELLS"));
}
