//! Rows of absences.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan_kernel::ids::{AbsenceId, ActivityId, UnitId, UserId};
use shiryan_kernel::status::{AbsenceKind, ActivityStatus};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::activities::absences::NewAbsence;
use crate::activities::rules::Days;
use crate::db::tables::{activities, activity_units, unit_absences, unit_tree};
use crate::db::{Conn, Tx, on_each};

/// An absence.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = unit_absences)]
pub struct Absence {
    pub id: AbsenceId,
    #[diesel(column_name = unit_id)]
    pub unit: UnitId,
    pub kind: AbsenceKind,
    pub from_on: NaiveDate,
    pub until_on: NaiveDate,
}

pub fn insert(tx: &mut Tx, id: AbsenceId, new: NewAbsence, by: UserId) -> Result<()> {
    diesel::insert_into(unit_absences::table)
        .values((
            unit_absences::id.eq(id),
            unit_absences::unit_id.eq(new.unit),
            unit_absences::kind.eq(new.kind),
            unit_absences::from_on.eq(new.from),
            unit_absences::until_on.eq(new.until),
            unit_absences::entered_at.eq(tx.now.naive_utc()),
            unit_absences::entered_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn get(conn: &mut Conn, id: AbsenceId) -> Result<Absence> {
    Ok(unit_absences::table.find(id.0).select(Absence::as_select()).first(conn)?)
}

/// Whether it stood until now.
pub fn withdraw(tx: &mut Tx, id: AbsenceId) -> Result<bool> {
    let changed = diesel::update(unit_absences::table.find(id.0))
        .filter(unit_absences::withdrawn_at.is_null())
        .set(unit_absences::withdrawn_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    Ok(changed == 1)
}

/// The unit itself and all above it.
macro_rules! above {
    ($unit:expr) => {
        unit_tree::table.filter(unit_tree::descendant.eq($unit)).select(unit_tree::ancestor)
    };
}

pub fn list(conn: &mut Conn, unit: UnitId, days: Days, after: i64, limit: i64) -> Result<Vec<Absence>> {
    on_each!(conn => c, {
        let mut rows = unit_absences::table
            .filter(unit_absences::unit_id.eq_any(above!(unit)))
            .filter(unit_absences::withdrawn_at.is_null())
            .filter(unit_absences::id.gt(after))
            .order(unit_absences::id)
            .limit(limit)
            .select(Absence::as_select())
            .into_boxed();
        if let Some(from) = days.from() {
            rows = rows.filter(unit_absences::until_on.ge(from));
        }
        if let Some(to) = days.to() {
            rows = rows.filter(unit_absences::from_on.le(to));
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// Absences of units at, below and above `roots` that touch these days, by their first day; of all units without.
pub fn around(conn: &mut Conn, roots: Option<&[UnitId]>, days: Days) -> Result<Vec<Absence>> {
    on_each!(conn => c, {
        let mut rows = unit_absences::table.filter(unit_absences::withdrawn_at.is_null()).into_boxed();
        if let Some(roots) = roots {
            let above = unit_tree::table.filter(unit_tree::descendant.eq_any(roots)).select(unit_tree::ancestor);
            let below = unit_tree::table.filter(unit_tree::ancestor.eq_any(roots)).select(unit_tree::descendant);
            rows = rows.filter(unit_absences::unit_id.eq_any(above).or(unit_absences::unit_id.eq_any(below)));
        }
        if let Some(from) = days.from() {
            rows = rows.filter(unit_absences::until_on.ge(from));
        }
        if let Some(to) = days.to() {
            rows = rows.filter(unit_absences::from_on.le(to));
        }
        rows.order((unit_absences::from_on, unit_absences::id)).select(Absence::as_select()).load(c)
    })
    .map_err(Problem::from)
}

pub fn on(conn: &mut Conn, unit: UnitId, day: NaiveDate) -> Result<Vec<AbsenceKind>> {
    on_each!(conn => c, unit_absences::table
        .filter(unit_absences::unit_id.eq_any(above!(unit)))
        .filter(unit_absences::withdrawn_at.is_null())
        .filter(unit_absences::from_on.le(day))
        .filter(unit_absences::until_on.ge(day))
        .order(unit_absences::id)
        .select(unit_absences::kind)
        .load(c))
    .map_err(Problem::from)
}

/// The activities that units at and below this one organise or take part in and that touch the span, unless they
/// are over or off.
pub fn clashing(conn: &mut Conn, unit: UnitId, (from, before): (Moment, Moment)) -> Result<Vec<ActivityId>> {
    macro_rules! below {
        () => {
            unit_tree::table.filter(unit_tree::ancestor.eq(unit)).select(unit_tree::descendant)
        };
    }
    on_each!(conn => c, {
        let parts = activity_units::table
            .filter(activity_units::unit_id.eq_any(below!()))
            .select(activity_units::activity);
        activities::table
            .filter(activities::status.ne(ActivityStatus::Done))
            .filter(activities::status.ne(ActivityStatus::Cancelled))
            .filter(activities::ends_at.gt(from.naive_utc()))
            .filter(activities::starts_at.lt(before.naive_utc()))
            .filter(activities::unit_id.eq_any(below!()).or(activities::id.eq_any(parts)))
            .order((activities::starts_at, activities::id))
            .limit(100)
            .select(activities::id)
            .load(c)
    })
    .map_err(Problem::from)
}
