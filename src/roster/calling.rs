//! Whom to call: candidates from memory, asked of the tables again.

use std::collections::HashSet;

use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::time::Zone;

use super::{Roster, Standing};
use crate::accounts::Principal;
use crate::db::Db;
use crate::drives::{self, Due};

/// The most who are named at once: the list is to be called, not kept.
const MOST: usize = 50;

/// People of the caller's scope to call today, of a group and of a unit and those below it where they are named. On a thread
/// that may block.
///
/// # Errors
/// `not_found` of a unit outside the scope.
pub fn to_call(
    roster: &Roster,
    db: &Db,
    zone: Zone,
    by: &Principal,
    (group, unit): (Option<BloodGroup>, Option<UnitId>),
) -> Result<Vec<Due>> {
    let now = db.now();
    let today = zone.date(now);
    let units: Option<HashSet<UnitId>> = db.read_now(|conn| drives::reach(conn, by, unit))?;
    let is_wanted = |standing: &Standing| {
        let is_here = |units: &HashSet<UnitId>| standing.unit.is_some_and(|own| units.contains(&own));
        group.is_none_or(|group| standing.group == Some(group)) && units.as_ref().is_none_or(is_here)
    };
    let candidates =
        roster.look(db, zone, |index| index.donors.who(DonationType::WholeBlood, today, is_wanted))?;
    db.read_now(|conn| drives::due(conn, (today, now), candidates, MOST))
}
