//! Another slot of the same drive: one appointment moves, or two swap.
//!
//! An appointment is never rewritten: it is cancelled and a new one takes its status and its place in the line, so that
//! one letter tells of the new time and calendars move the entry that they have. Slots are locked by their start.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::Sex;
use shiryan_kernel::ids::{AppointmentId, SlotId, UserId};
use shiryan_kernel::message::{MessageState, Template};
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::accept::{Reminders, tell};
use super::book::{Booked, is_for, propose};
use super::rules::layout::hour_of;
use super::{APPOINTMENT, Slot, hold, in_scope, rules, store};
use crate::accounts::Principal;
use crate::audit::{self, Line, Seen};
use crate::db::{Tx, feed};
use crate::messages::Notice;
use crate::vault::Vault;

/// An appointment that took another's place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = MovedDrive)]
pub struct Moved {
    pub id: AppointmentId,
    /// The one that was cancelled for it.
    pub replaces: AppointmentId,
    pub slot: SlotId,
    pub starts_at: DateTime<Utc>,
    /// As the old one's: of a booked one whoever moves it says that the donor agreed.
    pub status: AppointmentStatus,
}

/// Moves a live appointment to another slot to come of its drive. Holds under read committed.
///
/// # Errors
/// `not_found`, also for a medic when the drive or the donor is of another unit; `state_conflict` with the fact
/// `state` of one that is not live; `unknown_reference` of a slot of another drive; `invalid_value` of its own;
/// `drive_closed` of a slot that has begun and of a drive that will not take place; `slot_full`; `slot_for_women`;
/// `first_timers_full`.
pub fn change_slot(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: AppointmentId,
    to: SlotId,
    reminders: Reminders,
) -> Result<Moved> {
    let (old, sex) = held(tx, by, id)?;
    shift(tx, vault, Some(by.user), &old, sex, to, reminders)
}

/// The same by the donor's own link: a proposed appointment stays proposed.
///
/// # Errors
/// As [`change_slot`].
pub fn change_slot_by_link(
    tx: &mut Tx,
    vault: &Vault,
    id: AppointmentId,
    to: SlotId,
    reminders: Reminders,
) -> Result<Moved> {
    let seen = store::appointment(tx.conn, id)?;
    let sex = store::lock_donor(tx.conn, seen.donor)?.sex;
    let old = store::appointment(tx.conn, id)?;
    if !old.status.is_live() {
        return Err(conflict(old.status));
    }
    shift(tx, vault, None, &old, sex, to, reminders)
}

fn shift(
    tx: &mut Tx,
    vault: &Vault,
    by: Option<UserId>,
    old: &store::Place,
    sex: Option<Sex>,
    to: SlotId,
    reminders: Reminders,
) -> Result<Moved> {
    let slot = store::slot(tx.conn, old.drive, to)?;
    let slot = slot.ok_or_else(|| Problem::field("slot", Code::UnknownReference))?;
    if slot.id == old.slot {
        return Err(Problem::field("slot", Code::InvalidValue));
    }
    to_come(tx, old, &slot)?;
    if !is_for(&slot, sex) {
        return Err(Problem::new(Code::SlotForWomen));
    }
    // Inside one hour nobody is counted anew.
    let is_counted = old.first_timer && hour_of(old.starts_at.and_utc()) != hour_of(slot.starts_at);
    let take = |tx: &mut Tx| {
        if is_counted && !store::count_first_timer(tx, old.drive, slot.starts_at)? {
            return Err(Problem::new(Code::FirstTimersFull));
        }
        if store::take(tx, slot.id)? { Ok(()) } else { Err(Problem::new(Code::SlotFull)) }
    };
    let free = |tx: &mut Tx| {
        let uncounted = !is_counted || store::uncount_first_timer(tx, old.drive, old.starts_at.and_utc())?;
        if uncounted && store::free(tx, old.slot)? { Ok(()) } else { Err(Problem::new(Code::Busy)) }
    };
    if (slot.starts_at, slot.id) < (old.starts_at.and_utc(), old.slot) {
        take(tx)?;
        free(tx)?;
    } else {
        free(tx)?;
        take(tx)?;
    }
    let seen = end(tx, vault, old)?;
    begin(tx, vault, by, (old, seen), &slot, reminders)
}

/// Lets two live appointments of one drive take each other's slot. No place is taken or given back. Holds under read
/// committed.
///
/// # Errors
/// As [`change_slot`]; `unknown_reference` of `with` that is not there or of another drive; `invalid_value` of one in
/// the same slot.
pub fn swap(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: AppointmentId,
    with: AppointmentId,
    reminders: Reminders,
) -> Result<[Moved; 2]> {
    // Always in one order, so that two who swap the same pair wait for one another.
    let (low, high) = (id.min(with), id.max(with));
    let other = store::appointment(tx.conn, with).map_err(|problem| match problem.code {
        Code::NotFound => Problem::field("with", Code::UnknownReference),
        _ => problem,
    })?;
    let own = store::appointment(tx.conn, id)?;
    in_scope(tx.conn, by, own.drive)?;
    if own.drive != other.drive {
        return Err(Problem::field("with", Code::UnknownReference));
    }
    if own.slot == other.slot {
        return Err(Problem::field("with", Code::InvalidValue));
    }
    let mut donors = [own.donor, other.donor];
    donors.sort_unstable();
    for donor in donors {
        hold(tx.conn, by, donor)?;
    }
    let ((low, sex_of_low), (high, sex_of_high)) = (held(tx, by, low)?, held(tx, by, high)?);
    let slot_of = |tx: &mut Tx, place: &store::Place| {
        store::slot(tx.conn, place.drive, place.slot)?.ok_or_else(|| Problem::new(Code::Busy))
    };
    let (slot_of_low, slot_of_high) = (slot_of(tx, &low)?, slot_of(tx, &high)?);
    to_come(tx, &low, &slot_of_high)?;
    to_come(tx, &high, &slot_of_low)?;
    if !is_for(&slot_of_high, sex_of_low) || !is_for(&slot_of_low, sex_of_high) {
        return Err(Problem::new(Code::SlotForWomen));
    }
    count_swapped(tx, &low, &high)?;
    let was_low = end(tx, vault, &low)?;
    let was_high = end(tx, vault, &high)?;
    Ok([
        begin(tx, vault, Some(by.user), (&low, was_low), &slot_of_high, reminders)?,
        begin(tx, vault, Some(by.user), (&high, was_high), &slot_of_low, reminders)?,
    ])
}

/// Counts those who give for the first time anew when one of the two does and their hours differ; hours are locked by
/// their start.
fn count_swapped(tx: &mut Tx, one: &store::Place, other: &store::Place) -> Result<()> {
    let (from, to) = match (one.first_timer, other.first_timer) {
        (true, false) => (one.starts_at.and_utc(), other.starts_at.and_utc()),
        (false, true) => (other.starts_at.and_utc(), one.starts_at.and_utc()),
        _ => return Ok(()),
    };
    if hour_of(from) == hour_of(to) {
        return Ok(());
    }
    let count = |tx: &mut Tx| match store::count_first_timer(tx, one.drive, to)? {
        true => Ok(()),
        false => Err(Problem::new(Code::FirstTimersFull)),
    };
    let uncount = |tx: &mut Tx| match store::uncount_first_timer(tx, one.drive, from)? {
        true => Ok(()),
        false => Err(Problem::new(Code::Busy)),
    };
    if to < from {
        count(tx)?;
        uncount(tx)
    } else {
        uncount(tx)?;
        count(tx)
    }
}

/// A live appointment whose donor nobody else books meanwhile, and the donor's sex.
fn held(tx: &mut Tx, by: &Principal, id: AppointmentId) -> Result<(store::Place, Option<Sex>)> {
    let seen = store::appointment(tx.conn, id)?;
    in_scope(tx.conn, by, seen.drive)?;
    let sex = hold(tx.conn, by, seen.donor)?.sex;
    let place = store::appointment(tx.conn, id)?;
    if place.status.is_live() { Ok((place, sex)) } else { Err(conflict(place.status)) }
}

fn conflict(state: AppointmentStatus) -> Problem {
    Problem::new(Code::StateConflict).with("state", state)
}

/// Whether a place to come can be taken in the drive, which nobody calls off meanwhile.
fn to_come(tx: &mut Tx, place: &store::Place, slot: &Slot) -> Result<()> {
    let status = store::share_drive(tx.conn, place.drive)?;
    if rules::may_take_place(status) && slot.starts_at > tx.now {
        Ok(())
    } else {
        Err(Problem::new(Code::DriveClosed))
    }
}

/// Ends the old one; what it was.
fn end(tx: &mut Tx, vault: &Vault, old: &store::Place) -> Result<Seen> {
    let seen = audit::seen(tx.conn, vault, &APPOINTMENT, old.id.0)?;
    if !store::end(tx, old.id, old.status, AppointmentStatus::Cancelled)? {
        return Err(conflict(store::appointment(tx.conn, old.id)?.status));
    }
    feed::append(tx, "appointment", old.id.0, AppointmentStatus::Cancelled.code())?;
    Ok(seen)
}

/// The appointment that takes the old one's status in the slot.
fn begin(
    tx: &mut Tx,
    vault: &Vault,
    by: Option<UserId>,
    (old, seen): (&store::Place, Seen),
    slot: &Slot,
    reminders: Reminders,
) -> Result<Moved> {
    let status = old.status;
    let new = store::NewAppointment {
        drive: old.drive,
        slot: slot.id,
        donor: old.donor,
        status,
        given: old.given,
        first_timer: old.first_timer,
        // The old one's end was a change too.
        follows: Some((old.line(), old.version + 1)),
    };
    let id = store::insert_appointment(tx, &new, by)?;
    let line = Line::new(by, "drives.appointment_moved").on(id).with("replaces", old.id);
    seen.and(audit::made(&APPOINTMENT, id.0)).record(tx, vault, line.with("slot", slot.id))?;
    feed::append(tx, "appointment", id.0, status.code())?;
    if status == AppointmentStatus::Booked {
        let template =
            if is_told(tx, old)? { Template::AppointmentChanged } else { Template::AppointmentConfirmed };
        let (donor, useful_until) = (old.donor, slot.starts_at);
        let notice = Notice { template, donor, subject: id.0, due_at: tx.now, useful_until };
        tell(tx, vault, &notice, reminders)?;
    } else {
        let booked =
            Booked { id, slot: slot.id, starts_at: slot.starts_at, status, donation_type: old.given };
        propose(tx, vault, old.donor, &booked)?;
    }
    Ok(Moved { id, replaces: old.id, slot: slot.id, starts_at: slot.starts_at, status })
}

/// Whether a letter about the old time, or one before it, may have left, or was found to reach nobody; one that only
/// waits finds nothing to tell any more.
fn is_told(tx: &mut Tx, old: &store::Place) -> Result<bool> {
    let letters = store::told_of_line(tx.conn, old)?;
    Ok(letters.iter().any(|(state, tries)| *state != MessageState::Queued || *tries > 0))
}
