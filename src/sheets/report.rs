//! What became of a file.

use std::path::PathBuf;

use shiryan_kernel::Problem;

use super::SheetError;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    pub rows: u64,
    /// Of how many, where the file is read whole before anything is taken.
    pub of_rows: Option<u64>,
    pub rejected: u64,
    pub bytes: u64,
    pub of_bytes: u64,
}

/// What an import did, or would do when it only tries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Rows of the file, its header apart.
    pub rows: u64,
    pub taken: u64,
    /// There already, and the same.
    pub skipped: u64,
    pub rejected: u64,
    /// Taken, but to be looked at: a national id whose check digit disagrees, a day without a figure.
    pub warned: u64,
    /// Where the refused rows are, when there are any.
    pub rejects: Option<PathBuf>,
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Sheet(#[from] SheetError),
    #[error("{}", .0.cause.clone().unwrap_or_else(|| .0.code.to_string()))]
    Problem(#[from] Problem),
    #[error(
        "the root key lies on the disk of the data, so whoever takes the disk reads every name; move the \
         key (keys.file) to another device, or say --accept-key-on-disk once"
    )]
    KeyOnSameDisk,
    #[error("{path} was begun and stopped after {rows} rows; say --resume to go on from there")]
    Begun { path: PathBuf, rows: u64 },
    #[error(
        "{path}: nothing to go on with; the file was not begun here, was taken to its end or is another than it \
         was"
    )]
    NotBegun { path: PathBuf },
    #[error("{path}: more than {most} rows")]
    TooManyRows { path: PathBuf, most: usize },
}

impl ImportError {
    /// A code, and what it is about, for whoever sent the file and knows no path here.
    #[must_use]
    pub fn told(&self) -> (&'static str, String) {
        match self {
            Self::Sheet(error) => error.told(),
            Self::Problem(problem) => (problem.code.code(), String::new()),
            Self::KeyOnSameDisk => ("key_on_same_disk", String::new()),
            Self::Begun { .. } | Self::NotBegun { .. } => ("begun", String::new()),
            Self::TooManyRows { most, .. } => ("too_many_rows", most.to_string()),
        }
    }
}
