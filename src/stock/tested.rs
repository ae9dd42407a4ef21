//! What follows from the laboratory's results for units and donors (A16), and when a unit may leave quarantine.
//!
//! A sample that is not non-reactive stops, in the same write, every unit of the donor that something can still stop, and
//! the donor waits; a confirmed infection defers by its own cause, which the physician alone reads. Nothing here undoes
//! a stop or ends a deferral: that is a physician's, after the repeats.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{DonorId, FacilityId, UserId};
use shiryan_kernel::laboratory::{Infection, Marker, MarkerState};
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::time::plus_days;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::stop::{Subject, all_units_of, stop_all, units_of};
use super::typing::type_donor;
use super::{BloodUnit, Why, store};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx};
use crate::donors::{self, NewTyping};
use crate::eligibility::{self, NewDeferral, Rulebook};
use crate::laboratory::{self, Entry, NewResult, Panel};
use crate::vault::Vault;

/// The deferral of a donor of whom the laboratory, or a hospital, has still to say what it is.
const PENDING: &str = "LAB-PENDING";

/// What the tests of a marker amount to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tested {
    pub marker: Marker,
    pub state: MarkerState,
}

/// A number whose results were entered. What they say is read anew: an answer that is kept for a repeated request
/// stands in clear.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entered {
    pub din: Din,
}

/// A number of which units wait in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    pub din: Din,
    pub collected_on: NaiveDate,
    /// The oldest of its units here: where a list goes on.
    pub first: i64,
    pub markers: Vec<Tested>,
}

impl Waiting {
    /// Every test that is wanted was done, and found nothing.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.markers.iter().all(|own| own.state == MarkerState::Clear)
    }

    /// Something was found, or may be.
    #[must_use]
    pub fn is_suspect(&self) -> bool {
        let is_nothing = |state| matches!(state, MarkerState::Missing | MarkerState::Clear);
        !self.markers.iter().all(|own| is_nothing(own.state))
    }
}

/// Earlier donations that may have carried what was found in a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LookBack {
    pub infection: Infection,
    /// Where it begins; absent where no earlier donation was found clear: then it is all of them.
    pub since: Option<NaiveDate>,
    pub numbers: Vec<Din>,
}

fn tested(panel: &Panel) -> Vec<Tested> {
    panel.markers().map(|(marker, state)| Tested { marker, state }).collect()
}

/// Enters results of a number of which a unit lies or lay on the own shelf, and does what follows from them. The group
/// found in its sample is a typing of the donor.
///
/// # Errors
/// `not_found` of another's number; `invalid_value` of `blood_group` for bags whose donor is not known here; as
/// [`laboratory::enter`] and [`type_donor`].
pub fn enter_results(
    tx: &mut Tx,
    (vault, book): (&Vault, &Rulebook),
    by: &Principal,
    required: &[Marker],
    din: Din,
    (results, group): (&[NewResult], Option<BloodGroup>),
) -> Result<Entered> {
    let own = by.own_facility()?;
    let units = units_of(tx.conn, by, Subject::Number(din))?;
    let today = book.today(tx.now);
    let collected_on = units.iter().map(|unit| unit.collected_on).min().unwrap_or(today);
    laboratory::enter(tx, vault, by, own, (din, collected_on, today), results)?;
    let (_, panel) = laboratory::results(tx.conn, vault, required, din)?;
    if panel.is_suspect() {
        stop_for(tx, (vault, book), by.user, &units, &panel, today)?;
    }
    if let Some(group) = group {
        let giver = store::giver(tx.conn, units.iter().find_map(|unit| unit.donation))?;
        let donor = giver.ok_or_else(|| Problem::field("blood_group", Code::InvalidValue))?;
        let sample = Some(ShortCode::parse(din.as_str())?);
        type_donor(tx, vault, book, by, donor, &NewTyping { group, sample, typed_on: today })?;
    }
    Ok(Entered { din })
}

/// Stops all that the giver of these units gave, and makes him or her wait.
fn stop_for(
    tx: &mut Tx,
    (vault, book): (&Vault, &Rulebook),
    by: UserId,
    units: &[BloodUnit],
    panel: &Panel,
    today: NaiveDate,
) -> Result<()> {
    let giver = match units.iter().find_map(|unit| unit.donation) {
        Some(donation) => store::giver(tx.conn, Some(donation))?,
        None => None,
    };
    let family = match giver {
        Some(donor) => all_units_of(tx.conn, Subject::Donor(donor))?,
        None => units.to_vec(),
    };
    let count = |such: &[UnitStatus]| family.iter().filter(|unit| such.contains(&unit.status)).count();
    let out = count(&[UnitStatus::Issued, UnitStatus::EmergencyUntested]);
    let used = count(&[UnitStatus::Transfused]);
    let stopped = stop_all(tx, vault, by, &family, &Why::of(MoveReason::DonorLinked))?;
    // Nothing may be left to stop, and a patient has it.
    if !stopped.is_empty() || used > 0 {
        let line = Line::new(Some(by), "stock.donor_linked_stopped").with("stopped", stopped);
        audit::record(tx, vault, &line.with("out", out).with("used", used).alert())?;
    }
    let Some(donor) = giver else { return Ok(()) };
    make_wait(tx, (vault, book), by, donor, (PENDING, None))?;
    for (marker, state) in panel.markers() {
        if state == MarkerState::Confirmed {
            let infection = marker.infection();
            // Syphilis counts from its cure, which nobody knows yet.
            let base = (infection != Infection::Syphilis).then_some(today);
            make_wait(tx, (vault, book), by, donor, (infection.deferral(), base))?;
        }
    }
    Ok(())
}

/// Makes the giver of a unit wait until a physician has looked into what a hospital reports (A17).
///
/// # Errors
/// As any write.
pub fn await_physician(tx: &mut Tx, tools: (&Vault, &Rulebook), by: UserId, unit: &BloodUnit) -> Result<()> {
    match store::giver(tx.conn, unit.donation)? {
        Some(donor) => make_wait(tx, tools, by, donor, (PENDING, None)),
        None => Ok(()),
    }
}

/// Defers a donor by a cause, unless one of it stands. An erased donor is known to nobody.
fn make_wait(
    tx: &mut Tx,
    (vault, book): (&Vault, &Rulebook),
    by: UserId,
    donor: DonorId,
    (code, base): (&str, Option<NaiveDate>),
) -> Result<()> {
    if donors::unless_erased(tx.conn, vault, donor)?.is_none() {
        return Ok(());
    }
    let facts = eligibility::facts_of(tx.conn, vault, book, donor, None)?;
    let stands = facts
        .deferrals
        .iter()
        .any(|fact| fact.code == code && fact.ended_on.is_none() && fact.withdrawn_on.is_none());
    if stands {
        return Ok(());
    }
    let new = NewDeferral { donor, code: code.to_owned(), base, second_base: None, ended_on: None };
    eligibility::defer(tx, vault, book, Some(by), &new).map(drop)
}

/// Whether a unit may leave quarantine by its tests. A unit from another blood service was tested there.
///
/// # Errors
/// `tests_missing` with the markers; `tests_reactive` of a number that is not clear, or of a donor of whom another
/// donation may be infected; `second_person_required` for whoever entered a result.
pub(super) fn check_tests(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    required: &[Marker],
    unit: &BloodUnit,
) -> Result<()> {
    let Some(donor) = store::giver(tx.conn, unit.donation)? else { return Ok(()) };
    let (entries, panel) = laboratory::results(tx.conn, vault, required, unit.din)?;
    if !panel.is_free() {
        return Err(Problem::new(Code::TestsReactive));
    }
    let missing: Vec<&str> = panel.missing().map(Marker::code).collect();
    if !missing.is_empty() {
        return Err(Problem::new(Code::TestsMissing).with("missing", missing.join(" ")));
    }
    check_nothing_found(tx.conn, vault, donor)?;
    for entry in entries.iter().filter(|entry| !entry.is_corrected) {
        accounts::check_two_people(tx, by.user, entry.entered_by)?;
    }
    Ok(())
}

/// Whether no donation of the donor may be infected, by all that was found so far.
///
/// # Errors
/// `tests_reactive`.
pub(super) fn check_nothing_found(conn: &mut Conn, vault: &Vault, donor: DonorId) -> Result<()> {
    let records = donors::records_of(conn, donor, None)?.all;
    let others = store::numbers_of(conn, &records)?;
    if laboratory::panels(conn, vault, &[], &others)?.iter().any(Panel::is_suspect) {
        return Err(Problem::new(Code::TestsReactive));
    }
    Ok(())
}

/// Every result of a number in the caller's reach, oldest first, and what they amount to.
///
/// # Errors
/// `not_found` where no unit of it is in reach; `identity_damaged`.
pub fn results_of(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    required: &[Marker],
    din: Din,
) -> Result<(Vec<Entry>, Vec<Tested>)> {
    units_of(conn, by, Subject::Number(din))?;
    let (entries, panel) = laboratory::results(conn, vault, required, din)?;
    Ok((entries, tested(&panel)))
}

/// Numbers of donations here of which units wait in quarantine on the own shelf, after `after`, oldest first.
///
/// # Errors
/// `identity_damaged`.
pub fn waiting(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    required: &[Marker],
    after: i64,
    limit: i64,
) -> Result<Vec<Waiting>> {
    let own: FacilityId = by.own_facility()?;
    let rows = store::numbers_in_quarantine(conn, own, after, limit)?;
    let numbers: Vec<Din> = rows.iter().map(|(din, ..)| *din).collect();
    let panels = laboratory::panels(conn, vault, required, &numbers)?;
    Ok(rows
        .into_iter()
        .zip(&panels)
        .map(|((din, first, collected_on), panel)| Waiting {
            din,
            collected_on,
            first,
            markers: tested(panel),
        })
        .collect())
}

/// The donor's donations before this one that may have carried what was found in it, infection by infection: those from a
/// span before the last that was clear of it on, or all.
///
/// # Errors
/// As [`results_of`].
pub fn look_back(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    required: &[Marker],
    din: Din,
) -> Result<Vec<LookBack>> {
    let units = units_of(conn, by, Subject::Number(din))?;
    let (_, panel) = laboratory::results(conn, vault, required, din)?;
    let found = panel
        .markers()
        .filter(|(_, state)| matches!(state, MarkerState::RepeatReactive | MarkerState::Confirmed));
    let mut infections: Vec<Infection> = found.map(|(marker, _)| marker.infection()).collect();
    infections.sort_unstable();
    infections.dedup();
    let Some(donor) = store::giver(conn, units.iter().find_map(|unit| unit.donation))? else {
        return Ok(Vec::new());
    };
    let on = units.iter().map(|unit| unit.collected_on).min();
    let records = donors::records_of(conn, donor, None)?.all;
    let mut earlier = store::given_by(conn, &records)?;
    earlier.retain(|(other, day)| *other != din && on.is_none_or(|on| *day <= on));
    let numbers: Vec<Din> = earlier.iter().map(|(number, _)| *number).collect();
    let panels = laboratory::panels(conn, vault, required, &numbers)?;
    let told = infections.into_iter().map(|infection| {
        let clear = earlier.iter().zip(&panels).filter(|(_, panel)| {
            let mut of = panel.markers().filter(|(marker, _)| marker.infection() == infection).peekable();
            of.peek().is_some() && of.all(|(_, state)| state == MarkerState::Clear)
        });
        let last = clear.map(|((_, day), _)| *day).max();
        let since = last.map(|day| plus_days(day, -infection.lookback_days()));
        let reached = earlier.iter().filter(|(_, day)| since.is_none_or(|since| *day >= since));
        LookBack { infection, since, numbers: reached.map(|(number, _)| *number).collect() }
    });
    Ok(told.collect())
}
