//! Rows of emergency issues.

use chrono::NaiveDateTime;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{EmergencyIssueId, FacilityId, RequestId, UserId};
use shiryan_kernel::status::EmergencyState;
use shiryan_kernel::time::Moment;

use crate::db::tables::{blood_requests, emergency_issues};
use crate::db::{Conn, Tx};

#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = emergency_issues)]
pub struct Row {
    pub id: EmergencyIssueId,
    pub request: RequestId,
    pub state: EmergencyState,
    pub is_beyond_rule: bool,
    pub reason: Vec<u8>,
    pub made_at: NaiveDateTime,
    pub made_by: UserId,
    pub held_until: NaiveDateTime,
    pub confirmed_at: Option<NaiveDateTime>,
    pub confirmed_by: Option<UserId>,
    pub finding: Option<Vec<u8>>,
    pub reviewed_at: Option<NaiveDateTime>,
    pub reviewed_by: Option<UserId>,
}

pub fn insert(
    tx: &mut Tx,
    id: EmergencyIssueId,
    request: RequestId,
    by: UserId,
    until: Moment,
    reason: Vec<u8>,
) -> Result<()> {
    diesel::insert_into(emergency_issues::table)
        .values((
            emergency_issues::id.eq(id),
            emergency_issues::request.eq(request),
            emergency_issues::state.eq(EmergencyState::Open),
            emergency_issues::is_beyond_rule.eq(false),
            emergency_issues::reason.eq(reason),
            emergency_issues::made_at.eq(tx.now.naive_utc()),
            emergency_issues::made_by.eq(by),
            emergency_issues::held_until.eq(until.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn set_beyond_rule(tx: &mut Tx, id: EmergencyIssueId) -> Result<()> {
    diesel::update(emergency_issues::table.find(id.0))
        .set(emergency_issues::is_beyond_rule.eq(true))
        .execute(tx.conn)?;
    Ok(())
}

pub fn row(conn: &mut Conn, id: EmergencyIssueId) -> Result<Row> {
    Ok(emergency_issues::table.find(id.0).select(Row::as_select()).first(conn)?)
}

/// Whether it was open, and in time.
pub fn confirm(tx: &mut Tx, id: EmergencyIssueId, by: UserId) -> Result<bool> {
    let now = tx.now.naive_utc();
    let open = emergency_issues::table
        .filter(emergency_issues::id.eq(id))
        .filter(emergency_issues::state.eq(EmergencyState::Open))
        .filter(emergency_issues::held_until.gt(now));
    let set = (
        emergency_issues::state.eq(EmergencyState::Issued),
        emergency_issues::confirmed_at.eq(now),
        emergency_issues::confirmed_by.eq(by),
    );
    Ok(diesel::update(open).set(set).execute(tx.conn)? == 1)
}

/// Whether it was issued and not reviewed yet.
pub fn review(tx: &mut Tx, id: EmergencyIssueId, by: UserId, finding: Vec<u8>) -> Result<bool> {
    let issued = emergency_issues::table
        .filter(emergency_issues::id.eq(id))
        .filter(emergency_issues::state.eq(EmergencyState::Issued));
    let set = (
        emergency_issues::state.eq(EmergencyState::Reviewed),
        emergency_issues::reviewed_at.eq(tx.now.naive_utc()),
        emergency_issues::reviewed_by.eq(by),
        emergency_issues::finding.eq(finding),
    );
    Ok(diesel::update(issued).set(set).execute(tx.conn)? == 1)
}

/// Those after `after`, oldest first: of one blood bank, or of all.
pub fn list(
    conn: &mut Conn,
    bank: Option<FacilityId>,
    state: Option<EmergencyState>,
    after: i64,
    limit: i64,
) -> Result<Vec<Row>> {
    let mut rows = emergency_issues::table
        .inner_join(blood_requests::table)
        .filter(emergency_issues::id.gt(after))
        .order(emergency_issues::id)
        .limit(limit)
        .select(Row::as_select())
        .into_boxed();
    if let Some(bank) = bank {
        rows = rows.filter(blood_requests::bank.eq(bank));
    }
    if let Some(state) = state {
        rows = rows.filter(emergency_issues::state.eq(state));
    }
    Ok(rows.load(conn)?)
}

/// What is sealed of an emergency issue.
#[derive(Debug, Clone, Queryable, Selectable, AsChangeset)]
#[diesel(table_name = emergency_issues)]
pub struct Sealed {
    pub reason: Vec<u8>,
    pub finding: Option<Vec<u8>>,
}

/// Sealed cells of at most `limit` after `after`, in order.
pub fn sealed_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(EmergencyIssueId, Sealed)>> {
    Ok(emergency_issues::table
        .filter(emergency_issues::id.gt(after))
        .order(emergency_issues::id)
        .limit(limit)
        .select((emergency_issues::id, Sealed::as_select()))
        .load(conn)?)
}

pub fn set_sealed(tx: &mut Tx, id: EmergencyIssueId, sealed: &Sealed) -> Result<()> {
    diesel::update(emergency_issues::table.find(id.0)).set(sealed).execute(tx.conn)?;
    Ok(())
}
