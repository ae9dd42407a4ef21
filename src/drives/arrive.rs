//! Who comes to a drive: the appointment is kept, or a place is taken at the door.
//!
//! A walk-in takes a place in a slot that is not over: one of those kept for whoever comes unannounced, or, when they
//! are gone, one that nobody booked. Each by one conditional statement: no more people than places, whoever comes.
//! Slots for women and the share of first-timers bind as in a booking, and rows are locked in its order.

use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::branch::DespiteRest;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, SlotId};
use shiryan_kernel::status::{AppointmentStatus, DonorStatus, DriveStatus};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use super::{Slot, book, busy, in_scope, keep_appointment, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::donors;
use crate::eligibility::heed;
use crate::vault::Vault;

/// Somebody who came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Comer {
    pub drive: DriveId,
    pub donor: DonorId,
    pub at: Moment,
    /// What is to be given; by the appointment, or the first of what the drive collects, when absent.
    pub given: Option<DonationType>,
    /// Where a place is to be taken; the first that is not over, when absent. Only for a walk-in.
    pub slot: Option<SlotId>,
    /// Why a walk-in may give although a duty is near that only warns.
    pub despite: Option<DespiteRest>,
}

/// The appointment by which somebody came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    pub appointment: AppointmentId,
    pub walk_in: bool,
    /// The place is one of those kept for whoever comes unannounced.
    pub in_lane: bool,
    pub given: DonationType,
}

/// Marks the donor's appointment in the drive as kept, or takes a place for a walk-in. Holds under read committed,
/// and only there.
///
/// # Errors
/// `not_found` of a drive or a donor outside the scope; `state_conflict` of a drive that is a draft, cancelled or
/// done; `out_of_range` of `at` on another civil day than the drive's; `donor_unbookable` of one who waits for review,
/// has died or is read as another record; of a walk-in also `duty_conflict` while the drive lasts, `already_booked` of
/// one who kept an appointment there before, `unknown_reference` of a slot of another drive, `slot_for_women`,
/// `first_timers_full`, `slot_full`, `drive_full`; `type_not_collected` there.
pub fn arrive(tx: &mut Tx, vault: &Vault, zone: Zone, by: &Principal, comer: &Comer) -> Result<Arrival> {
    let found = in_scope(tx.conn, by, comer.drive)?;
    takes_place(found.status)?;
    let day = zone.date(found.starts_at.and_utc());
    if zone.date(comer.at) != day {
        return Err(Problem::field("at", Code::OutOfRange).with("drive_on", day));
    }
    let held = book::hold(tx.conn, by, comer.donor)?;
    if !matches!(held.status, DonorStatus::Active | DonorStatus::Paused) || held.merged_into.is_some() {
        return Err(Problem::new(Code::DonorUnbookable));
    }
    // It may have been closed out since we looked; from here on that waits for us.
    takes_place(store::share_drive(tx.conn, comer.drive)?)?;
    let types = store::planning::types_of(tx.conn, comer.drive)?;
    if let Some(appointment) = keep_appointment(tx, vault, by, comer.drive, comer.donor)? {
        let booked = store::appointment(tx.conn, appointment)?.given;
        let given = book::collected(&types, comer.given.or(Some(booked)))?;
        return Ok(Arrival { appointment, walk_in: false, in_lane: false, given });
    }
    let given = book::collected(&types, comer.given)?;
    let records = donors::records_of(tx.conn, comer.donor, None)?.all;
    if found.ends_at.and_utc() > tx.now {
        let span = (zone.start_of(day), found.ends_at.and_utc());
        heed(busy::clash(tx.conn, &records, span, types)?, comer.despite)?;
    }
    let first_timer = store::is_first_timer(tx.conn, &records)?;
    let who = Who { sex: held.sex, first_timer, lane: found.walk_ins };
    let (slot, in_lane) = match comer.slot {
        Some(slot) => take_named(tx, comer.drive, slot, who)?,
        None => take_first(tx, &found, comer.at, who)?,
    };
    let (drive, donor, status) = (comer.drive, comer.donor, AppointmentStatus::Kept);
    let new = store::NewAppointment { drive, slot, donor, status, given, first_timer };
    let appointment = store::insert_appointment(tx, &new, Some(by.user))?;
    let line = Line::new(Some(by.user), "drives.walked_in").on(appointment).with("drive", drive);
    audit::record(tx, vault, &line.with("slot", slot).with("donor", donor))?;
    feed::append(tx, "appointment", appointment.0, status.code())?;
    Ok(Arrival { appointment, walk_in: true, in_lane, given })
}

/// Undoes an arrival that was entered by mistake: a place taken at the door is given back, an appointment is booked
/// as before. The caller has looked at the scope.
///
/// # Errors
/// `state_conflict` of an appointment that is not kept any more, or of a drive that is done.
pub fn never_came(tx: &mut Tx, vault: &Vault, by: &Principal, arrival: Arrival) -> Result<()> {
    let place = store::appointment(tx.conn, arrival.appointment)?;
    book::hold(tx.conn, by, place.donor)?;
    takes_place(store::share_drive(tx.conn, place.drive)?)?;
    let to = if arrival.walk_in { AppointmentStatus::Cancelled } else { AppointmentStatus::Booked };
    let freed = match (arrival.walk_in, arrival.in_lane) {
        (false, _) => true,
        (true, false) => store::give_back(tx, &place)?,
        (true, true) => store::give_lane_back(tx, &place)?,
    };
    if !freed {
        return Err(Problem::new(Code::Busy));
    }
    if !store::end(tx, place.id, AppointmentStatus::Kept, to)? {
        return Err(Problem::new(Code::StateConflict).with("state", place.status));
    }
    audit::record(tx, vault, &Line::new(Some(by.user), "drives.arrival_undone").on(place.id))?;
    feed::append(tx, "appointment", place.id.0, to.code())
}

fn takes_place(status: DriveStatus) -> Result<()> {
    match status {
        DriveStatus::Open | DriveStatus::Closed => Ok(()),
        DriveStatus::Draft | DriveStatus::Cancelled | DriveStatus::Done => {
            Err(Problem::new(Code::StateConflict).with("state", status))
        }
    }
}

/// What decides which places a walk-in may take.
#[derive(Debug, Clone, Copy)]
struct Who {
    sex: Option<Sex>,
    first_timer: bool,
    /// Places of each slot that are kept for walk-ins.
    lane: i32,
}

/// Why a slot gives no place.
enum Full {
    Slot,
    FirstTimers,
}

/// Takes a place of the slot: one that is kept for walk-ins first. Whether it was one of those.
fn take(tx: &mut Tx, drive: DriveId, slot: &Slot, who: Who) -> Result<std::result::Result<bool, Full>> {
    if who.first_timer && !store::count_first_timer(tx, drive, slot.starts_at)? {
        return Ok(Err(Full::FirstTimers));
    }
    if store::take_lane(tx, slot.id, who.lane)? {
        return Ok(Ok(true));
    }
    if store::take(tx, slot.id)? {
        return Ok(Ok(false));
    }
    if who.first_timer && !store::uncount_first_timer(tx, drive, slot.starts_at)? {
        return Err(Problem::internal("what was just counted is counted"));
    }
    Ok(Err(Full::Slot))
}

fn take_named(tx: &mut Tx, drive: DriveId, wanted: SlotId, who: Who) -> Result<(SlotId, bool)> {
    let found = store::slot(tx.conn, drive, wanted)?;
    let slot = found.ok_or_else(|| Problem::field("slot", Code::UnknownReference))?;
    if !book::is_for(&slot, who.sex) {
        return Err(Problem::new(Code::SlotForWomen));
    }
    match take(tx, drive, &slot, who)? {
        Ok(in_lane) => Ok((slot.id, in_lane)),
        Err(Full::FirstTimers) => Err(Problem::new(Code::FirstTimersFull)),
        Err(Full::Slot) => Err(Problem::new(Code::SlotFull)),
    }
}

/// As a booking's, from the slot under way on.
fn take_first(tx: &mut Tx, drive: &store::Row, at: Moment, who: Who) -> Result<(SlotId, bool)> {
    let length = chrono::Duration::minutes(i64::from(drive.slot_minutes));
    let mut why = Code::DriveFull;
    for slot in store::slots(tx.conn, drive.id)? {
        if slot.starts_at + length <= at || !book::is_for(&slot, who.sex) {
            continue;
        }
        match take(tx, drive.id, &slot, who)? {
            Ok(in_lane) => return Ok((slot.id, in_lane)),
            Err(Full::FirstTimers) => why = Code::FirstTimersFull,
            Err(Full::Slot) => {}
        }
    }
    Err(Problem::new(why))
}
