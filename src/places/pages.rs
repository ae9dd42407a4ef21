//! Units and facilities, each with a form for a new one, and a file of many at once, tried first or brought in.

mod import;

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::place::{Governorate, PlaceKind};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::FacilityKind;
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::{Code, Problem, Result};

use super::{NewFacility, NewUnit, PlaceName};
use crate::accounts::{Actor, ManagePlaces};
use crate::db::Tx;
use crate::http::{Answer, House, Query};
use crate::sheets::Format;
use crate::texts::{Lang, ProblemText};
use crate::web::{
    Choice, Fields, Frame, Posted, Print, Say, Table, Visitor, field, go, is_for_the_form, told,
};

/// Units, and facilities, that are listed.
const MOST: i64 = 2_000;

/// Adds the pages.
pub fn pages(config: &mut web::ServiceConfig) {
    config
        .route("/places", web::get().to(places))
        .route("/places/units", web::post().to(make_unit))
        .route("/places/imports", web::post().to(import::send))
        .route("/places/imports/{id}", web::get().to(import::look))
        .route("/places/imports/{id}/rejects", web::get().to(import::rejects))
        .route("/places/facilities", web::post().to(make_facility));
}

struct Row {
    code: String,
    name: String,
    /// What it stands below, or what kind it is.
    what: String,
    governorate: String,
}

#[derive(Template)]
#[template(path = "places.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    units: Vec<Row>,
    facilities: Vec<Row>,
    governorates: Vec<Choice>,
    kinds: Vec<Choice>,
    /// What a file may hold.
    lists: Vec<Choice>,
    form: Fields,
}

impl Page {
    fn value(&self, name: &str) -> &str {
        field(&self.form, name)
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    /// Both tables as one file.
    format: Option<Format>,
}

async fn places(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    match asked.format {
        Some(format) => {
            let page = page(&house, &visitor, Fields::default(), None).await?;
            visitor.file(&house, format, table(page.frame.say, &page)).await
        }
        None => show(&house, &visitor, Fields::default(), None).await,
    }
}

/// Facilities, then units.
fn table(say: Say, page: &Page) -> Table {
    let headings = [
        "places-import-what",
        "column-code",
        "column-name",
        "places-kind",
        "places-above",
        "column-governorate",
    ];
    let facility = |own: &Row| {
        let what = say.text("places-facilities");
        vec![
            what,
            own.code.clone(),
            own.name.clone(),
            own.what.clone(),
            String::new(),
            own.governorate.clone(),
        ]
    };
    let unit = |own: &Row| {
        let what = say.text("places-units");
        vec![
            what,
            own.code.clone(),
            own.name.clone(),
            String::new(),
            own.what.clone(),
            own.governorate.clone(),
        ]
    };
    Table {
        name: "places",
        header: headings.map(|id| say.text(id)).into(),
        rows: page.facilities.iter().map(facility).chain(page.units.iter().map(unit)).collect(),
    }
}

async fn show(house: &House, visitor: &Visitor, form: Fields, problem: Option<&Problem>) -> Answer {
    let page = page(house, visitor, form, problem).await?;
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

async fn page(house: &House, visitor: &Visitor, form: Fields, problem: Option<&Problem>) -> Result<Page> {
    let _by: Actor<ManagePlaces> = visitor.seat()?;
    let (units, facilities) = house
        .db
        .read(move |conn| Ok((super::units(conn, None, 0, MOST)?, super::facilities(conn, 0, MOST)?)))
        .await?;
    let frame = Frame { at: "/places".to_owned(), ..Frame::of(house, visitor, "places-title") };
    let say = frame.say;
    let name = |ar: &str, en: &str| if say.0 == Lang::Ar { ar.to_owned() } else { en.to_owned() };
    let above = |parent: Option<UnitId>| {
        let found = parent.and_then(|id| units.iter().find(|unit| unit.id == id));
        found.map(|unit| unit.code.clone()).unwrap_or_default()
    };
    Ok(Page {
        said: problem.map(|problem| told(say.0, problem)),
        units: units
            .iter()
            .map(|own| Row {
                code: own.code.clone(),
                name: name(&own.name_ar, &own.name_en),
                what: above(own.parent),
                governorate: say.word("governorate", own.governorate.code()),
            })
            .collect(),
        facilities: facilities
            .iter()
            .map(|own| Row {
                code: own.code.clone(),
                name: name(&own.name_ar, &own.name_en),
                what: say.word("facility-kind", own.kind.code()),
                governorate: say.word("governorate", own.governorate.code()),
            })
            .collect(),
        governorates: Choice::words(
            say,
            "governorate",
            Governorate::ALL.iter().map(|own| own.code()),
            field(&form, "governorate"),
        ),
        kinds: Choice::words(
            say,
            "facility-kind",
            FacilityKind::ALL.iter().map(|own| own.code()),
            field(&form, "kind"),
        ),
        lists: Choice::words(
            say,
            "place-kind",
            PlaceKind::ALL.iter().map(|own| own.code()),
            field(&form, "list"),
        ),
        form,
        frame,
    })
}

async fn make_unit(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let made = unit(&house, &visitor, &form, &print).await;
    answer(&house, &visitor, form, made).await
}

async fn make_facility(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let made = facility(&house, &visitor, &form, &print).await;
    answer(&house, &visitor, form, made).await
}

async fn answer(house: &House, visitor: &Visitor, form: Fields, made: Result<()>) -> Answer {
    match made {
        Ok(()) => Ok(go("/places")),
        Err(problem) if is_for_the_form(&problem) => show(house, visitor, form, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

/// What every place has.
fn common(faults: &mut Faults, form: &Fields) -> Option<(ShortCode, PlaceName, PlaceName, Governorate)> {
    let code = faults.keep("code", ShortCode::parse(field(form, "code")));
    let name_ar = faults.keep("name_ar", PlaceName::parse(field(form, "name_ar")));
    let name_en = faults.keep("name_en", PlaceName::parse(field(form, "name_en")));
    let governorate = field(form, "governorate").parse().map_err(|_| Problem::new(Code::InvalidValue));
    let governorate = faults.keep("governorate", governorate);
    let ((code, name_ar), (name_en, governorate)) = code.zip(name_ar).zip(name_en.zip(governorate))?;
    Some((code, name_ar, name_en, governorate))
}

async fn unit(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<ManagePlaces> = visitor.seat()?;
    let mut faults = Faults::none();
    let own = common(&mut faults, form);
    let (code, name_ar, name_en, governorate) = faults.give(own)?;
    let above = field(form, "parent").to_owned();
    let parent = house
        .db
        .read(move |conn| {
            if above.is_empty() {
                return Ok(None);
            }
            let found = super::unit_by_code(conn, &above)?;
            found.map(Some).ok_or_else(|| Problem::field("parent", Code::UnknownReference))
        })
        .await?;
    let new = NewUnit { code, name_ar, name_en, parent, governorate };
    let (vault, who) = (house.vault.clone(), by.user);
    let make = move |tx: &mut Tx| super::create_unit(tx, &vault, Some(who), &new);
    house.once(&by, print.by(by.user), make).await.map(|_| ())
}

async fn facility(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<ManagePlaces> = visitor.seat()?;
    let mut faults = Faults::none();
    let own = common(&mut faults, form);
    let kind = field(form, "kind").parse::<FacilityKind>().map_err(|_| Problem::new(Code::InvalidValue));
    let kind = faults.keep("kind", kind);
    let ((code, name_ar, name_en, governorate), kind) = faults.give(own.zip(kind))?;
    let new = NewFacility { code, kind, name_ar, name_en, governorate };
    let (vault, who) = (house.vault.clone(), by.user);
    let make = move |tx: &mut Tx| super::create_facility(tx, &vault, Some(who), &new);
    house.once(&by, print.by(by.user), make).await.map(|_| ())
}
