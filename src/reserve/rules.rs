//! From counts to cells: demand, days of cover, level, and which donor figure may be shown. Pure.
//!
//! A cell's figures come from the governorates of its own area and from nowhere else; its donor figure
//! may come from its region, and says so.

use std::collections::{BTreeSet, HashMap};

use chrono::NaiveDate;
use shiryan_forecast::{Cover, Lot, days_of_cover};
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::level::{self, Bands, Level};
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::time::{Moment, plus_days};

use crate::places::closures::Roads;
use crate::projections::{Area, ShelfLot, day_number, islands, judge};

shiryan_kernel::word! {
    /// How the country is cut.
    pub enum By {
        Region = "region",
        Governorate = "governorate",
    }
}

/// Demand is told from the issues of so many days before today.
pub const DEMAND_DAYS: i64 = 28;
/// A rise counts within so many days.
pub const RECENT_DAYS: i64 = 7;
/// Days ahead on which donors are counted.
pub const HORIZONS: [i64; 3] = [0, 3, 7];
/// An exact donor figure needs so many registered donors of the group (SAFETY B2).
pub const LEAST_DONORS: u32 = 20;
/// Cover looks so many days ahead.
const COVER_DAYS: usize = 90;
/// Units that expire within so many days from today are short-dated.
const SHORT_DATED_DAYS: i64 = 3;

type Key = (Governorate, Component, BloodGroup);

/// Issues of one governorate's cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssueCount {
    pub cell: Key,
    /// Over [`DEMAND_DAYS`].
    pub month: u32,
    /// Over [`RECENT_DAYS`].
    pub week: u32,
}

/// Donors whose window for a donation is open on each of [`HORIZONS`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EligibleCount {
    pub governorate: Governorate,
    pub group: BloodGroup,
    pub donation: DonationType,
    pub on: [u32; 3],
}

/// Donors on the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegisteredCount {
    pub governorate: Governorate,
    pub group: BloodGroup,
    pub donors: u32,
}

/// Everything that cells follow from.
#[derive(Debug, Clone)]
pub struct Facts {
    pub today: NaiveDate,
    /// Usable units alone.
    pub shelf: Vec<ShelfLot>,
    pub issues: Vec<IssueCount>,
    /// Of the last [`DEMAND_DAYS`] and [`RECENT_DAYS`], those on which a governorate was heard of.
    pub known: HashMap<Governorate, [u32; 2]>,
    /// Units a day as they were, where none of those days is known.
    pub usual: HashMap<Key, f64>,
    /// Usable units as the day began that lies [`RECENT_DAYS`] back.
    pub week_ago: HashMap<Key, u32>,
    pub eligible: Vec<EligibleCount>,
    pub registered: Vec<RegisteredCount>,
    /// Governorates of which nothing was heard for longer than may be.
    pub silent: BTreeSet<Governorate>,
    pub bands: Bands,
}

/// Which cells.
#[derive(Debug, Clone)]
pub struct Scope {
    pub areas: Vec<Area>,
    pub components: Vec<Component>,
    pub groups: Vec<BloodGroup>,
}

/// One group of one component in one area.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    pub area: Area,
    pub component: Component,
    pub group: BloodGroup,
    /// Released, not expiring before tomorrow.
    pub usable_units: u32,
    /// Of those, the ones that expire within three days.
    pub expiring_3_days: u32,
    /// What was usable as the day began that lies seven days back.
    pub usable_units_7_days_ago: u32,
    /// `None` where nothing of the component moved in the last 28 days: nobody can say.
    pub demand: Option<Demand>,
    /// Of this moment; `unknown` without demand, and where everyone of the area who reports fell silent.
    pub level_now: Level,
    /// What stands: a worse level at once, a better one when it lasted; and since when, as the ledger has it.
    pub level: Level,
    pub level_since: Option<Moment>,
    pub donors: Donors,
}

impl Cell {
    /// Units that it lacks of its target; `None` where nobody knows the demand.
    #[must_use]
    pub fn missing(&self, bands: &Bands) -> Option<u32> {
        let average = self.demand?.average;
        let target = if level::is_small(average) {
            level::floor_units(average, level::RESUPPLY_DAYS)
        } else {
            let [green, ..] = bands.of(self.component);
            level::units_for(average, green)
        };
        Some(target.saturating_sub(self.usable_units))
    }
}

/// What is asked for, and how long the shelf meets it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Demand {
    /// Units a day.
    pub average: f64,
    /// From today, first to expire first.
    pub cover: Cover,
}

/// Donors beside the shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Donors {
    /// The donation that feeds the component.
    pub donation: DonationType,
    /// Whose figure it is: the cell's own area (an island counts as a region), or its region where a governorate's own
    /// would say too much.
    pub shown_for: By,
    pub count: DonorCount,
}

/// How many may give.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DonorCount {
    /// On each of [`HORIZONS`].
    Exact([u32; 3]),
    /// Fewer than twenty of the group are registered: no figure.
    Under20,
}

/// The donation that feeds a component: apheresis for platelets, whole blood for the others.
#[must_use]
pub const fn donation_for(component: Component) -> DonationType {
    match component {
        Component::Platelets => DonationType::PlateletApheresis,
        Component::WholeBlood | Component::RedCells | Component::Plasma | Component::Cryoprecipitate => {
            DonationType::WholeBlood
        }
    }
}

/// The areas of a list, in order; a region whose roads are closed is the islands that are left of it.
#[must_use]
pub fn areas(by: By, within: Option<Area>, roads: &Roads) -> Vec<Area> {
    match (by, within) {
        (_, Some(area @ (Area::Governorate(_) | Area::Island(_)))) => vec![area],
        (By::Region, Some(Area::Region(region))) => islands(region, roads),
        (By::Governorate, Some(Area::Region(region))) => region.members().map(Area::Governorate).collect(),
        (By::Region, None) => Region::ALL.iter().flat_map(|region| islands(*region, roads)).collect(),
        (By::Governorate, None) => Governorate::ALL.iter().copied().map(Area::Governorate).collect(),
    }
}

/// Every cell of the scope: by area, then component, then group.
#[must_use]
pub fn cells(facts: &Facts, scope: &Scope) -> Vec<Cell> {
    let index = Index::of(facts);
    let mut cells = Vec::with_capacity(scope.areas.len() * scope.components.len() * scope.groups.len());
    for area in &scope.areas {
        for component in &scope.components {
            cells.extend(scope.groups.iter().map(|group| index.cell(*area, *component, *group)));
        }
    }
    cells
}

/// The facts by what they are looked up by.
struct Index<'a> {
    facts: &'a Facts,
    shelf: HashMap<Key, Vec<Lot>>,
    issues: HashMap<Key, (u32, u32)>,
    reporting: Vec<(Governorate, Component)>,
    eligible: HashMap<(Governorate, BloodGroup, DonationType), [u32; 3]>,
    registered: HashMap<(Governorate, BloodGroup), u32>,
}

impl<'a> Index<'a> {
    fn of(facts: &'a Facts) -> Self {
        let mut shelf: HashMap<Key, Vec<Lot>> = HashMap::new();
        for lot in &facts.shelf {
            let lots = shelf.entry((lot.governorate, lot.component, lot.group)).or_default();
            lots.push(Lot { expiry: day_number(lot.expires_on), units: lot.units });
        }
        let mut reporting: Vec<_> = facts.issues.iter().map(|row| (row.cell.0, row.cell.1)).collect();
        reporting.sort_unstable();
        reporting.dedup();
        Self {
            facts,
            shelf,
            issues: facts.issues.iter().map(|row| (row.cell, (row.month, row.week))).collect(),
            reporting,
            eligible: facts
                .eligible
                .iter()
                .map(|row| ((row.governorate, row.group, row.donation), row.on))
                .collect(),
            registered: facts
                .registered
                .iter()
                .map(|row| ((row.governorate, row.group), row.donors))
                .collect(),
        }
    }

    fn cell(&self, area: Area, component: Component, group: BloodGroup) -> Cell {
        let today = self.facts.today;
        let lots: Vec<Lot> = area
            .members()
            .filter_map(|member| self.shelf.get(&(member, component, group)))
            .flatten()
            .copied()
            .collect();
        let short = day_number(plus_days(today, SHORT_DATED_DAYS));
        let usable_units = lots.iter().map(|lot| lot.units).sum();
        let demand = self.average(area, component, group).map(|average| Demand {
            average,
            cover: days_of_cover(&lots, day_number(today), &[average; COVER_DAYS]),
        });
        let level = match demand {
            Some(demand) if !self.is_silent(area, component) => {
                judge(&self.facts.bands, component, demand.average, f64::from(usable_units), demand.cover)
            }
            _ => Level::Unknown,
        };
        Cell {
            area,
            component,
            group,
            usable_units,
            expiring_3_days: lots.iter().filter(|lot| lot.expiry <= short).map(|lot| lot.units).sum(),
            usable_units_7_days_ago: area
                .members()
                .filter_map(|member| self.facts.week_ago.get(&(member, component, group)))
                .sum(),
            demand,
            level_now: level,
            level,
            level_since: None,
            donors: self.donors(area, donation_for(component), group),
        }
    }

    /// Whether nothing is heard any more of any member that reports the component.
    fn is_silent(&self, area: Area, component: Component) -> bool {
        let mut reporting =
            area.members().filter(|member| self.reporting.binary_search(&(*member, component)).is_ok());
        reporting.all(|member| self.facts.silent.contains(&member))
    }

    /// Means of the members add up, each over the days on which it was heard of; of who was not at all, its usual.
    fn average(&self, area: Area, component: Component, group: BloodGroup) -> Option<f64> {
        let (mut month_mean, mut week_mean, mut known) = (0.0, 0.0, false);
        for member in area.members() {
            if let Some(usual) = self.usual(member, component, group) {
                known = true;
                month_mean += usual;
                week_mean += usual;
                continue;
            }
            let [in_month, in_week] = self.facts.known.get(&member).copied().unwrap_or_default();
            if in_month == 0 || self.reporting.binary_search(&(member, component)).is_err() {
                continue;
            }
            known = true;
            let (month, week) = self.issues.get(&(member, component, group)).copied().unwrap_or_default();
            let own_mean = f64::from(month) / f64::from(in_month);
            month_mean += own_mean;
            week_mean += if in_week == 0 { own_mean } else { f64::from(week) / f64::from(in_week) };
        }
        known.then(|| level::average_daily_demand(month_mean, week_mean))
    }

    /// What was usual of a member that has been silent for so long that nothing newer is known.
    fn usual(&self, member: Governorate, component: Component, group: BloodGroup) -> Option<f64> {
        let is_of = |key: &&Key| (key.0, key.1) == (member, component);
        self.facts.usual.keys().find(is_of)?;
        Some(self.facts.usual.get(&(member, component, group)).copied().unwrap_or(0.0))
    }

    fn donors(&self, area: Area, donation: DonationType, group: BloodGroup) -> Donors {
        let registered = |area: Area| -> u32 {
            area.members().filter_map(|member| self.registered.get(&(member, group))).sum()
        };
        let region = Area::Region(area.region());
        // An island has no other figure than its own: the region's counts donors who cannot come.
        let is_island = matches!(area, Area::Island(_));
        let shown = if is_island || registered(area) >= LEAST_DONORS { area } else { region };
        let count = if registered(shown) >= LEAST_DONORS {
            let mut on = [0_u32; 3];
            for member in shown.members() {
                let own = self.eligible.get(&(member, group, donation)).copied().unwrap_or_default();
                on.iter_mut().zip(own).for_each(|(sum, own)| *sum = sum.saturating_add(own));
            }
            DonorCount::Exact(on)
        } else {
            DonorCount::Under20
        };
        let shown_for = match shown {
            Area::Governorate(_) => By::Governorate,
            Area::Region(_) | Area::Island(_) => By::Region,
        };
        Donors { donation, shown_for, count }
    }
}

#[cfg(test)]
mod tests;
