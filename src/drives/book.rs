//! Taking a place in a drive for a donor.
//!
//! ONE conditional statement takes the place: `booked + 1` where `booked < capacity`. Everything else is
//! checked before it in the same transaction, behind a lock on the donor, so that one donor's bookings
//! take turns: no two live ones in a drive, nor on one civil day. Rows are locked in the order donor,
//! drive, slots by start, appointment. A refusal never says why somebody may not give.

use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::branch::DespiteRest;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, SlotId, UnitId, UserId};
use shiryan_kernel::message::Template;
use shiryan_kernel::status::{AppointmentStatus, DonorStatus};
use shiryan_kernel::time::{Moment, Zone, plus_days};
use shiryan_kernel::{Code, Problem, Result};

use super::accept::{Reminders, say_yes};
use super::{APPOINTMENT, Slot, busy, in_scope, rules, store};
use crate::accounts::Principal;
use crate::activities::absences;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::donors::{self, Scope};
use crate::eligibility::heed;
use crate::messages::{self, Notice};
use crate::vault::Vault;

/// A booking to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewBooking {
    pub drive: DriveId,
    pub donor: DonorId,
    /// The earliest with a place, when absent.
    pub slot: Option<SlotId>,
    /// One of those that the drive collects; its first, when absent.
    pub given: Option<DonationType>,
    /// Why the donor may come although a duty is near that only warns.
    pub despite: Option<DespiteRest>,
}

/// A donor whom nobody else books meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    pub donor: DonorId,
    pub status: DonorStatus,
    pub unit: Option<UnitId>,
    /// Whose record this one is read as.
    pub merged_into: Option<DonorId>,
    pub sex: Option<Sex>,
}

/// A booking that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Booked {
    pub id: AppointmentId,
    pub slot: SlotId,
    pub starts_at: Moment,
    pub status: AppointmentStatus,
    pub donation_type: DonationType,
}

/// Books `donor` into the named slot, or into the earliest that has a place; the booking is proposed
/// until the donor accepts. Holds under read committed.
///
/// # Errors
/// `not_found` of a drive or a donor outside the scope; `drive_closed`; `unknown_reference` of a slot of
/// another drive; `type_not_collected` there; `donor_unbookable`; `not_eligible` for that type on that civil day;
/// `unit_absent` when the
/// donor's unit is deployed or on alert then; `duty_conflict` with a duty of that day or inside the rest after it;
/// `already_booked` there or elsewhere on that day; `slot_full`; `drive_full`; `slot_for_women`;
/// `first_timers_full` when those who give for the first time have their share of the hour, or of every hour with a
/// place.
pub fn book(tx: &mut Tx, vault: &Vault, zone: Zone, by: &Principal, new: NewBooking) -> Result<Booked> {
    let found = in_scope(tx.conn, by, new.drive)?;
    rules::takes_bookings(found.status, found.taken_until(), tx.now)?;
    let held = hold(tx.conn, by, new.donor)?;
    let booked = place(tx, vault, zone, Some(by.user), &found, held, new)?;
    propose(tx, vault, new.donor, &booked)?;
    Ok(booked)
}

/// Queues the question whether the donor accepts what was proposed.
pub(super) fn propose(tx: &mut Tx, vault: &Vault, donor: DonorId, booked: &Booked) -> Result<()> {
    let notice = Notice {
        template: Template::AppointmentProposed,
        donor,
        subject: booked.id.0,
        due_at: tx.now,
        useful_until: rules::lapses_at(tx.now, booked.starts_at),
    };
    messages::queue(tx, vault, &notice).map(drop)
}

/// Books by the donor's own link: the donor asked, so it is booked at once, and confirmed.
///
/// # Errors
/// As [`book`].
pub fn book_by_link(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    new: NewBooking,
    reminders: Reminders,
) -> Result<Booked> {
    let found = store::drive(tx.conn, new.drive)?;
    rules::takes_bookings(found.status, found.taken_until(), tx.now)?;
    let held = store::lock_donor(tx.conn, new.donor)?;
    let booked = place(tx, vault, zone, None, &found, held, new)?;
    let appointment = store::appointment(tx.conn, booked.id)?;
    let accepted = say_yes(tx, vault, zone, (None, "by_link"), &appointment, reminders)?;
    Ok(Booked { status: accepted.status, ..booked })
}

/// Takes a place for a donor who is held, by whoever offers it.
pub(super) fn place(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: Option<UserId>,
    found: &store::Row,
    held: Held,
    new: NewBooking,
) -> Result<Booked> {
    let NewBooking { drive, donor, slot, given, despite } = new;
    let on = zone.date(found.starts_at.and_utc());
    if (held.status, held.merged_into) != (DonorStatus::Active, None) {
        return Err(Problem::new(Code::DonorUnbookable));
    }
    // It may have been called off since we looked; from here on it waits for us.
    rules::takes_bookings(store::share_drive(tx.conn, drive)?, found.taken_until(), tx.now)?;
    let types = store::planning::types_of(tx.conn, drive)?;
    let given = collected(&types, given)?;
    if !store::may_give(tx.conn, donor, given, on)? {
        return Err(Problem::new(Code::NotEligible));
    }
    if let Some(unit) = held.unit
        && absences::on(tx.conn, unit, on)?.iter().any(|kind| kind.holds_people())
    {
        return Err(Problem::new(Code::UnitAbsent));
    }
    let day = (zone.start_of(on), zone.start_of(plus_days(on, 1)));
    let records = donors::records_of(tx.conn, donor, None)?.all;
    if store::is_booked(tx.conn, &records, drive, day)? {
        return Err(Problem::new(Code::AlreadyBooked));
    }
    let clash = busy::clash(tx.conn, &records, (day.0, found.ends_at.and_utc()), types)?;
    heed(clash, despite)?;
    let who = Who { sex: held.sex, first_timer: store::is_first_timer(tx.conn, &records)? };
    let slot = match slot {
        Some(slot) => take_named(tx, drive, slot, who)?,
        None => take_earliest(tx, drive, who)?,
    };
    let (status, first_timer) = (AppointmentStatus::Proposed, who.first_timer);
    let new =
        store::NewAppointment { drive, slot: slot.id, donor, status, given, first_timer, follows: None };
    let id = store::insert_appointment(tx, &new, by)?;
    let line =
        Line::new(by, "drives.booked").on(id).with("drive", drive).with("slot", slot.id).with("donor", donor);
    let line = match (clash, despite) {
        (Some(clash), Some(despite)) => line.with("load", clash.load).with("despite", despite),
        _ => line,
    };
    audit::made(&APPOINTMENT, id.0).record(tx, vault, line)?;
    feed::append(tx, "appointment", id.0, status.code())?;
    Ok(Booked { id, slot: slot.id, starts_at: slot.starts_at, status, donation_type: given })
}

/// Enters an appointment of any status, past ones too, asking nobody's scope and no rule of giving. It
/// takes a place unless it was cancelled.
///
/// # Errors
/// `unknown_reference` of a slot or donor that is not there; `slot_full`; `already_booked` in the drive.
pub fn enter_appointment(
    tx: &mut Tx,
    by: Option<UserId>,
    slot: SlotId,
    donor: DonorId,
    status: AppointmentStatus,
) -> Result<AppointmentId> {
    let drive = store::drive_of_slot(tx.conn, slot)?.ok_or_else(unknown_slot)?;
    if status != AppointmentStatus::Cancelled && !store::take(tx, slot)? {
        return Err(Problem::new(Code::SlotFull));
    }
    let given = collected(&store::planning::types_of(tx.conn, drive)?, None)?;
    let new = store::NewAppointment { drive, slot, donor, status, given, first_timer: false, follows: None };
    let id = store::insert_appointment(tx, &new, by)?;
    feed::append(tx, "appointment", id.0, status.code())?;
    Ok(id)
}

/// Locks the donor until the transaction ends, so that bookings and assignments of one person take turns.
///
/// # Errors
/// `not_found` of a donor outside the scope.
pub fn hold(conn: &mut Conn, by: &Principal, donor: DonorId) -> Result<Held> {
    let held = store::lock_donor(conn, donor)?;
    if !Scope::of(conn, by)?.holds(conn, held.unit)? {
        return Err(Problem::new(Code::NotFound));
    }
    Ok(held)
}

/// What somebody gives at a drive that collects these: what was asked for, or the first of them.
pub(super) fn collected(types: &[DonationType], asked: Option<DonationType>) -> Result<DonationType> {
    let found = match asked {
        Some(asked) => types.iter().find(|given| **given == asked),
        None => types.first(),
    };
    found.copied().ok_or_else(|| Problem::new(Code::TypeNotCollected))
}

/// What decides which slots somebody may take.
#[derive(Debug, Clone, Copy)]
struct Who {
    sex: Option<Sex>,
    first_timer: bool,
}

/// Whether somebody of this sex may take the slot.
pub(super) fn is_for(slot: &Slot, sex: Option<Sex>) -> bool {
    !slot.for_women || sex == Some(Sex::Female)
}

fn take_named(tx: &mut Tx, drive: DriveId, wanted: SlotId, who: Who) -> Result<Slot> {
    let slot = store::slot(tx.conn, drive, wanted)?.ok_or_else(unknown_slot)?;
    if slot.starts_at <= tx.now {
        return Err(Problem::new(Code::DriveClosed));
    }
    if !is_for(&slot, who.sex) {
        return Err(Problem::new(Code::SlotForWomen));
    }
    if who.first_timer && !store::count_first_timer(tx, drive, slot.starts_at)? {
        return Err(Problem::new(Code::FirstTimersFull));
    }
    if store::take(tx, slot.id)? { Ok(slot) } else { Err(Problem::new(Code::SlotFull)) }
}

/// Tries, in order, the slots to come that have a place. Others take places meanwhile, so each try may fail and the
/// next slot is asked; hours and slots are locked in this one order only.
fn take_earliest(tx: &mut Tx, drive: DriveId, who: Who) -> Result<Slot> {
    let (mut has_place, mut after) = (false, tx.now);
    while let Some(slot) = store::next_free(tx.conn, drive, after)? {
        after = slot.starts_at;
        if !is_for(&slot, who.sex) {
            continue;
        }
        if who.first_timer && !store::count_first_timer(tx, drive, slot.starts_at)? {
            has_place = true;
            continue;
        }
        if store::take(tx, slot.id)? {
            return Ok(slot);
        }
        if who.first_timer && !store::uncount_first_timer(tx, drive, slot.starts_at)? {
            return Err(Problem::internal("what was just counted is counted"));
        }
    }
    Err(Problem::new(if has_place { Code::FirstTimersFull } else { Code::DriveFull }))
}

fn unknown_slot() -> Problem {
    Problem::field("slot", Code::UnknownReference)
}
