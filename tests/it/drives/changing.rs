//! Another slot, a swap, and those who wait: no place is lost, none is given twice.

use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use shiryan::db::on_each;
use shiryan::db::tables::{appointments, messages, slots, waiting_list};
use shiryan::drives;
use shiryan_kernel::ids::{AppointmentId, DonorId, DriveId, SlotId};
use shiryan_kernel::message::Template;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{AppointmentStatus, DonorStatus, WaitingState};

use super::{
    DRIVES, appointments_of, assert_sound, book_now, cancel_now, donor, plan, ready, slots_of, usual, willing,
};
use crate::support::app::{Reply, TestApp, new_key};

both!(
    a_move_takes_another_place_and_keeps_the_status,
    a_move_that_cannot_be_changes_nothing,
    who_accepted_is_told_of_the_new_time,
    two_swap_their_slots_in_a_full_drive,
    a_place_that_comes_free_is_offered_in_turn,
    whoever_cannot_be_booked_is_passed_over,
    a_waiting_list_has_its_own_refusals,
    no_sequence_of_changes_exceeds_a_capacity_or_leaves_an_orphan,
);

fn post(app: &TestApp, path: &str, body: &Value) -> Reply {
    app.client(Role::Medic).post(path, body)
}

fn move_to(app: &TestApp, id: AppointmentId, slot: &Value) -> Reply {
    post(app, &format!("/api/v1/appointments/{id}/move"), &json!({"slot": slot}))
}

fn swap(app: &TestApp, id: AppointmentId, with: AppointmentId) -> Reply {
    post(app, &format!("/api/v1/appointments/{id}/swap"), &json!({"with": with}))
}

fn join(app: &TestApp, drive: DriveId, donor: DonorId) -> Reply {
    post(app, &format!("{DRIVES}/{drive}/waiting"), &json!({"donor": donor}))
}

fn offer(app: &TestApp) -> usize {
    drives::offer_places(&app.house.db, &app.house.vault, app.house.zone).unwrap()
}

fn id_of(value: &Value) -> AppointmentId {
    value["id"].as_str().unwrap().parse().unwrap()
}

/// The live appointments of a drive: id, donor, slot, status.
fn live(app: &TestApp, drive: DriveId) -> Vec<(AppointmentId, DonorId, SlotId, AppointmentStatus)> {
    app.house
        .db
        .read_now(|conn| {
            Ok(appointments::table
                .filter(appointments::drive.eq(drive))
                .filter(appointments::status.ne(AppointmentStatus::Cancelled))
                .order(appointments::id)
                .select((appointments::id, appointments::donor, appointments::slot, appointments::status))
                .load(conn)?)
        })
        .unwrap()
}

fn a_move_takes_another_place_and_keeps_the_status(app: TestApp) {
    let (drive, donor) = (usual(&app), willing(&app));
    let booked = book_now(&app, drive, donor, None).unwrap();
    let slots = slots_of(&app.client(Role::Medic), drive);
    for slot in [&slots[4], &slots[1]] {
        let (old, _, _, status) = live(&app, drive)[0];
        let key = new_key();
        let path = format!("/api/v1/appointments/{old}/move");
        let moved = app.client(Role::Medic).post_as(&key, &path, &json!({"slot": slot["id"]})).expect(200);
        let again = app.client(Role::Medic).post_as(&key, &path, &json!({"slot": slot["id"]})).expect(200);
        assert_eq!(again, moved);
        assert_eq!((&moved["replaces"], &moved["status"]), (&json!(old), &json!(status)));
        assert_eq!((&moved["slot"], &moved["starts_at"]), (&slot["id"], &slot["starts_at"]));
        assert_eq!(
            live(&app, drive),
            [(id_of(&moved), donor, moved["slot"].as_str().unwrap().parse().unwrap(), status)]
        );
        assert_sound(&app, drive, 1);
    }
    assert_eq!(move_to(&app, booked.id, &slots[0]["id"]).expect(409)["state"], "cancelled");
}

fn a_move_that_cannot_be_changes_nothing(app: TestApp) {
    let (drive, other) = (usual(&app), plan(&app, json!({"date": "2026-12-02"})));
    let donors = ready(&app, 3);
    let slots = slots_of(&app.client(Role::Medic), drive);
    let named = |place: usize| slots[place]["id"].as_str().unwrap().parse::<SlotId>().unwrap();
    let own = book_now(&app, drive, donors[0], Some(named(0))).unwrap().id;
    for donor in &donors[1..] {
        book_now(&app, drive, *donor, Some(named(1))).unwrap();
    }
    let before = live(&app, drive);
    assert_eq!(move_to(&app, own, &slots[1]["id"]).problem(409), "slot_full");
    assert_eq!(move_to(&app, own, &slots[0]["id"]).expect(422)["errors"][0]["code"], "invalid_value");
    let elsewhere = &slots_of(&app.client(Role::Medic), other)[0]["id"];
    assert_eq!(move_to(&app, own, elsewhere).expect(422)["errors"][0]["code"], "unknown_reference");
    let theirs = plan(&app, json!({"unit": app.places.other_unit}));
    let stranger = donor(&app, app.places.other_unit, DonorStatus::Active, Some(("2026-01-01", None)));
    let strange = book_now(&app, theirs, stranger, None).unwrap().id;
    assert_eq!(move_to(&app, strange, &slots[2]["id"]).problem(404), "not_found");
    assert_eq!(swap(&app, strange, own).problem(404), "not_found");
    assert_eq!(swap(&app, own, strange).expect(422)["errors"][0]["code"], "unknown_reference");
    assert_eq!(swap(&app, own, own).expect(422)["errors"][0]["code"], "invalid_value");
    app.clock.set("2026-12-01T07:45:00Z".parse().unwrap());
    assert_eq!(move_to(&app, own, &slots[1]["id"]).problem(409), "drive_closed", "that slot has begun");
    assert_eq!(live(&app, drive), before);
    assert_sound(&app, drive, 3);
}

fn who_accepted_is_told_of_the_new_time(app: TestApp) {
    let (drive, donor) = (usual(&app), willing(&app));
    let old = book_now(&app, drive, donor, None).unwrap().id;
    post(&app, &format!("/api/v1/appointments/{old}/accept"), &json!({})).expect(200);
    let slots = slots_of(&app.client(Role::Medic), drive);
    let moved = move_to(&app, old, &slots[3]["id"]).expect(200);
    assert_eq!(moved["status"], "booked");
    let queued: Vec<(i64, Template)> = app
        .house
        .db
        .read_now(|conn| {
            Ok(messages::table
                .filter(messages::donor.eq(donor))
                .order(messages::id)
                .select((messages::subject, messages::template))
                .load(conn)?)
        })
        .unwrap();
    let of = |id: AppointmentId| -> Vec<Template> {
        queued.iter().filter(|(subject, _)| *subject == id.0).map(|(_, template)| *template).collect()
    };
    let confirmed = [Template::AppointmentConfirmed, Template::ReminderDays, Template::ReminderHours];
    assert_eq!(of(id_of(&moved)), confirmed);
    assert!(!of(old).contains(&Template::AppointmentCancelled), "one letter is enough");
}

fn two_swap_their_slots_in_a_full_drive(app: TestApp) {
    let drive = usual(&app);
    for donor in ready(&app, 10) {
        book_now(&app, drive, donor, None).unwrap();
    }
    let before = live(&app, drive);
    let ((one, first, early, _), (two, second, late, _)) = (before[0], before[9]);
    assert_eq!(swap(&app, one, before[1].0).expect(422)["errors"][0]["code"], "invalid_value", "one slot");
    let swapped = swap(&app, two, one).expect(200);
    assert_eq!(swapped["items"][0]["replaces"], json!(one));
    let after = live(&app, drive);
    let slot_of = |donor| after.iter().find(|(_, who, ..)| *who == donor).unwrap().2;
    assert_eq!((slot_of(first), slot_of(second)), (late, early));
    assert_eq!(swap(&app, one, two).problem(409), "state_conflict");
    assert_sound(&app, drive, 10);
}

fn a_place_that_comes_free_is_offered_in_turn(app: TestApp) {
    let (drive, donors) = (plan(&app, json!({"to": "09:30", "beds": 2})), ready(&app, 5));
    let held: Vec<AppointmentId> =
        donors[..2].iter().map(|donor| book_now(&app, drive, *donor, None).unwrap().id).collect();
    let waits: Vec<Value> =
        donors[2..].iter().map(|donor| join(&app, drive, *donor).expect(201)["id"].clone()).collect();
    assert_eq!(offer(&app), 0, "nothing is free");
    let list = |app: &TestApp| -> Vec<Value> {
        let page = app.client(Role::Bank).get(&format!("{DRIVES}/{drive}/waiting")).expect(200);
        page["items"].as_array().unwrap().iter().map(|item| item["donor"].clone()).collect()
    };
    assert_eq!(list(&app), [json!(donors[2]), json!(donors[3]), json!(donors[4])]);
    let leave = format!("/api/v1/waiting/{}/leave", waits[1].as_str().unwrap());
    assert_eq!(post(&app, &leave, &json!({})).expect(200)["state"], "left");
    assert_eq!(post(&app, &leave, &json!({})).expect(409)["state"], "left");
    cancel_now(&app, held[0]).unwrap();
    assert_eq!((offer(&app), offer(&app)), (1, 0));
    let now = live(&app, drive);
    assert_eq!((now[1].1, now[1].3), (donors[2], AppointmentStatus::Proposed));
    let offered = format!("/api/v1/waiting/{}/leave", waits[0].as_str().unwrap());
    assert_eq!(post(&app, &offered, &json!({})).expect(409)["state"], "offered");
    cancel_now(&app, held[1]).unwrap();
    assert_eq!(offer(&app), 1);
    assert_eq!(live(&app, drive)[1].1, donors[4], "who left is not asked");
    assert!(list(&app).is_empty());
    assert_sound(&app, drive, 2);
}

fn whoever_cannot_be_booked_is_passed_over(app: TestApp) {
    let (drive, later) = (plan(&app, json!({"to": "09:30", "beds": 1})), willing(&app));
    let held = book_now(&app, drive, willing(&app), None).unwrap().id;
    let away = willing(&app);
    join(&app, drive, away).expect(201);
    join(&app, drive, later).expect(201);
    let there = plan(&app, json!({"governorate": "PS-HBN", "unit": app.places.other_unit}));
    book_now(&app, there, away, None).unwrap();
    cancel_now(&app, held).unwrap();
    assert_eq!(offer(&app), 1);
    assert_eq!(live(&app, drive)[0].1, later);
    // Called off: whoever waits is offered nothing.
    cancel_now(&app, live(&app, drive)[0].0).unwrap();
    app.client(Role::Bank).post(&format!("{DRIVES}/{drive}/cancel"), &json!({})).expect(200);
    assert_eq!(offer(&app), 0);
}

fn a_waiting_list_has_its_own_refusals(app: TestApp) {
    let drive = usual(&app);
    let booked = willing(&app);
    book_now(&app, drive, booked, None).unwrap();
    assert_eq!(join(&app, drive, booked).problem(409), "already_booked");
    let paused = donor(&app, app.places.company, DonorStatus::Paused, Some(("2026-01-01", None)));
    assert_eq!(join(&app, drive, paused).problem(409), "donor_unbookable");
    let resting = donor(&app, app.places.company, DonorStatus::Active, Some(("2027-01-01", None)));
    assert_eq!(join(&app, drive, resting).problem(409), "not_eligible");
    let stranger = donor(&app, app.places.other_unit, DonorStatus::Active, Some(("2026-01-01", None)));
    assert_eq!(join(&app, drive, stranger).problem(404), "not_found");
    let waiting = willing(&app);
    let entry = join(&app, drive, waiting).expect(201)["id"].clone();
    assert_eq!(join(&app, drive, waiting).problem(409), "state_conflict");
    let theirs = plan(&app, json!({"unit": app.places.other_unit}));
    assert_eq!(join(&app, theirs, willing(&app)).problem(404), "not_found");
    app.client(Role::Bank).post(&format!("{DRIVES}/{drive}/cancel"), &json!({})).expect(200);
    assert_eq!(join(&app, drive, willing(&app)).problem(409), "drive_closed");
    let leave = format!("/api/v1/waiting/{}/leave", entry.as_str().unwrap());
    post(&app, &leave, &json!({})).expect(200);
}

/// What must hold after every step: counts, one live appointment for each donor, offers that lead somewhere.
fn assert_whole(app: &TestApp, drive: DriveId) {
    let live = live(app, drive);
    assert_sound(app, drive, i64::try_from(live.len()).unwrap());
    let mut donors: Vec<DonorId> = live.iter().map(|(_, donor, ..)| *donor).collect();
    donors.sort_unstable();
    donors.dedup();
    assert_eq!(donors.len(), live.len(), "one live appointment each");
    let (places, offers): (Vec<SlotId>, Vec<(DonorId, DonorId)>) = app
        .house
        .db
        .read_now(|conn| {
            let places = slots::table.filter(slots::drive.eq(drive)).select(slots::id).load(conn)?;
            let offers = on_each!(conn => c, waiting_list::table
                .inner_join(appointments::table.on(appointments::id.nullable().eq(waiting_list::appointment)))
                .filter(waiting_list::state.eq(WaitingState::Offered))
                .select((waiting_list::donor, appointments::donor))
                .load(c))?;
            Ok((places, offers))
        })
        .unwrap();
    assert!(live.iter().all(|(_, _, slot, _)| places.contains(slot)), "a place of this drive");
    assert!(offers.iter().all(|(waited, has)| waited == has), "offered to who waited");
}

fn no_sequence_of_changes_exceeds_a_capacity_or_leaves_an_orphan(app: TestApp) {
    let donors = ready(&app, 9);
    for seed in 0..6 {
        let mut rng = StdRng::seed_from_u64(seed);
        let date = format!("2026-12-{:02}", seed + 1);
        let drive = plan(&app, json!({"date": date, "to": "10:30", "beds": 2}));
        let slots = slots_of(&app.client(Role::Medic), drive);
        for _ in 0..40 {
            let live = live(&app, drive);
            let (donor, slot) = (*donors.choose(&mut rng).unwrap(), &slots.choose(&mut rng).unwrap()["id"]);
            let (own, other) = (live.choose(&mut rng), live.choose(&mut rng));
            match (rng.random_range(0..7), own, other) {
                (0, ..) => {
                    let body = json!({"donor": donor, "slot": slot});
                    assert!([201, 409].contains(&post(&app, &appointments_of(drive), &body).status));
                }
                (1, ..) => assert!([201, 409].contains(&join(&app, drive, donor).status)),
                (2, ..) => drop(offer(&app)),
                (3, Some(own), _) => {
                    assert!([200, 409, 422].contains(&move_to(&app, own.0, slot).status));
                }
                (4, Some(own), Some(other)) => {
                    assert!([200, 422].contains(&swap(&app, own.0, other.0).status));
                }
                (5, Some(own), _) => drop(cancel_now(&app, own.0).unwrap()),
                (6, Some(own), _) => {
                    let accept = format!("/api/v1/appointments/{}/accept", own.0);
                    assert!([200, 409].contains(&post(&app, &accept, &json!({})).status));
                }
                _ => {}
            }
            assert_whole(&app, drive);
        }
    }
}
