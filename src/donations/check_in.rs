//! Checking in: who came, by what they stated and showed.
//!
//! The donor states name and birth date, and a document is seen; both are recorded as facts, without what was said
//! or shown. The rules are asked anew and the decision is kept, but nobody is sent away by it here: whoever came is
//! checked in, rests like everybody else, and hears at screening, in private, whether to give.

use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::branch::DespiteRest;
use shiryan_kernel::ids::{AppointmentId, CheckInId, DonorId, DriveId, SlotId};
use shiryan_kernel::problem::Faults;
use shiryan_kernel::status::CheckInState;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::{Desk, decide, rules, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::donors;
use crate::drives::{self, Arrival, Comer};

/// How the donor is known to be who they say: at check-in and again at the bed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The donor said name and birth date without being prompted, and both agree with the record.
    pub name_and_birth_date_stated: bool,
    /// A document was seen, and it agrees too.
    pub document_seen: bool,
}

impl Identity {
    /// # Errors
    /// `invalid_value` of each that was not done: nobody goes on without.
    pub fn check(self, at: &str) -> Result<()> {
        let mut faults = Faults::none();
        if !self.name_and_birth_date_stated {
            faults.add(format!("{at}.name_and_birth_date_stated"), Code::InvalidValue);
        }
        if !self.document_seen {
            faults.add(format!("{at}.document_seen"), Code::InvalidValue);
        }
        faults.settle()
    }
}

/// Somebody to be checked in.
#[derive(Debug, Clone, Copy)]
pub struct NewCheckIn {
    pub drive: DriveId,
    pub donor: DonorId,
    pub identity: Identity,
    /// What is to be given; by the appointment, or the first of what the drive collects, when absent.
    pub donation_type: Option<DonationType>,
    /// When they came, for a late entry; now, when absent.
    pub at: Option<Moment>,
    pub slot: Option<SlotId>,
    pub despite: Option<DespiteRest>,
}

/// Somebody who is checked in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CheckedIn {
    pub id: CheckInId,
    pub appointment: AppointmentId,
    /// Came without an appointment; a place was taken at the door.
    pub walk_in: bool,
    pub donation_type: DonationType,
    pub state: CheckInState,
}

/// Checks somebody in, by appointment or as a walk-in. Holds under read committed, and only there.
///
/// # Errors
/// As [`Identity::check`]; `out_of_range` of `at` in the future or more than 30 days ago; as [`drives::arrive`];
/// `state_conflict` with the fact `state` of one who is checked in there.
pub fn check_in(tx: &mut Tx, desk: Desk<'_>, by: &Principal, new: &NewCheckIn) -> Result<CheckedIn> {
    new.identity.check("identity")?;
    let at = new.at.unwrap_or(tx.now);
    rules::check_entry(at, tx.now).map_err(|problem| problem.on("at"))?;
    drives::in_reach(tx.conn, by, new.drive)?;
    drives::hold(tx.conn, by, new.donor)?;
    let records = donors::records_of(tx.conn, new.donor, None)?.all;
    if let Some(state) = store::check_ins::of_person(tx.conn, new.drive, &records)? {
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    let (given, slot, despite) = (new.donation_type, new.slot, new.despite);
    let comer = Comer { drive: new.drive, donor: new.donor, at, given, slot, despite };
    let arrival = drives::arrive(tx, desk.vault, desk.zone, by, &comer)?;
    let (decision, _) = decide(tx, desk, by, new.donor, arrival.given, desk.zone.date(at))?;
    let row = store::check_ins::NewRow { arrival, decision, at };
    let id = store::check_ins::insert(tx, by.user, new, &row)?;
    let line = Line::new(Some(by.user), "donations.checked_in").on(id).with("drive", new.drive);
    audit::record(tx, desk.vault, &line.with("donor", new.donor))?;
    let state = CheckInState::Waiting;
    feed::append(tx, "check_in", id.0, state.code())?;
    let Arrival { appointment, walk_in, given, .. } = arrival;
    Ok(CheckedIn { id, appointment, walk_in, donation_type: given, state })
}

/// Somebody whose check-in was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Voided {
    pub id: CheckInId,
    pub state: CheckInState,
}

/// Takes back a check-in that was entered by mistake, before screening: nobody came.
///
/// # Errors
/// `not_found`, of a drive outside the scope too; `state_conflict` of one who went on, and of a drive that is done.
pub fn void(tx: &mut Tx, desk: Desk<'_>, by: &Principal, id: CheckInId) -> Result<Voided> {
    let found = store::check_ins::one(tx.conn, id)?;
    drives::in_reach(tx.conn, by, found.drive)?;
    drives::hold(tx.conn, by, found.donor)?;
    step(tx, desk, by, id, CheckInState::Waiting, CheckInState::Voided)?;
    drives::never_came(tx, desk.vault, by, found.arrival())?;
    Ok(Voided { id, state: CheckInState::Voided })
}

/// Moves somebody on from where they stand.
///
/// # Errors
/// `state_conflict` with the fact `state` when they stand elsewhere.
pub(super) fn step(
    tx: &mut Tx,
    desk: Desk<'_>,
    by: &Principal,
    id: CheckInId,
    from: CheckInState,
    to: CheckInState,
) -> Result<()> {
    if !store::check_ins::step(tx, id, from, to)? {
        let state = store::check_ins::one(tx.conn, id)?.state;
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    let line = Line::new(Some(by.user), "donations.check_in_moved").on(id).with("was", from);
    audit::record(tx, desk.vault, &line)?;
    feed::append(tx, "check_in", id.0, "moved")
}
