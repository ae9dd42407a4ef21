//! Choosing units and counting shelves, each figure beside a limit measured in the same run.
//!
//! `cargo bench --bench stock` puts units into SQLite in a temporary directory and prints:
//! - the candidates of a request for ten units against a shelf of 100 000, beside the bare queries of its groups, and
//!   against 2 ms (target ≤ 1)
//! - the summary of a million units on forty shelves, beside counting the table, and against 1 ms (target ≤ 1)
//!
//! `SHIRYAN_BENCH_UNITS` sets another million.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::as_conversions)]

use std::time::Instant;

use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use shiryan::accounts::{self, NewUser, Principal, Username};
use shiryan::app::{self, Migrate, World};
use shiryan::db::tables::blood_units;
use shiryan::db::{Lane, insert_all};
use shiryan::http::House;
use shiryan::places::{self, NewFacility, PlaceName};
use shiryan::requests::{self, NewRequest, Pseudonym};
use shiryan::roster;
use shiryan::settings::{Flags, Settings};
use shiryan::stock;
use shiryan_kernel::blood::{BloodGroup, Component, GroupEvidence};
use shiryan_kernel::din::{Din, FICTITIOUS_FIN};
use shiryan_kernel::ids::{BloodUnitId, FacilityId, RequestId, SessionId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{FacilityKind, UnitStatus, Urgency};
use shiryan_kernel::text::ShortCode;
use shiryan_kernel::time::SystemClock;

/// Units on the shelf from which a request is met.
const ON_ONE_SHELF: usize = 100_000;
const SHELVES: usize = 40;
const ROUNDS: usize = 31;

fn main() {
    // `cargo test --benches` asks for nothing here.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    let count: usize =
        std::env::var("SHIRYAN_BENCH_UNITS").map_or(1_000_000, |text| text.parse().expect("a number"));
    let home = tempfile::tempdir().unwrap();
    let environment = [("SHIRYAN_DATA_DIR".to_owned(), home.path().join("data").display().to_string())];
    let settings = Settings::load(None, environment, &Flags::default()).unwrap();
    let house = app::open(settings, World::Live, Migrate::Now, std::sync::Arc::new(SystemClock)).unwrap();
    let banks: Vec<FacilityId> = (0..SHELVES)
        .map(|n| facility(&house, FacilityKind::BloodBank, &format!("BB{n}"), Governorate::ALL[n % 16]))
        .collect();
    let hospital = facility(&house, FacilityKind::Hospital, "H1", Governorate::ALL[0]);
    let bank = somebody(&house, Role::Bank, Some(banks[0]));
    let asks = somebody(&house, Role::Hospital, Some(hospital));
    let command = somebody(&house, Role::Command, None);
    let made = Instant::now();
    let shelf_of = |n: usize| if n < ON_ONE_SHELF { banks[0] } else { banks[1 + n % (SHELVES - 1)] };
    put(&house, count, shelf_of);
    // As the program does when a lot was written.
    assert!(house.db.empty_log().unwrap());
    println!("{count} units in {:.0} s", made.elapsed().as_secs_f64());
    matching(&house, &bank, &asks);
    summary(&house, &command);
}

fn matching(house: &House, bank: &Principal, hospital: &Principal) {
    let request = request(house, hospital);
    let now = house.db.now();
    let ours = median(|| {
        let by = bank.clone();
        let found =
            house.db.read_now(move |conn| requests::candidates(conn, &by, request, now, false)).unwrap();
        assert_eq!(found.offers.len(), 50);
    });
    let own = bank.facility.unwrap();
    let bare = median(|| {
        let rows = house.db.read_now(move |conn| {
            let mut rows = Vec::new();
            for group in BloodGroup::ALL {
                let such = (Component::RedCells, *group, shiryan_kernel::attribute::Attributes::default());
                rows.extend(stock::first_of_shelf(conn, such, own, now, 50)?);
            }
            Ok(rows)
        });
        assert_eq!(rows.unwrap().len(), 400);
    });
    println!(
        "candidates of {ON_ONE_SHELF} units: {:.2} ms, {:.2} × of 2 ms (target ≤ 1); {:.2} × the bare queries",
        ours * 1e3,
        ours / 2e-3,
        ours / bare
    );
}

fn summary(house: &House, by: &Principal) {
    let (now, zone) = (house.db.now(), house.zone);
    let started = Instant::now();
    house.roster.build(&house.db, zone).unwrap();
    println!("the roster is built in {:.2} s", started.elapsed().as_secs_f64());
    let ours = median(|| {
        let told = house.roster.look(&house.db, zone, |index| roster::summary(&index.units, zone, by, now));
        assert!(!told.unwrap().areas.is_empty());
    });
    let bare = median(|| {
        let rows: i64 = house.db.read_now(|conn| Ok(blood_units::table.count().get_result(conn)?)).unwrap();
        assert!(rows > 0);
    });
    println!(
        "summary: {:.2} ms, {:.1} × of 1 ms (target ≤ 1); {:.2} × counting the table",
        ours * 1e3,
        ours / 1e-3,
        ours / bare
    );
}

/// A request for an AB+ patient, whom every group of red cells fits.
fn request(house: &House, by: &Principal) -> RequestId {
    let new = NewRequest {
        patient: Pseudonym::parse("P-1").unwrap(),
        blood_group: Some(BloodGroup::AbPos),
        group_evidence: Some(GroupEvidence::Confirmed),
        sex: None,
        age_band: None,
        component: Component::RedCells,
        units: 10,
        needs: shiryan_kernel::attribute::Attributes::default(),
        urgency: Urgency::Urgent,
        needed_at: None,
        notes: None,
    };
    let (by, vault) = (by.clone(), house.vault.clone());
    house.db.write_now(Lane::System, move |tx| requests::submit(tx, &vault, &by, &new)).unwrap().id
}

fn put(house: &House, count: usize, shelf_of: impl Fn(usize) -> FacilityId) {
    let zone = house.zone;
    let mut random = StdRng::seed_from_u64(11);
    let numbers: Vec<usize> = (0..count).collect();
    for chunk in numbers.chunks(8_192) {
        let shelves: Vec<(usize, FacilityId)> = chunk.iter().map(|n| (*n, shelf_of(*n))).collect();
        let seed: u64 = random.random();
        let insert = move |tx: &mut shiryan::db::Tx| {
            let mut random = StdRng::seed_from_u64(seed);
            let mut rows = Vec::with_capacity(shelves.len());
            for (n, facility) in &shelves {
                let expires = tx.now + chrono::Duration::hours(random.random_range(24..24 * 40));
                let status = match random.random_range(0..10) {
                    0 => UnitStatus::Quarantine,
                    1 => UnitStatus::Reserved,
                    _ => UnitStatus::Released,
                };
                let component = match *n {
                    n if n < ON_ONE_SHELF => Component::RedCells,
                    _ => *Component::ALL.choose(&mut random).unwrap(),
                };
                // A number has six digits to a year.
                let din = Din::compose(FICTITIOUS_FIN, 10 + (n / 900_000) as u32, (n % 900_000) as u32 + 1);
                rows.push((
                    blood_units::id.eq(BloodUnitId(tx.id())),
                    blood_units::din.eq(din.unwrap()),
                    blood_units::component.eq(component),
                    blood_units::division.eq(0),
                    blood_units::blood_group.eq(*BloodGroup::ALL.choose(&mut random).unwrap()),
                    blood_units::volume_ml.eq(300),
                    blood_units::status.eq(status),
                    blood_units::facility.eq(*facility),
                    blood_units::collected_on.eq(zone.date(tx.now)),
                    blood_units::expires_at.eq(expires.naive_utc()),
                    blood_units::expires_on.eq(zone.date(expires)),
                    blood_units::changed_at.eq(tx.now.naive_utc()),
                    blood_units::version.eq(1_i64),
                ));
            }
            insert_all!(tx.conn => blood_units::table, rows)?;
            Ok(())
        };
        house.db.write_now(Lane::Bulk, insert).unwrap();
    }
}

fn facility(house: &House, kind: FacilityKind, code: &str, governorate: Governorate) -> FacilityId {
    let vault = house.vault.clone();
    let new = NewFacility {
        code: ShortCode::parse(code).unwrap(),
        kind,
        name_ar: PlaceName::parse("موقع").unwrap(),
        name_en: PlaceName::parse(code).unwrap(),
        governorate,
    };
    let made = house.db.write_now(Lane::System, move |tx| places::create_facility(tx, &vault, None, &new));
    made.unwrap()
}

fn somebody(house: &House, role: Role, facility: Option<FacilityId>) -> Principal {
    let hash = accounts::hash_now("four olive trees").unwrap();
    let vault = house.vault.clone();
    let username = Username::parse(&format!("bench_{role}")).unwrap();
    let new = NewUser { username, role, facility, units: Vec::new() };
    let made = house.db.write_now(Lane::System, move |tx| accounts::ensure_user(tx, &vault, &new, &hash));
    let user = made.unwrap();
    Principal { user, role, session: SessionId(user.0), facility }
}

fn median(mut work: impl FnMut()) -> f64 {
    let mut times: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed().as_secs_f64()
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}
