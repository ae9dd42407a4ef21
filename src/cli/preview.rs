//! `shiryan preview CODE --user NAME`: what a rule set would change if it were in force, counted over every donor. Nobody is
//! named, and nothing is changed.

use std::sync::Arc;

use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use shiryan_kernel::time::SystemClock;
use shiryan_kernel::{Code, Problem};

use super::person::Person;
use super::{Common, start_log};
use crate::accounts::PreviewPolicies;
use crate::app::{self, Migrate, World};
use crate::eligibility::{self, PolicyPreview, PreviewResult};

#[derive(Debug, Args)]
pub struct Preview {
    /// The rule set's code
    #[arg(value_name = "CODE")]
    code: String,
    /// Which version of it; the newest unless told
    #[arg(long)]
    version: Option<u32>,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    person: Person,
}

impl Preview {
    pub fn run(&self) -> Result<(), String> {
        let settings = self.common.settings(None)?;
        let _traces = start_log(&settings)?;
        let house = app::open(settings, World::Live, Migrate::AsUsual, Arc::new(SystemClock))
            .map_err(|error| error.0)?;
        self.person
            .sign_in::<PreviewPolicies>(&house.vault, |prove| house.db.read_now(|conn| prove(conn)))?;
        let set = house.rules.newest_or(&self.code, self.version).map_err(told)?;
        let from = set.effective_from.max(house.today());
        let preview = PolicyPreview { code: set.code.clone(), version: set.version, from };
        let bar = ProgressBar::new(0);
        if let Ok(style) = ProgressStyle::with_template("{bar:32} {human_pos}/{human_len} donors, {eta}") {
            bar.set_style(style);
        }
        let seen = |done: u64, of: u64| {
            bar.set_length(of);
            bar.set_position(done);
            Ok(())
        };
        let found = eligibility::run_preview(&house.db, &house.vault, &house.rules, &preview, seen);
        bar.finish_and_clear();
        print!("{}", report(&found.map_err(told)?));
        Ok(())
    }
}

fn report(found: &PreviewResult) -> String {
    let PreviewResult { before, after, from, impact } = found;
    let mut text = format!(
        "{} {} in the place of {} {}, from {from}: {} of {} donors would have another first day",
        after.code, after.version, before.code, before.version, impact.changed, impact.donors
    );
    if impact.unreadable > 0 {
        text.push_str(&format!("; of {} a sealed fact does not open", impact.unreadable));
    }
    text.push('\n');
    for (donation, moves) in &impact.by_type {
        text.push_str(&format!(
            "{:<20} {:>8} earlier {:>8} later {:>8} no more {:>8} anew {:>8} as before\n",
            donation.code(),
            moves.earlier,
            moves.later,
            moves.shut,
            moves.opened,
            moves.same
        ));
    }
    text
}

fn told(problem: Problem) -> String {
    match problem.code {
        Code::NotFound => "no such rule set; the page of rules lists those there are".to_owned(),
        Code::InvalidRequest => "no such version of it".to_owned(),
        _ => problem.cause.unwrap_or_else(|| problem.code.to_string()),
    }
}
