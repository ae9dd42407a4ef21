//! Which units can I request? What fits a patient's group, where it lies and how fresh that is, how far it is; what stands
//! nearest where nothing fits; and beside it, never added, which donors could be called.

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::attribute::{Attribute, Attributes};
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::compat::{Caution, Recipient};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::{MOST_UNITS_ASKED, Urgency};
use shiryan_kernel::{Code, Problem, Result};

use super::{NAMED, silent};
use crate::accounts::{Actor, AskAvailability, RequestUnits};
use crate::db::off_loop;
use crate::http::{Answer, House, Query};
use crate::reserve::availability::{
    self, Availability, DonorCell, GroupCount, MOST_HOURS, Offered, Question, REMINDERS, SiteShelf,
};
use crate::reserve::published::Area;
use crate::sheets::Format;
use crate::texts::{Lang, ProblemText};
use crate::web::{Choice, Frame, Group, Say, Table, Time, Visitor, chosen, told};

/// Good for so long unless something else is asked.
const HOURS: i64 = 24;

/// What the form asks; an empty field asks for nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    recipient_group: Option<String>,
    group_evidence: Option<String>,
    sex: Option<String>,
    age_band: Option<String>,
    component: Option<String>,
    units: Option<String>,
    urgency: Option<String>,
    governorate: Option<String>,
    within_hours: Option<String>,
    irradiated: Option<String>,
    leucodepleted: Option<String>,
    cmv_negative: Option<String>,
    small: Option<String>,
    low_titre: Option<String>,
    /// The units as a file.
    format: Option<Format>,
}

impl Asked {
    fn needs(&self) -> Attributes {
        let boxes = [
            (&self.irradiated, Attribute::Irradiated),
            (&self.leucodepleted, Attribute::Leucodepleted),
            (&self.cmv_negative, Attribute::CmvNegative),
            (&self.small, Attribute::Small),
            (&self.low_titre, Attribute::LowTitre),
        ];
        let ticked = boxes.into_iter().filter(|(value, _)| value.is_some()).map(|(_, own)| own);
        Attributes::of(&ticked.collect::<Vec<_>>())
    }

    /// None until the form is sent.
    fn question(&self) -> Result<Option<Question>> {
        let component = chosen("component", self.component.as_deref())?;
        let group = chosen("recipient_group", self.recipient_group.as_deref())?;
        if component.is_none() && group.is_none() {
            return Ok(None);
        }
        // How a group is known says nothing where there is none.
        let said = chosen("group_evidence", self.group_evidence.as_deref())?.filter(|_| group.is_some());
        let evidence = GroupEvidence::of(group, said).map_err(|problem| problem.on("group_evidence"))?;
        let sex = chosen("sex", self.sex.as_deref())?;
        let age = chosen("age_band", self.age_band.as_deref())?;
        Ok(Some(Question {
            recipient: Recipient::of(group, evidence, sex, age),
            component: component.unwrap_or(Component::RedCells),
            governorate: chosen("governorate", self.governorate.as_deref())?,
            within_hours: chosen("within_hours", self.within_hours.as_deref())?.unwrap_or(HOURS),
            needs: self.needs(),
        }))
    }

    /// How many are wanted; one unless something else is said.
    fn units(&self) -> Result<i32> {
        let units = chosen("units", self.units.as_deref())?.unwrap_or(1);
        if (1..=MOST_UNITS_ASKED).contains(&units) {
            Ok(units)
        } else {
            Err(Problem::field("units", Code::OutOfRange))
        }
    }

    fn urgency(&self) -> Result<Urgency> {
        Ok(chosen("urgency", self.urgency.as_deref())?.unwrap_or(Urgency::Urgent))
    }

    /// Where as much is asked for the same patient.
    fn request(&self, question: &Question, (units, urgency): (i32, Urgency)) -> String {
        let needs: Vec<&str> = question.needs.list().into_iter().map(Attribute::code).collect();
        let said = [
            ("component", question.component.code()),
            ("blood_group", self.recipient_group.as_deref().unwrap_or_default()),
            ("group_evidence", self.group_evidence.as_deref().unwrap_or_default()),
            ("sex", self.sex.as_deref().unwrap_or_default()),
            ("age_band", self.age_band.as_deref().unwrap_or_default()),
            ("units", &units.to_string()),
            ("urgency", urgency.code()),
            ("needs", &needs.join(",")),
        ];
        let page = "/requests/new?";
        let mut address = form_urlencoded::Serializer::for_suffix(page.to_owned(), page.len());
        address.extend_pairs(said.into_iter().filter(|(_, value)| !value.is_empty()));
        address.finish()
    }
}

/// Units of a group.
struct Fits {
    group: Group,
    name: String,
    identical: bool,
    low_titre_only: bool,
    units: i64,
}

/// A unit in its place in the order.
struct Unit {
    group: Group,
    identical: bool,
    day: String,
    until: Time,
    site: String,
    governorate: String,
    way: Option<(i64, i64)>,
    counted: Option<(String, Time)>,
    attributes: Vec<String>,
    cautions: Vec<String>,
}

/// Units that fit, of one place.
struct Apart {
    place: String,
    groups: Vec<Fits>,
}

struct Donors {
    group: Group,
    name: String,
    area: String,
    band: String,
}

struct Found {
    sites: Vec<SiteRow>,
    place: String,
    fits: Vec<Fits>,
    units: Vec<Unit>,
    total: i64,
    /// So many fewer than are wanted.
    short: i64,
    /// Where they are asked for, by those who may.
    ask: Option<String>,
    cut_off: Vec<Fits>,
    by_policy: Vec<Fits>,
    elsewhere: Vec<Apart>,
    has_nothing: bool,
    donors: Vec<Donors>,
    published: Option<(String, Time)>,
    come_at_least: i64,
    hours: i64,
    notes: Vec<String>,
}

/// A site in reach, and what of its shelf fits.
struct SiteRow {
    name: String,
    governorate: String,
    units: i64,
    way: Option<(i64, i64)>,
    counted: Option<(String, Time)>,
    /// Absent where nothing was for too long: its units are not known.
    heard: Option<(String, Time)>,
}

#[derive(Template)]
#[template(path = "find.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    at: Time,
    today: String,
    groups: Vec<Choice>,
    evidences: Vec<Choice>,
    sexes: Vec<Choice>,
    ages: Vec<Choice>,
    urgencies: Vec<Choice>,
    units: i32,
    most_units: i32,
    components: Vec<Choice>,
    governorates: Vec<Choice>,
    boxes: Vec<Choice>,
    hours: i64,
    most_hours: i64,
    found: Option<Found>,
    /// Blood banks in reach of which nothing was heard for too long.
    silent: Vec<String>,
    silent_more: i64,
}

pub async fn find(house: web::Data<House>, visitor: Visitor, asked: Query<Asked>) -> Answer {
    let by: Actor<AskAvailability> = visitor.seat()?;
    let asked = asked.into_inner();
    let (question, units, urgency) = (asked.question()?, asked.units()?, asked.urgency()?);
    let answer = match question {
        Some(question) => {
            if let Some(facility) = by.facility {
                house.asked.count(&facility.to_string(), house.db.now())?;
            }
            let (sources, who) = (house.reserve.clone(), by.clone());
            Some(off_loop(move || availability::ask(&sources, &who, question)).await)
        }
        None => None,
    };
    let (answer, problem) = match answer.transpose() {
        Ok(answer) => (answer, None),
        // Whoever has no facility says where the patient is; what nobody can need is told beside the form.
        Err(problem)
            if matches!(problem.code, Code::MissingField | Code::OutOfRange | Code::InvalidRequest) =>
        {
            (None, Some(problem))
        }
        Err(problem) => return Err(problem.into()),
    };
    let frame = Frame::of(&house, &visitor, "find-title");
    let say = frame.say;
    let now = answer.as_ref().map_or_else(|| house.db.now(), |answer| answer.as_of);
    let may_ask = visitor.seat::<RequestUnits>().is_ok();
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let mut governorates = vec![Choice {
        code: String::new(),
        text: say.text("find-here"),
        chosen: asked.governorate.is_none(),
    }];
    if by.facility.is_none() {
        governorates.clear();
    }
    governorates.append(&mut Choice::words(
        say,
        "governorate",
        Governorate::ALL.iter().map(|own| own.code()),
        &text(&asked.governorate),
    ));
    let needs = asked.needs();
    let tick = |own: &Attribute| Choice {
        code: own.code().to_owned(),
        text: say.word("attribute", own.code()),
        chosen: needs.has(*own),
    };
    let sites = answer.as_ref().map_or(&[][..], |answer| answer.silent.as_slice());
    let (silent, silent_more) = silent(say.0, sites, NAMED);
    let component = question.map_or(Component::RedCells, |question| question.component);
    let page = Page {
        said: problem.as_ref().map(|problem: &Problem| told(say.0, problem)),
        at: Time(now, house.zone),
        today: say.day(house.zone.date(now)),
        groups: Choice::words(
            say,
            "blood-group",
            BloodGroup::ALL.iter().map(|own| own.code()),
            &text(&asked.recipient_group),
        ),
        evidences: Choice::words(
            say,
            "group-evidence",
            [GroupEvidence::Declared, GroupEvidence::TypedOnce, GroupEvidence::Confirmed]
                .iter()
                .map(|own| own.code()),
            &text(&asked.group_evidence),
        ),
        sexes: Choice::words(say, "sex", Sex::ALL.iter().map(|own| own.code()), &text(&asked.sex)),
        ages: Choice::words(
            say,
            "age-band",
            AgeBand::ALL.iter().map(|own| own.code()),
            &text(&asked.age_band),
        ),
        urgencies: Choice::words(say, "urgency", Urgency::ALL.iter().map(|own| own.code()), urgency.code()),
        units,
        most_units: MOST_UNITS_ASKED,
        components: Choice::words(
            say,
            "component",
            Component::ALL.iter().map(|own| own.code()),
            component.code(),
        ),
        governorates,
        boxes: Attribute::ALL.iter().map(tick).collect(),
        hours: question.map_or(HOURS, |question| question.within_hours),
        most_hours: MOST_HOURS,
        found: answer.map(|answer| Found {
            ask: may_ask.then(|| asked.request(&answer.question, (units, urgency))),
            ..found(&house, say, &answer, units.into())
        }),
        silent,
        silent_more,
        frame,
    };
    Ok(match (&problem, asked.format) {
        (Some(problem), _) => visitor.page_of(problem.code, &page)?,
        (None, Some(format)) => return visitor.file(&house, format, table(say, page.found.as_ref())).await,
        (None, None) => visitor.page(&page)?,
    })
}

/// The units in the order of issue.
fn table(say: Say, found: Option<&Found>) -> Table {
    let headings =
        ["column-group", "column-good-until", "column-place", "column-governorate", "unit-attributes"];
    let mut header: Vec<String> = headings.map(|id| say.text(id)).into();
    header.push(say.text("column-cautions"));
    let cells = |own: &Unit| {
        vec![
            say.word("blood-group", own.group.0.code()),
            own.until.stamp(),
            own.site.clone(),
            own.governorate.clone(),
            own.attributes.join(" · "),
            own.cautions.join(" · "),
        ]
    };
    let units = found.map(|found| found.units.iter().map(cells).collect());
    Table { name: "find", header, rows: units.unwrap_or_default() }
}

fn found(house: &House, say: Say, answer: &Availability, wanted: i64) -> Found {
    let question = answer.question;
    let all = |groups: &[GroupCount]| groups.iter().map(|own| fits(say, &question, own)).collect::<Vec<_>>();
    let total: i64 = answer.groups.iter().map(|own| own.units).sum();
    let stamp = |at| (say.day(house.zone.date(at)), Time(at, house.zone));
    let nearest = answer.nearest.as_ref();
    let mut notes: Vec<String> = REMINDERS.iter().map(|code| say.word("stock-reminder", code)).collect();
    let site = |own: &SiteShelf| SiteRow {
        name: if say.0 == Lang::Ar { &own.facility.name_ar } else { &own.facility.name_en }.clone(),
        governorate: say.word("governorate", own.facility.governorate.code()),
        units: own.units,
        way: own.way.map(|way| (way.km.into(), way.minutes.into())),
        counted: own.counted_at.map(stamp),
        heard: own.heard_at.map(stamp),
    };
    notes.extend(answer.notes().into_iter().map(|code| say.word("stock-note", code)));
    Found {
        place: say.word("governorate", answer.governorate.code()),
        fits: all(&answer.groups),
        units: answer.units.iter().map(|own| unit(house, say, &question, own)).collect(),
        sites: answer.sites.iter().map(site).collect(),
        total,
        short: (wanted - total).max(0),
        ask: None,
        cut_off: all(&answer.cut_off),
        by_policy: nearest.map(|nearest| all(&nearest.by_policy)).unwrap_or_default(),
        elsewhere: nearest.map_or_else(Vec::new, |nearest| {
            let apart = |own: &availability::Elsewhere| Apart {
                place: say.word("region", own.region.code()),
                groups: all(&own.groups),
            };
            nearest.not_shared.iter().map(apart).collect()
        }),
        has_nothing: nearest.is_some(),
        donors: answer.donors.cells.iter().map(|cell| donors(say, cell)).collect(),
        published: answer.donors.published_at.map(stamp),
        come_at_least: answer.donors.come_at_least,
        hours: question.within_hours,
        notes,
    }
}

fn fits(say: Say, question: &Question, own: &GroupCount) -> Fits {
    Fits {
        group: Group(own.blood_group),
        name: say.word("blood-group", own.blood_group.code()),
        identical: Some(own.blood_group) == question.recipient.group(),
        low_titre_only: own.low_titre_only,
        units: own.units,
    }
}

fn unit(house: &House, say: Say, question: &Question, own: &Offered) -> Unit {
    let name = if say.0 == Lang::Ar { &own.unit.facility_name_ar } else { &own.unit.facility_name_en };
    let caution = |caution: &Caution| say.word("stock-caution", caution.code());
    let until = own.unit.expires_at();
    Unit {
        group: Group(own.unit.blood_group),
        identical: Some(own.unit.blood_group) == question.recipient.group(),
        day: say.day(house.zone.date(until)),
        until: Time(until, house.zone),
        site: name.clone(),
        governorate: say.word("governorate", own.unit.governorate.code()),
        way: own.way.map(|way| (i64::from(way.km), i64::from(way.minutes))),
        counted: own.counted_at.map(|at| (say.day(house.zone.date(at)), Time(at, house.zone))),
        attributes: own.unit.attributes.list().iter().map(|one| say.word("attribute", one.code())).collect(),
        cautions: own.cautions.iter().map(caution).collect(),
    }
}

fn donors(say: Say, cell: &DonorCell) -> Donors {
    let area = match cell.area {
        Area::Governorate(own) => say.word("governorate", own.code()),
        Area::RestOf(own) => say.with("find-rest-of", &[("place", &say.word("region", own.code()))]),
        Area::RestOfAll(own) => say.with("find-rest-of", &[("place", &say.word("territory", own.code()))]),
    };
    Donors {
        group: Group(cell.blood_group),
        name: say.word("blood-group", cell.blood_group.code()),
        area,
        band: cell
            .band
            .map_or_else(|| say.text("find-under-200"), |band| say.word("donor-band", band.code())),
    }
}
