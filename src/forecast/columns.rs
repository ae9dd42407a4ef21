//! What a day is told by: weekday, season, and its place among the days of a calendar.
//!
//! Each column has a prior: its effect, a logarithm, is normal around its mean with the column's spread. The mean is 0,
//! but for the fast and its feasts where it is known what is counted: MODELS' published effects on donations, as multiples
//! of an ordinary day, and a tenth less asked for on feasts. Weekdays
//! fall into four parts (Monday to Thursday, Friday, Saturday, Sunday), so that the same columns serve where
//! Friday and Saturday are free and where Saturday and Sunday are. Without dates there is no season, without
//! a calendar no event.

use chrono::{Datelike, NaiveDate, TimeDelta};

use crate::calendar::{Calendar, Counted, Days};
use crate::series::{Axis, Series};

/// Kinds of days whose counts scatter differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DayType {
    /// Monday to Thursday.
    Weekday,
    /// Friday, Saturday, Sunday: in every country some of them are free.
    Weekend,
    Ramadan,
    /// A holiday or feast, and the days at its side.
    Event,
}

impl DayType {
    pub const ALL: [Self; 4] = [Self::Weekday, Self::Weekend, Self::Ramadan, Self::Event];

    /// The name in tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Weekday => "weekday",
            Self::Weekend => "weekend",
            Self::Ramadan => "ramadan",
            Self::Event => "event",
        }
    }
}

/// How a column is believed and remembered.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Column {
    /// Its effect before anything was seen, and how far that may be off.
    pub(crate) mean: f64,
    pub(crate) spread: f64,
    /// Of the year's course: not believed before two years were seen.
    pub(crate) season: bool,
}

/// A day as the regression sees it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    /// Columns that are not zero.
    pub(crate) cells: Vec<(usize, f64)>,
    pub(crate) kind: DayType,
    /// Some event or Ramadan column is on: such days are few, and longer remembered.
    pub(crate) rare: bool,
}

const WEEKDAY_SPREAD: f64 = 0.5;
/// Of the first yearly wave; the k-th has a k-th of it.
const SEASON_SPREAD: f64 = 0.075;
const WAVES: u32 = 3;
const EVENT_SPREAD: f64 = 0.4;
/// Of what lasts for days around an event.
const AROUND_SPREAD: f64 = 0.2;
/// Of a feast's own day, on which nearly nobody gives.
const FEAST_SPREAD: f64 = 1.0;
/// A lunar month has 29 or 30 days; a feast that ends it earlier ends it.
const FAST_DAYS: i32 = 30;

/// Columns of one kind of calendar, in the order in which [`Writer`] meets them.
pub(crate) struct Columns<'a> {
    axis: Axis,
    phase: usize,
    calendar: Option<&'a Calendar>,
    pub(crate) all: Vec<Column>,
}

impl<'a> Columns<'a> {
    pub(crate) fn of(series: &Series, calendar: &'a Calendar) -> Self {
        let dated = matches!(series.axis(), Axis::Dated(_));
        let calendar = Some(calendar).filter(|calendar| dated && !calendar.is_empty());
        let mut columns = Self { axis: series.axis(), phase: series.phase(0), calendar, all: Vec::new() };
        // The columns do not depend on the day that is written.
        let mut writer = Writer { all: Some(Vec::new()), ..Writer::default() };
        columns.write(0, &mut writer);
        columns.all = writer.all.unwrap_or_default();
        columns
    }

    /// Whether days have dates, and so a season.
    pub(crate) const fn is_dated(&self) -> bool {
        matches!(self.axis, Axis::Dated(_))
    }

    /// Whether a calendar tells of days.
    pub(crate) const fn has_calendar(&self) -> bool {
        self.calendar.is_some()
    }

    /// The row of the day `at` places after the series' first.
    pub(crate) fn row(&self, at: usize) -> Row {
        let mut writer = Writer::default();
        let kind = self.write(at, &mut writer);
        Row { cells: writer.cells, kind, rare: writer.rare }
    }

    fn write(&self, at: usize, writer: &mut Writer) -> DayType {
        let phase = (self.phase + at) % 7;
        (0..7).for_each(|day| writer.put(WEEKDAY_SPREAD, f64::from(u8::from(day == phase))));
        let date = match self.axis {
            Axis::Dated(first) => {
                i64::try_from(at).ok().and_then(|days| first.checked_add_signed(TimeDelta::try_days(days)?))
            }
            Axis::Numbered { .. } => None,
        };
        let weekend = if phase < 4 { DayType::Weekday } else { DayType::Weekend };
        let Some(date) = date else { return weekend };
        season(date, writer);
        writer.rare_from_here = true;
        self.calendar
            .map_or(weekend, |calendar| event(date, part(phase), calendar, writer).unwrap_or(weekend))
    }
}

/// Monday to Thursday 0, Friday 1, Saturday 2, Sunday 3.
fn part(phase: usize) -> usize {
    phase.saturating_sub(3)
}

fn season(date: NaiveDate, writer: &mut Writer) {
    let angle = (f64::from(date.ordinal0()) + 0.5) / 365.25 * std::f64::consts::TAU;
    for wave in 1..=WAVES {
        let (k, spread) = (f64::from(wave), SEASON_SPREAD / f64::from(wave));
        writer.put_season(spread, (k * angle).sin());
        writer.put_season(spread, (k * angle).cos());
    }
}

fn event(date: NaiveDate, part: usize, calendar: &Calendar, writer: &mut Writer) -> Option<DayType> {
    let day = date.num_days_from_ce();
    let free = calendar.free.hold(day);
    let beside = !free && (calendar.free.hold(day - 1) || calendar.free.hold(day + 1));
    writer.put_part(EVENT_SPREAD, part, free);
    writer.on(AROUND_SPREAD, !free && part < 2 && calendar.free.hold(day + 1));
    writer.on(AROUND_SPREAD, !free && part < 2 && calendar.free.hold(day - 1));
    let new_year = date.ordinal() == 1;
    writer.on(EVENT_SPREAD, new_year);
    writer.on(AROUND_SPREAD, date.month() == 12 && date.day() >= 26);
    writer.on(AROUND_SPREAD, date.month() == 1 && (2..=7).contains(&date.day()));
    for feast in &calendar.feasts {
        around_feast(day, feast, writer);
    }
    let fasting = ramadan(day, part, calendar, writer);
    let eid = eids(day, calendar, writer);
    match (free || beside || new_year || eid, fasting) {
        (true, _) => Some(DayType::Event),
        (false, true) => Some(DayType::Ramadan),
        (false, false) => None,
    }
}

fn around_feast(day: i32, feast: &Days, writer: &mut Writer) {
    let (since, until) = (feast.since(day), feast.until(day));
    writer.on(EVENT_SPREAD, since == 0);
    writer.on(EVENT_SPREAD, since > 0 && until == 1);
    writer.on(AROUND_SPREAD, since > 7 && (2..=7).contains(&until));
    writer.on(EVENT_SPREAD, (1..=4).contains(&since));
}

/// Published multiples of an ordinary day of the same part of the week: fasting, the first day of it, the last two, the
/// fortnight before.
const FASTING: [f64; 4] = [0.76, 0.76, 0.84, 0.76];
const FAST_BEGINS: f64 = 0.45;
const FAST_ENDS: f64 = 0.64;
const BEFORE_FAST: f64 = 1.28;
/// The feasts: their day, the next, the two after; of the feast of sacrifice, its day and the two after.
const FITR: [f64; 3] = [0.03, 0.15, 0.78];
const ADHA: [f64; 2] = [0.29, 0.72];
/// What is asked for on a feast, and how far that, and any effect of the fast on it, may be off.
const ASKED_ON_FEAST: f64 = 0.9;
const ASKED_SPREAD: f64 = 0.2;

/// What is believed of a column of the fast or a feast.
struct Belief(Counted);

impl Belief {
    /// Of the fast: blood asked for does not mind it.
    fn fast(&self, spread: f64, given: f64) -> (f64, f64) {
        match self.0 {
            Counted::Anything => (0.0, spread),
            Counted::Given => (given.ln(), spread),
            Counted::Asked => (0.0, ASKED_SPREAD),
        }
    }

    fn feast(&self, spread: f64, given: f64) -> (f64, f64) {
        match self.0 {
            Counted::Anything => (0.0, spread),
            Counted::Given => (given.ln(), spread),
            Counted::Asked => (ASKED_ON_FEAST.ln(), ASKED_SPREAD),
        }
    }
}

fn ramadan(day: i32, part: usize, calendar: &Calendar, writer: &mut Writer) -> bool {
    let (since, until) = (calendar.ramadan.since(day), calendar.ramadan.until(day));
    // The feast that ended this month, if it did not begin before the month.
    let fasting = since < FAST_DAYS && calendar.fitr.since(day) > since;
    let belief = Belief(calendar.counted);
    for (known, given) in FASTING.into_iter().enumerate() {
        writer.believe(belief.fast(EVENT_SPREAD, given), fasting && known == part);
    }
    let usual = FASTING.iter().sum::<f64>() / 4.0;
    writer.believe(belief.fast(EVENT_SPREAD, FAST_BEGINS / usual), since == 0);
    writer.believe(belief.fast(AROUND_SPREAD, 1.0), fasting && since < 7);
    writer.believe(belief.fast(EVENT_SPREAD, FAST_ENDS / usual), fasting && calendar.fitr.until(day) <= 2);
    writer.believe(belief.fast(AROUND_SPREAD, BEFORE_FAST), !fasting && until <= 14);
    fasting
}

fn eids(day: i32, calendar: &Calendar, writer: &mut Writer) -> bool {
    let (fitr, adha) = (calendar.fitr.since(day), calendar.adha.since(day));
    let belief = Belief(calendar.counted);
    let [on_fitr, next, after] = FITR;
    let [on_adha, after_adha] = ADHA;
    writer.believe(belief.feast(FEAST_SPREAD, on_fitr), fitr == 0);
    writer.believe(belief.feast(FEAST_SPREAD, next), fitr == 1);
    writer.believe(belief.feast(EVENT_SPREAD, after), (2..=3).contains(&fitr));
    writer.on(EVENT_SPREAD, (4..=7).contains(&fitr));
    writer.on(EVENT_SPREAD, calendar.adha.until(day) == 1);
    writer.believe(belief.feast(FEAST_SPREAD, on_adha), adha == 0);
    writer.believe(belief.feast(EVENT_SPREAD, after_adha), (1..=2).contains(&adha));
    writer.on(AROUND_SPREAD, (3..=7).contains(&adha));
    fitr <= 3 || adha <= 2 || calendar.adha.until(day) == 1
}

/// Walks the columns in their one order, noting either what they are or what a day says in them.
#[derive(Default)]
struct Writer {
    at: usize,
    cells: Vec<(usize, f64)>,
    rare: bool,
    rare_from_here: bool,
    /// What the columns are, where that is asked for.
    all: Option<Vec<Column>>,
}

impl Writer {
    fn put(&mut self, spread: f64, value: f64) {
        self.write(Column { mean: 0.0, spread, season: false }, value);
    }

    fn believe(&mut self, (mean, spread): (f64, f64), on: bool) {
        self.write(Column { mean, spread, season: false }, f64::from(u8::from(on)));
    }

    fn put_season(&mut self, spread: f64, value: f64) {
        self.write(Column { mean: 0.0, spread, season: true }, value);
    }

    fn on(&mut self, spread: f64, on: bool) {
        self.put(spread, f64::from(u8::from(on)));
    }

    /// Four columns, one for each part of the week.
    fn put_part(&mut self, spread: f64, part: usize, on: bool) {
        (0..4).for_each(|known| self.on(spread, on && known == part));
    }

    fn write(&mut self, column: Column, value: f64) {
        if let Some(all) = &mut self.all {
            all.push(column);
        }
        if value != 0.0 {
            self.cells.push((self.at, value));
            self.rare |= self.rare_from_here;
        }
        self.at += 1;
    }
}

/// The mean effect of a row's columns.
pub(crate) fn effect(row: &Row, effects: &[f64]) -> f64 {
    row.cells.iter().filter_map(|(at, value)| Some(value * effects.get(*at)?)).sum()
}
