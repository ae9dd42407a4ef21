//! Opening identities: the day's budget, and breaking the glass where scope or budget would not allow it.

use chrono::Duration;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::app::World;
use shiryan::db::tables::audit_lines;
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::role::Role;

use super::support::app::{Reply, TestApp};
use super::support::databases::{Fresh, Kind};

both!(
    b12_broken_glass_opens_one_identity_for_one_purpose_for_a_while,
    b12_another_physician_reviews_what_one_broke,
    b4_openings_have_a_budget_whose_end_is_an_alert,
    an_erased_donor_takes_the_reason_along,
);

const GLASS: &str = "/api/v1/broken-glass";

fn register(app: &TestApp, number: &str, unit: UnitId) -> String {
    let form = json!({"first_name": "سالم", "family_name": "النجار", "service_number": number, "unit": unit,
        "sex": "male", "birth_date": "1996-02-10", "governorate": "PS-RBH"});
    let made = app.client(Role::Bank).post("/api/v1/donors", &form).expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn open(app: &TestApp, role: Role, donor: &str, purpose: &str) -> Reply {
    let path = format!("/api/v1/donors/{donor}/identity");
    app.client(role).post(&path, &json!({"purpose": purpose}))
}

fn break_for(app: &TestApp, role: Role, donor: &str) -> Reply {
    let form = json!({"donor": donor, "purpose": "contact", "reason": "نزيف شديد"});
    app.client(role).post(GLASS, &form)
}

/// Lines of the record with this action, as their details.
fn lines(app: &TestApp, action: &str) -> Vec<Value> {
    let read = app.house.db.read_now(|conn| {
        let of = audit_lines::table.filter(audit_lines::action.eq(action)).order(audit_lines::id);
        Ok(of.select(audit_lines::detail).load::<String>(conn)?)
    });
    read.unwrap().iter().map(|detail| serde_json::from_str(detail).unwrap()).collect()
}

fn b12_broken_glass_opens_one_identity_for_one_purpose_for_a_while(app: TestApp) {
    let far = register(&app, "GL-1", app.places.other_unit);
    let other = register(&app, "GL-2", app.places.other_unit);
    assert_eq!(open(&app, Role::Medic, &far, "contact").problem(404), "not_found");
    let nobody = break_for(&app, Role::Medic, "0000000000001");
    assert_eq!(nobody.problem(404), "not_found");
    let without =
        app.client(Role::Medic).post(GLASS, &json!({"donor": far, "purpose": "contact", "reason": " "}));
    assert_eq!(without.status, 422, "{}", without.text);
    assert_eq!(lines(&app, "donors.glass_broken").len(), 0);

    let glass = break_for(&app, Role::Medic, &far).expect(201)["id"].clone();
    let told = lines(&app, "donors.glass_broken");
    assert_eq!((told.len(), &told[0]["alert"], &told[0]["purpose"]), (1, &json!(true), &json!("contact")));
    assert!(!told[0].to_string().contains("نزيف"), "the reason is sealed");
    let identity = open(&app, Role::Medic, &far, "contact").expect(200);
    assert_eq!(identity["service_number"], "GL-1");
    assert_eq!(lines(&app, "donors.identity_opened")[0]["glass"], glass);
    assert_eq!(open(&app, Role::Medic, &far, "check_in").problem(404), "not_found", "another purpose");
    assert_eq!(open(&app, Role::Medic, &other, "contact").problem(404), "not_found", "another donor");
    let record = app.client(Role::Medic).get(&format!("/api/v1/donors/{far}"));
    assert_eq!(record.problem(404), "not_found", "nothing but the identity");
    app.clock.advance(Duration::minutes(30));
    assert_eq!(open(&app, Role::Medic, &far, "contact").problem(404), "not_found", "its time is over");
    for _ in 0..4 {
        break_for(&app, Role::Medic, &far).expect(201);
    }
    assert_eq!(break_for(&app, Role::Medic, &far).problem(429), "too_many_requests");
    app.clock.advance(Duration::days(1));
    break_for(&app, Role::Medic, &far).expect(201);
}

fn b12_another_physician_reviews_what_one_broke(app: TestApp) {
    let donor = register(&app, "GL-1", app.places.company);
    let glass = break_for(&app, Role::Physician, &donor).expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("{GLASS}/{glass}/review");
    let finding = json!({"finding": "كان لازمًا"});
    assert_eq!(app.client(Role::Physician).post(&path, &finding).problem(403), "second_person_required");
    let waiting = app.client(Role::Physician).get(GLASS).expect(200);
    assert_eq!(waiting["items"][0]["reason"], "نزيف شديد");
    assert_eq!(waiting["items"][0]["by"], json!(app.principal(Role::Physician).user));
    let other = app.colleague(Role::Physician, "physician2", None);
    other.post(&path, &finding).expect(200);
    assert_eq!(other.post(&path, &finding).problem(409), "state_conflict");
    assert_eq!(other.get(GLASS).expect(200)["items"], json!([]));
    let reviewed = other.get(&format!("{GLASS}?reviewed=true")).expect(200);
    assert_eq!(reviewed["items"][0]["finding"], "كان لازمًا");
    assert_eq!(lines(&app, "donors.glass_reviewed").len(), 1);
}

/// Where three identities a day are the most.
pub struct Sparing(TestApp);

impl Fresh for Sparing {
    fn fresh(kind: Kind) -> Self {
        Self(TestApp::with(kind, World::Live, &[("SHIRYAN__DONORS__IDENTITIES_A_DAY", "3")]))
    }
}

fn b4_openings_have_a_budget_whose_end_is_an_alert(Sparing(app): Sparing) {
    let donors: Vec<String> =
        (0..5).map(|n| register(&app, &format!("GL-{n}"), app.places.company)).collect();
    for donor in &donors[..3] {
        assert_eq!(lines(&app, "donors.openings_spent").len(), 0);
        open(&app, Role::Medic, donor, "contact").expect(200);
    }
    let spent = lines(&app, "donors.openings_spent");
    assert_eq!((spent.len(), &spent[0]["alert"]), (1, &json!(true)));
    let over = open(&app, Role::Medic, &donors[3], "contact");
    assert_eq!(over.problem(429), "too_many_requests");
    assert_eq!(open(&app, Role::Medic, &donors[0], "contact").status, 429, "again is once more");
    assert_eq!(lines(&app, "donors.identity_opened").len(), 3, "what was refused was not opened");
    open(&app, Role::Bank, &donors[3], "contact").expect(200);
    break_for(&app, Role::Medic, &donors[3]).expect(201);
    open(&app, Role::Medic, &donors[3], "contact").expect(200);
    assert_eq!(open(&app, Role::Medic, &donors[4], "contact").status, 429);
    app.clock.advance(Duration::days(1));
    open(&app, Role::Medic, &donors[4], "contact").expect(200);
}

fn an_erased_donor_takes_the_reason_along(app: TestApp) {
    let donor = register(&app, "GL-1", app.places.company);
    break_for(&app, Role::Bank, &donor).expect(201);
    let path = format!("/api/v1/donors/{donor}/erase");
    app.client(Role::Physician).post(&path, &json!({"reason": "donor_asked"})).expect(200);
    assert_eq!(open(&app, Role::Bank, &donor, "contact").problem(409), "state_conflict");
    assert_eq!(break_for(&app, Role::Bank, &donor).problem(409), "state_conflict");
    let listed = app.client(Role::Physician).get(GLASS).expect(200);
    assert_eq!((&listed["items"][0]["reason"], listed["items"].as_array().unwrap().len()), (&Value::Null, 1));
}
