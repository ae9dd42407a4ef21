//! `shiryan backtest`: how well the forecast would have done on the past of daily series.
//!
//! At each rolling origin every method is fitted on the days before it alone. Printed are the scores of each
//! series and their mean; to files go the same as CSV, a picture, and every forecast of the model.

mod picture;
mod tables;

use std::path::{Path, PathBuf};
use std::time::Instant;

use chrono::NaiveDate;
use clap::Args;
use shiryan_forecast::judge::Stopwatch;
use shiryan_forecast::{Axis, Calendar, Method, Series, Trial, Verdict, judge};
use shiryan_kernel::time::plus_days;

use super::table::{cells, faults_of, series};

/// The longest horizon, in days.
const MOST_AHEAD: usize = 366;
/// Without `--from`, origins begin after two years, or in the middle of a shorter series.
const FIRST_DAYS: usize = 730;

#[derive(Debug, Args)]
pub struct Backtest {
    /// Daily counts: a column `date` (or `day`, with `dow` as weekday), then one column per series
    #[arg(value_name = "FILE.csv")]
    file: PathBuf,
    /// Days that move counts: columns `date`, `kind`, `name`
    #[arg(long, value_name = "CAL.csv")]
    calendar: Option<PathBuf>,
    /// Only these series
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    series: Vec<String>,
    /// The first origin: forecasts begin on this date (or day number)
    #[arg(long, value_name = "DATE")]
    from: Option<String>,
    /// Days from one origin to the next
    #[arg(long, default_value_t = 14, value_parser = days)]
    every: usize,
    /// Days ahead
    #[arg(long, value_delimiter = ',', default_value = "7,14,28,42", value_parser = days)]
    horizons: Vec<usize>,
    /// Writes each forecast of the model to this file
    #[arg(long, value_name = "OUT.csv")]
    forecasts: Option<PathBuf>,
    /// Writes the scores to this file
    #[arg(long, value_name = "OUT.csv")]
    csv: Option<PathBuf>,
    /// Draws totals with their bands to this file
    #[arg(long, value_name = "OUT.svg")]
    picture: Option<PathBuf>,
}

/// A series with what became of it.
struct Case {
    name: String,
    series: Series,
    verdict: Verdict,
}

impl Case {
    /// The day an origin stands on, as the file names days.
    fn day_name(&self, origin: usize) -> String {
        let ahead = i64::try_from(origin).unwrap_or(0);
        match self.series.axis() {
            Axis::Dated(first) => plus_days(first, ahead).to_string(),
            Axis::Numbered { first, .. } => first.saturating_add(ahead).to_string(),
        }
    }
}

impl Backtest {
    pub fn run(&self) -> Result<(), String> {
        let table = series(&self.file)?;
        let calendar = self.calendar.as_deref().map(calendar).transpose()?.unwrap_or_default();
        let mut horizons = self.horizons.clone();
        horizons.sort_unstable();
        horizons.dedup();
        let begun = Instant::now();
        let watch: Stopwatch = &|| begun.elapsed().as_secs_f64();
        let mut cases = Vec::new();
        for (name, series) in self.chosen(table.series)? {
            let first = self.first(&series)?;
            let trial = Trial { first, every: self.every, horizons: horizons.clone() };
            let verdict = judge(&series, &calendar, &trial, Method::ALL, watch);
            cases.push(Case { name, series, verdict });
        }
        print!("{}", tables::report(&cases).map_err(|error| error.to_string())?);
        let write = |path: &Option<PathBuf>, text: &dyn Fn() -> Result<String, String>| match path {
            Some(path) => {
                std::fs::write(path, text()?).map_err(|error| format!("{}: {error}", path.display()))
            }
            None => Ok(()),
        };
        write(&self.forecasts, &|| tables::forecasts(&cases))?;
        write(&self.csv, &|| tables::scores(&cases))?;
        write(&self.picture, &|| picture::draw(&cases).map_err(|error| error.to_string()))
    }

    fn chosen(&self, all: Vec<(String, Series)>) -> Result<Vec<(String, Series)>, String> {
        if self.series.is_empty() {
            return Ok(all);
        }
        let known: Vec<String> = all.iter().map(|(name, _)| name.clone()).collect();
        let pick = |wanted: &String| {
            all.iter().find(|(name, _)| name == wanted.trim()).cloned().ok_or_else(|| {
                format!("{}: no column {wanted}; expected one of {}", self.file.display(), known.join(", "))
            })
        };
        self.series.iter().map(pick).collect()
    }

    /// The first origin, in days after the series' first.
    fn first(&self, series: &Series) -> Result<usize, String> {
        let Some(from) = &self.from else { return Ok(FIRST_DAYS.min(series.len() / 2)) };
        let ahead = match series.axis() {
            Axis::Dated(first) => {
                let date: NaiveDate =
                    from.parse().map_err(|_| format!("--from {from}: not a date (YYYY-MM-DD)"))?;
                (date - first).num_days()
            }
            Axis::Numbered { first, .. } => {
                let day: i64 = from.parse().map_err(|_| format!("--from {from}: not a day number"))?;
                day.saturating_sub(first)
            }
        };
        // The day after the last one is the latest morning that knows everything.
        let first = usize::try_from(ahead).ok().filter(|first| (1..=series.len()).contains(first));
        first.ok_or_else(|| {
            format!(
                "--from {from}: expected a day after the first and at most one after the last of {}",
                self.file.display()
            )
        })
    }
}

fn calendar(path: &Path) -> Result<Calendar, String> {
    let (header, rows) = cells(path)?;
    Calendar::parse(&header, rows).map_err(|faults| {
        faults_of(path, &faults.iter().map(|fault| (fault.fault.code(), fault)).collect::<Vec<_>>())
    })
}

fn days(text: &str) -> Result<usize, String> {
    let days: Option<usize> = text.trim().parse().ok();
    days.filter(|days| (1..=MOST_AHEAD).contains(days))
        .ok_or_else(|| format!("expected 1 to {MOST_AHEAD} days"))
}
