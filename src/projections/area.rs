//! Areas whose blood can be shared: governorates, regions, and what closed roads leave of a region. Pure.

use shiryan_kernel::place::{Governorate, Region};

use crate::places::closures::Roads;

/// An area whose blood can be shared: a governorate, the whole of its region, or an island of it. Nothing wider exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Area {
    Governorate(Governorate),
    Region(Region),
    /// Several governorates, not all, that still reach each other.
    Island(Island),
}

/// Some governorates of a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Island {
    region: Region,
    /// One bit for each governorate, in the order of [`Governorate::ALL`].
    members: u32,
}

impl Island {
    fn of(region: Region, members: &[Governorate]) -> Self {
        Self { region, members: members.iter().fold(0, |bits, member| bits | bit(*member)) }
    }
}

fn bit(governorate: Governorate) -> u32 {
    let place = Governorate::ALL.iter().position(|own| *own == governorate).unwrap_or(0);
    1 << place
}

impl Area {
    /// The stable code of the governorate or region; an island has that of its region.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Governorate(governorate) => governorate.code(),
            Self::Region(region) | Self::Island(Island { region, .. }) => region.code(),
        }
    }

    #[must_use]
    pub const fn region(self) -> Region {
        match self {
            Self::Governorate(governorate) => governorate.region(),
            Self::Region(region) | Self::Island(Island { region, .. }) => region,
        }
    }

    /// Its name in tables: its code, or those of the governorates of an island.
    #[must_use]
    pub fn key(self) -> String {
        match self {
            Self::Island(_) => self.members().map(Governorate::code).collect::<Vec<_>>().join("+"),
            Self::Governorate(_) | Self::Region(_) => self.code().to_owned(),
        }
    }

    /// The area of that name.
    #[must_use]
    pub fn read(key: &str) -> Option<Self> {
        if let Ok(region) = key.parse() {
            return Some(Self::Region(region));
        }
        let members: Vec<Governorate> = key.split('+').map(str::parse).collect::<Result<_, _>>().ok()?;
        match members.as_slice() {
            [own] => Some(Self::Governorate(*own)),
            [first, ..] => Some(Self::Island(Island::of(first.region(), &members))),
            [] => None,
        }
    }

    /// Its governorates.
    pub fn members(self) -> impl Iterator<Item = Governorate> {
        self.region().members().filter(move |member| match self {
            Self::Governorate(own) => own == *member,
            Self::Region(_) => true,
            Self::Island(island) => island.members & bit(*member) != 0,
        })
    }

    /// Whether it is one of its governorates.
    #[must_use]
    pub fn has(self, governorate: Governorate) -> bool {
        self.members().any(|member| member == governorate)
    }

    /// Its governorates where closed roads cut it out of its region.
    #[must_use]
    pub fn island(self) -> Option<Vec<Governorate>> {
        matches!(self, Self::Island(_)).then(|| self.members().collect())
    }
}

/// What the roads leave of a region: all of it, or islands, each governorate in exactly one; one that is cut off from
/// every other stands alone.
#[must_use]
pub fn islands(region: Region, roads: &Roads) -> Vec<Area> {
    let mut found: Vec<Vec<Governorate>> = Vec::new();
    for member in region.members() {
        if !found.iter().any(|island| island.contains(&member)) {
            found.push(roads.reach(member));
        }
    }
    if found.len() == 1 {
        return vec![Area::Region(region)];
    }
    let area = |island: Vec<Governorate>| match island.as_slice() {
        [alone] => Area::Governorate(*alone),
        several => Area::Island(Island::of(region, several)),
    };
    found.into_iter().map(area).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shiryan_kernel::ids::ClosureId;

    use super::*;
    use crate::places::closures::Closure;

    fn closed(governorate: Governorate, other: Option<Governorate>) -> Closure {
        Closure {
            id: ClosureId(1),
            governorate,
            other,
            from: Default::default(),
            until: None,
            is_ended: false,
        }
    }

    #[test]
    fn an_area_never_reaches_past_its_region() {
        for region in Region::ALL {
            assert!(Area::Region(*region).members().eq(region.members()));
            assert_eq!(islands(*region, &Roads::default()), [Area::Region(*region)]);
            for governorate in region.members() {
                let area = Area::Governorate(governorate);
                assert_eq!(area.members().collect::<Vec<_>>(), [governorate]);
                assert_eq!((area.region(), area.code()), (*region, governorate.code()));
            }
        }
    }

    #[test]
    fn closing_every_road_leaves_each_governorate_alone() {
        let all: Vec<Closure> = Governorate::ALL.iter().map(|own| closed(*own, None)).collect();
        for region in Region::ALL {
            let found = islands(*region, &Roads::but(&all));
            let members: Vec<Governorate> = region.members().collect();
            match members.as_slice() {
                [_] => assert_eq!(found, [Area::Region(*region)]),
                several => {
                    let alone: Vec<Area> = several.iter().copied().map(Area::Governorate).collect();
                    assert_eq!(found, alone);
                }
            }
        }
    }

    #[test]
    fn one_that_is_cut_off_leaves_the_rest_together() {
        let roads = Roads::but(&[closed(Governorate::Jenin, None)]);
        let found = islands(Region::WestBankNorth, &roads);
        assert_eq!((found.len(), found[0]), (2, Area::Governorate(Governorate::Jenin)));
        let rest: Vec<Governorate> =
            Region::WestBankNorth.members().filter(|own| *own != Governorate::Jenin).collect();
        assert_eq!((found[1].island(), found[1].code()), (Some(rest), Region::WestBankNorth.code()));
        assert_eq!(found[0].island(), None);
        for area in found {
            assert_eq!(Area::read(&area.key()), Some(area));
        }
        assert_eq!(Area::read(Region::GazaNorth.code()), Some(Area::Region(Region::GazaNorth)));
        assert_eq!((Area::read("PS-XXX"), Area::read("")), (None, None));
    }

    proptest! {
        #[test]
        fn each_governorate_stands_in_one_island_with_all_that_it_reaches(
            shut in prop::collection::vec((0_usize..16, prop::option::of(0_usize..16)), 0..20),
        ) {
            let of = |place: usize| Governorate::ALL[place];
            let shut: Vec<Closure> =
                shut.into_iter().map(|(one, other)| closed(of(one), other.map(of))).collect();
            let roads = Roads::but(&shut);
            for region in Region::ALL {
                let found = islands(*region, &roads);
                let mut all: Vec<Governorate> = Vec::new();
                for area in &found {
                    let members: Vec<Governorate> = area.members().collect();
                    for member in &members {
                        let mut reached = roads.reach(*member);
                        reached.sort_by_key(|own| members.iter().position(|known| known == own));
                        prop_assert_eq!(&reached, &members);
                    }
                    all.extend(members);
                }
                all.sort_unstable();
                let mut members: Vec<Governorate> = region.members().collect();
                members.sort_unstable();
                prop_assert_eq!(all, members);
            }
        }
    }
}
