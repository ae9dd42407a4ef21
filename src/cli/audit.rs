//! `shiryan audit verify` and `shiryan audit head`: whether the record is whole.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use shiryan_kernel::time::SystemClock;

use super::Common;
use crate::app;
use crate::audit::{self, Head, Verdict};

#[derive(Debug, Args)]
pub struct Audit {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Reads the whole chain again; with a file of heads, whether it still holds each of them
    Verify(Verify),
    /// Prints the chain's head as a line of JSON, to be kept elsewhere
    Head(Common),
}

#[derive(Debug, Args)]
struct Verify {
    #[command(flatten)]
    common: Common,
    /// Heads that were kept elsewhere: lines of JSON, as `audit.heads` and `audit head` write them
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

impl Audit {
    pub fn run(&self) -> Result<(), String> {
        match &self.command {
            Command::Verify(verify) => verify.run(),
            Command::Head(common) => print_head(common),
        }
    }
}

fn said(problem: shiryan_kernel::Problem) -> String {
    problem.cause.unwrap_or_else(|| problem.code.to_string())
}

fn print_head(common: &Common) -> Result<(), String> {
    let (db, _) = app::look(&common.settings(None)?, Arc::new(SystemClock)).map_err(|error| error.0)?;
    let now = db.now();
    match db.read_now(|conn| audit::head(conn, now)).map_err(said)? {
        Some(head) => println!("{}", serde_json::to_string(&head).map_err(|error| error.to_string())?),
        None => println!("The chain is empty."),
    }
    Ok(())
}

impl Verify {
    fn run(&self) -> Result<(), String> {
        let kept = self.against.as_deref().map(heads).transpose()?;
        let (db, vault) =
            app::look(&self.common.settings(None)?, Arc::new(SystemClock)).map_err(|error| error.0)?;
        let verdict = db.read_now(|conn| audit::verify(conn, &vault)).map_err(said)?;
        let lines = match verdict {
            Verdict::Whole(lines) => lines,
            Verdict::Broken(link) => return Err(format!("the chain is broken at link {link}")),
        };
        let loose = db.read_now(audit::loose).map_err(said)?;
        if loose > 0 {
            return Err(format!("{loose} lines are said to be chained, and no link holds them"));
        }
        println!("The chain is whole: {lines} links.");
        if let Some(kept) = kept {
            if let Some(missing) =
                db.read_now(|conn| Ok(audit::first_missing(conn, &kept)?.cloned())).map_err(said)?
            {
                return Err(format!(
                    "the chain does not hold the head of {} (link {}) any more: it was cut or made anew",
                    missing.at, missing.seq
                ));
            }
            println!("It holds each of the {} heads that were kept.", kept.len());
        }
        Ok(())
    }
}

/// The heads of a file, a line each.
fn heads(file: &Path) -> Result<Vec<Head>, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let read = |(n, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|_| format!("{}: line {} is no head", file.display(), n + 1))
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let found = lines.map(read).collect::<Result<Vec<Head>, String>>()?;
    if found.is_empty() {
        return Err(format!("{}: no head is in it", file.display()));
    }
    Ok(found)
}
