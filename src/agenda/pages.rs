//! The week of those who plan drives, as a grid: days beside each other, times below each other, in each place how full
//! it is, and on the same grid what else their units do.

use std::collections::BTreeMap;

use actix_web::web;
use askama::Template;
use chrono::{NaiveDate, NaiveTime, Timelike};
use serde::Deserialize;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{DriveId, UnitId};
use shiryan_kernel::time::{Moment, plus_days};

use super::week::{self, Week};
use crate::accounts::{Actor, PlanDrives};
use crate::activities::Seen as Activity;
use crate::drives::{Seen, Slot};
use crate::http::{Answer, House, Query};
use crate::texts::Lang;
use crate::web::{Choice, Frame, Say, Time, Visitor};

/// Above so many slots a row is an hour: the page stays light and can still be read.
const FINE: usize = 60;

/// Adds the page.
pub fn pages(config: &mut web::ServiceConfig) {
    config.route("/week", web::get().to(open));
}

/// Which week.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    /// Its first day; empty is the week of today.
    #[serde(default)]
    from: String,
    /// Empty is every unit of one's own.
    #[serde(default)]
    unit: String,
    /// The day that a narrow screen shows.
    day: Option<NaiveDate>,
}

/// A day of the week.
struct Day {
    /// `Sunday 29`.
    name: String,
    date: NaiveDate,
    href: String,
    is_today: bool,
    /// Whether a narrow screen leaves it out.
    is_away: bool,
    /// What holds for the whole day.
    notes: Vec<String>,
    drives: Vec<Headed>,
}

/// A drive above its slots.
struct Headed {
    id: DriveId,
    title: String,
    place: String,
    status: String,
    /// Places of each slot that are kept for whoever comes unannounced.
    lane: i64,
}

/// What stands at one time of one day.
#[derive(Default)]
struct Cell {
    is_away: bool,
    slots: Vec<Place>,
    others: Vec<Other>,
}

/// A slot, or the slots of an hour.
struct Place {
    drive: DriveId,
    booked: i64,
    capacity: i64,
    percent: i64,
    is_full: bool,
    for_women: bool,
}

/// Something else that the units do.
struct Other {
    branch: String,
    title: String,
    from: Time,
    to: Time,
}

struct Row {
    time: String,
    cells: Vec<Cell>,
}

#[derive(Template)]
#[template(path = "week.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    from: NaiveDate,
    first: String,
    last: String,
    before: String,
    after: String,
    units: Vec<Choice>,
    days: Vec<Day>,
    rows: Vec<Row>,
    has_more: bool,
    is_empty: bool,
}

async fn open(house: web::Data<House>, visitor: Visitor, query: Query<Which>) -> Answer {
    show(&house, &visitor, query.into_inner()).await
}

/// This week.
///
/// # Errors
/// `forbidden`; as any read.
pub async fn this(house: &House, visitor: &Visitor) -> Answer {
    show(house, visitor, Which::default()).await
}

fn said<T: std::str::FromStr<Err = shiryan_kernel::Problem>>(text: &str) -> Result<Option<T>> {
    if text.is_empty() { Ok(None) } else { text.parse().map(Some) }
}

async fn show(house: &House, visitor: &Visitor, which: Which) -> Answer {
    let by: Actor<PlanDrives> = visitor.seat()?;
    let asked: Option<NaiveDate> = match which.from.as_str() {
        "" => None,
        text => {
            let wrong = |_| shiryan_kernel::Problem::field("from", shiryan_kernel::Code::InvalidValue);
            Some(text.parse().map_err(wrong)?)
        }
    };
    let unit: Option<UnitId> = said(&which.unit)?;
    let (today, zone, vault) = (house.today(), house.zone, house.vault.clone());
    let from = week::first_day(asked, today)?;
    let table = house.calendar.clone();
    let found = house.db.read(move |conn| week::week(conn, &vault, zone, &table, &by, (from, unit))).await?;
    let frame = Frame::of(house, visitor, "week-title");
    let say = frame.say;
    let link = |from: NaiveDate, day: Option<NaiveDate>| {
        let unit = unit.map_or_else(String::new, |unit| format!("&unit={unit}"));
        let day = day.map_or_else(String::new, |day| format!("&day={day}"));
        format!("/week?from={from}{unit}{day}")
    };
    let grid = Grid { house, say, from, today, chosen: chosen(from, today, which.day, &found) };
    let rows = grid.rows(&found);
    let page = Page {
        at: Time(house.db.now(), zone),
        today: say.day(today),
        first: say.day(from),
        last: say.day(plus_days(from, week::DAYS - 1)),
        before: link(plus_days(from, -week::DAYS), None),
        after: link(plus_days(from, week::DAYS), None),
        units: Choice::units(say, &found.units, unit),
        days: grid.days(&found, |day| link(from, Some(day))),
        is_empty: rows.is_empty(),
        has_more: found.has_more,
        from,
        rows,
        frame,
    };
    Ok(visitor.page(&page)?)
}

/// The day that a narrow screen shows: as asked, else today, else the first with a drive, else the first.
fn chosen(from: NaiveDate, today: NaiveDate, asked: Option<NaiveDate>, week: &Week) -> NaiveDate {
    let is_in = |day: &NaiveDate| (from..plus_days(from, week::DAYS)).contains(day);
    let of_drive = || week.drives.first().map(|(seen, _)| seen.on);
    asked.filter(is_in).or_else(|| Some(today).filter(is_in)).or_else(of_drive).unwrap_or(from)
}

struct Grid<'a> {
    house: &'a House,
    say: Say,
    from: NaiveDate,
    today: NaiveDate,
    chosen: NaiveDate,
}

impl Grid<'_> {
    fn dates(&self) -> impl Iterator<Item = NaiveDate> {
        let from = self.from;
        (0..week::DAYS).map(move |n| plus_days(from, n))
    }

    fn days(&self, week: &Week, href: impl Fn(NaiveDate) -> String) -> Vec<Day> {
        let day = |date: NaiveDate| Day {
            name: self.say.week_day(date),
            date,
            href: href(date),
            is_today: date == self.today,
            is_away: date != self.chosen,
            notes: self.notes(week, date),
            drives: week
                .drives
                .iter()
                .filter(|(seen, _)| seen.on == date)
                .map(|(seen, _)| self.head(seen))
                .collect(),
        };
        self.dates().map(day).collect()
    }

    /// What the calendar says of a day, who is away, and which roads are closed.
    fn notes(&self, week: &Week, date: NaiveDate) -> Vec<String> {
        let (say, is_arabic) = (self.say, self.say.0 == Lang::Ar);
        let marks = week.agenda.days.iter().filter(|day| day.on == date).flat_map(|day| &day.marks);
        let mut notes: Vec<String> =
            marks.map(|mark| if is_arabic { mark.ar.to_string() } else { mark.en.to_string() }).collect();
        let mut kinds: Vec<_> = week
            .agenda
            .absences
            .iter()
            .filter(|absence| (absence.from_on..=absence.until_on).contains(&date))
            .map(|absence| absence.kind)
            .collect();
        kinds.sort_unstable();
        kinds.dedup();
        notes.extend(kinds.iter().map(|kind| say.word("absence-kind", kind.code())));
        let (start, end) = (self.house.zone.start_of(date), self.house.zone.start_of(plus_days(date, 1)));
        let mut closed: Vec<_> = week
            .agenda
            .closures
            .iter()
            .filter(|closure| closure.from < end && closure.until.is_none_or(|until| until > start))
            .map(|closure| closure.governorate)
            .collect();
        closed.sort_unstable();
        closed.dedup();
        notes.extend(
            closed
                .iter()
                .map(|place| say.with("week-closed", &[("where", &say.word("governorate", place.code()))])),
        );
        notes
    }

    fn head(&self, seen: &Seen) -> Headed {
        let details = seen.details.as_ref();
        Headed {
            id: seen.id,
            title: details
                .and_then(|details| details.title.clone())
                .unwrap_or_else(|| self.say.text("drives-untitled")),
            place: details.and_then(|details| details.place.clone()).unwrap_or_default(),
            status: self.say.word("drive-status", seen.status.code()),
            lane: details.map_or(0, |details| details.walk_ins.into()),
        }
    }

    fn civil(&self, at: Moment) -> (NaiveDate, NaiveTime) {
        let local = at.with_timezone(&self.house.zone.0).naive_local();
        (local.date(), local.time())
    }

    fn rows(&self, week: &Week) -> Vec<Row> {
        let slots: usize = week.drives.iter().map(|(_, slots)| slots.len()).sum();
        let is_fine = slots <= FINE;
        let row_of = |time: NaiveTime| {
            if is_fine { time } else { NaiveTime::from_hms_opt(time.hour(), 0, 0).unwrap_or(time) }
        };
        let mut rows: BTreeMap<NaiveTime, BTreeMap<NaiveDate, Cell>> = BTreeMap::new();
        for (seen, slots) in &week.drives {
            for slot in slots {
                let (date, time) = self.civil(slot.starts_at);
                let cell = rows.entry(row_of(time)).or_default().entry(date).or_default();
                put(&mut cell.slots, seen.id, slot);
            }
        }
        for activity in &week.agenda.activities {
            self.lay(&mut rows, activity, &row_of);
        }
        let cells = |mut found: BTreeMap<NaiveDate, Cell>| {
            let cell = |date: NaiveDate| {
                let mut cell = found.remove(&date).unwrap_or_default();
                cell.is_away = date != self.chosen;
                cell
            };
            self.dates().map(cell).collect()
        };
        rows.into_iter()
            .map(|(time, found)| Row { time: time.format("%H:%M").to_string(), cells: cells(found) })
            .collect()
    }

    /// Puts an activity on each of its days: where it begins, and at midnight on those after.
    fn lay(
        &self,
        rows: &mut BTreeMap<NaiveTime, BTreeMap<NaiveDate, Cell>>,
        activity: &Activity,
        row_of: &impl Fn(NaiveTime) -> NaiveTime,
    ) {
        let Some(open) = &activity.open else { return };
        let (first, starts) = self.civil(open.starts_at);
        for date in self.dates().filter(|date| (activity.on.0..=activity.on.1).contains(date)) {
            let time = if date == first { starts } else { NaiveTime::MIN };
            let other = Other {
                branch: match self.say.0 {
                    Lang::Ar => activity.branch.name_ar().to_owned(),
                    Lang::En => activity.branch.name_en().to_owned(),
                },
                title: open.title.clone().unwrap_or_default(),
                from: Time(open.starts_at, self.house.zone),
                to: Time(open.ends_at, self.house.zone),
            };
            rows.entry(row_of(time)).or_default().entry(date).or_default().others.push(other);
        }
    }
}

fn put(places: &mut Vec<Place>, drive: DriveId, slot: &Slot) {
    let (booked, capacity) = (i64::from(slot.booked), i64::from(slot.capacity));
    match places.iter_mut().find(|place| place.drive == drive) {
        Some(place) => {
            place.booked += booked;
            place.capacity += capacity;
            place.for_women &= slot.for_women;
        }
        None => places.push(Place {
            drive,
            booked,
            capacity,
            percent: 0,
            is_full: false,
            for_women: slot.for_women,
        }),
    }
    for place in places {
        place.percent = (place.booked * 100).checked_div(place.capacity).unwrap_or(0).clamp(0, 100);
        place.is_full = place.booked >= place.capacity;
    }
}
