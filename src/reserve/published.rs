//! What hospitals may know of donors: bands, from a table made once a day and never changed after.
//!
//! An answer built on it cannot move when one donor is added, deferred or bled before the next day.
//! Counted are active donors with a confirmed group who have given at least once and may give that day.
//! A governorate with fewer than 20 of them has no cell of its own: it goes into the rest of its sharing
//! region, so no two cells hold one donor and no cell is the difference of two others. Regions are never
//! added up, and a cell below 20 says only that.

use std::collections::BTreeMap;

use chrono::{NaiveDate, NaiveDateTime};
use diesel::prelude::*;
use shiryan_kernel::blood::{BloodGroup, DonationType, GroupEvidence};
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::time::Moment;
use shiryan_kernel::{Problem, Result};

use crate::db::tables::{donors, giving_windows, givings, published_cells, published_tables, units};
use crate::db::{Conn, Db, Lane, Tx, on_each};

/// The smallest number of donors that is told apart from none.
pub const SMALLEST: i64 = 20;

shiryan_kernel::word! {
    /// A number of donors as it is shown.
    pub enum Band {
        Under20 = "under_20",
        From20 = "20_49",
        From50 = "50_99",
        From100 = "100_249",
        From250 = "250_499",
        From500 = "500_999",
        From1000 = "1000_up",
    }
}

impl Band {
    #[must_use]
    pub const fn of(donors: i64) -> Self {
        match donors {
            ..20 => Self::Under20,
            20..50 => Self::From20,
            50..100 => Self::From50,
            100..250 => Self::From100,
            250..500 => Self::From250,
            500..1_000 => Self::From500,
            1_000.. => Self::From1000,
        }
    }

    /// The fewest donors that the band stands for: all that a compound figure may be built of.
    #[must_use]
    pub const fn lower_edge(self) -> i64 {
        match self {
            Self::Under20 => 0,
            Self::From20 => 20,
            Self::From50 => 50,
            Self::From100 => 100,
            Self::From250 => 250,
            Self::From500 => 500,
            Self::From1000 => 1_000,
        }
    }
}

/// Where the donors of a cell are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    Governorate(Governorate),
    /// All of a region that has no cell of its own.
    RestOf(Region),
}

impl Area {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Governorate(governorate) => governorate.code(),
            Self::RestOf(region) => region.code(),
        }
    }

    #[must_use]
    pub const fn region(self) -> Region {
        match self {
            Self::Governorate(governorate) => governorate.region(),
            Self::RestOf(region) => region,
        }
    }

    fn read(code: &str) -> Result<Self> {
        let governorate = code.parse().map(Self::Governorate);
        governorate.or_else(|_| code.parse().map(Self::RestOf))
    }
}

/// Donors who may give one type on the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    pub blood_group: BloodGroup,
    pub donation_type: DonationType,
    pub governorate: Governorate,
    pub donors: i64,
}

/// A cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub blood_group: BloodGroup,
    pub donation_type: DonationType,
    pub area: Area,
    pub band: Band,
}

/// The table of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub made_on: NaiveDate,
    pub made_at: Moment,
    pub cells: Vec<Cell>,
}

/// Cuts counts into cells: each group and type has one for the rest of each region, and one for each
/// governorate that is large enough.
#[must_use]
pub fn cells(counts: &[Count]) -> Vec<Cell> {
    let mut donors: BTreeMap<(BloodGroup, DonationType, Governorate), i64> = BTreeMap::new();
    for count in counts {
        *donors.entry((count.blood_group, count.donation_type, count.governorate)).or_default() +=
            count.donors;
    }
    let mut cells = Vec::new();
    for blood_group in BloodGroup::ALL.iter().copied() {
        for donation_type in DonationType::ALL.iter().copied() {
            let cell = |area, count| Cell { blood_group, donation_type, area, band: Band::of(count) };
            for region in Region::ALL.iter().copied() {
                let mut rest = 0;
                for governorate in region.members() {
                    match donors.get(&(blood_group, donation_type, governorate)).copied() {
                        Some(count) if count >= SMALLEST => {
                            cells.push(cell(Area::Governorate(governorate), count));
                        }
                        count => rest += count.unwrap_or(0),
                    }
                }
                cells.push(cell(Area::RestOf(region), rest));
            }
        }
    }
    cells
}

/// Counts the donors of `today`. A donor without a governorate counts where the unit stands; one without
/// either is not counted.
///
/// # Errors
/// As any read.
pub fn count(conn: &mut Conn, today: NaiveDate) -> Result<Vec<Count>> {
    let stands: Vec<(i64, Governorate)> = units::table.select((units::id, units::governorate)).load(conn)?;
    let stands: BTreeMap<i64, Governorate> = stands.into_iter().collect();
    let mut counts = Vec::new();
    for donation_type in DonationType::ALL.iter().copied() {
        let placed = ready(conn, donation_type, today)?.into_iter().filter_map(|row| {
            let (group, governorate, unit, donors) = row;
            let governorate = governorate.or_else(|| stands.get(&unit?).copied())?;
            Some(Count { blood_group: group?, donation_type, governorate, donors })
        });
        counts.extend(placed);
    }
    Ok(counts)
}

/// Group, own governorate, unit, and how many.
type Ready = (Option<BloodGroup>, Option<Governorate>, Option<i64>, i64);

fn ready(conn: &mut Conn, donation_type: DonationType, today: NaiveDate) -> Result<Vec<Ready>> {
    let open = giving_windows::table
        .filter(giving_windows::donor.eq(donors::id))
        .filter(giving_windows::donation_type.eq(donation_type))
        .filter(giving_windows::from_on.le(today))
        .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(today)));
    on_each!(conn => c, donors::table
        .filter(donors::status.eq(DonorStatus::Active))
        .filter(donors::group_evidence.eq(GroupEvidence::Confirmed))
        .filter(diesel::dsl::exists(open))
        .filter(diesel::dsl::exists(givings::table.filter(givings::donor.eq(donors::id))))
        .group_by((donors::blood_group, donors::governorate, donors::unit_id))
        .select((donors::blood_group, donors::governorate, donors::unit_id, diesel::dsl::count_star()))
        .load(c))
    .map_err(Problem::from)
}

/// Makes the table of `today`, unless it is there; answers whether it was made. A table that is there
/// never changes.
///
/// # Errors
/// As any write.
pub fn make(tx: &mut Tx, today: NaiveDate, counts: &[Count]) -> Result<bool> {
    if is_made(tx.conn, today)? {
        return Ok(false);
    }
    let id = tx.id();
    diesel::insert_into(published_tables::table)
        .values((
            published_tables::id.eq(id),
            published_tables::made_on.eq(today),
            published_tables::made_at.eq(tx.now.naive_utc()),
        ))
        .execute(tx.conn)?;
    let rows: Vec<_> = cells(counts)
        .into_iter()
        .map(|cell| {
            (
                published_cells::published.eq(id),
                published_cells::blood_group.eq(cell.blood_group),
                published_cells::area.eq(cell.area.code()),
                published_cells::donation_type.eq(cell.donation_type),
                published_cells::band.eq(cell.band.code()),
            )
        })
        .collect();
    on_each!(tx.conn => c, diesel::insert_into(published_cells::table).values(&rows).execute(c))?;
    Ok(true)
}

/// Makes the table of `today` if it is due, counting outside the write so that nobody waits behind it.
///
/// # Errors
/// As any read and write.
pub fn make_due(db: &Db, today: NaiveDate) -> Result<bool> {
    let counts =
        db.read_now(|conn| if is_made(conn, today)? { Ok(None) } else { count(conn, today).map(Some) })?;
    match counts {
        None => Ok(false),
        Some(counts) => db.write_now(Lane::System, move |tx| make(tx, today, &counts)),
    }
}

fn is_made(conn: &mut Conn, today: NaiveDate) -> Result<bool> {
    let found: Option<i64> = published_tables::table
        .filter(published_tables::made_on.eq(today))
        .select(published_tables::id)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// The newest table's cells of one donation type; none while no table was ever made.
///
/// # Errors
/// As any read.
pub fn latest(conn: &mut Conn, donation_type: DonationType) -> Result<Option<Published>> {
    let newest: Option<(i64, NaiveDate, NaiveDateTime)> = published_tables::table
        .order(published_tables::made_on.desc())
        .select((published_tables::id, published_tables::made_on, published_tables::made_at))
        .first(conn)
        .optional()?;
    let Some((id, made_on, made_at)) = newest else { return Ok(None) };
    let rows: Vec<(BloodGroup, String, Band)> = published_cells::table
        .filter(published_cells::published.eq(id))
        .filter(published_cells::donation_type.eq(donation_type))
        .select((published_cells::blood_group, published_cells::area, published_cells::band))
        .load(conn)?;
    let mut cells = Vec::with_capacity(rows.len());
    for (blood_group, area, band) in rows {
        cells.push(Cell { blood_group, donation_type, area: Area::read(&area)?, band });
    }
    cells.sort_by_key(|cell| (cell.blood_group, cell.area.region(), cell.area));
    Ok(Some(Published { made_on, made_at: made_at.and_utc(), cells }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_band_holds_its_edges() {
        for (donors, code) in [
            (0, "under_20"),
            (19, "under_20"),
            (20, "20_49"),
            (49, "20_49"),
            (50, "50_99"),
            (99, "50_99"),
            (100, "100_249"),
            (249, "100_249"),
            (250, "250_499"),
            (499, "250_499"),
            (500, "500_999"),
            (999, "500_999"),
            (1_000, "1000_up"),
            (1_000_000, "1000_up"),
        ] {
            let band = Band::of(donors);
            assert_eq!(band.code(), code);
            assert!(band.lower_edge() <= donors);
            assert_eq!(Band::of(band.lower_edge()), band);
        }
    }

    fn counts() -> impl Strategy<Value = Vec<Count>> {
        let count = (
            prop::sample::select(BloodGroup::ALL),
            prop::sample::select(Governorate::ALL),
            prop_oneof![0_i64..25, 0_i64..2_000],
        )
            .prop_map(|(blood_group, governorate, donors)| Count {
                blood_group,
                donation_type: DonationType::WholeBlood,
                governorate,
                donors,
            });
        prop::collection::vec(count, 0..80)
    }

    proptest! {
        /// Each donor is in one cell at most, a small governorate in none of its own, and every group has
        /// a cell for the rest of every region, so that a missing cell says nothing.
        #[test]
        fn cells_part_the_donors(counts in counts()) {
            let cells = cells(&counts);
            for blood_group in BloodGroup::ALL.iter().copied() {
                for region in Region::ALL.iter().copied() {
                    let of = |governorate| counts.iter()
                        .filter(|count| (count.blood_group, count.governorate) == (blood_group, governorate))
                        .map(|count| count.donors)
                        .sum::<i64>();
                    let band = |area| cells.iter().find(|cell| {
                        cell.blood_group == blood_group
                            && cell.area == area
                            && cell.donation_type == DonationType::WholeBlood
                    }).map(|cell| cell.band);
                    let mut rest = 0;
                    for governorate in region.members() {
                        let own = band(Area::Governorate(governorate));
                        if of(governorate) < SMALLEST {
                            prop_assert_eq!(own, None);
                            rest += of(governorate);
                        } else {
                            prop_assert_eq!(own, Some(Band::of(of(governorate))));
                        }
                    }
                    prop_assert_eq!(band(Area::RestOf(region)), Some(Band::of(rest)));
                }
            }
            let mut keys: Vec<_> =
                cells.iter().map(|cell| (cell.blood_group, cell.donation_type, cell.area)).collect();
            keys.sort();
            keys.dedup();
            prop_assert_eq!(keys.len(), cells.len());
        }
    }

    #[test]
    fn an_area_is_read_back() {
        for area in Governorate::ALL.iter().copied().map(Area::Governorate) {
            assert_eq!(Area::read(area.code()).unwrap(), area);
        }
        for area in Region::ALL.iter().copied().map(Area::RestOf) {
            assert_eq!(Area::read(area.code()).unwrap(), area);
        }
    }
}
