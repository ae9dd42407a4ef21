//! `shiryan project`: a stock ahead, out of two daily series, in the terminal.
//!
//! The model is the plainer one behind `/projections`, which needs no calendar: the mean of the last eight weeks
//! per weekday, bands from its own past errors. It says how well that did on these very series.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{Datelike, NaiveDate};
use clap::Args;
use indicatif::ProgressBar;
use shiryan_forecast::{Backtest, Band, Cover, Forecast, Lot, Paths, Series, WeekdayModel, backtest};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::level::Bands;
use shiryan_kernel::shelf::Keeping;
use shiryan_kernel::time::plus_days;

use super::table::series;
use crate::projections::{Ahead, Changes, Share, Start, day_number, futures, recent_demand};

/// Simulated futures.
const PATHS: usize = 2_000;
/// So many days are told one by one, the rest week by week.
const DAYS_APART: usize = 14;
/// Series whose means differ by more than this are hardly of one place.
const OF_ONE_SIZE: f64 = 3.0;

#[derive(Debug, Args)]
pub struct Project {
    /// Daily supply; a column's name after a colon, else the first series
    #[arg(long, value_name = "FILE[:COLUMN]")]
    supply: String,
    /// Daily demand, likewise
    #[arg(long, value_name = "FILE[:COLUMN]")]
    demand: String,
    /// How far to look
    #[arg(long, default_value_t = 28, value_parser = clap::value_parser!(u32).range(1..=90))]
    days: u32,
    /// Whose shelf life and levels count
    #[arg(long, default_value = "red_cells")]
    component: String,
    /// Units on the shelf now; else three days of demand
    #[arg(long)]
    stock: Option<u32>,
    /// Supply is multiplied by this
    #[arg(long, default_value_t = 1.0)]
    supply_scale: f64,
    /// Another seed, other futures
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Project {
    pub fn run(&self) -> Result<(), String> {
        let bar = ProgressBar::new_spinner().with_message("looking ahead");
        bar.enable_steady_tick(Duration::from_millis(120));
        let report = self.report();
        bar.finish_and_clear();
        print!("{}", report?);
        Ok(())
    }

    fn report(&self) -> Result<String, String> {
        let component: Component = self.component.parse().map_err(|_| {
            let known: Vec<_> = Component::ALL.iter().map(|known| known.code()).collect();
            format!("--component: expected one of {}", known.join(", "))
        })?;
        if !(self.supply_scale.is_finite() && self.supply_scale > 0.0) {
            return Err("--supply-scale: expected a number above 0".into());
        }
        let supply = scaled(&read(&self.supply)?, self.supply_scale);
        let demand = read(&self.demand)?;
        let today = first_day_ahead(&supply, &demand);
        let (own_supply, own_demand) = (level_mean(&supply), level_mean(&demand));
        let beside = |series: &Series, name: &str| {
            series.ending_on(plus_days(today, -1)).ok_or_else(|| format!("{name}: fewer days than a week"))
        };
        let stock = self.stock.unwrap_or_else(|| whole(3.0 * own_demand));
        let demand_beside = beside(&demand, &self.demand)?;
        let start = Start {
            component,
            // The series say nothing of groups, and nobody stands in for anybody.
            group: BloodGroup::ONeg,
            today,
            lots: shelf(component, today, stock),
            batches: Vec::new(),
            recent_demand: recent_demand(&demand_beside),
            supply: Arc::new(beside(&supply, &self.supply)?),
            demand: Arc::new(demand_beside),
            supply_share: Share::WHOLE,
            demand_share: Share::WHOLE,
            calendars: Arc::default(),
            bands: Bands::default(),
            keeps_days: Keeping::default().usual_days(component),
            changes: Changes::default(),
            seed: self.seed,
        };
        let days = usize::try_from(self.days).unwrap_or(28);
        let found = futures(&start, days, PATHS).ok_or("nothing to look at")?;
        let forecast = |series: &Series| WeekdayModel::fit(series, 0.0).forecast(days);
        let (supply_ahead, demand_ahead) = (forecast(&start.supply), forecast(&start.demand));
        let mut text = String::new();
        let told = (|| -> std::fmt::Result {
            writeln!(
                text,
                "{} from {today}, {} days, {stock} units on the shelf",
                component.name_en(),
                self.days
            )?;
            writeln!(
                text,
                "supply {own_supply:.1} and demand {own_demand:.1} units a day over the last eight weeks"
            )?;
            note_scale(&mut text, own_supply, own_demand, self.supply_scale)?;
            note_days(&mut text, &supply, &demand)?;
            table(&mut text, &found)?;
            totals(&mut text, &found, [("supply", &supply_ahead), ("demand", &demand_ahead)], days)?;
            judged(&mut text, "supply", &start.supply, &supply_ahead, days)?;
            judged(&mut text, "demand", &start.demand, &demand_ahead, days)
        })();
        told.map_err(|error| error.to_string())?;
        Ok(text)
    }
}

/// `FILE` or `FILE:COLUMN`.
fn read(named: &str) -> Result<Series, String> {
    let (path, column) = match named.rsplit_once(':') {
        Some((path, column)) if !Path::new(named).exists() => (PathBuf::from(path), Some(column)),
        _ => (PathBuf::from(named), None),
    };
    let (file, table) = (path.display(), series(&path)?);
    table.column(column).cloned().ok_or_else(|| {
        let known: Vec<_> = table.series.iter().map(|(name, _)| name.as_str()).collect();
        format!("{file}: no column {}; expected one of {}", column.unwrap_or_default(), known.join(", "))
    })
}

fn scaled(series: &Series, factor: f64) -> Series {
    Series::new(series.axis(), series.counts().iter().map(|count| count.map(|count| count * factor)))
}

/// The day after the last dated one; a series of numbered days is laid beside it. Without any date the
/// days are named after an ordinary week.
fn first_day_ahead(supply: &Series, demand: &Series) -> NaiveDate {
    let last = supply.last_date().or(demand.last_date());
    last.map_or_else(|| NaiveDate::from_ymd_opt(2026, 1, 4).unwrap_or_default(), |last| plus_days(last, 1))
}

fn level_mean(series: &Series) -> f64 {
    let seen: Vec<f64> = series.counts().iter().rev().take(56).copied().flatten().collect();
    seen.iter().sum::<f64>() / f64::from(u32::try_from(seen.len().max(1)).unwrap_or(1))
}

/// The nearest whole number of units.
fn whole(units: f64) -> u32 {
    format!("{:.0}", units.max(0.0)).parse().unwrap_or(u32::MAX)
}

/// A shelf of mixed ages: the units spread evenly over what is left of a life.
fn shelf(component: Component, today: NaiveDate, stock: u32) -> Vec<Lot> {
    let life = u64::try_from(Keeping::default().usual_days(component)).unwrap_or(1).max(1);
    let upto = |n: u64| u64::from(stock) * n / life;
    (0..life)
        .map(|n| Lot {
            expiry: day_number(plus_days(today, i64::try_from(n).unwrap_or(0))),
            units: u32::try_from(upto(n + 1) - upto(n)).unwrap_or(0),
        })
        .filter(|lot| lot.units > 0)
        .collect()
}

fn note_scale(text: &mut String, supply: f64, demand: f64, factor: f64) -> std::fmt::Result {
    if supply <= 0.0 || demand <= 0.0 || (supply / demand).max(demand / supply) <= OF_ONE_SIZE {
        return Ok(());
    }
    let fit = factor * demand / supply;
    writeln!(text, "note: the two are of different sizes; --supply-scale {fit:.4} would make them alike")
}

fn note_days(text: &mut String, supply: &Series, demand: &Series) -> std::fmt::Result {
    match (supply.last_date(), demand.last_date()) {
        (Some(one), Some(other)) if one != other => {
            writeln!(
                text,
                "note: supply ends on {one}, demand on {other}; demand is laid beside supply by weekday"
            )
        }
        (None, None) => {
            writeln!(text, "note: neither series has dates; the days are named after an ordinary week")
        }
        _ => Ok(()),
    }
}

fn table(text: &mut String, found: &Ahead) -> std::fmt::Result {
    writeln!(text)?;
    writeln!(
        text,
        "{:<16} {:^20} {:^20} {:^20} {:>7}  level",
        "", "supply", "demand", "on hand at the close", "cover"
    )?;
    writeln!(
        text,
        "{:<16} {:>6}{:>7}{:>7} {:>6}{:>7}{:>7} {:>6}{:>7}{:>7} {:>7}",
        "day", "P10", "P50", "P90", "P10", "P50", "P90", "P10", "P50", "P90", "days"
    )?;
    let mut from = 0;
    while from < found.outlook.days.len() {
        let step = if from < DAYS_APART { 1 } else { 7 };
        let to = (from + step).min(found.outlook.days.len());
        let Some(day) = found.outlook.days.get(to - 1) else { break };
        let name =
            if step == 1 { format!("{} {}", day.on, day.on.weekday()) } else { format!("to {}", day.on) };
        let (supply, demand) = (summed(&found.supply_paths, from, to), summed(&found.demand_paths, from, to));
        let cover = match day.cover {
            Cover::Days(days) => format!("{days:.1}"),
            Cover::Beyond(days) => format!("> {days:.0}"),
        };
        let bands =
            [supply, demand, day.on_hand].map(|b| format!("{:>6.0}{:>7.0}{:>7.0}", b.p10, b.p50, b.p90));
        writeln!(text, "{name:<16} {} {cover:>7}  {}", bands.join(" "), day.level)?;
        from = to;
    }
    writeln!(text)
}

/// What some days of each future come to.
fn summed(paths: &Paths, from: usize, to: usize) -> Band {
    let mut sums: Vec<f64> = paths
        .iter()
        .map(|path| path.iter().skip(from).take(to - from).map(|n| f64::from(*n)).sum())
        .collect();
    Band::of(&mut sums).unwrap_or_default()
}

fn totals(
    text: &mut String,
    found: &Ahead,
    forecasts: [(&str, &Forecast); 2],
    days: usize,
) -> std::fmt::Result {
    for (name, forecast) in forecasts {
        if let Some(last) = forecast.days.last() {
            let b = last.total;
            writeln!(
                text,
                "{name} in {days} days: {:.0} expected, 80 % between {:.0} and {:.0}",
                last.total_mean, b.p10, b.p90
            )?;
        }
    }
    match found.outlook.first_dire() {
        Some(day) => writeln!(text, "first red or black: {} ({})", day.on, day.level),
        None => writeln!(text, "no red or black day in sight"),
    }
}

/// How the same model did on the past of the same series.
fn judged(
    text: &mut String,
    name: &str,
    series: &Series,
    forecast: &Forecast,
    days: usize,
) -> std::fmt::Result {
    let horizon = days.min(28);
    let first = 365.min(series.len() / 2);
    let Some(report) = backtest(series, &Backtest { horizon, first, ..Backtest::default() }) else {
        return writeln!(text, "{name}: too short to be judged; its bands are wide guesses");
    };
    writeln!(
        text,
        "{name}, judged at {} points of its past: 80 % bands of {horizon}-day totals held {:.0} %, of days {:.0} %; \
         MASE {:.2} (as a week ago: {:.2}); bands measured to {} days",
        report.origins,
        report.totals_covered * 100.0,
        report.days_covered * 100.0,
        report.mase,
        report.mase_naive,
        forecast.measured_days,
    )
}
