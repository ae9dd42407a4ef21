//! Telling those whose appointment a later fact has made impossible: queued once for each, within a minute of
//! the fact, and never why.

use chrono::Duration;
use shiryan_kernel::Result;
use shiryan_kernel::ids::AppointmentId;
use shiryan_kernel::message::{MessageState, Template};
use shiryan_kernel::status::{AppointmentStatus, LinkVerb};
use shiryan_kernel::time::{Moment, Zone};

use super::{rules, store};
use crate::db::{Conn, Db, Lane};
use crate::messages::{self, About, Door, Entry, Notice};
use crate::vault::Vault;

/// Rows in one write, so that nobody waits long behind it.
const SLICE: i64 = 64;

/// Queues a notice to each holder of an appointment to come that became impossible and of which nothing was
/// queued; how many. May run twice, and in several processes at once. Blocks.
///
/// # Errors
/// As any write.
pub fn tell_impossible(db: &Db, vault: &Vault, zone: Zone) -> Result<usize> {
    let mut queued = 0;
    let now = db.now();
    for (drive, starts_at) in db.read_now(|conn| store::coming(conn, now))? {
        let day = zone.date(starts_at.and_utc());
        loop {
            let untold = db.read_now(|conn| store::untold(conn, drive, day, now, SLICE))?;
            if untold.is_empty() {
                break;
            }
            let vault = vault.clone();
            queued += db.write_now(Lane::Bulk, move |tx| {
                let mut queued = 0;
                for &(appointment, donor, starts_at) in &untold {
                    let notice = Notice {
                        template: Template::AppointmentOff,
                        donor,
                        subject: appointment.0,
                        due_at: tx.now,
                        useful_until: starts_at.and_utc(),
                    };
                    queued += usize::from(messages::queue(tx, &vault, &notice)?);
                }
                Ok(queued)
            })?;
        }
    }
    Ok(queued)
}

/// How what a notice about an appointment says stands now; none when there is nothing to tell any more.
///
/// # Errors
/// As any read.
pub fn about(
    conn: &mut Conn,
    zone: Zone,
    template: Template,
    id: AppointmentId,
    now: Moment,
) -> Result<Option<About>> {
    let found = store::appointment(conn, id)?;
    let at = found.starts_at.and_utc();
    let possible = store::may_give(conn, found.donor, found.given, zone.date(at))?;
    let is_so = match (template, found.status) {
        (Template::AppointmentOff, status) => status.is_live() && !possible,
        (Template::AppointmentCancelled, status) => status == AppointmentStatus::Cancelled,
        (Template::AppointmentProposed, status) => status == AppointmentStatus::Proposed && possible,
        (Template::AppointmentConfirmed | Template::AppointmentChanged, status) => {
            status == AppointmentStatus::Booked
        }
        (Template::ReminderDays | Template::ReminderHours, status) => {
            status == AppointmentStatus::Booked && possible
        }
        // Not about an appointment.
        (
            Template::ThankYou
            | Template::GiftUsed
            | Template::EligibleAgain
            | Template::Invitation
            | Template::LevelChanged
            | Template::RequestMoved
            | Template::AccountChanged,
            _,
        ) => false,
    };
    if !is_so || at <= now {
        return Ok(None);
    }
    let is_cancelled = template == Template::AppointmentCancelled;
    // What was never in the reader's calendar is not taken out of it.
    let has_entry = matches!(template, Template::AppointmentConfirmed | Template::AppointmentChanged)
        || is_cancelled
            && store::told_of_line(conn, &found)?.iter().any(|(state, _)| *state == MessageState::Sent);
    let doors = doors(template, &found, at);
    if !has_entry {
        return Ok(Some(About { at, entry: None, doors }));
    }
    let minutes = store::drive(conn, found.drive)?.slot_minutes;
    let entry = Entry {
        known_by: found.line().0,
        ends: at + Duration::minutes(minutes.into()),
        sequence: u32::try_from(found.version).unwrap_or(u32::MAX),
        is_cancelled,
    };
    Ok(Some(About { at, entry: Some(entry), doors }))
}

/// What the holder of an appointment may do by a letter about it.
fn doors(template: Template, found: &store::Place, at: Moment) -> Vec<Door> {
    let verbs: &[LinkVerb] = match template {
        Template::AppointmentProposed => &[LinkVerb::Accept, LinkVerb::Move, LinkVerb::Cancel],
        Template::AppointmentConfirmed
        | Template::AppointmentChanged
        | Template::ReminderDays
        | Template::ReminderHours => &[LinkVerb::Move, LinkVerb::Cancel],
        _ => &[],
    };
    let until = |verb| match verb {
        LinkVerb::Accept => rules::lapses_at(found.created_at.and_utc(), at),
        _ => at,
    };
    verbs.iter().map(|verb| Door { verb: *verb, subject: found.id.0, until: until(*verb) }).collect()
}
