//! What the laboratory knows of a donor beside the group, and what follows for the emergency panel.

use serde_json::{Value, json};
use shiryan_kernel::role::Role;
use shiryan_kernel::time::plus_days;

use super::pages::{led, signed_in};
use super::support::app::TestApp;

both!(
    antigens_agree_disagree_and_are_corrected,
    a_titre_is_of_a_typed_group_o_donor_and_expires,
    a15_the_emergency_panel_withholds_what_nobody_knows,
);

fn donor(app: &TestApp) -> String {
    let body = json!({
        "first_name": "ليلى", "family_name": "البيطار", "sex": "female", "birth_date": "1990-04-05",
        "unit": app.places.company, "weight_kg": 70, "height_cm": 165,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &body).expect(201);
    format!("/api/v1/donors/{}", made["id"].as_str().unwrap())
}

fn typed(app: &TestApp, path: &str, role: Role, group: &str, sample: &str) {
    let body = json!({"blood_group": group, "sample": sample, "typed_on": "2026-01-05"});
    app.client(role).post(&format!("{path}/typings"), &body).expect(201);
}

fn antigens_agree_disagree_and_are_corrected(app: TestApp) {
    let path = format!("{}/antigens", donor(&app));
    let bank = app.client(Role::Bank);
    let post = |results: Value| bank.post(&path, &json!({"typed_on": "2026-01-05", "results": results}));
    let first = post(json!([{"antigen": "kel1", "present": false}, {"antigen": "rh4", "present": true}]));
    assert_eq!(
        first.expect(201)["phenotype"],
        json!([{"antigen": "rh4", "state": "present"}, {"antigen": "kel1", "state": "absent"}])
    );
    let other = post(json!([{"antigen": "kel1", "present": true}])).expect(201);
    assert_eq!(other["phenotype"][1], json!({"antigen": "kel1", "state": "discrepant"}));
    let ledger = bank.get(&path).expect(200);
    let line = |n: usize| ledger["items"][n]["id"].clone();
    for (results, field, code) in [
        (json!([]), "results", "missing_field"),
        (
            json!([{"antigen": "kel1", "present": true}, {"antigen": "kel1", "present": true}]),
            "results[1].antigen",
            "invalid_value",
        ),
        (
            json!([{"antigen": "kel1", "present": false, "corrects": line(1)}]),
            "results[0].corrects",
            "unknown_reference",
        ),
    ] {
        let refused = post(results).expect(422);
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!(field), &json!(code))
        );
    }
    assert_eq!(bank.get(&path).expect(200), ledger, "a refused entry wrote nothing");
    let right = json!([{"antigen": "kel1", "present": false, "corrects": line(2)}]);
    let settled = post(right.clone()).expect(201);
    assert_eq!(settled["phenotype"][1], json!({"antigen": "kel1", "state": "absent"}));
    assert_eq!(post(right).problem(409), "state_conflict");
    let ledger = bank.get(&path).expect(200);
    assert_eq!(
        (&ledger["items"][2]["corrected"], ledger["items"].as_array().unwrap().len()),
        (&json!(true), 4)
    );
    let future = json!({"typed_on": "2999-01-01", "results": [{"antigen": "kel1", "present": true}]});
    assert_eq!(bank.post(&path, &future).expect(422)["errors"][0]["field"], "typed_on");
    assert_eq!(post(json!([{"antigen": "K", "present": true}])).problem(422), "invalid_value");
}

fn a_titre_is_of_a_typed_group_o_donor_and_expires(app: TestApp) {
    let (bank, today) = (app.client(Role::Bank), app.house.today());
    let own = donor(&app);
    let path = format!("{own}/titres");
    let titre = |anti_a: i32, anti_b: i32, days_ago: i64| json!({"anti_a": anti_a, "anti_b": anti_b, "method": "saline_tube", "measured_on": plus_days(today, -days_ago)});
    assert_eq!(bank.post(&path, &titre(64, 32, 0)).problem(409), "group_unknown");
    typed(&app, &own, Role::Bank, "o_pos", "S1");
    let low = bank.post(&path, &titre(64, 32, 10)).expect(201);
    let until = |days: i64| json!(plus_days(today, days - 10));
    assert_eq!(
        low["low_titre"],
        json!({
            "measured_on": plus_days(today, -10), "low": true,
            "operational_until": until(90), "routine_until": until(365),
        })
    );
    let high = bank.post(&path, &titre(256, 0, 3)).expect(201);
    assert_eq!(
        (&high["low_titre"]["low"], &high["low_titre"]["operational_until"]),
        (&json!(false), &Value::Null)
    );
    let mut right = titre(128, 0, 3);
    right["corrects"] = high["id"].clone();
    assert_eq!(bank.post(&path, &right).expect(201)["low_titre"]["low"], true);
    assert_eq!(bank.post(&path, &right).problem(409), "state_conflict");
    right["corrects"] = json!("0000000000001");
    assert_eq!(bank.post(&path, &right).expect(422)["errors"][0]["code"], "unknown_reference");
    let wrong = bank.post(&path, &titre(-1, 65_537, -1)).expect(422);
    let fields: Vec<&str> =
        wrong["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["anti_a", "anti_b", "measured_on"]);
    let seen = bank.get(&path).expect(200);
    let corrected: Vec<bool> =
        seen["items"].as_array().unwrap().iter().map(|line| line["corrected"].as_bool().unwrap()).collect();
    assert_eq!(corrected, [false, true, false]);
    // A contradiction takes the group away, and with it what the titre is good for.
    typed(&app, &own, Role::Physician, "a_pos", "S2");
    assert_eq!(bank.get(&path).expect(200)["low_titre"], Value::Null);
    assert_eq!(bank.post(&path, &titre(64, 32, 0)).problem(409), "group_unknown");
    let other = donor(&app);
    typed(&app, &other, Role::Bank, "b_pos", "S1");
    let refused = bank.post(&format!("{other}/titres"), &titre(64, 32, 0)).expect(409);
    assert_eq!((&refused["code"], &refused["state"]), (&json!("state_conflict"), &json!("b")));
}

fn a15_the_emergency_panel_withholds_what_nobody_knows(app: TestApp) {
    let (bank, today) = (app.client(Role::Bank), app.house.today());
    let own = donor(&app);
    let path = format!("{own}/emergency-panel");
    let requirement = |panel: &Value, name: &str| {
        let all = panel["requirements"].as_array().unwrap();
        all.iter().find(|one| one["requirement"] == name).map(|one| one["met"].as_str().unwrap().to_owned())
    };
    let none = bank.get(&path).expect(200);
    assert_eq!((&none["member"], &none["ready"]), (&json!(false), &json!(false)));
    for (name, met) in [
        ("active", "yes"),
        ("consent", "no"),
        ("uneventful_donation", "no"),
        ("group_confirmed", "no"),
        ("low_titre", "no"),
        ("infection_panel", "no"),
    ] {
        assert_eq!(requirement(&none, name).as_deref(), Some(met), "{name}");
    }
    typed(&app, &own, Role::Bank, "o_pos", "S1");
    typed(&app, &own, Role::Physician, "o_pos", "S2");
    let titre = json!({"anti_a": 64, "anti_b": 32, "method": "gel_card", "measured_on": today});
    bank.post(&format!("{own}/titres"), &titre).expect(201);
    let say = |given: bool| {
        let body = json!({"kind": "emergency_panel", "given": given, "on": today, "way": "signed"});
        bank.post(&format!("{own}/consents"), &body).expect(201);
    };
    say(true);
    let donation = json!({
        "donor": own.rsplit('/').next().unwrap(), "din": super::support::shelf::din(1),
        "donation_type": "whole_blood", "volume_ml": 450, "collected_at": app.house.db.now(),
    });
    bank.post("/api/v1/donations", &donation).expect(201);
    let best = bank.get(&path).expect(200);
    for (name, met) in [
        ("consent", "yes"),
        ("uneventful_donation", "unknown"),
        ("group_confirmed", "yes"),
        ("low_titre", "yes"),
        ("infection_panel", "no"),
    ] {
        assert_eq!(requirement(&best, name).as_deref(), Some(met), "{name}");
    }
    assert_eq!((&best["member"], &best["ready"]), (&json!(true), &json!(false)));
    // A whole panel that is clear counts for ninety days; one finding that is not, for none.
    super::support::shelf::tested(&app, 1);
    let met = |app: &TestApp| requirement(&app.client(Role::Bank).get(&path).expect(200), "infection_panel");
    assert_eq!(met(&app).as_deref(), Some("yes"));
    let best = bank.get(&path).expect(200);
    // It tells of no deferral, whatever its cause.
    for code in ["P-HIV", "P-CVD"] {
        let body = json!({"code": code, "base": "2026-10-01"});
        app.client(Role::Physician).post(&format!("{own}/deferrals"), &body).expect(201);
        assert_eq!(bank.get(&path).expect(200), best, "{code}");
    }
    let ready = bank.get(&path).expect(200);
    assert_eq!(ready["ready"], false, "nobody saw how the donation went");
    // What ends by itself says until when: the last day on which it counts.
    let until = |panel: &Value| -> Vec<(String, Value)> {
        let all = panel["requirements"].as_array().unwrap().iter().filter(|one| one["until"].is_string());
        all.map(|one| (one["requirement"].as_str().unwrap().to_owned(), one["until"].clone())).collect()
    };
    let last = today + chrono::Duration::days(90);
    let titred = today + chrono::Duration::days(89);
    assert_eq!(
        until(&ready),
        [("low_titre".to_owned(), json!(titred)), ("infection_panel".to_owned(), json!(last))]
    );
    let mut page = signed_in(&app, Role::Physician);
    assert!(
        page.get("/panel").text.contains("yes, until Monday 22 February 2027"),
        "{}",
        page.get("/panel").text
    );
    led(&page.submit("/language", &[("lang", "ar"), ("back", "/")]));
    assert!(page.get("/panel").text.contains("نعم، حتى الاثنين 22 شباط 2027"), "{}", page.get("/panel").text);
    say(false);
    assert_eq!(bank.get(&path).expect(200)["member"], false);
    assert_eq!(app.client(Role::Medic).get(&path).problem(403), "forbidden");
    app.clock.advance(chrono::Duration::days(90));
    let then = app.client(Role::Bank).get(&path).expect(200);
    assert_eq!(requirement(&then, "infection_panel").as_deref(), Some("yes"), "its last day");
    assert_eq!(until(&then), [("infection_panel".to_owned(), json!(last))]);
    app.clock.advance(chrono::Duration::days(1));
    assert!(until(&app.client(Role::Bank).get(&path).expect(200)).is_empty());
}
