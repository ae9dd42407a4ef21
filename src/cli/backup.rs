//! `shiryan backup` and `shiryan restore`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use shiryan_kernel::time::SystemClock;

use super::Common;
use crate::app::{self, backup};
use crate::audit::{self, Line};
use crate::db::Lane;
use crate::vault::private_file;

#[derive(Debug, Args)]
pub struct Backup {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes an identity whose public half backups are encrypted to. Keep the file away from this machine
    Identity {
        /// The file to write; it must not be there
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
    /// Copies the database, while it serves, into one encrypted file
    Make(Make),
}

#[derive(Debug, Args)]
struct Make {
    #[command(flatten)]
    common: Common,
    /// The file to write; it must not be there
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// The public half, age1…; `backup.recipient` unless told
    #[arg(long, value_name = "AGE1")]
    recipient: Option<String>,
}

#[derive(Debug, Args)]
pub struct Restore {
    #[command(flatten)]
    common: Common,
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The file of the identity
    #[arg(long, value_name = "FILE")]
    identity: PathBuf,
}

impl Backup {
    pub fn run(&self) -> Result<(), String> {
        match &self.command {
            Command::Identity { out } => make_identity(out),
            Command::Make(make) => make.run(),
        }
    }
}

fn make_identity(out: &Path) -> Result<(), String> {
    let (secret, public) = backup::new_identity();
    let secret = zeroize::Zeroizing::new(secret);
    private_file(out, secret.as_bytes())?;
    println!("Public half, for `backup.recipient`: {public}");
    println!("{} opens every backup made to it: keep it away from this machine.", out.display());
    Ok(())
}

impl Make {
    fn run(&self) -> Result<(), String> {
        let settings = self.common.settings(None)?;
        let to = self.recipient.as_deref().unwrap_or(&settings.backup.recipient);
        if to.is_empty() {
            return Err("nobody can open it: name a --recipient, or backup.recipient in the settings".into());
        }
        let recipient = backup::recipient(to).map_err(|error| error.0)?;
        let (db, vault) = app::look(&settings, Arc::new(SystemClock)).map_err(|error| error.0)?;
        let said =
            |problem: shiryan_kernel::Problem| problem.cause.unwrap_or_else(|| problem.code.to_string());
        let now = db.now();
        let head = db.read_now(|conn| audit::head(conn, now)).map_err(said)?;
        let about = backup::make(db.target(), &recipient, (&settings.data.dir, &self.out), now, head)
            .map_err(|error| error.0)?;
        let line = Line::new(None, "backup.made").with("bytes", about.bytes).with("sha256", &about.sha256);
        db.write_now(Lane::System, move |tx| audit::record(tx, &vault, &line)).map_err(said)?;
        println!("{}: {} bytes of {}, encrypted.", self.out.display(), about.bytes, db.target().label());
        println!("The root key is not in it: without that key what is sealed stays closed.");
        Ok(())
    }
}

impl Restore {
    pub fn run(&self) -> Result<(), String> {
        let settings = self.common.settings(None)?;
        let target = settings.target().map_err(|error| error.0)?;
        if let crate::db::Target::Sqlite(path) = &target
            && let Some(dir) = path.parent()
        {
            crate::vault::private_dir(dir)?;
        }
        let room = match &target {
            crate::db::Target::Sqlite(path) => path.parent().unwrap_or_else(|| Path::new(".")),
            crate::db::Target::Postgres(_) => settings.data.dir.as_path(),
        };
        let room = if room.as_os_str().is_empty() { Path::new(".") } else { room };
        let about = backup::restore(&self.file, &self.identity, &target, room).map_err(|error| error.0)?;
        println!("{} is as it was at {}.", target.label(), about.made_at);
        if let Some(head) = about.audit {
            println!("The record reached link {} then. Next: `shiryan audit verify`.", head.seq);
        }
        Ok(())
    }
}
