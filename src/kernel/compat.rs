//! Which unit a patient of a known group may be given: five tables, one per component.
//!
//! Each table is written out, best choice first; nothing is derived from another component's table.
//! A cell outside a table is a hard stop that nobody overrides. RhD-positive cells for an RhD-negative
//! patient are neither: they stand apart as [`Verdict::ByPolicy`]. The service issues to a hospital's
//! blood bank, so every verdict comes before two samples, an antibody screen and a crossmatch, never
//! instead of them. Sources: Lifeblood component tables (red cells, plasma, platelets), Joint Trauma
//! System (low-titre group O whole blood).

mod recipient;
mod unknown;

pub use recipient::{Recipient, judge};

pub use unknown::{
    EmergencyChoice, MAX_O_NEG_BEFORE_REASSESSING, PatientFacts, red_cells_for_unknown, rhd_policy_allows,
    unknown_group,
};

use chrono::NaiveDate;

use crate::blood::{Abo, BloodGroup, Component};

/// IgM anti-A and anti-B both below this (saline, immediate spin) make a low titre.
pub const LOW_TITRE_BELOW: u32 = 256;
/// Days that a titre stays valid in operations.
pub const TITRE_VALID_DAYS_OPERATIONAL: i64 = 90;
/// Days that a titre stays valid in routine.
pub const TITRE_VALID_DAYS_ROUTINE: i64 = 365;

word! {
    /// What is known of the antibodies in a unit's plasma. Only `low` opens a cell.
    pub enum Titre {
        Low = "low",
        High = "high",
        /// Never measured, expired, or voided by pregnancy, transfusion, vaccination or fever since.
        Unknown = "unknown",
    }
}

impl Titre {
    /// Judges a measurement: the higher of IgM anti-A and anti-B, taken on `measured`, valid for
    /// `valid_days` (the last day included). A date to come proves nothing.
    #[must_use]
    pub fn judge(highest: u32, measured: NaiveDate, today: NaiveDate, valid_days: i64) -> Self {
        let age = (today - measured).num_days();
        if highest >= LOW_TITRE_BELOW {
            Self::High
        } else if (0..=valid_days).contains(&age) {
            Self::Low
        } else {
            Self::Unknown
        }
    }
}

word! {
    /// What must be seen to before a fitting unit is given.
    pub enum Caution {
        /// The cell rests on a low titre; it must still be valid at issue.
        LowTitreRequired = "low_titre_required",
        /// A low titre would be better; an adult may be given the unit.
        LowTitrePreferred = "low_titre_preferred",
        /// Plasma against the patient's group: a child or neonate needs a second person's agreement.
        SecondPersonForChild = "second_person_for_child",
        /// RhD-positive to RhD-negative: policy, and an authoriser by name.
        PolicyRhdPositiveToNegative = "policy_rhd_positive_to_negative",
        /// Women up to 50 and children: RhD-negative if there is one, else anti-D.
        RhdNegativePreferred = "rhd_negative_preferred",
        /// RhD-negative blood spent on an RhD-positive patient: only when short-dated or alone.
        SpareRhdNegative = "spare_rhd_negative",
        /// Children: a plasma-compatible unit if there is one.
        PlasmaCompatibleForChild = "plasma_compatible_for_child",
    }
}

/// What the tables say of one unit for one patient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A hard stop.
    Never,
    /// In the table. `preference` 0 is best, and no two groups share one.
    Fits { preference: u8, needs: &'static [Caution] },
    /// Not in the table: only by the RhD policy, with an authoriser by name. Ranks after all that fit.
    ByPolicy { preference: u8, needs: &'static [Caution] },
}

impl Verdict {
    /// Whether the table holds the cell without a policy decision.
    #[must_use]
    pub const fn fits(self) -> bool {
        matches!(self, Self::Fits { .. })
    }

    /// What must be seen to; empty for a hard stop.
    #[must_use]
    pub const fn needs(self) -> &'static [Caution] {
        match self {
            Self::Never => &[],
            Self::Fits { needs, .. } | Self::ByPolicy { needs, .. } => needs,
        }
    }
}

/// Judges one unit for one patient. `titre` is the unit's; components without plasma ignore it.
#[must_use]
pub fn verdict(component: Component, recipient: BloodGroup, unit: BloodGroup, titre: Titre) -> Verdict {
    match component {
        Component::RedCells => red_cells(recipient, unit),
        Component::WholeBlood => whole_blood(recipient, unit, titre),
        Component::Plasma => plasma(plasma_row(recipient.abo()), recipient, unit, titre),
        Component::Platelets => platelets(platelet_row(recipient.abo()), recipient, unit, titre),
        Component::Cryoprecipitate => cryoprecipitate(cryoprecipitate_row(recipient.abo()), recipient, unit),
    }
}

/// The groups whose units fit whatever their titre, best first. What rests on a low titre or on the
/// RhD policy is not in it: see [`acceptable_with`], and judge each such unit by [`verdict`].
#[must_use]
pub fn acceptable(component: Component, recipient: BloodGroup) -> Vec<(BloodGroup, u8)> {
    acceptable_with(component, recipient, Titre::Unknown)
}

/// The groups whose units fit when their titre is `titre`, best first.
#[must_use]
pub fn acceptable_with(component: Component, recipient: BloodGroup, titre: Titre) -> Vec<(BloodGroup, u8)> {
    let mut found: Vec<(BloodGroup, u8)> = BloodGroup::ALL
        .iter()
        .filter_map(|unit| match verdict(component, recipient, *unit, titre) {
            Verdict::Fits { preference, .. } => Some((*unit, preference)),
            Verdict::Never | Verdict::ByPolicy { .. } => None,
        })
        .collect();
    found.sort_by_key(|(_, preference)| *preference);
    found
}

const fn red_cell_row(recipient: BloodGroup) -> &'static [BloodGroup] {
    use BloodGroup::{ANeg, APos, AbNeg, AbPos, BNeg, BPos, ONeg, OPos};
    match recipient {
        ONeg => &[ONeg],
        OPos => &[OPos, ONeg],
        ANeg => &[ANeg, ONeg],
        APos => &[APos, OPos, ANeg, ONeg],
        BNeg => &[BNeg, ONeg],
        BPos => &[BPos, OPos, BNeg, ONeg],
        AbNeg => &[AbNeg, ANeg, BNeg, ONeg],
        AbPos => &[AbPos, APos, BPos, OPos, AbNeg, ANeg, BNeg, ONeg],
    }
}

/// Group O for another group is in here for low titres alone.
const fn whole_blood_row(recipient: BloodGroup) -> &'static [BloodGroup] {
    use BloodGroup::{ANeg, APos, AbNeg, AbPos, BNeg, BPos, ONeg, OPos};
    match recipient {
        ONeg => &[ONeg],
        OPos => &[OPos, ONeg],
        ANeg => &[ANeg, ONeg],
        APos => &[APos, OPos, ANeg, ONeg],
        BNeg => &[BNeg, ONeg],
        BPos => &[BPos, OPos, BNeg, ONeg],
        AbNeg => &[AbNeg, ONeg],
        AbPos => &[AbPos, OPos, AbNeg, ONeg],
    }
}

/// ABO of plasma, best first; `true` marks what only a low titre opens.
const fn plasma_row(recipient: Abo) -> &'static [(Abo, bool)] {
    use Abo::{A, Ab, B, O};
    match recipient {
        O => &[(O, false), (A, false), (B, false), (Ab, false)],
        A => &[(A, false), (Ab, false)],
        B => &[(B, false), (Ab, false)],
        Ab => &[(Ab, false), (A, true)],
    }
}

/// ABO of platelets, best first; `true` marks plasma against the patient's group.
const fn platelet_row(recipient: Abo) -> &'static [(Abo, bool)] {
    use Abo::{A, Ab, B, O};
    match recipient {
        O => &[(O, false), (A, false), (B, false), (Ab, false)],
        A => &[(A, false), (B, true), (O, true), (Ab, false)],
        B => &[(B, false), (A, true), (O, true), (Ab, false)],
        Ab => &[(Ab, false), (A, true), (B, true), (O, true)],
    }
}

/// ABO of cryoprecipitate, best first; `true` marks what children are given last.
const fn cryoprecipitate_row(recipient: Abo) -> &'static [(Abo, bool)] {
    use Abo::{A, Ab, B, O};
    match recipient {
        O => &[(O, false), (A, false), (B, false), (Ab, false)],
        A => &[(A, false), (Ab, false), (B, true), (O, true)],
        B => &[(B, false), (Ab, false), (A, true), (O, true)],
        Ab => &[(Ab, false), (A, true), (B, true), (O, true)],
    }
}

fn place<T: PartialEq>(row: &[T], wanted: &T) -> Option<u8> {
    row.iter().position(|cell| cell == wanted).and_then(|at| u8::try_from(at).ok())
}

/// Rows by ABO carry both RhD types at each step, the patient's own first.
fn place_by_abo(row: Row, recipient: BloodGroup, unit: BloodGroup) -> Option<(u8, bool)> {
    let at = row.iter().position(|(abo, _)| *abo == unit.abo())?;
    let (_, marked) = row.get(at)?;
    let other_rhd = u8::from(recipient.rhd_positive() != unit.rhd_positive());
    Some((u8::try_from(at).ok()? * 2 + other_rhd, *marked))
}

/// The policy cells of an RhD-negative patient are the RhD-positive cells that an RhD-positive
/// patient of the same ABO would have, in that order, after all that fits.
fn by_policy(
    row: fn(BloodGroup) -> &'static [BloodGroup],
    recipient: BloodGroup,
    unit: BloodGroup,
) -> Option<u8> {
    if recipient.rhd_positive() || !unit.rhd_positive() {
        return None;
    }
    let after = u8::try_from(row(recipient).len()).ok()?;
    place(row(BloodGroup::of(recipient.abo(), true)), &unit).map(|at| after + at)
}

fn red_cells(recipient: BloodGroup, unit: BloodGroup) -> Verdict {
    if let Some(preference) = place(red_cell_row(recipient), &unit) {
        let spares = recipient.rhd_positive() && !unit.rhd_positive();
        return Verdict::Fits { preference, needs: if spares { &[Caution::SpareRhdNegative] } else { &[] } };
    }
    match by_policy(red_cell_row, recipient, unit) {
        Some(preference) => Verdict::ByPolicy { preference, needs: &[Caution::PolicyRhdPositiveToNegative] },
        None => Verdict::Never,
    }
}

fn whole_blood(recipient: BloodGroup, unit: BloodGroup, titre: Titre) -> Verdict {
    let needs_titre = recipient.abo() != unit.abo();
    if needs_titre && titre != Titre::Low {
        return Verdict::Never;
    }
    if let Some(preference) = place(whole_blood_row(recipient), &unit) {
        let spares = recipient.rhd_positive() && !unit.rhd_positive();
        let needs: &'static [Caution] = match (needs_titre, spares) {
            (false, false) => &[],
            (false, true) => &[Caution::SpareRhdNegative],
            (true, false) => &[Caution::LowTitreRequired],
            (true, true) => &[Caution::LowTitreRequired, Caution::SpareRhdNegative],
        };
        return Verdict::Fits { preference, needs };
    }
    match by_policy(whole_blood_row, recipient, unit) {
        Some(preference) => Verdict::ByPolicy {
            preference,
            needs: if needs_titre {
                &[Caution::PolicyRhdPositiveToNegative, Caution::LowTitreRequired]
            } else {
                &[Caution::PolicyRhdPositiveToNegative]
            },
        },
        None => Verdict::Never,
    }
}

/// A row of ABO, best first, with a mark whose sense is the component's own.
type Row = &'static [(Abo, bool)];

fn plasma(row: Row, recipient: BloodGroup, unit: BloodGroup, titre: Titre) -> Verdict {
    match place_by_abo(row, recipient, unit) {
        Some((preference, false)) => Verdict::Fits { preference, needs: &[] },
        Some((preference, true)) if titre == Titre::Low => {
            Verdict::Fits { preference, needs: &[Caution::LowTitreRequired] }
        }
        Some((_, true)) | None => Verdict::Never,
    }
}

fn platelets(row: Row, recipient: BloodGroup, unit: BloodGroup, titre: Titre) -> Verdict {
    let Some((preference, against)) = place_by_abo(row, recipient, unit) else {
        return Verdict::Never;
    };
    let rhd = !recipient.rhd_positive() && unit.rhd_positive();
    let needs: &'static [Caution] = match (against, titre == Titre::Low, rhd) {
        (false, _, false) => &[],
        (false, _, true) => &[Caution::RhdNegativePreferred],
        (true, true, false) => &[Caution::SecondPersonForChild],
        (true, true, true) => &[Caution::SecondPersonForChild, Caution::RhdNegativePreferred],
        (true, false, false) => &[Caution::LowTitrePreferred, Caution::SecondPersonForChild],
        (true, false, true) => {
            &[Caution::LowTitrePreferred, Caution::SecondPersonForChild, Caution::RhdNegativePreferred]
        }
    };
    Verdict::Fits { preference, needs }
}

fn cryoprecipitate(row: Row, recipient: BloodGroup, unit: BloodGroup) -> Verdict {
    match place_by_abo(row, recipient, unit) {
        Some((preference, true)) => Verdict::Fits { preference, needs: &[Caution::PlasmaCompatibleForChild] },
        Some((preference, false)) => Verdict::Fits { preference, needs: &[] },
        None => Verdict::Never,
    }
}

#[cfg(test)]
mod tests;
