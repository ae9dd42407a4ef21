//! Rows of consents.

use chrono::NaiveDate;
use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::consent::{ConsentKind, ConsentWay};
use shiryan_kernel::ids::{ConsentId, DonorId, UserId};

use crate::db::tables::consents;
use crate::db::{Conn, Tx};
use crate::donors::{ConsentLine, NewConsent};

pub fn insert_consent(
    tx: &mut Tx,
    id: ConsentId,
    donor: DonorId,
    by: UserId,
    new: &NewConsent,
) -> Result<()> {
    diesel::insert_into(consents::table)
        .values((
            consents::id.eq(id),
            consents::donor.eq(donor),
            consents::kind.eq(new.kind),
            consents::given.eq(new.given),
            consents::said_on.eq(new.on),
            consents::way.eq(new.way),
            consents::recorded_at.eq(tx.now.naive_utc()),
            consents::recorded_by.eq(by),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// By the day on which it was said, later entries of one day last.
pub fn consents(conn: &mut Conn, donor: DonorId) -> Result<Vec<ConsentLine>> {
    type Row = (ConsentId, ConsentKind, bool, NaiveDate, ConsentWay, UserId);
    let rows: Vec<Row> = consents::table
        .filter(consents::donor.eq(donor))
        .order((consents::said_on, consents::id))
        .select((
            consents::id,
            consents::kind,
            consents::given,
            consents::said_on,
            consents::way,
            consents::recorded_by,
        ))
        .load(conn)?;
    let last = |kind| rows.iter().rfind(|row| row.1 == kind).map(|row| row.0);
    let line = |&(id, kind, given, on, way, recorded_by): &Row| ConsentLine {
        id,
        kind,
        given,
        on,
        way,
        recorded_by,
        holds: last(kind) == Some(id),
    };
    Ok(rows.iter().map(line).collect())
}

/// Donors who once said yes to a kind, after `after`, by their record.
pub fn consenting(conn: &mut Conn, kind: ConsentKind, after: DonorId, limit: i64) -> Result<Vec<DonorId>> {
    Ok(consents::table
        .filter(consents::kind.eq(kind))
        .filter(consents::given.eq(true))
        .filter(consents::donor.gt(after))
        .order(consents::donor)
        .select(consents::donor)
        .distinct()
        .limit(limit)
        .load(conn)?)
}
