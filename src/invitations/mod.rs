//! What donors do themselves by a link of their own: say yes to an appointment, give it back, take a place in a drive,
//! tell the blood bank something after giving.
//!
//! A link is of one donor, for one thing and one act, once, and over at a time; looking at it does nothing. Nothing on
//! its page says who the donor is.

pub mod api;
pub mod pages;

use chrono::Duration;
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{AppointmentId, DonationId, DonorId, DriveId, LinkId, SlotId};
use shiryan_kernel::status::{DonorStatus, LinkVerb};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{self, Link, NewLink, Principal};
use crate::db::{Conn, Tx};
use crate::donations::{self, after};
use crate::donors::{self, Scope};
use crate::drives::{self, Invited, NewBooking, Reminders};
use crate::vault::Vault;

/// How long after giving a donor may tell something by a link.
const TELLS_FOR: Duration = Duration::days(14);

/// A link that was made, and until when it is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Made {
    pub id: LinkId,
    pub expires_at: Moment,
}

fn make(tx: &mut Tx, vault: &Vault, by: &Principal, new: NewLink) -> Result<Made> {
    let id = accounts::make_link(tx, vault, Some(by.user), &new)?;
    Ok(Made { id, expires_at: new.expires_at })
}

/// A link by which the holder of an appointment accepts it, or gives it back.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `invalid_value` of a `verb` that is not of
/// appointments; `state_conflict` with the fact `state` of one that is not proposed (to accept) or not live;
/// `out_of_range` of one whose time is over.
pub fn for_appointment(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: AppointmentId,
    verb: LinkVerb,
) -> Result<Made> {
    let own = drives::own_of(tx.conn, by, id)?;
    let (fits, expires_at) = match verb {
        LinkVerb::Accept => {
            (own.status == shiryan_kernel::status::AppointmentStatus::Proposed, own.lapses_at)
        }
        LinkVerb::Cancel => (own.status.is_live(), own.starts_at),
        LinkVerb::Book | LinkVerb::Tell => return Err(Problem::field("verb", Code::InvalidValue)),
    };
    if !fits {
        return Err(Problem::new(Code::StateConflict).with("state", own.status));
    }
    make(tx, vault, by, NewLink { donor: own.donor, verb, subject: id.0, expires_at })
}

/// A link by which a donor takes a place in a drive.
///
/// # Errors
/// `not_found` of a drive or a donor outside the scope; `donor_unbookable`; `drive_closed` once no place is taken.
pub fn for_drive(tx: &mut Tx, vault: &Vault, by: &Principal, drive: DriveId, donor: DonorId) -> Result<Made> {
    drives::day_of(tx.conn, by, drive)?;
    let scope = Scope::of(tx.conn, by)?;
    let found = donors::donor(tx.conn, &scope, donor)?;
    if found.status != DonorStatus::Active {
        return Err(Problem::new(Code::DonorUnbookable));
    }
    let invited = drives::invited(tx.conn, vault, drive, donor, tx.now)?;
    if invited.until <= tx.now {
        return Err(Problem::new(Code::DriveClosed));
    }
    make(tx, vault, by, NewLink { donor, verb: LinkVerb::Book, subject: drive.0, expires_at: invited.until })
}

/// A link by which a donor tells something in the fourteen days after giving.
///
/// # Errors
/// `not_found` of a donation whose donor is outside the scope; `out_of_range` once that time is over.
pub fn for_donation(tx: &mut Tx, vault: &Vault, by: &Principal, id: DonationId) -> Result<Made> {
    let (donor, given_at) = donations::giver(tx.conn, by, id)?;
    let expires_at = given_at + TELLS_FOR;
    make(tx, vault, by, NewLink { donor, verb: LinkVerb::Tell, subject: id.0, expires_at })
}

/// What a link offers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offer {
    /// An appointment at this time.
    Accept {
        at: Moment,
        place: Option<String>,
    },
    Cancel {
        at: Moment,
        place: Option<String>,
    },
    Book(Invited),
    Tell,
}

/// What the link behind an address offers; nothing happens.
///
/// # Errors
/// `not_found` of one that is unknown, used, over, or has nothing to offer any more.
pub fn look(conn: &mut Conn, vault: &Vault, now: Moment, secret: &str) -> Result<Offer> {
    let link = accounts::link(conn, now, secret)?;
    offer(conn, vault, now, &link)
}

fn offer(conn: &mut Conn, vault: &Vault, now: Moment, link: &Link) -> Result<Offer> {
    let gone = || Problem::new(Code::NotFound);
    match link.verb {
        LinkVerb::Tell => Ok(Offer::Tell),
        LinkVerb::Book => {
            let invited = drives::invited(conn, vault, DriveId(link.subject), link.donor, now)?;
            Ok(Offer::Book(invited))
        }
        LinkVerb::Accept | LinkVerb::Cancel => {
            let own = drives::own(conn, AppointmentId(link.subject))?;
            let is_good = own.status.is_live() && own.starts_at > now;
            let place = drives::invited(conn, vault, own.drive, link.donor, now)?.place;
            match link.verb {
                _ if !is_good => Err(gone()),
                LinkVerb::Accept => Ok(Offer::Accept { at: own.starts_at, place }),
                _ => Ok(Offer::Cancel { at: own.starts_at, place }),
            }
        }
    }
}

/// What was done by a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acted {
    Accepted,
    Cancelled,
    Booked(Moment),
    Told,
}

/// Does what a link is for, and uses it up in the same transaction. Holds under read committed.
///
/// # Errors
/// `not_found` of a link that is unknown, used or over; `missing_field` of `slot` where one is chosen; as the act itself.
pub fn act(
    tx: &mut Tx,
    desk: donations::Desk<'_>,
    reminders: Reminders,
    secret: &str,
    slot: Option<SlotId>,
) -> Result<Acted> {
    let (vault, zone): (&Vault, Zone) = (desk.vault, desk.zone);
    let link = accounts::link(tx.conn, tx.now, secret)?;
    accounts::use_link(tx, vault, &link)?;
    match link.verb {
        LinkVerb::Accept => {
            drives::accept_by_link(tx, vault, zone, AppointmentId(link.subject), reminders)?;
            Ok(Acted::Accepted)
        }
        LinkVerb::Cancel => {
            drives::cancel_by_link(tx, vault, AppointmentId(link.subject))?;
            Ok(Acted::Cancelled)
        }
        LinkVerb::Book => {
            let slot = slot.ok_or_else(|| Problem::field("slot", Code::MissingField))?;
            let new = NewBooking {
                drive: DriveId(link.subject),
                donor: link.donor,
                slot: Some(slot),
                given: None,
                despite: None,
            };
            Ok(Acted::Booked(drives::book_by_link(tx, vault, zone, new, reminders)?.starts_at))
        }
        LinkVerb::Tell => {
            after::inform_by_link(tx, desk, DonationId(link.subject))?;
            Ok(Acted::Told)
        }
    }
}
