//! The second factor, the list of sign-ins, and accounts that are reset or shut.

use chrono::Duration;
use serde_json::{Value, json};
use shiryan::accounts::{self, Ended, Sessions};
use shiryan::db::Lane;
use shiryan_kernel::Code;
use shiryan_kernel::role::Role;

use super::pages::Browser;
use super::support::app::{Client, PASSWORD, TestApp, credentials};
use super::support::databases::{Fresh, Kind};
use super::support::device::{Device, begin, enrol};
use super::support::rows::whole;

both!(
    b11_whoever_opens_identities_needs_a_code_and_each_is_good_once,
    a_recovery_code_is_good_once_and_told_of,
    the_page_enrols_and_shows_the_recovery_codes_once,
    b12_who_was_given_a_new_beginning_is_no_second_person,
    sign_ins_are_listed_and_ended_one_by_one,
    b11_a_shut_account_is_out_at_once_and_elsewhere_within_seconds,
);

const SESSIONS: &str = "/api/v1/sessions";

/// An installation that is not a demo's, as `serve` runs it.
pub struct Strict(TestApp);

impl Fresh for Strict {
    fn fresh(kind: Kind) -> Self {
        Self(TestApp::strict(kind))
    }
}

fn with_code(username: &str, code: impl ToString) -> Value {
    let mut form = credentials(username);
    form["code"] = json!(code.to_string());
    form
}

/// A while later: budgets of a minute are whole again, and the device shows another code.
fn later(app: &TestApp, device: &Device) -> String {
    app.clock.advance(Duration::seconds(90));
    device.code(app.house.db.now())
}

fn alerts(app: &TestApp, action: &str) -> usize {
    use diesel::prelude::*;
    use shiryan::db::tables::audit_lines;
    let lines = app.house.db.read_now(|conn| {
        let of = audit_lines::table.filter(audit_lines::action.eq(action)).select(audit_lines::detail);
        Ok(of.load::<String>(conn)?)
    });
    lines.unwrap().iter().filter(|detail| detail.contains("\"alert\":true")).count()
}

fn b11_whoever_opens_identities_needs_a_code_and_each_is_good_once(Strict(app): Strict) {
    let anyone = app.anonymous();
    for role in Role::ALL.iter().copied() {
        let reply = anyone.post(SESSIONS, &credentials(role.code()));
        if [Role::Medic, Role::Bank, Role::Physician].contains(&role) {
            assert_eq!(reply.problem(403), "second_factor_missing", "{role}");
        } else {
            reply.expect(201);
        }
    }
    let wrong = json!({"username": "medic", "password": "five olive trees"});
    assert_eq!(anyone.post("/api/v1/sessions/second-factor", &wrong).problem(401), "bad_credentials");
    let never_confirmed = begin(&anyone, &credentials("medic"));
    let device = begin(&anyone, &credentials("medic"));
    let replaced = never_confirmed.code(app.house.db.now());
    assert_eq!(anyone.post(SESSIONS, &with_code("medic", replaced)).problem(401), "second_factor_invalid");
    let code = device.code(app.house.db.now());
    let granted = anyone.post(SESSIONS, &with_code("medic", &code)).expect(201);
    assert_eq!(granted["recovery_codes"].as_array().unwrap().len(), 10);
    let medic = anyone.clone().holding(granted["access_token"].as_str().unwrap());
    medic.get("/api/v1/donors").expect(200);

    assert_eq!(anyone.post(SESSIONS, &with_code("medic", &code)).problem(401), "second_factor_invalid");
    let next = later(&app, &device);
    assert_eq!(anyone.post(SESSIONS, &credentials("medic")).problem(403), "second_factor_required");
    assert_eq!(anyone.post(SESSIONS, &with_code("medic", "000 000")).problem(401), "second_factor_invalid");
    let spaced = format!("{} {}", &next[..3], &next[3..]);
    let again = anyone.post(SESSIONS, &with_code("medic", spaced)).expect(201);
    assert!(again.get("recovery_codes").is_none());
    let second = anyone.post("/api/v1/sessions/second-factor", &credentials("medic"));
    assert_eq!(second.problem(409), "state_conflict");
    // A clear secret is nowhere in the table.
    let rows = whole(&app, "second_factors") + &whole(&app, "recovery_codes");
    for code in granted["recovery_codes"].as_array().unwrap() {
        let letters = code.as_str().unwrap().replace('-', "");
        let hex: String = letters.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!rows.contains(&letters) && !rows.contains(&hex));
    }
}

fn a_recovery_code_is_good_once_and_told_of(Strict(app): Strict) {
    let anyone = app.anonymous();
    let (device, granted) = enrol(&anyone, &credentials("bank"), app.house.db.now());
    let kept = granted["recovery_codes"][3].as_str().unwrap().to_uppercase().replace('-', " ");
    anyone.post(SESSIONS, &with_code("bank", &kept)).expect(201);
    assert_eq!(alerts(&app, "accounts.recovery_code_used"), 1);
    assert_eq!(anyone.post(SESSIONS, &with_code("bank", &kept)).problem(401), "second_factor_invalid");
    let other = granted["recovery_codes"][4].as_str().unwrap();
    assert_eq!(anyone.post(SESSIONS, &with_code("physician", other)).problem(403), "second_factor_missing");
    anyone.post(SESSIONS, &with_code("bank", other)).expect(201);
    anyone.post(SESSIONS, &with_code("bank", later(&app, &device))).expect(201);
}

fn the_page_enrols_and_shows_the_recovery_codes_once(Strict(app): Strict) {
    let mut browser = Browser::new(&app);
    let known = [("username", "physician"), ("password", PASSWORD)];
    let asked = browser.submit("/sign-in", &known);
    assert_eq!(asked.status, 403);
    assert!(asked.text.contains("<svg ") && asked.text.contains("name=\"code\""), "{}", asked.text);
    let secret = asked.text.split("secret=").nth(1).unwrap().split(['&', '"']).next().unwrap();
    let device = Device::of(secret);
    let code = device.code(app.house.db.now());
    let with = |code: &str| [known[0], known[1], ("code", code)].map(|(a, b)| (a.to_owned(), b.to_owned()));
    let send = |browser: &mut Browser, code: &str| {
        let fields = with(code);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
        browser.submit("/sign-in", &fields)
    };
    let shown = send(&mut browser, &code);
    assert_eq!(shown.status, 200, "{}", shown.text);
    assert_eq!(shown.text.matches("<li><code>").count(), 10);
    let first = browser.get("/");
    assert!(first.text.contains("action=\"/sign-out\"") && !first.text.contains("<li><code>"));
    browser.submit("/sign-out", &[]);
    let asked = browser.submit("/sign-in", &known);
    assert!(asked.text.contains("name=\"code\"") && !asked.text.contains("<svg "), "{}", asked.text);
    assert_eq!(send(&mut browser, "123456").status, 401);
    let next = later(&app, &device);
    assert_eq!(send(&mut browser, &next).status, 303);
}

fn b12_who_was_given_a_new_beginning_is_no_second_person(Strict(app): Strict) {
    let anyone = app.anonymous();
    let (_, granted) = enrol(&anyone, &credentials("physician"), app.house.db.now());
    let (admin, user) = (app.principal(Role::Admin).user, app.principal(Role::Physician).user);
    let path = format!("/api/v1/users/{user}/reset");
    let form = json!({"password": "a password to change"});
    assert_eq!(
        app.client(Role::Admin).post(&path, &json!({"password": "x"})).expect(422)["errors"][0]["field"],
        "password"
    );
    let own = format!("/api/v1/users/{admin}/reset");
    assert_eq!(app.client(Role::Admin).post(&own, &form).problem(409), "state_conflict");
    let nobody = app.client(Role::Admin).post("/api/v1/users/0000000000001/reset", &form);
    assert_eq!(nobody.problem(404), "not_found");
    app.client(Role::Admin).post(&path, &form).expect(200);
    let was_in = anyone.clone().holding(granted["access_token"].as_str().unwrap());
    assert_eq!(was_in.get("/api/v1/facilities").problem(401), "token_invalid");
    assert_eq!(alerts(&app, "accounts.user_reset"), 1);

    let mut first = json!({"username": "physician", "password": "a password to change"});
    assert_eq!(anyone.post(SESSIONS, &first).problem(403), "password_change_required");
    first["new_password"] = json!("a password of my own");
    assert_eq!(anyone.post(SESSIONS, &first).problem(403), "second_factor_missing");
    // Nothing has changed by that: the old password is the one to show.
    enrol(&anyone, &first, app.house.db.now());

    let two = |app: &TestApp| {
        app.house.db.write_now(Lane::System, move |tx| accounts::check_two_people(tx, admin, user))
    };
    assert_eq!(two(&app).unwrap_err().code, Code::SecondPersonRequired);
    app.clock.advance(Duration::days(31));
    two(&app).unwrap();
}

fn sign_ins_are_listed_and_ended_one_by_one(app: TestApp) {
    let anyone = app.anonymous();
    let sign_in = |name: &str| {
        let granted = anyone.post(SESSIONS, &credentials(name)).expect(201);
        let held: Client = anyone.clone().holding(granted["access_token"].as_str().unwrap());
        (held, granted["refresh_token"].clone())
    };
    let ((here, _), (there, refresh)) = (sign_in("command"), sign_in("command"));
    let (other, _) = sign_in("hospital");
    let listed = here.get(SESSIONS).expect(200)["items"].as_array().unwrap().clone();
    assert_eq!(listed.len(), 2);
    assert_eq!((&listed[0]["current"], &listed[1]["current"]), (&json!(true), &json!(false)));
    assert_eq!((&listed[0]["kind"], &listed[0]["since"]), (&json!("api"), &json!(app.house.db.now())));
    let path = format!("{SESSIONS}/{}", listed[1]["id"].as_str().unwrap());
    assert_eq!(other.delete(&path).problem(404), "not_found", "somebody else's is not there");
    here.delete(&path).expect(204);
    assert_eq!(here.delete(&path).problem(404), "not_found");
    assert_eq!(there.get("/api/v1/facilities").problem(401), "token_invalid");
    let ended = anyone.post("/api/v1/sessions/refresh", &json!({"refresh_token": refresh}));
    assert_eq!(ended.problem(401), "refresh_invalid");
    assert_eq!(here.get(SESSIONS).expect(200)["items"].as_array().unwrap().len(), 1);
}

fn b11_a_shut_account_is_out_at_once_and_elsewhere_within_seconds(app: TestApp) {
    let anyone = app.anonymous();
    let granted = anyone.post(SESSIONS, &credentials("command")).expect(201);
    let token = granted["access_token"].as_str().unwrap();
    let held = anyone.clone().holding(token);
    // Another instance on the same database.
    let elsewhere = Sessions { ended: Ended::default(), ..app.house.sessions.clone() };
    elsewhere.bearer(token).unwrap();
    let user = app.principal(Role::Command).user;
    let admin = app.client(Role::Admin);
    let turn = |way: &str| admin.post(&format!("/api/v1/users/{user}/{way}"), &json!({}));
    assert_eq!(turn("enable").problem(409), "state_conflict");
    turn("disable").expect(200);
    assert_eq!(held.get("/api/v1/facilities").problem(401), "token_invalid");
    elsewhere.bearer(token).unwrap();
    // What each instance does every two seconds.
    crate::support::wait(elsewhere.follow()).unwrap();
    assert_eq!(elsewhere.bearer(token).unwrap_err().code, Code::TokenInvalid);
    assert_eq!(anyone.post(SESSIONS, &credentials("command")).problem(401), "bad_credentials");
    turn("enable").expect(200);
    anyone.post(SESSIONS, &credentials("command")).expect(201);
    assert_eq!(held.get("/api/v1/facilities").problem(401), "token_invalid", "what ended stays so");
}
