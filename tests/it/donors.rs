//! Donors: sealed identity, scopes that tell nothing of what lies outside, and windows that agree with
//! decisions.

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::tables::{audit_lines, donor_identities, donor_tags, donors, giving_windows};
use shiryan::db::{Conn, Lane, Target, Tx};
use shiryan::donors::{self as registry, NewDonor, Purpose, Registered};
use shiryan::eligibility::{self, GivingSource, NewDeferral, NewGiving, Outcome, RuleCode};
use shiryan_kernel::blood::{DonationType, Sex};
use shiryan_kernel::ids::{DonorId, UnitId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::DonorStatus;
use shiryan_kernel::text::NationalId;
use shiryan_kernel::time::plus_days;
use shiryan_kernel::{Code, Problem, Result};

use super::support::app::TestApp;
use super::support::databases::Kind;

both!(
    an_identity_is_sealed_and_opened_on_the_record,
    every_fault_of_a_form_is_told_at_once,
    b6_a_cell_of_another_donor_does_not_open,
    b6_no_identity_is_in_the_files,
    known_elsewhere_answers_like_new,
    a_medic_stays_in_the_own_scope,
    a_list_is_cut_and_paged,
    a_giving_moves_the_windows,
    a_sealed_cause_is_told_to_the_physician_alone,
    windows_and_decisions_agree,
    under_eighteen_has_no_window_before_the_birthday,
    typings_that_disagree_close_every_window_until_resolved,
    a_pause_closes_windows_and_ends,
);

const NATIONAL_ID: &str = "400123451";
const PLACE: &str = "حارة الياسمينة";

fn form(unit: UnitId) -> Value {
    json!({
        "first_name": "زينب", "father_name": "كنان", "grandfather_name": "لقمان", "family_name": "الصفدي",
        "latin_first_name": "Zeyneb", "latin_family_name": "As-Safadi",
        "sex": "female", "birth_date": "1991-07-13", "national_id": NATIONAL_ID, "place": PLACE,
        "service_number": "KQ-7731942", "phone": "0599 741 852", "email": "Zaynab.Canary@example.org",
        "blood_group": "o_neg", "unit": unit, "governorate": "PS-RBH", "weight_kg": 71.5, "height_cm": 168,
    })
}

/// What of the form must stand nowhere in the clear.
const CANARIES: [&str; 12] = [
    "Zeyneb",
    "As-Safadi",
    PLACE,
    "زينب",
    "كنان",
    "الصفدي",
    "1991-07-13",
    NATIONAL_ID,
    "KQ-7731942",
    "599741852",
    "Zaynab.Canary",
    "zaynab.canary",
];

/// A sample's code, in which a laboratory may write a person's number: sealed too.
const SAMPLE: &str = "CANARY-TUBE-17";

/// Why a typing was wrong: sealed too.
const REASON: &str = "canary tube of a neighbour";

fn registered(app: &TestApp, role: Role, body: &Value) -> DonorId {
    let answer = app.client(role).post("/api/v1/donors", body).expect(201);
    answer["id"].as_str().unwrap().parse().unwrap()
}

fn write<T: Send + 'static>(app: &TestApp, f: impl Fn(&mut Tx) -> Result<T> + Send + 'static) -> T {
    app.house.db.write_now(Lane::System, f).unwrap()
}

/// A healthy man of 30 without a unit, through the use case.
fn plain_donor(app: &TestApp) -> DonorId {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let bank = app.principal(Role::Bank);
    let new = NewDonor {
        sex: Some(Sex::Male),
        birth_date: Some("1996-02-10".parse().unwrap()),
        weight_kg: Some(85.0),
        height_cm: Some(180.0),
        ..NewDonor::default()
    };
    write(app, move |tx| eligibility::enrol(tx, &vault, &book, &bank, &new)).id
}

fn give(app: &TestApp, donor: DonorId, on: NaiveDate, donation_type: DonationType, source: GivingSource) {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new = NewGiving { donor, on, donation_type, volume_ml: Some(450), red_cells_lost: false, source };
    write(app, move |tx| eligibility::record_giving(tx, &vault, &book, &new));
}

fn defer(app: &TestApp, donor: DonorId, code: &str, base: Option<NaiveDate>) {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new = NewDeferral { donor, code: code.to_owned(), base, second_base: None, ended_on: None };
    write(app, move |tx| eligibility::defer(tx, &vault, &book, None, &new));
}

fn windows(conn: &mut Conn, donor: DonorId) -> Vec<(DonationType, NaiveDate, Option<NaiveDate>)> {
    giving_windows::table
        .filter(giving_windows::donor.eq(donor))
        .order((giving_windows::donation_type, giving_windows::place))
        .select((giving_windows::donation_type, giving_windows::from_on, giving_windows::until_on))
        .load(conn)
        .unwrap()
}

fn an_identity_is_sealed_and_opened_on_the_record(app: TestApp) {
    let id = registered(&app, Role::Medic, &form(app.places.company));
    let medic = app.client(Role::Medic);
    let shown = medic.get(&format!("/api/v1/donors/{id}"));
    let text = shown.text.clone();
    let shown = shown.expect(200);
    assert_eq!(shown["birth_band"], 1990);
    assert_eq!((&shown["blood_group"], &shown["group_evidence"]), (&json!("o_neg"), &json!("declared")));
    assert_eq!(shown["screened"], false);
    assert!(CANARIES.iter().all(|canary| !text.contains(canary)), "{text}");
    let path = format!("/api/v1/donors/{id}/identity");
    for purpose in Purpose::ALL {
        let opened = medic.post(&path, &json!({"purpose": purpose})).expect(200);
        assert_eq!(
            opened,
            json!({
                "first_name": "زينب", "father_name": "كنان", "grandfather_name": "لقمان",
                "family_name": "الصفدي", "latin_first_name": "Zeyneb", "latin_father_name": null,
                "latin_grandfather_name": null, "latin_family_name": "As-Safadi", "birth_date": "1991-07-13", "national_id": NATIONAL_ID,
                "service_number": "KQ-7731942", "phone": "+970599741852",
                "email": "Zaynab.Canary@example.org", "place": PLACE,
            })
        );
    }
    let lines: Vec<(Option<i64>, String)> = app
        .house
        .db
        .read_now(|conn| {
            Ok(audit_lines::table
                .filter(audit_lines::action.eq("donors.identity_opened"))
                .filter(audit_lines::subject.eq(id.to_string()))
                .order(audit_lines::id)
                .select((audit_lines::actor, audit_lines::detail))
                .load(conn)?)
        })
        .unwrap();
    assert_eq!(lines.len(), Purpose::ALL.len());
    let who = app.principal(Role::Medic).user;
    for ((actor, detail), purpose) in lines.iter().zip(Purpose::ALL) {
        assert_eq!((*actor, detail.contains(purpose.code())), (Some(who.0), true));
    }
    assert_eq!(medic.post(&path, &json!({"purpose": "curiosity"})).problem(422), "invalid_value");
    assert_eq!(medic.post(&path, &json!({})).problem(400), "missing_field");
    for role in [Role::Admin, Role::Command, Role::Hospital] {
        let refused = app.client(role).post(&path, &json!({"purpose": "contact"}));
        assert_eq!(refused.problem(403), "forbidden", "{role}");
    }
}

fn every_fault_of_a_form_is_told_at_once(app: TestApp) {
    let bank = app.client(Role::Bank);
    let body = json!({
        "first_name": "a1", "family_name": "Аli", "latin_first_name": "علي", "place": "", "sex": "male", "birth_date": "1899-12-31",
        "national_id": "12", "service_number": "-", "phone": "12", "email": "x", "weight_kg": 4,
        "height_cm": 999, "quiet_from": "24:00",
    });
    let refused = bank.post("/api/v1/donors", &body).expect(422);
    let fields: Vec<&str> =
        refused["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
    let expected = [
        "first_name",
        "family_name",
        "latin_first_name",
        "birth_date",
        "national_id",
        "service_number",
        "phone",
        "email",
        "place",
        "weight_kg",
        "height_cm",
        "quiet_from",
    ];
    assert_eq!(fields, expected);
    let mut odd = form(app.places.company);
    odd["national_id"] = json!("400123450");
    let taken = bank.post("/api/v1/donors", &odd).expect(201);
    assert_eq!(taken["warnings"], json!(["national_id_check_digit"]));
    odd["birth_date"] = json!("2026-11-25");
    assert_eq!(bank.post("/api/v1/donors", &odd).expect(422)["errors"][0]["code"], "out_of_range");
}

fn b6_a_cell_of_another_donor_does_not_open(app: TestApp) {
    let one = registered(&app, Role::Bank, &form(app.places.company));
    let mut other = form(app.places.company);
    for (field, value) in
        [("national_id", "400123469"), ("service_number", "KQ-2"), ("email", "other@example.org")]
    {
        other[field] = json!(value);
    }
    let two = registered(&app, Role::Bank, &other);
    write(&app, move |tx| {
        let email = |id: DonorId, conn: &mut Conn| {
            donor_identities::table.find(id.0).select(donor_identities::email).first::<Option<Vec<u8>>>(conn)
        };
        let (first, second) = (email(one, tx.conn)?, email(two, tx.conn)?);
        for (id, cell) in [(one, second), (two, first)] {
            diesel::update(donor_identities::table.find(id.0))
                .set(donor_identities::email.eq(cell))
                .execute(tx.conn)?;
        }
        Ok(())
    });
    for id in [one, two] {
        let opened = app
            .client(Role::Physician)
            .post(&format!("/api/v1/donors/{id}/identity"), &json!({"purpose": "counselling"}));
        assert_eq!(opened.problem(500), "identity_damaged");
        assert!(!opened.text.contains("example.org"));
    }
}

fn b6_no_identity_is_in_the_files(app: TestApp) {
    let id = registered(&app, Role::Medic, &form(app.places.company));
    let path = format!("/api/v1/donors/{id}/identity");
    app.client(Role::Medic).post(&path, &json!({"purpose": "contact"})).expect(200);
    app.warm();
    for term in [json!({"name": "زينب"}), json!({"national_id": NATIONAL_ID}), json!({"phone": "0599741852"})]
    {
        app.client(Role::Medic).post("/api/v1/donors/search", &term).expect(200);
    }
    defer(&app, id, "P-HIV", Some("2026-10-01".parse().unwrap()));
    let typings = format!("/api/v1/donors/{id}/typings");
    let physician = app.client(Role::Physician);
    let typed = |group: &str, sample: &str| {
        let body = json!({"blood_group": group, "sample": sample, "typed_on": "2026-01-05"});
        physician.post(&typings, &body).expect(201)
    };
    typed("a_pos", SAMPLE);
    let wrong = typed("b_pos", "S2");
    assert_eq!(physician.get(&typings).expect(200)["items"][0]["sample"], SAMPLE);
    let body = json!({"wrong": [wrong["id"]], "reason": REASON});
    physician.post(&format!("{typings}/resolve"), &body).expect(200);
    app.client(Role::Medic).post(&format!("/api/v1/donors/{id}/pause"), &json!({})).expect(200);
    let found = |bytes: &[u8]| {
        let within = |text: &&&str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
        CANARIES
            .iter()
            .chain(&["P-HIV", REASON, SAMPLE])
            .filter(within)
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let bytes = match app.house.db.target() {
        Target::Sqlite(path) => {
            let dir = path.parent().unwrap();
            let files = std::fs::read_dir(dir).unwrap().map(|entry| std::fs::read(entry.unwrap().path()));
            files.flat_map(|file| file.unwrap()).collect::<Vec<u8>>()
        }
        // Files of the server are not ours to read: every cell of every table instead.
        Target::Postgres(_) => app.house.db.read_now(|conn| Ok(every_cell(conn))).unwrap(),
    };
    assert!(bytes.len() > 1_000, "something was read");
    assert_eq!(found(&bytes), Vec::<String>::new());
    // The search itself finds what is there.
    assert_eq!(found(b"x P-HIV y"), ["P-HIV"]);
}

fn every_cell(conn: &mut Conn) -> Vec<u8> {
    #[derive(diesel::QueryableByName)]
    struct Text {
        #[diesel(sql_type = diesel::sql_types::Text)]
        text: String,
    }
    let mut all = Vec::new();
    for table in [
        "donors",
        "donor_identities",
        "donor_tags",
        "typings",
        "deferrals",
        "audit_lines",
        "idempotency",
        "feed",
    ] {
        // Binary cells as the letters that they would spell.
        let query = format!("SELECT encode(convert_to(t::text, 'UTF8'), 'escape') AS text FROM {table} t");
        let rows: Vec<Text> = diesel::sql_query(query).load(conn).unwrap();
        for row in rows {
            all.extend_from_slice(row.text.as_bytes());
            for hexadecimal in row.text.split("\\\\x").skip(1) {
                let digits: String = hexadecimal.chars().take_while(char::is_ascii_hexdigit).collect();
                all.extend(shiryan::vault::unhex(&digits).unwrap_or_default());
            }
        }
    }
    all
}

fn known_elsewhere_answers_like_new(app: TestApp) {
    let theirs = registered(&app, Role::Bank, &form(app.places.other_unit));
    let mut again = form(app.places.company);
    again["service_number"] = json!("KQ-1");
    let medic = app.client(Role::Medic);
    let known = medic.post("/api/v1/donors", &again);
    let mut new = again.clone();
    new["national_id"] = json!("400123469");
    new["service_number"] = json!("KQ-2");
    let fresh = medic.post("/api/v1/donors", &new);
    // But for the id, the same bytes and the same headers.
    let shape = |reply: &super::support::app::Reply| {
        let mut body = reply.json();
        assert_eq!(body["id"].take().as_str().unwrap().len(), 13);
        let mut names: Vec<String> = reply.headers.keys().map(ToString::to_string).collect();
        names.sort();
        (reply.status, body, names, reply.text.len())
    };
    assert_eq!(shape(&known), shape(&fresh));
    assert_eq!(known.status, 201);

    let waiting: DonorId = known.json()["id"].as_str().unwrap().parse().unwrap();
    let (status, claims): (DonorStatus, Vec<i64>) = app
        .house
        .db
        .read_now(|conn| {
            let status = donors::table.find(waiting.0).select(donors::status).first(conn)?;
            let claims = donor_tags::table
                .filter(donor_tags::donor.eq(waiting))
                .select(donor_tags::claim)
                .load(conn)?;
            Ok((status, claims))
        })
        .unwrap();
    assert_eq!(status, DonorStatus::Review);
    assert_eq!(claims, [waiting.0; 4]);
    assert!(app.house.db.read_now(|conn| Ok(windows(conn, waiting))).unwrap().is_empty());
    // Inside the scope it is told; elsewhere it stays untold.
    assert_eq!(medic.post("/api/v1/donors", &again).problem(409), "donor_already_registered");
    assert_eq!(medic.post("/api/v1/donors", &new).problem(409), "donor_already_registered");
    assert_eq!(medic.get(&format!("/api/v1/donors/{theirs}")).problem(404), "not_found");
    let bank = app.client(Role::Bank).post("/api/v1/donors", &again);
    assert_eq!(bank.problem(409), "donor_already_registered");
}

fn a_medic_stays_in_the_own_scope(app: TestApp) {
    let medic = app.client(Role::Medic);
    for unit in [json!(app.places.other_unit), json!("0000000000001")] {
        let mut body = form(app.places.company);
        body["unit"] = unit;
        let refused = medic.post("/api/v1/donors", &body).expect(422);
        assert_eq!(refused["errors"][0]["field"], "unit");
        assert_eq!(refused["errors"][0]["code"], "unknown_reference");
    }
    let mut body = form(app.places.company);
    body["unit"] = Value::Null;
    assert_eq!(medic.post("/api/v1/donors", &body).expect(422)["errors"][0]["code"], "missing_field");
    let outside = registered(&app, Role::Bank, &body);
    for path in ["", "/eligibility"] {
        let outside = medic.get(&format!("/api/v1/donors/{outside}{path}"));
        let nobody = medic.get(&format!("/api/v1/donors/0000000000001{path}"));
        assert_eq!(outside.problem(404), nobody.problem(404));
    }
    let identity = medic.post(&format!("/api/v1/donors/{outside}/identity"), &json!({"purpose": "contact"}));
    assert_eq!(identity.problem(404), "not_found");
    for role in [Role::Command, Role::Hospital] {
        let client = app.client(role);
        assert_eq!(client.get("/api/v1/donors").problem(403), "forbidden");
        assert_eq!(client.get(&format!("/api/v1/donors/{outside}")).problem(403), "forbidden");
        assert_eq!(client.get(&format!("/api/v1/donors/{outside}/eligibility")).problem(403), "forbidden");
    }
}

fn a_list_is_cut_and_paged(app: TestApp) {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let bank = app.principal(Role::Bank);
    let units = [app.places.battalion, app.places.company, app.places.other_unit];
    let made: Vec<(UnitId, DonorId)> = write(&app, move |tx| {
        let mut made = Vec::new();
        for n in 0..15 {
            let unit = units[n % 3];
            let new = NewDonor {
                unit: Some(unit),
                blood_group: Some(if n % 2 == 0 { "o_neg" } else { "a_pos" }.parse()?),
                ..NewDonor::default()
            };
            made.push((unit, eligibility::enrol(tx, &vault, &book, &bank, &new)?.id));
        }
        Ok(made)
    });
    let ids = |role, query: &str| {
        let (mut ids, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = app.client(role).get(&format!("/api/v1/donors?limit=2{query}{cursor}")).expect(200);
            let items = page["items"].as_array().unwrap();
            assert!(items.len() <= 2);
            ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().parse::<DonorId>().unwrap()));
            let Some(next) = page["next"].as_str() else { return ids };
            cursor = format!("&cursor={next}");
        }
    };
    let expected = |keep: &dyn Fn(usize, UnitId) -> bool| -> Vec<DonorId> {
        made.iter().enumerate().filter(|(n, (unit, _))| keep(*n, *unit)).map(|(_, (_, id))| *id).collect()
    };
    let outside = app.places.other_unit;
    assert_eq!(ids(Role::Bank, ""), expected(&|_, _| true));
    assert_eq!(ids(Role::Medic, ""), expected(&|_, unit| unit != outside));
    assert_eq!(ids(Role::Bank, "&blood_group=o_neg"), expected(&|n, _| n % 2 == 0));
    let battalion = format!("&unit={}", app.places.battalion);
    assert_eq!(ids(Role::Bank, &battalion), expected(&|_, unit| unit != outside));
    assert_eq!(ids(Role::Medic, &format!("&unit={outside}")), []);
    assert_eq!(ids(Role::Physician, "&status=review"), []);
    assert_eq!(ids(Role::Physician, "&governorate=PS-JEN"), []);
}

fn a_giving_moves_the_windows(app: TestApp) {
    let donor = plain_donor(&app);
    let today = app.house.today();
    let whole_blood = |conn: &mut Conn| {
        windows(conn, donor).into_iter().find(|row| row.0 == DonationType::WholeBlood).unwrap()
    };
    assert_eq!(app.house.db.read_now(|conn| Ok(whole_blood(conn))).unwrap().1, today);
    give(&app, donor, plus_days(today, -14), DonationType::WholeBlood, GivingSource::Donation);
    let opens = app.house.db.read_now(|conn| Ok(whole_blood(conn))).unwrap().1;
    assert!(opens > plus_days(today, 40), "{opens}");
    let screened: bool = app
        .house
        .db
        .read_now(|conn| Ok(donors::table.find(donor.0).select(donors::screened).first(conn)?))
        .unwrap();
    assert!(screened);
    let shown = app
        .client(Role::Bank)
        .get(&format!("/api/v1/donors/{donor}/eligibility?donation_type=whole_blood"))
        .expect(200);
    assert_eq!((&shown["outcome"], &shown["not_before"]), (&json!("not_yet"), &json!(opens)));
    let reason = &shown["reasons"][0];
    assert_eq!((&reason["code"], &reason["until"]), (&json!(RuleCode::Interval), &json!(opens)));
    assert_eq!(shown["rule_set"], json!({"code": "default", "version": 1}));
    assert_ne!(reason["source"], Value::Null);
    let on = |day: NaiveDate, lang: &str| {
        let path = format!("/api/v1/donors/{donor}/eligibility?on={day}");
        app.client(Role::Medic).send("GET", &path, &[("accept-language", lang)], None).status
    };
    // The donor has no unit, so a medic does not see them, in any language and on any day.
    assert_eq!((on(today, "ar"), on(opens, "en")), (404, 404));
    let path = format!("/api/v1/donors/{donor}/eligibility?on={opens}");
    assert_eq!(app.client(Role::Bank).get(&path).expect(200)["outcome"], "eligible");
    let far = format!("/api/v1/donors/{donor}/eligibility?on=9999-01-01");
    assert_eq!(app.client(Role::Bank).get(&far).problem(422), "invalid_request");
    let texts: Vec<String> = ["ar", "en"]
        .iter()
        .map(|lang| {
            let path = format!("/api/v1/donors/{donor}/eligibility");
            let reply = app.client(Role::Bank).send("GET", &path, &[("accept-language", lang)], None);
            reply.expect(200)["reasons"][0]["text"].as_str().unwrap().to_owned()
        })
        .collect();
    assert!(!texts[0].is_ascii() && texts[1].is_ascii(), "{texts:?}");
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let tomorrow = NewGiving {
        donor,
        on: plus_days(today, 1),
        donation_type: DonationType::WholeBlood,
        volume_ml: None,
        red_cells_lost: false,
        source: GivingSource::Import,
    };
    let refused: Problem = app
        .house
        .db
        .write_now(Lane::System, move |tx| eligibility::record_giving(tx, &vault, &book, &tomorrow))
        .unwrap_err();
    assert_eq!(refused.errors[0].code, Code::OutOfRange);
}

fn a_sealed_cause_is_told_to_the_physician_alone(app: TestApp) {
    let one = registered(&app, Role::Medic, &form(app.places.company));
    let mut other = form(app.places.company);
    other["national_id"] = json!("400123469");
    other["service_number"] = json!("KQ-2");
    other["phone"] = json!("0599741853");
    let two = registered(&app, Role::Medic, &other);
    defer(&app, one, "P-HIV", Some("2026-10-01".parse().unwrap()));
    defer(&app, two, "P-CVD", None);
    let read = |role, id: DonorId| {
        let mut body = app.client(role).get(&format!("/api/v1/donors/{id}/eligibility")).expect(200);
        body["donor"].take();
        body
    };
    for role in [Role::Medic, Role::Bank] {
        let seen = read(role, one);
        assert_eq!(seen, read(role, two), "{role}");
        assert_eq!((&seen["outcome"], &seen["not_before"]), (&json!("not_available"), &Value::Null));
        assert_eq!(seen["reasons"].as_array().unwrap().len(), 1);
        assert_eq!(seen["reasons"][0].as_object().unwrap().len(), 2);
    }
    let told = read(Role::Physician, one);
    assert_eq!((&told["outcome"], &told["reasons"][0]["code"]), (&json!("never"), &json!("P-HIV")));
    let list = app.client(Role::Medic).get("/api/v1/donors").expect(200);
    let mut rows: Vec<Value> = list["items"].as_array().unwrap().clone();
    rows.iter_mut().for_each(|row| drop(row["id"].take()));
    assert_eq!(rows[0], rows[1]);
}

fn windows_and_decisions_agree(app: TestApp) {
    let today = app.house.today();
    let mut seed = 1_u64;
    let mut next = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let causes = ["TAT", "INF-ACUTE", "HIJAMA", "P-CVD", "COV19"];
    let count = if app.kind == Kind::Sqlite { 12 } else { 4 };
    for _ in 0..count {
        let donor = plain_donor(&app);
        for _ in 0..next(4) {
            let kind = DonationType::ALL[usize::try_from(next(4)).unwrap()];
            let on = plus_days(today, -i64::try_from(next(400)).unwrap());
            give(&app, donor, on, kind, GivingSource::Donation);
        }
        for _ in 0..next(3) {
            let code = causes[usize::try_from(next(5)).unwrap()];
            let base = plus_days(today, -i64::try_from(next(200)).unwrap());
            defer(&app, donor, code, Some(base).filter(|_| next(4) > 0));
        }
        let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
        app.house
            .db
            .read_now(|conn| {
                let rows = windows(conn, donor);
                for asked in DonationType::ALL {
                    let own: Vec<_> = rows.iter().filter(|row| row.0 == *asked).collect();
                    for n in 0..200 {
                        let day = plus_days(today, n);
                        let told = own.len() < eligibility::WINDOWS_AHEAD
                            || own.last().is_some_and(|row| row.2.is_none_or(|until| day <= until));
                        if !told {
                            break;
                        }
                        let inside =
                            own.iter().any(|row| row.1 <= day && row.2.is_none_or(|until| day <= until));
                        let decision =
                            eligibility::decide_for(conn, &vault, &book, donor, *asked, day, today)?;
                        assert_eq!(
                            inside,
                            decision.outcome == Outcome::Eligible,
                            "{asked} on {day}: {own:?}"
                        );
                    }
                }
                Ok(())
            })
            .unwrap();
    }
    // Rewriting all of them on the same day changes nothing and reaches everybody.
    let before = app.house.db.read_now(|conn| Ok(all_windows(conn))).unwrap();
    let done = eligibility::rewrite_all_windows(&app.house.db, &app.house.vault, &app.house.rules, |_| {});
    assert_eq!(done.unwrap(), u64::try_from(count).unwrap());
    assert_eq!(app.house.db.read_now(|conn| Ok(all_windows(conn))).unwrap(), before);
    app.clock.advance(chrono::Duration::days(700));
    eligibility::rewrite_all_windows(&app.house.db, &app.house.vault, &app.house.rules, |_| {}).unwrap();
    let after = app.house.db.read_now(|conn| Ok(all_windows(conn))).unwrap();
    assert!(!after.is_empty() && after.iter().all(|(_, from)| *from >= plus_days(today, 700)));
}

fn all_windows(conn: &mut Conn) -> Vec<(DonorId, NaiveDate)> {
    giving_windows::table
        .order((giving_windows::donor, giving_windows::donation_type, giving_windows::place))
        .select((giving_windows::donor, giving_windows::from_on))
        .load(conn)
        .unwrap()
}

fn under_eighteen_has_no_window_before_the_birthday(app: TestApp) {
    let today = app.house.today();
    let eighteen: NaiveDate = "2027-03-05".parse().unwrap();
    let (vault, book, bank) = (app.house.vault.clone(), app.house.rules.clone(), app.principal(Role::Bank));
    let new = NewDonor {
        sex: Some(Sex::Male),
        birth_date: Some("2009-03-05".parse().unwrap()),
        national_id: Some(NationalId::parse(NATIONAL_ID).unwrap()),
        weight_kg: Some(85.0),
        height_cm: Some(180.0),
        ..NewDonor::default()
    };
    let made: Registered = write(&app, move |tx| eligibility::enrol(tx, &vault, &book, &bank, &new));
    let rows = app.house.db.read_now(|conn| Ok(windows(conn, made.id))).unwrap();
    assert!(!rows.is_empty() && rows.iter().all(|row| row.1 >= eighteen), "{rows:?}");
    let decision = app
        .house
        .db
        .read_now(|conn| {
            let house = &app.house;
            eligibility::decide_for(
                conn,
                &house.vault,
                &house.rules,
                made.id,
                DonationType::WholeBlood,
                plus_days(eighteen, -1),
                today,
            )
        })
        .unwrap();
    assert_eq!(decision.outcome, Outcome::NotYet);
    assert!(registry::birth_date("1900-01-01".parse().unwrap(), today).is_ok());
}

fn typings_that_disagree_close_every_window_until_resolved(app: TestApp) {
    let id = plain_donor(&app);
    let open = |app: &TestApp| !app.house.db.read_now(|conn| Ok(windows(conn, id))).unwrap().is_empty();
    let path = format!("/api/v1/donors/{id}/typings");
    let typing = |role, group: &str, sample: &str| {
        let body = json!({"blood_group": group, "sample": sample, "typed_on": "2026-01-05"});
        app.client(role).post(&path, &body).expect(201)
    };
    assert_eq!(typing(Role::Bank, "a_pos", "S1")["group_evidence"], "typed_once");
    assert_eq!(typing(Role::Bank, "a_pos", "S2")["group_evidence"], "typed_once");
    assert_eq!(typing(Role::Physician, "a_pos", "S3")["group_evidence"], "confirmed");
    assert!(open(&app));
    let wrong = typing(Role::Physician, "b_pos", "S4");
    assert_eq!((&wrong["blood_group"], &wrong["group_evidence"]), (&Value::Null, &json!("discrepant")));
    assert!(!open(&app));
    let told = app.client(Role::Bank).get(&format!("/api/v1/donors/{id}/eligibility")).expect(200);
    assert_eq!((&told["outcome"], &told["not_before"]), (&json!("not_yet"), &Value::Null));
    let reasons = told["reasons"].as_array().unwrap();
    assert!(reasons.iter().any(|reason| reason["code"] == "GROUP-DISCREPANCY"), "{told}");
    // One more that agrees with the many does not end it.
    assert_eq!(typing(Role::Bank, "a_pos", "S5")["group_evidence"], "discrepant");
    let resolve = format!("{path}/resolve");
    let body = json!({"wrong": [wrong["id"]], "reason": "canary-mislabelled"});
    assert_eq!(app.client(Role::Bank).post(&resolve, &body).problem(403), "forbidden");
    let physician = app.client(Role::Physician);
    let none = physician.post(&resolve, &json!({"wrong": [], "reason": "x"})).expect(422);
    assert_eq!(none["errors"][0]["code"], "unknown_reference");
    let group = physician.post(&resolve, &body).expect(200);
    assert_eq!(group, json!({"blood_group": "a_pos", "group_evidence": "confirmed"}));
    assert!(open(&app));
    assert_eq!(physician.post(&resolve, &body).problem(409), "state_conflict");
    let ledger = physician.get(&path).expect(200);
    assert_eq!(ledger["items"].as_array().unwrap().len(), 5);
    assert_eq!(ledger["items"][3]["wrong"], true);
    assert!(!ledger.to_string().contains("canary"));
}

fn a_pause_closes_windows_and_ends(app: TestApp) {
    let id = registered(&app, Role::Medic, &form(app.places.company));
    let first = || app.house.db.read_now(|conn| Ok(windows(conn, id).first().map(|row| row.1))).unwrap();
    let medic = app.client(Role::Medic);
    let post = |verb: &str, body: Value| medic.post(&format!("/api/v1/donors/{id}/{verb}"), &body);
    let open = first().unwrap();
    let until = plus_days(app.house.today(), 30);
    assert_eq!(post("resume", json!({})).problem(409), "state_conflict");
    let past = post("pause", json!({"until": app.house.today()})).expect(422);
    assert_eq!(past["errors"][0]["code"], "out_of_range");
    for far in ["9999-12-31", "+262142-12-31"] {
        post("pause", json!({"until": far})).expect(422);
    }
    assert_eq!(post("pause", json!({"until": until})).expect(200)["status"], "paused");
    assert_eq!(first(), Some(until));
    post("pause", json!({})).expect(200);
    assert_eq!(first(), None);
    post("resume", json!({})).expect(200);
    assert_eq!(first(), Some(open));
    post("deceased", json!({})).expect(200);
    assert_eq!(first(), None);
    assert_eq!(post("resume", json!({})).problem(409), "state_conflict");
    let outside = registered(&app, Role::Bank, &{
        let mut body = form(app.places.other_unit);
        body["national_id"] = json!("400123469");
        body["service_number"] = json!("KQ-3");
        body
    });
    assert_eq!(medic.post(&format!("/api/v1/donors/{outside}/pause"), &json!({})).problem(404), "not_found");
}
