//! The own shelf of a hospital and of a blood bank: what may be used, how long it lasts, what to ask for, and its count.

use chrono::Duration;
use serde_json::{Value, json};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::UnitStatus;

use super::pages::{check, led, signed_in};
use super::support::app::TestApp;
use super::support::shelf::{Bag, put_all};
use super::tour::speak;

both!(
    a_hospital_sees_what_came_in_and_what_to_ask_for,
    a_blood_bank_sees_what_is_released,
    a_par_is_set_changed_and_taken_back,
    a_shelf_is_confirmed_by_the_right_number_alone,
    the_page_sets_pars_leads_to_a_request_and_confirms,
    a_hospital_finds_what_fits_and_asks_for_it,
);

const SHELF: &str = "/api/v1/stock/shelf";

/// Three bags that were issued to the hospital, one of which expires soon, and others that do not count.
fn world(app: &TestApp) {
    let (now, hospital) = (app.house.db.now(), app.places.hospital);
    let here = |n| Bag { facility: hospital, status: UnitStatus::Issued, ..Bag::new(app, n) };
    put_all(
        app,
        vec![
            here(1),
            here(2),
            Bag { expires_at: now + Duration::days(2), ..here(3) },
            Bag { expires_at: now - Duration::minutes(1), ..here(4) },
            Bag { status: UnitStatus::Transfused, ..here(5) },
            Bag { status: UnitStatus::Transfused, ..here(6) },
            Bag { status: UnitStatus::Blocked, ..here(7) },
            // The blood bank's own, and one on its way from it.
            Bag::new(app, 8),
            Bag { status: UnitStatus::Issued, ..Bag::new(app, 9) },
        ],
    );
}

fn set(app: &TestApp, role: Role, units: Value) -> Value {
    let form = json!({"component": "red_cells", "blood_group": "o_neg", "units": units});
    app.client(role).post("/api/v1/stock/pars", &form).expect(200)
}

fn a_hospital_sees_what_came_in_and_what_to_ask_for(app: TestApp) {
    world(&app);
    set(&app, Role::Hospital, json!(5));
    let shelf = app.client(Role::Hospital).get(SHELF).expect(200);
    assert_eq!(shelf["facility"], json!(app.places.hospital));
    assert_eq!(shelf["counted_at"], Value::Null);
    // Two were used in eight weeks: three last 84 days. Of three one expires soon: five less two.
    assert_eq!(
        shelf["cells"],
        json!([{"component": "red_cells", "blood_group": "o_neg", "usable": 3, "expiring": 1, "days": 84.0,
            "par": 5, "order": 3}])
    );
    assert_eq!(shelf["quarantine"], json!({}));
}

fn a_blood_bank_sees_what_is_released(app: TestApp) {
    world(&app);
    put_all(&app, vec![Bag::new(&app, 20).quarantined(None)]);
    let shelf = app.client(Role::Bank).get(SHELF).expect(200);
    assert_eq!(
        shelf["cells"],
        json!([{"component": "red_cells", "blood_group": "o_neg", "usable": 1, "expiring": 0, "days": null,
            "par": null, "order": 0}])
    );
    assert_eq!(shelf["quarantine"], json!({"red_cells": 1}));
}

fn a_par_is_set_changed_and_taken_back(app: TestApp) {
    let par = |role: Role| app.client(role).get(SHELF).expect(200)["cells"].clone();
    assert_eq!(
        set(&app, Role::Hospital, json!(4)),
        json!({"component": "red_cells", "blood_group": "o_neg", "units": 4})
    );
    set(&app, Role::Hospital, json!(7));
    assert_eq!((&par(Role::Hospital)[0]["par"], &par(Role::Hospital)[0]["order"]), (&json!(7), &json!(7)));
    assert_eq!(par(Role::Bank), json!([]), "another shelf has its own");
    set(&app, Role::Hospital, Value::Null);
    assert_eq!(par(Role::Hospital), json!([]));
    for bad in [json!(0), json!(-1), json!(10_001)] {
        let form = json!({"component": "red_cells", "blood_group": "o_neg", "units": bad});
        let problem = app.client(Role::Hospital).post("/api/v1/stock/pars", &form).expect(422);
        let fault = &problem["errors"][0];
        assert_eq!((&fault["field"], &fault["code"]), (&json!("units"), &json!("out_of_range")));
    }
    let absent = json!({"component": "red_cells", "blood_group": "o_neg"});
    assert_eq!(app.client(Role::Hospital).post("/api/v1/stock/pars", &absent).problem(400), "missing_field");
}

fn a_shelf_is_confirmed_by_the_right_number_alone(app: TestApp) {
    world(&app);
    let confirm =
        |units: i32| app.client(Role::Hospital).post("/api/v1/stock/confirmations", &json!({"units": units}));
    for wrong in [0, 2, 4, -1] {
        let said = confirm(wrong).expect(409);
        assert_eq!((&said["code"], &said["units"]), (&json!("count_differs"), &json!("3")));
    }
    let counted = |role: Role| app.client(role).get(SHELF).expect(200)["counted_at"].clone();
    assert_eq!(counted(Role::Hospital), Value::Null);
    assert_eq!(confirm(3).expect(201)["scanned"], json!(3));
    assert!(counted(Role::Hospital).is_string());
    assert_eq!(counted(Role::Bank), Value::Null);
    assert_eq!(
        app.client(Role::Bank).post("/api/v1/stock/confirmations", &json!({"units": 1})).problem(403),
        "forbidden"
    );
}

fn a_hospital_finds_what_fits_and_asks_for_it(app: TestApp) {
    world(&app);
    let mut hospital = signed_in(&app, Role::Hospital);
    for language in ["ar", "en"] {
        speak(&mut hospital, language);
        check(&hospital.get("/find"), language);
        for group in ["o_neg", "ab_pos"] {
            let path = format!(
                "/find?recipient_group={group}&group_evidence=confirmed&component=red_cells&governorate=&within_hours=24"
            );
            check(&hospital.get(&path), language);
        }
    }
    let of = |hospital: &mut super::pages::Browser, query: &str| {
        hospital.get(&format!("/find?{query}")).text.replace("&#38;", "&")
    };
    let fits = of(
        &mut hospital,
        "recipient_group=a_pos&group_evidence=confirmed&component=red_cells&governorate=&within_hours=24",
    );
    assert!(fits.contains("One unit fits") && fits.contains("compatible"), "{fits}");
    let link = "/requests/new?component=red_cells&blood_group=a_pos&group_evidence=confirmed&units=1&urgency=urgent\"";
    assert!(fits.contains(link), "{fits}");
    let three = of(
        &mut hospital,
        "recipient_group=a_pos&group_evidence=confirmed&sex=male&component=red_cells&units=3&urgency=emergency&irradiated=on",
    );
    assert!(three.contains("No released unit"), "no bag is irradiated: {three}");
    let link = three.split("/requests/new?").nth(1).unwrap().split('"').next().unwrap();
    assert!(link.ends_with("&urgency=emergency&needs=irradiated"), "{link}");
    let form = hospital.get(&format!("/requests/new?{link}")).text;
    assert!(
        form.contains("name=\"irradiated\" checked") && !form.contains("name=\"small\" checked"),
        "{form}"
    );
    assert_eq!(hospital.get("/requests/new?needs=irradiated,blue").status, 422);
    let three = of(
        &mut hospital,
        "recipient_group=a_pos&group_evidence=confirmed&sex=male&component=red_cells&units=3&urgency=emergency",
    );
    assert!(three.contains("2 fewer than asked for"), "{three}");
    let link = "/requests/new?component=red_cells&blood_group=a_pos&group_evidence=confirmed&sex=male&units=3&urgency=emergency";
    let form = hospital.get(link).text;
    for chosen in ["confirmed", "male", "emergency", "a_pos"] {
        assert!(form.contains(&format!("value=\"{chosen}\" selected")), "{chosen}: {form}");
    }
    assert!(three.contains(&format!("{link}\"")) && form.contains("value=\"3\""), "{three}");
    // A group that was only declared is no group.
    let declared = of(&mut hospital, "recipient_group=a_pos&component=red_cells");
    assert!(declared.contains("Take the samples first"), "{declared}");
    assert!(!declared.contains("identical</small>"), "{declared}");
    for wrong in
        ["units=41", "units=0", "urgency=soon", "group_evidence=heard&recipient_group=a_pos", "sex=x"]
    {
        assert_eq!(hospital.get(&format!("/find?component=red_cells&{wrong}")).status, 422, "{wrong}");
    }
    assert!(fits.contains("Crossmatch before issue"), "{fits}");
    // Plasma is reversed, and nothing of it lies anywhere.
    let none = of(
        &mut hospital,
        "recipient_group=o_neg&group_evidence=confirmed&component=plasma&governorate=&within_hours=24",
    );
    assert!(none.contains("No released unit") && none.contains("What stands nearest"), "{none}");
    assert!(none.contains("order is reversed"), "{none}");
    // Beyond the bag's last day, and what red cells cannot be.
    let late = of(
        &mut hospital,
        "recipient_group=o_neg&group_evidence=confirmed&component=red_cells&governorate=&within_hours=73",
    );
    assert!(late.contains("id=\"said\""), "{late}");
    let mut command = signed_in(&app, Role::Command);
    let nowhere = command
        .get("/find?recipient_group=o_neg&group_evidence=confirmed&component=red_cells&within_hours=24");
    assert_eq!(nowhere.status, 400, "whoever has no place says which");
    assert_eq!(command.get("/find?recipient_group=x").status, 422);
    assert_eq!(signed_in(&app, Role::Admin).get("/find").status, 403);
}

fn the_page_sets_pars_leads_to_a_request_and_confirms(app: TestApp) {
    world(&app);
    let mut hospital = signed_in(&app, Role::Hospital);
    for language in ["ar", "en"] {
        speak(&mut hospital, language);
        check(&hospital.get("/"), language);
        check(&hospital.get("/shelves"), language);
    }
    let par = [("component", "red_cells"), ("blood_group", "o_neg"), ("par", "8")];
    led(&hospital.submit("/shelves/par", &par));
    let page = hospital.get("/shelves").text;
    let ask =
        "/requests/new?component=red_cells&#38;blood_group=o_neg&#38;group_evidence=confirmed&#38;units=6";
    assert!(page.contains(ask), "{page}");
    let form = hospital
        .get("/requests/new?component=red_cells&blood_group=o_neg&group_evidence=confirmed&units=6")
        .text;
    assert!(form.contains("value=\"6\"") && form.contains("<option value=\"o_neg\" selected>"), "{form}");
    let wrong = hospital.submit("/shelves/confirm", &[("counted", "2")]);
    assert_eq!(wrong.status, 409);
    assert!(wrong.text.contains("another number of units"), "{}", wrong.text);
    let bad = hospital
        .submit("/shelves/par", &[("component", "red_cells"), ("blood_group", "o_neg"), ("par", "x")]);
    assert_eq!(bad.status, 422);
    assert!(page.contains("never counted"));
    led(&hospital.submit("/shelves/confirm", &[("counted", "3")]));
    assert!(hospital.get("/shelves").text.contains("last counted"));
    let csv = hospital.get("/shelves?format=csv").text;
    assert!(csv.contains("84.0") && csv.contains("To ask for"), "{csv}");
    let mut bank = signed_in(&app, Role::Bank);
    for language in ["ar", "en"] {
        speak(&mut bank, language);
        check(&bank.get("/shelves"), language);
    }
    assert_eq!(bank.submit("/shelves/confirm", &[("counted", "1")]).status, 403);
}
