//! One booking at a time: what is answered, what is refused, and what a refusal tells.

use chrono::Duration;
use serde_json::json;
use shiryan::db::Lane;
use shiryan::eligibility::{self, GivingSource, NewDeferral, NewGiving};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::{DonorId, DriveId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::DonorStatus;

use super::{
    DAY, DRIVES, appointments_of, assert_sound, book_now, donor, form, plan, ready, slots_of, usual, willing,
    with,
};
use crate::support::app::{TestApp, new_key};

both!(
    a_repeated_booking_is_one_booking,
    a_place_that_is_freed_is_given_again,
    those_who_may_not_give_are_refused_without_a_cause,
    whoever_is_registered_is_booked_until_a_fact_forbids_it,
    what_is_out_of_scope_is_not_there,
    a_drive_that_is_over_takes_nobody,
    an_appointment_that_a_later_fact_forbids_shows_as_impossible,
);

fn a_repeated_booking_is_one_booking(app: TestApp) {
    let (drive, donor, medic) = (usual(&app), willing(&app), app.client(Role::Medic));
    let body = json!({"donor": donor});
    let key = new_key();
    let first = medic.post_as(&key, &appointments_of(drive), &body).expect(201);
    assert_eq!(first["status"], "proposed");
    assert_eq!(first["starts_at"], "2026-12-01T07:00:00Z");
    assert_eq!(medic.post_as(&key, &appointments_of(drive), &body).expect(201), first);
    let other = json!({"donor": willing(&app)});
    let reused = medic.post_as(&key, &appointments_of(drive), &other);
    assert_eq!(reused.problem(422), "idempotency_key_reused");
    assert_eq!(medic.post(&appointments_of(drive), &body).problem(409), "already_booked");
    assert_sound(&app, drive, 1);
}

fn a_place_that_is_freed_is_given_again(app: TestApp) {
    let drive = plan(&app, json!({"beds": 1, "to": "09:30"}));
    let medic = app.client(Role::Medic);
    let booked = medic.post(&appointments_of(drive), &json!({"donor": willing(&app)})).expect(201);
    let second = json!({"donor": willing(&app)});
    assert_eq!(medic.post(&appointments_of(drive), &second).problem(409), "drive_full");
    let named = with(second, json!({"slot": booked["slot"]}));
    assert_eq!(medic.post(&appointments_of(drive), &named).problem(409), "slot_full");
    let cancel = format!("/api/v1/appointments/{}/cancel", booked["id"].as_str().unwrap());
    let elsewhere = medic.post(&cancel, &json!({"expected_status": "booked"}));
    assert_eq!(elsewhere.problem(409), "state_conflict");
    assert_eq!(elsewhere.json()["state"], "proposed");
    let cancelled = medic.post(&cancel, &json!({"expected_status": "proposed"})).expect(200);
    assert_eq!(cancelled, json!({"id": booked["id"], "status": "cancelled"}));
    assert_eq!(medic.post(&cancel, &json!({})).problem(409), "state_conflict");
    medic.post(&appointments_of(drive), &named).expect(201);
    assert_sound(&app, drive, 1);
}

fn those_who_may_not_give_are_refused_without_a_cause(app: TestApp) {
    let (drive, medic, unit) = (usual(&app), app.client(Role::Medic), app.places.company);
    let book = |donor: DonorId| medic.post(&appointments_of(drive), &json!({"donor": donor}));
    for window in [None, Some(("2026-12-02", None)), Some(("2026-10-01", Some("2026-11-30")))] {
        let reply = book(donor(&app, unit, DonorStatus::Active, window));
        assert_eq!(reply.problem(409), "not_eligible", "{window:?}");
        assert!(!reply.text.contains("2026-"), "{}", reply.text);
    }
    book(donor(&app, unit, DonorStatus::Active, Some((DAY, Some(DAY))))).expect(201);
    let refused: Vec<String> = DonorStatus::ALL
        .iter()
        .filter(|status| **status != DonorStatus::Active)
        .map(|status| {
            let reply = book(donor(&app, unit, *status, Some(("2026-01-01", None))));
            assert_eq!(reply.problem(409), "donor_unbookable");
            reply.text
        })
        .collect();
    assert!(refused.iter().all(|text| *text == refused[0]), "{refused:?}");
    assert_sound(&app, drive, 1);
}

/// The windows are those that `eligibility` writes with each fact.
fn whoever_is_registered_is_booked_until_a_fact_forbids_it(app: TestApp) {
    let medic = app.client(Role::Medic);
    let register = |n: u8| -> DonorId {
        let form = json!({
            "first_name": "سالم", "family_name": "النجار", "sex": "male", "birth_date": "1996-02-10",
            "service_number": format!("DR-{n}"), "unit": app.places.company, "governorate": "PS-RBH",
            "weight_kg": 85.0, "height_cm": 180,
        });
        let made = medic.post("/api/v1/donors", &form).expect(201);
        made["id"].as_str().unwrap().parse().unwrap()
    };
    let [healthy, gave, carrier] = [1, 2, 3].map(register);
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let written = app.house.db.write_now(Lane::System, move |tx| {
        let giving = NewGiving {
            donor: gave,
            on: "2026-11-24".parse().unwrap(),
            donation_type: DonationType::WholeBlood,
            volume_ml: Some(450),
            red_cells_lost: false,
            source: GivingSource::Donation,
        };
        eligibility::record_giving(tx, &vault, &book, &giving)?;
        let code = "P-HIV".to_owned();
        let cause = NewDeferral { donor: carrier, code, base: None, second_base: None, ended_on: None };
        eligibility::defer(tx, &vault, &book, None, &cause)
    });
    written.unwrap();
    let (soon, later) = (usual(&app), plan(&app, json!({"date": "2027-06-01"})));
    let book = |drive: DriveId, donor: DonorId| medic.post(&appointments_of(drive), &json!({"donor": donor}));
    book(soon, healthy).expect(201);
    let refused = [book(soon, gave), book(soon, carrier), book(later, carrier)];
    assert_eq!(refused[0].problem(409), "not_eligible");
    assert!(refused.iter().all(|reply| reply.text == refused[0].text), "{refused:?}");
    book(later, gave).expect(201);
    assert_sound(&app, later, 1);
}

fn what_is_out_of_scope_is_not_there(app: TestApp) {
    let (mine, theirs) = (usual(&app), plan(&app, json!({"unit": app.places.other_unit})));
    let medic = app.client(Role::Medic);
    let stranger = donor(&app, app.places.other_unit, DonorStatus::Active, Some(("2026-01-01", None)));
    let book = |drive: DriveId, donor: DonorId| medic.post(&appointments_of(drive), &json!({"donor": donor}));
    assert_eq!(book(mine, stranger).problem(404), "not_found");
    assert_eq!(book(mine, DonorId(77)).problem(404), "not_found");
    assert_eq!(book(theirs, willing(&app)).problem(404), "not_found");
    assert_eq!(medic.get(&format!("{DRIVES}/{theirs}/slots")).problem(404), "not_found");
    assert_eq!(medic.get(&format!("{DRIVES}/{theirs}")).problem(404), "not_found");
    let booked = book_now(&app, theirs, stranger, None).unwrap();
    let cancel = format!("/api/v1/appointments/{}/cancel", booked.id);
    assert_eq!(medic.post(&cancel, &json!({})).problem(404), "not_found");
    let crossed = json!({"donor": willing(&app), "slot": booked.slot});
    let refused = medic.post(&appointments_of(mine), &crossed).expect(422);
    assert_eq!(refused["errors"][0]["code"], "unknown_reference");
    let planned = medic.post(DRIVES, &form(app.places.other_unit)).expect(422);
    assert_eq!(planned["errors"][0]["field"], "unit");
    assert_sound(&app, mine, 0);
    assert_sound(&app, theirs, 1);
}

fn a_drive_that_is_over_takes_nobody(app: TestApp) {
    let (drive, donors) = (usual(&app), ready(&app, 2));
    let first = slots_of(&app.client(Role::Bank), drive)[0]["id"].clone();
    app.clock.set("2026-12-01T07:00:00Z".parse().unwrap());
    let bank = app.client(Role::Bank);
    let begun = bank.post(&appointments_of(drive), &json!({"donor": donors[0], "slot": first}));
    assert_eq!(begun.problem(409), "drive_closed");
    let next = bank.post(&appointments_of(drive), &json!({"donor": donors[0]})).expect(201);
    assert_eq!(next["starts_at"], "2026-12-01T07:30:00Z");
    app.clock.advance(Duration::minutes(150));
    let over = app.client(Role::Bank).post(&appointments_of(drive), &json!({"donor": donors[1]}));
    assert_eq!(over.problem(409), "drive_closed");
}

fn an_appointment_that_a_later_fact_forbids_shows_as_impossible(app: TestApp) {
    let (drive, medic) = (usual(&app), app.client(Role::Medic));
    let made: Vec<(String, String)> = (1..=3)
        .map(|n| {
            let form = json!({
                "first_name": "ياسر", "family_name": "قاسم", "sex": "male", "birth_date": "1994-05-20",
                "service_number": format!("IM-{n}"), "unit": app.places.company, "weight_kg": 82.0,
                "height_cm": 177,
            });
            let donor = medic.post("/api/v1/donors", &form).expect(201)["id"].as_str().unwrap().to_owned();
            let booked = medic.post(&appointments_of(drive), &json!({"donor": donor})).expect(201);
            (donor, booked["id"].as_str().unwrap().to_owned())
        })
        .collect();
    let list = |query: &str| {
        let page = medic.get(&format!("{}{query}", appointments_of(drive))).expect(200);
        page["items"].as_array().unwrap().clone()
    };
    assert_eq!(list("").len(), 3);
    assert!(list("?impossible=true").is_empty());
    for (donor, code) in [(&made[0].0, "P-HIV"), (&made[2].0, "TAT")] {
        let path = format!("/api/v1/donors/{donor}/deferrals");
        medic.post(&path, &json!({"code": code, "base": "2026-11-23"})).expect(201);
    }
    let flagged: Vec<String> =
        list("?impossible=true").iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(flagged, [made[0].1.clone(), made[2].1.clone()], "by start, whatever the cause");
    let all: Vec<bool> = list("").iter().map(|one| one["impossible"].as_bool().unwrap()).collect();
    assert_eq!(all, [true, false, true]);
    let first = medic.get(&format!("{}?impossible=true&limit=1", appointments_of(drive))).expect(200);
    let next = format!(
        "{}?impossible=true&limit=1&cursor={}",
        appointments_of(drive),
        first["next"].as_str().unwrap()
    );
    assert_eq!(medic.get(&next).expect(200)["items"][0]["id"], made[2].1.as_str());
    let other = plan(&app, json!({"unit": app.places.other_unit}));
    assert_eq!(medic.get(&appointments_of(other)).problem(404), "not_found");
}
