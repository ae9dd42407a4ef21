//! A patient of whom little is known: several requests for one patient, and a declared incident.

use std::sync::{Arc, Barrier};
use std::thread;

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::incidents;
use shiryan::projections::Area;
use shiryan::vault::{RootKey, Vault};
use shiryan::{places, requests};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::IncidentId;
use shiryan_kernel::level::Level;
use shiryan_kernel::place::{Governorate, Region};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::support::app::{Client, TestApp};
use super::support::requests::{accepted, act, another_hospital, bags, reserve, status, submit};
use super::support::reserve::stands;

both!(
    the_requests_of_one_patient_are_counted_together,
    two_requests_at_once_of_one_patient_get_two_o_negative,
    a_declared_incident_spares_o_negative,
    few_o_negative_are_kept_for_those_who_need_them,
    incidents_are_of_their_region,
);

fn of_patient(patient: &str, units: i32) -> Value {
    json!({"patient": patient, "component": "red_cells", "units": units, "urgency": "emergency"})
}

fn the_requests_of_one_patient_are_counted_together(app: TestApp) {
    let o_neg = bags(&app, BloodGroup::ONeg, 1, 8);
    let first = accepted(&app, &of_patient("Unknown 1", 2));
    reserve(&app, &first, &o_neg[..2]).expect(200);
    act(&app.client(Role::Bank), &first, "issue", &json!({})).expect(200);
    // However it is written, and with the other request's units on their way.
    let second = accepted(&app, &of_patient("unknown-1", 2));
    assert_eq!(reserve(&app, &second, &o_neg[2..3]).problem(409), "group_unknown");
    assert_eq!(status(&app, o_neg[2]), UnitStatus::Released);
    // Another patient, and the same name at another hospital, are counted for themselves.
    let other = accepted(&app, &of_patient("Unknown 2", 2));
    reserve(&app, &other, &o_neg[2..4]).expect(200);
    let neighbour = another_hospital(&app, Governorate::RamallahAlBireh, "SECOND");
    let theirs = submit(&neighbour, &of_patient("Unknown 1", 2));
    act(&app.client(Role::Bank), &theirs, "accept", &json!({})).expect(200);
    reserve(&app, &theirs, &o_neg[4..6]).expect(200);
    // Once two samples agree, the table decides and nothing is counted.
    let mut typed = of_patient("Unknown 1", 2);
    typed["blood_group"] = json!("o_neg");
    typed["group_evidence"] = json!("confirmed");
    let typed = accepted(&app, &typed);
    reserve(&app, &typed, &o_neg[6..8]).expect(200);
    // A week later the name may be somebody else's.
    app.clock.advance(chrono::Duration::days(8));
    let fresh = bags(&app, BloodGroup::ONeg, 30, 1);
    let later = accepted(&app, &of_patient("Unknown 1", 1));
    reserve(&app, &later, &fresh).expect(200);
}

fn two_requests_at_once_of_one_patient_get_two_o_negative(app: TestApp) {
    let o_neg = bags(&app, BloodGroup::ONeg, 1, 8);
    let asked: Vec<String> = (0..4).map(|_| accepted(&app, &of_patient("P", 2))).collect();
    let barrier = Arc::new(Barrier::new(asked.len()));
    let done: Vec<u16> = thread::scope(|scope| {
        let run = |(n, id): (usize, &String)| {
            let (app, barrier, id, units) = (&app, barrier.clone(), id.clone(), &o_neg[n * 2..n * 2 + 2]);
            scope.spawn(move || {
                barrier.wait();
                reserve(app, &id, units).status
            })
        };
        let threads: Vec<_> = asked.iter().enumerate().map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(done.iter().filter(|status| **status == 200).count(), 1, "{done:?}");
    let held = o_neg.iter().filter(|unit| status(&app, **unit) == UnitStatus::Reserved).count();
    assert_eq!(held, 2);
}

fn a_declared_incident_spares_o_negative(app: TestApp) {
    bags(&app, BloodGroup::ONeg, 1, 1);
    let o_pos = bags(&app, BloodGroup::OPos, 10, 1);
    let nobody = accepted(&app, &of_patient("A", 2));
    let mut woman = of_patient("B", 2);
    woman["sex"] = json!("female");
    woman["age_band"] = json!("from_18_to_50");
    let woman = accepted(&app, &woman);
    let first = |id: &str| {
        let path = format!("/api/v1/requests/{id}/candidates");
        app.client(Role::Bank).get(&path).expect(200)["candidates"][0]["blood_group"].clone()
    };
    assert_eq!(first(&nobody), "o_neg");
    assert_eq!(reserve(&app, &nobody, &o_pos).problem(409), "unit_incompatible");
    let command = app.client(Role::Command);
    let until = app.house.db.now() + chrono::Duration::hours(6);
    let declared = |extent: Value| {
        let mut form = json!({"until": until, "reason": "حادث حافلة"});
        form.as_object_mut().unwrap().extend(extent.as_object().unwrap().clone());
        command.post("/api/v1/incidents", &form).expect(201)["id"].as_str().unwrap().to_owned()
    };
    // Not here.
    declared(json!({"region": "gaza_north"}));
    assert_eq!(first(&nobody), "o_neg");
    let own = app.house.db.read_now(|conn| places::facility(conn, app.places.hospital)).unwrap().governorate;
    let here = declared(json!({"governorate": own}));
    assert_eq!((first(&nobody), first(&woman)), (json!("o_pos"), json!("o_neg")));
    assert_eq!(reserve(&app, &woman, &o_pos).problem(409), "unit_incompatible");
    command.post(&format!("/api/v1/incidents/{here}/end"), &json!({})).expect(200);
    assert_eq!(first(&nobody), "o_neg");
    declared(json!({"region": own.region()}));
    reserve(&app, &nobody, &o_pos).expect(200);
    app.clock.advance(chrono::Duration::hours(6));
    assert_eq!(first(&nobody), "o_neg", "it ended by itself");
}

/// Of whom neither sex nor age is known gets O+ while O− is below its floor there; whoever is known to need O− gets it.
fn few_o_negative_are_kept_for_those_who_need_them(app: TestApp) {
    bags(&app, BloodGroup::ONeg, 1, 1);
    bags(&app, BloodGroup::OPos, 10, 1);
    let nobody = accepted(&app, &of_patient("A", 2));
    let mut girl = of_patient("B", 2);
    girl["age_band"] = json!("under_18");
    let girl = accepted(&app, &girl);
    let first = |id: &str| {
        let path = format!("/api/v1/requests/{id}/candidates");
        app.client(Role::Bank).get(&path).expect(200)["candidates"][0]["blood_group"].clone()
    };
    assert_eq!(first(&nobody), "o_neg");
    let own = app.house.db.read_now(|conn| places::facility(conn, app.places.hospital)).unwrap().governorate;
    let here = Area::Region(own.region());
    for (area, group, level, told) in [
        (here, BloodGroup::OPos, Level::Black, "o_neg"),
        (Area::Region(Region::GazaNorth), BloodGroup::ONeg, Level::Black, "o_neg"),
        (here, BloodGroup::ONeg, Level::Amber, "o_neg"),
        (here, BloodGroup::ONeg, Level::Red, "o_pos"),
        (here, BloodGroup::ONeg, Level::Black, "o_pos"),
    ] {
        stands(&app, area, group, level);
        assert_eq!(first(&nobody), told, "{area:?} {group} {level}");
        assert_eq!(first(&girl), "o_neg", "{area:?} {group} {level}");
    }
}

fn incidents_are_of_their_region(app: TestApp) {
    let (command, bank) = (app.client(Role::Command), app.client(Role::Bank));
    let own =
        app.house.db.read_now(|conn| places::facility(conn, app.places.bank)).unwrap().governorate.region();
    let now = app.house.db.now();
    let in_hours = |hours| now + chrono::Duration::hours(hours);
    let form = |extent: &str, code: &str| json!({extent: code, "until": in_hours(2), "reason": "CANARY"});
    let far = command.post("/api/v1/incidents", &form("region", "gaza_south")).expect(201)["id"].clone();
    assert_eq!(bank.post("/api/v1/incidents", &form("governorate", "PS-RFH")).problem(403), "forbidden");
    let near = bank.post("/api/v1/incidents", &form("region", own.code())).expect(201)["id"].clone();
    let ids = |client: &Client| -> Vec<Value> {
        let listed = client.get("/api/v1/incidents").expect(200)["items"].clone();
        listed.as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
    };
    assert_eq!(ids(&command), [far.clone(), near.clone()]);
    assert_eq!(ids(&bank), std::slice::from_ref(&near));
    let end = |client: &Client, id: &Value| {
        client.post(&format!("/api/v1/incidents/{}/end", id.as_str().unwrap()), &json!({}))
    };
    assert_eq!(end(&bank, &far).problem(404), "not_found");
    end(&bank, &near).expect(200);
    assert_eq!(end(&command, &near).problem(409), "state_conflict");
    for (wrong, code) in [
        (json!({"until": in_hours(2), "reason": "x"}), "missing_field"),
        (
            json!({"region": own, "governorate": "PS-RFH", "until": in_hours(2), "reason": "x"}),
            "invalid_value",
        ),
        (json!({"region": own, "until": in_hours(-1), "reason": "x"}), "out_of_range"),
        (json!({"region": own, "until": in_hours(24 * 15), "reason": "x"}), "out_of_range"),
        (
            json!({"region": own, "from": in_hours(24 * 15), "until": in_hours(24 * 16), "reason": "x"}),
            "out_of_range",
        ),
        (json!({"region": own, "until": in_hours(2), "reason": ""}), "bad_text"),
    ] {
        let refused = command.post("/api/v1/incidents", &wrong);
        assert!((400..500).contains(&refused.status), "{wrong}: {}", refused.text);
        assert_eq!(refused.json()["errors"][0]["code"], code, "{wrong}");
    }
    // The reason lies sealed.
    let cells: Vec<Vec<u8>> =
        app.house.db.read_now(|conn| Ok(incidents::table.select(incidents::reason).load(conn)?)).unwrap();
    assert!(cells.iter().all(|cell| !cell.windows(6).any(|part| part == b"CANARY")));
    assert_eq!(command.get("/api/v1/incidents").expect(200)["items"][0]["reason"], "CANARY");
    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([8; 32])));
    let moved = app
        .house
        .db
        .write_now(Lane::System, move |tx| requests::incidents::reseal(tx, &old, &new, 0, 10))
        .unwrap();
    assert_eq!(moved.map(|id| IncidentId(id).to_string()), near.as_str().map(str::to_owned));
    assert_eq!(command.get("/api/v1/incidents").problem(500), "identity_damaged");
}
