//! Erasing a person: what goes, what stays, and the trace that only a look-back opens.

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::app::daily;
use shiryan::db::tables::{
    appointments, audit_lines, deferrals, donations, donor_identities, donor_tags, donors, giving_windows,
    givings, slots, trace_records,
};
use shiryan::db::{Conn, Target};
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::plus_days;

use super::support::app::{TestApp, new_key};
use super::support::{rows, shelf};

both!(
    a17_the_person_goes_and_the_trace_stays,
    b8_no_key_identity_or_tag_remains,
    who_never_gave_leaves_no_trace,
    what_was_erased_takes_no_more_facts,
    whoever_died_or_was_erased_keeps_no_place,
    the_work_of_the_day_lives_with_a_key_that_is_gone,
    an_erasure_has_a_reason_and_happens_once,
);

const NUMBER: &str = "400123451";

fn registered(app: &TestApp, number: &str) -> String {
    let body = json!({
        "first_name": "ليلى", "father_name": "كنان", "family_name": "البيطار", "sex": "female",
        "birth_date": "1990-04-05", "national_id": number, "service_number": format!("S-{number}"),
        "phone": format!("05997{}", &number[4..]), "email": "layla@example.org", "place": "حارة", "blood_group": "a_pos",
        "unit": app.places.company, "governorate": "PS-RBH", "weight_kg": 70, "height_cm": 165,
        "kind": "voluntary", "language": "ar", "may_call": true,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &body).expect(201);
    format!("/api/v1/donors/{}", made["id"].as_str().unwrap())
}

fn id(path: &str) -> DonorId {
    path.rsplit('/').next().unwrap().parse().unwrap()
}

fn gave(app: &TestApp, path: &str, din: u32) {
    let body = json!({
        "donor": id(path), "din": shelf::din(din), "donation_type": "whole_blood", "volume_ml": 450,
        "collected_at": app.house.db.now(),
    });
    app.client(Role::Bank).post("/api/v1/donations", &body).expect(201);
}

fn erase(app: &TestApp, path: &str) -> Value {
    let body = json!({"reason": "donor_asked"});
    app.client(Role::Physician).post(&format!("{path}/erase"), &body).expect(200)
}

fn read<T>(app: &TestApp, f: impl FnOnce(&mut Conn) -> QueryResult<T>) -> T {
    app.house.db.read_now(|conn| Ok(f(conn)?)).unwrap()
}

fn a17_the_person_goes_and_the_trace_stays(app: TestApp) {
    let path = registered(&app, NUMBER);
    gave(&app, &path, 1);
    let deferral = json!({"code": "P-HIV", "base": "2026-10-01"});
    app.client(Role::Physician).post(&format!("{path}/deferrals"), &deferral).expect(201);
    assert_eq!(erase(&app, &path), json!({"id": id(&path), "status": "erased"}));

    // Blood is traced from the bag to the donor's id, and from there by the physician alone.
    let donor = id(&path);
    let dins: Vec<String> = read(&app, |conn| {
        donations::table.filter(donations::donor.eq(donor)).select(donations::din).load(conn)
    });
    assert_eq!(dins, [shelf::din(1).to_string()]);
    let count = |conn: &mut Conn| {
        let given: i64 = givings::table.filter(givings::donor.eq(donor)).count().get_result(conn)?;
        let deferred: i64 = deferrals::table.filter(deferrals::donor.eq(donor)).count().get_result(conn)?;
        Ok((given, deferred))
    };
    assert_eq!(read(&app, count), (1, 1));
    let trace = format!("{path}/trace");
    let look_back = json!({"purpose": "look_back"});
    for role in Role::ALL.iter().copied().filter(|role| *role != Role::Physician) {
        assert_eq!(app.client(role).post(&trace, &look_back).problem(403), "forbidden", "{role}");
    }
    let physician = app.client(Role::Physician);
    for (body, status, code) in
        [(json!({}), 400, "missing_field"), (json!({"purpose": "contact"}), 422, "invalid_value")]
    {
        assert_eq!(physician.post(&trace, &body).problem(status), code);
    }
    let opened = physician.post(&trace, &look_back);
    assert_eq!(opened.headers["cache-control"], "no-store");
    assert_eq!(
        opened.expect(200),
        json!({
            "first_name": "ليلى", "father_name": "كنان", "grandfather_name": null, "family_name": "البيطار",
            "birth_date": "1990-04-05", "national_id": NUMBER, "service_number": format!("S-{NUMBER}"),
            "phone": "+970599723451",
        })
    );
    let actions: Vec<(String, String)> = read(&app, |conn| {
        audit_lines::table
            .filter(audit_lines::subject.eq(donor.to_string()))
            .filter(audit_lines::action.eq("donors.erased").or(audit_lines::action.eq("donors.trace_opened")))
            .order(audit_lines::id)
            .select((audit_lines::action, audit_lines::detail))
            .load(conn)
    });
    // What the rows were is told by keyed digests alone.
    let told = actions.into_iter().map(|(action, detail)| {
        let mut detail: serde_json::Map<String, Value> = serde_json::from_str(&detail).unwrap();
        detail.retain(|name, _| !["thing", "before", "after"].contains(&name.as_str()));
        (action, Value::from(detail).to_string())
    });
    let told: Vec<(String, String)> = told.collect();
    assert_eq!(
        told,
        [
            ("donors.erased".to_owned(), r#"{"reason":"donor_asked","traced":true}"#.to_owned()),
            ("donors.trace_opened".to_owned(), r#"{"purpose":"look_back"}"#.to_owned()),
        ]
    );
    // Nobody finds the trace by the person: the number is free and leads to a new record.
    let again = registered(&app, NUMBER);
    assert_eq!(app.client(Role::Bank).get(&again).expect(200)["status"], "active");
    assert_eq!(physician.post(&format!("{again}/trace"), &look_back).problem(404), "not_found");
}

fn b8_no_key_identity_or_tag_remains(app: TestApp) {
    let path = registered(&app, NUMBER);
    let donor = id(&path);
    let typing = json!({"blood_group": "a_pos", "sample": "S1", "typed_on": "2026-01-05"});
    app.client(Role::Bank).post(&format!("{path}/typings"), &typing).expect(201);
    gave(&app, &path, 1);
    let sealed: Vec<u8> =
        read(&app, |conn| donors::table.find(donor.0).select(donors::donor_key).first(conn));
    let name: Option<Vec<u8>> =
        read(&app, |conn| donor_identities::table.find(donor.0).select(donor_identities::name).first(conn));
    let in_files = |bytes: &[u8]| match app.house.db.target() {
        Target::Sqlite(path) => {
            let files = std::fs::read_dir(path.parent().unwrap()).unwrap();
            let files = files.map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
            Some(files.filter(|file| file.windows(bytes.len()).any(|window| window == bytes)).count())
        }
        Target::Postgres(_) => None,
    };
    assert_ne!(in_files(&sealed), Some(0));
    erase(&app, &path);
    // No earlier image of a page keeps the sealed key or the sealed name.
    for gone in [&sealed, &name.unwrap()] {
        assert!([None, Some(0)].contains(&in_files(gone)));
    }
    let key: Vec<u8> = read(&app, |conn| donors::table.find(donor.0).select(donors::donor_key).first(conn));
    assert!(key.is_empty());
    type Cells = (
        Option<Vec<u8>>,
        Option<Vec<u8>>,
        Option<Vec<u8>>,
        Option<Vec<u8>>,
        Option<Vec<u8>>,
        Option<Vec<u8>>,
        Option<Vec<u8>>,
        Option<Vec<u8>>,
    );
    let cells: Cells = read(&app, |conn| {
        donor_identities::table
            .find(donor.0)
            .select((
                donor_identities::name,
                donor_identities::latin_name,
                donor_identities::national_id,
                donor_identities::service_number,
                donor_identities::phone,
                donor_identities::email,
                donor_identities::birth_date,
                donor_identities::place,
            ))
            .first(conn)
    });
    assert_eq!(cells, Cells::default());
    let tags: i64 =
        read(&app, |conn| donor_tags::table.filter(donor_tags::donor.eq(donor)).count().get_result(conn));
    assert_eq!(tags, 0);
    app.warm();
    let bank = app.client(Role::Bank);
    let shown = bank.get(&path).expect(200);
    for field in
        ["sex", "birth_band", "unit", "governorate", "weight_kg", "height_cm", "kind", "language", "may_call"]
    {
        assert_eq!(shown[field], Value::Null, "{field}");
    }
    // What the bags need stays.
    assert_eq!((&shown["status"], &shown["blood_group"]), (&json!("erased"), &json!("a_pos")));
    for terms in [json!({"name": "ليلى"}), json!({"national_id": NUMBER}), json!({"phone": "0599723451"})]
    {
        let found = bank.post("/api/v1/donors/search", &terms).expect(200);
        assert_eq!(found["items"], json!([]), "{terms}");
    }
    let ledger = bank.get(&format!("{path}/typings")).expect(200);
    assert_eq!(
        (&ledger["items"][0]["blood_group"], &ledger["items"][0]["sample"]),
        (&json!("a_pos"), &Value::Null)
    );
    assert_eq!(app.client(Role::Medic).get(&path).problem(404), "not_found");
}

fn who_never_gave_leaves_no_trace(app: TestApp) {
    let path = registered(&app, NUMBER);
    erase(&app, &path);
    let physician = app.client(Role::Physician);
    let trace = physician.post(&format!("{path}/trace"), &json!({"purpose": "look_back"}));
    assert_eq!(trace.problem(404), "not_found");
    assert_eq!(read(&app, |conn| trace_records::table.count().get_result::<i64>(conn)), 0);
}

fn what_was_erased_takes_no_more_facts(app: TestApp) {
    let path = registered(&app, NUMBER);
    gave(&app, &path, 1);
    let physician = app.client(Role::Physician);
    physician.post(&format!("{path}/deferrals"), &json!({"code": "P-HIV", "base": null})).expect(201);
    erase(&app, &path);
    let today = app.house.today();
    let refused = |role: Role, verb: &str, body: Value| {
        let reply = app.client(role).post(&format!("{path}/{verb}"), &body);
        assert_eq!(
            (reply.problem(409), &reply.json()["state"]),
            ("state_conflict".into(), &json!("erased")),
            "{verb}"
        );
    };
    refused(Role::Bank, "identity", json!({"purpose": "contact"}));
    refused(Role::Bank, "typings", json!({"blood_group": "a_pos", "typed_on": "2026-01-05"}));
    refused(Role::Bank, "deferrals", json!({"code": "P-CVD"}));
    refused(Role::Bank, "pause", json!({}));
    refused(Role::Bank, "deceased", json!({}));
    let consent = json!({"kind": "record", "given": true, "on": today, "way": "spoken"});
    refused(Role::Bank, "consents", consent);
    let antigens = json!({"typed_on": today, "results": [{"antigen": "kel1", "present": true}]});
    refused(Role::Bank, "antigens", antigens);
    let version = physician.get(&path).expect(200)["version"].as_i64().unwrap();
    let patched = app.client(Role::Bank).patch(&path, version, &json!({"first_name": "ليلى"}));
    assert_eq!(patched.problem(409), "state_conflict");
    // Causes are unreadable, and nobody is told that the donor may give.
    assert_eq!(physician.get(&format!("{path}/deferrals")).problem(409), "state_conflict");
    let told = physician.get(&format!("{path}/eligibility")).expect(200);
    assert_eq!(told["outcome"], "never");
    let reasons = told["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|reason| reason["code"] == "ERASED"), "{told}");
    let givings = physician.get(&format!("{path}/givings")).expect(200);
    assert_eq!(givings["items"].as_array().unwrap().len(), 1);
}

fn whoever_died_or_was_erased_keeps_no_place(app: TestApp) {
    let bank = app.client(Role::Bank);
    let plan = |days: i64| {
        let body = json!({
            "title": "حملة", "place": "ساحة", "governorate": "PS-RBH",
            "date": plus_days(app.house.today(), days), "from": "09:00", "to": "10:00", "slot_minutes": 30,
            "beds": 1, "unit": app.places.company,
        });
        let made = bank.post("/api/v1/drives", &body).expect(201);
        format!("/api/v1/drives/{}/appointments", made["id"].as_str().unwrap())
    };
    let (near, far) = (plan(7), plan(70));
    let (one, two) = (registered(&app, NUMBER), registered(&app, "400123469"));
    for donor in [&one, &two] {
        rows::gave_before(&app, &id(donor).to_string());
        for drive in [&near, &far] {
            bank.post(drive, &json!({"donor": id(donor)})).expect(201);
        }
    }
    let live = |donor: &str| {
        let donor = id(donor);
        let rows: Vec<String> = read(&app, |conn| {
            appointments::table.filter(appointments::donor.eq(donor)).select(appointments::status).load(conn)
        });
        rows.iter().filter(|status| *status != "cancelled").count()
    };
    let booked = || -> i32 {
        let slots: Vec<i32> = read(&app, |conn| slots::table.select(slots::booked).load(conn));
        slots.iter().sum()
    };
    assert_eq!((live(&one), live(&two), booked()), (2, 2, 4));
    bank.post(&format!("{one}/pause"), &json!({})).expect(200);
    assert_eq!((live(&one), booked()), (2, 4), "a pause may end in time");
    // What lies behind is history.
    app.clock.advance(chrono::Duration::days(8));
    let bank = app.client(Role::Bank);
    bank.post(&format!("{one}/deceased"), &json!({})).expect(200);
    assert_eq!((live(&one), live(&two), booked()), (1, 2, 3));
    erase(&app, &two);
    assert_eq!((live(&one), live(&two), booked()), (1, 1, 2));
    let refused = bank.post(&far, &json!({"donor": id(&two)}));
    assert_eq!(refused.problem(409), "donor_unbookable");
}

fn the_work_of_the_day_lives_with_a_key_that_is_gone(app: TestApp) {
    let (erased, other) = (registered(&app, NUMBER), registered(&app, "400123469"));
    gave(&app, &erased, 1);
    erase(&app, &erased);
    let windows = |donor: &str| -> i64 {
        let own = giving_windows::table.filter(giving_windows::donor.eq(id(donor)));
        read(&app, |conn| own.count().get_result(conn))
    };
    let traces = || read(&app, |conn| trace_records::table.count().get_result::<i64>(conn));
    assert_eq!((windows(&erased), windows(&other) > 0), (0, true));
    let mut done = 0;
    daily(&app.house, |count| done = count).unwrap();
    assert_eq!((done, windows(&erased), traces()), (1, 0, 1));
    let until: chrono::NaiveDate =
        read(&app, |conn| trace_records::table.select(trace_records::keep_until).first(conn));
    let last = until.and_hms_opt(12, 0, 0).unwrap().and_utc();
    assert_eq!(until, app.house.today().checked_add_months(chrono::Months::new(360)).unwrap());
    app.clock.set(last);
    daily(&app.house, |_| {}).unwrap();
    assert_eq!(traces(), 1);
    app.clock.set(last + chrono::Duration::days(1));
    daily(&app.house, |_| {}).unwrap();
    assert_eq!(traces(), 0);
}

fn an_erasure_has_a_reason_and_happens_once(app: TestApp) {
    let path = registered(&app, NUMBER);
    let erasure = format!("{path}/erase");
    for role in [Role::Medic, Role::Bank, Role::Command, Role::Hospital] {
        let refused = app.client(role).post(&erasure, &json!({"reason": "donor_asked"}));
        assert_eq!(refused.problem(403), "forbidden", "{role}");
    }
    let admin = app.client(Role::Admin);
    assert_eq!(admin.post(&erasure, &json!({})).problem(400), "missing_field");
    assert_eq!(admin.post(&erasure, &json!({"reason": "tidy"})).problem(422), "invalid_value");
    let (key, body) = (new_key(), json!({"reason": "entered_in_error"}));
    let first = admin.post_as(&key, &erasure, &body).expect(200);
    assert_eq!(admin.post_as(&key, &erasure, &body).expect(200), first);
    let again = admin.post(&erasure, &body);
    assert_eq!((again.problem(409), &again.json()["state"]), ("state_conflict".into(), &json!("erased")));
    let nobody = admin.post("/api/v1/donors/0000000000001/erase", &body);
    assert_eq!(nobody.problem(404), "not_found");
}
