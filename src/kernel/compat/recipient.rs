//! Whom a unit is for: a patient whose group two samples confirm, or one of whom only sex and age are known.

use super::{
    Caution, PatientFacts, Titre, Verdict, cryoprecipitate, plasma, platelets, red_cells,
    red_cells_for_unknown, unknown_group, verdict,
};
use crate::blood::{Abo, AgeBand, BloodGroup, Component, GroupEvidence, Sex};

/// Whom a unit is for. A group that was only declared, or typed once, is [`Recipient::Unknown`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recipient {
    Typed(BloodGroup),
    Unknown(PatientFacts),
}

impl Recipient {
    /// For whom units are chosen. Only a group that two samples confirm counts: one that somebody declared, or that was
    /// typed once, is no group.
    #[must_use]
    pub fn of(
        group: Option<BloodGroup>,
        evidence: GroupEvidence,
        sex: Option<Sex>,
        age: Option<AgeBand>,
    ) -> Self {
        match group {
            Some(group) if evidence == GroupEvidence::Confirmed => Self::Typed(group),
            _ => {
                Self::Unknown(PatientFacts { sex, age: age.map(AgeBand::an_age), ..PatientFacts::default() })
            }
        }
    }

    /// The group, where it is known.
    #[must_use]
    pub const fn group(self) -> Option<BloodGroup> {
        match self {
            Self::Typed(group) => Some(group),
            Self::Unknown(_) => None,
        }
    }

    /// Whether RhD-positive red cells are the first choice.
    #[must_use]
    pub fn takes_rhd_positive(self) -> bool {
        self.stands_for().rhd_positive()
    }

    /// The group as which red cells are chosen: for an unknown patient group O of the RhD type that sex, age, a declared
    /// incident and what is left of O− ask for.
    fn stands_for(self) -> BloodGroup {
        match self {
            Self::Typed(group) => group,
            Self::Unknown(patient) => red_cells_for_unknown(patient).group,
        }
    }
}

impl From<BloodGroup> for Recipient {
    fn from(group: BloodGroup) -> Self {
        Self::Typed(group)
    }
}

/// Judges one unit for one recipient: a typed one by the component's table, an unknown one by the order of
/// [`unknown_group`], whose whole blood is group O of a low titre alone.
#[must_use]
pub fn judge(component: Component, recipient: Recipient, unit: BloodGroup, titre: Titre) -> Verdict {
    let group = match recipient {
        Recipient::Typed(group) => return verdict(component, group, unit, titre),
        Recipient::Unknown(_) => recipient.stands_for(),
    };
    let row = unknown_group(component);
    match component {
        Component::RedCells => red_cells(group, unit),
        Component::WholeBlood if unit.abo() != Abo::O || titre != Titre::Low => Verdict::Never,
        Component::WholeBlood => with_low_titre(red_cells(group, unit)),
        Component::Plasma => plasma(row, group, unit, titre),
        Component::Platelets => platelets(row, group, unit, titre),
        Component::Cryoprecipitate => cryoprecipitate(row, group, unit),
    }
}

fn with_low_titre(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Fits { preference, needs: [] } => {
            Verdict::Fits { preference, needs: &[Caution::LowTitreRequired] }
        }
        Verdict::Fits { preference, needs: _ } => {
            Verdict::Fits { preference, needs: &[Caution::LowTitreRequired, Caution::SpareRhdNegative] }
        }
        Verdict::ByPolicy { preference, needs: _ } => Verdict::ByPolicy {
            preference,
            needs: &[Caution::PolicyRhdPositiveToNegative, Caution::LowTitreRequired],
        },
        Verdict::Never => Verdict::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown(sex: Option<Sex>, age: Option<AgeBand>) -> Recipient {
        Recipient::Unknown(PatientFacts { sex, age: age.map(AgeBand::an_age), ..PatientFacts::default() })
    }

    fn fitting(component: Component, recipient: Recipient, titre: Titre) -> Vec<BloodGroup> {
        let mut found: Vec<(u8, BloodGroup)> = BloodGroup::ALL
            .iter()
            .filter_map(|unit| match judge(component, recipient, *unit, titre) {
                Verdict::Fits { preference, .. } => Some((preference, *unit)),
                Verdict::ByPolicy { .. } | Verdict::Never => None,
            })
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, group)| group).collect()
    }

    #[test]
    fn a_typed_recipient_is_the_tables_own() {
        for component in Component::ALL {
            for group in BloodGroup::ALL {
                for unit in BloodGroup::ALL {
                    for titre in Titre::ALL {
                        assert_eq!(
                            judge(*component, (*group).into(), *unit, *titre),
                            verdict(*component, *group, *unit, *titre)
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn an_unknown_patient_is_given_o_cells_and_ab_plasma() {
        use BloodGroup::{ANeg, APos, AbNeg, AbPos, ONeg, OPos};
        let woman = unknown(Some(Sex::Female), Some(AgeBand::From18To50));
        let man = unknown(Some(Sex::Male), Some(AgeBand::From18To50));
        let nobody = unknown(None, None);
        let titre = Titre::Unknown;
        assert_eq!(fitting(Component::RedCells, woman, titre), [ONeg]);
        assert_eq!(fitting(Component::RedCells, nobody, titre), [ONeg]);
        assert_eq!(fitting(Component::RedCells, man, titre), [OPos, ONeg]);
        let in_incident = Recipient::Unknown(PatientFacts { incident: true, ..PatientFacts::default() });
        assert_eq!(fitting(Component::RedCells, in_incident, titre), [OPos, ONeg]);
        assert_eq!(fitting(Component::WholeBlood, man, titre), []);
        assert_eq!(fitting(Component::WholeBlood, man, Titre::Low), [OPos, ONeg]);
        assert_eq!(fitting(Component::WholeBlood, woman, Titre::Low), [ONeg]);
        assert_eq!(fitting(Component::Plasma, man, titre), [AbPos, AbNeg]);
        assert_eq!(fitting(Component::Plasma, woman, Titre::Low), [AbNeg, AbPos, ANeg, APos]);
        assert_eq!(fitting(Component::Platelets, man, titre)[..4], [APos, ANeg, AbPos, AbNeg]);
        assert_eq!(fitting(Component::Cryoprecipitate, man, titre).len(), 8);
    }

    /// What an unknown patient may be given fits every patient who could be meant, but for RhD, which sex and age
    /// decide, and platelets, of which no adult cell is a hard stop.
    #[test]
    fn what_an_unknown_patient_is_given_fits_every_group() {
        for component in [Component::RedCells, Component::WholeBlood, Component::Plasma] {
            for titre in Titre::ALL {
                for unit in fitting(component, unknown(None, None), *titre) {
                    for group in BloodGroup::ALL {
                        let verdict = verdict(component, *group, unit, *titre);
                        let plasma_a = component == Component::Plasma && unit.abo() == Abo::A;
                        assert!(verdict.fits() || plasma_a, "{component} {unit} to {group}");
                    }
                }
            }
        }
    }
}
