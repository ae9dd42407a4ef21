//! Blood units: born in quarantine, released once by their own blood bank, counted honestly.

use std::sync::{Arc, Barrier};
use std::thread;

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{daily_flows, donations, donors, feed, typings, unit_movements};
use shiryan::db::{Lane, Tx};
use shiryan::stock::{self, NewUnit, Origin};
use shiryan_kernel::blood::{BloodGroup, Component, GroupEvidence};
use shiryan_kernel::ids::{BloodUnitId, DonationId, DonorId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::{MoveReason, UnitStatus};
use shiryan_kernel::time::Zone;

use super::support::app::TestApp;
use super::support::shelf::{Bag, Person, din, donation, put_all, tested};

both!(
    a_unit_is_born_in_quarantine,
    a_release_is_told_counted_and_recorded,
    thirty_two_release_one_unit_and_one_does,
    two_names_for_one_donation_cannot_both_be_released,
    a_release_names_the_group_or_is_refused,
    what_cannot_be_released,
    a_block_reaches_every_unit_in_date,
    what_is_past_its_date_is_marked_once,
    each_sees_the_own_shelf,
    pages_of_units_hold_each_once,
    a_summary_counts_by_governorate_and_region_and_never_beyond,
);

fn release(app: &TestApp, id: BloodUnitId, body: &Value) -> super::support::app::Reply {
    app.client(Role::Bank).post(&format!("/api/v1/stock/units/{id}/release"), body)
}

/// Somebody of whose group nobody knows anything.
fn unknown() -> Person {
    Person { group: None, evidence: GroupEvidence::Unknown, ..Person::of(BloodGroup::APos) }
}

/// Somebody else than the bank types the donor of a donation.
fn types(app: &TestApp, given: DonationId, group: &str) {
    let by = app.principal(Role::Physician).user;
    let group = group.to_owned();
    let typed = move |tx: &mut Tx| {
        let donor: DonorId = donations::table.find(given.0).select(donations::donor).first(tx.conn)?;
        let (id, now) = (tx.id(), tx.now.naive_utc());
        diesel::insert_into(typings::table)
            .values((
                typings::id.eq(id),
                typings::donor.eq(donor),
                typings::blood_group.eq(&group),
                typings::typed_on.eq(now.date()),
                typings::recorded_at.eq(now),
                typings::recorded_by.eq(by),
            ))
            .execute(tx.conn)?;
        diesel::update(donors::table.find(donor.0))
            .set((donors::blood_group.eq(&group), donors::group_evidence.eq(GroupEvidence::TypedOnce)))
            .execute(tx.conn)?;
        Ok(())
    };
    app.house.db.write_now(Lane::System, typed).unwrap();
}

fn status(app: &TestApp, id: BloodUnitId) -> UnitStatus {
    app.house.db.read_now(|conn| stock::unit(conn, id)).unwrap().status
}

fn movements(app: &TestApp, id: BloodUnitId) -> Vec<(Option<String>, String)> {
    app.house
        .db
        .read_now(|conn| {
            Ok(unit_movements::table
                .filter(unit_movements::blood_unit.eq(id))
                .order(unit_movements::id)
                .select((unit_movements::from_status, unit_movements::to_status))
                .load(conn)?)
        })
        .unwrap()
}

/// Received and expired of each day that has a flow.
fn flows(app: &TestApp) -> Vec<(String, String, i32, i32)> {
    app.house
        .db
        .read_now(|conn| {
            Ok(daily_flows::table
                .order((daily_flows::governorate, daily_flows::blood_group))
                .select((
                    daily_flows::governorate,
                    daily_flows::blood_group,
                    daily_flows::received,
                    daily_flows::expired,
                ))
                .load(conn)?)
        })
        .unwrap()
}

fn a_unit_is_born_in_quarantine(app: TestApp) {
    let (facility, vault) = (app.places.bank, app.house.vault.clone());
    let made = app
        .house
        .db
        .write_now(Lane::System, move |tx| {
            let origin = Origin {
                donation: None,
                din: din(1),
                facility,
                collected_at: tx.now,
                blood_group: Some(BloodGroup::APos),
                attributes: shiryan_kernel::attribute::Attributes::default(),
                additive: None,
            };
            let unit = |component, days| NewUnit {
                component,
                division: 0,
                volume_ml: 200,
                expires_at: Zone::default()
                    .end_of(Zone::default().date(tx.now) + chrono::Duration::days(days)),
            };
            let units = [unit(Component::RedCells, 42), unit(Component::Plasma, 365)];
            stock::create_units(tx, &vault, Zone::default(), None, &origin, &units)
        })
        .unwrap();
    for id in &made {
        assert_eq!(status(&app, *id), UnitStatus::Quarantine);
        assert_eq!(movements(&app, *id), [(None, "quarantine".to_owned())]);
    }
    let told: Vec<(i64, String)> = app
        .house
        .db
        .read_now(|conn| {
            Ok(feed::table
                .filter(feed::entity.eq("blood_unit"))
                .order(feed::seq)
                .select((feed::entity_id, feed::kind))
                .load(conn)?)
        })
        .unwrap();
    let expected: Vec<_> = made.iter().map(|id| (id.0, "quarantine".to_owned())).collect();
    assert_eq!(told, expected);
}

fn a_release_is_told_counted_and_recorded(app: TestApp) {
    let units = [1, 2].map(|n| Bag::new(&app, n).quarantined(Some(BloodGroup::APos)).put(&app));
    for (n, id) in (1..).zip(units) {
        let said = release(&app, id, &json!({})).expect(200);
        assert_eq!(said, json!({"id": id, "status": "released", "blood_group": "a_pos"}));
        let counted = vec![("PS-RBH".to_owned(), "a_pos".to_owned(), n, 0)];
        assert_eq!(flows(&app), counted);
        let step = (Some("quarantine".to_owned()), "released".to_owned());
        assert_eq!(movements(&app, id), [step]);
    }
    let again = release(&app, units[0], &json!({}));
    assert_eq!(again.problem(409), "state_conflict");
    assert_eq!(again.json()["state"], "released");
    assert_eq!(flows(&app)[0].2, 2);
}

fn thirty_two_release_one_unit_and_one_does(app: TestApp) {
    let id = Bag::new(&app, 1).quarantined(Some(BloodGroup::BNeg)).put(&app);
    let at_once = Arc::new(Barrier::new(32));
    let threads: Vec<_> = (0..32)
        .map(|_| {
            let (client, at_once) = (app.client(Role::Bank), at_once.clone());
            thread::spawn(move || {
                at_once.wait();
                client.post(&format!("/api/v1/stock/units/{id}/release"), &json!({"blood_group": "b_neg"}))
            })
        })
        .collect();
    let replies: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 1);
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        assert_eq!(reply.problem(409), "state_conflict");
    }
    assert_eq!(movements(&app, id).len(), 1);
    assert_eq!(flows(&app), [("PS-RBH".to_owned(), "b_neg".to_owned(), 1, 0)]);
}

/// Two tables of the laboratory name two groups for two components of one donation, at the same moment.
fn two_names_for_one_donation_cannot_both_be_released(app: TestApp) {
    for sequence in 0..8 {
        let given = donation(&app, unknown(), sequence);
        types(&app, given, "a_pos");
        tested(&app, sequence);
        let cells = Bag { donation: Some(given), ..Bag::new(&app, sequence).quarantined(None) };
        let plasma = Bag { component: Component::Plasma, ..cells.clone() };
        let units = put_all(&app, vec![cells, plasma]);
        let at_once = Arc::new(Barrier::new(2));
        let threads: Vec<_> = units
            .iter()
            .zip(["a_pos", "b_pos"])
            .map(|(id, group)| {
                let (client, at_once) = (app.client(Role::Bank), at_once.clone());
                let path = format!("/api/v1/stock/units/{id}/release");
                thread::spawn(move || {
                    at_once.wait();
                    client.post(&path, &json!({"blood_group": group}))
                })
            })
            .collect();
        let mut said: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        said.sort_by_key(|reply| reply.status);
        said[0].expect(200);
        assert_eq!(said[1].problem(409), "group_discrepancy");
    }
}

fn a_release_names_the_group_or_is_refused(app: TestApp) {
    let confirmed = donation(&app, Person::of(BloodGroup::APos), 1);
    let declared = Person { evidence: GroupEvidence::Declared, ..Person::of(BloodGroup::APos) };
    let declared = donation(&app, declared, 2);
    let typed = donation(&app, unknown(), 3);
    types(&app, typed, "a_pos");
    let bag = |sequence, donation| {
        let bag = Bag::new(&app, sequence).quarantined(None);
        Bag { donation: Some(donation), ..bag }.put(&app)
    };
    let (confirmed, declared, typed) = (bag(1, confirmed), bag(2, declared), bag(3, typed));
    let labelled = Bag::new(&app, 4).quarantined(Some(BloodGroup::ONeg)).put(&app);

    (1..=3).for_each(|sequence| tested(&app, sequence));
    let b_neg = json!({"blood_group": "b_neg"});
    assert_eq!(release(&app, confirmed, &b_neg).problem(409), "group_discrepancy");
    assert_eq!(release(&app, typed, &b_neg).problem(409), "group_discrepancy");
    assert_eq!(release(&app, labelled, &b_neg).problem(409), "group_discrepancy");
    assert_eq!(release(&app, declared, &json!({})).problem(409), "group_unknown");
    assert_eq!(release(&app, typed, &json!({})).problem(409), "group_unknown");
    for id in [confirmed, declared, typed, labelled] {
        assert_eq!(status(&app, id), UnitStatus::Quarantine);
    }
    // What is named now is one grouping: alone it is not enough.
    let of_declared = app.house.db.read_now(|conn| stock::unit(conn, declared)).unwrap().donation.unwrap();
    assert_eq!(release(&app, declared, &b_neg).problem(409), "group_unknown");
    // Two groupings stand, whatever the donor had said.
    types(&app, of_declared, "b_neg");
    assert_eq!(release(&app, declared, &b_neg).expect(200)["blood_group"], "b_neg");
    assert_eq!(release(&app, confirmed, &json!({})).expect(200)["blood_group"], "a_pos");
    assert_eq!(release(&app, typed, &json!({"blood_group": "a_pos"})).expect(200)["blood_group"], "a_pos");
    assert_eq!(release(&app, labelled, &json!({})).expect(200)["blood_group"], "o_neg");
}

fn what_cannot_be_released(app: TestApp) {
    let now = app.house.db.now();
    let good = Bag::new(&app, 0).quarantined(Some(BloodGroup::ONeg));
    let past = Bag { din: din(1), expires_at: now - chrono::Duration::seconds(1), ..good.clone() }.put(&app);
    let elsewhere = Bag { din: din(2), facility: app.places.gaza_hospital, ..good.clone() }.put(&app);
    let last = Bag { din: din(3), expires_at: now, ..good.clone() }.put(&app);
    assert_eq!(release(&app, past, &json!({})).problem(409), "unit_expired");
    assert_eq!(release(&app, elsewhere, &json!({})).problem(404), "not_found");
    release(&app, last, &json!({})).expect(200);
    for (n, state) in (10..).zip(UnitStatus::ALL) {
        let id = Bag { din: din(n), status: *state, ..good.clone() }.put(&app);
        let said = release(&app, id, &json!({}));
        if *state == UnitStatus::Quarantine {
            said.expect(200);
        } else {
            assert_eq!(said.problem(409), "state_conflict");
            assert_eq!(status(&app, id), *state);
        }
    }
    let path = format!("/api/v1/stock/units/{last}/release");
    for role in Role::ALL.iter().filter(|role| **role != Role::Bank) {
        assert_eq!(app.client(*role).post(&path, &json!({})).problem(403), "forbidden", "{role}");
    }
}

fn a_block_reaches_every_unit_in_date(app: TestApp) {
    for (n, state) in (0..).zip(UnitStatus::ALL) {
        let id = Bag { status: *state, ..Bag::new(&app, n) }.put(&app);
        let vault = app.house.vault.clone();
        let blocked = app
            .house
            .db
            .write_now(Lane::System, move |tx| stock::block(tx, &vault, None, id, MoveReason::Recall));
        let reached = stock::rules::may_follow(*state, UnitStatus::Blocked);
        assert_eq!(blocked.is_ok(), reached, "{state}");
        assert_eq!(status(&app, id) == UnitStatus::Blocked, reached || *state == UnitStatus::Blocked);
        assert_eq!(movements(&app, id).len(), usize::from(reached));
    }
}

fn what_is_past_its_date_is_marked_once(app: TestApp) {
    let past = app.house.db.now() - chrono::Duration::hours(1);
    let put = |n, status| Bag { status, expires_at: past, ..Bag::new(&app, n) }.put(&app);
    let (shelf, quarantine) = (put(0, UnitStatus::Released), put(1, UnitStatus::Quarantine));
    let (blocked, used) = (put(2, UnitStatus::Blocked), put(3, UnitStatus::Transfused));
    let good = Bag::new(&app, 9).put(&app);
    let vault = app.house.vault.clone();
    let mark = || {
        let vault = vault.clone();
        app.house.db.write_now(Lane::System, move |tx| stock::expire_due(tx, &vault, Zone::default(), 100))
    };
    assert_eq!(mark().unwrap(), 2);
    assert_eq!(mark().unwrap(), 0);
    assert_eq!(status(&app, shelf), UnitStatus::Expired);
    assert_eq!(status(&app, quarantine), UnitStatus::Expired);
    assert_eq!(status(&app, blocked), UnitStatus::Blocked);
    assert_eq!(status(&app, used), UnitStatus::Transfused);
    assert_eq!(status(&app, good), UnitStatus::Released);
    assert_eq!(flows(&app), [("PS-RBH".to_owned(), "o_neg".to_owned(), 0, 1)]);
}

fn each_sees_the_own_shelf(app: TestApp) {
    let places = [app.places.bank, app.places.hospital, app.places.gaza_hospital];
    let ids: Vec<String> = (0..)
        .zip(places)
        .map(|(n, facility)| Bag { facility, ..Bag::new(&app, n) }.put(&app).to_string())
        .collect();
    let seen = |role, query: &str| -> Vec<String> {
        let page = app.client(role).get(&format!("/api/v1/stock/units{query}")).expect(200);
        page["items"].as_array().unwrap().iter().map(|unit| unit["id"].as_str().unwrap().into()).collect()
    };
    assert_eq!(seen(Role::Bank, ""), ids[..1]);
    assert_eq!(seen(Role::Hospital, ""), ids[1..2]);
    assert_eq!(seen(Role::Physician, ""), ids);
    let gaza = app.places.gaza_hospital;
    assert_eq!(seen(Role::Physician, &format!("?facility={gaza}")), ids[2..]);
    let other = app.client(Role::Hospital).get(&format!("/api/v1/stock/units?facility={gaza}"));
    assert_eq!(other.problem(404), "not_found");
    assert!(seen(Role::Bank, "?status=quarantine").is_empty());
    assert_eq!(seen(Role::Bank, "?status=released&component=red_cells&blood_group=o_neg"), ids[..1]);
    for role in [Role::Admin, Role::Command, Role::Medic] {
        assert_eq!(app.client(role).get("/api/v1/stock/units").problem(403), "forbidden");
    }
    // Past its date it is no stock, marked or not.
    app.clock.advance(chrono::Duration::days(11));
    let page = app.client(Role::Bank).get("/api/v1/stock/units").expect(200);
    assert_eq!(page["items"][0]["status"], "released");
    assert_eq!(page["items"][0]["usable"], false);
}

fn pages_of_units_hold_each_once(app: TestApp) {
    let made = put_all(&app, (0..7).map(|n| Bag::new(&app, n)).collect());
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = app.client(Role::Bank).get(&format!("/api/v1/stock/units?limit=3{cursor}")).expect(200);
        seen.extend(page["items"].as_array().unwrap().iter().map(|unit| unit["id"].clone()));
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let made: Vec<Value> = made.iter().map(|id| json!(id)).collect();
    assert_eq!(seen, made);
}

fn a_summary_counts_by_governorate_and_region_and_never_beyond(app: TestApp) {
    let now = app.house.db.now();
    let near = now + chrono::Duration::days(2);
    let bag = |n| Bag::new(&app, n);
    let hospital = app.places.hospital;
    let gaza = app.places.gaza_hospital;
    put_all(
        &app,
        vec![
            bag(1),
            Bag { expires_at: near, ..bag(2) },
            Bag { expires_at: now - chrono::Duration::minutes(1), ..bag(3) },
            Bag { facility: hospital, ..bag(4) },
            Bag { facility: gaza, ..bag(5) },
            bag(6).quarantined(None),
            Bag { status: UnitStatus::Transfused, ..bag(7) },
        ],
    );
    let cell = |group: Option<&str>, status: &str, units: i64, expiring: i64| {
        json!({"blood_group": group, "component": "red_cells", "status": status,
            "units": units, "expiring": expiring})
    };
    let own = app.client(Role::Bank).get("/api/v1/stock/summary").expect(200);
    assert_eq!(own["facility"], json!(app.places.bank));
    assert_eq!(
        own["areas"],
        json!([{"region": "west_bank_centre", "governorate": "PS-RBH", "cells": [
            cell(None, "quarantine", 1, 0),
            cell(Some("o_neg"), "released", 2, 1),
            cell(Some("o_neg"), "expired", 1, 0),
        ]}])
    );
    let all = app.client(Role::Command).get("/api/v1/stock/summary").expect(200);
    assert_eq!(all["facility"], Value::Null);
    let centre = json!([
        cell(None, "quarantine", 1, 0),
        cell(Some("o_neg"), "released", 3, 1),
        cell(Some("o_neg"), "expired", 1, 0),
    ]);
    let north = json!([cell(Some("o_neg"), "released", 1, 0)]);
    assert_eq!(
        all["areas"],
        json!([
            {"region": "west_bank_centre", "governorate": null, "cells": centre},
            {"region": "west_bank_centre", "governorate": "PS-RBH", "cells": centre},
            {"region": "gaza_north", "governorate": null, "cells": north},
            {"region": "gaza_north", "governorate": "PS-GZA", "cells": north},
        ])
    );
}
