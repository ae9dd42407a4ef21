//! The programme: what the ten branches did in a year, and what is planned in a month, with units that are on two
//! activities at once.
//!
//! Each sees what the list of activities shows: of a drive that others run the day and the governorate, so that it counts
//! in no clash.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use actix_web::web;
use askama::Template;
use chrono::{Datelike, Months, NaiveDate};
use serde::Deserialize;
use shiryan_kernel::branch::Branch;
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::status::{ActivityStatus, DriveStatus};
use shiryan_kernel::time::plus_days;
use shiryan_kernel::{Code, Problem, Result};

use super::report::{Question, report};
use super::rules::Days;
use super::{Open, Seen};
use crate::accounts::{Actor, SeeActivities};
use crate::agenda::{Asked as AskedOf, agenda};
use crate::drives;
use crate::http::{Answer, House, Query};
use crate::places;
use crate::sheets::Format;
use crate::texts::Lang;
use crate::web::{Frame, Say, Table, Time, Visitor};

/// Days back of which the branches are told.
const YEAR: i64 = 365;
/// The most drives that are counted.
const MOST: i64 = 5_000;
/// The most clashes that are listed.
const CLASHES: usize = 50;

/// A branch in the year.
#[derive(Debug, Default, Clone)]
struct Sums {
    planned: u64,
    held: u64,
    cancelled: u64,
    people: u64,
    hours: u64,
    units: BTreeSet<UnitId>,
}

struct Row {
    name: &'static str,
    /// Whether people and hours are told of it.
    is_told: bool,
    sums: Sums,
}

/// What is planned of one branch on a day.
struct Planned {
    name: &'static str,
    count: usize,
}

struct Day {
    number: u32,
    is_of_month: bool,
    is_today: bool,
    planned: Vec<Planned>,
    /// Closures that touch it.
    closed: usize,
    clashes: usize,
}

/// A unit that is on two activities at once.
struct Clash {
    unit: String,
    day: String,
    one: &'static str,
    other: &'static str,
}

#[derive(Template)]
#[template(path = "programme.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    rows: Vec<Row>,
    month: String,
    before: String,
    after: String,
    weekdays: Vec<String>,
    weeks: Vec<Vec<Day>>,
    clashes: Vec<Clash>,
    more_clashes: i64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// `2026-11`; this month unless told.
    month: Option<String>,
    /// The branches as a file.
    format: Option<Format>,
}

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config.route("/programme", web::get().to(programme));
}

async fn programme(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let by: Actor<SeeActivities> = visitor.seat()?;
    let today = house.today();
    let month = month(asked.month.as_deref(), today)?;
    let first = plus_days(month, -i64::from(month.weekday().num_days_from_sunday()));
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let table = house.calendar.clone();
    let (lines, drives, found, units) = house
        .db
        .read(move |conn| {
            let question = Question { from: plus_days(today, -YEAR), to: today, branch: None, unit: None };
            let lines = report(conn, &vault, zone, &who, question)?;
            let days = Days::parse(Some(question.from), Some(question.to))?;
            let filter = drives::Filter { governorate: None, days };
            let drives = drives::list(conn, &vault, zone, &who, &filter, None, MOST)?;
            let asked = AskedOf { from: first, to: plus_days(first, 41), unit: None, governorate: None };
            let found = agenda(conn, &vault, zone, &table, &who, &asked)?;
            let mut units = HashMap::new();
            for clash in clashes(&found.activities).iter().take(CLASHES) {
                if let Entry::Vacant(unknown) = units.entry(clash.unit) {
                    unknown.insert(places::unit(conn, clash.unit)?);
                }
            }
            Ok((lines, drives, found, units))
        })
        .await?;
    let mut sums: BTreeMap<Branch, Sums> = BTreeMap::new();
    for line in &lines {
        let own = sums.entry(line.branch).or_default();
        own.planned += line.planned;
        own.held += line.held;
        own.cancelled += line.cancelled;
        own.people += line.people_reached;
        own.hours += line.hours;
        own.units.insert(line.unit);
    }
    let blood = sums.entry(Branch::BloodDonation).or_default();
    (blood.planned, blood.held, blood.cancelled) = (0, 0, 0);
    for (_, drive) in &drives {
        match drive.status {
            DriveStatus::Done => blood.held += 1,
            DriveStatus::Cancelled => blood.cancelled += 1,
            DriveStatus::Draft | DriveStatus::Open | DriveStatus::Closed => blood.planned += 1,
        }
    }
    let frame = Frame::of(&house, &visitor, "programme-title");
    let say = frame.say;
    let found_clashes = clashes(&found.activities);
    let named = |clash: &Pair| {
        let unit = units.get(&clash.unit)?;
        Some(Clash {
            unit: if say.0 == Lang::Ar { unit.name_ar.clone() } else { unit.name_en.clone() },
            day: say.day(clash.on),
            one: name(say, clash.branches.0),
            other: name(say, clash.branches.1),
        })
    };
    let day = |on: NaiveDate| {
        let start = zone.start_of(on);
        let end = zone.start_of(plus_days(on, 1));
        Day {
            number: on.day(),
            is_of_month: on.month() == month.month(),
            is_today: on == today,
            planned: planned(say, &found.activities, on),
            closed: found
                .closures
                .iter()
                .filter(|own| !own.is_ended && own.from < end && own.until.is_none_or(|until| until > start))
                .count(),
            clashes: found_clashes.iter().filter(|clash| clash.on == on).count(),
        }
    };
    let code = |month: Option<NaiveDate>| month.map(|on| on.format("%Y-%m").to_string()).unwrap_or_default();
    let more = found_clashes.len().saturating_sub(CLASHES);
    let page = Page {
        at: Time(house.db.now(), zone),
        today: say.day(today),
        rows: Branch::ALL
            .iter()
            .map(|own| Row {
                name: name(say, *own),
                is_told: *own != Branch::BloodDonation,
                sums: sums.get(own).cloned().unwrap_or_default(),
            })
            .collect(),
        month: say.with(
            "month-long",
            &[("month", &say.text(&format!("month-{}", month.month()))), ("year", &month.year().to_string())],
        ),
        before: code(month.checked_sub_months(Months::new(1))),
        after: code(month.checked_add_months(Months::new(1))),
        weekdays: (0..7).map(|day| say.text(&format!("weekday-{day}"))).collect(),
        weeks: (0..6).map(|week| (0..7).map(|own| day(plus_days(first, week * 7 + own))).collect()).collect(),
        clashes: found_clashes.iter().take(CLASHES).filter_map(named).collect(),
        more_clashes: i64::try_from(more).unwrap_or(i64::MAX),
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(&house, format, branches(say, &page.rows)).await,
        None => Ok(visitor.page(&page)?),
    }
}

/// The branches of the year.
fn branches(say: Say, rows: &[Row]) -> Table {
    let headings = ["held", "planned", "cancelled", "people", "hours", "units"];
    let mut header = vec![say.text("column-branch")];
    header.extend(headings.map(|id| say.text(&format!("programme-{id}"))));
    let cells = |row: &Row| {
        let Sums { held, planned, cancelled, people, hours, units } = &row.sums;
        let units = u64::try_from(units.len()).unwrap_or(u64::MAX);
        let told = |count: u64| if row.is_told { count.to_string() } else { String::new() };
        let mut cells = vec![row.name.to_owned()];
        cells.extend([held, planned, cancelled].map(u64::to_string));
        cells.extend([*people, *hours, units].map(told));
        cells
    };
    Table { name: "programme", header, rows: rows.iter().map(cells).collect() }
}

/// The first day of the month that is asked for.
fn month(asked: Option<&str>, today: NaiveDate) -> Result<NaiveDate> {
    let wrong = || Problem::field("month", Code::InvalidValue);
    let first = match asked {
        None => today.with_day(1),
        Some(text) => NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok(),
    };
    first.filter(|first| (2000..2100).contains(&first.year())).ok_or_else(wrong)
}

const fn name(say: Say, branch: Branch) -> &'static str {
    match say.0 {
        Lang::Ar => branch.name_ar(),
        Lang::En => branch.name_en(),
    }
}

fn is_on(seen: &Seen) -> bool {
    seen.status != ActivityStatus::Cancelled
}

fn planned(say: Say, activities: &[Seen], on: NaiveDate) -> Vec<Planned> {
    let mut counts: BTreeMap<Branch, usize> = BTreeMap::new();
    for seen in activities.iter().filter(|seen| is_on(seen) && seen.on.0 <= on && on <= seen.on.1) {
        *counts.entry(seen.branch).or_default() += 1;
    }
    counts.into_iter().map(|(branch, count)| Planned { name: name(say, branch), count }).collect()
}

/// Two activities that one unit is on at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Pair {
    unit: UnitId,
    on: NaiveDate,
    branches: (Branch, Branch),
}

fn units(open: &Open) -> BTreeSet<UnitId> {
    open.units.iter().copied().chain([open.unit]).collect()
}

/// Every pair of what is planned that overlaps and has a unit in common, by day.
fn clashes(activities: &[Seen]) -> Vec<Pair> {
    let open: Vec<(&Seen, &Open, BTreeSet<UnitId>)> = activities
        .iter()
        .filter(|seen| is_on(seen))
        .filter_map(|seen| seen.open.as_ref().map(|open| (seen, open, units(open))))
        .collect();
    let mut found = Vec::new();
    for (at, (one, first, own)) in open.iter().enumerate() {
        for (other, second, theirs) in open.iter().skip(at + 1) {
            if first.starts_at < second.ends_at && second.starts_at < first.ends_at {
                let on = one.on.0.max(other.on.0);
                let both = own.intersection(theirs);
                found.extend(both.map(|unit| Pair { unit: *unit, on, branches: (one.branch, other.branch) }));
            }
        }
    }
    found.sort_by_key(|pair| (pair.on, pair.unit));
    found
}

#[cfg(test)]
mod tests {
    use serde_json::Map;
    use shiryan_kernel::ids::ActivityId;
    use shiryan_kernel::place::Governorate;

    use super::*;

    fn seen(branch: Branch, from: &str, to: &str, units: &[i64]) -> Seen {
        let (starts_at, ends_at) = (from.parse().unwrap(), to.parse().unwrap());
        Seen {
            id: ActivityId(1),
            version: 1,
            branch,
            status: ActivityStatus::Approved,
            governorate: Governorate::Hebron,
            on: ("2026-11-24".parse().unwrap(), "2026-11-24".parse().unwrap()),
            open: Some(Open {
                title: None,
                place: None,
                starts_at,
                ends_at,
                unit: UnitId(units[0]),
                units: units.iter().map(|unit| UnitId(*unit)).collect(),
                loads: Vec::new(),
                facts: Map::new(),
                outcomes: Map::new(),
            }),
        }
    }

    #[test]
    fn a_unit_on_two_activities_at_once_clashes_and_only_then() {
        let morning = seen(Branch::Farmers, "2026-11-24T06:00:00Z", "2026-11-24T10:00:00Z", &[1, 2]);
        let parade = seen(Branch::Ceremonies, "2026-11-24T09:00:00Z", "2026-11-24T11:00:00Z", &[2]);
        let later = seen(Branch::Band, "2026-11-24T10:00:00Z", "2026-11-24T11:00:00Z", &[1]);
        let mut called_off = seen(Branch::Religious, "2026-11-24T06:00:00Z", "2026-11-24T10:00:00Z", &[1]);
        called_off.status = ActivityStatus::Cancelled;
        let day_only = Seen { open: None, ..morning.clone() };
        let found = clashes(&[morning, parade, later, called_off, day_only]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].unit, found[0].branches), (UnitId(2), (Branch::Farmers, Branch::Ceremonies)));
    }

    #[test]
    fn a_month_is_read_strictly() {
        let today = "2026-11-26".parse().unwrap();
        assert_eq!(month(None, today).unwrap().to_string(), "2026-11-01");
        assert_eq!(month(Some("2027-02"), today).unwrap().to_string(), "2027-02-01");
        for wrong in ["2027-13", "2027", "1999-01", "2027-02-01", "x"] {
            assert!(month(Some(wrong), today).is_err(), "{wrong}");
        }
    }
}
