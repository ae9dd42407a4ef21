//! A bag of another blood service, as its label says; and a bag of the own shelf that is thrown away by its number.

use std::str::FromStr;

use actix_web::web;
use askama::Template;
use shiryan_kernel::attribute::{Attribute, Attributes};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::din::Din;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::{Code, Problem, Result};

use super::bench;
use crate::accounts::{Actor, DiscardUnits, ReceiveUnits};
use crate::db::Tx;
use crate::http::{Answer, House, NoQuery};
use crate::stock::{self, Delivery, Subject};
use crate::texts::ProblemText;
use crate::web::{Choice, Fields, Frame, Posted, Print, Visitor, field, go, is_for_the_form, told};

#[derive(Template)]
#[template(path = "arrive.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    form: Fields,
    components: Vec<Choice>,
    groups: Vec<Choice>,
    attributes: Vec<Choice>,
    additives: Vec<Choice>,
}

impl Page {
    fn value(&self, name: &str) -> &str {
        field(&self.form, name)
    }
}

pub async fn ask(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    show(&house, &visitor, Fields::default(), None)
}

fn show(house: &House, visitor: &Visitor, form: Fields, problem: Option<&Problem>) -> Answer {
    let _by: Actor<ReceiveUnits> = visitor.seat()?;
    let frame = Frame { at: "/bank/receive".to_owned(), ..Frame::of(house, visitor, "arrive-title") };
    let say = frame.say;
    let chosen = |name: &str, otherwise: &'static str| match field(&form, name) {
        "" => otherwise.to_owned(),
        code => code.to_owned(),
    };
    let components = Component::ALL.iter().map(|own| own.code());
    let ticked = |own: &Attribute| Choice {
        code: own.code().to_owned(),
        text: say.word("attribute", own.code()),
        chosen: field(&form, own.code()) == "on",
    };
    let page = Page {
        said: problem.map(|problem| told(say.0, problem)),
        components: Choice::words(
            say,
            "component",
            components,
            &chosen("component", Component::RedCells.code()),
        ),
        groups: Choice::words(
            say,
            "blood-group",
            BloodGroup::ALL.iter().map(|own| own.code()),
            &chosen("blood_group", ""),
        ),
        attributes: Attribute::ALL.iter().map(ticked).collect(),
        additives: Choice::words(
            say,
            "additive",
            Additive::ALL.iter().map(|own| own.code()),
            &chosen("additive", ""),
        ),
        form,
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

pub async fn submit(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    match arrived(&house, &visitor, &form, &print).await {
        Ok(()) => Ok(go("/bank")),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, form, Some(&problem)),
        Err(problem) => Err(problem.into()),
    }
}

async fn arrived(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<ReceiveUnits> = visitor.seat()?;
    let new = delivery(form)?;
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let deliver = move |tx: &mut Tx| stock::deliver(tx, &vault, zone, &who, &new);
    house.once(&by, print.by(by.user), deliver).await.map(|_| ())
}

/// A bag as the form says.
fn delivery(form: &Fields) -> Result<Delivery> {
    let mut faults = Faults::none();
    let din = faults.keep("din", Din::parse(field(form, "din")));
    let component = read(&mut faults, form, "component");
    let volume_ml = read(&mut faults, form, "volume_ml");
    let collected_on = read(&mut faults, form, "collected_on");
    let expires_on = read(&mut faults, form, "expires_on");
    let division =
        if field(form, "division").is_empty() { Some(0) } else { read(&mut faults, form, "division") };
    let blood_group = read(&mut faults, form, "blood_group");
    let additive = match field(form, "additive") {
        "" => None,
        _ => read(&mut faults, form, "additive"),
    };
    let all =
        din.zip(component).zip(volume_ml.zip(blood_group)).zip(collected_on.zip(expires_on)).zip(division);
    let ((((din, component), (volume_ml, blood_group)), (collected_on, expires_on)), division) =
        faults.give(all)?;
    let attributes = attributes(form);
    Ok(Delivery {
        din,
        component,
        division,
        blood_group,
        volume_ml,
        collected_on,
        expires_on,
        attributes,
        additive,
    })
}

/// The attributes that are ticked.
#[must_use]
pub fn attributes(form: &Fields) -> Attributes {
    let ticked = Attribute::ALL.iter().copied().filter(|own| field(form, own.code()) == "on");
    Attributes::of(&ticked.collect::<Vec<_>>())
}

fn read<T: FromStr>(faults: &mut Faults, form: &Fields, name: &str) -> Option<T> {
    let read = match field(form, name) {
        "" => Err(Problem::new(Code::MissingField)),
        text => text.parse().map_err(|_| Problem::new(Code::InvalidValue)),
    };
    faults.keep(name, read)
}

#[derive(Template)]
#[template(path = "discard.html")]
struct DiscardPage {
    frame: Frame,
    said: Option<ProblemText>,
    din: String,
    division: String,
    components: Vec<Choice>,
    reasons: Vec<Choice>,
}

pub async fn ask_discard(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    show_discard(&house, &visitor, &Fields::default(), None)
}

fn show_discard(house: &House, visitor: &Visitor, form: &Fields, problem: Option<&Problem>) -> Answer {
    let _by: Actor<DiscardUnits> = visitor.seat()?;
    let frame = Frame { at: "/bank/discard".to_owned(), ..Frame::of(house, visitor, "discard-title") };
    let say = frame.say;
    let component = match field(form, "component") {
        "" => Component::RedCells.code(),
        code => code,
    };
    let page = DiscardPage {
        said: problem.map(|problem| told(say.0, problem)),
        din: field(form, "din").to_owned(),
        division: field(form, "division").to_owned(),
        components: Choice::words(say, "component", Component::ALL.iter().map(|own| own.code()), component),
        reasons: bench::reasons(say),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

pub async fn discard(house: web::Data<House>, posted: Posted<Fields>) -> Answer {
    let Posted { visitor, form, print } = posted;
    match discarded(&house, &visitor, &form, &print).await {
        Ok(()) => Ok(go("/bank")),
        Err(problem) if is_for_the_form(&problem) || problem.code == Code::NotFound => {
            show_discard(&house, &visitor, &form, Some(&problem))
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn discarded(house: &House, visitor: &Visitor, form: &Fields, print: &Print) -> Result<()> {
    let by: Actor<DiscardUnits> = visitor.seat()?;
    let mut faults = Faults::none();
    let din = faults.keep("din", Din::parse(field(form, "din")));
    let component: Option<Component> = read(&mut faults, form, "component");
    let division: Option<i32> =
        if field(form, "division").is_empty() { Some(0) } else { read(&mut faults, form, "division") };
    let ((din, component), division) = faults.give(din.zip(component).zip(division))?;
    let who = by.clone();
    let units = house.db.read(move |conn| stock::units_of(conn, &who, Subject::Number(din))).await?;
    let unit = units.iter().find(|unit| unit.component == component && unit.division == division);
    let unit = unit.ok_or_else(|| Problem::new(Code::NotFound))?;
    bench::discard(house, visitor, unit.id, form, print).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_field_of_a_label_is_told_at_once() {
        let form = |pairs: &[(&str, &str)]| -> Fields {
            let mut form = Fields::default();
            pairs.iter().for_each(|(name, value)| form.set(*name, *value));
            form
        };
        let problem = delivery(&form(&[("din", "x"), ("volume_ml", "much")])).unwrap_err();
        let fields: Vec<&str> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["din", "component", "volume_ml", "collected_on", "expires_on", "blood_group"]);
        let din = Din::compose("A9999", 26, 7).unwrap();
        let good = form(&[
            ("din", &din.printed()),
            ("component", "plasma"),
            ("volume_ml", "250"),
            ("collected_on", "2026-11-20"),
            ("expires_on", "2027-11-20"),
            ("blood_group", "ab_neg"),
            ("irradiated", "on"),
            ("additive", ""),
        ]);
        let read = delivery(&good).unwrap();
        assert_eq!((read.din, read.division, read.blood_group), (din, 0, BloodGroup::AbNeg));
        assert_eq!(read.attributes.list(), [Attribute::Irradiated]);
    }
}
