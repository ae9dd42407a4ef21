//! Idempotency: an answer is stored in the transaction that makes it, so a repeated request gets it
//! again, even after a crash between commit and reply. Kept for seven days; refusals are not kept.

use diesel::prelude::*;
use shiryan_kernel::{Code, Problem, Result};
use shiryan_schema::{fixed, on_each, tables::idempotency};

use super::Tx;

/// Which request this is.
#[derive(Debug, Clone)]
pub struct Request {
    /// Who asks (a user's id).
    pub principal: i64,
    /// The route's pattern with its method, such as `POST /drives/{id}/appointments`.
    pub route: String,
    /// The caller's key.
    pub key: String,
    /// Digest of what was asked, path parameters included.
    pub fingerprint: Vec<u8>,
}

pub(super) fn run<T>(tx: &mut Tx, request: &Request, f: &impl Fn(&mut Tx) -> Result<T>) -> Result<T>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    if !claim(tx, request)? {
        return stored(tx, request);
    }
    let value = f(tx)?;
    let answer = serde_json::to_string(&value).map_err(Problem::internal)?;
    let Request { principal, route, key, .. } = request.clone();
    let keep = KeepAnswer { answer, principal, route, key };
    on_each!(tx.conn => c, keep.execute(c))?;
    Ok(value)
}

fixed! {
    /// Writes the answer beside the key that was claimed.
    struct KeepAnswer:
    "UPDATE idempotency SET answer = " (answer: Text = String)
    " WHERE principal = " (principal: BigInt = i64)
    " AND route = " (route: Text = String)
    " AND key = " (key: Text = String)
}

/// Whether this is the first asking. On PostgreSQL a second asking waits here for the first to end.
fn claim(tx: &mut Tx, request: &Request) -> Result<bool> {
    let row = (
        idempotency::principal.eq(request.principal),
        idempotency::route.eq(&request.route),
        idempotency::key.eq(&request.key),
        idempotency::fingerprint.eq(&request.fingerprint),
        idempotency::answer.eq(""),
        idempotency::made_at.eq(tx.now.naive_utc()),
    );
    let claimed = on_each!(tx.conn => c, diesel::insert_into(idempotency::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c));
    match claimed {
        Ok(rows) => Ok(rows == 1),
        Err(error) if error.to_string().contains("lock timeout") => {
            Err(Problem { cause: Some(error.to_string()), ..Problem::new(Code::IdempotencyInProgress) })
        }
        Err(error) => Err(error.into()),
    }
}

fn stored<T: serde::de::DeserializeOwned>(tx: &mut Tx, request: &Request) -> Result<T> {
    let (fingerprint, answer): (Vec<u8>, String) = idempotency::table
        .find((request.principal, &request.route, &request.key))
        .select((idempotency::fingerprint, idempotency::answer))
        .first(tx.conn)
        .optional()?
        // The first asking was undone while we waited: ask again.
        .ok_or_else(|| Problem::new(Code::Busy))?;
    if fingerprint != request.fingerprint {
        return Err(Problem::new(Code::IdempotencyKeyReused));
    }
    serde_json::from_str(&answer).map_err(Problem::internal)
}

/// Forgets answers older than seven days.
///
/// # Errors
/// As any write.
pub fn forget_old(tx: &mut Tx) -> Result<usize> {
    let before = (tx.now - chrono::Duration::days(7)).naive_utc();
    Ok(diesel::delete(idempotency::table.filter(idempotency::made_at.lt(before))).execute(tx.conn)?)
}
