//! Each step of a bag: who, when and why. A line is never changed after.

use chrono::{DateTime, Utc};
use serde::Serialize;
use shiryan_kernel::Result;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, MovementId, UserId};
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::text::Note;
use utoipa::ToSchema;

use super::{gift, store};
use crate::db::{Conn, Tx, feed};
use crate::vault::{Place, Vault};

/// Why a bag moves.
#[derive(Debug, Clone)]
pub struct Why {
    pub reason: MoveReason,
    pub note: Option<Note<500>>,
}

impl Why {
    #[must_use]
    pub const fn of(reason: MoveReason) -> Self {
        Self { reason, note: None }
    }
}

/// A step of a bag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Movement {
    pub at: DateTime<Utc>,
    /// Absent of the first.
    pub from: Option<UnitStatus>,
    pub to: UnitStatus,
    pub reason: MoveReason,
    pub note: Option<String>,
    /// Where it was.
    pub facility: FacilityId,
    /// Absent where the program did it by itself.
    pub by: Option<UserId>,
}

/// A bag's steps, oldest first.
///
/// # Errors
/// `identity_damaged` when a note was changed or moved.
pub fn movements(conn: &mut Conn, vault: &Vault, unit: BloodUnitId) -> Result<Vec<Movement>> {
    let rows = store::movements(conn, unit)?.into_iter();
    rows.map(|row| {
        let open = |sealed: Vec<u8>| vault.house().open_text(place(row.id), &sealed);
        Ok(Movement {
            at: row.at.and_utc(),
            from: row.from,
            to: row.to,
            reason: row.reason,
            note: row.note.map(open).transpose()?,
            facility: row.facility,
            by: row.by,
        })
    })
    .collect()
}

/// Notes that a bag is in another state.
pub(super) fn moved(
    tx: &mut Tx,
    vault: &Vault,
    unit: BloodUnitId,
    step: (Option<UnitStatus>, UnitStatus),
    why: &Why,
    facility: FacilityId,
    by: Option<UserId>,
) -> Result<()> {
    let id = MovementId(tx.id());
    let note = why.note.as_ref().map(|note| vault.house().seal_text(place(id), note.as_str()));
    store::insert_movement(tx, id, unit, step, (why.reason, note), facility, by)?;
    if step == (Some(UnitStatus::Issued), UnitStatus::Transfused) {
        gift::queue(tx, vault, unit)?;
    }
    feed::append(tx, "blood_unit", unit.0, step.1.code())
}

const fn place(id: MovementId) -> Place {
    Place::of("unit_movements", "note", id.0)
}

/// Seals notes of at most `limit` movements after `after` under another root key; the last of them, none at the
/// end.
///
/// # Errors
/// As any write. What does not open stays.
pub fn reseal(tx: &mut Tx, old: &Vault, new: &Vault, after: i64, limit: i64) -> Result<Option<i64>> {
    let mut last = None;
    for (id, note) in store::notes_after(tx.conn, after, limit)? {
        last = Some(id.0);
        store::set_note(tx.conn, id, &new.reseal(old, place(id), &note))?;
    }
    Ok(last)
}
