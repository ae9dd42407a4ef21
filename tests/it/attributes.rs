//! What a unit has beside its group, and what a patient needs of it: bounds what is offered and held.

use serde_json::{Value, json};
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::{BloodUnitId, FacilityId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::support::app::{Reply, TestApp};
use super::support::requests::{accepted, act, another_bank, ask, reserve, seen, status};
use super::support::shelf::Bag;

both!(
    what_a_patient_needs_no_unit_lacks,
    irradiation_shortens_and_never_lengthens,
    red_cells_are_irradiated_within_two_weeks_or_not_at_all,
    only_what_waits_in_quarantine_is_processed,
    parts_keep_what_their_unit_had,
    a_need_goes_with_the_rest_and_the_standing_order,
    what_a_component_cannot_have_is_refused,
    a_small_unit_goes_to_whoever_needs_it_small_and_to_nobody_else,
    a_low_titre_opens_whole_blood_of_group_o,
    the_code_of_a_label_names_its_component,
    a_site_says_how_far_its_units_are,
);

fn process(app: &TestApp, unit: BloodUnitId, attributes: &Value) -> Reply {
    app.client(Role::Bank)
        .post(&format!("/api/v1/stock/units/{unit}/attributes"), &json!({"attributes": attributes}))
}

fn raw(app: &TestApp, n: u32, days: i64, component: Component) -> BloodUnitId {
    let expires_at = app.house.zone.end_of(app.house.today() + chrono::Duration::days(days));
    Bag { expires_at, component, ..Bag::new(app, n) }.quarantined(Some(BloodGroup::ANeg)).put(app)
}

fn release(app: &TestApp, unit: BloodUnitId) {
    app.client(Role::Bank).post(&format!("/api/v1/stock/units/{unit}/release"), &json!({})).expect(200);
}

fn unit(app: &TestApp, id: BloodUnitId) -> Value {
    app.client(Role::Bank).get(&format!("/api/v1/stock/units/{id}")).expect(200)
}

fn what_a_patient_needs_no_unit_lacks(app: TestApp) {
    let plain = raw(&app, 1, 10, Component::RedCells);
    let (half, whole) = (raw(&app, 2, 20, Component::RedCells), raw(&app, 3, 25, Component::RedCells));
    process(&app, half, &json!(["leucodepleted"])).expect(200);
    process(&app, whole, &json!(["irradiated"])).expect(200);
    let both = process(&app, whole, &json!(["leucodepleted", "irradiated"])).expect(200);
    assert_eq!(both["attributes"], json!(["irradiated", "leucodepleted"]));
    for one in [plain, half, whole] {
        release(&app, one);
    }
    let mut form = ask(2);
    form["needs"] = json!(["leucodepleted", "irradiated"]);
    let request = accepted(&app, &form);
    let offered = |request: &str| {
        let path = format!("/api/v1/requests/{request}/candidates");
        let found = app.client(Role::Bank).get(&path).expect(200)["candidates"].clone();
        found.as_array().unwrap().iter().map(|one| one["id"].clone()).collect::<Vec<Value>>()
    };
    assert_eq!(offered(&request), [json!(whole)]);
    for lacking in [plain, half] {
        assert_eq!(reserve(&app, &request, &[lacking]).problem(409), "unit_incompatible");
    }
    reserve(&app, &request, &[whole]).expect(200);
    let shown = seen(&app, &request);
    assert_eq!(shown["needs"], json!(["irradiated", "leucodepleted"]));
    assert_eq!(shown["shares"][0]["attributes"], json!(["irradiated", "leucodepleted"]));
    // Whoever needs nothing gets what expires first.
    let request = accepted(&app, &ask(2));
    assert_eq!(offered(&request), [json!(plain), json!(half)]);
    // No emergency opens it.
    form["urgency"] = json!("emergency");
    let request = accepted(&app, &form);
    let asked = json!({"units": [plain], "reason": "x"});
    let refused = act(&app.client(Role::Bank), &request, "emergency-issue", &asked);
    assert_eq!(refused.problem(409), "unit_incompatible");
}

fn irradiation_shortens_and_never_lengthens(app: TestApp) {
    let (long, short) = (raw(&app, 1, 40, Component::RedCells), raw(&app, 2, 10, Component::RedCells));
    let (cells, platelets) = (raw(&app, 3, 40, Component::RedCells), raw(&app, 4, 4, Component::Platelets));
    let last = |days: i64| json!(app.house.zone.end_of(app.house.today() + chrono::Duration::days(days)));
    for (unit, added, days) in [
        (long, "irradiated", 28),
        (short, "irradiated", 10),
        (cells, "leucodepleted", 40),
        (platelets, "irradiated", 4),
    ] {
        let done = process(&app, unit, &json!([added])).expect(200);
        assert_eq!(done["expires_at"], last(days), "{added}");
    }
    // Said again it begins no second time.
    app.clock.advance(chrono::Duration::days(3));
    let again = process(&app, long, &json!(["irradiated"])).expect(200);
    assert_eq!(again["expires_at"], last(25));
    assert_eq!(unit(&app, long)["expires_at"], last(25));
    let steps = unit(&app, long)["movements"].clone();
    let reasons: Vec<&Value> = steps.as_array().unwrap().iter().map(|step| &step["reason"]).collect();
    assert_eq!(reasons, ["processed", "processed"]);
}

fn red_cells_are_irradiated_within_two_weeks_or_not_at_all(app: TestApp) {
    let bags = [Component::RedCells, Component::WholeBlood, Component::Platelets];
    let [cells, whole, platelets] = [0, 1, 2].map(|n| raw(&app, n, 30, bags[usize::try_from(n).unwrap()]));
    let in_time = raw(&app, 9, 30, Component::RedCells);
    app.clock.advance(chrono::Duration::days(14));
    process(&app, in_time, &json!(["irradiated"])).expect(200);
    app.clock.advance(chrono::Duration::days(1));
    for late in [cells, whole] {
        let refused = process(&app, late, &json!(["irradiated"])).expect(422);
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!("attributes"), &json!("out_of_range"))
        );
        process(&app, late, &json!(["leucodepleted"])).expect(200);
    }
    process(&app, in_time, &json!(["irradiated"])).expect(200);
    process(&app, platelets, &json!(["irradiated"])).expect(200);
}

fn only_what_waits_in_quarantine_is_processed(app: TestApp) {
    let bag = raw(&app, 1, 10, Component::RedCells);
    let other = another_bank(&app, Governorate::RamallahAlBireh, "OTHER");
    let form = json!({"attributes": ["irradiated"]});
    let path = format!("/api/v1/stock/units/{bag}/attributes");
    assert_eq!(other.post(&path, &form).problem(404), "not_found");
    release(&app, bag);
    assert_eq!(process(&app, bag, &json!(["irradiated"])).problem(409), "state_conflict");
    assert_eq!((status(&app, bag), unit(&app, bag)["attributes"].clone()), (UnitStatus::Released, json!([])));
    let late = raw(&app, 2, 1, Component::RedCells);
    app.clock.advance(chrono::Duration::days(3));
    assert_eq!(process(&app, late, &json!(["irradiated"])).problem(409), "unit_expired");
}

fn parts_keep_what_their_unit_had(app: TestApp) {
    let whole = raw(&app, 1, 35, Component::WholeBlood);
    process(&app, whole, &json!(["irradiated", "cmv_negative"])).expect(200);
    let parts =
        json!([{"component": "red_cells", "volume_ml": 180}, {"component": "plasma", "volume_ml": 110}]);
    let form = json!({"parts": parts, "rest_ml": 10});
    let made = app.client(Role::Bank).post(&format!("/api/v1/stock/units/{whole}/divide"), &form).expect(201);
    let part = |n: usize| {
        let id: BloodUnitId = serde_json::from_value(made["parts"][n]["id"].clone()).unwrap();
        unit(&app, id)
    };
    let (cells, plasma) = (part(0), part(1));
    assert_eq!(cells["attributes"], json!(["irradiated", "cmv_negative"]));
    assert_eq!(cells["expires_at"], unit(&app, whole)["expires_at"], "no longer than what it was made of");
    assert_eq!(plasma["attributes"], json!(["cmv_negative"]));
    assert!(plasma["expires_at"].as_str() > cells["expires_at"].as_str());
}

fn a_need_goes_with_the_rest_and_the_standing_order(app: TestApp) {
    let bag = raw(&app, 1, 20, Component::RedCells);
    process(&app, bag, &json!(["irradiated"])).expect(200);
    release(&app, bag);
    let mut form = ask(2);
    form["needs"] = json!(["irradiated"]);
    let request = accepted(&app, &form);
    reserve(&app, &request, &[bag]).expect(200);
    act(&app.client(Role::Bank), &request, "issue", &json!({})).expect(200);
    let rest = act(&app.client(Role::Hospital), &request, "rest", &json!({})).expect(201);
    assert_eq!(seen(&app, rest["id"].as_str().unwrap())["needs"], json!(["irradiated"]));
    let order = json!({"patient": "TH-1", "blood_group": "a_neg", "group_evidence": "confirmed",
        "component": "red_cells", "units": 1, "needs": ["leucodepleted"], "every_days": 21, "due_at": "09:00",
        "first_on": app.house.today() + chrono::Duration::days(1),
        "last_on": app.house.today() + chrono::Duration::days(90)});
    let id = app.client(Role::Hospital).post("/api/v1/standing-orders", &order).expect(201)["id"].clone();
    let (zone, vault) = (app.house.zone, app.house.vault.clone());
    let write = move |tx: &mut shiryan::db::Tx| shiryan::requests::standing::make_due(tx, &vault, zone, 8);
    app.house.db.write_now(shiryan::db::Lane::Bulk, write).unwrap();
    let path = format!("/api/v1/standing-orders/{}", id.as_str().unwrap());
    let stands = app.client(Role::Hospital).get(&path).expect(200);
    assert_eq!(stands["needs"], json!(["leucodepleted"]));
    assert_eq!(seen(&app, stands["requests"][0]["id"].as_str().unwrap())["needs"], json!(["leucodepleted"]));
}

fn what_a_component_cannot_have_is_refused(app: TestApp) {
    let plasma = raw(&app, 1, 100, Component::Plasma);
    for wrong in [json!(["irradiated"]), json!([])] {
        assert_eq!(process(&app, plasma, &wrong).expect(422)["errors"][0]["field"], "attributes");
    }
    assert_eq!(unit(&app, plasma)["attributes"], json!([]));
    let mut form = ask(1);
    form["component"] = json!("plasma");
    form["needs"] = json!(["irradiated"]);
    let told = app.client(Role::Hospital).post("/api/v1/requests", &form).expect(422);
    assert_eq!(
        (&told["errors"][0]["field"], &told["errors"][0]["code"]),
        (&json!("needs"), &json!("invalid_value"))
    );
    let today = app.house.today();
    let mut label = json!({"din": Din::compose("A8888", 26, 7).unwrap().to_string(),
        "component": "plasma", "blood_group": "a_neg", "volume_ml": 250, "collected_on": today,
        "expires_on": today + chrono::Duration::days(30), "attributes": ["irradiated"]});
    let told = app.client(Role::Bank).post("/api/v1/stock/units", &label).expect(422);
    assert_eq!(told["errors"][0]["field"], "attributes");
    label["component"] = json!("red_cells");
    let made = app.client(Role::Bank).post("/api/v1/stock/units", &label).expect(201);
    let id: BloodUnitId = serde_json::from_value(made["id"].clone()).unwrap();
    assert_eq!(unit(&app, id)["attributes"], json!(["irradiated"]));
}

fn offered(app: &TestApp, request: &str) -> Vec<Value> {
    let found = app.client(Role::Bank).get(&format!("/api/v1/requests/{request}/candidates")).expect(200);
    found["candidates"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
}

fn available(app: &TestApp, question: &str) -> Value {
    app.client(Role::Hospital).get(&format!("/api/v1/availability?{question}")).expect(200)
}

fn counted(answer: &Value, group: &str) -> i64 {
    let groups = answer["groups"].as_array().unwrap();
    groups.iter().find(|own| own["blood_group"] == group).map_or(0, |own| own["units"].as_i64().unwrap())
}

fn a_small_unit_goes_to_whoever_needs_it_small_and_to_nobody_else(app: TestApp) {
    let (plain, parted) = (raw(&app, 1, 10, Component::RedCells), raw(&app, 2, 8, Component::RedCells));
    let parts: Vec<Value> = [(1, 80), (2, 80), (3, 130)]
        .map(|(n, ml)| json!({"component": "red_cells", "division": n, "volume_ml": ml}))
        .into();
    let form = json!({"parts": parts, "rest_ml": 10});
    let made =
        app.client(Role::Bank).post(&format!("/api/v1/stock/units/{parted}/divide"), &form).expect(201);
    let part = |n: usize| -> BloodUnitId { serde_json::from_value(made["parts"][n]["id"].clone()).unwrap() };
    for id in [plain, part(0), part(1), part(2)] {
        release(&app, id);
    }
    assert_eq!(unit(&app, part(0))["attributes"], json!(["small"]));
    assert_eq!(unit(&app, part(2))["attributes"], json!([]), "130 mL are no small unit");
    let asked = accepted(&app, &ask(2));
    assert_eq!(offered(&app, &asked), [json!(part(2)), json!(plain)]);
    assert_eq!(reserve(&app, &asked, &[part(0)]).problem(409), "unit_incompatible");
    let mut form = ask(2);
    form["needs"] = json!(["small"]);
    let asked = accepted(&app, &form);
    assert_eq!(offered(&app, &asked), [json!(part(0)), json!(part(1))]);
    assert_eq!(reserve(&app, &asked, &[plain]).problem(409), "unit_incompatible");
    let question = "recipient_group=a_neg&group_evidence=confirmed&component=red_cells";
    assert_eq!(counted(&available(&app, question), "a_neg"), 2);
    let small = available(&app, &format!("{question}&needs=small"));
    assert_eq!(counted(&small, "a_neg"), 2);
    assert_eq!(small["units"][0]["attributes"], json!(["small"]));
    reserve(&app, &asked, &[part(0)]).expect(200);
    assert_eq!(counted(&available(&app, &format!("{question}&needs=small")), "a_neg"), 1);
    // The volume tells, and nobody else.
    let refused = process(&app, raw(&app, 3, 9, Component::RedCells), &json!(["small"]));
    assert_eq!(refused.expect(422)["errors"][0]["field"], "attributes");
    for wrong in ["needs=fresh", "needs=small,", "needs=irradiated&component=plasma"] {
        let path = format!("/api/v1/availability?recipient_group=a_neg&group_evidence=confirmed&{wrong}");
        let path = if wrong.contains("component") { path } else { format!("{path}&component=red_cells") };
        let told = app.client(Role::Hospital).get(&path);
        assert_eq!(told.expect(422)["errors"][0]["field"], "needs", "{wrong}");
    }
}

fn a_low_titre_opens_whole_blood_of_group_o(app: TestApp) {
    let o_neg = |n: u32, days: i64| {
        let expires_at = app.house.zone.end_of(app.house.today() + chrono::Duration::days(days));
        Bag { expires_at, component: Component::WholeBlood, ..Bag::new(&app, n) }
            .quarantined(Some(BloodGroup::ONeg))
            .put(&app)
    };
    let (untitred, low) = (o_neg(1, 8), o_neg(2, 20));
    process(&app, low, &json!(["low_titre"])).expect(200);
    release(&app, untitred);
    release(&app, low);
    let mut form = ask(1);
    form["component"] = json!("whole_blood");
    let asked = accepted(&app, &form);
    assert_eq!(offered(&app, &asked), [json!(low)], "untitred whole blood of group O is for O alone");
    assert_eq!(reserve(&app, &asked, &[untitred]).problem(409), "unit_incompatible");
    let told = available(&app, "recipient_group=a_neg&group_evidence=confirmed&component=whole_blood");
    assert_eq!(counted(&told, "o_neg"), 1);
    let groups = told["groups"].as_array().unwrap();
    let marked = groups.iter().filter(|own| own["low_titre_only"] == json!(true));
    assert!(marked.clone().any(|own| own["blood_group"] == "o_neg") && marked.count() < groups.len());
    assert_eq!(told["units"].as_array().unwrap().len(), 1);
    assert_eq!(told["units"][0]["id"], json!(low));
    reserve(&app, &asked, &[low]).expect(200);
    // A patient of group O is given either, the first to expire first.
    form["blood_group"] = json!("o_neg");
    let asked = accepted(&app, &form);
    assert_eq!(offered(&app, &asked), [json!(untitred)]);
    let refused = process(&app, raw(&app, 3, 9, Component::RedCells), &json!(["low_titre"]));
    assert_eq!(refused.expect(422)["errors"][0]["field"], "attributes", "red cells have no titre");
}

fn the_code_of_a_label_names_its_component(app: TestApp) {
    let bank = app.client(Role::Bank);
    let today = app.house.today();
    let label = |n: u32| {
        json!({"din": Din::compose("Z9991", 26, n).unwrap(), "blood_group": "a_neg", "volume_ml": 280,
            "collected_on": today, "expires_on": today + chrono::Duration::days(4)})
    };
    let taken = |n: u32, code: &str| {
        let mut form = label(n);
        form["component_code"] = json!(code);
        let made = bank.post("/api/v1/stock/units", &form).expect(201);
        bank.get(&format!("/api/v1/stock/units/{}", made["id"].as_str().unwrap())).expect(200)["component"]
            .clone()
    };
    assert_eq!(taken(1, "E0336"), "red_cells");
    assert_eq!(taken(2, "=<E0336V00"), "red_cells", "as it is scanned");
    assert_eq!(taken(3, "plt"), "platelets");
    let refused = |form: &Value| {
        let told = bank.post("/api/v1/stock/units", form).expect(422);
        (told["errors"][0]["field"].clone(), told["errors"][0]["code"].clone())
    };
    let mut form = label(4);
    assert_eq!(refused(&form), (json!("component"), json!("missing_field")));
    form["component_code"] = json!("E9999");
    assert_eq!(refused(&form), (json!("component_code"), json!("invalid_value")));
    form["component_code"] = json!("PLT");
    form["component"] = json!("platelets");
    assert_eq!(refused(&form), (json!("component_code"), json!("invalid_value")), "one of the two");
}

fn a_site_says_how_far_its_units_are(app: TestApp) {
    another_bank(&app, Governorate::Jericho, "JERICHO");
    let all = app.client(Role::Admin).get("/api/v1/facilities").expect(200);
    let far = all["items"].as_array().unwrap().iter().find(|own| own["code"] == "JERICHO").unwrap();
    let far: FacilityId = serde_json::from_value(far["id"].clone()).unwrap();
    let bags: Vec<BloodUnitId> = (1..=3)
        .map(|n| {
            let facility = if n == 1 { far } else { app.places.bank };
            Bag { facility, blood_group: Some(BloodGroup::ANeg), ..Bag::new(&app, n) }.put(&app)
        })
        .collect();
    let admin = app.client(Role::Admin);
    let locate =
        |id, at: Value| admin.post(&format!("/api/v1/facilities/{id}/location"), &json!({"location": at}));
    let ways = || -> Vec<(Value, Value)> {
        let told = available(&app, "recipient_group=a_neg&group_evidence=confirmed&component=red_cells");
        told["units"].as_array().unwrap().iter().map(|own| (own["id"].clone(), own["way"].clone())).collect()
    };
    assert!(ways().iter().all(|(_, way)| way.is_null()), "nobody says where anything lies");
    let hospital = app.principal(Role::Hospital).facility.unwrap();
    locate(hospital, json!({"latitude": 31.9038, "longitude": 35.2034})).expect(200);
    locate(app.places.bank, json!({"latitude": 31.95, "longitude": 35.20})).expect(200);
    locate(far, json!({"latitude": 31.8667, "longitude": 35.45})).expect(200);
    let told = ways();
    let of = |bag: usize| told.iter().find(|(id, _)| *id == json!(bags[bag])).unwrap().1.clone();
    assert_eq!(of(1), json!({"km": 5, "minutes": 10}));
    assert_eq!(
        of(0),
        json!({"km": 24, "minutes": 80}),
        "half an hour of it at the border of the governorate"
    );
    assert_eq!(told.last().unwrap().0, json!(bags[0]), "all else equal, the nearer stand first");
    // Site by site: how many fit, how far, what is known of it.
    let sites = || {
        let told = available(&app, "recipient_group=a_neg&group_evidence=confirmed&component=red_cells");
        told["sites"].as_array().unwrap().clone()
    };
    let told = sites();
    let shown: Vec<(&Value, &Value, &Value)> =
        told.iter().map(|site| (&site["code"], &site["units"], &site["way"]["minutes"])).collect();
    assert_eq!(shown, [(&json!("BB1"), &json!(2), &json!(10)), (&json!("JERICHO"), &json!(1), &json!(80))]);
    assert!(told.iter().all(|site| site["silent"] == true && site["heard_at"].is_null()), "{told:?}");
    let moved = raw(&app, 30, 10, Component::RedCells);
    process(&app, moved, &json!(["leucodepleted"])).expect(200);
    let own = sites()[0].clone();
    assert_eq!((&own["silent"], &own["heard_at"]), (&json!(false), &json!(app.house.db.now())));
    assert_eq!(own["units"], 2, "what waits in quarantine is no unit");
    // What lies at a hospital is counted there, and all of them are what the groups say.
    Bag { facility: hospital, blood_group: Some(BloodGroup::ANeg), ..Bag::new(&app, 40) }.put(&app);
    let told = available(&app, "recipient_group=a_neg&group_evidence=confirmed&component=red_cells");
    let sum = |list: &str| -> i64 {
        told[list].as_array().unwrap().iter().map(|own| own["units"].as_i64().unwrap()).sum()
    };
    assert_eq!((sum("sites"), sum("groups")), (4, 4));
    assert!(told["sites"].as_array().unwrap().iter().any(|site| site["id"] == json!(hospital)));
    locate(far, Value::Null).expect(200);
    assert!(ways().iter().any(|(_, way)| way.is_null()));
    let wrong = locate(far, json!({"latitude": 91, "longitude": 200})).expect(422);
    let fields: Vec<&Value> = wrong["errors"].as_array().unwrap().iter().map(|own| &own["field"]).collect();
    assert_eq!(fields, ["latitude", "longitude"]);
    locate(hospital, json!({"latitude": 31.9})).expect(400);
    assert_eq!(
        app.client(Role::Bank)
            .post(&format!("/api/v1/facilities/{far}/location"), &json!({"location": null}))
            .problem(403),
        "forbidden"
    );
}
