//! One layer over another: defaults, file, environment, flags.

use std::path::Path;

use toml::{Table, Value};

use super::{Flags, MANUAL, Settings, SettingsError};

/// The layers merged so far, and who set each key last.
pub(super) struct Layers {
    merged: Table,
    origins: std::collections::HashMap<String, String>,
}

impl Layers {
    pub(super) fn start() -> Result<Self, SettingsError> {
        let merged =
            MANUAL.parse().map_err(|error| SettingsError(format!("config/shiryan.toml: {error}")))?;
        Ok(Self { merged, origins: std::collections::HashMap::new() })
    }

    pub(super) fn origin(&self, key: &str) -> &str {
        self.origins.get(key).map_or("the built-in defaults", String::as_str)
    }

    pub(super) fn add_file(&mut self, path: &Path) -> Result<(), SettingsError> {
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

    pub(super) fn add_environment(
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

    pub(super) fn add_flags(&mut self, flags: &Flags) {
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

    pub(super) fn read(&self) -> Result<Settings, SettingsError> {
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
