//! A unit's whole way: delivered, released, stopped, cleared, thrown away, with every step on record.

use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::unit_movements;
use shiryan::stock;
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;
use shiryan_kernel::time::plus_days;

use super::support::app::{Reply, TestApp};
use super::support::shelf::{Bag, Person, din, donation};

both!(
    no_movement_but_those_of_the_rules_can_be_written,
    a_delivered_unit_counts_once_it_is_tested,
    a_label_that_cannot_be_is_refused,
    a_stop_is_lifted_by_another_physician_alone,
    what_is_thrown_away_is_gone,
    another_shelf_is_not_there,
    a_reason_is_one_of_its_kind_and_told_in_words_where_it_must,
    notes_are_sealed_and_move_with_the_root_key,
    any_sequence_of_steps_is_one_of_the_table,
);

fn label(app: &TestApp, sequence: u32) -> Value {
    let today = app.house.today();
    json!({
        "din": din(sequence).to_string(), "component": "red_cells", "blood_group": "o_neg", "volume_ml": 280,
        "collected_on": plus_days(today, -3), "expires_on": plus_days(today, 20),
    })
}

fn deliver(app: &TestApp, sequence: u32) -> String {
    let made = app.client(Role::Bank).post("/api/v1/stock/units", &label(app, sequence)).expect(201);
    assert_eq!(made["status"], "quarantine");
    made["id"].as_str().unwrap().to_owned()
}

fn act(app: &TestApp, role: Role, unit: &str, verb: &str, form: &Value) -> Reply {
    app.client(role).post(&format!("/api/v1/stock/units/{unit}/{verb}"), form)
}

fn trace(app: &TestApp, unit: &str) -> Value {
    app.client(Role::Physician).get(&format!("/api/v1/stock/units/{unit}")).expect(200)
}

fn steps(app: &TestApp, unit: &str) -> Vec<(Value, Value)> {
    let movements = trace(app, unit)["movements"].clone();
    movements.as_array().unwrap().iter().map(|step| (step["to"].clone(), step["reason"].clone())).collect()
}

fn usable(app: &TestApp) -> usize {
    let units = app.client(Role::Bank).get("/api/v1/stock/units").expect(200);
    units["items"].as_array().unwrap().iter().filter(|unit| unit["usable"] == true).count()
}

fn a_delivered_unit_counts_once_it_is_tested(app: TestApp) {
    let unit = deliver(&app, 1);
    assert_eq!(usable(&app), 0);
    act(&app, Role::Bank, &unit, "release", &json!({})).expect(200);
    assert_eq!(usable(&app), 1);
    assert_eq!(
        steps(&app, &unit),
        [(json!("quarantine"), json!("delivered")), (json!("released"), json!("tested"))]
    );
    let again = app.client(Role::Bank).post("/api/v1/stock/units", &label(&app, 1));
    assert_eq!(again.problem(409), "din_used");
    // Another part of the same donation is another unit.
    let mut plasma = label(&app, 1);
    plasma["component"] = json!("plasma");
    app.client(Role::Bank).post("/api/v1/stock/units", &plasma).expect(201);
    // What was given here comes back by other ways.
    donation(&app, Person::of(BloodGroup::ONeg), 7);
    let own = app.client(Role::Bank).post("/api/v1/stock/units", &label(&app, 7));
    assert_eq!(own.problem(409), "din_used");
}

fn a_label_that_cannot_be_is_refused(app: TestApp) {
    let today = app.house.today();
    for (field, value, code) in [
        ("din", json!("A9999 26 000001 0"), "din_invalid"),
        ("division", json!(10), "out_of_range"),
        ("division", json!(-1), "out_of_range"),
        ("volume_ml", json!(0), "out_of_range"),
        ("volume_ml", json!(1_001), "out_of_range"),
        ("collected_on", json!(plus_days(today, 1)), "out_of_range"),
        ("expires_on", json!(plus_days(today, -4)), "out_of_range"),
        ("expires_on", json!(plus_days(today, 4_000)), "out_of_range"),
        ("expires_on", json!(plus_days(today, -1)), "unit_expired"),
    ] {
        let mut label = label(&app, 3);
        label[field] = value.clone();
        let refused = app.client(Role::Bank).post("/api/v1/stock/units", &label);
        assert!((400..500).contains(&refused.status), "{field} {value}");
        let told = refused.json();
        let errors = told["errors"].as_array().unwrap();
        assert!(
            errors.iter().any(|error| error["field"] == field && error["code"] == code),
            "{field} {value}: {told}"
        );
    }
    // Platelets never keep as long as frozen red cells.
    let mut platelets = label(&app, 3);
    platelets["component"] = json!("platelets");
    assert_eq!(app.client(Role::Bank).post("/api/v1/stock/units", &platelets).status, 422);
    let units = app.client(Role::Bank).get("/api/v1/stock/units").expect(200);
    assert_eq!(units["items"], json!([]));
}

fn a_stop_is_lifted_by_another_physician_alone(app: TestApp) {
    let unit = deliver(&app, 1);
    act(&app, Role::Bank, &unit, "release", &json!({})).expect(200);
    let why = json!({"reason": "hospital_report", "note": "حرارة بعد النقل"});
    assert_eq!(act(&app, Role::Bank, &unit, "block", &why).expect(200)["status"], "blocked");
    assert_eq!(usable(&app), 0);
    assert_eq!(act(&app, Role::Bank, &unit, "release", &json!({})).problem(409), "state_conflict");
    let found = json!({"note": "لا علاقة للوحدة بما حدث"});
    assert_eq!(act(&app, Role::Bank, &unit, "clear", &found).problem(403), "forbidden");
    assert_eq!(act(&app, Role::Physician, &unit, "clear", &found).expect(200)["status"], "quarantine");
    assert_eq!(usable(&app), 0, "it is tested and released anew");
    act(&app, Role::Bank, &unit, "release", &json!({})).expect(200);
    let last = trace(&app, &unit)["movements"][3].clone();
    assert_eq!((&last["note"], &last["reason"]), (&found["note"], &json!("cleared")));
    // Whoever stopped it cannot clear it, nor can an account that he made.
    act(&app, Role::Physician, &unit, "block", &json!({"reason": "recall"})).expect(200);
    assert_eq!(act(&app, Role::Physician, &unit, "clear", &found).problem(403), "second_person_required");
    let maker = app.principal(Role::Physician).user;
    let path = format!("/api/v1/stock/units/{unit}/clear");
    let made = app.colleague(Role::Physician, "made-lately", Some(maker));
    assert_eq!(made.post(&path, &found).problem(403), "second_person_required");
    app.colleague(Role::Physician, "somebody-else", None).post(&path, &found).expect(200);
    assert_eq!(act(&app, Role::Physician, &unit, "clear", &found).problem(409), "state_conflict");
}

fn what_is_thrown_away_is_gone(app: TestApp) {
    let unit = deliver(&app, 1);
    act(&app, Role::Bank, &unit, "release", &json!({})).expect(200);
    let why = json!({"reason": "damaged"});
    assert_eq!(act(&app, Role::Bank, &unit, "discard", &why).expect(200)["status"], "discarded");
    for (role, verb, form) in [
        (Role::Bank, "discard", why.clone()),
        (Role::Bank, "block", json!({"reason": "recall"})),
        (Role::Bank, "release", json!({})),
        (Role::Physician, "clear", json!({"note": "x"})),
    ] {
        let refused = act(&app, role, &unit, verb, &form);
        assert_eq!(refused.json()["state"], "discarded", "{verb}");
        assert_eq!(refused.problem(409), "state_conflict", "{verb}");
    }
    assert_eq!(steps(&app, &unit).len(), 3);
    // What a hospital has is the hospital's to report.
    let issued = Bag { status: UnitStatus::Issued, ..Bag::new(&app, 2) }.put(&app).to_string();
    assert_eq!(act(&app, Role::Bank, &issued, "discard", &why).problem(409), "state_conflict");
    act(&app, Role::Bank, &issued, "block", &json!({"reason": "recall"})).expect(200);
}

fn another_shelf_is_not_there(app: TestApp) {
    let elsewhere = Bag { facility: app.places.hospital, ..Bag::new(&app, 1) }.put(&app).to_string();
    let nobody = BloodUnitId(1).to_string();
    let mut answers = Vec::new();
    for unit in [&elsewhere, &nobody] {
        let bank = app.client(Role::Bank);
        let read = bank.get(&format!("/api/v1/stock/units/{unit}"));
        answers.push(read.problem(404));
        for (verb, form) in
            [("block", json!({"reason": "recall"})), ("discard", json!({"reason": "damaged"}))]
        {
            answers.push(act(&app, Role::Bank, unit, verb, &form).problem(404));
        }
    }
    assert!(answers.iter().all(|code| code == "not_found"));
    act(&app, Role::Physician, &elsewhere, "block", &json!({"reason": "recall"})).expect(200);
}

fn a_reason_is_one_of_its_kind_and_told_in_words_where_it_must(app: TestApp) {
    let unit = deliver(&app, 1);
    for (verb, form, field, code) in [
        ("block", json!({"reason": "tested"}), "reason", "invalid_value"),
        ("block", json!({"reason": "low_volume"}), "reason", "invalid_value"),
        ("block", json!({"reason": "other"}), "note", "missing_field"),
        ("discard", json!({"reason": "used"}), "reason", "invalid_value"),
        ("discard", json!({"reason": "other"}), "note", "missing_field"),
        ("discard", json!({"reason": "other", "note": "a\u{202e}b"}), "note", "bad_text"),
    ] {
        let refused = act(&app, Role::Bank, &unit, verb, &form).expect(422);
        let error = &refused["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!(field), &json!(code)), "{verb} {form}");
    }
    assert_eq!(steps(&app, &unit).len(), 1);
    act(&app, Role::Bank, &unit, "discard", &json!({"reason": "low_volume"})).expect(200);
}

fn notes_are_sealed_and_move_with_the_root_key(app: TestApp) {
    let unit = deliver(&app, 1);
    let note = "canary: a cut in the bag";
    act(&app, Role::Bank, &unit, "block", &json!({"reason": "other", "note": note})).expect(200);
    let stored: Vec<Option<Vec<u8>>> = app
        .house
        .db
        .read_now(|conn| Ok(unit_movements::table.select(unit_movements::note).load(conn)?))
        .unwrap();
    let sealed: Vec<Vec<u8>> = stored.into_iter().flatten().collect();
    assert_eq!(sealed.len(), 1);
    assert!(!sealed[0].windows(6).any(|part| part == b"canary"));
    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([10; 32])));
    let moved = new.clone();
    let last =
        app.house.db.write_now(Lane::System, move |tx| stock::reseal(tx, &old, &moved, 0, 10)).unwrap();
    let id: BloodUnitId = unit.parse().unwrap();
    let read = |vault: Vault| app.house.db.read_now(move |conn| stock::movements(conn, &vault, id));
    assert_eq!(read(new.clone()).unwrap()[1].note.as_deref(), Some(note));
    assert!(read(app.house.vault.clone()).is_err());
    let old = app.house.vault.clone();
    let rest =
        app.house.db.write_now(Lane::System, move |tx| stock::reseal(tx, &old, &new, last.unwrap(), 10));
    assert_eq!(rest.unwrap(), None);
}

/// Several people act at random on a few units; whatever they are answered, each unit's steps form one chain of
/// the table, its state is the last of them, and only a release makes it count.
fn any_sequence_of_steps_is_one_of_the_table(app: TestApp) {
    let mut rng = StdRng::seed_from_u64(11);
    let units: Vec<String> = (1..=4).map(|n| deliver(&app, n)).collect();
    let (bank, physician) = (app.client(Role::Bank), app.client(Role::Physician));
    let other = app.colleague(Role::Physician, "somebody-else", None);
    let verbs = ["release", "release", "block", "clear", "clear", "discard"];
    for n in 0..120 {
        let (unit, verb) = (units.choose(&mut rng).unwrap(), verbs.choose(&mut rng).unwrap());
        // Thrown away for good ends a unit's story: rarely, so that the others are long.
        let verb = if *verb == "discard" && rng.random_bool(0.7) { "block" } else { *verb };
        let form = match verb {
            "release" => json!({}),
            "clear" => json!({"note": format!("{n}")}),
            _ => json!({"reason": "recall"}),
        };
        let path = format!("/api/v1/stock/units/{unit}/{verb}");
        let who = [&bank, &physician, &other].choose(&mut rng).copied().unwrap();
        let answer = who.post(&path, &form);
        assert!([200, 403, 409].contains(&answer.status), "{verb}: {}", answer.text);
    }
    let mut counted = 0;
    for unit in &units {
        let read = trace(&app, unit);
        let states: Vec<UnitStatus> = read["movements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|step| step["to"].as_str().unwrap().parse().unwrap())
            .collect();
        assert_eq!(states[0], UnitStatus::Quarantine);
        for pair in states.windows(2) {
            assert!(stock::rules::may_follow(pair[0], pair[1]), "{states:?}");
        }
        for pair in read["movements"].as_array().unwrap().windows(2) {
            assert_eq!(pair[0]["to"], pair[1]["from"], "{read}");
        }
        assert_eq!(read["status"], states.last().unwrap().code());
        counted += usize::from(states.last() == Some(&UnitStatus::Released));
    }
    assert_eq!(usable(&app), counted);
}

/// The database itself refuses a step that the rules do not know.
fn no_movement_but_those_of_the_rules_can_be_written(app: TestApp) {
    let unit = Bag::new(&app, 1).put(&app);
    let bank = app.places.bank;
    let states = || UnitStatus::ALL.iter().copied();
    for from in states().map(Some).chain([None]) {
        for to in states() {
            let written = app.house.db.write_now(Lane::System, move |tx| {
                let (id, now) = (tx.id(), tx.now.naive_utc());
                diesel::insert_into(unit_movements::table)
                    .values((
                        unit_movements::id.eq(id),
                        unit_movements::blood_unit.eq(unit),
                        unit_movements::from_status.eq(from),
                        unit_movements::to_status.eq(to),
                        unit_movements::reason.eq("other"),
                        unit_movements::facility.eq(bank),
                        unit_movements::moved_at.eq(now),
                    ))
                    .execute(tx.conn)?;
                Ok(())
            });
            let may = match from {
                None => to == UnitStatus::Quarantine,
                Some(from) => {
                    let is_taken_back = stock::rules::may_be_corrected(from) && to == UnitStatus::Blocked;
                    from == to || is_taken_back || stock::rules::may_follow(from, to)
                }
            };
            assert_eq!(written.is_ok(), may, "{from:?} to {to}");
        }
    }
}
