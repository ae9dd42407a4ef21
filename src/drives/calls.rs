//! Whom to call, and what came of calls: donors who may give today, whoever was reached longest ago first.

use std::collections::{HashMap, HashSet};

use chrono::{NaiveDate, NaiveDateTime};
use diesel::dsl::{exists, max, not};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::{CallId, DonorId, UnitId};
use shiryan_kernel::status::{AppointmentStatus, CallOutcome, DonorStatus};
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::scope;
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::tables::{appointments, calls, donors, giving_windows, invitations, slots, unit_tree};
use crate::db::{Conn, Tx, feed, on_each};
use crate::donors::{self as register, Scope};
use crate::places::{self, Unit};
use crate::vault::Vault;

/// Candidates that are looked at together.
const SLICE: usize = 200;
/// The most units that are offered to choose from.
const MOST_UNITS: i64 = 200;
/// Appointments that stand.
const LIVE: [AppointmentStatus; 2] = [AppointmentStatus::Proposed, AppointmentStatus::Booked];

/// Somebody who may give whole blood today.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    pub donor: DonorId,
    pub group: Option<BloodGroup>,
    /// When they were last asked by message.
    pub asked_at: Option<Moment>,
    /// When somebody last called, and what came of it.
    pub called: Option<(Moment, CallOutcome)>,
}

/// A call that was noted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Called {
    pub id: CallId,
    pub donor: DonorId,
    pub outcome: CallOutcome,
}

/// The units whose people `by` may call: those at and below `unit`, or all of the own scope; `None` is everybody.
///
/// # Errors
/// `not_found` of a unit that is not there or lies outside the scope.
pub fn reach(conn: &mut Conn, by: &Principal, unit: Option<UnitId>) -> Result<Option<HashSet<UnitId>>> {
    let roots = scope(conn, by)?;
    let roots = match (unit, roots) {
        (None, None) => return Ok(None),
        (None, Some(roots)) => roots,
        (Some(unit), roots) => {
            let is_seen = match roots {
                Some(roots) => places::is_within(conn, unit, &roots)?,
                None => places::is_within(conn, unit, &[unit])?,
            };
            if !is_seen {
                return Err(Problem::new(Code::NotFound));
            }
            vec![unit]
        }
    };
    let below: Vec<UnitId> = on_each!(conn => c, unit_tree::table
        .filter(unit_tree::ancestor.eq_any(&roots))
        .select(unit_tree::descendant)
        .load(c))
    .map_err(Problem::from)?;
    Ok(Some(below.into_iter().collect()))
}

/// The units that `by` may choose from when calling: those of the own scope.
///
/// # Errors
/// As any read.
pub fn units_to_call(conn: &mut Conn, by: &Principal) -> Result<Vec<Unit>> {
    let roots = scope(conn, by)?;
    places::units(conn, roots.as_deref(), 0, MOST_UNITS)
}

/// Those of these donors who may give whole blood on `today`, have not said that they do not want to be called, and have
/// no appointment to come; whoever was asked or called longest ago first. Nobody stands here before the day on which they
/// may give: the tables are asked again, whatever the candidates were taken from.
///
/// # Errors
/// As any read.
pub fn due(
    conn: &mut Conn,
    (today, now): (NaiveDate, Moment),
    candidates: Vec<DonorId>,
    limit: usize,
) -> Result<Vec<Due>> {
    let asked: HashMap<DonorId, NaiveDateTime> = latest(conn)?;
    let mut candidates: Vec<(Option<NaiveDateTime>, DonorId)> =
        candidates.into_iter().map(|donor| (asked.get(&donor).copied(), donor)).collect();
    candidates.sort_unstable();
    let mut found: Vec<DonorId> = Vec::new();
    for slice in candidates.chunks(SLICE) {
        let slice: Vec<DonorId> = slice.iter().map(|(_, donor)| *donor).collect();
        let open = open(conn, &slice, (today, now))?;
        found.extend(slice.into_iter().filter(|donor| open.contains(donor)));
        if found.len() >= limit {
            break;
        }
    }
    found.truncate(limit);
    seen(conn, &found)
}

/// When each donor was last asked or called.
fn latest(conn: &mut Conn) -> Result<HashMap<DonorId, NaiveDateTime>> {
    let mut latest: HashMap<DonorId, NaiveDateTime> = HashMap::new();
    let asked: Vec<(DonorId, Option<NaiveDateTime>)> = on_each!(conn => c, invitations::table
        .group_by(invitations::donor)
        .select((invitations::donor, max(invitations::made_at)))
        .load(c))
    .map_err(Problem::from)?;
    let called: Vec<(DonorId, Option<NaiveDateTime>)> = on_each!(conn => c, calls::table
        .group_by(calls::donor)
        .select((calls::donor, max(calls::made_at)))
        .load(c))
    .map_err(Problem::from)?;
    for (donor, at) in asked.into_iter().chain(called) {
        let Some(at) = at else { continue };
        latest.entry(donor).and_modify(|own| *own = at.max(*own)).or_insert(at);
    }
    Ok(latest)
}

/// Those of them who may be called now.
fn open(conn: &mut Conn, donors: &[DonorId], (today, now): (NaiveDate, Moment)) -> Result<HashSet<DonorId>> {
    let open: Vec<DonorId> = on_each!(conn => c, {
        let window = giving_windows::table
            .filter(giving_windows::donor.eq(donors::id))
            .filter(giving_windows::donation_type.eq(DonationType::WholeBlood))
            .filter(giving_windows::from_on.le(today))
            .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(today)));
        let placed = appointments::table
            .inner_join(slots::table)
            .filter(appointments::donor.eq(donors::id))
            .filter(appointments::status.eq_any(LIVE))
            .filter(slots::starts_at.gt(now.naive_utc()));
        donors::table
            .filter(donors::id.eq_any(donors))
            .filter(donors::status.eq(DonorStatus::Active))
            .filter(donors::merged_into.is_null())
            .filter(donors::may_call.is_null().or(donors::may_call.eq(true)))
            .filter(exists(window))
            .filter(not(exists(placed)))
            .select(donors::id)
            .load(c)
    })
    .map_err(Problem::from)?;
    Ok(open.into_iter().collect())
}

/// What is shown of them, in their order.
fn seen(conn: &mut Conn, those: &[DonorId]) -> Result<Vec<Due>> {
    let groups: Vec<(DonorId, Option<BloodGroup>)> = on_each!(conn => c, donors::table
        .filter(donors::id.eq_any(those))
        .select((donors::id, donors::blood_group))
        .load(c))
    .map_err(Problem::from)?;
    let asked: Vec<(DonorId, NaiveDateTime)> = on_each!(conn => c, invitations::table
        .filter(invitations::donor.eq_any(those))
        .order(invitations::id)
        .select((invitations::donor, invitations::made_at))
        .load(c))
    .map_err(Problem::from)?;
    let called: Vec<(DonorId, NaiveDateTime, CallOutcome)> = on_each!(conn => c, calls::table
        .filter(calls::donor.eq_any(those))
        .order(calls::id)
        .select((calls::donor, calls::made_at, calls::outcome))
        .load(c))
    .map_err(Problem::from)?;
    let groups: HashMap<DonorId, Option<BloodGroup>> = groups.into_iter().collect();
    let asked: HashMap<DonorId, NaiveDateTime> = asked.into_iter().collect();
    let called: HashMap<DonorId, _> =
        called.into_iter().map(|(donor, at, outcome)| (donor, (at.and_utc(), outcome))).collect();
    Ok(those
        .iter()
        .map(|donor| Due {
            donor: *donor,
            group: groups.get(donor).copied().flatten(),
            asked_at: asked.get(donor).map(NaiveDateTime::and_utc),
            called: called.get(donor).copied(),
        })
        .collect())
}

/// A call in the record of changes.
const CALL: audit::Thing = audit::Thing { name: "call", tables: &[("calls", "id")] };

/// Notes what came of a call. Who wants no more calls is not shown again to be called.
///
/// # Errors
/// `not_found`, also of a donor outside the scope; `state_conflict` of one who is not active, or wants no calls.
pub fn note_call(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    donor: DonorId,
    outcome: CallOutcome,
) -> Result<Called> {
    let scope = Scope::of(tx.conn, by)?;
    let found = register::donor(tx.conn, &scope, donor)?;
    if found.status != DonorStatus::Active || found.wishes.may_call == Some(false) {
        return Err(Problem::new(Code::StateConflict));
    }
    let id = CallId(tx.id());
    diesel::insert_into(calls::table)
        .values((
            calls::id.eq(id),
            calls::donor.eq(donor),
            calls::made_at.eq(tx.now.naive_utc()),
            calls::made_by.eq(by.user),
            calls::outcome.eq(outcome),
        ))
        .execute(tx.conn)?;
    if outcome == CallOutcome::NoMoreCalls {
        register::stop_calls(tx, vault, by.user, donor)?;
    }
    let line = Line::new(Some(by.user), "drives.called").on(donor).with("outcome", outcome);
    audit::made(&CALL, id.0).record(tx, vault, line)?;
    feed::append(tx, "call", id.0, "noted")?;
    Ok(Called { id, donor, outcome })
}

/// Forgets that a donor who was erased was called.
pub(super) fn forget(conn: &mut Conn, donor: DonorId) -> Result<()> {
    diesel::delete(calls::table.filter(calls::donor.eq(donor))).execute(conn)?;
    Ok(())
}
