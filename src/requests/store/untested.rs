//! Rows of units that are given out before their tests.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, RequestId, UntestedId, UserId};
use shiryan_kernel::status::UntestedState;

use crate::db::tables::{blood_requests, untested_issues};
use crate::db::{Conn, Tx};

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = untested_issues)]
pub struct Row {
    pub id: UntestedId,
    pub request: RequestId,
    pub blood_unit: BloodUnitId,
    pub bank: FacilityId,
    pub state: UntestedState,
    pub reason: Vec<u8>,
    pub rapid_tests: Vec<u8>,
    pub asked_at: NaiveDateTime,
    pub asked_by: UserId,
    pub authorised_at: Option<NaiveDateTime>,
    pub authorised_by: Option<UserId>,
    pub checked_at: Option<NaiveDateTime>,
    pub checked_by: Option<UserId>,
    pub given_at: Option<NaiveDateTime>,
    pub given_by: Option<UserId>,
    pub follow_up: Option<Vec<u8>>,
    pub followed_at: Option<NaiveDateTime>,
    pub followed_by: Option<UserId>,
}

pub fn insert(tx: &mut Tx, row: Row) -> Result<()> {
    diesel::insert_into(untested_issues::table).values(row).execute(tx.conn)?;
    Ok(())
}

pub fn row(conn: &mut Conn, id: UntestedId) -> Result<Row> {
    Ok(untested_issues::table.find(id.0).select(Row::as_select()).first(conn)?)
}

/// Whether the one row in this state was there, and is changed.
macro_rules! went {
    ($tx:ident, $id:ident, $from:expr, $set:expr) => {{
        let at = untested_issues::table
            .filter(untested_issues::id.eq($id))
            .filter(untested_issues::state.eq($from));
        Ok(diesel::update(at).set($set).execute($tx.conn)? == 1)
    }};
}

pub fn authorise(tx: &mut Tx, id: UntestedId, by: UserId) -> Result<bool> {
    let set = (
        untested_issues::state.eq(UntestedState::Authorised),
        untested_issues::authorised_at.eq(tx.now.naive_utc()),
        untested_issues::authorised_by.eq(by),
    );
    went!(tx, id, UntestedState::Asked, set)
}

pub fn check(tx: &mut Tx, id: UntestedId, by: UserId) -> Result<bool> {
    let set = (
        untested_issues::state.eq(UntestedState::Checked),
        untested_issues::checked_at.eq(tx.now.naive_utc()),
        untested_issues::checked_by.eq(by),
    );
    went!(tx, id, UntestedState::Authorised, set)
}

pub fn give(tx: &mut Tx, id: UntestedId, by: UserId) -> Result<bool> {
    let set = (
        untested_issues::state.eq(UntestedState::Given),
        untested_issues::given_at.eq(tx.now.naive_utc()),
        untested_issues::given_by.eq(by),
    );
    went!(tx, id, UntestedState::Checked, set)
}

pub fn withdraw(tx: &mut Tx, id: UntestedId, from: UntestedState) -> Result<bool> {
    went!(tx, id, from, untested_issues::state.eq(UntestedState::Withdrawn))
}

pub fn follow_up(tx: &mut Tx, id: UntestedId, by: UserId, note: Vec<u8>) -> Result<bool> {
    let set = (
        untested_issues::state.eq(UntestedState::FollowedUp),
        untested_issues::followed_at.eq(tx.now.naive_utc()),
        untested_issues::followed_by.eq(by),
        untested_issues::follow_up.eq(note),
    );
    went!(tx, id, UntestedState::Given, set)
}

/// Whose are shown.
#[derive(Debug, Clone, Copy)]
pub enum Seen {
    ByHospital(FacilityId),
    ByBank(FacilityId),
    All,
}

/// Those after `after`, oldest first.
pub fn list(
    conn: &mut Conn,
    seen: Seen,
    state: Option<UntestedState>,
    (after, limit): (i64, i64),
) -> Result<Vec<Row>> {
    let mut rows = untested_issues::table
        .inner_join(blood_requests::table)
        .filter(untested_issues::id.gt(after))
        .order(untested_issues::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    match seen {
        Seen::ByHospital(own) => rows = rows.filter(blood_requests::facility.eq(own)),
        Seen::ByBank(own) => rows = rows.filter(untested_issues::bank.eq(own)),
        Seen::All => {}
    }
    if let Some(state) = state {
        rows = rows.filter(untested_issues::state.eq(state));
    }
    Ok(rows.load(conn)?)
}

/// The latest under which a unit was brought to a patient's bed.
pub fn brought(conn: &mut Conn, unit: BloodUnitId) -> Result<Option<Row>> {
    Ok(untested_issues::table
        .filter(untested_issues::blood_unit.eq(unit))
        .filter(untested_issues::checked_at.is_not_null())
        .order(untested_issues::id.desc())
        .select(Row::as_select())
        .first(conn)
        .optional()?)
}

/// What is sealed.
#[derive(Debug, Clone, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = untested_issues)]
pub struct Sealed {
    pub reason: Vec<u8>,
    pub rapid_tests: Vec<u8>,
    pub follow_up: Option<Vec<u8>>,
}

/// Sealed cells of at most `limit` after `after`, in order.
pub fn sealed_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(UntestedId, Sealed)>> {
    Ok(untested_issues::table
        .filter(untested_issues::id.gt(after))
        .order(untested_issues::id)
        .limit(limit)
        .select((untested_issues::id, Sealed::as_select()))
        .load(conn)?)
}

pub fn set_sealed(tx: &mut Tx, id: UntestedId, sealed: &Sealed) -> Result<()> {
    diesel::update(untested_issues::table.find(id.0)).set(sealed).execute(tx.conn)?;
    Ok(())
}
