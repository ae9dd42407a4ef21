//! Facts about the database itself: its kind, its key check, its schema's fingerprint.

use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_schema::{Conn, on_each, tables::meta};

/// # Errors
/// As any read.
pub fn get(conn: &mut Conn, key: &str) -> Result<Option<String>> {
    Ok(meta::table.find(key).select(meta::value).first(conn).optional()?)
}

/// Sets or replaces.
///
/// # Errors
/// As any write.
pub fn put(conn: &mut Conn, key: &str, value: &str) -> Result<()> {
    on_each!(conn => c, diesel::insert_into(meta::table)
        .values((meta::key.eq(key), meta::value.eq(value)))
        .on_conflict(meta::key)
        .do_update()
        .set(meta::value.eq(value))
        .execute(c))?;
    Ok(())
}

/// # Errors
/// As any write.
pub fn remove(conn: &mut Conn, key: &str) -> Result<()> {
    diesel::delete(meta::table.find(key)).execute(conn)?;
    Ok(())
}
