//! Whom to call: donors who may give today, of the group and the unit that are wanted, whoever was reached longest ago first; and what
//! came of it.

use actix_web::web;
use askama::Template;
use serde::Deserialize;
use shiryan_kernel::Problem;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::CallOutcome;

use crate::accounts::{Actor, Book};
use crate::db::off_loop;
use crate::drives::{self, Due};
use crate::http::{Answer, House, PathId, Query};
use crate::roster;
use crate::texts::ProblemText;
use crate::web::{
    Choice, Fields, Frame, Group, Posted, Say, Time, Visitor, chosen, go, is_for_the_form, told,
};

/// Empty is any.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Which {
    #[serde(default)]
    group: String,
    #[serde(default)]
    unit: String,
}

/// Who is looked for.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    group: Option<BloodGroup>,
    /// This one and all below it.
    unit: Option<UnitId>,
}

impl Wanted {
    fn group(self) -> &'static str {
        self.group.map(BloodGroup::code).unwrap_or_default()
    }

    fn unit(self) -> String {
        self.unit.map(|unit| unit.to_string()).unwrap_or_default()
    }

    fn address(self) -> String {
        let asked = [("group", self.group().to_owned()), ("unit", self.unit())];
        let asked = asked.into_iter().filter(|(_, value)| !value.is_empty());
        let asked: Vec<String> = asked.map(|(name, value)| format!("{name}={value}")).collect();
        if asked.is_empty() { "/call".to_owned() } else { format!("/call?{}", asked.join("&")) }
    }
}

struct Row {
    id: DonorId,
    group: Option<Group>,
    asked: Option<String>,
    /// The day of the last call, and what came of it.
    called: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "call.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    wanted: Wanted,
    groups: Vec<Choice>,
    units: Vec<Choice>,
    outcomes: Vec<Choice>,
    rows: Vec<Row>,
    said: Option<ProblemText>,
}

pub(super) async fn look(house: web::Data<House>, visitor: Visitor, query: Query<Which>) -> Answer {
    let Which { group, unit } = query.into_inner();
    let wanted = Wanted { group: chosen("group", Some(&group))?, unit: chosen("unit", Some(&unit))? };
    let page = page(&house, &visitor, wanted, None).await?;
    Ok(visitor.page(&page)?)
}

async fn page(
    house: &web::Data<House>,
    visitor: &Visitor,
    wanted: Wanted,
    problem: Option<&Problem>,
) -> shiryan_kernel::Result<Page> {
    let by: Actor<Book> = visitor.seat()?;
    let (all, who) = (house.clone(), by.clone());
    let (found, units) = off_loop(move || {
        let asked = (wanted.group, wanted.unit);
        let found = roster::to_call(&all.roster, &all.db, all.zone, &who, asked)?;
        Ok((found, all.db.read_now(|conn| drives::units_to_call(conn, &who))?))
    })
    .await?;
    let frame = Frame { at: wanted.address(), ..Frame::of(house, visitor, "call-title") };
    let say = frame.say;
    let codes = BloodGroup::ALL.iter().map(|group| group.code());
    let mut outcomes = Choice::words(say, "call", CallOutcome::ALL.iter().map(|own| own.code()), "");
    outcomes.insert(0, Choice { code: String::new(), text: say.text("call-outcome"), chosen: true });
    Ok(Page {
        at: Time(house.db.now(), house.zone),
        today: say.day(house.today()),
        groups: Choice::words(say, "blood-group", codes, wanted.group()),
        units: Choice::units(say, &units, wanted.unit),
        outcomes,
        rows: found.iter().map(|due| row(house, say, due)).collect(),
        said: problem.map(|problem| told(visitor.lang, problem)),
        wanted,
        frame,
    })
}

fn row(house: &House, say: Say, due: &Due) -> Row {
    let day = |at| say.day(house.zone.date(at));
    Row {
        id: due.donor,
        group: due.group.map(Group),
        asked: due.asked_at.map(day),
        called: due.called.map(|(at, outcome)| (day(at), say.word("call", outcome.code()))),
    }
}

/// Notes what came of a call.
pub(super) async fn note(house: web::Data<House>, id: PathId<DonorId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<Book> = posted.visitor.seat()?;
    let mut faults = Faults::none();
    let outcome: Option<CallOutcome> = posted.form.need(&mut faults, "outcome");
    // As the page was asked for; what nobody could have asked for is anybody.
    let (group, unit) = (posted.form.written("group"), posted.form.written("unit"));
    let wanted = Wanted { group: group.parse().ok(), unit: unit.parse().ok() };
    let noted = match faults.give(outcome) {
        Ok(outcome) => {
            let (vault, who, donor) = (house.vault.clone(), by.clone(), id.0);
            let request = posted.print.by(by.user);
            house
                .once(&by, request, move |tx| drives::note_call(tx, &vault, &who, donor, outcome))
                .await
                .map(drop)
        }
        Err(problem) => Err(problem),
    };
    match noted {
        Ok(()) => Ok(go(&wanted.address())),
        Err(problem) if !is_for_the_form(&problem) => Err(problem.into()),
        Err(problem) => {
            let page = page(&house, &posted.visitor, wanted, Some(&problem)).await?;
            Ok(posted.visitor.page_of(problem.code, &page)?)
        }
    }
}
