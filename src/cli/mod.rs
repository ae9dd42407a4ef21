//! The command line: one file per command. Errors are one sentence on standard error and exit code 2.

mod audit;
mod backtest;
mod backup;
pub mod demo;
mod doctor;
mod export;
mod import;
mod keys;
mod manual;
mod migrate;
mod person;
mod preview;
mod project;
mod roster;
mod serve;
mod table;
mod traces;

use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, CommandFactory, Parser, Subcommand};

use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer};

use self::traces::Traces;
use crate::settings::{Flags, LogFormat, LogLevel, Settings};

/// شريان: a blood-donation registry, drive scheduler and strategic-blood-reserve service.
#[derive(Debug, Parser)]
#[command(name = "shiryan", version, arg_required_else_help = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Whether the record of who did what is whole.
    Audit(audit::Audit),
    /// Judges the forecast on the past of daily series, beside simpler ones.
    Backtest(backtest::Backtest),
    /// Copies the whole database into one encrypted file.
    Backup(backup::Backup),
    /// Prints what lets a shell complete commands and options.
    Completions(manual::Completions),
    /// Makes a world of invented people and serves it.
    Demo(demo::Demo),
    /// Looks whether this installation is as it should be.
    Doctor(doctor::Doctor),
    /// Writes a register into a file, for a person who signs in.
    Export(export::Export),
    /// Takes registers and daily series out of files.
    Import(import::Import),
    /// Changes the keys under which everything is sealed.
    Keys(keys::Keys),
    /// Writes the manual's pages.
    Man(manual::Man),
    /// Counts what a rule set would change if it were in force.
    Preview(preview::Preview),
    /// Puts a backup where nothing is.
    Restore(backup::Restore),
    /// Builds the counts that a service keeps in memory, follows the feed and compares them with the tables.
    Roster(roster::Check),
    /// Serves pages and API.
    Serve(serve::Serve),
    /// Brings a database to the present schema.
    Migrate(Common),
    /// Projects a stock from two daily series, in the terminal.
    Project(project::Project),
}

/// What every command takes.
#[derive(Debug, Clone, Args)]
struct Common {
    /// sqlite://path or postgres://user:password@host/name
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// A file of settings; config/shiryan.toml tells every key
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Common {
    fn settings(&self, listen: Option<SocketAddr>) -> Result<Settings, String> {
        self.settings_with(&Flags { database: self.database.clone(), listen, data_dir: None })
    }

    fn settings_with(&self, flags: &Flags) -> Result<Settings, String> {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
        Settings::load(self.config.as_deref(), environment, flags).map_err(|error| error.0)
    }
}

/// Runs the command that the process was given.
#[must_use]
pub fn run() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Audit(audit) => audit.run(),
        Command::Backtest(backtest) => backtest.run(),
        Command::Backup(backup) => backup.run(),
        Command::Completions(completions) => completions.run(Cli::command()),
        Command::Demo(demo) => demo.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Export(export) => export.run(),
        Command::Import(import) => import.run(),
        Command::Keys(keys) => keys.run(),
        Command::Man(man) => man.run(Cli::command()),
        Command::Preview(preview) => preview.run(),
        Command::Restore(restore) => restore.run(),
        Command::Serve(serve) => serve.run(),
        Command::Migrate(common) => migrate::run(&common),
        Command::Project(project) => project.run(),
        Command::Roster(check) => check.run(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("shiryan: {why}");
            ExitCode::from(2)
        }
    }
}

/// Starts the log on standard error, and traces where a collector is named: they go on while this is held. A panic is one
/// line of the log, without what was in hand.
fn start_log(settings: &Settings) -> Result<Option<Traces>, String> {
    let level = match settings.log.level {
        LogLevel::Error => "error",
        LogLevel::Warn => "warn",
        LogLevel::Info => "info",
        LogLevel::Debug => "debug",
        LogLevel::Trace => "trace",
    };
    let filter = EnvFilter::new(format!("warn,shiryan={level}"));
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let lines = match settings.log.format {
        LogFormat::Text => lines.with_filter(filter).boxed(),
        LogFormat::Json => lines.json().with_filter(filter).boxed(),
    };
    let collector = Some(settings.log.traces.as_str()).filter(|address| !address.is_empty());
    let traces = collector.map(Traces::to).transpose().map_err(|error| format!("log.traces: {error}"))?;
    let spans = traces.as_ref().map(|traces| traces.layer().with_filter(EnvFilter::new("off,shiryan=debug")));
    drop(tracing_subscriber::registry().with(lines).with(spans).try_init());
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(place, "panicked");
    }));
    Ok(traces)
}
