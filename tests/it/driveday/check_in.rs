//! Checking in: once each, by what was stated and shown, never one more than there are places.

use std::sync::{Arc, Barrier};

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::{check_ins, decisions, drives, slots};
use shiryan::eligibility::{self, NewDeferral};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{CheckInState, DriveStatus};

use super::{came, comes, day_of, donor, drive, faults, healthy, identity, medic, morning};
use crate::support::app::{TestApp, new_key};

both!(
    who_was_booked_and_who_was_not_come_in_once,
    without_identity_nobody_comes_in,
    sixteen_walk_in_and_as_many_as_there_are_places_come_in,
    one_person_comes_in_once_however_many_ask,
    what_cannot_be_true_changes_nothing,
    whoever_may_not_give_is_checked_in_alike,
    a_mistake_is_taken_back_and_leaves_no_rest,
    places_kept_for_walk_ins_are_theirs_alone,
    everyone_who_came_rests_alike,
    b2_command_sees_outcomes_of_many_and_only_afterwards,
);

fn rows(app: &TestApp) -> [i64; 3] {
    let read = app.house.db.read_now(|conn| {
        let taken: Option<i64> = slots::table.select(diesel::dsl::sum(slots::booked)).first(conn)?;
        Ok([
            check_ins::table.count().get_result(conn)?,
            decisions::table.count().get_result(conn)?,
            taken.unwrap_or(0),
        ])
    });
    read.unwrap()
}

fn list(app: &TestApp, drive: &str) -> Vec<Value> {
    let page = medic(app).get(&format!("/api/v1/drives/{drive}/check-ins")).expect(200);
    page["items"].as_array().unwrap().clone()
}

fn who_was_booked_and_who_was_not_come_in_once(app: TestApp) {
    let (drive, booked, walker) = (drive(&app, 2), donor(&app), donor(&app));
    let appointment = super::book(&app, &drive, booked)["id"].clone();
    morning(&app);
    assert_eq!(day_of(&medic(&app), &drive)["expected"], 1);
    let key = new_key();
    let form = json!({"donor": booked, "identity": identity()});
    let path = format!("/api/v1/drives/{drive}/check-ins");
    let first = medic(&app).post_as(&key, &path, &form).expect(201);
    assert_eq!((&first["appointment"], &first["walk_in"]), (&appointment, &json!(false)));
    assert_eq!(medic(&app).post_as(&key, &path, &form).expect(201), first);
    let second = comes(&app, &drive, walker, json!({})).expect(201);
    assert_eq!((&second["walk_in"], &second["state"]), (&json!(true), &json!("waiting")));
    for again in [booked, walker] {
        let reply = comes(&app, &drive, again, json!({}));
        assert_eq!(reply.problem(409), "state_conflict");
        assert_eq!(reply.json()["state"], "waiting");
    }
    assert_eq!(rows(&app), [2, 2, 2]);
    let listed = list(&app, &drive);
    assert_eq!(
        listed.iter().map(|row| row["donor"].clone()).collect::<Vec<_>>(),
        [json!(booked), json!(walker)]
    );
    assert_eq!(listed[0]["came_at"], super::MORNING);
    let counts = day_of(&app.client(Role::Physician), &drive);
    assert_eq!((&counts["expected"], &counts["checked_in"]), (&json!(0), &json!(2)));
    assert_eq!((&counts["waiting"], &counts["donated"]), (&json!(2), &json!(0)));
}

fn without_identity_nobody_comes_in(app: TestApp) {
    let (drive, donor) = (drive(&app, 2), donor(&app));
    morning(&app);
    for (stated, seen, fields) in [
        (false, true, vec!["identity.name_and_birth_date_stated"]),
        (true, false, vec!["identity.document_seen"]),
        (false, false, vec!["identity.name_and_birth_date_stated", "identity.document_seen"]),
    ] {
        let identity = json!({"name_and_birth_date_stated": stated, "document_seen": seen});
        let reply = comes(&app, &drive, donor, json!({"identity": identity}));
        let told: Vec<_> = faults(&reply).into_iter().map(|(field, _)| field).collect();
        assert_eq!(told, fields);
        assert!(faults(&reply).iter().all(|(_, code)| code == "invalid_value"));
    }
    assert_eq!(rows(&app), [0, 0, 0]);
}

fn at_once(app: &TestApp, drive: &str, donors: Vec<DonorId>) -> Vec<u16> {
    let barrier = Arc::new(Barrier::new(donors.len()));
    let client = medic(app);
    let threads: Vec<_> = donors
        .into_iter()
        .map(|donor| {
            let (client, barrier, drive) = (client.clone(), barrier.clone(), drive.to_owned());
            std::thread::spawn(move || {
                barrier.wait();
                let form = json!({"donor": donor, "identity": identity()});
                client.post(&format!("/api/v1/drives/{drive}/check-ins"), &form).status
            })
        })
        .collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

fn sixteen_walk_in_and_as_many_as_there_are_places_come_in(app: TestApp) {
    let drive = drive(&app, 2);
    let donors: Vec<DonorId> = (0..16).map(|_| donor(&app)).collect();
    morning(&app);
    let replies = at_once(&app, &drive, donors);
    // The slot at nine is over at half past; four of two places are left.
    assert_eq!(replies.iter().filter(|status| **status == 201).count(), 8, "{replies:?}");
    assert_eq!(replies.iter().filter(|status| **status == 409).count(), 8, "{replies:?}");
    assert_eq!(rows(&app), [8, 8, 8]);
}

fn one_person_comes_in_once_however_many_ask(app: TestApp) {
    let (drive, donor) = (drive(&app, 4), donor(&app));
    morning(&app);
    let replies = at_once(&app, &drive, vec![donor; 8]);
    assert_eq!(replies.iter().filter(|status| **status == 201).count(), 1, "{replies:?}");
    assert_eq!(replies.iter().filter(|status| **status == 409).count(), 7, "{replies:?}");
    assert_eq!(rows(&app), [1, 1, 1]);
}

fn what_cannot_be_true_changes_nothing(app: TestApp) {
    let (drive, here, elsewhere) = (drive(&app, 1), donor(&app), healthy(&app, app.places.other_unit));
    let early = comes(&app, &drive, here, json!({}));
    assert_eq!(faults(&early), [("at".to_owned(), "out_of_range".to_owned())]);
    assert_eq!(early.json()["drive_on"], super::DAY);
    morning(&app);
    for (fields, field, code) in [
        (json!({"at": "2026-12-01T07:30:01Z"}), "at", "out_of_range"),
        (json!({"at": "2026-11-30T07:30:00Z"}), "at", "out_of_range"),
        (json!({"slot": "0000000000007"}), "slot", "unknown_reference"),
    ] {
        let reply = comes(&app, &drive, here, fields.clone());
        assert_eq!(faults(&reply), [(field.to_owned(), code.to_owned())], "{fields}");
    }
    for donor in [DonorId(7), elsewhere] {
        assert_eq!(comes(&app, &drive, donor, json!({})).problem(404), "not_found");
    }
    assert_eq!(comes(&app, "0000000000007", here, json!({})).problem(404), "not_found");
    let of_others = json!({
        "place": "قاعة", "governorate": "PS-HBN", "date": super::DAY, "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": app.places.other_unit,
    });
    let made = app.client(Role::Bank).post("/api/v1/drives", &of_others).expect(201);
    let other = made["id"].as_str().unwrap();
    assert_eq!(comes(&app, other, here, json!({})).problem(404), "not_found");
    medic(&app).get(&format!("/api/v1/drives/{other}/day")).problem(404);
    medic(&app).get(&format!("/api/v1/drives/{other}/check-ins")).problem(404);
    assert_eq!(rows(&app), [0, 0, 0]);
    app.client(Role::Bank).post(&format!("/api/v1/drives/{drive}/cancel"), &json!({})).expect(200);
    let called_off = comes(&app, &drive, here, json!({}));
    assert_eq!(called_off.problem(409), "state_conflict");
    assert_eq!(called_off.json()["state"], "cancelled");
}

/// A cause that the medic may not know changes no byte of the answer but its ids.
fn whoever_may_not_give_is_checked_in_alike(app: TestApp) {
    let (drive, well, ill) = (drive(&app, 4), donor(&app), donor(&app));
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new = NewDeferral { donor: ill, code: "P-HIV".into(), base: None, second_base: None, ended_on: None };
    let deferred =
        app.house.db.write_now(Lane::System, move |tx| eligibility::defer(tx, &vault, &book, None, &new));
    deferred.unwrap();
    morning(&app);
    let shape = |donor| {
        let mut made = comes(&app, &drive, donor, json!({})).expect(201);
        for id in ["id", "appointment"] {
            made[id] = Value::Null;
        }
        made
    };
    assert_eq!(shape(well), shape(ill));
}

fn assignable(app: &TestApp, number: &str) -> Value {
    let asked = json!({"service_number": number, "loads": ["parade_standing"]});
    app.client(Role::Command).post("/api/v1/assignability", &asked).expect(200)["status"].clone()
}

fn numbered(app: &TestApp, donor: DonorId, number: &str) {
    let path = format!("/api/v1/donors/{donor}");
    let version = medic(app).get(&path).expect(200)["version"].as_i64().unwrap();
    let reply = medic(app).patch(&path, version, &json!({"service_number": number}));
    assert_eq!(reply.status, 200, "{}", reply.text);
}

fn a_mistake_is_taken_back_and_leaves_no_rest(app: TestApp) {
    let (drive, walker, booked) = (drive(&app, 1), donor(&app), donor(&app));
    numbered(&app, walker, "12345");
    super::book(&app, &drive, booked);
    morning(&app);
    let ids = [came(&app, &drive, walker), came(&app, &drive, booked)];
    assert_eq!(assignable(&app, "12345"), "not_assignable");
    for id in &ids {
        let path = format!("/api/v1/check-ins/{id}/void");
        assert_eq!(medic(&app).post(&path, &json!({})).expect(200)["state"], "voided");
        let again = medic(&app).post(&path, &json!({}));
        assert_eq!(again.problem(409), "state_conflict");
        assert_eq!(again.json()["state"], "voided");
    }
    assert_eq!(assignable(&app, "12345"), "assignable");
    // The booked one is expected again, the walk-in's place is free.
    assert_eq!(rows(&app)[2], 1);
    let counts = day_of(&medic(&app), &drive);
    assert_eq!((&counts["expected"], &counts["checked_in"]), (&json!(1), &json!(0)));
    came(&app, &drive, walker);
    came(&app, &drive, booked);
    assert_eq!(rows(&app)[0], 4);
}

fn everyone_who_came_rests_alike(app: TestApp) {
    let drive = drive(&app, 4);
    let people = [donor(&app), donor(&app), donor(&app)];
    for (donor, number) in people.into_iter().zip(["20001", "20002", "20003"]) {
        numbered(&app, donor, number);
    }
    morning(&app);
    came(&app, &drive, people[0]);
    came(&app, &drive, people[1]);
    // One of the two gives; the third never came.
    let given = json!({
        "donor": people[0], "donation_type": "whole_blood", "din": crate::support::shelf::din(1),
        "volume_ml": 450, "collected_at": super::MORNING, "drive": drive, "facility": app.places.bank,
    });
    app.client(Role::Bank).post("/api/v1/donations", &given).expect(201);
    for (at, status) in [
        ("2026-12-01T08:00:00Z", "not_assignable"),
        ("2026-12-02T09:29:59Z", "not_assignable"),
        ("2026-12-02T09:30:00Z", "assignable"),
    ] {
        app.clock.set(at.parse().unwrap());
        assert_eq!(
            [assignable(&app, "20001"), assignable(&app, "20002")],
            [json!(status), json!(status)],
            "{at}"
        );
        assert_eq!(assignable(&app, "20003"), "assignable");
    }
}

fn b2_command_sees_outcomes_of_many_and_only_afterwards(app: TestApp) {
    let drive = drive(&app, 10);
    let small: Vec<DonorId> = (0..4).map(|_| healthy(&app, app.places.battalion)).collect();
    let large: Vec<DonorId> = (0..21).map(|_| donor(&app)).collect();
    morning(&app);
    let ids: Vec<String> = small.iter().chain(&large).map(|donor| came(&app, &drive, *donor)).collect();
    let step = |ids: &[String], to: CheckInState| {
        for id in ids {
            let id: shiryan_kernel::ids::CheckInId = id.parse().unwrap();
            app.house
                .db
                .write_now(Lane::System, move |tx| {
                    let row = diesel::update(check_ins::table.find(id.0)).set(check_ins::state.eq(to));
                    Ok(row.execute(tx.conn)?)
                })
                .unwrap();
        }
    };
    let command = || app.client(Role::Command);
    step(&ids[..1], CheckInState::Deferred);
    let during = day_of(&command(), &drive);
    step(&ids[1..2], CheckInState::Left);
    assert_eq!(day_of(&command(), &drive), during);
    assert_eq!(during, json!({"checked_in": 25, "outcomes": null, "units": [], "others": null}));
    step(&ids[2..], CheckInState::Donated);
    let done: shiryan_kernel::ids::DriveId = drive.parse().unwrap();
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            let row = diesel::update(drives::table.find(done.0)).set(drives::status.eq(DriveStatus::Done));
            Ok(row.execute(tx.conn)?)
        })
        .unwrap();
    let after = day_of(&command(), &drive);
    let all = json!({"checked_in": 25, "donated": 23, "not_donated": 2});
    assert_eq!(after, json!({"checked_in": 25, "outcomes": all, "units": [], "others": all}));
    assert_eq!(app.client(Role::Admin).get(&format!("/api/v1/drives/{drive}/day")).problem(403), "forbidden");
}

fn places_kept_for_walk_ins_are_theirs_alone(app: TestApp) {
    let form = json!({
        "place": "قاعة", "governorate": "PS-RBH", "date": super::DAY, "from": "09:00", "to": "10:00",
        "slot_minutes": 60, "beds": 2, "walk_ins": 1, "unit": app.places.company,
    });
    let made = app.client(Role::Bank).post("/api/v1/drives", &form).expect(201);
    let drive = made["id"].as_str().unwrap();
    let places = 2 * 60 / 30 - 1;
    for _ in 0..places {
        super::book(&app, drive, donor(&app));
    }
    let late = donor(&app);
    let full = medic(&app).post(&format!("/api/v1/drives/{drive}/appointments"), &json!({"donor": late}));
    assert_eq!(full.problem(409), "drive_full");
    morning(&app);
    let id = came(&app, drive, late);
    assert_eq!(comes(&app, drive, donor(&app), json!({})).problem(409), "drive_full");
    medic(&app).post(&format!("/api/v1/check-ins/{id}/void"), &json!({})).expect(200);
    came(&app, drive, donor(&app));
    assert_eq!(rows(&app)[2], places);
}
