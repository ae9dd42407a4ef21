//! On which terms a drive takes people: the calendar's hours, beds and staff, lanes, shares, types, its last moment;
//! drafts, copies and blueprints.

use chrono::Duration;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::{donors, drive_hours, givings};
use shiryan::drives::{self, Booked};
use shiryan_kernel::blood::Sex;
use shiryan_kernel::ids::{DonorId, DriveId, SlotId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::{Code, Result};

use super::{
    CANARY, DRIVES, appointments_of, book_now, cancel_now, counts, donor, form, plan, slots_of, willing, with,
};
use crate::support::app::{Client, TestApp};

both!(
    hours_that_the_calendar_keeps_free_have_no_slots,
    places_are_what_beds_and_staff_serve,
    more_are_let_in_where_few_come,
    womens_hours_are_for_women,
    first_time_donors_have_their_share_of_the_hour,
    the_share_holds_when_many_ask_at_once,
    whoever_moves_is_counted_where_they_come,
    a_drive_collects_what_it_says,
    no_place_is_taken_past_the_last_moment,
    outdoors_it_is_not_too_hot,
    terms_that_make_no_sense_are_refused,
    a_draft_is_published_and_an_open_drive_closed,
    a_drive_is_seen_before_it_is_planned,
    a_drive_is_copied_to_another_day,
    a_blueprint_is_planned_again_and_again,
    a_proposal_lapses_and_its_place_is_offered,
);

/// No slot holds more than it takes, nor more or fewer than it says; and the hours count whoever is live in them.
fn sound(app: &TestApp, drive: DriveId) {
    let slots = counts(app, drive);
    assert!(
        slots.iter().all(|(booked, live, capacity)| i64::from(*booked) == *live && booked <= capacity),
        "{slots:?}"
    );
    assert!(counted(app, drive).iter().all(|(new, most)| new <= most));
}

fn starts(client: &Client, drive: DriveId) -> Vec<String> {
    let time = |slot: &Value| slot["starts_at"].as_str().unwrap()[11..16].to_owned();
    slots_of(client, drive).iter().map(time).collect()
}

fn hours_that_the_calendar_keeps_free_have_no_slots(app: TestApp) {
    let bank = app.client(Role::Bank);
    let made = |fields: Value| bank.post(DRIVES, &with(form(app.places.company), fields)).expect(201);
    let friday = json!({"date": "2026-12-04", "from": "10:30", "to": "15:00"});
    let found = made(friday.clone());
    assert_eq!(starts(&bank, found["id"].as_str().unwrap().parse().unwrap()), ["08:30", "12:00", "12:30"]);
    let because: Vec<&Value> =
        found["left_out"].as_array().unwrap().iter().map(|out| &out["because"]).collect();
    assert_eq!(because, vec!["friday_prayer"; 6]);
    assert_eq!(made(with(friday, json!({"at_prayer": true})))["slots"], 9);
    // A day of Ramadan in winter time: the sun sets in Ramallah at about 17:17.
    let fasting = json!({"date": "2027-02-09", "from": "09:00", "to": "12:00"});
    let refused = bank.post(DRIVES, &with(form(app.places.company), fasting.clone()));
    assert_eq!(
        (refused.problem(422), &refused.json()["kept_free"]),
        ("invalid_request".into(), &json!("fasting"))
    );
    assert_eq!(made(with(fasting, json!({"for_unfasting": true})))["slots"], 6);
    let evening = made(json!({"date": "2027-02-09", "from": "18:30", "to": "23:00"}));
    assert_eq!((&evening["slots"], evening["left_out"].as_array().unwrap().len()), (&json!(7), 2));
    // The eve of Ramadan, unless it was sighted a day earlier.
    let eve = json!({"date": "2027-02-07", "from": "09:00", "to": "12:00"});
    assert_eq!(made(eve.clone())["slots"], 6);
    let sighted = json!({"year": 1448, "month": 9, "first": "2027-02-07"});
    app.client(Role::Command).post("/api/v1/calendar/months", &sighted).expect(201);
    assert_eq!(bank.post(DRIVES, &with(form(app.places.company), eve)).problem(422), "invalid_request");
}

fn capacity(app: &TestApp, fields: Value) -> i64 {
    let drive = plan(app, fields);
    slots_of(&app.client(Role::Bank), drive)[0]["capacity"].as_i64().unwrap()
}

fn places_are_what_beds_and_staff_serve(app: TestApp) {
    assert_eq!(capacity(&app, json!({"beds": 4})), 4);
    assert_eq!(capacity(&app, json!({"beds": 4, "slot_minutes": 60})), 8);
    assert_eq!(capacity(&app, json!({"beds": 10, "staff": 4})), 2);
    assert_eq!(capacity(&app, json!({"beds": 10, "walk_ins": 3})), 7);
    for (fields, field) in [
        (json!({"beds": 1, "slot_minutes": 15}), "slot_minutes"),
        (json!({"beds": 4, "staff": 1}), "staff"),
        (json!({"beds": 4, "walk_ins": 4}), "walk_ins"),
    ] {
        let refused =
            app.client(Role::Bank).post(DRIVES, &with(form(app.places.company), fields)).expect(422);
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!(field), &json!("out_of_range"))
        );
    }
    let drive = plan(&app, json!({"beds": 10, "staff": 12, "walk_ins": 2}));
    let seen = app.client(Role::Medic).get(&format!("{DRIVES}/{drive}")).expect(200);
    assert_eq!((&seen["staff"], &seen["walk_ins"], &seen["capacity"]), (&json!(12), &json!(2), &json!(20)));
    let onlooker = app.client(Role::Command).get(&format!("{DRIVES}/{drive}")).expect(200);
    for field in ["staff", "walk_ins", "donation_types", "targets", "outdoor"] {
        assert_eq!(onlooker[field], Value::Null, "{field}");
    }
}

fn more_are_let_in_where_few_come(app: TestApp) {
    assert_eq!(capacity(&app, json!({"beds": 10, "overbook": true, "show_per_cent": 60})), 12);
    assert_eq!(capacity(&app, json!({"beds": 10, "overbook": true, "show_per_cent": 100})), 10);
    assert_eq!(capacity(&app, json!({"beds": 10, "show_per_cent": 60})), 10, "only where it is asked for");
    // Nobody came or stayed away yet: 85 in a hundred come.
    let drive = plan(&app, json!({"beds": 20, "overbook": true}));
    let seen = app.client(Role::Bank).get(&format!("{DRIVES}/{drive}")).expect(200);
    assert_eq!((&seen["overbooked_by"], &seen["capacity"]), (&json!(85), &json!(105)));
}

fn of(app: &TestApp, sex: Sex) -> DonorId {
    let id = willing(app);
    let write = move |tx: &mut shiryan::db::Tx<'_>| {
        diesel::update(donors::table.find(id.0)).set(donors::sex.eq(sex)).execute(tx.conn)?;
        Ok(())
    };
    app.house.db.write_now(Lane::System, write).unwrap();
    id
}

fn id_of(slot: &Value) -> SlotId {
    slot["id"].as_str().unwrap().parse().unwrap()
}

fn womens_hours_are_for_women(app: TestApp) {
    let drive = plan(&app, json!({"beds": 1, "women": [{"from": "09:00", "to": "10:00"}]}));
    let bank = app.client(Role::Bank);
    let slots = slots_of(&bank, drive);
    let flags: Vec<&Value> = slots.iter().map(|slot| &slot["for_women"]).collect();
    assert_eq!(json!(flags), json!([true, true, false, false, false]));
    let (man, other, woman) = (of(&app, Sex::Male), of(&app, Sex::Male), of(&app, Sex::Female));
    let refused = book_now(&app, drive, man, Some(id_of(&slots[0]))).unwrap_err();
    assert_eq!(refused.code, Code::SlotForWomen);
    let booked = book_now(&app, drive, man, None).unwrap();
    assert_eq!(booked.slot, id_of(&slots[2]), "the earliest that is not kept for women");
    let hers = book_now(&app, drive, woman, None).unwrap();
    assert_eq!(hers.slot, id_of(&slots[0]));
    assert_eq!(
        book_now(&app, drive, willing(&app), Some(id_of(&slots[1]))).unwrap_err().code,
        Code::SlotForWomen
    );
    let mv = |id: &Booked, to: usize| {
        bank.post(&format!("/api/v1/appointments/{}/move", id.id), &json!({"slot": slots[to]["id"]}))
    };
    assert_eq!(mv(&booked, 1).problem(409), "slot_for_women");
    let swap = format!("/api/v1/appointments/{}/swap", booked.id);
    assert_eq!(bank.post(&swap, &json!({"with": hers.id})).problem(409), "slot_for_women");
    mv(&hers, 1).expect(200);
    for _ in 0..2 {
        book_now(&app, drive, of(&app, Sex::Male), None).unwrap();
    }
    assert_eq!(
        book_now(&app, drive, other, None).unwrap_err().code,
        Code::DriveFull,
        "one place is left, for a woman"
    );
    sound(&app, drive);
}

/// A donor of whom no giving is known.
pub fn newcomer(app: &TestApp) -> DonorId {
    let id = willing(app);
    let forget = move |tx: &mut shiryan::db::Tx<'_>| {
        diesel::delete(givings::table.filter(givings::donor.eq(id))).execute(tx.conn)?;
        Ok(())
    };
    app.house.db.write_now(Lane::System, forget).unwrap();
    id
}

fn counted(app: &TestApp, drive: DriveId) -> Vec<(i32, i32)> {
    let read = |conn: &mut shiryan::db::Conn| {
        Ok(drive_hours::table
            .filter(drive_hours::drive.eq(drive))
            .order(drive_hours::starts_at)
            .select((drive_hours::first_timers, drive_hours::most_first_timers))
            .load(conn)?)
    };
    app.house.db.read_now(read).unwrap()
}

fn first_time_donors_have_their_share_of_the_hour(app: TestApp) {
    // Five places in a slot: ten in each whole hour, of which four may be new, and five in the last half hour.
    let drive = plan(&app, json!({"beds": 5}));
    assert_eq!(counted(&app, drive), [(0, 4), (0, 4), (0, 2)]);
    let first = id_of(&slots_of(&app.client(Role::Bank), drive)[0]);
    let booked: Vec<Booked> =
        (0..4).map(|_| book_now(&app, drive, newcomer(&app), Some(first)).unwrap()).collect();
    assert_eq!(book_now(&app, drive, newcomer(&app), Some(first)).unwrap_err().code, Code::FirstTimersFull);
    book_now(&app, drive, willing(&app), Some(first)).unwrap();
    let next = book_now(&app, drive, newcomer(&app), None).unwrap();
    assert_eq!(next.starts_at - booked[0].starts_at, Duration::hours(1), "the next hour that takes one");
    cancel_now(&app, booked[0].id).unwrap();
    assert_eq!(counted(&app, drive), [(3, 4), (1, 4), (0, 2)]);
    for _ in 0..6 {
        book_now(&app, drive, newcomer(&app), None).unwrap();
    }
    assert_eq!(counted(&app, drive), [(4, 4), (4, 4), (2, 2)]);
    assert_eq!(book_now(&app, drive, newcomer(&app), None).unwrap_err().code, Code::FirstTimersFull);
    book_now(&app, drive, willing(&app), None).unwrap();
    // Calling the drive off gives every share back.
    app.client(Role::Bank).post(&format!("{DRIVES}/{drive}/cancel"), &json!({})).expect(200);
    assert_eq!(counted(&app, drive), [(0, 4), (0, 4), (0, 2)]);
    sound(&app, drive);
}

fn the_share_holds_when_many_ask_at_once(app: TestApp) {
    let drive = plan(&app, json!({"beds": 5, "to": "10:00"}));
    let newcomers: Vec<DonorId> = (0..16).map(|_| newcomer(&app)).collect();
    let outcomes: Vec<Result<Booked>> = std::thread::scope(|scope| {
        let tries: Vec<_> = newcomers
            .iter()
            .map(|donor| {
                let app = &app;
                scope.spawn(move || book_now(app, drive, *donor, None))
            })
            .collect();
        tries.into_iter().map(|attempt| attempt.join().unwrap()).collect()
    });
    let refused: Vec<Code> =
        outcomes.iter().filter_map(|outcome| Some(outcome.as_ref().err()?.code)).collect();
    assert_eq!(refused, vec![Code::FirstTimersFull; 12]);
    assert_eq!(counted(&app, drive), [(4, 4)]);
    sound(&app, drive);
}

fn whoever_moves_is_counted_where_they_come(app: TestApp) {
    let drive = plan(&app, json!({"beds": 5}));
    let bank = app.client(Role::Bank);
    let slots = slots_of(&bank, drive);
    let take = |donor: DonorId, slot: usize| book_now(&app, drive, donor, Some(id_of(&slots[slot]))).unwrap();
    let (new, old) = (take(newcomer(&app), 0), take(willing(&app), 2));
    let moved = bank
        .post(&format!("/api/v1/appointments/{}/move", new.id), &json!({"slot": slots[1]["id"]}))
        .expect(200);
    assert_eq!(counted(&app, drive), [(1, 4), (0, 4), (0, 2)], "inside the hour");
    let path = format!("/api/v1/appointments/{}/swap", moved["id"].as_str().unwrap());
    let swapped = bank.post(&path, &json!({"with": old.id})).expect(200);
    assert_eq!(counted(&app, drive), [(0, 4), (1, 4), (0, 2)]);
    let items = swapped["items"].as_array().unwrap();
    let new = items.iter().find(|item| item["replaces"] == moved["id"]).unwrap();
    for _ in 0..2 {
        take(newcomer(&app), 4);
    }
    let path = format!("/api/v1/appointments/{}/move", new["id"].as_str().unwrap());
    assert_eq!(bank.post(&path, &json!({"slot": slots[4]["id"]})).problem(409), "first_timers_full");
    bank.post(&path, &json!({"slot": slots[0]["id"]})).expect(200);
    assert_eq!(counted(&app, drive), [(1, 4), (0, 4), (2, 2)]);
    sound(&app, drive);
}

fn a_drive_collects_what_it_says(app: TestApp) {
    let drive = plan(&app, json!({"donation_types": ["platelet_apheresis", "plasma_apheresis"]}));
    let bank = app.client(Role::Bank);
    let seen = bank.get(&format!("{DRIVES}/{drive}")).expect(200);
    assert_eq!(seen["donation_types"], json!(["platelet_apheresis", "plasma_apheresis"]));
    let donor = willing(&app);
    let ask =
        |given: Value| bank.post(&appointments_of(drive), &json!({"donor": donor, "donation_type": given}));
    assert_eq!(ask(json!("whole_blood")).problem(409), "type_not_collected");
    // This donor has a window for whole blood alone.
    assert_eq!(ask(json!("plasma_apheresis")).problem(409), "not_eligible");
    assert_eq!(ask(Value::Null).problem(409), "not_eligible");
    let waiting = format!("{DRIVES}/{drive}/waiting");
    let wait = bank.post(&waiting, &json!({"donor": donor, "donation_type": "whole_blood"}));
    assert_eq!(wait.problem(409), "type_not_collected");
    let both = plan(&app, json!({"donation_types": ["plasma_apheresis", "whole_blood"]}));
    let booked = bank.post(&appointments_of(both), &json!({"donor": donor})).expect(201);
    assert_eq!(booked["donation_type"], "whole_blood");
    let listed = bank.get(&appointments_of(both)).expect(200);
    assert_eq!(listed["items"][0]["donation_type"], "whole_blood");
    assert_eq!(listed["items"][0]["impossible"], false);
}

fn no_place_is_taken_past_the_last_moment(app: TestApp) {
    let until = app.house.db.now() + Duration::minutes(5);
    let drive = plan(&app, json!({"book_until": until.to_rfc3339()}));
    book_now(&app, drive, willing(&app), None).unwrap();
    app.clock.advance(Duration::minutes(5));
    assert_eq!(book_now(&app, drive, willing(&app), None).unwrap_err().code, Code::DriveClosed);
    let waiting = format!("{DRIVES}/{drive}/waiting");
    assert_eq!(
        app.client(Role::Bank).post(&waiting, &json!({"donor": willing(&app)})).problem(409),
        "drive_closed"
    );
}

fn outdoors_it_is_not_too_hot(app: TestApp) {
    let bank = app.client(Role::Bank);
    let ask = |fields: Value| bank.post(DRIVES, &with(form(app.places.company), fields));
    let hot = ask(json!({"outdoor": true, "high_c": 36}));
    assert_eq!((hot.problem(422), &hot.json()["most"]), ("invalid_request".into(), &json!("35")));
    assert_eq!(ask(json!({"outdoor": true})).json()["errors"][0]["field"], "high_c");
    ask(json!({"outdoor": true, "high_c": 35})).expect(201);
    ask(json!({"high_c": 40})).expect(201);
}

fn terms_that_make_no_sense_are_refused(app: TestApp) {
    for (fields, field) in [
        (json!({"staff": 0}), "staff"),
        (json!({"walk_ins": -1}), "walk_ins"),
        (json!({"show_per_cent": 0}), "show_per_cent"),
        (json!({"show_per_cent": 101}), "show_per_cent"),
        (json!({"women": [{"from": "9", "to": "10:00"}]}), "women[0].from"),
        (json!({"high_c": 61}), "high_c"),
        (json!({"targets": [{"blood_group": "o_neg", "units": 0}]}), "targets[0].units"),
        (
            json!({"targets": [{"blood_group": "o_neg", "units": 1}, {"blood_group": "o_neg", "units": 2}]}),
            "targets[1].blood_group",
        ),
        (json!({"donation_types": ["whole_blood", "whole_blood"]}), "donation_types"),
    ] {
        let form = with(form(app.places.company), fields.clone());
        for path in [DRIVES.to_owned(), format!("{DRIVES}/preview")] {
            let refused = app.client(Role::Bank).post(&path, &form).expect(422);
            assert_eq!(refused["errors"][0]["field"], field, "{fields}");
        }
    }
    let mut dayless = form(app.places.company);
    dayless.as_object_mut().unwrap().remove("date");
    let refused = app.client(Role::Bank).post(DRIVES, &dayless).expect(422);
    assert_eq!(
        (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
        (&json!("date"), &json!("missing_field"))
    );
}

fn a_draft_is_published_and_an_open_drive_closed(app: TestApp) {
    let (bank, medic) = (app.client(Role::Bank), app.client(Role::Medic));
    let drive = plan(&app, json!({"draft": true, "targets": [{"blood_group": "o_neg", "units": 3}]}));
    let seen = medic.get(&format!("{DRIVES}/{drive}")).expect(200);
    assert_eq!(
        (&seen["status"], &seen["targets"]),
        (&json!("draft"), &json!([{"blood_group": "o_neg", "units": 3}]))
    );
    assert_eq!(book_now(&app, drive, willing(&app), None).unwrap_err().code, Code::DriveClosed);
    let step = |client: &Client, step: &str| client.post(&format!("{DRIVES}/{drive}/{step}"), &json!({}));
    assert_eq!(step(&bank, "close").problem(409), "state_conflict");
    assert_eq!(step(&bank, "reopen").problem(409), "state_conflict");
    let path = format!("/api/v1/units/{}/absences", app.places.company);
    let away = json!({"kind": "leave", "from": super::DAY, "until": super::DAY});
    let absence = app.client(Role::Command).post(&path, &away).expect(201);
    assert_eq!(step(&medic, "publish").problem(409), "unit_absent");
    let withdraw = format!("/api/v1/absences/{}/withdraw", absence["id"].as_str().unwrap());
    medic.post(&withdraw, &json!({})).expect(200);
    assert_eq!(step(&medic, "publish").expect(200)["status"], "open");
    assert_eq!(step(&medic, "publish").problem(409), "state_conflict");
    let activity = app.client(Role::Command).get(&format!("/api/v1/activities/{drive}")).expect(200);
    assert_eq!(activity["status"], "approved");
    let booked = book_now(&app, drive, willing(&app), None).unwrap();
    assert_eq!(step(&bank, "close").expect(200)["status"], "closed");
    assert_eq!(book_now(&app, drive, willing(&app), None).unwrap_err().code, Code::DriveClosed);
    // Whoever is booked stays so and may still accept.
    bank.post(&format!("/api/v1/appointments/{}/accept", booked.id), &json!({})).expect(200);
    assert_eq!(step(&bank, "reopen").expect(200)["status"], "open");
    book_now(&app, drive, willing(&app), None).unwrap();
    let theirs = bank.post(DRIVES, &with(form(app.places.other_unit), json!({"draft": true}))).expect(201);
    let theirs = format!("{DRIVES}/{}/publish", theirs["id"].as_str().unwrap());
    assert_eq!(medic.post(&theirs, &json!({})).problem(404), "not_found");
    app.clock.advance(Duration::days(8));
    assert_eq!(app.client(Role::Bank).post(&theirs, &json!({})).problem(409), "drive_closed");
}

fn a_drive_is_seen_before_it_is_planned(app: TestApp) {
    for _ in 0..3 {
        willing(&app);
    }
    donor(&app, app.places.company, DonorStatus::Paused, Some(("2026-01-01", None)));
    donor(&app, app.places.other_unit, DonorStatus::Active, Some(("2026-01-01", None)));
    donor(&app, app.places.company, DonorStatus::Active, Some(("2027-01-01", None)));
    let closed =
        json!({"governorate": "PS-RBH", "from": "2026-11-30T00:00:00Z", "until": "2026-12-05T00:00:00Z"});
    let closure = app.client(Role::Command).post("/api/v1/closures", &closed).expect(201)["id"].clone();
    let medic = app.client(Role::Medic);
    let ask =
        |fields: Value| medic.post(&format!("{DRIVES}/preview"), &with(form(app.places.company), fields));
    let seen = ask(json!({})).expect(200);
    assert_eq!((&seen["slots"], &seen["capacity"], &seen["places"]), (&json!(5), &json!(2), &json!(10)));
    assert_eq!(
        (&seen["eligible"], &seen["show_per_cent"], &seen["come"]),
        (&json!(3), &json!(85), &json!(2.6))
    );
    // Of 2.55 who come, 88 in a hundred give, and 94.05 in a hundred units are released.
    assert_eq!(seen["expected"], json!([{"blood_group": null, "units": 2.1}]));
    assert_eq!(seen["hijri"], json!({"year": 1448, "month": 6, "day": 21}));
    assert_eq!(seen["closures"], json!([closure]));
    let fewer =
        ask(json!({"show_per_cent": 50, "overbook": true, "beds": 10, "date": "2026-12-04", "to": "11:30"}));
    let fewer = fewer.expect(200);
    assert_eq!(
        (&fewer["capacity"], &fewer["overbooked_by"], &fewer["come"]),
        (&json!(12), &json!(50), &json!(1.5))
    );
    assert_eq!(fewer["left_out"][0]["because"], "friday_prayer");
    assert_eq!(app.client(Role::Bank).get(DRIVES).expect(200)["items"], json!([]), "nothing was written");
    let theirs = medic.post(&format!("{DRIVES}/preview"), &form(app.places.other_unit)).expect(422);
    assert_eq!(theirs["errors"][0]["field"], "unit");
}

fn a_drive_is_copied_to_another_day(app: TestApp) {
    let (bank, medic) = (app.client(Role::Bank), app.client(Role::Medic));
    let drive = plan(
        &app,
        json!({
            "breaks": [{"from": "10:00", "to": "10:30"}], "women": [{"from": "09:30", "to": "10:00"}], "beds": 5,
            "walk_ins": 1, "donation_types": ["whole_blood", "plasma_apheresis"],
            "targets": [{"blood_group": "b_neg", "units": 2}],
        }),
    );
    book_now(&app, drive, of(&app, Sex::Female), None).unwrap();
    let copy = |client: &Client, fields: Value| client.post(&format!("{DRIVES}/{drive}/copy"), &fields);
    let made = copy(&medic, json!({"date": "2026-12-08"})).expect(201);
    let id: DriveId = made["id"].as_str().unwrap().parse().unwrap();
    let (before, after) = (slots_of(&bank, drive), slots_of(&bank, id));
    assert_eq!(after.len(), 4);
    for (one, other) in before.iter().zip(&after) {
        assert_eq!(one["starts_at"].as_str().unwrap()[11..], other["starts_at"].as_str().unwrap()[11..]);
        assert_eq!((&one["for_women"], &one["capacity"]), (&other["for_women"], &other["capacity"]));
        assert_eq!(other["booked"], 0);
    }
    let (one, other) = (
        medic.get(&format!("{DRIVES}/{drive}")).expect(200),
        medic.get(&format!("{DRIVES}/{id}")).expect(200),
    );
    for field in [
        "title",
        "place",
        "beds",
        "walk_ins",
        "donation_types",
        "targets",
        "unit",
        "facility",
        "slot_minutes",
    ] {
        assert_eq!(one[field], other[field], "{field}");
    }
    assert_eq!((&one["place"], &other["date"]), (&json!(CANARY), &json!("2026-12-08")));
    // A Friday leaves the time of prayer free, whatever the other day did.
    let friday = copy(&medic, json!({"date": "2026-12-11", "draft": true})).expect(201);
    assert_eq!((&friday["slots"], &friday["status"]), (&json!(3), &json!("draft")));
    let outdoors = plan(&app, json!({"outdoor": true, "high_c": 20}));
    let refused =
        medic.post(&format!("{DRIVES}/{outdoors}/copy"), &json!({"date": "2026-12-08"})).expect(422);
    assert_eq!(refused["errors"][0]["field"], "high_c");
    let theirs = bank.post(DRIVES, &form(app.places.other_unit)).expect(201);
    let theirs = format!("{DRIVES}/{}/copy", theirs["id"].as_str().unwrap());
    assert_eq!(medic.post(&theirs, &json!({"date": "2026-12-08"})).problem(404), "not_found");
}

fn a_blueprint_is_planned_again_and_again(app: TestApp) {
    let (bank, medic) = (app.client(Role::Bank), app.client(Role::Medic));
    let mut shape = form(app.places.company);
    shape.as_object_mut().unwrap().remove("date");
    let saved =
        medic.post("/api/v1/blueprints", &json!({"name": "صباح الكتيبة", "drive": shape})).expect(201);
    let id = saved["id"].as_str().unwrap();
    let listed = medic.get("/api/v1/blueprints").expect(200);
    let found = &listed["items"][0];
    assert_eq!(
        (&found["id"], &found["name"], &found["drive"]["place"]),
        (&saved["id"], &json!("صباح الكتيبة"), &json!(CANARY))
    );
    let days = json!({"first": "2026-12-01", "last": "2026-12-14", "weekdays": ["tuesday"]});
    let plan = format!("/api/v1/blueprints/{id}/drives");
    let made = medic.post(&plan, &days).expect(201);
    assert_eq!(made["drives"].as_array().unwrap().len(), 2);
    assert_eq!(bank.post(&plan, &days).expect(201)["drives"].as_array().unwrap().len(), 2);
    for (form, field) in [
        (json!({"name": " ", "drive": shape}), "name"),
        (json!({"name": "x", "drive": with(shape.clone(), json!({"beds": 0}))}), "drive.beds"),
        (json!({"name": "x", "drive": with(shape.clone(), json!({"date": "2026-12-01"}))}), "drive.date"),
        (
            json!({"name": "x", "drive": with(shape.clone(), json!({"unit": app.places.other_unit}))}),
            "drive.unit",
        ),
    ] {
        assert_eq!(medic.post("/api/v1/blueprints", &form).expect(422)["errors"][0]["field"], field);
    }
    let theirs = with(shape, json!({"unit": app.places.other_unit}));
    let theirs = bank.post("/api/v1/blueprints", &json!({"name": "x", "drive": theirs})).expect(201);
    assert_eq!(medic.get("/api/v1/blueprints").expect(200)["items"].as_array().unwrap().len(), 1);
    for step in ["drives", "end"] {
        let path = format!("/api/v1/blueprints/{}/{step}", theirs["id"].as_str().unwrap());
        let body = if step == "end" { json!({}) } else { days.clone() };
        assert_eq!(medic.post(&path, &body).problem(404), "not_found");
    }
    medic.post(&format!("/api/v1/blueprints/{id}/end"), &json!({})).expect(200);
    assert_eq!(medic.post(&plan, &days).problem(404), "not_found");
    assert_eq!(medic.get("/api/v1/blueprints").expect(200)["items"], json!([]));
}

fn a_proposal_lapses_and_its_place_is_offered(app: TestApp) {
    let drive = plan(&app, json!({"beds": 1, "to": "09:30"}));
    let bank = || app.client(Role::Bank);
    let lapse = || drives::lapse(&app.house.db, &app.house.vault).unwrap();
    let booked = book_now(&app, drive, willing(&app), None).unwrap();
    let listed = bank().get(&appointments_of(drive)).expect(200);
    let lapses = booked.starts_at - Duration::hours(48);
    let shown = listed["items"][0]["lapses_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>();
    assert_eq!(shown.unwrap(), lapses);
    let waits = willing(&app);
    bank().post(&format!("{DRIVES}/{drive}/waiting"), &json!({"donor": waits})).expect(201);
    app.clock.set(lapses - Duration::seconds(1));
    assert_eq!(lapse(), 0);
    app.clock.set(lapses);
    assert_eq!((lapse(), lapse()), (1, 0));
    sound(&app, drive);
    let offered = drives::offer_places(&app.house.db, &app.house.vault, app.house.zone).unwrap();
    assert_eq!(offered, 1);
    let listed = bank().get(&appointments_of(drive)).expect(200);
    assert_eq!(listed["items"][0]["donor"], json!(waits));
    // An offer made that late stands for six hours; one that is accepted does not lapse.
    app.clock.advance(Duration::hours(6) - Duration::seconds(1));
    assert_eq!(lapse(), 0);
    let id = listed["items"][0]["id"].as_str().unwrap();
    bank().post(&format!("/api/v1/appointments/{id}/accept"), &json!({})).expect(200);
    app.clock.advance(Duration::hours(12));
    assert_eq!(lapse(), 0);
    sound(&app, drive);
}
