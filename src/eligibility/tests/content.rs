//! Content files: read strictly, equal to the reviewed list cell by cell.

use serde_json::Value;
use shiryan_kernel::blood::{DonationType, Sex};

use super::super::catalogue::AllTypes;
use super::super::policy::Range;
use super::*;

const PROFILES: [(&str, &str); 6] = [
    ("DEFAULT_PROPOSED", "default"),
    ("WHO_2012", "who_2012"),
    ("EDQM_GUIDE", "edqm"),
    ("UK_JPAC_3_6", "jpac_3_6"),
    ("LEBANON_LCBT_2015", "lebanon_2015"),
    ("ARC_US", "arc_us"),
];

fn default_text() -> &'static str {
    BUILT_IN.iter().find(|(file, _)| *file == "default.toml").unwrap().1
}

fn refused(text: &str) -> String {
    let found = RuleSet::read("mine.toml", text).unwrap_err();
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_profile_equals_the_reviewed_list_cell_by_cell() {
    let Some(rules) = domain_rules() else { return };
    let profiles = rules["profiles"].as_object().unwrap();
    assert_eq!(profiles.len(), PROFILES.len(), "a profile has no file");
    for (name, code) in PROFILES {
        let (profile, policies) = (&profiles[name], policies());
        let set = policies.in_force(code, day0()).unwrap();
        for (sex_key, sex) in [("M", Sex::Male), ("F", Sex::Female)] {
            for (from_key, from) in TYPES {
                for (to_key, to) in TYPES {
                    let expected = match &profile["intervals"][sex_key][from_key][to_key] {
                        Value::Null => Interval::Never,
                        days => Interval::Days(days.as_u64().unwrap().try_into().unwrap()),
                    };
                    let found = *set.intervals.of(sex).of(from).of(to);
                    assert_eq!(found, expected, "{name} {sex_key} {from_key} {to_key}");
                }
            }
        }
        let offered: Vec<_> = profile["offered"].as_array().unwrap().iter().map(type_of).collect();
        assert_eq!(set.offered, offered, "{name}");
        let advised = profile.get("advised_WB").map(|days| days.as_u64().unwrap());
        let found = set.advised_days.get(&DonationType::WholeBlood).map(|days| u64::from(*days));
        assert_eq!(found, advised, "{name}");
    }
}

fn type_of(abbreviation: &Value) -> DonationType {
    TYPES.iter().find(|(known, _)| abbreviation == known).unwrap().1
}

/// Each cap of the list: the types it counts, its measure and its window.
fn cap_meant(key: &str) -> Option<(Measure, Vec<DonationType>, u16)> {
    use DonationType::{DoubleRedCells, PlasmaApheresis, PlateletApheresis, WholeBlood};
    Some(match key {
        "red_cell_units" => (Measure::RedCellUnits, vec![WholeBlood, DoubleRedCells], 365),
        "PL+PA" => (Measure::Donations, vec![PlateletApheresis, PlasmaApheresis], 365),
        "plasma_ml" => (Measure::PlasmaMl, vec![PlasmaApheresis], 365),
        "plasma_ml_per_30_days" | "plasma_ml_month" => (Measure::PlasmaMl, vec![PlasmaApheresis], 30),
        "WB" | "2R" | "PL" | "PA" => (Measure::Donations, vec![type_of(&Value::from(key))], 365),
        // not caps of ours: the window's own length, a share checked elsewhere, a type nobody gives here
        "window_days" | "plasma_max_pct_tbv_per_donation" | "leuca" => return None,
        other => panic!("a cap without a meaning: {other}"),
    })
}

#[test]
fn every_cap_equals_the_reviewed_list() {
    let Some(rules) = domain_rules() else { return };
    for (name, code) in PROFILES {
        let policies = policies();
        let set = policies.in_force(code, day0()).unwrap();
        let listed = rules["profiles"][name].get("caps_365d").and_then(Value::as_object);
        let mut expected = 0;
        for (key, value) in listed.into_iter().flatten() {
            let Some((measure, of, window_days)) = cap_meant(key) else { continue };
            expected += 1;
            let by_sex = |sex| value.get(sex).unwrap_or(value).as_u64().unwrap();
            let found = set.caps.iter().any(|cap| {
                (cap.measure, &cap.of, cap.window_days) == (measure, &of, window_days)
                    && (u64::from(cap.male), u64::from(cap.female)) == (by_sex("M"), by_sex("F"))
            });
            assert!(found, "{name} {key}");
        }
        // two more stand only in the notes of the list
        let noted = usize::from(name == "ARC_US") + usize::from(name == "LEBANON_LCBT_2015");
        assert_eq!(set.caps.len(), expected + noted, "{name}");
    }
}

#[test]
fn the_default_limits_equal_the_reviewed_list() {
    let Some(rules) = domain_rules() else { return };
    let (list, set) = (&rules["physical_default"], default_set());
    let number = |value: &Value| value.as_f64().unwrap();
    let range = |value: &Value| Range(number(&value[0]) as u16, number(&value[1]) as u16);
    assert_eq!(f64::from(set.age.min), number(&list["age_min"]));
    assert_eq!(f64::from(set.age.first_time_physician_over), number(&list["age_first_physician_over"]));
    assert_eq!(f64::from(set.age.regular_physician_over), number(&list["age_repeat_physician_over"]));
    for bag in &set.bags {
        assert_eq!(bag.weight_kg_min, number(&list["weight_kg_min"][bag.volume_ml.to_string()]));
    }
    let bags: Vec<f64> = set.bags.iter().rev().map(|bag| f64::from(bag.volume_ml)).collect();
    assert_eq!(bags, list["bag_ml"].as_array().unwrap().iter().map(number).collect::<Vec<_>>());
    assert_eq!(set.weight_kg_min.double_red_cells, number(&list["weight_kg_min_2R"]));
    for (key, sex) in [("M", Sex::Male), ("F", Sex::Female)] {
        let min = set.haemoglobin.min.of(sex);
        assert_eq!(min.whole_blood, number(&list["hb_g_dl_min"][key]));
        assert_eq!(min.platelet_apheresis, number(&list["hb_g_dl_min"][key]));
        assert_eq!(min.double_red_cells, number(&list["hb_2R_min"]));
        assert!(min.plasma_apheresis <= min.whole_blood);
        assert_eq!(min.plasma_apheresis, number(&list["hb_pa_min"][key]));
        assert_eq!(*set.haemoglobin.danger_low.of(sex), number(&list["hb_danger_low"][key]));
    }
    assert_eq!(set.haemoglobin.upper_alert, number(&list["hb_upper_alert"]));
    assert_eq!(set.haemoglobin.fall_physician, number(&list["hb_fall_physician_g_dl"]));
    assert_eq!(set.vitals.systolic, range(&list["sys"]));
    assert_eq!(set.vitals.diastolic, range(&list["dia"]));
    assert_eq!(set.vitals.pulse, range(&list["pulse"]));
    assert_eq!(f64::from(set.vitals.pulse_athlete_min), number(&list["pulse_athlete_min"]));
    assert_eq!(set.vitals.temperature_max_c, number(&list["temp_max_c"]));
    assert_eq!(f64::from(set.laboratory.platelets_min), number(&list["platelets_min_e9_l"]));
    assert_eq!(f64::from(set.laboratory.protein_min), number(&list["protein_min_g_l"]));
    assert_eq!(f64::from(set.volume.samples_ml), number(&list["samples_ml"]));
    assert_eq!(set.volume.warn_pct, number(&list["collected_max_pct_tbv"]["warn"]));
    assert_eq!(set.volume.stop_pct, number(&list["collected_max_pct_tbv"]["hard"]));
    let profile = &rules["profiles"]["DEFAULT_PROPOSED"]["caps_365d"];
    assert_eq!(set.volume.plasma_stop_pct, number(&profile["plasma_max_pct_tbv_per_donation"]));
    let light = number(&list["height_unknown_and_weight_under_kg"]["kg"]);
    assert_eq!((set.volume.checked_under_kg, set.volume.measure_height_under_kg), (light, light));
    let litres = number(&list["estimated_blood_volume_2R_min_l"]);
    assert_eq!(set.volume.double_red_cells_min_ml, litres * 1000.0);
    assert_eq!(!set.regular.double_red_cells_for_first_time, list["no_2R_for_first_time"] == true);
}

#[test]
fn the_catalogue_equals_the_reviewed_list() {
    let Some(rules) = domain_rules() else { return };
    let (listed, catalogue) = (rules["deferrals"].as_array().unwrap(), catalogue());
    // The one cause that begins by itself is ours: the list is of causes that people enter.
    let is_listed = |code: &str| listed.iter().any(|cause| cause["code"] == code);
    let own: Vec<&str> =
        catalogue.entries().map(|entry| entry.code.as_str()).filter(|code| !is_listed(code)).collect();
    assert_eq!(own, ["LAB-PENDING"]);
    for cause in listed {
        let text = |key: &str| cause.get(key).and_then(Value::as_str);
        let code = text("code").unwrap();
        let entry = catalogue.get(code).unwrap();
        assert_eq!((Some(entry.ar.as_str()), Some(entry.en.as_str())), (text("ar"), text("en")), "{code}");
        assert_eq!(
            (Some(entry.base.as_str()), entry.note.as_deref()),
            (text("base"), text("note")),
            "{code}"
        );
        assert_eq!(Some(entry.source.as_str()), text("source"), "{code}");
        assert_eq!(entry.visibility.code().to_uppercase(), text("visibility").unwrap(), "{code}");
        let kind = match text("kind").unwrap() {
            "TEMP" => Kind::Temporary,
            "PERM" => Kind::Permanent,
            _ => Kind::Physician,
        };
        assert_eq!(entry.kind, kind, "{code}");
        assert_eq!(entry.days.map(u64::from), cause["days"].as_u64(), "{code}");
        let terms = cause.get("terms").and_then(Value::as_array).cloned().unwrap_or_default();
        assert_eq!(entry.terms.len(), terms.len(), "{code}");
        for (term, listed) in entry.terms.iter().zip(&terms) {
            assert_eq!(
                (term.base.as_str(), u64::from(term.days)),
                (listed["base"].as_str().unwrap(), listed["days"].as_u64().unwrap())
            );
        }
        let applies = match text("applies").unwrap() {
            "ALL" => Applies::All(AllTypes::All),
            other => Applies::Only(vec![type_of(&Value::from(other))]),
        };
        assert_eq!(entry.applies, applies, "{code}");
        assert_eq!(entry.scope == Scope::Visit, text("scope") == Some("visit"), "{code}");
    }
}

#[test]
fn an_unknown_key_is_named_with_file_and_line() {
    let text = default_text().replace("window_days = 365", "window_days = 365\nwindow_day = 1");
    let said = refused(&text);
    assert!(said.starts_with("mine.toml:"), "{said}");
    assert!(said.contains("window_day"), "{said}");
    let line = text.lines().position(|line| line.starts_with("window_day =")).unwrap() + 1;
    assert!(said.starts_with(&format!("mine.toml:{line}:")), "{said}");
}

#[test]
fn a_hole_in_the_matrix_is_refused() {
    for row in ["whole_blood = 84\n", "platelet_apheresis = 28\n", "plasma_apheresis = 14\n"] {
        let said = refused(&default_text().replacen(row, "", 1));
        assert!(said.contains("intervals.male"), "{said}");
        assert!(said.contains("missing field"), "{said}");
    }
}

#[test]
fn a_cell_that_is_no_interval_is_refused() {
    for cell in ["-1", "3651", "\"none\"", "84.5", "true"] {
        let said = refused(&default_text().replacen("whole_blood = 84", &format!("whole_blood = {cell}"), 1));
        assert!(said.contains("intervals.male.whole_blood"), "{said}");
    }
}

#[test]
fn content_that_cannot_be_is_refused_all_at_once() {
    let text = default_text()
        .replace("version = 1", "version = 0")
        .replace("warn_pct = 13", "warn_pct = 16")
        .replace("double_red_cells = 182\n\n", "double_red_cells = 90\n\n")
        .replacen("double_red_cells = 182\nplatelet", "double_red_cells = 90\nplatelet", 3);
    let found = RuleSet::read("mine.toml", &text).unwrap_err();
    let keys: Vec<&str> = found.iter().map(|error| error.key.as_str()).collect();
    assert!(keys.contains(&"version") && keys.contains(&"volume.warn_pct"), "{keys:?}");
    assert!(keys.iter().any(|key| key.starts_with("intervals.")), "{keys:?}");
}

#[test]
fn a_version_is_in_force_until_the_next_begins() {
    let later = default_text()
        .replace("version = 1", "version = 2")
        .replace("effective_from = 2020-01-01", "effective_from = 2027-08-07");
    let both =
        Policies::from_texts([("later.toml", later.as_str()), ("first.toml", default_text())]).unwrap();
    let version = |on| both.in_force(DEFAULT_CODE, date(on)).map(|set| set.version);
    assert_eq!(version("2019-12-31"), None);
    assert_eq!(version("2020-01-01"), Some(1));
    assert_eq!(version("2027-08-06"), Some(1));
    assert_eq!(version("2027-08-07"), Some(2));
    assert!(both.version(DEFAULT_CODE, 2).is_some() && both.version("who_2012", 1).is_none());
}

#[test]
fn two_versions_that_overlap_are_refused() {
    let same_day = default_text().replace("version = 1", "version = 2");
    assert!(Policies::from_texts([("a.toml", default_text()), ("b.toml", same_day.as_str())]).is_err());
    let falling = default_text().replace("effective_from = 2020-01-01", "effective_from = 2021-01-01");
    assert!(Policies::from_texts([("a.toml", default_text()), ("b.toml", falling.as_str())]).is_err());
}

#[test]
fn a_catalogue_with_a_fault_is_refused() {
    let text = "[[deferral]]\ncode = \"X\"\nar = \"س\"\nen = \"x\"\nkind = \"temporary\"\ndays = 3\n\
                base = \"event\"\napplies = \"all\"\nvisibility = \"public\"\nsource = \"D\"\n";
    assert!(Catalogue::read("d.toml", text).is_ok());
    for (one, other) in [
        ("kind = \"temporary\"", "kind = \"permanent\""),
        ("visibility = \"public\"", "visibility = \"all\""),
        ("applies = \"all\"", "applies = \"some\""),
        ("code = \"X\"", "code = \"x\""),
        ("source = \"D\"", "source = \"D\"\nthen = \"Y\""),
        ("days = 3", "days = -3"),
        ("en = \"x\"", "en = \" \""),
    ] {
        assert!(Catalogue::read("d.toml", &text.replace(one, other)).is_err(), "{other}");
    }
    assert!(Catalogue::read("d.toml", &format!("{text}{text}")).is_err());
}

#[test]
fn every_reason_has_neutral_words_in_both_languages() {
    let (ar, en) =
        (include_str!("../../../locales/ar/reasons.ftl"), include_str!("../../../locales/en/reasons.ftl"));
    let words = |text: &'static str| -> std::collections::BTreeMap<&str, &str> {
        text.lines().filter_map(|line| line.split_once(" = ")).collect()
    };
    let (ar, en) = (words(ar), words(en));
    let mut ids: Vec<String> = catalogue().entries().map(|entry| text_id(&entry.code)).collect();
    ids.extend(RuleCode::ALL.iter().map(|code| text_id(code.code())));
    ids.push(text_id(NOT_AVAILABLE));
    for id in &ids {
        let (arabic, english) = (ar.get(id.as_str()), en.get(id.as_str()));
        assert!(
            arabic.is_some_and(|text| text.chars().any(|c| ('\u{621}'..='\u{64a}').contains(&c))),
            "{id}"
        );
        assert!(english.is_some_and(|text| text.is_ascii() && !text.is_empty()), "{id}");
        for avoided in ["استدعاء", "تخلّف", "تخلف", "مُجازة", "فصادة"] {
            assert!(!arabic.unwrap().contains(avoided), "{id}: {avoided}");
        }
    }
    assert_eq!((ar.len(), en.len()), (ids.len(), ids.len()), "a text without a reason");
    for entry in catalogue().entries() {
        let id = text_id(&entry.code);
        assert_eq!((ar[id.as_str()], en[id.as_str()]), (entry.ar.as_str(), entry.en.as_str()), "{id}");
    }
    let Some(rules) = domain_rules() else { return };
    assert_eq!(ar["reason-not-available"], rules["deferral_rules"]["one_text"].as_str().unwrap());
    assert_eq!(en["reason-not-available"], rules["deferral_rules"]["one_text_en"].as_str().unwrap());
    assert_eq!(NOT_AVAILABLE, rules["deferral_rules"]["one_code"].as_str().unwrap());
}
