//! Drives of one shape on many days.

use serde_json::{Value, json};
use shiryan_kernel::role::Role;

use super::{DRIVES, form, slots_of};
use crate::support::app::{TestApp, new_key};

both!(
    a_series_makes_a_drive_on_each_of_its_days,
    days_on_which_the_unit_is_away_are_left_out,
    a_series_that_makes_no_sense_makes_none,
);

const SERIES: &str = "/api/v1/drives/series";

fn series(app: &TestApp, fields: Value) -> Value {
    let mut each = form(app.places.company);
    each.as_object_mut().unwrap().remove("date");
    let mut days = json!({"first": "2026-12-01", "last": "2026-12-14", "weekdays": ["tuesday", "sunday"]});
    for (field, value) in fields.as_object().unwrap() {
        let part =
            if ["first", "last", "weekdays"].contains(&field.as_str()) { &mut days } else { &mut each };
        part[field] = value.clone();
    }
    json!({"days": days, "drive": each})
}

fn dates(made: &Value) -> Vec<&str> {
    made["drives"].as_array().unwrap().iter().map(|drive| drive["date"].as_str().unwrap()).collect()
}

fn count(app: &TestApp) -> usize {
    app.client(Role::Bank).get(DRIVES).expect(200)["items"].as_array().unwrap().len()
}

fn a_series_makes_a_drive_on_each_of_its_days(app: TestApp) {
    let medic = app.client(Role::Medic);
    let (key, form) = (new_key(), series(&app, json!({"breaks": [{"from": "10:10", "to": "10:20"}]})));
    let made = medic.post_as(&key, SERIES, &form).expect(201);
    assert_eq!(medic.post_as(&key, SERIES, &form).expect(201), made);
    assert_eq!(dates(&made), ["2026-12-01", "2026-12-06", "2026-12-08", "2026-12-13"]);
    assert_eq!((&made["skipped"], count(&app)), (&json!([]), 4));
    for drive in made["drives"].as_array().unwrap() {
        let id = drive["id"].as_str().unwrap().parse().unwrap();
        let starts: Vec<String> = slots_of(&medic, id)
            .iter()
            .map(|slot| slot["starts_at"].as_str().unwrap()[11..16].to_owned())
            .collect();
        assert_eq!(starts, ["07:00", "07:30", "08:30", "09:00"], "the break takes 10:00 to 10:30");
        assert_eq!(drive["slots"], 4);
    }
}

fn days_on_which_the_unit_is_away_are_left_out(app: TestApp) {
    let away = json!({"kind": "deployed", "from": "2026-12-07", "until": "2026-12-08"});
    let absences = format!("/api/v1/units/{}/absences", app.places.battalion);
    app.client(Role::Command).post(&absences, &away).expect(201);
    let made = app.client(Role::Bank).post(SERIES, &series(&app, json!({}))).expect(201);
    assert_eq!(dates(&made), ["2026-12-01", "2026-12-06", "2026-12-13"]);
    assert_eq!(made["skipped"], json!([{"date": "2026-12-08", "code": "unit_absent"}]));
    // 02:00 to 03:00 does not come on the day on which summer time begins.
    let night = json!({
        "first": "2027-03-20", "last": "2027-03-27", "weekdays": ["saturday"], "from": "02:00", "to": "03:00",
    });
    let made = app.client(Role::Bank).post(SERIES, &series(&app, night)).expect(201);
    assert_eq!(dates(&made), ["2027-03-20"]);
    assert_eq!(made["skipped"], json!([{"date": "2027-03-27", "code": "out_of_range"}]));
}

fn a_series_that_makes_no_sense_makes_none(app: TestApp) {
    let all = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    for (fields, field) in [
        (json!({"last": "2026-11-30"}), "last"),
        (json!({"last": "2027-06-03"}), "last"),
        (json!({"last": "2027-01-01", "weekdays": all}), "last"),
        (json!({"first": "1999-12-01"}), "drive.date"),
        (json!({"weekdays": []}), "weekdays"),
        (json!({"last": "2026-12-02", "weekdays": ["friday"]}), "weekdays"),
        (json!({"unit": app.places.other_unit}), "unit"),
        (json!({"beds": 0}), "drive.beds"),
        (json!({"breaks": [{"from": "08:00", "to": "10:00"}]}), "drive.breaks[0]"),
        (json!({"breaks": [{"from": "x", "to": "10:00"}]}), "drive.breaks[0].from"),
        (json!({"facility": app.places.hospital}), "facility"),
        (json!({"date": "2026-12-01"}), "drive.date"),
    ] {
        let refused = app.client(Role::Medic).post(SERIES, &series(&app, fields.clone())).expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{fields}");
    }
    let most = series(&app, json!({"last": "2026-12-31", "weekdays": all}));
    let made = app.client(Role::Medic).post(SERIES, &most).expect(201);
    assert_eq!((dates(&made).len(), count(&app)), (31, 31), "nothing was made before");
}
