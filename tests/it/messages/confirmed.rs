//! What was proposed and is accepted: confirmed with a calendar entry, reminded of, and taken back.

use std::collections::BTreeMap;

use chrono::Duration;
use mail_parser::MimeHeaders;
use serde_json::json;
use shiryan_kernel::role::Role;

use super::{DRIVES, Mail, book, defer, donor, drive, keep, morning, outbox, parsed};
use crate::support::app::{TestApp, new_key};

both!(
    a_confirmation_carries_a_calendar_entry_and_its_cancellation_takes_it_back,
    what_was_never_confirmed_is_not_taken_back,
    only_what_is_proposed_and_possible_is_accepted,
    whoever_accepted_is_reminded_twice,
    nobody_is_reminded_of_what_is_off,
    what_is_soon_is_reminded_of_once,
    a_reminder_that_reaches_nobody_is_nobodys_errand,
);

fn accept(appointment: &str) -> String {
    format!("/api/v1/appointments/{appointment}/accept")
}

/// A donor who accepted an appointment; donor and appointment.
pub(super) fn accepted(app: &TestApp, drive: &str, n: usize, fields: serde_json::Value) -> (String, String) {
    let donor = donor(app, n, fields);
    let appointment = book(app, drive, &donor);
    let said = app.client(Role::Medic).post(&accept(&appointment), &json!({})).expect(200);
    assert_eq!(said, json!({"id": appointment, "status": "booked"}));
    (donor, appointment)
}

/// The calendar file of a letter, by its lines; its method twice, from the type and from inside.
pub(super) fn calendar(letter: &[u8]) -> BTreeMap<String, String> {
    let letter = parsed(letter);
    assert_eq!(letter.attachment_count(), 1);
    let attachment = letter.attachment(0).unwrap();
    let kind = attachment.content_type().unwrap();
    assert_eq!((kind.ctype(), kind.subtype()), ("text", Some("calendar")));
    assert_eq!(attachment.attachment_name(), Some("appointment.ics"));
    let text = std::str::from_utf8(attachment.contents()).unwrap();
    assert!(text.starts_with("BEGIN:VCALENDAR\r\n") && text.ends_with("END:VCALENDAR\r\n"), "{text}");
    assert!(text.split("\r\n").all(|line| line.len() <= 75), "{text}");
    let unfolded = text.replace("\r\n ", "");
    let lines = unfolded.lines().filter(|line| !line.starts_with("BEGIN") && !line.starts_with("END:"));
    let mut found: BTreeMap<String, String> = lines
        .map(|line| line.split_once(':').unwrap())
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    found.insert("type".into(), kind.attribute("method").unwrap().into());
    found
}

fn a_confirmation_carries_a_calendar_entry_and_its_cancellation_takes_it_back(app: TestApp) {
    let drive = drive(&app);
    accepted(&app, &drive, 1, json!({}));
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    let letter = mail.letters().remove(0);
    assert_eq!(parsed(&letter).subject(), Some("تأكّد موعدك"));
    assert!(parsed(&letter).body_text(0).unwrap().contains("\u{2068}الثلاثاء 1 كانون الأول 2026\u{2069}"));
    assert!(parsed(&letter).body_html(0).unwrap().contains("dir=\"rtl\""));
    let given = calendar(&letter);
    let uid = given["UID"].clone();
    assert!(uid.ends_with("@force.example"));
    let expected = [
        ("CALSCALE", "GREGORIAN"),
        ("CLASS", "PRIVATE"),
        ("DTEND", "20261201T073000Z"),
        ("DTSTAMP", "20261124T070000Z"),
        ("DTSTART", "20261201T070000Z"),
        ("METHOD", "PUBLISH"),
        ("ORGANIZER", "mailto:appointments@force.example"),
        ("PRODID", "-//Appointments//EN"),
        ("SEQUENCE", "2"),
        ("STATUS", "CONFIRMED"),
        ("SUMMARY", "موعد"),
        ("UID", &uid),
        ("VERSION", "2.0"),
        ("type", "PUBLISH"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    assert_eq!(given, expected, "when, and nothing else");

    app.client(Role::Medic).post(&format!("{DRIVES}/{drive}/cancel"), &json!({})).expect(200);
    assert_eq!(mail.deliver(&app).sent, 1);
    let taken = calendar(&mail.letters()[1]);
    assert_eq!((taken["METHOD"].as_str(), taken["type"].as_str()), ("CANCEL", "CANCEL"));
    assert_eq!((&taken["UID"], taken["STATUS"].as_str()), (&uid, "CANCELLED"));
    assert_eq!(taken["SEQUENCE"], "3");
}

fn what_was_never_confirmed_is_not_taken_back(app: TestApp) {
    let drive = drive(&app);
    let proposed = donor(&app, 1, json!({}));
    book(&app, &drive, &proposed);
    // Accepted, but called off before the confirmation left.
    accepted(&app, &drive, 2, json!({}));
    app.client(Role::Medic).post(&format!("{DRIVES}/{drive}/cancel"), &json!({})).expect(200);
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 2);
    for letter in mail.letters() {
        assert_eq!(parsed(&letter).subject(), Some("أُلغي موعدك"));
        assert_eq!(parsed(&letter).attachment_count(), 0);
    }
}

fn only_what_is_proposed_and_possible_is_accepted(app: TestApp) {
    let (drive, medic) = (drive(&app), || app.client(Role::Medic));
    let first = donor(&app, 1, json!({}));
    let appointment = book(&app, &drive, &first);
    let key = new_key();
    let said = medic().post_as(&key, &accept(&appointment), &json!({})).expect(200);
    assert_eq!(medic().post_as(&key, &accept(&appointment), &json!({})).expect(200), said);
    let again = medic().post(&accept(&appointment), &json!({}));
    assert_eq!((again.problem(409).as_str(), &again.json()["state"]), ("state_conflict", &json!("booked")));
    let deferred = donor(&app, 2, json!({}));
    let impossible = book(&app, &drive, &deferred);
    defer(&app, &deferred);
    assert_eq!(medic().post(&accept(&impossible), &json!({})).problem(409), "not_eligible");
    let late = donor(&app, 3, json!({}));
    let late = book(&app, &drive, &late);
    let form = json!({
        "place": "ساحة", "governorate": "PS-HBN", "date": super::DAY, "from": "09:00", "to": "10:00",
        "slot_minutes": 30, "beds": 2, "unit": app.places.other_unit,
    });
    let bank = app.client(Role::Bank);
    let other = bank.post(DRIVES, &form).expect(201)["id"].as_str().unwrap().to_owned();
    let abroad = donor(&app, 4, json!({}));
    let abroad = bank.post(&format!("{DRIVES}/{other}/appointments"), &json!({"donor": abroad})).expect(201);
    let abroad = accept(abroad["id"].as_str().unwrap());
    assert_eq!(medic().post(&abroad, &json!({})).problem(404), "not_found");
    app.clock.advance(Duration::days(7) + Duration::hours(10));
    assert_eq!(medic().post(&accept(&late), &json!({})).problem(409), "drive_closed");
}

/// Moves the clock to that many hours before the slot at nine.
pub(super) fn before(app: &TestApp, hours: i64) {
    let starts = "2026-12-01T07:00:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    app.clock.set(starts - Duration::hours(hours));
}

fn whoever_accepted_is_reminded_twice(app: TestApp) {
    let drive = drive(&app);
    accepted(&app, &drive, 1, json!({"quiet_from": "22:00", "quiet_until": "05:00"}));
    let proposed = donor(&app, 2, json!({}));
    book(&app, &drive, &proposed);
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1, "the confirmation");
    for (hours, sent) in [(73, 0), (72, 1), (71, 0), (4, 0), (3, 1), (2, 0)] {
        before(&app, hours);
        assert_eq!(mail.deliver(&app).sent, sent, "{hours} hours before");
    }
    let letters = mail.letters();
    for letter in &letters[1..] {
        assert_eq!(parsed(letter).subject(), Some("تذكير بموعدك"));
        assert!(parsed(letter).body_text(0).unwrap().contains("\u{2068}09:00\u{2069}"));
        assert_eq!(parsed(letter).attachment_count(), 0);
    }
    assert_eq!(letters.len(), 3);
}

fn nobody_is_reminded_of_what_is_off(app: TestApp) {
    let drive = drive(&app);
    let (deferred, _) = accepted(&app, &drive, 1, json!({}));
    let (_, cancelled) = accepted(&app, &drive, 2, json!({}));
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 2);
    defer(&app, &deferred);
    app.client(Role::Medic).post(&format!("/api/v1/appointments/{cancelled}/cancel"), &json!({})).expect(200);
    keep(&app);
    assert_eq!(mail.deliver(&app).sent, 2);
    before(&app, 70);
    assert_eq!(mail.deliver(&app).sent, 0);
    before(&app, 1);
    assert_eq!(mail.deliver(&app).sent, 0);
    assert!(outbox(&app).iter().all(|(state, _)| state == "sent"), "{:?}", outbox(&app));
}

fn what_is_soon_is_reminded_of_once(app: TestApp) {
    let drive = drive(&app);
    before(&app, 48);
    accepted(&app, &drive, 1, json!({"quiet_from": "22:00", "quiet_until": "05:00"}));
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    before(&app, 3);
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_eq!(outbox(&app).len(), 2);
}

fn a_reminder_that_reaches_nobody_is_nobodys_errand(app: TestApp) {
    let drive = drive(&app);
    accepted(&app, &drive, 1, json!({"may_email": false}));
    morning(&app);
    let mail = Mail::new();
    mail.deliver(&app);
    before(&app, 70);
    mail.deliver(&app);
    let list = |told: &str| {
        let page = app.client(Role::Medic).get(&format!("{DRIVES}/{drive}/messages?told={told}")).expect(200);
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((list("not_sent"), list("in_person"), list("queued"), list("sent")), (2, 0, 1, 0));
    app.client(Role::Medic).post(&format!("{DRIVES}/{drive}/cancel"), &json!({})).expect(200);
    mail.deliver(&app);
    assert_eq!((list("in_person"), list("queued"), list("sent")), (1, 1, 0));
    // The last reminder finds nothing to remind of.
    before(&app, 3);
    mail.deliver(&app);
    assert_eq!((list("in_person"), list("queued"), list("not_sent")), (1, 0, 2));
}
