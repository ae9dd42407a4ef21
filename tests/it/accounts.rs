//! Sign-ins, tokens, users, units and facilities over HTTP.

use chrono::Duration;
use serde_json::json;
use shiryan_kernel::role::Role;

use crate::support::app::{PASSWORD, TestApp, credentials, new_key};

const SESSIONS: &str = "/api/v1/sessions";
const REFRESH: &str = "/api/v1/sessions/refresh";
const UNITS: &str = "/api/v1/units";

both!(
    signs_in_refreshes_and_out,
    a_spent_refresh_token_ends_the_sign_in,
    a_lost_refresh_reply_may_be_tried_again,
    wrong_credentials_look_alike_and_are_counted,
    the_first_sign_in_asks_for_an_own_password,
    expired_and_forged_tokens_are_told_apart,
    users_are_made_with_a_scope_that_fits,
    units_and_facilities_are_made_once,
    lists_go_on_where_they_stopped,
);

fn signs_in_refreshes_and_out(app: TestApp) {
    let anyone = app.anonymous();
    let granted = anyone.post(SESSIONS, &credentials("medic")).expect(201);
    assert_eq!((granted["role"].as_str(), granted["token_type"].as_str()), (Some("medic"), Some("Bearer")));
    let medic = app.with_token(granted["access_token"].as_str().unwrap());
    medic.get(UNITS).expect(200);
    let refreshed = anyone.post(REFRESH, &json!({"refresh_token": granted["refresh_token"]})).expect(201);
    assert_ne!(refreshed["refresh_token"], granted["refresh_token"]);
    let medic = app.with_token(refreshed["access_token"].as_str().unwrap());
    medic.delete("/api/v1/sessions/current").expect(204);
    assert_eq!(medic.get(UNITS).problem(401), "token_invalid");
    let after = anyone.post(REFRESH, &json!({"refresh_token": refreshed["refresh_token"]}));
    assert_eq!(after.problem(401), "refresh_invalid");
}

fn a_spent_refresh_token_ends_the_sign_in(app: TestApp) {
    let anyone = app.anonymous();
    let first = anyone.post(SESSIONS, &credentials("bank")).expect(201);
    let second = anyone.post(REFRESH, &json!({"refresh_token": first["refresh_token"]})).expect(201);
    app.clock.advance(Duration::seconds(11));
    let thief = anyone.post(REFRESH, &json!({"refresh_token": first["refresh_token"]}));
    assert_eq!(thief.problem(401), "refresh_reused");
    let owner = anyone.post(REFRESH, &json!({"refresh_token": second["refresh_token"]}));
    assert_eq!(owner.problem(401), "refresh_invalid");
    let bank = app.with_token(second["access_token"].as_str().unwrap());
    assert_eq!(bank.get("/api/v1/facilities").problem(401), "token_invalid");
}

fn a_lost_refresh_reply_may_be_tried_again(app: TestApp) {
    let anyone = app.anonymous();
    let first = anyone.post(SESSIONS, &credentials("bank")).expect(201);
    anyone.post(REFRESH, &json!({"refresh_token": first["refresh_token"]})).expect(201);
    app.clock.advance(Duration::seconds(9));
    let again = anyone.post(REFRESH, &json!({"refresh_token": first["refresh_token"]})).expect(201);
    anyone.post(REFRESH, &json!({"refresh_token": again["refresh_token"]})).expect(201);
}

fn wrong_credentials_look_alike_and_are_counted(app: TestApp) {
    let anyone = app.anonymous();
    let wrong = anyone.post(SESSIONS, &json!({"username": "admin", "password": "five olive trees"}));
    let nobody = anyone.post(SESSIONS, &json!({"username": "nobody", "password": PASSWORD}));
    let not_a_name = anyone.post(SESSIONS, &json!({"username": "no body", "password": PASSWORD}));
    for reply in [&wrong, &nobody, &not_a_name] {
        assert_eq!(reply.problem(401), "bad_credentials");
        assert_eq!(reply.text, wrong.text);
    }
    for _ in 0..4 {
        anyone.post(SESSIONS, &json!({"username": "admin", "password": "x"})).problem(401);
    }
    let soon = anyone.post(SESSIONS, &credentials("admin"));
    assert_eq!(
        (soon.problem(429), soon.headers["retry-after"].to_str().unwrap()),
        ("too_many_requests".to_owned(), "1")
    );
    app.clock.advance(Duration::seconds(1));
    anyone.post(SESSIONS, &credentials("admin")).expect(201);
    for _ in 0..3 {
        anyone.post(SESSIONS, &json!({"username": "admin", "password": "x"})).problem(401);
    }
    let reply = anyone.post(SESSIONS, &credentials("admin"));
    assert_eq!(reply.problem(429), "too_many_requests");
    assert!(reply.headers.contains_key("retry-after"));
    app.clock.advance(Duration::seconds(61));
    anyone.post(SESSIONS, &credentials("admin")).expect(201);
}

fn the_first_sign_in_asks_for_an_own_password(app: TestApp) {
    let user = json!({"username": "newcomer", "password": "a password to change", "role": "command"});
    app.client(Role::Admin).post("/api/v1/users", &user).expect(201);
    let anyone = app.anonymous();
    let mut form = json!({"username": "newcomer", "password": "a password to change"});
    assert_eq!(anyone.post(SESSIONS, &form).problem(403), "password_change_required");
    for (new, code) in [
        ("short", "password_too_short"),
        ("password12345password12345".get(..11).unwrap(), "password_too_short"),
        ("abababababab", "password_too_common"),
        ("a password to change", "invalid_value"),
    ] {
        form["new_password"] = json!(new);
        let problem = anyone.post(SESSIONS, &form).expect(422);
        assert_eq!(problem["errors"][0]["field"], "new_password");
        assert_eq!(problem["errors"][0]["code"], code);
    }
    app.clock.advance(Duration::seconds(61));
    form["new_password"] = json!("a password of my own");
    anyone.post(SESSIONS, &form).expect(201);
    let again = json!({"username": "newcomer", "password": "a password of my own"});
    anyone.post(SESSIONS, &again).expect(201);
}

fn expired_and_forged_tokens_are_told_apart(app: TestApp) {
    let admin = app.client(Role::Admin);
    admin.get(UNITS).expect(200);
    app.clock.advance(Duration::seconds(600));
    assert_eq!(admin.get(UNITS).problem(401), "token_expired");
    assert_eq!(app.with_token("forged").get(UNITS).problem(401), "token_invalid");
    assert_eq!(app.anonymous().get(UNITS).problem(401), "unauthenticated");
    let basic = app.anonymous().send("GET", UNITS, &[("authorization", "Basic YTpi")], None);
    assert_eq!(basic.problem(401), "unauthenticated");
}

fn users_are_made_with_a_scope_that_fits(app: TestApp) {
    let admin = app.client(Role::Admin);
    let make = |name: &str, role: &str, facility: serde_json::Value, units: serde_json::Value| {
        let form = json!({"username": name, "password": PASSWORD, "role": role,
            "facility": facility, "units": units});
        admin.post("/api/v1/users", &form)
    };
    let (hospital, bank) = (json!(app.places.hospital), json!(app.places.bank));
    let (unit, none) = (json!([app.places.company]), json!([]));
    for (role, facility, units, field) in [
        ("hospital", json!(null), &none, "facility"),
        ("hospital", bank.clone(), &none, "facility"),
        ("bank", hospital.clone(), &none, "facility"),
        ("command", hospital.clone(), &none, "facility"),
        ("medic", json!(null), &none, "units"),
        ("command", json!(null), &unit, "units"),
        ("medic", json!(null), &json!(["0000000000001"]), "units[0]"),
    ] {
        let problem = make("somebody", role, facility, units.clone()).expect(422);
        assert_eq!(problem["errors"][0]["field"], field, "{role}");
    }
    make("somebody", "medic", json!(null), unit).expect(201);
    make("Somebody", "hospital", hospital, none).problem(409);
    let users = admin.get("/api/v1/users").expect(200);
    assert!(users["items"].as_array().unwrap().iter().any(|user| user["username"] == "somebody"));
    assert!(!users.to_string().contains("argon2"));
}

fn units_and_facilities_are_made_once(app: TestApp) {
    let admin = app.client(Role::Admin);
    let unit = json!({"code": "b9", "name_ar": "كتيبة", "name_en": "Battalion 9",
        "parent": app.places.battalion, "governorate": "PS-RBH"});
    let key = new_key();
    let made = admin.post_as(&key, UNITS, &unit).expect(201);
    assert_eq!(admin.post_as(&key, UNITS, &unit).expect(201), made);
    let other = json!({"code": "b10", "name_ar": "كتيبة", "name_en": "B", "governorate": "PS-RBH"});
    assert_eq!(admin.post_as(&key, UNITS, &other).problem(422), "idempotency_key_reused");
    assert_eq!(admin.post(UNITS, &unit).problem(409), "code_taken");
    let without = admin.send("POST", UNITS, &[], Some(other.to_string().into_bytes()));
    assert_eq!(without.problem(400), "idempotency_key_missing");
    // The medic sees the new unit, which stands in the own scope, and none of another's.
    let seen = app.client(Role::Medic).get(UNITS).expect(200);
    let codes: Vec<_> = seen["items"].as_array().unwrap().iter().map(|unit| unit["code"].clone()).collect();
    assert_eq!(codes, ["B1", "B1-C1", "B9"]);
}

fn lists_go_on_where_they_stopped(app: TestApp) {
    let admin = app.client(Role::Admin);
    let mut seen = Vec::new();
    let mut path = format!("{UNITS}?limit=1");
    loop {
        let page = admin.get(&path).expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|unit| unit["code"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{UNITS}?limit=1&cursor={next}");
    }
    assert_eq!(seen, ["B1", "B1-C1", "B2"]);
    let first = admin.get(&format!("{UNITS}?limit=1")).expect(200);
    let cursor = first["next"].as_str().unwrap();
    let elsewhere = admin.get(&format!("/api/v1/facilities?cursor={cursor}"));
    assert_eq!(elsewhere.problem(400), "cursor_invalid");
    app.clock.advance(Duration::days(2));
    let stale = app.client(Role::Admin).get(&format!("{UNITS}?limit=1&cursor={cursor}"));
    assert_eq!(stale.problem(400), "cursor_invalid");
}
