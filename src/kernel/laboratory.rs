//! What the laboratory looks for in each donation, and what its findings amount to.

word! {
    /// A test for an infection that blood carries.
    pub enum Marker {
        /// Surface antigen of hepatitis B.
        Hbsag = "hbsag",
        /// Antibody to the core of hepatitis B.
        AntiHbc = "anti_hbc",
        HbvNat = "hbv_nat",
        /// Antibody to hepatitis C, with or without antigen.
        Hcv = "hcv",
        HcvNat = "hcv_nat",
        /// Antibody to HIV 1 and 2, with or without antigen.
        Hiv = "hiv",
        HivNat = "hiv_nat",
        Syphilis = "syphilis",
        Htlv = "htlv",
    }
}

word! {
    /// What a marker is a sign of.
    pub enum Infection {
        Hbv = "hbv",
        Hcv = "hcv",
        Hiv = "hiv",
        Syphilis = "syphilis",
        Htlv = "htlv",
    }
}

word! {
    /// Which test of a marker it is.
    pub enum TestStage {
        Screening = "screening",
        /// The same test once more, twice, of a sample that was not non-reactive.
        Repeat = "repeat",
        /// Another test that settles it.
        Confirmation = "confirmation",
    }
}

word! {
    pub enum TestFinding {
        NonReactive = "non_reactive",
        Reactive = "reactive",
        Indeterminate = "indeterminate",
    }
}

word! {
    /// What the tests of a marker amount to.
    pub enum MarkerState {
        /// Not screened yet.
        Missing = "missing",
        /// Non-reactive; or reactive once and then non-reactive twice.
        Clear = "clear",
        /// Reactive or indeterminate in screening; the repeats are to come.
        Reactive = "reactive",
        /// In a repeat too; the confirmation is to come.
        RepeatReactive = "repeat_reactive",
        /// Reactive throughout, and the confirmation says that it is not so.
        FalseReactive = "false_reactive",
        Confirmed = "confirmed",
    }
}

impl Marker {
    /// Those that the World Health Organization wants of every donation (FACTS B.4).
    pub const MANDATORY: [Self; 4] = [Self::Hbsag, Self::Hcv, Self::Hiv, Self::Syphilis];

    #[must_use]
    pub const fn infection(self) -> Infection {
        match self {
            Self::Hbsag | Self::AntiHbc | Self::HbvNat => Infection::Hbv,
            Self::Hcv | Self::HcvNat => Infection::Hcv,
            Self::Hiv | Self::HivNat => Infection::Hiv,
            Self::Syphilis => Infection::Syphilis,
            Self::Htlv => Infection::Htlv,
        }
    }
}

impl Infection {
    /// The deferral of whom it is confirmed.
    #[must_use]
    pub const fn deferral(self) -> &'static str {
        match self {
            Self::Hbv => "P-HBV",
            Self::Hcv => "P-HCV",
            Self::Hiv => "P-HIV",
            Self::Syphilis => "SYPH",
            Self::Htlv => "P-HTLV",
        }
    }

    /// How many days before the last clear donation a look-back begins (rules.json `lookback_days`).
    #[must_use]
    pub const fn lookback_days(self) -> i64 {
        match self {
            Self::Hbv | Self::Hcv | Self::Hiv | Self::Syphilis => 180,
            Self::Htlv => 365,
        }
    }
}

impl MarkerState {
    /// Whether it may be an infection.
    #[must_use]
    pub const fn is_suspect(self) -> bool {
        matches!(self, Self::Reactive | Self::RepeatReactive | Self::Confirmed)
    }
}
