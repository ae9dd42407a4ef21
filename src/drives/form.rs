//! How a drive is told: one, each in a series, the shape that a blueprint keeps.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{FacilityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::time::{Weekday, clock_time};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::rules::layout::Uses;
use super::rules::{self, Hours};
use super::{NewDrive, NewSeries, Overbook, Terms};
use crate::activities::rules::is_in_range;
use crate::activities::{PlaceText, Title};

/// A drive as its planner tells it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DriveForm {
    /// 1 to 120 characters.
    pub title: Option<String>,
    pub governorate: Governorate,
    /// 1 to 200 characters; shown to those who run the drive.
    pub place: String,
    /// The civil day: of one drive, and of no series or blueprint.
    pub date: Option<NaiveDate>,
    /// Civil time, `09:00`.
    pub from: String,
    /// Civil time, `14:00`.
    pub to: String,
    /// 5 to 240, at most 96 slots in all.
    pub slot_minutes: i32,
    /// 1 to 200; each serves somebody every half hour.
    pub beds: i32,
    /// Those who collect, 1 to 200: each serves 1.1 an hour. Beds alone bound the places unless told.
    pub staff: Option<i32>,
    /// Pauses in the hours, 5 at most: no slot touches one.
    #[serde(default)]
    pub breaks: Vec<SpanForm>,
    /// The unit that organises it; a medic's own.
    pub unit: UnitId,
    /// The blood bank that collects; a bank officer's own unless told.
    pub facility: Option<FacilityId>,
    /// What it collects: whole blood unless told.
    #[serde(default)]
    pub donation_types: Vec<DonationType>,
    /// Places of each slot that are kept for whoever comes unannounced.
    #[serde(default)]
    pub walk_ins: i32,
    /// Lets more be booked than there are places where few of those booked come: at most a fifth more, and so that
    /// more than the places come in one slot of ten at most.
    #[serde(default)]
    pub overbook: bool,
    /// The share of those booked who come, 1 to 100; by the unit's own record unless told.
    pub show_per_cent: Option<i32>,
    /// Hours whose slots are for women, 5 at most.
    #[serde(default)]
    pub women: Vec<SpanForm>,
    /// Uses the time of Friday prayer too, which is left free otherwise.
    #[serde(default)]
    pub at_prayer: bool,
    /// Uses the fasting hours of Ramadan too, for those who do not fast; they are left free otherwise.
    #[serde(default)]
    pub for_unfasting: bool,
    /// Outdoors: refused above 35 °C.
    #[serde(default)]
    pub outdoor: bool,
    /// How hot it will be outdoors, −20 to 60 °C; wanted for a drive outdoors.
    pub high_c: Option<i32>,
    /// The last moment at which places are taken; the drive's end unless told.
    pub book_until: Option<DateTime<Utc>>,
    /// How many units of which group it is to bring; each group once.
    #[serde(default)]
    pub targets: Vec<Target>,
    /// Is kept as a draft until it is published.
    #[serde(default)]
    pub draft: bool,
}

/// A part of the hours.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanForm {
    /// Civil time, inside the hours.
    pub from: String,
    /// Civil time, inside the hours.
    pub to: String,
}

/// How many units of a group it is to bring.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Target {
    pub blood_group: BloodGroup,
    /// 1 to 10 000.
    pub units: i32,
}

impl From<(BloodGroup, i32)> for Target {
    fn from((blood_group, units): (BloodGroup, i32)) -> Self {
        Self { blood_group, units }
    }
}

/// The drive that a form describes, on a day.
///
/// # Errors
/// Every field that is wrong.
pub fn parse(form: &DriveForm, date: NaiveDate, own: Option<FacilityId>) -> Result<NewDrive> {
    let mut faults = Faults::none();
    let title = form.title.as_deref().and_then(|title| faults.keep("title", Title::parse(title)));
    let place = faults.keep("place", PlaceText::parse(&form.place));
    if !is_in_range(date) {
        faults.add("date", Code::OutOfRange);
    }
    let from = faults.keep("from", clock_time(&form.from));
    let to = faults.keep("to", clock_time(&form.to));
    let breaks = spans(&mut faults, "breaks", &form.breaks);
    let women = spans(&mut faults, "women", &form.women);
    let cut = |from, to| Hours::new(from, to, form.slot_minutes)?.with_breaks(breaks);
    let hours = from.zip(to).and_then(|(from, to)| match cut(from, to) {
        Ok(hours) => Some(hours),
        Err(problem) => {
            problem.errors.into_iter().for_each(|error| faults.add(error.field, error.code));
            None
        }
    });
    let terms = terms(&mut faults, form, women);
    faults.give(place.zip(hours).map(|(place, hours)| NewDrive {
        title,
        governorate: form.governorate,
        place,
        date,
        hours,
        beds: form.beds,
        unit: form.unit,
        facility: form.facility.or(own),
        terms,
    }))
}

fn terms(faults: &mut Faults, form: &DriveForm, women: Vec<(NaiveTime, NaiveTime)>) -> Terms {
    let mut expect = |holds: bool, field: &str| {
        if !holds {
            faults.add(field, Code::OutOfRange);
        }
    };
    expect((1..=rules::MOST_BEDS).contains(&form.beds), "beds");
    expect(form.staff.is_none_or(|staff| (1..=rules::MOST_BEDS).contains(&staff)), "staff");
    expect((0..rules::MOST_BEDS).contains(&form.walk_ins), "walk_ins");
    expect(form.show_per_cent.is_none_or(|show| (1..=100).contains(&show)), "show_per_cent");
    expect(form.women.len() <= rules::MOST_BREAKS, "women");
    expect(form.high_c.is_none_or(|high| (-20..=60).contains(&high)), "high_c");
    for (place, target) in form.targets.iter().enumerate() {
        expect((1..=10_000).contains(&target.units), &format!("targets[{place}].units"));
    }
    let is_again =
        |place: usize, group| form.targets.iter().take(place).any(|other| other.blood_group == group);
    for (place, target) in form.targets.iter().enumerate() {
        if is_again(place, target.blood_group) {
            faults.add(format!("targets[{place}].blood_group"), Code::InvalidValue);
        }
    }
    if form.outdoor && form.high_c.is_none() {
        faults.add("high_c", Code::MissingField);
    }
    let mut types = form.donation_types.clone();
    types.sort_unstable();
    types.dedup();
    if types.len() < form.donation_types.len() {
        faults.add("donation_types", Code::InvalidValue);
    }
    if types.is_empty() {
        types.push(DonationType::WholeBlood);
    }
    Terms {
        types,
        staff: form.staff,
        walk_ins: form.walk_ins,
        overbook: form.overbook.then(|| form.show_per_cent.map_or(Overbook::Learnt, Overbook::Stated)),
        women,
        uses: Uses { prayer: form.at_prayer, fasting: form.for_unfasting },
        outdoor: form.high_c.filter(|_| form.outdoor),
        book_until: form.book_until,
        targets: form.targets.iter().map(|target| (target.blood_group, target.units)).collect(),
    }
}

fn spans(faults: &mut Faults, field: &str, forms: &[SpanForm]) -> Vec<(NaiveTime, NaiveTime)> {
    let mut spans = Vec::new();
    for (place, form) in forms.iter().enumerate() {
        let from = faults.keep(&format!("{field}[{place}].from"), clock_time(&form.from));
        let to = faults.keep(&format!("{field}[{place}].to"), clock_time(&form.to));
        spans.extend(from.zip(to));
    }
    spans
}

/// Hours of a day, of which both ends are told or neither.
pub fn hours(faults: &mut Faults, from: Option<&str>, to: Option<&str>) -> Option<(NaiveTime, NaiveTime)> {
    for (field, is_missing) in
        [("from", from.is_none() && to.is_some()), ("to", to.is_none() && from.is_some())]
    {
        if is_missing {
            faults.add(field, Code::MissingField);
        }
    }
    let mut time =
        |field: &str, text: Option<&str>| text.and_then(|text| faults.keep(field, clock_time(text)));
    let (from, to) = (time("from", from), time("to", to));
    from.zip(to)
}

/// On which days drives of one shape are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SpanOfDays {
    /// The first civil day.
    pub first: NaiveDate,
    /// The last civil day, within half a year.
    pub last: NaiveDate,
    /// A drive on each of these in the span, 31 drives at most.
    pub weekdays: Vec<Weekday>,
}

/// The series that a form describes.
///
/// # Errors
/// `unknown_field` of a `date`; every field of the drive that is wrong.
pub fn series(days: &SpanOfDays, drive: &DriveForm, own: Option<FacilityId>) -> Result<NewSeries> {
    let under = |mut problem: Problem| {
        problem.errors.iter_mut().for_each(|error| error.field = format!("drive.{}", error.field));
        problem
    };
    if drive.date.is_some() {
        return Err(Problem::field("drive.date", Code::InvalidValue));
    }
    let each = parse(drive, days.first, own).map_err(under)?;
    Ok(NewSeries { first: days.first, last: days.last, weekdays: days.weekdays.clone(), each })
}
