//! One request: what is wanted, its units, and the steps that whoever looks may take.

use actix_web::web;
use askama::Template;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shiryan_kernel::compat::Caution;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, RequestId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{RefusalReason, RequestState, UnitStatus};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};

use super::{Head, Names, number};
use crate::accounts::{Actor, AuthoriseRhd, Principal, RequestUnits, SeeRequests, ServeRequests};
use crate::db::Tx;
use crate::http::{Answer, House, PathId, Query};
use crate::requests::{self, BloodRequest, Counts, NewHold, NewRhdPolicy, Offer, Opened, Share, rules};
use crate::stock::Fate;
use crate::texts::ProblemText;
use crate::web::{
    Choice, Fields, Frame, Group, Posted, Print, Say, ScanField, Time, Visitor, go, is_for_the_form,
    some_labels, told,
};

/// Labels of one box; a request is never for more units.
const MOST_SCANNED: usize = 40;

/// A unit that is or was held.
struct Unit {
    id: BloodUnitId,
    din: String,
    group: Option<Group>,
    status: String,
    day: String,
    until: Time,
    is_held: bool,
    held_day: String,
    held_until: Time,
    /// Why it was held although something was warned of.
    why: Option<String>,
    /// The hospital may say what became of it.
    is_on_own_shelf: bool,
    /// The blood bank may take it back.
    comes_back: bool,
    /// Its label can be printed.
    has_label: bool,
}

/// A unit that may be held, in the order of issue.
struct Candidate {
    id: BloodUnitId,
    din: String,
    group: Group,
    is_identical: bool,
    day: String,
    until: Time,
    cautions: Vec<String>,
    /// What whoever holds it has to answer for.
    warnings: Vec<String>,
    /// Ticked beforehand: the first ones, as many as are wanted, of those that need neither policy nor reason.
    is_first: bool,
}

/// Which steps whoever looks may take.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Steps {
    accept: bool,
    refuse: bool,
    reserve: bool,
    issue: bool,
    cancel: bool,
    receive: bool,
    open_rhd: bool,
}

impl Steps {
    fn of(by: &Principal, request: &BloodRequest, counts: Counts) -> Self {
        let may = |to| rules::next(request.state).contains(&to);
        let own = request.bank.is_some() && request.bank == by.facility;
        match by.role {
            Role::Bank => Self {
                accept: may(RequestState::Accepted) && request.bank.is_none(),
                refuse: may(RequestState::Refused) && (own || request.bank.is_none()),
                reserve: own
                    && matches!(request.state, RequestState::Accepted | RequestState::Reserved)
                    && counts.left() > 0,
                issue: own && counts.held > 0 && may(RequestState::Issued),
                ..Self::default()
            },
            Role::Hospital => Self {
                cancel: may(RequestState::Cancelled),
                receive: counts.issued > counts.arrived,
                ..Self::default()
            },
            Role::Physician => Self {
                open_rhd: may(RequestState::Cancelled)
                    && request.rhd_by.is_none()
                    && rules::rhd_policy_may(
                        request.component,
                        request.recipient(),
                        request.sex,
                        request.age_band,
                    ),
                ..Self::default()
            },
            _ => Self::default(),
        }
    }
}

/// Who opened RhD-positive units, why and when.
struct Opening {
    name: String,
    reason: String,
    day: String,
    time: Time,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    /// Units are shown although no road leads to the hospital.
    across: Option<String>,
}

#[derive(Template)]
#[template(path = "request.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    said: Option<ProblemText>,
    head: Head,
    patient: String,
    notes: Option<String>,
    rhd: Option<Opening>,
    bank: String,
    refusal: Option<String>,
    units: Vec<Unit>,
    steps: Steps,
    /// Where the bags that leave are scanned.
    fields: Vec<ScanField>,
    candidates: Vec<Candidate>,
    /// No road leads to the hospital: units are shown only where somebody asks for them.
    is_cut_off: bool,
    /// Whether a unit that is shown is warned of, or all are.
    needs_reason: bool,
    left: i64,
    reasons: Vec<Choice>,
    reminders: Vec<String>,
}

impl Page {
    /// Whether labels were scanned that were refused.
    fn is_scanned(&self) -> bool {
        self.fields.iter().any(|own| !own.value.is_empty())
    }
}

pub async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<RequestId>,
    query: Query<Look>,
) -> Answer {
    show(&house, &visitor, id.0, query.across.is_some(), &Fields::default(), None).await
}

async fn show(
    house: &House,
    visitor: &Visitor,
    id: RequestId,
    across: bool,
    form: &Fields,
    problem: Option<&Problem>,
) -> Answer {
    let by: Actor<SeeRequests> = visitor.seat()?;
    let (who, vault, now) = (by.clone(), house.vault.clone(), house.db.now());
    let (opened, steps, found, names) = house
        .db
        .read(move |conn| {
            let opened = requests::look(conn, &vault, &who, id, now)?;
            let steps = Steps::of(&who, &opened.request, opened.counts);
            let found =
                steps.reserve.then(|| requests::candidates(conn, &who, id, now, across)).transpose()?;
            let named = [Some(opened.request.facility), opened.request.bank];
            let names = Names::read(conn, named.into_iter().flatten())?;
            Ok((opened, steps, found, names))
        })
        .await?;
    let frame = Frame { at: format!("/requests/{id}"), ..Frame::of(house, visitor, "request-title") };
    let (say, zone) = (frame.say, house.zone);
    let Opened { request, patient, notes, rhd_name, rhd_reason, hold_reasons, shares, counts } = opened;
    let (offers, is_cut_off) = found.map_or_else(Default::default, |found| (found.offers, found.is_cut_off));
    let left = counts.left();
    let page = Page {
        at: Time(now, zone),
        today: say.day(zone.date(now)),
        said: problem.map(|problem| told(say.0, problem)),
        head: Head::of(house, say, &names, &request, counts),
        patient,
        notes,
        rhd: rhd_name.zip(rhd_reason).zip(request.rhd_at()).map(|((name, reason), at)| Opening {
            name,
            reason,
            day: say.day(zone.date(at)),
            time: Time(at, zone),
        }),
        bank: request.bank.map(|bank| names.of(bank, say.0)).unwrap_or_default(),
        refusal: request.refusal.map(|reason| say.word("refusal-reason", reason.code())),
        units: shares
            .iter()
            .map(|share| {
                let why = hold_reasons.get(&share.hold.id).cloned();
                Unit { why, ..unit(house, say, &by, &request, share) }
            })
            .collect(),
        is_cut_off,
        needs_reason: is_cut_off || offers.iter().any(|offer| !offer.warnings.is_empty()),
        candidates: candidates(house, say, &request, offers, left),
        fields: vec![ScanField::of(say, form, request.component)],
        steps,
        left: number(left),
        reasons: Choice::words(
            say,
            "refusal-reason",
            RefusalReason::ALL.iter().map(|reason| reason.code()),
            RefusalReason::NothingFits.code(),
        ),
        reminders: requests::REMINDERS.iter().map(|code| say.word("stock-reminder", code)).collect(),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn unit(house: &House, say: Say, by: &Principal, request: &BloodRequest, share: &Share) -> Unit {
    let unit = &share.unit;
    let own = |facility: FacilityId| by.facility == Some(facility);
    Unit {
        id: unit.id,
        din: unit.din.printed(),
        group: unit.blood_group.map(Group),
        status: say.word("unit-status", unit.status.code()),
        day: say.day(house.zone.date(unit.expires_at())),
        until: Time(unit.expires_at(), house.zone),
        is_held: share.is_held(house.db.now()),
        held_day: say.day(house.zone.date(share.hold.held_until())),
        held_until: Time(share.hold.held_until(), house.zone),
        why: None,
        is_on_own_shelf: by.role == Role::Hospital
            && own(unit.facility)
            && share.is_issued()
            && unit.status == UnitStatus::Issued,
        comes_back: by.role == Role::Bank
            && request.bank.is_some_and(own)
            && !own(unit.facility)
            && matches!(unit.status, UnitStatus::Returned | UnitStatus::Blocked),
        has_label: by.role != Role::Hospital && unit.status != UnitStatus::Transfused,
    }
}

fn candidates(
    house: &House,
    say: Say,
    request: &BloodRequest,
    offers: Vec<Offer>,
    left: usize,
) -> Vec<Candidate> {
    let own = request.recipient().group();
    let words = |cautions: &mut dyn Iterator<Item = &Caution>| -> Vec<String> {
        cautions.map(|caution| say.word("stock-caution", caution.code())).collect()
    };
    let candidate = |(place, offer): (usize, Offer)| Candidate {
        id: offer.unit.id,
        din: offer.unit.din.printed(),
        group: Group(offer.blood_group),
        is_identical: own == Some(offer.blood_group),
        day: say.day(house.zone.date(offer.unit.expires_at())),
        until: Time(offer.unit.expires_at(), house.zone),
        cautions: words(&mut offer.cautions.iter().filter(|own| !offer.warnings.contains(own))),
        warnings: words(&mut offer.warnings.iter()),
        is_first: place < left
            && offer.warnings.is_empty()
            && !offer.cautions.contains(&Caution::PolicyRhdPositiveToNegative),
    };
    offers.into_iter().enumerate().map(candidate).collect()
}

/// Takes a step (in its form a unit is ticked as `unit.<id>`, labels stand in `dins`, a refusal has a `reason`) and shows the request as it then stands; what was refused is told above it.
pub async fn step(
    house: web::Data<House>,
    path: web::Path<(String, String)>,
    posted: Posted<Fields>,
) -> Answer {
    let Posted { visitor, form, print } = posted;
    let (id, step) = path.into_inner();
    let id: RequestId = id.parse().map_err(|_| Problem::new(Code::NotFound))?;
    match take(&house, &visitor, id, &step, &form, &print).await {
        Ok(()) => Ok(go(&format!("/requests/{id}"))),
        Err(problem) if is_for_the_form(&problem) => {
            let across = step == "reserve" && form.is("across");
            show(&house, &visitor, id, across, &form, Some(&problem)).await
        }
        Err(problem) => Err(problem.into()),
    }
}

async fn take(
    house: &House,
    visitor: &Visitor,
    id: RequestId,
    step: &str,
    form: &Fields,
    print: &Print,
) -> Result<()> {
    let (vault, zone, hours) = (house.vault.clone(), house.zone, house.settings.stock.hold_hours);
    match step {
        "accept" | "refuse" | "reserve" | "free" | "issue" | "issue-scanned" | "take-back" => {
            let by: Actor<ServeRequests> = visitor.seat()?;
            let who = Principal::clone(&by);
            match step {
                "accept" => once(house, &by, print, move |tx| requests::accept(tx, &vault, &who, id)).await,
                "refuse" => {
                    let reason = form.raw("reason");
                    let reason: RefusalReason =
                        reason.parse().map_err(|_| Problem::field("reason", Code::InvalidValue))?;
                    once(house, &by, print, move |tx| requests::refuse(tx, &vault, &who, id, reason)).await
                }
                "reserve" => {
                    let reason = form.said("reason").map(Note::parse).transpose();
                    let reason = reason.map_err(|problem| problem.on("reason"))?;
                    let new = NewHold { units: units(form)?, hours, reason };
                    once(house, &by, print, move |tx| requests::reserve(tx, &vault, &who, id, &new)).await
                }
                "free" => {
                    let units = units(form)?;
                    once(house, &by, print, move |tx| requests::free(tx, &vault, &who, id, &units)).await
                }
                "issue" => {
                    let second_for = house.settings.stock.second_person_for.clone();
                    let issue =
                        move |tx: &mut Tx| requests::issue(tx, (&vault, zone), &who, id, &second_for, None);
                    once(house, &by, print, issue).await
                }
                "issue-scanned" => {
                    let second_for = house.settings.stock.second_person_for.clone();
                    let scanned = some_labels(form, &house.settings, MOST_SCANNED)?;
                    let issue = move |tx: &mut Tx| {
                        requests::issue(tx, (&vault, zone), &who, id, &second_for, Some(&scanned))
                    };
                    once(house, &by, print, issue).await
                }
                _ => {
                    let unit = one(form)?;
                    once(house, &by, print, move |tx| requests::take_back(tx, &vault, &who, unit)).await
                }
            }
        }
        "cancel" | "receive" | "transfused" | "returned" => {
            let by: Actor<RequestUnits> = visitor.seat()?;
            let who = Principal::clone(&by);
            match step {
                "cancel" => once(house, &by, print, move |tx| requests::cancel(tx, &vault, &who, id)).await,
                "receive" => {
                    let scanned = dins(form)?;
                    once(house, &by, print, move |tx| requests::receive(tx, &vault, &who, id, &scanned)).await
                }
                _ => {
                    let unit = one(form)?;
                    let fate =
                        if step == "returned" { returned(form)? } else { Fate::Transfused { at: None } };
                    once(house, &by, print, move |tx| requests::report(tx, &vault, &who, unit, &fate)).await
                }
            }
        }
        "rhd-policy" => {
            let by: Actor<AuthoriseRhd> = visitor.seat()?;
            let who = Principal::clone(&by);
            let new = policy(form)?;
            once(house, &by, print, move |tx| requests::authorise(tx, &vault, &who, id, &new)).await
        }
        _ => Err(Problem::new(Code::NotFound)),
    }
}

/// A unit that goes back; a field that is left empty says that nobody knows how long it was out.
fn returned(form: &Fields) -> Result<Fate> {
    let minutes = form.said("minutes");
    let minutes_out = minutes.map(str::parse).transpose();
    let wrong = |_| Problem::field("minutes_out_of_control", Code::WrongType);
    Ok(Fate::Returned { minutes_out: minutes_out.map_err(wrong)? })
}

/// What a physician says: a box that is not ticked leaves the doubt, and the policy does not cover it.
fn policy(form: &Fields) -> Result<NewRhdPolicy> {
    let reason = Note::parse(form.raw("reason"));
    Ok(NewRhdPolicy {
        has_anti_d: !form.is("no_anti_d"),
        is_transfused_chronically: !form.is("not_chronic"),
        reason: reason.map_err(|problem| problem.on("reason"))?,
    })
}

async fn once<T: Serialize + DeserializeOwned + Send + 'static>(
    house: &House,
    by: &Principal,
    print: &Print,
    f: impl Fn(&mut Tx) -> Result<T> + Send + 'static,
) -> Result<()> {
    house.once_guarded(by, print.by(by.user), f).await.map(|_| ())
}

/// The units that are ticked.
fn units(form: &Fields) -> Result<Vec<BloodUnitId>> {
    let ticked = form.ticked("unit");
    let units: Vec<BloodUnitId> = ticked
        .map(|id| id.parse().map_err(|_| Problem::field("units", Code::InvalidValue)))
        .collect::<Result<_>>()?;
    if units.is_empty() { Err(Problem::field("units", Code::MissingField)) } else { Ok(units) }
}

/// The one unit that a form is about.
fn one(form: &Fields) -> Result<BloodUnitId> {
    match units(form)?.as_slice() {
        [unit] => Ok(*unit),
        _ => Err(Problem::field("units", Code::InvalidValue)),
    }
}

/// Labels as a scanner or a person writes them: one to a line.
fn dins(form: &Fields) -> Result<Vec<Din>> {
    let lines = form.raw("dins").lines();
    let labels: Vec<&str> = lines.map(str::trim).filter(|line| !line.is_empty()).collect();
    if labels.is_empty() {
        return Err(Problem::field("dins", Code::MissingField));
    }
    labels.into_iter().map(|label| Din::parse(label).map_err(|problem| problem.on("dins"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_read_line_by_line() {
        let form = |text: &str| Fields::of([("dins", text.to_owned())]);
        assert_eq!(dins(&form(" \r\n")).unwrap_err().errors[0].code, Code::MissingField);
        assert_eq!(dins(&form("x")).unwrap_err().errors[0].field, "dins");
        let din = Din::compose("A9999", 26, 7).unwrap();
        let read = dins(&form(&format!("{}\r\n\n {} \n", din.printed(), din.barcode()))).unwrap();
        assert_eq!(read, [din, din]);
    }

    #[test]
    fn a_ticked_unit_is_named_by_its_field() {
        let form = Fields::of([("unit.0", "on".to_owned())]);
        assert_eq!(units(&form).unwrap_err().errors[0].field, "units");
        assert_eq!(units(&Fields::default()).unwrap_err().errors[0].code, Code::MissingField);
        let id = BloodUnitId(1_234_567);
        let form = Fields::of([(format!("unit.{id}").as_str(), "on".to_owned())]);
        assert_eq!(one(&form).unwrap(), id);
    }
}
