//! What was confirmed and moves: one letter of the new time, and one entry in the calendar through it all.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};
use shiryan_kernel::role::Role;

use super::confirmed::{accepted, before, calendar};
use super::links::{act, door, look};
use super::outbox::claim_and_die;
use super::{DRIVES, Mail, drive, morning, parsed};
use crate::support::app::{TestApp, new_key};

both!(
    a_line_of_moves_is_one_entry_until_it_is_cancelled,
    what_moves_before_it_was_confirmed_is_confirmed_once,
    only_the_last_of_two_moves_is_told,
    two_who_swap_are_told_once_each,
    a_move_asked_for_twice_or_whose_holder_dies_is_one_letter,
    nobody_is_reminded_of_a_time_that_moved,
    whom_no_letter_reaches_is_told_of_a_move_in_person,
);

/// Moves an appointment to the slot that begins at this time; the new one's id.
fn move_to(app: &TestApp, drive: &str, appointment: &str, time: &str) -> String {
    let slot = slot_at(app, drive, time);
    let path = format!("/api/v1/appointments/{appointment}/move");
    let moved = app.client(Role::Medic).post(&path, &json!({"slot": slot})).expect(200);
    moved["id"].as_str().unwrap().to_owned()
}

/// The slot that begins at this time in UTC.
fn slot_at(app: &TestApp, drive: &str, time: &str) -> Value {
    let page = app.client(Role::Medic).get(&format!("{DRIVES}/{drive}/slots")).expect(200);
    let slots = page["items"].as_array().unwrap();
    let at = json!(format!("2026-12-01T{time}:00Z"));
    slots.iter().find(|slot| slot["starts_at"] == at).unwrap()["id"].clone()
}

/// Of a letter's calendar file: name, number, what it asks for, and begin.
fn entry(letter: &[u8]) -> (String, u32, String, DateTime<Utc>) {
    let file = calendar(letter);
    assert_eq!(file["METHOD"], file["type"]);
    let begins = chrono::NaiveDateTime::parse_from_str(&file["DTSTART"], "%Y%m%dT%H%M%SZ").unwrap().and_utc();
    (file["UID"].clone(), file["SEQUENCE"].parse().unwrap(), file["METHOD"].clone(), begins)
}

fn subjects(mail: &Mail) -> Vec<String> {
    mail.letters().iter().map(|letter| parsed(letter).subject().unwrap().to_owned()).collect()
}

fn at(time: &str) -> DateTime<Utc> {
    format!("2026-12-01T{time}:00Z").parse().unwrap()
}

fn a_line_of_moves_is_one_entry_until_it_is_cancelled(app: TestApp) {
    let drive = drive(&app);
    let (_, first) = accepted(&app, &drive, 1, json!({"language": "en"}));
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    move_to(&app, &drive, &first, "08:00");
    assert_eq!(mail.deliver(&app).sent, 1, "one letter for a move");
    let letter = mail.letters().remove(1);
    let text = parsed(&letter).body_text(0).unwrap().into_owned();
    assert!(
        text.contains("is now on \u{2068}Tuesday 1 December 2026\u{2069} at \u{2068}10:00\u{2069}"),
        "{text}"
    );
    let html = parsed(&letter).body_html(0).unwrap().into_owned();
    assert!(html.contains("\u{2068}10:00\u{2069}"), "{html}");
    // The donor moves it again by that letter, and gives it back by the next.
    let page = look(&app, &door(&letter, "Choose another time")).text;
    let last = slot_at(&app, &drive, "09:00");
    assert!(page.contains(&format!("<option value=\"{}\"", last.as_str().unwrap())), "{page}");
    let chosen = [("slot", last.as_str().unwrap())];
    assert_eq!(act(&app, &door(&letter, "Choose another time"), &chosen).status, 200);
    assert_eq!(mail.deliver(&app).sent, 1);
    let letter = mail.letters().remove(2);
    assert_eq!(act(&app, &door(&letter, "I cannot come"), &[]).status, 200);
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_eq!(
        subjects(&mail),
        [
            "Your appointment is confirmed",
            "Your appointment has a new time",
            "Your appointment has a new time",
            "Your appointment is cancelled",
        ]
    );
    let entries: Vec<_> = mail.letters().iter().map(|letter| entry(letter)).collect();
    assert!(entries.iter().all(|(uid, ..)| *uid == entries[0].0), "{entries:?}");
    assert!(entries.windows(2).all(|pair| pair[0].1 < pair[1].1), "{entries:?}");
    let asked: Vec<_> = entries.iter().map(|(_, _, method, begins)| (method.as_str(), *begins)).collect();
    assert_eq!(
        asked,
        [
            ("PUBLISH", at("07:00")),
            ("PUBLISH", at("08:00")),
            ("PUBLISH", at("09:00")),
            ("CANCEL", at("09:00"))
        ]
    );
    // Another donor's entry is another, though it stands in the same slot.
    accepted(&app, &drive, 2, json!({}));
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_ne!(entry(&mail.letters()[4]).0, entries[0].0);
}

fn what_moves_before_it_was_confirmed_is_confirmed_once(app: TestApp) {
    let drive = drive(&app);
    let (_, first) = accepted(&app, &drive, 1, json!({}));
    let moved = move_to(&app, &drive, &first, "08:00");
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_eq!(subjects(&mail), ["تأكّد موعدك"]);
    assert_eq!(entry(&mail.letters()[0]).3, at("08:00"));
    app.client(Role::Medic).post(&format!("/api/v1/appointments/{moved}/cancel"), &json!({})).expect(200);
    assert_eq!(mail.deliver(&app).sent, 1);
    let (given, taken) = (entry(&mail.letters()[0]), entry(&mail.letters()[1]));
    assert_eq!((&taken.0, taken.2.as_str()), (&given.0, "CANCEL"));
    assert!(taken.1 > given.1);
}

fn only_the_last_of_two_moves_is_told(app: TestApp) {
    let drive = drive(&app);
    let (_, first) = accepted(&app, &drive, 1, json!({}));
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    let second = move_to(&app, &drive, &first, "08:00");
    // Back where it was: that is a change of the entry too, but nobody heard of the time between.
    move_to(&app, &drive, &second, "07:00");
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_eq!(subjects(&mail)[1], "تغيّر وقت موعدك");
    let (given, moved) = (entry(&mail.letters()[0]), entry(&mail.letters()[1]));
    assert_eq!((&moved.0, moved.3), (&given.0, at("07:00")));
    assert!(moved.1 > given.1);
}

fn two_who_swap_are_told_once_each(app: TestApp) {
    let drive = drive(&app);
    let (_, one) = accepted(&app, &drive, 1, json!({}));
    let (_, other) = accepted(&app, &drive, 2, json!({}));
    let other = move_to(&app, &drive, &other, "08:00");
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 2);
    let path = format!("/api/v1/appointments/{one}/swap");
    app.client(Role::Medic).post(&path, &json!({"with": other})).expect(200);
    assert_eq!(mail.deliver(&app).sent, 2);
    let entries: Vec<_> = mail.letters().iter().map(|letter| entry(letter)).collect();
    for (uid, number, _, begins) in &entries[..2] {
        let moved = entries[2..].iter().find(|(known_by, ..)| known_by == uid).unwrap();
        assert!(moved.1 > *number && moved.3 != *begins, "{entries:?}");
    }
}

fn a_move_asked_for_twice_or_whose_holder_dies_is_one_letter(app: TestApp) {
    let drive = drive(&app);
    let (_, first) = accepted(&app, &drive, 1, json!({}));
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    let (key, path) = (new_key(), format!("/api/v1/appointments/{first}/move"));
    let body = json!({"slot": slot_at(&app, &drive, "08:00")});
    let said = app.client(Role::Medic).post_as(&key, &path, &body).expect(200);
    assert_eq!(app.client(Role::Medic).post_as(&key, &path, &body).expect(200), said);
    assert!(claim_and_die(&app));
    assert_eq!(mail.deliver(&app).sent, 0, "somebody holds it");
    app.clock.advance(Duration::minutes(16));
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_eq!(mail.deliver(&app).sent, 0);
    // Whoever held a confirmation died, perhaps after it left: what moves then is a change.
    let (_, other) = accepted(&app, &drive, 2, json!({}));
    assert!(claim_and_die(&app));
    move_to(&app, &drive, &other, "09:00");
    app.clock.advance(Duration::minutes(16));
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_eq!(subjects(&mail)[1..], ["تغيّر وقت موعدك", "تغيّر وقت موعدك"]);
}

fn nobody_is_reminded_of_a_time_that_moved(app: TestApp) {
    let drive = drive(&app);
    let (_, first) = accepted(&app, &drive, 1, json!({"quiet_from": "22:00", "quiet_until": "05:00"}));
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    move_to(&app, &drive, &first, "09:00");
    assert_eq!(mail.deliver(&app).sent, 1);
    // Hours before the old time, at seven; the new one is two hours later.
    for (hours, sent) in [(72, 0), (71, 0), (70, 1), (69, 0), (3, 0), (2, 0), (1, 1), (0, 0)] {
        before(&app, hours);
        assert_eq!(mail.deliver(&app).sent, sent, "{hours} hours before the old time");
    }
    for letter in &mail.letters()[2..] {
        assert_eq!(parsed(letter).subject(), Some("تذكير بموعدك"));
        assert!(parsed(letter).body_text(0).unwrap().contains("\u{2068}11:00\u{2069}"));
    }
}

fn whom_no_letter_reaches_is_told_of_a_move_in_person(app: TestApp) {
    let drive = drive(&app);
    let (_, first) = accepted(&app, &drive, 1, json!({"may_email": false}));
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 0);
    let moved = move_to(&app, &drive, &first, "08:00");
    assert_eq!(mail.deliver(&app).sent, 0);
    let page = app.client(Role::Medic).get(&format!("{DRIVES}/{drive}/messages?told=in_person")).expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 1);
    let row = &page["items"][0];
    assert_eq!((&row["template"], &row["appointment"]), (&json!("appointment_changed"), &json!(moved)));
}
