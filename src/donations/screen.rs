//! Screening: the questions, what is measured with its limits, and the rules once more with all that is new.
//!
//! A cause that is found begins that day for the donor, whoever may read it afterwards; what ends the visit alone
//! stays with the visit. Nobody at the drive overrides a finding: the physician allows one giving, and the donor is
//! screened anew.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{DonorId, VisitId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::VisitState;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::questions::Answered;
use super::store::visits::{self, Visit};
use super::visit::{Stood, VISIT, conflict, decide, open};
use super::{Desk, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::donors::{self, Known};
use crate::eligibility::{
    self, Body, Decision, DonorFacts, Measured, NewDeferral, Outcome, Reason, Scope, Severity, View, Viewer,
    screen as limits, view,
};
use crate::vault::Place;

/// What was asked and measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Screening {
    /// The version that was asked.
    pub questionnaire: u32,
    /// Each question that is asked of the donor, once.
    pub answers: Vec<Answered>,
    pub haemoglobin_g_dl: Option<f64>,
    /// mmHg.
    pub systolic: Option<u16>,
    /// mmHg.
    pub diastolic: Option<u16>,
    /// Beats a minute.
    pub pulse: Option<u16>,
    /// Trains for endurance: a slow pulse is accepted.
    #[serde(default)]
    pub endurance: bool,
    pub temperature_c: Option<f64>,
    /// 10⁹/L; for platelet apheresis.
    pub platelets: Option<u16>,
    /// g/L; for plasma apheresis.
    pub protein: Option<u16>,
    /// Measured today, 20 to 400; the record's unless told.
    pub weight_kg: Option<f64>,
    /// Measured today, 80 to 260; the record's unless told.
    pub height_cm: Option<f64>,
    /// The bag that is to be filled, in mL; for whole blood.
    pub bag_ml: Option<u16>,
}

impl Screening {
    /// # Errors
    /// `out_of_range` of a weight or height that nobody has: the volume that may be drawn is reckoned from them.
    fn check(&self) -> Result<()> {
        let mut faults = Faults::none();
        if let Some(kg) = self.weight_kg {
            faults.keep("weight_kg", donors::weight_kg(kg));
        }
        if let Some(cm) = self.height_cm {
            faults.keep("height_cm", donors::height_cm(cm));
        }
        faults.settle()
    }
}

/// Screens somebody who is at the door: fit, or deferred.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `drive_closed`; `state_conflict` with the fact
/// `state`; `not_prepared` without a physician on call and a meter that passed today's control; as
/// [`Questionnaire::yes`](super::questions::Questionnaire::yes).
pub fn screen(tx: &mut Tx, desk: Desk<'_>, by: &Principal, id: VisitId, new: &Screening) -> Result<Stood> {
    new.check()?;
    let (visit, drive) = open(tx.conn, by, id)?;
    // Whoever was deferred may be screened anew the same day: when the physician allowed it, or a value was taken again.
    if !matches!(visit.state, VisitState::CheckedIn | VisitState::Deferred) {
        return Err(conflict(visit.state));
    }
    let on = desk.zone.date(drive.starts_at);
    if !visits::is_prepared(tx.conn, visit.drive, desk.zone.start_of(on))? {
        return Err(Problem::new(Code::NotPrepared));
    }
    let known = donors::known(tx.conn, desk.vault, visit.donor)?;
    let asked = (known.sex, visit.given);
    let yes = desk.questions.yes(new.questionnaire, asked, &new.answers, on)?;
    let rule_set = desk.book.in_force(on)?;
    let last = haemoglobin_before(tx.conn, desk, &visit)?;
    let mut findings = limits(rule_set, desk.book.catalogue(), visit.given, &measured(new, &known, last), on);
    let before = eligibility::facts_of(tx.conn, desk.vault, desk.book, visit.donor, None)?;
    for (question, base) in yes {
        note(tx, desk, by, &mut findings, &before, (visit.donor, &question.defers, base), on)?;
    }
    begin(tx, desk, by, &before, visit.donor, &findings, on)?;
    let (mut decision, facts, _) = decide(tx, desk, by, visit.donor, visit.given, on)?;
    join(&mut decision, findings, &facts, on);
    let to = if decision.outcome == Outcome::Eligible { VisitState::Fit } else { VisitState::Deferred };
    let text = serde_json::to_string(new).map_err(Problem::internal)?;
    let sealed = known.key.seal_text(Place::of("visits", "screening", id.0), &text);
    let (now, bag) = (tx.now, new.bag_ml.map(i32::from));
    let seen = audit::seen(tx.conn, desk.vault, &VISIT, id.0)?;
    let seen = seen.and(audit::seen(tx.conn, desk.vault, &donors::DONOR, visit.donor.0)?);
    if !visits::screened(tx, &visit, to, (sealed, bag), (now, by.user))? {
        return Err(conflict(visits::get(tx.conn, id)?.state));
    }
    // That somebody was screened, and not what for.
    seen.record(tx, desk.vault, Line::new(Some(by.user), "donations.screened").on(id))?;
    feed::append(tx, "visit", id.0, "screened")?;
    Ok(Stood { id, state: to })
}

/// What was measured at the person's last visit before this one at which it was, under whichever record; g/dL.
fn haemoglobin_before(conn: &mut Conn, desk: Desk<'_>, visit: &Visit) -> Result<Option<f64>> {
    let records = donors::records_of(conn, visit.donor, None)?.all;
    for before in visits::screened_before(conn, &records, visit)? {
        let Some(known) = donors::unless_erased(conn, desk.vault, before.donor)? else { continue };
        if let Some(found) = read(&before, &known)?.haemoglobin_g_dl {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn measured(new: &Screening, known: &Known, last: Option<f64>) -> Measured {
    Measured {
        body: Body {
            sex: known.sex,
            weight_kg: new.weight_kg.or(known.weight_kg),
            height_cm: new.height_cm.or(known.height_cm),
        },
        haemoglobin_g_dl: new.haemoglobin_g_dl,
        haemoglobin_before_g_dl: last,
        systolic: new.systolic,
        diastolic: new.diastolic,
        pulse: new.pulse,
        endurance: new.endurance,
        temperature_c: new.temperature_c,
        platelets: new.platelets,
        protein: new.protein,
        bag_ml: new.bag_ml,
    }
}

/// A yes begins its cause, or, where the cause is of the visit alone, ends the visit.
fn note(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    findings: &mut Vec<Reason>,
    before: &DonorFacts,
    (donor, code, base): (DonorId, &str, Option<NaiveDate>),
    on: NaiveDate,
) -> Result<()> {
    let entry =
        desk.book.catalogue().get(code).ok_or_else(|| Problem::internal(format!("{code} is no cause")))?;
    if entry.scope == Scope::Visit {
        findings.push(Reason::of_visit(entry));
        return Ok(());
    }
    // Asked a second time that day, it began already.
    if before
        .deferrals
        .iter()
        .any(|known| known.code == code && known.base == base && known.recorded_on == on)
    {
        return Ok(());
    }
    let new = NewDeferral { donor, code: code.to_owned(), base, second_base: None, ended_on: None };
    eligibility::defer(tx, desk.vault, desk.book, Some(by.user), &new).map(drop)
}

/// What was measured and stays with the donor for days begins today.
fn begin(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    before: &DonorFacts,
    donor: DonorId,
    findings: &[Reason],
    on: NaiveDate,
) -> Result<()> {
    let mut begun: Vec<&str> = Vec::new();
    for reason in findings {
        let Some(entry) = desk.book.catalogue().get(&reason.code) else { continue };
        if entry.scope == Scope::Visit || begun.contains(&reason.code.as_str()) {
            continue;
        }
        begun.push(&reason.code);
        if before.deferrals.iter().any(|known| known.code == reason.code && known.base == Some(on)) {
            continue;
        }
        let new = NewDeferral {
            donor,
            code: reason.code.clone(),
            base: Some(on),
            second_base: None,
            ended_on: None,
        };
        eligibility::defer(tx, desk.vault, desk.book, Some(by.user), &new)?;
    }
    Ok(())
}

/// The decision with what was found today; a physician's leave for today lifts what needs one.
fn join(decision: &mut Decision, findings: Vec<Reason>, facts: &DonorFacts, on: NaiveDate) {
    for reason in findings {
        let allowed =
            facts.allowances.iter().any(|allowance| allowance.on == on && allowance.code == reason.code);
        let is_lifted = allowed && reason.severity == Severity::NeedsPhysician;
        let is_known = decision.reasons.iter().any(|known| known.code == reason.code);
        if !is_lifted && !is_known {
            decision.reasons.push(reason);
        }
    }
    decision.reasons.sort_unstable();
    decision.outcome = Outcome::of(decision.reasons.iter());
}

/// What screening found, with the rules as they stand now, cut to what its reader may learn.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit, and of a visit that was not screened;
/// `identity_damaged`.
pub fn found(conn: &mut Conn, desk: Desk<'_>, by: &Principal, id: VisitId) -> Result<View> {
    let visit = visits::get(conn, id)?;
    let drive = crate::drives::day_of(conn, by, visit.drive)?;
    let known = donors::known(conn, desk.vault, visit.donor)?;
    let new = read(&visit, &known)?;
    let on = desk.zone.date(drive.starts_at);
    let (rule_set, catalogue) = (desk.book.in_force(on)?, desk.book.catalogue());
    let last = haemoglobin_before(conn, desk, &visit)?;
    let mut findings = limits(rule_set, catalogue, visit.given, &measured(&new, &known, last), on);
    let said_yes = |code: &str| new.answers.iter().any(|answer| answer.yes && answer.question == code);
    for question in desk.questions.questions.iter().filter(|question| said_yes(&question.code)) {
        let entry = catalogue.get(&question.defers).filter(|entry| entry.scope == Scope::Visit);
        findings.extend(entry.map(Reason::of_visit));
    }
    let facts = eligibility::facts_of(conn, desk.vault, desk.book, visit.donor, None)?;
    let mut decision = eligibility::decide(rule_set, catalogue, &facts, visit.given, on);
    join(&mut decision, findings, &facts, on);
    Ok(view(&decision, Viewer::of(by.role)?))
}

fn read(visit: &Visit, known: &Known) -> Result<Screening> {
    let sealed = visit.screening.as_ref().ok_or_else(|| Problem::new(Code::NotFound))?;
    let text = known.key.open_text(Place::of("visits", "screening", visit.id.0), sealed)?;
    serde_json::from_str(&text).map_err(|_| Problem::new(Code::IdentityDamaged))
}

/// What was asked and measured, for the physician.
///
/// # Errors
/// `not_found` of a visit that is not there or was not screened; `identity_damaged`.
pub fn screening(tx: &mut Tx, desk: Desk<'_>, by: &Principal, id: VisitId) -> Result<Screening> {
    let visit = store::visits::get(tx.conn, id)?;
    let known = donors::known(tx.conn, desk.vault, visit.donor)?;
    let screening = read(&visit, &known)?;
    audit::record(tx, desk.vault, &Line::new(Some(by.user), "donations.screening_read").on(id))?;
    Ok(screening)
}
