//! Bags that go from one blood bank to another of the same sharing region.
//!
//! Under way a bag counts nowhere. It arrives in the state in which it left, unless it was stopped, its date passed or it
//! was longer on its way than it may be: then it arrives so, and is not for anybody. What never arrives is declared lost by a second person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::Component;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, TransferId};
use shiryan_kernel::status::{FacilityKind, MoveReason, TransferEnd, TransferState, UnitStatus};
use shiryan_kernel::time::Zone;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::store::transfers as rows;
use super::stray::{self, Source};
use super::{BloodUnit, UNIT, Why, conflict, expire, ledger, rules, step, store};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line, Seen};
use crate::db::{Conn, Tx, feed};
use crate::places;
use crate::vault::Vault;

/// What a bag's label says; no two bags have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct Label {
    pub din: Din,
    pub component: Component,
    /// 0 for an undivided component, else 1, 2, …
    pub division: i32,
}

impl Label {
    /// That of a unit.
    #[must_use]
    pub const fn of(unit: &BloodUnit) -> Self {
        Self { din: unit.din, component: unit.component, division: unit.division }
    }

    fn is_of(&self, unit: &BloodUnit) -> bool {
        *self == Self::of(unit)
    }
}

/// A transfer that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Sent {
    pub id: TransferId,
    pub state: TransferState,
}

/// A transfer as either of the two blood banks sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Transfer {
    pub id: TransferId,
    pub from: FacilityId,
    pub to: FacilityId,
    pub state: TransferState,
    pub made_at: DateTime<Utc>,
}

impl Transfer {
    const fn of(row: &rows::Row) -> Self {
        Self {
            id: row.id,
            from: row.from_facility,
            to: row.to_facility,
            state: row.state,
            made_at: row.made_at.and_utc(),
        }
    }
}

/// A unit of a transfer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TransferUnit {
    pub id: BloodUnitId,
    #[serde(flatten)]
    pub label: Label,
    /// Where it stands now.
    pub status: UnitStatus,
    /// Absent while it is missing.
    pub outcome: Option<TransferEnd>,
}

impl TransferUnit {
    const fn of(unit: &BloodUnit, status: UnitStatus, outcome: Option<TransferEnd>) -> Self {
        Self { id: unit.id, label: Label::of(unit), status, outcome }
    }
}

/// What an arrival came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = TransferReceipt)]
pub struct Receipt {
    pub id: TransferId,
    pub state: TransferState,
    /// On the own shelf now, each in the state in which it arrived.
    pub received: Vec<TransferUnit>,
    pub missing: Vec<TransferUnit>,
    /// Scanned, and no unit of this transfer: to be set aside, and on the list of strays.
    pub unexpected: Vec<Label>,
}

/// A transfer in the record of changes.
const TRANSFER: audit::Thing = audit::Thing {
    name: "transfer",
    tables: &[("transfers", "id"), ("transfer_units", "transfer"), ("stray_scans", "transfer")],
};

/// Sends units of the caller's own shelf to another blood bank: all of them or none.
///
/// # Errors
/// `unknown_reference` of `to` where no blood bank is; `invalid_value` of `to` for the own one and for another
/// region's; `unknown_reference` of a label that is not on the own shelf; `state_conflict` (with `state` and `unit`)
/// of a unit that is neither released nor in quarantine; `unit_expired`.
pub fn send(tx: &mut Tx, vault: &Vault, by: &Principal, to: FacilityId, labels: &[Label]) -> Result<Sent> {
    let own = by.own_facility()?;
    check_way(tx.conn, own, to)?;
    let id = TransferId(tx.id());
    rows::insert(tx, id, own, to, by.user)?;
    let mut found: Vec<BloodUnit> = Vec::with_capacity(labels.len());
    for (n, label) in labels.iter().enumerate() {
        let unit = rows::labelled(tx.conn, own, label)?
            .ok_or_else(|| Problem::field(format!("units[{n}]"), Code::UnknownReference))?;
        if !matches!(unit.status, UnitStatus::Released | UnitStatus::Quarantine) {
            return Err(conflict(unit.status).with("unit", unit.id));
        }
        if found.iter().any(|other| other.id == unit.id) {
            return Err(conflict(UnitStatus::InTransit).with("unit", unit.id));
        }
        if !unit.is_good_at(tx.now) {
            return Err(Problem::new(Code::UnitExpired).with("unit", unit.id));
        }
        found.push(unit);
    }
    let seen = audit::seen_all(tx.conn, vault, &UNIT, found.iter().map(|unit| unit.id.0))?;
    for unit in &found {
        step(tx, vault, unit, UnitStatus::InTransit, &Why::of(MoveReason::Sent), Some(by.user))?;
        rows::insert_line(tx, id, unit.id, unit.status)?;
    }
    let sent: Vec<BloodUnitId> = found.iter().map(|unit| unit.id).collect();
    let line = Line::new(Some(by.user), "stock.sent").on(id).with("units", sent);
    audit::made(&TRANSFER, id.0).and(seen).record(tx, vault, line)?;
    let state = TransferState::UnderWay;
    feed::append(tx, "transfer", id.0, state.code())?;
    Ok(Sent { id, state })
}

/// A transfer and its units.
fn whole(conn: &mut Conn, vault: &Vault, id: TransferId) -> Result<Seen> {
    let units: Vec<i64> = rows::lines(conn, id)?.iter().map(|(_, unit)| unit.id.0).collect();
    let seen = audit::seen(conn, vault, &TRANSFER, id.0)?;
    Ok(seen.and(audit::seen_all(conn, vault, &UNIT, units)?))
}

fn check_way(conn: &mut Conn, own: FacilityId, to: FacilityId) -> Result<()> {
    let other = match places::facility(conn, to) {
        Ok(other) if other.kind == FacilityKind::BloodBank => other,
        Err(problem) if problem.code != Code::NotFound => return Err(problem),
        _ => return Err(Problem::field("to", Code::UnknownReference)),
    };
    let here = places::facility(conn, own)?.governorate.region();
    if to == own || other.governorate.region() != here {
        return Err(Problem::field("to", Code::InvalidValue));
    }
    Ok(())
}

/// Takes units that were sent to the caller's blood bank onto its shelf, as their labels were scanned.
///
/// # Errors
/// `not_found` of a transfer to another; `state_conflict` (with `state`) when it is closed.
pub fn receive(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    id: TransferId,
    scanned: &[Label],
) -> Result<Receipt> {
    let found = rows::row(tx.conn, id)?;
    if by.own_facility()? != found.to_facility {
        return Err(Problem::new(Code::NotFound));
    }
    lock(tx, &found)?;
    let seen = whole(tx.conn, vault, id)?;
    rows::set_receiver(tx, id, by.user)?;
    let (mut received, mut missing) = (Vec::new(), Vec::new());
    let lines = rows::lines(tx.conn, id)?;
    for (line, unit) in &lines {
        let is_here = scanned.iter().any(|label| label.is_of(unit));
        match line.outcome {
            None if is_here => {
                let status = take_in(tx, vault, zone, by, (line.left_as, unit), &found)?;
                if !rows::end(tx, id, unit.id, TransferEnd::Arrived, by.user)? {
                    return Err(conflict(unit.status));
                }
                received.push(TransferUnit::of(unit, status, Some(TransferEnd::Arrived)));
            }
            None => missing.push(TransferUnit::of(unit, unit.status, None)),
            Some(outcome) if is_here => received.push(TransferUnit::of(unit, unit.status, Some(outcome))),
            Some(_) => {}
        }
    }
    let is_stray = |label: &&Label| !lines.iter().any(|(_, unit)| label.is_of(unit));
    let unexpected: Vec<Label> = scanned.iter().filter(is_stray).copied().collect();
    stray::note_all(tx, by, found.to_facility, Source::Transfer(id), &unexpected)?;
    let state = if missing.is_empty() { TransferState::Closed } else { TransferState::Discrepancy };
    settle(tx, &found, state)?;
    let ids = |units: &[TransferUnit]| units.iter().map(|unit| unit.id).collect::<Vec<_>>();
    let line = Line::new(Some(by.user), "stock.arrived").on(id).with("units", ids(&received));
    let line = line.with("missing", ids(&missing)).with("unexpected", unexpected.len());
    let differs = !missing.is_empty() || !unexpected.is_empty();
    seen.record(tx, vault, if differs { line.alert() } else { line })?;
    Ok(Receipt { id, state, received, missing, unexpected })
}

/// Puts one unit on the shelf where it arrived; answers in which state.
fn take_in(
    tx: &mut Tx,
    vault: &Vault,
    zone: Zone,
    by: &Principal,
    (left_as, unit): (UnitStatus, &BloodUnit),
    found: &rows::Row,
) -> Result<UnitStatus> {
    let (to, is_late) = (found.to_facility, rules::is_late(found.made_at.and_utc(), tx.now));
    let (was, now) = match unit.status {
        UnitStatus::InTransit if unit.is_good_at(tx.now) && is_late => (unit.status, UnitStatus::Blocked),
        UnitStatus::InTransit if unit.is_good_at(tx.now) => (unit.status, left_as),
        UnitStatus::InTransit => {
            expire(tx, vault, zone, unit)?;
            (UnitStatus::Expired, UnitStatus::Expired)
        }
        stopped => (stopped, stopped),
    };
    if !store::arrive(tx, unit.id, (was, unit.facility), (now, to))? {
        return Err(conflict(unit.status));
    }
    let stops = now == UnitStatus::Blocked && was != now;
    let why = Why::of(if stops { MoveReason::OutOfTemperature } else { MoveReason::Arrived });
    ledger::moved(tx, vault, unit.id, (Some(was), now), &why, to, Some(by.user))?;
    Ok(now)
}

/// Says of every unit of a transfer that is still missing that it is lost: it is discarded. Either blood bank may, by
/// somebody who neither sent nor scanned it.
///
/// # Errors
/// `not_found` of a transfer between others; `state_conflict` (with `state`) when nothing is missing;
/// `second_person_required`.
pub fn lose(tx: &mut Tx, vault: &Vault, by: &Principal, id: TransferId, why: &Why) -> Result<Sent> {
    let found = in_reach(tx.conn, by, id)?;
    lock(tx, &found)?;
    for other in [Some(found.made_by), found.received_by].into_iter().flatten() {
        accounts::check_two_people(tx, by.user, other)?;
    }
    let seen = whole(tx.conn, vault, id)?;
    let mut lost = Vec::new();
    for (_, unit) in rows::lines(tx.conn, id)?.iter().filter(|(line, _)| line.outcome.is_none()) {
        step(tx, vault, unit, UnitStatus::Discarded, why, Some(by.user))?;
        if !rows::end(tx, id, unit.id, TransferEnd::Lost, by.user)? {
            return Err(conflict(unit.status));
        }
        lost.push(unit.id);
    }
    let state = TransferState::Closed;
    settle(tx, &found, state)?;
    let line = Line::new(Some(by.user), "stock.lost").on(id).with("units", lost);
    seen.record(tx, vault, line.alert())?;
    Ok(Sent { id, state })
}

/// Locks a transfer that is not closed.
fn lock(tx: &mut Tx, found: &rows::Row) -> Result<()> {
    let is_open = found.state != TransferState::Closed;
    if !is_open || !rows::advance(tx, found.id, found.state, found.state)? {
        let state = rows::row(tx.conn, found.id)?.state;
        return Err(Problem::new(Code::StateConflict).with("state", state));
    }
    Ok(())
}

fn settle(tx: &mut Tx, found: &rows::Row, state: TransferState) -> Result<()> {
    if !rows::advance(tx, found.id, found.state, state)? {
        return Err(Problem::new(Code::StateConflict).with("state", found.state));
    }
    feed::append(tx, "transfer", found.id.0, state.code())
}

/// Transfers from or to the caller's blood bank, after `after`, oldest first.
///
/// # Errors
/// As any read.
pub fn transfers(
    conn: &mut Conn,
    by: &Principal,
    state: Option<TransferState>,
    after: i64,
    limit: i64,
) -> Result<Vec<Transfer>> {
    let found = rows::rows(conn, by.own_facility()?, state, after, limit)?;
    Ok(found.iter().map(Transfer::of).collect())
}

/// A transfer from or to the caller's blood bank, with its units.
///
/// # Errors
/// `not_found` of one between others.
pub fn transfer(conn: &mut Conn, by: &Principal, id: TransferId) -> Result<(Transfer, Vec<TransferUnit>)> {
    let found = in_reach(conn, by, id)?;
    let lines = rows::lines(conn, id)?;
    let units = lines.iter().map(|(line, unit)| TransferUnit::of(unit, unit.status, line.outcome));
    Ok((Transfer::of(&found), units.collect()))
}

fn in_reach(conn: &mut Conn, by: &Principal, id: TransferId) -> Result<rows::Row> {
    let (own, found) = (by.own_facility()?, rows::row(conn, id)?);
    let is_own = own == found.from_facility || own == found.to_facility;
    if is_own { Ok(found) } else { Err(Problem::new(Code::NotFound)) }
}
