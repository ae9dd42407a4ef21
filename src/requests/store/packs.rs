//! Rows of massive-transfusion packs.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::ids::{FacilityId, PackId, UserId};
use shiryan_kernel::status::PackState;
use shiryan_kernel::{Problem, Result};

use super::{BloodRequest, Whose};
use crate::db::tables::{blood_requests, facilities, packs};
use crate::db::{Conn, Tx, on_each};

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = packs)]
pub struct Row {
    pub id: PackId,
    pub facility: FacilityId,
    pub state: PackState,
    pub rounds: i32,
    pub started_at: NaiveDateTime,
    pub started_by: UserId,
    pub stopped_at: Option<NaiveDateTime>,
    pub stopped_by: Option<UserId>,
}

pub fn insert(tx: &mut Tx, id: PackId, facility: FacilityId, by: UserId) -> Result<()> {
    diesel::insert_into(packs::table)
        .values((
            packs::id.eq(id),
            packs::facility.eq(facility),
            packs::state.eq(PackState::Running),
            packs::rounds.eq(1),
            packs::started_at.eq(tx.now.naive_utc()),
            packs::started_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn row(conn: &mut Conn, id: PackId) -> Result<Row> {
    Ok(packs::table.find(id.0).select(Row::as_select()).first(conn)?)
}

/// The pack that runs for a patient.
pub fn running_for(conn: &mut Conn, patient_tag: &[u8]) -> Result<Option<PackId>> {
    Ok(packs::table
        .inner_join(blood_requests::table)
        .filter(blood_requests::patient_tag.eq(patient_tag))
        .filter(packs::state.eq(PackState::Running))
        .select(packs::id)
        .first(conn)
        .optional()?)
}

/// Whether the pack runs and this is its next round. Locks the row until the transaction ends.
pub fn next_round(tx: &mut Tx, id: PackId, round: i32) -> Result<bool> {
    let at = packs::table
        .filter(packs::id.eq(id))
        .filter(packs::state.eq(PackState::Running))
        .filter(packs::rounds.eq(round.saturating_sub(1)));
    Ok(diesel::update(at).set(packs::rounds.eq(round)).execute(tx.conn)? == 1)
}

/// Whether the pack was running. Locks the row until the transaction ends.
pub fn stop(tx: &mut Tx, id: PackId, by: UserId) -> Result<bool> {
    let at = packs::table.filter(packs::id.eq(id)).filter(packs::state.eq(PackState::Running));
    let set = (
        packs::state.eq(PackState::Stopped),
        packs::stopped_at.eq(tx.now.naive_utc()),
        packs::stopped_by.eq(by),
    );
    Ok(diesel::update(at).set(set).execute(tx.conn)? == 1)
}

/// Packs before `before`, the latest first.
pub fn list(
    conn: &mut Conn,
    whose: &Whose,
    state: Option<PackState>,
    (before, limit): (i64, i64),
) -> Result<Vec<Row>> {
    on_each!(conn => c, {
        let mut rows = packs::table
            .inner_join(facilities::table)
            .filter(packs::id.lt(before))
            .order(packs::id.desc())
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        match whose {
            Whose::Of(own) => rows = rows.filter(packs::facility.eq(*own)),
            Whose::In(places) => rows = rows.filter(facilities::governorate.eq_any(places.clone())),
            Whose::All => {}
        }
        if let Some(state) = state {
            rows = rows.filter(packs::state.eq(state));
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// A pack's requests, oldest first.
pub fn requests_of(conn: &mut Conn, id: PackId) -> Result<Vec<BloodRequest>> {
    Ok(blood_requests::table
        .filter(blood_requests::pack.eq(id))
        .order(blood_requests::id)
        .select(BloodRequest::as_select())
        .load(conn)?)
}
