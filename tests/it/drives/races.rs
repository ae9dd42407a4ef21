//! Many at once: no place is given twice, and none is lost.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::slots;
use shiryan::drives;
use shiryan_kernel::ids::{DriveId, SlotId};
use shiryan_kernel::role::Role;
use shiryan_kernel::{Code, Result};

use super::{
    appointments_of, assert_sound, book_now, cancel_now, counts, plan, ready, slots_of, usual, willing,
};
use crate::support::app::{Client, TestApp};
use crate::support::{Meeting, at_once, wait};

both!(
    sixty_four_clients_ask_for_a_slot_of_ten,
    sixty_four_clients_ask_for_five_slots_of_two,
    a_storm_of_bookings_and_cancellations_keeps_the_count,
    one_donor_asked_for_everywhere_at_once_is_booked_once,
    a_booking_waits_for_the_donor_s_other_one,
    many_who_cancel_at_once_free_one_place,
);

/// Sixty-four clients each book a donor of their own at the same moment.
fn race(app: &TestApp, drive: DriveId, slot: Option<&Value>, full: &str) {
    let donors = ready(app, 64);
    let clients: Vec<Client> = (0..64).map(|_| app.client(Role::Medic)).collect();
    let replies =
        at_once(64, |n| clients[n].post(&appointments_of(drive), &json!({"donor": donors[n], "slot": slot})));
    let (booked, refused): (Vec<_>, Vec<_>) = replies.iter().partition(|reply| reply.status == 201);
    for reply in &refused {
        assert_eq!(reply.problem(409), full);
    }
    assert_eq!((booked.len(), refused.len()), (10, 54));
    assert_sound(app, drive, 10);
}

fn sixty_four_clients_ask_for_a_slot_of_ten(app: TestApp) {
    let drive = plan(&app, json!({"beds": 10}));
    let slots = slots_of(&app.client(Role::Medic), drive);
    race(&app, drive, Some(&slots[2]["id"]), "slot_full");
    assert_eq!(counts(&app, drive)[2], (10, 10, 10));
}

fn sixty_four_clients_ask_for_five_slots_of_two(app: TestApp) {
    let drive = usual(&app);
    race(&app, drive, None, "drive_full");
    assert!(counts(&app, drive).iter().all(|slot| *slot == (2, 2, 2)));
}

fn a_storm_of_bookings_and_cancellations_keeps_the_count(app: TestApp) {
    let drive = usual(&app);
    let donors = ready(&app, 24);
    let named: Vec<SlotId> = app
        .house
        .db
        .read_now(|conn| Ok(slots::table.filter(slots::drive.eq(drive)).select(slots::id).load(conn)?))
        .unwrap();
    let made = Mutex::new(Vec::new());
    let cancelled = Mutex::new(0);
    at_once(16, |thread| {
        for round in 0..12 {
            let slot = (round % 3 == 0).then(|| named[(thread + round) % named.len()]);
            match book_now(&app, drive, donors[(thread * 7 + round) % donors.len()], slot) {
                Ok(booked) => made.lock().unwrap().push(booked.id),
                Err(problem) => assert!(
                    [Code::AlreadyBooked, Code::DriveFull, Code::SlotFull].contains(&problem.code),
                    "{problem:?}"
                ),
            }
            let chosen = made.lock().unwrap().iter().rev().nth(thread % 4).copied();
            let Some(id) = chosen.filter(|_| round % 2 == 1) else { continue };
            match cancel_now(&app, id) {
                Ok(_) => *cancelled.lock().unwrap() += 1,
                Err(problem) => assert_eq!(problem.code, Code::StateConflict, "{problem:?}"),
            }
        }
    });
    let (made, cancelled) = (made.into_inner().unwrap().len(), cancelled.into_inner().unwrap());
    assert!(made > 10 && cancelled > 0, "places must have changed hands: {made} {cancelled}");
    assert_sound(&app, drive, i64::try_from(made - cancelled).unwrap());
}

fn one_donor_asked_for_everywhere_at_once_is_booked_once(app: TestApp) {
    let there = [usual(&app), plan(&app, json!({"from": "14:00", "to": "16:00"}))];
    let donor = willing(&app);
    let outcomes = at_once(16, |n| book_now(&app, there[n % 2], donor, None));
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    for refused in outcomes.iter().filter_map(|outcome| outcome.as_ref().err()) {
        assert_eq!(refused.code, Code::AlreadyBooked, "{refused:?}");
    }
    let taken: i64 = there.iter().flat_map(|drive| counts(&app, *drive)).map(|(_, live, _)| live).sum();
    assert_eq!(taken, 1);
    let next_day = plan(&app, json!({"date": "2026-12-02"}));
    book_now(&app, next_day, donor, None).unwrap();
}

/// One has booked and not yet committed when the other, for another drive of that day, begins.
fn a_booking_waits_for_the_donor_s_other_one(app: TestApp) {
    let (here, there) = (usual(&app), plan(&app, json!({"from": "14:00", "to": "16:00"})));
    let donor = willing(&app);
    let both_at_work = Arc::new(Meeting::default());
    let outcomes = at_once(2, |n| {
        let meeting = both_at_work.clone();
        if n == 1 {
            assert!(meeting.come(2, Duration::from_secs(10)));
            return book_now(&app, there, donor, None).map(|booked| booked.id);
        }
        let (vault, by, zone) = (app.house.vault.clone(), app.principal(Role::Bank), app.house.zone);
        wait(app.house.db.write_guarded(Lane::System, move |tx| {
            let booked = drives::book(
                tx,
                &vault,
                zone,
                &by,
                drives::NewBooking { drive: here, donor, slot: None, given: None, despite: None },
            )?;
            assert!(meeting.come(2, Duration::from_secs(10)));
            std::thread::sleep(Duration::from_millis(200));
            Ok(booked.id)
        }))
    });
    assert!(outcomes[0].is_ok(), "{outcomes:?}");
    assert_eq!(outcomes[1].as_ref().unwrap_err().code, Code::AlreadyBooked);
    assert_sound(&app, there, 0);
}

fn many_who_cancel_at_once_free_one_place(app: TestApp) {
    let drive = usual(&app);
    for donors in ready(&app, 8).chunks(2) {
        let kept = book_now(&app, drive, donors[0], None).unwrap();
        let gone = book_now(&app, drive, donors[1], Some(kept.slot)).unwrap();
        let outcomes = at_once(8, |_| cancel_now(&app, gone.id));
        assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
        for refused in outcomes.into_iter().filter_map(Result::err) {
            assert_eq!(refused.code, Code::StateConflict, "{refused:?}");
            assert_eq!(refused.facts, [("state", "cancelled".to_owned())]);
        }
        assert_sound(&app, drive, 1);
        cancel_now(&app, kept.id).unwrap();
    }
    assert_sound(&app, drive, 0);
}
