//! Records that may be one person: held when they come, told to nobody but those who review, and settled.

use std::collections::BTreeMap;

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{audit_lines, donor_tags, giving_windows, reviews};
use shiryan::db::{Conn, Lane};
use shiryan::eligibility::{self, ImportOptions, NewDeferral};
use shiryan::sheets::Manner;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::ReviewState;

use super::support::app::TestApp;

both!(
    a_deferred_donor_registered_again_under_a_transliterated_name_waits,
    a_name_alone_holds_nobody,
    two_are_laid_side_by_side_on_the_record,
    two_people_both_stand_and_are_not_asked_again,
    a_number_known_elsewhere_stays_its_owners,
    a_record_is_let_go_when_the_last_pair_is_settled,
    an_amended_record_is_held_too,
    an_import_holds_those_who_are_alike,
);

const PHONE: &str = "0599741852";

fn arabic(app: &TestApp) -> Value {
    json!({
        "first_name": "محمد", "father_name": "أحمد", "grandfather_name": "حسين", "family_name": "الخطيب",
        "sex": "male", "birth_date": "1990-01-05", "phone": PHONE, "national_id": "400123451",
        "unit": app.places.other_unit, "weight_kg": 80, "height_cm": 178,
    })
}

/// The same person as a passport has him, without a number.
fn latin(app: &TestApp) -> Value {
    json!({
        "first_name": "Mohamed", "father_name": "Ahmad", "family_name": "Al-Khateeb",
        "sex": "male", "birth_date": "1990-01-05", "phone": "+972 59-974-1852",
        "unit": app.places.company, "weight_kg": 80, "height_cm": 178,
    })
}

/// Nobody whom the others are like.
fn stranger(app: &TestApp) -> Value {
    json!({
        "first_name": "Basel", "father_name": "Firas", "family_name": "Najjar",
        "sex": "male", "birth_date": "1990-01-05", "phone": PHONE,
        "unit": app.places.company, "weight_kg": 80, "height_cm": 178,
    })
}

fn register(app: &TestApp, role: Role, body: &Value) -> DonorId {
    app.client(role).post("/api/v1/donors", body).expect(201)["id"].as_str().unwrap().parse().unwrap()
}

fn status(app: &TestApp, donor: DonorId) -> String {
    let shown = app.client(Role::Bank).get(&format!("/api/v1/donors/{donor}")).expect(200);
    shown["status"].as_str().unwrap().to_owned()
}

fn windows(app: &TestApp, donor: DonorId) -> i64 {
    let count = move |conn: &mut Conn| {
        Ok(giving_windows::table.filter(giving_windows::donor.eq(donor)).count().get_result(conn)?)
    };
    app.house.db.read_now(count).unwrap()
}

/// The open pairs, each by its two records.
fn open(app: &TestApp) -> BTreeMap<(DonorId, DonorId), (String, String)> {
    let listed = app.client(Role::Physician).get("/api/v1/reviews").expect(200);
    let text = |row: &Value, field: &str| row[field].as_str().unwrap().to_owned();
    let rows = listed["items"].as_array().unwrap().iter();
    rows.map(|row| {
        let id = |field| text(row, field).parse().unwrap();
        ((id("donor"), id("other")), (text(row, "id"), text(row, "ground")))
    })
    .collect()
}

fn only(app: &TestApp, donor: DonorId, other: DonorId, ground: &str) -> String {
    let open = open(app);
    assert_eq!(open.len(), 1, "{open:?}");
    let (id, found) = &open[&(donor, other)];
    assert_eq!(found, ground);
    id.clone()
}

fn differ(app: &TestApp, review: &str) {
    let path = format!("/api/v1/reviews/{review}/different");
    assert_eq!(app.client(Role::Bank).post(&path, &json!({})).expect(200)["state"], "different");
}

fn decided(app: &TestApp, donor: DonorId) -> Vec<String> {
    let path = format!("/api/v1/donors/{donor}/eligibility?on=2026-11-24&donation_type=whole_blood");
    let decision = app.client(Role::Physician).get(&path).expect(200);
    let mut codes: Vec<String> = decision["reasons"]
        .as_array()
        .unwrap()
        .iter()
        .map(|reason| reason["code"].as_str().unwrap().to_owned())
        .collect();
    codes.sort();
    codes
}

fn a_deferred_donor_registered_again_under_a_transliterated_name_waits(app: TestApp) {
    let known = register(&app, Role::Bank, &arabic(&app));
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new = NewDeferral {
        donor: known,
        code: "P-HIV".into(),
        base: Some("2026-10-01".parse().unwrap()),
        second_base: None,
        ended_on: None,
    };
    app.house
        .db
        .write_now(Lane::System, move |tx| eligibility::defer(tx, &vault, &book, None, &new))
        .unwrap();
    assert_eq!(windows(&app, known), 0);

    let medic = app.client(Role::Medic);
    let again = medic.post("/api/v1/donors", &latin(&app));
    let fresh = medic.post("/api/v1/donors", &stranger(&app));
    let shape = |reply: &super::support::app::Reply| {
        let mut body = reply.json();
        body["id"].take();
        let mut names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
        names.sort();
        (reply.status, body, names, reply.text.len())
    };
    assert_eq!(shape(&again), shape(&fresh), "the answer of a new donor");
    let again: DonorId = again.expect(201)["id"].as_str().unwrap().parse().unwrap();
    let fresh: DonorId = fresh.expect(201)["id"].as_str().unwrap().parse().unwrap();

    assert_eq!((status(&app, again), status(&app, fresh)), ("review".into(), "active".into()));
    assert_eq!(windows(&app, again), 0, "nobody can call or book the second record");
    assert!(windows(&app, fresh) > 0);
    assert!(decided(&app, again).contains(&"UNDER-REVIEW".to_owned()), "{:?}", decided(&app, again));
    only(&app, again, known, "person");
    for role in [Role::Admin, Role::Command, Role::Medic, Role::Hospital] {
        assert_eq!(app.client(role).get("/api/v1/reviews").problem(403), "forbidden");
    }
}

fn a_name_alone_holds_nobody(app: TestApp) {
    register(&app, Role::Bank, &arabic(&app));
    for (field, value) in [
        ("phone", json!("0599741853")),
        ("phone", Value::Null),
        ("birth_date", json!("1990-01-06")),
        ("father_name", json!("Basel")),
    ] {
        let mut other = latin(&app);
        other[field] = value;
        let id = register(&app, Role::Medic, &other);
        assert_eq!(status(&app, id), "active", "{other}");
    }
    assert!(open(&app).is_empty());
}

fn two_are_laid_side_by_side_on_the_record(app: TestApp) {
    let known = register(&app, Role::Bank, &arabic(&app));
    let again = register(&app, Role::Medic, &latin(&app));
    let review = only(&app, again, known, "person");
    let path = format!("/api/v1/reviews/{review}/identities");
    let opened = app.client(Role::Bank).post(&path, &json!({}));
    assert_eq!(opened.headers["cache-control"], "no-store");
    let opened = opened.expect(200);
    assert_eq!(
        (&opened["donor"]["first_name"], &opened["other"]["first_name"]),
        (&json!("Mohamed"), &json!("محمد"))
    );
    assert_eq!(opened["donor"]["phone"], opened["other"]["phone"]);
    let who = app.principal(Role::Bank).user.0;
    let lines = |conn: &mut Conn| {
        Ok(audit_lines::table
            .filter(audit_lines::action.eq("donors.identity_opened"))
            .filter(audit_lines::actor.eq(who))
            .order(audit_lines::id)
            .select((audit_lines::subject, audit_lines::detail))
            .load::<(Option<String>, String)>(conn)?)
    };
    let lines = app.house.db.read_now(lines).unwrap();
    let detail = r#"{"purpose":"review"}"#.to_owned();
    assert_eq!(lines, [(Some(again.to_string()), detail.clone()), (Some(known.to_string()), detail)]);
    for role in [Role::Medic, Role::Admin] {
        assert_eq!(app.client(role).post(&path, &json!({})).problem(403), "forbidden");
    }
    let nobody = app.client(Role::Physician).post("/api/v1/reviews/0123456789ABC/identities", &json!({}));
    assert_eq!(nobody.problem(404), "not_found");
}

fn two_people_both_stand_and_are_not_asked_again(app: TestApp) {
    let known = register(&app, Role::Bank, &arabic(&app));
    let mut twin = latin(&app);
    twin["national_id"] = json!("851234567");
    let second = register(&app, Role::Medic, &twin);
    let review = only(&app, second, known, "person");
    differ(&app, &review);
    assert_eq!((status(&app, known), status(&app, second)), ("active".into(), "active".into()));
    assert_eq!(windows(&app, second), windows(&app, known));
    assert!(!decided(&app, second).contains(&"UNDER-REVIEW".to_owned()));
    let path = format!("/api/v1/reviews/{review}/different");
    let twice = app.client(Role::Physician).post(&path, &json!({}));
    assert_eq!(
        (twice.problem(409), twice.json()["state"].clone()),
        ("state_conflict".into(), json!("different"))
    );
    // The second is the owner of its number now.
    let claim = |conn: &mut Conn| {
        Ok(donor_tags::table
            .filter(donor_tags::donor.eq(second))
            .filter(donor_tags::field.eq("nid"))
            .select(donor_tags::claim)
            .first::<i64>(conn)?)
    };
    assert_eq!(app.house.db.read_now(claim).unwrap(), 0);
    // A correction of the second does not raise the question again.
    let shown = app.client(Role::Bank).get(&format!("/api/v1/donors/{second}"));
    let tag = shown.headers["etag"].to_str().unwrap().to_owned();
    let patch = json!({"grandfather_name": "Hussein"}).to_string().into_bytes();
    let headers = [("if-match", tag.as_str()), ("content-type", "application/merge-patch+json")];
    app.client(Role::Bank)
        .send("PATCH", &format!("/api/v1/donors/{second}"), &headers, Some(patch))
        .expect(200);
    assert_eq!(status(&app, second), "active");
    assert!(open(&app).is_empty());
    let settled = app.client(Role::Bank).get("/api/v1/reviews?state=different").expect(200);
    assert_eq!(settled["items"][0]["settled_by"], json!(app.principal(Role::Bank).user));
}

fn a_number_known_elsewhere_stays_its_owners(app: TestApp) {
    let known = register(&app, Role::Bank, &arabic(&app));
    let mut slip = stranger(&app);
    slip["national_id"] = json!("400123451");
    let second = register(&app, Role::Medic, &slip);
    assert_eq!(status(&app, second), "review");
    differ(&app, &only(&app, second, known, "national_id"));
    assert_eq!(status(&app, second), "active");
    let claims = |conn: &mut Conn| {
        Ok(donor_tags::table
            .filter(donor_tags::field.eq("nid"))
            .order(donor_tags::claim)
            .select((donor_tags::claim, donor_tags::donor))
            .load::<(i64, i64)>(conn)?)
    };
    assert_eq!(app.house.db.read_now(claims).unwrap(), [(0, known.0), (second.0, second.0)]);
}

fn a_record_is_let_go_when_the_last_pair_is_settled(app: TestApp) {
    let mut first = arabic(&app);
    first["phone"] = Value::Null;
    let by_number = register(&app, Role::Bank, &first);
    let mut second = latin(&app);
    second["unit"] = json!(app.places.other_unit);
    let by_name = register(&app, Role::Bank, &second);
    let mut third = latin(&app);
    third["national_id"] = json!("400123451");
    let waiting = register(&app, Role::Medic, &third);
    let pairs = open(&app);
    let grounds: Vec<&str> = pairs.values().map(|(_, ground)| ground.as_str()).collect();
    assert_eq!(grounds, ["national_id", "person"], "{pairs:?}");
    differ(&app, &pairs[&(waiting, by_number)].0);
    assert_eq!((status(&app, waiting), windows(&app, waiting)), ("review".into(), 0));
    differ(&app, &pairs[&(waiting, by_name)].0);
    assert_eq!(status(&app, waiting), "active");
    assert!(windows(&app, waiting) > 0);
}

fn an_amended_record_is_held_too(app: TestApp) {
    let known = register(&app, Role::Bank, &arabic(&app));
    let mut hidden = latin(&app);
    hidden["phone"] = Value::Null;
    let second = register(&app, Role::Medic, &hidden);
    assert_eq!(status(&app, second), "active");
    let headers = [("if-match", "\"1\""), ("content-type", "application/merge-patch+json")];
    let patch = json!({"phone": PHONE}).to_string().into_bytes();
    let path = format!("/api/v1/donors/{second}");
    app.client(Role::Medic).send("PATCH", &path, &headers, Some(patch)).expect(200);
    assert_eq!((status(&app, second), windows(&app, second)), ("review".into(), 0));
    only(&app, second, known, "person");
}

fn an_import_holds_those_who_are_alike(app: TestApp) {
    let known = register(&app, Role::Bank, &arabic(&app));
    let row = |number: &str, name: &str, phone: &str| {
        format!("{number},,{name},male,1990-01-05,,,,{phone},,80,178,,,\n")
    };
    let register = "service_number,national_id,first_name,father_name,grandfather_name,family_name,sex,\
        birth_date,blood_group,unit,governorate,phone,email,weight_kg,height_cm,last_donation_date,\
        last_donation_type,donations_last_12_months\n"
        .to_owned()
        + &row("A1", "Mohammad,Ahmed,,Khatib", PHONE)
        + &row("A2", "باسل,فراس,,النجار", PHONE)
        + &row("A3", "Basil,Feras,,Al-Najjar", PHONE)
        + &row("A4", "Mohammad,Ahmed,,Khatib", "0599741853");
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("register.csv");
    std::fs::write(&path, register).unwrap();
    let house = &app.house;
    let import = |dry_run| {
        let options =
            ImportOptions { manner: Manner { dry_run, ..Manner::default() }, ..ImportOptions::default() };
        eligibility::import_donors(&house.db, &house.vault, &house.rules, &path, &options, |_| {}).unwrap()
    };
    for dry_run in [true, false] {
        let report = import(dry_run);
        assert_eq!((report.taken, report.rejected), (4, 0), "like new ones");
        assert!(!dry_run || open(&app).is_empty());
    }
    let imported: Vec<DonorId> = {
        let listed = app.client(Role::Bank).get("/api/v1/donors").expect(200);
        let items = listed["items"].as_array().unwrap();
        items[1..].iter().map(|row| row["id"].as_str().unwrap().parse().unwrap()).collect()
    };
    let states: Vec<String> = imported.iter().map(|id| status(&app, *id)).collect();
    assert_eq!(states, ["review", "active", "review", "active"]);
    let pairs: Vec<(DonorId, DonorId)> = open(&app).into_keys().collect();
    assert_eq!(pairs, [(imported[0], known), (imported[2], imported[1])]);
    assert_eq!((windows(&app, imported[0]), windows(&app, imported[2])), (0, 0));
    assert!(windows(&app, imported[1]) > 0);
    // Once more changes nothing, nor what somebody settled.
    differ(&app, &open(&app)[&(imported[2], imported[1])].0);
    assert_eq!(eligibility::hold_alike(&house.db, &house.vault).unwrap(), 0);
    assert_eq!(open(&app).len(), 1);
    assert_eq!(status(&app, imported[2]), "active");
    let settled = |conn: &mut Conn| {
        Ok(reviews::table
            .filter(reviews::state.eq(ReviewState::Different))
            .count()
            .get_result::<i64>(conn)?)
    };
    assert_eq!(house.db.read_now(settled).unwrap(), 1);
}
