//! A donor's yes to an appointment that somebody else proposed: only then is it booked.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{AppointmentId, UserId};
use shiryan_kernel::message::Template;
use shiryan_kernel::status::AppointmentStatus;
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Code, Problem, Result};

use super::{APPOINTMENT, in_scope, rules, store};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Tx, feed};
use crate::messages::{self, Notice};
use crate::vault::Vault;

/// An appointment that the donor accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    pub id: AppointmentId,
    pub status: AppointmentStatus,
}

/// How long before an appointment its donor is reminded; none of nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reminders {
    pub days: Duration,
    pub hours: Duration,
}

/// Notes that the donor accepted in private what was proposed; the confirmation and the reminders are queued with
/// it. Holds under read committed.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `drive_closed` of a slot that has begun, or a
/// drive that has ended or was called off; `state_conflict` with the fact `state` of an appointment that is not
/// proposed; `not_eligible` when a fact that came later forbids it.
pub fn accept(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    id: AppointmentId,
    reminders: Reminders,
) -> Result<Accepted> {
    let found = store::appointment(tx.conn, id)?;
    in_scope(tx.conn, by, found.drive)?;
    say_yes(tx, vault, zone, (Some(by.user), "in_private"), &found, reminders)
}

/// The same by the donor's own link.
///
/// # Errors
/// As [`accept`].
pub fn accept_by_link(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    id: AppointmentId,
    reminders: Reminders,
) -> Result<Accepted> {
    let found = store::appointment(tx.conn, id)?;
    say_yes(tx, vault, zone, (None, "by_link"), &found, reminders)
}

pub(super) fn say_yes(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    (by, way): (Option<UserId>, &'static str),
    found: &store::Place,
    reminders: Reminders,
) -> Result<Accepted> {
    let id = found.id;
    let drive = store::drive(tx.conn, found.drive)?;
    let conflict = |state: AppointmentStatus| Problem::new(Code::StateConflict).with("state", state);
    if found.status != AppointmentStatus::Proposed {
        return Err(conflict(found.status));
    }
    let starts_at = found.starts_at.and_utc();
    if starts_at <= tx.now || !rules::may_take_place(drive.status) {
        return Err(Problem::new(Code::DriveClosed));
    }
    if !store::may_give(tx.conn, found.donor, found.given, zone.date(starts_at))? {
        return Err(Problem::new(Code::NotEligible));
    }
    let status = AppointmentStatus::Booked;
    let seen = audit::seen(tx.conn, vault, &APPOINTMENT, id.0)?;
    if !store::end(tx, id, AppointmentStatus::Proposed, status)? {
        return Err(conflict(store::appointment(tx.conn, id)?.status));
    }
    let line = Line::new(by, "drives.appointment_accepted").on(id).with("way", way);
    seen.record(tx, vault, line)?;
    feed::append(tx, "appointment", id.0, status.code())?;
    let notice = Notice {
        template: Template::AppointmentConfirmed,
        donor: found.donor,
        subject: id.0,
        due_at: tx.now,
        useful_until: starts_at,
    };
    tell(tx, vault, &notice, reminders)?;
    Ok(Accepted { id, status })
}

/// Queues what a booked appointment is told by, of use until it starts, and its reminders.
pub(super) fn tell(tx: &mut Tx, vault: &Vault, notice: &Notice, reminders: Reminders) -> Result<()> {
    messages::queue(tx, vault, notice)?;
    let starts_at = notice.useful_until;
    let (long_before, shortly_before) = (starts_at - reminders.days, starts_at - reminders.hours);
    for (template, due_at, useful_until) in [
        (Template::ReminderDays, long_before, shortly_before),
        (Template::ReminderHours, shortly_before, starts_at),
    ] {
        if due_at > tx.now && due_at < useful_until {
            messages::queue(tx, vault, &Notice { template, due_at, useful_until, ..*notice })?;
        }
    }
    Ok(())
}
