//! B8 as it is lived: the program itself serves, people go every way that a person's data can go, and then
//! nothing of it stands in clear in the database, beside it, in the log or in the figures.

use std::cell::RefCell;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use serde_json::{Value, json};
use shiryan::db::{Conn, Db, Size, Target};
use shiryan_kernel::text::name_key;
use shiryan_kernel::time::{Clock, SystemClock, Zone};

use super::cli::{Served, shiryan, url};
use super::support::app::{Client, Reply};
use super::support::databases::Empty;
use super::support::device;
use super::support::shelf;
use super::support::smtp::{Answer, CERTIFICATE, MailServer, Step};

both!(b8_nothing_of_a_person_stands_in_clear_after_every_journey);

/// What a person is entered with, and what each part is amended to: no part comes in any other text.
const ENTERED: [(&str, &str); 12] = [
    ("first_name", "زبرجد"),
    ("father_name", "قنبيط"),
    ("grandfather_name", "ضرغام"),
    ("family_name", "الغضنفر"),
    ("latin_first_name", "Zabarjadix"),
    ("latin_family_name", "Ghadanfaroq"),
    ("birth_date", "1987-10-19"),
    ("national_id", "400123451"),
    ("service_number", "QX-774190"),
    ("phone", "0599741852"),
    ("email", "zq.canary@qanbit.example"),
    ("place", "حارة الزبرجد السابعة"),
];
const AMENDED: [(&str, &str); 12] = [
    ("first_name", "مسطرين"),
    ("father_name", "شقشوق"),
    ("grandfather_name", "بلعوط"),
    ("family_name", "الدحنون"),
    ("latin_first_name", "Mastarinox"),
    ("latin_family_name", "Dahnunovic"),
    ("birth_date", "1988-11-23"),
    ("national_id", "400123469"),
    ("service_number", "QX-885201"),
    ("phone", "0569852963"),
    ("email", "mq.canary@dahnun.example"),
    ("place", "طريق الدحنون التاسعة"),
];
/// What is typed by mistake and refused, and where it is typed.
const REFUSED: [(&str, &str); 4] = [
    ("first_name", "خطأكناري9"),
    ("phone", "05-canary-77"),
    ("national_id", "canary-12"),
    ("email", "canary-at"),
];
const SAMPLE: &str = "TUBE-CANARY-31";
const NOTES: [&str; 2] = ["كناري في سبب التصحيح", "كناري في سبب الطلب"];
const CAUSES: [&str; 2] = ["P-HIV", "P-CVD"];
const PATIENT: &str = "PT-CANARY-88";
const STOPPED: &str = "كناري في سبب الإيقاف";
const FOR_PATIENT: &str = "كناري في ملاحظات الطلب";
const ASKED: &str = "كناري-في-المسار";

/// Every way in which a text could be written down.
fn spellings(text: &str) -> Vec<String> {
    let mut escaped = String::new();
    for unit in text.encode_utf16() {
        let _ = write!(escaped, "\\u{unit:04x}");
    }
    let percent = text.bytes().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "%{byte:02x}");
        out
    });
    let mut all = vec![text.to_lowercase(), percent];
    if !text.is_ascii() {
        all.extend([escaped, name_key(text)]);
    }
    all
}

fn every_canary() -> Vec<(String, Vec<String>)> {
    let told = ENTERED.iter().chain(&AMENDED).chain(&REFUSED).map(|(_, text)| *text);
    let others = NOTES.iter().chain(&CAUSES).copied().chain([SAMPLE, PATIENT, STOPPED, FOR_PATIENT, ASKED]);
    // Numbers as they are kept, too.
    let kept = ["599741852", "569852963"];
    told.chain(others).chain(kept).map(|text| (text.to_owned(), spellings(text))).collect()
}

fn found(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let stands = |spellings: &Vec<String>| spellings.iter().any(|spelling| text.contains(spelling.as_str()));
    every_canary().into_iter().filter(|(_, spellings)| stands(spellings)).map(|(text, _)| text).collect()
}

fn with(fields: &[(&str, &str)], others: Value) -> Value {
    let mut body = others;
    for (field, value) in fields {
        body[*field] = json!(value);
    }
    body
}

/// A person at the service: what it answers is kept, unless the answer is the identity itself.
struct Person<'a> {
    client: Client,
    answers: &'a RefCell<String>,
}

impl Person<'_> {
    fn keep(&self, reply: Reply) -> Reply {
        self.answers.borrow_mut().push_str(&reply.text);
        reply
    }

    fn post(&self, path: &str, body: &Value) -> Reply {
        self.keep(self.client.post(&format!("/api/v1{path}"), body))
    }

    fn get(&self, path: &str) -> Reply {
        self.keep(self.client.get(&format!("/api/v1{path}")))
    }
}

const PASSWORD: &str = "seven grey herons";

fn sign_in(base: &str, username: &str, first: &str) -> Client {
    let body = json!({"username": username, "password": first, "new_password": PASSWORD});
    let anyone = Client::to(base.to_owned());
    let reply = anyone.post("/api/v1/sessions", &body);
    let granted = match reply.status {
        403 => device::enrol(&anyone, &body, SystemClock.now()).1,
        _ => reply.expect(201),
    };
    Client::to(base.to_owned()).holding(granted["access_token"].as_str().unwrap())
}

fn made(reply: Reply, status: u16) -> String {
    reply.expect(status)["id"].as_str().unwrap().to_owned()
}

fn b8_nothing_of_a_person_stands_in_clear_after_every_journey(at: Empty) {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let url = url(&at);
    let mut command =
        shiryan(home.path(), &["serve", "--migrate", "--listen", "127.0.0.1:0", "--database", &url]);
    command.env("SHIRYAN__LOG__LEVEL", "trace").env("SHIRYAN__METRICS__LISTEN", "127.0.0.1:0");
    let server = mail_server();
    letters_to(&mut command, &server);
    command.stderr(File::create(&log).unwrap());
    let mut served = Served::run(command);
    let password = served.line("one-time password").rsplit(' ').next().unwrap().to_owned();
    let base = served.line("Pages:").trim_start_matches("Pages: ").trim_end_matches('/').to_owned();

    let answers = RefCell::new(String::new());
    journeys(&base, &password, &answers, &server);
    import(home.path(), &url);
    let figures = Client::to(figures_at(&log)).get("/metrics");
    assert!(figures.text.contains("# TYPE"), "{figures:?}");
    assert!(figures.text.contains("shiryan_messages_tried_total{outcome=\"refused\"} 1"), "{figures:?}");

    let mut written =
        vec![("answers", answers.into_inner().into_bytes()), ("figures", figures.text.into_bytes())];
    // While it runs: the write-ahead log is there.
    written.push(("database", database(&at.target)));
    served.stop();
    written.push(("database after the end", database(&at.target)));
    let said = fs::read(&log).unwrap();
    assert!(said.len() > 10_000, "the log was told to say everything");
    written.push(("log", said));
    written.push(("beside it", files(&home.path().join("shiryan-data"))));
    for (place, bytes) in &written {
        assert_eq!(found(bytes), Vec::<String>::new(), "in the {place}");
    }
    // The search finds what is there, however it is written.
    for text in ["x زبرجد y", "%D8%B2%D8%A8%D8%B1%D8%AC%D8%AF", "\\u0632\\u0628\\u0631\\u062c\\u062f"] {
        assert_eq!(found(text.as_bytes()), ["زبرجد"], "{text}");
    }
    assert_eq!(found(b"zabarjadix QX-774190"), ["Zabarjadix", "QX-774190"]);
}

/// Every way that a person's data can go, by those who may.
fn journeys(base: &str, password: &str, answers: &RefCell<String>, server: &MailServer) {
    let person = |client: Client| Person { client, answers };
    let admin = person(sign_in(base, "admin", password));
    let unit = json!({"code": "B1", "name_ar": "وحدة", "name_en": "B1", "governorate": "PS-RBH"});
    let unit = made(admin.post("/units", &unit), 201);
    let bank = json!({
        "code": "BB1", "kind": "blood_bank", "name_ar": "مرفق", "name_en": "BB1", "governorate": "PS-RBH",
    });
    let facility = made(admin.post("/facilities", &bank), 201);
    let user = |name: &str, others: Value| {
        let body = with(&[("username", name), ("password", "first grey heron"), ("role", name)], others);
        admin.post("/users", &body).expect(201);
        person(sign_in(base, name, "first grey heron"))
    };
    let asks = json!({
        "code": "H1", "kind": "hospital", "name_ar": "مستشفى", "name_en": "H1", "governorate": "PS-RBH",
    });
    let hospital = user("hospital", json!({"facility": made(admin.post("/facilities", &asks), 201)}));
    let medic = user("medic", json!({"units": [unit]}));
    let bank = user("bank", json!({"facility": facility}));
    let physician = user("physician", json!({}));
    let now = SystemClock.now();
    let today = Zone::default().date(now);

    let register = with(
        &ENTERED,
        json!({
            "sex": "male", "unit": unit, "governorate": "PS-RBH", "weight_kg": 80, "height_cm": 180,
            "kind": "voluntary", "language": "ar", "may_call": true, "may_email": true,
        }),
    );
    for field in REFUSED {
        medic.post("/donors", &with(&[field], register.clone())).expect(422);
    }
    let id = made(medic.post("/donors", &register), 201);
    let donor = format!("/donors/{id}");
    medic.post("/donors", &register).expect(409);
    medic.post("/donors", &json!(ENTERED[0].1)).expect(400);
    let amend = |person: &Person<'_>, version: i64, body: &Value| {
        person.keep(person.client.patch(&format!("/api/v1{donor}"), version, body))
    };
    for field in REFUSED {
        amend(&medic, 1, &with(&[field], json!({}))).expect(422);
    }
    let open = |person: &Person<'_>, verb: &str, purpose: &str| {
        let body = json!({"purpose": purpose});
        // The one answer that shall hold the identity.
        person.client.post(&format!("/api/v1{donor}/{verb}"), &body).expect(200)
    };
    assert_eq!(open(&medic, "identity", "check_in")["first_name"], ENTERED[0].1);
    amend(&bank, 1, &with(&AMENDED, json!({}))).expect(200);
    assert_eq!(open(&bank, "identity", "correction")["place"], AMENDED[11].1);
    amend(&medic, 1, &with(&ENTERED, json!({}))).expect(412);

    for terms in [
        json!({"name": AMENDED[0].1}),
        json!({"national_id": AMENDED[7].1}),
        json!({"service_number": AMENDED[8].1}),
        json!({"phone": AMENDED[9].1}),
        json!({"email": AMENDED[10].1}),
        json!({"name": ENTERED[0].1}),
    ] {
        let reply = medic.post("/donors/search", &terms);
        assert!([200, 503].contains(&reply.status), "{}", reply.text);
    }
    medic.get(&format!("/donors?status={ASKED}"));
    medic.get(&format!("/donors/{ASKED}"));
    medic.get(&donor).expect(200);

    letters(&medic, &id, &unit, now + chrono::Duration::days(5), server);
    let typing = |person: &Person<'_>, group: &str, sample: &str| {
        let body = json!({"blood_group": group, "sample": sample, "typed_on": "2026-01-05"});
        made(person.post(&format!("{donor}/typings"), &body), 201)
    };
    typing(&bank, "o_pos", SAMPLE);
    let wrong = typing(&physician, "b_pos", "S2");
    let resolve = json!({"wrong": [wrong], "reason": NOTES[0]});
    physician.post(&format!("{donor}/typings/resolve"), &resolve).expect(200);
    let titre = json!({"anti_a": 64, "anti_b": 32, "method": "gel_card", "measured_on": today});
    bank.post(&format!("{donor}/titres"), &titre).expect(201);
    let consent = json!({"kind": "emergency_panel", "given": true, "on": today, "way": "spoken"});
    medic.post(&format!("{donor}/consents"), &consent).expect(201);

    let donation = json!({
        "donor": id, "din": shelf::din(7), "donation_type": "whole_blood", "volume_ml": 450,
        "collected_at": now,
    });
    bank.post("/donations", &donation).expect(201);
    for code in CAUSES {
        // The physician alone reads these back, so those answers are not kept.
        let body = json!({"code": code, "base": "2026-01-02"});
        medic.post(&format!("{donor}/deferrals"), &body).expect(201);
    }
    let own = physician.client.get(&format!("/api/v1{donor}/deferrals")).expect(200);
    let deferral = own["items"][0]["id"].as_str().unwrap();
    medic.get(&format!("{donor}/deferrals")).expect(200);
    medic.get(&format!("{donor}/eligibility")).expect(200);
    physician.post(&format!("/deferrals/{deferral}/withdraw"), &json!({"reason": NOTES[1]})).expect(202);

    blood(&bank, &hospital, today);
    // A file with every name is the one answer of its kind that is not kept.
    for file in ["donors", "deferrals", "donations"] {
        let form = json!({"register": file, "purpose": "handover", "reason": NOTES[1]});
        let asked = physician.client.post("/api/v1/exports", &form).expect(202);
        let path = format!("/approvals/{}/approve", asked["approval"].as_str().unwrap());
        bank.post(&path, &json!({})).expect(200);
        for format in ["csv", "xlsx"] {
            let (_, bytes) = physician.client.get_file(&format!("/api/v1/{file}/export?format={format}"));
            assert!(file != "donors" || format == "xlsx" || !found(&bytes).is_empty());
        }
    }

    medic.post(&format!("{donor}/pause"), &json!({})).expect(200);
    medic.post(&format!("{donor}/resume"), &json!({})).expect(200);
    physician.post(&format!("{donor}/erase"), &json!({"reason": "donor_asked"})).expect(200);
    assert_eq!(open(&physician, "trace", "look_back")["family_name"], AMENDED[3].1);
    let again = with(&AMENDED, register);
    made(bank.post("/donors", &again), 201);
}

/// A unit that is stopped for a reason in words, and a request for a patient. Those who may read both back do so, and
/// those answers are not kept.
fn blood(bank: &Person<'_>, hospital: &Person<'_>, today: NaiveDate) {
    let label = json!({
        "din": shelf::din(8), "component": "red_cells", "blood_group": "o_pos", "volume_ml": 280,
        "collected_on": today, "expires_on": today + chrono::Days::new(20),
    });
    let bag = made(bank.post("/stock/units", &label), 201);
    let why = json!({"reason": "other", "note": STOPPED});
    bank.post(&format!("/stock/units/{bag}/block"), &why).expect(200);
    let trace = bank.client.get(&format!("/api/v1/stock/units/{bag}")).expect(200);
    assert_eq!(trace["movements"][1]["note"], STOPPED);
    let form = json!({
        "patient": PATIENT, "component": "red_cells", "units": 1, "urgency": "urgent", "notes": FOR_PATIENT,
    });
    let request = made(hospital.post("/requests", &form), 201);
    let opened = hospital.client.get(&format!("/api/v1/requests/{request}")).expect(200);
    assert_eq!((&opened["patient"], &opened["notes"]), (&json!(PATIENT), &json!(FOR_PATIENT)));
    bank.get("/requests").expect(200);
    bank.post(&format!("/requests/{request}/accept"), &json!({})).expect(200);
    bank.get(&format!("/requests/{request}/candidates")).expect(200);
    hospital.post(&format!("/requests/{request}/cancel"), &json!({})).expect(200);
}

/// A server that repeats whom it does not know, once, and then takes what comes.
fn mail_server() -> MailServer {
    MailServer::start(|step| match step {
        Step::Rcpt(_, 0) => Answer::Say("550 5.1.1 <mq.canary@dahnun.example> Dahnunovic is not here"),
        _ => Answer::Take,
    })
}

/// Nobody is quiet now.
fn letters_to(command: &mut Command, server: &MailServer) {
    let later = |minutes| {
        let at = SystemClock.now().with_timezone(&Zone::default().0) + chrono::Duration::minutes(minutes);
        at.format("%H:%M").to_string()
    };
    for (name, value) in [
        ("TRANSPORT", "smtp"),
        ("FROM", "appointments@force.example"),
        ("HOST", "localhost"),
        ("PORT", &server.address.port().to_string()),
        ("CA", CERTIFICATE),
        ("QUIET_FROM", &later(720)),
        ("QUIET_UNTIL", &later(721)),
    ] {
        command.env(format!("SHIRYAN__MAIL__{name}"), value);
    }
}

/// Two drives that are called off: a letter that is refused, and one that is taken.
fn letters(medic: &Person<'_>, donor: &str, unit: &str, at: DateTime<Utc>, server: &MailServer) {
    for tries in 1..=2 {
        let form = json!({
            "place": "ساحة", "governorate": "PS-RBH", "date": Zone::default().date(at), "from": "09:00", "to": "10:00",
            "slot_minutes": 30, "beds": 1, "unit": unit,
        });
        let drive = made(medic.post("/drives", &form), 201);
        made(medic.post(&format!("/drives/{drive}/appointments"), &json!({"donor": donor})), 201);
        medic.post(&format!("/drives/{drive}/cancel"), &json!({})).expect(200);
        let begun = Instant::now();
        let tried = || server.came().commands.iter().filter(|line| line.starts_with("RCPT")).count();
        while tried() < tries || (tries == 2 && server.came().letters.is_empty()) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", server.came().commands);
            std::thread::sleep(Duration::from_millis(20));
        }
        medic.get(&format!("/drives/{drive}/messages")).expect(200);
    }
    // All that the letter says of the person is where it goes.
    assert_eq!(found(&server.came().letters[0]), [AMENDED[10].1]);
}

/// A register with the person in it, through the command.
fn import(home: &Path, url: &str) {
    let file = home.join("register.csv");
    let header = "service_number,national_id,first_name,father_name,grandfather_name,family_name,sex,birth_date,\
        blood_group,unit,governorate,phone,email,weight_kg,height_cm,last_donation_date,last_donation_type,\
        donations_last_12_months\n";
    let value = |field: &str| ENTERED.iter().find(|(name, _)| *name == field).unwrap().1;
    let fields =
        ["service_number", "national_id", "first_name", "father_name", "grandfather_name", "family_name"]
            .map(value);
    let row = format!(
        "{},male,{},o_pos,B1,PS-RBH,{},{},80,180,,,\n",
        fields.join(","),
        value("birth_date"),
        value("phone"),
        value("email")
    );
    fs::write(&file, format!("{header}{row}")).unwrap();
    let arguments = ["import", "donors", "--accept-key-on-disk", "--database", url, file.to_str().unwrap()];
    let mut command = shiryan(home, &arguments);
    let said = command.env("SHIRYAN__LOG__LEVEL", "trace").output().unwrap();
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    for bytes in [&said.stdout, &said.stderr] {
        assert_eq!(found(bytes), Vec::<String>::new());
    }
}

pub(super) fn figures_at(log: &Path) -> String {
    let said = fs::read_to_string(log).unwrap();
    let line = said.lines().find(|line| line.contains("figures")).expect("the figures are told of");
    let at = line.split("at=").nth(1).unwrap().split_whitespace().next().unwrap();
    format!("http://{at}")
}

/// The database's own files; on PostgreSQL, whose files are not ours to read, every cell of every table.
fn database(target: &Target) -> Vec<u8> {
    match target {
        Target::Sqlite(path) => {
            let bytes = files(path.parent().unwrap());
            assert!(bytes.len() > 100_000, "the database is there");
            bytes
        }
        Target::Postgres(_) => {
            let db = Db::open(target, Size(1), std::sync::Arc::new(SystemClock)).unwrap();
            db.read_now(|conn| Ok(every_cell(conn))).unwrap()
        }
    }
}

fn files(dir: &Path) -> Vec<u8> {
    let Ok(entries) = fs::read_dir(dir) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths
        .flat_map(|path| if path.is_dir() { files(&path) } else { fs::read(path).unwrap_or_default() })
        .collect()
}

#[derive(diesel::QueryableByName)]
struct Text {
    #[diesel(sql_type = diesel::sql_types::Text)]
    text: String,
}

/// Binary cells as the letters that they would spell.
fn every_cell(conn: &mut Conn) -> Vec<u8> {
    let tables = "SELECT table_name::text AS text FROM information_schema.tables \
        WHERE table_schema = current_schema()";
    let tables: Vec<Text> = diesel::sql_query(tables).load(conn).unwrap();
    assert!(tables.len() > 20);
    let mut all = Vec::new();
    for Text { text: table } in tables {
        let rows: Vec<Text> =
            diesel::sql_query(format!("SELECT t::text AS text FROM \"{table}\" t")).load(conn).unwrap();
        for Text { text } in rows {
            all.extend_from_slice(text.as_bytes());
            all.push(b'\n');
            for hexadecimal in text.split("\\x").skip(1) {
                let digits: String = hexadecimal.chars().take_while(char::is_ascii_hexdigit).collect();
                all.extend(shiryan::vault::unhex(&digits).unwrap_or_default());
            }
        }
    }
    all
}
