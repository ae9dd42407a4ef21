//! Units that are given before their tests: where each stands, and the step that is whoever's who looks. The warning
//! stands above all of them. A physician asks for one at the unit itself, over the API.

use actix_web::web;
use askama::Template;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::UntestedId;
use shiryan_kernel::laboratory::MarkerState;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UntestedState;
use shiryan_kernel::text::Note;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{Actor, AuthoriseUntested, CheckUntested, SeeUntested, WithdrawUntested};
use crate::db::Tx;
use crate::donors::TitreLimits;
use crate::http::{Answer, House, NoQuery};
use crate::requests::Pseudonym;
use crate::requests::untested::{self, AtTheBed, Ground, Untested};
use crate::texts::ProblemText;
use crate::web::{Fields, Frame, Posted, Print, Say, Time, Visitor, field, go, is_for_the_form, told};

/// Cases on the page.
const MOST: i64 = 200;

/// Who did a step, and when.
struct Done {
    what: &'static str,
    name: String,
    day: String,
    time: Time,
}

/// One unit on its way.
struct Case {
    id: String,
    request: String,
    unit: String,
    din: String,
    state: String,
    reason: String,
    done: Vec<Done>,
    /// What the tests amount to so far; nothing for a hospital.
    tests: Option<String>,
    follow_up: Option<String>,
    authorise: bool,
    check: bool,
    give: bool,
    withdraw: bool,
    close: bool,
}

#[derive(Template)]
#[template(path = "untested.html")]
struct Page {
    frame: Frame,
    said: Option<ProblemText>,
    may_trace: bool,
    cases: Vec<Case>,
}

pub async fn list(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    show(&house, &visitor, None).await
}

async fn show(house: &House, visitor: &Visitor, problem: Option<&Problem>) -> Answer {
    let by: Actor<SeeUntested> = visitor.seat()?;
    let (who, vault, panel) = (by.clone(), house.vault.clone(), house.settings.laboratory.panel.clone());
    // By state, so that what is over never crowds out what waits for somebody.
    let mut found = house
        .db
        .read(move |conn| {
            let mut found = Vec::new();
            for state in UntestedState::ALL {
                found.extend(untested::list(conn, &vault, &who, &panel, Some(*state), (0, MOST))?);
            }
            Ok(found)
        })
        .await?;
    let is_over = |state| matches!(state, UntestedState::FollowedUp | UntestedState::Withdrawn);
    found.sort_by_key(|own| (is_over(own.state), own.id));
    let frame = Frame { at: "/untested".to_owned(), ..Frame::of(house, visitor, "untested-title") };
    let say = frame.say;
    let page = Page {
        said: problem.map(|problem| told(say.0, problem)),
        may_trace: by.role != Role::Hospital,
        cases: found.into_iter().map(|own| case(house, say, by.role, own)).collect(),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn case(house: &House, say: Say, role: Role, own: Untested) -> Case {
    let done = |what: &'static str, name: Option<String>, at: Option<Moment>| {
        name.zip(at).map(|(name, at)| Done {
            what,
            name,
            day: say.short_day(house.zone.date(at)),
            time: Time(at, house.zone),
        })
    };
    let is = |state: UntestedState| own.state == state;
    let is_open = is(UntestedState::Asked) || is(UntestedState::Authorised) || is(UntestedState::Checked);
    let tests = own.markers.as_ref().map(|markers| {
        let any = |of: fn(MarkerState) -> bool| markers.iter().any(|marker| of(marker.state));
        let text = if any(|state| !matches!(state, MarkerState::Missing | MarkerState::Clear)) {
            "bench-not-clear"
        } else if any(|state| state == MarkerState::Missing) {
            "untested-tests-to-come"
        } else {
            "bench-all-clear"
        };
        say.text(text)
    });
    Case {
        id: own.id.to_string(),
        request: own.request.to_string(),
        unit: own.unit.to_string(),
        din: own.din.printed(),
        state: say.word("untested-state", own.state.code()),
        done: [
            done("untested-asked-by", Some(own.asked_by), Some(own.asked_at)),
            done("untested-authorised-by", own.authorised_by, own.authorised_at),
            done("untested-checked-by", own.checked_by, own.checked_at),
            done("untested-given-by", own.given_by, own.given_at),
        ]
        .into_iter()
        .flatten()
        .collect(),
        reason: own.reason,
        tests,
        follow_up: own.follow_up,
        authorise: role == Role::Physician && is(UntestedState::Asked),
        check: role == Role::Hospital && is(UntestedState::Authorised),
        give: role == Role::Hospital && is(UntestedState::Checked),
        withdraw: role != Role::Hospital && is_open,
        close: role == Role::Physician && is(UntestedState::Given),
    }
}

/// Takes a step of one of them.
pub async fn step(
    house: web::Data<House>,
    path: web::Path<(String, String)>,
    posted: Posted<Fields>,
) -> Answer {
    let Posted { visitor, form, print } = posted;
    let (id, step) = path.into_inner();
    let id: UntestedId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    match take(&house, &visitor, id, &step, (&form, &print)).await {
        Ok(()) => Ok(go("/untested")),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn take(
    house: &House,
    visitor: &Visitor,
    id: UntestedId,
    step: &str,
    (form, print): (&Fields, &Print),
) -> Result<()> {
    let vault = house.vault.clone();
    match step {
        "authorise" => {
            let by: Actor<AuthoriseUntested> = visitor.seat()?;
            let (who, ground) = (by.clone(), ground(house));
            let authorise = move |tx: &mut Tx| untested::authorise(tx, &vault, ground, &who, id);
            house.once(&by, print.by(by.user), authorise).await.map(|_| ())
        }
        "check" | "give" => {
            let by: Actor<CheckUntested> = visitor.seat()?;
            let (who, seen, is_second) = (by.clone(), at_the_bed(form)?, step == "give");
            let compare = move |tx: &mut Tx| {
                let compare = if is_second { untested::give } else { untested::check_first };
                compare(tx, &vault, &who, id, &seen)
            };
            house.once_guarded(&by, print.by(by.user), compare).await.map(|_| ())
        }
        "withdraw" => {
            let by: Actor<WithdrawUntested> = visitor.seat()?;
            let who = by.clone();
            let withdraw = move |tx: &mut Tx| untested::withdraw(tx, &vault, &who, id);
            house.once(&by, print.by(by.user), withdraw).await.map(|_| ())
        }
        "follow-up" => {
            let by: Actor<AuthoriseUntested> = visitor.seat()?;
            let note = Note::parse(field(form, "note")).map_err(|problem| problem.on("note"))?;
            let (who, panel) = (by.clone(), house.settings.laboratory.panel.clone());
            let close = move |tx: &mut Tx| untested::follow_up(tx, &vault, &who, &panel, id, &note);
            house.once(&by, print.by(by.user), close).await.map(|_| ())
        }
        _ => Err(Problem::new(Code::NotFound)),
    }
}

fn at_the_bed(form: &Fields) -> Result<AtTheBed> {
    let mut faults = Faults::none();
    let din = faults.keep("din", Din::parse(field(form, "din")));
    let patient = faults.keep("patient", Pseudonym::parse(field(form, "patient")));
    let (din, patient) = faults.give(din.zip(patient))?;
    Ok(AtTheBed { din, patient })
}

fn ground(house: &House) -> Ground {
    let titres = &house.settings.titres;
    let limits = TitreLimits {
        low_below: titres.low_below,
        operational_days: titres.operational_days,
        routine_days: titres.routine_days,
    };
    Ground { zone: house.zone, limits }
}
