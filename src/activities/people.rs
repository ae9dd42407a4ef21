//! Who takes part in an activity, and when units and people are busy. `duties` decides whether somebody may.

use shiryan_kernel::branch::{Branch, PhysicalLoad};
use shiryan_kernel::ids::{ActivityId, AssignmentId, DonorId, UnitId};
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::{in_scope, rules, store};
use crate::accounts::Principal;
use crate::db::{Conn, Tx};

pub use store::people::Person;

/// A duty: an activity as it weighs on whoever takes part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    pub activity: ActivityId,
    pub branch: Branch,
    pub status: ActivityStatus,
    pub starts_at: Moment,
    pub ends_at: Moment,
    pub loads: Vec<PhysicalLoad>,
}

/// An activity that units of `by` organise or take part in, as a duty. A drive is none: who works there is its own
/// affair.
///
/// # Errors
/// `not_found` of one that is not theirs; `invalid_value` of `branch` for a drive.
pub fn duty_for(conn: &mut Conn, by: &Principal, id: ActivityId) -> Result<Duty> {
    let row = store::get(conn, id)?;
    let mut units = store::units_of(conn, &[id])?.remove(&id).unwrap_or_default();
    units.push(row.unit);
    let is_own = units.iter().any(|unit| in_scope(conn, by, *unit, "unit").is_ok());
    if !by.is_unit_bound() || !is_own {
        return Err(Problem::new(Code::NotFound));
    }
    rules::without_drives(row.branch)?;
    let duties = with_loads(conn, vec![row])?;
    duties.into_iter().next().ok_or_else(|| Problem::internal("one row is one duty"))
}

/// Puts somebody on an activity that is neither done nor cancelled.
///
/// # Errors
/// `state_conflict` of one that is, and when the person is on it.
pub fn put(tx: &mut Tx, by: &Principal, activity: ActivityId, donor: DonorId) -> Result<AssignmentId> {
    store::people::insert(tx, activity, donor, by.user)
}

/// Takes somebody off an activity; whether the person was on it.
///
/// # Errors
/// As any write.
pub fn take_off(tx: &mut Tx, activity: ActivityId, donor: DonorId) -> Result<bool> {
    store::people::end(tx, activity, donor)
}

/// Those who take part, of units at and below `roots`, after `after` by entry.
///
/// # Errors
/// As any read.
pub fn list(
    conn: &mut Conn,
    activity: ActivityId,
    roots: &[UnitId],
    after: i64,
    limit: i64,
) -> Result<Vec<Person>> {
    store::people::list(conn, activity, roots, after, limit)
}

/// The duties of a person, by all records, that touch the span and are neither done nor cancelled.
///
/// # Errors
/// As any read.
pub fn duties_of(conn: &mut Conn, records: &[DonorId], span: (Moment, Moment)) -> Result<Vec<Duty>> {
    let rows = store::people::of(conn, records, span)?;
    with_loads(conn, rows)
}

/// The duties of units at, above and below these that touch the span and are neither done nor cancelled, by start;
/// 100 at most.
///
/// # Errors
/// As any read.
pub fn duties_around(conn: &mut Conn, activity: ActivityId, span: (Moment, Moment)) -> Result<Vec<Duty>> {
    let row = store::get(conn, activity)?;
    let mut units = store::units_of(conn, &[activity])?.remove(&activity).unwrap_or_default();
    units.push(row.unit);
    duties_near(conn, &units, span)
}

/// The same around units of an activity that is not planned yet.
///
/// # Errors
/// As any read.
pub fn duties_near(conn: &mut Conn, units: &[UnitId], span: (Moment, Moment)) -> Result<Vec<Duty>> {
    let rows = store::people::around(conn, units, span)?;
    with_loads(conn, rows)
}

fn with_loads(conn: &mut Conn, rows: Vec<store::Row>) -> Result<Vec<Duty>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<ActivityId> = rows.iter().map(|row| row.id).collect();
    let mut loads = store::loads_of(conn, &ids)?;
    let duty = |row: store::Row| Duty {
        activity: row.id,
        branch: row.branch,
        status: row.status,
        starts_at: row.starts(),
        ends_at: row.ends(),
        loads: loads.remove(&row.id).unwrap_or_default(),
    };
    Ok(rows.into_iter().map(duty).collect())
}
