//! What command learns of a person (B2): that a duty may be given now or not, whatever keeps the person from giving.

use diesel::prelude::*;
use serde_json::json;
use shiryan::db::Lane;
use shiryan::db::tables::{appointments, donors, drive_types, slots};
use shiryan::donors::{Budget, NewDonor};
use shiryan::duties::{self, Asked};
use shiryan::eligibility::{self, Assignability, NewDeferral};
use shiryan_kernel::blood::{BloodGroup, GroupEvidence, Sex};
use shiryan_kernel::branch::PhysicalLoad;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::text::ServiceNumber;

use super::operations::TABLE;
use super::support::app::TestApp;
use super::support::rows;

both!(b2_over_every_cause_and_400_days_command_reads_the_same);

const DAYS: i64 = 400;

/// Somebody whom no laboratory count can show: of each group so few that it is told as `under_20`.
fn person(app: &TestApp, n: usize) -> DonorId {
    let (vault, book, bank) = (app.house.vault.clone(), app.house.rules.clone(), app.principal(Role::Bank));
    let new = NewDonor {
        sex: Some(Sex::Male),
        birth_date: Some("1996-02-10".parse().unwrap()),
        weight_kg: Some(90.0),
        height_cm: Some(182.0),
        governorate: Some(Governorate::RamallahAlBireh),
        unit: Some(app.places.company),
        service_number: Some(ServiceNumber::parse(&number(n)).unwrap()),
        ..NewDonor::default()
    };
    let group = BloodGroup::ALL[n % BloodGroup::ALL.len()];
    let typed = (donors::blood_group.eq(group), donors::group_evidence.eq(GroupEvidence::Confirmed));
    let made = app.house.db.write_now(Lane::System, move |tx| {
        let id = eligibility::enrol(tx, &vault, &book, &bank, &new)?.id;
        diesel::update(donors::table.find(id.0)).set(typed).execute(tx.conn)?;
        rows::gave(tx, id)?;
        Ok(id)
    });
    made.unwrap()
}

fn number(n: usize) -> String {
    format!("C-{n}")
}

/// All of them came to one drive, eight hours from now, that collects whole blood; its id.
fn came(app: &TestApp, people: Vec<DonorId>) -> i64 {
    let written = app.house.db.write_now(Lane::System, move |tx| {
        let slot = rows::slot(tx, 999)?;
        let drive: i64 = slots::table.find(slot).select(slots::drive).first(tx.conn)?;
        diesel::insert_into(drive_types::table)
            .values((drive_types::drive.eq(drive), drive_types::donation_type.eq("whole_blood")))
            .execute(tx.conn)?;
        for donor in &people {
            diesel::insert_into(appointments::table)
                .values((
                    appointments::id.eq(tx.id()),
                    appointments::drive.eq(drive),
                    appointments::slot.eq(slot),
                    appointments::donor.eq(donor.0),
                    appointments::status.eq("kept"),
                    appointments::donation_type.eq("whole_blood"),
                    appointments::first_timer.eq(false),
                    appointments::created_at.eq(tx.now.naive_utc()),
                    appointments::changed_at.eq(tx.now.naive_utc()),
                    appointments::version.eq(1_i64),
                ))
                .execute(tx.conn)?;
        }
        Ok(drive)
    });
    written.unwrap()
}

/// Every operation by which command reads, each asked for all that it tells.
fn reads(app: &TestApp, drive: i64, scenario: &str) -> Vec<(String, String)> {
    let command = app.client(Role::Command);
    let drive = shiryan_kernel::ids::write(drive);
    let of_command =
        TABLE.iter().filter(|(method, _, roles)| *method == "GET" && roles.contains(&Role::Command));
    let told = of_command.map(|(_, path, _)| {
        let id = if path.starts_with("/units/") { app.places.company.to_string() } else { drive.clone() };
        let query = match *path {
            "/availability" => {
                "?recipient_group=o_pos&group_evidence=confirmed&component=red_cells&governorate=PS-RBH"
                    .to_owned()
            }
            "/reserve/living" => "?component=red_cells".to_owned(),
            "/projections" => "?component=red_cells&group=o_pos".to_owned(),
            "/scenarios/compare" => format!("?scenarios={scenario}&component=red_cells&group=o_pos"),
            "/calendar" | "/activities/report" => "?from=2026-11-20&to=2026-12-20".to_owned(),
            _ => String::new(),
        };
        let asked = format!("/api/v1{}{query}", path.replace("{id}", &id));
        let reply = command.get(&asked);
        // A job of one's own, and what came of a drive that is over, are not there.
        let is_there = !["/jobs/{id}", "/drives/{id}/outcome"].contains(path);
        assert_eq!(reply.status == 200, is_there, "{asked}: {}", reply.text);
        (asked, without_position(reply.text))
    });
    told.collect()
}

/// How far the feed is says that the house wrote something, of nobody; it moves with every write.
fn without_position(text: String) -> String {
    match text.split_once("\"feed_position\":") {
        Some((before, after)) => {
            before.to_owned() + after.trim_start_matches(|digit: char| digit.is_ascii_digit())
        }
        None => text,
    }
}

/// Writes a cause down as of today where it counts from a day, and open where it does not; whether it stays.
fn defer(app: &TestApp, donor: DonorId, code: &str) -> bool {
    let (vault, book, today) = (app.house.vault.clone(), app.house.rules.clone(), app.house.today());
    let bases = book.catalogue().get(code).unwrap().bases();
    let new = NewDeferral {
        donor,
        code: code.to_owned(),
        base: (bases > 0).then_some(today),
        second_base: (bases > 1).then_some(today),
        ended_on: None,
    };
    app.house.db.write_now(Lane::System, move |tx| eligibility::defer(tx, &vault, &book, None, &new)).is_ok()
}

/// What command is told of each of these at this moment.
fn asked(app: &TestApp, people: Vec<usize>) -> Vec<Assignability> {
    let (vault, zone, by) = (app.house.vault.clone(), app.house.zone, app.principal(Role::Command));
    let budget = Budget { a_day: i32::MAX, today: app.house.today() };
    let told = app.house.db.write_now(Lane::System, move |tx| {
        let ask = |n: &usize| {
            let number = ServiceNumber::parse(&number(*n))?;
            match duties::assignability(tx, &vault, zone, &by, number, PhysicalLoad::ALL, budget)? {
                Asked::Told(told) => Ok(told),
                Asked::OverBudget => panic!("the budget has no end"),
            }
        };
        people.iter().map(ask).collect()
    });
    told.unwrap()
}

fn b2_over_every_cause_and_400_days_command_reads_the_same(app: TestApp) {
    let codes: Vec<String> = app.house.rules.catalogue().entries().map(|entry| entry.code.clone()).collect();
    assert!(codes.len() > 70, "every cause: {}", codes.len());
    let people: Vec<DonorId> = (0..=codes.len()).map(|n| person(&app, n)).collect();
    // The last of them is never deferred.
    let well = codes.len();
    let drive = came(&app, people.clone());
    let closed = json!([{"kind": "governorate_closed", "governorate": "PS-RBH", "from": "2026-12-05",
        "until": "2026-12-06"}]);
    let kept =
        app.client(Role::Command).post("/api/v1/scenarios", &json!({"name": "Closed", "events": closed}));
    let scenario = kept.expect(201)["id"].as_str().unwrap().to_owned();
    // Each cause is entered at a moment between two looks at all that command may read.
    let mut barred = 0;
    for (chunk, some) in codes.chunks(10).enumerate() {
        let before = reads(&app, drive, &scenario);
        for (place, code) in some.iter().enumerate() {
            let donor = people[chunk * 10 + place];
            if !defer(&app, donor, code) {
                continue;
            }
            let path = format!("/api/v1/donors/{donor}/eligibility");
            let seen = app.client(Role::Physician).get(&path).expect(200);
            barred += usize::from(seen["outcome"] != "eligible");
        }
        for (before, after) in before.iter().zip(reads(&app, drive, &scenario)) {
            assert_eq!(*before, after, "after {some:?}");
        }
    }
    assert!(barred > 60, "most causes keep from giving today: {barred}");

    // Over the rest that everybody has who came, all of them at each hour that may differ; then each day some of them,
    // so that each is asked about on fifty days.
    let begun = app.house.db.now();
    let mut told = Vec::new();
    for hours in [0, 8, 9, 11, 12, 13, 23, 24, 25, 36, 37, 60, 61, 84, 85] {
        app.clock.set(begun + chrono::Duration::hours(hours));
        let answers = asked(&app, (0..=well).collect());
        assert!(answers.iter().all(|answer| *answer == answers[well]), "{hours} hours on: {answers:?}");
        told.push(answers[well]);
    }
    assert!(told.contains(&Assignability::Assignable) && told.contains(&Assignability::NotAssignable));
    for day in 4..DAYS {
        app.clock.set(begun + chrono::Duration::days(day));
        let turn = usize::try_from(day).unwrap() % 8;
        let mut some: Vec<usize> = (0..well).filter(|n| n % 8 == turn).collect();
        some.push(well);
        let answers = asked(&app, some);
        assert!(answers.iter().all(|answer| *answer == answers[answers.len() - 1]), "day {day}: {answers:?}");
        // The bytes of the answer itself, of one of them and of whoever is well.
        if day % 40 == 0 {
            let bytes = |n: usize| {
                let reply = app
                    .client(Role::Command)
                    .post("/api/v1/assignability", &json!({"service_number": number(n)}));
                reply.expect(200);
                reply.text
            };
            assert_eq!(bytes(turn), bytes(well), "day {day}");
            assert_eq!(bytes(turn + 8), bytes(well), "day {day}");
        }
    }
}
