//! Daily counts with explicit gaps: a day that nobody reported is not a zero.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

/// The longest span of one series, in days (about a century): two mistyped years must not fill memory.
pub const MAX_DAYS: usize = 40_000;

/// How the days of a series are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Civil dates from this one on.
    Dated(NaiveDate),
    /// Running numbers from this one on, whose weekday may be known.
    Numbered { first: i64, weekday: Option<Weekday> },
}

/// Counts of consecutive days; `None` is a day that nobody reported.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    axis: Axis,
    counts: Vec<Option<f64>>,
}

impl Series {
    /// A series from its first day on. Counts that are negative or not finite become gaps.
    #[must_use]
    pub fn new(axis: Axis, counts: impl IntoIterator<Item = Option<f64>>) -> Self {
        let known = |count: Option<f64>| count.filter(|n| n.is_finite() && *n >= 0.0);
        Self { axis, counts: counts.into_iter().map(known).collect() }
    }

    /// A dated series without gaps.
    #[must_use]
    pub fn dated(first: NaiveDate, counts: impl IntoIterator<Item = u32>) -> Self {
        Self::new(Axis::Dated(first), counts.into_iter().map(|n| Some(f64::from(n))))
    }

    /// How the days are named.
    #[must_use]
    pub const fn axis(&self) -> Axis {
        self.axis
    }

    /// The counts, first day first.
    #[must_use]
    pub fn counts(&self) -> &[Option<f64>] {
        &self.counts
    }

    /// Days from the first to the last, gaps included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.counts.len()
    }

    /// Whether it has no day at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    /// The last day, when days are dated and there is one.
    #[must_use]
    pub fn last_date(&self) -> Option<NaiveDate> {
        let Axis::Dated(first) = self.axis else { return None };
        let days = i64::try_from(self.len().checked_sub(1)?).ok()?;
        first.checked_add_signed(TimeDelta::try_days(days)?)
    }

    /// The weekday of the day `at` places after the first (past the end too); `None` where unknown.
    #[must_use]
    pub fn weekday(&self, at: usize) -> Option<Weekday> {
        let first = match self.axis {
            Axis::Dated(date) => date.weekday(),
            Axis::Numbered { weekday, .. } => weekday?,
        };
        Some((0..at % 7).fold(first, |day, _| day.succ()))
    }

    /// The place in the week, 0 to 6, of the day `at` places after the first: Monday is 0 where weekdays
    /// are known, else the first day is.
    #[must_use]
    pub fn phase(&self, at: usize) -> usize {
        self.weekday(at).map_or(at % 7, |day| usize::try_from(day.num_days_from_monday()).unwrap_or(0))
    }

    /// The first `days` days alone: what was known at that origin.
    #[must_use]
    pub fn until(&self, days: usize) -> Self {
        Self { axis: self.axis, counts: self.counts.iter().take(days).copied().collect() }
    }

    /// The last `days` days alone.
    #[must_use]
    pub fn last(&self, days: usize) -> Self {
        let cut = self.len().saturating_sub(days);
        let ahead = i64::try_from(cut).unwrap_or(0);
        let axis = match self.axis {
            Axis::Dated(first) => Axis::Dated(
                TimeDelta::try_days(ahead).and_then(|cut| first.checked_add_signed(cut)).unwrap_or(first),
            ),
            Axis::Numbered { first, .. } => {
                Axis::Numbered { first: first.saturating_add(ahead), weekday: self.weekday(cut) }
            }
        };
        Self { axis, counts: self.counts.iter().skip(cut).copied().collect() }
    }

    /// The series renamed so that it ends on `last`: a numbered series laid beside a dated one.
    ///
    /// Where the weekday is known, up to six days at the end are dropped so that it stays true.
    #[must_use]
    pub fn ending_on(&self, last: NaiveDate) -> Option<Self> {
        let fits = |len: &usize| {
            len.checked_sub(1).is_some_and(|at| self.weekday(at).is_none_or(|day| day == last.weekday()))
        };
        let kept = (self.len().saturating_sub(6)..=self.len()).rev().find(fits)?;
        let back = TimeDelta::try_days(i64::try_from(kept - 1).ok()?)?;
        Some(Self { axis: Axis::Dated(last.checked_sub_signed(back)?), ..self.until(kept) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_numbered_series_ends_on_a_date_with_its_weekdays_true() {
        let counts = [1.0, 2.0, 3.0, 4.0, 5.0].map(Some);
        let series = Series::new(Axis::Numbered { first: 1, weekday: Some(Weekday::Thu) }, counts);
        let saturday = NaiveDate::from_ymd_opt(2024, 6, 1).unwrap();
        let laid = series.ending_on(saturday).unwrap();
        assert_eq!(laid.counts(), [Some(1.0), Some(2.0), Some(3.0)]);
        assert_eq!((laid.last_date(), laid.weekday(2)), (Some(saturday), Some(Weekday::Sat)));
        assert_eq!(series.ending_on(saturday.pred_opt().unwrap()).unwrap().len(), 2);
        assert_eq!(series.until(1).ending_on(saturday), None);
        let unnamed = Series::new(Axis::Numbered { first: 1, weekday: None }, counts);
        assert_eq!(unnamed.ending_on(saturday).unwrap().len(), 5);
    }

    #[test]
    fn weekdays_and_phases_go_on_past_the_end() {
        let series = Series::dated(NaiveDate::from_ymd_opt(2024, 3, 2).unwrap(), [4, 5]);
        assert_eq!((series.weekday(0), series.weekday(9)), (Some(Weekday::Sat), Some(Weekday::Mon)));
        assert_eq!((series.phase(0), series.phase(2), series.phase(9)), (5, 0, 0));
        assert_eq!(series.last_date(), NaiveDate::from_ymd_opt(2024, 3, 3));
        assert_eq!(series.until(0).last_date(), None);
        assert_eq!((series.last(1).last_date(), series.last(1).phase(0)), (series.last_date(), 6));
        assert_eq!(series.last(9), series);
    }

    #[test]
    fn what_is_not_a_count_is_a_gap() {
        let counts = [Some(-1.0), Some(f64::NAN), Some(0.0), None];
        let series = Series::new(Axis::Numbered { first: 1, weekday: None }, counts);
        assert_eq!(series.counts(), [None, None, Some(0.0), None]);
    }
}
