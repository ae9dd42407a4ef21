//! The week of those who plan drives, as a page: a grid of slots with what else their units do.

use serde_json::{Value, json};
use shiryan_kernel::ids::UnitId;
use shiryan_kernel::role::Role;

use super::drives::willing;
use super::pages::{check, signed_in, speak};
use super::support::app::{Client, TestApp};

both!(
    the_grid_says_how_full_each_slot_is,
    a_week_shows_what_else_the_units_do_and_nothing_of_others,
    a_week_of_many_slots_stays_light,
    a_week_is_for_those_who_plan_drives,
);

fn drive(client: &Client, unit: UnitId, date: &str, slot_minutes: i32) -> String {
    let form = json!({
        "title": "حملة الوادي", "place": "قاعة", "governorate": "PS-RBH", "date": date, "from": "09:00",
        "to": "11:30", "slot_minutes": slot_minutes, "beds": 90 / slot_minutes, "walk_ins": 1, "unit": unit,
    });
    client.post("/api/v1/drives", &form).expect(201)["id"].as_str().unwrap().to_owned()
}

fn activity(client: &Client, unit: UnitId, title: &str) {
    let form = json!({
        "branch": "farmers", "title": title, "governorate": "PS-RBH", "starts_at": "2026-11-30T08:00:00+02:00",
        "ends_at": "2026-12-01T14:00:00+02:00", "unit": unit, "facts": {"crop": "زيتون"},
    });
    client.post("/api/v1/activities", &form).expect(201);
}

fn the_grid_says_how_full_each_slot_is(app: TestApp) {
    let client = app.client(Role::Medic);
    let id = drive(&client, app.places.company, "2026-12-01", 30);
    let slots = client.get(&format!("/api/v1/drives/{id}/slots")).expect(200)["items"].clone();
    let book = |slot: &Value| {
        let form = json!({"donor": willing(&app), "slot": slot["id"]});
        client.post(&format!("/api/v1/drives/{id}/appointments"), &form).expect(201);
    };
    (0..2).for_each(|_| book(&slots[0]));
    book(&slots[1]);
    let mut medic = signed_in(&app, Role::Medic);
    for language in ["ar", "en"] {
        speak(&mut medic, language);
        let page = medic.get("/week?from=2026-11-29");
        check(&page, language);
        assert!(page.text.len() <= 40_000, "{} bytes", page.text.len());
        assert_eq!(page.text.matches("class=\"slot full\"").count(), 1, "{}", page.text);
        assert!(page.text.contains("dir=\"ltr\">2/2</bdi>") && page.text.contains("dir=\"ltr\">1/2</bdi>"));
        assert_eq!(page.text.matches("dir=\"ltr\">0/2</bdi>").count(), 3);
        assert_eq!(
            page.text.matches(&format!("href=\"/drives/{id}\"")).count(),
            6,
            "its head and its five slots"
        );
        assert!(page.text.contains("حملة الوادي"));
    }
    assert!(
        medic.get("/week?from=2026-11-29").text.contains("one place a slot for those who come unannounced")
    );
    let shown = medic.get("/week?from=2026-11-29&day=2026-12-01").text;
    assert!(shown.contains("day=2026-12-01\" aria-current=\"date\""), "{shown}");
    client.post(&format!("/api/v1/drives/{id}/cancel"), &json!({})).expect(200);
    assert!(!medic.get("/week?from=2026-11-29").text.contains(&id), "what was called off is gone");
}

fn a_week_shows_what_else_the_units_do_and_nothing_of_others(app: TestApp) {
    let (command, medic) = (app.client(Role::Command), app.client(Role::Medic));
    activity(&medic, app.places.company, "قطاف الجبل");
    activity(&command, app.places.other_unit, "قطاف بعيد");
    drive(&app.client(Role::Bank), app.places.other_unit, "2026-12-01", 30);
    let away = json!({"kind": "leave", "from": "2026-12-02", "until": "2026-12-03"});
    command.post(&format!("/api/v1/units/{}/absences", app.places.battalion), &away).expect(201);
    let closed = json!({"governorate": "PS-RBH", "from": "2026-12-04T00:00:00+02:00", "until": "2026-12-05T00:00:00+02:00"});
    command.post("/api/v1/closures", &closed).expect(201);
    let mut own = signed_in(&app, Role::Medic);
    for (language, leave, roads) in [
        ("ar", "في إجازة", "طرق مغلقة: رام الله والبيرة"),
        ("en", "On leave", "Roads closed: Ramallah and Al-Bireh"),
    ] {
        speak(&mut own, language);
        let page = own.get("/week?from=2026-11-29");
        check(&page, language);
        assert_eq!(page.text.matches("قطاف الجبل").count(), 2, "once on each of its days: {}", page.text);
        assert!(!page.text.contains("قطاف بعيد") && !page.text.contains("class=\"slot"));
        assert_eq!(page.text.matches(leave).count(), 2);
        assert_eq!(page.text.matches(roads).count(), 1);
        let narrowed = own.get(&format!("/week?from=2026-11-29&unit={}", app.places.battalion));
        assert_eq!(narrowed.text.matches("قطاف الجبل").count(), 2);
    }
    assert_eq!(own.get(&format!("/week?unit={}", app.places.other_unit)).status, 404);
    // The first page is this week, in which nothing is.
    assert!(own.get("/").text.contains("Nothing is planned in this week."));
    let mut bank = signed_in(&app, Role::Bank);
    assert!(bank.get("/week?from=2026-11-29").text.contains("class=\"slot"), "a blood bank runs every drive");
}

fn a_week_of_many_slots_stays_light(app: TestApp) {
    let client = app.client(Role::Medic);
    for day in 29..=30 {
        drive(&client, app.places.company, &format!("2026-11-{day}"), 5);
    }
    for day in 1..=5 {
        drive(&client, app.places.company, &format!("2026-12-0{day}"), 5);
    }
    let page = signed_in(&app, Role::Medic).get("/week?from=2026-11-29");
    check(&page, "en");
    assert!(page.text.len() <= 40_000, "{} bytes", page.text.len());
    // Beyond what can be read, a row is an hour.
    assert!(page.text.contains(">09:00</bdi>") && page.text.contains(">11:00</bdi>"));
    assert!(!page.text.contains(">09:05</bdi>"), "{}", page.text);
}

fn a_week_is_for_those_who_plan_drives(app: TestApp) {
    for role in Role::ALL {
        let mut browser = signed_in(&app, *role);
        let may = matches!(role, Role::Medic | Role::Bank);
        let expected = if may { 200 } else { 403 };
        for page in ["/week", "/drives"] {
            let reply = browser.get(page);
            assert_eq!(reply.status, expected, "{role} {page}: {}", reply.text);
            if may {
                check(&reply, "en");
            }
        }
        assert_eq!(browser.get("/week?from=today").status, if may { 422 } else { 403 }, "{role}");
    }
}
