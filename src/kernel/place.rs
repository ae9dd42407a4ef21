//! Governorates and the regions inside which blood can be shared.

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

impl Region {
    /// The governorates of this region, in their own order.
    pub fn members(self) -> impl Iterator<Item = Governorate> {
        Governorate::ALL.iter().copied().filter(move |governorate| governorate.region() == self)
    }
}
