//! Stock ahead over HTTP: what is worked out by hand comes out, and what cannot be summed is not.

mod scenarios;

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Tx;
use shiryan::db::tables::{appointments, daily_flows, donations, drives, slots};
use shiryan::places::calendar::Calendar;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::calendar::DayKind;
use shiryan_kernel::role::Role;

use crate::support::app::TestApp;
use crate::support::reserve::{day, donor, flow, units, write};
use crate::support::rows;
use crate::support::shelf::{self, Bag, Person};

const O_NEG: (&str, &str) = ("red_cells", "o_neg");

both!(
    a_steady_shelf_is_projected_by_hand,
    a_place_that_fell_silent_lowers_no_demand,
    what_is_noted_after_midnight_counts,
    regions_stand_beside_each_other,
    only_those_who_plan_may_look,
    wrong_questions_are_refused,
    the_same_day_answers_the_same,
    ramadan_and_its_sighting_move_the_outlook,
    drives_bring_what_is_booked,
    what_a_drive_brought_is_not_learnt_as_supply,
);

/// Two hundred days, enough to measure that nothing varies, on which Ramallah issues two units a day.
fn two_a_day(app: &TestApp) {
    write(app, |tx| {
        for ago in 1..=200 {
            flow(tx, "PS-RBH", O_NEG, day(-ago), 0, 2);
        }
    });
}

fn area<'a>(answer: &'a Value, region: &str) -> &'a Value {
    answer["areas"].as_array().unwrap().iter().find(|area| area["region"] == region).unwrap()
}

fn a_steady_shelf_is_projected_by_hand(app: TestApp) {
    two_a_day(&app);
    let (bank, hospital) = (app.places.bank, app.places.hospital);
    write(&app, move |tx| {
        units(tx, bank, O_NEG, "released", day(1), 5);
        units(tx, hospital, O_NEG, "released", day(20), 6);
        // None of these can be counted on.
        units(tx, bank, O_NEG, "quarantine", day(30), 9);
        units(tx, bank, O_NEG, "reserved", day(30), 9);
        units(tx, bank, O_NEG, "released", day(0), 9);
        units(tx, bank, ("red_cells", "o_pos"), "released", day(30), 9);
        units(tx, bank, ("plasma", "o_neg"), "released", day(30), 9);
    });
    let path = "/api/v1/projections?component=red_cells&group=o_neg&days=6&region=west_bank_centre";
    let answer = app.client(Role::Command).get(path).expect(200);
    assert_eq!(answer["areas"].as_array().unwrap().len(), 1);
    let centre = area(&answer, "west_bank_centre");
    assert_eq!((&centre["units"], &centre["average_daily_demand"]), (&11.into(), &2.0.into()));
    // Four of the five short-dated are issued in time, one is lost after tomorrow: 9, 7, 4, 2, 0, 0.
    let column = |name: &str| -> Vec<f64> {
        let days = centre["days"].as_array().unwrap();
        days.iter().map(|day| day[name].as_f64().unwrap()).collect()
    };
    assert_eq!(column("p50"), [9.0, 7.0, 4.0, 2.0, 0.0, 0.0]);
    assert_eq!((column("p10"), column("p90")), (column("p50"), column("p50")));
    assert_eq!(column("days_of_cover"), [4.0, 3.0, 2.0, 1.0, 0.0, 0.0]);
    assert_eq!(column("unmet_probability"), [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!((column("p5"), column("p95")), (column("p50"), column("p50")));
    let [before @ .., last] = &column("expected_unmet")[..] else { panic!() };
    assert!(before == [0.0; 5] && (last - 2.0).abs() < 0.05, "{last}");
    assert_eq!(column("expected_outdated"), [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
    assert_eq!(centre["expected_outdated"], 1.0);
    let shortage = &centre["shortage"];
    assert_eq!((&shortage["first_p10"], &shortage["first_p50"]), (&json!(day(5)), &json!(day(5))));
    assert!((shortage["expected_units"].as_f64().unwrap() - 2.0).abs() < 0.05, "{shortage}");
    assert!(shortage["probability"].as_f64().unwrap() > 0.98, "{shortage}");
    let levels: Vec<&str> =
        centre["days"].as_array().unwrap().iter().map(|day| day["level"].as_str().unwrap()).collect();
    assert_eq!(levels, ["watch", "watch", "amber", "red", "black", "black"]);
    assert_eq!(centre["first_red_or_black"]["on"], day(3).to_string());
    assert_eq!(centre["first_red_or_black"]["level"], "red");
    let codes: Vec<&str> =
        answer["assumptions"].as_array().unwrap().iter().map(|a| a["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"supply_by_calendar") && codes.contains(&"demand_by_calendar"));
    assert!(!codes.contains(&"demand_as_last_8_weeks") && !codes.contains(&"no_history"));
}

/// Ramallah issued two units a day until ten days ago, and since then nobody heard of it: that is no day without demand.
fn a_place_that_fell_silent_lowers_no_demand(app: TestApp) {
    write(&app, |tx| {
        for ago in 11..=200 {
            flow(tx, "PS-RBH", O_NEG, day(-ago), 0, 2);
        }
    });
    let command = app.client(Role::Command);
    let path = "/api/v1/projections?component=red_cells&group=o_neg&days=6&region=west_bank_centre";
    let answer = command.get(path).expect(200);
    let centre = area(&answer, "west_bank_centre");
    assert_eq!((&centre["average_daily_demand"], &centre["silent_days"]), (&2.0.into(), &10.into()));
    assert!(
        centre["days"][5]["unmet_probability"].as_f64().unwrap() > 0.9,
        "nothing is there and two a day are asked for"
    );
    let codes: Vec<&str> =
        answer["assumptions"].as_array().unwrap().iter().map(|own| own["code"].as_str().unwrap()).collect();
    assert!(codes.contains(&"silence_is_unknown"), "{codes:?}");
    // Who is silent is told beside every figure, with how far changes were read.
    let of = |path: &str| {
        let answer = command.get(path).expect(200);
        let sites = answer["sites_silent"].as_array().unwrap().len();
        (sites, answer["feed_position"].as_i64().unwrap())
    };
    let living = "/api/v1/reserve/living?component=red_cells";
    let before = [path, "/api/v1/reserve", living].map(of);
    assert!(before.iter().all(|(sites, _)| *sites > 0), "{before:?}");
    write(&app, |tx| flow(tx, "PS-NBS", O_NEG, day(-1), 0, 1));
    let after = [path, "/api/v1/reserve", living].map(of);
    assert!(before.iter().zip(after).all(|(before, after)| before.1 < after.1), "{before:?} {after:?}");
    let reserve = command.get("/api/v1/reserve?by=governorate&component=red_cells&group=o_neg").expect(200);
    let cells = reserve["cells"].as_array().unwrap();
    let ramallah = cells.iter().find(|cell| cell["area"] == "PS-RBH").unwrap();
    assert_eq!((&ramallah["average_daily_demand"], &ramallah["level_now"]), (&2.0.into(), &"unknown".into()));
}

/// What moved just before midnight is written just after it: who asked in between is told anew.
fn what_is_noted_after_midnight_counts(app: TestApp) {
    two_a_day(&app);
    let midnight = app.house.zone.start_of(day(1)) + chrono::Duration::seconds(20);
    app.clock.advance(midnight - app.house.db.now());
    let demand = || {
        let path = "/api/v1/projections?component=red_cells&group=o_neg&days=6&region=west_bank_centre";
        app.client(Role::Command).get(path).expect(200)["areas"][0]["average_daily_demand"].as_f64().unwrap()
    };
    let before = demand();
    // As an issue of twenty seconds ago writes it: its line of the feed is the unit's.
    let write_alone = |place: &'static str, entity: &'static str| {
        let noted = move |tx: &mut Tx| {
            flow(tx, place, O_NEG, day(0), 0, 70);
            shiryan::db::feed::append(tx, entity, 1, "noted")
        };
        app.house.db.write_now(shiryan::db::Lane::System, noted).unwrap();
    };
    write_alone("PS-RBH", "blood_unit");
    assert!(demand() > before + 5.0, "{before}");
    // Once the day is over for good it is kept, and what changes it all the same says so.
    app.clock.advance(chrono::Duration::minutes(11));
    let kept = demand();
    write_alone("PS-JRH", shiryan::stock::PAST_FLOW);
    assert!(demand() > kept + 5.0, "{kept}");
}

fn regions_stand_beside_each_other(app: TestApp) {
    two_a_day(&app);
    let (bank, gaza) = (app.places.bank, app.places.gaza_hospital);
    write(&app, move |tx| {
        units(tx, bank, O_NEG, "released", day(30), 3);
        units(tx, gaza, O_NEG, "released", day(30), 4);
        flow(tx, "PS-NGZ", O_NEG, day(-1), 0, 3);
    });
    let path = "/api/v1/projections?component=red_cells&group=o_neg";
    let answer = app.client(Role::Bank).get(path).expect(200);
    assert_eq!(answer["areas"].as_array().unwrap().len(), 6);
    assert_eq!(area(&answer, "west_bank_centre")["units"], 3);
    // The region's members count together, its neighbour's do not.
    let gaza_north = area(&answer, "gaza_north");
    assert_eq!((&gaza_north["units"], &gaza_north["average_daily_demand"]), (&4.into(), &3.0.into()));
    assert_eq!(gaza_north["days"].as_array().unwrap().len(), 28);
    let silent = area(&answer, "gaza_south");
    assert_eq!(
        (&silent["average_daily_demand"], &silent["first_red_or_black"]),
        (&Value::Null, &Value::Null)
    );
    assert!(silent["days"].as_array().unwrap().is_empty());
    assert!(answer.get("total").is_none() && answer.get("units").is_none());
    let one = app.client(Role::Bank).get(&format!("{path}&governorate=PS-GZA")).expect(200);
    assert_eq!(one["areas"].as_array().unwrap().len(), 1);
    assert_eq!((&one["areas"][0]["area"], &one["areas"][0]["units"]), (&"PS-GZA".into(), &4.into()));
    assert!(one["assumptions"].as_array().unwrap().iter().any(|a| a["code"] == "no_history"));
    // One day of history has no calendar.
    let north = app.client(Role::Bank).get(&format!("{path}&governorate=PS-NGZ")).expect(200);
    let said = |code: &str| north["assumptions"].as_array().unwrap().iter().any(|a| a["code"] == code);
    assert!(said("demand_as_last_8_weeks") && said("supply_as_last_8_weeks"));
    assert!(!said("demand_by_calendar") && !said("supply_by_calendar") && !said("no_history"));
}

fn only_those_who_plan_may_look(app: TestApp) {
    let path = "/api/v1/projections?component=plasma&group=ab_pos";
    for role in [Role::Admin, Role::Command, Role::Bank, Role::Physician] {
        app.client(role).get(path).expect(200);
    }
    for role in [Role::Hospital, Role::Medic] {
        assert_eq!(app.client(role).get(path).problem(403), "forbidden");
    }
    assert_eq!(app.anonymous().get(path).problem(401), "unauthenticated");
}

fn wrong_questions_are_refused(app: TestApp) {
    let command = app.client(Role::Command);
    for (query, status, code) in [
        ("group=o_neg", 400, "missing_field"),
        ("component=red_cells", 400, "missing_field"),
        ("component=red_cells&group=o_neg&colour=red", 400, "unknown_parameter"),
        ("component=red_cells&group=o+", 422, "invalid_value"),
        ("component=cryoprecipitate&group=o_neg", 422, "invalid_value"),
        ("component=red_cells&group=o_neg&days=0", 422, "out_of_range"),
        ("component=red_cells&group=o_neg&days=91", 422, "out_of_range"),
        ("component=red_cells&group=o_neg&governorate=PS-GZA&region=gaza_south", 422, "invalid_value"),
        ("component=red_cells&group=o_neg&region=palestine", 422, "invalid_value"),
    ] {
        assert_eq!(command.get(&format!("/api/v1/projections?{query}")).problem(status), code, "{query}");
    }
}

fn the_same_day_answers_the_same(app: TestApp) {
    let bank = app.places.bank;
    write(&app, move |tx| {
        units(tx, bank, O_NEG, "released", day(30), 20);
        for ago in 1..=300_i64 {
            let (a, b) = (i32::try_from(ago * 7 % 11).unwrap(), i32::try_from(ago * 5 % 9).unwrap());
            flow(tx, "PS-RBH", O_NEG, day(-ago), a, b);
        }
    });
    let ask = |days: u32| {
        let path = format!(
            "/api/v1/projections?component=red_cells&group=o_neg&region=west_bank_centre&days={days}"
        );
        app.client(Role::Command).get(&path).expect(200)["areas"][0].clone()
    };
    let (whole, again, short) = (ask(90), ask(90), ask(30));
    assert_eq!(whole, again);
    assert_eq!(whole["days"].as_array().unwrap()[..30], short["days"].as_array().unwrap()[..]);
    let last = &whole["days"][89];
    assert!(last["p10"].as_f64().unwrap() < last["p90"].as_f64().unwrap(), "{last}");
    // What changes on the shelf changes the answer at once.
    write(&app, move |tx| units(tx, bank, O_NEG, "released", day(30), 1));
    assert_eq!(ask(90)["units"], 21);
    assert_ne!(ask(90)["days"][0], whole["days"][0]);
}

/// Three years in which twenty units a day go out, twelve in Ramadan; the next one begins 76 days ahead.
fn ramadan_and_its_sighting_move_the_outlook(app: TestApp) {
    let (bank, calendar) = (app.places.bank, Calendar::load(None).unwrap());
    let ramadan = (0..90).find(|ahead| calendar.is(DayKind::Ramadan, day(*ahead))).unwrap();
    write(&app, move |tx| {
        units(tx, bank, O_NEG, "released", day(200), 2_000);
        for ago in 1..=1_095 {
            let fasting = calendar.is(DayKind::Ramadan, day(-ago));
            flow(tx, "PS-RBH", O_NEG, day(-ago), 0, if fasting { 12 } else { 20 });
        }
    });
    let path = "/api/v1/projections?component=red_cells&group=o_neg&region=west_bank_centre&days=90";
    let close = |answer: &Value, ahead: i64| {
        answer["areas"][0]["days"][usize::try_from(ahead).unwrap()]["p50"].as_f64().unwrap()
    };
    let computed = app.client(Role::Command).get(path).expect(200);
    let before = (close(&computed, ramadan - 30) - close(&computed, ramadan - 20)) / 10.0;
    let fasting = (close(&computed, ramadan) - close(&computed, ramadan + 10)) / 10.0;
    assert!((before - 20.0).abs() < 2.0 && (fasting - 12.0).abs() < 2.5, "{before} {fasting}");
    let first = day(ramadan - 1).to_string();
    let sighted = json!({"year": 1448, "month": 9, "first": first});
    app.client(Role::Command).post("/api/v1/calendar/months", &sighted).expect(201);
    let moved = app.client(Role::Command).get(path).expect(200);
    let kept = close(&moved, ramadan) - close(&computed, ramadan);
    assert!((3.0..20.0).contains(&kept), "a day of Ramadan more keeps {kept} units");
}

/// A drive of today in Ramallah in this state, with so many O− donors whose appointments stand so.
fn drive(tx: &mut Tx, status: &str, booked: &[(&str, &str, u32)]) {
    let slot = rows::slot(tx, 90).unwrap();
    let drive: i64 = slots::table.find(slot).select(slots::drive).first(tx.conn).unwrap();
    diesel::update(drives::table.find(drive)).set(drives::status.eq(status)).execute(tx.conn).unwrap();
    for (group, standing, count) in booked {
        for _ in 0..*count {
            let group = Some(*group).filter(|group| !group.is_empty());
            let donor = donor(tx, group, "PS-RBH", "active", ("whole_blood", day(-1)));
            diesel::insert_into(appointments::table)
                .values((
                    appointments::id.eq(tx.id()),
                    appointments::drive.eq(drive),
                    appointments::slot.eq(slot),
                    appointments::donor.eq(donor),
                    appointments::status.eq(*standing),
                    appointments::donation_type.eq("whole_blood"),
                    appointments::first_timer.eq(false),
                    appointments::created_at.eq(tx.now.naive_utc()),
                    appointments::changed_at.eq(tx.now.naive_utc()),
                    appointments::version.eq(1_i64),
                ))
                .execute(tx.conn)
                .unwrap();
        }
    }
}

fn drives_bring_what_is_booked(app: TestApp) {
    two_a_day(&app);
    let bank = app.places.bank;
    let ask = |component: &str| {
        let path =
            format!("/api/v1/projections?component={component}&group=o_neg&days=6&region=west_bank_centre");
        app.client(Role::Command).get(&path).expect(200)["areas"][0].clone()
    };
    write(&app, move |tx| units(tx, bank, O_NEG, "released", day(30), 40));
    let before = ask("red_cells");
    assert_eq!(
        (&before["expected_of_drives"], &before["days_with_proposed"]),
        (&json!(0.0), &json!([])),
        "nothing is planned"
    );
    write(&app, |tx| {
        drive(tx, "open", &[("o_neg", "booked", 20), ("a_pos", "booked", 7), ("", "booked", 5)]);
        drive(tx, "closed", &[("o_neg", "booked", 10), ("o_neg", "proposed", 9), ("o_neg", "cancelled", 9)]);
        drive(tx, "cancelled", &[("o_neg", "booked", 30)]);
        drive(tx, "done", &[("o_neg", "kept", 30)]);
    });
    let after = ask("red_cells");
    // Thirty booked, of whom 85 in a hundred come: 0.85 × 0.88 × 0.99 × 0.95 units of each.
    assert_eq!(after["expected_of_drives"], 21.1);
    assert_eq!((&after["expected_of_proposed"], &after["days_with_proposed"]), (&json!(0.0), &json!([])));
    let gained: Vec<f64> = (0..6)
        .map(|at| after["days"][at]["p50"].as_f64().unwrap() - before["days"][at]["p50"].as_f64().unwrap())
        .collect();
    assert_eq!(gained[..2], [0.0, 0.0], "not before two days are over");
    assert!(gained[2..].iter().all(|units| (units - 21.1).abs() < 2.0), "{gained:?}");
    assert!(after["days"][3]["p10"].as_f64() < after["days"][3]["p90"].as_f64(), "nobody is certain to come");
    assert_eq!(ask("platelets")["expected_of_drives"], 0.0, "whole blood gives none here");
}

fn what_a_drive_brought_is_not_learnt_as_supply(app: TestApp) {
    let flows = || {
        let found = app.house.db.read_now(|conn| {
            Ok(daily_flows::table
                .select((daily_flows::received, daily_flows::from_drives))
                .load::<(i32, i32)>(conn)?)
        });
        found.unwrap()
    };
    let expected = || {
        let path = "/api/v1/projections?component=red_cells&group=o_neg&days=6&region=west_bank_centre";
        app.client(Role::Bank).get(path).expect(200)["areas"][0]["expected_of_drives"].clone()
    };
    let given = shelf::donation(&app, Person::of(BloodGroup::ONeg), 901);
    let of_nobody = Bag::new(&app, 902).quarantined(Some(BloodGroup::ONeg)).put(&app);
    let of_drive = Bag { donation: Some(given), ..Bag::new(&app, 901) }.quarantined(None).put(&app);
    assert_eq!(expected(), 0.0, "what no drive brought is learnt from the past");
    write(&app, move |tx| {
        let slot = rows::slot(tx, 2).unwrap();
        let drive: i64 = slots::table.find(slot).select(slots::drive).first(tx.conn).unwrap();
        diesel::update(donations::table.find(given.0))
            .set(donations::drive.eq(Some(drive)))
            .execute(tx.conn)
            .unwrap();
    });
    // Its own group is not known yet, its donor's is: 0.99 × 0.95 of a unit.
    assert_eq!(expected(), 0.94);
    let release = |unit| {
        let path = format!("/api/v1/stock/units/{unit}/release");
        app.client(Role::Bank).post(&path, &json!({"blood_group": "o_neg"})).expect(200);
    };
    shelf::tested(&app, 901);
    release(of_drive);
    assert_eq!((flows(), expected()), (vec![(1, 1)], json!(0.0)));
    release(of_nobody);
    assert_eq!(flows(), [(2, 1)]);
}
