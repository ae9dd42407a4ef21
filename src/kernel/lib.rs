//! The words everyone uses: blood, time, ids, text, places and problem codes.
//!
//! Nothing here does I/O, knows a table or asks the wall for the time. Every parser of the project
//! lives here, so that it can be tried alone.

#[macro_use]
mod word;
#[macro_use]
mod spelled;

pub mod antigen;
pub mod attribute;
pub mod blood;
pub mod branch;
pub mod calendar;
pub mod compat;
pub mod consent;
pub mod day;
pub mod din;
pub mod ids;
pub mod isbt;
pub mod laboratory;
pub mod level;
pub mod message;
pub mod page;
pub mod patch;
pub mod place;
pub mod problem;
pub mod role;
pub mod shelf;
#[cfg(test)]
mod sources;
mod sql;
pub mod status;
pub mod text;
pub mod time;

pub use patch::Patch;
pub use problem::{Code, Problem, Result};
