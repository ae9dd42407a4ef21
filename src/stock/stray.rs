//! Labels that were scanned where no unit of them should be: in a count, or in the box of a transfer. Each stays on a
//! list until somebody says what it was; what the register knows of such a bag elsewhere is not told.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use shiryan_kernel::ids::{CountId, FacilityId, StrayId, TransferId, UserId};
use shiryan_kernel::text::Note;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::store::strays as rows;
use super::{Label, count};
use crate::accounts::Principal;
use crate::audit::{self, Line};
use crate::db::{Conn, Tx, feed};
use crate::vault::{Place, Vault};

/// Where a label was scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Count(CountId),
    Transfer(TransferId),
}

/// A label that was scanned where no unit of it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stray {
    pub id: StrayId,
    #[serde(flatten)]
    pub label: Label,
    /// The count in which it was scanned, or the transfer.
    pub count: Option<CountId>,
    pub transfer: Option<TransferId>,
    pub at: DateTime<Utc>,
    pub by: UserId,
    /// What it was; absent while nobody knows.
    pub note: Option<String>,
}

/// A label of which somebody said what it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Explained {
    pub id: StrayId,
}

/// Puts labels on the list of a blood bank, each once for its source.
pub(super) fn note_all(
    tx: &mut Tx,
    by: &Principal,
    facility: FacilityId,
    source: Source,
    labels: &[Label],
) -> Result<()> {
    for label in labels {
        let id = StrayId(tx.id());
        rows::insert(tx, id, facility, source, label, by.user)?;
    }
    Ok(())
}

/// A label that nobody expected, in the record of changes.
const STRAY: audit::Thing = audit::Thing { name: "stray_scan", tables: &[("stray_scans", "id")] };

/// Says what a label of the own list was.
///
/// # Errors
/// `not_found` of another blood bank's; `state_conflict` when somebody said it before.
pub fn explain(
    tx: &mut Tx,
    vault: &Vault,
    by: &Principal,
    id: StrayId,
    note: &Note<500>,
) -> Result<Explained> {
    let found = rows::row(tx.conn, id)?;
    if by.own_facility()? != found.facility {
        return Err(Problem::new(Code::NotFound));
    }
    let sealed = vault.house().seal_text(place(id), note.as_str());
    let seen = audit::seen(tx.conn, vault, &STRAY, id.0)?;
    if !rows::explain(tx, id, by.user, sealed)? {
        return Err(Problem::new(Code::StateConflict).with("state", "explained"));
    }
    seen.record(tx, vault, Line::new(Some(by.user), "stock.stray_explained").on(id))?;
    feed::append(tx, "stray_scan", id.0, "explained")?;
    if let Some(count) = found.count {
        count::close_if_settled(tx, count, found.facility)?;
    }
    Ok(Explained { id })
}

/// The list of the caller's own blood bank after `after`, oldest first.
///
/// # Errors
/// `identity_damaged`.
pub fn strays(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    is_open: bool,
    after: i64,
    limit: i64,
) -> Result<Vec<Stray>> {
    listed(conn, vault, (by.own_facility()?, None), is_open, (after, limit))
}

pub(super) fn listed(
    conn: &mut Conn,
    vault: &Vault,
    of: (FacilityId, Option<CountId>),
    is_open: bool,
    (after, limit): (i64, i64),
) -> Result<Vec<Stray>> {
    let rows = rows::rows(conn, of, is_open, after, limit)?.into_iter();
    rows.map(|row| {
        let open = |note: Vec<u8>| vault.house().open_text(place(row.id), &note);
        Ok(Stray {
            id: row.id,
            label: Label { din: row.din, component: row.component, division: row.division },
            count: row.count,
            transfer: row.transfer,
            at: row.scanned_at.and_utc(),
            by: row.scanned_by,
            note: row.note.map(open).transpose()?,
        })
    })
    .collect()
}

/// Seals notes of at most `limit` labels after `after` under another root key; the last of them, none at the end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, note) in rows::notes_after(tx.conn, after, limit)? {
        last = Some(id.0);
        rows::set_note(tx, id, &new.reseal(old, place(id), &note))?;
    }
    Ok(last)
}

const fn place(id: StrayId) -> Place {
    Place::of("stray_scans", "note", id.0)
}
