//! The roster against the tables: a self-test.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::{Moment, Zone, plus_days};

use super::{Counts, Index, Lot, Registered, Roster, Standing, Window, store};
use crate::db::Db;
use crate::stock;

/// Where memory and tables differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `blood_unit` or `donor`; `shelf_count` of a facility, `donor_count` of all.
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
    let now = db.now();
    plain.settle(now, zone);
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
        let of_shelf = |index: &Index| shelf_counts(index, now, zone);
        found.extend(apart("shelf_count", &of_shelf(&plain), &of_shelf(index)));
        let of_donors = |index: &Index| BTreeMap::from([(0, donor_counts(index, zone.date(now)))]);
        found.extend(apart("donor_count", &of_donors(&plain), &of_donors(index)));
        found
    })
}

/// The cells of each facility.
fn shelf_counts(index: &Index, now: Moment, zone: Zone) -> BTreeMap<i64, Vec<Counts>> {
    let mut found: BTreeMap<i64, Vec<Counts>> = BTreeMap::new();
    for counts in index.units.counts(None, now, stock::soon(zone.date(now))) {
        found.entry(counts.facility.0).or_default().push(counts);
    }
    found
}

type Open = (DonationType, BloodGroup, Governorate, [u32; DAYS]);
/// Days on which donors are counted: from today to beyond what lies ready.
const DAYS: usize = 120;

/// Who may give on each of the days, and who is registered.
fn donor_counts(index: &Index, today: NaiveDate) -> (Vec<Open>, Vec<Registered>) {
    let mut ahead = 0..;
    let days = [(); DAYS].map(|()| plus_days(today, ahead.next().unwrap_or_default()));
    let open = DonationType::ALL.iter().flat_map(|donation| {
        index.donors.open(*donation, days).map(|(group, governorate, on)| (*donation, group, governorate, on))
    });
    (open.collect(), index.donors.registered().collect())
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
