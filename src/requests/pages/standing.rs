//! Standing orders: which stand, one of them with what it made, and a form for a new one.

use actix_web::web;
use askama::Template;
use chrono::NaiveTime;
use serde::Deserialize;
use shiryan_kernel::blood::Component;
use shiryan_kernel::ids::StandingOrderId;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::StandingState;
use shiryan_kernel::text::Note;
use shiryan_kernel::time::{Weekday, clock_time, plus_days};
use shiryan_kernel::{Code, Problem, Result};

use super::Names;
use super::patient::{PatientFields, group, needed, needs, needs_boxes, optional};
use crate::accounts::{Actor, RequestUnits, SeeRequests};
use crate::db::Tx;
use crate::http::{Answer, House, NoQuery, PathId, Query};
use crate::requests::Pseudonym;
use crate::requests::rules::standing::{Cadence, DAYS_AHEAD};
use crate::requests::standing::{self, NewStanding, OpenedStanding, StandingOrder, Turn};
use crate::sheets::Format;
use crate::texts::ProblemText;
use crate::web::{
    Choice, Fields, Frame, Group, Posted, Print, Say, Table, Visitor, field, go, is_for_the_form, told,
};

/// Orders on the page.
const MOST: i64 = 200;
/// An order whose last day is so near is marked.
const NEAR_DAYS: i64 = 14;

/// An order in a list.
struct Order {
    id: String,
    hospital: String,
    group: Option<Group>,
    group_name: String,
    component: String,
    units: i32,
    needs: Vec<String>,
    cadence: String,
    due_at: String,
    next: String,
    last: String,
    ends_soon: bool,
    state: String,
    code: StandingState,
}

impl Order {
    fn of(house: &House, say: Say, names: &Names, order: &StandingOrder) -> Self {
        let today = house.zone.date(house.db.now());
        Self {
            id: order.id.to_string(),
            hospital: names.of(order.facility, say.0),
            group: order.blood_group.map(Group),
            group_name: order.blood_group.map_or_else(
                || say.text("request-group-unknown"),
                |group| say.word("blood-group", group.code()),
            ),
            component: say.word("component", order.component.code()),
            units: order.units,
            needs: order.needs.list().iter().map(|own| say.word("attribute", own.code())).collect(),
            cadence: cadence(say, &order.cadence()),
            due_at: order.due_at().format("%H:%M").to_string(),
            next: order.next_due_on.map(|day| say.short_day(day)).unwrap_or_default(),
            last: say.day(order.last_on),
            ends_soon: order.state != StandingState::Ended && order.last_on <= plus_days(today, NEAR_DAYS),
            state: say.word("standing-state", order.state.code()),
            code: order.state,
        }
    }

    fn is_active(&self) -> bool {
        self.code == StandingState::Active
    }

    fn is_paused(&self) -> bool {
        self.code == StandingState::Paused
    }
}

fn cadence(say: Say, cadence: &Cadence) -> String {
    match cadence {
        Cadence::Every(days) => say.count("standing-every", i64::from(*days)),
        Cadence::On(days) => {
            let names: Vec<String> = days.iter().map(|day| weekday(say, *day)).collect();
            names.join(&format!("{} ", say.text("list-comma")))
        }
    }
}

fn weekday(say: Say, day: Weekday) -> String {
    let place = Weekday::ALL.iter().position(|own| *own == day).unwrap_or(0);
    say.text(&format!("weekday-{place}"))
}

#[derive(Template)]
#[template(path = "standing_list.html")]
struct ListPage {
    frame: Frame,
    may_ask: bool,
    orders: Vec<Order>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    /// The table as a file.
    format: Option<Format>,
}

pub async fn list(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let by: Actor<SeeRequests> = visitor.seat()?;
    let who = by.clone();
    let (mut orders, names) = house
        .db
        .read(move |conn| {
            // By state, so that what is over never crowds out what goes on.
            let mut orders = Vec::new();
            for state in StandingState::ALL {
                orders.extend(standing::list(conn, &who, Some(*state), (0, MOST))?);
            }
            let names = Names::read(conn, orders.iter().map(|order| order.facility))?;
            Ok((orders, names))
        })
        .await?;
    orders.sort_by_key(|order| (order.state == StandingState::Ended, order.next_due_on, order.last_on));
    let frame = Frame::of(&house, &visitor, "standing-title");
    let say = frame.say;
    let page = ListPage {
        may_ask: by.role == Role::Hospital,
        orders: orders.iter().map(|order| Order::of(&house, say, &names, order)).collect(),
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(&house, format, table(say, &page.orders)).await,
        None => Ok(visitor.page(&page)?),
    }
}

fn table(say: Say, orders: &[Order]) -> Table {
    let headings =
        ["hospital", "component", "group", "units", "cadence", "needed", "next-due", "last-day", "status"];
    let cells = |own: &Order| {
        vec![
            own.hospital.clone(),
            own.component.clone(),
            own.group_name.clone(),
            own.units.to_string(),
            own.cadence.clone(),
            own.due_at.clone(),
            own.next.clone(),
            own.last.clone(),
            own.state.clone(),
        ]
    };
    Table {
        name: "standing",
        header: headings.map(|id| say.text(&format!("column-{id}"))).into(),
        rows: orders.iter().map(cells).collect(),
    }
}

/// A request that an order made.
struct Made {
    id: String,
    day: String,
    state: String,
}

#[derive(Template)]
#[template(path = "standing.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    order: Order,
    patient: String,
    notes: Option<String>,
    made: Vec<Made>,
    may_turn: bool,
}

pub async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<StandingOrderId>,
    _query: NoQuery,
) -> Answer {
    show(&house, &visitor, id.0, None).await
}

async fn show(house: &House, visitor: &Visitor, id: StandingOrderId, problem: Option<&Problem>) -> Answer {
    let by: Actor<SeeRequests> = visitor.seat()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let (opened, names) = house
        .db
        .read(move |conn| {
            let opened = standing::look(conn, &vault, &who, id)?;
            let names = Names::read(conn, [opened.order.facility].into_iter())?;
            Ok((opened, names))
        })
        .await?;
    let frame = Frame { at: format!("/standing/{id}"), ..Frame::of(house, visitor, "standing-one-title") };
    let say = frame.say;
    let OpenedStanding { order, patient, notes, requests } = opened;
    let page = Page {
        said: problem.map(|problem| told(say.0, problem)),
        order: Order::of(house, say, &names, &order),
        patient,
        notes,
        made: requests
            .into_iter()
            .map(|made| Made {
                id: made.id.to_string(),
                day: say.day(made.due_on),
                state: say.word("request-state", made.state.code()),
            })
            .collect(),
        may_turn: by.role == Role::Hospital,
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

/// Pauses, resumes or ends an order.
pub async fn step(
    house: web::Data<House>,
    path: web::Path<(String, String)>,
    posted: Posted<Fields>,
) -> Answer {
    let Posted { visitor, print, .. } = posted;
    let (id, step) = path.into_inner();
    let id: StandingOrderId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    let turn = match step.as_str() {
        "pause" => Turn::Pause,
        "resume" => Turn::Resume,
        "end" => Turn::End,
        _ => return Err(Problem::new(Code::NotFound).into()),
    };
    let by: Actor<RequestUnits> = visitor.seat()?;
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let turned = move |tx: &mut Tx| standing::turn(tx, &vault, zone, &who, id, turn);
    match house.once_guarded(&by, print.by(by.user), turned).await {
        Ok(_) => Ok(go(&format!("/standing/{id}"))),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, id, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

#[derive(Template)]
#[template(path = "standing_new.html")]
struct NewPage {
    frame: Frame,
    said: Option<ProblemText>,
    patient: PatientFields,
    components: Vec<Choice>,
    weekdays: Vec<Choice>,
    boxes: Vec<Choice>,
    form: Fields,
}

impl NewPage {
    fn value(&self, name: &str) -> &str {
        field(&self.form, name)
    }
}

pub async fn ask(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    form(&house, &visitor, Fields::default(), None)
}

fn form(house: &House, visitor: &Visitor, form: Fields, problem: Option<&Problem>) -> Answer {
    let _by: Actor<RequestUnits> = visitor.seat()?;
    let frame = Frame { at: "/standing/new".to_owned(), ..Frame::of(house, visitor, "standing-new-title") };
    let say = frame.say;
    let component = match field(&form, "component") {
        "" => Component::RedCells.code(),
        code => code,
    };
    let day = |own: &Weekday| Choice {
        code: own.code().to_owned(),
        text: weekday(say, *own),
        chosen: field(&form, own.code()) == "on",
    };
    let page = NewPage {
        said: problem.map(|problem| told(say.0, problem)),
        patient: PatientFields::of(say, &form),
        components: Choice::words(say, "component", Component::ALL.iter().map(|own| own.code()), component),
        weekdays: Weekday::ALL.iter().map(day).collect(),
        boxes: needs_boxes(say, needs(&form)),
        form,
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

pub async fn submit(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form: fields, print } = posted;
    match ordered(&house, &visitor, &fields, &print).await {
        Ok(id) => Ok(go(&format!("/standing/{id}"))),
        Err(problem) if is_for_the_form(&problem) => form(&house, &visitor, fields, Some(&problem)),
        Err(problem) => Err(problem.into()),
    }
}

async fn ordered(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<StandingOrderId> {
    let by: Actor<RequestUnits> = visitor.seat()?;
    let new = read(form)?;
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let order = move |tx: &mut Tx| standing::order(tx, &vault, zone, &who, &new);
    Ok(house.once_guarded(&by, print.by(by.user), order).await?.id)
}

fn read(form: &Fields) -> Result<NewStanding> {
    let mut faults = Faults::none();
    let patient = faults.keep("patient", Pseudonym::parse(field(form, "patient")));
    let (blood_group, group_evidence) = group(&mut faults, form);
    let sex = optional(&mut faults, form, "sex");
    let age_band = optional(&mut faults, form, "age_band");
    let component: Option<Component> = needed(&mut faults, form, "component");
    let units = needed::<i32>(&mut faults, form, "units");
    let due_at: Option<NaiveTime> = faults.keep("due_at", clock_time(field(form, "due_at")));
    let first_on = needed(&mut faults, form, "first_on");
    let last_on = needed(&mut faults, form, "last_on");
    let days_ahead = optional(&mut faults, form, "days_ahead").unwrap_or(DAYS_AHEAD.1);
    let every_days = optional(&mut faults, form, "every_days");
    let weekdays: Vec<Weekday> =
        Weekday::ALL.iter().copied().filter(|own| field(form, own.code()) == "on").collect();
    let notes = Some(field(form, "notes").replace("\r\n", "\n")).filter(|notes| !notes.is_empty());
    let notes = notes.and_then(|notes| faults.keep("notes", Note::parse(&notes)));
    let whole = patient.zip(component).zip(units).zip(due_at).zip(first_on.zip(last_on));
    let ((((patient, component), units), due_at), (first_on, last_on)) = faults.give(whole)?;
    Ok(NewStanding {
        patient,
        blood_group,
        group_evidence,
        sex,
        age_band,
        component,
        units,
        needs: needs(form),
        cadence: Cadence::of(every_days, &weekdays)?,
        due_at,
        first_on,
        last_on,
        days_ahead,
        notes,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_read_and_every_wrong_field_is_told() {
        let form = |pairs: &[(&str, &str)]| -> Fields {
            let mut form = Fields::default();
            pairs.iter().for_each(|(name, value)| form.set(*name, *value));
            form
        };
        let good = [
            ("patient", "P-1"),
            ("component", "red_cells"),
            ("units", "2"),
            ("due_at", "08:00"),
            ("first_on", "2026-11-30"),
            ("last_on", "2027-05-30"),
            ("monday", "on"),
            ("irradiated", "on"),
            ("group_evidence", "confirmed"),
        ];
        let read = read(&form(&good)).unwrap();
        assert_eq!((read.cadence, read.days_ahead), (Cadence::On(vec![Weekday::Monday]), 3));
        assert!(read.group_evidence.is_none(), "of no group nothing is known");
        assert_eq!(read.needs.list().len(), 1);
        let wrong = super::read(&form(&[("units", "two"), ("due_at", "8")])).unwrap_err();
        let fields: Vec<&str> = wrong.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["patient", "component", "units", "due_at", "first_on", "last_on"]);
    }
}
