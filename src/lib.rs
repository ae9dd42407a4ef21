//! Shiryan.
