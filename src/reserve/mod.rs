//! How deep the reserve is: levels, days of cover, and what hospitals may know of donors.

pub mod availability;
pub mod published;
