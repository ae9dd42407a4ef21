//! Registers as files: the exporter's own scope and causes, on the record, and taken again without loss.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::app::World;
use shiryan::db::tables::{audit_lines, user_units};
use shiryan::db::{Conn, Lane, Tx};
use shiryan::eligibility::{self, GivingSource, ImportOptions, NewGiving};
use shiryan::http::FILES;
use shiryan::sheets::{Manner, Report, Sheet};
use shiryan_kernel::blood::DonationType;
use shiryan_kernel::ids::DonorId;
use shiryan_kernel::role::Role;
use shiryan_kernel::time::{Clock, SystemClock, plus_days};

use super::cli::{named, shiryan};
use super::support::app::{PASSWORD, Reply, TestApp, credentials};
use super::support::device;

both!(
    a_file_is_taken_again_as_it_was,
    b3_a_sealed_cause_leaves_no_trace_in_any_file_but_the_physicians,
    a_medic_gets_the_own_scope,
    records_of_one_person_each_tell_all,
    whoever_was_erased_is_in_no_file,
    a_file_is_recorded_before_it_is_given_out,
    b12_one_person_alone_takes_no_register_out,
    b12_what_was_approved_is_what_goes_out,
    each_row_says_who_took_it_out_and_when,
    what_nobody_can_ask_for_is_refused,
    b12_the_command_line_asks_a_named_person,
);

const FILES_OF: [&str; 3] = ["/api/v1/donors/export", "/api/v1/deferrals/export", "/api/v1/donations/export"];

fn register(app: &TestApp, n: u32, fields: Value) -> DonorId {
    let mut form = json!({
        "first_name": "سناء", "father_name": "عبد الله", "family_name": "الخطيب", "sex": "female",
        "birth_date": "1995-03-02", "service_number": format!("EX-{n}"), "unit": app.places.company,
        "weight_kg": 72.5, "height_cm": 170, "phone": format!("05991234{n:02}"), "blood_group": "ab_pos",
        "governorate": "PS-RBH",
    });
    form.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let made = app.client(Role::Bank).post("/api/v1/donors", &form).expect(201);
    made["id"].as_str().unwrap().parse().unwrap()
}

fn defer(app: &TestApp, donor: DonorId, code: &str, base: Option<NaiveDate>) -> String {
    let path = format!("/api/v1/donors/{donor}/deferrals");
    let made = app.client(Role::Physician).post(&path, &json!({"code": code, "base": base})).expect(201);
    made["id"].as_str().unwrap().to_owned()
}

fn give(app: &TestApp, donor: DonorId, on: NaiveDate, donation_type: DonationType, volume_ml: Option<u16>) {
    record(app, donor, on, donation_type, volume_ml, false);
}

fn record(
    app: &TestApp,
    donor: DonorId,
    on: NaiveDate,
    donation_type: DonationType,
    volume_ml: Option<u16>,
    red_cells_lost: bool,
) {
    let (vault, book) = (app.house.vault.clone(), app.house.rules.clone());
    let new =
        NewGiving { donor, on, donation_type, volume_ml, red_cells_lost, source: GivingSource::Donation };
    app.house
        .db
        .write_now(Lane::System, move |tx| eligibility::record_giving(tx, &vault, &book, &new))
        .unwrap();
}

/// A platelet donation at which red cells were lost.
fn lose(app: &TestApp, donor: DonorId, on: NaiveDate) {
    record(app, donor, on, DonationType::PlateletApheresis, None, true);
}

fn get(app: &TestApp, role: Role, path: &str) -> Vec<u8> {
    permit(app, role, path);
    app.client(role).get_file(path).1
}

fn ask(app: &TestApp, role: Role, path: &str) -> String {
    let register = path.split('/').nth(3).unwrap();
    let form = json!({"register": register, "purpose": "handover", "reason": "نقل السجل"});
    let asked = app.client(role).post("/api/v1/exports", &form).expect(202);
    asked["approval"].as_str().unwrap().to_owned()
}

fn decide(app: &TestApp, role: Role, approval: &str, verdict: &str) -> Reply {
    app.client(role).post(&format!("/api/v1/approvals/{approval}/{verdict}"), &json!({}))
}

/// Asked by this role, approved by another person.
fn permit(app: &TestApp, role: Role, path: &str) {
    let other = if role == Role::Bank { Role::Physician } else { Role::Bank };
    decide(app, other, &ask(app, role, path), "approve").expect(200);
}

/// Rows of a file, without its header.
fn rows(bytes: &[u8]) -> Vec<Vec<String>> {
    let dir = tempfile::tempdir().unwrap();
    let path = kept(dir.path(), "export", bytes);
    let sheet = Sheet::open_any(&path).unwrap();
    sheet.map(|row| row.unwrap().cells().map(str::to_owned).collect()).collect()
}

fn kept(dir: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = dir.join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// The file without its last column, in which each row says who took it out.
fn unmarked(bytes: &[u8]) -> Vec<String> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned()).collect()
}

/// Takes the three files into another, empty register.
fn taken(app: &TestApp, format: &str) -> TestApp {
    let there = TestApp::start(app.kind, World::Live);
    let dir = tempfile::tempdir().unwrap();
    let [donors, deferrals, donations] = FILES_OF.map(|path| {
        let name = format!("{}.{format}", path.split('/').nth(3).unwrap());
        kept(dir.path(), &name, &get(app, Role::Physician, &format!("{path}?format={format}")))
    });
    let (house, manner) = (&there.house, Manner::default());
    let (db, vault, book) = (&house.db, &house.vault, &house.rules);
    let whole = |report: Report| assert_eq!(report.rejected, 0, "{report:?}");
    whole(eligibility::import_donors(db, vault, book, &donors, &ImportOptions::default(), |_| {}).unwrap());
    whole(eligibility::import_donations(db, vault, book, &donations, &manner, |_| {}).unwrap());
    whole(eligibility::import_deferrals(db, vault, book, &deferrals, &manner, |_| {}).unwrap());
    there
}

fn a_file_is_taken_again_as_it_was(app: TestApp) {
    let today = app.house.today();
    let one = register(&app, 1, json!({"national_id": "400123451", "email": "sana.k@example.org"}));
    let two = register(&app, 2, json!({"blood_group": null, "unit": null, "sex": "male"}));
    let three = json!({
        "birth_date": "1987-12-31", "weight_kg": 61.123_456_789, "latin_first_name": "Sanaa",
        "latin_family_name": "Al-Khatib", "place": "=قرية الينبوع", "kind": "replacement", "language": "en",
        "may_call": false, "may_text": true, "quiet_from": "22:00", "quiet_until": "07:30",
    });
    let three = register(&app, 3, three);
    let bank = app.client(Role::Bank);
    bank.post(&format!("/api/v1/donors/{two}/pause"), &json!({"until": plus_days(today, 30)})).expect(200);
    bank.post(&format!("/api/v1/donors/{three}/deceased"), &json!({})).expect(200);
    give(&app, one, plus_days(today, -400), DonationType::WholeBlood, Some(450));
    give(&app, one, plus_days(today, -100), DonationType::PlateletApheresis, None);
    lose(&app, two, plus_days(today, -90));
    defer(&app, one, "TAT", Some(plus_days(today, -30)));
    defer(&app, two, "P-HIV", None);
    let withdrawn = defer(&app, two, "TAT", None);
    let path = format!("/api/v1/deferrals/{withdrawn}/withdraw");
    let asked = app.client(Role::Bank).post(&path, &json!({"reason": "x"})).expect(202);
    let path = format!("/api/v1/approvals/{}/approve", asked["approval"].as_str().unwrap());
    app.client(Role::Physician).post(&path, &json!({})).expect(200);
    for format in ["csv", "xlsx"] {
        let there = taken(&app, format);
        for (path, count) in FILES_OF.into_iter().zip([3, 2, 3]) {
            let (kind, text) = app.client(Role::Physician).get_file(path);
            assert!(kind.starts_with("text/csv"), "{kind}");
            assert_eq!(rows(&text).len(), count, "{path}");
            let again = get(&there, Role::Physician, path);
            assert_eq!(unmarked(&again), unmarked(&text), "{format} {path}");
            let (kind, book) = app.client(Role::Physician).get_file(&format!("{path}?format=xlsx"));
            assert!(kind.contains("spreadsheetml"), "{kind}");
            assert_eq!(rows(&book), rows(&text));
        }
    }
    let text = String::from_utf8(get(&app, Role::Bank, FILES_OF[0])).unwrap();
    assert!(text.starts_with("\u{feff}service_number,national_id,"));
    for part in [
        "عبد الله",
        "الخطيب",
        "400123451",
        "'+97059912340",
        "61.123456789",
        "B1-C1",
        "ab_pos",
        "Al-Khatib",
        "'=قرية الينبوع",
        "deceased",
        "22:00",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

fn b3_a_sealed_cause_leaves_no_trace_in_any_file_but_the_physicians(app: TestApp) {
    let today = app.house.today();
    let one = register(&app, 1, json!({}));
    give(&app, one, plus_days(today, -100), DonationType::WholeBlood, Some(450));
    defer(&app, one, "TAT", Some(plus_days(today, -30)));
    let files = |role| FILES_OF.map(|path| get(&app, role, path));
    let before = [Role::Medic, Role::Bank].map(files);
    let known = files(Role::Physician);
    for code in ["P-HIV", "P-CVD"] {
        defer(&app, one, code, None);
        assert!([Role::Medic, Role::Bank].map(files) == before, "{code} is told");
    }
    let physician = files(Role::Physician);
    assert_eq!((&physician[0], &physician[2]), (&known[0], &known[2]));
    let codes: Vec<String> = rows(&physician[1]).into_iter().map(|row| row[2].clone()).collect();
    assert_eq!(codes, ["TAT", "P-HIV", "P-CVD"]);
    let codes: Vec<String> = rows(&before[0][1]).into_iter().map(|row| row[2].clone()).collect();
    assert_eq!(codes, ["TAT"], "a medic screens");
}

fn a_medic_gets_the_own_scope(app: TestApp) {
    let donors = [
        register(&app, 1, json!({})),
        register(&app, 2, json!({"unit": app.places.other_unit})),
        register(&app, 3, json!({"unit": null})),
    ];
    for donor in donors {
        give(&app, donor, plus_days(app.house.today(), -100), DonationType::WholeBlood, None);
        defer(&app, donor, "TAT", None);
    }
    for path in FILES_OF {
        let numbers = |role| -> Vec<String> {
            rows(&get(&app, role, path)).into_iter().map(|row| row[0].clone()).collect()
        };
        assert_eq!(numbers(Role::Medic), ["EX-1"], "{path}");
        assert_eq!(numbers(Role::Bank), ["EX-1", "EX-2", "EX-3"], "{path}");
    }
}

fn records_of_one_person_each_tell_all(app: TestApp) {
    let today = app.house.today();
    let one = register(&app, 1, json!({}));
    let two = register(&app, 2, json!({"first_name": "سنى", "unit": app.places.other_unit}));
    give(&app, one, plus_days(today, -100), DonationType::WholeBlood, None);
    give(&app, two, plus_days(today, -100), DonationType::WholeBlood, Some(450));
    give(&app, two, plus_days(today, -40), DonationType::PlasmaApheresis, None);
    defer(&app, one, "TAT", None);
    defer(&app, two, "P-HIV", None);
    let before = FILES_OF.map(|path| get(&app, Role::Medic, path));
    let form = json!({"donor": two, "survivor": one, "reason": "x"});
    let asked = app.client(Role::Bank).post("/api/v1/merges", &form).expect(202);
    let path = format!("/api/v1/approvals/{}/approve", asked["approval"].as_str().unwrap());
    app.client(Role::Physician).post(&path, &json!({})).expect(200);
    let told = |path, cells: std::ops::Range<usize>| -> Vec<Vec<String>> {
        rows(&get(&app, Role::Physician, path)).into_iter().map(|row| row[cells.clone()].to_vec()).collect()
    };
    let given = told(FILES_OF[2], 2..5);
    assert_eq!((given.len(), &given[..2]), (4, &given[2..]));
    assert_eq!(given[0][1..], ["whole_blood", "450"]);
    let causes = told(FILES_OF[1], 2..3).concat();
    assert_eq!(causes, ["TAT", "P-HIV", "P-HIV", "TAT"]);
    let last = told(FILES_OF[0], 15..17);
    assert_eq!(last[0], [plus_days(today, -40).to_string(), "plasma_apheresis".into()]);
    // Whose scope ends before the other record learns nothing of it.
    assert!(FILES_OF.map(|path| get(&app, Role::Medic, path)) == before);
}

fn whoever_was_erased_is_in_no_file(app: TestApp) {
    let one = register(&app, 1, json!({}));
    let two = register(&app, 2, json!({}));
    for donor in [one, two] {
        give(&app, donor, plus_days(app.house.today(), -100), DonationType::WholeBlood, None);
        defer(&app, donor, "TAT", None);
    }
    let path = format!("/api/v1/donors/{one}/erase");
    app.client(Role::Physician).post(&path, &json!({"reason": "donor_asked"})).expect(200);
    for path in FILES_OF {
        let rows = rows(&get(&app, Role::Physician, path));
        assert_eq!((rows.len(), rows[0][0].as_str()), (1, "EX-2"), "{path}");
    }
}

/// Actor, action and detail of the lines about files.
fn noted(app: &TestApp) -> Vec<(Option<i64>, String, Value)> {
    let lines = |conn: &mut Conn| {
        let of = audit_lines::table.filter(audit_lines::action.like("%.exported")).order(audit_lines::id);
        let found: Vec<(Option<i64>, String, String)> =
            of.select((audit_lines::actor, audit_lines::action, audit_lines::detail)).load(conn)?;
        Ok(found)
    };
    let found = app.house.db.read_now(lines).unwrap();
    let read = |how: String| {
        let mut how: Value = serde_json::from_str(&how).unwrap();
        // Which leave it was.
        assert!(how.as_object_mut().unwrap().remove("approval").is_some(), "{how}");
        how
    };
    found.into_iter().map(|(by, what, how)| (by, what, read(how))).collect()
}

fn a_file_is_recorded_before_it_is_given_out(app: TestApp) {
    for n in 0..3 {
        register(&app, n, json!({}));
    }
    get(&app, Role::Bank, FILES_OF[0]);
    get(&app, Role::Medic, &format!("{}?format=xlsx", FILES_OF[1]));
    let by = |role| Some(app.principal(role).user.0);
    let line = |rows, format| json!({"rows": rows, "format": format, "purpose": "handover", "alert": true});
    assert_eq!(
        noted(&app),
        [
            (by(Role::Bank), "donors.exported".into(), line(3, "csv")),
            (by(Role::Medic), "deferrals.exported".into(), line(0, "xlsx")),
        ]
    );
    // A cell that was moved is named, nothing is given out and nothing counted.
    let moved =
        "UPDATE donor_identities SET phone = (SELECT email FROM donor_identities WHERE email IS NOT NULL)";
    let one = register(&app, 5, json!({"email": "a@example.org"}));
    app.house.db.write_now(Lane::System, move |tx| Ok(diesel::sql_query(moved).execute(tx.conn)?)).unwrap();
    permit(&app, Role::Bank, FILES_OF[0]);
    let refused = app.client(Role::Bank).get(FILES_OF[0]);
    assert_eq!(refused.problem(500), "identity_damaged");
    assert_ne!(refused.json()["donor"], json!(one), "the first that does not open");
    assert!(refused.json()["donor"].is_string(), "{}", refused.text);
    assert_eq!(noted(&app).len(), 2);
}

fn b12_one_person_alone_takes_no_register_out(app: TestApp) {
    register(&app, 1, json!({}));
    let roles = [Role::Medic, Role::Bank, Role::Physician];
    for (n, path) in FILES_OF.into_iter().enumerate() {
        for role in roles {
            let alone = |when: &str| {
                let refused = app.client(role).get(path);
                assert_eq!(refused.problem(403), "second_person_required", "{role} {path} {when}");
            };
            alone("nobody was asked");
            let asked = ask(&app, role, path);
            alone("nobody has decided");
            // Whoever asked, and a role that does not decide, approve nothing.
            let code = if role == Role::Medic { "forbidden" } else { "second_person_required" };
            assert_eq!(decide(&app, role, &asked, "approve").problem(403), code, "{role}");
            let approve = format!("/api/v1/approvals/{asked}/approve");
            let maker = app.principal(role).user;
            let made = app.colleague(Role::Physician, &format!("made-{n}-by-{role}"), Some(maker));
            assert_eq!(made.post(&approve, &json!({})).problem(403), "second_person_required");
            let other = if role == Role::Bank { Role::Physician } else { Role::Bank };
            decide(&app, other, &asked, "refuse").expect(200);
            alone("it was refused");
            assert_eq!(decide(&app, other, &asked, "approve").problem(409), "state_conflict");
            // Asked and approved: for a day, as often as it is needed, and no other register, by nobody else.
            permit(&app, role, path);
            let before = noted(&app).len();
            for format in ["csv", "xlsx"] {
                app.client(role).get_file(&format!("{path}?format={format}"));
            }
            assert_eq!(noted(&app).len(), before + 2, "each file is on record");
            let colleague = app.colleague(Role::Physician, &format!("beside-{n}-{role}"), None);
            assert_eq!(colleague.get(path).problem(403), "second_person_required");
            for other in FILES_OF.into_iter().filter(|other| *other != path) {
                let refused = app.client(role).get(other);
                assert_eq!(refused.problem(403), "second_person_required", "{role} {path}, not {other}");
            }
            app.clock.advance(chrono::Duration::hours(23));
            app.client(role).get_file(path);
            app.clock.advance(chrono::Duration::hours(1));
            alone("the day is over");
        }
    }
    // Nobody decides on what was asked a fortnight ago.
    let late = ask(&app, Role::Bank, FILES_OF[0]);
    app.clock.advance(chrono::Duration::days(14));
    assert_eq!(decide(&app, Role::Physician, &late, "approve").problem(409), "state_conflict");
    assert_eq!(app.client(Role::Bank).get(FILES_OF[0]).problem(403), "second_person_required");
}

fn b12_what_was_approved_is_what_goes_out(app: TestApp) {
    register(&app, 1, json!({}));
    let asked = ask(&app, Role::Medic, FILES_OF[0]);
    let path = format!("/api/v1/approvals/{asked}");
    let told = app.client(Role::Bank).get(&path).expect(200);
    let proposal = json!({
        "kind": "export_register", "register": "donors", "purpose": "handover", "units": [app.places.battalion],
    });
    assert_eq!((&told["proposal"], &told["donor"]), (&proposal, &Value::Null));
    assert_eq!(told["reason"], "نقل السجل");
    for role in [Role::Admin, Role::Command, Role::Hospital] {
        let refused = app.client(role).get(&path);
        assert!([403, 404].contains(&refused.status), "{role}: {}", refused.text);
    }
    decide(&app, Role::Bank, &asked, "approve").expect(200);
    app.client(Role::Medic).get_file(FILES_OF[0]);
    // The medic's scope grows: that was not approved.
    let (medic, more) = (app.principal(Role::Medic).user, app.places.other_unit);
    let grow = move |tx: &mut Tx| {
        let row = (user_units::user_id.eq(medic.0), user_units::unit_id.eq(more.0));
        diesel::insert_into(user_units::table).values(row).execute(tx.conn)?;
        Ok(())
    };
    app.house.db.write_now(Lane::System, grow).unwrap();
    assert_eq!(app.client(Role::Medic).get(FILES_OF[0]).problem(403), "second_person_required");
    // A request that was moved to another row, or written over, opens no file.
    let other = ask(&app, Role::Medic, FILES_OF[1]);
    decide(&app, Role::Bank, &other, "approve").expect(200);
    app.client(Role::Medic).get_file(FILES_OF[1]);
    let of_donors = ask(&app, Role::Medic, FILES_OF[0]);
    let moved = "UPDATE approvals SET request = (SELECT request FROM approvals WHERE state = 'open') \
        WHERE state = 'approved'";
    app.house.db.write_now(Lane::System, move |tx| Ok(diesel::sql_query(moved).execute(tx.conn)?)).unwrap();
    for path in FILES_OF {
        assert_eq!(app.client(Role::Medic).get(path).problem(500), "identity_damaged", "{of_donors}");
    }
}

fn each_row_says_who_took_it_out_and_when(app: TestApp) {
    for n in 0..3 {
        let donor = register(&app, n, json!({}));
        defer(&app, donor, "TAT", None);
        give(&app, donor, plus_days(app.house.today(), -100), DonationType::WholeBlood, None);
    }
    for (path, role) in FILES_OF.into_iter().zip([Role::Bank, Role::Medic, Role::Physician]) {
        let mark = format!("{} {}", app.principal(role).user, app.house.db.now().format("%Y-%m-%dT%H:%MZ"));
        let text = String::from_utf8(get(&app, role, path)).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.len() == 4 && lines[0].ends_with(",exported"), "{text}");
        assert!(lines[1..].iter().all(|line| line.ends_with(&format!(",{mark}"))), "{text}");
        let book = get(&app, role, &format!("{path}?format=xlsx"));
        let mut book = zip::ZipArchive::new(std::io::Cursor::new(book)).unwrap();
        let sheet = std::io::read_to_string(book.by_name("xl/worksheets/sheet1.xml").unwrap()).unwrap();
        assert_eq!(sheet.matches(&mark).count(), 3, "{sheet}");
        // Whoever reads the file as a register reads no such column.
        assert!(rows(text.as_bytes()).concat().iter().all(|cell| !cell.contains(&mark)));
        app.clock.advance(chrono::Duration::minutes(7));
    }
}

fn what_nobody_can_ask_for_is_refused(app: TestApp) {
    for path in FILES_OF {
        for role in [Role::Admin, Role::Command, Role::Hospital] {
            assert_eq!(app.client(role).get(path).problem(403), "forbidden", "{role} {path}");
        }
        for query in ["?format=pdf", "?format=", "?colour=red", "?limit=5"] {
            let refused = app.client(Role::Bank).get(&format!("{path}{query}"));
            assert!((400..500).contains(&refused.status), "{path}{query}: {}", refused.text);
        }
    }
    let held: Vec<_> = (0..FILES).map(|_| app.house.room_for_a_file().unwrap()).collect();
    let refused = app.client(Role::Bank).get(FILES_OF[0]);
    assert_eq!(refused.problem(503), "busy");
    assert!(refused.headers.contains_key("retry-after"));
    drop(held);
    permit(&app, Role::Bank, FILES_OF[0]);
    // The room is free again once a file was sent.
    for _ in 0..2 * FILES {
        app.client(Role::Bank).get_file(FILES_OF[0]);
    }
    assert!(noted(&app).len() == 2 * FILES);
}

fn b12_the_command_line_asks_a_named_person(app: TestApp) {
    let donor = register(&app, 1, json!({}));
    give(&app, donor, plus_days(app.house.today(), -100), DonationType::WholeBlood, None);
    let home = tempfile::tempdir().unwrap();
    // As in `TestApp`.
    let key = home.path().join("root.key");
    shiryan::vault::private_file(&key, "09".repeat(32).as_bytes()).unwrap();
    let url = named(app.house.db.target());
    // On the command line the clock is the machine's; whoever takes a register out needs a code there too.
    let (stood, now) = (app.house.db.now(), SystemClock.now());
    app.clock.set(now - chrono::Duration::hours(1));
    let devices = ["bank", "medic"]
        .map(|name| (name, device::enrol(&app.anonymous(), &credentials(name), app.house.db.now()).0));
    let of_donations = FILES_OF[2];
    let leave = || {
        for role in [Role::Bank, Role::Medic] {
            permit(&app, role, of_donations);
        }
    };
    app.clock.set(stood);
    let run = |user: &str, password: &str, more: &[&str]| {
        let device = devices.iter().find(|(name, _)| *name == user);
        let code = device.map(|(_, device)| device.code(SystemClock.now())).unwrap_or_default();
        let mut command = shiryan(home.path(), &["export", "donations", "--user", user, "--database", &url]);
        let command = command.args(more).env("SHIRYAN__KEYS__FILE", &key);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        std::io::Write::write_all(
            &mut child.stdin.take().unwrap(),
            format!("{password}\n{code}\n").as_bytes(),
        )
        .ok();
        let done = child.wait_with_output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8(said).unwrap())
    };
    let csv = ["--out", "given.csv"];
    for (user, password, more, part) in [
        ("bank", "five olive trees", &csv[..], "wrong name or password"),
        ("admin", PASSWORD, &csv[..], "may not"),
        ("hospital", PASSWORD, &csv[..], "may not"),
        ("bank", PASSWORD, &["--out", "none/given.csv"][..], "none/given.csv"),
        ("bank", PASSWORD, &["--out", "given.pdf", "--format", "pdf"][..], "pdf"),
    ] {
        let (done, said) = run(user, password, more);
        assert!(!done && said.contains(part), "{user} {more:?}: {said}");
    }
    assert_eq!(noted(&app).len(), 0);
    let (done, said) = run("bank", PASSWORD, &csv);
    assert!(!done && said.contains("nobody else has approved"), "{said}");
    app.clock.set(now - chrono::Duration::hours(1));
    leave();
    app.clock.set(stood);
    let (done, said) = run("bank", PASSWORD, &csv);
    assert!(done && said.contains("1 rows"), "{said}");
    let out = home.path().join("given.csv");
    assert_eq!(out.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(rows(&std::fs::read(&out).unwrap()), rows(&get(&app, Role::Bank, FILES_OF[2])));
    let (done, said) = run("bank", PASSWORD, &csv);
    assert!(!done && said.contains("--replace"), "{said}");
    let (done, said) = run("medic", PASSWORD, &["--out", "given.csv", "--replace", "--format", "xlsx"]);
    assert!(done, "{said}");
    assert_eq!(rows(&std::fs::read(&out).unwrap()).len(), 1);
    let by: Vec<_> = noted(&app).into_iter().map(|(by, ..)| by).collect();
    assert_eq!(by, [Role::Bank, Role::Bank, Role::Medic].map(|role| Some(app.principal(role).user.0)));
    let mut left: Vec<_> = home.path().read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["given.csv", "root.key"]);
}
