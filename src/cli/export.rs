//! `shiryan export donors|deferrals|donations --user NAME --out FILE`: a register taken out as a file, by a person who
//! signs in for it.
//!
//! The file is its owner's alone, and stands under its name only once it is whole and recorded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use shiryan_kernel::time::SystemClock;
use shiryan_kernel::{Code, Problem};

use super::person::Person;
use super::{Common, start_log};
use crate::accounts::ExportDonors;
use crate::app::{self, Migrate, World};
use crate::eligibility::{self, Register};
use crate::sheets::Format;

#[derive(Debug, Args)]
pub struct Export {
    #[arg(value_name = "REGISTER", value_parser = registers())]
    register: Register,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    person: Person,
    #[arg(long, default_value = "csv", value_parser = formats())]
    format: Format,
    /// Where it shall stand; readable to its owner alone
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Takes the place of a file that is there
    #[arg(long)]
    replace: bool,
}

fn registers() -> impl TypedValueParser<Value = Register> {
    PossibleValuesParser::new(Register::ALL.iter().map(|one| one.code()))
        .try_map(|code| code.parse::<Register>())
}

fn formats() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.iter().map(|one| one.code())).try_map(|code| code.parse::<Format>())
}

impl Export {
    pub fn run(&self) -> Result<(), String> {
        let settings = self.common.settings(None)?;
        let _traces = start_log(&settings)?;
        if !self.replace && self.out.exists() {
            return Err(self.said("it is there; say --replace to put another in its place"));
        }
        let house = app::open(settings, World::Live, Migrate::AsUsual, Arc::new(SystemClock))
            .map_err(|error| error.0)?;
        let by = self
            .person
            .sign_in::<ExportDonors>(&house.vault, |prove| house.db.read_now(|conn| prove(conn)))?;
        let beside = self.out.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let held = tempfile::Builder::new().prefix(".shiryan-").tempfile_in(beside);
        let held = held.map_err(|error| self.said(error))?;
        let file = held.as_file().try_clone().map_err(|error| self.said(error))?;
        let parts = (&house.db, &house.vault, &*house.rules);
        let (file, rows) = eligibility::export(parts, &by, self.register, self.format, file).map_err(told)?;
        file.sync_all().map_err(|error| self.said(error))?;
        let placed = if self.replace { held.persist(&self.out) } else { held.persist_noclobber(&self.out) };
        placed.map_err(|error| self.said(error.error))?;
        println!(
            "{}: {rows} rows, in clear. Move it only under a seal, and destroy it when it is taken.",
            self.out.display()
        );
        if self.register == Register::Deferrals {
            println!("It holds those deferrals whose causes the role {} reads.", by.role);
        }
        Ok(())
    }

    fn said(&self, why: impl std::fmt::Display) -> String {
        format!("{}: {why}", self.out.display())
    }
}

fn told(problem: Problem) -> String {
    match problem.code {
        Code::InvalidRequest => "more rows than a workbook holds; take --format csv".to_owned(),
        Code::SecondPersonRequired => {
            "nobody else has approved it within the last day, or your scope is another since: ask by \
            POST /api/v1/exports or on the page of approvals"
                .to_owned()
        }
        Code::IdentityDamaged => {
            let donor = problem.facts.iter().find(|(name, _)| *name == "donor").map(|(_, id)| id.as_str());
            format!(
                "donor {}: what is sealed there was changed or moved, and does not open",
                donor.unwrap_or("?")
            )
        }
        _ => problem.cause.unwrap_or_else(|| problem.code.to_string()),
    }
}
