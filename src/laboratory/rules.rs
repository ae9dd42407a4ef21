//! What results amount to: pure decisions.
//!
//! Reactive or indeterminate in screening asks for two repeats. Two that are non-reactive clear the marker; one that is not
//! asks for a confirmation, and whatever that says, the donation is never released.

use std::collections::BTreeMap;

use shiryan_kernel::laboratory::{Marker, MarkerState, TestFinding, TestStage};

use super::Entry;

/// How many repeats, all non-reactive, clear a marker.
const REPEATS: usize = 2;
/// The most tests that a marker asks for at once: the repeats and a confirmation.
pub const MOST_AT_ONCE: usize = REPEATS + 1;

/// The standing results of a marker.
pub type Findings = Vec<(TestStage, TestFinding)>;

/// The results of a marker that no later line takes the place of.
#[must_use]
pub fn of(entries: &[Entry], marker: Marker) -> Findings {
    let standing = entries.iter().filter(|entry| entry.marker == marker && !entry.is_corrected);
    standing.map(|entry| (entry.says.stage, entry.says.finding)).collect()
}

fn count(findings: &Findings, stage: TestStage, is_so: impl Fn(TestFinding) -> bool) -> usize {
    findings.iter().filter(|(of, finding)| *of == stage && is_so(*finding)).count()
}

/// What the standing results of a marker amount to.
#[must_use]
pub fn state(findings: &Findings) -> MarkerState {
    let is_clear = |finding| finding == TestFinding::NonReactive;
    let is_suspect = |finding| finding != TestFinding::NonReactive;
    let confirmed = count(findings, TestStage::Confirmation, |finding| finding == TestFinding::Reactive) > 0;
    let refuted = count(findings, TestStage::Confirmation, is_clear) > 0;
    if confirmed {
        return MarkerState::Confirmed;
    }
    if count(findings, TestStage::Repeat, is_suspect) > 0 {
        return if refuted { MarkerState::FalseReactive } else { MarkerState::RepeatReactive };
    }
    if count(findings, TestStage::Screening, is_suspect) > 0 {
        return match (count(findings, TestStage::Repeat, is_clear) >= REPEATS, refuted) {
            (true, _) => MarkerState::Clear,
            (false, true) => MarkerState::FalseReactive,
            (false, false) => MarkerState::Reactive,
        };
    }
    if count(findings, TestStage::Screening, is_clear) > 0 {
        MarkerState::Clear
    } else {
        MarkerState::Missing
    }
}

/// Whether a test of this stage is asked for by those before it.
#[must_use]
pub fn is_next(findings: &Findings, stage: TestStage) -> bool {
    match (state(findings), stage) {
        (MarkerState::Missing, TestStage::Screening)
        | (MarkerState::Reactive, TestStage::Repeat | TestStage::Confirmation)
        | (MarkerState::RepeatReactive, TestStage::Confirmation) => true,
        (MarkerState::RepeatReactive, TestStage::Repeat) => {
            count(findings, TestStage::Repeat, |_| true) < REPEATS
        }
        _ => false,
    }
}

/// The tests that the standing results of a marker ask for next, in the order in which they are entered.
#[must_use]
pub fn asked_for(findings: &Findings) -> Vec<TestStage> {
    let repeats = REPEATS.saturating_sub(count(findings, TestStage::Repeat, |_| true));
    match state(findings) {
        MarkerState::Missing => vec![TestStage::Screening],
        MarkerState::Reactive | MarkerState::RepeatReactive => {
            let mut asked = vec![TestStage::Repeat; repeats];
            asked.push(TestStage::Confirmation);
            asked
        }
        MarkerState::Clear | MarkerState::FalseReactive | MarkerState::Confirmed => Vec::new(),
    }
}

/// What the tests of a donation amount to, by marker: those that are required, and those that were made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel(BTreeMap<Marker, MarkerState>);

impl Panel {
    #[must_use]
    pub fn of(required: &[Marker], entries: &[Entry]) -> Self {
        let made = entries.iter().map(|entry| entry.marker);
        Self(
            required
                .iter()
                .copied()
                .chain(made)
                .map(|marker| (marker, state(&of(entries, marker))))
                .collect(),
        )
    }

    pub fn markers(&self) -> impl Iterator<Item = (Marker, MarkerState)> + '_ {
        self.0.iter().map(|(marker, state)| (*marker, *state))
    }

    /// Those that are required and not screened yet.
    pub fn missing(&self) -> impl Iterator<Item = Marker> + '_ {
        self.markers().filter(|(_, state)| *state == MarkerState::Missing).map(|(marker, _)| marker)
    }

    /// Whether every marker that was tested is clear.
    #[must_use]
    pub fn is_free(&self) -> bool {
        self.markers().all(|(_, state)| matches!(state, MarkerState::Clear | MarkerState::Missing))
    }

    /// Whether any marker may be an infection of the donor.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        self.markers().any(|(_, state)| state.is_suspect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use MarkerState::{Clear, Confirmed, FalseReactive, Missing, Reactive, RepeatReactive};
    use TestFinding::{Indeterminate as I, NonReactive as N, Reactive as R};
    use TestStage::{Confirmation as C, Repeat as P, Screening as S};

    #[test]
    fn every_way_through_the_tests() {
        for (findings, expected, next) in [
            (vec![], Missing, vec![S]),
            (vec![(S, N)], Clear, vec![]),
            (vec![(S, R)], Reactive, vec![P, C]),
            (vec![(S, I)], Reactive, vec![P, C]),
            (vec![(S, R), (P, N)], Reactive, vec![P, C]),
            (vec![(S, R), (P, N), (P, N)], Clear, vec![]),
            (vec![(S, R), (P, R)], RepeatReactive, vec![P, C]),
            (vec![(S, R), (P, I)], RepeatReactive, vec![P, C]),
            (vec![(S, R), (P, N), (P, R)], RepeatReactive, vec![C]),
            (vec![(S, R), (P, R), (P, R), (C, I)], RepeatReactive, vec![C]),
            (vec![(S, R), (P, R), (C, N)], FalseReactive, vec![]),
            (vec![(S, R), (C, N)], FalseReactive, vec![]),
            (vec![(S, R), (C, R)], Confirmed, vec![]),
            (vec![(S, R), (P, N), (P, N), (C, R)], Confirmed, vec![]),
            (vec![(S, R), (P, R), (C, R)], Confirmed, vec![]),
            // A screening that was corrected leaves what the repeats found.
            (vec![(S, N), (P, R)], RepeatReactive, vec![P, C]),
        ] {
            assert_eq!(state(&findings), expected, "{findings:?}");
            let asked: Vec<TestStage> =
                TestStage::ALL.iter().copied().filter(|s| is_next(&findings, *s)).collect();
            assert_eq!(asked, next, "{findings:?}");
            let mut in_turn = asked_for(&findings);
            let repeats = in_turn.iter().filter(|stage| **stage == P).count();
            assert_eq!(repeats > 0, next.contains(&P), "{findings:?}");
            assert!(repeats + count(&findings, P, |_| true) <= REPEATS && in_turn.len() <= MOST_AT_ONCE);
            in_turn.dedup();
            assert_eq!(in_turn, next, "{findings:?}");
        }
    }

    #[test]
    fn no_finding_more_makes_a_suspect_sample_clear_but_two_clean_repeats() {
        // Every list of up to five results: one suspect repeat, or a confirmation that is reactive, and nothing clears it.
        let all: Vec<(TestStage, TestFinding)> = TestStage::ALL
            .iter()
            .flat_map(|stage| TestFinding::ALL.iter().map(|finding| (*stage, *finding)))
            .collect();
        let mut lists: Vec<Findings> = vec![vec![]];
        for _ in 0..5 {
            lists = lists
                .into_iter()
                .flat_map(|list| {
                    all.iter().map(move |next| list.iter().copied().chain([*next]).collect::<Findings>())
                })
                .collect();
            for list in &lists {
                let dirty_repeat = list.iter().any(|(stage, finding)| *stage == P && *finding != N);
                let confirmed = list.contains(&(C, R));
                let dirty = list.iter().any(|(stage, finding)| *stage == S && *finding != N);
                let clean_repeats = list.iter().filter(|found| **found == (P, N)).count();
                if state(list) == Clear {
                    assert!(!dirty_repeat && !confirmed && (!dirty || clean_repeats >= 2), "{list:?}");
                }
            }
        }
    }
}
