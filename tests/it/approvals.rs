//! What needs two people: deferrals and givings put right, and the medical officer's leave.

use std::sync::Arc;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{approvals, deferrals};
use shiryan::db::{Db, Lane, Size, Tx};
use shiryan::eligibility::{self, GivingSource, NewGiving};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::role::Role;
use shiryan_kernel::status::ApprovalState;
use shiryan_kernel::time::{Clock, SettableClock, plus_days};

use super::pages::{led, signed_in};
use super::support::app::{Reply, TestApp};

both!(
    a2_a_base_learned_late_is_put_right_by_two_people,
    a_withdrawal_waits_for_a_second_person,
    b12_whoever_asked_or_made_the_other_is_no_partner,
    a_request_is_decided_once_and_in_time,
    a_request_sees_what_it_was_asked_about,
    b3_a_sealed_cause_cannot_be_asked_about,
    an_open_cause_is_ended_by_its_event_alone,
    a_giving_is_put_right_or_voided,
    a7_the_medical_officer_allows_one_giving,
    a_request_is_sealed,
    b3_a_correction_does_not_pass_a_deferral_from_class_to_class,
    a7_a_leave_does_not_cover_what_was_entered_later_that_day,
    the_later_correction_holds_though_a_slower_clock_wrote_it,
    b12_two_people_meet_on_the_page,
);

fn donor(app: &TestApp, n: u32) -> String {
    let body = json!({
        "first_name": "ليلى", "family_name": "حداد", "sex": "female", "birth_date": "1991-06-12",
        "service_number": format!("AP-{n}"), "unit": app.places.company, "weight_kg": 74.0, "height_cm": 171,
    });
    app.client(Role::Bank).post("/api/v1/donors", &body).expect(201)["id"].as_str().unwrap().to_owned()
}

fn defer(app: &TestApp, role: Role, donor: &str, form: &Value) -> String {
    let made = app.client(role).post(&format!("/api/v1/donors/{donor}/deferrals"), form).expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn give(app: &TestApp, donor: &str, on: NaiveDate) {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new = NewGiving {
        donor: donor.parse().unwrap(),
        on,
        donation_type: DonationType::WholeBlood,
        volume_ml: Some(450),
        red_cells_lost: false,
        source: GivingSource::Donation,
    };
    let write = move |tx: &mut Tx| eligibility::record_giving(tx, &vault, &book, &new);
    app.house.db.write_now(Lane::System, write).unwrap();
}

fn outcome(app: &TestApp, donor: &str, on: impl std::fmt::Display) -> Value {
    let path = format!("/api/v1/donors/{donor}/eligibility?on={on}");
    app.client(Role::Physician).get(&path).expect(200)["outcome"].clone()
}

fn ask(app: &TestApp, role: Role, what: &str, form: &Value) -> String {
    let asked = app.client(role).post(&format!("/api/v1/{what}"), form).expect(202);
    asked["approval"].as_str().unwrap().to_owned()
}

fn approve(app: &TestApp, approval: &str) -> Reply {
    app.client(Role::Physician).post(&format!("/api/v1/approvals/{approval}/approve"), &json!({}))
}

fn a2_a_base_learned_late_is_put_right_by_two_people(app: TestApp) {
    let one = donor(&app, 1);
    let today = app.house.today();
    let deferral = defer(&app, Role::Medic, &one, &json!({"code": "TAT"}));
    assert_eq!(outcome(&app, &one, today), "needs_physician", "an unknown base is open-ended");
    let form = json!({"code": "TAT", "base": plus_days(today, -300), "reason": "إيصال العيادة"});
    let approval = ask(&app, Role::Medic, &format!("deferrals/{deferral}/correct"), &form);
    assert_eq!(outcome(&app, &one, today), "needs_physician", "it stands until somebody approves");
    let read = app.client(Role::Physician).get(&format!("/api/v1/approvals/{approval}")).expect(200);
    assert_eq!((&read["reason"], &read["state"]), (&json!("إيصال العيادة"), &json!("open")));
    assert_eq!(read["proposal"]["now"]["base"], Value::Null);
    assert_eq!(read["proposal"]["then"]["base"], json!(plus_days(today, -300)));
    assert_eq!(approve(&app, &approval).expect(200)["state"], "approved");
    assert_eq!(outcome(&app, &one, today), "eligible");
    // Corrected again, to a base that is too near; the day before, the old word is what was known.
    app.clock.advance(chrono::Duration::days(1));
    let form = json!({"code": "TAT", "base": plus_days(today, -3), "reason": "خطأ في القراءة"});
    let approval = ask(&app, Role::Bank, &format!("deferrals/{deferral}/correct"), &form);
    approve(&app, &approval).expect(200);
    assert_eq!(outcome(&app, &one, plus_days(today, 1)), "not_yet");
    assert_eq!(outcome(&app, &one, today), "eligible");
    let list = app.client(Role::Medic).get(&format!("/api/v1/donors/{one}/deferrals")).expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1, "one deferral, three lines");
    assert_eq!(list["items"][0]["corrected_on"], json!(plus_days(today, 1)));
}

fn a_withdrawal_waits_for_a_second_person(app: TestApp) {
    let one = donor(&app, 1);
    let today = app.house.today();
    let deferral = defer(&app, Role::Medic, &one, &json!({"code": "TAT", "base": today}));
    let path = format!("deferrals/{deferral}/withdraw");
    let approval = ask(&app, Role::Medic, &path, &json!({"reason": "كان لشخص آخر"}));
    assert_eq!(outcome(&app, &one, today), "not_yet");
    let refuse = format!("/api/v1/approvals/{approval}/refuse");
    assert_eq!(app.client(Role::Physician).post(&refuse, &json!({})).expect(200)["state"], "refused");
    assert_eq!(outcome(&app, &one, today), "not_yet", "refused: nothing changes");
    let approval = ask(&app, Role::Bank, &path, &json!({"reason": "تأكدنا من الوثيقة"}));
    approve(&app, &approval).expect(200);
    assert_eq!(outcome(&app, &one, today), "eligible");
    let again = app.client(Role::Bank).post(&format!("/api/v1/{path}"), &json!({"reason": "مرة ثانية"}));
    assert_eq!(again.problem(409), "state_conflict");
}

fn b12_whoever_asked_or_made_the_other_is_no_partner(app: TestApp) {
    let one = donor(&app, 1);
    let deferral = defer(&app, Role::Medic, &one, &json!({"code": "TAT"}));
    let path = format!("deferrals/{deferral}/withdraw");
    let approval = ask(&app, Role::Physician, &path, &json!({"reason": "خطأ"}));
    assert_eq!(approve(&app, &approval).problem(403), "second_person_required");
    let decide = format!("/api/v1/approvals/{approval}/approve");
    let maker = app.principal(Role::Physician).user;
    let made = app.colleague(Role::Physician, "made-lately", Some(maker));
    assert_eq!(made.post(&decide, &json!({})).problem(403), "second_person_required");
    let now = outcome(&app, &one, app.house.today());
    assert_eq!(now, "needs_physician", "nothing was carried out");
    let other = app.colleague(Role::Physician, "somebody-else", None);
    other.post(&decide, &json!({})).expect(200);
}

fn a_request_is_decided_once_and_in_time(app: TestApp) {
    let one = donor(&app, 1);
    let deferral = defer(&app, Role::Medic, &one, &json!({"code": "TAT"}));
    let path = format!("deferrals/{deferral}/withdraw");
    let late = ask(&app, Role::Medic, &path, &json!({"reason": "خطأ"}));
    let open = |state: &str| {
        let list = app.client(Role::Physician).get(&format!("/api/v1/approvals?state={state}")).expect(200);
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((open("open"), open("expired")), (1, 0));
    app.clock.advance(chrono::Duration::days(14));
    assert_eq!((open("open"), open("expired")), (0, 1));
    assert_eq!(approve(&app, &late).problem(409), "state_conflict");
    let soon = ask(&app, Role::Medic, &path, &json!({"reason": "خطأ"}));
    approve(&app, &soon).expect(200);
    let refuse = format!("/api/v1/approvals/{soon}/refuse");
    assert_eq!(app.client(Role::Physician).post(&refuse, &json!({})).problem(409), "state_conflict");
    assert_eq!(open("approved"), 1);
    let mine = app.client(Role::Medic).get("/api/v1/approvals").expect(200);
    assert_eq!(mine["items"].as_array().unwrap().len(), 2, "whoever asked sees what became of it");
    let others = app.client(Role::Bank).get("/api/v1/approvals").expect(200);
    assert!(others["items"].as_array().unwrap().is_empty());
    let read = app.client(Role::Bank).get(&format!("/api/v1/approvals/{soon}"));
    assert_eq!(read.problem(404), "not_found");
}

fn a_request_sees_what_it_was_asked_about(app: TestApp) {
    let one = donor(&app, 1);
    let deferral = defer(&app, Role::Medic, &one, &json!({"code": "TAT"}));
    let form = |days| json!({"code": "TAT", "base": plus_days(app.house.today(), days), "reason": "وثيقة"});
    let path = format!("deferrals/{deferral}/correct");
    let first = ask(&app, Role::Medic, &path, &form(-10));
    let second = ask(&app, Role::Bank, &path, &form(-400));
    approve(&app, &first).expect(200);
    assert_eq!(approve(&app, &second).problem(409), "state_conflict", "the deferral has changed since");
    let count = |state: &str| {
        let list = app.client(Role::Physician).get(&format!("/api/v1/approvals?state={state}")).expect(200);
        list["items"].as_array().unwrap().len()
    };
    assert_eq!((count("approved"), count("open")), (1, 1), "it can still be refused");
    let lines: i64 = app.house.db.read_now(|conn| Ok(deferrals::table.count().get_result(conn)?)).unwrap();
    assert_eq!(lines, 2);
}

fn b3_a_sealed_cause_cannot_be_asked_about(app: TestApp) {
    let one = donor(&app, 1);
    let sealed = defer(&app, Role::Medic, &one, &json!({"code": "P-HIV"}));
    let nothing = "0000000000001";
    for role in [Role::Medic, Role::Bank] {
        for (verb, form) in [
            ("withdraw", json!({"reason": "خطأ"})),
            ("correct", json!({"code": "TAT", "reason": "خطأ"})),
            ("end", json!({"ended_on": app.house.today()})),
        ] {
            let said = |id: &str| {
                let path = format!("/api/v1/deferrals/{id}/{verb}");
                let reply = app.client(role).post(&path, &form);
                reply.expect(404);
                reply.text
            };
            assert_eq!(said(&sealed), said(nothing), "{role} {verb}");
        }
    }
    ask(&app, Role::Physician, &format!("deferrals/{sealed}/withdraw"), &json!({"reason": "عينة أخرى"}));
    let seen = app.client(Role::Bank).get("/api/v1/approvals").expect(200);
    assert!(seen["items"].as_array().unwrap().is_empty());
}

fn an_open_cause_is_ended_by_its_event_alone(app: TestApp) {
    let one = donor(&app, 1);
    let today = app.house.today();
    let physician = app.client(Role::Physician);
    let base = plus_days(today, -200);
    let pregnancy = defer(&app, Role::Physician, &one, &json!({"code": "PREG-NOW", "base": base}));
    let end = |id: &str, day: chrono::NaiveDate| {
        physician.post(&format!("/api/v1/deferrals/{id}/end"), &json!({"ended_on": day}))
    };
    for day in [plus_days(today, 1), plus_days(base, -1)] {
        assert_eq!(end(&pregnancy, day).expect(422)["errors"][0]["code"], "out_of_range");
    }
    let tattoo = defer(&app, Role::Physician, &one, &json!({"code": "TAT", "base": plus_days(today, -400)}));
    assert_eq!(end(&tattoo, today).expect(422)["errors"][0]["code"], "invalid_value");
    end(&pregnancy, plus_days(today, -100)).expect(200);
    assert_eq!(end(&pregnancy, plus_days(today, -90)).problem(409), "state_conflict");
    let after = plus_days(today, -100 + 182);
    assert_eq!(outcome(&app, &one, plus_days(after, -1)), "not_yet");
    assert_eq!(outcome(&app, &one, after), "eligible", "182 days from the event");
    let list = physician.get(&format!("/api/v1/donors/{one}/deferrals")).expect(200);
    assert_eq!(list["items"][0]["ended_on"], json!(plus_days(today, -100)));
}

fn a_giving_is_put_right_or_voided(app: TestApp) {
    let one = donor(&app, 1);
    let today = app.house.today();
    give(&app, &one, plus_days(today, -10));
    give(&app, &one, plus_days(today, -20));
    let path = format!("/api/v1/donors/{one}/givings");
    let lines = || app.client(Role::Medic).get(&path).expect(200)["items"].as_array().unwrap().clone();
    assert_eq!(outcome(&app, &one, today), "not_yet");
    let id = |n: usize| lines()[n]["id"].as_str().unwrap().to_owned();
    let form = |on, voided| json!({"given_on": on, "donation_type": "whole_blood", "voided": voided, "reason": "سُجّل لشخص آخر"});
    let future = app
        .client(Role::Medic)
        .post(&format!("/api/v1/givings/{}/correct", id(0)), &form(plus_days(today, 1), false));
    assert_eq!(future.expect(422)["errors"][0]["field"], "given_on");
    let old = plus_days(today, -300);
    let moved = ask(&app, Role::Medic, &format!("givings/{}/correct", id(0)), &form(old, false));
    let read = app.client(Role::Physician).get(&format!("/api/v1/approvals/{moved}")).expect(200);
    assert_eq!(read["proposal"]["then"]["given_on"], json!(old));
    approve(&app, &moved).expect(200);
    assert_eq!(outcome(&app, &one, today), "not_yet", "the other still counts");
    let gone =
        ask(&app, Role::Bank, &format!("givings/{}/correct", id(1)), &form(plus_days(today, -20), true));
    approve(&app, &gone).expect(200);
    assert_eq!(outcome(&app, &one, today), "eligible");
    let counts: Vec<Value> = lines().iter().map(|line| line["counts"].clone()).collect();
    assert_eq!(counts, [false, false, true, false], "every line stays");
    let again = app
        .client(Role::Bank)
        .post(&format!("/api/v1/givings/{}/correct", id(0)), &form(plus_days(today, -50), false));
    assert_eq!(again.problem(409), "state_conflict");
}

fn a7_the_medical_officer_allows_one_giving(app: TestApp) {
    let one = donor(&app, 1);
    let today = app.house.today();
    let physician = app.client(Role::Physician);
    let path = format!("/api/v1/donors/{one}/allowances");
    let form = json!({"code": "TAT", "reason": "شُوهد الوشم القديم"});
    assert_eq!(physician.post(&path, &form).expect(422)["errors"][0]["code"], "invalid_value");
    defer(&app, Role::Medic, &one, &json!({"code": "TAT"}));
    assert_eq!(app.client(Role::Medic).post(&path, &form).problem(403), "forbidden");
    let hard = json!({"code": "INTERVAL", "reason": "على عجل"});
    assert_eq!(physician.post(&path, &hard).expect(422)["errors"][0]["field"], "code");
    physician.post(&path, &form).expect(201);
    assert_eq!(outcome(&app, &one, today), "eligible");
    let list = physician.get(&path).expect(200);
    assert_eq!((&list["items"][0]["code"], &list["items"][0]["reason"]), (&form["code"], &form["reason"]));
    give(&app, &one, today);
    assert_eq!(outcome(&app, &one, plus_days(today, 400)), "needs_physician", "the giving used it up");
}

fn a_request_is_sealed(app: TestApp) {
    let one = donor(&app, 1);
    let mut sizes = Vec::new();
    for code in ["P-HIV", "TAT", "PREG-NOW"] {
        let deferral = defer(&app, Role::Physician, &one, &json!({"code": code}));
        ask(&app, Role::Physician, &format!("deferrals/{deferral}/withdraw"), &json!({"reason": "KANARIE"}));
    }
    let rows: Vec<(Vec<u8>, Vec<u8>)> = app
        .house
        .db
        .read_now(|conn| Ok(approvals::table.select((approvals::request, approvals::reason)).load(conn)?))
        .unwrap();
    for (request, reason) in &rows {
        let holds = |needle: &str| {
            let (needle, size) = (needle.as_bytes(), needle.len());
            request.windows(size).chain(reason.windows(size)).any(|bytes| bytes == needle)
        };
        assert!(!holds("KANARIE") && !holds("HIV"));
        sizes.push(request.len());
    }
    sizes.dedup();
    assert_eq!((rows.len(), sizes.len()), (3, 1), "a request says nothing by its length");
}

/// Else its line would vanish for a medic, or his own request would show him the cause.
fn b3_a_correction_does_not_pass_a_deferral_from_class_to_class(app: TestApp) {
    let one = donor(&app, 1);
    let open = defer(&app, Role::Medic, &one, &json!({"code": "TAT"}));
    let sealed = defer(&app, Role::Physician, &one, &json!({"code": "P-HIV"}));
    for (deferral, code) in [(&open, "P-HIV"), (&sealed, "TAT")] {
        let path = format!("/api/v1/deferrals/{deferral}/correct");
        let form = json!({"code": code, "reason": "نتيجة"});
        let refused = app.client(Role::Physician).post(&path, &form).expect(422);
        let error = &refused["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!("code"), &json!("invalid_value")));
    }
    // Whoever asked reads the request as long as the donor is in sight.
    let approval = ask(&app, Role::Medic, &format!("deferrals/{open}/withdraw"), &json!({"reason": "خطأ"}));
    let path = format!("/api/v1/approvals/{approval}");
    app.client(Role::Medic).get(&path).expect(200);
    let away = json!({"unit": app.places.other_unit}).to_string().into_bytes();
    let donor = format!("/api/v1/donors/{one}");
    let version = app.client(Role::Bank).get(&donor).headers["etag"].to_str().unwrap().to_owned();
    app.client(Role::Bank).send("PATCH", &donor, &[("if-match", &version)], Some(away)).expect(200);
    assert_eq!(app.client(Role::Medic).get(&path).problem(404), "not_found");
}

fn a7_a_leave_does_not_cover_what_was_entered_later_that_day(app: TestApp) {
    let one = donor(&app, 1);
    let today = app.house.today();
    defer(&app, Role::Medic, &one, &json!({"code": "TAT"}));
    app.clock.advance(chrono::Duration::hours(1));
    let path = format!("/api/v1/donors/{one}/allowances");
    let form = json!({"code": "TAT", "reason": "شُوهد الوشم القديم"});
    app.client(Role::Physician).post(&path, &form).expect(201);
    assert_eq!(outcome(&app, &one, today), "eligible");
    app.clock.advance(chrono::Duration::hours(1));
    defer(&app, Role::Medic, &one, &json!({"code": "TAT"}));
    assert_eq!(app.house.today(), today);
    assert_eq!(outcome(&app, &one, today), "needs_physician", "nobody has seen the second one");
    app.clock.advance(chrono::Duration::hours(1));
    app.client(Role::Physician).post(&path, &form).expect(201);
    assert_eq!(outcome(&app, &one, today), "eligible");
}

/// Ids follow clocks, and an instance beside this one may be behind.
fn the_later_correction_holds_though_a_slower_clock_wrote_it(app: TestApp) {
    let one = donor(&app, 1);
    let today = app.house.today();
    let deferral = defer(&app, Role::Medic, &one, &json!({"code": "TAT", "base": today}));
    let correct = |back: i64| {
        let form = json!({"code": "TAT", "base": plus_days(today, -back), "reason": "وثيقة"});
        ask(&app, Role::Medic, &format!("deferrals/{deferral}/correct"), &form)
    };
    approve(&app, &correct(300)).expect(200);
    assert_eq!(outcome(&app, &one, today), "eligible");
    let second = correct(3).parse().unwrap();
    let slower = Arc::new(SettableClock::at(app.clock.now() - chrono::Duration::minutes(1)));
    let beside = Db::open(app.house.db.target(), Size(2), slower).unwrap();
    let (vault, rules) = (app.house.vault.clone(), app.house.rules.clone());
    let by = app.principal(Role::Physician);
    let settled = beside.write_now(Lane::System, move |tx| {
        eligibility::settle_approval(tx, &vault, &rules, &by, second, ApprovalState::Approved)
    });
    settled.unwrap();
    assert_eq!(outcome(&app, &one, today), "not_yet", "the last word is that of three days ago");
}

fn b12_two_people_meet_on_the_page(app: TestApp) {
    let one = donor(&app, 1);
    let deferral = defer(&app, Role::Medic, &one, &json!({"code": "TAT"}));
    ask(&app, Role::Medic, &format!("deferrals/{deferral}/withdraw"), &json!({"reason": "كان لشخص آخر"}));
    let mut bank = signed_in(&app, Role::Bank);
    let form = [("register", "donors"), ("purpose", "inspection"), ("reason", "طلب الوزارة")];
    led(&bank.submit("/approvals/exports", &form));
    let own = bank.get("/approvals").text;
    assert!(own.contains("طلب الوزارة") && own.contains("Somebody else decides"), "{own}");
    assert!(!own.contains("كان لشخص آخر") && !own.contains("/approve"), "{own}");
    assert_eq!(bank.submit("/approvals/exports", &[("register", "donors"), ("purpose", "x")]).status, 422);
    let mut medic = signed_in(&app, Role::Medic);
    let seen = medic.get("/approvals").text;
    assert!(seen.contains("كان لشخص آخر") && !seen.contains("طلب الوزارة"), "{seen}");
    let mut physician = signed_in(&app, Role::Physician);
    led(&physician.submit("/rules/who_2012/adopt", &[("version", "1"), ("reason", "مراجعة")]));
    let seen = physician.get("/approvals").text;
    let forms: Vec<&str> =
        seen.split("action=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let approve: Vec<&&str> = forms.iter().filter(|path| path.ends_with("/approve")).collect();
    assert_eq!(approve.len(), 2, "the withdrawal and the register, not the own rule set: {forms:?}");
    assert!(seen.contains("[intervals.male.whole_blood]"), "the whole text stands there");
    for path in approve {
        led(&physician.submit(path, &[]));
    }
    assert_eq!(outcome(&app, &one, app.house.today()), "eligible");
    app.client(Role::Bank).get_file("/api/v1/donors/export");
    let mut admin = signed_in(&app, Role::Admin);
    led(&admin.submit("/approvals/keys", &[("reason", "ضاع جهاز")]));
    assert!(admin.get("/approvals").text.contains("ضاع جهاز"));
    assert!(physician.get("/approvals").text.contains("ضاع جهاز"), "a physician may decide");
    assert!(!bank.get("/approvals").text.contains("ضاع جهاز"));
    assert_eq!(signed_in(&app, Role::Command).get("/approvals").status, 403);
}
