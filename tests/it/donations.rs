//! Donations: recorded once, never lost, and their units traced from the first moment.

use std::sync::{Arc, Barrier};

use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{appointments, blood_units, decisions, donations, donors, givings, unit_movements};
use shiryan::db::{Lane, Tx};
use shiryan::donors::NewDonor;
use shiryan::eligibility::{self, NewDeferral};
use shiryan_kernel::Result;
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::DonorStatus;

use super::support::app::{Client, Reply, TestApp, new_key};
use super::support::requests::another_bank;
use super::support::shelf::{din, tested};

both!(
    a_donation_becomes_units_in_quarantine,
    a_repeated_request_records_one_donation,
    sixteen_record_one_number_and_one_does,
    what_cannot_be_true_changes_nothing,
    everyone_records_inside_the_own_scope,
    the_appointment_of_who_came_is_kept,
    a_late_entry_keeps_its_own_day,
    what_a_donor_should_not_have_given_is_kept_and_blocked,
    a_deferral_that_came_after_blocks_a_late_entry,
    the_decision_behind_a_donation_is_kept,
    only_a_confirmed_group_is_on_the_bag,
    a_record_that_waits_for_review_takes_no_donation,
    a_typing_blocks_units_that_left_quarantine_under_another_group,
    how_somebody_came_to_give_is_counted_and_changes_nothing,
);

const DONATIONS: &str = "/api/v1/donations";

fn write<T: Send + 'static>(app: &TestApp, f: impl Fn(&mut Tx) -> Result<T> + Send + 'static) -> T {
    app.house.db.write_now(Lane::System, f).unwrap()
}

/// A healthy man of 30 in a unit.
fn donor(app: &TestApp, unit: UnitId) -> DonorId {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let bank = app.principal(Role::Bank);
    let new = NewDonor {
        sex: Some(Sex::Male),
        birth_date: Some("1996-02-10".parse().unwrap()),
        weight_kg: Some(85.0),
        height_cm: Some(180.0),
        unit: Some(unit),
        ..NewDonor::default()
    };
    write(app, move |tx| eligibility::enrol(tx, &vault, &book, &bank, &new)).id
}

fn now(app: &TestApp) -> DateTime<Utc> {
    app.house.db.now()
}

fn form(app: &TestApp, donor: DonorId, sequence: u32) -> Value {
    json!({
        "donor": donor, "donation_type": "whole_blood", "din": din(sequence), "volume_ml": 450,
        "collected_at": now(app),
    })
}

fn with(mut form: Value, fields: Value) -> Value {
    form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    form
}

fn bank(app: &TestApp) -> Client {
    app.client(Role::Bank)
}

/// How many donations, givings, units and movements there are.
fn rows(app: &TestApp) -> [i64; 4] {
    let read = app.house.db.read_now(|conn| {
        Ok([
            donations::table.count().get_result(conn)?,
            givings::table.count().get_result(conn)?,
            blood_units::table.count().get_result(conn)?,
            unit_movements::table.count().get_result(conn)?,
        ])
    });
    read.unwrap()
}

fn outcome(app: &TestApp, donor: DonorId) -> Value {
    bank(app).get(&format!("/api/v1/donors/{donor}/eligibility")).expect(200)["outcome"].clone()
}

fn shelf(app: &TestApp) -> Vec<Value> {
    let page = bank(app).get("/api/v1/stock/units").expect(200);
    page["items"].as_array().unwrap().clone()
}

fn a_donation_becomes_units_in_quarantine(app: TestApp) {
    let id = donor(&app, app.places.company);
    assert_eq!(outcome(&app, id), "eligible");
    let body = with(form(&app, id, 1), json!({"components": ["red_cells", "plasma"]}));
    let made = bank(&app).post(DONATIONS, &body).expect(201);
    assert_eq!(made["warnings"], json!([]));
    assert_eq!(made["appointment"], Value::Null);
    let told: Vec<_> =
        made["units"].as_array().unwrap().iter().map(|unit| unit["component"].clone()).collect();
    assert_eq!(told, ["red_cells", "plasma"]);
    for (unit, told) in shelf(&app).iter().zip(made["units"].as_array().unwrap()) {
        assert_eq!(unit["id"], told["id"]);
        assert_eq!((&unit["status"], &unit["usable"]), (&json!("quarantine"), &json!(false)));
        assert_eq!((&unit["din"], &unit["blood_group"]), (&json!(din(1)), &Value::Null));
        assert_eq!(unit["facility"], json!(app.places.bank));
        assert_eq!(unit["expires_at"], told["expires_at"]);
    }
    // 35 days after 24 November, in winter time.
    assert_eq!(made["units"][0]["expires_at"], "2026-12-29T21:59:00Z");
    assert_eq!(rows(&app), [1, 1, 2, 2]);
    // The giving counts at once, and the donor was screened here.
    assert_eq!(outcome(&app, id), "not_yet");
    assert_eq!(bank(&app).get(&format!("/api/v1/donors/{id}")).expect(200)["screened"], true);
    let whole = bank(&app).post(DONATIONS, &form(&app, donor(&app, app.places.company), 2)).expect(201);
    assert_eq!(whole["units"].as_array().unwrap().len(), 1);
    assert_eq!(whole["units"][0]["component"], "whole_blood");
}

fn a_repeated_request_records_one_donation(app: TestApp) {
    let body = form(&app, donor(&app, app.places.company), 1);
    let key = new_key();
    let first = bank(&app).post_as(&key, DONATIONS, &body);
    first.expect(201);
    assert_eq!(bank(&app).post_as(&key, DONATIONS, &body).text, first.text);
    assert_eq!(rows(&app), [1, 1, 1, 1]);
    let other = with(body, json!({"volume_ml": 400}));
    assert_eq!(bank(&app).post_as(&key, DONATIONS, &other).problem(422), "idempotency_key_reused");
}

fn sixteen_record_one_number_and_one_does(app: TestApp) {
    let at_once = Arc::new(Barrier::new(16));
    let threads: Vec<_> = (0..16)
        .map(|_| {
            let body = form(&app, donor(&app, app.places.company), 1);
            let (client, at_once) = (bank(&app), at_once.clone());
            std::thread::spawn(move || {
                at_once.wait();
                client.post(DONATIONS, &body)
            })
        })
        .collect();
    let replies: Vec<Reply> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 201) {
        assert_eq!(reply.problem(409), "din_used");
    }
    assert_eq!(rows(&app), [1, 1, 1, 1]);
}

fn what_cannot_be_true_changes_nothing(app: TestApp) {
    let good = form(&app, donor(&app, app.places.company), 1);
    let hospital = app.places.hospital;
    for (fields, status, code, field) in [
        (json!({"din": "A999926000001X"}), 422, "din_invalid", "din"),
        (json!({"din": ""}), 422, "din_invalid", "din"),
        (json!({"collected_at": now(&app) + Duration::seconds(1)}), 422, "out_of_range", "collected_at"),
        (json!({"collected_at": now(&app) - Duration::days(31)}), 422, "out_of_range", "collected_at"),
        (json!({"volume_ml": 0}), 422, "out_of_range", "volume_ml"),
        (json!({"volume_ml": 4_500}), 422, "out_of_range", "volume_ml"),
        (json!({"components": []}), 422, "invalid_value", "components"),
        (json!({"components": ["red_cells", "red_cells"]}), 422, "invalid_value", "components"),
        (
            json!({"donation_type": "double_red_cells", "components": ["plasma"]}),
            422,
            "invalid_value",
            "components",
        ),
        (json!({"facility": hospital}), 422, "invalid_value", "facility"),
        (json!({"donor": DonorId(7)}), 404, "not_found", ""),
        (json!({"drive": "0000000000007"}), 404, "not_found", ""),
        (json!({"note": "x"}), 400, "unknown_field", "note"),
        (json!({"volume_ml": "450"}), 400, "wrong_type", "volume_ml"),
    ] {
        let reply = bank(&app).post(DONATIONS, &with(good.clone(), fields.clone()));
        let problem = reply.expect(status);
        let error = &problem["errors"][0];
        let told = if field.is_empty() { &problem["code"] } else { &error["code"] };
        assert_eq!(told, code, "{fields}: {problem}");
        if !field.is_empty() {
            assert_eq!(error["field"], field, "{fields}");
        }
    }
    assert_eq!(rows(&app), [0; 4]);
    bank(&app).post(DONATIONS, &good).expect(201);
    let again = bank(&app).post(DONATIONS, &with(good, json!({"donor": donor(&app, app.places.company)})));
    assert_eq!(again.problem(409), "din_used");
    assert_eq!(rows(&app), [1, 1, 1, 1]);
}

fn drive(app: &TestApp, fields: Value) -> String {
    let form = json!({
        "place": "Hall", "governorate": "PS-RBH", "date": app.house.today(), "from": "08:00", "to": "12:00",
        "slot_minutes": 30, "beds": 4, "unit": app.places.company,
    });
    let made = bank(app).post("/api/v1/drives", &with(form, fields)).expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn everyone_records_inside_the_own_scope(app: TestApp) {
    let (own, other) = (donor(&app, app.places.company), donor(&app, app.places.other_unit));
    let medic = app.client(Role::Medic);
    let unsaid = medic.post(DONATIONS, &form(&app, own, 1));
    assert_eq!(unsaid.problem(400), "missing_field");
    assert_eq!(unsaid.json()["errors"][0]["field"], "facility");
    let here = json!({"facility": app.places.bank});
    medic.post(DONATIONS, &with(form(&app, own, 1), here.clone())).expect(201);
    let outside = medic.post(DONATIONS, &with(form(&app, other, 2), here.clone()));
    assert_eq!(outside.problem(404), "not_found");
    bank(&app).post(DONATIONS, &form(&app, other, 2)).expect(201);

    let theirs = drive(&app, json!({"unit": app.places.other_unit}));
    let third = donor(&app, app.places.company);
    let elsewhere = with(form(&app, third, 3), with(here, json!({"drive": theirs})));
    assert_eq!(medic.post(DONATIONS, &elsewhere).problem(404), "not_found");
    // The drive says who keeps the units.
    let drive = drive(&app, json!({"facility": app.places.bank}));
    medic.post(DONATIONS, &with(form(&app, third, 3), json!({"drive": drive}))).expect(201);
    for role in Role::ALL.iter().filter(|role| !matches!(role, Role::Medic | Role::Bank)) {
        let refused = app.client(*role).post(DONATIONS, &form(&app, third, 4));
        assert_eq!(refused.problem(403), "forbidden", "{role}");
    }
    assert_eq!(rows(&app)[0], 3);
}

fn the_appointment_of_who_came_is_kept(app: TestApp) {
    let drive = drive(&app, json!({}));
    let book = |donor| {
        let path = format!("/api/v1/drives/{drive}/appointments");
        let booked = bank(&app).post(&path, &json!({"donor": donor})).expect(201);
        booked["id"].as_str().unwrap().to_owned()
    };
    let [came, cancelled, walked_in] = [(); 3].map(|()| donor(&app, app.places.company));
    let (kept, given_back) = (book(came), book(cancelled));
    bank(&app).post(&format!("/api/v1/appointments/{given_back}/cancel"), &json!({})).expect(200);
    app.clock.advance(Duration::hours(9));
    let record = |sequence, donor| {
        let body = with(form(&app, donor, sequence), json!({"drive": drive}));
        bank(&app).post(DONATIONS, &body).expect(201)
    };
    assert_eq!(record(1, came)["appointment"], json!(kept));
    assert_eq!(record(2, cancelled)["appointment"], Value::Null);
    assert_eq!(record(3, walked_in)["appointment"], Value::Null);
    let mut states: Vec<(String, String)> = app
        .house
        .db
        .read_now(|conn| {
            let rows: Vec<(shiryan_kernel::ids::AppointmentId, String)> =
                appointments::table.select((appointments::id, appointments::status)).load(conn)?;
            Ok(rows.into_iter().map(|(id, status)| (id.to_string(), status)).collect())
        })
        .unwrap();
    states.sort();
    let mut expected = vec![(kept, "kept".to_owned()), (given_back, "cancelled".to_owned())];
    expected.sort();
    assert_eq!(states, expected);
    // Not on the drive's day.
    app.clock.advance(Duration::days(1));
    let late = with(form(&app, donor(&app, app.places.company), 4), json!({"drive": drive}));
    let refused = bank(&app).post(DONATIONS, &late).expect(422);
    assert_eq!(refused["errors"][0]["field"], "collected_at");
}

fn a_late_entry_keeps_its_own_day(app: TestApp) {
    let id = donor(&app, app.places.company);
    let collected = now(&app) - Duration::days(6);
    let body = with(
        form(&app, id, 1),
        json!({"donation_type": "platelet_apheresis", "collected_at": collected, "volume_ml": 250}),
    );
    let made = bank(&app).post(DONATIONS, &body).expect(201);
    let unit = &shelf(&app)[0];
    assert_eq!(unit["collected_on"], "2026-11-18");
    // Five days: gone before it was entered, so it can never be released.
    assert_eq!(unit["expires_at"], "2026-11-23T21:59:00Z");
    let path = format!("/api/v1/stock/units/{}/release", made["units"][0]["id"].as_str().unwrap());
    let refused = bank(&app).post(&path, &json!({"blood_group": "a_pos"}));
    assert_eq!(refused.problem(409), "unit_expired");
    let given: Vec<chrono::NaiveDate> =
        app.house.db.read_now(|conn| Ok(givings::table.select(givings::given_on).load(conn)?)).unwrap();
    assert_eq!(given, ["2026-11-18".parse().unwrap()]);
}

fn defer(app: &TestApp, donor: DonorId, code: &str) {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new = NewDeferral { donor, code: code.to_owned(), base: None, second_base: None, ended_on: None };
    write(app, move |tx| eligibility::defer(tx, &vault, &book, None, &new));
}

/// Whatever the cause, the same answer: a medic learns that something bars, never what.
fn what_a_donor_should_not_have_given_is_kept_and_blocked(app: TestApp) {
    let record = |sequence, donor| {
        let body = with(form(&app, donor, sequence), json!({"facility": app.places.bank}));
        app.client(Role::Medic).post(DONATIONS, &body).expect(201)
    };
    let too_soon = donor(&app, app.places.company);
    record(1, too_soon);
    app.clock.advance(Duration::days(7));
    let [sealed, open] = [(); 2].map(|()| donor(&app, app.places.company));
    defer(&app, sealed, "P-HIV");
    defer(&app, open, "P-CVD");
    let answers: Vec<Value> =
        (2..).zip([too_soon, sealed, open]).map(|(n, donor)| record(n, donor)).collect();
    for answer in &answers {
        assert_eq!(answer["warnings"], json!(["not_eligible"]));
        assert_eq!(answer["units"].as_array().unwrap().len(), 1);
    }
    let plain = |answer: &Value| {
        let unit = with(answer["units"][0].clone(), json!({"id": ""}));
        with(answer.clone(), json!({"id": "", "units": [unit]})).to_string()
    };
    assert_eq!(plain(&answers[0]), plain(&answers[1]));
    assert_eq!(plain(&answers[1]), plain(&answers[2]));
    // Nothing is lost: four donations, four givings; three units stopped, each by way of quarantine.
    assert_eq!(rows(&app), [4, 4, 4, 7]);
    let states: Vec<Value> = shelf(&app).iter().map(|unit| unit["status"].clone()).collect();
    assert_eq!(states, ["quarantine", "blocked", "blocked", "blocked"]);
    let path = format!("/api/v1/stock/units/{}/release", answers[1]["units"][0]["id"].as_str().unwrap());
    let refused = bank(&app).post(&path, &json!({"blood_group": "a_pos"}));
    assert_eq!(refused.problem(409), "state_conflict");
    let availability =
        "/api/v1/availability?recipient_group=ab_pos&group_evidence=confirmed&component=whole_blood";
    assert_eq!(bank(&app).get(availability).expect(200)["units"], json!([]));
}

fn a_deferral_that_came_after_blocks_a_late_entry(app: TestApp) {
    let id = donor(&app, app.places.company);
    let collected = now(&app);
    app.clock.advance(Duration::days(2));
    defer(&app, id, "P-HIV");
    let late = with(form(&app, id, 1), json!({"collected_at": collected}));
    assert_eq!(bank(&app).post(DONATIONS, &late).expect(201)["warnings"], json!(["not_eligible"]));
    assert_eq!(shelf(&app)[0]["status"], "blocked");
}

fn the_decision_behind_a_donation_is_kept(app: TestApp) {
    let [well, carrier] = [(); 2].map(|()| donor(&app, app.places.company));
    defer(&app, carrier, "P-HIV");
    for (n, id) in [(1, well), (2, carrier)] {
        bank(&app).post(DONATIONS, &form(&app, id, n)).expect(201);
    }
    let kept = |donor: DonorId| {
        let page = app.client(Role::Physician).get(&format!("/api/v1/donors/{donor}/decisions")).expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 1);
        page["items"][0].clone()
    };
    let (yes, no) = (kept(well), kept(carrier));
    assert_eq!((&yes["outcome"], &yes["rule_set"]), (&json!("eligible"), &json!("default:1")));
    assert_eq!((&no["outcome"], &no["reasons"][0]), (&json!("never"), &json!("P-HIV")));
    // The facts as they were, before the donation itself counted: a replay with them is the same decision.
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let facts = app.house.db.read_now(|conn| eligibility::facts_of(conn, &vault, &book, well, None)).unwrap();
    assert_ne!(yes["facts"], eligibility::facts_digest(&facts).as_str());
    let before = eligibility::DonorFacts { givings: Vec::new(), never_screened_here: true, ..facts };
    assert_eq!(yes["facts"], eligibility::facts_digest(&before).as_str());
    let (named, rows) = app
        .house
        .db
        .read_now(|conn| {
            let named: Vec<Option<i64>> =
                donations::table.order(donations::id).select(donations::decision).load(conn)?;
            let columns = (decisions::id, decisions::answer);
            let rows: Vec<(i64, Vec<u8>)> =
                decisions::table.order(decisions::id).select(columns).load(conn)?;
            Ok((named, rows))
        })
        .unwrap();
    assert_eq!(named, rows.iter().map(|(id, _)| Some(*id)).collect::<Vec<_>>());
    assert_eq!(rows[0].1.len(), rows[1].1.len(), "a cell says nothing by its length");
}

fn only_a_confirmed_group_is_on_the_bag(app: TestApp) {
    for (sequence, evidence, expected) in
        [(1, "declared", Value::Null), (2, "typed_once", Value::Null), (3, "confirmed", json!("b_neg"))]
    {
        let id = donor(&app, app.places.company);
        write(&app, move |tx| {
            diesel::update(donors::table.find(id.0))
                .set((donors::blood_group.eq("b_neg"), donors::group_evidence.eq(evidence)))
                .execute(tx.conn)?;
            Ok(())
        });
        let body = with(
            form(&app, id, sequence),
            json!({"donation_type": DonationType::PlateletApheresis, "components": ["platelets", "platelets"]}),
        );
        bank(&app).post(DONATIONS, &body).expect(201);
        let bags = shelf(&app);
        let bags = &bags[bags.len() - 2..];
        assert_eq!((&bags[0]["division"], &bags[1]["division"]), (&json!(1), &json!(2)));
        assert!(bags.iter().all(|bag| bag["blood_group"] == expected && bag["volume_ml"] == 225));
    }
}

fn a_record_that_waits_for_review_takes_no_donation(app: TestApp) {
    for (sequence, status) in (1..).zip(DonorStatus::ALL) {
        let id = donor(&app, app.places.company);
        let status = *status;
        write(&app, move |tx| {
            if status == DonorStatus::Erased {
                diesel::update(donors::table.find(id.0))
                    .set((donors::status.eq(status), donors::donor_key.eq(Vec::<u8>::new())))
                    .execute(tx.conn)?;
                return Ok(());
            }
            diesel::update(donors::table.find(id.0)).set(donors::status.eq(status)).execute(tx.conn)?;
            Ok(())
        });
        let said = bank(&app).post(DONATIONS, &form(&app, id, sequence));
        match status {
            DonorStatus::Active => assert_eq!(said.expect(201)["warnings"], json!([])),
            DonorStatus::Paused => assert_eq!(said.expect(201)["warnings"], json!(["not_eligible"])),
            DonorStatus::Review | DonorStatus::Deceased | DonorStatus::Erased => {
                assert_eq!(said.problem(409), "donor_unbookable");
            }
        }
    }
    assert_eq!(rows(&app)[..2], [2, 2]);
}

fn a_typing_blocks_units_that_left_quarantine_under_another_group(app: TestApp) {
    let made = |donor, sequence| {
        let body = with(form(&app, donor, sequence), json!({"components": ["red_cells", "plasma"]}));
        let units = bank(&app).post(DONATIONS, &body).expect(201)["units"].clone();
        [0, 1].map(|n| units[n]["id"].as_str().unwrap().to_owned())
    };
    let release = |unit: &str, group: &str| {
        let path = format!("/api/v1/stock/units/{unit}/release");
        bank(&app).post(&path, &json!({"blood_group": group}))
    };
    let typing = |role, donor: DonorId, group: &str, sample: &str| {
        let body = json!({"blood_group": group, "sample": sample, "typed_on": app.house.today()});
        app.client(role).post(&format!("/api/v1/donors/{donor}/typings"), &body).expect(201);
    };
    let stands = |unit: &str| {
        shelf(&app).into_iter().find(|one| one["id"] == unit).unwrap()["status"].as_str().unwrap().to_owned()
    };
    let (one, other) = (donor(&app, app.places.company), donor(&app, app.places.company));
    let ([red, plasma], [strange, _]) = (made(one, 1), made(other, 2));
    tested(&app, 1);
    tested(&app, 2);
    assert_eq!(release(&red, "a_pos").problem(409), "group_unknown", "named once");
    typing(Role::Bank, one, "a_pos", "S1");
    assert_eq!(release(&red, "a_pos").problem(403), "second_person_required", "twice by one person");
    typing(Role::Physician, one, "a_pos", "S1");
    typing(Role::Physician, other, "b_neg", "S0");
    assert_eq!(release(&red, "b_neg").problem(409), "group_discrepancy");
    release(&red, "a_pos").expect(200);
    release(&strange, "b_neg").expect(200);

    typing(Role::Physician, one, "a_pos", "S2");
    assert_eq!(stands(&red), "released", "typings that agree block nothing");
    typing(Role::Bank, one, "b_pos", "S3");
    assert_eq!((stands(&red).as_str(), stands(&plasma).as_str()), ("blocked", "quarantine"));
    assert_eq!(release(&plasma, "a_pos").problem(409), "group_discrepancy");
    assert_eq!(stands(&strange), "released", "another donor's unit");

    // A single typing contradicts no typing, but it does contradict the label.
    typing(Role::Bank, other, "a_pos", "S4");
    assert_eq!(stands(&strange), "blocked");
}

fn how_somebody_came_to_give_is_counted_and_changes_nothing(app: TestApp) {
    let bank = app.client(Role::Bank);
    let today = app.house.today();
    let gives = |n: u32, kind: Option<&str>, given_as: Value| {
        let giver = donor(&app, app.places.company);
        if let Some(kind) = kind {
            let kind = donors::kind.eq(kind.to_owned());
            write(&app, move |tx| {
                Ok(diesel::update(donors::table.find(giver.0)).set(kind.clone()).execute(tx.conn)?)
            });
        }
        let mut form = json!({"donor": giver, "donation_type": "whole_blood", "din": din(n), "volume_ml": 450,
            "collected_at": now(&app)});
        form["given_as"] = given_as;
        let made = bank.post(DONATIONS, &form).expect(201);
        (made["warnings"].clone(), made["units"][0]["component"].clone())
    };
    let usual = gives(1, None, Value::Null);
    // As the register says, unless this time was otherwise.
    assert_eq!(gives(2, Some("replacement"), Value::Null), usual);
    assert_eq!(gives(3, Some("voluntary"), json!("replacement")), usual);
    assert_eq!(gives(4, Some("voluntary"), json!("call_up")), usual);
    assert_eq!(gives(5, Some("voluntary"), Value::Null), usual);
    let path = |first: i64, last: i64| {
        let day = |n| today + Duration::days(n);
        format!("/api/v1/donations/kinds?first={}&last={}", day(first), day(last))
    };
    let counted = json!({"donations": 5, "voluntary": 1, "replacement": 2, "call_up": 1, "unsaid": 1});
    assert_eq!(bank.get(&path(0, 0)).expect(200), counted);
    assert_eq!(app.client(Role::Physician).get(&path(-366, 0)).expect(200), counted);
    assert_eq!(bank.get(&path(1, 9)).expect(200)["donations"], 0);
    let other = another_bank(&app, Governorate::RamallahAlBireh, "OTHER");
    assert_eq!(other.get(&path(0, 0)).expect(200)["donations"], 0);
    for wrong in [path(0, -1), path(-367, 0)] {
        assert_eq!(bank.get(&wrong).expect(422)["errors"][0]["field"], "last");
    }
}
