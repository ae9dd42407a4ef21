//! `shiryan roster`: whether the counts in memory are those of the tables.

use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use shiryan_kernel::time::{SystemClock, Zone};

use super::Common;
use crate::app;
use crate::roster::{Roster, check};

#[derive(Debug, Args)]
pub struct Check {
    #[command(flatten)]
    common: Common,
    /// Follows what a service writes meanwhile for so long before it compares
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    follow: u64,
}

/// Differences that are named one by one.
const MOST_NAMED: usize = 20;

impl Check {
    pub fn run(&self) -> Result<(), String> {
        let said =
            |problem: shiryan_kernel::Problem| problem.cause.unwrap_or_else(|| problem.code.to_string());
        let settings = self.common.settings(None)?;
        let zone = Zone(settings.place.zone);
        let (db, _) = app::look(&settings, Arc::new(SystemClock)).map_err(|error| error.0)?;
        let (roster, started) = (Roster::default(), Instant::now());
        roster.build(&db, zone).map_err(said)?;
        let took = started.elapsed();
        let (units, donors, windows) = roster
            .look(&db, zone, |index| {
                let windows: usize = index.donors.all().map(|(_, standing)| standing.windows.len()).sum();
                (index.units.all().count(), index.donors.all().count(), windows)
            })
            .map_err(said)?;
        println!(
            "Built in {} ms: {units} units, {donors} donors, {windows} giving windows.",
            took.as_millis()
        );
        while started.elapsed() < took + Duration::from_secs(self.follow) {
            roster.look(&db, zone, |_| ()).map_err(said)?;
            std::thread::sleep(Duration::from_millis(100));
        }
        let differences = check(&roster, &db, zone).map_err(said)?;
        if differences.is_empty() {
            println!("After {} s it is what the tables say.", self.follow);
            return Ok(());
        }
        for difference in differences.iter().take(MOST_NAMED) {
            eprintln!("{} {}", difference.entity, shiryan_kernel::ids::write(difference.id));
        }
        Err(format!("the roster differs from the tables in {} places", differences.len()))
    }
}
