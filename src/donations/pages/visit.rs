//! One visit: what is to be done next, and nothing else. Each step is a form of its own.

use actix_web::web;
use askama::Template;
use chrono::NaiveDate;
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{DriveId, VisitId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::status::{Drawn, ReactionGrade, ReactionKind, VisitState};
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::{Code, Problem, Result};

use super::day::yes_or_no;
use super::{LIST, Named, Record, SHOWN, check_shown, chip, moment, needed, opened, step, to_visit};
use crate::accounts::{Actor, RecordDonations};
use crate::donations::collect::{NewDrawing, collect as draw};
use crate::donations::questions::Answered;
use crate::donations::screen::{self as screening, Screening};
use crate::donations::visit::{self, Visit};
use crate::donations::{after, rules};
use crate::donors::{self, Donor, Scope};
use crate::drives::DriveDay;
use crate::eligibility::{RuleSet, View};
use crate::http::{Answer, House, NoQuery, PathId};
use crate::texts::{self, Lang};
use crate::web::{Fields, Frame, Part, Posted, Said, Say, Sheet, Time, Visitor, is_for_the_form};

/// What screening came to, as far as whoever looks may read it.
struct Found {
    outcome: String,
    reasons: Vec<String>,
}

/// The step that is next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Screen,
    Consent,
    Collect,
    /// Rests and goes home.
    Depart,
    Nothing,
}

#[derive(Template)]
#[template(path = "visit.html")]
struct Page {
    frame: Frame,
    at: Time,
    today: String,
    said: Option<Said>,
    id: VisitId,
    drive: DriveId,
    record: Record,
    named: Option<Named>,
    came: Time,
    what: String,
    state: String,
    chip: &'static str,
    next: Next,
    found: Option<Found>,
    rests_until: Option<Time>,
    may_leave: bool,
    may_react: bool,
    parts: Vec<Part>,
    reaction: Vec<Part>,
}

struct Read {
    visit: Visit,
    drive: DriveDay,
    donor: Donor,
    found: Option<View>,
    rests_until: Option<shiryan_kernel::time::Moment>,
}

async fn read(house: &web::Data<House>, by: &Actor<RecordDonations>, id: VisitId) -> Result<Read> {
    let (of, by) = (house.clone(), by.clone());
    house
        .db
        .read(move |conn| {
            let (visit, drive) = visit::get(conn, &by, id)?;
            let scope = Scope::of(conn, &by)?;
            let donor = donors::donor(conn, &scope, visit.donor)?;
            let found = match visit.screening {
                Some(_) => Some(screening::found(conn, of.desk(), &by, id)?),
                None => None,
            };
            let rests_until = visit::rests_until(conn, &visit)?;
            Ok(Read { visit, drive, donor, found, rests_until })
        })
        .await
}

fn next(visit: &Visit) -> Next {
    match visit.state {
        VisitState::CheckedIn | VisitState::Deferred => Next::Screen,
        VisitState::Fit => Next::Consent,
        VisitState::Ready => Next::Collect,
        VisitState::Donated if visit.departed_at.is_none() => Next::Depart,
        VisitState::Donated | VisitState::Left => Next::Nothing,
    }
}

pub(super) async fn look(
    house: web::Data<House>,
    visitor: Visitor,
    id: PathId<VisitId>,
    _query: NoQuery,
) -> Answer {
    show(&house, &visitor, id.0, &Fields::default(), None, None).await
}

async fn show(
    house: &web::Data<House>,
    visitor: &Visitor,
    id: VisitId,
    fields: &Fields,
    named: Option<Named>,
    problem: Option<&Problem>,
) -> Answer {
    let by: Actor<RecordDonations> = visitor.seat()?;
    let Read { visit, drive, donor, found, rests_until } = read(house, &by, id).await?;
    let frame = Frame { at: to_visit(id), ..Frame::of(house, visitor, "visit-title") };
    let (say, zone) = (frame.say, house.zone);
    let sheet = Sheet { say, list: LIST, fields, problem };
    let is_over = drive.status.is_over();
    let next = if is_over { Next::Nothing } else { next(&visit) };
    let parts = match next {
        Next::Screen => {
            let rule_set = house.rules.in_force(zone.date(drive.starts_at))?;
            screening_parts(house, &sheet, (donor.sex, visit.given), rule_set)
        }
        Next::Consent => consent_parts(&sheet),
        Next::Collect => collection_parts(&sheet),
        Next::Depart => alone(vec![sheet.time("at").hint(say.text("day-late-hint"))]),
        Next::Nothing => Vec::new(),
    };
    let page = Page {
        at: Time(house.db.now(), zone),
        today: say.day(house.today()),
        said: problem.map(|problem| Said::of(say, LIST, problem)),
        id,
        drive: visit.drive,
        record: Record::of(say, &donor),
        named,
        came: Time(visit.checked_in_at.and_utc(), zone),
        what: say.word("donation-type", visit.given.code()),
        state: say.word("visit-state", visit.state.code()),
        chip: chip(visit.state),
        next,
        found: found.map(|view| told(say, &view)),
        rests_until: rests_until.filter(|_| visit.departed_at.is_none()).map(|until| Time(until, zone)),
        may_leave: !is_over && !visit.state.is_ended(),
        may_react: matches!(visit.state, VisitState::Donated | VisitState::Ready),
        parts,
        reaction: alone(vec![
            sheet.words("kind", "reaction-kind", ReactionKind::ALL.iter().map(|kind| kind.code())).needed(),
            sheet
                .words("grade", "reaction-grade", ReactionGrade::ALL.iter().map(|grade| grade.code()))
                .needed(),
            sheet.time("began").needed(),
        ]),
        frame,
    };
    Ok(match problem {
        Some(problem) => visitor.page_of(problem.code, &page)?,
        None => visitor.page(&page)?,
    })
}

fn alone(inputs: Vec<crate::web::Input>) -> Vec<Part> {
    vec![Part { legend: String::new(), inputs }]
}

fn told(say: Say, view: &View) -> Found {
    let reason = |reason: &crate::eligibility::SeenReason| texts::reason(say.0, reason.code());
    Found {
        outcome: say.word("seen-outcome", view.outcome.code()),
        reasons: view.reasons.iter().map(reason).collect(),
    }
}

/// The questions that concern the donor, and what is measured, each with its limits.
fn screening_parts(
    house: &House,
    sheet: &Sheet<'_>,
    (sex, given): (Option<Sex>, DonationType),
    rule_set: &RuleSet,
) -> Vec<Part> {
    let say = sheet.say;
    let asked = house.questions.questions.iter().filter(|question| question.applies(sex, given));
    let question = |question: &crate::donations::questions::Question| {
        let words = if say.0 == Lang::Ar { &question.ar } else { &question.en };
        sheet.yes_since(&question_field(&question.code)).called(words.clone())
    };
    let least = |sex: Sex| *rule_set.haemoglobin.min.of(sex).of(given);
    // Of somebody whose sex is unknown the higher limit holds.
    let least = sex.map_or_else(|| least(Sex::Male).max(least(Sex::Female)), least);
    let vitals = rule_set.vitals;
    let mut measured = vec![
        sheet.between("haemoglobin_g_dl", least, rule_set.haemoglobin.upper_alert).needed(),
        sheet.between("systolic", vitals.systolic.0, vitals.systolic.1).needed(),
        sheet.between("diastolic", vitals.diastolic.0, vitals.diastolic.1).needed(),
        sheet.between("pulse", vitals.pulse.0, vitals.pulse.1).needed(),
        sheet.tick("endurance"),
        sheet.between("temperature_c", "", vitals.temperature_max_c).needed(),
        sheet.between("weight_kg", least_weight(rule_set, given), "").hint(say.text("day-measured-hint")),
        sheet.code("height_cm", 6).hint(say.text("day-measured-hint")),
    ];
    match given {
        DonationType::WholeBlood => {
            let bags = rule_set.bags.iter().map(|bag| crate::web::Choice {
                code: bag.volume_ml.to_string(),
                text: say.count("day-bag-ml", i64::from(bag.volume_ml)),
                chosen: sheet.fields.written("bag_ml") == bag.volume_ml.to_string(),
            });
            measured.push(sheet.choice("bag_ml", bags.collect()).needed());
        }
        DonationType::PlateletApheresis => {
            measured.push(sheet.between("platelets", rule_set.laboratory.platelets_min, "").needed());
        }
        DonationType::PlasmaApheresis => {
            measured.push(sheet.between("protein", rule_set.laboratory.protein_min, "").needed());
        }
        DonationType::DoubleRedCells => {}
    }
    vec![
        Part { legend: say.text("visit-questions"), inputs: asked.map(question).collect() },
        Part { legend: say.text("visit-measured"), inputs: measured },
    ]
}

/// The least weight for what is given: of whole blood that of the smallest bag.
fn least_weight(rule_set: &RuleSet, given: DonationType) -> f64 {
    let least = &rule_set.weight_kg_min;
    match given {
        DonationType::WholeBlood => {
            rule_set.bags.iter().map(|bag| bag.weight_kg_min).fold(f64::INFINITY, f64::min)
        }
        DonationType::DoubleRedCells => least.double_red_cells,
        DonationType::PlateletApheresis => least.platelet_apheresis,
        DonationType::PlasmaApheresis => least.plasma_apheresis,
    }
}

fn question_field(code: &str) -> String {
    format!("q-{code}")
}

/// What is asked in private, before the needle.
fn consent_parts(sheet: &Sheet<'_>) -> Vec<Part> {
    let say = sheet.say;
    vec![Part {
        legend: say.text("visit-in-private"),
        inputs: vec![
            sheet.tick("agreed").needed(),
            sheet.yes_no("use_blood").hint(say.text("visit-use-hint")),
        ],
    }]
}

fn collection_parts(sheet: &Sheet<'_>) -> Vec<Part> {
    let say = sheet.say;
    let mut volume = sheet.number("volume_ml", (0, rules::MOST_ML)).needed();
    volume.hint = Some(say.text("visit-volume-hint"));
    let mut additive = sheet.words("additive", "additive", Additive::ALL.iter().map(|own| own.code()));
    additive.hint = Some(say.text("additive-hint"));
    vec![
        Part {
            legend: say.text("visit-at-bed"),
            inputs: SHOWN.iter().map(|name| sheet.tick(name).needed()).collect(),
        },
        Part {
            legend: say.text("visit-numbers"),
            inputs: vec![
                sheet.code("din_form", 20).needed(),
                sheet.code("din_bag", 20).needed(),
                sheet.code("din_tubes", 20).needed(),
                sheet.code("bag_lot", 32).needed(),
                sheet.date("bag_expires_on").needed(),
                additive,
            ],
        },
        Part {
            legend: say.text("visit-drawn"),
            inputs: vec![
                sheet.time("began").needed(),
                sheet.time("ended").needed(),
                volume,
                sheet.words("outcome", "drawn", Drawn::ALL.iter().map(|drawn| drawn.code())).needed(),
            ],
        },
    ]
}

async fn done(
    house: &web::Data<House>,
    id: VisitId,
    posted: &Posted<Fields>,
    outcome: Result<actix_web::HttpResponse>,
) -> Answer {
    match outcome {
        Ok(response) => Ok(response),
        Err(problem) if !is_for_the_form(&problem) => Err(problem.into()),
        Err(problem) => show(house, &posted.visitor, id, &posted.form, None, Some(&problem)).await,
    }
}

/// Shows who the record says it is, at the bed.
pub(super) async fn who(house: web::Data<House>, id: PathId<VisitId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let visit = read(&house, &by, id.0).await?.visit;
    let named = opened(&house, &posted, visit.donor).await?;
    show(&house, &posted.visitor, id.0, &Fields::default(), Some(named), None).await
}

pub(super) async fn screen(house: web::Data<House>, id: PathId<VisitId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let read = read(&house, &by, id.0).await?;
    let outcome = match screened(&house, &read, &posted.form) {
        Ok(new) => {
            let (of, id) = (house.clone(), id.0);
            step(&house, &by, &posted, to_visit(id), move |tx, who| {
                screening::screen(tx, of.desk(), who, id, &new)
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    done(&house, id.0, &posted, outcome).await
}

fn screened(house: &House, read: &Read, fields: &Fields) -> Result<Screening> {
    let mut faults = Faults::none();
    let mut answers = Vec::new();
    let asked = (read.donor.sex, read.visit.given);
    for question in house.questions.questions.iter().filter(|question| question.applies(asked.0, asked.1)) {
        let field = question_field(&question.code);
        let base: Option<NaiveDate> = fields.read(&mut faults, &format!("since.{field}"));
        if let Some(yes) = yes_or_no(&mut faults, fields, &field) {
            answers.push(Answered { question: question.code.clone(), yes, base: base.filter(|_| yes) });
        }
    }
    let new = Screening {
        questionnaire: house.questions.version,
        answers,
        haemoglobin_g_dl: fields.read(&mut faults, "haemoglobin_g_dl"),
        systolic: fields.read(&mut faults, "systolic"),
        diastolic: fields.read(&mut faults, "diastolic"),
        pulse: fields.read(&mut faults, "pulse"),
        endurance: fields.is("endurance"),
        temperature_c: fields.read(&mut faults, "temperature_c"),
        platelets: fields.read(&mut faults, "platelets"),
        protein: fields.read(&mut faults, "protein"),
        weight_kg: fields.read(&mut faults, "weight_kg"),
        height_cm: fields.read(&mut faults, "height_cm"),
        bag_ml: fields.read(&mut faults, "bag_ml"),
    };
    faults.settle()?;
    Ok(new)
}

pub(super) async fn consent(house: web::Data<House>, id: PathId<VisitId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let mut faults = Faults::none();
    if !posted.form.is("agreed") {
        faults.add("agreed", Code::MissingField);
    }
    let use_it = yes_or_no(&mut faults, &posted.form, "use_blood");
    let outcome = match faults.give(use_it) {
        Ok(use_it) => {
            let (of, id) = (house.clone(), id.0);
            step(&house, &by, &posted, to_visit(id), move |tx, who| {
                visit::consent(tx, of.desk(), who, id, use_it)
            })
            .await
        }
        Err(problem) => Err(problem),
    };
    done(&house, id.0, &posted, outcome).await
}

pub(super) async fn collect(house: web::Data<House>, id: PathId<VisitId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let drive = read(&house, &by, id.0).await?.drive;
    let outcome = match drawing(&house, house.zone.date(drive.starts_at), &posted.form) {
        Ok(new) => {
            let (of, id) = (house.clone(), id.0);
            step(&house, &by, &posted, to_visit(id), move |tx, who| draw(tx, of.desk(), who, id, &new)).await
        }
        Err(problem) => Err(problem),
    };
    done(&house, id.0, &posted, outcome).await
}

fn drawing(house: &House, day: NaiveDate, fields: &Fields) -> Result<NewDrawing> {
    let mut faults = Faults::none();
    check_shown(&mut faults, fields);
    let mut din = |name: &str| faults.keep(name, Din::parse(fields.written(name)));
    let dins = din("din_form").zip(din("din_bag")).zip(din("din_tubes"));
    let lot = faults.keep("bag_lot", ShortCode::parse(fields.written("bag_lot")));
    let bag_expires_on = fields.need(&mut faults, "bag_expires_on");
    let began = needed(&mut faults, house, day, fields, "began");
    let ended = needed(&mut faults, house, day, fields, "ended");
    let volume_ml = fields.need(&mut faults, "volume_ml");
    let outcome = fields.need(&mut faults, "outcome");
    let additive = fields.read(&mut faults, "additive");
    let all = dins.zip(lot.zip(bag_expires_on)).zip(began.zip(ended)).zip(volume_ml.zip(outcome));
    let (((dins, bag), times), (volume_ml, outcome)) = faults.give(all)?;
    let ((form, bag_din), tubes) = dins;
    Ok(NewDrawing {
        form,
        bag: bag_din,
        tubes,
        bag_lot: bag.0,
        bag_expires_on: bag.1,
        began_at: times.0,
        ended_at: times.1,
        volume_ml,
        outcome,
        components: None,
        given_as: None,
        additive,
    })
}

pub(super) async fn depart(house: web::Data<House>, id: PathId<VisitId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let drive = read(&house, &by, id.0).await?.drive;
    let mut faults = Faults::none();
    let at = moment(&mut faults, &house, house.zone.date(drive.starts_at), &posted.form, "at");
    let outcome = match faults.settle() {
        Ok(()) => {
            let (of, id) = (house.clone(), id.0);
            step(&house, &by, &posted, to_visit(id), move |tx, who| visit::depart(tx, of.desk(), who, id, at))
                .await
        }
        Err(problem) => Err(problem),
    };
    done(&house, id.0, &posted, outcome).await
}

pub(super) async fn react(house: web::Data<House>, id: PathId<VisitId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let drive = read(&house, &by, id.0).await?.drive;
    let mut faults = Faults::none();
    let kind: Option<ReactionKind> = posted.form.need(&mut faults, "kind");
    let grade: Option<ReactionGrade> = posted.form.need(&mut faults, "grade");
    let began = needed(&mut faults, &house, house.zone.date(drive.starts_at), &posted.form, "began");
    let outcome = match faults.give(kind.zip(grade).zip(began)) {
        Ok(((kind, grade), began)) => {
            let (of, id) = (house.clone(), id.0);
            let (act_by, request) = (by.clone(), posted.print.by(by.user));
            let noted = house
                .once(&by, request, move |tx| after::react(tx, of.desk(), &act_by, id, (kind, grade, began)))
                .await;
            noted.map(|_| crate::web::go(&to_visit(id)))
        }
        Err(problem) => Err(problem),
    };
    done(&house, id.0, &posted, outcome).await
}

pub(super) async fn leave(house: web::Data<House>, id: PathId<VisitId>, posted: Posted<Fields>) -> Answer {
    let by: Actor<RecordDonations> = posted.visitor.seat()?;
    let (of, visit) = (house.clone(), id.0);
    let outcome =
        step(&house, &by, &posted, to_visit(visit), move |tx, who| visit::leave(tx, of.desk(), who, visit))
            .await;
    done(&house, visit, &posted, outcome).await
}

/// A problem of the page as such.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_next_follows_from_where_the_visit_stands() {
        let at = |state, departed: bool| Visit {
            id: VisitId(1),
            drive: DriveId(1),
            donor: shiryan_kernel::ids::DonorId(1),
            appointment: None,
            given: DonationType::WholeBlood,
            state,
            checked_in_at: chrono::NaiveDateTime::default(),
            bag_ml: None,
            screening: None,
            answer: None,
            ended_at: None,
            departed_at: departed.then(chrono::NaiveDateTime::default),
        };
        for (state, departed, expected) in [
            (VisitState::CheckedIn, false, Next::Screen),
            (VisitState::Deferred, false, Next::Screen),
            (VisitState::Fit, false, Next::Consent),
            (VisitState::Ready, false, Next::Collect),
            (VisitState::Donated, false, Next::Depart),
            (VisitState::Donated, true, Next::Nothing),
            (VisitState::Left, false, Next::Nothing),
        ] {
            assert_eq!(next(&at(state, departed)), expected, "{state}");
        }
    }
}
