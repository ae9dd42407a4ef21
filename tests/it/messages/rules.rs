//! Who is written to, and when.

use chrono::Duration;
use serde_json::{Value, json};
use shiryan::app;
use shiryan::mail::Post;
use shiryan_kernel::role::Role;

use super::{Mail, book, defer, donor, drive, keep, morning, outbox, told};
use crate::support::app::TestApp;
use crate::support::wait;

both!(
    whoever_is_not_written_to_is_told_in_person,
    nothing_is_mailed_where_no_way_is_set,
    nobody_is_woken,
    what_would_come_too_late_is_told_in_person,
    nobody_gets_more_than_the_day_allows,
);

/// A donor with an appointment that became impossible.
fn off(app: &TestApp, drive: &str, n: usize, fields: Value) -> String {
    let donor = donor(app, n, fields);
    book(app, drive, &donor);
    defer(app, &donor);
    donor
}

fn whoever_is_not_written_to_is_told_in_person(app: TestApp) {
    let drive = drive(&app);
    off(&app, &drive, 0, json!({"email": null}));
    off(&app, &drive, 1, json!({"may_email": null}));
    off(&app, &drive, 2, json!({"may_email": false}));
    let withdrew = off(&app, &drive, 3, json!({}));
    let paused = off(&app, &drive, 4, json!({}));
    let back = off(&app, &drive, 5, json!({}));
    let medic = app.client(Role::Medic);
    for (given, on) in [(true, "2026-11-01"), (false, "2026-11-20")] {
        let line = json!({"kind": "contact", "given": given, "on": on, "way": "spoken"});
        medic.post(&format!("/api/v1/donors/{withdrew}/consents"), &line).expect(201);
    }
    medic.post(&format!("/api/v1/donors/{paused}/pause"), &json!({"until": "2026-12-20"})).expect(200);
    medic.post(&format!("/api/v1/donors/{back}/pause"), &json!({"until": "2026-11-25"})).expect(200);
    assert_eq!(keep(&app), 6);
    app.clock.advance(Duration::hours(33));
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1, "the pause of one is over");
    let reasons: Vec<(String, Option<String>)> = outbox(&app);
    let unsent = |reason: &str| ("unsent".to_owned(), Some(reason.to_owned()));
    let expected = [
        unsent("no_address"),
        unsent("not_wished"),
        unsent("not_wished"),
        unsent("not_wished"),
        unsent("paused"),
        ("sent".to_owned(), None),
    ];
    assert_eq!(reasons, expected);
    let said: Vec<Value> = told(&app, &drive).into_iter().map(|(_, told)| told).collect();
    assert_eq!(said, ["in_person", "in_person", "in_person", "in_person", "in_person", "sent"]);
}

fn nothing_is_mailed_where_no_way_is_set(app: TestApp) {
    let drive = drive(&app);
    off(&app, &drive, 0, json!({}));
    keep(&app);
    let post = Post::open(&app.house.settings).unwrap();
    assert!(!post.ways().any(), "the default");
    assert_eq!(wait(app::deliver(&app.house, &post)).unwrap().sent, 0);
    assert_eq!(outbox(&app), [("unsent".to_owned(), Some("no_transport".to_owned()))]);
    assert_eq!(told(&app, &drive)[0].1, "in_person");
}

fn nobody_is_woken(app: TestApp) {
    let drive = drive(&app);
    off(&app, &drive, 0, json!({}));
    off(&app, &drive, 1, json!({"quiet_from": "08:00", "quiet_until": "16:30"}));
    keep(&app);
    let mail = Mail::new();
    // Midnight: nobody's own hours are asked, and those of the house are quiet.
    assert_eq!(mail.deliver(&app).sent, 1, "who wishes quiet by day reads by night");
    app.clock.advance(Duration::minutes(8 * 60 - 1));
    assert_eq!(mail.deliver(&app).sent, 0);
    app.clock.advance(Duration::minutes(1));
    assert_eq!(mail.deliver(&app).sent, 1);
    off(&app, &drive, 2, json!({"quiet_from": "08:00", "quiet_until": "16:30"}));
    keep(&app);
    app.clock.advance(Duration::hours(8));
    assert_eq!(mail.deliver(&app).sent, 0);
    app.clock.advance(Duration::minutes(30));
    assert_eq!(mail.deliver(&app).sent, 1);
}

fn what_would_come_too_late_is_told_in_person(app: TestApp) {
    let drive = drive(&app);
    off(&app, &drive, 0, json!({"quiet_from": "20:00", "quiet_until": "10:00"}));
    // Eleven in the evening before; the slot is at nine.
    app.clock.advance(Duration::hours(7 * 24 - 1));
    assert_eq!(keep(&app), 1);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 0);
    assert_eq!(outbox(&app), [("unsent".to_owned(), Some("too_late".to_owned()))]);
    assert_eq!(told(&app, &drive)[0].1, "in_person");
}

fn nobody_gets_more_than_the_day_allows(app: TestApp) {
    let donor = donor(&app, 0, json!({}));
    // One donor, an appointment on each of six days.
    let medic = app.client(Role::Medic);
    for day in 1..=6 {
        let form = json!({
            "place": "ساحة", "governorate": "PS-RBH", "date": format!("2026-12-{day:02}"), "from": "09:00",
            "to": "10:00", "slot_minutes": 30, "beds": 2, "unit": app.places.company,
        });
        let made = medic.post(super::DRIVES, &form).expect(201);
        book(&app, made["id"].as_str().unwrap(), &donor);
    }
    defer(&app, &donor);
    assert_eq!(keep(&app), 6);
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 4);
    app.clock.advance(Duration::hours(23));
    assert_eq!(mail.deliver(&app).sent, 0, "a day is not over");
    app.clock.advance(Duration::hours(1));
    assert_eq!(mail.deliver(&app).sent, 2);
}
