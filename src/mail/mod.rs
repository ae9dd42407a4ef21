//! Letters to people, and the ways in which they leave the house.
//!
//! Knows no donor and no database: who is written to, and what, comes as a [`Letter`]. A letter carries its own
//! `Message-ID`, the same each time it is tried, so that one that left twice is shown once. Says of a failure
//! whether to try again, in a code without any address. Refuses an SMTP server elsewhere without TLS.

pub mod calendar;
mod compose;
mod smtp;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use lettre::message::Mailbox;
use shiryan_kernel::text::Email;
use shiryan_kernel::time::Moment;

use smtp::Smtp;

use crate::settings;
use crate::texts::Lang;

/// What one person is to read.
#[derive(Clone)]
pub struct Letter {
    /// The left side of the `Message-ID`.
    pub id: String,
    pub to: Email,
    pub language: Lang,
    pub subject: String,
    /// Without markup; foreign words are isolated by characters.
    pub paragraphs: Vec<String>,
    /// Goes along as a calendar file.
    pub entry: Option<calendar::Entry>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// Why a letter did not leave, in a code that names nobody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The recipient's side will never take it.
    Refused(String),
    /// The recipient's side may take it later.
    Later(String),
    /// No letter leaves now, whoever it is for.
    House(String),
}

impl Failure {
    #[must_use]
    pub fn code(&self) -> &str {
        let (Self::Refused(code) | Self::Later(code) | Self::House(code)) = self;
        code
    }
}

/// How letters leave.
#[derive(Debug, Clone)]
pub struct Post {
    from: Option<Mailbox>,
    way: Way,
}

#[derive(Clone)]
enum Way {
    None,
    /// One file for each letter.
    File(PathBuf),
    Smtp(Box<Smtp>),
    /// For tests.
    Memory(Arc<Mutex<Vec<Vec<u8>>>>),
}

impl std::fmt::Debug for Way {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::File(_) => "file",
            Self::Smtp(_) => "smtp",
            Self::Memory(_) => "memory",
        })
    }
}

impl Post {
    /// The way that the settings name.
    ///
    /// # Errors
    /// Says which directory or file is in the way.
    pub fn open(settings: &settings::Settings) -> Result<Self, String> {
        let way = match settings.mail.transport {
            settings::Transport::None => Way::None,
            settings::Transport::File => {
                let dir = settings.mail_dir();
                crate::vault::private_dir(&dir)?;
                Way::File(dir)
            }
            settings::Transport::Smtp => Way::Smtp(Box::new(Smtp::open(&settings.mail)?)),
        };
        Ok(Self { from: settings.mail.from(), way })
    }

    /// One that keeps letters in memory, for tests, and where they come.
    #[must_use]
    pub fn memory(from: Mailbox) -> (Self, Arc<Mutex<Vec<Vec<u8>>>>) {
        let kept = Arc::new(Mutex::new(Vec::new()));
        (Self { from: Some(from), way: Way::Memory(kept.clone()) }, kept)
    }

    /// Whether letters leave at all.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.way, Way::None)
    }

    /// Sends a letter; blocks until it has left.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn send(&self, letter: &Letter, now: Moment) -> Result<(), Failure> {
        let Some(from) = &self.from else { return Err(Failure::House("no_sender".into())) };
        let message =
            compose::compose(letter, from, now).ok_or_else(|| Failure::Refused("compose".into()))?;
        match &self.way {
            Way::None => Err(Failure::House("no_transport".into())),
            Way::File(dir) => keep(dir, &letter.id, &message.formatted()),
            Way::Smtp(smtp) => smtp.send(&message),
            Way::Memory(kept) => {
                if let Ok(mut kept) = kept.lock() {
                    kept.push(message.formatted());
                }
                Ok(())
            }
        }
    }
}

/// Writes the letter under its own name, whole or not at all: one that is tried again is the same file.
fn keep(dir: &Path, id: &str, message: &[u8]) -> Result<(), Failure> {
    let failed = |_| Failure::House("file".into());
    let (part, whole) = (dir.join(format!("{id}.part")), dir.join(format!("{id}.eml")));
    if part.exists() {
        std::fs::remove_file(&part).map_err(failed)?;
    }
    crate::vault::private_file(&part, message).map_err(|_| Failure::House("file".into()))?;
    std::fs::rename(&part, whole).map_err(failed)
}
