//! Average daily demand, the denominator of days of cover, and wastage as a share of issues.

use crate::number::real;

/// Demand below this is not believed (units a day): a shelf nobody asked from is not an endless one.
pub const LEAST_DEMAND: f64 = 0.1;

/// Average daily demand at the end of a reported range, in units a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Adu {
    /// Mean of the last 28 reported days (all of them when fewer are reported).
    pub mean_28: f64,
    /// Mean of the last 7 reported days (all of them when fewer are reported).
    pub mean_7: f64,
    /// The larger of the two and [`LEAST_DEMAND`]: a rise counts within the week, a lull only in the month.
    pub value: f64,
    /// How many days the range holds.
    pub days: u32,
}

/// Average daily demand on `ends` from issues `(day, units)` that cover `begins..=ends`.
///
/// Day numbers count from any origin. A day inside the range without issues counts as zero; issues
/// outside it are not counted, so a site that began to report last week is not diluted by the silence
/// before. Several issues on one day add up. An empty range gives the floor and zero days.
#[must_use]
pub fn average_daily_demand(issues: impl IntoIterator<Item = (i32, u32)>, begins: i32, ends: i32) -> Adu {
    let days = u32::try_from(i64::from(ends) - i64::from(begins) + 1).unwrap_or(0);
    let (mut month, mut week) = (0_u64, 0_u64);
    for (day, units) in issues {
        if day < begins || day > ends {
            continue;
        }
        let age = i64::from(ends) - i64::from(day);
        if age < 28 {
            month = month.saturating_add(u64::from(units));
        }
        if age < 7 {
            week = week.saturating_add(u64::from(units));
        }
    }
    let mean = |units: u64, window: u32| match days.min(window) {
        0 => 0.0,
        over => real(units) / f64::from(over),
    };
    let (mean_28, mean_7) = (mean(month, 28), mean(week, 7));
    Adu { mean_28, mean_7, value: mean_28.max(mean_7).max(LEAST_DEMAND), days }
}

/// Wastage as a percentage of issues: outdated units per hundred issued; `None` when none was issued.
#[must_use]
pub fn wapi(outdated: u64, issued: u64) -> Option<f64> {
    (issued > 0).then(|| 100.0 * real(outdated) / real(issued))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_larger_mean_counts() {
        let steady = average_daily_demand((0..100).map(|day| (day, 3)), 0, 99);
        assert_eq!((steady.mean_28, steady.mean_7, steady.value, steady.days), (3.0, 3.0, 3.0, 100));
        let rising = average_daily_demand((0..100).map(|day| (day, if day > 92 { 9 } else { 1 })), 0, 99);
        assert_eq!((rising.mean_28, rising.mean_7, rising.value), (3.0, 9.0, 9.0));
        let lull = average_daily_demand((0..93).map(|day| (day, 4)), 0, 99);
        assert_eq!((lull.mean_28, lull.mean_7, lull.value), (3.0, 0.0, 3.0));
    }

    #[test]
    fn silence_counts_inside_the_range_only() {
        let few = average_daily_demand([(8, 5), (10, 5), (3, 90), (12, 90)], 7, 10);
        assert_eq!((few.mean_28, few.mean_7, few.days), (2.5, 2.5, 4));
        let ten = average_daily_demand([(1, 14), (4, 7), (4, 7)], 1, 10);
        assert_eq!((ten.mean_28, ten.mean_7), (2.8, 2.0));
    }

    #[test]
    fn the_floor_holds() {
        assert_eq!(average_daily_demand([], 0, 99).value, LEAST_DEMAND);
        let none = average_daily_demand([(5, 5)], 10, 9);
        assert_eq!((none.value, none.days), (LEAST_DEMAND, 0));
    }

    #[test]
    fn wastage_is_per_hundred_issued() {
        assert_eq!(wapi(3, 60), Some(5.0));
        assert_eq!(wapi(3, 0), None);
    }
}
