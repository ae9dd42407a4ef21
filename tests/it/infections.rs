//! The laboratory's results of each donation, and what follows from them (A14, A16, A17).

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::accounts::Principal;
use shiryan::db::tables::{audit_lines, test_results, users};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::ids::{BloodUnitId, DonorId, SessionId, UserId};
use shiryan_kernel::laboratory::Marker;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::pages::{Browser, check, led, signed_in};
use super::support::app::{Client, Reply, TestApp};
use super::support::requests::{another_bank, of_facility, status};
use super::support::rows;
use super::support::shelf::{self, din};
use super::tour::speak;

both!(
    nothing_leaves_quarantine_untested,
    whoever_tested_does_not_release,
    a16_a_reactive_sample_stops_all_of_the_donor,
    a16_two_clean_repeats_free_the_donation_by_a_physician,
    a16_what_is_confirmed_defers_and_is_told_to_nobody,
    a16_a_look_back_begins_before_the_last_clear_donation,
    b3_a_medic_reads_the_same_after_a_reactive_sample_and_another_cause,
    b3_a_step_of_a_unit_does_not_tell_what_the_donor_was_stopped_for,
    a_result_is_corrected_by_somebody_else_and_stays,
    bad_results_change_nothing,
    a_number_of_another_shelf_is_nobodys,
    what_waits_is_listed_by_number,
    of_two_who_enter_the_same_test_one_does,
    results_are_sealed_and_move_with_the_root_key,
    results_are_entered_and_corrected_page_by_page,
);

const RESULTS: &str = "/api/v1/laboratory/results";

/// Somebody else of the same blood bank, made where there is none yet.
fn laboratory(app: &TestApp) -> Client {
    let (role, facility) = (Role::Bank, app.places.bank);
    let known = |conn: &mut shiryan::db::Conn| {
        let named = users::table.filter(users::username.eq("laboratory"));
        Ok(named.select(users::id).first::<UserId>(conn).optional()?)
    };
    let Some(user) = app.house.db.read_now(known).unwrap() else {
        return of_facility(app, role, facility, "laboratory");
    };
    let principal = Principal { user, role, session: SessionId(user.0), facility: Some(facility) };
    app.with_token(&app.house.sessions.tokens.make(&principal, app.house.db.now()).unwrap())
}

/// A donor of 30, registered by the bank.
fn donor(app: &TestApp, n: u32) -> DonorId {
    let form = json!({
        "first_name": "ياسر", "family_name": "البيطار", "sex": "male", "birth_date": "1996-02-10",
        "service_number": format!("MS-{n}"), "unit": app.places.company, "weight_kg": 85.0, "height_cm": 180,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &form).expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

/// Whole blood of a donor, as red cells and plasma in quarantine.
fn gives(app: &TestApp, donor: DonorId, sequence: u32) -> [BloodUnitId; 2] {
    let form = json!({
        "donor": donor, "donation_type": "whole_blood", "din": din(sequence), "volume_ml": 450,
        "collected_at": app.house.db.now(), "components": ["red_cells", "plasma"],
    });
    let made = app.client(Role::Bank).post("/api/v1/donations", &form).expect(201);
    [0, 1].map(|n| serde_json::from_value(made["units"][n]["id"].clone()).unwrap())
}

fn result(marker: Marker, stage: &str, finding: &str, app: &TestApp) -> Value {
    json!({"marker": marker, "stage": stage, "finding": finding, "tested_on": app.house.today()})
}

fn enter(app: &TestApp, by: &Client, sequence: u32, results: &[(Marker, &str, &str)]) -> Reply {
    let results: Vec<Value> =
        results.iter().map(|(marker, stage, finding)| result(*marker, stage, finding, app)).collect();
    by.post(RESULTS, &json!({"din": din(sequence), "results": results}))
}

/// Every mandatory marker screened: non-reactive, but for one.
fn screen(app: &TestApp, sequence: u32, but: Option<(Marker, &str)>) -> Value {
    let of = |marker: Marker| {
        but.filter(|(other, _)| *other == marker).map_or("non_reactive", |(_, finding)| finding)
    };
    let results = Marker::MANDATORY.map(|marker| result(marker, "screening", of(marker), app));
    let form = json!({"din": din(sequence), "results": results, "blood_group": "a_pos"});
    laboratory(app).post(RESULTS, &form).expect(201)
}

fn release(app: &TestApp, unit: BloodUnitId) -> Reply {
    app.client(Role::Bank)
        .post(&format!("/api/v1/stock/units/{unit}/release"), &json!({"blood_group": "a_pos"}))
}

fn state(entered: &Value, marker: Marker) -> String {
    let markers = entered["markers"].as_array().unwrap();
    markers.iter().find(|of| of["marker"] == marker.code()).unwrap()["state"].as_str().unwrap().to_owned()
}

/// The codes of a donor's deferrals, as the physician reads them.
fn causes(app: &TestApp, donor: DonorId) -> Vec<String> {
    let list = app.client(Role::Physician).get(&format!("/api/v1/donors/{donor}/deferrals")).expect(200);
    list["items"].as_array().unwrap().iter().map(|line| line["code"].as_str().unwrap().to_owned()).collect()
}

fn nothing_leaves_quarantine_untested(app: TestApp) {
    let [red, plasma] = gives(&app, donor(&app, 1), 1);
    let refused = release(&app, red).expect(409);
    assert_eq!(
        (&refused["code"], &refused["missing"]),
        (&json!("tests_missing"), &json!("hbsag hcv hiv syphilis"))
    );
    let some = [(Marker::Hbsag, "screening", "non_reactive"), (Marker::Hiv, "screening", "non_reactive")];
    enter(&app, &laboratory(&app), 1, &some).expect(201);
    assert_eq!(release(&app, red).expect(409)["missing"], "hcv syphilis");
    let rest = [(Marker::Hcv, "screening", "non_reactive"), (Marker::Syphilis, "screening", "non_reactive")];
    let entered = enter(&app, &laboratory(&app), 1, &rest).expect(201);
    assert!(Marker::MANDATORY.iter().all(|marker| state(&entered, *marker) == "clear"));
    assert_eq!(
        release(&app, red).problem(409),
        "group_unknown",
        "what whoever releases found is one grouping"
    );
    let typing = json!({"din": din(1), "blood_group": "a_pos"});
    app.client(Role::Bank).post(RESULTS, &json!({"din": din(1), "results": []})).expect(422);
    laboratory(&app).post(RESULTS, &typing).expect(201);
    release(&app, red).expect(200);
    release(&app, plasma).expect(200);
    // A group that differs stops what had left, and its donor waits for a physician.
    let other = json!({"din": din(1), "blood_group": "b_pos"});
    laboratory(&app).post(RESULTS, &other).expect(201);
    let unit = app.client(Role::Bank).get(&format!("/api/v1/stock/units/{red}")).expect(200);
    assert_eq!(unit["status"], "blocked");
    // Of a bag whose donor is not known here nothing is typed.
    shelf::Bag::new(&app, 9).quarantined(None).put(&app);
    let strange = json!({"din": din(9), "blood_group": "a_pos"});
    let refused = laboratory(&app).post(RESULTS, &strange).expect(422);
    assert_eq!(refused["errors"][0]["field"], "blood_group");
}

fn whoever_tested_does_not_release(app: TestApp) {
    let [red, _] = gives(&app, donor(&app, 1), 1);
    let all = Marker::MANDATORY.map(|marker| (marker, "screening", "non_reactive"));
    enter(&app, &app.client(Role::Bank), 1, &all[..1]).expect(201);
    enter(&app, &laboratory(&app), 1, &all[1..]).expect(201);
    laboratory(&app).post(RESULTS, &json!({"din": din(1), "blood_group": "a_pos"})).expect(201);
    assert_eq!(release(&app, red).problem(403), "second_person_required");
    let path = format!("/api/v1/stock/units/{red}/release");
    assert_eq!(
        laboratory(&app).post(&path, &json!({"blood_group": "a_pos"})).problem(403),
        "second_person_required"
    );
    let third = of_facility(&app, Role::Bank, app.places.bank, "third");
    third.post(&path, &json!({"blood_group": "a_pos"})).expect(200);
}

fn a16_a_reactive_sample_stops_all_of_the_donor(app: TestApp) {
    let (giver, other) = (donor(&app, 1), donor(&app, 2));
    let [earlier, _] = gives(&app, giver, 1);
    screen(&app, 1, None);
    release(&app, earlier).expect(200);
    app.clock.advance(chrono::Duration::days(30));
    let [red, plasma] = gives(&app, giver, 2);
    let [strange, _] = gives(&app, other, 3);
    let entered = screen(&app, 2, Some((Marker::Hcv, "indeterminate")));
    assert_eq!(
        (state(&entered, Marker::Hcv), state(&entered, Marker::Hiv)),
        ("reactive".into(), "clear".into())
    );
    for unit in [earlier, red, plasma] {
        assert_eq!(status(&app, unit), UnitStatus::Blocked);
    }
    assert_eq!(status(&app, strange), UnitStatus::Quarantine);
    assert_eq!(causes(&app, giver), ["LAB-PENDING"]);
    assert!(causes(&app, other).is_empty());
    // Entered again, nothing is written twice.
    enter(&app, &laboratory(&app), 2, &[(Marker::Hcv, "repeat", "reactive")]).expect(201);
    assert_eq!(causes(&app, giver), ["LAB-PENDING"]);
    // A donation that is clear itself waits too, and so does one that comes after.
    app.clock.advance(chrono::Duration::days(70));
    let [later, _] = gives(&app, giver, 4);
    assert_eq!(status(&app, later), UnitStatus::Blocked, "the donor should not have given");
    let cleared = app
        .client(Role::Physician)
        .post(&format!("/api/v1/stock/units/{later}/clear"), &json!({"note": "x"}));
    cleared.expect(200);
    screen(&app, 4, None);
    assert_eq!(release(&app, later).problem(409), "tests_reactive");
}

fn a16_two_clean_repeats_free_the_donation_by_a_physician(app: TestApp) {
    let giver = donor(&app, 1);
    let [red, _] = gives(&app, giver, 1);
    screen(&app, 1, Some((Marker::Hbsag, "reactive")));
    let repeat = |finding| enter(&app, &laboratory(&app), 1, &[(Marker::Hbsag, "repeat", finding)]);
    assert_eq!(state(&repeat("non_reactive").expect(201), Marker::Hbsag), "reactive");
    let clear = || {
        app.client(Role::Physician)
            .post(&format!("/api/v1/stock/units/{red}/clear"), &json!({"note": "أعيد الفحص"}))
    };
    assert_eq!(state(&repeat("non_reactive").expect(201), Marker::Hbsag), "clear");
    assert_eq!(repeat("non_reactive").problem(422), "invalid_request");
    // Clear, and still stopped: what was stopped is looked into by a physician.
    assert_eq!(status(&app, red), UnitStatus::Blocked);
    assert_eq!(release(&app, red).problem(409), "state_conflict");
    clear().expect(200);
    release(&app, red).expect(200);
    // So does the donor wait, until a physician ends it.
    assert_eq!(causes(&app, giver), ["LAB-PENDING"]);
    let list = app.client(Role::Physician).get(&format!("/api/v1/donors/{giver}/deferrals")).expect(200);
    let path = format!("/api/v1/deferrals/{}/end", list["items"][0]["id"].as_str().unwrap());
    let form = json!({"ended_on": app.house.today()});
    assert_eq!(app.client(Role::Bank).post(&path, &form).problem(404), "not_found");
    app.client(Role::Physician).post(&path, &form).expect(200);
}

fn a16_what_is_confirmed_defers_and_is_told_to_nobody(app: TestApp) {
    for (n, marker, code) in [
        (1, Marker::Hiv, "P-HIV"),
        (2, Marker::Hbsag, "P-HBV"),
        (3, Marker::Hcv, "P-HCV"),
        (4, Marker::Syphilis, "SYPH"),
    ] {
        let giver = donor(&app, n);
        let [red, _] = gives(&app, giver, n);
        screen(&app, n, Some((marker, "reactive")));
        enter(&app, &laboratory(&app), n, &[(marker, "repeat", "reactive")]).expect(201);
        let said = enter(&app, &laboratory(&app), n, &[(marker, "confirmation", "reactive")]).expect(201);
        assert_eq!(state(&said, marker), "confirmed");
        assert_eq!(causes(&app, giver), ["LAB-PENDING", code]);
        app.client(Role::Physician)
            .post(&format!("/api/v1/stock/units/{red}/clear"), &json!({"note": "x"}))
            .expect(200);
        assert_eq!(release(&app, red).problem(409), "tests_reactive");
        // One that is false is as far from the shelf.
        let last = enter(&app, &laboratory(&app), n, &[(marker, "confirmation", "non_reactive")]);
        assert_eq!(last.problem(422), "invalid_request");
    }
    use shiryan::db::tables::messages;
    let told: i64 = app.house.db.read_now(|conn| Ok(messages::table.count().get_result(conn)?)).unwrap();
    assert_eq!(told, 0);
}

fn a16_a_look_back_begins_before_the_last_clear_donation(app: TestApp) {
    let giver = donor(&app, 1);
    let days = [0, 100, 300, 420, 520];
    let start = app.house.db.now();
    for (n, day) in (1..).zip(days) {
        app.clock.set(start + chrono::Duration::days(day));
        gives(&app, giver, n);
        // The third was tested for HIV and found clear; the first two never.
        match n {
            3 => drop(screen(&app, 3, None)),
            5 => drop(screen(&app, 5, Some((Marker::Hiv, "reactive")))),
            _ => {}
        }
    }
    let look = |by: Client| {
        by.get(&format!("/api/v1/laboratory/look-back?din={}", din(5))).expect(200)["items"].clone()
    };
    assert_eq!(look(app.client(Role::Physician)), json!([]), "not before a repeat");
    enter(&app, &laboratory(&app), 5, &[(Marker::Hiv, "repeat", "reactive")]).expect(201);
    // 180 days before the third: the second lies 200 days before it.
    let since = app.house.zone.date(start + chrono::Duration::days(300 - 180));
    let expected = json!([{"infection": "hiv", "since": since, "numbers": [din(3), din(4)]}]);
    assert_eq!(look(app.client(Role::Physician)), expected);
    assert_eq!(look(app.client(Role::Bank)), expected);
    let page = signed_in(&app, Role::Physician).get(&format!("/laboratory/{}", din(5))).text;
    for reached in [3, 4] {
        assert!(page.contains(&format!("href=\"/laboratory/{}\"", din(reached))), "{page}");
    }
    // Where none was ever clear it is all of them.
    let other = donor(&app, 2);
    gives(&app, other, 11);
    app.clock.advance(chrono::Duration::days(90));
    gives(&app, other, 12);
    screen(&app, 12, Some((Marker::Hcv, "reactive")));
    enter(&app, &laboratory(&app), 12, &[(Marker::Hcv, "repeat", "reactive")]).expect(201);
    let all =
        app.client(Role::Bank).get(&format!("/api/v1/laboratory/look-back?din={}", din(12))).expect(200);
    assert_eq!(all["items"], json!([{"infection": "hcv", "since": null, "numbers": [din(11)]}]));
}

fn b3_a_medic_reads_the_same_after_a_reactive_sample_and_another_cause(app: TestApp) {
    let (reactive, heart) = (donor(&app, 1), donor(&app, 2));
    gives(&app, reactive, 1);
    gives(&app, heart, 2);
    app.clock.advance(chrono::Duration::days(90));
    screen(&app, 1, Some((Marker::Hiv, "reactive")));
    screen(&app, 2, None);
    let form = json!({"code": "P-CVD", "base": app.house.today()});
    app.client(Role::Physician).post(&format!("/api/v1/donors/{heart}/deferrals"), &form).expect(201);
    let read = |donor: DonorId, role: Role| {
        ["", "/deferrals", "/eligibility?donation_type=whole_blood", "/givings"].map(|end| {
            let seen = app.client(role).get(&format!("/api/v1/donors/{donor}{end}")).expect(200);
            seen.to_string().replace(&donor.to_string(), "")
        })
    };
    let plain = |texts: [String; 4]| texts.map(|text| strip_ids(&text));
    for role in [Role::Medic, Role::Bank] {
        assert_eq!(plain(read(reactive, role)), plain(read(heart, role)), "{role:?}");
    }
    assert_ne!(plain(read(reactive, Role::Physician)), plain(read(heart, Role::Physician)));
}

/// Ids and dates of entry differ from one donor to the next; nothing else may.
fn strip_ids(text: &str) -> String {
    let mut value: Value = serde_json::from_str(text).unwrap();
    fn walk(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("id");
                fields.values_mut().for_each(walk);
            }
            Value::Array(items) => items.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut value);
    value.to_string()
}

fn a_result_is_corrected_by_somebody_else_and_stays(app: TestApp) {
    let [red, _] = gives(&app, donor(&app, 1), 1);
    screen(&app, 1, Some((Marker::Hcv, "reactive")));
    let list = |by: Client| by.get(&format!("{RESULTS}?din={}", din(1))).expect(200);
    let lines = list(app.client(Role::Physician));
    let line =
        lines["items"].as_array().unwrap().iter().find(|line| line["marker"] == "hcv").unwrap()["id"].clone();
    let correct = |by: &Client, marker: Marker, reason: Option<&str>| {
        let mut new = result(marker, "screening", "non_reactive", &app);
        new["corrects"] = line.clone();
        new["reason"] = json!(reason);
        by.post(RESULTS, &json!({"din": din(1), "results": [new]}))
    };
    let why = Some("كُتبت نتيجة أنبوب آخر");
    assert_eq!(correct(&laboratory(&app), Marker::Hcv, why).problem(403), "second_person_required");
    for (marker, reason, field) in
        [(Marker::Hcv, None, "results[0].reason"), (Marker::Hiv, why, "results[0].corrects")]
    {
        let refused = correct(&app.client(Role::Bank), marker, reason).expect(422);
        assert_eq!(refused["errors"][0]["field"], field);
    }
    let said = correct(&app.client(Role::Bank), Marker::Hcv, why).expect(201);
    assert_eq!(state(&said, Marker::Hcv), "clear");
    assert_eq!(correct(&app.client(Role::Bank), Marker::Hcv, why).problem(422), "invalid_request");
    let lines = list(app.client(Role::Bank));
    let of: Vec<Value> =
        lines["items"].as_array().unwrap().iter().filter(|line| line["marker"] == "hcv").cloned().collect();
    assert_eq!((&of[0]["finding"], &of[0]["corrected"]), (&json!("reactive"), &json!(true)));
    assert_eq!((&of[1]["finding"], &of[1]["reason"]), (&json!("non_reactive"), &json!(why)));
    // What was stopped stays stopped, and neither of the two lets it go.
    assert_eq!(status(&app, red), UnitStatus::Blocked);
    app.client(Role::Physician)
        .post(&format!("/api/v1/stock/units/{red}/clear"), &json!({"note": "x"}))
        .expect(200);
    assert_eq!(release(&app, red).problem(403), "second_person_required");
}

fn bad_results_change_nothing(app: TestApp) {
    let [red, _] = gives(&app, donor(&app, 1), 1);
    let tomorrow = shiryan_kernel::time::plus_days(app.house.today(), 1);
    let by = laboratory(&app);
    let good = result(Marker::Hbsag, "screening", "reactive", &app);
    let with = |field: &str, value: Value| {
        let mut form = result(Marker::Hcv, "screening", "reactive", &app);
        form[field] = value;
        form
    };
    for (bad, field, code) in [
        (with("tested_on", json!(tomorrow)), "results[1].tested_on", "out_of_range"),
        (with("tested_on", json!("2020-01-01")), "results[1].tested_on", "out_of_range"),
        (with("stage", json!("repeat")), "results[1].stage", "state_conflict"),
        (with("stage", json!("confirmation")), "results[1].stage", "state_conflict"),
        (with("marker", json!("hbsag")), "results[1].stage", "state_conflict"),
        (with("reason", json!("لأن")), "results[1].corrects", "missing_field"),
    ] {
        let refused = by.post(RESULTS, &json!({"din": din(1), "results": [good, bad]})).expect(422);
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!(field), &json!(code))
        );
    }
    for form in [
        json!({"din": din(1), "results": []}),
        json!({"din": "A99992600000199", "results": [good]}),
        json!({"din": din(1), "results": [with("finding", json!("positive"))]}),
    ] {
        let refused = by.post(RESULTS, &form);
        assert!((400..=422).contains(&refused.status), "{form}");
    }
    let count: i64 = app.house.db.read_now(|conn| Ok(test_results::table.count().get_result(conn)?)).unwrap();
    assert_eq!((count, status(&app, red)), (0, UnitStatus::Quarantine));
}

fn a_number_of_another_shelf_is_nobodys(app: TestApp) {
    gives(&app, donor(&app, 1), 1);
    let other = another_bank(&app, shiryan_kernel::place::Governorate::Hebron, "other");
    let good = [(Marker::Hbsag, "screening", "non_reactive")];
    assert_eq!(enter(&app, &other, 1, &good).problem(404), "not_found");
    assert_eq!(enter(&app, &other, 77, &good).problem(404), "not_found");
    for path in [format!("{RESULTS}?din={}", din(1)), format!("/api/v1/laboratory/look-back?din={}", din(1))]
    {
        assert_eq!(other.get(&path).problem(404), "not_found");
    }
    for role in [Role::Medic, Role::Command, Role::Hospital, Role::Admin] {
        assert_eq!(app.client(role).get(&format!("{RESULTS}?din={}", din(1))).problem(403), "forbidden");
    }
}

fn what_waits_is_listed_by_number(app: TestApp) {
    for n in 1..=3 {
        gives(&app, donor(&app, n), n);
    }
    screen(&app, 2, None);
    let by = app.client(Role::Bank);
    let page = by.get("/api/v1/laboratory/waiting?limit=2").expect(200);
    let numbers = |page: &Value| -> Vec<Value> {
        page["items"].as_array().unwrap().iter().map(|row| row["din"].clone()).collect()
    };
    assert_eq!(numbers(&page), [json!(din(1)), json!(din(2))]);
    assert_eq!(
        (state(&page["items"][0], Marker::Hiv), state(&page["items"][1], Marker::Hiv)),
        ("missing".into(), "clear".into())
    );
    let next = page["next"].as_str().unwrap();
    let rest = by.get(&format!("/api/v1/laboratory/waiting?limit=2&cursor={next}")).expect(200);
    assert_eq!(numbers(&rest), [json!(din(3))]);
    let other = another_bank(&app, shiryan_kernel::place::Governorate::Hebron, "other");
    assert_eq!(other.get("/api/v1/laboratory/waiting").expect(200)["items"], json!([]));
}

fn of_two_who_enter_the_same_test_one_does(app: TestApp) {
    gives(&app, donor(&app, 1), 1);
    let (one, other) = (app.client(Role::Bank), laboratory(&app));
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let app = &app;
        let tries = [&one, &other, &one, &other].map(|by| {
            scope.spawn(move || enter(app, by, 1, &[(Marker::Hiv, "screening", "non_reactive")]).status)
        });
        tries.map(|attempt| attempt.join().unwrap()).into()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409, 422, 503].contains(status)), "{statuses:?}");
    let count: i64 = app.house.db.read_now(|conn| Ok(test_results::table.count().get_result(conn)?)).unwrap();
    assert_eq!(count, 1);
}

fn results_are_sealed_and_move_with_the_root_key(app: TestApp) {
    gives(&app, donor(&app, 1), 1);
    screen(&app, 1, Some((Marker::Hiv, "reactive")));
    let cells = || -> Vec<Vec<u8>> {
        app.house
            .db
            .read_now(|conn| {
                Ok(test_results::table.order(test_results::id).select(test_results::says).load(conn)?)
            })
            .unwrap()
    };
    // An answer that is kept for a repeated request says nothing of it either, and the repetition is answered alike.
    let form = json!({"din": din(1), "results": [result(Marker::Hiv, "repeat", "reactive", &app)]});
    let [one, again] = [0, 1].map(|_| laboratory(&app).post_as("repeat-of-one", RESULTS, &form).expect(201));
    assert_eq!((state(&one, Marker::Hiv), &one), ("repeat_reactive".into(), &again));
    let kept = rows::whole(&app, "idempotency");
    assert!(kept.contains("repeat-of-one") && !kept.contains("reactive"), "{kept}");
    let before = cells();
    assert_eq!(before.iter().map(Vec::len).collect::<std::collections::BTreeSet<_>>().len(), 1, "one length");
    assert!(before.iter().all(|cell| !String::from_utf8_lossy(cell).contains("reactive")));
    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([8; 32])));
    let mover = move |tx: &mut shiryan::db::Tx| shiryan::laboratory::reseal(tx, &old, &new, 0, 10);
    let last = app.house.db.write_now(shiryan::db::Lane::System, mover).unwrap();
    assert!(last.is_some() && cells() != before);
    let list = app.client(Role::Bank).get(&format!("{RESULTS}?din={}", din(1)));
    assert_eq!(list.problem(500), "identity_damaged", "sealed anew");
}

fn b3_a_step_of_a_unit_does_not_tell_what_the_donor_was_stopped_for(app: TestApp) {
    let [found, _] = gives(&app, donor(&app, 1), 1);
    let [told, _] = gives(&app, donor(&app, 2), 2);
    // One who gave today already: the rules speak against it.
    let again = donor(&app, 3);
    gives(&app, again, 3);
    let [ruled, _] = gives(&app, again, 4);
    enter(&app, &laboratory(&app), 1, &[(Marker::Hiv, "screening", "reactive")]).expect(201);
    let donation = app.house.db.read_now(|conn| shiryan::stock::unit(conn, told)).unwrap().donation.unwrap();
    let path = format!("/api/v1/donations/{donation}/information");
    app.client(Role::Bank).post(&path, &json!({})).expect(200);
    let last = |unit: BloodUnitId| {
        let steps = app.client(Role::Bank).get(&format!("/api/v1/stock/units/{unit}")).expect(200);
        let last = steps["movements"].as_array().unwrap().last().unwrap().clone();
        (last["from"].clone(), last["to"].clone(), last["reason"].clone(), last["note"].clone())
    };
    let neutral = (json!("quarantine"), json!("blocked"), json!("donor_linked"), Value::Null);
    assert_eq!((last(found), last(told), last(ruled)), (neutral.clone(), neutral.clone(), neutral));
    // Nor does the record say what was found.
    let lines: Vec<(String, String)> = app
        .house
        .db
        .read_now(|conn| {
            Ok(audit_lines::table.select((audit_lines::action, audit_lines::detail)).load(conn)?)
        })
        .unwrap();
    assert!(lines.iter().any(|(action, _)| action == "stock.donor_linked_stopped"));
    assert!(!lines.iter().any(|(action, detail)| action.contains("reactive") || detail.contains("reactive")));
}

fn results_are_entered_and_corrected_page_by_page(app: TestApp) {
    let [red, _] = gives(&app, donor(&app, 1), 1);
    laboratory(&app);
    let mut tests = Browser::new(&app);
    assert_eq!(tests.sign_in("laboratory").status, 303);
    let (mut bank, mut physician) = (signed_in(&app, Role::Bank), signed_in(&app, Role::Physician));
    let page = format!("/laboratory/{}", din(1));
    for language in ["ar", "en"] {
        for browser in [&mut tests, &mut bank, &mut physician] {
            speak(browser, language);
            check(&browser.get("/laboratory"), language);
            check(&browser.get(&page), language);
        }
    }
    // The number is scanned or typed; what is none, and what lies nowhere, is said.
    assert_eq!(led(&tests.submit("/laboratory", &[("din", &din(1).printed())])), page);
    assert_eq!(tests.submit("/laboratory", &[("din", "A9999 26")]).status, 422);
    assert_eq!(tests.get(&format!("/laboratory/{}", din(2))).status, 404);
    let waits = tests.get("/laboratory").text;
    assert!(waits.contains(&page) && waits.contains("Missing:") && waits.contains("syphilis"), "{waits}");
    assert!(bank.get("/bank").text.contains(&page));
    // Whoever only reads is shown no form.
    let read = physician.get(&page).text;
    assert!(
        !read.contains(&format!("action=\"{page}\""))
            && !physician.get("/laboratory").text.contains("In quarantine")
    );
    assert_eq!(physician.submit(&page, &[("hiv.screening.0", "reactive")]).status, 403);
    assert_eq!(signed_in(&app, Role::Medic).get(&page).status, 403);

    let today = app.house.today().to_string();
    let on = ("tested_on", today.as_str());
    assert_eq!(tests.submit(&page, &[on]).status, 422, "nothing was said");
    assert_eq!(tests.submit(&page, &[on, ("hiv.screening.0", "positive")]).status, 422);
    assert_eq!(tests.submit(&page, &[("hiv.screening.0", "reactive")]).status, 422, "on which day");
    assert_eq!(
        tests.submit(&page, &[("tested_on", "2999-01-01"), ("hiv.screening.0", "reactive")]).status,
        422
    );
    assert!(tests.get(&page).text.contains("Nothing."), "what was refused wrote nothing");
    let clear = "non_reactive";
    let panel = ["hbsag.screening.0", "hcv.screening.0", "syphilis.screening.0"].map(|name| (name, clear));
    let form = [&panel[..], &[on, ("hiv.screening.0", "reactive"), ("blood_group", "a_pos")]].concat();
    assert_eq!(led(&tests.submit(&page, &form)), page);
    assert_eq!(status(&app, red), UnitStatus::Blocked);
    let stopped = tests.get(&page).text;
    assert!(stopped.contains("reactive, to be repeated"), "{stopped}");
    assert!(!stopped.contains("hcv.screening.0"), "a clear marker asks for nothing");
    assert_eq!(tests.submit(&page, &[on, ("hiv.screening.0", clear)]).status, 422, "its turn is over");
    let repeats = [on, ("hiv.repeat.0", clear), ("hiv.repeat.1", clear)];
    assert_eq!(led(&tests.submit(&page, &repeats)), page);
    assert!(tests.get(&page).text.matches("<span class=\"level\">clear</span>").count() == 4);

    // A line is corrected by somebody else.
    let id = tests.get(&page).text;
    assert!(!id.contains("name=\"corrects\""), "one's own is not offered");
    let seen = bank.get(&page).text;
    let line = seen.split("name=\"corrects\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let right =
        [("corrects", line.as_str()), ("finding", "indeterminate"), ("reason", "read at the wrong row")];
    assert!([403, 409].contains(&tests.submit(&page, &right).status));
    assert_eq!(bank.submit(&page, &[right[0], right[1], ("reason", "")]).status, 422);
    assert_eq!(led(&bank.submit(&page, &right)), page);
    let seen = bank.get(&page).text;
    assert!(seen.contains("read at the wrong row") && seen.contains("corrected"), "{seen}");
    assert_eq!(bank.submit(&page, &right).status, 422, "it stands no more");
}
