//! A blood bank counts its shelf: whoever scans every label learns what is missing and what should not be there.
//!
//! A count changes no unit. What is missing was found after all, or a second person says that it is lost: then it is
//! discarded. Once nothing is open the shelf counts as confirmed at the moment of the count.

use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{BloodUnitId, CountId, FacilityId, UserId};
use shiryan_kernel::status::{CountState, MissEnd, MoveReason, UnitStatus};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::store::{counts as rows, transfers};
use super::stray::{self, Source, Stray};
use super::{BloodUnit, Label, UNIT, Why, step};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::Vault;

/// A count without its differences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Count {
    pub id: CountId,
    pub state: CountState,
    /// Labels that were scanned.
    pub scanned: i32,
    pub at: DateTime<Utc>,
    pub by: UserId,
}

/// A unit that should have been on the shelf and was not scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Missed {
    pub id: BloodUnitId,
    #[serde(flatten)]
    pub label: Label,
    /// Where it stands now.
    pub status: UnitStatus,
    /// Absent while nobody knows what became of it.
    pub outcome: Option<MissEnd>,
}

/// A count with its differences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counted {
    #[serde(flatten)]
    pub count: Count,
    pub missing: Vec<Missed>,
    pub unexpected: Vec<Stray>,
}

impl Count {
    const fn of(row: &rows::Row) -> Self {
        Self {
            id: row.id,
            state: row.state,
            scanned: row.scanned,
            at: row.made_at.and_utc(),
            by: row.made_by,
        }
    }
}

/// A count in the record of changes.
pub(super) const COUNT: audit::Thing = audit::Thing {
    name: "stock_count",
    tables: &[("stock_counts", "id"), ("count_misses", "count"), ("stray_scans", "count")],
};

/// Counts the caller's own shelf by the labels that were scanned: all of it.
///
/// # Errors
/// As any write.
pub fn count(tx: &mut Tx, vault: &Vault, by: &Principal, scanned: &[Label]) -> Result<Counted> {
    let own = by.own_facility()?;
    let mut there = BTreeSet::new();
    let mut missing = Vec::new();
    for unit in rows::on_shelf(tx.conn, own)? {
        let label = Label::of(&unit);
        if scanned.contains(&label) {
            there.insert(label);
        } else if has_not_left(tx.conn, &unit)? {
            missing.push(unit.id);
        }
    }
    let unexpected: Vec<Label> = scanned.iter().filter(|label| !there.contains(label)).copied().collect();
    let is_right = missing.is_empty() && unexpected.is_empty();
    let state = if is_right { CountState::Closed } else { CountState::Discrepancy };
    let id = CountId(tx.id());
    let labels = i32::try_from(scanned.len()).map_err(Problem::internal)?;
    rows::insert(tx, id, own, state, labels, by.user)?;
    for unit in &missing {
        rows::insert_miss(tx, id, *unit)?;
    }
    stray::note_all(tx, by, own, Source::Count(id), &unexpected)?;
    let line = Line::new(Some(by.user), "stock.counted").on(id).with("scanned", labels);
    let line = line.with("missing", &missing).with("unexpected", unexpected.len());
    audit::made(&COUNT, id.0).record(tx, vault, if is_right { line } else { line.alert() })?;
    feed::append(tx, "stock_count", id.0, state.code())?;
    with_differences(tx.conn, vault, id)
}

/// What was stopped or passed its date may have been handed out, or sent, before.
fn has_not_left(conn: &mut Conn, unit: &BloodUnit) -> Result<bool> {
    if !matches!(unit.status, UnitStatus::Blocked | UnitStatus::Expired) {
        return Ok(true);
    }
    let has_left = rows::last_in_order(conn, unit.id)? == Some(UnitStatus::Issued)
        || transfers::left_as(conn, unit.id)?.is_some();
    Ok(!has_left)
}

/// Says what became of units that a count missed: they were found after all, or they are lost and discarded. Lost is
/// said by somebody who did not count.
///
/// # Errors
/// `not_found` of another blood bank's count; `unknown_reference` of a unit that it did not miss, or of which it is
/// known; `second_person_required`; `state_conflict` (with `state` and `unit`) of a lost unit that was handed out since.
pub fn settle_missing(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: CountId,
    units: &[BloodUnitId],
    outcome: MissEnd,
    note: Option<Note<500>>,
) -> Result<Counted> {
    let found = own_count(tx.conn, by, id)?;
    if outcome == MissEnd::Lost {
        accounts::check_two_people(tx, found.made_by, by.user)?;
    }
    let why = Why { reason: MoveReason::Lost, note };
    let seen = audit::seen(tx.conn, vault, &COUNT, id.0)?;
    let seen = seen.and(audit::seen_all(tx.conn, vault, &UNIT, units.iter().map(|unit| unit.0))?);
    for (n, unit) in units.iter().enumerate() {
        if !rows::end_miss(tx, id, *unit, outcome, by.user)? {
            return Err(Problem::field(format!("units[{n}]"), Code::UnknownReference));
        }
        if outcome == MissEnd::Lost {
            lose(tx, vault, by, *unit, &why)?;
        }
    }
    let action = match outcome {
        MissEnd::Found => "stock.count_found",
        MissEnd::Lost => "stock.count_lost",
    };
    let line = Line::new(Some(by.user), action).on(id).with("units", units);
    seen.record(tx, vault, if outcome == MissEnd::Lost { line.alert() } else { line })?;
    close_if_settled(tx, id, found.facility)?;
    with_differences(tx.conn, vault, id)
}

fn lose(tx: &mut Tx, vault: &Vault, by: &Principal, id: BloodUnitId, why: &Why) -> Result<()> {
    let unit = super::store::unit(tx.conn, id)?;
    let is_here = Some(unit.facility) == by.facility
        && matches!(
            unit.status,
            UnitStatus::Quarantine
                | UnitStatus::EmergencyUntested
                | UnitStatus::Released
                | UnitStatus::Reserved
                | UnitStatus::Expired
                | UnitStatus::Blocked
        );
    if !is_here || !has_not_left(tx.conn, &unit)? {
        return Err(super::conflict(unit.status).with("unit", id));
    }
    step(tx, vault, &unit, UnitStatus::Discarded, why, Some(by.user))
}

/// Closes a count of which nothing is open any more.
pub(super) fn close_if_settled(tx: &mut Tx, id: CountId, own: FacilityId) -> Result<()> {
    let is_missing = rows::misses(tx.conn, id)?.iter().any(|(outcome, _)| outcome.is_none());
    let is_stray = !super::store::strays::rows(tx.conn, (own, Some(id)), true, 0, 1)?.is_empty();
    if is_missing || is_stray {
        return Ok(());
    }
    rows::close(tx, id)?;
    feed::append(tx, "stock_count", id.0, CountState::Closed.code())
}

/// Counts of the caller's own shelf after `after`, oldest first.
///
/// # Errors
/// As any read.
pub fn counts(
    conn: &mut Conn,
    by: &Principal,
    state: Option<CountState>,
    after: i64,
    limit: i64,
) -> Result<Vec<Count>> {
    Ok(rows::rows(conn, by.own_facility()?, state, after, limit)?.iter().map(Count::of).collect())
}

/// A count of the caller's own shelf with its differences.
///
/// # Errors
/// `not_found` of another blood bank's; `identity_damaged`.
pub fn look_at_count(conn: &mut Conn, vault: &Vault, by: &Principal, id: CountId) -> Result<Counted> {
    own_count(conn, by, id)?;
    with_differences(conn, vault, id)
}

/// When each of these shelves was last counted with nothing left open; absent of one that never was.
///
/// # Errors
/// As any read.
pub fn counted_at(conn: &mut Conn, facilities: &[FacilityId]) -> Result<HashMap<FacilityId, Moment>> {
    rows::counted_at(conn, facilities)
}

fn with_differences(conn: &mut Conn, vault: &Vault, id: CountId) -> Result<Counted> {
    let found = rows::row(conn, id)?;
    let missed = rows::misses(conn, id)?.into_iter();
    let missing = missed
        .map(|(outcome, unit)| Missed { id: unit.id, label: Label::of(&unit), status: unit.status, outcome })
        .collect();
    let unexpected = stray::listed(conn, vault, (found.facility, Some(id)), false, (0, i64::MAX))?;
    Ok(Counted { count: Count::of(&found), missing, unexpected })
}

fn own_count(conn: &mut Conn, by: &Principal, id: CountId) -> Result<rows::Row> {
    let found = rows::row(conn, id)?;
    if by.own_facility()? == found.facility { Ok(found) } else { Err(Problem::new(Code::NotFound)) }
}
