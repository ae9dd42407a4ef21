//! The limits of the drive day, each at its edge.

use shiryan_kernel::blood::{DonationType, Sex};

use super::*;
use DonationType::{DoubleRedCells, PlasmaApheresis, PlateletApheresis, WholeBlood};

fn well(sex: Sex) -> Measured {
    Measured {
        body: Body { sex: Some(sex), weight_kg: Some(85.0), height_cm: Some(180.0) },
        haemoglobin_g_dl: Some(15.0),
        haemoglobin_before_g_dl: Some(15.2),
        systolic: Some(120),
        diastolic: Some(80),
        pulse: Some(70),
        endurance: false,
        temperature_c: Some(36.8),
        platelets: Some(250),
        protein: Some(70),
        bag_ml: Some(450),
    }
}

fn found(asked: DonationType, measured: &Measured) -> Vec<String> {
    screen(default_set(), catalogue(), asked, measured, day0()).into_iter().map(|found| found.code).collect()
}

#[test]
fn a_well_donor_passes_for_every_type() {
    for sex in Sex::ALL {
        for asked in DonationType::ALL {
            assert_eq!(found(*asked, &well(*sex)), Vec::<String>::new(), "{sex} {asked}");
        }
    }
    assert_eq!(screened(&[]), Outcome::Eligible);
}

#[test]
fn a5_haemoglobin_has_its_limit_by_sex_and_type() {
    let at = |sex, asked, haemoglobin| {
        let haemoglobin_before_g_dl = None;
        found(asked, &Measured { haemoglobin_g_dl: Some(haemoglobin), haemoglobin_before_g_dl, ..well(sex) })
    };
    for (sex, asked, least) in [
        (Sex::Male, WholeBlood, 13.5),
        (Sex::Female, WholeBlood, 12.5),
        (Sex::Male, PlateletApheresis, 13.5),
        (Sex::Female, PlateletApheresis, 12.5),
        (Sex::Male, DoubleRedCells, 14.0),
        (Sex::Female, DoubleRedCells, 14.0),
        (Sex::Male, PlasmaApheresis, 13.0),
        (Sex::Female, PlasmaApheresis, 12.0),
    ] {
        assert_eq!(at(sex, asked, least), Vec::<String>::new(), "{sex} {asked}");
        assert_eq!(at(sex, asked, least - 0.1).len(), 1, "{sex} {asked}");
    }
    assert_eq!(at(Sex::Male, DoubleRedCells, 13.9), ["HB-FOR-TYPE"]);
    assert_eq!(at(Sex::Male, WholeBlood, 13.4), ["HB-LOW"]);
    assert_eq!(at(Sex::Male, WholeBlood, 10.9), ["HB-LOW", "HB-DANGER"]);
    assert_eq!(at(Sex::Female, WholeBlood, 9.9), ["HB-LOW", "HB-DANGER"]);
    assert_eq!(at(Sex::Male, WholeBlood, 18.0), Vec::<String>::new());
    assert_eq!(at(Sex::Male, WholeBlood, 18.1), ["HB-HIGH"]);
    let unknown = Measured {
        body: Body { sex: None, ..well(Sex::Female).body },
        haemoglobin_g_dl: Some(13.4),
        ..well(Sex::Female)
    };
    assert_eq!(found(WholeBlood, &unknown), ["HB-LOW"]);
}

#[test]
fn low_haemoglobin_waits_90_days_and_a_fall_goes_to_the_physician() {
    let low = Measured { haemoglobin_g_dl: Some(12.0), haemoglobin_before_g_dl: None, ..well(Sex::Male) };
    let findings = screen(default_set(), catalogue(), WholeBlood, &low, day0());
    assert_eq!((findings[0].until, screened(&findings)), (Some(day(90)), Outcome::NotYet));
    let fell =
        Measured { haemoglobin_g_dl: Some(14.4), haemoglobin_before_g_dl: Some(16.4), ..well(Sex::Male) };
    let findings = screen(default_set(), catalogue(), WholeBlood, &fell, day0());
    assert_eq!((findings[0].code.as_str(), screened(&findings)), ("HB-FALL", Outcome::NeedsPhysician));
}

#[test]
fn vital_signs_at_their_edges() {
    let set = |change: fn(&mut Measured)| {
        let mut measured = well(Sex::Male);
        change(&mut measured);
        found(WholeBlood, &measured)
    };
    let passes: [fn(&mut Measured); 8] = [
        |m| m.systolic = Some(90),
        |m| m.systolic = Some(180),
        |m| m.diastolic = Some(50),
        |m| m.diastolic = Some(100),
        |m| m.pulse = Some(50),
        |m| m.pulse = Some(100),
        |m| m.temperature_c = Some(37.5),
        |m| (m.pulse, m.endurance) = (Some(40), true),
    ];
    for (place, change) in passes.into_iter().enumerate() {
        assert_eq!(set(change), Vec::<String>::new(), "{place}");
    }
    let stops: [fn(&mut Measured); 10] = [
        |m| m.systolic = Some(89),
        |m| m.systolic = Some(181),
        |m| m.diastolic = Some(49),
        |m| m.diastolic = Some(101),
        |m| m.pulse = Some(49),
        |m| m.pulse = Some(101),
        |m| m.temperature_c = Some(37.6),
        |m| (m.pulse, m.endurance) = (Some(39), true),
        |m| (m.pulse, m.endurance) = (Some(101), true),
        |m| m.temperature_c = Some(40.0),
    ];
    for (place, change) in stops.into_iter().enumerate() {
        assert_eq!(set(change), ["VITALS"], "{place}");
    }
}

#[test]
fn what_nobody_measured_is_a_stop() {
    let nothing = Measured {
        body: Body { sex: Some(Sex::Male), weight_kg: None, height_cm: None },
        haemoglobin_g_dl: Some(f64::NAN),
        haemoglobin_before_g_dl: None,
        systolic: None,
        diastolic: None,
        pulse: None,
        endurance: false,
        temperature_c: None,
        platelets: None,
        protein: None,
        bag_ml: None,
    };
    for (asked, missing) in
        [(WholeBlood, 6), (DoubleRedCells, 6), (PlateletApheresis, 7), (PlasmaApheresis, 7)]
    {
        let findings = screen(default_set(), catalogue(), asked, &nothing, day0());
        assert_eq!(findings.len(), missing, "{asked}");
        assert!(findings.iter().all(|found| found.code == "NOT-MEASURED"), "{asked}");
        assert_eq!(screened(&findings), Outcome::NotYet);
    }
}

#[test]
fn a6_the_bag_is_checked_against_weight_and_blood_volume() {
    let with = |kg: f64, cm: Option<f64>, bag_ml| {
        let body = Body { sex: Some(Sex::Female), weight_kg: Some(kg), height_cm: cm };
        found(WholeBlood, &Measured { body, bag_ml: Some(bag_ml), ..well(Sex::Female) })
    };
    assert_eq!(with(50.0, Some(155.0), 450), ["BLOOD-VOLUME"], "450 and 30 mL of 3.16 L");
    assert_eq!(with(50.0, Some(155.0), 350), Vec::<String>::new());
    assert_eq!(with(60.0, None, 450), ["NOT-MEASURED"]);
    assert_eq!(with(49.9, Some(170.0), 350), Vec::<String>::new());
    assert!(with(49.9, Some(170.0), 450).contains(&"WEIGHT-LOW".to_owned()));
    assert!(with(44.0, Some(170.0), 350).contains(&"WT-LOW".to_owned()));
    assert_eq!(with(80.0, Some(170.0), 500), ["BAG-UNKNOWN"]);
}

#[test]
fn laboratory_values_belong_to_their_type() {
    let low = Measured { platelets: Some(149), protein: Some(59), ..well(Sex::Male) };
    assert_eq!(found(PlateletApheresis, &low), ["PLATELETS-LOW"]);
    assert_eq!(found(PlasmaApheresis, &low), ["PROTEIN-LOW"]);
    assert_eq!(found(WholeBlood, &low), Vec::<String>::new());
    let edge = Measured { platelets: Some(150), protein: Some(60), ..well(Sex::Male) };
    assert_eq!(found(PlateletApheresis, &edge), Vec::<String>::new());
    assert_eq!(found(PlasmaApheresis, &edge), Vec::<String>::new());
}
