//! Age, standing and body.

use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::status::DonorStatus;

use super::*;
use DonationType::{DoubleRedCells, PlasmaApheresis, PlateletApheresis, WholeBlood};

fn born(birth: &str) -> DonorFacts {
    DonorFacts { birth_date: Some(date(birth)), ..regular(Sex::Male) }
}

fn first_time(birth: &str) -> DonorFacts {
    DonorFacts { givings: Vec::new(), ..born(birth) }
}

#[test]
fn eighteen_begins_on_the_birthday() {
    let donor = first_time("2008-03-10");
    let before = ask(&donor, WholeBlood, date("2026-03-09"));
    assert_eq!((before.outcome, before.earliest), (Outcome::NotYet, Some(date("2026-03-10"))));
    assert_eq!(codes(&before), ["UNDER-AGE"]);
    assert_eq!(ask(&donor, WholeBlood, date("2026-03-10")).outcome, Outcome::Eligible);
}

#[test]
fn born_on_29_february_is_18_on_1_march() {
    let donor = first_time("2008-02-29");
    assert_eq!(ask(&donor, WholeBlood, date("2026-02-28")).earliest, Some(date("2026-03-01")));
    assert_eq!(ask(&donor, WholeBlood, date("2026-03-01")).outcome, Outcome::Eligible);
}

#[test]
fn an_unknown_birth_date_is_a_hard_stop() {
    let donor = DonorFacts { birth_date: None, ..regular(Sex::Male) };
    let decision = ask(&donor, WholeBlood, day0());
    assert_eq!((decision.outcome, codes(&decision)), (Outcome::NotYet, vec!["BIRTH-DATE-UNKNOWN"]));
}

#[test]
fn a_first_donation_over_60_and_any_over_65_need_a_physician() {
    let donor = first_time("1965-03-10");
    assert_eq!(ask(&donor, WholeBlood, date("2026-03-09")).outcome, Outcome::Eligible, "60 still");
    let over = ask(&donor, WholeBlood, date("2026-03-10"));
    assert_eq!((over.outcome, over.earliest), (Outcome::NeedsPhysician, None));
    assert_eq!(codes(&over), ["AGE-FIRST-TIME"]);

    let regular = born("1960-03-10");
    assert_eq!(ask(&regular, WholeBlood, date("2026-03-09")).outcome, Outcome::Eligible, "65 still");
    let over = ask(&regular, WholeBlood, date("2026-03-10"));
    assert_eq!((over.outcome, codes(&over)), (Outcome::NeedsPhysician, vec!["AGE-REGULAR"]));
    let mut allowed = regular;
    allowed.allowances.push(Allowance { code: "AGE-REGULAR".to_owned(), on: date("2026-03-10"), at: None });
    assert_eq!(ask(&allowed, WholeBlood, date("2026-03-10")).outcome, Outcome::Eligible);
}

#[test]
fn regular_lasts_730_days_after_a_donation() {
    let mut donor = born("1964-03-10");
    donor.givings = vec![Giving::completed(day0(), WholeBlood)];
    assert_eq!(ask(&donor, WholeBlood, day(730)).outcome, Outcome::Eligible);
    assert_eq!(codes(&ask(&donor, WholeBlood, day(731))), ["AGE-FIRST-TIME"]);
    donor.givings[0].completed = false;
    assert_eq!(
        codes(&ask(&donor, WholeBlood, day(400))),
        ["AGE-FIRST-TIME"],
        "a failed one makes nobody regular"
    );
}

#[test]
fn standing_in_the_register() {
    let with = |status, until| DonorFacts { status, paused_until: until, ..regular(Sex::Male) };
    let paused = with(DonorStatus::Paused, Some(day(10)));
    assert_eq!(ask(&paused, WholeBlood, day(9)).earliest, Some(day(10)));
    assert_eq!(ask(&paused, WholeBlood, day(10)).outcome, Outcome::Eligible);
    let open = ask(&with(DonorStatus::Paused, None), WholeBlood, day0());
    assert_eq!((open.outcome, open.earliest), (Outcome::NotYet, None));
    for (status, outcome) in [
        (DonorStatus::Active, Outcome::Eligible),
        (DonorStatus::Review, Outcome::NotYet),
        (DonorStatus::Deceased, Outcome::Never),
        (DonorStatus::Erased, Outcome::Never),
    ] {
        assert_eq!(ask(&with(status, None), WholeBlood, day0()).outcome, outcome, "{status}");
    }
    let discrepant = DonorFacts { group_discrepancy: true, ..regular(Sex::Male) };
    assert_eq!(ask(&discrepant, WholeBlood, day0()).earliest, None);
}

fn of(sex: Sex, weight: Option<f64>, height: Option<f64>) -> DonorFacts {
    DonorFacts { weight_kg: weight, height_cm: height, ..regular(sex) }
}

#[test]
fn a6_a_light_woman_and_a_large_bag() {
    let set = default_set();
    let body = Body { sex: Some(Sex::Female), weight_kg: Some(50.0), height_cm: Some(155.0) };
    let volume = body.blood_volume_ml().unwrap();
    assert!((volume - 3163.3).abs() < 1.0, "{volume}");
    assert_eq!(fit(set, body, WholeBlood, 450), Fit::TooMuch);
    assert_eq!(fit(set, body, WholeBlood, 350), Fit::Fits);
    let decision = ask(&of(Sex::Female, Some(50.0), Some(155.0)), WholeBlood, day0());
    assert_eq!((decision.outcome, codes(&decision)), (Outcome::Eligible, vec!["BAG-SMALLER"]));
    assert_eq!(decision.reasons[0].facts["bag_ml"], "350");
}

#[test]
fn a6_thirteen_per_cent_warns_and_fifteen_stops() {
    let set = default_set();
    let body = |kg| Body { sex: Some(Sex::Female), weight_kg: Some(kg), height_cm: Some(160.0) };
    for (kg, expected) in [(51.0, Fit::Near), (59.0, Fit::Near), (64.9, Fit::Fits), (65.0, Fit::Fits)] {
        assert_eq!(fit(set, body(kg), WholeBlood, 450), expected, "{kg}");
    }
    assert_eq!(fit(set, body(64.9), WholeBlood, 900), Fit::TooMuch);
    assert_eq!(fit(set, body(65.0), WholeBlood, 900), Fit::Fits, "from 65 kg it is not checked");
    let near = ask(&of(Sex::Female, Some(55.0), Some(160.0)), WholeBlood, day0());
    assert_eq!((near.outcome, codes(&near)), (Outcome::Eligible, vec!["BLOOD-VOLUME-NEAR"]));
    let tiny = ask(&of(Sex::Female, Some(45.0), Some(100.0)), WholeBlood, day0());
    assert_eq!((tiny.outcome, codes(&tiny)), (Outcome::NotYet, vec!["BLOOD-VOLUME"]));
}

#[test]
fn a6_height_unknown_under_65_kg_is_measured_first() {
    let light = ask(&of(Sex::Male, Some(64.0), None), WholeBlood, day0());
    assert_eq!((light.outcome, codes(&light)), (Outcome::Eligible, vec!["HEIGHT-UNKNOWN"]));
    assert!(codes(&ask(&of(Sex::Male, Some(65.0), None), WholeBlood, day0())).is_empty());
    assert_eq!(codes(&ask(&of(Sex::Male, None, None), WholeBlood, day0())), ["WEIGHT-UNKNOWN"]);
    assert_eq!(codes(&ask(&of(Sex::Male, Some(f64::NAN), None), WholeBlood, day0())), ["WEIGHT-UNKNOWN"]);
    let set = default_set();
    let unknown = Body { sex: None, weight_kg: Some(60.0), height_cm: None };
    assert_eq!(fit(set, unknown, WholeBlood, 450), Fit::MeasureFirst);
    assert_eq!(fit(set, unknown, PlasmaApheresis, 600), Fit::MeasureFirst);
    assert_eq!(fit(set, unknown, PlateletApheresis, 600), Fit::Fits);
}

#[test]
fn plasma_stays_within_sixteen_per_cent_for_everyone() {
    let set = default_set();
    let body = Body { sex: Some(Sex::Male), weight_kg: Some(80.0), height_cm: Some(175.0) };
    let sixteen = 0.16 * body.blood_volume_ml().unwrap() - f64::from(set.volume.samples_ml);
    assert_eq!(fit(set, body, PlasmaApheresis, sixteen.floor() as u16), Fit::Fits);
    assert_eq!(fit(set, body, PlasmaApheresis, sixteen.ceil() as u16), Fit::TooMuch);
}

#[test]
fn weight_at_its_edges() {
    let at = |asked, kg| ask(&of(Sex::Male, Some(kg), Some(185.0)), asked, day0());
    assert_eq!(codes(&at(WholeBlood, 44.9)), ["WEIGHT-LOW"]);
    assert_eq!(codes(&at(WholeBlood, 45.0)), ["BAG-SMALLER"]);
    assert!(!codes(&at(WholeBlood, 50.0)).contains(&"BAG-SMALLER"));
    for (asked, least) in [(PlateletApheresis, 50.0), (PlasmaApheresis, 50.0), (DoubleRedCells, 70.0)] {
        assert_eq!(at(asked, least - 0.1).outcome, Outcome::NotYet, "{asked}");
        assert_eq!(at(asked, least).outcome, Outcome::Eligible, "{asked}");
    }
}

#[test]
fn a5_double_red_cells_need_a_regular_donor_and_five_litres() {
    let refused = |donor: &DonorFacts| {
        let decision = ask(donor, DoubleRedCells, day0());
        assert_eq!(decision.outcome, Outcome::NotYet);
        codes(&decision).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    let new = DonorFacts { givings: Vec::new(), ..regular(Sex::Male) };
    assert_eq!(refused(&new), ["FIRST-TIME-DOUBLE-RED-CELLS"]);
    assert_eq!(refused(&of(Sex::Female, Some(72.0), Some(165.0))), ["BLOOD-VOLUME"]);
    assert_eq!(refused(&of(Sex::Male, Some(80.0), None)), ["HEIGHT-UNKNOWN"]);
    assert!(refused(&of(Sex::Male, None, Some(180.0))).contains(&"WEIGHT-UNKNOWN".to_owned()));
    assert_eq!(ask(&regular(Sex::Male), DoubleRedCells, day0()).outcome, Outcome::Eligible);
    let limits = default_set().haemoglobin.min;
    assert_eq!((limits.male.double_red_cells, limits.female.double_red_cells), (14.0, 14.0));
}
