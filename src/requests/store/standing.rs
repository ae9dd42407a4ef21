//! Rows of standing orders.

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::ids::{FacilityId, RequestId, StandingOrderId, UserId};
use shiryan_kernel::status::{RequestState, StandingState};
use shiryan_kernel::{Problem, Result};

use super::Whose;
use crate::db::tables::{blood_requests, facilities, standing_orders};
use crate::db::{Conn, Tx, on_each};

/// An order without what is sealed of it.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = standing_orders)]
pub struct Row {
    pub id: StandingOrderId,
    pub facility: FacilityId,
    pub blood_group: Option<BloodGroup>,
    pub group_evidence: GroupEvidence,
    pub sex: Option<Sex>,
    pub age_band: Option<AgeBand>,
    pub component: Component,
    pub units: i32,
    pub needs: Attributes,
    pub every_days: Option<i32>,
    pub weekdays: Option<i32>,
    pub due_minute: i32,
    pub first_on: NaiveDate,
    pub last_on: NaiveDate,
    pub days_ahead: i32,
    pub state: StandingState,
    pub next_due_on: Option<NaiveDate>,
    pub ask_on: Option<NaiveDate>,
    pub made_at: NaiveDateTime,
    pub made_by: UserId,
    pub changed_at: NaiveDateTime,
    pub version: i64,
}

/// What is sealed of an order, with the tag of its patient.
#[derive(Debug, Clone, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = standing_orders)]
pub struct Sealed {
    pub patient: Vec<u8>,
    pub patient_tag: Vec<u8>,
    pub notes: Option<Vec<u8>>,
}

/// Puts an order; `state_conflict` where the patient has one of the component that goes on.
pub fn insert(tx: &mut Tx, row: Row, sealed: Sealed) -> Result<()> {
    diesel::insert_into(standing_orders::table).values((row, sealed)).execute(tx.conn)?;
    Ok(())
}

pub fn row(conn: &mut Conn, id: StandingOrderId) -> Result<Row> {
    Ok(standing_orders::table.find(id.0).select(Row::as_select()).first(conn)?)
}

pub fn sealed(conn: &mut Conn, id: StandingOrderId) -> Result<Sealed> {
    Ok(standing_orders::table.find(id.0).select(Sealed::as_select()).first(conn)?)
}

/// Where an order goes: its state, with the next due day and the day on which it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Next {
    pub state: StandingState,
    pub due: Option<(NaiveDate, NaiveDate)>,
}

/// Whether the order was as it was read.
pub fn go(tx: &mut Tx, was: &Row, next: Next) -> Result<bool> {
    let at = standing_orders::table
        .filter(standing_orders::id.eq(was.id))
        .filter(standing_orders::version.eq(was.version));
    let set = (
        standing_orders::state.eq(next.state),
        standing_orders::next_due_on.eq(next.due.map(|(due, _)| due)),
        standing_orders::ask_on.eq(next.due.map(|(_, ask)| ask)),
        standing_orders::changed_at.eq(tx.now.naive_utc()),
        standing_orders::version.eq(was.version + 1),
    );
    Ok(diesel::update(at).set(set).execute(tx.conn)? == 1)
}

/// Orders of which a request is to be made by `today`, the longest due first.
pub fn due(conn: &mut Conn, today: NaiveDate, at_most: i64) -> Result<Vec<Row>> {
    Ok(standing_orders::table
        .filter(standing_orders::state.eq(StandingState::Active))
        .filter(standing_orders::ask_on.le(today))
        .order((standing_orders::ask_on, standing_orders::id))
        .limit(at_most)
        .select(Row::as_select())
        .load(conn)?)
}

/// Orders after `after`, oldest first.
pub fn list(
    conn: &mut Conn,
    whose: &Whose,
    state: Option<StandingState>,
    (after, limit): (i64, i64),
) -> Result<Vec<Row>> {
    on_each!(conn => c, {
        let mut rows = standing_orders::table
            .inner_join(facilities::table)
            .filter(standing_orders::id.gt(after))
            .order(standing_orders::id)
            .limit(limit)
            .select(Row::as_select())
            .into_boxed();
        match whose {
            Whose::Of(own) => rows = rows.filter(standing_orders::facility.eq(*own)),
            Whose::In(places) => rows = rows.filter(facilities::governorate.eq_any(places.clone())),
            Whose::All => {}
        }
        if let Some(state) = state {
            rows = rows.filter(standing_orders::state.eq(state));
        }
        rows.load(c)
    })
    .map_err(Problem::from)
}

/// Requests that an order made, the latest due day first.
pub fn made(
    conn: &mut Conn,
    id: StandingOrderId,
    at_most: i64,
) -> Result<Vec<(RequestId, Option<NaiveDate>, RequestState)>> {
    Ok(blood_requests::table
        .filter(blood_requests::standing_order.eq(id))
        .order(blood_requests::due_on.desc())
        .limit(at_most)
        .select((blood_requests::id, blood_requests::due_on, blood_requests::state))
        .load(conn)?)
}

/// Sealed cells of at most `limit` orders after `after`, in order, each with its hospital.
pub fn sealed_after(
    conn: &mut Conn,
    after: i64,
    limit: i64,
) -> Result<Vec<(StandingOrderId, FacilityId, Sealed)>> {
    Ok(standing_orders::table
        .filter(standing_orders::id.gt(after))
        .order(standing_orders::id)
        .limit(limit)
        .select((standing_orders::id, standing_orders::facility, Sealed::as_select()))
        .load(conn)?)
}

pub fn set_sealed(tx: &mut Tx, id: StandingOrderId, sealed: &Sealed) -> Result<()> {
    diesel::update(standing_orders::table.find(id.0)).set(sealed).execute(tx.conn)?;
    Ok(())
}
