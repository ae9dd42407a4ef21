//! The roster against the tables: a self-test.

use std::collections::BTreeMap;

use shiryan_kernel::Result;
use shiryan_kernel::time::Zone;

use super::{Index, Lot, Roster, Standing, Window, store};
use crate::db::Db;

/// Where memory and tables differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `blood_unit` or `donor`.
    pub entity: &'static str,
    pub id: i64,
}

/// Compares every unit and donor, and the counts made of them, with what the tables hold now. Of a service at work
/// what changes meanwhile may be told as a difference: only what differs twice is wrong.
///
/// # Errors
/// As any read.
pub fn check(roster: &Roster, db: &Db, zone: Zone) -> Result<Vec<Difference>> {
    let first = differences(roster, db, zone)?;
    if first.is_empty() {
        return Ok(first);
    }
    let second = differences(roster, db, zone)?;
    Ok(first.into_iter().filter(|difference| second.contains(difference)).collect())
}

fn differences(roster: &Roster, db: &Db, zone: Zone) -> Result<Vec<Difference>> {
    let mut plain = Index::default();
    store::all(db, &mut plain)?;
    roster.look(db, zone, |index| {
        let units =
            |index: &Index| index.units.all().map(|(id, lot)| (id.0, *lot)).collect::<BTreeMap<i64, Lot>>();
        let donors = |index: &Index| {
            let kept = |standing: &Standing| {
                let mut windows: Vec<Window> = standing.windows.to_vec();
                windows.sort_unstable();
                Standing { windows: windows.into(), ..standing.clone() }
            };
            index.donors.all().map(|(id, standing)| (id.0, kept(standing))).collect::<BTreeMap<_, _>>()
        };
        let mut found = apart("blood_unit", &units(&plain), &units(index));
        found.extend(apart("donor", &donors(&plain), &donors(index)));
        found
    })
}

fn apart<T: PartialEq>(
    entity: &'static str,
    one: &BTreeMap<i64, T>,
    other: &BTreeMap<i64, T>,
) -> Vec<Difference> {
    let mut ids: Vec<i64> = one.keys().chain(other.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().filter(|id| one.get(id) != other.get(id)).map(|id| Difference { entity, id }).collect()
}
