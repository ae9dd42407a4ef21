//! The roster: what it counts is what the tables say, whoever wrote it and when.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use diesel::prelude::*;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use shiryan::db::tables::{blood_units, donors, giving_windows};
use shiryan::db::{Db, Lane, Size, feed};
use shiryan::roster::{Roster, check};
use shiryan_kernel::attribute::Attributes;
use shiryan_kernel::blood::{BloodGroup, Component, DonationType};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{DonorStatus, UnitStatus};

use super::support::app::TestApp;
use super::support::reserve::{day, donor, flow, give, units, write};

both!(
    what_people_do_is_counted_at_once,
    one_that_is_written_to_by_others_catches_up,
    many_who_write_beside_it_lose_nothing,
    an_answer_is_kept_until_something_of_it_changes,
    a_change_of_the_tables_alone_is_found_by_the_self_test,
    old_lines_of_the_feed_go,
);

const RED: (&str, &str) = ("red_cells", "o_neg");

fn differences(app: &TestApp) -> Vec<shiryan::roster::Difference> {
    check(&app.house.roster, &app.house.db, app.house.zone).unwrap()
}

/// Donors of a group in a governorate whose window for whole blood is open today, as the tables say.
fn open_today(db: &Db, group: BloodGroup) -> i64 {
    db.read_now(|conn| {
        Ok(giving_windows::table
            .inner_join(donors::table)
            .filter(donors::status.eq(DonorStatus::Active))
            .filter(donors::blood_group.eq(group))
            .filter(donors::governorate.is_not_null())
            .filter(giving_windows::donation_type.eq(DonationType::WholeBlood))
            .filter(giving_windows::from_on.le(day(0)))
            .filter(giving_windows::until_on.is_null().or(giving_windows::until_on.ge(day(0))))
            .count()
            .get_result(conn)?)
    })
    .unwrap()
}

fn counted_today(roster: &Roster, db: &Db, app: &TestApp, group: BloodGroup) -> i64 {
    let count = roster.look(db, app.house.zone, |index| {
        let open = index.donors.open(DonationType::WholeBlood, [day(0)]);
        open.filter(|(own, ..)| *own == group).map(|(_, _, [on])| i64::from(on)).sum()
    });
    count.unwrap()
}

/// Registering, typing, deferring, pausing; receiving, releasing, stopping, discarding: after each the roster says what
/// the tables say.
fn what_people_do_is_counted_at_once(app: TestApp) {
    let (medic, bank) = (app.client(Role::Medic), app.client(Role::Bank));
    let physician = app.client(Role::Physician);
    let form = |n: u32| {
        json!({
            "first_name": "سامي", "family_name": "الشوّا", "sex": "male", "birth_date": "1990-01-05",
            "governorate": "PS-RBH", "unit": app.places.company, "phone": format!("05990000{n:02}"),
            "weight_kg": 80, "height_cm": 180,
        })
    };
    let mut rng = StdRng::seed_from_u64(5);
    let mut people: Vec<String> = Vec::new();
    assert_eq!(differences(&app), []);
    for n in 0..12_u32 {
        let made = medic.post("/api/v1/donors", &form(n)).expect(201);
        people.push(made["id"].as_str().unwrap().to_owned());
        let one = people[rng.random_range(0..people.len())].clone();
        let typed = json!({"blood_group": "o_neg", "sample": format!("S{n}"), "typed_on": "2026-11-20"});
        bank.post(&format!("/api/v1/donors/{one}/typings"), &typed).expect(201);
        assert_eq!(differences(&app), [], "typed");
        if n % 3 == 0 {
            let new = json!({"code": "TAT", "base": "2026-11-20"});
            medic.post(&format!("/api/v1/donors/{one}/deferrals"), &new).expect(201);
            assert_eq!(differences(&app), [], "deferred");
        }
        if n % 4 == 0 {
            medic.post(&format!("/api/v1/donors/{one}/pause"), &json!({})).expect(200);
            assert_eq!(differences(&app), [], "paused");
        }
        assert_eq!(
            counted_today(&app.house.roster, &app.house.db, &app, BloodGroup::ONeg),
            open_today(&app.house.db, BloodGroup::ONeg)
        );
    }
    let bags = super::support::shelf::put_all(
        &app,
        (0..6).map(|n| super::support::shelf::Bag::new(&app, n)).collect(),
    );
    let on_shelf = |status: &str| -> i64 {
        let told = app.client(Role::Bank).get("/api/v1/stock/summary").expect(200);
        let cells =
            told["areas"].as_array().unwrap().iter().flat_map(|area| area["cells"].as_array().unwrap());
        cells.filter(|cell| cell["status"] == status).map(|cell| cell["units"].as_i64().unwrap()).sum()
    };
    assert_eq!((on_shelf("released"), on_shelf("blocked")), (6, 0));
    bank.post(&format!("/api/v1/stock/units/{}/block", bags[0]), &json!({"reason": "damaged"})).expect(200);
    assert_eq!((on_shelf("released"), on_shelf("blocked")), (5, 1));
    bank.post(&format!("/api/v1/stock/units/{}/discard", bags[0]), &json!({"reason": "damaged"})).expect(200);
    physician.get("/api/v1/stock/summary").expect(200);
    assert_eq!((on_shelf("released"), on_shelf("blocked")), (5, 0));
    assert_eq!(differences(&app), []);
    // Time alone moves a unit past its date, before anybody has marked it.
    app.clock.advance(chrono::Duration::days(11));
    assert_eq!((on_shelf("released"), on_shelf("expired")), (0, 5));
}

/// Another process writes; this one sees it within a moment, without having written anything.
fn one_that_is_written_to_by_others_catches_up(app: TestApp) {
    let other = Db::open(app.house.db.target(), Size(2), app.clock.clone()).unwrap();
    let (roster, zone) = (app.house.roster.clone(), app.house.zone);
    let released = || {
        let count = roster.look(&app.house.db, zone, |index| {
            index
                .units
                .usable(None, Attributes::default(), app.house.db.now())
                .map(|lot| lot.units)
                .sum::<u32>()
        });
        count.unwrap()
    };
    assert_eq!(released(), 0);
    let bank = app.places.bank;
    other
        .write_now(Lane::System, move |tx| {
            units(tx, bank, RED, "released", day(20), 3);
            feed::append_span(tx, "blood_unit", i64::MIN, i64::MAX, "test")
        })
        .unwrap();
    let started = Instant::now();
    while released() != 3 {
        assert!(started.elapsed() < Duration::from_secs(5), "never seen");
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(differences(&app), []);
}

/// Two programs write at once, in transactions that pass one another; both rosters end as the tables are.
fn many_who_write_beside_it_lose_nothing(app: TestApp) {
    let other = Db::open(app.house.db.target(), Size(4), app.clock.clone()).unwrap();
    let beside = Roster::default();
    let zone = app.house.zone;
    let bank = app.places.bank;
    let (mut bags, mut people) = (Vec::new(), Vec::new());
    write(&app, move |tx| units(tx, bank, RED, "released", day(20), 40));
    for _ in 0..40 {
        let made = app.house.db.write_now(Lane::System, |tx| {
            let id = donor(tx, Some("o_neg"), "PS-RBH", "active", ("whole_blood", day(-5)));
            feed::append(tx, "donor", id, "test")?;
            Ok(id)
        });
        people.push(made.unwrap());
    }
    bags.extend(
        app.house
            .db
            .read_now(|conn| Ok(blood_units::table.select(blood_units::id).load::<i64>(conn)?))
            .unwrap(),
    );
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4_u64)
            .map(|n| {
                let db = if n % 2 == 0 { app.house.db.clone() } else { other.clone() };
                let (bags, people) = (&bags, &people);
                scope.spawn(move || {
                    let mut rng = StdRng::seed_from_u64(n);
                    for _ in 0..60 {
                        let (unit, one) = (
                            bags[rng.random_range(0..bags.len())],
                            people[rng.random_range(0..people.len())],
                        );
                        let (status, from) = (
                            [UnitStatus::Released, UnitStatus::Blocked, UnitStatus::Issued]
                                [rng.random_range(0..3)],
                            day(rng.random_range(-40..40)),
                        );
                        let step = move |tx: &mut shiryan::db::Tx| {
                            diesel::update(blood_units::table.find(unit))
                                .set(blood_units::status.eq(status))
                                .execute(tx.conn)?;
                            feed::append(tx, "blood_unit", unit, "test")?;
                            // So that transactions overlap, and do not end in the order in which they began.
                            std::thread::sleep(Duration::from_millis(u64::from(unit % 3 == 0)));
                            diesel::update(giving_windows::table.filter(giving_windows::donor.eq(one)))
                                .set(giving_windows::from_on.eq(from))
                                .execute(tx.conn)?;
                            feed::append(tx, "donor", one, "windows")
                        };
                        // Who must give way to another is no loss: nothing was acknowledged.
                        let _ = db.write_now(Lane::Actor(n.cast_signed()), step);
                    }
                })
            })
            .collect();
        let readers: Vec<_> = [(&app.house.roster, &app.house.db), (&beside, &other)]
            .into_iter()
            .map(|(roster, db)| {
                let is_over = &is_over;
                scope.spawn(move || {
                    while !is_over.load(Ordering::Acquire) {
                        let whole = roster.look(db, zone, |index| {
                            let all: u32 =
                                index.units.counts(None, db.now(), day(3)).map(|cell| cell.units).sum();
                            (usize::try_from(all).unwrap(), index.units.all().count())
                        });
                        let (counted, known) = whole.unwrap();
                        assert_eq!(counted, known);
                        std::thread::sleep(Duration::from_millis(1));
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        is_over.store(true, Ordering::Release);
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    // What one wrote last may be a tenth of a second away from the other.
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(check(&app.house.roster, &app.house.db, zone).unwrap(), []);
    assert_eq!(check(&beside, &other, zone).unwrap(), []);
    assert_eq!(counted_today(&beside, &other, &app, BloodGroup::ONeg), open_today(&other, BloodGroup::ONeg));
}

fn an_answer_is_kept_until_something_of_it_changes(app: TestApp) {
    let bank = app.places.bank;
    write(&app, move |tx| {
        for ahead in -28..0 {
            flow(tx, "PS-RBH", RED, day(ahead), 2, 2);
        }
        units(tx, bank, RED, "released", day(20), 5);
        for _ in 0..25 {
            let id = donor(tx, Some("o_neg"), "PS-RBH", "active", ("whole_blood", day(-5)));
            give(tx, id, 1, "whole_blood", day(30), None);
        }
    });
    let ask = |app: &TestApp| -> Value {
        let told =
            app.client(Role::Command).get("/api/v1/reserve?component=red_cells&by=governorate").expect(200);
        let cells = told["cells"].as_array().unwrap().iter();
        let cell = cells.filter(|cell| cell["blood_group"] == "o_neg" && cell["area"] == "PS-RBH").cloned();
        json!({"as_of": told["as_of"], "cell": cell.collect::<Vec<_>>()[0]})
    };
    let first = ask(&app);
    assert_eq!(first["cell"]["usable_units"], 5);
    assert_eq!(first["cell"]["donors"]["eligible_day_0"], 25);
    assert_eq!(ask(&app), first);
    write(&app, move |tx| units(tx, bank, RED, "released", day(20), 2));
    assert_eq!(ask(&app)["cell"]["usable_units"], 7, "what is written is in the next answer");
    let kept = ask(&app);
    app.clock.advance(chrono::Duration::milliseconds(2_999));
    assert_eq!(ask(&app), kept, "what was is told while one reads anew");
    app.clock.advance(chrono::Duration::milliseconds(1));
    let later = ask(&app);
    assert_ne!(later["as_of"], kept["as_of"], "and nobody is told anything older");
    app.clock.advance(chrono::Duration::days(20));
    assert_eq!(ask(&app)["cell"]["usable_units"], 0, "time alone ends units");
}

fn a_change_of_the_tables_alone_is_found_by_the_self_test(app: TestApp) {
    let bank = app.places.bank;
    write(&app, move |tx| units(tx, bank, RED, "released", day(20), 2));
    assert_eq!(differences(&app), []);
    let id: i64 =
        app.house.db.read_now(|conn| Ok(blood_units::table.select(blood_units::id).first(conn)?)).unwrap();
    let change = |to: Component| {
        let set = move |tx: &mut shiryan::db::Tx| {
            Ok(diesel::update(blood_units::table.find(id))
                .set(blood_units::component.eq(to))
                .execute(tx.conn)?)
        };
        app.house.db.write_now(Lane::System, set).unwrap();
        differences(&app)
    };
    // On PostgreSQL the line of the feed above comes again until older transactions have ended.
    let mut tries = [Component::Plasma, Component::RedCells].into_iter().cycle().take(100);
    let found = tries.find_map(|to| {
        std::thread::sleep(Duration::from_millis(20));
        Some(change(to)).filter(|found| !found.is_empty())
    });
    let found = found.expect("never found");
    let of: Vec<(&str, i64)> = found.iter().map(|one| (one.entity, one.id)).collect();
    assert_eq!(
        of,
        [("blood_unit", id), ("shelf_count", bank.0)],
        "the bag, and what is counted of its shelf"
    );
    app.house.roster.build(&app.house.db, app.house.zone).unwrap();
    assert_eq!(differences(&app), []);
}

fn old_lines_of_the_feed_go(app: TestApp) {
    let line = |id: i64| {
        let put = move |tx: &mut shiryan::db::Tx| feed::append(tx, "level", id, "test");
        app.house.db.write_now(Lane::System, put).unwrap();
    };
    let forget = || app.house.db.write_now(Lane::Bulk, |tx| feed::forget_old(tx, 1_000)).unwrap();
    forget();
    (1..=3).for_each(line);
    app.clock.advance(chrono::Duration::days(6));
    (4..=5).for_each(line);
    assert_eq!(forget(), 0, "none is a week old");
    app.clock.advance(chrono::Duration::days(2));
    assert!(forget() >= 3);
    assert_eq!(forget(), 0);
    let left = app.house.db.read_now(|conn| {
        use shiryan::db::tables::feed::dsl;
        Ok(dsl::feed
            .filter(dsl::entity.eq("level"))
            .order(dsl::seq)
            .select(dsl::entity_id)
            .load::<i64>(conn)?)
    });
    assert_eq!(left.unwrap(), [4, 5]);
}
