//! Which units are on our shelf, and the life of one of them: from the arm to its fate.
//!
//! A hospital sees its own shelf and where each of its units was; why a bag was stopped and who did it are for blood banks
//! and physicians.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::Code;
use shiryan_kernel::Problem;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::{BloodUnitId, FacilityId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::bag::Bag;
use crate::accounts::{Actor, SeeStock};
use crate::http::{Answer, House, NoQuery, PathId, Query};
use crate::places::{self, Facility};
use crate::sheets::Format;
use crate::stock::{self, Filter};
use crate::texts::Lang;
use crate::web::{Choice, Frame, Say, Table, Time, Visitor, chosen};

/// Units on one page.
const MOST: usize = 200;
/// What lies on a shelf.
const ON_SHELF: [UnitStatus; 9] = [
    UnitStatus::Quarantine,
    UnitStatus::Released,
    UnitStatus::Reserved,
    UnitStatus::Issued,
    UnitStatus::Returned,
    UnitStatus::Expired,
    UnitStatus::Blocked,
    UnitStatus::InTransit,
    UnitStatus::EmergencyUntested,
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    component: Option<String>,
    group: Option<String>,
    status: Option<String>,
    /// The table as a file.
    format: Option<Format>,
}

#[derive(Template)]
#[template(path = "units.html")]
struct ListPage {
    frame: Frame,
    at: Time,
    today: String,
    components: Vec<Choice>,
    groups: Vec<Choice>,
    states: Vec<Choice>,
    bags: Vec<Bag>,
    is_cut: bool,
}

/// The units of the visitor's own shelf, soonest to expire first; a physician sees those of every shelf.
pub async fn list(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let by: Actor<SeeStock> = visitor.seat()?;
    let component: Option<Component> = chosen("component", asked.component.as_deref())?;
    let group: Option<BloodGroup> = chosen("group", asked.group.as_deref())?;
    let status: Option<UnitStatus> = chosen("status", asked.status.as_deref())?;
    let (who, now) = (by.clone(), house.db.now());
    // A hospital's bags have been issued to it; a blood bank's have left it then.
    let otherwise = if by.role == Role::Hospital { UnitStatus::Issued } else { UnitStatus::Released };
    let status = status.unwrap_or(otherwise);
    if !ON_SHELF.contains(&status) {
        return Err(Problem::field("status", Code::InvalidValue).into());
    }
    let filter = Filter { component, blood_group: group, status: Some(status), ..Filter::default() };
    let most = i64::try_from(MOST).map_err(Problem::internal)? + 1;
    let units = house.db.read(move |conn| stock::units_to_expire(conn, &who, filter, most)).await?;
    let frame = Frame::of(&house, &visitor, "units-title");
    let say = frame.say;
    let any = |list: &str, codes: Vec<&'static str>, chosen: Option<&'static str>| {
        let mut all =
            vec![Choice { code: String::new(), text: say.text("filter-any"), chosen: chosen.is_none() }];
        all.append(&mut Choice::words(say, list, codes.into_iter(), chosen.unwrap_or_default()));
        all
    };
    let page = ListPage {
        at: Time(now, house.zone),
        today: say.day(house.zone.date(now)),
        components: any(
            "component",
            Component::ALL.iter().map(|own| own.code()).collect(),
            component.map(Component::code),
        ),
        groups: any(
            "blood-group",
            BloodGroup::ALL.iter().map(|own| own.code()).collect(),
            group.map(BloodGroup::code),
        ),
        states: Choice::words(say, "unit-status", ON_SHELF.iter().map(|own| own.code()), status.code()),
        is_cut: units.len() > MOST,
        bags: units.iter().take(MOST).map(|unit| Bag::of(&house, say, unit)).collect(),
        frame,
    };
    match asked.format {
        Some(format) => visitor.file(&house, format, table(say, &page.bags)).await,
        None => Ok(visitor.page(&page)?),
    }
}

fn table(say: Say, bags: &[Bag]) -> Table {
    let headings = ["column-unit", "unit-division", "column-group", "column-component", "column-status"];
    let mut header: Vec<String> = headings.iter().map(|id| say.text(id)).collect();
    header.extend(["column-good-until", "unit-attributes"].map(|id| say.text(id)));
    let cells = |bag: &Bag| {
        let division = if bag.division > 0 { bag.division.to_string() } else { String::new() };
        let mut cells = vec![bag.din.clone(), division, bag.group_name.clone(), bag.component.clone()];
        cells.extend([bag.status.clone(), bag.until.stamp(), bag.attributes.join(", ")]);
        cells
    };
    Table { name: "units", header, rows: bags.iter().map(cells).collect() }
}

/// A step of a unit's life.
struct Step {
    day: String,
    time: Time,
    state: String,
    place: String,
    /// Why, in words, and what was noted; nothing for a hospital.
    why: Option<String>,
    note: Option<String>,
}

#[derive(Template)]
#[template(path = "unit.html")]
struct Page {
    frame: Frame,
    bag: Bag,
    warning: Option<String>,
    volume_ml: i32,
    collected: String,
    place: String,
    steps: Vec<Step>,
    may_print: bool,
}

pub async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<BloodUnitId>,
    _query: NoQuery,
) -> Answer {
    let by: Actor<SeeStock> = visitor.seat()?;
    let (who, vault) = (by.clone(), house.vault.clone());
    let (unit, steps, places) = house
        .db
        .read(move |conn| {
            let (unit, steps) = stock::trace(conn, &vault, &who, id.0)?;
            let mut places: HashMap<FacilityId, Facility> = HashMap::new();
            for place in steps.iter().map(|step| step.facility).chain([unit.facility]) {
                if let Entry::Vacant(unknown) = places.entry(place) {
                    unknown.insert(places::facility(conn, place)?);
                }
            }
            Ok((unit, steps, places))
        })
        .await?;
    let frame = Frame::of(&house, &visitor, "unit-title");
    let say = frame.say;
    let is_told = by.role != Role::Hospital;
    let named = |place: FacilityId| {
        let name = |own: &Facility| match say.0 {
            Lang::Ar => own.name_ar.clone(),
            Lang::En => own.name_en.clone(),
        };
        places.get(&place).map(name).unwrap_or_default()
    };
    let steps = steps.into_iter().map(|step| Step {
        day: say.day(house.zone.date(step.at)),
        time: Time(step.at, house.zone),
        state: say.word("unit-status", step.to.code()),
        place: named(step.facility),
        why: is_told.then(|| say.word("move-reason", step.reason.code())),
        note: step.note.filter(|_| is_told),
    });
    let is_untested = unit.status == UnitStatus::EmergencyUntested;
    let page = Page {
        steps: steps.collect(),
        warning: is_untested.then(|| say.text("unit-warning-emergency-untested")),
        volume_ml: unit.volume_ml,
        collected: say.day(unit.collected_on),
        place: named(unit.facility),
        may_print: is_told && !matches!(unit.status, UnitStatus::Transfused | UnitStatus::Divided),
        bag: Bag::of(&house, say, &unit),
        frame,
    };
    Ok(visitor.page(&page)?)
}
