//! How a drive's day goes: who came and how far each is, and the counts.
//!
//! Those who run the drive see each person's step. Command sees how many came, and what came of it only when the
//! drive is done: two looks at live counts, one person apart, would tell what became of that one.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{AppointmentId, CheckInId, DonorId, DriveId, UnitId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{CheckInState, DriveStatus};
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::rules::outcomes::{Outcomes, told};
use super::{Desk, store};
use crate::accounts::Principal;
use crate::db::Conn;
use crate::drives;

/// Somebody who came to a drive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Present {
    pub id: CheckInId,
    pub donor: DonorId,
    pub appointment: AppointmentId,
    pub walk_in: bool,
    pub donation_type: DonationType,
    pub state: CheckInState,
    pub came_at: DateTime<Utc>,
}

/// Those who came to a drive, by entry, after `after`; for those who run it.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn present(
    conn: &mut Conn,
    by: &Principal,
    drive: DriveId,
    state: Option<CheckInState>,
    after: i64,
    limit: i64,
) -> Result<Vec<Present>> {
    drives::in_reach(conn, by, drive)?;
    let rows = store::check_ins::list(conn, drive, state, after, limit)?;
    Ok(rows.into_iter().map(Present::from).collect())
}

impl From<store::check_ins::Row> for Present {
    fn from(row: store::check_ins::Row) -> Self {
        let store::check_ins::Row { id, donor, appointment, walk_in, given, state, came_at, .. } = row;
        Self { id, donor, appointment, walk_in, donation_type: given, state, came_at: came_at.and_utc() }
    }
}

/// The counts of a drive's day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Day {
    /// For those who run it, and the physician.
    Whole(Counts),
    /// For command.
    Outline(Outline),
}

/// How many stand where.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Counts {
    /// Appointments that nobody has kept yet.
    pub expected: i64,
    pub checked_in: i64,
    pub waiting: i64,
    pub fit: i64,
    pub donated: i64,
    pub deferred: i64,
    pub left: i64,
}

/// What command sees of a day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Outline {
    pub checked_in: i64,
    /// What came of it: once the drive is done, and of twenty or more who were checked in.
    pub outcomes: Option<Outcomes>,
    /// By unit, each of twenty or more.
    pub units: Vec<OfUnit>,
    /// All other units together, twenty or more.
    pub others: Option<Outcomes>,
}

/// What came of the people of one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct OfUnit {
    pub unit: UnitId,
    pub outcomes: Outcomes,
}

/// The counts of a drive's day, as many as `by` may learn.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit.
pub fn day(conn: &mut Conn, desk: Desk<'_>, by: &Principal, drive: DriveId) -> Result<Day> {
    let status = drives::get(conn, desk.vault, desk.zone, by, drive)?.status;
    let rows = store::check_ins::counts(conn, drive)?;
    match by.role {
        Role::Command => Ok(Day::Outline(outline(status, &rows))),
        Role::Medic | Role::Bank | Role::Physician => {
            Ok(Day::Whole(whole(store::check_ins::expected(conn, drive)?, &rows)))
        }
        Role::Admin | Role::Hospital => Err(Problem::new(Code::Forbidden)),
    }
}

type Row = (Option<UnitId>, CheckInState, i64);

fn whole(expected: i64, rows: &[Row]) -> Counts {
    let mut counts = Counts { expected, ..Counts::default() };
    for (_, state, count) in rows {
        let place = match state {
            CheckInState::Waiting => &mut counts.waiting,
            CheckInState::Fit => &mut counts.fit,
            CheckInState::Donated => &mut counts.donated,
            CheckInState::Deferred => &mut counts.deferred,
            CheckInState::Left => &mut counts.left,
            CheckInState::Voided => continue,
        };
        *place += count;
        counts.checked_in += count;
    }
    counts
}

fn outline(status: DriveStatus, rows: &[Row]) -> Outline {
    let mut by_unit: BTreeMap<Option<UnitId>, Outcomes> = BTreeMap::new();
    for (unit, state, count) in rows.iter().filter(|(_, state, _)| *state != CheckInState::Voided) {
        let of_unit = by_unit.entry(*unit).or_default();
        of_unit.checked_in += count;
        if *state == CheckInState::Donated {
            of_unit.donated += count;
        } else {
            of_unit.not_donated += count;
        }
    }
    let checked_in = by_unit.values().map(|of_unit| of_unit.checked_in).sum();
    if status != DriveStatus::Done {
        return Outline { checked_in, outcomes: None, units: Vec::new(), others: None };
    }
    let told = told(by_unit.into_iter().collect());
    let units = told.units.into_iter().map(|(unit, outcomes)| OfUnit { unit, outcomes });
    Outline { checked_in, outcomes: told.all, units: units.collect(), others: told.others }
}
