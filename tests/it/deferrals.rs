//! Deferrals over HTTP: entered by whoever screens, counted from their own base, read cause by cause.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::idempotency;
use shiryan::eligibility::{Catalogue, Viewer};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::plus_days;

use super::support::app::{Reply, TestApp};

both!(
    b3_every_sealed_cause_reads_the_same,
    b3_every_role_and_every_cause,
    a1_pregnancy_ends_by_an_event_alone,
    a2_a_late_entry_counts_from_its_base,
    a_deferral_outside_the_scope_is_not_found,
    a_deferral_is_entered_once,
    a_day_that_cannot_be_is_refused,
    the_stored_fingerprint_cannot_be_guessed,
    a3_a_preview_counts_over_every_giving,
);

fn donor(app: &TestApp, n: u32, unit: Value) -> String {
    let body = json!({
        "first_name": "سناء", "family_name": "الخطيب", "sex": "female", "birth_date": "1995-03-02",
        "service_number": format!("DF-{n}"), "unit": unit, "weight_kg": 72.0, "height_cm": 170,
    });
    app.client(Role::Bank).post("/api/v1/donors", &body).expect(201)["id"].as_str().unwrap().to_owned()
}

fn defer(app: &TestApp, role: Role, donor: &str, code: &str, base: Option<NaiveDate>) -> Reply {
    let path = format!("/api/v1/donors/{donor}/deferrals");
    app.client(role).post(&path, &json!({"code": code, "base": base}))
}

/// Everything that a role reads of a donor, without the donor's own id.
fn reads(app: &TestApp, role: Role, donor: &str) -> Vec<String> {
    let client = app.client(role);
    let today = app.house.today();
    let mut paths = vec![format!("/api/v1/donors/{donor}"), format!("/api/v1/donors/{donor}/deferrals")];
    for donation_type in ["whole_blood", "double_red_cells", "platelet_apheresis", "plasma_apheresis"] {
        for days in [-1, 0, 1, 30, 400] {
            let on = plus_days(today, days);
            paths.push(format!("/api/v1/donors/{donor}/eligibility?on={on}&donation_type={donation_type}"));
        }
    }
    let told = |path: &String| {
        let reply = client.get(path);
        reply.expect(200);
        reply.text.replace(donor, "DONOR")
    };
    paths.iter().map(told).collect()
}

fn codes(app: &TestApp, role: Role, donor: &str) -> Vec<String> {
    let list = app.client(role).get(&format!("/api/v1/donors/{donor}/deferrals")).expect(200);
    let items = list["items"].as_array().unwrap().iter();
    items.map(|item| item["code"].as_str().unwrap().to_owned()).collect()
}

fn b3_every_sealed_cause_reads_the_same(app: TestApp) {
    let unit = json!(app.places.company);
    let yesterday = plus_days(app.house.today(), -1);
    for by in [Role::Medic, Role::Physician] {
        let n = if by == Role::Medic { 10 } else { 20 };
        let (one, two) = (donor(&app, n, unit.clone()), donor(&app, n + 1, unit.clone()));
        let first = defer(&app, by, &one, "P-HIV", Some(yesterday));
        let second = defer(&app, by, &two, "P-CVD", None);
        assert_eq!((first.status, second.status, first.text.len()), (201, 201, second.text.len()));
        for role in [Role::Medic, Role::Bank] {
            assert_eq!(reads(&app, role, &one), reads(&app, role, &two), "{by} wrote, {role} reads");
            assert!(codes(&app, role, &one).is_empty());
        }
        assert_eq!(codes(&app, Role::Physician, &one), ["P-HIV"]);
        assert_eq!(codes(&app, Role::Physician, &two), ["P-CVD"]);
    }
}

fn b3_every_role_and_every_cause(app: TestApp) {
    let catalogue = Catalogue::built_in().unwrap();
    let base = plus_days(app.house.today(), -2);
    let one = donor(&app, 1, json!(app.places.company));
    for entry in catalogue.entries() {
        defer(&app, Role::Medic, &one, &entry.code, Some(base)).expect(201);
    }
    for (role, viewer) in
        [(Role::Medic, Viewer::Medic), (Role::Bank, Viewer::BloodBank), (Role::Physician, Viewer::Physician)]
    {
        let expected: Vec<&str> = catalogue
            .entries()
            .filter(|entry| viewer.sees(entry.visibility))
            .map(|entry| entry.code.as_str())
            .collect();
        let path = format!("/api/v1/donors/{one}/deferrals?limit=200");
        let list = app.client(role).get(&path).expect(200);
        let told: Vec<&str> =
            list["items"].as_array().unwrap().iter().map(|item| item["code"].as_str().unwrap()).collect();
        assert_eq!(told, expected, "{role}");
    }
    for role in [Role::Admin, Role::Command, Role::Hospital] {
        let path = format!("/api/v1/donors/{one}/deferrals");
        assert_eq!(app.client(role).get(&path).problem(403), "forbidden", "{role}");
        assert_eq!(defer(&app, role, &one, "TAT", None).problem(403), "forbidden", "{role}");
    }
}

fn outcome(app: &TestApp, donor: &str, on: NaiveDate) -> String {
    let path = format!("/api/v1/donors/{donor}/eligibility?on={on}");
    app.client(Role::Physician).get(&path).expect(200)["outcome"].as_str().unwrap().to_owned()
}

fn a1_pregnancy_ends_by_an_event_alone(app: TestApp) {
    let today = app.house.today();
    let catalogue = Catalogue::built_in().unwrap();
    let open = catalogue.entries().filter(|entry| entry.ends_by_event() && entry.then.is_some());
    for (n, entry) in (1_u32..).zip(open) {
        let one = donor(&app, n, json!(app.places.company));
        defer(&app, Role::Medic, &one, &entry.code, None).expect(201);
        for days in [0, 56, 182, 400, 3_000] {
            assert_ne!(outcome(&app, &one, plus_days(today, days)), "eligible", "{} {days}", entry.code);
        }
    }
}

fn a2_a_late_entry_counts_from_its_base(app: TestApp) {
    let today = app.house.today();
    let one = donor(&app, 1, json!(app.places.company));
    assert_eq!(outcome(&app, &one, today), "eligible");
    defer(&app, Role::Medic, &one, "TAT", Some(plus_days(today, -100))).expect(201);
    assert_eq!(outcome(&app, &one, plus_days(today, 81)), "not_yet");
    assert_eq!(outcome(&app, &one, plus_days(today, 82)), "eligible");
    // What was known the day before does not change.
    assert_eq!(outcome(&app, &one, plus_days(today, -1)), "eligible");
    let two = donor(&app, 2, json!(app.places.company));
    defer(&app, Role::Medic, &two, "TAT", None).expect(201);
    assert_eq!(outcome(&app, &two, plus_days(today, 3_000)), "needs_physician");
    let before = app.client(Role::Medic).get(&format!("/api/v1/donors/{two}/eligibility?on=2018-06-01"));
    assert_eq!(before.expect(422)["errors"][0]["field"], "on");
}

fn a_deferral_outside_the_scope_is_not_found(app: TestApp) {
    let outside = donor(&app, 1, json!(app.places.other_unit));
    let path = format!("/api/v1/donors/{outside}/deferrals");
    assert_eq!(app.client(Role::Medic).get(&path).problem(404), "not_found");
    assert_eq!(defer(&app, Role::Medic, &outside, "TAT", None).problem(404), "not_found");
    assert!(codes(&app, Role::Physician, &outside).is_empty());
    assert_eq!(defer(&app, Role::Bank, &outside, "NO-SUCH", None).problem(422), "invalid_request");
    let tomorrow = plus_days(app.house.today(), 1);
    let refused = defer(&app, Role::Bank, &outside, "P-HIV", Some(tomorrow)).expect(422);
    assert_eq!(refused["errors"][0]["code"], "out_of_range");
}

fn a_deferral_is_entered_once(app: TestApp) {
    let one = donor(&app, 1, json!(app.places.company));
    let path = format!("/api/v1/donors/{one}/deferrals");
    let medic = app.client(Role::Medic);
    let body = json!({"code": "TAT"});
    let first = medic.post_as("deferral-key-1", &path, &body).expect(201);
    assert_eq!(medic.post_as("deferral-key-1", &path, &body).expect(201), first);
    let other = medic.post_as("deferral-key-1", &path, &json!({"code": "P-HIV"}));
    assert_eq!(other.problem(422), "idempotency_key_reused");
    assert_eq!(codes(&app, Role::Physician, &one), ["TAT"]);
    let page = medic.get(&format!("{path}?limit=1")).expect(200);
    assert_eq!((page["items"].as_array().unwrap().len(), &page["next"]), (1, &Value::Null));
}

fn the_stored_fingerprint_cannot_be_guessed(app: TestApp) {
    use sha2::{Digest, Sha256};
    let one = donor(&app, 1, json!(app.places.company));
    let path = format!("/api/v1/donors/{one}/deferrals");
    let body = json!({"code": "P-HIV"});
    app.client(Role::Medic).post(&path, &body).expect(201);
    let plain = Sha256::new()
        .chain_update(Sha256::digest(format!("POST {path}")))
        .chain_update(Sha256::digest(body.to_string()))
        .finalize()
        .to_vec();
    let kept: Vec<Vec<u8>> = app
        .house
        .db
        .read_now(|conn| Ok(idempotency::table.select(idempotency::fingerprint).load(conn)?))
        .unwrap();
    assert!(!kept.is_empty() && !kept.contains(&plain));
}

fn a3_a_preview_counts_over_every_giving(app: TestApp) {
    let medic = app.client(Role::Medic);
    let day = |n| plus_days(app.house.today(), n - 83);
    let ask = |n: i64, more: Value| {
        let mut body = json!({
            "on": day(n), "sex": "male", "birth_date": "1990-01-01", "weight_kg": 85.0, "height_cm": 180.0,
            "screened": true,
            "givings": [
                {"on": day(0), "donation_type": "whole_blood"},
                {"on": day(28), "donation_type": "platelet_apheresis"},
            ],
        });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        medic.post("/api/v1/eligibility/preview", &body)
    };
    for (n, outcome) in [(42, "not_yet"), (83, "not_yet"), (84, "eligible")] {
        let told = ask(n, json!({})).expect(200);
        assert_eq!((&told["outcome"], told.get("donor")), (&json!(outcome), None), "day {n}");
    }
    let hidden = ask(84, json!({"deferrals": [{"code": "P-HIV"}]})).expect(200);
    assert_eq!(hidden["reasons"][0]["code"], "not_available");
    for (more, field, code) in [
        (json!({"rule_set": "no_such"}), "rule_set", "unknown_reference"),
        (json!({"deferrals": [{"code": "NO-SUCH"}]}), "deferrals[0].code", "unknown_reference"),
        (json!({"weight_kg": 4.0}), "weight_kg", "out_of_range"),
        (
            json!({"givings": [{"on": day(90), "donation_type": "whole_blood"}]}),
            "givings[0].on",
            "out_of_range",
        ),
        (json!({"on": "2999-01-01"}), "on", "out_of_range"),
        // Near enough, but before the first rules.
        (json!({"on": "2018-06-01"}), "on", "out_of_range"),
    ] {
        let refused = ask(84, more).expect(422);
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!(field), &json!(code))
        );
    }
}

fn a_day_that_cannot_be_is_refused(app: TestApp) {
    let id = donor(&app, 70, json!(app.places.company));
    let today = app.house.today();
    let tomorrow = plus_days(today, 1).to_string();
    for (form, field, code) in [
        (json!({"code": "TAT", "base": tomorrow}), "base", "out_of_range"),
        (json!({"code": "TAT", "base": "1899-12-31"}), "base", "out_of_range"),
        (json!({"code": "TAT", "base": "-0044-03-15"}), "base", "out_of_range"),
        (json!({"code": "TAT", "second_base": today}), "second_base", "invalid_value"),
        (json!({"code": "TAT", "ended_on": today}), "ended_on", "invalid_value"),
        (json!({"code": "P-HIV", "ended_on": today}), "ended_on", "invalid_value"),
        (json!({"code": "PREG-NOW", "ended_on": tomorrow}), "ended_on", "out_of_range"),
        (
            json!({"code": "PREG-NOW", "base": "2026-05-01", "ended_on": "2025-05-01"}),
            "ended_on",
            "out_of_range",
        ),
        (json!({"code": "ABX", "second_base": tomorrow}), "second_base", "out_of_range"),
        (json!({"code": "NO-SUCH"}), "code", "unknown_reference"),
    ] {
        let said = |path: &str, body: &Value| {
            let refused = app.client(Role::Medic).post(path, body).expect(422)["errors"][0].clone();
            (refused["field"].as_str().unwrap().to_owned(), refused["code"].clone())
        };
        let entered = said(&format!("/api/v1/donors/{id}/deferrals"), &form);
        assert_eq!(entered, (field.to_owned(), json!(code)), "{form}");
        let previewed = said("/api/v1/eligibility/preview", &json!({"deferrals": [form.clone()]}));
        assert_eq!(previewed, (format!("deferrals[0].{field}"), json!(code)), "{form}");
    }
    assert!(codes(&app, Role::Physician, &id).is_empty());
}
