//! The configuration: `config/shiryan.toml` inside the program, then the operator's file, then the
//! environment. An unknown key or a bad value is an error that names where it was written, the key and
//! what is expected. Nothing here opens a file of data or listens.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use shiryan_kernel::blood::Component;
use toml::{Table, Value};

use crate::db::Target;

/// The manual, which is the default too.
pub const MANUAL: &str = include_str!("../config/shiryan.toml");

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
    pub eligibility: Eligibility,
    pub titres: Titres,
    pub stock: Stock,
    pub log: Log,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Data {
    pub dir: PathBuf,
}

#[derive(Clone, Deserialize)]
pub struct Database {
    url: String,
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
    source: KeySource,
    file: String,
}

/// Where the root key comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeySource {
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
    origin: String,
    pub drain_seconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Metrics {
    listen: String,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Accounts {
    pub access_token_minutes: i64,
    pub session_days: i64,
    pub password_characters: usize,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Place {
    pub zone: chrono_tz::Tz,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Donors {
    pub exact_look_ups_a_day: i32,
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
pub struct Stock {
    pub whole_blood_becomes: Vec<Component>,
}

#[derive(Debug, Clone, Deserialize)]
pub struct Log {
    pub level: LogLevel,
    pub format: LogFormat,
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

    /// Tests and the demo listen on no figures.
    pub fn without_metrics(&mut self) {
        self.metrics.listen.clear();
    }

    fn check(&self, layers: &Layers) -> Result<(), SettingsError> {
        let wrong = |key: &str, expected: &str| {
            Err(SettingsError(format!("{}: {key}: expected {expected}", layers.origin(key))))
        };
        if !self.metrics.listen.is_empty() && !self.metrics_listen().is_some_and(|at| at.ip().is_loopback()) {
            return wrong("metrics.listen", "a loopback address such as 127.0.0.1:9464, or nothing");
        }
        if self.server.tls_certificate.is_empty() != self.server.tls_key.is_empty() {
            return wrong("server.tls_key", "both tls_certificate and tls_key, or neither");
        }
        if !self.server.listen.ip().is_loopback() && !self.has_tls() && !self.server.behind_proxy {
            return wrong(
                "server.listen",
                "a loopback address, unless tls_certificate and tls_key are set or behind_proxy is true",
            );
        }
        let origin = &self.server.origin;
        let is_http = origin.starts_with("https://") || origin.starts_with("http://");
        if !origin.is_empty() && !is_http {
            return wrong("server.origin", "https://host or http://host");
        }
        if !(1..=10).contains(&self.accounts.access_token_minutes) {
            return wrong("accounts.access_token_minutes", "1 to 10");
        }
        if !(1..=90).contains(&self.accounts.session_days) {
            return wrong("accounts.session_days", "1 to 90");
        }
        if !(8..=128).contains(&self.accounts.password_characters) {
            return wrong("accounts.password_characters", "8 to 128");
        }
        if !(1..=10_000).contains(&self.donors.exact_look_ups_a_day) {
            return wrong("donors.exact_look_ups_a_day", "1 to 10000");
        }
        let titres = &self.titres;
        if !(2..=256).contains(&titres.low_below) {
            return wrong("titres.low_below", "2 to 256");
        }
        if !(1..=90).contains(&titres.operational_days) {
            return wrong("titres.operational_days", "1 to 90");
        }
        if !(1..=365).contains(&titres.routine_days) {
            return wrong("titres.routine_days", "1 to 365");
        }
        if !(1..=200).contains(&self.database.connections) {
            return wrong("database.connections", "1 to 200");
        }
        if self.server.workers > 256 {
            return wrong("server.workers", "0 to 256");
        }
        let zone = self.place.zone;
        if zone != chrono_tz::Tz::Asia__Hebron && zone != chrono_tz::Tz::Asia__Gaza {
            return wrong("place.zone", "Asia/Hebron or Asia/Gaza");
        }
        let target = self
            .target()
            .map_err(|error| SettingsError(format!("{}: {error}", layers.origin("database.url"))))?;
        if target.is_remote() && !self.database.allow_plaintext {
            return wrong(
                "database.url",
                "a PostgreSQL on this machine, or database.allow_plaintext = true for a network that is trusted",
            );
        }
        Ok(())
    }
}

/// The layers merged so far, and who set each key last.
struct Layers {
    merged: Table,
    origins: std::collections::HashMap<String, String>,
}

impl Layers {
    fn start() -> Result<Self, SettingsError> {
        let merged =
            MANUAL.parse().map_err(|error| SettingsError(format!("config/shiryan.toml: {error}")))?;
        Ok(Self { merged, origins: std::collections::HashMap::new() })
    }

    fn origin(&self, key: &str) -> &str {
        self.origins.get(key).map_or("the built-in defaults", String::as_str)
    }

    fn add_file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let name = path.display().to_string();
        let text =
            std::fs::read_to_string(path).map_err(|error| SettingsError(format!("{name}: {error}")))?;
        let table: Table = text.parse().map_err(|error| SettingsError(format!("{name}: {error}")))?;
        for (section, value) in table {
            let Value::Table(keys) = value else {
                return Err(SettingsError(format!("{name}: {section}: expected a section [{section}]")));
            };
            if !self.merged.contains_key(&section) {
                let known = self.merged.keys().cloned().collect::<Vec<_>>().join(", ");
                return Err(SettingsError(format!(
                    "{name}: [{section}] is unknown; expected one of: {known}"
                )));
            }
            for (key, value) in keys {
                self.set(&name, &section, &key, value)?;
            }
        }
        Ok(())
    }

    fn add_environment(
        &mut self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<(), SettingsError> {
        for (name, text) in environment {
            if name == "SHIRYAN_DATA_DIR" {
                self.set(&name, "data", "dir", Value::String(text))?;
                continue;
            }
            let Some(rest) = name.strip_prefix("SHIRYAN__") else { continue };
            let lower = rest.to_lowercase();
            let Some((section, key)) = lower.split_once("__") else {
                return Err(SettingsError(format!("{name}: expected SHIRYAN__SECTION__KEY")));
            };
            let value = self.parse_text(&name, section, key, text)?;
            self.set(&name, section, key, value)?;
        }
        Ok(())
    }

    fn add_flags(&mut self, flags: &Flags) {
        let texts = [
            ("database", "url", "--database", flags.database.clone()),
            ("server", "listen", "--listen", flags.listen.map(|at| at.to_string())),
            ("data", "dir", "--data-dir", flags.data_dir.as_ref().map(|dir| dir.display().to_string())),
        ];
        for (section, key, flag, text) in texts {
            if let (Some(text), Some(Value::Table(keys))) = (text, self.merged.get_mut(section)) {
                keys.insert(key.to_owned(), Value::String(text));
                self.origins.insert(format!("{section}.{key}"), flag.to_owned());
            }
        }
    }

    fn default_of(&self, origin: &str, section: &str, key: &str) -> Result<&Value, SettingsError> {
        let keys = self.merged.get(section).and_then(Value::as_table);
        keys.and_then(|keys| keys.get(key)).ok_or_else(|| {
            let known = keys.unwrap_or(&self.merged).keys().cloned().collect::<Vec<_>>().join(", ");
            SettingsError(format!("{origin}: {section}.{key} is unknown; expected one of: {known}"))
        })
    }

    /// A variable's text as the kind of value that the key has.
    fn parse_text(
        &self,
        origin: &str,
        section: &str,
        key: &str,
        text: String,
    ) -> Result<Value, SettingsError> {
        let wrong = |expected: &str| SettingsError(format!("{origin}: {section}.{key}: expected {expected}"));
        Ok(match self.default_of(origin, section, key)? {
            Value::Integer(_) => Value::Integer(text.parse().map_err(|_| wrong("a whole number"))?),
            Value::Boolean(_) => Value::Boolean(text.parse().map_err(|_| wrong("true or false"))?),
            Value::Array(_) => Value::Array(
                text.split(',')
                    .map(|part| Value::String(part.trim().to_owned()))
                    .filter(|v| v.as_str() != Some(""))
                    .collect(),
            ),
            _ => Value::String(text),
        })
    }

    fn set(&mut self, origin: &str, section: &str, key: &str, value: Value) -> Result<(), SettingsError> {
        let default = self.default_of(origin, section, key)?;
        if default.type_str() != value.type_str() {
            return Err(SettingsError(format!(
                "{origin}: {section}.{key}: expected {}, found {}",
                kind(default),
                kind(&value)
            )));
        }
        if let Some(Value::Table(keys)) = self.merged.get_mut(section) {
            keys.insert(key.to_owned(), value);
        }
        self.origins.insert(format!("{section}.{key}"), origin.to_owned());
        Ok(())
    }

    fn read(&self) -> Result<Settings, SettingsError> {
        serde_path_to_error::deserialize(Value::Table(self.merged.clone())).map_err(|error| {
            let key = error.path().to_string();
            let key = key.split('[').next().unwrap_or_default().to_owned();
            SettingsError(format!("{}: {key}: {}", self.origin(&key), error.inner().message()))
        })
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text in quotes",
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list",
        Value::Float(_) => "a number",
        Value::Datetime(_) => "a date",
        Value::Table(_) => "a section",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Settings, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("mine.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment.iter().map(|(name, value)| (name.to_string(), value.to_string()));
        Settings::load(Some(&path), environment, &Flags::default()).map_err(|error| error.0)
    }

    #[test]
    fn the_manual_is_a_whole_configuration() {
        let settings = Settings::load(None, [], &Flags::default()).unwrap();
        assert!(settings.server.listen.ip().is_loopback());
        assert_eq!(settings.key_place().unwrap(), KeyPlace::File("shiryan-data.keys/root.key".into()));
        assert_eq!(settings.target().unwrap().label(), "sqlite://shiryan-data/shiryan.db");
    }

    #[test]
    fn each_layer_wins_over_the_one_before() {
        let file = "[server]\nlisten = \"127.0.0.1:1\"\n[log]\nlevel = \"warn\"";
        let environment = [("SHIRYAN__SERVER__LISTEN", "127.0.0.1:2"), ("SHIRYAN_DATA_DIR", "/srv/x")];
        let settings = load(file, &environment).unwrap();
        assert_eq!(settings.server.listen.port(), 2);
        assert_eq!(settings.log.level, LogLevel::Warn);
        assert_eq!(settings.key_place().unwrap(), KeyPlace::File("/srv/x.keys/root.key".into()));
        let flags = Flags { listen: Some("127.0.0.1:3".parse().unwrap()), ..Flags::default() };
        assert_eq!(Settings::load(None, [], &flags).unwrap().server.listen.port(), 3);
    }

    #[test]
    fn an_error_names_origin_key_and_expectation() {
        for (file, environment, expected) in [
            ("[server]\nlisen = \"x\"", vec![], vec!["mine.toml", "server.lisen", "listen"]),
            ("[sever]\nlisten = \"x\"", vec![], vec!["mine.toml", "[sever]", "server"]),
            ("[server]\nlisten = 8080", vec![], vec!["mine.toml", "server.listen", "text"]),
            ("[server]\nlisten = \"nowhere\"", vec![], vec!["mine.toml", "server.listen", "address"]),
            ("[log]\nlevel = \"loud\"", vec![], vec!["mine.toml", "log.level", "info"]),
            (
                "",
                vec![("SHIRYAN__SERVER__WORKERS", "many")],
                vec!["SHIRYAN__SERVER__WORKERS", "server.workers", "number"],
            ),
            ("", vec![("SHIRYAN__SERVER__COLOUR", "1")], vec!["SHIRYAN__SERVER__COLOUR", "server.colour"]),
            ("", vec![("SHIRYAN__SERVER", "1")], vec!["SHIRYAN__SERVER", "SHIRYAN__SECTION__KEY"]),
            ("[server]\nlisten = \"0.0.0.0:80\"", vec![], vec!["mine.toml", "server.listen", "behind_proxy"]),
            ("[metrics]\nlisten = \"0.0.0.0:80\"", vec![], vec!["mine.toml", "metrics.listen", "loopback"]),
            ("[database]\nurl = \"mysql://x\"", vec![], vec!["mine.toml", "database.url", "postgres://"]),
            (
                "[database]\nurl = \"postgres://u:secret@db.example/x\"",
                vec![],
                vec!["database.url", "allow_plaintext"],
            ),
            (
                "[accounts]\naccess_token_minutes = 11",
                vec![],
                vec!["mine.toml", "access_token_minutes", "1 to 10"],
            ),
            ("[place]\nzone = \"Mars/Olympus\"", vec![], vec!["mine.toml", "place.zone"]),
            (
                "[stock]\nwhole_blood_becomes = [\"milk\"]",
                vec![],
                vec!["mine.toml", "stock.whole_blood_becomes", "platelets"],
            ),
            ("not toml", vec![], vec!["mine.toml"]),
        ] {
            let said = load(file, &environment).unwrap_err();
            for part in expected {
                assert!(said.contains(part), "{said:?} lacks {part:?}");
            }
            assert!(!said.contains("secret"));
        }
    }
}
