//! Governorates and the regions inside which blood can be shared.

use crate::problem::Faults;
use crate::{Code, Result};

word! {
    /// What a file of places holds.
    pub enum PlaceKind {
        Units = "units",
        Facilities = "facilities",
    }
}

word! {
    /// ISO 3166-2:PS.
    pub enum Governorate {
        Jenin = "PS-JEN",
        Tubas = "PS-TBS",
        Tulkarm = "PS-TKM",
        Nablus = "PS-NBS",
        Qalqilya = "PS-QQA",
        Salfit = "PS-SLT",
        RamallahAlBireh = "PS-RBH",
        Jericho = "PS-JRH",
        Jerusalem = "PS-JEM",
        Bethlehem = "PS-BTH",
        Hebron = "PS-HBN",
        NorthGaza = "PS-NGZ",
        Gaza = "PS-GZA",
        DeirAlBalah = "PS-DEB",
        KhanYunis = "PS-KYS",
        Rafah = "PS-RFH",
    }
}

word! {
    /// A sharing region: roads inside are open unless closed, roads out are shut unless opened.
    pub enum Region {
        WestBankNorth = "west_bank_north",
        WestBankCentre = "west_bank_centre",
        EastJerusalem = "east_jerusalem",
        WestBankSouth = "west_bank_south",
        GazaNorth = "gaza_north",
        GazaSouth = "gaza_south",
    }
}

word! {
    /// What is never counted together with the other.
    pub enum Territory {
        WestBank = "west_bank",
        Gaza = "gaza",
    }
}

impl Governorate {
    /// The region whose stock this governorate can count on.
    #[must_use]
    pub const fn region(self) -> Region {
        match self {
            Self::Jenin | Self::Tubas | Self::Tulkarm | Self::Nablus | Self::Qalqilya => {
                Region::WestBankNorth
            }
            Self::Salfit | Self::RamallahAlBireh | Self::Jericho => Region::WestBankCentre,
            Self::Jerusalem => Region::EastJerusalem,
            Self::Bethlehem | Self::Hebron => Region::WestBankSouth,
            Self::NorthGaza | Self::Gaza => Region::GazaNorth,
            Self::DeirAlBalah | Self::KhanYunis | Self::Rafah => Region::GazaSouth,
        }
    }
}

/// A point on the map, in degrees of WGS 84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    latitude: f64,
    longitude: f64,
}

impl Point {
    /// # Errors
    /// `out_of_range` of `latitude` and `longitude`.
    pub fn of(latitude: f64, longitude: f64) -> Result<Self> {
        let mut faults = Faults::none();
        if !(-90.0..=90.0).contains(&latitude) {
            faults.add("latitude", Code::OutOfRange);
        }
        if !(-180.0..=180.0).contains(&longitude) {
            faults.add("longitude", Code::OutOfRange);
        }
        faults.settle()?;
        Ok(Self { latitude, longitude })
    }

    #[must_use]
    pub const fn latitude(self) -> f64 {
        self.latitude
    }

    #[must_use]
    pub const fn longitude(self) -> f64 {
        self.longitude
    }

    /// Whole kilometres as the bird flies.
    #[must_use]
    #[expect(
        clippy::as_conversions,
        reason = "a float has no other way to an integer; no distance on a globe is beyond it"
    )]
    pub fn km_to(self, other: Self) -> u32 {
        self.distance(other).round() as u32
    }

    /// On a sphere of 6 371 km.
    fn distance(self, other: Self) -> f64 {
        let half = |a: f64, b: f64| ((a - b).to_radians() / 2.0).sin().powi(2);
        let across = self.latitude.to_radians().cos() * other.latitude.to_radians().cos();
        let chord = half(self.latitude, other.latitude) + across * half(self.longitude, other.longitude);
        2.0 * 6_371.0 * chord.sqrt().min(1.0).asin()
    }
}

impl Region {
    #[must_use]
    pub const fn territory(self) -> Territory {
        match self {
            Self::WestBankNorth | Self::WestBankCentre | Self::EastJerusalem | Self::WestBankSouth => {
                Territory::WestBank
            }
            Self::GazaNorth | Self::GazaSouth => Territory::Gaza,
        }
    }

    /// The governorates of this region, in their own order.
    pub fn members(self) -> impl Iterator<Item = Governorate> {
        Governorate::ALL.iter().copied().filter(move |governorate| governorate.region() == self)
    }
}

impl Governorate {
    /// The Arabic name.
    #[must_use]
    pub const fn name_ar(self) -> &'static str {
        match self {
            Self::Jenin => "جنين",
            Self::Tubas => "طوباس والأغوار الشمالية",
            Self::Tulkarm => "طولكرم",
            Self::Nablus => "نابلس",
            Self::Qalqilya => "قلقيلية",
            Self::Salfit => "سلفيت",
            Self::RamallahAlBireh => "رام الله والبيرة",
            Self::Jericho => "أريحا والأغوار",
            Self::Jerusalem => "القدس",
            Self::Bethlehem => "بيت لحم",
            Self::Hebron => "الخليل",
            Self::NorthGaza => "شمال غزة",
            Self::Gaza => "غزة",
            Self::DeirAlBalah => "دير البلح",
            Self::KhanYunis => "خان يونس",
            Self::Rafah => "رفح",
        }
    }

    /// The English name.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::Jenin => "Jenin",
            Self::Tubas => "Tubas and the Northern Valleys",
            Self::Tulkarm => "Tulkarm",
            Self::Nablus => "Nablus",
            Self::Qalqilya => "Qalqilya",
            Self::Salfit => "Salfit",
            Self::RamallahAlBireh => "Ramallah and Al-Bireh",
            Self::Jericho => "Jericho and the Valleys",
            Self::Jerusalem => "Jerusalem",
            Self::Bethlehem => "Bethlehem",
            Self::Hebron => "Hebron",
            Self::NorthGaza => "North Gaza",
            Self::Gaza => "Gaza",
            Self::DeirAlBalah => "Deir al-Balah",
            Self::KhanYunis => "Khan Yunis",
            Self::Rafah => "Rafah",
        }
    }

    /// Row (0 in the north) and column (0 in the west) on the grid of tiles: a picture of how the
    /// governorates lie, without a boundary.
    #[must_use]
    pub const fn tile(self) -> (u8, u8) {
        match self {
            Self::Jenin => (0, 2),
            Self::Tulkarm => (1, 1),
            Self::Tubas => (1, 3),
            Self::Qalqilya => (2, 1),
            Self::Nablus => (2, 2),
            Self::Salfit => (3, 1),
            Self::RamallahAlBireh => (3, 2),
            Self::Jericho => (3, 3),
            Self::Jerusalem => (4, 2),
            Self::Bethlehem => (5, 2),
            Self::NorthGaza => (5, 0),
            Self::Hebron => (6, 1),
            Self::Gaza => (6, 0),
            Self::DeirAlBalah => (7, 0),
            Self::KhanYunis => (8, 0),
            Self::Rafah => (9, 0),
        }
    }

    /// Latitude and longitude of the middle in degrees (WGS 84). Administrative boundaries of OCHA,
    /// CC BY IGO, to five decimals.
    #[must_use]
    pub const fn centre(self) -> (f64, f64) {
        match self {
            Self::Jenin => (32.42642, 35.25529),
            Self::Tubas => (32.29454, 35.43972),
            Self::Tulkarm => (32.32752, 35.08429),
            Self::Nablus => (32.17929, 35.30168),
            Self::Qalqilya => (32.18089, 35.06663),
            Self::Salfit => (32.11226, 35.12085),
            Self::RamallahAlBireh => (31.94291, 35.19711),
            Self::Jericho => (31.96818, 35.4784),
            Self::Jerusalem => (31.80151, 35.30231),
            Self::Bethlehem => (31.60383, 35.30687),
            Self::Hebron => (31.50686, 35.11688),
            Self::NorthGaza => (31.54708, 34.50642),
            Self::Gaza => (31.48629, 34.44515),
            Self::DeirAlBalah => (31.4203, 34.37409),
            Self::KhanYunis => (31.3278, 34.3179),
            Self::Rafah => (31.28178, 34.28271),
        }
    }

    /// Whether the forces have units, donors and drives here.
    #[must_use]
    pub const fn has_donors(self) -> bool {
        self.region().has_donors()
    }
}

impl Region {
    /// The Arabic name.
    #[must_use]
    pub const fn name_ar(self) -> &'static str {
        match self {
            Self::WestBankNorth => "شمال الضفة",
            Self::WestBankCentre => "وسط الضفة",
            Self::EastJerusalem => "القدس",
            Self::WestBankSouth => "جنوب الضفة",
            Self::GazaNorth => "شمال غزة",
            Self::GazaSouth => "جنوب غزة",
        }
    }

    /// The English name.
    #[must_use]
    pub const fn name_en(self) -> &'static str {
        match self {
            Self::WestBankNorth => "Northern West Bank",
            Self::WestBankCentre => "Central West Bank",
            Self::EastJerusalem => "East Jerusalem",
            Self::WestBankSouth => "Southern West Bank",
            Self::GazaNorth => "Northern Gaza",
            Self::GazaSouth => "Southern Gaza",
        }
    }

    /// Whether the forces have units, donors and drives here; in East Jerusalem there is hospital
    /// stock only.
    #[must_use]
    pub const fn has_donors(self) -> bool {
        !matches!(self, Self::EastJerusalem)
    }

    /// Whether the region lies in Gaza; figures of Gaza and of the West Bank are never summed.
    #[must_use]
    pub const fn in_gaza(self) -> bool {
        matches!(self, Self::GazaNorth | Self::GazaSouth)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources;

    #[test]
    fn a_point_is_on_the_globe_and_distances_are_known_ones() {
        assert!(Point::of(90.0, -180.0).is_ok());
        for (latitude, longitude) in [(90.1, 0.0), (0.0, 180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert!(Point::of(latitude, longitude).is_err());
        }
        let at = |latitude, longitude| Point::of(latitude, longitude).unwrap();
        let (nablus, hebron) = (at(32.221, 35.254), at(31.533, 35.100));
        assert_eq!((nablus.km_to(hebron), hebron.km_to(nablus), nablus.km_to(nablus)), (78, 78, 0));
        // A degree along the equator, and half way round.
        assert!((at(0.0, 0.0).distance(at(0.0, 1.0)) - 111.195).abs() < 0.01);
        assert!((at(0.0, 0.0).distance(at(0.0, 180.0)) - 20_015.1).abs() < 0.1);
    }

    #[test]
    fn regions_and_their_names_are_the_authors() {
        let Some(rules) = sources::domain("rules.json") else { return };
        let regions = &rules["regions"];
        assert_eq!(regions["members"].as_object().unwrap().len(), Region::ALL.len());
        for region in Region::ALL {
            let theirs: Vec<&str> = regions["members"][region.code()]
                .as_array()
                .unwrap()
                .iter()
                .map(|member| member.as_str().unwrap())
                .collect();
            let ours: Vec<&str> = region.members().map(Governorate::code).collect();
            assert_eq!(ours, theirs, "{region}");
            assert_eq!(regions["names"][region.code()].as_str().unwrap(), region.name_ar());
        }
    }

    #[test]
    fn arabic_names_are_those_of_the_glossary() {
        let Some(glossary) = sources::domain("glossary_ar.json") else { return };
        for governorate in Governorate::ALL {
            let theirs = glossary["governorates"][governorate.code()].as_str().unwrap();
            assert_eq!(governorate.name_ar(), theirs);
        }
    }

    #[test]
    fn tiles_lie_as_the_governorates_do() {
        for a in Governorate::ALL {
            for b in Governorate::ALL.iter().filter(|b| a != *b) {
                let ((row_a, column_a), (row_b, column_b)) = (a.tile(), b.tile());
                let ((north_a, east_a), (north_b, east_b)) = (a.centre(), b.centre());
                assert_ne!(a.tile(), b.tile(), "{a} and {b} share a tile");
                if row_a < row_b {
                    assert!(north_a > north_b, "{a} is drawn north of {b}");
                }
                if column_a < column_b {
                    assert!(east_a < east_b, "{a} is drawn west of {b}");
                }
            }
        }
    }

    #[test]
    fn centres_are_those_of_the_source() {
        let Some(text) = sources::data("ps_admin2_pcodes.csv") else { return };
        let rows: Vec<Vec<&str>> = text.lines().skip(1).map(|line| line.split(',').collect()).collect();
        assert_eq!(rows.len(), Governorate::ALL.len());
        for row in rows {
            let name = row[1].replace("Khan Younis", "Khan Yunis").to_lowercase();
            let governorate = Governorate::ALL
                .iter()
                .copied()
                .find(|known| {
                    let known = known.name_en().to_lowercase();
                    known == name || known.starts_with(&format!("{name} "))
                })
                .unwrap();
            let (north, east) = governorate.centre();
            assert!((north - row[3].parse::<f64>().unwrap()).abs() < 6e-6, "{name}");
            assert!((east - row[4].parse::<f64>().unwrap()).abs() < 6e-6, "{name}");
        }
    }

    #[test]
    fn only_east_jerusalem_is_without_donors() {
        let without: Vec<_> = Governorate::ALL.iter().filter(|place| !place.has_donors()).collect();
        assert_eq!(without, [&Governorate::Jerusalem]);
    }
}
