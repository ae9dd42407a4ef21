//! Consents: a ledger of what donors said, of which the latest day holds.

use serde_json::{Value, json};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::plus_days;

use super::support::app::{TestApp, new_key};

both!(the_latest_day_of_a_kind_holds, a_consent_is_recorded_once_in_the_own_scope,);

fn donor(app: &TestApp, unit: Value) -> String {
    let body = json!({
        "first_name": "ليلى", "family_name": "البيطار", "sex": "female", "birth_date": "1990-04-05",
        "unit": unit,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &body).expect(201);
    format!("/api/v1/donors/{}/consents", made["id"].as_str().unwrap())
}

fn the_latest_day_of_a_kind_holds(app: TestApp) {
    let path = donor(&app, json!(app.places.company));
    let medic = app.client(Role::Medic);
    let today = app.house.today();
    let say = |kind: &str, given: bool, days_ago: i64, way: &str| {
        let body = json!({"kind": kind, "given": given, "on": plus_days(today, -days_ago), "way": way});
        medic.post(&path, &body).expect(201)
    };
    say("contact", true, 30, "signed");
    say("record", true, 30, "signed");
    say("contact", false, 2, "spoken");
    // Entered late: it was said before the withdrawal, so the withdrawal still holds.
    say("contact", true, 10, "message");
    let seen = medic.get(&path).expect(200);
    let lines: Vec<Value> = seen["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| json!([line["kind"], line["given"], line["way"], line["holds"]]))
        .collect();
    assert_eq!(
        json!(lines),
        json!([
            ["contact", true, "signed", false],
            ["record", true, "signed", true],
            ["contact", true, "message", false],
            ["contact", false, "spoken", true],
        ])
    );
    // Two on one day: the one entered last.
    say("contact", true, 2, "spoken");
    let seen = medic.get(&path).expect(200);
    let holding: Vec<&Value> =
        seen["items"].as_array().unwrap().iter().filter(|line| line["holds"] == true).collect();
    assert_eq!(holding.len(), 2);
    assert_eq!((&holding[1]["kind"], &holding[1]["given"]), (&json!("contact"), &json!(true)));
    assert_eq!(holding[1]["recorded_by"], json!(app.principal(Role::Medic).user));
}

fn a_consent_is_recorded_once_in_the_own_scope(app: TestApp) {
    let path = donor(&app, json!(app.places.company));
    let medic = app.client(Role::Medic);
    let today = app.house.today();
    let body = json!({"kind": "record", "given": true, "on": today, "way": "spoken"});
    let key = new_key();
    let first = medic.post_as(&key, &path, &body).expect(201);
    assert_eq!(medic.post_as(&key, &path, &body).expect(201), first);
    assert_eq!(medic.get(&path).expect(200)["items"].as_array().unwrap().len(), 1);
    for (field, value, status, code) in [
        ("on", json!(plus_days(today, 1)), 422, "out_of_range"),
        ("on", json!("1899-12-31"), 422, "out_of_range"),
        ("kind", json!("everything"), 422, "invalid_value"),
        ("way", json!("implied"), 422, "invalid_value"),
        ("note", json!("x"), 400, "unknown_field"),
    ] {
        let mut wrong = body.clone();
        wrong[field] = value;
        let refused = medic.post(&path, &wrong).expect(status);
        let fault = &refused["errors"][0];
        assert_eq!((&fault["field"], &fault["code"]), (&json!(field), &json!(code)), "{refused}");
    }
    let outside = donor(&app, json!(app.places.other_unit));
    assert_eq!(medic.post(&outside, &body).problem(404), "not_found");
    assert_eq!(medic.get(&outside).problem(404), "not_found");
    assert_eq!(app.client(Role::Physician).post(&outside, &body).status, 201);
}
