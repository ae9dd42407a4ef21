//! `shiryan import units|facilities|donors|donations|deferrals|history FILE`: registers and daily series out of files.
//!
//! A file is comma-separated text or an XLSX workbook. Rows that cannot be taken are written to `FILE.rejects.csv` with what is wrong with each; the others
//! are taken. `--dry-run` reads everything and changes nothing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use indicatif::{HumanDuration, ProgressBar, ProgressStyle};
use shiryan_kernel::time::SystemClock;

use super::{Common, start_log};
use crate::app::{self, Migrate, World};
use crate::eligibility::{self, ImportOptions};
use crate::http::House;
use crate::sheets::{ImportError, Manner, Mapping, Progress, Report};
use crate::{places, projections};

#[derive(Debug, Args)]
pub struct Import {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The tree of units: code,name_ar,name_en,parent,governorate
    Units(Named),
    /// Hospitals and blood banks: code,kind,name_ar,name_en,governorate
    Facilities(Named),
    /// Donors; docs/import.md tells the columns
    Donors {
        #[command(flatten)]
        file: Long,
        /// Accepts that the root key lies on the disk of the data
        #[arg(long)]
        accept_key_on_disk: bool,
    },
    /// Deferrals: service_number,national_id,code,base,second_base,ended_on,recorded_on
    Deferrals(Long),
    /// Donations of the past: service_number,national_id,given_on,donation_type,volume_ml
    Donations(Long),
    /// Daily donations or demand: `date` or `day` first, then a series in each column
    History(File),
}

#[derive(Debug, Args)]
struct File {
    #[command(flatten)]
    common: Common,
    #[arg(value_name = "FILE")]
    path: PathBuf,
    /// Reads and checks everything, changes nothing
    #[arg(long)]
    dry_run: bool,
}

/// A file whose columns may have other names.
#[derive(Debug, Args)]
struct Named {
    #[command(flatten)]
    file: File,
    /// A column under its name in the file, such as "Tel. no.=phone"; "Notes=" passes one over
    #[arg(long, value_name = "THEIRS=OURS")]
    map: Vec<String>,
}

/// A file that may be long.
#[derive(Debug, Args)]
struct Long {
    #[command(flatten)]
    named: Named,
    /// Goes on with a file that was interrupted
    #[arg(long)]
    resume: bool,
}

impl Named {
    fn manner(&self, resume: bool) -> Result<Manner, ImportError> {
        Ok(Manner { dry_run: self.file.dry_run, resume, names: Mapping::parse(&self.map)? })
    }
}

impl Long {
    fn manner(&self) -> Result<Manner, ImportError> {
        self.named.manner(self.resume)
    }
}

impl Import {
    pub fn run(&self) -> Result<(), String> {
        let file = match &self.what {
            What::History(file) => file,
            What::Units(named) | What::Facilities(named) => &named.file,
            What::Deferrals(long) | What::Donations(long) | What::Donors { file: long, .. } => {
                &long.named.file
            }
        };
        let settings = file.common.settings(None)?;
        let _traces = start_log(&settings)?;
        let house = app::open(settings, World::Live, Migrate::AsUsual, Arc::new(SystemClock))
            .map_err(|error| error.0)?;
        let started = Instant::now();
        let bar = bar();
        let taken = self.take(&file.path, &house, |now| show(&bar, &now));
        bar.finish_and_clear();
        let report = taken.map_err(|error| error.to_string())?;
        tell(&report, file.dry_run, started.elapsed());
        if report.rejected > 0 { Err(format!("{} rows were not taken", report.rejected)) } else { Ok(()) }
    }

    fn take(
        &self,
        path: &Path,
        house: &House,
        progress: impl FnMut(Progress),
    ) -> Result<Report, ImportError> {
        let (db, vault, rules) = (&house.db, &house.vault, &house.rules);
        match &self.what {
            What::Units(named) => {
                places::import_units(db, vault, None, path, &named.manner(false)?, telling(progress))
            }
            What::Facilities(named) => {
                places::import_facilities(db, vault, None, path, &named.manner(false)?, telling(progress))
            }
            What::Deferrals(long) => {
                eligibility::import_deferrals(db, vault, rules, path, &long.manner()?, progress)
            }
            What::Donations(long) => {
                eligibility::import_donations(db, vault, rules, path, &long.manner()?, progress)
            }
            What::History(file) => projections::import_history(db, path, file.dry_run, progress),
            What::Donors { file, accept_key_on_disk } => {
                let options = ImportOptions {
                    manner: file.manner()?,
                    key_on_same_disk: house.key_on_same_disk,
                    accept_key_on_disk: *accept_key_on_disk,
                };
                eligibility::import_donors(db, vault, rules, path, &options, progress)
            }
        }
    }
}

fn telling(mut progress: impl FnMut(Progress)) -> impl FnMut(Progress) -> shiryan_kernel::Result<()> {
    move |now| {
        progress(now);
        Ok(())
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:32} {bytes}/{total_bytes} {msg}") {
        bar.set_style(style);
    }
    bar
}

fn show(bar: &ProgressBar, now: &Progress) {
    bar.set_length(now.of_bytes);
    bar.set_position(now.bytes);
    bar.set_message(format!("{} rows, {} refused", now.rows, now.rejected));
}

fn tell(report: &Report, dry_run: bool, took: Duration) {
    let taken = if dry_run { "would be taken" } else { "taken" };
    println!(
        "{} rows: {} {taken}, {} there already, {} refused, {} to be looked at, in {}.",
        report.rows,
        report.taken,
        report.skipped,
        report.rejected,
        report.warned,
        HumanDuration(took)
    );
    if let Some(rejects) = &report.rejects {
        println!("The refused rows: {}", rejects.display());
    }
}
