//! Units on their way between blood banks: they count nowhere, arrive as they left, and none is sent twice.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::accounts::{self, Hashed, NewUser, Principal, Username};
use shiryan::db::Lane;
use shiryan::db::tables::{daily_flows, unit_movements};
use shiryan::places::{self, NewFacility, PlaceName};
use shiryan::stock;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::{BloodUnitId, FacilityId, SessionId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{FacilityKind, UnitStatus};
use shiryan_kernel::text::ShortCode;

use super::support::app::{Client, PASSWORD, Reply, TestApp};
use super::support::at_once;
use super::support::shelf::{Bag, din};

both!(
    a_unit_goes_arrives_as_it_left_and_each_shelf_adds_up,
    what_cannot_be_sent_leaves_nothing_sent,
    of_two_transfers_of_one_unit_one_is_made,
    what_is_missing_stays_on_the_list_until_a_second_person_calls_it_lost,
    what_is_stopped_or_expires_on_the_way_arrives_so,
    a_unit_is_either_held_or_sent,
    a_unit_that_went_on_is_not_taken_back,
    the_minute_job_ends_what_expires_on_the_way_and_counts_it_once,
    a_box_that_was_too_long_on_its_way_arrives_stopped,
    a_stray_label_stays_on_the_list_of_who_scanned_it,
);

fn bank(app: &TestApp, governorate: Governorate, code: &str) -> FacilityId {
    let (vault, place) = (app.house.vault.clone(), |text| PlaceName::parse(text).unwrap());
    let new = NewFacility {
        code: ShortCode::parse(code).unwrap(),
        kind: FacilityKind::BloodBank,
        name_ar: place("بنك دم"),
        name_en: place(code),
        governorate,
    };
    app.house.db.write_now(Lane::System, move |tx| places::create_facility(tx, &vault, None, &new)).unwrap()
}

fn somebody(app: &TestApp, facility: FacilityId, name: &str) -> Client {
    let hash: Hashed = accounts::hash_now(PASSWORD).unwrap();
    let (vault, username) = (app.house.vault.clone(), Username::parse(name).unwrap());
    let new = NewUser { username, role: Role::Bank, facility: Some(facility), units: Vec::new() };
    let user = app
        .house
        .db
        .write_now(Lane::System, move |tx| accounts::ensure_user(tx, &vault, &new, &hash))
        .unwrap();
    let principal =
        Principal { user, role: Role::Bank, session: SessionId(user.0), facility: Some(facility) };
    app.with_token(&app.house.sessions.tokens.make(&principal, app.house.db.now()).unwrap())
}

fn labels(sequences: &[u32]) -> Value {
    sequences.iter().map(|n| json!({"din": din(*n).to_string(), "component": "red_cells"})).collect()
}

fn send(app: &TestApp, to: FacilityId, sequences: &[u32]) -> Reply {
    app.client(Role::Bank).post("/api/v1/transfers", &json!({"to": to, "units": labels(sequences)}))
}

fn sent(app: &TestApp, to: FacilityId, sequences: &[u32]) -> String {
    send(app, to, sequences).expect(201)["id"].as_str().unwrap().to_owned()
}

fn receive(by: &Client, id: &str, sequences: &[u32]) -> Reply {
    by.post(&format!("/api/v1/transfers/{id}/receive"), &json!({"units": labels(sequences)}))
}

fn stands(app: &TestApp, id: BloodUnitId) -> (UnitStatus, FacilityId) {
    let unit = app.house.db.read_now(|conn| stock::unit(conn, id)).unwrap();
    (unit.status, unit.facility)
}

/// What the movements of units add up to, by place and state.
fn balance(app: &TestApp, units: &[BloodUnitId]) -> BTreeMap<(i64, String), i32> {
    let mut sum = BTreeMap::new();
    for unit in units {
        let steps: Vec<(i64, String)> = app
            .house
            .db
            .read_now(|conn| {
                Ok(unit_movements::table
                    .filter(unit_movements::blood_unit.eq(unit))
                    .order(unit_movements::id)
                    .select((unit_movements::facility, unit_movements::to_status))
                    .load(conn)?)
            })
            .unwrap();
        for step in &steps {
            *sum.entry(step.clone()).or_default() += 1;
        }
        for step in steps.iter().rev().skip(1) {
            *sum.entry(step.clone()).or_default() -= 1;
        }
    }
    sum.retain(|_, units| *units != 0);
    sum
}

fn a_unit_goes_arrives_as_it_left_and_each_shelf_adds_up(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    let there = somebody(&app, other, "bb_other");
    let good = Bag::new(&app, 1).put(&app);
    let raw = Bag::new(&app, 2).quarantined(None).put(&app);
    let id = sent(&app, other, &[1, 2]);
    for unit in [good, raw] {
        assert_eq!(stands(&app, unit), (UnitStatus::InTransit, app.places.bank));
        let path = format!("/api/v1/stock/units/{unit}/discard");
        assert_eq!(
            app.client(Role::Bank).post(&path, &json!({"reason": "damaged"})).problem(409),
            "state_conflict"
        );
    }
    let cells = app.client(Role::Bank).get("/api/v1/stock/summary").expect(200).to_string();
    assert!(cells.contains("in_transit") && !cells.contains("\"released\""), "{cells}");
    assert_eq!(receive(&app.client(Role::Bank), &id, &[1]).problem(404), "not_found");
    let stranger = somebody(&app, bank(&app, Governorate::RamallahAlBireh, "BB-THIRD"), "bb_third");
    assert_eq!(stranger.get(&format!("/api/v1/transfers/{id}")).problem(404), "not_found");
    let said = receive(&there, &id, &[1, 2]).expect(200);
    assert_eq!(
        (&said["state"], &said["missing"], &said["unexpected"]),
        (&json!("closed"), &json!([]), &json!([]))
    );
    assert_eq!(stands(&app, good), (UnitStatus::Released, other));
    assert_eq!(stands(&app, raw), (UnitStatus::Quarantine, other));
    let shelf =
        BTreeMap::from([((other.0, "released".to_owned()), 1), ((other.0, "quarantine".to_owned()), 1)]);
    assert_eq!(balance(&app, &[good, raw]), shelf);
    assert_eq!(receive(&there, &id, &[1]).problem(409), "state_conflict");
    for by in [&there, &app.client(Role::Bank)] {
        let seen = by.get("/api/v1/transfers?state=closed").expect(200);
        assert_eq!(seen["items"].as_array().unwrap().len(), 1);
    }
    assert_eq!(stranger.get("/api/v1/transfers").expect(200)["items"], json!([]));
}

fn what_cannot_be_sent_leaves_nothing_sent(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    let away = bank(&app, Governorate::Gaza, "BB-GAZA");
    let good = Bag::new(&app, 1).put(&app);
    Bag { expires_at: app.house.db.now() - chrono::Duration::hours(1), ..Bag::new(&app, 2) }.put(&app);
    Bag { facility: other, ..Bag::new(&app, 3) }.put(&app);
    for to in [away, app.places.bank, app.places.hospital] {
        assert_eq!(send(&app, to, &[1]).problem(422), "invalid_request");
    }
    assert_eq!(send(&app, other, &[1, 2]).problem(409), "unit_expired");
    assert_eq!(send(&app, other, &[1, 3]).problem(422), "invalid_request");
    assert_eq!(send(&app, other, &[1, 1]).problem(422), "invalid_request");
    assert_eq!(send(&app, other, &[]).problem(422), "invalid_request");
    for (n, state) in (10..).zip(UnitStatus::ALL) {
        let unit = Bag { status: *state, ..Bag::new(&app, n) }.put(&app);
        if matches!(state, UnitStatus::Released | UnitStatus::Quarantine) {
            continue;
        }
        assert_eq!(send(&app, other, &[1, n]).problem(409), "state_conflict", "{state}");
        assert_eq!(stands(&app, unit), (*state, app.places.bank));
    }
    assert_eq!(stands(&app, good), (UnitStatus::Released, app.places.bank));
    assert_eq!(app.client(Role::Bank).get("/api/v1/transfers").expect(200)["items"], json!([]));
}

fn of_two_transfers_of_one_unit_one_is_made(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    let unit = Bag::new(&app, 1).put(&app);
    let said = at_once(4, |_| send(&app, other, &[1]).status);
    assert_eq!(said.iter().filter(|status| **status == 201).count(), 1, "{said:?}");
    assert_eq!(said.iter().filter(|status| **status == 409).count(), 3, "{said:?}");
    assert_eq!(balance(&app, &[unit]).into_values().sum::<i32>(), 1);
}

fn what_is_missing_stays_on_the_list_until_a_second_person_calls_it_lost(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    let (there, second) = (somebody(&app, other, "bb_other"), somebody(&app, other, "bb_second"));
    let units = [1, 2].map(|n| Bag::new(&app, n).put(&app));
    let id = sent(&app, other, &[1, 2]);
    let said = receive(&there, &id, &[1, 9]).expect(200);
    assert_eq!(said["state"], "discrepancy");
    assert_eq!(said["missing"][0]["id"], json!(units[1]));
    assert_eq!(said["unexpected"][0]["din"], json!(din(9)));
    let list = |by: &Client| by.get("/api/v1/transfers?state=discrepancy").expect(200)["items"].clone();
    assert_eq!(list(&second).as_array().unwrap().len(), 1);
    let (path, form) = (format!("/api/v1/transfers/{id}/lost"), json!({"note": "no box at the gate"}));
    assert_eq!(app.client(Role::Bank).post(&path, &form).problem(403), "second_person_required");
    assert_eq!(there.post(&path, &form).problem(403), "second_person_required");
    assert_eq!(second.post(&path, &form).expect(200)["state"], "closed");
    assert_eq!(stands(&app, units[0]), (UnitStatus::Released, other));
    assert_eq!(stands(&app, units[1]).0, UnitStatus::Discarded);
    assert_eq!(list(&second), json!([]));
}

fn what_is_stopped_or_expires_on_the_way_arrives_so(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    let there = somebody(&app, other, "bb_other");
    let soon = app.house.db.now() + chrono::Duration::minutes(3);
    let (stopped, short) =
        (Bag::new(&app, 1).put(&app), Bag { expires_at: soon, ..Bag::new(&app, 2) }.put(&app));
    let id = sent(&app, other, &[1, 2]);
    let block = |unit| there.post(&format!("/api/v1/stock/units/{unit}/block"), &json!({"reason": "recall"}));
    block(stopped).expect(200);
    let clear = format!("/api/v1/stock/units/{stopped}/clear");
    let cleared = app.client(Role::Physician).post(&clear, &json!({"note": "seen"}));
    assert_eq!(cleared.problem(409), "state_conflict");
    app.clock.advance(chrono::Duration::minutes(4));
    assert_eq!(receive(&there, &id, &[1, 2]).expect(200)["state"], "closed");
    assert_eq!(stands(&app, stopped), (UnitStatus::Blocked, other));
    assert_eq!(stands(&app, short), (UnitStatus::Expired, other));
    app.client(Role::Physician).post(&clear, &json!({"note": "seen"})).expect(200);
    assert_eq!(stands(&app, stopped), (UnitStatus::Quarantine, other));
}

/// A request of the hospital that the blood bank has taken.
fn accepted(app: &TestApp) -> String {
    let form = json!({"patient": "P-1", "blood_group": "o_neg", "group_evidence": "confirmed",
        "component": "red_cells", "units": 1, "urgency": "urgent"});
    let made = app.client(Role::Hospital).post("/api/v1/requests", &form).expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    app.client(Role::Bank).post(&format!("/api/v1/requests/{id}/accept"), &json!({})).expect(200);
    id
}

fn a_unit_is_either_held_or_sent(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    for sequence in 1..=6 {
        let unit = Bag::new(&app, sequence).put(&app);
        let request = accepted(&app);
        let (holds, sends) = (app.client(Role::Bank), app.client(Role::Bank));
        let replies = std::thread::scope(|scope| {
            let path = format!("/api/v1/requests/{request}/reserve");
            let hold = scope.spawn(move || holds.post(&path, &json!({"units": [unit]})).status);
            let form = json!({"to": other, "units": labels(&[sequence])});
            let send = scope.spawn(move || sends.post("/api/v1/transfers", &form).status);
            (hold.join().unwrap(), send.join().unwrap())
        });
        let (expected, status) = match replies {
            (200, 409) => (UnitStatus::Reserved, stands(&app, unit).0),
            (409, 201) => (UnitStatus::InTransit, stands(&app, unit).0),
            both => panic!("{both:?}"),
        };
        assert_eq!(status, expected);
    }
}

fn a_unit_that_went_on_is_not_taken_back(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    let there = somebody(&app, other, "bb_other");
    let (own, hospital) = (app.client(Role::Bank), app.client(Role::Hospital));
    let unit = Bag::new(&app, 1).put(&app);
    let request = accepted(&app);
    let act = |by: &Client, verb: &str, form: Value| {
        by.post(&format!("/api/v1/requests/{request}/{verb}"), &form).expect(200);
    };
    act(&own, "reserve", json!({"units": [unit]}));
    act(&own, "issue", json!({}));
    act(&hospital, "receive", json!({"dins": [din(1).to_string()]}));
    let report = |by: &Client, verb: &str| by.post(&format!("/api/v1/stock/units/{unit}/{verb}"), &json!({}));
    let kept_cold = json!({"minutes_out_of_control": 5});
    hospital.post(&format!("/api/v1/stock/units/{unit}/returned"), &kept_cold).expect(200);
    report(&own, "take-back").expect(200);
    let id = sent(&app, other, &[1]);
    assert!((400..500).contains(&report(&own, "take-back").status), "it is on its way");
    receive(&there, &id, &[1]).expect(200);
    assert_eq!(stands(&app, unit), (UnitStatus::Quarantine, other));
    assert!((400..500).contains(&report(&own, "take-back").status), "it lies at the other blood bank");
    assert_eq!(stands(&app, unit), (UnitStatus::Quarantine, other));
}

fn the_minute_job_ends_what_expires_on_the_way_and_counts_it_once(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    let there = somebody(&app, other, "bb_other");
    let bag = |n| Bag { expires_at: app.house.db.now() + chrono::Duration::minutes(3), ..Bag::new(&app, n) };
    let unit = bag(1).put(&app);
    let raw = bag(2).quarantined(Some(BloodGroup::ONeg)).put(&app);
    let id = sent(&app, other, &[1, 2]);
    app.clock.advance(chrono::Duration::minutes(4));
    let (vault, zone) = (app.house.vault.clone(), app.house.zone);
    let due =
        app.house.db.write_now(Lane::System, move |tx| stock::expire_due(tx, &vault, zone, 100)).unwrap();
    assert_eq!(due, 2);
    let expired: Vec<i32> = app
        .house
        .db
        .read_now(|conn| Ok(daily_flows::table.select(daily_flows::expired).load(conn)?))
        .unwrap();
    assert_eq!(expired.iter().sum::<i32>(), 1, "what was in quarantine was no stock");
    receive(&there, &id, &[1, 2]).expect(200);
    for unit in [unit, raw] {
        assert_eq!(stands(&app, unit), (UnitStatus::Expired, other));
    }
}

fn a_box_that_was_too_long_on_its_way_arrives_stopped(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    for (number, minutes, expected) in [(1, 720, UnitStatus::Released), (2, 721, UnitStatus::Blocked)] {
        let unit = Bag::new(&app, number).put(&app);
        let id = sent(&app, other, &[number]);
        app.clock.advance(chrono::Duration::minutes(minutes));
        let got = receive(&somebody(&app, other, &format!("bb_{number}")), &id, &[number]).expect(200);
        assert_eq!((&got["state"], &got["received"][0]["status"]), (&json!("closed"), &json!(expected)));
        assert_eq!(stands(&app, unit), (expected, other));
    }
}

fn a_stray_label_stays_on_the_list_of_who_scanned_it(app: TestApp) {
    let other = bank(&app, Governorate::RamallahAlBireh, "BB-OTHER");
    let there = somebody(&app, other, "bb_other");
    Bag::new(&app, 1).put(&app);
    Bag::new(&app, 2).put(&app);
    let id = sent(&app, other, &[1, 2]);
    // Scanned twice: once on the list.
    receive(&there, &id, &[1, 9]).expect(200);
    receive(&there, &id, &[2, 9]).expect(200);
    let list = there.get("/api/v1/stock/strays?open=true").expect(200)["items"].clone();
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!((&list[0]["transfer"], &list[0]["din"]), (&json!(id), &json!(din(9).to_string())));
    assert_eq!(app.client(Role::Bank).get("/api/v1/stock/strays").expect(200)["items"], json!([]));
    let path = format!("/api/v1/stock/strays/{}/explain", list[0]["id"].as_str().unwrap());
    there.post(&path, &json!({"note": "من شحنة أخرى"})).expect(200);
    assert_eq!(there.get("/api/v1/stock/strays?open=true").expect(200)["items"], json!([]));
}
