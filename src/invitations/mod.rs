//! What donors do themselves by a link of their own: say yes to an appointment, move it, give it back, take a place in a
//! drive, tell the blood bank something after giving, pause, stop messages, look at the own card.
//!
//! A link is of one donor, for one thing and one act, once, and over at a time; looking at it does nothing. A card and what
//! does good after a visit do nothing at all, so that they may be looked at again until their link is over. Nothing on
//! its page says who the donor is.

pub mod api;
pub mod pages;

use chrono::Duration;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, DonationType, GroupEvidence};
use shiryan_kernel::ids::{AppointmentId, DonationId, DonorId, DriveId, LinkId, SlotId, VisitId};
use shiryan_kernel::status::{DonorStatus, LinkVerb};
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{self, Link, NewLink, Principal};
use crate::db::{Conn, Tx};
use crate::donations::{self, after};
use crate::donors::{self, Scope};
use crate::drives::{self, Invited, NewBooking, Reminders};
use crate::eligibility::{self, SeenOutcome, Viewer};
use crate::stock;
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
        LinkVerb::Book
        | LinkVerb::Tell
        | LinkVerb::Speak
        | LinkVerb::Move
        | LinkVerb::Pause
        | LinkVerb::Stop
        | LinkVerb::Card
        | LinkVerb::Aftercare => return Err(Problem::field("verb", Code::InvalidValue)),
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
    /// Another time of the same drive.
    Move {
        at: Moment,
        invited: Invited,
    },
    Tell,
    Pause,
    Stop,
    Card(Card),
    /// The same for everybody who came.
    Aftercare,
}

/// A donor's own card. It says nothing that only a physician tells, and nothing of a gift but that it helped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Card {
    /// The record's code, as it is shown at a drive.
    pub record: DonorId,
    /// Once two samples agree.
    pub group: Option<BloodGroup>,
    /// The first day of whole blood; none where only somebody asked in person can say.
    pub next: Option<NaiveDate>,
    /// Days of giving, latest first, and whether somebody was helped.
    pub gifts: Vec<(NaiveDate, bool)>,
}

/// The most gifts on a card.
const GIFTS: i64 = 20;

/// What the link behind an address offers; nothing happens.
///
/// # Errors
/// `not_found` of one that is unknown, used, over, or has nothing to offer any more.
pub fn look(conn: &mut Conn, desk: donations::Desk<'_>, now: Moment, secret: &str) -> Result<Offer> {
    let link = accounts::link(conn, now, secret)?;
    offer(conn, desk, now, &link)
}

fn offer(conn: &mut Conn, desk: donations::Desk<'_>, now: Moment, link: &Link) -> Result<Offer> {
    let vault = desk.vault;
    let gone = || Problem::new(Code::NotFound);
    match link.verb {
        LinkVerb::Tell | LinkVerb::Speak => Ok(Offer::Tell),
        LinkVerb::Pause => Ok(Offer::Pause),
        LinkVerb::Stop => Ok(Offer::Stop),
        LinkVerb::Card => Ok(Offer::Card(card(conn, desk, link.donor, now)?)),
        LinkVerb::Aftercare => Ok(Offer::Aftercare),
        LinkVerb::Move => {
            let own = drives::own(conn, AppointmentId(link.subject))?;
            let mut invited = drives::invited(conn, vault, own.drive, link.donor, now)?;
            invited.slots.retain(|(_, at)| *at != own.starts_at);
            if own.status.is_live() && own.starts_at > now {
                Ok(Offer::Move { at: own.starts_at, invited })
            } else {
                Err(gone())
            }
        }
        LinkVerb::Book => {
            let drive = DriveId(link.subject);
            let mut invited = drives::invited(conn, vault, drive, link.donor, now)?;
            invited.slots = drives::meant_for(conn, drive, link.donor, invited.slots)?;
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

fn card(conn: &mut Conn, desk: donations::Desk<'_>, donor: DonorId, now: Moment) -> Result<Card> {
    let found = donors::donor(conn, &Scope::All, donor)?;
    let today = desk.zone.date(now);
    let asked = DonationType::WholeBlood;
    let decision = eligibility::decide_for(conn, desk.vault, desk.book, donor, asked, today, today)?;
    let seen = eligibility::view(&decision, Viewer::Donor);
    let next = match seen.outcome {
        SeenOutcome::Eligible => Some(today),
        SeenOutcome::NotYet => seen.not_before,
        SeenOutcome::NeedsPhysician | SeenOutcome::Never | SeenOutcome::NotAvailable => None,
    };
    let mut gifts = Vec::new();
    for (donation, on) in donations::given_by(conn, donor, GIFTS)? {
        gifts.push((on, stock::gift::helped(conn, donation, now)?));
    }
    let group = found.blood_group.filter(|_| found.group_evidence == GroupEvidence::Confirmed);
    Ok(Card { record: donor, group, next, gifts })
}

/// Stops messages by the link of a letter's head, which a mail program follows by itself: whatever it leads to, nobody
/// learns of it.
///
/// # Errors
/// As any write.
pub fn stop_at_once(tx: &mut Tx, vault: &Vault, secret: &str) -> Result<()> {
    let link = match accounts::link(tx.conn, tx.now, secret) {
        Ok(link) if link.verb == LinkVerb::Stop => link,
        Ok(_) => return Ok(()),
        Err(problem) if problem.code == Code::NotFound => return Ok(()),
        Err(problem) => return Err(problem),
    };
    accounts::use_link(tx, vault, &link)?;
    drives::stop_by_link(tx, vault, link.donor)
}

/// What was done by a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acted {
    Accepted,
    Cancelled,
    Booked(Moment),
    /// To this time; a proposal stays one.
    Moved(Moment),
    Told,
    Paused(NaiveDate),
    Stopped,
}

/// What a donor chose on the page behind a link.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Chosen {
    pub slot: Option<SlotId>,
    /// The first day after a pause.
    pub until: Option<NaiveDate>,
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
    chosen: Chosen,
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
            let slot = chosen.slot.ok_or_else(|| Problem::field("slot", Code::MissingField))?;
            let new = NewBooking {
                drive: DriveId(link.subject),
                donor: link.donor,
                slot: Some(slot),
                given: None,
                despite: None,
            };
            Ok(Acted::Booked(drives::book_by_link(tx, vault, zone, new, reminders)?.starts_at))
        }
        LinkVerb::Move => {
            let slot = chosen.slot.ok_or_else(|| Problem::field("slot", Code::MissingField))?;
            let id = AppointmentId(link.subject);
            let moved = drives::change_slot_by_link(tx, vault, id, slot, reminders)?;
            Ok(Acted::Moved(moved.starts_at))
        }
        LinkVerb::Pause => {
            let until = chosen.until.ok_or_else(|| Problem::field("until", Code::MissingField))?;
            drives::pause_by_link(tx, vault, desk.book, link.donor, until)?;
            Ok(Acted::Paused(until))
        }
        LinkVerb::Stop => {
            drives::stop_by_link(tx, vault, link.donor)?;
            Ok(Acted::Stopped)
        }
        LinkVerb::Speak => {
            after::speak_by_link(tx, desk, VisitId(link.subject))?;
            Ok(Acted::Told)
        }
        // They show, and do nothing.
        LinkVerb::Card | LinkVerb::Aftercare => Err(Problem::new(Code::NotFound)),
        LinkVerb::Tell => {
            after::inform_by_link(tx, desk, DonationId(link.subject))?;
            Ok(Acted::Told)
        }
    }
}
