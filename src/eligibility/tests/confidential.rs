//! Who learns what: the same bytes for every cause that a reader may not see.

use std::collections::BTreeSet;

use shiryan_kernel::blood::{DonationType, Sex};

use super::*;
use DonationType::WholeBlood;

fn bytes(donor: &DonorFacts, on: chrono::NaiveDate, viewer: Viewer) -> String {
    serde_json::to_string(&view(&ask(donor, WholeBlood, on), viewer)).unwrap()
}

/// Every hidden way in which a cause can stand on the day asked.
fn hidden(viewer: Viewer) -> Vec<DonorFacts> {
    let mut donors = Vec::new();
    for entry in catalogue().entries() {
        let touches = entry.scope == Scope::Donor && entry.applies.to(WholeBlood);
        if viewer.sees(entry.visibility) || !touches {
            continue;
        }
        donors.push(deferred(regular(Sex::Female), &entry.code, None));
        if entry.days_by_base().any(|days| days > 1) {
            donors.push(deferred(regular(Sex::Female), &entry.code, Some(day0())));
        }
    }
    donors.push(deferred(regular(Sex::Female), "NO-SUCH", None));
    donors
}

#[test]
fn b3_every_hidden_cause_reads_the_same_byte_for_byte() {
    for viewer in Viewer::ALL.iter().copied().filter(|viewer| !viewer.sees(Visibility::Sealed)) {
        let read: BTreeSet<String> =
            hidden(viewer).iter().map(|donor| bytes(donor, day0(), viewer)).collect();
        assert_eq!(read.len(), 1, "{viewer:?}: {read:?}");
        let read = read.first().unwrap();
        assert!(read.contains("\"reasons\":[{\"code\":\"not_available\"}]"), "{read}");
        assert!(read.contains("\"not_before\":null"), "{read}");
    }
}

#[test]
fn b3_hiv_and_heart_disease_read_the_same_to_a_medic() {
    let with = |code: &str| deferred(regular(Sex::Male), code, Some(day(-10)));
    for n in 0..400 {
        let read = |code: &str| bytes(&with(code), day(n), Viewer::Medic);
        assert_eq!(read("P-HIV"), read("P-CVD"), "day {n}");
    }
    assert!(bytes(&with("P-HIV"), day0(), Viewer::Physician).contains("P-HIV"));
}

#[test]
fn b3_a_result_within_the_interval_changes_nothing_for_the_medic() {
    let gave = gave(regular(Sex::Male), day0(), WholeBlood);
    let reactive = deferred(gave.clone(), "P-HCV", Some(day(2)));
    for n in 0..84 {
        for viewer in [Viewer::Donor, Viewer::Admin, Viewer::Medic, Viewer::BloodBank] {
            assert_eq!(bytes(&gave, day(n), viewer), bytes(&reactive, day(n), viewer), "day {n}");
        }
    }
    assert_ne!(bytes(&gave, day(84), Viewer::Medic), bytes(&reactive, day(84), Viewer::Medic));
}

#[test]
fn b3_screening_causes_are_for_screening_staff() {
    let donor = deferred(regular(Sex::Male), "TAT", Some(day0()));
    for viewer in Viewer::ALL {
        let told = bytes(&donor, day(1), *viewer).contains("TAT");
        assert_eq!(told, viewer.sees(Visibility::Screening), "{viewer:?}");
    }
    let public = deferred(regular(Sex::Male), "DUTY", Some(day0()));
    for viewer in Viewer::ALL {
        assert!(bytes(&public, day0(), *viewer).contains("DUTY"), "{viewer:?}");
    }
}

#[test]
fn b3_no_day_of_a_hidden_cause_leaves_the_room() {
    let donor = deferred(gave(regular(Sex::Female), day(-100), WholeBlood), "PREG-END", Some(day(-1)));
    let seen = view(&ask(&donor, WholeBlood, day0()), Viewer::Medic);
    assert_eq!(
        (seen.outcome, seen.not_before),
        (SeenOutcome::NotYet, Some(day(12))),
        "the interval's own day"
    );
    let whole = view(&ask(&donor, WholeBlood, day0()), Viewer::Physician);
    assert_eq!(whole.not_before, Some(day(181)));
}

#[test]
fn a_yes_is_told_to_all_with_what_they_may_see() {
    let mut donor = regular(Sex::Male);
    donor.height_cm = None;
    donor.weight_kg = Some(60.0);
    for viewer in Viewer::ALL {
        let seen = view(&ask(&donor, WholeBlood, day0()), *viewer);
        assert_eq!((seen.outcome, seen.not_before), (SeenOutcome::Eligible, Some(day0())), "{viewer:?}");
        let told = seen.reasons.iter().any(|reason| reason.code() == "HEIGHT-UNKNOWN");
        assert_eq!(told, viewer.sees(Visibility::Screening), "{viewer:?}");
    }
}
