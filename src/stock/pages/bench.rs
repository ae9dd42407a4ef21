//! The blood bank's work: what waits to be released, what ends soon, what is to be thrown away, what differs and what is
//! on its way. Each list is cut at twenty and says so.

use std::collections::HashMap;

use actix_web::web;
use askama::Template;
use chrono::Duration;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::laboratory::MarkerState;
use shiryan_kernel::status::{CountState, MoveReason, TransferState, UnitStatus};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::bag::{Bag, Tag};
use crate::accounts::{Actor, DiscardUnits, ReleaseUnits};
use crate::db::Conn;
use crate::http::{Answer, House, NoQuery};
use crate::places;
use crate::stock::{self, BloodUnit, Filter, Stray, Transfer, Waiting, Why, rules};
use crate::texts::{Lang, ProblemText};
use crate::web::{
    Choice, Fields, Frame, Posted, Print, Say, Time, Visitor, field, go, is_for_the_form, told,
};

/// The most of one list, and one more, which tells that there are more.
const MOST: usize = 20;
const AND_ONE: i64 = 21;
/// The most numbers whose tests are looked at.
const READ: i64 = 2_000;

/// What the tests of a unit in quarantine amount to.
struct Tests {
    text: String,
    /// Every marker is clear, or the unit was tested elsewhere.
    is_ready: bool,
    is_stopped: bool,
    /// The number under which they were entered here.
    number: Option<Din>,
}

/// A unit in quarantine.
struct Waits {
    bag: Bag,
    tests: Tests,
}

/// A box on its way.
struct Parcel {
    id: String,
    other: String,
    comes: bool,
    state: String,
    differs: bool,
    day: String,
    time: Time,
}

/// A label that nobody has explained.
struct Odd {
    id: String,
    tag: Tag,
    day: String,
}

/// A count that differs.
struct Differs {
    id: String,
    day: String,
    time: Time,
}

#[derive(Template)]
#[template(path = "bench.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    said: Option<ProblemText>,
    waits: Vec<Waits>,
    groups: Vec<Choice>,
    ends: Vec<Bag>,
    gone: Vec<Bag>,
    reasons: Vec<Choice>,
    parcels: Vec<Parcel>,
    strays: Vec<Odd>,
    counts: Vec<Differs>,
    /// Some list is longer than what is shown.
    is_cut: bool,
}

/// What is read for the page.
struct Read {
    quarantine: (Vec<BloodUnit>, bool),
    tested: HashMap<Din, Waiting>,
    ends: Vec<BloodUnit>,
    gone: Vec<BloodUnit>,
    transfers: Vec<(Transfer, String, String)>,
    strays: Vec<Stray>,
    counts: Vec<stock::Count>,
}

pub async fn bench(house: web::Data<House>, visitor: Visitor, _query: NoQuery) -> Answer {
    show(&house, &visitor, None).await
}

async fn show(house: &House, visitor: &Visitor, problem: Option<&Problem>) -> Answer {
    let by: Actor<ReleaseUnits> = visitor.seat()?;
    let (who, vault, zone, now) = (by.clone(), house.vault.clone(), house.zone, house.db.now());
    let panel = house.settings.laboratory.panel.clone();
    let last = stock::soon(zone.date(now));
    let read = house
        .db
        .read(move |conn| {
            let of = |conn: &mut Conn, status: UnitStatus, good_at: Option<Moment>| {
                let filter = Filter { status: Some(status), good_at, ..Filter::default() };
                stock::units_to_expire(conn, &who, filter, AND_ONE)
            };
            let mut gone = of(conn, UnitStatus::Expired, None)?;
            gone.extend(of(conn, UnitStatus::Blocked, None)?);
            let mut ends = of(conn, UnitStatus::Released, Some(now))?;
            ends.retain(|unit| zone.date(unit.expires_at()) <= last);
            let waiting = stock::waiting(conn, &vault, &who, &panel, 0, READ)?;
            let tested: HashMap<Din, Waiting> = waiting.into_iter().map(|own| (own.din, own)).collect();
            let is_ready = |din| tested.get(&din).is_none_or(Waiting::is_clear);
            let mut transfers = Vec::new();
            for state in [TransferState::UnderWay, TransferState::Discrepancy] {
                for found in stock::transfers(conn, &who, Some(state), 0, AND_ONE)? {
                    let other = if Some(found.to) == who.facility { found.from } else { found.to };
                    let other = places::facility(conn, other)?;
                    transfers.push((found, other.name_ar, other.name_en));
                }
            }
            Ok(Read {
                quarantine: stock::in_quarantine(conn, &who, is_ready, MOST)?,
                tested,
                ends,
                gone,
                transfers,
                strays: stock::strays(conn, &vault, &who, true, 0, AND_ONE)?,
                counts: stock::counts(conn, &who, Some(CountState::Discrepancy), 0, AND_ONE)?,
            })
        })
        .await?;
    let frame = Frame { at: "/bank".to_owned(), ..Frame::of(house, visitor, "bench-title") };
    let say = frame.say;
    let (quarantine, more) = read.quarantine;
    let lengths =
        [read.ends.len(), read.gone.len(), read.transfers.len(), read.strays.len(), read.counts.len()];
    let is_cut = more || lengths.into_iter().any(|length| length > MOST);
    let waits = quarantine
        .iter()
        .map(|unit| Waits { bag: Bag::of(house, say, unit), tests: tests(say, read.tested.get(&unit.din)) })
        .collect();
    let bags = |units: &[BloodUnit]| units.iter().take(MOST).map(|unit| Bag::of(house, say, unit)).collect();
    let page = Page {
        at: Time(now, zone),
        today: say.day(zone.date(now)),
        said: problem.map(|problem| told(say.0, problem)),
        waits,
        groups: Choice::words(say, "blood-group", BloodGroup::ALL.iter().map(|own| own.code()), ""),
        ends: bags(&read.ends),
        gone: bags(&read.gone),
        reasons: reasons(say),
        parcels: read.transfers.iter().take(MOST).map(|own| parcel(house, say, &by, own)).collect(),
        strays: read
            .strays
            .iter()
            .take(MOST)
            .map(|own| Odd {
                id: own.id.to_string(),
                tag: Tag::of(say, &own.label),
                day: say.short_day(zone.date(own.at)),
            })
            .collect(),
        counts: read
            .counts
            .iter()
            .take(MOST)
            .map(|own| Differs {
                id: own.id.to_string(),
                day: say.day(zone.date(own.at)),
                time: Time(own.at, zone),
            })
            .collect(),
        is_cut,
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

/// The reasons for which a unit is thrown away.
pub fn reasons(say: Say) -> Vec<Choice> {
    let codes = rules::DISCARDS.iter().map(|own| own.code());
    Choice::words(say, "move-reason", codes, MoveReason::Damaged.code())
}

/// Which marker it is that is not clear is told where results are entered, not on a list.
fn tests(say: Say, waiting: Option<&Waiting>) -> Tests {
    let Some(waiting) = waiting else {
        return Tests {
            text: say.text("bench-tested-elsewhere"),
            is_ready: true,
            is_stopped: false,
            number: None,
        };
    };
    let number = Some(waiting.din);
    let missing: Vec<String> = waiting
        .markers
        .iter()
        .filter(|own| own.state == MarkerState::Missing)
        .map(|own| say.word("marker", own.marker.code()))
        .collect();
    if waiting.is_suspect() {
        return Tests { text: say.text("bench-not-clear"), is_ready: false, is_stopped: true, number };
    }
    if waiting.is_clear() {
        return Tests { text: say.text("bench-all-clear"), is_ready: true, is_stopped: false, number };
    }
    let names = missing.join(&format!("{} ", say.text("list-comma")));
    Tests {
        text: say.with("bench-missing", &[("markers", &names)]),
        is_ready: false,
        is_stopped: false,
        number,
    }
}

fn parcel(
    house: &House,
    say: Say,
    by: &Actor<ReleaseUnits>,
    (found, name_ar, name_en): &(Transfer, String, String),
) -> Parcel {
    let is_late = found.made_at + Duration::hours(rules::MOST_HOURS_UNDER_WAY) < house.db.now();
    Parcel {
        id: found.id.to_string(),
        other: if say.0 == Lang::Ar { name_ar.clone() } else { name_en.clone() },
        comes: Some(found.to) == by.facility,
        state: say.word("transfer-state", found.state.code()),
        differs: found.state == TransferState::Discrepancy || is_late,
        day: say.short_day(house.zone.date(found.made_at)),
        time: Time(found.made_at, house.zone),
    }
}

/// Releases or throws away one unit of the lists; what was refused is told above them.
pub async fn step(
    house: web::Data<House>,
    path: web::Path<(String, String)>,
    posted: Posted<Fields>,
) -> Answer {
    let Posted { visitor, form, print } = posted;
    let (id, step) = path.into_inner();
    let id: BloodUnitId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    let taken = match step.as_str() {
        "release" => release(&house, &visitor, id, &form, &print).await,
        "discard" => discard(&house, &visitor, id, &form, &print).await,
        _ => Err(Problem::new(Code::NotFound)),
    };
    match taken {
        Ok(()) => Ok(go("/bank")),
        Err(problem) if is_for_the_form(&problem) => show(&house, &visitor, Some(&problem)).await,
        Err(problem) => Err(problem.into()),
    }
}

async fn release(
    house: &House,
    visitor: &Visitor,
    id: BloodUnitId,
    form: &Fields,
    print: &Print,
) -> Result<()> {
    let by: Actor<ReleaseUnits> = visitor.seat()?;
    let named = match field(form, "blood_group") {
        "" => None,
        code => Some(code.parse().map_err(|_| Problem::field("blood_group", Code::InvalidValue))?),
    };
    let (who, vault, zone) = (by.clone(), house.vault.clone(), house.zone);
    let panel = house.settings.laboratory.panel.clone();
    let release = move |tx: &mut crate::db::Tx| stock::release(tx, (&vault, zone), &who, id, named, &panel);
    house.once(&by, print.by(by.user), release).await.map(|_| ())
}

/// Throws a unit away for the reason of a form.
pub async fn discard(
    house: &House,
    visitor: &Visitor,
    id: BloodUnitId,
    form: &Fields,
    print: &Print,
) -> Result<()> {
    let by: Actor<DiscardUnits> = visitor.seat()?;
    let reason = field(form, "reason");
    let reason = reason.parse().map_err(|_| Problem::field("reason", Code::InvalidValue))?;
    let note = Some(field(form, "note")).filter(|note| !note.is_empty()).map(Note::parse).transpose();
    let why = Why { reason, note: note.map_err(|problem| problem.on("note"))? };
    let (who, vault) = (by.clone(), house.vault.clone());
    let discard = move |tx: &mut crate::db::Tx| stock::discard(tx, &vault, &who, id, &why);
    house.once(&by, print.by(by.user), discard).await.map(|_| ())
}
