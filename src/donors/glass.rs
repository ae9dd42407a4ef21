//! Breaking the glass: opening one donor's identity, for one purpose, within half an hour, where the own scope or the day's
//! budget would not allow it and somebody's life does not wait. Each is an alert at once, and another person reviews it.
//!
//! It opens nothing but the identity. That the donor exists is told by it: whoever breaks the glass is known by name.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use serde::Serialize;
use shiryan_kernel::ids::{DonorId, GlassId, UserId};
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::store::glass as rows;
use super::{Purpose, key, store};
use crate::accounts::{self, Principal};
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::{Place, Vault};

/// How long it holds.
const HOLDS: Duration = Duration::minutes(30);
/// How often one user may on a civil day.
pub const A_DAY: i32 = 5;

/// What was opened, why, and what its review found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Broken {
    pub id: GlassId,
    pub donor: DonorId,
    pub purpose: Purpose,
    /// Absent once the donor was erased.
    pub reason: Option<String>,
    pub by: UserId,
    pub at: DateTime<Utc>,
    /// Until then the identity may be opened.
    pub until: DateTime<Utc>,
    pub finding: Option<String>,
    pub reviewed_by: Option<UserId>,
    pub reviewed_at: Option<DateTime<Utc>>,
}

const fn place(column: &'static str, id: GlassId) -> Place {
    Place::of("broken_glass", column, id.0)
}

/// Broken glass in the record of changes.
const GLASS: audit::Thing = audit::Thing { name: "broken_glass", tables: &[("broken_glass", "id")] };

/// Breaks the glass for a donor, wherever the record is.
///
/// # Errors
/// `not_found` of nobody; `state_conflict` of an erased donor; `too_many_requests` past [`A_DAY`].
pub fn break_glass(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    (donor, purpose, reason): (DonorId, Purpose, &Note<500>),
    today: chrono::NaiveDate,
) -> Result<GlassId> {
    let found = store::donor(tx.conn, donor)?;
    if found.status == DonorStatus::Erased {
        return Err(Problem::new(Code::StateConflict).with("state", found.status));
    }
    let count = store::count_of_day(tx.conn, "break_glass", by.user, today, A_DAY)?;
    if count.is_none_or(|count| count > A_DAY) {
        return Err(Problem::new(Code::TooManyRequests).with("retry_after", 3_600));
    }
    let id = GlassId(tx.id());
    let sealed = key(tx.conn, vault, donor)?.seal_text(place("reason", id), reason.as_str());
    rows::insert(tx, id, (by.user, donor, purpose.code()), sealed, (tx.now + HOLDS).naive_utc())?;
    let line = Line::new(Some(by.user), "donors.glass_broken").on(donor).with("purpose", purpose);
    audit::made(&GLASS, id.0).record(tx, vault, line.with("glass", id).alert())?;
    feed::append(tx, "broken_glass", id.0, "broken")?;
    Ok(id)
}

/// Whether the caller has broken the glass for this donor and purpose and it holds still.
///
/// # Errors
/// As any read.
pub fn holds(
    conn: &mut Conn,
    by: UserId,
    donor: DonorId,
    purpose: Purpose,
    now: NaiveDateTime,
) -> Result<Option<GlassId>> {
    rows::holding(conn, by, donor, purpose.code(), now)
}

/// Says what came of looking at it: a physician who is another person.
///
/// # Errors
/// `not_found`; `second_person_required`; `state_conflict` when it was reviewed before.
pub fn review(tx: &mut Tx, vault: &Vault, by: &Principal, id: GlassId, finding: &Note<500>) -> Result<()> {
    let found = rows::one(tx.conn, id)?;
    accounts::check_two_people(tx, found.by, by.user)?;
    let sealed = match key(tx.conn, vault, found.donor) {
        Ok(key) => Some(key.seal_text(place("finding", id), finding.as_str())),
        // Whoever was erased has no key: that it was reviewed is what is left to say.
        Err(_) => None,
    };
    let seen = audit::seen(tx.conn, vault, &GLASS, id.0)?;
    if !rows::review(tx, id, by.user, sealed)? {
        return Err(Problem::new(Code::StateConflict));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "donors.glass_reviewed").on(id))?;
    feed::append(tx, "broken_glass", id.0, "reviewed")
}

/// Those after `after`, oldest first; `open` ones wait for their review.
///
/// # Errors
/// As any read. A text that does not open is absent.
pub fn broken(conn: &mut Conn, vault: &Vault, open: bool, (after, limit): (i64, i64)) -> Result<Vec<Broken>> {
    rows::list(conn, open, after, limit)?.into_iter().map(|row| show(conn, vault, row)).collect()
}

fn show(conn: &mut Conn, vault: &Vault, row: rows::Row) -> Result<Broken> {
    let key = key(conn, vault, row.donor).ok();
    let text = |column, cell: Option<&[u8]>| key.as_ref()?.open_text(place(column, row.id), cell?).ok();
    Ok(Broken {
        id: row.id,
        donor: row.donor,
        purpose: row.purpose.parse().map_err(|_| Problem::internal("a purpose that is none"))?,
        reason: text("reason", Some(&row.reason)),
        by: row.by,
        at: row.at.and_utc(),
        until: row.until.and_utc(),
        finding: text("finding", row.finding.as_deref()),
        reviewed_by: row.reviewed_by,
        reviewed_at: row.reviewed_at.map(|at| at.and_utc()),
    })
}
