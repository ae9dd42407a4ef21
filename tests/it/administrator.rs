//! What an administrator looks after: the record of who did what, the outbox, and places out of a file.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::app::work_off;
use shiryan::db::tables::{audit_lines, messages};
use shiryan::db::{Lane, on_each};
use shiryan::messages::tell_users;
use shiryan_kernel::ids::JobId;
use shiryan_kernel::message::{MessageState, Template, Unsent};
use shiryan_kernel::role::Role;

use super::pages::{check, led, signed_in};
use super::support::app::TestApp;
use super::support::shelf::Bag;
use super::tour::speak;

both!(
    the_record_is_looked_through_and_that_is_on_record,
    of_medicine_the_record_tells_no_subject,
    the_record_is_looked_for_by_all_that_is_said,
    the_chain_is_checked_beside_requests,
    the_page_of_the_record_finds_and_checks,
    what_stayed_is_tried_once_more,
    the_outbox_tells_neither_whom_nor_what,
    places_come_out_of_a_file,
    a_file_that_is_tried_writes_nothing,
    a_file_of_places_is_sent_by_page,
    a_file_from_elsewhere_is_not_taken,
);

const LINES: &str = "/api/v1/audit/lines";

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().unwrap()
}

/// The one field at fault, and how.
fn fault(problem: &Value) -> (&str, &str) {
    assert_eq!(problem["errors"].as_array().unwrap().len(), 1, "{problem}");
    (problem["errors"][0]["field"].as_str().unwrap(), problem["errors"][0]["code"].as_str().unwrap())
}

fn seal(app: &TestApp) {
    let chained = || {
        let vault = app.house.vault.clone();
        app.house.db.write_now(Lane::System, move |tx| shiryan::audit::seal(tx, &vault)).unwrap()
    };
    while chained() > 0 {}
}

fn make_unit(app: &TestApp, code: &str) -> String {
    let form = json!({"code": code, "name_ar": "و", "name_en": "U", "parent": null, "governorate": "PS-RBH"});
    app.client(Role::Admin).post("/api/v1/units", &form).expect(201)["id"].as_str().unwrap().to_owned()
}

fn the_record_is_looked_through_and_that_is_on_record(app: TestApp) {
    let admin = app.client(Role::Admin);
    let unit = make_unit(&app, "R1");
    let page = admin.get(LINES).expect(200);
    let newest = &items(&page)[0];
    assert_eq!(newest["action"], "audit.read", "this reading, before anything is told");
    assert_eq!(newest["actor"], json!(app.principal(Role::Admin).user));
    let made = items(&page).iter().find(|line| line["action"] == "places.unit_made").unwrap();
    assert_eq!((&made["subject"], &made["detail"]), (&json!(unit), &json!({"code": "R1"})));
    // Page by page, the newest first, each line once.
    let mut seen: Vec<String> = Vec::new();
    let mut path = format!("{LINES}?limit=2&action=places");
    make_unit(&app, "R2");
    make_unit(&app, "R3");
    loop {
        let page = admin.get(&path).expect(200);
        seen.extend(items(&page).iter().map(|line| line["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{LINES}?limit=2&action=places&cursor={next}");
    }
    assert!(seen.len() >= 3 && seen.windows(2).all(|two| two[0] > two[1]), "{seen:?}");
    let readings = admin.get(&format!("{LINES}?action=audit.read")).expect(200);
    assert!(items(&readings).len() >= 3);
}

fn of_medicine_the_record_tells_no_subject(app: TestApp) {
    let bag = Bag::new(&app, 1).put(&app);
    let why = json!({"reason": "damaged", "note": "canary"});
    app.client(Role::Bank).post(&format!("/api/v1/stock/units/{bag}/discard"), &why).expect(200);
    let admin = app.client(Role::Admin);
    let page = admin.get(&format!("{LINES}?action=stock")).expect(200);
    assert_eq!(items(&page).len(), 1);
    let line = &items(&page)[0];
    assert_eq!((&line["subject"], &line["detail"]), (&Value::Null, &json!({})));
    assert!(!page.to_string().contains("damaged"));
    // Nor does a search for it tell.
    let by_subject = admin.get(&format!("{LINES}?subject={bag}")).expect(200);
    assert!(items(&by_subject).iter().all(|line| line["action"] == "audit.read"), "{by_subject}");
}

fn the_record_is_looked_for_by_all_that_is_said(app: TestApp) {
    let admin = app.client(Role::Admin);
    let unit = make_unit(&app, "R1");
    let count = |query: &str| items(&admin.get(&format!("{LINES}?{query}")).expect(200)).len();
    let who = app.principal(Role::Admin).user;
    assert_eq!(count(&format!("subject={unit}&action=places.unit_made&actor={who}")), 1);
    assert_eq!(count(&format!("action=places.unit_made&actor={}", app.principal(Role::Medic).user)), 0);
    let today = app.house.today();
    let all = count("action=places.unit_made");
    assert_eq!(count(&format!("action=places.unit_made&from={today}&until={today}")), all);
    assert_eq!(count("action=places.unit_made&until=9999-12-31"), all);
    assert_eq!(count("action=places.unit_made&until=%2B262142-12-31"), all);
    assert_eq!(count("action=places.unit_made&from=9999-12-31"), 0);
    assert_eq!(count("action=places.unit_made&until=2020-01-01"), 0);
    assert_eq!(count("action=places.unit_made&from=2100-01-01"), 0);
    assert_eq!(count("action=places.unit_made&alerts=true"), 0);
    for (query, field, code) in [
        ("actor=x", "actor", "invalid_value"),
        ("action=%25", "action", "invalid_value"),
        ("action=a.b.c", "action", "invalid_value"),
        ("subject=x", "subject", "invalid_value"),
        ("from=2026-02-01&until=2026-01-01", "until", "out_of_range"),
    ] {
        let problem = admin.get(&format!("{LINES}?{query}")).expect(422);
        assert_eq!(fault(&problem), (field, code), "{query}");
    }
}

fn checked(app: &TestApp) -> Value {
    let queued = app.client(Role::Admin).post("/api/v1/audit/verifications", &json!({})).expect(202);
    seal(app);
    assert_eq!(work_off(&app.house).unwrap(), 1);
    let job = app.client(Role::Admin).get(&format!("/api/v1/jobs/{}", queued["job"].as_str().unwrap()));
    let job = job.expect(200);
    assert_eq!((&job["kind"], &job["state"]), (&json!("verify_record"), &json!("done")));
    job["result"].clone()
}

fn the_chain_is_checked_beside_requests(app: TestApp) {
    make_unit(&app, "R1");
    let whole = checked(&app);
    assert_eq!((&whole["broken_at"], &whole["loose"]), (&Value::Null, &json!(0)));
    assert!(whole["links"].as_i64().unwrap() > 0);
    let reach = app.client(Role::Admin).get("/api/v1/audit/chain").expect(200);
    assert!(reach["links"].as_i64() >= whole["links"].as_i64());
    app.house
        .db
        .write_now(Lane::System, |tx| {
            let edited = audit_lines::table.filter(audit_lines::action.eq("places.unit_made"));
            on_each!(tx.conn => c, diesel::update(edited).set(audit_lines::detail.eq("{}")).execute(c))?;
            Ok(())
        })
        .unwrap();
    assert!(checked(&app)["broken_at"].is_i64());
}

fn the_page_of_the_record_finds_and_checks(app: TestApp) {
    make_unit(&app, "R1");
    let mut admin = signed_in(&app, Role::Admin);
    for language in ["en", "ar"] {
        speak(&mut admin, language);
        check(&admin.get("/record"), language);
    }
    speak(&mut admin, "en");
    let found = admin.get("/record?who=admin&action=places&subject=&from=&until=").text;
    assert!(found.contains("places.unit_made") && found.contains("code=R1"), "{found}");
    assert!(admin.get("/record?who=medic&action=places.unit_made").text.contains("No line is of that kind"));
    assert_eq!(admin.get("/record?who=nobody").status, 422);
    let csv = admin.get("/record?action=places.unit_made&format=csv");
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    assert!(csv.text.contains("places.unit_made"));
    let reply = admin.submit("/record/checks", &[]);
    let at = reply.headers["location"].to_str().unwrap().to_owned();
    check(&admin.get(&at), "en");
    seal(&app);
    work_off(&app.house).unwrap();
    for language in ["ar", "en"] {
        speak(&mut admin, language);
        check(&admin.get(&at), language);
    }
    assert!(admin.get(&at).text.contains("Whole"));
    let mut medic = signed_in(&app, Role::Medic);
    assert_eq!(medic.get(&at).status, 403);
    assert_eq!(medic.submit("/record/checks", &[]).status, 403);
}

/// A letter to command that stayed for a reason.
fn stayed(app: &TestApp, why: Unsent) -> String {
    let reader = app.principal(Role::Command).user;
    app.house
        .db
        .write_now(Lane::System, move |tx| tell_users(tx, Template::LevelChanged, &[reader]))
        .unwrap();
    app.house
        .db
        .write_now(Lane::System, move |tx| {
            let waits = messages::table.filter(messages::state.eq(MessageState::Queued));
            let set = (
                messages::state.eq(MessageState::Unsent),
                messages::reason.eq(why),
                messages::last_error.eq("connection_refused"),
                messages::attempts.eq(5),
                messages::ended_at.eq(tx.now.naive_utc()),
            );
            on_each!(tx.conn => c, diesel::update(waits).set(set).execute(c))?;
            Ok(())
        })
        .unwrap();
    let list = app.client(Role::Admin).get("/api/v1/messages?state=unsent").expect(200);
    items(&list)[0]["id"].as_str().unwrap().to_owned()
}

fn what_stayed_is_tried_once_more(app: TestApp) {
    let admin = app.client(Role::Admin);
    let retry = |id: &str| admin.post(&format!("/api/v1/messages/{id}/retry"), &json!({}));
    let id = stayed(&app, Unsent::Unreachable);
    assert_eq!(retry(&id).expect(200), json!({"id": id, "state": "queued"}));
    let waits = admin.get("/api/v1/messages?state=queued&template=level_changed").expect(200);
    assert_eq!((items(&waits)[0]["id"].as_str(), &items(&waits)[0]["reason"]), (Some(&*id), &Value::Null));
    assert_eq!(retry(&id).problem(409), "state_conflict", "it waits already");
    assert_eq!(retry(&JobId(1).to_string()).problem(404), "not_found");
    // Nobody is written to who does not wish it, and nothing is told too late.
    let unwished = stayed(&app, Unsent::NotWished);
    assert_eq!(retry(&unwished).problem(409), "state_conflict");
    let late = stayed(&app, Unsent::NoTransport);
    app.clock.advance(chrono::Duration::days(3));
    let later = app.client(Role::Admin).post(&format!("/api/v1/messages/{late}/retry"), &json!({}));
    assert_eq!(later.problem(409), "state_conflict");
}

fn the_outbox_tells_neither_whom_nor_what(app: TestApp) {
    let id = stayed(&app, Unsent::Refused);
    let reader = app.principal(Role::Command).user.to_string();
    let mut admin = signed_in(&app, Role::Admin);
    for language in ["ar", "en"] {
        speak(&mut admin, language);
        let page = admin.get("/outbox");
        check(&page, language);
        assert!(page.text.contains(&format!("/outbox/{id}/retry")) && !page.text.contains(&reader));
    }
    let list = app.client(Role::Admin).get("/api/v1/messages").expect(200).to_string();
    assert!(!list.contains(&reader) && !list.contains("donor"), "{list}");
    assert!(admin.get("/outbox?format=csv").text.contains("refused by the server"));
    led(&admin.submit(&format!("/outbox/{id}/retry"), &[("state", "unsent")]));
    assert!(!admin.get("/outbox").text.contains(&id));
    assert!(admin.get("/outbox?state=queued&template=").text.contains("a level changed"));
}

const UNITS: &str = "code,name_ar,name_en,parent,governorate\nI2,فصيل,Platoon,I1,PS-RBH\nI1,سرية,Company,,PS-RBH\n\
                     I3,سرية,Company,NONE,PS-RBH\n";

fn import(app: &TestApp, kind: &str, dry_run: bool, file: &[u8]) -> Value {
    let form = json!({"kind": kind, "dry_run": dry_run, "file": STANDARD.encode(file)});
    let queued = app.client(Role::Admin).post("/api/v1/places/imports", &form).expect(202);
    assert_eq!(work_off(&app.house).unwrap(), 1);
    let job = app.client(Role::Admin).get(&format!("/api/v1/jobs/{}", queued["job"].as_str().unwrap()));
    job.expect(200)["result"].clone()
}

fn unit_codes(app: &TestApp) -> String {
    app.client(Role::Admin).get("/api/v1/units?limit=200").expect(200).to_string()
}

fn places_come_out_of_a_file(app: TestApp) {
    let result = import(&app, "units", false, UNITS.as_bytes());
    assert_eq!(
        (&result["rows"], &result["taken"], &result["skipped"], &result["rejected"]),
        (&json!(3), &json!(2), &json!(0), &json!(1))
    );
    assert_eq!(result["faults"], json!([{"line": 4, "errors": "parent:unknown_reference"}]));
    assert!(result["rejects"].as_str().unwrap().contains("I3"));
    assert!(unit_codes(&app).contains("\"I2\""));
    let line = app.client(Role::Admin).get(&format!("{LINES}?action=places.unit_made")).expect(200);
    assert_eq!(items(&line)[0]["actor"], json!(app.principal(Role::Admin).user), "who brought it in");
    let again = import(&app, "units", false, UNITS.as_bytes());
    assert_eq!((&again["taken"], &again["skipped"]), (&json!(0), &json!(2)));
    let facilities = "الرمز,النوع,الاسم,الاسم بالإنجليزية,المحافظة\nH9,مستشفى,م,Hospital,رام الله والبيرة\n\
                      B9,blood_bank,ب,Bank,PS-NBS\nH9,hospital,م,Hospital,PS-NBS\nX9,clinic,م,C,PS-NBS\n";
    let result = import(&app, "facilities", false, facilities.as_bytes());
    assert_eq!((&result["taken"], &result["rejected"]), (&json!(2), &json!(2)));
    assert_eq!(
        result["faults"],
        json!([{"line": 4, "errors": "code:code_taken"}, {"line": 5, "errors": "kind:invalid_value"}])
    );
    let listed = app.client(Role::Admin).get("/api/v1/facilities?limit=200").expect(200).to_string();
    assert!(listed.contains("\"H9\"") && listed.contains("\"B9\""));
    let same = import(&app, "facilities", false, facilities.as_bytes());
    assert_eq!((&same["taken"], &same["skipped"], &same["rejected"]), (&json!(0), &json!(2), &json!(2)));
}

fn a_file_that_is_tried_writes_nothing(app: TestApp) {
    let before = unit_codes(&app);
    let result = import(&app, "units", true, UNITS.as_bytes());
    assert_eq!((&result["dry_run"], &result["taken"]), (&json!(true), &json!(2)));
    assert_eq!(unit_codes(&app), before);
    for (file, code, about) in [
        (&b"code,name_ar\n"[..], "missing_columns", "name_en,parent,governorate"),
        (b"code,colour\n", "unknown_column", "colour"),
        (b"\n", "empty", ""),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "old_workbook", ""),
        (b"code,name_ar,name_en,parent,governorate\n\xff,a,b,,c\n", "not_utf8", "2"),
    ] {
        let result = import(&app, "units", false, file);
        assert_eq!(result["refused"], json!({"code": code, "about": about}));
    }
    assert_eq!(unit_codes(&app), before);
    let empty = json!({"kind": "units", "dry_run": true, "file": ""});
    let admin = app.client(Role::Admin);
    let refused = admin.post("/api/v1/places/imports", &empty).expect(422);
    assert_eq!(fault(&refused), ("file", "missing_field"));
    let bad = json!({"kind": "units", "dry_run": true, "file": "%%%"});
    let refused = admin.post("/api/v1/places/imports", &bad).expect(422);
    assert_eq!(fault(&refused), ("file", "invalid_value"));
}

fn a_file_of_places_is_sent_by_page(app: TestApp) {
    let mut admin = signed_in(&app, Role::Admin);
    let sent = |admin: &mut super::pages::Browser, fields: &[(&str, &str)]| {
        let reply = admin.upload("/places/imports", fields, UNITS.as_bytes());
        assert_eq!(reply.status, 303, "{}", reply.text);
        reply.headers["location"].to_str().unwrap().to_owned()
    };
    let tried = sent(&mut admin, &[("list", "units"), ("try", "on")]);
    check(&admin.get(&tried), "en");
    assert_eq!(work_off(&app.house).unwrap(), 1);
    for language in ["ar", "en"] {
        speak(&mut admin, language);
        check(&admin.get(&tried), language);
    }
    let page = admin.get(&tried).text;
    assert!(page.contains("Only tried") && page.contains("2 rows would be taken"), "{page}");
    assert!(!unit_codes(&app).contains("\"I2\""));
    let taken = sent(&mut admin, &[("list", "units")]);
    assert_eq!(work_off(&app.house).unwrap(), 1);
    let page = admin.get(&taken).text;
    assert!(page.contains("2 rows were taken") && page.contains("parent"), "{page}");
    let rejects = admin.get(&format!("{taken}/rejects"));
    assert_eq!(rejects.headers["content-type"], "text/csv; charset=utf-8");
    assert!(rejects.text.contains("I3") && rejects.text.contains("parent:unknown_reference"));
    assert!(unit_codes(&app).contains("\"I2\""));
    let refused = admin.upload("/places/imports", &[("list", "units")], b"");
    assert_eq!(refused.status, 422);
    check(&refused, "en");
    let wrong = admin.upload("/places/imports", &[("list", "units")], b"code,colour\n");
    let at = wrong.headers["location"].to_str().unwrap().to_owned();
    work_off(&app.house).unwrap();
    for language in ["ar", "en"] {
        speak(&mut admin, language);
        check(&admin.get(&at), language);
    }
    assert!(admin.get(&at).text.contains("colour"));
    let mut medic = signed_in(&app, Role::Medic);
    assert_eq!(medic.upload("/places/imports", &[("list", "units")], UNITS.as_bytes()).status, 403);
    assert_eq!(medic.get(&taken).status, 403);
}

fn a_file_from_elsewhere_is_not_taken(app: TestApp) {
    let mut admin = signed_in(&app, Role::Admin);
    let origin = admin.origin.clone();
    let fields = [("list", "units")];
    let bare = admin.send_parts("/places/imports", &[("origin", &origin)], &fields, UNITS.as_bytes());
    assert_eq!(bare.status, 403, "no token");
    let other = [("csrf", "00"), ("list", "units")];
    let forged = admin.send_parts("/places/imports", &[("origin", &origin)], &other, UNITS.as_bytes());
    assert_eq!(forged.status, 403);
    let token = super::pages::token(&admin.get("/"));
    let good = [("csrf", token.as_str()), ("list", "units")];
    let away = [("origin", "https://elsewhere.example")];
    assert_eq!(admin.send_parts("/places/imports", &away, &good, UNITS.as_bytes()).status, 403);
    let large = vec![b'x'; 2 * 1024 * 1024 + 1];
    assert_eq!(admin.upload("/places/imports", &fields, &large).status, 413);
    let twice = [("list", "units"), ("list", "facilities")];
    assert_eq!(admin.upload("/places/imports", &twice, UNITS.as_bytes()).status, 422);
    let nobody = super::pages::Browser::new(&app).upload("/places/imports", &fields, UNITS.as_bytes());
    assert_eq!(nobody.status, 401, "before it is read");
    let plain = admin.submit("/places/imports", &fields);
    assert_eq!(plain.status, 415);
    assert_eq!(work_off(&app.house).unwrap(), 0, "none of them waits");
}
