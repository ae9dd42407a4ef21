//! Blood that is given before its tests: two physicians, two people at the bed, no other path, and nobody forgotten.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::{audit_lines, daily_flows, donors};
use shiryan::requests::untested;
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::blood::{BloodGroup, Component, GroupEvidence};
use shiryan_kernel::ids::{BloodUnitId, DonorId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::support::app::{Client, Reply, TestApp};
use super::support::requests::{act, another_bank, another_hospital, of_facility, reserve, status, submit};
use super::support::shelf::{Bag, din, tested};

both!(
    two_physicians_two_at_the_bed_and_a_follow_up,
    it_is_no_stock_anywhere,
    nothing_that_is_wrong_is_opened,
    what_a_test_finds_meanwhile_stops_it,
    what_was_not_given_goes_back,
    a_hospital_reports_harm_and_the_trace_leads_to_it,
    each_sees_its_own_and_no_more,
    what_is_sealed_moves_with_the_key,
);

/// A+ whole blood, in quarantine, of a donor whose group two typings confirmed.
pub fn bag(app: &TestApp, sequence: u32) -> BloodUnitId {
    bag_of(app, sequence, GroupEvidence::Confirmed)
}

fn bag_of(app: &TestApp, sequence: u32, evidence: GroupEvidence) -> BloodUnitId {
    let form = json!({
        "first_name": "ياسر", "family_name": "البيطار", "sex": "male", "birth_date": "1996-02-10",
        "service_number": format!("MS-{sequence}"), "unit": app.places.company, "weight_kg": 85.0, "height_cm": 180,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &form).expect(201);
    let donor: DonorId = serde_json::from_value(made["id"].clone()).unwrap();
    let typed = (donors::blood_group.eq(BloodGroup::APos), donors::group_evidence.eq(evidence));
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            Ok(diesel::update(donors::table.find(donor.0)).set(typed).execute(tx.conn)?)
        })
        .unwrap();
    let form = json!({
        "donor": donor, "donation_type": "whole_blood", "din": din(sequence), "volume_ml": 450,
        "collected_at": app.house.db.now(), "components": ["whole_blood"],
    });
    let made = app.client(Role::Bank).post("/api/v1/donations", &form).expect(201);
    serde_json::from_value(made["units"][0]["id"].clone()).unwrap()
}

pub fn request(app: &TestApp, group: &str) -> String {
    let form = json!({"patient": "CANARY-E-1", "blood_group": group, "group_evidence": "confirmed",
        "component": "whole_blood", "units": 2, "urgency": "emergency"});
    submit(&app.client(Role::Hospital), &form)
}

pub fn ask(client: &Client, unit: BloodUnitId, request: &str) -> Reply {
    let form = json!({"request": request, "reason": "CANARY-نزف", "rapid_tests":
        [{"marker": "hiv", "finding": "non_reactive"}, {"marker": "hbsag", "finding": "non_reactive"}]});
    client.post(&format!("/api/v1/stock/units/{unit}/untested-issue"), &form)
}

fn go(client: &Client, id: &str, verb: &str, form: &Value) -> Reply {
    client.post(&format!("/api/v1/untested-issues/{id}/{verb}"), form)
}

fn at_the_bed(sequence: u32) -> Value {
    json!({"din": din(sequence).to_string(), "patient": "canary e 1"})
}

pub fn id_of(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

pub fn second_physician(app: &TestApp) -> Client {
    app.colleague(Role::Physician, "second-physician", None)
}

/// Authorised by both physicians.
fn authorised(app: &TestApp, unit: BloodUnitId, request: &str) -> String {
    let id = id_of(&ask(&app.client(Role::Physician), unit, request).expect(201));
    go(&second_physician(app), &id, "authorise", &json!({})).expect(200);
    id
}

pub fn nurse(app: &TestApp) -> Client {
    of_facility(app, Role::Hospital, app.places.hospital, "nurse")
}

fn listed(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/untested-issues{query}")).expect(200)["items"].clone()
}

fn two_physicians_two_at_the_bed_and_a_follow_up(app: TestApp) {
    let (unit, request) = (bag(&app, 1), request(&app, "a_pos"));
    let (first, second) = (app.client(Role::Physician), second_physician(&app));
    let asked = ask(&first, unit, &request).expect(201);
    let id = id_of(&asked);
    assert_eq!((&asked["state"], &asked["warning"]["code"]), (&json!("asked"), &json!("emergency_untested")));
    assert_eq!(status(&app, unit), UnitStatus::Quarantine, "one physician moves nothing");
    assert_eq!(ask(&second, unit, &request).problem(409), "state_conflict");
    assert_eq!(go(&app.client(Role::Hospital), &id, "check", &at_the_bed(1)).problem(409), "state_conflict");
    assert_eq!(go(&first, &id, "authorise", &json!({})).problem(403), "second_person_required");
    let made = app.colleague(Role::Physician, "made", Some(app.principal(Role::Physician).user));
    assert_eq!(go(&made, &id, "authorise", &json!({})).problem(403), "second_person_required");
    go(&second, &id, "authorise", &json!({})).expect(200);
    assert_eq!(status(&app, unit), UnitStatus::EmergencyUntested);
    assert_eq!(go(&second, &id, "authorise", &json!({})).problem(409), "state_conflict");
    // At the bed: the bag and the patient that were authorised, by two people.
    let (hospital, nurse) = (app.client(Role::Hospital), nurse(&app));
    assert_eq!(go(&nurse, &id, "give", &at_the_bed(1)).problem(409), "state_conflict");
    assert_eq!(go(&hospital, &id, "check", &at_the_bed(2)).problem(409), "din_mismatch");
    let other = json!({"din": din(1).to_string(), "patient": "CANARY-E-2"});
    assert_eq!(go(&hospital, &id, "check", &other).expect(422)["errors"][0]["field"], "patient");
    go(&hospital, &id, "check", &at_the_bed(1)).expect(200);
    assert_eq!(go(&hospital, &id, "give", &at_the_bed(1)).problem(403), "second_person_required");
    assert_eq!(status(&app, unit), UnitStatus::EmergencyUntested);
    assert_eq!(go(&nurse, &id, "give", &other).problem(422), "invalid_request");
    go(&nurse, &id, "give", &at_the_bed(1)).expect(200);
    assert_eq!(status(&app, unit), UnitStatus::Transfused);
    // The patient waits for a follow-up until every test is known.
    let waiting = listed(&first, "?state=given");
    assert_eq!((&waiting[0]["id"], &waiting[0]["unit_status"]), (&json!(id), &json!("transfused")));
    assert_eq!(waiting[0]["rapid_tests"].as_array().unwrap().len(), 2);
    assert!(waiting[0]["markers"].as_array().unwrap().iter().all(|marker| marker["state"] == "missing"));
    let told = json!({"note": "CANARY-فُحص المريض"});
    assert_eq!(go(&second, &id, "follow-up", &told).problem(409), "tests_missing");
    tested(&app, 1);
    go(&second, &id, "follow-up", &told).expect(200);
    assert_eq!(go(&second, &id, "follow-up", &told).problem(409), "state_conflict");
    assert_eq!(listed(&first, "?state=given"), json!([]));
    assert_eq!(listed(&first, "")[0]["follow_up"], "CANARY-فُحص المريض");
    assert_eq!(go(&second, &id, "withdraw", &json!({})).problem(409), "state_conflict");
}

fn it_is_no_stock_anywhere(app: TestApp) {
    let (unit, request) = (bag(&app, 1), request(&app, "a_pos"));
    let before = app.client(Role::Bank).get("/api/v1/stock/summary").expect(200);
    let before: i64 = total(&before);
    let id = authorised(&app, unit, &request);
    let bank = || app.client(Role::Bank);
    let summary = bank().get("/api/v1/stock/summary").expect(200);
    assert_eq!(total(&summary), before - 1, "it left quarantine and is in no cell: {summary}");
    act(&bank(), &request, "accept", &json!({})).expect(200);
    let fitting = bank().get(&format!("/api/v1/requests/{request}/candidates")).expect(200);
    assert_eq!(fitting["candidates"], json!([]));
    assert_eq!(reserve(&app, &request, &[unit]).problem(409), "state_conflict");
    let asked = json!({"units": [unit], "reason": "x"});
    assert_eq!(act(&bank(), &request, "emergency-issue", &asked).problem(409), "state_conflict");
    let release =
        bank().post(&format!("/api/v1/stock/units/{unit}/release"), &json!({"blood_group": "a_pos"}));
    assert_eq!(release.problem(409), "state_conflict");
    assert_eq!(status(&app, unit), UnitStatus::EmergencyUntested);
    // Given, it is still no issue of the day.
    go(&app.client(Role::Hospital), &id, "check", &at_the_bed(1)).expect(200);
    go(&nurse(&app), &id, "give", &at_the_bed(1)).expect(200);
    let flows = app.house.db.read_now(|conn| Ok(daily_flows::table.count().get_result::<i64>(conn)?));
    assert_eq!(flows.unwrap(), 0);
}

fn total(summary: &Value) -> i64 {
    fn sum(value: &Value) -> i64 {
        match value {
            Value::Object(fields) => fields
                .iter()
                .map(|(name, value)| if name == "units" { value.as_i64().unwrap_or(0) } else { sum(value) })
                .sum(),
            Value::Array(items) => items.iter().map(sum).sum(),
            _ => 0,
        }
    }
    sum(summary)
}

fn nothing_that_is_wrong_is_opened(app: TestApp) {
    let physician = app.client(Role::Physician);
    let (unit, fits) = (bag(&app, 1), request(&app, "a_pos"));
    // The group, the component, the urgency.
    assert_eq!(ask(&physician, unit, &request(&app, "b_pos")).problem(409), "unit_incompatible");
    let mut form = json!({"patient": "P", "blood_group": "a_pos", "group_evidence": "confirmed",
        "component": "red_cells", "units": 1, "urgency": "emergency"});
    let red = submit(&app.client(Role::Hospital), &form);
    assert_eq!(ask(&physician, unit, &red).problem(409), "unit_incompatible");
    form["urgency"] = json!("urgent");
    let urgent = submit(&app.client(Role::Hospital), &form);
    assert_eq!(ask(&physician, unit, &urgent).problem(409), "state_conflict");
    // A rapid test that is not non-reactive.
    for finding in ["reactive", "indeterminate"] {
        let form =
            json!({"request": fits, "reason": "x", "rapid_tests": [{"marker": "hiv", "finding": finding}]});
        let told = physician.post(&format!("/api/v1/stock/units/{unit}/untested-issue"), &form);
        assert_eq!(told.problem(409), "tests_reactive");
    }
    // A group that nobody knows for sure, a unit from elsewhere, one that is stock.
    let declared = bag_of(&app, 2, GroupEvidence::Declared);
    let whole = |n| Bag { component: Component::WholeBlood, ..Bag::new(&app, n).quarantined(None) };
    assert_eq!(ask(&physician, declared, &fits).problem(409), "group_unknown");
    assert_eq!(ask(&physician, whole(3).put(&app), &fits).problem(409), "state_conflict");
    let stock = Bag { status: UnitStatus::Released, blood_group: Some(BloodGroup::APos), ..whole(4) };
    assert_eq!(ask(&physician, stock.put(&app), &fits).problem(409), "state_conflict");
    // Another region: the road is no physician's.
    let gaza = of_facility(&app, Role::Hospital, app.places.gaza_hospital, "gaza");
    form["urgency"] = json!("emergency");
    form["component"] = json!("whole_blood");
    let there = submit(&gaza, &form);
    assert_eq!(ask(&physician, unit, &there).expect(422)["errors"][0]["field"], "request");
    // A request that ended between the two physicians, then a date that passed.
    let id = id_of(&ask(&physician, unit, &fits).expect(201));
    act(&app.client(Role::Hospital), &fits, "cancel", &json!({})).expect(200);
    assert_eq!(go(&second_physician(&app), &id, "authorise", &json!({})).problem(409), "state_conflict");
    app.clock.advance(chrono::Duration::days(60));
    let late = request(&app, "a_pos");
    go(&app.client(Role::Physician), &id, "withdraw", &json!({})).expect(200);
    assert_eq!(ask(&app.client(Role::Physician), unit, &late).problem(409), "unit_expired");
    assert_eq!(status(&app, unit), UnitStatus::Quarantine);
}

fn reactive(app: &TestApp, sequence: u32) {
    let results = json!({"din": din(sequence), "results": [{"marker": "hiv", "stage": "screening",
        "finding": "reactive", "tested_on": app.house.today()}]});
    app.client(Role::Bank).post("/api/v1/laboratory/results", &results).expect(201);
}

fn what_a_test_finds_meanwhile_stops_it(app: TestApp) {
    let physician = app.client(Role::Physician);
    let (asked, given, request) = (bag(&app, 1), bag(&app, 2), request(&app, "a_pos"));
    let id = id_of(&ask(&physician, asked, &request).expect(201));
    reactive(&app, 1);
    assert_eq!(status(&app, asked), UnitStatus::Blocked);
    assert_eq!(go(&second_physician(&app), &id, "authorise", &json!({})).problem(409), "state_conflict");
    // Between the second physician and the bed.
    let second = app.colleague(Role::Physician, "third-physician", None);
    let id = id_of(&ask(&physician, given, &request).expect(201));
    go(&second, &id, "authorise", &json!({})).expect(200);
    go(&app.client(Role::Hospital), &id, "check", &at_the_bed(2)).expect(200);
    reactive(&app, 2);
    assert_eq!(go(&nurse(&app), &id, "give", &at_the_bed(2)).problem(409), "state_conflict");
    assert_eq!(status(&app, given), UnitStatus::Blocked);
    go(&app.client(Role::Bank), &id, "withdraw", &json!({})).expect(200);
    assert_eq!(status(&app, given), UnitStatus::Blocked, "what is stopped stays so");
}

fn what_was_not_given_goes_back(app: TestApp) {
    let request = request(&app, "a_pos");
    let (here, there) = (bag(&app, 1), bag(&app, 2));
    let id = authorised(&app, here, &request);
    go(&app.client(Role::Bank), &id, "withdraw", &json!({})).expect(200);
    assert_eq!(status(&app, here), UnitStatus::Quarantine);
    // It may be asked for again, and is tested and released like any other.
    tested(&app, 1);
    let path = format!("/api/v1/stock/units/{here}/release");
    app.client(Role::Bank).post(&path, &json!({"blood_group": "a_pos"})).expect(200);
    // One that was at the bed comes back stopped.
    let asked = id_of(&ask(&app.client(Role::Physician), there, &request).expect(201));
    let second = app.colleague(Role::Physician, "third-physician", None);
    go(&second, &asked, "authorise", &json!({})).expect(200);
    go(&app.client(Role::Hospital), &asked, "check", &at_the_bed(2)).expect(200);
    go(&app.client(Role::Physician), &asked, "withdraw", &json!({})).expect(200);
    let unit = app.house.db.read_now(|conn| shiryan::stock::unit(conn, there)).unwrap();
    assert_eq!((unit.status, unit.facility), (UnitStatus::Blocked, app.places.bank));
    assert_eq!(go(&nurse(&app), &asked, "give", &at_the_bed(2)).problem(409), "state_conflict");
}

fn a_hospital_reports_harm_and_the_trace_leads_to_it(app: TestApp) {
    let (unit, request) = (bag(&app, 1), request(&app, "a_pos"));
    let id = authorised(&app, unit, &request);
    let harm = json!({"kind": "reaction", "note": "CANARY-حمى"});
    let report = |client: &Client| client.post(&format!("/api/v1/stock/units/{unit}/harm"), &harm);
    assert_eq!(report(&app.client(Role::Hospital)).problem(404), "not_found");
    go(&app.client(Role::Hospital), &id, "check", &at_the_bed(1)).expect(200);
    go(&nurse(&app), &id, "give", &at_the_bed(1)).expect(200);
    // A finding alerts, though nothing is left to stop.
    reactive(&app, 1);
    let alerts = audit_lines::table
        .filter(audit_lines::action.eq("stock.donor_linked_stopped"))
        .filter(audit_lines::detail.like("%used%"));
    let alerts = app.house.db.read_now(|conn| Ok(alerts.count().get_result::<i64>(conn)?));
    assert_eq!(alerts.unwrap(), 1);
    let neighbour = another_hospital(&app, Governorate::RamallahAlBireh, "SECOND");
    assert_eq!(report(&neighbour).problem(404), "not_found");
    report(&app.client(Role::Hospital)).expect(201);
    let path = format!("/api/v1/stock/trace?din={}", din(1));
    let traced = app.client(Role::Physician).get(&path).expect(200);
    let row = &traced["units"][0];
    assert_eq!(
        (&row["request"], &row["issued_to"]),
        (&json!(request), &json!(app.places.hospital)),
        "{traced}"
    );
    assert!(row["used_at"].is_string(), "{traced}");
}

fn each_sees_its_own_and_no_more(app: TestApp) {
    let (unit, request) = (bag(&app, 1), request(&app, "a_pos"));
    let id = authorised(&app, unit, &request);
    let neighbour = another_hospital(&app, Governorate::RamallahAlBireh, "SECOND");
    let bank = another_bank(&app, Governorate::RamallahAlBireh, "OTHER");
    for other in [&neighbour, &bank] {
        assert_eq!(listed(other, ""), json!([]));
    }
    assert_eq!(go(&neighbour, &id, "check", &at_the_bed(1)).problem(404), "not_found");
    assert_eq!(go(&bank, &id, "withdraw", &json!({})).problem(404), "not_found");
    let seen = listed(&app.client(Role::Hospital), "");
    assert_eq!((&seen[0]["rapid_tests"], &seen[0]["markers"]), (&Value::Null, &Value::Null));
    assert_eq!(
        (&seen[0]["reason"], &seen[0]["authorised_by"]),
        (&json!("CANARY-نزف"), &json!("second-physician"))
    );
    assert!(listed(&app.client(Role::Bank), "")[0]["markers"].is_array());
}

fn what_is_sealed_moves_with_the_key(app: TestApp) {
    let (unit, request) = (bag(&app, 1), request(&app, "a_pos"));
    authorised(&app, unit, &request);
    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([8; 32])));
    let move_all = move |tx: &mut shiryan::db::Tx| untested::reseal(tx, &old, &new, 0, 10);
    assert!(app.house.db.write_now(Lane::System, move_all).unwrap().is_some());
    let damaged = app.client(Role::Physician).get("/api/v1/untested-issues");
    assert_eq!(damaged.problem(500), "identity_damaged", "sealed anew");
}
