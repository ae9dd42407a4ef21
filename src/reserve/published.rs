//! What hospitals may know of donors (SAFETY B1): bands, from a table made once a day and never changed after.
//!
//! A cell is a donor group in an area that holds 200 registered donors of it and more: a governorate, else what is
//! left of its sharing region, else what is left of the West Bank or of Gaza; so no two cells hold one donor and no cell
//! is the difference of two others. Below 200 even there, the cell says only that. Areas stay as they are for a quarter.
//! Registered are active donors with a confirmed group who gave at least once; counted are those of them who may give
//! that day. What is shown is the band of the count and a whole number from −10 to 10 that hangs on a key, the cell
//! and its members, so that no count is known closer than within 21. Cells of apheresis, and those under 60, change
//! once a week.

mod store;

use std::collections::BTreeMap;

use chrono::{Datelike, NaiveDate};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, DonationType};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::place::{Governorate, Region, Territory};
use shiryan_kernel::time::Moment;

use crate::db::{Db, Lane};
use crate::vault::Vault;
pub use store::latest;

/// The smallest number of donors that is told apart from none.
pub const SMALLEST: i64 = 20;
/// An area holds so many registered donors of a group, or it is joined to others.
pub const LEAST_REGISTERED: i64 = 200;
/// The farthest that what is shown lies from what was counted.
pub const NOISE: i64 = 10;
/// Whole numbers from −[`NOISE`] to it.
const SPAN: u64 = 21;
/// A cell under this changes once a week.
pub const WEEKLY_UNDER: i64 = 60;

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
    /// All of a sharing region that has no cell of its own.
    RestOf(Region),
    /// All of the West Bank, or of Gaza, that has neither; never both.
    RestOfAll(Territory),
}

impl Area {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Governorate(governorate) => governorate.code(),
            Self::RestOf(region) => region.code(),
            Self::RestOfAll(territory) => territory.code(),
        }
    }

    /// The sharing region; none of an area that is wider.
    #[must_use]
    pub const fn region(self) -> Option<Region> {
        match self {
            Self::Governorate(governorate) => Some(governorate.region()),
            Self::RestOf(region) => Some(region),
            Self::RestOfAll(_) => None,
        }
    }

    #[must_use]
    pub const fn territory(self) -> Territory {
        match self {
            Self::Governorate(governorate) => governorate.region().territory(),
            Self::RestOf(region) => region.territory(),
            Self::RestOfAll(territory) => territory,
        }
    }

    fn read(code: &str) -> Result<Self> {
        let governorate = code.parse().map(Self::Governorate);
        let region = || code.parse().map(Self::RestOf);
        governorate.or_else(|_| region()).or_else(|_| code.parse().map(Self::RestOfAll))
    }
}

/// Who is registered: active, with a confirmed group, having given at least once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    pub donor: DonorId,
    pub blood_group: BloodGroup,
    /// His own, or his unit's.
    pub governorate: Governorate,
}

/// Where the donors of a group in each governorate are shown.
pub type Areas = BTreeMap<(BloodGroup, Governorate), Shown>;

/// An area, and whether it holds enough registered donors to have a band.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown {
    pub area: Area,
    pub holds: bool,
}

/// A cell of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    pub blood_group: BloodGroup,
    pub donation_type: DonationType,
    pub area: Area,
    /// None while the area holds under 200 registered donors of the group.
    pub band: Option<Band>,
    /// Whether it stays as it is until the next week.
    pub is_weekly: bool,
}

/// The table of a day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    pub made_on: NaiveDate,
    pub made_at: Moment,
    pub cells: Vec<Cell>,
}

/// What makes the noise: nobody without the key can tell it.
#[derive(Clone)]
pub struct Noise([u8; 32]);

impl std::fmt::Debug for Noise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}

impl Noise {
    #[must_use]
    pub const fn under(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// From −10 to 10, the same for the same cell and members. `members` in the order of their ids.
    #[must_use]
    pub fn of(&self, cell: &[&str], members: impl IntoIterator<Item = DonorId>) -> i64 {
        let mut block = [0; 64];
        block.split_at_mut(32).0.copy_from_slice(&self.0);
        let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
        for part in cell {
            mac.update(part.as_bytes());
            mac.update(&[0]);
        }
        for member in members {
            mac.update(&member.0.to_be_bytes());
        }
        // 2⁶⁴ values over 21: no value is likelier than another by more than 10⁻¹⁸.
        let head =
            mac.finalize().into_bytes().iter().take(8).fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
        i64::try_from(head % SPAN).unwrap_or_default() - NOISE
    }
}

/// The first day of the quarter.
#[must_use]
pub fn quarter(day: NaiveDate) -> NaiveDate {
    NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1).unwrap_or(day)
}

/// Where each group's donors are shown in a territory, by who is registered. That an area holds 200 is judged by its
/// count and the noise, less the noise at its worst: neither does the border give a count away.
#[must_use]
pub fn areas(noise: &Noise, group: BloodGroup, territory: Territory, members: &[Member]) -> Areas {
    let holds = |area: Area, within: &[Governorate]| {
        let of = || {
            let own = members.iter().filter(|member| member.blood_group == group);
            own.filter(|member| within.contains(&member.governorate)).map(|member| member.donor)
        };
        let count = i64::try_from(of().count()).unwrap_or(i64::MAX);
        count + noise.of(&["area", group.code(), area.code()], of()) >= LEAST_REGISTERED + NOISE
    };
    let mut shown = Areas::new();
    let mut left_of_all = Vec::new();
    for region in Region::ALL.iter().copied().filter(|region| region.territory() == territory) {
        let mut left = Vec::new();
        for governorate in region.members() {
            let area = Area::Governorate(governorate);
            if holds(area, &[governorate]) {
                shown.insert((group, governorate), Shown { area, holds: true });
            } else {
                left.push(governorate);
            }
        }
        let area = Area::RestOf(region);
        if !left.is_empty() && holds(area, &left) {
            shown.extend(left.into_iter().map(|place| ((group, place), Shown { area, holds: true })));
        } else {
            left_of_all.extend(left);
        }
    }
    let area = Area::RestOfAll(territory);
    let holds = !left_of_all.is_empty() && holds(area, &left_of_all);
    shown.extend(left_of_all.into_iter().map(|place| ((group, place), Shown { area, holds })));
    shown
}

/// The areas of a quarter: those that stand, and for a group of which nothing could be shown yet in the West Bank or in
/// Gaza, new ones.
#[must_use]
pub fn settle(noise: &Noise, standing: &Areas, members: &[Member]) -> Areas {
    let mut settled = Areas::new();
    for group in BloodGroup::ALL.iter().copied() {
        for territory in Territory::ALL.iter().copied() {
            let own = standing
                .iter()
                .filter(|((of, place), _)| *of == group && place.region().territory() == territory);
            let own: Areas = own.map(|(key, shown)| (*key, *shown)).collect();
            let is_settled = own.values().any(|shown| shown.holds);
            settled.extend(if is_settled { own } else { areas(noise, group, territory, members) });
        }
    }
    settled
}

/// The cells of one type. `able` are those of the members who may give it that day, both by id; `before` is the last
/// table's, while this week lasts.
#[must_use]
pub fn cells(
    noise: &Noise,
    areas: &Areas,
    donation_type: DonationType,
    (members, able): (&[Member], &[DonorId]),
    before: &[Cell],
) -> Vec<Cell> {
    let mut counted: BTreeMap<(BloodGroup, Area), (bool, Vec<DonorId>)> = BTreeMap::new();
    for ((group, _), shown) in areas {
        counted.entry((*group, shown.area)).or_insert((shown.holds, Vec::new()));
    }
    let mut able = able.iter().peekable();
    for member in members {
        while able.next_if(|donor| **donor < member.donor).is_some() {}
        if able.peek() != Some(&&member.donor) {
            continue;
        }
        let Some(shown) = areas.get(&(member.blood_group, member.governorate)) else { continue };
        if let Some((_, own)) = counted.get_mut(&(member.blood_group, shown.area)) {
            own.push(member.donor);
        }
    }
    let cell = |((blood_group, area), (holds, own)): ((BloodGroup, Area), (bool, Vec<DonorId>))| {
        let stands = before.iter().find(|cell| {
            (cell.blood_group, cell.area, cell.donation_type) == (blood_group, area, donation_type)
                && cell.is_weekly
                && cell.band.is_some() == holds
        });
        if let Some(stands) = stands {
            return *stands;
        }
        let count = i64::try_from(own.len()).unwrap_or(i64::MAX);
        let shown = count + noise.of(&[blood_group.code(), area.code(), donation_type.code()], own);
        Cell {
            blood_group,
            donation_type,
            area,
            band: holds.then(|| Band::of(shown)),
            is_weekly: holds && (is_apheresis(donation_type) || shown < WEEKLY_UNDER),
        }
    };
    counted.into_iter().map(cell).collect()
}

const fn is_apheresis(donation_type: DonationType) -> bool {
    match donation_type {
        DonationType::PlateletApheresis | DonationType::PlasmaApheresis | DonationType::DoubleRedCells => {
            true
        }
        DonationType::WholeBlood => false,
    }
}

/// Makes the table of `today` if it is due, counting outside the write so that nobody waits behind it. A table that is
/// there never changes.
///
/// # Errors
/// As any read and write.
pub fn make_due(db: &Db, vault: &Vault, today: NaiveDate) -> Result<bool> {
    let noise = Noise::under(vault.purpose("published-table"));
    let quarter = quarter(today);
    let made = db.read_now(|conn| {
        if store::is_made(conn, today)? {
            return Ok(None);
        }
        let members = store::registered(conn)?;
        let areas = settle(&noise, &store::areas(conn, quarter)?, &members);
        let mut made = Vec::new();
        for donation_type in DonationType::ALL.iter().copied() {
            let before = latest(conn, donation_type)?;
            let before = before.filter(|table| table.made_on.iso_week() == today.iso_week());
            let before = before.map(|table| table.cells).unwrap_or_default();
            let able = store::able(conn, donation_type, today)?;
            made.extend(cells(&noise, &areas, donation_type, (&members, &able), &before));
        }
        Ok(Some((areas, made)))
    })?;
    let Some((areas, cells)) = made else { return Ok(false) };
    db.write_now(Lane::System, move |tx| {
        if store::is_made(tx.conn, today)? {
            return Ok(false);
        }
        store::keep_areas(tx, quarter, &areas)?;
        store::insert(tx, today, &cells)?;
        Ok(true)
    })
}

#[cfg(test)]
mod tests;
