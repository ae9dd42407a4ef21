//! A request's whole life: asked, taken, held for, issued, received, reported; and what can never happen to a unit.

use std::collections::BTreeMap;
use std::sync::{Arc, Barrier};
use std::thread;

use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use shiryan::accounts::Principal;
use shiryan::app::World;
use shiryan::db::Lane;
use shiryan::db::tables::{
    blood_requests, daily_flows, emergency_issues, reservations, unit_movements, users,
};
use shiryan::projections::Area;
use shiryan::vault::{RootKey, Vault};
use shiryan::{requests, stock};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::compat::{Titre, verdict};
use shiryan_kernel::ids::{BloodUnitId, SessionId, UserId};
use shiryan_kernel::level::Level;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{MoveReason, UnitStatus};

use super::support::app::{Client, TestApp, new_key};
use super::support::databases::{Fresh, Kind};
use super::support::requests::{
    accepted, act, another_bank, another_hospital, ask, bags, give_back, of_facility, report, reserve, seen,
    status, submit,
};
use super::support::reserve::stands;
use super::support::shelf::{Bag, din, put_all};

both!(
    a_request_lives_from_submission_to_its_last_report,
    sixty_four_ask_for_ten_units_and_each_is_held_once,
    five_hundred_issue_one_unit_and_it_goes_once,
    an_answer_is_kept_for_seven_days,
    a_child_gets_plasma_against_its_group_by_two_people_alone,
    what_is_warned_of_is_held_with_a_reason_alone,
    several_lines_are_asked_for_at_once_and_each_goes_its_own_way,
    another_hospital_sees_nothing_and_another_region_neither,
    what_does_not_fit_is_never_held_whatever_its_state,
    a_unit_that_was_stopped_or_passed_its_date_is_never_issued,
    a_patient_of_unknown_group_is_given_what_the_rule_says,
    never_more_than_asked_and_all_or_nothing,
    what_is_cancelled_or_refused_frees_its_units,
    a_hold_lapses,
    a_resent_issue_issues_once,
    a_discrepancy_at_arrival_is_told,
    patient_and_notes_are_sealed_and_move_with_the_root_key,
    a_form_that_cannot_be_is_refused,
    any_sequence_of_steps_keeps_every_promise,
    rhd_positive_units_are_opened_by_a_physician_to_whom_the_policy_covers,
    the_most_urgent_come_first_and_pages_hold_each_once,
    what_a_request_did_not_get_is_asked_of_another_blood_bank,
    a_group_with_little_left_is_spared_but_not_in_an_emergency,
);

fn a_group_with_little_left_is_spared_but_not_in_an_emergency(app: TestApp) {
    let own = Area::Region(Governorate::RamallahAlBireh.region());
    let level = |group: BloodGroup, level: Level| stands(&app, own, group, level);
    let scarce = bags(&app, BloodGroup::APos, 1, 1)[0];
    let plenty = bags(&app, BloodGroup::OPos, 2, 1)[0];
    let soon = Bag {
        blood_group: Some(BloodGroup::APos),
        expires_at: app.house.db.now() + chrono::Duration::days(4),
        ..Bag::new(&app, 3)
    };
    let soon = soon.put(&app);
    let (bank, hospital) = (app.client(Role::Bank), app.client(Role::Hospital));
    let request = |urgency: &str| {
        let mut form = ask(1);
        form["blood_group"] = json!("ab_pos");
        form["urgency"] = json!(urgency);
        let id = submit(&hospital, &form);
        act(&bank, &id, "accept", &json!({})).expect(200);
        id
    };
    let (urgent, emergency) = (request("urgent"), request("emergency"));
    let offered = |id: &str| bank.get(&format!("/api/v1/requests/{id}/candidates")).expect(200);
    let order = |answer: &Value| -> Vec<(Value, bool, bool)> {
        let units = answer["candidates"].as_array().unwrap().iter();
        units.map(|unit| (unit["id"].clone(), unit["short_dated"] == true, unit["spared"] == true)).collect()
    };
    let plain = [(json!(soon), true, false), (json!(scarce), false, false), (json!(plenty), false, false)];
    let unknown = offered(&urgent);
    assert_eq!((order(&unknown), &unknown["levels"]), (plain.to_vec(), &json!([])));

    level(BloodGroup::APos, Level::Red);
    level(BloodGroup::OPos, Level::Amber);
    level(BloodGroup::ONeg, Level::Black);
    let spared = offered(&urgent);
    assert_eq!(
        order(&spared),
        [(json!(soon), true, false), (json!(plenty), false, false), (json!(scarce), false, true)]
    );
    let levels =
        json!([{"blood_group": "a_pos", "level": "red"}, {"blood_group": "o_pos", "level": "amber"}]);
    let mut told = spared["levels"].as_array().unwrap().clone();
    told.sort_by_key(|cell| cell["blood_group"].to_string());
    assert_eq!(json!(told), levels);
    assert_eq!(order(&offered(&emergency)), plain);
    // A hospital does not see how deep the reserve is.
    let theirs = hospital.get(&format!("/api/v1/requests/{urgent}/candidates"));
    assert_eq!(theirs.problem(403), "forbidden");

    // Of a hospital to which no road leads the list says so; a detour is a road.
    let far = another_hospital(&app, Governorate::Jericho, "far_hospital");
    bags(&app, BloodGroup::ANeg, 20, 1);
    let beyond = submit(&far, &ask(1));
    act(&bank, &beyond, "accept", &json!({})).expect(200);
    let shut = |form: Value| app.client(Role::Command).post("/api/v1/closures", &form).expect(201);
    let is_cut_off = || offered(&beyond)["notes"].to_string().contains("hospital_cut_off");
    assert!(!is_cut_off());
    shut(json!({"governorate": "PS-RBH", "other": "PS-JRH"}));
    assert!(!is_cut_off(), "by way of Salfit");
    assert!(!offered(&beyond)["candidates"].as_array().unwrap().is_empty());
    shut(json!({"governorate": "PS-SLT", "other": "PS-JRH"}));
    assert!(is_cut_off());
    assert_eq!(offered(&beyond)["candidates"], json!([]), "no road, no unit");
    let across = bank.get(&format!("/api/v1/requests/{beyond}/candidates?across_closures=true")).expect(200);
    let unit: BloodUnitId = serde_json::from_value(across["candidates"][0]["id"].clone()).unwrap();
    let refused = reserve(&app, &beyond, &[unit]).expect(422);
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["warnings"]),
        (&json!("reason"), &json!("hospital_cut_off"))
    );
    assert_eq!(status(&app, unit), UnitStatus::Released, "nothing is held");
    act(&bank, &beyond, "reserve", &json!({"units": [unit], "reason": "إسعاف منسّق"})).expect(200);
}

fn block(app: &TestApp, unit: BloodUnitId) {
    let path = format!("/api/v1/stock/units/{unit}/block");
    app.client(Role::Bank).post(&path, &json!({"reason": "recall"})).expect(200);
}

fn issued_today(app: &TestApp) -> i32 {
    let issued: Vec<i32> =
        app.house.db.read_now(|conn| Ok(daily_flows::table.select(daily_flows::issued).load(conn)?)).unwrap();
    issued.into_iter().sum()
}

fn end_stale(app: &TestApp) -> usize {
    let vault = app.house.vault.clone();
    app.house.db.write_now(Lane::System, move |tx| requests::end_stale(tx, &vault, 100)).unwrap()
}

fn a_request_lives_from_submission_to_its_last_report(app: TestApp) {
    let (hospital, bank) = (app.client(Role::Hospital), app.client(Role::Bank));
    let own = bags(&app, BloodGroup::ANeg, 1, 2);
    let o_neg = bags(&app, BloodGroup::ONeg, 10, 1)[0];
    bags(&app, BloodGroup::APos, 20, 1);
    let made = hospital.post("/api/v1/requests", &ask(3)).expect(201);
    assert_eq!(made["state"], "submitted");
    let codes: Vec<&Value> = made["reminders"].as_array().unwrap().iter().map(|said| &said["code"]).collect();
    assert_eq!(codes, ["two_samples", "antibody_screen", "crossmatch"]);
    let id = made["id"].as_str().unwrap();
    assert_eq!(reserve(&app, id, &own).problem(409), "state_conflict", "nobody took it yet");
    act(&bank, id, "accept", &json!({})).expect(200);
    assert_eq!(act(&bank, id, "accept", &json!({})).problem(409), "state_conflict");

    let offered = bank.get(&format!("/api/v1/requests/{id}/candidates")).expect(200);
    assert_eq!((&offered["left"], &offered["request"]["counts_as_unknown"]), (&json!(3), &json!(false)));
    let listed: Vec<(Value, Value, Value)> = offered["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| (unit["id"].clone(), unit["identical"].clone(), unit["site"].clone()))
        .collect();
    let near = json!("same_governorate");
    assert_eq!(
        listed,
        [
            (json!(own[0]), json!(true), near.clone()),
            (json!(own[1]), json!(true), near.clone()),
            (json!(o_neg), json!(false), near),
        ]
    );
    reserve(&app, id, &own).expect(200);
    assert_eq!(reserve(&app, id, &[o_neg]).expect(200)["state"], "reserved");
    assert_eq!(seen(&app, id)["units"], json!({"asked": 3, "held": 3, "issued": 0, "arrived": 0}));
    assert_eq!(act(&bank, id, "issue", &json!({})).expect(200)["units"].as_array().unwrap().len(), 3);
    assert_eq!(issued_today(&app), 3);
    assert_eq!(act(&hospital, id, "cancel", &json!({})).problem(409), "state_conflict");

    let dins: Vec<String> = [1, 2, 10].map(|n| din(n).to_string()).into();
    let receipt = act(&hospital, id, "receive", &json!({"dins": dins})).expect(200);
    assert_eq!((&receipt["state"], &receipt["missing"]), (&json!("received"), &json!([])));
    let shelf = hospital.get("/api/v1/stock/units").expect(200);
    assert_eq!(shelf["items"].as_array().unwrap().len(), 3);
    assert!(shelf["items"].as_array().unwrap().iter().all(|unit| unit["usable"] == false));

    report(&hospital, own[0], "transfused").expect(200);
    assert_eq!(report(&hospital, own[0], "transfused").problem(409), "state_conflict");
    report(&hospital, own[1], "transfused").expect(200);
    assert_eq!(seen(&app, id)["state"], "received");
    give_back(&hospital, o_neg, Some(30)).expect(200);
    let opened = seen(&app, id);
    assert_eq!((&opened["state"], &opened["patient"]), (&json!("closed"), &json!("P-17")));
    assert_eq!(report(&bank, o_neg, "take-back").expect(200)["status"], "quarantine");
    assert_eq!(report(&bank, o_neg, "take-back").problem(409), "state_conflict");
    // The blood bank still follows what it issued, and may call it back.
    let trace = bank.get(&format!("/api/v1/stock/units/{}", own[0])).expect(200);
    let steps: Vec<(&Value, &Value)> =
        trace["movements"].as_array().unwrap().iter().map(|step| (&step["to"], &step["reason"])).collect();
    let used = json!("used");
    assert_eq!(
        steps,
        [
            (&json!("reserved"), &used),
            (&json!("issued"), &used),
            (&json!("issued"), &json!("arrived")),
            (&json!("transfused"), &used)
        ]
    );
    let physician = app.client(Role::Physician);
    assert_eq!(physician.get(&format!("/api/v1/requests/{id}")).expect(200)["state"], "closed");
}

fn sixty_four_ask_for_ten_units_and_each_is_held_once(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 10);
    let requests: Vec<String> = (0..64).map(|_| accepted(&app, &ask(10))).collect();
    let at_once = Arc::new(Barrier::new(requests.len()));
    let threads: Vec<_> = requests
        .iter()
        .map(|id| {
            let (client, at_once) = (app.client(Role::Bank), at_once.clone());
            let (path, body) = (format!("/api/v1/requests/{id}/reserve"), json!({"units": units}));
            thread::spawn(move || {
                at_once.wait();
                client.post(&path, &body)
            })
        })
        .collect();
    let replies: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.problem(409), "state_conflict");
        assert!(reply.json()["unit"].is_string(), "{}", reply.text);
    }
    let live: Vec<i64> = app
        .house
        .db
        .read_now(|conn| {
            let live = reservations::table.filter(reservations::ended_at.is_null());
            Ok(live.order(reservations::blood_unit).select(reservations::blood_unit).load(conn)?)
        })
        .unwrap();
    let mut expected: Vec<i64> = units.iter().map(|unit| unit.0).collect();
    expected.sort_unstable();
    assert_eq!(live, expected);
}

/// Whoever is not the first is told that it went, or to come again: nobody issues it a second time.
fn five_hundred_issue_one_unit_and_it_goes_once(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 1);
    let id = accepted(&app, &ask(1));
    let bank = app.client(Role::Bank);
    bank.post(&format!("/api/v1/requests/{id}/reserve"), &json!({"units": units})).expect(200);
    let at_once = Arc::new(Barrier::new(500));
    let threads: Vec<_> = (0..500)
        .map(|_| {
            let (client, at_once) = (bank.clone(), at_once.clone());
            let path = format!("/api/v1/requests/{id}/issue");
            thread::spawn(move || {
                at_once.wait();
                client.post(&path, &json!({}))
            })
        })
        .collect();
    let replies: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let of = |status: u16| replies.iter().filter(|reply| reply.status == status).count();
    assert_eq!(of(200), 1);
    assert!(of(409) > 0);
    assert_eq!(of(409) + of(503), 499, "{:?}", replies.iter().map(|reply| reply.status).collect::<Vec<_>>());
    let went: i64 = app
        .house
        .db
        .read_now(|conn| {
            let to = unit_movements::to_status.eq(UnitStatus::Issued);
            Ok(unit_movements::table.filter(to).count().get_result(conn)?)
        })
        .unwrap();
    assert_eq!(went, 1);
}

fn another_hospital_sees_nothing_and_another_region_neither(app: TestApp) {
    let id = submit(&app.client(Role::Hospital), &ask(1));
    let other = of_facility(&app, Role::Hospital, app.places.gaza_hospital, "gaza-hospital");
    let bank = another_bank(&app, Governorate::Gaza, "gaza-bank");
    let absent = "0123456789ABC";
    for client in [&other, &bank] {
        let page = client.get("/api/v1/requests").expect(200);
        assert_eq!(page["items"], json!([]));
        let (hidden, none) = (
            client.get(&format!("/api/v1/requests/{id}")),
            client.get(&format!("/api/v1/requests/{absent}")),
        );
        assert_eq!(hidden.problem(404), "not_found");
        assert_eq!(hidden.text, none.text);
    }
    for (client, verb, form) in [
        (&other, "cancel", json!({})),
        (&other, "receive", json!({"dins": []})),
        (&bank, "accept", json!({})),
        (&bank, "refuse", json!({"reason": "other"})),
        (&bank, "reserve", json!({"units": [absent]})),
        (&bank, "free", json!({"units": [absent]})),
        (&bank, "issue", json!({})),
    ] {
        let (hidden, none) = (act(client, &id, verb, &form), act(client, absent, verb, &form));
        assert_eq!(hidden.problem(404), "not_found", "{verb}");
        assert_eq!(hidden.text, none.text);
    }
    let candidates = bank.get(&format!("/api/v1/requests/{id}/candidates"));
    assert_eq!(candidates.problem(404), "not_found");
    // Another blood bank of the region sees it, and does not touch what the first one took.
    let second = another_bank(&app, Governorate::Jericho, "second-bank");
    act(&app.client(Role::Bank), &id, "accept", &json!({})).expect(200);
    assert_eq!(second.get("/api/v1/requests").expect(200)["items"][0]["id"], json!(id));
    assert_eq!(act(&second, &id, "refuse", &json!({"reason": "other"})).problem(409), "state_conflict");
    // A unit of another shelf is not there.
    let unit = Bag { facility: app.places.hospital, ..Bag::new(&app, 1) }.put(&app);
    let said = reserve(&app, &id, &[unit]).expect(422);
    assert_eq!(
        (&said["errors"][0]["field"], &said["errors"][0]["code"]),
        (&json!("units[0]"), &json!("unknown_reference"))
    );
    assert_eq!(report(&other, unit, "transfused").problem(404), "not_found");
}

/// Every state, group and component: only a released unit of the component's table is held.
fn what_does_not_fit_is_never_held_whatever_its_state(app: TestApp) {
    let (mut n, mut wrong) = (0, Vec::new());
    for component in [Component::RedCells, Component::Plasma] {
        let form = json!({"patient": "P", "blood_group": "b_neg", "group_evidence": "confirmed",
            "component": component, "units": 40, "urgency": "routine"});
        let id = accepted(&app, &form);
        for made_of in [Component::RedCells, Component::Plasma] {
            for group in BloodGroup::ALL {
                for state in UnitStatus::ALL {
                    if *state != UnitStatus::Released && *group != BloodGroup::BNeg {
                        continue;
                    }
                    n += 1;
                    let bag = Bag {
                        component: made_of,
                        blood_group: Some(*group),
                        status: *state,
                        ..Bag::new(&app, n)
                    };
                    let unit = bag.put(&app);
                    let fits = verdict(component, BloodGroup::BNeg, *group, Titre::Unknown).fits();
                    let holds = *state == UnitStatus::Released && made_of == component && fits;
                    let said = reserve(&app, &id, &[unit]);
                    let code = if said.status == 200 { String::new() } else { said.problem(409) };
                    let expected = match (holds, *state) {
                        (true, _) => "",
                        (false, UnitStatus::Released) => "unit_incompatible",
                        (false, _) => "state_conflict",
                    };
                    let stands = if holds { UnitStatus::Reserved } else { *state };
                    if code != expected || status(&app, unit) != stands {
                        wrong.push(format!("{component} {made_of} {group} {state}: {}", said.text));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let past = app.house.db.now() - chrono::Duration::seconds(1);
    let unit = Bag { expires_at: past, blood_group: Some(BloodGroup::ANeg), ..Bag::new(&app, 900) }.put(&app);
    let id = accepted(&app, &ask(1));
    let said = reserve(&app, &id, &[unit]);
    assert_eq!(said.problem(409), "unit_expired");
    assert_eq!(said.json()["unit"], json!(unit));
    // Nor one that is good now and not when it is needed.
    let mut later = ask(1);
    later["urgency"] = json!("planned");
    later["needed_at"] = json!(app.house.db.now() + chrono::Duration::days(11));
    let id = accepted(&app, &later);
    let unit = bags(&app, BloodGroup::ANeg, 901, 1)[0];
    assert_eq!(reserve(&app, &id, &[unit]).problem(409), "unit_expired");
    assert_eq!(status(&app, unit), UnitStatus::Released);
}

fn a_unit_that_was_stopped_or_passed_its_date_is_never_issued(app: TestApp) {
    let bank = app.client(Role::Bank);
    let units = bags(&app, BloodGroup::ANeg, 1, 2);
    let id = accepted(&app, &ask(2));
    reserve(&app, &id, &units).expect(200);
    block(&app, units[0]);
    let said = act(&bank, &id, "issue", &json!({}));
    assert_eq!(said.problem(409), "state_conflict");
    assert_eq!((&said.json()["unit"], &said.json()["state"]), (&json!(units[0]), &json!("blocked")));
    assert_eq!(status(&app, units[1]), UnitStatus::Reserved, "nothing was issued");
    assert_eq!(seen(&app, &id)["units"]["held"], 1);
    assert_eq!(end_stale(&app), 1);
    act(&bank, &id, "issue", &json!({})).expect(200);
    assert_eq!((status(&app, units[0]), status(&app, units[1])), (UnitStatus::Blocked, UnitStatus::Issued));

    let soon = app.house.db.now() + chrono::Duration::hours(1);
    let short = Bag { expires_at: soon, blood_group: Some(BloodGroup::ANeg), ..Bag::new(&app, 9) }.put(&app);
    let id = accepted(&app, &ask(1));
    reserve(&app, &id, &[short]).expect(200);
    app.clock.advance(chrono::Duration::hours(2));
    assert_eq!(act(&app.client(Role::Bank), &id, "issue", &json!({})).problem(409), "unit_expired");
    assert_eq!(status(&app, short), UnitStatus::Reserved);
    assert_eq!(issued_today(&app), 1);
}

fn a_patient_of_unknown_group_is_given_what_the_rule_says(app: TestApp) {
    let o_neg = bags(&app, BloodGroup::ONeg, 1, 3);
    let o_pos = bags(&app, BloodGroup::OPos, 10, 3);
    let a_neg = bags(&app, BloodGroup::ANeg, 20, 1);
    let form = |fields: Value| {
        let mut form = json!({"patient": "P", "component": "red_cells", "units": 6, "urgency": "emergency"});
        form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        form
    };
    // A group that somebody only declared is none.
    let woman =
        accepted(&app, &form(json!({"blood_group": "a_neg", "sex": "female", "age_band": "from_18_to_50"})));
    assert_eq!(seen(&app, &woman)["group_evidence"], "declared");
    let offered = app.client(Role::Bank).get(&format!("/api/v1/requests/{woman}/candidates")).expect(200);
    let groups: Vec<&Value> =
        offered["candidates"].as_array().unwrap().iter().map(|unit| &unit["blood_group"]).collect();
    assert_eq!(groups, ["o_neg", "o_neg", "o_neg"]);
    assert_eq!(offered["notes"][0]["code"], "declared_is_unknown");
    for unit in [o_pos[0], a_neg[0]] {
        assert_eq!(reserve(&app, &woman, &[unit]).problem(409), "unit_incompatible");
    }
    assert_eq!(reserve(&app, &woman, &o_neg).problem(409), "group_unknown", "two, then look again");
    reserve(&app, &woman, &o_neg[..2]).expect(200);
    assert_eq!(reserve(&app, &woman, &o_neg[2..]).problem(409), "group_unknown");
    let man = accepted(&app, &form(json!({"sex": "male", "age_band": "over_50"})));
    let offered = app.client(Role::Bank).get(&format!("/api/v1/requests/{man}/candidates")).expect(200);
    let groups: Vec<&Value> =
        offered["candidates"].as_array().unwrap().iter().map(|unit| &unit["blood_group"]).collect();
    assert_eq!(groups, ["o_pos", "o_pos", "o_pos", "o_neg"]);
    reserve(&app, &man, &o_pos).expect(200);
}

fn never_more_than_asked_and_all_or_nothing(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 4);
    let id = accepted(&app, &ask(2));
    let said = reserve(&app, &id, &units[..3]).expect(422);
    assert_eq!((&said["errors"][0]["code"], &said["left"]), (&json!("out_of_range"), &json!("2")));
    reserve(&app, &id, &units[..1]).expect(200);
    reserve(&app, &id, &units[1..3]).expect(422);
    assert_eq!(reserve(&app, &id, &[units[1], units[1]]).status, 422);
    assert_eq!(reserve(&app, &id, &[]).status, 422);
    // One that cannot be held leaves the other on the shelf.
    let other = accepted(&app, &ask(2));
    let said = reserve(&app, &other, &[units[3], units[0]]);
    assert_eq!(said.problem(409), "state_conflict");
    assert_eq!(said.json()["errors"][0]["field"], "units[1]");
    assert_eq!(status(&app, units[3]), UnitStatus::Released);
    // Two at once for the last place.
    let at_once = Arc::new(Barrier::new(2));
    let threads: Vec<_> = units[1..3]
        .iter()
        .map(|unit| {
            let (client, at_once, path) =
                (app.client(Role::Bank), at_once.clone(), format!("/api/v1/requests/{id}/reserve"));
            let body = json!({"units": [unit]});
            thread::spawn(move || {
                at_once.wait();
                client.post(&path, &body).status
            })
        })
        .collect();
    let mut said: Vec<u16> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    said.sort_unstable();
    assert_eq!(said, [200, 422]);
    assert_eq!(seen(&app, &id)["units"]["held"], 2);
}

fn what_is_cancelled_or_refused_frees_its_units(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 3);
    let (hospital, bank) = (app.client(Role::Hospital), app.client(Role::Bank));
    let id = accepted(&app, &ask(3));
    reserve(&app, &id, &units).expect(200);
    block(&app, units[2]);
    let said = act(&bank, &id, "free", &json!({"units": [units[1]]})).expect(200);
    assert_eq!(said["state"], "reserved");
    assert_eq!(status(&app, units[1]), UnitStatus::Released);
    assert_eq!(act(&hospital, &id, "cancel", &json!({})).expect(200)["state"], "cancelled");
    assert_eq!((status(&app, units[0]), status(&app, units[2])), (UnitStatus::Released, UnitStatus::Blocked));
    let shares = seen(&app, &id)["shares"].clone();
    let outcomes: Vec<&Value> = shares.as_array().unwrap().iter().map(|share| &share["outcome"]).collect();
    assert_eq!(outcomes, ["freed", "freed", "unit_gone"]);
    for (client, verb, form) in
        [(&hospital, "cancel", json!({})), (&bank, "issue", json!({})), (&bank, "accept", json!({}))]
    {
        assert_eq!(act(client, &id, verb, &form).problem(409), "state_conflict", "{verb}");
    }
    let id = accepted(&app, &ask(2));
    reserve(&app, &id, &units[..2]).expect(200);
    assert_eq!(act(&bank, &id, "free", &json!({"units": &units[..2]})).expect(200)["state"], "accepted");
    reserve(&app, &id, &units[..2]).expect(200);
    act(&bank, &id, "refuse", &json!({"reason": "duplicate"})).expect(200);
    let refused = seen(&app, &id);
    assert_eq!((&refused["state"], &refused["refusal"]), (&json!("refused"), &json!("duplicate")));
    assert_eq!(status(&app, units[0]), UnitStatus::Released);
}

fn a_hold_lapses(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 2);
    let (first, second) = (accepted(&app, &ask(2)), accepted(&app, &ask(2)));
    reserve(&app, &first, &units).expect(200);
    assert_eq!(reserve(&app, &second, &units[..1]).problem(409), "state_conflict");
    app.clock.advance(chrono::Duration::hours(24));
    assert_eq!(seen(&app, &first)["units"]["held"], 0, "at read time");
    let late = act(&app.client(Role::Bank), &first, "issue", &json!({}));
    assert_eq!((late.problem(409), &late.json()["state"]), ("state_conflict".to_owned(), &json!("lapsed")));
    // Whoever asks next has it, whether or not the program looked.
    reserve(&app, &second, &units[..1]).expect(200);
    assert_eq!(end_stale(&app), 1);
    assert_eq!(end_stale(&app), 0);
    assert_eq!(status(&app, units[1]), UnitStatus::Released);
    assert_eq!(
        (&seen(&app, &first)["state"], &seen(&app, &second)["state"]),
        (&json!("accepted"), &json!("reserved"))
    );
    let why: Vec<MoveReason> = app
        .house
        .db
        .read_now(|conn| {
            let steps = unit_movements::table.filter(unit_movements::blood_unit.eq(units[1]));
            Ok(steps.order(unit_movements::id).select(unit_movements::reason).load(conn)?)
        })
        .unwrap();
    assert_eq!(why, [MoveReason::Used, MoveReason::Freed]);
}

fn a_resent_issue_issues_once(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 2);
    let id = accepted(&app, &ask(2));
    reserve(&app, &id, &units).expect(200);
    let (key, path) = (new_key(), format!("/api/v1/requests/{id}/issue"));
    let bank = app.client(Role::Bank);
    let first = bank.post_as(&key, &path, &json!({})).expect(200);
    assert_eq!(bank.post_as(&key, &path, &json!({})).expect(200), first);
    assert_eq!(bank.post(&path, &json!({})).problem(409), "state_conflict");
    assert_eq!(issued_today(&app), 2);
}

fn a_discrepancy_at_arrival_is_told(app: TestApp) {
    let (hospital, bank) = (app.client(Role::Hospital), app.client(Role::Bank));
    let units = bags(&app, BloodGroup::ANeg, 1, 3);
    let id = accepted(&app, &ask(3));
    reserve(&app, &id, &units).expect(200);
    act(&bank, &id, "issue", &json!({})).expect(200);
    block(&app, units[1]);
    let scan = |numbers: &[u32]| {
        let dins: Vec<String> = numbers.iter().map(|n| din(*n).to_string()).collect();
        act(&hospital, &id, "receive", &json!({"dins": dins}))
    };
    let receipt = scan(&[1, 2, 77]).expect(200);
    assert_eq!(receipt["state"], "issued");
    assert_eq!(receipt["received"][1]["status"], "blocked", "it says that this one is not to be used");
    assert_eq!(
        (&receipt["missing"][0]["id"], &receipt["unexpected"][0]),
        (&json!(units[2]), &json!(din(77)))
    );
    assert_eq!(report(&hospital, units[2], "transfused").problem(404), "not_found", "it is not there");
    assert_eq!(report(&hospital, units[1], "transfused").problem(422), "invalid_request", "stopped: when?");
    assert_eq!(scan(&[3]).expect(200)["state"], "received");
    assert_eq!(scan(&[3]).problem(409), "state_conflict");
    // A stopped one goes back as it is.
    assert_eq!(report(&bank, units[1], "take-back").expect(200)["status"], "blocked");
    assert_eq!(report(&bank, units[0], "take-back").problem(409), "state_conflict", "the hospital has it");
    let bad = act(&hospital, &id, "receive", &json!({"dins": ["A9999"]})).expect(422);
    assert_eq!(bad["errors"][0]["field"], "dins[0]");
}

fn patient_and_notes_are_sealed_and_move_with_the_root_key(app: TestApp) {
    const PATIENT: &str = "CANARY-PATIENT-93";
    const NOTES: &str = "ملاحظة كناري ثلاسيميا";
    let mut form = ask(1);
    form["patient"] = json!(PATIENT);
    form["notes"] = json!(NOTES);
    let id = submit(&app.client(Role::Hospital), &form);
    let rows = || -> Vec<(i64, Vec<u8>, Option<Vec<u8>>)> {
        let read = |conn: &mut shiryan::db::Conn| {
            let rows = blood_requests::table.select((
                blood_requests::id,
                blood_requests::patient,
                blood_requests::notes,
            ));
            Ok(rows.load(conn)?)
        };
        app.house.db.read_now(read).unwrap()
    };
    let (row, patient, notes) = rows().remove(0);
    let stands = |cell: &[u8], clear: &str| cell.windows(clear.len()).any(|part| part == clear.as_bytes());
    assert!(!stands(&patient, PATIENT) && !stands(notes.as_deref().unwrap(), NOTES));
    let opened = seen(&app, &id);
    assert_eq!((&opened["patient"], &opened["notes"]), (&json!(PATIENT), &json!(NOTES)));
    let listed = app.client(Role::Bank).get("/api/v1/requests").text;
    assert!(!listed.contains(PATIENT) && !listed.contains(NOTES));

    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([8; 32])));
    let to = new.clone();
    let moved = app.house.db.write_now(Lane::System, move |tx| requests::reseal(tx, &old, &to, 0, 10));
    assert_eq!(moved.unwrap(), Some(row));
    let (_, patient, notes) = rows().remove(0);
    let place = |column| shiryan::vault::Place::of("blood_requests", column, row);
    assert_eq!(new.house().open_text(place("patient"), &patient).unwrap(), PATIENT);
    assert_eq!(new.house().open_text(place("notes"), &notes.unwrap()).unwrap(), NOTES);
    let damaged = app.client(Role::Hospital).get(&format!("/api/v1/requests/{id}"));
    assert_eq!(damaged.problem(500), "identity_damaged");
}

fn a_form_that_cannot_be_is_refused(app: TestApp) {
    let hospital = app.client(Role::Hospital);
    let now = app.house.db.now();
    for (field, value, code) in [
        ("patient", json!(""), "bad_text"),
        ("patient", json!("x".repeat(41)), "out_of_range"),
        ("notes", json!("\u{202e}"), "bad_text"),
        ("units", json!(0), "out_of_range"),
        ("units", json!(41), "out_of_range"),
        ("needed_at", json!(now - chrono::Duration::minutes(1)), "out_of_range"),
        ("needed_at", json!(now + chrono::Duration::days(61)), "out_of_range"),
        ("group_evidence", json!("unknown"), "invalid_value"),
    ] {
        let mut form = ask(1);
        form[field] = value.clone();
        let said = hospital.post("/api/v1/requests", &form).expect(422);
        assert_eq!(
            (&said["errors"][0]["field"], &said["errors"][0]["code"]),
            (&json!(field), &json!(code)),
            "{value}"
        );
    }
    let mut planned = ask(1);
    planned["urgency"] = json!("planned");
    assert_eq!(hospital.post("/api/v1/requests", &planned).expect(422)["errors"][0]["code"], "missing_field");
    assert_eq!(hospital.get("/api/v1/requests").expect(200)["items"], json!([]));
}

/// Hospital, blood bank, physician and the program's own work, in any order.
fn rhd_positive_units_are_opened_by_a_physician_to_whom_the_policy_covers(app: TestApp) {
    let bag = |sequence, group| Bag { blood_group: Some(group), ..Bag::new(&app, sequence) };
    let [negative, positive, strange] =
        put_all(&app, vec![bag(1, BloodGroup::ONeg), bag(2, BloodGroup::APos), bag(3, BloodGroup::BPos)])[..]
    else {
        panic!("three bags")
    };
    let form = |sex: &str, age: &str| {
        let mut form = ask(3);
        form["sex"] = json!(sex);
        form["age_band"] = json!(age);
        form
    };
    let open =
        json!({"has_anti_d": false, "is_transfused_chronically": false, "reason": "bleeding; none left"});
    let physician = app.client(Role::Physician);

    // Whom the policy does not cover stays closed, whoever asks.
    let mut forbidden = vec![form("female", "from_18_to_50"), form("male", "under_18"), ask(3)];
    let mut declared = form("male", "over_50");
    declared["group_evidence"] = json!("declared");
    let mut other = form("male", "over_50");
    other["component"] = json!("plasma");
    forbidden.extend([declared, other]);
    for form in forbidden {
        let id = accepted(&app, &form);
        assert_eq!(act(&physician, &id, "rhd-policy", &open).problem(409), "rhd_policy_forbids", "{form}");
    }
    let id = accepted(&app, &form("male", "from_18_to_50"));
    for doubt in ["has_anti_d", "is_transfused_chronically"] {
        let mut doubted = open.clone();
        doubted[doubt] = json!(true);
        assert_eq!(act(&physician, &id, "rhd-policy", &doubted).problem(409), "rhd_policy_forbids");
    }
    let mut silent = open.clone();
    silent["reason"] = json!(" ");
    assert_eq!(act(&physician, &id, "rhd-policy", &silent).status, 422);
    assert_eq!(reserve(&app, &id, &[positive]).problem(409), "unit_incompatible");

    // Opened, they come last; what no table holds stays closed.
    act(&physician, &id, "rhd-policy", &open).expect(200);
    assert_eq!(act(&physician, &id, "rhd-policy", &open).problem(409), "state_conflict", "once");
    let offered = app.client(Role::Bank).get(&format!("/api/v1/requests/{id}/candidates")).expect(200);
    let order: Vec<&str> =
        offered["candidates"].as_array().unwrap().iter().map(|unit| unit["id"].as_str().unwrap()).collect();
    assert_eq!(order, [negative.to_string(), positive.to_string()]);
    assert_eq!(offered["candidates"][1]["cautions"], json!(["policy_rhd_positive_to_negative"]));
    assert_eq!(reserve(&app, &id, &[strange]).problem(409), "unit_incompatible");
    reserve(&app, &id, &[negative, positive]).expect(200);
    act(&app.client(Role::Bank), &id, "issue", &json!({})).expect(200);
    assert_eq!(status(&app, positive), UnitStatus::Issued);
    let found = seen(&app, &id);
    assert_eq!(found["rhd_reason"], "bleeding; none left");
    assert_eq!(found["rhd_name"], Role::Physician.code(), "by name");
    assert!(found["rhd_by"].is_string() && found["rhd_at"].is_string());

    // Another request for the same patient is another decision; after an issue it comes too late.
    let next = accepted(&app, &form("male", "from_18_to_50"));
    assert_eq!(reserve(&app, &next, &[strange]).problem(409), "unit_incompatible");
    let late = accepted(&app, &form("male", "over_50"));
    let one = Bag::new(&app, 4).put(&app);
    reserve(&app, &late, &[one]).expect(200);
    act(&app.client(Role::Bank), &late, "issue", &json!({})).expect(200);
    assert_eq!(act(&physician, &late, "rhd-policy", &open).problem(409), "state_conflict");
}

fn any_sequence_of_steps_keeps_every_promise(app: TestApp) {
    let mut random = StdRng::seed_from_u64(0x5eed_0006);
    let mut units = bags(&app, BloodGroup::ANeg, 1, 8);
    units.extend(bags(&app, BloodGroup::ONeg, 11, 3));
    units.extend(bags(&app, BloodGroup::APos, 21, 1));
    let mut requests: Vec<String> = Vec::new();
    for turn in 0..360 {
        // Tokens are short-lived, and the clock goes on.
        let (hospital, bank) = (app.client(Role::Hospital), app.client(Role::Bank));
        let physician = app.client(Role::Physician);
        if turn % 30 == 0 || requests.len() < 3 {
            let mut form = ask(random.random_range(3..7));
            if requests.len().is_multiple_of(2) {
                form["urgency"] = json!("emergency");
            }
            requests.push(submit(&hospital, &form));
        }
        let id = requests.choose(&mut random).unwrap().clone();
        let count = random.random_range(1..3);
        let some: Vec<BloodUnitId> = units.sample(&mut random, count).copied().collect();
        let unit = some[0];
        let said = match random.random_range(0..if turn < 240 { 15 } else { 20 }) {
            0 | 1 => act(&bank, &id, "accept", &json!({})),
            2..=5 => act(&bank, &id, "reserve", &json!({"units": some})),
            6 => act(&bank, &id, "free", &json!({"units": some})),
            7 => act(&bank, &id, "issue", &json!({})),
            8 => {
                let dins: Vec<String> = (1..25).map(|n| din(n).to_string()).collect();
                act(&hospital, &id, "receive", &json!({"dins": dins}))
            }
            9 => report(&hospital, unit, "transfused"),
            10 => give_back(&hospital, unit, Some(turn % 40)),
            11 => report(&bank, unit, "take-back"),
            12 => {
                let path = format!("/api/v1/stock/units/{unit}/release");
                bank.post(&path, &json!({}))
            }
            13 if turn % 5 == 0 => act(&hospital, &id, "cancel", &json!({})),
            13 => {
                app.clock.advance(chrono::Duration::hours(9));
                end_stale(&app);
                continue;
            }
            14 if turn % 6 == 0 => {
                let path = format!("/api/v1/stock/units/{unit}/block");
                bank.post(&path, &json!({"reason": "damaged"}))
            }
            14 => continue,
            15 => act(&bank, &id, "emergency-issue", &json!({"units": some, "reason": "x"})),
            16 => {
                let open = bank.get("/api/v1/emergency-issues?state=open").expect(200);
                let Some(waits) = open["items"].as_array().unwrap().last() else { continue };
                let path = format!("/api/v1/emergency-issues/{}/confirm", waits["id"].as_str().unwrap());
                if turn % 2 == 0 { bank.post(&path, &json!({})) } else { physician.post(&path, &json!({})) }
            }
            17 if turn % 4 == 0 => {
                let form = json!({"reason": "damaged"});
                hospital.post(&format!("/api/v1/stock/units/{unit}/discarded"), &form)
            }
            17 => {
                let used_at = app.house.db.now() - chrono::Duration::hours(1);
                let form = json!({"used_at": used_at});
                hospital.post(&format!("/api/v1/stock/units/{unit}/transfused"), &form)
            }
            18 if turn % 12 == 0 => {
                let form = json!({"kind": "reaction", "note": "x"});
                hospital.post(&format!("/api/v1/stock/units/{unit}/harm"), &form)
            }
            18 => {
                let labels: Vec<Value> = (1..25)
                    .filter(|_| random.random_bool(0.7))
                    .map(|n| json!({"din": din(n).to_string(), "component": "red_cells"}))
                    .collect();
                bank.post("/api/v1/stock/counts", &json!({"units": labels}))
            }
            _ => {
                let open = bank.get("/api/v1/stock/counts?state=discrepancy").expect(200);
                let Some(count) = open["items"].as_array().unwrap().first() else { continue };
                let path = format!("/api/v1/stock/counts/{}", count["id"].as_str().unwrap());
                let missing = bank.get(&path).expect(200)["missing"].clone();
                let Some(missed) = missing.as_array().unwrap().first() else { continue };
                let form = json!({"units": [missed["id"]], "note": "x"});
                if turn % 8 == 0 {
                    partner_of(&app).post(&format!("{path}/lost"), &form)
                } else {
                    bank.post(&format!("{path}/found"), &json!({"units": [missed["id"]]}))
                }
            }
        };
        assert!(said.status < 500, "{}", said.text);
        promises_hold(&app);
    }
    let arrived = app.house.db.read_now(|conn| {
        let arrived = reservations::table.filter(reservations::arrived_at.is_not_null());
        Ok(arrived.count().get_result::<i64>(conn)?)
    });
    assert!(arrived.unwrap() > 0, "the walk went all the way");
}

/// A second person of the blood bank; tokens are short-lived, the person stays.
fn partner_of(app: &TestApp) -> Client {
    let principal = app.principal(Role::Bank);
    let found = app.house.db.read_now(|conn| {
        let named = users::table.filter(users::username.eq("walk_partner")).select(users::id);
        Ok(named.first::<UserId>(conn).optional()?)
    });
    match found.unwrap() {
        None => of_facility(app, Role::Bank, app.places.bank, "walk_partner"),
        Some(user) => {
            let principal = Principal { user, session: SessionId(user.0), ..principal };
            app.with_token(&app.house.sessions.tokens.make(&principal, app.house.db.now()).unwrap())
        }
    }
}

fn promises_hold(app: &TestApp) {
    let unconfirmed: i64 = app
        .house
        .db
        .read_now(|conn| {
            let issued = reservations::table
                .inner_join(
                    emergency_issues::table.on(reservations::emergency.eq(emergency_issues::id.nullable())),
                )
                .filter(reservations::outcome.eq("issued"))
                .filter(emergency_issues::confirmed_by.is_null());
            Ok(issued.count().get_result(conn)?)
        })
        .unwrap();
    assert_eq!(unconfirmed, 0, "no emergency issue by one person alone");
    type Hold = (i64, i64, Option<String>);
    let (holds, asked): (Vec<Hold>, Vec<(i64, i32)>) = app
        .house
        .db
        .read_now(|conn| {
            let holds = reservations::table
                .select((reservations::request, reservations::blood_unit, reservations::outcome))
                .load(conn)?;
            Ok((holds, blood_requests::table.select((blood_requests::id, blood_requests::units)).load(conn)?))
        })
        .unwrap();
    let live: Vec<i64> = holds.iter().filter(|hold| hold.2.is_none()).map(|hold| hold.1).collect();
    let mut once = live.clone();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), live.len(), "one live reservation to a unit");
    for (request, asked) in asked {
        let taken = holds
            .iter()
            .filter(|hold| hold.0 == request && matches!(hold.2.as_deref(), None | Some("issued")))
            .count();
        assert!(taken <= usize::try_from(asked).unwrap(), "never more than asked");
    }
    type Move = (i64, Option<UnitStatus>, UnitStatus);
    let moves: Vec<Move> = app
        .house
        .db
        .read_now(|conn| {
            let steps = unit_movements::table.order(unit_movements::id);
            let steps = steps.select((
                unit_movements::blood_unit,
                unit_movements::from_status,
                unit_movements::to_status,
            ));
            Ok(steps.load(conn)?)
        })
        .unwrap();
    let mut stands: BTreeMap<i64, UnitStatus> = BTreeMap::new();
    for (unit, from, to) in moves {
        let from = from.unwrap();
        assert!(from == to || stock::rules::may_follow(from, to), "{from} to {to}");
        assert_eq!(from, *stands.get(&unit).unwrap_or(&UnitStatus::Released), "the chain has no gap");
        stands.insert(unit, to);
    }
    for (unit, stands) in &stands {
        assert_eq!(status(app, BloodUnitId(*unit)), *stands);
    }
    for unit in live {
        let held = stands.get(&unit).copied();
        assert!(
            matches!(held, Some(UnitStatus::Reserved | UnitStatus::Blocked | UnitStatus::Discarded)),
            "{held:?}"
        );
    }
}

fn the_most_urgent_come_first_and_pages_hold_each_once(app: TestApp) {
    let hospital = app.client(Role::Hospital);
    let soon = app.house.db.now() + chrono::Duration::days(3);
    for urgency in ["routine", "planned", "emergency", "urgent", "routine", "emergency"] {
        let mut form = ask(1);
        form["urgency"] = json!(urgency);
        form["needed_at"] = json!(soon);
        submit(&hospital, &form);
    }
    let expected = ["emergency", "emergency", "urgent", "routine", "routine", "planned"];
    for limit in [1, 2, 4, 6] {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let next = cursor.map(|cursor: String| format!("&cursor={cursor}")).unwrap_or_default();
            let page = hospital.get(&format!("/api/v1/requests?limit={limit}{next}")).expect(200);
            let rows = page["items"].as_array().unwrap().clone();
            seen.extend(rows.into_iter().map(|row| (row["urgency"].clone(), row["id"].clone())));
            cursor = page["next"].as_str().map(str::to_owned);
            if cursor.is_none() {
                break;
            }
        }
        let order: Vec<&Value> = seen.iter().map(|(urgency, _)| urgency).collect();
        assert_eq!(order, expected, "{limit} to a page");
        assert!(seen[0].1.as_str() < seen[1].1.as_str() && seen[3].1.as_str() < seen[4].1.as_str());
    }
}

fn what_a_request_did_not_get_is_asked_of_another_blood_bank(app: TestApp) {
    let units = bags(&app, BloodGroup::ANeg, 1, 2);
    let hospital = app.client(Role::Hospital);
    let mut form = ask(5);
    form["notes"] = json!("مغسولة");
    let first = accepted(&app, &form);
    assert_eq!(act(&hospital, &first, "rest", &json!({})).problem(409), "state_conflict");
    reserve(&app, &first, &units).expect(200);
    act(&app.client(Role::Bank), &first, "issue", &json!({})).expect(200);
    let made = act(&hospital, &first, "rest", &json!({})).expect(201);
    assert_eq!(act(&hospital, &first, "rest", &json!({})).problem(409), "state_conflict", "once");
    let rest = seen(&app, made["id"].as_str().unwrap());
    assert_eq!((&rest["units"]["asked"], &rest["state"]), (&json!(3), &json!("submitted")));
    assert_eq!(
        (&rest["rest_of"], &rest["patient"], &rest["notes"]),
        (&json!(first), &json!("P-17"), &json!("مغسولة"))
    );
    assert_eq!((&rest["blood_group"], &rest["group_evidence"]), (&json!("a_neg"), &json!("confirmed")));
    let other = another_bank(&app, Governorate::RamallahAlBireh, "BB-3");
    act(&other, made["id"].as_str().unwrap(), "accept", &json!({})).expect(200);
    let foreign = of_facility(&app, Role::Hospital, app.places.gaza_hospital, "gaza-hospital");
    assert_eq!(act(&foreign, &first, "rest", &json!({})).problem(404), "not_found");
}

fn an_answer_is_kept_for_seven_days(app: TestApp) {
    let key = "kept-for-seven-days";
    let send =
        || app.client(Role::Hospital).post_as(key, "/api/v1/requests", &ask(1)).expect(201)["id"].clone();
    let forget = || {
        app.house.db.write_now(shiryan::db::Lane::Bulk, shiryan::db::once::forget_old).unwrap();
    };
    let first = send();
    app.clock.advance(chrono::Duration::days(7));
    forget();
    assert_eq!(send(), first);
    let other = app.client(Role::Hospital).post_as(key, "/api/v1/requests", &ask(2));
    assert_eq!(other.problem(422), "idempotency_key_reused");
    app.clock.advance(chrono::Duration::minutes(1));
    forget();
    assert_ne!(send(), first, "whoever comes after seven days asks anew");
}

/// A house in which RhD-negative blood for an RhD-positive patient takes two people.
struct Sparing(TestApp);

impl Fresh for Sparing {
    fn fresh(kind: Kind) -> Self {
        let second = "second_person_for_child,spare_rhd_negative";
        Self(TestApp::with(kind, World::Live, &[("SHIRYAN__STOCK__SECOND_PERSON_FOR", second)]))
    }
}

fn what_is_warned_of_is_held_with_a_reason_alone(Sparing(app): Sparing) {
    let bank = app.client(Role::Bank);
    let request = |urgency: &str| {
        let mut form = ask(1);
        form["blood_group"] = json!("o_pos");
        form["urgency"] = json!(urgency);
        accepted(&app, &form)
    };
    let spent = bags(&app, BloodGroup::ONeg, 1, 2);
    let soon = app.house.db.now() + chrono::Duration::days(2);
    let short = Bag { expires_at: soon, ..Bag::new(&app, 9) }.put(&app);
    let (routine, emergency) = (request("routine"), request("emergency"));
    let offered = bank.get(&format!("/api/v1/requests/{routine}/candidates")).expect(200);
    let warned: BTreeMap<String, Value> = offered["candidates"]
        .as_array()
        .unwrap()
        .iter()
        .map(|unit| (unit["id"].as_str().unwrap().to_owned(), unit["warnings"].clone()))
        .collect();
    assert_eq!(warned[&spent[0].to_string()], json!(["spare_rhd_negative"]));
    assert_eq!(warned[&short.to_string()], json!([]), "spent before it is lost");

    let refused = reserve(&app, &routine, &spent[..1]).expect(422);
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"], &refused["warnings"]),
        (&json!("reason"), &json!("missing_field"), &json!("spare_rhd_negative"))
    );
    assert_eq!(status(&app, spent[0]), UnitStatus::Released);
    let why = "لا توجد وحدة موجبة";
    act(&bank, &routine, "reserve", &json!({"units": &spent[..1], "reason": why})).expect(200);
    // Nothing is spared in an emergency, and what is short-dated is spent.
    reserve(&app, &emergency, &spent[1..]).expect(200);
    let plain = request("urgent");
    reserve(&app, &plain, &[short]).expect(200);
    // Why is known to blood banks, not to the hospital, and in clear nowhere.
    let path = format!("/api/v1/requests/{routine}");
    assert_eq!(bank.get(&path).expect(200)["shares"][0]["reason"], why);
    assert_eq!(seen(&app, &routine)["shares"][0].get("reason"), None);
    let cells: Vec<Option<Vec<u8>>> = app
        .house
        .db
        .read_now(|conn| Ok(reservations::table.select(reservations::reason).load(conn)?))
        .unwrap();
    let sealed: Vec<&Vec<u8>> = cells.iter().flatten().collect();
    assert_eq!(sealed.len(), 1);
    assert!(!sealed[0].windows(why.len()).any(|part| part == why.as_bytes()));
    // What the house names is issued by another than who held it.
    let issue = |id: &str| act(&bank, id, "issue", &json!({}));
    assert_eq!(issue(&routine).problem(403), "second_person_required");
    issue(&emergency).expect(200);
    issue(&plain).expect(200);
    let other = of_facility(&app, Role::Bank, app.places.bank, "bank-beside");
    act(&other, &routine, "issue", &json!({})).expect(200);
}

fn a_child_gets_plasma_against_its_group_by_two_people_alone(app: TestApp) {
    let soon = app.house.db.now() + chrono::Duration::days(3);
    let platelets = |number, group| {
        let bag = Bag::new(&app, number);
        Bag { component: Component::Platelets, blood_group: Some(group), expires_at: soon, ..bag }.put(&app)
    };
    let bank = app.client(Role::Bank);
    let held = |age: &str, unit: BloodUnitId| {
        let mut form = ask(1);
        form["component"] = json!("platelets");
        form["blood_group"] = json!("a_pos");
        form["age_band"] = json!(age);
        let id = accepted(&app, &form);
        let held = reserve(&app, &id, &[unit]);
        if held.status != 200 {
            let refused = held.expect(422);
            assert_eq!(refused["errors"][0]["field"], "reason");
            assert!(refused["warnings"].as_str().unwrap().contains("low_titre_preferred"), "{refused}");
            let with_reason = json!({"units": [unit], "reason": "لا توجد صفائح من زمرته"});
            act(&bank, &id, "reserve", &with_reason).expect(200);
        }
        format!("/api/v1/requests/{id}/issue")
    };
    let against = held("under_18", platelets(1, BloodGroup::OPos));
    let (own, grown) = (
        held("under_18", platelets(2, BloodGroup::APos)),
        held("from_18_to_50", platelets(3, BloodGroup::OPos)),
    );
    let refused = bank.post(&against, &json!({}));
    assert_eq!(refused.problem(403), "second_person_required");
    assert!(refused.json()["unit"].is_string(), "{}", refused.text);
    for path in [own, grown] {
        bank.post(&path, &json!({})).expect(200);
    }
    let other = of_facility(&app, Role::Bank, app.places.bank, "bank-beside");
    other.post(&against, &json!({})).expect(200);
}

fn several_lines_are_asked_for_at_once_and_each_goes_its_own_way(app: TestApp) {
    let (hospital, bank) = (app.client(Role::Hospital), app.client(Role::Bank));
    let mut form = ask(2);
    form["lines"] = json!([{"component": "plasma", "units": 3}, {"component": "red_cells", "units": 1, "needs": ["irradiated"]}]);
    let made = hospital.post("/api/v1/requests", &form).expect(201);
    let first = made["id"].as_str().unwrap().to_owned();
    let lines: Vec<String> = made["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(lines.len(), 2);
    assert_eq!(seen(&app, &first)["line_of"], Value::Null);
    for (line, (component, units)) in lines.iter().zip([("plasma", 3), ("red_cells", 1)]) {
        let told = seen(&app, line);
        assert_eq!(
            (&told["line_of"], &told["component"], &told["units"]["asked"]),
            (&json!(first), &json!(component), &json!(units))
        );
        assert_eq!((&told["patient"], &told["urgency"]), (&json!("P-17"), &json!("urgent")));
    }
    assert_eq!(seen(&app, &lines[1])["needs"], json!(["irradiated"]));
    // All or none, every wrong field of every line at once.
    let count = || hospital.get("/api/v1/requests?limit=200").expect(200)["items"].as_array().unwrap().len();
    let before = count();
    form["units"] = json!(0);
    form["lines"] = json!([{"component": "red_cells", "units": 41}, {"component": "plasma", "units": 1, "needs": ["irradiated"]}]);
    let refused = hospital.post("/api/v1/requests", &form).expect(422);
    let fields: Vec<&Value> =
        refused["errors"].as_array().unwrap().iter().map(|error| &error["field"]).collect();
    assert_eq!(fields, ["units", "lines[0].units", "lines[0].component", "lines[1].needs"]);
    form["units"] = json!(1);
    form["lines"] = json!((0..8).map(|_| json!({"component": "plasma", "units": 1})).collect::<Vec<_>>());
    let refused = hospital.post("/api/v1/requests", &form).expect(422);
    assert_eq!(refused["errors"][0]["field"], "lines");
    assert_eq!(count(), before);
    // What is met in part is told as such.
    let unit = bags(&app, BloodGroup::ANeg, 1, 1)[0];
    act(&bank, &first, "accept", &json!({})).expect(200);
    assert_eq!(seen(&app, &first)["partial"], false);
    reserve(&app, &first, &[unit]).expect(200);
    assert_eq!(seen(&app, &first)["partial"], true);
    let rest = bags(&app, BloodGroup::ANeg, 2, 1);
    reserve(&app, &first, &rest).expect(200);
    assert_eq!(seen(&app, &first)["partial"], false);
}
