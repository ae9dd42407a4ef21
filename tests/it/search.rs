//! Finding donors: by name in memory, cut to the scope before a page is, and behind nobody's back.

use std::time::{Duration, Instant};

use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{audit_lines, donors};
use shiryan::db::{Conn, Lane, Tx};
use shiryan::eligibility::{self, ImportOptions};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::role::Role;

use super::support::app::TestApp;

both!(
    a_search_waits_for_the_index_and_for_nothing_else,
    names_are_found_in_every_spelling,
    a_scope_is_cut_before_the_page_and_again_after,
    a_page_goes_on_for_the_same_words_alone,
    the_index_follows_what_changes,
    what_is_no_search_is_refused,
    exact_numbers_are_found_in_every_spelling_inside_the_scope,
    b4_exact_look_ups_have_a_budget_and_an_alert,
    b4_a_form_that_tells_of_a_known_number_counts_as_a_look_up,
);

const HEADER: &str = "service_number,national_id,first_name,father_name,grandfather_name,family_name,sex,\
    birth_date,blood_group,unit,governorate,phone,email,weight_kg,height_cm,last_donation_date,\
    last_donation_type,donations_last_12_months\n";

const SEARCH: &str = "/api/v1/donors/search";

/// A name in four parts, a space between.
fn register(app: &TestApp, role: Role, name: &str, unit: Option<UnitId>) -> DonorId {
    let parts: Vec<&str> = name.split('|').collect();
    let body = json!({
        "first_name": parts[0], "father_name": parts[1], "grandfather_name": parts[2],
        "family_name": parts[3], "sex": "male", "birth_date": "1990-01-05", "unit": unit,
    });
    app.client(role).post("/api/v1/donors", &body).expect(201)["id"].as_str().unwrap().parse().unwrap()
}

fn page(app: &TestApp, role: Role, body: &Value) -> (Vec<DonorId>, Option<String>) {
    let answer = app.client(role).post(SEARCH, body).expect(200);
    let ids = answer["items"].as_array().unwrap().iter();
    let ids = ids.map(|donor| donor["id"].as_str().unwrap().parse().unwrap()).collect();
    (ids, answer["next"].as_str().map(str::to_owned))
}

fn found(app: &TestApp, role: Role, name: &str) -> Vec<DonorId> {
    page(app, role, &json!({"name": name})).0
}

fn a_search_waits_for_the_index_and_for_nothing_else(app: TestApp) {
    let id = register(&app, Role::Bank, "سلمى|كنان|لقمان|الصفدي", Some(app.places.company));
    let bank = app.client(Role::Bank);
    let waiting = bank.post(SEARCH, &json!({"name": "سلمى"}));
    assert_eq!(waiting.problem(503), "search_warming");
    assert!(waiting.headers.contains_key("retry-after"));
    bank.get(&format!("/api/v1/donors/{id}")).expect(200);
    let ready = app.anonymous().get("/readyz").expect(200);
    assert!(ready["notices"].as_array().unwrap().contains(&json!("search_warming")));
    app.warm();
    assert_eq!(found(&app, Role::Bank, "سلمى"), [id]);
    let ready = app.anonymous().get("/readyz").expect(200);
    assert!(!ready["notices"].as_array().unwrap().contains(&json!("search_warming")));
}

fn names_are_found_in_every_spelling(app: TestApp) {
    let unit = Some(app.places.company);
    let one = register(&app, Role::Bank, "مُؤمن|عبد الرحمن|أحمد|الخطيب", unit);
    let two = register(&app, Role::Bank, "فاطمة|أبو علي|يحيى|خطيب", unit);
    let form = json!({
        "first_name": "سامي", "family_name": "الشوّا", "latin_first_name": "Sami",
        "latin_family_name": "al-Shawwa", "sex": "male", "birth_date": "1990-01-05",
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &form).expect(201);
    let three: DonorId = made["id"].as_str().unwrap().parse().unwrap();
    app.warm();
    for (name, expected) in [
        ("سامي الشوا", &[three][..]),
        ("sami SHAW", &[three]),
        ("سامي shawwa", &[three]),
        ("مومن", &[one]),
        ("عبدالرحم", &[one]),
        ("احمد مؤ", &[one]),
        ("خطيب", &[one, two]),
        ("الخطيب", &[one, two]),
        ("ابوعلى", &[two]),
        ("فاطمه يحيي", &[two]),
        ("فاطمة أحمد", &[]),
    ] {
        assert_eq!(found(&app, Role::Physician, name), expected, "{name}");
    }
    let reply = app.client(Role::Admin).post(SEARCH, &json!({"name": "فاطمة"}));
    assert!(!reply.text.contains("فاطمة") && !reply.text.contains("1990-01"), "{}", reply.text);
    assert_eq!(reply.expect(200)["items"][0]["birth_band"], 1990);
}

fn a_scope_is_cut_before_the_page_and_again_after(app: TestApp) {
    let (own, other) = (Some(app.places.company), Some(app.places.other_unit));
    let units = [other, own, None, other, own, own];
    let ids: Vec<DonorId> =
        units.iter().map(|unit| register(&app, Role::Bank, "سامي|كنان|لقمان|الصفدي", *unit)).collect();
    app.warm();
    assert_eq!(found(&app, Role::Bank, "سامي"), ids);
    assert_eq!(found(&app, Role::Medic, "سامي"), [ids[1], ids[4], ids[5]]);
    let (first, next) = page(&app, Role::Medic, &json!({"name": "سامي", "limit": 2}));
    assert_eq!(first, [ids[1], ids[4]]);
    let (second, next) =
        page(&app, Role::Medic, &json!({"name": "سامي", "limit": 2, "cursor": next.unwrap()}));
    assert_eq!((second, next), (vec![ids[5]], None));
    // Moved away, and the index does not know it yet.
    let (gone, to) = (ids[4].0, app.places.other_unit);
    let moved = move |tx: &mut Tx| {
        diesel::update(donors::table.find(gone)).set(donors::unit_id.eq(to)).execute(tx.conn)?;
        Ok(())
    };
    app.house.db.write_now(Lane::System, moved).unwrap();
    assert_eq!(found(&app, Role::Medic, "سامي"), [ids[1], ids[5]]);
}

fn a_page_goes_on_for_the_same_words_alone(app: TestApp) {
    let unit = Some(app.places.company);
    let ids: Vec<DonorId> =
        (0..5).map(|_| register(&app, Role::Bank, "سامي|كنان|لقمان|الصفدي", unit)).collect();
    app.warm();
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let (items, next) = page(&app, Role::Bank, &json!({"name": "سامي", "limit": 2, "cursor": cursor}));
        seen.extend(items);
        cursor = next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen, ids);
    let (_, next) = page(&app, Role::Bank, &json!({"name": "كنان سامي", "limit": 2}));
    let bank = app.client(Role::Bank);
    // Another spelling of the same words is the same list; other words are another.
    bank.post(SEARCH, &json!({"name": "سامى كنان", "limit": 2, "cursor": next})).expect(200);
    let other = bank.post(SEARCH, &json!({"name": "كنان", "cursor": next}));
    assert_eq!(other.problem(400), "cursor_invalid");
}

/// Follows until a search finds these: transactions of other tests on the same server may keep a change
/// from being read for a moment.
fn follow(app: &TestApp, name: &str, expected: &[DonorId]) {
    let started = Instant::now();
    loop {
        app.house.names.follow(&app.house.db, &app.house.vault).unwrap();
        let found = found(app, Role::Bank, name);
        if found == expected {
            return;
        }
        assert!(started.elapsed() < Duration::from_secs(20), "{found:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn the_index_follows_what_changes(app: TestApp) {
    let unit = Some(app.places.company);
    app.warm();
    let one = register(&app, Role::Bank, "سامي|كنان|لقمان|الصفدي", unit);
    let two = register(&app, Role::Bank, "هاني|كنان|لقمان|الصفدي", unit);
    let three = register(&app, Role::Bank, "باسم|كنان|لقمان|الصفدي", unit);
    assert_eq!(found(&app, Role::Bank, "الصفدي"), []);
    follow(&app, "الصفدي", &[one, two, three]);
    assert_eq!(found(&app, Role::Bank, "هاني"), [two]);
    // An import tells of a whole slice at once.
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("register.csv");
    let row = |number: usize| format!("N-{number},,نادر,,,الحلبي,male,1990-01-05,,,,,,,,,,\n");
    std::fs::write(&path, HEADER.to_owned() + &(0..5).map(row).collect::<String>()).unwrap();
    let (house, options) = (&app.house, ImportOptions::default());
    let report = eligibility::import_donors(&house.db, &house.vault, &house.rules, &path, &options, |_| {});
    assert_eq!(report.unwrap().taken, 5);
    let is_imported = |conn: &mut Conn| {
        Ok(donors::table.filter(donors::id.gt(three.0)).order(donors::id).select(donors::id).load(conn)?)
    };
    let imported = house.db.read_now(is_imported).unwrap();
    assert_eq!(imported.len(), 5);
    follow(&app, "حلبي", &imported);
}

fn what_is_no_search_is_refused(app: TestApp) {
    app.warm();
    let bank = app.client(Role::Bank);
    for name in ["", "م", "  ", &"م".repeat(201)] {
        let refused = bank.post(SEARCH, &json!({"name": name})).expect(422);
        assert_eq!(
            refused["errors"],
            json!([{"field": "name", "code": "name_invalid",
            "message": refused["errors"][0]["message"]}])
        );
    }
    assert_eq!(bank.post(SEARCH, &json!({"name": "محمد", "limit": 0})).problem(422), "out_of_range");
    assert_eq!(bank.post(SEARCH, &json!({"name": "محمد", "cursor": "x"})).problem(400), "cursor_invalid");
    for (body, field, code) in [
        (json!({}), "name", "missing_field"),
        (json!({"limit": 5}), "name", "missing_field"),
        (json!({"name": "محمد", "phone": "0599123456"}), "phone", "invalid_value"),
        (json!({"national_id": "1"}), "national_id", "national_id_invalid"),
        (json!({"phone": "12"}), "phone", "phone_invalid"),
        (json!({"email": "x"}), "email", "email_invalid"),
    ] {
        let refused = bank.post(SEARCH, &body).expect(422);
        assert_eq!(
            (&refused["errors"][0]["field"], &refused["errors"][0]["code"]),
            (&json!(field), &json!(code))
        );
    }
    for role in [Role::Command, Role::Hospital] {
        assert_eq!(app.client(role).post(SEARCH, &json!({"name": "محمد"})).problem(403), "forbidden");
    }
}

/// A person with every number.
fn numbered(app: &TestApp, number: usize, unit: UnitId) -> DonorId {
    let national_id = ["400123451", "851234567", "900000019"][number];
    let body = json!({
        "first_name": "زينب", "family_name": "الصفدي", "sex": "female", "birth_date": "1991-07-13",
        "national_id": national_id,
        "service_number": format!("KQ-{number}"), "phone": "0599 741 852",
        "email": format!("Zaynab.{number}@example.org"), "unit": unit,
    });
    let made = app.client(Role::Bank).post("/api/v1/donors", &body).expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

fn exact_numbers_are_found_in_every_spelling_inside_the_scope(app: TestApp) {
    let one = numbered(&app, 0, app.places.company);
    let two = numbered(&app, 1, app.places.other_unit);
    let three = numbered(&app, 2, app.places.battalion);
    // No index of names is needed.
    for (term, everywhere, own) in [
        (json!({"national_id": "٤٠٠١٢٣٤٥١"}), &[one][..], &[one][..]),
        (json!({"national_id": "851234567"}), &[two], &[]),
        (json!({"national_id": "123456782"}), &[], &[]),
        (json!({"service_number": "kq-1"}), &[two], &[]),
        (json!({"phone": "+972 59-974-1852"}), &[one, two, three], &[one, three]),
        (json!({"email": "zaynab.2@EXAMPLE.org"}), &[three], &[three]),
    ] {
        assert_eq!(page(&app, Role::Physician, &term).0, everywhere, "{term}");
        assert_eq!(page(&app, Role::Medic, &term).0, own, "{term}");
    }
    let (first, next) = page(&app, Role::Admin, &json!({"phone": "0599741852", "limit": 2}));
    let body = json!({"phone": "00970599741852", "limit": 2, "cursor": next.clone().unwrap()});
    let (second, end) = page(&app, Role::Admin, &body);
    assert_eq!(([first, second].concat(), end), (vec![one, two, three], None));
    let other = app.client(Role::Admin).post(SEARCH, &json!({"phone": "0599741853", "cursor": next}));
    assert_eq!(other.problem(400), "cursor_invalid");
}

fn b4_exact_look_ups_have_a_budget_and_an_alert(app: TestApp) {
    let id = numbered(&app, 0, app.places.company);
    app.warm();
    let budget = app.house.settings.donors.exact_look_ups_a_day;
    assert_eq!(budget, 50);
    let ask = |role| app.client(role).post(SEARCH, &json!({"national_id": "400123451"}));
    for _ in 0..budget {
        assert_eq!(ask(Role::Medic).expect(200)["items"][0]["id"], json!(id));
    }
    for _ in 0..3 {
        let refused = ask(Role::Medic);
        assert_eq!(refused.problem(429), "too_many_requests");
        // To the next civil day: the clock stands at its beginning.
        assert_eq!(refused.headers["retry-after"], (24 * 60 * 60).to_string().as_str());
        assert!(!refused.text.contains(&id.to_string()));
    }
    // Every kind of number counts, nobody else's do, and a list cannot be asked for one.
    let phone = app.client(Role::Medic).post(SEARCH, &json!({"phone": "0599741852"}));
    assert_eq!(phone.problem(429), "too_many_requests");
    ask(Role::Bank).expect(200);
    assert_eq!(found(&app, Role::Medic, "زينب"), [id]);
    for query in ["national_id=400123451", "phone=0599741852", "name=x", "service_number=KQ-0"] {
        let asked = app.client(Role::Medic).get(&format!("/api/v1/donors?{query}"));
        assert_eq!(asked.problem(400), "unknown_parameter");
    }
    let lines = |action| lines(&app, Role::Medic, action);
    assert_eq!(lines("donors.looked_up").len(), 50);
    let alerts = lines("donors.look_ups_over_budget");
    assert_eq!(alerts.len(), 1, "the first over the budget, and not each");
    assert!(alerts[0].contains("\"alert\":true") && !alerts[0].contains("400123451"), "{alerts:?}");
    app.clock.advance(chrono::Duration::days(1));
    ask(Role::Medic).expect(200);
}

/// Details of the audit's lines of one action.
fn lines(app: &TestApp, role: Role, action: &'static str) -> Vec<String> {
    let who = app.principal(role).user.0;
    let read = |conn: &mut Conn| {
        Ok(audit_lines::table
            .filter(audit_lines::action.eq(action))
            .filter(audit_lines::actor.eq(who))
            .select(audit_lines::detail)
            .load(conn)?)
    };
    app.house.db.read_now(read).unwrap()
}

fn b4_a_form_that_tells_of_a_known_number_counts_as_a_look_up(app: TestApp) {
    numbered(&app, 0, app.places.other_unit);
    let other = numbered(&app, 1, app.places.company);
    let bank = app.client(Role::Bank);
    let form = json!({
        "first_name": "ليلى", "family_name": "عودة", "sex": "female", "birth_date": "1990-02-03",
        "national_id": "400123451",
    });
    for _ in 0..app.house.settings.donors.exact_look_ups_a_day {
        assert_eq!(bank.post("/api/v1/donors", &form).problem(409), "donor_already_registered");
    }
    assert!(lines(&app, Role::Bank, "donors.look_ups_over_budget").is_empty());
    let patch = json!({"national_id": "400123451"});
    let amended = bank.patch(&format!("/api/v1/donors/{other}"), 1, &patch);
    assert_eq!(amended.problem(409), "donor_already_registered");
    assert_eq!(lines(&app, Role::Bank, "donors.met_known").len(), 51);
    let alerts = lines(&app, Role::Bank, "donors.look_ups_over_budget");
    assert_eq!(alerts.len(), 1);
    assert!(alerts[0].contains("\"alert\":true") && !alerts[0].contains("400123451"), "{alerts:?}");
    assert_eq!(bank.post(SEARCH, &json!({"national_id": "400123451"})).problem(429), "too_many_requests");
}
