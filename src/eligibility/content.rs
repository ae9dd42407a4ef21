//! Reads content files (rule sets, the deferral catalogue) strictly.
//!
//! An unknown key, a missing one or a wrong type is refused with the file, the line and the key, so
//! that a start that stops on content says where to look.

use std::fmt;

use serde::de::DeserializeOwned;

/// One thing wrong in a content file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContentError {
    pub file: String,
    /// Line in the file, from 1, where it is known.
    pub line: Option<usize>,
    /// Path of the key, such as `intervals.male.whole_blood`.
    pub key: String,
    /// What is expected.
    pub message: String,
}

impl fmt::Display for ContentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        write!(f, ": {}: {}", self.key, self.message)
    }
}

impl std::error::Error for ContentError {}

/// Parses `text` as TOML into `T`.
///
/// # Errors
/// The first thing that is wrong, with its line and key.
pub fn read<T: DeserializeOwned>(file: &str, text: &str) -> Result<T, ContentError> {
    let wrong = |key: String, error: &toml::de::Error| ContentError {
        file: file.to_owned(),
        line: error.span().map(|span| line_of(text, span.start)),
        key,
        message: error.message().to_owned(),
    };
    let parsed = toml::Deserializer::parse(text).map_err(|error| wrong(".".to_owned(), &error))?;
    serde_path_to_error::deserialize(parsed).map_err(|error| wrong(error.path().to_string(), error.inner()))
}

fn line_of(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

/// Gathers what is wrong with a file's content once its form is right.
pub(super) struct Review<'a> {
    file: &'a str,
    found: Vec<ContentError>,
}

impl<'a> Review<'a> {
    pub(super) const fn of(file: &'a str) -> Self {
        Self { file, found: Vec::new() }
    }

    /// Notes `message` about `key` unless `good`.
    pub(super) fn expect(&mut self, good: bool, key: impl Into<String>, message: &str) {
        if !good {
            let (file, key, message) = (self.file.to_owned(), key.into(), message.to_owned());
            self.found.push(ContentError { file, line: None, key, message });
        }
    }

    pub(super) fn settle(self) -> Result<(), Vec<ContentError>> {
        if self.found.is_empty() { Ok(()) } else { Err(self.found) }
    }
}

/// A civil date written as a bare TOML date.
pub(super) fn civil_date<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<chrono::NaiveDate, D::Error> {
    use serde::{Deserialize, de::Error};
    let written = toml::value::Datetime::deserialize(deserializer)?;
    match (written.date, written.time, written.offset) {
        (Some(date), None, None) => {
            chrono::NaiveDate::from_ymd_opt(i32::from(date.year), u32::from(date.month), u32::from(date.day))
        }
        _ => None,
    }
    .ok_or_else(|| D::Error::custom("expected a date such as 2026-01-31"))
}
