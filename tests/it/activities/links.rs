//! What activities are to one another, seen from both ends.

use serde_json::{Value, json};
use shiryan_kernel::ids::ActivityId;
use shiryan_kernel::role::Role;

use super::{ACTIVITIES, PLACE, form, with};
use crate::support::app::{Client, TestApp};

both!(
    a_link_is_seen_from_both_ends,
    a_pair_has_one_link,
    each_end_is_shown_as_far_as_one_may_see_it,
    links_are_made_by_those_who_run_an_end,
);

fn make(client: &Client, app: &TestApp, fields: Value) -> String {
    let form = with(form(app.places.company), fields);
    client.post(ACTIVITIES, &form).expect(201)["id"].as_str().unwrap().to_owned()
}

fn link(client: &Client, from: &str, kind: &str, to: &str) -> crate::support::app::Reply {
    client.post(&format!("{ACTIVITIES}/{from}/links"), &json!({"to": to, "kind": kind}))
}

fn links(client: &Client, id: &str) -> Vec<(String, String, String)> {
    let list = client.get(&format!("{ACTIVITIES}/{id}/links")).expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = list["items"].as_array().unwrap();
    items.iter().map(|l| (text(&l["kind"]), text(&l["direction"]), text(&l["activity"]["id"]))).collect()
}

fn drive(client: &Client, app: &TestApp) -> String {
    let form = json!({
        "place": PLACE, "governorate": "PS-RBH", "date": "2026-11-27", "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": app.places.company,
    });
    client.post("/api/v1/drives", &form).expect(201)["id"].as_str().unwrap().to_owned()
}

fn a_link_is_seen_from_both_ends(app: TestApp) {
    let medic = app.client(Role::Medic);
    let harvest = make(&medic, &app, json!({}));
    let (drive, parade) = (drive(&medic, &app), make(&medic, &app, json!({"branch": "band", "facts": {}})));
    let cleaning = make(&medic, &app, json!({"branch": "volunteering", "facts": {}}));
    link(&medic, &harvest, "hosted_with", &drive).expect(201);
    link(&medic, &parade, "in_support_of", &drive).expect(201);
    link(&medic, &drive, "follows", &cleaning).expect(201);
    link(&medic, &cleaning, "competes_with", &harvest).expect(201);
    let told = |kind: &str, direction: &str, id: &str| (kind.to_owned(), direction.to_owned(), id.to_owned());
    let mut of_drive = links(&medic, &drive);
    of_drive.sort();
    let mut expected = vec![
        told("follows", "out", &cleaning),
        told("hosted_with", "both", &harvest),
        told("in_support_of", "in", &parade),
    ];
    expected.sort();
    assert_eq!(of_drive, expected);
    assert_eq!(links(&medic, &parade), [told("in_support_of", "out", &drive)]);
    let of_cleaning = links(&medic, &cleaning);
    assert!(of_cleaning.contains(&told("follows", "in", &drive)));
    assert!(of_cleaning.contains(&told("competes_with", "both", &harvest)));
    let remove = format!("{ACTIVITIES}/{drive}/links/remove");
    medic.post(&remove, &json!({"to": parade})).expect(200);
    assert_eq!(links(&medic, &parade), []);
    assert_eq!(medic.post(&remove, &json!({"to": parade})).problem(409), "state_conflict");
}

fn a_pair_has_one_link(app: TestApp) {
    let medic = app.client(Role::Medic);
    let (one, other) = (make(&medic, &app, json!({})), make(&medic, &app, json!({})));
    link(&medic, &one, "follows", &other).expect(201);
    for (from, to) in [(&one, &other), (&other, &one)] {
        assert_eq!(link(&medic, from, "competes_with", to).problem(409), "state_conflict");
    }
    assert_eq!(link(&medic, &one, "follows", &one).expect(422)["errors"][0]["code"], "invalid_value");
    let nowhere = link(&medic, &one, "follows", &ActivityId(9).to_string()).expect(422);
    assert_eq!(nowhere["errors"][0]["code"], "unknown_reference");
    medic.post(&format!("{ACTIVITIES}/{other}/cancel"), &json!({})).expect(200);
    let third = make(&medic, &app, json!({}));
    assert_eq!(link(&medic, &third, "follows", &other).expect(409)["state"], "cancelled");
    assert_eq!(links(&medic, &one).len(), 1, "a link to what was called off stays");
}

fn each_end_is_shown_as_far_as_one_may_see_it(app: TestApp) {
    let (medic, command) = (app.client(Role::Medic), app.client(Role::Command));
    let (harvest, drive) = (make(&medic, &app, json!({})), drive(&medic, &app));
    link(&medic, &harvest, "hosted_with", &drive).expect(201);
    let seen = command.get(&format!("{ACTIVITIES}/{harvest}/links"));
    assert!(!seen.text.contains(PLACE), "the place of a drive is not command's to see");
    let end = &seen.expect(200)["items"][0]["activity"];
    assert_eq!((&end["branch"], &end["from"]), (&json!("blood_donation"), &json!("2026-11-27")));
    let seen = command.get(&format!("{ACTIVITIES}/{drive}/links")).expect(200);
    assert_eq!(seen["items"][0]["activity"]["place"], PLACE);
}

fn links_are_made_by_those_who_run_an_end(app: TestApp) {
    let (medic, command) = (app.client(Role::Medic), app.client(Role::Command));
    let foreign = with(form(app.places.other_unit), json!({}));
    let foreign = command.post(ACTIVITIES, &foreign).expect(201)["id"].as_str().unwrap().to_owned();
    let own = make(&medic, &app, json!({}));
    assert_eq!(link(&medic, &foreign, "follows", &own).problem(404), "not_found");
    link(&medic, &own, "follows", &foreign).expect(201);
    let remove = format!("{ACTIVITIES}/{foreign}/links/remove");
    assert_eq!(medic.post(&remove, &json!({"to": own})).problem(404), "not_found");
    command.post(&remove, &json!({"to": own})).expect(200);
    let drive = drive(&medic, &app);
    assert_eq!(link(&command, &drive, "follows", &own).problem(404), "not_found", "command runs no drive");
}
