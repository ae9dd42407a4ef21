//! The record: chained by the sealer, and every tampering is found.

use diesel::prelude::*;
use diesel::sql_query;
use serde_json::{Value, json};
use shiryan::audit::{self, Head, Line, Thing, Verdict};
use shiryan::db::tables::{audit_lines, donors};
use shiryan::db::{Db, Lane, Tx, on_each};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::plus_days;

use crate::support::app::TestApp;
use crate::support::databases::Migrated;
use crate::support::shelf::Bag;

both!(
    lines_are_chained_in_order,
    tampering_is_found,
    two_sealers_do_not_fork_the_chain,
    a_head_that_was_kept_finds_what_the_chain_alone_does_not,
    a_change_says_what_the_thing_was_and_is,
);

fn vault() -> Vault {
    Vault::new(RootKey::from_bytes([3; 32]))
}

fn write_lines(db: &Db, count: usize) {
    for n in 0..count {
        db.write_now(Lane::System, move |tx| {
            audit::record(tx, &vault(), &Line::new(None, "audit.read").on(n).with("n", n))
        })
        .unwrap();
    }
}

fn seal_all(db: &Db) {
    while db.write_now(Lane::System, |tx| audit::seal(tx, &vault())).unwrap() > 0 {}
}

fn verdict(db: &Db) -> Verdict {
    db.read_now(|conn| audit::verify(conn, &vault())).unwrap()
}

fn run(db: &Db, sql: &'static str) -> usize {
    db.write_now(Lane::System, move |tx| {
        let rows: QueryResult<usize> = on_each!(tx.conn => c, sql_query(sql).execute(c));
        Ok(rows?)
    })
    .unwrap()
}

fn lines_are_chained_in_order(at: Migrated) {
    assert_eq!(verdict(&at.db), Verdict::Whole(0));
    write_lines(&at.db, 5);
    assert_eq!(verdict(&at.db), Verdict::Whole(0));
    seal_all(&at.db);
    write_lines(&at.db, 300);
    seal_all(&at.db);
    assert_eq!(verdict(&at.db), Verdict::Whole(305));
    let other = Vault::new(RootKey::from_bytes([4; 32]));
    assert_eq!(at.db.read_now(|conn| audit::verify(conn, &other)).unwrap(), Verdict::Broken(1));
}

fn tampering_is_found(at: Migrated) {
    write_lines(&at.db, 10);
    seal_all(&at.db);
    for (change, undo, broken) in [
        (
            "UPDATE audit_lines SET action = 'test.undone' WHERE subject = '3'",
            "UPDATE audit_lines SET action = 'audit.read' WHERE subject = '3'",
            4,
        ),
        (
            "UPDATE audit_lines SET detail = '{\"n\":99}' WHERE subject = '7'",
            "UPDATE audit_lines SET detail = '{\"n\":7}' WHERE subject = '7'",
            8,
        ),
        ("UPDATE audit_chain SET seq = 50 WHERE seq = 5", "UPDATE audit_chain SET seq = 5 WHERE seq = 50", 5),
    ] {
        assert_eq!(run(&at.db, change), 1);
        assert_eq!(verdict(&at.db), Verdict::Broken(broken), "{change}");
        run(&at.db, undo);
        assert_eq!(verdict(&at.db), Verdict::Whole(10));
    }
    run(&at.db, "DELETE FROM audit_chain WHERE seq = 2");
    assert_eq!(verdict(&at.db), Verdict::Broken(2));
}

fn two_sealers_do_not_fork_the_chain(at: Migrated) {
    write_lines(&at.db, 40);
    let beside = at.beside();
    std::thread::scope(|scope| {
        for db in [&at.db, &beside] {
            scope.spawn(move || {
                for _ in 0..20 {
                    // A loser is told so and finds nothing to do the next time.
                    let _ = db.write_now(Lane::System, |tx| audit::seal(tx, &vault()));
                }
            });
        }
    });
    seal_all(&at.db);
    assert_eq!(verdict(&at.db), Verdict::Whole(40));
}

fn a_head_that_was_kept_finds_what_the_chain_alone_does_not(at: Migrated) {
    write_lines(&at.db, 6);
    seal_all(&at.db);
    let now = at.db.now();
    let head = || at.db.read_now(|conn| audit::head(conn, now)).unwrap().unwrap();
    let missing = |heads: Vec<Head>| {
        at.db.read_now(|conn| Ok(audit::first_missing(conn, &heads)?.map(|head| head.seq))).unwrap()
    };
    let early = head();
    write_lines(&at.db, 4);
    seal_all(&at.db);
    let kept = vec![early.clone(), head()];
    assert_eq!((kept[0].seq, kept[1].seq, missing(kept.clone())), (6, 10, None));
    // The last lines go with their links: what is left agrees with itself.
    run(&at.db, "DELETE FROM audit_chain WHERE seq > 7");
    assert_eq!((verdict(&at.db), at.db.read_now(audit::loose).unwrap()), (Verdict::Whole(7), 3));
    run(&at.db, "DELETE FROM audit_lines WHERE id NOT IN (SELECT line FROM audit_chain)");
    assert_eq!((verdict(&at.db), at.db.read_now(audit::loose).unwrap()), (Verdict::Whole(7), 0));
    assert_eq!((missing(kept.clone()), missing(vec![early])), (Some(10), None));
    // As many others take their place, with the key: whole again, and another head.
    write_lines(&at.db, 3);
    seal_all(&at.db);
    assert_eq!((verdict(&at.db), missing(kept)), (Verdict::Whole(10), Some(10)));
}

/// Subject, action and detail of each line that says what a thing was and is, in their order.
fn changes(app: &TestApp) -> Vec<(String, String, String, Value)> {
    let lines: Vec<(Option<String>, String, String)> = app
        .house
        .db
        .read_now(|conn| {
            let of = audit_lines::table.order(audit_lines::id);
            Ok(of.select((audit_lines::subject, audit_lines::action, audit_lines::detail)).load(conn)?)
        })
        .unwrap();
    let read = |(subject, action, detail): (Option<String>, String, String)| {
        let detail: Value = serde_json::from_str(&detail).unwrap();
        let thing = detail["thing"].as_str()?.to_owned();
        Some((thing, subject.unwrap_or_default(), action, detail))
    };
    lines.into_iter().filter_map(read).collect()
}

fn a_change_says_what_the_thing_was_and_is(app: TestApp) {
    let (bank, physician, admin) =
        (app.client(Role::Bank), app.client(Role::Physician), app.client(Role::Admin));
    let form = json!({
        "first_name": "كناري", "family_name": "الطائر", "sex": "male", "birth_date": "1990-01-15",
        "service_number": "AU-1", "unit": app.places.company, "weight_kg": 80.0, "height_cm": 178,
        "phone": "0599123456",
    });
    let made = bank.post("/api/v1/donors", &form).expect(201);
    let donor = format!("/api/v1/donors/{}", made["id"].as_str().unwrap());
    let version = || bank.get(&donor).expect(200)["version"].as_i64().unwrap();
    bank.patch(&donor, version(), &json!({"weight_kg": 81.0})).expect(200);
    // What is sealed is part of it, and what changes nothing leaves no line.
    bank.patch(&donor, version(), &json!({"phone": "0599123457"})).expect(200);
    bank.patch(&donor, version(), &json!({"weight_kg": 81.0})).expect(200);
    let until = plus_days(app.house.today(), 30);
    bank.post(&format!("{donor}/pause"), &json!({"until": until})).expect(200);
    bank.post(&format!("{donor}/resume"), &json!({})).expect(200);
    let typed = json!({"blood_group": "a_pos", "typed_on": app.house.today(), "sample": "S-1"});
    bank.post(&format!("{donor}/typings"), &typed).expect(201);
    let path = format!("{donor}/deferrals");
    let tattoo = bank.post(&path, &json!({"code": "TAT", "base": null})).expect(201);
    let tattoo = format!("/api/v1/deferrals/{}", tattoo["id"].as_str().unwrap());
    let base = plus_days(app.house.today(), -30);
    for (verb, form) in [
        ("correct", json!({"code": "TAT", "base": base, "reason": "x"})),
        ("withdraw", json!({"reason": "x"})),
    ] {
        let asked = bank.post(&format!("{tattoo}/{verb}"), &form).expect(202);
        let path = format!("/api/v1/approvals/{}/approve", asked["approval"].as_str().unwrap());
        physician.post(&path, &json!({})).expect(200);
    }
    let user = app.principal(Role::Medic).user;
    for (verb, form) in
        [("disable", json!({})), ("enable", json!({})), ("reset", json!({"password": "nine olive trees"}))]
    {
        admin.post(&format!("/api/v1/users/{user}/{verb}"), &form).expect(200);
    }
    let unit = Bag::new(&app, 1).put(&app);
    let unit = format!("/api/v1/stock/units/{unit}");
    bank.post(&format!("{unit}/block"), &json!({"reason": "recall"})).expect(200);
    physician.post(&format!("{unit}/clear"), &json!({"note": "x"})).expect(200);
    bank.post(&format!("{unit}/discard"), &json!({"reason": "damaged"})).expect(200);

    let found = changes(&app);
    let of = |thing: &str, subject: &str| -> Vec<&Value> {
        let own = found.iter().filter(|(name, about, ..)| name == thing && about == subject);
        own.map(|(.., detail)| detail).collect()
    };
    let last = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    for (thing, subject, count) in [
        ("donor", last(&donor), 6),
        ("deferrals", last(&donor), 3),
        ("user", user.to_string(), 4),
        ("blood_unit", last(&unit), 3),
    ] {
        let own = of(thing, &subject);
        assert_eq!(own.len(), count, "{thing}: {found:#?}");
        for change in &own {
            assert_ne!(change["before"], change["after"], "{thing}: {change}");
            for digest in [&change["before"], &change["after"]].into_iter().filter_map(|one| one.as_str()) {
                assert!(
                    digest.len() == 32 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()),
                    "{digest}"
                );
            }
        }
        for pair in own.windows(2) {
            assert_eq!(pair[0]["after"], pair[1]["before"], "{thing}: nothing came between");
        }
    }
    assert!(of("donor", &last(&donor))[0]["before"].is_null(), "it was not there");
    let text: String = found.iter().map(|(.., detail)| detail.to_string()).collect();
    for clear in ["كناري", "0599123457", "AU-1", "1990"] {
        assert!(!text.contains(clear), "{clear}");
    }

    // Equal rows, equal digests; a row that was written past the program is another one from then on.
    let id: DonorId = last(&donor).parse().unwrap();
    let now = |key: &Vault| {
        static DONORS: Thing = Thing { name: "donor", tables: &[("donors", "id")] };
        let key = key.clone();
        let look = move |tx: &mut Tx| {
            let line = audit::seen(tx.conn, &key, &DONORS, id.0)?;
            line.record(tx, &key, Line::new(None, "test.looked").on(id))
        };
        app.house.db.write_now(Lane::System, look).unwrap();
        let detail = changes(&app).pop().unwrap().3;
        assert_eq!(detail["before"], detail["after"], "nothing changed");
        detail["after"].as_str().unwrap().to_owned()
    };
    let own = app.house.vault.clone();
    let whole = now(&own);
    assert_eq!(now(&own), whole);
    let write = |kg: f64| {
        let set = move |tx: &mut Tx| {
            Ok(diesel::update(donors::table.find(id.0)).set(donors::weight_kg.eq(kg)).execute(tx.conn)?)
        };
        app.house.db.write_now(Lane::System, set).unwrap();
    };
    write(90.0);
    assert_ne!(now(&own), whole);
    write(81.0);
    assert_eq!(now(&own), whole);

    // The digests are part of the line that is chained.
    let seal = || {
        let key = app.house.vault.clone();
        while app
            .house
            .db
            .write_now(Lane::System, {
                let key = key.clone();
                move |tx| audit::seal(tx, &key)
            })
            .unwrap()
            > 0
        {}
    };
    seal();
    let verify = || app.house.db.read_now(|conn| audit::verify(conn, &app.house.vault)).unwrap();
    assert!(matches!(verify(), Verdict::Whole(_)));
    let forge = |tx: &mut Tx| {
        let line = audit_lines::table.filter(audit_lines::action.eq("donors.amended"));
        let (id, detail): (i64, String) =
            line.order(audit_lines::id).select((audit_lines::id, audit_lines::detail)).first(tx.conn)?;
        let mut detail: Value = serde_json::from_str(&detail).unwrap();
        detail["before"] = json!("0".repeat(32));
        diesel::update(audit_lines::table.find(id))
            .set(audit_lines::detail.eq(detail.to_string()))
            .execute(tx.conn)?;
        Ok(())
    };
    app.house.db.write_now(Lane::System, forge).unwrap();
    assert!(matches!(verify(), Verdict::Broken(_)));
    assert_ne!(now(&Vault::new(RootKey::from_bytes([5; 32]))), whole, "nobody makes it without the key");
}
