//! Rows of second factors and recovery codes.

use diesel::prelude::*;
use shiryan_kernel::Result;
use shiryan_kernel::ids::UserId;

use crate::db::tables::{recovery_codes, second_factors};
use crate::db::{Conn, Tx, insert_all};

/// A second factor as it is kept.
#[derive(Debug, Clone)]
pub struct Factor {
    pub secret: Vec<u8>,
    pub is_confirmed: bool,
    pub last_step: i64,
}

pub fn of(conn: &mut Conn, user: UserId) -> Result<Option<Factor>> {
    type Row = (Vec<u8>, Option<chrono::NaiveDateTime>, i64);
    let row: Option<Row> = second_factors::table
        .find(user.0)
        .select((second_factors::secret, second_factors::confirmed_at, second_factors::last_step))
        .first(conn)
        .optional()?;
    Ok(row.map(|(secret, confirmed_at, last_step)| Factor {
        secret,
        is_confirmed: confirmed_at.is_some(),
        last_step,
    }))
}

/// Keeps a new secret in the place of one that was never confirmed; `false` where one stands.
pub fn put(tx: &mut Tx, user: UserId, sealed: &[u8]) -> Result<bool> {
    let begun = second_factors::table.find(user.0).filter(second_factors::confirmed_at.is_null());
    diesel::delete(begun).execute(tx.conn)?;
    if of(tx.conn, user)?.is_some() {
        return Ok(false);
    }
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::user_id.eq(user),
            second_factors::secret.eq(sealed),
            second_factors::made_at.eq(tx.now.naive_utc()),
            second_factors::last_step.eq(0_i64),
        ))
        .execute(tx.conn)?;
    Ok(true)
}

/// Takes a step's code, if no code of it or of a later one was taken.
pub fn use_step(tx: &mut Tx, user: UserId, step: i64) -> Result<bool> {
    let rows = diesel::update(second_factors::table.find(user.0))
        .filter(second_factors::last_step.lt(step))
        .set(second_factors::last_step.eq(step))
        .execute(tx.conn)?;
    Ok(rows == 1)
}

/// From now on it counts, with these recovery codes.
pub fn confirm(tx: &mut Tx, user: UserId, digests: &[Vec<u8>]) -> Result<()> {
    diesel::update(second_factors::table.find(user.0))
        .set(second_factors::confirmed_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    let rows: Vec<_> = digests
        .iter()
        .map(|digest| (recovery_codes::user_id.eq(user), recovery_codes::digest.eq(digest.clone())))
        .collect();
    insert_all!(tx.conn => recovery_codes::table, rows)?;
    Ok(())
}

pub fn use_recovery(tx: &mut Tx, user: UserId, digest: &[u8]) -> Result<bool> {
    let rows = diesel::update(recovery_codes::table.find((user.0, digest)))
        .filter(recovery_codes::used_at.is_null())
        .set(recovery_codes::used_at.eq(tx.now.naive_utc()))
        .execute(tx.conn)?;
    Ok(rows == 1)
}

pub fn recovery_left(conn: &mut Conn, user: UserId) -> Result<i64> {
    Ok(recovery_codes::table
        .filter(recovery_codes::user_id.eq(user))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result(conn)?)
}

pub fn remove(tx: &mut Tx, user: UserId) -> Result<()> {
    diesel::delete(recovery_codes::table.filter(recovery_codes::user_id.eq(user))).execute(tx.conn)?;
    diesel::delete(second_factors::table.find(user.0)).execute(tx.conn)?;
    Ok(())
}

pub fn after(conn: &mut Conn, after: i64, limit: i64) -> Result<Vec<(UserId, Vec<u8>)>> {
    Ok(second_factors::table
        .filter(second_factors::user_id.gt(after))
        .order(second_factors::user_id)
        .limit(limit)
        .select((second_factors::user_id, second_factors::secret))
        .load(conn)?)
}

pub fn put_secret(tx: &mut Tx, user: UserId, sealed: &[u8]) -> Result<()> {
    diesel::update(second_factors::table.find(user.0))
        .set(second_factors::secret.eq(sealed))
        .execute(tx.conn)?;
    Ok(())
}
