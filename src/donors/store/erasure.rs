//! Rows of erased donors and of their traces.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::status::{DonorKind, DonorStatus};
use shiryan_kernel::{Code, Problem, Result};

use crate::db::tables::{donors, trace_records};
use crate::db::{Conn, Tx};
use crate::texts::Lang;

/// Destroys the donor's key and empties what describes the person. Group and evidence stay: the units have them.
///
/// # Errors
/// `state_conflict` when the donor was erased meanwhile.
pub fn erase(conn: &mut Conn, id: DonorId) -> Result<()> {
    let person = (
        donors::sex.eq(None::<shiryan_kernel::blood::Sex>),
        donors::birth_band.eq(None::<i32>),
        donors::unit_id.eq(None::<i64>),
        donors::governorate.eq(None::<shiryan_kernel::place::Governorate>),
        donors::weight_kg.eq(None::<f64>),
        donors::height_cm.eq(None::<f64>),
        donors::declared_12_months.eq(None::<i32>),
        donors::paused_until.eq(None::<NaiveDate>),
    );
    let wishes = (
        donors::kind.eq(None::<DonorKind>),
        donors::language.eq(None::<Lang>),
        donors::may_call.eq(None::<bool>),
        donors::may_text.eq(None::<bool>),
        donors::may_email.eq(None::<bool>),
        donors::quiet_from.eq(None::<chrono::NaiveTime>),
        donors::quiet_until.eq(None::<chrono::NaiveTime>),
    );
    let changed = diesel::update(donors::table.find(id.0))
        .filter(donors::status.ne(DonorStatus::Erased))
        .set((
            donors::status.eq(DonorStatus::Erased),
            donors::donor_key.eq(Vec::<u8>::new()),
            donors::version.eq(donors::version + 1),
            person,
            wishes,
        ))
        .execute(conn)?;
    if changed == 1 { Ok(()) } else { Err(Problem::new(Code::StateConflict)) }
}

pub fn insert_trace(tx: &mut Tx, id: DonorId, person: Vec<u8>, until: NaiveDate) -> Result<()> {
    diesel::insert_into(trace_records::table)
        .values((
            trace_records::donor.eq(id),
            trace_records::person.eq(person),
            trace_records::keep_until.eq(until),
            trace_records::made_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    Ok(())
}

pub fn trace(conn: &mut Conn, id: DonorId) -> Result<Vec<u8>> {
    Ok(trace_records::table.find(id.0).select(trace_records::person).first(conn)?)
}

pub fn traces_after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(DonorId, Vec<u8>)>> {
    Ok(trace_records::table
        .filter(trace_records::donor.gt(after))
        .order(trace_records::donor)
        .limit(limit)
        .select((trace_records::donor, trace_records::person))
        .load(conn)?)
}

pub fn set_trace(conn: &mut Conn, id: DonorId, person: Vec<u8>) -> Result<()> {
    diesel::update(trace_records::table.find(id.0)).set(trace_records::person.eq(person)).execute(conn)?;
    Ok(())
}

/// Removes the traces that were to be kept until before this day; how many.
pub fn traces_due(conn: &mut Conn, today: NaiveDate) -> Result<Vec<DonorId>> {
    let due = trace_records::table.filter(trace_records::keep_until.lt(today));
    Ok(due.select(trace_records::donor).load(conn)?)
}

pub fn drop_traces(conn: &mut Conn, today: NaiveDate) -> Result<usize> {
    Ok(diesel::delete(trace_records::table.filter(trace_records::keep_until.lt(today))).execute(conn)?)
}
