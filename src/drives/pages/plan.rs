//! Planning a drive: a form, what it would be and bring, and then the drive, drives of one shape on many days, or a
//! blueprint of it. Nothing is written before it is asked for.

use actix_web::web;
use askama::Template;
use chrono::NaiveDate;
use serde::Deserialize;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{BlueprintId, DriveId, FacilityId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::{DriveStatus, FacilityKind};
use shiryan_kernel::time::Weekday;
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{Actor, PlanDrives, unit_roots};
use crate::db::Conn;
use crate::drives::blueprints::{self, Blueprint, Name};
use crate::drives::form::{DriveForm, SpanForm, SpanOfDays, Target, parse, series};
use crate::drives::{self, Foreseen, NewSeries, rules};
use crate::http::{Answer, House, Query};
use crate::places;
use crate::texts::{self, Lang};
use crate::web::{
    Choice, Fields, Frame, Group, Part, Posted, Said, Say, Sheet, Visitor, go, is_for_the_form,
};

const LIST: &str = "drive-field";
/// The most units, blood banks and blueprints that are offered.
const MOST: i64 = 200;

/// What a new form begins with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    blueprint: Option<BlueprintId>,
}

/// What a drive on one day would be.
struct Day {
    day: String,
    places: i64,
    come: String,
    units: String,
    /// Why there would be none, or fewer slots.
    notes: Vec<String>,
    is_refused: bool,
}

/// Units that may come of one group.
struct Brings {
    group: Option<Group>,
    units: String,
}

struct Preview {
    days: Vec<Day>,
    eligible: i64,
    show: i64,
    brings: Vec<Brings>,
}

struct Kept {
    id: String,
    name: String,
}

#[derive(Template)]
#[template(path = "drive_new.html")]
struct Page {
    frame: Frame,
    said: Option<Said>,
    preview: Option<Preview>,
    kept: Vec<Kept>,
    parts: Vec<Part>,
}

/// What is offered to choose from.
struct Offered {
    units: Vec<places::Unit>,
    banks: Vec<places::Facility>,
    kept: Vec<Blueprint>,
}

async fn offered(house: &House, by: &Actor<PlanDrives>) -> Result<Offered> {
    let (who, vault) = (by.clone(), house.vault.clone());
    house
        .db
        .read(move |conn: &mut Conn| {
            let roots = if who.is_unit_bound() { Some(unit_roots(conn, who.user)?) } else { None };
            let mut banks = places::facilities(conn, 0, MOST)?;
            banks.retain(|found| {
                found.kind == FacilityKind::BloodBank && who.facility.is_none_or(|own| own == found.id)
            });
            Ok(Offered {
                units: places::units(conn, roots.as_deref(), 0, MOST)?,
                banks,
                kept: blueprints::list(conn, &vault, &who, 0, MOST)?,
            })
        })
        .await
}

pub(super) async fn ask(house: web::Data<House>, visitor: Visitor, query: Query<Start>) -> Answer {
    let by: Actor<PlanDrives> = visitor.seat()?;
    let fields = match query.blueprint {
        Some(id) => {
            let (who, vault) = (by.clone(), house.vault.clone());
            let kept = house.db.read(move |conn| blueprints::get(conn, &vault, &who, id)).await?;
            filled(&serde_json::from_str(&kept.shape).map_err(Problem::internal)?)
        }
        None => usual(),
    };
    let page = page(&house, &visitor, &by, &fields, None, None).await?;
    Ok(visitor.page(&page)?)
}

pub(super) async fn submit(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let by: Actor<PlanDrives> = posted.visitor.seat()?;
    let (visitor, fields) = (&posted.visitor, &posted.form);
    let outcome = match fields.written("do") {
        "keep" => keep(&house, &by, &posted).await.map(Done::Went),
        "save" => save(&house, &by, &posted).await.map(Done::Went),
        _ => preview(&house, &by, visitor, fields).await.map(Done::Seen),
    };
    match outcome {
        Ok(Done::Went(to)) => Ok(go(&to)),
        Ok(Done::Seen(seen)) => {
            let page = page(&house, visitor, &by, fields, None, Some(seen)).await?;
            Ok(visitor.page(&page)?)
        }
        Err(problem) if !is_for_the_form(&problem) => Err(problem.into()),
        Err(problem) => {
            let page = page(&house, visitor, &by, fields, Some(&problem), None).await?;
            Ok(visitor.page_of(problem.code, &page)?)
        }
    }
}

enum Done {
    Went(String),
    Seen(Preview),
}

/// One drive, or many of one shape.
enum Planned {
    One(Box<drives::NewDrive>),
    Many(Box<NewSeries>),
}

fn planned(fields: &Fields, own: Option<FacilityId>) -> Result<(DriveForm, Planned)> {
    let mut faults = Faults::none();
    let form = told(&mut faults, fields);
    let first: Option<NaiveDate> = fields.need(&mut faults, "date");
    let last: Option<NaiveDate> = fields.read(&mut faults, "last");
    let weekdays: Vec<Weekday> = fields.codes(&mut faults, "weekdays");
    let (form, first) = faults.give(form.zip(first))?;
    let planned = match last {
        None => Planned::One(Box::new(parse(&form, first, own)?)),
        Some(last) => Planned::Many(Box::new(series(&SpanOfDays { first, last, weekdays }, &form, own)?)),
    };
    Ok((form, planned))
}

/// What the fields say of a drive, whatever its day.
fn told(faults: &mut Faults, fields: &Fields) -> Option<DriveForm> {
    let span = |name: &str| {
        let (from, to) = (format!("{name}.from"), format!("{name}.to"));
        let is_said = fields.said(&from).is_some() || fields.said(&to).is_some();
        let span = SpanForm { from: fields.written(&from).to_owned(), to: fields.written(&to).to_owned() };
        is_said.then_some(span).into_iter().collect()
    };
    let governorate = fields.need(faults, "governorate");
    let unit = fields.need(faults, "unit");
    let slot_minutes = fields.need(faults, "slot_minutes");
    let beds = fields.need(faults, "beds");
    let target = |faults: &mut Faults, group: BloodGroup| {
        let units = fields.read(faults, &format!("targets.{}", group.code()))?;
        Some(Target { blood_group: group, units })
    };
    let targets = BloodGroup::ALL.iter().filter_map(|group| target(faults, *group)).collect();
    let staff = fields.read(faults, "staff");
    let facility = fields.read(faults, "facility");
    let donation_types = fields.codes(faults, "donation_types");
    let walk_ins = fields.read(faults, "walk_ins").unwrap_or(0);
    let show_per_cent = fields.read(faults, "show_per_cent");
    let high_c = fields.read(faults, "high_c");
    let (governorate, unit) = governorate.zip(unit)?;
    let (slot_minutes, beds) = slot_minutes.zip(beds)?;
    Some(DriveForm {
        title: fields.said("title").map(ToOwned::to_owned),
        governorate,
        place: fields.written("place").to_owned(),
        date: None,
        from: fields.written("from").to_owned(),
        to: fields.written("to").to_owned(),
        slot_minutes,
        beds,
        staff,
        breaks: span("breaks"),
        unit,
        facility,
        donation_types,
        walk_ins,
        overbook: fields.is("overbook"),
        show_per_cent,
        women: span("women"),
        at_prayer: fields.is("at_prayer"),
        for_unfasting: fields.is("for_unfasting"),
        outdoor: fields.is("outdoor"),
        high_c,
        book_until: None,
        targets,
        draft: fields.is("draft"),
    })
}

/// The usual drive: a morning of whole blood.
fn usual() -> Fields {
    Fields::of([
        ("from", "09:00".into()),
        ("to", "13:00".into()),
        ("slot_minutes", "30".into()),
        ("beds", "4".into()),
        ("walk_ins", "0".into()),
        ("donation_types.whole_blood", "on".into()),
    ])
}

/// The fields of a shape that was kept.
fn filled(form: &DriveForm) -> Fields {
    let mut fields = Fields::default();
    let mut put = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            fields.set(name, value);
        }
    };
    let number = |value: Option<i32>| value.map(|value| value.to_string());
    let tick = |is: bool| is.then(|| "on".to_owned());
    put("title", form.title.clone());
    put("governorate", Some(form.governorate.code().to_owned()));
    put("place", Some(form.place.clone()));
    put("from", Some(form.from.clone()));
    put("to", Some(form.to.clone()));
    put("slot_minutes", number(Some(form.slot_minutes)));
    put("beds", number(Some(form.beds)));
    put("staff", number(form.staff));
    put("walk_ins", number(Some(form.walk_ins)));
    put("show_per_cent", number(form.show_per_cent));
    put("high_c", number(form.high_c));
    put("unit", Some(form.unit.to_string()));
    put("facility", form.facility.map(|facility| facility.to_string()));
    for (name, spans) in [("breaks", &form.breaks), ("women", &form.women)] {
        if let Some(span) = spans.first() {
            put(&format!("{name}.from"), Some(span.from.clone()));
            put(&format!("{name}.to"), Some(span.to.clone()));
        }
    }
    for (name, is) in [
        ("overbook", form.overbook),
        ("at_prayer", form.at_prayer),
        ("for_unfasting", form.for_unfasting),
        ("outdoor", form.outdoor),
        ("draft", form.draft),
    ] {
        put(name, tick(is));
    }
    for given in &form.donation_types {
        put(&format!("donation_types.{}", given.code()), tick(true));
    }
    for target in &form.targets {
        put(&format!("targets.{}", target.blood_group.code()), number(Some(target.units)));
    }
    fields
}

async fn save(house: &House, by: &Actor<PlanDrives>, posted: &Posted<Fields>) -> Result<String> {
    let (form, planned) = planned(&posted.form, by.facility)?;
    let status = if form.draft { DriveStatus::Draft } else { DriveStatus::Open };
    let (vault, who, ground) = (house.vault.clone(), by.clone(), house.ground());
    let request = posted.print.by(by.user);
    match planned {
        Planned::One(new) => {
            let made: DriveId = house
                .once(by, request, move |tx| Ok(drives::plan(tx, &vault, &ground, &who, &new, status)?.id))
                .await?;
            Ok(format!("/drives/{made}"))
        }
        Planned::Many(new) => {
            let first = new.first;
            house
                .once(by, request, move |tx| drives::plan_series(tx, &vault, &ground, &who, &new, status))
                .await?;
            Ok(format!("/week?from={first}"))
        }
    }
}

async fn keep(house: &House, by: &Actor<PlanDrives>, posted: &Posted<Fields>) -> Result<String> {
    let fields = &posted.form;
    let mut faults = Faults::none();
    let form = told(&mut faults, fields);
    let name = faults.keep("name", Name::parse(fields.written("name")));
    let (form, name) = faults.give(form.zip(name))?;
    // Looked at as if it were planned today: what is wrong in it is told now.
    parse(&form, house.today(), by.facility)?;
    let text = serde_json::to_string(&form).map_err(Problem::internal)?;
    let (vault, who, unit) = (house.vault.clone(), by.clone(), form.unit);
    let request = posted.print.by(by.user);
    let saved =
        house.once(by, request, move |tx| blueprints::save(tx, &vault, &who, unit, &name, &text)).await?;
    Ok(format!("/drives/new?blueprint={}", saved.id))
}

async fn preview(
    house: &House,
    by: &Actor<PlanDrives>,
    visitor: &Visitor,
    fields: &Fields,
) -> Result<Preview> {
    let (form, planned) = planned(fields, by.facility)?;
    let new = match planned {
        Planned::One(each) => NewSeries {
            first: each.date,
            last: each.date,
            weekdays: vec![Weekday::of(each.date)],
            each: *each,
        },
        Planned::Many(new) => *new,
    };
    let is_one = new.first == new.last;
    let (who, ground, stated) = (by.clone(), house.ground(), form.show_per_cent);
    let found = house.db.read(move |conn| drives::foresee_series(conn, &ground, &who, &new, stated)).await?;
    // Of a single day what is wrong is told at its field.
    if let (true, Some((_, Err(problem)))) = (is_one, found.first()) {
        return Err(problem.clone());
    }
    let say = Say(visitor.lang);
    let first = found.iter().find_map(|(_, seen)| seen.as_ref().ok());
    let brings = |seen: &Foreseen| {
        let row = |(group, units): &(Option<BloodGroup>, f64)| Brings {
            group: group.map(Group),
            units: format!("{units:.1}"),
        };
        seen.expected.units.iter().map(row).collect()
    };
    Ok(Preview {
        eligible: first.map_or(0, |seen| seen.eligible),
        show: first.map_or(0, |seen| seen.show.into()),
        brings: first.map(brings).unwrap_or_default(),
        days: found.iter().map(|(on, seen)| day(house, say, *on, seen)).collect(),
    })
}

fn day(house: &House, say: Say, on: NaiveDate, seen: &Result<Foreseen>) -> Day {
    let seen = match seen {
        Ok(seen) => seen,
        Err(problem) => {
            let code = problem.errors.first().map_or(problem.code, |error| error.code);
            let code = if problem.code == Code::UnitAbsent { problem.code } else { code };
            return Day {
                day: say.day(on),
                places: 0,
                come: String::new(),
                units: String::new(),
                notes: vec![texts::problem(say.0, code).title],
                is_refused: true,
            };
        }
    };
    let units: f64 = seen.expected.units.iter().map(|(_, units)| units).sum();
    Day {
        day: say.day(on),
        places: i64::from(seen.capacity) * i64::try_from(seen.slots).unwrap_or(i64::MAX),
        come: format!("{:.1}", seen.expected.come),
        units: format!("{units:.1}"),
        notes: notes(house, say, seen),
        is_refused: false,
    }
}

/// What is in the way of a drive on its day, or beside it.
fn notes(house: &House, say: Say, seen: &Foreseen) -> Vec<String> {
    let time = |at: shiryan_kernel::time::Moment| at.with_timezone(&house.zone.0).format("%H:%M").to_string();
    let kept = seen.left_out.iter().map(|(at, because)| {
        let why = say.word("kept-free", because.code());
        say.with("drive-left-out", &[("time", &texts::isolated(&time(*at))), ("why", &why)])
    });
    let marks = seen.day.marks.iter().map(|mark| match say.0 {
        Lang::Ar => mark.ar.to_string(),
        Lang::En => mark.en.to_string(),
    });
    let closed = seen.closures.iter().map(|closure| {
        say.with("week-closed", &[("where", &say.word("governorate", closure.governorate.code()))])
    });
    let clashes = seen.clashes.iter().map(|clash| {
        let branch = match say.0 {
            Lang::Ar => clash.branch.name_ar(),
            Lang::En => clash.branch.name_en(),
        };
        say.with(
            match clash.mode {
                shiryan_kernel::branch::RestMode::Block => "drive-clash-block",
                _ => "drive-clash-warn",
            },
            &[("branch", branch)],
        )
    });
    let mut notes: Vec<String> = clashes.chain(closed).chain(marks).chain(kept).collect();
    notes.dedup();
    notes
}

async fn page(
    house: &House,
    visitor: &Visitor,
    by: &Actor<PlanDrives>,
    fields: &Fields,
    problem: Option<&Problem>,
    preview: Option<Preview>,
) -> Result<Page> {
    let frame = Frame { at: "/drives/new".to_owned(), ..Frame::of(house, visitor, "drive-new-title") };
    let offered = offered(house, by).await?;
    let fields = &at_home(fields, &offered);
    let sheet = Sheet { say: frame.say, list: LIST, fields, problem };
    Ok(Page {
        said: problem.map(|problem| Said::of(frame.say, LIST, problem)),
        preview,
        parts: parts(&sheet, &offered),
        kept: offered
            .kept
            .iter()
            .map(|kept| Kept { id: kept.id.to_string(), name: kept.name.clone() })
            .collect(),
        frame,
    })
}

/// A form that names no place yet begins with the unit's own governorate and the blood bank there.
fn at_home(fields: &Fields, offered: &Offered) -> Fields {
    let mut fields = fields.clone();
    if let (None, Some(unit)) = (fields.said("governorate"), offered.units.first()) {
        fields.set("governorate", unit.governorate.code());
        if let Some(bank) = offered.banks.iter().find(|bank| bank.governorate == unit.governorate) {
            fields.set("facility", bank.id);
        }
    }
    fields
}

fn parts(sheet: &Sheet<'_>, offered: &Offered) -> Vec<Part> {
    let say = sheet.say;
    let named = |ar: &str, en: &str| if say.0 == Lang::Ar { ar.to_owned() } else { en.to_owned() };
    let choice = |field: &str, id: String, text: String| Choice {
        chosen: sheet.fields.written(field) == id,
        code: id,
        text,
    };
    let units = offered
        .units
        .iter()
        .map(|unit| choice("unit", unit.id.to_string(), named(&unit.name_ar, &unit.name_en)));
    let none = choice("facility", String::new(), say.text("drive-no-facility"));
    let banks = offered
        .banks
        .iter()
        .map(|bank| choice("facility", bank.id.to_string(), named(&bank.name_ar, &bank.name_en)));
    let part = |legend: &str, inputs| Part { legend: say.text(legend), inputs };
    let target = |group: &BloodGroup| {
        let name = format!("targets.{}", group.code());
        sheet.number(&name, (1, 10_000)).called(say.word("blood-group", group.code()))
    };
    vec![
        part(
            "drive-part-where",
            vec![
                sheet.line("title", 120),
                sheet.choice("unit", units.collect()).needed(),
                sheet
                    .words("governorate", "governorate", Governorate::ALL.iter().map(|place| place.code()))
                    .needed(),
                sheet.line("place", 200).needed().hint(say.text("drive-place-hint")),
                sheet.choice("facility", std::iter::once(none).chain(banks).collect()),
            ],
        ),
        part(
            "drive-part-when",
            vec![
                sheet.date("date").needed(),
                sheet.time("from").needed(),
                sheet.time("to").needed(),
                sheet.date("last").hint(say.text("drive-last-hint")),
                sheet.boxes("weekdays", "weekday-name", Weekday::ALL.iter().map(|day| day.code())),
            ],
        ),
        part(
            "drive-part-room",
            vec![
                sheet.number("slot_minutes", (5, 240)).needed(),
                sheet.number("beds", (1, rules::MOST_BEDS)).needed(),
                sheet.number("staff", (1, rules::MOST_BEDS)),
                sheet.number("walk_ins", (0, rules::MOST_BEDS - 1)),
                sheet.boxes(
                    "donation_types",
                    "donation-type",
                    DonationType::ALL.iter().map(|given| given.code()),
                ),
            ],
        ),
        part(
            "drive-part-terms",
            vec![
                sheet.time("breaks.from").called(say.text("drive-field-break-from")),
                sheet.time("breaks.to").called(say.text("drive-field-break-to")),
                sheet.time("women.from").called(say.text("drive-field-women-from")),
                sheet.time("women.to").called(say.text("drive-field-women-to")),
                sheet.tick("at_prayer"),
                sheet.tick("for_unfasting"),
                sheet.tick("outdoor"),
                sheet.number("high_c", (-20, 60)),
                sheet.tick("overbook"),
                sheet.number("show_per_cent", (1, 100)).hint(say.text("drive-show-hint")),
                sheet.tick("draft"),
            ],
        ),
        part("drive-part-targets", BloodGroup::ALL.iter().map(target).collect()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Fields {
        let mut fields = usual();
        for (name, value) in [
            ("title", "حملة"),
            ("governorate", "PS-RBH"),
            ("place", "قاعة"),
            ("date", "2026-12-01"),
            ("unit", "0000000000001"),
            ("breaks.from", "11:00"),
            ("breaks.to", "11:30"),
            ("women.from", "09:00"),
            ("women.to", "10:00"),
            ("outdoor", "on"),
            ("high_c", "٢٥"),
            ("overbook", "on"),
            ("targets.o_neg", "5"),
        ] {
            fields.set(name, value);
        }
        fields
    }

    #[test]
    fn a_shape_that_was_kept_fills_the_form_as_it_was() {
        let read = |fields: &Fields| {
            let mut faults = Faults::none();
            let form = told(&mut faults, fields);
            serde_json::to_value(faults.give(form).unwrap()).unwrap()
        };
        let fields = whole();
        let shape = read(&fields);
        assert_eq!((&shape["high_c"], &shape["targets"][0]["units"]), (&25.into(), &5.into()));
        assert_eq!(read(&filled(&serde_json::from_value(shape.clone()).unwrap())), shape);
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once() {
        let mut fields = whole();
        for (name, value) in [("beds", "many"), ("unit", ""), ("date", "tomorrow"), ("targets.o_neg", "x")] {
            fields.set(name, value);
        }
        let problem = planned(&fields, None).err().unwrap();
        let fields: Vec<&str> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["unit", "beds", "targets.o_neg", "date"]);
    }
}
