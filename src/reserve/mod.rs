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
mod store;

use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::time::{Moment, Zone, plus_days};

use crate::db::Conn;
use crate::places::closures;
use crate::projections::{self, Area, COMPONENTS};
pub use levels::Levels;
pub use rules::{By, Cell, Demand, DonorCount, Donors, LEAST_DONORS, Scope};
pub use store::Site;

/// What is asked of the reserve.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
pub fn picture(conn: &mut Conn, ask: &Ask, levels: &Levels, now: Moment, zone: Zone) -> Result<Picture> {
    let today = zone.date(now);
    let components: Vec<Component> =
        COMPONENTS.into_iter().filter(|own| ask.component.is_none_or(|asked| asked == *own)).collect();
    let mut donors = Vec::new();
    for donation in rules::donations(&components) {
        donors.extend(store::eligible(conn, donation, today)?);
    }
    let roads = closures::roads(conn, now)?;
    let facts = rules::Facts {
        eligible: donors,
        registered: store::registered(conn)?,
        ..facts(conn, (ask.component, ask.group), levels, now, zone)?
    };
    let groups: Vec<BloodGroup> =
        BloodGroup::ALL.iter().copied().filter(|own| ask.group.is_none_or(|asked| asked == *own)).collect();
    let scope = Scope { areas: rules::areas(ask.by, ask.within, &roads), components, groups };
    let silent = store::silent(conn, now - levels.silent_after())?;
    let mut cells = rules::cells(&facts, &scope);
    levels::stand(conn, &mut cells, levels, now)?;
    Ok(Picture { as_of: now, cells, silent })
}

/// What cells follow from, without donors.
fn facts(
    conn: &mut Conn,
    (component, group): (Option<Component>, Option<BloodGroup>),
    levels: &Levels,
    now: Moment,
    zone: Zone,
) -> Result<rules::Facts> {
    let today = zone.date(now);
    let heard_from = now - levels.silent_after();
    Ok(rules::Facts {
        today,
        shelf: projections::shelf(conn, component, group, now, today)?,
        issues: store::issues(conn, component, today)?,
        since: store::first_flows(conn, plus_days(today, -rules::DEMAND_DAYS), today)?,
        eligible: Vec::new(),
        registered: Vec::new(),
        silent: store::silent_places(conn, heard_from, zone.date(heard_from))?,
        bands: levels.bands,
    })
}
