//! What ledgers of antigens and titres amount to.
//!
//! Low titre: anti-A and anti-B of class IgM both below the limit (256 by default, Joint Trauma System: docs/rules.md),
//! good for a number of days from the measurement.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::antigen::{Antigen, AntigenState};
use shiryan_kernel::blood::Abo;
use shiryan_kernel::time::plus_days;
use utoipa::ToSchema;

use crate::donors::{AntigenFound, AntigenLine, TitreLine};

/// One state for each antigen that has a result which counts, in the order of the closed list.
#[must_use]
pub fn phenotype(lines: &[AntigenLine]) -> Vec<AntigenFound> {
    let state = |antigen: Antigen| {
        let mut standing = lines.iter().filter(|line| line.antigen == antigen && !line.corrected);
        let first = standing.next()?;
        Some(match (standing.all(|line| line.present == first.present), first.present) {
            (false, _) => AntigenState::Discrepant,
            (true, true) => AntigenState::Present,
            (true, false) => AntigenState::Absent,
        })
    };
    let all = Antigen::ALL.iter().copied();
    all.filter_map(|antigen| Some(AntigenFound { antigen, state: state(antigen)? })).collect()
}

/// When titres are low, and for how long that is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TitreLimits {
    /// Low is below this, for both.
    pub low_below: u32,
    /// Days from the measurement, in operations and in routine.
    pub operational_days: u32,
    pub routine_days: u32,
}

/// What the latest day of measuring says of a group O donor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LowTitre {
    pub measured_on: NaiveDate,
    /// Both titres are below the limit.
    pub low: bool,
    /// First day on which a low titre counts no more in operations.
    pub operational_until: Option<NaiveDate>,
    /// The same in routine.
    pub routine_until: Option<NaiveDate>,
}

/// By the latest day of measuring; of several lines on that day each must be low. None without a line that
/// counts, and for whoever is not typed as group O.
#[must_use]
pub fn low_titre(limits: TitreLimits, group: Option<Abo>, lines: &[TitreLine]) -> Option<LowTitre> {
    if group != Some(Abo::O) {
        return None;
    }
    let standing = || lines.iter().filter(|line| !line.corrected);
    let measured_on = standing().map(|line| line.measured_on).max()?;
    let is_low = |titre: i32| u32::try_from(titre).is_ok_and(|titre| titre < limits.low_below);
    let low = standing()
        .filter(|line| line.measured_on == measured_on)
        .all(|line| is_low(line.anti_a) && is_low(line.anti_b));
    let until = |days: u32| low.then(|| plus_days(measured_on, i64::from(days)));
    let (operational_until, routine_until) = (until(limits.operational_days), until(limits.routine_days));
    Some(LowTitre { measured_on, low, operational_until, routine_until })
}

#[cfg(test)]
mod tests {
    use super::*;
    use shiryan_kernel::antigen::TitreMethod;
    use shiryan_kernel::ids::{AntigenResultId, TitreId, UserId};

    const LIMITS: TitreLimits = TitreLimits { low_below: 256, operational_days: 90, routine_days: 365 };

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn titre(id: i64, anti_a: i32, anti_b: i32, on: &str, corrected: bool) -> TitreLine {
        let (id, method, recorded_by) = (TitreId(id), TitreMethod::SalineTube, UserId(1));
        TitreLine { id, anti_a, anti_b, method, measured_on: day(on), recorded_by, corrected }
    }

    #[test]
    fn both_titres_lie_below_the_limit_until_their_days_are_over() {
        let of = |anti_a, anti_b| {
            low_titre(LIMITS, Some(Abo::O), &[titre(1, anti_a, anti_b, "2026-03-01", false)])
        };
        let low = of(128, 0).unwrap();
        assert_eq!(
            (low.low, low.operational_until, low.routine_until),
            (true, Some(day("2026-05-30")), Some(day("2027-03-01")))
        );
        for (anti_a, anti_b) in [(256, 0), (0, 256), (255, 512)] {
            let high = of(anti_a, anti_b).unwrap();
            assert_eq!((high.low, high.operational_until, high.routine_until), (false, None, None));
        }
        assert!(of(255, 255).unwrap().low);
    }

    #[test]
    fn the_latest_day_decides_and_of_one_day_the_worst() {
        let lines = [titre(1, 64, 64, "2026-03-01", false), titre(2, 512, 64, "2026-02-01", false)];
        assert!(low_titre(LIMITS, Some(Abo::O), &lines).unwrap().low);
        let lines = [titre(1, 64, 64, "2026-03-01", false), titre(2, 512, 64, "2026-03-01", false)];
        assert!(!low_titre(LIMITS, Some(Abo::O), &lines).unwrap().low);
        let lines = [titre(1, 64, 64, "2026-03-01", true), titre(2, 512, 64, "2026-02-01", false)];
        assert!(!low_titre(LIMITS, Some(Abo::O), &lines).unwrap().low);
        assert_eq!(low_titre(LIMITS, Some(Abo::O), &lines[..1]), None);
        for other in [None, Some(Abo::A), Some(Abo::B), Some(Abo::Ab)] {
            assert_eq!(low_titre(LIMITS, other, &lines), None);
        }
    }

    #[test]
    fn results_that_disagree_are_no_result_until_one_is_corrected() {
        let line = |antigen, present, corrected| AntigenLine {
            id: AntigenResultId(1),
            antigen,
            present,
            typed_on: day("2026-03-01"),
            recorded_by: UserId(1),
            corrected,
        };
        let states = |lines: &[AntigenLine]| {
            phenotype(lines).iter().map(|found| (found.antigen, found.state)).collect::<Vec<_>>()
        };
        assert_eq!(states(&[]), []);
        let mut lines = [
            line(Antigen::Kel1, false, false),
            line(Antigen::Rh4, true, false),
            line(Antigen::Kel1, false, false),
            line(Antigen::Kel1, true, false),
        ];
        assert_eq!(
            states(&lines),
            [(Antigen::Rh4, AntigenState::Present), (Antigen::Kel1, AntigenState::Discrepant)]
        );
        lines[3].corrected = true;
        assert_eq!(states(&lines)[1], (Antigen::Kel1, AntigenState::Absent));
    }
}
