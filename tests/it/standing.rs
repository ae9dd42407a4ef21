//! What a hospital asks for again and again: each due day once, in its own hands, and never late.

use std::sync::Barrier;
use std::thread;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::{blood_requests, standing_orders};
use shiryan::requests::standing;
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;

use super::support::app::{Client, TestApp};
use super::support::requests::{act, another_bank, another_hospital};

both!(
    each_due_day_is_asked_for_once,
    two_at_once_ask_once,
    what_nobody_asked_in_time_is_left_out,
    a_paused_order_asks_for_nothing,
    a_day_that_was_asked_for_is_not_due_again_after_a_pause,
    an_order_is_its_hospitals_own,
    one_order_of_a_component_for_a_patient,
    what_is_wrong_is_told_and_changes_nothing,
    what_is_sealed_moves_with_the_key,
    one_that_does_not_open_is_set_aside,
);

fn day(app: &TestApp, ahead: i64) -> NaiveDate {
    app.house.today() + chrono::Duration::days(ahead)
}

/// Red cells every week, from a week ahead on.
fn weekly(app: &TestApp) -> Value {
    json!({"patient": "CANARY-TH-4", "blood_group": "a_pos", "group_evidence": "confirmed", "component": "red_cells",
        "units": 2, "every_days": 7, "due_at": "09:30", "first_on": day(app, 7), "last_on": day(app, 28),
        "notes": "CANARY-washed"})
}

fn ordered(client: &Client, form: &Value) -> String {
    client.post("/api/v1/standing-orders", form).expect(201)["id"].as_str().unwrap().to_owned()
}

fn turn(client: &Client, id: &str, verb: &str) -> super::support::app::Reply {
    client.post(&format!("/api/v1/standing-orders/{id}/{verb}"), &json!({}))
}

fn look(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/standing-orders/{id}")).expect(200)
}

/// What the house does each minute.
fn make_due(app: &TestApp) {
    let zone = app.house.zone;
    loop {
        let vault = app.house.vault.clone();
        let write = move |tx: &mut shiryan::db::Tx| standing::make_due(tx, &vault, zone, 64);
        if app.house.db.write_now(Lane::Bulk, write).unwrap() == 0 {
            return;
        }
    }
}

fn due_days(app: &TestApp) -> Vec<NaiveDate> {
    let days =
        blood_requests::table.select(blood_requests::due_on.assume_not_null()).order(blood_requests::due_on);
    app.house.db.read_now(|conn| Ok(days.load(conn)?)).unwrap()
}

fn each_due_day_is_asked_for_once(app: TestApp) {
    let id = ordered(&app.client(Role::Hospital), &weekly(&app));
    make_due(&app);
    assert_eq!(due_days(&app), [], "three days before, not a week");
    app.clock.advance(chrono::Duration::days(4));
    make_due(&app);
    make_due(&app);
    assert_eq!(due_days(&app), [day(&app, 3)]);
    let opened = look(&app.client(Role::Bank), &id);
    assert_eq!((&opened["patient"], &opened["notes"]), (&json!("CANARY-TH-4"), &json!("CANARY-washed")));
    assert_eq!(opened["next_due_on"], json!(day(&app, 10)));
    // An ordinary request: the blood bank takes it, with all that the order says.
    let request = opened["requests"][0]["id"].as_str().unwrap().to_owned();
    let asked = app.client(Role::Hospital).get(&format!("/api/v1/requests/{request}")).expect(200);
    let at = app.house.zone.moment(day(&app, 3), chrono::NaiveTime::from_hms_opt(9, 30, 0).unwrap());
    assert_eq!(asked["needed_at"], json!(at));
    assert_eq!(
        (
            &asked["urgency"],
            &asked["units"]["asked"],
            &asked["patient"],
            &asked["notes"],
            &asked["standing_order"]
        ),
        (&json!("planned"), &json!(2), &json!("CANARY-TH-4"), &json!("CANARY-washed"), &json!(id))
    );
    act(&app.client(Role::Bank), &request, "accept", &json!({})).expect(200);
    // To its last day, and then no more.
    for _ in 0..40 {
        app.clock.advance(chrono::Duration::days(1));
        make_due(&app);
    }
    assert_eq!(due_days(&app).len(), 4);
    let ended = look(&app.client(Role::Hospital), &id);
    assert_eq!((&ended["state"], &ended["next_due_on"]), (&json!("ended"), &Value::Null));
}

fn two_at_once_ask_once(app: TestApp) {
    let mut daily = weekly(&app);
    daily["every_days"] = json!(1);
    daily["days_ahead"] = json!(14);
    ordered(&app.client(Role::Hospital), &daily);
    let barrier = Barrier::new(4);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                barrier.wait();
                make_due(&app);
            });
        }
    });
    let days = due_days(&app);
    assert_eq!(days.len(), 8, "each of the days in reach, once");
    // The database says so too.
    let again = app.house.db.write_now(Lane::System, move |tx| {
        Ok(diesel::update(blood_requests::table.filter(blood_requests::due_on.eq(days[1])))
            .set(blood_requests::due_on.eq(days[0]))
            .execute(tx.conn)?)
    });
    assert_eq!(again.unwrap_err().code, shiryan_kernel::Code::StateConflict);
}

fn what_nobody_asked_in_time_is_left_out(app: TestApp) {
    let id = ordered(&app.client(Role::Hospital), &weekly(&app));
    // The program stood still over two due days.
    app.clock.advance(chrono::Duration::days(15));
    make_due(&app);
    assert_eq!(due_days(&app), []);
    assert_eq!(look(&app.client(Role::Hospital), &id)["next_due_on"], json!(day(&app, 6)));
    let missed = app.house.db.read_now(|conn| {
        use shiryan::db::tables::audit_lines;
        Ok(audit_lines::table
            .filter(audit_lines::action.eq("requests.standing_missed"))
            .count()
            .get_result::<i64>(conn)?)
    });
    assert_eq!(missed.unwrap(), 2);
}

fn a_paused_order_asks_for_nothing(app: TestApp) {
    let hospital = || app.client(Role::Hospital);
    let id = ordered(&hospital(), &weekly(&app));
    app.clock.advance(chrono::Duration::days(4));
    make_due(&app);
    let paused = turn(&hospital(), &id, "pause").expect(200);
    assert_eq!((&paused["state"], &paused["next_due_on"]), (&json!("paused"), &Value::Null));
    // What it asked for stands, and is named.
    let open = paused["open"].as_array().unwrap().clone();
    assert_eq!(open.len(), 1);
    assert_eq!(turn(&hospital(), &id, "pause").problem(409), "state_conflict");
    app.clock.advance(chrono::Duration::hours(10 * 24 + 10));
    make_due(&app);
    assert_eq!(due_days(&app).len(), 1);
    // Today's moment has passed. It goes on with the next due day; nothing is made up for.
    let resumed = turn(&hospital(), &id, "resume").expect(200);
    assert_eq!(resumed["next_due_on"], json!(day(&app, 7)));
    act(&hospital(), open[0].as_str().unwrap(), "cancel", &json!({})).expect(200);
    let ended = turn(&hospital(), &id, "end").expect(200);
    assert_eq!((&ended["state"], &ended["open"]), (&json!("ended"), &json!([])));
    for verb in ["pause", "resume", "end"] {
        assert_eq!(turn(&hospital(), &id, verb).problem(409), "state_conflict");
    }
    app.clock.advance(chrono::Duration::days(10));
    make_due(&app);
    assert_eq!(due_days(&app).len(), 1);
}

/// A pause over before the day for which a request was made already: that day is not asked for twice, and no other order waits
/// behind it.
fn a_day_that_was_asked_for_is_not_due_again_after_a_pause(app: TestApp) {
    let hospital = || app.client(Role::Hospital);
    let id = ordered(&hospital(), &weekly(&app));
    app.clock.advance(chrono::Duration::days(4));
    make_due(&app);
    assert_eq!(due_days(&app), [day(&app, 3)]);
    turn(&hospital(), &id, "pause").expect(200);
    let resumed = turn(&hospital(), &id, "resume").expect(200);
    assert_eq!(resumed["next_due_on"], json!(day(&app, 10)));
    make_due(&app);
    assert_eq!(due_days(&app).len(), 1);
    app.clock.advance(chrono::Duration::days(7));
    make_due(&app);
    assert_eq!(due_days(&app).len(), 2);
}

fn an_order_is_its_hospitals_own(app: TestApp) {
    let id = ordered(&app.client(Role::Hospital), &weekly(&app));
    let neighbour = another_hospital(&app, Governorate::RamallahAlBireh, "SECOND");
    let far = another_bank(&app, Governorate::Gaza, "FAR");
    for other in [&neighbour, &far] {
        assert_eq!(other.get(&format!("/api/v1/standing-orders/{id}")).problem(404), "not_found");
        assert_eq!(other.get("/api/v1/standing-orders").expect(200)["items"], json!([]));
    }
    for verb in ["pause", "resume", "end"] {
        assert_eq!(turn(&neighbour, &id, verb).problem(404), "not_found");
        assert_eq!(turn(&app.client(Role::Bank), &id, verb).problem(403), "forbidden");
    }
    for seen in [Role::Hospital, Role::Bank, Role::Physician] {
        let list = app.client(seen).get("/api/v1/standing-orders?state=active").expect(200);
        assert_eq!(list["items"][0]["id"], json!(id));
        assert!(!list.to_string().contains("CANARY"), "a list opens nothing");
    }
}

fn one_order_of_a_component_for_a_patient(app: TestApp) {
    let hospital = app.client(Role::Hospital);
    let id = ordered(&hospital, &weekly(&app));
    let mut same = weekly(&app);
    same["patient"] = json!("canary th 4");
    assert_eq!(hospital.post("/api/v1/standing-orders", &same).problem(409), "state_conflict");
    same["component"] = json!("plasma");
    ordered(&hospital, &same);
    turn(&hospital, &id, "end").expect(200);
    ordered(&hospital, &weekly(&app));
}

fn what_is_wrong_is_told_and_changes_nothing(app: TestApp) {
    let hospital = app.client(Role::Hospital);
    let wrong = [
        ("units", json!(41)),
        ("units", json!(0)),
        ("days_ahead", json!(15)),
        ("due_at", json!("25:00")),
        ("first_on", json!(day(&app, -1))),
        ("last_on", json!(day(&app, 1))),
        ("every_days", json!(0)),
        ("every_days", Value::Null),
        ("group_evidence", json!("unknown")),
    ];
    for (field, value) in wrong {
        let mut form = weekly(&app);
        form[field] = value;
        let told = hospital.post("/api/v1/standing-orders", &form).expect(422);
        assert_eq!(told["errors"][0]["field"], field, "{told}");
    }
    let mut both_ways = weekly(&app);
    both_ways["weekdays"] = json!(["sunday"]);
    assert_eq!(hospital.post("/api/v1/standing-orders", &both_ways).problem(422), "invalid_request");
    let count = app.house.db.read_now(|conn| Ok(standing_orders::table.count().get_result::<i64>(conn)?));
    assert_eq!(count.unwrap(), 0);
}

fn what_is_sealed_moves_with_the_key(app: TestApp) {
    let id = ordered(&app.client(Role::Hospital), &weekly(&app));
    let cells = || -> (Vec<u8>, Vec<u8>, Option<Vec<u8>>) {
        let all = (standing_orders::patient, standing_orders::patient_tag, standing_orders::notes);
        app.house.db.read_now(|conn| Ok(standing_orders::table.select(all).first(conn)?)).unwrap()
    };
    let before = cells();
    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([8; 32])));
    let there = (old.clone(), new.clone());
    let moved =
        app.house.db.write_now(Lane::System, move |tx| standing::reseal(tx, &there.0, &there.1, 0, 10));
    assert!(moved.unwrap().is_some());
    let after = cells();
    assert!(before.0 != after.0 && before.1 != after.1 && before.2 != after.2);
    let path = format!("/api/v1/standing-orders/{id}");
    assert_eq!(app.client(Role::Hospital).get(&path).problem(500), "identity_damaged");
    app.house.db.write_now(Lane::System, move |tx| standing::reseal(tx, &new, &old, 0, 10)).unwrap();
    assert_eq!(look(&app.client(Role::Hospital), &id)["patient"], "CANARY-TH-4");
    assert_eq!(cells().1, before.1, "the tag is that of the patient again");
}

fn one_that_does_not_open_is_set_aside(app: TestApp) {
    let id = ordered(&app.client(Role::Hospital), &weekly(&app));
    let mut second = weekly(&app);
    second["patient"] = json!("P-2");
    ordered(&app.client(Role::Hospital), &second);
    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([8; 32])));
    app.house.db.write_now(Lane::System, move |tx| standing::reseal(tx, &old, &new, 0, 1)).unwrap();
    app.clock.advance(chrono::Duration::days(4));
    make_due(&app);
    assert_eq!(due_days(&app).len(), 1, "the other's");
    let list = app.client(Role::Bank).get("/api/v1/standing-orders?state=paused").expect(200);
    assert_eq!(list["items"][0]["id"], json!(id));
}
