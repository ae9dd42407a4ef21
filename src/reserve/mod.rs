//! How deep the reserve is: levels, days of cover, and what hospitals may know of donors.
//!
//! Shelf and donors stand beside each other and are never added: a donor is not a tested unit. Nothing
//! is summed past a sharing region, nor across closed roads; a picture of the country is the list of its regions, or
//! of the islands that are left of them.

pub mod api;
pub mod availability;
pub mod levels;
pub mod living;
pub mod pages;
pub mod published;
mod rules;
mod sources;
mod store;

use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::time::Moment;

use crate::projections::{Area, COMPONENTS};
pub use levels::Levels;
pub use rules::{By, Cell, Demand, DonorCount, Donors, LEAST_DONORS, Scope};
pub use sources::{Facts, Sources};
pub use store::Site;

/// What is asked of the reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ask {
    pub by: By,
    /// Only within this area; `None` is every area, as a list.
    pub within: Option<Area>,
    pub component: Option<Component>,
    pub group: Option<BloodGroup>,
}

impl Ask {
    /// Every group of a component, region by region (or of one region alone): what a page draws.
    #[must_use]
    pub fn regions(component: Component, within: Option<Area>) -> Self {
        Self { by: By::Region, within, component: Some(component), group: None }
    }
}

/// The reserve at one moment.
#[derive(Debug, Clone, PartialEq)]
pub struct Picture {
    pub as_of: Moment,
    /// By area, then component, then group, in the order of their words.
    pub cells: Vec<Cell>,
    /// Facilities without any movement for longer than may be, by code: their figures may be old.
    pub silent: Vec<Site>,
}

/// The cells that are asked for.
///
/// # Errors
/// As any read.
pub fn picture(sources: &Sources, ask: &Ask) -> Result<Picture> {
    Ok(sources.facts()?.picture(ask, &sources.levels))
}
