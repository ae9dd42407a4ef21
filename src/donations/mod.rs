//! The drive day, from the door to the way home, and what was given with the units made of it.
//!
//! A donation is a fact that has happened, so it is never refused for the donor's eligibility: losing it
//! would hide it from the donor's intervals, and leave bags that nobody can trace. When the rules, with
//! all that is known by now, say that the donor should not have given that day, the donation is recorded
//! all the same, its units are blocked at once, and the answer warns with one code whatever the cause.
//! Refused is what cannot be true or traced: a number that is wrong or used, a day to come, a donor whom
//! the caller may not know of or whose record waits for review.

pub mod after;
pub mod api;
pub mod collect;
pub mod day;
pub mod kinds;
pub mod pages;
pub mod panel;
pub mod questions;
pub mod rules;
pub mod screen;
mod store;
mod thanks;
pub mod visit;

use serde::{Deserialize, Serialize};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{Component, DonationType, GroupEvidence};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{AppointmentId, BloodUnitId, DecisionId, DonationId, DonorId, DriveId, FacilityId};
use shiryan_kernel::shelf::{Additive, Keeping};
use shiryan_kernel::status::{DonorKind, DonorStatus, DriveStatus, FacilityKind, MoveReason};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::donors::{self, Donor, Scope};
use crate::drives;
use crate::eligibility::{self, GivingSource, NewGiving, Outcome, Rulebook};
use crate::places;
use crate::stock::{self, Origin};
use crate::vault::Vault;
use questions::Questionnaire;

pub use thanks::about;

/// A donation to be recorded.
#[derive(Debug, Clone)]
pub struct NewDonation {
    pub donor: DonorId,
    pub donation_type: DonationType,
    pub din: Din,
    /// mL collected.
    pub volume_ml: i32,
    pub collected_at: Moment,
    /// Where it was given, if in a drive.
    pub drive: Option<DriveId>,
    /// The blood bank that keeps the units; a bank's own, else the drive's, unless said.
    pub facility: Option<FacilityId>,
    /// What it is made into; as its type usually is, unless said.
    pub components: Option<Vec<Component>>,
    /// How the donor came to give this time; as the register says, unless said.
    pub given_as: Option<DonorKind>,
    /// What the set of bags holds; as the house's do, unless said.
    pub additive: Option<Additive>,
}

/// What recording works with, beside the transaction.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    pub vault: &'a Vault,
    pub book: &'a Rulebook,
    pub zone: Zone,
    /// What whole blood becomes unless somebody says otherwise.
    pub whole_blood_becomes: &'a [Component],
    /// How bags are filled and kept here.
    pub keeping: &'a Keeping,
    /// What donors are asked.
    pub questions: &'a Questionnaire,
}

shiryan_kernel::word! {
    /// What somebody should look at.
    pub enum DonationWarning {
        /// The rules say that the donor should not have given that day; the units are blocked.
        NotEligible = "not_eligible",
    }
}

/// A donation that was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Recorded {
    pub id: DonationId,
    /// The appointment that it kept; absent for a walk-in.
    pub appointment: Option<AppointmentId>,
    pub units: Vec<RecordedUnit>,
    pub warnings: Vec<DonationWarning>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RecordedUnit {
    pub id: BloodUnitId,
    pub component: Component,
    /// 0 for an undivided component.
    pub division: i32,
    /// The last moment at which it is good.
    pub expires_at: chrono::DateTime<chrono::Utc>,
}

/// Records a donation: the giving with the donor's windows, the units in quarantine, and the appointment
/// as kept, all in one transaction.
///
/// # Errors
/// `not_found` of a donor or drive outside the scope; `donor_unbookable` while the record waits for
/// review or is closed; `din_used`; `invalid_request` with the fields that cannot be; `missing_field` of
/// `facility` when nobody says who keeps the units; `state_conflict` of a drive that never took place.
pub fn record(tx: &mut Tx, desk: Desk<'_>, by: &Principal, new: &NewDonation) -> Result<Recorded> {
    write(tx, desk, by, new, Came::Unseen)
}

/// How a donor came who gave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Came {
    /// Nobody checked them in: a live appointment in the drive is kept now.
    Unseen,
    /// The appointment was kept at the door, where there was one.
    ToVisit(Option<AppointmentId>),
}

/// A donation in the record of changes.
const DONATION: audit::Thing = audit::Thing { name: "donation", tables: &[("donations", "id")] };

fn write(tx: &mut Tx, desk: Desk<'_>, by: &Principal, new: &NewDonation, came: Came) -> Result<Recorded> {
    rules::check_figures(new.volume_ml, new.collected_at, tx.now)?;
    let pieces = rules::made_of(new.donation_type, new.components.as_deref(), desk.whole_blood_becomes)?;
    let scope = Scope::of(tx.conn, by)?;
    let donor = donors::donor(tx.conn, &scope, new.donor)?;
    if !matches!(donor.status, DonorStatus::Active | DonorStatus::Paused) {
        return Err(Problem::new(Code::DonorUnbookable));
    }
    let facility = keeper(tx.conn, desk, by, new)?;
    if store::is_used(tx.conn, &new.din)? {
        return Err(Problem::new(Code::DinUsed).about("din", Code::DinUsed));
    }
    let (decision, eligible) = decide(tx, desk, by, new)?;
    let id = DonationId(tx.id());
    let appointment = match (came, new.drive) {
        (Came::ToVisit(kept), _) => kept,
        (Came::Unseen, Some(drive)) => drives::keep_appointment(tx, desk.vault, by, drive, new.donor)?,
        (Came::Unseen, None) => None,
    };
    let given_as = new.given_as.or(donor.kind);
    let row = store::NewRow { id, facility, appointment, decision, given_as };
    store::insert(tx, desk.zone, by.user, new, &row)?;
    let giver = audit::seen(tx.conn, desk.vault, &eligibility::GIVINGS, new.donor.0)?;
    give(tx, desk, new)?;
    let origin = Origin {
        donation: Some(id),
        din: new.din,
        facility,
        collected_at: new.collected_at,
        blood_group: confirmed_group(&donor),
        attributes: Attributes::default(),
        additive: Some(new.additive.unwrap_or(desk.keeping.bags)),
    };
    let collected = (new.collected_at, desk.zone);
    let units =
        rules::units(&pieces, new.donation_type, new.volume_ml, collected, (desk.keeping, origin.additive));
    let made = stock::create_units(tx, desk.vault, desk.zone, Some(by.user), &origin, &units)?;
    if !eligible {
        for unit in &made {
            stock::block(tx, desk.vault, Some(by.user), *unit, MoveReason::DonorLinked)?;
        }
    }
    let line = Line::new(Some(by.user), "donations.recorded").on(id).with("donor", new.donor);
    let bags = audit::made_all(&stock::UNIT, made.iter().map(|unit| unit.0));
    audit::made(&DONATION, id.0).and(bags).and(giver).record(tx, desk.vault, line)?;
    feed::append(tx, "donation", id.0, "recorded")?;
    let units = made.into_iter().zip(units).map(|(id, unit)| RecordedUnit {
        id,
        component: unit.component,
        division: unit.division,
        expires_at: unit.expires_at,
    });
    let warnings = if eligible { Vec::new() } else { vec![DonationWarning::NotEligible] };
    Ok(Recorded { id, appointment, units: units.collect(), warnings })
}

/// The donor of a donation, and when it was given.
///
/// # Errors
/// `not_found` of one whose donor is outside the scope.
pub fn giver(conn: &mut Conn, by: &Principal, id: DonationId) -> Result<(DonorId, Moment)> {
    let (donor, given_at) = store::visits::donation(conn, id)?;
    let scope = Scope::of(conn, by)?;
    donors::donor(conn, &scope, donor)?;
    Ok((donor, given_at.and_utc()))
}

/// What a person gave here, under whichever record, latest first.
///
/// # Errors
/// As any read.
pub fn given_by(conn: &mut Conn, donor: DonorId, limit: i64) -> Result<Vec<(DonationId, chrono::NaiveDate)>> {
    let records = donors::records_of(conn, donor, None)?.all;
    store::of_person(conn, &records, limit)
}

/// Only a group that two typings confirmed goes onto a bag before the laboratory has typed it.
fn confirmed_group(donor: &Donor) -> Option<shiryan_kernel::blood::BloodGroup> {
    donor.blood_group.filter(|_| donor.group_evidence == GroupEvidence::Confirmed)
}

/// The blood bank that keeps the units.
fn keeper(conn: &mut Conn, desk: Desk<'_>, by: &Principal, new: &NewDonation) -> Result<FacilityId> {
    let of_drive = match new.drive {
        Some(drive) => {
            let drive = drives::get(conn, desk.vault, desk.zone, by, drive)?;
            if matches!(drive.status, DriveStatus::Draft | DriveStatus::Cancelled) {
                return Err(Problem::new(Code::StateConflict).with("state", drive.status));
            }
            if drive.on != desk.zone.date(new.collected_at) {
                return Err(Problem::field("collected_at", Code::OutOfRange).with("drive_on", drive.on));
            }
            drive.details.and_then(|details| details.facility)
        }
        None => None,
    };
    if let Some(own) = by.facility {
        return match (new.facility, of_drive) {
            (Some(said), _) if said != own => Err(Problem::field("facility", Code::InvalidValue)),
            (_, Some(other)) if other != own => Err(Problem::field("drive", Code::InvalidValue)),
            _ => Ok(own),
        };
    }
    let Some(said) = new.facility.or(of_drive) else {
        return Err(Problem::new(Code::MissingField).about("facility", Code::MissingField));
    };
    let found = places::facility(conn, said).map_err(|problem| match problem.code {
        Code::NotFound => Problem::field("facility", Code::UnknownReference),
        _ => problem,
    })?;
    if found.kind == FacilityKind::BloodBank {
        Ok(said)
    } else {
        Err(Problem::field("facility", Code::InvalidValue))
    }
}

/// Whether the donor may have given, by all that is known now, a deferral that came after the day of giving
/// included; the decision is kept.
fn decide(tx: &mut Tx, desk: Desk<'_>, by: &Principal, new: &NewDonation) -> Result<(DecisionId, bool)> {
    let day = desk.zone.date(new.collected_at);
    let facts = eligibility::facts_of(tx.conn, desk.vault, desk.book, new.donor, None)?;
    let rules = desk.book.in_force(day)?;
    let decision = eligibility::decide(rules, desk.book.catalogue(), &facts, new.donation_type, day);
    let kept = eligibility::keep_decision(tx, desk.vault, by.user, new.donor, &decision, &facts)?;
    Ok((kept, decision.outcome == Outcome::Eligible))
}

fn give(tx: &mut Tx, desk: Desk<'_>, new: &NewDonation) -> Result<()> {
    let giving = NewGiving {
        donor: new.donor,
        on: desk.zone.date(new.collected_at),
        donation_type: new.donation_type,
        volume_ml: u16::try_from(new.volume_ml).ok(),
        red_cells_lost: false,
        source: GivingSource::Donation,
    };
    eligibility::record_giving(tx, desk.vault, desk.book, &giving)?;
    Ok(())
}
