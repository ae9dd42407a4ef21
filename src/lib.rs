//! Shiryan.

pub mod texts;
