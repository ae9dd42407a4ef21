//! What the force does in its ten branches, planned together: the same units, places and days.
//!
//! A blood drive is an activity too and shares its id, but only `drives` makes one and takes its steps. Title,
//! place and what the branch records are sealed; the place goes to those who need it and to nobody else, and whom
//! a visit is for to those who run it and to command. Nothing here knows of slots.

pub mod absences;
mod amend;
pub mod api;
mod links;
mod look;
pub mod pages;
pub mod people;
pub mod report;
pub mod rules;
mod steps;
mod store;

use shiryan_kernel::branch::{Branch, PhysicalLoad};
use shiryan_kernel::ids::{ActivityId, UnitId, UserId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::problem::Faults;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::text::PlainText;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use crate::accounts::{Principal, unit_roots};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::places;
use crate::vault::{Place, Vault};
use rules::details::Details;

/// An activity in the record of changes.
const ACTIVITY: crate::audit::Thing = crate::audit::Thing {
    name: "activity",
    tables: &[("activities", "id"), ("activity_units", "activity"), ("activity_loads", "activity")],
};

pub use amend::{Amended, Amendment, amend};
pub use links::{Direction, Linked, link, links, unlink};
pub use look::{Filter, Key, Open, Seen, get, list, open_place, open_title};
pub use steps::{Stepped, approve_drive, cancel, finish_drive, step};

/// What an activity is called.
pub type Title = PlainText<120>;
/// Where an activity is, in words.
pub type PlaceText = PlainText<200>;

/// The most units that take part beside the organising one.
pub const MOST_UNITS: usize = 50;

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
    /// Others that take part.
    pub units: Vec<UnitId>,
    /// What the work asks of a body.
    pub loads: Vec<PhysicalLoad>,
    pub details: Details,
}

/// Plans an activity of any branch but blood donation. Command's and the administrator's are approved
/// at once, a medic's is proposed.
///
/// # Errors
/// `invalid_value` of `branch` for a drive; `unknown_reference` of a unit that is not there or not in the
/// planner's scope; `out_of_range` of moments as [`rules::check_span`]; `missing_field` of a fact that what is
/// approved must have.
pub fn plan(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    new: &NewActivity,
) -> Result<(ActivityId, ActivityStatus)> {
    rules::without_drives(new.branch)?;
    check_scope(tx.conn, by, new.unit)?;
    check_units(tx.conn, by, new.unit, &new.units)?;
    let status = match by.role {
        Role::Medic => ActivityStatus::Proposed,
        _ => ActivityStatus::Approved,
    };
    if status == ActivityStatus::Approved {
        let mut faults = Faults::none();
        new.details.check_needed(&mut faults, new.branch);
        faults.settle()?;
    }
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
        return Err(unknown_unit("unit"));
    }
    let id = ActivityId(tx.id());
    let row = store::Row {
        id,
        branch: new.branch,
        status,
        title: seal_title(vault, id, new.title.as_ref().map(Title::as_str)),
        place: new.place.as_ref().map(|place| seal(vault, id, "place", place.as_str())),
        details: seal(vault, id, "details", &new.details.stored()),
        governorate: new.governorate,
        starts_at: new.starts_at.naive_utc(),
        ends_at: new.ends_at.naive_utc(),
        unit: new.unit,
        version: 1,
    };
    store::insert(tx, &row, by)?;
    store::set_units(tx, id, &new.units)?;
    store::set_loads(tx, id, &new.loads)?;
    let line = Line::new(by, "activities.made").on(id).with("branch", new.branch).with("status", status);
    audit::made(&ACTIVITY, id.0).record(tx, vault, line)?;
    feed::append(tx, "activity", id.0, "made")?;
    Ok(id)
}

fn seal(vault: &Vault, id: ActivityId, column: &'static str, text: &str) -> Vec<u8> {
    vault.house().seal_text(Place::of("activities", column, id.0), text)
}

/// Always sealed, an absent title as an empty one: whether there is one is not for the disk to tell.
fn seal_title(vault: &Vault, id: ActivityId, title: Option<&str>) -> Vec<u8> {
    seal(vault, id, "title", title.unwrap_or_default())
}

/// Whether somebody who is bound to units may plan for this one.
///
/// # Errors
/// `unknown_reference` of `unit` when not.
pub fn check_scope(conn: &mut Conn, by: &Principal, unit: UnitId) -> Result<()> {
    in_scope(conn, by, unit, "unit")
}

fn in_scope(conn: &mut Conn, by: &Principal, unit: UnitId, field: &str) -> Result<()> {
    if !by.is_unit_bound() {
        return Ok(());
    }
    let roots = unit_roots(conn, by.user)?;
    if places::is_within(conn, unit, &roots)? { Ok(()) } else { Err(unknown_unit(field)) }
}

/// Whether these units may take part beside the organising one.
fn check_units(conn: &mut Conn, by: &Principal, organiser: UnitId, units: &[UnitId]) -> Result<()> {
    for (place, unit) in units.iter().enumerate() {
        let field = format!("units[{place}]");
        if *unit == organiser || units.iter().take(place).any(|other| other == unit) {
            return Err(Problem::field(field, Code::InvalidValue));
        }
        places::unit(conn, *unit).map_err(|_| unknown_unit(&field))?;
        in_scope(conn, by, *unit, &field)?;
    }
    Ok(())
}

fn unknown_unit(field: &str) -> Problem {
    Problem::field(field, Code::UnknownReference)
}

/// The units at and below `roots`.
///
/// # Errors
/// As any read.
pub fn units_below(conn: &mut Conn, roots: &[UnitId]) -> Result<Vec<UnitId>> {
    store::units_below(conn, roots)
}

/// An activity that `by` runs.
///
/// # Errors
/// `not_found` of one that others run.
fn run_by(conn: &mut Conn, by: &Principal, id: ActivityId) -> Result<store::Row> {
    let row = store::get(conn, id)?;
    let organises = by.is_unit_bound() && in_scope(conn, by, row.unit, "unit").is_ok();
    if rules::life::runs(by.role, organises, row.branch) {
        Ok(row)
    } else {
        Err(Problem::new(Code::NotFound))
    }
}

/// Seals what is sealed of at most `limit` activities after `after` under another root key; the last of
/// them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for mut row in store::after(tx.conn, after, limit)? {
        let (id, version) = (row.id.0, row.version);
        let move_on = |column, sealed: &[u8]| new.reseal(old, Place::of("activities", column, id), sealed);
        row.title = move_on("title", &row.title);
        row.place = row.place.map(|place| move_on("place", &place));
        row.details = move_on("details", &row.details);
        store::replace(tx, version, &row)?;
        last = Some(id);
    }
    Ok(last)
}
