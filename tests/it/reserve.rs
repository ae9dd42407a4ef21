//! The reserve over HTTP: a shelf worked out by hand, regions beside each other, donors as far as they
//! may be shown.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{blood_units, unit_movements};
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::place::Governorate;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::FacilityKind;

use crate::support::app::TestApp;
use crate::support::requests::{accepted, act, ask, facility, of_facility, reserve};
use crate::support::reserve::{day, donor, flow, give, units, write};
use crate::support::shelf::{Bag, din, put_all};

const O_NEG: (&str, &str) = ("red_cells", "o_neg");
const PATH: &str = "/api/v1/reserve";

both!(
    a_shelf_by_hand,
    an_empty_house_knows_nothing,
    governorates_make_128_cells,
    donors_are_shown_as_far_as_they_may_be,
    sites_that_fell_silent_are_named,
    only_those_who_plan_may_see,
    wrong_questions_are_refused,
    closed_roads_leave_islands,
    a_day_that_is_over_counts,
    an_expiry_is_no_word_of_a_site,
    an_answer_made_smaller_is_the_same_answer,
    a_shelf_is_told_beside_what_lay_there_a_week_ago,
);

fn find<'a>(answer: &'a Value, area: &str, component: &str, group: &str) -> &'a Value {
    let cells = answer["cells"].as_array().unwrap();
    let mut own = cells.iter().filter(|cell| {
        cell["area"] == area && cell["component"] == component && cell["blood_group"] == group
    });
    let cell = own.next().unwrap();
    assert!(own.next().is_none(), "one cell twice");
    cell
}

/// Two a day for four weeks in Ramallah, three a day in Gaza; shelves in both.
fn shelves(app: &TestApp) {
    let (bank, hospital, gaza) = (app.places.bank, app.places.hospital, app.places.gaza_hospital);
    write(app, move |tx| {
        for ago in 1..=28 {
            flow(tx, "PS-RBH", O_NEG, day(-ago), 5, 2);
            flow(tx, "PS-GZA", O_NEG, day(-ago), 0, 3);
        }
        // Older than four weeks, and today's unfinished day: neither counts.
        flow(tx, "PS-RBH", O_NEG, day(-29), 0, 500);
        flow(tx, "PS-RBH", O_NEG, day(0), 0, 500);
        units(tx, bank, O_NEG, "released", day(1), 5);
        units(tx, hospital, O_NEG, "released", day(3), 1);
        units(tx, hospital, O_NEG, "released", day(4), 3);
        for (status, expires) in
            [("quarantine", 9), ("reserved", 9), ("blocked", 9), ("released", 0), ("released", -1)]
        {
            units(tx, bank, O_NEG, status, day(expires), 7);
        }
        units(tx, gaza, O_NEG, "released", day(30), 18);
    });
}

fn a_shelf_by_hand(app: TestApp) {
    shelves(&app);
    let answer = app.client(Role::Command).get(PATH).expect(200);
    assert_eq!(answer["as_of"], "2026-11-23T22:00:00Z");
    assert_eq!(answer["cells"].as_array().unwrap().len(), 6 * 4 * 8);
    let centre = find(&answer, "west_bank_centre", "red_cells", "o_neg");
    // Of five good through tomorrow four are used in time; then four more: four days.
    let expected = json!({
        "region": "west_bank_centre",
        "usable_units": 9,
        "expiring_3_days": 6,
        // Fourteen more, whose date is today or was yesterday, were usable then.
        "usable_units_7_days_ago": 23,
        "average_daily_demand": 2.0,
        "days_of_cover": 4.0,
        "cover_capped": false,
        "level": "watch",
    });
    for (field, value) in expected.as_object().unwrap() {
        assert_eq!(&centre[field], value, "{field}");
    }
    let gaza = find(&answer, "gaza_north", "red_cells", "o_neg");
    assert_eq!((&gaza["usable_units"], &gaza["days_of_cover"]), (&18.into(), &6.0.into()));
    assert_eq!(gaza["level"], "green");
    // A group that nobody asked for: three units would do, there is none.
    let rare = find(&answer, "gaza_north", "red_cells", "ab_neg");
    assert_eq!((&rare["average_daily_demand"], &rare["level"]), (&0.1.into(), &"black".into()));
    // A component that never moved, and a region without a line.
    assert_eq!(find(&answer, "gaza_north", "plasma", "o_neg")["level"], "unknown");
    assert_eq!(find(&answer, "gaza_south", "red_cells", "o_neg")["level"], "unknown");
    // The country is a list: 27 units, two a day or five, stand nowhere.
    assert!(!answer["cells"].as_array().unwrap().iter().any(|cell| cell["usable_units"] == 27));
    let narrow = app
        .client(Role::Command)
        .get(&format!("{PATH}?region=west_bank_centre&component=red_cells&group=o_neg"))
        .expect(200);
    assert_eq!(narrow["cells"].as_array().unwrap()[..], std::slice::from_ref(centre)[..]);
}

fn an_empty_house_knows_nothing(app: TestApp) {
    let answer = app.client(Role::Admin).get(PATH).expect(200);
    for cell in answer["cells"].as_array().unwrap() {
        assert_eq!((&cell["level"], &cell["usable_units"]), (&"unknown".into(), &0.into()));
        assert_eq!((&cell["days_of_cover"], &cell["average_daily_demand"]), (&Value::Null, &Value::Null));
        assert_eq!(cell["donors"]["eligible_day_0"], "under_20");
    }
}

fn governorates_make_128_cells(app: TestApp) {
    shelves(&app);
    let answer =
        app.client(Role::Bank).get(&format!("{PATH}?by=governorate&component=red_cells")).expect(200);
    assert_eq!(answer["cells"].as_array().unwrap().len(), 128);
    assert_eq!(find(&answer, "PS-RBH", "red_cells", "o_neg")["usable_units"], 9);
    assert_eq!(find(&answer, "PS-SLT", "red_cells", "o_neg")["level"], "unknown");
    let centre = app
        .client(Role::Bank)
        .get(&format!("{PATH}?by=governorate&component=red_cells&region=west_bank_centre"))
        .expect(200);
    assert_eq!(centre["cells"].as_array().unwrap().len(), 24);
    let one =
        app.client(Role::Bank).get(&format!("{PATH}?governorate=PS-GZA&component=red_cells")).expect(200);
    assert_eq!(one["cells"].as_array().unwrap().len(), 8);
    assert_eq!(find(&one, "PS-GZA", "red_cells", "o_neg")["usable_units"], 18);
}

fn donors_are_shown_as_far_as_they_may_be(app: TestApp) {
    write(&app, |tx| {
        let now = ("whole_blood", day(-9));
        // Ramallah: twenty on the register, of whom two wait (three and seven days) and one is paused.
        for _ in 0..17 {
            donor(tx, Some("o_neg"), "PS-RBH", "active", now);
        }
        donor(tx, Some("o_neg"), "PS-RBH", "active", ("whole_blood", day(3)));
        donor(tx, Some("o_neg"), "PS-RBH", "active", ("whole_blood", day(7)));
        donor(tx, Some("o_neg"), "PS-RBH", "paused", now);
        // Jericho: nineteen, too few of their own.
        for _ in 0..18 {
            donor(tx, Some("o_neg"), "PS-JRH", "active", now);
        }
        // A window that closes tomorrow and opens again in a week; another kind of giving does not count.
        let twice = donor(tx, Some("o_neg"), "PS-JRH", "active", ("platelet_apheresis", day(-1)));
        give(tx, twice, 0, "whole_blood", day(-5), Some(day(1)));
        give(tx, twice, 1, "whole_blood", day(7), None);
        // Gaza: nineteen and nobody else in the region.
        for _ in 0..19 {
            donor(tx, Some("o_neg"), "PS-GZA", "active", now);
        }
        // Those whom nobody may count.
        for status in ["review", "erased", "deceased"] {
            donor(tx, Some("o_neg"), "PS-GZA", status, now);
        }
        donor(tx, None, "PS-RBH", "active", now);
    });
    let ask = |query: &str| app.client(Role::Command).get(&format!("{PATH}?group=o_neg&{query}")).expect(200);
    let shown = |answer: &Value, area: &str, component: &str| {
        let donors = &find(answer, area, component, "o_neg")["donors"];
        let days = ["eligible_day_0", "eligible_day_3", "eligible_day_7"].map(|day| donors[day].clone());
        (donors["shown_for"].as_str().unwrap().to_owned(), days)
    };
    let exact = |of: &str, days: [u32; 3]| (of.to_owned(), days.map(Value::from));
    let hidden = ("region".to_owned(), [(); 3].map(|()| Value::from("under_20")));
    let places = ask("by=governorate");
    assert_eq!(shown(&places, "PS-RBH", "red_cells"), exact("governorate", [17, 18, 19]));
    assert_eq!(shown(&places, "PS-JRH", "plasma"), exact("region", [36, 36, 38]));
    assert_eq!(shown(&places, "PS-JRH", "platelets"), exact("region", [1, 1, 1]));
    assert_eq!(shown(&places, "PS-GZA", "red_cells"), hidden);
    let regions = ask("by=region");
    assert_eq!(shown(&regions, "west_bank_centre", "red_cells"), exact("region", [36, 36, 38]));
    assert_eq!(shown(&regions, "gaza_north", "red_cells"), hidden);
    // One more in Gaza, and the region and the governorate may be shown.
    write(&app, |tx| {
        donor(tx, Some("o_neg"), "PS-GZA", "active", ("whole_blood", day(-9)));
    });
    assert_eq!(shown(&ask("by=governorate"), "PS-GZA", "red_cells"), exact("governorate", [20, 20, 20]));
}

fn sites_that_fell_silent_are_named(app: TestApp) {
    let silent = || -> Vec<String> {
        let answer = app.client(Role::Physician).get(PATH).expect(200);
        let sites = answer["sites_silent"].as_array().unwrap();
        sites.iter().map(|site| site["code"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(silent(), ["BB1", "H1", "H2"]);
    let bank = app.places.bank;
    write(&app, move |tx| {
        units(tx, bank, O_NEG, "released", day(9), 1);
        let unit: i64 = shiryan::db::tables::blood_units::table
            .select(shiryan::db::tables::blood_units::id)
            .first(tx.conn)
            .unwrap();
        let id = tx.id();
        diesel::insert_into(unit_movements::table)
            .values((
                unit_movements::id.eq(id),
                unit_movements::blood_unit.eq(unit),
                unit_movements::from_status.eq("quarantine"),
                unit_movements::to_status.eq("released"),
                unit_movements::reason.eq("tested"),
                unit_movements::facility.eq(bank.0),
                unit_movements::moved_at.eq(tx.now.naive_utc()),
            ))
            .execute(tx.conn)
            .unwrap();
    });
    assert_eq!(silent(), ["H1", "H2"]);
    app.clock.advance(chrono::Duration::hours(24));
    assert_eq!(silent(), ["H1", "H2"]);
    // What time alone changes is seen within three seconds.
    app.clock.advance(chrono::Duration::seconds(3));
    assert_eq!(silent(), ["BB1", "H1", "H2"]);
}

fn only_those_who_plan_may_see(app: TestApp) {
    for role in [Role::Admin, Role::Command, Role::Bank, Role::Physician] {
        app.client(role).get(PATH).expect(200);
    }
    for role in [Role::Hospital, Role::Medic] {
        assert_eq!(app.client(role).get(PATH).problem(403), "forbidden");
    }
    assert_eq!(app.anonymous().get(PATH).problem(401), "unauthenticated");
}

fn wrong_questions_are_refused(app: TestApp) {
    let command = app.client(Role::Command);
    for (query, status, code) in [
        ("colour=red", 400, "unknown_parameter"),
        ("by=unit", 422, "invalid_value"),
        ("group=o+", 422, "invalid_value"),
        ("component=cryoprecipitate", 422, "invalid_value"),
        ("governorate=PS-XXX", 422, "invalid_value"),
        ("governorate=PS-GZA&region=west_bank_north", 422, "invalid_value"),
        ("governorate=PS-GZA&by=region", 422, "invalid_value"),
        ("by=region&by=governorate", 400, "unknown_parameter"),
    ] {
        assert_eq!(command.get(&format!("{PATH}?{query}")).problem(status), code, "{query}");
    }
}

fn closed_roads_leave_islands(app: TestApp) {
    shelves(&app);
    let path = format!("{PATH}?component=red_cells&group=o_neg&region=west_bank_centre");
    let ahead = "/api/v1/projections?component=red_cells&group=o_neg&region=west_bank_centre&days=3";
    let command = app.client(Role::Command);
    let areas = |answer: &Value, list: &str| -> Vec<(String, Value, Value)> {
        let own = |cell: &Value| {
            let units = cell.get("usable_units").or(cell.get("units")).unwrap().clone();
            (cell["area"].as_str().unwrap().to_owned(), cell["island"].clone(), units)
        };
        answer[list].as_array().unwrap().iter().map(own).collect()
    };
    let whole = vec![("west_bank_centre".to_owned(), Value::Null, json!(9))];
    assert_eq!(areas(&command.get(&path).expect(200), "cells"), whole);
    let closed = json!({"governorate": "PS-RBH"});
    let closure = command.post("/api/v1/closures", &closed).expect(201)["id"].clone();
    let apart = vec![
        ("west_bank_centre".to_owned(), json!(["PS-SLT", "PS-JRH"]), json!(0)),
        ("PS-RBH".to_owned(), Value::Null, json!(9)),
    ];
    assert_eq!(areas(&command.get(&path).expect(200), "cells"), apart);
    assert_eq!(areas(&command.get(ahead).expect(200), "areas"), apart);
    // Every other region is whole, and the page names the islands.
    let all = command.get(&format!("{PATH}?component=red_cells&group=o_neg")).expect(200);
    assert_eq!(areas(&all, "cells").len(), 7);
    let id = closure.as_str().unwrap();
    command.post(&format!("/api/v1/closures/{id}/end"), &json!({})).expect(200);
    assert_eq!(areas(&command.get(&path).expect(200), "cells"), whole);
}

fn demand(app: &TestApp) -> Value {
    let answer = app.client(Role::Command).get(&format!("{PATH}?by=governorate")).expect(200);
    find(&answer, "PS-RBH", "red_cells", "o_neg")["average_daily_demand"].clone()
}

/// Demand is read once a day: but not before everything of the day before can be there.
fn a_day_that_is_over_counts(app: TestApp) {
    write(&app, |tx| flow(tx, "PS-RBH", O_NEG, day(-1), 0, 28));
    assert_eq!(demand(&app), 28.0);
    let midnight = app.house.zone.start_of(day(1)) + chrono::Duration::seconds(20);
    app.clock.advance(midnight - app.house.db.now());
    assert_eq!(demand(&app), 14.0);
    // An issue of twenty seconds ago is written only now.
    let late = |tx: &mut shiryan::db::Tx| {
        flow(tx, "PS-RBH", O_NEG, day(0), 0, 56);
        shiryan::db::feed::append(tx, "blood_unit", 1, "issued")
    };
    app.house.db.write_now(shiryan::db::Lane::System, late).unwrap();
    assert_eq!(demand(&app), 42.0);
    app.clock.advance(chrono::Duration::minutes(11));
    assert_eq!(demand(&app), 42.0);
}

/// What expired yesterday is noted today by the program itself, on yesterday's line: nobody reported anything by it.
fn an_expiry_is_no_word_of_a_site(app: TestApp) {
    let bank = app.places.bank;
    write(&app, move |tx| {
        units(tx, bank, O_NEG, "released", day(-1), 1);
        let number = blood_units::din.eq(crate::support::shelf::din(1));
        diesel::update(blood_units::table).set(number).execute(tx.conn).unwrap();
    });
    assert_eq!(demand(&app), Value::Null);
    let (vault, zone) = (app.house.vault.clone(), app.house.zone);
    let expire = move |tx: &mut shiryan::db::Tx| shiryan::stock::expire_due(tx, &vault, zone, 10);
    assert_eq!(app.house.db.write_now(shiryan::db::Lane::System, expire).unwrap(), 1);
    assert_eq!(demand(&app), Value::Null);
}

fn an_answer_made_smaller_is_the_same_answer(app: TestApp) {
    shelves(&app);
    let ask = |how: &[(&str, &str)]| app.client(Role::Command).raw(PATH, how);
    let (plain, said) = ask(&[]);
    assert_eq!(plain.get("content-encoding"), None);
    for how in ["gzip", "br, gzip;q=0.8", "deflate, gzip, br, zstd"] {
        let (headers, bytes) = ask(&[("accept-encoding", how)]);
        assert_eq!(headers["content-encoding"], "gzip", "{how}");
        assert!(
            headers
                .get_all("vary")
                .iter()
                .any(|own| own.to_str().unwrap().eq_ignore_ascii_case("accept-encoding"))
        );
        assert!(bytes.len() * 5 < said.len(), "{} of {}", bytes.len(), said.len());
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&bytes[..]), &mut text).unwrap();
        assert_eq!(text, said, "{how}");
    }
    for how in ["identity", "gzip;q=0", "br"] {
        let (headers, bytes) = ask(&[("accept-encoding", how)]);
        assert_eq!((headers.get("content-encoding"), bytes), (None, said.clone()), "{how}");
    }
}

/// Of five bags one was held until three days ago, two are held since, and one went to Jericho.
fn a_shelf_is_told_beside_what_lay_there_a_week_ago(app: TestApp) {
    let later = |days| app.clock.advance(chrono::Duration::days(days));
    let expires_at = app.house.db.now() + chrono::Duration::days(30);
    let bag = |n| Bag { blood_group: Some(BloodGroup::ANeg), expires_at, ..Bag::new(&app, n) };
    let bags = put_all(&app, (1..=5).map(bag).collect());
    let hold = |bag: usize| {
        let request = accepted(&app, &ask(1));
        reserve(&app, &request, &bags[bag..=bag]).expect(200);
        request
    };
    let first = hold(0);
    let jericho = facility(&app, FacilityKind::BloodBank, Governorate::Jericho, "jericho");
    later(3);
    act(&app.client(Role::Bank), &first, "free", &json!({"units": [bags[0]]})).expect(200);
    hold(1);
    hold(2);
    let label = json!([{"din": din(5).to_string(), "component": "red_cells"}]);
    let parcel = json!({"to": jericho, "units": label});
    let sent = app.client(Role::Bank).post("/api/v1/transfers", &parcel).expect(201);
    let path = format!("/api/v1/transfers/{}/receive", sent["id"].as_str().unwrap());
    of_facility(&app, Role::Bank, jericho, "theirs").post(&path, &json!({"units": label})).expect(200);
    let seen = |area: &str| {
        let answer = app.client(Role::Command).get(&format!("{PATH}?by=governorate&component=red_cells"));
        let cell = find(&answer.expect(200), area, "red_cells", "a_neg").clone();
        (cell["usable_units"].as_u64().unwrap(), cell["usable_units_7_days_ago"].as_u64().unwrap())
    };
    later(6);
    assert_eq!((seen("PS-RBH"), seen("PS-JRH")), ((2, 4), (1, 0)));
    later(2);
    assert_eq!((seen("PS-RBH"), seen("PS-JRH")), ((2, 2), (1, 1)));
}
