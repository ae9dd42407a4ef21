//! Blood units and donors that a test needs before its story begins, written straight into the tables.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use shiryan::db::tables::{blood_units, donations, donors, givings};
use shiryan::db::{Lane, Tx, feed};
use shiryan::laboratory::{self, NewResult};
use shiryan_kernel::blood::{BloodGroup, Component, GroupEvidence};
use shiryan_kernel::din::{Din, FICTITIOUS_FIN};
use shiryan_kernel::ids::{BloodUnitId, DonationId, DonorId, FacilityId};
use shiryan_kernel::laboratory::{Marker, TestFinding, TestStage};
use shiryan_kernel::role::Role;
use shiryan_kernel::shelf::Additive;
use shiryan_kernel::status::{DonorStatus, UnitStatus};
use shiryan_kernel::time::Zone;

use super::app::TestApp;
use super::reserve::everything_changed;

/// The number `sequence` of a facility that exists nowhere.
pub fn din(sequence: u32) -> Din {
    Din::compose(FICTITIOUS_FIN, 26, sequence).unwrap()
}

/// A bag on a shelf.
#[derive(Debug, Clone)]
pub struct Bag {
    pub din: Din,
    pub donation: Option<DonationId>,
    pub component: Component,
    pub blood_group: Option<BloodGroup>,
    /// What red cells and whole blood are kept in.
    pub additive: Option<Additive>,
    pub status: UnitStatus,
    pub facility: FacilityId,
    pub expires_at: DateTime<Utc>,
}

impl Bag {
    /// Red cells, O−, released, good for ten days.
    pub fn new(app: &TestApp, sequence: u32) -> Self {
        Self {
            din: din(sequence),
            donation: None,
            component: Component::RedCells,
            blood_group: Some(BloodGroup::ONeg),
            additive: Some(Additive::Cpda1),
            status: UnitStatus::Released,
            facility: app.places.bank,
            expires_at: app.house.db.now() + chrono::Duration::days(10),
        }
    }

    pub fn quarantined(self, blood_group: Option<BloodGroup>) -> Self {
        Self { status: UnitStatus::Quarantine, blood_group, ..self }
    }

    pub fn put(self, app: &TestApp) -> BloodUnitId {
        put_all(app, vec![self])[0]
    }
}

pub fn put_all(app: &TestApp, bags: Vec<Bag>) -> Vec<BloodUnitId> {
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            let made = bags.iter().map(|bag| insert(tx, bag)).collect();
            everything_changed(tx);
            Ok(made)
        })
        .unwrap()
}

fn insert(tx: &mut Tx, bag: &Bag) -> BloodUnitId {
    let id = BloodUnitId(tx.id());
    let zone = Zone::default();
    diesel::insert_into(blood_units::table)
        .values((
            blood_units::id.eq(id),
            blood_units::donation.eq(bag.donation),
            blood_units::din.eq(bag.din),
            blood_units::component.eq(bag.component),
            blood_units::division.eq(0),
            blood_units::blood_group.eq(bag.blood_group),
            blood_units::volume_ml.eq(300),
            blood_units::status.eq(bag.status),
            blood_units::facility.eq(bag.facility),
            blood_units::collected_on.eq(zone.date(tx.now)),
            blood_units::expires_at.eq(bag.expires_at.naive_utc()),
            blood_units::expires_on.eq(zone.date(bag.expires_at)),
            blood_units::additive.eq(bag.additive.filter(|_| bag.component.is_kept_in_additive())),
            blood_units::changed_at.eq(tx.now.naive_utc()),
            blood_units::version.eq(1_i64),
        ))
        .execute(tx.conn)
        .unwrap();
    id
}

/// A donor as the tables keep one.
#[derive(Debug, Clone, Copy)]
pub struct Person {
    pub status: DonorStatus,
    pub group: Option<BloodGroup>,
    pub evidence: GroupEvidence,
    pub governorate: &'static str,
    pub has_given: bool,
}

impl Person {
    /// Active, with a confirmed group, in Ramallah, and has given before.
    pub const fn of(group: BloodGroup) -> Self {
        Self {
            status: DonorStatus::Active,
            group: Some(group),
            evidence: GroupEvidence::Confirmed,
            governorate: "PS-RBH",
            has_given: true,
        }
    }

    pub fn insert(self, tx: &mut Tx) -> DonorId {
        let (id, now) = (DonorId(tx.id()), tx.now.naive_utc());
        diesel::insert_into(donors::table)
            .values((
                donors::id.eq(id),
                donors::status.eq(self.status),
                donors::blood_group.eq(self.group),
                donors::group_evidence.eq(self.evidence),
                donors::governorate.eq(self.governorate),
                donors::screened.eq(true),
                donors::donor_key.eq(vec![0_u8; 8]),
                donors::key_version.eq(1),
                donors::created_at.eq(now),
                donors::version.eq(1_i64),
            ))
            .execute(tx.conn)
            .unwrap();
        feed::append(tx, "donor", id.0, "test").unwrap();
        if self.has_given {
            let giving = tx.id();
            diesel::insert_into(givings::table)
                .values((
                    givings::id.eq(giving),
                    givings::donor.eq(id),
                    givings::given_on.eq(now.date() - chrono::Duration::days(200)),
                    givings::donation_type.eq("whole_blood"),
                    givings::volume_ml.eq(450),
                    givings::red_cells_lost.eq(false),
                    givings::voided.eq(false),
                    givings::source.eq("donation"),
                    givings::recorded_at.eq(now),
                ))
                .execute(tx.conn)
                .unwrap();
        }
        id
    }
}

/// A donation of a new donor, without a unit.
pub fn donation(app: &TestApp, person: Person, sequence: u32) -> DonationId {
    let facility = app.places.bank;
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            let donor = person.insert(tx);
            let (id, now) = (DonationId(tx.id()), tx.now.naive_utc());
            diesel::insert_into(donations::table)
                .values((
                    donations::id.eq(id),
                    donations::donor.eq(donor),
                    donations::din.eq(din(sequence)),
                    donations::donation_type.eq("whole_blood"),
                    donations::volume_ml.eq(450),
                    donations::collected_at.eq(now),
                    donations::given_on.eq(now.date()),
                    donations::facility.eq(facility),
                    donations::recorded_at.eq(now),
                ))
                .execute(tx.conn)?;
            Ok(id)
        })
        .unwrap()
}

/// Somebody else than the bank's own found nothing in the donation of this number.
pub fn tested(app: &TestApp, sequence: u32) {
    let (vault, today) = (app.house.vault.clone(), app.house.today());
    let (somebody, facility) = (app.principal(Role::Physician), app.places.bank);
    let results: Vec<NewResult> = Marker::MANDATORY
        .map(|marker| NewResult {
            marker,
            stage: TestStage::Screening,
            finding: TestFinding::NonReactive,
            tested_on: today,
            corrects: None,
        })
        .into();
    let enter = move |tx: &mut Tx| {
        laboratory::enter(tx, &vault, &somebody, facility, (din(sequence), today, today), &results)
    };
    app.house.db.write_now(Lane::System, enter).unwrap();
}
