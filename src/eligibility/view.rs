//! What each reader learns of a decision.
//!
//! Three classes of cause. Whoever may not see a cause gets one code and nothing else: no date, no
//! severity, no count, whatever stands behind it. A cause that a reader may not see also leaves no
//! trace while something that he may see already bars the day: a result that arrives within the
//! interval after a donation changes nothing for the medic who looks.

use chrono::NaiveDate;
use serde::Serialize;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::role::Role;
use shiryan_kernel::{Code, Problem, Result};

use super::catalogue::Visibility;
use super::reason::{Outcome, Reason, RuleSetStamp, Severity};
use super::rules::Decision;

/// The one code for every cause that a reader may not see; its words are `reason-not-available`.
pub const NOT_AVAILABLE: &str = "not_available";

/// Who reads. Hospitals and command read no decision at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Viewer {
    Donor,
    Admin,
    Medic,
    BloodBank,
    /// The blood bank's physician or counsellor.
    Physician,
}

impl Viewer {
    pub const ALL: &'static [Self] =
        &[Self::Donor, Self::Admin, Self::Medic, Self::BloodBank, Self::Physician];

    /// What a role reads as.
    ///
    /// # Errors
    /// `forbidden` for hospitals and command.
    pub fn of(role: Role) -> Result<Self> {
        match role {
            Role::Medic => Ok(Self::Medic),
            Role::Bank => Ok(Self::BloodBank),
            Role::Physician => Ok(Self::Physician),
            Role::Admin => Ok(Self::Admin),
            Role::Command | Role::Hospital => Err(Problem::new(Code::Forbidden)),
        }
    }

    /// Whether causes of this class are shown to this reader.
    #[must_use]
    pub const fn sees(self, visibility: Visibility) -> bool {
        match visibility {
            Visibility::Public => true,
            Visibility::Screening => matches!(self, Self::Medic | Self::BloodBank | Self::Physician),
            Visibility::Sealed => matches!(self, Self::Physician),
        }
    }
}

shiryan_kernel::word! {
    /// The answer as a reader sees it.
    pub enum SeenOutcome {
        Eligible = "eligible",
        NotYet = "not_yet",
        NeedsPhysician = "needs_physician",
        Never = "never",
        NotAvailable = "not_available",
    }
}

impl From<Outcome> for SeenOutcome {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Eligible => Self::Eligible,
            Outcome::NotYet => Self::NotYet,
            Outcome::NeedsPhysician => Self::NeedsPhysician,
            Outcome::Never => Self::Never,
        }
    }
}

/// One reason as a reader sees it; a hidden one has its code alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum SeenReason {
    Told(Reason),
    Hidden { code: &'static str },
}

impl SeenReason {
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Told(reason) => &reason.code,
            Self::Hidden { code } => code,
        }
    }
}

/// A decision cut to one reader.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct View {
    pub donation_type: DonationType,
    pub on: NaiveDate,
    pub outcome: SeenOutcome,
    /// No yes before this day, by what the reader may see; absent when that is open-ended or hidden.
    pub not_before: Option<NaiveDate>,
    pub reasons: Vec<SeenReason>,
    pub rule_set: RuleSetStamp,
}

/// Cuts a decision to what `viewer` may learn.
#[must_use]
pub fn view(decision: &Decision, viewer: Viewer) -> View {
    let told: Vec<&Reason> =
        decision.reasons.iter().filter(|reason| viewer.sees(reason.visibility)).collect();
    let amounts_to = Outcome::of(told.iter().copied());
    let hides = amounts_to == Outcome::Eligible && decision.outcome != Outcome::Eligible;
    let (outcome, not_before, reasons) = if hides {
        (SeenOutcome::NotAvailable, None, vec![SeenReason::Hidden { code: NOT_AVAILABLE }])
    } else {
        let reasons = told.iter().map(|reason| SeenReason::Told((*reason).clone())).collect();
        (amounts_to.into(), not_before(decision, viewer, &told), reasons)
    };
    View {
        donation_type: decision.donation_type,
        on: decision.on,
        outcome,
        not_before,
        reasons,
        rule_set: decision.rule_set.clone(),
    }
}

/// From the reasons told alone, unless the reader is told all: the true day would give a hidden cause
/// away.
fn not_before(decision: &Decision, viewer: Viewer, told: &[&Reason]) -> Option<NaiveDate> {
    if viewer.sees(Visibility::Sealed) {
        return decision.earliest;
    }
    let mut day = Some(decision.on);
    for reason in told.iter().filter(|reason| reason.severity != Severity::Warning) {
        day = day.zip(reason.until).map(|(day, until)| day.max(until));
    }
    day
}
