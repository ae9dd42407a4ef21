//! Rows of those who take part, and which activities weigh on whom.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::ids::{ActivityId, AssignmentId, DonorId, UnitId, UserId};
use shiryan_kernel::status::ActivityStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::Row;
use crate::db::tables::{activities, activity_units, assignments, donors, unit_tree};
use crate::db::{Conn, Tx, on_each};

/// Somebody who takes part.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct Person {
    pub id: AssignmentId,
    pub donor: DonorId,
    pub assigned_at: NaiveDateTime,
}

const OPEN: [ActivityStatus; 3] =
    [ActivityStatus::Proposed, ActivityStatus::Approved, ActivityStatus::UnderWay];

pub fn insert(tx: &mut Tx, activity: ActivityId, donor: DonorId, by: UserId) -> Result<AssignmentId> {
    let status: ActivityStatus =
        activities::table.find(activity.0).select(activities::status).first(tx.conn)?;
    if !OPEN.contains(&status) {
        return Err(Problem::new(Code::StateConflict).with("state", status));
    }
    let id = AssignmentId(tx.id());
    diesel::insert_into(assignments::table)
        .values((
            assignments::id.eq(id),
            assignments::activity.eq(activity),
            assignments::donor.eq(donor),
            assignments::assigned_at.eq(tx.now.naive_utc()),
            assignments::assigned_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(id)
}

pub fn end(tx: &mut Tx, activity: ActivityId, donor: DonorId) -> Result<bool> {
    let ended = diesel::update(assignments::table)
        .filter(assignments::activity.eq(activity))
        .filter(assignments::donor.eq(donor))
        .filter(assignments::ended_at.is_null())
        .set(assignments::ended_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    Ok(ended == 1)
}

pub fn list(
    conn: &mut Conn,
    activity: ActivityId,
    roots: &[UnitId],
    after: i64,
    limit: i64,
) -> Result<Vec<Person>> {
    on_each!(conn => c, {
        let below = unit_tree::table
            .filter(unit_tree::ancestor.eq_any(roots))
            .select(unit_tree::descendant.nullable());
        assignments::table
            .inner_join(donors::table)
            .filter(assignments::activity.eq(activity))
            .filter(assignments::ended_at.is_null())
            .filter(assignments::id.gt(after))
            .filter(donors::unit_id.eq_any(below))
            .order(assignments::id)
            .limit(limit)
            .select((assignments::id, assignments::donor, assignments::assigned_at))
            .load(c)
    })
    .map_err(Problem::from)
}

/// The activities that a person is on and that touch the span, unless they are over or off.
pub fn of(conn: &mut Conn, records: &[DonorId], (from, before): (Moment, Moment)) -> Result<Vec<Row>> {
    let [proposed, approved, under_way] = OPEN;
    let status = activities::status;
    let mut rows = Vec::new();
    // Record by record: a statement with a list is prepared anew each time, and a person seldom has two.
    for record in records {
        let of: Vec<Row> = on_each!(conn => c, assignments::table
            .inner_join(activities::table)
            .filter(assignments::donor.eq(record))
            .filter(assignments::ended_at.is_null())
            .filter(status.eq(proposed).or(status.eq(approved)).or(status.eq(under_way)))
            .filter(activities::ends_at.gt(from.naive_utc()))
            .filter(activities::starts_at.lt(before.naive_utc()))
            .select(Row::as_select())
            .load(c))?;
        rows.extend(of);
    }
    Ok(rows)
}

/// The activities of units at, above and below these that touch the span, unless they are over or off.
pub fn around(conn: &mut Conn, units: &[UnitId], (from, before): (Moment, Moment)) -> Result<Vec<Row>> {
    macro_rules! below {
        () => {
            unit_tree::table.filter(unit_tree::ancestor.eq_any(units)).select(unit_tree::descendant)
        };
    }
    macro_rules! above {
        () => {
            unit_tree::table.filter(unit_tree::descendant.eq_any(units)).select(unit_tree::ancestor)
        };
    }
    on_each!(conn => c, {
        let parts = activity_units::table
            .filter(activity_units::unit_id.eq_any(below!()).or(activity_units::unit_id.eq_any(above!())))
            .select(activity_units::activity);
        activities::table
            .filter(activities::status.eq_any(OPEN))
            .filter(activities::ends_at.gt(from.naive_utc()))
            .filter(activities::starts_at.lt(before.naive_utc()))
            .filter(
                activities::unit_id
                    .eq_any(below!())
                    .or(activities::unit_id.eq_any(above!()))
                    .or(activities::id.eq_any(parts)),
            )
            .order((activities::starts_at, activities::id))
            .limit(100)
            .select(Row::as_select())
            .load(c)
    })
    .map_err(Problem::from)
}
