//! Duties and drives of one person keep their distance, whichever is entered first; and what command learns.

use std::sync::Barrier;

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Lane;
use shiryan::db::tables::appointments;
use shiryan::donors::NewDonor;
use shiryan::eligibility::{self, NewDeferral};
use shiryan_kernel::blood::Sex;
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{AppointmentStatus, DonorStatus};
use shiryan_kernel::text::ServiceNumber;

use super::drives::{donor, willing};
use super::support::app::{Reply, TestApp};
use super::support::shelf::din;

both!(
    whoever_is_booked_is_kept_from_duties_until_the_rest_is_over,
    whoever_has_a_duty_is_kept_from_the_drive,
    a_warning_needs_a_reason,
    what_is_cancelled_or_was_not_kept_rests_nobody,
    everyone_at_a_drive_rests_by_the_longest_of_what_it_collected,
    a_unit_that_is_busy_is_told_when_a_drive_is_planned,
    people_are_put_on_activities_of_the_own_units,
    one_of_a_duty_and_a_booking_wins,
    b2_command_learns_yes_or_no,
    b2_no_deferral_changes_what_command_learns,
    b4_command_asks_so_many_times_a_day,
);

/// 09:00 to 11:30 in Hebron on 1 December: 07:00 to 09:30 in UTC.
fn drive(app: &TestApp) -> String {
    let form = json!({
        "place": "قاعة", "governorate": "PS-RBH", "date": "2026-12-01", "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": app.places.company,
    });
    let made = app.client(Role::Bank).post("/api/v1/drives", &form).expect(201);
    assert_eq!(made["clashes"], json!([]));
    made["id"].as_str().unwrap().to_owned()
}

fn activity(app: &TestApp, unit: UnitId, load: &str, from: &str, to: &str) -> String {
    let form = json!({
        "branch": "volunteering", "title": "عمل", "governorate": "PS-RBH", "starts_at": from, "ends_at": to,
        "unit": unit, "loads": [load], "facts": {"kind": "youth"},
    });
    let made = app.client(Role::Command).post("/api/v1/activities", &form).expect(201);
    made["id"].as_str().unwrap().to_owned()
}

/// A duty of the company.
fn duty(app: &TestApp, load: &str, from: &str, to: &str) -> String {
    activity(app, app.places.company, load, from, to)
}

fn assign(app: &TestApp, activity: &str, donor: DonorId, despite: Option<&str>) -> Reply {
    let form = json!({"donor": donor, "despite": despite});
    app.client(Role::Medic).post(&format!("/api/v1/activities/{activity}/people"), &form)
}

fn book(app: &TestApp, drive: &str, donor: DonorId, despite: Option<&str>) -> Reply {
    let form = json!({"donor": donor, "despite": despite});
    app.client(Role::Medic).post(&format!("/api/v1/drives/{drive}/appointments"), &form)
}

fn conflict(reply: &Reply) -> (Value, Value) {
    let problem = reply.expect(409);
    assert_eq!(problem["code"], "duty_conflict", "{problem}");
    (problem["mode"].clone(), problem["load"].clone())
}

fn told(mode: &str, load: &str) -> (Value, Value) {
    (json!(mode), json!(load))
}

fn whoever_is_booked_is_kept_from_duties_until_the_rest_is_over(app: TestApp) {
    let (drive, donor) = (drive(&app), willing(&app));
    book(&app, &drive, donor, None).expect(201);
    for (load, last, over) in [
        ("parade_standing", "2026-12-02T09:29:59Z", "2026-12-02T09:30:00Z"),
        ("vehicle_duty", "2026-12-01T21:29:59Z", "2026-12-01T21:30:00Z"),
        ("fly_crew", "2026-12-04T09:29:59Z", "2026-12-04T09:30:00Z"),
    ] {
        let end = "2026-12-05T00:00:00Z";
        let clashing = duty(&app, load, last, end);
        assert_eq!(conflict(&assign(&app, &clashing, donor, None)), told("block", load));
        assert_eq!(conflict(&assign(&app, &clashing, donor, Some("own_wish"))), told("block", load));
        assign(&app, &duty(&app, load, over, end), donor, None).expect(201);
    }
    // The civil day of the drive begins at 22:00 in UTC.
    let before = duty(&app, "diving_climbing", "2026-11-30T20:00:00Z", "2026-11-30T22:00:00Z");
    assign(&app, &before, donor, None).expect(201);
    let into = duty(&app, "diving_climbing", "2026-11-30T20:00:00Z", "2026-11-30T22:00:01Z");
    assert_eq!(conflict(&assign(&app, &into, donor, None)), told("block", "diving_climbing"));
    let card = duty(&app, "fitness_test_march", "2026-12-01T12:00:00Z", "2026-12-01T13:00:00Z");
    assign(&app, &card, donor, None).expect(201);
    assign(&app, &into, willing(&app), None).expect(201);
}

fn whoever_has_a_duty_is_kept_from_the_drive(app: TestApp) {
    let drive = drive(&app);
    for (load, from, to, clashes) in [
        ("vehicle_duty", "2026-12-01T21:29:59Z", "2026-12-01T23:00:00Z", true),
        ("vehicle_duty", "2026-12-01T21:30:00Z", "2026-12-01T23:00:00Z", false),
        ("hazard_height_machine", "2026-12-02T09:29:59Z", "2026-12-02T12:00:00Z", true),
        ("hazard_height_machine", "2026-12-02T09:30:00Z", "2026-12-02T12:00:00Z", false),
        ("hazard_height_machine", "2026-11-30T12:00:00Z", "2026-11-30T22:00:00Z", false),
        ("hazard_height_machine", "2026-11-30T12:00:00Z", "2026-11-30T22:00:01Z", true),
    ] {
        let (donor, activity) = (willing(&app), duty(&app, load, from, to));
        assign(&app, &activity, donor, None).expect(201);
        let booked = book(&app, &drive, donor, Some("light_work"));
        if clashes {
            assert_eq!(conflict(&booked), told("block", load), "{from} {to}");
            let off = format!("/api/v1/activities/{activity}/people/remove");
            app.client(Role::Medic).post(&off, &json!({"donor": donor})).expect(200);
            book(&app, &drive, donor, None).expect(201);
        } else {
            booked.expect(201);
        }
    }
    let (donor, activity) =
        (willing(&app), duty(&app, "vehicle_duty", "2026-12-01T10:00:00Z", "2026-12-01T11:00:00Z"));
    assign(&app, &activity, donor, None).expect(201);
    app.client(Role::Command).post(&format!("/api/v1/activities/{activity}/cancel"), &json!({})).expect(200);
    book(&app, &drive, donor, None).expect(201);
}

fn a_warning_needs_a_reason(app: TestApp) {
    let (drive, donor) = (drive(&app), willing(&app));
    let picking = duty(&app, "heavy_labour", "2026-12-02T06:00:00Z", "2026-12-02T12:00:00Z");
    assign(&app, &picking, donor, None).expect(201);
    assert_eq!(conflict(&book(&app, &drive, donor, None)), told("warn", "heavy_labour"));
    assert_eq!(book(&app, &drive, donor, Some("because")).status, 422);
    book(&app, &drive, donor, Some("own_wish")).expect(201);
    let other = willing(&app);
    book(&app, &drive, other, None).expect(201);
    assert_eq!(conflict(&assign(&app, &picking, other, None)), told("warn", "heavy_labour"));
    assign(&app, &picking, other, Some("light_work")).expect(201);
    let lines = super::support::rows::whole(&app, "audit_lines");
    for word in ["own_wish", "light_work"] {
        assert!(lines.contains(word), "who let it pass, and why, is on record");
    }
    let people = format!("/api/v1/activities/{picking}/people");
    let listed = app.client(Role::Medic).get(&people).expect(200)["items"].clone();
    let shown: Vec<_> = listed.as_array().unwrap().iter().map(|p| (&p["donor"], &p["clash"])).collect();
    assert_eq!(shown, [(&json!(donor), &json!("warn")), (&json!(other), &json!("warn"))]);
}

fn what_is_cancelled_or_was_not_kept_rests_nobody(app: TestApp) {
    let (there, donor, other) = (drive(&app), willing(&app), willing(&app));
    let parade = duty(&app, "parade_standing", "2026-12-01T12:00:00Z", "2026-12-01T14:00:00Z");
    let booked = book(&app, &there, donor, None).expect(201);
    assert_eq!(conflict(&assign(&app, &parade, donor, None)).0, "block");
    let cancel = format!("/api/v1/appointments/{}/cancel", booked["id"].as_str().unwrap());
    app.client(Role::Medic).post(&cancel, &json!({})).expect(200);
    assign(&app, &parade, donor, None).expect(201);
    book(&app, &there, other, None).expect(201);
    app.clock.set("2026-12-01T11:00:00Z".parse().unwrap());
    assert_eq!(conflict(&assign(&app, &parade, other, None)).0, "block", "nobody said that he did not come");
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            diesel::update(appointments::table.filter(appointments::donor.eq(other)))
                .set(appointments::status.eq(AppointmentStatus::NoShow))
                .execute(tx.conn)?;
            Ok(())
        })
        .unwrap();
    assign(&app, &parade, other, None).expect(201);
}

/// A man of the company whom the rules know.
fn enrolled(app: &TestApp, number: &str) -> DonorId {
    let (vault, book, bank) = (app.house.vault.clone(), app.house.rules.clone(), app.principal(Role::Bank));
    let new = NewDonor {
        sex: Some(Sex::Male),
        birth_date: Some("1996-02-10".parse().unwrap()),
        weight_kg: Some(90.0),
        height_cm: Some(182.0),
        unit: Some(app.places.company),
        service_number: Some(ServiceNumber::parse(number).unwrap()),
        ..NewDonor::default()
    };
    let made =
        app.house.db.write_now(Lane::System, move |tx| eligibility::enrol(tx, &vault, &book, &bank, &new));
    made.unwrap().id
}

fn everyone_at_a_drive_rests_by_the_longest_of_what_it_collected(app: TestApp) {
    let (there, booked) = (drive(&app), willing(&app));
    book(&app, &there, booked, None).expect(201);
    let (giver, elsewhere) = (enrolled(&app, "N-1"), enrolled(&app, "N-2"));
    app.clock.set("2026-12-01T09:45:00Z".parse().unwrap());
    let give = |donor: DonorId, kind: &str, n: u32, drive: Value| {
        let form = json!({
            "donor": donor, "donation_type": kind, "din": din(n), "volume_ml": 450,
            "collected_at": "2026-12-01T08:00:00Z", "drive": drive,
        });
        app.client(Role::Bank).post("/api/v1/donations", &form).expect(201);
    };
    let ladder = |from: &str| duty(&app, "hazard_height_machine", from, "2026-12-04T00:00:00Z");
    let (at_24, at_48) = (ladder("2026-12-02T09:30:00Z"), ladder("2026-12-03T09:30:00Z"));
    give(giver, "double_red_cells", 1, json!(there));
    give(elsewhere, "whole_blood", 2, Value::Null);
    for donor in [giver, booked] {
        assert_eq!(conflict(&assign(&app, &at_24, donor, None)).0, "block", "bled or not");
        assign(&app, &at_48, donor, None).expect(201);
    }
    // 24 hours after the needle, which is no drive's affair.
    let soon = ladder("2026-12-02T07:59:59Z");
    assert_eq!(conflict(&assign(&app, &soon, elsewhere, None)).0, "block");
    assign(&app, &ladder("2026-12-02T08:00:00Z"), elsewhere, None).expect(201);
}

fn a_unit_that_is_busy_is_told_when_a_drive_is_planned(app: TestApp) {
    let at = ("2026-12-01T05:00:00Z", "2026-12-01T12:00:00Z");
    let of = |unit, load| activity(&app, unit, load, at.0, at.1);
    let above = of(app.places.battalion, "heavy_labour");
    of(app.places.other_unit, "heavy_labour");
    of(app.places.company, "fitness_test_march");
    let off = of(app.places.company, "fly_crew");
    app.client(Role::Command).post(&format!("/api/v1/activities/{off}/cancel"), &json!({})).expect(200);
    let later = duty(&app, "fly_crew", "2026-12-04T09:29:59Z", "2026-12-04T12:00:00Z");
    duty(&app, "fly_crew", "2026-12-04T09:30:00Z", "2026-12-04T12:00:00Z");
    let form = json!({
        "place": "قاعة", "governorate": "PS-RBH", "date": "2026-12-01", "from": "09:00", "to": "11:30",
        "slot_minutes": 30, "beds": 2, "unit": app.places.company,
    });
    let made = app.client(Role::Medic).post("/api/v1/drives", &form).expect(201);
    let clash = |id: &str, day: &str, mode: &str, load: &str| json!({"activity": id, "branch": "volunteering", "from": day, "to": day, "mode": mode, "load": load});
    let expected = json!([
        clash(&above, "2026-12-01", "warn", "heavy_labour"),
        clash(&later, "2026-12-04", "block", "fly_crew"),
    ]);
    assert_eq!(made["clashes"], expected);
    let path = format!("/api/v1/drives/{}/clashes", made["id"].as_str().unwrap());
    for role in [Role::Medic, Role::Bank] {
        assert_eq!(app.client(role).get(&path).expect(200)["items"], expected, "{role}");
    }
}

fn people_are_put_on_activities_of_the_own_units(app: TestApp) {
    let at = ("2026-12-10T05:00:00Z", "2026-12-10T12:00:00Z");
    let (own, foreign) = (
        duty(&app, "heavy_labour", at.0, at.1),
        activity(&app, app.places.other_unit, "heavy_labour", at.0, at.1),
    );
    let (insider, stranger) = (willing(&app), donor(&app, app.places.other_unit, DonorStatus::Active, None));
    assert_eq!(assign(&app, &foreign, insider, None).problem(404), "not_found");
    assert_eq!(assign(&app, &own, stranger, None).problem(404), "not_found");
    for status in [DonorStatus::Deceased, DonorStatus::Erased] {
        let gone = donor(&app, app.places.company, status, None);
        assert_eq!(assign(&app, &own, gone, None).problem(409), "donor_unbookable", "{status}");
    }
    let made = assign(&app, &own, insider, None).expect(201);
    assert_eq!((&made["activity"], &made["donor"]), (&json!(own), &json!(insider)));
    assert_eq!(assign(&app, &own, insider, None).problem(409), "state_conflict");
    let command = app.client(Role::Command);
    let patch = json!({"units": [app.places.company]});
    command.patch(&format!("/api/v1/activities/{foreign}"), 1, &patch).expect(200);
    assign(&app, &foreign, insider, None).expect(201);
    let medic = app.client(Role::Medic);
    let remove = format!("/api/v1/activities/{own}/people/remove");
    medic.post(&remove, &json!({"donor": insider})).expect(200);
    assert_eq!(medic.post(&remove, &json!({"donor": insider})).problem(409), "state_conflict");
    assert_eq!(medic.get(&format!("/api/v1/activities/{own}/people")).expect(200)["items"], json!([]));
    assign(&app, &own, insider, None).expect(201);
    command.post(&format!("/api/v1/activities/{own}/cancel"), &json!({})).expect(200);
    assert_eq!(assign(&app, &own, willing(&app), None).expect(409)["state"], "cancelled");
    let drive = drive(&app);
    assert_eq!(assign(&app, &drive, insider, None).expect(422)["errors"][0]["field"], "branch");
}

fn one_of_a_duty_and_a_booking_wins(app: TestApp) {
    let there = drive(&app);
    let parade = duty(&app, "parade_standing", "2026-12-01T12:00:00Z", "2026-12-01T14:00:00Z");
    for _ in 0..8 {
        let (donor, barrier) = (willing(&app), Barrier::new(2));
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let booking = scope.spawn(|| {
                barrier.wait();
                book(&app, &there, donor, None).status
            });
            let assigning = scope.spawn(|| {
                barrier.wait();
                assign(&app, &parade, donor, None).status
            });
            vec![booking.join().unwrap(), assigning.join().unwrap()]
        });
        let mut sorted = statuses.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [201, 409], "{statuses:?}");
    }
}

fn ask(app: &TestApp, number: &str, loads: Option<&[&str]>) -> String {
    let form = json!({"service_number": number, "loads": loads});
    let reply = app.client(Role::Command).post("/api/v1/assignability", &form);
    reply.expect(200);
    assert_eq!(reply.headers["cache-control"], "no-store");
    reply.text
}

const YES: &str = r#"{"status":"assignable"}"#;
const NO: &str = r#"{"status":"not_assignable"}"#;

fn b2_command_learns_yes_or_no(app: TestApp) {
    let (there, donor) = (drive(&app), enrolled(&app, "N-7"));
    book(&app, &there, donor, None).expect(201);
    let set = |at: &str| app.clock.set(at.parse().unwrap());
    set("2026-12-01T06:59:00Z");
    assert_eq!(ask(&app, "N-7", None), YES, "a booking to come is the donor's own affair");
    for (at, loads, answer) in [
        ("2026-12-01T07:00:01Z", None, NO),
        ("2026-12-01T21:29:59Z", Some(&["vehicle_duty"][..]), NO),
        ("2026-12-01T21:30:00Z", Some(&["vehicle_duty"][..]), YES),
        ("2026-12-02T09:29:59Z", Some(&["parade_standing", "vehicle_duty"][..]), NO),
        ("2026-12-02T09:30:00Z", Some(&["parade_standing", "vehicle_duty"][..]), YES),
        ("2026-12-02T09:30:00Z", Some(&["fitness_test_march"][..]), YES),
        ("2026-12-04T09:29:59Z", None, NO),
        ("2026-12-04T09:30:00Z", None, YES),
    ] {
        set(at);
        assert_eq!(ask(&app, "N-7", loads), answer, "{at} {loads:?}");
        assert_eq!(ask(&app, "N-8", loads), YES, "nobody has this number");
    }
    let bad = app.client(Role::Command).post("/api/v1/assignability", &json!({"service_number": "\u{202e}"}));
    assert_eq!(bad.expect(422)["errors"][0]["field"], "service_number");
    let lines = super::support::rows::whole(&app, "audit_lines");
    assert!(
        lines.contains("duties.assignability_asked") && !lines.contains("N-7"),
        "the number is not written"
    );
}

fn b2_no_deferral_changes_what_command_learns(app: TestApp) {
    let donors = [enrolled(&app, "N-20"), enrolled(&app, "N-21")];
    for (n, code) in ["P-HIV", "P-CVD", "TAT", "DUTY"].iter().enumerate() {
        let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
        let new = NewDeferral {
            donor: donors[n % 2],
            code: (*code).to_owned(),
            base: Some("2026-11-20".parse().unwrap()),
            second_base: None,
            ended_on: None,
        };
        app.house
            .db
            .write_now(Lane::System, move |tx| eligibility::defer(tx, &vault, &book, None, &new))
            .unwrap();
        for day in 0..4 {
            app.clock.advance(chrono::Duration::days(day));
            assert_eq!(ask(&app, "N-20", None), YES, "{code}");
            assert_eq!(ask(&app, "N-21", None), YES, "{code}");
        }
    }
}

fn b4_command_asks_so_many_times_a_day(app: TestApp) {
    for _ in 0..50 {
        ask(&app, "N-30", None);
    }
    let form = json!({"service_number": "N-30"});
    let refused = app.client(Role::Command).post("/api/v1/assignability", &form);
    assert_eq!(refused.problem(429), "too_many_requests");
    app.clock.advance(chrono::Duration::days(1));
    ask(&app, "N-30", None);
}
