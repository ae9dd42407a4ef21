//! The living reserve: donors who could give now, beside the shelf and never added to it.
//!
//! Counted are active donors of known group whose window is open, who have not said that they do not want to be
//! called, who are not booked, on duty or about to be, and whose unit is there. How many of them come in time is drawn
//! by unit, since what keeps one of a unit away keeps others; more than a site can bleed are not counted. What they
//! give is untested. Nobody is counted in two areas, nor in two groups' joint answer.

pub mod api;
mod calling;
mod rules;
mod store;

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::Duration;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::time::Moment;

use super::levels::Levels;
use super::rules::{Cell, LEAST_DONORS, areas, cells, donation_for};
use super::sources::{Facts, Sources};
use super::{By, Scope};
use crate::db::Conn;
use crate::drives;
use crate::projections::{Area, seed};
pub use calling::Calling;
pub use rules::Came;
use rules::{Called, Joint};

/// Hours after a call.
pub const HORIZONS: [i64; 4] = [2, 6, 24, 72];
/// From the arm to release.
const TESTING: Duration = Duration::days(2);

/// The living reserve of one area.
#[derive(Debug, Clone, PartialEq)]
pub struct Living {
    pub area: Area,
    /// Blood banks where is bled.
    pub sites: u32,
    pub groups: Vec<OfGroup>,
    /// In the order of [`HORIZONS`].
    pub within: Vec<Within>,
}

/// Donors of one group of one area.
#[derive(Debug, Clone, PartialEq)]
pub struct OfGroup {
    pub group: BloodGroup,
    /// The shelf, beside it.
    pub usable_units: u32,
    /// Units that the shelf lacks of its target; `None` where nobody knows the demand.
    pub missing_units: Option<u32>,
    /// Who could be called; `None` where fewer than twenty of the group are registered: then no figure here counts them.
    pub callable: Option<u32>,
    /// In the order of [`HORIZONS`].
    pub within: Vec<GroupWithin>,
}

/// Units of one group within some hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GroupWithin {
    /// `None` as `callable`.
    pub came: Option<Came>,
    /// All that fits a recipient of this group, if it went to nobody else: by the tenth percentiles of the groups.
    pub alone: u32,
    /// What reaches this group when each donor serves one group and all that lacks is served at once.
    pub jointly: u32,
}

/// All groups within some hours.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Within {
    pub hours: i64,
    /// What is given in that time is tested by then, and not before.
    pub untested_until: Moment,
    /// What the sites can bleed in that time.
    pub at_most: u32,
    pub came: Came,
    pub jointly: u32,
}

/// The living reserve of every region, or of what closed roads leave of it.
///
/// # Errors
/// As any read.
pub fn living(
    sources: &Sources,
    component: Component,
    within: Option<Region>,
) -> Result<(Arc<Facts>, Vec<Living>)> {
    let facts = sources.facts()?;
    let areas = sources.db.read_now(|conn| living_of(conn, &facts, component, within, sources))?;
    Ok((facts, areas))
}

fn living_of(
    conn: &mut Conn,
    facts: &Facts,
    component: Component,
    within: Option<Region>,
    sources: &Sources,
) -> Result<Vec<Living>> {
    let (now, levels) = (facts.as_of, &*sources.levels);
    let today = sources.zone.date(now);
    let donation = donation_for(component);
    let scope = Scope {
        areas: areas(By::Region, within.map(Area::Region), &facts.roads),
        components: vec![component],
        groups: BloodGroup::ALL.to_vec(),
    };
    let shelf = cells(&facts.facts, &scope);
    let until = now + Duration::hours(HORIZONS.into_iter().max().unwrap_or(0));
    let away: HashSet<UnitId> = store::away(conn, today)?.into_iter().collect();
    let donors = store::callable(conn, donation, (now, until), today)?;
    let donors: Vec<_> =
        donors.into_iter().filter(|row| row.unit.is_none_or(|unit| !away.contains(&unit))).collect();
    let mut units: Vec<UnitId> = donors.iter().filter_map(|row| row.unit).collect();
    units.sort_unstable();
    units.dedup();
    let shows = drives::shows(conn, &units, now)?;
    let known = Known {
        donors,
        shows: shows.into_iter().collect(),
        registered: &facts.facts.registered,
        sites: store::sites(conn)?,
        levels,
        component,
        donation,
        now,
    };
    let seeds = |area| seed(area, component, BloodGroup::ONeg, today);
    Ok(scope
        .areas
        .iter()
        .map(|area| {
            let own: Vec<&Cell> = shelf.iter().filter(|cell| cell.area == *area).collect();
            known.of_area(*area, &own, seeds(*area))
        })
        .collect())
}

struct Known<'a> {
    donors: Vec<store::Row>,
    shows: BTreeMap<UnitId, i32>,
    registered: &'a [super::rules::RegisteredCount],
    sites: Vec<Governorate>,
    levels: &'a Levels,
    component: Component,
    donation: DonationType,
    now: Moment,
}

impl Known<'_> {
    fn of_area(&self, area: Area, shelf: &[&Cell], seed: u64) -> Living {
        let members: Vec<Governorate> = area.members().collect();
        let registered = |group: BloodGroup| -> u32 {
            let own = self.registered.iter().filter(|row| row.group == group);
            own.filter(|row| members.contains(&row.governorate)).map(|row| row.donors).sum()
        };
        let shown: Vec<BloodGroup> =
            BloodGroup::ALL.iter().copied().filter(|group| registered(*group) >= LEAST_DONORS).collect();
        let own: Vec<&store::Row> = self
            .donors
            .iter()
            .filter(|row| members.contains(&row.governorate) && shown.contains(&row.group))
            .collect();
        let sites: Vec<Governorate> =
            self.sites.iter().copied().filter(|site| members.contains(site)).collect();
        let mut called: BTreeMap<Option<UnitId>, Called> = BTreeMap::new();
        for row in &own {
            let show = row.unit.and_then(|unit| self.shows.get(&unit).copied());
            let share = self.levels.calling.share(row.unit.is_some(), show);
            let segment = called.entry(row.unit).or_insert_with(|| Called { share, donors: Vec::new() });
            segment.donors.push((row.group, sites.contains(&row.governorate), row.donors));
        }
        let called: Vec<Called> = called.into_values().collect();
        let most = HORIZONS.map(|hours| self.levels.calling.at_most(sites.len(), hours));
        let come = rules::come(&called, &self.levels.calling, self.donation, most, seed);
        let bands = &self.levels.bands;
        let needs: Vec<(BloodGroup, u32)> =
            shelf.iter().map(|cell| (cell.group, cell.missing(bands).unwrap_or(0))).collect();
        let joint: Vec<Joint> =
            come.iter().map(|come| rules::joint(self.component, &come.surely(), &needs)).collect();
        let groups = shelf
            .iter()
            .map(|cell| OfGroup {
                group: cell.group,
                usable_units: cell.usable_units,
                missing_units: cell.missing(bands),
                callable: shown
                    .contains(&cell.group)
                    .then(|| own.iter().filter(|row| row.group == cell.group).map(|row| row.donors).sum()),
                within: come
                    .iter()
                    .zip(&joint)
                    .map(|(come, joint)| GroupWithin {
                        came: shown.contains(&cell.group).then(|| come.of(cell.group)),
                        alone: rules::alone(self.component, &come.surely(), cell.group),
                        jointly: joint.of(cell.group),
                    })
                    .collect(),
            })
            .collect();
        let within = HORIZONS.into_iter().zip(most).zip(come.iter().zip(&joint));
        Living {
            area,
            sites: u32::try_from(sites.len()).unwrap_or(u32::MAX),
            groups,
            within: within
                .map(|((hours, at_most), (come, joint))| Within {
                    hours,
                    untested_until: self.now + Duration::hours(hours) + TESTING,
                    at_most,
                    came: come.all(),
                    jointly: joint.all(),
                })
                .collect(),
        }
    }
}
