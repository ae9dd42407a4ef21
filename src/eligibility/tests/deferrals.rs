//! Deferrals: every code with its base known, unknown and corrected late; pregnancy; the physician.

use shiryan_kernel::blood::{DonationType, Sex};

use super::*;
use DonationType::{PlateletApheresis, WholeBlood};

fn asked_of(entry: &Entry) -> DonationType {
    if entry.applies.to(WholeBlood) { WholeBlood } else { PlateletApheresis }
}

fn donor() -> DonorFacts {
    regular(Sex::Female)
}

fn far() -> chrono::NaiveDate {
    day(10_000)
}

#[test]
fn a2_each_code_counts_from_its_own_base() {
    let mut counted = 0;
    for entry in catalogue().entries().filter(|entry| entry.kind == Kind::Temporary && entry.bases() > 0) {
        let mut donor = deferred(donor(), &entry.code, Some(day(-3)));
        donor.deferrals[0].second_base = Some(day(-3));
        let days = i64::from(entry.days_by_base().max().unwrap());
        let (end, asked) = (day(days - 3), asked_of(entry));
        if entry.scope == Scope::Visit {
            assert_eq!(ask(&donor, asked, day(-3)).outcome, Outcome::Eligible, "{}", entry.code);
            continue;
        }
        let before = ask(&donor, asked, end.pred_opt().unwrap());
        assert_eq!((before.outcome, before.earliest), (Outcome::NotYet, Some(end)), "{}", entry.code);
        assert_eq!(codes(&before), [entry.code.as_str()]);
        assert_eq!(before.reasons[0].visibility, entry.visibility);
        assert_eq!(ask(&donor, asked, end).outcome, Outcome::Eligible, "{}", entry.code);
        counted += 1;
    }
    assert!(counted >= 49, "{counted}");
}

#[test]
fn a2_an_unknown_base_is_open_ended_and_needs_a_physician() {
    for entry in catalogue().entries().filter(|entry| entry.kind == Kind::Temporary && entry.bases() > 0) {
        let donor = deferred(donor(), &entry.code, None);
        let asked = asked_of(entry);
        for on in [day0(), day(1), day(5_000)] {
            let decision = ask(&donor, asked, on);
            if entry.scope == Scope::Visit {
                assert_eq!(decision.outcome, Outcome::Eligible, "{}", entry.code);
                continue;
            }
            assert_eq!(decision.outcome, Outcome::NeedsPhysician, "{}", entry.code);
            assert_eq!(decision.earliest, None, "{}", entry.code);
            assert_eq!(decision.reasons[0].until, None, "{}", entry.code);
        }
    }
}

#[test]
fn a2_a_base_that_is_corrected_late_counts_from_the_base() {
    for entry in catalogue().entries().filter(|entry| entry.kind == Kind::Temporary && entry.days.is_some()) {
        if entry.scope == Scope::Visit {
            continue;
        }
        let mut donor = deferred(donor(), &entry.code, None);
        donor.deferrals[0].recorded_on = day(90);
        donor.deferrals[0].base = Some(day(-40));
        let days = i64::from(entry.days.unwrap());
        assert_eq!(ask(&donor, asked_of(entry), day(-41)).earliest, Some(day(days - 40)), "{}", entry.code);
    }
}

#[test]
fn a2_two_terms_end_with_the_later_and_need_both() {
    let mut donor = deferred(donor(), "ABX", Some(day(0)));
    donor.deferrals[0].second_base = Some(day(10));
    assert_eq!(ask(&donor, WholeBlood, day(1)).earliest, Some(day(17)), "last dose and 7 days");
    donor.deferrals[0].second_base = Some(day(2));
    assert_eq!(ask(&donor, WholeBlood, day(1)).earliest, Some(day(14)), "recovery and 14 days");
    donor.deferrals[0].second_base = None;
    assert_eq!(ask(&donor, WholeBlood, day(13)).outcome, Outcome::NotYet, "the known term is a hard stop");
    assert_eq!(ask(&donor, WholeBlood, day(14)).outcome, Outcome::NeedsPhysician);
}

#[test]
fn a1_pregnancy_entered_early_is_never_ended_by_the_calendar() {
    let donor = deferred(donor(), "PREG-NOW", Some(day(-56)));
    for n in (0..4_000).step_by(50) {
        let decision = ask(&donor, WholeBlood, day(n));
        assert_eq!((decision.outcome, decision.earliest), (Outcome::NotYet, None), "day {n}");
    }
    assert!(windows(default_set(), catalogue(), &donor, day0()).is_empty());
}

#[test]
fn a1_the_end_of_pregnancy_begins_182_days() {
    let mut donor = deferred(donor(), "PREG-NOW", None);
    donor.deferrals[0].ended_on = Some(day(200));
    let decision = ask(&donor, WholeBlood, day(200));
    assert_eq!((decision.outcome, decision.earliest), (Outcome::NotYet, Some(day(382))));
    assert_eq!(codes(&decision), ["PREG-END"]);
    assert_eq!(decision.reasons[0].facts["base"], day(200).to_string());
    assert_eq!(ask(&donor, WholeBlood, day(382)).outcome, Outcome::Eligible);
    let only_end = deferred(super::regular(Sex::Female), "PREG-END", Some(day0()));
    assert_eq!(ask(&only_end, WholeBlood, day(1)).earliest, Some(day(182)));
}

#[test]
fn a1_breast_feeding_lasts_until_weaning() {
    let mut donor = deferred(donor(), "LACT", Some(day0()));
    assert_eq!(ask(&donor, WholeBlood, far()).earliest, None);
    donor.deferrals[0].ended_on = Some(day(300));
    assert_eq!(ask(&donor, WholeBlood, day(299)).earliest, Some(day(300)));
}

#[test]
fn custody_is_open_until_release() {
    let mut donor = deferred(donor(), "CUSTODY", Some(day0()));
    assert_eq!(ask(&donor, WholeBlood, far()).outcome, Outcome::NotYet);
    donor.deferrals[0].ended_on = Some(day(9));
    assert_eq!(ask(&donor, WholeBlood, day(9)).outcome, Outcome::Eligible);
}

#[test]
fn a_permanent_cause_is_never_and_nobody_lifts_it() {
    for entry in catalogue().entries().filter(|entry| entry.kind == Kind::Permanent) {
        for base in [None, Some(day(-9_000))] {
            let mut donor = deferred(donor(), &entry.code, base);
            donor.deferrals[0].ended_on = Some(day(1));
            donor.allowances.push(Allowance { code: entry.code.clone(), on: day(1), at: None });
            let decision = ask(&donor, WholeBlood, far());
            assert_eq!((decision.outcome, decision.earliest), (Outcome::Never, None), "{}", entry.code);
            donor.deferrals[0].withdrawn_on = Some(day(2));
            assert_eq!(ask(&donor, WholeBlood, day(2)).outcome, Outcome::Eligible, "{}", entry.code);
        }
    }
}

#[test]
fn a7_a_physician_kind_is_lifted_once() {
    for entry in catalogue().entries().filter(|entry| entry.kind == Kind::Physician) {
        let mut donor = deferred(donor(), &entry.code, Some(day(-5_000)));
        assert_eq!(ask(&donor, WholeBlood, day(10)).outcome, Outcome::NeedsPhysician, "{}", entry.code);
        donor.allowances.push(Allowance { code: entry.code.clone(), on: day(20), at: None });
        assert_eq!(ask(&donor, WholeBlood, day(10)).earliest, Some(day(20)), "{}", entry.code);
        assert_eq!(ask(&donor, WholeBlood, day(20)).outcome, Outcome::Eligible, "{}", entry.code);
        let after = gave(donor.clone(), day(30), WholeBlood);
        assert_eq!(ask(&after, WholeBlood, day(30 + 112)).outcome, Outcome::NeedsPhysician, "{}", entry.code);
        assert_eq!(ask(&after, WholeBlood, day(30 + 112)).earliest, None, "{}", entry.code);
        donor.allowances.push(Allowance { code: entry.code.clone(), on: day(500), at: None });
        assert_eq!(ask(&gave(donor, day(30), WholeBlood), WholeBlood, day(500)).outcome, Outcome::Eligible);
    }
}

#[test]
fn a7_the_days_of_a_physician_kind_come_first() {
    let mut donor = deferred(donor(), "SYPH", Some(day0()));
    donor.allowances.push(Allowance { code: "SYPH".to_owned(), on: day(1), at: None });
    assert_eq!(ask(&donor, WholeBlood, day(364)).outcome, Outcome::NotYet);
    assert_eq!(ask(&donor, WholeBlood, day(365)).outcome, Outcome::Eligible);
}

#[test]
fn a7_an_allowance_does_not_reach_what_was_recorded_after_it() {
    let mut donor = deferred(donor(), "GRAFT", Some(day(-400)));
    donor.allowances.push(Allowance { code: "GRAFT".to_owned(), on: day(-1), at: None });
    assert_eq!(ask(&donor, WholeBlood, day(1)).outcome, Outcome::NeedsPhysician);
}

#[test]
fn platelet_drugs_touch_platelets_alone() {
    for code in ["DRUG-ASPIRIN", "DRUG-TICAG", "DRUG-CLOPI"] {
        let donor = deferred(donor(), code, Some(day0()));
        assert_eq!(ask(&donor, WholeBlood, day0()).outcome, Outcome::Eligible, "{code}");
        assert_eq!(ask(&donor, PlateletApheresis, day0()).outcome, Outcome::NotYet, "{code}");
    }
}

#[test]
fn a_code_that_nobody_knows_shuts() {
    let decision = ask(&deferred(donor(), "NO-SUCH", Some(day(-9_999))), WholeBlood, day0());
    assert_eq!((decision.outcome, decision.earliest), (Outcome::NotYet, None));
    assert_eq!(codes(&decision), ["DEFERRAL-UNKNOWN"]);
}

#[test]
fn a_replay_sees_what_was_known_then() {
    let mut donor = deferred(gave(donor(), day(5), WholeBlood), "P-HIV", None);
    donor.deferrals[0].recorded_on = day(7);
    assert_eq!(ask(&donor.known_by(day(4)), WholeBlood, day(4)).outcome, Outcome::Eligible);
    assert_eq!(ask(&donor.known_by(day(6)), WholeBlood, day(6)).outcome, Outcome::NotYet);
    assert_eq!(ask(&donor.known_by(day(7)), WholeBlood, day(7)).outcome, Outcome::Never);
    assert_eq!(ask(&donor, WholeBlood, day(4)).outcome, Outcome::Never, "uncut facts all count");
}
