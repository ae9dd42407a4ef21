//! The sections of the configuration and their keys, as `config/shiryan.toml` explains them.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use chrono::NaiveTime;
use lettre::message::Mailbox;
use serde::{Deserialize, Deserializer};
use shiryan_kernel::blood::Component;
use shiryan_kernel::compat::Caution;
use shiryan_kernel::laboratory::Marker;
use shiryan_kernel::shelf::{Additive, Preparation};
use shiryan_kernel::time::clock_time;

#[derive(Debug, Clone, Deserialize)]
pub struct Data {
    pub dir: PathBuf,
}

#[derive(Clone, Deserialize)]
pub struct Database {
    pub(super) url: String,
    pub connections: u32,
    pub allow_plaintext: bool,
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Keys {
    pub(super) source: KeySource,
    pub(super) file: String,
}

/// Where the root key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KeySource {
    /// A file of its own.
    File,
    /// A credential that systemd hands to the service.
    Credential,
    /// A passphrase that somebody types at each start.
    Passphrase,
}

/// The root key's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyPlace {
    File(PathBuf),
    Credential(PathBuf),
    /// The file of the salt; the passphrase is nowhere.
    Passphrase(PathBuf),
}

impl KeyPlace {
    /// The file that it needs.
    #[must_use]
    pub fn path(&self) -> &Path {
        let (Self::File(path) | Self::Credential(path) | Self::Passphrase(path)) = self;
        path
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Server {
    pub listen: SocketAddr,
    pub workers: usize,
    pub behind_proxy: bool,
    pub tls_certificate: String,
    pub tls_key: String,
    pub(super) origin: String,
    pub linger_seconds: u64,
    pub drain_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Metrics {
    pub(super) listen: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Accounts {
    pub access_token_minutes: i64,
    pub session_days: i64,
    pub password_characters: usize,
    pub second_factor: bool,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Place {
    pub zone: chrono_tz::Tz,
    pub calendar: String,
}

/// Limits of drives.
#[derive(Debug, Clone, Deserialize)]
pub struct Drives {
    pub first_timers_per_cent: i32,
    pub overbooked_per_cent: i32,
    pub hottest_outdoors_c: i32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Donors {
    pub exact_look_ups_a_day: i32,
    pub identities_a_day: i32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Eligibility {
    pub policies: String,
    pub rule_set: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Titres {
    pub low_below: u32,
    pub operational_days: u32,
    pub routine_days: u32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Backup {
    pub recipient: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Audit {
    pub(super) heads: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Laboratory {
    pub panel: Vec<Marker>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Stock {
    pub whole_blood_becomes: Vec<Component>,
    pub hold_hours: i64,
    pub second_person_for: Vec<Caution>,
    pub component_codes: Vec<String>,
    pub(super) bags: Additive,
    pub(super) platelets: Preparation,
    pub(super) plasma: Preparation,
    pub(super) at_most_days: Vec<String>,
}

/// What a distance between two sites means on the road.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
pub struct Travel {
    pub kilometres_an_hour: i64,
    pub detour_per_cent: i64,
    pub between_governorates_minutes: i64,
}

/// Units of one round of a massive-transfusion pack.
#[derive(Debug, Clone, Deserialize)]
pub struct Pack {
    pub red_cells: i32,
    pub plasma: i32,
    pub platelets: i32,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Reserve {
    pub(super) levels: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Mail {
    pub transport: Transport,
    pub(super) from: String,
    pub(super) dir: String,
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub(super) ca: String,
    pub user: String,
    pub(super) password_file: String,
    pub timeout_seconds: u64,
    #[serde(deserialize_with = "time")]
    pub quiet_from: NaiveTime,
    #[serde(deserialize_with = "time")]
    pub quiet_until: NaiveTime,
    pub a_day: i64,
    pub reminder_days: i64,
    pub reminder_hours: i64,
    pub attempts: i32,
}

/// How letters leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transport {
    None,
    File,
    Smtp,
}

/// How the mail server is spoken with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tls {
    /// Begun in clear, then TLS or nothing.
    Starttls,
    /// From the first byte.
    Tls,
    /// Loopback alone.
    None,
}

impl Mail {
    /// Who letters are from.
    #[must_use]
    pub fn from(&self) -> Option<Mailbox> {
        self.from.parse().ok()
    }

    /// The certificates that alone are trusted.
    #[must_use]
    pub fn ca(&self) -> Option<&Path> {
        Some(Path::new(&self.ca)).filter(|path| !path.as_os_str().is_empty())
    }

    #[must_use]
    pub fn password_file(&self) -> Option<&Path> {
        Some(Path::new(&self.password_file)).filter(|path| !path.as_os_str().is_empty())
    }
}

fn time<'de, D: Deserializer<'de>>(text: D) -> Result<NaiveTime, D::Error> {
    let text = String::deserialize(text)?;
    clock_time(&text).map_err(|_| serde::de::Error::custom("expected a time such as 21:00"))
}

#[derive(Debug, Clone, Deserialize)]
pub struct Webhook {
    pub url: String,
    pub(super) key_file: String,
    pub(super) ca: String,
    pub timeout_seconds: u64,
}

impl Webhook {
    /// The secret's file, when a gateway is named.
    #[must_use]
    pub fn key_file(&self) -> Option<&Path> {
        Some(Path::new(&self.key_file)).filter(|path| !path.as_os_str().is_empty())
    }

    /// The certificates that alone are trusted.
    #[must_use]
    pub fn ca(&self) -> Option<&Path> {
        Some(Path::new(&self.ca)).filter(|path| !path.as_os_str().is_empty())
    }
}

#[derive(Debug, Clone, Deserialize)]
pub struct Log {
    pub level: LogLevel,
    pub format: LogFormat,
    pub traces: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Text,
    Json,
}
