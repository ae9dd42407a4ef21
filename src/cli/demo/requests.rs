//! What the demo's hospital asked of its blood bank: one request in each state, and the units that came in, so that a
//! hospital's own pages have something to show. Done by the same use cases as real work.

use chrono::Duration;
use shiryan_kernel::Result;
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{AgeBand, BloodGroup, Component, GroupEvidence, Sex};
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::status::{UnitStatus, Urgency};
use shiryan_kernel::text::Note;
use shiryan_kernel::time::Moment;

use crate::accounts::Principal;
use crate::db::{Lane, Tx};
use crate::http::House;
use crate::requests::{self, NewHold, NewRequest, Pseudonym};
use crate::stock::{self, Fate, Filter, Par};
use crate::vault::Vault;

/// How far a request went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Went {
    Submitted,
    Accepted,
    Reserved,
    Issued,
    Received,
    /// One of its units was given to the patient.
    Used,
}

struct Asked {
    patient: &'static str,
    group: BloodGroup,
    component: Component,
    units: i32,
    urgency: Urgency,
    went: Went,
}

const ASKED: [Asked; 9] = [
    asked("R-1041", BloodGroup::OPos, Component::RedCells, 3, Urgency::Routine, Went::Used),
    asked("R-1042", BloodGroup::APos, Component::RedCells, 2, Urgency::Routine, Went::Received),
    asked("R-1043", BloodGroup::BPos, Component::RedCells, 1, Urgency::Urgent, Went::Received),
    asked("R-1044", BloodGroup::APos, Component::Plasma, 2, Urgency::Urgent, Went::Received),
    asked("R-1045", BloodGroup::OPos, Component::RedCells, 1, Urgency::Urgent, Went::Issued),
    asked("R-1046", BloodGroup::APos, Component::RedCells, 1, Urgency::Urgent, Went::Reserved),
    asked("R-1047", BloodGroup::BPos, Component::RedCells, 1, Urgency::Routine, Went::Accepted),
    asked("R-1048", BloodGroup::ONeg, Component::RedCells, 1, Urgency::Emergency, Went::Submitted),
    asked("R-1049", BloodGroup::AbPos, Component::Platelets, 1, Urgency::Planned, Went::Submitted),
];

/// So many are left on the blood bank's shelf: a small world has few, and somebody wants to try it.
const LEFT: usize = 6;

/// How many should lie on the hospital's shelf.
const PARS: [(Component, BloodGroup, i32); 4] = [
    (Component::RedCells, BloodGroup::OPos, 6),
    (Component::RedCells, BloodGroup::APos, 4),
    (Component::RedCells, BloodGroup::ONeg, 2),
    (Component::Plasma, BloodGroup::APos, 2),
];

const fn asked(
    patient: &'static str,
    group: BloodGroup,
    component: Component,
    units: i32,
    urgency: Urgency,
    went: Went,
) -> Asked {
    Asked { patient, group, component, units, urgency, went }
}

/// Writes them.
pub fn write(house: &House, hospital: &Principal, bank: &Principal) -> Result<()> {
    let (zone, hours) = (house.zone, house.settings.stock.hold_hours);
    for one in &ASKED {
        let (vault, hospital, bank) = (house.vault.clone(), hospital.clone(), bank.clone());
        house.db.write_now(Lane::System, move |tx| {
            let id = requests::submit(tx, &vault, &hospital, &one.form(tx.now)?)?.id;
            if one.went >= Went::Accepted {
                requests::accept(tx, &vault, &bank, id)?;
            }
            let units = if one.went >= Went::Reserved { one.on_shelf(tx, &bank)? } else { Vec::new() };
            // Where too few of them lie the request waits.
            let Some(first) = units.first().copied() else { return Ok(()) };
            let held = NewHold { units: units.clone(), hours, reason: Note::parse("demo").ok() };
            requests::reserve(tx, &vault, &bank, id, &held)?;
            if one.went >= Went::Issued {
                requests::issue(tx, (&vault, zone), &bank, id, &[], None)?;
            }
            if one.went >= Went::Received {
                let labels = units
                    .iter()
                    .map(|unit| Ok(stock::unit(tx.conn, *unit)?.din))
                    .collect::<Result<Vec<_>>>()?;
                requests::receive(tx, &vault, &hospital, id, &labels)?;
            }
            if one.went >= Went::Used {
                requests::report(tx, &vault, &hospital, first, &Fate::Transfused { at: None })?;
            }
            Ok(())
        })?;
    }
    let (vault, hospital) = (house.vault.clone(), hospital.clone());
    house.db.write_now(Lane::System, move |tx| pars(tx, &vault, &hospital))
}

fn pars(tx: &mut Tx, vault: &Vault, hospital: &Principal) -> Result<()> {
    for (component, blood_group, units) in PARS {
        stock::set_par(tx, vault, hospital, Par { component, blood_group, units: Some(units) })?;
    }
    Ok(())
}

impl Asked {
    fn form(&self, now: Moment) -> Result<NewRequest> {
        Ok(NewRequest {
            patient: Pseudonym::parse(self.patient)?,
            blood_group: Some(self.group),
            group_evidence: Some(GroupEvidence::Confirmed),
            sex: Some(Sex::Male),
            age_band: Some(AgeBand::Over50),
            component: self.component,
            units: self.units,
            needs: Attributes::default(),
            urgency: self.urgency,
            needed_at: (self.urgency == Urgency::Planned).then(|| now + Duration::days(2)),
            notes: None,
        })
    }

    /// Units of the blood bank's shelf of the patient's own group, the first to expire first.
    fn on_shelf(&self, tx: &mut Tx, bank: &Principal) -> Result<Vec<BloodUnitId>> {
        let filter = Filter {
            component: Some(self.component),
            blood_group: Some(self.group),
            status: Some(UnitStatus::Released),
            good_at: Some(tx.now + Duration::days(1)),
            ..Filter::default()
        };
        let wanted = usize::try_from(self.units).unwrap_or(0);
        let found = stock::units_to_expire(tx.conn, bank, filter, 200)?;
        let good: Vec<BloodUnitId> = found.iter().map(|unit| unit.id).collect();
        let spare = good.len() >= wanted + LEFT;
        Ok(if spare { good.into_iter().take(wanted).collect() } else { Vec::new() })
    }
}
