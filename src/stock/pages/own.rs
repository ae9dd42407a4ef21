//! The own shelf of a hospital or a blood bank: what may be used, how long it lasts, how much should lie there and what to
//! ask for. A hospital confirms it by the number of bags that somebody counted.

use actix_web::web;
use askama::Template;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::{Code, Problem, Result};

use super::{Asked, Held, Row};
use crate::accounts::{Actor, ConfirmShelf, KeepShelf};
use crate::db::Tx;
use crate::http::{Answer, House};
use crate::places;
use crate::stock::{self, OwnCell, OwnShelf, Par, rules};
use crate::texts::{Lang, ProblemText};
use crate::web::{
    Choice, Fields, Frame, Group, Posted, Print, Say, Table, Time, Visitor, field, go, is_for_the_form, told,
};

/// A cell that holds something or should.
struct Line {
    group: Group,
    group_name: String,
    component: String,
    usable: i64,
    days: Option<String>,
    par: Option<i32>,
    order: i64,
    /// Where as much is asked for.
    ask: Option<String>,
}

#[derive(Template)]
#[template(path = "own_shelf.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    at: Time,
    today: String,
    counted: Option<(String, Time)>,
    name: String,
    components: Vec<String>,
    rows: Vec<Row>,
    quarantine: Vec<i64>,
    lines: Vec<Line>,
    may_confirm: bool,
    groups: Vec<Choice>,
    kinds: Vec<Choice>,
    most: i32,
    form: Fields,
}

impl Page {
    fn value(&self, name: &str) -> &str {
        field(&self.form, name)
    }
}

/// The page, with what was wrong with a form where there was one.
pub async fn show(
    house: &House,
    visitor: &Visitor,
    asked: Asked,
    (form, problem): (Fields, Option<&Problem>),
) -> Answer {
    let by: Actor<KeepShelf> = visitor.seat()?;
    let (who, zone, now) = (by.clone(), house.zone, house.db.now());
    let (facility, shelf) = house
        .db
        .read(move |conn| {
            let facility = places::facility(conn, who.own_facility()?)?;
            Ok((facility, stock::own_shelf(conn, &who, zone, now)?))
        })
        .await?;
    let mut frame = Frame::of(house, visitor, "shelf-title");
    if problem.is_some() {
        frame.at = "/shelves".to_owned();
    }
    let say = frame.say;
    let may_ask = visitor.seat::<ConfirmShelf>().is_ok();
    if let Some(format) = asked.format {
        return visitor.file(house, format, table(say, &shelf)).await;
    }
    let stamp = |at| (say.day(zone.date(at)), Time(at, zone));
    let page = Page {
        said: problem.map(|problem| told(say.0, problem)),
        at: Time(now, zone),
        today: say.day(zone.date(now)),
        counted: shelf.counted_at.map(stamp),
        name: if say.0 == Lang::Ar { facility.name_ar } else { facility.name_en },
        components: Component::ALL.iter().map(|own| say.word("component", own.code())).collect(),
        rows: BloodGroup::ALL.iter().map(|group| row(say, &shelf, *group)).collect(),
        quarantine: Component::ALL
            .iter()
            .map(|own| shelf.quarantine.get(own).copied().unwrap_or_default())
            .collect(),
        lines: shelf.cells.iter().map(|cell| line(say, cell, may_ask)).collect(),
        may_confirm: may_ask,
        groups: Choice::words(
            say,
            "blood-group",
            BloodGroup::ALL.iter().map(|own| own.code()),
            field(&form, "blood_group"),
        ),
        kinds: Choice::words(
            say,
            "component",
            Component::ALL.iter().map(|own| own.code()),
            field(&form, "component"),
        ),
        most: rules::MOST_PAR,
        form,
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn row(say: Say, shelf: &OwnShelf, group: BloodGroup) -> Row {
    let of = |component: &Component| {
        let own = |cell: &&OwnCell| cell.blood_group == group && cell.component == *component;
        let found = shelf.cells.iter().find(own);
        found.map_or_else(Held::default, |cell| Held { usable: cell.usable, expiring: cell.expiring })
    };
    Row {
        group: Group(group),
        name: say.word("blood-group", group.code()),
        cells: Component::ALL.iter().map(of).collect(),
    }
}

fn line(say: Say, cell: &OwnCell, may_ask: bool) -> Line {
    let (group, component) = (cell.blood_group.code(), cell.component.code());
    let address = format!(
        "/requests/new?component={component}&blood_group={group}&group_evidence=confirmed&units={}",
        cell.order
    );
    Line {
        group: Group(cell.blood_group),
        group_name: say.word("blood-group", group),
        component: say.word("component", component),
        usable: cell.usable,
        days: cell.days.map(|days| format!("{days:.1}")),
        par: cell.par,
        order: cell.order,
        ask: Some(address).filter(|_| may_ask && cell.order > 0),
    }
}

fn table(say: Say, shelf: &OwnShelf) -> Table {
    let headings =
        ["column-group", "column-component", "column-units", "column-expiring", "column-days", "column-par"];
    let mut header: Vec<String> = headings.iter().map(|id| say.text(id)).collect();
    header.push(say.text("column-order"));
    let nothing = |(component, blood_group)| OwnCell {
        component,
        blood_group,
        usable: 0,
        expiring: 0,
        days: None,
        par: None,
        order: 0,
    };
    let all = BloodGroup::ALL
        .iter()
        .flat_map(|group| Component::ALL.iter().map(|component| (*component, *group)))
        .map(|key| {
            let held = shelf.cells.iter().find(|own| (own.component, own.blood_group) == key);
            held.cloned().unwrap_or_else(|| nothing(key))
        });
    let cells = |cell: OwnCell| {
        let mut cells = vec![
            say.word("blood-group", cell.blood_group.code()),
            say.word("component", cell.component.code()),
        ];
        cells.extend([cell.usable.to_string(), cell.expiring.to_string()]);
        cells.push(cell.days.map(|days| format!("{days:.1}")).unwrap_or_default());
        cells.push(cell.par.map(|par| par.to_string()).unwrap_or_default());
        cells.push(cell.order.to_string());
        cells
    };
    Table { name: "shelf", header, rows: all.map(cells).collect() }
}

/// A form of the page: how much should lie there, or how much was counted.
pub async fn step(house: web::Data<House>, step: web::Path<String>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let done = match step.as_str() {
        "par" => set_par(&house, &visitor, &form, &print).await,
        "confirm" => confirm(&house, &visitor, &form, &print).await,
        _ => Err(Problem::new(Code::NotFound)),
    };
    match done {
        Ok(()) => Ok(go("/shelves")),
        Err(problem) if is_for_the_form(&problem) => {
            show(&house, &visitor, Asked::default(), (form, Some(&problem))).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn set_par(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<KeepShelf> = visitor.seat()?;
    let mut faults = Faults::none();
    let component: Option<Component> = form.need(&mut faults, "component");
    let group: Option<BloodGroup> = form.need(&mut faults, "blood_group");
    let units: Option<i32> = match field(form, "par") {
        "" => None,
        text => faults.keep("par", text.parse().map_err(|_| Problem::new(Code::InvalidValue))),
    };
    let (component, blood_group) = faults.give(component.zip(group))?;
    let (vault, who) = (house.vault.clone(), by.clone());
    let set = move |tx: &mut Tx| stock::set_par(tx, &vault, &who, Par { component, blood_group, units });
    house.once(&by, print.by(by.user), set).await.map(drop)
}

async fn confirm(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<ConfirmShelf> = visitor.seat()?;
    let mut faults = Faults::none();
    let units: Option<i32> = form.need(&mut faults, "counted");
    let units = faults.give(units)?;
    let (vault, who) = (house.vault.clone(), by.clone());
    house
        .once(&by, print.by(by.user), move |tx: &mut Tx| stock::confirm(tx, &vault, &who, units))
        .await
        .map(drop)
}
