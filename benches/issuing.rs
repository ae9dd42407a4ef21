//! Issuing held units over HTTP: the hospital's requests wait with a unit held for each, and the blood bank issues them,
//! each with a key of its own: request, hold, unit, ledger, record, feed and key in one durable write.
//!
//! `cargo bench --bench issuing` makes a demo's world in SQLite in a temporary directory and prints issues a second with
//! 32 clients on the same two cores, against 1 000 (target ≥ 1).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

mod program;

use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use diesel::prelude::*;
use shiryan::accounts::Principal;
use shiryan::db::tables::{blood_units, users};
use shiryan::db::{Lane, Tx, insert_all};
use shiryan::http::House;
use shiryan::requests::{self, NewHold, NewRequest, Pseudonym};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component, GroupEvidence};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, RequestId, SessionId, UserId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{UnitStatus, Urgency};

use program::{Round, load, make, open, sign_in, start};

const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(2);
const CLIENTS: usize = 32;
const WANTED: f64 = 1_000.0;
/// Requests that wait with a unit each; more than can be issued.
const WAITING: usize = 40_000;
/// Requests made in one write.
const SLICE: usize = 200;

fn main() {
    // `cargo test --benches` asks for nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    make(home.path());
    let house = open(home.path());
    let waiting = wait(&house);
    let (running, api) = start(home.path());
    let (token, next) = (sign_in(api, "bank"), AtomicUsize::new(0));
    let issue = |id: &RequestId, n: usize| {
        format!(
            "POST /api/v1/requests/{id}/issue HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\nidempotency-key: bench-{n:08}\r\ncontent-length: 2\r\n\r\n{{}}"
        )
    };
    let mut rounds: Vec<Round> = (0..ROUNDS)
        .map(|_| load(api, (CLIENTS, ROUND), (&waiting, &next), (200, 0), &issue))
        .inspect(|round| println!("  {CLIENTS} clients: {round}"))
        .collect();
    rounds.sort_by(|a, b| a.rate.total_cmp(&b.rate));
    let middle = &rounds[ROUNDS / 2];
    println!(
        "{CLIENTS} clients: {:.0} issues a second, {:.2} × of {WANTED} (target ≥ 1); p99 {:.1} ms",
        middle.rate,
        middle.rate / WANTED,
        middle.at(0.99)
    );
    drop(running);
}

/// Requests of the demo's hospital that its blood bank took, each with a unit held.
fn wait(house: &House) -> Vec<RequestId> {
    let (hospital, bank) = (somebody(house, Role::Hospital), somebody(house, Role::Bank));
    let mut waiting = Vec::with_capacity(WAITING);
    for first in (0..WAITING).step_by(SLICE) {
        let (hospital, bank, vault) = (hospital.clone(), bank.clone(), house.vault.clone());
        let zone = house.zone;
        let made = house.db.write_now(Lane::Bulk, move |tx| {
            let units = shelve(tx, zone, &bank, first)?;
            let mut made = Vec::with_capacity(SLICE);
            for (n, unit) in units.into_iter().enumerate() {
                let id = requests::submit(tx, &vault, &hospital, &one(first + n))?.id;
                requests::accept(tx, &vault, &bank, id)?;
                let held = NewHold { units: vec![unit], hours: 12, reason: None };
                requests::reserve(tx, &vault, &bank, id, &held)?;
                made.push(id);
            }
            Ok(made)
        });
        waiting.extend(made.unwrap());
    }
    waiting
}

fn one(n: usize) -> NewRequest {
    NewRequest {
        patient: Pseudonym::parse(&format!("P-{n}")).unwrap(),
        blood_group: Some(BloodGroup::APos),
        group_evidence: Some(GroupEvidence::Confirmed),
        sex: None,
        age_band: None,
        component: Component::RedCells,
        units: 1,
        needs: Attributes::default(),
        urgency: Urgency::Urgent,
        needed_at: None,
        notes: None,
    }
}

/// Units of red cells, A+, released, on the bank's shelf.
fn shelve(
    tx: &mut Tx,
    zone: shiryan_kernel::time::Zone,
    bank: &Principal,
    first: usize,
) -> shiryan_kernel::Result<Vec<BloodUnitId>> {
    let (facility, now) = (bank.facility.unwrap(), tx.now);
    let expires = now + chrono::Duration::days(20);
    let ids: Vec<BloodUnitId> = (0..SLICE).map(|_| BloodUnitId(tx.id())).collect();
    let rows: Vec<_> = ids
        .iter()
        .enumerate()
        .map(|(n, id)| {
            (
                blood_units::id.eq(*id),
                blood_units::din.eq(Din::compose("Z9990", 26, (first + n) as u32 + 1).unwrap()),
                blood_units::component.eq(Component::RedCells),
                blood_units::division.eq(0),
                blood_units::blood_group.eq(BloodGroup::APos),
                blood_units::volume_ml.eq(300),
                blood_units::status.eq(UnitStatus::Released),
                blood_units::facility.eq(facility),
                blood_units::collected_on.eq(zone.date(now)),
                blood_units::expires_at.eq(expires.naive_utc()),
                blood_units::expires_on.eq(zone.date(expires)),
                blood_units::changed_at.eq(now.naive_utc()),
                blood_units::version.eq(1_i64),
            )
        })
        .collect();
    insert_all!(tx.conn => blood_units::table, rows)?;
    Ok(ids)
}

/// The demo's account of a role that acts for a facility.
fn somebody(house: &House, role: Role) -> Principal {
    let (user, facility): (UserId, Option<FacilityId>) = house
        .db
        .read_now(|conn| {
            let of =
                users::table.filter(users::username.eq(role.code())).select((users::id, users::facility));
            Ok(of.first(conn)?)
        })
        .unwrap();
    Principal { user, role, session: SessionId(user.0), facility }
}
