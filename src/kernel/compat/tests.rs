//! Every cell against what antigens and antibodies say, and against the authors' own table.

use super::*;
use crate::sources;

const TITRES: [Titre; 3] = [Titre::Low, Titre::High, Titre::Unknown];
const A: u8 = 1;
const B: u8 = 2;
const D: u8 = 4;

/// The antigens on a group's red cells.
fn antigens(group: BloodGroup) -> u8 {
    let code = group.code();
    let (abo, rhd) = code.split_once('_').unwrap();
    u8::from(abo.contains('a')) * A + u8::from(abo.contains('b')) * B + u8::from(rhd == "pos") * D
}

/// The ABO antibodies in a group's plasma: against whatever its cells lack.
fn antibodies(group: BloodGroup) -> u8 {
    !antigens(group) & (A | B)
}

fn cells() -> impl Iterator<Item = (BloodGroup, BloodGroup, Titre)> {
    BloodGroup::ALL.iter().flat_map(|recipient| {
        BloodGroup::ALL.iter().flat_map(|unit| TITRES.map(|titre| (*recipient, *unit, titre)))
    })
}

fn cells_fit(recipient: BloodGroup, unit: BloodGroup) -> bool {
    antigens(unit) & !antigens(recipient) == 0
}

fn plasma_fits(recipient: BloodGroup, unit: BloodGroup) -> bool {
    antibodies(unit) & antigens(recipient) == 0
}

/// ABO fits, and the only objection is RhD.
fn only_rhd_objects(recipient: BloodGroup, unit: BloodGroup) -> bool {
    antigens(unit) & !antigens(recipient) == D
}

#[test]
fn red_cells_follow_the_antigens() {
    let mut pairs = 0;
    for (recipient, unit, titre) in cells() {
        let ours = verdict(Component::RedCells, recipient, unit, titre);
        assert_eq!(ours.fits(), cells_fit(recipient, unit), "{recipient} <- {unit}");
        assert_eq!(
            matches!(ours, Verdict::ByPolicy { .. }),
            only_rhd_objects(recipient, unit),
            "{recipient} <- {unit}"
        );
        pairs += usize::from(ours.fits() && titre == Titre::Unknown);
    }
    assert_eq!(pairs, 27);
}

#[test]
fn plasma_follows_the_antibodies() {
    for (recipient, unit, titre) in cells() {
        let ours = verdict(Component::Plasma, recipient, unit, titre);
        let low_titre_a = recipient.abo() == Abo::Ab && unit.abo() == Abo::A && titre == Titre::Low;
        assert_eq!(
            ours.fits(),
            plasma_fits(recipient, unit) || low_titre_a,
            "{recipient} <- {unit}, {titre}"
        );
        assert_eq!(ours.needs().contains(&Caution::LowTitreRequired), low_titre_a);
        assert!(!matches!(ours, Verdict::ByPolicy { .. }), "RhD says nothing of plasma");
    }
}

#[test]
fn no_platelet_cell_is_a_hard_stop_and_each_says_its_warnings() {
    for (recipient, unit, titre) in cells() {
        let ours = verdict(Component::Platelets, recipient, unit, titre);
        assert!(ours.fits(), "{recipient} <- {unit}");
        let against = !plasma_fits(recipient, unit);
        assert_eq!(ours.needs().contains(&Caution::SecondPersonForChild), against);
        assert_eq!(ours.needs().contains(&Caution::LowTitrePreferred), against && titre != Titre::Low);
        assert_eq!(
            ours.needs().contains(&Caution::RhdNegativePreferred),
            antigens(unit) & D != 0 && antigens(recipient) & D == 0
        );
    }
}

#[test]
fn whole_blood_needs_both_cells_and_plasma() {
    for (recipient, unit, titre) in cells() {
        let ours = verdict(Component::WholeBlood, recipient, unit, titre);
        let same_abo = antigens(recipient) & (A | B) == antigens(unit) & (A | B);
        let low_titre_o = antigens(unit) & (A | B) == 0 && titre == Titre::Low;
        let abo_allows = same_abo || low_titre_o;
        assert_eq!(ours.fits(), abo_allows && cells_fit(recipient, unit), "{recipient} <- {unit}, {titre}");
        assert_eq!(
            matches!(ours, Verdict::ByPolicy { .. }),
            abo_allows && only_rhd_objects(recipient, unit),
            "{recipient} <- {unit}, {titre}"
        );
        assert_eq!(
            ours.needs().contains(&Caution::LowTitreRequired),
            ours != Verdict::Never && !same_abo,
            "{recipient} <- {unit}, {titre}"
        );
    }
}

#[test]
fn untitred_group_o_whole_blood_goes_to_group_o_only() {
    for (recipient, unit, titre) in cells().filter(|(_, unit, titre)| {
        matches!(unit, BloodGroup::ONeg | BloodGroup::OPos) && *titre != Titre::Low
    }) {
        let ours = verdict(Component::WholeBlood, recipient, unit, titre);
        let patient_is_o = matches!(recipient, BloodGroup::ONeg | BloodGroup::OPos);
        assert_eq!(ours != Verdict::Never, patient_is_o, "{recipient} <- {unit}, {titre}");
    }
}

#[test]
fn cryoprecipitate_stops_nobody() {
    for (recipient, unit, titre) in cells() {
        let ours = verdict(Component::Cryoprecipitate, recipient, unit, titre);
        assert!(ours.fits());
        assert_eq!(
            ours.needs().contains(&Caution::PlasmaCompatibleForChild),
            !plasma_fits(recipient, unit),
            "{recipient} <- {unit}"
        );
    }
}

#[test]
fn every_policy_cell_asks_for_the_policy() {
    for component in Component::ALL {
        for (recipient, unit, titre) in cells() {
            let ours = verdict(*component, recipient, unit, titre);
            assert_eq!(
                matches!(ours, Verdict::ByPolicy { .. }),
                ours.needs().contains(&Caution::PolicyRhdPositiveToNegative)
            );
        }
    }
}

#[test]
fn preference_is_a_total_order_with_the_patients_own_group_first() {
    for component in Component::ALL {
        for recipient in BloodGroup::ALL {
            for titre in TITRES {
                let mut ranks = Vec::new();
                let mut worst_fit = 0;
                let mut best_policy = u8::MAX;
                for unit in BloodGroup::ALL {
                    match verdict(*component, *recipient, *unit, titre) {
                        Verdict::Never => {}
                        Verdict::Fits { preference, .. } => {
                            assert_eq!(
                                preference == 0,
                                unit == recipient,
                                "{component}: {recipient} <- {unit}"
                            );
                            worst_fit = worst_fit.max(preference);
                            ranks.push(preference);
                        }
                        Verdict::ByPolicy { preference, .. } => {
                            best_policy = best_policy.min(preference);
                            ranks.push(preference);
                        }
                    }
                }
                assert!(worst_fit < best_policy, "{component}: {recipient}");
                let all = ranks.len();
                ranks.sort_unstable();
                ranks.dedup();
                assert_eq!(ranks.len(), all, "{component}: {recipient}");
            }
        }
    }
}

#[test]
fn rhd_positive_cells_come_first_for_rhd_positive_patients() {
    for component in [Component::RedCells, Component::WholeBlood] {
        for recipient in BloodGroup::ALL.iter().filter(|group| group.rhd_positive()) {
            let order = acceptable_with(component, *recipient, Titre::Low);
            assert!(order.is_sorted_by_key(|(unit, _)| !unit.rhd_positive()), "{component}: {recipient}");
        }
    }
}

#[test]
fn acceptable_counts_on_no_titre_and_no_policy() {
    let groups = |component, recipient| -> Vec<&str> {
        acceptable(component, recipient).iter().map(|(unit, _)| unit.code()).collect()
    };
    assert_eq!(groups(Component::Plasma, BloodGroup::AbPos), ["ab_pos", "ab_neg"]);
    assert_eq!(groups(Component::WholeBlood, BloodGroup::APos), ["a_pos", "a_neg"]);
    assert_eq!(groups(Component::RedCells, BloodGroup::ONeg), ["o_neg"]);
    assert_eq!(groups(Component::Plasma, BloodGroup::ANeg), ["a_neg", "a_pos", "ab_neg", "ab_pos"]);
}

#[test]
fn a_titre_is_low_only_while_it_is_valid() {
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let judge =
        |highest, today| Titre::judge(highest, day("2026-01-01"), day(today), TITRE_VALID_DAYS_OPERATIONAL);
    assert_eq!(judge(255, "2026-01-01"), Titre::Low);
    assert_eq!(judge(255, "2026-04-01"), Titre::Low); // day 90
    assert_eq!(judge(255, "2026-04-02"), Titre::Unknown);
    assert_eq!(judge(255, "2025-12-31"), Titre::Unknown);
    assert_eq!(judge(256, "2026-01-01"), Titre::High);
}

/// The authors' order for one row of the table: names, with a star for what only a low titre opens.
fn row(table: &serde_json::Value, name: &str) -> Vec<String> {
    table[name].as_array().unwrap().iter().map(|cell| cell.as_str().unwrap().to_owned()).collect()
}

#[test]
fn red_cells_are_the_authors_table_in_its_order() {
    let Some(rules) = sources::domain("rules.json") else { return };
    let table = &rules["compat"]["rbc"];
    assert_eq!(table.as_object().unwrap().len(), 8);
    for recipient in BloodGroup::ALL {
        let ours: Vec<String> = acceptable(Component::RedCells, *recipient)
            .iter()
            .map(|(unit, _)| unit.label().replace('−', "-"))
            .collect();
        assert_eq!(ours, row(table, &recipient.label().replace('−', "-")));
    }
}

#[test]
fn plasma_and_platelets_are_the_authors_tables_in_their_order() {
    let Some(rules) = sources::domain("rules.json") else { return };
    for (component, name) in [(Component::Plasma, "plasma"), (Component::Platelets, "platelets")] {
        let table = &rules["compat"][name];
        for recipient in BloodGroup::ALL {
            let ours: Vec<String> = acceptable_with(component, *recipient, Titre::Low)
                .iter()
                .filter(|(unit, _)| unit.rhd_positive() == recipient.rhd_positive())
                .map(|(unit, _)| starred(unit.abo(), star(component, *recipient, *unit)))
                .collect();
            let theirs = row(table, &recipient.abo().code().to_uppercase());
            assert_eq!(ours, theirs, "{component}: {recipient}");
            for unit in BloodGroup::ALL {
                let name = unit.abo().code().to_uppercase();
                let listed = theirs.iter().any(|cell| cell.trim_end_matches('*') == name);
                let fits = verdict(component, *recipient, *unit, Titre::Low).fits();
                assert_eq!(fits, listed, "{component}: {recipient} <- {unit}");
            }
        }
        let unknown: Vec<String> =
            unknown_group(component).iter().map(|(abo, mark)| starred(*abo, *mark)).collect();
        assert_eq!(unknown, row(table, "UNKNOWN"));
    }
}

fn starred(abo: Abo, star: bool) -> String {
    abo.code().to_uppercase() + if star { "*" } else { "" }
}

/// Whether a cell says anything else when the titre is not low.
fn star(component: Component, recipient: BloodGroup, unit: BloodGroup) -> bool {
    verdict(component, recipient, unit, Titre::Low) != verdict(component, recipient, unit, Titre::Unknown)
}

#[test]
fn titre_limits_are_the_authors() {
    let Some(rules) = sources::domain("rules.json") else { return };
    let low = &rules["compat"]["ltowb"];
    assert_eq!(low["max_titre_exclusive"].as_u64().unwrap(), u64::from(LOW_TITRE_BELOW));
    assert_eq!(low["valid_days"]["operational"].as_i64().unwrap(), TITRE_VALID_DAYS_OPERATIONAL);
    assert_eq!(low["valid_days"]["routine"].as_i64().unwrap(), TITRE_VALID_DAYS_ROUTINE);
    let emergency = &rules["compat"]["emergency_unknown"]["red_cells"];
    assert_eq!(emergency[0]["max_units"].as_u64().unwrap(), u64::from(MAX_O_NEG_BEFORE_REASSESSING));
}
