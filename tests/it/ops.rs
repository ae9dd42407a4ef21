//! What an operator runs and reads: `doctor`, completions, manual pages, figures, and documents that name what is there.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::process::Output;

use diesel::prelude::*;
use serde_json::json;
use shiryan::db::tables::audit_lines;
use shiryan::db::{Db, Lane, Size, Target, meta};
use shiryan_kernel::time::{Clock, SystemClock};

use super::canaries::figures_at;
use super::cli::{Served, shiryan, url};
use crate::support::app::Client;
use crate::support::databases::Empty;
use crate::support::device;

both!(the_doctor_says_what_is_wrong_and_changes_nothing, figures_have_labels_from_closed_lists);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn the_doctor_says_what_is_wrong_and_changes_nothing(at: Empty) {
    let home = tempfile::tempdir().unwrap();
    let url = url(&at);
    let ask = |more: &[(&str, &str)]| {
        let mut command = shiryan(home.path(), &["doctor", "--database", &url]);
        for (name, value) in more {
            command.env(name, value);
        }
        let Output { status, stdout, stderr } = command.output().unwrap();
        (status.success(), String::from_utf8(stdout).unwrap() + &String::from_utf8(stderr).unwrap())
    };
    let (good, said) = ask(&[]);
    assert!(!good && said.contains("bad   database: "), "{said}");
    assert!(!home.path().join("shiryan-data.keys").exists(), "it makes nothing");

    let mut migrate = shiryan(home.path(), &["migrate", "--database", &url]);
    assert!(migrate.status().unwrap().success());
    let mut served = Served::start(home.path(), &url);
    served.line("Pages:");
    served.stop();
    let (good, said) = ask(&[]);
    assert!(good, "{said}");
    for part in [
        "ok    database: ",
        "ok    clock: ",
        "ok    roster: ",
        "ok    record's chain: whole",
        "look  mail: ",
        "look  rules: ",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let beside = said.contains("look  key: key_on_same_disk");
    assert_eq!(beside, matches!(at.target, Target::Sqlite(_)), "{said}");
    let (good, said) = ask(&[("SHIRYAN__SERVER__WORKERS", "many")]);
    assert!(!good && said.contains("bad   configuration: ") && said.contains("server.workers"), "{said}");
    // Nobody listens there.
    let dead = [
        ("SHIRYAN__MAIL__TRANSPORT", "smtp"),
        ("SHIRYAN__MAIL__HOST", "127.0.0.1"),
        ("SHIRYAN__MAIL__PORT", "1"),
        ("SHIRYAN__MAIL__TLS", "none"),
        ("SHIRYAN__MAIL__FROM", "a@force.example"),
    ];
    let (good, said) = ask(&dead);
    assert!(!good && said.contains("bad   mail: 127.0.0.1:1"), "{said}");

    let db = Db::open(&at.target, Size(2), std::sync::Arc::new(SystemClock)).unwrap();
    let later = (db.now() + chrono::Duration::hours(1)).to_rfc3339();
    db.write_now(Lane::System, move |tx| meta::put(tx.conn, "pulse", &later)).unwrap();
    let (good, said) = ask(&[]);
    assert!(!good && said.contains("bad   clock: ") && said.contains("set the clock"), "{said}");
    db.write_now(Lane::System, |tx| {
        meta::remove(tx.conn, "pulse")?;
        let of = diesel::update(audit_lines::table);
        Ok(of.set(audit_lines::action.eq("accounts.nothing")).execute(tx.conn)?)
    })
    .unwrap();
    let (good, said) = ask(&[]);
    assert!(!good && said.contains("bad   record's chain: broken at link 1"), "{said}");
}

fn figures_have_labels_from_closed_lists(at: Empty) {
    let home = tempfile::tempdir().unwrap();
    let log = home.path().join("log");
    let arguments = ["serve", "--migrate", "--listen", "127.0.0.1:0", "--database", &url(&at)];
    let mut command = shiryan(home.path(), &arguments);
    command.env("SHIRYAN__METRICS__LISTEN", "127.0.0.1:0").stderr(File::create(&log).unwrap());
    let mut served = Served::run(command);
    let base = served.line("Pages:").trim_start_matches("Pages: ").trim_end_matches('/').to_owned();
    let anyone = Client::to(base);
    for path in ["/", "/readyz", "/api/v1/donors/0123456789ABC", "/secret/path?of=mine"] {
        anyone.get(path);
    }
    let started = std::time::Instant::now();
    let text = loop {
        let text = Client::to(figures_at(&log)).get("/metrics").text;
        if text.contains("shiryan_ready 1") && text.contains("shiryan_http_requests_total{") {
            break text;
        }
        assert!(started.elapsed().as_secs() < 60, "{text}");
        std::thread::sleep(std::time::Duration::from_millis(200));
    };
    let patterns: BTreeSet<String> = {
        let described: serde_json::Value =
            serde_json::from_str(&shiryan::app::description().to_json().unwrap()).unwrap();
        described["paths"].as_object().unwrap().keys().cloned().collect()
    };
    let pages = ["/", "/readyz", "/healthz", "unmatched"];
    let known = names_in_source();
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(known.contains(stem(name)), "{name} is not among {known:?}");
        let Some((_, rest)) = line.split_once('{') else { continue };
        for label in rest.rsplit_once('}').unwrap().0.split("\",") {
            let (key, value) = label.split_once("=\"").unwrap();
            let value = value.trim_end_matches('"');
            let is_known = match key {
                "route" => pages.contains(&value) || patterns.contains(value),
                "method" => ["GET", "HEAD", "POST", "PATCH", "DELETE"].contains(&value),
                "status" => ["1xx", "2xx", "3xx", "4xx", "5xx"].contains(&value),
                "level" => ["green", "watch", "amber", "red", "black", "unknown"].contains(&value),
                "state" => ["idle", "in_use"].contains(&value),
                "le" => value == "+Inf" || value.parse::<f64>().is_ok(),
                _ => false,
            };
            assert!(is_known, "{key}={value} in {line}");
        }
    }
    assert!(!text.contains("secret") && !text.contains("0123456789ABC"));
    served.stop();
}

/// Without what a histogram adds.
fn stem(name: &str) -> &str {
    ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name)
}

/// Every figure that the program's source names.
fn names_in_source() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut dirs = vec![root().join("src")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                dirs.push(entry.path());
            } else if entry.path().extension().is_some_and(|end| end == "rs") {
                let text = fs::read_to_string(entry.path()).unwrap();
                let words = text.split('"').skip(1);
                found.extend(
                    words
                        .filter(|word| word.starts_with("shiryan_") && word.len() < 60)
                        .filter(|word| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
                        .map(ToOwned::to_owned),
                );
            }
        }
    }
    found
}

#[test]
fn dashboards_and_rules_name_figures_that_are_there() {
    let known = names_in_source();
    assert!(known.len() >= 8, "{known:?}");
    let mut used = BTreeSet::new();
    for file in ["docs/ops/dashboard.json", "docs/ops/alerts.yml", "docs/operating.md"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for word in text.split(|one: char| !(one.is_ascii_lowercase() || one == '_')) {
            if word.starts_with("shiryan_") {
                assert!(known.contains(stem(word)), "{file} names {word}");
                used.insert(stem(word).to_owned());
            }
        }
    }
    let untold: Vec<_> = known.iter().filter(|name| !used.contains(*name)).collect();
    // Labels of keys and names of schemas are no figures.
    assert!(untold.iter().all(|name| !name.ends_with("_total") && !name.ends_with("_seconds")), "{untold:?}");
    let dashboard = fs::read_to_string(root().join("docs/ops/dashboard.json")).unwrap();
    serde_json::from_str::<serde_json::Value>(&dashboard).unwrap();
}

#[test]
fn each_threat_names_tests_that_are_there() {
    let mut source = String::new();
    let mut dirs = vec![root().join("src"), root().join("tests")];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                dirs.push(entry.path());
            } else if entry.path().extension().is_some_and(|end| end == "rs") {
                source += &fs::read_to_string(entry.path()).unwrap();
            }
        }
    }
    let text = fs::read_to_string(root().join("docs/threats.md")).unwrap();
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| ") && line.contains('`')).collect();
    assert!(rows.len() >= 20);
    for row in rows {
        let last = row.trim_end_matches('|').rsplit('|').next().unwrap();
        let tests: Vec<&str> = last.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "{row}");
        for test in tests {
            assert!(source.contains(&format!("fn {test}(")), "docs/threats.md names {test}");
        }
    }
}

#[test]
fn shells_and_readers_are_told_every_command() {
    let home = tempfile::tempdir().unwrap();
    let say = |arguments: &[&str]| {
        let done = shiryan(home.path(), arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    };
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = say(&["completions", shell]);
        assert!(script.contains("shiryan") && script.contains("doctor"), "{shell}");
    }
    assert!(say(&["man"]).contains(".TH shiryan"));
    say(&["man", "pages"]);
    for page in ["shiryan.1", "shiryan-serve.1", "shiryan-audit-verify.1", "shiryan-doctor.1"] {
        assert!(home.path().join("pages").join(page).exists(), "{page}");
    }
}

/// A collector that takes what is sent to it: the first line of each request and its body.
fn collector() -> (std::net::SocketAddr, std::sync::mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (told, heard) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = std::io::BufReader::new(stream.unwrap());
            let (mut first, mut length) = (String::new(), 0);
            loop {
                let mut line = String::new();
                std::io::BufRead::read_line(&mut stream, &mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                match line.as_str() {
                    "\r\n" => break,
                    _ if first.is_empty() => first = line,
                    _ => {}
                }
            }
            let mut body = vec![0; length];
            std::io::Read::read_exact(&mut stream, &mut body).unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            std::io::Write::write_all(stream.get_mut(), answer.as_bytes()).unwrap();
            if told.send((first, body)).is_err() {
                return;
            }
        }
    });
    (at, heard)
}

#[test]
fn a_collector_is_told_what_each_request_took_and_of_nobody() {
    let home = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", home.path().join("s.db").display());
    let (at, heard) = collector();
    let mut command = shiryan(home.path(), &["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    // However little the log says.
    command.env("SHIRYAN__LOG__TRACES", format!("http://{at}/")).env("SHIRYAN__LOG__LEVEL", "error");
    command.stderr(std::process::Stdio::null());
    let mut served = Served::run(command);
    let address = served.line("Pages:").trim_start_matches("Pages: ").trim_end_matches('/').to_owned();
    assert_eq!(Client::to(address).get("/api/v1/donors/990000001234?secret=word").status, 401);
    served.stop();
    let (first, body) = heard.recv_timeout(std::time::Duration::from_secs(10)).unwrap();
    assert!(first.starts_with("POST /v1/traces "), "{first}");
    let holds = |part: &str| body.windows(part.len()).any(|own| own == part.as_bytes());
    for part in ["shiryan", "request", "/api/v1/donors/{id}", "request_id", "GET", env!("CARGO_PKG_VERSION")]
    {
        assert!(holds(part), "{part}: {}", String::from_utf8_lossy(&body));
    }
    for part in ["990000001234", "secret", "src/", home.path().to_str().unwrap()] {
        assert!(!holds(part), "{part}: {}", String::from_utf8_lossy(&body));
    }
}

#[test]
fn a_collector_elsewhere_is_refused() {
    let home = tempfile::tempdir().unwrap();
    for wrong in
        ["http://10.0.0.9:4318", "https://collector.example", "collector", "http://127.0.0.1@evil.example"]
    {
        let mut command = shiryan(home.path(), &["serve", "--listen", "127.0.0.1:0"]);
        let said = command.env("SHIRYAN__LOG__TRACES", wrong).output().unwrap();
        let text = String::from_utf8(said.stderr).unwrap();
        assert!(!said.status.success() && text.contains("log.traces") && text.contains("loopback"), "{text}");
    }
}

#[test]
fn b16_a_crash_leaves_no_image_of_the_memory() {
    let home = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", home.path().join("s.db").display());
    let mut served = Served::start(home.path(), &url);
    served.line("Pages:");
    let limits = served.limits();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    served.stop();
}

/// The program's log at its most talkative, and a base to ask.
fn talkative(home: &Path, more: &[(&str, &str)]) -> (Served, String, String, std::path::PathBuf) {
    let url = format!("sqlite://{}", home.join("s.db").display());
    let mut command = shiryan(home, &["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    command.env("SHIRYAN__LOG__LEVEL", "trace");
    for (name, value) in more {
        command.env(name, value);
    }
    let log = home.join("log");
    command.stderr(File::create(&log).unwrap());
    let mut served = Served::run(command);
    let first = served.line("one-time password");
    let password = first.rsplit(' ').next().unwrap().to_owned();
    let base = served.line("Pages:").trim_start_matches("Pages: ").trim_end_matches('/').to_owned();
    (served, base, password, log)
}

#[test]
fn no_secret_is_in_the_log() {
    let home = tempfile::tempdir().unwrap();
    let (served, base, first, log) = talkative(home.path(), &[]);
    let anyone = Client::to(base);
    let wrong = json!({"username": "admin", "password": "the wrong canary 17"});
    assert_eq!(anyone.post("/api/v1/sessions", &wrong).status, 401);
    let right = json!({"username": "admin", "password": &first, "new_password": "the new canary 29"});
    let (device, granted) = device::enrol(&anyone, &right, SystemClock.now());
    let refresh = granted["refresh_token"].as_str().unwrap().to_owned();
    let renewed = anyone.post("/api/v1/sessions/refresh", &json!({"refresh_token": &refresh})).expect(201);
    let bearer = renewed["access_token"].as_str().unwrap().to_owned();
    anyone.clone().holding(&bearer).get("/api/v1/sessions");
    let page = anyone.get("/sign-in");
    let cookie = page.headers["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    let link = "CANARYLINKCANARYLINKCA";
    assert_eq!(anyone.get(&format!("/l/{link}")).status, 404);
    let key = fs::read(home.path().join("shiryan-data.keys/root.key")).unwrap();
    served.stop();
    let mut secrets = vec![
        "the wrong canary 17".to_owned(),
        first,
        "the new canary 29".to_owned(),
        granted["access_token"].as_str().unwrap().to_owned(),
        refresh,
        bearer,
        renewed["refresh_token"].as_str().unwrap().to_owned(),
        cookie.split_once('=').unwrap().1.to_owned(),
        link.to_owned(),
        device.code(SystemClock.now()),
        String::from_utf8_lossy(&key).trim().to_owned(),
    ];
    secrets.extend(
        granted["recovery_codes"].as_array().unwrap().iter().map(|own| own.as_str().unwrap().to_owned()),
    );
    let log = fs::read_to_string(log).unwrap();
    assert!(log.lines().count() > 8 && log.contains("/api/v1/sessions"), "{log}");
    for secret in secrets {
        assert!(secret.len() >= 6 && !log.contains(&secret), "{secret} in {log}");
    }
}

#[test]
fn b13_the_head_leaves_for_the_file_that_is_named() {
    let home = tempfile::tempdir().unwrap();
    let heads = home.path().join("heads");
    let (served, base, _, _) = talkative(home.path(), &[("SHIRYAN__AUDIT__HEADS", heads.to_str().unwrap())]);
    let wrong = json!({"username": "admin", "password": "the wrong canary 17"});
    Client::to(base).post("/api/v1/sessions", &wrong);
    let started = std::time::Instant::now();
    while !fs::read_to_string(&heads).is_ok_and(|text| text.ends_with('\n')) {
        assert!(started.elapsed().as_secs() < 60, "no head left");
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    served.stop();
    let url = format!("sqlite://{}", home.path().join("s.db").display());
    let verify = || {
        shiryan(home.path(), &["audit", "verify", "--against", "heads", "--database", &url]).output().unwrap()
    };
    assert!(verify().status.success());
    let left = fs::read_to_string(&heads).unwrap();
    fs::write(&heads, left.replace("\"hash\":\"", "\"hash\":\"00")).unwrap();
    assert!(!verify().status.success(), "a record that was made anew does not hold it");
}

#[test]
fn a_client_that_is_slow_to_ask_is_let_go() {
    use std::io::{Read, Write};
    let home = tempfile::tempdir().unwrap();
    let (served, base, _, _) = talkative(home.path(), &[]);
    let mut slow = std::net::TcpStream::connect(base.trim_start_matches("http://")).unwrap();
    slow.set_read_timeout(Some(std::time::Duration::from_secs(40))).unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n").unwrap();
    let (started, mut said) = (std::time::Instant::now(), Vec::new());
    slow.read_to_end(&mut said).unwrap();
    let (took, said) = (started.elapsed().as_secs(), String::from_utf8_lossy(&said).into_owned());
    assert!((5..30).contains(&took) && !said.contains("200 OK"), "{took} s: {said}");
    served.stop();
}

#[test]
fn no_other_site_is_let_in() {
    let home = tempfile::tempdir().unwrap();
    let (served, base, _, _) = talkative(home.path(), &[]);
    let anyone = Client::to(base);
    let asks = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
    for (method, path) in
        [("OPTIONS", "/api/v1/sessions"), ("GET", "/api/v1/reserve"), ("GET", "/sign-in"), ("OPTIONS", "/")]
    {
        let reply = anyone.send(method, path, &asks, None);
        let told: Vec<_> =
            reply.headers.keys().filter(|name| name.as_str().starts_with("access-control-")).collect();
        assert!(told.is_empty(), "{method} {path}: {told:?}");
    }
    served.stop();
}
