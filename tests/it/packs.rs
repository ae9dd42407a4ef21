//! Massive-transfusion packs: rounds on call, and a stop that leaves nothing held and nothing forgotten.

use std::sync::Barrier;
use std::thread;

use serde_json::{Value, json};
use shiryan::requests::rules::pack::Composition;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::support::app::{Client, Reply, TestApp};
use super::support::requests::{
    act, another_bank, another_hospital, bags, give_back, of_facility, report, reserve, status,
};
use super::support::shelf::{Bag, put_all};

both!(
    a_round_asks_for_each_component,
    the_next_round_is_called_once,
    what_is_found_of_the_group_counts_from_then_on,
    a_stop_frees_what_is_held_and_names_what_is_out,
    a_stop_ends_what_waits_for_a_second_person,
    a_round_and_a_stop_at_once_leave_nothing_open,
    a_pack_is_its_hospitals_own,
    one_pack_runs_for_a_patient,
    an_unknown_patient_gets_two_o_negative,
);

fn bleeding() -> Value {
    json!({"patient": "CANARY-MT-1", "blood_group": "a_neg", "group_evidence": "confirmed", "sex": "female",
        "age_band": "from_18_to_50", "notes": "CANARY-theatre 2"})
}

fn start(client: &Client, form: &Value) -> Value {
    client.post("/api/v1/packs", form).expect(201)
}

fn next(client: &Client, id: &str, round: i32, said: &Value) -> Reply {
    let mut form = json!({"round": round});
    form.as_object_mut().unwrap().extend(said.as_object().unwrap().clone());
    client.post(&format!("/api/v1/packs/{id}/next"), &form)
}

fn stop(client: &Client, id: &str) -> Reply {
    client.post(&format!("/api/v1/packs/{id}/stop"), &json!({}))
}

fn look(client: &Client, id: &str) -> Value {
    client.get(&format!("/api/v1/packs/{id}")).expect(200)
}

fn id_of(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

/// The request of a step for this line of the pack.
fn line(step: &Value, place: usize) -> String {
    step["requests"][place].as_str().unwrap().to_owned()
}

fn a_round_asks_for_each_component(app: TestApp) {
    let hospital = app.client(Role::Hospital);
    let made = start(&hospital, &bleeding());
    assert_eq!((&made["state"], &made["round"]), (&json!("running"), &json!(1)));
    assert_eq!(made["reminders"].as_array().unwrap().len(), 3);
    let seen = look(&app.client(Role::Bank), &id_of(&made));
    assert_eq!((&seen["patient"], &seen["notes"]), (&json!("CANARY-MT-1"), &json!("CANARY-theatre 2")));
    let lines: Vec<(String, i64)> = seen["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            assert_eq!((&line["urgency"], &line["state"]), (&json!("emergency"), &json!("submitted")));
            assert_eq!(
                (&line["blood_group"], &line["pack"], &line["pack_round"]),
                (&json!("a_neg"), &made["id"], &json!(1))
            );
            (line["component"].as_str().unwrap().to_owned(), line["units"]["asked"].as_i64().unwrap())
        })
        .collect();
    let pack = &app.house.settings.pack;
    let of = Composition { red_cells: pack.red_cells, plasma: pack.plasma, platelets: pack.platelets };
    let wanted: Vec<(String, i64)> = of
        .lines()
        .into_iter()
        .map(|(component, units)| (component.code().to_owned(), units.into()))
        .collect();
    assert_eq!(lines, wanted);
    assert_eq!(lines.len(), 3);
}

fn the_next_round_is_called_once(app: TestApp) {
    let id = id_of(&start(&app.client(Role::Hospital), &bleeding()));
    for wrong in [1, 3] {
        let told = next(&app.client(Role::Hospital), &id, wrong, &json!({})).expect(409);
        assert_eq!((&told["code"], &told["round"]), (&json!("state_conflict"), &json!("1")));
    }
    let barrier = Barrier::new(4);
    let done: Vec<u16> = thread::scope(|scope| {
        let call = |_| {
            scope.spawn(|| {
                let hospital = app.client(Role::Hospital);
                barrier.wait();
                next(&hospital, &id, 2, &json!({})).status
            })
        };
        let threads: Vec<_> = (0..4).map(call).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(done.iter().filter(|status| **status == 201).count(), 1, "{done:?}");
    assert_eq!(look(&app.client(Role::Hospital), &id)["requests"].as_array().unwrap().len(), 6);
}

fn what_is_found_of_the_group_counts_from_then_on(app: TestApp) {
    let hospital = app.client(Role::Hospital);
    let id = id_of(&start(&hospital, &json!({"patient": "U-1", "sex": "male", "age_band": "from_18_to_50"})));
    next(&hospital, &id, 2, &json!({})).expect(201);
    let typed = json!({"blood_group": "b_pos", "group_evidence": "confirmed"});
    next(&hospital, &id, 3, &typed).expect(201);
    let fourth = next(&hospital, &id, 4, &json!({})).expect(201);
    assert_eq!(fourth["round"], 4);
    let said = next(&hospital, &id, 5, &json!({"blood_group": "b_pos", "group_evidence": "unknown"}));
    assert_eq!(said.expect(422)["errors"][0]["field"], "group_evidence");
    let seen = look(&hospital, &id);
    assert_eq!(seen["round"], 4, "what was refused called no round");
    for line in seen["requests"].as_array().unwrap() {
        let is_known = line["pack_round"].as_i64().unwrap() > 2;
        assert_eq!(line["counts_as_unknown"], !is_known);
        assert_eq!((&line["sex"], &line["age_band"]), (&json!("male"), &json!("from_18_to_50")));
    }
}

fn accept(app: &TestApp, request: &str) {
    act(&app.client(Role::Bank), request, "accept", &json!({})).expect(200);
}

fn a_stop_frees_what_is_held_and_names_what_is_out(app: TestApp) {
    let red = bags(&app, BloodGroup::ANeg, 1, 6);
    let plasma: Vec<BloodUnitId> = put_all(
        &app,
        (20..22)
            .map(|n| Bag {
                blood_group: Some(BloodGroup::APos),
                component: Component::Plasma,
                ..Bag::new(&app, n)
            })
            .collect(),
    );
    let hospital = app.client(Role::Hospital);
    let first = start(&hospital, &bleeding());
    let id = id_of(&first);
    // Round one: red cells are out, one used, one given back, two stay. Plasma is held, platelets nobody took.
    accept(&app, &line(&first, 0));
    reserve(&app, &line(&first, 0), &red[..4]).expect(200);
    act(&app.client(Role::Bank), &line(&first, 0), "issue", &json!({})).expect(200);
    let dins: Vec<Value> = look_up(&app, &line(&first, 0));
    act(&hospital, &line(&first, 0), "receive", &json!({"dins": dins[..3]})).expect(200);
    report(&hospital, red[0], "transfused").expect(200);
    give_back(&hospital, red[1], Some(5)).expect(200);
    accept(&app, &line(&first, 1));
    reserve(&app, &line(&first, 1), &plasma).expect(200);
    // Round two: red cells are held.
    let second = next(&hospital, &id, 2, &json!({})).expect(201);
    accept(&app, &line(&second, 0));
    reserve(&app, &line(&second, 0), &red[4..]).expect(200);
    assert_eq!(look(&hospital, &id)["to_return"], json!([]), "none while it runs");
    let stopped = stop(&hospital, &id).expect(200);
    assert_eq!(stopped["state"], "stopped");
    assert_eq!(stopped["requests"].as_array().unwrap().len(), 5);
    let mut freed: Vec<String> =
        stopped["freed"].as_array().unwrap().iter().map(ToString::to_string).collect();
    let mut held: Vec<String> = plasma.iter().chain(&red[4..]).map(|unit| json!(unit).to_string()).collect();
    freed.sort();
    held.sort();
    assert_eq!(freed, held);
    // One on the hospital's shelf, one on its way.
    assert_eq!(stopped["to_return"], json!(red[2..4]));
    for unit in plasma.iter().chain(&red[4..]) {
        assert_eq!(status(&app, *unit), UnitStatus::Released);
    }
    assert_eq!(status(&app, red[2]), UnitStatus::Issued);
    // No further round, no second stop, no rest; nothing of it is taken or held any more.
    assert_eq!(next(&hospital, &id, 3, &json!({})).problem(409), "state_conflict");
    assert_eq!(stop(&hospital, &id).problem(409), "state_conflict");
    assert_eq!(act(&hospital, &line(&first, 0), "rest", &json!({})).problem(409), "state_conflict");
    assert_eq!(reserve(&app, &line(&second, 0), &red[4..]).problem(409), "state_conflict");
    assert_eq!(
        act(&app.client(Role::Bank), &line(&first, 2), "accept", &json!({})).problem(409),
        "state_conflict"
    );
    // The list grows shorter as units come back.
    give_back(&hospital, red[2], Some(5)).expect(200);
    let left = look(&app.client(Role::Bank), &id)["to_return"].clone();
    assert_eq!((left.as_array().unwrap().len(), &left[0]["id"]), (1, &json!(red[3])));
    act(&hospital, &line(&first, 0), "receive", &json!({"dins": dins[3..]})).expect(200);
    give_back(&hospital, red[3], Some(5)).expect(200);
    assert_eq!(look(&hospital, &id)["to_return"], json!([]));
}

fn look_up(app: &TestApp, request: &str) -> Vec<Value> {
    let shares = super::support::requests::seen(app, request)["shares"].clone();
    shares.as_array().unwrap().iter().map(|share| share["din"].clone()).collect()
}

fn a_stop_ends_what_waits_for_a_second_person(app: TestApp) {
    let red = bags(&app, BloodGroup::ANeg, 1, 2);
    let bank = app.client(Role::Bank);
    let partner = of_facility(&app, Role::Bank, app.places.bank, "second");
    let made = start(&app.client(Role::Hospital), &bleeding());
    let asked = json!({"units": red, "reason": "نزف شديد"});
    let emergency = act(&bank, &line(&made, 0), "emergency-issue", &asked).expect(201);
    // The blood bank took a line, so it may stop the pack.
    let stopped = stop(&bank, &id_of(&made)).expect(200);
    assert_eq!(stopped["freed"], json!(red));
    let path = format!("/api/v1/emergency-issues/{}/confirm", id_of(&emergency));
    assert_eq!(partner.post(&path, &json!({})).problem(409), "state_conflict");
    assert!(red.iter().all(|unit| status(&app, *unit) == UnitStatus::Released));
}

fn a_round_and_a_stop_at_once_leave_nothing_open(app: TestApp) {
    for n in 0..6 {
        let mut form = bleeding();
        form["patient"] = json!(format!("P-{n}"));
        let id = id_of(&start(&app.client(Role::Hospital), &form));
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| {
                let hospital = app.client(Role::Hospital);
                barrier.wait();
                let called = next(&hospital, &id, 2, &json!({})).status;
                assert!(called == 201 || called == 409, "{called}");
            });
            let hospital = app.client(Role::Hospital);
            barrier.wait();
            stop(&hospital, &id).expect(200);
        });
        let seen = look(&app.client(Role::Hospital), &id);
        assert_eq!(seen["state"], "stopped");
        for line in seen["requests"].as_array().unwrap() {
            assert_eq!(line["state"], "cancelled", "{seen}");
        }
    }
}

fn a_pack_is_its_hospitals_own(app: TestApp) {
    let id = id_of(&start(&app.client(Role::Hospital), &bleeding()));
    let neighbour = another_hospital(&app, Governorate::RamallahAlBireh, "SECOND");
    let far = another_bank(&app, Governorate::Gaza, "FAR");
    for other in [&neighbour, &far] {
        assert_eq!(other.get(&format!("/api/v1/packs/{id}")).problem(404), "not_found");
        assert_eq!(other.get("/api/v1/packs").expect(200)["items"], json!([]));
        assert_eq!(stop(other, &id).problem(404), "not_found");
    }
    assert_eq!(next(&neighbour, &id, 2, &json!({})).problem(404), "not_found");
    // In reach, but it took nothing of it.
    assert_eq!(stop(&app.client(Role::Bank), &id).problem(403), "forbidden");
    let list = app.client(Role::Bank).get("/api/v1/packs?state=running").expect(200);
    assert_eq!(list["items"][0]["id"], json!(id));
    assert!(!list.to_string().contains("CANARY"), "a list opens nothing");
    stop(&app.client(Role::Hospital), &id).expect(200);
    assert_eq!(
        app.client(Role::Physician).get("/api/v1/packs?state=running").expect(200)["items"],
        json!([])
    );
}

fn one_pack_runs_for_a_patient(app: TestApp) {
    let hospital = app.client(Role::Hospital);
    let id = id_of(&start(&hospital, &bleeding()));
    let mut same = bleeding();
    same["patient"] = json!("canary mt 1");
    let told = hospital.post("/api/v1/packs", &same).expect(409);
    assert_eq!((&told["code"], &told["pack"]), (&json!("state_conflict"), &json!(id)));
    // Another hospital's patient may be called the same.
    start(&another_hospital(&app, Governorate::RamallahAlBireh, "SECOND"), &same);
    stop(&hospital, &id).expect(200);
    start(&hospital, &same);
}

fn an_unknown_patient_gets_two_o_negative(app: TestApp) {
    let o_neg = bags(&app, BloodGroup::ONeg, 1, 4);
    let form = json!({"patient": "U-2", "sex": "female", "age_band": "from_18_to_50"});
    let first = start(&app.client(Role::Hospital), &form);
    accept(&app, &line(&first, 0));
    reserve(&app, &line(&first, 0), &o_neg[..2]).expect(200);
    assert_eq!(reserve(&app, &line(&first, 0), &o_neg[2..3]).problem(409), "group_unknown");
    // A further round is no way round it.
    let second = next(&app.client(Role::Hospital), &id_of(&first), 2, &json!({})).expect(201);
    accept(&app, &line(&second, 0));
    assert_eq!(reserve(&app, &line(&second, 0), &o_neg[2..3]).problem(409), "group_unknown");
}
