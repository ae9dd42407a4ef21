//! Units handed out in an emergency: by two people, looked at by a third, and never beyond a hard stop.

use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::requests;
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::support::app::{Client, Reply, TestApp};
use super::support::requests::{
    accepted, act, another_bank, bags, made_by, of_facility, reserve, seen, status, submit,
};

both!(
    two_people_hand_out_and_a_third_looks_at_it,
    beyond_the_rule_a_physician_confirms,
    no_hard_stop_is_opened,
    nobody_issues_alone_what_waits_for_a_second_person,
    what_nobody_confirms_lapses,
    another_blood_bank_sees_nothing,
);

fn of_a_woman(units: i32, urgency: &str) -> Value {
    json!({"patient": "P-1", "component": "red_cells", "units": units, "urgency": urgency, "sex": "female",
        "age_band": "from_18_to_50"})
}

fn start(client: &Client, request: &str, units: &[BloodUnitId]) -> Reply {
    act(client, request, "emergency-issue", &json!({"units": units, "reason": "نزف شديد"}))
}

fn confirm(client: &Client, id: &str) -> Reply {
    client.post(&format!("/api/v1/emergency-issues/{id}/confirm"), &json!({}))
}

fn review(client: &Client, id: &str) -> Reply {
    client.post(&format!("/api/v1/emergency-issues/{id}/review"), &json!({"finding": "CANARY-مبرر"}))
}

fn id_of(made: &Value) -> String {
    made["id"].as_str().unwrap().to_owned()
}

fn listed(client: &Client, query: &str) -> Value {
    client.get(&format!("/api/v1/emergency-issues{query}")).expect(200)["items"].clone()
}

fn two_people_hand_out_and_a_third_looks_at_it(app: TestApp) {
    let units = bags(&app, BloodGroup::ONeg, 1, 2);
    let bank = app.client(Role::Bank);
    let partner = of_facility(&app, Role::Bank, app.places.bank, "second");
    let third = app.colleague(Role::Physician, "third", None);
    let request = submit(&app.client(Role::Hospital), &of_a_woman(3, "emergency"));
    // Nobody took it yet: it is taken with the first step.
    let made = start(&bank, &request, &units).expect(201);
    assert_eq!((&made["state"], &made["is_beyond_rule"]), (&json!("open"), &json!(false)));
    assert_eq!(made["reminders"].as_array().unwrap().len(), 3);
    let id = id_of(&made);
    assert!(units.iter().all(|unit| status(&app, *unit) == UnitStatus::Reserved));
    assert_eq!(confirm(&bank, &id).problem(403), "second_person_required");
    assert_eq!(review(&third, &id).problem(409), "state_conflict");
    let issued = confirm(&partner, &id).expect(200);
    assert_eq!(issued["units"], json!(units));
    assert!(units.iter().all(|unit| status(&app, *unit) == UnitStatus::Issued));
    assert_eq!(seen(&app, &request)["state"], "issued");
    assert_eq!(confirm(&partner, &id).problem(409), "state_conflict");
    // Those that wait for a look, then none.
    let waiting = listed(&bank, "?state=issued");
    assert_eq!((&waiting[0]["id"], &waiting[0]["reason"]), (&json!(id), &json!("نزف شديد")));
    for one_of_the_two in [&bank, &partner] {
        assert_eq!(review(one_of_the_two, &id).problem(403), "second_person_required");
    }
    review(&third, &id).expect(200);
    assert_eq!(review(&third, &id).problem(409), "state_conflict");
    assert_eq!(listed(&bank, "?state=issued"), json!([]));
    assert_eq!(listed(&bank, "")[0]["finding"], "CANARY-مبرر");
    let (old, new) = (app.house.vault.clone(), Vault::new(RootKey::from_bytes([8; 32])));
    let move_all = move |tx: &mut shiryan::db::Tx| requests::emergency::reseal(tx, &old, &new, 0, 10);
    assert!(app.house.db.write_now(Lane::System, move_all).unwrap().is_some());
    assert_eq!(bank.get("/api/v1/emergency-issues").problem(500), "identity_damaged", "sealed anew");
}

fn beyond_the_rule_a_physician_confirms(app: TestApp) {
    let o_neg = bags(&app, BloodGroup::ONeg, 1, 3);
    let o_pos = bags(&app, BloodGroup::OPos, 10, 2);
    let bank = app.client(Role::Bank);
    let partner = of_facility(&app, Role::Bank, app.places.bank, "second");
    let physician = app.client(Role::Physician);
    // O+ for a woman up to 50 whose group nobody knows: to save a life.
    let first = accepted(&app, &of_a_woman(4, "emergency"));
    assert_eq!(reserve(&app, &first, &o_pos).problem(409), "unit_incompatible");
    let made = start(&bank, &first, &o_pos).expect(201);
    assert_eq!(made["is_beyond_rule"], true);
    assert_eq!(confirm(&partner, &id_of(&made)).problem(403), "forbidden");
    confirm(&physician, &id_of(&made)).expect(200);
    // A third O−, counted over what was asked for her before.
    let second = accepted(&app, &of_a_woman(4, "emergency"));
    assert_eq!(reserve(&app, &second, &o_neg).problem(409), "group_unknown");
    let made = start(&bank, &second, &o_neg).expect(201);
    assert_eq!(made["is_beyond_rule"], true);
    confirm(&physician, &id_of(&made)).expect(200);
    assert!(o_neg.iter().all(|unit| status(&app, *unit) == UnitStatus::Issued));
}

fn no_hard_stop_is_opened(app: TestApp) {
    let bank = app.client(Role::Bank);
    let [a_pos, o_pos] = [bags(&app, BloodGroup::APos, 1, 1), bags(&app, BloodGroup::OPos, 5, 1)];
    let unknown = accepted(&app, &of_a_woman(2, "emergency"));
    assert_eq!(start(&bank, &unknown, &a_pos).problem(409), "unit_incompatible");
    let mut typed = of_a_woman(2, "emergency");
    typed["blood_group"] = json!("b_neg");
    typed["group_evidence"] = json!("confirmed");
    let typed = accepted(&app, &typed);
    for units in [&a_pos, &o_pos] {
        assert_eq!(start(&bank, &typed, units).problem(409), "unit_incompatible");
    }
    let calm = accepted(&app, &of_a_woman(2, "urgent"));
    assert_eq!(start(&bank, &calm, &o_pos).problem(409), "state_conflict");
    assert_eq!(listed(&bank, ""), json!([]), "a refused step leaves nothing");
    assert_eq!(seen(&app, &typed)["state"], "accepted");
}

fn nobody_issues_alone_what_waits_for_a_second_person(app: TestApp) {
    let units = bags(&app, BloodGroup::ONeg, 1, 2);
    let bank = app.client(Role::Bank);
    let partner = of_facility(&app, Role::Bank, app.places.bank, "second");
    let own_creature =
        made_by(&app, Some(app.principal(Role::Bank).user), (Role::Bank, app.places.bank), "made");
    let request = accepted(&app, &of_a_woman(3, "emergency"));
    let id = id_of(&start(&bank, &request, &units[..1]).expect(201));
    reserve(&app, &request, &units[1..]).expect(200);
    assert_eq!(act(&bank, &request, "issue", &json!({})).problem(403), "second_person_required");
    assert!(units.iter().all(|unit| status(&app, *unit) == UnitStatus::Reserved));
    assert_eq!(confirm(&own_creature, &id).problem(403), "second_person_required");
    // A unit that was let go is not handed out by the confirmation.
    act(&bank, &request, "free", &json!({"units": &units[..1]})).expect(200);
    let refused = confirm(&partner, &id);
    assert_eq!(refused.problem(409), "state_conflict");
    act(&bank, &request, "issue", &json!({})).expect(200);
    assert_eq!(status(&app, units[1]), UnitStatus::Issued);
    assert_eq!(status(&app, units[0]), UnitStatus::Released);
}

fn what_nobody_confirms_lapses(app: TestApp) {
    let units = bags(&app, BloodGroup::ONeg, 1, 1);
    let request = accepted(&app, &of_a_woman(1, "emergency"));
    let id = id_of(&start(&app.client(Role::Bank), &request, &units).expect(201));
    app.clock.advance(chrono::Duration::minutes(60));
    let physician = app.client(Role::Physician);
    let late = confirm(&physician, &id);
    assert_eq!(late.problem(409), "state_conflict");
    assert_eq!(late.json()["state"], "lapsed");
    assert_eq!(listed(&physician, "")[0]["state"], "lapsed");
    reserve(&app, &request, &units).expect(200);
}

fn another_blood_bank_sees_nothing(app: TestApp) {
    let units = bags(&app, BloodGroup::ONeg, 1, 1);
    let request = accepted(&app, &of_a_woman(1, "emergency"));
    let id = id_of(&start(&app.client(Role::Bank), &request, &units).expect(201));
    let other = another_bank(&app, Governorate::RamallahAlBireh, "BB-9");
    assert_eq!(listed(&other, ""), json!([]));
    assert_eq!(confirm(&other, &id).problem(404), "not_found");
    assert_eq!(review(&other, &id).problem(404), "not_found");
    assert_eq!(start(&other, &request, &units).problem(409), "state_conflict");
}
