//! Rule sets: which there are, and a preview of what another would change.

use std::io::Write;
use std::process::Stdio;

use chrono::NaiveDate;
use serde_json::{Value, json};
use shiryan::app;
use shiryan::db::{Lane, Tx};
use shiryan::eligibility::{self, BUILT_IN, GivingSource, NewGiving, RuleSetStamp, Rulebook};
use shiryan::jobs;
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::role::Role;
use shiryan_kernel::text::Note;
use shiryan_kernel::time::{Clock, SystemClock, plus_days};

use super::cli::{named, shiryan};
use super::support::app::{PASSWORD, Reply, TestApp, credentials};
use super::support::device;

both!(
    the_rule_sets_are_listed,
    a_preview_tells_who_may_give_earlier_and_by_how_many_days,
    work_that_nobody_holds_any_more_is_taken_up_again,
    a_job_is_seen_by_whoever_asked_alone,
    what_does_not_open_keeps_nobody_waiting,
    b12_a_rule_set_is_put_in_force_by_two_people,
    b12_a_file_that_changed_is_not_what_was_approved,
    the_terminal_counts_what_a_rule_set_would_change,
);

fn donor(app: &TestApp, n: u32, given: Option<NaiveDate>) -> String {
    let body = json!({
        "first_name": "كريم", "family_name": "نصار", "sex": "male", "birth_date": "1990-01-15",
        "service_number": format!("PP-{n}"), "unit": app.places.company, "weight_kg": 80.0, "height_cm": 178,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &body).expect(201);
    let donor = made["id"].as_str().unwrap().to_owned();
    if let Some(on) = given {
        let new = NewGiving {
            donor: donor.parse().unwrap(),
            on,
            donation_type: DonationType::WholeBlood,
            volume_ml: Some(450),
            red_cells_lost: false,
            source: GivingSource::Donation,
        };
        let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
        let write = move |tx: &mut Tx| eligibility::record_giving(tx, &vault, &book, &new);
        app.house.db.write_now(Lane::System, write).unwrap();
    }
    donor
}

fn ask(app: &TestApp, code: &str) -> String {
    let path = format!("/api/v1/policies/{code}/preview");
    let queued = app.client(Role::Physician).post(&path, &json!({})).expect(202);
    queued["job"].as_str().unwrap().to_owned()
}

fn job(app: &TestApp, id: &str) -> Value {
    app.client(Role::Physician).get(&format!("/api/v1/jobs/{id}")).expect(200)
}

fn the_rule_sets_are_listed(app: TestApp) {
    let list = app.client(Role::Medic).get("/api/v1/policies").expect(200);
    let items = list["items"].as_array().unwrap();
    let codes: Vec<&str> = items.iter().map(|set| set["code"].as_str().unwrap()).collect();
    for code in ["default", "who_2012", "edqm", "jpac_3_6", "lebanon_2015", "arc_us"] {
        assert!(codes.contains(&code), "{code}");
    }
    let current: Vec<&Value> = items.iter().filter(|set| set["in_force"] == true).collect();
    assert_eq!((current.len(), &current[0]["code"]), (1, &json!("default")));
}

fn a_preview_tells_who_may_give_earlier_and_by_how_many_days(app: TestApp) {
    let today = app.house.today();
    let gave = donor(&app, 1, Some(plus_days(today, -10)));
    donor(&app, 2, None);
    let path = "/api/v1/policies/arc_us/preview";
    let physician = app.client(Role::Physician);
    assert_eq!(physician.post("/api/v1/policies/no_such/preview", &json!({})).problem(404), "not_found");
    let wrong = physician.post(path, &json!({"version": 99})).expect(422);
    assert_eq!(wrong["errors"][0]["field"], "version");
    let id = ask(&app, "arc_us");
    assert_eq!(job(&app, &id)["state"], "queued");
    assert_eq!(app::work_off(&app.house).unwrap(), 1);
    let told = job(&app, &id);
    assert_eq!((&told["state"], &told["done"], &told["of"]), (&json!("done"), &json!(2), &json!(2)));
    let result = &told["result"];
    assert_eq!(result["before"]["code"], "default");
    assert_eq!((&result["after"]["code"], &result["donors"]), (&json!("arc_us"), &json!(2)));
    let whole_blood = &result["by_type"]["whole_blood"];
    assert_eq!(whole_blood["by_days"], json!({"-28": 1}), "84 days become 56: {whole_blood}");
    let named = result["most"].as_array().unwrap().iter().any(|moved| {
        moved["donor"] == gave.as_str() && moved["donation_type"] == "whole_blood" && moved["days"] == 28
    });
    assert!(named, "{result}");
    assert_eq!(app::work_off(&app.house).unwrap(), 0, "nothing waits any more");
}

fn work_that_nobody_holds_any_more_is_taken_up_again(app: TestApp) {
    donor(&app, 1, None);
    let id = ask(&app, "arc_us");
    let take = || {
        let vault = app.house.vault.clone();
        app.house.db.write_now(Lane::System, move |tx| jobs::take(tx, &vault)).unwrap()
    };
    let dead = take().unwrap();
    assert!(take().is_none(), "it is held");
    assert_eq!(job(&app, &id)["state"], "running");
    app.clock.advance(chrono::Duration::seconds(61));
    let alive = take().unwrap();
    let late = app.house.db.write_now(Lane::System, move |tx| jobs::progress(tx, &dead, 1, 1));
    assert_eq!(late.unwrap_err().code, shiryan_kernel::Code::StateConflict, "it is somebody else's now");
    app.house.db.write_now(Lane::System, move |tx| jobs::progress(tx, &alive, 1, 1)).unwrap();
    for _ in 0..2 {
        app.clock.advance(chrono::Duration::seconds(61));
        take();
    }
    assert_eq!(job(&app, &id)["state"], "failed", "begun three times and never ended");
}

fn a_job_is_seen_by_whoever_asked_alone(app: TestApp) {
    let id = ask(&app, "who_2012");
    let other = app.colleague(Role::Physician, "another", None);
    assert_eq!(other.get(&format!("/api/v1/jobs/{id}")).problem(404), "not_found");
}

/// A damaged donor has no window, a damaged job fails; everybody else is served.
fn what_does_not_open_keeps_nobody_waiting(app: TestApp) {
    use diesel::prelude::*;
    use shiryan::db::tables::{donor_identities, giving_windows, jobs as rows};
    use shiryan_kernel::ids::DonorId;
    let [damaged, whole] = [1, 2].map(|n| donor(&app, n, None).parse::<DonorId>().unwrap());
    let [first, second] = ["arc_us", "who_2012"].map(|code| ask(&app, code));
    let broken: shiryan_kernel::ids::JobId = first.parse().unwrap();
    let write = move |tx: &mut Tx| {
        diesel::update(donor_identities::table.find(damaged.0))
            .set(donor_identities::birth_date.eq(vec![7_u8; 72]))
            .execute(tx.conn)?;
        diesel::update(rows::table.find(broken.0)).set(rows::request.eq(vec![7_u8; 72])).execute(tx.conn)?;
        Ok(())
    };
    app.house.db.write_now(Lane::System, write).unwrap();
    app.clock.advance(chrono::Duration::days(1));
    app::daily(&app.house, |_| {}).unwrap();
    let windows = |donor: DonorId| {
        let of = giving_windows::table.filter(giving_windows::donor.eq(donor)).count();
        app.house.db.read_now(|conn| Ok(of.get_result::<i64>(conn)?)).unwrap()
    };
    assert_eq!((windows(damaged), windows(whole) > 0), (0, true));
    assert_eq!(app::work_off(&app.house).unwrap(), 1);
    assert_eq!(job(&app, &first)["state"], "failed");
    let told = job(&app, &second);
    assert_eq!((&told["state"], &told["result"]["unreadable"]), (&json!("done"), &json!(1)));
}

/// The rules as the next start of the program has them.
fn next_start(app: &TestApp, directory: Option<&std::path::Path>) -> Rulebook {
    let book = Rulebook::load(directory, "default", app.house.zone).unwrap();
    eligibility::settle_policies(&app.house.db, &app.house.vault, book).unwrap()
}

fn in_force(app: &TestApp, book: &Rulebook) -> (String, u32) {
    let set = book.in_force(app.house.today()).unwrap();
    (set.code.clone(), set.version)
}

fn want(app: &TestApp, role: Role, code: &str) -> Reply {
    app.client(role).post(&format!("/api/v1/policies/{code}/adopt"), &json!({"reason": "مراجعة سنوية"}))
}

fn b12_a_rule_set_is_put_in_force_by_two_people(app: TestApp) {
    let physician = app.client(Role::Physician);
    let list = app.client(Role::Medic).get("/api/v1/policies").expect(200);
    let adopted: Vec<&Value> =
        list["items"].as_array().unwrap().iter().filter(|set| set["adopted"] == true).collect();
    assert_eq!((adopted.len(), &adopted[0]["code"]), (1, &json!("default")), "the settings' own at first");
    assert_eq!(list["waiting"], json!([]));
    assert_eq!(want(&app, Role::Physician, "no_such").problem(404), "not_found");
    assert_eq!(want(&app, Role::Physician, "default").problem(409), "state_conflict");
    let asked = want(&app, Role::Physician, "who_2012").expect(202)["approval"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/approvals/{asked}");
    let told = physician.get(&path).expect(200);
    let text = BUILT_IN.iter().find(|(name, _)| *name == "who_2012.toml").unwrap().1;
    assert_eq!((&told["proposal"]["text"], &told["reason"]), (&json!(text), &json!("مراجعة سنوية")));
    let approve = |client: &crate::support::app::Client, path: &str| {
        client.post(&format!("{path}/approve"), &json!({}))
    };
    let today = ("default".to_owned(), 1);
    assert_eq!(approve(&physician, &path).problem(403), "second_person_required");
    let made = app.colleague(Role::Physician, "made-now", Some(app.principal(Role::Physician).user));
    assert_eq!(approve(&made, &path).problem(403), "second_person_required");
    for (role, status) in [(Role::Admin, 404), (Role::Bank, 404), (Role::Medic, 403), (Role::Command, 403)] {
        approve(&app.client(role), &path).expect(status);
    }
    assert_eq!(in_force(&app, &next_start(&app, None)), today, "nobody else has approved it");
    let other = app.colleague(Role::Physician, "somebody-else", None);
    approve(&other, &path).expect(200);
    assert_eq!(approve(&other, &path).problem(409), "state_conflict", "once");
    let book = next_start(&app, None);
    assert_eq!(in_force(&app, &book), ("who_2012".to_owned(), 1));
    // The settings go on to name another: that is no way back.
    assert_eq!(book.waiting(), [RuleSetStamp { code: "default".into(), version: 1 }]);
    // An administrator may ask, and is no physician.
    let back = want(&app, Role::Admin, "default").expect(202)["approval"].as_str().unwrap().to_owned();
    let back = format!("/api/v1/approvals/{back}");
    assert_eq!(approve(&app.client(Role::Admin), &back).problem(403), "forbidden");
    app.clock.advance(chrono::Duration::days(14));
    let physician = app.client(Role::Physician);
    assert_eq!(approve(&physician, &back).problem(409), "state_conflict", "too late");
    let back = want(&app, Role::Admin, "default").expect(202)["approval"].as_str().unwrap().to_owned();
    approve(&physician, &format!("/api/v1/approvals/{back}")).expect(200);
    let book = next_start(&app, None);
    assert_eq!((in_force(&app, &book), book.waiting()), (today, Vec::new()));
}

fn b12_a_file_that_changed_is_not_what_was_approved(app: TestApp) {
    let home = tempfile::tempdir().unwrap();
    let first = BUILT_IN.iter().find(|(name, _)| *name == "default.toml").unwrap().1;
    let put = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    let age = |book: &Rulebook| book.in_force(app.house.today()).unwrap().age.min;
    let stamp = |version| RuleSetStamp { code: "default".into(), version };
    // A file that says something else under the number by which is decided.
    let younger = first.replace("\nmin = 18\n", "\nmin = 16\n");
    assert_ne!(younger, first);
    put("default.toml", &younger);
    let book = next_start(&app, Some(home.path()));
    assert_eq!((age(&book), book.refused()), (18, &[stamp(1)][..]));
    // A new version waits, is asked for, and changes before it is approved: what was asked is what holds.
    let version = |number: u32, from: &str, least: u32| {
        first
            .replace("\nversion = 1\n", &format!("\nversion = {number}\n"))
            .replace("= 2020-01-01\n", &format!("= {from}\n"))
            .replace("\nmin = 18\n", &format!("\nmin = {least}\n"))
    };
    put("default.toml", first);
    put("second.toml", &version(2, "2021-01-01", 19));
    let book = next_start(&app, Some(home.path()));
    assert_eq!((age(&book), book.waiting()), (18, vec![stamp(2)]));
    let ask = |book: &Rulebook, number: u32| {
        let (vault, book, by) = (app.house.vault.clone(), book.clone(), app.principal(Role::Physician));
        let ask = move |tx: &mut Tx| {
            let reason = Note::parse("x").unwrap();
            eligibility::ask_adoption(tx, &vault, &book, &by, ("default", Some(number)), &reason)
        };
        app.house.db.write_now(Lane::System, ask).unwrap().approval
    };
    let other = app.colleague(Role::Physician, "somebody-else", None);
    let approve = |id| other.post(&format!("/api/v1/approvals/{id}/approve"), &json!({}));
    let asked = ask(&book, 2);
    put("second.toml", &version(2, "2021-01-01", 16));
    let (changed, beside) = (next_start(&app, Some(home.path())), asked);
    let of_the_changed_file = ask(&changed, 2);
    put("second.toml", &version(3, "2021-01-01", 20));
    let same_day = ask(&next_start(&app, Some(home.path())), 3);
    put("second.toml", &version(2, "2021-01-01", 16));
    approve(beside).expect(200);
    let book = next_start(&app, Some(home.path()));
    assert_eq!((age(&book), book.refused()), (19, &[stamp(2)][..]), "the file is not what was approved");
    assert_eq!(approve(of_the_changed_file).problem(409), "state_conflict");
    assert_eq!(approve(same_day).problem(409), "state_conflict", "two begin on one day");
    // A file that is gone takes nothing back.
    std::fs::remove_file(home.path().join("second.toml")).unwrap();
    let book = next_start(&app, Some(home.path()));
    assert_eq!((age(&book), book.waiting()), (19, Vec::new()));
    assert_eq!(age(&next_start(&app, None)), 19);
    // Whoever writes into the table puts nothing in force.
    let forged =
        "UPDATE adopted_policies SET text = (SELECT request FROM approvals LIMIT 1) WHERE version = 2";
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            use diesel::RunQueryDsl;
            Ok(diesel::sql_query(forged).execute(tx.conn)?)
        })
        .unwrap();
    let book = Rulebook::load(None, "default", app.house.zone).unwrap();
    let refused = eligibility::settle_policies(&app.house.db, &app.house.vault, book).unwrap_err();
    assert_eq!(refused.code, shiryan_kernel::Code::IdentityDamaged);
}

/// The same counts as on the page, for a person who signs in; nobody is named.
fn the_terminal_counts_what_a_rule_set_would_change(app: TestApp) {
    let now = SystemClock.now();
    let gave = donor(&app, 1, Some(plus_days(app.house.zone.date(now), -10)));
    donor(&app, 2, None);
    let home = tempfile::tempdir().unwrap();
    let key = home.path().join("root.key");
    shiryan::vault::private_file(&key, "09".repeat(32).as_bytes()).unwrap();
    let url = named(app.house.db.target());
    // On the command line the clock is the machine's.
    app.clock.set(now - chrono::Duration::hours(1));
    let device = device::enrol(&app.anonymous(), &credentials("physician"), app.house.db.now()).0;
    let run = |user: &str, arguments: &[&str]| {
        let mut command = shiryan(home.path(), &["preview", "--user", user, "--database", &url]);
        let command = command.args(arguments).env("SHIRYAN__KEYS__FILE", &key);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let code = device.code(SystemClock.now());
        child.stdin.take().unwrap().write_all(format!("{PASSWORD}\n{code}\n").as_bytes()).ok();
        let done = child.wait_with_output().unwrap();
        (done.status.success(), String::from_utf8([done.stdout, done.stderr].concat()).unwrap())
    };
    let (done, said) = run("command", &["arc_us"]);
    assert!(!done && said.contains("may not"), "{said}");
    let (done, said) = run("physician", &["arc_us"]);
    assert!(done && said.contains("1 of 2 donors would have another first day"), "{said}");
    let line = said.lines().find(|line| line.starts_with("whole_blood")).unwrap();
    let counts: Vec<&str> = line.split_whitespace().filter(|word| word.parse::<u64>().is_ok()).collect();
    assert_eq!(counts, ["1", "0", "0", "0", "1"], "{said}");
    assert!(!said.contains(&gave), "{said}");
}
