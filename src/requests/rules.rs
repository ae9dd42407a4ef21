//! Pure decisions about requests: for whom a unit is chosen, which state follows which, how many O− go to a
//! patient whose group nobody knows.

use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::compat::{MAX_O_NEG_BEFORE_REASSESSING, PatientFacts, Recipient, Titre, judge};
use shiryan_kernel::status::RequestState;
use shiryan_kernel::{Code, Problem, Result};

/// The most units of one request.
pub const MOST_UNITS: i32 = 40;
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

/// For whom units are chosen. Only a group that two samples confirm counts: one that somebody declared, or that was
/// typed once, is no group.
#[must_use]
pub fn recipient(
    group: Option<BloodGroup>,
    evidence: GroupEvidence,
    sex: Option<Sex>,
    age: Option<AgeBand>,
) -> Recipient {
    match group {
        Some(group) if evidence == GroupEvidence::Confirmed => Recipient::Typed(group),
        _ => {
            Recipient::Unknown(PatientFacts { sex, age: age.map(AgeBand::an_age), ..PatientFacts::default() })
        }
    }
}

/// How well the group is known; a group of which nothing is said was declared.
///
/// # Errors
/// `invalid_value` where group and evidence contradict each other.
pub fn evidence(group: Option<BloodGroup>, said: Option<GroupEvidence>) -> Result<GroupEvidence> {
    use GroupEvidence::{Confirmed, Declared, Discrepant, TypedOnce, Unknown};
    match (group, said) {
        (None, None) => Ok(Unknown),
        (Some(_), None) => Ok(Declared),
        (None, Some(said @ (Unknown | Discrepant))) => Ok(said),
        (Some(_), Some(said @ (Declared | TypedOnce | Confirmed))) => Ok(said),
        (None | Some(_), Some(_)) => Err(Problem::new(Code::InvalidValue)),
    }
}

/// Whether a unit of this group fits without a policy: the titre of no unit is on record.
#[must_use]
pub fn fits(component: Component, recipient: Recipient, unit: BloodGroup) -> bool {
    judge(component, recipient, unit, Titre::Unknown).fits()
}

/// Whether the case must be looked at again before so many O− red cells go to this recipient.
#[must_use]
pub fn must_reassess(component: Component, recipient: Recipient, o_negative: usize) -> bool {
    matches!(recipient, Recipient::Unknown(_))
        && component == Component::RedCells
        && o_negative > usize::from(MAX_O_NEG_BEFORE_REASSESSING)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_two_samples_confirm_is_a_group() {
        let group = Some(BloodGroup::APos);
        for said in GroupEvidence::ALL {
            let found = recipient(group, *said, None, None);
            assert_eq!(found.group().is_some(), *said == GroupEvidence::Confirmed, "{said}");
        }
        assert_eq!(evidence(group, None).unwrap(), GroupEvidence::Declared);
        assert_eq!(evidence(None, None).unwrap(), GroupEvidence::Unknown);
        assert!(evidence(None, Some(GroupEvidence::Confirmed)).is_err());
        assert!(evidence(group, Some(GroupEvidence::Unknown)).is_err());
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
    fn a_third_o_negative_waits_for_a_look_and_a_typed_patient_for_nothing() {
        let unknown = recipient(None, GroupEvidence::Unknown, None, None);
        assert!(!must_reassess(Component::RedCells, unknown, 2));
        assert!(must_reassess(Component::RedCells, unknown, 3));
        assert!(!must_reassess(Component::Platelets, unknown, 3));
        assert!(!must_reassess(Component::RedCells, BloodGroup::ONeg.into(), 3));
    }
}
