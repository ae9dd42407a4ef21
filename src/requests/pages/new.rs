//! A hospital asks for units.

use std::str::FromStr;

use actix_web::web;
use askama::Template;
use chrono::NaiveDateTime;
use serde::Deserialize;
use shiryan_kernel::attribute::{Attribute, Attributes};
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::Urgency;
use shiryan_kernel::text::Note;
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Code, Problem, Result};

use super::patient::needs_boxes;
use crate::accounts::{Actor, RequestUnits};
use crate::http::{Answer, House, Query};
use crate::requests::{self, Line, NewRequest, Pseudonym};
use crate::texts;
use crate::web::{Choice, Frame, Posted, Say, Visitor, go, is_for_the_form};

/// The form as it was filled in: an empty field says nothing.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Form {
    patient: String,
    blood_group: String,
    group_evidence: String,
    sex: String,
    age_band: String,
    component: String,
    units: String,
    /// What else is asked for the same patient and hour, where it is.
    #[serde(default)]
    more_component: String,
    #[serde(default)]
    more_units: String,
    urgency: String,
    /// A civil day and time of the zone; now when empty.
    needed_at: String,
    notes: String,
    /// Boxes: what each unit must have.
    #[serde(default)]
    irradiated: String,
    #[serde(default)]
    leucodepleted: String,
    #[serde(default)]
    cmv_negative: String,
    #[serde(default)]
    small: String,
    #[serde(default)]
    low_titre: String,
}

impl Form {
    fn needs(&self) -> Attributes {
        let boxes = [
            (&self.irradiated, Attribute::Irradiated),
            (&self.leucodepleted, Attribute::Leucodepleted),
            (&self.cmv_negative, Attribute::CmvNegative),
            (&self.small, Attribute::Small),
            (&self.low_titre, Attribute::LowTitre),
        ];
        let ticked = boxes.into_iter().filter(|(value, _)| *value == "on").map(|(_, own)| own);
        Attributes::of(&ticked.collect::<Vec<_>>())
    }

    fn parse(&self, zone: Zone) -> Result<(NewRequest, Vec<Line>)> {
        let mut faults = Faults::none();
        let lines = self.more(&mut faults);
        let patient = faults.keep("patient", Pseudonym::parse(&self.patient));
        let component = faults.keep("component", needed(&self.component));
        let units = faults.keep("units", needed::<i32>(&self.units));
        let urgency = faults.keep("urgency", needed(&self.urgency));
        let blood_group = optional(&mut faults, "blood_group", &self.blood_group);
        let group_evidence = optional(&mut faults, "group_evidence", &self.group_evidence);
        let sex = optional(&mut faults, "sex", &self.sex);
        let age_band = optional(&mut faults, "age_band", &self.age_band);
        let needed_at = match self.needed_at.trim() {
            "" => None,
            // A browser leaves the seconds out or not.
            text => ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
                .iter()
                .find_map(|pattern| NaiveDateTime::parse_from_str(text, pattern).ok())
                .map(|civil| zone.moment(civil.date(), civil.time()))
                .or_else(|| {
                    faults.add("needed_at", Code::InvalidValue);
                    None
                }),
        };
        // A browser ends each line with both.
        let notes = Some(self.notes.replace("\r\n", "\n")).filter(|notes| !notes.trim().is_empty());
        let notes = notes.and_then(|notes| faults.keep("notes", Note::parse(&notes)));
        let whole = patient.zip(component).zip(units).zip(urgency);
        let (((patient, component), units), urgency) = faults.give(whole)?;
        let needs = self.needs();
        let new = NewRequest {
            patient,
            blood_group,
            group_evidence,
            sex,
            age_band,
            component,
            units,
            needs,
            urgency,
            needed_at,
            notes,
        };
        Ok((new, lines))
    }

    /// The second line, where there is one: it needs what a unit of its component can have of what the first one needs.
    fn more(&self, faults: &mut Faults) -> Vec<Line> {
        let component = optional(faults, "more_component", &self.more_component);
        let units = optional(faults, "more_units", &self.more_units);
        match (component, units) {
            (Some(component), Some(units)) => {
                vec![Line { component, units, needs: self.needs().of_component(component) }]
            }
            (Some(_), None) => {
                faults.add("more_units", Code::MissingField);
                Vec::new()
            }
            (None, Some(_)) => {
                faults.add("more_component", Code::MissingField);
                Vec::new()
            }
            (None, None) => Vec::new(),
        }
    }
}

/// What the form begins with, as the own shelf and the question of what fits ask for it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    component: Option<Component>,
    blood_group: Option<BloodGroup>,
    group_evidence: Option<GroupEvidence>,
    sex: Option<Sex>,
    age_band: Option<AgeBand>,
    units: Option<u16>,
    urgency: Option<Urgency>,
    /// Attributes, with commas between.
    needs: Option<String>,
}

fn needed<T: FromStr>(text: &str) -> Result<T> {
    match text.trim() {
        "" => Err(Problem::new(Code::MissingField)),
        text => text.parse().map_err(|_| Problem::new(Code::InvalidValue)),
    }
}

fn optional<T: FromStr>(faults: &mut Faults, field: &str, text: &str) -> Option<T> {
    if text.trim().is_empty() { None } else { faults.keep(field, needed(text)) }
}

/// A field at fault: its label and what is wrong with it.
struct Fault {
    field: String,
    label: String,
    detail: String,
}

#[derive(Template)]
#[template(path = "request_new.html")]
struct Page {
    frame: Frame,
    faults: Vec<Fault>,
    groups: Vec<Choice>,
    evidences: Vec<Choice>,
    sexes: Vec<Choice>,
    ages: Vec<Choice>,
    components: Vec<Choice>,
    more: Vec<Choice>,
    urgencies: Vec<Choice>,
    boxes: Vec<Choice>,
    most_units: i32,
    form: Form,
}

impl Page {
    fn of(frame: Frame, form: Form, problem: Option<&Problem>) -> Self {
        let say = frame.say;
        Self {
            faults: problem.map_or_else(Vec::new, |problem| faults(say, problem)),
            groups: Choice::words(
                say,
                "blood-group",
                BloodGroup::ALL.iter().map(|group| group.code()),
                &form.blood_group,
            ),
            evidences: Choice::words(
                say,
                "group-evidence",
                [GroupEvidence::Confirmed, GroupEvidence::TypedOnce, GroupEvidence::Declared]
                    .iter()
                    .map(|evidence| evidence.code()),
                &form.group_evidence,
            ),
            sexes: Choice::words(say, "sex", Sex::ALL.iter().map(|sex| sex.code()), &form.sex),
            ages: Choice::words(say, "age-band", AgeBand::ALL.iter().map(|age| age.code()), &form.age_band),
            components: Choice::words(
                say,
                "component",
                Component::ALL.iter().map(|component| component.code()),
                &form.component,
            ),
            more: Choice::words(
                say,
                "component",
                Component::ALL.iter().map(|component| component.code()),
                &form.more_component,
            ),
            urgencies: Choice::words(
                say,
                "urgency",
                Urgency::ALL.iter().map(|urgency| urgency.code()),
                &form.urgency,
            ),
            boxes: needs_boxes(say, form.needs()),
            most_units: requests::rules::MOST_UNITS,
            form,
            frame,
        }
    }

    /// Whether the field is at fault.
    fn wrong(&self, field: &str) -> bool {
        self.faults.iter().any(|fault| fault.field == field)
    }
}

fn faults(say: Say, problem: &Problem) -> Vec<Fault> {
    let of = |field: &str, code: Code| Fault {
        label: if field.is_empty() { String::new() } else { say.word("request-field", field) },
        field: field.to_owned(),
        detail: texts::problem(say.0, code).title,
    };
    if problem.errors.is_empty() {
        return vec![of("", problem.code)];
    }
    // The page has one line more.
    let own = |field: &str| {
        field.strip_prefix("lines[0].").map_or_else(|| field.to_owned(), |name| format!("more_{name}"))
    };
    problem.errors.iter().map(|error| of(&own(&error.field), error.code)).collect()
}

pub async fn ask(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let _by: Actor<RequestUnits> = visitor.seat()?;
    let asked = asked.into_inner();
    let needs = Attributes::named(asked.needs.as_deref()).map_err(|problem| problem.on("needs"))?;
    let ticked = |own: Attribute| if needs.has(own) { "on".to_owned() } else { String::new() };
    let form = Form {
        component: asked.component.unwrap_or(Component::RedCells).code().to_owned(),
        blood_group: asked.blood_group.map(|group| group.code().to_owned()).unwrap_or_default(),
        // The least that can be said of a group: more is claimed by whoever looked.
        group_evidence: asked.group_evidence.unwrap_or(GroupEvidence::Declared).code().to_owned(),
        sex: asked.sex.map(|sex| sex.code().to_owned()).unwrap_or_default(),
        age_band: asked.age_band.map(|age| age.code().to_owned()).unwrap_or_default(),
        units: asked.units.unwrap_or(1).to_string(),
        urgency: asked.urgency.unwrap_or(Urgency::Urgent).code().to_owned(),
        irradiated: ticked(Attribute::Irradiated),
        leucodepleted: ticked(Attribute::Leucodepleted),
        cmv_negative: ticked(Attribute::CmvNegative),
        small: ticked(Attribute::Small),
        low_titre: ticked(Attribute::LowTitre),
        ..Form::default()
    };
    Ok(visitor.page(&Page::of(Frame::of(&house, &visitor, "request-new-title"), form, None))?)
}

pub async fn submit(house: web::Data<House>, posted: Posted<Form>) -> Answer {
    let Posted { visitor, form, print } = posted;
    let by: Actor<RequestUnits> = visitor.seat()?;
    let made = match form.parse(house.zone) {
        Ok((mut new, lines)) => {
            // How a group is known says nothing where there is none.
            new.group_evidence = new.group_evidence.filter(|_| new.blood_group.is_some());
            let (who, vault) = (by.clone(), house.vault.clone());
            house
                .once_guarded(&by, print.by(by.user), move |tx| {
                    requests::submit_lines(tx, &vault, &who, &new, &lines)
                })
                .await
        }
        Err(problem) => Err(problem),
    };
    match made {
        // Of several the list shows how each stands.
        Ok(steps) => Ok(go(&match steps.as_slice() {
            [only] => format!("/requests/{}", only.id),
            _ => "/requests".to_owned(),
        })),
        Err(problem) if !is_for_the_form(&problem) => Err(problem.into()),
        Err(problem) => {
            let page = Page::of(Frame::of(&house, &visitor, "request-new-title"), form, Some(&problem));
            Ok(visitor.page_of(problem.code, &page)?)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form() -> Form {
        Form {
            patient: "P-1".into(),
            component: "plasma".into(),
            units: "2".into(),
            urgency: "urgent".into(),
            ..Form::default()
        }
    }

    #[test]
    fn what_is_left_empty_says_nothing() {
        let (new, lines) = form().parse(Zone::default()).unwrap();
        assert_eq!((new.blood_group, new.sex, new.needed_at, new.units), (None, None, None, 2));
        assert!(new.notes.is_none() && new.needs.is_empty() && lines.is_empty());
    }

    #[test]
    fn a_second_line_is_whole_or_told() {
        let beside = |component: &str, units: &str| Form {
            more_component: component.into(),
            more_units: units.into(),
            irradiated: "on".into(),
            ..form()
        };
        let (_, lines) = beside("red_cells", "3").parse(Zone::default()).unwrap();
        let line = lines.first().unwrap();
        assert_eq!((line.component, line.units), (Component::RedCells, 3));
        assert_eq!(line.needs.list(), [Attribute::Irradiated]);
        let (_, plain) = beside("cryoprecipitate", "3").parse(Zone::default()).unwrap();
        assert!(plain.first().unwrap().needs.is_empty(), "nothing that it cannot have");
        for (component, units, field) in [("red_cells", "", "more_units"), ("", "2", "more_component")] {
            let problem = beside(component, units).parse(Zone::default()).unwrap_err();
            assert_eq!(problem.errors[0].field, field);
        }
    }

    #[test]
    fn a_ticked_box_is_a_need() {
        let form = Form { irradiated: "on".into(), cmv_negative: "on".into(), ..form() };
        let needs = form.parse(Zone::default()).unwrap().0.needs;
        assert_eq!(needs.list(), [Attribute::Irradiated, Attribute::CmvNegative]);
    }

    #[test]
    fn every_box_that_the_page_draws_is_taken() {
        for own in Attribute::ALL {
            let sent = format!(
                "patient=P-1&component=whole_blood&units=1&urgency=urgent&blood_group=&group_evidence=&sex=&age_band=\
                 &needed_at=&notes=&{}=on",
                own.code()
            );
            let form: Form = serde_urlencoded::from_str(&sent).unwrap();
            assert_eq!(form.needs(), Attributes::of(&[*own]), "{own:?}");
        }
    }

    #[test]
    fn every_wrong_field_is_told_at_once() {
        let form = Form {
            patient: " ".into(),
            units: "two".into(),
            blood_group: "o".into(),
            needed_at: "tomorrow".into(),
            urgency: String::new(),
            ..form()
        };
        let problem = form.parse(Zone::default()).unwrap_err();
        let fields: Vec<&str> = problem.errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["patient", "units", "urgency", "blood_group", "needed_at"]);
    }

    #[test]
    fn a_time_is_read_in_the_zone_with_seconds_or_without() {
        for text in ["2026-11-30T08:30", "2026-11-30T08:30:00"] {
            let new = Form { needed_at: text.into(), ..form() }.parse(Zone::default()).unwrap();
            assert_eq!(new.0.needed_at.unwrap().to_rfc3339(), "2026-11-30T06:30:00+00:00");
        }
    }
}
