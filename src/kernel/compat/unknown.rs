//! A patient whose group nobody has typed twice: what may be sent, and how long that may go on.
//!
//! Sources: Lifeblood and Victoria Department of Health guidance on emergency O red cells. A sample is
//! taken first, and group-specific blood follows as soon as it is typed.

use crate::blood::{Abo, BloodGroup, Component, Sex};

/// O− red cells for one patient of unknown group before the case is looked at again.
pub const MAX_O_NEG_BEFORE_REASSESSING: u8 = 2;

/// What is known of a patient at the bedside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PatientFacts {
    pub sex: Option<Sex>,
    /// Completed years.
    pub age: Option<i32>,
    pub anti_d: bool,
    pub chronically_transfused: bool,
    /// Whether an incident is declared where the patient is.
    pub incident: bool,
    /// Whether O− red cells are below their floor there.
    pub o_neg_is_low: bool,
}

/// Red cells for a patient of unknown group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmergencyChoice {
    pub group: BloodGroup,
    /// After this many units the case is looked at again; O+ is never withheld to save a life.
    pub max_units: Option<u8>,
}

/// O− for girls, women up to 50 and everyone under 18; O− too while sex or age is unknown, unless an
/// incident is declared or O− is below its floor; O+ for everyone else.
#[must_use]
pub fn red_cells_for_unknown(patient: PatientFacts) -> EmergencyChoice {
    let o_neg = EmergencyChoice { group: BloodGroup::ONeg, max_units: Some(MAX_O_NEG_BEFORE_REASSESSING) };
    let o_pos = EmergencyChoice { group: BloodGroup::OPos, max_units: None };
    let scarce = patient.incident || patient.o_neg_is_low;
    match (patient.sex, patient.age) {
        (_, Some(age)) if age < 18 => o_neg,
        (Some(Sex::Female), Some(age)) if age <= 50 => o_neg,
        (None, _) | (_, None) if !scarce => o_neg,
        _ => o_pos,
    }
}

/// The order of ABO for a patient of unknown group; `true` marks what a low titre must open (plasma)
/// or makes better (platelets). Red cells follow [`red_cells_for_unknown`]; whole blood is low-titre
/// group O with the RhD type that red cells would have.
#[must_use]
pub const fn unknown_group(component: Component) -> &'static [(Abo, bool)] {
    match component {
        Component::Plasma => &[(Abo::Ab, false), (Abo::A, true)],
        Component::Platelets => &[(Abo::A, true), (Abo::Ab, false), (Abo::B, true), (Abo::O, true)],
        Component::RedCells => &[(Abo::O, false)],
        Component::WholeBlood => &[(Abo::O, true)],
        Component::Cryoprecipitate => &[(Abo::Ab, false), (Abo::A, false), (Abo::B, false), (Abo::O, false)],
    }
}

/// Whether the policy lets an RhD-negative patient have RhD-positive red cells or whole blood: men of
/// 18 and over and women over 50, no anti-D, not chronically transfused; whoever is unknown is not
/// covered. A warning with a named authoriser remains.
#[must_use]
pub const fn rhd_policy_allows(patient: PatientFacts) -> bool {
    if patient.anti_d || patient.chronically_transfused {
        return false;
    }
    match (patient.sex, patient.age) {
        (Some(Sex::Male), Some(age)) => age >= 18,
        (Some(Sex::Female), Some(age)) => age > 50,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patient(sex: Option<Sex>, age: Option<i32>) -> PatientFacts {
        PatientFacts { sex, age, ..PatientFacts::default() }
    }

    #[test]
    fn o_negative_goes_first_to_those_it_protects() {
        let calm = |sex, age| red_cells_for_unknown(patient(sex, age)).group;
        assert_eq!(calm(Some(Sex::Female), Some(50)), BloodGroup::ONeg);
        assert_eq!(calm(Some(Sex::Female), Some(51)), BloodGroup::OPos);
        assert_eq!(calm(Some(Sex::Male), Some(17)), BloodGroup::ONeg);
        assert_eq!(calm(Some(Sex::Male), Some(18)), BloodGroup::OPos);
        assert_eq!(calm(None, Some(30)), BloodGroup::ONeg);
        assert_eq!(calm(Some(Sex::Male), None), BloodGroup::ONeg);
        assert_eq!(calm(None, Some(3)), BloodGroup::ONeg);
    }

    #[test]
    fn scarcity_moves_only_the_unknown() {
        for (incident, o_neg_is_low) in [(true, false), (false, true)] {
            let facts = |sex, age| PatientFacts { incident, o_neg_is_low, ..patient(sex, age) };
            let scarce = |sex, age| red_cells_for_unknown(facts(sex, age)).group;
            assert_eq!(scarce(None, None), BloodGroup::OPos);
            assert_eq!(scarce(Some(Sex::Female), None), BloodGroup::OPos);
            assert_eq!(scarce(Some(Sex::Female), Some(30)), BloodGroup::ONeg);
            assert_eq!(scarce(None, Some(10)), BloodGroup::ONeg);
        }
    }

    #[test]
    fn at_most_two_o_negative_and_no_bound_on_o_positive() {
        assert_eq!(red_cells_for_unknown(patient(None, None)).max_units, Some(2));
        assert_eq!(red_cells_for_unknown(patient(Some(Sex::Male), Some(40))).max_units, None);
    }

    #[test]
    fn the_rhd_policy_covers_nobody_it_should_protect() {
        assert!(rhd_policy_allows(patient(Some(Sex::Male), Some(18))));
        assert!(!rhd_policy_allows(patient(Some(Sex::Male), Some(17))));
        assert!(!rhd_policy_allows(patient(Some(Sex::Female), Some(50))));
        assert!(rhd_policy_allows(patient(Some(Sex::Female), Some(51))));
        assert!(!rhd_policy_allows(patient(None, Some(40))));
        assert!(!rhd_policy_allows(patient(Some(Sex::Male), None)));
        let immunised = PatientFacts { anti_d: true, ..patient(Some(Sex::Male), Some(40)) };
        assert!(!rhd_policy_allows(immunised));
        let chronic = PatientFacts { chronically_transfused: true, ..patient(Some(Sex::Male), Some(40)) };
        assert!(!rhd_policy_allows(chronic));
    }
}
