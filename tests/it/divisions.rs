//! Units that become others: mass is conserved, and the parts are born in quarantine.

use serde_json::{Value, json};
use shiryan::stock;
use shiryan_kernel::blood::{BloodGroup, Component};
use shiryan_kernel::din::Din;
use shiryan_kernel::ids::BloodUnitId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::driveday;
use super::support::app::{Reply, TestApp};
use super::support::requests::{another_bank, status};
use super::support::shelf::{Bag, Person, din, donation, tested};

both!(
    whole_blood_becomes_its_components,
    a_bag_keeps_by_what_it_is_filled_with,
    red_cells_are_split_for_the_small,
    mass_is_conserved,
    what_cannot_be_divided,
    a_late_box_gives_red_cells_alone,
);

fn divide(app: &TestApp, unit: BloodUnitId, parts: &Value, rest_ml: i32) -> Reply {
    let form = json!({"parts": parts, "rest_ml": rest_ml});
    app.client(Role::Bank).post(&format!("/api/v1/stock/units/{unit}/divide"), &form)
}

/// 300 mL in quarantine.
fn raw(app: &TestApp, number: u32, component: Component) -> BloodUnitId {
    Bag { component, ..Bag::new(app, number).quarantined(None) }.put(app)
}

fn volume_of(app: &TestApp, number: u32, status: UnitStatus) -> i32 {
    let listed = app.client(Role::Bank).get(&format!("/api/v1/stock/units?status={status}")).expect(200);
    let din = din(number).to_string();
    let own = listed["items"].as_array().unwrap().iter().filter(|unit| unit["din"] == json!(din));
    let volumes = own.map(|unit| i32::try_from(unit["volume_ml"].as_i64().unwrap()).unwrap());
    volumes.sum()
}

fn whole_blood_becomes_its_components(app: TestApp) {
    let given = donation(&app, Person::of(BloodGroup::APos), 1);
    let bag = Bag { donation: Some(given), component: Component::WholeBlood, ..Bag::new(&app, 1) };
    let unit = bag.quarantined(Some(BloodGroup::APos)).put(&app);
    let parts =
        json!([{"component": "red_cells", "volume_ml": 180}, {"component": "plasma", "volume_ml": 110}]);
    let done = divide(&app, unit, &parts, 10).expect(201);
    assert_eq!((&done["status"], status(&app, unit)), (&json!("divided"), UnitStatus::Divided));
    assert_eq!(volume_of(&app, 1, UnitStatus::Quarantine), 290);
    let made: Vec<BloodUnitId> = done["parts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|part| serde_json::from_value(part["id"].clone()).unwrap())
        .collect();
    tested(&app, 1);
    let now = app.house.db.now();
    for (id, days) in made.iter().zip([34..=35, 364..=365]) {
        let part = app.house.db.read_now(|conn| stock::unit(conn, *id)).unwrap();
        assert_eq!((part.donation, part.blood_group), (Some(given), Some(BloodGroup::APos)));
        assert!(days.contains(&(part.expires_at() - now).num_days()), "{}", part.expires_at());
        // Each is released for itself.
        let path = format!("/api/v1/stock/units/{id}/release");
        app.client(Role::Bank).post(&path, &json!({"blood_group": "a_pos"})).expect(200);
    }
    let trace = app.client(Role::Bank).get(&format!("/api/v1/stock/units/{unit}")).expect(200);
    assert_eq!(trace["movements"][0]["reason"], "divided");
    assert_eq!(divide(&app, unit, &parts, 10).problem(409), "state_conflict");
}

fn a_bag_keeps_by_what_it_is_filled_with(app: TestApp) {
    let bank = app.client(Role::Bank);
    let day = |days: i64| app.house.today() + chrono::Duration::days(days);
    let last =
        |unit: &Value| app.house.zone.date(serde_json::from_value(unit["expires_at"].clone()).unwrap());
    for (n, (additive, whole, cells)) in (1..).zip([
        (Some("cpd"), 21, 21),
        (Some("cpda_1"), 35, 35),
        (Some("as_sagm"), 21, 42),
        (None, 35, 35),
    ]) {
        let donor = driveday::donor(&app);
        let form = json!({"donor": donor, "donation_type": "whole_blood", "din": din(n), "volume_ml": 450,
            "collected_at": app.house.db.now(), "additive": additive});
        let unit = bank.post("/api/v1/donations", &form).expect(201)["units"][0].clone();
        assert_eq!(last(&unit), day(whole), "{additive:?}");
        let id: BloodUnitId = serde_json::from_value(unit["id"].clone()).unwrap();
        let kept = bank.get(&format!("/api/v1/stock/units/{id}")).expect(200);
        assert_eq!(kept["additive"], additive.unwrap_or("cpda_1"));
        let parts =
            json!([{"component": "red_cells", "volume_ml": 250}, {"component": "plasma", "volume_ml": 200}]);
        let made = divide(&app, id, &parts, 0).expect(201)["parts"].clone();
        assert_eq!((last(&made[0]), last(&made[1])), (day(cells), day(365)), "{additive:?}");
        let plasma =
            bank.get(&format!("/api/v1/stock/units/{}", made[1]["id"].as_str().unwrap())).expect(200);
        assert_eq!(plasma["additive"], Value::Null);
    }
    // Another service's label is held to what it says.
    let label = |n: u32, component: &str, additive: Option<&str>, days: i64| {
        let number = Din::compose("Z9991", 26, n).unwrap();
        let form = json!({"din": number, "component": component, "blood_group": "a_pos", "volume_ml": 280,
            "collected_on": day(0), "expires_on": day(days), "additive": additive});
        bank.post("/api/v1/stock/units", &form)
    };
    for (n, (component, additive, longest)) in (1..).zip([
        ("whole_blood", Some("cpd"), 21),
        ("whole_blood", Some("as_sagm"), 21),
        ("whole_blood", None, 35),
        ("red_cells", Some("cpd"), 21),
        ("red_cells", Some("cpda_1"), 35),
        ("red_cells", Some("as_sagm"), 42),
    ]) {
        let refused = label(n, component, additive, longest + 1).expect(422);
        assert_eq!(refused["errors"][0]["field"], "expires_on", "{component} {additive:?}");
        label(n, component, additive, longest).expect(201);
    }
    let refused = label(9, "plasma", Some("cpd"), 5).expect(422);
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!("additive"), &json!("invalid_value"))
    );
    label(9, "red_cells", Some("water"), 5).expect(422);
    // Of whole blood that says nothing, red cells keep as in the shortest.
    let silent = Bag { component: Component::WholeBlood, additive: None, ..Bag::new(&app, 90) };
    let whole = silent.quarantined(None).put(&app);
    let parts = json!([{"component": "red_cells", "volume_ml": 200}]);
    assert_eq!(last(&divide(&app, whole, &parts, 100).expect(201)["parts"][0]), day(21));
}

fn red_cells_are_split_for_the_small(app: TestApp) {
    let unit = raw(&app, 1, Component::RedCells);
    let whole = app.house.db.read_now(|conn| stock::unit(conn, unit)).unwrap();
    let part = |division: i32| json!({"component": "red_cells", "division": division, "volume_ml": 75});
    let done = divide(&app, unit, &json!([part(1), part(2), part(3), part(4)]), 0).expect(201);
    assert_eq!(done["parts"].as_array().unwrap().len(), 4);
    assert!(
        done["parts"].as_array().unwrap().iter().all(|part| part["expires_at"] == json!(whole.expires_at()))
    );
    assert_eq!(volume_of(&app, 1, UnitStatus::Quarantine), 300);
}

fn mass_is_conserved(app: TestApp) {
    let unit = raw(&app, 1, Component::RedCells);
    let parts = json!([{"component": "red_cells", "division": 1, "volume_ml": 150},
        {"component": "red_cells", "division": 2, "volume_ml": 140}]);
    for rest in [0, 9, 11, -10] {
        let refused = divide(&app, unit, &parts, rest).json();
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!("rest_ml"), &json!("out_of_range"))
        );
    }
    assert_eq!(status(&app, unit), UnitStatus::Quarantine);
    divide(&app, unit, &parts, 10).expect(201);
}

fn what_cannot_be_divided(app: TestApp) {
    let unit = raw(&app, 1, Component::RedCells);
    let parts = |first: Value, second: Value| json!([first, second]);
    let cells = |division: i32, volume: i32| json!({"component": "red_cells", "division": division, "volume_ml": volume});
    let plasma = json!({"component": "plasma", "volume_ml": 150});
    for (wrong, field, code) in [
        (parts(cells(1, 150), plasma), "parts[1].component", "invalid_value"),
        (parts(cells(1, 150), cells(1, 150)), "parts[0].division", "invalid_value"),
        (parts(cells(1, 150), cells(10, 150)), "parts[1].division", "out_of_range"),
        (parts(cells(1, 300), cells(2, 0)), "parts[1].volume_ml", "out_of_range"),
        (json!([cells(1, 300)]), "parts", "out_of_range"),
        (json!([]), "parts", "out_of_range"),
    ] {
        let refused = divide(&app, unit, &wrong, 0).json();
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!(field), &json!(code)),
            "{wrong}"
        );
    }
    // The parent's own label is taken.
    let halves = parts(cells(0, 150), cells(1, 150));
    assert_eq!(divide(&app, unit, &halves, 0).problem(409), "din_used");
    assert_eq!(status(&app, unit), UnitStatus::Quarantine, "nothing of it happened");
    let released = Bag::new(&app, 2).put(&app);
    let halves = parts(cells(1, 150), cells(2, 150));
    assert_eq!(divide(&app, released, &halves, 0).problem(409), "state_conflict");
    let there = another_bank(&app, Governorate::RamallahAlBireh, "BB-5");
    let path = format!("/api/v1/stock/units/{unit}/divide");
    assert_eq!(there.post(&path, &json!({"parts": halves})).problem(404), "not_found");
    app.clock.advance(chrono::Duration::days(11));
    assert_eq!(divide(&app, unit, &halves, 0).problem(409), "unit_expired");
}

fn a_late_box_gives_red_cells_alone(app: TestApp) {
    let given = [1, 2].map(|number| donation(&app, Person::of(BloodGroup::APos), number));
    let units: Vec<BloodUnitId> = (1..)
        .zip(given)
        .map(|(number, given)| {
            let bag =
                Bag { donation: Some(given), component: Component::WholeBlood, ..Bag::new(&app, number) };
            bag.quarantined(None).put(&app)
        })
        .collect();
    let both =
        json!([{"component": "red_cells", "volume_ml": 180}, {"component": "platelets", "volume_ml": 120}]);
    app.clock.advance(chrono::Duration::minutes(24 * 60 - 1));
    divide(&app, units[0], &both, 0).expect(201);
    app.clock.advance(chrono::Duration::minutes(2));
    let refused = divide(&app, units[1], &both, 0).json();
    assert_eq!(refused["errors"][0]["field"], "parts[1].component");
    let alone = json!([{"component": "red_cells", "volume_ml": 180}]);
    divide(&app, units[1], &alone, 120).expect(201);
}
