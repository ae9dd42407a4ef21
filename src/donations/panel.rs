//! Who may be counted on for an emergency collection, and what is missing (A15).
//!
//! Nothing is stored: who agreed is a member, and each requirement is read from the ledgers when it is asked. What
//! the service cannot know is `unknown`, and nobody is ready while anything is: a result that nobody recorded
//! is never taken for a good one. Deferrals are no part of this answer, so that it tells of none; they are asked
//! when the donor is called.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Serialize;
use shiryan_kernel::blood::{Abo, GroupEvidence};
use shiryan_kernel::consent::ConsentKind;
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::laboratory::Marker;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::time::plus_days;
use shiryan_kernel::{Code, Problem, Result};
use utoipa::ToSchema;

use super::store::visits::{self, Course};
use crate::accounts::Principal;
use crate::db::Conn;
use crate::donors::{self, Donor, LowTitre, Scope, TitreLimits};
use crate::eligibility;
use crate::laboratory;
use crate::places;
use crate::vault::Vault;

/// Days for which a whole panel of tests counts.
pub const PANEL_DAYS: i64 = 90;

shiryan_kernel::word! {
    /// What a member of the emergency panel must have.
    pub enum Requirement {
        /// The record is active.
        Active = "active",
        /// Agreed to be called, and has not taken it back.
        Consent = "consent",
        /// Has given here at least once, before today, without an adverse reaction.
        UneventfulDonation = "uneventful_donation",
        /// Two independent typings.
        GroupConfirmed = "group_confirmed",
        /// Of group O: both titres low, measured within the days that count in operations.
        LowTitre = "low_titre",
        /// Every marker of the installation's panel found clear in one donation, tested within 90 days, and nothing suspect in
        /// any.
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
    /// The last day on which it is met by what is known today; absent where it is not met, or does not end by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
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
    uneventful: Met,
    abo: Option<Abo>,
    evidence: GroupEvidence,
    titre: Option<LowTitre>,
    /// The oldest test of the youngest whole panel that was clear; none while anything is suspect.
    clear_since: Option<NaiveDate>,
}

/// A donor's place in the panel on `today`; `required` are the markers of a whole panel.
///
/// # Errors
/// `not_found`, outside the scope too; `identity_damaged`.
pub fn emergency_panel(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    donor: DonorId,
    (limits, required): (TitreLimits, &[Marker]),
    today: NaiveDate,
) -> Result<Panel> {
    let scope = Scope::of(conn, by)?;
    let found = donors::donor(conn, &scope, donor)?;
    panel_of(conn, vault, &scope, &found, (limits, required), today)
}

fn panel_of(
    conn: &mut Conn,
    vault: &Vault,
    scope: &Scope,
    found: &Donor,
    (limits, required): (TitreLimits, &[Marker]),
    today: NaiveDate,
) -> Result<Panel> {
    let donor = found.id;
    let consents = donors::consents(conn, scope, donor)?;
    let records = donors::records_of(conn, donor, None)?.all;
    let courses = visits::courses(conn, &records)?;
    let gave_here = eligibility::gave_here(conn, donor)?;
    let numbers: Vec<Din> = courses.iter().map(|course| course.din).collect();
    let facts = Facts {
        status: found.standing(),
        consents: consents
            .iter()
            .any(|line| line.kind == ConsentKind::EmergencyPanel && line.holds && line.given),
        uneventful: if gave_here { uneventful(&courses, today) } else { Met::No },
        abo: found.blood_group.map(shiryan_kernel::blood::BloodGroup::abo),
        evidence: found.group_evidence,
        titre: donors::titres(conn, scope, donor, limits)?.low_titre,
        clear_since: laboratory::clear_since(conn, vault, required, &numbers)?,
    };
    Ok(panel(facts, today))
}

/// Members of the panel after `after`, by their record, each with what is met and what is missing.
///
/// # Errors
/// As [`emergency_panel`].
pub fn members(
    conn: &mut Conn,
    vault: &Vault,
    by: &Principal,
    (limits, required): (TitreLimits, &[Marker]),
    today: NaiveDate,
    (after, limit): (DonorId, i64),
) -> Result<Vec<(Donor, Panel)>> {
    let scope = Scope::of(conn, by)?;
    let (mut found, mut after) = (Vec::new(), after);
    let most = usize::try_from(limit).map_err(Problem::internal)?;
    loop {
        // Whoever agreed once need not be a member any more: a slice of them may hold fewer, or none.
        let agreed = donors::once_agreed(conn, after, limit)?;
        for id in agreed.iter().copied() {
            let donor = donors::donor(conn, &scope, id)?;
            let panel = panel_of(conn, vault, &scope, &donor, (limits, required), today)?;
            if panel.member && may_be_called(&donor) {
                found.push((donor, panel));
            }
            if found.len() == most {
                return Ok(found);
            }
        }
        match agreed.last() {
            Some(last) if agreed.len() == most => after = *last,
            _ => return Ok(found),
        }
    }
}

/// Whose own record stands.
fn may_be_called(donor: &Donor) -> bool {
    donor.merged_into.is_none() && donor.status == DonorStatus::Active
}

/// How many members of group O are ready, and so of a low titre, in each governorate: their own, or their unit's. Counts
/// alone, so nobody's scope is asked. Each is judged by several queries: not for every asking.
///
/// # Errors
/// As any read.
pub fn ready_of_low_titre(
    conn: &mut Conn,
    vault: &Vault,
    (limits, required): (TitreLimits, &[Marker]),
    today: NaiveDate,
) -> Result<BTreeMap<Governorate, u32>> {
    let mut ready = BTreeMap::new();
    for id in donors::once_agreed(conn, DonorId(0), i64::MAX)? {
        let donor = donors::donor(conn, &Scope::All, id)?;
        let is_o = donor.blood_group.is_some_and(|group| group.abo() == Abo::O);
        if !is_o || !may_be_called(&donor) {
            continue;
        }
        let place = match (donor.governorate, donor.unit) {
            (Some(own), _) => own,
            (None, Some(unit)) => places::unit(conn, unit)?.governorate,
            (None, None) => continue,
        };
        match panel_of(conn, vault, &Scope::All, &donor, (limits, required), today) {
            Ok(panel) if panel.ready => *ready.entry(place).or_default() += 1,
            Ok(_) => {}
            // Of whom a sealed fact does not open is not counted on; the others are.
            Err(problem) if problem.code == Code::IdentityDamaged => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(ready)
}

/// By the donations whose course is known: whoever gave at a visit was watched and could be called the next day.
fn uneventful(courses: &[Course], today: NaiveDate) -> Met {
    let past = || courses.iter().filter(|course| course.given_on < today);
    if past().any(|course| course.had_reaction == Some(false)) {
        Met::Yes
    } else if courses.iter().any(|course| course.had_reaction != Some(true)) {
        Met::Unknown
    } else {
        Met::No
    }
}

fn panel(facts: Facts, today: NaiveDate) -> Panel {
    use Requirement::{Active, Consent, GroupConfirmed, InfectionPanel, UneventfulDonation};
    let yes_if = |is_met: bool| if is_met { Met::Yes } else { Met::No };
    let now = |requirement, met| Required { requirement, met, until: None };
    // What is over says no more than what never was.
    let to_come = |requirement, last: Option<NaiveDate>| {
        let until = last.filter(|last| today <= *last);
        Required { requirement, met: yes_if(until.is_some()), until }
    };
    let mut requirements = vec![
        now(Active, yes_if(facts.status == DonorStatus::Active)),
        now(Consent, yes_if(facts.consents)),
        now(UneventfulDonation, facts.uneventful),
        now(GroupConfirmed, yes_if(facts.evidence == GroupEvidence::Confirmed)),
    ];
    if facts.abo.is_none_or(|abo| abo == Abo::O) {
        let until = facts.titre.and_then(|titre| titre.operational_until);
        requirements.push(to_come(Requirement::LowTitre, until.map(|until| plus_days(until, -1))));
    }
    let clear_until = facts.clear_since.map(|since| plus_days(since, PANEL_DAYS));
    requirements.push(to_come(InfectionPanel, clear_until));
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
            uneventful: Met::Yes,
            abo: Some(Abo::O),
            evidence: GroupEvidence::Confirmed,
            titre: Some(titre),
            clear_since: Some(day("2026-03-01")),
        }
    }

    fn met(facts: Facts, on: &str, requirement: Requirement) -> Option<Met> {
        let panel = panel(facts, day(on));
        panel.requirements.iter().find(|required| required.requirement == requirement).map(|found| found.met)
    }

    #[test]
    fn whoever_meets_all_is_ready_and_nobody_while_anything_is_unknown() {
        let all = panel(best(), day("2026-03-02"));
        assert!(all.member && all.ready);
        let unknown = panel(Facts { uneventful: Met::Unknown, ..best() }, day("2026-03-02"));
        assert!(unknown.member && !unknown.ready);
    }

    #[test]
    fn a_whole_panel_counts_for_ninety_days() {
        let known = Facts { titre: None, abo: Some(Abo::A), ..best() };
        assert_eq!(met(known, "2026-05-30", Requirement::InfectionPanel), Some(Met::Yes));
        assert_eq!(met(known, "2026-05-31", Requirement::InfectionPanel), Some(Met::No));
    }

    #[test]
    fn what_ends_by_itself_says_until_when_and_nothing_once_it_is_over() {
        let until = |facts: Facts, on: &str| -> Vec<Option<NaiveDate>> {
            panel(facts, day(on)).requirements.iter().map(|required| required.until).collect()
        };
        let nothing = [None; 4];
        let both = [Some(day("2026-05-29")), Some(day("2026-05-30"))];
        assert_eq!(until(best(), "2026-03-02"), [&nothing[..], &both].concat());
        assert_eq!(until(best(), "2026-05-30"), [&nothing[..], &[None, both[1]]].concat());
        assert_eq!(until(best(), "2026-05-31"), [None; 6]);
        // Something suspect looks like a panel that is over, and like one that never was.
        assert_eq!(
            panel(Facts { clear_since: None, ..best() }, day("2026-05-31")),
            panel(best(), day("2026-05-31"))
        );
    }

    #[test]
    fn one_donation_that_went_well_before_today_is_enough_and_silence_is_not() {
        let course = |on: &str, had_reaction| Course {
            din: Din::parse("A9999 26 000001").unwrap(),
            given_on: day(on),
            had_reaction,
        };
        let today = day("2026-03-02");
        for (courses, expected) in [
            (vec![course("2026-01-01", Some(false))], Met::Yes),
            (vec![course("2026-01-01", Some(false)), course("2026-02-28", Some(true))], Met::Yes),
            (vec![course("2026-03-02", Some(false))], Met::Unknown),
            (vec![course("2026-01-01", None), course("2026-02-01", Some(true))], Met::Unknown),
            (vec![course("2026-01-01", Some(true))], Met::No),
        ] {
            assert_eq!(uneventful(&courses, today), expected, "{courses:?}");
        }
    }

    #[test]
    fn each_requirement_is_read_from_its_own_fact() {
        let on = "2026-03-02";
        for (facts, requirement) in [
            (Facts { status: DonorStatus::Review, ..best() }, Requirement::Active),
            (Facts { consents: false, ..best() }, Requirement::Consent),
            (Facts { uneventful: Met::No, ..best() }, Requirement::UneventfulDonation),
            (Facts { clear_since: None, ..best() }, Requirement::InfectionPanel),
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
