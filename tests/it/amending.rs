//! A donor's record amended: over the version that was seen, inside the scope, and telling nothing of what
//! lies outside.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{audit_lines, donor_tags, giving_windows};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::role::Role;

use super::support::app::{Client, Reply, TestApp};
use super::support::at_once;

both!(
    a_patch_needs_the_version_that_was_seen,
    absent_stays_null_takes_away_a_value_replaces,
    what_a_donor_must_have_is_not_taken_away,
    wishes_are_asked_kept_and_taken_back,
    the_record_names_fields_and_no_values,
    sex_birth_date_and_body_move_the_windows,
    a_declared_group_yields_to_a_typing,
    a_medic_amends_inside_the_own_scope,
    a_number_of_the_own_scope_is_refused_and_a_given_up_one_is_free,
    b4_a_number_known_elsewhere_answers_like_a_new_one,
    of_two_at_once_one_is_stale,
);

const NUMBERS: [&str; 3] = ["400123451", "400123469", "400123477"];

fn form(unit: UnitId, number: &str) -> Value {
    json!({
        "first_name": "ليلى", "family_name": "البيطار", "sex": "female", "birth_date": "1990-04-05",
        "national_id": number, "phone": "0599 741 852", "email": "layla@example.org",
        "blood_group": "a_pos", "unit": unit, "governorate": "PS-RBH", "weight_kg": 70, "height_cm": 165,
    })
}

fn registered(app: &TestApp, role: Role, body: &Value) -> String {
    let answer = app.client(role).post("/api/v1/donors", body).expect(201);
    format!("/api/v1/donors/{}", answer["id"].as_str().unwrap())
}

fn id(path: &str) -> DonorId {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

fn identity(client: &Client, path: &str) -> Value {
    client.post(&format!("{path}/identity"), &json!({"purpose": "correction"})).expect(200)
}

fn first_window(app: &TestApp, path: &str) -> Option<NaiveDate> {
    let donor = id(path);
    let rows = app.house.db.read_now(|conn| {
        Ok(giving_windows::table
            .filter(giving_windows::donor.eq(donor))
            .filter(giving_windows::donation_type.eq("whole_blood"))
            .order(giving_windows::place)
            .select(giving_windows::from_on)
            .first(conn)
            .optional()?)
    });
    rows.unwrap()
}

fn a_patch_needs_the_version_that_was_seen(app: TestApp) {
    let bank = app.client(Role::Bank);
    let path = registered(&app, Role::Bank, &form(app.places.company, NUMBERS[0]));
    let read = bank.get(&path);
    assert_eq!(read.headers["etag"], "\"1\"");
    let body = json!({"height_cm": 166});
    let send =
        |headers: &[(&str, &str)]| bank.send("PATCH", &path, headers, Some(body.to_string().into_bytes()));
    assert_eq!(send(&[]).problem(428), "if_match_missing");
    assert_eq!(send(&[("if-match", "*")]).problem(428), "if_match_missing");
    for other in ["\"2\"", "W/\"1\"", "1"] {
        assert_eq!(send(&[("if-match", other)]).problem(412), "version_stale", "{other}");
    }
    let kind = ("content-type", "application/merge-patch+json");
    let amended = send(&[("if-match", "\"1\""), kind]);
    assert_eq!(amended.headers["etag"], "\"2\"");
    assert_eq!(amended.expect(200)["version"], 2);
    let read = bank.get(&path);
    assert_eq!(
        (&read.headers["etag"], &read.expect(200)["height_cm"]),
        (&"\"2\"".parse().unwrap(), &json!(166.0))
    );
    assert_eq!(send(&[("if-match", "\"1\"")]).problem(412), "version_stale");
    // What changes nothing makes no version.
    assert_eq!(bank.patch(&path, 2, &body).expect(200)["version"], 2);
    assert_eq!(bank.patch(&path, 2, &json!({})).expect(200)["version"], 2);
    let nobody = bank.patch("/api/v1/donors/0000000000001", 1, &body);
    assert_eq!(nobody.problem(404), "not_found");
}

fn absent_stays_null_takes_away_a_value_replaces(app: TestApp) {
    let bank = app.client(Role::Bank);
    let path = registered(&app, Role::Bank, &form(app.places.company, NUMBERS[0]));
    let before = identity(&bank, &path);
    let patch = json!({
        "first_name": "سلمى", "father_name": "وليد", "birth_date": "1994-12-31", "email": null,
        "service_number": "ab-9", "governorate": null, "weight_kg": null,
    });
    bank.patch(&path, 1, &patch).expect(200);
    let mut expected = before;
    for (field, value) in [
        ("first_name", json!("سلمى")),
        ("father_name", json!("وليد")),
        ("birth_date", json!("1994-12-31")),
        ("email", Value::Null),
        ("service_number", json!("AB-9")),
    ] {
        expected[field] = value;
    }
    assert_eq!(identity(&bank, &path), expected);
    let shown = bank.get(&path).expect(200);
    assert_eq!(
        (&shown["birth_band"], &shown["governorate"], &shown["weight_kg"], &shown["height_cm"]),
        (&json!(1990), &Value::Null, &Value::Null, &json!(165.0))
    );
    let tags: Vec<String> = app
        .house
        .db
        .read_now(|conn| {
            let own = donor_tags::table.filter(donor_tags::donor.eq(id(&path)));
            Ok(own.order(donor_tags::field).select(donor_tags::field).load(conn)?)
        })
        .unwrap();
    assert_eq!(tags, ["nid", "svc", "tel"]);
}

fn what_a_donor_must_have_is_not_taken_away(app: TestApp) {
    let bank = app.client(Role::Bank);
    let path = registered(&app, Role::Bank, &form(app.places.company, NUMBERS[0]));
    let patch = json!({
        "first_name": null, "family_name": null, "sex": null, "birth_date": null, "phone": "12",
        "national_id": "7", "weight_kg": 5,
    });
    let refused = bank.patch(&path, 1, &patch).expect(422);
    let faults: Vec<(&str, &str)> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| (error["field"].as_str().unwrap(), error["code"].as_str().unwrap()))
        .collect();
    assert_eq!(
        faults,
        [
            ("first_name", "missing_field"),
            ("family_name", "missing_field"),
            ("birth_date", "missing_field"),
            ("national_id", "national_id_invalid"),
            ("phone", "phone_invalid"),
            ("sex", "missing_field"),
            ("weight_kg", "out_of_range"),
        ]
    );
    assert_eq!(bank.patch(&path, 1, &json!({"status": "deceased"})).problem(400), "unknown_field");
    assert_eq!(bank.get(&path).expect(200)["version"], 1);
    let odd = bank.patch(&path, 1, &json!({"national_id": "400123450"})).expect(200);
    assert_eq!(odd["warnings"], json!(["national_id_check_digit"]));
}

fn wishes_are_asked_kept_and_taken_back(app: TestApp) {
    let bank = app.client(Role::Bank);
    let mut body = form(app.places.company, NUMBERS[0]);
    for (field, value) in [
        ("kind", json!("voluntary")),
        ("language", json!("ar")),
        ("may_email", json!(false)),
        ("quiet_from", json!("21:30")),
        ("quiet_until", json!("07:00")),
    ] {
        body[field] = value;
    }
    let path = registered(&app, Role::Bank, &body);
    let wishes = || {
        let shown = bank.get(&path).expect(200);
        let fields = ["kind", "language", "may_call", "may_text", "may_email", "quiet_from", "quiet_until"];
        Value::from(fields.map(|field| shown[field].clone()).to_vec())
    };
    assert_eq!(wishes(), json!(["voluntary", "ar", null, null, false, "21:30", "07:00"]));
    let patch = json!({
        "kind": "call_up", "language": "en", "may_call": true, "may_email": null, "quiet_from": "22:00",
        "latin_first_name": "Layla", "place": "قرب المدرسة",
    });
    bank.patch(&path, 1, &patch).expect(200);
    assert_eq!(wishes(), json!(["call_up", "en", true, null, null, "22:00", "07:00"]));
    let opened = identity(&bank, &path);
    assert_eq!((&opened["latin_first_name"], &opened["place"]), (&json!("Layla"), &json!("قرب المدرسة")));
    for (patch, field, code) in [
        (json!({"quiet_until": null}), "quiet_until", "missing_field"),
        (json!({"quiet_until": "22:00"}), "quiet_until", "invalid_value"),
        (json!({"quiet_until": "7:00"}), "quiet_until", "invalid_value"),
        (json!({"latin_family_name": "البيطار"}), "latin_family_name", "name_invalid"),
    ] {
        let refused = bank.patch(&path, 2, &patch).expect(422);
        let fault = &refused["errors"][0];
        assert_eq!((&fault["field"], &fault["code"]), (&json!(field), &json!(code)), "{patch}");
    }
    bank.patch(&path, 2, &json!({"quiet_from": null, "quiet_until": null, "language": null})).expect(200);
    assert_eq!(wishes(), json!(["call_up", null, true, null, null, null, null]));
    for (field, value) in [("kind", "soldier"), ("language", "fr")] {
        let refused = bank.patch(&path, 3, &json!({field: value}));
        assert_eq!(refused.problem(422), "invalid_value", "{field}");
    }
}

fn the_record_names_fields_and_no_values(app: TestApp) {
    let bank = app.client(Role::Bank);
    let path = registered(&app, Role::Bank, &form(app.places.company, NUMBERS[0]));
    let same = json!({"first_name": "ليلى", "sex": "female", "email": "layla@example.org", "weight_kg": 70});
    bank.patch(&path, 1, &same).expect(200);
    bank.patch(&path, 1, &json!({"phone": "0569 111 222", "weight_kg": 61.5, "height_cm": 165})).expect(200);
    let lines: Vec<(Option<i64>, String)> = app
        .house
        .db
        .read_now(|conn| {
            Ok(audit_lines::table
                .filter(audit_lines::action.eq("donors.amended"))
                .filter(audit_lines::subject.eq(id(&path).to_string()))
                .select((audit_lines::actor, audit_lines::detail))
                .load(conn)?)
        })
        .unwrap();
    let who = app.principal(Role::Bank).user.0;
    let [(actor, detail)] = &lines[..] else { panic!("{lines:?}") };
    let mut detail: serde_json::Map<String, serde_json::Value> = serde_json::from_str(detail).unwrap();
    // Keyed digests of the row as it was and as it is.
    let digests = ["before", "after"].map(|name| detail.remove(name).unwrap());
    assert!(
        digests[0] != digests[1] && digests.iter().all(|own| own.as_str().unwrap().len() == 32),
        "{digests:?}"
    );
    assert_eq!(
        (*actor, json!(detail)),
        (Some(who), json!({"fields": ["weight_kg", "phone"], "thing": "donor"}))
    );
}

fn sex_birth_date_and_body_move_the_windows(app: TestApp) {
    let bank = app.client(Role::Bank);
    let path = registered(&app, Role::Bank, &form(app.places.company, NUMBERS[0]));
    let open = first_window(&app, &path).unwrap();
    let today = app.house.today();
    bank.patch(&path, 1, &json!({"weight_kg": 40})).expect(200);
    assert_eq!(first_window(&app, &path), None);
    bank.patch(&path, 2, &json!({"weight_kg": 70, "birth_date": "2009-03-04"})).expect(200);
    let eighteen: NaiveDate = "2027-03-04".parse().unwrap();
    assert!(eighteen > today);
    assert_eq!(first_window(&app, &path), Some(eighteen));
    bank.patch(&path, 3, &json!({"birth_date": "1990-04-05"})).expect(200);
    assert_eq!(first_window(&app, &path), Some(open));
    // The interval after a giving is a woman's, then a man's.
    let donor = id(&path);
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new = shiryan::eligibility::NewGiving {
        donor,
        on: today,
        donation_type: shiryan_kernel::blood::DonationType::WholeBlood,
        volume_ml: Some(450),
        red_cells_lost: false,
        source: shiryan::eligibility::GivingSource::Donation,
    };
    let lane = shiryan::db::Lane::System;
    app.house
        .db
        .write_now(lane, move |tx| shiryan::eligibility::record_giving(tx, &vault, &book, &new))
        .unwrap();
    let (hers, version) =
        (first_window(&app, &path).unwrap(), bank.get(&path).expect(200)["version"].clone());
    bank.patch(&path, version.as_i64().unwrap(), &json!({"sex": "male"})).expect(200);
    let his = first_window(&app, &path).unwrap();
    assert!(his < hers, "{his} {hers}");
}

fn a_declared_group_yields_to_a_typing(app: TestApp) {
    let bank = app.client(Role::Bank);
    let path = registered(&app, Role::Bank, &form(app.places.company, NUMBERS[0]));
    let group = || {
        let shown = bank.get(&path).expect(200);
        (shown["blood_group"].clone(), shown["group_evidence"].clone())
    };
    bank.patch(&path, 1, &json!({"blood_group": "o_neg"})).expect(200);
    assert_eq!(group(), (json!("o_neg"), json!("declared")));
    bank.patch(&path, 2, &json!({"blood_group": null})).expect(200);
    assert_eq!(group(), (Value::Null, json!("unknown")));
    bank.patch(&path, 3, &json!({"blood_group": "b_pos"})).expect(200);
    assert_eq!(group(), (json!("b_pos"), json!("declared")));
    let typing = json!({"blood_group": "a_pos", "sample": "S1", "typed_on": app.house.today()});
    bank.post(&format!("{path}/typings"), &typing).expect(201);
    for other in [json!("b_pos"), Value::Null] {
        let refused = bank.patch(&path, 5, &json!({"blood_group": other, "weight_kg": 80}));
        assert_eq!(refused.problem(409), "state_conflict");
        let body = refused.json();
        assert_eq!(
            (&body["state"], &body["errors"][0]["field"]),
            (&json!("typed_once"), &json!("blood_group"))
        );
    }
    let shown = bank.get(&path).expect(200);
    assert_eq!((&shown["weight_kg"], &shown["version"]), (&json!(70.0), &json!(5)));
}

fn a_medic_amends_inside_the_own_scope(app: TestApp) {
    let medic = app.client(Role::Medic);
    let inside = registered(&app, Role::Medic, &form(app.places.company, NUMBERS[0]));
    let outside = registered(&app, Role::Bank, &form(app.places.other_unit, NUMBERS[1]));
    let taken_in = medic.patch(&outside, 1, &json!({"unit": app.places.company}));
    assert_eq!(taken_in.problem(404), "not_found");
    for (unit, code) in [
        (json!(app.places.other_unit), "unknown_reference"),
        (json!("0000000000001"), "unknown_reference"),
        (Value::Null, "missing_field"),
    ] {
        let refused = medic.patch(&inside, 1, &json!({"unit": unit})).expect(422);
        assert_eq!(
            refused["errors"],
            json!([{
                "field": "unit", "code": code, "message": refused["errors"][0]["message"],
            }])
        );
    }
    medic.patch(&inside, 1, &json!({"unit": app.places.battalion})).expect(200);
    assert_eq!(medic.get(&inside).expect(200)["unit"], json!(app.places.battalion));
    // Who sees both sides may move between them.
    app.client(Role::Admin).patch(&inside, 2, &json!({"unit": app.places.other_unit})).expect(200);
    assert_eq!(medic.patch(&inside, 3, &json!({"weight_kg": 71})).problem(404), "not_found");
    app.client(Role::Bank).patch(&inside, 3, &json!({"unit": null})).expect(200);
    for role in [Role::Command, Role::Hospital, Role::Physician] {
        let refused = app.client(role).patch(&inside, 4, &json!({"weight_kg": 71}));
        assert_eq!(refused.problem(403), "forbidden", "{role}");
    }
}

fn a_number_of_the_own_scope_is_refused_and_a_given_up_one_is_free(app: TestApp) {
    let medic = app.client(Role::Medic);
    let one = registered(&app, Role::Medic, &form(app.places.company, NUMBERS[0]));
    let two = registered(&app, Role::Medic, &form(app.places.company, NUMBERS[1]));
    let refused = medic.patch(&two, 1, &json!({"national_id": NUMBERS[0], "weight_kg": 80}));
    assert_eq!(refused.problem(409), "donor_already_registered");
    let shown = medic.get(&two).expect(200);
    assert_eq!((&shown["weight_kg"], &shown["version"]), (&json!(70.0), &json!(1)));
    assert_eq!(identity(&medic, &two)["national_id"], NUMBERS[1]);
    medic.patch(&one, 1, &json!({"national_id": NUMBERS[2]})).expect(200);
    medic.patch(&two, 1, &json!({"national_id": NUMBERS[0]})).expect(200);
    let taken = medic.post("/api/v1/donors", &form(app.places.company, NUMBERS[0]));
    assert_eq!(taken.problem(409), "donor_already_registered");
    registered(&app, Role::Medic, &form(app.places.company, NUMBERS[1]));
}

fn b4_a_number_known_elsewhere_answers_like_a_new_one(app: TestApp) {
    let theirs = registered(&app, Role::Bank, &form(app.places.other_unit, NUMBERS[0]));
    let medic = app.client(Role::Medic);
    let known = registered(&app, Role::Medic, &form(app.places.company, NUMBERS[1]));
    let fresh = registered(&app, Role::Medic, &form(app.places.company, "400123501"));
    let shape = |reply: &Reply| {
        let mut body = reply.json();
        assert_eq!(body["id"].take().as_str().unwrap().len(), 13);
        let mut names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
        names.sort();
        (reply.status, body, names, reply.headers["etag"].clone(), reply.text.len())
    };
    let one = medic.patch(&known, 1, &json!({"national_id": NUMBERS[0]}));
    let other = medic.patch(&fresh, 1, &json!({"national_id": NUMBERS[2]}));
    assert_eq!(one.status, 200, "{}", one.text);
    assert_eq!(shape(&one), shape(&other));

    // The record waits where nobody can book it, and does not own the number.
    let bank = app.client(Role::Bank);
    assert_eq!(bank.get(&known).expect(200)["status"], "review");
    assert_eq!(bank.get(&fresh).expect(200)["status"], "active");
    assert_eq!(first_window(&app, &known), None);
    assert!(first_window(&app, &fresh).is_some());
    let claims = |path: &str| -> Vec<i64> {
        let donor = id(path);
        let of = |conn: &mut shiryan::db::Conn| {
            let own =
                donor_tags::table.filter(donor_tags::donor.eq(donor)).filter(donor_tags::field.eq("nid"));
            Ok(own.select(donor_tags::claim).load(conn)?)
        };
        app.house.db.read_now(of).unwrap()
    };
    assert_eq!(claims(&known), [id(&known).0]);
    assert_eq!((claims(&fresh), claims(&theirs)), (vec![0], vec![0]));
    assert_eq!(bank.get(&theirs).expect(200)["version"], 1);
    assert_eq!(identity(&medic, &known)["national_id"], NUMBERS[0]);
}

fn of_two_at_once_one_is_stale(app: TestApp) {
    let path = registered(&app, Role::Bank, &form(app.places.company, NUMBERS[0]));
    let bank = app.client(Role::Bank);
    let replies = at_once(4, |n| bank.patch(&path, 1, &json!({"weight_kg": 71 + n})));
    let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412, 412, 412]);
    assert_eq!(bank.get(&path).expect(200)["version"], 2);
}
