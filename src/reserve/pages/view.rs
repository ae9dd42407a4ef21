//! From a cell to what is drawn of it: bars, squares, words. Pure.

use std::cmp::Ordering;

use shiryan_forecast::Cover;
use shiryan_kernel::blood::Component;
use shiryan_kernel::level::{self, Bands, Level};

use super::super::{Cell, Demand, DonorCount};
use crate::projections::Area;
use crate::web::{Group, Say, Table};

/// The scale of every bar of a component: from nothing to twice the target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// Days of cover that are enough: the least of green.
    pub target: f64,
    /// Under these days nothing is left to share: the least of red.
    pub stop: f64,
}

impl Scale {
    #[must_use]
    pub const fn of(bands: &Bands, component: Component) -> Self {
        let [target, _, _, stop] = bands.of(component);
        Self { target, stop }
    }

    #[must_use]
    pub fn end(self) -> f64 {
        self.target * 2.0
    }

    /// Where so many days stand on the scale, in percent; the target in the middle.
    #[must_use]
    pub fn percent(self, days: f64) -> String {
        format!("{:.1}", (days / self.end() * 100.0).clamp(0.0, 100.0))
    }

    #[must_use]
    pub fn stop_percent(self) -> String {
        self.percent(self.stop)
    }
}

/// A bar of days of cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bar {
    pub percent: String,
    /// It goes on past the scale's end.
    pub beyond: bool,
}

/// Donors who may give on day 0, 3 and 7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Callable {
    Counts([u32; 3]),
    Under20,
}

/// By how many units the shelf grew or shrank in seven days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trend(i64);

impl Trend {
    fn of(cell: &Cell) -> Self {
        Self(i64::from(cell.usable_units) - i64::from(cell.usable_units_7_days_ago))
    }
}

impl std::fmt::Display for Trend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => write!(f, "0"),
            units @ 1.. => write!(f, "+{units}"),
            units => write!(f, "−{}", units.unsigned_abs()),
        }
    }
}

/// A group of the region that is drawn large.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    pub level: &'static str,
    pub level_word: String,
    pub group: Group,
    pub name: String,
    /// Where closed roads cut its area out of the region; else empty.
    pub island: String,
    pub bar: Option<Bar>,
    pub days: String,
    pub demand: String,
    /// The least units of a group that is judged by units.
    pub floor: Option<i64>,
    pub units: u32,
    pub trend: Trend,
    pub expiring: u32,
    pub donors: Callable,
}

impl Row {
    pub fn of(say: Say, scale: Scale, cell: &Cell) -> Self {
        Self {
            level: cell.level.code(),
            level_word: say.word("level", cell.level.code()),
            group: Group(cell.group),
            name: say.word("blood-group", cell.group.code()),
            island: if matches!(cell.area, Area::Region(_)) { String::new() } else { say.area(cell.area) },
            bar: cell.demand.map(|demand| Bar {
                percent: scale.percent(demand.cover.days()),
                beyond: demand.cover.days() > scale.end(),
            }),
            days: cell.demand.map_or_else(String::new, |demand| days(demand.cover)),
            demand: cell.demand.map_or_else(String::new, |demand| format!("{:.1}", demand.average)),
            floor: cell.demand.and_then(floor),
            units: cell.usable_units,
            trend: Trend::of(cell),
            expiring: cell.expiring_3_days,
            donors: match cell.donors.count {
                DonorCount::Exact(counts) => Callable::Counts(counts),
                DonorCount::Under20 => Callable::Under20,
            },
        }
    }
}

const HEADINGS: [&str; 8] = [
    "column-region",
    "column-group",
    "column-cover",
    "column-level",
    "column-units",
    "column-trend",
    "column-expiring",
    "column-demand",
];
const DAYS: [&str; 3] = ["column-day-0", "column-day-3", "column-day-7"];

/// What is drawn, as rows of a file. An area that closed roads cut out of `region` stands by its own name.
pub fn table(say: Say, region: &str, rows: &[Row]) -> Table {
    let donors = say.text("column-donors-short");
    let mut header: Vec<String> = HEADINGS.iter().map(|id| say.text(id)).collect();
    header.extend(DAYS.iter().map(|id| format!("{donors} {}", say.text(id))));
    let cells = |row: &Row| {
        let area = if row.island.is_empty() { region } else { &row.island };
        let mut cells = vec![area.to_owned(), row.name.clone(), row.days.clone(), row.level_word.clone()];
        cells.extend([
            row.units.to_string(),
            row.trend.to_string(),
            row.expiring.to_string(),
            row.demand.clone(),
        ]);
        // Of few donors no count is told, in a file as on the page.
        match row.donors {
            Callable::Counts(counts) => cells.extend(counts.map(|count| count.to_string())),
            Callable::Under20 => cells.extend(DAYS.map(|_| String::new())),
        }
        cells
    };
    Table { name: "reserve", header, rows: rows.iter().map(cells).collect() }
}

/// One of the worst cells.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub level: &'static str,
    pub level_word: String,
    pub group: Group,
    pub name: String,
    pub region: &'static str,
    pub region_name: String,
    pub days: String,
    pub missing: i64,
    /// Judged by units: what is missing is missing to the least of them.
    pub by_units: bool,
    pub expiring: u32,
}

impl Card {
    pub fn of(say: Say, scale: Scale, cell: &Cell) -> Self {
        let region = cell.area.region();
        Self {
            level: cell.level.code(),
            level_word: say.word("level", cell.level.code()),
            group: Group(cell.group),
            name: say.word("blood-group", cell.group.code()),
            region: region.code(),
            region_name: say.area(cell.area),
            days: cell.demand.map_or_else(String::new, |demand| days(demand.cover)),
            missing: cell.demand.map_or(0, |demand| missing(scale, demand, cell.usable_units)),
            by_units: cell.demand.and_then(floor).is_some(),
            expiring: cell.expiring_3_days,
        }
    }
}

/// One group in one region, small.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Square {
    pub level: &'static str,
    pub level_word: String,
    pub days: String,
}

impl Square {
    pub fn of(say: Say, cell: Option<&Cell>) -> Self {
        let level = cell.map_or(Level::Unknown, |cell| cell.level);
        let demand = cell.and_then(|cell| cell.demand);
        Self {
            level: level.code(),
            level_word: say.word("level", level.code()),
            days: demand.map_or_else(String::new, |demand| days(demand.cover)),
        }
    }
}

/// Days with one decimal, never rounded up into a better level; `90+` where no end was seen.
fn days(cover: Cover) -> String {
    match cover {
        Cover::Days(days) => format!("{:.1}", (days * 10.0).floor() / 10.0),
        Cover::Beyond(days) => format!("{days:.0}+"),
    }
}

/// The least units of a group of which fewer than one a day is asked for.
fn floor(demand: Demand) -> Option<i64> {
    level::is_small(demand.average)
        .then(|| i64::from(level::floor_units(demand.average, level::RESUPPLY_DAYS)))
}

/// Units that are missing to the target, or to the least of a group that is judged by units.
fn missing(scale: Scale, demand: Demand, units: u32) -> i64 {
    let wanted = floor(demand).unwrap_or_else(|| whole(demand.average * scale.target));
    (wanted - i64::from(units)).max(0)
}

/// Rounded up.
fn whole(units: f64) -> i64 {
    format!("{:.0}", units.ceil()).parse().unwrap_or(i64::MAX)
}

/// How bad a level is; what nobody knows comes last.
const fn rank(level: Level) -> u8 {
    match level {
        Level::Black => 0,
        Level::Red => 1,
        Level::Amber => 2,
        Level::Watch => 3,
        Level::Green => 4,
        Level::Unknown => 5,
    }
}

/// Sorts by level, then by days of cover.
pub fn worst_first(cells: &mut [Cell]) {
    let days = |cell: &Cell| cell.demand.map_or(f64::INFINITY, |demand| demand.cover.days());
    cells.sort_by(|a, b| {
        let by_days = || days(a).partial_cmp(&days(b)).unwrap_or(Ordering::Equal);
        rank(a.level).cmp(&rank(b.level)).then_with(by_days)
    });
}

/// Of sorted cells, those under the target.
pub fn lacking(cells: &[Cell]) -> impl Iterator<Item = &Cell> {
    cells.iter().filter(|cell| rank(cell.level) < rank(Level::Green))
}

#[cfg(test)]
mod tests {
    use shiryan_kernel::blood::{BloodGroup, DonationType};
    use shiryan_kernel::place::Region;

    use super::super::super::{By, Donors};
    use super::*;
    use crate::texts::Lang;

    fn cell(group: BloodGroup, level: Level, average: f64, cover: Cover, units: u32) -> Cell {
        Cell {
            area: Area::Region(Region::GazaNorth),
            component: Component::RedCells,
            group,
            usable_units: units,
            expiring_3_days: 1,
            usable_units_7_days_ago: 5,
            demand: Some(Demand { average, cover }),
            level_now: level,
            level,
            level_since: None,
            donors: Donors {
                donation: DonationType::WholeBlood,
                shown_for: By::Region,
                count: DonorCount::Under20,
            },
        }
    }

    #[test]
    fn the_target_stands_in_the_middle_of_every_scale() {
        for component in Component::ALL {
            let scale = Scale::of(&Bands::default(), *component);
            assert_eq!(scale.percent(scale.target), "50.0");
        }
        let scale = Scale::of(&Bands::default(), Component::RedCells);
        assert_eq!((scale.stop_percent().as_str(), scale.percent(40.0).as_str()), ("8.3", "100.0"));
        let row = Row::of(
            Say(Lang::En),
            scale,
            &cell(BloodGroup::APos, Level::Green, 2.0, Cover::Beyond(90.0), 400),
        );
        assert_eq!(row.bar, Some(Bar { percent: "100.0".into(), beyond: true }));
        assert_eq!(row.days, "90+");
    }

    #[test]
    fn days_never_read_better_than_their_level() {
        assert_eq!(days(Cover::Days(5.99)), "5.9");
        assert_eq!(days(Cover::Days(6.0)), "6.0");
        assert_eq!(days(Cover::Days(0.04)), "0.0");
    }

    #[test]
    fn what_is_missing_is_told_in_whole_units() {
        let scale = Scale::of(&Bands::default(), Component::RedCells);
        let demand = |average| Demand { average, cover: Cover::Days(1.0) };
        assert_eq!(missing(scale, demand(2.1), 9), 4, "12.6 are wanted");
        assert_eq!(missing(scale, demand(2.1), 40), 0);
        // Half a unit a day: seven are the least (level::floor_units).
        assert_eq!(missing(scale, demand(0.5), 3), 4);
        assert_eq!((floor(demand(0.5)), floor(demand(1.0))), (Some(7), None));
    }

    #[test]
    fn the_worst_come_first_and_the_unknown_last() {
        let mut cells = vec![
            cell(BloodGroup::APos, Level::Green, 2.0, Cover::Days(7.0), 14),
            Cell { demand: None, ..cell(BloodGroup::AbPos, Level::Unknown, 1.0, Cover::Days(0.0), 0) },
            cell(BloodGroup::ONeg, Level::Red, 2.0, Cover::Days(1.5), 3),
            cell(BloodGroup::BNeg, Level::Black, 2.0, Cover::Days(0.9), 1),
            cell(BloodGroup::OPos, Level::Red, 2.0, Cover::Days(1.2), 3),
        ];
        worst_first(&mut cells);
        let order: Vec<BloodGroup> = cells.iter().map(|cell| cell.group).collect();
        use BloodGroup::{APos, AbPos, BNeg, ONeg, OPos};
        assert_eq!(order, [BNeg, OPos, ONeg, APos, AbPos]);
        assert_eq!(lacking(&cells).count(), 3);
    }
}
