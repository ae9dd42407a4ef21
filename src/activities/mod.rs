//! What the force does in its ten branches, planned together: the same units, places and days.
//!
//! A blood drive is an activity too and shares its id, but only `drives` makes one. Title and place are
//! sealed; the place goes to those who need it and to nobody else. Nothing here knows of slots.

pub mod api;
pub mod rules;
mod store;

use shiryan_kernel::branch::Branch;
use shiryan_kernel::ids::{ActivityId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::text::PlainText;
use shiryan_kernel::time::{Moment, Zone};
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{Principal, unit_roots};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::places;
use crate::vault::{Place, Vault};
use rules::{Days, Sight};

/// What an activity is called.
pub type Title = PlainText<120>;
/// Where an activity is, in words.
pub type PlaceText = PlainText<200>;

/// An activity to be made.
#[derive(Debug, Clone)]
pub struct NewActivity {
    pub branch: Branch,
    pub title: Option<Title>,
    pub governorate: Governorate,
    pub place: Option<PlaceText>,
    pub starts_at: Moment,
    pub ends_at: Moment,
    /// The unit that organises it.
    pub unit: UnitId,
}

/// Plans an activity of any branch but blood donation. Command's and the administrator's are approved
/// at once, a medic's is proposed.
///
/// # Errors
/// `invalid_value` of `branch` for a drive; `unknown_reference` of a unit that is not there or not in the
/// planner's scope; `out_of_range` of moments as [`rules::check_span`].
pub fn plan(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    new: &NewActivity,
) -> Result<(ActivityId, ActivityStatus)> {
    rules::without_drives(new.branch)?;
    check_scope(tx.conn, by, new.unit)?;
    let status = match by.role {
        Role::Medic => ActivityStatus::Proposed,
        _ => ActivityStatus::Approved,
    };
    Ok((enter(tx, vault, Some(by.user), new, status)?, status))
}

/// Enters an activity of any branch and status, past ones too, asking nobody's scope: `drives` and those
/// who bring a register in call it.
///
/// # Errors
/// `unknown_reference` of the unit; `out_of_range` of moments as [`rules::check_span`].
pub fn enter(
    tx: &mut Tx,
    vault: &Vault,
    by: Option<UserId>,
    new: &NewActivity,
    status: ActivityStatus,
) -> Result<ActivityId> {
    let mut faults = Faults::none();
    rules::check_span(&mut faults, new.starts_at, new.ends_at);
    faults.settle()?;
    if places::unit(tx.conn, new.unit).is_err() {
        return Err(unknown_unit());
    }
    let id = ActivityId(tx.id());
    // Always sealed, an absent title as an empty one: whether there is one is not for the disk to tell.
    let title = new.title.as_ref().map(Title::as_str).unwrap_or_default();
    let title = vault.house().seal_text(Place::of("activities", "title", id.0), title);
    let place = new
        .place
        .as_ref()
        .map(|place| vault.house().seal_text(Place::of("activities", "place", id.0), place.as_str()));
    store::insert(tx, id, new, status, by, title, place)?;
    let line = Line::new(by, "activities.made").on(id).with("branch", new.branch).with("status", status);
    audit::record(tx, vault, &line)?;
    feed::append(tx, "activity", id.0, "made")?;
    Ok(id)
}

/// Cancels an activity that is neither done nor cancelled; the caller has looked at the scope.
///
/// # Errors
/// `state_conflict` of one that is.
pub fn cancel(tx: &mut Tx, vault: &Vault, by: &Principal, id: ActivityId) -> Result<()> {
    if !store::cancel(tx, id)? {
        return Err(Problem::new(Code::StateConflict));
    }
    audit::record(tx, vault, &Line::new(Some(by.user), "activities.cancelled").on(id))?;
    feed::append(tx, "activity", id.0, "cancelled")
}

/// Whether somebody who is bound to units may plan for this one.
///
/// # Errors
/// `unknown_reference` of `unit` when not.
pub fn check_scope(conn: &mut Conn, by: &Principal, unit: UnitId) -> Result<()> {
    if !by.is_unit_bound() {
        return Ok(());
    }
    let roots = unit_roots(conn, by.user)?;
    if places::is_within(conn, unit, &roots)? { Ok(()) } else { Err(unknown_unit()) }
}

fn unknown_unit() -> Problem {
    Problem::field("unit", Code::UnknownReference)
}

/// Which activities a list holds.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    pub branch: Option<Branch>,
    pub governorate: Option<Governorate>,
    /// Those that touch these days.
    pub days: Days,
}

/// Where a list goes on: start and id of the last activity shown.
pub type Key = (Moment, i64);

/// An activity as one asker sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub id: ActivityId,
    pub branch: Branch,
    pub status: ActivityStatus,
    pub governorate: Governorate,
    /// First and last civil day in the zone of the house.
    pub on: (chrono::NaiveDate, chrono::NaiveDate),
    /// `None` for those who may know no more than the day and the governorate.
    pub details: Option<Details>,
}

/// What an onlooker of a drive does not see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    pub title: Option<String>,
    pub place: Option<String>,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub unit: UnitId,
}

/// Activities by start, each as `by` may see it, with its key.
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
    let rows = store::list(conn, filter, filter.days.moments(zone), after, limit)?;
    let roots = unit_roots(conn, by.user)?;
    let own = store::units_below(conn, &roots)?;
    rows.into_iter()
        .map(|row| {
            let key = (row.starts_at.and_utc(), row.id.0);
            let sight = rules::sight(by.role, own.contains(&row.unit), row.branch);
            Ok((key, look(vault, zone, row, sight)?))
        })
        .collect()
}

fn look(vault: &Vault, zone: Zone, row: store::Row, sight: Sight) -> Result<Seen> {
    let (starts_at, ends_at) = (row.starts_at.and_utc(), row.ends_at.and_utc());
    let last = ends_at - chrono::Duration::microseconds(1);
    let details = match sight {
        Sight::DayOnly => None,
        Sight::NoPlace | Sight::Whole => Some(Details {
            title: open_title(vault, row.id, &row.title)?,
            place: match sight {
                Sight::Whole => open_place(vault, row.id, row.place.as_deref())?,
                _ => None,
            },
            starts_at,
            ends_at,
            unit: row.unit,
        }),
    };
    Ok(Seen {
        id: row.id,
        branch: row.branch,
        status: row.status,
        governorate: row.governorate,
        on: (zone.date(starts_at), zone.date(last)),
        details,
    })
}

/// The title in the clear; `None` when the activity has none.
///
/// # Errors
/// `identity_damaged`.
pub fn open_title(vault: &Vault, id: ActivityId, sealed: &[u8]) -> Result<Option<String>> {
    let title = vault.house().open_text(Place::of("activities", "title", id.0), sealed)?;
    Ok(Some(title).filter(|title| !title.is_empty()))
}

/// The place in the clear.
///
/// # Errors
/// `identity_damaged`.
pub fn open_place(vault: &Vault, id: ActivityId, sealed: Option<&[u8]>) -> Result<Option<String>> {
    sealed.map(|sealed| vault.house().open_text(Place::of("activities", "place", id.0), sealed)).transpose()
}

/// Seals titles and places of at most `limit` activities after `after` under another root key; the last of
/// them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, title, place) in store::sealed_after(tx.conn, after, limit)? {
        last = Some(id.0);
        let title = new.reseal(old, Place::of("activities", "title", id.0), &title);
        let at = Place::of("activities", "place", id.0);
        let place = place.map(|place| new.reseal(old, at, &place));
        store::set_sealed(tx.conn, id, title, place)?;
    }
    Ok(last)
}
