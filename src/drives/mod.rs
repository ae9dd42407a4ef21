//! Drives: an afternoon of beds, cut into slots, and the appointments that take places in them.
//!
//! A place is taken by one conditional statement, so no slot is ever over its capacity; only cancelling
//! frees it. Those who run a drive see all of it, everybody else its day, its governorate and how full
//! it is. A booking that a medic or a bank officer makes binds nobody until the donor accepts.

mod accept;
mod admit;
pub mod api;
pub mod blueprints;
mod book;
mod booked;
mod busy;
mod call_off;
mod calls;
mod cancel;
mod change;
mod coming;
mod copy;
mod foresee;
pub mod form;
mod invite;
mod keep;
mod lapse;
mod leave;
mod own;
pub mod pages;
mod plan;
mod publish;
pub mod rules;
mod series;
mod store;
mod tell;
mod untold;
mod waiting;

use chrono::NaiveDate;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::branch::Branch;
use shiryan_kernel::ids::{DriveId, FacilityId, SlotId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{Principal, unit_roots};
use crate::activities::rules::{Days, Sight, sight};
use crate::activities::{self, Key};
use crate::audit::Thing;
use crate::db::Conn;
use crate::places;
use crate::vault::Vault;
pub use accept::{Accepted, Reminders, accept, accept_by_link};
pub use admit::{Admitted, DriveDay, admit, day_of, expected, finish};
pub use book::{Booked, Held, NewBooking, book, book_by_link, enter_appointment, hold};
pub use booked::{Booking, bookings};
pub use busy::{UnitClash, clashes};
pub use call_off::{CalledOff, call_off};
pub use calls::{Called, Due, due, note_call, reach, units_to_call};
pub use cancel::{Cancelled, cancel, cancel_by_link};
pub use change::{Moved, change_slot, change_slot_by_link, swap};
pub use coming::{Aims, Brings, Coming, aims, coming, shows};
pub use copy::{Copied, copy};
pub use foresee::{Foreseen, foresee, foresee_series};
pub use invite::{Asked, Sent, about_invitation, invite, meant_for};
pub use keep::keep_appointment;
pub use lapse::lapse;
pub use leave::{erase, pause_by_link, stand, stop_by_link};
pub use own::{Invited, Own, appointment_of, invited, own, own_of};
pub use plan::{Entered, Ground, Limits, NewDrive, Overbook, Terms, enter, plan};
pub use publish::{Stood, close, publish, reopen};
pub use rules::Hours;
pub use series::{MOST_DRIVES, NewSeries, Planned, Series, Skipped, plan_series};
pub use tell::{about, tell_impossible};
pub use untold::{Notified, notified};
pub use waiting::{Joined, Left, Waiting, join, leave_list, offer_places, waiting};

/// A drive in the record of changes.
const DRIVE: Thing = Thing {
    name: "drive",
    tables: &[("drives", "id"), ("drive_types", "drive"), ("drive_targets", "drive")],
};

/// A slot, with how many of its places are taken, in the record of changes.
const SLOT: Thing = Thing { name: "slot", tables: &[("slots", "id")] };

/// An appointment in the record of changes.
const APPOINTMENT: Thing = Thing { name: "appointment", tables: &[("appointments", "id")] };

/// Which drives a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub governorate: Option<Governorate>,
    /// Those on these days.
    pub days: Days,
}

/// A drive as one asker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub id: DriveId,
    pub status: DriveStatus,
    pub on: NaiveDate,
    pub governorate: Governorate,
    pub slots: i64,
    /// Places in all slots together.
    pub capacity: i64,
    pub booked: i64,
    /// `None` for those who do not run it.
    pub details: Option<Details>,
}

/// What only those who run a drive see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    pub title: Option<String>,
    pub place: Option<String>,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub slot_minutes: i32,
    pub beds: i32,
    pub unit: UnitId,
    pub facility: Option<FacilityId>,
    pub types: Vec<DonationType>,
    pub staff: Option<i32>,
    pub walk_ins: i32,
    pub overbooked_by: Option<i32>,
    pub is_outdoor: bool,
    pub book_until: Option<Moment>,
    pub targets: Vec<(BloodGroup, i32)>,
}

/// Drives by start, each as `by` may see it, with its key. A medic's are those of the own units.
///
/// # Errors
/// `identity_damaged` when a title or place does not open.
pub fn list(
    conn: &mut Conn,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    filter: &Filter,
    after: Option<Key>,
    limit: i64,
) -> Result<Vec<(Key, Seen)>> {
    let roots = scope(conn, by)?;
    let rows = store::list(conn, roots.as_deref(), filter, filter.days.moments(zone), after, limit)?;
    let ids: Vec<DriveId> = rows.iter().map(|row| row.id).collect();
    let fill = store::fill(conn, &ids)?;
    let mut wants = store::planning::wants(conn, &ids)?;
    rows.into_iter()
        .map(|row| {
            let key = (row.starts_at.and_utc(), row.id.0);
            let full = fill.get(&row.id).copied().unwrap_or_default();
            let wants = wants.remove(&row.id).unwrap_or_default();
            Ok((key, look(vault, zone, by.role, row, full, wants)?))
        })
        .collect()
}

/// One drive as `by` may see it.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `identity_damaged`.
pub fn get(conn: &mut Conn, vault: &Vault, zone: Zone, by: &Principal, id: DriveId) -> Result<Seen> {
    let row = in_scope(conn, by, id)?;
    let full = store::fill(conn, &[id])?.get(&id).copied().unwrap_or_default();
    let wants = store::planning::wants(conn, &[id])?.remove(&id).unwrap_or_default();
    look(vault, zone, by.role, row, full, wants)
}

/// One slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slot {
    pub id: SlotId,
    pub starts_at: Moment,
    pub capacity: i32,
    pub booked: i32,
    pub for_women: bool,
}

/// The slots of a drive, in order; for those who run it.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn slots(conn: &mut Conn, by: &Principal, id: DriveId) -> Result<Vec<Slot>> {
    in_scope(conn, by, id)?;
    store::slots(conn, id)
}

/// The roots of a medic's scope; `None` for roles that units do not bind.
fn scope(conn: &mut Conn, by: &Principal) -> Result<Option<Vec<UnitId>>> {
    if by.is_unit_bound() { Ok(Some(unit_roots(conn, by.user)?)) } else { Ok(None) }
}

/// A drive, if it is one that `by` may know of.
fn in_scope(conn: &mut Conn, by: &Principal, id: DriveId) -> Result<store::Row> {
    let row = store::drive(conn, id)?;
    match scope(conn, by)? {
        Some(roots) if !places::is_within(conn, row.unit, &roots)? => Err(Problem::new(Code::NotFound)),
        _ => Ok(row),
    }
}

/// A medic is only ever shown drives of the own units.
fn look(
    vault: &Vault,
    zone: Zone,
    role: Role,
    row: store::Row,
    full: store::Fill,
    wants: store::planning::Wants,
) -> Result<Seen> {
    let (starts_at, ends_at) = (row.starts_at.and_utc(), row.ends_at.and_utc());
    let details = match sight(role, role == Role::Medic, Branch::BloodDonation) {
        Sight::DayOnly | Sight::NoPlace => None,
        Sight::Whole => Some(Details {
            title: activities::open_title(vault, row.id.into(), &row.title)?,
            place: activities::open_place(vault, row.id.into(), row.place.as_deref())?,
            starts_at,
            ends_at,
            slot_minutes: row.slot_minutes,
            beds: row.beds,
            unit: row.unit,
            facility: row.facility,
            types: wants.types,
            staff: row.staff,
            walk_ins: row.walk_ins,
            overbooked_by: row.overbooked_by,
            is_outdoor: row.outdoor,
            book_until: row.book_until.map(|until| until.and_utc()),
            targets: wants.targets,
        }),
    };
    Ok(Seen {
        id: row.id,
        status: row.status,
        on: zone.date(starts_at),
        governorate: row.governorate,
        slots: full.slots,
        capacity: full.capacity,
        booked: full.booked,
        details,
    })
}
