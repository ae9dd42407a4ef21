//! Why a donor may not give today, or what must be looked at first: stable codes with severities.
//!
//! A hard stop is lifted by nobody; a reason that needs a physician is lifted once by the medical
//! officer; a warning is closed by measuring or asking at screening.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;

use super::catalogue::{Entry, Visibility};

shiryan_kernel::word! {
    /// How strongly a reason stands, strongest first.
    pub enum Severity {
        HardStop = "hard_stop",
        NeedsPhysician = "needs_physician",
        Warning = "warning",
    }
}

shiryan_kernel::word! {
    /// The answer for one donation type on one day.
    pub enum Outcome {
        Eligible = "eligible",
        NotYet = "not_yet",
        NeedsPhysician = "needs_physician",
        Never = "never",
    }
}

shiryan_kernel::word! {
    /// Reasons that follow from the rule set; causes of the catalogue bring their own codes.
    pub enum RuleCode {
        /// Too soon after a past donation.
        Interval = "INTERVAL",
        /// The rule set knows no interval after a donation that is still looked back at.
        IntervalNever = "INTERVAL-NEVER",
        /// Allowed, but a longer interval is advised.
        IntervalAdvised = "INTERVAL-ADVISED",
        CapRedCells = "CAP-RED-CELLS",
        CapDonations = "CAP-DONATIONS",
        CapPlasma = "CAP-PLASMA",
        NotOffered = "NOT-OFFERED",
        UnderAge = "UNDER-AGE",
        BirthDateUnknown = "BIRTH-DATE-UNKNOWN",
        AgeFirstTime = "AGE-FIRST-TIME",
        AgeRegular = "AGE-REGULAR",
        SexUnknown = "SEX-UNKNOWN",
        WeightLow = "WEIGHT-LOW",
        WeightUnknown = "WEIGHT-UNKNOWN",
        HeightUnknown = "HEIGHT-UNKNOWN",
        /// The smallest collection would exceed the share of the estimated blood volume, or the
        /// volume is too small for double red cells.
        BloodVolume = "BLOOD-VOLUME",
        BloodVolumeNear = "BLOOD-VOLUME-NEAR",
        /// Only a smaller bag is allowed.
        BagSmaller = "BAG-SMALLER",
        /// Double red cells are not taken from a first-time donor.
        FirstTimeDoubleRedCells = "FIRST-TIME-DOUBLE-RED-CELLS",
        CountUnknown = "COUNT-UNKNOWN",
        NeverScreened = "NEVER-SCREENED",
        Paused = "PAUSED",
        UnderReview = "UNDER-REVIEW",
        Deceased = "DECEASED",
        Erased = "ERASED",
        GroupDiscrepancy = "GROUP-DISCREPANCY",
        /// A deferral whose code the catalogue does not know: stays shut until somebody looks.
        DeferralUnknown = "DEFERRAL-UNKNOWN",
        // found at screening
        /// A needed value was not measured.
        NotMeasured = "NOT-MEASURED",
        /// Too low for this type, though not for whole blood.
        HaemoglobinForType = "HB-FOR-TYPE",
        /// So low that a physician and a written referral are due.
        HaemoglobinDanger = "HB-DANGER",
        HaemoglobinHigh = "HB-HIGH",
        HaemoglobinFall = "HB-FALL",
        PlateletsLow = "PLATELETS-LOW",
        ProteinLow = "PROTEIN-LOW",
        /// The rule set knows no such bag.
        BagUnknown = "BAG-UNKNOWN",
    }
}

impl RuleCode {
    /// Who learns it.
    #[must_use]
    pub const fn visibility(self) -> Visibility {
        match self {
            Self::DeferralUnknown => Visibility::Sealed,
            Self::WeightLow
            | Self::WeightUnknown
            | Self::HeightUnknown
            | Self::BloodVolume
            | Self::BloodVolumeNear
            | Self::BagSmaller
            | Self::GroupDiscrepancy
            | Self::NotMeasured
            | Self::HaemoglobinForType
            | Self::HaemoglobinDanger
            | Self::HaemoglobinHigh
            | Self::HaemoglobinFall
            | Self::PlateletsLow
            | Self::ProteinLow
            | Self::BagUnknown => Visibility::Screening,
            _ => Visibility::Public,
        }
    }
}

impl Outcome {
    /// What a set of reasons amounts to.
    #[must_use]
    pub fn of<'a>(reasons: impl Iterator<Item = &'a Reason> + Clone) -> Self {
        let any = |severity| reasons.clone().any(|reason| reason.severity == severity);
        if reasons.clone().any(|reason| reason.for_good) {
            Self::Never
        } else if any(Severity::HardStop) {
            Self::NotYet
        } else if any(Severity::NeedsPhysician) {
            Self::NeedsPhysician
        } else {
            Self::Eligible
        }
    }
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Reason {
    pub severity: Severity,
    /// A code of the catalogue or of [`RuleCode`].
    pub code: String,
    /// First day on which it no longer stands; open-ended when absent.
    pub until: Option<NaiveDate>,
    /// Nothing that may still happen ends it.
    pub for_good: bool,
    pub visibility: Visibility,
    /// The guideline or list behind it.
    pub source: String,
    /// Figures and dates that explain it.
    pub facts: BTreeMap<&'static str, String>,
}

impl Reason {
    /// A cause that ends the visit alone: nothing of it stays with the donor.
    #[must_use]
    pub fn of_visit(entry: &Entry) -> Self {
        Self {
            severity: Severity::HardStop,
            code: entry.code.clone(),
            until: None,
            for_good: false,
            visibility: entry.visibility,
            source: entry.source.clone(),
            facts: BTreeMap::new(),
        }
    }

    /// Id of its words in both languages.
    #[must_use]
    pub fn text_id(&self) -> String {
        text_id(&self.code)
    }
}

/// Id of a reason's words: `reason-` and the code in small letters and hyphens.
#[must_use]
pub fn text_id(code: &str) -> String {
    format!("reason-{}", code.to_ascii_lowercase().replace('_', "-"))
}

/// Which version of which rule set decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct RuleSetStamp {
    pub code: String,
    pub version: u32,
}
