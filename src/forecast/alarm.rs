//! An alarm when the model has been off to one side for weeks: two-sided CUSUM (Page 1954).
//!
//! Errors of weeks are divided by their own usual size; what exceeds half of that adds up on its side, and
//! five of it ring. A step of a quarter rings within weeks, a drift of a few per cent a year never. It tells
//! people to look. It moves nothing: tried on real series, a level that jumps at an alarm did worse.

use crate::sample::faded;

/// Allowed on each side before it adds up, and what rings (MODELS: k = 0.5, h = 5), in usual errors.
const SLACK: f64 = 0.5;
const RINGS: f64 = 5.0;
/// One week counts for no more than this.
const CAP: f64 = 4.0;
/// Weeks that teach the usual size before anything adds up.
const TAUGHT: f64 = 8.0;
const HALF_LIFE: f64 = 365.0;

/// The level seems to have moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// Weeks since the alarm rang.
    pub weeks: usize,
    /// Whether more came than was expected.
    pub rising: bool,
}

/// The latest alarm among log errors of weeks, oldest first; a week that is not known adds nothing.
pub(crate) fn latest(errors: &[Option<f64>]) -> Option<Change> {
    let (mut squares, mut weight, mut above, mut below) = (0.0, 0.0, 0.0_f64, 0.0_f64);
    let mut found = None;
    for (at, error) in errors.iter().enumerate() {
        let Some(error) = error else { continue };
        let usual = if weight >= TAUGHT { squares / weight } else { f64::INFINITY };
        let off = (error / f64::max(usual, 1e-8).sqrt()).clamp(-CAP, CAP);
        above = (above + off - SLACK).max(0.0);
        below = (below - off - SLACK).max(0.0);
        if above.max(below) > RINGS {
            found = Some(Change { weeks: errors.len() - 1 - at, rising: above > below });
            (above, below) = (0.0, 0.0);
        }
        let kept = faded(7, HALF_LIFE);
        let most = if usual.is_finite() { CAP * CAP * usual } else { f64::INFINITY };
        squares = squares * kept + (error * error).min(most);
        weight = weight * kept + 1.0;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Chance;

    fn weeks(count: u64, step: impl Fn(u64) -> f64) -> Vec<Option<f64>> {
        (0..count).map(|week| Some(0.04 * Chance::new(1, 5).at(0, week).normal() + step(week))).collect()
    }

    #[test]
    fn a_step_rings_on_its_side_and_noise_does_not() {
        assert_eq!(latest(&weeks(150, |_| 0.0)), None);
        let up = latest(&weeks(104, |week| if week < 100 { 0.0 } else { 0.2 })).unwrap();
        assert!(up.rising && up.weeks <= 2, "{up:?}");
        let down = latest(&weeks(110, |week| if week < 100 { 0.0 } else { -0.06 })).unwrap();
        assert!(!down.rising && down.weeks <= 7, "{down:?}");
        assert_eq!(latest(&weeks(5, |_| 9.0)), None);
        assert_eq!(latest(&[None; 50]), None);
    }
}
