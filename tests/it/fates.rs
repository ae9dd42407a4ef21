//! What becomes of units at a hospital: used, told late, given back, thrown away; and those that were too long on their
//! way.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::daily_flows;
use shiryan::stock;
use shiryan_kernel::blood::Component;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::support::app::{Reply, TestApp};
use super::support::requests::{accepted, act, give_back, reserve, seen, status};
use super::support::shelf::{Bag, din};

both!(
    a_use_is_told_late_and_no_expiry_is_counted,
    a_moment_that_cannot_be_is_refused,
    what_was_used_before_it_was_stopped_is_told,
    what_was_out_of_control_goes_back_stopped,
    a_hospital_throws_away_what_it_has,
    what_was_too_long_on_its_way_arrives_stopped,
    what_was_told_of_an_end_wrongly_is_taken_back_by_another,
);

/// A unit that lies issued at the hospital, and its request.
fn arrived(app: &TestApp, bag: Bag) -> (BloodUnitId, String) {
    let (component, label) = (bag.component, bag.din);
    let unit = bag.put(app);
    let request = issued(app, component, unit);
    let form = json!({"dins": [label.to_string()]});
    act(&app.client(Role::Hospital), &request, "receive", &form).expect(200);
    (unit, request)
}

fn issued(app: &TestApp, component: Component, unit: BloodUnitId) -> String {
    let form = json!({"patient": "P", "blood_group": "o_neg", "group_evidence": "confirmed",
        "component": component, "units": 1, "urgency": "urgent"});
    let request = accepted(app, &form);
    reserve(app, &request, &[unit]).expect(200);
    act(&app.client(Role::Bank), &request, "issue", &json!({})).expect(200);
    request
}

fn says(app: &TestApp, unit: BloodUnitId, verb: &str, form: &Value) -> Reply {
    app.client(Role::Hospital).post(&format!("/api/v1/stock/units/{unit}/{verb}"), form)
}

fn expire_due(app: &TestApp) -> usize {
    let (vault, zone) = (app.house.vault.clone(), app.house.zone);
    app.house.db.write_now(Lane::System, move |tx| stock::expire_due(tx, &vault, zone, 100)).unwrap()
}

fn expired_flow(app: &TestApp) -> i32 {
    let days: Vec<i32> = app
        .house
        .db
        .read_now(|conn| Ok(daily_flows::table.select(daily_flows::expired).load(conn)?))
        .unwrap();
    days.into_iter().sum()
}

fn a_use_is_told_late_and_no_expiry_is_counted(app: TestApp) {
    let now = app.house.db.now();
    let (unit, request) =
        arrived(&app, Bag { expires_at: now + chrono::Duration::hours(5), ..Bag::new(&app, 1) });
    let used = now + chrono::Duration::hours(4);
    app.clock.advance(chrono::Duration::hours(20));
    assert_eq!(expire_due(&app), 1);
    assert_eq!(status(&app, unit), UnitStatus::Expired);
    let silent = says(&app, unit, "transfused", &json!({})).json();
    assert_eq!(
        (&silent["errors"][0]["field"], &silent["errors"][0]["code"]),
        (&json!("used_at"), &json!("missing_field"))
    );
    says(&app, unit, "transfused", &json!({"used_at": used})).expect(200);
    assert_eq!(status(&app, unit), UnitStatus::Transfused);
    let opened = seen(&app, &request);
    assert_eq!((&opened["state"], &opened["shares"][0]["used_at"]), (&json!("closed"), &json!(used)));
    assert_eq!(expired_flow(&app), 0, "it expired at the hospital, not on a shelf of stock");
    assert_eq!(says(&app, unit, "transfused", &json!({"used_at": used})).problem(409), "state_conflict");
}

fn a_moment_that_cannot_be_is_refused(app: TestApp) {
    let now = app.house.db.now();
    let hours = |n| now + chrono::Duration::hours(n);
    let (unit, _) = arrived(&app, Bag { expires_at: hours(5), ..Bag::new(&app, 1) });
    app.clock.advance(chrono::Duration::hours(3));
    for wrong in [hours(4), hours(-1)] {
        let refused = says(&app, unit, "transfused", &json!({"used_at": wrong}));
        assert_eq!(refused.json()["errors"][0]["code"], "out_of_range", "{wrong}: {}", refused.text);
    }
    app.clock.advance(chrono::Duration::hours(5));
    // The job has not run: the date has passed all the same.
    let refused = says(&app, unit, "transfused", &json!({}));
    assert_eq!(refused.json()["errors"][0]["code"], "missing_field");
    let refused = says(&app, unit, "transfused", &json!({"used_at": hours(6)}));
    assert_eq!(refused.json()["errors"][0]["code"], "out_of_range");
    app.clock.advance(chrono::Duration::days(14));
    let refused = says(&app, unit, "transfused", &json!({"used_at": hours(2)}));
    assert_eq!(refused.json()["errors"][0]["code"], "out_of_range", "two weeks, and no more");
    assert_eq!(status(&app, unit), UnitStatus::Issued);
}

fn what_was_used_before_it_was_stopped_is_told(app: TestApp) {
    let (unit, _) = arrived(&app, Bag::new(&app, 1));
    let used = app.house.db.now();
    app.clock.advance(chrono::Duration::hours(2));
    let recall = json!({"reason": "recall"});
    app.client(Role::Physician).post(&format!("/api/v1/stock/units/{unit}/block"), &recall).expect(200);
    assert_eq!(says(&app, unit, "transfused", &json!({})).json()["errors"][0]["code"], "missing_field");
    assert_eq!(give_back(&app.client(Role::Hospital), unit, Some(1)).problem(409), "state_conflict");
    says(&app, unit, "transfused", &json!({"used_at": used})).expect(200);
    assert_eq!(status(&app, unit), UnitStatus::Transfused);
}

fn what_was_out_of_control_goes_back_stopped(app: TestApp) {
    let cases = [
        (Component::RedCells, Some(30), UnitStatus::Returned),
        (Component::RedCells, Some(31), UnitStatus::Blocked),
        (Component::RedCells, None, UnitStatus::Blocked),
        (Component::Platelets, Some(1_440), UnitStatus::Returned),
        (Component::Platelets, Some(1_441), UnitStatus::Blocked),
        (Component::Plasma, Some(0), UnitStatus::Returned),
        (Component::Plasma, Some(1), UnitStatus::Blocked),
    ];
    let mut number = 0;
    for (component, minutes, expected) in cases {
        number += 1;
        let bag = Bag { component, ..Bag::new(&app, number) };
        let (unit, request) = arrived(&app, bag);
        let said = give_back(&app.client(Role::Hospital), unit, minutes).expect(200);
        assert_eq!(said["status"], expected.code(), "{component} {minutes:?}");
        assert_eq!(seen(&app, &request)["state"], "closed");
        let back = app.client(Role::Bank).post(&format!("/api/v1/stock/units/{unit}/take-back"), &json!({}));
        let shelf = if expected == UnitStatus::Blocked { "blocked" } else { "quarantine" };
        assert_eq!(back.expect(200)["status"], shelf, "what is stopped stays so");
    }
    let (unit, _) = arrived(&app, Bag::new(&app, 50));
    let refused = give_back(&app.client(Role::Hospital), unit, Some(-1));
    assert_eq!(refused.json()["errors"][0]["code"], "out_of_range");
}

fn a_hospital_throws_away_what_it_has(app: TestApp) {
    let (unit, request) = arrived(&app, Bag::new(&app, 1));
    for (form, code) in
        [(json!({"reason": "tested"}), "invalid_value"), (json!({"reason": "other"}), "missing_field")]
    {
        assert_eq!(says(&app, unit, "discarded", &form).json()["errors"][0]["code"], code);
    }
    let form = json!({"reason": "other", "note": "انسكب"});
    says(&app, unit, "discarded", &form).expect(200);
    assert_eq!(status(&app, unit), UnitStatus::Discarded);
    assert_eq!(seen(&app, &request)["state"], "closed");
    assert_eq!(says(&app, unit, "discarded", &form).problem(409), "state_conflict");
    // Of a bag that lies elsewhere it says nothing.
    let other = Bag::new(&app, 2).put(&app);
    assert_eq!(says(&app, other, "discarded", &form).problem(404), "not_found");
    // A discard is traced with its note by the blood bank that issued it.
    let steps = app.client(Role::Bank).get(&format!("/api/v1/stock/units/{unit}")).expect(200);
    let last = steps["movements"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&last["to"], &last["note"]), (&json!("discarded"), &json!("انسكب")));
}

fn what_was_too_long_on_its_way_arrives_stopped(app: TestApp) {
    for (number, minutes, expected) in
        [(1, 12 * 60, UnitStatus::Issued), (2, 12 * 60 + 1, UnitStatus::Blocked)]
    {
        let unit = Bag::new(&app, number).put(&app);
        let request = issued(&app, Component::RedCells, unit);
        app.clock.advance(chrono::Duration::minutes(minutes));
        let form = json!({"dins": [din(number).to_string()]});
        let got = act(&app.client(Role::Hospital), &request, "receive", &form).expect(200);
        assert_eq!(got["received"][0]["status"], expected.code());
        assert_eq!((&got["state"], status(&app, unit)), (&json!("received"), expected));
    }
}

fn what_was_told_of_an_end_wrongly_is_taken_back_by_another(app: TestApp) {
    let (unit, request) = arrived(&app, Bag::new(&app, 1));
    let correct = |unit: BloodUnitId| {
        let path = format!("/api/v1/stock/units/{unit}/correct");
        app.client(Role::Physician).post(&path, &json!({"note": "كيس آخر"}))
    };
    assert_eq!(correct(unit).problem(409), "state_conflict", "nothing was told of it yet");
    says(&app, unit, "transfused", &json!({})).expect(200);
    assert!(seen(&app, &request)["shares"][0]["used_at"].is_string());
    assert_eq!(correct(unit).expect(200)["status"], "blocked");
    assert_eq!(seen(&app, &request)["shares"][0]["used_at"], Value::Null);
    assert_eq!(correct(unit).problem(409), "state_conflict");
    // It goes on like any that was stopped: back to the blood bank, looked into, tested, released.
    let bank = app.client(Role::Bank);
    let at = |verb: &str| format!("/api/v1/stock/units/{unit}/{verb}");
    bank.post(&at("take-back"), &json!({})).expect(200);
    let cleared = app.client(Role::Physician).post(&at("clear"), &json!({"note": "x"}));
    assert_eq!(cleared.problem(403), "second_person_required", "whoever corrected it");
    let trace = bank.get(&format!("/api/v1/stock/units/{unit}")).expect(200);
    let reasons: Vec<&Value> =
        trace["movements"].as_array().unwrap().iter().map(|step| &step["reason"]).collect();
    assert!(reasons.contains(&&json!("corrected")), "{reasons:?}");
    assert_eq!(status(&app, unit), UnitStatus::Blocked);

    let thrown = Bag::new(&app, 2).put(&app);
    bank.post(&format!("/api/v1/stock/units/{thrown}/discard"), &json!({"reason": "damaged"})).expect(200);
    assert_eq!(correct(thrown).expect(200)["status"], "blocked");
    let gone = Bag { status: UnitStatus::Divided, ..Bag::new(&app, 3) }.put(&app);
    assert_eq!(correct(gone).problem(409), "state_conflict");
    for role in Role::ALL.iter().filter(|role| **role != Role::Physician) {
        let path = format!("/api/v1/stock/units/{thrown}/correct");
        assert_eq!(app.client(*role).post(&path, &json!({"note": "x"})).problem(403), "forbidden", "{role}");
    }
}
