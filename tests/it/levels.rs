//! The ledger of levels: entered at once, left after two days, each change one event, whoever wrote it.

use chrono::Duration;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::Tx;
use shiryan::db::tables::{audit_lines, blood_units, daily_flows, feed, level_changes};
use shiryan::reserve::levels;
use shiryan_kernel::blood::BloodGroup;
use shiryan_kernel::role::Role;

use crate::pages::signed_in;
use crate::support::app::TestApp;
use crate::support::requests::{accepted, act, bags, reserve};
use crate::support::reserve::{day, flow, units, write};

const O_NEG: (&str, &str) = ("red_cells", "o_neg");
const CENTRE: &str = "component=red_cells&group=o_neg&region=west_bank_centre";

both!(
    worse_at_once_better_after_two_days,
    silence_is_unknown_and_not_zero,
    whoever_comes_first_writes_a_change,
    every_change_is_in_feed_and_record,
    closed_roads_part_the_ledger,
    what_each_level_means,
    a_substitute_counts_once,
    wrong_questions_are_refused,
);

fn watch(app: &TestApp) -> usize {
    levels::watch(&app.house.reserve, &app.house.vault).unwrap()
}

/// Two O− a day are issued in a governorate, before and after today.
fn two_a_day(tx: &mut Tx, governorate: &str) {
    for ahead in -28..8 {
        flow(tx, governorate, O_NEG, day(ahead), 2, 2);
    }
}

/// Ramallah issues two a day and has so many on the shelf.
fn ramallah(app: &TestApp, count: u32) {
    let bank = app.places.bank;
    write(app, move |tx| {
        two_a_day(tx, "PS-RBH");
        units(tx, bank, O_NEG, "released", day(40), count);
    });
}

/// All but so many leave the shelf.
fn keep(app: &TestApp, count: i64) {
    write(app, move |tx| {
        let all: Vec<i64> = blood_units::table
            .filter(blood_units::status.eq("released"))
            .order(blood_units::id)
            .select(blood_units::id)
            .load(tx.conn)
            .unwrap();
        for id in all.into_iter().skip(usize::try_from(count).unwrap()) {
            let gone = blood_units::status.eq("discarded");
            diesel::update(blood_units::table.find(id)).set(gone).execute(tx.conn).unwrap();
        }
    });
}

/// What stands, what is seen, and since when.
fn centre(app: &TestApp) -> (String, String, Value) {
    let answer = app.client(Role::Command).get(&format!("/api/v1/reserve?{CENTRE}")).expect(200);
    let cell = &answer["cells"][0];
    let text = |field: &str| cell[field].as_str().unwrap().to_owned();
    (text("level"), text("level_now"), cell["level_since"].clone())
}

/// Area, level and what it was, the newest first.
fn changes(app: &TestApp, query: &str) -> Vec<(String, String, Value)> {
    let page = app.client(Role::Bank).get(&format!("/api/v1/reserve/changes?{query}")).expect(200);
    let text = |change: &Value, field: &str| change[field].as_str().unwrap().to_owned();
    let items = page["items"].as_array().unwrap();
    items.iter().map(|own| (text(own, "area"), text(own, "level"), own["was"].clone())).collect()
}

fn worse_at_once_better_after_two_days(app: TestApp) {
    ramallah(&app, 20);
    assert_eq!(centre(&app), ("green".into(), "green".into(), Value::Null), "the ledger is empty");
    // Each group of the component, in the governorate and in its region; nothing else reports.
    assert_eq!(watch(&app), 16);
    assert_eq!(watch(&app), 0);
    let began = json!("2026-11-23T22:00:00Z");
    assert_eq!(centre(&app), ("green".into(), "green".into(), began));
    app.clock.advance(Duration::hours(3));
    keep(&app, 2);
    let at = json!("2026-11-24T01:00:00Z");
    assert_eq!(centre(&app), ("red".into(), "red".into(), Value::Null), "seen before it is written");
    assert_eq!(watch(&app), 2);
    assert_eq!(centre(&app), ("red".into(), "red".into(), at.clone()));
    let bank = app.places.bank;
    write(&app, move |tx| units(tx, bank, O_NEG, "released", day(40), 30));
    app.clock.advance(Duration::hours(1));
    assert_eq!(watch(&app), 0, "better is seen, not believed");
    app.clock.advance(Duration::hours(48) - Duration::seconds(3));
    assert_eq!(watch(&app), 0);
    assert_eq!(centre(&app), ("red".into(), "green".into(), at));
    app.clock.advance(Duration::seconds(3));
    assert_eq!(centre(&app).0, "green");
    assert_eq!(watch(&app), 2);
    let of_region = |level: &str, was: Value| ("west_bank_centre".to_owned(), level.to_owned(), was);
    let told = changes(&app, &format!("{CENTRE}&limit=200"));
    let told: Vec<_> = told.into_iter().filter(|(area, ..)| area == "west_bank_centre").collect();
    assert_eq!(
        told,
        [of_region("green", json!("red")), of_region("red", json!("green")), of_region("green", Value::Null)]
    );
}

fn silence_is_unknown_and_not_zero(app: TestApp) {
    let bank = app.places.bank;
    write(&app, move |tx| {
        for ago in 1..=28 {
            flow(tx, "PS-RBH", O_NEG, day(-ago), 2, 2);
        }
        units(tx, bank, O_NEG, "released", day(40), 2);
    });
    watch(&app);
    assert_eq!(centre(&app).0, "red");
    app.clock.advance(Duration::hours(25));
    assert_eq!(centre(&app).1, "unknown", "yesterday nothing was heard");
    assert!(watch(&app) > 0);
    assert_eq!(centre(&app).0, "unknown");
    let newest = &changes(&app, CENTRE)[0];
    assert_eq!((newest.1.as_str(), &newest.2), ("unknown", &json!("red")));
    // Heard again and well: what was red when nobody knew any more is red until it was well for two days.
    write(&app, move |tx| {
        flow(tx, "PS-RBH", O_NEG, day(0), 40, 0);
        flow(tx, "PS-RBH", O_NEG, day(3), 1, 0);
        units(tx, bank, O_NEG, "released", day(40), 40);
    });
    watch(&app);
    assert_eq!((centre(&app).0.as_str(), centre(&app).1.as_str()), ("red", "green"));
    app.clock.advance(Duration::hours(48));
    watch(&app);
    assert_eq!(centre(&app).0, "green");
}

fn whoever_comes_first_writes_a_change(app: TestApp) {
    ramallah(&app, 20);
    let together = || -> usize {
        std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|_| scope.spawn(|| watch(&app))).collect();
            all.into_iter().map(|one| one.join().unwrap()).sum()
        })
    };
    assert_eq!(together(), 16);
    keep(&app, 3);
    app.clock.advance(Duration::minutes(1));
    assert_eq!(together(), 2);
    let written: i64 =
        app.house.db.read_now(|conn| Ok(level_changes::table.count().get_result(conn)?)).unwrap();
    assert_eq!(written, 18);
}

fn every_change_is_in_feed_and_record(app: TestApp) {
    ramallah(&app, 20);
    watch(&app);
    keep(&app, 1);
    watch(&app);
    let (lines, fed, ids) = app
        .house
        .db
        .read_now(|conn| {
            let lines: Vec<(Option<i64>, String)> = audit_lines::table
                .filter(audit_lines::action.eq("reserve.level_changed"))
                .order(audit_lines::id)
                .select((audit_lines::actor, audit_lines::detail))
                .load(conn)?;
            let fed: Vec<i64> = feed::table
                .filter(feed::entity.eq("level"))
                .order(feed::seq)
                .select(feed::entity_id)
                .load(conn)?;
            let ids: Vec<i64> =
                level_changes::table.order(level_changes::id).select(level_changes::id).load(conn)?;
            Ok((lines, fed, ids))
        })
        .unwrap();
    assert_eq!((lines.len(), fed), (18, ids));
    let details: Vec<Value> = lines.iter().map(|(_, detail)| serde_json::from_str(detail).unwrap()).collect();
    assert!(lines.iter().all(|(actor, _)| actor.is_none()));
    // The groups of which nobody asks stand without units; O− stood well before it fell.
    let alerts = details.iter().filter(|detail| detail["alert"] == true).count();
    assert_eq!(alerts, 7 * 2 + 2, "{details:?}");
    let last = details.last().unwrap();
    assert_eq!((&last["was"], &last["level"]), (&json!("green"), &json!("black")));
}

fn closed_roads_part_the_ledger(app: TestApp) {
    ramallah(&app, 20);
    write(&app, |tx| two_a_day(tx, "PS-SLT"));
    watch(&app);
    // Together they have five days.
    assert_eq!(centre(&app).0, "watch");
    let command = app.client(Role::Command);
    let closure = command.post("/api/v1/closures", &json!({"governorate": "PS-RBH"})).expect(201);
    assert_eq!(watch(&app), 8, "the island of the other two is new, by group");
    let path = format!("/api/v1/reserve?{CENTRE}");
    let stands = |answer: &Value| -> Vec<(Value, Value)> {
        let cells = answer["cells"].as_array().unwrap();
        cells.iter().map(|cell| (cell["area"].clone(), cell["level"].clone())).collect()
    };
    let apart = stands(&command.get(&path).expect(200));
    assert_eq!(apart, [(json!("west_bank_centre"), json!("black")), (json!("PS-RBH"), json!("green"))]);
    let newest = app.client(Role::Bank).get(&format!("/api/v1/reserve/changes?{CENTRE}")).expect(200);
    assert_eq!(newest["items"][0]["island"], json!(["PS-SLT", "PS-JRH"]));
    // Every road closed: exactly the governorates.
    for governorate in ["PS-SLT", "PS-JRH"] {
        command.post("/api/v1/closures", &json!({"governorate": governorate})).expect(201);
    }
    assert_eq!(watch(&app), 0, "each governorate stands where it stood");
    let alone = stands(&command.get(&format!("{path}&by=governorate")).expect(200));
    assert_eq!(stands(&command.get(&path).expect(200)), alone);
    assert_eq!(alone[0], (json!("PS-SLT"), json!("black")));
    let id = closure["id"].as_str().unwrap();
    command.post(&format!("/api/v1/closures/{id}/end"), &json!({})).expect(200);
}

fn what_each_level_means(app: TestApp) {
    let told = app.client(Role::Physician).get("/api/v1/reserve/levels").expect(200);
    assert_eq!((&told["leave_after_hours"], &told["silent_after_hours"]), (&json!(48), &json!(24)));
    let all = told["levels"].as_array().unwrap();
    let seen: Vec<(&Value, &Value, &Value)> =
        all.iter().map(|own| (&own["level"], &own["least_days"], &own["least_days_platelets"])).collect();
    assert_eq!(seen[0], (&json!("green"), &json!(6.0), &json!(1.5)));
    assert_eq!(seen[3], (&json!("red"), &json!(1.0), &json!(0.25)));
    assert_eq!(seen[4], (&json!("black"), &Value::Null, &Value::Null));
    assert_eq!((seen.len(), &all[3]["owner"]), (6, &json!("command")));
    assert!(all.iter().all(|own| own["actions"][0]["ar"].is_string() && own["actions"][0]["en"].is_string()));
    // The page says it where something is lacking.
    let call = all[3]["actions"][0]["en"].as_str().unwrap();
    let mut browser = signed_in(&app, Role::Command);
    assert!(!browser.get("/").text.contains(call), "nobody knows anything yet");
    let bank = app.places.bank;
    write(&app, move |tx| {
        for group in BloodGroup::ALL {
            for ago in 1..=28 {
                flow(tx, "PS-RBH", ("red_cells", group.code()), day(-ago), 2, 2);
            }
            units(tx, bank, ("red_cells", group.code()), "released", day(40), 2);
        }
    });
    assert!(browser.get("/").text.contains(call));
}

/// An O− unit given to an A− patient is demand of O− alone.
fn a_substitute_counts_once(app: TestApp) {
    let own = bags(&app, BloodGroup::ANeg, 1, 1)[0];
    let other = bags(&app, BloodGroup::ONeg, 10, 1)[0];
    let form = json!({"patient": "P-17", "blood_group": "a_neg", "group_evidence": "confirmed",
        "component": "red_cells", "units": 2, "urgency": "urgent"});
    let id = accepted(&app, &form);
    reserve(&app, &id, &[own, other]).expect(200);
    act(&app.client(Role::Bank), &id, "issue", &json!({})).expect(200);
    let mut issued: Vec<(String, i32)> = app
        .house
        .db
        .read_now(|conn| {
            Ok(daily_flows::table.select((daily_flows::blood_group, daily_flows::issued)).load(conn)?)
        })
        .unwrap();
    issued.retain(|(_, issued)| *issued > 0);
    issued.sort_unstable();
    assert_eq!(issued, [("a_neg".to_owned(), 1), ("o_neg".to_owned(), 1)]);
    app.clock.advance(Duration::days(1));
    let path = "/api/v1/reserve?component=red_cells&region=west_bank_centre";
    let answer = app.client(Role::Bank).get(path).expect(200);
    let demand =
        answer["cells"].as_array().unwrap().iter().map(|cell| cell["average_daily_demand"].as_f64().unwrap());
    // Two groups of one a day; of the six others the least that is ever taken.
    assert!((demand.sum::<f64>() - 2.6).abs() < 1e-9);
}

fn wrong_questions_are_refused(app: TestApp) {
    let bank = app.client(Role::Bank);
    for (query, status, code) in [
        ("level=pink", 422, "invalid_value"),
        ("by=region", 400, "unknown_parameter"),
        ("limit=0", 422, "out_of_range"),
        ("cursor=x", 400, "cursor_invalid"),
    ] {
        assert_eq!(bank.get(&format!("/api/v1/reserve/changes?{query}")).problem(status), code, "{query}");
    }
    for role in [Role::Hospital, Role::Medic] {
        assert_eq!(app.client(role).get("/api/v1/reserve/changes").problem(403), "forbidden");
    }
    ramallah(&app, 20);
    watch(&app);
    let first = bank.get("/api/v1/reserve/changes?level=green&limit=1").expect(200);
    let cursor = first["next"].as_str().unwrap();
    let second =
        bank.get(&format!("/api/v1/reserve/changes?level=green&limit=1&cursor={cursor}")).expect(200);
    assert_ne!(first["items"], second["items"]);
    assert_eq!(second["next"], Value::Null, "O− in the governorate and in its region");
}
