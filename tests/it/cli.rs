//! The program as a person runs it.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use shiryan::accounts::{self, NewUser, Principal, Username};
use shiryan::db::{Db, Lane, Size, Target, meta};
use shiryan::vault::{RootKey, Vault};
use shiryan_kernel::ids::{ApprovalId, SessionId};
use shiryan_kernel::role::Role;
use shiryan_kernel::status::ApprovalState;
use shiryan_kernel::time::{Clock, SystemClock};

use crate::support::databases::Empty;
use crate::support::device::Device;

both!(
    a_demo_is_made_once_and_never_served_as_real,
    an_empty_database_is_served_and_stopped,
    a_root_key_is_changed_by_a_named_person,
);

pub(super) fn shiryan(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shiryan"));
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("SHIRYAN_")) {
        command.env_remove(name);
    }
    command.args(arguments).env("SHIRYAN__METRICS__LISTEN", "").current_dir(home);
    command.env("SHIRYAN__SERVER__LINGER_SECONDS", "0");
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs a command that is to be refused, and gives what it said.
pub(super) fn refused(home: &Path, arguments: &[&str]) -> String {
    let Output { status, stderr, .. } = shiryan(home, arguments).output().unwrap();
    assert_eq!(status.code(), Some(2), "{arguments:?}: {}", text(&stderr));
    text(&stderr)
}

/// How a person names the database; PostgreSQL's socket is in the URL.
pub(super) fn url(at: &Empty) -> String {
    named(&at.target)
}

pub(super) fn named(target: &Target) -> String {
    match target {
        Target::Sqlite(path) => format!("sqlite://{}", path.display()),
        Target::Postgres(url) => url.clone(),
    }
}

fn a_demo_is_made_once_and_never_served_as_real(at: Empty) {
    let home = tempfile::tempdir().unwrap();
    let url = url(&at);
    let small = ["demo", "--only-make", "--donors", "300", "--days", "90", "--database", &url];
    let made = shiryan(home.path(), &small).output().unwrap();
    assert!(made.status.success(), "{}", text(&made.stderr));
    let said = text(&made.stdout);
    assert!(said.contains("admin command medic hospital bank bank2 physician physician2"), "{said}");
    let again = shiryan(home.path(), &small).output().unwrap();
    assert!(again.status.success());
    // Another seed is another world, made in the place of the first.
    let other = [&small[..], &["--seed", "2"]].concat();
    assert!(shiryan(home.path(), &other).output().unwrap().status.success());
    // While somebody has the first one open, nothing is put in its place.
    let open = Db::open(&at.target, Size(4), std::sync::Arc::new(SystemClock)).unwrap();
    let third = [&small[..], &["--seed", "3"]].concat();
    let said = refused(home.path(), &third);
    assert!(said.contains("another program has it open"), "{said}");
    let arguments = open.read_now(|conn| meta::get(conn, "demo_arguments")).unwrap();
    assert!(arguments.unwrap().contains("seed=2"));
    drop(open);
    // Real work refuses it. The keys are the demo's own, so that is not what stands in the way.
    let keys = ("SHIRYAN__KEYS__FILE", home.path().join("shiryan-demo.keys/root.key"));
    let mut serve = shiryan(home.path(), &["serve", "--database", &url]);
    let said = text(&serve.env(keys.0, &keys.1).output().unwrap().stderr);
    assert!(said.contains("demo"), "{said}");
    let other_key = refused(home.path(), &["serve", "--database", &url]);
    assert!(other_key.contains("demo") || other_key.contains("root key"), "{other_key}");
}

fn an_empty_database_is_served_and_stopped(at: Empty) {
    let home = tempfile::tempdir().unwrap();
    let (url, postgres) = (url(&at), matches!(at.target, Target::Postgres(_)));
    if postgres {
        let said = refused(home.path(), &["serve", "--database", &url]);
        assert!(said.contains("migrate"), "{said}");
        assert!(shiryan(home.path(), &["migrate", "--database", &url]).status().unwrap().success());
    }
    let mut served = Served::start(home.path(), &url);
    let password = served.line("one-time password").rsplit(' ').next().unwrap().to_owned();
    let address = served.line("Pages:").trim_start_matches("Pages: ").trim_end_matches('/').to_owned();
    let sign_in = |body: serde_json::Value| {
        let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        agent.post(format!("{address}/api/v1/sessions")).send_json(body).unwrap().status().as_u16()
    };
    assert_eq!(sign_in(serde_json::json!({"username": "admin", "password": password})), 403);
    let own =
        serde_json::json!({"username": "admin", "password": password, "new_password": "an own password"});
    assert_eq!(sign_in(own), 201);
    let stopped = served.stop();
    assert!(stopped < Duration::from_secs(9), "{stopped:?}");
    // Its record is whole, and holds the head that was kept.
    let ask = |arguments: &[&str]| {
        shiryan(home.path(), &[arguments, &["--database", &url]].concat()).output().unwrap()
    };
    let head = text(&ask(&["audit", "head"]).stdout);
    std::fs::write(home.path().join("heads"), &head).unwrap();
    let whole = ask(&["audit", "verify", "--against", "heads"]);
    assert!(whole.status.success(), "{}", text(&whole.stderr));
    assert!(text(&whole.stdout).contains("each of the 1 heads"), "{}", text(&whole.stdout));
    std::fs::write(home.path().join("heads"), head.replace("\"hash\":\"", "\"hash\":\"00")).unwrap();
    let cut = ask(&["audit", "verify", "--against", "heads"]);
    assert_eq!(cut.status.code(), Some(2));
    assert!(text(&cut.stderr).contains("cut or made anew"), "{}", text(&cut.stderr));
    // The administrator is made once, and `demo` leaves real work alone.
    let mut again = Served::start(home.path(), &url);
    assert!(!again.line("Pages:").contains("password"));
    again.stop();
    let keys = home.path().join("shiryan-data.keys/root.key");
    let mut demo = shiryan(home.path(), &["demo", "--only-make", "--database", &url]);
    let said = text(&demo.env("SHIRYAN__KEYS__FILE", &keys).output().unwrap().stderr);
    assert!(said.contains("real work"), "{said}");
    // Another key is refused before anything else happens.
    let mut other = shiryan(home.path(), &["serve", "--database", &url]);
    let said =
        text(&other.env("SHIRYAN__KEYS__FILE", home.path().join("other/root.key")).output().unwrap().stderr);
    assert!(said.contains("another root key"), "{said}");
}

pub(super) struct Served {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Served {
    pub fn start(home: &Path, url: &str) -> Self {
        let mut command = shiryan(home, &["serve", "--listen", "127.0.0.1:0", "--database", url]);
        command.stderr(Stdio::null());
        Self::run(command)
    }

    pub fn run(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// The next line that says this.
    pub fn line(&mut self, part: &str) -> String {
        self.lines.by_ref().map(Result::unwrap).find(|line| line.contains(part)).unwrap()
    }

    /// Ends it at once, as a crash or a power cut does.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What the system lets it have.
    pub fn limits(&self) -> String {
        std::fs::read_to_string(format!("/proc/{}/limits", self.child.id())).unwrap()
    }

    /// Sends it a signal.
    pub fn tell(&self, signal: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Waits for its end.
    pub fn ended(mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }

    /// Stops it as a service manager would.
    pub fn stop(mut self) -> Duration {
        let started = Instant::now();
        self.tell("-TERM");
        assert!(self.child.wait().unwrap().success());
        started.elapsed()
    }
}

impl Drop for Served {
    /// A test that stopped half-way leaves no program behind.
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.child.kill().ok();
            self.child.wait().ok();
        }
    }
}

#[test]
fn a_program_that_is_told_to_stop_says_so_before_it_closes() {
    let home = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", home.path().join("s.db").display());
    let mut command = shiryan(home.path(), &["serve", "--listen", "127.0.0.1:0", "--database", &url]);
    command.stderr(Stdio::null()).env("SHIRYAN__SERVER__LINGER_SECONDS", "60");
    let mut served = Served::run(command);
    let address = served.line("Pages:").trim_start_matches("Pages: http://").trim_end_matches('/').to_owned();
    let (mut kept, mut slow) = (Spoken::with(&address), Spoken::with(&address));
    let before = kept.get("/readyz");
    assert!(before.starts_with("HTTP/1.1 200") && !before.contains("connection: close"), "{before}");
    // Half of a request, the rest of which comes once nobody is let in.
    slow.say("POST /api/v1/sessions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{");
    served.tell("-TERM");
    let told = Instant::now();
    let mut answer = kept.get("/healthz");
    while !answer.contains("connection: close") {
        assert!(told.elapsed() < Duration::from_secs(20), "{answer}");
        answer = kept.get("/healthz");
    }
    assert!(answer.starts_with("HTTP/1.1 200"), "it goes on answering: {answer}");
    assert_eq!(kept.rest(), "", "and hangs up");
    let ready = Spoken::with(&address).get("/readyz");
    assert!(
        ready.starts_with("HTTP/1.1 503") && ready.contains(r#"{"name":"staying","ready":false}"#),
        "{ready}"
    );
    let refused = Spoken::with(&address).get("/nowhere");
    assert!(refused.starts_with("HTTP/1.1 404") && refused.contains("connection: close"), "{refused}");
    // A second word ends the waiting; what is under way is still answered.
    served.tell("-TERM");
    while std::net::TcpStream::connect(&address).is_ok() {
        assert!(told.elapsed() < Duration::from_secs(40), "it never closed");
        std::thread::sleep(Duration::from_millis(20));
    }
    slow.say("}");
    let late = slow.rest();
    assert!(late.starts_with("HTTP/1.1 400") && late.contains("missing_field"), "{late}");
    assert!(served.ended().success());
}

/// One connection, spoken to by hand.
struct Spoken(BufReader<std::net::TcpStream>);

impl Spoken {
    fn with(address: &str) -> Self {
        let stream = std::net::TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        Self(BufReader::new(stream))
    }

    fn say(&mut self, text: &str) {
        std::io::Write::write_all(self.0.get_mut(), text.as_bytes()).unwrap();
    }

    /// Head and body of the answer, for which the connection is kept.
    fn get(&mut self, path: &str) -> String {
        self.say(&format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n"));
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(self.0.read_line(&mut head).unwrap() > 0, "cut off: {head}");
        }
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        self.0.read_exact(&mut body).unwrap();
        head + &text(&body)
    }

    /// Whatever comes until the other side hangs up.
    fn rest(&mut self) -> String {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        text(&rest)
    }
}

#[test]
fn mistakes_are_named() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("mine.toml"), "[server]\nlisten = 1").unwrap();
    for (arguments, parts) in [
        (vec!["serve", "--config", "mine.toml"], vec!["mine.toml", "server.listen", "text"]),
        (vec!["serve", "--config", "none.toml"], vec!["none.toml"]),
        (vec!["serve", "--database", "mysql://x"], vec!["--database", "postgres://"]),
        (vec!["serve", "--listen", "0.0.0.0:80"], vec!["--listen", "server.listen", "loopback"]),
        (vec!["demo", "--listen", "0.0.0.0:80"], vec!["server.listen"]),
        (vec!["demo", "--password", "short"], vec!["--password", "password_too_short"]),
        (vec!["import", "donors", "none.csv"], vec!["none.csv"]),
        (vec!["frobnicate"], vec!["frobnicate"]),
    ] {
        let said = refused(home.path(), &arguments);
        assert!(parts.iter().all(|part| said.contains(part)), "{arguments:?}: {said}");
        assert!(!said.contains("panicked"), "{said}");
    }
}

fn a_root_key_is_changed_by_a_named_person(at: Empty) {
    let home = tempfile::tempdir().unwrap();
    let url = url(&at);
    if matches!(at.target, Target::Postgres(_)) {
        assert!(shiryan(home.path(), &["migrate", "--database", &url]).status().unwrap().success());
    }
    let mut served = Served::start(home.path(), &url);
    let password = served.line("one-time password").rsplit(' ').next().unwrap().to_owned();
    let address = served.line("Pages:").trim_start_matches("Pages: ").trim_end_matches('/').to_owned();
    let own = "four olive trees";
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let first = serde_json::json!({"username": "admin", "password": password, "new_password": own});
    let status = agent.post(format!("{address}/api/v1/sessions")).send_json(first).unwrap().status();
    assert_eq!(status, 201);
    // Whoever has a second factor shows it here too.
    let post = |path: &str, body: serde_json::Value| -> serde_json::Value {
        let mut reply = agent.post(format!("{address}/api/v1/sessions{path}")).send_json(body).unwrap();
        assert_eq!(reply.status(), 201);
        reply.body_mut().read_json().unwrap()
    };
    let begun = post("/second-factor", serde_json::json!({"username": "admin", "password": own}));
    let device = Device::of(begun["secret"].as_str().unwrap());
    let now = SystemClock.now();
    let with_code = |code: String| serde_json::json!({"username": "admin", "password": own, "code": code});
    post("", with_code(device.code(now)));
    // Of the step after the one that was used, or of now when that is later still.
    let next = || device.code(SystemClock.now().max(now + chrono::Duration::seconds(30)));
    let keys = |verb: &[&str], password: &str, code: &str| {
        let arguments = [&["keys"], verb, &["--user", "admin", "--database", &url]].concat();
        let mut command = shiryan(home.path(), &arguments);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(
            &mut child.stdin.take().unwrap(),
            format!("{password}\n{code}\n").as_bytes(),
        )
        .unwrap();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        (status.success(), text(&stdout) + &text(&stderr))
    };
    let rotate = |password: &str, code: &str| keys(&["rotate"], password, code);
    let (done, said) = rotate(own, &next());
    assert!(!done && said.contains("busy"), "it is being served: {said}");
    served.stop();
    let (done, said) = rotate("five olive trees", &next());
    assert!(!done && said.contains("wrong name or password"), "{said}");
    let (done, said) = rotate(own, &device.code(now));
    assert!(!done && said.contains("wrong code"), "a code that was used: {said}");
    let (done, said) = rotate(own, &next());
    assert!(!done && said.contains("nobody else has approved"), "{said}");
    let (done, said) = keys(&["ask", "--reason", "a machine was seized"], own, &next());
    assert!(done, "{said}");
    let asked: ApprovalId = said.trim().parse().unwrap_or_else(|_| panic!("{said}"));
    // Somebody else says yes to it, whom nobody made; `keys::b12_the_command_line_asks_two_people` has both at their prompts.
    let db = Db::open(&at.target, Size(2), Arc::new(SystemClock)).unwrap();
    let vault = Vault::new(RootKey::read_or_make(&home.path().join("shiryan-data.keys/root.key")).unwrap());
    let approved = db.write_now(Lane::System, move |tx| {
        let username = Username::parse("officer").unwrap();
        let new = NewUser { username, role: Role::Physician, facility: None, units: Vec::new() };
        let user = accounts::ensure_user(tx, &vault, &new, &accounts::hash_now("six green herons")?)?;
        let by = Principal { user, role: Role::Physician, session: SessionId(1), facility: None };
        accounts::decide(tx, &vault, &by, asked, ApprovalState::Approved)
    });
    approved.unwrap();
    drop(db);
    let (done, said) = rotate(own, &next());
    assert!(done && said.contains("new root key"), "{said}");
    assert!(said.contains("retired-1"), "{said}");
    let mut served = Served::start(home.path(), &url);
    let address = served.line("Pages:").trim_start_matches("Pages: ").trim_end_matches('/').to_owned();
    // What the device shares was sealed anew.
    let again = with_code(next());
    assert_eq!(agent.post(format!("{address}/api/v1/sessions")).send_json(again).unwrap().status(), 201);
    served.stop();
}

#[test]
fn b7_a_root_key_comes_from_systemd_or_from_a_passphrase() {
    let home = tempfile::tempdir().unwrap();
    let migrate = |source: &str, credentials: &str, typed: &str| {
        let url = format!("sqlite://{}", home.path().join(format!("{source}/s.db")).display());
        let mut child = shiryan(home.path(), &["migrate", "--database", &url])
            .env("SHIRYAN__KEYS__SOURCE", source)
            .env("CREDENTIALS_DIRECTORY", home.path().join(credentials))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), format!("{typed}\n").as_bytes()).ok();
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        (status.success(), text(&stdout) + &text(&stderr))
    };
    for (dir, key) in [("one", "11".repeat(32)), ("other", "22".repeat(32))] {
        std::fs::create_dir(home.path().join(dir)).unwrap();
        shiryan::vault::private_file(&home.path().join(dir).join("shiryan-root-key"), key.as_bytes())
            .unwrap();
    }
    for (source, credentials, typed, refused) in [
        ("credential", "one", "", None),
        ("credential", "one", "", None),
        ("credential", "other", "", Some("another root key")),
        ("credential", "none", "", Some("shiryan-root-key")),
        ("passphrase", "", "too short", Some("16 characters")),
        ("passphrase", "", "four olive trees by the sea", None),
        ("passphrase", "", "five olive trees by the sea", Some("another root key")),
        ("passphrase", "", "four olive trees by the sea", None),
    ] {
        let (done, said) = migrate(source, credentials, typed);
        assert_eq!(done, refused.is_none(), "{source} {credentials} {typed}: {said}");
        assert!(refused.is_none_or(|part| said.contains(part)), "{said}");
        assert!(typed.is_empty() || !said.contains(typed), "{said}");
    }
    let made = std::fs::read_to_string(home.path().join("shiryan-data.keys/root.salt")).unwrap();
    assert_eq!(made.len(), 32);
    assert!(!home.path().join("shiryan-data.keys/root.key").exists(), "no key is on any disk");
}
