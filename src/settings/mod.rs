//! The configuration: `config/shiryan.toml` inside the program, then the operator's file, then the
//! environment. An unknown key or a bad value is an error that names where it was written, the key and
//! what is expected. Nothing here opens a file of data or listens.

mod check;
mod layers;
mod sections;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use shiryan_kernel::blood::Component;
use shiryan_kernel::shelf::{Keeping, Life, Preparation};

use crate::db::Target;
use layers::Layers;
use sections::KeySource;
pub use sections::{
    Accounts, Audit, Backup, Data, Database, Donors, Drives, Eligibility, KeyPlace, Keys, Laboratory, Log,
    LogFormat, LogLevel, Mail, Metrics, Pack, Place, Reserve, Server, Stock, Titres, Tls, Transport, Travel,
    Webhook,
};

/// The manual, which is the default too.
pub const MANUAL: &str = include_str!("../../config/shiryan.toml");

/// What is wrong, for a person at a terminal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(pub String);

#[derive(Debug, Clone, Deserialize)]
pub struct Settings {
    pub data: Data,
    pub database: Database,
    pub keys: Keys,
    pub server: Server,
    pub metrics: Metrics,
    pub accounts: Accounts,
    pub place: Place,
    pub donors: Donors,
    pub drives: Drives,
    pub eligibility: Eligibility,
    pub titres: Titres,
    pub audit: Audit,
    pub backup: Backup,
    pub laboratory: Laboratory,
    pub stock: Stock,
    pub travel: Travel,
    pub pack: Pack,
    pub reserve: Reserve,
    pub mail: Mail,
    pub webhook: Webhook,
    pub log: Log,
}

/// What a command's flags say; each wins over file and environment.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    pub database: Option<String>,
    pub listen: Option<SocketAddr>,
    pub data_dir: Option<PathBuf>,
}

impl Settings {
    /// Reads every layer. `environment` is name and value of each variable.
    ///
    /// # Errors
    /// Names the file or variable, the key and what is expected.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
        flags: &Flags,
    ) -> Result<Self, SettingsError> {
        let mut layers = Layers::start()?;
        if let Some(path) = file {
            layers.add_file(path)?;
        }
        layers.add_environment(environment)?;
        layers.add_flags(flags);
        let settings = layers.read()?;
        settings.check(&layers)?;
        Ok(settings)
    }

    /// Where the data lives.
    ///
    /// # Errors
    /// When the URL has another scheme.
    pub fn target(&self) -> Result<Target, SettingsError> {
        if self.database.url.is_empty() {
            return Ok(Target::sqlite(&self.data.dir.join("shiryan.db")));
        }
        Target::parse(&self.database.url).map_err(|_| {
            SettingsError("database.url: expected sqlite://path or postgres://user:password@host/name".into())
        })
    }

    /// The product codes of labels and what they stand for; `None` when the list is wrong.
    #[must_use]
    pub fn component_codes(&self) -> Option<BTreeMap<String, Component>> {
        let mut codes = BTreeMap::new();
        for entry in &self.stock.component_codes {
            let (code, component) = entry.split_once('=')?;
            let code = code.trim();
            let is_code =
                (1..=32).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let is_new = codes.insert(code.to_ascii_uppercase(), component.trim().parse().ok()?).is_none();
            if !is_code || !is_new {
                return None;
            }
        }
        Some(codes)
    }

    /// How bags are filled and kept here; `None` when what the settings say cannot be.
    #[must_use]
    pub fn keeping(&self) -> Option<Keeping> {
        let Stock { bags, platelets, plasma, .. } = self.stock;
        let is_one = |preparation: Preparation, component, fewest_days: i32| {
            let days = preparation.shelf_life(None).map(|row| row.life);
            preparation.component() == component
                && matches!(days, Some(Life::Days(days)) if days >= fewest_days)
        };
        if !is_one(platelets, Component::Platelets, 5) || !is_one(plasma, Component::Plasma, 365) {
            return None;
        }
        let at_most = self.stock.at_most_days.iter().map(|entry| {
            let (component, days) = entry.split_once('=')?;
            let days = days.trim().parse().ok().filter(|days| (1..=3_650).contains(days))?;
            Some((component.trim().parse().ok()?, days))
        });
        Some(Keeping { bags, platelets, plasma, at_most: at_most.collect::<Option<_>>()? })
    }

    /// What the code of a label stands for, typed or scanned with its flag; the whole of it, or of a code of ISBT 128 the
    /// first five characters.
    #[must_use]
    pub fn component_of(&self, code: &str) -> Option<Component> {
        let code = code.trim().trim_start_matches("=<").to_ascii_uppercase();
        let codes = self.component_codes()?;
        codes.get(&code).or_else(|| codes.get(code.get(..5).filter(|_| code.len() == 8)?)).copied()
    }

    /// The root key's file.
    ///
    /// # Errors
    /// Says so when systemd handed over no credentials.
    pub fn key_place(&self) -> Result<KeyPlace, SettingsError> {
        let given = || Some(PathBuf::from(&self.keys.file)).filter(|file| !file.as_os_str().is_empty());
        let beside = |name: &str| {
            let mut dir = self.data.dir.clone().into_os_string();
            dir.push(".keys");
            PathBuf::from(dir).join(name)
        };
        Ok(match self.keys.source {
            KeySource::File => KeyPlace::File(given().unwrap_or_else(|| beside("root.key"))),
            KeySource::Passphrase => KeyPlace::Passphrase(given().unwrap_or_else(|| beside("root.salt"))),
            KeySource::Credential => {
                let dir = std::env::var_os("CREDENTIALS_DIRECTORY").ok_or_else(|| {
                    SettingsError(
                        "keys.source is credential, but no CREDENTIALS_DIRECTORY is set: the unit needs \
                         LoadCredential=shiryan-root-key:…"
                            .into(),
                    )
                })?;
                KeyPlace::Credential(
                    PathBuf::from(dir).join(given().unwrap_or_else(|| "shiryan-root-key".into())),
                )
            }
        })
    }

    /// The operator's own directory of rule sets, when there is one.
    #[must_use]
    pub fn policies_dir(&self) -> Option<&Path> {
        Some(Path::new(&self.eligibility.policies)).filter(|dir| !dir.as_os_str().is_empty())
    }

    /// The operator's own directory of calendar tables, when there is one.
    #[must_use]
    pub fn calendar_dir(&self) -> Option<&Path> {
        Some(Path::new(&self.place.calendar)).filter(|dir| !dir.as_os_str().is_empty())
    }

    /// The operator's own levels of the reserve, when there are any.
    #[must_use]
    pub fn levels_file(&self) -> Option<&Path> {
        Some(Path::new(&self.reserve.levels)).filter(|file| !file.as_os_str().is_empty())
    }

    /// Where letters are kept when they go to files.
    #[must_use]
    pub fn mail_dir(&self) -> PathBuf {
        if self.mail.dir.is_empty() { self.data.dir.join("letters") } else { PathBuf::from(&self.mail.dir) }
    }

    /// Where browsers find us.
    #[must_use]
    pub fn origin(&self) -> String {
        if self.server.origin.is_empty() {
            let scheme = if self.has_tls() || self.server.behind_proxy { "https" } else { "http" };
            format!("{scheme}://{}", self.server.listen)
        } else {
            self.server.origin.trim_end_matches('/').to_owned()
        }
    }

    /// Where browsers find us, when the operator has said so.
    #[must_use]
    pub fn named_origin(&self) -> Option<&str> {
        let origin = self.server.origin.trim_end_matches('/');
        if origin.is_empty() { None } else { Some(origin) }
    }

    /// Whether this process ends TLS itself.
    #[must_use]
    pub fn has_tls(&self) -> bool {
        !self.server.tls_certificate.is_empty()
    }

    /// Whether a browser reaches us over TLS, here or at a proxy: cookies then are `Secure`.
    #[must_use]
    pub fn is_secure(&self) -> bool {
        self.origin().starts_with("https://")
    }

    /// The listener of the figures, when there is one.
    #[must_use]
    pub fn metrics_listen(&self) -> Option<SocketAddr> {
        self.metrics.listen.parse().ok()
    }

    /// Where the audit's head is kept beside the log, when it is.
    #[must_use]
    pub fn audit_heads(&self) -> Option<PathBuf> {
        Some(PathBuf::from(&self.audit.heads)).filter(|file| !file.as_os_str().is_empty())
    }

    /// Tests and the demo listen on no figures.
    pub fn without_metrics(&mut self) {
        self.metrics.listen.clear();
    }
}
