//! Taking up the next message: whether it is still so, whether the donor may be written to now, and where.

use chrono::Duration;
use shiryan_kernel::ids::{DonorId, MessageId, write};
use shiryan_kernel::message::{Template, Unsent};
use shiryan_kernel::status::LinkVerb;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Result};

use super::store::To;
use super::{end_unsent, letter, rules, store};
use crate::accounts::{self, NewLink};
use crate::db::{Conn, Tx};
use crate::donors::{self, Address, Reach, Reader};
use crate::mail::{Letter, Parcel, Text, Ways, calendar};
use crate::vault::{Vault, hex};

/// How long a message is held without a sign of life; longer than a mail server may take.
const LEASE: Duration = Duration::minutes(15);
/// How long what would leave by a way that is shut waits.
const REST: Duration = Duration::seconds(30);
/// How long a letter lets its reader pause or stop.
const OPEN: Duration = Duration::days(90);
/// Letters to one user in 24 hours.
const A_DAY: i64 = 40;
/// At most so many are looked at in one turn.
const SLICE: i64 = 32;

/// A message to be sent now, by whoever holds it.
#[derive(Debug, Clone)]
pub struct Held {
    pub id: MessageId,
    pub parcel: Parcel,
    /// The try, by which the holder is known.
    pub attempts: i32,
}

/// What a message is about, as it stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// When the donor's own slot begins, or when they came.
    pub at: Moment,
    /// What its calendar is asked to hold, or to hold no longer.
    pub entry: Option<Entry>,
    /// What the donor may do by links of the letter, in this order.
    pub doors: Vec<Door>,
}

/// Something that a donor may do by a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Door {
    pub verb: LinkVerb,
    /// What it acts on.
    pub subject: i64,
    pub until: Moment,
}

/// An appointment in the donor's own calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The id by which calendars know it, the same wherever it moves.
    pub known_by: i64,
    pub ends: Moment,
    /// Grows with each change of the appointment.
    pub sequence: u32,
    pub is_cancelled: bool,
}

/// The house's side of what may be sent when.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    pub zone: Zone,
    /// Where links lead; without it letters carry none.
    pub origin: Option<&'a str>,
    /// The ways that are there.
    pub ways: Ways,
    /// Those by which nothing leaves for now: what would go by them waits.
    pub resting: Ways,
    /// For donors who named no quiet hours.
    pub quiet: rules::Quiet,
    /// Letters to one donor in 24 hours.
    pub a_day: i64,
    /// Tries of one letter.
    pub most: i32,
}

/// Takes up the message that is due the longest. `about` says how what it is about stands now; none when there is
/// nothing to tell any more: then it goes. What may not be sent now waits, what may not be sent at all says so.
/// None when nothing was taken up, though more may wait.
///
/// # Errors
/// As any write.
pub fn claim(
    tx: &mut Tx,
    vault: &Vault,
    terms: Terms<'_>,
    about: impl Fn(&mut Conn, Template, i64) -> Result<Option<About>>,
) -> Result<Option<Held>> {
    for row in store::due(tx.conn, tx.now.naive_utc(), SLICE)? {
        let about = match row.to()? {
            To::Donor(_) => about(tx.conn, row.template, row.subject)?,
            // What is for a user is told once, whatever became of it since.
            To::User(_) => Some(About { at: row.queued_at.and_utc(), entry: None, doors: Vec::new() }),
        };
        let Some(about) = about else {
            store::withdraw(tx, row.id, row.attempts)?;
            continue;
        };
        let (unsent, code) = match decide(tx, vault, terms, &row)? {
            Decision::Send(reach) => {
                if !store::hold(tx, row.id, row.attempts, (tx.now + LEASE).naive_utc())? {
                    continue;
                }
                let parcel = pack(tx, vault, terms, &row, &about, *reach)?;
                return Ok(Some(Held { id: row.id, parcel, attempts: row.attempts + 1 }));
            }
            Decision::Wait(until) => {
                store::put_off(tx, row.id, row.attempts, until.naive_utc())?;
                continue;
            }
            Decision::Not(unsent) => (unsent, None),
        };
        end_unsent(tx, vault, row.id, row.attempts, unsent, code)?;
    }
    Ok(None)
}

/// What leaves: a letter, or a short message without its calendar file.
fn pack(
    tx: &mut Tx,
    vault: &Vault,
    terms: Terms<'_>,
    row: &store::Due,
    about: &About,
    reader: Reader,
) -> Result<Parcel> {
    let zone = terms.zone;
    let (id, language) = (name(vault, "message", row.id.0), reader.language);
    let to = match reader.address {
        Address::Email(to) => to,
        Address::Phone(to) => {
            let text = letter::short(row.template, language, zone, about.at);
            return Ok(Parcel::Text(Text { id, to, language, text }));
        }
    };
    let (subject, paragraphs) = letter::words(row.template, language, zone, about.at);
    let entry = about.entry.map(|entry| calendar::Entry {
        uid: name(vault, "calendar", entry.known_by),
        sequence: entry.sequence,
        begins: about.at,
        ends: entry.ends,
        is_cancelled: entry.is_cancelled,
    });
    let mut links = Vec::new();
    let mut stop = None;
    let donor = match row.to()? {
        To::Donor(donor) => donor,
        To::User(_) => {
            links.extend(terms.origin.map(|origin| (letter::sign_in(language), format!("{origin}/"))));
            return Ok(Parcel::Letter(Letter { id, to, language, subject, paragraphs, entry, links, stop }));
        }
    };
    for door in doors(tx.now, donor, about) {
        let Some(origin) = terms.origin else { break };
        let new = NewLink { donor, verb: door.verb, subject: door.subject, expires_at: door.until };
        let secret = accounts::link_secret(vault, accounts::carry_link(tx, vault, row.id, &new)?);
        if door.verb == LinkVerb::Stop {
            stop = Some(format!("{origin}/u/{secret}"));
        }
        links.push((letter::label(door.verb, language), format!("{origin}/l/{secret}")));
    }
    Ok(Parcel::Letter(Letter { id, to, language, subject, paragraphs, entry, links, stop }))
}

/// What the letter lets its reader do: what it is about, then a pause and the end of all letters.
fn doors(now: Moment, donor: DonorId, about: &About) -> Vec<Door> {
    let mut doors: Vec<Door> = about.doors.iter().copied().filter(|door| door.until > now).collect();
    for verb in [LinkVerb::Pause, LinkVerb::Stop] {
        doors.push(Door { verb, subject: donor.0, until: now + OPEN });
    }
    doors
}

enum Decision {
    Send(Box<Reader>),
    Wait(Moment),
    Not(Unsent),
}

fn decide(tx: &mut Tx, vault: &Vault, terms: Terms<'_>, row: &store::Due) -> Result<Decision> {
    if row.useful_until.and_utc() <= tx.now {
        return Ok(Decision::Not(Unsent::TooLate));
    }
    if !terms.ways.any() {
        return Ok(Decision::Not(Unsent::NoTransport));
    }
    // Whoever held it last died at it.
    if row.attempts >= terms.most {
        return Ok(Decision::Not(Unsent::Unreachable));
    }
    let to = row.to()?;
    let reader = match reach(tx, vault, terms, to) {
        Ok(Reach::At(reader)) => reader,
        Ok(Reach::Not(unsent)) => return Ok(Decision::Not(unsent)),
        // It would keep all that wait behind it waiting.
        Err(problem) if problem.code == Code::IdentityDamaged => {
            tracing::error!(cause = problem.cause.as_deref().unwrap_or_default(), "an address does not open");
            return Ok(Decision::Not(Unsent::Damaged));
        }
        Err(problem) => return Err(problem),
    };
    let quiet = match to {
        To::Donor(_) => Some(reader.quiet.map_or(terms.quiet, |(from, until)| rules::Quiet { from, until })),
        // Whoever watches is told at night too.
        To::User(_) => None,
    };
    let after_quiet = |at| quiet.map_or(at, |quiet| rules::after_quiet(terms.zone, at, quiet));
    let mut then = after_quiet(tx.now);
    if let Some(free) = free_again(tx, terms, to)? {
        then = then.max(after_quiet(free));
    }
    let way = match reader.address {
        Address::Email(_) => Ways { mail: true, text: false },
        Address::Phone(_) => Ways { mail: false, text: true },
    };
    if way.and(terms.resting).any() {
        then = then.max(tx.now + REST);
    }
    Ok(if then >= row.useful_until.and_utc() {
        Decision::Not(Unsent::TooLate)
    } else if then > tx.now {
        Decision::Wait(then)
    } else {
        Decision::Send(reader)
    })
}

/// Whether a reader may be written to, and where.
fn reach(tx: &mut Tx, vault: &Vault, terms: Terms<'_>, to: To) -> Result<Reach> {
    let user = match to {
        To::Donor(donor) => {
            return donors::reach(tx.conn, vault, donor, terms.zone.date(tx.now), terms.ways);
        }
        To::User(user) => user,
    };
    if !terms.ways.mail {
        return Ok(Reach::Not(Unsent::NoTransport));
    }
    let found = accounts::mailbox(tx.conn, vault, user)?;
    Ok(found.map_or(Reach::Not(Unsent::NoAddress), |found| {
        let (address, language) = (Address::Email(found.email), found.language);
        Reach::At(Box::new(Reader { address, language, quiet: None }))
    }))
}

/// When the reader may be written to again; none when that is now.
fn free_again(tx: &mut Tx, terms: Terms<'_>, to: To) -> Result<Option<Moment>> {
    let day = Duration::hours(24);
    let a_day = match to {
        To::Donor(_) => terms.a_day,
        To::User(_) => A_DAY,
    };
    let sent = store::sent_since(tx.conn, to, (tx.now - day).naive_utc(), a_day)?;
    let is_full = i64::try_from(sent.len()).unwrap_or(i64::MAX) >= a_day;
    Ok(sent.last().filter(|_| is_full).map(|oldest| oldest.and_utc() + day))
}

/// A name for the world outside: the same each time, and leads nobody without the key to the row.
fn name(vault: &Vault, kind: &str, id: i64) -> String {
    hex(&vault.tag(kind, &write(id)))
}
