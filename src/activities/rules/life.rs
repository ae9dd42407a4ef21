//! The life of an activity: which step leads where, who may take it, and what may still be changed.

use shiryan_kernel::branch::Branch;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::ActivityStatus::{self, Approved, Cancelled, Done, Proposed, UnderWay};
use shiryan_kernel::{Code, Problem, Result};

/// A step in an activity's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Approve,
    Start,
    /// It took place.
    Finish,
    Cancel,
}

impl Step {
    pub const ALL: [Self; 4] = [Self::Approve, Self::Start, Self::Finish, Self::Cancel];

    /// Where it leads from `from`.
    ///
    /// # Errors
    /// `state_conflict` with the fact `state` when it leads nowhere.
    pub fn from(self, from: ActivityStatus) -> Result<ActivityStatus> {
        match (self, from) {
            (Self::Approve, Proposed) => Ok(Approved),
            (Self::Start, Approved) => Ok(UnderWay),
            (Self::Finish, UnderWay) => Ok(Done),
            (Self::Cancel, Proposed | Approved | UnderWay) => Ok(Cancelled),
            _ => Err(Problem::new(Code::StateConflict).with("state", from)),
        }
    }
}

/// Whether somebody runs an activity, and so may change it and take its steps; `organises` says that the
/// organising unit is in scope. An administrator keeps out of what is confidential, and only drives' own
/// operations run a drive.
#[must_use]
pub fn runs(role: Role, organises: bool, branch: Branch) -> bool {
    match role {
        Role::Medic => organises,
        Role::Command => branch != Branch::BloodDonation,
        Role::Admin => branch != Branch::BloodDonation && !branch.is_confidential(),
        Role::Hospital | Role::Bank | Role::Physician => false,
    }
}

/// What a change touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Touched {
    /// What an approval was given for: when, in which governorate, by which units, with which loads.
    Plan,
    /// Title, place and the branch's facts.
    Facts,
    Outcomes,
}

/// Whether a role that runs an activity may change this of it.
///
/// # Errors
/// `state_conflict` with the fact `state`.
pub fn may_touch(role: Role, status: ActivityStatus, touched: Touched) -> Result<()> {
    let may = match (status, touched) {
        (Proposed, Touched::Plan | Touched::Facts) => true,
        // Whoever may approve may also change what was approved.
        (Approved, Touched::Plan) => role != Role::Medic,
        (Approved | UnderWay, Touched::Facts) => true,
        (UnderWay | Done, Touched::Outcomes) => true,
        (UnderWay | Done, Touched::Plan) | (Done, Touched::Facts) => false,
        (Proposed | Approved, Touched::Outcomes) | (Cancelled, _) => false,
    };
    if may { Ok(()) } else { Err(Problem::new(Code::StateConflict).with("state", status)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_life_goes_forward_and_ends() {
        let reached = |status| Step::ALL.iter().filter_map(|step| step.from(status).ok()).collect::<Vec<_>>();
        assert_eq!(reached(Proposed), [Approved, Cancelled]);
        assert_eq!(reached(Approved), [UnderWay, Cancelled]);
        assert_eq!(reached(UnderWay), [Done, Cancelled]);
        assert!(reached(Done).is_empty() && reached(Cancelled).is_empty());
        let refused = Step::Start.from(Proposed).unwrap_err();
        assert_eq!(refused.facts, [("state", "proposed".to_owned())]);
    }

    #[test]
    fn a_medic_does_not_change_what_was_approved() {
        for role in [Role::Command, Role::Admin, Role::Medic] {
            assert!(may_touch(role, Proposed, Touched::Plan).is_ok());
            assert_eq!(may_touch(role, Approved, Touched::Plan).is_ok(), role != Role::Medic);
            assert!(may_touch(role, Approved, Touched::Facts).is_ok());
            assert!(may_touch(role, Approved, Touched::Outcomes).is_err(), "nothing came of it yet");
            assert!(may_touch(role, UnderWay, Touched::Plan).is_err());
            assert!(may_touch(role, Done, Touched::Outcomes).is_ok(), "figures come late");
            assert!(may_touch(role, Done, Touched::Facts).is_err());
            for touched in [Touched::Plan, Touched::Facts, Touched::Outcomes] {
                assert!(may_touch(role, Cancelled, touched).is_err());
            }
        }
    }

    #[test]
    fn who_runs_what() {
        for branch in Branch::ALL {
            let drive = *branch == Branch::BloodDonation;
            assert!(runs(Role::Medic, true, *branch) && !runs(Role::Medic, false, *branch));
            assert_eq!(runs(Role::Command, false, *branch), !drive);
            assert_eq!(runs(Role::Admin, false, *branch), !drive && !branch.is_confidential());
            for role in [Role::Hospital, Role::Bank, Role::Physician] {
                assert!(!runs(role, true, *branch));
            }
        }
    }
}
