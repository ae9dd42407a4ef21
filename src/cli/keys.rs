//! `shiryan keys rotate`: another root key for everything that is sealed, once `keys ask` and `keys approve` were said by two
//! people.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use indicatif::ProgressBar;
use shiryan_kernel::ids::ApprovalId;
use shiryan_kernel::status::{ApprovalKind, ApprovalState};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::SystemClock;
use shiryan_kernel::{Code, Problem};
use zeroize::Zeroizing;

use super::Common;
use super::person::Person;
use crate::accounts::{self, DecideApprovals, ManageKeys};
use crate::app::{self, Rotated, secret};
use crate::db::{Alone, Db, Lane};
use crate::settings::KeyPlace;
use crate::vault::{RootKey, Salt, Vault, private_file};

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
    /// Asks that the root key may be changed
    Ask(Ask),
    /// Approves what somebody else asked: for seven days from then whoever asked may change the root key, once
    Approve(Approve),
}

#[derive(Debug, Args)]
struct Ask {
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    person: Person,
    /// Why; at most 500 characters
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Debug, Args)]
struct Approve {
    /// What `keys ask` printed
    #[arg(value_name = "REQUEST")]
    request: ApprovalId,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    person: Person,
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
            Command::Ask(ask) => ask.run(),
            Command::Approve(approve) => approve.run(),
        }
    }
}

impl Ask {
    fn run(&self) -> Result<(), String> {
        let reason = Note::parse(&self.reason).map_err(|problem| format!("--reason: {}", problem.code))?;
        let (db, vault) = look(&self.common)?;
        let by = self.person.sign_in::<ManageKeys>(&vault, |prove| db.read_now(|conn| prove(conn)))?;
        let (keys, user) = (vault.clone(), by.user);
        let asked = db
            .write_now(Lane::Actor(user.0), move |tx| accounts::ask_key_change(tx, &keys, &by, &reason))
            .map_err(said)?;
        println!("{}", asked.approval);
        Ok(())
    }
}

impl Approve {
    fn run(&self) -> Result<(), String> {
        let (db, vault) = look(&self.common)?;
        let by = self.person.sign_in::<DecideApprovals>(&vault, |prove| db.read_now(|conn| prove(conn)))?;
        let (keys, user, id) = (vault.clone(), by.user, self.request);
        let decided = db.write_now(Lane::Actor(user.0), move |tx| {
            let asked = accounts::approval(tx.conn, &by, id, tx.now)?;
            if asked.kind != ApprovalKind::ChangeKeys {
                return Err(Problem::new(Code::NotFound));
            }
            accounts::decide(tx, &keys, &by, id, ApprovalState::Approved)
        });
        decided.map_err(|problem| match problem.code {
            Code::NotFound => "nobody asked that".to_owned(),
            Code::SecondPersonRequired => {
                "you asked it yourself, or one of you two made the other's account within thirty days"
                    .to_owned()
            }
            Code::StateConflict => "it was decided, or nobody decided within fourteen days".to_owned(),
            _ => said(problem),
        })?;
        println!("Whoever asked may change the root key, once, within seven days.");
        Ok(())
    }
}

fn look(common: &Common) -> Result<(Db, Vault), String> {
    app::look(&common.settings(None)?, Arc::new(SystemClock)).map_err(|error| error.0)
}

fn said(problem: Problem) -> String {
    problem.cause.unwrap_or_else(|| problem.code.to_string())
}

impl Rotate {
    fn run(&self) -> Result<(), String> {
        let settings = self.common.settings(None)?;
        let target = settings.target().map_err(|error| error.to_string())?;
        let place = settings.key_place().map_err(|error| error.to_string())?;
        let (file, next) = (place.path(), beside(place.path(), "next"));
        let old = Vault::new(present(&place)?);
        let by = self.person.sign_in::<ManageKeys>(&old, |prove| {
            Alone::open(&target, Arc::new(SystemClock)).and_then(|mut alone| alone.read(|conn| prove(conn)))
        })?;
        let new = Vault::new(to_come(&place, &next)?);
        let bar = ProgressBar::new_spinner();
        let outcome = app::rotate(&target, Arc::new(SystemClock), (&old, &new), &by, |rows| {
            bar.set_message(format!("{rows} rows"));
            bar.tick();
            true
        });
        bar.finish_and_clear();
        match outcome.map_err(|error| error.0)? {
            Rotated::Done => println!("{} is sealed under a new root key.", target.label()),
            Rotated::Already => println!("{} was under the new root key already.", target.label()),
        }
        let retired = put_in_place(file, &next)?;
        println!(
            "What belongs to it is in {}, what belonged to the old one in {}:",
            file.display(),
            retired.display()
        );
        println!(
            "backups from before open with that alone. Keep it apart from them, or destroy it with them."
        );
        Ok(())
    }
}

/// The root key to come.
fn to_come(place: &KeyPlace, next: &Path) -> Result<RootKey, String> {
    if !matches!(place, KeyPlace::Passphrase(_)) {
        return RootKey::read_or_make(next);
    }
    let words = secret::ask("New passphrase: ")?;
    if secret::ask("The new passphrase again: ")? != words {
        return Err("the two are not the same".into());
    }
    RootKey::of_passphrase(&words, &Salt::read_or_make(next)?)
}

/// The present root key.
fn present(place: &KeyPlace) -> Result<RootKey, String> {
    match place {
        KeyPlace::File(path) => RootKey::read(path),
        KeyPlace::Passphrase(path) => {
            let present = secret::ask("Present passphrase of the root key: ")?;
            RootKey::of_passphrase(&present, &Salt::read(path)?)
        }
        KeyPlace::Credential(_) => {
            Err("a credential is only readable: set keys.source to \"file\" and keys.file to a \
            copy of it, change that, and hand the new file to systemd"
                .into())
        }
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
    // A copy where the file system has no links; the old key stays until the new one is in its place.
    if fs::hard_link(key_file, &retired).is_err() {
        private_file(&retired, &Zeroizing::new(fs::read(key_file).map_err(said)?))?;
    }
    fs::rename(next_file, key_file).map_err(said)?;
    if let Some(dir) = key_file.parent().filter(|dir| !dir.as_os_str().is_empty()) {
        fs::File::open(dir).and_then(|dir| dir.sync_all()).map_err(said)?;
    }
    Ok(retired)
}
