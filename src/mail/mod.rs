//! Letters and short messages to people, and the ways in which they leave the house.
//!
//! Knows no donor and no database: who is written to, and what, comes as a [`Parcel`]. Each carries a name of its
//! own, the same each time it is tried, so that one that left twice can be shown once. Says of a failure
//! whether to try again, in a code without any address. Refuses an SMTP server elsewhere without TLS.

pub mod calendar;
mod compose;
mod smtp;
mod webhook;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use lettre::message::Mailbox;
use shiryan_kernel::text::Email;
use shiryan_kernel::time::Moment;

use smtp::Smtp;
pub use webhook::Text;
use webhook::Webhook;

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
    /// What the reader may do: what it says, and where it leads.
    pub links: Vec<(String, String)>,
    /// Where a mail program asks for no more letters.
    pub stop: Option<String>,
}

impl std::fmt::Debug for Letter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

/// What leaves for one person.
#[derive(Debug, Clone)]
pub enum Parcel {
    Letter(Letter),
    Text(Text),
}

/// Ways in which messages leave.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ways {
    pub mail: bool,
    /// Short messages to the telephone.
    pub text: bool,
}

impl Parcel {
    #[must_use]
    pub const fn way(&self) -> Ways {
        let is_letter = matches!(self, Self::Letter(_));
        Ways { mail: is_letter, text: !is_letter }
    }
}

impl Ways {
    #[must_use]
    pub const fn any(self) -> bool {
        self.mail || self.text
    }

    /// Those in both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self { mail: self.mail && other.mail, text: self.text && other.text }
    }

    /// Those in either.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { mail: self.mail || other.mail, text: self.text || other.text }
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
#[derive(Clone)]
pub struct Post {
    from: Option<Mailbox>,
    /// Where links of letters lead.
    origin: Option<String>,
    way: Way,
    texts: Option<Webhook>,
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Post({:?})", self.ways())
    }
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
        let origin = settings.named_origin().map(ToOwned::to_owned);
        Ok(Self { from: settings.mail.from(), origin, way, texts: Webhook::open(&settings.webhook)? })
    }

    /// One that keeps letters in memory, for tests, and where they come.
    #[must_use]
    pub fn memory(from: Mailbox) -> (Self, Arc<Mutex<Vec<Vec<u8>>>>) {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let origin = Some("https://here.example".to_owned());
        (Self { from: Some(from), origin, way: Way::Memory(kept.clone()), texts: None }, kept)
    }

    /// Where links of letters lead, when the operator has said so.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.origin.as_deref()
    }

    /// The ways that are there.
    #[must_use]
    pub const fn ways(&self) -> Ways {
        Ways { mail: !matches!(self.way, Way::None), text: self.texts.is_some() }
    }

    /// Sends what is for one person; blocks until it has left.
    ///
    /// # Errors
    /// [`Failure`].
    pub fn send(&self, parcel: &Parcel, now: Moment) -> Result<(), Failure> {
        match (parcel, &self.texts) {
            (Parcel::Letter(letter), _) => self.send_letter(letter, now),
            (Parcel::Text(text), Some(gateway)) => gateway.send(text, now),
            (Parcel::Text(_), None) => Err(Failure::House("no_transport".into())),
        }
    }

    fn send_letter(&self, letter: &Letter, now: Moment) -> Result<(), Failure> {
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
