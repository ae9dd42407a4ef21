//! Where units went, their recall, and what a hospital reports of one that it used.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::donations;
use shiryan::requests;
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::{BloodUnitId, DonationId, DonorId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::support::app::{Client, TestApp};
use super::support::requests::{accepted, act, another_bank, reserve, status};
use super::support::shelf::{Bag, Person, din, donation};

both!(
    a_recall_reaches_every_unit_and_tells_where_each_went,
    a_donors_units_are_recalled_under_every_number,
    a_reaction_stops_the_sisters_and_an_infection_all_of_the_donor,
    who_has_nothing_of_it_learns_nothing,
    a_recall_says_one_thing_and_why,
);

fn donor_of(app: &TestApp, id: DonationId) -> DonorId {
    app.house
        .db
        .read_now(|conn| Ok(donations::table.find(id.0).select(donations::donor).first(conn)?))
        .unwrap()
}

/// Two donations of one donor.
fn twice(app: &TestApp) -> (DonorId, [DonationId; 2]) {
    let [first, second] = [1, 2].map(|number| donation(app, Person::of(BloodGroup::ONeg), number));
    let donor = donor_of(app, first);
    let same = move |tx: &mut shiryan::db::Tx| {
        let row = donations::table.find(second.0);
        Ok(diesel::update(row).set(donations::donor.eq(donor)).execute(tx.conn)?)
    };
    app.house.db.write_now(Lane::System, same).unwrap();
    (donor, [first, second])
}

fn bag(app: &TestApp, number: u32, donation: DonationId, component: Component) -> Bag {
    Bag { donation: Some(donation), component, ..Bag::new(app, number) }
}

/// Uses a unit at the hospital; its request.
pub fn used(app: &TestApp, unit: BloodUnitId, number: u32) -> String {
    let form = json!({"patient": "P", "blood_group": "o_neg", "group_evidence": "confirmed",
        "component": "red_cells", "units": 1, "urgency": "urgent"});
    let request = accepted(app, &form);
    reserve(app, &request, &[unit]).expect(200);
    act(&app.client(Role::Bank), &request, "issue", &json!({})).expect(200);
    let hospital = app.client(Role::Hospital);
    act(&hospital, &request, "receive", &json!({"dins": [din(number).to_string()]})).expect(200);
    hospital.post(&format!("/api/v1/stock/units/{unit}/transfused"), &json!({})).expect(200);
    request
}

fn recall(client: &Client, form: &Value) -> Value {
    client.post("/api/v1/stock/recalls", form).expect(201)["units"].clone()
}

fn harm(client: &Client, unit: BloodUnitId, kind: &str) -> super::support::app::Reply {
    client.post(&format!("/api/v1/stock/units/{unit}/harm"), &json!({"kind": kind, "note": "CANARY-حمّى"}))
}

fn a_recall_reaches_every_unit_and_tells_where_each_went(app: TestApp) {
    let first = donation(&app, Person::of(BloodGroup::ONeg), 1);
    let cells = bag(&app, 1, first, Component::RedCells).put(&app);
    let plasma = bag(&app, 1, first, Component::Plasma).quarantined(None).put(&app);
    let platelets = bag(&app, 1, first, Component::Platelets).put(&app);
    let other = Bag::new(&app, 9).put(&app);
    let request = used(&app, cells, 1);
    let told = recall(&app.client(Role::Bank), &json!({"din": din(1).to_string(), "reason": "recall"}));
    let row =
        |id: BloodUnitId| told.as_array().unwrap().iter().find(|row| row["id"] == json!(id)).unwrap().clone();
    assert_eq!(told.as_array().unwrap().len(), 3);
    let gone = row(cells);
    assert_eq!((&gone["status"], &gone["stopped"]), (&json!("transfused"), &json!(false)));
    assert_eq!((&gone["request"], &gone["issued_to"]), (&json!(request), &json!(app.places.hospital)));
    assert!(gone["used_at"].is_string() && gone["issued_at"].is_string());
    for stopped in [plasma, platelets] {
        assert_eq!((&row(stopped)["status"], &row(stopped)["stopped"]), (&json!("blocked"), &json!(true)));
        assert_eq!(row(stopped)["issued_to"], Value::Null);
    }
    assert_eq!(status(&app, other), UnitStatus::Released);
    // Looked at again, it is the same, and nothing more is stopped.
    let path = format!("/api/v1/stock/trace?din={}", din(1));
    let seen = app.client(Role::Physician).get(&path).expect(200)["units"].clone();
    assert_eq!(seen.as_array().unwrap().len(), 3);
    assert!(seen.as_array().unwrap().iter().all(|row| row["stopped"] == json!(false)));
    let again = recall(&app.client(Role::Bank), &json!({"din": din(1).to_string(), "reason": "recall"}));
    assert!(again.as_array().unwrap().iter().all(|row| row["stopped"] == json!(false)));
}

fn a_donors_units_are_recalled_under_every_number(app: TestApp) {
    let (donor, [first, second]) = twice(&app);
    let units = [
        bag(&app, 1, first, Component::RedCells).put(&app),
        bag(&app, 2, second, Component::Plasma).put(&app),
    ];
    let told = recall(&app.client(Role::Physician), &json!({"donor": donor, "reason": "donor_linked"}));
    assert_eq!(told.as_array().unwrap().len(), 2);
    assert!(units.iter().all(|unit| status(&app, *unit) == UnitStatus::Blocked));
}

fn a_reaction_stops_the_sisters_and_an_infection_all_of_the_donor(app: TestApp) {
    let (_, [first, second]) = twice(&app);
    let form = json!({
        "first_name": "ياسر", "family_name": "البيطار", "sex": "male", "birth_date": "1996-02-10",
        "unit": app.places.company, "weight_kg": 85.0, "height_cm": 180,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &form).expect(201);
    let donor: DonorId = serde_json::from_value(made["id"].clone()).unwrap();
    let give = move |tx: &mut shiryan::db::Tx| {
        Ok(diesel::update(donations::table).set(donations::donor.eq(donor)).execute(tx.conn)?)
    };
    assert_eq!(app.house.db.write_now(Lane::System, give).unwrap(), 2);
    let cells = bag(&app, 1, first, Component::RedCells).put(&app);
    let sister = bag(&app, 1, first, Component::Plasma).put(&app);
    let later = bag(&app, 2, second, Component::Plasma).put(&app);
    let stranger = Bag::new(&app, 9).put(&app);
    let hospital = app.client(Role::Hospital);
    assert_eq!(harm(&hospital, cells, "reaction").problem(404), "not_found", "it never had it");
    used(&app, cells, 1);
    let said = harm(&hospital, cells, "reaction").expect(201);
    assert!(said.get("stopped").is_none(), "a hospital learns nothing of the donor's other units");
    assert_eq!((status(&app, sister), status(&app, later)), (UnitStatus::Blocked, UnitStatus::Released));
    harm(&hospital, cells, "suspected_infection").expect(201);
    assert_eq!((status(&app, later), status(&app, stranger)), (UnitStatus::Blocked, UnitStatus::Released));
    assert_eq!(status(&app, cells), UnitStatus::Transfused);
    // A17: the donor waits for a physician, once for both.
    let path = format!("/api/v1/donors/{donor}/deferrals");
    let waits = app.client(Role::Physician).get(&path).expect(200)["items"].clone();
    assert_eq!((waits.as_array().unwrap().len(), &waits[0]["code"]), (1, &json!("LAB-PENDING")));
    for client in [app.client(Role::Bank), app.client(Role::Physician)] {
        let told = client.get("/api/v1/stock/harms").expect(200)["items"].clone();
        let kinds: Vec<&Value> = told.as_array().unwrap().iter().map(|row| &row["kind"]).collect();
        assert_eq!(kinds, ["reaction", "suspected_infection"]);
        assert_eq!((&told[0]["unit"], &told[0]["note"]), (&json!(cells), &json!("CANARY-حمّى")));
    }
    let other = another_bank(&app, Governorate::RamallahAlBireh, "BB-6");
    assert_eq!(other.get("/api/v1/stock/harms").expect(200)["items"], json!([]));
    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([8; 32])));
    let move_all = move |tx: &mut shiryan::db::Tx| requests::recall::reseal(tx, &old, &new, 0, 10);
    assert!(app.house.db.write_now(Lane::System, move_all).unwrap().is_some());
    assert_eq!(app.client(Role::Bank).get("/api/v1/stock/harms").problem(500), "identity_damaged");
}

fn who_has_nothing_of_it_learns_nothing(app: TestApp) {
    let first = donation(&app, Person::of(BloodGroup::ONeg), 1);
    let unit = bag(&app, 1, first, Component::RedCells).put(&app);
    let other = another_bank(&app, Governorate::RamallahAlBireh, "BB-6");
    let form = |number: u32| json!({"din": din(number).to_string(), "reason": "recall"});
    let [hidden, none] = [1, 77].map(|number| other.post("/api/v1/stock/recalls", &form(number)));
    assert_eq!(hidden.problem(404), "not_found");
    assert_eq!(hidden.text, none.text);
    let path = format!("/api/v1/stock/trace?donor={}", donor_of(&app, first));
    assert_eq!(other.get(&path).problem(404), "not_found");
    assert_eq!(status(&app, unit), UnitStatus::Released);
}

fn a_recall_says_one_thing_and_why(app: TestApp) {
    let physician = app.client(Role::Physician);
    let number = din(1).to_string();
    for (form, code) in [
        (json!({"reason": "recall"}), "missing_field"),
        (json!({"din": number, "donor": "0123456789ABC", "reason": "recall"}), "invalid_value"),
        (json!({"din": number, "reason": "tested"}), "invalid_value"),
        (json!({"din": number, "reason": "other"}), "missing_field"),
        (json!({"din": "x", "reason": "recall"}), "din_invalid"),
    ] {
        let refused = physician.post("/api/v1/stock/recalls", &form);
        assert_eq!(refused.json()["errors"][0]["code"], code, "{form}: {}", refused.text);
    }
}
