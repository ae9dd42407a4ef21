//! One walk through a history, leaving at each past origin what would have been said there.
//!
//! The log of an expected count is a level plus the effects of the day's columns. The level is the ratio of
//! what came to what the columns expected, forgotten with a half-life of weeks; the effects are a ridge
//! regression on how each day differed from its level, forgotten over years. Taking the level out first
//! matters: where counts grow, effects remembered from lower years would otherwise bend the present. A day
//! is learnt from once, after it was forecast: nothing here can look ahead, and all origins cost one pass.

use crate::calendar::Calendar;
use crate::columns::{Columns, Row, effect};
use crate::history::{History, PROFILE_FROM};
use crate::regression::Regression;
use crate::sample::faded;
use crate::series::Series;

/// Forecasts that are blended: the regression at a slow and at a quick level, and the weekday mean.
pub(crate) const MEMBERS: usize = 3;
/// Older days are not read: ten years.
const MOST_DAYS: usize = 3_653;
/// Origins older than this leave nothing behind: four years.
const MEMORY: usize = 1_461;
/// Days from one origin to the next, and from one solution to the next.
pub(crate) const STEP: usize = 7;
/// Days between solutions that no origin needs.
const SELDOM: usize = 28;
/// The first days teach the level alone.
const LEVEL_FIRST: usize = 14;
/// The regression speaks from so many observed days on, if a calendar or the season lets it know more than
/// weekdays do; else the weekday mean says the same more simply.
const SPEAKS_FROM: usize = 28;
/// The year's course is believed from so many observed days on.
const SEASON_FROM: usize = 730;
/// Half-lives of the two levels, in days.
const SLOW: f64 = 112.0;
const QUICK: f64 = 42.0;
/// A day that differs by more than this many standard deviations teaches no more than that.
const CAP: f64 = 4.0;
/// Squared relative scatter of days before any was seen, worth so many days.
const FIRST_SCATTER: (f64, f64) = (0.05, 20.0);
/// What one day keeps of the scatter known before it.
const SCATTER_KEPT: f64 = 0.997;

/// What one morning would have said.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Origin {
    /// Days known.
    pub(crate) day: usize,
    /// Expected counts by day ahead, of each member that speaks.
    pub(crate) members: [Option<Vec<f64>>; MEMBERS],
}

/// The ratio of what came to what the columns expected.
#[derive(Debug, Clone, Copy)]
struct Level {
    half_life: f64,
    came: f64,
    expected: f64,
}

impl Level {
    fn new(half_life: f64) -> Self {
        // Enough to keep a series of zeros finite, far too little to be seen elsewhere.
        Self { half_life, came: 0.05, expected: 0.05 }
    }

    fn value(self) -> f64 {
        self.came / self.expected
    }

    fn pass(&mut self, seen: Option<(f64, f64)>) {
        let kept = faded(1, self.half_life);
        let (came, expected) = seen.unwrap_or_default();
        if seen.is_some() {
            (self.came, self.expected) = (self.came * kept + came, self.expected * kept + expected);
        }
    }
}

pub(crate) struct Walk<'a> {
    history: &'a History,
    rows: Vec<Row>,
    /// The first day read.
    begin: usize,
    /// Whether days have dates, and whether a calendar tells of them.
    by_season: bool,
    by_calendar: bool,
    regression: Regression,
    effects: Vec<f64>,
    slow: Level,
    quick: Level,
    scatter: (f64, f64),
    observed: usize,
}

impl<'a> Walk<'a> {
    /// The origins from the oldest remembered one to the present morning, each with `days` days ahead, and
    /// the rows of the present morning's days ahead.
    pub(crate) fn through(
        series: &Series,
        history: &'a History,
        calendar: &Calendar,
        days: usize,
    ) -> (Vec<Origin>, Vec<Vec<crate::columns::DayType>>) {
        let columns = Columns::of(series, calendar);
        let (now, begin) = (history.days(), history.days().saturating_sub(MOST_DAYS));
        let rows = (begin..now + days).map(|day| columns.row(day)).collect();
        let mut walk = Self {
            history,
            rows,
            begin,
            by_season: columns.is_dated(),
            by_calendar: columns.has_calendar(),
            regression: Regression::new(&columns.all),
            effects: columns.all.iter().map(|column| column.mean).collect(),
            slow: Level::new(SLOW),
            quick: Level::new(QUICK),
            scatter: (FIRST_SCATTER.0 * FIRST_SCATTER.1, FIRST_SCATTER.1),
            observed: 0,
        };
        let (mut origins, mut kinds) = (Vec::new(), Vec::new());
        for day in begin..=now {
            let remembered = now - day <= MEMORY;
            if (now - day).is_multiple_of(if remembered { STEP } else { SELDOM }) {
                walk.effects = walk.regression.solve(walk.observed >= SEASON_FROM);
                if remembered {
                    origins.push(walk.origin(day, days));
                    kinds.push(walk.rows.iter().skip(day - begin).take(days).map(|row| row.kind).collect());
                }
            }
            walk.learn(day);
        }
        (origins, kinds)
    }

    fn speaks(&self) -> bool {
        self.observed >= SPEAKS_FROM && (self.by_calendar || (self.by_season && self.observed >= SEASON_FROM))
    }

    fn expected(&self, row: &Row) -> f64 {
        effect(row, &self.effects).clamp(-9.0, 9.0).exp()
    }

    fn origin(&self, day: usize, days: usize) -> Origin {
        let ahead = self.rows.iter().skip(day - self.begin).take(days);
        let base: Option<Vec<f64>> = self.speaks().then(|| ahead.map(|row| self.expected(row)).collect());
        let at = |level: Level| base.as_ref().map(|base| base.iter().map(|x| x * level.value()).collect());
        let week = self.history.profile(day).map(|profile| {
            let phase = self.history.phase(day);
            (0..days).map(|ahead| profile.at(phase + ahead)).collect()
        });
        Origin { day, members: [at(self.slow), at(self.quick), week] }
    }

    fn learn(&mut self, day: usize) {
        self.regression.pass();
        let (Some(row), count) = (self.rows.get(day - self.begin), self.history.count(day)) else { return };
        let Some(count) = count else { return };
        let base = effect(row, &self.effects).clamp(-9.0, 9.0);
        let mean = base.exp() * self.slow.value();
        let difference = count / mean - 1.0;
        let scatter = (self.scatter.0 / self.scatter.1).max(1e-4);
        let variance = scatter + 1.0 / mean;
        let most = CAP * variance.sqrt();
        if self.observed >= LEVEL_FIRST {
            let seen = base + difference.clamp(-most, most);
            self.regression.add(row, 1.0 / variance, seen);
        }
        if self.observed >= PROFILE_FROM {
            let more = (difference * difference - 1.0 / mean).clamp(0.0, 9.0 * variance);
            self.scatter = (self.scatter.0 * SCATTER_KEPT + more, self.scatter.1 * SCATTER_KEPT + 1.0);
        }
        self.slow.pass(Some((count, base.exp())));
        self.quick.pass(Some((count, base.exp())));
        self.observed += 1;
    }
}
