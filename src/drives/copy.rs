//! A drive of another's shape on another day.

use chrono::{Duration, NaiveDate, NaiveTime};
use shiryan_kernel::ids::DriveId;
use shiryan_kernel::status::DriveStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Code, Problem, Result};

use super::plan::{Entered, Ground, NewDrive, Overbook, Terms, plan};
use super::rules::Hours;
use super::rules::layout::Uses;
use super::{in_scope, store};
use crate::accounts::Principal;
use crate::activities::{self, PlaceText, Title};
use crate::db::Tx;
use crate::vault::Vault;

/// What a copy does not take over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Copied {
    /// The civil day.
    pub date: NaiveDate,
    pub uses: Uses,
    /// How hot it will be, wanted of a drive outdoors.
    pub high_c: Option<i32>,
    pub book_until: Option<Moment>,
}

/// Plans a drive with the slots of `id` by the clock, its place and its terms.
///
/// # Errors
/// `not_found`, also for a medic when the drive is of another unit; `missing_field` of `high_c` of one outdoors; as
/// [`plan`].
pub fn copy(
    tx: &mut Tx,
    vault: &Vault,
    ground: &Ground,
    by: &Principal,
    id: DriveId,
    copied: Copied,
    status: DriveStatus,
) -> Result<Entered> {
    let row = in_scope(tx.conn, by, id)?;
    if row.outdoor && copied.high_c.is_none() {
        return Err(Problem::field("high_c", Code::MissingField));
    }
    let title = activities::open_title(vault, id.into(), &row.title)?;
    let place = activities::open_place(vault, id.into(), row.place.as_deref())?.unwrap_or_default();
    let civil = |at: Moment| at.with_timezone(&ground.zone.0).time();
    let slots = store::slots(tx.conn, id)?;
    let starts: Vec<NaiveTime> = slots.iter().map(|slot| civil(slot.starts_at)).collect();
    // A slot is for women when it begins in one of their spans: one minute is enough.
    let women = slots.iter().filter(|slot| slot.for_women).map(|slot| civil(slot.starts_at));
    let women = women.map(|from| (from, from.overflowing_add_signed(Duration::minutes(1)).0)).collect();
    let (from, to) = (civil(row.starts_at.and_utc()), civil(row.ends_at.and_utc()));
    let wants = store::planning::wants(tx.conn, &[id])?.remove(&id).unwrap_or_default();
    let new = NewDrive {
        title: title.as_deref().map(Title::parse).transpose()?,
        governorate: row.governorate,
        place: PlaceText::parse(&place)?,
        date: copied.date,
        hours: Hours::new(from, to, row.slot_minutes)?.at(starts),
        beds: row.beds,
        unit: row.unit,
        facility: row.facility,
        terms: Terms {
            types: wants.types,
            staff: row.staff,
            walk_ins: row.walk_ins,
            overbook: row.overbooked_by.map(Overbook::Stated),
            women,
            uses: copied.uses,
            outdoor: copied.high_c.filter(|_| row.outdoor),
            book_until: copied.book_until,
            targets: wants.targets,
        },
    };
    plan(tx, vault, ground, by, &new, status)
}
