//! Making drives, and who sees how much of them.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::activities::PlaceText;
use shiryan::db::tables::activities;
use shiryan::db::{Lane, Target, on_each};
use shiryan::drives::rules::Hours;
use shiryan::drives::{self, NewDrive};
use shiryan_kernel::Code;
use shiryan_kernel::ids::{DriveId, FacilityId, UnitId};
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{AppointmentStatus, DriveStatus};
use shiryan_kernel::time::clock_time;

use super::{
    CANARY, DAY, DRIVES, assert_sound, book_now, day, form, plan, ready, slots_of, usual, willing, with,
};
use crate::support::app::TestApp;

both!(
    onlookers_see_the_day_and_how_full_it_is,
    hours_on_a_day_of_clock_change_are_cut_once,
    a_drive_that_makes_no_sense_is_refused_field_by_field,
    drives_are_listed_page_by_page,
    a_drive_of_the_past_is_entered_with_who_came,
    title_and_place_are_sealed,
);

fn onlookers_see_the_day_and_how_full_it_is(app: TestApp) {
    let (drive, bank) = (usual(&app), app.client(Role::Bank));
    book_now(&app, drive, willing(&app), None).unwrap();
    for path in [DRIVES.to_owned(), format!("{DRIVES}/{drive}"), "/api/v1/activities".to_owned()] {
        for role in [Role::Bank, Role::Medic] {
            assert!(app.client(role).get(&path).text.contains(CANARY), "{role} {path}");
        }
        for role in [Role::Command, Role::Admin, Role::Physician] {
            let reply = app.client(role).get(&path);
            reply.expect(200);
            for hidden in [CANARY, "حملة", &app.places.company.to_string(), "T07:00", "T09:30"] {
                assert!(!reply.text.contains(hidden), "{role} {path} shows {hidden}: {}", reply.text);
            }
            assert!(reply.text.contains(DAY) && reply.text.contains("PS-RBH"), "{role} {path}");
        }
        assert_eq!(app.client(Role::Hospital).get(&path).problem(403), "forbidden");
    }
    let seen = app.client(Role::Command).get(&format!("{DRIVES}/{drive}")).expect(200);
    let figures = ["slots", "capacity", "booked", "free"].map(|name| seen[name].as_i64().unwrap());
    assert_eq!(figures, [5, 10, 1, 9]);
    let slots = format!("{DRIVES}/{drive}/slots");
    assert_eq!(app.client(Role::Command).get(&slots).problem(403), "forbidden");
    let first = &slots_of(&bank, drive)[0];
    assert_eq!((&first["booked"], &first["free"]), (&json!(1), &json!(1)));
}

fn hours_on_a_day_of_clock_change_are_cut_once(app: TestApp) {
    let night = json!({"date": "2027-03-27", "from": "01:00", "to": "04:00"});
    let drive = plan(&app, night.clone());
    let slots = slots_of(&app.client(Role::Bank), drive);
    let starts: Vec<&Value> = slots.iter().map(|slot| &slot["starts_at"]).collect();
    let expected =
        ["2027-03-26T23:00:00Z", "2027-03-26T23:30:00Z", "2027-03-27T00:00:00Z", "2027-03-27T00:30:00Z"];
    assert_eq!(json!(starts), json!(expected));
    let skipped = with(with(form(app.places.company), night), json!({"from": "02:00", "to": "03:00"}));
    let refused = app.client(Role::Bank).post(DRIVES, &skipped).expect(422);
    assert_eq!(refused["errors"][0]["field"], "from");
}

fn a_drive_that_makes_no_sense_is_refused_field_by_field(app: TestApp) {
    let bank = app.client(Role::Bank);
    let refused = |fields: Value| {
        let problem = bank.post(DRIVES, &with(form(app.places.company), fields)).expect(422);
        let errors = problem["errors"].as_array().unwrap().clone();
        errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let all = json!({
        "title": "\u{202e}", "place": " ", "date": "2101-01-01", "beds": 0, "from": "9", "to": "25:00",
    });
    assert_eq!(refused(all), ["title", "place", "date", "from", "to", "beds"]);
    assert_eq!(refused(json!({"slot_minutes": 1})), ["slot_minutes"]);
    assert_eq!(refused(json!({"to": "08:00"})), ["to"]);
    assert_eq!(refused(json!({"facility": app.places.hospital})), ["facility"]);
    assert_eq!(refused(json!({"facility": FacilityId(9)})), ["facility"]);
    assert_eq!(refused(json!({"unit": UnitId(9)})), ["unit"]);
    assert_eq!(bank.get(DRIVES).expect(200)["items"], json!([]));
    let made = bank.get(&format!("{DRIVES}/{}", usual(&app))).expect(200);
    assert_eq!(made["facility"], json!(app.places.bank), "a bank officer's own");
}

fn drives_are_listed_page_by_page(app: TestApp) {
    let days = ["2026-12-03", "2026-12-01", "2026-12-02", "2026-12-02"];
    let made: Vec<DriveId> = days.iter().map(|date| plan(&app, json!({"date": date}))).collect();
    plan(&app, json!({"date": "2026-12-02", "governorate": "PS-HBN", "unit": app.places.other_unit}));
    let medic = app.client(Role::Medic);
    let (mut path, mut seen) = (format!("{DRIVES}?limit=2"), Vec::new());
    loop {
        let page = medic.get(&path).expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|drive| drive["id"].clone()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{DRIVES}?limit=2&cursor={next}");
    }
    assert_eq!(json!(seen), json!([made[1], made[2], made[3], made[0]]));
    let count = |query: &str| {
        let page = app.client(Role::Bank).get(&format!("{DRIVES}?{query}")).expect(200);
        page["items"].as_array().unwrap().len()
    };
    assert_eq!(count("from=2026-12-02&to=2026-12-02"), 3);
    assert_eq!(count("governorate=PS-HBN"), 1);
    assert_eq!(count("to=2026-11-30"), 0);
    let backwards = medic.get(&format!("{DRIVES}?from=2026-12-02&to=2026-12-01"));
    assert_eq!(backwards.problem(422), "invalid_request");
}

fn a_drive_of_the_past_is_entered_with_who_came(app: TestApp) {
    let (vault, zone, donors) = (app.house.vault.clone(), app.house.zone, ready(&app, 4));
    let new = NewDrive {
        title: None,
        governorate: Governorate::RamallahAlBireh,
        place: PlaceText::parse(CANARY).unwrap(),
        date: day("2026-03-01"),
        hours: Hours::new(clock_time("09:00").unwrap(), clock_time("09:30").unwrap(), 30).unwrap(),
        beds: 2,
        unit: app.places.battalion,
        facility: None,
        terms: drives::Terms::default(),
    };
    let entered = app.house.db.write_now(Lane::Bulk, move |tx| {
        let drive = drives::enter(tx, &vault, zone, None, &new, DriveStatus::Done)?;
        let (slot, _) = drive.slots[0];
        let came = [AppointmentStatus::Kept, AppointmentStatus::Cancelled, AppointmentStatus::NoShow];
        for (donor, status) in donors.iter().zip(came) {
            drives::enter_appointment(tx, None, slot, *donor, status)?;
        }
        let full = drives::enter_appointment(tx, None, slot, donors[3], AppointmentStatus::Kept);
        assert_eq!(full.unwrap_err().code, Code::SlotFull);
        Ok(drive.id)
    });
    let drive = entered.unwrap();
    assert_sound(&app, drive, 2);
    let seen = app.client(Role::Medic).get(&format!("{DRIVES}/{drive}")).expect(200);
    assert_eq!((&seen["status"], &seen["title"]), (&json!("done"), &Value::Null));
    let activities = app.client(Role::Medic).get("/api/v1/activities").expect(200);
    assert_eq!(activities["items"][0]["id"], json!(drive));
    assert_eq!(activities["items"][0]["status"], "done");
}

fn title_and_place_are_sealed(app: TestApp) {
    usual(&app);
    let sealed: Vec<(Vec<u8>, Option<Vec<u8>>)> = app
        .house
        .db
        .read_now(|conn| {
            let rows = activities::table.select((activities::title, activities::place));
            Ok(on_each!(conn => c, rows.load(c))?)
        })
        .unwrap();
    let holds = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    let (title, place) = &sealed[0];
    assert!(!holds(title) && !holds(place.as_ref().unwrap()));
    if let Target::Sqlite(path) = app.house.db.target() {
        for suffix in ["", "-wal"] {
            let file = format!("{}{suffix}", path.display());
            assert!(!holds(&std::fs::read(&file).unwrap()), "{file}");
        }
    }
}
