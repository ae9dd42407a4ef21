//! `shiryan keys rotate`: another root key for everything that is sealed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use shiryan_kernel::time::SystemClock;

use super::Common;
use super::person::Person;
use crate::accounts::ManageKeys;
use crate::app::{self, Rotated};
use crate::db::Alone;
use crate::vault::{RootKey, Vault};

#[derive(Debug, Args)]
pub struct Keys {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Seals everything under a new root key; nobody else may have the database open. It may be interrupted,
    /// and the same command goes on
    Rotate(Rotate),
}

#[derive(Debug, Args)]
struct Rotate {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    person: Person,
}

impl Keys {
    pub fn run(&self) -> Result<(), String> {
        match &self.command {
            Command::Rotate(rotate) => rotate.run(),
        }
    }
}

impl Rotate {
    fn run(&self) -> Result<(), String> {
        let settings = self.common.settings(None)?;
        let target = settings.target().map_err(|error| error.to_string())?;
        let key_file = settings.key_file();
        let by = self.person.sign_in::<ManageKeys>(|prove| {
            Alone::open(&target, Arc::new(SystemClock)).and_then(|mut alone| alone.read(|conn| prove(conn)))
        })?;
        let next_file = beside(&key_file, "next");
        let old = Vault::new(RootKey::read(&key_file)?);
        let new = Vault::new(RootKey::read_or_make(&next_file)?);
        let bar = ProgressBar::new_spinner();
        let outcome = app::rotate(&target, Arc::new(SystemClock), (&old, &new), by.user, |rows| {
            bar.set_message(format!("{rows} rows"));
            bar.tick();
            true
        });
        bar.finish_and_clear();
        match outcome.map_err(|error| error.0)? {
            Rotated::Done => println!("{} is sealed under a new root key.", target.label()),
            Rotated::Already => println!("{} was under the new root key already.", target.label()),
        }
        let retired = put_in_place(&key_file, &next_file)?;
        println!("Its file is {}. The old key is {}:", key_file.display(), retired.display());
        println!("backups from before open with it alone. Keep it apart from them, or destroy it with them.");
        Ok(())
    }
}

fn beside(key_file: &Path, ending: &str) -> PathBuf {
    let mut name = key_file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// The new key's file takes the place of the old one in one step; the old one stays under another name.
fn put_in_place(key_file: &Path, next_file: &Path) -> Result<PathBuf, String> {
    let said = |error: std::io::Error| format!("{}: {error}", key_file.display());
    let retired = (1..)
        .map(|n| beside(key_file, &format!("retired-{n}")))
        .find(|path| !path.exists())
        .ok_or_else(|| "no name is free".to_owned())?;
    fs::hard_link(key_file, &retired).map_err(said)?;
    fs::rename(next_file, key_file).map_err(said)?;
    if let Some(dir) = key_file.parent() {
        fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(said)?;
    }
    Ok(retired)
}
