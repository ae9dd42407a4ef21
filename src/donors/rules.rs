//! How well a donor's group is known, from the laboratory's typings alone. What somebody declared is no
//! typing: it confirms nothing and contradicts nothing.

mod laboratory;

use shiryan_kernel::blood::{BloodGroup, GroupEvidence};
use shiryan_kernel::ids::UserId;

pub use laboratory::{LowTitre, TitreLimits, low_titre, phenotype};

/// A typing that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Typing {
    pub group: BloodGroup,
    /// The sample's code; without it nobody can say that two typings were made of two samples.
    pub sample: Option<String>,
    pub by: UserId,
}

impl Typing {
    /// Made of another sample and by another person: a mix-up or a slip would have to happen twice.
    fn is_independent_of(&self, other: &Self) -> bool {
        self.by != other.by && self.sample.is_some() && other.sample.is_some() && self.sample != other.sample
    }
}

/// The group after a typing was added; `standing` is every typing not found wrong, the new one too.
///
/// A register that came with typings of its own counts as one typing, or as two for a confirmed group. A
/// discrepancy stays until [`after_resolving`], however many agree later.
#[must_use]
pub fn after_typing(
    before: (Option<BloodGroup>, GroupEvidence),
    standing: &[Typing],
) -> (Option<BloodGroup>, GroupEvidence) {
    let (group, evidence) = before;
    let typed_before = matches!(evidence, GroupEvidence::TypedOnce | GroupEvidence::Confirmed);
    let contradicted = typed_before && standing.iter().any(|typing| Some(typing.group) != group);
    if evidence == GroupEvidence::Discrepant || contradicted {
        return (None, GroupEvidence::Discrepant);
    }
    match after_resolving(standing) {
        (_, GroupEvidence::Unknown) => before,
        (group, GroupEvidence::TypedOnce) if evidence == GroupEvidence::Confirmed => (group, evidence),
        settled => settled,
    }
}

/// The group by the typings that stand, with nothing before them.
#[must_use]
pub fn after_resolving(standing: &[Typing]) -> (Option<BloodGroup>, GroupEvidence) {
    let Some(first) = standing.first() else { return (None, GroupEvidence::Unknown) };
    if standing.iter().any(|typing| typing.group != first.group) {
        return (None, GroupEvidence::Discrepant);
    }
    let twice = standing.iter().any(|one| standing.iter().any(|other| one.is_independent_of(other)));
    let evidence = if twice { GroupEvidence::Confirmed } else { GroupEvidence::TypedOnce };
    (Some(first.group), evidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use BloodGroup::{APos, ONeg};
    use GroupEvidence::{Confirmed, Declared, Discrepant, TypedOnce, Unknown};

    fn typing(group: BloodGroup, sample: &str, by: i64) -> Typing {
        let sample = (!sample.is_empty()).then(|| sample.to_owned());
        Typing { group, sample, by: UserId(by) }
    }

    #[test]
    fn two_independent_typings_confirm_and_no_other_pair() {
        let first = typing(APos, "S1", 1);
        for (second, evidence) in [
            (typing(APos, "S2", 2), Confirmed),
            (typing(APos, "S1", 2), TypedOnce),
            (typing(APos, "S2", 1), TypedOnce),
            (typing(APos, "", 2), TypedOnce),
        ] {
            let pair = [first.clone(), second.clone()];
            assert_eq!(after_typing((Some(APos), TypedOnce), &pair), (Some(APos), evidence), "{second:?}");
            assert_eq!(after_resolving(&pair), (Some(APos), evidence), "{second:?}");
        }
    }

    #[test]
    fn what_was_known_before_meets_a_typing() {
        let one = [typing(APos, "S1", 1)];
        for (before, after) in [
            ((None, Unknown), (Some(APos), TypedOnce)),
            ((Some(APos), Declared), (Some(APos), TypedOnce)),
            ((Some(ONeg), Declared), (Some(APos), TypedOnce)),
            ((Some(APos), Confirmed), (Some(APos), Confirmed)),
            ((Some(ONeg), TypedOnce), (None, Discrepant)),
            ((Some(ONeg), Confirmed), (None, Discrepant)),
            ((None, Discrepant), (None, Discrepant)),
        ] {
            assert_eq!(after_typing(before, &one), after, "{before:?}");
        }
    }

    #[test]
    fn a_discrepancy_stays_until_it_is_resolved() {
        let agree = [typing(APos, "S1", 1), typing(APos, "S2", 2)];
        assert_eq!(after_typing((None, Discrepant), &agree), (None, Discrepant));
        assert_eq!(after_resolving(&agree), (Some(APos), Confirmed));
        let differ = [typing(APos, "S1", 1), typing(ONeg, "S2", 2)];
        assert_eq!(after_typing((Some(APos), TypedOnce), &differ), (None, Discrepant));
        assert_eq!(after_resolving(&differ), (None, Discrepant));
        assert_eq!(after_resolving(&[]), (None, Unknown));
    }
}
