//! What comes in and what is asked for ahead, drawn: a side's totals by calendar and moon, parted among its groups, with
//! what a scenario changes and what drives bring. Pure.

use chrono::NaiveDate;
use rayon::prelude::*;
use shiryan_forecast::{Calendar, Chance, Change, CountModel, Counted, Paths, Rests, Series, WeekdayModel};

use super::MOST_DAYS;
use super::drives::with_batches;
use super::rules::{COVER_DAYS, Changes, Rest, Shock, Start, day_number};
use super::shares::{Share, parted};

/// What all shocks do to one day.
fn of_day(shocks: &[Shock], day: usize) -> (f64, f64) {
    let own = shocks.iter().filter(|shock| (shock.first..=shock.last).contains(&day));
    own.fold((1.0, 0.0), |(times, more), shock| (times * shock.times, more + shock.more))
}

/// Streams of chance beside those of `drives`.
const SUPPLY: u64 = 0;
const DEMAND: u64 = 1;
/// Beside the stream that is moved: 10 and 11.
const MOVED: u64 = 10;
const MOON: u64 = 9;
/// 12 and 13.
const PARTED: u64 = 12;
const SHAKEN_SUPPLY: u64 = 5;
const SHAKEN_DEMAND: u64 = 6;

/// Counts ahead of one series: what is expected over the days and the days that cover looks, and simulated.
struct Counts {
    rest: Rest,
    change: Option<Change>,
    means: Vec<f64>,
    paths: Paths,
}

/// The chance that the moon is seen a day early, and that it is seen a day late.
const MOON_OFF: f64 = 0.15;

impl Counts {
    fn of(series: &Series, start: &Start, days: usize, paths: usize, stream: u64) -> Self {
        let counted = if stream == SUPPLY { Counted::Given } else { Counted::Asked };
        let each: Vec<Self> = start
            .calendars
            .par_iter()
            .map(|calendar| {
                Self::by_calendar(series, &calendar.of_counts(counted), start, (days, paths), stream)
            })
            .collect();
        match <[Self; 3]>::try_from(each) {
            Ok(moons) => Self::mixed(moons, start.today),
            Err(each) => each
                .into_iter()
                .next()
                .unwrap_or_else(|| Self::by_weekday(series, start, (days, paths), stream)),
        }
    }

    fn by_weekday(series: &Series, start: &Start, (days, paths): (usize, usize), stream: u64) -> Self {
        let weekdays = WeekdayModel::fit(series, 0.0);
        Self {
            rest: Rest::Weekdays,
            change: None,
            means: weekdays.means(days + COVER_DAYS),
            paths: weekdays.paths(paths, days, start.seed, stream),
        }
    }

    fn by_calendar(
        series: &Series,
        calendar: &Calendar,
        start: &Start,
        (days, paths): (usize, usize),
        stream: u64,
    ) -> Self {
        // The horizon is always the longest, so that a shorter look begins a longer one.
        let counts = CountModel::fit(series, calendar, MOST_DAYS.max(days) + COVER_DAYS);
        let means = || counts.means().iter().take(days + COVER_DAYS).copied().collect::<Vec<f64>>();
        if let Some(paths) = counts.paths(paths, days, start.seed, stream) {
            return Self { rest: Rest::Calendar, change: counts.change(), means: means(), paths };
        }
        let weekdays = Self::by_weekday(series, start, (days, paths), stream);
        if counts.rests() != Rests::Regression {
            return Self { change: counts.change(), ..weekdays };
        }
        // Too young to have erred often enough: the scatter of the weekday mean, moved to what is expected of each day.
        let expected = means();
        let times: Vec<f64> = expected
            .iter()
            .zip(&weekdays.means)
            .map(|(new, old)| if *old > 0.0 { new / old } else { 1.0 })
            .collect();
        let moved = |day: usize| (times.get(day).copied().unwrap_or(1.0), 0.0);
        Self {
            rest: Rest::Believed,
            change: counts.change(),
            means: expected,
            paths: weekdays.paths.shaken(start.seed, MOVED + stream, moved),
        }
    }

    /// Each path under one of three moons, the same for every group and component.
    fn mixed([told, early, late]: [Self; 3], today: NaiveDate) -> Self {
        let chance = Chance::new(u64::try_from(day_number(today)).unwrap_or(0), MOON);
        let paths = Paths::filled(told.paths.len(), told.paths.days(), |path, row| {
            let drawn = chance.at(path, 0).uniform();
            let moon = match drawn {
                early_is if early_is < MOON_OFF => &early,
                late_is if late_is >= 1.0 - MOON_OFF => &late,
                _ => &told,
            };
            row.copy_from_slice(moon.paths.path(usize::try_from(path).unwrap_or(usize::MAX)));
        });
        let mix = |(told, (early, late)): (f64, (f64, f64))| told + MOON_OFF * (early + late - 2.0 * told);
        let off = early.means.into_iter().zip(late.means);
        Self { means: told.means.into_iter().zip(off).map(mix).collect(), paths, ..told }
    }
}

/// What comes in and what is asked for in one group, with every change of the scenario.
pub(super) struct Drawn {
    pub supply: Paths,
    pub demand: Paths,
    /// Expected demand, as long as the paths and the days that cover looks ahead.
    pub means: Vec<f64>,
    pub average_daily_demand: f64,
    pub rests: (Rest, Rest),
    pub changed: (Option<Change>, Option<Change>),
}

/// Draws what comes in and what is asked for on one side: forecast whole, then parted among its groups.
pub(super) fn draw(starts: &[Start], days: usize, paths: usize) -> Vec<Drawn> {
    let Some(first) = starts.first() else { return Vec::new() };
    let (supply, demand) = rayon::join(
        || Counts::of(&first.supply, first, days, paths, SUPPLY),
        || Counts::of(&first.demand, first, days, paths, DEMAND),
    );
    let shares = |of: fn(&Start) -> Share| starts.iter().map(of).collect::<Vec<_>>();
    let (given, asked) = rayon::join(
        || parted(&supply.paths, &shares(|start| start.supply_share), (first.seed, PARTED + SUPPLY)),
        || parted(&demand.paths, &shares(|start| start.demand_share), (first.seed, PARTED + DEMAND)),
    );
    let both: Vec<(&Start, (Paths, Paths))> = starts.iter().zip(given.into_iter().zip(asked)).collect();
    both.into_par_iter().map(|(start, own)| of_group(start, own, (&supply, &demand))).collect()
}

/// A group's own, with every change of the scenario and what drives bring.
fn of_group(start: &Start, (supply, demand): (Paths, Paths), (all_in, all_out): (&Counts, &Counts)) -> Drawn {
    let Changes { supply: on_supply, demand: on_demand, .. } = &start.changes;
    let shaken = |paths: Paths, shocks: &[Shock], stream| {
        if shocks.is_empty() { paths } else { paths.shaken(start.seed, stream, |day| of_day(shocks, day)) }
    };
    let means = all_out.means.iter().enumerate().map(|(day, mean)| {
        let (times, more) = of_day(on_demand, day);
        mean * start.demand_share.part * times + more
    });
    let supply = shaken(supply, on_supply, SHAKEN_SUPPLY);
    Drawn {
        supply: with_batches(&supply, &start.batches, start.component, start.seed, start.today),
        demand: shaken(demand, on_demand, SHAKEN_DEMAND),
        means: means.collect(),
        average_daily_demand: start.recent_demand,
        rests: (all_in.rest, all_out.rest),
        changed: (all_in.change, all_out.change),
    }
}
