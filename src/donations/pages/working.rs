//! Are drives working? A year of drives as a calendar, month by month, and from places to collected units.
//!
//! Of a drive with fewer than twenty who came no figure is told or summed (SAFETY B2); who was deferred, left or gave too
//! little is one figure.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use actix_web::web;
use askama::Template;
use askama::filters::HtmlSafe;
use chrono::{Datelike, NaiveDate};
use serde::Deserialize;
use shiryan_kernel::Result;
use shiryan_kernel::ids::DriveId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::plus_days;

use crate::accounts::{Actor, SeeOutcomes};
use crate::activities::rules::Days;
use crate::donations::day::{self, CameOf};
use crate::drives::{self, Aims, Filter, Seen};
use crate::http::{Answer, House, Query};
use crate::sheets::Format;
use crate::web::{Choice, Frame, Say, Table, Time, Visitor, chosen};

const WEEKS: i64 = 52;
/// The most drives of the year that are read.
const MOST: i64 = 2_000;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    governorate: Option<String>,
    /// The months as a file.
    format: Option<Format>,
}

/// A drive, and what came of it once it is done.
type Told = (Seen, Option<CameOf>);

/// What came of some drives that are done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    held: i64,
    cancelled: i64,
    /// Drives of which figures are told; only these are in the figures below.
    told: i64,
    places: i64,
    booked: i64,
    came: i64,
    no_shows: i64,
    goal: i64,
    collected: i64,
    not_collected: i64,
}

impl Sums {
    fn add(&mut self, drive: &Seen, outcome: Option<&CameOf>, aims: Aims) {
        match drive.status {
            DriveStatus::Done => self.held += 1,
            DriveStatus::Cancelled => self.cancelled += 1,
            DriveStatus::Draft | DriveStatus::Open | DriveStatus::Closed => {}
        }
        let told = outcome.and_then(|own| Some((own.came?, own.collected?, own.not_collected?)));
        let Some((came, collected, not_collected)) = told else { return };
        self.told += 1;
        self.places += drive.capacity;
        self.booked += drive.booked;
        self.came += came;
        self.no_shows += aims.no_shows;
        self.goal += aims.goal;
        self.collected += collected;
        self.not_collected += not_collected;
    }

    /// Of those who came, how many gave a unit of use, in percent.
    fn part(self) -> Option<i64> {
        (self.came > 0).then(|| self.collected * 100 / self.came)
    }
}

/// A month of the table.
struct Month {
    name: String,
    sums: Sums,
    part: Option<i64>,
}

/// A step from places to units.
struct Step {
    name: String,
    count: i64,
    percent: i64,
}

/// A year of days: a drive is a square, the larger the more was collected; a ring where no figure is told.
struct Heat {
    first: NaiveDate,
    /// Units of the day; nothing where no figure is told.
    days: BTreeMap<NaiveDate, Option<i64>>,
}

impl fmt::Display for Heat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let most = self.days.values().flatten().copied().max().unwrap_or(0).max(1);
        write!(
            f,
            "<svg class=\"heat\" viewBox=\"0 0 624 84\" aria-hidden=\"true\"><path class=\"days\" d=\""
        )?;
        for day in 0..WEEKS * 7 {
            write!(f, "M{} {}h10v10h-10z", day / 7 * 12 + 1, day % 7 * 12 + 1)?;
        }
        f.write_str("\"/>")?;
        for (on, units) in &self.days {
            let day = (*on - self.first).num_days();
            if !(0..WEEKS * 7).contains(&day) {
                continue;
            }
            let (x, y) = (day / 7 * 12, day % 7 * 12);
            match units {
                Some(units) => {
                    let wide = 3 + 7 * units / most;
                    let (x, y) = (x * 2 + 12 - wide, y * 2 + 12 - wide);
                    write!(
                        f,
                        "<rect class=\"gave\" x=\"{}.{}\" y=\"{}.{}\" width=\"{wide}\" height=\"{wide}\"/>",
                        x / 2,
                        x % 2 * 5,
                        y / 2,
                        y % 2 * 5
                    )?;
                }
                None => write!(f, "<circle class=\"few\" cx=\"{}\" cy=\"{}\" r=\"3.5\"/>", x + 6, y + 6)?,
            }
        }
        f.write_str("</svg>")
    }
}

impl HtmlSafe for Heat {}

#[derive(Template)]
#[template(path = "working.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    governorates: Vec<Choice>,
    first: String,
    last: String,
    heat: Heat,
    funnel: Vec<Step>,
    months: Vec<Month>,
    total: Sums,
    part: Option<i64>,
    is_cut: bool,
}

pub async fn working(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let by: Actor<SeeOutcomes> = visitor.seat()?;
    let governorate: Option<Governorate> = chosen("governorate", asked.governorate.as_deref())?;
    let (who, vault, zone, today) = (by.clone(), house.vault.clone(), house.zone, house.today());
    let first = first_day(today);
    let filter = Filter { governorate, days: Days::parse(Some(first), Some(today))? };
    let (found, aims): (Vec<Told>, HashMap<DriveId, Aims>) = house
        .db
        .read(move |conn| {
            let drives = drives::list(conn, &vault, zone, &who, &filter, None, MOST)?;
            let told = drives.into_iter().map(|(_, drive)| {
                let is_done = drive.status == DriveStatus::Done;
                let outcome = if is_done { Some(day::came_of(conn, &who, drive.id)?) } else { None };
                Ok((drive, outcome))
            });
            let told: Vec<(Seen, Option<CameOf>)> = told.collect::<Result<_>>()?;
            let ids: Vec<DriveId> = told.iter().map(|(drive, _)| drive.id).collect();
            let aims = drives::aims(conn, &ids)?;
            Ok((told, aims))
        })
        .await?;
    let (mut months, mut days) = (BTreeMap::<(i32, u32), Sums>::new(), BTreeMap::new());
    let mut total = Sums::default();
    for (drive, outcome) in &found {
        let aims = aims.get(&drive.id).copied().unwrap_or_default();
        let month = months.entry((drive.on.year(), drive.on.month())).or_default();
        month.add(drive, outcome.as_ref(), aims);
        total.add(drive, outcome.as_ref(), aims);
        if let Some(outcome) = outcome {
            add_day(&mut days, drive.on, outcome.collected);
        }
    }
    let frame = Frame::of(&house, &visitor, "working-title");
    let say = frame.say;
    let mut governorates =
        vec![Choice { code: String::new(), text: say.text("filter-any"), chosen: governorate.is_none() }];
    governorates.append(&mut Choice::words(
        say,
        "governorate",
        Governorate::ALL.iter().map(|own| own.code()),
        governorate.map(Governorate::code).unwrap_or_default(),
    ));
    let step = |(id, count): (&str, i64)| Step {
        name: say.text(id),
        count,
        percent: if total.places > 0 { (count * 100 / total.places).min(100) } else { 0 },
    };
    let month = |((year, month), sums): ((i32, u32), Sums)| Month {
        name: say.with(
            "month-long",
            &[("month", &say.text(&format!("month-{month}"))), ("year", &year.to_string())],
        ),
        part: sums.part(),
        sums,
    };
    let page = Page {
        at: Time(house.db.now(), zone),
        today: say.day(today),
        governorates,
        first: say.day(first),
        last: say.day(today),
        heat: Heat { first, days },
        funnel: [
            ("working-places", total.places),
            ("working-booked", total.booked),
            ("working-came", total.came),
            ("working-collected", total.collected),
        ]
        .into_iter()
        .map(step)
        .collect(),
        months: months.into_iter().rev().map(month).collect(),
        part: total.part(),
        total,
        is_cut: i64::try_from(found.len()).unwrap_or(i64::MAX) >= MOST,
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(&house, format, table(say, &page.months)).await,
        None => Ok(visitor.page(&page)?),
    }
}

const HEADINGS: [&str; 12] = [
    "column-month",
    "working-held",
    "working-cancelled",
    "working-with-figures",
    "working-places",
    "working-booked",
    "working-came",
    "working-no-shows",
    "working-not-collected",
    "working-goal",
    "working-collected",
    "working-part",
];

fn table(say: Say, months: &[Month]) -> Table {
    let cells = |month: &Month| {
        let sums = month.sums;
        let counts = [
            sums.held,
            sums.cancelled,
            sums.told,
            sums.places,
            sums.booked,
            sums.came,
            sums.no_shows,
            sums.not_collected,
            sums.goal,
            sums.collected,
        ];
        let mut cells = vec![month.name.clone()];
        cells.extend(counts.map(|count| count.to_string()));
        cells.push(month.part.map(|part| part.to_string()).unwrap_or_default());
        cells
    };
    Table {
        name: "working",
        header: HEADINGS.iter().map(|id| say.text(id)).collect(),
        rows: months.iter().map(cells).collect(),
    }
}

/// The Sunday with which the year's weeks begin; the last of them holds today.
fn first_day(today: NaiveDate) -> NaiveDate {
    let since_sunday = i64::from(today.weekday().num_days_from_sunday());
    plus_days(today, -since_sunday - (WEEKS - 1) * 7)
}

/// A day's figures add up; a day has one where any of its drives has.
fn add_day(days: &mut BTreeMap<NaiveDate, Option<i64>>, on: NaiveDate, units: Option<i64>) {
    let day = days.entry(on).or_insert(None);
    *day = match (*day, units) {
        (None, units) => units,
        (Some(sum), units) => Some(sum + units.unwrap_or(0)),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::donations::day::ToldOf;

    #[test]
    fn only_what_is_told_is_summed() {
        let drive = |status| Seen {
            id: DriveId(1),
            status,
            on: "2026-11-24".parse().unwrap(),
            governorate: Governorate::Hebron,
            slots: 4,
            capacity: 40,
            booked: 30,
            details: None,
        };
        let few = CameOf { told: ToldOf::Under20, came: None, collected: None, not_collected: None };
        let many = CameOf { told: ToldOf::Told, came: Some(25), collected: Some(20), not_collected: Some(5) };
        let aims = Aims { goal: 30, no_shows: 6 };
        let mut sums = Sums::default();
        sums.add(&drive(DriveStatus::Done), Some(&few), aims);
        sums.add(&drive(DriveStatus::Cancelled), None, aims);
        assert_eq!((sums.held, sums.cancelled, sums.told, sums.places, sums.part()), (1, 1, 0, 0, None));
        sums.add(&drive(DriveStatus::Done), Some(&many), aims);
        assert_eq!((sums.held, sums.places, sums.came, sums.part()), (2, 40, 25, Some(80)));
        assert_eq!((sums.goal, sums.no_shows), (30, 6), "of the one of which figures are told");
    }

    #[test]
    fn a_year_of_weeks_ends_with_this_one() {
        let today = "2026-11-26".parse().unwrap();
        let first = first_day(today);
        assert_eq!(first.to_string(), "2025-11-30");
        assert_eq!((today - first).num_days() / 7, WEEKS - 1);
        let mut days = BTreeMap::new();
        add_day(&mut days, today, None);
        assert_eq!(days[&today], None);
        add_day(&mut days, today, Some(7));
        add_day(&mut days, today, None);
        assert_eq!(days[&today], Some(7));
        let drawn = Heat { first, days }.to_string();
        assert!(drawn.contains("class=\"gave\" x=\"613.0\"") && !drawn.contains("class=\"few\""), "{drawn}");
    }
}
