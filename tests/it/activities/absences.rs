//! Units that are not there: no drive lands on such a day, and whoever is deployed is not booked.

use serde_json::{Value, json};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::role::Role;

use super::{ACTIVITIES, form, with};
use crate::support::app::{Client, TestApp};

both!(
    a_drive_is_not_planned_while_its_unit_is_away,
    an_absence_tells_what_is_planned_in_its_days,
    whoever_is_deployed_is_not_booked,
    absences_stay_inside_the_scope,
    an_absence_that_makes_no_sense_is_refused,
);

fn away(client: &Client, unit: UnitId, kind: &str, from: &str, until: &str) -> Value {
    let form = json!({"kind": kind, "from": from, "until": until});
    client.post(&format!("/api/v1/units/{unit}/absences"), &form).expect(201)
}

fn drive(unit: UnitId, date: &str) -> Value {
    json!({
        "place": "قاعة", "governorate": "PS-RBH", "date": date, "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": unit,
    })
}

fn a_drive_is_not_planned_while_its_unit_is_away(app: TestApp) {
    let (command, medic, bank) = (app.client(Role::Command), app.client(Role::Medic), app.client(Role::Bank));
    for kind in ["deployed", "alert", "leave"] {
        let absence = away(&command, app.places.battalion, kind, "2026-12-02", "2026-12-04");
        for day in ["2026-12-02", "2026-12-04"] {
            for unit in [app.places.battalion, app.places.company] {
                for client in [&medic, &bank] {
                    let refused = client.post("/api/v1/drives", &drive(unit, day)).expect(409);
                    assert_eq!(refused["code"], "unit_absent", "{kind} {day}");
                    assert_eq!(refused["errors"][0]["field"], "date");
                    assert!(!refused.to_string().contains(kind), "why is not told");
                }
            }
        }
        for day in ["2026-12-01", "2026-12-05"] {
            medic.post("/api/v1/drives", &drive(app.places.company, day)).expect(201);
        }
        bank.post("/api/v1/drives", &drive(app.places.other_unit, "2026-12-03")).expect(201);
        let id = absence["id"].as_str().unwrap();
        let withdraw = format!("/api/v1/absences/{id}/withdraw");
        assert_eq!(medic.post(&withdraw, &json!({})).expect(200)["id"], id, "a medic of the unit may");
        assert_eq!(command.post(&withdraw, &json!({})).problem(409), "state_conflict");
        medic.post("/api/v1/drives", &drive(app.places.company, "2026-12-03")).expect(201);
    }
}

fn an_absence_tells_what_is_planned_in_its_days(app: TestApp) {
    let (command, medic) = (app.client(Role::Command), app.client(Role::Medic));
    let made = medic.post("/api/v1/drives", &drive(app.places.company, "2026-12-01")).expect(201);
    let picking = command.post(ACTIVITIES, &form(app.places.other_unit)).expect(201);
    let id = picking["id"].as_str().unwrap();
    command.patch(&format!("{ACTIVITIES}/{id}"), 1, &json!({"units": [app.places.company]})).expect(200);
    let off = command.post(ACTIVITIES, &form(app.places.company)).expect(201);
    command.post(&format!("{ACTIVITIES}/{}/cancel", off["id"].as_str().unwrap()), &json!({})).expect(200);
    let later = with(
        form(app.places.company),
        json!({
            "starts_at": "2026-12-02T00:00:00+02:00", "ends_at": "2026-12-02T08:00:00+02:00",
        }),
    );
    command.post(ACTIVITIES, &later).expect(201);
    let absence = away(&command, app.places.battalion, "alert", "2026-11-27", "2026-12-01");
    assert_eq!(absence["clashes"], json!([picking["id"], made["id"]]));
    let beyond = away(&command, app.places.battalion, "alert", "2026-11-28", "2026-11-30");
    assert_eq!(beyond["clashes"], json!([]));
}

fn whoever_is_deployed_is_not_booked(app: TestApp) {
    let (command, bank) = (app.client(Role::Command), app.client(Role::Bank));
    // The drive is another unit's; the donor is of the company.
    let made = bank.post("/api/v1/drives", &drive(app.places.other_unit, "2026-12-01")).expect(201);
    let path = format!("/api/v1/drives/{}/appointments", made["id"].as_str().unwrap());
    let donor = crate::drives::willing(&app);
    let absence = away(&command, app.places.battalion, "deployed", "2026-12-01", "2026-12-01");
    assert_eq!(bank.post(&path, &json!({"donor": donor})).problem(409), "unit_absent");
    let id = absence["id"].as_str().unwrap();
    command.post(&format!("/api/v1/absences/{id}/withdraw"), &json!({})).expect(200);
    away(&command, app.places.company, "leave", "2026-12-01", "2026-12-01");
    away(&command, app.places.company, "deployed", "2026-12-02", "2026-12-09");
    bank.post(&path, &json!({"donor": donor})).expect(201);
}

fn absences_stay_inside_the_scope(app: TestApp) {
    let (command, medic) = (app.client(Role::Command), app.client(Role::Medic));
    let other = format!("/api/v1/units/{}/absences", app.places.other_unit);
    let form = json!({"kind": "leave", "from": "2026-12-01", "until": "2026-12-01"});
    let known = medic.post(&other, &form);
    let unknown = medic.post(&format!("/api/v1/units/{}/absences", UnitId(9)), &form);
    assert_eq!((known.problem(404), unknown.problem(404)), ("not_found".into(), "not_found".into()));
    assert_eq!(medic.get(&other).problem(404), "not_found");
    let absence = away(&command, app.places.other_unit, "leave", "2026-12-01", "2026-12-03");
    let path = format!("/api/v1/absences/{}/withdraw", absence["id"].as_str().unwrap());
    assert_eq!(medic.post(&path, &json!({})).problem(404), "not_found");
    away(&command, app.places.battalion, "deployed", "2026-12-01", "2026-12-03");
    let own = format!("/api/v1/units/{}/absences", app.places.company);
    let listed = |query: &str| medic.get(&format!("{own}?{query}")).expect(200)["items"].clone();
    assert_eq!(
        listed("")[0]["unit"],
        json!(app.places.battalion),
        "what holds for the battalion holds below"
    );
    assert_eq!(listed("from=2026-12-03")[0]["kind"], "deployed");
    assert_eq!(listed("from=2026-12-04"), json!([]));
    assert_eq!(listed("to=2026-11-30"), json!([]));
    let battalion = format!("/api/v1/units/{}/absences", app.places.battalion);
    away(&command, app.places.company, "leave", "2026-12-10", "2026-12-10");
    assert_eq!(medic.get(&battalion).expect(200)["items"].as_array().unwrap().len(), 1, "not upward");
}

fn an_absence_that_makes_no_sense_is_refused(app: TestApp) {
    let command = app.client(Role::Command);
    let path = format!("/api/v1/units/{}/absences", app.places.company);
    for (from, until, field) in [
        ("2026-12-02", "2026-12-01", "until"),
        ("1999-12-31", "2026-12-01", "from"),
        ("2026-12-01", "2028-01-05", "until"),
    ] {
        let form = json!({"kind": "leave", "from": from, "until": until});
        assert_eq!(command.post(&path, &form).expect(422)["errors"][0]["field"], field, "{from} {until}");
    }
    let longest = json!({"kind": "leave", "from": "2026-12-01", "until": "2028-01-04"});
    command.post(&path, &longest).expect(201);
    let form = json!({"kind": "holiday", "from": "2026-12-01", "until": "2026-12-01"});
    assert_eq!(command.post(&path, &form).problem(422), "invalid_value");
}
