//! The day of a drive, from the door to its end.

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::{blood_units, deferrals, donations, test_results, visits};
use shiryan::donors::NewDonor;
use shiryan::eligibility;
use shiryan_kernel::blood::{BloodGroup, Component, Sex};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;

use super::messages::{Mail, parsed};
use super::pages::{check, signed_in};
use super::recalls::used;
use super::support::app::{Client, Reply, TestApp, new_key};
use super::support::rows;
use super::support::shelf::{Bag, Person, din, donation, tested};

both!(
    a_donor_goes_from_the_door_to_the_way_home,
    whoever_comes_unannounced_takes_the_lane_then_a_free_place,
    identity_is_shown_at_the_door_and_at_the_bed,
    nobody_is_there_twice,
    screening_waits_for_the_day_to_be_prepared,
    a_finding_defers_and_stays_with_the_donor,
    a_fall_since_the_last_visit_needs_the_physician,
    what_ends_the_visit_alone_stays_with_it,
    b3_a_sealed_answer_is_the_physicians,
    a_refusal_stands_nowhere_else,
    three_labels_are_one_number,
    numbers_come_from_the_block,
    too_little_is_stopped_and_counts_as_given,
    a11_what_a_donor_wants_done_changes_no_answer,
    a11_what_is_told_later_stops_every_unit,
    a_reaction_is_followed_by_a_call,
    a15_a_donation_that_went_well_counts_from_the_next_day,
    a19_a_late_box_is_downgraded_by_name,
    b2_everybody_who_came_rests_alike,
    a11_whoever_came_is_thanked_alike_and_once,
    a16_a_donor_is_told_once_that_a_gift_helped_and_never_that_it_did_not,
    b2_command_learns_two_figures_from_twenty_on,
    the_day_closes_when_it_balances_and_not_before,
    one_of_two_who_check_the_same_donor_in_wins,
    a_day_is_run_by_those_whose_drive_it_is,
    a_roster_opens_names_and_records_each,
    b2_screened_donors_of_low_titre_are_a_figure_from_twenty_on,
    a_long_roster_comes_in_pages_and_leaves_nobody_out,
    the_printed_list_shows_names_only_to_whoever_opens_them,
);

pub const DAY: &str = "2026-12-01";

/// Half past nine in Hebron on the day of the drive.
pub fn morning() -> DateTime<Utc> {
    "2026-12-01T07:30:00Z".parse().unwrap()
}

pub fn bank(app: &TestApp) -> Client {
    app.client(Role::Bank)
}

fn with(mut form: Value, fields: Value) -> Value {
    form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    form
}

/// A drive from nine to half past eleven with slots of two places; its path.
pub fn drive(app: &TestApp, fields: Value) -> String {
    let form = json!({
        "place": "قاعة", "governorate": "PS-RBH", "date": DAY, "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": app.places.company,
    });
    let made = bank(app).post("/api/v1/drives", &with(form, fields)).expect(201);
    format!("/api/v1/drives/{}", made["id"].as_str().unwrap())
}

/// A healthy donor of 30 in the company.
pub fn donor_of(app: &TestApp, sex: Sex) -> DonorId {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let bank = app.principal(Role::Bank);
    let new = NewDonor {
        sex: Some(sex),
        birth_date: Some("1996-02-10".parse().unwrap()),
        weight_kg: Some(85.0),
        height_cm: Some(180.0),
        unit: Some(app.places.company),
        ..NewDonor::default()
    };
    app.house
        .db
        .write_now(Lane::System, move |tx| eligibility::enrol(tx, &vault, &book, &bank, &new))
        .unwrap()
        .id
}

pub fn donor(app: &TestApp) -> DonorId {
    donor_of(app, Sex::Male)
}

pub fn shown() -> Value {
    json!({"name_said": true, "birth_date_said": true, "document_seen": true})
}

fn check_in(app: &TestApp, drive: &str, donor: DonorId) -> Reply {
    bank(app).post(&format!("{drive}/check-ins"), &json!({"donor": donor, "identity": shown()}))
}

/// A visit's path.
pub fn there(app: &TestApp, drive: &str, donor: DonorId) -> String {
    let seen = check_in(app, drive, donor).expect(201);
    assert_eq!(seen["may_go_on"], true);
    format!("/api/v1/visits/{}", seen["id"].as_str().unwrap())
}

fn user_of(app: &TestApp, role: Role) -> String {
    app.principal(role).user.to_string()
}

/// The physician on call, and a meter that passed.
pub fn prepare(app: &TestApp, drive: &str) {
    let form = json!({"physician": user_of(app, Role::Physician), "meter": "HB-1", "passed": true});
    bank(app).post(&format!("{drive}/preparation"), &form).expect(201);
}

/// All is well and every answer is no, but for `yes`.
pub fn screening(app: &TestApp, sex: &str, yes: &[(&str, Option<&str>)]) -> Value {
    let asked = bank(app).get("/api/v1/questionnaire").expect(200);
    let concerns = |question: &&Value| {
        (question["sex"].is_null() || question["sex"] == sex) && question["donation_types"].is_null()
    };
    let answer = |question: &Value| {
        let said = yes.iter().find(|(code, _)| question["code"] == *code);
        json!({"question": question["code"], "yes": said.is_some(), "base": said.and_then(|(_, base)| *base)})
    };
    let answers: Vec<Value> =
        asked["questions"].as_array().unwrap().iter().filter(concerns).map(answer).collect();
    json!({
        "questionnaire": asked["version"], "answers": answers, "haemoglobin_g_dl": 14.8, "systolic": 122,
        "diastolic": 78, "pulse": 66, "temperature_c": 36.6, "bag_ml": 450,
    })
}

fn screen(app: &TestApp, visit: &str, form: &Value) -> Reply {
    bank(app).post(&format!("{visit}/screening"), form)
}

pub fn drawing(app: &TestApp, sequence: u32) -> Value {
    let now = app.house.db.now();
    json!({
        "identity": shown(), "din_form": din(sequence), "din_bag": din(sequence), "din_tubes": din(sequence),
        "bag_lot": "LOT-7", "bag_expires_on": "2027-06-30", "began_at": now - Duration::minutes(9),
        "ended_at": now - Duration::minutes(1), "volume_ml": 450, "outcome": "complete",
    })
}

/// Somebody at the door who is screened and ready.
fn ready(app: &TestApp, drive: &str, use_blood: bool) -> String {
    readied(app, drive, donor(app), use_blood)
}

/// The same of a man who is known.
pub fn ready_of(app: &TestApp, drive: &str, donor: DonorId) -> String {
    readied(app, drive, donor, true)
}

fn readied(app: &TestApp, drive: &str, donor: DonorId, use_blood: bool) -> String {
    let visit = there(app, drive, donor);
    assert_eq!(screen(app, &visit, &screening(app, "male", &[])).expect(200)["state"], "fit");
    bank(app).post(&format!("{visit}/consent"), &json!({"use_blood": use_blood})).expect(200);
    visit
}

/// The drive of this morning, prepared.
fn begun(app: &TestApp, fields: Value) -> String {
    let drive = drive(app, fields);
    app.clock.set(morning());
    prepare(app, &drive);
    drive
}

/// Hands three numbers to the drive.
pub fn numbers(app: &TestApp, drive: &str) {
    bank(app).post(&format!("{drive}/dins"), &json!({"first": din(1), "count": 3})).expect(201);
}

fn board(app: &TestApp, drive: &str) -> Value {
    bank(app).get(&format!("{drive}/board")).expect(200)
}

fn statuses(app: &TestApp) -> Vec<String> {
    let read = |conn: &mut shiryan::db::Conn| {
        Ok(blood_units::table.order(blood_units::id).select(blood_units::status).load(conn)?)
    };
    app.house.db.read_now(read).unwrap()
}

fn a_donor_goes_from_the_door_to_the_way_home(app: TestApp) {
    let drive = drive(&app, json!({}));
    let id = donor(&app);
    let booked = bank(&app).post(&format!("{drive}/appointments"), &json!({"donor": id})).expect(201);
    bank(&app)
        .post(&format!("/api/v1/appointments/{}/accept", booked["id"].as_str().unwrap()), &json!({}))
        .expect(200);
    app.clock.set(morning());
    prepare(&app, &drive);
    assert_eq!(board(&app, &drive)["expected"], 1);
    let seen = check_in(&app, &drive, id).expect(201);
    assert_eq!((&seen["appointment"], &seen["donation_type"]), (&booked["id"], &json!("whole_blood")));
    let visit = format!("/api/v1/visits/{}", seen["id"].as_str().unwrap());
    let fit = screen(&app, &visit, &screening(&app, "male", &[])).expect(200);
    assert_eq!((&fit["state"], &fit["outcome"]), (&json!("fit"), &json!("eligible")));
    assert_eq!(
        bank(&app).post(&format!("{visit}/collection"), &drawing(&app, 1)).problem(409),
        "state_conflict"
    );
    let ready = bank(&app).post(&format!("{visit}/consent"), &json!({"use_blood": true})).expect(200);
    assert_eq!(ready["state"], "ready");
    let key = new_key();
    let form = drawing(&app, 1);
    let collected = bank(&app).post_as(&key, &format!("{visit}/collection"), &form).expect(201);
    assert_eq!(bank(&app).post_as(&key, &format!("{visit}/collection"), &form).expect(201), collected);
    assert_eq!((&collected["state"], collected["units"].as_array().unwrap().len()), (&json!("donated"), 1));
    assert_eq!(statuses(&app), ["quarantine"]);
    let early = bank(&app).post(&format!("{visit}/depart"), &json!({}));
    assert_eq!(early.problem(409), "state_conflict");
    assert!(early.json()["until"].is_string());
    app.clock.advance(Duration::minutes(14));
    bank(&app).post(&format!("{visit}/depart"), &json!({})).expect(200);
    assert_eq!(bank(&app).post(&format!("{visit}/depart"), &json!({})).problem(409), "state_conflict");
    let listed = bank(&app).get(&format!("{drive}/check-ins")).expect(200);
    assert_eq!((&listed["items"][0]["state"], &listed["items"][0]["donor"]), (&json!("donated"), &json!(id)));
    assert!(listed["items"][0]["departed_at"].is_string());
    let figures = board(&app, &drive);
    assert_eq!(
        (&figures["expected"], &figures["came"], &figures["donated"]),
        (&json!(0), &json!(1), &json!(1))
    );
    let told = bank(&app).get(&format!("/api/v1/donors/{id}/eligibility")).expect(200);
    assert_eq!(told["outcome"], "not_yet", "the giving counts at once");
}

fn whoever_comes_unannounced_takes_the_lane_then_a_free_place(app: TestApp) {
    let drive = drive(&app, json!({"beds": 2, "walk_ins": 1, "to": "10:00", "from": "09:00"}));
    app.clock.set("2026-12-01T07:05:00Z".parse().unwrap());
    // Two lanes of one place, then two places that nobody booked.
    let appointments: Vec<bool> =
        (0..4).map(|_| check_in(&app, &drive, donor(&app)).expect(201)["appointment"].is_string()).collect();
    assert_eq!(appointments, [false, false, true, true]);
    assert_eq!(check_in(&app, &drive, donor(&app)).problem(409), "drive_full");
    assert_eq!(board(&app, &drive)["came"], 4);
}

fn identity_is_shown_at_the_door_and_at_the_bed(app: TestApp) {
    let drive = begun(&app, json!({}));
    let id = donor(&app);
    for missing in ["name_said", "birth_date_said", "document_seen"] {
        let form = json!({"donor": id, "identity": with(shown(), json!({missing: false}))});
        let refused = bank(&app).post(&format!("{drive}/check-ins"), &form).expect(422);
        assert_eq!(refused["errors"][0]["field"], format!("identity.{missing}"));
    }
    let visit = ready(&app, &drive, true);
    let form = with(drawing(&app, 1), json!({"identity": with(shown(), json!({"document_seen": false}))}));
    let refused = bank(&app).post(&format!("{visit}/collection"), &form).expect(422);
    assert_eq!(refused["errors"][0]["field"], "identity.document_seen");
    assert_eq!(board(&app, &drive)["came"], 1);
}

fn nobody_is_there_twice(app: TestApp) {
    let drive = begun(&app, json!({}));
    let id = donor(&app);
    let visit = there(&app, &drive, id);
    let again = check_in(&app, &drive, id);
    assert_eq!((again.problem(409), &again.json()["state"]), ("state_conflict".into(), &json!("checked_in")));
    bank(&app).post(&format!("{visit}/leave"), &json!({})).expect(200);
    let second = there(&app, &drive, id);
    assert_ne!(second, visit, "whoever went may come again");
    for at in ["2026-11-30T08:00:00Z", "2026-12-01T08:00:00Z"] {
        let form = json!({"donor": donor(&app), "identity": shown(), "at": at});
        let refused = bank(&app).post(&format!("{drive}/check-ins"), &form).expect(422);
        assert_eq!(refused["errors"][0]["field"], "at", "{at}");
    }
    let late = json!({"donor": donor(&app), "identity": shown(), "at": "2026-12-01T07:10:00Z"});
    bank(&app).post(&format!("{drive}/check-ins"), &late).expect(201);
    let listed = bank(&app).get(&format!("{drive}/check-ins")).expect(200);
    assert_eq!(listed["items"][2]["checked_in_at"], "2026-12-01T07:10:00Z");
}

fn screening_waits_for_the_day_to_be_prepared(app: TestApp) {
    let drive = drive(&app, json!({}));
    let path = format!("{drive}/preparation");
    let form =
        |physician: &str, passed: bool| json!({"physician": physician, "meter": "HB-1", "passed": passed});
    let physician = user_of(&app, Role::Physician);
    // A control of another day does not count.
    bank(&app).post(&path, &form(&physician, true)).expect(201);
    app.clock.set(morning());
    let visit = there(&app, &drive, donor(&app));
    let asked = screening(&app, "male", &[]);
    assert_eq!(screen(&app, &visit, &asked).problem(409), "not_prepared");
    bank(&app).post(&path, &form(&physician, false)).expect(201);
    assert_eq!(screen(&app, &visit, &asked).problem(409), "not_prepared");
    let medic = user_of(&app, Role::Medic);
    assert_eq!(bank(&app).post(&path, &form(&medic, true)).expect(422)["errors"][0]["field"], "physician");
    bank(&app).post(&path, &form(&physician, true)).expect(201);
    let missing = with(asked.clone(), json!({"answers": []}));
    assert_eq!(screen(&app, &visit, &missing).expect(422)["errors"][0]["field"], "answers");
    let other = with(asked.clone(), json!({"questionnaire": 2}));
    assert_eq!(screen(&app, &visit, &other).expect(422)["errors"][0]["field"], "questionnaire");
    for (field, value) in
        [("weight_kg", 820.0), ("weight_kg", 19.9), ("height_cm", 1.78), ("height_cm", 261.0)]
    {
        let slip = with(asked.clone(), json!({field: value}));
        assert_eq!(screen(&app, &visit, &slip).expect(422)["errors"][0]["field"], field, "{value}");
    }
    screen(&app, &visit, &asked).expect(200);
    assert_eq!(screen(&app, &visit, &asked).problem(409), "state_conflict");
}

fn deferrals_of(app: &TestApp, client: &Client, donor: DonorId) -> Vec<Value> {
    let _ = app;
    let page = client.get(&format!("/api/v1/donors/{donor}/deferrals")).expect(200);
    page["items"].as_array().unwrap().clone()
}

fn a_finding_defers_and_stays_with_the_donor(app: TestApp) {
    let drive = begun(&app, json!({}));
    let id = donor(&app);
    let visit = there(&app, &drive, id);
    let low =
        with(screening(&app, "male", &[("tattoo", Some("2026-10-01"))]), json!({"haemoglobin_g_dl": 11.9}));
    let seen = screen(&app, &visit, &low).expect(200);
    assert_eq!((&seen["state"], &seen["outcome"]), (&json!("deferred"), &json!("not_yet")));
    let codes: Vec<&Value> =
        seen["reasons"].as_array().unwrap().iter().map(|reason| &reason["code"]).collect();
    assert!(codes.contains(&&json!("HB-LOW")) && codes.contains(&&json!("TAT")), "{codes:?}");
    let mut kept: Vec<String> = deferrals_of(&app, &bank(&app), id)
        .iter()
        .map(|row| format!("{} {}", row["code"].as_str().unwrap(), row["base"].as_str().unwrap_or("-")))
        .collect();
    kept.sort();
    assert_eq!(kept, ["HB-LOW 2026-12-01", "TAT 2026-10-01"]);
    // Screened a second time, nothing is entered twice.
    screen(&app, &visit, &low).expect(200);
    assert_eq!(deferrals_of(&app, &bank(&app), id).len(), 2);
    for step in ["consent", "collection"] {
        let body = if step == "consent" { json!({"use_blood": true}) } else { drawing(&app, 1) };
        assert_eq!(bank(&app).post(&format!("{visit}/{step}"), &body).problem(409), "state_conflict");
    }
    assert_eq!(check_in(&app, &drive, id).problem(409), "state_conflict");
    // A value that nobody took is no pass.
    let unmeasured = there(&app, &drive, donor(&app));
    let seen =
        screen(&app, &unmeasured, &with(screening(&app, "male", &[]), json!({"pulse": null}))).expect(200);
    assert_eq!((&seen["state"], &seen["reasons"][0]["code"]), (&json!("deferred"), &json!("NOT-MEASURED")));
    let again = screen(&app, &unmeasured, &screening(&app, "male", &[])).expect(200);
    assert_eq!(again["state"], "fit", "measured after all");
}

fn a_fall_since_the_last_visit_needs_the_physician(app: TestApp) {
    let (first, second) = (drive(&app, json!({})), drive(&app, json!({"date": "2026-12-15"})));
    app.clock.set(morning());
    prepare(&app, &first);
    let (falls, is_new) = (donor(&app), donor(&app));
    let of = |haemoglobin: f64| with(screening(&app, "male", &[]), json!({"haemoglobin_g_dl": haemoglobin}));
    let visit = there(&app, &first, falls);
    assert_eq!(screen(&app, &visit, &of(16.4)).expect(200)["state"], "fit");
    bank(&app).post(&format!("{visit}/leave"), &json!({})).expect(200);
    app.clock.set("2026-12-15T07:30:00Z".parse().unwrap());
    prepare(&app, &second);
    let visit = there(&app, &second, falls);
    let seen = screen(&app, &visit, &of(14.4)).expect(200);
    assert_eq!((&seen["state"], &seen["reasons"][0]["code"]), (&json!("deferred"), &json!("HB-FALL")));
    // Taken again, two tenths higher; and whoever was never here before has nothing to fall from.
    assert_eq!(screen(&app, &visit, &of(14.6)).expect(200)["state"], "fit");
    let visit = there(&app, &second, is_new);
    assert_eq!(screen(&app, &visit, &of(14.4)).expect(200)["state"], "fit");
}

fn what_ends_the_visit_alone_stays_with_it(app: TestApp) {
    let drive = begun(&app, json!({}));
    let id = donor(&app);
    let visit = there(&app, &drive, id);
    let seen = screen(&app, &visit, &screening(&app, "male", &[("fasting", None)])).expect(200);
    assert_eq!((&seen["state"], &seen["reasons"][0]["code"]), (&json!("deferred"), &json!("FAST")));
    assert!(deferrals_of(&app, &bank(&app), id).is_empty());
    let told = bank(&app).get(&format!("/api/v1/donors/{id}/eligibility")).expect(200);
    assert_eq!(told["outcome"], "eligible");
}

fn b3_a_sealed_answer_is_the_physicians(app: TestApp) {
    let drive = begun(&app, json!({}));
    let (id, other) = (donor_of(&app, Sex::Female), donor_of(&app, Sex::Female));
    let answers: Vec<Value> = [(id, "risk"), (other, "pregnant")]
        .map(|(donor, yes)| {
            let visit = there(&app, &drive, donor);
            let form = screening(&app, "female", &[(yes, None)]);
            let seen = app.client(Role::Medic).post(&format!("{visit}/screening"), &form).expect(200);
            (with(seen, json!({"id": null})), visit)
        })
        .map(|(seen, visit)| {
            assert_eq!(app.client(Role::Medic).get(&format!("{visit}/screening")).problem(403), "forbidden");
            let read = app.client(Role::Physician).get(&format!("{visit}/screening")).expect(200);
            let said: Vec<&Value> =
                read["answers"].as_array().unwrap().iter().filter(|answer| answer["yes"] == true).collect();
            assert_eq!(said.len(), 1);
            seen
        })
        .into();
    assert_eq!(answers[0], answers[1], "one text for whatever is sealed");
    assert_eq!(
        answers[0]["reasons"],
        json!([{"code": "not_available", "text": answers[0]["reasons"][0]["text"]}])
    );
    for client in [app.client(Role::Medic), bank(&app)] {
        assert!(deferrals_of(&app, &client, id).is_empty());
    }
    assert_eq!(deferrals_of(&app, &app.client(Role::Physician), id)[0]["code"], "RISK");
}

fn a_refusal_stands_nowhere_else(app: TestApp) {
    let drive = begun(&app, json!({}));
    let count = |app: &TestApp| -> i64 {
        app.house.db.read_now(|conn| Ok(deferrals::table.count().get_result(conn)?)).unwrap()
    };
    let id = donor(&app);
    let before = bank(&app).get(&format!("/api/v1/donors/{id}/eligibility")).expect(200);
    let visit = there(&app, &drive, id);
    screen(&app, &visit, &screening(&app, "male", &[])).expect(200);
    assert_eq!(bank(&app).post(&format!("{visit}/leave"), &json!({})).expect(200)["state"], "left");
    assert_eq!(bank(&app).post(&format!("{visit}/leave"), &json!({})).problem(409), "state_conflict");
    assert_eq!(bank(&app).get(&format!("/api/v1/donors/{id}/eligibility")).expect(200), before);
    assert_eq!(count(&app), 0);
    assert_eq!(board(&app, &drive)["left"], 1);
}

fn three_labels_are_one_number(app: TestApp) {
    let drive = begun(&app, json!({}));
    let visit = ready(&app, &drive, true);
    let collect =
        |fields: Value| bank(&app).post(&format!("{visit}/collection"), &with(drawing(&app, 1), fields));
    for label in ["din_form", "din_bag", "din_tubes"] {
        assert_eq!(collect(json!({label: din(2)})).problem(409), "din_mismatch", "{label}");
    }
    for (fields, field) in [
        (json!({"bag_expires_on": "2026-11-30"}), "bag_expires_on"),
        (json!({"volume_ml": 0}), "volume_ml"),
        (json!({"volume_ml": 1001}), "volume_ml"),
        (json!({"ended_at": "2026-12-01T07:31:00Z"}), "ended_at"),
        (json!({"ended_at": "2026-12-01T07:00:00Z"}), "ended_at"),
        (json!({"began_at": "2026-11-30T07:00:00Z"}), "began_at"),
        (json!({"din_bag": "x"}), "din_bag"),
        (json!({"bag_lot": ""}), "bag_lot"),
    ] {
        assert_eq!(collect(fields.clone()).expect(422)["errors"][0]["field"], field, "{fields}");
    }
    collect(json!({"bag_expires_on": "2026-12-01"})).expect(201);
    let other = ready(&app, &drive, true);
    let used = bank(&app).post(&format!("{other}/collection"), &drawing(&app, 1));
    assert_eq!(used.problem(409), "din_used");
}

fn numbers_come_from_the_block(app: TestApp) {
    let drive = begun(&app, json!({}));
    let dins = format!("{drive}/dins");
    bank(&app).post(&dins, &json!({"first": din(10), "count": 3})).expect(201);
    assert_eq!(bank(&app).post(&dins, &json!({"first": din(12), "count": 2})).problem(409), "din_used");
    assert_eq!(
        bank(&app).post(&dins, &json!({"first": din(20), "count": 0})).expect(422)["errors"][0]["field"],
        "count"
    );
    let states = || -> Vec<String> {
        let page = bank(&app).get(&format!("{dins}?limit=2")).expect(200);
        let next = page["next"].as_str().unwrap().to_owned();
        let rest = bank(&app).get(&format!("{dins}?limit=2&cursor={next}")).expect(200);
        let all = page["items"].as_array().unwrap().iter().chain(rest["items"].as_array().unwrap());
        all.map(|row| row["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(), ["handed_out"; 3]);
    let visit = ready(&app, &drive, true);
    let collect = |sequence: u32| bank(&app).post(&format!("{visit}/collection"), &drawing(&app, sequence));
    assert_eq!(collect(13).expect(422)["errors"][0]["field"], "din_form");
    let spoil = |sequence: u32| bank(&app).post(&format!("{dins}/spoil"), &json!({"din": din(sequence)}));
    spoil(10).expect(200);
    assert_eq!(spoil(10).json()["state"], "spoilt");
    assert_eq!(spoil(13).expect(422)["errors"][0]["code"], "unknown_reference");
    assert_eq!(collect(10).expect(422)["errors"][0]["field"], "din_form");
    collect(11).expect(201);
    assert_eq!(spoil(11).json()["state"], "used");
    assert_eq!(states(), ["spoilt", "used", "handed_out"]);
}

fn too_little_is_stopped_and_counts_as_given(app: TestApp) {
    let drive = begun(&app, json!({}));
    let visit = ready(&app, &drive, true);
    let low = with(drawing(&app, 1), json!({"volume_ml": 250, "outcome": "low_volume"}));
    let collected = bank(&app).post(&format!("{visit}/collection"), &low).expect(201);
    assert_eq!(collected["state"], "donated");
    assert_eq!(statuses(&app), ["blocked"]);
    let nothing = ready(&app, &drive, true);
    let failed = with(drawing(&app, 2), json!({"volume_ml": 0, "outcome": "failed"}));
    let collected = bank(&app).post(&format!("{nothing}/collection"), &failed).expect(201);
    assert_eq!((&collected["donation"], &collected["units"]), (&Value::Null, &json!([])));
    assert_eq!(statuses(&app).len(), 1);
    let third = ready(&app, &drive, true);
    let used = bank(&app).post(&format!("{third}/collection"), &drawing(&app, 2));
    assert_eq!(used.problem(409), "din_used", "its number is used up");
    let figures = board(&app, &drive);
    assert_eq!((&figures["donated"], &figures["short"]), (&json!(2), &json!(2)));
}

fn a11_what_a_donor_wants_done_changes_no_answer(app: TestApp) {
    let drive = begun(&app, json!({"beds": 4}));
    let told: Vec<(Value, Value, String)> = [true, false]
        .into_iter()
        .zip(1..)
        .map(|(use_blood, sequence)| {
            let visit = there(&app, &drive, donor(&app));
            screen(&app, &visit, &screening(&app, "male", &[])).expect(200);
            let agreed =
                bank(&app).post(&format!("{visit}/consent"), &json!({"use_blood": use_blood})).expect(200);
            let drawn = bank(&app).post(&format!("{visit}/collection"), &drawing(&app, sequence)).expect(201);
            (with(agreed, json!({"id": null})), drawn, visit)
        })
        .collect();
    assert_eq!(told[0].0, told[1].0);
    let shape = |drawn: &Value| {
        let unit = &drawn["units"][0];
        (
            drawn["state"].clone(),
            unit["component"].clone(),
            unit["expires_at"].clone(),
            drawn["units"].as_array().unwrap().len(),
        )
    };
    assert_eq!(shape(&told[0].1), shape(&told[1].1));
    assert_eq!(statuses(&app), ["quarantine", "blocked"]);
    // Neither answer stands anywhere in the clear, and both are of one length.
    let read = |conn: &mut shiryan::db::Conn| {
        Ok(visits::table.select(visits::answer).load::<Option<Vec<u8>>>(conn)?)
    };
    let sealed = app.house.db.read_now(read).unwrap();
    assert_eq!(sealed[0].as_ref().unwrap().len(), sealed[1].as_ref().unwrap().len());
    assert!(!rows::whole(&app, "visits").contains("use it"));
}

fn a11_what_is_told_later_stops_every_unit(app: TestApp) {
    let drive = begun(&app, json!({}));
    let visit = ready(&app, &drive, true);
    let form = with(drawing(&app, 1), json!({"components": ["red_cells", "plasma"]}));
    let drawn = bank(&app).post(&format!("{visit}/collection"), &form).expect(201);
    let path = format!("/api/v1/donations/{}/information", drawn["donation"].as_str().unwrap());
    app.clock.advance(Duration::days(3));
    let first = app.client(Role::Medic).post(&path, &json!({})).expect(200);
    assert_eq!(statuses(&app), ["blocked", "blocked"]);
    let second = app.client(Role::Physician).post(&path, &json!({})).expect(200);
    assert_eq!(first, second, "the same answer, whatever there was to stop");
    assert_eq!(
        bank(&app).post("/api/v1/donations/0123456789ABC/information", &json!({})).problem(404),
        "not_found"
    );
    assert_eq!(app.client(Role::Hospital).post(&path, &json!({})).problem(403), "forbidden");
}

fn a_reaction_is_followed_by_a_call(app: TestApp) {
    let drive = begun(&app, json!({}));
    let visit = ready(&app, &drive, true);
    bank(&app).post(&format!("{visit}/collection"), &drawing(&app, 1)).expect(201);
    let path = format!("{visit}/reactions");
    let form = json!({"kind": "vasovagal", "grade": "moderate", "began_at": app.house.db.now()});
    let noted = bank(&app).post(&path, &form).expect(201);
    assert_eq!(noted["call_on"], "2026-12-02");
    for at in ["2026-12-01T07:00:00Z", "2026-12-01T07:31:00Z"] {
        let refused = bank(&app).post(&path, &with(form.clone(), json!({"began_at": at}))).expect(422);
        assert_eq!(refused["errors"][0]["field"], "began_at");
    }
    let listed = || bank(&app).get(&format!("{drive}/reactions")).expect(200)["items"].clone();
    assert_eq!((&listed()[0]["grade"], &listed()[0]["called_at"]), (&json!("moderate"), &Value::Null));
    let called = format!("/api/v1/reactions/{}/called", noted["id"].as_str().unwrap());
    app.clock.advance(Duration::days(1));
    bank(&app).post(&called, &json!({})).expect(200);
    assert_eq!(bank(&app).post(&called, &json!({})).problem(409), "state_conflict");
    assert!(listed()[0]["called_at"].is_string());
}

fn a19_a_late_box_is_downgraded_by_name(app: TestApp) {
    let drive = begun(&app, json!({}));
    let path = format!("{drive}/laboratory-clock");
    assert_eq!(bank(&app).get(&path).problem(404), "not_found");
    let form = json!({
        "cut_off_at": "2026-12-01T12:00:00Z", "travel_minutes": 60, "checkpoint_minutes": 45, "packing_minutes": 15,
    });
    let clock = bank(&app).post(&path, &form).expect(200);
    assert_eq!(
        (&clock["leave_by"], &clock["last_needle_by"]),
        (&json!("2026-12-01T10:15:00Z"), &json!("2026-12-01T09:30:00Z"))
    );
    assert_eq!(app.client(Role::Medic).get(&path).expect(200), clock);
    assert_eq!(
        bank(&app).post(&path, &with(form.clone(), json!({"travel_minutes": 721}))).expect(422)["errors"][0]
            ["field"],
        "travel_minutes"
    );
    let visit = ready(&app, &drive, true);
    let parted = with(drawing(&app, 1), json!({"components": ["red_cells", "platelets", "plasma"]}));
    bank(&app).post(&format!("{visit}/collection"), &parted).expect(201);
    let arrival = format!("{drive}/arrival");
    assert_eq!(app.client(Role::Medic).post(&arrival, &json!({})).problem(403), "forbidden");
    app.clock.set("2026-12-01T12:30:00Z".parse().unwrap());
    let taken = bank(&app).post(&arrival, &json!({"arrived_at": "2026-12-01T12:00:01Z"})).expect(200);
    assert_eq!(taken["is_late"], true);
    let named: Vec<&Value> =
        taken["stopped"].as_array().unwrap().iter().map(|unit| &unit["component"]).collect();
    assert_eq!(json!(named), json!(["plasma", "platelets"]));
    assert_eq!(statuses(&app), ["quarantine", "blocked", "blocked"]);
    assert_eq!(bank(&app).post(&arrival, &json!({})).problem(409), "state_conflict");
    assert_eq!(bank(&app).post(&path, &form).problem(409), "state_conflict");
}

fn duty(app: &TestApp) -> String {
    let form = json!({
        "branch": "volunteering", "title": "عمل", "governorate": "PS-RBH", "starts_at": "2026-12-01T14:00:00Z",
        "ends_at": "2026-12-01T15:00:00Z", "unit": app.places.company, "loads": ["parade_standing"],
        "facts": {"kind": "youth"},
    });
    let made = app.client(Role::Command).post("/api/v1/activities", &form).expect(201);
    format!("/api/v1/activities/{}/people", made["id"].as_str().unwrap())
}

fn b2_everybody_who_came_rests_alike(app: TestApp) {
    let drive = begun(&app, json!({"beds": 4}));
    let (bled, deferred, left, absent) = (donor(&app), donor(&app), donor(&app), donor(&app));
    let visit = there(&app, &drive, bled);
    screen(&app, &visit, &screening(&app, "male", &[])).expect(200);
    bank(&app).post(&format!("{visit}/consent"), &json!({"use_blood": true})).expect(200);
    bank(&app).post(&format!("{visit}/collection"), &drawing(&app, 1)).expect(201);
    let visit = there(&app, &drive, deferred);
    screen(&app, &visit, &screening(&app, "male", &[("well", None)])).expect(200);
    let visit = there(&app, &drive, left);
    bank(&app).post(&format!("{visit}/leave"), &json!({})).expect(200);
    let people = duty(&app);
    let put = |donor: DonorId| app.client(Role::Medic).post(&people, &json!({"donor": donor}));
    let refusals: Vec<Value> = [bled, deferred, left].map(|donor| put(donor).expect(409)).into();
    assert_eq!(refusals[0]["code"], "duty_conflict");
    assert!(refusals.iter().all(|refused| *refused == refusals[0]), "{refusals:?}");
    put(absent).expect(201);
}

/// A donor of 30 who reads mail.
fn reader(app: &TestApp, n: u32) -> DonorId {
    let form = json!({
        "first_name": "ياسر", "family_name": "الكناري", "sex": "male", "birth_date": "1996-02-10",
        "service_number": format!("MS-{n}"), "unit": app.places.company, "weight_kg": 85.0, "height_cm": 180,
        "email": format!("canary{n}@reader.example"), "may_email": true,
    });
    let made = bank(app).post("/api/v1/donors", &form).expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

fn a11_whoever_came_is_thanked_alike_and_once(app: TestApp) {
    let drive = begun(&app, json!({"beds": 5}));
    let (bled, deferred, returns, absent) =
        (reader(&app, 1), reader(&app, 2), reader(&app, 3), reader(&app, 4));
    bank(&app).post(&format!("{drive}/appointments"), &json!({"donor": absent})).expect(201);
    let visit = there(&app, &drive, bled);
    screen(&app, &visit, &screening(&app, "male", &[])).expect(200);
    // Who wants nothing done with the blood is thanked as anybody.
    bank(&app).post(&format!("{visit}/consent"), &json!({"use_blood": false})).expect(200);
    bank(&app).post(&format!("{visit}/collection"), &drawing(&app, 1)).expect(201);
    let visit = there(&app, &drive, deferred);
    screen(&app, &visit, &screening(&app, "male", &[("well", None)])).expect(200);
    for _ in 0..2 {
        let visit = there(&app, &drive, returns);
        bank(&app).post(&format!("{visit}/leave"), &json!({})).expect(200);
    }
    let mail = Mail::new();
    mail.deliver(&app);
    assert_eq!(mail.letters().len(), 1, "one is asked, and while it is under way nobody is thanked");
    // An hour after half past eleven.
    app.clock.set("2026-12-01T10:30:00Z".parse().unwrap());
    assert_eq!(mail.deliver(&app).sent, 3);
    let letters = mail.letters().split_off(1);
    let read: Vec<_> = letters.iter().map(|letter| parsed(letter)).collect();
    let mut readers: Vec<String> =
        read.iter().map(|letter| letter.to().unwrap().first().unwrap().address().unwrap().into()).collect();
    readers.sort();
    assert_eq!(readers, ["canary1@reader.example", "canary2@reader.example", "canary3@reader.example"]);
    // Each has links of its own, of one length.
    let plain = |text: &str| {
        let parts: Vec<&str> = text.split("/l/").collect();
        parts.iter().enumerate().map(|(n, part)| if n == 0 { part } else { &part[32..] }).collect::<String>()
    };
    let said = |n: usize| {
        (
            read[n].subject().unwrap(),
            plain(&read[n].body_text(0).unwrap()),
            plain(&read[n].body_html(0).unwrap()),
        )
    };
    assert!(said(0).1.contains("الثلاثاء 1 كانون الأول 2026"), "{}", said(0).1);
    assert!(said(0) == said(1) && said(1) == said(2));
    assert!(read.iter().all(|letter| letter.attachment_count() == 0));
    // Entered the day after, when the network was away: thanked at once.
    let late = reader(&app, 5);
    app.clock.set("2026-12-02T08:00:00Z".parse().unwrap());
    let form = json!({"donor": late, "identity": shown(), "at": "2026-12-01T08:00:00Z"});
    bank(&app).post(&format!("{drive}/check-ins"), &form).expect(201);
    assert_eq!(mail.deliver(&app).sent, 1);
    assert!(parsed(&mail.letters()[4]).body_text(0).unwrap().contains("الثلاثاء 1"));
}

fn a16_a_donor_is_told_once_that_a_gift_helped_and_never_that_it_did_not(app: TestApp) {
    app.clock.set(morning());
    let given_by = |number: u32| {
        let (donor, given) = (reader(&app, number), donation(&app, Person::of(BloodGroup::ONeg), number));
        let whose = move |tx: &mut shiryan::db::Tx| {
            Ok(diesel::update(donations::table.find(given.0))
                .set(donations::donor.eq(donor))
                .execute(tx.conn)?)
        };
        app.house.db.write_now(Lane::System, whose).unwrap();
        Bag { donation: Some(given), ..Bag::new(&app, number) }.put(&app)
    };
    let (helped, discarded, stopped) = (given_by(1), given_by(2), given_by(3));
    used(&app, helped, 1);
    let path = format!("/api/v1/stock/units/{discarded}/discard");
    bank(&app).post(&path, &json!({"reason": "damaged"})).expect(200);
    used(&app, stopped, 3);
    let sister = Bag {
        donation: app.house.db.read_now(|conn| shiryan::stock::unit(conn, stopped)).unwrap().donation,
        component: Component::Plasma,
        ..Bag::new(&app, 3)
    };
    sister.put(&app);

    let mail = Mail::new();
    let nine = Duration::hours(2);
    app.clock.advance(Duration::days(6) + nine);
    assert_eq!(mail.deliver(&app).sent, 0, "not in the week in which a patient was given it");
    // Of the third something is stopped meanwhile.
    let path = format!("/api/v1/stock/units/{stopped}/harm");
    let form = json!({"kind": "reaction", "note": "fever"});
    app.client(Role::Hospital).post(&path, &form).expect(201);
    app.clock.advance(Duration::days(1));
    assert_eq!(mail.deliver(&app).sent, 1);
    let letters = mail.letters();
    let letter = parsed(&letters[0]);
    assert_eq!(letter.to().unwrap().first().unwrap().address(), Some("canary1@reader.example"));
    assert_eq!(letter.attachment_count(), 0);
    app.clock.advance(Duration::days(8));
    assert_eq!(mail.deliver(&app).sent, 0);
}

fn b2_command_learns_two_figures_from_twenty_on(app: TestApp) {
    let targets = json!([{"blood_group": "o_neg", "units": 8}, {"blood_group": "a_pos", "units": 4}]);
    let drive = drive(&app, json!({"beds": 20, "walk_ins": 19, "targets": targets}));
    // One who will not come.
    let booked =
        bank(&app).post(&format!("{drive}/appointments"), &json!({"donor": donor(&app)})).expect(201);
    let accept = format!("/api/v1/appointments/{}/accept", booked["id"].as_str().unwrap());
    bank(&app).post(&accept, &json!({})).expect(200);
    app.clock.set(morning());
    prepare(&app, &drive);
    let outcome = || app.client(Role::Command).get(&format!("{drive}/outcome"));
    for _ in 0..19 {
        let visit = there(&app, &drive, donor(&app));
        bank(&app).post(&format!("{visit}/leave"), &json!({})).expect(200);
    }
    assert_eq!(outcome().problem(404), "not_found", "while it is under way");
    let other = drive_again(&app);
    let visit = ready(&app, &drive, true);
    bank(&app).post(&format!("{visit}/collection"), &drawing(&app, 1)).expect(201);
    bank(&app).post(&format!("{drive}/close-out"), &json!({})).expect(200);
    assert_eq!(
        outcome().expect(200),
        json!({"told": "told", "came": 20, "collected": 1, "not_collected": 19})
    );
    bank(&app).post(&format!("{other}/close-out"), &json!({})).expect(200);
    let few = app.client(Role::Command).get(&format!("{other}/outcome")).expect(200);
    assert_eq!(few, json!({"told": "under_20", "came": null, "collected": null, "not_collected": null}));
    let page = super::pages::signed_in(&app, Role::Command).get("/working").text;
    assert!(page.contains("Of one drive."), "{page}");
    let total = page.split("<tfoot>").nth(1).unwrap().split("</tfoot>").next().unwrap();
    let figures: Vec<&str> =
        total.split("<td class=\"n\">").skip(1).map(|cell| cell.split('<').next().unwrap()).collect();
    assert_eq!((figures[0], figures[1], figures[2]), ("2", "0", "1"), "two were held, one has figures");
    assert_eq!(figures[5..], ["20", "1", "19", "12", "1", "5%"]);
    assert_eq!((page.matches("class=\"gave\"").count(), page.matches("class=\"few\"").count()), (1, 0));
    assert_eq!(app.client(Role::Command).get(&format!("{drive}/board")).problem(403), "forbidden");
}

fn drive_again(app: &TestApp) -> String {
    drive(app, json!({"to": "10:00"}))
}

fn the_day_closes_when_it_balances_and_not_before(app: TestApp) {
    let drive = drive(&app, json!({}));
    let (comes, stays, unsure) = (donor(&app), donor(&app), donor(&app));
    for (donor, accepts) in [(comes, true), (stays, true), (unsure, false)] {
        let booked = bank(&app).post(&format!("{drive}/appointments"), &json!({"donor": donor})).expect(201);
        if accepts {
            bank(&app)
                .post(&format!("/api/v1/appointments/{}/accept", booked["id"].as_str().unwrap()), &json!({}))
                .expect(200);
        }
    }
    let close = || bank(&app).post(&format!("{drive}/close-out"), &json!({}));
    assert_eq!(close().problem(409), "drive_closed", "it has not begun");
    app.clock.set(morning());
    prepare(&app, &drive);
    bank(&app).post(&format!("{drive}/dins"), &json!({"first": din(1), "count": 2})).expect(201);
    let visit = there(&app, &drive, comes);
    let open = close();
    assert_eq!(open.problem(409), "not_balanced");
    assert_eq!((&open.json()["open_visits"], &open.json()["open_dins"]), (&json!("1"), &json!("2")));
    assert_eq!(bank(&app).get(&drive).expect(200)["status"], "open", "nothing changed");
    assert_eq!(board(&app, &drive)["expected"], 2);
    screen(&app, &visit, &screening(&app, "male", &[])).expect(200);
    bank(&app).post(&format!("{visit}/consent"), &json!({"use_blood": true})).expect(200);
    bank(&app).post(&format!("{visit}/collection"), &drawing(&app, 1)).expect(201);
    assert_eq!(close().json()["open_dins"], "1");
    bank(&app).post(&format!("{drive}/dins/spoil"), &json!({"din": din(2)})).expect(200);
    let closed = close().expect(200);
    for (field, figure) in [("came", 1), ("donated", 1), ("deferred", 0), ("left", 0), ("no_shows", 1)] {
        assert_eq!(closed[field], figure, "{field}");
    }
    assert_eq!(bank(&app).get(&drive).expect(200)["status"], "done");
    let activity = drive.replace("drives", "activities");
    assert_eq!(app.client(Role::Command).get(&activity).expect(200)["status"], "done");
    assert_eq!(close().problem(409), "drive_closed");
    assert_eq!(check_in(&app, &drive, donor(&app)).problem(409), "drive_closed");
    // The record of the unit: one came, one stayed away; who never said yes did not stay away.
    let seen = bank(&app)
        .post(
            "/api/v1/drives/preview",
            &json!({
                "place": "قاعة", "governorate": "PS-RBH", "date": "2026-12-20", "from": "09:00", "to": "11:30",
                "slot_minutes": 30, "beds": 2, "unit": app.places.company,
            }),
        )
        .expect(200);
    assert_eq!(seen["show_per_cent"], 82, "(1 + 0.85 × 25) of 27");
}

fn one_of_two_who_check_the_same_donor_in_wins(app: TestApp) {
    let drive = begun(&app, json!({}));
    let id = donor(&app);
    let statuses: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..4).map(|_| scope.spawn(|| check_in(&app, &drive, id).status)).collect();
        tries.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [201, 409].contains(status)), "{statuses:?}");
    assert_eq!(board(&app, &drive)["came"], 1);
}

fn a_day_is_run_by_those_whose_drive_it_is(app: TestApp) {
    let theirs = drive(&app, json!({"unit": app.places.other_unit, "governorate": "PS-HBN"}));
    app.clock.set(morning());
    prepare(&app, &theirs);
    let visit = there(&app, &theirs, donor(&app));
    let medic = || app.client(Role::Medic);
    let id = donor(&app);
    for (path, body) in [
        (format!("{theirs}/check-ins"), json!({"donor": id, "identity": shown()})),
        (format!("{theirs}/close-out"), json!({})),
        (format!("{theirs}/dins"), json!({"first": din(1), "count": 2})),
        (
            format!("{theirs}/preparation"),
            json!({"physician": user_of(&app, Role::Physician), "meter": "A", "passed": true}),
        ),
        (format!("{theirs}/roster"), json!({"purpose": "check_in"})),
        (format!("{visit}/screening"), screening(&app, "male", &[])),
        (format!("{visit}/leave"), json!({})),
        (format!("{visit}/consent"), json!({"use_blood": true})),
    ] {
        assert_eq!(medic().post(&path, &body).problem(404), "not_found", "{path}");
    }
    for path in ["check-ins", "board", "dins", "reactions", "laboratory-clock", "outcome"] {
        assert_eq!(medic().get(&format!("{theirs}/{path}")).problem(404), "not_found", "{path}");
    }
}

fn a_roster_opens_names_and_records_each(app: TestApp) {
    let drive = drive(&app, json!({}));
    let form = json!({
        "first_name": "سامي", "family_name": "الكناري", "sex": "male", "birth_date": "1994-05-20",
        "service_number": "MS-77", "unit": app.places.company, "weight_kg": 82.0, "height_cm": 177,
    });
    let made = app.client(Role::Medic).post("/api/v1/donors", &form).expect(201);
    bank(&app).post(&format!("{drive}/appointments"), &json!({"donor": made["id"]})).expect(201);
    let opened = || -> usize {
        let lines = rows::whole(&app, "audit_lines");
        lines.matches("donors.identity_opened").count()
    };
    let before = opened();
    let asked = json!({"purpose": "check_in"});
    let roster = app.client(Role::Medic).post(&format!("{drive}/roster"), &asked).expect(200);
    assert_eq!(
        (&roster["items"][0]["name"], &roster["items"][0]["service_number"]),
        (&json!("سامي الكناري"), &json!("MS-77"))
    );
    assert_eq!(opened() - before, 1);
    assert_eq!(app.client(Role::Command).post(&format!("{drive}/roster"), &asked).problem(403), "forbidden");
}

fn a15_a_donation_that_went_well_counts_from_the_next_day(app: TestApp) {
    let drive = begun(&app, json!({}));
    let (well, ill) = (ready(&app, &drive, true), ready(&app, &drive, true));
    bank(&app).post(&format!("{well}/collection"), &drawing(&app, 1)).expect(201);
    bank(&app).post(&format!("{ill}/collection"), &drawing(&app, 2)).expect(201);
    let form = json!({"kind": "vasovagal", "grade": "mild", "began_at": app.house.db.now()});
    for _ in 0..2 {
        bank(&app).post(&format!("{ill}/reactions"), &form).expect(201);
    }
    let met = |visit: &str| {
        let id: shiryan_kernel::ids::VisitId = visit.rsplit('/').next().unwrap().parse().unwrap();
        let giver = visits::table.find(id.0).select(visits::donor);
        let donor: DonorId = app.house.db.read_now(|conn| Ok(giver.first(conn)?)).unwrap();
        let panel = app.client(Role::Physician).get(&format!("/api/v1/donors/{donor}/emergency-panel"));
        let all = panel.expect(200)["requirements"].clone();
        let found = all.as_array().unwrap().iter().find(|one| one["requirement"] == "uneventful_donation");
        found.unwrap()["met"].as_str().unwrap().to_owned()
    };
    assert_eq!((met(&well), met(&ill)), ("unknown".to_owned(), "no".to_owned()));
    app.clock.advance(Duration::days(1));
    assert_eq!((met(&well), met(&ill)), ("yes".to_owned(), "no".to_owned()));
}

/// The sheet of a mass casualty tells command how many are ready, region by region: fewer than twenty are no figure.
fn b2_screened_donors_of_low_titre_are_a_figure_from_twenty_on(app: TestApp) {
    let drive = begun(&app, json!({"beds": 40}));
    let today = app.house.today();
    let screened = |n: u32| {
        let donor = donor(&app);
        let visit = ready_of(&app, &drive, donor);
        bank(&app).post(&format!("{visit}/collection"), &drawing(&app, n)).expect(201);
        let path = format!("/api/v1/donors/{donor}");
        for (role, sample) in [(Role::Bank, "A"), (Role::Physician, "B")] {
            let typing = json!({"blood_group": "o_pos", "sample": format!("{sample}{n}"), "typed_on": today});
            app.client(role).post(&format!("{path}/typings"), &typing).expect(201);
        }
        let titre = json!({"anti_a": 16, "anti_b": 8, "method": "gel_card", "measured_on": today});
        bank(&app).post(&format!("{path}/titres"), &titre).expect(201);
        let agreed = json!({"kind": "emergency_panel", "given": true, "on": today, "way": "signed"});
        bank(&app).post(&format!("{path}/consents"), &agreed).expect(201);
        tested(&app, n);
    };
    let told = || -> Vec<String> {
        let sheet = signed_in(&app, Role::Command).get("/emergency").text;
        let after = |part: &str| part.split("<b>").nth(1).unwrap().split("</b>").next().unwrap().to_owned();
        sheet.split("ready to be called:").skip(1).map(after).collect()
    };
    (1..=19).for_each(screened);
    let none = vec!["fewer than 20"; 6];
    assert_eq!(told(), none, "nobody saw yet how it went");
    app.clock.advance(Duration::days(1));
    assert_eq!(told(), none);
    app.clock.advance(-Duration::days(1));
    screened(20);
    assert_eq!(told(), none);
    app.clock.advance(Duration::days(1));
    let seen = told();
    assert_eq!(seen.iter().filter(|figure| *figure == "20").count(), 1, "{seen:?}");
    assert_eq!(seen.iter().filter(|figure| *figure == "fewer than 20").count(), 5, "{seen:?}");
    // Somebody of whom a result does not open is not counted on, and the sheet is there for the others.
    let damage = |tx: &mut shiryan::db::Tx| {
        let one =
            test_results::table.select(diesel::dsl::max(test_results::id)).first::<Option<i64>>(tx.conn)?;
        let row = test_results::table.find(one.unwrap());
        diesel::update(row).set(test_results::says.eq(vec![7_u8; 96])).execute(tx.conn)?;
        Ok(())
    };
    app.house.db.write_now(Lane::System, damage).unwrap();
    assert_eq!(told(), seen, "counted once a minute");
    app.clock.advance(Duration::seconds(61));
    assert_eq!(told(), none);
}

fn a_long_roster_comes_in_pages_and_leaves_nobody_out(app: TestApp) {
    let drive = drive(&app, json!({"beds": 200}));
    let mut expected: Vec<String> = (0..203)
        .map(|_| {
            let donor = donor(&app);
            bank(&app).post(&format!("{drive}/appointments"), &json!({"donor": donor})).expect(201);
            donor.to_string()
        })
        .collect();
    let (mut seen, mut pages, mut cursor) = (Vec::new(), Vec::new(), Value::Null);
    loop {
        let form = json!({"purpose": "check_in", "cursor": cursor});
        let page = bank(&app).post(&format!("{drive}/roster"), &form).expect(200);
        let items = page["items"].as_array().unwrap();
        pages.push(items.len());
        seen.extend(items.iter().map(|item| item["donor"].as_str().unwrap().to_owned()));
        cursor = page["next"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(pages, [200, 3]);
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected);
    let form = json!({"purpose": "check_in", "cursor": "nonsense"});
    assert_eq!(bank(&app).post(&format!("{drive}/roster"), &form).problem(400), "cursor_invalid");
    let printed = signed_in(&app, Role::Bank).get(&format!("{}/roster", drive.trim_start_matches("/api/v1")));
    assert_eq!((printed.status, printed.text.matches("<th scope=\"row\">").count()), (200, 203));
}

fn the_printed_list_shows_names_only_to_whoever_opens_them(app: TestApp) {
    let drive = drive(&app, json!({}));
    let form = json!({
        "first_name": "سامي", "family_name": "الكناري", "sex": "male", "birth_date": "1994-05-20",
        "service_number": "MS-77", "unit": app.places.company, "weight_kg": 82.0, "height_cm": 177,
    });
    let made = app.client(Role::Medic).post("/api/v1/donors", &form).expect(201);
    let id = made["id"].as_str().unwrap();
    bank(&app).post(&format!("{drive}/appointments"), &json!({"donor": id})).expect(201);
    let opened = || rows::whole(&app, "audit_lines").matches("donors.identity_opened").count();
    let before = opened();
    let path = format!("{}/roster", drive.trim_start_matches("/api/v1"));
    let mut medic = signed_in(&app, Role::Medic);
    assert!(medic.get("/drives").text.contains(&format!("href=\"{path}\"")), "the list of drives leads here");
    for language in ["en", "ar"] {
        medic.language = language;
        let plain = medic.get(&path);
        check(&plain, language);
        assert!(plain.text.contains(id) && !plain.text.contains("الكناري") && !plain.text.contains("MS-77"));
    }
    assert_eq!(opened(), before, "looking opens nobody");
    let named = medic.submit(&path, &[]);
    check(&named, "ar");
    assert!(named.text.contains("سامي الكناري") && named.text.contains("MS-77"), "{}", named.text);
    assert_eq!(opened() - before, 1);

    // Others have no such page: whoever runs no drive, and the medic of another unit.
    for role in [Role::Command, Role::Hospital, Role::Admin, Role::Physician] {
        assert_eq!(signed_in(&app, role).get(&path).status, 403, "{role}");
    }
    let theirs = self::drive(&app, json!({"unit": app.places.other_unit, "governorate": "PS-HBN"}));
    let theirs = format!("{}/roster", theirs.trim_start_matches("/api/v1"));
    assert_eq!(medic.get(&theirs).status, 404);
    assert_eq!(medic.submit(&theirs, &[]).status, 404);
    assert_eq!(medic.get("/drives/0000000000001/roster").status, 404);
    assert_eq!(opened() - before, 1);
}
