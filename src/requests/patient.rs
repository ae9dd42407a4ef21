//! One patient's requests: a hospital may ask several times for the same patient, and what is bounded for a patient is
//! counted over all of them.

use shiryan_kernel::Result;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::compat::{PatientFacts, Recipient};
use shiryan_kernel::ids::{FacilityId, RequestId};
use shiryan_kernel::level::Level;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::time::Moment;

use super::{BloodRequest, Pseudonym, incidents, rules, shares, store};
use crate::db::Conn;
use crate::places::{self, closures};
use crate::reserve::levels;
use crate::sheets::folded;
use crate::vault::Vault;

/// Equal for one patient of one hospital, however case and gaps are written.
pub(super) fn tag(vault: &Vault, hospital: FacilityId, patient: &str) -> Vec<u8> {
    vault.tag("request_patient", &format!("{hospital} {}", folded(patient)))
}

/// The same of what is stored under another root key; a pseudonym that does not open has a tag of its own.
pub(super) fn tag_again(new: &Vault, id: i64, hospital: FacilityId, patient: Result<String>) -> Vec<u8> {
    match patient.as_deref().map(Pseudonym::parse) {
        Ok(Ok(patient)) => tag(new, hospital, patient.as_str()),
        _ => new.tag("request_patient", &format!("damaged {id}")),
    }
}

/// Locks what was asked for the patient, where what one request gets depends on the others.
pub(super) fn lock(conn: &mut Conn, request: &BloodRequest) -> Result<Vec<BloodRequest>> {
    let is_bounded = request.component == Component::RedCells && request.recipient().group().is_none();
    if is_bounded { store::lock_patient(conn, request.id) } else { Ok(Vec::new()) }
}

/// O− red cells held and issued for a patient of unknown group. `asked` is what [`lock`] found.
pub(super) fn o_negative(conn: &mut Conn, asked: &[BloodRequest], now: Moment) -> Result<usize> {
    let unknown = asked.iter().filter(|request| request.recipient().group().is_none());
    let ids: Vec<RequestId> = unknown.map(|request| request.id).collect();
    let since = now - chrono::Duration::days(rules::DAYS_OF_ONE_CASE);
    let given = shares(conn, &ids)?;
    let o_negative = given.iter().filter(|share| {
        let unit = &share.unit;
        let is_o_negative =
            unit.component == Component::RedCells && unit.blood_group == Some(BloodGroup::ONeg);
        is_o_negative && share.hold.made_at() >= since && (share.is_issued() || share.is_held(now))
    });
    Ok(o_negative.count())
}

/// For whom units are chosen at this moment: a declared incident, and O− red cells whose level is red or black, count where
/// the hospital stands.
pub(super) fn recipient(conn: &mut Conn, request: &BloodRequest, now: Moment) -> Result<Recipient> {
    let Recipient::Unknown(facts) = request.recipient() else { return Ok(request.recipient()) };
    let governorate = places::facility(conn, request.facility)?.governorate;
    let incident = incidents::is_declared(conn, governorate, now)?;
    let is_told = facts.sex.is_some() && facts.age.is_some();
    let o_neg_is_low = !is_told && !incident && o_neg_is_low(conn, governorate, now)?;
    Ok(Recipient::Unknown(PatientFacts { incident, o_neg_is_low, ..facts }))
}

fn o_neg_is_low(conn: &mut Conn, governorate: Governorate, now: Moment) -> Result<bool> {
    let roads = closures::roads(conn, now)?;
    let levels = levels::around(conn, Component::RedCells, governorate, &roads)?;
    Ok(levels
        .iter()
        .any(|(group, level)| *group == BloodGroup::ONeg && matches!(level, Level::Red | Level::Black)))
}
