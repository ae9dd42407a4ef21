//! A drive that is called off, an appointment that is cancelled: each holder is told exactly once.

use chrono::Duration;
use serde_json::{Value, json};
use shiryan_kernel::role::Role;

use super::{DRIVES, Mail, address, book, defer, donor, drive, keep, morning, outbox, parsed};
use crate::support::app::{TestApp, new_key};
use crate::support::at_once;

both!(
    a_drive_called_off_tells_everyone_once,
    what_was_queued_before_is_not_told_as_well,
    whoever_books_meanwhile_is_told_or_refused,
    only_those_who_run_it_call_it_off,
    a_drive_that_is_over_is_not_called_off,
    a_cancelled_appointment_is_told_once,
    a_death_tells_nobody,
    whom_no_message_reaches_is_on_a_list,
);

fn call_off(drive: &str) -> String {
    format!("{DRIVES}/{drive}/cancel")
}

fn live(app: &TestApp, drive: &str) -> usize {
    let page = app.client(Role::Medic).get(&format!("{DRIVES}/{drive}/appointments?limit=200")).expect(200);
    page["items"].as_array().unwrap().len()
}

fn a_drive_called_off_tells_everyone_once(app: TestApp) {
    let (drive, medic) = (drive(&app), || app.client(Role::Medic));
    for n in 0..5 {
        let donor = donor(&app, n, json!({"language": "en"}));
        book(&app, &drive, &donor);
    }
    let left = donor(&app, 5, json!({}));
    let appointment = book(&app, &drive, &left);
    medic().post(&format!("/api/v1/appointments/{appointment}/cancel"), &json!({})).expect(200);
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    let key = new_key();
    let done = medic().post_as(&key, &call_off(&drive), &json!({"expected_status": "open"})).expect(200);
    assert_eq!(done, json!({"id": drive, "status": "cancelled", "appointments": 5}));
    assert_eq!(
        medic().post_as(&key, &call_off(&drive), &json!({"expected_status": "open"})).expect(200),
        done
    );
    let again = medic().post(&call_off(&drive), &json!({}));
    assert_eq!(
        (again.problem(409).as_str(), &again.json()["state"]),
        ("state_conflict", &json!("cancelled"))
    );
    assert_eq!(mail.deliver(&app).sent, 5);
    assert_eq!(mail.deliver(&app).sent, 0);
    assert_eq!(keep(&app), 0);
    let mut readers: Vec<String> = mail.letters().iter().map(|letter| address(letter)).collect();
    readers.sort();
    readers.dedup();
    assert_eq!(readers.len(), 6);
    let letters = mail.letters();
    let letter = parsed(&letters[1]);
    assert_eq!(letter.subject(), Some("Your appointment is cancelled"));
    let text = letter.body_text(0).unwrap().into_owned();
    assert!(
        text.contains("on \u{2068}Tuesday 1 December 2026\u{2069} at \u{2068}09:00\u{2069} is cancelled"),
        "{text}"
    );
    // The drive takes nobody, holds nobody, and its places are free.
    assert_eq!(live(&app, &drive), 0);
    let seen = medic().get(&format!("{DRIVES}/{drive}")).expect(200);
    assert_eq!((&seen["status"], &seen["booked"]), (&json!("cancelled"), &json!(0)));
    let refused = medic().post(&format!("{DRIVES}/{drive}/appointments"), &json!({"donor": left}));
    assert_eq!(refused.problem(409), "drive_closed");
    let activities = app.client(Role::Bank).get("/api/v1/activities").expect(200);
    assert_eq!(activities["items"][0]["status"], "cancelled");
}

fn what_was_queued_before_is_not_told_as_well(app: TestApp) {
    let drive = drive(&app);
    let donor = donor(&app, 1, json!({}));
    book(&app, &drive, &donor);
    defer(&app, &donor);
    assert_eq!(keep(&app), 1);
    app.client(Role::Medic).post(&call_off(&drive), &json!({})).expect(200);
    morning(&app);
    let mail = Mail::new();
    assert_eq!(mail.deliver(&app).sent, 1);
    assert_eq!(parsed(&mail.letters()[0]).subject(), Some("أُلغي موعدك"));
    assert_eq!(outbox(&app).len(), 1);
}

fn whoever_books_meanwhile_is_told_or_refused(app: TestApp) {
    let drive = drive(&app);
    let donors: Vec<String> = (0..16).map(|n| donor(&app, n, json!({}))).collect();
    let replies = at_once(17, |n| {
        if n == 16 {
            std::thread::sleep(std::time::Duration::from_millis(4));
            return app.client(Role::Bank).post(&call_off(&drive), &json!({}));
        }
        let path = format!("{DRIVES}/{drive}/appointments");
        app.client(Role::Medic).post(&path, &json!({"donor": donors[n]}))
    });
    let cancelled = replies[16].expect(200)["appointments"].as_u64().unwrap();
    let booked = replies[..16].iter().filter(|reply| reply.status == 201).count();
    for refused in replies[..16].iter().filter(|reply| reply.status != 201) {
        let code = refused.problem(409);
        assert!(["drive_closed", "drive_full"].contains(&code.as_str()), "{code}");
    }
    assert_eq!(u64::try_from(booked).unwrap(), cancelled, "nobody holds a place in a drive that is off");
    assert_eq!(live(&app, &drive), 0);
    morning(&app);
    assert_eq!(Mail::new().deliver(&app).sent, booked);
}

fn only_those_who_run_it_call_it_off(app: TestApp) {
    let form = json!({
        "place": "ساحة", "governorate": "PS-HBN", "date": super::DAY, "from": "09:00", "to": "10:00",
        "slot_minutes": 30, "beds": 2, "unit": app.places.other_unit,
    });
    let made = app.client(Role::Bank).post(DRIVES, &form).expect(201);
    let other = made["id"].as_str().unwrap();
    let medic = app.client(Role::Medic);
    assert_eq!(medic.post(&call_off(other), &json!({})).problem(404), "not_found");
    assert_eq!(medic.get(&format!("{DRIVES}/{other}/messages")).problem(404), "not_found");
    let bank = app.client(Role::Bank);
    let wrong = bank.post(&call_off(other), &json!({"expected_status": "closed"}));
    assert_eq!((wrong.problem(409).as_str(), &wrong.json()["state"]), ("state_conflict", &json!("open")));
    bank.post(&call_off(other), &json!({})).expect(200);
}

fn a_drive_that_is_over_is_not_called_off(app: TestApp) {
    let (begun, other) = (drive(&app), drive(&app));
    for n in 0..3 {
        let donor = donor(&app, n, json!({}));
        book(&app, &begun, &donor);
    }
    // Two sit in the first slot, which has begun; the third would come at half past.
    app.clock.advance(Duration::days(7) + Duration::hours(9) + Duration::minutes(10));
    let bank = || app.client(Role::Bank);
    let under_way = bank().post(&call_off(&begun), &json!({})).expect(200);
    assert_eq!(under_way["appointments"], 1, "whoever is there already is not told to stay away");
    app.clock.advance(Duration::hours(3));
    assert_eq!(bank().post(&call_off(&other), &json!({})).problem(409), "drive_closed");
}

fn a_cancelled_appointment_is_told_once(app: TestApp) {
    let (drive, medic) = (drive(&app), app.client(Role::Medic));
    let donor = donor(&app, 1, json!({}));
    let appointment = book(&app, &drive, &donor);
    let path = format!("/api/v1/appointments/{appointment}/cancel");
    let replies = at_once(4, |_| medic.post(&path, &json!({})));
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    // Booked anew and cancelled with the drive, it is another appointment.
    book(&app, &drive, &donor);
    medic.post(&call_off(&drive), &json!({})).expect(200);
    assert_eq!(outbox(&app).len(), 2);
    morning(&app);
    assert_eq!(Mail::new().deliver(&app).sent, 2);
}

fn a_death_tells_nobody(app: TestApp) {
    let drive = drive(&app);
    let donor = donor(&app, 1, json!({}));
    book(&app, &drive, &donor);
    let path = format!("/api/v1/donors/{donor}/deceased");
    app.client(Role::Medic).post(&path, &json!({})).expect(200);
    assert_eq!(live(&app, &drive), 0);
    assert!(outbox(&app).is_empty());
}

fn whom_no_message_reaches_is_on_a_list(app: TestApp) {
    let (drive, medic) = (drive(&app), || app.client(Role::Medic));
    let held: Vec<(String, String)> = (0..4)
        .map(|n| {
            let donor = donor(&app, n, json!({"may_email": n % 2 == 0}));
            let appointment = book(&app, &drive, &donor);
            (donor, appointment)
        })
        .collect();
    medic().post(&call_off(&drive), &json!({})).expect(200);
    let list = |query: &str| -> Vec<Value> {
        let page = medic().get(&format!("{DRIVES}/{drive}/messages{query}")).expect(200);
        page["items"].as_array().unwrap().clone()
    };
    assert_eq!(list("?told=queued").len(), 4);
    morning(&app);
    Mail::new().deliver(&app);
    let in_person = list("?told=in_person");
    let whom: Vec<(&str, &str)> = in_person
        .iter()
        .map(|row| (row["donor"].as_str().unwrap(), row["appointment"].as_str().unwrap()))
        .collect();
    let expected = [&held[1], &held[3]].map(|(donor, appointment)| (donor.as_str(), appointment.as_str()));
    assert_eq!(whom, expected);
    assert!(
        in_person.iter().all(|row| row["template"] == "appointment_cancelled" && row["ended_at"].is_string())
    );
    assert_eq!(in_person[0].as_object().unwrap().len(), 6, "nothing else is told");
    let first = medic().get(&format!("{DRIVES}/{drive}/messages?limit=3")).expect(200);
    assert_eq!(first["items"].as_array().unwrap().len(), 3);
    let next = format!("?limit=3&cursor={}", first["next"].as_str().unwrap());
    assert_eq!(list(&next).len(), 1);
    assert_eq!(medic().get(&format!("{DRIVES}/{drive}/messages?told=perhaps")).problem(422), "invalid_value");
}
