//! Who may be counted on for an emergency collection, and what is missing.
//!
//! Nothing is stored: who agreed is a member, and each requirement is read from the ledgers when it is asked. What
//! the service cannot know yet is `unknown`, and nobody is ready while anything is: a result that nobody recorded
//! is never taken for a good one. Deferrals are no part of this answer, so that it tells of none; they are asked
//! when the donor is called.

use chrono::NaiveDate;
use serde::Serialize;
use shiryan_kernel::Result;
use shiryan_kernel::blood::{Abo, GroupEvidence};
use shiryan_kernel::consent::ConsentKind;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::status::DonorStatus;
use utoipa::ToSchema;

use super::ledger::standing_givings;
use super::record::GivingSource;
use super::store;
use crate::accounts::Principal;
use crate::db::Conn;
use crate::donors::{self, Donor, LowTitre, Scope, TitreLimits};

shiryan_kernel::word! {
    /// What a member of the emergency panel must have.
    pub enum Requirement {
        /// The record is active.
        Active = "active",
        /// Agreed to be called, and has not taken it back.
        Consent = "consent",
        /// Has given here at least once, without an adverse reaction.
        UneventfulDonation = "uneventful_donation",
        /// Two independent typings.
        GroupConfirmed = "group_confirmed",
        /// Of group O: both titres low, measured within the days that count in operations.
        LowTitre = "low_titre",
        /// Every marker of infection tested and negative within 90 days.
        InfectionPanel = "infection_panel",
    }
}

shiryan_kernel::word! {
    /// Whether a requirement is met.
    pub enum Met {
        Yes = "yes",
        No = "no",
        /// The service does not record what it would need to say so.
        Unknown = "unknown",
    }
}

/// One requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Required {
    pub requirement: Requirement,
    pub met: Met,
}

/// A donor's place in the emergency panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Panel {
    /// Agreed to be called.
    pub member: bool,
    /// Every requirement is met. While anything is unknown nobody is.
    pub ready: bool,
    pub requirements: Vec<Required>,
}

/// What is known of a donor for the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Facts {
    status: DonorStatus,
    consents: bool,
    gave_here: bool,
    abo: Option<Abo>,
    evidence: GroupEvidence,
    titre: Option<LowTitre>,
}

/// A donor's place in the panel on `today`.
///
/// # Errors
/// `not_found`, outside the scope too.
pub fn emergency_panel(
    conn: &mut Conn,
    by: &Principal,
    donor: DonorId,
    limits: TitreLimits,
    today: NaiveDate,
) -> Result<Panel> {
    let scope = Scope::of(conn, by)?;
    let found: Donor = donors::donor(conn, &scope, donor)?;
    let consents = donors::consents(conn, &scope, donor)?;
    let lines = store::giving_lines(conn, store::one(donor))?.take(donor);
    let facts = Facts {
        status: found.standing(),
        consents: consents
            .iter()
            .any(|line| line.kind == ConsentKind::EmergencyPanel && line.holds && line.given),
        gave_here: standing_givings(lines, None).iter().any(|line| line.source == GivingSource::Donation),
        abo: found.blood_group.map(shiryan_kernel::blood::BloodGroup::abo),
        evidence: found.group_evidence,
        titre: donors::titres(conn, &scope, donor, limits)?.low_titre,
    };
    Ok(panel(facts, today))
}

fn panel(facts: Facts, today: NaiveDate) -> Panel {
    use Requirement::{Active, Consent, GroupConfirmed, InfectionPanel, UneventfulDonation};
    let yes_if = |is_met: bool| if is_met { Met::Yes } else { Met::No };
    let titre_holds = || {
        let until = facts.titre.and_then(|titre| titre.operational_until);
        until.is_some_and(|until| today < until)
    };
    let mut requirements = vec![
        (Active, yes_if(facts.status == DonorStatus::Active)),
        (Consent, yes_if(facts.consents)),
        // Reactions are not recorded yet: a donation may have had one.
        (UneventfulDonation, if facts.gave_here { Met::Unknown } else { Met::No }),
        (GroupConfirmed, yes_if(facts.evidence == GroupEvidence::Confirmed)),
    ];
    if facts.abo.is_none_or(|abo| abo == Abo::O) {
        requirements.push((Requirement::LowTitre, yes_if(titre_holds())));
    }
    // No result of a marker is recorded yet.
    requirements.push((InfectionPanel, Met::Unknown));
    let requirements: Vec<Required> =
        requirements.into_iter().map(|(requirement, met)| Required { requirement, met }).collect();
    let ready = requirements.iter().all(|required| required.met == Met::Yes);
    Panel { member: facts.consents, ready, requirements }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn best() -> Facts {
        let titre = LowTitre {
            measured_on: day("2026-03-01"),
            low: true,
            operational_until: Some(day("2026-05-30")),
            routine_until: Some(day("2027-03-01")),
        };
        Facts {
            status: DonorStatus::Active,
            consents: true,
            gave_here: true,
            abo: Some(Abo::O),
            evidence: GroupEvidence::Confirmed,
            titre: Some(titre),
        }
    }

    fn met(facts: Facts, on: &str, requirement: Requirement) -> Option<Met> {
        let panel = panel(facts, day(on));
        panel.requirements.iter().find(|required| required.requirement == requirement).map(|found| found.met)
    }

    #[test]
    fn nobody_is_ready_while_the_infection_panel_is_unknown() {
        let best = panel(best(), day("2026-03-02"));
        assert!(best.member && !best.ready);
        let open: Vec<Requirement> = best
            .requirements
            .iter()
            .filter(|required| required.met != Met::Yes)
            .map(|required| required.requirement)
            .collect();
        assert_eq!(open, [Requirement::UneventfulDonation, Requirement::InfectionPanel]);
    }

    #[test]
    fn each_requirement_is_read_from_its_own_fact() {
        let on = "2026-03-02";
        for (facts, requirement) in [
            (Facts { status: DonorStatus::Review, ..best() }, Requirement::Active),
            (Facts { consents: false, ..best() }, Requirement::Consent),
            (Facts { gave_here: false, ..best() }, Requirement::UneventfulDonation),
            (Facts { evidence: GroupEvidence::TypedOnce, ..best() }, Requirement::GroupConfirmed),
            (Facts { titre: None, ..best() }, Requirement::LowTitre),
        ] {
            assert_eq!(met(facts, on, requirement), Some(Met::No), "{requirement}");
        }
        assert!(!panel(Facts { consents: false, ..best() }, day(on)).member);
    }

    #[test]
    fn a_titre_counts_to_its_last_day_and_of_group_o_alone() {
        assert_eq!(met(best(), "2026-05-29", Requirement::LowTitre), Some(Met::Yes));
        assert_eq!(met(best(), "2026-05-30", Requirement::LowTitre), Some(Met::No));
        let other = Facts { abo: Some(Abo::B), titre: None, ..best() };
        assert_eq!(met(other, "2026-03-02", Requirement::LowTitre), None);
        let unknown = Facts { abo: None, evidence: GroupEvidence::Unknown, titre: None, ..best() };
        assert_eq!(met(unknown, "2026-03-02", Requirement::LowTitre), Some(Met::No));
    }
}
