//! What is known of a donor when eligibility is asked, free of any identity.
//!
//! Every fact given counts, later ones too: a replay of a past day first cuts what was not known
//! then, by [`DonorFacts::known_by`]. Unknown is said as unknown and never guessed in the donor's
//! favour.

use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;
use shiryan_kernel::blood::{BloodGroup, DonationType, Sex};
use shiryan_kernel::status::DonorStatus;

/// One giving, whatever came of it. The day is the day of giving, not of entry.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Giving {
    pub on: NaiveDate,
    pub donation_type: DonationType,
    /// Whether it was brought to its end.
    pub completed: bool,
    /// Collected volume in mL.
    pub volume_ml: Option<u16>,
    /// Red cells lost and not returned, in mL, for an apheresis or a giving that failed.
    pub red_cells_lost_ml: Option<u16>,
}

impl Giving {
    /// A giving that was brought to its end without loss.
    #[must_use]
    pub const fn completed(on: NaiveDate, donation_type: DonationType) -> Self {
        Self { on, donation_type, completed: true, volume_ml: None, red_cells_lost_ml: None }
    }
}

/// One deferral as recorded. A corrected entry is replaced by the caller, never passed twice.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct DeferralFact {
    /// Code of the catalogue.
    pub code: String,
    /// Day of the base event; unknown is open-ended and needs the physician.
    pub base: Option<NaiveDate>,
    /// Day of the second base event, for a cause with two terms (antibiotics: recovery, last dose).
    pub second_base: Option<NaiveDate>,
    /// Day on which it became known here.
    pub recorded_on: NaiveDate,
    /// The moment of that, UTC, where it is known: a leave of the same day covers what was recorded before it.
    pub recorded_at: Option<NaiveDateTime>,
    /// Day on which another register noted it, for one that came from there. No rule asks it.
    pub noted_on: Option<NaiveDate>,
    /// The event came that ends an open cause: end of pregnancy, weaning, release. Any other cause
    /// is deaf to it.
    pub ended_on: Option<NaiveDate>,
    /// Withdrawn as wrong by a second person: it bars nothing from this day on.
    pub withdrawn_on: Option<NaiveDate>,
}

impl DeferralFact {
    #[must_use]
    pub fn new(code: impl Into<String>, base: Option<NaiveDate>, recorded_on: NaiveDate) -> Self {
        let code = code.into();
        Self {
            code,
            base,
            second_base: None,
            recorded_on,
            recorded_at: None,
            noted_on: None,
            ended_on: None,
            withdrawn_on: None,
        }
    }
}

/// The medical officer's word: one giving is allowed from this day on, despite a reason that needs
/// a physician. Used up by the next giving; no hard stop hears it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Allowance {
    /// Code of the reason that is lifted.
    pub code: String,
    pub on: NaiveDate,
    /// The moment of that, UTC, where it is known.
    pub at: Option<NaiveDateTime>,
}

/// How often the donor says to have given in the 365 days before a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub struct Declared {
    pub count: u16,
    pub on: NaiveDate,
}

/// Everything that the rules ask about one donor.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DonorFacts {
    pub sex: Option<Sex>,
    pub birth_date: Option<NaiveDate>,
    pub weight_kg: Option<f64>,
    pub height_cm: Option<f64>,
    pub status: DonorStatus,
    /// Last day of the pause is the day before; open when absent.
    pub paused_until: Option<NaiveDate>,
    /// Came with a register that carried no deferrals, or was never seen: first-time only.
    pub never_screened_here: bool,
    /// Absent while nobody has asked.
    pub declared: Option<Declared>,
    /// Two typings disagree and nobody has resolved it.
    pub group_discrepancy: bool,
    /// What the laboratory found, once or twice.
    pub typed_group: Option<BloodGroup>,
    pub givings: Vec<Giving>,
    pub deferrals: Vec<DeferralFact>,
    pub allowances: Vec<Allowance>,
    /// Each record for itself, where several are one person; none where this is the only one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<DonorFacts>,
    /// Asked of a record that is read as another: nothing is given under it.
    pub is_alias: bool,
}

impl DonorFacts {
    /// A donor of whom nothing is known but that the record exists.
    #[must_use]
    pub const fn unknown() -> Self {
        Self {
            sex: None,
            birth_date: None,
            weight_kg: None,
            height_cm: None,
            status: DonorStatus::Active,
            paused_until: None,
            never_screened_here: true,
            declared: None,
            group_discrepancy: false,
            typed_group: None,
            givings: Vec::new(),
            deferrals: Vec::new(),
            allowances: Vec::new(),
            records: Vec::new(),
            is_alias: false,
        }
    }

    /// What each record says for itself: several where they are one person.
    pub(super) fn each_record(&self) -> &[Self] {
        if self.records.is_empty() { std::slice::from_ref(self) } else { &self.records }
    }

    /// What was known by the end of `day`, to replay a past decision.
    #[must_use]
    pub fn known_by(&self, day: NaiveDate) -> Self {
        let mut known = self.clone();
        known.givings.retain(|giving| giving.on <= day);
        known.deferrals.retain(|deferral| deferral.recorded_on <= day);
        for deferral in &mut known.deferrals {
            deferral.ended_on = deferral.ended_on.filter(|ended| *ended <= day);
            deferral.withdrawn_on = deferral.withdrawn_on.filter(|withdrawn| *withdrawn <= day);
        }
        known.allowances.retain(|allowance| allowance.on <= day);
        known.declared = known.declared.filter(|declared| declared.on <= day);
        known.records = known.records.iter().map(|record| record.known_by(day)).collect();
        known
    }
}
