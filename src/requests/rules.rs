//! Pure decisions about requests: for whom a unit is chosen, which state follows which, how many O− go to a
//! patient whose group nobody knows.

pub mod pack;
pub mod standing;

use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{Abo, AgeBand, BloodGroup, Component, Sex};
use shiryan_kernel::compat::{Caution, MAX_O_NEG_BEFORE_REASSESSING, Recipient, Titre, Verdict, judge};
use shiryan_kernel::status::{RequestState, Urgency};
use shiryan_kernel::{Code, Problem, Result};

/// The most lines that are asked for at once.
pub const MOST_LINES: usize = 8;
pub use shiryan_kernel::status::MOST_UNITS_ASKED as MOST_UNITS;
/// Days in which units for a patient of unknown group are counted together; later the hospital's name for the patient
/// may be another's.
pub const DAYS_OF_ONE_CASE: i64 = 7;
/// The farthest day for which units are asked.
pub const MOST_DAYS_AHEAD: i64 = 60;

/// The states that may follow `from`; none for the three that are final.
#[must_use]
pub const fn next(from: RequestState) -> &'static [RequestState] {
    use RequestState::{Accepted, Cancelled, Closed, Issued, Received, Refused, Reserved, Submitted};
    match from {
        Submitted => &[Accepted, Refused, Cancelled],
        Accepted => &[Reserved, Refused, Cancelled],
        // Back where every hold has ended.
        Reserved => &[Accepted, Issued, Refused, Cancelled],
        Issued => &[Received],
        Received => &[Closed],
        Closed | Refused | Cancelled => &[],
    }
}

/// The states from which `to` may follow.
#[must_use]
pub fn before(to: RequestState) -> Vec<RequestState> {
    RequestState::ALL.iter().copied().filter(|from| next(*from).contains(&to)).collect()
}

/// The states in which nothing was issued and something still may be.
#[must_use]
pub fn before_issue() -> Vec<RequestState> {
    RequestState::ALL.iter().copied().filter(|from| next(*from).contains(&RequestState::Cancelled)).collect()
}

/// What a unit of a component can have at all.
///
/// # Errors
/// `invalid_value` of what it cannot.
pub fn needs(component: Component, needs: Attributes) -> Result<Attributes> {
    let can_have = needs.list().into_iter().all(|attribute| attribute.is_of(component));
    if can_have { Ok(needs) } else { Err(Problem::new(Code::InvalidValue)) }
}

/// Whether a unit of this group and titre fits; by the RhD policy too, where somebody answers for it.
#[must_use]
pub fn fits(
    component: Component,
    recipient: Recipient,
    (unit, titre): (BloodGroup, Titre),
    by_policy: bool,
) -> bool {
    match judge(component, recipient, unit, titre) {
        Verdict::Fits { .. } => true,
        Verdict::ByPolicy { .. } => by_policy,
        Verdict::Never => false,
    }
}

/// A patient and what is asked for, as far as warnings look at them.
#[derive(Debug, Clone, Copy)]
pub struct Case {
    pub component: Component,
    pub recipient: Recipient,
    pub sex: Option<Sex>,
    pub age: Option<AgeBand>,
    pub urgency: Urgency,
}

/// What of a fitting unit's cautions holds for this patient and this unit, so that whoever holds it has to say why. A low
/// titre that the table demands is there, and the RhD policy has an authoriser who gave a reason: neither is here.
#[must_use]
pub fn warnings(case: &Case, (unit, titre): (BloodGroup, Titre), is_short_dated: bool) -> Vec<Caution> {
    let is_child = case.age == Some(AgeBand::Under18);
    let may_bear = is_child || (case.age != Some(AgeBand::Over50) && case.sex != Some(Sex::Male));
    let holds = |caution: &Caution| match caution {
        Caution::LowTitreRequired | Caution::PolicyRhdPositiveToNegative => false,
        Caution::LowTitrePreferred => titre != Titre::Low,
        Caution::SecondPersonForChild | Caution::PlasmaCompatibleForChild => is_child,
        Caution::RhdNegativePreferred => may_bear,
        // In an emergency nothing is spared.
        Caution::SpareRhdNegative => !is_short_dated && case.urgency != Urgency::Emergency,
    };
    let verdict = judge(case.component, case.recipient, unit, titre);
    verdict.needs().iter().copied().filter(holds).collect()
}

/// Whether a unit is one of those that an emergency issue may add to what [`fits`]: group O red cells of either RhD type
/// for a patient of unknown group, since O+ is never withheld to save a life.
#[must_use]
pub fn fits_beyond(component: Component, recipient: Recipient, unit: BloodGroup) -> bool {
    component == Component::RedCells && recipient.group().is_none() && unit.abo() == Abo::O
}

/// Whether the RhD policy may open RhD-positive red cells and whole blood to this patient at all: an RhD-negative man
/// of 18 and over, or woman over 50 (`rhd_pos_to_neg` of the rules). Anti-D and chronic transfusion, which forbid it,
/// are asked of the physician.
#[must_use]
pub fn rhd_policy_may(
    component: Component,
    recipient: Recipient,
    sex: Option<Sex>,
    age: Option<AgeBand>,
) -> bool {
    let is_negative = recipient.group().is_some_and(|group| !group.rhd_positive());
    let of_age = match (sex, age) {
        (_, Some(AgeBand::Over50)) => true,
        (Some(Sex::Male), Some(AgeBand::From18To50)) => true,
        (Some(Sex::Female) | None, Some(AgeBand::From18To50)) | (_, Some(AgeBand::Under18) | None) => false,
    };
    is_negative && of_age && matches!(component, Component::RedCells | Component::WholeBlood)
}

/// Whether the case of a patient of unknown group must be looked at again before so many O− red cells are given.
#[must_use]
pub fn must_reassess(o_negative: usize) -> bool {
    o_negative > usize::from(MAX_O_NEG_BEFORE_REASSESSING)
}

#[cfg(test)]
mod tests {
    use shiryan_kernel::blood::GroupEvidence;

    use super::*;

    #[test]
    fn only_what_two_samples_confirm_is_a_group() {
        let group = Some(BloodGroup::APos);
        for said in GroupEvidence::ALL {
            let found = Recipient::of(group, *said, None, None);
            assert_eq!(found.group().is_some(), *said == GroupEvidence::Confirmed, "{said}");
        }
        assert_eq!(GroupEvidence::of(group, None).unwrap(), GroupEvidence::Declared);
        assert_eq!(GroupEvidence::of(None, None).unwrap(), GroupEvidence::Unknown);
        assert!(GroupEvidence::of(None, Some(GroupEvidence::Confirmed)).is_err());
        assert!(GroupEvidence::of(group, Some(GroupEvidence::Unknown)).is_err());
    }

    #[test]
    fn the_rhd_policy_is_for_red_cells_of_rhd_negative_men_and_of_women_past_fifty() {
        for component in Component::ALL {
            for group in BloodGroup::ALL {
                for sex in [None, Some(Sex::Male), Some(Sex::Female)] {
                    for age in
                        [None, Some(AgeBand::Under18), Some(AgeBand::From18To50), Some(AgeBand::Over50)]
                    {
                        let may = rhd_policy_may(*component, (*group).into(), sex, age);
                        let has_red_cells = ["red_cells", "whole_blood"].contains(&component.code());
                        let old = age == Some(AgeBand::Over50)
                            || (age == Some(AgeBand::From18To50) && sex == Some(Sex::Male));
                        assert_eq!(may, group.code().ends_with("neg") && has_red_cells && old);
                    }
                }
            }
            let nobody = Recipient::of(None, GroupEvidence::Unknown, Some(Sex::Male), Some(AgeBand::Over50));
            assert!(!rhd_policy_may(*component, nobody, Some(Sex::Male), Some(AgeBand::Over50)));
        }
    }

    #[test]
    fn every_warning_is_a_caution_that_holds_for_the_patient() {
        let ages = [None, Some(AgeBand::Under18), Some(AgeBand::From18To50), Some(AgeBand::Over50)];
        let mut seen = std::collections::BTreeSet::new();
        for component in Component::ALL {
            for patient in BloodGroup::ALL {
                for unit in BloodGroup::ALL {
                    for sex in [None, Some(Sex::Male), Some(Sex::Female)] {
                        for age in ages {
                            for titre in [Titre::Unknown, Titre::Low, Titre::High] {
                                for urgency in Urgency::ALL {
                                    for short in [false, true] {
                                        let case = Case {
                                            component: *component,
                                            recipient: (*patient).into(),
                                            sex,
                                            age,
                                            urgency: *urgency,
                                        };
                                        let warned = warnings(&case, (*unit, titre), short);
                                        let verdict = judge(*component, case.recipient, *unit, titre);
                                        assert!(warned.iter().all(|own| verdict.needs().contains(own)));
                                        for caution in warned {
                                            seen.insert(caution);
                                            let child = age == Some(AgeBand::Under18);
                                            match caution {
                                                Caution::SpareRhdNegative => {
                                                    assert!(patient.rhd_positive() && !unit.rhd_positive());
                                                    assert!(!short && *urgency != Urgency::Emergency);
                                                }
                                                Caution::RhdNegativePreferred => {
                                                    assert!(!patient.rhd_positive() && unit.rhd_positive());
                                                    assert!(age != Some(AgeBand::Over50));
                                                    assert!(child || sex != Some(Sex::Male));
                                                }
                                                Caution::LowTitrePreferred => assert!(titre != Titre::Low),
                                                Caution::SecondPersonForChild
                                                | Caution::PlasmaCompatibleForChild => assert!(child),
                                                Caution::LowTitreRequired
                                                | Caution::PolicyRhdPositiveToNegative => panic!("{caution}"),
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
        assert_eq!(seen.len(), 5, "each of the five occurs");
    }

    #[test]
    fn the_policy_opens_rhd_positive_units_of_the_patients_own_table_and_no_others() {
        for component in Component::ALL {
            for patient in BloodGroup::ALL {
                for unit in BloodGroup::ALL {
                    let fits =
                        |by_policy| fits(*component, (*patient).into(), (*unit, Titre::Unknown), by_policy);
                    assert!(!fits(false) || fits(true));
                    if fits(true) && !fits(false) {
                        assert!(unit.rhd_positive() && !patient.rhd_positive());
                        let as_positive = BloodGroup::of(patient.abo(), true);
                        assert!(super::fits(*component, as_positive.into(), (*unit, Titre::Unknown), false));
                    }
                }
            }
        }
    }

    #[test]
    fn what_was_issued_is_neither_cancelled_nor_refused() {
        use RequestState::*;
        assert_eq!(before(Cancelled), [Submitted, Accepted, Reserved]);
        assert_eq!(before(Refused), [Submitted, Accepted, Reserved]);
        assert_eq!(before(Issued), [Reserved]);
        for last in [Closed, Refused, Cancelled] {
            assert!(next(last).is_empty());
        }
    }

    #[test]
    fn a_third_o_negative_waits_for_a_look() {
        assert!(!must_reassess(2));
        assert!(must_reassess(3));
    }
}
