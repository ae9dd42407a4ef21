//! A blood bank counts its shelf: what is missing, what should not be there, and what becomes of both.

use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::stock;
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::support::app::{Client, Reply, TestApp};
use super::support::requests::{accepted, act, another_bank, ask, bags, of_facility, reserve, status};
use super::support::shelf::{Bag, din};

both!(
    a_shelf_as_it_should_be_is_confirmed,
    differences_are_worked_off,
    who_counted_does_not_say_that_it_is_lost,
    what_left_the_shelf_is_not_missed,
    a_count_is_its_blood_banks_own,
    labels_are_read_strictly,
);

fn label(number: u32) -> Value {
    json!({"din": din(number).to_string(), "component": "red_cells"})
}

fn count(app: &TestApp, numbers: &[u32]) -> Value {
    let units: Vec<Value> = numbers.iter().map(|number| label(*number)).collect();
    app.client(Role::Bank).post("/api/v1/stock/counts", &json!({"units": units})).expect(201)
}

fn ids(list: &Value) -> Vec<Value> {
    list.as_array().unwrap().iter().map(|row| row["id"].clone()).collect()
}

fn settle(client: &Client, counted: &Value, how: &str, form: &Value) -> Reply {
    client.post(&format!("/api/v1/stock/counts/{}/{how}", counted["id"].as_str().unwrap()), form)
}

fn confirmed_at(app: &TestApp) -> Value {
    app.client(Role::Bank).get("/api/v1/stock/summary").expect(200)["counted_at"].clone()
}

fn a_shelf_as_it_should_be_is_confirmed(app: TestApp) {
    bags(&app, BloodGroup::ANeg, 1, 2);
    Bag::new(&app, 3).quarantined(None).put(&app);
    assert_eq!(confirmed_at(&app), Value::Null);
    let counted = count(&app, &[1, 2, 3]);
    assert_eq!((&counted["state"], &counted["scanned"]), (&json!("closed"), &json!(3)));
    assert_eq!((&counted["missing"], &counted["unexpected"]), (&json!([]), &json!([])));
    assert_eq!(confirmed_at(&app), counted["at"]);
    let hospital = app.client(Role::Hospital);
    let offered = hospital
        .get("/api/v1/availability?recipient_group=a_neg&group_evidence=confirmed&component=red_cells")
        .expect(200);
    assert_eq!(offered["units"][0]["facility"]["counted_at"], counted["at"]);
}

fn differences_are_worked_off(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 3);
    let counted = count(&app, &[1, 77]);
    assert_eq!(counted["state"], "discrepancy");
    assert_eq!(ids(&counted["missing"]), [json!(units[1]), json!(units[2])]);
    let stray = counted["unexpected"][0].clone();
    assert_eq!((&stray["din"], &stray["count"]), (&label(77)["din"], &counted["id"]));
    assert_eq!(confirmed_at(&app), Value::Null);
    let bank = app.client(Role::Bank);
    let other = of_facility(&app, Role::Bank, app.places.bank, "second");
    let found = settle(&bank, &counted, "found", &json!({"units": [units[1]]})).expect(200);
    assert_eq!(found["missing"][0]["outcome"], "found");
    let lost = json!({"units": [units[2]], "note": "CANARY-مفقودة"});
    settle(&other, &counted, "lost", &lost).expect(200);
    assert_eq!(
        (status(&app, units[1]), status(&app, units[2])),
        (UnitStatus::Released, UnitStatus::Discarded)
    );
    let again = settle(&other, &counted, "lost", &lost);
    assert_eq!(again.json()["errors"][0]["code"], "unknown_reference");
    // The label is open still, and so is the count.
    let open = |client: &Client| client.get("/api/v1/stock/strays?open=true").expect(200)["items"].clone();
    assert_eq!(ids(&open(&bank)), [stray["id"].clone()]);
    let waiting = bank.get("/api/v1/stock/counts?state=discrepancy").expect(200)["items"].clone();
    assert_eq!(ids(&waiting), [counted["id"].clone()]);
    let explain = format!("/api/v1/stock/strays/{}/explain", stray["id"].as_str().unwrap());
    bank.post(&explain, &json!({"note": "CANARY"})).expect(200);
    assert_eq!(bank.post(&explain, &json!({"note": "x"})).problem(409), "state_conflict");
    assert_eq!(open(&bank), json!([]));
    let closed = bank.get(&format!("/api/v1/stock/counts/{}", counted["id"].as_str().unwrap())).expect(200);
    assert_eq!((&closed["state"], &closed["unexpected"][0]["note"]), (&json!("closed"), &json!("CANARY")));
    assert_eq!(confirmed_at(&app), counted["at"]);
    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([8; 32])));
    let move_all = move |tx: &mut shiryan::db::Tx| stock::reseal_strays(tx, &old, &new, 0, 10);
    assert!(app.house.db.write_now(Lane::System, move_all).unwrap().is_some());
    assert_eq!(bank.get("/api/v1/stock/strays").problem(500), "identity_damaged", "sealed anew");
}

fn who_counted_does_not_say_that_it_is_lost(app: TestApp) {
    let unit = bags(&app, BloodGroup::ANeg, 1, 1)[0];
    let counted = count(&app, &[]);
    let lost = json!({"units": [unit], "note": "x"});
    assert_eq!(
        settle(&app.client(Role::Bank), &counted, "lost", &lost).problem(403),
        "second_person_required"
    );
    // What was handed out since is not lost, whoever says so; nothing of the list is then.
    let request = accepted(&app, &ask(1));
    reserve(&app, &request, &[unit]).expect(200);
    act(&app.client(Role::Bank), &request, "issue", &json!({})).expect(200);
    let other = of_facility(&app, Role::Bank, app.places.bank, "second");
    assert_eq!(settle(&other, &counted, "lost", &lost).problem(409), "state_conflict");
    assert_eq!(status(&app, unit), UnitStatus::Issued);
    settle(&other, &counted, "found", &json!({"units": [unit]})).expect(200);
}

fn what_left_the_shelf_is_not_missed(app: TestApp) {
    let units: Vec<BloodUnitId> = bags(&app, BloodGroup::ANeg, 1, 4);
    let request = accepted(&app, &ask(2));
    reserve(&app, &request, &units[..2]).expect(200);
    act(&app.client(Role::Bank), &request, "issue", &json!({})).expect(200);
    // One on its way to the hospital is stopped there; one on the shelf is stopped here.
    for unit in [units[0], units[2]] {
        let path = format!("/api/v1/stock/units/{unit}/block");
        app.client(Role::Bank).post(&path, &json!({"reason": "recall"})).expect(200);
    }
    let counted = count(&app, &[2, 4]);
    assert_eq!(ids(&counted["missing"]), [json!(units[2])], "stopped, and on no way");
    assert_eq!(counted["unexpected"][0]["din"], label(2)["din"], "issued, and there all the same");
}

fn a_count_is_its_blood_banks_own(app: TestApp) {
    bags(&app, BloodGroup::ANeg, 1, 1);
    let counted = count(&app, &[9]);
    let other = another_bank(&app, Governorate::RamallahAlBireh, "BB-7");
    let id = counted["id"].as_str().unwrap();
    assert_eq!(other.get(&format!("/api/v1/stock/counts/{id}")).problem(404), "not_found");
    for (how, form) in [("found", json!({"units": []})), ("lost", json!({"units": [], "note": "x"}))] {
        assert_eq!(settle(&other, &counted, how, &form).problem(404), "not_found");
    }
    assert_eq!(other.get("/api/v1/stock/counts").expect(200)["items"], json!([]));
    assert_eq!(other.get("/api/v1/stock/strays").expect(200)["items"], json!([]));
    let stray = counted["unexpected"][0]["id"].as_str().unwrap();
    let explained = other.post(&format!("/api/v1/stock/strays/{stray}/explain"), &json!({"note": "x"}));
    assert_eq!(explained.problem(404), "not_found");
    // What another shelf holds is as unknown here as what no shelf holds.
    let theirs = other.post("/api/v1/stock/counts", &json!({"units": [label(1), label(55)]})).expect(201);
    let shown: Vec<Value> = theirs["unexpected"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stray| json!([stray["din"], stray["note"], stray.get("status")]))
        .collect();
    assert_eq!(shown, [json!([label(1)["din"], null, null]), json!([label(55)["din"], null, null]),]);
}

fn labels_are_read_strictly(app: TestApp) {
    let bank = app.client(Role::Bank);
    let post = |units: Vec<Value>| bank.post("/api/v1/stock/counts", &json!({"units": units}));
    assert_eq!(post(vec![label(1), label(1)]).json()["errors"][0]["code"], "invalid_value");
    let wrong = json!({"din": "A9999", "component": "red_cells"});
    assert_eq!(post(vec![wrong]).json()["errors"][0]["code"], "din_invalid");
    let many: Vec<Value> = (1..=2_001).map(label).collect();
    assert_eq!(post(many).json()["errors"][0]["code"], "out_of_range");
    assert_eq!(bank.get("/api/v1/stock/counts").expect(200)["items"], json!([]));
}
