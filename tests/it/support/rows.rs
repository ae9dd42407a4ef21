//! Rows that a test needs before its story begins, written straight into the tables.

use diesel::prelude::*;
use shiryan::db::Tx;
use shiryan::db::tables::{activities, drives, slots, units};
use shiryan_kernel::Result;

/// An open drive of a new unit with one slot of so many places; answers the slot's id.
pub fn slot(tx: &mut Tx, capacity: i32) -> Result<i64> {
    let (unit, drive, slot) = (tx.id(), tx.id(), tx.id());
    let now = tx.now.naive_utc();
    let (starts, ends) = (now + chrono::Duration::hours(8), now + chrono::Duration::hours(12));
    diesel::insert_into(units::table)
        .values((
            units::id.eq(unit),
            units::code.eq(format!("u{unit}")),
            units::name_ar.eq("وحدة"),
            units::name_en.eq("A unit"),
            units::governorate.eq("PS-RBH"),
            units::created_at.eq(now),
        ))
        .execute(tx.conn)?;
    diesel::insert_into(activities::table)
        .values((
            activities::id.eq(drive),
            activities::branch.eq("blood_donation"),
            activities::status.eq("approved"),
            activities::title.eq(vec![0_u8; 8]),
            activities::governorate.eq("PS-RBH"),
            activities::starts_at.eq(starts),
            activities::ends_at.eq(ends),
            activities::unit_id.eq(unit),
            activities::created_at.eq(now),
            activities::version.eq(1_i64),
        ))
        .execute(tx.conn)?;
    diesel::insert_into(drives::table)
        .values((
            drives::id.eq(drive),
            drives::status.eq("open"),
            drives::slot_minutes.eq(30),
            drives::beds.eq(4),
        ))
        .execute(tx.conn)?;
    diesel::insert_into(slots::table)
        .values((
            slots::id.eq(slot),
            slots::drive.eq(drive),
            slots::starts_at.eq(starts),
            slots::capacity.eq(capacity),
            slots::booked.eq(0),
        ))
        .execute(tx.conn)?;
    Ok(slot)
}
