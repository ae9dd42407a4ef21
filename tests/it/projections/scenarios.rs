//! Scenarios: kept, run again, side by side with what is expected, under the same luck.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{activities, drives};
use shiryan_kernel::role::Role;

use super::{drive, two_a_day};
use crate::support::app::TestApp;
use crate::support::reserve::{day, flow, units, write};

const O_NEG: (&str, &str) = ("red_cells", "o_neg");

both!(
    demand_and_casualties_weigh_on_their_days,
    drives_that_do_not_come_bring_nothing,
    a_bank_that_is_down_holds_its_units,
    a_closed_governorate_stands_alone,
    sides_help_each_other_until_the_roads_close,
    scenarios_are_kept_and_ended,
    wrong_scenarios_are_refused,
);

fn save(app: &TestApp, name: &str, events: Value) -> String {
    let form = json!({"name": name, "events": events});
    let kept = app.client(Role::Command).post("/api/v1/scenarios", &form).expect(201);
    kept["id"].as_str().unwrap().to_owned()
}

/// The columns of O− red cells in the centre over six days.
fn compare(app: &TestApp, ids: &[&str]) -> Vec<Value> {
    let path = format!(
        "/api/v1/scenarios/compare?scenarios={}&component=red_cells&group=o_neg&days=6&region=west_bank_centre",
        ids.join(",")
    );
    app.client(Role::Bank).get(&path).expect(200)["columns"].as_array().unwrap().clone()
}

fn on_hand(column: &Value, at: usize) -> f64 {
    column["areas"][0]["days"][at]["p50"].as_f64().unwrap()
}

fn shelf(app: &TestApp, count: u32) {
    two_a_day(app);
    let bank = app.places.bank;
    write(app, move |tx| units(tx, bank, O_NEG, "released", day(30), count));
}

fn demand_and_casualties_weigh_on_their_days(app: TestApp) {
    shelf(&app, 90);
    let (from, until) = (day(1).to_string(), day(2).to_string());
    let trebled = save(
        &app,
        "Trebled",
        json!([
            {"kind": "demand_times", "governorate": "PS-RBH", "factor": 3.0, "from": from, "until": until},
        ]),
    );
    let casualty = |component: &str, governorate: &str| {
        save(
            &app,
            "Many wounded",
            json!([
                {"kind": "mass_casualty", "governorate": governorate, "component": component, "on": from, "hours": 6,
                    "units": {"o_neg": 40, "a_pos": 90}},
            ]),
        )
    };
    let (here, plasma) = (casualty("red_cells", "PS-RBH"), casualty("plasma", "PS-RBH"));
    let elsewhere = casualty("red_cells", "PS-HBN");
    let found = compare(&app, &[&trebled, &here, &plasma, &elsewhere]);
    assert_eq!(found[0]["scenario"], Value::Null);
    assert_eq!(found[1]["scenario"]["name"], "Trebled");
    let lost = |column: usize| -> Vec<f64> {
        [0, 1, 2, 5].map(|at| on_hand(&found[0], at) - on_hand(&found[column], at)).into()
    };
    assert_eq!(lost(1), [0.0, 4.0, 8.0, 8.0], "two a day become six on two days");
    let here = lost(2);
    assert!(here[0] == 0.0 && here[1..].iter().all(|units| (units - 40.0).abs() < 3.0), "{here:?}");
    assert_eq!((lost(3), lost(4)), (vec![0.0; 4], vec![0.0; 4]), "another component, another region");
    assert_eq!(compare(&app, &[&trebled])[1], found[1], "run again it is the same");
}

fn drives_that_do_not_come_bring_nothing(app: TestApp) {
    shelf(&app, 20);
    write(&app, |tx| drive(tx, "open", &[("o_neg", "booked", 30)]));
    let (id, unit): (i64, i64) = app
        .house
        .db
        .read_now(|conn| {
            let own = drives::table.inner_join(activities::table);
            Ok(own.select((drives::id, activities::unit_id)).first(conn)?)
        })
        .unwrap();
    let (id, unit) = (shiryan_kernel::ids::DriveId(id), shiryan_kernel::ids::UnitId(unit));
    let deployed = |from: i64, until: i64| {
        let (from, until) = (day(from).to_string(), day(until).to_string());
        save(&app, "Away", json!([{"kind": "unit_deployed", "unit": unit, "from": from, "until": until}]))
    };
    let off = save(&app, "No drive", json!([{"kind": "drive_cancelled", "drive": id}]));
    let found = compare(&app, &[&off, &deployed(0, 3), &deployed(1, 3)]);
    let brings: Vec<f64> =
        found.iter().map(|column| column["areas"][0]["expected_of_drives"].as_f64().unwrap()).collect();
    assert_eq!(brings, [21.1, 0.0, 0.0, 21.1]);
    assert!(on_hand(&found[1], 3) < on_hand(&found[0], 3) - 15.0);
    assert_eq!(found[3]["areas"], found[0]["areas"], "the drive is of today");
}

fn a_bank_that_is_down_holds_its_units(app: TestApp) {
    shelf(&app, 40);
    let hospital = app.places.hospital;
    write(&app, move |tx| units(tx, hospital, O_NEG, "released", day(30), 7));
    let until = day(1).to_string();
    let down = save(
        &app,
        "Down",
        json!([
            {"kind": "bank_down", "facility": app.places.bank, "from": day(-3).to_string(), "until": until},
        ]),
    );
    let found = compare(&app, &[&down]);
    assert_eq!(found[1]["areas"][0]["units"], 47, "they lie there all the same");
    let both: Vec<(f64, f64)> = [0, 1, 2].map(|at| (on_hand(&found[0], at), on_hand(&found[1], at))).into();
    assert_eq!(both, [(45.0, 5.0), (43.0, 3.0), (41.0, 41.0)]);
}

fn a_closed_governorate_stands_alone(app: TestApp) {
    shelf(&app, 40);
    let closed = |from: i64, until: i64| {
        save(
            &app,
            "Closed",
            json!([{"kind": "governorate_closed", "governorate": "PS-RBH",
            "from": day(from).to_string(), "until": day(until).to_string()}]),
        )
    };
    let found = compare(&app, &[&closed(2, 4), &closed(6, 9)]);
    let areas = |column: &Value| -> Vec<(Value, Value)> {
        let areas = column["areas"].as_array().unwrap();
        areas.iter().map(|area| (area["area"].clone(), area["units"].clone())).collect()
    };
    let whole = vec![(json!("west_bank_centre"), json!(40))];
    assert_eq!(areas(&found[0]), whole);
    assert_eq!(areas(&found[1]), [(json!("west_bank_centre"), json!(0)), (json!("PS-RBH"), json!(40))]);
    assert_eq!(found[1]["areas"][0]["island"], json!(["PS-SLT", "PS-JRH"]));
    assert_eq!(areas(&found[2]), whole, "after the days that are asked for");
}

fn sides_help_each_other_until_the_roads_close(app: TestApp) {
    shelf(&app, 40);
    // Salfit asks for two a day and has nothing of its own.
    write(&app, |tx| {
        for ahead in 1..=200 {
            flow(tx, "PS-SLT", O_NEG, day(-ahead), 0, 2);
        }
    });
    let closed = json!([{"kind": "governorate_closed", "governorate": "PS-RBH",
        "from": day(3).to_string(), "until": day(4).to_string()}]);
    let found = compare(&app, &[&save(&app, "Closed for two days", closed)]);
    let [ours, other] = [1, 0].map(|side| found[1]["areas"][side].clone());
    assert_eq!((&ours["area"], &other["area"]), (&json!("PS-RBH"), &json!("west_bank_centre")));
    let of = |side: &Value, name: &str| -> Vec<f64> {
        let days = side["days"].as_array().unwrap().iter();
        days.map(|day| day[name].as_f64().unwrap()).collect()
    };
    let unmet = of(&other, "unmet_probability");
    assert!(unmet[..3].iter().all(|chance| *chance == 0.0), "served through open roads: {unmet:?}");
    assert!(unmet[3] > 0.99, "nothing lies there once they are closed: {unmet:?}");
    // One path in two: 40 less four a day while the roads are open, less two while they are closed.
    let left = of(&ours, "p50");
    let steps: Vec<f64> =
        [40.0].iter().chain(&left).zip(&left).map(|(before, after)| before - after).collect();
    assert_eq!(steps, [4.0, 4.0, 4.0, 2.0, 2.0, 4.0], "{left:?}");
}

fn scenarios_are_kept_and_ended(app: TestApp) {
    let events = json!([{"kind": "governorate_closed", "governorate": "PS-RBH",
        "from": day(0).to_string(), "until": day(4).to_string()}]);
    let (one, other) = (save(&app, "One", events.clone()), save(&app, "Other", events.clone()));
    let command = app.client(Role::Command);
    let kept = |limit: &str| command.get(&format!("/api/v1/scenarios{limit}")).expect(200);
    let all = kept("");
    assert_eq!((&all["items"][0]["name"], &all["items"][0]["events"]), (&json!("One"), &events));
    let first = kept("?limit=1");
    let rest = kept(&format!("?limit=1&cursor={}", first["next"].as_str().unwrap()));
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!(other), &Value::Null));
    command.post(&format!("/api/v1/scenarios/{one}/end"), &json!({})).expect(200);
    assert_eq!(command.post(&format!("/api/v1/scenarios/{one}/end"), &json!({})).problem(404), "not_found");
    assert_eq!(kept("")["items"].as_array().unwrap().len(), 1);
    let path = format!("/api/v1/scenarios/compare?scenarios={one}&component=plasma&group=o_neg");
    assert_eq!(command.get(&path).problem(404), "not_found");
    let stored = crate::support::rows::whole(&app, "scenarios");
    assert!(!stored.contains("Other") && !stored.contains("PS-RBH"), "both are sealed");
}

fn wrong_scenarios_are_refused(app: TestApp) {
    let command = app.client(Role::Command);
    let refused = |events: Value| {
        let reply = command.post("/api/v1/scenarios", &json!({"name": "Wrong", "events": events}));
        let told = reply.json();
        (reply.status, told["errors"][0]["field"].clone(), told["errors"][0]["code"].clone())
    };
    let (from, until) = (day(1).to_string(), day(0).to_string());
    let gone = shiryan_kernel::ids::DriveId(77);
    for (events, field, code) in [
        (json!([]), "events", "out_of_range"),
        (json!([{"kind": "drive_cancelled", "drive": gone}]), "events[0].drive", "unknown_reference"),
        (
            json!([{"kind": "bank_down", "facility": app.places.hospital, "from": from, "until": from}]),
            "events[0].facility",
            "unknown_reference",
        ),
        (
            json!([{"kind": "governorate_closed", "governorate": "PS-RBH", "from": from, "until": until}]),
            "events[0].until",
            "out_of_range",
        ),
    ] {
        assert_eq!(refused(events), (422, json!(field), json!(code)));
    }
    let kept = command.get("/api/v1/scenarios").expect(200);
    assert_eq!(kept["items"], json!([]), "nothing was changed");
    let id = save(
        &app,
        "Right",
        json!([{"kind": "governorate_closed", "governorate": "PS-RBH",
        "from": from, "until": from}]),
    );
    let ask = |ids: &str| {
        let path = format!("/api/v1/scenarios/compare?scenarios={ids}&component=red_cells&group=o_neg");
        app.client(Role::Physician).get(&path).problem(422)
    };
    assert_eq!(
        (ask("x"), ask(&[id.as_str(); 6].join(","))),
        ("invalid_value".into(), "invalid_value".into())
    );
}
