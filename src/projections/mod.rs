//! Demand, supply and stock, weeks ahead, one sharing region (or governorate) at a time.
//!
//! The lots of today's shelf are taken through simulated days, first to expire first, the groups of a component together:
//! what a group lacks comes from others as the rule of issue has it. What comes in and
//! what is asked for follow weekday, season and calendar, or the last eight weeks where little is known: which of
//! the two, and that roads are taken as they are now, the answer says. Drives come on top: those that are published bring
//! what is booked, and what those bring that are not published yet is told as a second outlook. Regions that cannot
//! share are listed beside each other, never summed.

pub mod api;
mod area;
mod assumed;
mod counts;
mod days;
mod drives;
mod import;
mod memo;
mod moved;
pub mod pages;
mod past;
mod rules;
pub mod scenarios;
mod shares;
mod shelf;
mod silence;
mod store;
mod together;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use shiryan_forecast::{Cover, Lot, Pending, Sides};
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::FacilityId;
use shiryan_kernel::level::Bands;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::shelf::Keeping;
use shiryan_kernel::time::{Moment, Zone, plus_days};

use crate::db::Conn;
use crate::drives::{Brings, Coming};
use crate::places::closures::{Closure, Roads};
use crate::places::{calendar, closures};
pub use area::{Area, islands};
pub use assumed::assumptions;
pub use drives::{Batch, Size};
pub use import::import_history;
pub use memo::age;
use past::Moved;
pub use past::Past;
pub use rules::{
    Ahead, Changes, Outlook, OutlookDay, Rest, Start, day_number, futures, is_dire, judge, recent_demand,
    seed,
};
use scenarios::event::{self, Event};
pub use shares::Share;
pub use shelf::{ShelfLot, shelf};
pub use silence::Silences;
pub use store::{Flow, silences};
pub use together::{order, outlooks};

/// The components that reserve and projections speak of; cryoprecipitate is made to order.
pub const COMPONENTS: [Component; 4] =
    [Component::WholeBlood, Component::RedCells, Component::Platelets, Component::Plasma];

/// The longest projection, in days.
pub const MOST_DAYS: usize = 90;

/// Days in which a governorate's part of its area is told, and what is usual there.
const PARTS_DAYS: i64 = 365;

/// Silence is told of so many days.
const SILENT_DAYS: i64 = 28;

/// What is asked: one group of one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    pub component: Component,
    pub group: BloodGroup,
    /// `None`: every region, as a list.
    pub area: Option<Area>,
    /// 1 to [`MOST_DAYS`].
    pub days: usize,
}

/// The outlook of one area.
#[derive(Debug, Clone, PartialEq)]
pub struct AreaOutlook {
    pub area: Area,
    /// Units on the shelf now.
    pub units: u32,
    /// `None` where nothing ever moved: there is nothing to project from.
    pub outlook: Option<Outlook>,
    /// The same with the drives that are not published yet; `None` where there is none.
    pub with_proposed: Option<Outlook>,
    /// Units that are expected to be released in the days asked for: of published drives and of quarantine, of
    /// drives that are not published.
    pub from_drives: (f64, f64),
    /// Of the days of the last four weeks of each of its governorates, those on which nothing was heard of it.
    pub silent_days: u32,
}

/// What is asked of all groups of a component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Whole {
    pub component: Component,
    /// `None`: every region, as a list.
    pub area: Option<Area>,
    /// 1 to [`MOST_DAYS`].
    pub days: usize,
}

impl From<&Ask> for Whole {
    fn from(ask: &Ask) -> Self {
        Self { component: ask.component, area: ask.area, days: ask.days }
    }
}

/// What outlooks follow from: read at one moment, worked out without the database.
pub struct Gathered {
    ask: Whole,
    /// Areas in the order of the regions, with the sides of each.
    areas: Vec<(Vec<Area>, Sides)>,
    known: Known,
}

impl Gathered {
    /// The drives to come that bring something to an area.
    #[must_use]
    pub fn drives(&self) -> &[Coming] {
        &self.known.drives
    }

    /// The outlooks of every group, area by area: they stand in for each other as the rule of issue has it, so they are
    /// worked out together. A region whose roads are closed now is listed as the islands that are left of it. It takes both
    /// cores for tenths of a second where nobody asked before: off the loop, and with no connection in hand.
    #[must_use]
    pub fn every_group(&self) -> Vec<BTreeMap<BloodGroup, AreaOutlook>> {
        self.areas.iter().flat_map(|(areas, sides)| several(areas, sides, &self.ask, &self.known)).collect()
    }

    /// One of them.
    #[must_use]
    pub fn group(&self, group: BloodGroup) -> Vec<AreaOutlook> {
        self.every_group().into_iter().filter_map(|mut groups| groups.remove(&group)).collect()
    }
}

/// What outlooks follow from beside what is read for them.
#[derive(Debug, Clone)]
pub struct Given {
    /// What the house says itself of days that move counts, of levels, and of how long bags keep.
    pub calendar: Arc<calendar::Calendar>,
    pub bands: Bands,
    pub keeping: Arc<Keeping>,
    /// What lies on the shelves of the component that is asked for.
    pub shelf: Arc<[ShelfLot]>,
    /// What moved on days that are over, and the roster's count of changes to them.
    pub past: Past,
    pub edition: u64,
    pub now: Moment,
    pub zone: Zone,
}

/// Reads what the outlooks of these areas follow from, if these events happen. Where they close roads on some of the days
/// asked for, an area is listed from the first day on as the sides that are left then: each with what lies there, helping
/// each other while the roads are open.
///
/// # Errors
/// As any read.
pub fn gather(conn: &mut Conn, ask: Whole, given: &Given, events: &[Event]) -> Result<Gathered> {
    let (now, zone) = (given.now, given.zone);
    let today = zone.date(now);
    let last = plus_days(today, i64::try_from(ask.days).unwrap_or(1) - 1);
    let shut = closures::list_at(conn, now)?;
    let areas = parted(ask.area, &shut, events, (today, last));
    let members: Vec<Governorate> =
        areas.iter().flat_map(|(areas, _)| areas).copied().flat_map(Area::members).collect();
    let calendar = calendar::current(conn, &given.calendar)?;
    let moved = given.past.read(conn, ask.component, given.edition, (now, zone))?;
    let until = plus_days(today, i64::try_from(MOST_DAYS).unwrap_or(0));
    let back = event::down_now(events, today);
    let mut testing = store::testing(conn, ask.component, today)?;
    let mut groups = BTreeMap::new();
    for group in BloodGroup::ALL.iter().copied() {
        let of = OfGroup {
            testing: testing.remove(&group).unwrap_or_default(),
            down: store::down(conn, (ask.component, group), &back, now, today)?,
        };
        groups.insert(group, of);
    }
    let known = Known {
        shelf: given.shelf.clone(),
        groups,
        moved,
        drives: {
            let below = store::below(conn, events)?;
            let mut drives = crate::drives::coming(conn, &members, now, until, zone)?;
            drives.retain(|drive| !event::calls_off(events, drive, &below));
            drives
        },
        banks: store::banks(conn)?,
        events: events.to_vec(),
        calendars: given.past.calendars(&calendar, today),
        today,
        bands: given.bands,
        keeps_days: given.keeping.usual_days(ask.component),
    };
    Ok(Gathered { ask, areas, known })
}

/// What the outlooks of all areas follow from.
struct Known {
    shelf: Arc<[ShelfLot]>,
    groups: BTreeMap<BloodGroup, OfGroup>,
    moved: Arc<Moved>,
    drives: Vec<Coming>,
    calendars: Arc<[shiryan_forecast::Calendar]>,
    today: NaiveDate,
    bands: Bands,
    /// Days for which a bag that is received keeps.
    keeps_days: i32,
    events: Vec<Event>,
    /// Each blood bank, and where it is.
    banks: BTreeMap<FacilityId, Governorate>,
}

/// What is read of one group.
struct OfGroup {
    testing: Vec<store::Testing>,
    /// What lies at banks that are down, and from when it can be had again.
    down: Vec<(FacilityId, Pending)>,
}

/// The areas asked for: what the roads leave of each region now, and of that the sides which events part on some of the
/// days.
fn parted(
    asked: Option<Area>,
    shut: &[Closure],
    events: &[Event],
    (today, last): (NaiveDate, NaiveDate),
) -> Vec<(Vec<Area>, Sides)> {
    let regions = match asked {
        Some(Area::Region(region)) => vec![region],
        Some(area) => return vec![(vec![area], Sides::one())],
        None => Region::ALL.to_vec(),
    };
    let roads = |first, last| {
        Roads::but(&shut.iter().cloned().chain(event::closed(events, first, last)).collect::<Vec<_>>())
    };
    let (now, least) = (Roads::but(shut), roads(today, last));
    let within = |area: &Area, whole: &Area| area.members().all(|own| whole.has(own));
    let mut found = Vec::new();
    for region in regions {
        let parts = islands(region, &least);
        for whole in islands(region, &now) {
            let areas: Vec<Area> = parts.iter().copied().filter(|area| within(area, &whole)).collect();
            let by_day: Vec<Vec<Area>> = (0..MOST_DAYS)
                .filter(|_| areas.len() > 1)
                .map(|ahead| {
                    let day = plus_days(today, i64::try_from(ahead).unwrap_or(0));
                    islands(region, &roads(day, day))
                })
                .collect();
            let pool = |day: usize, side: usize| {
                let (pools, area) = (by_day.get(day), areas.get(side));
                let pool = pools
                    .zip(area)
                    .and_then(|(pools, area)| pools.iter().position(|pool| within(area, pool)));
                pool.unwrap_or(0)
            };
            let sides = if areas.len() > 1 { Sides::new(areas.len(), MOST_DAYS, pool) } else { Sides::one() };
            found.push((areas, sides));
        }
    }
    found
}

/// The groups of the sides of one area, worked out together.
fn several(
    areas: &[Area],
    sides: &Sides,
    ask: &Whole,
    known: &Known,
) -> Vec<BTreeMap<BloodGroup, AreaOutlook>> {
    let all: Vec<Vec<Side>> = areas
        .iter()
        .map(|area| {
            let here = known.moved.here(*area);
            let groups = known.groups.iter();
            let mut sides: Vec<Side> =
                groups.map(|(group, of)| side(*area, ask, (*group, of), &here, known)).collect();
            share(&mut sides, known);
            sides
        })
        .collect();
    // The groups of which anything ever moved on any side; on a side where nothing did, nothing is asked for.
    let moved: Vec<BloodGroup> = known
        .groups
        .keys()
        .copied()
        .filter(|group| all.iter().flatten().any(|side| side.group == *group && side.has_moved))
        .collect();
    let started = || all.iter().flatten().filter(|side| moved.contains(&side.group));
    let starts: Vec<Start> = started().map(|side| side.start.clone()).collect();
    let with: Vec<Start> = started()
        .map(|side| {
            let batches = side.start.batches.iter().chain(&side.proposed).cloned().collect();
            Start { batches, ..side.start.clone() }
        })
        .collect();
    let is_proposed = all.iter().flatten().any(|side| !side.proposed.is_empty());
    let found = |starts: &[Start]| memo::outlooks(starts, sides, ask.days).unwrap_or_default().into_iter();
    let mut plain = found(&starts);
    let mut proposed = if is_proposed { found(&with) } else { Vec::new().into_iter() };
    let since = plus_days(known.today, -SILENT_DAYS);
    let silent = |own: Governorate| known.moved.silences.unheard(own, since, known.today);
    let mut told = Vec::with_capacity(areas.len());
    for (area, side) in areas.iter().zip(all) {
        let of_side = side.into_iter().map(|side| {
            let is_told = moved.contains(&side.group);
            let (outlook, with_proposed) =
                if is_told { (plain.next(), proposed.next()) } else { (None, None) };
            let outlook = AreaOutlook {
                area: *area,
                units: side.units,
                outlook: outlook.filter(|_| side.has_moved),
                with_proposed: with_proposed.filter(|_| side.has_moved),
                from_drives: side.from_drives,
                silent_days: area.members().map(silent).sum(),
            };
            (side.group, outlook)
        });
        told.push(of_side.collect());
    }
    told
}

/// What is known of one group in one area.
struct Side {
    group: BloodGroup,
    units: u32,
    /// Whether anything ever moved: else there is nothing to project from.
    has_moved: bool,
    /// Units received from elsewhere than drives, and issued; old ones fading.
    weights: (f64, f64),
    start: Start,
    proposed: Vec<Batch>,
    from_drives: (f64, f64),
}

/// Gives each group that ever moved on a side its part of the totals.
fn share(sides: &mut [Side], known: &Known) {
    let moved: Vec<&mut Side> = sides.iter_mut().filter(|side| side.has_moved).collect();
    let weights = |of: fn((f64, f64)) -> f64| -> Vec<(f64, f64)> {
        let country = |group| known.moved.country.get(&group).copied().unwrap_or_default();
        moved.iter().map(|side| (of(side.weights), of(country(side.group)))).collect()
    };
    let given = shares::shares(&weights(|(into, _)| into));
    let asked = shares::shares(&weights(|(_, out)| out));
    for (side, (given, asked)) in moved.into_iter().zip(given.into_iter().zip(asked)) {
        (side.start.supply_share, side.start.demand_share) = (given, asked);
    }
}

fn side(
    area: Area,
    ask: &Whole,
    (group, of): (BloodGroup, &OfGroup),
    here: &past::Here,
    known: &Known,
) -> Side {
    let today = known.today;
    let is_here = |governorate: Governorate| area.has(governorate);
    let shelf = || known.shelf.iter().filter(|lot| lot.group == group && is_here(lot.governorate));
    let lots = shelf().map(|lot| Lot { expiry: day_number(lot.expires_on), units: lot.units }).collect();
    let what = (ask.component, group);
    let (committed, proposed) = batches(area, what, of, known);
    let changes = changes(area, what, of, known);
    let expected = |batches: &[Batch]| -> f64 {
        let ahead = batches.iter().filter(|batch| batch.ahead < ask.days);
        ahead.map(|batch| batch.expected(ask.component)).fold(0.0, |sum, units| sum + units)
    };
    let from_drives = (expected(&committed), expected(&proposed));
    let moved = here.groups.get(&group);
    let start = Start {
        component: ask.component,
        group,
        today,
        lots: without(lots, &changes.pending),
        batches: committed,
        supply: here.totals.0.clone(),
        demand: here.totals.1.clone(),
        supply_share: Share::NONE,
        demand_share: Share::NONE,
        recent_demand: moved.map_or(0.0, |own| own.recent_demand),
        calendars: known.calendars.clone(),
        bands: known.bands,
        keeps_days: known.keeps_days,
        changes,
        seed: seed(area, ask.component, group, today),
    };
    Side {
        group,
        units: shelf().map(|lot| lot.units).sum(),
        has_moved: moved.is_some(),
        weights: moved.map_or((0.0, 0.0), |own| own.weights),
        start,
        proposed,
        from_drives,
    }
}

/// What the events change in an area. A governorate's part is what it asked for or received of the area's last year; of
/// several blood banks in one, each has the same.
fn changes(area: Area, what: (Component, BloodGroup), of: &OfGroup, known: &Known) -> Changes {
    if known.events.is_empty() {
        return Changes::default();
    }
    let is_here = |governorate: Governorate| area.has(governorate);
    let since = plus_days(known.today, -PARTS_DAYS);
    let flows: Vec<&Flow> = known.moved.flows(area, what.1).collect();
    let part = |of: fn(&Flow) -> i32, governorate: Governorate| -> f64 {
        let recent = flows.iter().filter(|flow| flow.on >= since);
        let (own, all) = recent.fold((0.0, 0.0), |(own, all), flow| {
            let units = f64::from(of(flow));
            (if flow.governorate == governorate { own + units } else { own }, all + units)
        });
        if all > 0.0 { own / all } else { 0.0 }
    };
    let of_bank = |facility: FacilityId| {
        let Some(here) = known.banks.get(&facility) else { return 0.0 };
        let banks = known.banks.values().filter(|own| *own == here).count();
        part(|flow| flow.received, *here) / f64::from(u32::try_from(banks).unwrap_or(u32::MAX))
    };
    let of_demand = |governorate| part(|flow| flow.issued, governorate);
    Changes {
        pending: of
            .down
            .iter()
            .filter(|(bank, _)| known.banks.get(bank).is_some_and(|here| is_here(*here)))
            .map(|(_, late)| *late)
            .collect(),
        supply: event::of_supply(&known.events, known.today, &of_bank),
        demand: event::of_demand(&known.events, what, known.today, &of_demand, &is_here),
    }
}

/// The lots less those that cannot be had yet.
fn without(mut lots: Vec<Lot>, pending: &[Pending]) -> Vec<Lot> {
    for late in pending {
        let mut left = late.lot.units;
        for lot in lots.iter_mut().filter(|lot| lot.expiry == late.lot.expiry) {
            let taken = lot.units.min(left);
            lot.units -= taken;
            left -= taken;
        }
    }
    lots.retain(|lot| lot.units > 0);
    lots
}

/// What published drives and quarantine bring to an area, and what drives bring that are not published yet.
fn batches(
    area: Area,
    (component, group): (Component, BloodGroup),
    of: &OfGroup,
    known: &Known,
) -> (Vec<Batch>, Vec<Batch>) {
    let is_here = |governorate: Governorate| area.has(governorate);
    let (mut committed, mut proposed) = (Vec::new(), Vec::new());
    for drive in known.drives.iter().filter(|drive| is_here(drive.governorate)) {
        let found = Batch::of_drive(drive, component, group, known.today);
        match drive.brings {
            Brings::Booked(_) => committed.extend(found),
            Brings::Proposed(..) => proposed.extend(found),
        }
    }
    for testing in of.testing.iter().filter(|testing| is_here(testing.governorate)) {
        let ready = (testing.collected_on - known.today).num_days() + drives::TESTING_DAYS;
        committed.push(Batch {
            // What should be ready by now is released tomorrow.
            ahead: usize::try_from(ready).unwrap_or(0).max(1),
            of: i64::from(day_number(testing.collected_on)),
            size: Size::Testing { units: testing.units },
            off: (0.0, 0),
        });
    }
    (committed, proposed)
}
